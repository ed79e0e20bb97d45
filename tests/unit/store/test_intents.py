"""The journal: written before the call, settled after it; one hand a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.support.stores import with_a_pair
from unisono.model.party import Party
from unisono.model.record import Kind, Side
from unisono.model.writing import Write
from unisono.store import intents
from unisono.store.doors import Store
from unisono.store.intents import Intent
from unisono.store.stamps import stamp
from unisono.store.tables import intent

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def paired(store: Store) -> None:
    with_a_pair(store)


def create(new_id: str, key: str = "a:party:1", kind: Kind = "party", side: Side = "b") -> Intent:
    write = Write(operation="create", side=side, kind=kind, body=Party(type="company", name="Keller AG"), reference="uni-abcdefgh23456722")
    return Intent(
        id=new_id,
        key=key,
        write=write,
        link_kind=kind,
        agree={"name": "Keller AG"},
        source="",
        command="customer.create",
        step=0,
        reason=("created-because", {"why": "tag"}),
        policy_version=3,
        label="Keller AG",
    )


def change(new_id: str, key: str = "a:party:1", target: str = "c7") -> Intent:
    write = Write(
        operation="change", side="b", kind="party", key=target, changes={"email": "new@b.example"}, before={"email": "old@b.example"}
    )
    return Intent(
        id=new_id,
        key=key,
        write=write,
        link_kind="party",
        agree={"email": "new@b.example"},
        source="",
        command="",
        step=1,
        reason=("edited-there", {"side": "crm"}),
        policy_version=3,
    )


def intend(store: Store, *made: Intent, now: datetime = NOW) -> None:
    with store.write() as conn:
        intents.intend(conn, "p", "pair:p", 7, made, now, run="first")


def settle(store: Store, *outcomes: tuple[str, str, str], after: dict[str, str] | None = None) -> None:
    with store.write() as conn:
        intents.settle(conn, [(i, state, target, after or {}, {"code": "told"}) for i, state, target in outcomes], LATER)


def column(store: Store, new_id: str, name: str) -> Any:
    with store.read() as conn:
        return conn.execute(select(intent.c[name]).where(intent.c.id == new_id)).scalar_one()


def open_ids(store: Store) -> list[str]:
    with store.read() as conn:
        return [i.id for i in intents.unsettled(conn, "p")]


def test_an_intent_comes_back_as_it_was_written_down(store: Store) -> None:
    made = create("i1")
    intend(store, made)
    with store.read() as conn:
        (found,) = intents.unsettled(conn, "p")
        assert intents.unsettled(conn, "other") == []
    for name in ("id", "key", "write", "link_kind", "agree", "source", "command", "step", "reason", "policy_version", "label"):
        assert getattr(found, name) == getattr(made, name), name
    assert (found.state, found.probes, found.sent_at) == ("open", 0, stamp(NOW))
    assert (column(store, "i1", "epoch"), column(store, "i1", "run"), column(store, "i1", "reference")) == (
        7,
        "first",
        "uni-abcdefgh23456722",
    )


def test_no_intents_are_no_row(store: Store) -> None:
    intend(store)
    assert open_ids(store) == []


@pytest.mark.parametrize("state", ("open", "unclear"))
def test_a_second_unsettled_intent_for_one_record_is_impossible(store: Store, state: str) -> None:
    intend(store, create("i1"))
    if state == "unclear":
        with store.write() as conn:
            intents.doubt(conn, "i1", LATER, {"code": "time-out"}, 0)
    with pytest.raises(IntegrityError):
        intend(store, change("i2"))
    with pytest.raises(IntegrityError):
        intend(store, create("i3", key="a:party:2"), create("i4", key="a:party:2"))
    assert open_ids(store) == ["i1"]


@pytest.mark.parametrize("state", ("done", "refused", "void"))
def test_a_settled_intent_makes_room_for_the_next(store: Store, state: str) -> None:
    intend(store, create("i1"))
    settle(store, ("i1", state, "c7"))
    intend(store, change("i2"))
    assert open_ids(store) == ["i2"]


def test_other_records_and_kinds_have_hands_of_their_own(store: Store) -> None:
    intend(store, create("i1"), create("i2", key="a:party:2"), create("i3", kind="contact"))
    assert open_ids(store) == ["i1", "i2", "i3"]


def test_a_settled_write_tells_target_before_and_after(store: Store) -> None:
    intend(store, change("i1"))
    settle(store, ("i1", "done", "c7"), after={"email": "new@b.example"})
    with store.read() as conn:
        (line,) = intents.journal(conn, "p")
        intents_left = intents.unsettled(conn, "p")
    assert intents_left == []
    assert line == {
        "id": "i1",
        "at": stamp(NOW),
        "key": "a:party:1",
        "side": "b",
        "kind": "party",
        "operation": "change",
        "target": "c7",
        "state": "done",
        "label": "",
        "policy_version": 3,
        "reason": {"code": "edited-there", "values": {"side": "crm"}},
        "before": {"email": "old@b.example"},
        "after": {"email": "new@b.example"},
        "told": {"code": "told"},
    }
    assert column(store, "i1", "settled_at") == stamp(LATER)


def test_a_refused_change_keeps_the_record_it_was_meant_for(store: Store) -> None:
    intend(store, change("i1"))
    settle(store, ("i1", "refused", ""))
    with store.read() as conn:
        assert [line["id"] for line in intents.journal(conn, "p", target="c7")] == ["i1"]


def test_a_create_gets_its_target_with_the_outcome_and_several_settle_at_once(store: Store) -> None:
    intend(store, create("i1"), create("i2", key="a:party:2"))
    settle(store, ("i1", "done", "c7"), ("i2", "void", ""))
    settle(store)
    assert [(column(store, of, "state"), column(store, of, "target")) for of in ("i1", "i2")] == [("done", "c7"), ("void", "")]


def test_a_doubtful_intent_is_looked_at_again_from_its_instant_on(store: Store) -> None:
    intend(store, create("i1"))
    with store.write() as conn:
        intents.doubt(conn, "i1", LATER, {"code": "time-out"}, 1)
        (found,) = intents.unsettled(conn, "p")
    assert (found.state, found.probes, found.sent_at) == ("unclear", 1, stamp(LATER))
    assert found.write == create("i1").write


def test_unsettled_ones_come_oldest_first(store: Store) -> None:
    intend(store, create("i2", key="a:party:2"), now=LATER)
    intend(store, create("i3", key="a:party:3"), create("i1"))
    assert open_ids(store) == ["i1", "i3", "i2"]


def unclear(store: Store) -> list[tuple[str, str, str, str]]:
    with store.read() as conn:
        return [(i.id, i.key, i.write.side, i.write.kind) for i in intents.unclear_creates(conn, "p")]


def test_unclear_creates_are_told_as_long_as_they_are(store: Store) -> None:
    intend(store, create("i1"), create("i2", key="b:contact:2", kind="contact", side="a"), change("i3", key="a:party:3"))
    assert unclear(store) == [("i1", "a:party:1", "b", "party"), ("i2", "b:contact:2", "a", "contact")]
    with store.read() as conn:
        assert intents.unclear_creates(conn, "p")[0].write == create("i1").write
    settle(store, ("i1", "done", "c7"))
    assert unclear(store) == [("i2", "b:contact:2", "a", "contact")]


def test_the_journal_shows_the_newest_first_and_one_record_if_asked(store: Store) -> None:
    intend(store, create("i1"), create("i2", key="a:party:2"))
    settle(store, ("i1", "done", "c7"), ("i2", "done", "c8"))
    intend(store, change("i3"), now=LATER)
    with store.read() as conn:
        assert [line["id"] for line in intents.journal(conn, "p")] == ["i3", "i2", "i1"]
        assert [line["id"] for line in intents.journal(conn, "p", limit=1)] == ["i3"]
        assert [line["id"] for line in intents.journal(conn, "p", key="a:party:1")] == ["i3", "i1"]
        assert [line["id"] for line in intents.journal(conn, "p", target="c8")] == ["i2"]
        assert [line["state"] for line in intents.journal(conn, "p")] == ["open", "done", "done"]
        assert intents.journal(conn, "other") == []

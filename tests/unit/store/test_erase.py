"""A person's data goes from every table, nobody else's does; old values give way to hashes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from tests.support.stores import with_a_pair
from unisono.model.party import Party
from unisono.model.record import Record
from unisono.plan.actions import Ask, Report
from unisono.store import asking, links, pairs, seen
from unisono.store.doors import Store
from unisono.store.erase import erase, subjects_of, tidy
from unisono.store.stamps import stamp
from unisono.store.tables import history, inbox, link, metadata

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def person(key: str, name: str, email: str) -> tuple[Record, bytes]:
    body = Party(type="person", first_name="Petra", name=name, email=email)
    return Record(kind="party", key=key, body=body, resource="people", resource_key=key), b"h"


def filled(store: Store) -> None:
    with_a_pair(store)
    with store.write() as conn:
        seen.put_seen(
            conn, "crm", [person("person:1", "Vogel", "petra@vogel.example"), person("person:2", "Amsel", "p@amsel.example")], NOW
        )
        seen.put_seen(conn, "inv", [person("7", "Vogel", "petra@vogel.example")], NOW)
        links.put_link(conn, "l1", "p", "party", "person:1", "7", {"name": "Vogel"}, {"name": "Vogel"}, NOW)
        for number, name in ((1, "Vogel"), (2, "Amsel")):
            key = f"a:party:person:{number}"
            pairs.note(conn, "p", "party", key, "linked", {"name": name}, name, NOW)
            ask = Ask(code="conflict", subject="x", group="g", options=("crm",), values={"name": name})
            asking.ask(conn, f"q{number}", "p", key, name, ask, NOW)
            asking.report(conn, f"r{number}", "p", key, "party", name, Report(code="too-long", values={"value": name}), name, NOW)


def held(store: Store) -> str:
    with store.read() as conn:
        return " ".join(repr(tuple(row)) for table in metadata.sorted_tables for row in conn.execute(select(table)))


@pytest.mark.parametrize("whom", ("petra@vogel.example", "Petra@Vogel.example ", "a:party:person:1", "b:party:7"))
def test_a_person_is_found_on_both_sides(whom: str, store: Store) -> None:
    filled(store)
    with store.read() as conn:
        assert subjects_of(conn, "p", whom) == ["a:party:person:1", "b:party:7"]


def test_a_persons_data_goes_and_nobody_elses(store: Store) -> None:
    filled(store)
    assert "Vogel" in held(store)
    with store.write() as conn:
        done = erase(conn, "p", "petra@vogel.example", NOW)
    assert (done.gone, done.kept) == ({"history": 1, "question": 1, "problem": 1, "seen": 2}, {"erase-kept-links": 1})
    assert "ogel" not in held(store)
    assert held(store).count("Amsel") >= 4
    with store.read() as conn:
        assert conn.execute(select(link.c.state, link.c.why)).one() == ("severed", "erased")


def test_looking_erases_nothing(store: Store) -> None:
    filled(store)
    before = held(store)
    with store.read() as conn:
        assert erase(conn, "p", "petra@vogel.example", NOW, dry=True).gone["seen"] == 2
        assert erase(conn, "p", "nobody@nowhere.example", NOW, dry=True).subjects == []
    assert held(store) == before


def test_old_values_give_way_to_hashes_that_still_tell_them_apart(store: Store) -> None:
    with_a_pair(store)
    with store.write() as conn:
        for days, name in ((401, "Alt"), (401, "Uralt"), (399, "Jung")):
            pairs.note(conn, "p", "party", "a:party:1", "linked", {"name": name}, name, NOW - timedelta(days=days))
        for days in (31, 29):
            received = stamp(NOW - timedelta(days=days))
            conn.execute(insert(inbox).values(connection="crm", delivery=str(days), body=b"{}", received_at=received))
        assert tidy(conn, NOW) == {"inbox": 1, "history": 2, "intent": 0}
        assert tidy(conn, NOW) == {"inbox": 0, "history": 0, "intent": 0}
    with store.read() as conn:
        values = list(conn.execute(select(history.c["values"]).order_by(history.c.id)).scalars())
    assert [v.startswith('{"hash"') for v in values] == [True, True, False]
    assert values[0] != values[1]
    assert ("Alt" in held(store), "Jung" in held(store)) == (False, True)

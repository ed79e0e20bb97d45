"""Who is who, and what each side held when last in step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.support.stores import with_a_pair
from unisono.model.party import Party
from unisono.model.record import Kind, Record
from unisono.plan.situation import Link
from unisono.store import links, seen
from unisono.store.doors import Store
from unisono.store.tables import link

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def make(store: Store, a: str, b: str, *, kind: Kind = "party", agreed: str = "Keller", new_id: str = "") -> bool:
    with store.write() as conn:
        return links.put_link(conn, new_id or f"{kind}-{a}-{b}", "p", kind, a, b, {"name": agreed}, {"name": agreed.upper()}, NOW)


@pytest.fixture(autouse=True)
def paired(store: Store) -> None:
    with_a_pair(store)


def test_a_link_is_found_from_both_sides_with_what_each_held(store: Store) -> None:
    assert make(store, "42", "c7") is True
    expected = Link("party-42-c7", "party", "42", "c7", {"name": "Keller"}, {"name": "KELLER"})
    with store.read() as conn:
        assert links.links_of(conn, "p", "party", "a", ["42", "43"]) == {"42": expected}
        assert links.links_of(conn, "p", "party", "b", ["c7"]) == {"c7": expected}
        assert links.links_of(conn, "p", "contact", "a", ["42"]) == {}
        assert links.links_of(conn, "p", "party", "a", []) == {}


def test_agreeing_again_adds_to_the_link_and_is_not_new(store: Store) -> None:
    make(store, "42", "c7")
    with store.write() as conn:
        new = links.put_link(
            conn, "unused", "p", "party", "42", "c7", {"email": "a@b.example"}, {"email": "a@b.example", "name": "K"}, LATER
        )
        found = links.links_of(conn, "p", "party", "a", ["42"])["42"]
    assert new is False
    assert found.id == "party-42-c7"
    assert found.agreed_a == {"name": "Keller", "email": "a@b.example"}
    assert found.agreed_b == {"name": "K", "email": "a@b.example"}


@pytest.mark.parametrize(("a", "b"), (("42", "other"), ("other", "c7")))
def test_a_second_link_of_a_linked_record_is_impossible(store: Store, a: str, b: str) -> None:
    make(store, "42", "c7")
    with pytest.raises(IntegrityError):
        make(store, a, b)
    with store.read() as conn:
        assert links.count_links(conn, "p") == {"party": 1}


def test_the_same_key_may_be_linked_in_another_role(store: Store) -> None:
    assert make(store, "42", "7")
    assert make(store, "42", "7", kind="contact")
    with store.read() as conn:
        assert links.count_links(conn, "p") == {"party": 1, "contact": 1}


def test_a_severed_link_is_kept_in_memory_and_still_bars_a_second(store: Store) -> None:
    make(store, "42", "c7")
    with store.write() as conn:
        links.sever(conn, "p", "party", "42", "c7", "deleted-there", LATER)
        kept = links.links_of(conn, "p", "party", "b", ["c7"])["c7"]
        assert (kept.state, kept.why) == ("severed", "deleted-there")
        assert links.count_links(conn, "p") == {}
    with pytest.raises(IntegrityError):
        make(store, "42", "c8")


def test_linking_a_severed_pair_again_makes_it_whole(store: Store) -> None:
    make(store, "42", "c7")
    with store.write() as conn:
        links.sever(conn, "p", "party", "42", "c7", "deleted-there", LATER)
    assert make(store, "42", "c7") is False
    with store.read() as conn:
        again = links.links_of(conn, "p", "party", "a", ["42"])["42"]
    assert (again.state, again.why) == ("linked", "")


def test_a_forgotten_link_leaves_both_records_free(store: Store) -> None:
    make(store, "42", "c7")
    with store.write() as conn:
        links.forget(conn, "p", "party", "42", "c7")
        assert links.links_of(conn, "p", "party", "a", ["42"]) == {}
    assert make(store, "42", "c8") is True


def test_only_the_links_of_a_pair_and_kind_are_touched(store: Store) -> None:
    make(store, "42", "c7")
    make(store, "43", "c8")
    with store.write() as conn:
        links.sever(conn, "p", "party", "42", "c7", "deleted-there", LATER)
        links.forget(conn, "p", "contact", "43", "c8")
        states = {row.a_key: row.state for row in conn.execute(select(link))}
    assert states == {"42": "severed", "43": "linked"}


def _seen(store: Store, where: str, kind: Kind, *keys: str) -> None:
    records = [Record(kind=kind, key=key, body=Party(type="company", name=key), resource="r", resource_key=key) for key in keys]
    with store.write() as conn:
        seen.put_seen(conn, where, [(record, b"1") for record in records], NOW)


def test_vanished_counts_live_links_whose_record_is_missing_or_gone_on_either_side(store: Store) -> None:
    keys = ("1", "2", "3", "4")
    _seen(store, "crm", "party", *keys)
    _seen(store, "inv", "party", *keys)
    for key in keys:
        make(store, key, key)
    with store.write() as conn:
        assert links.vanished(conn, "p", "crm", "inv") == (4, 0)
        seen.mark_missing(conn, "crm", "r", ["1"], NOW)
        seen.mark_gone(conn, "inv", [("party", "2")], NOW)
        assert links.vanished(conn, "p", "crm", "inv") == (4, 2)


def test_what_was_made_and_never_read_has_not_vanished_until_it_is_known_to_be_gone(store: Store) -> None:
    _seen(store, "crm", "party", "1")
    make(store, "1", "1")
    made = Record(kind="party", key="1", body=Party(type="company", name="1"), resource="r", resource_key="1")
    with store.write() as conn:
        seen.put_unread(conn, "inv", [made], NOW)
        assert links.vanished(conn, "p", "crm", "inv") == (1, 0)
        seen.mark_gone(conn, "inv", [("party", "1")], LATER)
        assert links.vanished(conn, "p", "crm", "inv") == (1, 1)


def test_a_link_lost_on_both_sides_counts_once_and_a_severed_one_not_at_all(store: Store) -> None:
    _seen(store, "crm", "party", "1", "2")
    _seen(store, "inv", "party", "1", "2")
    make(store, "1", "1")
    make(store, "2", "2")
    with store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "1"), ("party", "2")], NOW)
        seen.mark_gone(conn, "inv", [("party", "1")], NOW)
        assert links.vanished(conn, "p", "crm", "inv") == (2, 2)
        links.sever(conn, "p", "party", "1", "1", "deleted-there", LATER)
        assert links.vanished(conn, "p", "crm", "inv") == (1, 1)


def test_a_link_that_is_kept_on_purpose_stays_linked_and_does_not_count_as_lost(store: Store) -> None:
    _seen(store, "crm", "party", "1", "2")
    make(store, "1", "1")
    make(store, "2", "2")
    with store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "1"), ("party", "2")], NOW)
        before = links.vanished(conn, "p", "crm", "inv"), links.vanished_labels(conn, "p", "crm", "inv", 5)
        links.keep(conn, "p", "party", "1", "1", "deletion-ignored", LATER)
        after = links.vanished(conn, "p", "crm", "inv"), links.vanished_labels(conn, "p", "crm", "inv", 5)
        kept = links.links_of(conn, "p", "party", "a", ["1"])["1"]
    assert (before[0], len(before[1])) == ((2, 2), 2)
    assert (after[0], after[1]) == ((1, 1), before[1][1:])
    assert (kept.state, kept.why) == ("linked", "deletion-ignored")


def test_all_links_of_a_pair_are_forgotten_and_none_of_another(store: Store) -> None:
    make(store, "1", "1")
    make(store, "1", "1", kind="contact")
    with store.write() as conn:
        links.forget_all(conn, "another")
        assert links.count_links(conn, "p") == {"party": 1, "contact": 1}
        links.forget_all(conn, "p")
        assert links.count_links(conn, "p") == {}


def test_the_same_key_on_the_other_connection_or_of_another_kind_is_not_the_record(store: Store) -> None:
    _seen(store, "crm", "party", "1", "c1")
    _seen(store, "inv", "party", "1", "c1")
    make(store, "1", "c1")
    make(store, "n", "n", kind="note")
    with store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "c1")], NOW)
        seen.mark_gone(conn, "inv", [("party", "1")], NOW)
        assert links.vanished(conn, "p", "crm", "inv") == (1, 0)


def test_many_are_linked_at_once_and_the_new_ones_told(store: Store) -> None:
    make(store, "1", "c1", agreed="old")
    wanted = [
        links.Joined("l1", "party", "1", "c1", {"email": "x"}, {"email": "X"}),
        links.Joined("l2", "party", "2", "c2", {"name": "n"}, {}),
        links.Joined("l3", "contact", "1", "c1", {}, {}),
    ]
    with store.write() as conn:
        assert [w.id for w in links.put_links(conn, "p", wanted, LATER)] == ["l2", "l3"]
        assert links.put_links(conn, "p", [], LATER) == []
        kept = links.links_of(conn, "p", "party", "a", ["1", "2"])
    assert (kept["1"].id, kept["1"].agreed_a, kept["1"].agreed_b) == (
        "party-1-c1",
        {"name": "old", "email": "x"},
        {"name": "OLD", "email": "X"},
    )
    assert (kept["2"].id, kept["2"].agreed_a) == ("l2", {"name": "n"})


@pytest.mark.parametrize("joined", (links.Joined("l2", "party", "1", "c9", {}, {}), links.Joined("l2", "party", "9", "c1", {}, {})))
def test_one_impossible_link_among_many_keeps_them_all_from_being_made(store: Store, joined: links.Joined) -> None:
    make(store, "1", "c1")
    good = links.Joined("l3", "party", "3", "c3", {}, {})

    def both() -> None:
        with store.write() as conn:
            links.put_links(conn, "p", [good, joined], LATER)

    with pytest.raises(IntegrityError):
        both()
    with store.read() as conn:
        assert links.count_links(conn, "p") == {"party": 1}


def test_a_few_live_customers_are_named_for_a_look_at_the_account(store: Store) -> None:
    for n in ("1", "2", "3"):
        make(store, n, f"c{n}")
    make(store, "9", "c9", kind="contact")
    with store.write() as conn:
        links.sever(conn, "p", "party", "1", "c1", "deleted-there", LATER)
        assert links.some_keys(conn, "p", "a", 5) == ["2", "3"]
        assert links.some_keys(conn, "p", "b", 1) == ["c2"]

"""Firms, connections, pairs; policies are only ever added to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.stamps import stamp

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def paired(store: Store) -> None:
    with store.write() as conn:
        pairs.add_firm(conn, "f", "Muster GmbH", "DE", "de", "Europe/Berlin", NOW)
        pairs.add_connection(conn, "crm", "f", "centralstation", "Our CRM", {"account": "muster"}, {"own_numbers": True}, NOW)
        pairs.add_connection(conn, "inv", "f", "fastbill", "Invoices", {}, {}, NOW)
        pairs.add_pair(conn, "p", "f", "Muster", "crm", "inv", 'language = "de"\n', NOW)


def test_a_firm_is_stored_with_its_country_language_and_zone(store: Store) -> None:
    with store.read() as conn:
        assert pairs.firms(conn) == [
            {"id": "f", "name": "Muster GmbH", "country": "DE", "language": "de", "time_zone": "Europe/Berlin", "created_at": stamp(NOW)}
        ]


def test_a_new_connection_is_fine_and_knows_nothing_yet(store: Store) -> None:
    with store.read() as conn:
        row = pairs.get_connection(conn, "crm")
        assert [c.id for c in pairs.connections(conn)] == ["crm", "inv"]
        assert [c.id for c in pairs.connections(conn, "f")] == ["crm", "inv"]
        assert pairs.connections(conn, "other") == []
        with pytest.raises(KeyError, match="none"):
            pairs.get_connection(conn, "none")
    assert (row.system, row.name, row.login, row.settings) == ("centralstation", "Our CRM", {"account": "muster"}, {"own_numbers": True})
    assert (row.state, row.told, row.identity, row.proven, row.marks, row.change, row.next_poll) == ("ok", "", "", {}, {}, 0, "")


def test_a_changed_connection_keeps_what_was_not_named(store: Store) -> None:
    marks = {"deals": {"since": stamp(NOW), "whole_at": stamp(NOW)}}
    with store.write() as conn:
        pairs.update_connection(conn, "crm", marks=marks, state="refused", told="login-refused")
        row, other = pairs.get_connection(conn, "crm"), pairs.get_connection(conn, "inv")
    assert (row.marks, row.state, row.told, row.name) == (marks, "refused", "login-refused", "Our CRM")
    assert (other.marks, other.state) == ({}, "ok")


def test_a_new_pair_only_reads_and_has_the_first_version_of_its_policy(store: Store) -> None:
    with store.read() as conn:
        row = pairs.get_pair(conn, "p")
        assert [p.id for p in pairs.pairs(conn)] == ["p"]
        assert [p.id for p in pairs.pairs_on(conn, "inv")] == ["p"]
        assert pairs.pairs_on(conn, "none") == []
        with pytest.raises(KeyError, match="none"):
            pairs.get_pair(conn, "none")
    assert (row.state, row.policy_version, row.policy, row.unsure, row.told) == ("reading", 1, 'language = "de"\n', False, {})
    assert (row.a, row.b, row.position_a, row.position_b, row.released_at) == ("crm", "inv", 0, 0, "")


def test_a_changed_pair_keeps_what_was_not_named(store: Store) -> None:
    with store.write() as conn:
        pairs.update_pair(conn, "p", state="stopped", told={"code": "many-vanished", "values": {"count": "9"}}, unsure=True, position_b=12)
        row = pairs.get_pair(conn, "p")
        pairs.update_pair(conn, "p", unsure=False)
        again = pairs.get_pair(conn, "p")
    assert (row.state, row.unsure, row.position_a, row.position_b) == ("stopped", True, 0, 12)
    assert row.told == {"code": "many-vanished", "values": {"count": "9"}}
    assert (again.unsure, again.state) == (False, "stopped")


def test_a_pair_needs_connections_that_are_there(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as conn:
        pairs.add_pair(conn, "q", "f", "Muster", "crm", "nobody", "", NOW)


def test_a_new_policy_is_in_force_at_once_and_the_old_one_stays_word_for_word(store: Store) -> None:
    with store.write() as conn:
        assert pairs.put_policy(conn, "p", 'language = "en"\n', "ada", LATER) == 2
        assert pairs.put_policy(conn, "p", 'language = "pl"\n', "bob", LATER) == 3
        row, kept = pairs.get_pair(conn, "p"), pairs.policies(conn, "p")
    assert (row.policy_version, row.policy) == (3, 'language = "pl"\n')
    assert [(p["version"], p["body"], p["by"], p["at"]) for p in kept] == [
        (1, 'language = "de"\n', "", stamp(NOW)),
        (2, 'language = "en"\n', "ada", stamp(LATER)),
        (3, 'language = "pl"\n', "bob", stamp(LATER)),
    ]


def test_going_back_to_an_older_policy_is_a_pointer_and_the_next_version_comes_after_the_newest(store: Store) -> None:
    with store.write() as conn:
        pairs.put_policy(conn, "p", 'language = "en"\n', "ada", LATER)
        pairs.update_pair(conn, "p", policy_version=1)
        assert pairs.get_pair(conn, "p").policy == 'language = "de"\n'
        assert pairs.put_policy(conn, "p", 'language = "ro"\n', "ada", LATER) == 3
        assert pairs.get_pair(conn, "p").policy == 'language = "ro"\n'
        assert len(pairs.policies(conn, "p")) == 3


def test_what_was_planned_under_another_version_or_for_a_released_pair_is_overtaken(store: Store) -> None:
    with store.write() as conn:
        pairs.check_policy(conn, "p", 1)
        with pytest.raises(pairs.Overtaken) as reading:
            pairs.check_policy(conn, "p", 1, released=True)
        pairs.update_pair(conn, "p", state="released")
        pairs.check_policy(conn, "p", 1, released=True)
        pairs.put_policy(conn, "p", 'language = "en"\n', "ada", LATER)
        with pytest.raises(pairs.Overtaken) as changed:
            pairs.check_policy(conn, "p", 1, released=True)
        pairs.check_policy(conn, "p", 2, released=True)
    assert (reading.value.code, changed.value.code) == ("reading", "policy-changed")


def test_a_policy_of_a_pair_that_is_not_there_is_an_error(store: Store) -> None:
    with pytest.raises(KeyError, match="none"), store.write() as conn:
        pairs.put_policy(conn, "none", "", "ada", NOW)


def test_history_is_told_newest_first_for_a_pair_or_one_record(store: Store) -> None:
    with store.write() as conn:
        pairs.note(conn, "p", "party", "a:party:1", "linked", {"rule": "tax_id"}, "Keller AG", NOW)
        pairs.note(conn, "p", "party", "a:party:2", "linked", {}, "Weber", NOW)
        pairs.note(conn, "p", "party", "a:party:1", "unlinked", {"side": "crm"}, "Keller AG", LATER, by="ada")
        lines, one = pairs.notes(conn, "p"), pairs.notes(conn, "p", "a:party:1", limit=1)
        assert pairs.notes(conn, "other") == []
    assert [(line["event"], line["key"]) for line in lines] == [("unlinked", "a:party:1"), ("linked", "a:party:2"), ("linked", "a:party:1")]
    assert [(line["values"], line["by"], line["at"], line["label"]) for line in one] == [
        ({"side": "crm"}, "ada", stamp(LATER), "Keller AG")
    ]

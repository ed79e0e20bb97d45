"""Who only receives: nothing may leave the side, neither a customer nor a document nor a state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.village import Village, village
from unisono.engine.pull import pull
from unisono.model.record import Side
from unisono.policy.tables import policy_from
from unisono.store import pairs
from unisono.wiring import pair_row, preset
from unisono.wiring.house import stored_policy
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.rhythm import needs_a_look, only_receives, receives, resting

OFF = {"quotes": {"direction": "off"}, "documents": {"direction": "off"}}


@pytest.mark.parametrize(
    ("tables", "receiver"),
    (
        (OFF | {"customers": {"direction": "to-crm"}}, "a"),
        (OFF | {"customers": {"direction": "to-invoicing"}}, "b"),
        (OFF | {"customers": {"direction": "to-crm"}, "products": {"direction": "to-crm"}}, "a"),
        (OFF | {"customers": {"direction": "to-crm"}, "documents": {"direction": "to-crm"}}, "a"),
        (OFF | {"customers": {"direction": "to-crm"}, "status": {"direction": "to-crm"}}, ""),
        (OFF | {"customers": {"direction": "to-crm"}, "quotes": {"direction": "to-invoicing"}}, ""),
        (OFF | {"customers": {"direction": "to-crm"}, "invoices": {"direction": "to-invoicing"}}, ""),
        (OFF | {"customers": {"direction": "to-crm"}, "products": {"direction": "to-invoicing"}}, ""),
        (OFF | {"customers": {"direction": "to-invoicing"}, "documents": {"direction": "to-crm"}}, ""),
        (OFF | {"customers": {"direction": "both"}}, ""),
        (OFF | {"customers": {"direction": "off"}}, ""),
        ({}, ""),
    ),
)
def test_a_side_only_receives_if_nothing_of_it_goes_anywhere(tables: dict[str, object], receiver: str) -> None:
    policy, wrong = policy_from(tables)
    assert policy is not None, wrong
    sides: tuple[Side, ...] = ("a", "b")
    assert [side for side in sides if only_receives(policy, side)] == [side for side in sides if side == receiver]


@pytest.mark.parametrize(
    ("pair", "receiver"), ((("bitrix24", "lexoffice"), True), (("centralstation", "fastbill"), False)), ids=("one way", "both ways")
)
def test_the_presets_say_it_of_the_pair_whose_article_does(pair: tuple[str, str], receiver: bool) -> None:
    assert only_receives(stored_policy(preset(*pair)), "a") is receiver


@pytest.fixture
def v(tmp_path: Path) -> Village:
    """CentralStationCRM leads, FastBill receives; both have been read."""
    made = village(tmp_path, policy=preset("centralstation", "fastbill"))
    entries = ["customers.direction=to-invoicing", "quotes.direction=off", "documents.direction=off"]
    put_policy(made.house, made.pair, with_entries(preset("centralstation", "fastbill"), entries), "anna")
    made.sync()
    made.release()
    return made


def rests(v: Village, connection: str) -> bool:
    with v.house.store.read() as conn:
        row, rows = pairs.get_connection(conn, connection), pairs.pairs_on(conn, connection)
    return bool(resting(v.house, row, rows))


def told(v: Village, connection: str, **values: str) -> None:
    with v.house.store.write() as conn:
        pairs.update_connection(conn, connection, **values)


def test_the_receiver_rests_and_the_leader_does_not(v: Village) -> None:
    for connection in (v.a, v.b):
        told(v, connection, next_poll="2026-03-01T09:00:00.000Z")
    assert (rests(v, v.a), rests(v, v.b)) == (False, True)
    with v.house.store.read() as conn:
        assert (receives(conn, v.a), receives(conn, v.b)) == (False, True)


def test_it_does_not_rest_after_a_day_nor_before_an_hour_that_has_not_come_nor_where_somebody_wants_a_look(v: Village) -> None:
    pull(v.house.pairing(v.pair).b, v.house.hands())
    told(v, v.b, next_poll="2026-03-01T09:00:00.000Z")
    v.clock.advance(24 * 3600 - 1)
    assert rests(v, v.b)
    v.clock.advance(1)
    assert not rests(v, v.b)
    v.clock.advance(-2 * 24 * 3600)
    assert not rests(v, v.b), "it was looked at by a clock that was ahead"
    v.clock.advance(24 * 3600 + 60)
    assert rests(v, v.b)
    told(v, v.b, next_poll="")
    assert not rests(v, v.b)
    told(v, v.b, next_poll="2026-03-01T09:00:00.000Z", told="server-error")
    assert not rests(v, v.b)


@pytest.mark.parametrize("state", ({"state": "reading"}, {"unsure": 1}, {"state": "paused"}))
def test_it_does_not_rest_for_a_pair_that_only_reads_is_unsure_or_pauses(v: Village, state: dict[str, object]) -> None:
    told(v, v.b, next_poll="2026-03-01T09:00:00.000Z")
    assert rests(v, v.b)
    with v.house.store.write() as conn:
        pairs.update_pair(conn, v.pair, **state)
    assert not rests(v, v.b)


def test_a_new_record_of_the_leader_wants_a_look_first_but_not_if_there_was_one_just_now(v: Village) -> None:
    def wanted() -> bool:
        return needs_a_look(v.house, pair_row(v.house, v.pair), "b")

    v.clock.advance(600)
    assert not wanted(), "nothing is new"
    v.crm_act("create_company", name="Sonne GmbH")
    pull(v.house.pairing(v.pair).a, v.house.hands())
    assert wanted()
    pull(v.house.pairing(v.pair).b, v.house.hands())
    assert not wanted()

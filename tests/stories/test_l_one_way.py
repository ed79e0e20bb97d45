"""L07: Lexware Office leads and the CRM only receives. It is not asked with every look, and nothing that people do there is lost by that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.stories.test_l_customers import BITRIX24, BOTH, act, companies, customer, is_portal, village
from tests.support.village import Village
from unisono.engine.pull import Pulled
from unisono.store import pairs
from unisono.store.stamps import instant
from unisono.wiring import add_pair
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.rhythm import delays
from unisono.wiring.running import Runner, Turn
from unisono.wiring.setup import release
from unisono.wiring.standing import look_now, standing

ONE_WAY = """schema_version = 1
language = "de"
[customers]
direction = "to-crm"
wins = "ask"
country = "DE"
contacts = "all"
require = []
[customers.from_crm]
when = []
[customers.from_invoicing]
history = "all"
[quotes]
direction = "off"
[documents]
direction = "off"
"""


@pytest.fixture
def v(request: pytest.FixtureRequest, tmp_path: Path) -> Village:
    """A pair that has carried over one customer."""
    made = village(tmp_path, request.param, ONE_WAY)
    runner(made).turn(poll=True)
    release(made.house, made.pair, "anna")
    customer(made, email="post@hoffmann.example")
    minutes(made, 5)
    assert [row["city"] for row in companies(made)] == ["Bremen"]
    return made


def runner(v: Village) -> Runner:
    return Runner(house=v.house, holder="test")


def minutes(v: Village, count: int) -> list[Turn]:
    """So many minutes of a runner that stays."""
    turns = []
    for _ in range(count):
        v.clock.advance(60)
        turns.append(runner(v).turn())
    return turns


def hours(v: Village, count: int) -> list[Turn]:
    """As ``minutes``, for one that is started once an hour."""
    turns = []
    for _ in range(count):
        v.clock.advance(3600)
        turns.append(runner(v).turn())
    return turns


def asked(turns: list[Turn], connection: str) -> list[Pulled]:
    return [turn.pulled[connection] for turn in turns if connection in turn.pulled]


def choose(v: Village, *entries: str) -> None:
    with v.house.store.read() as conn:
        body = pairs.get_pair(conn, v.pair).policy
    put_policy(v.house, v.pair, with_entries(body, entries), "anna")


def edit_company(v: Village, **values: str) -> None:
    """Somebody edits the one company of the CRM there: ``name`` or ``city``."""
    (row,) = v.crm.truth()["companies"]
    named = {"title" if is_portal(v) and word == "name" else word: value for word, value in values.items()}
    v.crm_act("edit_company", id=str(row["ID"] if is_portal(v) else row["id"]), **named)


@BOTH
@pytest.mark.feature("L07", kind="do")
def test_the_side_that_only_receives_is_not_asked_with_every_look(v: Village) -> None:
    before = v.calls("a")
    turns = minutes(v, 60)
    assert (v.calls("a"), asked(turns, v.a)) == (before, [])
    assert len(asked(turns, v.b)) == 12, "the one that leads is looked at every five minutes"

    key = act(v, "create_contact", name="Nachzügler AG", city="Emden")
    act(v, "edit_contact", id=key, city="Leer")
    minutes(v, 6)
    assert sorted(row["name"] for row in companies(v)) == ["Hoffmann Kräne GmbH", "Nachzügler AG"]
    assert (v.problems(), v.questions()) == ([], [])


@BOTH
@pytest.mark.feature("L07", kind="do")
def test_what_somebody_edited_there_is_not_overwritten_although_nobody_looked(v: Village) -> None:
    edit_company(v, name="Hoffmann Hebetechnik GmbH")
    (row,) = v.books.truth()["contacts"]
    assert asked(minutes(v, 10), v.a) == [], "the edit has not been seen"

    act(v, "edit_contact", id=row["id"], name="Hoffmann Krane AG", city="Emden")
    minutes(v, 10)

    (there,) = companies(v)
    assert (there["name"], there["city"]) == ("Hoffmann Hebetechnik GmbH", "Emden"), "the name both edited is asked about, the rest goes on"
    (question,) = v.questions()
    assert question.code == "conflict"

    v.answer(question, "invoicing")
    minutes(v, 10)
    assert companies(v)[0]["name"] == "Hoffmann Krane AG"


@BOTH
def test_somebody_made_there_by_hand_meanwhile_is_found_before_they_are_made_again(v: Village) -> None:
    named = {"street": "Deich 1", "zip": "26721", "city": "Emden"}
    if is_portal(v):
        v.crm_act("create_company", title="Nachzügler AG", country="Deutschland", email="post@nach.example", **named)
    else:
        v.crm_act("create_company", name="Nachzügler AG", country_code="DE", email="post@nach.example", **named)
    assert asked(minutes(v, 30), v.a) == []

    act(v, "create_contact", name="Nachzügler AG", email="post@nach.example", country="DE", **named)
    turns = minutes(v, 5)

    assert len(asked(turns, v.a)) == 1
    assert sorted(row["name"] for row in companies(v)) == ["Hoffmann Kräne GmbH", "Nachzügler AG"], "nobody twice"
    assert [question.code for question in v.questions()] == ["same-customer"]


@BITRIX24
def test_it_is_read_once_a_day_and_within_a_week_what_vanished_there_is_noticed(v: Village) -> None:
    (row,) = v.crm.truth()["companies"]
    v.crm_act("delete_company", id=str(row["ID"]))

    looks = asked(hours(v, 6 * 24), v.a)
    assert (len(looks), sum(one.gone for one in looks)) == (6, 0), "a list of changes does not tell who is gone"
    assert sum(one.gone for one in asked(hours(v, 3 * 24), v.a)) == 1
    assert v.link_count() == {}
    assert len(v.books.truth()["contacts"]) == 1, "and the customer who leads stays"


@BITRIX24
def test_deals_are_read_as_before_since_an_invoice_may_be_made_from_one(v: Village) -> None:
    choose(v, 'customers.from_crm.when=["quote"]')
    minutes(v, 5)
    before = len(v.crm.world.log.calls)
    turns = minutes(v, 30)
    assert len(asked(turns, v.a)) == 6
    named = " ".join(call.operation for call in v.crm.world.log.calls[before:])
    assert "crm.item.productrow.list" in named
    assert not any(word in named for word in ("company", "contact", "requisite", "address"))
    with v.house.store.read() as conn:
        marks = pairs.get_connection(conn, v.a).marks
    assert instant(marks["companies"]["looked_at"]) < instant(marks["deals"]["looked_at"])


@BITRIX24
def test_a_policy_that_goes_both_ways_from_now_on_looks_there_at_once(v: Village) -> None:
    edit_company(v, name="Hoffmann Hebetechnik GmbH")
    minutes(v, 60)
    choose(v, "customers.direction=both")
    assert len(asked(minutes(v, 5), v.a)) == 1
    (row,) = v.books.truth()["contacts"]
    assert row["company"]["name"] == "Hoffmann Hebetechnik GmbH"


@BITRIX24
def test_a_second_pair_that_needs_what_happens_there_keeps_it_awake(v: Village) -> None:
    add_pair(v.house, v.firm, "Second", v.a, v.b, ONE_WAY)
    assert len(asked(minutes(v, 10), v.a)) == 2, "one that only reads so far is previewed by what there is now"


@BITRIX24
def test_somebody_who_asks_for_a_look_gets_it_and_a_sync_at_the_command_line_goes_without(v: Village) -> None:
    turns = runner(v).until_quiet(v.pair)
    assert (asked(turns, v.a), len(asked(turns, v.b))) == ([], 1)
    assert v.a in runner(v).read(v.pair).pulled, "a preview shows what there is now"

    look_now(v.house, v.pair)
    assert len(asked(minutes(v, 1), v.a)) == 1


@BITRIX24
def test_a_daily_look_that_fails_is_made_again_soon(v: Village) -> None:
    v.crm.world.faults.arm("status", times=3, value=503)
    turns = hours(v, 24)
    assert (asked(turns, v.a), [turn.faults[v.a].code for turn in turns if turn.faults]) == ([], ["server-error"])
    assert len(asked(minutes(v, 6), v.a)) == 1
    assert asked(hours(v, 12), v.a) == []


@BITRIX24
def test_people_are_told_which_side_only_receives_and_when_the_other_is_looked_at_next(v: Village) -> None:
    minutes(v, 60)
    told = standing(v.house, v.pair)
    assert told.receiver is told.crm
    assert told.leader is told.invoicing
    assert told.looked == told.invoicing.looked > told.crm.looked
    assert timedelta() < instant(told.next_look) - v.clock.now() <= timedelta(minutes=5)
    assert delays(v.house, v.pair) == {"crm": timedelta(days=1), "invoicing": timedelta(minutes=5)}

    choose(v, "customers.direction=both")
    told = standing(v.house, v.pair)
    assert (told.receiver, told.looked) == (None, told.crm.looked)

"""A firm changes its mind: directions and winners a field at a time, who takes part, records left out; and a change in the middle of work."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.stories.folk import (
    BOTH,
    choose,
    company,
    company_names,
    company_row,
    customer,
    customer_names,
    customers,
    deal_of,
    employee,
    estimates,
)
from tests.support.village import Village
from unisono.engine.cycle import cycle
from unisono.engine.waves import WAVE
from unisono.policy.files import parse_policy
from unisono.store import pairs
from unisono.wiring import pair_row
from unisono.wiring.policies import differences, filter_preview, leave_out, roll_back, text_of_version, versions, with_entries


def linked(v: Village) -> tuple[int, str]:
    """A company with an offer, and its customer at FastBill."""
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    return sun, str(customers(v)[0]["CUSTOMER_ID"])


def phones(v: Village, sun: int) -> tuple[str, str]:
    """What stands in the CRM, and at FastBill."""
    return str(company_row(v, sun)["tels"][0]["name"]), str(customers(v)[0]["PHONE"])


# --- a field's own direction and winner -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "after_crm_edit", "after_books_edit"),
    (
        ("both", ("1", "1"), ("2", "2")),
        ("to-invoicing", ("1", "1"), ("1", "2")),
        ("to-crm", ("1", "030 1234"), ("2", "2")),
        ("off", ("1", "030 1234"), ("1", "2")),
    ),
)
def test_a_fields_own_direction_holds_for_edits_on_either_side(
    v: Village, direction: str, after_crm_edit: tuple[str, str], after_books_edit: tuple[str, str]
) -> None:
    sun, there = linked(v)
    choose(v, f"customers.fields.phone.direction={direction}", "customers.fields.phone.wins=invoicing")
    assert phones(v, sun) == ("030 1234", "030 1234")
    v.crm_act("edit_company", id=str(sun), phone="1")
    v.sync()
    assert phones(v, sun) == after_crm_edit
    v.books_act("edit_customer", ID=there, PHONE="2")
    v.sync()
    assert phones(v, sun) == after_books_edit
    v.crm_act("edit_company", id=str(sun), street="Allee 9")
    v.sync()
    assert customers(v)[0]["ADDRESS"] == "Allee 9", "other fields follow their own rule"


@pytest.mark.parametrize(("wins", "after"), (("crm", ("1", "1")), ("invoicing", ("2", "2")), ("ask", ("1", "2"))))
def test_a_fields_own_winner_decides_when_both_sides_changed_it(v: Village, wins: str, after: tuple[str, str]) -> None:
    sun, there = linked(v)
    choose(v, f"customers.fields.phone.wins={wins}", "customers.wins=crm")
    v.crm_act("edit_company", id=str(sun), phone="1", street="Allee 1")
    v.books_act("edit_customer", ID=there, PHONE="2", ADDRESS="Gasse 2")
    v.sync()
    assert phones(v, sun) == after
    assert [q.values["field"] for q in v.questions()] == (["phone"] if wins == "ask" else [])
    assert customers(v)[0]["ADDRESS"] == "Allee 1", "the other fields follow the policy's winner"


def test_a_field_that_is_switched_off_is_left_empty_on_a_new_record(v: Village) -> None:
    choose(v, "customers.fields.phone.direction=off")
    linked(v)
    assert customers(v)[0]["PHONE"] == ""
    assert customers(v)[0]["CITY"] == "Berlin"


# --- who takes part -----------------------------------------------------------------------------------------------------------------------


def three(v: Village) -> None:
    """Two companies with an offer in the CRM, of which one is abroad and without e-mail; and a customer at FastBill who is abroad."""
    deal_of(v, company(v))
    deal_of(v, company(v, name="Lumière SARL", email="", country_code="FR", city="Lyon", zip="69001"))
    customer(v, ORGANIZATION="Wien Optik GmbH", COUNTRY_CODE="AT", CITY="Wien", ZIPCODE="1010", EMAIL="")


@pytest.mark.parametrize(
    ("setting", "at_fastbill", "in_the_crm"),
    (
        ('customers.only.countries=["DE"]', ["Bäckerei Sonne GmbH"], []),
        ('customers.only.countries=["DE", "AT"]', ["Bäckerei Sonne GmbH"], ["Wien Optik GmbH"]),
        ("customers.only.email=true", ["Bäckerei Sonne GmbH"], []),
        ('customers.only.names=["lumière sarl"]', ["Lumière SARL"], []),
        ("customers.only.tag=Stammkunde", [], ["Wien Optik GmbH"]),
    ),
)
def test_only_the_customers_the_firm_names_cross_from_either_side(
    v: Village, setting: str, at_fastbill: list[str], in_the_crm: list[str]
) -> None:
    choose(v, setting)
    three(v)
    v.sync()
    born = {"Wien Optik GmbH"}
    assert [n for n in customer_names(v) if n not in born] == at_fastbill
    assert [n for n in company_names(v) if n in born] == in_the_crm
    assert len(estimates(v)) == len(at_fastbill), "what belongs to a customer left out is left out, too"
    choose(v, "customers.only.countries=[]", "customers.only.email=false", "customers.only.names=[]", 'customers.only.tag=""')
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Lumière SARL", "Wien Optik GmbH"]
    assert "Wien Optik GmbH" in company_names(v)


def test_who_is_linked_stays_linked_when_a_filter_is_drawn_tighter(v: Village) -> None:
    sun, _ = linked(v)
    choose(v, 'customers.only.countries=["FR"]')
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.sync()
    assert customers(v)[0]["PHONE"] == "0800 1"


def test_a_tag_in_the_crm_lets_a_customer_take_part(v: Village) -> None:
    choose(v, "customers.only.tag=Stammkunde")
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    assert customers(v) == []
    v.crm_act("tag", kind="company", id=str(sun), name="Stammkunde")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]


def test_the_preview_of_a_filter_counts_and_names_without_asking_anybody(v: Village) -> None:
    v.cycle()
    three(v)
    v.sync()
    calls = (v.calls("a"), v.calls("b"))
    policy = parse_policy(with_entries(pair_row(v.house, v.pair).policy, ['customers.only.names=["Wien Optik GmbH", "Rom Ottica"]']))
    company(v, name="Noch Nicht Gelesen GmbH")
    found = list(filter_preview(v.house, v.pair, policy))
    told = {(c.side, c.label): c.reason for c in found}
    assert len(told) == 6
    assert all(reason == "" for reason in told.values()), "all are linked already, so nobody is left out any more"
    assert (v.calls("a"), v.calls("b")) == calls


def test_the_preview_of_a_filter_says_for_each_why_it_is_left_out(unreleased: Village) -> None:
    three(unreleased)
    unreleased.sync()
    policy = parse_policy(with_entries(pair_row(unreleased.house, unreleased.pair).policy, ['customers.only.countries=["DE"]']))
    found = {(c.side, c.label): (c.reason, c.values.get("country", "")) for c in filter_preview(unreleased.house, unreleased.pair, policy)}
    assert found["a", "Lumière SARL"] == ("only-countries", "FR")
    assert found["b", "Wien Optik GmbH"] == ("only-countries", "AT")
    assert customers(unreleased)[0]["ORGANIZATION"] == "Wien Optik GmbH"
    assert unreleased.writes("a") == unreleased.writes("b") == []


def test_a_record_left_out_for_good_is_left_alone_on_both_sides_with_all_that_belongs_to_it(v: Village) -> None:
    sun, there = linked(v)
    assert leave_out(v.house, v.pair, [f"a:party:company:{sun}"], "test") == 2
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.books_act("edit_customer", ID=there, EMAIL="neu@sonne.example")
    employee(v, "Anna", "Ahrens", sun)
    deal_of(v, sun, name="Zweites Angebot")
    before = (v.writes("a"), v.writes("b"))
    v.sync()
    assert (v.writes("a"), v.writes("b")) == before
    assert len(estimates(v)) == 1
    assert leave_out(v.house, v.pair, [f"a:party:company:{sun}"], "test", back=True) == 3
    v.sync()
    assert customers(v)[0]["PHONE"] == "0800 1"
    assert company_row(v, sun)["emails"][0]["name"] == "neu@sonne.example"
    assert len(estimates(v)) == 2


def test_a_record_may_be_left_out_by_its_key_on_either_side(v: Village) -> None:
    sun, there = linked(v)
    leave_out(v.house, v.pair, [f"b:party:{there}"], "test")
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.sync()
    assert phones(v, sun) == ("0800 1", "030 1234")


def test_leaving_out_what_is_left_out_already_makes_no_version(v: Village) -> None:
    assert leave_out(v.house, v.pair, ["a:party:company:7"], "test") == 2
    assert leave_out(v.house, v.pair, ["a:party:company:7"], "test") is None
    assert len(versions(v.house, v.pair)) == 2


# --- versions -----------------------------------------------------------------------------------------------------------------------------


def test_rolling_back_adds_a_version_with_the_old_text_and_takes_none_away(v: Village) -> None:
    first = pair_row(v.house, v.pair).policy
    assert choose(v, "customers.contacts=all") == 2
    assert roll_back(v.house, v.pair, 1, "ada") == 3
    kept = versions(v.house, v.pair)
    assert [(k["version"], k["in_force"]) for k in kept] == [(1, False), (2, False), (3, True)]
    assert text_of_version(v.house, v.pair, 3) == first
    assert [n["values"]["version"] for n in v.notes() if n["event"] == "policy-changed"] == ["3", "2"]


def test_a_change_of_policy_looks_at_everything_again(v: Village) -> None:
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun)
    deal_of(v, sun)
    v.sync()
    assert v.books.truth()["contacts"] == []
    before = parse_policy(pair_row(v.house, v.pair).policy)
    choose(v, "customers.contacts=all")
    changed = differences(before, parse_policy(pair_row(v.house, v.pair).policy))
    assert [(e.entry, e.before, e.after) for e in changed] == [("customers.contacts", "tagged", "all")]
    v.sync()
    assert [c["LAST_NAME"] for c in v.books.truth()["contacts"]] == ["Ahrens"]


@BOTH
@pytest.mark.parametrize("step", ("prepared", "changes-taken"))
def test_what_was_planned_under_one_policy_never_runs_under_the_next(v: Village, step: str) -> None:
    """Somebody switches a field off while its change is about to be sent: the plan is dropped, the new policy decides."""
    sun, _ = linked(v)
    v.crm_act("edit_company", id=str(sun), phone="0800 1", street="Allee 9")
    v.clock.advance(300)
    done: list[str] = []

    def change(name: str) -> None:
        if name == step and not done:
            done.append(name)
            choose(v, "customers.fields.phone.direction=off")

    hands = replace(v.house.hands(), step=change)
    v.house.step = change
    outcome = cycle(v.house.pairing(v.pair, epoch=v.lease()), hands)
    v.house.step = lambda _: None
    assert done == [step]
    assert (outcome.stopped, phones(v, sun)) == ("policy-changed", ("0800 1", "030 1234"))
    v.sync()
    in_force = pair_row(v.house, v.pair).policy_version
    sent = [w for w in v.journal() if w["operation"] == "change"]
    assert [w["policy_version"] for w in sent] == [in_force] == [2]
    assert phones(v, sun) == ("0800 1", "030 1234")
    assert customers(v)[0]["ADDRESS"] == "Allee 9"
    assert v.questions() == []


def test_a_pair_that_is_paused_in_the_middle_of_work_writes_nothing_more(v: Village) -> None:
    for n in range(WAVE + 3):
        deal_of(v, company(v, name=f"Firma {n:02d}", email=f"f{n}@firma.example", zip=f"{10000 + n}"))
    v.clock.advance(300)

    def pause(name: str) -> None:
        if name == "settled":
            with v.house.store.write() as conn:
                pairs.update_pair(conn, v.pair, state="paused")

    outcome = cycle(v.house.pairing(v.pair, epoch=v.lease()), replace(v.house.hands(), step=pause))
    assert outcome.stopped == "paused"
    assert len(customers(v)) == WAVE, "the wave under way is carried to its end, no other begins"
    before = len(customers(v))
    v.sync()
    assert len(customers(v)) == before
    with v.house.store.write() as conn:
        pairs.update_pair(conn, v.pair, state="released")
    for _ in range(3):
        v.sync(minutes=90)  # FastBill's smallest plan lets 50 calls through an hour
    assert len(customers(v)) == WAVE + 3

"""Something is gone on one side: the link ends with a notice, nothing is deleted, and nothing is made anew."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    choose,
    companies,
    company,
    company_names,
    contact_names,
    customer,
    customer_names,
    customers,
    deal_of,
    employee,
    estimates,
    invoice,
    tagged,
)
from tests.stories.test_undo import taken_back
from tests.support.village import Village
from unisono.wiring.setup import set_state


def linked(v: Village) -> tuple[int, str]:
    """A company with an offer, and its customer at FastBill."""
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    return sun, str(customers(v)[0]["CUSTOMER_ID"])


def unlinked(v: Village) -> list[str]:
    """The codes of the notices about ended links."""
    return [n["values"]["code"] for n in v.notes() if n["event"] == "unlinked"]


def reads_of(v: Village, start: int) -> int:
    """How many single customers were asked for since a call."""
    return [c.operation for c in v.books.world.log.calls[start:]].count("customer.get")


@BOTH
def test_a_customer_deleted_in_fastbill_is_unlinked_with_a_notice_and_the_company_stays(v: Village) -> None:
    sun, there = linked(v)
    v.books_act("delete_customer", ID=there)
    for _ in range(3):
        v.sync()
    assert [c["id"] for c in companies(v)] == [sun], "nothing is deleted in the CRM"
    assert customers(v) == [], "and nothing is made anew in FastBill"
    assert "deleted-there" in unlinked(v)
    v.crm_act("edit_company", id=str(sun), phone="0800 1")
    v.sync()
    assert customers(v) == [], "an edit does not bring it back"


def test_one_missing_answer_is_not_believed_and_the_second_one_a_while_later_is(v: Village) -> None:
    _, there = linked(v)
    v.books_act("delete_customer", ID=there)
    v.sync()
    assert unlinked(v) == []
    start = v.calls("b")
    v.cycle()
    assert reads_of(v, start) == 2, "the list, and the customer itself a second time"
    assert unlinked(v) == [], "asked again at once it does not count"
    v.sync()
    assert "deleted-there" in unlinked(v)


@BOTH
def test_a_company_deleted_in_the_crm_is_unlinked_and_the_customer_stays(v: Village) -> None:
    sun, there = linked(v)
    v.crm_act("delete_company", id=str(sun))
    v.sync()
    v.sync()
    assert [c["CUSTOMER_ID"] for c in customers(v)] == [there]
    assert companies(v) == [], "and is not made anew in the CRM"
    assert "deleted-there" in unlinked(v)
    v.books_act("edit_customer", ID=there, CITY="Bonn")
    v.sync()
    assert companies(v) == []


def test_a_deletion_in_the_crm_is_confirmed_at_the_next_poll_and_not_a_week_later(v: Village) -> None:
    sun, _ = linked(v)
    v.crm_act("delete_company", id=str(sun))
    v.sync()
    assert unlinked(v) == []
    v.sync()
    assert "deleted-there" in unlinked(v)


def test_a_contact_person_deleted_in_fastbill_is_unlinked_and_stays_in_the_crm(v: Village) -> None:
    sun = company(v)
    employee(v, "Anna", "Ahrens", sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    v.sync()
    there = customers(v)[0]["CUSTOMER_ID"]
    assert contact_names(v, there) == ["Anna Ahrens"]
    v.books_act("delete_contact", ID=str(v.books.truth()["contacts"][0]["CONTACT_ID"]))
    for _ in range(3):
        v.sync()
    assert contact_names(v, there) == []
    assert [p["name"] for p in v.crm.truth()["people"]] == ["Ahrens"]


def test_an_estimate_deleted_in_fastbill_is_not_made_a_second_time(v: Village) -> None:
    linked(v)
    v.books.account.remove("estimates", int(estimates(v)[0]["ESTIMATE_ID"]))
    for _ in range(3):
        v.sync()
    assert estimates(v) == []
    assert unlinked(v) == ["deleted-there"]


def test_a_deleted_customer_that_was_linked_takes_none_of_its_filed_notes_away(v: Village) -> None:
    born = customer(v)
    invoice(v, born)
    v.sync()
    kept = len(v.crm.truth()["protocols"])
    v.books_act("delete_customer", ID=str(born))
    for _ in range(3):
        v.sync()
    assert (len(v.crm.truth()["protocols"]), kept) == (1, 1)


def many(v: Village, number: int) -> list[int]:
    v.settings("b", plan="premium")
    born = [customer(v, ORGANIZATION=f"Kunde {n:02d} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}") for n in range(number)]
    v.sync()
    assert len(companies(v)) == number
    return born


@BOTH
def test_many_deletions_at_once_stop_the_pair_before_anything_is_unlinked(v: Village) -> None:
    born = many(v, 12)
    before = (v.link_count(), company_names(v))
    for key in born[:6]:
        v.books_act("delete_customer", ID=str(key))
    outcome = v.sync()
    assert outcome.stopped == "brake"
    deal_of(v, company(v))
    for _ in range(3):
        assert v.sync().stopped == "brake"
    assert (v.link_count(), [n for n in company_names(v) if n.startswith("Kunde")]) == before
    assert unlinked(v) == []
    assert estimates(v) == [], "a stopped pair writes nothing at all"


def test_a_few_deletions_do_not_stop_the_pair(v: Village) -> None:
    born = many(v, 12)
    for key in born[:5]:
        v.books_act("delete_customer", ID=str(key))
    for _ in range(3):
        assert v.sync().stopped == ""
    assert unlinked(v) == ["deleted-there"] * 5
    assert len(companies(v)) == 12


def test_resumed_by_a_person_after_the_brake_the_links_end_and_the_pair_goes_on(v: Village) -> None:
    born = many(v, 12)
    for key in born[:6]:
        v.books_act("delete_customer", ID=str(key))
    assert v.sync().stopped == "brake"
    set_state(v.house, v.pair, "released", "test")
    for _ in range(3):
        v.sync()
    assert unlinked(v) == ["deleted-there"] * 6
    assert len(companies(v)) == 12
    deal_of(v, company(v))
    v.sync()
    assert len(estimates(v)) == 1


def deleted(v: Village, keys: list[int]) -> None:
    """A few customers go, and enough polls pass for it to be believed."""
    for key in keys:
        v.books_act("delete_customer", ID=str(key))
    for _ in range(3):
        v.sync()


@BOTH
def test_deletions_that_trickle_in_below_the_number_stop_the_pair_when_they_add_up_within_a_day(v: Village) -> None:
    born = many(v, 12)
    deleted(v, born[:3])
    assert (unlinked(v), v.link_count()["party"]) == (["deleted-there"] * 3, 9), "three are few"
    deleted(v, born[3:5])
    assert v.link_count()["party"] == 7, "so are five"
    for key in born[5:7]:
        v.books_act("delete_customer", ID=str(key))
    assert v.sync().stopped == "brake", "seven of twelve within a day are not"
    deleted(v, [])
    assert (v.link_count()["party"], unlinked(v)) == (7, ["deleted-there"] * 5), "and no further link ends"
    (told,) = [n["values"] for n in v.notes() if n["event"] == "braked"]
    assert told == {"count": "7", "linked": "12"}


def test_as_many_deletions_over_several_days_are_no_trickle(v: Village) -> None:
    born = many(v, 12)
    for day in range(3):
        deleted(v, born[3 * day : 3 * day + 3])
        v.clock.advance(25 * 3600)
    assert unlinked(v) == ["deleted-there"] * 9
    assert v.sync().stopped == ""


@pytest.mark.parametrize("rule", ("unlink", "ignore", "mark", "delete"))
def test_a_trickle_counts_whatever_the_rule_made_of_the_first_ones(v: Village, rule: str) -> None:
    born = many(v, 12)
    choose(v, f"customers.deletion.in_invoicing={rule}")
    v.sync()
    deleted(v, born[:4])
    before = (v.link_count(), v.writes("a"), len(companies(v)))
    assert len(companies(v)) == (8 if rule == "delete" else 12)
    deleted(v, born[4:6])
    assert v.cycle().stopped == "brake"
    assert (v.link_count(), v.writes("a"), len(companies(v))) == before


def test_what_an_undo_ended_is_no_deletion(v: Village) -> None:
    v.settings("b", plan="premium")
    for n in range(6):
        tagged(v, name=f"Werkstatt {n} GmbH", email=f"post@w{n}.example", zip=f"{10000 + n}")
    v.sync()
    taken_back(v, everything=True)
    assert (customers(v), v.link_count()) == ([], {})
    born = many_more(v, 3)
    deleted(v, born[:1])
    assert unlinked(v)[-1:] == ["deleted-there"]
    assert v.sync().stopped == ""


def many_more(v: Village, number: int) -> list[int]:
    born = [customer(v, ORGANIZATION=f"Neu {n:02d} GmbH", EMAIL=f"n{n}@neu.example", ZIPCODE=f"{20000 + n}") for n in range(number)]
    v.sync()
    return born


def test_a_person_allows_a_trickle_and_only_what_comes_on_top_stops_the_pair_again(v: Village) -> None:
    born = many(v, 12)
    deleted(v, born[:4])
    deleted(v, born[4:6])
    assert v.cycle().stopped == "brake"
    set_state(v.house, v.pair, "released", "test")
    deleted(v, [])
    assert unlinked(v) == ["deleted-there"] * 6, "what a person allowed is done"
    deleted(v, born[6:7])
    assert v.cycle().stopped == "brake", "a seventh was not allowed"
    set_state(v.house, v.pair, "released", "test")
    deleted(v, [])
    assert unlinked(v) == ["deleted-there"] * 7


def test_what_a_person_allowed_does_not_hold_for_ever(v: Village) -> None:
    born = many(v, 14)
    deleted(v, born[:6])
    assert v.cycle().stopped == "brake"
    set_state(v.house, v.pair, "released", "test")
    deleted(v, [])
    assert unlinked(v) == ["deleted-there"] * 6
    v.clock.advance(25 * 3600)
    v.sync()
    deleted(v, born[6:12])
    assert v.cycle().stopped == "brake", "another six on another day are another question"
    assert len(unlinked(v)) == 6


WRONG = ("html", "empty", "truncate", "torn-json", "status", "timeout-before")


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("service", ("customer.get", "estimate.get"))
def test_an_answer_of_fastbill_that_is_none_never_counts_as_a_deletion(v: Village, fault: str, service: str) -> None:
    linked(v)
    before = (v.link_count(), customer_names(v))
    for _ in range(3):
        v.books.world.faults.arm(fault, service, times=9)
        v.sync()
        v.books.world.faults.clear()
    assert unlinked(v) == []
    assert (v.link_count(), customer_names(v)) == before
    v.sync()
    assert v.sync().fault is None


@pytest.mark.parametrize("fault", WRONG)
def test_an_answer_of_the_crm_that_is_none_never_counts_as_a_deletion(v: Village, fault: str) -> None:
    linked(v)
    before = v.link_count()
    for _ in range(3):
        v.crm.world.faults.arm(fault, "GET", times=9)
        v.clock.advance(300)
        v.cycle(whole=True)
        v.crm.world.faults.clear()
    assert unlinked(v) == []
    assert v.link_count() == before
    assert v.sync().fault is None


def test_a_list_that_answers_empty_but_shows_each_row_on_asking_is_no_deletion(v: Village) -> None:
    """FastBill's list forgets a customer for a while; asked for by its number it is there."""
    _, there = linked(v)
    table = v.books.account.table("customers")
    row = table.pop(int(there))
    v.sync()
    table[int(there)] = row
    for _ in range(3):
        v.sync()
    assert unlinked(v) == []
    v.crm_act("edit_company", id=str(companies(v)[0]["id"]), phone="0800 1")
    v.sync()
    assert customers(v)[0]["PHONE"] == "0800 1"

"""What the storm found: each a world of people, faults and bad luck, told here as the few steps that mattered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from tests.stories.folk import (
    choose,
    companies,
    company,
    company_names,
    count,
    customer,
    customer_names,
    customers,
    deal_of,
    estimates,
    number_of,
)
from tests.support.village import Village
from tests.unit.engine.crash import Crash, crash_at, crash_never
from unisono.store import links, pairs, tables
from unisono.wiring.setup import NobodyKnown, WrongAccount, replace_key

BOOKS_LOGIN = {"email": "buchhaltung@example.de", "api_key": "fb-0123456789abcdef"}


def dies(v: Village, step: str = "sent") -> None:
    """The process ends right after its next write was carried out."""
    v.clock.advance(300)
    crash_at(v, step)
    with pytest.raises(Crash):
        v.cycle()
    crash_never(v)


@pytest.mark.parametrize("wins", ("ask", "crm", "invoicing"))
def test_our_own_change_that_was_not_noted_is_not_taken_for_a_persons_edit(v: Village, wins: str) -> None:
    choose(v, f"customers.wins={wins}")
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    dies(v)
    assert customers(v)[0]["CITY"] == "Potsdam"
    v.crm_act("edit_company", id=str(sun), city="Ulm")
    v.sync()
    v.sync()
    assert customers(v)[0]["CITY"] == "Ulm"
    assert companies(v)[0]["addrs"][0]["city"] == "Ulm"
    assert v.questions() == []


def test_a_quote_whose_deletion_was_not_noted_is_made_anew_all_the_same(v: Village) -> None:
    sun = company(v)
    offer = deal_of(v, sun)
    v.sync()
    v.crm_act("edit_deal", id=str(offer), value="77")
    v.sync()
    (asked,) = v.questions()
    v.answer(asked, "make-anew")
    dies(v)
    assert estimates(v) == []
    v.sync()
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["77"]
    assert v.problems() == []


def made_and_edited(v: Village, **edit: str) -> str:
    """A customer was created, the process died before it knew, and somebody corrects the customer's street before anybody looks."""
    deal_of(v, company(v))
    dies(v)
    made = str(customers(v)[0]["CUSTOMER_ID"])
    v.books_act("edit_customer", ID=made, **(edit or {"ADDRESS": "Am Ring 2"}))
    v.sync()
    return made


def test_a_customer_that_somebody_edited_before_it_was_found_again_is_a_question_and_no_twin(v: Village) -> None:
    made = made_and_edited(v)
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("several-found", (made, "none", "later"))
    v.answer(asked, made)
    v.sync(minutes=61)
    assert [e["CUSTOMER_ID"] for e in estimates(v)] == [made]
    (conflict,) = v.questions()
    assert (conflict.values["crm"], conflict.values["invoicing"]) == ("Ring 1", "Am Ring 2")


def test_so_is_one_that_got_another_name(v: Village) -> None:
    made = made_and_edited(v, ORGANIZATION="Bäckerei Mond GmbH")
    assert customer_names(v) == ["Bäckerei Mond GmbH"]
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("several-found", (made, "none", "later"))


def test_so_is_one_that_is_hardly_what_was_sent_any_more_but_appeared_since(v: Village) -> None:
    made = made_and_edited(v, ORGANIZATION="Bäckerei Mond GmbH", EMAIL="post@mond.example")
    assert customer_names(v) == ["Bäckerei Mond GmbH"]
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("several-found", (made, "none", "later"))


def test_somebody_else_who_appeared_since_is_not_asked_about(v: Village) -> None:
    deal_of(v, company(v))
    dies(v, "intended")
    customer(v, ADDRESS="Ring 1")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Mond Optik GmbH"]
    assert v.questions() == []


def test_if_it_is_none_of_ours_the_ordinary_rules_hold_for_it(v: Village) -> None:
    made = made_and_edited(v)
    (asked,) = v.questions()
    v.answer(asked, "none")
    v.sync(minutes=61)
    (asked,) = v.questions()
    assert (asked.code, asked.values["other_key"], asked.values["rule"]) == ("same-customer", made, "email_name")
    v.answer(asked, "different")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Bäckerei Sonne GmbH"]


def test_a_question_about_one_customer_holds_nobody_else_up(v: Village) -> None:
    made_and_edited(v)
    customer(v)
    v.sync()
    assert company_names(v) == ["Bäckerei Sonne GmbH", "Mond Optik GmbH"]
    assert [q.code for q in v.questions()] == ["several-found"]


def test_a_record_that_the_vendor_spells_otherwise_is_found_again_after_a_lost_answer(v: Village) -> None:
    customer(v, EMAIL="Post@Mond.Example", PHONE="0221 4000")
    dies(v)
    (made,) = companies(v)
    v.crm_act("edit_company", id=str(made["id"]), email="post@mond.example", phone="02214000")  # as a vendor would that re-cases
    v.sync()
    assert company_names(v) == ["Mond Optik GmbH"]
    assert v.questions() == []
    assert v.link_count() == {"party": 1}


def test_a_clock_that_was_a_day_ahead_delays_nothing_once_it_is_right_again(v: Village) -> None:
    deal_of(v, company(v))
    v.clock.advance(timedelta(days=1))
    dies(v)
    v.clock.advance(timedelta(days=-1))
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert len(estimates(v)) == 1


def test_the_right_key_is_taken_although_the_only_linked_customer_has_another_name_by_now(v: Village) -> None:
    born = customer(v)
    v.sync()
    v.books_act("edit_customer", ID=str(born), ORGANIZATION="Mond Optik und Akustik GmbH")
    assert replace_key(v.house, v.b, BOOKS_LOGIN) is None
    v.sync()
    assert company_names(v) == ["Mond Optik und Akustik GmbH"]


def test_the_right_key_is_taken_although_every_customer_was_deleted_as_long_as_a_quote_is_there(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    v.books_act("delete_customer", ID=customers(v)[0]["CUSTOMER_ID"])
    assert len(estimates(v)) == 1
    assert replace_key(v.house, v.b, BOOKS_LOGIN) is None


def test_another_companys_key_is_not_taken_although_nothing_that_was_made_has_been_read_yet(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    with v.house.store.write() as conn:
        conn.execute(delete(tables.seen).where(tables.seen.c.connection == v.b))
    assert replace_key(v.house, v.b, BOOKS_LOGIN) is None, "it is there, and called as the company it was made from"
    for table in ("customers", "estimates"):
        v.books.world.storage.table(table).clear()
    with pytest.raises(WrongAccount):
        replace_key(v.house, v.b, BOOKS_LOGIN)


def test_the_right_key_of_an_account_whose_linked_customers_were_all_deleted_is_taken_once_a_person_says_so(v: Village) -> None:
    """Seeds 6972, 8348, 8626: the only customer was deleted while the key was refused, and no key was the right one any more."""
    born = customer(v)
    v.sync()
    v.books_act("delete_customer", ID=str(born))
    with pytest.raises(NobodyKnown) as asked:
        replace_key(v.house, v.b, BOOKS_LOGIN)
    assert asked.value.args[0] == "Mond Optik GmbH"
    assert replace_key(v.house, v.b, BOOKS_LOGIN, sure=True) is None


def test_nobody_can_be_sure_of_an_account_that_shows_somebody_else_under_a_linked_key(v: Village) -> None:
    born = customer(v)
    v.sync()
    row = v.books.world.storage.table("customers")[born]
    row["ORGANIZATION"] = "Ganz Andere AG"
    row["CREATED"] = "2019-01-01 00:00:00"
    with pytest.raises(WrongAccount) as other:
        replace_key(v.house, v.b, BOOKS_LOGIN, sure=True)
    assert other.value.args == ("Mond Optik GmbH", "Ganz Andere AG")


def test_a_restored_pair_finds_the_quote_it_made_though_its_customer_was_deleted_since(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    (first,) = estimates(v)
    with v.house.store.write() as conn:  # as after an older database was put back
        links.forget_all(conn, v.pair)
        pairs.update_pair(conn, v.pair, unsure=1, position_a=0, position_b=0)
    v.books_act("delete_customer", ID=customers(v)[0]["CUSTOMER_ID"])
    for _ in range(3):
        v.sync()
        v.cycle(whole=True)
    assert [e["ESTIMATE_ID"] for e in estimates(v)] == [first["ESTIMATE_ID"]]
    assert count(v, "b", "estimate.create") == 1
    assert number_of(v, "estimates", int(first["ESTIMATE_ID"])) == first["ESTIMATE_NUMBER"]


def restored_in_the_middle(v: Village) -> None:
    """A city was corrected and carried over since the backup; FastBill made capitals of it."""
    choose(v, "customers.wins=invoicing")
    sun = company(v)
    deal_of(v, sun)
    v.sync()
    v.crm_act("edit_company", id=str(sun), city="Potsdam")
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], CITY="POTSDAM")


def cities(v: Village) -> tuple[str, str]:
    """The customer's city in the CRM and in FastBill."""
    return companies(v)[0]["addrs"][0]["city"], customers(v)[0]["CITY"]


def test_a_restored_pair_takes_its_own_forgotten_change_in_the_vendors_capitals_for_nobodys_edit(v: Village) -> None:
    restored_in_the_middle(v)
    with v.house.store.write() as conn:  # as after an older database was put back
        pairs.update_pair(conn, v.pair, unsure=1)
    before = (cities(v), len(v.writes("a")))
    v.clock.advance(300)
    v.cycle(whole=True)
    v.sync()
    assert (cities(v), len(v.writes("a"))) == before == (("Potsdam", "POTSDAM"), before[1]), "nobody's spelling is overwritten"
    v.crm_act("edit_company", id=str(companies(v)[0]["id"]), city="Ulm")
    v.sync()
    assert cities(v) == ("Ulm", "Ulm")


def test_a_pair_that_knows_what_it_wrote_lets_the_firms_rule_decide_about_capitals_as_about_all_else(v: Village) -> None:
    restored_in_the_middle(v)
    v.sync()
    assert cities(v) == ("POTSDAM", "POTSDAM")


def a_quote_made_and_edited(v: Village, **edit: str) -> str:
    """A quote was made, the process died before it knew, and somebody works on the quote before anybody looks."""
    sun = company(v)
    deal_of(v, sun, "Schaufenster")
    v.sync()
    first = {e["ESTIMATE_ID"] for e in estimates(v)}
    deal_of(v, sun, "Leuchtschild")
    dies(v)
    (made,) = (e["ESTIMATE_ID"] for e in estimates(v) if e["ESTIMATE_ID"] not in first)
    v.books_act("edit_estimate", ID=made, **edit)
    v.sync(minutes=5)
    v.sync(minutes=5)
    return f"estimate:{made}"


REWRITTEN = {"INTROTEXT": "Wie besprochen", "DESCRIPTION": "Leuchtreklame", "UNIT_PRICE": "950", "VAT_PERCENT": "19", "QUANTITY": "1"}


def test_a_quote_that_somebody_rewrote_before_it_was_found_again_is_a_question_and_no_second_quote(v: Village) -> None:
    made = a_quote_made_and_edited(v, **REWRITTEN)
    assert len(estimates(v)) == 2
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("several-found", (made, "none", "later"))
    v.answer(asked, made)
    v.sync(minutes=61)
    v.sync()
    assert len(estimates(v)) == 2
    assert v.questions() == []


def test_a_quote_that_nobody_can_find_again_is_made_once_more_when_a_person_says_so(v: Village) -> None:
    a_quote_made_and_edited(v, **REWRITTEN)
    (asked,) = v.questions()
    v.answer(asked, "none")
    v.sync(minutes=61)
    v.sync()
    assert len(estimates(v)) == 3

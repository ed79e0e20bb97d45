"""The judge judged: silent about a sound world, and each thing that is wrong with one is seen for what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.storm.evidence import Rule
from tests.storm.sides import Entry, Hold
from tests.support.clock import START
from tests.unit.storm.books import POLICY, SUN, Case
from unisono.store.asking import Problem

KEY_A, KEY_B = "company:7001", "4106208"


@pytest.fixture
def case() -> Case:
    """A sound world."""
    return Case()


def test_a_sound_world_breaks_nothing(case: Case) -> None:
    assert case.broken() == set()


def test_a_customer_made_twice_is_a_twin(case: Case) -> None:
    case.b.entries["party"].append(Entry("4106209", SUN))
    case.call("b", "create", "party", "4106209")
    assert case.broken() == {"I1"}


def test_two_customers_that_people_made_are_none(case: Case) -> None:
    case.b.entries["party"].append(Entry("4106209", SUN))
    case.does("b", "create", "c0", "4106209", after=Entry("4106209", SUN))
    assert case.broken() == set()


def test_a_value_that_is_gone_without_a_trace_is_lost_even_though_both_sides_agree(case: Case) -> None:
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    assert case.broken() == {"I2"}


def test_a_value_that_somebody_replaced_who_saw_it_is_not_lost(case: Case) -> None:
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    case.types("a", "c0", KEY_A, "address.city", "Ulm", "Bonn")
    case.holds("a", **{"address.city": "Ulm"})
    case.holds("b", **{"address.city": "Ulm"})
    assert case.broken() == set()


def test_a_value_that_somebody_replaced_who_did_not_see_it_is_lost(case: Case) -> None:
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    case.types("a", "c0", KEY_A, "address.city", "Ulm", "Köln")
    case.holds("a", **{"address.city": "Ulm"})
    case.holds("b", **{"address.city": "Ulm"})
    assert case.broken() == {"I2"}


def test_it_is_not_lost_if_a_person_was_asked_about_both(case: Case) -> None:
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    case.types("a", "c0", KEY_A, "address.city", "Ulm", "Köln")
    case.holds("a", **{"address.city": "Ulm"})
    case.holds("b", **{"address.city": "Ulm"})
    case.asks("conflict", state="answered", field="address.city", crm="Ulm", invoicing="Bonn")
    assert case.broken() == set()


def test_nor_if_the_policy_says_who_wins(case: Case) -> None:
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    case.types("a", "c0", KEY_A, "address.city", "Ulm", "Köln")
    case.holds("a", **{"address.city": "Ulm"})
    case.holds("b", **{"address.city": "Ulm"})
    case.rules = [Rule(START, 0, 1, POLICY.replace("[customers.from_crm]", '[customers]\nwins = "crm"\n[customers.from_crm]'))]
    assert case.broken() == set()


@pytest.mark.parametrize("looked", (True, False))
def test_an_edit_between_the_look_and_the_write_is_excused_only_if_there_was_a_look(case: Case, looked: bool) -> None:
    if looked:
        case.call("b", "read", "party", KEY_B, done=False)
    else:
        case.call("b", "list", "party", "", done=False)
    case.types("b", "c0", KEY_B, "address.city", "Bonn", "Köln")
    case.call("b", "change", "party", KEY_B)
    assert case.broken() == (set() if looked else {"I2"})


def test_sides_that_differ_are_apart(case: Case) -> None:
    case.holds("b", **{"address.city": "Bonn"})
    assert case.broken() == {"I3"}


@pytest.mark.parametrize(("field", "value"), (("email", "POST@Sonne.Example"), ("phone", "+49 221/4000"), ("address.city", " Köln ")))
def test_another_spelling_is_the_same_value(field: str, value: str, case: Case) -> None:
    case.holds("b", **{field: value})
    assert case.broken() == set()


def test_a_conflict_excuses_its_own_field_and_no_other(case: Case) -> None:
    case.asks("conflict", field="address.city", crm="Köln", invoicing="Bonn")
    case.holds("b", **{"address.city": "Bonn"})
    assert case.broken() == set()
    case.holds("b", **{"address.city": "Bonn", "email": "other@sonne.example"})
    assert case.broken() == {"I3"}


def test_a_tagged_company_that_did_not_get_across_is_missing(case: Case) -> None:
    case.b.entries["party"], case.b.log, case.journal = [], [], []
    assert case.broken() == {"I3"}
    case.problems.append(
        Problem(
            id="p", key="a:party:company:7001", kind="party", code="missing-field", field="address.city", values={}, raw="", label="",
            state="open", count=1, first_at="", last_at="",
        )
    )  # fmt: skip
    assert case.broken() == set(), "a person is told"


def test_a_deletion_that_nobody_did_is_seen(case: Case) -> None:
    case.call("a", "delete", "party", KEY_A)
    case.a.entries["party"] = []
    assert "I5" in case.broken()


def test_an_invoice_that_was_written_is_touched(case: Case) -> None:
    case.call("b", "change", "invoice", "invoice:9207744")
    assert "I6" in case.broken()


def quote(case: Case, net: str = "100", gross: str = "119", vat: str = "19", owner: str = KEY_B, key: str = "estimate:1530912") -> None:
    """A deal of the company over 100, and a quote of it."""
    deal = Entry("deal:7002", {"title": "Angebot q0", "value": "100.0", "state": "open_0"}, KEY_A)
    values = {"title": "Angebot q0", "net": net, "gross": gross, "vat": vat, "number": "A1001", "state": "a"}
    case.a.entries["quote"] = [deal]
    case.b.entries.setdefault("quote", []).append(Entry(key, values, owner))
    if len(case.b.entries["quote"]) == 1:
        case.does("a", "deal", "q0", "deal:7002", after=deal)
    case.call("b", "create", "quote", key)


def test_a_quote_over_the_deals_value_is_right(case: Case) -> None:
    quote(case)
    assert case.broken() == set()


@pytest.mark.parametrize(("net", "gross", "vat"), (("100.01", "119.01", "19"), ("100", "119", "18.99")))
def test_a_quote_over_another_sum_or_one_that_does_not_add_up_is_not(net: str, gross: str, vat: str, case: Case) -> None:
    quote(case, net, gross, vat)
    assert case.broken() == {"I7"}


def test_a_second_quote_of_one_deal_is_a_twin(case: Case) -> None:
    quote(case)
    quote(case, key="estimate:1530913")
    assert "I1" in case.broken()


def test_a_quote_at_another_customer_is_at_the_wrong_one(case: Case) -> None:
    other = SUN | {"website": "www.c1.example", "email": "c1@post.example"}
    case.b.entries["party"].append(Entry("4106209", other))
    case.a.entries["party"].append(Entry("company:7009", other))
    case.does("b", "create", "c1", "4106209", after=Entry("4106209", other))
    case.call("a", "create", "party", "company:7009")
    quote(case, owner="4106209")
    assert case.broken() == {"I18"}


def test_what_never_ended_is_seen_unless_a_person_is_asked(case: Case) -> None:
    case.call("b", "create", "note", "n1", state="unclear", done=False)
    assert case.broken() == {"I8"}


def test_a_write_the_journal_does_not_know_of_is_unexplained(case: Case) -> None:
    case.call("b", "change", "party", "4106999", journal=False)
    assert case.broken() == {"I9"}


def test_so_is_one_the_vendor_does_not_know_of(case: Case) -> None:
    case.journal.append(case.journal[0] | {"id": "x", "target": "4106777"})
    assert case.broken() == {"I9"}


def test_more_calls_than_are_allowed_in_some_window_are_too_many(case: Case) -> None:
    case.b.limits = [Hold(3, 10.0)]
    for _ in range(2):
        case.call("b", "list", "party", "", done=False)
    assert case.broken() == set()
    case.call("b", "list", "party", "", done=False)
    assert case.broken() == {"I15"}


def test_a_call_right_after_a_refused_key_is_one_too_soon(case: Case) -> None:
    case.call("b", "list", "party", "", done=False, status=401)
    case.call("b", "list", "party", "", done=False)
    assert case.broken() == {"I15"}


def test_a_write_under_a_policy_that_no_longer_held_is_seen(case: Case) -> None:
    case.rules.append(Rule(START + timedelta(milliseconds=500), 0, 2, POLICY))
    assert case.broken() == {"I17"}


def test_a_key_in_plain_letters_is_seen(case: Case) -> None:
    case.more = {"image": b"...fb-0123456789abcdef...", "secrets": ("fb-0123456789abcdef",)}
    assert case.broken() == {"I13"}

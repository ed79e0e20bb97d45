"""A firm's choices: what is refused, and what a field's own rule means beside the flow's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unisono.policy.schema import Customers, Direction, Matching, Only, Policy, Winner, WrongEntry, direction_of, winner_of
from unisono.policy.tables import policy_from, tables_of


def policy(**customers: Any) -> Policy:
    made, wrong = policy_from({"customers": customers})
    assert made is not None, wrong
    return made


def test_the_defaults_are_careful() -> None:
    usual = Policy()
    assert usual.customers.wins == "ask"
    assert usual.matching.accept == ("reference", "tax_id", "number")
    assert (usual.customers.from_crm.history, usual.customers.from_invoicing.history, usual.documents.history) == ("new", "new", "new")
    assert usual.documents.public_link is False
    assert usual.try_unverified == ()
    assert (usual.customers.deletion.in_crm, usual.customers.deletion.in_invoicing) == ("unlink", "unlink")


@pytest.mark.parametrize(
    ("data", "entry", "wrong", "told"),
    (
        ({"customers": {"directon": "both"}}, "customers.directon", "no-entry", ""),
        ({"customers": {"direction": "sideways"}}, "customers.direction", "choice", "to-invoicing"),
        ({"customers": {"fields": {"shoe_size": {"wins": "crm"}}}}, "customers.fields", "field", "shoe_size"),
        ({"customers": {"fields": {"email": {"wins": "luck"}}}}, "customers.fields.email.wins", "choice", "ask"),
        ({"customers": {"fields": ["email"]}}, "customers.fields", "table", ""),
        ({"customers": {"require": ["adress.city"]}}, "customers.require", "field", "adress.city"),
        ({"customers": {"require": "address.city"}}, "customers.require", "list", ""),
        ({"customers": {"country": "Germany"}}, "customers.country", "country", "Germany"),
        ({"customers": {"country": 49}}, "customers.country", "text", ""),
        ({"customers": {"only": {"countries": ["DE", "XX"]}}}, "customers.only.countries", "country", "XX"),
        ({"customers": {"from_crm": {"when": ["tag"]}}}, "customers.from_crm.tag", "no-tag", ""),
        ({"customers": {"from_crm": {"when": ["quote", "moon"]}}}, "customers.from_crm.when.1", "choice", "quote, tag"),
        ({"customers": {"deletion": {"brake_number": 0}}}, "customers.deletion.brake_number", "least", "1"),
        ({"customers": {"deletion": {"brake_percent": 101}}}, "customers.deletion.brake_percent", "most", "100"),
        ({"customers": {"deletion": {"in_crm": "burn"}}}, "customers.deletion.in_crm", "choice", "unlink"),
        ({"customers": "both"}, "customers", "table", ""),
        ({"quotes": {"vat_rate": 101}}, "quotes.vat_rate", "most", "100"),
        ({"quotes": {"vat_rate": "nan"}}, "quotes.vat_rate", "number", ""),
        ({"quotes": {"vat_rate": Decimal("nan")}}, "quotes.vat_rate", "number", ""),
        ({"documents": {"file": "yes"}}, "documents.file", "yes-or-no", ""),
        ({"documents": {"file": 1}}, "documents.file", "yes-or-no", ""),
        ({"poll": {"floor_seconds": 5}}, "poll.floor_seconds", "least", "60"),
        ({"poll": {"floor_seconds": True}}, "poll.floor_seconds", "number", ""),
        ({"poll": {"floor_seconds": Decimal("90.5")}}, "poll.floor_seconds", "number", ""),
        ({"language": "fr"}, "language", "choice", "de"),
        ({"schema_version": 2}, "schema_version", "choice", "1"),
        ({"schema_version": True}, "schema_version", "choice", "1"),
        ({"matching": {"accept": ["email_name"], "look": ["reference"]}}, "matching.accept", "not-looked-at", "email_name"),
    ),
)
def test_a_wrong_entry_is_refused_at_its_place(data: dict[str, Any], entry: str, wrong: str, told: str) -> None:
    made, (first, *more) = policy_from(data)
    assert (made, more) == (None, [])
    assert (first.entry, first.wrong) == (entry, wrong)
    assert told in ", ".join((first.found, *first.choices, first.bound))


def test_all_that_is_wrong_is_found_in_the_order_of_the_schema() -> None:
    _, wrong = policy_from({"poll": {"floor_seconds": 1}, "language": "fr", "moon": 1, "customers": {"wins": "luck", "tide": 2}})
    assert [one.entry for one in wrong] == ["language", "customers.wins", "customers.tide", "poll.floor_seconds", "moon"]


@pytest.mark.parametrize(
    ("made", "entry"),
    (
        (lambda: Customers(country="Germany"), "country"),
        (lambda: Customers(require=("shoe_size",)), "require"),
        (lambda: Only(countries=("XX",)), "countries"),
        (lambda: Matching(accept=("tax_id",), look=()), "accept"),
    ),
)
def test_a_part_that_breaks_a_rule_cannot_be_made_whoever_makes_it(made: Any, entry: str) -> None:
    with pytest.raises(WrongEntry) as refused:
        made()
    assert refused.value.entry == entry


def test_a_policy_is_a_value_that_nobody_changes_and_two_alike_are_one() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        Policy().language = "de"  # type: ignore[misc]
    assert {Policy(), policy(), policy(country="DE")} == {Policy(), policy(country="DE")}


@pytest.mark.parametrize(("given", "held"), ((Decimal("5.5"), "5.5"), (7, "7"), (Decimal("1E+1"), "1E+1")))
def test_a_percentage_is_an_exact_decimal(given: object, held: str) -> None:
    made, _ = policy_from({"quotes": {"vat_rate": given}})
    assert made is not None
    assert (type(made.quotes.vat_rate), str(made.quotes.vat_rate)) == (Decimal, held)


def test_a_form_gives_whole_numbers_as_decimals_too() -> None:
    made, _ = policy_from({"poll": {"floor_seconds": Decimal(300)}})
    assert made is not None
    assert (type(made.poll.floor_seconds), made.poll.floor_seconds) == (int, 300)


def test_the_tables_of_a_policy_hold_every_entry_or_only_what_is_unusual() -> None:
    chosen = policy(fields={"email": {"wins": "crm"}}, deletion={"contacts": "ignore"})
    whole = tables_of(chosen)
    assert (whole["language"], whole["customers"]["direction"], whole["quotes"]["vat_rate"]) == ("en", "both", Decimal(19))
    assert whole["customers"]["fields"] == {"email": {"direction": None, "wins": "crm"}}
    assert policy_from(whole) == (chosen, [])
    assert tables_of(chosen, usual=False) == {"customers": {"fields": {"email": {"wins": "crm"}}, "deletion": {"contacts": "ignore"}}}


@pytest.mark.parametrize(
    ("whole", "own", "result"),
    (
        ("both", None, "both"),
        ("both", "to-crm", "to-crm"),
        ("both", "off", "off"),
        ("both", "both", "both"),
        ("to-invoicing", None, "to-invoicing"),
        ("to-invoicing", "both", "to-invoicing"),
        ("to-invoicing", "to-invoicing", "to-invoicing"),
        ("to-invoicing", "to-crm", "off"),
        ("to-crm", "to-invoicing", "off"),
        ("to-crm", "off", "off"),
        ("off", "both", "off"),
        ("off", None, "off"),
    ),
)
def test_a_field_may_be_narrower_than_its_flow_never_wider(whole: Direction, own: Direction | None, result: Direction) -> None:
    chosen = policy(direction=whole, fields={"email": {} if own is None else {"direction": own}})
    assert direction_of(chosen, "email") == result
    assert direction_of(chosen, "phone") == whole


@pytest.mark.parametrize(
    ("whole", "own", "result"), (("ask", None, "ask"), ("crm", None, "crm"), ("crm", "invoicing", "invoicing"), ("crm", "ask", "ask"))
)
def test_a_fields_own_winner_comes_before_the_flows(whole: Winner, own: Winner | None, result: Winner) -> None:
    chosen = policy(wins=whole, fields={"email": {} if own is None else {"wins": own}})
    assert winner_of(chosen, "email") == result
    assert winner_of(chosen, "phone") == whole

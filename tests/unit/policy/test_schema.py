"""A firm's choices: what is refused, and what a field's own rule means beside the flow's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from unisono.policy.schema import Direction, Policy, Winner, direction_of, winner_of


def policy(**customers: Any) -> Policy:
    return Policy.model_validate({"customers": customers})


def test_the_defaults_are_careful() -> None:
    usual = Policy()
    assert usual.customers.wins == "ask"
    assert usual.matching.accept == ("reference", "tax_id", "number")
    assert (usual.customers.from_crm.history, usual.customers.from_invoicing.history, usual.documents.history) == ("new", "new", "new")
    assert usual.documents.public_link is False
    assert usual.try_unverified == ()
    assert (usual.customers.deletion.in_crm, usual.customers.deletion.in_invoicing) == ("unlink", "unlink")


@pytest.mark.parametrize(
    ("data", "place", "told"),
    (
        ({"customers": {"directon": "both"}}, "customers.directon", "Extra"),
        ({"customers": {"direction": "sideways"}}, "customers.direction", "to-invoicing"),
        ({"customers": {"fields": {"shoe_size": {"wins": "crm"}}}}, "customers", "shoe_size"),
        ({"customers": {"require": ["adress.city"]}}, "customers", "adress.city"),
        ({"customers": {"country": "Germany"}}, "customers", "Germany"),
        ({"customers": {"from_crm": {"when": ["tag"]}}}, "customers", "from_crm.tag"),
        ({"customers": {"deletion": {"brake_number": 0}}}, "customers.deletion.brake_number", "greater"),
        ({"customers": {"deletion": {"in_crm": "burn"}}}, "customers.deletion.in_crm", "unlink"),
        ({"quotes": {"vat_rate": 101}}, "quotes.vat_rate", "100"),
        ({"quotes": {"vat_rate": "nan"}}, "quotes.vat_rate", "finite"),
        ({"poll": {"floor_seconds": 5}}, "poll.floor_seconds", "60"),
        ({"language": "fr"}, "language", "de"),
        ({"schema_version": 2}, "schema_version", "1"),
        ({"matching": {"accept": ["email_name"], "look": ["reference"]}}, "matching", "email_name"),
    ),
)
def test_a_wrong_entry_is_refused_at_its_place(data: dict[str, Any], place: str, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate(data)
    (first, *_) = caught.value.errors()
    assert ".".join(str(part) for part in first["loc"]) == place
    assert told in first["msg"]


def test_a_policy_is_a_value_that_nobody_changes() -> None:
    with pytest.raises(ValidationError):
        Policy().language = "de"  # type: ignore[misc]


def test_a_percentage_is_an_exact_decimal() -> None:
    assert Policy.model_validate({"quotes": {"vat_rate": Decimal("5.5")}}).quotes.vat_rate == Decimal("5.5")


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

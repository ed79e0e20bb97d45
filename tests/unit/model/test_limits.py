"""A write is held against what the other system can hold before it leaves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from unisono.model.capability import FieldLimit
from unisono.model.errors import Refused
from unisono.model.limits import must_fit, record_name, refused
from unisono.model.party import Contact, Party
from unisono.model.writing import Write
from unisono.systems.catalogue import load

LIMITS = {
    "name": FieldLimit(length=10, required="company", can_clear=False),
    "salutation": FieldLimit(values=("mr", "mrs")),
    "email": FieldLimit(required="yes"),
}
WRITE = Write(operation="create", side="a", kind="party", body=Party(type="person", name="Uhl", first_name="Ida"))
GOOD = {"name": "Kranbau", "email": "post@kran.example", "salutation": "mrs", "address.country": "DE"}


def test_what_can_be_held_passes() -> None:
    must_fit(GOOD, WRITE, LIMITS, "company")
    must_fit({"email": "a@b.example"}, WRITE, LIMITS, "person")
    must_fit({"salutation": ""}, WRITE, LIMITS, "company", whole=False)


@pytest.mark.parametrize(
    ("changed", "form", "code", "field"),
    (
        ({"name": ""}, "company", "missing-field", "name"),
        ({"email": ""}, "person", "missing-field", "email"),
        ({"email": ""}, "", "missing-field", "email"),
        ({"name": "x" * 11}, "person", "too-long", "name"),
        ({"salutation": "dr"}, "person", "not-allowed", "salutation"),
        ({"address.country": "Deutschland"}, "company", "unknown-country", "address.country"),
        ({"address.country": "de"}, "company", "unknown-country", "address.country"),
    ),
)
def test_what_cannot_be_held_is_refused_by_field_and_value(changed: dict[str, str], form: str, code: str, field: str) -> None:
    with pytest.raises(Refused) as told:
        must_fit(GOOD | changed, WRITE, LIMITS, form)

    assert (told.value.code, told.value.field, told.value.values["field"]) == (code, field, field)
    assert told.value.values["record"] == "Ida Uhl"
    assert told.value.values["value"] == changed[field][:80]


def test_a_change_is_asked_for_what_it_changes_and_no_more() -> None:
    must_fit({"name": "Neu"}, WRITE, LIMITS, "company", whole=False)
    with pytest.raises(Refused) as told:
        must_fit({"name": ""}, WRITE, LIMITS, "company", whole=False)
    assert told.value.code == "missing-field"


@pytest.mark.parametrize(("crm", "company", "person"), (("bitrix24", 255, 50), ("centralstation", 120, 80)))
def test_a_person_s_name_is_held_to_the_shorter_length(crm: str, company: int, person: int) -> None:
    known = load(crm).fields("party")
    must_fit({"name": "x" * company}, WRITE, known, "company", whole=False)
    must_fit({"name": "x" * person}, WRITE, known, "person", whole=False)

    with pytest.raises(Refused) as told:
        must_fit({"name": "x" * (person + 1)}, WRITE, known, "person", whole=False)

    assert (told.value.code, told.value.values["limit"]) == ("too-long", str(person))
    assert (known["name"].longest("company"), known["name"].longest("person")) == (company, person)


def test_without_a_length_of_its_own_a_person_s_field_is_as_long_as_a_company_s() -> None:
    assert FieldLimit(length=250).longest("person") == FieldLimit(length=250).longest("company") == 250
    assert FieldLimit().longest("person") == 0


def test_a_record_is_named_as_people_know_it() -> None:
    assert record_name(WRITE) == "Ida Uhl"
    assert record_name(replace(WRITE, body=Contact(name="Uhl"))) == "Uhl"
    assert record_name(replace(WRITE, body=None, key="company:7")) == "company:7"
    assert record_name(replace(WRITE, body=None, reference="uni-contract2345672a")) == "uni-contract2345672a"
    assert refused("too-long", WRITE, "name", "x" * 100, "10").values == {
        "record": "Ida Uhl",
        "field": "name",
        "value": "x" * 80,
        "limit": "10",
    }

"""Rows of CentralStationCRM become canonical records."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.systems.centralstation.rows import BINDINGS, REFERENCE, company, deal, person
from unisono.model.document import Document, File, NotGiven, Tag
from unisono.model.errors import BadAnswer
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Record
from unisono.systems.centralstation import choose
from unisono.systems.centralstation.client import raw_of, row_in
from unisono.systems.centralstation.mapping import Bindings, note, postal, records
from unisono.systems.centralstation.setup import _field_type
from unisono.systems.centralstation.values import unwrap


def one(resource: str, row: dict[str, Any], **named: Any) -> Any:
    """The only record of a row."""
    (record,) = records(resource, str(row["id"]), row, BINDINGS, **named)
    return record


def test_a_company_is_a_party_with_one_value_of_each_kind() -> None:
    record = one("companies", company())
    assert (record.kind, record.key, record.resource, record.resource_key) == ("party", "company:42", "companies", "42")
    assert record.body == Party(
        type="company",
        name="Tischlerei Birke GmbH",
        email="post@birke.example",
        phone="+49 351 1234",
        mobile="+49 170 5",
        fax="+49 351 99",
        tax_id="DE136695976",
        address=Address(line1="Holzweg 3", line2="Hinterhaus", postcode="01099", city="Dresden", country="DE"),
        tags=("FastBill",),
    )
    assert record.created == dt.datetime(2026, 1, 24, 10, 17, 2, tzinfo=dt.UTC)
    assert record.changed == dt.datetime(2026, 7, 7, 12, 16, 16, tzinfo=dt.UTC)


def test_a_person_with_a_position_is_a_party_and_a_contact_of_that_company() -> None:
    party, contact = records("people", "43", person(), BINDINGS)
    assert (party.kind, party.key, party.owner) == ("party", "person:43", "")
    assert isinstance(party.body, Party)
    assert (party.body.type, party.body.name, party.body.first_name, party.body.salutation) == ("person", "Mertens", "Ines", "mrs")
    assert (contact.kind, contact.key, contact.owner, contact.owner_kind) == ("contact", "person:43", "company:42", "party")
    assert contact.body == Contact(
        name="Mertens", first_name="Ines", salutation="mrs", title="Dr.", position="Einkauf", email="ines@birke.example"
    )


def test_a_person_who_left_every_company_is_a_party_only() -> None:
    former = person(positions=[{"id": 801, "company_id": 41, "name": "Azubi", "primary_function": True, "former": True}])
    assert one("people", former).kind == "party"


def test_a_deal_is_a_quote_to_its_company_with_an_amount_of_unknown_basis() -> None:
    record = one("deals", deal())
    assert (record.kind, record.key, record.owner, record.owner_kind) == ("quote", "deal:5", "company:42", "party")
    assert record.body == Document(
        type_code="310",
        title="Website",
        value=Decimal("12000.50"),
        currency="EUR",
        basis="unknown",
        lines=NotGiven(),
        due=dt.date(2026, 3, 31),
        stage="issued",
        answer="open",
        reference=REFERENCE,
        contact="person:44",
    )


@pytest.mark.parametrize(
    ("changed", "owner"),
    (
        ({"company_id": None, "company": None}, "person:44"),
        ({"company_id": None, "company": None, "people": []}, ""),
        ({"people": []}, "company:42"),
    ),
)
def test_an_offer_belongs_to_its_company_else_its_first_person_else_nobody(changed: dict[str, Any], owner: str) -> None:
    record = one("deals", deal(**changed))
    assert record.owner == owner
    assert record.owner_kind == ("party" if owner else "")


@pytest.mark.parametrize(
    ("value_type", "quantity", "unit"),
    (("total", None, ""), ("hourly", Decimal(3), "HUR"), ("daily", Decimal(3), "DAY"), ("monthly", Decimal(3), "MON")),
)
def test_the_count_of_a_deal_belongs_to_hours_days_and_months_only(value_type: str, quantity: Decimal | None, unit: str) -> None:
    body = one("deals", deal(value_type=value_type)).body
    assert (body.quantity, body.unit) == (quantity, unit)


@pytest.mark.parametrize(("state", "answer"), (("open_0", "open"), ("open_75", "open"), ("won", "accepted"), ("lost", "rejected")))
def test_the_state_of_a_deal_is_the_customers_answer(state: str, answer: str) -> None:
    assert one("deals", deal(current_state=state)).body.answer == answer


def test_a_deal_without_a_value_has_none_rather_than_zero() -> None:
    assert one("deals", deal(value=None)).body.value is None
    assert one("deals", deal(value="")).body.value is None


def test_only_the_watched_tag_is_a_record_and_its_owner_is_what_it_hangs_on() -> None:
    row = {"id": 7, "name": "FastBill", "attachable_type": "Person", "attachable_id": 43}
    record = one("tags", row, tag="FastBill")
    assert (record.key, record.owner, record.owner_kind, record.body) == ("tag:7", "person:43", "party", Tag(name="FastBill"))
    assert one("tags", row | {"attachable_type": "Deal"}, tag="FastBill").owner_kind == "quote"
    assert records("tags", "7", row | {"attachable_type": "Project"}, BINDINGS, "FastBill") == ()
    assert records("tags", "7", row | {"name": "fastbill"}, BINDINGS, "FastBill") == ()


def test_a_note_of_ours_is_known_by_its_marker_line() -> None:
    row = {
        "id": 9,
        "name": "Rechnung 7",
        "content": f"Text\n\nRef: {REFERENCE}",
        "deal_ids": [5],
        "company_ids": [42],
        "type": "ProtocolObjectNote",
    }
    body = one("protocols", row).body
    assert (body.title, body.about, body.reference) == ("Rechnung 7", ("deal:5", "company:42"), REFERENCE)
    assert note(row | {"content": "Ref: something else"}, "protocol:9").reference == ""


def test_a_mail_in_the_timeline_is_of_no_interest() -> None:
    assert records("protocols", "9", {"id": 9, "type": "ProtocolEmail", "content": "..."}, BINDINGS) == ()


def test_the_content_of_an_attachment_is_kept_as_size_and_hash_wherever_the_answer_has_it() -> None:
    told = {"id": "0b1e-77", "filename": "RE-7.pdf", "content_type": "application/pdf", "attachable_type": "Protocol", "attachable_id": 9}
    beside = raw_of("attachments", {"attachment": told, "data": "JVBERi0="}, "/attachments")
    inside = raw_of("attachments", {"attachment": told | {"data": "JVBERi0="}}, "/attachments")
    assert beside == inside
    assert b"JVBERi0=" not in beside.body
    (record,) = records("attachments", "0b1e-77", row_in(beside), BINDINGS)
    assert (record.key, record.owner, record.owner_kind) == ("attachment:0b1e-77", "protocol:9", "note")
    assert isinstance(record.body, File)
    assert (record.body.name, record.body.size, len(record.body.sha256)) == ("RE-7.pdf", 5, 64)


@pytest.mark.parametrize(
    ("atypes", "chosen"),
    (
        (("work", "invoice", "work_hq"), "invoice"),
        (("other", "work", "work_hq"), "work_hq"),
        (("delivery", "private", "other"), "other"),
        (("delivery",), None),
    ),
)
def test_a_company_is_billed_at_its_invoice_address_and_never_at_its_ramp(atypes: tuple[str, ...], chosen: str | None) -> None:
    addrs = [{"id": n, "atype": atype, "city": atype, "country_code": "DE"} for n, atype in enumerate(atypes, 1)]
    entry = choose.address({"addrs": addrs}, "company", "company:1")
    assert (entry["atype"] if entry else None) == chosen


def test_a_private_person_is_billed_at_home() -> None:
    addrs = [{"id": 1, "atype": "work_hq", "city": "A"}, {"id": 2, "atype": "private", "city": "B"}]
    assert postal(choose.address({"addrs": addrs}, "person", "person:1"), "person:1").city == "B"


@pytest.mark.parametrize(
    ("entries", "chosen"),
    (
        ([("private", False), ("office", False)], 1),
        ([("private", True), ("office", False)], 0),
        ([("office", False), ("office_hq", False)], 1),
        ([("mobile", True), ("private", False)], 1),
        ([("mobile", True)], None),
    ),
)
def test_the_primary_number_wins_then_the_office(entries: list[tuple[str, bool]], chosen: int | None) -> None:
    tels = [{"id": n + 1, "atype": atype, "primary": primary, "name": str(n)} for n, (atype, primary) in enumerate(entries)]
    entry = choose.point({"tels": tels}, "phone", "company:1")
    assert (entry and entry["name"]) == (None if chosen is None else str(chosen))


@pytest.mark.parametrize(
    ("gender", "salutation"),
    (
        ("male_user", "mr"),
        ("female_auto", "mrs"),
        ("family_user", "family"),
        ("gender_unknown", ""),
        ("diverse_user", ""),
        (2, ""),
        (None, ""),
    ),
)
def test_a_gender_is_read_as_a_salutation(gender: object, salutation: str) -> None:
    assert records("people", "43", person(gender=gender), BINDINGS)[0].body.salutation == salutation  # type: ignore[union-attr]


# --- recorded samples -------------------------------------------------------------------------------------------------------------------

_WRAPPERS = {"company": "companies", "person": "people", "deal": "deals", "tag": "tags"}


def _samples() -> list[Path]:
    folders = [Path(__file__).parent / "samples"]
    if given := os.environ.get("UNISONO_SAMPLES"):
        folders.append(Path(given) / "centralstation")
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.json"))]


def _mapped(member: dict[str, Any]) -> bool:
    """Whether the connector has a use for such a row; if so, that it can be read."""
    ((wrapper, inner),) = member.items() if len(member) == 1 else (("", member),)
    if wrapper in _WRAPPERS and "id" in inner:
        resource = _WRAPPERS[wrapper]
        tag = inner["name"] if wrapper == "tag" else ""
        found = records(resource, str(inner["id"]), inner, Bindings(), tag)
        assert found
        assert all(record.key.endswith(f":{inner['id']}") for record in found)
        assert wrapper == "deal" or found[0].created is not None
    elif wrapper.startswith("protocol_"):
        (record,) = records("protocols", str(inner["id"]), inner, Bindings())
        assert getattr(record.body, "text", "") == inner["content"]
    elif wrapper == "addr" and "id" in inner:
        assert postal(inner, "addr").city == inner["city"]
    elif wrapper == "custom_field" and "id" in inner:
        row = {"custom_fields": [member]}
        assert choose.bound_value(row, str(inner["custom_fields_type_id"]), "person:1") == inner
    elif wrapper == "custom_fields_type":
        assert _field_type(member).name == inner["name"]
    else:
        return False
    return True


@pytest.mark.parametrize("path", _samples(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_sample_answer_can_be_read(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    members = told if isinstance(told, list) else [told]
    mapped = [_mapped(member) for member in members if isinstance(member, dict)]
    if path.stem.startswith("res_") and "stats" not in path.stem and "count" not in path.stem:
        assert mapped
        assert all(mapped)


def test_the_recorded_samples_are_really_read_in_ci() -> None:
    given = os.environ.get("UNISONO_SAMPLES")
    if given and Path(given).is_dir():
        assert any(path.parent.name == "centralstation" for path in _samples())


# --- dirty answers ----------------------------------------------------------------------------------------------------------------------


def outcome(resource: str, row: dict[str, Any]) -> tuple[Record, ...] | BadAnswer:
    """What reading gives: records, or the one declared error; any other one fails the test."""
    try:
        return records(resource, "42", row, BINDINGS)
    except BadAnswer as fault:
        return fault


_DIRT: tuple[object, ...] = (
    None,
    "",
    0,
    7,
    "7",
    True,
    1.5,
    [],
    {},
    [None],
    [[]],
    ["x"],
    {"a": 1},
    {"0": {"id": "1", "name": 5}},
    [{"id": None}],
    "x" * 500,
)


@pytest.mark.parametrize(
    ("resource", "row"), (("companies", company()), ("people", person()), ("deals", deal())), ids=("company", "person", "deal")
)
def test_dirt_in_any_field_is_read_or_named_and_never_crashes(resource: str, row: dict[str, Any]) -> None:
    faults = []
    for field in row:
        for dirt in _DIRT:
            read = outcome(resource, row | {field: dirt})
            if isinstance(read, BadAnswer):
                faults.append(read)
            else:
                assert all(record.resource_key == "42" for record in read)
        absent = outcome(resource, {name: value for name, value in row.items() if name != field})
        assert not isinstance(absent, BadAnswer) or absent.code == "missing-field"
    assert len(faults) > 10
    for fault in faults:
        assert fault.values["record"].endswith(":42")
        assert fault.values["field"]
        assert len(fault.values["value"]) <= 80


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    (
        ({"name": None}, "name", "missing-field"),
        ({"name": {"x": 1}}, "name", "bad-field"),
        ({"addrs": "none"}, "addrs", "bad-field"),
        ({"emails": ["a@b.example"]}, "emails", "bad-field"),
    ),
)
def test_a_bad_company_is_named_with_its_field(changed: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        records("companies", "42", company(**changed), BINDINGS)
    assert (caught.value.code, caught.value.values["record"], caught.value.values["field"]) == (code, "company:42", field)


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    (
        ({"value": "12.000,50"}, "value", "bad-amount"),
        ({"currency": "TALER"}, "currency", "unknown-currency"),
        ({"target_date": "morgen"}, "target_date", "bad-date"),
    ),
)
def test_a_bad_deal_is_named_with_its_field(changed: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        records("deals", "5", deal(**changed), BINDINGS)
    assert (caught.value.code, caught.value.values["record"], caught.value.values["field"]) == (code, "deal:5", field)


def test_lists_may_come_as_objects_and_numbers_as_texts() -> None:
    row = company(id="42", emails={"0": {"email": {"id": "401", "name": "post@birke.example", "atype": "office"}}}, addrs={})
    body = one("companies", row).body
    assert (body.email, body.address) == ("post@birke.example", Address())
    assert unwrap({"protocol_external": {"id": 1}}, "protocol") == {"id": 1}

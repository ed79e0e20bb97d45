"""Canonical writes become wire calls of CentralStationCRM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.systems.centralstation.rows import BINDINGS, BIRKE, BOUND, MERTENS, PLAIN, REFERENCE, company, person, write
from unisono.model.document import File, Note
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.party import Address, Party
from unisono.model.writing import Write
from unisono.systems.centralstation.mapping import Bindings
from unisono.systems.centralstation.writing import Call, compose, our_name


def composed(asked: Write, current: dict[str, Any] | None = None, bindings: Bindings = BINDINGS) -> tuple[Call, ...]:
    """The calls of a write, checked to be what a journal can keep."""
    calls = compose(asked, current, BOUND if bindings is BINDINGS else PLAIN, bindings)
    assert "null" not in json.dumps([call.payload for call in calls])
    return calls


def test_a_new_company_is_one_call_with_everything_in_it() -> None:
    (call,) = composed(write("create", "party", body=BIRKE, reference=REFERENCE))
    assert call.operation == "POST /companies"
    assert call.payload == {
        "company": {
            "name": "Tischlerei Birke GmbH",
            "emails_attributes": [{"name": "post@birke.example", "atype": "office"}],
            "tels_attributes": [{"name": "+49 351 1234", "atype": "office"}],
            "addrs_attributes": [
                {"street": "Holzweg 3\nHinterhaus", "zip": "01099", "city": "Dresden", "country_code": "DE", "atype": "work_hq"},
            ],
            "custom_fields_attributes": [{"custom_fields_type_id": 19, "name": REFERENCE}],
        }
    }


def test_a_new_contact_is_a_person_with_a_position_at_its_company() -> None:
    (call,) = composed(write("create", "contact", body=MERTENS, owner="company:42", reference=REFERENCE))
    assert call == Call(
        "POST /people",
        {
            "person": {
                "name": "Mertens",
                "first_name": "Ines",
                "gender": "female_user",
                "emails_attributes": [{"name": "ines@birke.example", "atype": "office"}],
                "custom_fields_attributes": [{"custom_fields_type_id": 29, "name": REFERENCE}],
                "positions_attributes": [{"company_id": 42, "name": "Einkauf", "primary_function": True}],
            }
        },
    )


def test_a_contact_may_be_owned_by_a_company_that_an_earlier_call_makes() -> None:
    (call,) = composed(write("create", "contact", body=MERTENS, owner="$1"))
    assert call.payload["person"]["positions_attributes"][0]["company_id"] == "$1"


def test_a_new_private_person_has_private_entries_and_no_position() -> None:
    body = Party(type="person", name="Acar", first_name="Deniz", mobile="+49 170 1", address=Address(city="Bonn"))
    (call,) = composed(write("create", "party", body=body), bindings=Bindings())
    assert call.payload == {
        "person": {
            "name": "Acar",
            "first_name": "Deniz",
            "tels_attributes": [{"name": "+49 170 1", "atype": "mobile"}],
            "addrs_attributes": [{"city": "Bonn", "atype": "private"}],
        }
    }


def test_a_change_sends_what_changed_and_edits_the_very_entries_it_was_read_from() -> None:
    changes = {
        "phone": "+49 351 77",
        "email": "",
        "website": "birke.example",
        "address.line1": "Holzweg 5",
        "tax_id": "DE1",
        "number": "K7",
    }
    (call,) = composed(write("change", "party", key="company:42", changes=changes), company())
    assert call == Call(
        "PUT /companies/42",
        {
            "company": {
                "emails_attributes": [{"id": 401, "_destroy": True}],
                "tels_attributes": [{"id": 302, "name": "+49 351 77"}],
                "homepages_attributes": [{"name": "birke.example", "atype": "office"}],
                "addrs_attributes": [{"id": 501, "street": "Holzweg 5\nHinterhaus"}],
                "custom_fields_attributes": [{"id": 601, "name": "DE1"}, {"custom_fields_type_id": 18, "name": "K7"}],
            }
        },
    )


def test_a_tag_is_put_on_a_record_that_does_not_carry_it_and_never_a_second_time() -> None:
    (call,) = composed(write("change", "party", key="company:42", changes={"tags": "Stammkunde"}), company())
    assert call == Call("PUT /companies/42", {"company": {"tags_attributes": [{"name": "Stammkunde"}]}})
    assert composed(write("change", "party", key="company:42", changes={"tags": "FastBill"}), company()) == ()
    (call,) = composed(write("change", "contact", key="person:77", changes={"tags": "Stammkunde"}), person())
    assert call.payload == {"person": {"tags_attributes": [{"name": "Stammkunde"}]}}


def test_the_further_lines_of_a_street_stay_when_the_first_changes() -> None:
    row = company(addrs=[{"id": 501, "atype": "work_hq", "street": "A\nB\nC", "city": "Dresden"}])
    (call,) = composed(write("change", "party", key="company:42", changes={"address.line1": "X"}), row)
    assert call.payload["company"]["addrs_attributes"] == [{"id": 501, "street": "X\nB\nC"}]


def test_an_address_cleared_in_whole_is_removed() -> None:
    parts = ("line1", "line2", "postcode", "city", "region", "country")
    (call,) = composed(write("change", "party", key="company:42", changes={f"address.{part}": "" for part in parts}), company())
    assert call.payload["company"]["addrs_attributes"] == [{"id": 501, "_destroy": True}]


def test_a_person_changes_name_salutation_and_position_in_two_calls() -> None:
    asked = write("change", "contact", key="person:43", changes={"name": "Mertens-Lau", "salutation": "", "position": "Leitung"})
    assert composed(asked, person()) == (
        Call("PUT /people/43", {"person": {"name": "Mertens-Lau", "gender": "gender_unknown"}}),
        Call("PUT /people/43/positions/803", {"position": {"name": "Leitung"}}),
    )


def test_linking_leaves_our_reference_but_never_over_that_of_another_pair() -> None:
    (call,) = composed(write("change", "party", key="company:42", reference=REFERENCE), company())
    assert call.payload == {"company": {"custom_fields_attributes": [{"custom_fields_type_id": 19, "name": REFERENCE}]}}
    taken = company(custom_fields=[{"id": 609, "custom_fields_type_id": 19, "name": "uni-zzzzzzzz77777777"}])
    assert composed(write("change", "party", key="company:42", reference=REFERENCE), taken) == ()


def test_a_note_says_whom_it_is_about_and_ends_with_the_marker_once() -> None:
    body = Note(title="Rechnung 7", text=f"Text\n\nRef: {REFERENCE}", about=("deal:5", "company:42"))
    (call,) = composed(write("create", "note", body=body, reference=REFERENCE))
    assert call == Call(
        "POST /protocols",
        {
            "protocol": {
                "type": "ProtocolObjectNote",
                "badge": "note",
                "format": "plaintext",
                "name": "Rechnung 7",
                "content": f"Text\n\nRef: {REFERENCE}",
                "deal_ids": [5],
                "company_ids": [42],
            }
        },
    )
    (bare,) = composed(write("create", "note", body=Note(title="", text="Text", about=("person:43",)), reference=REFERENCE))
    assert bare.payload["protocol"]["content"] == f"Text\n\nRef: {REFERENCE}"


def test_a_note_is_changed_without_losing_its_marker() -> None:
    (call,) = composed(write("change", "note", key="protocol:9", changes={"text": "neu"}, reference=REFERENCE))
    assert call == Call("PUT /protocols/9", {"protocol": {"content": f"neu\n\nRef: {REFERENCE}"}})


def test_a_file_goes_to_a_note_and_its_bytes_stay_on_disk_until_sent() -> None:
    body = File(name="RE-7.pdf", size=5, path="store/ab/cd")
    (call,) = composed(write("create", "file", body=body, owner="protocol:9"))
    expected = {"attachment": {"filename": "RE-7.pdf", "content_type": "application/pdf"}}
    assert call == Call("POST /protocols/9/attachments", expected, "store/ab/cd")
    assert composed(write("create", "file", body=body, owner="$1"))[0].operation == "POST /protocols/$1/attachments"


def test_a_company_and_a_person_are_deleted_by_their_own_path() -> None:
    assert composed(write("delete", "party", key="company:42")) == (Call("DELETE /companies/42"),)
    assert composed(write("delete", "contact", key="person:43")) == (Call("DELETE /people/43"),)


@pytest.mark.parametrize(
    ("asked", "code", "field", "limit"),
    (
        (write("create", "party", body=Party(type="company", name="")), "missing-field", "name", None),
        (write("create", "party", body=Party(type="company", name="x" * 121)), "too-long", "name", "120"),
        (write("create", "party", body=Party(type="person", name="x" * 81)), "too-long", "name", "80"),
        (
            write("create", "party", body=Party(type="company", name="B", address=Address(line1="Weg 1"))),
            "missing-field",
            "address.city",
            None,
        ),
        (
            write("create", "party", body=Party(type="company", name="B", address=Address(country="Deutschland"))),
            "too-long",
            "address.country",
            "2",
        ),
        (
            write("create", "party", body=Party(type="company", name="B", address=Address(country="d1"))),
            "unknown-country",
            "address.country",
            None,
        ),
        (write("create", "contact", body=MERTENS), "missing-owner", "owner", None),
        (write("create", "contact", body=MERTENS, owner="person:1"), "wrong-owner", "owner", None),
        (write("create", "note", body=Note(title="x" * 101, text="t", about=("company:1",))), "too-long", "title", "100"),
        (write("create", "note", body=Note(title="t", text="t")), "missing-owner", "owner", None),
        (
            write("create", "file", body=File(name="a.pdf", size=99_000_000, path="p"), owner="protocol:1"),
            "file-too-large",
            "size",
            "20971520",
        ),
        (write("change", "party", key="company:42", changes={"name": ""}), "missing-field", "name", None),
        (write("change", "party", key="company:42", changes={"type": "person"}), "type-is-fixed", "type", None),
        (write("change", "party", key="company:42", changes={"first_name": "Ines"}), "cannot-hold", "first_name", None),
        (
            write("change", "party", key="company:42", changes={"address.city": "", "address.country": ""}),
            "missing-field",
            "address.city",
            None,
        ),
        (write("delete", "note", key="protocol:9"), "cannot-write", "", None),
        (write("create", "invoice", body=None), "cannot-write", "", None),
    ),
)
def test_what_the_vendor_certainly_refuses_is_refused_before_it_is_sent(asked: Write, code: str, field: str, limit: str | None) -> None:
    with pytest.raises(Refused) as caught:
        composed(asked, company())
    fault = caught.value
    assert (fault.code, fault.field, fault.values.get("limit")) == (code, field, limit)
    assert fault.values["field"] == field
    assert len(fault.values["value"]) <= 80


def test_a_change_of_a_row_that_is_gone_says_so() -> None:
    with pytest.raises(NotThere):
        composed(write("change", "party", key="company:42", changes={"name": "X"}), None)


def test_a_change_to_what_is_there_already_needs_no_call() -> None:
    assert composed(write("change", "party", key="company:42", changes={"first_name": ""}), company()) == ()


def test_a_tax_id_without_a_bound_field_cannot_be_held() -> None:
    with pytest.raises(Refused) as caught:
        composed(write("change", "party", key="company:42", changes={"tax_id": "DE1"}), company(), Bindings())
    assert (caught.value.code, caught.value.field) == ("cannot-hold", "tax_id")


@pytest.mark.parametrize(
    ("attribute", "name"),
    (("name", "name"), ("addrs.zip", "address.postcode"), ("addrs[0].zip", "address.postcode"), ("base", ""), ("emails.name", "email")),
)
def test_a_field_the_vendor_names_is_told_by_our_name(attribute: str, name: str) -> None:
    assert our_name(attribute) == name


@pytest.mark.parametrize("field", ("tels", "emails", "homepages", "addrs", "custom_fields", "positions"))
@pytest.mark.parametrize(
    "dirt", (None, "", 7, [], {}, [None], ["x"], [{"id": None, "name": "n", "atype": 5, "city": "c"}], {"0": {"id": "9", "name": 1}})
)
def test_a_change_of_a_dirty_row_is_composed_or_named_and_never_crashes(field: str, dirt: object) -> None:
    changes = {"email": "x@y.example", "phone": "1", "fax": "", "website": "w", "address.city": "Ulm", "position": "Chef"}
    asked = write("change", "contact" if field == "positions" else "party", key="person:43", changes=changes, reference=REFERENCE)
    try:
        calls = composed(asked, person(**{field: dirt}))
    except (BadAnswer, Refused) as fault:
        calls = ()
        told = fault.values["field"]
    else:
        told = "nothing"
    assert calls or told in (field, "id", "position")

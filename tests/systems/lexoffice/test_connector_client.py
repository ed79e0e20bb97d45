"""What an answer of Lexware Office means: four forms of complaint, and the errors they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.systems.contract.account import caught
from tests.systems.lexoffice.office import ID, OTHER, answering, change, company, create, saying
from unisono.connect import exact
from unisono.connect.port import Raw
from unisono.model.errors import BadAnswer, Conflicted, Full, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.party import Party
from unisono.systems.lexoffice.client import our_name

SAMPLES = Path(__file__).parent / "samples"
FIRM = Party(type="company", name="Weidenhof GmbH", email="kaputt")


def shapes() -> dict[str, Any]:
    found: dict[str, Any] = exact.decode((SAMPLES / "doc_error_shapes.json").read_bytes())
    return found


def written(status: int, body: Any) -> SystemFault:
    """How a create ends that the service answers so."""
    system = saying(status, body)
    (command,) = system.compose(create("party", FIRM), None)
    return caught((Refused, Conflicted, NotThere, Full, LoginRefused, Unclear, TryLater), lambda: system.send(command))


def changed(status: int, body: Any) -> SystemFault:
    system = saying(status, body)
    (command,) = system.compose(change("party", ID, name="Neu"), Raw("contacts", ID, exact.encode(company())))
    return caught((Refused, Conflicted, NotThere), lambda: system.send(command))


def test_a_list_of_issues_is_a_refusal_with_our_field_and_the_value_that_was_sent() -> None:
    issue = {"i18nKey": "invalid_value", "source": "emailAddresses.business[0]", "type": "validation_failure", "additionalData": None}

    fault = written(406, {"IssueList": [issue]})

    assert isinstance(fault, Refused)
    assert (fault.code, fault.field) == ("refused", "email")
    assert fault.values["value"] == "kaputt"
    assert fault.values["answer"] == "emailAddresses.business[0]: invalid_value"


def test_a_message_with_details_is_a_refusal_with_our_field() -> None:
    fault = written(406, shapes()["regular_406"])

    assert isinstance(fault, Refused)
    assert fault.field == "lines.vat_rate"
    assert "NOTNULL" in fault.values["answer"]


def test_the_documented_issue_names_the_field_it_is_about() -> None:
    fault = written(406, shapes()["legacy_issue_list_406"])

    assert isinstance(fault, Refused)
    assert (fault.field, fault.values["value"]) == ("name", "Weidenhof GmbH")


def test_a_bare_text_and_a_flat_complaint_are_refusals_too() -> None:
    assert written(400, "Invalid or missing upload type.").values["answer"] == "Invalid or missing upload type."
    assert written(400, {"i18nKey": "bad_request_error", "source": "type"}).values["answer"] == "type: bad_request_error"


def test_a_stale_version_is_a_conflict_in_either_form_and_two_contacts_under_one_number_as_well() -> None:
    assert isinstance(changed(406, shapes()["stale_contact_version_406"]), Conflicted)
    assert isinstance(changed(409, {"status": 409, "message": "Conflict"}), Conflicted)
    taken = {"IssueList": [{"i18nKey": "account_number_already_exists", "source": "roles.customer.number"}]}
    assert isinstance(written(406, taken), Conflicted)


def test_a_record_that_is_gone_is_not_there() -> None:
    assert isinstance(changed(404, {"status": 404, "error": "Not Found", "message": "Not Found"}), NotThere)


def test_a_bad_key_and_a_missing_right_refuse_the_login_and_an_unpaid_plan_holds_the_kind() -> None:
    assert isinstance(written(401, shapes()["auth_401"]), LoginRefused)
    assert isinstance(written(403, {"message": "Forbidden"}), LoginRefused)
    assert isinstance(written(402, {"message": "Payment required"}), Full)
    caught(LoginRefused, saying(402, {"message": "Payment required"}).identify)


def test_a_write_that_ended_in_a_server_error_may_have_been_done() -> None:
    for status in (500, 503, 504):
        assert isinstance(written(status, {"message": "Endpoint request timed out"}), Unclear)


def test_too_many_calls_wait_and_nothing_was_done() -> None:
    fault = written(429, {"message": "Too Many Requests"})

    assert isinstance(fault, TryLater)
    assert fault.at is not None


def test_an_answer_without_an_id_leaves_a_create_unclear() -> None:
    assert written(201, {"resourceUri": "x"}).code == "created-without-id"


def test_reading_tells_what_is_gone_from_what_did_not_answer() -> None:
    assert saying(404, {"status": 404, "message": "Not Found"}).read("contacts", ID) is None
    for status in (400, 406, 409):
        caught(BadAnswer, lambda status=status: saying(status, {"message": "Nein"}).read("contacts", ID))  # type: ignore[misc]
    caught(Unavailable, lambda: saying(500, {"message": "internal error or rate limit exceeded"}).read("contacts", ID))
    caught(BadAnswer, lambda: saying(200, [1]).read("contacts", ID))
    caught(BadAnswer, lambda: saying(200, company(id=OTHER)).read("contacts", ID))


def test_the_key_travels_in_its_header_and_comes_back_in_no_word_of_ours() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(406, json={"message": f"no {request.headers['Authorization']}"})

    system = answering(answer)
    (command,) = system.compose(create("party", FIRM), None)
    fault = caught(Refused, lambda: system.send(command))

    assert seen[0].headers["Authorization"] == "Bearer key-0123456789"
    assert "key-0123456789" not in f"{fault} {fault.values} {fault.raw}"


@pytest.mark.parametrize(
    ("place", "ours"),
    (
        ("company.name", "name"),
        ("company.vatRegistrationId", "tax_id"),
        ("company.contactPersons[0].emailAddress", "email"),
        ("person.lastName", "name"),
        ("addresses.billing[0].countryCode", "address.country"),
        ("addresses.billing[0].street", "address.line1"),
        ("phoneNumbers.mobile[0]", "mobile"),
        ("lineItems[3].quantity", "lines.quantity"),
        ("lineItems", "lines"),
        ("address.contactId", "owner"),
        ("expirationDate", "due"),
        ("materialNumber", "number"),
        ("price.taxRate", "vat_rate"),
        ("somethingElse", ""),
    ),
)
def test_the_service_s_places_have_our_names(place: str, ours: str) -> None:
    assert our_name(place) == ours

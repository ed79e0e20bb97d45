"""Whatever is sent in whatever place: the account refuses it in one of its shapes, and never breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.systems.lexoffice.caller import LINE, Caller
from tests.systems.lexoffice.test_simulator_samples import rich

NONSENSE: tuple[Any, ...] = (None, True, 0, -1, 1e9, 123456789012345, 0.00001, "", " ", "x", [], [[]], [None], {}, {"x": []}, "2026-02-30")


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body, the whole left out."""
    if way:
        yield way
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*way, key))


def put(body: Any, way: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    held = changed
    for key in way[:-1]:
        held = held[key]
    held[way[-1]] = value
    return changed


def bodies(account: Caller) -> dict[str, dict[str, Any]]:
    place = {"supplement": "a", "street": "b", "zip": "1", "city": "c", "countryCode": "DE"}
    person = {"salutation": "x", "firstName": "x", "lastName": "x", "primary": True, "emailAddress": "a@b.example", "phoneNumber": "1"}
    company = {"name": "x", "taxNumber": "1", "vatRegistrationId": "DE123456789", "allowTaxFreeInvoices": True, "contactPersons": [person]}
    contact = {"version": 0, "roles": {"customer": {}}, "company": company, "addresses": {"billing": [place]}, "note": "x"}
    contact |= {"emailAddresses": {"business": ["a@b.example"]}, "phoneNumbers": {"mobile": ["1"]}}
    document = rich(account) | {"totalPrice": {"currency": "EUR", "totalDiscountAbsolute": 1}, "xRechnung": {"buyerReference": "1"}}
    offered = [*document["lineItems"][:2], LINE | {"optional": True, "subItems": [LINE | {"alternative": True}]}]
    article = {"title": "a", "type": "PRODUCT", "articleNumber": "7", "gtin": "4006381333931", "unitName": "m"}
    return {
        "contacts": contact | {"xRechnung": {"buyerReference": "1", "vendorNumberAtCustomer": "1"}},
        "articles": article | {"price": {"netPrice": 1, "leadingPrice": "NET", "taxRate": 19}},
        "invoices?finalize=true": document,
        "quotations": document | {"lineItems": offered, "expirationDate": document["voucherDate"]},
        "vouchers": account.receipt(contactId=account.company(), files=["x"], dueDate="2026-11-30", remark="x"),
        "event-subscriptions": {"eventType": "contact.changed", "callbackUrl": "https://hook.example/x"},
    }


@pytest.mark.parametrize("path", ("contacts", "articles", "invoices?finalize=true", "quotations", "vouchers", "event-subscriptions"))
def test_nothing_that_is_sent_breaks_the_account(path: str) -> None:
    account = Caller()
    body = bodies(account)[path]
    refused = 0
    for way in places(body):
        for value in NONSENSE:
            answer = account.send("POST", path, put(body, way, value))
            assert answer.status_code in (201, 406, 409), (way, value, answer.get_data(as_text=True))
            refused += answer.status_code == 406
            if answer.status_code == 201 and path == "articles":
                account.ok("DELETE", f"articles/{answer.get_json()['id']}")

    assert refused > 10
    assert account.simulator.truth()
    assert account.http.get("/_sandbox/page").status_code == 200


@pytest.mark.parametrize("path", ("contacts", "articles", "vouchers", "voucherlist"))
def test_nothing_that_is_asked_breaks_a_list(path: str) -> None:
    account = Caller()
    account.company()
    account.make()
    names = "page size sort property direction name email number customer vendor archived voucherNumber contactId voucherDateFrom gtin type".split()
    plain = {"voucherType": "any", "voucherStatus": "any"} if path == "voucherlist" else {}
    for name in names:
        for value in ("", "x", "-1", "99999999999999999999", "%%%", "\\\\\\", "___", "[a(", "2026-02-30", "name,UP", "٣"):
            answer = account.send("GET", path, query_string=plain | {name: value})
            assert answer.status_code in (200, 400), (name, value, answer.get_data(as_text=True))

"""The simulator's answers have the keys and JSON types of the samples, and it understands every sampled request.

``UNISONO_SAMPLES=<folder>`` adds every file of ``<folder>/lexoffice``. A file the test does not know how to reproduce fails.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.systems.lexoffice.caller import LINE, Caller
from tests.systems.shapes import mismatches

OWN = Path(__file__).parent / "samples"
# Newer than the samples, or there from the moment a document is issued.
LATER = ("$.electronicDocumentProfile", "$.dueDate")
LISTS = ("emailAddresses", "phoneNumbers")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md") if folder.is_dir() else []


def given() -> Path | None:
    folder = os.environ.get("UNISONO_SAMPLES")
    return Path(folder, "lexoffice") if folder else None


def all_files() -> list[Path]:
    more = given()
    return files(OWN) + (files(more) if more else [])


def test_a_folder_of_samples_that_is_named_has_samples() -> None:
    more = given()

    assert files(OWN)
    assert more is None or files(more), f"UNISONO_SAMPLES is set, but {more} holds no sample"


@pytest.mark.parametrize("path", all_files(), ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_the_simulator_answers_the_sample(path: Path) -> None:
    sample, account = json.loads(path.read_text(encoding="utf-8")), Caller()
    kind, _, what = path.stem.partition("_")
    if kind == "vendor":
        understood(account, sample)
    elif kind == "recorded":
        recorded(account, what, sample)
    elif what == "error_shapes":
        errors(account, sample)
    elif what == "payments":
        same(sample, payments(account), ignore=("$[].paidDate", "$[].paymentItems"))
    else:
        same(sample, DOCUMENTED[what](account), ignore=LATER)


def filled(value: Any) -> Any:
    """A sample without what is null: live answers leave that out, as the recorded ones show."""
    if isinstance(value, dict):
        return {key: filled(one) for key, one in value.items() if one is not None}
    return [filled(one) for one in value] if isinstance(value, list) else value


def same(sample: Any, answer: Any, ignore: tuple[str, ...] = ()) -> None:
    assert mismatches(filled(sample), filled(answer), ignore=ignore) == []


# what the documentation shows


def company(account: Caller) -> Any:
    one = {"salutation": "Herr", "firstName": "Max", "lastName": "Groß", "primary": True, "emailAddress": "m@x.example", "phoneNumber": "1"}
    place = {"supplement": "Hof", "street": "Weg 1", "zip": "1", "city": "Ulm", "countryCode": "DE"}
    kinds = ("business", "office", "private", "other")
    key = account.company(
        roles={"customer": {}, "vendor": {}},
        company={"taxNumber": "1", "vatRegistrationId": "DE123456789", "allowTaxFreeInvoices": True, "contactPersons": [one]},
        addresses={"billing": [place], "shipping": [place]},
        emailAddresses={kind: [f"{kind}@x.example"] for kind in kinds},
        phoneNumbers={kind: ["1"] for kind in (*kinds, "mobile", "fax")},
        xRechnung={"buyerReference": "04011-1", "vendorNumberAtCustomer": "7"},
        note="x",
    )
    return account.get(f"contacts/{key}")


def person(account: Caller) -> Any:
    body = {"roles": {"customer": {}}, "person": {"salutation": "Frau", "firstName": "Ida", "lastName": "Groß"}}
    return account.get(f"contacts/{account.ok('POST', 'contacts', body)['id']}")


def rich(account: Caller) -> dict[str, Any]:
    """Lines of every type, and everything that may stand around them."""
    made = {kind: account.act("create_article", title="Seil", type=kind, net="5", unit="m") for kind in ("PRODUCT", "SERVICE")}
    lines = [
        LINE | {"type": "material", "id": made["PRODUCT"], "description": "dick", "discountPercentage": 50},
        LINE | {"type": "service", "id": made["SERVICE"]},
        LINE,
        {"type": "text", "name": "Frei", "description": "Text"},
    ]
    condition = {"paymentTermDuration": 30, "paymentDiscountConditions": {"discountPercentage": 3, "discountRange": 10}}
    return account.document(
        address={"name": "A", "supplement": "B", "street": "C", "zip": "1", "city": "D", "countryCode": "DE"},
        lineItems=lines,
        paymentConditions=condition,
        shippingConditions={"shippingType": "delivery", "shippingDate": "2026-11-02T00:00:00.000+01:00"},
        title="T",
        introduction="I",
        remark="R",
        deliveryTerms="L",
    )


def invoice(account: Caller) -> Any:
    # The sample is a draft, and old: today a draft has no file.
    made = account.ok("POST", "invoices?finalize=true", rich(account))
    return account.get(f"invoices/{made['id']}")


def order(account: Caller) -> Any:
    return account.get(f"order-confirmations/{account.ok('POST', 'order-confirmations', rich(account))['id']}")


def quotation(account: Caller) -> Any:
    owner = account.company(addresses={"billing": [{"street": "Weg", "zip": "1", "city": "Ulm", "countryCode": "DE"}]})
    body = rich(account)
    below = [line | {"alternative": True} for line in body["lineItems"][:1]]
    offered = [body["lineItems"][0] | {"subItems": below}, body["lineItems"][1] | {"optional": True, "description": "x"}]
    made = account.ok("POST", "quotations?finalize=true", body | {"lineItems": offered, "address": {"contactId": owner}})
    return account.get(f"quotations/{made['id']}")


def subscription(account: Caller) -> Any:
    return account.get(f"event-subscriptions/{account.listen('contact.changed')[0]}")


def callback(account: Caller) -> Any:
    account.listen("contact.created")
    account.company()
    return json.loads(account.world.storage.settings["outbox"][0]["body"])


def voucher(account: Caller) -> Any:
    body = account.receipt(shippingDate="2026-10-30", dueDate="2026-11-30", remark="x")
    return account.get(f"vouchers/{account.ok('POST', 'vouchers', body)['id']}")


DOCUMENTED = {
    "contact_company": company,
    "contact_person": person,
    "invoice_draft": invoice,
    "order_confirmation": order,
    "quotation": quotation,
    "event_subscription": subscription,
    "webhook_callback": callback,
    "bookkeeping_voucher": voucher,
}


def payments(account: Caller) -> list[Any]:
    sold = account.make(issued=True)
    bought, returned = (account.ok("POST", "vouchers", account.receipt(type=f"purchase{kind}"))["id"] for kind in ("invoice", "creditnote"))
    account.act("pay", id=returned)
    return [account.get(f"payments/{key}") for key in (sold, bought, returned)]


def errors(account: Caller, sample: Any) -> None:
    same(sample["legacy_issue_list_406"], account.refused("POST", "contacts", {"roles": {"customer": {}}, "company": {}})[1])
    line = LINE | {"unitPrice": {"currency": "EUR", "netAmount": 1}}
    same(sample["regular_406"], account.refused("POST", "invoices", account.document(lineItems=[line]))[1])
    key = account.company()
    stale = account.refused("PUT", f"contacts/{key}", {"version": 0, "roles": {"customer": {}}, "company": {"name": "x"}})[1]
    same(sample["stale_contact_version_406"], stale, ignore=("$.IssueList[].additionalData", "$.IssueList[].args"))
    account.key = "another"
    same(sample["auth_401"], account.refused("GET", "profile")[1])


# what was recorded


def recorded(account: Caller, what: str, sample: Any) -> None:
    if what.startswith("unauthorized"):
        account.key = "another"
        answer = account.send("GET", "contacts/59a3008f-9d96-4629-92ed-74fdbb2a4767")
    elif what.startswith("contact_get"):
        key = account.company(addresses={"billing": [{"supplement": "x", "street": "x", "zip": "1", "city": "x", "countryCode": "DE"}]})
        answer = account.send("GET", f"contacts/{key}")
    elif what.startswith("invoice_create"):
        answer = account.send("POST", "invoices", sample["request"]["body"])
    else:
        answer = account.send("GET", f"invoices/{account.make()}/document")
    assert answer.status_code == sample["response"]["status"]
    seen = set(answer.headers.keys()) | {"Date", "Connection"}
    assert set(sample["response"]["header_names_seen"]) - seen == set()
    assert answer.headers["Content-Type"] == "application/json"
    same(sample["response"]["body"], answer.get_json())


# what the vendor's own collection sends


def understood(account: Caller, sample: Any) -> None:
    method, path, body = sample["method"], sample["path"].removeprefix("/v1/"), sample["body"]
    if method == "PUT":
        table = path.partition("/")[0]
        new = {name: value for name, value in body.items() if name not in ("id", "version")}
        made = account.ok("POST", table, new)["id"]
        assert account.ok("PUT", f"{table}/{made}", body | {"id": made, "version": 1})["version"] == 2
        return
    answer = account.send(method, path, body)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made = account.get(f"{path.partition('?')[0]}/{answer.get_json()['id']}")
    if path.startswith("invoices"):
        assert made["voucherStatus"] == ("open" if "finalize" in path else "draft")
        assert made["dueDate" if "finalize" in path else "voucherDate"]

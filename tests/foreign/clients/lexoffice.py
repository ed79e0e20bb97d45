"""lexoffice_client at work: what is told comes as JSON, what the client understood goes out as JSON.

Only the key is set; the address where it is told one. The client knows the vendor's older host by itself.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx import HTTPStatusError  # type: ignore[import-not-found]
from lexoffice_client import (  # type: ignore[import-not-found]
    Address,
    Addresses,
    ArticlePrice,
    ArticleType,
    ArticleWritable,
    Company,
    CompanyContactPerson,
    ContactWritable,
    CreditNoteWritable,
    DeliveryNoteWritable,
    EmailAddresses,
    EventSubscriptionWritable,
    EventType,
    InvoiceWritable,
    LeadingPrice,
    LexofficeClient,
    LineItem,
    Person,
    QuotationWritable,
    Role,
    Roles,
    SalesTaxType,
    SalesVoucherAddress,
    ShippingConditions,
    ShippingType,
    TaxConditions,
    TotalPrice,
    UnitPrice,
)

told = json.load(sys.stdin)
client = LexofficeClient(told["key"])
report: dict[str, Any] = {}
DAY = "2026-04-25T00:00:00.000+02:00"
CUSTOMER = Roles(customer=Role())


def refusal(call: Callable[[], Any]) -> Any:
    """What the client makes of a refusal: the status and the words."""
    try:
        return ["not refused", str(call())]
    except HTTPStatusError as error:
        return [error.response.status_code, error.args[0]]


def document(kind: Any, **more: Any) -> Any:
    """A document with a line of every sort that needs no article."""
    price = UnitPrice(currency="EUR", netAmount=49.99, taxRatePercentage=19)
    lines = [LineItem(type="custom", name="Schild", quantity=3, unitName="Stück", unitPrice=price), LineItem(type="text", name="Hinweis")]
    body: dict[str, Any] = {"voucherDate": DAY, "taxConditions": TaxConditions(taxType=SalesTaxType.NET), "lineItems": lines}
    shipping = ShippingConditions(shippingType=ShippingType.SERVICE, shippingDate=DAY)
    return kind(**(body | {"totalPrice": TotalPrice(currency="EUR"), "shippingConditions": shipping} | more))


# A contact: made, read, changed with the version that was read. A PUT replaces everything, so the whole record goes back.
company = Company(name="Ölmann & Söhne GmbH", vatRegistrationId="DE123456789", contactPersons=[CompanyContactPerson(lastName="Ölmann")])
billing = Address(street="Weg 1", zip="10115", city="Berlin", countryCode="DE")
made = client.create_contact(
    ContactWritable(
        version=0,
        roles=CUSTOMER,
        company=company,
        addresses=Addresses(billing=[billing]),
        emailAddresses=EmailAddresses(business=["o@x.example"]),
    )
)
before = client.retrieve_contact(made.id)
kept = before.model_dump(exclude={"id", "organizationId", "archived"})
changed = client.update_contact(made.id, ContactWritable.model_validate(kept | {"note": "Nur vormittags"}))
after = client.retrieve_contact(made.id)
report["contact"] = [[one.version, one.company.name, one.note, one.addresses.billing[0].city] for one in (before, after)]
report["versions"] = [made.version, changed.version, made.resourceUri.rpartition("/v1/")[2] == f"contacts/{made.id}"]
report["stale"] = refusal(lambda: client.update_contact(made.id, ContactWritable.model_validate(kept)))

# More than one page, page after page until the client is told that it is the last.
for number in range(60):
    client.create_contact(
        ContactWritable(version=0, roles=Roles(customer=Role(), vendor=Role()), person=Person(lastName=f"Blatt {number:02}"))
    )
pages = [client.filter_contacts(vendor=True)]
while not pages[-1].last:
    pages.append(client.filter_contacts(vendor=True, page=len(pages)))
report["pages"] = [[page.number, page.numberOfElements, page.totalElements, page.totalPages, page.first, page.last] for page in pages]
report["names"] = [one.person.lastName for page in pages for one in page.content]
report["found"] = [
    client.filter_contacts(**wanted).totalElements
    for wanted in ({"name": "ölmann &amp; s"}, {"name": "ölmann & s"}, {"email": "o@x"}, {"number": before.roles.customer.number})
]

# An article.
price = ArticlePrice(netPrice=100, leadingPrice=LeadingPrice.NET, taxRate=19)
article = {"title": "Montage", "type": ArticleType.SERVICE, "unitName": "Stunde", "articleNumber": "M-1"}
key = client.create_article(ArticleWritable(price=price, **article)).id
client.update_article(
    key, ArticleWritable(price=price, version=client.retrieve_article(key).version, **(article | {"title": "Montage vor Ort"}))
)
found = client.filter_articles(article_number="M-1").content
report["article"] = [[one.title, one.version, one.price.grossPrice] for one in found]
client.delete_article(key)
report["article gone"] = refusal(lambda: client.retrieve_article(key))[0]

# Documents: a draft, an invoice, a credit note that follows it, a quotation, a delivery note without prices; the files of the issued.
there = SalesVoucherAddress(contactId=made.id)
draft = client.retrieve_invoice(client.create_invoice(document(InvoiceWritable, address=there)).id)
issued = client.retrieve_invoice(client.create_invoice(document(InvoiceWritable, address=there), finalize=True).id)
credit = client.retrieve_credit_note(
    client.create_credit_note(document(CreditNoteWritable, address=there), finalize=True, preceding_sales_voucher_id=issued.id).id
)
offer = client.retrieve_quotation(client.create_quotation(document(QuotationWritable, address=there, expirationDate=DAY), finalize=True).id)
bare = [LineItem(type="custom", name="Schild", quantity=3, unitName="Stück")]
note = client.retrieve_delivery_note(client.create_delivery_note(document(DeliveryNoteWritable, address=there, lineItems=bare)).id)
report["documents"] = [[one.voucherStatus.value, one.voucherNumber[:2]] for one in (draft, issued, credit, offer, note)]
report["total"] = [issued.totalPrice.totalNetAmount, issued.totalPrice.totalGrossAmount, issued.taxAmounts[0].taxAmount]
report["follows"] = [one.voucherType for one in credit.relatedVouchers]
report["pdf"] = client.download_invoice_file(issued.id)[:5].decode()
report["draft's pdf"] = refusal(lambda: client.download_invoice_file(draft.id))[0]
rows = client.filter_voucherlist("any", "any", contact_id=made.id).content
report["listed"] = sorted(str(row.voucherType) for row in rows)

# A file becomes a bookkeeping voucher.
receipt = client.upload_file(Path(told["file"]))
report["file"] = [client.download_file(receipt.id)[:5].decode(), client.retrieve_voucher(receipt.voucherId).voucherStatus.value]

# Whoever listens.
listening = client.create_event_subscription(
    EventSubscriptionWritable(eventType=EventType.CONTACT_CHANGED, callbackUrl="https://hook.example/x")
)
report["listening"] = [str(one.eventType.value) for one in client.list_event_subscriptions()]
client.delete_event_subscription(listening.id)
report["listening later"] = len(client.list_event_subscriptions())

# What is set up in the account.
report["account"] = {
    "profile": [client.retrieve_profile().taxType, client.retrieve_profile().smallBusiness],
    "germany": next(one.countryNameDE for one in client.list_countries() if one.countryCode == "DE"),
    "categories": sorted({one.type.value for one in client.retrieve_posting_categories_list()}),
    "layouts": [one.default for one in client.list_print_layouts()].count(True),
    "templates": client.list_recurring_templates().totalElements,
}

report["refused"] = {
    "unknown": refusal(lambda: client.retrieve_contact(UUID(int=7)))[0],
    "short filter": refusal(lambda: client.filter_contacts(name="a")),
    "invalid": refusal(lambda: client.create_contact(ContactWritable(version=0, roles=Roles(), person=Person(lastName="Ohne")))),
    "no line": refusal(lambda: client.create_invoice(document(InvoiceWritable, address=there, lineItems=None))),
    "key": refusal(lambda: LexofficeClient("wrong", base_url=told["address"]).ping()),
}
print(json.dumps(report))

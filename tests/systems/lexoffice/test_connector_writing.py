"""What is sent to Lexware Office, and what never leaves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.contract.account import caught
from tests.systems.lexoffice.office import ID, OTHER, REFERENCE, body_of, change, company, contact_row, create, office, saying
from unisono.connect import exact
from unisono.connect.port import Raw
from unisono.model.document import Document, Line, Lines
from unisono.model.errors import Conflicted, NotThere, Refused
from unisono.model.money import Amount
from unisono.model.party import Address, Contact, Party
from unisono.model.product import Product, price_text
from unisono.model.writing import Write

SYSTEM = saying(200, {})
LINES = Lines((Line(name="Kran", quantity=Decimal(2), unit="Stück", price=Decimal("59.50"), vat_rate=Decimal(19)),))
OFFER = Document(type_code="310", title="Angebot", text="Wie besprochen", basis="net", lines=LINES, date=dt.date(2026, 3, 2))


def row(**given: Any) -> Raw:
    return Raw("contacts", ID, exact.encode(company(**given)))


def sent(write: Write, current: Raw | None = None) -> dict[str, Any]:
    (command,) = SYSTEM.compose(write, current)
    return command.payload


def refusal(write: Write, current: Raw | None = None) -> tuple[str, str]:
    fault = caught(Refused, lambda: SYSTEM.compose(write, current))
    return fault.code, fault.field


# --- contacts ---


def test_a_new_company_is_a_customer_with_one_entry_a_list() -> None:
    place = Address(line1="Holzweg 3", postcode="01099", city="Dresden", country="DE")
    firm = Party(
        type="company", name="Weidenhof GmbH", tax_id="DE136695976", email="post@weidenhof.example", mobile="0170 1", address=place
    )

    payload = sent(create("party", firm))

    assert payload == {
        "version": 0,
        "roles": {"customer": {}},
        "company": {"name": "Weidenhof GmbH", "vatRegistrationId": "DE136695976"},
        "emailAddresses": {"business": ["post@weidenhof.example"]},
        "phoneNumbers": {"mobile": ["0170 1"]},
        "addresses": {"billing": [{"street": "Holzweg 3", "zip": "01099", "city": "Dresden", "countryCode": "DE"}]},
    }


def test_a_person_has_a_form_of_address_and_no_tax_id() -> None:
    payload = sent(create("party", Party(type="person", name="Uhl", first_name="Ida", salutation="mrs", tax_id="DE136695976")))

    assert payload["person"] == {"lastName": "Uhl", "firstName": "Ida", "salutation": "Frau"}
    assert "DE136695976" not in str(payload)
    person = Raw("contacts", ID, exact.encode({name: v for name, v in company(person={"lastName": "Uhl"}).items() if name != "company"}))
    assert refusal(change("party", ID, tax_id="DE136695976"), person) == ("cannot-hold", "tax_id")


def test_an_address_without_a_country_gets_the_one_of_the_settings() -> None:
    payload = sent(create("party", Party(type="company", name="X", address=Address(city="Ulm"))))

    assert payload["addresses"]["billing"] == [{"city": "Ulm", "countryCode": "DE"}]


def test_a_change_sends_the_whole_row_with_the_changed_field_in_it_and_its_version() -> None:
    whole = company(
        note="Zweimal klingeln",
        xRechnung={"buyerReference": "1", "vendorNumberAtCustomer": "2"},
        addresses={
            "billing": [{"street": "Weg 1", "city": "Ulm", "countryCode": "DE"}],
            "shipping": [{"city": "Emden", "countryCode": "DE"}],
        },
    )
    (command,) = SYSTEM.compose(change("party", ID, address__city="Bonn"), Raw("contacts", ID, exact.encode(whole)))

    assert command.operation == f"PUT contacts/{ID}"
    expected = {name: value for name, value in whole.items() if name != "organizationId"}
    expected["addresses"] = {
        "billing": [{"street": "Weg 1", "city": "Bonn", "countryCode": "DE"}],
        "shipping": whole["addresses"]["shipping"],
    }
    assert command.payload == expected


def test_the_entry_that_is_read_is_the_one_that_is_changed() -> None:
    held = {"emailAddresses": {"office": ["b@orgel.example"], "private": ["p@orgel.example"]}, "phoneNumbers": {"mobile": ["7"]}}

    payload = sent(change("party", ID, email="neu@orgel.example", phone="9", mobile=""), row(**held))

    assert payload["emailAddresses"] == {"office": ["neu@orgel.example"], "private": ["p@orgel.example"]}
    assert payload["phoneNumbers"] == {"business": ["9"]}


def test_an_address_of_which_nothing_is_left_goes() -> None:
    held = row(addresses={"billing": [{"city": "Ulm", "countryCode": "DE"}], "shipping": [{"city": "Emden", "countryCode": "DE"}]})

    assert sent(change("party", ID, address__city=""), held)["addresses"] == {"shipping": [{"city": "Emden", "countryCode": "DE"}]}


def test_a_country_cannot_be_taken_from_an_address_that_stays() -> None:
    held = row(addresses={"billing": [{"city": "Ulm", "countryCode": "DE"}]})

    assert refusal(change("party", ID, address__country=""), held) == ("missing-field", "address.country")


@pytest.mark.parametrize(
    "held",
    (
        {"addresses": {"billing": [{"countryCode": "DE"}, {"countryCode": "AT"}]}},
        {"emailAddresses": {"business": ["a@b.example", "c@d.example"]}},
        {"phoneNumbers": {"private": ["1", "2"]}},
        {"company": {"name": "X", "contactPersons": [{"lastName": "A"}, {"lastName": "B"}]}},
    ),
)
def test_a_contact_with_two_entries_of_one_kind_is_never_sent(held: dict[str, Any]) -> None:
    assert refusal(change("party", ID, name="Neu"), row(**held)) == ("several-entries", "name")


def test_what_is_fixed_and_what_has_no_place_is_refused_by_name() -> None:
    assert refusal(change("party", ID, number="1"), row()) == ("cannot-change", "number")
    assert refusal(change("party", ID, type="person"), row()) == ("cannot-change", "type")
    assert refusal(change("party", ID, website="x"), row()) == ("cannot-hold", "website")
    assert refusal(change("party", ID, first_name="Ida"), row()) == ("cannot-hold", "first_name")


def test_a_row_that_is_gone_is_not_there() -> None:
    caught(NotThere, lambda: SYSTEM.compose(change("party", ID, name="Neu"), None))


# --- contact persons ---


def test_the_first_contact_person_travels_with_its_company_and_a_second_one_is_refused() -> None:
    person = Contact(name="Mau", first_name="Max", salutation="mr", email="max@orgel.example", phone="1")
    (command,) = SYSTEM.compose(create("contact", person, ID), row())

    assert command.operation == f"PUT contacts/{ID}#main"
    assert command.payload["company"]["contactPersons"] == [
        {
            "primary": True,
            "lastName": "Mau",
            "firstName": "Max",
            "emailAddress": "max@orgel.example",
            "phoneNumber": "1",
            "salutation": "Herr",
        }
    ]
    taken = row(company={"name": "X", "contactPersons": [{"lastName": "A"}]})
    assert refusal(create("contact", person, ID), taken) == ("one-person-only", "name")


def test_a_person_on_their_own_has_no_contact_person() -> None:
    alone = company(person={"lastName": "Uhl"})
    del alone["company"]

    assert refusal(create("contact", Contact(name="Mau"), ID), Raw("contacts", ID, exact.encode(alone))) == ("cannot-hold", "owner")


def test_a_contact_person_keeps_what_we_do_not_know_of_it() -> None:
    held = row(company={"name": "X", "contactPersons": [{"salutation": "Dr.", "lastName": "A", "primary": False}]})

    payload = sent(change("contact", f"{ID}#main", name="B"), held)

    assert payload["company"]["contactPersons"] == [{"salutation": "Dr.", "lastName": "B", "primary": False}]
    (command,) = SYSTEM.compose(Write(operation="delete", side="b", kind="contact", key=f"{ID}#main"), held)
    assert command.payload["company"] == {"name": "X"}


def test_a_change_under_an_old_version_is_a_conflict_and_nothing_is_written() -> None:
    account = office()
    key = account.row("contacts")
    write = change("party", key, name="Neu GmbH")
    (command,) = account.system.compose(write, account.current(write))
    account.act("edit_contact", id=key, city="Bonn")

    caught(Conflicted, lambda: account.system.send(command))

    assert contact_row(account, key)["company"]["name"] == "Firma 1"
    account.do(write)
    assert contact_row(account, key)["addresses"]["billing"][0]["city"] == "Bonn"


# --- documents ---


def test_a_quote_is_a_draft_with_our_reference_in_the_remark() -> None:
    (command,) = SYSTEM.compose(create("quote", OFFER, OTHER), None)

    assert command.operation == "POST quotations"
    assert command.payload == {
        "voucherDate": "2026-03-02",
        "expirationDate": "+30",
        "address": {"contactId": OTHER},
        "lineItems": [
            {
                "type": "custom",
                "name": "Kran",
                "quantity": "2",
                "unitName": "Stück",
                "unitPrice": {"currency": "EUR", "netAmount": "59.5", "taxRatePercentage": "19"},
            }
        ],
        "totalPrice": {"currency": "EUR"},
        "taxConditions": {"taxType": "net"},
        "title": "Angebot",
        "introduction": "Wie besprochen",
        "remark": REFERENCE,
    }


@pytest.mark.parametrize(
    ("kind", "code", "stage", "operation"),
    (
        ("quote", "310", "draft", "POST quotations"),
        ("quote", "310", "issued", "POST quotations?finalize=true"),
        ("quote", "310", "sent", "POST quotations?finalize=true"),
        ("order", "220", "draft", "POST order-confirmations"),
        ("invoice", "380", "draft", "POST invoices"),
        ("invoice", "380", "issued", "POST invoices?finalize=true"),
        ("invoice", "381", "issued", "POST credit-notes?finalize=true"),
    ),
)
def test_a_document_is_issued_only_if_its_stage_says_so(kind: Any, code: str, stage: Any, operation: str) -> None:
    (command,) = SYSTEM.compose(create(kind, replace(OFFER, type_code=code, stage=stage), OTHER), None)

    assert command.operation == operation


def test_a_document_made_as_a_draft_is_one_and_an_issued_one_is_open() -> None:
    account = office()
    owner = account.row("contacts")
    bill = replace(OFFER, type_code="380", title="Rechnung")

    draft = body_of(account.record("invoice", account.do(create("invoice", bill, owner))))
    issued = body_of(account.record("invoice", account.do(create("invoice", replace(bill, stage="issued"), owner))))

    assert (draft.stage, issued.stage) == ("draft", "issued")
    assert (issued.gross, issued.reference, issued.due is not None) == (Decimal("141.61"), REFERENCE, True)


def test_an_invoice_that_follows_from_a_quotation_of_here_says_so_and_a_key_of_elsewhere_is_not_sent() -> None:
    account = office()
    owner = account.row("contacts")
    quote = account.do(create("quote", replace(OFFER, stage="issued"), owner))
    bill = replace(OFFER, type_code="380", preceding=quote)

    made = body_of(account.record("invoice", account.do(create("invoice", bill, owner))))

    assert made.preceding == quote
    (command,) = SYSTEM.compose(create("invoice", replace(bill, preceding="deal:5"), OTHER), None)
    assert command.operation == "POST invoices"


def test_days_that_nobody_named_are_those_of_the_day_it_is_sent() -> None:
    account = office()
    owner = account.row("contacts")

    made = body_of(account.record("quote", account.do(create("quote", replace(OFFER, date=None), owner))))
    told = body_of(account.record("quote", account.do(create("quote", replace(OFFER, due=dt.date(2026, 7, 1)), owner))))

    assert (made.date, made.due) == (dt.date(2026, 3, 2), dt.date(2026, 4, 1))
    assert (told.date, told.due) == (dt.date(2026, 3, 2), dt.date(2026, 7, 1))


@pytest.mark.parametrize(
    ("given", "field"),
    (
        ({"basis": "unknown"}, "basis"),
        ({"currency": "PLN"}, "currency"),
        ({"stage": "cancelled"}, "stage"),
        ({"type_code": "325"}, "type_code"),
        ({"type_code": "380"}, "type_code"),
        ({"lines": Lines((Line(name="", vat_rate=Decimal(19)),))}, "lines.name"),
        ({"lines": Lines((Line(name="X"),))}, "lines.vat_rate"),
        ({"lines": Lines((Line(name="X", vat_rate=Decimal(23)),))}, "lines.vat_rate"),
        ({"lines": Lines((Line(name="X", vat_rate=Decimal(19)),) * 301)}, "lines"),
    ),
)
def test_what_the_service_certainly_does_not_take_never_leaves(given: dict[str, Any], field: str) -> None:
    assert refusal(create("quote", replace(OFFER, **given), OTHER))[1] == field


def test_a_document_needs_a_customer_of_here() -> None:
    assert refusal(create("quote", OFFER, ""))[1] == "owner"
    assert refusal(create("order", replace(OFFER, type_code="220", stage="issued"), OTHER)) == ("cannot-hold", "stage")


def test_a_firm_without_vat_writes_every_line_at_nothing() -> None:
    account = office()
    owner = account.row("contacts")
    free = account.connect({"vat_free": True})
    line = Line(name="Kran", price=Decimal(100))

    (command,) = free.compose(create("quote", replace(OFFER, lines=Lines((line,))), owner), None)
    made = body_of(account.record("quote", free.send(command).key))

    assert (made.net, made.gross) == (Decimal(100), Decimal(100))
    fault = caught(Refused, lambda: free.compose(create("quote", OFFER, owner), None))
    assert fault.field == "lines.vat_rate"


# --- articles ---


def test_an_article_is_made_changed_and_removed() -> None:
    account = office()
    price = Amount(Decimal("12.50"), "EUR", "net")
    ware = Product(name="Regal", number="R-1", unit="Stück", price=price, vat_rate=Decimal(19), description="Eiche")
    key = account.do(create("product", ware))

    assert account.record("product", key).body == ware
    account.do(change("product", key, price=price_text(Amount(Decimal("23.80"), "EUR", "gross")), name="Regal, groß"))
    found = account.record("product", key).body
    assert isinstance(found, Product)
    assert (found.name, found.price, found.number) == ("Regal, groß", Amount(Decimal("23.80"), "EUR", "gross"), "R-1")

    account.do(Write(operation="delete", side="b", kind="product", key=key))
    assert account.system.read("articles", key) is None


def test_an_article_is_found_again_by_its_number_and_by_every_value() -> None:
    account = office()
    ware = Product(name="Regal", number="R-1", unit="Stück", price=Amount(Decimal(10), "EUR", "net"), vat_rate=Decimal(19))
    write, bare = create("product", ware), create("product", replace(ware, number=""))
    assert account.system.probe(write) == ()

    key, other = account.do(write), account.do(bare)

    assert [raw.key for raw in account.system.probe(write)] == [key]
    assert {raw.key for raw in account.system.probe(bare)} == {key, other}
    assert account.system.probe(create("product", replace(ware, name="Bank"))) == ()


@pytest.mark.parametrize(
    ("given", "field"),
    (
        ({"price": None}, "price"),
        ({"price": Amount(Decimal(1), "PLN", "net")}, "price"),
        ({"price": Amount(Decimal(1), "EUR")}, "price"),
        ({"price": Amount(Decimal("0.00001"), "EUR", "net")}, "price"),
        ({"vat_rate": None}, "vat_rate"),
        ({"vat_rate": Decimal(23)}, "vat_rate"),
        ({"name": ""}, "name"),
        ({"gtin": "12345678901234"}, "gtin"),
    ),
)
def test_an_article_that_the_service_does_not_take_never_leaves(given: dict[str, Any], field: str) -> None:
    plain: dict[str, Any] = {"name": "Regal", "price": Amount(Decimal(10), "EUR", "net"), "vat_rate": Decimal(19)}

    assert refusal(create("product", Product(**(plain | given))))[1] == field

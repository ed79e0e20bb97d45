"""The connector and the simulator, written apart from the same documents, understand each other: before and after over the real calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.systems.fastbill import rows
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Raw, System
from unisono.model.document import Document, Line, Lines, adds_up
from unisono.model.errors import LoginRefused, Refused, TryLater, Unclear
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.model.writing import Operation, Write
from unisono.sandbox.fastbill import make as simulator
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.systems.catalogue import load
from unisono.systems.fastbill import make

COMPANY = Party(
    type="company",
    name="Möbelwerk Ötting GmbH",
    tax_id="DE812345678",
    email="einkauf@oetting.example",
    phone="08671 5550",
    website="https://oetting.example",
    address=Address("Hauptstraße 5", "Hinterhaus", "84543", "Winhöring", "", "DE"),
)
PERSON = Party(
    type="person", name="Varga", first_name="Timo", salutation="mr", address=Address(postcode="10115", city="Berlin", country="DE")
)
QUOTE = Document(
    type_code="310",
    title="Regale für das Lager",
    text="Wie besprochen.",
    date=dt.date(2026, 11, 2),
    currency="EUR",
    basis="net",
    lines=Lines((Line(name="Regal", quantity=Decimal("2.5"), unit="Stück", price=Decimal("99.90"), vat_rate=Decimal(19)),)),
)


class Firm:
    """One simulated account and the connector that speaks to it."""

    def __init__(self, *, key: str = "fb-0123456789abcdef", **settings: Any) -> None:
        self.world = World()
        self.world.storage.settings.update(settings)
        self.simulator = simulator(self.world)
        known = load("fastbill")
        clock = FakeClock(self.world.clock.now())
        self.door = Door(transport=SimTransport(application(self.simulator)), hosts=known.hosts, pace=MemoryPace((), clock), clock=clock)
        login: dict[str, str | Secret] = {"email": "buchhaltung@example.de", "api_key": Secret(key)}
        self.system: System = make(self.door, login, known, {"plan": "pro"})

    def write(self, operation: Operation, kind: Kind, current: Raw | None = None, **more: Any) -> str:
        """Composes and sends one write; the canonical key of what was written."""
        (command,) = self.system.compose(Write(operation=operation, side="b", kind=kind, **more), current)
        return self.system.send(command).key

    def row(self, kind: Kind, key: str) -> Raw:
        raw = self.system.read(*self.system.locate(kind, key))
        assert raw is not None
        return raw

    def record(self, kind: Kind, key: str) -> Record:
        return next(record for record in self.system.records(self.row(kind, key)) if (record.kind, record.key) == (kind, key))

    def document(self, kind: Kind, key: str) -> Document:
        body = self.record(kind, key).body
        assert isinstance(body, Document)
        return body

    def all(self, resource: str) -> list[Record]:
        return [record for page in self.system.pages(resource) for raw in page.rows for record in self.system.records(raw)]

    def act(self, name: str, **values: str) -> str:
        """What a person does at FastBill's own pages; the id of what it was done to."""
        return str(self.simulator.act(name, values)["id"])


@pytest.fixture
def firm() -> Iterator[Firm]:
    firm = Firm()
    with firm.door:
        yield firm


def test_a_company_a_person_and_a_contact_are_read_back_as_they_were_written(firm: Firm) -> None:
    assert firm.system.identify() is None
    company = firm.write("create", "party", body=COMPANY)
    person = firm.write("create", "party", body=PERSON)
    contact = firm.write("create", "contact", owner=company, body=Contact(name="Peters", first_name="Jannik", email="j@oetting.example"))

    held = firm.record("party", company).body
    assert isinstance(held, Party)
    assert replace(held, number="") == COMPANY
    assert isinstance(body := firm.record("party", person).body, Party)
    assert replace(body, number="") == PERSON
    assert firm.record("contact", contact).body == Contact(name="Peters", first_name="Jannik", email="j@oetting.example")
    assert firm.record("contact", contact).owner == company
    assert sorted(record.key for record in firm.all("customer")) == sorted([company, person])


def test_a_change_and_a_cleared_field_arrive_and_the_rest_stays(firm: Firm) -> None:
    key = firm.write("create", "party", body=COMPANY)

    firm.write("change", "party", firm.row("party", key), key=key, changes={"phone": "08671 9990", "address.line2": ""})

    held = firm.record("party", key).body
    assert isinstance(held, Party)
    assert replace(held, number="") == replace(COMPANY, phone="08671 9990", address=replace(COMPANY.address, line2=""))


def test_a_change_of_the_contact_named_on_a_customer_leaves_the_customer_as_it_was(firm: Firm) -> None:
    key = firm.act("create_customer", organization="Kranbau Riesig GmbH", first_name="Ida", last_name="Fuchs")
    before = firm.record("party", key).body
    main = f"{key}#main"

    answered = firm.write("change", "contact", firm.row("contact", main), key=main, changes={"name": "Fuchs-Adler", "position": "Leitung"})

    assert answered == main
    assert firm.record("contact", main).body == Contact(name="Fuchs-Adler", first_name="Ida", position="Leitung")
    assert firm.record("party", key).body == before


def test_what_is_deleted_is_definitely_not_found(firm: Firm) -> None:
    company = firm.write("create", "party", body=COMPANY)
    contact = firm.write("create", "contact", owner=company, body=Contact(name="Peters"))

    firm.write("delete", "contact", firm.row("contact", contact), key=contact)
    firm.write("delete", "party", firm.row("party", company), key=company)

    assert firm.system.read("contact", contact.removeprefix("contact:")) is None
    assert firm.system.read("customer", company) is None
    assert firm.all("customer") == firm.all("contact") == []


def test_a_quote_becomes_an_estimate_that_adds_up_and_keeps_our_reference(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)

    key = firm.write("create", "quote", owner=owner, body=QUOTE, reference=rows.REFERENCE)

    made = firm.document("quote", key)
    assert firm.record("quote", key).owner == owner
    assert (made.title, made.text, made.date, made.currency, made.basis) == (QUOTE.title, QUOTE.text, QUOTE.date, "EUR", "net")
    assert (made.reference, made.stage, made.answer, adds_up(made)) == (rows.REFERENCE, "draft", "open", "")
    assert (made.net, made.vat, made.gross) == (Decimal("249.75"), Decimal("47.45"), Decimal("297.2"))
    assert isinstance(made.lines, Lines)
    (line,) = made.lines.rows
    assert (line.name, line.quantity, line.price, line.vat_rate) == ("Regal", Decimal("2.5"), Decimal("99.9"), Decimal(19))


def test_a_gross_quote_stays_gross(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)

    made = firm.document("quote", firm.write("create", "quote", owner=owner, body=replace(QUOTE, basis="gross")))

    assert (made.basis, made.gross, adds_up(made)) == ("gross", Decimal("249.75"), "")


def test_a_refusal_of_the_service_comes_with_its_words(firm: Firm) -> None:
    with pytest.raises(Refused) as caught:
        firm.write("create", "quote", owner="999999", body=QUOTE)

    assert caught.value.code == "refused"
    assert caught.value.values["answer"]
    assert firm.all("estimate") == []


def test_a_pdf_is_fetched_again_through_a_fresh_link_once_the_known_one_is_stale(firm: Firm, tmp_path: Path) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    record = firm.record("quote", firm.write("create", "quote", owner=owner, body=QUOTE))

    first = firm.system.fetch_file(record, tmp_path, 1_000_000)
    firm.world.clock.advance(dt.timedelta(days=1).total_seconds())
    second = firm.system.fetch_file(record, tmp_path, 1_000_000)

    assert first.path.read_bytes().startswith(b"%PDF")
    assert second.size > 0


def test_a_page_in_place_of_a_pdf_is_refused_with_its_record(firm: Firm, tmp_path: Path) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    record = firm.record("quote", firm.write("create", "quote", owner=owner, body=QUOTE))
    firm.world.faults.arm("pdf-html", times=2)

    with pytest.raises(Refused) as caught:
        firm.system.fetch_file(record, tmp_path, 1_000_000)

    assert (caught.value.code, caught.value.values["record"]) == ("file-not-pdf", record.key)


def test_a_wrong_key_is_told_apart() -> None:
    with pytest.raises(LoginRefused):
        Firm(key="fb-of-somebody-else").system.identify()


def test_a_used_up_hour_says_when_to_come_back() -> None:
    firm = Firm(plan="solo")
    for _ in range(50):
        firm.system.identify()

    with pytest.raises(TryLater) as caught:
        firm.system.identify()

    assert caught.value.at is not None
    assert dt.timedelta(minutes=55) < caught.value.at - firm.world.clock.now() <= dt.timedelta(hours=1, seconds=1)


def test_more_customers_than_a_page_holds_are_listed_once_each(firm: Firm) -> None:
    made = {firm.write("create", "party", body=replace(COMPANY, name=f"Firma {n}")) for n in range(203)}

    pages = list(firm.system.pages("customer"))

    assert [len(page.rows) for page in pages] == [100, 99, 4]
    assert {raw.key for page in pages for raw in page.rows} == made


def test_what_a_person_does_with_an_estimate_is_seen_on_its_two_axes(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    key = firm.write("create", "quote", owner=owner, body=QUOTE)
    number = key.removeprefix("estimate:")

    seen = [(firm.document("quote", key).stage, firm.document("quote", key).answer)]
    for letter in "bcde":
        firm.act("set_estimate_state", id=number, state=letter)
        seen.append((firm.document("quote", key).stage, firm.document("quote", key).answer))

    assert seen == [("draft", "open"), ("sent", "open"), ("sent", "open"), ("sent", "accepted"), ("sent", "rejected")]


def test_an_invoice_made_from_our_estimate_carries_our_reference_and_shows_what_was_paid(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    estimate = firm.write("create", "quote", owner=owner, body=QUOTE, reference=rows.REFERENCE)
    made = firm.act("create_invoice", estimate_id=estimate.removeprefix("estimate:"))
    key = f"invoice:{made}"

    draft = firm.document("invoice", key)
    firm.act("complete_invoice", id=made)
    issued = firm.document("invoice", key)
    firm.act("record_payment", invoice_id=made, amount="100.00", date="2026-11-04")
    part = firm.document("invoice", key)
    firm.act("record_payment", invoice_id=made, amount="197.20", date="2026-11-05")
    full = firm.document("invoice", key)

    assert (draft.stage, draft.number, draft.reference, draft.gross) == ("draft", "", rows.REFERENCE, Decimal("297.2"))
    assert (issued.stage, issued.paid, bool(issued.number)) == ("issued", "none", True)
    assert (part.paid, part.paid_amount, part.paid_date) == ("part", Decimal(100), dt.date(2026, 11, 4))
    assert (full.paid, full.paid_amount, full.paid_date) == ("full", Decimal("297.2"), dt.date(2026, 11, 5))
    assert firm.document("quote", estimate).answer == "accepted"
    assert [record.key for record in firm.all("invoice")] == [key]


def test_a_credit_note_names_the_invoice_it_is_for(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    made = firm.act("create_invoice", customer_id=owner, items="Regal; 1; 100; 19", complete="1")

    credit = firm.document("invoice", "invoice:" + firm.act("create_credit", invoice_id=made))

    assert (credit.type_code, credit.preceding) == ("381", f"invoice:{made}")


def test_only_invoices_changed_since_a_day_are_listed_then(firm: Firm) -> None:
    owner = firm.write("create", "party", body=COMPANY)
    old = firm.act("create_invoice", customer_id=owner, items="Regal; 1; 100; 19")
    firm.world.clock.advance(dt.timedelta(days=10).total_seconds())
    new = firm.act("create_invoice", customer_id=owner, items="Regal; 1; 200; 19")

    since = firm.world.clock.now() - dt.timedelta(days=2)

    assert [raw.key for page in firm.system.pages("invoice", since) for raw in page.rows] == [new]
    assert sorted(record.resource_key for record in firm.all("invoice")) == sorted([old, new])


@pytest.mark.parametrize(
    ("fault", "done"), (("timeout-before", 0), ("timeout-after", 1), ("reset-after", 1), ("torn-json", 1), ("empty", 1))
)
@pytest.mark.parametrize("kind", ("party", "contact", "quote"))
def test_after_a_lost_answer_a_create_is_found_again_exactly_if_it_was_done(firm: Firm, fault: str, done: int, kind: Kind) -> None:
    owner = firm.write("create", "party", body=PERSON)
    bodies: dict[str, Party | Contact | Document] = {
        "party": COMPANY,
        "contact": Contact(name="Peters", first_name="Jannik"),
        "quote": QUOTE,
    }
    write = Write(operation="create", side="b", kind=kind, body=bodies[kind], owner=owner, reference=rows.REFERENCE)
    (command,) = firm.system.compose(write, None)
    assert firm.system.probe(write) == ()
    firm.world.faults.arm(fault, value=10)

    with pytest.raises(Unclear):
        firm.system.send(command)

    assert len(firm.system.probe(write)) == done

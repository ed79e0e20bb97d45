"""The connector and the simulator, written independently of each other, understand each other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.systems.centralstation.rows import BIRKE, MERTENS, PLAIN, REFERENCE, write
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Answered, Command
from unisono.model.document import Document, File, Note
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, Refused, TryLater, Unavailable, Unclear
from unisono.model.party import PARTY_FIELDS, Address, Contact, Party, flat_contact, flat_party
from unisono.model.record import Record, flat_of
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.sandbox.centralstation import make as simulate
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.systems.centralstation import make
from unisono.systems.centralstation.setup import custom_field_types, ensure_reference_fields
from unisono.systems.centralstation.system import CentralStation


class Bench:
    """One simulated account and a connection to it."""

    def __init__(self, *, bound: bool = True, key: str = "") -> None:
        self.world = World()
        self.app = application(simulate(self.world))
        self.key = key or self.world.storage.settings["api_key"]
        self.crm = self.connect({})
        if bound:
            self.crm = self.connect(dict(ensure_reference_fields(self.crm, ("Company", "Person", "Deal"))))

    def connect(self, bindings: dict[str, Any]) -> CentralStation:
        clock = FakeClock(self.world.clock.now())
        door = Door(
            transport=SimTransport(self.app),
            hosts=PLAIN.hosts,
            pace=MemoryPace(PLAIN.pace, clock),
            clock=clock,
            secrets=(Secret(self.key),),
        )
        system = make(door, {"api_key": Secret(self.key)}, PLAIN, {"bindings": bindings})
        assert isinstance(system, CentralStation)
        return system

    def do(self, asked: Write) -> Answered:
        """A write as the engine makes it: read before, compose, send."""
        current = self.crm.read(*self.crm.locate(asked.kind, asked.key)) if asked.operation == "change" else None
        answered = [self.crm.send(command) for command in self.crm.compose(asked, current)]
        return answered[-1] if answered else Answered(asked.key)

    def record(self, kind: Any, key: str) -> Record:
        raw = self.crm.read(*self.crm.locate(kind, key))
        assert raw is not None
        return next(record for record in self.crm.records(raw) if record.kind == kind)

    def made(self, path: str, name: str, row: dict[str, Any]) -> str:
        """A row as a person would make it in the CRM; its id."""
        return self.crm.send(Command(f"POST {path}", {name: row})).key.partition(":")[2]


def test_what_was_sent_of_a_new_company_is_what_is_read_back() -> None:
    bench = Bench()
    full = replace(
        BIRKE,
        mobile="+49 170 1",
        fax="+49 351 9",
        website="birke.example",
        note="Zahlt\npünktlich",
        address=replace(BIRKE.address, region="SN"),
    )
    answered = bench.do(write("create", "party", body=full, reference=REFERENCE))
    assert bench.record("party", answered.key).body == replace(full, reference=REFERENCE)


def test_what_was_sent_of_a_new_private_person_is_what_is_read_back() -> None:
    bench = Bench()
    body = Party(
        type="person", name="Acar", first_name="Deniz", salutation="mr", title="Dr.", email="d@acar.example", address=Address(city="Köln")
    )
    answered = bench.do(write("create", "party", body=body, reference=REFERENCE))
    assert bench.record("party", answered.key).body == replace(body, reference=REFERENCE)


def test_a_new_contact_belongs_to_its_company() -> None:
    bench = Bench()
    owner = bench.do(write("create", "party", body=BIRKE)).key
    answered = bench.do(write("create", "contact", body=MERTENS, owner=owner, reference=REFERENCE))
    record = bench.record("contact", answered.key)
    assert (record.owner, record.body) == (owner, replace(MERTENS, reference=REFERENCE))


CHANGED = {
    "name": "Birke Möbel KG",
    "email": "neu@birke.example",
    "phone": "",
    "mobile": "+49 170 2",
    "website": "birke.example",
    "note": "umgezogen",
    "address.line1": "Neuweg 1",
    "address.line2": "",
    "address.postcode": "01097",
}


def test_every_changed_field_arrives_and_every_other_stays() -> None:
    bench = Bench()
    key = bench.do(write("create", "party", body=BIRKE, reference=REFERENCE)).key
    bench.do(write("change", "party", key=key, changes=CHANGED))
    assert flat_of(bench.record("party", key).body) == flat_party(BIRKE) | CHANGED


@pytest.mark.parametrize(
    "name", [n for n in PARTY_FIELDS if n not in ("type", "name", "number", "tax_id", "buyer_reference", "address.region")]
)
def test_each_field_of_a_person_can_be_set_and_cleared_alone(name: str) -> None:
    bench = Bench(bound=False)
    body = Party(type="person", name="Acar", address=Address(line1="Am Rhein 1", city="Köln", country="DE"))
    key = bench.do(write("create", "party", body=body)).key
    before = flat_of(bench.record("party", key).body)
    value = {"salutation": "mrs", "address.country": "AT"}.get(name, "Wert")
    bench.do(write("change", "party", key=key, changes={name: value}))
    assert flat_of(bench.record("party", key).body) == before | {name: value}
    bench.do(write("change", "party", key=key, changes={name: ""}))
    assert flat_of(bench.record("party", key).body) == before | {name: ""}


def test_a_bound_tax_id_is_set_changed_and_cleared() -> None:
    bench = Bench()
    type_id = bench.made("/custom_fields_types", "custom_fields_type", {"name": "USt-IdNr.", "category": "Company", "ftype": "string"})
    assert [one.name for one in custom_field_types(bench.crm) if one.id == type_id] == ["USt-IdNr."]
    bench.crm = bench.connect({"Company": {"tax_id": int(type_id)}})
    key = bench.do(write("create", "party", body=BIRKE)).key
    for value in ("DE136695976", "DE811907980", ""):
        bench.do(write("change", "party", key=key, changes={"tax_id": value}))
        assert flat_of(bench.record("party", key).body)["tax_id"] == value


def test_a_contact_changes_name_and_position() -> None:
    bench = Bench()
    owner = bench.do(write("create", "party", body=BIRKE)).key
    key = bench.do(write("create", "contact", body=MERTENS, owner=owner)).key
    changes = {"name": "Mertens-Lau", "position": "Leitung", "phone": "+49 351 5"}
    bench.do(write("change", "contact", key=key, owner=owner, changes=changes))
    record = bench.record("contact", key)
    assert isinstance(record.body, Contact)
    assert flat_contact(record.body) == flat_contact(MERTENS) | changes


def test_an_offer_made_in_the_crm_is_a_quote_for_its_company() -> None:
    bench = Bench()
    owner = bench.do(write("create", "party", body=BIRKE)).key
    row = {"name": "Küche", "company_id": int(owner[8:]), "value": "1190.50", "value_type": "total", "target_date": "2026-12-01"}
    key = bench.made("/deals", "deal", row)
    record = bench.record("quote", f"deal:{key}")
    assert record.owner == owner
    assert isinstance(record.body, Document)
    assert (record.body.value, record.body.due, record.body.answer) == (Decimal("1190.50"), dt.date(2026, 12, 1), "open")
    assert [row.key for page in bench.crm.pages("deals") for row in page.rows] == [key]


def test_the_tag_on_a_company_is_seen_by_the_next_poll() -> None:
    bench = Bench()
    owner = bench.do(write("create", "party", body=BIRKE)).key
    assert [page.rows for page in bench.crm.pages("tags")] == [()]
    for name in ("FastBill", "Stammkunde"):
        bench.made(f"/companies/{owner[8:]}/tags", "tag", {"name": name})
    rows = [raw for page in bench.crm.pages("tags") for raw in page.rows]
    assert [record.owner for raw in rows for record in bench.crm.records(raw)] == [owner]


def pdf(tmp_path: Path) -> File:
    """A file of ours on disk."""
    content = b"%PDF-1.4 \x00\xff" * 50
    (tmp_path / "stored").write_bytes(content)
    return File(name="Rechnung 7.pdf", size=len(content), path=str(tmp_path / "stored"))


def test_a_note_with_a_file_is_put_on_the_offer_and_proven_by_the_answers(tmp_path: Path) -> None:
    bench = Bench()
    owner = bench.do(write("create", "party", body=BIRKE)).key
    note = bench.do(write("create", "note", body=Note(title="Rechnung 7", text="Text", about=(owner,)), reference=REFERENCE))
    assert note.raw is not None
    (record,) = bench.crm.records(note.raw)
    assert isinstance(record.body, Note)
    assert (record.body.title, record.body.about, record.body.reference) == ("Rechnung 7", (owner,), REFERENCE)
    file = bench.do(write("create", "file", body=pdf(tmp_path), owner=note.key))
    assert file.raw is not None
    (record,) = bench.crm.records(file.raw)
    assert isinstance(record.body, File)
    assert (record.owner, record.body.name, record.body.size) == (note.key, "Rechnung 7.pdf", 550)
    bench.do(write("change", "note", key=note.key, changes={"text": "bezahlt"}, reference=REFERENCE))
    again = bench.record("note", note.key).body
    assert isinstance(again, Note)
    assert again.text == f"bezahlt\n\nRef: {REFERENCE}"


def unclear(bench: Bench, asked: Write, fault: str) -> None:
    bench.world.faults.arm(fault, "POST ")
    with pytest.raises(Unclear):
        bench.do(asked)


@pytest.mark.parametrize("bound", (True, False), ids=("reference", "natural"))
@pytest.mark.parametrize(
    ("fault", "there"), (("timeout-before", 0), ("timeout-after", 1), ("reset-after", 1), ("torn-json", 1), ("status-after", 1))
)
def test_an_unclear_create_is_found_if_and_only_if_it_was_done(fault: str, there: int, bound: bool, tmp_path: Path) -> None:
    bench = Bench(bound=bound)
    twin = bench.do(write("create", "party", body=replace(BIRKE, email="other@birke.example"), reference="uni-zzzzzzzz77777777")).key
    note = bench.do(write("create", "note", body=Note(title="R", text="T", about=(twin,)), reference="uni-yyyyyyyy77777777")).key
    for asked in (
        write("create", "party", body=BIRKE, reference=REFERENCE),
        write("create", "party", body=Party(type="person", name="Acar", first_name="Deniz"), reference=REFERENCE),
        write("create", "contact", body=MERTENS, owner=twin, reference=REFERENCE),
        write("create", "note", body=Note(title="R", text="T", about=(twin,)), reference=REFERENCE),
        write("create", "file", body=pdf(tmp_path), owner=note),
    ):
        assert bench.crm.probe(asked) == ()
        unclear(bench, asked, fault)
        found = bench.crm.probe(asked)
        assert len(found) == there
        assert all(bench.crm.records(raw) for raw in found)


def test_a_name_among_many_alike_is_still_found() -> None:
    bench = Bench()
    bench.world.storage.settings["rate_limit"] = None
    for n in range(60):
        bench.crm = bench.connect({})
        bench.made("/companies", "company", {"name": f"Tischlerei Birke GmbH {n}"})
    asked = write("create", "party", body=BIRKE)
    key = bench.do(asked).key
    assert [f"company:{raw.key}" for raw in bench.crm.probe(asked)] == [key]


def test_changed_rows_are_listed_and_the_day_before_is_left_out() -> None:
    bench = Bench()
    old = bench.do(write("create", "party", body=BIRKE)).key
    bench.world.clock.advance(3 * 86400)
    mark = bench.world.clock.now() - dt.timedelta(days=1)
    new = bench.do(write("create", "party", body=replace(BIRKE, name="Neu GmbH"))).key
    listed = [f"company:{raw.key}" for page in bench.crm.pages("companies", mark) for raw in page.rows]
    assert listed == [new]
    assert [f"company:{raw.key}" for page in bench.crm.pages("companies") for raw in page.rows] == [old, new]


def test_pages_follow_each_other_without_gap_or_double() -> None:
    bench = Bench()
    bench.world.storage.settings["rate_limit"] = None
    keys = []
    for n in range(270):
        if n % 40 == 0:
            bench.crm = bench.connect({})  # a fresh pace: this test is not about waiting
        keys.append(bench.made("/companies", "company", {"name": f"Firma {n}"}))
    pages = list(bench.crm.pages("companies"))
    assert [len(page.rows) for page in pages] == [250, 20]
    assert [raw.key for page in pages for raw in page.rows] == keys


def test_a_deleted_record_is_a_definite_not_found() -> None:
    bench = Bench()
    key = bench.do(write("create", "party", body=BIRKE)).key
    bench.do(write("delete", "party", key=key))
    assert bench.crm.read(*bench.crm.locate("party", key)) is None
    with pytest.raises(NotThere):
        bench.do(write("delete", "party", key=key))
    with pytest.raises(NotThere):
        bench.do(write("change", "party", key=key, changes={"name": "X"}))


def test_a_wrong_key_is_told_apart() -> None:
    bench = Bench(bound=False, key="wrong-key-0123456789")
    with pytest.raises(LoginRefused) as caught:
        bench.crm.identify()
    assert "wrong-key-0123456789" not in f"{caught.value} {caught.value.raw}"


def test_too_many_calls_are_asked_to_wait() -> None:
    bench = Bench()
    bench.world.faults.arm("rate", times=3)
    with pytest.raises(TryLater) as caught:
        bench.crm.identify()
    assert caught.value.at is not None


def test_the_vendor_refusing_names_the_field_in_its_own_words() -> None:
    bench = Bench()
    with pytest.raises(Refused) as caught:
        bench.made("/companies", "company", {"name": "x" * 121})
    assert caught.value.field == "name"
    assert caught.value.values["status"] == "422"
    assert caught.value.values["answer"]


@pytest.mark.parametrize("fault", ("html", "torn-json", "truncate", "empty"))
def test_a_spoilt_listing_is_never_taken_for_its_end(fault: str) -> None:
    bench = Bench()
    bench.do(write("create", "party", body=BIRKE))
    bench.world.faults.arm(fault, times=5)
    with pytest.raises((BadAnswer, Unavailable)):
        list(bench.crm.pages("companies"))
    bench.world.faults.clear()
    assert [len(page.rows) for page in bench.crm.pages("companies")] == [1]

"""Notes and files on cards: rewritten whole, filed as comments or as documents of the CRM, and a new version in the place of the old one."""

from __future__ import annotations

import hashlib
import io
import zipfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.local_app import LocalApp
from tests.systems.bitrix24.portal import portal
from tests.systems.bitrix24.test_connector_documents import REFERENCE, do
from tests.systems.bitrix24.test_connector_events import signed_in
from tests.systems.bitrix24.test_connector_story import quoted, village
from tests.systems.contract.account import caught
from unisono.connect.port import System
from unisono.model.document import File, Note
from unisono.model.errors import Unclear
from unisono.model.writing import Write
from unisono.systems.bitrix24 import notes
from unisono.systems.bitrix24.choices import choices, settled
from unisono.systems.bitrix24.client import Step
from unisono.systems.bitrix24.ways import ways_of

PDF = b"%PDF-1.4 one"


def test_a_note_is_rewritten_unread_and_keeps_our_marker() -> None:
    account = portal()
    firm = account.act("create_company", title="Kranbau Riesig GmbH")
    note = Note(title="Rechnung 7", text=f"Offen.\nRef: {REFERENCE}", about=(f"company:{firm}",))
    key = account.do(Write(operation="create", side="a", kind="note", body=note, reference=REFERENCE))

    do(account.system, Write(operation="change", side="a", kind="note", key=key, changes={"text": "Bezahlt."}))

    body = account.record("note", key).body
    assert isinstance(body, Note)
    assert (body.title, body.text.splitlines()[0], body.reference) == ("Rechnung 7", "Bezahlt.", REFERENCE)


def file(folder: Path, name: str, data: bytes = PDF) -> File:
    path = folder / name
    path.write_bytes(data)
    return File(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(), path=str(path))


def filing(system: System, folder: Path, owner: str, name: str, data: bytes = PDF) -> str:
    return do(system, Write(operation="create", side="a", kind="file", body=file(folder, name, data), owner=owner))


def noted(system: System, card: str) -> str:
    note = Note(title="Rechnung 7", text="Liegt bei.", about=(card,))
    return do(system, Write(operation="create", side="a", kind="note", body=note, reference=REFERENCE))


def test_a_webhook_puts_the_file_on_the_card_and_a_new_version_in_its_place(tmp_path: Path) -> None:
    account = portal()
    deal = account.act("create_deal", title="Kran")
    mine, other = noted(account.system, f"deal:{deal}"), noted(account.system, f"deal:{deal}")
    account.act("comment", kind="deal", id=deal, text="Bitte anrufen")
    beside = filing(account.system, tmp_path, other, "RE-8.pdf")
    first = filing(account.system, tmp_path, mine, "RE-7.pdf")

    calls = len(account.wire.sent)
    second = filing(account.system, tmp_path, mine, "RE-7_v2.pdf", PDF + b" and two")

    assert len(account.wire.sent) - calls == 3, "the new one, a look for older ones, the end of one: only for a later version"
    assert account.system.read("files", first.partition(":")[2]) is None
    assert all(account.system.read("files", key.partition(":")[2]) is not None for key in (beside, second))
    assert len(account.simulator.truth()["comments"]) == 5, "two notes, two files, and what a person wrote"


@pytest.mark.feature("L19", kind="read")
def test_a_local_app_files_a_document_of_the_crm_and_a_new_version_in_its_place(tmp_path: Path) -> None:
    app = LocalApp()
    system = app.system()
    deal = app.act("create_deal", title="Kran")
    note = noted(system, f"deal:{deal}")

    first = filing(system, tmp_path, note, "RE-7.pdf")

    (held,) = app.simulator.truth()["documents"]
    assert (held["TITLE"], held["NUMBER"], str(held["ENTITY_ID"])) == ("RE-7.pdf", "RE-7", deal)
    assert held["PDF_SHA256"] == hashlib.sha256(PDF).hexdigest()
    assert [record.key for record in _records(system, "documents", first)] == [first]
    assert len(app.simulator.truth()["comments"]) == 1, "no comment carries it besides"

    beside = filing(system, tmp_path, note, "RE-70.pdf")
    second = filing(system, tmp_path, note, "RE-7_v2.pdf", PDF + b" and two")

    assert [f"document:{row['ID']}" for row in app.simulator.truth()["documents"]] == [beside, second]
    do(system, Write(operation="delete", side="a", kind="file", key=second))
    assert system.read("documents", second.partition(":")[2]) is None


def _records(system: System, resource: str, key: str) -> tuple[Any, ...]:
    raw = system.read(resource, key.partition(":")[2])
    assert raw is not None
    return system.records(raw)


@pytest.mark.feature("L18", kind="do")
def test_an_invoice_of_the_books_lies_among_the_card_s_documents_in_its_last_version(tmp_path: Path) -> None:
    v = village(tmp_path)
    signed_in(v)
    quoted(v)
    v.sync()
    (customer,) = v.books.truth()["customers"]
    invoice = v.books_act("create_invoice", customer_id=str(customer["CUSTOMER_ID"]), title="Rechnung", items="Kran; 1; 100; 19")
    v.books_act("complete_invoice", id=str(invoice))
    v.sync()
    v.sync()
    assert [(row["TITLE"], row["NUMBER"]) for row in v.crm.truth()["documents"]] == [("1001.pdf", "1001")]

    v.books_act("record_payment", INVOICE_ID=str(invoice), AMOUNT="119")
    v.sync()
    v.sync()

    assert [(row["TITLE"], row["NUMBER"]) for row in v.crm.truth()["documents"]] == [("1001_v2.pdf", "1001")]
    (note,) = v.crm.truth()["comments"]
    assert "bezahlt" in note["COMMENT"]
    assert v.problems() == []


def test_a_document_whose_answer_was_lost_is_found_by_its_number_and_name(tmp_path: Path) -> None:
    app = LocalApp()
    system = app.system()
    note = noted(system, f"deal:{app.act('create_deal', title='Kran')}")
    write = Write(operation="create", side="a", kind="file", body=file(tmp_path, "RE-7.pdf"), owner=note)
    (command,) = system.compose(write, None)
    assert system.probe(write) == ()
    app.world.faults.arm("timeout-after", times=1)

    caught(Unclear, lambda: system.send(command))

    (raw,) = system.probe(write)
    assert [record.kind for record in system.records(raw)] == ["file"]
    assert system.probe(replace(write, body=file(tmp_path, "RE-8.pdf"))) == ()


def test_where_the_older_one_cannot_be_taken_away_the_new_file_stands_all_the_same(tmp_path: Path) -> None:
    account = portal()
    note = noted(account.system, f"deal:{account.act('create_deal', title='Kran')}")
    first = filing(account.system, tmp_path, note, "RE-7.pdf")
    body = file(tmp_path, "RE-7_v2.pdf", PDF + b" and two")
    (command,) = account.system.compose(Write(operation="create", side="a", kind="file", body=body, owner=note), None)
    account.world.faults.arm("status", times=9, value=503, skip=1)

    second = account.system.send(command).key

    account.world.faults.clear()
    assert [account.system.read("files", key.partition(":")[2]) is not None for key in (first, second)] == [True, True]
    third = filing(account.system, tmp_path, note, "RE-7_v3.pdf", PDF + b" and three")
    assert [account.system.read("files", key.partition(":")[2]) is not None for key in (first, second, third)] == [False, False, True]


def test_an_app_keeps_to_comments_where_the_connection_says_so(tmp_path: Path) -> None:
    app = LocalApp()
    system = app.system(files_as_comments=True)

    key = filing(system, tmp_path, noted(system, f"deal:{app.act('create_deal', title='Kran')}"), "RE-7.pdf")

    assert (key.partition(":")[0], app.simulator.truth()["documents"]) == ("file", [])


def test_the_text_that_goes_along_with_a_pdf_is_a_whole_and_always_the_same_one(tmp_path: Path) -> None:
    body = file(tmp_path, "RE-7.pdf")
    step = notes.loaded(Step("item", "crm.documentgenerator.document.upload", {"fields": {"title": body.name}}), Path(body.path))
    again = notes.loaded(Step("item", "crm.documentgenerator.document.upload", {"fields": {"title": body.name}}), Path(body.path))

    fields = step.params["fields"]
    assert fields == again.params["fields"]
    assert b64decode(fields["pdfContent"]) == PDF
    with zipfile.ZipFile(io.BytesIO(b64decode(fields["fileContent"]))) as archive:
        assert set(archive.namelist()) == {"[Content_Types].xml", "_rels/.rels", "word/document.xml"}
        assert archive.testzip() is None


@pytest.mark.parametrize(
    ("name", "number"), (("RE-7.pdf", "RE-7"), ("RE-7_v2.pdf", "RE-7"), ("RE_v.pdf", "RE_v"), ("A_v10.pdf", "A"), ("A_v1_v2.pdf", "A_v1"))
)
def test_all_versions_of_a_file_have_one_number(name: str, number: str) -> None:
    assert notes.number_of(name) == number


def test_an_app_is_asked_where_it_files() -> None:
    system = LocalApp().system()
    kept = settled(system, {}, {"files_as_comments": "yes"})

    assert {one.name: one.value for one in choices(system, kept)}["files_as_comments"] == "yes"
    assert ways_of(kept).files_as_comments
    assert not ways_of(settled(system, kept, {"files_as_comments": "none"})).files_as_comments

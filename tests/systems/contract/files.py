"""The rendered file of a document: the right bytes or a clear word, and never half a file on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace
from werkzeug.test import Client

from tests.systems.contract.account import Account, caught
from tests.systems.contract.operations import document_with_file
from unisono.model.document import Document
from unisono.model.errors import NotThere, Refused, Unavailable
from unisono.model.record import Record

LIMIT = 1_000_000


def link(record: Record) -> str:
    assert isinstance(record.body, Document)
    return record.body.file_url


def with_link(record: Record, url: str) -> Record:
    assert isinstance(record.body, Document)
    return replace(record, body=replace(record.body, file_url=url))


class Files:
    def test_the_file_is_brought_whole_with_its_size_and_hash(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind
        account.world.storage.settings["pdf_varies"] = False
        there = Client(account.app).get(urlsplit(link(record)).path).get_data()

        got = account.system.fetch_file(record, tmp_path, LIMIT)

        assert got.path.read_bytes() == there
        assert (got.size, got.sha256, got.media_type) == (len(there), hashlib.sha256(there).hexdigest(), "application/pdf")
        assert list(tmp_path.iterdir()) == [got.path]

    def test_a_stale_link_is_asked_for_again_and_a_fresh_one_followed(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind
        account.clock.advance(90 * 86_400)

        got = account.system.fetch_file(record, tmp_path, LIMIT)

        assert got.path.read_bytes().startswith(b"%PDF")

    def test_a_link_that_was_never_known_is_asked_for(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind

        assert account.system.fetch_file(with_link(record, ""), tmp_path, LIMIT).size > 0

    def test_the_file_of_a_document_that_is_gone_is_not_there(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind
        account.vendor.drop[record.resource](account, record.resource_key)

        caught(NotThere, lambda: account.system.fetch_file(record, tmp_path, LIMIT))
        assert list(tmp_path.iterdir()) == []

    def test_what_is_no_pdf_is_refused_with_its_document(self, account: Account, no_pdf: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        account.world.faults.arm(no_pdf, times=9)

        fault = caught(Refused, lambda: account.system.fetch_file(record, tmp_path, LIMIT))

        assert (fault.code, fault.values["record"]) == ("file-not-pdf", record.key)
        assert list(tmp_path.iterdir()) == []

    def test_a_file_over_the_limit_is_refused_and_not_kept(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind
        account.world.faults.arm(account.vendor.huge_pdf, value=3 * LIMIT)

        fault = caught(Refused, lambda: account.system.fetch_file(record, tmp_path, LIMIT))

        assert (fault.code, fault.values["record"]) == ("file-too-large", record.key)
        assert list(tmp_path.iterdir()) == []

    def test_a_link_to_a_stranger_is_never_followed(self, account: Account, fetched: str, tmp_path: Path) -> None:
        record = document_with_file(account)
        assert fetched == record.kind
        for url in ("https://fremd.example/x.pdf", "http://127.0.0.1/x.pdf", "file:///etc/passwd", "https://169.254.169.254/latest"):
            calls = len(account.wire.sent)
            try:
                got = account.system.fetch_file(with_link(record, url), tmp_path, LIMIT)
                assert got.path.read_bytes().startswith(b"%PDF"), "only by a fresh link of the vendor's own"
            except (Refused, Unavailable, NotThere):
                pass
            assert not any(urlsplit(url).netloc in sent for sent in account.wire.sent[calls:] if urlsplit(url).netloc)

    def test_a_system_that_renders_no_documents_says_so_without_a_call(self, account: Account, unrendered: str, tmp_path: Path) -> None:
        resource = account.vendor.capabilities.resource(unrendered)
        raw = account.system.read(resource.name, account.row(resource.name))
        assert raw is not None
        (record, *_) = account.system.records(raw)
        calls = len(account.wire.sent)

        caught(NotThere, lambda: account.system.fetch_file(record, tmp_path, LIMIT))

        assert len(account.wire.sent) == calls

"""Everything the account holds, for comparison from outside."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.centralstation import parts
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.protocols import files_of
from unisono.sandbox.centralstation.records import COMPANY_KIND, DEAL_KIND, PERSON_KIND, Kind, company_ids, people_ids
from unisono.sandbox.kit.world import Row

_OF = {
    PERSON_KIND: ("tels", "emails", "homepages", "addrs", "tags", "positions", "custom_fields"),
    COMPANY_KIND: ("tels", "emails", "homepages", "addrs", "tags", "positions", "custom_fields"),
    DEAL_KIND: ("tags", "custom_fields"),
}


def truth(book: Book) -> dict[str, Any]:
    """``companies``, ``people`` and ``deals`` with their sub-records (deals with ``person_ids``, people with ``company_ids``), ``tags``,
    ``protocols`` with ``attachments`` (filename, content_type, size, sha256) and ``shown_at``, ``custom_fields_types``, ``custom_fields``,
    ``hooks``. Lists of copies, oldest first."""
    return {
        "companies": [_whole(book, COMPANY_KIND, row) for row in book.rows("companies").values()],
        "people": [_whole(book, PERSON_KIND, row) for row in book.rows("people").values()],
        "deals": [_whole(book, DEAL_KIND, row) for row in book.rows("deals").values()],
        "tags": [dict(row) for row in book.rows("tags").values()],
        "protocols": [_note(book, row) for row in book.rows("protocols").values()],
        "custom_fields_types": [dict(row) for row in book.rows("custom_fields_types").values()],
        "custom_fields": [parts.custom_field(book, row) for row in book.rows("custom_fields").values()],
        "hooks": [dict(row) for row in book.rows("hooks").values()],
    }


def _whole(book: Book, kind: Kind, row: Row) -> Row:
    whole = dict(row) | {name: [dict(sub) for sub in parts.of(book, name, kind.type, row["id"])] for name in _OF[kind]}
    if kind is DEAL_KIND:
        whole["person_ids"] = people_ids(book, row)
    if kind is PERSON_KIND:
        whole["company_ids"] = company_ids(book, row["id"])
    return whole


def _note(book: Book, row: Row) -> Row:
    files = [{name: file[name] for name in ("id", "filename", "content_type", "size", "sha256")} for file in files_of(book, row["id"])]
    return dict(row) | {"attachments": files, "shown_at": book.storage.table("protocols_feed")[row["id"]]["shown_at"]}

"""FastBill behind the port: one account, no state but login and door."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.document import Document
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.party import Contact, Party
from unisono.model.record import Kind, Record
from unisono.model.writing import Write
from unisono.systems.fastbill import mapping, writing
from unisono.systems.fastbill.client import IDS, Client
from unisono.systems.fastbill.values import Row, is_deleted, is_empty, key_of, row_of, rows_of

_LINKS = ("DOCUMENT_URL", "DOCUMENT_HISTORY_URL")
_KEYS = frozenset(IDS.values())
"""Members that name a record; ``VAT_ID`` is none of them, and a text of a person's may begin with a dollar sign."""
_JSON = msgspec.json.Encoder(decimal_format="number")
_SYMBOL = re.compile(r"\$([1-9][0-9]?)\Z")


class FastBill(Struct, frozen=True):
    """The ``System`` of this vendor. ``portals`` are the hosts whose document links are followed."""

    client: Client
    capabilities: Capabilities
    portals: tuple[str, ...]

    def identify(self) -> Identity | None:
        """Proves the login by the cheapest call. There is no call that says whose the account is."""
        self.client.page("customer", {}, limit=1)
        return None

    def pages(self, resource: str, since: dt.datetime | None = None) -> Iterator[Page]:
        """Every row but those marked as deleted, or of invoices those changed since the day of a mark."""
        filters = {}
        if since is not None and self.capabilities.resource(resource).signal == "coarse-stamp":
            filters["START_LASTUPDATE"] = since.astimezone(self.client.zone).date().isoformat()
        return self._pages(resource, filters)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row; ``None`` if there is none or FastBill marks it as deleted."""
        if not key_of(key):
            return None
        found, _ = self.client.page(resource, {IDS[resource]: key})
        rows = [row for row in found if isinstance(row, dict) and key_of(row.get(IDS[resource])) == key]
        if found and not rows:
            # Taking this for "not found" would look like a deletion.
            raise BadAnswer("filter-ignored", {"system": "fastbill", "resource": resource, "record": key, "field": IDS[resource]})
        return _raw(resource, rows[0], "") if rows and not is_deleted(rows[0]) else None

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        return mapping.records(raw.resource, raw.key, raw.body, self.client.zone)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """The row that holds a record: ``("contact", "12#main")`` lives in customer 12."""
        return mapping.locate(kind, key)

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one call of a write. Raises ``Refused`` naming the field."""
        row: Row | None = None if current is None else row_of(current.resource, current.key, current.body, self.client.zone)
        service, data = writing.call(write, row, self.capabilities.fields(write.kind))
        return (Command(service, data),)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One write. The answer proves no values, so there is never a row in it."""
        data = {name: _resolved(value, earlier) if name in _KEYS else value for name, value in command.payload.items()}
        service, embedded, _ = command.operation.partition(mapping.EMBEDDED)
        key = self.client.write(service, data)
        return Answered(mapping.PREFIXES[service.partition(".")[0]] + key + embedded)

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that hold exactly what a lost create would have made: searched by the most telling value, then compared in full."""
        limits = self.capabilities.fields(write.kind)
        if isinstance(write.body, Party):
            sent = writing.sent_fields(write, limits)
            resource = "customer"
            filters = {"CUSTOMER_NUMBER": sent["number"]} if sent.get("number") else {"TERM": sent.get("email") or sent.get("name", "")}
        elif isinstance(write.body, Contact | Document) and write.owner:
            resource, filters = mapping.RESOURCES[write.kind], {"CUSTOMER_ID": write.owner}
        else:
            return ()
        found = (raw for page in self._pages(resource, filters) for raw in page.rows)
        return tuple(raw for raw in found if any(writing.is_made_by(write, record, limits) for record in self.records(raw)))

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:
        """The document as PDF. A stale link answers a page with status 200: then the record is read once more for a fresh one."""
        url = record.body.file_url if isinstance(record.body, Document) else ""
        fetched, answer = self._download(record, url, folder, limit)
        if fetched:
            return fetched
        raw = self.read(record.resource, record.resource_key)
        fresh = [r.body.file_url for r in self.records(raw) if isinstance(r.body, Document)] if raw else []
        if not any(fresh):
            raise NotThere("no-file", {"system": "fastbill", "record": record.key})
        fetched, answer = self._download(record, fresh[0], folder, limit)
        if fetched:
            return fetched
        raise Refused("file-not-pdf", {"system": "fastbill", "record": record.key, "answer": answer[:80]}, answer)

    def _pages(self, resource: str, filters: Mapping[str, str]) -> Iterator[Page]:
        for stretch, fresh in self.client.pages(resource, filters):
            found, reply = stretch.page
            rows = tuple(_raw(resource, found[i], f"?{stretch.start + i}") for i in fresh if not is_deleted(found[i]))
            yield Page(rows, not stretch.full, reply.server_time())

    def _download(self, record: Record, url: str, folder: Path, limit: int) -> tuple[Fetched | None, str]:
        """What was brought, or how the answer that is no PDF begins."""
        if not url:
            return None, ""
        path = folder / f"{record.resource}-{record.resource_key}.pdf"
        try:
            reply = self.client.door.download(url, path, limit=limit, hosts=self.portals)
        except Refused as refused:
            refused.values = {**refused.values, "system": "fastbill", "record": record.key}
            raise
        if reply.status != 200 or not reply.body.startswith(b"%PDF"):
            path.unlink(missing_ok=True)
            return None, f"{reply.status} {reply.excerpt()}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Fetched(path, path.stat().st_size, digest, "application/pdf"), ""


def _raw(resource: str, value: object, place: str) -> Raw:
    """A row as it came. One without an id gets its place as key, so that reading it can say what is wrong and the others go on.

    The version leaves out the links, since each answer may name new ones for an unchanged record, and the notation, since the same list comes
    now as a list and now as an object with numeric keys.
    """
    row = value if isinstance(value, dict) else {}
    lasting = _JSON.encode({name: _steady(row[name]) for name in sorted(row) if name not in _LINKS})
    return Raw(resource, key_of(row.get(IDS[resource])) or place, _JSON.encode(value), hashlib.blake2b(lasting, digest_size=12).hexdigest())


def _steady(value: object) -> object:
    """One notation for what may come in several: nothing, and lists."""
    if is_empty(value):
        return None
    if not isinstance(value, dict | list):
        return value
    try:
        rows = rows_of(value)
    except ValueError:
        assert isinstance(value, dict)
        return {name: _steady(value[name]) for name in sorted(value)}
    return [_steady(row) for row in rows]


def _resolved(value: Any, earlier: tuple[Answered, ...]) -> Any:
    """An id, or the answer to an earlier command that ``$1`` stands for."""
    symbol = _SYMBOL.match(value) if isinstance(value, str) else None
    return earlier[int(symbol.group(1)) - 1].key.rpartition(":")[2] if symbol else value

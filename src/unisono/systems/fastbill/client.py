"""FastBill over its one address: sign, ask, page through, and what an answer means. Raw values in and out; meaning is in the mapping.

The service says no with status 200 and a list ``ERRORS``, so every answer is looked at whatever its status.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import msgspec

from unisono.connect.http import Door, Reply
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.document import Document
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, Refused, TryLater, Unavailable, Unclear
from unisono.model.party import Contact, Party
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.fastbill import mapping, values, writing

PAGE = 100
"""The most rows a call gives."""
_LISTS = {"customer": "CUSTOMERS", "contact": "CONTACTS", "estimate": "ESTIMATES", "invoice": "INVOICES"}
_IDS = {name: f"{name.upper()}_ID" for name in _LISTS}
_LINKS = ("DOCUMENT_URL", "DOCUMENT_HISTORY_URL")
_JSON = msgspec.json.Encoder(decimal_format="number")
_NOT_TAKEN = (400, 405, 413, 414, 415, 422)
"""Statuses of a request that was not carried out, whatever the body is. A 404 is not: it was seen while the vendor renewed the service."""
_QUOTA_PAUSE = 300.0
_QUOTA = re.compile(
    r"too many requests|(?:request|call|api|anfrage|aufruf).*(?:limit|quota|exceed|überschr)|(?:limit|quota).*(?:request|call|hour|stunde)"
)
_RESET = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4}))[ T,]+(?:um )?(\d\d):(\d\d)(?::(\d\d))?", re.ASCII)
_FIELD = re.compile(r"field: *([A-Z_0-9]+)")
_SYMBOL = re.compile(r"\$([1-9][0-9]?)\Z")


@dataclass(frozen=True, slots=True)
class FastBill:
    """One FastBill account behind the port. ``portals`` are the hosts whose document links are followed."""

    door: Door
    url: str
    login: tuple[str, Secret]
    capabilities: Capabilities
    portals: tuple[str, ...]

    def identify(self) -> Identity | None:
        """Proves the login by the cheapest call. There is no call that says whose the account is."""
        self._rows("customer", {}, 0, limit=1)
        return None

    def pages(self, resource: str, since: dt.datetime | None = None) -> Iterator[Page]:
        """Every row, or of invoices those changed since the day of a mark. Raises ``BadAnswer`` if a page repeats the one before it."""
        filters = {}
        if since is not None and self.capabilities.resource(resource).signal == "coarse-stamp":
            filters["START_LASTUPDATE"] = since.astimezone(self._zone).date().isoformat()
        return self._pages(resource, filters)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row; ``None`` if there is none or FastBill marks it as deleted."""
        if not values.key_of(key):
            return None
        found, _ = self._rows(resource, {_IDS[resource]: key}, 0)
        raws = [raw for raw in found if raw.key == key]
        if found and not raws:
            # Taking this for "not found" would look like a deletion.
            raise BadAnswer("filter-ignored", {"system": "fastbill", "resource": resource, "record": key, "field": _IDS[resource]})
        return None if not raws or self._row(raws[0]).gone() else raws[0]

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        return mapping.records(raw.resource, raw.key, raw.body, self._zone)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """The row that holds a record: ``("contact", "12#main")`` lives in customer 12."""
        return mapping.locate(kind, key)

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one call of a write. Raises ``Refused`` naming the field."""
        row = None if current is None else self._row(current)
        made = writing.calls(write, row, self.capabilities.fields(write.kind))
        return tuple(Command(service, data) for service, data in made)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One write. The answer proves no values, so there is never a row in it."""
        name, _, action = command.operation.partition(".")
        data = {key: _resolved(value, earlier) if key.endswith("_ID") else value for key, value in command.payload.items()}
        response, reply = self._answer({"SERVICE": command.operation, "DATA": data}, write=True)
        status = str(response.get("STATUS") or "").strip().lower()
        if status not in ("", "success"):
            self._refuse(command.operation, data, f"STATUS {status}", reply)
        key = values.key_of(response.get(_IDS[name])) if action == "create" else values.key_of(data.get(_IDS[name]))
        if not key or (not status and action != "create"):
            raise Unclear("no-confirmation", {"system": "fastbill", "operation": command.operation}, reply.excerpt())
        return Answered(mapping.PREFIXES[name] + key)

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

    # --- files ---

    def _download(self, record: Record, url: str, folder: Path, limit: int) -> tuple[Fetched | None, str]:
        """What was brought, or how the answer that is no PDF begins."""
        if not url:
            return None, ""
        path = folder / f"{record.resource}-{record.resource_key}.pdf"
        try:
            reply = self.door.download(url, path, limit=limit, hosts=self.portals)
        except Refused as refused:
            refused.values = {**refused.values, "system": "fastbill", "record": record.key}
            raise
        if reply.status != 200 or not reply.body.startswith(b"%PDF"):
            path.unlink(missing_ok=True)
            return None, f"{reply.status} {reply.excerpt()}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Fetched(path, path.stat().st_size, digest, "application/pdf"), ""

    # --- rows ---

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.capabilities.time_zone)

    def _row(self, raw: Raw) -> values.Row:
        return values.row_of(raw.resource, raw.key, raw.body, self._zone)

    def _pages(self, resource: str, filters: Mapping[str, str]) -> Iterator[Page]:
        offset = 0
        before: tuple[str, ...] = ()
        while True:
            rows, reply = self._rows(resource, filters, offset)
            keys = tuple(raw.key for raw in rows)
            if rows and keys == before:
                raise BadAnswer("same-page-again", {"system": "fastbill", "resource": resource, "offset": str(offset)})
            last = len(rows) < PAGE
            yield Page(rows, last, reply.server_time())
            if last:
                return
            offset, before = offset + len(rows), keys

    def _rows(self, resource: str, filters: Mapping[str, str], offset: int, limit: int = PAGE) -> tuple[tuple[Raw, ...], Reply]:
        request: dict[str, Any] = {"SERVICE": f"{resource}.get", "LIMIT": limit, "OFFSET": offset}
        response, reply = self._answer(request | ({"FILTER": dict(filters)} if filters else {}), write=False)
        name = _LISTS[resource]
        if response and name not in response:
            raise BadAnswer("no-list", {"system": "fastbill", "resource": resource, "field": name}, reply.excerpt())
        try:
            found = values.rows_of(response.get(name))
        except ValueError as error:
            told = {"system": "fastbill", "resource": resource, "field": name, "expected": "a list"}
            raise BadAnswer("bad-value", told, reply.excerpt()) from error
        return tuple(_raw(resource, value, offset + i) for i, value in enumerate(found)), reply

    # --- answers ---

    def _answer(self, request: dict[str, Any], *, write: bool) -> tuple[dict[str, Any], Reply]:
        """The member ``RESPONSE`` of the answer, once nothing in it says no."""
        try:
            reply = self.door.call("POST", self.url, json=request, login=self.login, write=write, wait_at_429=_QUOTA_PAUSE)
        except TryLater as later:
            later.at = self._reset(later.raw, later.at) or later.at
            raise
        service = request["SERVICE"]
        told = {"system": "fastbill", "operation": service, "status": str(reply.status)}
        response = self._response(reply, told, write=write)
        words = "; ".join(_errors(response.get("ERRORS")))
        if "wrongapikeyorusercredentials" in "".join(words.casefold().split()):
            raise LoginRefused("login-refused", told, reply.excerpt())
        if words and _QUOTA.search(words.casefold()) and not _FIELD.search(words):
            seen = reply.server_time()
            at = self._reset(words, seen) or (seen + dt.timedelta(seconds=_QUOTA_PAUSE) if seen else None)
            raise TryLater("hourly-limit", told | {"answer": reply.redact(words)[:300]}, reply.excerpt(), at=at)
        if words and write:
            self._refuse(service, request["DATA"], words, reply)
        if words:
            raise BadAnswer("vendor-error", told | {"answer": reply.redact(words)[:300]}, reply.excerpt())
        if reply.status >= 300:
            self._no_envelope(reply, told, write=write)
        return response, reply

    def _response(self, reply: Reply, told: dict[str, str], *, write: bool) -> dict[str, Any]:
        if reply.status in (401, 403):
            raise LoginRefused("login-refused", told, reply.excerpt())
        if reply.status >= 300 and reply.is_html():
            self._no_envelope(reply, told, write=write)
        envelope = reply.json()
        response = envelope.get("RESPONSE", 0) if isinstance(envelope, dict) else 0
        if isinstance(response, dict):
            return response
        if values.is_empty(response):
            return {}
        if reply.status >= 300:
            self._no_envelope(reply, told, write=write)
        raise (Unclear if write else BadAnswer)("no-envelope", told, reply.excerpt())

    def _no_envelope(self, reply: Reply, told: dict[str, str], *, write: bool) -> NoReturn:
        if not write:
            raise Unavailable("http-status", told, reply.excerpt())
        raise (Refused if reply.status in _NOT_TAKEN else Unclear)("http-status", told, reply.excerpt())

    def _refuse(self, service: str, data: Mapping[str, Any], words: str, reply: Reply) -> NoReturn:
        """A refusal in the vendor's words, with our name of the field where the words name one of theirs."""
        named = _FIELD.search(words)
        wire = named.group(1) if named else ""
        field = mapping.FIELD_OF.get(wire, "")
        record = next((str(data[n]) for n in ("ORGANIZATION", "LAST_NAME", "INVOICE_TITLE", "CUSTOMER_ID") if data.get(n)), "")
        told = {
            "system": "fastbill",
            "operation": service,
            "record": record[:80],
            "field": field or wire,
            "value": str(data.get(wire, ""))[:80],
        }
        told["answer"] = reply.redact(words)[:300]
        raise Refused("vendor-refused", {name: text for name, text in told.items() if text}, reply.excerpt(), field=field)

    def _reset(self, words: str, seen: dt.datetime | None) -> dt.datetime | None:
        """The instant a refusal names, if it is one within the next two hours."""
        found = _RESET.search(words)
        if not found:
            return None
        year, month, day, day_, month_, year_, hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            at = dt.datetime(year or year_, month or month_, day or day_, hour, minute, second, tzinfo=self._zone).astimezone(dt.UTC)
        except ValueError:
            return None
        return at if seen is None or seen <= at <= seen + dt.timedelta(hours=2) else None


def signed(login: Mapping[str, str | Secret]) -> tuple[str, Secret]:
    """E-mail and API key as the door takes them. Raises ``KeyError`` for a missing one."""
    email, key = login["email"], login["api_key"]
    return (email.reveal() if isinstance(email, Secret) else email), (key if isinstance(key, Secret) else Secret(key))


def _raw(resource: str, value: object, place: int) -> Raw:
    """A row as it came. One without an id gets its place as key, so that reading it can say what is wrong and the others go on.

    The version leaves out the links, since each answer may name new ones for an unchanged record.
    """
    row = value if isinstance(value, dict) else {}
    key = values.key_of(row.get(_IDS[resource]))
    lasting = _JSON.encode({name: member for name, member in row.items() if name not in _LINKS})
    return Raw(resource, key or f"?{place}", _JSON.encode(value), hashlib.blake2b(lasting, digest_size=12).hexdigest())


def _errors(value: object) -> list[str]:
    """The words of ``ERRORS``: a list, an object or one plain text."""
    if isinstance(value, dict):
        value = list(value.values())
    found = value if isinstance(value, list) else [value]
    return [str(word) for word in found if not values.is_empty(word)]


def _resolved(value: Any, earlier: tuple[Answered, ...]) -> Any:
    """An id, or the answer to an earlier command that ``$1`` stands for."""
    symbol = _SYMBOL.match(value) if isinstance(value, str) else None
    return earlier[int(symbol.group(1)) - 1].key.rpartition(":")[2] if symbol else value

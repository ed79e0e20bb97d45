"""Lexware Office behind the port: one account, no state but login and door."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.document import Document
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.record import Kind, Record
from unisono.model.writing import Write
from unisono.systems.lexoffice import mapping, writing
from unisono.systems.lexoffice.client import Client
from unisono.systems.lexoffice.lists import Lists
from unisono.systems.lexoffice.mapping import ARTICLES, CONTACTS, DOCUMENTS, Ways
from unisono.systems.lexoffice.probe import probe
from unisono.systems.lexoffice.values import BY_PATH, VOUCHERS, ZONE, row_in, split

_RESOURCES = (CONTACTS, DOCUMENTS, ARTICLES)


class Lexoffice:
    """The ``System`` of this vendor. ``ways`` are what set-up settled for the account."""

    def __init__(self, client: Client, capabilities: Capabilities, ways: Ways) -> None:
        self.client = client
        self._lists = Lists(client, ways, capabilities)
        self._capabilities, self._ways = capabilities, ways

    @property
    def capabilities(self) -> Capabilities:
        """What it can do over this connection."""
        return self._capabilities

    def identify(self) -> Identity | None:
        """The organisation whose key it is."""
        profile, _ = self.client.get("profile", absent=())
        account, name = profile.get("organizationId"), profile.get("companyName")
        if not isinstance(account, str) or not account:
            raise BadAnswer("not-a-row", {"call": "GET profile", "field": "organizationId", "value": str(profile)[:80]})
        return Identity(account, name if isinstance(name, str) else "", ZONE.key)

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """The rows of a resource; of documents those changed since a moment, if one is given."""
        if resource not in _RESOURCES:
            raise KeyError(resource)
        return self._lists.pages(resource, since)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row in full; ``None`` only if the service says that there is none."""
        if resource not in _RESOURCES:
            raise KeyError(resource)
        return self._lists.read(resource, key)

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        return mapping.records(raw.resource, raw.key, row_in(raw), self._ways)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """``contact``, ``<id>#main`` -> ``contacts``, ``<id>``. Raises ``ValueError`` for a kind that is not here."""
        return mapping.locate(kind, key)

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one call of a write; see ``writing.compose``."""
        return writing.compose(write, row_in(current) if current else None, self._capabilities, self._ways)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:  # noqa: ARG002  the port's signature
        """One call. The answer proves no values, so there is never a row in it. Raises what ``Client.write`` raises."""
        method, _, place = command.operation.partition(" ")
        path, mark, person = place.partition("#")
        payload = writing.sendable(command.payload, self.client.now().astimezone(ZONE).date()) if command.payload else None
        made = self.client.write(method, path, payload)
        word = BY_PATH.get(path.partition("?")[0], "")
        return Answered(f"{word}:{made}" if word else f"{made}{mark}{person}")

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that hold exactly what an unclear create would have made."""
        return probe(write, self._lists, self.records, self._capabilities)

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:
        """The document as PDF. The address is made of its key: no link is followed."""
        word, row_id = split(record.key)
        told = {"system": "lexoffice", "record": record.key}
        if not isinstance(record.body, Document) or not word:
            raise NotThere("no-file", told)
        try:
            reply = self.client.file(f"{VOUCHERS[word].path}/{row_id}/file")
        except NotThere as absent:
            raise NotThere("no-file", told | {"status": absent.values.get("status", "")}, absent.raw) from None
        if len(reply.body) > limit:
            raise Refused("file-too-large", told | {"limit": str(limit)})
        if not reply.body.startswith(b"%PDF"):
            raise Refused("file-not-pdf", told | {"answer": reply.excerpt()[:80]}, reply.excerpt())
        path = folder / f"{word}-{row_id}.pdf"
        path.write_bytes(reply.body)
        return Fetched(path, len(reply.body), hashlib.sha256(reply.body).hexdigest(), "application/pdf")

"""Bitrix24 behind the port: one portal, no state but login and door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from unisono.connect import exact
from unisono.connect.port import Answered, Command, Fetched, Identity, Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.errors import BadAnswer, NotThere, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.fields import Row
from unisono.model.record import Kind, Record
from unisono.model.writing import Write
from unisono.systems.bitrix24 import calls, catalogue, drafts, mapping, notes, writing
from unisono.systems.bitrix24.client import Answers, Client, Step, result_of
from unisono.systems.bitrix24.lists import SINGLE, Lists
from unisono.systems.bitrix24.mapping import PREFIXES, RESOURCES, Ways
from unisono.systems.bitrix24.probe import probe, probe_many
from unisono.systems.bitrix24.together import write_together
from unisono.systems.bitrix24.values import as_id

KINDS: dict[Kind, tuple[str, ...]] = {
    "party": ("company", "contact"),
    "contact": ("contact",),
    "quote": ("quote", "deal"),
    "invoice": ("invoice",),
    "product": ("product",),
    "note": ("comment",),
    "file": ("file", "document"),
    "tag": ("company", "contact"),
}

MADE = ("item", "element", "document")
"""What an answer calls the record it made."""


class Bitrix24:
    """The ``System`` of this vendor. ``ways`` are what set-up settled for the portal."""

    def __init__(self, client: Client, capabilities: Capabilities, ways: Ways) -> None:
        self.client = client
        self.lists = Lists(client, (ways.tag_field,) if ways.tag_field else (), ways.article_field)
        self._capabilities, self._ways = drafts.narrowed(capabilities, ways), replace(ways, app=client.is_app)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do over this connection."""
        return self._capabilities

    def identify(self) -> Identity | None:
        """The portal and the person whose webhook it is."""
        step = Step("profile", "profile")
        profile = result_of(self.client.read([step]), step)
        if not isinstance(profile, dict) or not as_id(profile.get("ID")):
            raise BadAnswer("not-a-row", {"call": "profile", "field": "ID", "value": str(profile)[:80]})
        names = [profile.get(part) for part in ("NAME", "LAST_NAME")]
        zone = profile.get("TIME_ZONE")
        return Identity(self._ways.portal, " ".join(n for n in names if isinstance(n, str) and n), zone if isinstance(zone, str) else "")

    def pages(self, resource: str, since: datetime | None = None) -> Iterator[Page]:
        """The rows of a resource in the order of their ids, each with what hangs on it; or those changed since a moment of the portal's clock."""
        if resource not in PREFIXES or resource in SINGLE:
            raise KeyError(resource)
        return self.lists.pages(resource, since)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row with what hangs on it; ``None`` only if the vendor says in its own words that there is none."""
        if resource not in PREFIXES:
            raise KeyError(resource)
        return self.lists.read(resource, key) if as_id(key) else None

    def read_many(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | SystemFault | None]:
        """Companies and contacts with what hangs on them, in one call."""
        for resource, _ in places:
            if resource not in ("companies", "contacts"):
                raise KeyError(resource)
        known = [place for place in places if as_id(place[1])]
        rows = self.lists.read_many(known) if known else {}
        return {place: rows.get(place) for place in places}

    def records(self, raw: Raw) -> tuple[Record, ...]:
        """The row in canonical form."""
        return mapping.records(raw.resource, raw.key, _row_in(raw), self._ways)

    def locate(self, kind: Kind, key: str) -> tuple[str, str]:
        """``party``, ``company:42`` -> ``companies``, ``42``. Raises ``ValueError`` for a key that is none of that kind."""
        prefix, _, row_id = key.partition(":")
        if prefix not in KINDS.get(kind, ()) or not row_id:
            raise ValueError(f"{key!r} is not the key of a {kind}")
        return RESOURCES[prefix], row_id.partition("@")[0]

    def compose(self, write: Write, current: Raw | None) -> tuple[Command, ...]:
        """The one call of a write; see ``writing.compose``."""
        return writing.compose(write, _row_in(current) if current else None, self._capabilities, self._ways)

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:  # noqa: ARG002  the port's signature
        """One call. The answer proves no values, so there is never a row in it. Raises what ``Client.write`` raises."""
        steps = self._steps(command)
        if not steps:
            return Answered(str(command.payload["key"]))
        try:
            answers = self.client.write(steps)
        except Refused as refused:
            raise _naming(refused, command, steps) from None
        answered = _answered(command, steps, answers)
        if "replaces" in command.payload:
            notes.replaced(self.client, command, answered.key)
        return answered

    def send_many(
        self,
        commands: Sequence[Command],
        earlier: Sequence[tuple[Answered, ...]],  # noqa: ARG002  the port's signature
    ) -> list[Answered | SystemFault]:
        """Several writes of companies or people in one call. One that is refused stops no other."""
        orders = [calls.steps_of(command) for command in commands]
        out: list[Answered | SystemFault] = []
        for command, steps, came in zip(commands, orders, write_together(self.client, orders), strict=True):
            if isinstance(came, SystemFault):
                out.append(_naming(came, command, steps))
                continue
            try:
                out.append(_answered(command, steps, came))
            except Unclear as fault:
                out.append(fault)
        return out

    def _steps(self, command: Command) -> list[Step]:
        """What is sent, now that what only the portal knows can be looked up; nothing where everything is as wanted already."""
        try:
            return self._known(command)
        except Unavailable as fault:
            # The portal was not reached even for the look before the write: nothing was done. An odd answer is this record's own trouble.
            raise TryLater(fault.code, fault.values, fault.raw) from fault

    def _known(self, command: Command) -> list[Step]:
        wanted, steps = command.payload, calls.steps_of(command)
        if command.file:
            return [notes.loaded(steps[0], Path(command.file))]
        if "product" in wanted:
            return catalogue.steps(self.client, wanted["product"])
        if "edit" in wanted:
            raw = self.read("comments", wanted["edit"]["id"])
            return notes.edited(_row_in(raw) if raw else None, wanted["edit"])
        return drafts.moved(steps, wanted["move"], self.client) if "move" in wanted else steps

    def probe(self, write: Write) -> tuple[Raw, ...]:
        """The rows that hold exactly what an unclear create would have made."""
        return probe(write, self.client, self.read, self.records, self._capabilities, self._ways)

    def probe_many(self, writes: Sequence[Write]) -> list[tuple[Raw, ...]]:
        """The same for several companies or people."""
        return probe_many(writes, self.client, self._rows, self.records, self._capabilities)

    def _rows(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | None]:
        """Rows in as few calls as they take. Raises the fault of a row that cannot be read."""
        out: dict[tuple[str, str], Raw | None] = {}
        for begin in range(0, len(places), self._capabilities.resource("companies").batch):
            some = places[begin : begin + self._capabilities.resource("companies").batch]
            for place, row in self.read_many(some).items():
                if isinstance(row, SystemFault):
                    raise row
                out[place] = row
        return out

    def fetch_file(self, record: Record, folder: Path, limit: int) -> Fetched:  # noqa: ARG002  the port's signature
        """Not offered: the CRM receives documents, it does not issue any."""
        raise NotThere("no-files-here", {"record": record.key})


def _answered(command: Command, steps: Sequence[Step], answers: Answers) -> Answered:
    """What a write came to. Raises ``Unclear`` for a record that was made without saying which."""
    key = str(command.payload["key"])
    if not key:
        made = result_of(answers, steps[0])
        made = next((made[name] for name in MADE if name in made), None) if isinstance(made, dict) else made
        made_id = as_id(made.get("id") if isinstance(made, dict) else made)
        if not made_id:
            raise Unclear("created-without-id", {"call": steps[0].method, "answer": str(made)[:80]}, answers.raw)
        key = f"{command.payload['prefix']}:{made_id}{command.payload.get('place', '')}"
    return Answered(key)


def _naming(fault: SystemFault, command: Command, steps: Sequence[Step]) -> SystemFault:
    """A refusal with our name of the field that it is about."""
    if isinstance(fault, Refused) and fault.code == "refused":
        at = next((step.name for step in steps if step.method == fault.values.get("call")), "")
        fault.field = writing.our_name(at, fault.values.get("answer", ""), str(command.payload["key"] or command.payload["prefix"]))
        fault.values = {**fault.values, "field": fault.field}
    return fault


def _row_in(raw: Raw) -> Row:
    """The row of a ``Raw`` again. Raises ``BadAnswer`` if it is none."""
    try:
        row = exact.decode(raw.body)
    except ValueError as error:
        raise BadAnswer("torn-json", {"record": f"{raw.resource}/{raw.key}", "reason": str(error)[:80]}) from error
    if not isinstance(row, dict):
        raise BadAnswer("not-a-row", {"record": f"{raw.resource}/{raw.key}", "value": str(row)[:80]})
    return row

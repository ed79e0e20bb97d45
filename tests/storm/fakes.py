"""An invented vendor: its books in dicts, and what its calls and its people do to them. Knows nothing of the product but the words of its records.

What stands here is the truth that the oracle reads; ``guests.py`` is the vendor's door for the product.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.storm.traits import Traits
from unisono.connect.clock import Clock

Values = dict[str, str]
KEEPS_KEYS = timedelta(days=90)
"""How long a vendor remembers the idempotency keys it was given: longer than a world lasts."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_PREFIX = {"party": "P", "contact": "C", "quote": "Q", "invoice": "I", "tag": "T", "note": "N", "file": "F"}


@dataclass(slots=True)
class Row:
    """One record as the vendor keeps it. ``state``: there, archived (hidden, not lost), deleted, merged (into ``into``)."""

    kind: str
    key: str
    values: Values
    owner: str = ""
    reference: str = ""
    created: datetime = LONG_AGO
    changed: datetime = LONG_AGO
    made: datetime = LONG_AGO
    touched: datetime = LONG_AGO
    """The true hours of its making and of the last change: indexes lag by them, whatever the vendor's clock says."""
    version: int = 1
    state: str = "there"
    into: str = ""
    tags: tuple[str, ...] = ()
    files: list[Values] = field(default_factory=list)
    past: tuple[Values, datetime] | None = None
    """What a copy of the database that lags still shows, and until when."""


class Missing(LookupError):
    """There is no such record."""


class Newer(ValueError):
    """Somebody changed the record since that version."""


class Bad(ValueError):
    """The vendor does not take that. ``args``: code, field."""


class VendorClock:
    """The true hour, and how much the vendor's clock is ahead of it."""

    def __init__(self, true: Clock) -> None:
        self._true = true
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The hour as the vendor tells it."""
        return self._true.now() + self.ahead


class Fake:
    """One account at one invented vendor."""

    def __init__(self, traits: Traits, clock: Clock) -> None:
        self.traits = traits
        self.side = traits.side
        self.rows: dict[tuple[str, str], Row] = {}
        self.told = Counter[int]()
        """How often a habit of the vendor's showed, by the number of the fault it is in the catalogue."""
        self.hidden: set[str] = set()
        """Keys of records that are there and are not shown."""
        self.token = "token-1"
        self.account = f"account-{traits.side}"
        self._true = clock
        self.clock = VendorClock(clock)
        self._counters: dict[str, int] = {}
        self._replays: dict[str, tuple[datetime, str]] = {}
        self._token_from = self.now()

    def now(self) -> datetime:
        """The vendor's own clock."""
        return self.clock.now()

    # what is there

    def live(self, kind: str) -> Iterator[Row]:
        """The records that anybody would say are there."""
        return (row for (k, _), row in self.rows.items() if k == kind and row.state in ("there", "archived"))

    def keeps_reference(self, kind: str) -> bool:
        """Whether our reference is a field of such a record."""
        return kind == "note" or self.traits.find == "reference"

    def made_under(self, idempotency: str) -> str:
        """The key of what was made under an idempotency key, if that is still remembered and still there."""
        known = self._replays.get(idempotency) if idempotency else None
        return known[1] if known is not None and self.now() - known[0] < KEEPS_KEYS else ""

    def findable(self, kind: str) -> list[Row]:
        """The records that a search knows of by now."""
        late, now = timedelta(seconds=self.traits.find_lag), self._true.now()
        rows = list(self.live(kind))
        found = [row for row in rows if row.made + late <= now]
        self.told[21] += bool(late and rows)
        return found

    # the vendor's own operations, used by the product's calls and by people

    def page(self, kind: str, since: datetime | None, start: int, size: int) -> list[Row]:
        """A stretch of a list in the order of creation: all of it, or what changed since a mark."""
        there = [row for (k, key), row in self.rows.items() if k == kind and row.state == "there" and key not in self.hidden]
        shown = [row for row in there if self._listed(row, since)]
        stamps = Counter(row.changed.replace(microsecond=0) for row in shown) if since is not None and self.traits.whole_seconds else {}
        self.told[19] += any(number > size for number in stamps.values())
        return shown[start : start + size]

    def newest(self, kind: str, seconds: int) -> set[str]:
        """The key of the record that was made last, as a set, if that was no longer ago."""
        last = list(self.live(kind))[-1:]
        return {row.key for row in last if self._true.now() - row.made <= timedelta(seconds=seconds)}

    def trails(self, kind: str, key: str) -> bool:
        """Whether a read shows a record as it was before its last change."""
        row = self.rows.get((kind, key))
        return row is not None and row.past is not None and self._true.now() < row.past[1]

    def get(self, kind: str, key: str) -> Row:
        """One record, archived or not; a merged one leads to its survivor where the vendor redirects."""
        row = self.rows.get((kind, key))
        if row is not None and row.state == "merged" and self.traits.redirects:
            return self.get(kind, row.into)
        if row is None or row.state in ("deleted", "merged"):
            raise Missing(key)
        return row

    def create(self, kind: str, values: Mapping[str, str], *, owner: str = "", reference: str = "", idempotency: str = "") -> Row:
        """A new record; or, under an idempotency key that is still remembered, the one made with it."""
        known = self.rows.get((kind, self.made_under(idempotency)))
        if known is not None and known.state == "there":
            return known
        self._check(kind, values, owner)
        if kind == "party" and not values.get("type"):
            values = {**values, "type": "company"}
        key = self._next(kind)
        row = Row(
            kind,
            key,
            {},
            owner=owner,
            reference=reference,
            created=self.now(),
            changed=self.now(),
            made=self._true.now(),
            touched=self._true.now(),
        )
        row.values = self._kept(kind, values)
        self.rows[kind, key] = row
        self._number(row)
        if idempotency:
            self._replays[idempotency] = (self.now(), key)
        return row

    def change(self, kind: str, key: str, values: Mapping[str, str], *, version: int = 0) -> Row:
        """Changes the named fields of a record."""
        row = self.get(kind, key)
        if row.key != key:
            raise Missing(key)
        if version and version != row.version:
            self.told[12] += 1
            raise Newer(key)
        if "name" in values and not values["name"].strip():
            raise Bad("missing-field", "name")
        if "tags" in values:
            row.tags = tuple(sorted({*row.tags, values["tags"]}))
            values = {name: value for name, value in values.items() if name != "tags"}
        self._put(row, row.values | self._kept(kind, values))
        return row

    def remove(self, kind: str, key: str) -> Row:
        """Deletes a record for good, or hides it where that is all the vendor does; what belongs to a customer goes with it."""
        row = self.get(kind, key)
        if row.key != key:
            raise Missing(key)
        for one in [row, *(r for r in self.rows.values() if kind == "party" and r.owner == key and r.kind in ("contact", "quote", "tag"))]:
            if one.state in ("there", "archived"):
                self._put(one, one.values)
                one.state = "deleted" if self.traits.removal == "delete" or one.kind in ("tag", "quote") else "archived"
        return row

    def attach(self, note: str, values: Mapping[str, str]) -> Row:
        """Puts a file on a note."""
        row = self.get("note", note)
        row.files.append(dict(values))
        return row

    # what only people do

    def merge(self, kind: str, key: str, into: str) -> Row:
        """One record vanishes, another takes in what it has besides. What belonged to it belongs to the survivor."""
        lost, kept = self.get(kind, key), self.get(kind, into)
        if lost is kept or kept.key != into or lost.key != key:
            raise Missing(key)
        gaps = {name: value for name, value in lost.values.items() if value and not kept.values.get(name)}
        lost.state, lost.into = "merged", into
        for row in self.rows.values():
            if row.owner == key:
                row.owner = into
                self._put(row, row.values)
        self._put(kept, kept.values | gaps)
        self.told[16] += 1
        return kept

    def typed(self, kind: str, key: str, values: Mapping[str, str]) -> Row:
        """A person changes a record in the vendor's pages: everybody sees it at once."""
        row = self.change(kind, key, values)
        row.past = None
        return row

    def restore(self, kind: str, key: str) -> Row:
        """Takes a record out of the bin or the archive."""
        row = self.rows.get((kind, key))
        if row is None or row.state not in ("deleted", "archived"):
            raise Missing(key)
        row.state = "there"
        self._put(row, row.values)
        return row

    def expire(self) -> None:
        """The access token holds no longer."""
        self._token_from = self.now() - timedelta(days=1)

    def valid(self, token: str) -> bool:
        """Whether an access token opens the door."""
        life = self.traits.token_life
        return not life or (token == self.token and self.now() - self._token_from < timedelta(seconds=life))

    def refresh(self, token: str) -> str:
        """A new token for the last one; the last one is worth nothing afterwards. Raises ``Missing`` if it is not the last one."""
        if token != self.token:
            raise Missing(token)
        return self.sign_in()

    def begin(self) -> None:
        """The world begins, and the vendor's clock goes as wrong as it is from now on. Set-up leaves nothing behind but books."""
        self.told.clear()
        self.clock.ahead = timedelta(seconds=self.traits.skew)
        self.token, self._token_from = "token-1", self.now()

    def sign_in(self) -> str:
        """A person signs in: a new token whatever the old one was."""
        self.token = f"token-{int(self.token.rpartition('-')[2]) + 1}"
        self._token_from = self.now()
        return self.token

    # inside

    def _next(self, kind: str) -> str:
        """A new key; its number is no other record's, of whatever kind, on whichever side."""
        self._counters[kind] = self._counters.get(kind, 0) + 1
        series = 10 * "ab".index(self.side) + list(_PREFIX).index(kind) + 1
        return f"{_PREFIX[kind]}{series * 10_000 + self._counters[kind]}"

    def _number(self, row: Row) -> None:
        """Quotes and invoices get the next number of their series, and their sums."""
        if row.kind not in ("quote", "invoice") or self.side == "a":
            return
        self._counters["number"] = self._counters.get("number", 0) + 1
        row.values["number"] = f"{row.kind[:2].upper()}{self._counters['number']:04d}"
        net = sum((Decimal(line[1]) * Decimal(line[2]) for line in json.loads(row.values["lines"])), Decimal(0)).quantize(Decimal("0.01"))
        vat = (net * Decimal("0.19")).quantize(Decimal("0.01"))
        row.values |= {"net": str(net), "vat": str(vat), "gross": str(net + vat)}

    def _put(self, row: Row, values: Values) -> None:
        row.past = (row.values, self._true.now() + timedelta(seconds=self.traits.stale)) if self.traits.stale else None
        row.values = values
        row.version += 1
        row.changed, row.touched = self.now(), self._true.now()

    def _kept(self, kind: str, values: Mapping[str, str]) -> Values:
        if kind not in ("party", "contact"):
            return dict(values)
        held = self.traits.holds(kind)
        kept = {name: self.traits.kept(name, value) for name, value in values.items() if name in held or name == "type"}
        altered = [name for name, value in kept.items() if value != values[name]]
        self.told[22] += len(altered)
        self.told[23] += sum(1 for name in altered if not kept[name])
        return kept

    def _check(self, kind: str, values: Mapping[str, str], owner: str) -> None:
        if kind in ("party", "contact") and not values.get("name", "").strip():
            raise Bad("missing-field", "name")
        if kind == "quote" and self.side == "b" and ("party", owner) not in self.rows:
            raise Bad("missing-field", "owner")
        for name, length in self.traits.lengths:
            if kind in ("party", "contact") and len(values.get(name, "")) > length:
                raise Bad("too-long", name)

    def _listed(self, row: Row, since: datetime | None) -> bool:
        if since is None:
            return True
        stamped = row.changed.replace(microsecond=0) if self.traits.whole_seconds else row.changed
        late = row.touched + timedelta(seconds=self.traits.list_lag) > self._true.now()
        self.told[20] += late
        return stamped >= since and not late

    def shown(self, row: Row) -> dict[str, Any]:
        """What a read shows of a record: for a moment after a write what was there before it."""
        values, version = row.values, row.version
        if row.past is not None and self.trails(row.kind, row.key):
            values, version = row.past[0], row.version - 1
            self.told[20] += 1
        stamp = (lambda at: at.replace(microsecond=0)) if self.traits.whole_seconds else (lambda at: at)
        return {
            "kind": row.kind,
            "key": row.key,
            "values": values,
            "owner": row.owner,
            "reference": row.reference if self.keeps_reference(row.kind) else "",
            "version": version,
            "tags": row.tags,
            "files": [file["name"] for file in row.files],
            "created": stamp(row.created).isoformat(),
            "changed": stamp(row.changed).isoformat(),
        }

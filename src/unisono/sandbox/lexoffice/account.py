"""The simulated account: its rows and their indexes, its clock, and what has happened since the last delivery of events."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from unisono.sandbox.kit.world import Row, World
from unisono.sandbox.lexoffice.dates import day_of, stamp
from unisono.sandbox.lexoffice.settings import setting

INDEXES: dict[str, tuple[str, ...]] = {
    "contacts": ("id",),
    "articles": ("id", "articleNumber"),
    "documents": ("id", "preceding", "contact", "file"),
    "vouchers": ("id", "contact"),
    "files": ("id",),
    "templates": ("id",),
    "subscriptions": ("id",),
}
"""Which columns of which table are indexed."""
Index = dict[str, dict[str, dict[Any, dict[int, Row]]]]


@dataclass
class Account:
    """One account. Rows are changed through ``add``, ``change`` and ``remove``, which keep the indexes."""

    world: World
    pending: list[tuple[str, str]] = field(default_factory=list)
    """(event type, resource id) since the last delivery."""
    by_api: bool = False
    """Whether a program is at work, not a person."""
    _sorted: dict[str, tuple[int, list[Row]]] = field(default_factory=dict)
    _edition: int = 0

    def setting(self, name: str) -> Any:
        """The value of a setting."""
        return setting(self.world, name)

    @property
    def organization(self) -> str:
        """The account's own id."""
        return str(self.setting("organization_id"))

    def now(self) -> datetime:
        """The present, in milliseconds."""
        now = self.world.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The day in Germany."""
        return day_of(self.now())

    def new_id(self) -> str:
        """A fresh UUID."""
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    def mark(self, salt: str, length: int) -> str:
        """A word for traces and request ids: different at each call, and without using up randomness."""
        return hashlib.sha256(f"{salt}|{self.world.log.seq}|{self.world.clock.now()}".encode()).hexdigest()[:length]

    def age(self, row: Row) -> timedelta:
        """How long ago a row was made."""
        age: timedelta = self.world.clock.now() - row["created"]
        return age

    def indexed(self, row: Row) -> bool:
        """Whether a row is in the vendor's index of lists already."""
        return self.age(row) >= timedelta(seconds=self.setting("index_seconds"))

    def happened(self, event: str, resource: str) -> None:
        """Note an event for its delivery."""
        if not self.by_api or self.setting("webhooks_for_api"):
            self.pending.append((event, resource))

    # rows

    def table(self, name: str) -> dict[int, Row]:
        """The rows of one table in the order they were made."""
        return self.world.storage.table(name)

    def find(self, table: str, key: Any) -> Row | None:
        """The row of an id, if there is one."""
        return next(iter(self.by(table, "id", str(key).lower())), None)

    def by(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows with a value in an indexed column, oldest first."""
        found = self._index(table)[column].get(value)
        return [found[key] for key in sorted(found)] if found else []

    def add(self, table: str, row: Row) -> Row:
        """Put a new row in: it gets id, version and dates where it has none."""
        key = self.world.storage.next_id(table)
        now = self.now()
        row = {"id": self.new_id(), "version": self.setting("first_version"), "created": now, "updated": now} | row | {"_key": key}
        index = self._index(table)
        self.table(table)[key] = row
        for column, entries in index.items():
            entries.setdefault(row.get(column), {})[key] = row
        self._count(table, 1)
        return row

    def change(self, table: str, row: Row, values: Row) -> None:
        """Set values; version and date move, whatever is different."""
        values = values | {"version": row["version"] + 1, "updated": self.now()}
        for column, entries in self._index(table).items():
            if column in values and values[column] != row.get(column):
                entries[row.get(column)].pop(row["_key"])
                entries.setdefault(values[column], {})[row["_key"]] = row
        row.update(values)
        self._edition += 1

    def remove(self, table: str, row: Row) -> None:
        """Take a row out."""
        index = self._index(table)
        del self.table(table)[row["_key"]]
        for column, entries in index.items():
            entries[row.get(column)].pop(row["_key"])
        self._count(table, -1)

    def ordered(self, table: str, key: Callable[[Row], Any]) -> list[Row]:
        """The whole table in one order; kept until something changes."""
        held, rows = self._sorted.get(table), self.table(table)
        if held is None or held[0] != self._edition or len(held[1]) != len(rows):
            held = self._sorted[table] = (self._edition, sorted(rows.values(), key=key))
        return held[1]

    def _index(self, table: str) -> dict[str, dict[Any, dict[int, Row]]]:
        """The table's indexes, built anew where somebody else (a loaded state) has filled the table."""
        held: Index = self.world.storage.derived.setdefault("lexoffice", {})
        counts: dict[str, int] = self.world.storage.derived.setdefault("lexoffice_counts", {})
        rows = self.table(table)
        if table not in held or counts[table] != len(rows):
            held[table] = {column: {} for column in INDEXES.get(table, ())}
            for key, row in rows.items():
                for column, entries in held[table].items():
                    entries.setdefault(row.get(column), {})[key] = row
            counts[table] = len(rows)
        return held[table]

    def _count(self, table: str, more: int) -> None:
        self.world.storage.derived["lexoffice_counts"][table] += more
        self._edition += 1

    # answers

    def made(self, path: str, row: Row) -> Row:
        """The small answer to a creation or change."""
        uri = f"{str(self.setting('portal')).rstrip('/')}/v1/{path}/{row['id']}"
        shown = {"id": row["id"], "resourceUri": uri, "createdDate": stamp(row["created"]), "updatedDate": stamp(row["updated"])}
        return shown | {"version": row["version"]}

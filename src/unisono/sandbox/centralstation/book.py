"""The vendor's data: rows kept exactly as they are shown, indexes by parent, ids, timestamps, and the events that hooks tell."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from unisono.sandbox.centralstation.envelope import Refused, refused, stamp
from unisono.sandbox.kit.world import Row, World

INDEXES: dict[str, tuple[str, ...]] = {
    "companies": ("name",),
    "positions": ("person_id", "company_id"),
    "contact_details": ("attachable_id",),
    "addrs": ("attachable_id",),
    "tags": ("attachable_id", "name"),
    "custom_fields": ("attachable_id", "custom_fields_type_id"),
    "deals": ("company_id",),
    "deal_people": ("person_ids",),
    "protocols": ("person_ids", "company_ids", "deal_ids"),
    "attachments": ("attachable_id", "id"),
}
"""Which columns of which table are indexed. A column that holds a list is indexed by each of its values."""

Index = dict[tuple[str, str], dict[Any, dict[int, Row]]]

TABLE_OF = {"Person": "people", "Company": "companies", "Deal": "deals"}

DEFAULTS: dict[str, Any] = {
    "api_key": "centralstation-sandbox-key",
    "account": "werbetechnik-demo",
    "account_id": 87_112,
    "group_id": 109_220,
    "rate_limit": 50,
    "touch_parent": False,
    "delete_notes": False,
    "move_notes": False,
    "power_user": True,
    "attachments_empty": "message",
    "full": "",
}

USER = {"id": 117_760, "first": "Nora", "last": "Feldkamp", "name": "Feldkamp", "login": "nora.feldkamp@werbetechnik-demo.example"}


class Book:
    """All rows of one account. Rows must be changed through ``add``, ``change`` and ``remove``, which keep the indexes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.storage = world.storage
        for name, value in DEFAULTS.items():
            self.storage.settings.setdefault(name, value)
        self.events: list[tuple[str, str, Row]] = []
        """(model, event, row) since the last delivery."""
        users = self.storage.table("users")
        if not users:
            users[USER["id"]] = dict(USER) | {"active": True}  # type: ignore[index]

    @property
    def _index(self) -> Index:
        """Built on first use and shared by all books over the same storage."""
        index: Index | None = self.storage.derived.get("centralstation")
        if index is None:
            index = {(table, column): {} for table, columns in INDEXES.items() for column in columns}
            self.storage.derived["centralstation"] = index
            for table in INDEXES:
                for key, row in self.storage.table(table).items():
                    self._enter(table, key, row)
        return index

    # settings, time, ids

    def setting(self, name: str) -> Any:
        """One of ``DEFAULTS``, as set now."""
        return self.storage.settings[name]

    def now(self) -> str:
        """The present as the vendor writes it."""
        return stamp(self.world.clock.now())

    def new_id(self) -> int:
        """An id that no row of the account has had; ids of one table have gaps."""
        return self.storage.next_id("account", 30_016_185, self.world.random.randint(1, 40))

    def new_uuid(self) -> str:
        """A random UUID from the world's chance."""
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    def room_for(self, what: str) -> None:
        """507 if the setting ``full`` says that the account has no room for ``contacts``, ``deals`` or ``files``."""
        if self.setting("full") == what:
            raise refused(507, "insufficient-storage", f"the account has no room left for {what}")

    # rows

    def rows(self, table: str) -> dict[int, Row]:
        """A whole table."""
        return self.storage.table(table)

    def get(self, table: str, key: int) -> Row | None:
        """One row, if there is one."""
        return self.storage.table(table).get(key)

    def by(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows whose indexed ``column`` has (or contains) ``value``, oldest first."""
        found = self._index[table, column].get(value)
        return list(found.values()) if found else []

    def by_key(self, table: str, column: str, value: Any) -> dict[int, Row]:
        """As ``by``, with the keys of the rows."""
        return dict(self._index[table, column].get(value) or {})

    def values(self, table: str, column: str) -> Iterator[Any]:
        """The distinct values of an indexed column."""
        return (value for value, rows in self._index[table, column].items() if rows)

    def add(self, table: str, row: Row, key: int | None = None) -> Row:
        """Keep a new row under its id (or ``key``, for attachments, whose id is no number)."""
        number = row["id"] if key is None else key
        self.storage.table(table)[number] = row
        self._enter(table, number, row)
        return row

    def change(self, table: str, row: Row, values: Row) -> bool:
        """Set columns of a row; whether that changed anything."""
        fresh = {name: value for name, value in values.items() if row.get(name) != value or name not in row}
        if not fresh:
            return False
        number = row["id"]
        touched = [column for column in INDEXES.get(table, ()) if column in fresh]
        self._leave(table, number, row, touched)
        row.update(fresh)
        self._enter(table, number, row, touched)
        return True

    def remove(self, table: str, key: int) -> None:
        """Forget a row for good."""
        row = self.storage.table(table).pop(key, None)
        if row is not None:
            self._leave(table, key, row)

    def _enter(self, table: str, key: int, row: Row, columns: Iterable[str] | None = None) -> None:
        for column in INDEXES.get(table, ()) if columns is None else columns:
            index = self._index[table, column]
            value = row.get(column)
            for one in value if isinstance(value, list) else (value,):
                index.setdefault(one, {})[key] = row

    def _leave(self, table: str, key: int, row: Row, columns: Iterable[str] | None = None) -> None:
        for column in INDEXES.get(table, ()) if columns is None else columns:
            index = self._index[table, column]
            value = row.get(column)
            for one in value if isinstance(value, list) else (value,):
                index.get(one, {}).pop(key, None)

    # the activity stream, events, parents

    def moved(self, key: int) -> None:
        """The activity stream of a record moved (also by a note on it)."""
        self.storage.table("stream")[key] = {"at": self.now()}

    def stream(self, row: Row) -> str:
        """When the activity stream of a record last moved."""
        entry = self.storage.table("stream").get(row["id"])
        return str(entry["at"]) if entry else str(row["updated_at"])

    def event(self, model: str, event: str, row: Row) -> None:
        """Something a hook may tell."""
        self.events.append((model, event, dict(row)))

    def touch(self, owner_type: str, owner_id: int) -> None:
        """A sub-record changed. Its parent's ``updated_at`` moves, and its hook fires, only with the setting ``touch_parent``."""
        if not self.setting("touch_parent"):
            return
        row = self.get(TABLE_OF[owner_type], owner_id)
        if row:
            row["updated_at"] = self.now()
            self.event(owner_type, "update", row)

    def owner(self, owner_type: str, key: int) -> Row:
        """A person, company or deal; 404 if there is none."""
        row = self.get(TABLE_OF[owner_type], key)
        if row is None:
            raise refused(404, "not-found", f"there is no {owner_type} {key}")
        return row


def split_errors(errors: dict[str, list[str]]) -> None:
    """Raise 422 if there is anything to say."""
    if errors:
        raise Refused(422, errors)

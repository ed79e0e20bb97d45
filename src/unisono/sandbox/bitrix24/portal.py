"""The simulated portal: its rows and their indexes, its clock and zone, who is at work, and what has happened since the last delivery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from unisono.sandbox.bitrix24.fields import Field, iso
from unisono.sandbox.bitrix24.settings import setting
from unisono.sandbox.bitrix24.types import Type
from unisono.sandbox.kit.world import Row, World

INDEXES: dict[str, tuple[str, ...]] = {
    "companies": ("ORIGIN_ID", "TITLE"),
    "contacts": ("ORIGIN_ID", "COMPANY_IDS", "LAST_NAME"),
    "leads": ("ORIGIN_ID",),
    "deals": ("ORIGIN_ID", "COMPANY_ID"),
    "quotes": ("COMPANY_ID", "DEAL_ID"),
    "invoices": ("XML_ID", "COMPANY_ID", "ACCOUNT_NUMBER", "PARENT_ID_2"),
    "requisites": ("ENTITY_ID", "RQ_VAT_ID", "XML_ID"),
    "bankdetails": ("ENTITY_ID",),
    "addresses": ("ENTITY_ID", "ANCHOR_ID"),
    "rows": ("OWNER_ID",),
    "multifields": ("OWNER", "PLAIN"),
    "statuses": ("ENTITY_ID",),
    "comments": ("ENTITY_ID",),
    "products": ("XML_ID",),
    "prices": ("PRODUCT_ID",),
    "store_products": ("PRODUCT_ID",),
    "userfields": ("ENTITY_ID",),
    "tokens": ("ACCESS", "REFRESH"),
}
"""Which columns of which table are indexed; a column that holds a list by each of its values. Texts without their case."""

Index = dict[str, dict[str, dict[Any, dict[int, Row]]]]

# First id of each series: ids ascend, with gaps as on a service that is in use.
_FIRST = {
    "companies": 2801, "contacts": 4103, "leads": 3407, "deals": 6511, "quotes": 71, "invoices": 315, "requisites": 1203, "addresses": 1,
    "bankdetails": 357, "rows": 17_633, "multifields": 8303, "comments": 999, "logs": 51, "activities": 7411, "disk": 8930, "documents": 59,
    "products": 1243, "prices": 381, "userfields": 6953, "enums": 3363, "event_handlers": 735, "payments": 1033, "statuses": 101,
}  # fmt: skip


@dataclass
class Portal:
    """One portal. Rows are changed through ``add``, ``change`` and ``remove``, which keep the indexes."""

    world: World
    user: int = 1
    """Who is at work: of the webhook or token, or the person of an act."""
    connector: str = ""
    """The ``auth_connector`` of the present call."""
    robot: bool = False
    """Whether automation is at work, not a person or a program."""
    pending: list[tuple[str, Row, str, bool]] = field(default_factory=list)
    """(event, data, auth_connector, by a robot) since the last delivery."""

    # settings and time

    def setting(self, name: str) -> Any:
        """The value of a setting."""
        return setting(self.world, name)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the portal's server."""
        return ZoneInfo(self.setting("time_zone"))

    @property
    def base(self) -> str:
        """The portal's address without a slash at its end."""
        return str(self.setting("portal")).rstrip("/")

    @property
    def domain(self) -> str:
        """The portal's host, as events and logins name it."""
        return urlsplit(self.base).netloc

    def now(self) -> datetime:
        """The present, in whole seconds."""
        return self.world.clock.now().replace(microsecond=0)

    def stamp(self, value: datetime | None = None) -> str:
        """An instant (the present one) as the vendor writes it."""
        return iso(value or self.now(), self.zone)

    def today(self) -> date:
        """The portal's day."""
        return self.now().astimezone(self.zone).date()

    def secret(self, length: int = 32) -> str:
        """A random word of small letters and digits."""
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self.world.random.choice(letters) for _ in range(length))

    @contextmanager
    def working(self, user: int, *, connector: str = "", robot: bool = False) -> Iterator[None]:
        """Somebody is at work."""
        before = self.user, self.connector, self.robot
        self.user, self.connector, self.robot = user, connector, robot
        try:
            yield
        finally:
            self.user, self.connector, self.robot = before

    def happened(self, event: str, data: Row) -> None:
        """Note an event for its delivery."""
        self.pending.append((event.upper(), data, self.connector, self.robot))

    # rows

    def table(self, name: str) -> dict[int, Row]:
        """The rows of one table by id."""
        return self.world.storage.table(name)

    def get(self, table: str, key: int | None) -> Row | None:
        """One row, if there is one."""
        return self.table(table).get(key) if key is not None else None

    def new_id(self, series: str) -> int:
        """The next id of a series, with gaps; one that was used is not used again."""
        step = 2 if series in ("companies", "contacts", "deals") and self.world.random.random() < 0.2 else 1
        return self.world.storage.next_id(series, _FIRST.get(series, 1), step)

    def add(self, table: str, row: Row) -> Row:
        """Put a row in; without ``ID`` it gets one."""
        if row.get("ID") is None:
            row["ID"] = self.new_id(table)
        index = self._index(table)
        self.table(table)[row["ID"]] = row
        for column, entries in index.items():
            _enter(entries, row.get(column), row)
        self._count(table, 1)
        return row

    def change(self, table: str, row: Row, values: Row) -> bool:
        """Set values; whether anything is different now."""
        different = {name: value for name, value in values.items() if name not in row or row[name] != value}
        for column, entries in self._index(table).items() if different else ():
            if column in different:
                _leave(entries, row.get(column), row)
                _enter(entries, different[column], row)
        row.update(different)
        return bool(different)

    def remove(self, table: str, key: int) -> Row:
        """Take a row out."""
        index = self._index(table)
        row = self.table(table).pop(key)
        for column, entries in index.items():
            _leave(entries, row.get(column), row)
        self._count(table, -1)
        return row

    def by(self, table: str, column: str, value: Any) -> list[Row]:
        """The rows with a value in an indexed column, in order of their ids."""
        found = self._index(table)[column].get(_folded(value))
        return [found[key] for key in sorted(found)] if found else []

    def indexed(self, table: str, column: str) -> bool:
        """Whether a column has an index."""
        return column in INDEXES.get(table, ())

    def _index(self, table: str) -> dict[str, dict[Any, dict[int, Row]]]:
        """The table's indexes, built anew where somebody else (a seed, a loaded state) has filled the table."""
        held: Index = self.world.storage.derived.setdefault("bitrix24", {})
        counts: dict[str, int] = self.world.storage.derived.setdefault("bitrix24_counts", {})
        rows = self.table(table)
        if table not in held or counts[table] != len(rows):
            held[table] = {column: {} for column in INDEXES.get(table, ())}
            for row in rows.values():
                for column, entries in held[table].items():
                    _enter(entries, row.get(column), row)
            counts[table] = len(rows)
        return held[table]

    def _count(self, table: str, more: int) -> None:
        self.world.storage.derived["bitrix24_counts"][table] += more

    # fields

    def fields(self, kind: Type) -> dict[str, Field]:
        """The fields of a type: the vendor's and those the portal's users made."""
        own = self.by("userfields", "ENTITY_ID", kind.user_fields)
        return kind.fields | {row["FIELD_NAME"]: user_field(row) for row in own} if own else kind.fields


# How the kinds of user fields are kept.
_KINDS = {
    "string": "string", "integer": "integer", "double": "double", "boolean": "boolean", "date": "date", "datetime": "datetime",
    "money": "text", "url": "string", "enumeration": "integer", "file": "file", "employee": "user", "address": "text",
}  # fmt: skip


def user_field(row: Row) -> Field:
    """A user field as a field."""
    name = row["FIELD_NAME"]
    return Field(
        name,
        camel_of(name),
        _KINDS.get(row["USER_TYPE_ID"], "string"),
        required=row["MANDATORY"] == "Y",
        multiple=row["MULTIPLE"] == "Y",
        dynamic=True,
    )


def camel_of(name: str) -> str:
    """A user field's name in the universal answers without ``useOriginalUfNames``. As irregular as it was seen:
    ``ufCrm_1721244707107``, ``ufCrm2_1639``, ``ufCrm_SMART_INVOICE_1758``, ``ufCrmSmartInvoiceFinbgPaidAmount``."""
    rest = name.removeprefix("UF_CRM_")
    words = rest.split("_")
    if len(words) > 1 and words[0].isdigit():
        return f"ufCrm{words[0]}_{'_'.join(words[1:])}"
    if words[-1].isdigit():
        return f"ufCrm_{rest}"
    return "ufCrm" + "".join(word.capitalize() for word in words)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _enter(entries: dict[Any, dict[int, Row]], value: Any, row: Row) -> None:
    for one in value if isinstance(value, list) else (value,):
        entries.setdefault(_folded(one), {})[row["ID"]] = row


def _leave(entries: dict[Any, dict[int, Row]], value: Any, row: Row) -> None:
    for one in value if isinstance(value, list) else (value,):
        held = entries.get(_folded(one))
        if held is not None:
            held.pop(row["ID"], None)
            if not held:
                del entries[_folded(one)]

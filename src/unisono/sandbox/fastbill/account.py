"""The simulated FastBill account: its tables and indexes, its local time, and how its answers are shaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.settings import setting
from unisono.sandbox.kit.world import Row, World

BERLIN = ZoneInfo("Europe/Berlin")
NO_TIME = "0000-00-00 00:00:00"

# First id and widest gap of each series: ids ascend, but not one by one.
_SERIES = {
    "customers": (4106208, 3),
    "contacts": (880417, 3),
    "estimates": (1530912, 4),
    "invoices": (9207744, 4),
    "items": (22401533, 2),
    "payments": (610255, 2),
    "articles": (73108, 2),
    "webhooks": (15, 1),
    "times": (311904, 2),
    "documents": (50220, 2),
}


@dataclass(slots=True)
class Answer:
    """The RESPONSE of one service. ``subject`` (``<table>/<id>``) is set if the account's data changed."""

    response: Any
    subject: str = ""


# Tables whose rows are found by their customer.
_OWNED = frozenset({"contacts", "estimates", "invoices"})
_NUMBERED = ("customers", "deleted_customers")


@dataclass(slots=True)
class _Index:
    """What was derived from tables, and how many rows they had then: somebody else (a seed, a test) may fill the storage, too."""

    held: Any
    count: int


@dataclass
class Account:
    """One account. Rows are kept as FastBill writes them (texts, Decimal for sums); keys that begin with ``_`` are its own affair."""

    world: World
    _indexes: dict[str, _Index] = field(default_factory=dict)

    def owned(self, name: str) -> dict[str, dict[int, Row]]:
        """The contacts, estimates or invoices by customer id."""
        index, table = self._indexes.get(name), self.table(name)
        if index is None or index.count != len(table):
            by_customer: dict[str, dict[int, Row]] = {}
            for key, row in table.items():
                by_customer.setdefault(row["CUSTOMER_ID"], {})[key] = row
            index = self._indexes[name] = _Index(by_customer, len(table))
        held: dict[str, dict[int, Row]] = index.held
        return held

    def numbers(self) -> set[str]:
        """Customer numbers in use; a deleted customer keeps its own (guess)."""
        tables = [self.table(name) for name in _NUMBERED]
        index, count = self._indexes.get("numbers"), sum(len(table) for table in tables)
        if index is None or index.count != count:
            index = self._indexes["numbers"] = _Index({row["CUSTOMER_NUMBER"] for table in tables for row in table.values()}, count)
        held: set[str] = index.held
        return held

    def table(self, name: str) -> dict[int, Row]:
        """The rows of one table by id."""
        return self.world.storage.table(name)

    def setting(self, name: str) -> Any:
        """The value of a setting."""
        return setting(self.world, name)

    def new_id(self, series: str) -> int:
        """The next id of a series: ascending, with gaps as on a service that many accounts share."""
        start, gap = _SERIES[series]
        step = self.world.random.randint(1, gap) if gap > 1 else 1
        return self.world.storage.next_id(series, start, step)

    def next_number(self, series: str, start: int) -> str:
        """The next running number of documents or customers."""
        return str(self.world.storage.next_id(f"number:{series}", start))

    def now(self) -> str:
        """The present local time as FastBill writes it, without zone."""
        return self.local(self.world.clock.now())

    def local(self, moment: datetime) -> str:
        """A moment in Berlin, ``YYYY-MM-DD hh:mm:ss``."""
        return moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")

    def today(self) -> date:
        """The present day in Berlin."""
        return self.world.clock.now().astimezone(BERLIN).date()

    def add(self, name: str, row: Row, key: int) -> None:
        """Put a row into its table, and into the index by customer."""
        owned = self.owned(name) if name in _OWNED else None
        numbers = self.numbers() if name in _NUMBERED else None
        self.table(name)[key] = row
        if owned is not None:
            owned.setdefault(row["CUSTOMER_ID"], {})[key] = row
        if numbers is not None:
            numbers.add(row["CUSTOMER_NUMBER"])
        self._recount(name)

    def remove(self, name: str, key: int) -> Row:
        """Take a row out of its table and index."""
        owned = self.owned(name) if name in _OWNED else None
        if name in _NUMBERED:
            self.numbers()
        row = self.table(name).pop(key)
        if owned is not None:
            owned[row["CUSTOMER_ID"]].pop(key)
        self._recount(name)
        return row

    def _recount(self, name: str) -> None:
        if name in _OWNED:
            self._indexes[name].count = len(self.table(name))
        elif name in _NUMBERED and "numbers" in self._indexes:
            self._indexes["numbers"].count = sum(len(self.table(each)) for each in _NUMBERED)

    def shaped(self, members: list[Any]) -> Any:
        """A list as this account writes lists: an array, or an object whose numeric keys stand in any order."""
        mode = self.setting("lists")
        rnd = self.world.random
        if mode == "array" or (mode == "mixed" and rnd.random() >= 0.125):
            return members
        keys = list(range(len(members)))
        rnd.shuffle(keys)
        if len(keys) > 1 and keys == sorted(keys):
            keys.reverse()
        return {str(k): members[k] for k in keys}

    def listing(self, name: str, members: list[Any]) -> dict[str, Any] | list[Any]:
        """The RESPONSE of a list service; without any member it may be empty altogether."""
        if not members and self.setting("lists") == "mixed" and self.world.random.random() < 0.25:
            return []
        return {name: self.shaped(members)}


def page(rows: Iterable[Row], call: Call) -> Iterator[Row]:
    """The rows that LIMIT and OFFSET ask for."""
    return islice(rows, call.offset, call.offset + call.limit)


def key_of(value: Any) -> int:
    """An id as a number; -1 for what is none (and so belongs to no row)."""
    if isinstance(value, bool):
        return -1
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else -1


def wanted_ids(value: Any) -> list[int]:
    """The ids of a filter: one, or several as an array (some clients do)."""
    if isinstance(value, dict):
        value = list(value.values())
    return sorted({key_of(v) for v in value}) if isinstance(value, list) else [key_of(value)]


def filled(value: Any) -> bool:
    """Whether a filter says anything: empty texts and lists count as absent."""
    return value is not None and value != "" and value != [] and value != {}


def candidates(rows: dict[int, Row], filter_: dict[str, Any], id_key: str, index: dict[str, dict[int, Row]] | None = None) -> Iterable[Row]:
    """The rows an id filter, or else a customer filter, leaves; all of them without either. Ascending by id."""
    if filled(filter_.get(id_key)):
        found = [rows[i] for i in wanted_ids(filter_[id_key]) if i in rows]
        if index is not None and filled(filter_.get("CUSTOMER_ID")):
            owners = {str(i) for i in wanted_ids(filter_["CUSTOMER_ID"])}
            found = [row for row in found if row["CUSTOMER_ID"] in owners]
        return found
    if index is not None and filled(filter_.get("CUSTOMER_ID")):
        owned = [index.get(str(i), {}) for i in wanted_ids(filter_["CUSTOMER_ID"])]
        if len(owned) == 1:
            return owned[0].values()
        return [row for _, row in sorted((key, row) for rows_ in owned for key, row in rows_.items())]
    return rows.values()

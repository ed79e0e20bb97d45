"""Filters and orders of lists: prefixes, wildcards, groups; what is unknown is ignored or refused, as the caller says."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from unisono.sandbox.bitrix24.envelope import PAGE, Call, Reply, page
from unisono.sandbox.bitrix24.errors import invalid
from unisono.sandbox.bitrix24.fields import day, decimal, integer, moment
from unisono.sandbox.bitrix24.phpform import items, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row

Test = Callable[[Row], bool]
_PREFIX = re.compile(r"(!=%|!%=|!><|!=|!@|!%|!|>=|<=|><|>|<|@|=%|%=|%|=)?(.*)", re.DOTALL)
_NOT = {"!": "=", "!=": "=", "!@": "@", "!%": "%", "!=%": "=%", "!%=": "=%", "!><": "><"}


class Unknown(Exception):
    """A name that a list does not know."""


class Columns:
    """How a list reads its rows. ``column`` tells the stored column of a name or raises ``Unknown``; ``flag`` names columns of Y and N
    that are asked for with 1 and 0."""

    def __init__(self, column: Callable[[str], str], flags: frozenset[str] = frozenset(), *, strict: bool = False) -> None:
        self.column = column
        self.flags = flags
        self.strict = strict
        """Refuse unknown names in filter and order, and understand groups (universal methods)."""


def plain(names: Iterable[str], *, strict: bool = False) -> Columns:
    """Columns that are stored under their own names."""
    known = frozenset(names)

    def column(name: str) -> str:
        if name not in known:
            raise Unknown(name)
        return name

    return Columns(column, strict=strict)


def split(key: str) -> tuple[str, str]:
    """Prefix and name: ``">=DATE_MODIFY"`` is ``(">=", "DATE_MODIFY")``."""
    found = _PREFIX.match(key)
    assert found is not None
    return found[1] or "=", found[2]


def compiled(portal: Portal, raw: Any, columns: Columns) -> Test:
    """The test of a filter."""
    tests: list[Test] = []
    logic = all
    for key, want in items(raw):
        if columns.strict and key.lower() == "logic":
            logic = any if str(want).upper() == "OR" else all
            continue
        if columns.strict and key.isdigit():
            tests.append(compiled(portal, want, columns))
            continue
        prefix, name = split(key)
        try:
            column = columns.column(name)
        except Unknown:
            if columns.strict:
                raise invalid(f"Invalid filter: field '{name}' is not allowed in filter") from None
            continue
        tests.append(_test(portal, prefix, column, want, flag=column in columns.flags))
    return lambda row: logic(test(row) for test in tests)


def _test(portal: Portal, prefix: str, column: str, want: Any, *, flag: bool) -> Test:
    negative, prefix = prefix in _NOT, _NOT.get(prefix, prefix)
    if isinstance(want, dict | list) and prefix == "=":
        prefix = "@"
    wanted: list[Any] = members(want) if prefix in ("@", "><") else [want]

    def test(row: Row) -> bool:
        have = row.get(column)
        values = have if isinstance(have, list) else [have]
        if flag:
            values = ["1" if one == "Y" else "0" if one == "N" else one for one in values]
        found = any(_fits(portal, prefix, one, wanted) for one in values or [None])
        return found is not negative

    return test


def _fits(portal: Portal, prefix: str, have: Any, wanted: list[Any]) -> bool:
    match prefix:
        case "=" | "@":
            return any(_same(portal, have, want) for want in wanted)
        case "%":
            return str(wanted[0]).casefold() in str(have if have is not None else "").casefold()
        case "=%":
            return _like(have, str(wanted[0]))
        case "><":
            low, high = (*(_compare(portal, have, want) for want in wanted[:2]), None, None)[:2]
            return low is not None and high is not None and low >= 0 >= high
    side = _compare(portal, have, wanted[0])
    return side is not None and {">": side > 0, ">=": side >= 0, "<": side < 0, "<=": side <= 0}[prefix]


def _same(portal: Portal, have: Any, want: Any) -> bool:
    """Exact, though without case, and with ``%`` as a wildcard all the same."""
    if have is None or have == "":
        return want is None or want is False or str(want).strip() in ("", "0")
    if isinstance(have, str):
        return _like(have, _word(want))
    return _compare(portal, have, want) == 0


def _word(want: Any) -> str:
    return {True: "Y", False: "N"}.get(want, "") if isinstance(want, bool) else str(want if want is not None else "")


def _like(have: Any, pattern: str) -> bool:
    text = str(have if have is not None else "").casefold()
    folded = pattern.casefold()
    if "%" not in folded:
        return text == folded
    return re.fullmatch(".*".join(re.escape(part) for part in folded.split("%")), text, re.DOTALL) is not None


def _compare(portal: Portal, have: Any, want: Any) -> int | None:
    """-1, 0 or 1; ``None`` where the two cannot be compared."""
    if have is None or want is None:
        return None
    if isinstance(have, datetime):
        other: Any = moment(want, portal.zone)
    elif isinstance(have, date):
        other = day(want, portal.zone)
    elif isinstance(have, int | Decimal):
        other = decimal(want)
    else:
        have, other = str(have).casefold(), _word(want).casefold()
    if other is None:
        return None
    return int(have > other) - int(have < other)


def ordered(raw: Any, rows: list[Row], columns: Columns, default: str = "ID") -> list[Row]:
    """The rows in order; without one, by id. Nothing (null) comes first."""
    for key, direction in reversed(items(raw) or [(default, "ASC")]):
        try:
            column = columns.column(key)
        except Unknown:
            if columns.strict:
                raise invalid(f"Invalid order: field '{key}' is not allowed in order") from None
            continue
        rows.sort(key=lambda row: _sortable(row.get(column)), reverse=str(direction).upper() == "DESC")
    return rows


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None or isinstance(value, list | dict):
        return 0, 0
    if isinstance(value, str):
        return 2, value.casefold()
    return 1, value.timestamp() if isinstance(value, datetime) else value.toordinal() if isinstance(value, date) else value


def candidates(portal: Portal, table: str, raw: Any, columns: Columns) -> Iterable[Row]:
    """The rows that an index leaves; the filter's test still has to pass them. Ascending by id."""
    rows = portal.table(table)
    for key, want in items(raw):
        prefix, name = split(key)
        if key.isdigit() or prefix not in ("=", "@", ">"):
            continue
        try:
            column = columns.column(name)
        except Unknown:
            continue
        if column == "ID":
            if prefix == ">":
                keys, after = list(rows), integer(want)
                return (rows[key] for key in keys[bisect_right(keys, after) :]) if after is not None else rows.values()
            ids = sorted({number for number in map(integer, members(want)) if number is not None})
            return [rows[key] for key in ids if key in rows]
        if prefix == "=" and portal.indexed(table, column) and isinstance(want, str | int) and not isinstance(want, bool):
            text = str(want)
            if "%" in text or not text or text == "0":
                continue
            number = integer(want)
            found = portal.by(table, column, want)
            if number is not None:  # ids come as texts, and texts as numbers
                found = found or portal.by(table, column, number) or portal.by(table, column, text)
            return found
    return rows.values()


def listed(portal: Portal, call: Call, table: str, columns: Columns, raw_filter: Any, raw_order: Any) -> Reply:
    """One page of a table's rows as they are stored."""
    test = compiled(portal, raw_filter, columns)
    rows = filter(test, candidates(portal, table, raw_filter, columns))
    by = [(key.upper(), str(direction).upper()) for key, direction in items(raw_order)]
    if call.start < 0 and by in ([], [("ID", "ASC")]):
        return Reply(list(islice(rows, PAGE)), total=0)
    return page(ordered(raw_order, list(rows), columns), call)

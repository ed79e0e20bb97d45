"""Lists as files for a spreadsheet: read from the store as they are written, so they may be long, and safe to be opened.

CSV after RFC 4180. A text that a spreadsheet would take for a formula begins with an apostrophe (see ``guarded``); numbers and dates are
ours and are written as such. Where the comma parts the decimals, a semicolon parts the cells: so a double click opens it rightly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from unisono.locale.format import moment_text
from unisono.locale.names import field_name, kind_name, name_of, value_name
from unisono.locale.say import say
from unisono.locale.tell import tell
from unisono.store.customers import Customer
from unisono.store.documents import START, Listed, Place
from unisono.store.feed import Cursor, Happened, Sort, feed, find_records, with_counterparts
from unisono.store.pairs import PairRow
from unisono.store.stamps import instant
from unisono.wiring.customers import list_customers
from unisono.wiring.deciding import found_problems
from unisono.wiring.documents import list_documents, today_of
from unisono.wiring.house import House
from unisono.wiring.standing import Titles, titles_of

What = Literal["customers", "documents", "history", "problems"]
LISTS: tuple[What, ...] = get_args(What)
Cell = str | int | Decimal | dt.date | None
BOM = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something older."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_AT_ONCE = 500
"""Records read with one look into the store."""
_INSIDE = ("reference", "version", "sha256", "files", "source")
"""What is noted for Unisono alone: it says nothing to anybody else."""
_SYSTEM = {"a": "crm", "b": "invoicing"}


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what begins like one, or like an apostrophe and one."""
    return "'" + text if text.lstrip("'").startswith(_DANGEROUS) else text


def unguarded(text: str) -> str:
    """The reverse: what the text was."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_DANGEROUS) else text


def separator(language: str) -> str:
    """What parts the cells."""
    return "," if language == "en" else ";"


def csv_lines(rows: Iterable[Sequence[Cell]], language: str) -> Iterator[str]:
    """The lines of a file, the first one with its mark."""
    part = separator(language)
    begin = BOM
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=part, lineterminator="\r\n").writerow([_cell(one, language) for one in row])
        yield begin + line.getvalue()
        begin = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a list is wanted, as its page is filtered; an entry that is empty leaves nothing out.

    ``kind`` is a document's type, ``of`` the kind of a record, ``group`` one of alike problems.
    """

    search: str = ""
    state: str = ""
    kind: str = ""
    customer: str = ""
    record: str = ""
    run: str = ""
    sort: Sort = ""
    of: str = ""
    group: str = ""


ALL = Wanted()


def export(house: House, row: PairRow, what: What, language: str, zone: str, wanted: Wanted = ALL) -> Iterator[Sequence[Cell]]:
    """The rows of a list, the first one with the names of its columns. ``zone`` is the clock instants are told by."""
    with house.store.read() as conn:
        titles, today = titles_of(house, conn, row.id), today_of(house, conn, row)
    if what == "customers":
        return _customers(house, row, language, titles, wanted)
    if what == "documents":
        return _documents(house, row, language, today, wanted)
    if what == "history":
        return _history(house, row, language, zone, titles, wanted)
    return _problems(house, row, language, zone, titles, wanted)


def _cell(value: Cell, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain if language == "en" else plain.replace(".", ",")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _customers(house: House, row: PairRow, language: str, titles: Titles, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    crm, invoicing = titles["crm"], titles["invoicing"]
    fields = [field_name(name, language, "party") for name in ("number", "tax_id", "email", "address.postcode")]
    yield [kind_name("party", language), *fields, say("customers.state", {}, language), crm, invoicing, say("column.why", {}, language)]
    after = 0
    while True:
        found, after = list_customers(house, row, search=wanted.search, state=wanted.state, after=after, limit=_AT_ONCE)
        yield from (_customer(one, language, titles) for one in found)
        if not after:
            return


def _customer(one: Customer, language: str, titles: Titles) -> Sequence[Cell]:
    keys = {one.side: one.key, "b" if one.side == "a" else "a": one.counterpart}
    why = tell(one.why.code, one.why.values, language, kind="party", titles=titles, led=False) if one.why else ""
    state = (
        say("customers.only", {"system": titles[_SYSTEM[one.side]]}, language)
        if one.state == "alone"
        else say(f"customers.is-{one.state}", {}, language)
    )
    return [one.label, one.number, one.tax_id, one.email, one.postcode, state, keys["a"], keys["b"], why]


def _documents(house: House, row: PairRow, language: str, today: dt.date, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    names = [kind_name("document", language), field_name("number", language, "invoice"), field_name("title", language, "invoice")]
    names += [kind_name("party", language), field_name("date", language), say("documents.due", {}, language)]
    names += [say("documents.state", {}, language), say("documents.days-late", {}, language), say("documents.dunning", {}, language)]
    yield [*names, field_name("currency", language), say("documents.gross", {}, language), say("documents.rest", {}, language)]
    after: Place | None = START
    while after is not None:
        found, after = list_documents(
            house,
            row,
            search=wanted.search,
            kind=wanted.kind,
            state=wanted.state,
            customer=wanted.customer,
            after=after,
            limit=_AT_ONCE,
        )
        yield from (_document(one, language, today) for one in found)


def _document(one: Listed, language: str, today: dt.date) -> Sequence[Cell]:
    late = one.days_late(today)
    state = say(f"state.{one.state}", {"level": str(one.dunning)}, language)
    head: list[Cell] = [
        kind_name(SORTS.get(one.type, "document"), language),
        one.number,
        one.title,
        one.customer,
        _day(one.day),
        _day(one.due),
    ]
    return [*head, state, late or None, one.dunning or None, one.currency, one.total, one.open if one.is_open else None]


SORTS = {
    "310": "quote",
    "220": "order",
    "325": "pro-forma",
    "386": "prepayment",
    "380": "invoice",
    "381": "credit-note",
    "receipt": "receipt",
}
"""What documents are called by their type (UNTDID 1001)."""


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _history(house: House, row: PairRow, language: str, zone: str, titles: Titles, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    head = [say("list.when", {}, language), say("column.what", {}, language), say("column.sort", {}, language)]
    head += [say("column.record", {}, language), say("column.system", {}, language), say("list.before", {}, language)]
    yield [*head, say("list.after", {}, language), say("column.why", {}, language), say("list.by", {}, language)]
    with house.store.read() as conn:
        sides = (("a", row.a), ("b", row.b))
        searched = find_records(conn, sides, wanted.search) if wanted.search.strip() else None
        named = [wanted.record] if wanted.record else searched
        keys = None if named is None else with_counterparts(conn, row.id, named)
    after: Cursor | None = Cursor()
    while after is not None:
        with house.store.read() as conn:
            happened, after = feed(conn, row.id, before=after, limit=_AT_ONCE, keys=keys, run=wanted.run, sort=wanted.sort)
        yield from (_happened(one, language, zone, titles) for one in happened)


def _happened(one: Happened, language: str, zone: str, titles: Titles) -> Sequence[Cell]:
    system = titles[_SYSTEM[one.side]] if one.side else ""
    fields = ", ".join(field_name(name, language, one.kind) for name in one.after if name != "reference")
    if one.is_write:
        name = one.label or kind_name(one.kind, language)
        what = say(f"did.{deed_of(one, fields=bool(fields))}", {"name": name, "system": system, "fields": fields}, language)
    else:
        what = name_of(f"event.{one.event}", language) or one.event
    before, now = _values(one.before, one.kind, language), _values(one.after, one.kind, language)
    why = tell(one.reason, one.values, language, name=one.label, kind=one.kind, titles=titles, led=False) if one.reason else ""
    return [_moment(one.at, language, zone), what, kind_name(one.kind, language), one.label, system, before, now, why, one.by]


def deed_of(one: Happened, *, fields: bool) -> str:
    """What a write did, as the sentence of ``did.`` that tells it is called; ``fields``: whether there are names of fields to tell."""
    if one.state != "done":
        return one.state if one.state in ("refused", "void") else "unclear"
    if one.operation == "create":
        return one.kind if one.kind in ("note", "file") else "create"
    return "delete" if one.operation == "delete" else "change" if fields else "touch"


def _values(values: dict[str, str], kind: str, language: str) -> str:
    shown = {name: value for name, value in values.items() if value and name not in _INSIDE}
    told = ((field_name(name, language, kind), value_name(name, str(value), language)) for name, value in shown.items())
    return "; ".join(f"{name}: {value}" for name, value in told)


def _problems(house: House, row: PairRow, language: str, zone: str, titles: Titles, wanted: Wanted) -> Iterator[Sequence[Cell]]:
    head = [say("column.sort", {}, language), say("column.record", {}, language), say("column.what", {}, language)]
    head += [say("list.field", {}, language), say("list.since", {}, language), say("list.last", {}, language)]
    yield [*head, say("list.count", {}, language)]
    for one in found_problems(house, row.id, search=wanted.search, kind=wanted.of, group=wanted.group):
        told = tell(one.code, one.values, language, name=one.label, field=one.field, kind=one.kind, titles=titles, led=False)
        field = field_name(one.field, language, one.kind) if one.field else ""
        at = [_moment(stamp, language, zone) for stamp in (one.first_at, one.last_at)]
        yield [kind_name(one.kind, language), one.label, told, field, *at, one.count]


def _moment(at: str, language: str, zone: str) -> str:
    return moment_text(instant(at), language, zone) if at else ""

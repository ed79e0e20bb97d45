"""A list of customers, brought as a spreadsheet: which of them does each side know? Nothing is written, and nothing is kept of it."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.datastructures import UploadFile
from starlette.responses import Response

from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.exports import as_file
from unisono.web.visit import Visit
from unisono.wiring.check_list import HEADINGS, Checked, CheckedList, check_list
from unisono.wiring.spreadsheet import MOST_BYTES, BadSheet

doors = Doors()
ENTRIES = (Entry(code="nav.check-list", icon="search", path="/pairs/{pair}/check-list", group="setup", order=98, needs="act"),)
SHOWN = 500
"""Customers on the page; the table holds all."""
_ORDER = {"missing": 0, "doubtful": 1, "known": 2}


@doors.page("/pairs/{pair_id}/check-list", needs="act")
def ask_for_list(visit: Visitor, pair_id: str) -> Response:
    """Where the file is chosen."""
    return visit.page("check_list/check_list.html", pair=visit.pair(pair_id), checked=None, trouble="", limit=MOST_BYTES)


@doors.form("/pairs/{pair_id}/check-list", needs="act")
def check(visit: Visitor, pair_id: str) -> Response:
    """Every customer of the list, and what each side knows of it."""
    row = visit.pair(pair_id)
    try:
        checked = check_list(visit.house, row.id, _file(visit))
    except BadSheet as bad:
        trouble = visit.speech.tell(bad.code, bad.values)
        return visit.page("check_list/check_list.html", status=422, pair=row, checked=None, trouble=trouble, limit=MOST_BYTES)
    if visit.given("as") == "table":
        return as_file(visit, "check-list", _table(visit, row, checked))
    rows = sorted(checked.rows, key=_first)
    return visit.page(
        "check_list/check_list.html", pair=row, checked=checked, rows=rows[:SHOWN], more=len(rows) - SHOWN, trouble="", limit=MOST_BYTES
    )


def _table(visit: Visit, pair: PairRow, checked: CheckedList) -> Iterator[tuple[str | int, ...]]:
    """The list with what each side knows, as rows of a table."""
    words, place = visit.speech.words, visit.place(pair)
    names = [name for name in HEADINGS if any(row.values.get(name) for row in checked.rows)]
    sides = [text for title in (place.crm, place.invoicing) for text in (title, f"{title}: {words('check.record')}")]
    yield (str(words("check.row")), *(visit.speech.field(name, "party") for name in names), *sides)
    for row in checked.rows:
        told = [text for one in (row.crm, row.invoicing) for text in (str(words(f"check.{one.state}")), one.label)]
        yield (row.row, *(row.values.get(name, "") for name in names), *told)


def _first(row: Checked) -> tuple[int, int]:
    """What somebody has to look at comes first."""
    return min(_ORDER[row.crm.state], _ORDER[row.invoicing.state]), row.row


def _file(visit: Visit) -> bytes:
    given = visit.form.get("file")
    if not isinstance(given, UploadFile) or not given.size:
        raise BadSheet("sheet-none")
    return given.file.read(MOST_BYTES + 1)

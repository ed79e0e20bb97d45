"""A list of customers, sent as a spreadsheet: which of them does each side know?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Body
from pydantic import BaseModel

from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.wiring.check_list import Verdict, check_list

doors = Doors("check-list")


class VerdictOut(BaseModel):
    """Whether a side knows a customer: known, doubtful, missing; which record it is, and by what it was recognised."""

    state: str
    label: str
    key: str
    rule: str


class CheckedOut(BaseModel):
    """A customer of the list; ``row`` counts from the first one below the headings."""

    row: int
    label: str
    values: dict[str, str]
    crm: VerdictOut
    invoicing: VerdictOut


class CheckedListOut(BaseModel):
    """The list. ``columns`` are the headings with our field for each, empty where it was not used."""

    columns: list[tuple[str, str]]
    rows: list[CheckedOut]
    empty: int


@doors.post("/pairs/{pair_id}/check-list", needs="act")
def check(
    visit: Visitor,
    pair_id: str,
    file: Annotated[bytes, Body(media_type="application/octet-stream")] = b"",
) -> CheckedListOut:
    """Looks every customer of an `.xlsx` file (the body as it is) up on both sides. Nothing is written, nothing is kept."""
    checked = check_list(visit.house, visit.pair(pair_id).id, file)
    return CheckedListOut(
        columns=[(column.heading, column.field) for column in checked.columns],
        rows=[
            CheckedOut(row=one.row, label=one.label, values=one.values, crm=_out(one.crm), invoicing=_out(one.invoicing))
            for one in checked.rows
        ],
        empty=checked.empty,
    )


def _out(verdict: Verdict) -> VerdictOut:
    return VerdictOut(state=verdict.state, label=verdict.label, key=verdict.key, rule=verdict.rule)

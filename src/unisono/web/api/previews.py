"""Previews: made on demand; what they plan is told as a run's rows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from unisono.store import runs
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.preview import previews
from unisono.web.visit import Visit

doors = Doors("previews")


class PreviewOut(BaseModel):
    """How far the preview is that is being made. ``run`` is the one that may be released now, empty if there is none."""

    stage: Literal["none", "reading", "planning", "failed"]
    planned: int
    code: str
    told: str
    run: str


@doors.get("/pairs/{pair_id}/preview", needs="view")
def preview(visit: Visitor, pair_id: str) -> PreviewOut:
    """Whether there is a preview, or one is being made."""
    return _out(visit, visit.pair(pair_id).id)


@doors.post("/pairs/{pair_id}/preview", needs="act", status_code=202)
def make(visit: Visitor, pair_id: str) -> PreviewOut:
    """Both sides are read and everything is planned; nothing is written. It takes a while: ask again."""
    row = visit.pair(pair_id)
    previews(visit).make(row.id)
    return _out(visit, row.id)


def _out(visit: Visit, pair_id: str) -> PreviewOut:
    making = previews(visit).standing(pair_id)
    with visit.house.store.read() as conn:
        latest = next((r for r in runs.runs(conn, pair_id) if r.kind in runs.PLANNED_KINDS), None)
    run = latest.id if latest is not None and latest.state == "previewed" else ""
    if making is None:
        return PreviewOut(stage="none", planned=0, code="", told="", run=run)
    told = visit.speech.tell(making.code, making.values) if making.code else ""
    return PreviewOut(stage=making.stage, planned=making.planned, code=making.code, told=told, run=run)

"""Previews: made on demand; what they plan is told as a run's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from unisono.locale.shortfall import behind_text, shortfall_text
from unisono.store import runs
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.preview import previews
from unisono.web.visit import Visit
from unisono.wiring.previewing import behind
from unisono.wiring.standing import titles_of

doors = Doors("previews")
_EMPTY: dict[str, Any] = {"kind": "", "fields": [], "confidence": ""}
"""Members that a statement leaves out where they are empty."""


class LackOut(BaseModel):
    """One thing that the two systems cannot do of what the settings ask for. ``way``: ``never``, ``otherwise`` or up to a ``limit``; ``fields``
    are those it concerns, ``confidence`` says how the fact is known (empty where there is nothing to know)."""

    way: str
    side: str
    kind: str
    code: str
    fields: list[str]
    confidence: str
    told: str


class GroupOut(BaseModel):
    """Records of which the same stays behind, or that would be refused for the same reason. ``names`` are the first of them; ``mark`` asks
    for them among the run's rows."""

    kind: str
    mark: str
    count: int
    names: list[str]
    told: str


class PreviewOut(BaseModel):
    """How far the preview is that is being made. ``run`` is the one that may be released now, empty if there is none; ``cannot`` and ``behind``
    are what it says beforehand."""

    stage: Literal["none", "reading", "planning", "failed"]
    planned: int
    code: str
    told: str
    run: str
    cannot: list[LackOut]
    behind: list[GroupOut]


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
        titles = titles_of(visit.house, conn, pair_id)
    made = latest if latest is not None and latest.state == "previewed" else None
    left = behind(visit.house, made) if made is not None else []
    language, told = visit.speech.language, visit.speech.tell(making.code, making.values) if making is not None and making.code else ""
    return PreviewOut(
        stage="none" if making is None else making.stage,
        planned=0 if making is None else making.planned,
        code="" if making is None else making.code,
        told=told,
        run="" if made is None else made.id,
        cannot=[
            LackOut(**_EMPTY | one, told=shortfall_text(one, language, titles))
            for one in (made.sheet.get("cannot", ()) if made is not None else ())
        ],
        behind=[_group(one, behind_text(one, language, titles)) for one in left],
    )


def _group(one: Mapping[str, Any], told: str) -> GroupOut:
    return GroupOut(kind=one["kind"], mark=one["mark"], count=one["count"], names=one["names"], told=told)

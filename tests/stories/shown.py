"""A preview that somebody releases: what it showed, and what of it is left."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.village import Village
from unisono.engine.runs import release_run
from unisono.store import runs
from unisono.wiring.previewing import make_preview


def shown_and_released(v: Village) -> tuple[str, list[runs.PlanRow]]:
    """A preview that somebody releases: its run, and its rows as they were shown."""
    run = make_preview(v.house, v.pair, "test").id
    with v.house.store.read() as conn:
        rows = list(runs.rows(conn, run))
    release_run(v.house.pairing(v.pair), v.house.hands(), run, "test")
    v.clock.advance(1)
    return run, rows


def writes(rows: Iterable[runs.PlanRow]) -> list[tuple[str, str]]:
    """What rows say will be written."""
    return [(write["operation"], write["kind"]) for row in rows for write in row.action.get("writes", [])]


def not_done(v: Village, run: str) -> dict[str, str]:
    """The rows of a run of which something is left, and what became of them."""
    with v.house.store.read() as conn:
        return {row.key: row.outcome for row in runs.rows(conn, run) if row.outcome != "done"}

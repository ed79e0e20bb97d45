"""The report of a run, line by line: what came from where to where, what was not done and why, with numbers that add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from unisono.store import pairs, runs
from unisono.store.runs import PlanRow
from unisono.wiring.house import House, system_file
from unisono.wiring.previewing import Progress, pages, progress

Words = Callable[..., str]
"""A code and its values -> a sentence."""
Why = Callable[[PlanRow], str]


def report_as(house: House, run_id: str, form: str, words: Words, why: Why) -> Iterator[str]:
    """The report as ``json``, ``markdown`` or ``text``; read from the store as it is written, so it may be long."""
    told = progress(house, run_id)
    names = _names(house, told)
    return (
        _json(house, told, names, why)
        if form == "json"
        else _lines(house, told, names, words, why, marks="#" if form == "markdown" else "")
    )


def _names(house: House, told: Progress) -> dict[str, str]:
    with house.store.read() as conn:
        row = pairs.get_pair(conn, told.run.pair)
        return {side: system_file(pairs.get_connection(conn, c).system).title for side, c in (("a", row.a), ("b", row.b))}


def _counts(told: Progress) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for (verdict, outcome), count in sorted(told.rows.items()):
        out.setdefault(verdict, {})[outcome or "planned"] = count
    return out


def _json(house: House, told: Progress, names: dict[str, str], why: Why) -> Iterator[str]:
    run = told.run
    head = {
        "run": run.id,
        "state": run.state,
        "systems": names,
        "policy_version": run.policy_version,
        "previewed_at": run.started_at,
        "released_at": run.sheet.get("released_at", ""),
        "ended_at": run.ended_at,
        "total": told.total,
        "done": told.done,
        "failed": told.failed,
        "changed_since_preview": told.changed,
        "counts": _counts(told),
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "rows": ['
    first = True
    for row, made in _with_targets(house, told):
        line: dict[str, Any] = {"record": row.key, "label": row.label, "verdict": row.verdict, "outcome": row.outcome or "planned"}
        line |= {"why": why(row), "to": made, "writes": row.action.get("writes", [])}
        yield ("  " if first else " ,") + json.dumps(line, ensure_ascii=False)
        first = False
    yield " ]\n}"


def _with_targets(house: House, told: Progress) -> Iterator[tuple[PlanRow, list[str]]]:
    """Rows with the keys of what was written for them."""
    batch: list[PlanRow] = []
    for row in pages(house, told.run.id):
        batch.append(row)
        if len(batch) == 500:
            yield from _found(house, told, batch)
            batch = []
    yield from _found(house, told, batch)


def _found(house: House, told: Progress, batch: list[PlanRow]) -> Iterator[tuple[PlanRow, list[str]]]:
    with house.store.read() as conn:
        targets = runs.targets_of(conn, told.run.id, [row.key for row in batch])
    for row in batch:
        yield row, targets.get(row.key, [])


def _lines(house: House, told: Progress, names: dict[str, str], words: Words, why: Why, *, marks: str) -> Iterator[str]:
    run = told.run
    title, heading, point = (f"{marks} ", f"{marks * 2} ", "- ") if marks else ("", "", "  ")
    yield title + words("report-title", a=names["a"], b=names["b"])
    yield ""
    yield words("report-times", previewed=run.started_at, released=run.sheet.get("released_at") or "-", ended=run.ended_at or "-")
    yield words("report-run", run=run.id, state=words(f"run.{run.state}"), version=str(run.policy_version))
    yield ""
    for verdict, outcomes in _counts(told).items():
        parts = ", ".join(f"{words(f'outcome.{outcome}')}: {count}" for outcome, count in outcomes.items())
        yield f"{point}{words(f'verdict.{verdict}')}: {sum(outcomes.values())} ({parts})"
    yield point + words("report-total", total=str(told.total))
    for verdict in _counts(told):
        yield ""
        yield heading + words(f"verdict.{verdict}")
        yield ""
        batch = list[PlanRow]()
        for row in pages(house, run.id, verdict=verdict):
            batch.append(row)
            if len(batch) == 500:
                yield from _told(house, told, batch, names, words, why, point)
                batch = []
        yield from _told(house, told, batch, names, words, why, point)


def _told(house: House, told: Progress, batch: list[PlanRow], names: dict[str, str], words: Words, why: Why, point: str) -> Iterator[str]:
    for row, made in _found(house, told, batch):
        here = row.key[:1]
        there = names["b" if here == "a" else "a"]
        became = words(f"outcome.{row.outcome or 'planned'}")
        to = f" -> {there} {', '.join(made)}" if made else ""
        yield f"{point}{row.label}: {names[here]} {row.key[2:]}{to} [{became}] {why(row)}"

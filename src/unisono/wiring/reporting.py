"""The report of a run, line by line: what came from where to where, what was not done and why, with numbers that add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from unisono.locale.names import kind_name
from unisono.store import pairs, runs
from unisono.store.runs import PlanRow
from unisono.wiring.house import House, system_file
from unisono.wiring.previewing import Progress, pages, progress

UNTOUCHED = ("equal", "left-out")
"""Verdicts of rows for which nothing is done, so that there is nothing to say about how it went."""


@dataclass(frozen=True, slots=True)
class _Speech:
    """How a report speaks: its language, ``words`` (a code and its values -> a sentence), the instants, and why a row is as it is."""

    language: str
    words: Callable[..., str]
    moment: Callable[[str], str]
    why: Callable[[PlanRow], str]


def report_as(
    house: House,
    run_id: str,
    form: str,
    words: Callable[..., str],
    why: Callable[[PlanRow], str],
    *,
    language: str = "en",
    moment: Callable[[str], str] = str,
) -> Iterator[str]:
    """The report as ``json``, ``markdown`` or ``text``; read from the store as it is written, so it may be long."""
    told = progress(house, run_id)
    names = _names(house, told)
    speech = _Speech(language, words, moment, why)
    if form == "json":
        return _json(house, told, names, speech)
    return _lines(house, told, names, speech, marks="#" if form == "markdown" else "")


def _names(house: House, told: Progress) -> dict[str, str]:
    with house.store.read() as conn:
        row = pairs.get_pair(conn, told.run.pair)
        return {side: system_file(pairs.get_connection(conn, c).system).title for side, c in (("a", row.a), ("b", row.b))}


def _counts(told: Progress) -> dict[str, dict[str, int]]:
    out: dict[str, dict[str, int]] = {}
    for (verdict, outcome), count in sorted(told.rows.items()):
        out.setdefault(verdict, {})[outcome or "planned"] = count
    return out


def _json(house: House, told: Progress, names: dict[str, str], speech: _Speech) -> Iterator[str]:
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
        line |= {"why": speech.why(row), "to": made, "writes": row.action.get("writes", [])}
        yield ("  " if first else " ,") + json.dumps(line, ensure_ascii=False)
        first = False
    yield " ]\n}"


def _with_targets(house: House, told: Progress, verdict: str = "") -> Iterator[tuple[PlanRow, list[str]]]:
    """Rows with the keys of what was written for them."""
    batch: list[PlanRow] = []
    for row in pages(house, told.run.id, verdict=verdict):
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


def _lines(house: House, told: Progress, names: dict[str, str], speech: _Speech, *, marks: str) -> Iterator[str]:
    run, words = told.run, speech.words
    title, heading, point = (f"{marks} ", f"{marks * 2} ", "- ") if marks else ("", "", "  ")
    previewed, released, ended = (speech.moment(at) for at in (run.started_at, run.sheet.get("released_at") or "", run.ended_at))
    yield title + words("report-title", a=names["a"], b=names["b"]).rstrip(".")
    yield ""
    yield words("report-times", previewed=previewed, released=released, ended=ended)
    yield words("report-run", run=run.id, state=words(f"run.{run.state}"), version=str(run.policy_version))
    yield ""
    for verdict, outcomes in _counts(told).items():
        parts = ", ".join(f"{words(f'outcome.{outcome}')}: {count}" for outcome, count in outcomes.items())
        yield f"{point}{words(f'verdict.{verdict}')}: {sum(outcomes.values())}" + ("" if verdict in UNTOUCHED else f" ({parts})")
    yield point + words("report-total", total=str(told.total))
    for verdict in _counts(told):
        yield ""
        yield heading + words(f"verdict.{verdict}")
        yield ""
        for row, made in _with_targets(house, told, verdict):
            yield point + _row(row, made, names, speech)


def _row(row: PlanRow, made: list[str], names: dict[str, str], speech: _Speech) -> str:
    """``Kunde Weingut Rebenhang: CentralStationCRM 300 -> FastBill, Kunde 42 [erledigt]. Warum.``"""
    here, there = names[row.key[:1]], names["b" if row.key[:1] == "a" else "a"]
    to = f" -> {there}, {', '.join(_named(key, speech.language) for key in made)}" if made else ""
    outcome = speech.words(f"outcome.{row.outcome or 'planned'}")
    became = "" if row.verdict in UNTOUCHED else f" [{outcome}]"
    kind = kind_name(row.kind, speech.language)
    return f"{kind} {row.label}: {here} {row.key.rpartition(':')[2]}{to}{became}. {speech.why(row)}"


def _named(key: str, language: str) -> str:
    """``party:42`` -> ``Kunde 42``."""
    return f"{kind_name(key.partition(':')[0], language)} {key.rpartition(':')[2]}"

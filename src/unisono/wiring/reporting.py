"""The report of a run, line by line: what came from where to where, what was not done and why, with numbers that add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from unisono.engine.runs import OVERTAKEN
from unisono.locale.names import kind_name
from unisono.locale.shortfall import behind_line, shortfall_line
from unisono.store import pairs, runs
from unisono.store.runs import PlanRow
from unisono.wiring.house import House, system_file
from unisono.wiring.previewing import Progress, behind, pages, progress
from unisono.wiring.printable import Count, Line, Sheet, printable

FORMS = ("text", "markdown", "json", "html")
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
    """The report in one of ``FORMS``; read from the store as it is written, so it may be long. ``html`` is one page, to be printed or sent."""
    told = progress(house, run_id)
    names = _names(house, told)
    speech = _Speech(language, words, moment, why)
    if form == "json":
        return _json(house, told, names, speech)
    if form == "html":
        return _page(house, told, names, speech)
    return _lines(house, told, names, speech, marks="#" if form == "markdown" else "")


def _names(house: House, told: Progress) -> dict[str, str]:
    with house.store.read() as conn:
        row = pairs.get_pair(conn, told.run.pair)
        firm = next((one["name"] for one in pairs.firms(conn) if one["id"] == row.firm), "")
        titles = {side: system_file(pairs.get_connection(conn, c).system).title for side, c in (("a", row.a), ("b", row.b))}
    return titles | {"firm": firm}


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
        "firm": names["firm"],
        "systems": {side: names[side] for side in ("a", "b")},
        "policy_version": run.policy_version,
        "previewed_at": run.started_at,
        "released_at": run.sheet.get("released_at", ""),
        "ended_at": run.ended_at,
        "overtaken_by": run.sheet.get(OVERTAKEN, ""),
        "total": told.total,
        "done": told.done,
        "failed": told.failed,
        "changed_since_preview": told.changed,
        "counts": _counts(told),
        "cannot": [one | {"told": line} for one, line in zip(run.sheet.get("cannot", ()), _cannot(told, names, speech), strict=True)],
        "behind": [one | {"told": behind_line(one, speech.language, _titles(names))} for one in behind(house, run)],
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
    words = speech.words
    top, heading, point = (f"{marks} ", f"{marks * 2} ", "- ") if marks else ("", "", "  ")
    yield top + _title(names, speech)
    yield ""
    yield from _facts(told, names, speech)
    yield ""
    for verdict, outcomes in _counts(told).items():
        parts = _parts(verdict, outcomes, speech)
        yield f"{point}{words(f'verdict.{verdict}')}: {sum(outcomes.values())}" + (f" ({parts})" if parts else "")
    yield point + words("report-total", total=str(told.total))
    for title, lines in _beforehand(house, told, names, speech):
        yield from ("", heading + title, "", *(point + line for line in lines))
    for verdict in _counts(told):
        yield ""
        yield heading + words(f"verdict.{verdict}")
        yield ""
        for row, made in _with_targets(house, told, verdict):
            yield point + _row(row, made, names, speech)


def _title(names: dict[str, str], speech: _Speech) -> str:
    return speech.words("report-title", a=names["a"], b=names["b"]).rstrip(".")


def _facts(told: Progress, names: dict[str, str], speech: _Speech) -> Iterator[str]:
    """Whose, when, which run, how it stands."""
    run, words = told.run, speech.words
    previewed, released, ended = (speech.moment(at) for at in (run.started_at, run.sheet.get("released_at") or "", run.ended_at))
    yield names["firm"]
    yield words("report-times", previewed=previewed, released=released, ended=ended)
    yield words("report-run", run=run.id, state=words(f"run.{run.state}"), version=str(run.policy_version))
    if OVERTAKEN in run.sheet:
        yield words("run-overtaken", run=run.sheet[OVERTAKEN])


def _beforehand(house: House, told: Progress, names: dict[str, str], speech: _Speech) -> list[tuple[str, list[str]]]:
    """What the preview said before anything was released, as sections of lines: what cannot be done, what of the records stays behind."""
    left = [behind_line(one, speech.language, _titles(names)) for one in behind(house, told.run)]
    sections = (("preview.cannot", _cannot(told, names, speech)), ("preview.behind", left))
    return [(speech.words(code), lines) for code, lines in sections if lines]


def _cannot(told: Progress, names: dict[str, str], speech: _Speech) -> list[str]:
    return [shortfall_line(one, speech.language, _titles(names)) for one in told.run.sheet.get("cannot", ())]


def _titles(names: dict[str, str]) -> dict[str, str]:
    return {"crm": names["a"], "invoicing": names["b"]}


def _parts(verdict: str, outcomes: dict[str, int], speech: _Speech) -> str:
    """What became of the records of a verdict."""
    told = (f"{speech.words(f'outcome.{outcome}')}: {count}" for outcome, count in outcomes.items())
    return "" if verdict in UNTOUCHED else ", ".join(told)


def _page(house: House, told: Progress, names: dict[str, str], speech: _Speech) -> Iterator[str]:
    words = speech.words
    counts = tuple(
        Count(verdict, words(f"verdict.{verdict}"), sum(outcomes.values()), _parts(verdict, outcomes, speech))
        for verdict, outcomes in _counts(told).items()
    )
    sheet = Sheet(
        language=speech.language,
        title=_title(names, speech),
        facts=tuple(_facts(told, names, speech)),
        counts=counts,
        columns=(words("column.record"), names["a"], names["b"], words("column.what"), words("column.why")),
        total=words("report-total", total=str(told.total)),
        sections=tuple((title, tuple(lines)) for title, lines in _beforehand(house, told, names, speech)),
    )
    return printable(sheet, ((count, _sheet_lines(house, told, count.name, speech)) for count in counts))


def _sheet_lines(house: House, told: Progress, verdict: str, speech: _Speech) -> Iterator[Line]:
    for row, made in _with_targets(house, told, verdict):
        here, there = row.key.rpartition(":")[2], ", ".join(_named(key, speech.language) for key in made)
        a, b = (here, there) if row.key[:1] == "a" else (there, here)
        record = f"{kind_name(row.kind, speech.language)} {row.label}".strip()
        yield Line(record, a, b, _became(row, speech), speech.why(row))


def _became(row: PlanRow, speech: _Speech) -> str:
    return "" if row.verdict in UNTOUCHED else speech.words(f"outcome.{row.outcome or 'planned'}")


def _row(row: PlanRow, made: list[str], names: dict[str, str], speech: _Speech) -> str:
    """``Kunde Weingut Rebenhang: CentralStationCRM 300 -> FastBill, Kunde 42 [erledigt]. Warum.``"""
    here, there = names[row.key[:1]], names["b" if row.key[:1] == "a" else "a"]
    to = f" -> {there}, {', '.join(_named(key, speech.language) for key in made)}" if made else ""
    outcome = _became(row, speech)
    became = f" [{outcome}]" if outcome else ""
    kind = kind_name(row.kind, speech.language)
    return f"{kind} {row.label}: {here} {row.key.rpartition(':')[2]}{to}{became}. {speech.why(row)}"


def _named(key: str, language: str) -> str:
    """``party:42`` -> ``Kunde 42``."""
    return f"{kind_name(key.partition(':')[0], language)} {key.rpartition(':')[2]}"

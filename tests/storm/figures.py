"""The survival figures: from verdicts to the lines that are printed and to the page ``docs/storm.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.storm.stages import PAIRS
from tests.storm.verdict import Verdict

PAGE = Path(__file__).resolve().parents[2] / "docs" / "storm.md"
LETTERS = {
    "planner": "A",
    "engine": "B",
    "worlds": "C",
    "points": "D",
    "pair-points": "D",
    "kills": "E",
    "dirty": "G",
    "twins": "H",
    "trace": "K",
} | dict.fromkeys(PAIRS[1:], "C")
UNITS = {
    "planner": "cases",
    "engine": "seeds",
    "worlds": "worlds",
    "points": "points",
    "pair-points": "points",
    "kills": "kills",
    "dirty": "samples",
    "twins": "twins",
    "trace": "traces",
} | dict.fromkeys(PAIRS[1:], "worlds")
"""What a level counts: the figure of its verdict that says how much was played."""
HEADS = {"commit": "## Every commit", "night": "## The long run"}
_LOST, _DOUBLE, _UNEXPLAINED = ("I2",), ("I1",), ("I8", "I9")


def played(verdict: Verdict) -> int:
    """How much of a level was played."""
    return verdict.figures.get(UNITS[verdict.level], 0)


def failing(verdicts: Sequence[Verdict], invariants: Sequence[str]) -> int:
    """Failures in which one of these invariants was broken."""
    return sum(1 for v in verdicts for f in v.failures if any(broken.invariant in invariants for broken in f.broken))


def summary(verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    """The figures by name, as they stand on the page and below a run."""
    by = {verdict.level: verdict for verdict in verdicts}
    rows = []
    if "planner" in by:
        rows.append(("planned cases", _number(played(by["planner"]))))
    if "engine" in by:
        rows.append(("seeds of the engine between invented vendors", _number(played(by["engine"]))))
    if "worlds" in by:
        rows.append(("worlds of the whole program between the simulators", _number(played(by["worlds"]))))
    rows += [(f"worlds of {pair.replace('/', ' with ')}", _number(played(by[pair]))) for pair in PAIRS[1:] if pair in by]
    if "points" in by:
        rows.append(("crash points survived", _of(by["points"])))
    if "pair-points" in by:
        rows.append(("crash points of the other pairs survived", _of(by["pair-points"])))
    if "kills" in by:
        rows.append(("`kill -9` survived", _of(by["kills"])))
    if "dirty" in by:
        rows.append(("mutated samples", _number(played(by["dirty"]))))
    if "twins" in by:
        rows.append(("broken twins caught", _of(by["twins"])))
    if "trace" in by:
        rows.append(("seeds that left the same trace again", _of(by["trace"])))
    bitten = sorted({name for verdict in verdicts for name in verdict.figures if name.startswith("bite:")})
    if bitten:
        rows.append(("faults of the catalogue that struck", f"{len(bitten)} of 50"))
    sound = [verdict for verdict in verdicts if verdict.level != "twins"]
    rows += [
        ("lost edits", str(failing(sound, _LOST))),
        ("duplicates", str(failing(sound, _DOUBLE))),
        ("open problems and writes nobody can explain", str(failing(sound, _UNEXPLAINED))),
        ("failures of any kind", str(sum(len(verdict.failures) for verdict in verdicts))),
    ]
    return rows


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """What a run prints: a line a level, then the figures."""
    out = []
    for verdict in verdicts:
        word = "ok" if verdict.fine else f"{len(verdict.failures)} FAILED"
        out.append(
            f"{LETTERS[verdict.level]} {verdict.level:<22} {played(verdict):>9,} {UNITS[verdict.level]:<8} {verdict.seconds:7.1f} s  {word}"
        )
    return [*out, "", *(f"{name.replace('`', '')}: {value}" for name, value in summary(verdicts))]


def section(
    head: str, verdicts: Sequence[Verdict], *, command: str, commit: str, when: str, seconds: float, seeds: Mapping[str, str]
) -> str:
    """One part of the page."""
    rows = "\n".join(f"| {name} | {value} |" for name, value in summary(verdicts))
    ranges = ", ".join(f"{level} {text}" for level, text in seeds.items())
    return f"{head}\n\n`{command}`, commit {commit}, {when}, {seconds:,.0f} seconds on two cores. Seeds: {ranges}.\n\n| | |\n|---|---|\n{rows}\n"


def write(part: str, text: str, page: Path = PAGE) -> None:
    """Puts one part of the page in the place of its earlier self; the others stay."""
    head = HEADS[part]
    whole = page.read_text(encoding="utf-8") if page.exists() else _opening()
    old = re.search(rf"^{re.escape(head)}$.*?(?=^## |\Z)", whole, re.MULTILINE | re.DOTALL)
    new = text.rstrip() + "\n"
    whole = whole[: old.start()] + new + ("\n" + whole[old.end() :] if whole[old.end() :] else "") if old else whole.rstrip() + "\n\n" + new
    page.write_text(whole, encoding="utf-8")


def _opening() -> str:
    return (
        "# The storm\n\n"
        "A simulated world in which everything breaks, and an oracle that reads the vendors' own books. What is played, from which seed, and\n"
        "what came out. A failing seed prints one line that repeats it; `python -m tests.storm --help` says what else there is. The levels,\n"
        "faults and invariants are in `tests/storm`.\n\n"
        "The figures are written by the command itself: nobody types them.\n"
    )


def _of(verdict: Verdict) -> str:
    whole = played(verdict)
    return f"{_number(whole - len(verdict.failures))} of {_number(whole)}"


def _number(number: int) -> str:
    return f"{number:,}"

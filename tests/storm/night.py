"""What a night remembers: up to which number each level was played, and the figures of the commit it plays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.storm.levels.table import LEVELS
from tests.storm.verdict import Broken, Failure, Verdict

PLACE = Path(__file__).resolve().parents[2] / "var" / "storm" / "night.json"
"""Beside the checkout's files, in a folder that git does not follow."""


@dataclass(slots=True)
class Night:
    """``reached``: each level was played up to this number without a gap. Verdicts and seconds are those of ``commit`` alone."""

    commit: str
    reached: dict[str, int] = field(default_factory=dict)
    ahead: dict[str, dict[int, int]] = field(default_factory=dict)
    """Ranges played beyond it, first and last number: several processes play, and a night may be cut short while one of them is slower."""
    began: dict[str, int] = field(default_factory=dict)
    """The first number of each level that counts for this commit."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    seconds: float = 0.0

    def next(self, name: str) -> int:
        """The number a level goes on with: never one that a commit plays anyway, never one twice."""
        return self.reached.get(name, next(one.commit for one in LEVELS if one.name == name)) + 1

    def begin(self, name: str, first: int) -> int:
        """A level begins with this number, unless it has begun; returns with which."""
        self.reached.setdefault(name, first - 1)
        return self.began.setdefault(name, first)

    def took(self, verdict: Verdict, first: int, last: int) -> None:
        """A range was played to its end."""
        name = verdict.level
        self.begin(name, first)
        ahead = self.ahead.setdefault(name, {})
        ahead[first] = last
        while (following := self.reached[name] + 1) in ahead:
            self.reached[name] = ahead.pop(following)
        if name in self.verdicts:
            spent = self.verdicts[name].seconds + verdict.seconds
            self.verdicts[name].add(verdict)
            self.verdicts[name].seconds = spent
        else:
            self.verdicts[name] = verdict

    def played(self, name: str, first: int) -> bool:
        """Whether the range that begins with this number was played beyond a gap."""
        return first in self.ahead.get(name, {})

    def ranges(self) -> dict[str, str]:
        """The numbers that count for this commit, by level."""
        return {name: f"{first}:{self.reached[name]}" for name, first in self.began.items()}


def load(commit: str, place: Path = PLACE) -> Night:
    """The night so far. Of another commit only the seeds reached are kept; what has a fixed extent is played anew."""
    if not place.exists():
        return Night(commit)
    data: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    if data["commit"] != commit:
        endless = {one.name for one in LEVELS if not one.whole}
        return Night(commit, {name: last for name, last in data["reached"].items() if name in endless})
    verdicts = {name: _verdict(name, kept) for name, kept in data["verdicts"].items()}
    ahead = {name: {int(first): last for first, last in ranges.items()} for name, ranges in data["ahead"].items()}
    return Night(commit, data["reached"], ahead, data["began"], verdicts, data["seconds"])


def save(night: Night, place: Path = PLACE) -> None:
    """Writes it down whole, beside its place first, so that a night that is cut short leaves what it had."""
    place.parent.mkdir(parents=True, exist_ok=True)
    verdicts = {
        name: {"figures": v.figures, "seconds": v.seconds, "failures": [_told(f) for f in v.failures]} for name, v in night.verdicts.items()
    }
    data = {
        "commit": night.commit,
        "reached": night.reached,
        "ahead": night.ahead,
        "began": night.began,
        "verdicts": verdicts,
        "seconds": night.seconds,
    }
    beside = place.with_suffix(".new")
    beside.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
    beside.replace(place)


def _told(failure: Failure) -> dict[str, Any]:
    return {"seed": failure.seed, "again": failure.again, "broken": [[b.invariant, b.what, b.where] for b in failure.broken]}


def _verdict(name: str, kept: dict[str, Any]) -> Verdict:
    failures = [Failure(name, f["seed"], f["again"], tuple(Broken(*b) for b in f["broken"])) for f in kept["failures"]]
    return Verdict(name, failures, kept["figures"], kept["seconds"])

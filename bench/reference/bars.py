"""What the reference job has to be, and what it was: medians of alternating pairs, so that a busy moment of the machine strikes both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.reference.running import Cost
from bench.reference.world import BATCH, PAGE

CHANGED = 100
"""Customers that are edited before the second run."""
Costs = Mapping[str, Cost]
"""Phase -> what it cost."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One measure beside what it has to be. ``at_least``: more is better; else less is."""

    name: str
    value: float
    bar: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is good enough."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar


@dataclass(slots=True)
class Pairs:
    """The rounds so far: the same place in both lists is one pair."""

    product: list[Costs] = field(default_factory=list)
    floor: list[Costs] = field(default_factory=list)

    def median(self, phase: str, what: Callable[[Cost], float]) -> float:
        """The product's median."""
        return median(what(costs[phase]) for costs in self.product)

    def ratio(self, phase: str) -> float:
        """The median of how many times the floor's wall the product took."""
        return median(mine[phase].wall / bare[phase].wall for mine, bare in zip(self.product, self.floor, strict=True))

    def worst(self, phase: str, what: Callable[[Cost], float]) -> float:
        """The product's largest."""
        return max(what(costs[phase]) for costs in self.product)

    def rows(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Who, phase, and the medians of its numbers."""
        for who, rounds in (("floor", self.floor), ("product", self.product)):
            for phase in rounds[0] if rounds else ():
                yield who, phase, _medians([costs[phase] for costs in rounds])

    def told(self) -> dict[str, Any]:
        """Every round as plain numbers."""
        return {
            who: [{phase: _medians([cost]) | {"said": dict(cost.said)} for phase, cost in costs.items()} for costs in rounds]
            for who, rounds in (("floor", self.floor), ("product", self.product))
        }


def bars(pairs: Pairs, customers: int) -> list[Bar]:
    """P1 to P4, P8 and the memory of the usual size. The calls of P2 include those of the set-up."""
    pages, changed = -(-customers // PAGE), min(CHANGED, customers)
    batches, few = -(-customers // BATCH), -(-changed // BATCH)
    scale = customers / 10_000
    first = median(costs["setup"].calls + costs["first"].calls for costs in pairs.product)
    return [
        Bar("P1 first, wall by the floor's", pairs.ratio("first"), 2.2),
        Bar("P1 first, processor seconds", pairs.median("first", _cpu), max(0.5, 2.2 * scale), "s"),
        Bar("P2 set-up and first, calls", first, pages + batches + 4),
        Bar("P3 second, wall by the floor's", pairs.ratio("second"), 1.6),
        Bar("P3 second, processor seconds", pairs.median("second", _cpu), 0.6, "s"),
        Bar("P3 second, calls", pairs.worst("second", _calls), pages + 3 * few),
        Bar("P3 second, writes beyond one a changed customer", pairs.worst("second", lambda cost: abs(cost.writes - changed)), 0),
        Bar("P4 third, wall by the floor's", pairs.ratio("third"), 1.4),
        Bar("P4 third, processor seconds", pairs.median("third", _cpu), 0.5, "s"),
        Bar("P4 third, calls", pairs.worst("third", _calls), pages + 1),
        Bar("P4 third, writes", pairs.worst("third", lambda cost: cost.writes), 0),
        Bar(f"P6 first, most memory, {customers} customers", pairs.worst("first", lambda cost: cost.mib), 90, "MiB"),
        Bar("P8 start until the first call", pairs.median("third", lambda cost: cost.start), 0.6, "s"),
        Bar("missing, duplicate, stale or wrong after any phase", pairs_left(pairs), 0),
        Bar("faults, failures, questions and problems", sum(map(troubles, pairs.product)), 0),
    ]


def large_bars(pairs: Pairs, customers: int, costs: Costs, many: int, bare: Cost, bare_usual: Cost) -> list[Bar]:
    """P6 and P10: memory does not grow with the number of customers, and one that is unchanged costs next to nothing."""
    memory = costs["first"].mib
    grown = costs["third"].cpu - pairs.median("third", _cpu)
    fetched = bare.cpu - bare_usual.cpu
    return [
        Bar(f"P6 first, most memory, {many} customers", memory, 90, "MiB"),
        Bar("P6 more memory than for the usual size", memory - pairs.worst("first", lambda cost: cost.mib), 10, "MiB"),
        Bar("P10 an unchanged record, beside fetching it", (grown - fetched) / (many - customers) * 1e6, 20, "us"),
        Bar(
            f"missing, duplicate, stale or wrong of {many}",
            sum(sum(cost.left_behind) for name, cost in costs.items() if name != "setup"),
            0,
        ),
    ]


def latency_bars(costs: Costs) -> list[Bar]:
    """P9: four calls under way at once, each taking 150 ms."""
    return [
        Bar("P9 first with 150 ms a call", costs["first"].wall, 10, "s"),
        Bar("missing, duplicate, stale or wrong with 150 ms a call", sum(costs["first"].left_behind), 0),
    ]


def limit_bars(costs: Costs) -> list[Bar]:
    """P5: two calls a second on either side, fifty saved up in the target."""
    refused = sum(int(costs[name].server["refused"]) for name in ("first", "second"))
    return [
        Bar("P5 first with the vendors' limits", costs["first"].wall, 78, "s"),
        Bar("P5 second with the vendors' limits", costs["second"].wall, 20, "s"),
        Bar("P5 refused calls", refused, 2),
        Bar("missing, duplicate, stale or wrong with the vendors' limits", sum(costs["second"].left_behind), 0),
    ]


def pairs_left(pairs: Pairs) -> int:
    """Everything that any phase left behind."""
    return sum(sum(cost.left_behind) for costs in pairs.product for phase, cost in costs.items() if phase != "setup")


def troubles(costs: Costs) -> int:
    """What the product itself says went wrong."""
    said = [cost.said for phase, cost in costs.items() if phase != "setup"]
    return sum(len(one["faults"]) + one["failed"] + one["questions"] + one["problems"] for one in said)


def _medians(costs: list[Cost]) -> dict[str, Any]:
    parts: dict[str, Callable[[Cost], float]] = {
        "wall": lambda cost: cost.wall,
        "cpu": _cpu,
        "start": lambda cost: cost.start,
        "mib": lambda cost: cost.mib,
        "calls": _calls,
        "writes": lambda cost: cost.writes,
    }
    worst = [max(numbers) for numbers in zip(*(cost.left_behind for cost in costs), strict=True)]
    return {name: median(map(what, costs)) for name, what in parts.items()} | {"left": worst}


def _cpu(cost: Cost) -> float:
    return cost.cpu


def _calls(cost: Cost) -> float:
    return cost.calls

"""``python -m bench.reference``: the reference job by the product and by a bare loop, in alternating pairs, beside its bars.

``--large`` adds 100,000 customers (memory, the cost of an unchanged record), ``--latency`` calls that take 150 ms, ``--rate-limit`` the
vendors' real limits (two minutes). ``--server URL`` measures against a server that runs already, ours or another with the same two APIs and
the same control door; ``--floor COMMAND`` beside another bare loop (it is given ``--state FILE``, the address in ``BENCH_URL``). Ends with 1
if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.reference.bars import CHANGED, Bar, Pairs, bars, large_bars, latency_bars, limit_bars
from bench.reference.running import Address, Cost, machine, module, server

PHASES = ("first", "second", "third")
LARGE, LATENCY = 100_000, 150


class Jobs:
    """The commands of one measurement, each with a state of its own. ``limits``: keep to the vendors' rates."""

    def __init__(self, address: Address, folder: Path, customers: int, floor: Sequence[str], *, limits: bool = False) -> None:
        self._address, self._folder, self._customers = address, folder, customers
        self._floor, self._limits = list(floor), limits
        self._runs = 0

    def product(self, phases: Sequence[str] = PHASES) -> dict[str, Cost]:
        """A new data folder; set-up and the phases one after the other. Calls of the set-up count with the first."""
        folder = self._fresh() / "data"
        limits = ["--limits"] if self._limits else []
        setup = self._address.measured(module("product", str(folder), "setup", *limits), "reset", n=self._customers)
        return {"setup": setup} | {name: self._phase(name, module("product", str(folder), "sync", *limits)) for name in phases}

    def floor(self, phases: Sequence[str] = PHASES) -> dict[str, Cost]:
        """The bare loop, from an empty target on."""
        command = [*self._floor, "--state", str(self._fresh() / "floor.db"), *(["--pace"] if self._limits else [])]
        self._address.tell("reset", n=self._customers)
        return {name: self._phase(name, command) for name in phases}

    def bare(self) -> Cost:
        """The pages alone."""
        return self._address.measured(module("floor", "--bare"))

    def _phase(self, name: str, command: Sequence[str]) -> Cost:
        if name == "second":
            return self._address.measured(command, "change", k=min(CHANGED, self._customers))
        return self._address.measured(command)

    def _fresh(self) -> Path:
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir(parents=True)
        return folder


def alternating(jobs: Jobs, rounds: int) -> Pairs:
    """Product and floor in turn, each time the other one first."""
    pairs = Pairs()
    for number in range(rounds):
        for who in ("product", "floor") if number % 2 else ("floor", "product"):
            getattr(pairs, who).append(getattr(jobs, who)())
    return pairs


def main(args: list[str] | None = None) -> int:
    """Measures and tells; 1 if a bar is missed."""
    given = _parser().parse_args(args)
    floor = shlex.split(given.floor) if given.floor else module("floor")
    told: dict[str, Any] = {"customers": given.customers, "machine": machine()}
    found: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="unisono-reference-") as place, ExitStack() as stack:
        folder = Path(place)

        def jobs(name: str, customers: int, *options: str, limits: bool = False) -> Jobs:
            address = Address(given.server) if given.server else stack.enter_context(server(*options))
            return Jobs(address, folder / name, customers, floor, limits=limits)

        usual = jobs("usual", given.customers)
        pairs = alternating(usual, given.rounds)
        told["pairs"] = pairs.told()
        found += bars(pairs, given.customers)
        if given.large:
            large = jobs("large", LARGE)
            costs = large.product(("first", "third"))
            found += large_bars(pairs, given.customers, costs, LARGE, large.bare(), usual.bare())
            told["large"] = {name: {**cost.server, "cpu": cost.cpu, "wall": cost.wall, "mib": cost.mib} for name, cost in costs.items()}
        if given.latency:
            found += latency_bars(jobs("latency", given.customers, "--latency", str(LATENCY)).product(("first",)))
        if given.rate_limit:
            found += limit_bars(jobs("limits", given.customers, "--rate-limit", limits=True).product(("first", "second")))
    if given.json:
        rows = [{"name": bar.name, "value": bar.value, "bar": bar.bar, "met": bar.met} for bar in found]
        sys.stdout.write(json.dumps(told | {"bars": rows}, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(pairs, found, given.customers, given.rounds)) + "\n")
    return 0 if all(bar.met for bar in found) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.reference", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="alternating pairs (default 5)")
    parser.add_argument("--large", action="store_true", help="also 100,000 customers")
    parser.add_argument("--latency", action="store_true", help="also calls that take 150 ms")
    parser.add_argument("--rate-limit", action="store_true", help="also the vendors' real limits")
    parser.add_argument("--server", metavar="URL", help="a server that runs already, for everything that is measured")
    parser.add_argument("--floor", metavar="COMMAND", help="another bare loop to measure beside")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser


def _lines(pairs: Pairs, found: Sequence[Bar], customers: int, rounds: int) -> Iterator[str]:
    yield f"{customers} customers one way, {CHANGED} changed, medians of {rounds} alternating pairs; {machine()}"
    yield ""
    yield f"{'':<22}{'wall s':>9}{'cpu s':>9}{'start s':>9}{'MiB':>8}{'calls':>9}{'writes':>9}   missing / duplicate / stale / wrong"
    for who, phase, row in pairs.rows():
        numbers = f"{row['wall']:>9.2f}{row['cpu']:>9.2f}{row['start']:>9.2f}{row['mib']:>8.1f}{row['calls']:>9.0f}{row['writes']:>9.0f}"
        yield f"{f'{who}, {phase}':<22}{numbers}   {' / '.join(map(str, row['left']))}"
    yield ""
    for bar in found:
        yield f"{'ok  ' if bar.met else 'MISS'}  {bar.name:<66}{bar.value:>10.2f}  <= {bar.bar:g} {bar.unit}"


if __name__ == "__main__":
    raise SystemExit(main())

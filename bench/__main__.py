"""``python -m bench``: a first sync against simulated vendors, then one with nothing changed, then one with 100 customers changed.

Prints what each cost beside its bar and beside a loop that only makes the calls; ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.firm import Size
from bench.minimum import Job, first_sync, listings
from bench.reference.bars import Bar
from bench.reference.running import ROOT, Broken, environment, machine
from unisono.wiring import system_file

RATE, MEMORY, CALLS = 150.0, 150.0, 1.05
CHANGED = 100


class Vendors:
    """The simulators' process: where they listen, and what one may ask of it."""

    def __init__(self, size: Size) -> None:
        command = [sys.executable, "-m", "bench.vendors", str(size.customers), str(size.documents)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT)
        self.addresses = self._read()

    def ask(self, command: str) -> dict[str, Any]:
        """One command and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Broken(f"the simulators ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def vendors(size: Size) -> Iterator[Vendors]:
    """Fresh simulators for as long as they are needed."""
    running = Vendors(size)
    try:
        yield running
    finally:
        running.stop()


def measure(size: Size, fan_out: int, folder: Path) -> dict[str, Any]:
    """The product's four phases: set-up, first sync, nothing changed, some changed."""
    out: dict[str, Any] = {}
    with vendors(size) as running:
        told = json.dumps(running.addresses)
        for name, phase in (("setup", "setup"), ("first", "sync"), ("second", "sync"), ("changed", "sync")):
            if name == "changed":
                running.ask(f"edit {min(CHANGED, size.customers)}")
            cpu = running.ask("calls")["cpu"]
            cost = _run(["bench.product", str(folder / "data"), phase, told], UNISONO_BENCH_FAN_OUT=str(fan_out))
            seen = running.ask("calls")
            wrote = sum(seen["writes"].values())
            out[name] = cost | {
                "calls": sum(seen["calls"].values()),
                "vendor_writes": wrote,
                "refused": seen["refused"],
                "by_operation": seen["calls"],
                "vendors_cpu": seen["cpu"] - cpu,
            }
    return out


def floor(size: Size, fan_out: int) -> dict[str, Any]:
    """The bare loop, against fresh simulators."""
    with vendors(size) as running:
        cost = _run(["bench.floor", json.dumps(running.addresses), str(fan_out)])
        return cost | {"calls": sum(running.ask("calls")["calls"].values())}


def minimum(size: Size) -> tuple[int, int]:
    """The fewest calls of set-up with first sync, and the fewest that listing everything again takes."""
    crm, books = system_file("centralstation"), system_file("fastbill")
    there = {"customer": size.customers, "contact": 0, "estimate": size.estimates, "invoice": size.documents - size.estimates}
    empty = {"companies": 0, "people": 0, "deals": 0, "tags": 0}
    first = first_sync(
        (crm, Job(rows=empty, creates={"party": size.customers, "contact": size.contacts})),
        (books, Job(rows=there, documents=size.documents)),
    )
    people = size.customers - size.companies + size.contacts
    return first.total, listings(crm, empty | {"companies": size.companies, "people": people}) + listings(books, there)


def bars(size: Size, got: dict[str, Any]) -> list[Bar]:
    """What was measured beside what it has to be."""
    first, second, changed = got["first"], got["second"], got["changed"]
    calls = first["calls"] + got["setup"]["calls"]
    fewest, again = minimum(size)
    links = first["links"]
    missing = size.customers - links.get("party", 0) + size.contacts - links.get("contact", 0) + size.documents - links.get("note", 0)
    troubles = sum(
        got[name]["failed"] + got[name]["problems"] + got[name]["questions"] + got[name]["refused"] + len(got[name]["faults"])
        for name in ("first", "second", "changed")
    )
    memory = max(got[name]["mib"] for name in ("first", "second", "changed"))
    edited = min(CHANGED, size.customers)
    return [
        Bar("first sync, customers and documents a second", size.records / first["wall"], RATE, at_least=True),
        Bar("most memory of the product's process", memory, MEMORY, unit="MiB"),
        Bar("set-up and first sync, calls by the fewest possible", calls / fewest, CALLS, unit=f"({calls} / {fewest})"),
        Bar("first sync, records that are missing", missing, 0),
        Bar("nothing changed, writes", second["vendor_writes"], 0),
        Bar("nothing changed, calls by those of listing", second["calls"] / again, 1.0, unit=f"({second['calls']} / {again})"),
        Bar(f"{edited} customers changed, writes beyond one each", abs(changed["vendor_writes"] - edited), 0),
        Bar("faults, refusals, questions and problems", troubles, 0),
    ]


def main(args: list[str] | None = None) -> int:
    """Measures and tells; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--fan-out", type=int, default=4, help="calls under way at once (default 4, as the product's own)")
    parser.add_argument("--no-floor", action="store_true", help="without the bare loop")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args(args)
    size = Size(given.customers, given.documents)
    with tempfile.TemporaryDirectory(prefix="unisono-bench-") as place:
        got = measure(size, given.fan_out, Path(place))
    bare = None if given.no_floor else floor(size, given.fan_out)
    found = bars(size, got)
    if given.json:
        told = {"size": [size.customers, size.documents], "machine": machine(), "phases": got, "floor": bare}
        rows = [{"name": b.name, "value": b.value, "bar": b.bar, "met": b.met} for b in found]
        sys.stdout.write(json.dumps(told | {"bars": rows}, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(size, got, bare, found)) + "\n")
    return 0 if all(bar.met for bar in found) else 1


def _lines(size: Size, got: dict[str, Any], bare: dict[str, Any] | None, found: list[Bar]) -> Iterator[str]:
    yield f"{size.customers} customers ({size.contacts} with a contact person), {size.documents} documents; {machine()}"
    yield ""
    yield f"{'':<24}{'wall s':>9}{'cpu s':>9}{'start s':>9}{'MiB':>8}{'calls':>9}{'writes':>9}{'vendors cpu s':>15}"
    for name, title in (("setup", "set-up"), ("first", "first sync"), ("second", "nothing changed"), ("changed", "some changed")):
        p = got[name]
        numbers = f"{p['wall']:>9.2f}{p['cpu']:>9.2f}{p['start']:>9.2f}{p['mib']:>8.1f}{p['calls']:>9}{p['vendor_writes']:>9}"
        yield f"{title:<24}{numbers}{p['vendors_cpu']:>15.2f}"
    if bare is not None:
        yield f"{'bare loop, same calls':<24}{bare['wall']:>9.2f}{bare['cpu']:>9.2f}{'':>9}{'':>8}{bare['calls']:>9}"
        first = got["first"]
        yield f"first sync by the bare loop: {first['wall'] / bare['wall']:.2f} x wall, {first['cpu'] / bare['cpu']:.2f} x cpu"
    yield ""
    for bar in found:
        relation = ">=" if bar.at_least else "<="
        yield f"{'ok  ' if bar.met else 'MISS'}  {bar.name:<54}{bar.value:>10.2f}  {relation} {bar.bar:g} {bar.unit}"


def _run(module: list[str], **more: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, env=environment() | more, cwd=ROOT, check=False
    )
    if done.returncode or not done.stdout.strip():
        raise Broken(f"{module[0]} ended with {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    raise SystemExit(main())

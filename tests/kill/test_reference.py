"""The reference job, killed with `kill -9` at a drawn moment and finished by the next start: nothing missing, twice or old, nothing made again."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.reference.running import LEFT_BEHIND, ROOT, Address, environment, server
from bench.reference.world import BATCH

CUSTOMERS, CHANGED = 400, 100
SEEDS = tuple(range(1, 21))
KILLED = -9
TRIES = 4
"""Further starts that may be needed to bring a killed job to its end."""
JSON = dict[str, Any]
pytestmark = pytest.mark.kill


class Product:
    """The process from which the product is started, and the server it works against."""

    def __init__(self, process: subprocess.Popen[str], address: Address) -> None:
        self._process, self.address = process, address

    def order(self, do: str, data: Path, **more: Any) -> JSON:
        """Starts the product for one thing; how it ended and what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, "data": str(data), "url": self.address.url} | more) + "\n")
        self._process.stdin.flush()
        told: JSON = json.loads(self._process.stdout.readline())
        return told

    def finished(self, data: Path) -> JSON:
        """Starts it until nothing is left to do."""
        told = self.order("sync", data)
        for _ in range(TRIES):
            if not told["writes"] and not told["faults"]:
                break
            told = self.order("sync", data)
        return told


@contextmanager
def running() -> Iterator[Product]:
    """A server of the reference job, and the product beside it."""
    with server("--customers", str(CUSTOMERS)) as address:
        command = [sys.executable, "-m", "tests.kill.reference"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, text=True, env=environment(), cwd=ROOT, **pipes) as process:  # type: ignore[call-overload]
            try:
                yield Product(process, address)
            finally:
                process.stdin.close()
                process.wait(timeout=30)


def test_twenty_reference_jobs_killed_at_drawn_moments_leave_nothing_missing_twice_or_old(tmp_path: Path) -> None:
    wrong: dict[int, list[str]] = {}
    with running() as product:
        product.address.tell("reset", n=CUSTOMERS)
        new = tmp_path / "new"
        product.order("setup", new)
        steps = _steps_of(product, _copied(new, tmp_path / "whole"))
        for seed in SEEDS:
            product.address.tell("reset", n=CUSTOMERS)
            found = _live_and_die(seed, product, _copied(new, tmp_path / str(seed)), steps)
            print(f"seed {seed}: {'; '.join(found) or 'ok'}")
            if found:
                wrong[seed] = found
    assert wrong == {}


def test_a_customer_that_is_edited_and_slides_to_another_page_while_the_list_is_read_is_made_once(tmp_path: Path) -> None:
    with running() as product:
        product.address.tell("reset", n=CUSTOMERS)
        data = tmp_path / "data"
        product.order("setup", data)
        # before: the first customer stands on page 0; while page 1 is asked for it is edited and moves to the end of the list
        product.address.tell("slide", page=1)
        product.finished(data)
        # after: made once, in its latest version
        seen = product.address.tell("stats")
        assert [seen[name] for name in LEFT_BEHIND] == [0, 0, 0, 0]
        assert seen["commands"]["crm.contact.add"] == CUSTOMERS


def _steps_of(product: Product, data: Path) -> dict[str, int]:
    """How many steps a first sync takes, and one with some changed customers, when nobody dies."""
    first = product.order("sync", data)["steps"]
    product.finished(data)
    product.address.tell("change", k=CHANGED)
    return {"first": first, "second": product.order("sync", data)["steps"]}


def _live_and_die(seed: int, product: Product, data: Path, steps: dict[str, int]) -> list[str]:
    """One job: a death in the first or the second sync, then starts until it is done; what is wrong at the end."""
    chance = random.Random(seed)
    phase = "second" if seed % 3 == 0 else "first"
    if chance.random() < 0.5:
        death: JSON = {"last": chance.randint(1, steps[phase] - 1)}
    else:
        # A change is read before and after it. The last call begins a batch before the last command.
        commands = CUSTOMERS if phase == "first" else 3 * CHANGED
        death = {"kill": {"after": chance.randint(1, commands - BATCH), "when": chance.choice(("before", "after"))}}
    found = []
    if phase == "second":
        product.finished(data)
        product.address.tell("change", k=CHANGED)
    product.address.tell("counters")
    ended = product.order("sync", data, **death)["ended"]
    if ended != KILLED:
        found.append(f"{death} ended with {ended}")
    if phase == "first" and chance.random() < 0.5:
        product.address.tell("change", k=CHANGED)
    last = product.finished(data)
    seen = product.address.tell("stats")
    found += [f"{name} {seen[name]}" for name in LEFT_BEHIND if seen[name]]
    found += [f"{name} {last[name]}" for name in ("writes", "failed", "questions", "problems", "faults") if last[name]]
    made, changed = (seen["commands"].get(name, 0) for name in ("crm.contact.add", "crm.contact.update"))
    if made != (CUSTOMERS if phase == "first" else 0):
        found.append(f"{made} creates were sent")
    if phase == "second" and changed != CHANGED:
        found.append(f"{changed} changes were sent")
    return [f"{phase}, {death}: {one}" for one in found]


def _copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to

"""Level E: real processes and files. `kill -9` at a drawn moment, crash images of a stopped process, a second process on the same store.

Vendors run in a process of their own; so do the starts of the product. What is checked afterwards is the vendors' truth, their logs, the journal.
Of every five deaths one is between Bitrix24 and Lexware Office (``second_kills``).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from tests.kill.world import (
    CUSTOMERS,
    DOCUMENTS,
    KILLED,
    ROOT,
    SMALL,
    Lane,
    Village,
    drawn,
    from_the_books,
    integrity,
    journal_against_logs,
    live_and_die,
    running,
)
from tests.storm.levels import second_kills
from tests.storm.verdict import Broken, Failure, Verdict

LEVEL = "kills"
LANES = 2
OFFSET = 1000
"""The seeds of the stage of kill tests come before."""
LONGEST = 1.2
"""Seconds within which a first sync of a small firm is stopped."""
SECOND = 3
"""Of every five seeds, that whose firm has Bitrix24 and Lexware Office."""
REFUSED = 1
"""How a process ends that may not have the folder."""
_WORDS = (
    ("integrity", "I11"), ("did not finish", "I11"), ("missing", "I3"), ("too many", "I1"), ("silent", "I4"), ("explained", "I9"),
    ("second process", "I12"), ("journal ends", "I8"),
)  # fmt: skip


def run(first_seed: int, last_seed: int) -> Verdict:
    """Plays the deaths of these seeds, both included."""
    verdict, began = Verdict(LEVEL), time.perf_counter()
    seeds = range(first_seed, last_seed + 1)
    with running(LANES) as village, ThreadPoolExecutor(LANES) as pool, tempfile.TemporaryDirectory() as folder:
        found = pool.map(lambda seed: one(seed, village, Path(folder)), [seed for seed in seeds if not second(seed)])
        ends = dict(zip([seed for seed in seeds if not second(seed)], found, strict=True)) | dict(_second_pair(seeds, Path(folder)))
        for seed, (how, wrong) in sorted(ends.items()):
            verdict.count("kills")
            verdict.count(how)
            if wrong:
                broken = tuple(Broken(_invariant(text), text, how) for text in wrong)
                verdict.failures.append(Failure(LEVEL, seed, f"--level {LEVEL} --seed {seed}", broken))
    verdict.seconds = time.perf_counter() - began
    return verdict


def second(seed: int) -> bool:
    """Whether a seed's firm has the second pair."""
    return seed % 5 == SECOND


def _second_pair(seeds: range, folder: Path) -> Iterator[tuple[int, tuple[str, list[str]]]]:
    mine = [seed for seed in seeds if second(seed)]
    if not mine:
        return
    with second_kills.lane_of_its_own() as lane:
        for seed in mine:
            (folder / str(seed)).mkdir()
            yield seed, ("killed between bitrix24 and lexoffice", second_kills.live_and_die(lane, seed, folder / str(seed)))


def _invariant(text: str) -> str:
    return next((invariant for word, invariant in _WORDS if word in text), "I11")


def one(seed: int, village: Village, folder: Path) -> tuple[str, list[str]]:
    """How a seed of the first pair dies, and what is wrong afterwards. Every fifth is stopped and goes on from its crash image, every fifth
    has a second process to fight off, of the others every other one carries out a released preview."""
    data = folder / str(seed)
    data.mkdir()
    with village.lane() as lane:
        match seed % 5:
            case 0:
                return "crash images", _first_sync(lane, seed, data, _image)
            case 1:
                return "second processes", _first_sync(lane, seed, data, _second)
    death = drawn(OFFSET + seed, preview=seed % 2 == 0, part=SMALL, twice=seed % 7 == 0)
    with village.lane() as lane:
        return "killed", live_and_die(lane, death, data)


Moment = Callable[[Lane, Path, "dict[str, Any]", Random], list[str]]


def _first_sync(lane: Lane, seed: int, folder: Path, meanwhile: Moment) -> list[str]:
    """A first sync of a small firm, something that happens meanwhile, and the next start, after which everything has to be there once."""
    rnd, data = Random(f"kills {seed}"), folder / "data"
    told: dict[str, Any] = {"data": str(data), "crm": lane.crm, "books": lane.books, "complete": True, "preview": False}
    lane.tell("new", seed=seed)
    made = lane.order(do="set-up", seed=seed * 100, **told)
    if made["ended"] != 0:
        return [f"set-up failed: {made}"]
    told["pair"] = made["pair"]
    lane.tell("fill", side="fastbill", seed=seed, customers=CUSTOMERS // SMALL, documents=DOCUMENTS // SMALL)
    wrong = meanwhile(lane, data, told | {"seed": seed * 100 + 1}, rnd)
    finished = lane.order(do="sync", seed=seed * 100 + 3, **told)
    if finished["ended"] != 0 or finished["faults"]:
        return [*wrong, f"the next start did not finish: {finished}"]
    wrong += from_the_books(lane) + journal_against_logs(lane, data)
    before = len(lane.writes("centralstation"))
    quiet = lane.order(do="sync", seed=seed * 100 + 4, **told)
    if quiet["ended"] != 0 or quiet["writes"] or len(lane.writes("centralstation")) != before:
        wrong.append(f"a further sync is not silent: {quiet}")
    return wrong


def _image(lane: Lane, data: Path, told: dict[str, Any], rnd: Random) -> list[str]:
    """The process is stopped, its files are copied as a crash would leave them (what is only in shared memory is lost), then it is killed;
    the copy takes the place of the original."""
    image = data.with_name("image")

    def freeze(pid: int) -> bool:
        if not stopped(pid):
            return False
        shutil.copytree(data, image, ignore=shutil.ignore_patterns("*-shm"))
        os.kill(pid, signal.SIGKILL)
        return True

    ended, met = _under_way(lane, told, rnd, freeze)
    if not met:
        return [] if ended == 0 else [f"it was not killed, but ended with {ended}"]
    shutil.rmtree(data)
    image.rename(data)
    wrong = [] if ended == KILLED else [f"it was to be killed, but ended with {ended}"]
    probe = data.with_name("probe")
    shutil.copytree(data, probe)
    return wrong + integrity(probe)


def _second(lane: Lane, data: Path, told: dict[str, Any], rnd: Random) -> list[str]:
    """The first process hangs, and another one wants the same folder: it is refused and writes nothing; then the first goes on."""
    ends: list[int] = []

    def intrude(pid: int) -> bool:
        met = stopped(pid)
        try:
            if held(data):
                with intruder(lane) as other:
                    ends.append(other.order(do="sync", **told | {"seed": told["seed"] + 1})["ended"])
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return met

    ended, _ = _under_way(lane, told, rnd, intrude)
    wrong = [] if ended == 0 else [f"the first process ended with {ended} after a second process had come"]
    return wrong + [f"the second process was not refused, but ended with {end}" for end in ends if end != REFUSED]


def stopped(pid: int) -> bool:
    """Stops a process; whether it was still alive: between the look for it and the signal it may have come to its own end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    while (state := _state(pid)) not in "TZX":
        os.sched_yield()
    return state == "T"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def held(data: Path) -> bool:
    """Whether somebody has the folder at this moment: the process may not have come so far, or be through with it."""
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def intruder(lane: Lane) -> Iterator[Lane]:
    """The same vendors, and another process to start the product from. What it says when it is refused is of no interest."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    command = [sys.executable, "-m", "tests.kill.product"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as product:  # type: ignore[call-overload]
        yield Lane(lane.crm, lane.books, product)


def _under_way(lane: Lane, told: dict[str, Any], rnd: Random, what: Callable[[int], bool]) -> tuple[int, bool]:
    """Starts a sync, does something to its process at a drawn moment; how it ended, and whether it was met alive."""
    answers: list[dict[str, Any]] = []
    worker = Thread(target=lambda: answers.append(lane.order(do="sync", **told)))
    worker.start()
    worker.join(rnd.uniform(0.05, LONGEST))
    children = Path(f"/proc/{lane.product.pid}/task/{lane.product.pid}/children").read_text().split()
    met = bool(children) and worker.is_alive()
    if met:
        met = what(int(children[0]))
    worker.join()
    return int(answers[0]["ended"]), met

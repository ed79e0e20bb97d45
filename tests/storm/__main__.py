"""``python -m tests.storm``: plays the storm, all levels as a commit does or one level over a range of seeds, and says how to repeat what failed.

python -m tests.storm                                               what `make storm` plays
python -m tests.storm --level engine --seeds 1:500                  one level over a range, both ends included
python -m tests.storm --level worlds --seed 123 --trace             one world, told call by call
python -m tests.storm --pair bitrix24/lexoffice --seeds 1:200       the worlds of another pair of vendors
python -m tests.storm --level worlds --seed 123 --shrink            the least of it that still fails
python -m tests.storm --night --minutes 120 --write                 goes on from the last seed, and writes docs/storm.md
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial

from tests.storm import figures, night, shrink
from tests.storm.invented import PAIR as INVENTED
from tests.storm.levels import engine, worlds
from tests.storm.levels.table import LEVELS, Task, level, tasks, work
from tests.storm.stages import PAIRS
from tests.storm.verdict import Failure, Verdict, merged
from tests.storm.world import Played

SHOWN = 20
"""Failures printed of one level; a mistake that breaks everything need not be printed a thousand times."""


def commit() -> str:
    """The commit that is played; with a plus sign if files were changed since."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed.strip() else "")


class Run:
    """Tasks shared by processes; verdicts as they come, failures printed at once."""

    def __init__(self, processes: int, head: str) -> None:
        self.head = head
        self.verdicts: dict[str, list[Verdict]] = {}
        self._processes = processes

    def play(self, work_to_do: Iterator[Task]) -> Iterator[tuple[Task, Verdict]]:
        """Every task with its verdict, in the order in which they end."""
        with ProcessPoolExecutor(self._processes, mp_context=multiprocessing.get_context("spawn")) as pool:
            under_way: dict[Future[Verdict], Task] = {}
            for task in work_to_do:
                under_way[pool.submit(work, task)] = task
                if len(under_way) > self._processes:
                    yield from self._ended(under_way)
            while under_way:
                yield from self._ended(under_way)

    def _ended(self, under_way: dict[Future[Verdict], Task]) -> Iterator[tuple[Task, Verdict]]:
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            task, verdict = under_way.pop(future), future.result()
            shown = sum(len(v.failures) for v in self.verdicts.get(task.level, []))
            for failure in verdict.failures[: max(0, SHOWN - shown)]:
                print(told(failure, self.head), flush=True)
            self.verdicts.setdefault(task.level, []).append(verdict)
            yield task, verdict

    def totals(self) -> list[Verdict]:
        """One verdict a level, in the order of their letters; seconds are processor time of all its tasks."""
        out = []
        for name in sorted(self.verdicts, key=lambda name: level(name).letter):
            total = merged(name, self.verdicts[name])
            total.seconds = sum(verdict.seconds for verdict in self.verdicts[name])
            out.append(total)
        return out


def told(failure: Failure, head: str) -> str:
    """The line that repeats a failure, and what was broken."""
    return "\n".join((f"{failure.line} --commit {head}", *(f"    {broken}" for broken in failure.broken[:3])))


def once(args: argparse.Namespace, head: str) -> int:
    """Plays what a commit plays, or the chosen level over the chosen seeds."""
    began = time.perf_counter()
    chosen = [level(name)] if (name := _named(args)) else list(LEVELS)
    first, last = args.seeds or (0, 0)
    run = Run(args.processes, head)
    ranges = {one.name: (first, last) if args.seeds else (1, -(-one.commit // args.part)) for one in chosen}
    for _ in run.play(task for one in chosen for task in tasks(one, *ranges[one.name])):
        pass
    verdicts, seconds = run.totals(), time.perf_counter() - began
    print("\n".join(figures.lines(verdicts)))
    print(f"{seconds:.0f} s at commit {head}")
    if args.write:
        seeds = {name: f"{a}:{b}" for name, (a, b) in ranges.items() if not level(name).whole}
        text = figures.section(
            figures.HEADS["commit"], verdicts, command="make storm", commit=head, when=now(), seconds=seconds, seeds=seeds
        )
        figures.write("commit", text)
    return 0 if all(verdict.fine for verdict in verdicts) else 1


def through(args: argparse.Namespace, head: str) -> int:
    """A night: every level goes on where it was left, until the long run is played or the minutes are over."""
    state, began = night.load(head), time.perf_counter()
    run, spent = Run(args.processes, head), state.seconds
    end = began + args.minutes * 60
    for task, verdict in run.play(nightly(state, end)):
        state.took(verdict, task.first, task.last)
        state.seconds = spent + time.perf_counter() - began
        night.save(state)
    verdicts = sorted(state.verdicts.values(), key=lambda verdict: level(verdict.level).letter)
    print("\n".join(figures.lines(verdicts)))
    if args.write:
        text = figures.section(
            figures.HEADS["night"],
            verdicts,
            command="make storm-night",
            commit=head,
            when=now(),
            seconds=state.seconds,
            seeds={name: text for name, text in state.ranges().items() if not level(name).whole},
        )
        figures.write("night", text)
    return 0 if all(verdict.fine for verdict in verdicts) else 1


def nightly(state: night.Night, end: float) -> Iterator[Task]:
    """The tasks of a long run, or of as much as there is time for: always of the level that has the most before it still. What has a fixed
    extent is played once a commit."""
    for one in LEVELS:
        for task in tasks(one, state.reached.get(one.name, 0) + 1, one.commit) if one.whole else ():
            if time.perf_counter() >= end:
                return
            state.begin(one.name, task.first)
            if not state.played(one.name, task.first):
                yield task
    endless = [one for one in LEVELS if one.night and not one.whole]
    given = {one.name: state.next(one.name) for one in endless}
    began = {name: state.begin(name, first) for name, first in given.items()}
    while time.perf_counter() < end:
        one = min(endless, key=lambda one: (given[one.name] - began[one.name]) / one.night)
        first = given[one.name]
        if first >= began[one.name] + one.night:
            return
        given[one.name] += one.chunk
        if not state.played(one.name, first):
            yield Task(one.name, first, first + one.chunk - 1)


def single(args: argparse.Namespace, head: str) -> int:
    """One seed: told, shrunk, or just judged."""
    name = _named(args) or "worlds"
    if name not in WORLDS:
        if args.trace or args.shrink:
            print(f"only worlds are told and shrunk: {', '.join(WORLDS)}", file=sys.stderr)
        verdict = level(name).run(args.seed, args.seed)
        for failure in verdict.failures:
            print(told(failure, head))
        print(", ".join(f"{figure} {number}" for figure, number in sorted(verdict.figures.items())))
        return 0 if verdict.fine else 1
    played = _world(name, args.seed, words=args.trace)
    for line in played.words:
        print(line)
    for broken in played.broken:
        print(f"broken: {broken}")
    print(f"{name} {args.seed}: {len(played.broken)} broken, trace {played.trace}")
    if args.shrink and played.broken:
        least = shrink.shrink(played, lambda deeds, breaks: WORLDS[name](args.seed, deeds, breaks))
        print("\n".join(shrink.told(least)))
    return 1 if played.broken else 0


def _named(args: argparse.Namespace) -> str:
    """The level that was asked for; the worlds of every pair but the first are a level of its name."""
    if args.pair == INVENTED:
        return args.level or "engine"
    return args.pair if args.pair in PAIRS[1:] and args.level in ("", "worlds") else args.level


def _world(name: str, seed: int, *, words: bool) -> Played:
    return WORLDS[name](seed, words=words)


WORLDS = {"worlds": worlds.world, "engine": engine.world} | {pair: partial(worlds.world, pair=pair) for pair in PAIRS[1:]}
"""The levels whose numbers are worlds that can be told and shrunk."""


def now() -> str:
    """The day and hour for the page."""
    return dt.datetime.now(dt.UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def span(text: str) -> tuple[int, int]:
    """``A:B`` as two numbers."""
    first, _, last = text.partition(":")
    if int(last) < int(first):
        raise ValueError(text)
    return int(first), int(last)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.storm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--level", choices=[one.name for one in LEVELS], default="")
    parser.add_argument("--seeds", type=span, help="A:B, both included")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--pair", choices=[*PAIRS, INVENTED], default="")
    parser.add_argument("--trace", action="store_true", help="tell the world of one seed call by call")
    parser.add_argument("--shrink", action="store_true", help="leave out of a failing seed what can be left out")
    parser.add_argument("--part", type=int, default=1, help="play only one in so many of a commit's numbers")
    parser.add_argument("--commit", default="", help="the commit a failure was seen at; told if this is another one")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the figures to docs/storm.md")
    parser.add_argument("--night", action="store_true", help="go on from the last seed")
    parser.add_argument("--minutes", type=float, default=120.0, help="how long a night is")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    args, head = parsed(arguments), commit()
    if args.commit and args.commit.rstrip("+") != head.rstrip("+"):
        print(f"seen at commit {args.commit}; this is {head}", file=sys.stderr)
    if args.seed is not None:
        return single(args, head)
    return through(args, head) if args.night else once(args, head)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

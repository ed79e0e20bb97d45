"""Processes of the reference job as they are seen from outside: the server, one measured job, and what the server says of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LEFT_BEHIND = ("missing", "duplicate", "stale", "wrong")
_LOOK = 0.01


class Broken(Exception):
    """A process of the benchmark ended without saying what it measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job cost: seconds of wall and processor, most memory in MiB, what the server counted, and what the job said itself."""

    wall: float
    cpu: float
    mib: float
    server: Mapping[str, Any]
    said: Mapping[str, Any] = field(default_factory=dict)
    start: float = 0.0
    """Seconds from the start of the process to its first call, where it says so."""

    @property
    def calls(self) -> int:
        """Calls as the server counted them."""
        return int(self.server["calls_total"])

    @property
    def writes(self) -> int:
        """Commands that made or changed a record, as the server counted them."""
        commands = self.server["commands"]
        return int(commands.get("crm.contact.add", 0) + commands.get("crm.contact.update", 0))

    @property
    def left_behind(self) -> tuple[int, ...]:
        """Missing, duplicate, stale, wrong."""
        return tuple(int(self.server[name]) for name in LEFT_BEHIND)


@dataclass(frozen=True, slots=True)
class Address:
    """A server of the reference job, wherever it came from."""

    url: str

    def tell(self, what: str, **given: Any) -> dict[str, Any]:
        """One word to its control door, and its counts and verdict."""
        request = urllib.request.Request(f"{self.url}/control/{what}", data=json.dumps(given).encode(), method="POST")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=120) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def measured(self, command: Sequence[str], before: str = "counters", **given: Any) -> Cost:
        """Runs a job to its end; ``before`` is told the server first. Raises ``Broken``."""
        self.tell(before, **given)
        self.tell("counters")
        began, at = time.perf_counter(), time.time()
        process = started(command, self.url)
        peak = _Peak(process.pid)
        out = process.stdout.read() if process.stdout is not None else ""
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        # Waited for by hand, for the sake of what it used.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.stdout is not None:
            process.stdout.close()
        if process.returncode:
            raise Broken(f"{' '.join(command)} ended with {process.returncode}")
        said = _said(out)
        start = max(0.0, said["first_call"] - at) if said.get("first_call") else 0.0
        return Cost(wall, used.ru_utime + used.ru_stime, peak.mib(), self.tell("stats"), said, start)


class _Peak:
    """The most memory a process ever had, looked up as long as it runs."""

    def __init__(self, pid: int) -> None:
        self._file, self._most = Path(f"/proc/{pid}/status"), 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def mib(self) -> float:
        """In MiB; 0 where the system does not tell."""
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while True:
            try:
                lines = self._file.read_text(encoding="ascii").splitlines()
            except OSError:
                return
            found = [line for line in lines if line.startswith("VmHWM:")]
            if not found:
                return  # it has ended
            self._most = max(self._most, int(found[0].split()[1]) / 1024)
            time.sleep(_LOOK)


def started(command: Sequence[str], url: str) -> subprocess.Popen[str]:
    """A job on its way."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment() | {"BENCH_URL": url}, cwd=ROOT)


@contextmanager
def server(*options: str) -> Iterator[Address]:
    """A server of our own for as long as it is needed."""
    command = [sys.executable, "-m", "bench.reference.server", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), cwd=ROOT)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise Broken(f"the server ended with {process.wait()}")
        yield Address(url)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def module(name: str, *args: str) -> list[str]:
    """The command that runs a module of the benchmark."""
    return [sys.executable, "-m", f"bench.reference.{name}", *args]


def machine() -> str:
    """What it is measured on, in a few words."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def environment() -> dict[str, str]:
    """The benchmark's own, with the way to the source. Python keeps what it compiled, as it does where the program is installed: without that
    more than half of a start is compiling."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _said(out: str) -> dict[str, Any]:
    """What a job said of itself in its last line, if that is JSON."""
    try:
        told = json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}

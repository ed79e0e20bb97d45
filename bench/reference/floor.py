"""What the calls alone cost: the reference job by a bare loop with a link table and nothing else, in a process of its own.

``python -m bench.reference.floor --state FILE`` against the address in ``BENCH_URL``; the same calls as the fewest possible, four under
way at once. ``--bare`` only fetches every page. Keeps no journal, matches nobody, and a kill costs it what it had not noted yet.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

PAGE, BATCH, AT_ONCE = 250, 50, 4
TARGET = "/rest/1/secret/"
Row = dict[str, Any]
Write = tuple[Row, int | None]
"""A customer, and the contact made from it, if there is one."""


class Pace:
    """Two calls a second, some of them saved up."""

    def __init__(self, saved: int) -> None:
        self._saved, self._left, self._at = saved, float(saved), time.monotonic()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Returns when a call may leave."""
        with self._lock:
            now = time.monotonic()
            self._left, self._at = min(float(self._saved), self._left + 2 * (now - self._at)) - 1, now
            due = -self._left / 2
        if due > 0:
            time.sleep(due + 0.002)


class Calls:
    """The address, with a connection a thread."""

    def __init__(self, base: str, *, paced: bool) -> None:
        self._place = urlsplit(base).netloc
        self._own = threading.local()
        self._pace = {"GET": Pace(2), "POST": Pace(50)} if paced else {}

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One call; asked again where there were too many."""
        line: HTTPConnection | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = HTTPConnection(self._place)
        while True:
            if self._pace:
                self._pace[method].wait()
            line.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = line.getresponse()
            told = answer.read()
            if answer.status == 200:
                return told
            if answer.status not in (429, 503):
                raise RuntimeError(f"{path}: {answer.status} {told[:200]!r}")
            time.sleep(0.5)


def fields(row: Row) -> Row:
    """The twelve fields of the target."""
    person = row.get("person") or (row.get("company") or {}).get("contactPersons", [{}])[0]
    place = (row.get("addresses", {}).get("billing") or [{}])[0]
    return {
        "NAME": person.get("firstName", ""),
        "LAST_NAME": person.get("lastName", ""),
        "COMPANY_TITLE": (row.get("company") or {}).get("name", ""),
        "EMAIL": [{"VALUE": (row.get("emailAddresses", {}).get("business") or [""])[0], "VALUE_TYPE": "WORK"}],
        "PHONE": [{"VALUE": (row.get("phoneNumbers", {}).get("business") or [""])[0], "VALUE_TYPE": "WORK"}],
        "ADDRESS": place.get("street", ""),
        "ADDRESS_POSTAL_CODE": place.get("zip", ""),
        "ADDRESS_CITY": place.get("city", ""),
        "ADDRESS_COUNTRY": place.get("countryCode", ""),
        "ORIGINATOR_ID": "lexoffice",
        "ORIGIN_ID": row["id"],
        "ORIGIN_VERSION": str(row["version"]),
    }


def query(values: Row) -> str:
    """Fields as PHP reads them from a query."""
    parts = []
    for name, value in values.items():
        if isinstance(value, list):
            parts += [f"fields[{name}][0][{inner}]={quote(text)}" for inner, text in value[0].items()]
        else:
            parts.append(f"fields[{name}]={quote(value)}")
    return "&".join(parts)


def written(calls: Calls, some: Sequence[Write]) -> list[tuple[str, int, int]]:
    """One batch; the rows of the link table that come of it."""
    commands = {
        f"c{place}": (f"crm.contact.update?id={there}&" if there else "crm.contact.add?") + query(fields(row))
        for place, (row, there) in enumerate(some)
    }
    body = msgspec.json.encode({"halt": 0, "cmd": commands})
    made = msgspec.json.decode(calls.call("POST", f"{TARGET}batch.json", body))["result"]["result"]
    return [(row["id"], row["version"], there or made[f"c{place}"]) for place, (row, there) in enumerate(some)]


def pages(calls: Calls, pool: ThreadPoolExecutor) -> Iterator[bytes]:
    """Every page of the source, as they come."""
    first = calls.call("GET", f"/v1/contacts?page=0&size={PAGE}")
    yield first
    count = msgspec.json.decode(first, type=_Envelope).totalPages
    asked = [pool.submit(calls.call, "GET", f"/v1/contacts?page={number}&size={PAGE}") for number in range(1, count)]
    for page in as_completed(asked):
        yield page.result()


class _Envelope(msgspec.Struct):
    totalPages: int  # the vendor's name


def run(base: str, state: str, *, bare: bool, paced: bool) -> int:
    """One sync; how many were written."""
    calls = Calls(base, paced=paced)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        if bare:
            return sum(len(page) and 0 for page in pages(calls, pool))
        store = sqlite3.connect(state)
        store.execute("create table if not exists link (source text primary key, version int, target int) without rowid")
        known = {source: (version, target) for source, version, target in store.execute("select source, version, target from link")}
        waiting: list[Write] = []
        sent: list[Future[list[tuple[str, int, int]]]] = []
        for page in pages(calls, pool):
            for row in msgspec.json.decode(page)["content"]:
                version, there = known.get(row["id"], (None, None))
                if version != row["version"]:
                    waiting.append((row, there))
            while len(waiting) >= BATCH:
                sent.append(pool.submit(written, calls, waiting[:BATCH]))
                del waiting[:BATCH]
        if waiting:
            sent.append(pool.submit(written, calls, waiting))
        rows = [row for one in sent for row in one.result()]
    store.executemany("insert or replace into link values (?, ?, ?)", rows)
    store.commit()
    return len(rows)


def main(args: list[str] | None = None) -> None:
    """One sync; prints how many were written."""
    parser = argparse.ArgumentParser(prog="python -m bench.reference.floor", description=__doc__)
    parser.add_argument("--state", default="floor.db", help="the link table")
    parser.add_argument("--bare", action="store_true", help="fetch the pages and nothing else")
    parser.add_argument("--pace", action="store_true", help="keep to two calls a second on either side")
    given = parser.parse_args(args)
    count = run(os.environ["BENCH_URL"], given.state, bare=given.bare, paced=given.pace)
    sys.stdout.write(f'{{"writes": {count}}}\n')


if __name__ == "__main__":
    main()

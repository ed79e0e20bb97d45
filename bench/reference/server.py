"""The two vendors of the reference job as a process of their own: ``python -m bench.reference.server [--port N]``.

Source: ``GET /v1/contacts?page=N&size=250`` and ``/v1/contacts/ID``. Target: ``POST /rest/1/secret/METHOD.json`` with ``crm.contact.add``,
``.update``, ``.list`` (50 a page, filter ``ORIGIN_ID``) and ``batch`` (at most 50 commands). ``/control/`` answers the benchmark: ``reset``
(``n``), ``change`` (``k``), ``slide`` (``page``), ``kill`` (``pid``, ``after`` commands, ``when`` before or after they are done),
``counters`` (begin anew) and ``stats``. Prints its address in one line and serves until its standard input ends.

``--rate-limit``: two calls a second on either side, of which the target saves up 50. ``--latency MS``: that long for each call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bench.reference.world import BATCH, NotAllowed, World

CUSTOMERS = 10_000
TARGET = "/rest/1/secret/"
_TOO_MANY = (429, {"message": "Rate limit exceeded"})
_QUERY_LIMIT = (503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"})
Answer = tuple[int, Any]


class Bucket:
    """So many calls saved up, two given back a second."""

    def __init__(self, saved: int) -> None:
        self._saved, self._left, self._at = saved, float(saved), time.monotonic()

    def take(self) -> bool:
        """Whether a call may pass."""
        now = time.monotonic()
        self._left, self._at = min(float(self._saved), self._left + 2 * (now - self._at)), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Vendors:
    """Both faces on one port."""

    def __init__(self, world: World, *, latency: float = 0.0, limited: bool = False) -> None:
        self.world = world
        self._latency = latency
        self._buckets = (Bucket(2), Bucket(50)) if limited else ()
        self._strike: dict[str, Any] = {}
        self._calls: Counter[str] = Counter()
        self._refused = self._bytes_in = self._bytes_out = 0
        self._first = self._last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One kept-alive connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, *headers = head.decode("latin-1").split("\r\n")
                method, target, _ = line.split(" ", 2)
                named = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in headers if row)}
                body = await reader.readexactly(int(named.get("content-length", "0")))
                status, answer = await self.answered(method, target, body)
                told = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
                if not target.startswith("/control/"):
                    self._bytes_in, self._bytes_out = self._bytes_in + len(body), self._bytes_out + len(told)
                about = f"HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nDate: {formatdate(usegmt=True)}\r\n"
                writer.write(f"{about}Content-Length: {len(told)}\r\n\r\n".encode() + told)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answered(self, method: str, target: str, body: bytes) -> Answer:
        """Status and answer of one call: JSON text, or what is to be written as such."""
        where = urlsplit(target)
        if where.path.startswith("/control/"):
            return 200, self._control(where.path.removeprefix("/control/"), json.loads(body or b"{}"))
        asked = where.path.startswith("/v1/")
        name = where.path.removeprefix(TARGET).removesuffix(".json").lower() if not asked else "contacts"
        now = time.time()
        self._first, self._last = self._first or now, now
        self._calls[f"{method} {name}"] += 1
        if self._latency:
            await asyncio.sleep(self._latency)
        if self._buckets and not self._buckets[0 if asked else 1].take():
            self._refused += 1
            return _TOO_MANY if asked else _QUERY_LIMIT
        return self._read(where.path, dict(parse_qsl(where.query))) if asked else self._written(name, body)

    def _read(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/v1/contacts":
            return 200, self.world.page(int(query.get("page", "0")), int(query.get("size", "25")))
        row = self.world.of_id.get(path.removeprefix("/v1/contacts/"))
        return (200, row) if row is not None else (404, {"status": 404, "message": "not found"})

    def _written(self, method: str, body: bytes) -> Answer:
        given = msgspec.json.decode(body or b"{}")
        self._struck("before")
        began = time.time()
        try:
            result = self._batch(given.get("cmd") or {}) if method == "batch" else self.world.command(method, given)
        except NotAllowed as refused:
            return 400, {"error": "ERROR_CORE", "error_description": str(refused)}
        ended = time.time()
        self._struck("after")
        spent = ended - began
        return 200, {
            "result": result,
            "time": {"start": began, "finish": ended, "duration": spent, "processing": spent, "operating": spent},
        }

    def _batch(self, commands: Any) -> dict[str, Any]:
        named = commands if isinstance(commands, dict) else {str(place): command for place, command in enumerate(commands)}
        if len(named) > BATCH:
            raise NotAllowed("ERROR_BATCH_LENGTH_EXCEEDED")
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, command in named.items():
            method, _, query = command.partition("?")
            try:
                results[name] = self.world.command(method, _nested(query))
            except NotAllowed as refused:
                errors[name] = {"error": "ERROR_CORE", "error_description": str(refused)}
        # An empty map is written as a list, as PHP does it.
        return {"result": results or [], "result_error": errors or [], "result_total": [], "result_next": [], "result_time": []}

    def _struck(self, when: str) -> None:
        """Kills who was named, once so many commands are done."""
        strike = self._strike
        if strike and strike["when"] == when and sum(self.world.commands.values()) - strike["from"] >= strike["after"]:
            self._strike = {}
            os.kill(int(strike["pid"]), signal.SIGKILL)

    def _control(self, what: str, given: dict[str, Any]) -> dict[str, Any]:
        if what == "reset":
            self.world.reset(int(given.get("n", CUSTOMERS)))
            self._begin_anew()
        elif what == "change":
            self.world.change(int(given.get("k", 100)))
        elif what == "slide":
            self.world.slide(int(given["page"]))
        elif what == "kill":
            self._strike = given | {"from": sum(self.world.commands.values())}
        elif what == "counters":
            self._begin_anew()
        return {
            "calls": dict(self._calls),
            "calls_total": sum(self._calls.values()),
            "commands": dict(self.world.commands),
            "refused": self._refused,
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out,
            "span_s": round(self._last - self._first, 3),
            "cpu_s": time.process_time(),
            **self.world.verdict(),
        }

    def _begin_anew(self) -> None:
        self._calls.clear()
        self.world.commands.clear()
        self._refused = self._bytes_in = self._bytes_out = 0
        self._first = self._last = 0.0


def _nested(query: str) -> dict[str, Any]:
    """A query as PHP reads it: ``fields[EMAIL][0][VALUE]=x``."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        *path, last = name.replace("]", "").split("[")
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return found


async def _run(vendors: Vendors, port: int) -> None:
    server = await asyncio.start_server(vendors.serve, "127.0.0.1", port, limit=2**20)
    at = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"http://127.0.0.1:{at}\n")
    sys.stdout.flush()
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main(args: list[str] | None = None) -> None:
    """Serves until its standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.reference.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--rate-limit", action="store_true")
    parser.add_argument("--latency", type=float, default=0, metavar="MS")
    given = parser.parse_args(args)
    vendors = Vendors(World(given.customers), latency=given.latency / 1000, limited=given.rate_limit)
    asyncio.run(_run(vendors, given.port))


if __name__ == "__main__":
    main()

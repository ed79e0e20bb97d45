"""The two simulated vendors as a process of their own, without rate limits: ``python -m bench.vendors CUSTOMERS DOCUMENTS``.

Says where they listen in one line of JSON. Then each line it reads is a command, answered with a line of JSON: ``edit N`` (a person
corrects N customers), ``calls`` (calls and writes by operation since the last time it was asked, and processor seconds).
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import Counter
from typing import Any

from bench.firm import Size, edit, fill
from unisono.sandbox import centralstation, fastbill
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.world import SimClock, World


def main(args: list[str]) -> None:
    """Serves until its standard input ends."""
    size = Size(int(args[0]), int(args[1]))
    crm = centralstation.make(World(clock=SimClock(running=True)))
    books = fastbill.make(World(clock=SimClock(running=True)))
    crm.world.storage.settings["rate_limit"] = None
    fill(books, size)
    gc.collect()
    gc.freeze()
    with Server.start(application(crm, control=True)) as a, Server.start(application(books, control=True)) as b:
        books.world.storage.settings["portal"] = b.url
        _say({"crm": f"{a.url}/api", "books": f"{b.url}/api/1.0/api.php", "portal": b.url})
        for line in sys.stdin:
            command, *rest = line.split()
            _say(_edited(books, int(rest[0])) if command == "edit" else _calls(crm, books))


def _edited(books: fastbill.FastBill, count: int) -> dict[str, Any]:
    return {"edited": edit(books, count)}


def _calls(*vendors: Any) -> dict[str, Any]:
    """What the vendors saw since they were last asked; their logs begin anew."""
    calls: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    refused = 0
    for vendor in vendors:
        for call in vendor.world.log.calls:
            calls[call.operation] += 1
            writes[call.operation] += call.write
            refused += call.status >= 400
        vendor.world.log.calls.clear()
    return {"calls": dict(calls), "writes": dict(+writes), "refused": refused, "cpu": time.process_time()}


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

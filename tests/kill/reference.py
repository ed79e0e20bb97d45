"""The product on the reference job, one process an order, each of which may be killed: ``python -m tests.kill.reference``.

Every order is a line of JSON and is answered with one: how its process ended (0, or minus the signal) and what it said. The processes are
forked from one that has loaded everything, since a start costs more than a kill.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from bench.reference.job import set_up, sync, the_house
from bench.reference.running import Address
from bench.systems import BOOKS, CRM, capabilities
from unisono.connect.curl import Network
from unisono.store.doors import Store
from unisono.wiring import setup  # noqa: F401  loaded once, before anybody is forked

JSON = dict[str, Any]


class Steps:
    """Counts the steps of a cycle, and ends the process without a word at one of them. 0: it lives."""

    def __init__(self, last: int) -> None:
        self._last, self.taken = last, 0

    def __call__(self, _: str) -> None:
        self.taken += 1
        if self.taken == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def carry_out(order: JSON) -> JSON:
    """One order: ``do`` is ``setup`` or ``sync``; ``kill`` is told to the server with our own process, ``last`` is our last step."""
    folder, steps = Path(order["data"]), Steps(order.get("last", 0))
    if "kill" in order:
        Address(order["url"]).tell("kill", pid=os.getpid(), **order["kill"])
    with Store.open(folder) as store, the_house(store, folder, order["url"], Network(proxies=False), step=steps) as house:
        told = set_up(house) if order["do"] == "setup" else sync(house)
    return told | {"steps": steps.taken}


def main() -> None:
    """Takes orders until the input ends."""
    for name in (BOOKS, CRM):
        capabilities(name)
    for line in sys.stdin:
        order = json.loads(line)
        said = Path(f"{order['data']}.said")
        said.unlink(missing_ok=True)
        assert threading.active_count() == 1, "only a process of one thread may be forked"
        if (pid := os.fork()) == 0:
            said.write_text(json.dumps(carry_out(order)))
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"ended": ended} | (json.loads(said.read_text()) if said.exists() else {})), flush=True)


if __name__ == "__main__":
    main()

"""The product's process: waits for orders, one line of JSON each, and carries each out in a process of its own that may be killed.

`python -m tests.kill.product` answers every order with one line: how the process ended (0, or minus the signal) and what it said. The
processes are forked from one that has loaded everything, since a start costs more than a kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from unisono.cli.pairing import with_history
from unisono.connect.clock import SystemClock
from unisono.engine.runs import release_run
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.systems import centralstation, fastbill  # noqa: F401  loaded once, before anybody is forked
from unisono.wiring import House, add_pair, preset
from unisono.wiring.house import system_file, words_in
from unisono.wiring.policies import with_entries
from unisono.wiring.previewing import make_preview, pages
from unisono.wiring.reporting import report_as
from unisono.wiring.running import Runner
from unisono.wiring.setup import connect, release

PASSED = timedelta(hours=1)


class EarlierClock(SystemClock):
    """Set-up was an hour ago: what the firm does since then is new."""

    def now(self) -> datetime:
        return datetime.now(UTC) - PASSED


def set_up(order: dict[str, Any]) -> dict[str, Any]:
    """A fresh data folder with two connections and a pair between them: released at once, unless a preview is to come first."""
    with _House(order, clock=EarlierClock()) as house:
        firm = house.ids.new()
        with house.store.write() as conn:
            pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
        crm = {"api": f"{order['crm']}/api"}
        books = {"api": f"{order['books']}/api/1.0/api.php", "portal": order["books"]}
        a = connect(house, firm, "centralstation", {"api_key": "centralstation-sandbox-key"}, crm).id
        b = connect(house, firm, "fastbill", {"email": "buchhaltung@example.de", "api_key": "fb-0123456789abcdef"}, books).id
        policy = preset("centralstation", "fastbill")
        policy = with_history(policy) if order["complete"] else policy
        if order["preview"]:
            # What is there before the preview is older than its release.
            policy = with_entries(policy, ["quotes.history=all"])
        pair = add_pair(house, firm, "CRM - FastBill", a, b, policy)
        if not order["preview"]:
            release(house, pair, "test")
        return {"pair": pair}


def release_preview(order: dict[str, Any]) -> dict[str, Any]:
    """Makes a preview and releases it, as ``unisono preview`` and ``unisono release`` do; tells what it promised."""
    with _House(order) as house:
        run = make_preview(house, order["pair"], "test")
        rows = {row.key: [row.verdict, len(row.action.get("writes", []))] for row in pages(house, run.id)}
        released = release_run(house.pairing(order["pair"]), house.hands(), run.id, "test")
        return {"run": run.id, "total": run.total, "released": released, "rows": rows}


def report(order: dict[str, Any]) -> dict[str, Any]:
    """The report of a run, as ``unisono run report --json`` prints it."""
    with _House(order) as house:
        lines = report_as(house, order["run"], "json", lambda code, **_: code, lambda row: str(row.action["reason"]["code"]))
        return dict(json.loads("\n".join(lines)))


def sync(order: dict[str, Any]) -> dict[str, Any]:
    """Brings the pair in step, as ``unisono sync`` does; tells the vendors first whom to kill and when."""
    if order.get("arm"):
        body = json.dumps(order["arm"] | {"pid": os.getpid()}).encode()
        urllib.request.urlopen(f"{order['books']}/_kill/arm", data=body).read()
    with _House(order, die_at=order.get("die_at", ("", 0))) as house:
        turns = Runner(house=house, holder=str(os.getpid())).until_quiet(order["pair"])
        faults = [str(fault) for turn in turns for fault in turn.faults.values()]
        writes = sum(outcome.writes for turn in turns for outcome in turn.outcomes.values())
        return {"faults": faults, "writes": writes, "turns": len(turns)}


class _House:
    """The house, the folder held, as the command line does it."""

    def __init__(self, order: dict[str, Any], *, clock: SystemClock | None = None, die_at: Sequence[Any] = ("", 0)) -> None:
        self.folder = Path(order["data"])
        self.store = Store.open(self.folder)
        self.hold = self.store.hold()
        ring = KeyRing(self.folder.with_name(self.folder.name + ".key"))
        step = _dying(die_at)
        chance = random.Random(order["seed"])
        self.house = House(
            store=self.store,
            ring=ring,
            folder=self.folder,
            clock=clock or SystemClock(),
            chance=chance,
            loopback=True,
            unlimited=True,
            step=step,
        )

    def __enter__(self) -> House:
        return self.house

    def __exit__(self, *_: object) -> None:
        if self.hold is not None:
            self.hold.release()
        self.store.close()


def _dying(die_at: Sequence[Any]) -> Callable[[str], None]:
    """Ends the process without a word at the so-manieth step of a name."""
    name, left = die_at[0], int(die_at[1])

    def step(told: str) -> None:
        nonlocal left
        left -= told == name
        if told == name and not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def main() -> int:
    # Read once for all who are forked.
    words_in("de")("note.title", {})
    for name in ("centralstation", "fastbill"):
        system_file(name)
    for line in sys.stdin:
        order = json.loads(line)
        said = Path(f"{order['data']}.said")
        said.unlink(missing_ok=True)
        assert threading.active_count() == 1, "only a process of one thread may be forked"
        pid = os.fork()
        if pid == 0:
            answer = {"set-up": set_up, "release": release_preview, "sync": sync, "report": report}[order["do"]](order)
            said.write_text(json.dumps(answer))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"ended": status} | (json.loads(said.read_text()) if said.exists() else {})), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The product as a process of its own, measured from inside: ``python -m bench.product FOLDER PHASE [ADDRESSES]``.

Phases: ``setup`` (connect both systems with tested keys, make the pair, release it) and ``sync`` (one poll and all that follows from it,
by the runner that the product itself uses). Prints one line of JSON. With ``UNISONO_BENCH_PROFILE=<file>`` a profile is written, too.
"""

from __future__ import annotations

import time

_BORN = time.perf_counter()

import json  # noqa: E402  what comes before the clock starts would not be counted
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from unisono.store import asking, links, pairs  # noqa: E402
from unisono.store.doors import Store  # noqa: E402
from unisono.store.secrets import KeyRing  # noqa: E402
from unisono.wiring import House, add_pair  # noqa: E402
from unisono.wiring.running import Runner  # noqa: E402
from unisono.wiring.setup import connect, release  # noqa: E402

EMAIL, BOOKS_KEY, CRM_KEY = "buchhaltung@example.de", "fb-0123456789abcdef", "centralstation-sandbox-key"
POLICY = """
schema_version = 1
language = "de"
[customers]
country = "DE"
contacts = "all"
[customers.from_crm]
when = ["quote", "tag"]
tag = "FastBill"
[customers.from_invoicing]
when = "all"
history = "all"
[documents]
history = "all"
"""


def setup(house: House, addresses: dict[str, str]) -> dict[str, Any]:
    """Both connections, the pair, its release."""
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Werbetechnik Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
    crm = connect(house, firm, "centralstation", {"api_key": CRM_KEY}, {"api": addresses["crm"]})
    where = {"api": addresses["books"], "portal": addresses["portal"]}
    books = connect(house, firm, "fastbill", {"email": EMAIL, "api_key": BOOKS_KEY}, where)
    pair = add_pair(house, firm, "bench", crm.id, books.id, POLICY)
    release(house, pair, "bench")
    return {"pair": pair}


def sync(house: House) -> dict[str, Any]:
    """One poll and everything that follows from it, and how the store looks afterwards."""
    with house.store.read() as conn:
        pair = pairs.pairs(conn)[0].id
    turns = Runner(house=house, holder="bench").until_quiet(pair)
    outcomes = [outcome for turn in turns for outcome in turn.outcomes.values()]
    with house.store.read() as conn:
        linked, (questions, problems) = links.count_links(conn, pair), asking.counts(conn, pair)
    return {
        "turns": len(turns),
        "faults": sorted({fault.code for turn in turns for fault in turn.faults.values()}),
        "planned": sum(o.planned for o in outcomes),
        "writes": sum(o.writes for o in outcomes),
        "failed": sum(o.failed for o in outcomes),
        "links": linked,
        "questions": questions,
        "problems": problems,
    }


def main(args: list[str]) -> None:
    """One phase; prints what it cost."""
    folder, phase = Path(args[0]), args[1]
    fan_out = int(os.environ.get("UNISONO_BENCH_FAN_OUT", "4"))
    started = time.perf_counter()
    with Store.open(folder) as store:
        house = House(store=store, ring=KeyRing(folder.parent / "key"), folder=folder, loopback=True, fan_out=fan_out, unlimited=True)
        if phase == "setup":
            told = setup(house, json.loads(args[2]))
        else:
            told = _profiled(house) if os.environ.get("UNISONO_BENCH_PROFILE") else sync(house)
    ended = time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"start": started - _BORN, "wall": ended - started, "cpu": used.ru_utime + used.ru_stime, "mib": _peak()}
    sys.stdout.write(json.dumps(told | cost) + "\n")


def _profiled(house: House) -> dict[str, Any]:
    import cProfile

    profile = cProfile.Profile()
    told = profile.runcall(sync, house)
    profile.dump_stats(os.environ["UNISONO_BENCH_PROFILE"])
    return told


def _peak() -> float:
    """The most memory this process ever had, in MiB. ``ru_maxrss`` would count that of the process it was started from."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1:])

"""``python -m bench.preview``: a preview of 5,000 records against 5,000, read, planned and stored; what it took, and the most memory.

The simulators run in a process of their own, as in ``python -m bench``. Ends with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SECONDS, MEMORY = 30.0, 150.0


def serve(count: int) -> None:
    """The simulators' process: both sides filled, a line of addresses, until its standard input ends."""
    from bench.firm import Size, fill
    from unisono.sandbox import centralstation, fastbill
    from unisono.sandbox.kit.app import application
    from unisono.sandbox.kit.server import Server
    from unisono.sandbox.kit.world import SimClock, World

    crm = centralstation.make(World(clock=SimClock(running=True)))
    books = fastbill.make(World(clock=SimClock(running=True)))
    crm.world.storage.settings["rate_limit"] = None
    fill(books, Size(count, 0))
    for n in range(count):
        # Every tenth is in the invoicing system, too, under the same name and e-mail address.
        name = f"Firma {n} GmbH" if n % 10 else f"Bäckerei Sonnenkorn {n} GmbH"
        crm.act(
            "create_company",
            {"name": name, "email": f"post@firma{n}.example", "street": f"Weg {n}", "zip": f"{n:05d}", "city": "Kiel", "tag": "FastBill"},
        )
    with Server.start(application(crm, control=True)) as a, Server.start(application(books, control=True)) as b:
        books.world.storage.settings["portal"] = b.url
        sys.stdout.write(json.dumps({"crm": f"{a.url}/api", "books": f"{b.url}/api/1.0/api.php", "portal": b.url}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def product(folder: Path, addresses: dict[str, str]) -> dict[str, Any]:
    """The product's process: both connections, a pair with the complete sync, one preview."""
    from bench.product import BOOKS_KEY, CRM_KEY, EMAIL, POLICY, _peak
    from unisono.store import pairs
    from unisono.store.doors import Store
    from unisono.store.secrets import KeyRing
    from unisono.wiring import House, add_pair
    from unisono.wiring.previewing import make_preview, progress
    from unisono.wiring.setup import connect

    with Store.open(folder / "data") as store:
        house = House(store=store, ring=KeyRing(folder / "key"), folder=folder / "data", loopback=True, unlimited=True)
        firm = house.ids.new()
        with house.store.write() as conn:
            pairs.add_firm(conn, firm, "Werbetechnik Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
        crm = connect(house, firm, "centralstation", {"api_key": CRM_KEY}, {"api": addresses["crm"]})
        where = {"api": addresses["books"], "portal": addresses["portal"]}
        books = connect(house, firm, "fastbill", {"email": EMAIL, "api_key": BOOKS_KEY}, where)
        pair = add_pair(house, firm, "bench", crm.id, books.id, POLICY)
        begun = time.perf_counter()
        run = make_preview(house, pair, "bench")
        took = time.perf_counter() - begun
        counts: dict[str, int] = {}
        for (verdict, _), number in progress(house, run.id).rows.items():
            counts[verdict] = counts.get(verdict, 0) + number
    return {"rows": run.total, "seconds": took, "mib": _peak(), "cpu": resource.getrusage(resource.RUSAGE_SELF).ru_utime, "counts": counts}


def main() -> int:
    """Measures once and tells."""
    parser = argparse.ArgumentParser(prog="python -m bench.preview")
    parser.add_argument("--records", type=int, default=5000, help="customers on each side")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--product", default="", help=argparse.SUPPRESS)
    parser.add_argument("--addresses", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    if given.product:
        sys.stdout.write(json.dumps(product(Path(given.product), json.loads(given.addresses))) + "\n")
        return 0
    with subprocess.Popen(_self("--serve", str(given.records)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as vendors:
        assert vendors.stdout is not None
        addresses = vendors.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="unisono-bench-") as folder:
            done = subprocess.run(_self("--product", folder, "--addresses", addresses), capture_output=True, text=True, check=True)
        assert vendors.stdin is not None
        vendors.stdin.close()
    told = json.loads(done.stdout)
    sys.stdout.write(f"{told['rows']} rows: {told['counts']}\n")
    sys.stdout.write(f"read, planned and stored: {told['seconds']:.1f} s (bar {SECONDS:.0f}), processor {told['cpu']:.1f} s\n")
    sys.stdout.write(f"most memory: {told['mib']:.0f} MiB (bar {MEMORY:.0f})\n")
    return int(told["seconds"] > SECONDS or told["mib"] > MEMORY)


def _self(*args: str) -> list[str]:
    return [sys.executable, "-m", "bench.preview", *args]


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bench.preview``: a preview of 5,000 records against 5,000, read, planned and stored; what it took, and the most memory.

The simulators run in a process of their own, as in ``python -m bench``. Ends with 1 if a bar is missed. With ``--release`` the preview is
released and carried out, too, and the calls that changed something at the vendors must be those it showed, operation by operation.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

SECONDS, MEMORY = 30.0, 150.0
OPERATIONS = {
    ("a", "create", "party"): "POST companies",
    ("a", "create", "person"): "POST people",
    ("a", "create", "contact"): "POST people",
    ("a", "create", "note"): "POST protocols",
    ("a", "create", "file"): "POST protocols/#/attachments",
    ("a", "change", "party"): "PUT companies/#",
    ("a", "change", "person"): "PUT people/#",
    ("a", "change", "contact"): "PUT people/#",
    ("b", "create", "party"): "customer.create",
    ("b", "change", "party"): "customer.update",
    ("b", "create", "contact"): "contact.create",
    ("b", "change", "contact"): "contact.update",
    ("b", "create", "quote"): "estimate.create",
}
"""What a planned write (side, operation, kind) is called in the vendors' request logs. In the CRM a customer may be a person."""


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


def product(folder: Path, addresses: dict[str, str], *, release: bool = False) -> dict[str, Any]:
    """The product's process: both connections, a pair with the complete sync, one preview; its release and all that follows from it."""
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
        told = {"rows": run.total, "seconds": took, "mib": _peak(), "cpu": _cpu(), "counts": counts}
        return told | _released(house, pair, run.id) if release else told


def _released(house: Any, pair: str, run_id: str) -> dict[str, Any]:
    """Releases a preview and works until nothing is left; what it had shown, as the vendors call it, and how it ended."""
    from unisono.engine.runs import release_run
    from unisono.wiring.previewing import pages, progress
    from unisono.wiring.running import Runner

    shown: Counter[str] = Counter()
    for row in pages(house, run_id):
        for write in row.action.get("writes", []):
            person = write["side"] == "a" and (write["key"].startswith("person:") or write["after"].get("type") == "person")
            kind = "person" if person else write["kind"]
            shown[OPERATIONS[write["side"], write["operation"], kind]] += 1
    begun = time.perf_counter()
    release_run(house.pairing(pair), house.hands(), run_id, "bench")
    Runner(house=house, holder="bench").until_quiet(pair, most=timedelta(hours=1))
    made = progress(house, run_id)
    ended = {"state": made.run.state, "failed": made.failed, "changed": made.changed}
    return {"shown": shown, "ended": ended, "released_seconds": time.perf_counter() - begun}


def _cpu() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def logged(addresses: dict[str, str]) -> Counter[str]:
    """The calls that changed something at either vendor, by operation: its own request log."""
    found: Counter[str] = Counter()
    for base in (addresses["crm"].removesuffix("/api"), addresses["portal"]):
        with urllib.request.urlopen(f"{base}/_sandbox/log") as answer:
            found.update(call["operation"] for call in json.load(answer)["calls"] if call["write"])
    return found


def main() -> int:
    """Measures once and tells."""
    parser = argparse.ArgumentParser(prog="python -m bench.preview")
    parser.add_argument("--records", type=int, default=5000, help="customers on each side")
    parser.add_argument("--release", action="store_true", help="carry the preview out and compare it with the vendors' request logs")
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--product", default="", help=argparse.SUPPRESS)
    parser.add_argument("--addresses", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    if given.product:
        sys.stdout.write(json.dumps(product(Path(given.product), json.loads(given.addresses), release=given.release)) + "\n")
        return 0
    with subprocess.Popen(_self("--serve", str(given.records)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as vendors:
        assert vendors.stdout is not None
        addresses = vendors.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="unisono-bench-") as folder:
            asked = ["--product", folder, "--addresses", addresses, *(["--release"] if given.release else [])]
            done = subprocess.run(_self(*asked), stdout=subprocess.PIPE, text=True, check=True)
        seen = logged(json.loads(addresses)) if given.release else Counter[str]()
        assert vendors.stdin is not None
        vendors.stdin.close()
    told = json.loads(done.stdout)
    sys.stdout.write(f"{told['rows']} rows: {told['counts']}\n")
    sys.stdout.write(f"read, planned and stored: {told['seconds']:.1f} s (bar {SECONDS:.0f}), processor {told['cpu']:.1f} s\n")
    sys.stdout.write(f"most memory: {told['mib']:.0f} MiB (bar {MEMORY:.0f})\n")
    missed = told["seconds"] > SECONDS or told["mib"] > MEMORY
    return int(missed or (given.release and not _as_shown(told, seen)))


def _as_shown(told: dict[str, Any], seen: Counter[str]) -> bool:
    """Whether the vendors saw what the preview showed, no more and no less; says what differs."""
    shown = Counter(told["shown"])
    sys.stdout.write(f"released: {told['released_seconds']:.0f} s, {told['ended']}\n")
    for name in sorted({*shown, *seen}):
        sys.stdout.write(f"{'  ' if shown[name] == seen[name] else '! '}{name}: {shown[name]} shown, {seen[name]} done\n")
    return shown == seen and told["ended"] == {"state": "done", "failed": 0, "changed": 0}


def _self(*args: str) -> list[str]:
    return [sys.executable, "-m", "bench.preview", *args]


if __name__ == "__main__":
    sys.exit(main())

"""Level E over the second pair: a first sync from Lexware Office into Bitrix24, killed at a drawn call, and finished by the next start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from sqlite3 import connect
from typing import Any

from tests.kill.world import KILLED, ROOT, Lane, crash_image, differences, integrity

CUSTOMERS, DOCUMENTS = 36, 12
WRITES, CALLS = 20, 40
"""So many requests that write, and so many of any kind, a first sync of such a firm has at least. One that writes makes up to sixteen records."""
_PLACES = ("centralstation", "fastbill")


@contextmanager
def started(module: str) -> Iterator[subprocess.Popen[str]]:
    """A process of tests, that ends when its input closes."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        yield process


@contextmanager
def lane_of_its_own() -> Iterator[Lane]:
    """The second pair's vendors, and a process to start the product from."""
    with started("tests.storm.second.vendors") as vendors, started("tests.storm.second.product") as product:
        assert vendors.stdout is not None
        address = json.loads(vendors.stdout.readline())
        yield Lane(address[_PLACES[0]], address[_PLACES[1]], product)
        # A process ends with its input; the product first, which calls the other.
        for process in (product, vendors):
            assert process.stdin is not None
            process.stdin.close()


def live_and_die(lane: Lane, seed: int, folder: Path) -> list[str]:
    """One first sync: killed at its moment, finished by the next start. Returns what is wrong afterwards; nothing is good."""
    data = folder / "data"
    told: dict[str, Any] = {"data": str(data), "crm": lane.crm, "books": lane.books}
    lane.tell("new", seed=seed)
    made = lane.order(do="set-up", seed=seed * 100, **told)
    if made["ended"] != 0:
        return [f"set-up failed: {made}"]
    told["pair"] = made["pair"]
    lane.tell("fill", seed=seed, customers=CUSTOMERS, documents=DOCUMENTS)
    killed = lane.order(do="sync", seed=seed * 100 + 1, arm=moment(Random(f"second {seed}")), **told)["ended"]
    wrong = crash_image(data, folder / "image")
    if killed != KILLED:
        wrong.append(f"it was to be killed, but ended with {killed}")
    finished = lane.order(do="sync", seed=seed * 100 + 2, **told)
    if finished["ended"] != 0 or finished["faults"]:
        return [*wrong, f"the next start did not finish: {finished}"]
    wrong += all_there_once(lane) + journal(data)
    before = _written(lane)
    quiet = lane.order(do="sync", seed=seed * 100 + 3, **told)
    if quiet["ended"] != 0 or quiet["writes"] or before != _written(lane):
        wrong.append(f"a further sync is not silent: {quiet}, writes {before} -> {_written(lane)}")
    return wrong


def moment(rnd: Random) -> dict[str, Any]:
    """Before a call, or a little after it; after one that wrote, which often makes several records."""
    when = rnd.choice(("before", "after", "after", "later", "later"))
    counted = "writes" if when == "after" else "calls"
    call = rnd.randint(1, WRITES if when == "after" else CALLS)
    return {"call": call, "when": when, "counted": counted, "milliseconds": rnd.uniform(0, 25) if when == "later" else 0}


def _written(lane: Lane) -> tuple[int, int]:
    return len(lane.writes(_PLACES[0])), len(lane.writes(_PLACES[1]))


def all_there_once(lane: Lane, customers: int = CUSTOMERS, documents: int = DOCUMENTS) -> list[str]:
    """Every customer is one company, every contact person one of its contacts, every invoice one note with one file on its customer's card."""
    crm, books = lane.truth(_PLACES[0]), lane.truth(_PLACES[1])
    firms = {row["id"]: row["company"] for row in books["contacts"]}
    company = {row["ID"]: row["TITLE"] for row in crm["companies"] if row.get("IS_MY_COMPANY") != "Y"}
    wrong = differences("companies", [firm["name"] for firm in firms.values()], list(company.values()))
    people = [(one["firstName"], one["lastName"], firm["name"]) for firm in firms.values() for one in firm.get("contactPersons", ())]
    there = [(row["NAME"], row["LAST_NAME"], company.get(row["COMPANY_ID"], "?")) for row in crm["contacts"]]
    wrong += differences("people", people, there)
    filed = [(row["voucherNumber"], firms[row["address"]["contactId"]]["name"]) for row in books["invoices"]]
    notes = [row for row in crm["comments"] if not row["FILES"]]
    numbers = {number for number, _ in filed}
    said = [
        (next((word for word in note["COMMENT"].split() if word in numbers), "?"), company.get(note["ENTITY_ID"], "?")) for note in notes
    ]
    wrong += differences("notes", filed, said)
    if (len(firms), len(filed)) != (customers, documents):
        wrong.append(f"{len(firms)} customers and {len(filed)} invoices are left of those that were there: some are missing")
    files = Counter(one["NAME"] for row in crm["comments"] for one in row["FILES"])
    return wrong + differences("files", [f"{number}.pdf" for number, _ in filed], list(files.elements()))


def journal(data: Path) -> list[str]:
    """Everything that was begun has ended, no record stands in it as made twice, and the database is whole."""
    with closing(connect(data / "unisono.db")) as db:
        rows = db.execute("select kind, state, target, operation from intent").fetchall()
    states = Counter(state for _, state, _, _ in rows)
    made = Counter((kind, target) for kind, state, target, operation in rows if (state, operation) == ("done", "create"))
    wrong = [f"journal ends with {dict(states)}"] if set(states) - {"done", "void", "refused"} else []
    wrong += [f"{target} too many: made {number} times" for (_, target), number in made.items() if number > 1]
    return wrong + integrity(data)

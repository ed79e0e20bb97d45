"""The world of the kill tests: the vendors' process, the product's processes, and an oracle that sees truth, logs, journal and report."""

from __future__ import annotations

import json
import os
import queue
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
CUSTOMERS, DOCUMENTS = 200, 80
COMPANIES = 120
"""Companies with an offer, where the first sync goes the other way."""
SMALL = 5
"""A small firm has a fifth of all that."""
STEPS = ("prepared", "intended", "sent", "read-back", "settled")
"""Steps of the cycle that come once a wave of writes."""
KILLED = -9

JSON = dict[str, Any]
_SUBJECTS = {"companies": "company", "people": "person", "protocols": "protocol", "attachments": "attachment"}


@dataclass(frozen=True, slots=True)
class Death:
    """Whom a seed lets die, and when: at a call the vendors count (``arm``, see ``vendors.Trigger``), or at a step of the cycle."""

    seed: int
    side: str
    """Where the firm's records are before the first sync."""
    arm: JSON = field(default_factory=dict)
    step: tuple[str, int] = ("", 0)
    """A step of the cycle, and at its how manieth time."""
    again: str = ""
    """Step of the recovery at which the second start dies too; empty if it may live."""
    preview: bool = False
    """Whether a preview was released, and the process dies while its rows are carried out."""
    part: int = 1
    """The firm is so many times smaller than a whole one."""

    def __str__(self) -> str:
        where = f"at step {self.step[0]} no. {self.step[1]}"
        if self.arm:
            when = {"before": "before", "after": "after", "later": f"{self.arm['milliseconds']:.1f} ms after"}[self.arm["when"]]
            where = f"{when} {self.arm['counted']} {self.arm['call']}"
        again = f", and again when {self.again}" if self.again else ""
        what = "released preview" if self.preview else "first sync"
        return f"seed {self.seed}: {what} from {self.side}, killed {where}{again}"


def drawn(seed: int, *, twice: bool = False, preview: bool = False, part: int = 1) -> Death:
    """The death of one seed. Every fourth firm comes from the CRM. Who dies twice dies first with an answer on its way."""
    rnd = random.Random(seed)
    side = "centralstation" if seed % 4 == 0 else "fastbill"
    customers, documents, companies = CUSTOMERS // part, DOCUMENTS // part, COMPANIES // part
    writes = 2 * companies if side == "centralstation" else customers + customers // 2 + 2 * documents
    calls = 2 * writes if side == "centralstation" else writes + customers + documents
    when = "after" if twice else rnd.choice(("before", "after", "later", "later", "step"))
    if when == "step":
        return Death(seed, side, step=(rnd.choice(STEPS), rnd.randint(1, writes // 20)), preview=preview, part=part)
    arm: JSON = {"call": rnd.randint(1, writes), "when": when, "counted": "writes", "milliseconds": 0}
    if when == "later":
        arm |= {"call": rnd.randint(1, calls - 20), "counted": "calls", "milliseconds": rnd.uniform(0, 25)}
    return Death(seed, side, arm, again="recovered" if twice else "", preview=preview, part=part)


@dataclass
class Lane:
    """One firm at a time: its two vendors, and the process from which the product is started."""

    crm: str
    books: str
    product: subprocess.Popen[str]

    def order(self, **order: Any) -> JSON:
        """Starts the product for one thing; how it ended and what it said."""
        assert self.product.stdin is not None
        assert self.product.stdout is not None
        self.product.stdin.write(json.dumps(order) + "\n")
        self.product.stdin.flush()
        return dict(json.loads(self.product.stdout.readline()))

    def tell(self, what: str, **values: Any) -> None:
        """Says something at the vendors' kill door."""
        _fetch(f"{self.books}/_kill/{what}", json.dumps(values).encode())

    def truth(self, side: str) -> JSON:
        """All of a vendor's data."""
        return _fetch(f"{self.crm if side == 'centralstation' else self.books}/_sandbox/truth")

    def writes(self, side: str) -> list[JSON]:
        """The calls that changed a vendor's data, in order."""
        told = _fetch(f"{self.crm if side == 'centralstation' else self.books}/_sandbox/log")
        return [call for call in told["calls"] if call["write"]]


@dataclass
class Village:
    """All lanes, handed out to whoever plays a firm next."""

    lanes: queue.SimpleQueue[Lane] = field(default_factory=queue.SimpleQueue)

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        held = self.lanes.get()
        try:
            yield held
        finally:
            self.lanes.put(held)


@contextmanager
def running(lanes: int) -> Iterator[Village]:
    """The vendors in a process of their own, and a process a lane to start the product from."""
    village = Village()
    with _process("tests.kill.vendors", str(lanes)) as vendors:
        assert vendors.stdout is not None
        addresses = json.loads(vendors.stdout.readline())
        products = [_process("tests.kill.product") for _ in addresses]
        try:
            for address, product in zip(addresses, products, strict=True):
                village.lanes.put(Lane(address["centralstation"], address["fastbill"], product))
            yield village
        finally:
            for product in products:
                _end(product)
            _end(vendors)


def live_and_die(lane: Lane, death: Death, folder: Path) -> list[str]:
    """One first sync: killed at its moment, finished by the next start. Returns what is wrong afterwards; nothing is good."""
    data = folder / "data"
    from_books = death.side == "fastbill"
    told: JSON = {
        "data": str(data),
        "crm": lane.crm,
        "books": lane.books,
        "complete": from_books or death.preview,
        "preview": death.preview,
    }
    lane.tell("new", seed=death.seed)
    made = lane.order(do="set-up", seed=death.seed * 100, **told)
    if made["ended"] != 0:
        return [f"set-up failed: {made}"]
    told["pair"] = made["pair"]
    customers, documents = (CUSTOMERS, DOCUMENTS) if from_books else (COMPANIES, COMPANIES)
    lane.tell("fill", side=death.side, seed=death.seed, customers=customers // death.part, documents=documents // death.part)
    promised: JSON = {}
    if death.preview:
        promised = lane.order(do="release", seed=death.seed * 100 + 5, **told)
        if promised["ended"] != 0 or lane.writes("centralstation") or lane.writes("fastbill"):
            return [f"the preview failed, or wrote: {promised['ended']}"]
    ends = [lane.order(do="sync", seed=death.seed * 100 + 1, arm=death.arm, die_at=death.step, **told)["ended"]]
    wrong = crash_image(data, folder / "image")
    if death.again:
        ends.append(lane.order(do="sync", seed=death.seed * 100 + 2, die_at=(death.again, 1), **told)["ended"])
        wrong += crash_image(data, folder / "image-2")
    if any(end != KILLED for end in ends):
        wrong.append(f"it was to be killed, but ended with {ends}")
    finished = lane.order(do="sync", seed=death.seed * 100 + 3, **told)
    if finished["ended"] != 0 or finished["faults"]:
        return [*wrong, f"the next start did not finish: {finished}"]
    check = from_the_books if from_books else from_the_crm
    wrong += check(lane) + journal_against_logs(lane, data)
    before = len(lane.writes("centralstation")), len(lane.writes("fastbill"))
    quiet = lane.order(do="sync", seed=death.seed * 100 + 4, **told)
    after = len(lane.writes("centralstation")), len(lane.writes("fastbill"))
    if quiet["ended"] != 0 or quiet["writes"] or before != after:
        wrong.append(f"a further sync is not silent: {quiet}, writes {before} -> {after}")
    if death.preview:
        wrong += report_against_preview(
            lane.order(do="report", seed=death.seed * 100 + 6, run=promised["run"], **told), promised, sum(after)
        )
    return wrong


# --- the oracle -------------------------------------------------------------------------------------------------------------------------


def crash_image(data: Path, image: Path) -> list[str]:
    """A database as the dead process left it, looked over before anybody repairs it."""
    shutil.copytree(data, image)
    found = integrity(image)
    shutil.rmtree(image)
    return found


def integrity(data: Path) -> list[str]:
    """What SQLite finds wrong with a data folder's database."""
    with closing(sqlite3.connect(data / "unisono.db")) as db:
        found = [str(row[0]) for row in db.execute("pragma integrity_check")] + [str(row) for row in db.execute("pragma foreign_key_check")]
    return [] if found == ["ok"] else [f"integrity: {found}"]


def from_the_books(lane: Lane) -> list[str]:
    """Every customer is one company, every embedded contact person one person of it, every document one note with one file on its page."""
    books, crm = lane.truth("fastbill"), lane.truth("centralstation")
    customers = {c["CUSTOMER_ID"]: c for c in books["customers"]}
    wrong = differences("companies", [c["ORGANIZATION"] for c in customers.values()], [c["name"] for c in crm["companies"]])
    company = {c["id"]: c["name"] for c in crm["companies"]}
    people = [(c["FIRST_NAME"], c["LAST_NAME"], c["ORGANIZATION"]) for c in customers.values() if c["LAST_NAME"]]
    there = [(p["first_name"], p["name"], company.get(key, "?")) for p in crm["people"] for key in (p["company_ids"] or [None])]
    wrong += differences("people", people, there)
    documents = [(e["ESTIMATE_NUMBER"], customers[e["CUSTOMER_ID"]]["ORGANIZATION"]) for e in books["estimates"]]
    documents += [(i["INVOICE_NUMBER"], customers[i["CUSTOMER_ID"]]["ORGANIZATION"]) for i in books["invoices"]]
    numbers = re.compile(rf"\b({'|'.join(number for number, _ in documents)})\b")
    told = [(numbers.findall(n["name"]), n) for n in crm["protocols"]]
    notes = [(" ".join(found) or n["name"], company.get(key, "?")) for found, n in told for key in n["company_ids"]]
    wrong += differences("notes", documents, notes)
    files = Counter(len(n["attachments"]) for n in crm["protocols"])
    if files != Counter({1: len(documents)}):
        wrong.append(f"notes by number of files: {dict(files)}")
    return wrong


def from_the_crm(lane: Lane) -> list[str]:
    """Every company with an offer is one customer, every offer one estimate of it."""
    books, crm = lane.truth("fastbill"), lane.truth("centralstation")
    company = {c["id"]: c["name"] for c in crm["companies"]}
    customer = {c["CUSTOMER_ID"]: c["ORGANIZATION"] for c in books["customers"]}
    wrong = differences("customers", list(company.values()), list(customer.values()))
    offers = [(d["name"], company[d["company_id"]]) for d in crm["deals"]]
    return wrong + differences("estimates", offers, [(e["INVOICE_TITLE"], customer[e["CUSTOMER_ID"]]) for e in books["estimates"]])


def differences(what: str, expected: list[Any], there: list[Any]) -> list[str]:
    """What is missing, doubled or foreign."""
    missing, more = Counter(expected) - Counter(there), Counter(there) - Counter(expected)
    told = [f"{sum(missing.values())} {what} missing: {list(missing)[:3]}"] if missing else []
    return told + ([f"{sum(more.values())} {what} too many: {list(more)[:3]}"] if more else [])


def journal_against_logs(lane: Lane, data: Path) -> list[str]:
    """Each write the vendors saw has exactly one row of the journal that says it is done, and each such row has its write."""
    with closing(sqlite3.connect(data / "unisono.db")) as db:
        rows = db.execute("select side, kind, state, target from intent").fetchall()
    done = Counter(_told(side, kind, target) for side, kind, state, target in rows if state == "done")
    seen = Counter(("a", _crm_key(call["subject"])) for call in lane.writes("centralstation"))
    seen += Counter(("b", call["subject"]) for call in lane.writes("fastbill"))
    states = Counter(state for _, _, state, _ in rows)
    wrong = [f"journal ends with {dict(states)}"] if set(states) - {"done", "void", "refused"} else []
    wrong += differences("writes explained", list(seen.elements()), list(done.elements()))
    return wrong + integrity(data)


def report_against_preview(report: JSON, promised: JSON, writes: int) -> list[str]:
    """The report has the preview's rows, record by record; its numbers add up to them; what it says was written is what the vendors saw."""
    rows = {row["record"]: [row["verdict"], len(row["writes"])] for row in report.get("rows", [])}
    counted: Counter[str] = Counter()
    for verdict, outcomes in report.get("counts", {}).items():
        counted[verdict] += sum(outcomes.values())
    of_preview = Counter(verdict for verdict, _ in promised["rows"].values())
    outcomes = Counter(row["outcome"] for row in report.get("rows", []))
    made = sum(count for _, count in promised["rows"].values())
    numbers = [report.get(name) for name in ("state", "total", "done", "failed", "changed_since_preview")]
    expected = ["done", promised["total"], promised["total"], 0, 0]
    wrong = [f"the report says {numbers}, the preview {expected}"] if numbers != expected or report["ended"] != 0 else []
    wrong += [f"counts of the report {dict(counted)}, of the preview {dict(of_preview)}"] if counted != of_preview else []
    wrong += ["the report's rows are not the preview's"] if rows != promised["rows"] or promised["released"] != len(rows) else []
    wrong += [f"outcomes {dict(outcomes)}"] if set(outcomes) != {"done"} else []
    return wrong + ([f"{made} writes were previewed, the vendors saw {writes}"] if made != writes else [])


def _crm_key(subject: str) -> str:
    table, _, key = subject.partition("/")
    return f"{_SUBJECTS.get(table, table)}:{key}"


def _told(side: str, kind: str, target: str) -> tuple[str, str]:
    if side == "a":
        return side, target
    table = {"party": "customers", "contact": "contacts", "quote": "estimates"}[kind]
    return side, f"{table}/{target.rpartition(':')[2]}"


# --- processes --------------------------------------------------------------------------------------------------------------------------


def _process(module: str, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen[str]) -> None:
    """Closing its input is the word to stop."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _fetch(url: str, body: bytes | None = None) -> JSON:
    with urllib.request.urlopen(url, data=body) as answer:
        return dict(json.load(answer))

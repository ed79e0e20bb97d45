"""``python -m bench.pages``: every page and every list of the API over a large store, asked a number of times; the median beside its bar.

The store is filled straight: customers on both sides and their links, documents, history, questions, problems, a plan. No vendor is asked.
Ends with 1 if a page is slower than the bar.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import insert
from starlette.testclient import TestClient

from bench.firm import customer
from unisono.model.document import Document
from unisono.model.party import Address, Party
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.plan.actions import Ask, Report
from unisono.store import asking, links, pairs, runs, secrets, seen
from unisono.store.codec import text_of
from unisono.store.doors import Store
from unisono.store.links import Joined
from unisono.store.runs import PlanRow
from unisono.store.secrets import KeyRing
from unisono.store.stamps import stamp
from unisono.store.tables import intent
from unisono.web.app import make_app
from unisono.web.site import Site
from unisono.wiring import House, add_pair, preset
from unisono.wiring.people import new_user, open_session

BAR = 150.0
"""Milliseconds a page may take at the median."""
BARE = "/api/v1/health"
"""The least the same application can answer: what the others are compared with."""
PORTION = 2000
NOT_ASKED = re.compile(
    r"^/(?:static|demo|signin|first)|/live$|/pdf$|/exports/|/report$|/users/oidc|/signout|/settings/(?:effect|differences)"
)
"""What shows no list, is kept up to date by itself, or is a whole list as a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """What stands in the store."""

    customers: int
    history: int
    documents: int = 10_000
    open: int = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A page and the milliseconds it took, sorted."""

    path: str
    took: tuple[float, ...]
    cpu: float
    """Milliseconds of processor time, on average: what is left of a page where the machine has other things to do."""
    status: int
    size: int

    @property
    def median(self) -> float:
        """Half of the answers came within."""
        return statistics.median(self.took)


class PlainHasher:
    """Nobody types a password here."""

    def hash(self, password: str) -> str:
        """Not kept anywhere."""
        return f"plain:{password}"

    def fits(self, kept: str, password: str) -> bool:
        """Whether it is that one."""
        return kept == self.hash(password)


def fill(house: House, full: Full) -> Mapping[str, str]:
    """Fills the store; what a name in a path may be."""
    now = house.clock.now()
    firm, a, b = house.ids.new(), house.ids.new(), house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", now)
        pairs.add_connection(conn, a, firm, "centralstation", "CRM", {}, {}, now)
        pairs.add_connection(conn, b, firm, "fastbill", "FastBill", {"email": "post@example.de"}, {}, now)
        secrets.put_secret(conn, house.ring, a, "api_key", Secret("k" * 20), now)
        secrets.put_secret(conn, house.ring, b, "api_key", Secret("k" * 20), now)
    pair = add_pair(house, firm, "CRM - FastBill", a, b, preset("centralstation", "fastbill"))
    with house.store.write() as conn:
        pairs.update_pair(conn, pair, state="released", released_at=stamp(now - timedelta(days=40)))
    _customers(house, pair, a, b, full.customers, now)
    _documents(house, b, full, now)
    _past(house, pair, full, now)
    _open(house, pair, full.open, now)
    run = _plan(house, pair, full.customers, now)
    with house.store.read() as conn:
        linked = next(iter(links.links_of(conn, pair, "party", "a", ["company:77"]).values())).id
    user = new_user(house, PlainHasher(), "anna", "Anna", "a sentence nobody types", "admin", None, "de")
    return {
        "pair_id": pair,
        "run_id": run,
        "user_id": user.id,
        "customer": linked,
        "record": "b:invoice:invoice:77",
        "seq": "77",
    }


def _portions(count: int) -> Iterator[range]:
    return (range(start, min(start + PORTION, count)) for start in range(0, count, PORTION))


def _party(number: int) -> Party:
    row = customer(number)
    name = row.get("ORGANIZATION") or row.get("LAST_NAME", "")
    address = Address(line1=row["ADDRESS"], postcode=row["ZIPCODE"], city=row["CITY"], country="DE")
    return Party(type="company", name=f"{name} {number}", number=row["CUSTOMER_NUMBER"], email=f"post{number}@example.de", address=address)


def _customers(house: House, pair: str, a: str, b: str, count: int, now: datetime) -> None:
    """Nineteen of twenty are linked; the rest is half on either side alone."""
    for some in _portions(count):
        with house.store.write() as conn:
            for side, connection, resource in (("company", a, "companies"), ("customer", b, "customer")):
                rows = [
                    (Record(kind="party", key=f"{side}:{n}", body=_party(n), resource=resource, resource_key=str(n)), b"x")
                    for n in some
                    if n % 20 or (n // 20) % 2 == (connection == b)
                ]
                seen.put_seen(conn, connection, rows, now)
            joined = [
                Joined(house.ids.new(), "party", f"company:{n}", f"customer:{n}", {"name": "x"}, {"name": "x"}) for n in some if n % 20
            ]
            links.put_links(conn, pair, joined, now - timedelta(days=some.start % 30))
    with house.store.write() as conn:
        for connection in (a, b):
            pairs.update_connection(conn, connection, next_poll=stamp(now + timedelta(minutes=5)))


def _documents(house: House, b: str, full: Full, now: datetime) -> None:
    kinds: tuple[Kind, Kind] = ("quote", "invoice")
    for some in _portions(full.documents):
        rows = []
        for n in some:
            kind = kinds[n % 4 > 0]
            day = now.date() - timedelta(days=n % 400)
            body = Document(
                type_code="380" if kind == "invoice" else "310",
                title="Leuchtschild",
                number=f"R{n:06d}",
                date=day,
                due=day + dt.timedelta(days=14),
                net=Decimal(100 + n),
                vat=Decimal(19),
                gross=Decimal(119 + n),
                stage="issued",
                paid="full" if n % 3 else "none",
            )
            owner = f"customer:{n % full.customers}"
            rows.append(
                (
                    Record(
                        kind=kind,
                        key=f"{kind}:{n}",
                        body=body,
                        resource=kind,
                        resource_key=str(n),
                        owner=owner,
                        owner_kind="party",
                        created=now,
                    ),
                    b"x",
                )
            )
        with house.store.write() as conn:
            seen.put_seen(conn, b, rows, now)


def _past(house: House, pair: str, full: Full, now: datetime) -> None:
    """Half of the history are writes, half are other events; over a year, the newest last."""
    step = timedelta(days=365) / full.history
    for some in _portions(full.history // 2):
        with house.store.write() as conn:
            values = []
            for n in some:
                at, number = now - timedelta(days=365) + step * 2 * n, n % full.customers
                label = _party(number).name
                pairs.note(conn, pair, "party", f"a:party:company:{number}", "linked", {"rule": "tax_id"}, label, at)
                values.append(
                    {
                        "id": house.ids.new(),
                        "pair": pair,
                        "lane": "x",
                        "kind": "party",
                        "key": f"a:party:company:{number}",
                        "side": "b",
                        "operation": "change",
                        "target": f"customer:{number}",
                        "write": "{}",
                        "command": "{}",
                        "reason": text_of({"code": "edited-there", "values": {"fields": "email", "side": "crm"}}),
                        "state": "done",
                        "before": text_of({"email": "alt@example.de"}),
                        "after": text_of({"email": "neu@example.de"}),
                        "at": stamp(at),
                        "settled_at": stamp(at),
                        "label": label,
                    }
                )
            conn.execute(insert(intent), values)


def _open(house: House, pair: str, count: int, now: datetime) -> None:
    with house.store.write() as conn:
        for n in range(count):
            label = _party(n).name
            values = {"field": "email", "crm": "eins@example.de", "invoicing": "zwei@example.de", "fields": "email"}
            asked = Ask(code="conflict", subject="email", group="email", options=("crm", "invoicing", "later"), values=values)
            asking.ask(conn, house.ids.new(), pair, f"a:party:company:{n}", label, asked, now)
            code, field = (("missing-field", "address.line1"), ("too-long", "name"), ("refused", "email"))[n % 3]
            told = Report(
                code=code, field=field, values={"field": field, "fields": field, "value": "x", "limit": "40", "answer": f"no {n % 7}"}
            )
            asking.report(conn, house.ids.new(), pair, f"b:party:customer:{n}", "party", label, told, "raw", now)


def _plan(house: House, pair: str, count: int, now: datetime) -> str:
    run = house.ids.new()
    verdicts = ("new", "changed", "linked", "equal", "left-out", "doubtful")
    with house.store.write() as conn:
        runs.open_run(conn, run, pair, "preview", 1, now)
    for some in _portions(count):
        rows = []
        for n in some:
            write = {
                "operation": "change",
                "kind": "party",
                "side": "b",
                "key": f"customer:{n}",
                "owner": "",
                "about": [],
                "before": {"email": "alt@example.de"},
                "after": {"email": "neu@example.de"},
            }
            action = {"reason": {"code": "edited-there", "values": {"fields": "email", "side": "crm"}}}
            verdict = verdicts[n % len(verdicts)]
            writes: dict[str, Any] = {"writes": [write]} if verdict in ("new", "changed") else {}
            rows.append(
                PlanRow(seq=n + 1, key=f"a:party:company:{n}", kind="party", verdict=verdict, action=action | writes, label=_party(n).name)
            )
        with house.store.write() as conn:
            runs.add_rows(conn, run, rows)
    with house.store.write() as conn:
        runs.update_run(conn, run, state="previewed", total=count)
    return run


def paths_of(app: FastAPI, names: Mapping[str, str]) -> list[str]:
    """Every page and list there is, with something in the place of each name."""
    out = [BARE]
    for route in app.routes:
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()) or NOT_ASKED.search(route.path):
            continue
        wanted = re.findall(r"\{(\w+)", route.path)
        if set(wanted) <= set(names) and route.path != BARE:
            out.append(re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: names[found[1]], route.path))
    pair = f"/pairs/{names['pair_id']}"
    more = (
        f"{pair}/customers?search=Grosskuchen",
        f"{pair}/history?search=Sonnenkorn",
        f"{pair}/problems?kind=left-out",
        f"{pair}/documents?search=R0077",
    )
    return [*out, *more]


def ask(client: TestClient, path: str, times: int) -> Asked:
    """One page, so many times after a first one that does not count."""
    took, answer, worked = [], client.get(path), time.process_time()
    for _ in range(times):
        begun = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - begun) * 1000)
    worked = (time.process_time() - worked) * 1000 / times
    return Asked(path, tuple(sorted(took)), worked, answer.status_code, len(answer.content))


def measure(full: Full, times: int, folder: Path) -> list[Asked]:
    """Fills a store and asks every page of it."""
    with Store.open(folder / "data") as store:
        house = House(store=store, ring=KeyRing(folder / "key"), folder=folder / "data", chance=random.Random(1))
        names = fill(house, full)
        app = make_app(house, Site(hasher=PlainHasher(), every=0.0, looks=1))
        secret = open_session(house, names["user_id"], kind="program", name="bench", role="admin").secret
        with TestClient(app, base_url="http://127.0.0.1:8460", follow_redirects=False) as client:
            client.headers["authorization"] = f"Bearer {secret}"
            found = [ask(client, path, times) for path in paths_of(app, names)]
        house.close()
    shown = {value: f"<{name.removesuffix('_id')}>" for name, value in names.items() if len(value) > 3}
    return [Asked(_named(one.path, shown), one.took, one.cpu, one.status, one.size) for one in found]


def _named(path: str, shown: Mapping[str, str]) -> str:
    for value, name in shown.items():
        path = path.replace(value, name)
    return path


def lines_of(full: Full, found: Sequence[Asked]) -> Iterator[str]:
    """The table, the slowest first."""
    bare = next(one.median for one in found if one.path == BARE)
    yield f"{full.customers} customers, {full.history} lines of history, {full.documents} documents, {full.open} questions and problems each"
    yield f"a bare answer of the same application ({BARE}): {bare:.1f} ms"
    yield ""
    yield f"{'':<6}{'median ms':>10}{'slowest':>9}{'cpu ms':>8}{'x bare':>8}{'kB':>7}  page"
    for one in sorted(found, key=lambda one: -one.median):
        wrong = "" if one.status in (200, 303) else f"  ({one.status})"
        mark = "ok" if one.median <= BAR and not wrong else "MISS"
        yield f"{mark:<6}{one.median:>10.1f}{one.took[-1]:>9.1f}{one.cpu:>8.1f}{one.median / bare:>8.1f}{one.size / 1024:>7.0f}  {one.path}{wrong}"
    slowest = max(found, key=lambda one: one.median)
    yield ""
    yield f"{'ok  ' if slowest.median <= BAR else 'MISS'}  slowest: {slowest.path}, {slowest.median:.1f} ms at the median <= {BAR:g} ms"


def main(args: list[str] | None = None) -> int:
    """Measures and tells; 1 if a page is too slow or answers with an error."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--history", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=9, help="how often each page is asked (default 9)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args(args)
    full = Full(customers=given.customers, history=given.history)
    with tempfile.TemporaryDirectory(prefix="unisono-bench-") as place:
        found = measure(full, given.times, Path(place))
    if given.json:
        sys.stdout.write(json.dumps([{"page": one.path, "median": one.median, "status": one.status} for one in found], indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(lines_of(full, found)) + "\n")
    return 0 if all(one.median <= BAR and one.status in (200, 303) for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

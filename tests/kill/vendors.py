"""The vendors' process: pairs of simulators on loopback, filled with a drawn firm, that can kill the product at a drawn moment.

`python -m tests.kill.vendors LANES` prints one line of JSON, a list with the addresses of each lane, and serves until its input closes.
Besides `/_sandbox/`, the FastBill address of a lane answers `/_kill/new` (an empty world), `/_kill/fill` and `/_kill/arm`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox import centralstation, fastbill
from unisono.sandbox.kit.app import WSGIApp, application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.simulator import Simulator
from unisono.sandbox.kit.world import SimClock, World

CITIES = (("10115", "Berlin"), ("50667", "Köln"), ("80331", "München"), ("20095", "Hamburg"), ("04109", "Leipzig"), ("70173", "Stuttgart"))
TRADES = ("Werbetechnik", "Bäckerei", "Optik", "Tischlerei", "Gartenbau", "Spedition", "Buchhandlung", "Malerbetrieb")
FIRST = ("Nora", "Emil", "Mira", "Jonas", "Ayla", "Piotr", "Ilse", "Tom", "Zoë", "Björn")
LAST = ("Nagel", "Ehlers", "Şahin", "Łukasz", "Kröger", "Ostermann", "Weiß", "Popescu", "Brandt", "Quast")


@dataclass
class Trigger:
    """When somebody is killed. ``call``: which of the counted calls; ``when``: before its work, after it with the answer lost, or
    ``milliseconds`` after it; ``counted``: writes or all calls."""

    pid: int
    call: int
    when: str
    counted: str = "writes"
    milliseconds: float = 0
    seen: int = 0

    def strike(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@dataclass
class Lane:
    """One firm's two vendors. The worlds are replaced for every run; the sockets stay."""

    crm: Simulator = field(init=False)
    books: Simulator = field(init=False)
    apps: dict[str, WSGIApp] = field(default_factory=dict)
    trigger: Trigger | None = None
    address: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.renew(1)

    def renew(self, seed: int) -> None:
        """Empty books on both sides."""
        self.trigger = None
        self.crm = centralstation.make(World(clock=SimClock(running=True), random=random.Random(seed)))
        self.books = fastbill.make(World(clock=SimClock(running=True), random=random.Random(seed + 1)))
        self.crm.world.storage.settings["rate_limit"] = None
        self.books.world.storage.settings["portal"] = self.address.get("fastbill", "")
        self.apps = {"centralstation": application(self.crm, control=True), "fastbill": application(self.books, control=True)}

    def serve(self, name: str) -> WSGIApp:
        """The application of one side: the kill door, the counting, then the simulator."""

        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if path.startswith("/_kill/"):
                return self._door(Request(environ))(environ, start_response)
            if self.trigger is None or path.startswith("/_sandbox/"):
                return self.apps[name](environ, start_response)
            return self._counted(name, environ, start_response)

        return app

    def _counted(self, name: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        simulator = self.crm if name == "centralstation" else self.books
        trigger = self.trigger
        assert trigger is not None
        before = len(simulator.world.log.writes()) if trigger.counted == "writes" else 0
        due = trigger.seen + 1 >= trigger.call
        if due and trigger.when == "before" and (trigger.counted == "calls" or _would_write(simulator, environ)):
            self.trigger = None
            trigger.strike()
            return Response("", 500)(environ, start_response)
        answer = self.apps[name](environ, start_response)
        counts = trigger.counted == "calls" or len(simulator.world.log.writes()) > before
        if counts:
            trigger.seen += 1
        if counts and due and trigger.when != "before" and self.trigger is trigger:
            self.trigger = None
            if trigger.milliseconds:
                threading.Timer(trigger.milliseconds / 1000, trigger.strike).start()
            else:
                trigger.strike()
        return answer

    def _door(self, request: Request) -> Response:
        said = json.loads(request.get_data() or b"{}")
        match request.path:
            case "/_kill/new":
                self.renew(said["seed"])
            case "/_kill/fill":
                fill = fill_books if said["side"] == "fastbill" else fill_crm
                fill(self, random.Random(said["seed"]), said["customers"], said["documents"])
            case "/_kill/arm":
                self.trigger = Trigger(**said)
        return Response("{}", mimetype="application/json")


def _would_write(simulator: Simulator, environ: dict[str, Any]) -> bool:
    """Told by the operation's name: a POST or PUT in the CRM, anything but a reading service in FastBill."""
    operation = simulator.operation(Request(environ))
    if environ["PATH_INFO"].startswith("/download/"):
        return False
    return operation.startswith(("POST", "PUT", "DELETE")) or operation.endswith((".create", ".update", ".delete"))


def firm_name(number: int, rnd: random.Random) -> str:
    """A name no other customer of the firm has."""
    return f"{rnd.choice(TRADES)} {rnd.choice(LAST)} {number:03d} GmbH"


def fill_books(lane: Lane, rnd: random.Random, customers: int, documents: int) -> None:
    """Customers in FastBill, every second one with an embedded contact person; issued invoices and sent estimates."""
    keys = []
    for number in range(customers):
        zipcode, city = rnd.choice(CITIES)
        values = {"ORGANIZATION": firm_name(number, rnd), "ADDRESS": f"Ring {number}", "ZIPCODE": zipcode, "CITY": city}
        values |= {"COUNTRY_CODE": "DE", "EMAIL": f"post{number}@kunde{number}.example", "PHONE": f"030 {100000 + number}"}
        if number % 2:
            values |= {"FIRST_NAME": rnd.choice(FIRST), "LAST_NAME": f"{rnd.choice(LAST)}-{number}"}
        keys.append(lane.books.act("create_customer", values)["id"])
    for number in range(documents):
        values = {
            "CUSTOMER_ID": str(rnd.choice(keys)),
            "TITLE": f"Auftrag {number}",
            "ITEMS": f"Arbeit {number}; {rnd.randint(1, 9)}; 80; 19",
        }
        if number % 3:
            lane.books.act("create_invoice", values | {"COMPLETE": "1"})
        else:
            made = lane.books.act("create_estimate", values)["id"]
            lane.books.act("set_estimate_state", {"ID": str(made), "STATE": "b"})


def fill_crm(lane: Lane, rnd: random.Random, customers: int, documents: int) -> None:
    """Companies in the CRM, and offers for the first ``documents`` of them."""
    for number in range(customers):
        zipcode, city = rnd.choice(CITIES)
        values = {"name": firm_name(number, rnd), "email": f"post{number}@kunde{number}.example", "phone": f"030 {100000 + number}"}
        values |= {"street": f"Ring {number}", "zip": zipcode, "city": city, "country_code": "DE"}
        key = lane.crm.act("create_company", values)["id"]
        if number < documents:
            offer = {"name": f"Angebot {number}", "value": str(rnd.randint(100, 9000)), "company_id": str(key)}
            lane.crm.act("create_deal", offer)


def main(arguments: list[str]) -> int:
    lanes, told = [], []
    for _ in range(int(arguments[0])):
        lane = Lane()
        servers = {name: Server.start(lane.serve(name)) for name in ("centralstation", "fastbill")}
        lane.address = {name: server.url for name, server in servers.items()}
        lanes.append((lane, servers))
        told.append(lane.address)
    print(json.dumps(told), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

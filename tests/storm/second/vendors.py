"""The vendors' process of the second pair: a portal and an account on loopback, filled with a drawn firm, that can kill the product.

`python -m tests.storm.second.vendors` prints one line of JSON, the addresses, and serves until its input closes. The doors are those of
``tests.kill.vendors``.
"""

from __future__ import annotations

import json
import os
import random
import sys

from werkzeug.wrappers import Request, Response

from tests.kill.vendors import CITIES, FIRST, LAST, Lane, firm_name
from unisono.sandbox import bitrix24, lexoffice
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.world import SimClock, World

KEY = "secondstorm0123456789"
PLACES = ("centralstation", "fastbill")
"""What the places of the CRM and of the books are called at the doors, whoever sits there."""


class Second(Lane):
    """Bitrix24 where the CRM sits, Lexware Office where the books are."""

    def renew(self, seed: int) -> None:
        """Two empty accounts without any limit."""
        self.trigger = None
        self.crm = bitrix24.make(World(clock=SimClock(running=True), random=random.Random(seed)))
        self.books = lexoffice.make(World(clock=SimClock(running=True), random=random.Random(seed + 1)))
        self.crm.world.storage.settings.update({"webhook_secret": KEY, "plan": "none", "operating_limit": None})
        self.books.world.storage.settings.update({"api_key": KEY, "rate_limit": None, "fresh_seconds": 0})
        self.apps = {PLACES[0]: application(self.crm, control=True), PLACES[1]: application(self.books, control=True)}

    def _door(self, request: Request) -> Response:
        if request.path != "/_kill/fill":
            return super()._door(request)
        said = json.loads(request.get_data())
        fill(self, random.Random(said["seed"]), said["customers"], said["documents"])
        return Response("{}", mimetype="application/json")


def fill(lane: Lane, rnd: random.Random, customers: int, documents: int) -> None:
    """Customers in Lexware Office, every second one with a contact person; invoices that were issued."""
    keys = []
    for number in range(customers):
        zipcode, city = rnd.choice(CITIES)
        values = {"name": firm_name(number, rnd), "street": f"Ring {number}", "zip": zipcode, "city": city, "country": "DE"}
        values |= {"email": f"post{number}@kunde{number}.example", "phone": f"030 {100000 + number}"}
        if number % 2:
            values |= {"contact_first_name": rnd.choice(FIRST), "contact_last_name": f"{rnd.choice(LAST)}-{number}"}
        keys.append(lane.books.act("create_contact", values)["id"])
    for number in range(documents):
        values = {"contact_id": str(rnd.choice(keys)), "title": f"Auftrag {number}", "finalize": "1"}
        lane.books.act("create_invoice", values | {"items": f"Arbeit {number}; {rnd.randint(1, 9)}; 80; 19"})


def main() -> int:
    lane = Second()
    lane.address = {place: Server.start(lane.serve(place)).url for place in PLACES}
    print(json.dumps(lane.address), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())

"""Bitrix24 and Lexware Office as a firm sets them up: over the pages, with either login, against both simulators."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.support.transport import SimTransport
from tests.support.village import TiedClock
from tests.web.desk import ADDRESS, Seen, desk_at
from unisono.sandbox import bitrix24, lexoffice
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, runs
from unisono.store.pairs import ConnectionRow
from unisono.wiring.running import Runner

PORTAL, CANARY = "muster.bitrix24.de", "canary4711canary4711"
WEBHOOK, APP = "incoming-webhook", "local-app"


class Town:
    """A firm with nothing connected yet; ``desk`` is its browser, ``crm`` and ``books`` are the vendors, empty."""

    def __init__(self, folder: Path, address: str = "") -> None:
        self.desk = desk_at(folder, address=address or ADDRESS)
        self.house, self.clock = self.desk.village.house, self.desk.village.clock
        self.crm: Any = bitrix24.make(World(clock=TiedClock(self.clock), random=random.Random(4)))
        given = {"portal": f"https://{PORTAL}", "client_secret": CANARY, "webhook_secret": CANARY, "plan": "professional"}
        self.crm.world.storage.settings.update(given)
        self.books: Any = lexoffice.make(World(clock=TiedClock(self.clock), random=random.Random(5)))
        self.books.world.storage.settings["api_key"] = CANARY
        ways = {"bitrix24": SimTransport(application(self.crm)), "lexoffice": SimTransport(application(self.books))}
        self._portal_page, others = ways["bitrix24"], self.house.transports
        self.house.transports = lambda name: ways[name] if name in ways else others(name)
        answer = self.desk.send("anna", "/setup/firm", name="Zweite GmbH", country="DE")
        self.firm = parse_qs(urlsplit(answer.headers["location"]).query)["firm"][0]
        self.pair = ""

    # set-up, as the pages do it

    def setup_page(self, **query: str) -> Seen:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return Seen(self.desk.browser("anna").get(f"/setup?firm={self.firm}&{asked}").text)

    def sign_in(self, way: str) -> Any:
        """Bitrix24 is connected, at the terminal of the firm or by way of the portal's own page."""
        typed = {"firm": self.firm, "system": "bitrix24", "way": way, "login-portal": PORTAL}
        if way == WEBHOOK:
            return self.desk.send("anna", "/setup/connect", **typed, **{"login-webhook": f"https://{PORTAL}/rest/1/{CANARY}/"})
        portal: Portal = self.crm.portal
        keys = {"login-client_id": str(portal.setting("client_id")), "login-client_secret": CANARY}
        page = self.desk.send("anna", "/setup/connect", **typed, **keys)
        (there,) = [link for link in Seen(page.text).links if "/oauth/authorize/" in link]
        with httpx2.Client(transport=self._portal_page, follow_redirects=False) as browser:
            back = parse_qs(urlsplit(browser.get(there).headers["location"]).query)
        code, state = back["code"][0], back["state"][0]
        return self.desk.browser("anna").get(f"/setup/back?state={state}&code={code}")

    def key(self) -> Any:
        """Lexware Office is connected."""
        return self.desk.send("anna", "/setup/connect", firm=self.firm, system="lexoffice", **{"login-api_key": CANARY})

    def connection(self, system: str) -> ConnectionRow:
        with self.house.store.read() as conn:
            return next(row for row in pairs.connections(conn, self.firm) if row.system == system)

    def settle(self, system: str, **answers: str) -> Any:
        """The settings of one connection, on their page."""
        return self.desk.send("anna", f"/setup/connection/{self.connection(system).id}", **{f"s-{n}": v for n, v in answers.items()})

    def offers(self, system: str, choice: str) -> list[str]:
        """What a choice on that page offers besides none, in its order."""
        page = self.desk.browser("anna").get(f"/setup/connection/{self.connection(system).id}").text
        select = re.search(rf'<select name="s-{choice}".*?</select>', page, re.S)
        assert select, f"{choice} is not asked for"
        return [value for value in re.findall(r'<option value="([^"]*)"', select[0]) if value != "none"]

    def join(self, **given: Any) -> str:
        """The pair is made; what comes is its first preview."""
        both = {"crm": self.connection("bitrix24").id, "invoicing": self.connection("lexoffice").id}
        answer = self.desk.send("anna", "/setup/pair", firm=self.firm, **both, **given)
        assert answer.status_code == 303, answer.text
        self.pair = answer.headers["location"].split("/")[2]
        return str(answer.headers["location"])

    def set_up(self, way: str = WEBHOOK, **given: Any) -> None:
        """Everything of the above, with nothing changed but ``given``."""
        self.sign_in(way)
        self.key()
        self.join(**given)

    def policy(self, **entries: str) -> None:
        """The firm changes entries of its policy."""
        from tests.stories.folk import choose

        self.desk.village.pair = self.pair
        choose(self.desk.village, *(f"{name.replace('__', '.')}={value}" for name, value in entries.items()))

    # what happens afterwards

    def page(self, path: str = "", who: str = "anna") -> Seen:
        answer = self.desk.browser(who).get(f"/pairs/{self.pair}{path}")
        assert answer.status_code == 200, answer.text[:400]
        return Seen(answer.text)

    def preview(self) -> str:
        """The run that the preview is."""
        with self.house.store.read() as conn:
            return next(run.id for run in runs.runs(conn, self.pair) if run.state == "previewed")

    def release(self) -> str:
        """The preview is released: from now on the pair writes. The page one comes to."""
        answer = self.desk.send("anna", f"/pairs/{self.pair}/runs/{self.preview()}/release")
        assert answer.status_code == 303, answer.text[:400]
        return str(answer.headers["location"]).partition("?")[0]

    def a_day(self) -> None:
        """A day goes by; whoever was signed in has to sign in again."""
        self.clock.advance(86400)
        self.desk.browsers.clear()

    def run(self) -> None:
        """The service is at work for a quarter of an hour, and nobody looks."""
        runner = Runner(house=self.house, holder="service")
        for _ in range(6):
            runner.until_quiet(self.pair)
            self.clock.advance(150)

    def act(self, what: str, /, **values: str) -> str:
        """A person does something in Lexware Office."""
        return str(self.books.act(what, values)["id"])

    def crm_act(self, what: str, /, **values: str) -> int:
        """A person does something in Bitrix24."""
        return int(self.crm.act(what, values)["id"])

    def firms(self) -> list[str]:
        """The names of the CRM's companies."""
        return sorted(row["TITLE"] for row in self.crm.truth()["companies"])

    def people(self) -> list[str]:
        return sorted(f"{row['NAME']} {row['LAST_NAME']}".strip() for row in self.crm.truth()["contacts"])

    def writes(self, side: str) -> list[str]:
        """The operations that changed a vendor's data."""
        return [call.operation for call in (self.crm if side == "a" else self.books).world.log.writes()]


def customers(town: Town, count: int = 3, **more: str) -> list[str]:
    """Firms in Lexware Office, each with an address."""
    given = {"zip": "28195", "city": "Bremen", "country": "DE"} | more
    return [town.act("create_contact", name=f"Kunde {n:02} GmbH", street=f"Kai {n}", **given) for n in range(1, count + 1)]


def somebody(town: Town) -> str:
    """A private person in Lexware Office."""
    return town.act("create_contact", first_name="Inge", last_name="Musterfrau", street="Weg 2", zip="01099", city="Dresden", country="DE")


def words(page: Seen) -> str:
    """A page's text, without the space between its lines."""
    return re.sub(r"\s+", " ", page.text)


def offered(page: Seen) -> Mapping[str, str]:
    """The names of a page's fields and their kinds."""
    return {attrs["name"]: tag for tag, attrs in page.elements if "name" in attrs}

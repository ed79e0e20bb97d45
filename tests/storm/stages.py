"""The stages of the simulators: two vendors of any pair that the product knows how to join, in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.storm.bitrix24 import Bitrix24, make_portal
from tests.storm.books import Books, make_books
from tests.storm.chance import Streams
from tests.storm.clerks import LOGIN as CLIENT
from tests.storm.crm import Crm, make_crm
from tests.storm.lexoffice import KEY as OFFICE_KEY
from tests.storm.lexoffice import Lexoffice, make_office
from tests.storm.portal import TAG, WATCHED
from tests.storm.sides import Letter, Listener
from tests.storm.wire import VendorClock
from tests.support.clock import FakeClock
from unisono.connect.clock import Clock
from unisono.connect.wire import Transport
from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, preset

CRM_KEY, BOOKS_KEY = "centralstation-sandbox-key", "fb-0123456789abcdef"
PAIR = "centralstation/fastbill"
PAIRS = (PAIR, "bitrix24/lexoffice", "bitrix24/fastbill", "centralstation/lexoffice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a stage is built from. ``clock`` is the true hour, that of the vendors; ``ours`` the product's, which may be wrong."""

    clock: FakeClock
    ours: Clock
    streams: Streams
    knobs: Mapping[str, str]
    listen: Listener
    folder: Path
    ring: KeyRing


Maker = Callable[[Setting], "Simulated"]


class Simulated:
    """Both simulators of a pair, empty, in process."""

    def __init__(self, setting: Setting, pair: str = PAIR) -> None:
        self._setting = setting
        self.pair = pair
        numbers = [0]
        clocks = VendorClock(setting.clock), VendorClock(setting.clock)
        listen, true = setting.listen, setting.clock
        crm, _, invoicing = pair.partition("/")
        self.a: Crm | Bitrix24
        self.b: Books | Lexoffice
        if crm == "centralstation":
            self.a = Crm(make_crm(clocks[0], setting.streams.of("a")), clocks[0], listen, true, numbers)
        else:
            self.a = Bitrix24(make_portal(clocks[0], setting.streams.of("a")), clocks[0], listen, true, numbers)
        if invoicing == "fastbill":
            self.b = Books(make_books(clocks[1], setting.streams.of("b")), clocks[1], listen, true, numbers)
        else:
            self.b = Lexoffice(make_office(clocks[1], setting.streams.of("b")), clocks[1], listen, true, numbers)
        self.a.mobiles = isinstance(self.b, Lexoffice)
        self.rest = int(setting.knobs.get("rest") or (400 if pair == PAIR else 8 * 86400))
        """Seconds of calm after which everything has come to light: a deletion, or an address, that no list of changes tells of, with the
        weekly sweep."""
        self._habits()
        self._started = 0

    def _habits(self) -> None:
        knobs, a, b = self._setting.knobs, self.a.world.storage.settings, self.b.world.storage.settings
        if isinstance(self.a, Crm):
            a |= {"touch_parent": bool(knobs.get("touch_parent")), "rate_limit": int(knobs.get("rate_limit", "50"))}
        else:
            a |= {"moves_owner": ["requisite", "address", "rows", "links"] if knobs.get("touch_parent") else []}
            self.a.quiet_addresses = not knobs.get("touch_parent")
            self.a.app = knobs.get("login") == "app"
            if knobs.get("key_seconds"):
                self.a.hurry_keys(int(knobs["key_seconds"]))
        if isinstance(self.b, Books):
            b |= {name: knobs[name] for name in ("plan", "lists", "errors") if name in knobs}
            b |= {name: bool(knobs[name]) for name in ("retry_after", "pdf_varies", "cancel_creates_credit") if name in knobs}
            b["link_seconds"] = int(knobs.get("link_seconds", "3600"))
        else:
            b |= {"pdf_varies": bool(knobs.get("pdf_varies", "1"))}
        for side in (self.a, self.b):
            side.recase = bool(knobs.get("recase"))
            # A portal reads its own tables; of no other vendor is it known that a search finds a new row at once.
            side.search_lag = bool(knobs.get("search_lag")) and not isinstance(side, Bitrix24)

        if knobs.get("webhooks"):
            self.b.lose_notices()

    def connection(self, letter: Letter) -> tuple[str, dict[str, str], dict[str, Secret], dict[str, str]]:
        """See ``sides.Stage``."""
        if letter == "a" and isinstance(self.a, Bitrix24):
            settings, (portal, secret) = {"tag": TAG, "tag_field": WATCHED}, self.a.login()
            if self.a.app:
                hidden = {name: Secret(value) for name, value in self.a.keys().items()}
                return "bitrix24", {"portal": portal, "client_id": CLIENT["client_id"]}, hidden, settings | {"login": "local-app"}
            return "bitrix24", {"portal": portal}, {"webhook": Secret(secret)}, settings
        if letter == "a":
            return "centralstation", {}, {"api_key": Secret(CRM_KEY)}, {}
        if isinstance(self.b, Lexoffice):
            return "lexoffice", {}, {"api_key": Secret(OFFICE_KEY)}, {}
        plan = self._setting.knobs.get("plan", "none")
        settings = {"plan": plan} if plan != "none" else {"plan": "premium"}
        return "fastbill", {"email": "buchhaltung@example.de"}, {"api_key": Secret(BOOKS_KEY)}, settings

    def policy(self) -> str:
        """See ``sides.Stage``: customers both ways, offers to the books, documents to the CRM, whoever the two are."""
        return preset("centralstation", "fastbill")

    def process(self, store: Store, step: Callable[[str], None]) -> House:
        """See ``sides.Stage``."""
        wires = {self.a.system: self.a.wire, self.b.system: self.b.wire}

        def transport(system: str) -> Transport:
            return wires[system]

        s = self._setting
        self._started += 1
        chance = s.streams.of(f"process {self._started}")
        house = House(store=store, ring=s.ring, folder=s.folder, clock=s.ours, chance=chance, transports=transport, fan_out=1, step=step)
        house.ahead, house.wave = s.streams.ahead > 0, s.streams.ahead
        return house


def staged(pair: str) -> Maker:
    """Who builds the stage of a pair."""
    return partial(Simulated, pair=pair)

"""A person at a terminal: the real command line against both simulators on loopback, with the real clock and the real store."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from unisono.cli.app import run
from unisono.cli.sandbox import start

SUN = {"name": "Bäckerei Sonne GmbH", "email": "post@sonne.example", "street": "Ring 1", "zip": "12345", "city": "Berlin"}
MOON = {"ORGANIZATION": "Mond Optik GmbH", "ADDRESS": "Am Markt 7", "ZIPCODE": "50667", "CITY": "Köln", "COUNTRY_CODE": "DE"}
LOGIN = "buchhaltung@example.de"
KEY = "fb-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and its exit code. ``out`` is what a program reads, ``aside`` are errors and questions."""

    code: int
    out: str
    aside: str

    @property
    def text(self) -> str:
        return self.out + self.aside

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """``folder`` holds the store; ``crm`` and ``books`` are the simulators with their addresses."""

    folder: Path
    crm: Any
    books: Any
    crm_url: str
    books_url: str
    more: list[Any] = field(default_factory=list)
    """Servers that a test started besides; they are stopped with it."""

    def run(self, *words: str, answers: str = "") -> Told:
        """A command as ``unisono`` runs it: what a person can act on is a sentence and an exit code, anything else is raised."""
        with CliRunner().isolation(input=answers) as (out, aside, _):
            code = run(words)
            sys.stdout.flush()
            sys.stderr.flush()
            return Told(code, out.getvalue().decode(), aside.getvalue().decode())

    @property
    def crm_key(self) -> str:
        return str(self.crm.world.storage.settings["api_key"])

    def portal(self) -> tuple[Any, Any]:
        """A seeded Bitrix24 portal besides, and its server."""
        portal, server = start("bitrix24")
        portal.world.storage.settings.update({"plan": "none", "operating_limit": None})
        self.more.append(server)
        return portal, server

    def office(self) -> tuple[Any, Any]:
        """An empty account at Lexware Office besides, and its server."""
        office, server = start("lexoffice", seeded=False)
        office.world.storage.settings["rate_limit"] = None
        self.more.append(server)
        return office, server

    def connect(self) -> tuple[str, str]:
        """Both connections, by command; returns their ids."""
        crm = self.run("connect", "centralstation", "--login", f"api_key={self.crm_key}", "--setting", f"api={self.crm_url}/api", "--json")
        books = self.run(
            *("connect", "fastbill", "--login", f"email={LOGIN}", "--login", f"api_key={KEY}", "--json"),
            *("--setting", f"api={self.books_url}/api/1.0/api.php", "--setting", f"portal={self.books_url}", "--setting", "plan=premium"),
        )
        assert (crm.code, books.code) == (0, 0), crm.text + books.text
        return crm.json["id"], books.json["id"]

    def pair(self) -> str:
        """A pair between them that takes along what is there."""
        made = self.run("pair", "add", *self.connect(), "--complete", "--json")
        assert made.code == 0, made.text
        return str(made.json["id"])

    def company(self, **values: str) -> int:
        """A company with an offer in the CRM: one that is to become a customer."""
        made = int(self.crm.act("create_company", {**SUN, "country_code": "DE", **values})["id"])
        self.crm.act("create_deal", {"name": "Leuchtschild", "value": "1200", "company_id": str(made)})
        return made

    def customer(self, **values: str) -> int:
        """A customer at FastBill."""
        return int(self.books.act("create_customer", {**MOON, **values})["id"])

    def names(self) -> tuple[list[str], list[str]]:
        """The companies of the CRM and the customers of FastBill, as their own books have them."""
        companies = sorted(c["name"] for c in self.crm.truth()["companies"])
        return companies, sorted(c["ORGANIZATION"] for c in self.books.truth()["customers"])

    def synced(self) -> str:
        """A pair that was released and has brought both sides in step."""
        pair = self.pair()
        assert self.run("release").code == 0
        assert self.run("sync").code in (0, 1)
        return pair

"""Bitrix24 as a side: the hands of its users, and its requests understood. A batch is one call on the wire and several for the portal."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Set
from datetime import timedelta
from typing import Any

from tests.storm import clerks
from tests.storm import portal as truth
from tests.storm.chance import Break, Deed
from tests.storm.commands import WORDS as COMMAND_WORDS
from tests.storm.commands import groups_of, listings_in, parts_of
from tests.storm.marks import mobile_of
from tests.storm.sides import EXPIRED, Entry, Hold, Impossible, Inside, Kind, Letter, changed
from tests.storm.wire import Asked, Heard, Row, Vendor, VendorClock, answered, with_body
from unisono.connect.wire import Request
from unisono.sandbox import bitrix24
from unisono.sandbox.bitrix24 import multifields, tokens
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT
from unisono.sandbox.kit.world import LoggedCall, World

_SINGULAR = {
    "deals": "deal",
    "contacts": "contact",
    "companies": "company",
    "quotes": "quote",
    "invoices": "invoice",
    "products": "product",
}
_MATCHES = {
    "create": ".add",
    "update": "crm.item.update",
    "PUT ": "crm.item.update",
    "POST ": ".add",
    "POST companies": "crm.item.add",
    "POST people": "crm.item.add",
    "customer.create": "crm.requisite.add",
    "estimate.create": "crm.item.add",
    "protocols": "crm.timeline.comment",
    "deals": "crm.item.list",
    "companies": "crm.item.list",
    "customer": "crm.item.get",
}
"""What the catalogue aims at -> what a request is called here."""
OWN: dict[str, int] = {
    "batch-cut": 10,
    "command-internal": 10,
    "command-after": 10,
    "command-limit": 9,
    "operation-limit": 9,
    "internal": 10,
    "internal-after": 10,
    "error-200": 11,
    "renamed": 11,
    "overload": 13,
    "payment-required": 13,
}
"""The faults that only this vendor has, and the line of the catalogue that each is of."""
_FIELDS = {
    "name": "LAST_NAME",
    "first_name": "NAME",
    "email": "EMAIL",
    "phone": "PHONE",
    "website": "WEB",
    "address.line1": "STREET",
    "address.postcode": "ZIP",
    "address.city": "CITY",
    "address.country": "COUNTRY",
}
_FIRST = {"companies": 20_001, "contacts": 30_001, "deals": 40_001, "quotes": 50_001, "comments": 60_001, "requisites": 70_001}
_FIRST |= {"invoices": 80_001, "products": 90_001}
_KEY = "stormhook0123456789"


_LOOKED = ("party", "quote", "invoice", "product")
"""Kinds of records of which it is known what a change made of them."""


class Bitrix24(Vendor):
    """Bitrix24 with an incoming webhook."""

    letter: Letter = "a"
    system = "bitrix24"
    makes_in_steps = True
    """A batch is no transaction: a customer may be made without what hangs on it."""
    abreast = 16
    """Customers in a call at the most."""
    quiet_addresses = False
    """Whether a card's stamp stands still when its address changes."""
    elsewhere = app = False
    mobiles = False
    """Whether people enter the mark of a customer as a mobile number as well, for a side that knows of no website."""
    """``app``: whether we are let in as an application, with keys that expire and are exchanged for others."""
    _before: dict[str, Inside]

    def hold(self) -> list[Hold]:
        """A bucket of fifty that loses two a second."""
        return [Hold(50 + 2 * seconds, float(seconds)) for seconds in (1, 25, 60)]

    def tell_at(self, address: str) -> None:
        """See ``Vendor.tell_at``: an outgoing webhook made by hand, which puts the portal's token into each notice."""
        events = [f"ONCRM{word}{what}" for word in ("COMPANY", "CONTACT", "DEAL", "QUOTE") for what in ("ADD", "UPDATE", "DELETE")]
        self.simulator.act("bind_webhook", {"handler": address, "events": " ".join(events)})

    # what it is asked

    def asked(self, request: Request) -> Asked:
        parts = list(parts_of(self.simulator.portal, request))
        what = " ".join(["batch"] * (len(parts) > 1) + [part.method for part in parts])
        writes = [part for part in parts if part.operation in ("create", "change", "delete")]
        main = next(iter(writes), None) or next((p for p in parts if p.operation == "read"), None) or parts[0]
        if main.operation == "list":
            what += f" {main.word}"
        return Asked(what[:200], main.operation, main.kind, main.key, parts, main.operation == "list" and "origin" in str(request.content))

    # the log

    def subject(self, logged: LoggedCall) -> str:
        table, _, number = logged.subject.partition("/")
        if table == "comments":
            row = self.simulator.portal.get("comments", int(number))
            return truth.note_key(row) if row is not None else ""
        return f"{_SINGULAR.get(table, table)}:{number}"

    def looked(self, asked: Asked) -> Inside | None:
        keys = {part.key for part in asked.payload if part.operation == "change" and part.kind in _LOOKED and part.key}
        self._before = {key: found for key in sorted(keys) if (found := self.inside(key)) is not None}
        return self._before.get(asked.key)

    def took(self, asked: Asked, seq: int, before: Inside | None) -> None:
        """One call of the wire; of further records that a batch wrote, one more each that counts for no limit."""
        logged = self.world.log.calls[seq - self.world.log.seq :] if self.world.log.seq > seq else []
        whole = next((call for call in logged if call.method != "BATCH"), None)
        if whole is None:
            return
        commands = [call for call in logged if call.method == "BATCH"] or [whole]
        fault = whole.fault or next((call.fault for call in commands if call.fault), "")
        fault = fault or (f"status {whole.status}" if whole.status >= 500 else "")
        if whole.status == 401 and not fault and self.app:
            fault = EXPIRED
        groups = list(groups_of(asked.payload, commands))
        for place, (part, calls) in enumerate(groups or [(None, [])]):
            mine = asked if part is None else Asked(asked.what, part.operation, part.kind, part.key)
            done = next((call for call in calls if call.write), None)
            key = self.subject(done) if done is not None and mine.operation == "create" else mine.key
            along = place > 0 and mine.operation == "read"
            self.note(mine, status=whole.status if place == 0 else 0, fault=fault, done=done is not None, key=key, at=whole.at, along=along)
            held = self._before.get(mine.key)
            if held is not None and done is not None:
                wrote, spoilt = changed(held, self.inside(mine.key))
                self.amend(wrote=wrote, spoilt=spoilt)

    def inside(self, key: str) -> Inside | None:
        """See ``Vendor.inside``."""
        return truth.inside(self.simulator.portal, key)

    def records(self, kind: Kind) -> dict[str, Entry]:
        """See ``sides.Side``."""
        portal = self.simulator.portal
        readers = {"party": truth.parties, "contact": truth.contacts, "quote": truth.papers, "note": truth.notes}
        readers |= {"invoice": truth.bills, "product": truth.products}
        return {entry.key: entry for entry in readers[kind](portal)} if kind in readers else {}

    def fired(self) -> list[tuple[str, str]]:
        """Which papers automations were set off for, and which."""
        runs = self.simulator.portal.table("trigger_runs").values()
        return [(f"{COMMAND_WORDS[str(run['OWNER_TYPE_ID'])]}:{run['OWNER_ID']}", run["CODE"]) for run in runs]

    # what goes wrong

    def arm(self, fault: Break) -> bool:
        values = dict(fault.values)
        if values.get("name") == "conflict":
            return False
        values["match"] = _MATCHES.get(values.get("match", ""), values.get("match", ""))
        return super().arm(Break(fault.at, fault.fault, values))

    def arm_own(self, fault: Break) -> bool:
        return self.arm_kit(fault) if fault.values.get("name") in OWN else False

    def not_there(self, asked: Asked) -> Heard:
        error = {"error": "NOT_FOUND", "error_description": "Element not found"}
        if len(asked.payload) == 1:
            return answered(400, error)
        members: Row = {"result": {}, "result_error": {"item": error}, "result_total": [], "result_next": [], "result_time": []}
        members["result"] = {"requisites": [], "addresses": []}
        return answered(200, {"result": members, "time": {}})

    def without(self, asked: Asked, heard: Heard, keys: Set[str]) -> Heard:
        word = next((part.word for part in asked.payload if part.operation == "list"), "")
        return self._filtered(heard, lambda rows: [row for row in rows if f"{word}:{row.get('id')}" not in keys])

    def without_newest(self, asked: Asked, heard: Heard) -> Heard:
        return self._filtered(heard, lambda rows: rows[:-1])

    def _filtered(self, heard: Heard, keep: Any) -> Heard:
        body = json.loads(heard.body)
        less = False
        for holder in listings_in(body):
            kept = keep(holder["items"])
            less = less or len(kept) < len(holder["items"])
            holder["items"] = kept
        return answered(200, body) if less else heard

    def surprised(self, heard: Heard, how: str) -> Heard:
        def altered(row: Row) -> Row:
            out = row | {"brandNewField": {"nested": [1, 2, 3]}}
            if how == "texts" and isinstance(out.get("id"), int):
                out["id"] = str(out["id"])
            if how == "nulls":
                out |= {name: None for name in ("post", "honorific", "comments") if out.get(name) == ""}
            if how == "objects" and isinstance(out.get("fm"), list):
                out["fm"] = {str(n): one for n, one in enumerate(out["fm"])}
            return out

        body = json.loads(heard.body)
        for holder in listings_in(body):
            holder["items"] = [altered(row) for row in holder["items"]]
        inner = body.get("result")
        for holder in (inner, *(inner["result"].values() if isinstance(inner, dict) and isinstance(inner.get("result"), dict) else ())):
            if isinstance(holder, dict) and isinstance(holder.get("item"), dict):
                holder["item"] = altered(holder["item"])
        return answered(200, body)

    def reworded(self, request: Request, asked: Asked) -> Request:
        if not (self.recase and asked.write and asked.kind == "party" and "/batch" not in request.url):
            return request
        body = json.loads(request.content or b"{}")
        entries = body.get("fields", {}).get("fm", {}) if isinstance(body.get("fields"), dict) else {}
        for entry in entries.values() if isinstance(entries, dict) else entries:
            value = str(entry.get("value", ""))
            entry["value"] = value.lower() if entry.get("typeId") == "EMAIL" else re.sub(r"[ /-]", "", value)
        self.count(22, bool(entries))
        return with_body(request, body)

    def turn_clock(self, by: timedelta) -> None:
        super().turn_clock(by)
        self.simulator.limits._levels.clear()

    def swap(self, other: bool) -> None:
        """Another portal is one at another address."""
        super().swap(other)
        self.elsewhere = other

    def stranger(self) -> Any:
        return make_portal(self.clock, random.Random(7))

    def login(self) -> tuple[str, str]:
        """The portal's host, and the secret of its webhook."""
        return ("fremd" if self.elsewhere else "muster") + ".bitrix24.de", _KEY

    def keys(self) -> dict[str, str]:
        """The keys of an application that somebody lets in: the last ones as long as they hold, else new ones."""
        portal = self.simulator.portal
        rows = [row for row in portal.table("tokens").values() if not (row["USED"] or row["REVOKED"]) and portal.now() < row["EXPIRES"]]
        held = rows[-1] if rows else None
        row = held or tokens.issue(portal, int(portal.setting("webhook_user")))
        return {"client_secret": clerks.LOGIN["client_secret"], "access_token": row["ACCESS"], "refresh_token": row["REFRESH"]}

    def hurry_keys(self, seconds: int) -> None:
        """The keys that let an application in hold so long and no longer."""
        portal = self.simulator.portal
        self.world.storage.settings["access_seconds"] = seconds
        for row in portal.table("tokens").values():
            portal.change("tokens", row, {"EXPIRES": row["ISSUED"] + timedelta(seconds=seconds)})

    # its people

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """See ``sides.Side``."""
        name, values = self._act_of(deed, keys)
        try:
            made = self.simulator.act(name, values)
        except (KeyError, ValueError) as error:
            raise Impossible(str(error)) from error
        if deed.what == "bill":
            # Whoever writes an invoice sends it at once.
            self.simulator.act("move_invoice", {"ID": str(made["id"]), "STAGE": clerks.SENT})
        if deed.what == "create":
            word = {"company": "company", "product": "product"}.get(deed.values["kind"], "contact")
            if word == "product":
                return f"product:{made['id']}"
            self._own_fields(word, int(made["id"]))
            return f"{word}:{made['id']}"
        return f"{name.rpartition('_')[2]}:{made['id']}" if deed.what in ("deal", "bill") else keys.get(deed.about, "")

    def _own_fields(self, word: str, number: int) -> None:
        """What a person enters besides, where the portal has a place for it and we have none."""
        more = {"id": str(number), "register": f"HRB {number}", "delivery_street": "Lager 9", "delivery_city": "Emden"}
        self.simulator.act(f"edit_{word}", more)
        kind = COMPANY if word == "company" else CONTACT
        multifields.apply(self.simulator.portal, kind, number, [("add", 0, "IM", "SKYPE", f"sky{number}")])

    def _act_of(self, deed: Deed, keys: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        word, _, number = keys.get(deed.about, "").partition(":")
        given = _entered(deed.values)
        owner = keys.get(deed.values.get("owner", deed.values.get("customer", "")), "")
        match deed.what:
            case "create" if deed.values["kind"] == "product":
                return "create_product", clerks.product(deed, "19")
            case "edit" if word == "product":
                return "edit_product", clerks.product(deed) | {"ID": number}
            case "delete" if word == "product":
                return "delete_product", {"ID": number}
            case "create":
                if self.mobiles and "website" in deed.values:
                    given["MOBILE"] = mobile_of(deed.about)
                if deed.values["kind"] == "company":
                    return "create_company", _titled(given)
                return "create_contact", given | ({"COMPANY_ID": owner.partition(":")[2]} if deed.values["kind"] == "contact" else {})
            case "edit" if number:
                return f"edit_{word}", (_titled(given) if word == "company" else given) | {"ID": number}
            case "delete" if number:
                return f"delete_{word}", {"ID": number}
            case "merge" if number:
                loser = keys.get(deed.values["loser"], "")
                if not loser.startswith(f"{word}:") or loser == f"{word}:{number}":
                    raise Impossible("no two of a kind to merge")
                return f"merge_{word}", {"ID": loser.partition(":")[2], "INTO": number}
            case "tag" | "untag" if number and word in ("company", "contact"):
                return f"edit_{word}", {"ID": number, truth.WATCHED: "Y" if deed.what == "tag" else "N"}
            case "deal" if owner:
                return clerks.paper(deed, owner)
            case "bill" if owner:
                return clerks.bill(deed, owner)
            case "edit-deal" | "edit-bill" if number:
                return clerks.edited_paper(self.simulator.portal, deed, word, number)
        raise Impossible(f"{deed.what} of {deed.about}")


def _entered(values: Mapping[str, str]) -> dict[str, str]:
    given = {_FIELDS[name]: value for name, value in values.items() if name in _FIELDS}
    if "COUNTRY" in given:
        given["COUNTRY"] = truth.COUNTRIES.get(given["COUNTRY"], given["COUNTRY"])
    return given


def _titled(given: dict[str, str]) -> dict[str, str]:
    """A company's name is its title."""
    return {"TITLE" if name == "LAST_NAME" else name: value for name, value in given.items()}


def make_portal(clock: VendorClock, chance: random.Random) -> Any:
    """A new portal without any customer. No id is used twice among its tables, so that a person who reads one knows what is meant."""
    world = World(clock=clock, random=chance)
    world.storage.counters |= {name: number - 1 for name, number in _FIRST.items()}
    world.storage.settings |= {"webhook_secret": _KEY}
    made = bitrix24.make(world)
    for word in ("company", "contact"):
        made.act("make_field", {"kind": word, "name": truth.WATCHED, "type": "boolean"})
    clerks.furnish(made.portal)
    return made

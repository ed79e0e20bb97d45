"""Lexware Office as a side: the hands of its users, and its requests understood. A PUT is a change of the whole row, persons included."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Set
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.storm import office
from tests.storm.chance import Break, Deed
from tests.storm.marks import mobile_of
from tests.storm.sides import Entry, Hold, Impossible, Inside, Kind, Letter, Operation
from tests.storm.wire import Asked, Heard, Row, Vendor, VendorClock, answered, with_body
from unisono.connect.wire import Request
from unisono.sandbox import lexoffice
from unisono.sandbox.kit.world import LoggedCall, World

KEY = "lxo-storm-0123456789abcdef"
_PATH = re.compile(r"/v1/([a-z-]+)(?:/([0-9A-Za-z-]+))?(?:/([a-z]+))?(?:\?(.*))?$")
_KIND = {"contacts": "party", "quotations": "quote", "invoices": "invoice", "articles": "product"}
_PREFIX = {"quotations": "quotation:", "invoices": "invoice:"}
_OPERATION: dict[str, Operation] = {"POST": "create", "PUT": "change", "DELETE": "delete"}
_MATCHES = {
    "create": "POST ",
    "update": "PUT ",
    "POST companies": "POST contacts",
    "POST people": "PUT contacts",
    "customer.create": "POST contacts",
    "estimate.create": "POST quotations",
    "protocols": "POST quotations",
    "companies": "contacts",
    "customer": "contacts",
    "deals": "voucherlist",
    "estimate": "voucherlist",
    "invoice": "voucherlist",
}
"""What the catalogue aims at -> what a request is called here."""
OWN: dict[str, int] = {
    "gateway-timeout": 7,
    "gateway-timeout-before": 6,
    "internal": 10,
    "unavailable": 10,
    "number-race": 12,
    "payment-required": 13,
    "forbidden": 13,
}
"""The faults that only this vendor has, and the line of the catalogue that each is of."""
_FIELDS = {
    "first_name": "FIRST_NAME",
    "email": "EMAIL",
    "phone": "PHONE",
    "address.line1": "STREET",
    "address.postcode": "ZIP",
    "address.city": "CITY",
    "address.country": "COUNTRY",
}
_PERSON = {"name": "CONTACT_LAST_NAME", "first_name": "CONTACT_FIRST_NAME", "email": "CONTACT_EMAIL", "phone": "CONTACT_PHONE"}
_STATES = {"b": "finalize", "d": "accept", "e": "reject"}
"""FastBill's letters of a quote's state -> what people press here."""


class Lexoffice(Vendor):
    """Lexware Office."""

    letter: Letter = "b"
    system = "lexoffice"
    notices_lost = 0

    def lose_notices(self) -> None:
        """The account tells everything to an address behind which nobody is."""
        self._tell("https://nobody.example/")
        self.world.storage.settings["deliver"] = self._nobody

    def tell_at(self, address: str) -> None:
        """See ``Vendor.tell_at``: a subscription a kind of event, each notice signed."""
        self._tell(address)

    def _tell(self, address: str) -> None:
        kinds = ("contact.created", "contact.changed", "contact.deleted", "quotation.created", "quotation.status.changed")
        for event in (*kinds, "invoice.created", "invoice.status.changed", "payment.changed"):
            self.simulator.account.add("subscriptions", {"eventType": event, "callbackUrl": address})

    def _nobody(self, *_: object) -> None:
        self.notices_lost += 1
        raise ConnectionRefusedError

    def hold(self) -> list[Hold]:
        """Two calls a second for the whole account."""
        return [Hold(2, 1.0)]

    # what it is asked

    def asked(self, request: Request) -> Asked:
        found = _PATH.search(request.url)
        if found is None:
            return Asked(f"{request.method} ?", "other", "")
        resource, key, part, query = found.groups()
        what = f"{request.method} {resource}" + ("/#" if key else "") + (f"/{part}" if part else "")
        if part == "file":
            return Asked(what, "other", "file")
        if resource not in _KIND:
            listing: Operation = "list" if resource == "voucherlist" else "other"
            return Asked(what, listing, "paper", payload=resource, searching="contactId" in (query or ""))
        name = f"{_PREFIX.get(resource, '')}{key}" if key else ""
        if request.method == "GET":
            searching = bool({"email", "name", "articleNumber"} & parse_qs(query or "").keys())
            return Asked(what, "read" if key else "list", _KIND[resource], name, resource, searching)
        return Asked(what, _OPERATION[request.method], _KIND[resource], name, resource)

    def subject(self, logged: LoggedCall) -> str:
        table, _, key = logged.subject.partition("/")
        return _PREFIX.get(table, "") + key

    def took(self, asked: Asked, seq: int, before: Inside | None) -> None:
        super().took(asked, seq, before)
        if not self.calls or self.world.log.seq == seq:
            return
        last = self.calls[-1]
        if last.status >= 500 and not last.fault:
            self.amend(fault=f"status {last.status}")
        if before is not None and last.done and last.operation == "change":
            self._person(asked.key, before)

    def _person(self, key: str, before: Inside) -> None:
        """A PUT by which a company gains its contact person, or loses it, is that person's making or end."""
        person, after = f"{key}#main", self.inside(key)
        was, now = ((person, "name") in seen.known if seen is not None else False for seen in (before, after))
        if was != now:
            self.amend(operation="create" if now else "delete", kind="contact", key=person)

    def inside(self, key: str) -> Inside | None:
        """See ``Vendor.inside``."""
        return office.inside(self.simulator.account, key)

    def records(self, kind: Kind) -> dict[str, Entry]:
        """See ``sides.Side``."""
        account = self.simulator.account
        match kind:
            case "party":
                found = office.parties(account)
            case "contact":
                found = office.persons(account)
            case "product":
                found = office.products(account)
            case "quote" | "invoice":
                found = office.papers(account, "quotations" if kind == "quote" else "invoices")
            case _:
                return {}
        return {entry.key: entry for entry in found}

    # what goes wrong

    def arm(self, fault: Break) -> bool:
        values = dict(fault.values)
        values["match"] = _MATCHES.get(values.get("match", ""), values.get("match", ""))
        return super().arm(Break(fault.at, fault.fault, values))

    def arm_own(self, fault: Break) -> bool:
        return self.arm_kit(fault) if fault.values.get("name") in OWN else False

    def not_there(self, asked: Asked) -> Heard:
        return answered(404, {"status": 404, "error": "Not Found", "message": "HTTP 404 Not Found"})

    def conflicting(self, asked: Asked) -> Heard:
        if asked.kind != "party":
            return answered(409, {"status": 409, "error": "Conflict", "message": "stale version"})
        issue = {"i18nKey": "invalid_value", "source": "version", "type": "validation_failure", "additionalData": None, "args": None}
        return answered(406, {"IssueList": [issue]})

    def without(self, asked: Asked, heard: Heard, keys: Set[str]) -> Heard:
        return self._filtered(heard, lambda rows: [row for row in rows if not {row["id"], f"{row.get('voucherType')}:{row['id']}"} & keys])

    def without_newest(self, asked: Asked, heard: Heard) -> Heard:
        def born(row: Row) -> tuple[str, int]:
            return str(row.get("createdDate", "")), int(row.get("roles", {}).get("customer", {}).get("number", 0))

        def older(rows: list[Row]) -> list[Row]:
            newest = max(rows, key=born, default=None)
            return [row for row in rows if row is not newest]

        return self._filtered(heard, older)

    def _filtered(self, heard: Heard, keep: Any) -> Heard:
        body = json.loads(heard.body)
        rows = body.get("content") if isinstance(body, dict) else None
        if not isinstance(rows, list) or len(kept := keep(rows)) == len(rows):
            return heard
        return answered(200, body | {"content": kept, "numberOfElements": len(kept)})

    def surprised(self, heard: Heard, how: str) -> Heard:
        def altered(row: Any) -> Any:
            if not isinstance(row, dict):
                return row
            more = {name: None for name in ("note", "archived", "title", "remark") if name not in row} if how == "nulls" else {}
            return row | more | {"brandNewField": {"nested": [1, 2, 3]}}

        body = json.loads(heard.body)
        if isinstance(body, dict) and isinstance(body.get("content"), list):
            return answered(200, body | {"content": [altered(row) for row in body["content"]], "brandNewField": 1})
        return answered(200, altered(body))

    def reworded(self, request: Request, asked: Asked) -> Request:
        if not (self.recase and asked.write and asked.kind == "party"):
            return request
        body = json.loads(request.content or b"{}")
        for name, change in (("emailAddresses", str.lower), ("phoneNumbers", _bare)):
            for kind, values in body.get(name, {}).items():
                body[name][kind] = [change(value) for value in values]
        self.count(22)
        return with_body(request, body)

    def turn_clock(self, by: timedelta) -> None:
        super().turn_clock(by)
        self.simulator.limits._since = self.simulator.limits._left = None

    def stranger(self) -> Any:
        other = make_office(self.clock, random.Random(7))
        other.world.storage.settings["organization_id"] = "0d3a2b1c-0000-4000-8000-000000000047"
        return other

    # its people

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """See ``sides.Side``."""
        name, values = self._act_of(deed, keys)
        try:
            made = str(self.simulator.act(name, values)["id"])
            if deed.what == "create" and deed.values["kind"] not in ("contact", "product"):
                self._own_fields(made)
        except (KeyError, ValueError) as error:
            raise Impossible(str(error)) from error
        if deed.what == "create":
            if deed.values["kind"] == "product":
                return made
            return f"{made}#main" if deed.values["kind"] == "contact" else made
        prefix = {"estimate": "quotation:", "invoice": "invoice:"}.get(deed.what)
        return f"{prefix}{made}" if prefix else keys[deed.about]

    def _own_fields(self, key: str) -> None:
        """What a person enters besides, where the account has a place for it and we have none."""
        more = {"id": key, "buyer_reference": "04011000-1234512345-06", "vendor_number": "70099", "role": "both"}
        self.simulator.act("edit_contact", more | {"shipping_street": "Lager 9", "shipping_city": "Emden", "shipping_country": "DE"})

    def _act_of(self, deed: Deed, keys: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        key = keys.get(deed.about, "")
        word, _, row_id = key.rpartition(":")
        match deed.what:
            case "create" if deed.values["kind"] == "contact":
                return self._new_person(deed, keys)
            case "create" if deed.values["kind"] == "product":
                return "create_article", {"TITLE": deed.values["name"], "NUMBER": deed.about, "NET": deed.values["price"], "TAX": "19"}
            case "edit" if deed.about.startswith("p") and key:
                names = {"name": "TITLE", "price": "NET"}
                return "edit_article", {names[name]: value for name, value in deed.values.items()} | {"ID": key}
            case "delete" if deed.about.startswith("p") and key:
                return "delete_article", {"ID": key}
            case "create":
                name = "NAME" if deed.values["kind"] == "company" else "LAST_NAME"
                return "create_contact", _entered(deed.values) | {name: deed.values["name"], "MOBILE": mobile_of(deed.about)}
            case "edit" if key:
                return "edit_contact", self._edited(deed, key)
            case "delete" if word in ("invoice", "quotation"):
                return "delete_document", {"ID": row_id}
            case "delete" if key and not key.endswith("#main"):
                return "delete_contact", {"ID": key}
            case "state" if word == "quotation" and deed.values["state"] in _STATES:
                return _STATES[deed.values["state"]], {"ID": row_id}
            case "estimate" | "invoice" if customer := keys.get(deed.values["customer"], ""):
                lines = {"TITLE": deed.values["title"], "ITEMS": f"Arbeit; 1; {deed.values['value']}; 19"}
                lines |= {"CONTACT_ID": customer, "FINALIZE": deed.values.get("complete", "")}
                return "create_quotation" if deed.what == "estimate" else "create_invoice", lines
            case "complete" if word == "invoice":
                return "finalize", {"ID": row_id}
            case "pay" if word == "invoice":
                return "pay", {"ID": row_id, "AMOUNT": deed.values.get("amount", "")}
            case "cancel" if word == "invoice":
                return "void", {"ID": row_id}
        raise Impossible(f"{deed.what} of {deed.about}")

    def _new_person(self, deed: Deed, keys: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        owner = keys.get(deed.values["owner"], "")
        if not owner or f"{owner}#main" in self.records("contact"):
            raise Impossible("no company without a contact person")
        return "edit_contact", {"ID": owner} | {_PERSON[name]: deed.values[name] for name in _PERSON if name in deed.values}

    def _edited(self, deed: Deed, key: str) -> dict[str, str]:
        owner, main, _ = key.partition("#")
        if main:
            given = {_PERSON[name]: value for name, value in deed.values.items() if name in _PERSON}
            if not given:
                raise Impossible("a contact person has no such field")
            return given | {"ID": owner}
        party = self.records("party").get(owner)
        given = _entered(deed.values)
        if "name" in deed.values:
            given["NAME" if party is not None and party.get("type") == "company" else "LAST_NAME"] = deed.values["name"]
        return given | {"ID": owner}


def _entered(values: Mapping[str, str]) -> dict[str, str]:
    return {_FIELDS[name]: value for name, value in values.items() if name in _FIELDS}


def _bare(text: str) -> str:
    return re.sub(r"[ /-]", "", text)


def make_office(clock: VendorClock, chance: random.Random) -> Any:
    """A new, empty account."""
    world = World(clock=clock, random=chance)
    world.storage.settings["api_key"] = KEY
    return lexoffice.make(world)

"""FastBill as a side: its tables read by hand, the hands of its users, and its requests understood."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.storm.chance import Deed
from tests.storm.sides import Entry, Hold, Impossible, Inside, Kind, Letter, Operation
from tests.storm.wire import Asked, Heard, Row, Vendor, VendorClock, answered, with_body
from unisono.connect.wire import Request
from unisono.sandbox import fastbill
from unisono.sandbox.kit.world import LoggedCall, World

EVENTS = "customer.created,customer.updated,customer.deleted,estimate.created,invoice.completed,invoice.canceled"
_SERVICE_KIND = {"customer": "party", "contact": "contact", "estimate": "quote", "invoice": "invoice"}
_TABLE = {"customers": "", "contacts": "contact:", "estimates": "estimate:", "invoices": "invoice:"}
_PREFIX = {"customer": "", "contact": "contact:", "estimate": "estimate:", "invoice": "invoice:"}
_BOOK_FIELDS = {
    "first_name": "FIRST_NAME",
    "email": "EMAIL",
    "phone": "PHONE",
    "mobile": "MOBILE",
    "fax": "FAX",
    "website": "WEBSITE",
    "position": "POSITION",
    "number": "CUSTOMER_NUMBER",
    "address.line1": "ADDRESS",
    "address.postcode": "ZIPCODE",
    "address.city": "CITY",
    "address.country": "COUNTRY_CODE",
}
"""Our names -> FastBill's; the name itself depends on who it is."""
_OWN = {
    "customers": (
        "BANK_IBAN",
        "BANK_NAME",
        "DAYS_FOR_PAYMENT",
        "PAYMENT_TYPE",
        "GLN",
        "SECONDARY_ADDRESS",
        "ACCOUNT_RECEIVABLE",
        "CREATED",
    ),
    "contacts": ("SECONDARY_ADDRESS", "CREATED"),
}
"""Fields of its tables that are nobody's but FastBill's."""


class Books(Vendor):
    """FastBill."""

    letter: Letter = "b"
    system = "fastbill"
    notices_lost = 0

    def lose_notices(self) -> None:
        """The account tells everything to an address behind which nobody is."""
        self._tell("15", "https://nobody.example/")
        self.world.storage.settings["deliver"] = self._nobody

    def tell_at(self, address: str) -> None:
        """See ``Vendor.tell_at``."""
        self._tell("16", address)

    def _tell(self, number: str, address: str) -> None:
        row = {"WEBHOOK_ID": number, "ENDPOINT": address, "TYPE": "url", "EVENTS": EVENTS}
        self.world.storage.table("webhooks")[int(number)] = row

    def _nobody(self, *_: object) -> None:
        self.notices_lost += 1
        raise ConnectionRefusedError

    def hold(self) -> list[Hold]:
        """So many successful calls an hour as the plan allows."""
        limit = {"solo": 50, "solo-plus": 100, "pro": 500, "premium": 1000}.get(str(self.world.storage.settings.get("plan", "")), 0)
        return [Hold(limit, 3600.0, successes=True)] if limit else []

    def asked(self, request: Request) -> Asked:
        if request.method == "GET":
            return Asked("GET download", "other", "file")
        body = json.loads(request.content or b"{}")
        service = str(body.get("SERVICE", ""))
        name, _, action = service.partition(".")
        own = f"{name.upper()}_ID"
        kind = _SERVICE_KIND.get(name, name)
        if action == "get":
            asks: Row = body.get("FILTER") or {}
            key = str(asks.get(own, ""))
            return Asked(service, "read" if key else "list", kind, _PREFIX.get(name, "") + key if key else "", body, bool(asks) and not key)
        operation: Operation = "create" if action == "create" else "delete" if action == "delete" else "change"
        key = str((body.get("DATA") or {}).get(own, ""))
        return Asked(service, operation, kind, _PREFIX.get(name, "") + key if key else "", body)

    def subject(self, logged: LoggedCall) -> str:
        table, _, key = logged.subject.partition("/")
        return _TABLE.get(table, table + ":") + key

    def not_there(self, asked: Asked) -> Heard:
        return answered(200, {"REQUEST": [], "RESPONSE": {_list_of(asked.what): []}})

    def without(self, asked: Asked, heard: Heard, keys: Set[str]) -> Heard:
        prefix = _PREFIX[asked.what.partition(".")[0]]
        return self._filtered(asked, heard, lambda rows, own: [r for r in rows if prefix + str(r.get(own)) not in keys])

    def without_newest(self, asked: Asked, heard: Heard) -> Heard:
        return self._filtered(asked, heard, lambda rows, own: sorted(rows, key=lambda r: int(r[own]))[:-1])

    def _filtered(self, asked: Asked, heard: Heard, keep: Callable[[list[Row], str], list[Row]]) -> Heard:
        body = json.loads(heard.body, parse_float=Decimal)
        name = _list_of(asked.what)
        response = body.get("RESPONSE")
        if not isinstance(response, dict) or name not in response:
            return heard
        rows = response[name]
        rows = list(rows.values()) if isinstance(rows, dict) else rows
        kept = keep(rows, f"{asked.what.partition('.')[0].upper()}_ID")
        if len(kept) == len(rows):
            return heard
        return Heard(
            200, {"content-type": "application/json"}, json.dumps(body | {"RESPONSE": response | {name: kept}}, default=_number).encode()
        )

    def surprised(self, heard: Heard, how: str) -> Heard:
        def altered(value: Any) -> Any:
            if isinstance(value, list):
                return [altered(one) for one in value]
            if not isinstance(value, dict):
                return value
            out = {k: altered(v) for k, v in value.items()}
            if any(k.endswith("_ID") for k in out):
                out["BRAND_NEW_FIELD"] = {"NESTED": [1, 2]}
                if how == "texts":
                    out |= {k: int(v) for k, v in out.items() if k.endswith("_ID") and isinstance(v, str) and v.isdigit()}
                if how == "nulls":
                    out |= {k: None for k, v in out.items() if v == ""}
            return out

        body = json.loads(heard.body, parse_float=Decimal)
        return Heard(200, heard.headers | {"content-type": "application/json"}, json.dumps(altered(body), default=_number).encode())

    def reworded(self, request: Request, asked: Asked) -> Request:
        if not (self.recase and asked.write and asked.kind in ("party", "contact") and isinstance(asked.payload, dict)):
            return request
        self.count(22)
        body = json.loads(request.content or b"{}")
        data = body.get("DATA", {})
        for name, change in (("EMAIL", str.lower), ("PHONE", _bare), ("ZIPCODE", str.strip)):
            if data.get(name):
                data[name] = change(data[name])
        return with_body(request, body)

    def records(self, kind: Kind) -> dict[str, Entry]:
        """See ``sides.Side``."""
        truth = self.simulator.truth()
        found: Iterator[Entry]
        match kind:
            case "party":
                found = map(_book_party, truth["customers"])
            case "contact":
                found = (one for row in truth["customers"] for one in _book_main(row))
                return {e.key: e for e in found} | {e.key: e for e in map(_book_contact, truth["contacts"])}
            case "quote":
                found = (_book_document(row, "estimate") for row in truth["estimates"])
            case "invoice":
                found = (_book_document(row, "invoice") for row in truth["invoices"])
            case _:
                return {}
        return {entry.key: entry for entry in found}

    def inside(self, key: str) -> Inside | None:
        """See ``Vendor.inside``."""
        prefix, _, row_id = key.rpartition(":")
        table, own_id = ("contacts", "CONTACT_ID") if prefix == "contact" else ("customers", "CUSTOMER_ID")
        row = next((row for row in self.simulator.truth()[table] if row[own_id] == row_id), None) if prefix in ("", "contact") else None
        if row is None:
            return None
        entries = [_book_contact(row)] if prefix else [_book_party(row), *_book_main(row)]
        known = {(entry.key, name): value for entry in entries for name, value in entry.values.items()}
        return Inside(known, {name: row[name] for name in _OWN[table] if name in row})

    def _own_fields(self, prefix: str, row_id: str) -> None:
        """What a person enters besides, where FastBill has a place for it and we have none."""
        table = {"": "customers", "contact:": "contacts"}[prefix]
        row = self.world.storage.table(table)[int(row_id)]
        row |= {name: f"eigen {row_id}" for name in ("BANK_NAME", "GLN", "SECONDARY_ADDRESS", "ACCOUNT_RECEIVABLE") if name in row}

    def turn_clock(self, by: timedelta) -> None:
        super().turn_clock(by)
        self.world.storage.table("quota").clear()

    def stranger(self) -> Any:
        return make_books(self.clock, random.Random(7))

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """See ``sides.Side``."""
        name, values, prefix = self._act_of(deed, keys)
        try:
            made = self.simulator.act(name, values)
        except (KeyError, ValueError) as error:
            raise Impossible(str(error)) from error
        if deed.what == "create":
            self._own_fields(prefix, str(made["id"]))
        return f"{prefix}{made['id']}"

    def _act_of(self, deed: Deed, keys: Mapping[str, str]) -> tuple[str, dict[str, str], str]:
        key = keys.get(deed.about, "")
        prefix, row_id = (key.split(":", 1)[0] + ":", key.split(":", 1)[1]) if ":" in key else ("", key.removesuffix("#main"))
        given = {wire: deed.values[name] for name, wire in _BOOK_FIELDS.items() if name in deed.values}
        customer = keys.get(deed.values.get("customer", ""), "")
        match deed.what:
            case "create" if deed.values["kind"] == "contact":
                owner = keys.get(deed.values["owner"], "")
                return "create_contact", given | {"LAST_NAME": deed.values["name"], "CUSTOMER_ID": owner}, "contact:"
            case "create":
                word = "ORGANIZATION" if deed.values["kind"] == "company" else "LAST_NAME"
                return "create_customer", given | {word: deed.values["name"]}, ""
            case "edit" if row_id:
                main = key.endswith("#main")
                if "name" in deed.values:
                    row = self.records("party").get(row_id)
                    company = prefix == "" and not main and row is not None and row.get("type") == "company"
                    given["ORGANIZATION" if company else "LAST_NAME"] = deed.values["name"]
                if main and not given.keys() <= {"LAST_NAME", "FIRST_NAME", "POSITION"}:
                    raise Impossible("the one in the customer's own row has no such field")
                return ("edit_contact" if prefix == "contact:" else "edit_customer"), given | {"ID": row_id}, prefix
            case "delete" if row_id and not key.endswith("#main"):
                word = {"": "customer", "contact:": "contact"}.get(prefix, "")
                if prefix == "invoice:":
                    return "delete_draft_invoice", {"ID": row_id}, prefix
                if not word:
                    raise Impossible("nobody deletes that")
                return f"delete_{word}", {"ID": row_id}, prefix
            case "state" if prefix == "estimate:":
                return "set_estimate_state", {"ID": row_id, "STATE": deed.values["state"]}, prefix
            case "estimate" if customer:
                lines = {"TITLE": deed.values["title"], "ITEMS": f"Arbeit; 1; {deed.values['value']}; 19"}
                return "create_estimate", {"CUSTOMER_ID": customer, **lines}, "estimate:"
            case "invoice" if customer:
                lines = {"TITLE": deed.values["title"], "ITEMS": f"Arbeit; 1; {deed.values['value']}; 19"}
                return "create_invoice", {"CUSTOMER_ID": customer, **lines, "COMPLETE": deed.values.get("complete", "")}, "invoice:"
            case "complete" if prefix == "invoice:":
                return "complete_invoice", {"ID": row_id}, prefix
            case "pay" if prefix == "invoice:":
                return "record_payment", {"INVOICE_ID": row_id, "AMOUNT": deed.values.get("amount", "")}, prefix
            case "cancel" if prefix == "invoice:":
                return "cancel_invoice", {"ID": row_id}, prefix
        raise Impossible(f"{deed.what} of {deed.about}")


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


def _bare(text: str) -> str:
    return re.sub(r"[ /-]", "", text)


def _list_of(service: str) -> str:
    return service.partition(".")[0].upper() + "S"


def _book_party(row: Row) -> Entry:
    company = row["CUSTOMER_TYPE"] == "business"
    values = {"type": "company" if company else "person", "name": row["ORGANIZATION"] if company else row["LAST_NAME"]}
    values["first_name"] = "" if company else row["FIRST_NAME"]
    values |= {name: row[wire] for name, wire in _BOOK_FIELDS.items() if name not in ("first_name", "position")}
    return Entry(row["CUSTOMER_ID"], values, tags=tuple(t for t in row["TAGS"].split(",") if t))


def _book_main(row: Row) -> Iterator[Entry]:
    if row["CUSTOMER_TYPE"] == "business" and (row["LAST_NAME"] or row["FIRST_NAME"]):
        values = {"name": row["LAST_NAME"], "first_name": row["FIRST_NAME"], "position": row["POSITION"]}
        yield Entry(row["CUSTOMER_ID"] + "#main", values, row["CUSTOMER_ID"])


def _book_contact(row: Row) -> Entry:
    held = ("first_name", "email", "phone", "mobile", "fax", "position")
    values = {"name": row["LAST_NAME"]} | {name: row[_BOOK_FIELDS[name]] for name in held}
    return Entry(f"contact:{row['CONTACT_ID']}", values, row["CUSTOMER_ID"])


def _book_document(row: Row, word: str) -> Entry:
    values = {
        "title": row["INVOICE_TITLE"],
        "net": row["SUB_TOTAL"],
        "gross": row["TOTAL"],
        "vat": row["VAT_TOTAL"],
        "number": row[f"{word.upper()}_NUMBER"],
        "currency": row["CURRENCY_CODE"],
        "state": row["STATE"] if word == "estimate" else "cancelled" if row["IS_CANCELED"] == "1" else row["TYPE"],
        "paid": "" if word == "estimate" else "yes" if not row["PAID_DATE"].startswith("0000") else "part" if row["PAYMENTS"] else "",
    }
    return Entry(f"{word}:{row[f'{word.upper()}_ID']}", values, row["CUSTOMER_ID"])


def make_books(clock: VendorClock, chance: random.Random) -> Any:
    """A new, empty account of FastBill."""
    return fastbill.make(World(clock=clock, random=chance))

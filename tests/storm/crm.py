"""CentralStationCRM as a side: its tables read by hand, the hands of its users, and its requests understood."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Set
from datetime import timedelta
from typing import Any

from tests.storm.chance import Deed
from tests.storm.marks import mobile_of
from tests.storm.sides import Entry, Hold, Impossible, Inside, Kind, Letter, Operation
from tests.storm.wire import Asked, Heard, Row, Vendor, VendorClock, answered, with_body
from unisono.connect.wire import Request
from unisono.sandbox import centralstation
from unisono.sandbox.centralstation.parts import PARTS, prepare
from unisono.sandbox.kit.world import LoggedCall, World

_PATH = re.compile(r"/api/([a-z_]+)(?:/([0-9A-Za-z-]+))?(?:/([a-z_]+))?(?:/([0-9A-Za-z-]+))?(?:\.json)?$")
_SINGULAR = {
    "companies": "company",
    "people": "person",
    "deals": "deal",
    "protocols": "protocol",
    "attachments": "attachment",
    "tags": "tag",
}
_KIND = {"company": "party", "person": "party", "deal": "quote", "protocol": "note", "attachment": "file", "tag": "tag"}
_ACT_WORD = {"company": "company", "person": "person", "deal": "deal"}
_CRM_FIELDS = {
    "name": "name",
    "first_name": "first_name",
    "email": "email",
    "phone": "phone",
    "website": "homepage",
    "address.line1": "street",
    "address.postcode": "zip",
    "address.city": "city",
    "address.country": "country_code",
}
"""Our names -> those of the pages of the CRM."""


class Crm(Vendor):
    """CentralStationCRM."""

    letter: Letter = "a"
    system = "centralstation"
    mobiles = False
    """Whether people enter the mark of a customer as a mobile number as well, for a side that knows of no website."""

    def hold(self) -> list[Hold]:
        """50 calls in 10 seconds, all of them counted."""
        return [Hold(50, 10.0)]

    def tell_at(self, address: str) -> None:
        """See ``Vendor.tell_at``."""
        table = self.world.storage.table("hooks")
        for model in ("Company", "Person", "Deal"):
            for event in ("create", "update", "destroy"):
                number = 91_000_000 + len(table)
                told = {"id": number, "target_url": address, "object_type": "lean", "state": "active", "model": model, "event": event}
                table[number] = told | {"includes": "", "methods": [], "failed": 0, "failed_at": None}

    def asked(self, request: Request) -> Asked:
        path, _, query = request.url.partition("?")
        found = _PATH.search(path)
        if found is None:
            return Asked(f"{request.method} ?", "other", "")
        table, key, part, _ = found.groups()
        searching = key == "search" or (key is not None and not key[0].isdigit() and "-" not in key)
        what = f"{request.method} {table}" + ("/search" if searching else "/#" if key else "") + (f"/{part}" if part else "")
        word = _SINGULAR.get(table, table)
        name = f"{word}:{key}" if key and not searching else ""
        if request.method == "GET":
            operation: Operation = "read" if name and not part else "list"
            return Asked(what + ("?" + query if "updated_at" in query else ""), operation, _KIND.get(word, word), name, searching=searching)
        if request.method == "POST" and part is None and key is None:
            return Asked(what, "create", _KIND.get(word, word))
        if part == "attachments":
            return Asked(what, "create", "file")
        operation = "delete" if request.method == "DELETE" and not part else "change"
        return Asked(what, operation, _KIND.get(word, word), name)

    def subject(self, logged: LoggedCall) -> str:
        table, _, key = logged.subject.partition("/")
        return f"{_SINGULAR.get(table, table)}:{key}"

    def not_there(self, asked: Asked) -> Heard:
        return answered(404, {"description": "there is no such record", "error": "not-found"})

    def without(self, asked: Asked, heard: Heard, keys: Set[str]) -> Heard:
        rows = json.loads(heard.body)
        if not isinstance(rows, list):
            return heard
        kept = [row for row in rows if not any(f"{w}:{r.get('id')}" in keys for w, r in row.items() if isinstance(r, dict))]
        return heard if len(kept) == len(rows) else answered(200, kept)

    def without_newest(self, asked: Asked, heard: Heard) -> Heard:
        rows = json.loads(heard.body)
        return answered(200, rows[:-1]) if isinstance(rows, list) and rows else heard

    def surprised(self, heard: Heard, how: str) -> Heard:
        def altered(row: Any) -> Any:
            if not isinstance(row, dict):
                return row
            out = {k: altered(v) if isinstance(v, dict) else v for k, v in row.items()}
            if "id" in out:
                out["brand_new_field"] = {"nested": [1, 2, 3]}
                if how == "texts" and isinstance(out["id"], int):
                    out["id"] = str(out["id"])
                if how == "nulls":
                    out |= {name: None for name in ("background", "salutation", "title") if name in out}
                for name in ("emails", "tels", "addrs", "tags") if how == "objects" else ():
                    if isinstance(out.get(name), list):
                        out[name] = {str(n): one for n, one in enumerate(out[name])}
            return out

        body = json.loads(heard.body)
        return answered(200, [altered(row) for row in body] if isinstance(body, list) else altered(body))

    def reworded(self, request: Request, asked: Asked) -> Request:
        if not (self.recase and request.content and asked.write and asked.kind == "party"):
            return request
        self.count(22)
        body = json.loads(request.content)
        for row in body.values():
            for entry in row.get("emails_attributes", []) if isinstance(row, dict) else ():
                entry["name"] = str(entry.get("name", "")).lower()
            for entry in row.get("tels_attributes", []) if isinstance(row, dict) else ():
                entry["name"] = re.sub(r"[ /-]", "", str(entry.get("name", "")))
        return with_body(request, body)

    def records(self, kind: Kind) -> dict[str, Entry]:
        """See ``sides.Side``."""
        truth = self.simulator.truth()
        found: Iterator[Entry]
        match kind:
            case "party":
                found = (_crm_party(row, word) for table, word in (("companies", "company"), ("people", "person")) for row in truth[table])
            case "contact":
                found = (one for row in truth["people"] for one in _crm_contact(row))
            case "quote":
                found = map(_crm_deal, truth["deals"])
            case "note":
                found = map(_crm_note, truth["protocols"])
            case _:
                return {}
        return {entry.key: entry for entry in found}

    def inside(self, key: str) -> Inside | None:
        """See ``Vendor.inside``. Nobody else knows of scores, delivery addresses, and other ways to talk."""
        word, _, row_id = key.partition(":")
        table = {"company": "companies", "person": "people"}.get(word, "")
        row = next((row for row in self.simulator.truth()[table] if str(row["id"]) == row_id), None) if table else None
        if row is None:
            return None
        entries = [_crm_party(row, word), *(_crm_contact(row) if word == "person" else ())]
        known = {(entry.key, name): value for entry in entries for name, value in entry.values.items()}
        own = {name: row.get(name) for name in ("account_id", "created_at", "group_id", "user_id", "lead_score")}
        own |= {f"address {entry['id']}": entry for entry in row["addrs"] if entry["atype"] == "delivery"}
        own |= {f"number {entry['id']}": entry for entry in row["tels"] if entry["atype"] == "skype"}
        return Inside(known | {(key, "tags"): " ".join(sorted(t["name"] for t in row["tags"]))}, own)

    def _own_fields(self, word: str, row_id: int) -> None:
        """What a person enters besides, where the vendor has a place for it and we have none. Beside the first of a list, never in its place."""
        book = self.simulator.book
        book.get("companies" if word == "company" else "people", row_id)["lead_score"] = row_id % 100
        for table, other in (("addrs", {"atype": "delivery", "street": "Lager 9"}), ("contact_details", {"atype": "skype", "name": "sky"})):
            theirs = [row for row in book.by(table, "attachable_id", row_id) if row["attachable_type"].lower() == word]
            first = next((row for row in theirs if table == "addrs" or row["type"] == "Tel"), None)
            if first is not None:
                book.add(table, first | other | {"id": book.storage.next_id("storm", 90_000_001)})

    def _telephone(self, word: str, row_id: int, value: str) -> None:
        """A person changes the number at the desk; the form would take whichever number comes first, and that may be the mobile one."""
        book = self.simulator.book
        held = [row for row in book.by("contact_details", "attachable_id", row_id) if (row["type"], row["atype"]) == ("Tel", "office")]
        row = next((row for row in held if row["attachable_type"].lower() == word), None)
        if value:
            self._number(word, row_id, {"name": value} if row is not None else {"name": value, "atype": "office"}, row)
        elif row is not None:
            book.remove("contact_details", row["id"])
        book.touch(word.title(), row_id)

    def _number(self, word: str, row_id: int, given: Row, row: Row | None) -> None:
        work, _ = prepare(self.simulator.book, PARTS["tels"], word.title(), row_id, given, row, by_api=False)
        work(row_id)

    def turn_clock(self, by: timedelta) -> None:
        super().turn_clock(by)
        self.simulator._recent.clear()

    def stranger(self) -> Any:
        other = make_crm(self.clock, random.Random(7))
        other.world.storage.settings["account"] = "another-company"
        return other

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """See ``sides.Side``."""
        name, values = self._act_of(deed, keys)
        if self.mobiles and deed.what == "edit" and "phone" in values:
            self._telephone(name.partition("_")[2], int(values["id"]), values.pop("phone"))
        try:
            made = self.simulator.act(name, values)
        except (KeyError, ValueError) as error:
            raise Impossible(str(error)) from error
        if deed.what == "create":
            word = "person" if deed.values["kind"] != "company" else "company"
            self._own_fields(word, int(made["id"]))
            if self.mobiles and (mobile := mobile_of(deed.about)):
                self._number(word, int(made["id"]), {"name": mobile, "atype": "mobile"}, None)
            return f"{word}:{made['id']}"
        return f"deal:{made['id']}" if deed.what == "deal" else keys.get(deed.about, "")

    def _act_of(self, deed: Deed, keys: Mapping[str, str]) -> tuple[str, Row]:
        word, _, row_id = keys.get(deed.about, "").partition(":")
        given = {wire: deed.values[name] for name, wire in _CRM_FIELDS.items() if name in deed.values}
        match deed.what:
            case "create" if deed.values["kind"] == "company":
                return "create_company", given
            case "create":
                owner = keys.get(deed.values.get("owner", ""), "").partition(":")[2]
                return "create_person", given | ({"company_id": owner} if deed.values["kind"] == "contact" else {})
            case "edit" if row_id:
                return f"edit_{word}", given | {"id": row_id}
            case "delete" if row_id:
                return f"delete_{word}", {"id": row_id}
            case "merge" if row_id and word == "person":
                loser = keys.get(deed.values["loser"], "")
                if not loser.startswith("person:") or loser == f"person:{row_id}":
                    raise Impossible("no two persons to merge")
                return "merge_people", {"id": row_id, "loser_ids": [loser.partition(":")[2]]}
            case "tag" | "untag" if row_id:
                return deed.what, {"kind": word, "id": row_id, "name": "FastBill"}
            case "deal":
                word, _, owner = keys.get(deed.values["customer"], "").partition(":")
                if not owner:
                    raise Impossible("no such customer")
                whose = {"company_id": owner} if word == "company" else {"person_ids": owner}
                return "create_deal", {"name": deed.values["title"], "value": deed.values["value"], **whose}
            case "edit-deal" if row_id:
                named = {"title": "name", "value": "value", "state": "current_state"}
                return "edit_deal", {"id": row_id} | {wire: deed.values[n] for n, wire in named.items() if n in deed.values}
        raise Impossible(f"{deed.what} of {deed.about}")


_RANK = ("office_hq", "office", "", "other", "voip", "private")


def _first(rows: list[Row], *, of: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> str:
    """The value that stands for a list: the primary one, else by its kind, else the oldest."""
    fit = [r for r in rows if (not of or r["atype"] in of) and r["atype"] not in but and r["name"]]
    fit.sort(key=lambda r: (not r.get("primary"), _RANK.index(r["atype"]) if r["atype"] in _RANK else 4, r["id"]))
    return str(fit[0]["name"]) if fit else ""


def _crm_party(row: Row, word: str) -> Entry:
    address: Row = min(
        (a for a in row["addrs"] if a["atype"] != "delivery"),
        key=lambda a: (("invoice", "work_hq", "work", "other", "private") if word == "company" else
                       ("invoice", "private", "work_hq", "work", "other")).index(a["atype"] or "other") * 10**9 + a["id"],
        default={},
    )  # fmt: skip
    values = {
        "type": word,
        "name": row["name"],
        "first_name": row.get("first_name") or "",
        **_crm_reach(row),
        "website": _first(row["homepages"]),
        "address.line1": address.get("street") or "",
        "address.postcode": address.get("zip") or "",
        "address.city": address.get("city") or "",
        "address.country": address.get("country_code") or "",
    }
    return Entry(f"{word}:{row['id']}", values, tags=tuple(t["name"] for t in row["tags"]))


def _crm_reach(row: Row) -> dict[str, str]:
    return {
        "email": _first(row["emails"]),
        "phone": _first(row["tels"], but=("mobile", "fax", "skype")),
        "mobile": _first(row["tels"], of=("mobile",)),
        "fax": _first(row["tels"], of=("fax",)),
    }


def _crm_contact(row: Row) -> Iterator[Entry]:
    held = [p for p in row["positions"] if not p.get("former") and p.get("company_id")]
    main = next((p for p in held if p.get("primary_function")), held[0] if held else None)
    if main is not None:
        values = {"name": row["name"], "first_name": row["first_name"] or "", "position": main["name"] or "", **_crm_reach(row)}
        owner = f"company:{main['company_id']}"
        yield Entry(f"person:{row['id']}", values, owner, tags=tuple(t["name"] for t in row["tags"]))


def _crm_deal(row: Row) -> Entry:
    owner = f"company:{row['company_id']}" if row["company_id"] else f"person:{row['person_ids'][0]}" if row["person_ids"] else ""
    values = {"title": row["name"], "value": row["value"], "state": row["current_state"]}
    return Entry(f"deal:{row['id']}", values, owner, tags=tuple(t["name"] for t in row["tags"]))


def _crm_note(row: Row) -> Entry:
    about = (
        [f"deal:{i}" for i in row["deal_ids"]] + [f"company:{i}" for i in row["company_ids"]] + [f"person:{i}" for i in row["person_ids"]]
    )
    values = {"title": row["name"] or "", "text": row["content"] or "", "files": "|".join(f["filename"] for f in row["attachments"])}
    return Entry(f"protocol:{row['id']}", values, about=tuple(about))


def make_crm(clock: VendorClock, chance: random.Random) -> Any:
    """A new, empty account of the CRM."""
    return centralstation.make(World(clock=clock, random=chance))

"""What the two vendors of the reference job hold: invented customers on one side, contacts made from them on the other, and the verdict."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

ORGANISATION = "5b7c1f0e-4a39-4e0c-9d52-6c1f7f0a3b21"
PAGE, LIST, BATCH = 250, 50, 50
"""Most rows of a page of the source and of a list of the target, most commands of a batch."""
Row = dict[str, Any]

_TOWNS = (("48143", "Münster"), ("33602", "Bielefeld"), ("24103", "Kiel"), ("01099", "Dresden"), ("70173", "Stuttgart"), ("50667", "Köln"))
_TRADES = ("Bäckerei", "Tischlerei", "Gärtnerei", "Werbetechnik", "Schlosserei", "Großküchen", "Fördertechnik")
_STREETS = ("Lindenstraße", "Am Mühlbach", "Schützenweg", "Königsallee", "Hafenstraße")
_FIRST = ("Jörg", "Käthe", "Selin", "Paweł", "Frauke", "Matthias", "Zoë", "Birgit", "Öner")
_LAST = ("Sonnenkorn", "Weiß", "Brückner", "Österreich", "Yıldız", "Große-Wöhrmann", "Petersen", "Łukasik")


class NotAllowed(ValueError):
    """What a vendor refuses: ``args[0]`` is its code."""


class World:
    """Both vendors. ``slide``: the source moves a customer to the end of its list, changed, while that is being read."""

    def __init__(self, customers: int) -> None:
        self.reset(customers)

    def reset(self, customers: int) -> None:
        """New customers, an empty target."""
        chance = random.Random(customers)
        self.source = [customer(number, chance) for number in range(customers)]
        self.of_id = {row["id"]: row for row in self.source}
        self.target: dict[int, Row] = {}
        self._of_origin: dict[str, list[int]] = {}
        self._changes = 0
        self._pages: dict[tuple[int, int], bytes] = {}
        self._sliding = 0
        self.commands: Counter[str] = Counter()

    def change(self, count: int) -> None:
        """So many customers get a new version, e-mail and town."""
        self._changes += 1
        for row in random.Random(self._changes).sample(self.source, min(count, len(self.source))):
            self._edit(row)
        self._pages.clear()

    def slide(self, page: int) -> None:
        """When that page is asked for the next time, a customer that was listed before it is edited and moves to the end."""
        self._sliding = page

    def page(self, number: int, size: int) -> bytes:
        """One page of the source, numbered from 0, as JSON."""
        size = max(1, min(size, PAGE))
        if self._sliding and number == self._sliding:
            self._sliding = 0
            self._edit(self.source[0])
            self.source.append(self.source.pop(0))
            self._pages.clear()
        if (number, size) not in self._pages:
            total, rows = len(self.source), self.source[number * size : (number + 1) * size]
            pages = -(-total // size)
            envelope = {
                "content": rows,
                "first": number == 0,
                "last": number >= pages - 1,
                "totalPages": pages,
                "totalElements": total,
                "numberOfElements": len(rows),
                "size": size,
                "number": number,
                "sort": [{"property": "name", "direction": "ASC", "ascending": True, "ignoreCase": False, "nullHandling": "NATIVE"}],
            }
            self._pages[number, size] = msgspec.json.encode(envelope)
        return self._pages[number, size]

    def command(self, method: str, given: Mapping[str, Any]) -> Any:
        """One command of the target. Raises ``NotAllowed``."""
        name = method.lower()
        self.commands[name] += 1
        fields = given.get("fields")
        if name == "crm.contact.add":
            return self._added(dict(fields) if isinstance(fields, dict) else {})
        if name == "crm.contact.update":
            self._row(given).update(fields if isinstance(fields, dict) else {})
            return True
        if name == "crm.contact.list":
            return self._listed(given)
        raise NotAllowed("ERROR_METHOD_NOT_FOUND")

    def verdict(self) -> dict[str, int]:
        """How the target looks beside the source: each customer once, in its latest version, every field as it has to be."""
        made: dict[str, list[Row]] = {}
        for row in self.target.values():
            made.setdefault(str(row.get("ORIGIN_ID", "")), []).append(row)
        there = [(made[key][-1], row) for key, row in self.of_id.items() if key in made]
        fresh = [(row, of) for row, of in there if str(row.get("ORIGIN_VERSION")) == str(of["version"])]
        return {
            "in_target": len(self.target),
            "missing": len(self.of_id) - len(there),
            "duplicate": sum(len(rows) - 1 for rows in made.values()),
            "stale": len(there) - len(fresh),
            "wrong": sum(_held(row) != _expected(of) for row, of in fresh) + len(made.keys() - self.of_id.keys()),
        }

    def _edit(self, row: Row) -> None:
        row["version"] += 1
        row["emailAddresses"] = {"business": [f"neu{row['version']}.{row['roles']['customer']['number']}@example.org"]}
        row["addresses"]["billing"][0]["city"] = "Bremerhaven"

    def _added(self, fields: Row) -> int:
        number = len(self.target) + 1
        self.target[number] = fields
        self._of_origin.setdefault(str(fields.get("ORIGIN_ID", "")), []).append(number)
        return number

    def _row(self, given: Mapping[str, Any]) -> Row:
        try:
            return self.target[int(given["id"])]
        except (KeyError, ValueError, TypeError):
            raise NotAllowed("Not found") from None

    def _listed(self, given: Mapping[str, Any]) -> list[Row]:
        wanted = given.get("filter")
        numbers: list[int] = list(self.target)
        if isinstance(wanted, dict) and "ORIGIN_ID" in wanted:
            numbers = self._of_origin.get(str(wanted["ORIGIN_ID"]), [])
        start = int(given.get("start") or 0)
        return [{"ID": str(number), **self.target[number]} for number in numbers[start : start + LIST]]


def customer(number: int, chance: random.Random) -> Row:
    """One customer of the source: six in ten are companies with a person to talk to."""
    postcode, town = chance.choice(_TOWNS)
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    row: Row = {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "organizationId": ORGANISATION,
        "version": 1,
        "roles": {"customer": {"number": 10001 + number}},
        "addresses": {
            "billing": [
                {
                    "supplement": "",
                    "street": f"{chance.choice(_STREETS)} {chance.randint(1, 180)}",
                    "zip": postcode,
                    "city": town,
                    "countryCode": "DE",
                }
            ]
        },
        "emailAddresses": {"business": [f"post{number}@firma-{number % 89}.example"]},
        "phoneNumbers": {"business": [f"+49 251 {200000 + number}"]},
        "note": "",
        "archived": False,
    }
    if number % 10 < 6:
        person = {"salutation": "Frau", "firstName": first, "lastName": last, "primary": True}
        row["company"] = {
            "name": f"{chance.choice(_TRADES)} {last} {number} GmbH",
            "vatRegistrationId": f"DE{200000000 + number}",
            "allowTaxFreeInvoices": False,
            "contactPersons": [person | {"emailAddress": f"{number}@example.net", "phoneNumber": ""}],
        }
    else:
        row["person"] = {"salutation": "Herr", "firstName": first, "lastName": f"{last} {number}"}
    return row


def _expected(row: Row) -> Row:
    """The twelve fields of a customer, as the target has to hold them (two of them are compared elsewhere)."""
    person = row.get("person") or row["company"]["contactPersons"][0]
    place = row["addresses"]["billing"][0]
    return {
        "NAME": person["firstName"],
        "LAST_NAME": person["lastName"],
        "COMPANY_TITLE": row["company"]["name"] if "company" in row else "",
        "EMAIL": row["emailAddresses"]["business"][0],
        "PHONE": row["phoneNumbers"]["business"][0],
        "ADDRESS": place["street"],
        "ADDRESS_POSTAL_CODE": place["zip"],
        "ADDRESS_CITY": place["city"],
        "ADDRESS_COUNTRY": place["countryCode"],
        "ORIGINATOR_ID": "lexoffice",
    }


def _held(row: Row) -> Row:
    """The same fields as the target holds them: e-mails and phones are lists, or maps where they came in a query."""
    held = {}
    for name in ("NAME", "LAST_NAME", "COMPANY_TITLE", "EMAIL", "PHONE"):
        value = row.get(name, "")
        if isinstance(value, list | dict):
            entry: Any = next(iter(value.values() if isinstance(value, dict) else value), {})
            value = entry.get("VALUE", "") if isinstance(entry, dict) else ""
        held[name] = value
    names = ("ADDRESS", "ADDRESS_POSTAL_CODE", "ADDRESS_CITY", "ADDRESS_COUNTRY", "ORIGINATOR_ID")
    return held | {name: row.get(name, "") for name in names}

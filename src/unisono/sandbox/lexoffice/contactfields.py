"""What a contact may hold, and what of it may be written."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.countries import CODES
from unisono.sandbox.lexoffice.errors import INVALID, MISSING, legacy
from unisono.sandbox.lexoffice.fields import EMAIL, inner, is_vat_id, text

ROLES = ("customer", "vendor")
ADDRESSES = ("billing", "shipping")
EMAILS = ("business", "office", "private", "other")
PHONES = ("business", "office", "mobile", "private", "fax", "other")
PLACE = ("supplement", "street", "zip", "city", "countryCode")
PERSON = ("salutation", "firstName", "lastName")
SALUTATION, NOTE = 25, 1000
_COMPANY = ("name", "taxNumber", "vatRegistrationId")
_XRECHNUNG = ("buyerReference", "vendorNumberAtCustomer")

Issues = list[tuple[str, str]]


class Reader:
    """Reads one body; what is wrong is collected and told at once. ``many``: people may write as many entries as they like."""

    def __init__(self, account: Account, body: Row, *, many: bool = False) -> None:
        self.body = body
        self.issues: Issues = []
        self._many = many
        self._trimmed = bool(account.setting("normalise"))

    def read(self) -> Row:
        """The values to keep. Raises ``Refused``. Unknown members are ignored; what is not sent is empty."""
        body = self.body
        roles = inner(body, "roles") or {}
        wanted = [role for role in ROLES if isinstance(roles.get(role), dict)]
        if not wanted:
            self.issues.append(("roles.customer or roles.vendor", MISSING))
        company, person = inner(body, "company"), inner(body, "person")
        if company is None and person is None:
            self.issues.append(("company or person", MISSING))
        if company is not None and person is not None:
            self.issues.append(("company and person", INVALID))
        values: Row = {
            "wanted": wanted,
            "company": self._company(company) if company is not None else None,
            "person": self._person(person, "person") if person is not None else None,
            "addresses": self._addresses(inner(body, "addresses") or {}),
            "emailAddresses": self._reach("emailAddresses", EMAILS),
            "phoneNumbers": self._reach("phoneNumbers", PHONES),
            "xRechnung": self._xrechnung(),
            "note": self._text(body.get("note")),
        }
        self.issues += [] if self._many else too_many(values)
        for place, (mail, source) in enumerate(self._mails(values)):
            if not EMAIL.fullmatch(mail):
                self.issues.append((source or f"emailAddresses[{place}].emailAddress", INVALID))
        if len(values["note"]) > NOTE:
            self.issues.append(("note", INVALID))
        if self.issues:
            raise legacy(*self.issues)
        return values

    def _text(self, value: Any) -> str:
        return text(value, trimmed=self._trimmed)

    def _company(self, given: Row) -> Row:
        found: Row = {name: self._text(given.get(name)) for name in _COMPANY}
        if not found["name"]:
            self.issues.append(("company.name", MISSING))
        if found["vatRegistrationId"] and not is_vat_id(found["vatRegistrationId"]):
            self.issues.append(("company.vatRegistrationId", INVALID))
        found["allowTaxFreeInvoices"] = given.get("allowTaxFreeInvoices") is True
        found["contactPersons"] = []
        for place, one in enumerate(_list(given.get("contactPersons"))):
            if not isinstance(one, dict):
                continue
            person = self._person(one, f"company.contactPersons[{place}]") | {"primary": one.get("primary") is True}
            person |= {name: self._text(one.get(name)) for name in ("emailAddress", "phoneNumber")}
            found["contactPersons"].append(person)
        return found

    def _person(self, given: Row, where: str) -> Row:
        found: Row = {name: self._text(given.get(name)) for name in PERSON}
        if not found["lastName"]:
            self.issues.append((f"{where}.lastName", MISSING))
        if len(found["salutation"]) > SALUTATION:
            self.issues.append((f"{where}.salutation", INVALID))
        return found

    def _addresses(self, given: Row) -> Row:
        found: Row = {}
        for kind in ADDRESSES:
            found[kind] = []
            for one in _list(given.get(kind)):
                if isinstance(one, dict):
                    place = {name: self._text(one.get(name)) for name in PLACE}
                    # The vendor names the bare field, without the way to it.
                    if not place["countryCode"]:
                        self.issues.append(("countryCode", MISSING))
                    elif place["countryCode"] not in CODES:
                        self.issues.append(("countryCode", "countrycode_is_not_valid"))
                    found[kind].append(place)
        return found

    def _reach(self, name: str, kinds: tuple[str, ...]) -> Row:
        given = inner(self.body, name) or {}
        return {kind: [said for said in (self._text(one) for one in _list(given.get(kind))) if said] for kind in kinds}

    def _xrechnung(self) -> Row:
        given = inner(self.body, "xRechnung") or {}
        found = {name: said for name in _XRECHNUNG if (said := self._text(given.get(name)))}
        self.issues += [(f"xRechnung.{name}", MISSING) for name in _XRECHNUNG if found and name not in found]
        return found

    def _mails(self, values: Row) -> list[tuple[str, str]]:
        mails = [(mail, "") for kind in EMAILS for mail in values["emailAddresses"][kind]]
        people = (values["company"] or {}).get("contactPersons", [])
        # Guess: how a bad address of a contact person is named.
        return mails + [
            (one["emailAddress"], f"company.contactPersons[{place}].emailAddress")
            for place, one in enumerate(people)
            if one["emailAddress"]
        ]


def too_many(values: Row) -> Issues:
    """Lists with more than one entry: such a contact can be read, but not written."""
    found = [(f"addresses.{kind}.size", values["addresses"][kind]) for kind in ADDRESSES]
    found += [(f"emailAddresses.{kind}.size", values["emailAddresses"][kind]) for kind in EMAILS]
    found += [(f"phoneNumbers.{kind}.size", values["phoneNumbers"][kind]) for kind in PHONES]
    found.append(("company.contactPersons.size", (values["company"] or {}).get("contactPersons", [])))
    return [(source, INVALID) for source, entries in found if len(entries) > 1]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

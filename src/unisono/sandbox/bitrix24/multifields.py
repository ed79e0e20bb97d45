"""Telephone numbers, e-mail and web addresses: rows of their own with ids, and the two generations' rules for changing them."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import items, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import Type
from unisono.sandbox.kit.world import Row

TYPES: dict[str, tuple[str, ...]] = {
    "PHONE": ("WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"),
    "EMAIL": ("WORK", "HOME", "MAILING", "OTHER"),
    "WEB": ("WORK", "HOME", "VK", "LIVEJOURNAL", "TWITTER", "OTHER"),
    "IM": ("TELEGRAM", "SKYPE", "VIBER", "OTHER"),
    "LINK": ("USER", "OTHER"),
}
_LONGEST = 250

Changes = list[tuple[str, int, str, str, str]]
"""(what: add, change or delete; id; type; value type; value)"""


def of(portal: Portal, kind: Type, key: int) -> list[Row]:
    """The multifields of a record."""
    return portal.by("multifields", "OWNER", f"{kind.short}_{key}")


def from_classic(given: dict[str, Any]) -> Changes:
    """Entries of ``PHONE``, ``EMAIL`` and so on: with an id they change or delete, without one they add."""
    found: Changes = []
    for name in TYPES:
        if name not in given:
            continue
        for entry in members(given[name]):
            if not isinstance(entry, dict):
                continue
            key = integer(entry.get("ID")) or 0
            value, value_type = str(entry.get("VALUE") or "").strip(), str(entry.get("VALUE_TYPE") or "")
            gone = str(entry.get("DELETE") or "").upper() == "Y" or ("VALUE" in entry and not value)
            if key:
                found.append(("delete" if gone else "change", key, name, value_type, value))
            elif value:
                found.append(("add", 0, name, value_type, value))
    return found


def from_universal(fm: Any) -> Changes:
    """The member ``fm``: an object's ids change, empty values delete, ``n0`` adds; an array always adds. Without ``typeId`` nothing."""
    if not isinstance(fm, dict | list):
        return []
    found: Changes = []
    for key, entry in items(fm):
        if not isinstance(entry, dict) or entry.get("typeId") not in TYPES:
            continue
        value, value_type = str(entry.get("value") or "").strip(), str(entry.get("valueType") or "")
        number = 0 if isinstance(fm, list) else integer(key) or 0
        if number:
            found.append(("change" if value else "delete", number, entry["typeId"], value_type, value))
        elif value:
            found.append(("add", 0, entry["typeId"], value_type, value))
    return found


def check(changes: Changes) -> None:
    """Refuse what is no address. Raises ``Refused``."""
    for what, _, kind, _, value in changes:
        if what != "delete" and kind == "EMAIL" and not is_email(value):
            raise Refused("ERROR_CORE", f"The e-mail address '{value}' is not valid.<br>")
        if len(value) > _LONGEST:
            raise Refused("ERROR_CORE", f"The value is longer than {_LONGEST} characters.<br>")


def is_email(value: str) -> bool:
    """Whether a text looks like an address at all (guess: the vendor's own check is unknown)."""
    name, at, host = value.partition("@")
    return bool(name and at and "." in host) and not any(sign.isspace() for sign in value) and "@" not in host


def apply(portal: Portal, kind: Type, key: int, changes: Changes) -> bool:
    """Carry out checked changes; whether anything is different now. Ids of other records' entries are ignored."""
    owner = f"{kind.short}_{key}"
    moved = False
    for what, number, name, value_type, value in changes:
        if what == "add":
            values = {"VALUE_TYPE": _type(name, value_type), "VALUE": value, "PLAIN": plain(name, value)}
            portal.add("multifields", {"OWNER": owner, "TYPE_ID": name, **values})
            moved = True
            continue
        row = portal.get("multifields", number)
        if row is None or row["OWNER"] != owner or row["TYPE_ID"] != name:
            continue
        if what == "delete":
            portal.remove("multifields", number)
            moved = True
        else:
            value = value or row["VALUE"]
            different = {"VALUE": value, "PLAIN": plain(name, value)}
            if value_type:
                different["VALUE_TYPE"] = _type(name, value_type)
            moved = portal.change("multifields", row, different) or moved
    return moved


def clear(portal: Portal, kind: Type, key: int) -> None:
    """Forget the multifields of a record that is deleted."""
    for row in of(portal, kind, key):
        portal.remove("multifields", row["ID"])


def plain(name: str, value: str) -> str:
    """What duplicates are found by: digits of a number, an address without its case, each with its type."""
    return f"{name}:{''.join(filter(str.isdigit, value)) if name == 'PHONE' else value.casefold()}"


def classic(rows: list[Row]) -> dict[str, list[Row]]:
    """As the classic methods show them: lists by type, everything texts."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        shown = {"ID": str(row["ID"]), "VALUE_TYPE": row["VALUE_TYPE"], "VALUE": row["VALUE"], "TYPE_ID": row["TYPE_ID"]}
        found.setdefault(row["TYPE_ID"], []).append(shown)
    return found


def universal(rows: list[Row]) -> list[Row]:
    """As the universal methods show them."""
    return [{"id": row["ID"], "valueType": row["VALUE_TYPE"], "value": row["VALUE"], "typeId": row["TYPE_ID"]} for row in rows]


def aliases(rows: list[Row]) -> Row:
    """The flat conveniences ``phoneWork``, ``email`` and so on of the universal answers; read-only."""

    def first(name: str, *value_types: str) -> str:
        return next((row["VALUE"] for row in rows if row["TYPE_ID"] == name and (not value_types or row["VALUE_TYPE"] in value_types)), "")

    return {
        "phoneMobile": first("PHONE", "MOBILE"), "phoneWork": first("PHONE", "WORK"), "phoneMailing": first("PHONE", "MAILING"),
        "emailHome": first("EMAIL", "HOME"), "emailWork": first("EMAIL", "WORK"), "emailMailing": first("EMAIL", "MAILING"),
        "skype": None, "icq": None, "imol": "", "email": first("EMAIL"), "phone": first("PHONE"),
    }  # fmt: skip


def _type(name: str, value_type: str) -> str:
    return value_type if value_type in TYPES[name] else TYPES[name][0]

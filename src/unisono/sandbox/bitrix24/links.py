"""Which contacts belong to which companies, and which contacts stand on a deal, quote, lead or invoice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import records
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import refused
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT, DEAL, LEAD, QUOTE, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
_FIELDS = {"CONTACT": "CONTACT_IDS", "COMPANY": "COMPANY_IDS"}


def _owner(portal: Portal, kind: Type, call: Call) -> Row:
    key = integer(call.get("id"))
    if key is None or key <= 0:
        raise refused("The parameter 'ownerEntityID' is invalid or not defined.")
    row = portal.get(kind.table, key)
    if row is None:
        raise refused("Not found.")
    return row


def shown(portal: Portal, kind: Type, row: Row, other: Type) -> list[Row]:
    """The links of a record in their order."""
    column, sorts = f"{other.code}_IDS", row.get("SORTS") or {}
    if kind is COMPANY:
        people = portal.by("contacts", "COMPANY_IDS", row["ID"])
        found = [(one["ID"], (one.get("COMPANY_SORTS") or {}).get(str(row["ID"]))) for one in people]
        primary = row.get("PRIMARY_CONTACT") if any(key == row.get("PRIMARY_CONTACT") for key, _ in found) else None
    else:
        found = [(key, sorts.get(str(key))) for key in row.get(column) or []]
        primary = row.get(f"{other.code}_ID")
    numbered = sorted(((sort or 10 * position, key) for position, (key, sort) in enumerate(found, 1)), key=lambda pair: pair[0])
    if primary is None and numbered:
        primary = numbered[0][1]
    return [{f"{other.code}_ID": key, "SORT": sort, "ROLE_ID": 0, "IS_PRIMARY": "Y" if key == primary else "N"} for sort, key in numbered]


def put(portal: Portal, kind: Type, row: Row, other: Type, entries: list[Row]) -> None:
    """Replace all links of a record."""
    keys = list(dict.fromkeys(entry[f"{other.code}_ID"] for entry in entries))
    primary = next((entry[f"{other.code}_ID"] for entry in entries if entry.get("IS_PRIMARY") == "Y"), keys[0] if keys else None)
    sorts = {str(entry[f"{other.code}_ID"]): entry["SORT"] for entry in entries if entry.get("SORT")}
    if kind is COMPANY:
        records.put_people(portal, row, keys, sorts)
        portal.change("companies", row, {"PRIMARY_CONTACT": primary})
    else:
        portal.change(kind.table, row, {f"{other.code}_IDS": keys, f"{other.code}_ID": primary, "SORTS": sorts})
    if "links" in portal.setting("moves_owner"):
        records.touched(portal, kind, row)


def _entries(portal: Portal, other: Type, raw: Any) -> list[Row]:
    if not isinstance(raw, list):
        raise refused("The parameter items must be array.")
    found = []
    for entry in raw:
        key = integer(entry.get(f"{other.code}_ID")) if isinstance(entry, dict) else integer(entry)
        if key is None or portal.get(other.table, key) is None:
            raise refused(f"The item's {other.code}_ID is invalid or not found.")
        given = entry if isinstance(entry, dict) else {}
        found.append({f"{other.code}_ID": key, "SORT": integer(given.get("SORT")), "IS_PRIMARY": given.get("IS_PRIMARY", "N")})
    return found


def _routes(kind: Type, other: Type) -> dict[str, Handler]:
    id_name = f"{other.code}_ID"

    def get(portal: Portal, call: Call) -> Reply:
        return Reply(shown(portal, kind, _owner(portal, kind, call), other))

    def put_all(portal: Portal, call: Call) -> Reply:
        row = _owner(portal, kind, call)
        put(portal, kind, row, other, _entries(portal, other, call.get("items")))
        return Reply(True, f"{kind.table}/{row['ID']}")

    def clear(portal: Portal, call: Call) -> Reply:
        row = _owner(portal, kind, call)
        put(portal, kind, row, other, [])
        return Reply(True, f"{kind.table}/{row['ID']}")

    def add(portal: Portal, call: Call) -> Reply:
        row = _owner(portal, kind, call)
        fields = call.fields()
        (entry,) = _entries(portal, other, [fields])
        before = [one for one in shown(portal, kind, row, other) if one[id_name] != entry[id_name]]
        if len(before) < len(shown(portal, kind, row, other)) and entry["IS_PRIMARY"] != "Y":
            return Reply(False)
        if entry["IS_PRIMARY"] == "Y":
            before = [one | {"IS_PRIMARY": "N"} for one in before]
        put(portal, kind, row, other, [*before, entry])
        return Reply(True, f"{kind.table}/{row['ID']}")

    def delete(portal: Portal, call: Call) -> Reply:
        row = _owner(portal, kind, call)
        key = integer(call.fields().get(id_name))
        before = shown(portal, kind, row, other)
        after = [one for one in before if one[id_name] != key]
        if len(after) == len(before):
            return Reply(False)
        put(portal, kind, row, other, after)
        return Reply(True, f"{kind.table}/{row['ID']}")

    stem = f"crm.{kind.name}.{other.name}"
    return {
        f"{stem}.items.get": get,
        f"{stem}.items.set": put_all,
        f"{stem}.items.delete": clear,
        f"{stem}.add": add,
        f"{stem}.delete": delete,
    }


METHODS: dict[str, Handler] = {
    **_routes(CONTACT, COMPANY),
    **_routes(COMPANY, CONTACT),
    **_routes(DEAL, CONTACT),
    **_routes(QUOTE, CONTACT),
    **_routes(LEAD, CONTACT),
}

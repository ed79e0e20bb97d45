"""Two cards of one customer become one: what the interface's search for duplicates does."""

from __future__ import annotations

from unisono.sandbox.bitrix24 import multifields, records
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import ALL as TYPES
from unisono.sandbox.bitrix24.types import COMPANY, CONTACT, WITH_CONTACTS, Type
from unisono.sandbox.kit.world import Row

_KEPT = ("ID", "DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID", "HAS_PHONE", "HAS_EMAIL", "HAS_IMOL", "LAST_ACTIVITY_TIME")


def merge(portal: Portal, kind: Type, winner: Row, loser: Row) -> None:
    """``loser`` goes into ``winner``: empty fields are filled, numbers and addresses added, documents and links follow, ``loser`` is deleted."""
    fill = {
        name: loser[name]
        for name, field in portal.fields(kind).items()
        if name not in _KEPT and not field.multiple and winner.get(name) in (None, "") and loser.get(name) not in (None, "")
    }
    if kind is CONTACT:
        fill["COMPANY_IDS"] = list(dict.fromkeys([*winner["COMPANY_IDS"], *loser["COMPANY_IDS"]]))
        fill["COMPANY_ID"] = winner["COMPANY_ID"] or loser["COMPANY_ID"]
    known = {row["PLAIN"] for row in multifields.of(portal, kind, winner["ID"])}
    more: multifields.Changes = [
        ("add", 0, row["TYPE_ID"], row["VALUE_TYPE"], row["VALUE"])
        for row in multifields.of(portal, kind, loser["ID"])
        if row["PLAIN"] not in known
    ]
    _follow(portal, kind, winner["ID"], loser["ID"])
    records.remove(portal, kind, loser)
    if not records.change(portal, kind, winner, fill, more):
        records.touched(portal, kind, winner)
        records.happened(portal, kind, "UPDATE", winner["ID"])


def _follow(portal: Portal, kind: Type, winner: int, loser: int) -> None:
    """Requisites with their addresses, people and documents of the one belong to the other from now on."""
    for row in [one for one in portal.by("requisites", "ENTITY_ID", loser) if one["ENTITY_TYPE_ID"] == kind.id]:
        portal.change("requisites", row, {"ENTITY_ID": winner})
    for row in [one for one in portal.by("addresses", "ANCHOR_ID", loser) if one["ANCHOR_TYPE_ID"] == kind.id]:
        portal.change("addresses", row, {"ANCHOR_ID": winner})
    if kind is COMPANY:
        for person in portal.by("contacts", "COMPANY_IDS", loser):
            keys = list(dict.fromkeys(winner if key == loser else key for key in person["COMPANY_IDS"]))
            primary = winner if person["COMPANY_ID"] == loser else person["COMPANY_ID"]
            portal.change("contacts", person, {"COMPANY_IDS": keys, "COMPANY_ID": primary})
    for owner in [one for one in TYPES if one.id in WITH_CONTACTS]:
        for row in list(portal.table(owner.table).values()):
            if kind is COMPANY and row["COMPANY_ID"] == loser:
                portal.change(owner.table, row, {"COMPANY_ID": winner})
            if kind is CONTACT and loser in (row["CONTACT_IDS"] or []):
                keys = list(dict.fromkeys(winner if key == loser else key for key in row["CONTACT_IDS"]))
                portal.change(
                    owner.table, row, {"CONTACT_IDS": keys, "CONTACT_ID": winner if row["CONTACT_ID"] == loser else row["CONTACT_ID"]}
                )
    mark, after = f"{kind.short}_{loser}", f"{kind.short}_{winner}"
    for row in portal.table("comments").values():
        if mark in row["BOUND"]:
            portal.change("comments", row, {"BOUND": [after if one == mark else one for one in row["BOUND"]]})

"""Which of several addresses, e-mail addresses and numbers of a contact is the one in step. Pure.

The service keeps lists by kind, the other side one value each. Reading and writing must choose the same entry, so both ask here.
"""

from __future__ import annotations

from unisono.model.fields import Row
from unisono.systems.lexoffice.values import member, members, texts

ADDRESSES = ("billing", "shipping")
POINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "email": ("emailAddresses", ("business", "office", "private", "other")),
    "phone": ("phoneNumbers", ("business", "office", "private", "other")),
    "mobile": ("phoneNumbers", ("mobile",)),
    "fax": ("phoneNumbers", ("fax",)),
}
"""Canonical field -> list, and its kinds in their order; a new value goes to the first."""


def address_kind(row: Row, leading: str, me: str) -> str:
    """The list whose address is in step: the leading one, the other if that is empty; the leading one if both are."""
    held = member(row, "addresses", me)
    order = (leading, *(kind for kind in ADDRESSES if kind != leading))
    return next((kind for kind in order if members(held, kind, me)), leading)


def point_kind(row: Row, name: str, me: str) -> str:
    """The kind whose e-mail address or number is in step; the first kind if there is none."""
    list_name, kinds = POINTS[name]
    held = member(row, list_name, me)
    return next((kind for kind in kinds if any(texts(held, kind, me))), kinds[0])


def point(row: Row, name: str, me: str) -> str:
    """``email``, ``phone``, ``mobile`` or ``fax`` of a contact; empty if there is none."""
    held = texts(member(row, POINTS[name][0], me), point_kind(row, name, me), me)
    return next((value for value in held if value), "")


def crowded(row: Row, me: str) -> str:
    """The first list of a contact that holds more than one entry, which lets every change be refused; empty if there is none."""
    held = member(row, "addresses", me)
    lists = {f"addresses.{kind}": len(members(held, kind, me)) for kind in ADDRESSES}
    for name in ("emailAddresses", "phoneNumbers"):
        inner = member(row, name, me)
        lists |= {f"{name}.{kind}": len(texts(inner, kind, me)) for kind in inner}
    lists["company.contactPersons"] = len(members(member(row, "company", me), "contactPersons", me))
    return next((name for name, count in lists.items() if count > 1), "")

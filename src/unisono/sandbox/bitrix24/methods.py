"""Every method that is performed, which scope it needs, and what the vendor has besides."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.bitrix24 import (
    activities,
    addresses,
    automation,
    catalog,
    classicapi,
    documents,
    drive,
    events,
    itemapi,
    links,
    lists,
    payments,
    productrows,
    requisites,
    timeline,
    userfields,
    users,
)
from unisono.sandbox.bitrix24.envelope import Call, Login, Reply
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.portal import Portal

Handler = Callable[[Portal, Call], Reply]

METHODS: dict[str, Handler] = {
    name: handler
    for part in (
        activities, addresses, automation, catalog, classicapi, documents, drive, events, itemapi, links, lists, payments, productrows,
        requisites, timeline, userfields, users,
    )
    for name, handler in part.METHODS.items()
}  # fmt: skip
"""Names in small letters, as they are looked up."""

_SCOPES = {
    "crm": ("crm",),
    "catalog": ("catalog",),
    "user": ("user", "user_basic", "user_brief"),
    "department": ("department",),
    "disk": ("disk",),
    "userfieldconfig": ("userfieldconfig",),
    "placement": ("placement",),
    "bizproc": ("bizproc",),
}
"""First word of a method -> the scopes any of which allows it; others need none."""

NOT_IN_BATCH = frozenset({"batch", "disk.file.download", "crm.documentgenerator.document.download"})


def check_scope(login: Login, method: str) -> None:
    """Raises ``Refused`` where the login may not."""
    needed = ("crm", "documentgenerator") if method.startswith("crm.documentgenerator.") else _SCOPES.get(method.partition(".")[0], ())
    if needed and not login.scopes & set(needed):
        raise Refused("insufficient_scope", "The request requires higher privileges than provided by the access token", 403)


def _names(portal: Portal, call: Call) -> Reply:
    del portal, call
    return Reply(sorted(METHODS))


def _exists(portal: Portal, call: Call) -> Reply:
    del portal
    known = str(call.get("name") or "").lower() in METHODS
    return Reply({"isExisting": known, "isAvailable": known})


METHODS |= {"methods": _names, "method.get": _exists}

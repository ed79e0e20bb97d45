"""Set-up: what differs from account to account, and the notices an account sends when something changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from unisono.model.errors import BadAnswer, NotThere
from unisono.model.secret import Secret
from unisono.systems.lexoffice.choose import ADDRESSES
from unisono.systems.lexoffice.mapping import Ways
from unisono.systems.lexoffice.system import Lexoffice
from unisono.systems.lexoffice.webhook import EVENTS


def ways_of(settings: Mapping[str, Any], api: str = "") -> Ways:
    """The settings of a connection as a value. Raises ``ValueError`` naming the entry that is wrong.

    ``contacts`` (``customers``, or ``all`` with the suppliers), ``archived`` (whether archived contacts take part), ``address`` (the standard
    one: ``billing`` or ``shipping``), ``country``, ``unit``, ``quote_days``, ``vat_free``, ``portal`` (another origin of the web pages).
    """
    plain = Ways()
    who = str(settings.get("contacts") or "customers")
    if who not in ("customers", "all"):
        raise ValueError(f"contacts = {who!r}: customers or all")
    leading = str(settings.get("address") or plain.leading)
    if leading not in ADDRESSES:
        raise ValueError(f"address = {leading!r}: {' or '.join(ADDRESSES)}")
    country = str(settings.get("country") or plain.country).upper()
    if not (len(country) == 2 and country.isalpha()):
        raise ValueError(f"country = {country!r}: two letters")
    days = settings.get("quote_days") or plain.quote_days
    if not str(days).isdigit() or not 0 < int(days) <= 3650:
        raise ValueError(f"quote_days = {days!r}: a number of days")
    return Ways(
        api=api,
        app=str(settings.get("portal") or plain.app).rstrip("/"),
        everybody=who == "all",
        archived=bool(settings.get("archived", plain.archived)),
        leading=leading,
        country=country,
        unit=str(settings.get("unit") or plain.unit),
        quote_days=int(days),
        vat_free=bool(settings.get("vat_free")),
    )


def vat_free(system: Lexoffice) -> bool:
    """Whether the account's firm charges no VAT: what the setting ``vat_free`` should be."""
    profile, _ = system.client.get("profile", absent=())
    return profile.get("smallBusiness") is True or profile.get("taxType") == "vatfree"


def hooked(system: Lexoffice, begin: str) -> dict[str, str]:
    """The notices whose address begins so: id and what each tells of."""
    answer, _ = system.client.get("event-subscriptions", absent=())
    rows = answer.get("content")
    if not isinstance(rows, list):
        raise BadAnswer("list-missing", {"system": "lexoffice", "resource": "event-subscriptions", "field": "content"})
    ours = [row for row in rows if isinstance(row, dict) and str(row.get("callbackUrl") or "").startswith(begin)]
    return {str(row["subscriptionId"]): str(row.get("eventType") or "") for row in ours if row.get("subscriptionId")}


def hook(system: Lexoffice, url: Secret, begin: str) -> None:
    """Has every change told to an address, which begins with ``begin``; what is told there already stays.

    One call for each kind of event; the service calls the address itself before it agrees. Called again it goes on where it ended.
    """
    there = set(hooked(system, begin).values())
    for event in EVENTS:
        if event not in there:
            system.client.write("POST", "event-subscriptions", {"eventType": event, "callbackUrl": url})


def unhook(system: Lexoffice, begin: str) -> int:
    """Takes away every notice whose address begins so; how many there were."""
    found = hooked(system, begin)
    for key in found:
        with suppress(NotThere):
            system.client.write("DELETE", f"event-subscriptions/{key}")
    return len(found)

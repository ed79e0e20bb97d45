"""Set-up: what differs from account to account and what a person may choose, and the notices an account sends when something changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from unisono.model.choice import Choice, Offer
from unisono.model.errors import BadAnswer, NotThere
from unisono.model.secret import Secret
from unisono.model.text import folded
from unisono.systems.lexoffice.choose import ADDRESSES
from unisono.systems.lexoffice.system import Lexoffice
from unisono.systems.lexoffice.ways import ways_of
from unisono.systems.lexoffice.webhook import EVENTS

_WORDS = {True: "yes", False: "no"}
_UNITS = ("Stück", "Stunde", "Tag", "Monat", "Pauschale")
"""Usual units; the account's are German words."""
_DAYS = ("7", "14", "30", "60", "90")


def choices(system: Lexoffice, settings: Mapping[str, Any]) -> tuple[Choice, ...]:
    """What there is to choose, as it is settled now: two calls, for the countries the service knows and the units of the firm's articles.
    Raises what reading raises."""
    now = ways_of(settings)
    units = dict.fromkeys((now.unit, *_units(system), *_UNITS))
    days = sorted({str(now.quote_days), *_DAYS}, key=int)
    return (
        Choice(name="address", value=now.leading, offers=tuple(map(Offer, ADDRESSES))),
        Choice(name="contacts", value="all" if now.everybody else "customers", offers=(Offer("customers"), Offer("all"))),
        Choice(name="archived", value=_WORDS[now.archived], offers=(Offer("yes"), Offer("no"))),
        Choice(name="vat_free", value=_WORDS[now.vat_free], offers=(Offer("no"), Offer("yes"))),
        Choice(name="country", value=now.country, offers=_countries(system, now.country)),
        Choice(name="unit", value=now.unit, offers=tuple(Offer(unit, unit) for unit in units)),
        Choice(name="quote_days", value=str(now.quote_days), offers=tuple(Offer(number, number) for number in days)),
    )


def _countries(system: Lexoffice, now: str) -> tuple[Offer, ...]:
    """The countries an address may be in, by their names, the one in force first."""
    answer = system.client.ask("GET", "countries", absent=()).json()
    if not isinstance(answer, list):
        raise BadAnswer("not-a-list", {"call": "GET countries", "value": str(answer)[:80]})
    rows = [row for row in answer if isinstance(row, dict)]
    names = {now: now} | {str(row.get("countryCode") or ""): str(row.get("countryNameDE") or "") for row in rows}
    known = sorted(((code, name or code) for code, name in names.items() if code), key=lambda one: (one[0] != now, folded(one[1])))
    return tuple(Offer(code, name) for code, name in known)


def _units(system: Lexoffice) -> list[str]:
    """The units of the firm's first articles."""
    answer, _ = system.client.get("articles", [("page", "0"), ("size", "250")], absent=())
    rows = answer.get("content")
    if not isinstance(rows, list):
        raise BadAnswer("list-missing", {"system": "lexoffice", "resource": "articles", "field": "content"})
    return sorted({unit for row in rows if isinstance(row, dict) and isinstance(unit := row.get("unitName"), str) and unit})


def settled(system: Lexoffice, settings: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  as all have it
    """The settings of the connection with these answers."""
    told = {name: value == "yes" if name in ("archived", "vat_free") else value for name, value in answers.items()}
    return {**settings, **told}


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


def signing_key(system: Lexoffice) -> str:
    """The public half of the key that notices are signed with, as the vendor publishes it (PEM). Raises what reading raises."""
    return system.client.published_key()


def unhook(system: Lexoffice, begin: str) -> int:
    """Takes away every notice whose address begins so; how many there were."""
    found = hooked(system, begin)
    for key in found:
        with suppress(NotThere):
            system.client.write("DELETE", f"event-subscriptions/{key}")
    return len(found)

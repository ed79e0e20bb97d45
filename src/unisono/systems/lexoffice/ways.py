"""What differs from account to account, read out of the settings of a connection. Apart from set-up, which every sync would load with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unisono.systems.lexoffice.choose import ADDRESSES
from unisono.systems.lexoffice.mapping import Ways


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

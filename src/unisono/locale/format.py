"""Dates, amounts and sizes as people of a language write them. Pure; blanks are plain ones, since vendors alter the unbreakable kind."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from unisono.locale.languages import LANGUAGES

_DATES = {"de": "dd.MM.yyyy", "en": "d MMM yyyy", "pl": "dd.MM.yyyy", "ro": "dd.MM.yyyy"}
"""The English month is a word: 04/05 is read in two ways."""
_SIGNS = {("pl", "PLN"): "zł", ("ro", "RON"): "lei"}
"""Signs people write behind an amount; every other currency is its ISO 4217 code, which nobody mistakes."""
_UNITS = ("B", "KB", "MB", "GB", "TB")


def date_text(date: dt.date, language: str) -> str:
    """``31.12.2026``; English ``31 Dec 2026``. An unknown language is written as English."""
    from babel.dates import format_date  # loaded with the first date, see say.catalogue_of

    known = _known(language)
    return format_date(date, format=_DATES[known], locale=known)


def moment_text(moment: dt.datetime, language: str, zone: str) -> str:
    """An instant on the clock of a time zone (``Europe/Berlin``): ``31.12.2026 09:15``."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{date_text(local.date(), language)} {local:%H:%M}"


def duration_text(seconds: float) -> str:
    """About how long something takes: ``5 min``, ``3 h 20 min``. Whole minutes, rounded up; units of the SI, which all languages write alike."""
    minutes = -(-math.ceil(seconds) // 60)
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part)


def country_name(code: str, language: str) -> str:
    """``DE`` -> ``Deutschland``; what is no code of a country stays as it is."""
    from babel import Locale

    return Locale(_known(language)).territories.get(code.upper(), code) if len(code) == 2 else code


def country_code(name: str) -> str:
    """``Deutschland``, ``Germany``, ``Niemcy``, ``de`` -> ``DE``; what is no country in any of our languages stays as it is."""
    from babel import Locale

    wanted = " ".join(name.split()).casefold()
    if len(wanted) == 2:
        return wanted.upper()
    for language in LANGUAGES:
        for code, called in Locale(language).territories.items():
            if len(code) == 2 and called.casefold() == wanted:
                return str(code)
    return name


def number_text(value: Decimal | int, language: str, places: int = 0) -> str:
    """``1.234,5``: grouped by thousands, at least ``places`` decimals, and never fewer than the value has."""
    from babel.numbers import format_decimal

    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"not a finite number: {value}")
    _, _, decimals = f"{exact:f}".partition(".")
    places = max(places, len(decimals.rstrip("0")))
    pattern = "#,##0." + "0" * places if places else "#,##0"
    # With as many places as the value has nothing is rounded, given a context with room for all its digits.
    with localcontext(prec=max(28, len(f"{exact:f}") + places)):
        return _plain(format_decimal(exact, format=pattern, locale=_known(language)))


def amount_text(value: Decimal, currency: str, language: str, *, sign: bool = True) -> str:
    """``1.234,56 EUR``, ``1 234,56 zł``, ``1.234,56 lei``: the currency's own decimals, further ones where the value has them.

    ``sign = False`` leaves the currency away, for sentences that name it themselves.
    """
    from babel.numbers import get_currency_precision

    number = number_text(value, language, get_currency_precision(currency))
    return f"{number} {_SIGNS.get((_known(language), currency), currency)}" if sign else number


def size_text(size: int, language: str) -> str:
    """A number of bytes as people read it: ``20 MB``, ``1,5 MB`` (of 1,024 each; one decimal, rounded down)."""
    amount, unit = Decimal(size), 0
    while abs(amount) >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    tenths = int(amount * 10)
    return f"{number_text(Decimal(tenths).scaleb(-1) if tenths % 10 else Decimal(tenths // 10), language)} {_UNITS[unit]}"


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2212", "-")

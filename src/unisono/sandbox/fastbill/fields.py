"""Reading fields of DATA: texts, flags, days, numbers. What does not fit is collected, so that one answer names every field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.errors import Refusal, field_error

# Guess: nothing is known of FastBill's lengths. Long texts may be long.
MOST_CHARACTERS = 255
LONG_TEXTS = frozenset({"SECONDARY_ADDRESS", "COMMENT", "INTROTEXT", "DESCRIPTION", "NOTE", "MESSAGE", "TAGS"})


def text(value: Any, *, trim: bool = True) -> str | None:
    """A field's value as text; ``None`` if it is not a text, number or flag. Emptiness of every kind is the empty text."""
    if isinstance(value, str):
        said = str(value).replace("\x00", "")
        return said.strip() if trim else said
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    return "" if value in ([], {}) else None


def cleaned(account: Account, data: dict[str, Any], known: tuple[str, ...] | frozenset[str]) -> dict[str, str]:
    """The known fields that were sent, as texts. Raises ``Refusal`` naming those that are no text or too long.

    Null counts as not sent; so does an empty text where the account is set that way.
    """
    trim, keep_empty = account.setting("normalise"), account.setting("empty_text") == "clear"
    values: dict[str, str] = {}
    wrong: list[str] = []
    for name, value in data.items():
        if value is None or name not in known:
            continue
        said = text(value, trim=trim)
        if said is None or (len(said) > MOST_CHARACTERS and name not in LONG_TEXTS):
            wrong.append(name)
        elif said or keep_empty:
            values[name] = said
    if wrong:
        raise Refusal(*field_error(*wrong))
    return values


def number(value: Any) -> Decimal | None:
    """A number from a JSON number or a text with a decimal point; ``None`` for anything else, and for what no invoice holds."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        result = Decimal(value.strip()) if isinstance(value, str) else Decimal(value)
    except InvalidOperation:
        return None
    return result if result.is_finite() and abs(result) < 10**12 else None


def day(value: Any) -> date | None:
    """The day of ``YYYY-MM-DD``, with or without a time behind it; ``None`` if it is none."""
    try:
        return date.fromisoformat(value.strip()[:10]) if isinstance(value, str) and value[4:5] == "-" else None
    except ValueError:
        return None


def is_email(value: str) -> bool:
    """Whether a text looks like an address at all (guess: FastBill's own check is unknown)."""
    name, at, host = value.partition("@")
    return bool(name and at and "." in host) and not any(c.isspace() for c in value) and "@" not in host


def filled_text(account: Account, value: Any) -> str:
    """A member of an item as text; what is no text is empty."""
    return text(value, trim=account.setting("normalise")) or ""

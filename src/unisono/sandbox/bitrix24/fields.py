"""One field of a record: its two names, its kind, and how a value of that kind is read and written in each generation of the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from unisono.sandbox.bitrix24.phpform import members

LINKS = frozenset("crm_company crm_contact crm_lead crm_deal crm_quote crm_entity crm_category user".split())


@dataclass(frozen=True, slots=True)
class Field:
    """``name`` is the classic one, ``camel`` the universal one; where a field exists in one generation only, ``only`` says which."""

    name: str
    camel: str
    kind: str
    required: bool = False
    read_only: bool = False
    immutable: bool = False
    multiple: bool = False
    zero: bool = False
    """A link that is written as 0 where there is none, by the universal methods."""
    status: str = ""
    limit: int = 0
    only: str = ""
    dynamic: bool = False
    """A field that the portal's users made."""

    @property
    def upper(self) -> str:
        """The universal name in upper case, as ``crm.item.fields`` tells it."""
        return self.name if self.dynamic else snake(self.camel)


def snake(camel: str) -> str:
    """``contactIds`` is ``CONTACT_IDS``, ``parentId2`` is ``PARENT_ID_2``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z\d])", "_", camel).upper()


def read_spec(text: str) -> dict[str, Field]:
    """Fields by classic name, from lines ``NAME camel kind [req] [ro] [imm] [mult] [zero] [item|classic] [st=..] [len=..]``."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        name, camel, kind, *marks = line.split()
        values = dict(mark.split("=") for mark in marks if "=" in mark)
        found[name] = Field(
            name,
            camel,
            kind,
            required="req" in marks,
            read_only="ro" in marks,
            immutable="imm" in marks,
            multiple="mult" in marks,
            zero="zero" in marks,
            status=values.get("st", ""),
            limit=int(values.get("len", 0)),
            only="item" if "item" in marks else "classic" if "classic" in marks else "",
        )
    return found


# reading what was sent


def integer(raw: Any) -> int | None:
    """A whole number; 0 and emptiness are kept apart, what is no number is ``None``."""
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float | Decimal) and raw == int(raw):
        return int(raw)
    text = str(raw).strip() if isinstance(raw, str) else ""
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else None


def decimal(raw: Any) -> Decimal | None:
    """A number; ``None`` for what is none."""
    try:
        value = Decimal(str(raw).strip()) if isinstance(raw, str | int | float | Decimal) and not isinstance(raw, bool) else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() and abs(value) < 10**15 else None


def yes_no(raw: Any) -> str | None:
    """``Y`` or ``N``, from any of the ways to say it."""
    word = str(raw).strip().upper()
    return "Y" if word in ("Y", "1", "TRUE") else "N" if word in ("N", "0", "FALSE", "") else None


def moment(raw: Any, zone: ZoneInfo) -> datetime | None:
    """An instant from ISO 8601, from ``YYYY-MM-DD hh:mm:ss`` or from ``DD.MM.YYYY``; without a zone it is the portal's."""
    if isinstance(raw, datetime):
        return raw
    text = str(raw).strip() if isinstance(raw, str) else ""
    if found := re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})(.*)", text):
        text = f"{found[3]}-{found[2]}-{found[1]}{found[4]}"
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def day(raw: Any, zone: ZoneInfo) -> date | None:
    """A day: the first ten characters of a bare date, else the portal's day of the instant."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    text = str(raw).strip() if isinstance(raw, str) else ""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    value = moment(raw, zone)
    return value.astimezone(zone).date() if value else None


def taken(field: Field, raw: Any, zone: ZoneInfo) -> Any:
    """One value in its own type. Emptiness is ``None``. Raises ``ValueError`` for what does not fit."""
    if raw is None or (raw is False and field.kind not in ("char", "boolean")) or raw == "" or raw == [] or raw == {}:
        return "N" if field.kind == "char" and raw is not None else None
    if isinstance(raw, dict | list):
        raise ValueError("is no plain value")
    match field.kind:
        case "integer":
            value: Any = integer(raw)
        case kind if kind in LINKS:
            value = integer(raw)
            value = None if value == 0 and field.kind != "crm_category" else value
            if value is None and str(raw).strip() in ("0", "0.0"):
                return None
        case "money" | "double":
            value = decimal(raw)
            if value is not None and field.kind == "money":
                value = value.quantize(Decimal("0.01"))
        case "char" | "boolean":
            value = yes_no(raw)
        case "date":
            value = day(raw, zone)
        case "datetime":
            value = moment(raw, zone)
        case _:
            value = str(raw).lower() if isinstance(raw, bool) else str(raw)
    if value is None:
        raise ValueError("is not valid")
    return value


def taken_many(field: Field, raw: Any, zone: ZoneInfo) -> list[Any]:
    """The values of a multiple field."""
    return [value for value in (taken(field, one, zone) for one in members(raw)) if value is not None]


# writing


def iso(value: datetime, zone: ZoneInfo) -> str:
    """An instant as the vendor writes it: whole seconds, the portal's zone."""
    return value.astimezone(zone).replace(microsecond=0).isoformat()


def day_text(value: date, zone: ZoneInfo) -> str:
    """A day as the vendor writes it: midnight of UTC in the portal's zone."""
    return iso(datetime.combine(value, time(), UTC), zone)


def classic(field: Field, value: Any, zone: ZoneInfo) -> Any:
    """A value as the classic methods write it: every plain value a text, nothing is null."""
    if isinstance(value, list):
        return [classic(field, one, zone) for one in value]
    if value is None:
        return "" if field.dynamic else None
    if field.dynamic and field.kind in ("char", "boolean"):
        return "1" if value == "Y" else "0"
    return _dated(value, zone) if isinstance(value, date) else _text(field, value) if not isinstance(value, dict) else value


def universal(field: Field, value: Any, zone: ZoneInfo) -> Any:
    """A value as the universal methods write it: numbers are numbers."""
    if isinstance(value, list):
        return [universal(field, one, zone) for one in value]
    if value is None:
        return 0 if field.zero else None
    return _dated(value, zone) if isinstance(value, date) else value


def _dated(value: date, zone: ZoneInfo) -> str:
    return iso(value, zone) if isinstance(value, datetime) else day_text(value, zone)


def _text(field: Field, value: Any) -> str:
    if field.kind == "money":
        return f"{value:.2f}"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)

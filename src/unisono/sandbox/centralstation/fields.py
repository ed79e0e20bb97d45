"""What may stand in which attribute: types, lengths, choices. Unknown attributes are dropped without a word, as Rails does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from unisono.sandbox.centralstation.countries import COUNTRIES
from unisono.sandbox.kit.world import Row

Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute that may be written. ``kind``: text, int, bool, date, decimal, any."""

    kind: str = "text"
    limit: int = 0
    required: bool = False
    choices: tuple[str, ...] = ()
    null: bool = True
    """Whether an explicit ``null`` is taken. Clients of the vendor strip nulls from sub-records, so those are refused there (a guess)."""


GENDERS = (
    "gender_unknown", "male_user", "female_user", "male_auto", "female_auto", "family_user", "family_auto", "diverse_user",
)  # fmt: skip
STATES = ("open_0", "open_25", "open_50", "open_75", "won", "lost")
VALUE_TYPES = ("total", "monthly", "hourly", "daily")
ATYPES = ("office", "office_hq", "mobile", "fax", "private", "voip", "skype", "other")
ADDR_ATYPES = ("work_hq", "work", "invoice", "delivery", "private", "other")

PERSON = {
    "group_id": Field("int"),
    "user_id": Field("int"),
    "country_code": Field(limit=2),
    "salutation": Field(limit=40),
    "title": Field(limit=60),
    "gender": Field(choices=GENDERS),
    "first_name": Field(limit=60),
    "name": Field(limit=80, required=True),
    "background": Field(),
}
COMPANY = {
    "group_id": Field("int"),
    "user_id": Field("int"),
    "name": Field(limit=120, required=True),
    "background": Field(),
}
DEAL = {
    "group_id": Field("int"),
    "user_id": Field("int"),
    "company_id": Field("int"),
    "name": Field(limit=120, required=True),
    "description": Field(),
    "value": Field("decimal", required=True),
    "value_type": Field(choices=VALUE_TYPES, required=True),
    "value_count": Field("decimal"),
    "value_sum": Field("decimal"),
    "currency": Field(limit=3),
    "target_date": Field("date", required=True),
    "current_state": Field(choices=STATES),
    "deal_type_id": Field("int"),
    "deal_type_stage_id": Field("int"),
    "probability": Field("int"),
}
DETAIL = {
    "atype": Field(choices=ATYPES, null=False),
    "name": Field(limit=250, required=True, null=False),
    "primary": Field("bool", null=False),
}
ADDR = {
    "street": Field(limit=250, null=False),
    "zip": Field(limit=20, null=False),
    "city": Field(limit=120, null=False),
    "state_code": Field(limit=10, null=False),
    "country_code": Field(choices=tuple(COUNTRIES), null=False),
    "primary": Field("bool", null=False),
    "atype": Field(choices=ADDR_ATYPES, null=False),
}
TAG = {"name": Field(limit=60, required=True, null=False)}
POSITION = {
    "person_id": Field("int", null=False),
    "company_id": Field("int", null=False),
    "company_name": Field(limit=120, null=False),
    "name": Field(limit=250, null=False),
    "department": Field(limit=250, null=False),
    "primary_function": Field("bool", null=False),
    "former": Field("bool", null=False),
}
CUSTOM_FIELD = {"custom_fields_type_id": Field("int", required=True, null=False), "name": Field(required=True, null=False)}
CUSTOM_FIELDS_TYPE = {
    "position": Field("int"),
    "api_only": Field("bool"),
    "visible_for_all_groups": Field("bool"),
    "category": Field(choices=("Person", "Company", "Deal", "Project"), required=True),
    "ftype": Field(choices=("string", "select", "decimal", "date", "url"), required=True),
    "name": Field(limit=255, required=True),
    "options": Field("any"),
}
PROTOCOL = {
    "type": Field(choices=("ProtocolObjectNote", "ProtocolExternal", "ProtocolEmail"), required=True),
    "badge": Field(choices=("note", "call", "email", "meeting", "other", "research")),
    "name": Field(limit=100),
    "content": Field(),
    "format": Field(choices=("plaintext", "markdown", "textile", "html")),
    "confidential": Field("bool"),
    "person_ids": Field("any"),
    "company_ids": Field("any"),
    "deal_ids": Field("any"),
    "project_ids": Field("any"),
    "occurred_at": Field(),
    "data_hash": Field("any"),
}
HOOK = {
    "model": Field(choices=("Person", "Company", "Deal", "Project", "Protocol"), required=True),
    "event": Field(choices=("create", "update", "destroy"), required=True),
    "target_url": Field(limit=190, required=True),
    "object_type": Field(choices=("nested", "api", "lean", "hook_with_structure_and_record", "flat")),
    "hook_type": Field(choices=("url",)),
    "state": Field(choices=("active", "disabled")),
    "includes": Field(),
    "methods": Field("any"),
}


def clean(spec: dict[str, Field], given: Row, *, creating: bool) -> tuple[Row, Errors]:
    """The known attributes of ``given`` in their own types, and what is wrong with them. Only what was sent comes back."""
    values: Row = {}
    errors: Errors = {}
    for name, field in spec.items():
        if name not in given:
            if creating and field.required:
                errors[name] = ["must be filled in"]
            continue
        raw = given[name]
        if raw is None and not field.null:
            errors[name] = ["must not be null"]
            continue
        try:
            value = _convert(field, raw)
        except ValueError as error:
            errors[name] = [str(error)]
            continue
        if field.required and (value is None or (isinstance(value, str) and not value.strip())):
            errors[name] = ["must be filled in"]
        elif field.choices and value not in (None, "") and value not in field.choices:
            errors[name] = ["is not one of the allowed values"]
        elif field.limit and isinstance(value, str) and len(value) > field.limit:
            errors[name] = [f"is too long (at most {field.limit} characters)"]
        else:
            values[name] = value
    return values, errors


def _convert(field: Field, raw: Any) -> Any:
    if raw is None or field.kind == "any":
        return raw
    if isinstance(raw, dict | list):
        raise ValueError("is invalid")
    match field.kind:
        case "text":
            return raw if isinstance(raw, str) else str(raw).lower() if isinstance(raw, bool) else str(raw)
        case "int":
            return _integer(raw)
        case "bool":
            return raw if isinstance(raw, bool) else str(raw).lower() in ("1", "true", "t", "yes")
        case "date":
            return _date(raw)
        case "decimal":
            return decimal_text(_decimal(raw)) if raw != "" else None
    raise ValueError("is invalid")


def _integer(raw: Any) -> int | None:
    if raw == "":
        return None
    if isinstance(raw, bool) or (isinstance(raw, float) and raw != int(raw)):
        raise ValueError("is not a number")
    try:
        return int(raw)
    except ValueError:
        raise ValueError("is not a number") from None


def _date(raw: Any) -> str | None:
    if raw == "":
        return None
    try:
        return date.fromisoformat(str(raw)).isoformat() if len(str(raw)) <= 10 else datetime.fromisoformat(str(raw)).date().isoformat()
    except ValueError:
        raise ValueError("is not a date") from None


def _decimal(raw: Any) -> Decimal:
    if isinstance(raw, bool):
        raise ValueError("is not a number")
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite():
        raise ValueError("is not a number")
    return number.quantize(Decimal("0.01"))


def decimal_text(number: Decimal) -> str:
    """A decimal as Rails writes it into JSON: a string, at least one digit behind the point (``"12000.0"``, ``"0.5"``, ``"19.99"``)."""
    text = f"{number:f}"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0') or '0'}"

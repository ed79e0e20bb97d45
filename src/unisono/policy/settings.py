"""The schema as a list of settings, one a question a person can answer: read off the schema, so that no form can forget an entry.

Values are texts here, as a form carries them: ``yes``, ``tagged``, ``DE, AT``. Several are kept apart by line breaks.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from unisono.model.party import PARTY_FIELDS
from unisono.policy.files import BadPolicy, bad_policy, number, toml_of
from unisono.policy.schema import Between, FieldRule, Policy
from unisono.policy.tables import default_of, kinds_of, policy_from

Form = Literal["choice", "several", "yes-no", "number", "text", "texts"]
"""One of some, some of some, yes or no, a number, a text, a list of texts."""
Values = Mapping[str, str]
"""Entry -> its value as text."""
ELSEWHERE = ("schema_version", "customers.fields", "leave_out")
"""Entries that no question asks: the version of the schema, the fields (they have a page), what is left out record by record."""
_OPEN_LISTS = {"customers.require": tuple(PARTY_FIELDS), "try_unverified": ("clear-field",)}
"""Lists that the schema leaves open, and what there is to choose from."""
_SECTIONS = {
    "chosen": ("customers.direction", "customers.from_crm", "customers.from_invoicing", "customers.contacts", "customers.only"),
    "conflicts": ("customers.wins", "customers.require", "customers.country", "try_unverified"),
    "matching": ("matching",),
    "products": ("products",),
    "quotes": ("quotes",),
    "invoices": ("invoices",),
    "documents": ("documents",),
    "status": ("status",),
    "deletions": ("customers.deletion",),
    "running": ("language", "poll"),
}
"""The questions as a person would sort them: section -> beginnings of entries."""


class Setting(Struct, frozen=True, kw_only=True):
    """One question. ``most`` and ``least`` bound a number; ``optional``: the empty text says that something else decides."""

    entry: str
    section: str
    form: Form
    default: str
    choices: tuple[str, ...] = ()
    least: str = ""
    most: str = ""
    optional: bool = False

    @property
    def family(self) -> str:
        """What the words of its choices are filed under: alike questions share them."""
        if self.entry.startswith("products.fields."):
            return "direction"
        return self.entry.rpartition(".")[2]


@cache
def settings() -> tuple[Setting, ...]:
    """All questions, section by section, within one in the schema's order."""
    found = [_setting(entry, field, kind) for entry, field, kind in _fields("", Policy) if not entry.startswith(ELSEWHERE)]
    order = list(_SECTIONS)
    return tuple(sorted(found, key=lambda one: (order.index(one.section), _rank(one))))


def sections() -> tuple[str, ...]:
    """The sections in their order."""
    return tuple(_SECTIONS)


def values_of(policy: Policy) -> dict[str, str]:
    """Every question with a policy's answer."""
    told = {}
    for setting in settings():
        value: Any = policy
        for part in setting.entry.split("."):
            value = getattr(value, part)
        told[setting.entry] = _text(value)
    return told


def answered(body: str, given: Values) -> tuple[Policy | None, list[BadPolicy]]:
    """A policy's text with questions answered anew; what no question asks stays. ``None`` with everything that is wrong."""
    data = toml_of(body)
    asked = {setting.entry: setting for setting in settings()}
    for entry, text in given.items():
        if entry not in asked:
            return None, [BadPolicy("policy-no-entry", entry=entry)]
        put(data, entry, _value(asked[entry], text))
    return checked(data)


def checked(data: Mapping[str, Any]) -> tuple[Policy | None, list[BadPolicy]]:
    """The tables of a file as a policy, or everything that is wrong with them."""
    policy, wrong = policy_from(data)
    return policy, [bad_policy(one) for one in wrong]


def put(data: dict[str, Any], entry: str, value: Any) -> None:
    """One entry of nested tables; ``None`` takes it out."""
    *tables, name = entry.split(".")
    for part in tables:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise BadPolicy("policy-no-entry", entry=entry)
    if value is None:
        data.pop(name, None)
    else:
        data[name] = value


def _fields(prefix: str, part: Any) -> Iterator[tuple[str, FieldInfo, Any]]:
    """Every entry below a table, and what it may hold."""
    for one in fields(part):
        entry, kind = f"{prefix}{one.name}", kinds_of(part)[one.name]
        if isinstance(kind, type) and issubclass(kind, Struct) and kind is not FieldRule:
            yield from _fields(f"{entry}.", kind)
        else:
            yield entry, one, kind


def _setting(entry: str, field: FieldInfo, kind: Any) -> Setting:
    form, choices, optional = _form(kind)
    if entry in _OPEN_LISTS:
        form, choices = "several", _OPEN_LISTS[entry]
    bounds = next((one for one in getattr(kind, "__metadata__", ()) if isinstance(one, Between)), None)
    return Setting(
        entry=entry,
        section=next(name for name, begins in _SECTIONS.items() if _begins(entry, begins) is not None),
        form=form,
        default=_text(default_of(field)),
        choices=choices,
        least=str(bounds.least) if bounds else "",
        most=str(bounds.most) if bounds and bounds.most is not None else "",
        optional=optional,
    )


def _form(kind: Any) -> tuple[Form, tuple[str, ...], bool]:
    """How a type is asked for, what there is to choose from, and whether it may be left open."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _form(inner[0])
    if origin in (Union, types.UnionType):
        form, choices, _ = _form(next(one for one in inner if one is not type(None)))
        return form, choices, True
    if origin is Literal:
        return "choice", tuple(str(one) for one in inner), False
    if origin is tuple:
        _, choices, _ = _form(inner[0])
        return ("several" if choices else "texts"), choices, False
    if kind is bool:
        return "yes-no", (), False
    return ("number" if kind in (int, Decimal) else "text"), (), False


def _begins(entry: str, begins: tuple[str, ...]) -> int | None:
    return next((n for n, one in enumerate(begins) if entry == one or entry.startswith(one + ".")), None)


def _rank(setting: Setting) -> int:
    return _begins(setting.entry, _SECTIONS[setting.section]) or 0


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "\n".join(str(one) for one in value)
    return "" if value is None else str(value)


def _value(setting: Setting, text: str) -> Any:
    """A text as the file would hold it; one that is no such value stays text, and the schema says so."""
    text = text.strip()
    if setting.optional and not text:
        return None
    if setting.form == "yes-no":
        return {"yes": True, "no": False}.get(text, text)
    if setting.form in ("several", "texts"):
        return list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))
    if setting.form == "number":
        try:
            return number(text.replace(",", "."))
        except InvalidOperation:
            return text
    return text

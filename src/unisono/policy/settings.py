"""The schema as a list of settings, one a question a person can answer: read off the models, so that no form can forget an entry.

Values are texts here, as a form carries them: ``yes``, ``tagged``, ``DE, AT``. Several are kept apart by line breaks.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from unisono.model.party import PARTY_FIELDS
from unisono.policy.files import BadPolicy, bad_policy, number, toml_of
from unisono.policy.schema import FieldRule, Policy

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
    "deletions": ("customers.deletion",),
    "running": ("language", "poll"),
}
"""The questions as a person would sort them: section -> beginnings of entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
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
    found = [_setting(entry, field) for entry, field in _fields("", Policy) if not entry.startswith(ELSEWHERE)]
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
    try:
        return Policy.model_validate(data), []
    except ValidationError as error:
        return None, [bad_policy(one) for one in error.errors()]


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


def _fields(prefix: str, model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        entry = f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and field.annotation is not FieldRule:
            yield from _fields(f"{entry}.", field.annotation)
        else:
            yield entry, field


def _setting(entry: str, field: FieldInfo) -> Setting:
    form, choices, optional = _form(field.annotation)
    if entry in _OPEN_LISTS:
        form, choices = "several", _OPEN_LISTS[entry]
    bounds = [*field.metadata, *getattr(field.annotation, "__metadata__", ())]
    return Setting(
        entry=entry,
        section=next(name for name, begins in _SECTIONS.items() if _begins(entry, begins) is not None),
        form=form,
        default=_text(field.get_default(call_default_factory=True)),
        choices=choices,
        least=next((str(one.ge) for one in bounds if isinstance(one, Ge)), ""),
        most=next((str(one.le) for one in bounds if isinstance(one, Le)), ""),
        optional=optional,
    )


def _form(kind: Any) -> tuple[Form, tuple[str, ...], bool]:
    """How a type is asked for, what there is to choose from, and whether it may be left open."""
    origin, inner = get_origin(kind), get_args(kind)
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

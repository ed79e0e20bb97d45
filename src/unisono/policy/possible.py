"""What two systems can do of what a policy may ask for: which answer to which question would come to nothing, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from unisono.model.capability import Capabilities
from unisono.model.record import Kind
from unisono.policy.schema import ProductFields, Stages, Triggers
from unisono.policy.settings import Setting
from unisono.policy.tables import kinds_of

Code = Literal["read", "write", "tags", "delete", "field", "bind", "public-link", "clear", "means", "trigger"]


class Lack(Struct, frozen=True):
    """What a system cannot do. ``code`` is a word under ``lacks.``; ``side`` is ``crm`` or ``invoicing``; ``kind`` and ``field`` say of what."""

    code: Code
    side: Literal["crm", "invoicing"]
    kind: Kind = "party"
    field: str = ""


Lacks = Mapping[str, Lack]
"""Choice -> what stands in its way; ``""``: the whole question is about something that is not there."""
_PAPERS: tuple[Kind, ...] = ("quote", "invoice")
_MATCHED = {"tax_id": ("tax_id",), "number": ("number",), "email_name": ("email",), "name_postcode": ("address.postcode",)}


def lacks(setting: Setting, a: Capabilities, b: Capabilities) -> dict[str, Lack]:
    """What of a question two systems cannot do."""
    found = {}
    for choice in ("", *setting.choices):
        lack = _RULES.get(setting.entry, _nothing)(choice, a, b)
        if lack is not None:
            found[choice] = lack
    return found


def in_vain(value: str, found: Lacks) -> Iterator[tuple[str, Lack]]:
    """What of an answer comes to nothing: the choice (``""``: the whole question) and what stands in its way."""
    given = set(value.split("\n"))
    for choice, lack in found.items():
        if choice in given or (not choice and value not in ("", "no", "off")):
            yield choice, lack


def _nothing(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    del choice, a, b
    return None


def _direction(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if choice in ("both", "to-invoicing") and b.writing("party").create == "none":
        return Lack("write", "invoicing")
    if choice in ("both", "to-crm") and a.writing("party").create == "none":
        return Lack("write", "crm")
    return None


def _when(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    kinds: dict[str, Kind] = {"tag": "tag", "quote": "quote"}
    kind = kinds.get(choice)
    return Lack("tags" if kind == "tag" else "read", "crm", kind) if kind and a.lists(kind) is None else None


def _watched(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    return _when("tag", a, b) if not choice else None


def _tag(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return None if choice or a.writing("party").tags or a.lists("tag") else Lack("tags", "crm")


def _contacts(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if choice in ("tagged", "all") and b.writing("contact").create == "none":
        return Lack("write", "invoicing", "contact")
    return _when("tag", a, b) if choice == "tagged" else None


def _require(choice: str, _: Capabilities, b: Capabilities) -> Lack | None:
    return Lack("field", "invoicing", field=choice) if choice and choice not in b.fields("party") else None


def _match(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    for field in _MATCHED.get(choice, ()):
        if field not in b.fields("party"):
            return Lack("field", "invoicing", field=field)
        if field not in a.fields("party"):
            return Lack("bind" if a.writing("party").bindable else "field", "crm", field=field)
    return None


def _products(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if choice in ("", "off"):
        return None
    for side, system in (("crm", a), ("invoicing", b)):
        if system.lists("product") is None:
            return Lack("read", side, "product")  # type: ignore[arg-type]
    if choice in ("both", "to-invoicing") and b.writing("product").create == "none":
        return Lack("write", "invoicing", "product")
    return Lack("write", "crm", "product") if choice in ("both", "to-crm") and a.writing("product").create == "none" else None


def _product_field(name: str) -> Callable[[str, Capabilities, Capabilities], Lack | None]:
    def held(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
        for side, system in (("crm", a), ("invoicing", b)):
            writing = system.writing("product")
            if not choice and (writing.create != "none" or writing.change) and name not in system.fields("product"):
                return Lack("field", side, "product", name)  # type: ignore[arg-type]
        return None

    return held


def _quotes(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if choice == "off":
        return None
    if a.lists("quote") is None:
        return Lack("read", "crm", "quote")
    return Lack("write", "invoicing", "quote") if b.writing("quote").create == "none" else None


def _invoices(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if choice in ("", "off"):
        return None
    if a.lists("invoice") is None:
        return Lack("read", "crm", "invoice")
    return Lack("write", "invoicing", "invoice") if b.writing("invoice").create == "none" else None


def _status(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    if choice in ("", "off") or "trigger" in a.doors or a.writing("note").create != "none" or any(_moves(kind, a) for kind in _PAPERS):
        return None
    return Lack("write", "crm", "note")


def _stage(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return None if choice or any(_moves(kind, a) for kind in _PAPERS) else Lack("field", "crm", "quote", "stage")


def _moves(kind: Kind, crm: Capabilities) -> bool:
    return crm.writing(kind).change and "stage" in crm.fields(kind)


def _trigger(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return None if choice or "trigger" in a.doors else Lack("trigger", "crm", "quote")


def _made_as(choice: str, _: Capabilities, b: Capabilities) -> Lack | None:
    writing = b.writing("invoice")
    makes = writing.create != "none" and choice not in ("", writing.create, *writing.other_means)
    return Lack("means", "invoicing", "invoice") if makes else None


def _documents(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return Lack("write", "crm", "note") if choice != "off" and a.writing("note").create == "none" else None


def _kinds(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    if not choice:
        return _documents("", a, b)
    kind: Kind = "quote" if choice == "quote" else "invoice"
    return Lack("read", "invoicing", kind) if b.lists(kind) is None else None


def _file(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return Lack("write", "crm", "file") if not choice and a.writing("file").create == "none" else None


def _public(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    return Lack("public-link", "invoicing") if not choice and "public-file-link" not in b.doors else _documents("", a, b)


def _deleted_in_crm(choice: str, _: Capabilities, b: Capabilities) -> Lack | None:
    return _deleted(choice, b, "invoicing", "party")


def _deleted_in_invoicing(choice: str, a: Capabilities, _: Capabilities) -> Lack | None:
    return _deleted(choice, a, "crm", "party")


def _deleted_contacts(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    # One rule for both sides: it comes to nothing only where neither can follow it.
    return _deleted(choice, a, "crm", "contact") and _deleted(choice, b, "invoicing", "contact")


def _deleted(choice: str, far: Capabilities, side: Literal["crm", "invoicing"], kind: Kind) -> Lack | None:
    if choice == "mark" and not far.writing(kind).tags:
        return Lack("tags", side, kind)
    return Lack("delete", side, kind) if choice == "delete" and not far.writing(kind).delete else None


def _clearing(choice: str, a: Capabilities, b: Capabilities) -> Lack | None:
    unproven = any(not limit.can_clear for c in (a, b) for kind in KINDS for limit in c.fields(kind).values())
    return None if choice or unproven else Lack("clear", "invoicing")


KINDS: tuple[Kind, ...] = ("party", "contact")
"""Kinds whose fields are kept in step one by one."""
_RULES: dict[str, Callable[[str, Capabilities, Capabilities], Lack | None]] = {
    "customers.direction": _direction,
    "customers.from_crm.when": _when,
    "customers.from_crm.tag": _watched,
    "customers.only.tag": _tag,
    "customers.contacts": _contacts,
    "customers.require": _require,
    "matching.accept": _match,
    "matching.look": _match,
    "products.direction": _products,
    **{f"products.fields.{name}": _product_field(name) for name in kinds_of(ProductFields)},
    "quotes.direction": _quotes,
    "invoices.direction": _invoices,
    "invoices.made_as": _made_as,
    "documents.direction": _documents,
    "documents.kinds": _kinds,
    "documents.file": _file,
    "documents.public_link": _public,
    "status.direction": _status,
    **{f"status.stages.{name}": _stage for name in kinds_of(Stages)},
    **{f"status.triggers.{name}": _trigger for name in kinds_of(Triggers)},
    "customers.deletion.in_crm": _deleted_in_crm,
    "customers.deletion.in_invoicing": _deleted_in_invoicing,
    "customers.deletion.contacts": _deleted_contacts,
    "try_unverified": _clearing,
}

"""What a person may choose for one portal at set-up, with the values that the portal itself offers, and the choices as settings of the connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from unisono.model.choice import Choice, Offer
from unisono.model.errors import BadAnswer, LoginRefused
from unisono.model.fields import Row, text
from unisono.model.party import Salutation
from unisono.model.text import folded
from unisono.systems.bitrix24.client import MOST, Step, result_of
from unisono.systems.bitrix24.triggers import register
from unisono.systems.bitrix24.values import LANGUAGES, id_of, nested
from unisono.systems.bitrix24.ways import TAX_FIELDS, TYPES

if TYPE_CHECKING:
    from unisono.systems.bitrix24.system import Bitrix24

TAG_FIELD = "UF_CRM_UNISONO"
"""The user field of companies and contacts that carries the watched mark: one of yes and no, which people tick on the card."""
_MR = frozenset("herr mr mister pan dl domnul".split())
_MRS = frozenset("frau mrs ms miss pani dna doamna".split())
ENTITIES = ("company", "contact")
ARTICLE = ("xmlId", "code")
"""Where a product's article number may stand. A property may be named in the settings by hand."""
DEAL = {"deal_number": "number", "deal_link": "view_url"}
"""Choice -> what a user field of a deal is to hold of its counterpart."""
FOR_APPS = ("files_as_comments", "triggers")
YES, NONE = "yes", "none"
"""The value of a choice that leaves it to the portal, or says that there is no such thing."""
_MOST_USERS = 1000
_HOLDING = ("boolean", "string")
"""The types of a user field that can carry the watched mark."""


class Preset(Struct, frozen=True):
    """A template of requisites. ``country`` is the vendor's own number of it (Germany 46, Poland 110; Romania has none)."""

    id: str
    name: str
    country: str


def choices(system: Bitrix24, settings: Mapping[str, Any]) -> tuple[Choice, ...]:
    """What there is to choose, as it is settled now. Some calls of a moment; raises what reading raises.

    What the login may not read (the users, without their scope) is not asked.
    """
    given = settings.get("presets") or {}
    templates = (Offer(NONE), *(Offer(one.id, one.name) for one in presets(system)))
    fields = user_fields(system)
    found = [
        Choice(name="company_preset", value=str(given.get("company") or NONE), offers=templates),
        Choice(name="person_preset", value=str(given.get("person") or NONE), offers=templates),
        Choice(name="address_type", value=str(settings.get("address_type") or "6"), offers=address_types(system)),
        Choice(name="responsible", value=str(settings.get("responsible") or NONE), offers=(Offer(NONE), *users(system))),
        Choice(name="tax_field", value=str(settings.get("tax_field") or TAX_FIELDS[0]), offers=tuple(map(Offer, TAX_FIELDS))),
        Choice(name="language", value=str(settings.get("language") or "de"), offers=tuple(map(Offer, LANGUAGES))),
        Choice(
            name="tag_field",
            value=str(settings.get("tag_field") or NONE),
            offers=(Offer(NONE), *(Offer(name, name) for name in fields)),
            makes="" if TAG_FIELD in fields else TAG_FIELD,
        ),
        Choice(name="article_field", value=str(settings.get("article_field") or ARTICLE[0]), offers=tuple(map(Offer, ARTICLE))),
    ]
    held, offers = (settings.get("paper_fields") or {}).get("deals", {}), tuple(Offer(name, name) for name in deal_fields(system))
    found += [Choice(name=name, value=str(held.get(field) or NONE), offers=(Offer(NONE), *offers)) for name, field in DEAL.items()]
    if system.client.is_app:
        found += [Choice(name=name, value=str(settings.get(name) or NONE), offers=(Offer(NONE), Offer(YES))) for name in FOR_APPS]
    return tuple(one for one in found if len(one.offers) > 1 or one.makes)


def settled(system: Bitrix24, settings: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """The settings of the connection with these answers, and with the portal's forms of address as they are read now.

    Triggers are registered when they are asked for. Raises what reading raises, and what ``triggers.register`` raises.
    """
    if answers.get("triggers") == YES:
        register(system.client, str(answers.get("language") or settings.get("language") or "de"))
    told = {name: "" if value == NONE else value for name, value in answers.items()}
    given = dict(settings.get("presets") or {})
    for name, form in (("company_preset", "company"), ("person_preset", "person")):
        if name in told:
            given[form] = told.pop(name)
    papers = {resource: dict(names) for resource, names in (settings.get("paper_fields") or {}).items()}
    for name, field in DEAL.items():
        if name in told:
            papers.setdefault("deals", {})[field] = told.pop(name)
    plain = {name: value for name, value in {**settings, **told}.items() if value != "" or name not in told}
    bound = {resource: {field: name for field, name in names.items() if name} for resource, names in papers.items()}
    plain = {name: value for name, value in plain.items() if name != "paper_fields"} | (
        {"paper_fields": bound} if any(bound.values()) else {}
    )
    plain["presets"] = {form: number for form, number in given.items() if number}
    known = honorifics(system)
    return plain | ({"honorifics": dict(known)} if known else {})


def presets(system: Bitrix24) -> tuple[Preset, ...]:
    """The portal's templates of requisites, for a person to choose one for companies and one for people."""
    rows = rows_of(system, Step("presets", "crm.requisite.preset.list", {"order": {"ID": "ASC"}, "filter": {"ACTIVE": "Y"}}))
    return tuple(Preset(text(row, "ID", "preset"), text(row, "NAME", "preset"), text(row, "COUNTRY_ID", "preset")) for row in rows)


def honorifics(system: Bitrix24) -> dict[str, Salutation]:
    """The portal's forms of address as far as their names tell what they mean: the setting ``honorifics``."""
    rows = rows_of(system, Step("honorifics", "crm.status.list", {"filter": {"ENTITY_ID": "HONORIFIC"}, "order": {"SORT": "ASC"}}))
    known: dict[str, Salutation] = {}
    for row in rows:
        word, name = text(row, "STATUS_ID", "honorific"), folded(text(row, "NAME", "honorific"))
        # The list ignores conditions it does not know, so other directories may be in it.
        if row.get("ENTITY_ID") == "HONORIFIC" and word and name in _MR | _MRS:
            known[word] = "mr" if name in _MR else "mrs"
    return known


def address_types(system: Bitrix24) -> tuple[Offer, ...]:
    """The kinds of address, the usual one first."""
    found = {id_of(row, "ID"): text(row, "NAME", "address type") for row in rows_of(system, Step("types", "crm.enum.addresstype"))}
    return tuple(Offer(number, found[number]) for number in sorted(TYPES, key=lambda one: one != "6") if found.get(number))


def users(system: Bitrix24) -> tuple[Offer, ...]:
    """The people of the firm who may be responsible for a customer; none where the login may not see them."""
    found: dict[str, str] = {}
    for start in range(0, _MOST_USERS, MOST):
        step = Step("users", "user.get", {"SORT": "ID", "ORDER": "ASC", "start": start})
        try:
            answers = system.client.read([step])
            rows = nested({"users": result_of(answers, step)}, "users", "user")
        except LoginRefused:
            return ()
        for row in rows:
            # The list does not refuse a condition that it does not know, so who has left is told apart here.
            if row.get("ACTIVE") in (True, "Y", "1") and row.get("USER_TYPE") in (None, "employee"):
                names = (text(row, "NAME", "user"), text(row, "LAST_NAME", "user"))
                found[id_of(row, "ID")] = " ".join(name for name in names if name) or text(row, "EMAIL", "user")
        if not answers.of[step.name].more:
            break
    return tuple(Offer(number, name) for number, name in sorted(found.items(), key=lambda one: folded(one[1])) if number and name)


def user_fields(system: Bitrix24) -> list[str]:
    """The user fields that companies and contacts both have and that can carry a mark."""
    found = []
    for entity in ENTITIES:
        rows = rows_of(system, Step("fields", f"crm.{entity}.userfield.list", {"order": {"ID": "ASC"}}))
        found.append([str(row.get("FIELD_NAME")) for row in rows if row.get("USER_TYPE_ID") in _HOLDING])
    return [name for name in found[0] if name in found[1]]


def deal_fields(system: Bitrix24) -> list[str]:
    """The user fields of deals that can hold a number or an address."""
    rows = rows_of(system, Step("fields", "crm.deal.userfield.list", {"order": {"ID": "ASC"}}))
    return [str(row.get("FIELD_NAME")) for row in rows if row.get("USER_TYPE_ID") in ("string", "url") and row.get("MULTIPLE") != "Y"]


def rows_of(system: Bitrix24, step: Step) -> list[Row]:
    """The rows of a short list."""
    result = result_of(system.client.read([step]), step)
    if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": "result"})
    return result

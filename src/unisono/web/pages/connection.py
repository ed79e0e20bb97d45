"""Settings of one connection: what its own account offers to choose from. What would be made in the account is said before it is made."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from unisono.model.choice import Choice
from unisono.model.errors import SystemFault
from unisono.store.pairs import ConnectionRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.setup import connection_of
from unisono.web.speech import Speech
from unisono.web.visit import Visit
from unisono.wiring.adjusting import NoSuchValue, adjust, adjustable, choices, make_field

doors = Doors()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A choice as people read it: each value with what it says and whether it is the one in force."""

    name: str
    label: str
    why: str
    makes: str
    options: tuple[tuple[str, str, bool], ...]


@doors.page("/setup/connection/{connection_id}", needs="admin")
def connection(visit: Visitor, connection_id: str) -> Response:
    """What there is to choose, read from the account at this moment."""
    return _page(visit, connection_of(visit, connection_id))


@doors.form("/setup/connection/{connection_id}", needs="admin")
def save(visit: Visitor, connection_id: str) -> Response:
    """What was chosen."""
    row = connection_of(visit, connection_id)
    answers = {name.removeprefix("s-"): visit.given(name) for name in visit.form if name.startswith("s-")}
    try:
        adjust(visit.house, row.id, answers, visit.by)
    except NoSuchValue:
        return _page(visit, row, str(visit.speech.words("adjust.gone")), 422)
    except SystemFault as fault:
        return _page(visit, row, _told(visit, row, fault), 502)
    return visit.go(f"/setup?firm={row.firm}", "adjusted")


@doors.form("/setup/connection/{connection_id}/field", needs="admin")
def field(visit: Visitor, connection_id: str) -> Response:
    """What a choice lacks is made in the account, after a yes."""
    row = connection_of(visit, connection_id)
    if visit.given("yes") != "yes":
        return _page(visit, row, str(visit.speech.words("hooks.yes-missing")), 422)
    try:
        make_field(visit.house, row.id, visit.given("name"), visit.by)
    except NoSuchValue:
        return _page(visit, row, str(visit.speech.words("adjust.gone")), 422)
    except SystemFault as fault:
        return _page(visit, row, _told(visit, row, fault), 502)
    return visit.go(f"/setup/connection/{row.id}", "field-made")


def shown(speech: Speech, one: Choice) -> Asked:
    """A choice in the reader's words; values without a name of the account's own have one of ours."""
    options = tuple(
        (offer.value, offer.shown or str(speech.words(f"adjust.{one.name}.{offer.value}")), offer.value == one.value)
        for offer in one.offers
    )
    words = speech.words
    return Asked(name=one.name, label=str(words(f"adjust.{one.name}")), why=str(words(f"adjust-why.{one.name}")), makes=one.makes, options=options)


def _told(visit: Visit, row: ConnectionRow, fault: SystemFault) -> str:
    return visit.speech.tell(fault.code, fault.values, name=visit.house.capabilities(row.system).title)


def _page(visit: Visit, row: ConnectionRow, trouble: str = "", status: int = 200) -> Response:
    if not adjustable(visit.house, row.system):
        return visit.go(f"/setup?firm={row.firm}")
    try:
        found = [shown(visit.speech, one) for one in choices(visit.house, row.id)]
    except SystemFault as fault:
        found, trouble, status = [], trouble or _told(visit, row, fault), 502
    system = visit.house.capabilities(row.system)
    return visit.page("setup/connection.html", status=status, row=row, system=system, asked=found, trouble=trouble)

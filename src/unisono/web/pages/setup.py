"""Set-up: a firm, two tiles with the login of each system, tested on the spot, and the pair between them; it ends with the preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from unisono.model.errors import SystemFault
from unisono.policy.files import BadPolicy
from unisono.store import pairs
from unisono.store.pairs import ConnectionRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.preview import previews
from unisono.web.pages.settings import answers
from unisono.web.settled import asked, trouble, wrong
from unisono.web.visit import NotAllowed, NotFound, Visit
from unisono.wiring.people import firms_of
from unisono.wiring.settings import Wrong
from unisono.wiring.setup import MissingLogin, WrongAccount
from unisono.wiring.starting import (
    COUNTRIES,
    HISTORY,
    NoSuchChoice,
    add_connection,
    first_questions,
    join,
    new_firm,
    pair_between,
    renew_key,
    tiles,
)

doors = Doors()
ENTRIES = (Entry(code="nav.setup", icon="plug", path="/setup", group="house", order=90, needs="admin"),)


@doors.page("/setup", needs="admin")
def setup(visit: Visitor, firm: str = "", crm: str = "", invoicing: str = "") -> Response:
    """Both tiles of a firm; without a firm, the question for one."""
    return _page(visit, firm, {"crm": crm, "invoicing": invoicing})


@doors.form("/setup/firm", needs="admin")
def firm(visit: Visitor) -> Response:
    """A new firm."""
    try:
        return visit.go(f"/setup?firm={added_firm(visit, visit.given('name'), visit.given('country'))}")
    except NoSuchChoice:
        return visit.page("setup/firm.html", status=422, countries=list(COUNTRIES), trouble=visit.speech.words("setup.firm-missing"))


@doors.form("/setup/connect", needs="admin")
def connect(visit: Visitor) -> Response:
    """A login, tested; what is wrong with it stands on its tile."""
    chosen, system = visit.given("firm"), visit.given("system")
    seen(visit, chosen)
    login = _login(visit)
    trouble = _tried(visit, system, lambda: add_connection(visit.house, chosen, system, login))
    if not trouble:
        return visit.go(f"/setup?firm={chosen}")
    kind = visit.house.capabilities(system).kind
    return _page(visit, chosen, {kind: system}, troubles={kind: trouble}, typed=login, status=422)


@doors.form("/setup/key", needs="admin")
def key(visit: Visitor) -> Response:
    """Another key for a connection, tested; what is wrong with it stands on its tile."""
    row = connection_of(visit, visit.given("connection"))
    trouble = _tried(visit, row.system, lambda: renew_key(visit.house, row.id, _login(visit)))
    if not trouble:
        return visit.go(f"/setup?firm={row.firm}", "key-renewed")
    return _page(visit, row.firm, {}, troubles={visit.house.capabilities(row.system).kind: trouble}, status=422)


@doors.form("/setup/pair", needs="admin")
def pair(visit: Visitor) -> Response:
    """The pair between both, and its first preview."""
    along = visit.given("along")
    given = answers(visit) | (dict.fromkeys(HISTORY, along) if along else {})
    try:
        made = joined(visit, visit.given("firm"), visit.given("crm"), visit.given("invoicing"), given)
    except Wrong as error:
        return _page(visit, visit.given("firm"), {}, given=given, found=error.troubles, status=422)
    previews(visit).make(made)
    return visit.go(f"/pairs/{made}/preview")


def added_firm(visit: Visit, name: str, country: str) -> str:
    """A new firm. Raises ``NotAllowed`` for whoever looks after some firms only, ``NoSuchChoice``."""
    if visit.somebody.firms is not None:
        raise NotAllowed
    return new_firm(visit.house, name, country)


def joined(visit: Visit, firm: str, crm: str, invoicing: str, given: Mapping[str, str] | None = None) -> str:
    """The pair between two connections of a firm they see. Raises ``NotFound``, ``Wrong`` for answers that do not fit."""
    seen(visit, firm)
    try:
        return join(visit.house, firm, crm, invoicing, given)
    except NoSuchChoice:
        raise NotFound from None


def seen(visit: Visit, firm: str) -> None:
    """Raises ``NotFound`` for a firm that is not there, or not theirs."""
    if all(one["id"] != firm for one in firms_of(visit.house, visit.somebody)):
        raise NotFound


def connection_of(visit: Visit, connection_id: str) -> ConnectionRow:
    """A connection of a firm they see. Raises ``NotFound``."""
    with visit.house.store.read() as conn:
        row = next((r for r in pairs.connections(conn) if r.id == connection_id), None)
    if row is None:
        raise NotFound
    seen(visit, row.firm)
    return row


def _login(visit: Visit) -> dict[str, str]:
    return {name.removeprefix("login-"): visit.given(name) for name in visit.form if name.startswith("login-")}


def _tried(visit: Visit, system: str, attempt: Callable[[], object]) -> str:
    """Tries a login; why it is not taken, in the reader's words, or nothing. Raises ``NotFound``."""
    words = visit.speech.words
    try:
        attempt()
    except NoSuchChoice:
        raise NotFound from None
    except MissingLogin as missing:
        return str(words("login-field-missing", field=words(f"login.{missing.args[0]}")))
    except WrongAccount as other:
        return str(words("another-account", before=str(other.args[0]), now=str(other.args[1])))
    except SystemFault as fault:
        return visit.speech.tell(fault.code, fault.values, name=visit.house.capabilities(system).title)
    return ""


def _page(
    visit: Visit,
    firm: str,
    chosen: dict[str, str],
    *,
    troubles: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    found: list[BadPolicy] | None = None,
    status: int = 200,
) -> Response:
    firms = firms_of(visit.house, visit.somebody)
    if firm == "new" or not firms:
        if visit.somebody.firms is not None:
            raise NotAllowed
        return visit.page("setup/firm.html", countries=list(COUNTRIES), trouble="")
    current = next((one for one in firms if one["id"] == (firm or firms[0]["id"])), None)
    if current is None:
        raise NotFound
    shown = tiles(visit.house, current["id"], chosen)
    crm, invoicing = (tile.connection for tile in shown)
    values: dict[str, Any] = {
        "firms": firms,
        "firm": current,
        "tiles": shown,
        "troubles": troubles or {},
        "typed": typed or {},
        "made": pair_between(visit.house, crm.id, invoicing.id) if crm and invoicing else None,
        "questions": [],
        "wrong": [],
        "along": (given or {}).get(HISTORY[0], "all"),
    }
    if crm and invoicing and values["made"] is None:
        titles = {"crm": shown[0].chosen.title, "invoicing": shown[1].chosen.title}
        questions = first_questions(visit.house, current["id"], crm.id, invoicing.id, given)
        values["questions"] = asked(visit.speech, questions, titles, wrong(visit.speech, found or [], titles))
        values["wrong"] = [trouble(visit.speech, one, titles) for one in found or []]
    return visit.page("setup/setup.html", status=status, **values)

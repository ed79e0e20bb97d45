"""Set-up: a firm, two tiles with the login of each system, tested on the spot, and the pair between them; it ends with the preview."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
from unisono.wiring.adjusting import adjustable
from unisono.wiring.people import digest, firms_of
from unisono.wiring.settings import Wrong
from unisono.wiring.setup import MissingLogin, NobodyKnown, WrongAccount
from unisono.wiring.setup import connect as connect_now
from unisono.wiring.signing import Aways, Begun, NotOurs, come_back, has_own_page
from unisono.wiring.starting import (
    COUNTRIES,
    HISTORY,
    NoSuchChoice,
    first_questions,
    join,
    new_firm,
    pair_between,
    renew_key,
    settings_of,
    tiles,
)

Done = TypeVar("Done")
doors = Doors()
ASTRAY = "not-ours"
ENTRIES = (Entry(code="nav.setup", icon="plug", path="/setup", group="house", order=90, needs="admin"),)


@doors.page("/setup", needs="admin")
def setup(visit: Visitor, firm: str = "", crm: str = "", invoicing: str = "", way: str = "", why: str = "") -> Response:
    """Both tiles of a firm; without a firm, the question for one."""
    return _page(visit, firm, {"crm": crm, "invoicing": invoicing}, way=way, astray=why == ASTRAY)


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
    chosen, system, way = visit.given("firm"), visit.given("system"), visit.given("way")
    seen(visit, chosen)
    login, private = _login(visit), visit.given("private") == "yes"
    try:
        settings = settings_of(visit.house, system, way, private=private)
    except NoSuchChoice:
        raise NotFound from None
    if has_own_page(visit.house, system, way):
        trouble, begun = _tried(visit, system, lambda: aways(visit).begin(chosen, system, login, settings, going(visit)))
        if begun is not None:
            return _away(visit, begun)
    else:
        trouble, made = _tried(visit, system, lambda: connect_now(visit.house, chosen, system, login, settings))
        if made is not None:
            return _configured(visit, chosen, system, made.id)
    kind = visit.house.capabilities(system).kind
    return _page(visit, chosen, {kind: system}, way=way, troubles={kind: trouble}, typed=login, status=422)


@doors.page("/setup/back", needs="admin")
def back(visit: Visitor, state: str = "", code: str = "") -> Response:
    """Back from a vendor's own page: with a code for keys, or without. Taken up once, and only in the session that went there."""
    try:
        begun = aways(visit).take(state, going(visit))
        seen(visit, begun.firm)
    except (NotOurs, NotFound):
        return visit.go(f"/setup?why={ASTRAY}")
    trouble, made = _tried(visit, begun.system, lambda: come_back(visit.house, begun, code))
    if made is not None:
        if begun.connection:
            return visit.go(f"/setup?firm={begun.firm}", "key-renewed")
        return _configured(visit, begun.firm, begun.system, made.id)
    kind, way = visit.house.capabilities(begun.system).kind, str(begun.settings.get("login") or "")
    typed = {name: value for name, value in begun.login.items() if isinstance(value, str)}
    return _page(visit, begun.firm, {kind: begun.system}, way=way, troubles={kind: trouble}, typed=typed, status=422)


@doors.form("/setup/key", needs="admin")
def key(visit: Visitor) -> Response:
    """Another key for a connection, tested; what is wrong with it stands on its tile. Where only a person can tell whether it opens the same
    account, they are asked."""
    row, unsure = connection_of(visit, visit.given("connection")), False

    def renewed() -> None:
        nonlocal unsure
        try:
            renew_key(visit.house, row.id, _login(visit), sure=visit.given("sure") == "yes")
        except NobodyKnown:
            unsure = True
            raise

    if has_own_page(visit.house, row.system, str(row.settings.get("login") or "")):
        trouble, begun = _tried(visit, row.system, lambda: aways(visit).begin_again(row.id, _login(visit), going(visit)))
        if begun is not None:
            return _away(visit, begun)
    else:
        trouble, _ = _tried(visit, row.system, renewed)
    if not trouble:
        return visit.go(f"/setup?firm={row.firm}", "key-renewed")
    return _page(visit, row.firm, {}, troubles={visit.house.capabilities(row.system).kind: trouble}, unsure=unsure, status=422)


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


def aways(visit: Visit) -> Aways:
    """Who is away at a vendor's page in this process."""
    found: Aways = visit.request.app.state.aways
    return found


def going(visit: Visit) -> str:
    """What ties a way to a vendor's page and back to this session."""
    return digest(visit.secret, "away")


def back_at(visit: Visit) -> str:
    """Our address to which a vendor's page sends the browser back."""
    return f"{visit.site.address}/setup/back"


def _away(visit: Visit, begun: Begun) -> Response:
    """The step between a login that was typed and the vendor's page: what is to be entered there, and the way to it."""
    title = visit.house.capabilities(begun.system).title
    return visit.page("setup/away.html", firm=begun.firm, system=title, address=begun.address, back=back_at(visit))


def _configured(visit: Visit, firm: str, system: str, connection: str) -> Response:
    """After connecting: on to the settings of the connection, where it has some."""
    return visit.go(f"/setup/connection/{connection}" if adjustable(visit.house, system) else f"/setup?firm={firm}")


def _login(visit: Visit) -> dict[str, str]:
    return {name.removeprefix("login-"): visit.given(name) for name in visit.form if name.startswith("login-")}


def _tried(visit: Visit, system: str, attempt: Callable[[], Done]) -> tuple[str, Done | None]:
    """Tries a login; why it is not taken, in the reader's words, or what came of it. Raises ``NotFound``."""
    words = visit.speech.words
    try:
        return "", attempt()
    except NoSuchChoice:
        raise NotFound from None
    except MissingLogin as missing:
        return str(words("login-field-missing", field=words(f"login.{missing.args[0]}"))), None
    except NobodyKnown as nobody:
        return str(words("nobody-known", name=str(nobody.args[0]), system=visit.house.capabilities(system).title)), None
    except WrongAccount as other:
        return str(words("another-account", before=str(other.args[0]), now=str(other.args[1]))), None
    except SystemFault as fault:
        return visit.speech.tell(fault.code, fault.values, name=visit.house.capabilities(system).title), None


def _page(
    visit: Visit,
    firm: str,
    chosen: dict[str, str],
    *,
    way: str = "",
    astray: bool = False,
    troubles: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    found: list[BadPolicy] | None = None,
    unsure: bool = False,
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
    shown = tiles(visit.house, current["id"], chosen, way)
    crm, invoicing = (tile.connection for tile in shown)
    values: dict[str, Any] = {
        "firms": firms,
        "firm": current,
        "tiles": shown,
        "troubles": troubles or {},
        "typed": typed or {},
        "unsure": unsure,
        "astray": astray,
        "back": back_at(visit),
        "adjustable": {tile.kind for tile in shown if tile.connection is not None and adjustable(visit.house, tile.connection.system)},
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

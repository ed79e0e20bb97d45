"""Set-up: firms, connections with their logins tested on the spot, and the pair between two of them."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, SecretStr

from unisono.store import pairs
from unisono.web.api.settings import wrong_out
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.setup import added_firm, aways, connection_of, going, joined, seen
from unisono.web.visit import NotFound
from unisono.wiring.settings import Wrong
from unisono.wiring.setup import MissingLogin, NotTyped, WrongAccount
from unisono.wiring.setup import connect as connect_now
from unisono.wiring.signing import NotOurs, come_back, has_own_page
from unisono.wiring.starting import NoSuchChoice, renew_key, settings_of

doors = Doors("setup")


class FirmIn(BaseModel):
    """A firm: its name, and its country as a code of two letters."""

    name: str
    country: str


class ConnectionIn(BaseModel):
    """A login of a system: its fields by name, as `unisono systems` tells them.

    ``way`` is one of its ways to sign in, where it has several; ``private``: it stands on a host in the own network.
    """

    firm: str
    system: str
    login: dict[str, SecretStr]
    way: str = ""
    private: bool = False


class KeyIn(BaseModel):
    """The secret fields of a login. ``sure``: it is the same account, though none of the linked customers is there any more."""

    login: dict[str, SecretStr]
    sure: bool = False


class BackIn(BaseModel):
    """What a vendor's page sent the browser back with."""

    state: SecretStr
    code: SecretStr


class PairIn(BaseModel):
    """Two connections of a firm, and answers other than the usual ones by entry (`customers.contacts`: `all`)."""

    firm: str
    crm: str
    invoicing: str
    entries: dict[str, str] = {}


class MadeOut(BaseModel):
    """What was made."""

    id: str


class ConnectedOut(BaseModel):
    """A connection that was made; or ``go_to``, the vendor's page on which somebody has to let us in first, within a quarter of an hour.

    From there a browser comes back to the page of set-up with ``state`` and ``code``. Whoever began it by key hands both in at
    `/connections/back`: nobody else's are taken.
    """

    id: str
    go_to: str = ""


class ConnectionOut(BaseModel):
    """A connection, without its key. ``account`` is whose the key is, where the vendor says so."""

    id: str
    firm: str
    system: str
    name: str
    state: str
    account: str


@doors.post("/firms", needs="admin")
def firm(visit: Visitor, what: FirmIn) -> MadeOut:
    """A new firm."""
    try:
        return MadeOut(id=added_firm(visit, what.name, what.country))
    except NoSuchChoice:
        raise HTTPException(422) from None


@doors.get("/connections", needs="view")
def connections(visit: Visitor) -> list[ConnectionOut]:
    """The connections of all firms one looks after."""
    with visit.house.store.read() as conn:
        rows = [row for row in pairs.connections(conn) if visit.sees(row.firm)]
    return [
        ConnectionOut(id=row.id, firm=row.firm, system=row.system, name=row.name, state=row.state, account=row.identity) for row in rows
    ]


@doors.post("/connections", needs="admin")
def connect(visit: Visitor, what: ConnectionIn) -> ConnectedOut:
    """A login is tested on the spot; only one that works is stored, its secret fields encrypted."""
    seen(visit, what.firm)
    login = {name: value.get_secret_value() for name, value in what.login.items()}
    try:
        settings = settings_of(visit.house, what.system, what.way, private=what.private)
        if has_own_page(visit.house, what.system, what.way):
            begun = aways(visit).begin(what.firm, what.system, login, settings, going(visit))
            return ConnectedOut(id="", go_to=begun.address)
        return ConnectedOut(id=connect_now(visit.house, what.firm, what.system, login, settings).id)
    except NoSuchChoice:
        raise NotFound from None
    except MissingLogin:
        raise HTTPException(422) from None


@doors.post("/connections/back", needs="admin")
def back(visit: Visitor, what: BackIn) -> MadeOut:
    """What came back from a vendor's page: keys are fetched for it, tried and stored."""
    try:
        begun = aways(visit).take(what.state.get_secret_value(), going(visit))
    except NotOurs:
        raise NotFound from None
    seen(visit, begun.firm)
    try:
        return MadeOut(id=come_back(visit.house, begun, what.code.get_secret_value()).id)
    except WrongAccount:
        raise HTTPException(409) from None


@doors.put("/connections/{connection_id}/key", needs="admin")
def key(visit: Visitor, connection_id: str, what: KeyIn) -> MadeOut:
    """Another key, tested on the spot; one that opens another company's account is refused."""
    row = connection_of(visit, connection_id)
    try:
        renew_key(visit.house, row.id, {name: value.get_secret_value() for name, value in what.login.items()}, sure=what.sure)
    except (MissingLogin, NotTyped):
        raise HTTPException(422) from None
    except WrongAccount:
        raise HTTPException(409) from None
    return MadeOut(id=row.id)


@doors.post("/pairs", needs="admin", response_model=MadeOut)
def pair(visit: Visitor, what: PairIn) -> Any:
    """The pair between two connections, with the preset of its systems; it only reads until a preview is released."""
    try:
        return MadeOut(id=joined(visit, what.firm, what.crm, what.invoicing, what.entries))
    except Wrong as error:
        return wrong_out(visit, error.troubles, {})

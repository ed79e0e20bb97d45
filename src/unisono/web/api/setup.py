"""Set-up: firms, connections with their logins tested on the spot, and the pair between two of them."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, SecretStr

from unisono.store import pairs
from unisono.web.api.settings import wrong_out
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.setup import added_firm, connection_of, joined, seen
from unisono.web.visit import NotFound
from unisono.wiring.settings import Wrong
from unisono.wiring.setup import MissingLogin, WrongAccount
from unisono.wiring.starting import NoSuchChoice, add_connection, renew_key

doors = Doors("setup")


class FirmIn(BaseModel):
    """A firm: its name, and its country as a code of two letters."""

    name: str
    country: str


class ConnectionIn(BaseModel):
    """A login of a system: its fields by name, as `unisono systems` tells them."""

    firm: str
    system: str
    login: dict[str, SecretStr]


class KeyIn(BaseModel):
    """The secret fields of a login."""

    login: dict[str, SecretStr]


class PairIn(BaseModel):
    """Two connections of a firm, and answers other than the usual ones by entry (`customers.contacts`: `all`)."""

    firm: str
    crm: str
    invoicing: str
    entries: dict[str, str] = {}


class MadeOut(BaseModel):
    """What was made."""

    id: str


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
def connect(visit: Visitor, what: ConnectionIn) -> MadeOut:
    """A login is tested on the spot; only one that works is stored, its secret fields encrypted."""
    seen(visit, what.firm)
    login = {name: value.get_secret_value() for name, value in what.login.items()}
    try:
        return MadeOut(id=add_connection(visit.house, what.firm, what.system, login).id)
    except NoSuchChoice:
        raise NotFound from None
    except MissingLogin:
        raise HTTPException(422) from None


@doors.put("/connections/{connection_id}/key", needs="admin")
def key(visit: Visitor, connection_id: str, what: KeyIn) -> MadeOut:
    """Another key, tested on the spot; one that opens another company's account is refused."""
    row = connection_of(visit, connection_id)
    try:
        renew_key(visit.house, row.id, {name: value.get_secret_value() for name, value in what.login.items()})
    except MissingLogin:
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

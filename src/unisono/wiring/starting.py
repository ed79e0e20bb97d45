"""The first steps of a firm: the firm itself, a login on either side, and the pair between them, with the preset of its two systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from unisono.model.capability import Capabilities, LoginField, signed_in, ways_in
from unisono.policy.files import BadPolicy, parse_policy, policy_text
from unisono.policy.settings import Values, answered, values_of
from unisono.store import pairs, secrets
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.systems.catalogue import all_systems
from unisono.wiring.house import House, add_pair, preset
from unisono.wiring.settings import Question, Wrong, questions
from unisono.wiring.setup import Connection, MissingLogin, connect, replace_key

COUNTRIES = {
    "DE": ("de", "Europe/Berlin"),
    "PL": ("pl", "Europe/Warsaw"),
    "RO": ("ro", "Europe/Bucharest"),
    "AT": ("de", "Europe/Vienna"),
    "CH": ("de", "Europe/Zurich"),
}
"""Where a firm can be: the language of what Unisono writes for it, and its clock."""
KINDS = ("crm", "invoicing")


class NoSuchChoice(ValueError):
    """A country, system or connection that is not among those there are to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One side of a pair to be: the systems there are, the one chosen, and the connection there already is. ``tails`` end its secrets.

    ``way`` is how one signs in, of ``ways`` (none where there is one way only); ``fields`` is what is typed for it.
    """

    kind: str
    systems: tuple[Capabilities, ...]
    chosen: Capabilities
    connection: ConnectionRow | None
    tails: Mapping[str, str]
    ways: tuple[str, ...]
    way: str
    fields: tuple[LoginField, ...]

    @property
    def at_vendor(self) -> bool:
        """Whether signing in begins at the vendor's own page."""
        return any(one.issued for one in signed_in(self.chosen, self.way).login)


FIRST = ("centralstation", "fastbill")


def new_firm(house: House, name: str, country: str) -> str:
    """A firm; its id. Raises ``NoSuchChoice``."""
    if not name.strip() or country not in COUNTRIES:
        raise NoSuchChoice(country)
    language, zone = COUNTRIES[country]
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, name.strip(), country, language, zone, house.clock.now())
    return firm


def tiles(house: House, firm: str, chosen: Mapping[str, str], way: str = "") -> list[Tile]:
    """Both sides as set-up shows them; ``chosen`` names a system by its kind, ``way`` how one would sign in there."""
    with house.store.read() as conn:
        rows = pairs.connections(conn, firm)
        tails = {row.id: secrets.tails(conn, row.id) for row in rows}
    out = []
    for kind in KINDS:
        # The pair that an article describes in full is offered first.
        systems = tuple(sorted((s for s in all_systems() if s.kind == kind and s.implemented), key=lambda s: s.name not in FIRST))
        row = next((r for r in rows if any(s.name == r.system for s in systems)), None)
        name = row.system if row is not None else chosen.get(kind, "")
        system = next((s for s in systems if s.name == name), systems[0])
        ways = ways_in(system)
        wanted = str(row.settings.get("login") or "") if row is not None else way
        taken = wanted if wanted in ways else ways[0] if ways else ""
        fields = tuple(one for one in signed_in(system, taken).login if not one.issued)
        typed = {one.name for one in fields}
        known = {name: tail for name, tail in tails[row.id].items() if name in typed} if row is not None else {}
        out.append(Tile(kind=kind, systems=systems, chosen=system, connection=row, tails=known, ways=ways, way=taken, fields=fields))
    return out


def add_connection(house: House, firm: str, system: str, login: Mapping[str, str]) -> Connection:
    """Tests a login on the spot and stores it. Raises ``NoSuchChoice``, ``MissingLogin``, ``SystemFault``."""
    return connect(house, firm, system, login, settings_of(house, system, ""))


def settings_of(house: House, system: str, way: str, *, private: bool = False) -> dict[str, Any]:
    """The settings that a new connection begins with. ``private``: it stands in the own network. Raises ``NoSuchChoice``."""
    found = next((s for s in all_systems() if s.name == system and s.implemented), None)
    if found is None or (way and way not in ways_in(found)):
        raise NoSuchChoice(way or system)
    return dict(house.sandboxes.get(system, {})) | ({"login": way} if way else {}) | ({"private": True} if private else {})


def renew_key(house: House, connection_id: str, login: Mapping[str, str], *, sure: bool = False) -> None:
    """A new key for a connection, tested on the spot; ``sure`` as in ``replace_key``. Raises ``NoSuchChoice``, ``MissingLogin``,
    ``SystemFault``, ``WrongAccount``, ``NobodyKnown``."""
    with house.store.read() as conn:
        row = next((r for r in pairs.connections(conn) if r.id == connection_id), None)
    if row is None:
        raise NoSuchChoice(connection_id)
    way = str(row.settings.get("login") or "")
    secret = [field.name for field in signed_in(house.capabilities(row.system), way).login if field.secret and not field.issued]
    given = {name: value for name in secret if (value := login.get(name, "").strip())}
    if not given:
        raise MissingLogin(secret[0])
    replace_key(house, connection_id, given, sure=sure)


def join(house: House, firm: str, crm: str, invoicing: str, given: Values | None = None) -> str:
    """The pair between two connections of a firm, made if it is not there; its id. ``given`` are answers other than the preset's.

    Raises ``NoSuchChoice``, ``Wrong`` for answers that do not fit.
    """
    a, b = (house.capabilities(row.system) for row in _couple(house, firm, crm, invoicing))
    found = pair_between(house, crm, invoicing)
    if found is not None:
        return found.id
    body = preset(a.name, b.name)
    if given:
        policy, wrong = answered(body, given)
        if policy is None:
            raise Wrong(wrong)
        body = policy_text(policy) if policy != parse_policy(body) else body
    try:
        return add_pair(house, firm, f"{a.title} - {b.title}", crm, invoicing, body)
    except BadPolicy as bad:
        raise Wrong([bad]) from bad


ASKED_FIRST = (
    "customers.direction",
    "customers.from_crm.when",
    "customers.from_crm.tag",
    "customers.from_invoicing.when",
    "customers.contacts",
    "customers.wins",
    "quotes.vat_rate",
    "documents.kinds",
    "customers.deletion.in_crm",
    "customers.deletion.in_invoicing",
    "language",
)
"""What is shown at set-up; the rest can wait for the page of settings."""
HISTORY = ("customers.from_crm.history", "customers.from_invoicing.history", "documents.history")
"""What set-up asks as one: whether what is there already is taken along."""


def first_questions(house: House, firm: str, crm: str, invoicing: str, given: Values | None = None) -> list[Question]:
    """What is asked before a pair is made, as the preset answers it, or as ``given``. Raises ``NoSuchChoice``."""
    a, b = (house.system(row).capabilities for row in _couple(house, firm, crm, invoicing))
    values = values_of(parse_policy(preset(a.name, b.name))) | dict(given or {})
    asked = {one.setting.entry: one for one in questions(a, b, values)}
    return [asked[entry] for entry in ASKED_FIRST]


def _couple(house: House, firm: str, crm: str, invoicing: str) -> tuple[ConnectionRow, ConnectionRow]:
    """A CRM and an invoicing system of a firm. Raises ``NoSuchChoice``."""
    with house.store.read() as conn:
        rows = {row.id: row for row in pairs.connections(conn, firm)}
    if crm not in rows or invoicing not in rows:
        raise NoSuchChoice(crm)
    if tuple(house.capabilities(rows[c].system).kind for c in (crm, invoicing)) != KINDS:
        raise NoSuchChoice(crm)
    return rows[crm], rows[invoicing]


def pair_between(house: House, crm: str, invoicing: str) -> PairRow | None:
    """The pair of two connections, if there is one that was not put to rest."""
    with house.store.read() as conn:
        return next((p for p in pairs.pairs_on(conn, crm) if p.b == invoicing and p.state != "removed"), None)

"""The first steps of a firm: the firm itself, a login on either side, and the pair between them, with the preset of its two systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unisono.model.capability import Capabilities
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
    """One side of a pair to be: the systems there are, the one chosen, and the connection there already is. ``tails`` end its secrets."""

    kind: str
    systems: tuple[Capabilities, ...]
    chosen: Capabilities
    connection: ConnectionRow | None
    tails: Mapping[str, str]


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


def tiles(house: House, firm: str, chosen: Mapping[str, str]) -> list[Tile]:
    """Both sides as set-up shows them; ``chosen`` names a system by its kind."""
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
        out.append(Tile(kind=kind, systems=systems, chosen=system, connection=row, tails=tails[row.id] if row is not None else {}))
    return out


def add_connection(house: House, firm: str, system: str, login: Mapping[str, str]) -> Connection:
    """Tests a login on the spot and stores it. Raises ``NoSuchChoice``, ``MissingLogin``, ``SystemFault``."""
    if not any(s.name == system and s.implemented for s in all_systems()):
        raise NoSuchChoice(system)
    return connect(house, firm, system, login, dict(house.sandboxes.get(system, {})))


def renew_key(house: House, connection_id: str, login: Mapping[str, str]) -> None:
    """A new key for a connection, tested on the spot. Raises ``NoSuchChoice``, ``MissingLogin``, ``SystemFault``, ``WrongAccount``."""
    with house.store.read() as conn:
        row = next((r for r in pairs.connections(conn) if r.id == connection_id), None)
    if row is None:
        raise NoSuchChoice(connection_id)
    secret = [field.name for field in house.capabilities(row.system).login if field.secret]
    given = {name: value for name in secret if (value := login.get(name, "").strip())}
    if not given:
        raise MissingLogin(secret[0])
    replace_key(house, connection_id, given)


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

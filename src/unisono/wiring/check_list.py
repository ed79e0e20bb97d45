"""A list of customers that somebody brings: which of them does each side know? Looked up as the pair itself would; nothing is kept or written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

from msgspec.structs import replace

from unisono.locale.format import country_code
from unisono.model.party import Flat, party_of
from unisono.model.record import MatchKeys, Record, flat_of, label_of, match_keys
from unisono.model.text import folded
from unisono.plan.match import Match, find_match
from unisono.plan.situation import Candidate, Seen
from unisono.policy.files import parse_policy
from unisono.policy.schema import Matching
from unisono.store import links, pairs, seen
from unisono.wiring.house import House
from unisono.wiring.spreadsheet import BadSheet, rows_of

Told = TypeVar("Told")
State = Literal["known", "missing", "doubtful"]
LOOKED_FOR_HEADINGS = 20
"""Rows among which the headings are looked for: above them may be a title."""
HEADINGS: Mapping[str, str] = {
    "name": "name|firma|firmenname|kunde|kundenname|unternehmen|firma name|name firma|company|company name|organisation|organization|"
    "customer|customer name|client|nazwa|nazwa firmy|klient|kontrahent|nabywca|nume|denumire|denumire firma|companie|societate|nume firma|"
    "nume client|nachname|last name|surname|nazwisko|nume de familie",
    "first_name": "vorname|first name|firstname|given name|imie|prenume",
    "tax_id": "ust idnr|ust id|ust id nr|ustid|ustidnr|umsatzsteuer id|umsatzsteuer identifikationsnummer|steuernummer|vat|vat id|vat no|"
    "vat number|tax id|tax number|nip|numer nip|nip ue|cui|cif|cod fiscal|cod tva|cod de inregistrare fiscala",
    "number": "kundennummer|kunden nr|kundennr|kdnr|kd nr|debitorennummer|customer number|customer no|customer id|client number|"
    "numer klienta|nr klienta|kod klienta|cod client|numar client|nr client",
    "email": "e mail|email|mail|e mail adresse|email adresse|email address|e mail address|adres e mail|adres email|adresa e mail|adresa de e mail|"
    "adresa email",
    "address.line1": "strasse|str|strasse hausnummer|strasse und hausnummer|strasse nr|adresse|anschrift|street|street address|address|"
    "address 1|address line 1|ulica|adres|ulica i numer|strada|adresa|strada si numarul",
    "address.postcode": "plz|postleitzahl|postcode|post code|zip|zip code|postal code|kod pocztowy|kod|cod postal",
    "address.city": "ort|stadt|city|town|miasto|miejscowosc|oras|localitate|orasul",
    "address.country": "land|staat|country|kraj|panstwo|tara",
}
"""Our field -> what its column may be called, folded, in four languages."""
_FIELD_OF = {heading: name for name, headings in HEADINGS.items() for heading in headings.split("|")}
_TELLING = ("name", "tax_id", "number", "email")
_KEYS = ("tax_id", "number", "email", "name")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: its heading, and our field; empty where nobody knows what it holds."""

    heading: str
    field: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a side knows a customer. ``label`` and ``key`` are of the record meant, ``rule`` by what it was recognised."""

    state: State
    label: str = ""
    key: str = ""
    rule: str = ""
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """One customer of the list. ``row`` is its number in the sheet's own order, the headings left out."""

    row: int
    label: str
    values: Flat
    crm: Verdict
    invoicing: Verdict


@dataclass(frozen=True, slots=True)
class CheckedList:
    """The whole list. ``empty`` rows had nothing by which anybody could be recognised."""

    columns: tuple[Column, ...]
    rows: tuple[Checked, ...]
    empty: int

    def count(self, side: Literal["crm", "invoicing"], state: State) -> int:
        """How many customers stand so on a side."""
        return sum(1 for row in self.rows if getattr(row, side).state == state)


def check_list(house: House, pair_id: str, data: bytes) -> CheckedList:
    """Looks every customer of an ``.xlsx`` file up on both sides. Raises ``BadSheet``; ``KeyError`` for a pair that is not there."""
    columns, rows = columns_of(rows_of(data))
    records = [_record(number, flat) for number, flat in enumerate(rows, 1)]
    with house.store.read() as conn:
        pair = pairs.get_pair(conn, pair_id)
        home = next((firm["country"] for firm in pairs.firms(conn) if firm["id"] == pair.firm), "")
    asked = [(record, _keys(record, home)) for record in records if record is not None]
    asked = [(record, keys) for record, keys in asked if any(getattr(keys, name) for name in _KEYS)]
    matching = parse_policy(pair.policy).matching
    told = {}
    for side, connection in (("a", pair.a), ("b", pair.b)):
        with house.store.read() as conn:
            found = seen.alike(conn, connection, "party", [keys for _, keys in asked])
            linked = links.links_of(conn, pair_id, "party", side, [one.record.key for one in found])  # type: ignore[arg-type]
        told[side] = _looked_up(asked, found, {key for key, link in linked.items() if link.state == "linked"}, matching)
    checked = tuple(
        Checked(int(record.key), label_of(record), rows[int(record.key) - 1], a, b)
        for (record, _), a, b in zip(asked, told["a"], told["b"], strict=True)
    )
    return CheckedList(columns, checked, len(rows) - len(checked))


def columns_of(rows: Sequence[Sequence[str]]) -> tuple[tuple[Column, ...], list[Flat]]:
    """The headings, and each row below them as our fields. Raises ``BadSheet`` where no heading tells whom the list is about."""
    best = max(range(min(len(rows), LOOKED_FOR_HEADINGS)), key=lambda at: (len(_fields(rows[at])), -at), default=None)
    fields = _fields(rows[best]) if best is not None else {}
    if best is None or not any(name in _TELLING for name in fields.values()):
        raise BadSheet("sheet-no-headings")
    columns = tuple(Column(heading, fields.get(at, "")) for at, heading in enumerate(rows[best]) if heading)
    out = []
    for row in rows[best + 1 :]:
        flat = {name: row[at] for at, name in fields.items() if at < len(row) and row[at]}
        if "address.country" in flat:
            flat["address.country"] = _country(flat["address.country"])
        out.append(flat)
    return columns, out


@lru_cache(maxsize=500)
def _country(name: str) -> str:
    return country_code(name)


def _fields(headings: Sequence[str]) -> dict[int, str]:
    """Column -> field, each field once: the first column that is called so."""
    out: dict[int, str] = {}
    for at, heading in enumerate(headings):
        name = _FIELD_OF.get(folded(heading), "")
        if name and name not in out.values():
            out[at] = name
    return out


def _record(number: int, flat: Flat) -> Record | None:
    if not flat:
        return None
    # A list says nothing of kinds; what has a first name is a person.
    kind = "person" if flat.get("first_name") else "company"
    return Record(kind="party", key=str(number), body=party_of(flat | {"type": kind}), resource="", resource_key=str(number))


def _keys(record: Record, home: str) -> MatchKeys:
    """What it can be recognised by. Lists leave the country away where it is their own: a tax id without prefix is one of there."""
    flat = flat_of(record.body)
    if flat.get("address.country"):
        return match_keys(record)
    return match_keys(replace(record, body=party_of(flat | {"address.country": home})))


def _looked_up(asked: Sequence[tuple[Record, MatchKeys]], found: Sequence[Seen], linked: set[str], matching: Matching) -> list[Verdict]:
    there = _index((one, one.keys) for one in found if not one.gone)
    peers = _index((keys, keys) for _, keys in asked)
    out = []
    for record, keys in asked:
        candidates = list({id(one): one for name in _KEYS for one in there[name].get(getattr(keys, name), ())}.values())
        beside = tuple({id(one): one for name in _KEYS for one in peers[name].get(getattr(keys, name), ()) if one is not keys}.values())
        out.append(_verdict(record, keys, candidates, beside, linked, matching))
    return out


def _index(pairs_: Iterable[tuple[Told, MatchKeys]]) -> dict[str, dict[str, list[Told]]]:
    out: dict[str, dict[str, list[Told]]] = {name: defaultdict(list) for name in _KEYS}
    for told, keys in pairs_:
        for name in _KEYS:
            if value := getattr(keys, name):
                out[name][value].append(told)
    return out


def _verdict(
    record: Record, keys: MatchKeys, candidates: Sequence[Seen], beside: tuple[MatchKeys, ...], linked: set[str], matching: Matching
) -> Verdict:
    if not candidates:
        return Verdict("missing")
    me = Seen(record, 0, candidates[0].first_at, keys=keys)
    # Who is somebody's counterpart already is known all the better.
    free = tuple(Candidate(one) for one in sorted(candidates, key=lambda one: one.record.key))
    found = find_match(me, free, matching, {}, beside)
    if found.sure is None and getattr(record.body, "type", "") == "company":
        person = replace(me, record=replace(record, body=party_of(flat_of(record.body) | {"type": "person"})))
        other = find_match(person, free, matching, {}, beside)
        found = other if other.sure is not None else Match(doubtful=(*found.doubtful, *other.doubtful))
    hit = found.sure or next(iter(found.doubtful), None)
    if hit is not None:
        they = hit.candidate.seen.record
        return Verdict("known" if found.sure else "doubtful", label_of(they), they.key, str(hit.rule), they.key in linked)
    first = free[0].seen
    rule = "name" if keys.name and first.keys.name == keys.name else "email" if keys.email and first.keys.email == keys.email else ""
    return Verdict("doubtful", label_of(first.record), first.record.key, rule, first.record.key in linked) if rule else Verdict("missing")

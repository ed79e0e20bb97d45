"""Fix on the spot: which fields of a record that does not go across a person may correct, where that is written, and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unisono.engine.answering import correct
from unisono.engine.gather import canonical, gather
from unisono.engine.hands import Pairing
from unisono.locale.format import country_code
from unisono.model.party import Flat
from unisono.model.record import Kind, Side, flat_of, other
from unisono.model.valid import entered
from unisono.plan.actions import Report
from unisono.plan.corrections import Correction, faults_of, place_of, shortest, standing
from unisono.plan.situation import Situation, Subject, subject_of
from unisono.store import asking, pairs
from unisono.store.asking import Problem
from unisono.wiring.deciding import all_problems, chosen_problems
from unisono.wiring.house import House

SHARED = ("address.country", "address.region", "address.city", "address.postcode", "salutation", "title", "position")
"""Fields that several records may well have in common, so that one entry may be given for all of them."""


@dataclass(frozen=True, slots=True)
class Blank:
    """One field to be corrected: what it holds now, and the words to choose among where there are only a few."""

    name: str
    value: str
    length: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mendable:
    """A problem that a person can mend here: on which side it is written, and the fields. ``pending``: what is about to be written already."""

    side: Side
    kind: Kind
    key: str
    subject: Subject
    now: Flat
    blanks: tuple[Blank, ...]
    pending: Flat
    there: str = ""
    """The key of its counterpart, if it has one."""


@dataclass(slots=True)
class Corrected:
    """What came of some entries: the problems that are being mended, and by problem and field what is wrong with the others."""

    done: list[str] = field(default_factory=list)
    wrong: dict[str, dict[str, Report]] = field(default_factory=dict)


def mendable(house: House, pair_id: str, problems: Sequence[Problem]) -> dict[str, Mendable]:
    """Of some problems, by id, those whose fields can be corrected. None while the pair does not write."""
    pairing = house.pairing(pair_id)
    wanted = [one for one in problems if one.kind in ("party", "contact") and one.key.count(":") >= 2 and fields_of(one)]
    if pairing.state != "released" or not wanted:
        return {}
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        if any(pairs.get_connection(conn, connection).state != "ok" for connection in (row.a, row.b)):
            return {}
        under = canonical(conn, pairing, list({subject_of(one.key) for one in wanted}))
        subjects = sorted(set(under.values()))
        situations = dict(zip(subjects, gather(conn, pairing, subjects), strict=True))
    found = {one.id: _mendable(one, situations[under[subject_of(one.key)]], pairing) for one in wanted}
    return {problem: one for problem, one in found.items() if one is not None}


def fields_of(problem: Problem) -> tuple[str, ...]:
    """The fields a problem names."""
    named = problem.values.get("fields", "") or problem.field
    return tuple(name.strip() for name in named.split(",") if name.strip())


def _mendable(problem: Problem, s: Situation, pairing: Pairing) -> Mendable | None:
    names = fields_of(problem)
    side = place_of(s, pairing.rules, names)
    mine = s.seen(side) if side is not None else None
    if side is None or mine is None:
        return None
    now, key = flat_of(mine.record.body), mine.record.key
    there = s.link.key(other(side)) if s.link is not None else ""
    here, far = (pairing.rules.capabilities(one).fields(s.subject.kind, of) for one, of in ((side, key), (other(side), there)))
    blanks = []
    for name in names:
        if name in here and here[name].on_change:
            limits = [limit for limit in (here[name], far.get(name)) if limit is not None]
            blanks.append(Blank(name, now.get(name, ""), shortest(limits, now.get("type", "company")), here[name].values))
    pending: Flat = {}
    for one in standing(s.answers):
        pending |= one.changes
    return Mendable(side=side, kind=s.subject.kind, key=key, subject=s.subject, now=now, blanks=tuple(blanks), pending=pending, there=there)


def correct_problems(house: House, pair_id: str, entries: Mapping[str, Mapping[str, str]], by: str) -> Corrected:
    """A person's values for some problems, by id and field. What fits is written at the next turn, in the system the record comes from, and
    after it the record goes across. Raises ``NoSuchProblem``.

    Nothing happens about fields without an entry, or with the value they have already.
    """
    chosen = chosen_problems(house, pair_id, list(entries))
    return _corrected(house, pair_id, chosen, entries, by)


def correct_group(house: House, pair_id: str, group: str, values: Mapping[str, str], by: str) -> Corrected:
    """The same values for all problems of a group, those of ``SHARED`` only. Raises ``NoSuchProblem``."""
    chosen = all_problems(house, pair_id, group)
    shared = {name: value for name, value in values.items() if name in SHARED}
    return _corrected(house, pair_id, chosen, {one.id: shared for one in chosen}, by)


def _corrected(house: House, pair_id: str, chosen: Sequence[Problem], entries: Mapping[str, Mapping[str, str]], by: str) -> Corrected:
    out = Corrected()
    pairing, hands = house.pairing(pair_id), house.hands()
    places = mendable(house, pair_id, chosen)
    for problem in chosen:
        place = places.get(problem.id)
        given = {name: tidy for name, text in entries[problem.id].items() if (tidy := _entered(name, text))}
        given = {name: value for name, value in given.items() if place is not None and place.now.get(name, "") != value}
        if place is None or not given:
            continue
        known = {blank.name for blank in place.blanks}
        wrong = {name: Report(code="not-valid", field=name, values={"value": given[name][:80]}) for name in given if name not in known}
        wrong |= faults_of(
            {n: v for n, v in given.items() if n in known}, place.now, place.kind, place.side, pairing.rules, (place.key, place.there)
        )
        if wrong:
            out.wrong[problem.id] = wrong
            continue
        before = {name: place.now.get(name, "") for name in given}
        what = Correction(side=place.side, kind=place.kind, key=place.key, changes=given, before=before, by=by)
        correct(pairing, hands, str(place.subject), problem.label, what)
        out.done.append(problem.id)
    return out


def _entered(name: str, text: str) -> str:
    """What was typed, as it is kept; a country may be called by its name."""
    return entered(name, country_code(text) if name == "address.country" else text)


def pending_of(house: House, pair_id: str, key: str) -> list[Correction]:
    """What is about to be corrected in a record."""
    with house.store.read() as conn:
        return standing(asking.answers_for(conn, pair_id, [key]).get(key, {}))

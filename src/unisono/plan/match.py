"""Who might be who. A single exact hit by an accepted rule links; everything else is a question, never a guess."""

from __future__ import annotations

from typing import Literal, cast

from msgspec import Struct

from unisono.model.party import Flat, Party
from unisono.model.record import MatchKeys, flat_of
from unisono.plan.situation import Candidate, Seen
from unisono.policy.schema import Matching, MatchRule

Again = Literal["as-made", "name", "email"]
"""How a restored pair finds again what it may have made itself: every value as it would write it, or merely the name or the e-mail."""
_TELLS_NOBODY = ("type", "name", "first_name", "salutation", "title", "address.country")


class Hit(Struct, frozen=True):
    """One candidate and the strongest rule by which it matches."""

    candidate: Candidate
    rule: MatchRule | Again


class Match(Struct, frozen=True):
    """``sure`` is the counterpart beyond doubt; ``doubtful`` are those a person must look at, strongest first. Neither: nobody alike."""

    sure: Hit | None = None
    doubtful: tuple[Hit, ...] = ()


def find_match(
    me: Seen, candidates: tuple[Candidate, ...], matching: Matching, answers: dict[str, str], peers: tuple[MatchKeys, ...] = ()
) -> Match:
    """The counterpart of a party among candidates of the other side.

    Rules are tried in their order. A single free hit by an accepted rule is sure; several hits, a hit that is somebody's counterpart
    already, a hit that one of ``peers`` (records of my own side) has as well, or a hit by a rule that is only looked at, are doubtful.
    ``answers``: candidate key -> ``same`` or ``different``.
    """
    open_ = [c for c in candidates if answers.get(c.seen.record.key) != "different" and not c.seen.gone and _same_type(me, c.seen)]
    for candidate in sorted(open_, key=lambda c: c.seen.record.key):
        if answers.get(candidate.seen.record.key) == "same" and not candidate.linked:
            return Match(sure=Hit(candidate, "reference"))
    if not open_:
        return Match()
    doubtful: dict[str, Hit] = {}
    for rule in matching.look:
        hits = [Hit(c, rule) for c in open_ if _hit(rule, me.keys, c.seen.keys)]
        alone = len(hits) == 1 and not doubtful and (rule == "reference" or not any(_hit(rule, me.keys, peer) for peer in peers))
        if rule in matching.accept and alone and not hits[0].candidate.linked and not _contradicts(me, hits[0]):
            return Match(sure=hits[0])
        for hit in hits:
            doubtful.setdefault(hit.candidate.seen.record.key, hit)
    strongest = sorted(doubtful.values(), key=lambda hit: (matching.look.index(hit.rule), hit.candidate.seen.record.key))
    return Match(doubtful=tuple(strongest))


def find_again(me: Seen, candidates: tuple[Candidate, ...], wanted: Flat, answers: dict[str, str], found: Match) -> Match:
    """For a pair that does not know what it made since its backup: a single record that holds every value it would write now is its own.

    One that has only the name or the e-mail in common is a question, where an ordinary pair would not even ask. ``found`` is what the
    ordinary rules say.
    """
    if found.sure is not None:
        return found
    free = [
        c for c in candidates if not (c.linked or c.seen.gone) and answers.get(c.seen.record.key) != "different" and _same_type(me, c.seen)
    ]
    told = {name: value for name, value in wanted.items() if value}
    if any(name not in _TELLS_NOBODY for name in told):
        exact = [c for c in free if all(flat_of(c.seen.record.body).get(name, "") == value for name, value in told.items())]
        if len(exact) == 1:
            return Match(sure=Hit(exact[0], "as-made"))
    asked = [Hit(c, cast("MatchRule | Again", c.asked)) for c in free if c.asked]
    if asked:
        # It stays asked about, whatever was edited since and whoever else is alike by now.
        first = {hit.candidate.seen.record.key for hit in asked}
        return Match(doubtful=(*asked, *(hit for hit in found.doubtful if hit.candidate.seen.record.key not in first)))
    if found.doubtful:
        return found
    named = [Hit(c, "name") for c in free if me.keys.name and c.seen.keys.name == me.keys.name]
    mailed = [Hit(c, "email") for c in free if me.keys.email and c.seen.keys.email == me.keys.email]
    return Match(doubtful=tuple(sorted([*named, *mailed], key=lambda hit: (hit.rule != "name", hit.candidate.seen.record.key))))


def _hit(rule: MatchRule, mine: MatchKeys, theirs: MatchKeys) -> bool:
    if rule == "reference":
        return bool(mine.reference) and mine.reference == theirs.reference
    if rule == "tax_id":
        return bool(mine.tax_id) and mine.tax_id == theirs.tax_id
    if rule == "number":
        return bool(mine.number) and mine.number == theirs.number
    if rule == "email_name":
        return bool(mine.email and mine.name) and (mine.email, mine.name) == (theirs.email, theirs.name)
    return bool(mine.name and mine.postcode) and (mine.name, mine.postcode) == (theirs.name, theirs.postcode)


def _contradicts(me: Seen, hit: Hit) -> bool:
    """Two branches share a tax id; a re-used customer number belongs to somebody else: an equal number does not outweigh another tax id."""
    mine, theirs = me.keys, hit.candidate.seen.keys
    if hit.rule == "reference":
        return False
    if hit.rule == "number":
        return bool(mine.tax_id and theirs.tax_id and mine.tax_id != theirs.tax_id) or mine.name != theirs.name
    return bool(mine.postcode and theirs.postcode and mine.postcode != theirs.postcode and mine.name == theirs.name)


def _same_type(me: Seen, other: Seen) -> bool:
    a, b = me.record.body, other.record.body
    return not (isinstance(a, Party) and isinstance(b, Party)) or a.type == b.type

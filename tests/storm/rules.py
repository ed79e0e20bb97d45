"""The rule page, customers and contacts: in plain rules, what a plan must decide about each record and each field (``page`` joins all of it).

Written from what the product promises, not from how it decides: its only words in common with the planner are the values it is asked with.
A word says what is done about a record; ``fates`` say it field by field; ``keys`` which record it is about.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from tests.storm.levels.cases import flat_of_seen
from unisono.model.capability import FieldLimit
from unisono.model.party import Flat, Party
from unisono.model.phone import normal_phone
from unisono.model.record import MatchKeys, Side, other
from unisono.model.taxid import normal_tax_id
from unisono.model.text import folded
from unisono.plan.situation import Candidate, Link, Rules, Seen, Situation

NOTHING, WAIT, ASK, REFUSE = "nothing", "wait", "ask", "refuse"


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the page says. ``fates``: field -> ``agree``, ``to-a``, ``to-b``, ``ask``, ``refuse``; a field that is left alone is not named."""

    word: str
    keys: tuple[str, ...] = ()
    fates: dict[str, str] = field(default_factory=dict)


LEAVE = Ruled(NOTHING)


# --- fields of two linked records -------------------------------------------------------------------------------------------------------


def linked(s: Situation, link: Link, rules: Rules) -> Ruled:
    """A customer or contact with a counterpart: its end first, then its fields."""
    if s.a is None or s.b is None:
        return LEAVE
    if link.state == "severed":
        return Ruled("mark") if link.why == "to-mark" and s.a.gone != s.b.gone else LEAVE
    if s.a.gone or s.b.gone:
        return vanished(s, link, rules)
    if s.a.missing or s.b.missing:
        return Ruled(WAIT)
    if s.moved:
        return elsewhere(s, link, rules)
    return Ruled("fields", (), fields(s, link, rules))


def elsewhere(s: Situation, link: Link, rules: Rules) -> Ruled:
    """A contact whose person belongs to another company now: a person decides, and until then nothing is carried over. It stays, unlinked,
    or its person is joined or made anew at the new company's customer, and the link goes there."""
    assert s.a is not None
    said = s.answers.get(f"contact-moved|{s.a.record.owner}|{link.b_key}", "")
    if said == "leave":
        return Ruled("unlink")
    if said != "follow":
        return Ruled(ASK)
    there = unlinked(replace(s, link=None, b=None, moved=False), rules)
    return dataclasses.replace(there, word={"create": "move+create", "join": "move"}.get(there.word, there.word))


def fields(s: Situation, link: Link, rules: Rules) -> dict[str, str]:
    """What becomes of each field that both systems hold of these two records. What they are (company, person) never moves."""
    assert s.a is not None
    assert s.b is not None
    a, b = flat_of_seen(s.a), flat_of_seen(s.b)
    held_a, held_b = rules.a.fields(link.kind, link.a_key), rules.b.fields(link.kind, link.b_key)
    country = a.get("address.country") or b.get("address.country") or rules.policy.customers.country
    fates: dict[str, str] = {}
    for name in set(held_a) & set(held_b) - {"type"}:
        fate = field_fate(name, a.get(name, ""), b.get(name, ""), link, s, rules, country)
        if fate in ("to-a", "to-b"):
            to: Side = "a" if fate == "to-a" else "b"
            value, there = (b, a) if to == "a" else (a, b)
            fate = crossing(name, value.get(name, ""), to, there, rules.capabilities(to).fields(link.kind)[name], rules)
        if fate:
            fates[name] = fate
    return fates


def field_fate(name: str, a: str, b: str, link: Link, s: Situation, rules: Rules, country: str) -> str:
    """Which value counts. Never in step: what was edited since it was sent goes there, an empty side is filled, two different values are
    asked about. Later: who changed it alone is followed; if both did, the person's answer decides, else the firm's rule for the field, else
    its rule for all, else a person."""
    known = name in link.agreed_a and name in link.agreed_b
    moved_a, moved_b = known and a != link.agreed_a[name], known and b != link.agreed_b[name]
    if known and not (moved_a or moved_b):
        return ""
    if mean_the_same(name, a, b, country):
        return "agree"
    if s.unsure and moved_a == moved_b and "".join(a.split()).casefold() == "".join(b.split()).casefold() != "":
        # A restored pair does not know what it wrote since: that is its own, as the other vendor spells it.
        return "agree"
    if known and not (moved_a and moved_b):
        return "to-b" if moved_a else "to-a"
    if not known and (edited := edited_since_sent(a, b, link.agreed_a.get(name), link.agreed_b.get(name))):
        return edited
    if not known and not (a and b):
        return "to-b" if a else "to-a"
    rule = rules.policy.customers.fields.get(name)
    firm = (rule.wins if rule is not None else None) or rules.policy.customers.wins
    winner = s.answers.get(f"conflict|{name}={a}|{b}") or (firm if known else "ask")
    return {"crm": "to-b", "invoicing": "to-a"}.get(winner, "ask")


def edited_since_sent(a: str, b: str, sent_a: str | None, sent_b: str | None) -> str:
    """A new record that nobody could read since: only what was sent is known. Where it stands there as it was sent, and here otherwise, it was
    edited here, and the edit goes there."""
    if sent_a is not None and a != sent_a and as_sent(b, sent_a):
        return "to-b"
    return "to-a" if sent_b is not None and b != sent_b and as_sent(a, sent_b) else ""


def as_sent(shown: str, sent: str) -> bool:
    """Whether a value is what was sent, as vendors show it: in other case, without blanks and marks, or cut short."""
    letters = ["".join(c for c in text.casefold() if c.isalnum()) for text in (shown, sent)]
    return shown == sent or (letters[0] != "" and letters[1].startswith(letters[0]))


def mean_the_same(name: str, a: str, b: str, country: str) -> bool:
    """Equal text; or one telephone number, one tax id, one e-mail address, spelled in two ways."""
    if a == b:
        return True
    if not (a and b):
        return False
    if name == "email":
        return a.casefold() == b.casefold()
    one_spelling: dict[str, Callable[[str, str], str]] = {
        "phone": normal_phone,
        "mobile": normal_phone,
        "fax": normal_phone,
        "tax_id": normal_tax_id,
    }
    spelled = one_spelling.get(name)
    return spelled is not None and spelled(a, country) != "" and spelled(a, country) == spelled(b, country)


def may_cross(name: str, to: Side, rules: Rules) -> bool:
    """A field crosses if both the firm's direction for all and the one for this field let it."""
    own = rules.policy.customers.fields.get(name)
    directions = [rules.policy.customers.direction, (own.direction if own is not None else None) or "both"]
    return all(direction in ("both", "to-crm" if to == "a" else "to-invoicing") for direction in directions)


def crossing(name: str, value: str, to: Side, there: Flat, limit: FieldLimit, rules: Rules) -> str:
    """Whether a value that counts may go, may not (nothing is done), or cannot (it is told)."""
    if not may_cross(name, to, rules) or not limit.on_change:
        return ""
    if _longest(limit, there.get("type", "company")) < len(value) or (value and limit.values and value not in limit.values):
        return "refuse"
    if not value and limit.required in ("yes", there.get("type", "company")):
        return "refuse"
    if not value and not limit.can_clear and "clear-field" not in rules.policy.try_unverified:
        return "refuse"
    return f"to-{to}"


def _longest(limit: FieldLimit, form: str) -> float:
    """How many characters a field has room for; a person's name may have less than a company's."""
    return (limit.person_length if form == "person" else 0) or limit.length or math.inf


# --- disappearance ----------------------------------------------------------------------------------------------------------------------


def vanished(s: Situation, link: Link, rules: Rules) -> Ruled:
    """One side is definitely gone: never more than the firm says, and less where anything speaks against it."""
    assert s.a is not None
    assert s.b is not None
    if s.a.gone and s.b.gone:
        return Ruled("unlink")
    lost_side: Side = "a" if s.a.gone else "b"
    far = other(lost_side)
    lost, left = (s.a, s.b) if lost_side == "a" else (s.b, s.a)
    deletion = rules.policy.customers.deletion
    whole = deletion.in_crm if lost_side == "a" else deletion.in_invoicing
    rule = (deletion.contacts or whole) if link.kind == "contact" else whole
    if rule == "ignore" and link.why == "deletion-ignored":
        return LEAVE
    for candidate in sorted(s.merged, key=lambda c: c.seen.record.key):
        said = s.answers.get(f"maybe-merged|{candidate.seen.record.key}", "")
        if said == "same":
            return Ruled("unlink") if candidate.linked else Ruled("move", (candidate.seen.record.key,))
        if said != "different":
            return Ruled(ASK, (candidate.seen.record.key,))
    if rule == "ignore":
        return Ruled("keep")
    writing = rules.capabilities(far).writing(link.kind)
    if rule == "mark" and writing.tags:
        return Ruled("unlink+mark")
    now, agreed = flat_of_seen(left), link.agreed(far)
    untouched = all(now.get(name, "") == value for name, value in agreed.items())
    own_row = not link.key(far).endswith(tuple(writing.only)) if writing.only else True
    if rule == "delete" and lost.missing and writing.delete and own_row and untouched and not s.issued:
        return Ruled("delete")
    return Ruled("unlink")


def took_its_place(lost: Seen, there: Seen) -> bool:
    """Who may be what a vanished record was merged into: the same tax id or name and no other type; of a contact the same name, at the same
    customer or with the same e-mail."""
    mine, theirs = lost.keys, there.keys
    same_name = mine.name != "" and mine.name == theirs.name
    if lost.record.kind == "contact":
        return same_name and (lost.record.owner == there.record.owner or (mine.email != "" and mine.email == theirs.email))
    return same_type(lost, there) and (same_name or (mine.tax_id != "" and mine.tax_id == theirs.tax_id))


# --- a customer or contact without counterpart ------------------------------------------------------------------------------------------


def unlinked(s: Situation, rules: Rules) -> Ruled:
    """Who goes across, who waits, who is asked about."""
    side, kind = s.subject.side, s.subject.kind
    me, to = s.seen(side), other(side)
    if me is None or me.gone or not goes_across(s, me, rules):
        return LEAVE
    if s.held:
        return Ruled(WAIT)
    if s.also_linked_as:
        code = "gained-company" if kind == "contact" else "person-or-contact"
        return LEAVE if s.answers.get(f"{code}|") == "leave" else Ruled(ASK)
    if kind == "contact" and s.owner is not None and s.owner.state != "linked":
        return Ruled(WAIT)
    values = written(s, me, rules)
    who = counterpart(s, me, rules, values)
    if who.word != "nobody":
        return who
    if not s.whole:
        return Ruled(WAIT)
    limits = rules.capabilities(to).fields(kind)
    missing = [n for n, limit in limits.items() if limit.required in ("yes", values.get("type", "company")) and not values.get(n)]
    if kind == "party" and to == "b":
        missing += [n for n in rules.policy.customers.require if n in limits and not values.get(n)]
    form = values.get("type", "company")
    too_long = [n for n, value in values.items() if n in limits and _longest(limits[n], form) < len(value)]
    too_long += [n for n, value in values.items() if value and n in limits and limits[n].values and value not in limits[n].values]
    return Ruled(REFUSE) if missing or too_long else Ruled("create", (), values)


def goes_across(s: Situation, me: Seen, rules: Rules) -> bool:
    """Whether the firm's rules want this record on the other side at all."""
    customers, side = rules.policy.customers, s.subject.side
    to = other(side)
    if customers.direction not in ("both", "to-crm" if to == "a" else "to-invoicing"):
        return False
    if rules.capabilities(to).writing(s.subject.kind).create == "none":
        return False
    if s.subject.kind == "contact":
        if s.owner is None or s.owner.state in ("unwanted", "severed") or customers.contacts == "none":
            return False
        if side == "b" and s.answers.get("contact-moved|") == "follow":
            return False
        return side == "b" or customers.contacts == "all" or bool({"tag", "owner-tag"} & set(s.reasons))
    body, only = me.record.body, customers.only
    assert isinstance(body, Party)
    country = body.address.country or customers.country
    let_in = (
        not (only.countries and country not in only.countries)
        and not (only.tag and side == "a" and only.tag not in body.tags)
        and not (only.email and not body.email)
        and not (only.names and folded(f"{body.first_name} {body.name}") not in map(folded, only.names))
    )
    if not let_in:
        return False
    if side == "a":
        return any(("quote" if r == "quote" else "tag") in customers.from_crm.when for r in s.reasons)
    old = s.history and customers.from_invoicing.history == "new" and "document" not in s.reasons
    return customers.from_invoicing.when == "all" and not old


def written(s: Situation, me: Seen, rules: Rules) -> Flat:
    """The values a create would bring: of the fields that the other system takes and that may cross; the firm's country where an address
    names none."""
    to = other(s.subject.side)
    limits = rules.capabilities(to).fields(s.subject.kind)
    values = {n: v for n, v in flat_of_seen(me).items() if n in limits and limits[n].on_create and may_cross(n, to, rules)}
    country = rules.policy.customers.country
    somewhere = any(values.get(f"address.{part}") for part in ("line1", "postcode", "city"))
    if s.subject.kind == "party" and country and somewhere and not values.get("address.country"):
        values["address.country"] = country
    return values


def counterpart(s: Situation, me: Seen, rules: Rules, values: Flat) -> Ruled:
    """Who this record is on the other side: somebody beyond doubt, somebody to ask about, or nobody."""
    said = {key: s.answers.get(f"same-customer|{key}", "") for key in (c.seen.record.key for c in s.candidates)}
    open_ = sorted(
        (c for c in s.candidates if said[c.seen.record.key] != "different" and not c.seen.gone and same_type(me, c.seen)),
        key=lambda c: c.seen.record.key,
    )
    found = person_at_customer(me, open_, said) if s.subject.kind == "contact" else by_rules(s, me, open_, said, rules)
    if s.unsure and found[0] != "join":
        found = made_before_the_restore(me, open_, values, found)
    word, candidate = found
    if candidate is None:
        return Ruled("nobody")
    if word == "ask" and candidate.asks:
        return Ruled(WAIT, (candidate.seen.record.key,))
    return Ruled(word, (candidate.seen.record.key,))


Found = tuple[str, Candidate | None]


def by_rules(s: Situation, me: Seen, open_: list[Candidate], said: dict[str, str], rules: Rules) -> Found:
    """The first rule of the firm's list that anybody meets decides: one free exact hit that nothing speaks against is linked if the firm
    trusts the rule, everything else is asked about, and no later rule outvotes it."""
    for candidate in open_:
        if said[candidate.seen.record.key] == "same" and not candidate.linked:
            return "join", candidate
    for rule in rules.policy.matching.look:
        hits = [c for c in open_ if meets(rule, me.keys, c.seen.keys)]
        if hits:
            only = hits[0]
            shared = rule != "reference" and any(meets(rule, me.keys, peer) for peer in s.peers)
            sure = len(hits) == 1 and rule in rules.policy.matching.accept and not only.linked and not shared
            return ("join" if sure and not speaks_against(rule, me.keys, only.seen.keys) else "ask"), only
    return "nobody", None


def meets(rule: str, mine: MatchKeys, theirs: MatchKeys) -> bool:
    """Whether two records have what a rule names, and the same of it."""
    named = {
        "reference": ("reference",),
        "tax_id": ("tax_id",),
        "number": ("number",),
        "email_name": ("email", "name"),
        "name_postcode": ("name", "postcode"),
    }[rule]
    return all(getattr(mine, name) and getattr(mine, name) == getattr(theirs, name) for name in named)


def speaks_against(rule: str, mine: MatchKeys, theirs: MatchKeys) -> bool:
    """An equal number is not enough under another name or tax id; equally named branches in two places share a tax id."""
    if rule == "number":
        other_id = mine.tax_id and theirs.tax_id and mine.tax_id != theirs.tax_id
        return bool(other_id) or mine.name != theirs.name
    two_places = mine.postcode and theirs.postcode and mine.postcode != theirs.postcode
    return rule != "reference" and mine.name == theirs.name and bool(two_places)


def person_at_customer(me: Seen, open_: list[Candidate], said: dict[str, str]) -> Found:
    """The one free person of that name at the customer; of several the one a person named, or with our reference, or that e-mail."""
    if not me.keys.name:
        return "nobody", None
    free = [c for c in open_ if not c.linked and c.seen.keys.name == me.keys.name]
    if len(free) == 1:
        return "join", free[0]
    for told in (
        [c for c in free if said[c.seen.record.key] == "same"][:1],
        [c for c in free if meets("reference", me.keys, c.seen.keys)],
        [c for c in free if meets("email_name", me.keys, c.seen.keys)],
    ):
        if told:
            return ("join" if len(told) == 1 else "ask"), told[0]
    return ("ask", free[0]) if free else ("nobody", None)


def made_before_the_restore(me: Seen, open_: list[Candidate], values: Flat, found: Found) -> Found:
    """A restored pair takes the one free record that holds every value it would write for its own, and asks about all it would not
    otherwise ask about: who has the name or the e-mail."""
    free = [c for c in open_ if not c.linked]
    told = {n: v for n, v in values.items() if v}
    telling = set(told) - {"type", "name", "first_name", "salutation", "title", "address.country"}
    exact = [c for c in free if telling and told.items() <= flat_of_seen(c.seen).items()]
    if len(exact) == 1:
        return "join", exact[0]
    if found[1] is not None:
        return found
    named = [c for c in free if me.keys.name and c.seen.keys.name == me.keys.name]
    mailed = [c for c in free if me.keys.email and c.seen.keys.email == me.keys.email]
    alike = named or mailed
    return ("ask", alike[0]) if alike else ("nobody", None)


def same_type(me: Seen, there: Seen) -> bool:
    """A company and a person are not the same customer."""
    return getattr(me.record.body, "type", "") == getattr(there.record.body, "type", "")

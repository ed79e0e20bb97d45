"""Customers: parties and their contacts, both ways.

From the CRM go only those the policy names (a quote, a tag); from then on they are linked and every edit on either side is carried over.
"""

from __future__ import annotations

from msgspec.structs import replace

from unisono.model.capability import FieldLimit
from unisono.model.party import Flat, Party, contact_of, party_of
from unisono.model.record import Body, Side, flat_of, label_of, other
from unisono.model.writing import Write
from unisono.plan.actions import Action, Ask, Decision, Join, Reason, Report, Send, Verdict, Wait, side_name
from unisono.plan.compare import Comparison, allowed, compare, conflict_subject, held_by_both
from unisono.plan.flows.chosen import party_left_out
from unisono.plan.flows.deletions import DELETED, TO_MARK, mark_of, vanished
from unisono.plan.flows.documents import Words
from unisono.plan.flows.moved import left_there, moved
from unisono.plan.match import Hit, Match, find_again, find_match
from unisono.plan.situation import Candidate, Link, Rules, Seen, Situation
from unisono.plan.undo import answered_undo
from unisono.policy.schema import Matching, Policy, direction_of


def bare(code: str, values: dict[str, str]) -> str:
    """No words at hand: the code and what it is about."""
    return " ".join((code, *values.values()))


def plan_customer(s: Situation, rules: Rules, words: Words = bare) -> Decision:
    """What is to be done about one party or contact. ``words`` are for texts written into a vendor."""
    if s.link is not None:
        return _linked(s, s.link, rules, words)
    me = s.seen(s.subject.side)
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    left_out = _left_out(s, rules)
    if left_out is not None:
        return Decision(s.subject, "left-out", left_out)
    if s.held:
        return Decision(s.subject, "waiting", Reason("unclear-create-first"), (Wait(on="", reason=Reason("unclear-create-first")),))
    if s.also_linked_as:
        return _also_linked(s, me)
    blocked = _owner_blocks(s)
    if blocked is not None:
        return blocked
    match = _again(s, me, rules, _match(s, me, rules)) if s.unsure else _match(s, me, rules)
    if match.sure is not None:
        return _join(s, me, match.sure.candidate.seen, match.sure.rule, rules)
    if match.doubtful:
        return _ask_who(s, me, match)
    if not s.whole:
        return Decision(s.subject, "waiting", Reason("target-not-read"), (Wait(on="", reason=Reason("target-not-read")),))
    return _create(s, me, rules)


def _left_out(s: Situation, rules: Rules) -> Reason | None:
    """Why a rule leaves an unlinked record where it is, or ``None`` if it is to go across."""
    policy = rules.policy.customers
    side = s.subject.side
    if not allowed(policy.direction, other(side)) and "wanted" not in s.reasons:
        return Reason("direction-off")
    if rules.capabilities(other(side)).writing(s.subject.kind).create == "none":
        return Reason("cannot-create", {"system": rules.capabilities(other(side)).title})
    if s.subject.kind == "contact":
        return _contact_left_out(s, rules.policy)
    me = s.seen(side)
    return party_left_out(side, s.reasons, s.history, rules.policy, me.record.body if me is not None else None)


def _contact_left_out(s: Situation, policy: Policy) -> Reason | None:
    owner = s.owner
    if owner is None or owner.state in ("unwanted", "severed"):
        return Reason("owner-left-out")
    if left_there(s):
        return Reason("contact-left-there")
    if s.subject.side == "a" and policy.customers.contacts != "all" and not ("tag" in s.reasons or "owner-tag" in s.reasons):
        return Reason("contact-not-tagged", {"tag": policy.customers.from_crm.tag})
    if policy.customers.contacts == "none":
        return Reason("contacts-off")
    return None


def _owner_blocks(s: Situation) -> Decision | None:
    owner = s.owner
    if s.subject.kind != "contact" or owner is None or owner.state == "linked":
        return None
    on = f"{s.subject.side}:{owner.kind}:{owner.key}"
    return Decision(s.subject, "waiting", Reason("owner-first"), (Wait(on=on, reason=Reason("owner-first")),))


def _also_linked(s: Situation, me: Seen) -> Decision:
    """A person linked on their own who now belongs to a company (or the reverse): never a silent move."""
    code = "gained-company" if s.subject.kind == "contact" else "person-or-contact"
    if s.answers.get(f"{code}|") == "leave":
        return Decision(s.subject, "left-out", Reason("answered-leave"))
    ask = Ask(code=code, subject="", group=code, options=("leave", "later"), values={"name": label_of(me.record)})
    return Decision(s.subject, "doubtful", Reason(code), (ask,))


def _match(s: Situation, me: Seen, rules: Rules) -> Match:
    said = {k.split("|", 1)[1]: v for k, v in s.answers.items() if k.startswith("same-customer|")}
    if s.subject.kind == "party":
        return find_match(me, s.candidates, rules.policy.matching, said, s.peers)
    same_name = [c for c in s.candidates if c.seen.keys.name == me.keys.name and not c.seen.gone and not c.linked]
    return _person(me, [c for c in same_name if said.get(c.seen.record.key) != "different"], said) if me.keys.name else Match()


def _again(s: Situation, me: Seen, rules: Rules, found: Match) -> Match:
    """What a restored pair may have made of this record already, by the values it would write now."""
    to = other(s.subject.side)
    values = _to_write(flat_of(me.record.body), rules.capabilities(to).fields(s.subject.kind), to, rules.policy, create=True)
    said = {k.split("|", 1)[1]: v for k, v in s.answers.items() if k.startswith("same-customer|")}
    return find_again(me, s.candidates, _filled(values, rules.policy) if s.subject.kind == "party" else values, said, found)


def _person(me: Seen, free: list[Candidate], said: dict[str, str]) -> Match:
    """Within one linked customer a single person of exactly that name is that person; of several the one with that e-mail, or it is asked."""
    if len(free) == 1:
        return Match(sure=Hit(free[0], "email_name"))
    match = find_match(me, tuple(free), Matching(accept=("reference", "email_name"), look=("reference", "email_name")), said)
    if match.sure or match.doubtful:
        return match
    return Match(doubtful=tuple(Hit(c, "email_name") for c in sorted(free, key=lambda c: c.seen.record.key)))


def _join(s: Situation, me: Seen, they: Seen, rule: str, rules: Rules) -> Decision:
    """Links two existing records. Equal fields become agreed; everything else is compared on the next look, as never in step."""
    a, b = (me, they) if s.subject.side == "a" else (they, me)
    flat_a, flat_b = flat_of(a.record.body), flat_of(b.record.body)
    equal = [
        n for n in held_by_both(s.subject.kind, rules.a, rules.b, a.record.key, b.record.key) if flat_a.get(n, "") == flat_b.get(n, "")
    ]
    join = Join(
        kind=s.subject.kind,
        a_key=a.record.key,
        b_key=b.record.key,
        agreed_a={n: flat_a.get(n, "") for n in equal},
        agreed_b={n: flat_b.get(n, "") for n in equal},
        reason=Reason("matched", {"rule": rule, "name": label_of(they.record)}),
    )
    return Decision(s.subject, "linked", join.reason, (join,))


def _ask_who(s: Situation, me: Seen, match: Match) -> Decision:
    """One question about the strongest candidate: same, different or later; others follow when it is answered. A couple is asked about once:
    on the CRM's side, where both records would ask."""
    hit = match.doubtful[0]
    they = hit.candidate.seen.record
    if hit.candidate.asks:
        wait = Wait(on=f"{other(s.subject.side)}:{they.kind}:{they.key}", reason=Reason("asked-over-there", {"name": label_of(they)}))
        return Decision(s.subject, "waiting", wait.reason, (wait,))
    code = "same-customer"
    options = ("different", "later") if hit.candidate.linked else ("same", "different", "later")
    values = {
        "name": label_of(me.record),
        "other": label_of(they),
        "other_key": they.key,
        "rule": hit.rule,
        "side": side_name(s.subject.side),
        "linked": "yes" if hit.candidate.linked else "no",
    }
    if s.unsure:
        values["unsure"] = "yes"
    group = f"{code}/{hit.rule}/{'linked' if hit.candidate.linked else 'free'}"
    return Decision(
        s.subject, "doubtful", Reason(code, values), (Ask(code=code, subject=they.key, group=group, options=options, values=values),)
    )


def couple(s: Situation, other_key: str) -> str:
    """What a question about two records is remembered by: the CRM's key, then the other's, whoever asks."""
    return f"{s.subject.key}|{other_key}" if s.subject.side == "a" else f"{other_key}|{s.subject.key}"


def _create(s: Situation, me: Seen, rules: Rules) -> Decision:
    kind, to = s.subject.kind, other(s.subject.side)
    fields = rules.capabilities(to).fields(kind)
    source = flat_of(me.record.body)
    values = _to_write(source, fields, to, rules.policy, create=True)
    filled = _filled(values, rules.policy) if kind == "party" else values
    reports = _refusals(kind, filled, fields, to, rules.policy)
    if reports:
        return Decision(s.subject, "refused", Reason(reports[0].code, reports[0].values), reports)
    body: Body = party_of(filled) if kind == "party" else contact_of(filled)
    owner = s.owner.linked if kind == "contact" and s.owner else ""
    reason = Reason("created-because", {"why": s.reasons[0] if s.reasons else "new"})
    write = Write(operation="create", side=to, kind=kind, body=body, owner=owner)
    here = rules.capabilities(s.subject.side).fields(kind, s.subject.key)
    agree = {name: source.get(name, "") for name in values if name in here}
    return Decision(s.subject, "new", reason, (Send(write=write, reason=reason, link_kind=kind, agree=agree),))


def _to_write(source: Flat, fields: dict[str, FieldLimit], to: Side, policy: Policy, *, create: bool) -> Flat:
    """The fields that cross on a create: held there, writable, and not kept back by their own direction."""
    out: Flat = {}
    for name, limit in fields.items():
        own = policy.customers.fields.get(name)
        if own is not None and not allowed(direction_of(policy, name), to):
            continue
        if (limit.on_create if create else limit.on_change) and name in source:
            out[name] = source[name]
    return out


def _filled(values: Flat, policy: Policy) -> Flat:
    """With the policy's country where an address names none."""
    country = policy.customers.country
    has_address = any(values.get(f"address.{part}") for part in ("line1", "postcode", "city"))
    if country and has_address and not values.get("address.country"):
        return values | {"address.country": country}
    return values


def _refusals(kind: str, values: Flat, fields: dict[str, FieldLimit], to: Side, policy: Policy) -> tuple[Report, ...]:
    """What the other system would refuse, found before anything is sent: one report naming all missing fields, one a field too long."""
    kind_of = values.get("type", "company")
    missing = [n for n, limit in fields.items() if limit.required in ("yes", kind_of) and not values.get(n)]
    if to == "b" and kind == "party":
        missing += [n for n in policy.customers.require if n in fields and not values.get(n) and n not in missing]
    reports = [Report(code="missing-field", field=missing[0], values={"fields": ", ".join(missing)})] if missing else []
    found = (_ill_fitting(name, value, fields[name], kind_of) for name, value in values.items() if name in fields)
    reports += [report for report in found if report is not None]
    return tuple(reports)


def _linked(s: Situation, link: Link, rules: Rules, words: Words) -> Decision:
    if link.state == "severed" and s.a is not None and s.b is not None and s.a.gone and s.b.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    if link.state == "severed":
        why = DELETED if link.why == TO_MARK else link.why
        return mark_of(link, s, rules, words) or Decision(s.subject, "left-out", Reason("severed", {"why": why}))
    if s.a is None or s.b is None:
        return Decision(s.subject, "waiting", Reason("counterpart-not-read"))
    gone = vanished(s, link, rules, words)
    if gone is not None:
        return gone
    if s.a.missing or s.b.missing:
        return Decision(s.subject, "waiting", Reason("missing-not-confirmed"), (Wait(on="", reason=Reason("missing-not-confirmed")),))
    elsewhere = moved(s, link, lambda: plan_customer(replace(s, link=None, b=None, moved=False), rules, words))
    if elsewhere is not None:
        return elsewhere
    return _compared(s, s.a, s.b, rules)


def _compared(s: Situation, a: Seen, b: Seen, rules: Rules) -> Decision:
    link = s.link
    assert link is not None
    flat_a, flat_b = flat_of(a.record.body), flat_of(b.record.body)
    said = {k.split("|", 1)[1]: v for k, v in s.answers.items() if k.startswith("conflict|")}
    result = compare(link, flat_a, flat_b, rules, said, unsure=s.unsure)
    actions: list[Action] = []
    if result.agree:
        actions.append(
            Join(
                kind=link.kind,
                a_key=link.a_key,
                b_key=link.b_key,
                agreed_a={n: flat_a.get(n, "") for n in result.agree},
                agreed_b={n: flat_b.get(n, "") for n in result.agree},
            )
        )
    for to in ("b", "a"):
        actions += _changes(s, to, result, flat_a, flat_b, rules)
    actions += answered_undo(s, rules)
    actions += _conflicts(result, label_of(a.record))
    return Decision(s.subject, *_verdict(actions, result), tuple(actions))


def _verdict(actions: list[Action], result: Comparison) -> tuple[Verdict, Reason]:
    if any(isinstance(a, Ask) for a in actions):
        fields = ", ".join(c.field for c in result.conflicts)
        return "doubtful", Reason("conflict", {"fields": fields})
    if any(isinstance(a, Report) for a in actions):
        return "refused", Reason("change-refused")
    sends = [a for a in actions if isinstance(a, Send)]
    if sends:
        return "changed", sends[0].reason
    return (
        ("left-out", Reason("fields-left-out", {"fields": ", ".join(result.left_out)})) if result.left_out else ("equal", Reason("in-step"))
    )


def _changes(s: Situation, to: Side, result: Comparison, flat_a: Flat, flat_b: Flat, rules: Rules) -> list[Action]:
    link = s.link
    assert link is not None
    changes = result.to_b if to == "b" else result.to_a
    if not changes:
        return []
    mine, theirs = (flat_a, flat_b) if to == "b" else (flat_b, flat_a)
    fields = rules.capabilities(to).fields(link.kind)
    reports = _change_refusals(changes, theirs, fields, rules.policy)
    kept_back = {r.field for r in reports}
    sent = {n: v for n, v in changes.items() if n not in kept_back}
    out: list[Action] = list(reports)
    if sent:
        key = link.key(to)
        reason = Reason("edited-there", {"side": side_name(other(to)), "fields": ", ".join(sorted(sent))})
        before = {n: theirs.get(n, "") for n in sent}
        write = Write(operation="change", side=to, kind=link.kind, key=key, changes=sent, before=before)
        out.insert(0, Send(write=write, reason=reason, link_kind=link.kind, agree={n: mine.get(n, "") for n in sent}))
    return out


def _change_refusals(changes: Flat, theirs: Flat, fields: dict[str, FieldLimit], policy: Policy) -> list[Report]:
    reports: list[Report] = []
    kind_of = theirs.get("type", "company")
    for name, value in changes.items():
        limit = fields[name]
        unfit = _ill_fitting(name, value, limit, kind_of)
        if unfit is not None:
            reports.append(unfit)
        elif not value and limit.required in ("yes", kind_of):
            reports.append(Report(code="missing-field", field=name, values={"fields": name}))
        elif not value and not limit.can_clear and "clear-field" not in policy.try_unverified:
            reports.append(Report(code="clear-unverified", field=name, values={"before": theirs.get(name, "")}))
    return reports


def _ill_fitting(name: str, value: str, limit: FieldLimit, form: str) -> Report | None:
    """A value that the other system cannot hold: longer than it takes, or none of its words."""
    longest = limit.longest(form)
    if longest and len(value) > longest:
        return Report(code="too-long", field=name, values={"value": value[:80], "length": str(len(value)), "limit": str(longest)})
    if value and limit.values and value not in limit.values:
        return Report(code="not-allowed", field=name, values={"value": value[:80], "allowed": ", ".join(limit.values)})
    return None


def _conflicts(result: Comparison, name: str) -> list[Action]:
    out: list[Action] = []
    for c in result.conflicts:
        values = {"name": name, "field": c.field, "crm": c.a, "invoicing": c.b, "first": "yes" if c.first else "no"}
        group = f"{'differs' if c.first else 'conflict'}/{c.field}"
        options = ("crm", "invoicing", "later")
        out.append(Ask(code="conflict", subject=conflict_subject(c.field, c.a, c.b), group=group, options=options, values=values))
    return out


def is_company(body: Body) -> bool:
    """Whether a record is a company."""
    return isinstance(body, Party) and body.type == "company"

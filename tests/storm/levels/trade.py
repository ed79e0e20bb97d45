"""Level A for what a firm may switch on: the plan against the rule page, and what comes of carrying it out."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict, replace

from tests.storm import dues, goods
from tests.storm.levels.applied import ROUNDS, Decisions, Planner, decide
from tests.storm.levels.cases import Case
from tests.storm.levels.trading import seen
from tests.storm.rules import Ruled
from tests.storm.verdict import Broken
from unisono.model.document import Document, Lines, Note
from unisono.model.product import flat_product, product_of
from unisono.model.record import flat_of
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.situation import Link, Rules, Situation

_PAGE = {"products": goods.product, "invoices": dues.bill, "states": dues.state}


def check(case: Case, planner: Planner = decide) -> list[Broken]:
    """Everything that is wrong with the plan of a case, and with what comes of it."""
    decision = _of(case, planner(case.situation, case.rules))
    out = [*_ordered(case, decision, planner), *_as_ruled(case, decision), *_exact(case, decision), *_named(case, decision)]
    return out + _quiet(case, planner)


def _of(case: Case, decisions: Decisions) -> Decision:
    """The decision of the flow that is looked at: of those about a document, its state's is the last."""
    return decisions[-1]


def _ordered(case: Case, decision: Decision, planner: Planner) -> Iterator[Broken]:
    s = case.situation
    turned = replace(
        s, candidates=s.candidates[::-1], peers=s.peers[::-1], quotes=s.quotes[::-1], answers=dict(reversed(s.answers.items()))
    )
    if _of(case, planner(turned, case.rules)) != decision:
        yield Broken("I19", "the order of what was gathered changes the decision", str(s.subject))


def _as_ruled(case: Case, decision: Decision) -> Iterator[Broken]:
    said, page = told(decision, case), _PAGE[case.flow](case)
    if page.word == "create" and case.flow == "products":
        fates = {name: value for name, value in said.fates.items() if value and name in goods.KEPT}
        alike = said.word == "create" and fates == {name: value for name, value in page.fates.items() if value}
    else:
        alike = (said.word, said.fates) == (page.word, page.fates) and (not page.keys or said.keys == page.keys)
    if not alike:
        yield Broken("I2", f"the rule page says {page}, the plan {said}", str(case.situation.subject))


def told(decision: Decision, case: Case) -> Ruled:
    """What a decision does, in the words of the rule page."""
    actions, linked = decision.actions, case.situation.link is not None
    sends = decision.sends
    if case.flow == "states":
        if sends:
            return Ruled("tell", tuple(_means(send) for send in sends))
        return Ruled("agree" if any(isinstance(action, Join) for action in actions) else "nothing")
    if any(isinstance(action, Sever) for action in actions):
        return Ruled("unlink")
    if any(isinstance(action, Wait) for action in actions):
        return Ruled("wait")
    creates = [send.write for send in sends if send.write.operation == "create"]
    if creates:
        body = creates[0].body
        assert body is not None
        return Ruled("create", (creates[0].owner,) if creates[0].owner else (), flat_of(body))
    if case.flow == "products" and linked:
        fates = _fates(decision)
        return Ruled("fields", (), fates) if fates else Ruled("nothing")
    for action in actions:
        if isinstance(action, Join):
            mine = case.situation.subject.side == "a"
            return Ruled("agree") if linked else Ruled("join", (action.b_key if mine else action.a_key,))
        if isinstance(action, Ask | Report):
            return Ruled("ask" if isinstance(action, Ask) else "refuse")
    return Ruled("nothing")


def _means(send: Send) -> str:
    return "note" if send.write.kind == "note" else next(iter(set(send.write.changes) & {"stage", "trigger"}), "?")


def _fates(decision: Decision) -> dict[str, str]:
    out: dict[str, str] = {}
    for action in decision.actions:
        if isinstance(action, Join):
            out |= dict.fromkeys(action.agreed_a, "agree")
        elif isinstance(action, Send):
            out |= {name: f"to-{action.write.side} {value}" for name, value in action.write.changes.items()}
        elif isinstance(action, Report):
            out[action.field] = "refuse"
        elif isinstance(action, Ask):
            out[action.values["field"]] = "ask"
    return out


def _exact(case: Case, decision: Decision) -> Iterator[Broken]:
    """I7 and I6: an invoice carries the lines and totals of the CRM's to the cent, as what the policy names; nothing else of it is written."""
    if case.flow != "invoices":
        return
    for send in decision.sends:
        made, source = send.write.body, case.situation.a
        if send.write.operation != "create" or send.write.side != "b" or not isinstance(made, Document) or source is None:
            yield Broken("I6", f"{send.write.operation} of {send.write.kind} on side {send.write.side}", send.write.key)
            continue
        given = source.record.body
        assert isinstance(given, Document)
        rows = made.lines.rows if isinstance(made.lines, Lines) else ()
        wanted = dues.lines_of(given, case.rules)
        totals = dues.totals(list(rows), made.basis)
        if list(rows) != wanted or (made.net, made.vat, made.gross) != totals or made.currency != given.currency:
            yield Broken("I7", f"{given.gross} {given.currency} became {made.gross} {made.currency}", given.title)
        if made.stage != case.rules.policy.invoices.made_as:
            yield Broken("I6", f"made as {made.stage}, the policy says {case.rules.policy.invoices.made_as}", given.title)


def _named(case: Case, decision: Decision) -> Iterator[Broken]:
    """I6: a paper of the CRM is moved to the stage that is named, or its automation set off, and nothing else of it is touched."""
    if case.flow != "states":
        return
    status = case.rules.policy.status
    words = {*asdict(status.stages).values()}, {*asdict(status.triggers).values()}
    for send in decision.sends:
        write = send.write
        changes = {name: value for name, value in write.changes.items() if name not in ("number", "view_url")}
        fine = write.side == "a" and (
            (write.operation == "change" and len(changes) == 1 and (changes.get("stage") in words[0] or changes.get("trigger") in words[1]))
            or (write.operation == "create" and isinstance(write.body, Note))
        )
        if not fine:
            yield Broken("I6", f"{write.operation} of {write.kind} with {write.changes}", write.key)


# --- carried out ------------------------------------------------------------------------------------------------------------------------


def _quiet(case: Case, planner: Planner) -> list[Broken]:
    """I19 and I4: what is carried out is planned no more, and no state is told by one means twice."""
    s, said = case.situation, list[str]()
    for _ in range(ROUNDS):
        decision = _of(case, planner(s, case.rules))
        if not any(isinstance(action, Send | Join | Sever) for action in decision.actions):
            twice = sorted({means for means in said if said.count(means) > 1})
            return [Broken("I4", f"{', '.join(twice)} of one state told twice", str(s.subject))] if twice else []
        if case.flow == "states" and decision.sends:
            said.append(_means(decision.sends[0]))
        s = _after(case, s, decision)
    return [Broken("I19", f"carried out {ROUNDS} times and still planned", str(s.subject))]


def _after(case: Case, s: Situation, decision: Decision) -> Situation:
    """Everything that needs no call, then the first write."""
    for action in decision.actions:
        if isinstance(action, Sever) and s.link is not None:
            s = replace(s, link=replace(s.link, state="severed", why=action.reason.code))
        elif isinstance(action, Join):
            s = _joined(s, action)
    send = next(iter(decision.sends), None)
    if send is None:
        return s
    if case.flow == "states":
        return replace(s, told=_with_agreed(s.told, send))
    return _created(s, send) if send.write.operation == "create" else _changed(s, send, case.rules)


def _joined(s: Situation, join: Join) -> Situation:
    if join.kind == "status":
        old = s.told or Link("l6", "status", join.a_key, join.b_key)
        return replace(s, told=replace(old, agreed_a=old.agreed_a | join.agreed_a, agreed_b=old.agreed_b | join.agreed_b))
    if s.link is not None:
        agreed_a, agreed_b = s.link.agreed_a | join.agreed_a, s.link.agreed_b | join.agreed_b
        return replace(s, link=replace(s.link, agreed_a=agreed_a, agreed_b=agreed_b))
    rows = {c.seen.record.key: c.seen for c in s.candidates}
    link = Link("l9", join.kind, join.a_key, join.b_key, dict(join.agreed_a), dict(join.agreed_b))
    return replace(s, a=s.a or rows[join.a_key], b=s.b or rows[join.b_key], link=link, candidates=(), peers=())


def _with_agreed(told: Link | None, send: Send) -> Link:
    """A state that was told stands in its link: by its means, and as a whole once nothing is left."""
    old = told or Link("l6", "status", send.source, send.source)
    by = {name: value for name, value in send.agree.items() if name in dues.MEANS}
    whole = {name: value for name, value in send.agree.items() if name not in dues.MEANS}
    return replace(old, agreed_a=old.agreed_a | by, agreed_b=old.agreed_b | whole)


def _created(s: Situation, send: Send) -> Situation:
    body = send.write.body
    assert not isinstance(body, Note)
    there = seen(send.write.kind, "made", body, owner=send.write.owner)  # type: ignore[arg-type]
    keys = (s.subject.key, "made") if send.write.side == "b" else ("made", s.subject.key)
    if send.link_kind != "product":
        return replace(s, b=there, link=Link("l9", send.link_kind, *keys, dict(send.agree), {}), candidates=())
    after = goods.flat_of_product(there)
    theirs = {name: after.get(name, "") for name in send.agree}
    to_a, to_b = (dict(send.agree), theirs) if send.write.side == "b" else (theirs, dict(send.agree))
    return replace(s, link=Link("l9", "product", *keys, to_a, to_b), candidates=(), peers=(), **{send.write.side: there})  # type: ignore[arg-type]


def _changed(s: Situation, send: Send, rules: Rules) -> Situation:
    """A product as it was changed, and both sides' values agreed."""
    row, link = s.seen(send.write.side), s.link
    assert row is not None
    assert link is not None
    body = row.record.body
    now = product_of(flat_product(body) | send.write.changes, reference=getattr(body, "reference", ""))  # type: ignore[arg-type]
    there = seen("product", row.record.key, now)
    both = [name for name in send.agree if name in rules.a.fields("product") and name in rules.b.fields("product")]
    mine, theirs = {name: send.agree[name] for name in both}, {name: goods.flat_of_product(there)[name] for name in both}
    to_a, to_b = (mine, theirs) if send.write.side == "b" else (theirs, mine)
    link = replace(link, agreed_a=link.agreed_a | to_a, agreed_b=link.agreed_b | to_b)
    return replace(s, link=link, **{send.write.side: there})  # type: ignore[arg-type]

"""Level A: the pure planner against the rule page and against what must hold of every plan, on situations drawn from a seed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from msgspec.structs import replace

from tests.storm.levels import trade, trading
from tests.storm.levels.abilities import drawn_rules, pick
from tests.storm.levels.applied import ROUNDS, Decisions, Planner, decide, faithful, settled, sloppy
from tests.storm.levels.cases import Case, flat_of_seen
from tests.storm.levels.situations import FLOWS, SHARED, drawn_from
from tests.storm.levels.undoing import check_undo, drawn_undo
from tests.storm.page import ruled
from tests.storm.rules import Ruled, as_sent, may_cross, mean_the_same, took_its_place
from tests.storm.verdict import Broken, Failure, Verdict
from unisono.model.document import Document, Lines
from unisono.model.party import Flat
from unisono.model.record import flat_of, other
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.brakes import mass_deletion
from unisono.plan.flows.deletions import alike_enough
from unisono.plan.situation import Rules, Situation

LEVEL = "planner"
ALL = (*FLOWS, *trading.FLOWS)


def run(first_seed: int, last_seed: int, *, flow: str = "") -> Verdict:
    """Checks the cases of these seeds (both included), of one flow or of any; each tenth is an undo."""
    verdict, began = Verdict(LEVEL), time.perf_counter()
    for seed in range(first_seed, last_seed + 1):
        name, broken = one(seed, flow)
        verdict.count("cases")
        verdict.count(f"cases:{name}")
        if broken:
            again = f"--level {LEVEL} --seed {seed}" + (f" --flow {flow}" if flow else "")
            verdict.failures.append(Failure(LEVEL, seed, again, tuple(broken)))
    verdict.seconds = time.perf_counter() - began
    return verdict


def one(seed: int, flow: str = "") -> tuple[str, list[Broken]]:
    """The flow of a seed, and what is wrong with its plan."""
    if flow == "undo" or (not flow and seed % 10 == 9):
        rnd, stock = Random(seed), drawn_rules(seed // SHARED)
        return "undo", check_undo(drawn_undo(rnd, stock)) + brake(rnd, stock)
    case = drawn_any(seed, flow)
    return case.flow, check(case)


def drawn_any(seed: int, flow: str = "") -> Case:
    """The case of a seed, of one flow or of any."""
    return drawn_of(Random(seed), drawn_rules(seed // SHARED), seed, flow)


def drawn_of(rnd: Random, stock: tuple[Rules, ...], seed: object, flow: str = "") -> Case:
    """A case from any source of chance, of what all firms have or of what some have switched on."""
    flow = flow or pick(rnd, ALL)
    return trading.drawn_trade(rnd, pick(rnd, stock), seed, flow) if flow in trading.FLOWS else drawn_from(rnd, stock, seed, flow)


def brake(rnd: Random, stock: tuple[Rules, ...]) -> list[Broken]:
    """I5: a pair stops if more of its linked records vanish at once than the number and the share the firm allows."""
    deletion = pick(rnd, stock).policy.customers.deletion
    linked, vanished = pick(rnd, (0, 10, 100, 119, 120, 1000)), pick(rnd, (0, 4, 5, 6, 7, 50, 51))
    stops = vanished > deletion.brake_number and vanished * 100 >= (linked * deletion.brake_percent // 100 + 1) * 100
    if mass_deletion(linked, vanished, deletion) == stops:
        return []
    return [Broken("I5", f"{vanished} of {linked} vanished, stops: {not stops}")]


def check(case: Case) -> list[Broken]:
    """Everything that is wrong with the plan of a case, and with what comes of carrying it out."""
    if case.flow in trading.FLOWS:
        return trade.check(case)
    return judged(case, decide) + quiet(case, decide(case.situation, case.rules), decide)


def judged(case: Case, planner: Planner) -> list[Broken]:
    """What is wrong with one plan. ``planner`` is the product's unless a test wants to see another one judged."""
    s, rules = case.situation, case.rules
    decisions = planner(s, rules)
    out = []
    if planner(shuffled(s), rules) != decisions:
        out.append(Broken("I19", "the order of what was gathered changes the decision", str(s.subject)))
    said, page = tuple(told(d, case) for d in decisions), ruled(case)
    if [agrees(one, rule) for one, rule in zip(said, page, strict=False)] != [True] * len(page) or len(said) != len(page):
        out.append(Broken("I2", f"the rule page says {page}, the plan {said}", str(s.subject)))
    lost = s.a if s.a is not None and s.a.gone else s.b
    for there in (candidate.seen for candidate in s.merged):
        assert lost is not None
        if alike_enough(lost, there) != took_its_place(lost, there):
            out.append(Broken("I5", f"{there.keys} for {lost.keys}: {alike_enough(lost, there)}", str(s.subject)))
    for decision in decisions:
        for holds in (untouchable, exact, dependent, spread, nothing_lost):
            out += holds(decision, case)
    return out


# --- what a decision does, in the words of the rule page --------------------------------------------------------------------------------


def told(decision: Decision, case: Case) -> Ruled:
    """What a decision does about its record, from its actions alone."""
    actions = decision.actions
    if case.situation.subject.kind in ("quote", "invoice"):
        return _told_of_document(decision)
    words = []
    for action in actions:
        if isinstance(action, Sever):
            words.append({"severed": "unlink", "kept": "keep", "forgotten": "move"}[action.then])
        elif isinstance(action, Wait):
            words.append("wait")
        elif isinstance(action, Send) and action.write.operation != "change":
            words.append(action.write.operation)
        elif isinstance(action, Send) and "tags" in action.write.changes:
            words.append("mark")
    if words:
        return _told_of_record(words, decision)
    link = case.situation.link
    if any(isinstance(a, Ask) and a.code != "conflict" for a in actions):
        return Ruled("ask", tuple(a.subject for a in actions if isinstance(a, Ask) and a.subject))
    if link is None and any(isinstance(a, Join) for a in actions):
        return Ruled("join", _joined(decision, case.situation.subject.side))
    if (link is None or case.situation.moved) and any(isinstance(a, Report) for a in actions):
        return Ruled("refuse")
    return Ruled("fields", (), fates(decision)) if actions else Ruled("nothing")


def _told_of_record(words: list[str], decision: Decision) -> Ruled:
    word = "+".join(words)
    send = next((a for a in decision.actions if isinstance(a, Send)), None)
    if word in ("create", "move+create") and send is not None and send.write.body is not None:
        return Ruled(word, (), flat_of(send.write.body))
    if word == "move":
        return Ruled(word, tuple(k for a in decision.actions if isinstance(a, Join) for k in (a.a_key, a.b_key)))
    if word == "wait" and decision.reason.code == "asked-over-there":
        return Ruled(word, tuple(a.on.rpartition(":")[2] for a in decision.actions if isinstance(a, Wait)))
    return Ruled(word)


def _joined(decision: Decision, mine: str) -> tuple[str, ...]:
    return tuple(a.b_key if mine == "a" else a.a_key for a in decision.actions if isinstance(a, Join))


def _told_of_document(decision: Decision) -> Ruled:
    for action in decision.actions:
        if isinstance(action, Ask | Wait | Report | Sever):
            return Ruled({Ask: "ask", Wait: "wait", Report: "refuse", Sever: "unlink"}[type(action)])
        if isinstance(action, Join):
            return Ruled("agree") if decision.reason.code == "answered-leave" else Ruled("join", (action.b_key,))
        write = action.write
        if write.kind == "quote":
            return Ruled(write.operation, (write.owner,) if write.owner else ())
        if write.kind == "note" and write.operation == "create":
            return Ruled("file", getattr(write.body, "about", ()), {a.write.kind: f"to-{a.write.side}" for a in decision.sends})
        return Ruled("refile")
    return Ruled("nothing")


def fates(decision: Decision) -> dict[str, str]:
    """Field by field, what a decision about two linked records does."""
    out: dict[str, str] = {}
    for action in decision.actions:
        if isinstance(action, Join):
            out |= dict.fromkeys(action.agreed_a, "agree")
        elif isinstance(action, Send) and action.reason.code != "undone":
            out |= dict.fromkeys(action.write.changes, f"to-{action.write.side}")
        elif isinstance(action, Report):
            out[action.field] = "refuse"
        elif isinstance(action, Ask) and "field" in action.values:
            out[action.values["field"]] = "ask"
    return out


def agrees(said: Ruled, page: Ruled) -> bool:
    """Whether a plan does what the page says. A filed document that changed may leave its note as it is: not every change is told in it."""
    if page.word == "refile":
        return said.word in ("refile", "nothing")
    if page.word == "fields":
        return said.word in ("fields", "nothing") and said.fates == page.fates
    if page.word in ("create", "move+create") and page.fates:
        return said.word == page.word and all(said.fates.get(n, "") == v for n, v in page.fates.items() | _empty(said.fates, page.fates))
    if page.word == "move":
        return said.word == "move" and set(page.keys) <= set(said.keys)
    return (said.word, said.fates) == (page.word, page.fates) and (not page.keys or said.keys == page.keys)


def _empty(said: Flat, page: Flat) -> set[tuple[str, str]]:
    """What the page does not name must be empty, but for the type, which every party has."""
    return {(name, "") for name in said if name not in page and name != "type"}


# --- what must hold of every plan -------------------------------------------------------------------------------------------------------


def untouchable(decision: Decision, case: Case) -> Iterator[Broken]:
    """I6: nothing but notes and files is ever written about a document; only an untouched draft quote goes, and only if a person said so."""
    for send in decision.sends:
        write = send.write
        if write.kind == "invoice" or (write.kind in ("note", "file") and write.side != "a"):
            yield Broken("I6", f"{write.operation} of {write.kind} on side {write.side}", write.key)
        if write.kind == "quote" and write.operation != "create":
            body = case.situation.b.record.body if case.situation.b is not None else None
            draft = isinstance(body, Document) and body.stage == "draft"
            if write.operation != "delete" or not draft or "make-anew" not in case.situation.answers.values():
                yield Broken("I6", f"{write.operation} of a quote that is {getattr(body, 'stage', '?')}", write.key)


def exact(decision: Decision, case: Case) -> Iterator[Broken]:
    """I7: a quote carries the deal's amount to the last digit, in its currency, on a settled basis; nothing that does not add up is filed."""
    for send in decision.sends:
        made = send.write.body
        if send.write.kind == "quote" and isinstance(made, Document) and case.situation.a is not None:
            source = case.situation.a.record.body
            assert isinstance(source, Document)
            rows = made.lines.rows if isinstance(made.lines, Lines) else ()
            given = source.lines.rows if isinstance(source.lines, Lines) else ()
            total = sum((row.price * row.quantity for row in rows), Decimal(0))
            asked = sum((r.price * r.quantity for r in given), Decimal(0)) if given else (source.value or 0) * (source.quantity or 1)
            typed = all(isinstance(n, Decimal) for row in rows for n in (row.price, row.quantity))
            basis = case.rules.policy.quotes.basis if source.basis == "unknown" else source.basis
            if not typed or total != asked or total <= 0 or (made.currency, made.basis) != (source.currency, basis):
                yield Broken(
                    "I7", f"{source.value} x {source.quantity} {source.currency} became {total} {made.currency} {made.basis}", source.title
                )


def dependent(decision: Decision, case: Case) -> Iterator[Broken]:
    """I18: a contact, quote or note is made only where what it depends on is linked."""
    for send in decision.sends:
        write, owner = send.write, case.situation.owner
        if write.operation != "create":
            continue
        if write.kind in ("contact", "quote") and not (owner is not None and owner.state == "linked" and write.owner == owner.linked != ""):
            yield Broken("I18", f"a {write.kind} for {write.owner!r}, whose owner is {owner}", str(decision.subject))
        if write.kind == "note":
            about = set(getattr(write.body, "about", ()))
            deal = case.situation.a
            if not about or (deal is not None and deal.gone and deal.record.key in about):
                yield Broken("I18", f"a note about {about or 'nobody'}, which is not there", str(decision.subject))


def spread(decision: Decision, case: Case) -> Iterator[Broken]:
    """I5: a disappearance never makes more disappear unless the policy says *delete*, and never makes anything anew."""
    s = case.situation
    lost = [side for side in ("a", "b") if (row := s.seen(side)) is not None and row.gone]
    if not lost or s.subject.kind not in ("party", "contact"):
        return
    rule = case.rules.policy.customers.deletion
    said = {rule.in_crm if "a" in lost else "", rule.in_invoicing if "b" in lost else ""} | {rule.contacts or ""}
    for send in decision.sends:
        marks = send.write.operation == "change" and set(send.write.changes) == {"tags"} and ("mark" in said or s.link is not None)
        if not marks and not (send.write.operation == "delete" and "delete" in said):
            yield Broken("I5", f"{send.write.operation} on side {send.write.side} after {lost} vanished", str(decision.subject))


def nothing_lost(decision: Decision, case: Case) -> Iterator[Broken]:
    """I2, directly: no write goes over a value that its side changed unless a rule or a person named the winner, and each says truly what
    is there before it."""
    s, link = case.situation, case.situation.link
    if link is None or link.kind not in ("party", "contact") or s.a is None or s.b is None:
        return
    for send in decision.sends:
        write = send.write
        row, source = s.seen(write.side), s.seen(other(write.side))
        if write.operation != "change" or "tags" in write.changes or send.reason.code == "undone":
            continue
        assert row is not None
        assert source is not None
        there, given, agreed = flat_of_seen(row), flat_of_seen(source), link.agreed(write.side)
        for name, value in write.changes.items():
            where = f"{name} of {decision.subject}"
            if write.before[name] != there[name] or value != given[name]:
                yield Broken("I2", f"{write.before[name]!r} -> {value!r}, but {there[name]!r} and {given[name]!r} are there", where)
            own = case.rules.policy.customers.fields.get(name)
            named = [(own.wins if own else None) or case.rules.policy.customers.wins, *s.answers.values()]
            won = {"a": "invoicing", "b": "crm"}[write.side] in named
            # Nobody edited what stands there as it was sent, where no more than that is known.
            sent = link.agreed(other(write.side)).get(name)
            untouched = name not in agreed and sent is not None and as_sent(there[name], sent)
            if there[name] and there[name] != agreed.get(name) and not untouched and not won:
                yield Broken("I2", f"{there[name]!r} was written over with {value!r}, and nobody said so", where)
            if not may_cross(name, write.side, case.rules):
                yield Broken("I2", f"{value!r} crossed against its direction", where)


def quiet(case: Case, decisions: Decisions, planner: Planner) -> list[Broken]:
    """I19 and I4: what is carried out is planned no more, also where the vendor keeps less than it is given."""
    out = []
    # A vendor who does not keep what a person wants back is asked again for ever: that is told as a restless record, not planned away.
    undone = any(key.startswith("undo-edited|") for key in case.situation.answers)
    sent = any(decision.sends for decision in decisions)
    for vendor in (faithful, sloppy) if sent and not undone else (faithful,):
        after, rounds, last = settled(case.situation, case.rules, vendor, decisions, planner)
        if rounds == ROUNDS:
            out.append(Broken("I19", f"carried out {rounds} times and still planned ({vendor.__name__} vendor)", str(after.subject)))
        elif vendor is faithful and not undone:
            out += in_step(after, last, case, decisions)
    return out


def in_step(after: Situation, last: Decisions, case: Case, decisions: Decisions) -> Iterator[Broken]:
    """Each value that was new on one side is on both in the end, or a person is asked or told, or a rule keeps it where it is."""
    before, link, rules = case.situation, case.situation.link, case.rules
    if link is None or link.kind == "quote" or link.state != "linked" or not (before.a and before.b and after.a and after.b):
        return
    waits = before.a.gone or before.b.gone or before.a.missing or before.b.missing or before.moved
    if waits or decisions[0].reason.code in ("left-for-good", "owner-left-out"):
        return
    told_about = {name for decision in last for name in fates(decision)}
    a, b = flat_of_seen(after.a), flat_of_seen(after.b)
    country = a.get("address.country") or b.get("address.country") or rules.policy.customers.country
    old_a, old_b = flat_of_seen(before.a), flat_of_seen(before.b)
    held_a, held_b = rules.a.fields(link.kind, link.a_key), rules.b.fields(link.kind, link.b_key)
    for name in held_a:
        if name not in held_b or name == "type" or name not in a or name in told_about or mean_the_same(name, a[name], b[name], country):
            continue
        new = old_a[name] != link.agreed_a.get(name) or old_b[name] != link.agreed_b.get(name)
        free = may_cross(name, "a", rules) and may_cross(name, "b", rules) and held_a[name].on_change and held_b[name].on_change
        if new and free:
            yield Broken("I2", f"{name}: {a[name]!r} and {b[name]!r} stay apart, and nobody is told", str(after.subject))


def shuffled(s: Situation) -> Situation:
    """The same facts in another order."""
    mixed: dict[str, object] = {name: getattr(s, name)[::-1] for name in ("candidates", "peers", "quotes", "merged")}
    if s.link is not None:
        mixed["link"] = replace(s.link, agreed_a=_turned(s.link.agreed_a), agreed_b=_turned(s.link.agreed_b))
    return replace(s, answers=_turned(s.answers), **mixed)  # type: ignore[arg-type]


def _turned(of: Flat) -> Flat:
    return dict(reversed(of.items()))

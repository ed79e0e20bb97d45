"""Taking back what was written, drawn from a seed: records with their journal, as they stand now, and the plain rules of what may be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from tests.storm.levels.abilities import pick
from tests.storm.levels.cases import body_of, flat_of_seen, seen
from tests.storm.levels.situations import drawn_document, drawn_flat, edited
from tests.storm.verdict import Broken
from unisono.model.document import Document
from unisono.model.party import Flat
from unisono.model.record import Kind, flat_of
from unisono.plan.situation import Link, Rules
from unisono.plan.undo import Deed, Reference, Step, Target, edit_subject, plan_undo

KINDS: tuple[Kind, ...] = ("party", "contact", "quote", "note", "file", "invoice")


@dataclass(frozen=True, slots=True)
class UndoCase:
    """What is to be taken back, and under which rules."""

    targets: tuple[Target, ...]
    rules: Rules


def drawn_undo(rnd: Random, stock: tuple[Rules, ...]) -> UndoCase:
    """A few records that were written, mostly not touched since."""
    rules = pick(rnd, stock)
    return UndoCase(tuple(_target(rnd, f"k{n}") for n in range(pick(rnd, (1, 1, 2, 3)))), rules)


def _target(rnd: Random, key: str) -> Target:
    kind, side = pick(rnd, KINDS), pick(rnd, ("a", "b"))
    before = drawn_flat(rnd, kind) if kind in ("party", "contact") else {}
    deeds, held = [], before
    for n in range(pick(rnd, (1, 1, 2, 3))):
        made = n == 0 and rnd.random() < 0.5
        after = edited(rnd, held, 2) if held else {}
        told = after if made else {name: value for name, value in after.items() if value != held.get(name)}
        deeds.append(
            Deed(
                id=f"{key}-{n}",
                side=side,  # type: ignore[arg-type]
                kind=kind,
                key=key,
                operation="create" if made else "delete" if rnd.random() < 0.05 else "change",
                subject="s",
                link_kind="note" if kind == "file" else kind,
                before={} if made else {name: held.get(name, "") for name in told},
                after=told,
                row=pick(rnd, ("", "aa")),
                wanted=rnd.random() < 0.85,
            )
        )
        held = after
    now = edited(rnd, held, pick(rnd, (0, 0, 1))) if held else held
    body = body_of(kind, now) if kind in ("party", "contact") else drawn_document(rnd, "invoice" if kind == "invoice" else "quote")
    answers: dict[str, str] = {}
    for name, value in now.items():
        if value != before.get(name, "") and rnd.random() < 0.2:
            answers[f"undo-edited|{edit_subject(side, name, value, before.get(name, ''))}"] = pick(rnd, ("before", "leave"))  # type: ignore[arg-type]
    return Target(
        side=side,  # type: ignore[arg-type]
        kind=kind,
        key=key,
        deeds=tuple(deeds),
        now=seen(kind, key, body, gone=rnd.random() < 0.05) if rnd.random() < 0.95 else None,
        row=pick(rnd, ("aa", "aa", "bb")),
        link=Link("l", kind, key, key, {}, {}, pick(rnd, ("linked", "linked", "severed"))) if rnd.random() < 0.8 else None,  # type: ignore[arg-type]
        references=tuple(
            Reference(pick(rnd, ("contact", "quote")), f"k{n}", f"R{n}", ("r", f"k{n}")) for n in range(3) if rnd.random() < 0.15
        ),  # type: ignore[arg-type]
        unsettled=rnd.random() < 0.05,
        answers=answers,
        field="name" if rnd.random() < 0.05 and kind in ("party", "contact") else "",
    )


def check_undo(case: UndoCase) -> list[Broken]:
    """Everything that is wrong with the steps of an undo."""
    steps = plan_undo(case.targets, case.rules)
    out = [] if plan_undo(case.targets[::-1], case.rules) == steps else [Broken("I19", "the order of records changes their undo")]
    going: set[tuple[str, str, str]] = set()
    for target in sorted(
        case.targets, key=lambda t: ({"file": 0, "note": 1, "quote": 2, "contact": 3, "party": 4}.get(t.kind, 2), t.side, t.key)
    ):
        mine = [step for step in steps if step.record == target.record]
        out += _holds(target, mine, case.rules, going)
        going |= {(s.side, s.kind, s.key) for s in mine if s.what == "delete"}
    return out + _quiet(case, steps)


def _holds(target: Target, steps: list[Step], rules: Rules, going: set[tuple[str, str, str]]) -> Iterator[Broken]:
    where = f"{target.side}:{target.kind}:{target.key}"
    said = {step.what for step in steps}
    if target.unsettled and said != {"leave"}:
        yield Broken("I1", f"a record with an open write is undone: {said}", where)
    if ("delete" in said) != may_go(target, rules, going):
        yield Broken("I5", f"{said}, but by the rules deleting is {may_go(target, rules, going)}", where)
    for step in steps:
        for name, value in step.changes.items():
            first, last = span(target)
            now = flat_of(target.now.record.body) if target.now is not None else {}
            agreed_to = (
                target.answers.get(f"undo-edited|{json.dumps([target.side, name, now.get(name, ''), first[name]], ensure_ascii=False)}")
                == "before"
            )
            if now.get(name, "") != last[name] and not agreed_to:
                yield Broken("I2", f"{name}: {now.get(name)!r} is not ours and was put back to {value!r}", where)
            if value != first[name] or step.before[name] != now.get(name, ""):
                yield Broken("I2", f"{name}: {step.before[name]!r} -> {value!r}, should be {now.get(name)!r} -> {first[name]!r}", where)
            if not rules.capabilities(target.side).fields(target.kind, target.key)[name].on_change:
                yield Broken("I6", f"{name} cannot be changed and was", where)


def may_go(target: Target, rules: Rules, going: set[tuple[str, str, str]]) -> bool:
    """A record is deleted only if we made it, it is there, nobody touched it, nothing rests on it, it is no issued document, and its
    system can."""
    made = any(deed.operation == "create" for deed in target.wanted)
    deleted = any(deed.operation == "delete" for deed in target.wanted)
    writing = rules.capabilities(target.side).writing(target.kind)
    if not made or deleted or target.field or target.unsettled or not writing.delete or target.key.endswith(tuple(writing.only) or "\0"):
        return False
    if target.now is None or target.now.gone:
        return False
    body = target.now.record.body
    if isinstance(body, Document) and body.stage != "draft":
        return False
    resting = [r for r in target.references if (target.side, r.kind, r.key) not in going and r.row != ("r", target.key)]
    return untouched(target, rules) and not resting


def untouched(target: Target, rules: Rules) -> bool:
    """The row is as we left it; where no proof of the row was kept, all fields we could have written are."""
    proof = target.deeds[-1].row
    if proof:
        return proof == target.row
    assert target.now is not None
    if isinstance(target.now.record.body, Document):
        return False
    ours: Flat = {}
    for deed in target.deeds:
        ours |= deed.after
    now, limits = flat_of_seen(target.now), rules.capabilities(target.side).fields(target.kind, target.key)
    return all(now.get(n, "") == ours.get(n, "") for n, limit in limits.items() if limit.on_create or limit.on_change)


def span(target: Target) -> tuple[Flat, Flat]:
    """Per field what it held before the first of our writes that are taken back, and after the last of them."""
    first: Flat = {}
    last: Flat = {}
    for deed in target.deeds:
        if deed.wanted:
            for name in deed.after if deed.operation == "create" else deed.before:
                first.setdefault(name, deed.before.get(name, "") if deed.operation == "change" else "")
                last[name] = deed.after.get(name, "")
    return first, last


def _quiet(case: UndoCase, steps: list[Step]) -> list[Broken]:
    """What was taken back is not taken back again."""
    done: list[Target] = []
    for target in case.targets:
        mine = [step for step in steps if step.record == target.record]
        now = target.now
        if now is not None and any(step.what == "delete" for step in mine):
            now = replace(now, gone=True)
        changes = {name: value for step in mine for name, value in step.changes.items()}
        if now is not None and changes:
            now = seen(target.kind, target.key, body_of(target.kind, flat_of_seen(now) | changes), gone=now.gone)
        done.append(replace(target, now=now, link=None if any(step.what == "unlink" for step in mine) else target.link))
    again = plan_undo(done, case.rules)
    left = [f"{step.what} {step.key}" for step in again if step.what in ("change", "delete", "unlink")]
    was = {step.record for step in steps if step.what == "unlink"}
    late = [
        text
        for text, step in zip(left, (s for s in again if s.what in ("change", "delete", "unlink")), strict=True)
        if step.record not in was
    ]
    return [Broken("I19", f"after the undo something is left to undo: {late}")] if late else []

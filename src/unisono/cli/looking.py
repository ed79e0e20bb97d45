"""``status``, ``problems``, ``questions``, ``answer``, ``retry``, ``history``: what happened, and what waits for a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from unisono.cli.pairing import PairId, show_status, the_pair, titles_of
from unisono.cli.terminal import AsJson, Data, Titles, holder, house_at, language, out, sentence, show, words
from unisono.engine.answering import answer as answer_now
from unisono.engine.answering import retry as retry_now
from unisono.locale.names import kind_name
from unisono.store import asking, intents, pairs
from unisono.store.asking import Problem, Question
from unisono.wiring import House
from unisono.wiring.policies import leave_out


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    for name, command in (
        ("status", status),
        ("problems", problems),
        ("questions", questions),
        ("answer", answer),
        ("retry", retry),
        ("history", history),
    ):
        app.command(name)(command)


def status(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """How a pair stands. Exit code 1 if something waits for a person."""
    with house_at(data) as house:
        show_status(house, the_pair(house, pair), as_json, writes=0)


def problems(
    pair: PairId = "",
    raw: Annotated[bool, typer.Option("--raw", help="With the other system's own answer.")] = False,
    group: Annotated[bool, typer.Option("--group", help="Alike ones as one line with their number.")] = False,
    dismiss: Annotated[list[str] | None, typer.Option("--dismiss", help="Id of a problem whose record is left out for good.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Records that cannot go across as they are: which field, which value, what to do."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        if dismiss:
            _dismiss(house, pair_id, dismiss)
        with house.store.read() as conn:
            found, titles = asking.problems(conn, pair_id), titles_of(conn, pair_id)
    if group:
        alike: dict[tuple[str, str, str, str], list[Problem]] = {}
        for p in found:
            alike.setdefault((p.code, p.kind, p.field, p.values.get("fields", "")), []).append(p)
        value = [
            _grouped(some[0].code, [p.id for p in some], [p.label for p in some]) | {"field": some[0].field} for some in alike.values()
        ]
        lines = [problem_text(p[0] if len(p) == 1 else dataclasses.replace(p[0], label=_many(p)), titles) for p in alike.values()]
        show(value, as_json, "\n".join(lines) or words("nothing-open"))
        return
    lines = [f"{p.id}  {problem_text(p, titles)}" + (f"\n    {p.raw}" if raw and p.raw else "") for p in found]
    show([dataclasses.asdict(p) for p in found], as_json, "\n".join(lines) or words("nothing-open"))


def _many(alike: Sequence[Problem]) -> str:
    """What equal problems are about: ``37 × customer``."""
    return f"{len(alike)} × {kind_name(alike[0].kind, language())}"


def _grouped(code: str, ids: list[str], labels: list[str]) -> dict[str, Any]:
    return {"code": code, "count": len(ids), "ids": ids, "labels": labels}


def _dismiss(house: House, pair_id: str, ids: Sequence[str]) -> None:
    """The records of some problems are left out for good: a new version of the policy says so."""
    with house.store.read() as conn:
        keys = {p.id: p.key for p in asking.problems(conn, pair_id)}
    unknown = [one for one in ids if one not in keys]
    if unknown:
        raise typer.BadParameter(words("no-such-problem", id=unknown[0]))
    version = leave_out(house, pair_id, [keys[one] for one in ids if ":row:" not in keys[one]], holder())
    with house.store.write() as conn:
        for one in ids:
            asking.dismiss(conn, one)
    if version:
        out.print(words("policy-imported", version=str(version)), markup=False)


def problem_text(problem: Problem, titles: Titles | None = None) -> str:
    """A problem as a sentence: the record, the field, the value, what the other system answered, what to do."""
    return sentence(problem.code, problem.values, name=problem.label, field=problem.field, kind=problem.kind, titles=titles)


def questions(
    pair: PairId = "",
    group: Annotated[
        bool, typer.Option("--group", help="Alike ones as one line with their number; answered with `answer --group`.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What only a person can decide; alike ones stand together. Answer with `unisono answer ID OPTION`."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        with house.store.read() as conn:
            found, titles = asking.questions(conn, pair_id), titles_of(conn, pair_id)
    if group:
        alike: dict[str, list[Question]] = {}
        for q in found:
            alike.setdefault(q.group, []).append(q)
        value = [_grouped(some[0].code, [q.id for q in some], [q.label for q in some]) | {"group": name} for name, some in alike.items()]
        lines = [f"{len(some)} ×  {question_text(some[0], titles)}" for some in alike.values()]
        show(value, as_json, "\n".join(lines) or words("nothing-open"))
        return
    show([dataclasses.asdict(q) for q in found], as_json, "\n".join(question_text(q, titles) for q in found) or words("nothing-open"))


def question_text(question: Question, titles: Titles | None = None) -> str:
    """A question as a sentence with its options."""
    options = " / ".join(f"{o} ({words(f'option.{o}')})" if ":" not in o else o for o in question.options)
    return f"{question.id}  {sentence(question.code, question.values, name=question.label, titles=titles)}\n    {options}"


def answer(
    question: Annotated[str, typer.Argument(help="Id of the question; with --group any of the group.")],
    said: Annotated[str, typer.Argument(help="One of its options.")],
    group: Annotated[bool, typer.Option("--group", help="Answers all alike questions the same way.")] = False,
    pair: PairId = "",
    data: Data = None,
) -> None:
    """Answers a question; the record is looked at again with the next sync."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        with house.store.read() as conn:
            open_ = asking.questions(conn, pair_id)
        chosen = [q for q in open_ if q.id == question]
        if group and chosen:
            chosen = [q for q in open_ if q.group == chosen[0].group]
        if not chosen:
            raise typer.BadParameter(words("no-such-question", id=question))
        for one in chosen:
            if said not in one.options:
                raise typer.BadParameter(words("no-such-option", option=said, options=", ".join(one.options)))
            answer_now(house.pairing(pair_id), house.hands(), one.id, said, holder())
        out.print(words("answered-count", count=str(len(chosen))), markup=False)


def retry(pair: PairId = "", data: Data = None) -> None:
    """Looks at every record with a problem again with the next sync."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        with house.store.read() as conn:
            keys = [p.key for p in asking.problems(conn, pair_id)]
        count = retry_now(house.pairing(pair_id), house.hands(), keys)
        out.print(words("retry-count", count=str(count)), markup=False)


def history(
    pair: PairId = "",
    record: Annotated[str, typer.Option(help="One record, e.g. a:party:company:42.")] = "",
    limit: Annotated[int, typer.Option(help="The newest so many.")] = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Every write with its reason, before and after; and what was linked, asked and answered."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair, removed=True)
        with house.store.read() as conn:
            writes = intents.journal(conn, pair_id, key=record, limit=limit)
            events = pairs.notes(conn, pair_id, key=record, limit=limit)
    if as_json:
        show({"writes": writes, "events": events}, True)
        return
    lines = [(str(w["at"]), f"{w['state']:8} {w['operation']} {w['kind']} {w['label']} ({_reason(w['reason'])})") for w in writes]
    lines += [(str(e["at"]), f"{words('event.' + str(e['event']))} {e['label']}") for e in events]
    show(None, False, "\n".join(f"{at}  {text}" for at, text in sorted(lines, reverse=True)[:limit]))


def _reason(reason: object) -> str:
    if not isinstance(reason, dict):
        return ""
    return sentence(str(reason["code"]), reason["values"])

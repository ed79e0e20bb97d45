"""``status``, ``problems``, ``questions``, ``answer``, ``retry``, ``history``: what happened, and what waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from unisono.cli.syncing import show_status
from unisono.cli.terminal import (
    AsJson,
    Data,
    PairId,
    Titles,
    WrongCall,
    add_commands,
    house_at,
    language,
    moments,
    out,
    person,
    plain,
    sentence,
    show,
    the_pair,
    words,
)
from unisono.locale.names import field_name, kind_name, name_of, value_name
from unisono.store import intents, pairs
from unisono.store.asking import Problem, Question
from unisono.wiring import House
from unisono.wiring.beside import Beside, Field, beside_question
from unisono.wiring.deciding import (
    Alike,
    NoSuchOption,
    NoSuchProblem,
    NoSuchQuestion,
    answer_question,
    grouped,
    leave_out_problems,
    open_problems,
    open_questions,
    retry_problems,
)
from unisono.wiring.keeping import labels
from unisono.wiring.standing import titles_of

_NOT_DONE = {"open": "did.unclear", "unclear": "did.unclear", "refused": "did.refused", "void": "did.void"}
"""What is said of a write that is not, or not surely, done."""


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(
        app, {"status": status, "problems": problems, "questions": questions, "answer": answer, "retry": retry, "history": history}
    )


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
            version = _dismiss(house, pair_id, dismiss)
            if version and not as_json:
                out.print(words("policy-imported", version=str(version)))
        found, titles = open_problems(house, pair_id), _titles(house, pair_id)
    if group:
        alike = grouped(found)
        value = [_group_json(a.first.code, a.problems) | {"field": a.first.field} for a in alike]
        show(value, as_json, "\n".join(problem_text(_as_one(a), titles) for a in alike) or words("nothing-open"))
        return
    lines = [f"{p.id}  {problem_text(p, titles)}" + (f"\n    {p.raw}" if raw and p.raw else "") for p in found]
    show([plain(p) for p in found], as_json, "\n".join(lines) or words("nothing-open"))


def _dismiss(house: House, pair_id: str, ids: Sequence[str]) -> int | None:
    try:
        return leave_out_problems(house, pair_id, ids, person())
    except NoSuchProblem as unknown:
        raise WrongCall("no-such-problem", id=str(unknown.args[0])) from None


def _as_one(alike: Alike) -> Problem:
    """Equal problems as one, about so many of their kind: ``37 × customer``."""
    count = len(alike.problems)
    if count == 1:
        return alike.first
    return replace(alike.first, label=f"{count} × {kind_name(alike.first.kind, language())}")


def _group_json(code: str, some: Sequence[Problem] | Sequence[Question]) -> dict[str, Any]:
    return {"code": code, "count": len(some), "ids": [one.id for one in some], "labels": [one.label for one in some]}


def _titles(house: House, pair_id: str) -> Titles:
    with house.store.read() as conn:
        return titles_of(house, conn, pair_id)


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
    """What only a person can decide, with what differs; alike ones stand together. Answer with `unisono answer ID OPTION`."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        found, titles = open_questions(house, pair_id), _titles(house, pair_id)
        named = _option_namer(house, pair_id)
        if group:
            alike: dict[str, list[Question]] = {}
            for q in found:
                alike.setdefault(q.group, []).append(q)
            value = [_group_json(some[0].code, some) | {"group": name} for name, some in alike.items()]
            lines = [f"{len(some)} ×  {question_text(some[0], named, titles)}" for some in alike.values()]
        else:
            both = [(q, beside_question(house, pair_id, q)) for q in found]
            value = [plain(q) | {"fields": [plain(f) for f in two.fields] if two else []} for q, two in both]
            lines = [question_text(q, named, titles, two) for q, two in both]
    show(value, as_json, "\n".join(lines) or words("nothing-open"))


def _option_namer(house: House, pair_id: str) -> Callable[[str], str]:
    """What an option says: in words, or for a record's key what that record is called."""

    def named(option: str) -> str:
        known = name_of(f"option.{option}", language())
        return known or (labels(house, pair_id, [option])[0][1] if option.count(":") >= 2 else "")

    return named


def question_text(question: Question, named: Callable[[str], str], titles: Titles, both: Beside | None = None) -> str:
    """A question as a sentence, what differs and what is alike of the two records it is about, and its options."""
    lines = [f"{question.id}  {sentence(question.code, question.values, name=question.label, titles=titles)}"]
    if both is not None and both.a is not None and both.b is not None:
        lines += beside_lines(both, titles)
    options = ((option, named(option)) for option in question.options)
    lines.append(" / ".join(f"{option} ({told})" if told and told != option else option for option, told in options))
    return "\n    ".join(lines)


def beside_lines(both: Beside, titles: Titles) -> list[str]:
    """Two records beside each other: a line for each field that differs, then the names of those that are alike."""
    lines = [f"{words('sign.differs')}: {_differing(field, both.kind, titles)}" for field in both.fields if field.sign == "differs"]
    for sign in ("alike", "same"):
        names = [field_name(field.name, language(), both.kind) for field in both.fields if field.sign == sign]
        lines += [f"{words(f'sign.{sign}')}: {', '.join(names)}"] if names else []
    return lines


def _differing(field: Field, kind: str, titles: Titles) -> str:
    a, b = (f"{titles[side]} {_told(field.name, value)}" for side, value in (("crm", field.a), ("invoicing", field.b)))
    return f"{field_name(field.name, language(), kind)}: {a}, {b}"


def _told(field: str, value: str) -> str:
    """A value in words, on one line."""
    return " / ".join(value_name(field, value, language()).splitlines()) or words("word.nothing")


def changes_text(before: Mapping[str, str], changes: Mapping[str, str], kind: str) -> list[str]:
    """A line for each value that was or would be changed: ``Postleitzahl: 12345 -> 54321``."""
    told = ((field_name(n, language(), kind), _told(n, before.get(n, "")), _told(n, value)) for n, value in sorted(changes.items()))
    return [f"{name}: {old} -> {new}" for name, old, new in told]


def answer(
    question: Annotated[str, typer.Argument(help="Id of the question; with --group any of the group.")],
    said: Annotated[str, typer.Argument(help="One of its options.")],
    group: Annotated[bool, typer.Option("--group", help="Answers all alike questions the same way.")] = False,
    pair: PairId = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Answers a question; the record is looked at again with the next sync."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        try:
            count = answer_question(house, pair_id, question, said, person(), group=group)
        except NoSuchQuestion:
            raise WrongCall("no-such-question", id=question) from None
        except NoSuchOption as other:
            raise WrongCall("no-such-option", option=said, options=str(other.args[1])) from None
    show({"question": question, "answer": said, "count": count}, as_json, words("answered-count", count=str(count)))


def retry(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Looks at every record with a problem again with the next sync."""
    with house_at(data) as house:
        count = retry_problems(house, the_pair(house, pair))
    show({"records": count}, as_json, words("retry-count", count=str(count)))


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
        titles, moment = _titles(house, pair_id), moments(house)
    if as_json:
        show({"writes": writes, "events": events}, True)
        return
    lines = [(str(w["at"]), write_text(w, titles)) for w in writes] + [(str(e["at"]), _event_text(e)) for e in events]
    newest = sorted(lines, key=lambda line: line[0], reverse=True)[:limit]
    show(None, False, "\n".join(f"{moment(at)}  {text}" for at, text in newest) or words("nothing-to-show"))


def write_text(write: Mapping[str, Any], titles: Titles) -> str:
    """One write as people read it: where, what, which record, why; for a change every value before and after."""
    system = titles["crm" if write["side"] == "a" else "invoicing"]
    name = f"{kind_name(write['kind'], language())} {write['label']}".strip()
    if write["state"] in _NOT_DONE:
        said = words(_NOT_DONE[write["state"]], name=name, system=system)
    else:
        said = f"{system}, {words('operation.' + write['operation'])} {name}."
    reason = write["reason"] or {}
    why = sentence(reason["code"], reason["values"], name=write["label"], kind=write["kind"], titles=titles, led=False) if reason else ""
    changed = {n: v for n, v in write["after"].items() if v != write["before"].get(n, "")} if write["operation"] == "change" else {}
    changes = changes_text(write["before"], changed, write["kind"])
    return "\n      ".join([f"{said} {why}".rstrip(), *changes])


def _event_text(event: Mapping[str, Any]) -> str:
    told = f"{words('event.' + str(event['event']))} {event['label']}".rstrip()
    return f"{told} ({event['by']})" if event["by"] else told

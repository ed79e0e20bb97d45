"""``correct``, ``take-back``: a value that kept a record from going across, and an answer that was none after all."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec.structs import replace

from unisono.cli.looking import problem_text
from unisono.cli.terminal import AsJson, Data, PairId, WrongCall, add_commands, house_at, person, show, the_pair, words
from unisono.store.asking import Problem
from unisono.wiring.correcting import correct_problems
from unisono.wiring.deciding import AlreadyDone, NoSuchProblem, NoSuchQuestion, chosen_problems, take_answer_back
from unisono.wiring.keeping import LaneBusy


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(app, {"correct": correct, "take-back": take_back})


def correct(
    problem: Annotated[str, typer.Argument(help="Id of the problem.")],
    values: Annotated[list[str], typer.Argument(help="The fields with their values: address.postcode=21335.")],
    pair: Annotated[str, typer.Option(help="The pair's id; may be left out if there is only one.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Writes other values where a record comes from, so that it goes across with the next sync."""
    named = [value.partition("=") for value in values]
    if any(not given for _, given, _ in named):
        raise WrongCall("correct-how")
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        try:
            found = chosen_problems(house, pair_id, [problem])[0]
            done = correct_problems(house, pair_id, {problem: {name: value for name, _, value in named}}, person())
        except NoSuchProblem:
            raise WrongCall("no-such-problem", id=problem) from None
    wrong = list(done.wrong.get(problem, {}).values())
    told = [problem_text(_as_problem(found, one.code, one.field, one.values)) for one in wrong]
    value = {"count": len(done.done), "wrong": {one.field: one.code for one in wrong}}
    show(value, as_json, "\n".join(told) or words("corrected-count", count=str(len(done.done))))
    if not done.done:
        raise typer.Exit(1)


def take_back(
    question: Annotated[str, typer.Argument(help="Id of the question.")],
    pair: PairId = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes an answer back, as long as nothing was done because of it; a question that was put off is asked now."""
    with house_at(data) as house:
        try:
            take_answer_back(house, the_pair(house, pair), question, person())
        except NoSuchQuestion:
            raise WrongCall("no-such-question", id=question) from None
        except AlreadyDone:
            raise WrongCall("answer-acted") from None
        except LaneBusy:
            raise WrongCall("undo-busy") from None
    show({"question": question, "open": True}, as_json, words("answer-back"))


def _as_problem(found: Problem, code: str, field: str, values: dict[str, str]) -> Problem:
    return replace(found, code=code, field=field, values=values)

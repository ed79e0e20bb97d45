"""What a person does about questions and problems: answer, send again, leave out. The same for the command line, the pages and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from unisono.engine.answering import answer as answer_now
from unisono.engine.answering import retry as retry_now
from unisono.engine.marks import mark_for
from unisono.model.text import folded
from unisono.plan.situation import subject_of
from unisono.policy.files import parse_policy
from unisono.store import answered, asking, lanes, pairs, work
from unisono.store.answered import Answer
from unisono.store.asking import Problem, Question
from unisono.store.feed import with_counterparts
from unisono.store.standing import put_off
from unisono.wiring.house import House
from unisono.wiring.keeping import LaneBusy
from unisono.wiring.policies import leave_out


class NoSuchQuestion(KeyError):
    """No open question of that id: answered meanwhile, or it no longer arises."""


class NoSuchOption(ValueError):
    """An answer that a question does not offer. ``args``: the answer, the options."""


class AlreadyDone(ValueError):
    """Something was written or linked because of an answer: it is not taken back by asking again."""


class NoSuchProblem(KeyError):
    """No open problem of that id."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Problems of one kind: the same code about the same field of the same kind of record."""

    group: str
    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        """The one that stands for all."""
        return self.problems[0]


MOST = 500
"""Questions and problems shown at once."""
_ALL = 1_000_000


def open_questions(house: House, pair_id: str, *, most: int = MOST) -> list[Question]:
    """The open questions of a pair, alike ones beside each other; those put off only when their time has come."""
    with house.store.read() as conn:
        later = put_off(conn, pair_id, house.clock.now())
        return [q for q in asking.questions(conn, pair_id, limit=most + len(later)) if q.id not in later][:most]


def answer_question(house: House, pair_id: str, question_id: str, said: str, by: str, *, group: bool = False) -> int:
    """Answers a question, or with ``group`` all alike ones that offer this answer; how many. Raises ``NoSuchQuestion``, ``NoSuchOption``.

    The records are looked at again with the next turn.
    """
    open_ = open_questions(house, pair_id, most=_ALL)
    chosen = [q for q in open_ if q.id == question_id]
    if not chosen:
        raise NoSuchQuestion(question_id)
    if said not in chosen[0].options:
        raise NoSuchOption(said, ", ".join(chosen[0].options))
    if group:
        chosen = [q for q in open_ if q.group == chosen[0].group and said in q.options]
    pairing, hands = house.pairing(pair_id), house.hands()
    return sum(answer_now(pairing, hands, one.id, said, by) is not None for one in chosen)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as a page tells it; ``open``: nothing was done because of it yet, so that it may be taken back."""

    answer: Answer
    open: bool


def answers_given(house: House, pair_id: str, *, skip: int = 0, limit: int = 50) -> list[Said]:
    """What people answered, the newest first."""
    with house.store.read() as conn:
        found = answered.answers(conn, pair_id, skip=skip, limit=limit)
        return [Said(one, not answered.acted_since(conn, pair_id, _meant(conn, pair_id, one), one.at)) for one in found]


def answers_put_off(house: House, pair_id: str, *, skip: int = 0, limit: int = 50) -> list[Said]:
    """The questions that people want to decide later, the next one first."""
    with house.store.read() as conn:
        return [Said(one, True) for one in answered.later(conn, pair_id, house.clock.now(), skip=skip, limit=limit)]


def take_answer_back(house: House, pair_id: str, question_id: str, by: str) -> None:
    """An answer as if it had not been given: the question is asked again at once, also one that was put off.

    Raises ``NoSuchQuestion``, ``AlreadyDone``, and ``LaneBusy`` while somebody works with the pair.
    """
    lane, now = f"pair:{pair_id}", house.clock.now()
    with house.store.write() as conn:
        given = answered.answer_of(conn, pair_id, question_id)
        if given is None:
            raise NoSuchQuestion(question_id)
        if given.question.state == "answered" and answered.acted_since(conn, pair_id, _meant(conn, pair_id, given), given.at):
            raise AlreadyDone(question_id)
        # Whoever has the lane may have planned with the answer already.
        epoch = lanes.take_lane(conn, lane, by, now, 1) if lane not in house.busy else None
        if epoch is None:
            raise LaneBusy(pair_id)
        lanes.release_lane(conn, lane, epoch)
        answered.ask_again(conn, question_id)
        subject = subject_of(given.question.key)
        work.mark(conn, lane, [mark_for(subject.side, subject.kind, subject.key, 0)], now)
        told = {"code": given.question.code, "answer": given.question.answer}
        pairs.note(conn, pair_id, subject.kind, given.question.key, "answer-taken-back", told, given.question.label, now, by)


def _meant(conn: Connection, pair_id: str, given: Answer) -> list[str]:
    """The records that an answer is about: its own, the one it may be the same as, and their counterparts."""
    asked = given.question
    names = [asked.key]
    if asked.code == "same-customer" and asked.subject:
        side, kind, _ = asked.key.split(":", 2)
        names.append(f"{'b' if side == 'a' else 'a'}:{kind}:{asked.subject}")
    return with_counterparts(conn, pair_id, names)


def open_problems(house: House, pair_id: str, *, most: int = MOST) -> list[Problem]:
    """The open problems of a pair, alike ones beside each other."""
    with house.store.read() as conn:
        return asking.problems(conn, pair_id, limit=most)


def found_problems(house: House, pair_id: str, *, search: str = "", kind: str = "", group: str = "") -> list[Problem]:
    """The open problems whose record is called so (without regard to case and diacritics), is of this kind, belongs to this group."""
    wanted = folded(search)
    return [
        one
        for one in open_problems(house, pair_id, most=_ALL)
        if (not wanted or wanted in folded(one.label)) and kind in ("", one.kind) and group in ("", group_of(one))
    ]


def group_of(problem: Problem) -> str:
    """What alike problems share."""
    return "/".join((problem.code, problem.kind, problem.field, problem.values.get("fields", "")))


def grouped(problems: Sequence[Problem]) -> list[Alike]:
    """Alike problems together, the largest group first."""
    found: dict[str, list[Problem]] = {}
    for one in problems:
        found.setdefault(group_of(one), []).append(one)
    groups = [Alike(group, tuple(some)) for group, some in found.items()]
    return sorted(groups, key=lambda alike: -len(alike.problems))


def retry_problems(house: House, pair_id: str, ids: Sequence[str] | None = None) -> int:
    """The records of some problems (``None``: of all) are looked at again with the next turn; how many. Raises ``NoSuchProblem``."""
    keys = [one.key for one in chosen_problems(house, pair_id, ids)]
    return retry_now(house.pairing(pair_id), house.hands(), list(dict.fromkeys(keys))) if keys else 0


def leave_out_problems(house: House, pair_id: str, ids: Sequence[str], by: str) -> int | None:
    """The records of some problems are left out for good: a new version of the policy, whose number is returned. Raises ``NoSuchProblem``.

    ``None`` if nothing changes by it: rows that could not be read are no records yet, and are only no longer told.
    """
    chosen = chosen_problems(house, pair_id, ids)
    version = leave_out(house, pair_id, [one.key for one in chosen if ":row:" not in one.key], by)
    with house.store.write() as conn:
        for one in chosen:
            asking.dismiss(conn, one.id)
    return version


def all_problems(house: House, pair_id: str, group: str) -> list[Problem]:
    """All open problems of a group. Raises ``NoSuchProblem`` if there is none."""
    found = [one for one in open_problems(house, pair_id, most=_ALL) if group_of(one) == group]
    if not found:
        raise NoSuchProblem(group)
    return found


def chosen_problems(house: House, pair_id: str, ids: Sequence[str] | None) -> list[Problem]:
    """Open problems by their ids; ``None``: all of them. Raises ``NoSuchProblem``."""
    open_ = {one.id: one for one in open_problems(house, pair_id, most=_ALL)}
    if ids is None:
        return list(open_.values())
    unknown = [one for one in ids if one not in open_]
    if unknown:
        raise NoSuchProblem(unknown[0])
    return [open_[one] for one in dict.fromkeys(ids)]


def left_for_good(house: House, pair_id: str) -> list[str]:
    """The records that people left out for good, in the order they said so."""
    with house.store.read() as conn:
        return list(parse_policy(pairs.get_pair(conn, pair_id).policy).leave_out)


def take_along_again(house: House, pair_id: str, records: Sequence[str], by: str) -> int:
    """Records that were left out for good take part again; how many of them were."""
    held = [one for one in left_for_good(house, pair_id) if one in records]
    if held:
        leave_out(house, pair_id, held, by, back=True)
        with house.store.write() as conn:
            asking.tell_again(conn, pair_id, held)
    return len(held)

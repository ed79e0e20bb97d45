"""What a person does about questions and problems: answer, send again, leave out. The same for the command line, the pages and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisono.engine.answering import answer as answer_now
from unisono.engine.answering import retry as retry_now
from unisono.store import asking
from unisono.store.asking import Problem, Question
from unisono.store.standing import put_off
from unisono.wiring.house import House
from unisono.wiring.policies import leave_out


class NoSuchQuestion(KeyError):
    """No open question of that id: answered meanwhile, or it no longer arises."""


class NoSuchOption(ValueError):
    """An answer that a question does not offer. ``args``: the answer, the options."""


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


def open_problems(house: House, pair_id: str, *, most: int = MOST) -> list[Problem]:
    """The open problems of a pair, alike ones beside each other."""
    with house.store.read() as conn:
        return asking.problems(conn, pair_id, limit=most)


def grouped(problems: Sequence[Problem]) -> list[Alike]:
    """Alike problems together, the largest group first."""
    found: dict[str, list[Problem]] = {}
    for one in problems:
        found.setdefault("/".join((one.code, one.kind, one.field, one.values.get("fields", ""))), []).append(one)
    groups = [Alike(group, tuple(some)) for group, some in found.items()]
    return sorted(groups, key=lambda alike: -len(alike.problems))


def retry_problems(house: House, pair_id: str, ids: Sequence[str] | None = None) -> int:
    """The records of some problems (``None``: of all) are looked at again with the next turn; how many. Raises ``NoSuchProblem``."""
    keys = [one.key for one in _chosen(house, pair_id, ids)]
    return retry_now(house.pairing(pair_id), house.hands(), list(dict.fromkeys(keys))) if keys else 0


def leave_out_problems(house: House, pair_id: str, ids: Sequence[str], by: str) -> int | None:
    """The records of some problems are left out for good: a new version of the policy, whose number is returned. Raises ``NoSuchProblem``.

    ``None`` if nothing changes by it: rows that could not be read are no records yet, and are only no longer told.
    """
    chosen = _chosen(house, pair_id, ids)
    version = leave_out(house, pair_id, [one.key for one in chosen if ":row:" not in one.key], by)
    with house.store.write() as conn:
        for one in chosen:
            asking.dismiss(conn, one.id)
    return version


def _chosen(house: House, pair_id: str, ids: Sequence[str] | None) -> list[Problem]:
    open_ = {one.id: one for one in open_problems(house, pair_id, most=_ALL)}
    if ids is None:
        return list(open_.values())
    unknown = [one for one in ids if one not in open_]
    if unknown:
        raise NoSuchProblem(unknown[0])
    return [open_[one] for one in dict.fromkeys(ids)]

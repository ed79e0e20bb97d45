"""A person's answer: noted, remembered, and the record looked at again. An answer is input to planning, not an action of its own."""

from __future__ import annotations

from unisono.engine.hands import Hands, Pairing
from unisono.engine.marks import mark_for
from unisono.plan.corrections import CORRECTED, Correction
from unisono.plan.situation import subject_of
from unisono.store import asking, pairs, work
from unisono.store.asking import Question


def answer(pairing: Pairing, hands: Hands, question_id: str, said: str, by: str) -> Question | None:
    """Notes an answer and marks its record. ``None`` if no such question is open; ``ValueError`` if it is none of the options."""
    now = hands.clock.now()
    with hands.store.write() as conn:
        question = asking.answer(conn, question_id, said, by, now)
        if question is None:
            return None
        subject = subject_of(question.key)
        due = now + asking.SNOOZE if said == "later" else now
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], due)
        values = {"code": question.code, "answer": said}
        pairs.note(conn, pairing.id, subject.kind, question.key, "answered", values, question.label, now, by)
    return question


def correct(pairing: Pairing, hands: Hands, key: str, label: str, correction: Correction) -> None:
    """A person's values for a record's fields: kept, and the record looked at at once. A later correction takes the place of an earlier one."""
    now, subject = hands.clock.now(), subject_of(key)
    with hands.store.write() as conn:
        asking.spend(conn, pairing.id, [key], CORRECTED)
        asking.decide(conn, hands.ids.new(), pairing.id, key, label, CORRECTED, str(correction), correction.by, now)
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], now)
        told = {"fields": ", ".join(sorted(correction.changes))}
        pairs.note(conn, pairing.id, subject.kind, key, "corrected", told, label, now, correction.by)


def retry(pairing: Pairing, hands: Hands, keys: list[str]) -> int:
    """A person wants records looked at again now."""
    with hands.store.write() as conn:
        # A row that could not be read is no record yet: the next pull tries it again by itself.
        marks = [mark_for(s.side, s.kind, s.key, 0) for s in (subject_of(k) for k in keys if ":row:" not in k)]
        return work.mark(conn, pairing.lane, marks, hands.clock.now())

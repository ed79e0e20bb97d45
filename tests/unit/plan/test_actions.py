"""What a plan is made of, and which flow looks at which record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plan.worlds import about, company, deal, invoice, owned, person, quote, record, rules, seen, words
from unisono.model.document import Tag
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Reason, Report, Send, side_name
from unisono.plan.planner import RANKS, plan
from unisono.plan.situation import Link, Seen, Situation, Subject, subject_of


@pytest.mark.parametrize("text", ("a:party:company:42", "b:quote:q5", "a:contact:42#main", "b:party:cif:RO18547290"))
def test_a_subject_comes_back_from_its_text(text: str) -> None:
    assert str(subject_of(text)) == text


def test_a_key_may_hold_the_sign_that_divides_a_subject() -> None:
    assert subject_of("a:party:company:42") == Subject("a", "party", "company:42")


def test_sends_are_the_writes_among_the_actions_in_order() -> None:
    first = Send(write=Write(operation="create", side="b", kind="party"), reason=Reason("x"), link_kind="party")
    second = Send(write=Write(operation="change", side="a", kind="party", key="1"), reason=Reason("y"), link_kind="party")
    decision = Decision(Subject("a", "party", "1"), "new", Reason("z"), (first, Report(code="too-long"), second))
    assert decision.sends == (first, second)


def test_a_decision_is_a_value() -> None:
    decision = Decision(Subject("a", "party", "1"), "equal", Reason("in-step"))
    assert decision == Decision(Subject("a", "party", "1"), "equal", Reason("in-step"))
    with pytest.raises(AttributeError, match="immutable"):
        decision.verdict = "new"  # type: ignore[misc]


def test_sides_have_the_policys_words() -> None:
    assert (side_name("a"), side_name("b")) == ("crm", "invoicing")


def test_a_link_and_a_situation_are_read_by_side() -> None:
    link = Link("l", "party", "42", "c42", {"name": "a"}, {"name": "b"})
    assert [(link.key(side), link.agreed(side)["name"]) for side in ("a", "b")] == [("42", "a"), ("c42", "b")]  # type: ignore[arg-type]
    s = Situation(subject=Subject("a", "party", "42"), a=company(), b=company("c42"))
    assert (s.seen("a"), s.seen("b")) == (s.a, s.b)


@pytest.mark.parametrize(
    ("row", "side", "more", "verdicts"),
    (
        (company(), "a", {"reasons": ("quote",)}, ["new"]),
        (person(), "a", {"owner": owned(), "reasons": ("tag",)}, ["new"]),
        (deal(), "a", {"owner": owned()}, ["new"]),
        (quote(), "b", {"owner": owned("c42", "42")}, ["left-out", "new"]),
        (invoice(), "b", {"owner": owned("c42", "42")}, ["new"]),
        (seen(record("tag", "1", Tag(name="Bill"), owner="42")), "a", {}, ["left-out"]),
    ),
)
def test_each_kind_of_record_has_its_flows(row: Seen, side: str, more: dict[str, Any], verdicts: list[str]) -> None:
    decisions = plan(about(row, side=side, **more), rules(), words)
    assert [d.verdict for d in decisions] == verdicts
    assert all(d.subject == Subject(side, row.record.kind, row.record.key) for d in decisions)  # type: ignore[arg-type]


def test_what_others_depend_on_comes_first() -> None:
    assert sorted(RANKS, key=lambda kind: RANKS[kind]) == ["party", "contact", "product", "quote", "invoice"]

"""Questions and problems: one a subject, remembered, closed when they no longer arise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.stores import with_a_pair
from unisono.plan.actions import Ask, Report
from unisono.store import asking
from unisono.store.asking import Problem, Question
from unisono.store.doors import Store
from unisono.store.stamps import stamp

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KEY = "a:party:1"
SAME = Ask(
    code="same-customer",
    subject="c7",
    group="same-customer/number/free",
    options=("same", "different", "later"),
    values={"other": "Keller"},
)
TOO_LONG = Report(code="too-long", field="name", values={"limit": "60"})


@pytest.fixture(autouse=True)
def paired(store: Store) -> None:
    with_a_pair(store)


def ask(store: Store, what: Ask = SAME, *, key: str = KEY, new_id: str = "q1", now: datetime = NOW, label: str = "Keller AG") -> None:
    with store.write() as conn:
        asking.ask(conn, new_id, "p", key, label, what, now)


def answer(store: Store, said: str, question_id: str = "q1", now: datetime = NOW) -> Question | None:
    with store.write() as conn:
        return asking.answer(conn, question_id, said, "ada", now)


def questions(store: Store, state: str = "open") -> list[Question]:
    with store.read() as conn:
        return asking.questions(conn, "p", state)


def withdraw(store: Store, *standing: tuple[str, str], key: str = KEY) -> None:
    with store.write() as conn:
        asking.withdraw_others(conn, "p", key, standing)


def report(store: Store, what: Report = TOO_LONG, *, key: str = KEY, new_id: str = "x1", now: datetime = NOW, raw: str = "") -> None:
    with store.write() as conn:
        asking.report(conn, new_id, "p", key, "party", "Keller AG", what, raw, now)


def resolve(store: Store, *standing: Report) -> None:
    with store.write() as conn:
        asking.resolve_others(conn, "p", KEY, [(what.code, what.field) for what in standing], LATER)


def problems(store: Store, state: str = "open") -> list[Problem]:
    with store.read() as conn:
        return asking.problems(conn, "p", state)


def test_a_question_says_what_it_asks_about_whom_and_what_may_be_answered(store: Store) -> None:
    ask(store)
    assert questions(store) == [
        Question(
            id="q1",
            code="same-customer",
            group="same-customer/number/free",
            key=KEY,
            subject="c7",
            options=("same", "different", "later"),
            values={"other": "Keller"},
            label="Keller AG",
            state="open",
            answer="",
        )
    ]


def test_the_same_question_is_asked_once(store: Store) -> None:
    ask(store)
    ask(store, new_id="q2")
    ask(store, Ask(code="same-customer", subject="c8", group="g", options=("same",)), new_id="q3")
    assert [q.id for q in questions(store)] == ["q3", "q1"]


def test_a_standing_question_shows_what_is_true_by_now(store: Store) -> None:
    ask(store)
    now_linked = Ask(
        code="same-customer", subject="c7", group="same-customer/number/linked", options=("different", "later"), values={"other": "K"}
    )
    ask(store, now_linked, new_id="q2", label="Keller SE")
    (question,) = questions(store)
    assert (question.id, question.options, question.values, question.label) == ("q1", ("different", "later"), {"other": "K"}, "Keller SE")


def test_open_questions_are_found_by_the_record_that_asks_and_by_the_one_it_may_be(store: Store) -> None:
    ask(store)
    ask(store, Ask(code="same-customer", subject="c8", group="g", options=("same",), values={"unsure": "yes"}), new_id="q2")
    ask(store, Ask(code="conflict", subject="c8", group="g", options=("crm",)), new_id="q3")
    with store.read() as conn:
        mine = asking.standing(conn, "p", "same-customer", [KEY])
        theirs = asking.standing(conn, "p", "same-customer", [], ["c8", "c9"])
        both = asking.standing(conn, "p", "same-customer", [KEY], ["c8"])
    assert [(one.key, one.subject) for one in mine] == [(KEY, "c7"), (KEY, "c8")]
    assert theirs == [asking.Standing(KEY, "c8", {"unsure": "yes"})]
    assert both == mine, "each once"
    answer(store, "different")
    with store.read() as conn:
        assert [one.subject for one in asking.standing(conn, "p", "same-customer", [KEY])] == ["c8"]


def test_an_answer_is_noted_and_remembered_by_record_and_question(store: Store) -> None:
    ask(store)
    given = answer(store, "different")
    assert given is not None
    assert (given.state, given.answer) == ("answered", "different")
    assert questions(store) == []
    ask(store, new_id="q2", now=LATER)
    assert questions(store) == [], "what was answered is not asked again"
    with store.read() as conn:
        assert asking.answers_for(conn, "p", [KEY, "a:party:2"]) == {KEY: {"same-customer|c7": "different"}}
        assert asking.answers_for(conn, "p", []) == {}


def test_an_answer_that_is_no_option_any_more_does_not_close_the_question_for_ever(store: Store) -> None:
    ask(store)
    answer(store, "same")
    ask(store, Ask(code="same-customer", subject="c7", group="g", options=("different", "later")), new_id="q2", now=LATER)
    (question,) = questions(store)
    assert (question.id, question.answer, question.options) == ("q1", "", ("different", "later"))
    with store.read() as conn:
        assert asking.answers_for(conn, "p", [KEY]) == {}


def test_an_answer_must_be_one_of_the_options_and_the_question_open(store: Store) -> None:
    ask(store)
    with pytest.raises(ValueError, match="perhaps"):
        answer(store, "perhaps")
    assert answer(store, "same", "unknown") is None
    answer(store, "same")
    assert answer(store, "different") is None, "an answer is not given twice"
    with store.read() as conn:
        assert asking.answers_for(conn, "p", [KEY]) == {KEY: {"same-customer|c7": "same"}}


def test_later_leaves_the_question_open_until_it_is_answered(store: Store) -> None:
    ask(store)
    given = answer(store, "later")
    assert given is not None
    assert given.state == "open"
    with store.read() as conn:
        assert asking.answers_for(conn, "p", [KEY]) == {}, "later answers nothing"
    assert [(q.id, q.answer) for q in questions(store)] == [("q1", "later")]
    answer(store, "same")
    assert questions(store) == []


def test_questions_that_no_longer_arise_are_withdrawn_and_open_again_if_they_do(store: Store) -> None:
    ask(store)
    ask(store, Ask(code="conflict", subject="email=a|b", group="conflict/email", options=("crm",)), new_id="q2")
    ask(store, key="a:party:2", new_id="q3")
    withdraw(store, ("conflict", "email=a|b"))
    assert {q.id for q in questions(store)} == {"q2", "q3"}
    assert [q.id for q in questions(store, "withdrawn")] == ["q1"]
    ask(store, new_id="q4", now=LATER)
    assert {q.id for q in questions(store)} == {"q1", "q2", "q3"}


def test_a_question_put_off_and_withdrawn_opens_again_as_new(store: Store) -> None:
    ask(store)
    answer(store, "later")
    withdraw(store)
    ask(store, new_id="q2", now=LATER)
    assert [(q.id, q.answer) for q in questions(store)] == [("q1", "")]


def test_an_answered_question_is_not_withdrawn(store: Store) -> None:
    ask(store)
    answer(store, "same")
    withdraw(store)
    assert [q.id for q in questions(store, "answered")] == ["q1"]


def test_questions_come_group_by_group_oldest_first(store: Store) -> None:
    for n, (group, at) in enumerate((("b", NOW), ("a", LATER), ("a", NOW), ("B", NOW))):
        ask(store, Ask(code="conflict", subject="s", group=group, options=("crm",)), key=f"a:party:{n}", new_id=f"q{n}", now=at)
    assert [q.id for q in questions(store)] == ["q3", "q2", "q1", "q0"]
    with store.read() as conn:
        assert [q.id for q in asking.questions(conn, "p", limit=1)] == ["q3"]
        assert asking.questions(conn, "other") == []


def test_a_problem_says_record_field_value_and_the_other_systems_words(store: Store) -> None:
    report(store, raw="name: is too long")
    assert problems(store) == [
        Problem(
            id="x1",
            key=KEY,
            kind="party",
            code="too-long",
            field="name",
            values={"limit": "60"},
            raw="name: is too long",
            label="Keller AG",
            state="open",
            count=1,
            first_at=stamp(NOW),
            last_at=stamp(NOW),
        )
    ]


def test_a_problem_that_is_still_there_is_counted_not_repeated(store: Store) -> None:
    report(store)
    report(store, Report(code="too-long", field="name", values={"limit": "80"}), new_id="x2", now=LATER, raw="newer words")
    report(store, Report(code="missing-field", field="address.city"), new_id="x3")
    first = {p.id: p for p in problems(store)}
    assert set(first) == {"x1", "x3"}
    told = first["x1"]
    assert (told.count, told.values, told.raw, told.first_at, told.last_at) == (2, {"limit": "80"}, "newer words", stamp(NOW), stamp(LATER))


def test_problems_that_no_longer_arise_are_resolved_and_open_again_if_they_do(store: Store) -> None:
    report(store)
    report(store, Report(code="missing-field", field="address.city"), new_id="x2")
    report(store, key="a:party:2", new_id="x3")
    resolve(store, Report(code="missing-field", field="address.city"))
    assert {p.id for p in problems(store)} == {"x2", "x3"}
    assert [(p.id, p.last_at) for p in problems(store, "resolved")] == [("x1", stamp(LATER))]
    resolve(store)
    assert {p.id for p in problems(store)} == {"x3"}
    report(store, new_id="x4")
    assert {p.id: p.count for p in problems(store)} == {"x1": 2, "x3": 1}


def test_a_dismissed_problem_stays_dismissed_while_it_lasts(store: Store) -> None:
    report(store)
    with store.write() as conn:
        assert asking.dismiss(conn, "x1") == KEY
        assert asking.dismiss(conn, "unknown") is None
    report(store, new_id="x2")
    assert problems(store) == []
    assert [(p.id, p.count) for p in problems(store, "dismissed")] == [("x1", 2)]
    with store.read() as conn:
        assert asking.keys_asked(conn, "p", [KEY]) == {KEY}, "it must still be resolved when it is over"
    resolve(store)
    assert [p.id for p in problems(store, "resolved")] == ["x1"]


def test_only_records_with_something_open_need_closing(store: Store) -> None:
    ask(store, key="a:party:1")
    ask(store, key="a:party:2", new_id="q2")
    answer(store, "same", "q2")
    report(store, key="a:party:3", new_id="x3")
    keys = [f"a:party:{n}" for n in range(5)]
    with store.read() as conn:
        assert asking.keys_asked(conn, "p", keys) == {"a:party:1", "a:party:3"}
        assert asking.keys_asked(conn, "p", []) == set()
        assert asking.counts(conn, "p") == (1, 1)
        assert asking.counts(conn, "other") == (0, 0)


def test_rows_that_could_not_be_read_are_told_by_side_resource_and_key(store: Store) -> None:
    unread = Report(code="unknown-currency", field="currency", values={"value": "EURO"})
    with store.write() as conn:
        for n, key in enumerate(("a:row:deals/7", "b:row:invoice/4/2", "a:row:companies/1")):
            asking.report(conn, f"x{n}", "p", key, "row", key, unread, "", NOW)
        asking.resolve_others(conn, "p", "a:row:companies/1", (), LATER)
    report(store, new_id="x9")
    with store.read() as conn:
        assert asking.rows_told(conn, "p", "a") == [("deals", "7")]
        assert asking.rows_told(conn, "p", "b") == [("invoice", "4/2")]


def test_answers_about_couples_come_in_the_order_they_were_given(store: Store) -> None:
    for n, couple in enumerate(("42|c7", "43|c7", "44|c7")):
        ask(store, Ask(code="same-customer", subject=couple, group="g", options=("same", "different")), key=f"a:party:{n}", new_id=f"q{n}")
    answer(store, "different", "q1", LATER)
    answer(store, "same", "q0", NOW)
    with store.read() as conn:
        assert asking.couples(conn, "p") == [("42|c7", "same"), ("43|c7", "different")]
        assert asking.couples(conn, "other") == []

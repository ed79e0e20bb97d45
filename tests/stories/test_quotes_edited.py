"""A CRM offer edited after its estimate exists: FastBill cannot change an estimate, so a person decides."""

from __future__ import annotations

import pytest

from tests.stories.folk import BOTH, company, deal_of, estimates, state
from tests.support.village import Village


def offered(v: Village) -> int:
    made = deal_of(v, company(v), "Leuchtschild", "1200")
    v.sync()
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["1200"]
    return made


def edited(v: Village, made: int) -> None:
    v.crm_act("edit_deal", id=str(made), value="1500")
    v.sync()


@BOTH
@pytest.mark.feature("F07", kind="do")
def test_an_edited_offer_is_a_question_and_the_estimate_stays_as_it_is(v: Village) -> None:
    made = offered(v)
    edited(v, made)
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["1200"]
    (asked,) = v.questions()
    assert (asked.code, asked.options) == ("quote-edited", ("leave", "done-by-hand", "make-anew", "later"))
    assert (asked.values["name"], asked.values["value"]) == ("Leuchtschild", "1500")
    assert v.writes("b") == ["customer.create", "estimate.create"]


@pytest.mark.feature("F07", kind="do")
@pytest.mark.parametrize("said", ("leave", "done-by-hand"))
def test_left_as_it_is_it_is_not_asked_about_again(v: Village, said: str) -> None:
    made = offered(v)
    edited(v, made)
    v.answer(v.questions()[0], said)
    v.sync()
    v.crm_act("edit_deal", id=str(made), description="nur intern")
    v.sync()
    assert v.questions() == []
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["1200"]


@pytest.mark.feature("F07", kind="do")
def test_a_second_edit_after_an_answer_asks_again(v: Village) -> None:
    made = offered(v)
    edited(v, made)
    v.answer(v.questions()[0], "leave")
    v.sync()
    v.crm_act("edit_deal", id=str(made), value="1700")
    v.sync()
    assert [q.values["value"] for q in v.questions()] == ["1700"]


@BOTH
@pytest.mark.feature("F07", kind="do")
def test_made_anew_the_draft_is_replaced_by_exactly_one_with_the_new_amount(v: Village) -> None:
    made = offered(v)
    (before,) = estimates(v)
    edited(v, made)
    v.answer(v.questions()[0], "make-anew")
    v.sync()
    (after,) = estimates(v)
    assert (after["SUB_TOTAL"], after["STATE"]) == ("1500", "a")
    assert after["ESTIMATE_ID"] != before["ESTIMATE_ID"]
    assert v.questions() == []
    v.sync()
    assert len(estimates(v)) == 1


@pytest.mark.feature("F07", kind="do")
def test_an_estimate_that_was_sent_already_is_not_offered_to_be_made_anew(v: Village) -> None:
    made = offered(v)
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    v.sync()
    edited(v, made)
    (asked,) = v.questions()
    assert asked.options == ("leave", "done-by-hand", "later")
    with pytest.raises(ValueError, match="make-anew"):
        v.answer(asked, "make-anew")
    assert [e["SUB_TOTAL"] for e in estimates(v)] == ["1200"]


@pytest.mark.feature("F07", kind="do")
def test_sent_between_the_question_and_the_answer_it_is_not_deleted(v: Village) -> None:
    """The person saw a draft; meanwhile a colleague sent it."""
    made = offered(v)
    edited(v, made)
    v.answer(v.questions()[0], "make-anew")
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    v.sync()
    assert [(e["SUB_TOTAL"], e["STATE"]) for e in estimates(v)] == [("1200", "b")]
    assert [q.options for q in v.questions()] == [("leave", "done-by-hand", "later")], "asked again, about what it has become"


@pytest.mark.feature("F07", kind="do")
def test_sent_a_moment_before_our_delete_it_is_not_deleted(v: Village) -> None:
    """FastBill's lists were read, then somebody sent the estimate: the look just before the delete finds it."""
    made = offered(v)
    edited(v, made)
    v.answer(v.questions()[0], "make-anew")
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    v.cycle(read=False)
    assert [(e["SUB_TOTAL"], e["STATE"]) for e in estimates(v)] == [("1200", "b")]
    assert [q.options for q in v.questions()] == [("leave", "done-by-hand", "later")]


@pytest.mark.feature("F07", kind="do")
def test_an_edit_of_what_the_estimate_does_not_hold_is_no_question(v: Village) -> None:
    made = offered(v)
    v.crm_act("edit_deal", id=str(made), description="Kunde ruft Montag an", target_date="2026-12-01")
    v.sync()
    assert v.questions() == []

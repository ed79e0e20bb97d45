"""A contact person that changed company."""

from __future__ import annotations

import pytest

from tests.unit.plan.worlds import free, linked, owned, person, rules
from unisono.plan.actions import Ask, Join, Send, Sever
from unisono.plan.flows.customers import plan_customer
from unisono.plan.situation import Situation

RULES = rules()
SUBJECT = "43|p9"


def gone_elsewhere(said: str = "", owner: str = "linked", **more: object) -> Situation:
    """Anna belongs to company 43 now; her contact still to the customer of company 42."""
    answers = {f"contact-moved|{SUBJECT}": said} if said else {}
    a, b = person("9", owner="43", email="anna@new.example"), person("p9", owner="c42", email="anna@old.example")
    agreed = {"name": "Weber", "first_name": "Anna", "email": "anna@old.example", "position": ""}
    there = owned("43", "c43", owner)
    return linked(a, b, agreed, agreed, moved=True, owner=there, answers=answers, reasons=("tag",), **more)  # type: ignore[arg-type]


def test_it_is_asked_and_nothing_is_written_meanwhile() -> None:
    decision = plan_customer(gone_elsewhere(), RULES)
    (ask,) = decision.actions
    assert (decision.verdict, decision.sends) == ("doubtful", ())
    assert isinstance(ask, Ask)
    assert (ask.code, ask.subject, ask.options) == ("contact-moved", SUBJECT, ("follow", "leave", "later"))


def test_one_that_did_not_move_is_compared_as_ever() -> None:
    s = gone_elsewhere()
    still = Situation(subject=s.subject, a=s.a, b=s.b, link=s.link, owner=s.owner, reasons=s.reasons)
    assert [send.write.changes for send in plan_customer(still, RULES).sends] == [{"email": "anna@new.example"}]


def test_told_to_follow_the_old_link_makes_room_and_the_contact_is_made_at_the_new_customer() -> None:
    decision = plan_customer(gone_elsewhere("follow"), RULES)
    ended, made = decision.actions
    assert isinstance(ended, Sever)
    assert isinstance(made, Send)
    assert (decision.verdict, ended.then, ended.b_key) == ("new", "forgotten", "p9")
    assert (made.write.operation, made.write.owner) == ("create", "c43")


def test_told_to_follow_somebody_of_that_name_at_the_new_customer_is_that_person() -> None:
    there = free(person("p77", owner="c43"))
    decision = plan_customer(gone_elsewhere("follow", candidates=(there,)), RULES)
    ended, joined = decision.actions
    assert isinstance(ended, Sever)
    assert isinstance(joined, Join)
    assert (decision.verdict, joined.b_key, decision.sends) == ("linked", "p77", ())


def test_told_to_leave_it_the_link_ends_and_is_remembered() -> None:
    (ended,) = plan_customer(gone_elsewhere("leave"), RULES).actions
    assert isinstance(ended, Sever)
    assert (ended.then, ended.reason.code) == ("severed", "contact-moved")


@pytest.mark.parametrize(("owner", "options"), (("wanted", ("follow", "leave", "later")), ("unwanted", ("leave", "later"))))
def test_whoever_went_to_a_company_that_does_not_go_across_cannot_follow(owner: str, options: tuple[str, ...]) -> None:
    (ask,) = plan_customer(gone_elsewhere(owner=owner), RULES).actions
    assert isinstance(ask, Ask)
    assert ask.options == options


def test_told_to_follow_to_a_customer_that_is_not_made_yet_it_waits_and_the_link_stays() -> None:
    decision = plan_customer(gone_elsewhere("follow", "wanted"), RULES)
    assert decision.verdict == "waiting"
    assert not any(isinstance(action, Sever) for action in decision.actions)


def test_the_contact_that_stayed_behind_is_left_where_it_is() -> None:
    row = person("p9", owner="c42")
    s = gone_elsewhere()
    for answers, verdict in (({}, "new"), ({"contact-moved|": "follow"}, "left-out")):
        subject = type(s.subject)("b", "contact", "p9")
        left = Situation(subject=subject, b=row, owner=owned("c42", "42"), answers=answers)
        assert plan_customer(left, RULES).verdict == verdict

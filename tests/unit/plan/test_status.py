"""Status back: by which means a state is told, once each, and what is remembered of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import CRM, INVOICING, deal, invoice, linked, owned, quote, rules, words
from unisono.model.capability import FieldLimit, Writing
from unisono.model.document import Note
from unisono.plan.actions import Decision, Join, Send
from unisono.plan.flows.status import means_of, plan_status
from unisono.plan.planner import plan
from unisono.plan.situation import FiledQuote, Link, Rules, Seen, Situation, Subject

MOVES = Writing(kind="quote", change=True, fields={"stage": FieldLimit()})
ABLE = replace(CRM, writings=(*CRM.writings, MOVES), doors=("trigger",))
STATUS: dict[str, Any] = {
    "direction": "to-crm",
    "stages": {"quote_issued": "Offer made", "quote_sent": "Offer sent", "invoice_paid": "Paid"},
    "triggers": {"quote_issued": "code-2", "invoice_paid": "code-1"},
}


def pair(crm: Any = ABLE, **status: Any) -> Rules:
    """Rules of a pair that tells states."""
    return Rules(rules(status=STATUS | status).policy, crm, INVOICING)


def of_quote(there: Seen, told: dict[str, str] | None = None, **more: Any) -> Situation:
    """A quote made from a deal, looked at for itself. ``told`` is what was told by each means."""
    s = linked(deal(), there, {}, owner=owned("c42", "42"), **more)
    return replace(s, subject=Subject("b", "quote", "q5"), told=_told(told))


def _told(told: dict[str, str] | None) -> Link | None:
    state = {"state": (told or {}).get("state", "")}
    return None if told is None else Link("s1", "status", "quote/q5", "quote/q5", told, state)


def decided(s: Situation, of: Rules) -> Decision:
    decision = plan_status(s, of, words)
    assert decision is not None
    return decision


def changes(decision: Decision) -> list[dict[str, str]]:
    return [send.write.changes for send in decision.sends]


def test_a_policy_that_does_not_ask_has_no_decision_about_it() -> None:
    assert plan_status(of_quote(quote()), rules(), words) is None
    assert plan_status(of_quote(quote(gone=True)), pair(), words) is None


def test_a_state_moves_the_deal_to_the_stage_that_is_named_for_it() -> None:
    decision = decided(of_quote(quote(stage="sent")), pair())
    (send,) = decision.sends
    assert (send.write.operation, send.write.side, send.write.kind, send.write.key) == ("change", "a", "quote", "5")
    assert (send.write.changes, send.link_kind, send.source) == ({"stage": "Offer sent"}, "status", "quote:q5")
    assert send.agree == {"stage": "sent", "trigger": "sent", "note": "sent", "due": "", "state": "sent"}


def test_a_crm_with_fields_for_it_is_told_along_which_document_that_is() -> None:
    named = replace(MOVES, fields={"stage": FieldLimit(), "number": FieldLimit(), "view_url": FieldLimit()})
    crm = replace(ABLE, writings=(*CRM.writings, named))
    there = quote(stage="sent", view_url="https://books.example/q5")
    assert changes(decided(of_quote(there), pair(crm))) == [
        {"stage": "Offer sent", "number": "A-1", "view_url": "https://books.example/q5"}
    ]


def test_a_state_with_two_means_is_told_by_both_and_done_only_with_the_last() -> None:
    first, last = decided(of_quote(quote(stage="issued")), pair()).sends
    assert (first.write.changes, last.write.changes) == ({"stage": "Offer made"}, {"trigger": "code-2"})
    assert first.agree == {"stage": "issued", "note": "issued", "due": ""}
    assert last.agree["state"] == "issued"


def test_what_was_told_by_one_means_is_not_told_by_it_again() -> None:
    s = of_quote(quote(stage="issued"), {"state": "sent", "stage": "issued", "note": "issued", "trigger": "sent"})
    assert changes(decided(s, pair())) == [{"trigger": "code-2"}]


@pytest.mark.parametrize("there", (quote(stage="draft"), quote(stage="sent")), ids=("a draft", "told already"))
def test_nothing_new_is_nothing_to_do(there: Seen) -> None:
    told = None if there.record.body.stage == "draft" else {"state": "sent"}  # type: ignore[union-attr]
    decision = decided(of_quote(there, told), pair())
    assert (decision.verdict, decision.actions) == ("equal", ())


def test_a_state_that_nothing_is_named_for_is_remembered_so_that_the_next_is_new() -> None:
    (join,) = decided(of_quote(quote(answer="rejected"), {"state": "sent", "stage": "sent"}), pair()).actions
    assert isinstance(join, Join)
    assert (join.kind, join.a_key, join.agreed_a["stage"], join.agreed_b["state"]) == ("status", "quote/q5", "rejected", "rejected")


def test_what_was_there_before_the_release_is_remembered_and_not_told() -> None:
    decision = decided(of_quote(quote(stage="issued"), existed=True), pair())
    assert (decision.reason.code, decision.sends) == ("status-from-here", ())
    told = {"state": "sent", "stage": "sent", "trigger": "sent"}
    assert len(decided(of_quote(quote(stage="issued"), told, existed=True), pair()).sends) == 2


@pytest.mark.parametrize(
    ("crm", "found"),
    (
        (ABLE, {"stage": "Paid", "trigger": "code-1"}),
        (replace(ABLE, doors=()), {"stage": "Paid", "note": "paid"}),
        (CRM, {"note": "paid"}),
        (replace(CRM, writings=()), {}),
    ),
    ids=("all", "no automation", "neither", "nothing at all"),
)
def test_a_note_takes_the_place_of_what_the_crm_does_not_allow(crm: Any, found: dict[str, str]) -> None:
    assert means_of("paid", "quote", crm, "Paid", "code-1", True) == found
    assert "note" not in means_of("paid", "quote", crm, "Paid", "code-1", False)


def test_the_note_says_which_document_and_where_it_stands() -> None:
    (send,) = decided(of_quote(quote(stage="issued")), pair(CRM)).sends
    note = send.write.body
    assert isinstance(note, Note)
    assert (note.about, note.text) == (("5",), "note.status(Billy, kind.quote, A-1, state.issued())")


def test_an_invoice_is_told_to_the_deal_whose_quote_it_is() -> None:
    accepted = quote(answer="accepted")
    subject = Subject("b", "invoice", "i7")
    s = Situation(subject=subject, b=invoice(paid="full"), owner=owned("c42", "42"), quotes=(FiledQuote(accepted, "5"),))
    assert [send.write.key for send in decided(s, pair()).sends] == ["5", "5"]
    assert decided(replace(s, quotes=()), pair()).reason.code == "status-without-place"


def test_an_invoice_made_from_one_of_the_crm_is_told_to_that_one() -> None:
    crm = replace(ABLE, writings=(*CRM.writings, replace(MOVES, kind="invoice")))
    s = replace(linked(invoice("r5", "42"), invoice(paid="full")), subject=Subject("b", "invoice", "i7"))
    assert [(send.write.kind, send.write.key) for send in decided(s, pair(crm)).sends] == [("invoice", "r5")] * 2


def test_overdue_is_a_state_of_its_own_on_the_firms_day_only() -> None:
    due = dt.date(2026, 3, 10)
    subject = Subject("b", "invoice", "i7")
    s = Situation(subject=subject, b=invoice(due=due), owner=owned("c42", "42"), quotes=(FiledQuote(quote(answer="accepted"), "5"),))
    overdue = pair(triggers={"invoice_overdue": "late"})
    assert decided(replace(s, today=due), overdue).sends == ()
    assert changes(decided(replace(s, today=due + dt.timedelta(days=1)), overdue)) == [{"trigger": "late"}]


def test_each_reminder_is_a_state_of_its_own() -> None:
    reminded = pair(triggers={"invoice_reminded": "dunned"})
    told = Link("s1", "status", "invoice/i7", "invoice/i7", {"trigger": "reminded/1"}, {"state": "reminded/1"})
    subject = Subject("b", "invoice", "i7")
    s = Situation(subject=subject, owner=owned("c42", "42"), quotes=(FiledQuote(quote(answer="accepted"), "5"),), told=told)
    assert changes(decided(replace(s, b=invoice(dunning=1)), reminded)) == []
    assert changes(decided(replace(s, b=invoice(dunning=2)), reminded)) == [{"trigger": "dunned"}]


def test_a_sent_invoice_is_another_state_than_a_sent_quote() -> None:
    subject = Subject("b", "invoice", "i7")
    s = Situation(subject=subject, b=invoice(stage="sent"), owner=owned("c42", "42"), quotes=(FiledQuote(quote(answer="accepted"), "5"),))
    assert decided(s, pair()).sends == ()


def test_it_comes_after_the_document_is_filed() -> None:
    s = of_quote(quote(stage="sent"))
    assert [send.write.kind for decision in plan(s, pair(), words) for send in decision.sends] == ["note", "file", "quote"]
    assert all(isinstance(action, Send) for decision in plan(s, pair(), words) for action in decision.actions)

"""What a row of a plan rests on: a change of any of it between preview and release sends the row back to planning. And what of a plan made
anew is still what was released."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.plan.worlds import company, deal, free, invoice, linked, owned, quote, taken
from unisono.engine.planrow import as_planned, basis_of, row_of
from unisono.model.document import Document
from unisono.model.writing import Write
from unisono.plan.actions import Decision, Join, Reason, Send
from unisono.plan.situation import FiledQuote, Situation, Subject

MINE, THEIRS = company("42"), company("c42")
PAIR = linked(MINE, THEIRS, {"name": "Keller AG"}, {"name": "Keller AG"}, merged=(free(company("43")),), issued=False)


def basis(situation: Situation, owner: str = "", policy: int = 1) -> str:
    return basis_of(situation, owner, policy)


@pytest.mark.parametrize(
    "since",
    (
        {"merged": ()},
        {"merged": (free(company("43")), free(company("44")))},
        {"merged": (free(company("43", name="Keller & Sohn AG")),)},
        {"issued": True},
        {"a": company("42", gone=True)},
        {"b": company("c42", missing=True)},
        {"answers": {"maybe-merged|43": "same"}},
        {"reasons": ("tag",)},
        {"candidates": (free(company("c77")),)},
        {"link": None},
    ),
)
def test_what_somebody_did_since_the_preview_makes_another_basis(since: dict[str, Any]) -> None:
    assert basis(PAIR) != basis(replace(PAIR, **since))


def test_another_policy_or_another_basis_of_the_owner_makes_another_one() -> None:
    assert len({basis(PAIR), basis(PAIR, policy=2), basis(PAIR, owner="x")}) == 3


def test_what_the_plan_itself_changes_makes_none() -> None:
    """A candidate or survivor that an earlier row links is not somebody's doing."""
    assert basis(replace(PAIR, merged=(taken(company("43")),))) == basis(PAIR)
    assert basis(replace(PAIR, candidates=(taken(company("c77")),))) == basis(PAIR)
    assert basis(replace(PAIR, history=True, whole=False)) == basis(PAIR)


def filed(answer: str, made_from: str = "") -> Situation:
    offered = quote(answer=answer)
    subject = Subject("b", "invoice", "i7")
    return Situation(subject=subject, b=invoice(), owner=owned("c42", "42"), quotes=(FiledQuote(offered, made_from),))


def test_an_invoice_rests_on_the_accepted_quotes_it_may_come_from_and_not_on_those_the_run_makes() -> None:
    none = replace(filed("open"), quotes=())
    assert basis(filed("open", "d5")) == basis(none)
    assert len({basis(none), basis(filed("accepted")), basis(filed("accepted", "d5"))}) == 3


@pytest.mark.parametrize("since", ({"stage": "cancelled"}, {"stage": "sent"}, {"paid": "full"}, {"dunning": 1}))
def test_a_document_that_was_sent_paid_reminded_or_cancelled_since_makes_another_basis(since: dict[str, Any]) -> None:
    before = Situation(subject=Subject("b", "invoice", "i7"), b=invoice())
    assert basis(before) != basis(replace(before, b=invoice(**since)))


def test_the_link_to_a_file_is_new_each_time_and_makes_none() -> None:
    before = Situation(subject=Subject("b", "invoice", "i7"), b=invoice(file_url="https://files.example/1"))
    assert isinstance(before.b.record.body if before.b else None, Document)
    assert basis(before) == basis(replace(before, b=invoice(file_url="https://files.example/2")))


def test_an_owner_that_was_unlinked_since_makes_another_basis() -> None:
    mine = Situation(subject=Subject("a", "quote", "5"), a=deal(), owner=owned())
    assert basis(mine) != basis(replace(mine, owner=owned(state="severed")))
    assert basis(mine) == basis(replace(mine, owner=owned(there="$a:party:42"))), "that it has a key by now is the plan's own doing"


EDITED = Reason("edited-there", {"side": "invoicing", "fields": "phone"})
EQUAL = Join(kind="party", a_key="42", b_key="c42", agreed_a={"mobile": "0171 99"}, agreed_b={"mobile": "017199"})


def planned(phone: str, *joins: Join, verdict: str = "changed") -> Decision:
    """A customer whose number goes to the CRM."""
    write = Write(operation="change", side="a", kind="party", key="42", changes={"phone": phone}, before={"phone": ""})
    send = Send(write=write, reason=EDITED, link_kind="party", agree={"phone": phone})
    return Decision(PAIR.subject, verdict, EDITED, (*joins, send))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "same"),
    (
        (planned("+49 221 7005"), True),
        (planned("+492217005"), True),
        (planned("+49 221 7006"), False),
        (planned("+49 221 7005", EQUAL), True),
        (planned("+49 221 7005", EQUAL, verdict="linked"), False),
    ),
)
def test_another_spelling_and_what_became_equal_is_as_planned_another_number_or_link_is_not(now: Decision, same: bool) -> None:
    """Storm, bitrix24/lexoffice 323: whole rows are sent, and the vendor spelled anew what had not been touched; a second release was asked."""
    row = row_of(1, PAIR, [planned("+49 221 7005")], "")

    assert as_planned(row, [now]) is same

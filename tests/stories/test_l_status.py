"""Status back (L22): a document's new state moves a stage, sets off an automation, or is said in a note; once each."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.shelf import FILE, NOTE, PARTY, able, shop
from tests.support.village import Village
from tests.unit.engine.crash import Crash, crash_at, crash_never
from unisono.engine.preview import preview
from unisono.model.capability import FieldLimit, Writing
from unisono.model.document import Document, Line, Lines, NotGiven
from unisono.model.party import Address, Party
from unisono.store import links, runs

DEALS = Writing(kind="quote", mode="partial", change=True, find="none", fields={"stage": FieldLimit(on_create=False)})
BOTH = able("till", PARTY, NOTE, FILE, DEALS, replace(DEALS, kind="invoice"), doors=("trigger",))
MUTE = able("till", PARTY, NOTE, FILE)
LEDGER = able(
    "ledger",
    PARTY,
    Writing(kind="quote", create="draft", find="reference"),
    Writing(kind="invoice", create="draft", find="reference"),
)
POLICY = """schema_version = 1
language = "en"

[customers]
country = "DE"
contacts = "none"

[documents]
direction = "off"

[status]
direction = "to-crm"

[status.stages]
quote_sent = "Offer sent"
quote_accepted = "Won"

[status.triggers]
invoice_paid = "unisono.paid"
invoice_overdue = "unisono.overdue"
"""
KELLER = Party(type="company", name="Keller AG", address=Address(line1="Am Markt 1", postcode="10115", city="Berlin", country="DE"))
DEAL = Document(type_code="310", title="Kitchen", value=Decimal(100), basis="net", stage="issued", lines=NotGiven())


def opened(folder: Path, till: Any = BOTH, policy: str = POLICY) -> tuple[Village, str, str]:
    """A released pair with a deal whose quote is made: the keys of both."""
    market = shop(folder, till, LEDGER, policy)
    market.release()
    deal = market.crm.put("quote", DEAL, market.crm.put("party", KELLER))
    market.sync()
    (quote,) = market.books.all("quote")
    return market, deal, quote


def billed(market: Village, **more: Any) -> str:
    """Somebody bills the accepted quote in the books."""
    (quote,) = market.books.all("quote")
    made = market.books.all("quote")[quote]
    market.books.edit("quote", quote, answer="accepted")
    bill = replace(made, type_code="380", stage="issued", answer="open", number="R-7", reference="", **more)
    return str(market.books.put("invoice", bill, next(iter(market.books.all("party")))))


def test_each_new_state_moves_the_deal_to_its_stage_once(tmp_path: Path) -> None:
    market, deal, quote = opened(tmp_path)
    assert market.crm.told("quote", deal) == [], "a draft tells nothing"
    market.books.edit("quote", quote, stage="sent")
    market.sync()
    market.books.edit("quote", quote, answer="accepted")
    for _ in range(3):
        market.sync()
    assert market.crm.told("quote", deal) == [{"stage": "Offer sent"}, {"stage": "Won"}]


def test_a_state_that_nothing_is_named_for_is_passed_over_and_comes_back_as_a_new_one(tmp_path: Path) -> None:
    market, deal, quote = opened(tmp_path)
    for stage in ("sent", "cancelled", "sent"):
        market.books.edit("quote", quote, stage=stage)
        market.sync()
    assert market.crm.told("quote", deal) == [{"stage": "Offer sent"}, {"stage": "Offer sent"}]


def test_the_invoice_of_a_deal_sets_its_automation_off_when_it_is_paid(tmp_path: Path) -> None:
    market, deal, _ = opened(tmp_path)
    bill = billed(market)
    market.sync()
    market.books.edit("invoice", bill, paid="full")
    for _ in range(3):
        market.sync()
    assert market.crm.told("quote", deal) == [{"stage": "Won"}, {"trigger": "unisono.paid"}]


def test_an_invoice_is_overdue_by_the_date_alone_and_only_once(tmp_path: Path) -> None:
    market, deal, _ = opened(tmp_path)
    billed(market, due=market.clock.now().date() + dt.timedelta(days=3))
    market.sync()
    before = list(market.crm.told("quote", deal))
    for _ in range(6):
        market.sync(24 * 60)
    assert (before, market.crm.told("quote", deal)) == ([{"stage": "Won"}], [{"stage": "Won"}, {"trigger": "unisono.overdue"}])


def test_where_the_crm_lets_others_do_neither_a_note_says_it(tmp_path: Path) -> None:
    market, deal, quote = opened(tmp_path, MUTE)
    market.books.edit("quote", quote, stage="sent", number="A-1")
    for _ in range(3):
        market.sync()
    (note,) = market.crm.all("note").values()
    assert note.about == (deal,)
    assert note.text.splitlines()[0] == "Ledger: Quote A-1 is now: sent"
    bill = billed(market)
    market.books.edit("invoice", bill, paid="full")
    for _ in range(2):
        market.sync()
    said = [one.text.splitlines()[0].rpartition("is now: ")[2] for one in market.crm.all("note").values()]
    assert said == ["sent", "accepted", "paid"]


def test_a_firm_may_do_without_the_note(tmp_path: Path) -> None:
    market, _, quote = opened(tmp_path, MUTE, POLICY.replace('direction = "to-crm"', 'direction = "to-crm"\nnote = false'))
    market.books.edit("quote", quote, stage="sent")
    market.sync()
    assert market.crm.wrote == []


@pytest.mark.parametrize("step", ("intended", "sent"))
def test_a_crash_while_a_stage_is_moved_ends_in_that_stage(tmp_path: Path, step: str) -> None:
    market, deal, quote = opened(tmp_path)
    market.books.edit("quote", quote, stage="sent")
    market.clock.advance(300)
    crash_at(market, step)
    with pytest.raises(Crash):
        market.cycle()
    crash_never(market)
    for _ in range(3):
        market.sync()
    assert {told["stage"] for told in market.crm.told("quote", deal)} == {"Offer sent"}
    assert market.questions() == []


@pytest.mark.parametrize(("said", "fired"), (("was-set-off", 1), ("set-off-again", 2)))
def test_an_automation_whose_answer_was_lost_is_not_set_off_again_before_somebody_says_so(tmp_path: Path, said: str, fired: int) -> None:
    market, deal, _ = opened(tmp_path)
    bill = billed(market)
    market.sync()
    market.books.edit("invoice", bill, paid="full")
    market.crm.lost = 1
    for _ in range(3):
        market.sync()
    (question,) = market.questions()
    assert (question.code, market.crm.told("quote", deal)[-1:]) == ("trigger-unclear", [{"trigger": "unisono.paid"}])
    market.answer(question, said)
    for _ in range(3):
        market.sync()
    assert [told for told in market.crm.told("quote", deal) if "trigger" in told] == [{"trigger": "unisono.paid"}] * fired
    assert market.questions() == []


def test_a_lost_note_is_found_again(tmp_path: Path) -> None:
    market, _, quote = opened(tmp_path, MUTE)
    market.books.edit("quote", quote, stage="sent")
    market.crm.lost = 1
    for _ in range(3):
        market.sync()
    assert len(market.crm.all("note")) == 1


def test_stage_and_automation_of_one_state_are_both_done_and_neither_twice(tmp_path: Path) -> None:
    market, deal, quote = opened(tmp_path, policy=POLICY + 'quote_sent = "unisono.sent"\n')
    market.books.edit("quote", quote, stage="sent")
    for _ in range(3):
        market.sync()
    assert market.crm.told("quote", deal) == [{"stage": "Offer sent"}, {"trigger": "unisono.sent"}]


def test_what_was_there_before_counts_from_its_next_state_on(tmp_path: Path) -> None:
    market = shop(tmp_path, BOTH, LEDGER, POLICY)
    deal = market.crm.put("quote", DEAL, market.crm.put("party", KELLER))
    market.release()
    market.sync()
    (quote,) = market.books.all("quote")
    market.books.rows["quote", quote].created -= dt.timedelta(days=30)
    market.books.edit("quote", quote, stage="sent")
    market.sync()
    assert market.crm.told("quote", deal) == []
    market.books.edit("quote", quote, answer="accepted")
    market.sync()
    assert market.crm.told("quote", deal) == [{"stage": "Won"}]


def test_a_document_without_a_deal_is_left_alone_and_it_is_said(tmp_path: Path) -> None:
    market, deal, _ = opened(tmp_path)
    lines = Lines((Line(name="Other", price=Decimal(5), vat_rate=Decimal(19)),))
    other = Document(type_code="380", stage="issued", number="R-9", lines=lines, basis="net")
    market.books.put("invoice", other, next(iter(market.books.all("party"))))
    outcome = market.sync()
    assert (market.crm.told("quote", deal), outcome.verdicts["left-out"] >= 1) == ([], True)


def test_the_preview_says_which_stage_and_which_automation(tmp_path: Path) -> None:
    market, deal, quote = opened(tmp_path)
    market.books.edit("quote", quote, stage="sent")
    market.cycle(dry=True)
    run = preview(market.house.pairing(market.pair), market.house.hands())
    with market.house.store.read() as conn:
        row = next(row for row in runs.rows(conn, run) if row.key == f"b:quote:{quote}")
    (write,) = row.action["writes"]
    assert (write["side"], write["key"], write["after"], row.action["reason"]["code"]) == (
        "a",
        deal,
        {"stage": "Offer sent"},
        "status-stage",
    )


def test_what_was_told_is_kept_apart_from_who_is_who(tmp_path: Path) -> None:
    market, _, quote = opened(tmp_path)
    market.books.edit("quote", quote, stage="sent")
    market.sync()
    with market.house.store.read() as conn:
        (told,) = links.all_of(conn, market.pair, "status")
    assert (told.a_key, told.agreed_b["state"]) == (f"quote/{quote}", "sent")
    assert market.link_count()["quote"] == 1

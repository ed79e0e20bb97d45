"""Invoices of the CRM in the books (LIFT of L20): made once, as the policy names, equal to the cent, never a second one."""

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
from unisono.engine.undo import Scope, Undoing, undo
from unisono.model.capability import FieldLimit, Writing
from unisono.model.document import Document, Line, Lines
from unisono.model.party import Address, Party
from unisono.model.record import Kind
from unisono.store import links, pairs, runs

TILL = able("till", PARTY, NOTE, FILE)
DRAFTS = Writing(kind="invoice", create="draft", other_means=("issued",), find="reference", max_lines=3, delete=True)
LEDGER = able("ledger", PARTY, replace(DRAFTS, fields={"currency": FieldLimit(values=("EUR",))}))
POLICY = """schema_version = 1
language = "de"

[customers]
country = "DE"
contacts = "none"

[customers.from_crm]
when = []

[quotes]
direction = "off"

[documents]
direction = "off"

[invoices]
direction = "to-invoicing"
"""
KELLER = Party(type="company", name="Keller AG", address=Address(line1="Am Markt 1", postcode="10115", city="Berlin", country="DE"))
TILES = Line(name="Tiles", quantity=Decimal(3), price=Decimal("33.33"), vat_rate=Decimal(19))
WORK = Line(name="Work", quantity=Decimal("1.5"), price=Decimal("80"), vat_rate=Decimal(7))


def bill(*lines: Line, **more: Any) -> Document:
    """An issued invoice of the CRM."""
    usual: dict[str, Any] = {
        "title": "Kitchen",
        "number": "2026-7",
        "stage": "issued",
        "basis": "net",
        "lines": Lines(lines or (TILES, WORK)),
    }
    return Document(type_code="380", **(usual | more))


@pytest.fixture
def market(tmp_path: Path) -> Village:
    made = shop(tmp_path, TILL, LEDGER, POLICY)
    made.release()
    return made


def made(village: Village) -> list[Document]:
    """The invoices in the books."""
    return list(village.books.all("invoice").values())


def told(village: Village) -> list[tuple[str, str]]:
    """The problems a person sees."""
    return [(problem.code, problem.field) for problem in village.problems()]


def test_an_issued_invoice_of_the_crm_becomes_a_draft_and_its_customer_goes_first(market: Village) -> None:
    customer = market.crm.put("party", KELLER)
    market.crm.put("invoice", bill(), customer)
    market.sync()
    market.sync()
    (one,) = made(market)
    assert [write.kind for write in market.books.wrote] == ["party", "invoice"]
    assert (one.stage, one.net, one.vat, one.gross) == ("draft", Decimal("219.99"), Decimal("27.40"), Decimal("247.39"))
    assert market.link_count() == {"party": 1, "invoice": 1}
    assert one.reference.startswith("uni-")
    assert market.crm.wrote == []


def test_afterwards_nothing_is_written_any_more(market: Village) -> None:
    market.crm.put("invoice", bill(), market.crm.put("party", KELLER))
    market.sync()
    before = len(market.books.wrote)
    for _ in range(3):
        assert market.sync().writes == 0
    assert (before, len(market.books.wrote)) == (2, 2)


def test_it_is_issued_only_where_the_policy_says_so_by_name(market: Village) -> None:
    market.release(POLICY + 'made_as = "issued"\n')
    market.crm.put("invoice", bill(), market.crm.put("party", KELLER))
    market.sync()
    assert [(one.stage, one.number) for one in made(market)] == [("issued", "R-1")]


def test_a_lost_answer_makes_no_second_invoice(market: Village) -> None:
    customer = market.crm.put("party", KELLER)
    market.crm.put("party", replace(KELLER, name="Other AG"))
    market.sync()
    market.crm.put("invoice", bill(), customer)
    market.books.lost = 2
    market.sync()
    for _ in range(3):
        market.sync(30)
    assert [write.kind for write in market.books.wrote] == ["party", "invoice"]
    assert market.link_count()["invoice"] == 1
    assert market.problems() == []


@pytest.mark.parametrize(
    ("lines", "more", "code", "field"),
    (
        ((TILES,), {"gross": Decimal("119.00")}, "total-differs", "gross"),
        ((replace(TILES, net=Decimal("100.00")),), {}, "line-total-differs", "lines"),
        ((replace(TILES, vat_rate=None),), {}, "line-without-vat", "lines"),
        ((TILES,), {"net": Decimal(100), "vat": Decimal(19), "gross": Decimal(120)}, "invoice-does-not-add-up", "gross"),
        ((TILES,), {"currency": "PLN"}, "currency-not-held", "currency"),
        ((TILES, TILES, TILES, TILES), {}, "too-many-lines", "lines"),
        ((), {"lines": Lines(()), "value": None}, "invoice-without-amount", "value"),
    ),
    ids=("total", "line", "rate", "sums", "currency", "lines", "nothing"),
)
def test_what_would_not_be_equal_to_the_cent_is_refused_with_its_field(
    market: Village, lines: tuple[Line, ...], more: dict[str, Any], code: str, field: str
) -> None:
    market.crm.put("invoice", bill(*lines, **more), market.crm.put("party", KELLER))
    market.sync()
    assert told(market) == [(code, field)]
    assert made(market) == []


def test_a_refused_invoice_goes_as_soon_as_it_is_right(market: Village) -> None:
    key = market.crm.put("invoice", bill(TILES, gross=Decimal("119.00")), market.crm.put("party", KELLER))
    market.sync()
    assert told(market) == [("total-differs", "gross")]
    market.crm.edit("invoice", key, gross=Decimal("118.99"))
    market.sync()
    assert (told(market), [one.gross for one in made(market)]) == ([], [Decimal("118.99")])


def test_an_invoice_that_the_books_computed_otherwise_is_told_until_it_is_right_there(market: Village) -> None:
    market.books.cents_more = "invoice"
    market.crm.put("invoice", bill(TILES), market.crm.put("party", KELLER))
    market.sync()
    (problem,) = market.problems()
    assert (problem.code, problem.values["crm"], problem.values["invoicing"]) == ("made-with-other-total", "118.99", "119")
    (key,) = market.books.all("invoice")
    market.books.edit("invoice", key, gross=Decimal("118.99"))
    market.sync()
    assert market.problems() == []


@pytest.mark.parametrize(
    ("more", "why"),
    (
        ({"stage": "draft"}, "a draft"),
        ({"stage": "cancelled"}, "cancelled"),
        ({"type_code": "381"}, "a credit note"),
    ),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_issued_invoice_stays_and_so_does_its_customer(market: Village, more: dict[str, Any], why: str) -> None:
    fields: dict[str, Any] = {"type_code": "380"} | more
    market.crm.put("invoice", replace(bill(), **fields), market.crm.put("party", KELLER))
    market.sync()
    assert market.books.wrote == [], why


def test_an_old_invoice_that_is_paid_after_the_release_makes_no_new_one(tmp_path: Path) -> None:
    market = shop(tmp_path, TILL, LEDGER, POLICY)
    customer = market.crm.put("party", KELLER)
    old = market.crm.put("invoice", bill(date=dt.date(2026, 2, 1)), customer)
    draft = market.crm.put("invoice", bill(TILES, stage="draft", number=""), customer)
    market.sync()
    market.clock.advance(3600)
    market.release()
    market.crm.edit("invoice", old, paid="full")
    market.sync()
    assert market.books.wrote == []
    market.clock.advance(dt.timedelta(days=1))
    market.crm.edit("invoice", draft, stage="issued", date=market.clock.now().date())
    market.sync()
    assert [one.gross for one in made(market)] == [Decimal("118.99")], "it was a draft then, and is issued now"


def test_an_invoice_that_somebody_made_in_the_books_is_asked_about_and_not_made_again(market: Village) -> None:
    customer = market.crm.put("party", KELLER)
    market.crm.put("invoice", bill(TILES), customer)
    market.books.lost = 0
    market.sync()
    (counterpart,) = market.books.all("party")
    second = market.crm.put("invoice", bill(WORK, number="2026-8", gross=Decimal("128.40")), customer)
    market.books.put("invoice", bill(WORK, number="R-77", gross=Decimal("128.40")), counterpart)
    market.sync()
    (question,) = market.questions()
    assert (question.code, question.options) == ("same-paper", ("same", "different", "later"))
    market.answer(question, "same")
    market.sync()
    assert [write.kind for write in market.books.wrote] == ["party", "invoice"]
    assert market.link_count()["invoice"] == 2
    assert second in market.crm.all("invoice")


def test_an_invoice_edited_afterwards_is_a_question_and_the_books_stay_as_they_are(market: Village) -> None:
    key = market.crm.put("invoice", bill(TILES), market.crm.put("party", KELLER))
    market.sync()
    market.crm.edit("invoice", key, lines=Lines((WORK,)))
    market.sync()
    (question,) = market.questions()
    assert (question.code, question.options) == ("invoice-edited", ("leave", "done-by-hand", "later"))
    market.answer(question, "leave")
    market.sync()
    assert (market.questions(), len(market.books.wrote)) == ([], 2)


def test_the_preview_shows_what_is_made_and_for_whom_and_writes_nothing(tmp_path: Path) -> None:
    market = shop(tmp_path, TILL, LEDGER, POLICY + 'history = "all"\n')
    customer = market.crm.put("party", KELLER)
    market.crm.put("invoice", bill(TILES), customer)
    market.cycle(dry=True)
    run = preview(market.house.pairing(market.pair), market.house.hands())
    with market.house.store.read() as conn:
        rows = runs.rows(conn, run)
    assert [(row.kind, row.verdict) for row in rows] == [("party", "new"), ("invoice", "new")]
    (write,) = rows[1].action["writes"]
    assert (write["owner"], write["after"]["gross"], write["after"]["stage"]) == (f"$a:party:{customer}", "118.99", "draft")
    assert (market.books.wrote, market.crm.wrote) == ([], [])


def test_a_system_that_issues_nothing_from_outside_gets_none_and_it_is_said(tmp_path: Path) -> None:
    ledger = able("ledger", PARTY, replace(DRAFTS, other_means=()))
    market = shop(tmp_path, TILL, ledger, POLICY + 'made_as = "issued"\n')
    market.release()
    market.crm.put("invoice", bill(), market.crm.put("party", KELLER))
    outcome = market.sync()
    assert [write.kind for write in market.books.wrote] == ["party"]
    assert outcome.verdicts["left-out"] >= 1


def test_its_own_document_is_filed_with_the_invoice_of_the_crm(tmp_path: Path) -> None:
    market = shop(tmp_path, TILL, LEDGER, POLICY.replace('[documents]\ndirection = "off"', '[documents]\ndirection = "to-crm"'))
    market.release()
    key = market.crm.put("invoice", bill(TILES), market.crm.put("party", KELLER))
    market.sync()
    assert market.crm.wrote == [], "a draft is not filed"
    (there,) = market.books.all("invoice")
    market.books.edit("invoice", there, stage="issued", number="R-1")
    market.sync()
    (note,) = market.crm.all("note").values()
    assert note.about[0] == key


QUOTES = POLICY.replace('[quotes]\ndirection = "off"', '[quotes]\ndirection = "to-invoicing"').replace("when = []", 'when = ["quote"]')
FORGETFUL = able("ledger", PARTY, replace(DRAFTS, find="natural"), Writing(kind="quote", create="draft", find="natural"))


def restored(market: Village) -> None:
    """As after a database of before the last documents was put back."""
    with market.house.store.write() as conn:
        for kind in ("quote", "invoice"):
            for link in links.links_of(conn, market.pair, kind, "a", list(market.crm.all(kind))).values():  # type: ignore[arg-type]
                links.forget(conn, market.pair, link.kind, link.a_key, link.b_key)
        pairs.update_pair(conn, market.pair, unsure=1)


@pytest.mark.parametrize(("said", "papers"), (("same", 1), ("different", 2)))
@pytest.mark.parametrize("kind", ("quote", "invoice"))
def test_a_restored_pair_asks_before_it_makes_a_document_of_an_edited_one_again(tmp_path: Path, kind: Kind, said: str, papers: int) -> None:
    market = shop(tmp_path, TILL, FORGETFUL, QUOTES)
    market.release()
    offer = Document(type_code="310", title="Kitchen", value=Decimal(100), basis="net", stage="issued")
    key = market.crm.put(kind, offer if kind == "quote" else bill(TILES), market.crm.put("party", KELLER))
    market.sync()
    assert len(market.books.all(kind)) == 1
    restored(market)
    market.crm.edit(kind, key, **({"value": Decimal(200)} if kind == "quote" else {"lines": Lines((WORK,))}))
    for _ in range(3):
        market.sync()
        market.cycle(whole=True)
    market.crm.edit(kind, key, text="another word", title="Another title altogether")
    market.sync()
    (question,) = market.questions()
    assert (question.code, len(market.books.all(kind))) == ("same-paper", 1), "also when the pair is sure again"
    market.answer(question, said)
    market.sync()
    assert len(market.books.all(kind)) == papers
    assert market.link_count()[kind] == 1


@pytest.mark.parametrize("step", ("intended", "sent", "read-back", "settled"))
def test_wherever_the_process_ends_there_is_one_invoice_in_the_end(market: Village, step: str) -> None:
    market.crm.put("invoice", bill(TILES), market.crm.put("party", KELLER))
    market.clock.advance(300)
    crash_at(market, step)
    with pytest.raises(Crash):
        market.cycle()
    crash_never(market)
    for _ in range(3):
        market.sync()
    assert [len(market.books.all(kind)) for kind in ("party", "invoice")] == [1, 1]
    assert (market.link_count(), market.questions(), market.problems()) == ({"party": 1, "invoice": 1}, [], [])


@pytest.mark.parametrize(("made_as", "left"), (("draft", 0), ("issued", 1)))
def test_an_undo_takes_a_draft_back_and_leaves_what_is_issued(market: Village, made_as: str, left: int) -> None:
    market.release(f'{POLICY}made_as = "{made_as}"\n')
    market.crm.put("invoice", bill(TILES), market.crm.put("party", KELLER))
    market.sync()
    write = next(str(row["id"]) for row in market.journal() if row["kind"] == "invoice")
    done = undo(market.house.pairing(market.pair, epoch=market.lease()), market.house.hands(), Undoing(scope=Scope(write=write)))
    assert (done.failed, [step.reason.code for step in done.steps]) == ([], ["undo-issued" if left else "undo-made-by-us"])
    market.sync()
    assert len(made(market)) == left

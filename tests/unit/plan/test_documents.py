"""Documents are filed in the CRM once, followed as they change, and never written themselves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.model.values import documents
from tests.unit.plan.worlds import CRM, about, deal, invoice, line, linked, owned, quote, record, rules, seen, words
from unisono.model.capability import Writing
from unisono.model.document import Document, File, Lines, Note, NotReadable, version_of
from unisono.plan.actions import Decision, Report, Send, Wait
from unisono.plan.flows.documents import offer_of, plan_document
from unisono.plan.flows.quotes import quote_version
from unisono.plan.planner import plan
from unisono.plan.situation import FiledQuote, Link, Rules, Seen, Situation

RULES = rules()


def told(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.reason.code


def planned(s: Situation, chosen: Rules = RULES) -> Decision:
    return plan_document(s, chosen, words)


def filing(row: Seen, **more: Any) -> Situation:
    """A document whose customer is linked."""
    return about(row, side="b", **({"owner": owned("c42", "42")} | more))


def note_of(decision: Decision) -> Note:
    (send,) = [s for s in decision.sends if s.write.kind == "note"]
    assert isinstance(send.write.body, Note)
    return send.write.body


def test_an_issued_invoice_becomes_a_note_at_its_customer_with_the_file_on_it() -> None:
    decision = planned(filing(invoice(date=dt.date(2026, 3, 1), due=dt.date(2026, 3, 15), view_url="https://billy.example/7")))
    assert told(decision) == ("new", "document-filed")
    note, file = decision.sends
    assert (note.write.operation, note.write.side, note.write.kind, note.source, note.link_kind) == (
        "create",
        "a",
        "note",
        "invoice:i7",
        "note",
    )
    assert note_of(decision) == Note(
        title="note.title(Billy, kind.invoice, R-7)",
        text="note.title(Billy, kind.invoice, R-7)\nnote.state(state.issued(0))\nnote.date(1 Mar 2026)\nnote.due(15 Mar 2026)\n"
        "note.total(1,190.00 EUR)\nnote.link(https://billy.example/7)",
        about=("42",),
    )
    assert (file.write.operation, file.write.kind, file.write.owner, file.source) == ("create", "file", "$note", "invoice:i7")
    assert file.write.body == File(name="R-7.pdf")
    assert file.agree["files"] == "1"


@pytest.mark.parametrize(
    ("row", "policy", "history", "expected"),
    (
        (invoice(), {}, False, ("new", "document-filed")),
        (invoice(stage="draft"), {}, False, ("left-out", "invoice-is-draft")),
        (invoice(stage="draft"), {"invoice_when": "created"}, False, ("new", "document-filed")),
        (quote(), {}, False, ("new", "document-filed")),
        (quote(stage="draft"), {}, False, ("left-out", "quote-not-sent")),
        (quote(stage="draft"), {"quote_when": "created"}, False, ("new", "document-filed")),
        (invoice(type_code="381"), {}, False, ("new", "document-filed")),
        (invoice(type_code="381"), {"kinds": ["invoice"]}, False, ("left-out", "kind-not-taken")),
        (invoice(type_code="325"), {}, False, ("left-out", "kind-not-taken")),
        (invoice(), {}, True, ("left-out", "older-than-release")),
        (invoice(), {"history": "all"}, True, ("new", "document-filed")),
        (invoice(), {"direction": "off"}, False, ("left-out", "direction-off")),
    ),
)
def test_the_firm_says_which_documents_are_filed_and_when(
    row: Seen, policy: dict[str, Any], history: bool, expected: tuple[str, str]
) -> None:
    assert told(planned(filing(row, history=history), rules(documents=policy))) == expected


@pytest.mark.parametrize("state", ("unwanted", "severed"))
def test_documents_of_a_customer_that_stays_behind_stay_behind(state: str) -> None:
    assert told(planned(filing(invoice(), owner=owned("c42", state=state)))) == ("left-out", "owner-left-out")


def test_a_document_waits_for_its_customer() -> None:
    decision = planned(filing(invoice(), owner=owned("c42", state="wanted")))
    (wait,) = decision.actions
    assert isinstance(wait, Wait)
    assert wait.on == "b:party:c42"


def test_a_crm_without_notes_gets_none() -> None:
    mute = replace(CRM, writings=(Writing(kind="party", create="record"),))
    assert told(planned(filing(invoice()), replace(RULES, a=mute))) == ("left-out", "direction-off")


def test_a_document_that_does_not_add_up_is_told_and_not_filed() -> None:
    decision = planned(filing(invoice(net=Decimal("1000.00"), vat=Decimal("190.01"))))
    (report,) = decision.actions
    assert isinstance(report, Report)
    assert (told(decision), report.field) == (("refused", "amounts-do-not-add-up"), "gross")
    assert report.values == {"name": "R-7", "told": "net 1000 + VAT 190.01 != gross 1190"}


@pytest.mark.parametrize(
    ("policy", "has", "has_not"),
    (
        ({}, ["note.link"], ["note.public-link"]),
        ({"staff_link": False}, [], ["note.link", "note.public-link"]),
        ({"public_link": True}, ["note.link", "note.public-link"], []),
    ),
)
def test_a_link_that_opens_without_login_is_written_only_if_the_firm_says_so(
    policy: dict[str, bool], has: list[str], has_not: list[str]
) -> None:
    row = invoice(view_url="https://billy.example/7", file_url="https://billy.example/secret-token")
    text = note_of(planned(filing(row), rules(documents=policy))).text
    assert [code for code in (*has, *has_not) if f"{code}(" in text] == has
    assert ("secret-token" in text) is ("note.public-link" in has)


def test_without_files_the_note_alone_is_made() -> None:
    assert [s.write.kind for s in planned(filing(invoice()), rules(documents={"file": False})).sends] == ["note"]


@pytest.mark.parametrize(
    ("fields", "state"),
    (
        ({"stage": "cancelled", "paid": "full"}, "cancelled"),
        ({"paid": "full"}, "paid"),
        ({"paid": "part", "paid_amount": Decimal(5)}, "part-paid"),
        ({"dunning": 2}, "reminded"),
        ({"answer": "accepted"}, "accepted"),
        ({"stage": "sent"}, "sent"),
    ),
)
def test_of_the_four_axes_the_note_says_the_one_that_matters(fields: dict[str, Any], state: str) -> None:
    text = note_of(planned(filing(invoice(**fields)))).text
    assert f"note.state(state.{state}(" in text
    assert ("note.paid(5.00 EUR)" in text) is (state == "part-paid")


def filed(row: Seen, chosen: Rules = RULES) -> Situation:
    """The situation after the document was filed."""
    s = filing(row)
    note, *file = planned(s, chosen).sends
    agreed_a = {"text": note.agree["text"]} | ({"files": file[0].agree["files"]} if file else {})
    agreed_b = {"version": file[0].agree["version"]} if file else {}
    return replace(s, filed=Link("n1", "note", "protocol:1", f"invoice/{row.record.key}", agreed_a, agreed_b))


def with_body(s: Situation, **fields: Any) -> Situation:
    assert s.b is not None
    body = s.b.record.body
    assert isinstance(body, Document)
    return replace(s, b=replace(s.b, record=replace(s.b.record, body=replace(body, **fields))))


def test_a_filed_document_that_stays_the_same_is_left_in_peace() -> None:
    s = filed(invoice())
    assert (told(planned(s)), planned(s).actions) == (("equal", "in-step"), ())
    fresh_link = with_body(s, file_url="https://billy.example/token-2")
    assert planned(fresh_link).actions == ()


def test_a_document_that_changed_gets_its_note_rewritten_and_a_new_file_beside_the_old() -> None:
    decision = planned(with_body(filed(invoice()), paid="full"))
    assert told(decision) == ("changed", "document-changed")
    file, note = decision.sends
    assert (file.write.operation, file.write.owner, file.write.body) == ("create", "protocol:1", File(name="R-7_v2.pdf"))
    assert (note.write.operation, note.write.key, sorted(note.write.changes)) == ("change", "protocol:1", ["text", "title"])
    assert "state.paid" in note.write.changes["text"]


def test_a_changed_text_alone_fetches_no_file_and_a_changed_line_rewrites_no_note() -> None:
    by_link = planned(with_body(filed(invoice()), view_url="https://billy.example/new"))
    assert [s.write.kind for s in by_link.sends] == ["note"]
    by_line = planned(with_body(filed(invoice()), lines=Lines((line("Old roof"),))))
    assert [s.write.kind for s in by_line.sends] == ["file"]


def test_a_note_without_its_file_is_given_the_first_one() -> None:
    s = filed(invoice(), rules(documents={"file": False}))
    (file,) = planned(s).sends
    assert (file.write.owner, file.write.body, file.agree["files"]) == ("protocol:1", File(name="R-7.pdf"), "1")
    assert file.reason.code == "document-filed"


def test_a_draft_that_was_filed_once_is_followed_although_it_would_not_be_filed_now() -> None:
    s = with_body(filed(quote()), stage="draft")
    assert planned(s).verdict == "changed"


def test_a_note_that_was_severed_is_not_made_again() -> None:
    s = filed(invoice())
    assert s.filed is not None
    severed = with_body(replace(s, filed=replace(s.filed, state="severed", why="deleted-there")), paid="full")
    assert (told(planned(severed)), planned(severed).actions) == (("left-out", "severed"), ())


@pytest.mark.parametrize("number", ("R/2026/7", "R\\7"))
def test_a_number_with_slashes_is_a_file_name_all_the_same(number: str) -> None:
    body = planned(filing(invoice(number=number))).sends[1].write.body
    assert isinstance(body, File)
    assert "/" not in body.name
    assert "\\" not in body.name


ACCEPTED = quote(answer="accepted")


@pytest.mark.parametrize(
    ("fields", "quotes", "expected"),
    (
        ({}, [FiledQuote(ACCEPTED, "5")], ("5", "equal-lines")),
        ({}, [FiledQuote(quote(), "5")], ("", "no-offer")),
        ({}, [FiledQuote(ACCEPTED, "")], ("", "no-offer")),
        ({}, [FiledQuote(ACCEPTED, "5"), FiledQuote(quote("q6", answer="accepted"), "6")], ("", "no-offer")),
        ({}, [FiledQuote(ACCEPTED, "5"), FiledQuote(quote("q6", answer="accepted", gross=Decimal(1)), "6")], ("5", "equal-lines")),
        ({"lines": Lines((line("Other"),))}, [FiledQuote(ACCEPTED, "5")], ("", "no-offer")),
        ({"lines": NotReadable()}, [FiledQuote(ACCEPTED, "5")], ("", "no-offer")),
        ({"gross": None}, [FiledQuote(quote(answer="accepted", gross=None), "5")], ("", "no-offer")),
        ({"reference": "uni-x"}, [FiledQuote(quote(reference="uni-x"), "5"), FiledQuote(ACCEPTED, "6")], ("5", "reference")),
        (
            {"reference": "uni-x"},
            [FiledQuote(quote(reference="uni-x"), "5"), FiledQuote(quote("q6", reference="uni-x"), "6")],
            ("", "no-offer"),
        ),
    ),
)
def test_an_invoice_belongs_to_a_deal_only_beyond_doubt(
    fields: dict[str, Any], quotes: list[FiledQuote], expected: tuple[str, str]
) -> None:
    for order in (quotes, quotes[::-1]):
        s = filing(invoice(**fields), quotes=tuple(order))
        assert s.b is not None
        assert isinstance(s.b.record.body, Document)
        assert offer_of(s.b.record.body, s) == expected


def test_a_note_is_about_the_deal_first_then_its_customer() -> None:
    assert note_of(planned(filing(invoice(), quotes=(FiledQuote(ACCEPTED, "5"),)))).about == ("5", "42")
    own = replace(filing(quote()), link=Link("l", "quote", "5", "q5"))
    assert note_of(planned(own)).about == ("5", "42")


def test_a_document_that_is_gone_is_nothing_to_do() -> None:
    assert told(planned(filing(invoice(gone=True)))) == ("gone", "not-there")


PUBLIC, PRIVATE = (rules(documents={"public_link": public, "quote_when": "created"}) for public in (True, False))
answers = st.sampled_from(["leave", "done-by-hand", "make-anew"])


def every_answer(s: Situation, said: str) -> Situation:
    """The same situation with one answer given to whatever was asked."""
    asked = [a for d in plan(s, RULES, words) for a in d.actions if hasattr(a, "options")]
    return replace(s, answers={f"{a.code}|{a.subject}": said for a in asked})  # type: ignore[union-attr]


@settings(max_examples=40)
@given(documents, documents, answers, st.booleans(), st.booleans())
def test_an_issued_document_is_never_written(mine: Document, theirs: Document, said: str, known: bool, public: bool) -> None:
    """Whatever the deal, the document, the answers: in the invoicing system quotes are made from deals and drafts deleted, nothing else."""
    chosen = PUBLIC if public else PRIVATE
    a, b = seen(record("quote", "5", mine, owner="42")), seen(record("quote", "q5", theirs, owner="c42"))
    couple = linked(a, b, {"version": quote_version(deal().record.body)} if known else {}, owner=owned())  # type: ignore[arg-type]
    bill = seen(record("invoice", "i7", theirs, owner="c42"))
    for s in (
        couple,
        replace(couple, subject=replace(couple.subject, side="b", key="q5")),
        filing(bill),
        filing(b),
        about(a, owner=owned()),
    ):
        for send in (x for d in plan(every_answer(s, said), chosen, words) for x in d.sends):
            if send.write.side == "a":
                assert send.write.kind in ("note", "file")
                assert send.write.operation in ("create", "change")
            elif send.write.operation == "delete":
                assert (send.write.kind, theirs.stage) == ("quote", "draft")
            else:
                assert (send.write.kind, send.write.operation) == ("quote", "create")


@settings(max_examples=40)
@given(documents)
def test_after_filing_there_is_nothing_left_to_write(document: Document) -> None:
    s = filing(seen(record("invoice", "i7", document, owner="c42")))
    first = planned(s)
    assert planned(s) == first
    if first.sends:
        assert isinstance(first.sends[0], Send)
        assert first.sends[1].agree["version"] == version_of(document)
        again = filed(seen(record("invoice", "i7", document, owner="c42")))
        assert planned(again).actions == ()

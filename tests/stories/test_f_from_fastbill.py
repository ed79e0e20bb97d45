"""F16-F20: what somebody does in FastBill, and what then stands in the CRM."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    BOTH,
    Row,
    companies,
    company,
    company_names,
    count,
    customer,
    customer_named,
    customers,
    deal_of,
    digits,
    estimate,
    estimates,
    files_at,
    invoice,
    notes,
    notes_at,
    number_of,
    person_names,
    state,
)
from tests.support.village import Village


def linked_customer(v: Village) -> tuple[int, int]:
    """A customer born in FastBill and its company in the CRM."""
    born = customer(v)
    v.sync()
    (there,) = companies(v)
    return born, there["id"]


def offered(v: Village) -> tuple[int, int, str]:
    """A company of the CRM with an offer, and the estimate made from it: company, deal, estimate id."""
    sun = company(v)
    made = deal_of(v, sun)
    v.sync()
    (there,) = estimates(v)
    return sun, made, str(there["ESTIMATE_ID"])


def note_with(v: Village, word: str, key: int, filename: str) -> Row:
    """The one note on a page that holds this file."""
    (found,) = [n for n in notes_at(v, word, key) if filename in [f["filename"] for f in files_at(v, n)]]
    return found


# --- a customer is made: F16 ---


@BOTH
@pytest.mark.feature("F16", kind="do")
def test_a_company_created_in_fastbill_appears_in_the_crm_with_its_address(v: Village) -> None:
    assert companies(v) == []
    customer(v, EMAIL="post@mond.example", PHONE="0221 5")
    v.sync()
    (made,) = companies(v)
    assert made["name"] == "Mond Optik GmbH"
    (address,) = made["addrs"]
    assert [address[n] for n in ("street", "zip", "city", "country_code")] == ["Am Markt 7", "50667", "Köln", "DE"]
    assert [e["name"] for e in made["emails"]] == ["post@mond.example"]
    assert [t["name"] for t in made["tels"]] == ["0221 5"]


@pytest.mark.feature("F16", kind="do")
def test_a_private_customer_created_in_fastbill_appears_as_a_person(v: Village) -> None:
    customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    v.sync()
    assert (company_names(v), person_names(v)) == ([], ["Emil Ehlers"])


@pytest.mark.feature("F16", kind="do")
def test_the_person_in_a_customers_own_row_appears_as_a_person_of_the_company(v: Village) -> None:
    customer(v, FIRST_NAME="Frida", LAST_NAME="Falk", POSITION="Inhaberin")
    v.sync()
    (there,) = companies(v)
    (frida,) = v.crm.truth()["people"]
    assert (frida["first_name"], frida["name"], frida["company_ids"]) == ("Frida", "Falk", [there["id"]])


@pytest.mark.feature("F16", kind="do")
def test_the_contact_persons_of_a_customer_appear_as_people_of_the_company(v: Village) -> None:
    born = customer(v)
    v.books_act("create_contact", CUSTOMER_ID=str(born), FIRST_NAME="Gerd", LAST_NAME="Groß", EMAIL="gerd@mond.example")
    v.sync()
    (there,) = companies(v)
    v.books_act("create_contact", CUSTOMER_ID=str(born), FIRST_NAME="Hanna", LAST_NAME="Hahn")
    v.sync()
    assert person_names(v) == ["Gerd Groß", "Hanna Hahn"]
    assert {tuple(p["company_ids"]) for p in v.crm.truth()["people"]} == {(there["id"],)}
    assert [e["name"] for p in v.crm.truth()["people"] for e in p["emails"]] == ["gerd@mond.example"]


@pytest.mark.feature("F16", kind="do")
def test_an_edit_in_fastbill_of_a_linked_customer_reaches_the_crm(v: Village) -> None:
    born, there = linked_customer(v)
    v.books_act("edit_customer", ID=str(born), CITY="Bonn", ZIPCODE="53111")
    v.sync()
    (now,) = companies(v)
    assert [now["addrs"][0][n] for n in ("zip", "city", "street")] == ["53111", "Bonn", "Am Markt 7"]
    assert len(now["addrs"]) == 1
    assert now["id"] == there


@pytest.mark.feature("F16", kind="do")
def test_a_customer_that_the_crm_wrote_to_fastbill_does_not_come_back_as_a_new_one(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    v.sync()
    assert company_names(v) == ["Bäckerei Sonne GmbH"]
    assert v.writes("a") == []


# --- a document is made: F17 and F18 ---


@BOTH
@pytest.mark.feature("F17", kind="do")
def test_an_invoice_is_kept_as_a_note_with_its_pdf_on_the_companys_page(v: Village) -> None:
    born, there = linked_customer(v)
    assert notes(v) == []
    made = invoice(v, born)
    v.sync()
    (note,) = notes_at(v, "company", there)
    number = number_of(v, "invoices", made)
    assert "FastBill" in note["name"]
    assert number in note["name"]
    (file,) = files_at(v, note)
    assert (file["filename"], file["content_type"]) == (f"{number}.pdf", "application/pdf")
    assert file["data"].startswith(b"%PDF")
    assert f"Rechnung {number}".encode() in file["data"]
    assert b"1 x Reparatur" in file["data"] or b"Reparatur" in file["data"]


@pytest.mark.feature("F17", kind="do")
def test_an_offer_that_was_sent_is_kept_as_a_note_with_its_pdf_on_the_companys_page(v: Village) -> None:
    born, there = linked_customer(v)
    made = estimate(v, born)
    state(v, made, "b")
    v.sync()
    (note,) = notes_at(v, "company", there)
    (file,) = files_at(v, note)
    assert f"Angebot {number_of(v, 'estimates', made)}".encode() in file["data"]


@pytest.mark.feature("F17", kind="do")
def test_two_documents_lie_in_two_notes_each_with_its_own_pdf(v: Village) -> None:
    born, there = linked_customer(v)
    one, two = invoice(v, born), invoice(v, born, TITLE="Fassung", ITEMS="Fassung; 1; 240; 19")
    v.sync()
    found = {f["filename"]: f["data"] for note in notes_at(v, "company", there) for f in files_at(v, note)}
    first, second = number_of(v, "invoices", one), number_of(v, "invoices", two)
    assert set(found) == {f"{first}.pdf", f"{second}.pdf"}
    assert first.encode() in found[f"{first}.pdf"]
    assert second.encode() in found[f"{second}.pdf"]


@pytest.mark.feature("F17", kind="do")
def test_the_document_of_a_private_customer_lies_on_that_persons_page(v: Village) -> None:
    born = customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers")
    v.sync()
    invoice(v, born)
    v.sync()
    (emil,) = v.crm.truth()["people"]
    (note,) = notes_at(v, "person", emil["id"])
    assert len(files_at(v, note)) == 1


@pytest.mark.feature("F17", kind="do")
def test_a_draft_invoice_is_not_kept_and_is_as_soon_as_it_is_finished(v: Village) -> None:
    born, there = linked_customer(v)
    draft = v.books_act("create_invoice", CUSTOMER_ID=str(born), TITLE="Reparatur", ITEMS="Reparatur; 1; 80; 19")
    v.sync()
    assert notes(v) == []
    v.books_act("complete_invoice", ID=str(draft))
    v.sync()
    assert len(notes_at(v, "company", there)) == 1


@pytest.mark.feature("F17", kind="do")
def test_a_document_of_a_customer_made_in_the_same_minute_comes_with_the_customer(v: Village) -> None:
    born = customer(v)
    invoice(v, born)
    v.sync()
    (there,) = companies(v)
    (note,) = notes_at(v, "company", there["id"])
    assert len(files_at(v, note)) == 1


@pytest.mark.feature("F17", kind="do")
def test_a_stale_pdf_link_answers_html_with_200_and_the_pdf_comes_all_the_same(v: Village) -> None:
    born, there = linked_customer(v)
    invoice(v, born)
    v.books.world.faults.arm("pdf-html", "download")
    v.sync()
    (note,) = notes_at(v, "company", there)
    (file,) = files_at(v, note)
    assert file["data"].startswith(b"%PDF")


@pytest.mark.feature("F17", kind="do")
def test_a_pdf_that_is_none_is_a_problem_and_no_attachment(v: Village) -> None:
    born, there = linked_customer(v)
    invoice(v, born)
    v.books.world.faults.arm("pdf-none", "download", times=9)
    v.sync()
    assert [f for note in notes_at(v, "company", there) for f in files_at(v, note)] == []
    assert [p.code for p in v.problems()] == ["file-not-pdf"]


@BOTH
@pytest.mark.feature("F18", kind="do")
def test_mailing_an_offer_brings_no_pdf_and_setting_it_to_sent_does(v: Village) -> None:
    born, there = linked_customer(v)
    made = estimate(v, born)
    v.sync()
    v.books_act("send_estimate_mail", ID=str(made), TO="post@mond.example")
    v.sync()
    assert [m["SUBJECT"] for m in v.books.truth()["mails"]] == [""], "it was mailed"
    assert notes(v) == []
    state(v, made, "b")
    v.sync()
    (note,) = notes_at(v, "company", there)
    assert len(files_at(v, note)) == 1


@pytest.mark.feature("F18", kind="do")
def test_the_estimate_made_from_a_crm_offer_comes_back_only_when_it_is_sent(v: Village) -> None:
    _, made, there = offered(v)
    v.sync()
    v.books_act("send_estimate_mail", ID=there, TO="post@sonne.example")
    v.sync()
    assert notes(v) == []
    state(v, there, "b")
    v.sync()
    (note,) = notes_at(v, "deal", made)
    assert len(files_at(v, note)) == 1


# --- a document changes: F19 and F20 ---


@BOTH
@pytest.mark.feature("F19", kind="do")
def test_a_changed_estimate_that_came_from_a_crm_offer_lands_on_the_offers_own_page(v: Village) -> None:
    _, made, there = offered(v)
    state(v, there, "b")
    v.sync()
    (note,) = notes_at(v, "deal", made)
    first = files_at(v, note)
    v.books_act("edit_estimate", ID=there, ITEMS="Leuchtschild mit Montage; 1; 1500; 19")
    v.sync()
    (note,) = notes_at(v, "deal", made)
    now = files_at(v, note)
    assert [f["sha256"] for f in now[:1]] == [f["sha256"] for f in first], "the earlier file stays as it was"
    assert len(now) == 2
    assert b"Leuchtschild mit Montage" in now[1]["data"]
    assert now[1]["filename"].endswith("_v2.pdf")
    assert "1785" in digits(note["content"]), "the note tells the new total"


@BOTH
@pytest.mark.feature("F19", kind="do")
def test_the_invoice_made_from_the_estimate_of_a_crm_offer_lands_on_the_offers_own_page(v: Village) -> None:
    sun, made, there = offered(v)
    bill = v.books_act("create_invoice", ESTIMATE_ID=there, COMPLETE="1")
    v.sync()
    note = note_with(v, "deal", made, f"{number_of(v, 'invoices', bill)}.pdf")
    (file,) = files_at(v, note)
    assert f"Rechnung {number_of(v, 'invoices', bill)}".encode() in file["data"]
    assert note["company_ids"] == [sun], "and on the company's page, as every document"


@pytest.mark.feature("F19", kind="do")
def test_an_invoice_written_without_our_reference_but_equal_to_the_accepted_estimate_belongs_to_the_offer(v: Village) -> None:
    _, made, there = offered(v)
    state(v, there, "f")
    (row,) = estimates(v)
    bill = invoice(v, row["CUSTOMER_ID"], TITLE="Leuchtschild", ITEMS="Leuchtschild; 1; 1200; 19")
    v.sync()
    assert note_with(v, "deal", made, f"{number_of(v, 'invoices', bill)}.pdf")


@pytest.mark.feature("F19", kind="do")
def test_a_payment_changes_the_note_on_the_offers_page(v: Village) -> None:
    _, made, there = offered(v)
    bill = v.books_act("create_invoice", ESTIMATE_ID=there, COMPLETE="1")
    v.sync()
    v.books_act("record_payment", INVOICE_ID=str(bill))
    v.sync()
    note = note_with(v, "deal", made, f"{number_of(v, 'invoices', bill)}.pdf")
    assert "bezahlt" in note["content"]


@BOTH
@pytest.mark.feature("F20", kind="do")
def test_a_changed_document_that_did_not_come_from_the_crm_lands_in_a_note_on_the_company(v: Village) -> None:
    born, there = linked_customer(v)
    made = estimate(v, born)
    state(v, made, "b")
    v.sync()
    v.books_act("edit_estimate", ID=str(made), ITEMS="Lesebrille; 3; 100; 19")
    v.sync()
    (note,) = notes_at(v, "company", there)
    assert note["deal_ids"] == []
    assert len(files_at(v, note)) == 2
    assert b"3" in files_at(v, note)[1]["data"]
    assert "357" in digits(note["content"])


@pytest.mark.feature("F20", kind="do")
def test_an_invoice_beside_an_offer_that_has_nothing_to_do_with_it_lands_on_the_company_only(v: Village) -> None:
    sun, made, _ = offered(v)
    bill = invoice(v, customer_named(v, "Bäckerei Sonne GmbH")["CUSTOMER_ID"])
    v.sync()
    (note,) = notes_at(v, "company", sun)
    assert number_of(v, "invoices", bill) in note["name"]
    assert notes_at(v, "deal", made) == []


@pytest.mark.feature("F20", kind="do")
def test_a_document_that_did_not_change_is_not_fetched_or_put_again(v: Village) -> None:
    born, _there = linked_customer(v)
    invoice(v, born)
    v.sync()
    before = (count(v, "a", "POST protocols"), len(v.writes("a")), [c.operation for c in v.books.world.log.calls].count("GET download"))
    for _ in range(3):
        v.sync()
    after = (count(v, "a", "POST protocols"), len(v.writes("a")), [c.operation for c in v.books.world.log.calls].count("GET download"))
    assert before == after
    assert before[2] == 1
    assert len(customers(v)) == 1

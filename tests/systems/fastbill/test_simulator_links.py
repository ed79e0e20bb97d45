"""Links to documents: no login, a new token with each answer, HTML under 200 once it is stale, and the faults of downloads."""

from __future__ import annotations

import pytest

from tests.systems.fastbill.caller import LINE, Caller


def make_invoice(fastbill: Caller) -> str:
    made: int = fastbill.ok("invoice.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE])["INVOICE_ID"]
    return str(made)


def link(fastbill: Caller) -> str:
    url: str = fastbill.one("invoice.get", "INVOICES")["DOCUMENT_URL"]
    return url


def test_a_document_is_a_pdf_that_needs_no_login_and_no_allowance() -> None:
    fastbill = Caller(plan="solo")
    make_invoice(fastbill)
    url = link(fastbill)
    spent = len(fastbill.world.storage.table("quota"))

    answer = fastbill.download(url)

    assert url.startswith("https://portal.fastbill.com/download/")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.get_data().startswith(b"%PDF-")
    assert b"Montage" in answer.get_data()
    assert len(fastbill.world.storage.table("quota")) == spent


def test_a_stale_pdf_link_answers_html_with_200() -> None:
    fastbill = Caller()
    make_invoice(fastbill)
    old = link(fastbill)

    fastbill.world.clock.advance(3601)
    stale, fresh = fastbill.download(old), fastbill.download(link(fastbill))

    assert (stale.status_code, stale.mimetype) == (200, "text/html")
    assert (fresh.status_code, fresh.mimetype) == (200, "application/pdf")


@pytest.mark.parametrize("token", ("", "abc", "ä%00", "aS4xLjEuMQ", "A" * 64))
def test_an_invented_token_answers_html_with_200(token: str) -> None:
    fastbill = Caller()
    make_invoice(fastbill)

    answer = fastbill.download(f"/download/{token}")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_a_link_to_a_deleted_draft_is_stale() -> None:
    fastbill = Caller()
    made = make_invoice(fastbill)
    url = link(fastbill)

    fastbill.ok("invoice.delete", INVOICE_ID=made)

    assert fastbill.download(url).mimetype == "text/html"


def test_each_answer_has_a_new_link_and_each_download_new_bytes() -> None:
    fastbill, steady = Caller(), Caller(pdf_varies=False, portal="http://127.0.0.1:8123")
    make_invoice(fastbill)
    make_invoice(steady)

    first, second = link(fastbill), link(fastbill)

    assert first != second
    assert fastbill.download(first).get_data() != fastbill.download(first).get_data()
    assert steady.download(link(steady)).get_data() == steady.download(link(steady)).get_data()
    assert link(steady).startswith("http://127.0.0.1:8123/download/")


def test_faults_of_a_download_are_html_a_huge_body_or_no_pdf() -> None:
    fastbill = Caller()
    make_invoice(fastbill)
    url = link(fastbill)
    for name in ("pdf-html", "pdf-none", "pdf-huge"):
        fastbill.world.faults.arm(name)

    html, none, huge = (fastbill.download(url) for _ in range(3))

    assert (html.status_code, html.mimetype) == (200, "text/html")
    assert none.mimetype == "application/pdf"
    assert not none.get_data().startswith(b"%PDF")
    assert huge.headers["Content-Length"] == str(50 * 1024 * 1024)
    assert sum(len(block) for block in huge.response) == 50 * 1024 * 1024
    assert fastbill.download(url).get_data().startswith(b"%PDF-")


def test_an_estimate_has_a_document_too() -> None:
    fastbill = Caller()
    fastbill.ok("estimate.create", CUSTOMER_ID=fastbill.customer(), ITEMS=[LINE])

    answer = fastbill.download(fastbill.one("estimate.get", "ESTIMATES")["DOCUMENT_URL"])

    assert b"(Angebot A1001)" in answer.get_data()

"""Lists of Lexware Office: what a look costs, lists of changes, lists longer than a query shows, and files."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.systems.contract import Account
from tests.systems.contract.account import caught
from tests.systems.lexoffice.office import ID, OTHER, answering, body_of, office, paper, saying
from tests.systems.lexoffice.test_connector_contract import paper as made
from unisono.connect.port import Raw
from unisono.model.errors import BadAnswer, NotThere, Refused, Unavailable
from unisono.model.record import Record

ROW = {"voucherType": "invoice", "voucherStatus": "open", "contactId": OTHER, "totalAmount": 119, "openAmount": 119, "archived": False}


def calls_of(account: Account, since: dt.datetime | None = None) -> tuple[list[Raw], list[str]]:
    """The documents of a look, and what was asked for: paths without the base."""
    before = len(account.wire.sent)
    rows = [row for page in account.system.pages("voucherlist", since) for row in page.rows]
    asked = [urlsplit(sent.partition(" ")[2]).path.removeprefix("/v1/").partition("/")[0] for sent in account.wire.sent[before:]]
    return rows, asked


def record_of(account: Account, key: str) -> Record:
    raw = account.system.read("voucherlist", key)
    assert raw is not None
    (record,) = account.system.records(raw)
    return record


def test_a_document_costs_a_call_and_a_paid_one_two() -> None:
    account = office()
    made(account, "quotation", 1)
    bill = made(account, "invoice", 2)
    account.act("finalize", id=bill)
    assert calls_of(account)[1] == ["voucherlist", "quotations", "invoices"]

    account.act("pay", id=bill)

    rows, asked = calls_of(account)
    assert sorted(asked) == ["invoices", "payments", "quotations", "voucherlist"]
    (body,) = [body_of(record) for row in rows for record in account.system.records(row) if record.kind == "invoice"]
    assert (body.paid, body.paid_date) == ("full", dt.date(2026, 3, 2))


def test_an_invoice_cancelled_between_two_calls_is_cancelled_and_not_paid() -> None:
    """Nothing is open of it any more, and nobody has paid: a paper moved to *paid* sets off what nobody takes back."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if "payments" in request.url.path:
            said = {"openAmount": 0, "currency": "EUR", "paymentStatus": "balanced", "voucherType": "invoice", "voucherStatus": "voided"}
            return httpx2.Response(200, json=said)
        return httpx2.Response(200, json=paper(voucherStatus="open"))

    system = answering(answer)
    raw = system.read("voucherlist", f"invoice:{ID}")
    assert raw is not None
    body = body_of(next(record for record in system.records(raw) if record.kind == "invoice"))
    assert (body.stage, body.paid, body.paid_amount) == ("cancelled", "none", None)


def test_a_row_of_the_list_says_what_the_document_alone_says_in_every_state() -> None:
    account = office()
    keys = [f"invoice:{made(account, 'invoice', n)}" for n in range(4)] + [f"creditnote:{made(account, 'credit_note', 5)}"]
    for key in keys[1:]:
        account.act("finalize", id=key.partition(":")[2])
    account.act("pay", id=keys[2].partition(":")[2], amount="100")
    account.act("pay", id=keys[3].partition(":")[2])
    account.clock.advance(dt.timedelta(days=60))

    rows, _ = calls_of(account)

    assert sorted(row.key for row in rows) == sorted(keys)
    for row in rows:
        alone = account.system.read("voucherlist", row.key)
        assert alone is not None
        assert alone.body == row.body
    paid = [body_of(record_of(account, key)).paid for key in keys]
    assert paid == ["none", "none", "part", "full", "none"]


def test_only_what_changed_since_is_read_again_although_the_service_knows_days_only() -> None:
    account = office()
    made(account, "invoice", 1)
    account.clock.advance(3600)
    since = account.clock.now()
    account.clock.advance(60)
    late = made(account, "quotation", 2)

    rows, asked = calls_of(account, since)

    assert [row.key for row in rows] == [f"quotation:{late}"]
    assert asked == ["voucherlist", "quotations"]
    assert "updatedDateFrom=2026-03-02" in account.wire.sent[-2]


def test_the_day_of_a_mark_is_that_of_germany() -> None:
    account = office()
    list(account.system.pages("voucherlist", dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)))

    assert "updatedDateFrom=2026-03-02" in account.wire.sent[-1]


def test_delivery_notes_and_receipts_are_no_documents_of_ours() -> None:
    account = office()
    made(account, "delivery_note", 1)
    account.act("create_voucher", type="purchaseinvoice", number="R-1", date="2026-03-01", amount="119", tax="19")
    order = made(account, "order_confirmation", 2)

    rows, _ = calls_of(account)

    assert [row.key for row in rows] == [f"orderconfirmation:{order}"]


def test_suppliers_are_not_even_asked_for_unless_the_firm_wants_them() -> None:
    account = office()
    account.row("contacts", 1)
    account.act("create_contact", name="Lieferant", role="vendor")

    everybody = account.connect({"contacts": "all"})

    assert len(account.all("contacts")) == 1
    assert "customer=true" in account.wire.sent[-1]
    assert sum(len(page.rows) for page in everybody.pages("contacts")) == 2


def test_another_standard_address_makes_every_row_a_new_one() -> None:
    account = office()
    key = account.row("contacts")
    before, again = account.system.read("contacts", key), account.system.read("contacts", key)
    other = account.connect({"address": "shipping"}).read("contacts", key)

    assert before is not None
    assert again is not None
    assert other is not None
    assert before.version == again.version != other.version


# --- lists longer than a query shows ---


def index(days: list[dt.date], queries: list[dict[str, str]]) -> Any:
    """A service with a document of each of these days, whose index shows ten thousand at most."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        parts = request.url.path.removeprefix("/v1/").split("/")
        if parts[0] != "voucherlist":
            return httpx2.Response(200, json=paper(id=parts[1]))
        asked = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        queries.append(asked)
        begin, end = asked.get("voucherDateFrom", "0000"), asked.get("voucherDateTo", "9999")
        found = [n for n, day in enumerate(days) if begin <= day.isoformat() <= end]
        page, size = int(asked["page"]), int(asked["size"])
        rows = [ROW | {"id": f"{n:08d}-0000-4000-8000-000000000000"} for n in found[page * size : (page + 1) * size]]
        told = {"totalElements": len(found), "size": size, "number": page, "last": (page + 1) * size >= len(found)}
        return httpx2.Response(200, json={"content": rows} | told)

    return answer


def test_more_documents_than_a_query_shows_are_asked_for_by_stretches_of_days_and_none_is_missed() -> None:
    days = [dt.date(1980, 5, 1)] * 3 + [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(100)] + [dt.date(2120, 1, 1)] * 3
    queries: list[dict[str, str]] = []

    pages = list(answering(index(days, queries), window=40).pages("voucherlist"))

    found = [row.key for page in pages for row in page.rows]
    assert len(found) == len(set(found)) == len(days)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert "voucherDateFrom" not in queries[0]


def test_a_day_with_more_documents_than_a_query_shows_ends_with_words_and_not_in_silence() -> None:
    system = answering(index([dt.date(2026, 1, 1)] * 41, []), window=40)

    fault = caught(BadAnswer, lambda: list(system.pages("voucherlist")))

    assert (fault.code, fault.values["resource"]) == ("list-too-long", "voucherlist")


def test_more_contacts_than_a_query_shows_end_with_words_and_not_in_silence() -> None:
    many = saying(200, {"content": [], "totalElements": 10_001, "last": False})

    assert caught(BadAnswer, lambda: list(many.pages("contacts"))).code == "list-too-long"


@pytest.mark.parametrize(
    "answer",
    (
        {"content": None},
        {"totalElements": 3},
        {"content": [{"id": 7}]},
        {"content": ["x"]},
        {"content": [], "size": 25, "last": True},
        [],
    ),
)
def test_a_list_that_is_none_is_not_an_empty_one(answer: Any) -> None:
    caught(BadAnswer, lambda: list(saying(200, answer).pages("contacts")))


def test_a_document_that_went_while_the_list_was_read_is_left_out() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if "voucherlist" in request.url.path:
            return httpx2.Response(200, json={"content": [ROW | {"id": ID}, ROW | {"id": OTHER}], "last": True})
        gone = request.url.path.endswith(ID)
        return httpx2.Response(404, json={"message": "Not Found"}) if gone else httpx2.Response(200, json=paper(id=OTHER))

    (page,) = answering(answer).pages("voucherlist")

    assert [row.key for row in page.rows] == [f"invoice:{OTHER}"]


def test_a_key_that_cannot_be_one_of_the_service_is_not_asked_for() -> None:
    account = office()

    assert account.system.read("voucherlist", f"receipt:{ID}") is None
    assert account.system.read("contacts", "../profile") is None
    assert account.wire.sent == []


# --- files ---


def bill(account: Account, *, issued: bool = True) -> Record:
    key = made(account, "invoice", 1)
    if issued:
        account.act("finalize", id=key)
    return record_of(account, f"invoice:{key}")


def test_the_file_of_an_invoice_is_brought_whole(tmp_path: Path) -> None:
    account = office()

    got = account.system.fetch_file(bill(account), tmp_path, 1_000_000)

    data = got.path.read_bytes()
    assert data.startswith(b"%PDF")
    assert (got.size, got.sha256, got.media_type) == (len(data), hashlib.sha256(data).hexdigest(), "application/pdf")
    assert list(tmp_path.iterdir()) == [got.path]


def test_an_order_confirmation_has_a_file_and_a_draft_and_a_customer_have_none(tmp_path: Path) -> None:
    account = office()
    order = record_of(account, f"orderconfirmation:{made(account, 'order_confirmation', 1)}")
    assert account.system.fetch_file(order, tmp_path, 1_000_000).size > 0

    fault = caught(NotThere, lambda: account.system.fetch_file(bill(account, issued=False), tmp_path, 1_000_000))

    assert fault.code == "no-file"
    firm = account.record("party", account.row("contacts"))
    caught(NotThere, lambda: account.system.fetch_file(firm, tmp_path, 1_000_000))


def test_a_file_over_the_limit_and_one_that_is_none_are_refused_and_not_kept(tmp_path: Path) -> None:
    account = office()
    record = bill(account)

    large = caught(Refused, lambda: account.system.fetch_file(record, tmp_path, 10))
    html = answering(lambda _: httpx2.Response(200, html="<p>Anmelden</p>"))
    other = caught(Refused, lambda: html.fetch_file(record, tmp_path, 1_000_000))

    assert (large.code, large.values["record"]) == ("file-too-large", record.key)
    assert other.code == "file-not-pdf"
    caught(Unavailable, lambda: saying(503, {}).fetch_file(record, tmp_path, 1_000_000))
    assert list(tmp_path.iterdir()) == []

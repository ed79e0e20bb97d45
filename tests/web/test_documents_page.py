"""Documents on a page and by the API: how they stand, what is still to be paid, their lines, their file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from tests.web.desk import Desk, Seen
from tests.web.street import street
from unisono.model.document import Document, Line, Lines, NotReadable
from unisono.model.party import Party
from unisono.model.record import Kind, Record
from unisono.store import documents as stored
from unisono.store import links, seen
from unisono.store.documents import open_of, state_of
from unisono.web import charts
from unisono.wiring.documents import _taxes, file_name
from unisono.wiring.leading import checked

INVOICE = Document(
    type_code="380",
    title="Schilder",
    number="RE-1",
    date=dt.date(2026, 2, 1),
    due=dt.date(2026, 3, 1),
    basis="net",
    net=Decimal(100),
    vat=Decimal(19),
    gross=Decimal(119),
    stage="issued",
)
MARCH_2 = dt.date(2026, 3, 2)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A pair that has been at work; nothing here changes it."""
    made = street(tmp_path_factory.mktemp("street"))
    yield made
    made.village.house.store.close()


def put(desk: Desk, *bodies: Document, side: str = "b", owner: str = "", kind: Kind = "invoice") -> None:
    """Documents as the system showed them."""
    records = [
        Record(
            kind=kind, key=f"{kind}:{body.number}", body=body, resource="invoice", resource_key=body.number, owner=owner, owner_kind="party"
        )
        for body in bodies
    ]
    with desk.village.house.store.write() as conn:
        seen.put_seen(conn, desk.village.a if side == "a" else desk.village.b, [(one, b"") for one in records], desk.village.clock.now())


def told(desk: Desk, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.browser("vera").get(f"/api/v1{desk.pair}/documents", params=query).json()["documents"]
    return found


def page(desk: Desk, path: str = "", **query: str) -> Seen:
    return Seen(desk.browser("vera").get(f"{desk.pair}/documents{path}", params=query).text)


@pytest.mark.parametrize(
    ("changes", "state", "open_"),
    (
        ({}, "issued", "119"),
        ({"stage": "sent"}, "sent", "119"),
        ({"stage": "draft"}, "draft", "0"),
        ({"stage": "cancelled"}, "cancelled", "0"),
        ({"stage": "cancelled", "paid": "full"}, "cancelled", "0"),
        ({"paid": "part", "paid_amount": Decimal("19.01")}, "part-paid", "99.99"),
        ({"paid": "part"}, "part-paid", "119"),
        ({"paid": "full", "paid_amount": Decimal(119)}, "paid", "0"),
        ({"type_code": "381"}, "issued", "0"),
        ({"type_code": "310", "answer": "accepted"}, "accepted", "0"),
        ({"type_code": "310", "stage": "draft", "answer": "rejected"}, "draft", "0"),
        ({"gross": None}, "issued", "0"),
    ),
)
def test_one_word_and_one_amount_say_how_a_document_stands(changes: dict[str, Any], state: str, open_: str) -> None:
    body = replace(INVOICE, **changes)
    assert state_of(body) == state
    assert open_of(body) == Decimal(open_)


def test_a_document_stands_with_its_customer_its_amount_and_its_filing(busy: Desk) -> None:
    found = {one["number"]: one for one in told(busy)}
    assert found["1005"] == {
        "record": "b:invoice:invoice:9207750",
        "customer": found["1005"]["customer"],
        "customer_name": "Straßenbau Göttlich AG",
        "type": "380",
        "number": "1005",
        "title": found["1005"]["title"],
        "date": "2026-03-02",
        "due": "2026-03-16",
        "days_overdue": 0,
        "state": "part-paid",
        "dunning": 0,
        "currency": "EUR",
        "gross": "1335.78",
        "open": "835.78",
        "filed": True,
        "file_filed": True,
    }
    assert (found["A1001"]["filed"], found["A1003"]["state"]) == (False, "draft")
    text = page(busy).text
    assert "1.335,78 EUR" in text
    assert "PDF abgelegt" in text
    assert "Mahnung" not in text, "FastBill has no dunning level: there is no empty column for it"


def test_documents_are_found_by_number_title_and_customer_without_diacritics(busy: Desk) -> None:
    assert [one["number"] for one in told(busy, search="1005")] == ["A1005", "1005"]
    assert [one["number"] for one in told(busy, search="gottlich")] == ["1005"]
    assert [one["customer_name"] for one in told(busy, search="STRASSENBAU")] == ["Straßenbau Göttlich AG"]
    assert told(busy, search="gibtsnicht") == told(busy, search="%") == told(busy, search="  -  ") == []
    assert "Nichts gefunden" in page(busy, search="gibtsnicht").text


def test_filters_show_what_they_say_and_their_numbers_add_up(busy: Desk) -> None:
    everything = told(busy)
    by_state = {state: [one["number"] for one in told(busy, state=state)] for state in stored.FILTERS if state}
    assert sorted(by_state["draft"]) == sorted(one["number"] for one in everything if one["state"] == "draft")
    assert by_state["overdue"] == []
    assert {one["type"] for one in told(busy, kind="381")} == {"381"}
    assert sum(len(by_state[s]) for s in by_state if s != "overdue") == len(everything)
    text = " ".join(page(busy).text.split())
    assert f"Alle {len(everything)}" in text
    assert "Überfällig 0" not in text, "a filter that shows nothing is not offered"
    assert "Überfällig 0" in " ".join(page(busy, state="overdue").text.split())


def test_overdue_is_counted_on_the_firms_own_calendar(desk: Desk) -> None:
    put(desk, INVOICE, replace(INVOICE, number="RE-2", due=MARCH_2), replace(INVOICE, number="RE-3", due=None))
    assert {one["number"]: one["days_overdue"] for one in told(desk)} == {"RE-1": 1, "RE-2": 0, "RE-3": 0}
    assert [one["number"] for one in told(desk, state="overdue")] == ["RE-1"]
    assert "seit 1 Tag" in page(desk).text
    assert "Heute fällig" in page(desk).text
    desk.village.clock.advance(dt.timedelta(hours=14))  # past midnight in Berlin, not yet in UTC
    assert desk.village.clock.now().date() == MARCH_2
    assert {one["number"]: one["days_overdue"] for one in told(desk)} == {"RE-1": 2, "RE-2": 1, "RE-3": 0}


def test_open_amounts_are_told_by_age_one_chart_a_currency(desk: Desk) -> None:
    days = {"RE-1": 5, "RE-2": -1, "RE-3": -30, "RE-4": -31, "RE-5": -60, "RE-6": -61}
    put(desk, *(replace(INVOICE, number=number, due=MARCH_2 + dt.timedelta(days=n)) for number, n in days.items()))
    put(desk, replace(INVOICE, number="Z-1", currency="PLN", gross=Decimal("0.10"), due=None))
    put(desk, replace(INVOICE, number="Z-2", currency="PLN", gross=Decimal("0.20"), due=None))
    euro, zloty = desk.browser("vera").get(f"/api/v1{desk.pair}/open-amounts").json()
    assert euro == {
        "currency": "EUR",
        "total": "714",
        "overdue": "595",
        "by_age": {"not-due": "119", "30": "238", "60": "238", "more": "119"},
        "documents": {"not-due": 1, "30": 2, "60": 2, "more": 1},
    }
    assert (zloty["total"], zloty["overdue"]) == ("0.3", "0"), "added up exactly"
    seen_page = page(desk)
    drawn = [attrs["aria-label"] for tag, attrs in seen_page.elements if tag == "svg" and attrs.get("role") == "img"]
    assert drawn[0] == (
        "Offen sind 714,00 EUR. nicht fällig: 119,00 EUR, 1–30 Tage: 238,00 EUR, 31–60 Tage: 238,00 EUR, über 60 Tage: 119,00 EUR."
    )
    assert len(drawn) == 2
    assert "davon 595,00 EUR überfällig" in seen_page.text
    assert "Offene Beträge in EUR" in Seen(desk.browser("vera").get(desk.pair).text).text


def test_bars_by_age_stay_within_their_plot_whatever_the_amounts() -> None:
    for sums in ([Decimal(0)] * 4, [Decimal(1), Decimal(2), Decimal(10**12), Decimal("0.01")], [Decimal(-5), Decimal(3)], []):
        drawn = str(charts.ages(sums, '"><script>'))
        assert "<script" not in drawn
        numbers = [float(n) for n in re.findall(r'(?:x|y|width|height)="([\d.-]+)"', drawn)]
        assert all(0 <= n <= 300 for n in numbers)


def test_pages_follow_each_other_without_gap_or_repetition(desk: Desk) -> None:
    put(desk, *(replace(INVOICE, number=f"RE-{n:03}", date=dt.date(2026, 1, 1 + n % 28)) for n in range(120)))
    found: list[str] = []
    after, steps = "", 0
    while steps == 0 or after:
        answer = desk.browser("vera").get(f"/api/v1{desk.pair}/documents", params={"after": after, "limit": 50}).json()
        found += [one["number"] for one in answer["documents"]]
        after, steps = answer["more"], steps + 1
    assert steps == 3
    assert len(found) == len(set(found)) == 120
    assert found == sorted(found, key=lambda number: (int(number[3:]) % 28, number), reverse=True)
    for nonsense in ("x", "~~", "2026~x", "~" * 50):
        assert desk.browser("vera").get(f"{desk.pair}/documents", params={"after": nonsense}).status_code == 200


def test_a_document_shows_its_lines_taxes_totals_and_what_is_left_to_pay(busy: Desk) -> None:
    whole = busy.browser("vera").get(f"/api/v1{busy.pair}/documents/b:invoice:invoice:9207750").json()
    assert whole["lines_known"]
    assert whole["taxes"] == [{"rate": "19.00", "net": "1122.5", "vat": "213.28"}]
    text = page(busy, "/b:invoice:invoice:9207750").text
    for part in ("Mesh-Banner", "1.122,50 EUR", "213,28 EUR", "1.335,78 EUR", "500,00 EUR", "835,78 EUR", "Straßenbau Göttlich AG"):
        assert part in text
    assert "Unisono hat das PDF von" in text


def test_taxes_are_told_only_where_they_add_up() -> None:
    row = Line(name="A", vat_rate=Decimal(19), net=Decimal(100), gross=Decimal(119))
    good = replace(INVOICE, lines=Lines((row,)))
    assert [(one.rate, one.net, one.vat) for one in _taxes(good)] == [(Decimal(19), Decimal(100), Decimal(19))]
    assert _taxes(replace(good, vat=Decimal(20))) == ()
    assert _taxes(replace(good, lines=Lines((replace(row, vat_rate=None),)))) == ()
    assert _taxes(replace(good, lines=NotReadable())) == ()


def test_lines_that_the_system_hides_are_not_told_as_none(desk: Desk) -> None:
    put(desk, replace(INVOICE, lines=NotReadable()), replace(INVOICE, number="RE-2", lines=Lines(())))
    assert "zeigt die Positionen dieses Belegs nicht" in page(desk, "/b:invoice:invoice:RE-1").text
    assert "Der Beleg hat keine Positionen" in page(desk, "/b:invoice:invoice:RE-2").text


def test_a_quote_stands_beside_the_deal_it_was_made_from(desk: Desk) -> None:
    quote = replace(INVOICE, type_code="310", number="A-1", stage="sent", answer="accepted")
    put(desk, quote, kind="quote")
    put(
        desk,
        Document(type_code="310", title="Schilder", number="D", value=Decimal(100), basis="net", stage="issued"),
        side="a",
        kind="quote",
    )
    with desk.village.house.store.write() as conn:
        links.put_link(
            conn, desk.village.house.ids.new(), desk.village.pair, "quote", "quote:D", "quote:A-1", {}, {}, desk.village.clock.now()
        )
    text = page(desk, "/b:quote:quote:A-1").text
    assert text.count("100,00 EUR") >= 2
    assert "angenommen" in text
    assert told(desk)[0]["number"] == "A-1"
    assert len(told(desk)) == 1, "a deal without lines is no document"


def test_a_document_that_is_gone_is_off_the_list_and_comes_back(desk: Desk) -> None:
    put(desk, INVOICE)
    with desk.village.house.store.write() as conn:
        seen.mark_gone(conn, desk.village.b, [("invoice", "invoice:RE-1")], desk.village.clock.now())
    assert told(desk) == []
    assert "gibt es diesen Beleg nicht mehr" in page(desk, "/b:invoice:invoice:RE-1").text
    put(desk, INVOICE)
    assert [one["number"] for one in told(desk)] == ["RE-1"]


def test_a_dunning_level_is_shown_where_the_system_has_one(desk: Desk) -> None:
    put(desk, replace(INVOICE, dunning=2))
    assert "Mahnstufe 2" in page(desk).text
    assert "Mahnstufe 2" in page(desk, "/b:invoice:invoice:RE-1").text


def test_amounts_beyond_all_sense_are_stored_and_shown_and_not_added_up(desk: Desk) -> None:
    put(desk, replace(INVOICE, gross=Decimal("9" * 40), dunning=10**9))
    assert told(desk)[0]["gross"] == "9" * 40
    assert desk.browser("vera").get(f"/api/v1{desk.pair}/open-amounts").json() == []


def test_the_documents_of_one_customer_are_on_its_page(busy: Desk) -> None:
    one = next(found for found in told(busy) if found["number"] == "1005")
    customer = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{one['customer']}").text)
    assert "1005" in customer.text
    assert "Offen 835,78 EUR." in customer.text
    assert [found["number"] for found in told(busy, customer=one["customer"])] == ["1005"]


# --- the file ---


def test_the_file_is_kept_and_never_shown(busy: Desk) -> None:
    for prefix in ("", "/api/v1"):
        answer = busy.browser("vera").get(f"{prefix}{busy.pair}/documents/b:invoice:invoice:9207750/pdf")
        assert answer.content.startswith(b"%PDF")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == "attachment; filename=\"1005.pdf\"; filename*=UTF-8''1005.pdf"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert list((busy.village.house.folder / "files").iterdir()) == [], "nothing of it stays here"


def test_another_page_cannot_spend_the_vendors_allowance(busy: Desk) -> None:
    calls = busy.village.calls("b")
    answer = busy.browser("vera").get(f"{busy.pair}/documents/b:invoice:invoice:9207750/pdf", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert busy.village.calls("b") == calls


@pytest.mark.parametrize("fault", ("timeout-before", "status", "pdf-html", "pdf-none", "pdf-huge"))
def test_a_system_that_does_not_answer_gives_a_page_that_says_so(desk: Desk, fault: str) -> None:
    v = desk.village
    customer = v.books_act("create_customer", CUSTOMER_TYPE="business", ORGANIZATION="Sonne GmbH")
    invoice = v.books_act("create_invoice", CUSTOMER_ID=str(customer), items="Schild; 1; 100; 19")
    v.books_act("complete_invoice", ID=str(invoice))
    v.sync()
    record = told(desk)[0]["record"]
    with v.house.store.read() as conn:
        body = next(iter(seen.get_many(conn, v.b, "invoice", [record.split(":", 2)[2]]).values())).record.body
    assert isinstance(body, Document)
    v.books.world.faults.arm(fault, times=99, value=503 if fault == "status" else 0)
    answer = desk.browser("vera").get(f"{desk.pair}/documents/{record}/pdf")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    shown = Seen(answer.text)
    assert "Das PDF ist gerade nicht zu bekommen." in shown.text
    assert any(link.endswith("/documents/" + quote(record)) for link in shown.links)
    assert body.file_url, "the link opens without a login: it is shown to nobody"
    assert body.file_url not in answer.text
    assert body.file_url not in desk.browser("vera").get(f"{desk.pair}/documents/{record}").text
    told_by_api = desk.browser("vera").get(f"/api/v1{desk.pair}/documents/{record}/pdf")
    assert told_by_api.status_code in (422, 502)
    assert told_by_api.json()["error"]["told"]


def test_a_document_without_a_file_offers_none(desk: Desk) -> None:
    put(desk, INVOICE)
    assert "PDF herunterladen" not in page(desk, "/b:invoice:invoice:RE-1").text
    assert desk.browser("vera").get(f"{desk.pair}/documents/b:invoice:invoice:RE-1/pdf").status_code == 502


@pytest.mark.parametrize(
    ("number", "name"),
    (("RE-1", "RE-1.pdf"), ("2026/7\\8", "2026-7-8.pdf"), ('a"\r\nx: y', "a-x- y.pdf"), ("...", "document.pdf"), ("Ä 1", "Ä 1.pdf")),
)
def test_a_file_has_a_name_that_every_disk_takes(number: str, name: str) -> None:
    body = replace(INVOICE, number=number)
    listed = stored.listed_of("c", Record(kind="invoice", key="k", body=body, resource="r", resource_key="k"), "")
    made = file_name(listed)
    assert made == name
    assert not set(made) & set('"\\/\r\n:')


@pytest.mark.parametrize(
    ("url", "shown"),
    (
        ("https://my.fastbill.com/invoice/1", True),
        ("https://evil.example/invoice", False),
        ("https://my.fastbill.com.evil.example/", False),
        ("https://user@my.fastbill.com/", False),
        ("http://my.fastbill.com/", False),
        ("javascript:alert(1)", False),
        ("https://[::1", False),
        ("", False),
    ),
)
def test_a_way_to_the_vendors_page_leads_to_the_vendor_only(url: str, shown: bool) -> None:
    assert checked(url, ("my.fastbill.com",), loopback=False) == (url if shown else "")


@pytest.mark.parametrize("record", ("b:invoice:none", "x:invoice:1", "b:party:4106218", "nothing", "b:invoice:", "::", "a:quote:"))
def test_a_document_nobody_knows_is_not_found(busy: Desk, record: str) -> None:
    for prefix in ("", "/api/v1"):
        for ending in ("", "/pdf"):
            assert busy.browser("vera").get(f"{prefix}{busy.pair}/documents/{record}{ending}").status_code == 404


def test_a_document_of_another_firm_is_nobodys_business(desk: Desk) -> None:
    put(desk, INVOICE)
    desk.add("fremd", "admin", firms=())
    for path in ("", "/b:invoice:invoice:RE-1", "/b:invoice:invoice:RE-1/pdf"):
        assert desk.browser("fremd").get(f"{desk.pair}/documents{path}").status_code == 404
        assert desk.somebody().get(f"/api/v1{desk.pair}/documents{path}").status_code == 401


def test_a_customers_name_beside_a_document_is_text(desk: Desk) -> None:
    party = Party(type="company", name="<img src=x onerror=a>")
    record = Record(kind="party", key="customer:1", body=party, resource="customer", resource_key="1")
    with desk.village.house.store.write() as conn:
        seen.put_seen(conn, desk.village.b, [(record, b"")], desk.village.clock.now())
    put(desk, replace(INVOICE, title="<script>alert(1)</script>", lines=Lines((Line(name="<b>fett</b>"),))), owner="customer:1")
    for path in ("", "/b:invoice:invoice:RE-1"):
        text = desk.browser("vera").get(f"{desk.pair}/documents{path}").text
        assert "<img" not in text
        assert "<script>" not in text
        assert "<b>fett" not in text
        assert "&lt;img src=x onerror=a&gt;" in text

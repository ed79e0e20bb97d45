"""Lists as files: whole, streamed, in the reader's language, safe to be opened by a spreadsheet, without a secret."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.web.desk import Desk
from tests.web.street import street
from tests.web.test_customers_page import party
from tests.web.test_documents_page import INVOICE, put
from unisono.plan.actions import Report
from unisono.store import asking, pairs, seen
from unisono.wiring import pair_row
from unisono.wiring.exporting import BOM, LISTS, Cell, csv_lines, export, guarded, unguarded

EVIL = ("=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "'=1", "''=1", "'", "", "a=1", " =1", 'a;"b"\r\nc')


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A pair that has been at work; nothing here changes it."""
    made = street(tmp_path_factory.mktemp("street"))
    yield made
    made.village.house.store.close()


def rows(text: str, delimiter: str = ";") -> list[list[str]]:
    """A file as a spreadsheet reads it."""
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), delimiter=delimiter))


def sent(desk: Desk, what: str, language: str = "de", **query: str) -> list[list[str]]:
    answer = desk.browser("vera").get(f"{desk.pair}/exports/{what}", params=query, headers={"accept-language": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="unisono-{what}-2026-03-0')
    assert answer.headers["x-content-type-options"] == "nosniff"
    return rows(answer.content.decode(), "," if language == "en" else ";")


@pytest.mark.parametrize("text", EVIL)
def test_what_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe_and_comes_back_as_it_was(text: str) -> None:
    safe = guarded(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝"))
    assert unguarded(safe) == text
    assert unguarded(rows("".join(csv_lines([[text, "b"]], "de")))[0][0]) == text


@given(st.text())
def test_every_text_comes_back_from_a_file_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_numbers_and_dates_are_what_a_spreadsheet_of_the_language_takes_for_such() -> None:
    cells: list[Cell] = [Decimal("-1234.50"), 7, dt.date(2026, 3, 2), None, "-1234,50", Decimal("1E+3")]
    assert "".join(csv_lines([cells], "de")) == BOM + "-1234,50;7;2026-03-02;;'-1234,50;1000\r\n"
    assert "".join(csv_lines([cells], "en")) == BOM + '-1234.50,7,2026-03-02,,"\'-1234,50",1000\r\n'
    assert "".join(csv_lines([], "pl")) == ""


@pytest.mark.parametrize("language", ("de", "en", "pl", "ro"))
@pytest.mark.parametrize("what", LISTS)
def test_every_list_is_there_in_every_language_with_as_many_cells_in_each_row(busy: Desk, what: str, language: str) -> None:
    found = sent(busy, what, language)
    assert len(found) > 1
    assert {len(row) for row in found} == {len(found[0])}
    assert not any("{" in cell for cell in found[0])


def test_the_customers_of_a_file_are_those_of_the_list(busy: Desk) -> None:
    listed = busy.browser("vera").get(f"/api/v1{busy.pair}/customers?limit=500").json()["customers"]
    assert [row[0] for row in sent(busy, "customers")[1:]] == [one["label"] for one in listed]
    only = sent(busy, "customers", state="linked")[1:]
    assert len(only) == sum(bool(one["link"]) for one in listed)
    assert {row[5] for row in only} <= {"Verknüpft", "Braucht Sie", "In Arbeit"}


def test_the_documents_of_a_file_are_those_of_the_list_with_amounts_as_numbers(busy: Desk) -> None:
    found = {row[1]: row for row in sent(busy, "documents")[1:]}
    assert len(found) == 15
    assert found["1005"][-2:] == ["1335,78", "835,78"]
    assert found["1005"][0] == "Rechnung"
    assert found["1005"][4:6] == ["2026-03-02", "2026-03-16"]
    assert [row[1] for row in sent(busy, "documents", kind="381")[1:]] == ["1008"]


def test_the_history_of_a_file_tells_what_was_where_and_why(busy: Desk) -> None:
    found = sent(busy, "history")
    told = [row for row in found if "Unisono hat das PDF von 1005" in row[1]]
    assert len(told) == 1
    assert "CentralStationCRM" in told[0]
    refused = sent(busy, "history", sort="refused")
    assert len(refused) <= len(found)
    assert len(sent(busy, "history", search="gibtsnicht")) == 1


def test_the_problems_of_a_file_say_what_to_do(busy: Desk) -> None:
    found = sent(busy, "problems")
    assert found[1][1] == "Holzmanufaktur Dachs"
    assert found[1][2].startswith("Hier fehlt: Straße und Hausnummer")
    assert len(sent(busy, "problems", search="gibtsnicht")) == 1


def test_a_formula_in_any_text_of_anybody_is_a_text_in_every_file(desk: Desk) -> None:
    evil = "=cmd|' /C calc'!A0"
    v = desk.village
    with v.house.store.write() as conn:
        seen.put_seen(conn, v.a, [(party("company:1", evil, email=evil, number=evil), b"")], v.clock.now())
        told = Report(code="too-long", field="name", values={"field": "name", "value": evil})
        asking.report(conn, "p1", v.pair, "a:party:company:1", "party", evil, told, evil, v.clock.now())
        pairs.note(conn, v.pair, "party", "a:party:company:1", "linked", {}, evil, v.clock.now(), evil)
    put(desk, replace(INVOICE, number=evil, title=evil))
    for what in LISTS:
        found = sent(desk, what)
        assert any(evil in cell for row in found for cell in row), what
        assert [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@"))] == [], what


def test_no_secret_and_no_open_link_is_in_any_file(busy: Desk) -> None:
    for what in LISTS:
        text = "\n".join(cell for row in sent(busy, what) for cell in row)
        for secret in ("centralstation-sandbox-key", "fb-0123456789abcdef", "portal.fastbill", "https://"):
            assert secret not in text, (what, secret)


def test_a_long_list_is_read_as_it_is_sent_and_not_before(desk: Desk) -> None:
    with desk.village.house.store.write() as conn:
        for n in range(3):
            many = [(party(f"company:{n}-{m}", f"Firma {n}{m:04}"), b"") for m in range(500)]
            seen.put_seen(conn, desk.village.a, many, desk.village.clock.now())
    row = pair_row(desk.village.house, desk.village.pair)
    lines = csv_lines(export(desk.village.house, row, "customers", "de", "UTC"), "de")
    first = [next(lines) for _ in range(501)]
    assert first[500].startswith("Firma 00499")
    with desk.village.house.store.write() as conn:
        seen.put_seen(conn, desk.village.a, [(party("company:late", "Zuletzt gekommen"), b"")], desk.village.clock.now())
    rest = list(lines)
    assert len(rest) == 1001
    assert rest[-1].startswith("Zuletzt gekommen")


def test_a_list_nobody_keeps_is_not_found_and_a_list_of_others_neither(busy: Desk) -> None:
    assert busy.browser("vera").get(f"{busy.pair}/exports/secrets").status_code == 404
    assert busy.browser("vera").get(f"/api/v1{busy.pair}/exports/secrets").status_code == 422
    busy.add("fremd", "admin", firms=())
    for what in LISTS:
        assert busy.browser("fremd").get(f"{busy.pair}/exports/{what}").status_code == 404
        assert busy.somebody().get(f"/api/v1{busy.pair}/exports/{what}").status_code == 401


def test_a_program_gets_the_same_file(busy: Desk) -> None:
    for what in LISTS:
        by_page = busy.browser("vera").get(f"{busy.pair}/exports/{what}").content
        assert busy.browser("vera").get(f"/api/v1{busy.pair}/exports/{what}").content == by_page


def test_the_pages_of_the_lists_lead_to_their_files(busy: Desk) -> None:
    for path, what in (("customers", "customers"), ("documents", "documents"), ("history", "history"), ("problems", "problems")):
        assert f"{busy.pair}/exports/{what}?" in busy.browser("vera").get(f"{busy.pair}/{path}").text

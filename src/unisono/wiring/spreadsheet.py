"""The first sheet of an ``.xlsx`` file as rows of text. A file from somebody else: everything is bounded before it is opened.

Read by hand, since it is little and a reader that holds a sheet as one block can be made to ask for any amount of memory by one cell far
away. Formulas are never calculated: what was stored as their result is a text. Nothing is written to a disk, nothing is looked up.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from xml.parsers import expat

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024
MOST_ENTRIES = 2_000
MOST_RATIO = 100
MOST_PART = 48 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS = 20_001, 100
MOST_CELLS = 250_000
MOST_ELEMENTS = 1_000_000
MOST_TEXT = 20 * 1024 * 1024
"""Characters of all cells together: one long text may be named by many."""
LONGEST = 1_000
"""Characters kept of a cell: no name, address or number is longer."""
_PIECE = 64 * 1024
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How parts of a workbook are packed. Other ways let an entry of a few bytes ask for gigabytes to be unpacked with."""
_BOOK = "xl/workbook.xml"
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EMPTY = re.compile(rb'<(?:row|c r="[A-Z0-9]{1,10}")(?: [\w:]{1,20}="[^"<>&]{0,40}"){0,12} ?/>')
"""Rows and cells that only have a look: people who colour a column leave a million of them."""
_WHOLE = re.compile(r"-?[0-9]{1,15}\.0+\Z")


class BadSheet(ValueError):
    """A file that is not taken: ``code`` and ``values`` fill the catalogue's sentence."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def rows_of(data: bytes) -> list[list[str]]:
    """The cells of the first sheet, row by row, empty rows left out. Raises ``BadSheet``."""
    if len(data) > MOST_BYTES:
        raise BadSheet("sheet-too-large", limit=str(MOST_BYTES))
    if not data.startswith(b"PK\x03\x04"):
        raise BadSheet("sheet-not-xlsx")
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            parts = _checked(packed, len(data))
            book = _BOOK if _BOOK in parts else ""
            place = _first_sheet(packed, parts) if book else ""
            if place not in parts:
                raise BadSheet("sheet-not-xlsx")
            texts = _texts(_read(packed, parts["xl/sharedStrings.xml"])) if "xl/sharedStrings.xml" in parts else []
            return _Cells(texts).read(_EMPTY.sub(b"", _read(packed, parts[place])))
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        expat.ExpatError,
        zlib.error,
    ) as error:
        if isinstance(error, BadSheet):
            raise
        raise BadSheet("sheet-damaged") from error


def _checked(packed: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, if there is nothing about them that only a trap has."""
    entries = packed.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(size, 1):
        raise BadSheet("sheet-unpacks-too-large")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise BadSheet("sheet-locked")
    if any(entry.compress_type not in _PACKED for entry in entries):
        raise BadSheet("sheet-damaged")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise BadSheet("sheet-damaged")
    if any(name.casefold().endswith(("vbaproject.bin", ".bas", ".vbs")) for name in names):
        raise BadSheet("sheet-macros")
    types = next((entry for entry in entries if entry.filename == "[Content_Types].xml"), None)
    if types is None:
        raise BadSheet("sheet-not-xlsx")
    told = _read(packed, types)
    if b"macroEnabled" in told:
        raise BadSheet("sheet-macros")
    if b"spreadsheetml" not in told:
        raise BadSheet("sheet-not-xlsx")
    return dict(zip(names, entries, strict=True))


def _read(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part, as long as it said it would be and no longer: what an entry says of its size is only believed downwards."""
    if entry.file_size > MOST_PART:
        raise BadSheet("sheet-unpacks-too-large")
    parts, size = [], 0
    with packed.open(entry) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > entry.file_size:
                raise BadSheet("sheet-unpacks-too-large")
            parts.append(piece)
    if size != entry.file_size:
        raise BadSheet("sheet-damaged")
    return b"".join(parts)


def _parse(body: bytes, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None], text: Callable[[str], None]) -> None:
    """Walks through a part. A document type is what every XML bomb needs and no sheet has."""
    count = 0

    def began(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise BadSheet("sheet-too-many-cells", limit=str(MOST_CELLS))
        start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def refused(*_: object) -> int:
        raise BadSheet("sheet-damaged")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    parser.ExternalEntityRefHandler = refused
    parser.StartElementHandler = began
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2] if ":" in name else name)
    parser.CharacterDataHandler = text
    for at in range(0, len(body), _PIECE):
        parser.Parse(body[at : at + _PIECE], False)
    parser.Parse(b"", True)


def _nothing(*_: object) -> None:
    """Of no interest."""


def _first_sheet(packed: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> str:
    """Where the first sheet lies that people see."""
    sheets: list[str] = []
    targets: dict[str, str] = {}

    def sheet(name: str, given: dict[str, str]) -> None:
        if name == "sheet" and given.get("state", "visible") == "visible":
            sheets.append(next((value for key, value in given.items() if key.rpartition(":")[2] == "id" and ":" in key), ""))

    def relation(name: str, given: dict[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode", "Internal") == "Internal":
            targets[given.get("Id", "")] = given.get("Target", "")

    _parse(_read(packed, parts[_BOOK]), sheet, _nothing, _nothing)
    relations = parts.get("xl/_rels/workbook.xml.rels")
    if relations is not None:
        _parse(_read(packed, relations), relation, _nothing, _nothing)
    target = targets.get(sheets[0], "") if sheets else ""
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target)) if target else ""


def _texts(body: bytes) -> list[str]:
    """The texts that cells name by number; how letters are spoken (``rPh``) is no part of them."""
    out: list[str] = []
    held: list[str] = []
    inside: list[str] = []
    total = 0

    def start(name: str, _: dict[str, str]) -> None:
        inside.append(name)
        if name == "si":
            held.clear()

    def end(name: str) -> None:
        nonlocal total
        inside.pop()
        if name == "si":
            out.append(_clean("".join(held)))
            total += len(out[-1])
            if len(out) > MOST_CELLS or total > MOST_TEXT:
                raise BadSheet("sheet-too-many-cells", limit=str(MOST_CELLS))

    def text(some: str) -> None:
        if inside and inside[-1] == "t" and "rPh" not in inside:
            held.append(some)

    _parse(body, start, end, text)
    return out


class _Cells:
    """Reads the cells of a sheet."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._rows: dict[int, dict[int, str]] = {}
        self._row, self._column = 0, 0
        self._type, self._held, self._inside = "", list[str](), ""
        self._count, self._total = 0, 0

    def read(self, body: bytes) -> list[list[str]]:
        """All rows that hold something, each as long as its last cell says."""
        _parse(body, self._start, self._end, self._text)
        return [[row.get(at, "") for at in range(max(row) + 1)] for _, row in sorted(self._rows.items())]

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "row":
            number = given.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 9 else self._row + 1
            self._column = 0
        elif name == "c":
            self._at(given.get("r", ""))
            self._type, self._held = given.get("t", "n"), []
        self._inside = name

    def _at(self, place: str) -> None:
        found = _PLACE.match(place)
        if place and not found:
            raise BadSheet("sheet-damaged")
        self._column += 1
        if found:
            self._row = int(found[2])
            self._column = 0
            for letter in found[1]:
                self._column = self._column * 26 + ord(letter) - 64

    def _text(self, some: str) -> None:
        if self._inside in ("v", "t"):
            self._held.append(some)

    def _end(self, name: str) -> None:
        self._inside = ""
        if name == "c" and self._held:
            self._keep("".join(self._held))

    def _keep(self, value: str) -> None:
        if self._type == "s":
            if not value.strip().isdecimal() or int(value) >= len(self._texts):
                raise BadSheet("sheet-damaged")
            value = self._texts[int(value)]
            self._place(value)
            return
        elif self._type == "n":
            value = value.strip().split(".")[0] if _WHOLE.match(value.strip()) else value.strip()
        elif self._type == "e":
            value = ""
        self._place(_clean(value))

    def _place(self, value: str) -> None:
        if not value:
            return
        if self._row > MOST_ROWS or self._column > MOST_COLUMNS:
            raise BadSheet("sheet-too-many-rows", limit=str(MOST_ROWS - 1), columns=str(MOST_COLUMNS))
        self._count += 1
        self._total += len(value)
        if self._count > MOST_CELLS or self._total > MOST_TEXT:
            raise BadSheet("sheet-too-many-cells", limit=str(MOST_CELLS))
        self._rows.setdefault(self._row, {})[self._column - 1] = value


def _clean(text: str) -> str:
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
    text = text[: 4 * LONGEST]
    return (text if text.isprintable() else "".join(_visible(text)))[:LONGEST].strip()


def _visible(text: str) -> Iterator[str]:
    for letter in text:
        if letter in "\n\t\r":
            yield " "
        elif letter.isprintable():
            yield letter

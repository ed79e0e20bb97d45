"""How workbooks are spoilt: the bytes of the package, the XML of a part inside a package that is sound, and which parts there are."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from random import Random

from tests.storm.levels.abilities import pick

_ATTRIBUTE = re.compile(rb'(\s)([\w:]+)="([^"]*)"')
_HEADS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06")
VALUES = (
    b"", b"0", b"-1", b"1", b"99", b"250001", b"1e9", b"9" * 400, b"XFD1048576", b"ZZZ9999999", b"A0", b"1A", b"a1", "\u0661".encode(),
    "A\u00b2".encode(), b"s", b"inlineStr", b"str", b"e", b"b", b"d", b"x" * 100_000, b"hidden", b"veryHidden", b"visible", b"External",
    b"../../../etc/passwd", b"/xl/worksheets/sheet2.xml", b"worksheets/../worksheets/sheet2.xml", b"file:///etc/passwd", b"rId1", b"rId9",
    b"&lt;", b"&#0;", b"&#xD800;", b"&nichts;", b"\x00", b"\xff",
)  # fmt: skip
"""What stands where an attribute was."""
TEXTS = (
    b"0", b"7", b"99", b"-1", b"1e9", b"1e400", b"NaN", "\u0661".encode(), b"9" * 400, b"x" * 5000, b"_x0000_", b"_xD83D_ _xDE00_", b"_x202E_boese",
    " \u00a0\u202eliame ".encode(), "\u0627\u200f\ufeff\u2028".encode(), b"=cmd|calc!A0", b"&#9;&#13;&#10;", b"&#x85;&#xAD;", b"&#0;", b"&nichts;",
)  # fmt: skip
"""What stands where a text was."""
ELEMENTS = (
    b"<row/>", b"<row r=\"1\">", b"</row>", b"<c/>", b"<c r=\"A1\" t=\"s\"><v>7</v></c>", b"<c t=\"inlineStr\"><is><t>Zeile\x0b</t></is></c>",
    b"<c><v>1e400</v></c>", b"<c t=\"s\"><v>\xd9\xa1</v></c>", b"<v>", b"<![CDATA[<c>]]>", b"<!-- -->", b"<?php ?>", b"<x:c xmlns:x=\"y\"/>",
    b"<c r=\"A1\" r=\"B1\"/>", b"<a>" * 3000 + b"</a>" * 3000, b"<b>" * 20_000, b"<row r=\"5\"/>" * 5000,
    b"<c><v>" + b"8" * 50_000 + b"</v></c>", b"<si><t>" + b"n" * 70_000 + b"</t></si>", b"<t>\xc3\xa4\xcc\x88\xe2\x80\xae</t>",
    b"\x00", b"\xef\xbb\xbf",
)  # fmt: skip


def _torn(rnd: Random, body: bytes) -> bytes:
    return body[: rnd.randrange(len(body) + 1)]


def _flipped(rnd: Random, body: bytes) -> bytes:
    out = bytearray(body)
    for _ in range(pick(rnd, (1, 1, 2, 8))):
        out[rnd.randrange(len(out))] = rnd.randrange(256)
    return bytes(out)


def _cut(rnd: Random, body: bytes) -> bytes:
    at = rnd.randrange(len(body))
    return body[:at] + body[at + pick(rnd, (1, 4, 200)) :]


def _put(rnd: Random, body: bytes) -> bytes:
    at = rnd.randrange(len(body))
    return body[:at] + pick(rnd, (b"\x00", b"PK\x03\x04", b"PK\x05\x06", b"\xff" * 30, body[:100])) + body[at:]


def _headed(rnd: Random, body: bytes) -> bytes:
    """A number in one of the package's own headers is another: a size, a check sum, a flag, a method, how many there are, where they lie."""
    out, head = bytearray(body), pick(rnd, _HEADS)
    begins = [found.start() for found in re.finditer(re.escape(head), body)]
    at = pick(rnd, begins) + rnd.randrange(4, 30 if head == _HEADS[0] else 46 if head == _HEADS[1] else 22, 2)
    struct.pack_into("<H", out, min(at, len(out) - 2), pick(rnd, (0, 1, 8, 12, 14, 99, 0x7FFF, 0xFFFF, rnd.randrange(65536))))
    return bytes(out)


SPOILING: tuple[Callable[[Random, bytes], bytes], ...] = (_torn, _flipped, _flipped, _cut, _put, _headed, _headed, _headed)


def spoilt_bytes(rnd: Random, package: bytes) -> bytes:
    """A package whose bytes came over a bad line, or from somebody who knows what they mean."""
    draw = rnd.random()
    if draw < 0.05:
        return package + package
    if draw < 0.1:
        return pick(rnd, (b"", b"\x00", b"MZ", b"%PDF-1.7\n", b"PK\x03\x04")) + package
    return pick(rnd, SPOILING)(rnd, package)


def spoilt_part(rnd: Random, parts: Mapping[str, bytes], secret: str) -> tuple[str, bytes]:
    """One part spoilt, the package around it sound; which part, and the package. ``secret`` is what a smuggled entity would say."""
    # Every second time a part with cells or their texts; where a list lies is found in the others.
    texts = rnd.random() < 0.5
    begins = ("xl/worksheets/sheet", "xl/sharedStrings") if texts else ("xl/workbook", "xl/_rels", "[Content")
    name = pick(rnd, sorted(name for name in parts if name.startswith(begins)))
    return name, packed(rnd, {**parts, name: _spoilt_xml(rnd, parts[name], secret.encode())})


def spoilt_parts(rnd: Random, parts: Mapping[str, bytes]) -> bytes:
    """Parts that are missing, there twice, under another name, or far too many."""
    out, name = dict(parts), pick(rnd, sorted(parts))
    match pick(rnd, ("gone", "named", "small", "macros", "many", "steep", "twice", "folder")):
        case "gone":
            del out[name]
        case "named":
            out[pick(rnd, (name.upper(), f"/{name}", f"../{name}", name.replace("/", "\\"), " ", "xl/ä.xml"))] = out.pop(name)
        case "small":
            out[name] = b""
        case "macros":
            out["xl/vbaProject.bin"] = b"\xcc\x61"
        case "many":
            out |= {f"xl/media/{number}": b"" for number in range(pick(rnd, (100, 2100)))}
        case "steep":
            out["xl/media/image.png"] = b"\x00" * pick(rnd, (100_000, 4_000_000))
        case "twice":
            return packed(rnd, out, again=name)
        case "folder":
            out["xl/worksheets/"] = b""
    return packed(rnd, out)


def packed(rnd: Random, parts: Mapping[str, bytes], *, again: str = "") -> bytes:
    """A sound package of these parts; ``again`` is put in a second time."""
    out = BytesIO()
    method = pick(rnd, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    # Quickly: how well it is packed is no question here.
    with zipfile.ZipFile(out, "w", method, compresslevel=1) as file:
        for name, body in parts.items():
            file.writestr(name, body)
        if again:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                file.writestr(again, parts[again])
    return out.getvalue()


def _spoilt_xml(rnd: Random, body: bytes, secret: bytes) -> bytes:
    for _ in range(pick(rnd, (1, 1, 2, 3))):
        body = pick(rnd, _XML)(rnd, body, secret) or b" "
    return body


def _attribute(rnd: Random, body: bytes, _: bytes) -> bytes:
    """An attribute that is another, is named otherwise, or is gone."""
    found = list(_ATTRIBUTE.finditer(body))
    if not found:
        return body
    one = pick(rnd, found)
    name, value = pick(rnd, (one[2], one[2], one[2], b"r", b"t", one[2].upper())), pick(rnd, VALUES)
    new = b"" if rnd.random() < 0.1 else one[1] + name + b'="' + value + b'"'
    return body[: one.start()] + new + body[one.end() :]


def _text(rnd: Random, body: bytes, _: bytes) -> bytes:
    """A text between two tags that is another."""
    found = list(re.finditer(rb">([^<]+)<", body))
    if not found:
        return body
    one = pick(rnd, found)
    return body[: one.start(1)] + pick(rnd, TEXTS) + body[one.end(1) :]


def _element(rnd: Random, body: bytes, _: bytes) -> bytes:
    """Something between two tags, or a tag that is gone or there twice."""
    found = list(re.finditer(rb"<[^>]*>", body))
    if not found:
        return body
    one, draw = pick(rnd, found), rnd.random()
    if draw < 0.2:
        return body[: one.start()] + body[one.end() :]
    return body[: one.end()] + (one[0] if draw < 0.35 else pick(rnd, ELEMENTS)) + body[one.end() :]


def _declared(rnd: Random, body: bytes, secret: bytes) -> bytes:
    """A document type: what it declares stands in a cell from then on, if anybody believes it."""
    inside = pick(rnd, (b'<!ENTITY x "%s">', b'<!ENTITY y "%s"><!ENTITY x "&y;&y;">', b'<!ENTITY x SYSTEM "file:///%s">', b"")).replace(
        b"%s", secret
    )
    begin = body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0
    rest = re.sub(rb"(<t[^>]*>)[^<]*", rb"\1&x;", body[begin:], count=3) if inside else body[begin:]
    return body[:begin] + b"<!DOCTYPE x [" + inside + b"]>" + rest


def _encoded(rnd: Random, body: bytes, _: bytes) -> bytes:
    """Another encoding, or one that is only said."""
    if rnd.random() < 0.5:
        return body.decode("utf-8", "replace").encode(pick(rnd, ("utf-16", "utf-32", "utf-8-sig", "utf-7")))
    words = b'<?xml version="1.0" encoding="' + pick(rnd, (b"utf-7", b"x-none", b"latin-1", b"utf-16", b"ebcdic-cp-us", b"")) + b'"?>'
    return words + body[body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0 :]


_XML: tuple[Callable[[Random, bytes, bytes], bytes], ...] = (
    _attribute,
    _attribute,
    _text,
    _text,
    _text,
    _element,
    _element,
    _declared,
    _encoded,
    lambda rnd, body, _: pick(rnd, (_torn, _flipped, _cut))(rnd, body),
)

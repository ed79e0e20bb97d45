"""A tiny PDF written by hand: one page, a title, lines of text. Enough for a viewer, a text extractor and a hash."""

from __future__ import annotations

from collections.abc import Sequence

_PAGE_HEIGHT, _LEFT, _LEADING = 842, 60, 16
_MOST_LINES = 44


def make_pdf(title: str, lines: Sequence[str], *, stamp: str = "") -> bytes:
    """One A4 page with ``title`` and ``lines`` in Helvetica.

    The text is WinAnsi (umlauts and the euro sign show; what it lacks becomes ``?``). ``stamp`` does not show on the page, but the bytes
    differ with it, as they do at vendors that render a document anew for every download.
    """
    drawn = [f"BT /F1 18 Tf {_LEFT} {_PAGE_HEIGHT - 72} Td ".encode() + _string(title) + b" Tj ET"]
    for number, line in enumerate(lines[:_MOST_LINES]):
        drawn.append(f"BT /F1 11 Tf {_LEFT} {_PAGE_HEIGHT - 108 - number * _LEADING} Td ".encode() + _string(line) + b" Tj ET")
    content = b"\n".join(drawn)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 %d] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>" % _PAGE_HEIGHT,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Title " + _string(title) + b" /Producer (sandbox) /Keywords " + _string(stamp) + b" >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(objects), start)
    return bytes(out)


def _string(text: str) -> bytes:
    raw = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + raw.replace(b"\r", b" ").replace(b"\n", b" ") + b")"

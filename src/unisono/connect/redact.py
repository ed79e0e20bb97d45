"""Takes every known secret, in every spelling it may come back in, out of a text before anybody keeps or shows it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from unisono.model.secret import Secret

DOTS = "•••"
RAW_LIMIT = 2000
"""Characters of a vendor's answer that an error keeps."""
_SHORTEST = 4
"""A shorter secret would take half the text with it; no vendor gives such keys."""
_SCANNED = 20_000
_NAMES = r"(?:x[_-])?(?:api[_-]?|access[_-]?|refresh[_-]?|auth[_-]?|client[_-]?)?(?:key|token|secret|password|passwd|pwd|passwort)"
_QUERY = re.compile(rf"(?i)(?<![a-z0-9])({_NAMES}|auth|code|sig|signature)=(?!{DOTS})[^&\s\"'<>#;,]+")
_MEMBER = re.compile(rf'(?i)("{_NAMES}"\s*:\s*)"(?:[^"\\]|\\.)*"')
_HTML_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HTML = _HTML_TEXT | str.maketrans({'"': "&quot;", "'": "&#x27;"})
"""As ``html.escape`` has it: to load that takes with it a table of two thousand characters, for these five."""
_SCHEME = re.compile(r"(?i)\b(basic|bearer)\s+[a-z0-9+/=._~-]{16,}")


class Redactor:
    """``redact(text)`` is the text with ``•••`` for every spelling of the secrets it knows, and for values that call themselves keys."""

    __slots__ = ("_longest", "_pattern", "_secrets")

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets = frozenset(secrets)
        found = {form for secret in self._secrets for form in _spellings(secret.reveal())}
        # The longest first, so that no tail of a longer spelling is left standing.
        forms = sorted(found, key=lambda form: (-len(form), form))
        self._longest = len(forms[0]) if forms else 0
        self._pattern = re.compile("|".join(map(re.escape, forms))) if forms else None

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def plus(self, *secrets: Secret) -> Redactor:
        """One that knows these as well; the same one if it knew them."""
        return self if self._secrets.issuperset(secrets) else Redactor(self._secrets.union(secrets))

    def __call__(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(DOTS, text)
        text = _QUERY.sub(rf"\1={DOTS}", text)
        text = _MEMBER.sub(rf'\1"{DOTS}"', text)
        return _SCHEME.sub(rf"\1 {DOTS}", text)

    def excerpt(self, body: bytes | str, limit: int = RAW_LIMIT) -> str:
        """The first ``limit`` characters of an answer, redacted; bytes are read as UTF-8, what is none becomes ``\ufffd``, NUL goes."""
        text = body[: 4 * _SCANNED].decode("utf-8-sig", "replace") if isinstance(body, bytes) else body
        text = text.replace("\0", "")
        clean = self(text[:_SCANNED])
        if len(text) > _SCANNED:
            # A secret may straddle the cut: its first half would not be known as one.
            clean = clean[: len(clean) - self._longest]
        return clean.strip()[:limit]


def _spellings(value: str) -> Iterator[str]:
    if len(value) < _SHORTEST:
        return
    written = json.dumps(value)[1:-1]
    plain = [value, json.dumps(value, ensure_ascii=False)[1:-1], written, written.replace("/", "\\/"), value.replace("/", "\\/")]
    coded = [quote(value, safe=""), quote(value), quote_plus(value)]
    yield from plain
    yield from coded
    yield from (re.sub(r"%[0-9A-F]{2}", lambda hex_: hex_[0].lower(), form) for form in coded)
    yield from (value.translate(_HTML), value.translate(_HTML_TEXT))
    yield from _base64(value.encode("utf-8", "replace"))


def _base64(value: bytes) -> Iterator[str]:
    # Inside ``user:secret`` the secret may begin at any of three offsets. The characters that hold nothing but bits of the secret are
    # the same whatever stands before and behind it; eight of them are enough not to hit a word by chance.
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + value).rstrip(b"=").decode()
        first = -(-offset * 8 // 6)
        last = (offset + len(value)) * 8 // 6
        core = coded[first:last]
        if len(core) >= 8:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))

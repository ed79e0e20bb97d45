"""Text as people mean it: one form for comparing, one for matching. What is shown and sent is never altered."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACE = re.compile(r"\s+")
_INVISIBLE = {0: None, 0xFEFF: None, 0x200B: None, 0x200E: None, 0x200F: None}
_LETTERS = str.maketrans({"ß": "ss", "ẞ": "ss", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "ş": "s", "ţ": "t", "ı": "i"})
_NOT_WORD = re.compile(r"[\W_]+")


_FOREIGN = re.compile(r"[^\x00-\x7f]")


class _Folded(dict[str, str]):
    """What becomes of a letter beyond ASCII, whatever stands around it. The alphabets' own letters are looked up once."""

    def __missing__(self, letter: str) -> str:
        # Letters of compatibility (full width, ligatures) may hide capitals, so folding comes after taking apart, and once more before.
        apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter.casefold()).casefold())
        kept = "".join(sign for sign in apart.translate(_LETTERS) if not unicodedata.combining(sign))
        if ord(letter) < _SYLLABLES:
            self[letter] = kept
        return kept


_SYLLABLES = 0x3000
"""From here on scripts have thousands of signs: remembering them all would cost more than asking again."""
_FOLDED = _Folded()
_ASCII_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*\Z")


def clean(text: str) -> str:
    """The canonical form of a value: NFC, invisible marks and NUL removed, runs of blanks (not line breaks) folded, ends trimmed."""
    if _ASCII_PLAIN.match(text):
        return text
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).encode("utf-8", "replace").decode()
    lines = (_SPACE.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """Lower case without diacritics and punctuation: for search and matching only. Letters of every script are kept.

    The last ones are remembered: a record's name is asked for when it is read, planned, and seen on the other side.
    """
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    return _NOT_WORD.sub(" ", _FOREIGN.sub(_fold, text).casefold()).strip()


def _fold(found: re.Match[str]) -> str:
    return _FOLDED[found[0]]


def bare_text(text: str) -> str:
    """Without case and blanks: what is left of a value by a vendor that re-cases and trims what it is given."""
    return "".join(clean(text).casefold().split())

"""Text as people mean it: one form for comparing, one for matching. What is shown and sent is never altered."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_INVISIBLE = {0: None, 0xFEFF: None, 0x200B: None, 0x200E: None, 0x200F: None}
_LETTERS = str.maketrans({"ß": "ss", "ẞ": "ss", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "ş": "s", "ţ": "t", "ı": "i"})
_NOT_WORD = re.compile(r"[\W_]+")


class _Bare(dict[int, int | str | None]):
    """What becomes of a letter that stands alone after taking apart: combining marks go. The alphabets' own letters are looked up once."""

    def __missing__(self, letter: int) -> int | None:
        kept = None if unicodedata.combining(chr(letter)) else letter
        if letter < _SYLLABLES:
            self[letter] = kept
        return kept


_SYLLABLES = 0x3000
"""From here on scripts have thousands of signs: remembering them all would cost more than asking again."""
_BARE = _Bare(_LETTERS)
_ASCII_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*\Z")


def clean(text: str) -> str:
    """The canonical form of a value: NFC, invisible marks and NUL removed, runs of blanks (not line breaks) folded, ends trimmed."""
    if _ASCII_PLAIN.match(text):
        return text
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).encode("utf-8", "replace").decode()
    lines = (_SPACE.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


def folded(text: str) -> str:
    """Lower case without diacritics and punctuation: for search and matching only. Letters of every script are kept."""
    if text.isascii():
        return _NOT_WORD.sub(" ", text.lower()).strip()
    # Letters of compatibility (full width, ligatures) may hide capitals, so folding comes after taking apart, and once more before.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    return _NOT_WORD.sub(" ", text.translate(_BARE)).strip()


def bare_text(text: str) -> str:
    """Without case and blanks: what is left of a value by a vendor that re-cases and trims what it is given."""
    return "".join(clean(text).casefold().split())

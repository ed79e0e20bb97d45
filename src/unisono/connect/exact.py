"""JSON with exact numbers, both ways: what a vendor writes as 81.30 stays 81.30, and an amount leaves as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from unisono.model.secret import Secret

_FARTHEST = 64
"""Digits before or after the point that a number may have: ``1e999999999`` is a joke on whoever writes it out."""


def decode(body: bytes) -> Any:
    """The value of a JSON text; numbers with a point or an exponent are ``Decimal``, a byte order mark is tolerated.

    Half a surrogate pair becomes ``\ufffd`` and raw control characters pass, so that one odd record does not cost the whole page.
    Raises ``UnicodeDecodeError`` for what is not UTF-8, else ``ValueError``.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return _DECODER.decode(body)
    except UnicodeDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as strict:
        if b"\\u" not in body and not any(byte < 32 for byte in body):
            raise ValueError(str(strict)) from None
    try:
        return _mended(json.loads(body.decode(), strict=False, parse_float=_number, parse_constant=_no_number))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def encode(value: object) -> bytes:
    """Compact JSON; a ``Decimal`` is a number without an exponent, a ``Secret`` is revealed (this is where it is sent).

    Raises ``TypeError`` for a float, which cannot be exact, and ``UnicodeEncodeError`` (without the text) for half a surrogate pair.
    """
    try:
        return msgspec.json.encode(_plain(value))
    except UnicodeEncodeError as error:
        raise UnicodeEncodeError("utf-8", "", 0, 0, error.reason) from None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _FARTHEST or len(text) > 4 * _FARTHEST:
        raise ValueError(f"not a number anybody means: {text[:20]}")
    return number


_SIMPLE = frozenset((str, int, bool, type(None)))
"""What goes out as it is: most of every answer, so it is told first."""
_DECODER = msgspec.json.Decoder(float_hook=_number)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(v) for v in value]
    if isinstance(value, dict):
        return {_mended(k): _mended(v) for k, v in value.items()}
    return value


def _plain(value: object) -> object:
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is not an amount")
        return msgspec.Raw(format(value, "f").encode())
    if isinstance(value, float):
        raise TypeError("a float is not exact: use Decimal")
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value

"""Canonical values as JSON text and back. Decimals and dates are exact texts; ``10.00`` and ``10.0`` stay apart."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from unisono.model.document import Document, File, Line, Lines, Note, NotGiven, NotReadable, Tag
from unisono.model.party import Contact, Party
from unisono.model.product import Product
from unisono.model.record import Body, Kind
from unisono.model.writing import Write

_encode = msgspec.json.Encoder(decimal_format="string").encode


def text_of(value: object) -> str:
    """Any JSON-able value as text."""
    return _encode(value).decode()


def flat_from(text: str) -> dict[str, str]:
    """A mapping of texts."""
    return _FLAT.decode(text)


def value_from(text: str) -> Any:
    """Any JSON value."""
    return msgspec.json.decode(text)


def hash_of(body: str, owner: str) -> bytes:
    """Tells canonical contents apart: of the body's text and whose it is."""
    return hashlib.blake2b(body.encode() + b"\x1f" + owner.encode(), digest_size=16).digest()


def body_text(body: Body) -> str:
    """A record's body as text. People are stored without their empty fields, which most are, and which reading fills in again."""
    return _encode(body).decode()


def body_from(kind: Kind, text: str) -> Body:
    """A body from its text, by the kind it was stored as."""
    if kind in ("quote", "order", "invoice"):
        return _document(text)
    if kind == "party":
        return _PARTY.decode(text)
    if kind == "contact":
        return _CONTACT.decode(text)
    if kind == "product":
        return _PRODUCT.decode(text)
    if kind == "note":
        return _NOTE.decode(text)
    if kind == "file":
        return _FILE.decode(text)
    if kind == "tag":
        return _TAG.decode(text)
    raise ValueError(f"records of kind {kind!r} are not stored")


def write_text(write: Write) -> str:
    """A write as text, for the journal: without what is empty, as most of it is."""
    return _encode(write).decode()


def write_from(text: str) -> Write:
    """A write from the journal."""
    data = msgspec.json.decode(text)
    body = data.pop("body", None)
    return Write(**data, body=None if body is None else body_from(data["kind"], text_of(body)))


_FLAT: msgspec.json.Decoder[dict[str, str]] = msgspec.json.Decoder(dict[str, str])
_PARTY: msgspec.json.Decoder[Party] = msgspec.json.Decoder(Party)
_CONTACT: msgspec.json.Decoder[Contact] = msgspec.json.Decoder(Contact)
_PRODUCT: msgspec.json.Decoder[Product] = msgspec.json.Decoder(Product)
_NOTE: msgspec.json.Decoder[Note] = msgspec.json.Decoder(Note)
_FILE: msgspec.json.Decoder[File] = msgspec.json.Decoder(File)
_TAG: msgspec.json.Decoder[Tag] = msgspec.json.Decoder(Tag)

# A union of classes without tags cannot be told apart by the decoder, so the lines are stored apart from the rest: three optional members.
_StoredLines = msgspec.defstruct("_StoredLines", [("rows", tuple[Line, ...] | None, None), ("hidden", bool, False)])
_PLAIN: list[tuple[str, Any, Any]] = [
    (f.name, f.type, f.default) for f in msgspec.structs.fields(Document) if f.name not in ("type_code", "lines")
]
_Stored = msgspec.defstruct("_Stored", [("type_code", str), ("lines", _StoredLines), *_PLAIN])
_DOCUMENT = msgspec.json.Decoder(_Stored)


def _document(text: str) -> Document:
    stored = _DOCUMENT.decode(text)
    values = {name: getattr(stored, name) for name in Document.__struct_fields__ if name != "lines"}
    kept: Any = stored.lines  # type: ignore[attr-defined]
    lines: Lines | NotGiven | NotReadable = Lines(kept.rows) if kept.rows is not None else NotReadable() if kept.hidden else NotGiven()
    return Document(lines=lines, **values)

"""After an unclear create: is it there? Looks for exactly what the write would have made, and for nothing that merely resembles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from unisono.connect.port import Raw
from unisono.model.capability import Capabilities
from unisono.model.document import Document, Lines
from unisono.model.money import plain
from unisono.model.party import Contact, Party
from unisono.model.product import Product, flat_product
from unisono.model.record import Body, Record, flat_of
from unisono.model.text import bare_text
from unisono.model.writing import Write
from unisono.systems.lexoffice.lists import Lists
from unisono.systems.lexoffice.mapping import ARTICLES, CONTACTS, MAIN
from unisono.systems.lexoffice.values import BY_CODE, is_id
from unisono.systems.lexoffice.writing import sent_fields

Records = Callable[[Raw], tuple[Record, ...]]
_SHORTEST, _LONGEST = 3, 128
"""A filter takes texts of this length."""


def probe(write: Write, lists: Lists, records: Records, capabilities: Capabilities) -> tuple[Raw, ...]:
    """The rows that hold what ``write`` would have created: documents with our reference, anything else with every value it sent.

    Raises what reading raises, so that nobody takes silence for *not there*.
    """
    return tuple(raw for raw in _candidates(write, lists) if any(_same(write, one, capabilities) for one in records(raw)))


def _candidates(write: Write, lists: Lists) -> Iterator[Raw]:
    body = write.body
    if isinstance(body, Party):
        # No filter looks for a VAT id, and each of them takes a part for the whole: what comes is compared.
        told = (("email", body.email), ("name", body.name))
        filters = [(name, _pattern(value)) for name, value in told if _SHORTEST <= len(_pattern(value)) <= _LONGEST]
        yield from lists.found(CONTACTS, filters[:1])
    elif isinstance(body, Contact):
        raw = lists.read(CONTACTS, write.owner)
        yield from (raw,) if raw is not None else ()
    elif isinstance(body, Product):
        yield from lists.found(ARTICLES, [("articleNumber", body.number)] if body.number else [])
    elif isinstance(body, Document) and is_id(write.owner) and body.type_code in BY_CODE:
        yield from lists.found_documents(BY_CODE[body.type_code], write.owner, body.date)


def _pattern(text: str) -> str:
    """A text as the filters want it: ``%`` and ``_`` stand for others there, and three marks are written as in HTML."""
    for mark in ("\\", "%", "_"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _same(write: Write, record: Record, capabilities: Capabilities) -> bool:
    wanted, found = write.body, record.body
    if record.kind != write.kind or type(wanted) is not type(found):
        return False
    if isinstance(wanted, Document) and isinstance(found, Document):
        reference = write.reference or wanted.reference
        return found.reference == reference if reference else _content(wanted) == _content(found)
    if isinstance(wanted, Contact) and record.key != f"{write.owner}{MAIN}":
        return False
    sent, held = sent_fields(write, capabilities), _flat(found)
    return bool(sent) and all(bare_text(held.get(name, "")) == bare_text(value) for name, value in sent.items())


def _content(document: Document) -> tuple[object, ...]:
    rows = document.lines.rows if isinstance(document.lines, Lines) else ()
    lines = tuple((bare_text(row.name), plain(row.quantity), plain(row.price)) for row in rows)
    return bare_text(document.title), bare_text(document.text), document.currency, lines


def _flat(body: Body) -> dict[str, str]:
    return flat_product(body) if isinstance(body, Product) else flat_of(body)

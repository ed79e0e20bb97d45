"""After an unclear create: is it there? Looks for exactly what the write would have made, and for nothing that merely resembles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from unisono.connect.port import Raw
from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.document import Document, File, Note
from unisono.model.party import Contact, Party
from unisono.model.product import Product, flat_product
from unisono.model.record import Record, flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.bitrix24.catalogue import found_by
from unisono.systems.bitrix24.client import MOST, Client, Step, result_of
from unisono.systems.bitrix24.lists import rows_of
from unisono.systems.bitrix24.mapping import CARDS, ENTITIES, OURS, RESOURCES, Ways, attached
from unisono.systems.bitrix24.notes import documents, number_of
from unisono.systems.bitrix24.papers import marked_with
from unisono.systems.bitrix24.values import id_of

Read = Callable[[str, str], Raw | None]
ReadMany = Callable[[Sequence[tuple[str, str]]], Mapping[tuple[str, str], Raw | None]]
Records = Callable[[Raw], tuple[Record, ...]]


def probe(write: Write, client: Client, read: Read, records: Records, capabilities: Capabilities, ways: Ways) -> tuple[Raw, ...]:
    """The rows that hold what ``write`` would have created: those with our reference, else those with every value it sent.

    Raises what reading raises, so that nobody takes silence for *not there*.
    """
    body, held = write.body, capabilities.fields(write.kind)
    if isinstance(body, Note):
        return tuple(raw for raw in _comments(write, body, client, read) if _same_note(write, body, records(raw)))
    if isinstance(body, File):
        return tuple(
            _filed(write, body, client, read) if ways.app and not ways.files_as_comments else _files(write, body, client, read, records)
        )
    if isinstance(body, Document):
        return tuple(raw for raw in _papers(write, client, read) if _same_paper(write, records(raw)))
    if isinstance(body, Product):
        return tuple(raw for raw in _products(write, body, client, read, ways) if _same_product(body, write.reference, records(raw), held))
    if not isinstance(body, Party | Contact):
        return ()
    return tuple(raw for raw in _candidates(write, body, client, read) if _same(write, body, records(raw), set(held)))


def probe_many(
    writes: Sequence[Write], client: Client, read: ReadMany, records: Records, capabilities: Capabilities
) -> list[tuple[Raw, ...]]:
    """The same for several companies or people, in few calls. Raises what reading raises."""
    asked = [_search(write, body, f"p{n}") for n, write in enumerate(writes) if isinstance(body := write.body, Party | Contact)]
    found: list[list[tuple[str, str]]] = []
    for begin in range(0, len(asked), MOST):
        some = asked[begin : begin + MOST]
        answers = client.read([step for _, step in some])
        found += [[(resource, id_of(row)) for row in rows_of(result_of(answers, step), step, "items")] for resource, step in some]
    rows = read(list(dict.fromkeys(place for places in found for place in places)))
    held = set(capabilities.fields(writes[0].kind))
    out = []
    for write, places in zip(writes, found, strict=True):
        there = [raw for place in places if (raw := rows[place]) is not None]
        body = write.body
        assert isinstance(body, Party | Contact)
        out.append(tuple(raw for raw in there if _same(write, body, records(raw), held)))
    return out


def _candidates(write: Write, body: Party | Contact, client: Client, read: Read) -> Iterator[Raw]:
    """Rows in full that have our reference, or where there is none the name. The list forgives case, so they are compared afterwards."""
    resource, step = _search(write, body, "items")
    for row in rows_of(result_of(client.read([step]), step), step, "items"):
        if full := read(resource, id_of(row)):
            yield full


def _search(write: Write, body: Party | Contact, name: str) -> tuple[str, Step]:
    """Where it would be, and what asks for it."""
    is_company = isinstance(body, Party) and body.type == "company"
    resource = "companies" if is_company else "contacts"
    reference = write.reference or body.reference
    if reference:
        condition = {"originatorId": OURS, "originId": reference}
    else:
        condition = {"=title": body.name} if is_company else {"=lastName": body.name} if body.name else {"=name": body.first_name}
    params = {"entityTypeId": ENTITIES[resource], "select": ["id"], "filter": condition, "order": {"id": "DESC"}}
    return resource, Step(name, "crm.item.list", params)


def _same(write: Write, body: Party | Contact, seen: tuple[Record, ...], held: set[str]) -> bool:
    reference = write.reference or body.reference
    if reference:
        # A contact whose company was taken from it meanwhile shows as a person of its own.
        return any(getattr(r.body, "reference", "") == reference for r in seen if r.kind in (write.kind, "party"))
    record = next((r for r in seen if r.kind == write.kind), None)
    if record is None:
        return False
    if write.kind == "contact" and record.owner != write.owner:
        return False
    there = flat_of(record.body)
    return all(_bare(there.get(name, "")) == _bare(value) for name, value in flat_of(body).items() if value and name in held)


def _papers(write: Write, client: Client, read: Read) -> Iterator[Raw]:
    """The invoices with our reference as their foreign id; of quotes, which have none, those whose comments hold it: among the newest
    of the company, or of a person's among those of the same title."""
    resource = "invoices" if write.kind == "invoice" else "quotes"
    owner, _, row_id = write.owner.partition(":")
    if not write.reference or not row_id.isdigit():
        return
    by_customer: dict[str, object] = {"companyId": int(row_id)} if owner == "company" else {"=title": getattr(write.body, "title", "")}
    condition = {"xmlId": write.reference} if resource == "invoices" else by_customer
    params = {"entityTypeId": ENTITIES[resource], "select": ["id", "comments", "xmlId"], "filter": condition, "order": {"id": "DESC"}}
    step = Step("items", "crm.item.list", params)
    for row in rows_of(result_of(client.read([step]), step), step, "items"):
        told = row.get("xmlId") if resource == "invoices" else marked_with(str(row.get("comments")))
        if told == write.reference and (full := read(resource, id_of(row))):
            yield full


def _same_paper(write: Write, seen: tuple[Record, ...]) -> bool:
    return any(record.kind == write.kind and getattr(record.body, "reference", "") == write.reference for record in seen)


def _products(write: Write, body: Product, client: Client, read: Read, ways: Ways) -> Iterator[Raw]:
    """Products of the same number, else with our reference in its place, else of the same name."""
    if body.number:
        condition = {ways.article_field: body.number}
    else:
        condition = {"xmlId": write.reference} if write.reference else {"name": body.name}
    for key in found_by(client, condition):
        if full := read("products", key):
            yield full


def _same_product(body: Product, reference: str, seen: tuple[Record, ...], held: Mapping[str, FieldLimit]) -> bool:
    there = next((record.body for record in seen if isinstance(record.body, Product)), None)
    if there is None:
        return False
    if there.reference and reference:
        return there.reference == reference
    now, sent = flat_product(there), flat_product(body)
    if there.price is None:
        # Row and price travel in one batch, which is no transaction: a price that is not there shows as a difference.
        sent["price"] = ""
    return all(_bare(now[name]) == _bare(value) for name, value in sent.items() if value and name in held)


def _comments(write: Write, body: Note, client: Client, read: Read) -> Iterator[Raw]:
    """The newest comments of the first card it is about."""
    prefix, _, owner = (body.about[0] if body.about else write.owner).partition(":")
    card = next((card for card, name in CARDS.items() if name == prefix), "")
    if not card or not owner:
        return
    params = {"filter": {"ENTITY_ID": owner, "ENTITY_TYPE": card}, "order": {"ID": "DESC"}, "select": ["ID", "ENTITY_ID", "COMMENT"]}
    step = Step("comments", "crm.timeline.comment.list", params)
    reference = write.reference or body.reference
    for row in rows_of(result_of(client.read([step]), step), step):
        if reference in str(row.get("COMMENT")) and (full := read("comments", id_of(row, "ID"))):
            yield full


def _files(write: Write, body: File, client: Client, read: Read, records: Records) -> Iterator[Raw]:
    """Comments on the note's card that carry this very file for this note."""
    card, _, owner = write.owner.partition("@")[2].partition("/")
    line = attached(write.owner.partition("@")[0].partition(":")[2], body.sha256)
    params = {"filter": {"ENTITY_ID": owner, "ENTITY_TYPE": card}, "order": {"ID": "DESC"}, "select": ["ID", "ENTITY_ID", "COMMENT"]}
    step = Step("comments", "crm.timeline.comment.list", params)
    for row in rows_of(result_of(client.read([step]), step), step):
        full = read("files", id_of(row, "ID")) if line in str(row.get("COMMENT")) else None
        if full is not None and any(isinstance(one.body, File) and one.body.name == clean(body.name) for one in records(full)):
            yield full


def _filed(write: Write, body: File, client: Client, read: Read) -> Iterator[Raw]:
    """Documents of the CRM of this very name on the note's card."""
    card, _, owner = write.owner.partition("@")[2].partition("/")
    if card not in CARDS or not owner.isdigit():
        return
    for row in documents(client, ENTITIES[RESOURCES[CARDS[card]]], owner, number_of(body.name)):
        if clean(str(row.get("title"))) == clean(body.name) and (full := read("documents", id_of(row))):
            yield full


def _same_note(write: Write, body: Note, seen: tuple[Record, ...]) -> bool:
    there = seen[0].body if seen else None
    if not isinstance(there, Note):
        return False
    reference = write.reference or body.reference
    if reference:
        return there.reference == reference
    return there.title == clean(body.title) and there.text == clean(body.text)


def _bare(value: str) -> str:
    return "".join(clean(value).casefold().split())

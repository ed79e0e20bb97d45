"""Deals, quotes and smart invoices as calls: moved to another stage, told of their counterpart, or made from a document. Pure.

A stage is looked up when the call is sent, since its names are the portal's own: until then a write says what it is to mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from unisono.connect.port import Command
from unisono.model.capability import Capabilities, FieldLimit
from unisono.model.document import Document, Line, Lines
from unisono.model.errors import Refused
from unisono.model.limits import record_name, refused
from unisono.model.money import cents, plain
from unisono.model.record import Kind
from unisono.model.text import clean
from unisono.model.totals import totals_of
from unisono.model.writing import Write
from unisono.systems.bitrix24 import stages
from unisono.systems.bitrix24.calls import command_of, must_fit, split
from unisono.systems.bitrix24.client import Client, Step
from unisono.systems.bitrix24.mapping import ENTITIES, RESOURCES, Ways
from unisono.systems.bitrix24.papers import DUE, OWNERS, TEXTS, marker
from unisono.systems.bitrix24.steps import points_elsewhere
from unisono.systems.bitrix24.triggers import trigger

AXES = ("stage", "answer", "paid")
"""Fields that a stage says."""
BOUND = ("number", "view_url")
"""Fields of the counterpart that a portal may have user fields for."""
PLACES = {"price": 2, "quantity": 4, "vat_rate": 2}
"""Decimals that are kept of a number in a product row."""
_KEYS: dict[Kind, tuple[str, ...]] = {"quote": ("quote", "deal"), "invoice": ("invoice",)}


def changed(write: Write, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    """A paper that is moved on, or whose fields of the counterpart are filled; or a trigger that is set off on it.

    Raises ``Refused`` naming the field for what this connection has no place for.
    """
    prefix, row_id = split(write.key, _KEYS[write.kind], write)
    resource = RESOURCES[prefix]
    changes = {name: clean(value) for name, value in write.changes.items()}
    if "trigger" in changes:
        return (trigger(write, resource, row_id, capabilities, ways),)
    must_fit(changes, write, capabilities, whole=False)
    wanted = {name: changes.pop(name) for name in AXES if name in changes}
    bound = {"title": "title"} | dict(ways.paper_fields.get(resource, {}))
    # The counterpart's number and page go where this sort of paper has fields for them, and nowhere else.
    changes = {name: value for name, value in changes.items() if name in bound or name not in BOUND}
    for name, value in changes.items():
        if name not in bound:
            raise refused("cannot-hold", write, name, value)
    if not (wanted or changes):
        return ()
    fields = {bound[name]: value for name, value in changes.items()}
    params = {"entityTypeId": ENTITIES[resource], "id": int(row_id), "fields": fields, "useOriginalUfNames": "Y"}
    command = command_of([Step("item", "crm.item.update", params)], write.key)
    if wanted:
        command = replace(command, payload=command.payload | {"move": {"resource": resource, "id": row_id, "wanted": wanted}})
    return (command,)


def created(write: Write, capabilities: Capabilities, ways: Ways) -> tuple[Command, ...]:
    """A quote or a smart invoice with its product rows, in one call. Its number is the portal's own."""
    body = write.body
    if not isinstance(body, Document):
        raise refused("cannot-write", write, "", type(body).__name__)
    resource, prefix = ("invoices", "invoice") if write.kind == "invoice" else ("quotes", "quote")
    told, title = clean(body.text), clean(body.title)
    limits = capabilities.fields(write.kind)
    must_fit({"title": title, "text": told, "currency": body.currency}, write, capabilities)
    _held(limits, write, body)
    owner, owner_id = split(write.owner, ("company", "contact"), write)
    fields: dict[str, Any] = {"title": title, "currencyId": body.currency}
    fields |= {"companyId": int(owner_id)} if owner == "company" else {"contactIds": [int(owner_id)]}
    if body.contact and owner == "company":
        fields["contactIds"] = [int(split(body.contact, ("contact",), write)[1])]
    fields |= {TEXTS[resource]: told} if told else {}
    fields |= {name: day.isoformat() for name, day in (("begindate", body.date), (DUE[resource], body.due)) if day is not None}
    fields |= dict(_preceding(body.preceding, resource)) | ({"assignedById": int(ways.responsible)} if ways.responsible else {})
    if reference := write.reference or body.reference:
        fields |= {"xmlId": reference} if resource == "invoices" else {"comments": marker(reference)}
    steps = [Step("item", "crm.item.add", {"entityTypeId": ENTITIES[resource], "fields": fields, "useOriginalUfNames": "Y"})]
    if rows := _rows(write, body):
        params = {"ownerType": OWNERS[resource], "ownerId": "$result[item][item][id]", "productRows": rows}
        steps.append(Step("rows", "crm.item.productrow.set", params))
    return (command_of(steps, "", prefix),)


def moved(steps: list[Step], move: Mapping[str, Any], client: Client) -> list[Step]:
    """The steps of a change, now that the portal's stages are known; none if nothing is left to change."""
    resource, wanted = str(move["resource"]), dict(move["wanted"])
    stage = stages.moved(client, resource, ENTITIES[resource], str(move["id"]), wanted)
    (item,) = steps
    fields = dict(item.params["fields"]) | ({"stageId": stage} if stage else {})
    return [Step(item.name, item.method, {**item.params, "fields": fields})] if fields else []


def narrowed(capabilities: Capabilities, ways: Ways) -> Capabilities:
    """What can be done with papers over this connection: the counterpart's number and page only where a user field was named for them."""
    names = {
        "quote": {*ways.paper_fields.get("quotes", {}), *ways.paper_fields.get("deals", {})},
        "invoice": {*ways.paper_fields.get("invoices", {})},
    }
    writings = tuple(
        replace(
            one, fields=one.fields | {name: FieldLimit(length=250, on_create=False, confidence="doc") for name in sorted(names[one.kind])}
        )
        if names.get(one.kind)
        else one
        for one in capabilities.writings
    )
    return replace(capabilities, writings=writings)


def paper_fields(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The setting of that name: ``deals``, ``quotes``, ``invoices`` -> field of the counterpart -> user field.

    Raises ``ValueError`` naming the entry that is wrong.
    """
    given = settings.get("paper_fields") or {}
    for resource, names in given.items():
        for name, field in names.items():
            if resource not in OWNERS or name not in BOUND or not str(field).startswith("UF_CRM_"):
                raise ValueError(
                    f"paper_fields.{resource}.{name} = {field!r}: one of {', '.join(BOUND)} and the name of a user field (UF_CRM_...)"
                )
    return {str(resource): {str(name): str(field) for name, field in names.items()} for resource, names in given.items()}


def _held(limits: Mapping[str, FieldLimit], write: Write, body: Document) -> None:
    """What a paper of this kind has no place for at all."""
    if not body.title:
        raise refused("missing-field", write, "title", "")
    if body.basis == "unknown" and isinstance(body.lines, Lines):
        raise refused("missing-field", write, "basis", "")
    if body.stage != "draft":
        raise refused("not-allowed", write, "stage", body.stage, allowed="draft")
    if not isinstance(body.lines, Lines) or not body.lines.rows:
        raise refused("missing-field", write, "lines", "")
    longest = limits["lines"].length if "lines" in limits else 0
    for line in body.lines.rows:
        if not clean(line.name):
            raise refused("missing-field", write, "lines.name", "")
        for name in ("name", "unit"):
            if points_elsewhere(getattr(line, name)):
                raise refused("cannot-hold", write, f"lines.{name}", getattr(line, name))
        if longest and len(clean(line.name)) > longest:
            raise refused("too-long", write, "lines.name", line.name, str(longest))


def _preceding(key: str, resource: str) -> Iterator[tuple[str, int]]:
    prefix, _, row_id = key.partition(":")
    names = {("invoices", "quote"): "parentId7", ("invoices", "deal"): "parentId2", ("quotes", "deal"): "dealId"}
    if (resource, prefix) in names and row_id.isdigit():
        yield names[resource, prefix], int(row_id)


def _rows(write: Write, body: Document) -> list[dict[str, Any]]:
    """Product rows with gross prices, which is what the vendor keeps. Net prices are grossed up to the cent of one piece; where that would
    move a total, a line travels as one piece of its whole amount."""
    assert isinstance(body.lines, Lines)
    lines = body.lines.rows
    for line in lines:
        _fine(write, line)
    totals = totals_of(lines, body.basis)
    total = body.gross if body.gross is not None else totals.gross if totals is not None else None
    if body.basis == "gross":
        rows = [_row(line, line.price, line.quantity, line.name) for line in lines]
    else:
        if totals is None:
            raise refused("missing-field", write, "lines.vat_rate", "")
        rows = [_row(line, cents(line.price * _factor(line)), line.quantity, line.name) for line in lines]
        if _sum(rows) != total:
            rows = [_row(line, cents(cents(line.price * line.quantity) * _factor(line)), Decimal(1), _told(line)) for line in lines]
    if total is not None and _sum(rows) != cents(total):
        values = {"record": record_name(write), "field": "gross", "total": plain(total), "there": plain(_sum(rows))}
        raise Refused("total-not-held", values, field="gross")
    return rows


def _row(line: Line, price: Decimal, quantity: Decimal, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"productName": clean(name), "price": price, "quantity": quantity, "taxIncluded": "Y"}
    also = {"taxRate": line.vat_rate, "measureName": clean(line.unit) or None}
    return row | {name: value for name, value in also.items() if value is not None}


def _factor(line: Line) -> Decimal:
    return 1 + (line.vat_rate or Decimal(0)) / 100


def _told(line: Line) -> str:
    """A line that travels as one piece says how many there were, and of what."""
    many = " ".join(part for part in (plain(line.quantity), clean(line.unit)) if part)
    return line.name if line.quantity == 1 else f"{line.name} ({many})"


def _sum(rows: list[dict[str, Any]]) -> Decimal:
    return sum((cents(row["price"] * row["quantity"]) for row in rows), Decimal(0))


def _fine(write: Write, line: Line) -> None:
    """Digits that the vendor would round away."""
    for name, places in PLACES.items():
        value = getattr(line, name)
        if value is not None and value != round(value, places) and not (name == "price" and _is_net(write)):
            raise refused("too-fine", write, f"lines.{name}", plain(value), str(places))


def _is_net(write: Write) -> bool:
    return isinstance(write.body, Document) and write.body.basis == "net"

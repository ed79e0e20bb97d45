"""Payments of a card, and the search for duplicates by telephone number and e-mail address."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from unisono.sandbox.bitrix24 import amounts, filters, multifields
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import decimal, integer, yes_no
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import BY_ID, BY_SHORT, WITH_MULTIFIELDS, WITH_ROWS
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

_MOST_HITS = 20
_COLUMNS = {
    "id": "ID", "accountNumber": "ACCOUNT_NUMBER", "paid": "PAID", "datePaid": "DATE_PAID", "empPaidId": "EMP_PAID_ID",
    "paySystemId": "PAY_SYSTEM_ID", "sum": "SUM", "currency": "CURRENCY", "paySystemName": "PAY_SYSTEM_NAME",
}  # fmt: skip


def _shown(portal: Portal, row: Row) -> Row:
    shown = {camel: row[stored] for camel, stored in _COLUMNS.items()}
    return shown | {"datePaid": portal.stamp(row["DATE_PAID"]) if row["DATE_PAID"] else None}


def _owner(portal: Portal, call: Call) -> tuple[int, int]:
    type_id, key = call.number("entityTypeId"), call.number("entityId")
    kind = BY_ID.get(type_id)
    if kind is None or kind.id not in WITH_ROWS or portal.get(kind.table, key) is None:
        raise Refused(0, f"Entity with identifier №{key} does not exist")
    return type_id, key


def _add(portal: Portal, call: Call) -> Reply:
    """An empty payment: its sum comes from the products bound to it."""
    type_id, key = _owner(portal, call)
    held = [row for row in portal.table("payments").values() if (row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == (type_id, key)]
    row: Row = {"ENTITY_TYPE_ID": type_id, "ENTITY_ID": key, "ACCOUNT_NUMBER": f"{key}/{len(held) + 1}", "PAID": "N", "DATE_PAID": None}
    row |= {"EMP_PAID_ID": None, "PAY_SYSTEM_ID": 6, "PAY_SYSTEM_NAME": "Bar", "SUM": Decimal(0), "CURRENCY": portal.setting("currency")}
    row = portal.add("payments", row | {"PRODUCTS": []})
    return Reply(row["ID"], f"payments/{row['ID']}")


def _one(portal: Portal, call: Call, name: str = "id") -> Row:
    row = portal.get("payments", call.number(name))
    if row is None:
        raise Refused(0, "Payment not found")
    return row


def _list(portal: Portal, call: Call) -> Reply:
    """The list itself is the result."""
    if call.batched:
        raise Refused("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
    owner = _owner(portal, call)

    def column(name: str) -> str:
        if name not in _COLUMNS:
            raise filters.Unknown(name)
        return _COLUMNS[name]

    columns = filters.Columns(column)
    rows = [row for row in portal.table("payments").values() if (row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == owner]
    found = filters.ordered(
        call.exact("order") or {"id": "ASC"}, list(filter(filters.compiled(portal, call.exact("filter"), columns), rows)), columns
    )
    return Reply([_shown(portal, row) for row in found])


def _get(portal: Portal, call: Call) -> Reply:
    return Reply(_shown(portal, _one(portal, call)))


def _set_paid(portal: Portal, row: Row, paid: bool) -> bool:
    values: Row = {"PAID": "Y" if paid else "N", "DATE_PAID": portal.now() if paid else None, "EMP_PAID_ID": portal.user if paid else None}
    return (row["PAID"] == "Y") is not paid and portal.change("payments", row, values)


def _payer(paid: bool) -> Handler:
    def pay(portal: Portal, call: Call) -> Reply:
        row = _one(portal, call)
        return Reply(True, f"payments/{row['ID']}" if _set_paid(portal, row, paid) else "")

    return pay


def _update(portal: Portal, call: Call) -> Reply:
    row, fields = _one(portal, call), call.map()
    different = "paid" in fields and _set_paid(portal, row, yes_no(fields["paid"]) == "Y")
    if integer(fields.get("paySystemId")):
        different = portal.change("payments", row, {"PAY_SYSTEM_ID": integer(fields["paySystemId"])}) or different
    return Reply(True, f"payments/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    portal.remove("payments", row["ID"])
    return Reply(True, f"payments/{row['ID']}")


def _product_add(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call, "paymentId")
    line, quantity = portal.get("rows", call.number("rowId")), decimal(call.exact("quantity"))
    kind = BY_ID[row["ENTITY_TYPE_ID"]]
    if line is None or (line["OWNER_TYPE"], line["OWNER_ID"]) != (kind.short, row["ENTITY_ID"]) or not quantity:
        raise Refused(0, "Product row not found")
    products = [*row["PRODUCTS"], {"rowId": line["ID"], "quantity": quantity, "price": line["PRICE"]}]
    total = sum((amounts.cents(one["price"] * one["quantity"]) for one in products), Decimal(0))
    portal.change("payments", row, {"PRODUCTS": products, "SUM": total})
    return Reply(len(products), f"payments/{row['ID']}")


# duplicates


def _duplicates(portal: Portal, call: Call) -> Reply:
    """Ids by type; a type with twenty hits or more hides the others."""
    kind = str(call.get("type") or "").upper()
    if kind not in ("PHONE", "EMAIL"):
        raise Refused("Communication type is not defined", "Parameter 'type' is required.")
    values = members(call.get("values"))
    if not values or len(values) > _MOST_HITS:
        raise Refused("", "Parameter 'values' is required, at most 20 of them.")
    only = str(call.get("entity_type") or "").upper()
    found: dict[str, list[int]] = {}
    for value in values:
        for row in portal.by("multifields", "PLAIN", multifields.plain(kind, str(value))):
            short, _, key = row["OWNER"].partition("_")
            owner = BY_SHORT[short]
            if owner.id in WITH_MULTIFIELDS and only in ("", owner.code):
                ids = found.setdefault(owner.code, [])
                if int(key) not in ids and len(ids) < _MOST_HITS:
                    ids.append(int(key))
    full = next((name for name in ("LEAD", "CONTACT", "COMPANY") if len(found.get(name, [])) >= _MOST_HITS), None)
    return Reply({full: found[full]} if full else {name: sorted(ids) for name, ids in sorted(found.items(), reverse=True)})


METHODS: dict[str, Handler] = {
    "crm.item.payment.add": _add,
    "crm.item.payment.get": _get,
    "crm.item.payment.list": _list,
    "crm.item.payment.update": _update,
    "crm.item.payment.pay": _payer(True),
    "crm.item.payment.unpay": _payer(False),
    "crm.item.payment.delete": _delete,
    "crm.item.payment.product.add": _product_add,
    "crm.duplicate.findbycomm": _duplicates,
}

"""Rows of deals, leads, quotes and smart invoices: ``crm.item.productrow.*`` and the classic ``crm.deal.productrows.*``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.bitrix24 import amounts, filters, records
from unisono.sandbox.bitrix24.amounts import MEASURES, PIECE
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, invalid, missing, refused
from unisono.sandbox.bitrix24.fields import decimal, integer
from unisono.sandbox.bitrix24.phpform import items
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import BY_SHORT, DEAL, LEAD, QUOTE, WITH_ROWS, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
FREE = 0
"""The product id of a row that is free text."""

CAMEL = {
    "id": "ID", "ownerId": "OWNER_ID", "ownerType": "OWNER_TYPE", "productId": "PRODUCT_ID", "productName": "PRODUCT_NAME", "price": "PRICE",
    "priceAccount": "PRICE_ACCOUNT", "priceExclusive": "PRICE_EXCLUSIVE", "priceNetto": "PRICE_NETTO", "priceBrutto": "PRICE_BRUTTO",
    "quantity": "QUANTITY", "discountTypeId": "DISCOUNT_TYPE_ID", "discountRate": "DISCOUNT_RATE", "discountSum": "DISCOUNT_SUM",
    "taxRate": "TAX_RATE", "taxIncluded": "TAX_INCLUDED", "customized": "CUSTOMIZED", "measureCode": "MEASURE_CODE",
    "measureName": "MEASURE_NAME", "sort": "SORT", "xmlId": "XML_ID", "type": "TYPE", "storeId": "STORE_ID",
}  # fmt: skip
_WRITABLE = frozenset(CAMEL.values()) - {
    "ID",
    "OWNER_ID",
    "OWNER_TYPE",
    "PRICE_EXCLUSIVE",
    "PRICE_NETTO",
    "PRICE_BRUTTO",
    "PRICE_ACCOUNT",
    "TYPE",
}


def owner(portal: Portal, short: Any, key: Any) -> tuple[Type, Row]:
    """The document that rows belong to. Raises ``Refused``."""
    kind, number = BY_SHORT.get(str(short)), integer(key)
    row = portal.get(kind.table, number) if kind is not None and kind.id in WITH_ROWS else None
    if kind is None or row is None:
        raise Refused("OWNER_NOT_FOUND", "Owner was not found")
    return kind, row


def made(portal: Portal, given: Row, before: Row | None = None, *, sort: int = 10) -> Row:
    """The columns of a row from what was sent. Raises ``Refused``."""
    given = {name: value for name, value in given.items() if name in _WRITABLE}
    old = before or {}
    product_id = integer(given.get("PRODUCT_ID", old.get("PRODUCT_ID"))) or FREE
    product = portal.get("products", product_id)
    name = given.get("PRODUCT_NAME", old.get("PRODUCT_NAME") if "PRODUCT_ID" not in given else None)
    quantity = decimal(given.get("QUANTITY", old.get("QUANTITY", 1)))
    code = integer(given.get("MEASURE_CODE", old.get("MEASURE_CODE"))) or PIECE
    if quantity is None:
        raise Refused("100", "Invalid value for parameter {quantity}.")
    return {
        "PRODUCT_ID": product_id,
        "PRODUCT_NAME": str(name if name else product["NAME"] if product else "")[:256],
        **amounts.priced(portal, given, before),
        "QUANTITY": quantity,
        "CUSTOMIZED": "Y",
        "MEASURE_CODE": code,
        "MEASURE_NAME": str(
            given.get("MEASURE_NAME") or (old.get("MEASURE_NAME") if "MEASURE_CODE" not in given else "") or MEASURES.get(code, "Stk")
        ),
        "SORT": integer(given.get("SORT", old.get("SORT"))) or sort,
        "XML_ID": old.get("XML_ID", ""),
        "TYPE": product["TYPE"] if product else 1,
        "STORE_ID": integer(given.get("STORE_ID", old.get("STORE_ID"))) or None,
    }


def replace(portal: Portal, kind: Type, row: Row, given: list[Row]) -> list[Row]:
    """Exactly these rows from now on. Raises ``Refused`` before anything is changed."""
    wanted = [made(portal, entry, sort=10 * position) for position, entry in enumerate(given, 1)]
    for old in amounts.rows_of(portal, kind, row["ID"]):
        portal.remove("rows", old["ID"])
    found = [portal.add("rows", {"OWNER_ID": row["ID"], "OWNER_TYPE": kind.short, **columns}) for columns in wanted]
    counted(portal, kind, row)
    return found


def counted(portal: Portal, kind: Type, row: Row) -> None:
    """The document's sums follow its rows, unless its amount is entered by hand."""
    totals = amounts.totals(amounts.rows_of(portal, kind, row["ID"]))
    if row.get("IS_MANUAL_OPPORTUNITY") == "Y":
        totals.pop("OPPORTUNITY")
    portal.change(kind.table, row, {name: value for name, value in totals.items() if name in kind.fields})
    if "rows" in portal.setting("moves_owner"):
        records.touched(portal, kind, row)
        records.happened(portal, kind, "UPDATE", row["ID"])


# universal


def shown(row: Row, *, store: bool = False) -> Row:
    """A row as the universal methods show it; the store comes with ``get`` and ``list`` only."""
    found = {camel: row.get(name) for camel, name in CAMEL.items()}
    if row.get("STORE_ID") is None or not store:
        del found["storeId"]
    return found


def _sent(fields: Row) -> Row:
    return {CAMEL[name]: value for name, value in fields.items() if name in CAMEL}


def _set(portal: Portal, call: Call) -> Reply:
    for name in ("ownerType", "ownerId", "productRows"):
        if call.exact(name) is None:
            raise missing(name)
    kind, row = owner(portal, call.exact("ownerType"), call.exact("ownerId"))
    raw = call.exact("productRows")
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        raise Refused("100", "Invalid value {} to match with parameter {productRows}. Should be value of type array.")
    found = replace(portal, kind, row, [_sent(entry) for entry in raw])
    return Reply({"productRows": [shown(one) for one in found]}, f"{kind.table}/{row['ID']}")


def _add(portal: Portal, call: Call) -> Reply:
    fields = call.map()
    kind, row = owner(portal, fields.get("ownerType"), fields.get("ownerId"))
    columns = made(portal, _sent(fields), sort=10 * (len(amounts.rows_of(portal, kind, row["ID"])) + 1))
    added = portal.add("rows", {"OWNER_ID": row["ID"], "OWNER_TYPE": kind.short, **columns})
    counted(portal, kind, row)
    return Reply({"productRow": shown(added)}, f"{kind.table}/{row['ID']}")


def _one(portal: Portal, call: Call) -> tuple[Row, Type, Row]:
    found = portal.get("rows", call.number("id"))
    if found is None:
        raise Refused("NOT_FOUND", "Item not found")
    kind, row = owner(portal, found["OWNER_TYPE"], found["OWNER_ID"])
    return found, kind, row


def _get(portal: Portal, call: Call) -> Reply:
    return Reply({"productRow": shown(_one(portal, call)[0], store=True)})


def _update(portal: Portal, call: Call) -> Reply:
    found, kind, row = _one(portal, call)
    different = portal.change("rows", found, made(portal, _sent(call.map()), found))
    counted(portal, kind, row)
    return Reply({"productRow": shown(found)}, f"{kind.table}/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    found, kind, row = _one(portal, call)
    portal.remove("rows", found["ID"])
    counted(portal, kind, row)
    return Reply([], f"{kind.table}/{row['ID']}")


def _list(portal: Portal, call: Call) -> Reply:
    raw = call.exact("filter")
    said = dict(items(raw))
    if not {"=ownerType", "=ownerId"} <= said.keys():
        raise invalid("Required filter fields: =ownerType, =ownerId")
    kind = BY_SHORT.get(str(said["=ownerType"]))

    def column(name: str) -> str:
        if name not in CAMEL:
            raise filters.Unknown(name)
        return CAMEL[name]

    columns = filters.Columns(column, strict=True)
    held = amounts.rows_of(portal, kind, integer(said["=ownerId"]) or 0) if kind is not None else []
    rows = [row for row in held if filters.compiled(portal, raw, columns)(row)]
    order = call.exact("order")
    reply = page(filters.ordered(order, rows, columns) if order else rows, call)
    reply.result = {"productRows": [shown(row, store=True) for row in reply.result]}
    return reply


_KINDS = {"integer": "id ownerId productId discountTypeId measureCode sort type storeId", "char": "taxIncluded customized",
          "string": "ownerType productName measureName xmlId"}  # fmt: skip


def _fields(portal: Portal, call: Call) -> Reply:
    del portal, call
    kinds = {name: kind for kind, names in _KINDS.items() for name in names.split()}
    found = {}
    for name, stored in CAMEL.items():
        if name in ("priceAccount", "xmlId"):
            continue
        fixed = name in ("ownerId", "ownerType")
        read_only = (stored not in _WRITABLE and not fixed) or name == "storeId"
        marks = {
            "isRequired": fixed or name == "productId",
            "isReadOnly": read_only,
            "isImmutable": fixed,
            "isMultiple": False,
            "isDynamic": False,
        }
        found[name] = {"type": kinds.get(name, "double")} | marks | {"title": stored}
    return Reply({"fields": found})


# classic

_EXTRA: Row = {"PRODUCT_DESCRIPTION": None, "RESERVE_ID": None, "DATE_RESERVE_END": None, "RESERVE_QUANTITY": None}


def _classic(row: Row) -> Row:
    found = {name: row.get(name) for name in CAMEL.values()}
    texts = {"ID": str(row["ID"]), "OWNER_ID": str(row["OWNER_ID"]), "PRICE_ACCOUNT": f"{row['PRICE_ACCOUNT']:.2f}"}
    return found | _EXTRA | texts | {"ORIGINAL_PRODUCT_NAME": row["PRODUCT_NAME"]}


def _routes(kind: Type) -> dict[str, Handler]:
    def held(portal: Portal, call: Call) -> Row:
        key = integer(call.get("id"))
        row = portal.get(kind.table, key)
        if row is None:
            raise refused("The parameter id is invalid or not defined." if not key else "Not found")
        return row

    def get(portal: Portal, call: Call) -> Reply:
        return Reply([_classic(row) for row in amounts.rows_of(portal, kind, held(portal, call)["ID"])])

    def put(portal: Portal, call: Call) -> Reply:
        row = held(portal, call)
        raw = call.get("rows")
        if not isinstance(raw, list):
            raise refused("The parameter 'rows' must be array.")
        replace(portal, kind, row, [entry if isinstance(entry, dict) else {} for entry in raw])
        return Reply(True, f"{kind.table}/{row['ID']}")

    return {f"crm.{kind.name}.productrows.get": get, f"crm.{kind.name}.productrows.set": put}


METHODS: dict[str, Handler] = {
    "crm.item.productrow.set": _set,
    "crm.item.productrow.add": _add,
    "crm.item.productrow.get": _get,
    "crm.item.productrow.update": _update,
    "crm.item.productrow.delete": _delete,
    "crm.item.productrow.list": _list,
    "crm.item.productrow.fields": _fields,
    **_routes(DEAL),
    **_routes(QUOTE),
    **_routes(LEAD),
}

"""The product catalogue: products with their prices and VAT rates, stores and what lies in them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from unisono.sandbox.bitrix24 import filters
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, missing
from unisono.sandbox.bitrix24.fields import decimal, integer, yes_no
from unisono.sandbox.bitrix24.phpform import items, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
Names = dict[str, str]

PRODUCTS, OFFERS = 14, 16
"""The two information blocks of the catalogue."""
BASE_PRICE = 1

_PRODUCT: Names = {
    "active": "ACTIVE", "available": "AVAILABLE", "barcodeMulti": "BARCODE_MULTI", "bundle": "BUNDLE", "canBuyZero": "CAN_BUY_ZERO",
    "code": "CODE", "createdBy": "CREATED_BY", "dateActiveFrom": "DATE_ACTIVE_FROM", "dateActiveTo": "DATE_ACTIVE_TO",
    "dateCreate": "DATE_CREATE", "detailPicture": "DETAIL_PICTURE", "detailText": "DETAIL_TEXT", "detailTextType": "DETAIL_TEXT_TYPE",
    "height": "HEIGHT", "iblockId": "IBLOCK_ID", "iblockSectionId": "IBLOCK_SECTION_ID", "id": "ID", "length": "LENGTH", "measure": "MEASURE",
    "modifiedBy": "MODIFIED_BY", "name": "NAME", "previewPicture": "PREVIEW_PICTURE", "previewText": "PREVIEW_TEXT",
    "previewTextType": "PREVIEW_TEXT_TYPE", "purchasingCurrency": "PURCHASING_CURRENCY", "purchasingPrice": "PURCHASING_PRICE",
    "quantity": "QUANTITY", "quantityReserved": "QUANTITY_RESERVED", "quantityTrace": "QUANTITY_TRACE", "sort": "SORT",
    "subscribe": "SUBSCRIBE", "timestampX": "TIMESTAMP_X", "type": "TYPE", "vatId": "VAT_ID", "vatIncluded": "VAT_INCLUDED",
    "weight": "WEIGHT", "width": "WIDTH", "xmlId": "XML_ID",
}  # fmt: skip
_LISTED: Names = _PRODUCT | {
    "recurSchemeLength": "RECUR_SCHEME_LENGTH", "recurSchemeType": "RECUR_SCHEME_TYPE", "trialPriceId": "TRIAL_PRICE_ID",
    "withoutOrder": "WITHOUT_ORDER",
}  # fmt: skip
"""What a list shows besides."""
_FLAGS = frozenset("ACTIVE AVAILABLE BARCODE_MULTI BUNDLE CAN_BUY_ZERO QUANTITY_TRACE SUBSCRIBE VAT_INCLUDED".split())
_READ_ONLY = frozenset("ID DATE_CREATE TIMESTAMP_X CREATED_BY MODIFIED_BY TYPE BUNDLE AVAILABLE".split())
_TEXTS = frozenset("CODE NAME XML_ID DETAIL_TEXT PREVIEW_TEXT DETAIL_TEXT_TYPE PREVIEW_TEXT_TYPE PURCHASING_CURRENCY".split())
_DATES = frozenset("DATE_CREATE TIMESTAMP_X".split())
_PRICE: Names = {
    "catalogGroupId": "GROUP_ID", "currency": "CURRENCY", "extraId": "EXTRA_ID", "id": "ID", "price": "PRICE", "productId": "PRODUCT_ID",
    "quantityFrom": "QUANTITY_FROM", "quantityTo": "QUANTITY_TO", "timestampX": "TIMESTAMP_X",
}  # fmt: skip
_STORED: Names = {"amount": "AMOUNT", "id": "ID", "productId": "PRODUCT_ID", "storeId": "STORE_ID"}
_STORE: Names = {
    "id": "ID", "title": "TITLE", "active": "ACTIVE", "address": "ADDRESS", "sort": "SORT", "code": "CODE", "xmlId": "XML_ID",
    "description": "DESCRIPTION", "gpsN": "GPS_N", "gpsS": "GPS_S", "imageId": "IMAGE_ID", "dateModify": "DATE_MODIFY",
    "dateCreate": "DATE_CREATE", "userId": "USER_ID", "modifiedBy": "MODIFIED_BY", "phone": "PHONE", "schedule": "SCHEDULE",
    "email": "EMAIL", "issuingCenter": "ISSUING_CENTER",
}  # fmt: skip
_VAT: Names = {"id": "ID", "name": "NAME", "rate": "RATE", "sort": "SORT", "active": "ACTIVE"}


def _denied(text: str = "Access Denied") -> Refused:
    return Refused(200040300010, text)


def _columns(names: Names) -> filters.Columns:
    def column(name: str) -> str:
        if name not in names:
            raise filters.Unknown(name)
        return names[name]

    return filters.Columns(column)


def _shown(portal: Portal, row: Row, names: Names, select: Any = None) -> Row:
    wanted = [str(name) for name in members(select)]
    found = {}
    for camel, stored in names.items():
        if not wanted or "*" in wanted or camel in wanted:
            value = row.get(stored)
            found[camel] = portal.stamp(value) if stored in _DATES and value is not None else value
    return found


def _listed(portal: Portal, call: Call, rows: list[Row], names: Names, word: str) -> Reply:
    columns = _columns(names)
    found = filters.ordered(
        call.exact("order") or {"id": "ASC"}, list(filter(filters.compiled(portal, call.exact("filter"), columns), rows)), columns
    )
    reply = page(found, call)
    reply.result = {word: [_shown(portal, row, names, call.exact("select")) for row in reply.result]}
    return reply


def _lister(table: str, names: Names, word: str) -> Handler:
    def listing(portal: Portal, call: Call) -> Reply:
        return _listed(portal, call, list(portal.table(table).values()), names, word)

    return listing


def _catalogs(portal: Portal, call: Call) -> Reply:
    del call, portal
    found: list[Row] = []
    for number, name, of, sku in ((PRODUCTS, "CRM-Produktkatalog", None, None), (OFFERS, "CRM-Produktkatalog (Varianten)", PRODUCTS, 97)):
        row = {"iblockId": number, "iblockTypeId": 0, "id": number, "lid": "s1", "name": name, "productIblockId": of, "skuPropertyId": sku}
        found.append(row | {"subscription": "N", "vatId": 3})
    return Reply({"catalogs": found}, total=2)


def _products(portal: Portal, call: Call) -> Reply:
    """``id`` and ``iblockId`` have to be selected, ``iblockId`` has to be filtered by."""
    wanted = [str(name) for name in members(call.exact("select"))]
    if not {"id", "iblockId"} <= set(wanted) and "*" not in wanted:
        raise Refused("0", "Required select fields: id, iblockId")
    said = {filters.split(key)[1] for key, _ in items(call.exact("filter"))}
    if "iblockId" not in said:
        raise Refused("0", "Required filter fields: iblockId")
    return _listed(portal, call, list(portal.table("products").values()), _LISTED, "products")


def cleaned(given: Row) -> Row:
    """The known fields of a product in their own types."""
    values: Row = {}
    for camel, stored in _PRODUCT.items():
        if camel not in given or stored in _READ_ONLY:
            continue
        raw = given[camel]
        if stored in _FLAGS:
            values[stored] = yes_no(raw) or "N"
        elif stored in _TEXTS:
            values[stored] = None if raw is None else str(raw)
        elif stored in ("WEIGHT", "HEIGHT", "LENGTH", "WIDTH", "QUANTITY", "PURCHASING_PRICE"):
            values[stored] = decimal(raw)
        elif stored not in ("DETAIL_PICTURE", "PREVIEW_PICTURE", "DATE_ACTIVE_FROM", "DATE_ACTIVE_TO"):
            values[stored] = integer(raw)
    return values


def add(portal: Portal, values: Row) -> Row:
    """Make a product from cleaned values."""
    now = portal.now()
    row: Row = dict.fromkeys(_PRODUCT.values(), None)
    del row["ID"]
    row |= {
        "ACTIVE": "Y",
        "AVAILABLE": "Y",
        "BARCODE_MULTI": "N",
        "BUNDLE": "N",
        "CAN_BUY_ZERO": "Y",
        "QUANTITY_TRACE": "N",
        "SUBSCRIBE": "Y",
    }
    row |= {"DETAIL_TEXT_TYPE": "text", "PREVIEW_TEXT_TYPE": "text", "IBLOCK_ID": PRODUCTS, "QUANTITY": Decimal(0), "TYPE": 1, "SORT": 500}
    row |= {"QUANTITY_RESERVED": 0, "MEASURE": 9, "VAT_INCLUDED": "N", "CREATED_BY": portal.user, "MODIFIED_BY": portal.user}
    row |= {"DATE_CREATE": now, "TIMESTAMP_X": now} | values
    portal.add("products", row)
    if not row["XML_ID"]:
        portal.change("products", row, {"XML_ID": str(row["ID"])})
    portal.happened("CATALOG.PRODUCT.ON.ADD", {"FIELDS": {"ID": row["ID"], "TYPE": row["TYPE"]}})
    return row


def change(portal: Portal, row: Row, values: Row) -> bool:
    """Change a product; whether anything did change."""
    different = portal.change("products", row, values)
    if different:
        portal.change("products", row, {"TIMESTAMP_X": portal.now(), "MODIFIED_BY": portal.user})
        portal.happened("CATALOG.PRODUCT.ON.UPDATE", {"FIELDS": {"ID": row["ID"], "TYPE": row["TYPE"]}})
    return different


def remove(portal: Portal, row: Row) -> None:
    """Delete a product with its prices."""
    for price in portal.by("prices", "PRODUCT_ID", row["ID"]):
        portal.remove("prices", price["ID"])
    portal.remove("products", row["ID"])
    portal.happened("CATALOG.PRODUCT.ON.DELETE", {"FIELDS": {"ID": row["ID"], "TYPE": row["TYPE"]}})


def _one(portal: Portal, call: Call) -> Row:
    row = portal.get("products", call.number("id"))
    if row is None:
        raise Refused(200040300000, "product does not exist.")
    return row


def _add(portal: Portal, call: Call) -> Reply:
    fields = call.map()
    for name in ("iblockId", "name"):
        if not fields.get(name):
            raise missing(f"fields[{name}]")
    if integer(fields["iblockId"]) not in (PRODUCTS, OFFERS):
        raise _denied()
    row = add(portal, cleaned(fields))
    return Reply({"element": _shown(portal, row, _PRODUCT)}, f"products/{row['ID']}")


def _get(portal: Portal, call: Call) -> Reply:
    return Reply({"product": _shown(portal, _one(portal, call), _PRODUCT)})


def _update(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    different = change(portal, row, cleaned(call.map()))
    return Reply({"element": _shown(portal, row, _PRODUCT)}, f"products/{row['ID']}" if different else "")


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    remove(portal, row)
    return Reply(True, f"products/{row['ID']}")


# prices


def price(portal: Portal, product: int, amount: Decimal, currency: str, group: int = BASE_PRICE) -> Row:
    """Set a product's price of a kind."""
    held = next((row for row in portal.by("prices", "PRODUCT_ID", product) if row["GROUP_ID"] == group), None)
    values: Row = {"PRICE": amount, "CURRENCY": currency, "TIMESTAMP_X": portal.now()}
    if held is not None:
        portal.change("prices", held, values)
        return held
    row: Row = {"PRODUCT_ID": product, "GROUP_ID": group, "EXTRA_ID": None, "QUANTITY_FROM": None, "QUANTITY_TO": None, **values}
    return portal.add("prices", row)


def _price_add(portal: Portal, call: Call) -> Reply:
    fields = call.map()
    product, amount, group = integer(fields.get("productId")), decimal(fields.get("price")), integer(fields.get("catalogGroupId"))
    if portal.get("products", product) is None or amount is None or portal.get("price_types", group) is None or not fields.get("currency"):
        raise Refused("0", "Required fields: productId, catalogGroupId, price, currency")
    if any(row["GROUP_ID"] == group for row in portal.by("prices", "PRODUCT_ID", product)):
        raise Refused("0", "The price of this type exists already")
    row = price(portal, product or 0, amount, str(fields["currency"]), group or 1)
    return Reply({"price": _shown(portal, row, _PRICE)}, f"prices/{row['ID']}")


def _price_one(portal: Portal, call: Call) -> Row:
    row = portal.get("prices", call.number("id"))
    if row is None:
        raise Refused("0", "price is not exists")
    return row


def _price_update(portal: Portal, call: Call) -> Reply:
    row, fields = _price_one(portal, call), call.map()
    amount = decimal(fields.get("price", row["PRICE"]))
    if amount is None:
        raise Refused("0", "Wrong price")
    before = (row["PRICE"], row["CURRENCY"])
    if before != (amount, fields.get("currency", row["CURRENCY"])):
        portal.change("prices", row, {"PRICE": amount, "CURRENCY": fields.get("currency", row["CURRENCY"]), "TIMESTAMP_X": portal.now()})
        return Reply({"price": _shown(portal, row, _PRICE)}, f"prices/{row['ID']}")
    return Reply({"price": _shown(portal, row, _PRICE)})


def _price_modify(portal: Portal, call: Call) -> Reply:
    """All prices of a product at once."""
    product = call.map().get("product")
    key = integer(product.get("id")) if isinstance(product, dict) else None
    if not isinstance(product, dict) or portal.get("products", key) is None:
        raise Refused("0", "product does not exist.")
    found = []
    for entry in members(product.get("prices")):
        amount = decimal(entry.get("price")) if isinstance(entry, dict) else None
        if amount is None:
            raise Refused("0", "Wrong price")
        group = integer(entry.get("catalogGroupId")) or BASE_PRICE
        found.append(price(portal, key or 0, amount, str(entry.get("currency") or portal.setting("currency")), group))
    return Reply({"prices": [_shown(portal, row, _PRICE) for row in found]}, f"products/{key}")


def _price_get(portal: Portal, call: Call) -> Reply:
    return Reply({"price": _shown(portal, _price_one(portal, call), _PRICE)})


def _price_delete(portal: Portal, call: Call) -> Reply:
    row = _price_one(portal, call)
    portal.remove("prices", row["ID"])
    return Reply(True, f"prices/{row['ID']}")


METHODS: dict[str, Handler] = {
    "catalog.catalog.list": _catalogs,
    "catalog.product.list": _products,
    "catalog.product.add": _add,
    "catalog.product.get": _get,
    "catalog.product.update": _update,
    "catalog.product.delete": _delete,
    "catalog.price.list": _lister("prices", _PRICE, "prices"),
    "catalog.price.add": _price_add,
    "catalog.price.get": _price_get,
    "catalog.price.update": _price_update,
    "catalog.price.modify": _price_modify,
    "catalog.price.delete": _price_delete,
    "catalog.pricetype.list": _lister("price_types", {"id": "ID", "name": "NAME", "base": "BASE"}, "priceTypes"),
    "catalog.vat.list": _lister("vats", _VAT, "vats"),
    "catalog.store.list": _lister("stores", _STORE, "stores"),
    "catalog.storeproduct.list": _lister("store_products", _STORED, "storeProducts"),
}

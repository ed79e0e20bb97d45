"""The portal's catalogue over the wire: its products with their prices and tax rates, read and written.

Which catalogue there is and which entry is a tax rate only the portal knows: that is looked up right before a write. A change rests on the row
that was read for it, prices and all, and on nothing later: between that look and the write nobody's edit is to be taken for what was planned on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from unisono.connect.port import Command, Page
from unisono.model.capability import Capabilities
from unisono.model.errors import BadAnswer, NotThere, Refused
from unisono.model.fields import Row, amount, text
from unisono.model.limits import refused
from unisono.model.money import decimal_of, plain
from unisono.model.party import Flat
from unisono.model.product import Product, flat_product, price_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.bitrix24.calls import must_fit, split
from unisono.systems.bitrix24.client import MOST, Client, Step, result_of
from unisono.systems.bitrix24.products import price_row
from unisono.systems.bitrix24.values import id_of, nested

MEMBERS = "id iblockId name xmlId code active type vatId vatIncluded detailText".split()
PRICES = "id productId catalogGroupId price currency quantityFrom quantityTo".split()
BASE_PRICE = 1
"""The type of price that a product is given first."""
PLACES = 2
_ENDLESS = 400
_TOP = {"name": "name", "description": "detailText"}


# --- reading ----------------------------------------------------------------------------------------------------------------------------


class Products:
    """The product list of one portal."""

    def __init__(self, client: Client, article_field: str) -> None:
        self._client, self._article = client, article_field

    def pages(self) -> Iterator[tuple[Page, list[Row]]]:
        """Page after page in the order of the ids, each with its prices; the rows are for the caller to wrap."""
        catalogue, rates = directories(self._client)
        last = 0
        while True:
            listed = self._step({"iblockId": catalogue, ">id": last})
            answers = self._client.read([listed])
            rows = _rows(result_of(answers, listed), listed, "products")
            _rising(rows, last, listed)
            prices = prices_of(self._client, [id_of(row) for row in rows])
            done = len(rows) < MOST
            yield Page((), done, answers.at), [_whole(row, rates, prices) for row in rows]
            if done:
                return
            last = int(id_of(rows[-1]))

    def read(self, key: str) -> Row | None:
        """One product with its prices; ``None`` if its catalogue holds none of that id."""
        catalogue, rates = directories(self._client)
        step = self._step({"iblockId": catalogue, "id": int(key)})
        rows = _rows(result_of(self._client.read([step]), step), step, "products")
        if any(id_of(row) != key for row in rows):
            raise BadAnswer("filter-ignored", {"system": "bitrix24", "resource": step.method, "record": key, "field": "id"})
        return _whole(rows[0], rates, prices_of(self._client, [key])) if rows else None

    def _step(self, condition: Row) -> Step:
        members = [*MEMBERS, *([self._article] if self._article not in MEMBERS else [])]
        return Step("products", "catalog.product.list", {"select": members, "filter": condition, "order": {"id": "ASC"}, "start": -1})


def directories(client: Client) -> tuple[int, dict[str, Decimal | None]]:
    """The catalogue of products (not that of their variants), and the tax rates by their id."""
    steps = [Step("catalogs", "catalog.catalog.list"), Step("vats", "catalog.vat.list", {"select": ["id", "name", "rate"]})]
    answers = client.read(steps)
    catalogues = [row for row in _rows(result_of(answers, steps[0]), steps[0], "catalogs") if not id_of(row, "productIblockId")]
    if not catalogues:
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": steps[0].method, "field": "catalogs"})
    rates = _rows(result_of(answers, steps[1]), steps[1], "vats")
    return int(id_of(catalogues[0], "iblockId") or 0), {id_of(row): amount(row, "rate", "vat") for row in rates}


def found_by(client: Client, condition: Mapping[str, str]) -> list[str]:
    """The ids of products that may answer a condition; what it holds is for the caller to compare."""
    catalogue, _ = directories(client)
    step = Step("products", "catalog.product.list", {"select": ["id", "iblockId"], "filter": {"iblockId": catalogue, **condition}})
    return [id_of(row) for row in _rows(result_of(client.read([step]), step), step, "products")]


def prices_of(client: Client, products: Sequence[str]) -> list[Row]:
    """The prices of some products. Rows are compared with what was asked."""
    if not products:
        return []
    params = {"select": PRICES, "filter": {"@productId": [int(key) for key in products]}, "order": {"productId": "ASC", "id": "ASC"}}
    found: list[Row] = []
    while True:
        step = Step("prices", "catalog.price.list", {**params, "start": len(found)})
        answers = client.read([step])
        page = _rows(result_of(answers, step), step, "prices")
        found += page
        if any(id_of(row, "productId") not in products for row in page):
            raise BadAnswer("filter-ignored", {"system": "bitrix24", "resource": step.method, "record": products[0], "field": "productId"})
        if not answers.of[step.name].more or not page or len(found) > _ENDLESS * MOST:
            return found


# --- writing ----------------------------------------------------------------------------------------------------------------------------


def created(write: Write, capabilities: Capabilities, article_field: str) -> Command:
    """A new product with its price. Catalogue and tax rate are looked up when the call is sent."""
    body = write.body
    if not isinstance(body, Product):
        raise refused("cannot-write", write, "", type(body).__name__)
    flat = {name: clean(value) for name, value in flat_product(body).items()}
    must_fit(flat, write, capabilities)
    return _command(write, flat, "catalog.product.add", article_field, write.reference or body.reference)


def changed(write: Write, current: Row | None, capabilities: Capabilities, article_field: str) -> Command:
    """A product that is there, as it was just read: only what changes is sent, and of its prices only the one in step is another one afterwards.

    Raises ``Refused`` naming the field, ``NotThere`` for a product that is gone.
    """
    _, row_id = split(write.key, ("product",), write)
    changes = {name: clean(value) for name, value in write.changes.items()}
    must_fit(changes, write, capabilities, whole=False)
    command = _command(write, changes, "catalog.product.update", article_field, "", row_id)
    if current is None:
        raise NotThere("not-there", {"record": write.key})
    wanted = command.payload["product"]
    if "price" in wanted:
        wanted["fields"] |= _turned(current, wanted["price"], write)
        wanted["repriced"] = _repriced(row_id, nested(current, "prices", write.key), wanted["price"])
    return command


def _command(write: Write, flat: Flat, method: str, article_field: str, reference: str, row_id: str = "") -> Command:
    whole = not row_id
    fields = {member: flat[name] for name, member in _TOP.items() if name in flat and (flat[name] or not whole)}
    if "number" in flat and (flat["number"] or not whole):
        fields[article_field] = flat["number"]
    if reference and "xmlId" not in fields:
        fields["xmlId"] = reference
    try:
        price, rate = price_of(flat.get("price", "")), decimal_of(flat["vat_rate"]) if flat.get("vat_rate") else None
    except ValueError:
        raise refused("not-allowed", write, "price", flat.get("price", "")) from None
    if price is not None and price.value != round(price.value, PLACES):
        raise refused("too-fine", write, "price", plain(price.value), str(PLACES))
    if price is not None and price.basis == "unknown":
        raise refused("not-allowed", write, "price", flat["price"], allowed="net, gross")
    if not whole and "price" in flat and price is None:
        raise refused("cannot-hold", write, "price", "")
    payload: dict[str, Any] = {"key": write.key, "prefix": "product", "id": row_id, "method": method, "fields": fields}
    if price is not None:
        payload["price"] = {"price": plain(price.value), "currency": price.currency, "included": "Y" if price.basis == "gross" else "N"}
    if "vat_rate" in flat and (rate is not None or not whole):
        payload["rate"] = "" if rate is None else plain(rate)
    return Command(method, {"product": payload, "key": write.key, "prefix": "product", "steps": []})


def steps(client: Client, wanted: Mapping[str, Any]) -> list[Step]:
    """The steps of a write, now that the portal's directories can be looked up.

    Raises ``Refused`` naming the field for a tax rate the portal does not have, and what reading raises.
    """
    fields, price, new = dict(wanted["fields"]), wanted.get("price"), not wanted["id"]
    if new or "rate" in wanted:
        catalogue, rates = directories(client)
        if "rate" in wanted:
            fields["vatId"] = _rate(rates, str(wanted["rate"]))
        if new:
            fields |= {"iblockId": catalogue, "active": "Y"} | ({"vatIncluded": price["included"]} if price else {})
    if new:
        made = [Step("item", str(wanted["method"]), {"fields": fields})]
        if price:
            group = {"productId": "$result[item][element][id]", "catalogGroupId": BASE_PRICE}
            made.append(Step("price", "catalog.price.add", {"fields": group | _amount(price)}))
        return made
    top = [Step("item", str(wanted["method"]), {"id": int(wanted["id"]), "fields": fields})] if fields else []
    return [*top, *([Step("price", *wanted["repriced"])] if price else [])]


def _turned(current: Row, price: Mapping[str, str], write: Write) -> Row:
    """Whether tax is in the prices, where that is to be another one."""
    if text(current, "vatIncluded", write.key) == price["included"]:
        return {}
    if len(nested(current, "prices", write.key)) > 1:
        # That is said for all prices of a product at once: the others would mean something else.
        raise refused("cannot-hold", write, "price", price["price"])
    return {"vatIncluded": price["included"]}


def _repriced(row_id: str, prices: Sequence[Row], price: Mapping[str, str]) -> tuple[str, Row]:
    """All prices of a product as they are to be: what is left out of such a call is taken away."""
    held = price_row({"prices": list(prices)}, f"product:{row_id}")
    if held is None:
        return "catalog.price.add", {"fields": {"productId": int(row_id), "catalogGroupId": BASE_PRICE} | _amount(price)}
    rows = [
        {name: one[name] for name in PRICES if name != "productId" and one.get(name) is not None} | (_amount(price) if one is held else {})
        for one in prices
    ]
    return "catalog.price.modify", {"fields": {"product": {"id": int(row_id), "prices": rows}}}


def _amount(price: Mapping[str, str]) -> Row:
    return {"price": Decimal(price["price"]), "currency": price["currency"]}


def _rate(rates: Mapping[str, Decimal | None], wanted: str) -> int | None:
    """The portal's entry for a tax rate."""
    if not wanted:
        return None
    for key, rate in rates.items():
        if rate is not None and rate == Decimal(wanted):
            return int(key)
    known = ", ".join(plain(rate) for rate in rates.values() if rate is not None)
    raise Refused("not-allowed", {"record": "product", "field": "vat_rate", "value": wanted, "allowed": known}, field="vat_rate")


def _whole(row: Row, rates: Mapping[str, Decimal | None], prices: Sequence[Row]) -> Row:
    key, rate = id_of(row), rates.get(id_of(row, "vatId"))
    kept = [{name: one[name] for name in PRICES if name in one} for one in prices if id_of(one, "productId") == key]
    kept.sort(key=lambda one: int(id_of(one) or 0))
    return {**row, "vatRate": rate, "prices": kept}


def _rows(result: Any, step: Step, member: str) -> list[Row]:
    found = result.get(member) if isinstance(result, dict) else result
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": member})
    return found


def _rising(rows: Sequence[Row], last: int, step: Step) -> None:
    for row in rows:
        here = int(id_of(row) or 0)
        if here <= last:
            raise BadAnswer(
                "filter-ignored", {"system": "bitrix24", "resource": step.method, "record": str(row.get("id"))[:40], "field": "id"}
            )
        last = here

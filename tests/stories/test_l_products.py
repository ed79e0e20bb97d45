"""Products both ways (LIFT of L21): recognised by their number, kept in step field by field, prices on the basis each side keeps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.shelf import PARTY, able, shop
from tests.support.village import Village
from unisono.engine.preview import preview
from unisono.engine.undo import Scope, Undoing, undo
from unisono.model.capability import FieldLimit, Writing
from unisono.model.money import Amount, Basis
from unisono.model.product import Product
from unisono.store import runs

_HELD = {"type": FieldLimit(on_change=False), "name": FieldLimit(length=40, required="yes", can_clear=False)}
_HELD |= {name: FieldLimit() for name in ("number", "unit", "vat_rate", "price")}
FULL = Writing(kind="product", create="record", change=True, find="reference", fields=_HELD)
NET_ONLY = replace(FULL, fields=_HELD | {"price": FieldLimit(values=("net", "EUR"))})
POLICY = """schema_version = 1
language = "de"

[customers]
direction = "off"

[quotes]
direction = "off"

[documents]
direction = "off"

[products]
direction = "both"
"""


def price(value: str, basis: Basis = "net", currency: str = "EUR") -> Amount:
    return Amount(Decimal(value), currency, basis)


TILE = Product(name="Tile", number="T-1", unit="piece", price=price("10"), vat_rate=Decimal(19))
LAMP = Product(name="Lamp", number="L-1", price=price("119", "gross"), vat_rate=Decimal(19))


def opened(folder: Path, policy: str = POLICY, *, ledger: Writing = NET_ONLY) -> Village:
    """A pair that writes from now on."""
    made = shop(folder, able("till", PARTY, FULL), able("ledger", PARTY, ledger), policy)
    made.release()
    return made


@pytest.fixture
def market(tmp_path: Path) -> Village:
    return opened(tmp_path)


def names(village: Village) -> tuple[list[str], list[str]]:
    """What the products are called on both sides."""
    return tuple(sorted(one.name for one in side.all("product").values()) for side in (village.crm, village.books))  # type: ignore[return-value]


def only(shelf: Any) -> Product:
    (one,) = shelf.all("product").values()
    assert isinstance(one, Product)
    return one


def test_what_is_sold_on_one_side_is_sold_on_both(market: Village) -> None:
    market.crm.put("product", TILE)
    market.books.put("product", LAMP)
    market.sync()
    assert names(market) == (["Lamp", "Tile"], ["Lamp", "Tile"])
    assert market.link_count() == {"product": 2}
    assert [market.sync().writes for _ in range(3)] == [0, 0, 0]


def test_one_number_is_one_product_and_nothing_is_overwritten_by_linking(market: Village) -> None:
    market.crm.put("product", TILE)
    market.books.put("product", replace(TILE, name="Tile, white"))
    market.sync()
    assert (market.link_count(), names(market)) == ({"product": 1}, (["Tile"], ["Tile, white"]))
    (question,) = market.questions()
    assert (question.code, question.values["field"]) == ("conflict", "name")
    market.answer(question, "invoicing")
    market.sync()
    assert names(market) == (["Tile, white"], ["Tile, white"])


def test_an_edit_on_either_side_is_carried_over_once(market: Village) -> None:
    here = market.crm.put("product", TILE)
    market.sync()
    market.crm.edit("product", here, price=price("12.50"), unit="box")
    market.sync()
    assert (only(market.books).price, only(market.books).unit) == (price("12.5"), "box")
    (there,) = market.books.all("product")
    market.books.edit("product", there, name="Tile, white")
    market.sync()
    assert only(market.crm).name == "Tile, white"
    assert [len(side.wrote) for side in (market.crm, market.books)] == [1, 2]


def test_a_price_with_vat_reaches_a_side_that_keeps_prices_without_and_comes_back_with_it(market: Village) -> None:
    here = market.crm.put("product", LAMP)
    market.sync()
    assert only(market.books).price == price("100")
    (there,) = market.books.all("product")
    market.books.edit("product", there, price=price("200"))
    market.sync()
    assert market.crm.all("product")[here].price == price("238", "gross")
    market.crm.edit("product", here, price=price("19.99", "gross"))
    market.sync()
    assert only(market.books).price == price("16.8")
    assert [market.sync().writes for _ in range(2)] == [0, 0], "19.99 and 16.80 are one price"


def test_another_rate_makes_another_net_price_of_a_gross_one(market: Village) -> None:
    here = market.crm.put("product", LAMP)
    market.sync()
    market.crm.edit("product", here, vat_rate=Decimal(7))
    market.sync()
    assert (only(market.books).vat_rate, only(market.books).price) == (Decimal(7), price("111.21"))
    assert market.crm.all("product")[here].price == price("119", "gross")


@pytest.mark.parametrize(
    ("made", "code"),
    (
        (replace(LAMP, vat_rate=None), "price-without-vat"),
        (replace(TILE, price=price("10", currency="PLN")), "price-currency"),
        (replace(TILE, name="T" * 41), "too-long"),
    ),
    ids=("rate", "currency", "name"),
)
def test_what_the_other_side_cannot_hold_is_said_with_its_field(market: Village, made: Product, code: str) -> None:
    market.crm.put("product", made)
    market.sync()
    assert ([problem.code for problem in market.problems()], market.books.wrote) == ([code], [])


def test_a_price_of_unknown_basis_is_settled_by_the_firm(tmp_path: Path) -> None:
    market = opened(tmp_path, POLICY + 'basis = "gross"\n')
    market.crm.put("product", replace(TILE, price=price("11.90", "unknown")))
    market.sync()
    assert only(market.books).price == price("10")


def test_an_equal_name_is_a_question_asked_once(market: Village) -> None:
    market.crm.put("product", replace(TILE, number=""))
    market.books.put("product", TILE)
    market.sync()
    market.sync()
    (question,) = market.questions()
    assert (question.code, question.key.partition(":")[0], market.crm.wrote, market.books.wrote) == ("same-product", "a", [], [])
    market.answer(question, "same")
    market.sync()
    assert (market.link_count(), only(market.crm).number) == ({"product": 1}, "T-1")


def test_two_that_are_different_are_two_on_both_sides(market: Village) -> None:
    market.crm.put("product", replace(TILE, number=""))
    market.books.put("product", TILE)
    market.sync()
    (question,) = market.questions()
    market.answer(question, "different")
    for _ in range(3):
        market.sync()
    assert (names(market), market.link_count()) == ((["Tile", "Tile"], ["Tile", "Tile"]), {"product": 2})
    assert market.questions() == []


def test_a_number_that_is_there_twice_is_sure_of_nothing(market: Village) -> None:
    market.crm.put("product", TILE)
    market.crm.put("product", replace(TILE, name="Tile, old"))
    market.books.put("product", TILE)
    market.sync()
    assert [question.code for question in market.questions()] == ["same-product", "same-product"]
    assert market.link_count() == {}


def test_a_lost_answer_makes_no_second_product(market: Village) -> None:
    market.books.lost = 1
    market.crm.put("product", TILE)
    for _ in range(3):
        market.sync(30)
    assert (names(market), market.link_count()) == ((["Tile"], ["Tile"]), {"product": 1})


def test_deletion_never_spreads_and_nothing_is_made_anew(market: Village) -> None:
    here = market.crm.put("product", TILE)
    market.crm.put("product", LAMP)
    market.sync()
    market.crm.remove("product", here)
    for _ in range(3):
        market.sync(10)
    assert (names(market), market.link_count()) == ((["Lamp"], ["Lamp", "Tile"]), {"product": 1})
    assert any(note["event"] == "unlinked" for note in market.notes())


def test_a_side_may_be_the_master_of_all_or_of_single_fields(tmp_path: Path) -> None:
    market = opened(tmp_path, POLICY + '\n[products.fields]\nprice = "to-invoicing"\n')
    here = market.crm.put("product", TILE)
    market.sync()
    (there,) = market.books.all("product")
    market.books.edit("product", there, price=price("99"), unit="box")
    market.sync()
    assert (market.crm.all("product")[here].price, market.crm.all("product")[here].unit) == (price("10"), "box")


def test_one_way_leaves_the_other_catalogue_alone(tmp_path: Path) -> None:
    market = opened(tmp_path, POLICY.replace("both", "to-invoicing"))
    market.crm.put("product", TILE)
    market.books.put("product", LAMP)
    market.sync()
    assert names(market) == (["Tile"], ["Lamp", "Tile"])


def test_archived_and_older_ones_stay_where_they_are_if_the_firm_says_so(tmp_path: Path) -> None:
    market = shop(tmp_path, able("till", PARTY, FULL), able("ledger", PARTY, FULL), POLICY + 'history = "new"\n')
    market.crm.put("product", TILE)
    market.sync()
    market.clock.advance(dt.timedelta(days=2))
    market.release()
    market.crm.put("product", replace(LAMP, active=False))
    market.crm.put("product", replace(LAMP, name="Lamp, new", number="L-2"))
    market.sync()
    assert names(market)[1] == ["Lamp, new"]


def test_the_preview_shows_the_price_as_it_will_be_and_writes_nothing(tmp_path: Path) -> None:
    market = shop(tmp_path, able("till", PARTY, FULL), able("ledger", PARTY, NET_ONLY), POLICY)
    market.crm.put("product", LAMP)
    market.cycle(dry=True)
    run = preview(market.house.pairing(market.pair), market.house.hands())
    with market.house.store.read() as conn:
        (row,) = runs.rows(conn, run)
    assert (row.kind, row.verdict, row.action["writes"][0]["after"]["price"]) == ("product", "new", "100 EUR net")
    assert (market.crm.wrote, market.books.wrote) == ([], [])


def test_an_undo_puts_the_earlier_price_back(market: Village) -> None:
    here = market.crm.put("product", TILE)
    market.sync()
    market.crm.edit("product", here, price=price("12.50"))
    market.sync()
    write = next(str(row["id"]) for row in market.journal() if row["operation"] == "change")
    done = undo(market.house.pairing(market.pair, epoch=market.lease()), market.house.hands(), Undoing(scope=Scope(write=write)))
    assert (done.failed, only(market.books).price) == ([], price("10"))

"""Articles: prices on both sides, the unique number, versions that conflict, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller

ARTICLE: dict[str, Any] = {
    "title": "Seil",
    "type": "PRODUCT",
    "articleNumber": "S-1",
    "unitName": "m",
    "price": {"netPrice": 61.9, "leadingPrice": "NET", "taxRate": 19},
}


def test_the_other_price_is_computed_and_what_is_empty_is_null() -> None:
    account = Caller()
    net = account.get(f"articles/{account.ok('POST', 'articles', ARTICLE)['id']}")
    price = {"grossPrice": 119, "netPrice": 1, "leadingPrice": "GROSS", "taxRate": 19}
    gross = account.get(f"articles/{account.ok('POST', 'articles', ARTICLE | {'articleNumber': None, 'price': price})['id']}")

    assert net["price"] == {"netPrice": 61.9, "grossPrice": 73.66, "leadingPrice": "NET", "taxRate": 19}
    assert (gross["price"]["netPrice"], gross["articleNumber"], gross["gtin"]) == (100, None, None)
    assert (net["version"], net["archived"], net["description"]) == (1, False, None)


@pytest.mark.parametrize(
    ("more", "detail"),
    (
        ({"title": ""}, ("title", "NOTNULL")),
        ({"type": "product"}, ("type", "INVALID_VALUE")),
        ({"unitName": None}, ("unitName", "NOTNULL")),
        ({"gtin": "4006381333932"}, ("gtin", "VALIDGTIN")),
        ({"articleNumber": "S-0"}, ("materialNumber", "MATERIAL_NUMBER_ALREADY_EXISTS")),
        ({"price": None}, ("price", "NOTNULL")),
        ({"price": {"netPrice": 1, "leadingPrice": "NET", "taxRate": 8}}, ("price.taxRate", "INVALID_VALUE")),
        ({"price": {"grossPrice": 1, "leadingPrice": "NET", "taxRate": 7}}, ("price.netPrice", "NOTNULL")),
    ),
)
def test_what_an_article_cannot_hold_is_named(more: dict[str, Any], detail: tuple[str, str]) -> None:
    account = Caller()
    account.act("create_article", title="Tau", number="S-0", net="1")

    assert account.details("articles", ARTICLE | more) == [detail]


def test_a_stale_version_is_a_conflict_and_a_put_replaces() -> None:
    account = Caller()
    key = account.ok("POST", "articles", ARTICLE | {"note": "alt", "gtin": "4006381333931"})["id"]
    account.ok("PUT", f"articles/{key}", ARTICLE | {"version": 1, "title": "Tau"})

    assert account.refused("PUT", f"articles/{key}", ARTICLE | {"version": 1})[0] == 409
    shown = account.get(f"articles/{key}")
    assert (shown["title"], shown["note"], shown["gtin"], shown["version"]) == ("Tau", None, None, 2)


def test_a_deleted_article_is_gone_and_its_number_free() -> None:
    account = Caller()
    key = account.ok("POST", "articles", ARTICLE)["id"]

    answer = account.send("DELETE", f"articles/{key}")

    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert account.refused("DELETE", f"articles/{key}")[0] == account.refused("GET", f"articles/{key}")[0] == 404
    assert account.ok("POST", "articles", ARTICLE)["version"] == 1


def test_filters_are_exact() -> None:
    account = Caller()
    account.ok("POST", "articles", ARTICLE)
    account.ok("POST", "articles", ARTICLE | {"title": "Beratung", "articleNumber": "S-10", "type": "SERVICE"})

    def found(**query: Any) -> list[str]:
        return [one["title"] for one in account.get("articles", **query)["content"]]

    assert found() == ["Beratung", "Seil"]
    assert found(articleNumber="S-1") == found(type="PRODUCT") == ["Seil"]
    assert found(articleNumber="S-1", type="SERVICE") == found(articleNumber="s-1") == []

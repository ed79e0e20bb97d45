"""Lists: pages, filters, orders, choices of fields, in both generations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.bitrix24.caller import Caller


def filled(count: int = 120) -> tuple[Caller, list[int]]:
    portal = Caller()
    return portal, [portal.company(f"Firma {number:03}") for number in range(count)]


def test_pages_hold_fifty_and_the_last_has_no_next() -> None:
    portal, keys = filled()

    pages = [portal.call("crm.company.list", order={"ID": "ASC"}, select=["ID"], start=start) for start in (0, 50, 100)]

    assert [(len(page["result"]), page["total"], page.get("next")) for page in pages] == [(50, 120, 50), (50, 120, 100), (20, 120, None)]
    assert [int(row["ID"]) for page in pages for row in page["result"]] == keys
    universal = portal.call("crm.item.list", entityTypeId=4, order={"id": "ASC"}, select=["id"], start=100)
    assert ([row["id"] for row in universal["result"]["items"]], universal["total"], "next" in universal) == (keys[100:], 120, False)


def test_the_fast_way_counts_nothing_and_goes_on_after_the_last_id() -> None:
    portal, keys = filled()
    seen: list[int] = []
    calls = 0
    while True:
        last = seen[-1] if seen else 0
        page = portal.call("crm.item.list", entityTypeId=4, order={"id": "ASC"}, filter={">id": last}, select=["id"], start=-1)
        calls += 1
        assert ("next" in page, page["total"]) == (False, 0)
        seen += [row["id"] for row in page["result"]["items"]]
        if len(page["result"]["items"]) < 50:
            break

    assert (seen, calls) == (keys, 3)


@pytest.mark.parametrize(
    ("condition", "found"),
    (
        ({"TITLE": "ahorn gmbh"}, ["Ahorn GmbH"]),
        ({"=TITLE": "Ahorn%"}, ["Ahorn GmbH", "Ahorn & Buche"]),
        ({"%TITLE": "buche"}, ["Ahorn & Buche", "Buche AG"]),
        ({"=%TITLE": "%AG"}, ["Buche AG"]),
        ({"!%TITLE": "buche"}, ["Ahorn GmbH", "Linde"]),
        ({"!=%TITLE": "Ahorn%"}, ["Buche AG", "Linde"]),
        ({"!TITLE": "Linde"}, ["Ahorn GmbH", "Ahorn & Buche", "Buche AG"]),
        ({"@TITLE": ["Linde", "Buche AG"]}, ["Buche AG", "Linde"]),
        ({"!@TITLE": ["Linde", "Buche AG"]}, ["Ahorn GmbH", "Ahorn & Buche"]),
        ({">=REVENUE": 200}, ["Ahorn & Buche", "Buche AG"]),
        ({"<REVENUE": "200"}, ["Ahorn GmbH", "Linde"]),
        ({"><REVENUE": [100, 200]}, ["Ahorn GmbH", "Ahorn & Buche"]),
        ({"ORIGIN_ID": ""}, ["Ahorn & Buche", "Buche AG", "Linde"]),
        ({"!ORIGIN_ID": ""}, ["Ahorn GmbH"]),
        ({"ORIGIN_ID": "o-1", "ORIGINATOR_ID": "unisono"}, ["Ahorn GmbH"]),
        ({"EMAIL": "post@linde.example"}, ["Linde"]),
        ({"EMAIL": "post@linde"}, []),
        ({"NO_SUCH_FIELD": "x", "TITLE": "Linde"}, ["Linde"]),
        ({"NO_SUCH_FIELD": "x"}, ["Ahorn GmbH", "Ahorn & Buche", "Buche AG", "Linde"]),
    ),
)
def test_a_classic_filter_has_its_prefixes_and_ignores_what_it_does_not_know(condition: dict[str, Any], found: list[str]) -> None:
    portal = Caller()
    portal.company("Ahorn GmbH", REVENUE=100, ORIGIN_ID="o-1", ORIGINATOR_ID="unisono")
    portal.company("Ahorn & Buche", REVENUE=200)
    portal.company("Buche AG", REVENUE=300)
    portal.company("Linde", EMAIL=[{"VALUE": "post@linde.example"}])

    assert [row["TITLE"] for row in portal.result("crm.company.list", filter=condition, select=["TITLE"])] == found


@pytest.mark.parametrize(
    ("condition", "found"),
    (
        ({"title": "ahorn%"}, ["Ahorn GmbH", "Ahorn & Buche"]),
        ({"@id": "{ids}"}, ["Ahorn GmbH", "Ahorn & Buche", "Linde"]),
        ({"0": {"logic": "OR", "0": {"title": "Linde"}, "1": {">revenue": 150}}}, ["Ahorn & Buche", "Linde"]),
        ({"0": {"logic": "OR", "0": {"title": "Linde"}, "1": {">revenue": 150}}, "%title": "li"}, ["Linde"]),
        ({"originatorId": "unisono", "originId": "o-1"}, ["Ahorn GmbH"]),
        ({">=updatedTime": "2026-11-02T09:00:30+01:00"}, ["Linde"]),
        ({">=updatedTime": "2026-11-02 09:00:30"}, ["Linde"]),
        ({"<updatedTime": "2026-11-02T08:00:30Z"}, ["Ahorn GmbH", "Ahorn & Buche"]),
        ({"companyId": 7}, []),
    ),
)
def test_a_universal_filter_has_groups_and_both_ways_to_write_a_moment(condition: dict[str, Any], found: list[str]) -> None:
    portal = Caller()
    keys = [
        portal.company("Ahorn GmbH", REVENUE=100, ORIGIN_ID="o-1", ORIGINATOR_ID="unisono"),
        portal.company("Ahorn & Buche", REVENUE=200),
    ]
    portal.world.clock.advance(60)
    keys.append(portal.company("Linde"))
    given = {name: keys if want == "{ids}" else want for name, want in condition.items()}

    assert [row["title"] for row in portal.result("crm.item.list", entityTypeId=4, filter=given, select=["title"])["items"]] == found


def test_fields_of_yes_and_no_that_users_made_are_asked_for_with_one_and_nought() -> None:
    portal = Caller()
    portal.result("crm.company.userfield.add", fields={"FIELD_NAME": "VIP", "USER_TYPE_ID": "boolean"})
    key = portal.item(4, title="A", ufCrmVip="Y")
    portal.item(4, title="B")

    assert portal.read(4, key, useOriginalUfNames="Y")["UF_CRM_VIP"] == "Y"
    named = [
        [row["id"] for row in portal.result("crm.item.list", entityTypeId=4, useOriginalUfNames="Y", filter={"UF_CRM_VIP": want})["items"]]
        for want in (1, "Y")
    ]
    assert named == [[key], []]


def test_orders_are_followed_and_null_comes_first() -> None:
    portal = Caller()
    for title, revenue in (("B", 2), ("A", 1), ("C", 2)):
        portal.company(title, REVENUE=revenue)

    rows = portal.result("crm.company.list", order={"REVENUE": "DESC", "TITLE": "ASC", "NOTHING": "ASC"}, select=["TITLE"])

    assert [row["TITLE"] for row in rows] == ["B", "C", "A"]


def test_a_universal_list_takes_the_classic_word_for_the_id_in_its_order_and_no_other() -> None:
    portal = Caller()
    keys = [portal.company(title) for title in "AB"]

    named = portal.result("crm.item.list", entityTypeId=4, order={"ID": "DESC"}, select=["id"])["items"]

    assert [row["id"] for row in named] == keys[::-1]
    assert portal.refused("crm.item.list", entityTypeId=4, order={"TITLE": "ASC"})[1] == "INVALID_ARG_VALUE"
    assert portal.refused("crm.item.list", entityTypeId=4, filter={"ID": keys[0]})[1] == "INVALID_ARG_VALUE"


def test_multifields_come_only_when_they_are_named_in_a_classic_list() -> None:
    portal = Caller()
    portal.company("A", PHONE=[{"VALUE": "1"}])

    bare = portal.result("crm.company.list")[0]
    star = portal.result("crm.company.list", select=["*"])[0]
    named = portal.result("crm.company.list", select=["*", "UF_*", "PHONE", "EMAIL", "NOTHING"])[0]

    assert "PHONE" not in bare
    assert "PHONE" not in star
    assert ([phone["VALUE"] for phone in named["PHONE"]], "EMAIL" in named) == (["1"], False)


def test_multifields_come_only_with_the_star_in_a_universal_list() -> None:
    portal = Caller()
    portal.company("A", PHONE=[{"VALUE": "1"}])

    named = portal.result("crm.item.list", entityTypeId=4, select=["id", "fm", "nothing"])["items"][0]
    star = portal.result("crm.item.list", entityTypeId=4, select=["*"])["items"][0]

    assert list(named) == ["id"]
    assert [one["value"] for one in star["fm"]] == ["1"]


def test_a_deal_cannot_be_asked_for_its_parent_deal() -> None:
    portal = Caller()

    assert portal.refused("crm.item.list", entityTypeId=2, select=["id", "parentId2"])[:2] == (400, "INVALID_ARG_VALUE")


def test_lists_of_the_legal_side_ignore_unknown_conditions_too() -> None:
    portal = Caller()
    key = portal.requisite(portal.company(), RQ_VAT_ID="DE1")

    assert [row["ID"] for row in portal.result("crm.requisite.list", filter={"NOTHING": 1}, select=["ID"])] == [str(key)]
    assert portal.result("crm.requisite.list", filter={"RQ_VAT_ID": "DE2"}) == []

"""The simulated CentralStationCRM: pages, orders, filters, searches, tags and custom fields."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.systems.centralstation.calls import company, names, person
from unisono.sandbox.centralstation import CentralStation


def test_a_list_has_25_rows_and_ends_with_an_empty_page(api: httpx2.Client) -> None:
    for number in range(60):
        company(api, f"Firma {number:03}")
    assert [len(api.get("companies", params={"page": page}).json()) for page in (1, 2, 3, 4)] == [25, 25, 10, 0]
    assert len(api.get("companies", params={"perpage": 1000}).json()) == 60
    assert names(api.get("companies", params={"perpage": 2, "page": 2, "order": "abc-desc"})) == ["Firma 057", "Firma 056"]
    assert api.get("companies", params={"page": "0"}).status_code == 400
    assert api.get("companies/count").json() == {"total_entries": 60}
    assert api.get("companies/stats", params={"filter[name][like]": "%05%"}).json() == {"total_entries": 11}


def test_no_list_is_longer_than_250(crm: CentralStation, api: httpx2.Client) -> None:
    for number in range(260):
        crm.act("create_company", {"name": f"Firma {number}"})
    assert len(api.get("companies", params={"perpage": 1000}).json()) == 250
    assert len(api.get("companies", params={"perpage": 250, "page": 2}).json()) == 10


def test_both_vocabularies_of_order_are_understood(crm: CentralStation, api: httpx2.Client) -> None:
    first, _ = company(api, "Zebra"), company(api, "äpfel")
    crm.world.clock.advance(10)
    company(api, "Birne")
    crm.world.clock.advance(10)
    api.put(f"companies/{first}", json={"company": {"background": "neu"}})
    for words, expected in (
        (("abc-asc", "name-asc"), ["äpfel", "Birne", "Zebra"]),
        (("new-desc", "created_at-desc"), ["Birne", "äpfel", "Zebra"]),
        (("update-asc", "updated_at-asc"), ["äpfel", "Birne", "Zebra"]),
        (("activity-desc",), ["Zebra", "Birne", "äpfel"]),
    ):
        for word in words:
            assert names(api.get("companies", params={"order": word})) == expected, word
    assert api.get("companies", params={"order": "name"}).status_code == 400


def test_updated_at_filters_by_day_for_a_date_and_exactly_for_a_timestamp(crm: CentralStation, api: httpx2.Client) -> None:
    company(api, "Montag 9 Uhr")
    crm.world.clock.advance(3600)
    company(api, "Montag 10 Uhr")
    crm.world.clock.advance(86_400)
    company(api, "Dienstag")

    def since(text: str, modifier: str = "larger_than") -> list[str]:
        return names(api.get("companies", params={f"filter[updated_at][{modifier}]": text, "order": "update-asc"}))

    assert since("2026-11-01") == ["Montag 9 Uhr", "Montag 10 Uhr", "Dienstag"]
    assert since("2026-11-02") == ["Dienstag"]
    assert since("2026-11-02T09:00:00+01:00") == ["Montag 10 Uhr", "Dienstag"]
    assert since("2026-11-02T08:30:00Z") == ["Montag 10 Uhr", "Dienstag"]
    assert since("2026-11-03", "smaller_than") == ["Montag 9 Uhr", "Montag 10 Uhr"]
    assert since("2026-11-02,2026-11-02", "between") == ["Montag 9 Uhr", "Montag 10 Uhr"]
    assert api.get("companies?filter[updated_at][larger_than]=2026-11-02T09:00:00+01:00").status_code == 400  # + is a blank here


@pytest.mark.parametrize(
    ("query", "expected"),
    (
        ({"filter[name][equal]": "Abel"}, ["Abel"]),
        ({"filter[name][in]": "Abel,Cramer"}, ["Abel", "Cramer"]),
        ({"filter[name][like]": "%e%"}, ["Abel", "Cramer"]),
        ({"filter[name][like]": "b%"}, ["Brand"]),
        ({"filter[first_name][equal]": "Ina", "filter[name][smaller_than]": "C"}, ["Abel", "Brand"]),
        ({"filter[gender][equal]": "male_user"}, ["Cramer"]),
        ({"filter[name]": '{"equal": "Brand"}'}, ["Brand"]),
        ({"filter": '{"name": {"equal": "Brand"}}'}, ["Brand"]),
        ({"tag_name": "FastBill"}, ["Brand"]),
        ({"tag_name": "fastbill"}, []),
    ),
)
def test_lists_are_filtered(api: httpx2.Client, query: dict[str, str], expected: list[str]) -> None:
    person(api, "Abel", first_name="Ina")
    person(api, "Brand", first_name="Ina", tags_attributes=[{"name": "FastBill"}])
    person(api, "Cramer", first_name="Jan", gender="male_user")
    assert names(api.get("people", params=query)) == expected
    assert api.get("people/count", params=query).json() == {"total_entries": len(expected)}


def test_an_unknown_filter_or_include_is_refused(api: httpx2.Client) -> None:
    for query in (
        {"filter[shoe][equal]": "1"},
        {"filter[name][bigger]": "1"},
        {"filter[name]": "Abel"},
        {"includes": "tags,addrs"},
        {"includes": "invoices"},
        {"methods": "shoe_size"},
    ):
        assert api.get("companies", params=query).status_code == 400, query


def test_a_tag_id_selects_by_the_name_of_that_tag(api: httpx2.Client) -> None:
    one, two = company(api, "A", tags_attributes=[{"name": "X"}]), company(api, "B", tags_attributes=[{"name": "X"}])
    tag = api.get(f"companies/{one}/tags").json()[0]["tag"]["id"]
    assert names(api.get("companies", params={"tag_id": str(tag)})) == ["A", "B"]
    assert two


def test_a_note_moves_the_activity_stream_but_not_updated_at(crm: CentralStation, api: httpx2.Client) -> None:
    key = company(api, "A")
    company(api, "B")
    crm.world.clock.advance(3600)
    api.post("protocols", json={"protocol": {"type": "ProtocolObjectNote", "content": "x", "company_ids": [key]}})
    assert names(api.get("companies", params={"stream_updated_at_after": "2026-11-02T09:30:00+01:00"})) == ["A"]
    assert names(api.get("companies", params={"stream_updated_at_before": "2026-11-02T09:30:00+01:00"})) == ["B"]
    assert names(api.get("companies", params={"filter[updated_at][larger_than]": "2026-11-02T09:30:00+01:00"})) == []


def test_search_is_fuzzy_and_an_empty_result_is_a_list(api: httpx2.Client) -> None:
    company(api, "Müller & Söhne Bedachungen GmbH")
    company(api, "Müller & Söhne Bedachungen GmbH & Co. KG")
    key = person(
        api, "Köhler", first_name="Petra", emails_attributes=[{"name": "petra@post.example"}], tels_attributes=[{"name": "030 5550199"}]
    )
    assert len(names(api.get("companies/search", params={"name": "müller söhne"}))) == 2
    assert len(names(api.get("companies/search", params={"name": "Muller & Sohne Bedachungen GmbH"}))) == 2
    assert api.get("companies/search", params={"name": "Meier"}).json() == []
    assert api.get("companies/search").status_code == 400
    assert names(api.get("people/search", params={"email": "petra@post"})) == ["Köhler"]
    assert names(api.get("people/search", params={"phone": "0305550199"})) == ["Köhler"]
    assert names(api.get("people/search", params={"name": "koehler"})) == []
    assert names(api.get("people/search", params={"name": "kohler", "first_name": "pet"})) == ["Köhler"]
    assert api.get("people/search", params={"email": "a", "phone": "1"}).status_code == 400
    assert names(api.get("contact_details/search", params={"name": "petra@post.example", "query": "people"})) == ["Köhler"]
    assert api.get("contact_details/search", params={"name": "petra@post.example", "type": "companies"}).json() == []
    assert key


def test_includes_are_not_wrapped_and_methods_answer(api: httpx2.Client) -> None:
    key = company(api, tags_attributes=[{"name": "X"}])
    shown = api.get("companies", params={"includes": "tags deals", "methods": "absolute_url stream_updated_at"}).json()[0]["company"]
    assert (shown["tags"][0]["name"], shown["deals"]) == ("X", [])
    assert shown["absolute_url"].endswith(f"/companies/{key}")
    assert len(api.get(f"companies/{key}", params={"includes": "all"}).json()["company"]) > 20


def test_tags_are_rows_of_their_own_listed_across_all_records(api: httpx2.Client) -> None:
    firm, somebody = company(api), person(api)
    for path in (f"companies/{firm}/tags", f"people/{somebody}/tags", f"companies/{firm}/tags"):
        assert api.post(path, json={"tag": {"name": "FastBill"}}).status_code == 201
    api.post("tags", json={"tag": {"attachable_type": "Person", "attachable_id": somebody, "name": "Messe"}})
    rows = [row["tag"] for row in api.get("tags", params={"filter[name][equal]": "FastBill", "perpage": 250}).json()]
    assert [(row["attachable_type"], row["attachable_id"]) for row in rows] == [("Company", firm), ("Person", somebody), ("Company", firm)]
    assert api.get("tags/list").json() == ["FastBill", "Messe"]
    assert len(api.get("tags", params={"person_id": str(somebody)}).json()) == 2
    assert api.delete(f"companies/{firm}/tags/{rows[0]['id']}").status_code == 204
    assert len(api.get("tags", params={"filter[name][equal]": "FastBill"}).json()) == 2
    assert api.post("tags", json={"tag": {"attachable_type": "Person", "attachable_id": 5, "name": "X"}}).status_code == 422


def test_custom_fields_have_types_and_one_value_a_record(api: httpx2.Client) -> None:
    def kind(**values: Any) -> int:
        body = {"custom_fields_type": {"category": "Company", "api_only": True} | values}
        return int(api.post("custom_fields_types", json=body).json()["custom_fields_type"]["id"])

    number, rate = kind(name="fastbill_customer_id", ftype="string"), kind(name="Rabatt", ftype="decimal")
    region = kind(name="Gebiet", ftype="select", options=["Nord", "Süd"])
    key = company(api, custom_fields_attributes=[{"custom_fields_type_id": number, "name": "4711"}])

    def put(type_id: int, text: Any) -> httpx2.Response:
        return api.post(f"companies/{key}/custom_fields", json={"custom_field": {"custom_fields_type_id": type_id, "name": text}})

    assert put(rate, "12.5").json()["custom_field"]["name_decimal"] == "12.5"
    assert put(number, "4712").status_code == 422  # has a value already
    assert put(region, "West").status_code == 422
    assert put(region, "Süd").status_code == 201
    assert put(999, "x").status_code == 422
    values = [row["custom_field"] for row in api.get(f"companies/{key}/custom_fields").json()]
    assert [(row["custom_fields_type_name"], row["name"]) for row in values] == [
        ("fastbill_customer_id", "4711"),
        ("Rabatt", "12.5"),
        ("Gebiet", "Süd"),
    ]
    api.put(f"companies/{key}/custom_fields/{values[0]['id']}", json={"custom_field": {"name": "4713"}})
    assert api.get(f"companies/{key}", params={"includes": "custom_fields"}).json()["company"]["custom_fields"][0]["name"] == "4713"
    assert (
        api.post("custom_fields_types", json={"custom_fields_type": {"category": "Company", "name": "x", "ftype": "select"}}).status_code
        == 422
    )
    assert api.put(f"custom_fields_types/{number}", json={"custom_fields_type": {"name": "Kundennr."}}).status_code == 200
    assert names(api.get("custom_fields_types"))[0] == "Kundennr."

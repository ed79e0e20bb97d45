"""The simulated CentralStationCRM: its key, limits and errors; people and companies with all that hangs on them."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.transport import SimTransport
from tests.systems.centralstation.calls import company, names, person
from unisono.sandbox.centralstation import CentralStation, make, seed
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.state import load, save
from unisono.sandbox.kit.world import World

# key, limits, errors


def test_the_key_is_taken_from_header_query_or_body_and_a_wrong_one_is_401(crm: CentralStation) -> None:
    bare = httpx2.Client(transport=SimTransport(application(crm)), base_url="https://demo.test/api/")
    assert bare.get("user").status_code == 401
    assert set(bare.get("user").json()) == {"description", "error"}
    assert bare.get("user", headers={"x-APIKEY": "wrong"}).status_code == 401
    assert bare.get("user", headers={"x-APIKEY": "k-1"}).status_code == 200
    assert bare.get("user.json?apikey=k-1").status_code == 200
    assert bare.post("companies", json={"apikey": "k-1", "company": {"name": "A"}}).status_code == 201
    assert bare.post("companies", json={"apikey": "k-2", "company": {"name": "A"}}).status_code == 401
    assert not any("k-1" in call.query for call in crm.world.log.calls)


def test_more_than_fifty_calls_in_ten_seconds_are_429_until_the_window_has_moved(crm: CentralStation, api: httpx2.Client) -> None:
    crm.world.storage.settings["rate_limit"] = 50
    assert [api.get("user").status_code for _ in range(51)] == [200] * 50 + [429]
    crm.world.clock.advance(4)
    refused = api.get("user")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "6")
    crm.world.clock.advance(6)
    assert api.get("user").status_code == 200


def test_errors_have_the_documented_status_and_shape(crm: CentralStation, api: httpx2.Client) -> None:
    missing = api.post("companies", json={"person": {"name": "A"}})
    assert (missing.status_code, missing.json()["error"]) == (400, "param-missing")
    assert api.post("companies", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert api.post("companies", content=b"<x/>", headers={"Content-Type": "text/xml"}).status_code == 415
    gone = api.get("companies/999")
    assert (gone.status_code, set(gone.json())) == (404, {"description", "error"})
    assert api.get("invoices").status_code == 404
    assert api.patch(f"companies/{company(api)}", json={"company": {"name": "B"}}).status_code == 404
    assert crm.world.log.calls[0].operation == "POST companies"


@pytest.mark.parametrize(
    ("path", "wrapper", "values", "attribute"),
    (
        ("companies", "company", {"name": "x" * 121}, "name"),
        ("companies", "company", {"name": "  "}, "name"),
        ("companies", "company", {"name": None}, "name"),
        ("companies", "company", {"background": "x"}, "name"),
        ("people", "person", {"name": "x" * 81}, "name"),
        ("people", "person", {"name": "A", "first_name": "x" * 61}, "first_name"),
        ("people", "person", {"name": "A", "gender": "female"}, "gender"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"street": "Weg 1"}]}, "addrs.city"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"city": "Jena", "zip": "1" * 21}]}, "addrs.zip"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"city": "x" * 121}]}, "addrs.city"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"city": "Jena", "zip": None}]}, "addrs.zip"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"country_code": "de"}]}, "addrs.country_code"),
        ("companies", "company", {"name": "A", "addrs_attributes": [{"country_code": "DE", "state_code": "9"}]}, "addrs.state_code"),
        ("companies", "company", {"name": "A", "tags_attributes": [{"name": "x" * 61}]}, "tags.name"),
        ("companies", "company", {"name": "A", "emails_attributes": [{"name": ""}]}, "emails.name"),
        ("companies", "company", {"name": "A", "tels_attributes": [{"name": "1", "atype": "work"}]}, "tels.atype"),
        ("people", "person", {"name": "A", "positions_attributes": [{"company_id": 5}]}, "positions.company_id"),
    ),
)
def test_what_does_not_fit_is_422_with_its_attribute_and_nothing_is_written(
    crm: CentralStation, api: httpx2.Client, path: str, wrapper: str, values: dict[str, Any], attribute: str
) -> None:
    refused = api.post(path, json={wrapper: values})
    assert refused.status_code == 422
    assert list(refused.json()) == [attribute] or attribute in refused.json()
    assert all(isinstance(messages, list) and messages for messages in refused.json().values())
    truth = crm.truth()
    assert (truth["companies"], truth["people"], truth["tags"]) == ([], [], [])
    assert crm.world.log.writes() == []


def test_a_full_account_answers_507(crm: CentralStation, api: httpx2.Client) -> None:
    company(api)
    crm.world.storage.settings["full"] = "contacts"
    assert api.post("companies", json={"company": {"name": "B"}}).status_code == 507
    assert api.post("people", json={"person": {"name": "B"}}).status_code == 507
    assert len(crm.truth()["companies"]) == 1


def test_the_account_says_whose_key_it_is(api: httpx2.Client) -> None:
    user = api.get("user").json()
    assert (user["timezone"], user["current_account"]) == ("Berlin", user["accounts"][0])
    listed = api.get("users", params={"active": "true"}).json()
    assert [row["user"]["id"] for row in listed] == [user["id"]]
    assert api.get(f"users/{user['id']}").json()["user"]["login"] == user["name"]
    assert names(api.get("users/search", params={"first": user["first"]})) == [user["last"]]


# people and companies


def test_a_company_is_created_read_changed_and_deleted(crm: CentralStation, api: httpx2.Client) -> None:
    made = api.post("companies.json", json={"company": {"name": "Café Zwölf", "background": "Ecke"}})
    assert made.status_code == 201
    row = made.json()["company"]
    assert (row["name"], row["created_at"], row["user_id"]) == ("Café Zwölf", "2026-11-02T09:00:00.000+01:00", None)
    crm.world.clock.advance(60)
    changed = api.put(f"companies/{row['id']}", json={"company": {"background": None, "unknown": 1}})
    assert changed.status_code == 200
    assert changed.json()["company"] | {"updated_by_user_id": 0} == row | {
        "background": None,
        "updated_at": "2026-11-02T09:01:00.000+01:00",
        "updated_by_user_id": 0,
    }
    gone = api.delete(f"companies/{row['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(f"companies/{row['id']}").status_code == 404
    assert [(call.operation, call.subject) for call in crm.world.log.writes()] == [
        ("POST companies", f"companies/{row['id']}"),
        ("PUT companies/#", f"companies/{row['id']}"),
        ("DELETE companies/#", f"companies/{row['id']}"),
    ]


def test_timestamps_follow_summer_time_and_ids_are_never_given_twice(crm: CentralStation, api: httpx2.Client) -> None:
    first = company(api)
    crm.world.clock.advance(-120 * 86_400)
    api.delete(f"companies/{first}")
    second = api.post("companies", json={"company": {"name": "B"}}).json()["company"]
    assert second["created_at"] == "2026-07-05T10:00:00.000+02:00"
    assert second["id"] > first


def test_a_change_that_changes_nothing_is_no_write(crm: CentralStation, api: httpx2.Client) -> None:
    key = company(api, "A")
    crm.world.clock.advance(60)
    answer = api.put(f"companies/{key}", json={"company": {"name": "A"}})
    assert (answer.status_code, answer.json()["company"]["updated_at"]) == (200, "2026-11-02T09:00:00.000+01:00")
    assert len(crm.world.log.writes()) == 1


def test_a_changed_sub_record_does_not_touch_its_parent_unless_set_so(crm: CentralStation, api: httpx2.Client) -> None:
    key = company(api)
    before = api.get(f"companies/{key}").json()
    crm.world.clock.advance(60)
    api.post(f"companies/{key}/addrs", json={"addr": {"city": "Jena", "country_code": "DE"}})
    api.post(f"companies/{key}/tags", json={"tag": {"name": "FastBill"}})
    api.put(f"companies/{key}", json={"company": {"emails_attributes": [{"name": "a@b.example", "atype": "office"}]}})
    assert api.get(f"companies/{key}").json() == before
    crm.world.storage.settings["touch_parent"] = True
    api.post(f"companies/{key}/tags", json={"tag": {"name": "Messe"}})
    assert api.get(f"companies/{key}").json()["company"]["updated_at"] == "2026-11-02T09:01:00.000+01:00"


def test_nested_rows_are_added_changed_and_removed_by_one_update(api: httpx2.Client) -> None:
    key = company(api, addrs_attributes=[{"city": "Jena"}], tels_attributes=[{"name": "1"}, {"name": "2"}])
    shown = api.get(f"companies/{key}", params={"includes": "addrs tels"}).json()["company"]
    addr, (one, two) = shown["addrs"][0], shown["tels"]
    nested = {
        "addrs_attributes": [{"id": addr["id"], "zip": "07743", "country_code": "DE"}],
        "tels_attributes": [{"id": one["id"], "_destroy": True}, {"name": "3", "atype": "mobile"}],
    }
    assert api.put(f"companies/{key}", json={"company": nested}).status_code == 200
    shown = api.get(f"companies/{key}", params={"includes": "addrs tels"}).json()["company"]
    assert [(row["city"], row["zip"], row["country_name"]) for row in shown["addrs"]] == [("Jena", "07743", "Deutschland")]
    assert [(row["id"] == two["id"], row["name"]) for row in shown["tels"]] == [(True, "2"), (False, "3")]
    other = company(api, "Zweite")
    assert api.put(f"companies/{other}", json={"company": nested}).status_code == 404


@pytest.mark.parametrize(
    ("name", "wrapper", "given", "change"),
    (
        ("contact_details", "email", {"name": "a@b.example", "atype": "office"}, {"name": "c@d.example"}),
        ("contact_details", "tel", {"name": "+49 30 1", "atype": "mobile", "primary": True}, {"atype": "fax"}),
        ("contact_details", "homepage", {"name": "https://a.example"}, {"name": "https://b.example"}),
        ("addrs", "addr", {"city": "Jena", "atype": "invoice"}, {"street": "Weg 1"}),
    ),
)
def test_sub_records_have_routes_of_their_own(
    crm: CentralStation, api: httpx2.Client, name: str, wrapper: str, given: dict[str, Any], change: dict[str, Any]
) -> None:
    for table, key in (("people", person(api)), ("companies", company(api))):
        made = api.post(f"{table}/{key}/{name}", json={wrapper: given})
        assert made.status_code == 201
        row = made.json()[wrapper]
        assert row | given == row
        assert (row["attachable_id"], row["api_input"]) == (key, True)
        assert [next(iter(one.values()))["id"] for one in api.get(f"{table}/{key}/{name}").json()] == [row["id"]]
        changed = api.put(f"{table}/{key}/{name}/{row['id']}", json={wrapper: change})
        assert changed.json()[wrapper] | change == changed.json()[wrapper]
        assert api.delete(f"{table}/{key + 1}/{name}/{row['id']}").status_code == 404
        assert api.delete(f"{table}/{key}/{name}/{row['id']}").status_code == 204
        assert api.get(f"{table}/{key}/{name}").json() == []


def test_a_position_joins_a_person_to_a_company_and_makes_an_unknown_one(crm: CentralStation, api: httpx2.Client) -> None:
    known, somebody = company(api, "Alte Firma"), person(api)
    first = api.post(f"people/{somebody}/positions", json={"position": {"company_id": known, "name": "Einkauf", "primary_function": True}})
    assert first.status_code == 201
    second = api.post(f"people/{somebody}/positions", json={"position": {"company_name": "Neue Firma", "primary_function": True}})
    assert second.json()["position"]["primary_function"] is True
    again = api.post(f"people/{somebody}/positions", json={"position": {"company_name": "Alte Firma", "former": True}})
    assert again.json()["position"]["company_id"] == known
    assert [row["name"] for row in crm.truth()["companies"]] == ["Alte Firma", "Neue Firma"]
    shown = api.get(f"people/{somebody}", params={"includes": "positions companies"}).json()["person"]
    assert [row["primary_function"] for row in shown["positions"]] == [False, True, False]
    assert [row["name"] for row in shown["companies"]] == ["Alte Firma", "Neue Firma"]
    assert api.post(f"people/{somebody}/positions", json={"position": {"name": "frei"}}).status_code == 422
    kept = api.get(f"companies/{known}", params={"includes": "positions"}).json()["company"]["positions"]
    assert [row["person_id"] for row in kept] == [somebody, somebody]


def test_a_deleted_company_takes_its_sub_records_and_leaves_people_and_deals(crm: CentralStation, api: httpx2.Client) -> None:
    key = company(api, tags_attributes=[{"name": "FastBill"}], emails_attributes=[{"name": "a@b.example"}])
    somebody = person(api, positions_attributes=[{"company_id": key}])
    deal = {"name": "D", "value": 1, "value_type": "total", "target_date": "2026-12-01", "company_id": key, "person_ids_set": [somebody]}
    api.post("deals", json={"deal": deal})
    api.post("protocols", json={"protocol": {"type": "ProtocolObjectNote", "content": "x", "company_ids": [key]}})
    assert api.delete(f"companies/{key}").status_code == 204
    truth = crm.truth()
    assert (truth["companies"], truth["tags"]) == ([], [])
    assert [(row["name"], row["positions"]) for row in truth["people"]] == [("Krause", [])]
    assert [(row["company_id"], row["person_ids"]) for row in truth["deals"]] == [(None, [somebody])]
    assert truth["protocols"][0]["company_ids"] == []
    assert api.get("people", params={"includes": "all"}).status_code == 200


def test_merging_people_moves_everything_and_removes_the_losers(crm: CentralStation, api: httpx2.Client) -> None:
    firm = company(api)
    winner, loser = (
        person(api),
        person(api, "Kruse", emails_attributes=[{"name": "k@b.example"}], positions_attributes=[{"company_id": firm}]),
    )
    deal = {"name": "D", "value": 1, "value_type": "total", "target_date": "2026-12-01", "person_ids_set": f"{loser},{winner}"}
    api.post("deals", json={"deal": deal})
    note = {"type": "ProtocolObjectNote", "content": "x", "person_ids": [loser]}
    api.post("protocols", json={"protocol": note})
    assert api.post(f"people/{winner}/merge", json={"id": winner, "looser_ids": [loser]}).status_code == 200
    assert api.get(f"people/{loser}").status_code == 404
    truth = crm.truth()
    assert [row["name"] for row in truth["people"][0]["emails"]] == ["k@b.example"]
    assert truth["people"][0]["company_ids"] == [firm]
    assert truth["deals"][0]["person_ids"] == [winner]
    assert truth["protocols"][0]["person_ids"] == [winner]
    assert api.post(f"people/{winner}/merge", json={"id": winner, "looser_ids": [winner]}).status_code == 422


# the world


def test_the_seed_is_a_realistic_firm_and_the_same_every_time(crm: CentralStation) -> None:
    before = crm.world.clock.now()
    seed(crm.world)
    assert crm.world.clock.now() == before
    truth = crm.truth()
    assert (len(truth["companies"]), len(truth["people"]), len(truth["deals"]), len(truth["tags"])) == (25, 35, 12, 6)
    without = [row["name"] for row in truth["companies"] if not row["addrs"]]
    assert without == ["Stadtwerke Neuenfelde"]
    assert next(row["name"] for row in truth["people"] if not row["company_ids"]) == "Köhler"
    assert all(row["updated_at"] <= "2026-11-02T09:00:00.000+01:00" for row in truth["companies"])
    again = make(World())
    seed(again.world)
    assert again.truth() == truth
    with pytest.raises(ValueError, match="no firm 'pl'"):
        seed(World(), "pl")


def test_an_account_comes_back_from_its_state_file(crm: CentralStation, api: httpx2.Client, tmp_path: Any) -> None:
    seed(crm.world)
    note = api.post("protocols", json={"protocol": {"type": "ProtocolObjectNote", "content": "x"}}).json()["protocol_object_note"]["id"]
    api.post(
        f"protocols/{note}/attachments", json={"attachment": {"filename": "a.pdf", "content_type": "application/pdf", "data": "JVBERg=="}}
    )
    save(crm.world, tmp_path / "crm.json")
    world = World()
    again = make(world)
    load(world, tmp_path / "crm.json")
    assert again.truth() == crm.truth()
    client = httpx2.Client(transport=SimTransport(application(again)), base_url="https://demo.test/api/", headers={"X-apikey": "k-1"})
    assert len(names(client.get("companies/search", params={"name": "Müller"}))) == 2
    assert client.get("tags", params={"filter[name][equal]": "Stammkunde"}).json() != []
    assert company(client) > max(row["id"] for row in crm.truth()["companies"])

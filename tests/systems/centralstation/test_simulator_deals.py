"""The simulated CentralStationCRM: offers, notes, files, hooks; what a person does in the CRM's own pages."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import httpx2
import pytest

from unisono.sandbox.centralstation import CentralStation
from unisono.sandbox.kit.app import application


def deal(api: httpx2.Client, **more: Any) -> httpx2.Response:
    return api.post("deals", json={"deal": {"name": "Pylon", "value": "1200", "value_type": "total", "target_date": "2026-12-24"} | more})


def company(crm: CentralStation, **values: Any) -> int:
    return int(crm.act("create_company", {"name": "Autohaus"} | values)["id"])


def test_a_deal_holds_its_value_as_text_and_computes_the_sum(api: httpx2.Client) -> None:
    plain = deal(api).json()["deal"]
    assert (plain["value"], plain["value_sum"], plain["currency"], plain["current_state"]) == ("1200.0", "1200.0", "EUR", "open_0")
    monthly = deal(api, value=99.9, value_type="monthly", value_count=12).json()["deal"]
    assert (monthly["value"], monthly["value_count"], monthly["value_sum"]) == ("99.9", "12.0", "1198.8")
    changed = api.put(f"deals/{monthly['id']}", json={"deal": {"value_count": "24"}}).json()["deal"]
    assert changed["value_sum"] == "2397.6"


@pytest.mark.parametrize(
    ("values", "attribute"),
    (
        ({"name": "x" * 121}, "name"),
        ({"value": None}, "value"),
        ({"value": "1.200,50"}, "value"),
        ({"value_type": "yearly"}, "value_type"),
        ({"target_date": ""}, "target_date"),
        ({"target_date": "24.12.2026"}, "target_date"),
        ({"currency": "Euro"}, "currency"),
        ({"company_id": 1}, "company_id"),
        ({"person_ids_set": "1,2"}, "person_ids_set"),
        ({"current_state": "maybe"}, "current_state"),
    ),
)
def test_a_deal_that_does_not_fit_is_refused(crm: CentralStation, api: httpx2.Client, values: dict[str, Any], attribute: str) -> None:
    answer = deal(api, **values)
    assert (answer.status_code, list(answer.json())) == (422, [attribute])
    assert crm.truth()["deals"] == []


def test_a_deal_knows_its_company_and_its_people_in_order(crm: CentralStation, api: httpx2.Client) -> None:
    firm = company(crm)
    one, two = (crm.act("create_person", {"name": name})["id"] for name in ("Erste", "Zweite"))
    first = deal(api, company_id=firm, person_ids_set=[two, one]).json()["deal"]
    second = deal(api, person_ids_set=f"{one},{two}").json()["deal"]
    shown = api.get(f"deals/{first['id']}", params={"includes": "people company", "methods": "people_ids"}).json()["deal"]
    assert [row["name"] for row in shown["people"]] == ["Zweite", "Erste"]
    assert (shown["company"]["id"], shown["people_ids"]) == (firm, [two, one])
    alone = api.get(f"deals/{second['id']}", params={"includes": "people company"}).json()["deal"]
    assert (alone["company"], [row["name"] for row in alone["people"]]) == (None, ["Erste", "Zweite"])
    with_deals = api.get("companies", params={"includes": "deals"}).json()[0]["company"]["deals"]
    assert [row["id"] for row in with_deals] == [first["id"]]


def test_winning_a_deal_sets_its_end_and_reopening_takes_it_back(crm: CentralStation, api: httpx2.Client) -> None:
    key = deal(api, current_state="open_50").json()["deal"]["id"]
    crm.world.clock.advance(60)
    won = api.put(f"deals/{key}", json={"deal": {"current_state": "won"}}).json()["deal"]
    assert (won["finished_at"], won["probability"]) == ("2026-11-02T09:01:00.000+01:00", 100)
    assert api.put(f"deals/{key}", json={"deal": {"current_state": "open_75"}}).json()["deal"]["finished_at"] is None


def test_deals_are_listed_by_state_date_and_value(api: httpx2.Client) -> None:
    for name, value, state, day in (
        ("A", 900, "won", "2026-12-03"),
        ("B", 10_000, "open_0", "2026-12-01"),
        ("C", 50, "open_50", "2026-12-02"),
    ):
        deal(api, name=name, value=value, current_state=state, target_date=day)

    def listed(**query: str) -> list[str]:
        return [row["deal"]["name"] for row in api.get("deals", params=query).json()]

    assert listed(order="value-desc") == ["B", "A", "C"]
    assert listed(order="date-asc") == ["B", "C", "A"]
    assert listed(order="state-asc") == ["B", "C", "A"]
    assert listed(**{"filter[current_state][in]": "open_0,open_50"}) == ["B", "C"]
    assert listed(**{"filter[value][larger_than]": "100"}) == ["A", "B"]
    assert listed(**{"filter[value][between]": "50,900"}) == ["A", "C"]
    assert api.get("deals/count", params={"filter[current_state][equal]": "won"}).json() == {"total_entries": 1}
    assert [row["deal"]["name"] for row in api.get("deals/search", params={"name": "b"}).json()] == ["B"]


# notes and files


def note(api: httpx2.Client, **more: Any) -> httpx2.Response:
    return api.post("protocols", json={"protocol": {"type": "ProtocolObjectNote", "content": "Rechnung 7"} | more})


PDF = b"%PDF-1.4 nicht wirklich"


def attach(api: httpx2.Client, note_id: int, **more: Any) -> httpx2.Response:
    given = {"filename": "RE-7.pdf", "content_type": "application/pdf", "data": base64.b64encode(PDF).decode()} | more
    return api.post(f"protocols/{note_id}/attachments", json={"attachment": given})


def test_a_note_answers_in_the_wrapper_of_its_type(crm: CentralStation, api: httpx2.Client) -> None:
    firm = company(crm)
    made = note(api, company_ids=[firm], badge="note", format="markdown")
    assert made.status_code == 201
    row = made.json()["protocol_object_note"]
    assert (row["company_ids"], row["company_id"], row["person_id"]) == ([firm], firm, None)
    assert list(note(api, type="ProtocolExternal").json()) == ["protocol_external"]
    assert list(note(api, type="ProtocolEmail").json()) == ["protocol_email"]
    listed = api.get("protocols", params={"company_id": str(firm)}).json()
    assert [one["protocol_object_note"]["id"] for one in listed] == [row["id"]]
    mixed = api.get("protocols", params={"order": "id-desc"}).json()
    assert [next(iter(one)) for one in mixed] == ["protocol_email", "protocol_external", "protocol_object_note"]
    assert api.get(f"companies/{firm}/protocols").json() == listed


@pytest.mark.parametrize(
    ("values", "attribute"),
    (
        ({"type": "Note"}, "type"),
        ({"name": "x" * 101}, "name"),
        ({"badge": "letter"}, "badge"),
        ({"format": "pdf"}, "format"),
        ({"company_ids": [1]}, "company_ids"),
        ({"type": "ProtocolEmail", "badge": "call"}, "badge"),
    ),
)
def test_a_note_that_does_not_fit_is_refused(api: httpx2.Client, values: dict[str, Any], attribute: str) -> None:
    answer = note(api, **values)
    assert (answer.status_code, list(answer.json())) == (422, [attribute])


def test_a_deleted_or_moved_note_answers_well_and_stays_where_it_is(crm: CentralStation, api: httpx2.Client) -> None:
    one, two = company(crm), company(crm, name="Anderswo")
    key = note(api, company_ids=[one]).json()["protocol_object_note"]["id"]
    writes = len(crm.world.log.writes())
    assert api.delete(f"protocols/{key}").status_code == 204
    assert api.put(f"protocols/{key}", json={"protocol": {"company_ids": [two]}}).status_code == 200
    assert len(crm.world.log.writes()) == writes
    assert [row["company_ids"] for row in crm.truth()["protocols"]] == [[one]]
    crm.world.storage.settings |= {"delete_notes": True, "move_notes": True}
    api.put(f"protocols/{key}", json={"protocol": {"company_ids": [two], "content": "neu"}})
    assert [row["company_id"] for row in crm.truth()["protocols"]] == [two]
    api.delete(f"protocols/{key}")
    assert crm.truth()["protocols"] == []


def test_the_time_of_a_note_shows_only_after_a_second_call(crm: CentralStation, api: httpx2.Client) -> None:
    key = note(api, occurred_at="2026-10-01T12:00:00").json()["protocol_object_note"]["id"]
    assert crm.truth()["protocols"][0]["shown_at"] == "2026-11-02T09:00:00.000+01:00"
    api.put(f"protocols/{key}", json={"protocol": {"occurred_at": "2026-10-01T12:00:00"}})
    assert crm.truth()["protocols"][0]["shown_at"] == "2026-10-01T12:00:00"


def test_confidential_notes_need_a_power_user(crm: CentralStation, api: httpx2.Client) -> None:
    key = note(api, confidential=True).json()["protocol_object_note"]["id"]
    assert api.get(f"protocols/{key}").status_code == 200
    crm.world.storage.settings["power_user"] = False
    assert api.get(f"protocols/{key}").status_code == 403
    assert api.get("protocols").json() == []


def test_a_file_hangs_on_a_note_and_comes_back_whole(crm: CentralStation, api: httpx2.Client) -> None:
    key = note(api).json()["protocol_object_note"]["id"]
    assert api.get(f"protocols/{key}/attachments").json() == {"message": "there are no attachments"}
    made = attach(api, key)
    assert made.status_code == 201
    row = made.json()["attachment"]
    assert (len(row["id"]), row["size"], row["attachable_type"], "data" in row) == (36, len(PDF), "Protocol", False)
    shown = api.get(f"attachments/{row['id']}").json()["attachment"]
    assert base64.b64decode(shown["data"]) == PDF
    (listed,) = api.get(f"protocols/{key}/attachments").json()
    assert (listed["attachment"], base64.b64decode(listed["data"])) == (row, PDF)
    assert api.get(f"protocols/{key}").json()["protocol_object_note"]["attachments_count"] == 1
    assert [one["attachment"]["id"] for one in api.get("attachments/search", params={"filename": "re-7"}).json()] == [row["id"]]
    assert crm.truth()["protocols"][0]["attachments"] == [
        {
            "id": row["id"],
            "filename": "RE-7.pdf",
            "content_type": "application/pdf",
            "size": len(PDF),
            "sha256": hashlib.sha256(PDF).hexdigest(),
        }
    ]
    anywhere = {"attachable_type": "Protocol", "attachable_id": key, "filename": "b.txt", "data": "YQ=="}
    assert api.post("attachments", json={"attachment": anywhere}).status_code == 201


def test_a_file_cannot_be_replaced_or_deleted_and_a_broken_one_is_refused(crm: CentralStation, api: httpx2.Client) -> None:
    key = note(api).json()["protocol_object_note"]["id"]
    uuid = attach(api, key).json()["attachment"]["id"]
    assert api.put(f"attachments/{uuid}", json={"attachment": {"filename": "x"}}).status_code == 405
    assert api.delete(f"protocols/{key}/attachments/{uuid}").status_code == 405
    assert list(attach(api, key, data="nicht base64!").json()) == ["data"]
    assert list(attach(api, key, data="").json()) == ["data"]
    assert list(attach(api, key, filename="").json()) == ["filename"]
    assert attach(api, 5).status_code == 404
    crm.world.storage.settings["full"] = "files"
    assert attach(api, key).status_code == 507
    assert len(crm.truth()["protocols"][0]["attachments"]) == 1


# hooks


def hook(api: httpx2.Client, model: str, event: str, **more: Any) -> httpx2.Response:
    return api.post("hooks", json={"hook": {"model": model, "event": event, "target_url": "https://sync.test/h/abc"} | more})


def told(crm: CentralStation) -> list[Any]:
    return [json.loads(body) for _, _, body in crm.world.storage.settings.pop("outbox", [])]


def test_hooks_tell_of_changes_by_the_api_and_by_people_but_not_of_tags(crm: CentralStation, api: httpx2.Client) -> None:
    for event in ("create", "update", "destroy"):
        assert hook(api, "Company", event).status_code == 201
    made = api.post("companies", json={"company": {"name": "A"}}).json()["company"]["id"]
    api.put(f"companies/{made}", json={"company": {"name": "B"}})
    api.post(f"companies/{made}/tags", json={"tag": {"name": "FastBill"}})
    crm.act("tag", {"kind": "company", "id": made, "name": "Messe"})
    crm.act("edit_company", {"id": made, "name": "C"})
    api.post("people", json={"person": {"name": "niemand hört das"}})
    crm.act("delete_company", {"id": made})
    assert [(one["event"], one["record"]["id"], one["record"]["name"]) for one in told(crm)] == [
        ("create", made, "A"),
        ("update", made, "B"),
        ("update", made, "C"),
        ("destroy", made, "C"),
    ]


def test_the_form_of_a_delivery_is_the_hooks_choice(crm: CentralStation, api: httpx2.Client) -> None:
    forms = ("nested", "api", "lean", "flat", "hook_with_structure_and_record")
    for form in forms:
        hook(api, "person", "create", object_type=form, includes="tags,addrs")
    key = crm.act("create_person", {"name": "A", "tag": "X"})["id"]
    nested, wrapped, lean, flat, structured = told(crm)
    assert (nested["record"]["tags"][0]["name"], wrapped["person"]["id"], lean["id"], flat["id"]) == ("X", key, key, key)
    assert structured["record"]["id"] == key


def test_a_receiver_that_fails_is_counted_and_given_up(crm: CentralStation, api: httpx2.Client) -> None:
    tried: list[str] = []

    def broken(url: str, headers: dict[str, str], body: bytes) -> None:
        tried.append(url)
        raise ConnectionError("nobody there")

    crm.world.storage.settings["deliver"] = broken
    key = hook(api, "Deal", "create").json()["hook"]["id"]
    for _ in range(12):
        assert deal(api).status_code == 201
    row = api.get(f"hooks/{key}").json()["hook"]
    assert (row["failed"], row["state"], len(tried)) == (10, "disabled", 10)
    assert api.delete(f"hooks/{key}").status_code == 204
    assert api.get("hooks").json() == []


def test_a_hook_that_does_not_fit_is_refused(api: httpx2.Client) -> None:
    assert list(hook(api, "Tag", "create").json()) == ["model"]
    assert list(hook(api, "Deal", "change").json()) == ["event"]
    assert list(hook(api, "Deal", "create", target_url="https://x.test/" + "x" * 190).json()) == ["target_url"]
    assert list(hook(api, "Deal", "create", target_url="sync.test").json()) == ["target_url"]


# what a person does


def test_a_person_edits_a_company_and_its_updated_at_moves(crm: CentralStation, api: httpx2.Client) -> None:
    key = company(
        crm, street="Polarstraße 88", zip="24103", city="Kiel", country_code="DE", email="a@b.example", phone="0431 1", tag="Kunde"
    )
    crm.world.clock.advance(60)
    crm.act("edit_company", {"id": str(key), "street": "Südpol 1", "email": "neu@b.example"})
    (row,) = crm.truth()["companies"]
    assert [(one["street"], one["zip"]) for one in row["addrs"]] == [("Südpol 1", "24103")]
    assert ([one["name"] for one in row["emails"]], [one["name"] for one in row["tels"]]) == (["neu@b.example"], ["0431 1"])
    assert row["updated_at"] == "2026-11-02T09:01:00.000+01:00"
    crm.world.clock.advance(60)
    crm.act("tag", {"kind": "company", "id": key, "name": "FastBill"})
    crm.act("set_address", {"kind": "company", "id": key, "street": "Nordpol 2"})
    (row,) = crm.truth()["companies"]
    assert (row["addrs"][0]["street"], [tag["name"] for tag in row["tags"]]) == ("Nordpol 2", ["Kunde", "FastBill"])
    assert row["updated_at"] == "2026-11-02T09:01:00.000+01:00"
    crm.act("untag", {"kind": "company", "id": key, "name": "Kunde"})
    assert [tag["name"] for tag in crm.truth()["tags"]] == ["FastBill"]
    assert crm.world.log.calls == []


def test_a_person_plays_a_whole_story(crm: CentralStation) -> None:
    firm = company(crm)
    boss = crm.act("create_person", {"first_name": "Silke", "name": "Brodersen", "company_id": firm, "country_code": "DE", "city": "Kiel"})[
        "id"
    ]
    twin = crm.act("create_person", {"name": "Broderson"})["id"]
    crm.act("add_person_to_company", {"person_id": twin, "company_id": firm})
    offer = crm.act("create_deal", {"name": "Pylon", "value": "1200", "company_id": firm, "person_ids": f"{boss},{twin}"})["id"]
    crm.act("merge_people", {"id": boss, "loser_ids": str(twin)})
    crm.act("edit_deal", {"id": offer, "current_state": "won", "value": "1300"})
    truth = crm.truth()
    assert [(row["name"], row["company_ids"], row["country_code"]) for row in truth["people"]] == [("Brodersen", [firm], "de")]
    assert [(row["value_sum"], row["current_state"], row["person_ids"]) for row in truth["deals"]] == [("1300.0", "won", [boss])]
    crm.act("delete_person", {"id": boss})
    crm.act("delete_deal", {"id": offer})
    assert (crm.truth()["people"], crm.truth()["deals"]) == ([], [])


def test_an_act_says_what_is_wrong_with_it(crm: CentralStation) -> None:
    with pytest.raises(KeyError, match="no act 'fly'"):
        crm.act("fly", {})
    with pytest.raises(KeyError, match="no Company 5"):
        crm.act("edit_company", {"id": "5", "name": "x"})
    with pytest.raises(ValueError, match="id must be a number"):
        crm.act("edit_company", {"id": "", "name": "x"})
    with pytest.raises(ValueError, match="too long"):
        crm.act("create_company", {"name": "x" * 200})


def test_the_page_shows_everything_escaped_and_gives_files_out(crm: CentralStation, api: httpx2.Client) -> None:
    firm = company(crm, name="<b>Müller & Söhne</b>", tag="FastBill")
    crm.act("create_person", {"name": "Köhler", "company_id": firm})
    crm.act("create_deal", {"name": "Pylon", "value": "1200", "company_id": firm})
    key = note(api, company_ids=[firm]).json()["protocol_object_note"]["id"]
    uuid = attach(api, key).json()["attachment"]["id"]
    door = httpx2.Client(transport=httpx2.WSGITransport(app=application(crm, control=True)), base_url="http://crm.test")  # type: ignore[arg-type]
    page = door.get("/_sandbox/page")
    assert page.status_code == 200
    assert "&lt;b&gt;Müller &amp; Söhne&lt;/b&gt;" in page.text
    assert "<b>Müller" not in page.text
    for words in ("Köhler", "Pylon", "RE-7.pdf", "/_sandbox/act/create_company", "/_sandbox/act/edit_deal"):
        assert words in page.text
    file = door.get("/_sandbox/page", params={"file": uuid})
    assert (file.content, file.headers["Content-Disposition"]) == (PDF, "attachment; filename=RE-7.pdf")
    assert door.post("/_sandbox/act/edit_company", data={"id": str(firm), "name": "Neu"}).status_code == 303
    assert crm.truth()["companies"][0]["name"] == "Neu"

"""Fields on their page: two columns with an arrow, at a real record; what would not arrive is marked; a change goes through the same look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.desk import Desk, Seen
from tests.web.street import street
from tests.web.test_settings_page import hidden, policy, row, saved
from unisono.wiring.fieldmap import field_map, read_now, to_show
from unisono.wiring.policies import put_policy, with_entries


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Desk]:
    """A pair that has been at work."""
    made = street(tmp_path)
    yield made
    made.village.house.store.close()


def shown(desk: Desk, query: str = "", who: str = "anna") -> str:
    return " ".join(Seen(desk.browser(who).get(f"{desk.pair}/fields{query}").text).text.split())


def linked(desk: Desk, name: str) -> Any:
    found = to_show(desk.village.house, desk.village.pair, "party", name)
    assert len(found) == 1, [one.label for one in found]
    return found[0]


def fields_of(desk: Desk, a_key: str, kind: Any = "party") -> dict[str, Any]:
    return {one.name: one for one in field_map(desk.village.house, desk.village.pair, kind, a_key).fields}


def change(desk: Desk, who: str = "anna", **given: str) -> Any:
    """The form of the fields: ``email="direction:off"``."""
    data: dict[str, Any] = {"source": "fields", "based_on": str(row(desk).policy_version), "field": [n.replace("__", ".") for n in given]}
    for name, said in given.items():
        what, _, word = said.partition(":")
        data[f"{what}-{name.replace('__', '.')}"] = word
    return desk.send(who, f"{desk.pair}/settings/review", **data)


def test_both_columns_show_the_values_of_a_linked_record(at_work: Desk) -> None:
    couple = linked(at_work, "zwei linden")
    text = shown(at_work, f"?record={couple.a_key}")
    assert text.count("Lindenplatz 2") == 2
    assert "CentralStationCRM hat keinen eigenen Platz dafür; ein eigenes Feld lässt sich daran binden" in text
    assert "FastBill hat keinen Platz dafür" in text
    assert "CentralStationCRM: höchstens 120 Zeichen" in text
    page = Seen(at_work.browser("anna").get(f"{at_work.pair}/fields").text)
    chosen = {attrs["name"] for tag, attrs in page.elements if tag == "select"}
    assert {"direction-email", "wins-email", "direction-address.city"} <= chosen
    assert "direction-note" not in chosen, "what one side cannot hold never crosses"


def test_a_record_is_found_without_its_diacritics(at_work: Desk) -> None:
    assert linked(at_work, "cafe zwei").label == "Café Zwei Linden"
    assert "Café Zwei Linden" in shown(at_work, "?named=CAFE+zwei")
    assert "Kein verknüpfter Datensatz heißt so" in shown(at_work, "?named=%25nobody_")


def test_a_value_that_would_not_arrive_is_marked_on_the_side_it_goes_to(at_work: Desk) -> None:
    v = at_work.village
    couple = linked(at_work, "zwei linden")
    v.books_act("edit_customer", id=int(couple.b_key), ZIPCODE="01099-" + "9" * 30)
    v.sync()
    put_policy(v.house, v.pair, with_entries(row(at_work).policy, ['customers.require=["website"]']), "anna")
    found = fields_of(at_work, couple.a_key)
    postcode = [(flaw.code, flaw.side, flaw.bad) for flaw in found["address.postcode"].flaws]
    assert postcode == [("too-long", "crm", True)]
    assert [(flaw.code, flaw.side) for flaw in found["website"].flaws if flaw.bad] == [("needed", "invoicing")]
    text = shown(at_work, f"?record={couple.a_key}")
    assert "2 Felder dieses Datensatzes kämen so nicht an." in text
    assert "Zu lang für CentralStationCRM: 36 Zeichen, höchstens 20" in text


def test_reading_now_shows_what_both_hold_at_this_moment_and_stores_nothing(at_work: Desk) -> None:
    v = at_work.village
    couple = linked(at_work, "zwei linden")
    v.books_act("edit_customer", id=int(couple.b_key), CITY="Radebeul")
    assert fields_of(at_work, couple.a_key)["address.city"].invoicing == "Dresden"
    calls = [v.calls(side) for side in "ab"]
    page = at_work.send("adam", f"{at_work.pair}/fields/read", kind="party", record=couple.a_key)
    assert "Gerade in beiden Systemen gelesen." in page.text
    assert "Radebeul" in page.text
    assert all(after > before for before, after in zip(calls, [v.calls(side) for side in "ab"], strict=True))
    assert fields_of(at_work, couple.a_key)["address.city"].invoicing == "Dresden", "the next look is to notice it, not this page"
    assert at_work.send("vera", f"{at_work.pair}/fields/read", kind="party", record=couple.a_key).status_code == 403


def test_a_side_that_cannot_be_read_is_named_and_the_other_shows(at_work: Desk) -> None:
    v = at_work.village
    couple = linked(at_work, "zwei linden")
    v.books_act("delete_customer", id=int(couple.b_key))
    told = read_now(v.house, v.pair, "party", couple.a_key)
    assert told.failed == {"invoicing": None}
    page = at_work.send("adam", f"{at_work.pair}/fields/read", kind="party", record=couple.a_key)
    assert "FastBill ließ sich nicht lesen: Der Datensatz ist dort nicht mehr da." in Seen(page.text).text
    assert "Lindenplatz 2" in page.text


def test_a_direction_changed_on_the_spot_is_looked_at_and_saved_like_any_setting(at_work: Desk) -> None:
    v = at_work.village
    couple = linked(at_work, "zwei linden")
    review = change(at_work, phone="direction:to-crm", address__city="wins:invoicing")
    text = Seen(review.text).text
    assert "Feld „Telefon“: Richtung" in text
    assert "nur nach CentralStationCRM" in text
    assert policy(at_work).customers.fields == {}
    assert saved(at_work, review).status_code == 303
    rules = policy(at_work).customers.fields
    assert (rules["phone"].direction, rules["address.city"].wins) == ("to-crm", "invoicing")
    found = fields_of(at_work, couple.a_key)["phone"]
    assert (found.to_crm, found.to_invoicing, found.direction) == (True, False, "to-crm")
    v.crm_act("edit_company", id=int(couple.a_key.rpartition(":")[2]), phone="+49 351 999")
    writes = v.writes("b")
    v.sync()
    assert fields_of(at_work, couple.a_key)["phone"].crm == "+49 351 999"
    assert v.writes("b") == writes, "the telephone goes to the CRM only"
    back = change(at_work, phone="direction:", address__city="wins:")
    saved(at_work, back)
    assert policy(at_work).customers.fields == {}


def test_a_field_goes_no_way_that_all_customers_do_not_go(at_work: Desk) -> None:
    v = at_work.village
    put_policy(v.house, v.pair, with_entries(row(at_work).policy, ["customers.direction=to-crm"]), "anna")
    assert fields_of(at_work, "")["email"].directions == ("to-crm", "off")
    assert "Kunden gehen nur in eine Richtung" in shown(at_work)
    put_policy(v.house, v.pair, with_entries(row(at_work).policy, ["customers.direction=off"]), "anna")
    assert fields_of(at_work, "")["email"].directions == ()


def test_contacts_have_their_own_fields(at_work: Desk) -> None:
    found = fields_of(at_work, "", "contact")
    assert "position" in found
    assert "address.city" not in found
    assert "Position" in shown(at_work, "?kind=contact")


def test_without_any_link_the_fields_can_be_set_all_the_same(desk: Desk) -> None:
    assert "Noch ist kein Datensatz verknüpft" in shown(desk)
    review = change(desk, email="direction:off")
    assert hidden(review.text, "body")
    assert "Änderungen ansehen" not in desk.browser("adam").get(f"{desk.pair}/fields").text


def test_the_api_tells_fields_and_reads_them_now(at_work: Desk) -> None:
    path = f"/api/v1{at_work.pair}/fields"
    couple = linked(at_work, "zwei linden")
    told = at_work.browser("vera").get(f"{path}?record={couple.a_key}").json()
    city = next(one for one in told["fields"] if one["name"] == "address.city")
    assert (told["label"], city["crm"], city["invoicing"], city["to_crm"]) == ("Café Zwei Linden", "Dresden", "Dresden", True)
    now = at_work.call("adam", "POST", f"{path}/read", {"record": couple.a_key}).json()
    assert (now["read_now"], now["failed"]) == (True, {})
    assert at_work.call("adam", "POST", f"{path}/read", {"record": "company:0"}).status_code == 404
    assert at_work.call("vera", "POST", f"{path}/read", {"record": couple.a_key}).status_code == 403
    done = at_work.call("anna", "POST", f"/api/v1{at_work.pair}/settings", {"fields": {"email": {"direction": "off"}}})
    assert [one["entry"] for one in done.json()["changed"]] == ["customers.fields.email.direction"]
    wrong = at_work.call("anna", "POST", f"/api/v1{at_work.pair}/settings", {"fields": {"shoe_size": {"direction": "off"}}})
    assert wrong.status_code == 422

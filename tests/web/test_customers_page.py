"""Customers on a page and by the API: everybody once, found without diacritics, both sides beside each other."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.web.desk import Desk, Seen
from tests.web.test_pairs import SUN, at_work, company
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Record
from unisono.store import links, seen, work
from unisono.wiring.policies import leave_out


def told(desk: Desk, **query: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = desk.browser("vera").get(f"/api/v1{desk.pair}/customers", params=query).json()["customers"]
    return found


def names(desk: Desk, **query: str) -> list[str]:
    return [one["label"] for one in told(desk, **query)]


def party(key: str, name: str, **more: str) -> Record:
    body = Party(type="company", name=name, address=Address(city="Berlin", country="DE"), **more)  # type: ignore[arg-type]
    return Record(kind="party", key=key, body=body, resource="companies", resource_key=key)


def put(desk: Desk, side: str, *records: Record) -> None:
    with desk.village.house.store.write() as conn:
        seen.put_seen(conn, side, [(record, b"") for record in records], desk.village.clock.now())


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Three linked customers, one who lacks an address, one whom nobody asked for."""
    at_work(desk)
    for name in ("Müller & Söhne GmbH", "Łódzka Spółka z o.o.", "Școala Ștefănescu SRL"):
        company(desk, name, **SUN)
    company(desk, "Ohne Anschrift KG")
    desk.village.crm.act("create_company", {"name": "Nur so bekannt OHG"})
    desk.village.sync()
    return desk


@pytest.mark.parametrize(
    ("search", "found"),
    (
        ("Muller", "Müller & Söhne GmbH"),
        ("SÖHNE", "Müller & Söhne GmbH"),
        ("lodzka spolka", "Łódzka Spółka z o.o."),
        ("Scoala", "Școala Ștefănescu SRL"),
        ("info@müller", "Müller & Söhne GmbH"),
    ),
)
def test_a_customer_is_found_without_diacritics(busy: Desk, search: str, found: str) -> None:
    assert names(busy, search=search) == [found]
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers", params={"search": search}).text)
    assert found in page.text
    assert "Nur so bekannt" not in page.text


def test_number_and_tax_id_find_a_customer_however_they_are_written(busy: Desk) -> None:
    put(busy, busy.village.b, party("customer:1", "Rechnungskunde AG", number="K-4711", tax_id="DE 136 695 976"))
    for search in ("K-4711", "DE136695976", "136 695 976", "136.695"):
        assert names(busy, search=search) == ["Rechnungskunde AG"], search
    assert names(busy, search="4711") == [], "numbers are found from their beginning"


def test_what_one_side_knows_finds_the_customer_of_both(busy: Desk) -> None:
    linked = next(one for one in told(busy, state="linked") if one["label"].startswith("Müller"))
    assert linked["number"], "the invoicing system gave a number that the CRM does not hold"
    assert names(busy, search=linked["number"]) == ["Müller & Söhne GmbH"]


@pytest.mark.parametrize("search", ("gibtsnicht", "%", "_", "   %", "'--", "&&", "\u0301"))
def test_a_search_without_a_hit_says_so(busy: Desk, search: str) -> None:
    assert names(busy, search=search) == []
    assert "Nichts gefunden" in Seen(busy.browser("vera").get(f"{busy.pair}/customers", params={"search": search}).text).text


def test_who_is_in_both_systems_is_listed_once(busy: Desk) -> None:
    assert names(busy) == [
        "Łódzka Spółka z o.o.",
        "Müller & Söhne GmbH",
        "Nur so bekannt OHG",
        "Ohne Anschrift KG",
        "Școala Ștefănescu SRL",
    ]
    row = Seen(busy.browser("vera").get(f"{busy.pair}/customers").text)
    assert "CentralStationCRM" in row.text
    assert "Verknüpft 3" in " ".join(row.text.split())


def test_each_state_is_told_and_can_be_asked_for(busy: Desk) -> None:
    assert {one["label"]: one["state"] for one in told(busy)} == {
        "Müller & Söhne GmbH": "linked",
        "Łódzka Spółka z o.o.": "linked",
        "Școala Ștefănescu SRL": "linked",
        "Ohne Anschrift KG": "asked",
        "Nur so bekannt OHG": "alone",
    }
    assert len(names(busy, state="linked")) == 3
    assert names(busy, state="asked") == ["Ohne Anschrift KG"]
    assert sorted(names(busy, state="alone")) == ["Nur so bekannt OHG", "Ohne Anschrift KG"]
    assert names(busy, state="left-out") == []
    assert busy.browser("vera").get(f"/api/v1{busy.pair}/customers?state=nonsense").status_code == 422
    assert "Müller" in busy.browser("vera").get(f"{busy.pair}/customers?state=nonsense").text


def test_who_was_left_out_by_hand_stands_there_as_that_though_linked(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    leave_out(busy.village.house, busy.village.pair, [linked["crm"]], "adam")
    found = told(busy, state="left-out")
    assert [(one["label"], one["state"]) for one in found] == [("Müller & Söhne GmbH", "left-out")]
    assert found[0]["why"]
    assert found[0]["why"] in Seen(busy.browser("vera").get(f"{busy.pair}/customers?state=left-out").text).text


def test_who_was_separated_is_left_out_on_both_sides(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    keys = [linked[side].split(":", 2)[2] for side in ("crm", "invoicing")]
    with busy.village.house.store.write() as conn:
        links.sever(conn, busy.village.pair, "party", keys[0], keys[1], "undone", busy.village.clock.now())
    found = told(busy, state="left-out")
    assert [(one["label"], bool(one["crm"]), bool(one["invoicing"])) for one in found] == [
        ("Müller & Söhne GmbH", True, False),
        ("Müller & Söhne GmbH", False, True),
    ]
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{linked['crm']}").text)
    assert "Die Verknüpfung ist beendet" in page.text
    assert page.text.count("Ring 1") == 2, "both are shown beside each other still"


def test_who_waits_for_the_next_turn_is_told_as_waiting(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    with busy.village.house.store.write() as conn:
        work.mark(conn, f"pair:{busy.village.pair}", [work.Mark(linked["invoicing"], "party")], busy.village.clock.now())
    assert [(one["label"], one["state"]) for one in told(busy, state="waiting")] == [("Müller & Söhne GmbH", "waiting")]


def test_somebody_who_works_for_a_customer_is_no_customer(desk: Desk) -> None:
    put(desk, desk.village.a, party("company:1", "Sonne GmbH"), party("person:7", "Anna Weber"), party("person:8", "Fritz Allein"))
    works = Record(
        kind="contact",
        key="person:7",
        body=Contact(name="Weber", first_name="Anna"),
        resource="people",
        resource_key="7",
        owner="company:1",
        owner_kind="party",
    )
    put(desk, desk.village.a, works)
    assert names(desk) == ["Fritz Allein", "Sonne GmbH"]


def test_who_is_gone_over_there_is_off_the_list(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    with busy.village.house.store.write() as conn:
        seen.mark_gone(conn, busy.village.a, [("party", linked["crm"].split(":", 2)[2])], busy.village.clock.now())
    found = next(one for one in told(busy) if one["label"].startswith("Müller"))
    assert (found["crm"], found["invoicing"], found["state"]) == ("", linked["invoicing"], "linked")
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{linked['link']}").text)
    assert "dort gelöscht" in page.text


def test_pages_follow_each_other_without_gap_or_repetition(desk: Desk) -> None:
    records = [party(f"company:{n}", f"Firma {n % 60:03}") for n in range(120)] + [party(f"company:x{n}", "---") for n in range(3)]
    put(desk, desk.village.a, *records)
    to, met, steps = f"{desk.pair}/customers", list[str](), 0
    while to:
        page = Seen(desk.browser("vera").get(to).text)
        met += [link for link in page.links if "/customers/a%3A" in link]
        to = next((a["href"] for tag, a in page.elements if tag == "a" and a.get("rel") == "next"), "")
        steps += 1
    assert steps == 3
    assert len(met) == len(set(met)) == 123
    in_order: list[str] = []
    after = ""
    while len(in_order) < 123:
        answer = desk.browser("vera").get(f"/api/v1{desk.pair}/customers", params={"limit": 7, "after": after}).json()
        in_order += [one["label"] for one in answer["customers"]]
        after = answer["more"]
    assert after == ""
    assert in_order == [f"Firma {n // 2:03}" for n in range(120)] + ["---"] * 3


@pytest.mark.parametrize("after", ("x", "-1", "9" * 40, "1e3", "٣"))
def test_an_address_nobody_made_is_the_beginning(busy: Desk, after: str) -> None:
    answer = busy.browser("vera").get(f"{busy.pair}/customers", params={"after": after})
    assert answer.status_code == 200


def test_both_sides_stand_beside_each_other_with_what_was_agreed_of_what_differs(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    with busy.village.house.store.read() as conn:
        row = busy.village
        found = seen.get_many(conn, row.b, "party", [linked["invoicing"].split(":", 2)[2]])
    record = next(iter(found.values())).record
    body = record.body
    assert isinstance(body, Party)
    moved = replace(record, body=replace(body, address=replace(body.address, city="Potsdam")))
    put(busy, busy.village.b, moved)
    whole = busy.browser("vera").get(f"/api/v1{busy.pair}/customers/{linked['link']}").json()
    city = next(one for one in whole["fields"] if one["field"] == "address.city")
    assert city == {
        "field": "address.city",
        "crm": "Berlin",
        "invoicing": "Potsdam",
        "sign": "differs",
        "agreed_crm": "Berlin",
        "agreed_invoicing": "Berlin",
    }
    assert {one["field"]: one["sign"] for one in whole["fields"]}["name"] == "same"
    assert {one["field"]: one["sign"] for one in whole["fields"]}["number"] == "apart", "the CRM has no place for it"
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{linked['link']}").text)
    assert "Zuletzt vereinbart" in page.text
    assert "Potsdam" in page.text


def test_a_customer_is_found_by_its_link_and_by_either_record(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    pages = [busy.browser("vera").get(f"{busy.pair}/customers/{linked[name]}") for name in ("link", "crm", "invoicing")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("Unisono hat Müller &amp; Söhne GmbH" in page.text.replace("<b>", "").replace("</b>", "") for page in pages)


def test_the_way_to_the_vendors_own_page_is_there_where_the_system_says_how(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    whole = busy.browser("vera").get(f"/api/v1{busy.pair}/customers/{linked['link']}").json()
    key = linked["invoicing"].split(":")[-1]
    assert (whole["page_crm"], whole["page_invoicing"]) == ("", f"https://my.fastbill.com/customer/{key}")
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{linked['link']}").text)
    assert whole["page_invoicing"] in page.links
    busy.village.settings("b", api="http://127.0.0.1:9/api.php")
    moved = busy.browser("vera").get(f"/api/v1{busy.pair}/customers/{linked['link']}").json()
    assert moved["page_invoicing"] == "", "a system at an address of its own has its pages elsewhere"


def test_what_is_open_about_a_customer_stands_on_top(busy: Desk) -> None:
    asked = told(busy, state="asked")[0]
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{asked['crm']}").text)
    assert "Hier fehlt: Straße und Hausnummer, Postleitzahl, Ort, Land." in page.text
    whole = busy.browser("vera").get(f"/api/v1{busy.pair}/customers/{asked['crm']}").json()
    assert [one["kind"] for one in whole["open"]] == ["problem"]


@pytest.mark.parametrize("address", ("a:party:company:none", "nothing", "a:contact:person:1", "x:party:1", "a:party:", "b:quote:1", "::"))
def test_a_customer_nobody_knows_is_not_found(busy: Desk, address: str) -> None:
    for prefix in ("", "/api/v1"):
        assert busy.browser("vera").get(f"{prefix}{busy.pair}/customers/{address}").status_code == 404


def test_a_customer_of_another_firm_is_nobodys_business(busy: Desk) -> None:
    linked = told(busy, state="linked")[0]
    busy.add("fremd", "admin", firms=())
    for path in ("", f"/{linked['link']}", f"/{linked['crm']}"):
        assert busy.browser("fremd").get(f"{busy.pair}/customers{path}").status_code == 404
        assert busy.somebody().get(f"/api/v1{busy.pair}/customers{path}").status_code == 401


def test_each_side_says_when_it_was_changed(busy: Desk) -> None:
    linked = next(one for one in told(busy) if one["label"].startswith("Müller"))
    page = Seen(busy.browser("vera").get(f"{busy.pair}/customers/{linked['link']}").text)
    assert "geändert heute um" in page.text

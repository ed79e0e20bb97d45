"""L01-L18 as far as customers and filed documents go: the real engine between either CRM and Lexware Office. No code of any pair is involved."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.support.village import TiedClock, Village
from unisono.connect.wire import Transport
from unisono.model.secret import Secret
from unisono.sandbox import bitrix24, centralstation, lexoffice
from unisono.sandbox.centralstation.protocols import files_of
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, secrets
from unisono.store.doors import Store
from unisono.wiring import House, add_pair, pair_row
from unisono.wiring.adjusting import adjust
from unisono.wiring.policies import put_policy, with_entries

CANARY = "canary4711canary4711"
POLICY = """schema_version = 1
language = "de"
[customers]
direction = "both"
country = "DE"
contacts = "all"
require = []
[customers.from_crm]
when = ["quote"]
history = "new"
[customers.from_invoicing]
when = "all"
history = "all"
[quotes]
direction = "off"
[documents]
direction = "to-crm"
kinds = ["quote", "invoice", "credit-note"]
"""
CRMS = ("centralstation", "bitrix24")
BOTH = pytest.mark.parametrize("v", CRMS, indirect=True)
BITRIX24 = pytest.mark.parametrize("v", ("bitrix24",), indirect=True)
HOFF = {"name": "Hoffmann Kräne GmbH", "vat_id": "DE136695976", "street": "Kai 1", "zip": "28195", "city": "Bremen", "country": "DE"}


def village(folder: Path, crm: str, policy: str = POLICY) -> Village:
    """A pair that only reads so far: either CRM, empty, and Lexware Office, as a firm has it that starts."""
    clock = FakeClock()
    makers: dict[str, Any] = {"centralstation": centralstation.make, "bitrix24": bitrix24.make}
    ours = makers[crm](World(clock=TiedClock(clock), random=random.Random(1)))
    books = lexoffice.make(World(clock=TiedClock(clock), random=random.Random(2)))
    ours.world.storage.settings.update({"webhook_secret": CANARY, "plan": "professional"} if crm == "bitrix24" else {"api_key": CANARY})
    books.world.storage.settings["api_key"] = CANARY
    apps = {crm: application(ours), "lexoffice": application(books)}

    def transport(system: str) -> Transport:
        return SimTransport(apps[system])

    store, ring = Store.open(":memory:", least_room=0), secrets.KeyRing(folder / "key")
    house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(3), transports=transport)
    firm, a, b = house.ids.new(), house.ids.new(), house.ids.new()
    login = {"portal": "muster.bitrix24.de"} if crm == "bitrix24" else {}
    key = ("webhook", f"https://muster.bitrix24.de/rest/1/{CANARY}/") if crm == "bitrix24" else ("api_key", CANARY)
    with store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        pairs.add_connection(conn, a, firm, crm, "CRM", login, {}, clock.now())
        pairs.add_connection(conn, b, firm, "lexoffice", "Lexware Office", {}, {}, clock.now())
        secrets.put_secret(conn, ring, a, key[0], Secret(key[1]), clock.now())
        secrets.put_secret(conn, ring, b, "api_key", Secret(CANARY), clock.now())
    pair = add_pair(house, firm, "CRM - Lexware Office", a, b, policy)
    return Village(house, clock, ours, books, firm, a, b, pair)


@pytest.fixture
def v(request: pytest.FixtureRequest, tmp_path: Path) -> Village:
    made = village(tmp_path, request.param)
    made.sync()
    made.release()
    made.clock.advance(60)
    return made


def act(v: Village, what: str, **values: str) -> str:
    """A person does something in Lexware Office."""
    return str(v.books.act(what, values)["id"])


def customer(v: Village, **values: str) -> str:
    return act(v, "create_contact", **(HOFF | values))


def contact(v: Village, key: str) -> dict[str, Any]:
    """One contact as Lexware Office keeps it."""
    row: dict[str, Any] = next(row for row in v.books.truth()["contacts"] if row["id"] == key)
    return row


def is_portal(v: Village) -> bool:
    return "requisites" in v.crm.truth()


def companies(v: Village) -> list[dict[str, str]]:
    """Name, place and e-mail address of the CRM's companies."""
    truth = v.crm.truth()
    if not is_portal(v):
        return [
            {
                "name": row["name"],
                "city": row["addrs"][0]["city"] if row["addrs"] else "",
                "email": row["emails"][0]["name"] if row["emails"] else "",
            }
            for row in truth["companies"]
        ]
    places = {row["ANCHOR_ID"]: row["CITY"] for row in truth["addresses"]}
    return [
        {"name": row["TITLE"], "city": places.get(row["ID"], ""), "email": next((one["value"] for one in row["FM"]), "")}
        for row in truth["companies"]
    ]


def people(v: Village) -> list[str]:
    if is_portal(v):
        return sorted(f"{row['NAME']} {row['LAST_NAME']}" for row in v.crm.truth()["contacts"])
    return sorted(f"{row['first_name']} {row['name']}" for row in v.crm.truth()["people"])


def notes(v: Village) -> list[str]:
    """The words of what was filed."""
    truth = v.crm.truth()
    return [row["COMMENT"] for row in truth["comments"]] if is_portal(v) else [row["content"] for row in truth["protocols"]]


def files(v: Village) -> list[str]:
    """The names of the files that were filed."""
    if is_portal(v):
        return [file["NAME"] for row in v.crm.truth()["comments"] for file in row.get("FILES") or []]
    return [file["filename"] for row in v.crm.truth()["protocols"] for file in files_of(v.crm.book, row["id"])]


def written(v: Village) -> tuple[int, int]:
    return len(v.writes("a")), len(v.writes("b"))


def invoiced(v: Village, key: str, **values: str) -> str:
    given = {"title": "Rechnung", "items": "Kran; 2; 119,00; 19", "finalize": "1"} | values
    return act(v, "create_invoice", contact_id=key, **given)


@BOTH
@pytest.mark.feature("L01", kind="do")
@pytest.mark.feature("L14", kind="do")
def test_companies_and_people_come_over_as_what_they_are(v: Village) -> None:
    customer(v, email="post@hoffmann.example")
    act(
        v,
        "create_contact",
        first_name="Inge",
        last_name="Musterfrau",
        salutation="Frau",
        street="Weg 2",
        zip="01099",
        city="Dresden",
        country="DE",
    )
    assert (companies(v), people(v)) == ([], [])

    v.sync()

    assert companies(v) == [{"name": "Hoffmann Kräne GmbH", "city": "Bremen", "email": "post@hoffmann.example"}]
    assert people(v) == ["Inge Musterfrau"]
    assert v.problems() == []
    assert v.writes("b") == []


@BOTH
@pytest.mark.feature("L15", kind="do")
def test_a_later_customer_follows_and_then_there_is_rest(v: Village) -> None:
    customer(v)
    v.sync()
    customer(v, name="Nachzügler AG", vat_id="")
    v.sync()
    assert sorted(row["name"] for row in companies(v)) == ["Hoffmann Kräne GmbH", "Nachzügler AG"]

    before = written(v)
    for _ in range(3):
        v.sync()
    assert written(v) == before
    assert (v.problems(), v.questions()) == ([], [])


@BOTH
def test_the_contact_person_of_a_company_comes_over_with_it(v: Village) -> None:
    customer(v, contact_first_name="Max", contact_last_name="Mustermann", contact_email="max@hoffmann.example")

    v.sync()

    assert people(v) == ["Max Mustermann"]
    assert v.link_count()["contact"] == 1
    assert v.problems() == []


@BOTH
def test_a_supplier_stays_where_it_is(v: Village) -> None:
    customer(v, role="vendor")

    v.sync()

    assert companies(v) == []


@BOTH
@pytest.mark.feature("L07", kind="do")
def test_edits_go_both_ways_and_the_rest_of_the_contact_stays(v: Village) -> None:
    key = customer(v, email="post@hoffmann.example", contact_first_name="Max", contact_last_name="Mustermann", note="Zahlt spät")
    v.sync()
    act(v, "edit_contact", id=key, city="Bremerhaven")
    v.sync()
    assert companies(v)[0]["city"] == "Bremerhaven"

    if is_portal(v):
        v.crm_act("edit_company", id=str(v.crm.truth()["companies"][0]["ID"]), title="Hoffmann Hebetechnik GmbH")
    else:
        v.crm_act("edit_company", id=str(v.crm.truth()["companies"][0]["id"]), name="Hoffmann Hebetechnik GmbH")
    v.sync()

    after = contact(v, key)
    assert after["company"]["name"] == "Hoffmann Hebetechnik GmbH"
    assert after["company"]["vatRegistrationId"] == "DE136695976"
    assert after["company"]["contactPersons"][0]["lastName"] == "Mustermann"
    assert after["addresses"]["billing"][0]["city"] == "Bremerhaven"
    assert after["note"] == "Zahlt spät"
    assert v.problems() == []


@BOTH
@pytest.mark.feature("L07", kind="do")
def test_one_field_may_go_one_way_only_while_the_others_go_both(v: Village) -> None:
    put_policy(v.house, v.pair, with_entries(pair_row(v.house, v.pair).policy, ["customers.fields.name.direction=to-crm"]), "anna")
    key = customer(v)
    v.sync()
    before = contact(v, key)["company"]["name"]
    (row,) = v.crm.truth()["companies"]
    v.crm_act("edit_company", id=str(row.get("ID") or row["id"]), **{"title" if is_portal(v) else "name": "Hoffmann Hebetechnik GmbH"})
    v.sync()
    assert (contact(v, key)["company"]["name"], before) == (HOFF["name"], HOFF["name"]), "what is led from there is not written there"
    assert companies(v)[0]["name"] == "Hoffmann Hebetechnik GmbH", "nor is the edit taken back"

    act(v, "edit_contact", id=key, city="Emden")
    v.sync()
    assert companies(v)[0]["city"] == "Emden"
    assert v.problems() == []


def employee(v: Village, first: str, last: str) -> None:
    """A person of the CRM's one company."""
    (row,) = v.crm.truth()["companies"]
    if is_portal(v):
        v.crm_act("create_contact", name=first, last_name=last, company_id=str(row["ID"]))
    else:
        v.crm_act("create_person", first_name=first, name=last, company_id=str(row["id"]))


@BOTH
def test_a_company_s_first_person_goes_along_and_a_second_one_is_named_as_a_problem(v: Village) -> None:
    key = customer(v)
    v.sync()
    employee(v, "Max", "Mustermann")
    v.sync()
    (there,) = contact(v, key)["company"]["contactPersons"]
    assert (there["firstName"], there["lastName"]) == ("Max", "Mustermann")
    assert v.link_count()["contact"] == 1

    employee(v, "Erika", "Zweite")
    v.sync()

    assert [(problem.code, problem.label) for problem in v.problems()] == [("one-person-only", "Erika Zweite")]
    assert [one["lastName"] for one in contact(v, key)["company"]["contactPersons"]] == ["Mustermann"]
    assert people(v) == ["Erika Zweite", "Max Mustermann"]


@BOTH
def test_a_customer_of_the_crm_with_an_offer_is_made_once_although_the_answer_is_lost(v: Village) -> None:
    if is_portal(v):
        made = v.crm_act("create_company", title="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country="Deutschland")
        v.crm_act("create_quote", title="Regal", company_id=str(made), items="Regal; 1; 119,00; 19")
    else:
        made = v.crm_act("create_company", name="Weidenhof GmbH", street="Holzweg 3", zip="01099", city="Dresden", country_code="DE")
        v.crm_act("create_deal", name="Regal", value="1200", company_id=str(made))
    v.books.world.faults.arm("status-after", "POST contacts", value=504)

    v.sync()
    v.sync()

    assert v.books.world.faults.bitten == ["status-after"]
    (row,) = v.books.truth()["contacts"]
    assert row["company"]["name"] == "Weidenhof GmbH"
    assert row["addresses"]["billing"][0]["zip"] == "01099"
    assert v.writes("b") == ["POST contacts"]
    assert v.problems() == []


@BOTH
def test_a_contact_with_two_addresses_is_shown_as_a_problem_and_left_alone(v: Village) -> None:
    key = customer(v)
    v.sync()
    act(v, "add_entry", id=key, list="billing", street="Zweite Str. 2", zip="28195", city="Bremen")
    before = contact(v, key)

    row = v.crm.truth()["companies"][0]
    v.crm_act("edit_company", id=str(row["ID"] if is_portal(v) else row["id"]), **{"title" if is_portal(v) else "name": "Neu GmbH"})
    v.sync()

    assert [problem.code for problem in v.problems()] == ["several-entries"]
    assert contact(v, key) == before


@BOTH
@pytest.mark.feature("L17", kind="read")
@pytest.mark.feature("L18", kind="do")
def test_an_invoice_is_filed_with_its_pdf_and_a_way_to_its_page(v: Village) -> None:
    key = customer(v)
    v.sync()
    invoiced(v, key, finalize="")
    v.sync()
    assert notes(v) == [], "a draft is nobody's business yet"

    number = invoiced(v, key)
    v.sync()
    v.sync()

    (note, *_) = [told for told in notes(v) if "RE0002" in told]
    assert f"https://app.lexware.de/permalink/invoices/view/{number}" in note
    assert files(v) == ["RE0002.pdf"]
    assert v.problems() == []
    before = written(v)
    v.sync()
    v.sync()
    assert written(v) == before


@BOTH
def test_a_quotation_is_filed_once_it_is_finished_and_says_when_it_is_accepted(v: Village) -> None:
    key = customer(v)
    v.sync()
    quote = act(v, "create_quotation", contact_id=key, title="Angebot", items="Kran; 1; 1190,00; 19", finalize="1")
    v.sync()
    assert files(v) == ["AG0001.pdf"]
    assert not any("angenommen" in told for told in notes(v))

    v.clock.advance(3600)
    act(v, "accept", id=quote)
    v.sync()

    assert any("angenommen" in told for told in notes(v))
    assert v.problems() == []


@BOTH
def test_a_payment_in_part_and_in_full_shows_in_the_note(v: Village) -> None:
    key = customer(v)
    v.sync()
    number = invoiced(v, key)
    v.sync()
    v.clock.advance(3600)
    act(v, "pay", id=number, amount="100")
    v.sync()
    assert any("100,00" in told for told in notes(v))

    v.clock.advance(3600)
    act(v, "pay", id=number, amount="")
    v.sync()

    assert any("bezahlt" in told and "teil" not in told.casefold() for told in notes(v))
    assert v.problems() == []


@BITRIX24
@pytest.mark.feature("L08", kind="do")
def test_what_the_crm_had_before_is_not_written_to_lexware_office(v: Village) -> None:
    v.crm_act("create_company", title="Altkunde KG", email="alt@kunde.example")

    v.sync()
    v.sync()

    assert v.books.truth()["contacts"] == []


@pytest.mark.feature("L04", kind="do")
def test_the_standard_address_is_the_one_that_a_person_chose_before_the_start(tmp_path: Path) -> None:
    v = village(tmp_path, "bitrix24")
    chosen = adjust(v.house, v.b, {"address": "shipping"}, "Ada")
    assert next((one.name, one.value) for one in chosen) == ("address", "shipping")
    v.release()
    key = customer(v)
    act(v, "edit_contact", id=key, shipping_street="Lager 5", shipping_zip="26721", shipping_city="Emden", shipping_country="DE")

    v.sync()

    assert [row["city"] for row in companies(v)] == ["Emden"]


@BOTH
def test_the_key_stands_in_no_journal_and_no_problem(v: Village) -> None:
    key = customer(v)
    v.sync()
    invoiced(v, key)
    v.sync()
    act(v, "new_key")
    v.clock.advance(60)
    v.sync()

    assert v.link_count()["party"] == 1
    assert CANARY not in str(v.journal()) + str(v.problems()) + str(v.notes()) + str(v.outcomes)

"""What comes in wrong: the error says which record, which field, which value, what was answered, what to do; all other records go on."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.stories.folk import (
    companies,
    company,
    company_names,
    company_row,
    count,
    customer,
    customer_named,
    customer_names,
    customers,
    deal_of,
    estimate,
    files_at,
    invoice,
    notes,
    number_of,
    state,
)
from tests.support.transport import Dated
from tests.support.village import Village
from unisono.connect.wire import Transport
from unisono.locale.tell import tell
from unisono.sandbox.centralstation.records import COMPANY_KIND, update
from unisono.sandbox.centralstation.subroutes import custom_fields_type
from unisono.store.asking import Problem
from unisono.wiring.running import Runner

TITLES = {"crm": "CentralStationCRM", "invoicing": "FastBill", "fastbill": "FastBill", "centralstation": "CentralStationCRM"}


def the_problem(v: Village, code: str) -> Problem:
    """The only open problem, which is of this code."""
    found = v.problems()
    assert [p.code for p in found] == [code], found
    return found[0]


def sentences(p: Problem) -> tuple[str, str]:
    """What a person reads, in German and English."""
    german, english = (tell(p.code, p.values, lang, name=p.label, field=p.field, kind=p.kind, titles=TITLES) for lang in ("de", "en"))
    for text in (german, english):
        assert p.code not in text, "a sentence, not a code"
        assert "{" not in text
    assert german != english
    return german, english


def says(p: Problem, *parts: str, de: str, en: str) -> None:
    """Both sentences name these parts; each has its own words for the field or for what to do."""
    german, english = sentences(p)
    for part in parts:
        assert part in german, (part, german)
        assert part in english, (part, english)
    assert de in german, german
    assert en in english, english


def runner(v: Village) -> Runner:
    """The runner as ``unisono sync --watch`` has it."""
    return Runner(house=v.house, holder="test")


# --- what a whole system answers --------------------------------------------------------------------------------------------------------


def test_a_wrong_key_stops_the_connection_with_a_clear_sentence_and_is_not_tried_again(v: Village) -> None:
    company(v)
    v.books.world.storage.settings["api_key"] = "fb-a-new-one-that-we-do-not-know"
    before = v.calls("b")
    v.clock.advance(600)
    turn = runner(v).turn(poll=True)
    fault = turn.faults[v.b]
    assert type(fault).__name__ == "LoginRefused"
    assert v.calls("b") == before + 1, "one try"
    for lang, what in (("de", "Schlüssel"), ("en", "key")):
        told = tell(fault.code, fault.values, lang, name="FastBill", titles=TITLES)
        assert told.startswith("FastBill")
        assert what in told
        assert "fb-0123456789abcdef" not in told + fault.raw, "never the key itself"
    for _ in range(30):
        v.clock.advance(60)
        runner(v).turn()
        runner(v).turn(poll=True)
    assert v.calls("b") == before + 1, "it waits for a person"
    assert turn.pulled.keys() == {v.a}, "the other system was read"


def test_a_page_of_html_instead_of_a_list_changes_nothing_and_the_next_poll_goes_on(v: Village) -> None:
    born = customer(v, ORGANIZATION="Vorher GmbH")
    v.sync()
    assert company_names(v) == ["Vorher GmbH"]
    customer(v, ORGANIZATION="Nachher GmbH")
    v.books.world.faults.arm("html", match="customer.get", times=1)
    outcome = v.cycle()
    assert outcome.fault is not None
    assert outcome.fault.code == "html-instead-of-json"
    assert "<h1>" in outcome.fault.raw, "what the other system answered"
    for lang, what in (("de", "Wartung"), ("en", "maintenance")):
        assert what in tell(outcome.fault.code, outcome.fault.values, lang, name="FastBill", titles=TITLES)
    v.sync()
    assert company_names(v) == ["Nachher GmbH", "Vorher GmbH"], "nothing taken for deleted, nothing lost"
    assert str(born) in {c["CUSTOMER_ID"] for c in customers(v)}
    assert v.link_count() == {"party": 2}


@pytest.mark.parametrize("fault", ("truncate", "torn-json", "empty"))
def test_a_torn_list_is_never_taken_for_a_short_one(v: Village, fault: str) -> None:
    for number in range(5):
        customer(v, ORGANIZATION=f"Kunde {number} GmbH")
    v.sync()
    v.books.world.faults.arm(fault, match="customer.get", times=3)
    outcome = v.cycle()
    assert outcome.fault is not None
    assert outcome.fault.code in ("answer-torn", "torn-json", "connection-lost")
    v.sync()
    v.sync()
    assert len(company_names(v)) == 5
    assert v.link_count() == {"party": 5}
    assert not [n for n in v.notes() if n["event"] == "unlinked"]


@pytest.mark.parametrize("fault", ("html", "truncate", "torn-json", "status-after", "timeout-before", "timeout-after", "reset-after"))
def test_a_write_with_a_bad_answer_is_looked_up_and_never_doubled(v: Village, fault: str) -> None:
    sun, moon = company(v, name="Sonne GmbH"), company(v, name="Mond GmbH")
    deal_of(v, sun)
    deal_of(v, moon)
    v.books.world.faults.arm(fault, match="customer.create", times=1)
    v.sync()
    assert customer_names(v) == ["Mond GmbH", "Sonne GmbH"]
    assert v.link_count()["party"] == 2
    assert count(v, "b", "customer.create") == 2
    assert v.problems() == []


# --- single records ---------------------------------------------------------------------------------------------------------------------


def test_a_missing_required_field_is_named_and_the_other_customer_goes_on(v: Village) -> None:
    poor, rich = company(v, name="Ohne Ort GmbH", zip="", city=""), company(v, name="Mit Ort GmbH")
    deal_of(v, poor)
    deal_of(v, rich)
    v.sync()
    assert customer_names(v) == ["Mit Ort GmbH"]
    told = the_problem(v, "missing-field")
    assert (told.key, told.field) == (f"a:party:company:{poor}", "address.postcode")
    says(told, "Ohne Ort GmbH", de="Postleitzahl", en="Postcode")
    v.crm_act("set_address", kind="company", id=str(poor), zip="12345", city="Berlin")
    v.crm_act("edit_company", id=str(poor), background="Anschrift nachgetragen")
    v.sync()
    assert customer_names(v) == ["Mit Ort GmbH", "Ohne Ort GmbH"], "it goes on by itself"
    assert v.problems() == []


def test_a_name_too_long_for_the_crm_is_never_cut(v: Village) -> None:
    name = "Vereinigte " + "Lichtreklamewerkstätten " * 6 + "GmbH"
    there = customer(v, ORGANIZATION=name)
    customer(v, ORGANIZATION="Kurz GmbH")
    v.sync()
    assert company_names(v) == ["Kurz GmbH"]
    told = the_problem(v, "too-long")
    assert (told.key, told.field, told.values["limit"], told.values["length"]) == (f"b:party:{there}", "name", "120", str(len(name)))
    says(told, "Vereinigte Lichtreklamewerkstätten", "120", de="Bitte kürzen", en="Please shorten")
    v.books_act("edit_customer", ID=str(there), ORGANIZATION="Vereinigte Lichtreklame GmbH")
    v.sync()
    assert company_names(v) == ["Kurz GmbH", "Vereinigte Lichtreklame GmbH"]
    assert v.problems() == []


def test_a_person_s_name_too_long_for_the_crm_stays_where_it_is_and_the_rest_of_the_edit_arrives(v: Village) -> None:
    there = customer(v, CUSTOMER_TYPE="consumer", ORGANIZATION="", LAST_NAME="Weber", FIRST_NAME="Ida")
    v.sync()
    (person,) = v.crm.truth()["people"]
    name = "Weber-" * 14 + "Hohenstein"
    assert 80 < len(name) < 120, "a company could be called that"

    v.books_act("edit_customer", ID=str(there), LAST_NAME=name, FIRST_NAME="Ida Marie")
    v.sync()

    (now,) = v.crm.truth()["people"]
    assert (person["name"], now["name"], person["first_name"], now["first_name"]) == ("Weber", "Weber", "Ida", "Ida Marie")
    told = the_problem(v, "too-long")
    assert (told.field, told.values["limit"], told.values["length"]) == ("name", "80", str(len(name)))
    v.books_act("edit_customer", ID=str(there), LAST_NAME="Weber-Hohenstein")
    v.sync()
    assert (v.crm.truth()["people"][0]["name"], v.problems()) == ("Weber-Hohenstein", [])


def test_an_invoice_whose_amounts_do_not_add_up_is_not_filed_and_the_next_one_is(v: Village) -> None:
    born = customer(v)
    wrong, right = invoice(v, born, TITLE="Falsch"), invoice(v, born, TITLE="Richtig")
    row = v.books.world.storage.table("invoices")[wrong]
    row["TOTAL"] += Decimal("0.01")
    v.sync()
    assert len(notes(v)) == 1
    assert number_of(v, "invoices", right) in notes(v)[0]["name"]
    told = the_problem(v, "amounts-do-not-add-up")
    assert (told.key, told.field) == (f"b:invoice:invoice:{wrong}", "gross")
    says(told, "80", "15.2", "95.21", de="gehen nicht auf", en="do not add up")
    row["TOTAL"] -= Decimal("0.01")
    v.sync()
    assert len(notes(v)) == 2
    assert v.problems() == []


def test_an_unknown_currency_holds_up_one_row_and_no_other(v: Village) -> None:
    born = customer(v)
    wrong, right = estimate(v, born, TITLE="Falsch"), estimate(v, born, TITLE="Richtig")
    for key in (wrong, right):
        state(v, key, "b")
    v.books.world.storage.table("estimates")[wrong]["CURRENCY_CODE"] = "XQQ"
    v.sync()
    assert len(notes(v)) == 1
    told = the_problem(v, "bad-field")
    assert (told.field, told.values["value"], told.values["record"]) == ("CURRENCY_CODE", "XQQ", str(wrong))
    says(told, str(wrong), "XQQ", de="alle übrigen Datensätze", en="all other records go on")
    v.books.world.storage.table("estimates")[wrong]["CURRENCY_CODE"] = "EUR"
    v.sync()
    assert len(notes(v)) == 2
    assert v.problems() == []


def test_a_customer_number_that_is_taken_is_refused_in_the_vendors_words(v: Village) -> None:
    kind = custom_fields_type(v.crm.book, {"category": "Company", "ftype": "string", "name": "Kundennummer"})["id"]
    v.settings("a", bindings={"Company": {"number": str(kind)}})
    v.settings("b", own_numbers=True)
    person = customer(v, ORGANIZATION="", FIRST_NAME="Emil", LAST_NAME="Ehlers", CUSTOMER_NUMBER="K-7")
    v.books_act("delete_customer", ID=str(person))
    for name, number in (("Zweite GmbH", "K-7"), ("Dritte GmbH", "K-8")):
        made = company(v, name=name)
        row = v.crm.book.owner("Company", made)
        update(v.crm.book, COMPANY_KIND, row, {"custom_fields_attributes": [{"custom_fields_type_id": kind, "name": number}]}, by_api=False)
        deal_of(v, made, name)
    v.sync()
    assert customer_names(v) == ["Dritte GmbH"], "the other one goes on"
    assert customer_named(v, "Dritte GmbH")["CUSTOMER_NUMBER"] == "K-8"
    told = the_problem(v, "refused")
    assert (told.field, told.values["value"], told.label) == ("number", "K-7", "Zweite GmbH")
    says(told, "Zweite GmbH", "K-7", told.values["answer"], de="Kundennummer", en="Customer number")
    calls = v.calls("b")
    v.sync()
    assert count(v, "b", "customer.create") == 1, "it is not tried again unchanged"
    assert v.calls("b") > calls


def test_a_customer_deleted_over_there_while_we_write_is_not_made_anew(v: Village) -> None:
    sun, moon = company(v, name="Sonne GmbH"), company(v, name="Mond GmbH")
    deal_of(v, sun)
    deal_of(v, moon)
    v.sync()
    gone = customer_named(v, "Sonne GmbH")["CUSTOMER_ID"]
    v.books_act("delete_customer", ID=gone)
    v.crm_act("edit_company", id=str(sun), background="neu")
    v.crm_act("edit_company", id=str(moon), name="Mond und Sterne GmbH")
    for _ in range(4):
        v.sync()
    assert customer_names(v) == ["Mond und Sterne GmbH"]
    assert company_row(v, sun)["background"] == "neu", "what a person typed stays"
    assert len(companies(v)) == 2
    ended = [n for n in v.notes() if n["event"] == "unlinked"]
    assert [n["values"]["code"] for n in ended] == ["deleted-there"]
    assert ended[0]["label"] == "Sonne GmbH"


# --- files ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ("pdf-none", "pdf-html"))
def test_a_pdf_that_is_none_is_told_and_nothing_wrong_is_filed(v: Village, fault: str) -> None:
    born = customer(v)
    v.sync()
    wrong = invoice(v, born, TITLE="Ohne Datei")
    v.books.world.faults.arm(fault, times=2)
    v.sync()
    assert [len(files_at(v, n)) for n in notes(v)] in ([], [0]), "no file that is none"
    told = the_problem(v, "file-not-pdf")
    assert told.key == f"b:invoice:invoice:{wrong}"
    assert told.values["answer"].startswith("200")
    assert told.raw
    says(told, number_of(v, "invoices", wrong), "200", de="Statt des PDF", en="instead of the PDF")
    right = invoice(v, born, TITLE="Mit Datei")
    v.sync()
    filed = [n for n in notes(v) if number_of(v, "invoices", right) in n["name"]]
    assert [len(files_at(v, n)) for n in filed] == [1], "the next document goes on"


def test_a_stale_link_is_asked_for_anew_without_a_problem(v: Village) -> None:
    born = customer(v)
    invoice(v, born)
    v.books.world.faults.arm("pdf-html", times=1)
    v.sync()
    assert [len(files_at(v, n)) for n in notes(v)] == [1]
    assert v.problems() == []


def test_a_file_of_fifty_megabytes_is_a_problem_and_not_a_load(v: Village) -> None:
    born = customer(v)
    v.sync()
    wrong = invoice(v, born, TITLE="Riesig")
    v.books.world.faults.arm("pdf-huge", times=1)
    tracemalloc.start()
    try:
        v.sync()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 1024 * 1024, f"{peak / 1e6:.0f} MB"
    told = the_problem(v, "file-too-large")
    assert told.key == f"b:invoice:invoice:{wrong}"
    says(told, number_of(v, "invoices", wrong), "20", "MB", de="kleiner", en="smaller")
    assert not any(files_at(v, n) for n in notes(v))
    assert list((v.house.folder / "files").iterdir()) == [], "nothing is left lying about"
    right = invoice(v, born, TITLE="Klein")
    v.sync()
    assert [len(files_at(v, n)) for n in notes(v) if number_of(v, "invoices", right) in n["name"]] == [1]


# --- our own clock ----------------------------------------------------------------------------------------------------------------------


def jumped(v: Village, seconds: int) -> None:
    """Our clock jumps; the vendors' clocks do not."""
    v.clock.advance(seconds)
    for vendor in (v.crm, v.books):
        vendor.world.clock.ahead -= timedelta(seconds=seconds)


def dated(v: Village) -> None:
    """From now on the vendors say their hour."""
    inner, worlds = v.house.transports, {"centralstation": v.crm.world, "fastbill": v.books.world}

    def transport(system: str) -> Transport:
        return Dated(inner(system), worlds[system].clock)

    v.house.transports = transport
    for connection in (v.a, v.b):
        v.house.forget_system(connection)


@pytest.mark.parametrize("jump", (-3600, -86400 * 3, 86400 * 30), ids=("an hour back", "three days back", "a month on"))
def test_a_jump_of_our_clock_loses_nothing_and_doubles_nothing(v: Village, jump: int) -> None:
    dated(v)
    sun = company(v)
    deal_of(v, sun)
    born = customer(v)
    invoice(v, born)
    v.sync()
    before = (customer_names(v), company_names(v), len(notes(v)))
    jumped(v, jump)
    v.sync()
    assert (customer_names(v), company_names(v), len(notes(v))) == before
    customer(v, ORGANIZATION="Danach GmbH")
    v.crm_act("edit_company", id=str(sun), name="Bäckerei Abendsonne GmbH")
    invoice(v, born, TITLE="Danach")
    for _ in range(3):
        v.sync()
    assert "Danach GmbH" in company_names(v)
    assert "Bäckerei Abendsonne GmbH" in customer_names(v)
    assert len(customers(v)) == len(companies(v)) == 3
    assert len(notes(v)) == before[2] + 1
    assert [len(files_at(v, n)) for n in notes(v)] == [1] * len(notes(v))
    assert v.problems() == []


def test_an_answer_lost_right_before_the_clock_jumps_back_is_still_settled(v: Village) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm("timeout-after", match="customer.create", times=1)
    v.clock.advance(300)
    v.cycle()
    assert len(customers(v)) == 1
    jumped(v, -7200)
    for _ in range(30):
        v.sync()
    assert len(customers(v)) == 1
    assert v.link_count()["party"] == 1
    assert len([j for j in v.journal() if j["state"] in ("open", "unclear")]) == 0

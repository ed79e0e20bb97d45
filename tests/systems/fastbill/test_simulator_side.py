"""The vendor's own side: what a person does there, the page, the seeded firm, the truth for an oracle, and keeping it in a file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.systems.fastbill.caller import LINE, Caller
from unisono.sandbox.fastbill import make, seed
from unisono.sandbox.fastbill.acts import ACTS
from unisono.sandbox.kit import state
from unisono.sandbox.kit.world import World

ZERO = "0000-00-00 00:00:00"


def seeded() -> Caller:
    world = World()
    seed(world)
    return Caller(world)


def test_the_seeded_firm_has_customers_of_both_kinds_and_documents_in_every_state() -> None:
    truth = seeded().simulator.truth()

    assert len(truth["customers"]) == 20
    assert {c["CUSTOMER_TYPE"] for c in truth["customers"]} == {"business", "consumer"}
    assert {"Bäckerei Sonnenkorn GmbH", "Müller & Söhne Bedachungen GmbH & Co. KG", "Tischlerei Altmann", "Autohaus Nordlicht GmbH"} < {
        c["ORGANIZATION"] for c in truth["customers"]
    }
    assert ("Dr.", "Petra", "Köhler") in {(c["ACADEMIC_DEGREE"], c["FIRST_NAME"], c["LAST_NAME"]) for c in truth["customers"]}
    assert {e["STATE"] for e in truth["estimates"]} == set("abcdef")
    assert {i["TYPE"] for i in truth["invoices"]} == {"draft", "outgoing", "credit"}
    assert any(i["PAYMENTS"] and i["PAID_DATE"] == ZERO for i in truth["invoices"])
    assert len(truth["contacts"]) == 5


def test_seeding_leaves_the_clock_and_puts_the_records_into_the_past() -> None:
    world = World()
    before = world.clock.now()

    seed(world)

    assert world.clock.now() == before
    assert all(c["CREATED"] < "2026-11-02" for c in Caller(world).simulator.truth()["customers"])


def test_a_seed_may_come_after_the_simulator() -> None:
    fastbill = Caller()
    fastbill.get("contact.get")

    seed(fastbill.world)
    owner = fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_NUMBER="1001")["CUSTOMER_ID"]

    assert len(fastbill.get("contact.get", {"CUSTOMER_ID": owner})["CONTACTS"]) == 2


def test_a_person_edits_a_customer_field_by_field() -> None:
    fastbill = Caller()
    made = fastbill.act("create_customer", organization="Kranbau Riesig GmbH", city="Bremen", phone="0421 5550100")
    fastbill.world.clock.advance(60)

    fastbill.act("edit_customer", id=made, city="Vegesack", PHONE="")

    after = fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_ID=made)
    assert (after["ORGANIZATION"], after["CITY"], after["PHONE"]) == ("Kranbau Riesig GmbH", "Vegesack", "")
    assert after["LASTUPDATE"] == "2026-11-02 09:01:00"


def test_a_customer_without_a_firm_is_a_consumer() -> None:
    fastbill = Caller()

    fastbill.act("create_customer", first_name="Ida", last_name="Fuchs")

    assert fastbill.one("customer.get", "CUSTOMERS")["CUSTOMER_TYPE"] == "consumer"


def test_payments_in_parts_end_in_paid() -> None:
    fastbill = Caller()
    made = fastbill.act("create_invoice", customer_id=str(fastbill.customer()), items="Kran; 1; 100,00; 19", complete="true")

    fastbill.act("record_payment", invoice_id=made, amount="19.00", date="2026-11-04")
    part = fastbill.one("invoice.get", "INVOICES")
    fastbill.act("record_payment", invoice_id=made, amount="100", date="2026-11-05")
    full = fastbill.one("invoice.get", "INVOICES")

    assert (part["PAID_DATE"], [p["AMOUNT"] for p in part["PAYMENTS"]]) == (ZERO, [19])
    assert (full["PAID_DATE"], [p["AMOUNT"] for p in full["PAYMENTS"]]) == ("2026-11-05 00:00:00", [19, 100])


def test_an_invoice_is_made_of_an_estimate_and_edited_while_it_is_a_draft() -> None:
    fastbill = Caller()
    estimate = fastbill.act("create_estimate", customer_id=str(fastbill.customer()), title="Kran", items=json.dumps([LINE]))

    made = fastbill.act("create_invoice", estimate_id=estimate)
    fastbill.act("edit_draft_invoice", id=made, title="Kran, Teil 1", items="Kran; 1; 5; 19")
    edited = fastbill.one("invoice.get", "INVOICES")
    fastbill.act("complete_invoice", id=made)
    credit = fastbill.act("create_credit", invoice_id=made)

    assert (edited["INVOICE_TITLE"], edited["TOTAL"]) == ("Kran, Teil 1", Decimal("5.95"))
    assert fastbill.one("estimate.get", "ESTIMATES")["STATE"] == "f"
    assert fastbill.one("invoice.get", "INVOICES", INVOICE_ID=credit)["REFERENCED_INVOICE_ID"] == made
    with pytest.raises(ValueError, match="No draft invoice"):
        fastbill.act("edit_draft_invoice", id=made, title="zu spät")


@pytest.mark.parametrize(
    ("name", "values", "error", "words"),
    (
        ("dance", {}, KeyError, "no act 'dance'"),
        ("edit_customer", {"id": "7"}, KeyError, "no CUSTOMER_ID '7'"),
        ("create_customer", {"organization": "x", "country_code": "XX"}, ValueError, "COUNTRY_CODE"),
        ("create_estimate", {"customer_id": "{customer}", "items": "Kran 5 Euro"}, ValueError, "expected description; quantity"),
        ("set_estimate_state", {"id": "{estimate}", "state": "z"}, ValueError, "state 'z' is none of a, b"),
        ("record_payment", {"invoice_id": "{invoice}", "amount": "999999"}, ValueError, "is open on invoice"),
        ("record_payment", {"invoice_id": "{invoice}", "amount": "viel"}, ValueError, "no amount of money"),
        ("record_payment", {"invoice_id": "{invoice}", "date": "gestern"}, ValueError, "not YYYY-MM-DD"),
    ),
)
def test_an_act_that_makes_no_sense_says_why(name: str, values: dict[str, str], error: type[Exception], words: str) -> None:
    fastbill = Caller()
    customer = fastbill.act("create_customer", organization="Kranbau Riesig GmbH")
    ids = {
        "{customer}": customer,
        "{estimate}": fastbill.act("create_estimate", customer_id=customer, items="Kran; 1; 10; 19"),
        "{invoice}": fastbill.act("create_invoice", customer_id=customer, items="Kran; 1; 10; 19", complete="1"),
    }
    before = fastbill.simulator.truth()

    with pytest.raises(error, match=words):
        fastbill.act(name, **{key: ids.get(value, value) for key, value in values.items()})

    assert fastbill.simulator.truth() == before


def test_the_page_shows_the_records_and_has_a_form_for_the_acts() -> None:
    fastbill = seeded()
    fastbill.act("create_customer", organization="<script>alert(1)</script>")
    fastbill.act("edit_customer", id=fastbill.one("customer.get", "CUSTOMERS", CUSTOMER_NUMBER="1001")["CUSTOMER_ID"], tags='"><b>')

    text = fastbill.http.get("/_sandbox/page").get_data(as_text=True)

    assert "Müller &amp; Söhne Bedachungen GmbH &amp; Co. KG" in text
    assert "<script>" not in text
    assert '"><b>' not in text
    assert "fb-0123456789abcdef" not in text
    on_page = {name for name in ACTS if f'action="/_sandbox/act/{name}"' in text}
    assert set(ACTS) - on_page == {"create_article", "delete_contact", "delete_draft_invoice"}


def test_a_form_of_the_page_does_its_act_and_says_what_went_wrong() -> None:
    fastbill = seeded()
    estimate = fastbill.get("estimate.get", LIMIT=1)["ESTIMATES"][0]["ESTIMATE_ID"]

    good = fastbill.http.post("/_sandbox/act/set_estimate_state", data={"id": estimate, "state": "d"})
    bad = fastbill.http.post("/_sandbox/act/set_estimate_state", data={"id": estimate, "state": "q"}, follow_redirects=True)

    assert good.status_code == 303
    assert fastbill.one("estimate.get", "ESTIMATES", ESTIMATE_ID=estimate)["STATE"] == "d"
    assert "state &#x27;q&#x27; is none of" in bad.get_data(as_text=True)


def test_the_truth_is_json_with_sums_as_texts_and_no_links() -> None:
    fastbill = seeded()

    truth = fastbill.http.get("/_sandbox/truth").get_json()

    assert truth == json.loads(json.dumps(fastbill.simulator.truth()))
    invoice = truth["invoices"][0]
    assert (invoice["TOTAL"], invoice["ITEMS"][0]["COMPLETE_NET"]) == ("570.01", "410")
    assert invoice["ESTIMATE_ID"] in {e["ESTIMATE_ID"] for e in truth["estimates"]}
    assert "DOCUMENT_URL" not in invoice


def test_the_account_survives_a_restart(tmp_path: Path) -> None:
    fastbill = seeded()
    url = fastbill.get("invoice.get", LIMIT=1)["INVOICES"][0]["DOCUMENT_URL"]
    state.save(fastbill.world, tmp_path / "fastbill.json")
    world = World()

    state.load(world, tmp_path / "fastbill.json")
    again = Caller(world)

    assert make(world).truth() == fastbill.simulator.truth()
    assert again.download(url).mimetype == "application/pdf"
    assert again.customer() > int(fastbill.simulator.truth()["customers"][-1]["CUSTOMER_ID"])


def test_two_worlds_with_one_seed_answer_the_same() -> None:
    def answers() -> list[bytes]:
        world = World()
        seed(world)
        fastbill = Caller(world, lists="mixed")
        return [fastbill.post({"SERVICE": service}).get_data() for service in ("customer.get", "invoice.get", "estimate.get") * 3]

    assert answers() == answers()

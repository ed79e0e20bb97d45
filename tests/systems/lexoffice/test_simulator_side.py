"""The account's own side: what a person does there, the page in four languages, deep links, the seeded firm, the truth, keeping it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller
from unisono.sandbox.kit import state
from unisono.sandbox.kit.words import LANGUAGES
from unisono.sandbox.kit.world import World
from unisono.sandbox.lexoffice import make, seed
from unisono.sandbox.lexoffice.acts import ACTS
from unisono.sandbox.lexoffice.kinds import ALL
from unisono.sandbox.lexoffice.words import WORDS


def seeded(**settings: Any) -> Caller:
    world = World()
    seed(world)
    return Caller(world, **settings)


def test_the_seeded_firm_has_customers_of_four_countries_and_papers_in_every_state() -> None:
    account = seeded()
    truth = account.simulator.truth()

    places = [one["addresses"]["billing"][0]["countryCode"] for one in truth["contacts"]]
    assert (len(truth["contacts"]), set(places)) == (15, {"DE", "AT", "PL", "RO"})
    assert {one["person"]["lastName"] for one in truth["contacts"] if "person" in one} == {"Köhler", "Weißenfels", "Nowak-Schäfer"}
    assert {one["listStatus"] for one in truth["invoices"]} == {"draft", "open", "overdue", "paid", "voided"}
    assert {one["voucherStatus"] for one in truth["quotations"]} == {"draft", "open", "accepted", "rejected"}
    assert all(truth[kind.path] for kind in ALL if kind.path != "dunnings")
    assert len(account.rows(size=250)) == 7 + 4 + 1 + 1 + 1 + 1 + 1


def test_seeding_leaves_the_clock_and_puts_the_records_into_the_past() -> None:
    world = World()
    before = world.clock.now()

    seed(world)

    assert world.clock.now() == before
    assert all(row["createdDate"] < "2026-11-02" for row in Caller(world).truth("invoices"))
    assert "outbox" not in world.storage.settings
    with pytest.raises(ValueError, match="no firm 'fr'"):
        seed(World(), "fr")


def test_a_person_writes_a_customer_in_one_form() -> None:
    account = Caller()
    key = account.act(
        "create_contact", name="Kranbau", role="both", street="Kai 1", zip="28195", city="Bremen", email="a@kran.example", mobile="1",
        vat_id="DE123456789", contact_last_name="Groß", contact_email="g@kran.example", shipping_city="Vegesack",
    )  # fmt: skip
    before = account.get(f"contacts/{key}")

    account.act("edit_contact", id=key, email="", mobile="2", city="Bremerhaven", shipping_city="", contact_first_name="Ida", note="neu")

    after = account.get(f"contacts/{key}")
    assert before["addresses"]["shipping"] == [{"city": "Vegesack", "countryCode": "DE"}]
    assert (set(before["roles"]), before["emailAddresses"], before["phoneNumbers"]) == (
        {"customer", "vendor"}, {"business": ["a@kran.example"]}, {"mobile": ["1"]},
    )  # fmt: skip
    assert after["addresses"] == {"billing": [{"street": "Kai 1", "zip": "28195", "city": "Bremerhaven", "countryCode": "DE"}]}
    assert after["company"]["contactPersons"] == [
        {"firstName": "Ida", "lastName": "Groß", "primary": True, "emailAddress": "g@kran.example"}
    ]
    assert (after["phoneNumbers"], after["note"], "emailAddresses" in after, after["version"]) == ({"mobile": ["2"]}, "neu", False, 2)


def test_a_person_edits_a_contact_that_programs_cannot_write() -> None:
    account = Caller()
    key = account.company(emailAddresses={"business": ["a@kran.example"]})
    account.act("add_entry", id=key, list="email.business", value="b@kran.example")

    account.act("edit_contact", id=key, email="c@kran.example", name="Kran neu")

    shown = account.get(f"contacts/{key}")
    assert shown["emailAddresses"] == {"business": ["c@kran.example", "b@kran.example"]}
    assert (shown["company"]["name"], shown["version"]) == ("Kran neu", 3)


def test_a_contact_is_deleted_only_while_no_document_names_it() -> None:
    account = Caller()
    named, free = account.company(), account.company("Frei")
    account.make(address={"contactId": named})

    account.act("delete_contact", id=free)
    with pytest.raises(ValueError, match="only be archived"):
        account.act("delete_contact", id=named)

    assert [one["id"] for one in account.truth("contacts")] == [named]
    assert account.refused("GET", f"contacts/{free}")[0] == 404


def test_a_person_writes_papers_and_continues_them() -> None:
    account = Caller(fresh_seconds=10)
    owner = account.company()
    offer = account.act(
        "create_quotation", contact_id=owner, items="Kran; 2; 100,00; 19\nBuch; 1; 10; 7", discount="10", finalize="yes", days="30"
    )
    account.act("accept", id=offer)
    invoice = account.act("create_invoice", follows=offer, title="Schluss")
    account.act("finalize", id=invoice)
    dunning = account.act("create_dunning", follows=invoice)

    first, second = account.get(f"quotations/{offer}"), account.get(f"invoices/{invoice}")
    assert first["totalPrice"] == {
        "currency": "EUR", "totalNetAmount": 189, "totalGrossAmount": 223.83, "totalTaxAmount": 34.83, "totalDiscountPercentage": 10,
    }  # fmt: skip
    assert (second["title"], second["address"]["contactId"], second["totalPrice"]["totalGrossAmount"]) == ("Schluss", owner, 248.7)
    assert [one["id"] for one in second["relatedVouchers"]] == [offer, dunning]
    assert account.truth("dunnings")[0]["preceding"] == invoice


@pytest.mark.parametrize(
    ("name", "values", "error", "words"),
    (
        ("fly", {}, KeyError, "no act 'fly'"),
        ("edit_contact", {"id": "7"}, KeyError, "no contact '7'"),
        ("create_contact", {"name": ""}, ValueError, "person.lastName: missing_entity"),
        ("create_contact", {"name": "x", "email": "x"}, ValueError, "emailAddress"),
        ("create_invoice", {"name": "x", "items": "Kran; 1"}, ValueError, "expected name; quantity; price"),
        ("create_invoice", {"name": "x", "items": "Kran; zwei; 1"}, ValueError, "is no number"),
        ("create_dunning", {}, ValueError, "needs the document it follows"),
        ("add_entry", {"id": "", "list": "x"}, KeyError, "no contact"),
        ("pay", {"id": "7"}, KeyError, "no voucher '7'"),
    ),
)
def test_an_act_that_cannot_be_says_why(name: str, values: dict[str, str], error: type[Exception], words: str) -> None:
    account = Caller()

    with pytest.raises(error, match=re.escape(words)):
        account.simulator.act(name, values)

    assert not any(account.simulator.truth().values())


# the page and the links to it


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_everything_in_the_visitors_language(language: str) -> None:
    account = seeded()
    account.act("create_dunning", follows=next(one["id"] for one in account.truth("invoices") if one["listStatus"] == "overdue"))

    page = account.http.get("/_sandbox/page", headers={"Accept-Language": language}).get_data(as_text=True)

    place = LANGUAGES.index(language)
    for code in (*(kind.path for kind in ALL), "contacts-lexoffice", "vouchers", "articles", "subscriptions", "state.overdue"):
        assert WORDS[code][place] in page, code
    assert "Müller &amp; Söhne" in page
    assert "MA0001" in page


def test_every_form_of_the_page_posts_to_an_act() -> None:
    page = seeded().http.get("/_sandbox/page").get_data(as_text=True)

    acts = set(re.findall(r'action="/_sandbox/act/([a-z_]+)"', page))

    assert acts <= set(ACTS)
    assert {"create_contact", "edit_contact", "finalize", "pay", "void", "accept", "create_invoice", "create_voucher", "new_key"} <= acts


def test_a_form_does_what_it_says_and_tells_it() -> None:
    account = Caller()
    answer = account.http.post("/_sandbox/act/create_contact", data={"name": "Kran", "country": "DE", "role": "customer"})
    wrong = account.http.post("/_sandbox/act/create_contact", data={"name": ""})

    assert answer.headers["Location"] == "/_sandbox/page?saved=yes"
    assert wrong.headers["Location"].startswith("/_sandbox/page?error=create_contact")
    assert [one["company"]["name"] for one in account.truth("contacts")] == ["Kran"]
    page = account.http.get("/_sandbox/page", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "10001" in page


def test_a_seeded_form_saved_as_it_stands_changes_no_content() -> None:
    account = seeded()
    page = account.http.get("/_sandbox/page").get_data(as_text=True)
    before = account.truth("contacts")
    count = 0
    for content in re.findall(r'action="/_sandbox/act/edit_contact">(.*?)</form>', page):
        fields = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', content))
        account.http.post("/_sandbox/act/edit_contact", data={name: value.replace("&amp;", "&") for name, value in fields.items()})
        count += 1

    assert count == len(before)
    assert account.truth("contacts") == [one | {"version": one["version"] + 1} for one in before]


@pytest.mark.parametrize("action", ("view", "edit"))
def test_a_deep_link_leads_to_the_record(action: str) -> None:
    account = seeded()
    invoice, contact = account.truth("invoices")[0]["id"], account.truth("contacts")[0]["id"]

    answer = account.http.get(f"/permalink/invoices/{action}/{invoice}")
    page = account.http.get(answer.headers["Location"].partition("#")[0]).get_data(as_text=True)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/_sandbox/page?show={invoice}#{invoice}")
    assert f'<span id="{invoice}"><strong>RE0001</strong>' in page
    assert account.http.get(f"/permalink/quotations/{action}/{invoice}").status_code == 404
    assert account.http.get(f"/permalink/contacts/{action}/{contact}").status_code == (302 if action == "view" else 404)
    assert account.http.get("/permalink/files/view").headers["Location"] == "/_sandbox/page#vouchers"


def test_every_word_is_there_in_all_languages() -> None:
    for code, texts in WORDS.items():
        assert len(texts) == len(LANGUAGES), code
        assert all(texts), code
        assert len({text.count("{kind}") for text in texts}) == 1, code


# truth and keeping


def test_the_truth_is_json_and_knows_what_the_api_keeps_to_itself() -> None:
    account = Caller()
    key = account.make(issued=True)
    account.act("pay", id=key, amount="19", date="2026-11-02")

    (row,) = json.loads(json.dumps(account.truth("invoices")))

    assert (row["listStatus"], row["openAmount"], row["preceding"]) == ("open", "100.00", "")
    assert row["payments"] == [{"amount": "19", "day": "2026-11-02", "type": "manualPayment"}]
    assert row["totalPrice"]["totalGrossAmount"] == "119.00"


def test_an_account_is_the_same_after_it_was_kept_in_a_file(tmp_path: Path) -> None:
    account = seeded()
    before = account.simulator.truth()
    state.save(account.world, tmp_path / "state.json")

    world = World()
    assert state.load(world, tmp_path / "state.json")
    again = Caller(world)

    assert make(world).truth() == before
    assert again.get(f"contacts/{before['contacts'][3]['id']}")["version"] == 1
    assert again.make() not in {one["id"] for one in before["invoices"]}
    assert again.truth("invoices")[-1]["voucherNumber"] == "RE0008"


def test_the_same_acts_give_the_same_account() -> None:
    assert seeded().simulator.truth() == seeded().simulator.truth()

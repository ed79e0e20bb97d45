"""The same stories with either CRM and either invoicing system: four combinations, and no code for any of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.stories.test_preview import previewed, rows
from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.support.village import TiedClock, Village
from tests.unit.engine.crash import Crash, crash_after, crash_never
from unisono.locale.languages import LANGUAGES
from unisono.locale.shortfall import shortfall_line
from unisono.model.secret import Secret
from unisono.policy.files import parse_policy
from unisono.policy.settings import values_of
from unisono.sandbox import bitrix24, centralstation, fastbill, lexoffice
from unisono.sandbox.centralstation.protocols import files_of
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, secrets
from unisono.store.doors import Store
from unisono.wiring import House, add_pair, system_file
from unisono.wiring.previewing import behind, found_rows
from unisono.wiring.settings import questions
from unisono.wiring.standing import titles_of

KEY = "canary4711canary4711"
POLICY = """schema_version = 1
language = "de"
[customers]
direction = "both"
country = "DE"
contacts = "none"
[customers.from_crm]
when = ["quote"]
[quotes]
direction = "to-invoicing"
[documents]
direction = "to-crm"
kinds = ["invoice"]
"""
FOUR = [(crm, books) for crm in ("centralstation", "bitrix24") for books in ("fastbill", "lexoffice")]
EVERY = pytest.mark.parametrize("v", FOUR, indirect=True, ids=lambda both: "-".join(both))
"""The story is played by every combination."""
FIRMS = {
    "centralstation": ({}, {"api_key": KEY}, {"api_key": KEY}),
    "bitrix24": ({"portal": "muster.bitrix24.de"}, {"webhook": f"https://muster.bitrix24.de/rest/1/{KEY}/"}, {"webhook_secret": KEY}),
    "fastbill": ({"email": "buchhaltung@example.de"}, {"api_key": "fb-0123456789abcdef"}, {}),
    "lexoffice": ({}, {"api_key": KEY}, {"api_key": KEY}),
}
"""What is typed to sign in, the key, and what the simulator is told of it."""
MAKERS: dict[str, Any] = {
    "centralstation": centralstation.make,
    "bitrix24": bitrix24.make,
    "fastbill": fastbill.make,
    "lexoffice": lexoffice.make,
}


class Firm(NamedTuple):
    """A customer as either side shows it."""

    name: str
    city: str


def town(folder: Path, crm: str, books: str) -> Village:
    """A pair of two vendors that are new to each other; it only reads."""
    clock, sims = FakeClock(), {}
    for number, name in enumerate((crm, books)):
        sims[name] = MAKERS[name](World(clock=TiedClock(clock), random=random.Random(number + 1)))
        plan = {"plan": "professional"} if name == "bitrix24" else {}
        sims[name].world.storage.settings.update(FIRMS[name][2] | plan)
    ways = {name: SimTransport(application(one)) for name, one in sims.items()}
    store, ring = Store.open(":memory:", least_room=0), secrets.KeyRing(folder / "key")
    house = House(store=store, ring=ring, folder=folder, clock=clock, chance=random.Random(3), transports=lambda name: ways[name])
    firm, ids = house.ids.new(), {name: house.ids.new() for name in (crm, books)}
    with store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        for name, of in ids.items():
            pairs.add_connection(conn, of, firm, name, name, FIRMS[name][0], {"plan": "premium"} if name == "fastbill" else {}, clock.now())
            for field, value in FIRMS[name][1].items():
                secrets.put_secret(conn, ring, of, field, Secret(value), clock.now())
    pair = add_pair(house, firm, f"{crm} - {books}", ids[crm], ids[books], POLICY)
    return Village(house, clock, sims[crm], sims[books], firm, ids[crm], ids[books], pair)


def released(folder: Path, both: tuple[str, str]) -> Village:
    made = town(folder, *both)
    made.sync()
    made.release()
    made.clock.advance(60)
    return made


@pytest.fixture
def v(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Village]:
    made = released(tmp_path, request.param)
    yield made
    made.house.store.close()


# what people do, in the words of each vendor


def is_portal(v: Village) -> bool:
    return "requisites" in v.crm.truth()


def is_fastbill(v: Village) -> bool:
    return "customers" in v.books.truth()


PLACE = {"street": "Ring 1", "zip": "12345", "city": "Berlin"}


def company(v: Village, name: str = "Sonne GmbH", **more: str) -> str:
    if is_portal(v):
        return str(v.crm_act("create_company", title=name, country="Deutschland", **PLACE, **more))
    return str(v.crm_act("create_company", name=name, country_code="DE", **PLACE, **more))


def offer(v: Village, company_id: str, value: str = "1200") -> str:
    if is_portal(v):
        items = {"items": f"Schild; 1; {value},00; 19"} if value else {}
        return str(v.crm_act("create_deal", title="Schild", company_id=company_id, **items))
    return str(v.crm_act("create_deal", name="Schild", company_id=company_id, **({"value": value} if value else {})))


def rename(v: Village, company_id: str, name: str) -> None:
    v.crm_act("edit_company", id=company_id, **{"title" if is_portal(v) else "name": name})


def books_act(v: Village, what: str, **values: str) -> str:
    return str(v.books.act(what, values)["id"])


def customer(v: Village, name: str = "Mond AG") -> str:
    if is_fastbill(v):
        where = {"ADDRESS": "Markt 7", "ZIPCODE": "50667", "CITY": "Köln", "COUNTRY_CODE": "DE"}
        return books_act(v, "create_customer", ORGANIZATION=name, **where)
    return books_act(v, "create_contact", name=name, street="Markt 7", zip="50667", city="Köln", country="DE")


def edited(v: Village, key: str, **values: str) -> None:
    """A person edits ``name`` or ``city`` of a customer in the books."""
    if is_fastbill(v):
        names = {"name": "ORGANIZATION", "city": "CITY"}
        books_act(v, "edit_customer", ID=key, **{names[name]: value for name, value in values.items()})
    else:
        books_act(v, "edit_contact", id=key, **values)


def gone(v: Village, key: str) -> None:
    """A person deletes a customer in the books."""
    books_act(v, "delete_customer", ID=key) if is_fastbill(v) else books_act(v, "delete_contact", id=key)


def invoice(v: Village, key: str) -> None:
    """A person writes and finishes an invoice."""
    if is_fastbill(v):
        books_act(v, "create_invoice", CUSTOMER_ID=key, TITLE="Reparatur", ITEMS="Reparatur; 1; 80; 19", COMPLETE="1")
    else:
        books_act(v, "create_invoice", contact_id=key, title="Reparatur", items="Reparatur; 1; 80; 19", finalize="1")


def firms(v: Village) -> list[Firm]:
    """The customers of the CRM."""
    truth = v.crm.truth()
    if is_portal(v):
        places = {row["ANCHOR_ID"]: row["CITY"] for row in truth["addresses"]}
        return sorted(Firm(row["TITLE"], places.get(row["ID"], "")) for row in truth["companies"])
    return sorted(Firm(row["name"], row["addrs"][0]["city"] if row["addrs"] else "") for row in truth["companies"])


def there(v: Village) -> list[Firm]:
    """The customers of the books."""
    truth = v.books.truth()
    if is_fastbill(v):
        return sorted(Firm(row["ORGANIZATION"], row["CITY"]) for row in truth["customers"])
    return sorted(Firm(row["company"]["name"], row["addresses"]["billing"][0]["city"]) for row in truth["contacts"])


def key_there(v: Village, name: str) -> str:
    truth = v.books.truth()
    if is_fastbill(v):
        return next(str(row["CUSTOMER_ID"]) for row in truth["customers"] if row["ORGANIZATION"] == name)
    return next(str(row["id"]) for row in truth["contacts"] if row["company"]["name"] == name)


def quotes(v: Village) -> int:
    truth = v.books.truth()
    return len(truth["estimates" if is_fastbill(v) else "quotations"])


def files(v: Village) -> int:
    """How many files lie in the CRM."""
    if is_portal(v):
        return sum(len(row.get("FILES") or []) for row in v.crm.truth()["comments"])
    return sum(len(files_of(v.crm.book, row["id"])) for row in v.crm.truth()["protocols"])


def call(v: Village, what: str) -> str:
    """The books' own name of a call that makes a ``customer`` or a ``quote``."""
    own = {"customer": ("customer.create", "POST contacts"), "quote": ("estimate.create", "POST quotations")}
    return own[what][0 if is_fastbill(v) else 1]


def written(v: Village) -> tuple[int, int]:
    return len(v.writes("a")), len(v.writes("b"))


def at_rest(v: Village) -> bool:
    """Whether another look writes nothing, and nobody is needed."""
    before = written(v)
    v.sync()
    v.sync()
    return written(v) == before and (v.problems(), v.questions()) == ([], [])


# the stories


@EVERY
def test_customers_of_both_sides_come_over_once_and_then_there_is_rest(v: Village) -> None:
    offer(v, company(v))
    customer(v)
    assert (len(firms(v)), len(there(v))) == (1, 1)

    v.sync()

    assert firms(v) == there(v) == [Firm("Mond AG", "Köln"), Firm("Sonne GmbH", "Berlin")]
    assert at_rest(v)


@EVERY
def test_an_edit_of_either_side_arrives_at_the_other(v: Village) -> None:
    sun = company(v)
    offer(v, sun)
    v.sync()

    edited(v, key_there(v, "Sonne GmbH"), city="Bremen")
    v.sync()
    assert firms(v) == [Firm("Sonne GmbH", "Bremen")]
    rename(v, sun, "Abendsonne GmbH")
    v.sync()

    assert firms(v) == there(v) == [Firm("Abendsonne GmbH", "Bremen")]
    assert at_rest(v)


@EVERY
@pytest.mark.parametrize(("said", "name"), (("crm", "Sonne KG"), ("invoicing", "Sonne AG")))
def test_what_both_sides_edited_is_asked_about_and_then_as_the_answer_says(v: Village, said: str, name: str) -> None:
    sun = company(v)
    offer(v, sun)
    v.sync()
    rename(v, sun, "Sonne KG")
    edited(v, key_there(v, "Sonne GmbH"), name="Sonne AG")
    v.sync()
    (asked,) = v.questions()
    assert (asked.code, firms(v)[0].name, there(v)[0].name) == ("conflict", "Sonne KG", "Sonne AG")

    v.answer(asked, said)
    v.sync()

    assert firms(v)[0].name == there(v)[0].name == name
    assert at_rest(v)


@EVERY
def test_an_offer_becomes_one_quote_in_the_books(v: Village) -> None:
    offer(v, company(v))
    assert quotes(v) == 0

    v.sync()

    assert quotes(v) == 1
    assert v.link_count()["quote"] == 1
    assert at_rest(v)


@EVERY
def test_an_invoice_is_filed_with_its_pdf_once(v: Village) -> None:
    born = customer(v)
    v.sync()
    assert files(v) == 0

    invoice(v, born)
    v.sync()

    assert files(v) == 1
    assert at_rest(v)
    assert files(v) == 1


@EVERY
def test_a_customer_deleted_in_the_books_is_unlinked_and_stays_in_the_crm(v: Village) -> None:
    customer(v)
    v.sync()
    gone(v, key_there(v, "Mond AG"))

    for _ in range(4):
        v.sync()

    assert (firms(v), there(v)) == ([Firm("Mond AG", "Köln")], [])
    assert [note["values"]["code"] for note in v.notes() if note["event"] == "unlinked"] == ["deleted-there"]


@EVERY
@pytest.mark.parametrize("what", ("customer", "quote"))
def test_an_answer_that_was_lost_makes_nothing_twice(v: Village, what: str) -> None:
    offer(v, company(v))
    v.books.world.faults.arm("timeout-after", call(v, what))

    for _ in range(3):
        v.sync()

    assert v.books.world.faults.bitten == ["timeout-after"]
    assert (there(v), quotes(v)) == ([Firm("Sonne GmbH", "Berlin")], 1)
    assert v.writes("b").count(call(v, what)) == 1
    assert at_rest(v)


@pytest.mark.parametrize("both", FOUR, ids="-".join)
@pytest.mark.parametrize("moment", (2, 5, 8, 11))
def test_a_crash_between_intent_and_outcome_makes_nothing_twice(tmp_path: Path, both: tuple[str, str], moment: int) -> None:
    v = released(tmp_path, both)
    offer(v, company(v))
    customer(v)
    v.clock.advance(360)
    crash_after(v, moment)
    with pytest.raises(Crash):
        v.cycle()
    crash_never(v)

    for _ in range(2):
        v.sync()

    assert firms(v) == there(v) == [Firm("Mond AG", "Köln"), Firm("Sonne GmbH", "Berlin")]
    assert quotes(v) == 1
    assert at_rest(v)


@pytest.mark.parametrize("both", FOUR, ids="-".join)
def test_what_will_not_go_across_is_said_in_the_preview(tmp_path: Path, both: tuple[str, str]) -> None:
    v = town(tmp_path, *both)
    v.sync()
    bare = {"title": "Ohne Anschrift GmbH"} if is_portal(v) else {"name": "Ohne Anschrift GmbH"}
    offer(v, str(v.crm_act("create_company", **bare)))
    offer(v, company(v), value="")

    run = previewed(v, POLICY.replace('when = ["quote"]', 'when = ["quote"]\nhistory = "all"'))

    told = {(row.label, row.action["reason"]["code"]) for row in rows(v, run) if row.verdict == "refused"}
    assert ("Ohne Anschrift GmbH", "missing-field") in told
    assert written(v) == (0, 0)


CANNOT = {
    "centralstation-fastbill": {"bind", "no-lines", "older-stays", "part-of-owner"},
    "centralstation-lexoffice": {"bind", "no-lines", "older-stays", "only-person", "currency", "vat-rates", "several-entries"},
    "bitrix24-fastbill": {"no-such-word", "part-of-owner"},
    "bitrix24-lexoffice": {"no-such-word", "only-person", "only-company", "currency", "vat-rates", "max-lines", "several-entries"},
}
"""What each combination says beforehand, besides what all of them say."""
ALL = {"no-place", "too-long", "not-cleared", "never-changed", "as-note", "no-address"}
HISTORY = POLICY.replace('when = ["quote"]', 'when = ["quote"]\nhistory = "all"')


@pytest.mark.parametrize("both", FOUR, ids="-".join)
def test_each_combination_says_in_its_preview_what_it_cannot_do_and_how_that_is_known(tmp_path: Path, both: tuple[str, str]) -> None:
    v = town(tmp_path, *both)
    v.sync()

    run = previewed(v, HISTORY)

    said = run.sheet["cannot"]
    assert {one["code"] for one in said if not one.get("entry")} == ALL | CANNOT["-".join(both)]
    assert all(one["confidence"] for one in said if one["code"] != "no-address" and not one.get("entry"))
    with v.house.store.read() as conn:
        titles = titles_of(v.house, conn, v.pair)
    for language in LANGUAGES:
        for one in said:
            line = shortfall_line(one, language, titles)
            assert titles[one["side"]] in line, line
            assert not {"{", "}"} & set(line), line
            assert "cannot." not in line, line


@pytest.mark.parametrize("both", FOUR, ids="-".join)
def test_what_of_a_record_has_no_place_over_there_is_counted_beforehand_and_its_records_are_found(
    tmp_path: Path, both: tuple[str, str]
) -> None:
    v = town(tmp_path, *both)
    v.sync()
    field = "note" if both[1] == "fastbill" else "website"
    own = {"note": "comments", "website": "web"} if is_portal(v) else {"note": "background", "website": "homepage"}
    for name in ("Eins GmbH", "Zwei GmbH"):
        offer(v, company(v, name, **{own[field]: "www.sonne.example"}))
    offer(v, company(v))

    run = previewed(v, HISTORY)

    (group,) = [one for one in behind(v.house, run) if one["kind"] == "party"]
    assert (group["mark"], group["count"], group["names"]) == (f"b:no-place:{field}", 2, ["Eins GmbH", "Zwei GmbH"])
    found, more = found_rows(v.house, run.id, mark=group["mark"])
    assert ([row.label for row in found], more) == (["Eins GmbH", "Zwei GmbH"], 0)
    assert {row.verdict for row in found} == {"new"}, "the rest of them goes across"
    assert found_rows(v.house, run.id, mark="b:no-place:fax")[0] == []


@pytest.mark.parametrize("both", [both for both in FOUR if both[1] == "lexoffice"], ids="-".join)
def test_people_for_whom_a_company_has_no_room_over_there_are_named_beforehand(tmp_path: Path, both: tuple[str, str]) -> None:
    v = town(tmp_path, *both)
    v.sync()
    for name, people in (("Eins GmbH", ("Ahorn",)), ("Zwei GmbH", ("Birke", "Buche", "Buchs"))):
        sun = company(v, name)
        offer(v, sun)
        for last in people:
            if is_portal(v):
                v.crm_act("create_contact", name="Ida", last_name=last, company_id=sun)
            else:
                v.crm_act("create_person", first_name="Ida", name=last, company_id=sun)

    run = previewed(v, HISTORY.replace('contacts = "none"', 'contacts = "all"'))

    (group,) = [one for one in behind(v.house, run) if one["mark"].startswith("held:")]
    assert (group["mark"], group["kind"], group["count"], run.sheet["held"]) == ("held:one-person-only:", "contact", 2, 2)
    assert group["names"] == ["Ida Buche", "Ida Buchs"]
    assert [row.label for row in found_rows(v.house, run.id, mark=group["mark"])[0]] == group["names"]


ABLE = {
    ("invoices.direction", "to-invoicing"): {"bitrix24-lexoffice"},
    ("products.direction", "both"): {"bitrix24-lexoffice"},
    ("customers.from_crm.when", "tag"): {"centralstation", "bitrix24"},
}
"""An answer of the settings -> the CRMs, or the combinations, that it comes to something with."""


@pytest.mark.parametrize("both", FOUR, ids="-".join)
@pytest.mark.parametrize("wanted", ABLE, ids=".".join)
def test_an_answer_that_would_come_to_nothing_is_said_beside_the_question(both: tuple[str, str], wanted: tuple[str, str]) -> None:
    a, b = (system_file(name) for name in both)
    (asked,) = [one for one in questions(a, b, values_of(parse_policy(POLICY))) if one.setting.entry == wanted[0]]

    lack = asked.lacks.get(wanted[1])

    able = both[0] in ABLE[wanted] or "-".join(both) in ABLE[wanted]
    assert (lack is None) == able

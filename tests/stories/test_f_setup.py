"""F01, F02, F03, F15: what set-up asks for and tells, and that nobody has to do anything afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.stories.folk import BOTH, companies, company, company_names, customer, customer_names, deal_of, estimates
from tests.support.village import Village, village
from unisono.locale.say import say
from unisono.model.errors import LoginRefused
from unisono.model.secret import Secret
from unisono.store import pairs, secrets
from unisono.store.doors import Store
from unisono.store.tables import secret
from unisono.wiring import system_file
from unisono.wiring.running import Runner
from unisono.wiring.setup import MissingLogin, connect, release

EMAIL, KEY = "buchhaltung@example.de", "fb-0123456789abcdef"


def connection_count(v: Village) -> int:
    with v.house.store.read() as conn:
        return len(pairs.connections(conn, v.firm))


@pytest.mark.feature("F01", kind="do")
def test_set_up_asks_for_fastbills_login_e_mail_and_its_api_key_and_for_nothing_else() -> None:
    fields = system_file("fastbill").login
    assert [f.name for f in fields] == ["email", "api_key"]
    assert [f.name for f in fields if f.secret] == ["api_key"]
    assert not any("passw" in f.name.lower() for f in fields)


@pytest.mark.feature("F01", kind="do")
def test_e_mail_and_key_are_enough_and_are_tried_at_fastbill_on_the_spot(unreleased: Village) -> None:
    v = unreleased
    before = v.calls("b")
    made = connect(v.house, v.firm, "fastbill", {"email": EMAIL, "api_key": KEY}, {})
    assert [c.operation for c in v.books.world.log.calls[before:]] == ["customer.get"]
    with v.house.store.read() as conn:
        assert pairs.get_connection(conn, made.id).login == {"email": EMAIL}
        assert secrets.get_secret(conn, v.house.ring, made.id, "api_key").reveal() == KEY


@pytest.mark.feature("F01", kind="do")
def test_a_wrong_key_is_refused_and_nothing_is_stored(unreleased: Village) -> None:
    v = unreleased
    before = connection_count(v)
    with pytest.raises(LoginRefused) as refused:
        connect(v.house, v.firm, "fastbill", {"email": EMAIL, "api_key": "fb-not-the-key"}, {})
    assert connection_count(v) == before
    assert "fb-not-the-key" not in f"{refused.value} {refused.value.raw}"


@pytest.mark.feature("F01", kind="do")
@pytest.mark.parametrize("missing", ("email", "api_key"))
def test_a_value_that_is_missing_is_named_before_anything_is_called(unreleased: Village, missing: str) -> None:
    v = unreleased
    before = v.calls("b")
    given = {"email": EMAIL, "api_key": KEY} | {missing: " "}
    with pytest.raises(MissingLogin, match=missing):
        connect(v.house, v.firm, "fastbill", given, {})
    assert v.calls("b") == before


@pytest.mark.feature("F01", kind="do")
def test_the_key_lies_on_the_disk_encrypted_and_no_password_is_asked_for_or_kept(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", least_room=0) as store:
        v = village(tmp_path, store=store)
        made = connect(v.house, v.firm, "fastbill", {"email": EMAIL, "api_key": KEY}, {})
        v.sync()
        with store.read() as conn:
            assert set(pairs.get_connection(conn, made.id).login) == {"email"}
            assert set(conn.execute(select(secret.c.field).where(secret.c.connection == made.id)).scalars()) == {"api_key"}
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert EMAIL.encode() in written, "what is no secret is there to be read"
    assert KEY.encode() not in written
    assert b"centralstation-sandbox-key" not in written


@pytest.mark.feature("F01", kind="do")
def test_the_key_shows_in_no_representation() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r}"


@pytest.mark.feature("F02", kind="tell")
def test_set_up_says_where_fastbill_shows_the_key() -> None:
    (field,) = [f for f in system_file("fastbill").login if f.name == "api_key"]
    told = say(field.where, {}, "de")
    assert "Einstellungen" in told
    assert "API" in told
    assert told != field.where


@pytest.mark.feature("F02", kind="tell")
def test_set_up_says_where_the_crm_keeps_its_integrations() -> None:
    told = say("centralstation.where.integrations", {}, "de")
    for word in ("Accounteinstellungen", "Integrationen verwalten", "FastBill", "Integration einrichten"):
        assert word in told


@pytest.mark.feature("F02", kind="tell")
@pytest.mark.parametrize("language", ("de", "en", "pl", "ro"))
def test_both_paths_are_told_in_every_language(language: str) -> None:
    for code in ("fastbill.where.api_key", "fastbill.where.email", "centralstation.where.api_key", "centralstation.where.integrations"):
        assert say(code, {}, language) not in ("", code)


@pytest.mark.feature("F15", kind="tell")
def test_set_up_tells_that_fastbill_may_tax_persons_and_companies_differently() -> None:
    told = say("tell.person-or-company", {}, "de")
    for word in ("FastBill", "Person", "Firm", "steuer", "Angebot"):
        assert word.lower() in told.lower()


@pytest.mark.feature("F15", kind="tell")
def test_an_offer_for_a_person_makes_a_consumer_and_one_for_a_company_a_business(v: Village) -> None:
    """What the warning is about: the addressee of an offer decides as what FastBill taxes it."""
    anna = v.crm_act("create_person", first_name="Anna", name="Ahrens", street="Ring 1", zip="12345", city="Berlin", country_code="DE")
    v.crm_act("create_deal", name="Portrait", value="300", person_ids=str(anna))
    deal_of(v, company(v))
    v.sync()
    kinds = {c["ORGANIZATION"] or c["LAST_NAME"]: c["CUSTOMER_TYPE"] for c in v.books.truth()["customers"]}
    assert kinds == {"Ahrens": "consumer", "Bäckerei Sonne GmbH": "business"}


@pytest.mark.feature("F03", kind="do")
@BOTH
def test_after_release_data_flows_both_ways_while_nobody_does_anything(unreleased: Village) -> None:
    v = unreleased
    runner = Runner(house=v.house, holder="test")
    runner.turn()
    release(v.house, v.pair, "test")
    v.clock.advance(60)
    deal_of(v, company(v))
    customer(v)
    assert (customer_names(v), company_names(v)) == (["Mond Optik GmbH"], ["Bäckerei Sonne GmbH"])
    for _ in range(24):  # an hour passes; the runner wakes again and again, as it does by itself
        runner.turn()
        v.clock.advance(150)
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Mond Optik GmbH"]
    assert company_names(v) == ["Bäckerei Sonne GmbH", "Mond Optik GmbH"]
    assert len(estimates(v)) == 1


@pytest.mark.feature("F03", kind="do")
def test_before_release_nothing_is_written_whatever_people_do(unreleased: Village) -> None:
    v = unreleased
    v.sync()
    deal_of(v, company(v))
    customer(v)
    v.sync()
    assert v.writes("a") + v.writes("b") == []
    assert len(companies(v)) == 1

"""What every ``system.toml`` must hold, and the statements about single vendors that nothing may soften."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from importlib.resources import files
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from unisono.model.capability import Capabilities, Confidence, Resource, Writing, calls_to_read, confidence_of, with_options
from unisono.model.codes import COUNTRIES, CREDIT_NOTE, INVOICE, ORDER, PREPAYMENT, PRO_FORMA, QUOTATION, RECEIPT
from unisono.model.record import Kind
from unisono.systems import NAMES
from unisono.systems.catalogue import all_systems, load
from unisono.systems.describe import as_json, guesses, rows

ALL = ("bilendo", "bitrix24", "centralstation", "fakturownia", "fastbill", "lexoffice", "minicrm", "onecrm", "smartbill", "sugester")
CRMS = {"bitrix24", "centralstation", "minicrm", "onecrm", "sugester"}

# The fastest any vendor's documents, or a working client, allow: calls, seconds. Where nothing is known, our own restraint.
ALLOWED: dict[str, tuple[int, int]] = {
    "bilendo": (2, 1),
    "bitrix24": (50, 25),
    "centralstation": (50, 10),
    "fakturownia": (1000, 60),
    "fastbill": (50, 3600),
    "lexoffice": (2, 1),
    "minicrm": (60, 60),
    "onecrm": (5, 1),
    "smartbill": (30, 10),
    "sugester": (60, 60),
}
FASTBILL_PLANS = {"solo": 50, "solo-plus": 100, "pro": 500, "premium": 1000}


@pytest.fixture(params=ALL)
def system(request: pytest.FixtureRequest) -> Capabilities:
    name: str = request.param
    if name not in NAMES:
        pytest.skip(f"{name}/system.toml is not there yet")
    return load(name)


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("unisono.systems") / name / "system.toml").read_text(encoding="utf-8"))


def test_the_systems_are_found_by_their_folders_in_order() -> None:
    assert list(NAMES) == sorted(NAMES)
    assert set(NAMES) <= set(ALL)
    assert [s.name for s in all_systems()] == list(NAMES)


def test_an_unknown_system_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="salesforge"):
        load("salesforge")


def test_every_file_parses_and_says_who_it_is(system: Capabilities) -> None:
    assert system.kind == ("crm" if system.name in CRMS else "invoicing")
    assert system.country in COUNTRIES
    assert system.title
    assert ZoneInfo(system.time_zone).utcoffset(datetime(2026, 1, 1)) is not None  # noqa: DTZ001 - only asks whether the zone exists


def test_only_what_has_a_connector_says_it_is_implemented(system: Capabilities) -> None:
    assert system.implemented == (system.name in {"bitrix24", "centralstation", "fastbill", "lexoffice"})


def test_every_address_is_https_and_lies_on_an_allowed_host(system: Capabilities) -> None:
    assert system.api.startswith("https://")
    if "{host}" in system.api or "{portal}" in system.api:
        assert system.own_host
        return
    host = system.api.removeprefix("https://").split("/")[0].replace("{prefix}", "muster")
    assert any(host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:])) for allowed in system.hosts), host


def test_the_key_is_secret_and_every_login_field_says_where_it_is_found(system: Capabilities) -> None:
    assert any(f.secret for f in system.login)
    for login in system.login:
        assert re.fullmatch(rf"{system.name}\.where\.[a-z0-9_]+", login.where), login
        assert not (login.secret and re.fullmatch(r"[0-9a-zA-Z]{16,}", login.example)), "an example is no real key"


def test_every_fact_says_in_the_file_itself_how_it_is_known(system: Capabilities) -> None:
    data, words = table(system.name), get_args(Confidence)
    for place in ("resource", "write", "fact", "option"):
        for name, row in data.get(place, {}).items():
            assert row.get("confidence") in words, f"{place}.{name} leaves its confidence to the default"
    for n, row in enumerate(data["pace"], 1):
        assert row.get("confidence") in words, f"pace {n}"
    for resource, states in data.get("status", {}).items():
        for word, row in states.items():
            assert row.get("confidence") in words, f"status.{resource}.{word}"
    for kind, row in data["write"].items():
        for name, limit in row.get("fields", {}).items():
            assert limit.get("confidence") in words, f"write.{kind}.fields.{name}"


def test_a_lag_nobody_measured_is_marked_as_a_guess(system: Capabilities) -> None:
    measured = {("lexoffice", "party")}
    for writing in system.writings:
        if (system.name, writing.kind) not in measured and writing.create != "none":
            assert confidence_of(writing, "lag") == "guess", writing.kind


def test_a_statement_known_to_be_a_guess_is_listed_as_one(system: Capabilities) -> None:
    told = guesses(system)
    for writing in system.writings:
        if writing.confidence == "guess":
            assert f"write.{writing.kind}" in told
        assert all(f"write.{writing.kind}.{entry}" in told for entry, mark in writing.marks.items() if mark == "guess")
    assert len(told) == len(set(told))


def test_no_create_is_left_without_a_way_to_find_it_again(system: Capabilities) -> None:
    without = {w.kind for w in system.writings if w.create != "none" and w.find == "none"}
    # A file handed over as an address: the field of the card is compared.
    assert without <= ({"file"} if system.name == "minicrm" else set())


def test_a_natural_find_names_the_fields_it_compares(system: Capabilities) -> None:
    if not system.implemented:
        assert [w.kind for w in system.writings if w.find == "natural" and not w.natural_key] == []


def test_documents_name_their_types_and_how_lines_are_seen(system: Capabilities) -> None:
    known = {QUOTATION, ORDER, PRO_FORMA, PREPAYMENT, INVOICE, CREDIT_NOTE, RECEIPT}
    for writing in system.writings:
        assert set(writing.types) <= known
        if writing.kind in ("quote", "order", "invoice") and writing.create != "none" and not system.implemented:
            assert writing.types, writing.kind
    for resource in system.resources:
        if {"quote", "order", "invoice"} & set(resource.kinds) and not resource.part_of and not system.implemented:
            assert resource.lines != "unstated", resource.name


def test_pace_never_allows_more_than_the_vendor(system: Capabilities) -> None:
    calls, seconds = ALLOWED[system.name]
    assert system.pace
    for rule in system.pace:
        assert rule.window != "none"
        assert rule.limit <= calls or rule.seconds > seconds, "no more at once"
        assert rule.limit * seconds <= calls * rule.seconds, "and no more over time"
        for plan, limit in rule.plans.items():
            assert system.name == "fastbill"
            assert limit <= FASTBILL_PLANS[plan]


def test_every_system_has_a_page_for_people_beside_its_file(system: Capabilities) -> None:
    text = (files("unisono.systems") / system.name / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert system.implemented or "Not connected yet" in text


def test_rows_tell_every_kind_with_a_known_confidence_and_json_holds_them_all(system: Capabilities) -> None:
    told = rows(system)
    kinds = {kind for r in system.resources for kind in r.kinds if not r.part_of} | {w.kind for w in system.writings}
    assert {row.subject for row in told if row.section == "kind"} == kinds
    assert {row.subject for row in told if row.section == "fact"} == {fact.code for fact in system.facts}
    stated = [row for row in told if row.section in ("pace", "fact", "option", "status")]
    assert all(row.confidence in get_args(Confidence) for row in stated)
    data = json.loads(json.dumps(as_json(system)))
    assert len(data["rows"]) == len(told)
    assert data["guesses"] == guesses(system)
    assert data["hosts"] == list(system.hosts)


# What the vendors cannot do.


def test_smartbill_documents_cannot_be_listed_and_never_be_read() -> None:
    smartbill = load("smartbill")
    for kind in _kinds("quote", "invoice"):
        assert smartbill.lists(kind) is None
        status = smartbill.reads(kind)
        assert status is not None
        assert (status.depth, status.lines) == ("status", "hidden")
        assert smartbill.write_only(kind)
    assert smartbill.lists("payment") is None


def test_smartbill_issues_under_one_series_at_a_time_or_makes_a_draft_it_cannot_find_again() -> None:
    for kind in _kinds("quote", "invoice"):
        writing = load("smartbill").writing(kind)
        assert (writing.create, writing.other_means) == ("issued", ("blind-draft",))
        assert (writing.exclusive, writing.find) == ("series", "counter")
        assert not writing.change
        assert not writing.delete


def test_smartbill_customers_have_no_call_of_their_own_and_their_tax_id_is_their_key() -> None:
    party = load("smartbill").writing("party")
    assert party.inside == "invoice"
    assert party.natural_key[0] == "tax_id"


def test_smartbill_shows_customers_and_prices_only_with_the_second_token() -> None:
    smartbill = load("smartbill")
    before = with_options(smartbill)
    assert before.lists("party") is None
    assert before.lists("product") is None
    assert before.write_only("party")
    after = with_options(smartbill, {"catalogue-token"})
    assert after.lists("party") == smartbill.resource("clients")
    assert [f.name for f in after.login if f not in before.login] == ["catalogue_token"]


def test_smartbill_locks_out_for_ten_minutes() -> None:
    (rule,) = load("smartbill").pace
    assert (rule.window, rule.limit, rule.seconds, rule.block) == ("block", 30, 10, 600)


def test_fakturownia_issues_whatever_it_creates_and_changes_lines_by_their_id() -> None:
    fakturownia = load("fakturownia")
    for kind in _kinds("quote", "order", "invoice"):
        writing = fakturownia.writing(kind)
        assert writing.create == "issued"
        assert writing.other_means == ()
        assert writing.line_mode == "by-id"
    assert "accepted-by-ksef" in fakturownia.writing("invoice").immutable_when
    assert fakturownia.resource("invoices").signal == "ordered-until"
    assert "public-file-link" in fakturownia.doors


def test_lexoffice_invoices_are_made_as_a_draft_or_issued_and_never_changed() -> None:
    for kind in _kinds("quote", "invoice"):
        writing = load("lexoffice").writing(kind)
        assert (writing.create, writing.other_means) == ("draft", ("issued",))
        assert (writing.change, writing.delete, writing.mode) == (False, False, "none")
        assert writing.immutable_when == ("created",)
    assert load("lexoffice").writing("payment").create == "none"


def test_lexoffice_contacts_are_replaced_whole_under_a_version_and_cannot_be_deleted() -> None:
    lexoffice = load("lexoffice")
    party = lexoffice.writing("party")
    assert (party.mode, party.conditional, party.delete) == ("replace", True, False)
    assert "more-than-one-entry" in party.immutable_when
    assert lexoffice.resource("contacts").signal == "version"
    assert lexoffice.resource("voucherlist").window == 10_000
    assert lexoffice.writing("contact").inside == "party"


def test_minicrm_products_are_written_and_never_read() -> None:
    minicrm = load("minicrm")
    for kind in _kinds("product", "stock"):
        assert minicrm.reads(kind) is None
        assert minicrm.write_only(kind)
    assert minicrm.writing("product").mode == "upsert"
    assert ("kind", "product", "read", "never: write-only") in [(r.section, r.subject, r.statement, r.value) for r in rows(minicrm)]


def test_minicrm_cards_cost_a_call_each_so_five_thousand_take_over_eighty_minutes() -> None:
    minicrm = load("minicrm")
    (rule,) = minicrm.pace
    minutes = calls_to_read(minicrm.resource("offers"), 5000) / rule.limit * rule.seconds / 60
    assert 83 <= minutes <= 85
    assert "attach-by-url" in minicrm.doors
    assert "webhook" not in minicrm.doors


def test_everything_about_bilendo_invoices_is_a_guess() -> None:
    bilendo = load("bilendo")
    parts: list[Resource | Writing] = [r for r in bilendo.resources if {"invoice", "payment"} & set(r.kinds)]
    parts += [w for w in bilendo.writings if w.kind in ("invoice", "payment")]
    assert len(parts) >= 3
    assert [part for part in parts if part.confidence != "guess" or set(part.marks.values()) - {"guess"}] == []
    assert {limit.confidence for limit in bilendo.fields("invoice").values()} == {"guess"}
    about = re.compile(r"(invoice|credit-note|payment|reminder|media-file)-(path|body|find-path|member.*|words|.*-words|members)|derive-.*")
    unverified = [fact for fact in bilendo.facts if about.fullmatch(fact.code)]
    assert len(unverified) >= 25
    assert {fact.confidence for fact in unverified} == {"guess"}
    shown = [row for row in rows(bilendo) if (row.section, row.subject) in (("kind", "invoice"), ("kind", "payment")) and row.confidence]
    assert {row.confidence for row in shown} == {"guess"}


def test_bilendo_wants_the_pdf_first_and_keeps_references_in_lower_case() -> None:
    bilendo = load("bilendo")
    assert bilendo.writing("invoice").file_first
    assert bilendo.writing("payment").create == "none", "payments are only read there"
    assert bilendo.resource("invoices").lines == "hidden"
    assert {bilendo.fields(kind)["reference"].form for kind in _kinds("party", "contact", "invoice")} == {"lower"}
    assert bilendo.fact("invoice-path") == "/invoices"


def test_a_bitrix24_customer_is_several_writes_in_batches_and_its_limit_is_shared_by_the_address() -> None:
    bitrix24 = load("bitrix24")
    (rule,) = bitrix24.pace
    assert (rule.window, rule.limit, rule.seconds, rule.scope) == ("bucket", 50, 25, "address")
    party = bitrix24.writing("party")
    assert (len(party.steps), party.calls) == (3, 1), "three commands travel in one call"
    assert bitrix24.fact("run-time-limit").startswith("480 s")
    assert bitrix24.writing("payment").create == "none"


def test_bitrix24_opens_buttons_and_notices_only_to_a_local_app_and_triggers_to_both_logins() -> None:
    bitrix24 = load("bitrix24")
    assert {"button", "trigger", "webhook"} & set(with_options(bitrix24).doors) == {"trigger"}, "one that an administrator made by hand"
    assert {"button", "trigger", "webhook"} <= set(with_options(bitrix24, {"local-app"}).doors)


def test_sugester_upserts_are_guesses_and_a_missing_row_is_no_deletion() -> None:
    sugester = load("sugester")
    assert [w.kind for w in sugester.writings if w.mode == "upsert" and w.confidence != "guess"] == []
    assert [r.name for r in sugester.resources if r.whole] == []
    assert sugester.lists("contact") is not None
    assert with_options(sugester).lists("contact") is None, "until set-up has seen it answer"
    assert sugester.writing("file").create == "none"


def test_a_1crm_invoice_is_made_piece_by_piece_and_checked_before_its_last_step() -> None:
    invoice = load("onecrm").writing("invoice")
    assert invoice.create == "draft"
    assert invoice.calls == len(invoice.steps) == 6
    assert invoice.steps[-2] == "check against the tally"
    assert not invoice.delete
    assert "button" not in load("onecrm").doors


def _kinds(*kinds: Kind) -> tuple[Kind, ...]:
    return kinds


@pytest.mark.parametrize(("name", "told"), (("bitrix24", "name 255 (of a person 50)"), ("centralstation", "name 120 (of a person 80)")))
def test_how_long_a_field_may_be_is_told_with_a_person_s_own_length(name: str, told: str) -> None:
    (row,) = [row for row in rows(load(name)) if (row.subject, row.statement) == ("party", "most characters")]
    assert told in row.value
    assert not [row for row in rows(load("fastbill")) if row.statement == "most characters"], "FastBill names no lengths"

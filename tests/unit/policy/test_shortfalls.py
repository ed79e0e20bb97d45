"""What two systems cannot do of what a policy asks for: read off their files, for any pair, as far as the policy makes it matter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unisono.model.capability import Capabilities, signed_in
from unisono.policy.files import parse_policy
from unisono.policy.shortfalls import Shortfall, shortfalls
from unisono.systems.catalogue import load

BASE = """schema_version = 1
[customers]
direction = "both"
contacts = "all"
"""
FOUR = [(crm, books) for crm in ("centralstation", "bitrix24") for books in ("fastbill", "lexoffice")]


def usual(name: str) -> Capabilities:
    return signed_in(load(name))


def found(crm: str, books: str, policy: str = BASE, *, way: str = "") -> list[Shortfall]:
    a, b = signed_in(load(crm), way), usual(books)
    return list(shortfalls(parse_policy(policy), a, b))


def codes(found: list[Shortfall], **which: Any) -> set[str]:
    return {one.code for one in found if all(getattr(one, name) == value for name, value in which.items())}


def the(found: list[Shortfall], code: str, **which: Any) -> Shortfall:
    (one,) = [f for f in found if f.code == code and all(getattr(f, name) == value for name, value in which.items())]
    return one


@pytest.mark.parametrize(
    ("books", "fields"), (("fastbill", ("address.region", "note")), ("lexoffice", ("address.region", "title", "website")))
)
def test_fields_without_a_place_are_named_with_how_that_is_known(books: str, fields: tuple[str, ...]) -> None:
    one = the(found("centralstation", books), "no-place", side="invoicing", kind="party")
    assert (tuple(sorted(one.fields)), one.way, one.confidence) == (fields, "never", "doc")


def test_a_field_of_the_firms_own_is_another_way_where_the_system_lets_one_be_tied() -> None:
    assert set(the(found("centralstation", "fastbill"), "bind", kind="party", entry="").fields) == {"tax_id", "number", "buyer_reference"}
    assert the(found("centralstation", "fastbill"), "bind", kind="party", entry="").way == "otherwise"
    assert "number" in the(found("bitrix24", "fastbill"), "no-place", side="crm", kind="party").fields


def test_lengths_are_told_where_the_other_side_holds_more_and_a_person_s_beside_a_company_s() -> None:
    limits = {name: (length, person) for name, length, person in the(found("bitrix24", "fastbill"), "too-long", kind="party").limits}
    assert (limits["name"], limits["first_name"]) == ((255, 50), (50, 0))
    assert "address.country" not in limits, "a country is a code here"
    assert "too-long" not in codes(found("bitrix24", "fastbill"), side="invoicing", kind="party"), "FastBill names no lengths"


@pytest.mark.parametrize("direction", ("to-crm", "to-invoicing"))
def test_only_the_direction_that_was_chosen_matters(direction: str) -> None:
    told = found("centralstation", "lexoffice", BASE.replace('"both"', f'"{direction}"').replace('"all"', '"none"'))
    sides = {
        one.side for one in told if one.code in ("no-place", "bind", "too-long", "not-cleared") and not one.entry and one.kind == "party"
    }
    assert sides == {"crm" if direction == "to-crm" else "invoicing"}


def test_a_field_that_the_firm_keeps_back_is_not_missed() -> None:
    before = the(found("centralstation", "lexoffice"), "no-place", side="invoicing", kind="party").fields
    kept = BASE + '[customers.fields.website]\ndirection = "to-crm"\n'
    after = the(found("centralstation", "lexoffice", kept), "no-place", side="invoicing", kind="party").fields
    assert set(before) - set(after) == {"website"}


def test_contacts_are_limited_where_a_company_holds_one_and_only_if_contacts_go_there() -> None:
    assert the(found("centralstation", "lexoffice"), "few-contacts").values == {"count": "1"}
    assert "few-contacts" not in codes(found("centralstation", "lexoffice", BASE.replace('"all"', '"none"')))
    assert "few-contacts" not in codes(found("centralstation", "fastbill"))


def test_tags_are_a_field_of_the_firms_own_where_the_crm_lends_none() -> None:
    tagged = BASE + '[customers.from_crm]\nwhen = ["tag"]\ntag = "Kunde"\n'
    assert the(found("bitrix24", "lexoffice", tagged), "tag-field").way == "otherwise"
    assert "tag-field" not in codes(found("bitrix24", "lexoffice"))
    assert "tag-field" not in codes(found("centralstation", "lexoffice", tagged))


def test_papers_say_their_lines_currency_rates_and_that_they_stay_as_they_are() -> None:
    plain = found("centralstation", "lexoffice")
    assert {"no-lines", "never-changed", "currency", "vat-rates"} <= codes(plain, kind="quote")
    assert the(plain, "vat-rates").values == {"rates": "0 %, 5 %, 7 %, 16 %, 19 %"}
    assert the(plain, "currency").values == {"currencies": "EUR"}
    assert not {"no-lines", "vat-rates", "currency"} & codes(found("bitrix24", "fastbill"))
    assert "max-lines" in codes(found("bitrix24", "lexoffice"))
    off = BASE + '[quotes]\ndirection = "off"\n'
    assert codes(found("centralstation", "lexoffice", off), kind="quote") == set()


def test_a_file_hangs_on_a_note_unless_the_login_opens_documents_of_the_crm() -> None:
    assert "as-note" in codes(found("bitrix24", "lexoffice"))
    assert "as-note" not in codes(found("bitrix24", "lexoffice", way="local-app"))
    assert "older-stays" in codes(found("centralstation", "lexoffice"))
    assert "older-stays" not in codes(found("bitrix24", "lexoffice"))
    assert not {"as-note", "older-stays"} & codes(found("centralstation", "lexoffice", BASE + '[documents]\ndirection = "off"\n'))


def test_a_draft_has_no_file_where_the_vendor_makes_it_later() -> None:
    drafts = BASE + '[documents]\ninvoice_when = "created"\nkinds = ["invoice"]\n'
    assert the(found("centralstation", "lexoffice", drafts), "draft-file").kind == "invoice"
    assert "draft-file" not in codes(found("centralstation", "lexoffice"))
    assert "draft-file" not in codes(found("centralstation", "fastbill", drafts))


def test_clearing_is_no_matter_once_the_firm_has_it_tried() -> None:
    assert "not-cleared" in codes(found("centralstation", "fastbill"))
    assert "not-cleared" not in codes(found("centralstation", "fastbill", 'try_unverified = ["clear-field"]\n' + BASE))


@pytest.mark.parametrize(
    ("policy", "entry", "code"),
    (
        ('[customers.deletion]\nin_crm = "delete"\n', "customers.deletion.in_crm", "delete"),
        ('[products]\ndirection = "both"\n', "products.direction", "read"),
        ('[invoices]\ndirection = "to-invoicing"\n', "invoices.direction", "read"),
        ("[documents]\npublic_link = true\n", "documents.public_link", "public-link"),
        ('[status]\ndirection = "to-crm"\n[status.triggers]\ninvoice_paid = "PAID"\n', "status.triggers.invoice_paid", "trigger"),
    ),
)
def test_an_answer_that_comes_to_nothing_is_said_and_one_that_was_not_given_is_not(policy: str, entry: str, code: str) -> None:
    told = found("centralstation", "lexoffice", BASE + policy)
    assert (the(told, code, entry=entry).way, the(told, code, entry=entry).side in ("crm", "invoicing")) == ("never", True)
    assert entry not in {one.entry for one in found("centralstation", "lexoffice")}


def test_what_is_switched_off_as_a_whole_has_no_answers_that_come_to_nothing() -> None:
    off = '[status]\ndirection = "off"\n[status.triggers]\ninvoice_paid = "PAID"\n'
    assert not [one for one in found("centralstation", "lexoffice", BASE + off) if one.entry.startswith("status")]


@pytest.mark.parametrize(("crm", "books"), FOUR)
def test_every_statement_is_plain_data_and_each_is_said_once(crm: str, books: str) -> None:
    told = [one.plain() for one in found(crm, books)]
    assert len(told) > 8
    assert json.loads(json.dumps(told)) == told
    assert len({json.dumps(one, sort_keys=True) for one in told}) == len(told)
    assert {one["confidence"] for one in told} <= {"fixture", "doc", "client", "guess"}

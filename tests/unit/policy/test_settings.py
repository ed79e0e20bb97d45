"""The schema as questions: none is forgotten, answers come back as they were given, and what cannot be done is known with its reason."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from time import perf_counter

import pytest

from unisono.policy.files import MOST, parse_policy, policy_text, troubles
from unisono.policy.merge import merged
from unisono.policy.possible import lacks
from unisono.policy.schema import Customers, Only, Policy
from unisono.policy.settings import ELSEWHERE, answered, sections, settings, values_of
from unisono.policy.tables import tables_of
from unisono.systems.catalogue import load

PRESET = files("unisono.policy").joinpath("presets", "centralstation-fastbill.toml").read_text(encoding="utf-8")


def entries(prefix: str, values: dict[str, object]) -> set[str]:
    out: set[str] = set()
    for name, value in values.items():
        inner = isinstance(value, dict) and f"{prefix}{name}" not in ELSEWHERE
        out |= entries(f"{prefix}{name}.", value) if inner and isinstance(value, dict) else {f"{prefix}{name}"}
    return out


def test_every_entry_of_the_schema_is_a_question_or_known_to_be_asked_elsewhere() -> None:
    assert {one.entry for one in settings()} == entries("", tables_of(Policy())) - set(ELSEWHERE)
    assert {one.section for one in settings()} == set(sections())


def test_a_policy_answered_with_its_own_answers_is_the_same_policy() -> None:
    policy = parse_policy(PRESET)
    again, wrong = answered("", values_of(policy))
    assert (again, wrong) == (policy, [])
    assert values_of(policy)["customers.from_crm.when"] == "quote\ntag"


def test_an_answer_changes_its_entry_and_nothing_else() -> None:
    before = '[customers.fields."address.city"]\nwins = "crm"\n'
    policy, wrong = answered(
        before, {"quotes.vat_rate": "7,5", "customers.only.names": " Zwei \n\nEins", "customers.deletion.contacts": ""}
    )
    assert policy is not None
    assert not wrong
    assert (policy.quotes.vat_rate, policy.customers.only.names, policy.customers.deletion.contacts) == (
        Decimal("7.5"),
        ("Zwei", "Eins"),
        None,
    )
    assert policy.customers.fields["address.city"].wins == "crm"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    given = {"poll.floor_seconds": "5", "customers.only.countries": "DE\nXX", "documents.file": "perhaps", "quotes.vat_rate": "viel"}
    policy, wrong = answered("", given)
    assert policy is None
    assert {bad.values["entry"]: bad.values["wrong"] for bad in wrong} == {
        "poll.floor_seconds": "least",
        "customers.only.countries": "country",
        "documents.file": "yes-or-no",
        "quotes.vat_rate": "number",
    }
    assert answered("", {"customers.nosuch": "1"})[1][0].code == "policy-no-entry"


def test_a_file_is_told_the_line_of_each_mistake() -> None:
    text = '[customers]\nwins = "nobody"\n\n[customers.fields."address.city"]\n# a note\nwins = "somebody"\n\n[poll]\nfloor_seconds = 5\n'
    assert [(bad.values["entry"], bad.values["line"]) for bad in troubles(text)] == [
        ("customers.wins", "2"),
        ("customers.fields.address.city.wins", "6"),
        ("poll.floor_seconds", "9"),
    ]
    assert [bad.code for bad in troubles("language = ")] == ["policy-not-toml"]
    assert troubles(PRESET) == []


@pytest.mark.parametrize(
    "bomb",
    (
        "a" + ".a" * 30_000 + " = 1",
        "[" + "a." * 30_000 + "a]",
        "a = " + "[" * 50_000,
        "a = " + "{a=" * 50_000,
        "[poll]\nfloor_seconds = 1e99999999",
        "[poll]\nfloor_seconds = " + "9" * 50_000,
        "[quotes]\nvat_rate = 1e-99999999",
        "x = '" + "." * MOST + "'",
        '"' * 60_000,
    ),
    ids=("keys", "tables", "lists", "inline", "exponent", "digits", "fraction", "length", "quotes"),
)
def test_a_bomb_is_refused_before_it_goes_off(bomb: str) -> None:
    begun = perf_counter()
    assert troubles(bomb)
    assert perf_counter() - begun < 30, "the parser alone takes minutes"


def test_a_list_of_names_with_many_dots_is_no_bomb() -> None:
    policy = Policy(customers=Customers(only=Only(names=tuple(f"Fa. Nr. {n} e.K." for n in range(50)))))
    assert troubles(policy_text(policy)) == []


def test_what_a_system_cannot_do_is_known_with_its_reason() -> None:
    a, b = load("centralstation"), load("fastbill")
    found = {one.entry: lacks(one, a, b) for one in settings()}
    assert found["customers.deletion.in_crm"]["mark"].code == "tags"
    assert found["customers.deletion.in_crm"]["mark"].side == "invoicing"
    assert found["customers.deletion.in_invoicing"] == {}, "the CRM has tags and lets customers be deleted"
    assert found["matching.accept"]["tax_id"].code == "bind"
    assert found["customers.require"].keys() == {"note", "address.region"}


def test_what_a_pair_cannot_do_of_invoices_products_and_states_is_known_too() -> None:
    a, b = load("centralstation"), load("fastbill")
    found = {one.entry: lacks(one, a, b) for one in settings()}
    assert [found["invoices.direction"]["to-invoicing"].kind, found["products.direction"]["both"].side] == ["invoice", "crm"]
    assert found["status.direction"] == {}, "a note is always possible"
    assert (found["status.stages.invoice_paid"][""].field, found["status.triggers.invoice_paid"][""].code) == ("stage", "trigger")
    portal, ledger = load("bitrix24"), load("lexoffice")
    able = {one.entry: lacks(one, portal, ledger) for one in settings()}
    assert [able[f"{name}.direction"] for name in ("invoices", "products", "status")] == [{}, {}, {}]
    assert able["invoices.made_as"] == {}, "it makes drafts and issued ones"


def test_two_drafts_of_one_policy_come_together() -> None:
    mine = PRESET.replace('contacts = "tagged"', 'contacts = "all"')
    theirs = PRESET.replace("vat_rate = 19", "vat_rate = 7") + '\n[customers.fields."email"]\nwins = "crm"\n'
    text, both = merged(PRESET, mine, theirs)
    policy = parse_policy(text)
    assert (policy.customers.contacts, int(policy.quotes.vat_rate), policy.customers.fields["email"].wins) == ("all", 7, "crm")
    assert both == ()


def test_where_both_changed_one_entry_mine_stands_and_it_is_said() -> None:
    mine, theirs = (PRESET.replace('contacts = "tagged"', f'contacts = "{word}"') for word in ("all", "none"))
    text, both = merged(PRESET, mine, theirs)
    assert parse_policy(text).customers.contacts == "all"
    assert both == ("customers.contacts",)
    assert merged(PRESET, mine, mine)[1] == (), "the same change twice is none to ask about"


def test_drafts_that_fit_only_alone_leave_mine_and_name_what_it_takes_back() -> None:
    base = '[customers.from_crm]\nwhen = ["quote"]\ntag = "A"\n'
    mine = '[customers.from_crm]\nwhen = ["quote", "tag"]\ntag = "A"\n'
    theirs = '[customers.from_crm]\nwhen = ["quote"]\n'
    text, both = merged(base, mine, theirs)
    assert text == mine
    assert both == ("customers.from_crm.tag",)

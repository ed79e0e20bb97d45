"""A policy as a readable file: written back as it was read, and errors a person can act on."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.values import texts
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS
from unisono.policy.files import BadPolicy, parse_policy, policy_text, troubles
from unisono.policy.schema import (
    Customers,
    Deletion,
    Documents,
    FieldRule,
    Matching,
    Policy,
    Poll,
    Quotes,
    TakeFromCrm,
    TakeFromInvoicing,
)
from unisono.policy.settings import answered

names = st.sampled_from(sorted({*PARTY_FIELDS, *CONTACT_FIELDS}))
directions = st.sampled_from(["both", "to-invoicing", "to-crm", "off"])
winners = st.sampled_from(["ask", "crm", "invoicing"])
rules = st.builds(FieldRule, direction=st.none() | directions, wins=st.none() | winners)
matchings = st.lists(st.sampled_from(["reference", "tax_id", "number", "email_name", "name_postcode"]), unique=True, max_size=5).flatmap(
    lambda look: st.builds(
        Matching, look=st.just(tuple(look)), accept=st.lists(st.sampled_from(look), unique=True).map(tuple) if look else st.just(())
    )
)
customers = st.builds(
    Customers,
    direction=directions,
    wins=winners,
    from_crm=st.builds(TakeFromCrm, when=st.sampled_from([("quote",), ("tag",), ("quote", "tag"), ()]), tag=texts.filter(bool)),
    from_invoicing=st.builds(TakeFromInvoicing, when=st.sampled_from(["all", "none"]), history=st.sampled_from(["all", "new"])),
    require=st.lists(names, max_size=3).map(tuple),
    country=st.sampled_from(["", "DE", "PL"]),
    fields=st.dictionaries(names, rules, max_size=3),
    deletion=st.builds(Deletion, brake_number=st.integers(1, 10**6), brake_percent=st.integers(1, 100)),
)
percents = st.decimals(0, 100, places=2) | st.sampled_from([Decimal("1E+1"), Decimal("0E-7"), Decimal("19.000")])
policies = st.builds(
    Policy,
    language=st.sampled_from(["de", "en", "pl", "ro"]),
    customers=customers,
    matching=matchings,
    quotes=st.builds(Quotes, vat_rate=percents, basis=st.sampled_from(["net", "gross"])),
    documents=st.builds(Documents, public_link=st.booleans(), kinds=st.lists(st.sampled_from(["quote", "invoice"]), max_size=2).map(tuple)),
    poll=st.builds(Poll, floor_seconds=st.integers(60, 604_800)),
    try_unverified=st.lists(texts, max_size=2).map(tuple),
)


@settings(max_examples=40)
@given(policies)
def test_a_policy_written_and_read_again_is_the_same_policy(policy: Policy) -> None:
    text = policy_text(policy)
    assert parse_policy(text) == policy
    assert policy_text(parse_policy(text)) == text


def test_the_file_names_only_what_differs_from_the_usual() -> None:
    assert policy_text(Policy()) == "\n"
    assert parse_policy("") == Policy()
    chosen = Policy(
        language="de",
        customers=Customers(fields={"address.city": FieldRule(wins="crm")}, from_crm=TakeFromCrm(when=("quote", "tag"), tag='Fast "Bill"')),
        quotes=Quotes(vat_rate=Decimal("7.5")),
    )
    assert policy_text(chosen) == (
        'language = "de"\n'
        "\n[customers.from_crm]\n"
        'when = ["quote", "tag"]\n'
        'tag = "Fast \\"Bill\\""\n'
        '\n[customers.fields."address.city"]\n'
        'wins = "crm"\n'
        "\n[quotes]\n"
        "vat_rate = 7.5\n"
    )


def test_every_preset_can_be_used() -> None:
    presets = [path for path in files("unisono.policy").joinpath("presets").iterdir() if path.name.endswith(".toml")]
    assert "centralstation-fastbill.toml" in {path.name for path in presets}
    for path in presets:
        policy = parse_policy(path.read_text(encoding="utf-8"))
        assert parse_policy(policy_text(policy)) == policy


def test_the_preset_of_the_documented_pair_says_what_the_article_says() -> None:
    policy = parse_policy(files("unisono.policy").joinpath("presets", "centralstation-fastbill.toml").read_text(encoding="utf-8"))
    assert (policy.customers.direction, policy.customers.from_crm.when, policy.customers.from_crm.tag) == (
        "both",
        ("quote", "tag"),
        "FastBill",
    )
    assert (policy.quotes.basis, policy.quotes.vat_rate, policy.documents.quote_when) == ("net", Decimal(19), "sent")


def test_the_preset_of_the_second_pair_leads_from_the_invoicing_system_and_takes_its_customers_and_invoices() -> None:
    policy = parse_policy(files("unisono.policy").joinpath("presets", "bitrix24-lexoffice.toml").read_text(encoding="utf-8"))
    assert (policy.customers.direction, policy.customers.from_invoicing.when, policy.customers.from_invoicing.history) == (
        "to-crm",
        "all",
        "all",
    )
    assert (policy.documents.kinds, policy.documents.invoice_when, policy.documents.history) == (("invoice",), "issued", "new")
    assert {policy.quotes.direction, policy.invoices.direction, policy.products.direction, policy.status.direction} == {"off"}


def test_what_the_second_pair_s_preset_names_as_ways_out_of_its_limits_are_entries_of_a_policy() -> None:
    body = files("unisono.policy").joinpath("presets", "bitrix24-lexoffice.toml").read_text(encoding="utf-8")
    given = {"customers.direction": "both", "customers.from_crm.history": "all", "matching.accept": "", "matching.look": "",
             "invoices.direction": "to-invoicing", "quotes.direction": "to-invoicing", "products.direction": "both",
             "status.direction": "to-crm"}  # fmt: skip
    assert all(name in body for name in given), "each is named where the limit is"
    policy, wrong = answered(body, given)
    assert policy is not None, wrong
    assert (policy.customers.direction, policy.matching.look, policy.products.direction) == ("both", (), "both")


@pytest.mark.parametrize(
    ("text", "code", "values"),
    (
        ("language = ", "policy-not-toml", {"line": "1"}),
        ('language = "de"\nlanguage = "en"', "policy-not-toml", {"line": "2"}),
        ('langauge = "de"', "policy-wrong-entry", {"entry": "langauge", "value": "de"}),
        (
            '[customers]\nwins = "nobody"',
            "policy-wrong-entry",
            {"entry": "customers.wins", "value": "nobody", "choices": "ask, crm, invoicing"},
        ),
        ("[quotes]\nvat_rate = nan", "policy-wrong-entry", {"entry": "quotes.vat_rate", "value": "NaN"}),
        ("[poll]\nfloor_seconds = 5", "policy-wrong-entry", {"entry": "poll.floor_seconds", "value": "5", "wrong": "least", "bound": "60"}),
        ('[customers]\ncountry = "Germany"', "policy-wrong-entry", {"entry": "customers.country", "value": "Germany", "wrong": "country"}),
    ),
)
def test_a_broken_file_says_which_line_or_which_entry_and_value(text: str, code: str, values: dict[str, str]) -> None:
    with pytest.raises(BadPolicy) as caught:
        parse_policy(text)
    assert caught.value.code == code
    for name, part in values.items():
        assert part in caught.value.values[name], caught.value.values
    assert code in str(caught.value)


@pytest.mark.parametrize(("text", "name"), (("a" * 10_000 + " = 1", "entry"), (f'[customers]\ncountry = "{"x" * 10_000}"', "found")))
def test_a_giant_name_or_finding_is_not_repeated_in_full(text: str, name: str) -> None:
    (bad,) = troubles(text)
    assert (bad.code, len(bad.values[name])) == ("policy-wrong-entry", 200)


def test_half_a_character_is_no_text_of_a_policy() -> None:
    (bad,) = troubles('[customers]\nrequire = ["\ud83dtax_id"]')
    assert (bad.code, bad.values) == ("policy-not-toml", {"line": "2", "column": "13"})


def test_a_giant_value_is_not_repeated_in_full() -> None:
    with pytest.raises(BadPolicy) as caught:
        parse_policy(f'language = "{"x" * 5000}"')
    assert len(caught.value.values["value"]) == 80

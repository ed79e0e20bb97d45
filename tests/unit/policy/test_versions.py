"""Policies as text: what differs is told entry by entry, an entry is set by its name, and nothing is lost on the way to a file and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS
from unisono.policy.files import BadPolicy, parse_policy, policy_text
from unisono.policy.schema import Policy
from unisono.wiring import preset
from unisono.wiring.policies import differences, with_entries

SETTINGS = st.lists(
    st.sampled_from(
        (
            "customers.contacts=all",
            "customers.contacts=tagged",
            'customers.only.countries=["DE", "AT"]',
            "customers.only.tag=Stammkunde",
            "customers.only.email=true",
            'customers.only.names=["Müller & Söhne", "say \\"hello\\""]',
            'leave_out=["a:party:company:7"]',
            "customers.deletion.in_crm=mark",
            "customers.deletion.contacts=delete",
            "customers.deletion.brake_number=12",
            "quotes.vat_rate=7",
            "language=pl",
            *(f"customers.fields.{name}.direction=off" for name in sorted({*PARTY_FIELDS, *CONTACT_FIELDS} - {"type"})[:12]),
        )
    ),
    max_size=8,
)


@given(SETTINGS)
def test_whatever_is_set_survives_the_way_through_a_file(settings: list[str]) -> None:
    body = with_entries(preset("centralstation", "fastbill"), settings)
    policy = parse_policy(body)
    assert parse_policy(policy_text(policy)) == policy
    assert with_entries(body, []) == body


@given(SETTINGS, SETTINGS)
def test_no_difference_is_hidden_and_none_is_invented(before: list[str], after: list[str]) -> None:
    old, new = (parse_policy(with_entries("", settings)) for settings in (before, after))
    there, back = differences(old, new), differences(new, old)
    assert (there == []) == (old == new)
    assert [(e.entry, e.before, e.after) for e in sorted(there, key=lambda e: e.entry)] == [
        (e.entry, e.after, e.before) for e in sorted(back, key=lambda e: e.entry)
    ]


def test_a_difference_names_entry_before_and_after() -> None:
    changed = differences(Policy(), parse_policy(with_entries("", ["customers.only.email=true", "customers.fields.address.city.wins=crm"])))
    assert [(e.entry, e.before, e.after) for e in changed] == [
        ("customers.only.email", "no", "yes"),
        ("customers.fields.address.city.wins", "", "crm"),
    ]


def test_an_entry_keeps_the_others_as_they_are() -> None:
    before = parse_policy(preset("centralstation", "fastbill"))
    after = parse_policy(with_entries(preset("centralstation", "fastbill"), ["customers.contacts=all"]))
    assert after == replace(before, customers=replace(before.customers, contacts="all"))


@pytest.mark.parametrize("setting", ("customers", "=all", ".contacts=all", "language.x=1", "customers.contacts.deep=1"))
def test_what_is_no_entry_is_refused_by_its_name(setting: str) -> None:
    with pytest.raises(BadPolicy) as told:
        with_entries('language = "de"\n[customers]\ncontacts = "all"\n', [setting])
    assert setting.partition("=")[0] in str(told.value) or setting in told.value.values.get("entry", "")


@pytest.mark.parametrize("codes", ('["XX"]', '["de"]', '["DE", "Germany"]'))
def test_a_country_of_a_filter_is_an_iso_code(codes: str) -> None:
    with pytest.raises(BadPolicy) as told:
        with_entries("", [f"customers.only.countries={codes}"])
    assert (told.value.values["entry"], told.value.values["wrong"]) == ("customers.only.countries", "country")

"""Contacts: what they hold, what may be written, versions, full replacement, filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller

PLACE = {"street": "Kai 1", "zip": "28195", "city": "Bremen", "countryCode": "DE"}
ROLE: dict[str, Any] = {"roles": {"customer": {}}}


def test_roles_get_their_numbers_from_the_system() -> None:
    account = Caller()
    wanted: list[Any] = [{"customer": {"number": ""}}, {"vendor": {}}, {"customer": {}, "vendor": {"number": 3}}]
    keys = [account.company(roles=roles) for roles in wanted]

    assert [account.get(f"contacts/{key}")["roles"] for key in keys] == [
        {"customer": {"number": 10001}}, {"vendor": {"number": 70001}}, {"customer": {"number": 10002}, "vendor": {"number": 70002}},
    ]  # fmt: skip


def test_a_new_contact_has_version_1_and_shows_nothing_empty() -> None:
    account = Caller()
    made = account.ok(
        "POST", "contacts", ROLE | {"version": 0, "person": {"lastName": "Groß", "firstName": ""}, "note": "", "addresses": {}}
    )

    assert set(made) == {"id", "resourceUri", "createdDate", "updatedDate", "version"}
    assert (made["version"], made["resourceUri"]) == (1, f"https://api.lexware.io/v1/contacts/{made['id']}")
    assert set(account.get(f"contacts/{made['id']}")) == {"id", "organizationId", "version", "roles", "person", "archived"}


@pytest.mark.parametrize(
    ("body", "issue"),
    (
        ({"company": {"name": "x"}}, ("roles.customer or roles.vendor", "missing_entity")),
        (ROLE, ("company or person", "missing_entity")),
        (ROLE | {"company": {"name": "x"}, "person": {"lastName": "x"}}, ("company and person", "invalid_value")),
        (ROLE | {"company": {"name": " "}}, ("company.name", "missing_entity")),
        (ROLE | {"person": {"firstName": "x"}}, ("person.lastName", "missing_entity")),
        (ROLE | {"person": {"lastName": "x", "salutation": "x" * 26}}, ("person.salutation", "invalid_value")),
        (ROLE | {"company": {"name": "x", "vatRegistrationId": "DE12"}}, ("company.vatRegistrationId", "invalid_value")),
        (ROLE | {"company": {"name": "x", "contactPersons": [{}]}}, ("company.contactPersons[0].lastName", "missing_entity")),
        (ROLE | {"company": {"name": "x"}, "version": 1}, ("version", "invalid_value")),
        (ROLE | {"company": {"name": "x"}, "addresses": {"billing": [PLACE, PLACE]}}, ("addresses.billing.size", "invalid_value")),
        (ROLE | {"company": {"name": "x"}, "addresses": {"shipping": [{"city": "x"}]}}, ("countryCode", "missing_entity")),
        (ROLE | {"company": {"name": "x"}, "addresses": {"billing": [PLACE | {"countryCode": "XX"}]}}, ("countryCode", "countrycode_is_not_valid")),
        (ROLE | {"company": {"name": "x"}, "emailAddresses": {"office": ["x@"]}}, ("emailAddresses[0].emailAddress", "invalid_value")),
        (ROLE | {"company": {"name": "x"}, "phoneNumbers": {"fax": ["1", "2"]}}, ("phoneNumbers.fax.size", "invalid_value")),
        (ROLE | {"company": {"name": "x"}, "xRechnung": {"buyerReference": "1"}}, ("xRechnung.vendorNumberAtCustomer", "missing_entity")),
    ),
)  # fmt: skip
def test_what_cannot_be_written_is_named(body: dict[str, Any], issue: tuple[str, str]) -> None:
    account = Caller()

    assert account.issues("POST", "contacts", body) == [issue]
    assert account.truth("contacts") == []


def test_unknown_members_do_no_harm() -> None:
    account = Caller()

    key = account.company(company={"slogan": "hoch hinaus", "number": 5}, customField="x")

    assert account.get(f"contacts/{key}")["company"] == {"name": "Kranbau Riesig GmbH", "allowTaxFreeInvoices": False}


def test_a_put_replaces_the_whole_contact() -> None:
    account = Caller()
    key = account.company(addresses={"billing": [PLACE]}, note="alt", emailAddresses={"business": ["a@kran.example"]})
    before = account.get(f"contacts/{key}")
    account.world.clock.advance(60)

    made = account.ok("PUT", f"contacts/{key}", {"version": 1, "company": {"name": "Kranbau"}, "roles": {"customer": {"number": 1}}})

    after = account.get(f"contacts/{key}")
    assert {"addresses", "note", "emailAddresses"} <= set(before)
    assert after == {name: before[name] for name in ("id", "organizationId", "archived", "roles")} | {
        "version": 2, "company": {"name": "Kranbau", "allowTaxFreeInvoices": False},
    }  # fmt: skip
    assert (made["version"], made["updatedDate"]) == (2, "2026-11-02T09:01:00.000+01:00")


def test_a_stale_version_is_a_406_and_changes_nothing() -> None:
    account = Caller()
    key = account.company()
    body = {"version": 1, "company": {"name": "Neu"}, "roles": {"customer": {}}}
    account.ok("PUT", f"contacts/{key}", body)

    assert account.issues("PUT", f"contacts/{key}", body | {"company": {"name": "Zu spät"}}) == [("version", "invalid_value")]
    assert account.issues("PUT", f"contacts/{key}", {"company": {"name": "Ohne"}} | ROLE) == [("version", "missing_entity")]
    assert account.get(f"contacts/{key}")["company"]["name"] == "Neu"


def test_archived_is_accepted_and_changes_nothing() -> None:
    account = Caller()
    key = account.company()

    account.ok("PUT", f"contacts/{key}", {"version": 1, "company": {"name": "Kran"}, "archived": True} | ROLE)
    before = account.get(f"contacts/{key}")["archived"]
    account.act("archive_contact", id=key)

    assert (before, account.get(f"contacts/{key}")["archived"]) == (False, True)


def test_a_contact_with_two_addresses_can_be_read_but_not_written() -> None:
    account = Caller()
    key = account.company(addresses={"billing": [PLACE]})
    account.act("add_entry", id=key, list="billing", street="Kai 2", zip="28195", city="Bremen")
    account.act("add_entry", id=key, list="person", contact_last_name="Groß")
    account.act("add_entry", id=key, list="person", contact_last_name="Klein")
    held = account.get(f"contacts/{key}")

    issues = account.issues("PUT", f"contacts/{key}", held)
    narrowed = account.issues("PUT", f"contacts/{key}", held | {"addresses": {}, "company": {"name": "x"}})

    assert [one["street"] for one in held["addresses"]["billing"]] == ["Kai 1", "Kai 2"]
    assert issues == narrowed == [("addresses.billing.size", "invalid_value"), ("company.contactPersons.size", "invalid_value")]


def test_a_company_does_not_become_a_person() -> None:
    account = Caller()
    key = account.company()

    assert account.issues("PUT", f"contacts/{key}", ROLE | {"version": 1, "person": {"lastName": "x"}}) == [
        ("company or person", "invalid_value")
    ]


def names(account: Caller, **query: Any) -> list[str]:
    return [one["company"]["name"] for one in account.get("contacts", **query)["content"]]


def test_filters_narrow_the_list_and_are_joined() -> None:
    account = Caller()
    account.company("Kranbau Riesig", emailAddresses={"private": ["Ida@kran.example"]})
    account.company("Seilerei Kran", roles={"vendor": {}})
    account.company(
        "Zange", roles={"customer": {}, "vendor": {}}, company={"contactPersons": [{"lastName": "x", "emailAddress": "z@zange.example"}]}
    )

    assert names(account, name="KRAN") == ["Kranbau Riesig", "Seilerei Kran"]
    assert names(account, name="kran", vendor="true") == ["Seilerei Kran"]
    assert names(account, vendor="false") == ["Kranbau Riesig"]
    assert names(account, email="ida@") == ["Kranbau Riesig"]
    assert names(account, email="zange.example") == ["Zange"]
    assert names(account, number=10002) == names(account, number=70002) == ["Zange"]
    assert names(account, direction="DESC", property="name") == ["Zange", "Seilerei Kran", "Kranbau Riesig"]


@pytest.mark.parametrize(
    ("said", "found"),
    (
        ("Müller%Co", ["Müller & Co"]),
        ("M_ller", ["Müller & Co"]),
        (r"100\%", ["100% Kran"]),
        ("ler &amp; Co", ["Müller & Co"]),
        ("ler & Co", []),
    ),
)
def test_wildcards_and_marks_of_html_in_a_name(said: str, found: list[str]) -> None:
    account = Caller()
    for name in ("Müller & Co", "100% Kran", "1000 Krane"):
        account.company(name)

    assert names(account, name=said) == found


@pytest.mark.parametrize(("name", "value"), (("number", "abc"), ("name", "ab"), ("email", "x"), ("name", "x" * 129), ("customer", "ja")))
def test_a_filter_that_cannot_be_read_is_a_400(name: str, value: str) -> None:
    assert Caller().issues("GET", f"contacts?{name}={value}", status=400) == [(name, "invalid_value")]


def test_a_fresh_contact_is_missing_from_filtered_lists_for_a_moment() -> None:
    account = Caller(index_seconds=2)
    account.company("Kranbau")
    before = names(account, name="Kran"), names(account)

    account.world.clock.advance(2)

    assert (before, names(account, name="Kran")) == (([], ["Kranbau"]), ["Kranbau"])

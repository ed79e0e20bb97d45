"""``policy`` and ``leave-out``: the settings as a file that can be read, changed, compared, taken back and carried to the next pair."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.desk import Desk


def test_an_exported_policy_comes_back_without_a_difference_and_makes_no_version(desk: Desk, tmp_path: Path) -> None:
    desk.pair()
    file = tmp_path / "policy.toml"
    assert desk.run("policy", "export", str(file)).code == 0
    assert file.read_text(encoding="utf-8").strip() == desk.run("policy", "show").text.strip()
    assert desk.run("policy", "diff", str(file)).code == 0
    told = desk.run("policy", "import", str(file), "--json")
    assert (told.code, told.json) == (0, {"version": 0, "changed": []})
    assert "Nothing differs." in desk.run("policy", "import", str(file)).text
    assert len(desk.run("policy", "versions", "--json").json) == 1


def test_an_entry_is_set_and_said_before_and_after(desk: Desk) -> None:
    desk.pair()
    told = desk.run("policy", "set", "customers.contacts=all", 'customers.only.countries=["DE", "AT"]', "--json")
    assert told.code == 0, told.text
    assert told.json["version"] == 2
    assert {(c["entry"], c["before"], c["after"]) for c in told.json["changed"]} == {
        ("customers.contacts", "tagged", "all"),
        ("customers.only.countries", "", "DE, AT"),
    }
    shown = desk.run("policy", "show", "--json").json
    assert (shown["customers"]["contacts"], shown["customers"]["only"]["countries"]) == ("all", ["DE", "AT"])
    assert "customers.contacts: all -> none" in desk.run("policy", "set", "customers.contacts=none").text


def test_a_field_with_a_dot_in_its_name_has_its_own_direction(desk: Desk) -> None:
    desk.pair()
    assert desk.run("policy", "set", "customers.fields.address.city.direction=off").code == 0
    assert desk.run("policy", "show", "--json").json["customers"]["fields"] == {"address.city": {"direction": "off", "wins": None}}


@pytest.mark.parametrize(
    ("setting", "named"),
    (
        ("customers.contacts=some", "customers.contacts"),
        ("customers.nosuch=1", "customers.nosuch"),
        ('customers.only.countries=["XX"]', "XX"),
        ("customers", "customers"),
        ("language.german=yes", "language"),
        ("customers.deletion.in_crm=erase", "in_crm"),
    ),
)
def test_a_wrong_entry_is_named_and_makes_no_version(desk: Desk, setting: str, named: str) -> None:
    desk.pair()
    told = desk.run("policy", "set", setting)
    assert (told.code, named in told.text) == (3, True), told.text
    assert len(desk.run("policy", "versions", "--json").json) == 1


def test_a_file_that_is_no_policy_is_refused_with_its_line(desk: Desk, tmp_path: Path) -> None:
    desk.pair()
    broken = tmp_path / "broken.toml"
    broken.write_text("[customers\n", encoding="utf-8")
    told = desk.run("policy", "import", str(broken))
    assert (told.code, "line 1" in told.text) == (3, True), told.text
    assert desk.run("policy", "import", str(tmp_path / "none.toml")).code == 3
    assert len(desk.run("policy", "versions", "--json").json) == 1


def test_versions_are_compared_and_rolled_back_to_and_none_is_ever_lost(desk: Desk) -> None:
    desk.pair()
    desk.run("policy", "set", "customers.contacts=all")
    assert desk.run("policy", "diff", "2").code == 0, "it is the one in force"
    told = desk.run("policy", "diff", "1")
    assert (told.code, told.text.strip()) == (1, "customers.contacts: tagged -> all")
    assert desk.run("policy", "diff", "2", "1").text.strip() == "customers.contacts: all -> tagged"
    back = desk.run("policy", "rollback", "1", "--json")
    assert (back.code, back.json["version"]) == (0, 3)
    assert [(v["version"], v["in_force"]) for v in desk.run("policy", "versions", "--json").json] == [(1, False), (2, False), (3, True)]
    assert desk.run("policy", "show", "--version", "2").text != desk.run("policy", "show").text
    assert desk.run("policy", "rollback", "9").code == 3


def test_a_file_is_compared_with_what_is_in_force(desk: Desk, tmp_path: Path) -> None:
    desk.pair()
    file = tmp_path / "policy.toml"
    file.write_text(desk.run("policy", "show").text.replace("[customers]", '[customers]\ncontacts = "none"'), encoding="utf-8")
    told = desk.run("policy", "diff", str(file), "--json")
    assert (told.code, told.json) == (1, [{"entry": "customers.contacts", "before": "tagged", "after": "none"}])


def test_the_effect_of_a_filter_is_counted_and_named_and_nothing_changes(desk: Desk) -> None:
    desk.company()
    desk.company(name="Lumière SARL", country_code="FR", city="Lyon", zip="69001", email="lumiere@sarl.example")
    desk.pair()
    assert "preview" in desk.run("policy", "filter-preview").text, "nothing is read yet"
    desk.run("preview")
    told = desk.run("policy", "filter-preview", 'customers.only.countries=["DE"]', "--json")
    found = {(g["side"], g["reason"]): [c["label"] for c in g["customers"]] for g in told.json}
    assert (told.code, found) == (0, {("crm", ""): ["Bäckerei Sonne GmbH"], ("crm", "only-countries"): ["Lumière SARL"]})
    text = desk.run("policy", "filter-preview", 'customers.only.countries=["DE"]').text
    assert "Lumière SARL" in text
    assert len(desk.run("policy", "versions", "--json").json) == 1


def test_records_are_left_out_and_taken_back(desk: Desk) -> None:
    desk.pair()
    assert desk.run("leave-out", "nosuch").code == 2
    assert desk.run("leave-out", "a:party:company:7", "b:party:9").code == 0
    assert desk.run("policy", "show", "--json").json["leave_out"] == ["a:party:company:7", "b:party:9"]
    assert desk.run("leave-out", "b:party:9", "--back").code == 0
    assert desk.run("policy", "show", "--json").json["leave_out"] == ["a:party:company:7"]


def test_resuming_after_a_brake_says_first_what_it_will_allow(desk: Desk) -> None:
    keys = [desk.customer(ORGANIZATION=f"Kunde {n} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}") for n in range(3)]
    desk.synced()
    desk.run("policy", "set", "customers.deletion.brake_number=1", "customers.deletion.in_invoicing=delete")
    assert desk.run("sync").code == 0
    for key in keys[:2]:
        desk.books.act("delete_customer", {"ID": str(key)})
    desk.run("sync")
    assert desk.run("pair", "show", "--json").json["state"] == "stopped"
    refused = desk.run("pair", "resume", answers="n\n")
    assert refused.code == 1
    assert "2 of 3" in refused.text
    assert "Kunde 0 GmbH, Kunde 1 GmbH" in refused.text
    assert "delete the other record" in refused.text
    assert desk.run("pair", "show", "--json").json["state"] == "stopped"
    assert desk.run("pair", "resume", "--yes").code == 0
    assert desk.run("pair", "show", "--json").json["state"] == "released"


def test_a_version_keeps_why_it_was_made(desk: Desk) -> None:
    desk.pair()
    assert desk.run("policy", "set", "customers.contacts=all", "--note", "asked for by the accountant").code == 0
    assert [(v["version"], v["note"]) for v in desk.run("policy", "versions", "--json").json] == [
        (1, ""),
        (2, "asked for by the accountant"),
    ]
    assert "asked for by the accountant" in desk.run("policy", "versions").text
    assert desk.run("policy", "rollback", "1", "--note", "not after all").code == 0
    assert desk.run("policy", "versions", "--json").json[-1]["note"] == "not after all"


def test_fields_are_shown_with_their_way_and_what_stands_in_it(desk: Desk) -> None:
    desk.pair()
    desk.run("policy", "set", "customers.fields.phone.direction=to-crm")
    told = {one["name"]: one for one in desk.run("policy", "fields", "--json").json}
    assert (told["phone"]["to_crm"], told["phone"]["to_invoicing"]) == (True, False)
    assert [flaw["code"] for flaw in told["note"]["flaws"]] == ["no-place"]
    assert "FastBill has no place for it" in desk.run("policy", "fields").text
    assert "position" in {one["name"] for one in desk.run("policy", "fields", "--kind", "contact", "--json").json}

"""The strict reader of ``system.toml``: what it understands, and how it names the place of what it does not."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from unisono.model.capability import (
    Capabilities,
    Writing,
    calls_to_read,
    confidence_of,
    with_bindings,
    with_options,
)
from unisono.model.system_file import BadSystemFile, parse_system

GOOD = """
name = "acme"
title = "Acme Books"
kind = "invoicing"
country = "DE"
implemented = false
time_zone = "Europe/Berlin"
api = "https://api.acme.example"
hosts = ["api.acme.example", "*.files.acme.example"]
doors = ["open-link"]

[[login]]
name = "key"
secret = true
where = "acme.where.key"

[[login]]
name = "app_secret"
secret = true
where = "acme.where.app"
needs = "app"

[option.app]
doors = ["webhook", "open-link"]
confidence = "doc"

[[pace]]
window = "sliding"
limit = 50
seconds = 3600
counts = "success"
plans = { small = 50, large = 1000 }
confidence = "client"

[resource.clients]
kinds = ["party", "contact"]
signal = "coarse-stamp"
overlap = 86400
page = 50
row_calls = 2
confidence = "doc"
marks = { overlap = "guess" }

[resource.addresses]
kinds = ["party"]
part_of = ["clients"]
signal = "compare"

[resource.bills]
kinds = ["invoice"]
listed = false
depth = "status"
lines = "hidden"

[resource.staff]
kinds = ["user"]
needs = "app"

[write.party]
mode = "replace"
create = "record"
change = true
confidence = "doc"
marks = { lag = "guess" }

[write.party.fields]
name = { length = 80, required = "yes", confidence = "doc" }
"address.city" = { length = 40 }

[write.invoice]
create = "draft"
other_means = ["issued"]
steps = ["head", "lines"]
types = ["380"]
exclusive = "series"
fields = { title = { length = 100 } }

[write.product]
mode = "upsert"
create = "record"
natural_key = ["number"]

[status.bills]
"part paid" = { stage = "issued", paid = "part", confidence = "doc" }

[fact.bill-path]
value = "/bills"
confidence = "guess"
note = "Never tried."

[grade]
contract-suite = { state = "exempt", reason = "an example" }
"""


def good() -> dict[str, Any]:
    return tomllib.loads(GOOD)


@pytest.fixture
def acme() -> Capabilities:
    return parse_system(good())


def test_a_file_becomes_a_value_with_lists_as_tuples(acme: Capabilities) -> None:
    assert acme.hosts == ("api.acme.example", "*.files.acme.example")
    assert acme.pace[0].plans == {"small": 50, "large": 1000}
    assert acme.resource("clients").kinds == ("party", "contact")
    assert acme.writing("invoice").other_means == ("issued",)
    assert acme.fields("party")["address.city"].length == 40
    assert acme.statuses[0].word == "part paid"
    assert (acme.statuses[0].stage, acme.statuses[0].paid, acme.statuses[0].answer) == ("issued", "part", "")
    assert acme.grades[0].state == "exempt"


def test_a_fact_is_read_by_its_code_so_that_an_unverified_path_can_be_corrected_in_the_file(acme: Capabilities) -> None:
    assert acme.fact("bill-path") == "/bills"
    with pytest.raises(KeyError):
        acme.fact("no-such-fact")


def test_one_mark_outweighs_the_confidence_of_its_table(acme: Capabilities) -> None:
    clients = acme.resource("clients")
    assert confidence_of(clients, "signal") == "doc"
    assert confidence_of(clients, "overlap") == "guess"


def test_parts_of_a_record_are_no_list_of_records(acme: Capabilities) -> None:
    listed = acme.lists("party")
    assert listed is not None
    assert listed.name == "clients"
    assert [part.name for part in acme.parts("clients")] == ["addresses"]


def test_what_has_no_list_can_still_be_read_by_a_known_key(acme: Capabilities) -> None:
    assert acme.lists("invoice") is None
    bills = acme.reads("invoice")
    assert bills is not None
    assert bills.name == "bills"


def test_a_kind_nobody_reads_back_is_write_only(acme: Capabilities) -> None:
    assert acme.write_only("product")
    assert acme.write_only("invoice"), "a resource that only tells whether it is paid does not show what was written"
    assert not acme.write_only("party")
    assert not acme.write_only("user"), "read only is something else"


def test_a_kind_the_file_does_not_name_is_not_written_at_all(acme: Capabilities) -> None:
    assert acme.writing("note") == Writing(kind="note")
    assert acme.writing("note").create == "none"


@pytest.mark.parametrize(
    ("rows", "calls"),
    (
        (0, 1),  # one page tells that there is nothing
        (50, 1 + 100),
        (51, 2 + 102),
    ),
)
def test_the_price_of_a_full_reading_counts_pages_and_details(acme: Capabilities, rows: int, calls: int) -> None:
    assert calls_to_read(acme.resource("clients"), rows) == calls


def test_an_option_the_connection_lacks_takes_its_lists_and_login_fields_away(acme: Capabilities) -> None:
    usual = with_options(acme)
    assert [r.name for r in usual.resources] == ["clients", "addresses", "bills"]
    assert [f.name for f in usual.login] == ["key"]
    assert usual.doors == ("open-link",)


def test_an_option_proved_at_set_up_brings_them_and_opens_its_doors_once(acme: Capabilities) -> None:
    with_app = with_options(acme, {"app"})
    assert "staff" in [r.name for r in with_app.resources]
    assert [f.name for f in with_app.login] == ["key", "app_secret"]
    assert with_app.doors == ("open-link", "webhook")


def test_an_option_nobody_declared_is_an_error(acme: Capabilities) -> None:
    with pytest.raises(KeyError, match="aap"):
        with_options(acme, {"aap"})


def test_a_binding_adds_a_field_to_one_kind_only(acme: Capabilities) -> None:
    bound = with_bindings(acme, "party", ("tax_id",))
    assert "tax_id" in bound.fields("party")
    assert "tax_id" not in bound.fields("invoice")
    assert bound.bound == ("tax_id",)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    (
        ('title = "Acme Books"', 'titel = "Acme Books"', "acme: top level: unknown entry titel"),
        ('title = "Acme Books"', "", "top level: missing entry title"),
        ('title = "Acme Books"', "title = 5", "top level: title = 5 is not a text"),
        ('kind = "invoicing"', 'kind = "shop"', "top level: kind = 'shop' is not one of crm, invoicing"),
        ("implemented = false", 'implemented = "no"', "top level: implemented = 'no' is not true or false"),
        ('hosts = ["api.acme.example"', 'hosts = ["https://api.acme.example"', "hosts: 'https://api.acme.example' is not a host name"),
        ('hosts = ["api.acme.example"', 'hosts = ["api.acme.example:8443"', "hosts: 'api.acme.example:8443' is not a host name"),
        ('hosts = ["api.acme.example"', 'hosts = ["*"', "hosts: '*' is not a host name"),
        ('doors = ["open-link"]', 'doors = ["front"]', "top level: doors = 'front' is not one of trigger, open-link"),
        ('doors = ["open-link"]', 'doors = "open-link"', "top level: doors = 'open-link' is not a list"),
        ("secret = true\nwhere", "secret = 1\nwhere", "login 1: secret = 1 is not true or false"),
        ('where = "acme.where.key"', "", "login 1: missing entry where"),
        ("limit = 50", "limit = 50.5", "pace 1: limit = 50.5 is not a whole number"),
        ("limit = 50", "limit = true", "pace 1: limit = True is not a whole number"),
        ("small = 50", 'small = "50"', "pace 1: plans.small = '50' is not a whole number"),
        ('window = "sliding"', 'window = "rolling"', "pace 1: window = 'rolling' is not one of sliding, bucket, block, none"),
        ('kinds = ["party", "contact"]', 'kinds = ["party", "person"]', "resource clients: kinds = 'person' is not one of party, contact"),
        ('signal = "coarse-stamp"', 'signal = "weekly"', "resource clients: signal = 'weekly' is not one of stamp"),
        ("row_calls = 2", "rowcalls = 2", "resource clients: unknown entry rowcalls"),
        (
            'overlap = "guess" }',
            'overlap = "hearsay" }',
            "resource clients: marks.overlap = 'hearsay' is not one of fixture, doc, client, guess",
        ),
        ('overlap = "guess" }', 'overlaps = "guess" }', "resource clients: marks: unknown entry overlaps"),
        ('part_of = ["clients"]', 'part_of = ["client"]', "resource addresses: part_of 'client', but there is no such resource"),
        ('part_of = ["clients"]', 'part_of = ["addresses"]', "resource addresses: part_of 'addresses', but there is no such resource"),
        ('kinds = ["user"]\nneeds = "app"', 'kinds = ["user"]\nneeds = "ap"', "resource staff: needs 'ap', but there is no such option"),
        ("[write.product]", "[write.article]", "write.article: kind = 'article' is not one of party"),
        ('mode = "replace"', 'mode = "whole"', "write.party: mode = 'whole' is not one of partial"),
        ('create = "draft"', 'create = "sketch"', "write.invoice: create = 'sketch' is not one of record, draft"),
        ('other_means = ["issued"]', 'other_means = ["sent"]', "write.invoice: other_means = 'sent' is not one of record, draft"),
        ('"address.city"', '"address.town"', "write.party.fields: unknown entry address.town"),
        ('"address.city"', "address.city", "write.party: fields.address: unknown entry city"),
        ('required = "yes"', 'required = "always"', "write.party: fields.name: required = 'always' is not one of no, yes, company, person"),
        ("title = { length = 100 }", "subject = { length = 100 }", "write.invoice.fields: unknown entry subject"),
        ("[status.bills]", "[status.invoices]", "status.invoices: there is no such resource"),
        ('paid = "part"', 'paid = "half"', "status.bills.part paid: paid = 'half' is not one of none, part, full"),
        (
            'value = "/bills"\nconfidence = "guess"',
            'value = "/bills"',
            "fact bill-path: missing entry confidence",
        ),
        ('value = "/bills"\nconfidence = "guess"', 'value = 3\nconfidence = "guess"', "fact bill-path: value = 3 is not a text"),
        ('state = "exempt"', 'state = "skipped"', "grade contract-suite: state = 'skipped' is not one of done, not-yet, exempt"),
        ("[write.product]", "[wright.product]", "top level: unknown entry wright"),
    ),
)
def test_a_wrong_entry_is_refused_by_naming_its_place(old: str, new: str, told: str) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(BadSystemFile) as caught:
        parse_system(tomllib.loads(GOOD.replace(old, new, 1)))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("table", "value", "told"),
    (
        ("resource", [], "resource = [] is not a table"),
        ("resource", {"clients": 3}, "resource.clients = 3 is not a table"),
        ("write", {"party": "partial"}, "write.party = 'partial' is not a table"),
        ("write", {"party": {"fields": ["name"]}}, "write.party: fields = ['name'] is not a table"),
        ("login", {}, "login = {} is not a list"),
        ("pace", ["fast"], "pace 1 = 'fast' is not a table"),
        ("status", {"bills": "paid"}, "status.bills = 'paid' is not a table"),
        ("fact", {"bill-path": "/bills"}, "fact.bill-path = '/bills' is not a table"),
    ),
)
def test_a_table_of_the_wrong_shape_is_refused_and_never_a_crash(table: str, value: object, told: str) -> None:
    with pytest.raises(BadSystemFile) as caught:
        parse_system(good() | {table: value})
    assert told in str(caught.value)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every table, list and value in a file."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from places(below, (*path, key))


@pytest.mark.parametrize("junk", ("", "x", 0, True, 1.5, date(2026, 1, 2), [], ["x"], [[]], {}, {"x": 1}), ids=repr)
def test_whatever_stands_anywhere_a_file_is_read_or_refused_and_never_crashes(junk: object) -> None:
    paths = list(places(good()))
    refused: list[str] = []
    for path in paths:
        data = good()
        place: Any = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = junk
        try:
            parse_system(data)
        except BadSystemFile as error:
            refused.append(str(error))
    assert len(refused) > len(paths) / 4
    assert [text for text in refused if ": " not in text] == [], "each names a place"


def test_the_error_begins_with_the_systems_name_even_if_that_is_what_is_missing() -> None:
    with pytest.raises(BadSystemFile, match=r"^acme: "):
        parse_system(good() | {"country": 49})
    with pytest.raises(BadSystemFile, match=r"^\?: top level: missing entry .*name"):
        parse_system({key: value for key, value in good().items() if key != "name"})

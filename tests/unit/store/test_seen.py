"""Records as last observed: what counts as a change, what is missing, what is gone, who is alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from tests.support.stores import MEMORY, with_a_pair
from unisono.model.document import Document, Tag
from unisono.model.party import Address, Contact, Party
from unisono.model.record import MatchKeys, Record, match_keys
from unisono.store import pairs, seen
from unisono.store.doors import Store
from unisono.store.listing import Listed
from unisono.store.numbers import last_change
from unisono.store.stamps import stamp

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MILLER = Party(
    type="company",
    name="Müller Söhne GmbH",
    number="K-7",
    tax_id="DE 136 695 976",
    email="Info@Mueller.example",
    address=Address(line1="Am Markt 1", postcode="10115", city="Berlin", country="DE"),
)


def party(key: str, name: str = "Keller AG", **fields: str) -> Record:
    return Record(kind="party", key=key, body=Party(type="company", name=name, **fields), resource="companies", resource_key=key)  # type: ignore[arg-type]


def contact(key: str, owner: str, name: str = "Weber") -> Record:
    body = Contact(name=name, first_name="Anna")
    return Record(kind="contact", key=key, body=body, resource="people", resource_key=key, owner=owner, owner_kind="party")


def put(store: Store, *records: Record, raw: bytes = b"1", now: datetime = NOW, where: str = "crm") -> int:
    with store.write() as conn:
        return seen.put_seen(conn, where, [(record, raw) for record in records], now)


def changes(store: Store, position: int = 0, limit: int = 100) -> list[tuple[int, str, str, str]]:
    with store.read() as conn:
        return list(seen.changed_since(conn, "crm", position, limit))


def keys_of(rows: Sequence[tuple[int, str, str, str]]) -> list[str]:
    return [key for _, _, key, _ in rows]


@pytest.fixture(autouse=True)
def paired(store: Store) -> None:
    with_a_pair(store)


def test_what_is_stored_comes_back_as_it_was_seen(store: Store) -> None:
    record = Record(
        kind="party",
        key="42",
        body=MILLER,
        resource="companies",
        resource_key="42",
        created=NOW - timedelta(days=9),
        changed=NOW - timedelta(days=2),
        version="v3",
    )
    assert put(store, record) == 1
    with store.read() as conn:
        stored = seen.get_many(conn, "crm", "party", ["42", "43"])
        assert seen.get_many(conn, "crm", "party", []) == {}
        assert seen.get_many(conn, "inv", "party", ["42"]) == {}
    assert list(stored) == ["42"]
    row = stored["42"]
    assert (row.record, row.change, row.first_at, row.gone, row.missing) == (record, 1, NOW, False, False)
    assert row.keys == match_keys(record)
    assert row.keys.tax_id == "DE136695976"


def test_only_a_real_change_gets_a_change_number(store: Store) -> None:
    assert put(store, party("1"), party("2")) == 2
    assert put(store, party("1"), party("2"), raw=b"other bytes, same contents", now=LATER) == 0
    assert [n for n, *_ in changes(store)] == [1, 2]
    assert put(store, party("1"), party("2", "Keller SE"), now=LATER) == 1
    assert [(n, key) for n, _, key, _ in changes(store)] == [(1, "1"), (3, "2")]
    with store.read() as conn:
        assert last_change(conn, "crm") == 3
        assert seen.get_many(conn, "crm", "party", ["2"])["2"].first_at == NOW


def test_nothing_observed_changes_nothing(store: Store) -> None:
    assert put(store) == 0
    with store.read() as conn:
        assert last_change(conn, "crm") == 0


def test_a_record_that_moves_to_another_owner_has_changed(store: Store) -> None:
    put(store, contact("7", owner="1"))
    assert put(store, contact("7", owner="2")) == 1
    assert changes(store) == [(2, "contact", "7", "2")]


def test_each_connection_counts_by_itself(store: Store) -> None:
    put(store, party("1"), party("2"))
    put(store, party("1"), where="inv")
    with store.read() as conn:
        assert (last_change(conn, "crm"), last_change(conn, "inv")) == (2, 1)


def test_one_key_may_be_a_company_a_contact_and_a_tag(store: Store) -> None:
    tag = Record(kind="tag", key="7", body=Tag(name="FastBill"), resource="tags", resource_key="7", owner="7")
    assert put(store, party("7"), contact("7", owner="1"), tag) == 3
    with store.read() as conn:
        assert isinstance(seen.get_many(conn, "crm", "tag", ["7"])["7"].record.body, Tag)
        assert isinstance(seen.get_many(conn, "crm", "contact", ["7"])["7"].record.body, Contact)


def test_changes_come_in_order_from_a_position_on_a_page_at_a_time(store: Store) -> None:
    put(store, *(party(str(n)) for n in range(5)))
    put(store, party("1", "Renamed"))
    assert keys_of(changes(store, 0, 3)) == ["0", "2", "3"]
    assert keys_of(changes(store, 4, 3)) == ["4", "1"]
    assert changes(store, 6) == []


def test_a_known_row_tells_its_bytes_and_all_its_records(store: Store) -> None:
    person = Record(kind="party", key="7", body=Party(type="person", name="Weber"), resource="people", resource_key="7")
    put(store, person, contact("7", owner="1"), raw=b"hash of row 7")
    with store.read() as conn:
        known = seen.known_rows(conn, "crm", "people", ["7", "8"])
        assert seen.known_rows(conn, "crm", "companies", ["7"]) == {}
    assert known == {"7": seen.Known(b"hash of row 7", (("party", "7"), ("contact", "7")), False)}


def shown(conn: Connection, resource: str, keys: set[str]) -> Listed:
    """A listing that showed these rows, as they are stored."""
    listed = seen.begin_listing(conn, "crm")
    seen.compare_rows(conn, "crm", resource, dict.fromkeys(sorted(keys), b"1"), listed)
    return listed


def miss_unlisted(conn: Connection, resource: str, listed: set[str], now: datetime) -> list[tuple[str, datetime]]:
    """A whole listing came: what it did not show is missing. All missing rows and since when."""
    seen.mark_missing(conn, "crm", resource, seen.unlisted(conn, "crm", resource, shown(conn, resource, listed)), now)
    return seen.missing_rows(conn, "crm", resource)


def test_a_row_missing_from_a_whole_listing_is_missing_since_then(store: Store) -> None:
    put(store, party("1"), party("2"), party("3"))
    with store.write() as conn:
        assert seen.unlisted(conn, "crm", "companies", shown(conn, "companies", {"1", "2", "3"})) == []
        assert seen.missing_rows(conn, "crm", "companies") == []
        assert miss_unlisted(conn, "companies", {"1", "3"}, NOW) == [("2", NOW)]
        assert miss_unlisted(conn, "companies", {"1"}, LATER) == [("2", NOW), ("3", LATER)]
        assert seen.known_rows(conn, "crm", "companies", ["2"])["2"].missing is True
        assert seen.get_many(conn, "crm", "party", ["2"])["2"].missing is True
    assert [n for n, *_ in changes(store)] == [1, 2, 3], "missing is no change: only gone is"


def test_missing_of_one_list_says_nothing_of_another(store: Store) -> None:
    put(store, party("1"), contact("7", owner="1"))
    with store.write() as conn:
        assert miss_unlisted(conn, "companies", set(), NOW) == [("1", NOW)]
        assert seen.get_many(conn, "crm", "contact", ["7"])["7"].missing is False


def test_a_row_with_two_records_is_missing_since_the_first_of_them(store: Store) -> None:
    person = Record(kind="party", key="7", body=Party(type="person", name="Weber"), resource="people", resource_key="7")
    put(store, person)
    with store.write() as conn:
        seen.mark_missing(conn, "crm", "people", ["7"], NOW)
    put(store, contact("7", owner="1"))
    with store.write() as conn:
        assert miss_unlisted(conn, "people", set(), LATER) == [("7", NOW)]
        assert seen.get_many(conn, "crm", "contact", ["7"])["7"].missing is True


@pytest.mark.parametrize("way", ("touched", "stored again"))
def test_a_missing_row_that_shows_up_is_there_without_having_changed(store: Store, way: str) -> None:
    put(store, party("1"))
    with store.write() as conn:
        seen.mark_missing(conn, "crm", "companies", ["1"], NOW)
        if way == "touched":
            seen.touch_rows(conn, "crm", "companies", ["1"])
        else:
            assert seen.put_seen(conn, "crm", [(party("1"), b"1")], LATER) == 0
        assert seen.get_many(conn, "crm", "party", ["1"])["1"].missing is False
    assert [n for n, *_ in changes(store)] == [1]


def test_what_was_made_and_never_read_is_missing_and_no_news_until_it_is_read(store: Store) -> None:
    made = party("1")
    with store.write() as conn:
        seen.put_unread(conn, "crm", [made], NOW)
        seen.touch_rows(conn, "crm", "companies", ["1"])
        assert seen.missing_rows(conn, "crm", "companies") == [("1", NOW)], "only reading it tells what became of it"
        assert seen.changed_since(conn, "crm", 0, 9) == []
        assert seen.put_seen(conn, "crm", [(made, b"1")], LATER) == 1, "also if it is just as it was sent"
        assert seen.get_many(conn, "crm", "party", ["1"])["1"].missing is False
        seen.put_unread(conn, "crm", [made], LATER)
        assert seen.missing_rows(conn, "crm", "companies") == [], "what has been seen stays as it was seen"


def test_what_was_made_and_never_read_can_be_known_to_be_gone(store: Store) -> None:
    with store.write() as conn:
        seen.put_unread(conn, "crm", [party("1")], NOW)
        assert seen.mark_gone(conn, "crm", seen.records_of_row(conn, "crm", "companies", "1"), LATER) == 1
        assert [(kind, key) for _, kind, key, _ in seen.changed_since(conn, "crm", 0, 9)] == [("party", "1")]


def test_a_deleted_record_gets_a_change_number_once(store: Store) -> None:
    put(store, party("1"), party("2"))
    with store.write() as conn:
        assert seen.mark_gone(conn, "crm", [("party", "1"), ("party", "1")], LATER) == 1
        assert seen.mark_gone(conn, "crm", [("party", "1")], LATER) == 0
        assert seen.mark_gone(conn, "crm", [("party", "never seen")], LATER) == 0
        assert seen.mark_gone(conn, "crm", [], LATER) == 0
        assert seen.get_many(conn, "crm", "party", ["1"])["1"].gone is True
        assert last_change(conn, "crm") == 3
    assert keys_of(changes(store, 2)) == ["1"]


def test_what_is_gone_is_no_known_row_no_candidate_and_belongs_to_nobody(store: Store) -> None:
    put(store, party("1", email="a@b.example"), contact("7", owner="1"))
    with store.write() as conn:
        assert seen.records_of_row(conn, "crm", "companies", "1") == [("party", "1")]
        assert seen.count_rows(conn, "crm", "companies") == 1
        seen.mark_gone(conn, "crm", [("party", "1"), ("contact", "7")], LATER)
        assert seen.known_rows(conn, "crm", "companies", ["1"]) == {}
        assert seen.records_of_row(conn, "crm", "companies", "1") == []
        assert seen.alike(conn, "crm", "party", [MatchKeys(email="a@b.example")]) == []
        assert seen.of_owners(conn, "crm", ["contact"], ["1"]) == {}
        assert miss_unlisted(conn, "companies", set(), LATER) == []
        assert seen.count_rows(conn, "crm", "companies") == 0


def test_a_record_that_comes_back_from_the_dead_has_changed(store: Store) -> None:
    put(store, party("1"))
    with store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "1")], NOW)
    assert put(store, party("1"), now=LATER) == 1
    with store.read() as conn:
        back = seen.get_many(conn, "crm", "party", ["1"])["1"]
    assert (back.gone, back.change, back.first_at) == (False, 3, NOW)


def test_records_are_found_by_their_owners_in_the_order_they_were_seen(store: Store) -> None:
    quote = Record(kind="quote", key="9", body=Document(type_code="310"), resource="deals", resource_key="9", owner="1", owner_kind="party")
    put(store, contact("8", owner="1", name="Zander"), contact("7", owner="1"), contact("6", owner="2"), contact("5", owner=""), quote)
    with store.read() as conn:
        people = seen.of_owners(conn, "crm", ["contact"], ["1", "2", "3", ""])
        both = seen.of_owners(conn, "crm", ["contact", "quote"], ["1"])
        assert seen.of_owners(conn, "crm", ["contact"], []) == {}
        assert seen.owners_of(conn, "crm", "contact", ["8", "6", "none"]) == {"8": "1", "6": "2"}
        assert seen.owners_of(conn, "crm", "contact", []) == {}
        assert seen.keys_of_owners(conn, "crm", ["contact", "quote"], ["1", "", "3"]) == [
            ("contact", "8"),
            ("contact", "7"),
            ("quote", "9"),
        ]
        assert seen.keys_of_owners(conn, "crm", ["contact"], []) == []
    assert {owner: [row.record.key for row in rows] for owner, rows in people.items()} == {"1": ["8", "7"], "2": ["6"]}
    assert [row.record.key for row in both["1"]] == ["8", "7", "9"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    (
        (MatchKeys(tax_id="DE136695976"), ["42"]),
        (MatchKeys(number="K-7"), ["42"]),
        (MatchKeys(email="info@mueller.example"), ["42"]),
        (MatchKeys(name="muller sohne gmbh"), ["42"]),
        (MatchKeys(reference="uni-abcdefgh23456722"), ["43"]),
        (MatchKeys(postcode="10115"), []),
        (MatchKeys(), []),
        (MatchKeys(number="K-7", reference="uni-abcdefgh23456722"), ["42", "43"]),
    ),
)
def test_alike_are_those_that_share_any_key_but_the_postcode_alone(store: Store, wanted: MatchKeys, found: list[str]) -> None:
    miller = Record(kind="party", key="42", body=MILLER, resource="companies", resource_key="42")
    marked = replace(party("43"), body=Party(type="company", name="Weber KG", reference="uni-abcdefgh23456722"))
    put(store, miller, marked, contact("42", owner="42", name="Müller Söhne GmbH"))
    with store.read() as conn:
        assert [row.record.key for row in seen.alike(conn, "crm", "party", [wanted])] == found


def test_the_newest_are_those_that_appeared_since_an_instant_the_last_first(store: Store) -> None:
    put(store, party("1"), party("2"))
    put(store, party("2", "Keller SE"), party("3"), contact("4", owner="3"), party("5"), party("6"), now=LATER)
    with store.write() as conn:
        seen.mark_gone(conn, "crm", [("party", "6")], LATER)
    with store.read() as conn:
        assert [row.record.key for row in seen.newest(conn, "crm", "party", NOW + timedelta(minutes=1), 10)] == ["5", "3"]
        assert [row.record.key for row in seen.newest(conn, "crm", "party", NOW, 3)] == ["5", "3", "2"]
        assert seen.newest(conn, "books", "party", NOW, 10) == []


def test_alike_takes_many_at_once_and_names_each_record_once(store: Store) -> None:
    put(store, *(party(str(n), f"Firma {n}", email=f"{n}@firma.example") for n in range(30)))
    wanted = [MatchKeys(name=f"firma {n}", email=f"{n}@firma.example") for n in range(10)]
    with store.read() as conn:
        assert [row.record.key for row in seen.alike(conn, "crm", "party", wanted)] == [str(n) for n in range(10)]


@pytest.mark.parametrize("store", (MEMORY,), indirect=True)
def test_more_keys_than_a_statement_takes_are_asked_for_in_portions(store: Store) -> None:
    put(store, party("1"), party("32999"))
    many = [str(n) for n in range(33_000)]
    with store.read() as conn:
        assert sorted(seen.get_many(conn, "crm", "party", many)) == ["1", "32999"]


def test_a_document_keeps_its_decimals_to_the_last_place(store: Store) -> None:
    body = Document(type_code="380", number="R-1", net=Decimal("0.10"), vat=Decimal("0.019"), gross=Decimal("12345678901234.119"))
    put(store, Record(kind="invoice", key="1", body=body, resource="invoice", resource_key="1"))
    with store.read() as conn:
        kept = seen.get_many(conn, "crm", "invoice", ["1"])["1"].record.body
    assert kept == body
    assert isinstance(kept, Document)
    assert str(kept.net) == "0.10"


def test_a_fresh_link_to_the_same_document_is_kept_and_is_no_change(store: Store) -> None:
    def invoice(link: str, number: str = "R-1") -> Record:
        body = Document(type_code="380", number=number, file_url=link)
        return Record(kind="invoice", key="1", body=body, resource="invoice", resource_key="1")

    put(store, invoice("https://files.example/token-1"))
    assert put(store, invoice("https://files.example/token-2"), raw=b"2", now=LATER) == 0
    with store.read() as conn:
        kept = seen.get_many(conn, "crm", "invoice", ["1"])["1"]
    assert (kept.record.body, kept.change) == (invoice("https://files.example/token-2").body, 1)
    assert put(store, invoice("https://files.example/token-3", number="R-2"), raw=b"3", now=LATER) == 1


def test_rows_whose_hash_is_forgotten_are_known_but_read_anew(store: Store) -> None:
    put(store, party("1"), raw=b"bytes")
    with store.write() as conn:
        seen.forget_hashes(conn, "crm")
        assert seen.known_rows(conn, "crm", "companies", ["1"])["1"].raw_hash == b""
    assert put(store, party("1"), raw=b"bytes") == 0


def test_a_clock_that_went_back_behind_the_release_makes_nothing_older_than_it(store: Store) -> None:
    put(store, party("1"))
    with store.write() as conn:
        pairs.update_pair(conn, "p", released_at=stamp(LATER))
    put(store, party("2"), now=NOW)
    put(store, party("3"), now=NOW, where="inv")
    put(store, party("4"), now=LATER + timedelta(hours=1))
    with store.read() as conn:
        first = {key: row.first_at for key, row in seen.get_many(conn, "crm", "party", ["1", "2", "4"]).items()}
        there = seen.get_many(conn, "inv", "party", ["3"])["3"].first_at
    just_after = LATER + timedelta(milliseconds=1)
    assert (first, there) == ({"1": NOW, "2": just_after, "4": LATER + timedelta(hours=1)}, just_after)

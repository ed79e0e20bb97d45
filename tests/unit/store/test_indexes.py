"""Every index beside the keys is paid for with each record that is stored: here stands which question each one answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection

from tests.support.stores import with_a_pair
from unisono.model.document import Document
from unisono.model.party import Contact, Party
from unisono.model.record import MatchKeys, Record
from unisono.model.writing import Write
from unisono.plan.flows.deletions import DELETED
from unisono.store import deeds, feed, intents, links, runs, seen, standing, work
from unisono.store.customers import customers, ground
from unisono.store.documents import open_amounts
from unisono.store.doors import Store
from unisono.store.links import Joined
from unisono.store.statements import driver
from unisono.store.tables import document, intent, link, metadata
from unisono.store.tables import seen as seen_table
from unisono.store.tables import work as work_table

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOT = (seen_table, document, link, intent, work_table)
"""The tables that have a row for each record."""
Question = Callable[[Connection], object]


def after_a_listing(conn: Connection) -> list[str]:
    return seen.unlisted(conn, "crm", "companies", seen.begin_listing(conn, "crm"))


def bills(conn: Connection) -> object:
    return open_amounts(conn, "p", (("b", "inv"),), date(2026, 3, 2), ("inv", "7"))


QUESTIONS: dict[str, Question] = {
    "seen_key": lambda conn: seen.get_many(conn, "crm", "party", ["1", "2"]),
    "seen_row": lambda conn: seen.compare_rows(conn, "crm", "companies", {"1": b"1"}),
    "seen_row covering": after_a_listing,
    "seen_change": lambda conn: seen.changed_since(conn, "crm", 3, 10),
    "seen_owner": lambda conn: seen.of_owners(conn, "crm", ["contact", "quote"], ["1"]),
    "seen_owner for keys": lambda conn: seen.keys_of_owners(conn, "crm", ["contact"], ["1"]),
    "seen_tax_id": lambda conn: seen.alike(conn, "crm", "party", [MatchKeys(tax_id="DE136695976")]),
    "seen_ref": lambda conn: seen.alike(conn, "crm", "party", [MatchKeys(reference="uni-abcdefgh23456722")]),
    "seen_number": lambda conn: seen.alike(conn, "crm", "party", [MatchKeys(number="K-7")]),
    "seen_email": lambda conn: seen.alike(conn, "crm", "party", [MatchKeys(email="a@b.example")]),
    "seen_name": lambda conn: seen.alike(conn, "crm", "party", [MatchKeys(name="keller ag")]),
    "seen_name in a list": lambda conn: customers(conn, ground(conn, "p", "crm", "inv")),
    "seen_nameless": lambda conn: customers(conn, ground(conn, "p", "crm", "inv"), limit=5_000),
    "seen_missing": lambda conn: seen.missing_rows(conn, "crm", "companies"),
    "seen_missing for the brake": lambda conn: links.vanished(conn, "p", "crm", "inv"),
    "seen_gone": lambda conn: links.vanished(conn, "p", "crm", "inv"),
    "document_owner": bills,
    "document_open": lambda conn: open_amounts(conn, "p", (("b", "inv"),), date(2026, 3, 2)),
    "link_a": lambda conn: links.links_of(conn, "p", "party", "a", ["1"]),
    "link_b": lambda conn: links.links_of(conn, "p", "party", "b", ["1"]),
    "link_why": lambda conn: links.ended_since(conn, "p", "crm", "inv", NOW - timedelta(days=1)),
    "link_why for the brake": lambda conn: links.vanished(conn, "p", "crm", "inv"),
    "link_count": lambda conn: links.count_links(conn, "p"),
    "link_count covering": lambda conn: links.vanished(conn, "p", "crm", "inv"),
    "link_count since": lambda conn: standing.links_by_day(conn, "p", NOW),
    "intent_one_hand": lambda conn: intents.unsettled(conn, "p"),
    "intent_one_hand of creates": lambda conn: intents.unclear_creates(conn, "p"),
    "intent_one_hand before an undo": lambda conn: deeds.unsettled_keys(conn, "p"),
    "intent_key": lambda conn: feed.feed(conn, "p", keys=["a:party:1"]),
    "intent_key of a run": lambda conn: runs.written(conn, "r", ["a:party:1"]),
    "intent_feed": lambda conn: feed.feed(conn, "p"),
    "intent_refused": lambda conn: feed.feed(conn, "p", sort="refused"),
    "work_due": lambda conn: work.due(conn, "pair:p", NOW, 10),
    "work_unsure": lambda conn: work.unsure_among(conn, "pair:p", ["a:party:1"]),
}


def party(key: str) -> Record:
    body = Party(type="company", name=f"Keller {key} AG", number=f"K-{key}", email=f"{key}@b.example")
    return Record(kind="party", key=key, body=body, resource="companies", resource_key=key)


@pytest.fixture(scope="module")
def filled() -> object:
    """Twelve hundred customers, linked and written, some of each of what is rare."""
    with Store.open(":memory:") as store:
        with_a_pair(store)
        keys = [str(n) for n in range(1200)]
        with store.write() as conn:
            for where in ("crm", "inv"):
                seen.put_seen(conn, where, [(party(key), b"1") for key in keys], NOW)
            people = [Record(kind="contact", key="c", body=Contact(name="Weber"), resource="people", resource_key="c", owner="1")]
            bill = Document(type_code="380", number="R-1", date=date(2026, 1, 1))
            people.append(Record(kind="invoice", key="r", body=bill, resource="invoice", resource_key="r", owner="7"))
            seen.put_seen(conn, "inv", [(record, b"1") for record in people], NOW)
            seen.mark_missing(conn, "crm", "companies", ["3"], NOW)
            seen.mark_gone(conn, "crm", [("party", "4")], NOW)
            links.put_links(conn, "p", [Joined(f"l{key}", "party", key, key, {}, {}) for key in keys], NOW)
            links.sever(conn, "p", "party", "5", "5", DELETED, NOW)
            made = [
                intents.Intent(
                    id=f"i{key}",
                    key=f"a:party:{key}",
                    write=Write(operation="create", side="b", kind="party"),
                    link_kind="party",
                    agree={},
                    source="",
                    command="customer.create",
                    step=0,
                    reason=("created-because", {}),
                    policy_version=1,
                )
                for key in keys
            ]
            intents.intend(conn, "p", "pair:p", 1, made, NOW)
            intents.settle(conn, [(i.id, "refused" if i.id == "i9" else "done", "", {}, {}) for i in made[:-1]], NOW)
            work.mark(conn, "pair:p", [work.Mark(f"a:party:{key}", "party") for key in keys], NOW)
        yield store


def plans(conn: Connection, question: Question) -> list[str]:
    """How SQLite finds the answer, a line a table of each statement."""
    raw = driver(conn)
    asked: list[str] = []
    raw.set_trace_callback(asked.append)
    question(conn)
    raw.set_trace_callback(None)
    return [str(line[3]) for text in asked if text.lower().startswith("select") for line in raw.execute(f"explain query plan {text}")]


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_index_answers_the_question_it_stands_for(filled: Store, name: str) -> None:
    index, _, way = name.partition(" ")
    with filled.read() as conn:
        found = plans(conn, QUESTIONS[name])
    used = [line for line in found if f"INDEX {index} " in f"{line} "]
    assert used, found
    if way == "covering":
        assert any("COVERING" in line for line in used), "the records themselves are not read for it"


def test_no_index_stands_for_nothing() -> None:
    there = {str(index.name) for table in HOT for index in table.indexes}
    assert there - {name.partition(" ")[0] for name in QUESTIONS} - {"document_day"} == set()
    assert {name.partition(" ")[0] for name in QUESTIONS} <= there | {str(i.name) for t in metadata.tables.values() for i in t.indexes}


def test_the_brake_reads_no_linked_record_when_nothing_is_lost(filled: Store) -> None:
    with filled.read() as conn:
        found = plans(conn, lambda conn: links.vanished(conn, "p", "crm", "inv"))
    assert not [line for line in found if line.startswith("SCAN")], found
    assert not [line for line in found if "INDEX link_count" in line and "COVERING" not in line], found


def test_what_is_due_comes_in_its_order_without_sorting_all_that_waits(filled: Store) -> None:
    with filled.read() as conn:
        found = plans(conn, lambda conn: work.due(conn, "pair:p", NOW, 10))
    assert not [line for line in found if "TEMP B-TREE" in line], found

"""Lists of customers and documents: the same on every database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.support.stores import with_a_pair
from unisono.model.document import Document
from unisono.model.party import Party
from unisono.model.record import Record
from unisono.plan.actions import Report
from unisono.store import asking, links, seen, work
from unisono.store.customers import FILTERS, count_customers, customers, ground
from unisono.store.documents import START, count_documents, documents, open_amounts
from unisono.store.doors import Store
from unisono.store.erase import erase

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
BILL = Document(type_code="380", title="Schild", due=dt.date(2026, 2, 1), gross=Decimal("119.50"), stage="issued", date=dt.date(2026, 1, 1))
SIDES = (("b", "inv"),)


def party(key: str, name: str, **more: str) -> tuple[Record, bytes]:
    body = Party(type="company", name=name, **more)  # type: ignore[arg-type]
    return Record(kind="party", key=key, body=body, resource="companies", resource_key=key), b""


def bill(number: str, owner: str = "", **changes: object) -> tuple[Record, bytes]:
    body = replace(BILL, number=number, **changes)  # type: ignore[arg-type]
    return Record(kind="invoice", key=number, body=body, resource="invoice", resource_key=number, owner=owner, owner_kind="party"), b""


@pytest.fixture
def filled(store: Store) -> Store:
    """Łódź is linked, Müller asked about and linked, Ștefan waits and is on the other side alone, ``---`` has no name to find it by."""
    with_a_pair(store)
    with store.write() as conn:
        seen.put_seen(conn, "crm", [party("1", "Łódź S.A."), party("2", "Müller GmbH"), party("4", "---")], NOW)
        seen.put_seen(conn, "inv", [party("11", "Łódź S.A.", number="K-7"), party("12", "Müller"), party("13", "Ștefan SRL")], NOW)
        links.put_link(conn, "l1", "p", "party", "1", "11", {}, {}, NOW)
        links.put_link(conn, "l2", "p", "party", "2", "12", {}, {}, NOW)
        asking.report(conn, "r1", "p", "b:party:12", "party", "Müller", Report(code="too-long"), "", NOW)
        work.mark(conn, "pair:p", [work.Mark("b:party:13", "party")], NOW)
        seen.put_seen(
            conn,
            "inv",
            [bill("R-1", "12"), bill("R-2", "12", due=TODAY), bill("R-3", "11", paid="full"), bill("R-4", currency="PLN", due=None)],
            NOW,
        )
    return store


def test_customers_are_listed_once_by_name_and_in_each_state(filled: Store) -> None:
    with filled.read() as conn:
        on = ground(conn, "p", "crm", "inv")
        found, more = customers(conn, on)
        by_state = {state: [one.label for one in customers(conn, on, state=state)[0]] for state in FILTERS if state}
        first, after = customers(conn, on, limit=2)
        rest, end = customers(conn, on, after=after, limit=2)
        searched = [[one.label for one in customers(conn, on, search=text)[0]] for text in ("lodz", "K-7", "muller", "stefan", "%", "zz")]
        counted = count_customers(conn, on)
    assert more == end == 0
    assert [(one.label, one.state, one.sides) for one in found] == [
        ("Łódź S.A.", "linked", ("a", "b")),
        ("Müller GmbH", "asked", ("a", "b")),
        ("Ștefan SRL", "waiting", ("b",)),
        ("---", "alone", ("a",)),
    ]
    assert found[0].number == "K-7", "what the other side knows"
    assert by_state == {
        "linked": ["Łódź S.A.", "Müller GmbH"],
        "asked": ["Müller GmbH"],
        "waiting": ["Ștefan SRL"],
        "left-out": [],
        "alone": ["Ștefan SRL", "---"],
    }
    assert first + rest == found
    assert searched == [["Łódź S.A."], ["Łódź S.A."], ["Müller GmbH"], ["Ștefan SRL"], [], []]
    assert counted == {"linked": 2, "asked": 1, "waiting": 1}


def test_documents_are_listed_counted_and_added_up(filled: Store) -> None:
    with filled.read() as conn:
        found, _ = documents(conn, "p", SIDES, TODAY)
        first, after = documents(conn, "p", SIDES, TODAY, limit=3)
        assert after is not None
        rest, end = documents(conn, "p", SIDES, TODAY, after=after, limit=3)
        counted = count_documents(conn, "p", SIDES, TODAY)
        open_ = open_amounts(conn, "p", SIDES, TODAY)
        late = documents(conn, "p", SIDES, TODAY, state="overdue")[0]
        searched = [[one.number for one in documents(conn, "p", SIDES, TODAY, search=text)[0]] for text in ("r 3", "MULLER", "zz")]
        of_one = documents(conn, "p", SIDES, TODAY, owner=("inv", "11"), after=START)[0]
    assert [one.number for one in found] == ["R-4", "R-3", "R-2", "R-1"]
    assert (first + rest, end) == (found, None)
    assert found[3].customer == "Müller"
    assert (counted.types, counted.states, counted.overdue, counted.dunning) == ({"380": 4}, {"issued": 3, "paid": 1}, 1, 0)
    assert [(one.currency, one.total, one.overdue) for one in open_] == [
        ("EUR", Decimal("239"), Decimal("119.5")),
        ("PLN", Decimal("119.5"), Decimal(0)),
    ]
    assert [one.number for one in late] == ["R-1"]
    assert searched == [["R-3"], ["R-2", "R-1"], []]
    assert [one.number for one in of_one] == ["R-3"]


def test_a_document_taken_away_is_off_the_lists(filled: Store) -> None:
    with filled.write() as conn:
        erase(conn, "p", "b:invoice:R-1", NOW)
        seen.mark_gone(conn, "inv", [("invoice", "R-2")], NOW)
    with filled.read() as conn:
        assert [one.number for one in documents(conn, "p", SIDES, TODAY)[0]] == ["R-4", "R-3"]

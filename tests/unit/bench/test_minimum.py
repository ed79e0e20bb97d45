"""The fewest calls, against cases counted by hand; and the product, which makes no call more."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.firm import Size, fill
from bench.minimum import Calls, Job, first_sync, listing, listings
from bench.product import POLICY
from tests.support.village import village
from unisono.model.capability import Capabilities, Writing
from unisono.wiring import system_file

CRM, BOOKS = system_file("centralstation"), system_file("fastbill")
NOTHING_IN_CRM = {"companies": 0, "people": 0, "deals": 0, "tags": 0}


def test_two_customers_one_contact_and_one_invoice_take_nineteen_calls() -> None:
    # before: an empty CRM (4 lists, a call each shows that they are empty); 2 customers, 1 of them with a contact, and 1 invoice in FastBill
    there = {"customer": 2, "contact": 0, "estimate": 0, "invoice": 1}
    # after: 2 customers and 1 contact, each created and read back; the invoice's PDF fetched, a note made, the file put on it
    got = first_sync((CRM, Job(rows=NOTHING_IN_CRM, creates={"party": 2, "contact": 1})), (BOOKS, Job(rows=there, documents=1)))
    assert got == Calls(identity=2, listing=4 + 4, creates=3 + 2, read_backs=3, files=1)
    assert got.total == 19


def test_a_list_that_fills_its_last_page_takes_one_call_more() -> None:
    # 200 customers at 100 a page: 2 full pages and an empty one; 250 companies at 250 a page: 1 full and an empty one
    assert listings(BOOKS, {"customer": 200}) == 3
    assert listings(BOOKS, {"customer": 199}) == 2
    assert listings(CRM, {"companies": 250}) == 2
    # 25 rows may be a page that the server cut at 25: one more call tells; 26 rows may not
    assert listings(CRM, {"people": 25}) == 2
    assert listings(CRM, {"people": 26}) == 1
    got = first_sync((CRM, Job(rows={"companies": 250, "people": 25})), (BOOKS, Job(rows={"customer": 200})))
    assert got.total == 2 + (2 + 2) + 3


def test_a_vendor_that_shows_less_and_proves_more_is_counted_as_such() -> None:
    # 10 contacts at 4 a page, each of which has to be read singly; a create that takes 2 calls and whose answer proves the values
    other = _other_crm(page=4, row_calls=1, calls=2)
    got = first_sync((other, Job(rows={"people": 10}, creates={"party": 3})), (BOOKS, Job(rows={"customer": 3})))
    assert got == Calls(identity=2, listing=(3 + 10) + 1, creates=6, read_backs=0, files=0)
    assert got.total == 22


def test_calls_that_carry_several_records_are_counted_full() -> None:
    # 33 customers made by 16 in a call and read back by 32, 5 contacts made and read back in a call each
    portal = system_file("bitrix24")
    got = first_sync((portal, Job(rows={"companies": 0}, creates={"party": 33, "contact": 5})), (BOOKS, Job(rows={"customer": 0})))
    assert got == Calls(identity=2, listing=2, creates=3 + 1, read_backs=2 + 1, files=0)


def test_a_page_without_rows_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="a page of 0 rows"):
        listing(5, 0)


def test_the_product_makes_exactly_the_fewest_calls(tmp_path: Path) -> None:
    size = Size(customers=23, documents=9)
    world = village(tmp_path, policy=POLICY)
    world.house.unlimited, world.crm.world.storage.settings["rate_limit"] = True, None
    fill(world.books, size)
    world.release()
    # before: nothing in the CRM
    outcome = world.cycle()
    assert (outcome.fault, outcome.failed) == (None, 0)
    # after: everything is there, and no call was made that the formula does not know; this set-up tested no keys
    assert world.link_count() == {"party": 23, "contact": size.contacts, "note": 9}
    there = {"customer": 23, "contact": 0, "estimate": size.estimates, "invoice": 9 - size.estimates}
    job = Job(rows=NOTHING_IN_CRM, creates={"party": 23, "contact": size.contacts})
    fewest = dataclasses.replace(first_sync((CRM, job), (BOOKS, Job(rows=there, documents=9))), identity=0)
    assert world.calls("a") + world.calls("b") == fewest.total, _by_operation(world)


def _by_operation(world: object) -> dict[str, int]:
    logs = (side.world.log.calls for side in (world.crm, world.books))  # type: ignore[attr-defined]
    return dict(Counter(call.operation for calls in logs for call in calls))


def _other_crm(*, page: int, row_calls: int, calls: int) -> Capabilities:
    people = replace(CRM.resource("people"), page=page, row_calls=row_calls)
    writings = (Writing(kind="party", mode=CRM.writing("party").mode, create="record", calls=calls, read_back=False),)
    return replace(CRM, name="other", resources=(people,), writings=writings)

"""A key that is refused in the middle of the work: nobody goes on knocking."""

from __future__ import annotations

from tests.stories.folk import company, customer, customer_names, customers, deal_of, files_at, invoice, notes
from tests.support.village import Village


def knocks(v: Village) -> int:
    """Calls that FastBill turned away because of the key."""
    return sum(1 for call in v.books.world.log.calls if call.fault == "unauthorised")


def test_after_the_first_refusal_nothing_more_of_the_wave_is_sent(v: Village) -> None:
    for number in range(6):
        deal_of(v, company(v, name=f"Werkstatt {number} GmbH"))
    v.books.world.faults.arm("unauthorised", "customer.create", times=6, skip=2)
    v.clock.advance(300)
    outcome = v.cycle()
    assert (len(customers(v)), knocks(v)) == (2, 1)
    assert outcome.refused == {"b"}
    v.books.world.faults.clear()
    v.sync(10)
    assert customer_names(v) == [f"Werkstatt {number} GmbH" for number in range(6)]


def test_a_refusal_while_reading_back_is_noticed_and_what_was_written_stays_written(v: Village) -> None:
    for number in range(4):
        deal_of(v, company(v, name=f"Werkstatt {number} GmbH"))
    v.clock.advance(300)
    # The pull reads customers, too: only what comes after the creates is turned away.
    v.books.world.faults.arm("unauthorised", "customer.get", times=9, skip=1)
    outcome = v.cycle()
    assert (len(customers(v)), knocks(v)) == (4, 1)
    assert outcome.refused == {"b"}
    v.books.world.faults.clear()
    v.sync(10)
    assert len(customers(v)) == 4
    assert v.link_count()["party"] == 4


def with_an_invoice_to_file(v: Village) -> None:
    """A customer known to both sides gets an invoice; another one of the CRM is to go across."""
    born = customer(v)
    v.sync()
    invoice(v, born)
    deal_of(v, company(v))
    v.clock.advance(300)


def downloads(v: Village) -> int:
    """The documents that FastBill was asked for."""
    return [call.operation for call in v.books.world.log.calls].count("GET download")


def test_no_document_is_fetched_from_a_system_that_has_just_refused_the_key(v: Village) -> None:
    with_an_invoice_to_file(v)
    # The list of customers is read, then one is made, and the look at it is turned away.
    v.books.world.faults.arm("unauthorised", "customer.get", skip=1)
    outcome = v.cycle()
    assert (knocks(v), downloads(v), notes(v)) == (1, 0, [])
    assert outcome.refused == {"b"}
    v.sync(10)
    assert (downloads(v), [len(files_at(v, note)) for note in notes(v)]) == (1, [1])


def test_a_key_refused_while_a_document_is_fetched_closes_the_system_it_lies_in_and_no_other(v: Village) -> None:
    with_an_invoice_to_file(v)
    # The link has run out, so the invoice is read once more for a fresh one, after it was read in the list.
    v.books.world.faults.arm("pdf-html", "download")
    v.books.world.faults.arm("unauthorised", "invoice.get", skip=1)
    outcome = v.cycle()
    assert (knocks(v), notes(v)) == (1, [])
    assert (outcome.refused, set(outcome.closed)) == ({"b"}, {("b", "*")})
    v.sync(10)
    assert [len(files_at(v, note)) for note in notes(v)] == [1]

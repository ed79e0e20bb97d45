"""Two customers that may be one: whichever way they come (preview, sync, one batch or several, today or later), one is made, one is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stories.folk import bound, companies, company_names, count, customer, customer_names, customers, tagged
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_preview import labelled, planned_writes, previewed, released, rows, vendor_writes
from tests.support.village import Village

VAT = "DE129274202"


def branch(v: Village, number: int) -> int:
    """A branch of one firm: a customer of its own in FastBill, with the firm's tax id."""
    return customer(v, ORGANIZATION=f"Filiale {number} GmbH", VAT_ID=VAT, EMAIL=f"f{number}@filialen.example", ZIPCODE=f"1000{number}")


def others(v: Village, number: int) -> None:
    """Customers that are like nobody else."""
    for n in range(number):
        customer(v, ORGANIZATION=f"Kunde {n:03d} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{20000 + n}")


def by_preview(v: Village) -> None:
    """Shown, released, carried out: what is shown is what is done."""
    branch(v, 1)
    branch(v, 2)
    v.clock.advance(86400)
    run = previewed(v, complete())
    assert [labelled(v, run, f"Filiale {n} GmbH", "party").verdict for n in (1, 2)] == ["new", "doubtful"]
    promised = planned_writes(rows(v, run))
    released(v, run)
    v.sync()
    assert vendor_writes(v) == promised


def by_sync(v: Village) -> None:
    """Both are there when the pair is released without a preview: they are planned in one batch."""
    branch(v, 1)
    branch(v, 2)
    v.sync()
    v.release(complete())
    v.sync()


def by_two_syncs(v: Village) -> None:
    """The second branch opens when the first has long been carried over."""
    v.sync()
    v.release(complete())
    branch(v, 1)
    v.sync()
    assert company_names(v) == ["Filiale 1 GmbH"]
    branch(v, 2)
    v.sync()


def in_two_batches(v: Village) -> None:
    """So many lie between the two that they are not planned from one picture."""
    v.settings("b", plan="premium")
    branch(v, 1)
    others(v, 255)
    branch(v, 2)
    v.sync()
    v.release(complete())
    v.sync()


def in_two_batches_of_a_preview(v: Village) -> None:
    """The same, previewed."""
    v.settings("b", plan="premium")
    branch(v, 1)
    others(v, 255)
    branch(v, 2)
    v.clock.advance(86400)
    run = previewed(v, complete())
    assert [labelled(v, run, f"Filiale {n} GmbH").verdict for n in (1, 2)] == ["new", "doubtful"]
    released(v, run)
    v.sync()


@pytest.mark.parametrize(
    "come",
    (by_preview, by_sync, by_two_syncs, in_two_batches_of_a_preview, pytest.param(in_two_batches, marks=pytest.mark.slow)),
)
def test_of_two_branches_with_one_tax_id_one_is_made_and_the_other_is_asked_about(
    unreleased: Village, come: Callable[[Village], None]
) -> None:
    v = unreleased
    bound(v, "tax_id")
    come(v)
    made = [name for name in company_names(v) if name.startswith("Filiale")]
    assert made == ["Filiale 1 GmbH"]
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.values["rule"]) == ("same-customer", "Filiale 2 GmbH", "tax_id")
    v.answer(asked, "different")
    v.sync()
    assert [name for name in company_names(v) if name.startswith("Filiale")] == ["Filiale 1 GmbH", "Filiale 2 GmbH"]
    assert v.questions() == []


def test_where_the_crm_holds_no_tax_id_two_branches_are_two_companies_shown_and_done_alike(unreleased: Village) -> None:
    """Nothing in the CRM could be taken for the other: two customers of different names stay two."""
    v = unreleased
    branch(v, 1)
    branch(v, 2)
    v.clock.advance(86400)
    run = previewed(v, complete())
    assert [labelled(v, run, f"Filiale {n} GmbH").verdict for n in (1, 2)] == ["new", "new"]
    released(v, run)
    v.sync()
    assert company_names(v) == ["Filiale 1 GmbH", "Filiale 2 GmbH"]
    assert v.questions() == []


LOST = ("timeout-before", "timeout-after", "torn-json", "reset-after", "html")
"""The create was not done, was done without an answer, was done with one that cannot be read."""


@pytest.mark.parametrize("fault", LOST)
def test_while_nobody_knows_whether_a_customer_was_made_its_twin_waits_and_is_then_asked_about(v: Village, fault: str) -> None:
    for n in (1, 2):
        tagged(v, name="Gleich GmbH", email=f"g{n}@gleich.example", zip="12345")
    v.books.world.faults.arm(fault, "customer.create")
    assert customers(v) == []
    v.sync()
    v.sync()
    assert customer_names(v) == ["Gleich GmbH"]
    assert [(q.code, q.values["linked"]) for q in v.questions()] == [("same-customer", "yes")]
    assert v.link_count() == {"party": 1}


@pytest.mark.parametrize("fault", LOST)
def test_the_twin_of_a_company_whose_making_is_unclear_waits_in_the_other_direction_too(v: Village, fault: str) -> None:
    for n in (1, 2):
        customer(v, ORGANIZATION="Gleich GmbH", EMAIL=f"g{n}@gleich.example")
    v.crm.world.faults.arm(fault, "POST companies")
    assert companies(v) == []
    v.sync()
    v.sync()
    assert company_names(v) == ["Gleich GmbH"]
    assert [q.code for q in v.questions()] == ["same-customer"]


@pytest.mark.parametrize("fault", ("html", "torn-json", "status", "timeout-before"))
def test_a_customer_that_could_not_be_read_back_is_known_to_its_twin_all_the_same(v: Village, fault: str) -> None:
    for n in (1, 2):
        tagged(v, name="Gleich GmbH", email=f"g{n}@gleich.example", zip="12345")
    v.books.world.faults.arm(fault, "customer.get", skip=1)  # the listing comes first, then what was made is read back
    v.sync()
    v.sync()
    assert count(v, "b", "customer.create") == len(customers(v)) == 1
    assert [q.code for q in v.questions()] == ["same-customer"]

"""Documents: sums to the cent, due dates, and what makes a new version."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.model.values import cents as drawn_cents
from tests.unit.model.values import documents
from unisono.model.document import Document, Line, Lines, NotReadable, adds_up, overdue, version_of

TODAY = dt.date(2026, 3, 2)
INVOICE = Document(
    type_code="380",
    number="R-1",
    title="Roof",
    date=dt.date(2026, 2, 1),
    due=dt.date(2026, 2, 15),
    lines=Lines((Line(name="Tiles", quantity=Decimal(3), price=Decimal("33.3333"), net=Decimal("100.00"), gross=Decimal("119.00")),)),
    net=Decimal("100.00"),
    vat=Decimal("19.00"),
    gross=Decimal("119.00"),
    stage="issued",
)


@pytest.mark.parametrize(
    ("changed", "late"),
    (
        ({}, True),
        ({"due": TODAY}, False),
        ({"due": TODAY - dt.timedelta(days=1)}, True),
        ({"due": None}, False),
        ({"stage": "sent"}, True),
        ({"stage": "draft"}, False),
        ({"stage": "cancelled"}, False),
        ({"paid": "part"}, True),
        ({"paid": "full"}, False),
    ),
)
def test_overdue_is_issued_unpaid_and_past_its_day(changed: dict[str, Any], late: bool) -> None:
    assert overdue(replace(INVOICE, **changed), TODAY) is late


@pytest.mark.parametrize(
    ("changed", "told"),
    (
        ({}, ""),
        ({"gross": Decimal("119.01")}, "net 100 + VAT 19 != gross 119.01"),
        ({"net": Decimal("99.99"), "vat": Decimal("19.01")}, "lines net 100 != net 99.99"),
        ({"net": None}, ""),
        ({"vat": None, "gross": Decimal("120")}, "lines gross 119 != gross 120"),
        ({"lines": NotReadable()}, ""),
        ({"lines": Lines(())}, ""),
        ({"lines": Lines((Line(name="of unknown total"),))}, ""),
        ({"gross": Decimal("119.004")}, ""),
    ),
)
def test_sums_that_are_off_are_told_with_both_amounts(changed: dict[str, Any], told: str) -> None:
    assert adds_up(replace(INVOICE, **changed)) == told


@settings(max_examples=60)
@given(st.lists(st.tuples(drawn_cents, drawn_cents), min_size=1, max_size=8), st.sampled_from([Decimal("0.01"), Decimal("-0.01")]))
def test_a_document_whose_cents_add_up_passes_and_one_a_cent_off_does_not(rows: list[tuple[Decimal, Decimal]], off: Decimal) -> None:
    lines = Lines(tuple(Line(name="x", net=net, gross=net + vat) for net, vat in rows))
    net, vat = sum((n for n, _ in rows), Decimal(0)), sum((v for _, v in rows), Decimal(0))
    right = Document(type_code="380", lines=lines, net=net, vat=vat, gross=net + vat)
    assert adds_up(right) == ""
    assert adds_up(replace(right, gross=net + vat + off))
    assert adds_up(replace(right, net=net + off, vat=vat - off))


@pytest.mark.parametrize(
    "changed",
    (
        {"number": "R-2"},
        {"stage": "sent"},
        {"paid": "full"},
        {"paid": "part", "paid_amount": Decimal(1)},
        {"dunning": 1},
        {"due": None},
        {"gross": Decimal("119.01")},
        {"lines": Lines((Line(name="Tiles", quantity=Decimal(4), price=Decimal("33.3333")),))},
        {"text": "Thank you"},
    ),
)
def test_a_changed_document_is_a_new_version(changed: dict[str, Any]) -> None:
    assert version_of(replace(INVOICE, **changed)) != version_of(INVOICE)


@pytest.mark.parametrize("changed", ({"file_url": "https://a.example/1"}, {"view_url": "https://a.example/2"}, {"gross": Decimal("119")}))
def test_a_new_link_or_another_spelling_of_an_amount_is_no_new_version(changed: dict[str, Any]) -> None:
    assert version_of(replace(INVOICE, **changed)) == version_of(INVOICE)


@settings(max_examples=40)
@given(documents, st.text(max_size=5))
def test_the_version_never_depends_on_links(document: Document, link: str) -> None:
    assert version_of(replace(document, file_url=link, view_url=link)) == version_of(document)

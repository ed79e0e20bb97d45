"""Customers: everybody both systems know, and one of them with both sides beside each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from unisono.store.customers import Customer, Filter
from unisono.web.api.documents import DocumentOut, OpenOut, listed_out, open_out
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.customers import about, place_of
from unisono.web.visit import Visit
from unisono.wiring.customers import list_customers
from unisono.wiring.documents import today_of
from unisono.wiring.standing import Titles, titles_of

doors = Doors("customers")


class CustomerOut(BaseModel):
    """A customer of the list. ``crm`` and ``invoicing`` are its records, empty where there is none; ``link`` is empty if they are not linked."""

    label: str
    state: str
    why: str
    link: str
    crm: str
    invoicing: str
    number: str
    tax_id: str
    email: str
    postcode: str


class CustomersOut(BaseModel):
    """A page, by name; ``more`` asks for the next one as ``after``, empty at the end."""

    customers: list[CustomerOut]
    more: str


class FieldOut(BaseModel):
    """One field on both sides. ``sign``: same, alike (counts as the same), differs, apart (not carried over). ``agreed_*`` of what differs."""

    field: str
    crm: str
    invoicing: str
    sign: str
    agreed_crm: str | None
    agreed_invoicing: str | None


class OpenMatterOut(BaseModel):
    """A question or problem of a customer."""

    id: str
    kind: str
    code: str
    told: str


class CustomerWholeOut(CustomerOut):
    """A customer with both sides beside each other and what is about it."""

    fields: list[FieldOut]
    contacts_crm: list[str]
    contacts_invoicing: list[str]
    open: list[OpenMatterOut]
    documents: list[DocumentOut]
    open_amounts: list[OpenOut]
    page_crm: str
    page_invoicing: str


@doors.get("/pairs/{pair_id}/customers", needs="view")
def customers(
    visit: Visitor,
    pair_id: str,
    search: str = "",
    state: Filter = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CustomersOut:
    """Customers by name. ``search`` looks at name (without regard to case and diacritics), number, e-mail and tax id."""
    row = visit.pair(pair_id)
    found, more = list_customers(visit.house, row, search=search, state=state, after=place_of(after), limit=limit)
    titles = _titles(visit, row.id)
    return CustomersOut(customers=[_out(visit, one, titles) for one in found], more=str(more) if more else "")


@doors.get("/pairs/{pair_id}/customers/{customer:path}", needs="view")
def customer(visit: Visitor, pair_id: str, customer: str) -> CustomerWholeOut:
    """One customer, by the id of its link or by one of its records (``a:party:company:42``)."""
    row = visit.pair(pair_id)
    found, titles = about(visit, row, customer), _titles(visit, row.id)
    agreed = {one.field: one for one in found.agreed}
    with visit.house.store.read() as conn:
        today = today_of(visit.house, conn, row)
    asked = [
        OpenMatterOut(
            id=one.id,
            kind="question",
            code=one.code,
            told=visit.speech.tell(one.code, one.values, name=one.label, titles=titles, led=False),
        )
        for one in found.questions
    ]
    told = [
        OpenMatterOut(
            id=one.id,
            kind="problem",
            code=one.code,
            told=visit.speech.tell(one.code, one.values, name=one.label, field=one.field, kind=one.kind, titles=titles, led=False),
        )
        for one in found.problems
    ]
    return CustomerWholeOut(
        **_out(visit, found.customer, titles).model_dump(),
        fields=[
            FieldOut(
                field=one.name,
                crm=one.a,
                invoicing=one.b,
                sign=one.sign,
                agreed_crm=agreed[one.name].a if one.name in agreed else None,
                agreed_invoicing=agreed[one.name].b if one.name in agreed else None,
            )
            for one in found.both.fields
        ],
        contacts_crm=list(found.people.a),
        contacts_invoicing=list(found.people.b),
        open=[*asked, *told],
        documents=[listed_out(row, one, today) for one in found.documents],
        open_amounts=[open_out(one) for one in found.open],
        page_crm=found.pages[0],
        page_invoicing=found.pages[1],
    )


def _titles(visit: Visit, pair_id: str) -> Titles:
    with visit.house.store.read() as conn:
        return titles_of(visit.house, conn, pair_id)


def _out(visit: Visit, one: Customer, titles: Titles) -> CustomerOut:
    records = dict.fromkeys(("a", "b"), "")
    records[one.side] = one.record
    if one.counterpart:
        there = "b" if one.side == "a" else "a"
        records[there] = f"{there}:party:{one.counterpart}"
    return CustomerOut(
        label=one.label,
        state=one.state,
        why=visit.speech.tell(one.why.code, one.why.values, kind="party", titles=titles, led=False) if one.why else "",
        link=one.link,
        crm=records["a"],
        invoicing=records["b"],
        number=one.number,
        tax_id=one.tax_id,
        email=one.email,
        postcode=one.postcode,
    )

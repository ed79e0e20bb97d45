"""Customers as people look at them: the list, and one of them with both sides beside each other and all that is about it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from unisono.model.record import label_of
from unisono.plan.situation import Link, Seen, Subject
from unisono.policy.files import parse_policy
from unisono.store import customers as stored
from unisono.store import pairs, seen
from unisono.store.asking import Problem, Question
from unisono.store.customer_rows import Ground
from unisono.store.customers import Customer
from unisono.store.documents import Listed, Open
from unisono.store.feed import Happened, feed
from unisono.store.pairs import PairRow
from unisono.wiring.beside import Beside, beside
from unisono.wiring.documents import documents_of
from unisono.wiring.house import House
from unisono.wiring.leading import page_of

SHOWN = 8
"""Lines of history of one customer; the whole is on the history's own page."""


class NoSuchCustomer(KeyError):
    """There is no such customer in this pair. ``args[0]`` is what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What both sides held of a field that differs now, when they were last in step."""

    field: str
    a: str
    b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The contacts of a customer by name, on each side."""

    a: tuple[str, ...]
    b: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both sides name the same people."""
        return set(self.a) == set(self.b)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One customer. ``link`` is who it is on the other side (``None``: nobody so far); ``open`` are amounts still to be paid, ``pages`` the vendors'
    own pages about it, empty where they are not known."""

    customer: Customer
    link: Link | None
    both: Beside
    agreed: tuple[Agreed, ...]
    people: People
    questions: tuple[Question, ...]
    problems: tuple[Problem, ...]
    happened: tuple[Happened, ...]
    documents: tuple[Listed, ...]
    more_documents: bool
    open: tuple[Open, ...]
    pages: tuple[str, str]

    @property
    def records(self) -> tuple[str, ...]:
        """Its records, as history knows them."""
        found = (("a", self.both.a), ("b", self.both.b))
        return tuple(f"{side}:party:{one.record.key}" for side, one in found if one is not None)


def ground_of(conn: Connection, row: PairRow) -> Ground:
    """What questions about the customers of a pair rest on."""
    return stored.ground(conn, row.id, row.a, row.b, parse_policy(row.policy).leave_out)


def list_customers(
    house: House, row: PairRow, *, search: str = "", state: str = "", after: int = 0, limit: int = 50
) -> tuple[list[Customer], int]:
    """A page of a pair's customers by name, and after which ``id`` the next begins (0: there is no more)."""
    with house.store.read() as conn:
        return stored.customers(conn, ground_of(conn, row), search=search, state=state, after=after, limit=limit)


def count_customers(house: House, row: PairRow) -> dict[str, int]:
    """How many the filters show, where that is known without going through everybody."""
    with house.store.read() as conn:
        return stored.count_customers(conn, ground_of(conn, row))


def customer_about(house: House, row: PairRow, address: str) -> About:
    """One customer, by the id of its link or by its record (``a:party:company:42``). Raises ``NoSuchCustomer``."""
    with house.store.read() as conn:
        on = ground_of(conn, row)
        found = stored.customer_of(conn, on, address)
        if found is None:
            raise NoSuchCustomer(address)
        link, subject = found
        # Those who were separated are shown beside each other, too: it is what one wants to look at before joining them again.
        keys = _keys(link, subject)
        listed = stored.one_customer(conn, on, subject, link)
        people = People(a=_people(conn, row.a, keys[0]), b=_people(conn, row.b, keys[1]))
        records = [f"{side}:party:{key}" for side, key in zip(("a", "b"), keys, strict=True) if key]
        questions, problems = stored.open_about(conn, row.id, records)
        happened, _ = feed(conn, row.id, keys=records, limit=SHOWN)
    both = beside(house, row.id, "party", *keys)
    documents, more, open_ = documents_of(house, row, *keys)
    return About(
        customer=listed,
        link=link,
        both=both,
        agreed=_agreed(link, both),
        people=people,
        questions=tuple(questions),
        problems=tuple(problems),
        happened=tuple(happened),
        documents=tuple(documents),
        more_documents=more,
        open=tuple(open_),
        pages=(_page(house, row.a, both.a), _page(house, row.b, both.b)),
    )


def _page(house: House, connection: str, found: Seen | None) -> str:
    if found is None or found.gone:
        return ""
    with house.store.read() as conn:
        return page_of(house, pairs.get_connection(conn, connection), found.record)


def _keys(link: Link | None, subject: Subject) -> tuple[str, str]:
    if link is not None:
        return link.a_key, link.b_key
    return (subject.key, "") if subject.side == "a" else ("", subject.key)


def _agreed(link: Link | None, both: Beside) -> tuple[Agreed, ...]:
    if link is None:
        return ()
    apart = (field.name for field in both.fields if field.sign == "differs")
    return tuple(
        Agreed(field=name, a=link.agreed_a.get(name, ""), b=link.agreed_b.get(name, ""))
        for name in apart
        if name in link.agreed_a or name in link.agreed_b
    )


def _people(conn: Connection, connection: str, key: str) -> tuple[str, ...]:
    found = seen.of_owners(conn, connection, ["contact"], [key]).get(key, []) if key else []
    return tuple(sorted({label_of(one.record) for one in found}))

"""Customers as lists show them: everybody seen on either side, once, by name; found without regard to case and diacritics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from msgspec import Struct
from sqlalchemy import (
    Connection,
    Table,
    and_,
    literal,
    select,
)

from unisono.model.record import Side, other
from unisono.plan.actions import Reason
from unisono.plan.situation import Link, Subject, subject_of
from unisono.store.asking import Problem, Question, problems, questions
from unisono.store.customer_rows import COLUMNS, Ground, Shown, held_keys, searchable
from unisono.store.dialect import MOST_KEYS
from unisono.store.links import count_links, links_of
from unisono.store.runs import PLANNED_KINDS, rows_of, runs
from unisono.store.standing import open_keys
from unisono.store.tables import link, problem, question, seen, work

State = Literal["linked", "asked", "waiting", "left-out", "alone"]
"""``asked``: a question or problem is open; ``waiting``: Unisono goes on with it by itself; ``left-out``: a rule or a person says so;
``alone``: on one side, and nobody asked for more."""
Filter = Literal["", "linked", "asked", "waiting", "left-out", "alone"]
FILTERS: tuple[str, ...] = get_args(Filter)
_SIDES: tuple[Side, Side] = ("a", "b")


class Customer(Struct, frozen=True, kw_only=True):
    """A customer in a list: the record on the side named, and its counterpart if it has one that is there. ``why`` says why it is left out."""

    id: int
    side: Side
    key: str
    label: str
    tax_id: str
    number: str
    email: str
    postcode: str
    state: State
    link: str = ""
    counterpart: str = ""
    why: Reason | None = None

    @property
    def record(self) -> str:
        """``a:party:company:42``."""
        return f"{self.side}:party:{self.key}"

    @property
    def address(self) -> str:
        """What names it in an address: its link, or the record alone."""
        return self.link or self.record

    @property
    def sides(self) -> tuple[Side, ...]:
        """Where it is."""
        return ("a", "b") if self.counterpart else (self.side,)


def ground(conn: Connection, pair: str, a: str, b: str, chosen_out: Sequence[str] = ()) -> Ground:
    """Of a pair, its connections, and the records that its policy leaves out one by one."""
    plan = next((one.id for one in runs(conn, pair) if one.kind in PLANNED_KINDS), "")
    return Ground(pair, a, b, plan, tuple(chosen_out[:MOST_KEYS]))


def customers(
    conn: Connection, on: Ground, *, search: str = "", state: str = "", after: int = 0, limit: int = 50
) -> tuple[list[Customer], int]:
    """A page of customers by name, and the ``id`` after which the next begins (0: there is no more)."""
    if search.strip() and not searchable(search):
        return [], 0
    shown = Shown(conn, on, search, state)
    name = conn.execute(select(seen.c.name).where(seen.c.id == after)).scalar() if after else None
    rows: list[Any] = []
    if name is None or name:
        rows = [row for side in _SIDES for row in shown.named(side, name or "", after if name else 0, limit + 1)]
        rows.sort(key=lambda row: (row.name, row.id))
    if len(rows) <= limit:
        since = after if name == "" else 0
        more = [row for side in _SIDES for row in shown.nameless(side, since, limit + 1)]
        rows += sorted(more, key=lambda row: int(row.id))
    page = rows[:limit]
    return _told(conn, on, page), int(page[-1].id) if len(rows) > limit else 0


def customer_of(conn: Connection, on: Ground, address: str) -> tuple[Link | None, Subject] | None:
    """The link and the record that an address names; ``None`` if there is no such customer."""
    if address.count(":") < 2:
        row = conn.execute(select(link.c.kind, link.c.a_key).where(link.c.id == address, link.c.pair == on.pair)).one_or_none()
        if row is None or row.kind != "party":
            return None
        return links_of(conn, on.pair, "party", "a", [row.a_key])[row.a_key], Subject("a", "party", row.a_key)
    subject = subject_of(address)
    if subject.side not in ("a", "b") or subject.kind != "party":
        return None
    found = links_of(conn, on.pair, "party", subject.side, [subject.key]).get(subject.key)
    if found is None and not _is_there(conn, on, subject):
        return None
    return found, subject


def one_customer(conn: Connection, on: Ground, subject: Subject, found: Link | None) -> Customer:
    """One as the list tells it: the CRM's record, if it is linked and there."""
    wanted = [subject]
    if found is not None and found.state == "linked":
        wanted = [Subject("a", "party", found.a_key), Subject("b", "party", found.b_key)]
    columns = [seen.c[name] for name in COLUMNS]
    for one in wanted:
        here = and_(seen.c.connection == on.connection(one.side), seen.c.kind == "party", seen.c.key == one.key)
        row = conn.execute(select(literal(one.side).label("side"), *columns).where(here)).one_or_none()
        if row is not None:
            return _told(conn, on, [row])[0]
    # Linked, and neither side was ever read: nothing is known but who it is.
    return Customer(
        id=0, side=subject.side, key=subject.key, label=subject.key, tax_id="", number="", email="", postcode="", state="linked"
    )


def count_customers(conn: Connection, on: Ground) -> dict[str, int]:
    """How many a filter shows, where that is known without going through everybody."""
    counted = {name: sum(map(len, held_keys(conn, on, name))) for name in ("asked", "waiting")}
    return {"linked": count_links(conn, on.pair).get("party", 0)} | counted


def open_about(conn: Connection, pair: str, records: Sequence[str]) -> tuple[list[Question], list[Problem]]:
    """The open questions and problems of some records."""
    asked = [one for one in questions(conn, pair, limit=MOST_KEYS) if one.key in records] if _any(conn, question, pair, records) else []
    told = [one for one in problems(conn, pair, limit=MOST_KEYS) if one.key in records] if _any(conn, problem, pair, records) else []
    return asked, told


class _Around(Struct, frozen=True):
    """What is known around some rows: their links, what the other side knows of them, who is asked about, who waits, who is left out."""

    linked: dict[tuple[str, str], Link]
    theirs: dict[str, Any]
    asked: set[str]
    waiting: set[str]
    left_out: dict[str, Reason]
    chosen: frozenset[str]


def _told(conn: Connection, on: Ground, rows: Sequence[Any]) -> list[Customer]:
    linked: dict[tuple[str, str], Link] = {}
    for side in _SIDES:
        keys = [row.key for row in rows if row.side == side]
        linked |= {(side, key): one for key, one in links_of(conn, on.pair, "party", side, keys).items()}
    around = _Around(
        linked=linked,
        theirs=_theirs(conn, on, [one.b_key for (side, _), one in linked.items() if side == "a" and one.state == "linked"]),
        asked=open_keys(conn, on.pair),
        waiting=_waiting(conn, on, rows, linked),
        left_out=_left_out(conn, on, [f"{row.side}:party:{row.key}" for row in rows]),
        chosen=frozenset(on.chosen_out),
    )
    return [_customer(row, around) for row in rows]


def _customer(row: Any, around: _Around) -> Customer:
    side: Side = "a" if row.side == "a" else "b"
    found = around.linked.get((side, row.key))
    live = found if found is not None and found.state == "linked" else None
    names = {f"{side}:party:{row.key}", *([f"{other(side)}:party:{live.key(other(side))}"] if live else [])}
    theirs = around.theirs.get(live.b_key) if live is not None and side == "a" else None
    state, why = _state(names, found, around)
    return Customer(
        id=row.id,
        side=side,
        key=row.key,
        label=row.label,
        tax_id=row.tax_id or (theirs.tax_id if theirs else ""),
        number=row.number or (theirs.number if theirs else ""),
        email=row.email or (theirs.email if theirs else ""),
        postcode=row.postcode or (theirs.postcode if theirs else ""),
        state=state,
        link=live.id if live else "",
        counterpart=live.b_key if live is not None and theirs else "",
        why=why,
    )


def _state(names: set[str], found: Link | None, around: _Around) -> tuple[State, Reason | None]:
    linked = found is not None and found.state == "linked"
    if names & around.asked:
        return "asked", None
    if names & around.waiting:
        return "waiting", None
    for name in sorted(names & around.left_out.keys()):
        # A plan of some time ago says nothing any more about who was linked since; a person's own word holds.
        if not linked or name in around.chosen:
            return "left-out", around.left_out[name]
    if found is not None and not linked:
        return "left-out", Reason("severed", {"why": found.why})
    return ("linked" if linked else "alone"), None


def _theirs(conn: Connection, on: Ground, keys: Sequence[str]) -> dict[str, Any]:
    """What the invoicing system knows of some customers: the numbers that a CRM mostly lacks."""
    columns = [seen.c[name] for name in ("key", "tax_id", "number", "email", "postcode")]
    here = and_(seen.c.connection == on.b, seen.c.kind == "party", seen.c.key.in_(list(keys)), seen.c.gone_at == "")
    return {row.key: row for row in conn.execute(select(*columns).where(here))} if keys else {}


def _waiting(conn: Connection, on: Ground, rows: Sequence[Any], linked: dict[tuple[str, str], Link]) -> set[str]:
    names = [f"{row.side}:party:{row.key}" for row in rows]
    names += [f"b:party:{one.b_key}" for (side, _), one in linked.items() if side == "a"]
    here = and_(work.c.lane == f"pair:{on.pair}", work.c.key.in_(names), work.c.state.in_(("ready", "waiting")))
    return set(conn.execute(select(work.c.key).where(here)).scalars()) if names else set()


def _left_out(conn: Connection, on: Ground, records: Sequence[str]) -> dict[str, Reason]:
    """Of some records those that a person or the last plan left out, and why."""
    planned = rows_of(conn, on.plan, records) if on.plan and records else {}
    out = {key: Reason(**row.action["reason"]) for key, row in planned.items() if row.verdict == "left-out"}
    return out | {record: Reason("left-for-good") for record in on.chosen_out}


def _is_there(conn: Connection, on: Ground, subject: Subject) -> bool:
    here = and_(seen.c.connection == on.connection(subject.side), seen.c.kind == "party", seen.c.key == subject.key)
    return conn.execute(select(seen.c.id).where(here)).first() is not None


def _any(conn: Connection, table: Table, pair: str, records: Sequence[str]) -> bool:
    where = and_(table.c.pair == pair, table.c.state == "open", table.c.key.in_(list(records)))
    return conn.execute(select(table.c.id).where(where).limit(1)).first() is not None

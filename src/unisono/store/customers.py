"""Customers as lists show them: everybody seen on either side, once, by name; found without regard to case and diacritics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    literal,
    literal_column,
    or_,
    select,
)

from unisono.model.record import Side, other
from unisono.model.text import folded
from unisono.plan.actions import Reason
from unisono.plan.situation import Link, Subject, subject_of
from unisono.store.asking import Problem, Question, problems, questions
from unisono.store.dialect import MOST_KEYS, plainly
from unisono.store.links import count_links, links_of
from unisono.store.runs import PLANNED_KINDS, rows_of, runs
from unisono.store.standing import open_keys
from unisono.store.tables import link, plan_row, problem, question, seen, work

State = Literal["linked", "asked", "waiting", "left-out", "alone"]
"""``asked``: a question or problem is open; ``waiting``: Unisono goes on with it by itself; ``left-out``: a rule or a person says so;
``alone``: on one side, and nobody asked for more."""
Filter = Literal["", "linked", "asked", "waiting", "left-out", "alone"]
FILTERS: tuple[str, ...] = get_args(Filter)
_COLUMNS = ("id", "key", "name", "label", "tax_id", "number", "email", "postcode")
_SIDES: tuple[Side, Side] = ("a", "b")
_MANY = 2_000
"""Hits of a search that are looked at one by one."""
_NOT_PLAIN = re.compile(r"[\s./-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
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


@dataclass(frozen=True, slots=True)
class Ground:
    """What all questions about the customers of a pair rest on: its connections, and the run whose plan told last who is left out."""

    pair: str
    a: str
    b: str
    plan: str = ""
    chosen_out: tuple[str, ...] = ()
    """Records that a person left out for good."""

    def connection(self, side: Side) -> str:
        """The connection of a side."""
        return self.a if side == "a" else self.b


def ground(conn: Connection, pair: str, a: str, b: str, chosen_out: Sequence[str] = ()) -> Ground:
    """Of a pair, its connections, and the records that its policy leaves out one by one."""
    plan = next((one.id for one in runs(conn, pair) if one.kind in PLANNED_KINDS), "")
    return Ground(pair, a, b, plan, tuple(chosen_out[:MOST_KEYS]))


def customers(
    conn: Connection, on: Ground, *, search: str = "", state: str = "", after: int = 0, limit: int = 50
) -> tuple[list[Customer], int]:
    """A page of customers by name, and the ``id`` after which the next begins (0: there is no more)."""
    if search.strip() and not _wanted(search):
        return [], 0
    shown = _Shown(conn, on, search, state)
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
    columns = [seen.c[name] for name in _COLUMNS]
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
    counted = {name: sum(map(len, _keys(conn, on, name))) for name in ("asked", "waiting")}
    return {"linked": count_links(conn, on.pair).get("party", 0)} | counted


def open_about(conn: Connection, pair: str, records: Sequence[str]) -> tuple[list[Question], list[Problem]]:
    """The open questions and problems of some records."""
    asked = [one for one in questions(conn, pair, limit=MOST_KEYS) if one.key in records] if _any(conn, question, pair, records) else []
    told = [one for one in problems(conn, pair, limit=MOST_KEYS) if one.key in records] if _any(conn, problem, pair, records) else []
    return asked, told


@dataclass(slots=True)
class _Shown:
    """The conditions under which a record stands in the list.

    They ask for nothing that is not in an index, so that twenty thousand names are gone through without reading a record: what is rare
    (records gone, links severed) is told by a list of its own instead of by a column.
    """

    conn: Connection
    on: Ground
    search: str = ""
    state: str = ""
    _found: dict[Side, _Hits] = field(default_factory=dict)

    def named(self, side: Side, name: str, after: int, limit: int) -> list[Any]:
        """The next records with a name, along the index of names."""
        by = plainly(self.conn, seen.c.name)
        where = [by >= name, or_(by > name, seen.c.id > after)] if after else []
        hits = self._hits(side)
        if hits is not None and not hits.ids and not hits.many:
            return []
        if hits is not None:
            # So many mean little: they are then found by their names alone, without reading all of them first.
            where.append(seen.c.name.contains(folded(self.search), autoescape=True) if hits.many else seen.c.id.in_(hits.ids))
        rows = self._rows(side).where(seen.c.name != literal_column("''"), *where).order_by(by, seen.c.id).limit(limit)
        return list(self.conn.execute(rows))

    def nameless(self, side: Side, after: int, limit: int) -> list[Any]:
        """Those without a letter in their name: there are hardly any."""
        hits = self._hits(side)
        where = [seen.c.id.in_(hits.ids)] if hits is not None else []
        none = and_(seen.c.name == literal_column("''"), seen.c.kind == literal_column("'party'"))
        return list(self.conn.execute(self._rows(side).where(none, seen.c.id > after, *where).order_by(seen.c.id).limit(limit)))

    def _rows(self, side: Side) -> Select[Any]:
        columns = [seen.c[name] for name in _COLUMNS]
        # Written as an expression, or SQLite would rather sort all records of the kind than follow their names.
        of_kind = seen.c.kind + literal_column("''") == "party"
        return select(literal(side).label("side"), *columns).where(of_kind, *self._where(side, self.state))

    def _where(self, side: Side, state: str) -> list[ColumnElement[bool]]:
        mine = seen.c.connection == self.on.connection(side)
        gone = select(seen.c.id).where(mine, seen.c.kind == "party", seen.c.gone_at != literal_column("''"))
        key = link.c.a_key if side == "a" else link.c.b_key
        any_link = exists(select(literal_column("1")).where(link.c.pair == self.on.pair, link.c.kind == "party", key == seen.c.key))
        over = seen.c.key.in_(select(key).where(link.c.pair == self.on.pair, link.c.kind == "party", link.c.state == "severed"))
        out = [mine, seen.c.id.not_in(gone)]
        if side == "b" and state != "alone":
            # Who is linked stands in the list as the CRM's record, if that is there.
            lost = seen.alias("lost")
            left = and_(lost.c.connection == self.on.a, lost.c.kind == "party", lost.c.gone_at != literal_column("''"))
            widowed = seen.c.key.in_(
                select(link.c.b_key).where(
                    link.c.pair == self.on.pair,
                    link.c.kind == "party",
                    link.c.state == "linked",
                    link.c.a_key.in_(select(lost.c.key).where(left)),
                )
            )
            out.append(widowed if state == "linked" else or_(~any_link, over, widowed))
        elif state == "linked":
            out += [any_link, ~over]
        if side == "a" and state != "linked":
            twin = seen.alias("twin")
            held = and_(twin.c.connection == self.on.a, twin.c.kind == "contact", twin.c.key == seen.c.key)
            # Somebody who works for a customer is no customer, unless the person was made one.
            out.append(or_(any_link, ~exists(select(literal_column("1")).where(held))))
        if state == "alone":
            out.append(or_(~any_link, over))
        elif state == "left-out":
            begin = f"{side}:party:"
            chosen = [key.removeprefix(begin) for key in self.on.chosen_out if key.startswith(begin)]
            planned = [and_(~any_link, self._planned_out(side))] if self.on.plan else []
            out.append(or_(over, seen.c.key.in_(chosen), *planned))
        elif state in ("asked", "waiting"):
            out.append(seen.c.key.in_(sorted(_keys(self.conn, self.on, state)[_SIDES.index(side)])))
        return out

    def _planned_out(self, side: Side) -> ColumnElement[bool]:
        named = literal(f"{side}:party:") + seen.c.key
        return exists(
            select(plan_row.c.seq).where(plan_row.c.run == self.on.plan, plan_row.c.key == named, plan_row.c.verdict == "left-out")
        )

    def _hits(self, side: Side) -> _Hits | None:
        """What a search finds on a side; of side *a* also who is linked with what it finds on the other."""
        if not self.search.strip():
            return None
        mine = self._hits_on(side)
        if side == "b" or mine.many:
            return mine
        there = self._hits_on("b")
        if there.many:
            return there
        linked = [one.a_key for one in links_of(self.conn, self.on.pair, "party", "b", there.keys).values() if one.state == "linked"]
        here = and_(seen.c.connection == self.on.a, seen.c.kind == "party", seen.c.key.in_(linked))
        more = self.conn.execute(select(seen.c.id).where(here)).scalars() if linked else ()
        return _Hits([*mine.ids, *more], mine.keys)

    def _hits_on(self, side: Side) -> _Hits:
        if side not in self._found:
            self._found[side] = _hits(self.conn, self.on.connection(side), self.search)
        return self._found[side]


@dataclass(frozen=True, slots=True)
class _Hits:
    """The records a search means; ``many``: more than one wants to hold."""

    ids: list[int]
    keys: list[str]
    many: bool = False


def _wanted(search: str) -> bool:
    return bool(folded(search) or _NOT_PLAIN.sub("", search))


def _hits(conn: Connection, connection: str, search: str) -> _Hits:
    """The records a text may mean, each way along an index of its own; the empty text is spelt out, or SQLite does not see that a partial
    index fits."""
    name, bare, plain = folded(search), _NOT_PLAIN.sub("", search).upper(), search.strip()
    ways: list[tuple[Any, Any]] = [(seen.c.name, seen.c.name.contains(name, autoescape=True))] if name else []
    ways += [(seen.c.tax_id, seen.c.tax_id.contains(bare, autoescape=True))] if any(c.isdigit() for c in bare) else []
    ways += [(seen.c.number, seen.c.number.startswith(plain, autoescape=True))] if plain else []
    ways += [(seen.c.email, seen.c.email.contains(plain.casefold(), autoescape=True))] if plain else []
    found: dict[int, str] = {}
    for column, like in ways:
        here = and_(seen.c.connection == connection, column != literal_column("''"), like, seen.c.kind + literal_column("''") == "party")
        found |= {row.id: row.key for row in conn.execute(select(seen.c.id, seen.c.key).where(here).limit(_MANY))}
        if len(found) >= _MANY:
            return _Hits([], [], many=True)
    return _Hits(list(found), list(found.values()))


def _keys(conn: Connection, on: Ground, state: str) -> tuple[set[str], set[str]]:
    """The customers that hold something open, or that wait: by the key they stand under in the list, on side *a* and on side *b*."""
    if state == "asked":
        names = [key for key in open_keys(conn, on.pair) if key[1:8] == ":party:"]
    else:
        waits = and_(work.c.lane == f"pair:{on.pair}", work.c.kind == "party", work.c.state.in_(("ready", "waiting")))
        names = list(conn.execute(select(work.c.key).where(waits).limit(MOST_KEYS)).scalars())
    by_side: dict[Side, list[str]] = {"a": [], "b": []}
    for name in names:
        side: Side = "a" if name[0] == "a" else "b"
        by_side[side].append(name.split(":", 2)[2])
    linked = {key: one.a_key for key, one in links_of(conn, on.pair, "party", "b", by_side["b"]).items() if one.state == "linked"}
    a = _known(conn, on.a, {*by_side["a"], *linked.values()})
    return a, _known(conn, on.b, {key for key in by_side["b"] if linked.get(key) not in a})


def _known(conn: Connection, connection: str, keys: set[str]) -> set[str]:
    here = and_(seen.c.connection == connection, seen.c.kind == "party", seen.c.key.in_(sorted(keys)), seen.c.gone_at == "")
    return set(conn.execute(select(seen.c.key).where(here)).scalars()) if keys else set()


@dataclass(frozen=True, slots=True)
class _Around:
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

"""Which customers stand in a list, in which order, and which of them a search means: asked of the indexes, without reading a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, literal, literal_column, or_, select

from unisono.model.record import Side
from unisono.model.text import folded
from unisono.store.dialect import MOST_KEYS, plainly, portions
from unisono.store.links import links_of
from unisono.store.standing import open_keys
from unisono.store.tables import link, plan_row, seen, work

COLUMNS = ("id", "key", "name", "label", "tax_id", "number", "email", "postcode")
"""What a line of the list is made of."""
_MANY = 2_000
"""Hits of a search that are looked at one by one."""
_NOT_PLAIN = re.compile(r"[\s./-]+")


class Ground(Struct, frozen=True):
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


class Shown(Struct):
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
        columns = [seen.c[name] for name in COLUMNS]
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
            out.append(seen.c.key.in_(sorted(held_keys(self.conn, self.on, state)[0 if side == "a" else 1])))
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
        linked = self._linked_with(there.keys)
        here = and_(seen.c.connection == self.on.a, seen.c.kind == "party", seen.c.key.in_(linked))
        more = self.conn.execute(select(seen.c.id).where(here)).scalars() if linked else ()
        return _Hits([*mine.ids, *more], mine.keys)

    def _linked_with(self, b_keys: Sequence[str]) -> list[str]:
        """The keys alone: what the links agreed is of no interest here, and reading it would take most of the time."""
        found: list[str] = []
        for some in portions(list(b_keys)):
            # The state is no condition of the query, or SQLite would go along all links of that state.
            rows = self.conn.execute(
                select(link.c.a_key, link.c.state).where(link.c.pair == self.on.pair, link.c.kind == "party", link.c.b_key.in_(some))
            )
            found += [a_key for a_key, state in rows if state == "linked"]
        return found

    def _hits_on(self, side: Side) -> _Hits:
        if side not in self._found:
            self._found[side] = _hits(self.conn, self.on.connection(side), self.search)
        return self._found[side]


class _Hits(Struct, frozen=True):
    """The records a search means; ``many``: more than one wants to hold."""

    ids: list[int]
    keys: list[str]
    many: bool = False


def searchable(search: str) -> bool:
    """Whether there is anything in a search that could be found."""
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


def held_keys(conn: Connection, on: Ground, state: str) -> tuple[set[str], set[str]]:
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

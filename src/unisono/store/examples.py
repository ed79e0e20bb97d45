"""Linked records to show something at: found by name, with when either side was read last."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Integer, Select, and_, bindparam, select

from unisono.model.record import Kind
from unisono.model.text import folded
from unisono.store.statements import Statement
from unisono.store.tables import link, seen


class Example(Struct, frozen=True):
    """A linked couple of records, by the name it has in the CRM; ``a_at`` and ``b_at`` are when they were read last."""

    kind: Kind
    a_key: str
    b_key: str
    label: str
    a_at: str
    b_at: str


def examples(conn: Connection, pair: str, kind: Kind, a: str, b: str, *, named: str = "", most: int = 20) -> list[Example]:
    """Linked records of a kind between two connections whose name holds some letters; without any the ones linked last."""
    given = {"pair": pair, "kind": kind, "a": a, "b": b, "limit": most}
    # Folded letters hold none of the signs that LIKE gives a meaning to.
    letters = folded(named)
    rows = _NAMED.rows(conn, **given, like=f"%{letters}%") if letters else _LATEST.rows(conn, **given)
    return [Example(kind, *row) for row in rows]


def example(conn: Connection, pair: str, kind: Kind, a: str, b: str, a_key: str) -> Example | None:
    """One of them by its key in the CRM; ``None`` if it is not linked."""
    row = _ONE.row(conn, pair=pair, kind=kind, a=a, b=b, key=a_key)
    return Example(kind, *row) if row is not None else None


_A, _B = seen.alias("crm"), seen.alias("books")


_LIMIT = bindparam("limit", type_=Integer)
_LINKED = select(link.c.kind, link.c.a_key, link.c.b_key).where(
    link.c.pair == bindparam("pair"), link.c.kind == bindparam("kind"), link.c.state == "linked"
)


def _couples(linked: Select[Any] = _LINKED) -> Select[Any]:
    of = linked.subquery("linked")
    on_a = and_(_A.c.connection == bindparam("a"), _A.c.kind == of.c.kind, _A.c.key == of.c.a_key)
    on_b = and_(_B.c.connection == bindparam("b"), _B.c.kind == of.c.kind, _B.c.key == of.c.b_key)
    both = of.join(_A, on_a).join(_B, on_b)
    return select(of.c.a_key, of.c.b_key, _A.c.label, _A.c.seen_at, _B.c.seen_at).select_from(both).order_by(_A.c.name, of.c.a_key)


# The few links come first, and only their records are looked up: there may be thousands of either.
_LATEST = Statement(lambda _: _couples(_LINKED.order_by(link.c.at.desc(), link.c.a_key).limit(_LIMIT)))
_NAMED = Statement(lambda _: _couples().where(_A.c.name.like(bindparam("like"))).limit(_LIMIT))
_ONE = Statement(lambda _: _couples(_LINKED.where(link.c.a_key == bindparam("key"))))

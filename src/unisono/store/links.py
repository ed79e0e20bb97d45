"""Who is who, with what each side held when last in step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Join,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from unisono.model.record import Kind, Side
from unisono.plan.flows.deletions import DELETED, KEPT, TO_MARK
from unisono.plan.situation import BEFORE, Link
from unisono.store.codec import flat_from, text_of
from unisono.store.dialect import portions
from unisono.store.stamps import stamp
from unisono.store.statements import Statement
from unisono.store.tables import link, seen
from unisono.store.tables.records import READ


def links_of(conn: Connection, pair: str, kind: Kind, side: Side, keys: Sequence[str]) -> dict[str, Link]:
    """The links (severed ones, too) of some records, by their key on one side."""
    found = (_link(row) for some in portions(keys) for row in _LINKS[side].rows(conn, pair=pair, kind=kind, keys=some))
    return {one.key(side): one for one in found}


BY_DELETION = (DELETED, TO_MARK, KEPT)
"""Why a link ended, or is kept, because a side of it was deleted."""


class Joined(Struct, frozen=True):
    """A link to be made, or added to: the records of both sides and what each held, field by field. ``id`` is only used if it is new."""

    id: str
    kind: Kind
    a_key: str
    b_key: str
    agreed_a: dict[str, str]
    agreed_b: dict[str, str]
    unread: tuple[Side, dict[str, str]] | None = None
    """A side, and what stood there in the fields of which nobody has seen what became of them: nothing is agreed there any more."""


def put_links(conn: Connection, pair: str, wanted: Sequence[Joined], now: datetime) -> list[Joined]:
    """Links records, or adds to what their links agree. Returns those that are new.

    Raises the database's unique violation if a record is linked with another one: the second link must be impossible.
    """
    known: dict[tuple[Kind, str], Link] = {}
    for kind in sorted({w.kind for w in wanted}):
        known |= {(kind, key): found for key, found in links_of(conn, pair, kind, "a", [w.a_key for w in wanted if w.kind == kind]).items()}
    at = stamp(now)
    new = [w for w in wanted if (old := known.get((w.kind, w.a_key))) is None or old.b_key != w.b_key]
    _NEW.run_many(conn, [_new_row(w, pair, at) for w in new])
    fresh = {id(w) for w in new}
    moved = [_agreed_row(w, known[w.kind, w.a_key]) for w in wanted if id(w) not in fresh]
    _SET.run_many(conn, moved, state="linked", why="", changed_at=at)
    return new


def put_link(
    conn: Connection, new_id: str, pair: str, kind: Kind, a_key: str, b_key: str, a: dict[str, str], b: dict[str, str], now: datetime
) -> bool:
    """``put_links`` for one. Returns whether the link is new."""
    return bool(put_links(conn, pair, [Joined(new_id, kind, a_key, b_key, a, b)], now))


def _new_row(wanted: Joined, pair: str, at: str) -> dict[str, str]:
    keys = {"id": wanted.id, "pair": pair, "kind": wanted.kind, "a_key": wanted.a_key, "b_key": wanted.b_key}
    return keys | _agreed(wanted.agreed_a, wanted.agreed_b) | {"at": at, "changed_at": at}


def _agreed(a: dict[str, str], b: dict[str, str]) -> dict[str, str]:
    # Mostly both sides hold the same.
    return {"agreed_a": text_of(a), "agreed_b": text_of(b) if b != a else ""}


def _agreed_row(wanted: Joined, old: Link) -> dict[str, str]:
    agreed: dict[Side, dict[str, str]] = {
        "a": _seen_again(old.agreed_a, wanted.agreed_a),
        "b": _seen_again(old.agreed_b, wanted.agreed_b),
    }
    if wanted.unread is not None:
        side, before = wanted.unread
        agreed[side] = _seen_again(agreed[side], {f"{name}{BEFORE}": value for name, value in before.items()})
    return {"b_id": old.id} | _agreed(agreed["a"], agreed["b"])


def _seen_again(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    named = {name.removesuffix(BEFORE) for name in new}
    return {name: value for name, value in old.items() if name.removesuffix(BEFORE) not in named} | new


def sever(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, why: str, now: datetime) -> None:
    """Ends a link but keeps it in memory: neither record is joined or made anew by itself."""
    _SET_BETWEEN.run(conn, **_between(pair, kind, a_key, b_key), state="severed", why=why, changed_at=stamp(now))


def keep(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, why: str, now: datetime) -> None:
    """A link stays although one side is gone; ``why`` says that this is known."""
    _SET_BETWEEN.run(conn, **_between(pair, kind, a_key, b_key), why=why, changed_at=stamp(now))


def forget(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str) -> None:
    """Removes a link wholly, so that its records may be linked or made anew."""
    _FORGET.run(conn, **_between(pair, kind, a_key, b_key))


def _between(pair: str, kind: Kind, a_key: str, b_key: str) -> dict[str, str]:
    return {"b_pair": pair, "b_kind": kind, "b_a_key": a_key, "b_b_key": b_key}


def all_of(conn: Connection, pair: str, kind: Kind) -> list[Link]:
    """Every live link of a kind, oldest first."""
    return [_link(row) for row in _ALL_OF.rows(conn, pair=pair, kind=kind)]


def some_keys(conn: Connection, pair: str, side: Side, count: int, kind: Kind = "party") -> list[str]:
    """The keys of a few linked records on one side: to tell by them whose account a key opens."""
    return [key for (key,) in _SOME[side].rows(conn, pair=pair, kind=kind, limit=count)]


def count_links(conn: Connection, pair: str) -> dict[str, int]:
    """Live links by kind."""
    return dict(_COUNT.rows(conn, pair=pair))


def vanished(conn: Connection, pair: str, a: str, b: str) -> tuple[int, int]:
    """How many live links there are, and of how many one side is missing or gone: what the brake looks at. Notes do not count.

    It looks with every cycle, mostly for nothing: it begins with the few records that are lost, not with the many that are linked.
    """
    total = int(_LINKED.value(conn, pair=pair)) - int(_KEPT.value(conn, pair=pair))
    return total, len(_vanished(conn, pair, a, b)) if total else 0


def _vanished(conn: Connection, pair: str, a: str, b: str) -> set[str]:
    found: set[str] = set()
    sides: tuple[tuple[Side, str], ...] = (("a", a), ("b", b))
    for side, connection in sides:
        lost: dict[Kind, list[str]] = {}
        for statement in (_MISSING, _GONE):
            for kind, key in statement.rows(conn, connection=connection):
                lost.setdefault(kind, []).append(key)
        for kind in sorted(lost.keys() & set(_COUNTED)):
            for some in portions(lost[kind]):
                rows = _STATES[side].rows(conn, pair=pair, kind=kind, keys=some)
                found |= {of for of, state, why in rows if state == "linked" and not why}
    return found


def vanished_labels(conn: Connection, pair: str, a: str, b: str, limit: int) -> list[str]:
    """What a few of the records that vanished are called."""
    return [label for (label,) in _LABELS.rows(conn, pair=pair, a=a, b=b, limit=limit)]


def forget_all(conn: Connection, pair: str) -> None:
    """Removes every link of a pair."""
    _FORGET_ALL.run(conn, pair=pair)


def ended_since(conn: Connection, pair: str, a: str, b: str, since: datetime) -> int:
    """How many links a deletion ended (or would have) whose record vanished since an instant: not what a person or an undo ended."""
    return int(_ENDED_SINCE.value(conn, pair=pair, a=a, b=b, since=stamp(since)))


def ended_by(conn: Connection, pair: str, kind: Kind, a_key: str, b_key: str, run: str) -> None:
    """Notes the run that ended a link."""
    _SET_BETWEEN.run(conn, **_between(pair, kind, a_key, b_key), run=run)


def severed(conn: Connection, pair: str, why: str) -> list[tuple[Link, str]]:
    """The links that ended for a reason, each with the run that ended it, oldest first."""
    return [(_link(row[:-1]), row[-1]) for row in _SEVERED.rows(conn, pair=pair, why=why)]


def _link(row: tuple[Any, ...]) -> Link:
    of, kind, a_key, b_key, agreed_a, agreed_b, state, why = row
    return Link(of, kind, a_key, b_key, flat_from(agreed_a), flat_from(agreed_b or agreed_a), state, why)


def _links(column: ColumnElement[str]) -> Select[Any]:
    return select(*_LINK).where(_MINE, link.c.kind == bindparam("kind"), column.in_(bindparam("keys", expanding=True)))


def _states(column: ColumnElement[str]) -> Select[Any]:
    # The state is no condition, or SQLite would go along all links of that state.
    return select(link.c.id, link.c.state, link.c.why).where(
        _MINE, link.c.kind == bindparam("kind"), column.in_(bindparam("keys", expanding=True))
    )


def _state() -> ColumnElement[str]:
    # As an expression: the few are found along another index.
    return link.c.state + literal_column("''")


def _some(column: ColumnElement[str]) -> Select[Any]:
    return select(column).where(_MINE, link.c.kind == bindparam("kind"), link.c.state == "linked").order_by(link.c.id).limit(_LIMIT)


def _ended_since() -> Select[Any]:
    at = case((seen.c.missing_at != "", seen.c.missing_at), else_=seen.c.gone_at)
    ended = and_(_MINE, _TOLD, link.c.why.in_(BY_DELETION), link.c.kind.in_(_COUNTED))
    first = select(func.min(at).label("at")).select_from(_with_seen()).where(ended, _LOST).group_by(link.c.id).subquery()
    return select(func.count()).select_from(first).where(first.c.at >= bindparam("since"))


def _with_seen() -> Join:
    on_a = and_(seen.c.connection == bindparam("a"), seen.c.key == link.c.a_key)
    on_b = and_(seen.c.connection == bindparam("b"), seen.c.key == link.c.b_key)
    return link.join(seen, and_(seen.c.kind == link.c.kind, or_(on_a, on_b)))


_LINK = (link.c.id, link.c.kind, link.c.a_key, link.c.b_key, link.c.agreed_a, link.c.agreed_b, link.c.state, link.c.why)
_COUNTED: tuple[Kind, ...] = ("party", "contact", "product", "quote", "invoice")
_LIMIT = bindparam("limit", type_=Integer)
_MINE = link.c.pair == bindparam("pair")
# A link that was kept on purpose is no news.
_ALIVE = and_(_MINE, link.c.state == "linked", link.c.why == "", link.c.kind.in_(_COUNTED))
_LOST = or_(seen.c.missing_at != "", seen.c.gone_at != "")
# The empty text is spelt out, or a partial index would not be seen to fit.
_TOLD = link.c.why != literal_column("''")
_OF_CONNECTION = seen.c.connection == bindparam("connection")
# Of a change: its parameters must not be called as its columns are.
_BETWEEN = and_(
    link.c.pair == bindparam("b_pair"),
    link.c.kind == bindparam("b_kind"),
    link.c.a_key == bindparam("b_a_key"),
    link.c.b_key == bindparam("b_b_key"),
)

_LINKS: dict[Side, Statement] = {"a": Statement(lambda _: _links(link.c.a_key)), "b": Statement(lambda _: _links(link.c.b_key))}
_NEW = Statement(lambda _: insert(link))
_SET = Statement(lambda _: update(link).where(link.c.id == bindparam("b_id")))
_SET_BETWEEN = Statement(lambda _: update(link).where(_BETWEEN))
_FORGET = Statement(lambda _: delete(link).where(_BETWEEN))
_FORGET_ALL = Statement(lambda _: delete(link).where(_MINE))
_SOME: dict[Side, Statement] = {"a": Statement(lambda _: _some(link.c.a_key)), "b": Statement(lambda _: _some(link.c.b_key))}
_ALL_OF = Statement(lambda _: select(*_LINK).where(_MINE, link.c.kind == bindparam("kind"), link.c.state == "linked").order_by(link.c.id))
_COUNT = Statement(lambda _: select(link.c.kind, func.count()).where(_MINE, link.c.state == "linked").group_by(link.c.kind))
_ALL_LINKED = and_(_MINE, link.c.state == "linked", link.c.kind.in_(_COUNTED))
_LINKED = Statement(lambda _: select(func.count()).select_from(link).where(_ALL_LINKED))
_KEPT = Statement(lambda _: select(func.count()).select_from(link).where(_MINE, _TOLD, _state() == "linked", link.c.kind.in_(_COUNTED)))
# What was made and never read has not vanished.
_MISSING = Statement(lambda _: select(seen.c.kind, seen.c.key).where(_OF_CONNECTION, seen.c.missing_at != literal_column("''"), READ))
_GONE = Statement(lambda _: select(seen.c.kind, seen.c.key).where(_OF_CONNECTION, seen.c.gone_at != literal_column("''")))
_STATES: dict[Side, Statement] = {"a": Statement(lambda _: _states(link.c.a_key)), "b": Statement(lambda _: _states(link.c.b_key))}
_LABELS = Statement(lambda _: select(seen.c.label).select_from(_with_seen()).where(_ALIVE, _LOST).order_by(seen.c.id).limit(_LIMIT))
_ENDED_SINCE = Statement(lambda _: _ended_since())
_SEVERED = Statement(
    lambda _: select(*_LINK, link.c.run).where(_MINE, link.c.state == "severed", link.c.why == bindparam("why")).order_by(link.c.id)
)

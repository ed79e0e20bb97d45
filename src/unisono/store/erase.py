"""Taking data away: a person's on request, and everybody's after its time. What must be kept is counted, so that it can be said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, func, literal, or_, select, update

from unisono.plan.situation import subject_of
from unisono.store.codec import text_of, value_from
from unisono.store.dialect import portions
from unisono.store.documents import forget_documents
from unisono.store.stamps import stamp
from unisono.store.statements import Statement
from unisono.store.tables import UNTIL_SETTLED, history, inbox, intent, link, pair, plan_row, problem, question, seen, work

INBOX_DAYS = 30
VALUES_DAYS = 400
"""Days that values in the history and in settled writes are kept; hashes of them take their place."""
ERASED = "erased"
"""What stands where a person's data stood."""


class Erased(Struct):
    """What was taken away, by table; and what was kept, by the code of its reason."""

    subjects: list[str] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)


def subjects_of(conn: Connection, pair_id: str, whom: str) -> list[str]:
    """The records meant by a record's name (``a:party:company:42``) or an e-mail address, with their counterparts on the other side."""
    sides = conn.execute(select(pair.c.a, pair.c.b).where(pair.c.id == pair_id)).one()
    found: set[str] = set()
    if "@" in whom:
        for side, connection in (("a", sides.a), ("b", sides.b)):
            where = and_(seen.c.connection == connection, seen.c.email == whom.strip().casefold(), seen.c.kind.in_(("party", "contact")))
            found |= {f"{side}:{row.kind}:{row.key}" for row in conn.execute(select(seen.c.kind, seen.c.key).where(where))}
    else:
        found.add(str(subject_of(whom)))
    for name in sorted(found):
        subject = subject_of(name)
        mine = link.c.a_key if subject.side == "a" else link.c.b_key
        where = and_(link.c.pair == pair_id, link.c.kind == subject.kind, mine == subject.key)
        for row in conn.execute(select(link.c.a_key, link.c.b_key).where(where)):
            found |= {f"a:{subject.kind}:{row.a_key}", f"b:{subject.kind}:{row.b_key}"}
    return sorted(found)


def erase(conn: Connection, pair_id: str, whom: str, now: datetime, *, dry: bool = False) -> Erased:
    """Takes a person's data out of our tables: what was seen, values in the journal and history, questions, problems, plan rows.

    Kept, without a name or value: who is who (links, so that nothing is made anew) and that a write happened. A write that is not settled
    keeps its values until it is: without them nobody could tell whether it was done. The other systems are not touched.
    """
    out = Erased(subjects=subjects_of(conn, pair_id, whom))
    if not out.subjects:
        return out
    sides = conn.execute(select(pair.c.a, pair.c.b).where(pair.c.id == pair_id)).one()
    targets = [subject_of(name) for name in out.subjects]
    of_seen = or_(
        *(and_(seen.c.connection == (sides.a if t.side == "a" else sides.b), seen.c.kind == t.kind, seen.c.key == t.key) for t in targets)
    )
    of_intent = and_(
        intent.c.pair == pair_id,
        or_(
            intent.c.key.in_(out.subjects),
            *(and_(intent.c.side == t.side, intent.c.kind == t.kind, intent.c.target == t.key) for t in targets),
        ),
    )
    of_link = or_(*(and_(link.c.kind == t.kind, (link.c.a_key if t.side == "a" else link.c.b_key) == t.key) for t in targets))
    settled = and_(of_intent, intent.c.state.not_in(UNTIL_SETTLED))
    named = [(history, history.c.pair == pair_id), (question, question.c.pair == pair_id), (problem, problem.c.pair == pair_id)]
    for table, mine in named:
        _take(conn, out, table, and_(mine, table.c.key.in_(out.subjects)), dry)
    of_runs = plan_row.c.key.in_(out.subjects)
    _take(conn, out, plan_row, of_runs, dry)
    _take(conn, out, seen, of_seen, dry)
    if not dry:
        forget_documents(conn, sides.a, [(t.kind, t.key) for t in targets if t.side == "a"])
        forget_documents(conn, sides.b, [(t.kind, t.key) for t in targets if t.side == "b"])
    _count(conn, out.gone, "intent", intent, settled)
    _count(conn, out.kept, "erase-kept-unsettled", intent, and_(of_intent, intent.c.state.in_(UNTIL_SETTLED)))
    _count(conn, out.kept, "erase-kept-links", link, and_(link.c.pair == pair_id, of_link))
    _count(conn, out.kept, "erase-kept-writes", intent, settled)
    if not dry:
        _blank(conn, settled)
        _end_links(conn, and_(link.c.pair == pair_id, of_link), now)
        conn.execute(delete(work).where(work.c.lane == f"pair:{pair_id}", work.c.key.in_(out.subjects)))
    return out


def tidy(conn: Connection, now: datetime) -> dict[str, int]:
    """Once a night: old deliveries go, old values give way to hashes, old settled writes keep only that they happened. How many of each."""
    old = stamp(now - timedelta(days=VALUES_DAYS))
    out = {"inbox": _OLD_INBOX.run(conn, b_old=stamp(now - timedelta(days=INBOX_DAYS)))}
    rows = [{"b_id": line, "b_values": _hashed(values)} for line, values in _AGED_LINES.rows(conn, b_old=old)]
    if rows:
        conn.execute(update(history).where(history.c.id == bindparam("b_id")).values(values=bindparam("b_values"), label=""), rows)
    out["history"] = len(rows)
    ids = [of for (of,) in _AGED_WRITES.rows(conn, b_old=old)]
    for some in portions(ids):
        _blank(conn, intent.c.id.in_(some), aged=True)
    out["intent"] = len(ids)
    return out


def _take(conn: Connection, out: Erased, table: Table, where: ColumnElement[bool], dry: bool) -> None:
    _count(conn, out.gone, table.name, table, where)
    if not dry:
        conn.execute(delete(table).where(where))


def _count(conn: Connection, into: dict[str, int], name: str, table: Table, where: ColumnElement[bool]) -> None:
    found = int(conn.execute(select(func.count()).select_from(table).where(where)).scalar_one())
    if found:
        into[name] = found


def _blank(conn: Connection, where: ColumnElement[bool], *, aged: bool = False) -> None:
    """Writes lose their values and names, but not that they happened: nobody can take such a one back any more."""
    rows: Iterable[Any] = conn.execute(
        select(intent.c.id, intent.c.before, intent.c.after, intent.c.write, intent.c.command).where(where)
    ).all()
    changed = [
        {
            "b_id": row.id,
            "b_before": _hashed(row.before) if aged else "{}",
            "b_after": _hashed(row.after) if aged else "{}",
            "b_write": text_of(_bare(value_from(row.write))),
            "b_command": text_of(value_from(row.command) | {"command": ""}),
            "b_told": text_of({"aged" if aged else ERASED: "yes"}),
        }
        for row in rows
    ]
    if changed:
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in ("before", "after", "write", "command", "told")}
        conn.execute(update(intent).where(intent.c.id == bindparam("b_id")).values(**values, label="", reason=_NO_REASON), changed)


_NO_REASON = text_of({"code": "erased", "values": {}})


def _bare(write: dict[str, Any]) -> dict[str, Any]:
    return write | {"body": None, "changes": {}, "before": {}}


def _hashed(values: str) -> str:
    from unisono.store.codec import hash_of

    return values if values == "{}" or values.startswith('{"hash"') else text_of({"hash": hash_of(values, "").hex()})


def _end_links(conn: Connection, where: ColumnElement[bool], now: datetime) -> None:
    """The link keeps the two keys and nothing else, and is over: what is still there on either side is not copied again."""
    conn.execute(update(link).where(where).values(agreed_a="{}", agreed_b="{}", state="severed", why=ERASED, changed_at=stamp(now)))


# Asked with every night of every small installation, and each time there is nothing.
_OLD_INBOX = Statement(lambda _: delete(inbox).where(inbox.c.received_at < bindparam("b_old")))
_AGED_LINES = Statement(
    lambda _: select(history.c.id, history.c["values"]).where(
        history.c.at < bindparam("b_old"), history.c["values"].not_like('{"hash"%'), history.c["values"] != literal("{}")
    )
)
_AGED_WRITES = Statement(
    lambda _: select(intent.c.id).where(
        intent.c.state.not_in(UNTIL_SETTLED),
        intent.c.settled_at != "",
        intent.c.settled_at < bindparam("b_old"),
        intent.c.told.not_like('%"aged"%'),
    )
)

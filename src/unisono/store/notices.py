"""What people want to be told, chats that are told, and the notices themselves: each is written down before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from unisono.store.codec import flat_from, text_of
from unisono.store.dialect import insert_for
from unisono.store.stamps import stamp
from unisono.store.tables import channel, notice, problem, question, wish
from unisono.store.upserts import upsert

KEPT = timedelta(days=60)
ARRIVED = ("sent", "unclear")
"""States in which somebody has been told, or may have been."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a user wants: ``address`` empty is nothing. ``hour`` is that of the firm's clock; ``again``: also when nothing is new."""

    address: str = ""
    hour: int = 8
    summary: bool = True
    urgent: bool = True
    again: bool = True


class Channel(Struct, frozen=True, kw_only=True):
    """A chat; ``firm`` empty: it is told of all firms. Its address is sealed under ``sealed_name``."""

    id: str
    firm: str
    name: str
    service: str
    language: str
    hour: int
    private: bool

    @property
    def sealed_name(self) -> str:
        """Under which name its address is sealed."""
        return f"channel:{self.id}"


class Notice(Struct, frozen=True, kw_only=True):
    """One notice. ``state``: ready, sending, sent, quiet, unclear, failed, dropped."""

    id: str
    who: str
    kind: str
    subject: str
    state: str
    tries: int
    told: dict[str, Any] = field(default_factory=dict)
    made_at: str
    due_at: str
    sent_at: str


def wishes(conn: Connection) -> dict[str, Wish]:
    """What each user said; those who said nothing are not in it."""
    return {row.user: _wish(row) for row in conn.execute(select(wish))}


def put_wish(conn: Connection, user_id: str, wanted: Wish) -> None:
    """What a user wants from now on."""
    values = {"summary": int(wanted.summary), "urgent": int(wanted.urgent), "again": int(wanted.again)}
    upsert(conn, wish, [{"user": user_id, "address": wanted.address, "hour": wanted.hour, **values}], keys=["user"])


def channels(conn: Connection) -> list[Channel]:
    """All chats."""
    rows = conn.execute(select(channel).order_by(channel.c.made_at, channel.c.id))
    return [
        Channel(
            id=row.id, firm=row.firm, name=row.name, service=row.service, language=row.language, hour=row.hour, private=bool(row.private)
        )
        for row in rows
    ]


def add_channel(conn: Connection, new: Channel, now: datetime) -> None:
    """A further chat."""
    values = {"firm": new.firm, "name": new.name, "service": new.service, "language": new.language, "hour": new.hour}
    conn.execute(insert(channel).values(id=new.id, private=int(new.private), made_at=stamp(now), **values))


def remove_channel(conn: Connection, channel_id: str) -> None:
    """It is told nothing any more."""
    conn.execute(delete(channel).where(channel.c.id == channel_id))
    forget(conn, f"channel:{channel_id}")


def forget(conn: Connection, who: str) -> None:
    """Takes everything away that was written down for one recipient."""
    conn.execute(delete(notice).where(notice.c.who == who))


def make_notice(conn: Connection, notice_id: str, who: str, kind: str, subject: str, now: datetime, *, state: str = "ready") -> bool:
    """Writes one down; ``False`` if there is one of the same subject already, and nothing is done then."""
    at = stamp(now)
    row = {"id": notice_id, "who": who, "kind": kind, "subject": subject, "state": state, "made_at": at, "due_at": at}
    made = insert_for(conn, notice).values(**row).on_conflict_do_nothing().returning(notice.c.id)
    return conn.execute(made).first() is not None


def notices_of(conn: Connection, who: str, kind: str = "", limit: int = 400) -> list[Notice]:
    """What was written down for one recipient, newest first."""
    where = [notice.c.who == who, *([notice.c.kind == kind] if kind else [])]
    return [_notice(row) for row in conn.execute(select(notice).where(*where).order_by(notice.c.made_at.desc()).limit(limit))]


def due_notices(conn: Connection, now: datetime) -> list[Notice]:
    """Those that are to be sent by now, oldest first."""
    where = and_(notice.c.state == "ready", notice.c.due_at <= stamp(now))
    return [_notice(row) for row in conn.execute(select(notice).where(where).order_by(notice.c.made_at, notice.c.id))]


def claim(conn: Connection, notice_id: str, now: datetime) -> bool:
    """Takes one to send it: of several processes one gets it. ``due_at`` says since when it is under way."""
    where = and_(notice.c.id == notice_id, notice.c.state == "ready")
    return bool(conn.execute(update(notice).where(where).values(state="sending", due_at=stamp(now))).rowcount)


def settle(conn: Connection, notice_id: str, state: str, now: datetime, told: Mapping[str, Any] | None = None) -> None:
    """How the sending of a claimed one ended."""
    values: dict[str, Any] = {"state": state, "told": text_of(dict(told or {}))}
    if state in ARRIVED:
        values["sent_at"] = stamp(now)
    conn.execute(update(notice).where(notice.c.id == notice_id).values(**values))


def put_off(conn: Connection, notice_id: str, due: datetime, tries: int, told: Mapping[str, Any]) -> None:
    """It did not go out: again from then on."""
    values = {"state": "ready", "due_at": stamp(due), "tries": tries, "told": text_of(dict(told))}
    conn.execute(update(notice).where(notice.c.id == notice_id).values(**values))


def postpone(conn: Connection, to: str, due: datetime) -> None:
    """Whoever is reached the same way (``user:``, ``channel:<id>``) is not tried before then: one failure is enough to know."""
    where = and_(notice.c.who.like(f"{to}%"), notice.c.state == "ready", notice.c.due_at < stamp(due))
    conn.execute(update(notice).where(where).values(due_at=stamp(due)))


def hurry(conn: Connection, to: str, now: datetime) -> None:
    """The way was mended: what waits goes out now; what is urgent and was given up is tried once more."""
    given_up = and_(notice.c.state == "failed", notice.c.kind == "urgent")
    where = and_(notice.c.who.like(f"{to}%"), or_(notice.c.state == "ready", given_up))
    conn.execute(update(notice).where(where).values(state="ready", due_at=stamp(now)))


def last_told(conn: Connection, who: str) -> str:
    """When a summary for somebody was last put together that arrived, or may have; empty if none ever."""
    where = and_(notice.c.who == who, notice.c.kind == "summary", notice.c.state.in_(ARRIVED))
    return str(conn.execute(select(func.max(notice.c.due_at)).where(where)).scalar() or "")


def left_behind(conn: Connection, before: datetime) -> int:
    """Those whose sending began before then and never ended: they may have arrived, so nobody sends them again. How many."""
    where = and_(notice.c.state == "sending", notice.c.due_at < stamp(before))
    return conn.execute(update(notice).where(where).values(state="unclear", sent_at=notice.c.due_at)).rowcount


def drop_subjects(conn: Connection, kind: str, still: Sequence[str]) -> None:
    """Forgets notices about what is over, so that it is told anew when it comes back."""
    where = and_(notice.c.kind == kind, notice.c.subject.not_in(list(still)), notice.c.state != "sending")
    conn.execute(delete(notice).where(where))


def drop_old(conn: Connection, now: datetime) -> None:
    """Forgets summaries of long ago."""
    conn.execute(delete(notice).where(notice.c.kind == "summary", notice.c.made_at < stamp(now - KEPT)))


def troubled(conn: Connection) -> list[Notice]:
    """Those that did not go out when they were to."""
    where = or_(notice.c.state == "failed", and_(notice.c.state.in_(("ready", "sending")), notice.c.tries > 0))
    return [_notice(row) for row in conn.execute(select(notice).where(where).order_by(notice.c.made_at.desc()).limit(50))]


def news_since(conn: Connection, pair: str, since: str) -> tuple[int, int]:
    """Open questions and problems of a pair that came up after an instant."""
    asked = and_(question.c.pair == pair, question.c.state == "open", question.c.answer != "later", question.c.asked_at > since)
    told = and_(problem.c.pair == pair, problem.c.state == "open", problem.c.first_at > since)
    return (
        int(conn.execute(select(func.count()).select_from(question).where(asked)).scalar_one()),
        int(conn.execute(select(func.count()).select_from(problem).where(told)).scalar_one()),
    )


def _wish(row: Any) -> Wish:
    return Wish(address=row.address, hour=row.hour, summary=bool(row.summary), urgent=bool(row.urgent), again=bool(row.again))


def _notice(row: Any) -> Notice:
    return Notice(
        id=row.id,
        who=row.who,
        kind=row.kind,
        subject=row.subject,
        state=row.state,
        tries=row.tries,
        told=flat_from(row.told),
        made_at=row.made_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
    )

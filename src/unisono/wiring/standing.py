"""How a pair stands, at one glance: in step or not, when looked at last, what waits for a person, and the way there over the last weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from unisono.connect import windows
from unisono.connect.pace import narrowed
from unisono.store import links, pairs, runs, work
from unisono.store import standing as stored
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.store.runs import Run
from unisono.store.stamps import instant, stamp
from unisono.store.standing import COUNTED
from unisono.wiring.house import House
from unisono.wiring.rhythm import looked_at, receives

Answer = Literal["in-step", "apart", "stopped", "paused", "reading", "running"]
"""The one word for a pair: ``stopped`` until a person does something (a brake, a refused login), ``reading`` before its release."""
Titles = Mapping[str, str]
"""What systems and sides are called: ``{"crm": "CentralStationCRM", "fastbill": "FastBill"}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a pair. ``looked`` and ``next_look`` are stamps, empty if never, or due by now."""

    connection: ConnectionRow
    title: str
    looked: str
    next_look: str
    receives: bool
    """Whether it is looked at once a day only, since nothing of it goes anywhere."""

    @property
    def refused(self) -> bool:
        """Whether it waits for a new key."""
        return self.connection.state == "refused"

    @property
    def trouble(self) -> str:
        """Why the last look at it failed, as a code; empty if it did not, or if it waits for a new key."""
        return "" if self.refused else self.connection.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A pair as its page begins. ``apart`` counts records that hold something open, ``waiting`` those that Unisono goes on with by itself."""

    pair: PairRow
    crm: Side
    invoicing: Side
    answer: Answer
    linked: dict[str, int]
    in_step: int
    apart: int
    questions: int
    problems: int
    waiting: int
    run: Run | None

    @property
    def looked(self) -> str:
        """When both sides had been looked at last, of a pair of which one only receives the other; empty if one never was."""
        if self.receiver is None or not self.receiver.looked:
            return min(self.crm.looked, self.invoicing.looked)
        return self.leader.looked

    @property
    def next_look(self) -> str:
        """When the next side is looked at."""
        sides = (self.crm, self.invoicing) if self.receiver is None else (self.leader,)
        return min((side.next_look for side in sides if side.next_look), default="")

    @property
    def receiver(self) -> Side | None:
        """The side that only receives, if one does."""
        return next((side for side in (self.crm, self.invoicing) if side.receives), None)

    @property
    def leader(self) -> Side:
        """The other one."""
        return self.invoicing if self.crm.receives else self.crm

    @property
    def needs_somebody(self) -> int:
        """How many things wait for a person."""
        return self.questions + self.problems + (1 if self.answer == "stopped" else 0)


def standing(house: House, pair_id: str) -> Standing:
    """How a pair stands now. Raises ``KeyError`` if there is none."""
    with house.store.read() as conn:
        return _standing(house, conn, pairs.get_pair(conn, pair_id))


def standings(house: House, firms: tuple[str, ...] | None) -> list[Standing]:
    """Every pair of some firms (``None``: of all) that was not put to rest, those that need somebody first."""
    with house.store.read() as conn:
        rows = [p for p in pairs.pairs(conn) if p.state != "removed" and (firms is None or p.firm in firms)]
        found = [_standing(house, conn, row) for row in rows]
    return sorted(found, key=lambda one: (one.answer != "stopped", -one.needs_somebody, one.pair.name.casefold()))


def titles_of(house: House, conn: Connection, pair_id: str) -> Titles:
    """What the two systems of a pair are called."""
    row = pairs.get_pair(conn, pair_id)
    named = {side: house.capabilities(pairs.get_connection(conn, c).system) for side, c in (("crm", row.a), ("invoicing", row.b))}
    return {side: c.title for side, c in named.items()} | {c.name: c.title for c in named.values()}


def look_now(house: House, pair_id: str) -> None:
    """Both sides are looked at with the runner's next turn, instead of when they would be due."""
    with house.store.write() as conn:
        row = pairs.get_pair(conn, pair_id)
        for connection in (row.a, row.b):
            pairs.update_connection(conn, connection, next_poll="")


@dataclass(frozen=True, slots=True)
class Day:
    """The end of a day: records in step then, and all there were to be."""

    at: datetime
    in_step: int
    all: int


def by_day(house: House, pair_id: str, days: int = 30) -> list[Day]:
    """The last days, oldest first; the last is this moment. Told from what is linked today and what was open when."""
    now = house.clock.now()
    ends = [*((now - timedelta(days=n)).replace(hour=23, minute=59, second=59) for n in range(days, 0, -1)), now]
    with house.store.read() as conn:
        linked, news = stored.links_by_day(conn, pair_id, ends[0])
        spans = stored.open_spans(conn, pair_id, ends[0])
        known = stored.linked_of(conn, pair_id, {span.key for span in spans})
    out = []
    for end in ends:
        there = linked + sum(count for day, count in news.items() if day <= f"{end:%Y-%m-%d}")
        at = stamp(end)
        open_ = {span.key for span in spans if span.since <= at and (not span.until or span.until > at)}
        out.append(Day(end, max(0, there - len(open_ & known)), there + len(open_ - known)))
    return out


@dataclass(frozen=True, slots=True)
class Used:
    """Calls made within a vendor's window of so many seconds, and how many it allows."""

    used: int
    limit: int
    seconds: int


def calls_used(house: House, connection: ConnectionRow) -> Used | None:
    """How much of a vendor's tightest allowance is used; ``None`` where it has none."""
    rules = narrowed(house.capabilities(connection.system).pace, str(connection.settings.get("plan") or ""))
    found = [rule for rule in rules if rule.limit and rule.seconds >= 60]
    if not found or house.unlimited:
        return None
    rule = min(found, key=lambda r: r.limit / r.seconds)
    scope = f"{connection.system}:{rule.scope}:{connection.id}:{rules.index(rule)}"
    with house.store.read() as conn:
        text = stored.pace_state(conn, scope)
    now = house.clock.now()
    used = 0
    if text:
        kept = windows.load(text)
        since = int(now.timestamp() * 1_000_000) - rule.seconds * 1_000_000
        used = sum(count for at, count in (*kept.done, *kept.open) if at > since)
    return Used(min(used, rule.limit), rule.limit, rule.seconds)


def _standing(house: House, conn: Connection, row: PairRow) -> Standing:
    crm, invoicing = (_side(house, conn, pairs.get_connection(conn, c)) for c in (row.a, row.b))
    linked = links.count_links(conn, row.id)
    questions, problems = stored.count_open(conn, row.id, house.clock.now())
    open_ = stored.open_keys(conn, row.id)
    counts = work.counts(conn, f"pair:{row.id}")
    run = runs.live_run(conn, row.id)
    return _answered(
        Standing(
            pair=row,
            crm=crm,
            invoicing=invoicing,
            answer="in-step",
            linked=linked,
            in_step=sum(linked.get(kind, 0) for kind in COUNTED) - len(stored.linked_of(conn, row.id, open_)),
            apart=len(open_),
            questions=questions,
            problems=problems,
            waiting=counts.get("ready", 0) + counts.get("waiting", 0),
            run=run,
        )
    )


def _answered(told: Standing) -> Standing:
    return replace(told, answer=_answer(told))


def _answer(told: Standing) -> Answer:
    if told.pair.state == "stopped" or told.crm.refused or told.invoicing.refused:
        return "stopped"
    if told.pair.state == "paused":
        return "paused"
    if told.run is not None and told.run.state == "running":
        return "running"
    if told.pair.state == "reading":
        return "reading"
    return "apart" if told.apart else "in-step"


def _side(house: House, conn: Connection, row: ConnectionRow) -> Side:
    next_look = row.next_poll if row.next_poll and instant(row.next_poll) > house.clock.now() else ""
    return Side(
        connection=row,
        title=house.capabilities(row.system).title,
        looked=looked_at(row),
        next_look=next_look,
        receives=receives(conn, row.id),
    )

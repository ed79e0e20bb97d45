"""Fifteen engines with one famous mistake each. The storm that does not tell them from the sound one sees nothing.

Each is the product with one function replaced for the time of a world: here, and nowhere else, that is the purpose.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace
from sqlalchemy import Connection, text

from tests.storm import scenes
from tests.storm.frail import FrailStore
from tests.storm.world import Played
from unisono.connect.port import Page
from unisono.connect.reply import Reply
from unisono.engine import apply, batch, candidates, pull, recover, written
from unisono.engine.calls import Group
from unisono.engine.hands import Connected, Hands, Pairing
from unisono.engine.job import Job
from unisono.engine.pull import Pulled
from unisono.model.capability import Resource
from unisono.model.document import Document, Lines
from unisono.model.errors import BadAnswer, SystemFault, Unclear
from unisono.plan.flows import quotes
from unisono.policy.schema import Policy
from unisono.store import intents, lanes, links, pairs, seen
from unisono.store.listing import Listed
from unisono.store.stamps import instant, stamp

Scene = Callable[[int], Played]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """One wrong engine. ``reasons``: by breaking one of these it has to be caught; ``scene`` plays a seed with whatever engine is there."""

    name: str
    mistake: str
    reasons: tuple[str, ...]
    wrong: Callable[[], AbstractContextManager[None]]
    scene: Scene
    note: str = ""
    """Where the product has no such thing yet, what stands for it."""


def instead(target: Any, name: str, other: Any) -> AbstractContextManager[Any]:
    """One attribute of the product replaced."""
    return patch.object(target, name, other)


# --- writing --------------------------------------------------------------------------------------------------------------------------


@contextmanager
def no_intent_before_create() -> Iterator[None]:
    """A create is written down together with its outcome: who dies in between knows nothing of it."""
    waiting: dict[str, tuple[Any, ...]] = {}
    sound_intend, sound_settle, sound_doubt = intents.intend, intents.settle, intents.doubt

    def intend(conn: Connection, pair: str, lane: str, epoch: int, rows: Sequence[intents.Intent], now: datetime, run: str = "") -> None:
        for row in rows:
            if row.write.operation == "create":
                waiting[row.id] = (pair, lane, epoch, [row], now, run)
        sound_intend(conn, pair, lane, epoch, [row for row in rows if row.write.operation != "create"], now, run)

    def written(conn: Connection, of: Sequence[str]) -> None:
        for one in of:
            if one in waiting:
                sound_intend(conn, *waiting.pop(one))

    def settled(conn: Connection, outcomes: Sequence[tuple[Any, ...]], now: datetime) -> None:
        written(conn, [outcome[0] for outcome in outcomes])
        sound_settle(conn, outcomes, now)  # type: ignore[arg-type]

    def doubted(conn: Connection, intent_id: str, *rest: Any) -> None:
        written(conn, [intent_id])
        sound_doubt(conn, intent_id, *rest)

    with instead(intents, "intend", intend), instead(intents, "settle", settled), instead(intents, "doubt", doubted):
        yield


@contextmanager
def no_find_first() -> Iterator[None]:
    """A create whose answer was lost is not looked for: it is taken for not done."""

    def nobody(*_: Any) -> list[Any]:
        return []

    with instead(recover, "_free", nobody):
        yield


@contextmanager
def retry_of_unclear_writes() -> Iterator[None]:
    """A write whose answer was lost is sent once more, there and then."""
    sound = apply._send

    def again(group: Group, *, pairing: Pairing, step: int) -> Sequence[SystemFault | None]:
        try:
            return sound(group, pairing=pairing, step=step)
        except Unclear:
            return sound(group, pairing=pairing, step=step)

    with instead(apply, "_send", again):
        yield


@contextmanager
def page_over_a_later_look() -> Iterator[None]:
    """A listing knows nothing of what others looked at since it began."""
    sound = seen.begin_listing

    def unaware(conn: Connection, connection: str) -> Listed:
        listed = sound(conn, connection)
        listed.change = sys.maxsize
        return listed

    with instead(seen, "begin_listing", unaware):
        yield


@contextmanager
def stale_write() -> Iterator[None]:
    """What is about to be changed is not read once more: an edit since the last pull is written over."""
    with instead(apply, "_as_planned", lambda *_: True):
        yield


@contextmanager
def agreed_before_the_call() -> Iterator[None]:
    """What is about to be written counts as agreed before it is sent."""
    sound = apply._intend

    def agreeing(jobs: Sequence[Job], step: int, pairing: Pairing, hands: Hands) -> list[Job]:
        ready = sound(jobs, step, pairing, hands)
        with hands.store.write() as conn:
            for job in ready:
                write, link = job.send.write, None
                if write.operation == "change" and write.kind in ("party", "contact"):
                    link = links.links_of(conn, pairing.id, job.send.link_kind, write.side, [write.key]).get(write.key)
                if link is not None:
                    mine, theirs = dict(job.send.agree), {n: write.changes[n] for n in job.send.agree if n in write.changes}
                    agreed = (mine, theirs) if write.side == "b" else (theirs, mine)
                    links.put_link(conn, hands.ids.new(), pairing.id, link.kind, link.a_key, link.b_key, *agreed, hands.clock.now())
        return ready

    with instead(apply, "_intend", agreeing):
        yield


@contextmanager
def echo_not_recognised() -> Iterator[None]:
    """Agreed is what was sent, not what the other side made of it: our own write comes back as somebody's edit."""
    sound = written._agreed

    def as_sent(send: Any, after: Any, proven: bool, both: tuple[str, ...]) -> Any:
        return sound(send, {}, False, both)

    with instead(written, "_agreed", as_sent):
        yield


# --- reading --------------------------------------------------------------------------------------------------------------------------


@contextmanager
def cursor_without_overlap() -> Iterator[None]:
    """Changes are asked for from the very moment of the last answer on, whatever the list did not know by then."""
    sound = pull._since

    def exactly(resource: Resource, marks: dict[str, str], now: datetime) -> datetime | None:
        found = sound(resource, marks, now)
        return None if found is None else instant(marks["since"])

    with instead(pull, "_since", exactly):
        yield


@contextmanager
def cursor_advanced_before_storing() -> Iterator[None]:
    """The mark moves on first, then the pages are stored: what a torn pull did not bring is not asked for again."""
    sound = pull._store_page

    def stored(where: Connected, resource: str, page: Page, hands: Hands, pulled: Pulled, listed: Listed) -> None:
        with hands.store.write() as conn:
            marks = pairs.get_connection(conn, where.id).marks
            if "since" in marks.get(resource, {}) and page.server_time is not None:
                moved = marks[resource] | {"since": stamp(page.server_time)}
                pairs.update_connection(conn, where.id, marks={**marks, resource: moved})
        sound(where, resource, page, hands, pulled, listed)

    with instead(pull, "_store_page", stored):
        yield


@contextmanager
def empty_answer_taken_as_deletion() -> Iterator[None]:
    """A page of HTML or torn JSON counts as an empty list, and what a list does not show is deleted: nobody asks for it singly, or twice."""
    sound_json = Reply.json

    def lenient(reply: Reply) -> Any:
        try:
            return sound_json(reply)
        except BadAnswer:
            return {"RESPONSE": []} if "fastbill" in reply.call or "api.php" in reply.call else []

    def gone(where: Connected, resource: Resource, listed: Listed, whole: bool, _absent: object, hands: Hands, pulled: Pulled) -> None:
        if not whole:
            return
        with hands.store.write() as conn:
            for key in seen.unlisted(conn, where.id, resource.name, listed):
                records = seen.records_of_row(conn, where.id, resource.name, key)
                pulled.gone += seen.mark_gone(conn, where.id, records, hands.clock.now())

    with instead(Reply, "json", lenient), instead(pull, "_find_missing", gone):
        yield


@contextmanager
def notice_trusted() -> Iterator[None]:
    """What a notice says is stored as seen, instead of being read at the vendor's."""
    with instead(scenes, "receive", scenes.trust):
        yield


# --- order ----------------------------------------------------------------------------------------------------------------------------


@contextmanager
def no_lease() -> Iterator[None]:
    """Who wants a lane has it, and nobody proves that it is still theirs."""
    sound = lanes.take_lane

    def take(conn: Connection, name: str, holder: str, now: datetime, seconds: int, *, may_take_over: bool = False) -> int | None:
        return sound(conn, name, holder, now, seconds, may_take_over=True)

    with instead(lanes, "take_lane", take), instead(lanes, "check_epoch", lambda *_: None), instead(lanes, "renew_lane", lambda *_: None):
        yield


@contextmanager
def policy_read_twice() -> Iterator[None]:
    """What was planned under one policy is done under another: nobody looks whether it still holds."""
    with instead(pairs, "check_policy", lambda *_, **__: None):
        yield


@contextmanager
def link_constraint_missing() -> Iterator[None]:
    """A record may be linked as often as you like: no unique index, and nobody looks whether somebody else has it."""
    sound_thaw, sound_from = FrailStore.thaw, candidates.Candidates._candidates_from

    def thawed(store: FrailStore, image: bytes) -> None:
        sound_thaw(store, image)
        with store.write() as conn:
            for index in ("link_a", "link_b"):
                conn.execute(text(f"drop index if exists {index}"))

    def free(self: Any, *of: Any) -> Any:
        return tuple(replace(candidate, linked=False) for candidate in sound_from(self, *of))

    with (
        instead(FrailStore, "thaw", thawed),
        instead(candidates.Candidates, "_candidates_from", free),
        instead(batch, "apart", lambda p: (p, [])),
    ):
        yield


@contextmanager
def float_money() -> Iterator[None]:
    """Prices are reckoned to net and back in floats and cut to the cent."""
    sound = quotes.quote_from

    def cut(deal: Document, policy: Policy) -> Document:
        made = sound(deal, policy)
        if not isinstance(made.lines, Lines):
            return made
        rows = tuple(replace(row, price=Decimal(math.floor(float(row.price) / 1.19 * 1.19 * 100)) / 100) for row in made.lines.rows)
        return replace(made, lines=Lines(rows))

    with instead(quotes, "quote_from", cut):
        yield


TWINS: tuple[Twin, ...] = (
    Twin(name="no-intent", mistake="no intent before create", reasons=("I1",), wrong=no_intent_before_create, scene=scenes.dying),
    Twin(name="no-find-first", mistake="no find-first", reasons=("I1",), wrong=no_find_first, scene=scenes.losing_answers),
    Twin(
        name="retry-unclear", mistake="retry of unclear writes", reasons=("I1",), wrong=retry_of_unclear_writes, scene=scenes.losing_answers
    ),
    Twin(name="no-overlap", mistake="cursor without overlap", reasons=("I2", "I3"), wrong=cursor_without_overlap, scene=scenes.lagging),
    Twin(
        name="early-cursor",
        mistake="cursor advanced before storing",
        reasons=("I2", "I3"),
        wrong=cursor_advanced_before_storing,
        scene=scenes.torn_pulls,
    ),
    Twin(name="stale-write", mistake="stale write (no re-read)", reasons=("I2",), wrong=stale_write, scene=scenes.edited_meanwhile),
    Twin(name="echo", mistake="echo not recognised", reasons=("I2", "I4"), wrong=echo_not_recognised, scene=scenes.plain),
    Twin(
        name="trusted-notice",
        mistake="webhook body trusted",
        reasons=("I2", "I3"),
        wrong=notice_trusted,
        scene=scenes.noticed,
        note="the product has no webhook door yet: the scene brings one of a few lines; the sound one reads the record it is about",
    ),
    Twin(
        name="empty-is-gone",
        mistake="empty answer taken as deletion",
        reasons=("I2", "I3", "I5"),
        wrong=empty_answer_taken_as_deletion,
        scene=scenes.empty_answers,
    ),
    Twin(name="no-lease", mistake="no lease", reasons=("I1", "I2", "I12"), wrong=no_lease, scene=scenes.two_workers),
    Twin(
        name="late-page",
        mistake="a page stored over what was looked at after it",
        reasons=("I2", "I4"),
        wrong=page_over_a_later_look,
        scene=scenes.pages_under_way,
    ),
    Twin(name="float-money", mistake="float money", reasons=("I7",), wrong=float_money, scene=scenes.selling),
    Twin(
        name="policy-twice",
        mistake="policy read twice in one cycle",
        reasons=("I17",),
        wrong=policy_read_twice,
        scene=scenes.changing_minds,
    ),
    Twin(
        name="early-agreed",
        mistake="agreed written before the call",
        reasons=("I2",),
        wrong=agreed_before_the_call,
        scene=scenes.failing,
    ),
    Twin(
        name="no-unique-link",
        mistake="link unique constraint missing",
        reasons=("I1", "I2", "I3"),
        wrong=link_constraint_missing,
        scene=scenes.namesakes,
        note="the planner's own looks at who is taken are gone with the index: each of them alone keeps a second link away",
    ),
)

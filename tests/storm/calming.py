"""The calm after the storm: nothing breaks, nobody edits, people mend what only people can, and the product works until it is quiet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from tests.storm.sides import Letter
from tests.storm.signing import sign
from tests.storm.verdict import Broken
from unisono.engine.recover import next_probe
from unisono.engine.runs import release_run
from unisono.model.errors import SystemFault
from unisono.store import asking, intents, pairs, tables, work
from unisono.store.runs import CHANGED
from unisono.store.stamps import instant
from unisono.wiring.previewing import pages
from unisono.wiring.setup import WrongAccount, set_state

if TYPE_CHECKING:
    from tests.storm.world import World

PATIENT_ROUNDS = 12
"""Rounds after which a write that a person is asked about is not waited for any more: it is looked at every hour until somebody answers."""
BREATH = timedelta(seconds=15)
CALM_ROUNDS = 60
"""Rounds after which a world that is still not quiet will never be."""
LETTERS: tuple[Letter, Letter] = ("a", "b")


def calm(w: World) -> None:
    """Plays on until nothing is due and nothing is written any more; then once more, and that must write nothing (I4)."""
    # What vanished is asked for twice before it counts as deleted.
    needed = 2 if any(d.deed.what in ("delete", "merge") for d in w.did) or w.kept else 1
    quiet, rounds = 0, 0
    while quiet < needed and rounds < CALM_ROUNDS:
        rounds += 1
        mend(w)
        before = written(w)
        w.work(lambda: w.runner().turn(poll=True))
        wait = wait_for(w)
        still = written(w) == before
        quiet = quiet + 1 if still and (wait is None or (rounds > PATIENT_ROUNDS and _asked_about_all(w))) else 0
        # What is due and yet not done waits for the vendor's pace.
        least = BREATH if still else timedelta(seconds=1)
        if rounds > PATIENT_ROUNDS and 28 in w.bitten:
            # What was seen to vanish while our clock was a day ahead is believed a day later.
            least = timedelta(hours=2)
        w.clock.advance(max(wait, least) if wait is not None else timedelta(seconds=330))
    w.count("calm rounds", rounds)
    if quiet < needed:
        w.found.append(Broken("I3", f"not quiet after {rounds} rounds", ""))
    before = written(w)
    w.clock.advance(400)
    w.work(lambda: w.runner().turn(poll=True))
    extra = written(w) - before
    if extra:
        w.found.append(Broken("I4", f"{extra} writes in a further cycle with nothing changed", _last_write(w)))


def written(w: World) -> int:
    """How often the product has changed anything on either side."""
    return sum(1 for side in (w.stage.a, w.stage.b) for call in side.log if call.done)


def wait_for(w: World) -> timedelta | None:
    """How long until something is due, if that is within a few hours."""
    probe = next_probe(w.house.pairing(w.pair), w.house.hands())
    with w.store.read() as conn:
        due = work.next_due(conn, f"pair:{w.pair}")
        rows = [pairs.get_connection(conn, w.ids[letter]) for letter in LETTERS]
    waits = [probe] if probe is not None else []
    if due is not None:
        waits.append(due - w.ours.now())
    if any(row.told for row in rows):
        waits.append(timedelta(seconds=330))
    # What was put off while our clock was a day ahead is due a day later.
    furthest = timedelta(hours=6 if 28 not in w.bitten else 30)
    return min((max(one, timedelta()) for one in waits if one < furthest), default=None)


def _asked_about_all(w: World) -> bool:
    """Whether nothing is open but what a person is asked about, and nothing is put off to an hour that our clock told when it was ahead."""
    furthest = select(func.max(tables.work.c.due_at)).where(tables.work.c.lane == f"pair:{w.pair}", tables.work.c.state == "ready")
    with w.store.read() as conn:
        asked = {q.subject for q in asking.questions(conn, w.pair)}
        open_ = intents.unsettled(conn, w.pair)
        last = conn.execute(furthest).scalar()
    put_off = bool(last) and instant(str(last)) > w.ours.now() + timedelta(hours=2)
    return bool(open_) and not put_off and all(i.id in asked for i in open_)


def mend(w: World) -> None:
    """A new key where one was refused, a yes to a stopped pair and to what has changed since it was shown."""
    with w.store.read() as conn:
        rows = {letter: pairs.get_connection(conn, w.ids[letter]) for letter in LETTERS}
        state = pairs.get_pair(conn, w.pair).state
    for letter, row in rows.items():
        if row.state != "ok":
            w.keys_given.append((letter, w.clock.now()))
            try:
                # It is the right one: where nobody linked is there any more, the person says so.
                sign(w, w.house, letter, sure=True)
            except (SystemFault, WrongAccount) as fault:
                w.found.append(Broken("I8", f"the right key is not taken: {fault!r}", letter))
    if state in ("stopped", "paused"):
        set_state(w.house, w.pair, "released", "person")
    if w.previewed and CHANGED in {row.outcome for row in pages(w.house, w.previewed)}:
        # What has become another thing since it was shown is looked at once more.
        release_run(w.house.pairing(w.pair), w.house.hands(), w.previewed, "storm")


def _last_write(w: World) -> str:
    done = [(call.seq, side.letter, call) for side in (w.stage.a, w.stage.b) for call in side.log if call.done]
    return f"{done[-1][1]} {done[-1][2].operation} {done[-1][2].key}" if done else ""

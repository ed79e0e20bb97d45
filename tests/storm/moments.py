"""What breaks at a moment of a turn: before it, at one of its calls, at a step of the engine, at a commit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.storm.acting import keys_of, policy
from tests.storm.chance import Break
from tests.storm.evidence import Kept, Rule
from tests.storm.sides import Impossible, Letter
from tests.storm.signing import sign
from tests.storm.verdict import Broken
from unisono.model.errors import SystemFault
from unisono.store import links, pairs
from unisono.store.lanes import LostLane
from unisono.store.refused import StoreRefused
from unisono.wiring import pair_row
from unisono.wiring.setup import WrongAccount

if TYPE_CHECKING:
    from tests.storm.world import World


def before_turn(w: World, breaks: list[Break]) -> None:
    """What is switched before a turn begins."""
    for one in breaks:
        match one.fault:
            case 41:
                _restore(w, int(one.values["turns"]))
            case 28:
                _turn_clock(w, one.values["whose"], int(one.values["seconds"]))
            case 44 if "late" in one.values:
                w.clock.advance(int(one.values["late"]))
                w.bit(44)
            case 15:
                _hide(w, one)
            case 46 | 47:
                _another_account(w, letter_of(one), one.fault)
            case _ if "side" in one.values:
                w.side(letter_of(one)).arm(one)


def letter_of(one: Break) -> Letter:
    """The side a break is aimed at."""
    return "a" if one.values["side"] == "a" else "b"


def at_call(w: World, one: Break) -> None:
    """What happens while the product is about to make a call: a new policy, a second worker."""
    if one.fault == 45:
        try:
            policy(w, one.values["entry"])
            w.bit(45)
        except Impossible:
            w.count("impossible deeds")
    elif one.fault == 43:
        second_worker(w, late=bool(one.values.get("late")))


def second_worker(w: World, *, late: bool) -> None:
    """Another process does a whole turn on the same store meanwhile; ``late``: when the lease of the first is over."""
    w.bit(43)
    if late:
        w.clock.advance(301)
    mine = w.house
    try:
        w.house = w.stage.process(w.store, lambda _name: None)
        w.runner(alone=False).turn(poll=True)
    except LostLane:
        w.count("lost lanes")
    finally:
        w.house = mine


def at_step(w: World, one: Break, name: str) -> None:
    """The process ends at a step of the engine, or has no memory left there."""
    if one.fault == 44:
        w.bit(44)
        raise MemoryError(name)
    w.bit(1)
    w.kill(f"step {name}")


def at_commit(w: World, one: Break) -> None:
    """The process ends inside a transaction, or the transaction cannot be kept."""
    w.bit(one.fault)
    w.unkept.append(w.clock.now())
    if one.fault == 2:
        w.kill("in a transaction")
    raise StoreRefused("store-full" if one.fault == 39 else "store-busy", {"place": "storm", "reason": "storm"})


def _restore(w: World, turns: int) -> None:
    """An older database is put back: the product knows it, and every pair is unsure."""
    image = w.image_before(turns)
    if not image:
        return
    w.bit(41)
    w.restored = True
    w.store.thaw(image)
    with w.store.write() as conn:
        pairs.update_pair(conn, w.pair, unsure=1)
    w.house = w.process()
    row = pair_row(w.house, w.pair)
    w.rules.append(Rule(w.clock.now(), w.seq(), row.policy_version, row.policy))


def _turn_clock(w: World, whose: str, seconds: int) -> None:
    w.bit(28)
    if whose == "ours":
        w.ours.off += timedelta(seconds=seconds)
        return
    side = w.side(whose)
    turn = getattr(side, "turn_clock", None)
    if turn is not None:
        turn(timedelta(seconds=seconds))
    elif (clock := getattr(side, "clock", None)) is not None:
        clock.ahead += timedelta(seconds=seconds)


def _hide(w: World, one: Break) -> None:
    side, mark = w.side(letter_of(one)), one.values["who"]
    hidden = getattr(side, "hidden", None)
    key = keys_of(side).get(mark)
    if hidden is not None and key is not None:
        hidden.add(key)
        w.kept.append(Kept(w.seq(), side.letter, mark, key))


def _another_account(w: World, letter: Letter, number: int) -> None:
    """Somebody enters a key that opens another account at the same vendor: another company's, or the same company's sandbox, in which other
    records lie. As soon as anything is linked, it is not taken."""
    swap = getattr(w.side(letter), "swap", None)
    with w.store.read() as conn:
        known = links.some_keys(conn, w.pair, letter, 1)
    if swap is None or not known:
        return
    swap(True)
    try:
        sign(w, w.house, letter)
    except WrongAccount:
        w.bit(number)
    except SystemFault:
        w.count("keys not tried")
    else:
        w.found.append(Broken("I5", "another company's key was taken", letter))
    finally:
        swap(False)
        w.house.forget_system(w.ids[letter])

"""One cycle of a pair: pull, plan, intend, apply, settle. A dry run is the same function stopped after *plan*."""

from __future__ import annotations

from unisono.engine.batch import batches, plan_all, work_off
from unisono.engine.changes import brake, now_sure, take_changes, tell_unreadable, unreadable
from unisono.engine.hands import Hands, Pairing
from unisono.engine.outcome import Outcome
from unisono.engine.picture import SIDES
from unisono.engine.pull import Further, Pulled, pull
from unisono.engine.recover import recover
from unisono.engine.runs import close_finished
from unisono.engine.spoken import spoken_for
from unisono.engine.states import wake_overdue
from unisono.engine.waves import Waves, nothing_meanwhile
from unisono.model.errors import LoginRefused, SystemFault
from unisono.model.record import Side
from unisono.store import pairs


def cycle(
    pairing: Pairing, hands: Hands, *, read: bool = True, dry: bool = False, whole: bool = False, further: Further | None = None
) -> Outcome:
    """Brings a pair in step once. Raises nothing a vendor may do: what stopped it is in the outcome. ``further``: a source is still being
    read, and there is a way to read on while calls are under way; what comes of it is worked off, too."""
    outcome = Outcome()
    try:
        if read:
            outcome.pulled_a, outcome.pulled_b = (_pulled(side, pairing, hands, outcome, whole=whole) for side in SIDES)
            tell_unreadable(pairing, "a", outcome.pulled_a, hands)
            tell_unreadable(pairing, "b", outcome.pulled_b, hands)
        take_changes(pairing, hands)
        wake_overdue(pairing, hands)
        if brake(pairing, hands):
            outcome.stopped = "brake"
        elif dry:
            plan_all(pairing, outcome, hands)
        elif pairing.state != "released":
            outcome.stopped = pairing.state
        else:
            recover(pairing, hands, outcome)
            with Waves(outcome, hands, further or nothing_meanwhile, spoken_for(pairing, hands)) as waves:
                for tasks in batches(pairing, waves, hands, more=further is not None):
                    work_off(tasks, pairing, waves, hands)
            close_finished(pairing, hands)
            if pairing.unsure and whole and not (outcome.closed or unreadable(pairing, hands)):
                now_sure(pairing, hands)
    except pairs.Overtaken as overtaken:
        # Another policy holds, or the pair was paused meanwhile: what was planned is due as before, and planned anew.
        outcome.stopped = overtaken.code
    except SystemFault as fault:
        outcome.fault, outcome.stopped = fault, fault.code
    return outcome


def _pulled(side: Side, pairing: Pairing, hands: Hands, outcome: Outcome, *, whole: bool) -> Pulled:
    try:
        return pull(pairing.side(side), hands, whole=whole)
    except LoginRefused as fault:
        with hands.store.write() as conn:
            outcome.refuse(conn, side, fault, pairing)
        raise

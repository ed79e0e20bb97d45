"""Undo from a page: first a look at what can be taken back, aside; then, after a yes, exactly that and nothing else."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Literal

from unisono.engine.batch import LEASE
from unisono.engine.undo import NothingWritten, Scope, Undoing
from unisono.engine.undone import again as link_again
from unisono.model.errors import SystemFault
from unisono.plan.actions import Reason
from unisono.plan.undo import Step
from unisono.store import lanes, pairs
from unisono.store.refused import StoreRefused
from unisono.wiring.house import House
from unisono.wiring.keeping import LaneBusy, take_back
from unisono.wiring.making import Aside

PATIENCE = timedelta(minutes=15)
"""How long it waits for the runner that is at work with the pair."""
_BREATH = 1.0
NOTHING_THERE = Reason("undo-nothing-there")
BUSY = Reason("undo-busy")
ACTING = ("delete", "change", "unlink", "ask")
"""What an undo does; the other steps say why something stays."""
log = logging.getLogger("unisono.undo")

Stage = Literal["looking", "shown", "undoing", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """An undo as a page tells it. ``steps`` are what was shown; ``done`` counts the records that were taken back so far, of ``total``;
    ``failed`` are those a system did not take, each with why; ``code`` and ``values`` fill the sentence of one that came to nothing."""

    id: str
    scope: Scope
    by: str
    stage: Stage
    steps: tuple[Step, ...] = ()
    done: int = 0
    failed: tuple[tuple[Step, SystemFault | None], ...] = ()
    run: str = ""
    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many records get a write."""
        return sum(1 for step in self.steps if step.what in ("delete", "change"))

    @property
    def acting(self) -> int:
        """How many steps do anything at all."""
        return sum(1 for step in self.steps if step.what in ACTING)


class Undoings:
    """One at a time for each pair. What was looked at is kept until it is done, closed, or another look takes its place."""

    def __init__(self, house: House, aside: Aside, holder: str = "undo") -> None:
        self._house = house
        self._aside = aside
        self._holder = holder
        self._turn = threading.Lock()
        self._of: dict[str, TakeBack] = {}
        self._under_way: dict[str, Undoing] = {}

    def standing(self, pair_id: str) -> TakeBack | None:
        """How far a pair's undo is; ``None``: there is none."""
        with self._turn:
            one, doing = self._of.get(pair_id), self._under_way.get(pair_id)
        return replace(one, done=doing.records) if one is not None and doing is not None and one.stage == "undoing" else one

    def look(self, pair_id: str, scope: Scope, by: str) -> bool:
        """Begins to look what can be taken back; nothing is written. False if the pair's undo is under way."""
        made = TakeBack(id=self._house.ids.new(), scope=scope, by=by, stage="looking")
        if not self._put(pair_id, made, among=("shown", "done", "failed")):
            return False
        self._aside(partial(self._run, pair_id, made, self._looked))
        return True

    def begin(self, pair_id: str, shown: str, by: str) -> TakeBack | None:
        """Yes to what was shown under an id: does it. ``None`` if that is not what stands there now."""
        with self._turn:
            one = self._of.get(pair_id)
            if one is None or one.id != shown or one.stage != "shown":
                return None
            one = self._of[pair_id] = replace(one, stage="undoing", by=by)
        self._aside(partial(self._run, pair_id, one, self._undone))
        return one

    def close(self, pair_id: str, shown: str) -> bool:
        """Nothing is to be done, or what was done has been read."""
        with self._turn:
            one = self._of.get(pair_id)
            if one is None or one.id != shown or one.stage not in ("shown", "done", "failed"):
                return False
            del self._of[pair_id]
            return True

    def _put(self, pair_id: str, made: TakeBack, among: Sequence[Stage]) -> bool:
        with self._turn:
            old = self._of.get(pair_id)
            if old is not None and old.stage not in among:
                return False
            self._of[pair_id] = made
            return True

    def _run(self, pair_id: str, one: TakeBack, work: Callable[[str, TakeBack], TakeBack]) -> None:
        try:
            ended = work(pair_id, one)
        except NothingWritten:
            ended = replace(one, stage="failed", code=NOTHING_THERE.code)
        except LaneBusy:
            ended = replace(one, stage="failed", code=BUSY.code)
        except (SystemFault, StoreRefused) as fault:
            ended = replace(one, stage="failed", code=fault.code, values=dict(fault.values))
        except Exception as mistake:  # noqa: BLE001  # nobody waits for this thread: what it does not say here is said nowhere
            trace = "".join(traceback.format_exception(mistake, limit=-8))
            log.error("%s", json.dumps({"pair": pair_id, "trace": trace}))
            ended = replace(one, stage="failed", code="error.ours")
        with self._turn:
            self._under_way.pop(pair_id, None)
            self._of[pair_id] = ended

    def _looked(self, pair_id: str, one: TakeBack) -> TakeBack:
        with self._held(pair_id):
            undoing = take_back(self._house, pair_id, one.scope, one.by, dry=True)
        return replace(one, stage="shown", steps=tuple(undoing.steps))

    def _undone(self, pair_id: str, one: TakeBack) -> TakeBack:
        undoing = Undoing(one.scope, by=one.by, agreed=one.steps)
        with self._turn:
            self._under_way[pair_id] = undoing
        with self._held(pair_id, f"pair:{pair_id}"):
            take_back(self._house, pair_id, one.scope, one.by, undoing=undoing)
        return replace(one, stage="done", steps=tuple(undoing.steps), done=undoing.records, failed=tuple(undoing.failed), run=undoing.run)

    @contextmanager
    def _held(self, pair_id: str, *more: str) -> Iterator[None]:
        """The runner leaves both connections alone meanwhile, and the lanes named besides."""
        with self._house.store.read() as conn:
            row = pairs.get_pair(conn, pair_id)
        names = (f"connection:{row.a}", f"connection:{row.b}", *more)
        until = self._house.clock.now() + PATIENCE
        while (epochs := self._taken(names)) is None:
            if self._house.clock.now() > until:
                raise LaneBusy(pair_id)
            self._house.clock.sleep(_BREATH)
        try:
            yield
        finally:
            self._house.busy.difference_update(names)
            with self._house.store.write() as conn:
                for name, epoch in epochs.items():
                    lanes.release_lane(conn, name, epoch)

    def _taken(self, names: Sequence[str]) -> dict[str, int] | None:
        """All of some lanes, or none."""
        out: dict[str, int] = {}
        with self._house.store.write() as conn:
            for name in names:
                epoch = lanes.take_lane(conn, name, self._holder, self._house.clock.now(), LEASE)
                if epoch is None:
                    for taken, held in out.items():
                        lanes.release_lane(conn, taken, held)
                    return None
                out[name] = epoch
            self._house.busy.update(names)
        return out


def liftable(house: House, pair_id: str, scope: Scope) -> int:
    """How many links that an undo of a scope ended may be made again."""
    return len(link_again(house.pairing(pair_id), house.hands(), scope, "", dry=True)) if scope.named else 0


def lift(house: House, pair_id: str, scope: Scope, by: str) -> int:
    """The undo of an undo: what it left unlinked may be linked and made again; how many records."""
    return len(link_again(house.pairing(pair_id), house.hands(), scope, by)) if scope.named else 0

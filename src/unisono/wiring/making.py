"""Previews made aside: a page asks for one and is told how far it is, while a thread of its own reads both sides and plans."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from unisono.model.errors import SystemFault, TryLater
from unisono.store import pairs, runs
from unisono.store.refused import StoreRefused
from unisono.store.stamps import stamp
from unisono.wiring.house import House
from unisono.wiring.previewing import NotRead, make_preview

Aside = Callable[[Callable[[], None]], object]
"""Has something done that a page does not wait for."""
PATIENCE = timedelta(minutes=15)
"""How long a preview waits for a vendor's limit, or for the runner that reads a connection for the first time."""
_BREATH = 1.0
log = logging.getLogger("unisono.preview")


def in_a_thread(work: Callable[[], None]) -> None:
    """What is under way when the process ends is dropped: a preview that is not whole can be released by nobody."""
    threading.Thread(target=work, name="aside", daemon=True).start()


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A preview under way, or why there is none. ``planned`` counts its records so far; ``code`` and ``values`` fill a sentence."""

    stage: Literal["reading", "planning", "failed"]
    planned: int = 0
    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class Previews:
    """One at a time for each pair; a second one would take the first one's rows away."""

    def __init__(self, house: House, aside: Aside, holder: str = "preview") -> None:
        self._house = house
        self._aside = aside
        self._holder = holder
        self._turn = threading.Lock()
        self._begun: dict[str, str] = {}
        self._failed: dict[str, Making] = {}

    def make(self, pair_id: str) -> bool:
        """Begins one. False if the pair's is being made already."""
        with self._turn:
            if pair_id in self._begun:
                return False
            self._begun[pair_id] = stamp(self._house.clock.now())
            self._failed.pop(pair_id, None)
        self._aside(partial(self._make, pair_id))
        return True

    def standing(self, pair_id: str) -> Making | None:
        """How far a pair's preview is, or why the last one failed; ``None``: there is nothing to wait for."""
        with self._turn:
            begun, failed = self._begun.get(pair_id), self._failed.get(pair_id)
        if begun is None:
            return failed
        with self._house.store.read() as conn:
            # One that was broken off earlier is not ours.
            mine = next((r for r in runs.runs(conn, pair_id) if r.state == "planning" and r.started_at >= begun), None)
            planned = sum(runs.count(conn, mine.id).values()) if mine is not None else 0
        return Making(stage="reading" if mine is None else "planning", planned=planned)

    def _make(self, pair_id: str) -> None:
        failed: Making | None = None
        try:
            self._until_read(pair_id)
        except (SystemFault, StoreRefused) as fault:
            failed = Making(stage="failed", code=fault.code, values=dict(fault.values))
        except NotRead as unread:
            failed = Making(stage="failed", code="preview-not-read", values={"name": str(unread.args[0])})
        except Exception as mistake:  # noqa: BLE001  # nobody waits for this thread: what it does not say here is said nowhere
            trace = "".join(traceback.format_exception(mistake, limit=-8))
            log.error("%s", json.dumps({"pair": pair_id, "trace": trace}))
            failed = Making(stage="failed", code="error.ours")
        with self._turn:
            del self._begun[pair_id]
            if failed is not None:
                self._failed[pair_id] = failed

    def _until_read(self, pair_id: str) -> None:
        """Makes it, once the runner and the vendors' limits let it read."""
        clock = self._house.clock
        until = clock.now() + PATIENCE
        while True:
            try:
                # The runner of this process is alive: what it holds is not taken from it.
                make_preview(self._house, pair_id, self._holder, alone=False)
                return
            except TryLater as later:
                if later.at is None or later.at > until:
                    raise
                clock.sleep(max(_BREATH, _seconds(later.at, clock.now())))
            except NotRead:
                if clock.now() > until or not self._being_read(pair_id):
                    raise
                clock.sleep(_BREATH)

    def _being_read(self, pair_id: str) -> bool:
        """Whether nothing stands in the way of a connection but that somebody reads it just now."""
        with self._house.store.read() as conn:
            row = pairs.get_pair(conn, pair_id)
            return all(pairs.get_connection(conn, c).state == "ok" for c in (row.a, row.b))


def _seconds(at: datetime, now: datetime) -> float:
    return (at - now).total_seconds()

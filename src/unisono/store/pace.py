"""The pace of a connection as rows that all its workers share, one for each limit and what shares it.

What a limit means is not known here: the states are texts, stepped by functions that the wiring hands in. Calls are reserved in blocks,
so that not every call costs a transaction; what a killed process had reserved and not used is lost until the limit forgets it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update

from unisono.store.doors import Store
from unisono.store.stamps import stamp
from unisono.store.statements import Statement
from unisono.store.tables import pace
from unisono.store.upserts import insert_missing


class Limit(Struct, frozen=True):
    """One limit. A state is text, empty at first.

    ``take`` reserves so many calls, or says from which instant to ask again (its state is then dropped), and raises ``ValueError`` for
    more calls than ever fit at once. ``settle`` says that reserved calls were counted by the vendor or were not; ``give_back`` that they
    were never made; ``block`` that the vendor said stop until an instant.
    """

    scope: str
    """What shares it, as ``fastbill:key:<connection>``: the key of the row."""
    take: Callable[[str, datetime, int], tuple[str, datetime | None]]
    settle: Callable[[str, datetime, int, bool], str]
    give_back: Callable[[str, datetime, int], str]
    block: Callable[[str, datetime, datetime], str]


class StorePace:
    """The limits of one connection in the store. Threads may share it; never call it inside a door.

    ``block`` calls are reserved at once and used up within ``keep`` seconds; what is left then is given back at the next asking.
    Until then another process's block of the same scope is not noticed, so keep it short.
    """

    def __init__(self, store: Store, limits: Sequence[Limit], now: Callable[[], datetime], *, block: int = 1, keep: float = 5.0) -> None:
        self._store = store
        # Rows are locked in this order: two connections that share two limits do not wait for each other for ever.
        self._limits = tuple(sorted(limits, key=lambda limit: limit.scope))
        if len({limit.scope for limit in limits}) < len(limits):
            raise ValueError("two limits of one connection need two rows: their scopes must differ")
        self._now = now
        self._block = block
        self._keep = timedelta(seconds=keep)
        self._lock = threading.Lock()
        self._spare = 0
        self._spare_since: datetime | None = None
        self._counted = self._not_counted = 0

    def take(self, cost: int = 1) -> datetime | None:
        """``None``: go now, the calls are reserved. Else the instant (UTC) from which to ask again; nothing is reserved."""
        with self._lock:
            now = self._now()
            if self._fresh(now) and self._spare >= cost:
                self._spare -= cost
                return None
            with self._store.write() as conn:
                states = self._settled(self._states(conn), now)
                calls = max(self._block, cost)
                states, at = self._taken(states, now, calls, may_be_too_many=calls > cost)
                if at is not None and calls > cost:
                    calls = cost
                    states, at = self._taken(states, now, calls, may_be_too_many=False)
                self._keep_states(conn, states, now)
            # Only now: what the rows say has been kept.
            self._counted = self._not_counted = 0
            self._spare, self._spare_since = (0, None) if at is not None else (calls - cost, now)
            return at

    def succeeded(self, cost: int = 1) -> None:
        """The vendor counted it, or may have. Kept in the rows with the next block."""
        with self._lock:
            self._counted += cost

    def rejected(self, cost: int = 1) -> None:
        """The vendor did not count it, or it never arrived. Kept in the rows with the next block."""
        with self._lock:
            self._not_counted += cost

    def blocked(self, until: datetime) -> None:
        """The vendor said stop: nobody who shares a limit asks before. Kept at once."""
        with self._lock:
            now = self._now()
            self._flush(now, lambda limit, state: limit.block(state, now, until))

    def flush(self) -> None:
        """Keeps what is known only here and gives back what was reserved and not used: before a pause, and at the end."""
        with self._lock:
            if self._spare or self._counted or self._not_counted:
                self._flush(self._now(), lambda _limit, state: state)

    def _flush(self, now: datetime, last: Callable[[Limit, str], str]) -> None:
        with self._store.write() as conn:
            states = self._settled(self._states(conn), now)
            self._keep_states(conn, [last(limit, state) for limit, state in zip(self._limits, states, strict=True)], now)
        self._spare, self._spare_since = 0, None
        self._counted = self._not_counted = 0

    def _fresh(self, now: datetime) -> bool:
        # A clock that was set back makes the block old as well.
        return self._spare_since is not None and timedelta(0) <= now - self._spare_since < self._keep

    def _states(self, conn: Connection) -> list[str]:
        scopes = [limit.scope for limit in self._limits]
        states = dict(_LOCKED.rows(conn, scopes=scopes))
        if len(states) < len(scopes):
            insert_missing(conn, pace, [{"scope": scope, "state": "", "at": ""} for scope in scopes], keys=["scope"])
            states = dict(_LOCKED.rows(conn, scopes=scopes))
        return [states[scope] for scope in scopes]

    def _settled(self, states: Iterable[str], now: datetime) -> list[str]:
        result = []
        for limit, state in zip(self._limits, states, strict=True):
            if self._counted:
                state = limit.settle(state, now, self._counted, True)
            if self._not_counted:
                state = limit.settle(state, now, self._not_counted, False)
            if self._spare:
                state = limit.give_back(state, now, self._spare)
            result.append(state)
        return result

    def _taken(self, states: list[str], now: datetime, calls: int, *, may_be_too_many: bool) -> tuple[list[str], datetime | None]:
        try:
            asked = [limit.take(state, now, calls) for limit, state in zip(self._limits, states, strict=True)]
        except ValueError:
            if may_be_too_many:  # the block is larger than the limit: one call may still fit
                return states, now
            raise
        waits = [at for _, at in asked if at is not None]
        return (states, max(waits)) if waits else ([state for state, _ in asked], None)

    def _keep_states(self, conn: Connection, states: list[str], now: datetime) -> None:
        at = stamp(now)
        rows = [{"b_scope": limit.scope, "state": state, "at": at} for limit, state in zip(self._limits, states, strict=True)]
        _KEPT.run_many(conn, rows)


_LOCKED = Statement(
    lambda _: (
        select(pace.c.scope, pace.c.state)
        .where(pace.c.scope.in_(bindparam("scopes", expanding=True)))
        .order_by(pace.c.scope)
        .with_for_update()
    )
)
_KEPT = Statement(lambda _: update(pace).where(pace.c.scope == bindparam("b_scope")))

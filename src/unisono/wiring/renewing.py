"""Keys that a vendor exchanges now and then: one hand at a time does it, and what it brings is stored before anybody uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from unisono.connect.clock import Clock
from unisono.connect.renewal import Held, Renew
from unisono.model.errors import LoginRefused, TryLater
from unisono.store import lanes
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing, get_secret, put_secret

LEASE = 60
"""Seconds that one exchange may take: far more than the network's patience."""
LONGEST = timedelta(hours=1)
"""How long an hour that was named is believed."""
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeys:
    """The renewed keys of a stored connection. Threads and processes may share the connection: the lane lets one of them ask the vendor."""

    store: Store
    ring: KeyRing
    clock: Clock
    connection: str

    def renewed(self, held: Held, renew: Renew) -> Held:
        """See ``connect.renewal.Keys``."""
        for _ in range(_TRIES):
            with self.store.write() as conn:
                there = {name: get_secret(conn, self.ring, self.connection, name) for name in held}
                if there != held:
                    return there
                if (until := lanes.rests_until(conn, self._lane, self.clock.now())) is not None:
                    raise TryLater("login-not-renewed", {"reason": "rate-limited"}, at=until)
                epoch = lanes.take_lane(conn, self._lane, "keys", self.clock.now(), LEASE)
            if epoch is not None:
                return self._exchanged(held, renew, epoch)
            self.clock.sleep(1.0)
        raise TryLater("login-not-renewed", {"reason": "busy"}, at=self.clock.now() + timedelta(seconds=LEASE))

    def _exchanged(self, held: Held, renew: Renew, epoch: int) -> Held:
        try:
            fresh = renew(held)
        except LoginRefused:
            with self.store.write() as conn:
                lanes.release_lane(conn, self._lane, epoch)
                there = {name: get_secret(conn, self.ring, self.connection, name) for name in held}
            if there != held:
                return there  # somebody signed in anew meanwhile, which ended the old keys
            raise
        except BaseException as fault:
            at = fault.at if isinstance(fault, TryLater) else None
            with self.store.write() as conn:
                if at is not None:
                    # Whoever exchanges keys named an hour: it holds for everybody who would ask, the calls of this very turn among them.
                    lanes.rest_lane(conn, self._lane, epoch, min(at, self.clock.now() + LONGEST))
                else:
                    lanes.release_lane(conn, self._lane, epoch)
            raise
        with self.store.write() as conn:
            # Stored also if the lease is over by now: the vendor may take the old ones no more.
            for name, value in fresh.items():
                put_secret(conn, self.ring, self.connection, name, value, self.clock.now())
            lanes.release_lane(conn, self._lane, epoch)
        return fresh

    @property
    def _lane(self) -> str:
        return f"keys:{self.connection}"

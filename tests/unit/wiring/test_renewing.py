"""Exchanging a vendor's keys: whoever exchanges them may say when he is to be asked again, and that holds for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.stores import with_a_pair
from unisono.connect.renewal import Held
from unisono.model.errors import TryLater, Unclear
from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing, get_secret, put_secret
from unisono.wiring.renewing import LONGEST, StoredKeys

OLD, NEW = Secret("old-4711"), Secret("new-4711")


class Exchange:
    """The vendor's own server, which says stop first, and then hands out another key."""

    def __init__(self, first: Exception) -> None:
        self.first: Exception | None = first
        self.asked = 0

    def __call__(self, held: Held) -> Held:
        self.asked += 1
        if self.first is not None:
            first, self.first = self.first, None
            raise first
        return dict.fromkeys(held, NEW)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keys(tmp_path: Path, clock: FakeClock) -> Iterator[StoredKeys]:
    with Store.open(":memory:", least_room=0) as store:
        with_a_pair(store)
        ring = KeyRing(tmp_path / "key")
        with store.write() as conn:
            put_secret(conn, ring, "crm", "access_token", OLD, clock.now())
        yield StoredKeys(store=store, ring=ring, clock=clock, connection="crm")


def told(keys: StoredKeys, exchange: Exchange) -> datetime | None:
    """The hour that who wants another key is told."""
    with pytest.raises(TryLater) as later:
        keys.renewed({"access_token": OLD}, exchange)
    return later.value.at


def stored(keys: StoredKeys) -> str:
    with keys.store.read() as conn:
        found = get_secret(conn, keys.ring, keys.connection, "access_token")
    assert found is not None
    return found.reveal()


def test_before_the_hour_that_was_named_nobody_asks_again(keys: StoredKeys, clock: FakeClock) -> None:
    hour = clock.now() + timedelta(seconds=40)
    exchange = Exchange(TryLater("login-not-renewed", {}, at=hour))

    before = [told(keys, exchange)]
    clock.advance(timedelta(seconds=39))
    before.append(told(keys, exchange))
    asked = exchange.asked
    clock.advance(timedelta(seconds=1))
    after = keys.renewed({"access_token": OLD}, exchange)

    assert (before, asked) == ([hour, hour], 1)
    assert (exchange.asked, after["access_token"].reveal(), stored(keys)) == (2, "new-4711", "new-4711")


def test_without_an_hour_the_next_who_needs_a_key_asks(keys: StoredKeys) -> None:
    exchange = Exchange(TryLater("login-not-renewed", {}))

    assert told(keys, exchange) is None
    assert keys.renewed({"access_token": OLD}, exchange)["access_token"].reveal() == "new-4711"


def test_an_hour_far_off_is_not_believed_for_ever(keys: StoredKeys, clock: FakeClock) -> None:
    exchange = Exchange(TryLater("login-not-renewed", {}, at=clock.now() + timedelta(days=400)))
    told(keys, exchange)
    clock.advance(LONGEST)

    assert keys.renewed({"access_token": OLD}, exchange)["access_token"].reveal() == "new-4711"


def test_whoever_signed_in_anew_meanwhile_need_not_wait(keys: StoredKeys, clock: FakeClock) -> None:
    exchange = Exchange(TryLater("login-not-renewed", {}, at=clock.now() + timedelta(seconds=40)))
    told(keys, exchange)
    with keys.store.write() as conn:
        put_secret(conn, keys.ring, "crm", "access_token", NEW, clock.now())

    assert keys.renewed({"access_token": OLD}, exchange)["access_token"].reveal() == "new-4711"
    assert exchange.asked == 1


def test_any_other_end_of_it_lets_go(keys: StoredKeys) -> None:
    exchange = Exchange(Unclear("no-envelope", {}))

    with pytest.raises(Unclear):
        keys.renewed({"access_token": OLD}, exchange)
    assert keys.renewed({"access_token": OLD}, exchange)["access_token"].reveal() == "new-4711"

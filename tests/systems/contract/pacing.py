"""A good guest: never more calls than the file allows, and none while the vendor asks for patience."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.systems.contract.account import Account, caught, outcome
from tests.systems.contract.bodies import forms
from tests.systems.contract.operations import Run, prepared
from unisono.model.capability import PaceRule
from unisono.model.errors import Conflicted, SystemFault, TryLater

STORM = ("status", "status-after", "html", "truncate", "torn-json", "empty", "timeout-before", "timeout-after", "reset-after", "rate")


def patiently(account: Account, what: Callable[[], object]) -> SystemFault | None:
    """Does it, waiting as long as is asked; the fault it ends with."""
    for _ in range(50):
        _, fault = outcome(what)
        if not isinstance(fault, TryLater):
            return fault
        assert fault.at is not None
        assert fault.at > account.clock.now()
        account.clock.advance(fault.at - account.clock.now())
    raise AssertionError("asked to wait for ever")


def runs(account: Account, folder: Path) -> list[Run]:
    """One call of each verb."""
    known = account.vendor.capabilities
    listed = next(r.name for r in known.resources if r.listed)
    names = ["identify", f"list {listed}", f"read {listed}", f"create {forms(known)[0]}", f"change {forms(known, change=True)[0]}"]
    made: list[Run] = []
    for name in names:
        patiently(account, lambda name=name: made.append(prepared(account, name, folder)))  # type: ignore[misc]
    return made


def crowded(account: Account) -> list[str]:
    """Windows that saw more calls than a rule allows, counted from the vendor's own log."""
    found = []
    for rule in account.system.capabilities.pace:
        # What travels inside another call is no call.
        calls = [c for c in account.world.log.calls if c.method != "BATCH"]
        counted: list[datetime] = [c.at for c in calls if rule.counts == "all" or 0 < c.status < 300]
        if rule.window == "bucket":
            found += overflown(counted, rule)
            continue
        for n, first in enumerate(counted):
            inside = sum(1 for at in counted[n:] if at < first + timedelta(seconds=rule.seconds))
            if inside > rule.limit:
                found.append(f"{inside} calls within {rule.seconds} s from {first}")
    return found


def overflown(counted: list[datetime], rule: PaceRule) -> list[str]:
    """Moments at which a bucket that loses ``limit`` in ``seconds`` held more than ``limit``."""
    found, level, before = [], 0.0, None
    for at in counted:
        passed = (at - before).total_seconds() if before is not None else 0.0
        level, before = max(0.0, level - passed * rule.limit / rule.seconds) + 1, at
        if level > rule.limit + 0.001:
            found.append(f"{level} calls in the bucket at {at}")
    return found


class Pacing:
    def test_never_more_calls_in_any_window_than_the_file_says(self, limited: Account, tmp_path: Path) -> None:
        calls, most = runs(limited, tmp_path), max(rule.limit for rule in limited.system.capabilities.pace)

        for n in range(3 * most + 5):
            fault = patiently(limited, lambda n=n: calls[n % len(calls)](limited.system))  # type: ignore[misc]
            # The same change under the same version is taken once.
            assert fault is None or (isinstance(fault, Conflicted) and limited.vendor.capabilities.writing("party").conditional)

        assert [call for call in limited.world.log.calls if call.status == 429] == []
        assert crowded(limited) == []
        assert len(limited.world.log.calls) > 3 * most

    def test_the_limit_holds_in_a_storm_of_faults(self, limited: Account, tmp_path: Path) -> None:
        chance = random.Random(20)
        calls, most = runs(limited, tmp_path), max(rule.limit for rule in limited.system.capabilities.pace)

        for n in range(4 * most):
            if chance.random() < 0.4:
                limited.world.faults.arm(chance.choice(STORM), times=chance.randint(1, 3), value=503)
            patiently(limited, lambda n=n: calls[n % len(calls)](limited.system))  # type: ignore[misc]
            limited.clock.advance(chance.random() * 2)

        assert [call for call in limited.world.log.calls if call.status == 429 and not call.fault] == []
        assert crowded(limited) == []
        assert len(limited.world.faults.bitten) > most

    def test_nobody_is_called_while_the_vendor_asks_for_patience(self, account: Account, operation: str, tmp_path: Path) -> None:
        run, first = prepared(account, operation, tmp_path), account.system.identify
        account.world.faults.arm("rate")
        at = caught(TryLater, first).at
        assert at is not None
        if operation == "fetch file":
            return  # a link is followed outside the allowance
        calls = len(account.wire.sent)

        account.clock.advance((at - account.clock.now()) / 4)
        assert caught(TryLater, lambda: run(account.system)).at == at
        assert len(account.wire.sent) == calls

        account.clock.advance(at - account.clock.now())
        run(account.system)
        assert len(account.wire.sent) > calls

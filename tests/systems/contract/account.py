"""A simulated account and the real connector to it, in one process under one clock."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from tests.systems.contract.vendor import Vendor
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Answered, Raw, System
from unisono.connect.wire import Hearer, Request
from unisono.model.capability import PaceRule
from unisono.model.errors import SystemFault
from unisono.model.record import Kind, Record
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import SimClock, World

CANARY = "canary-7f3e9a51c0d2"
"""The key of every account: found anywhere but in a header, it has got out."""
Fault = TypeVar("Fault", bound=SystemFault)


class TiedClock(SimClock):
    """The vendor's clock, moving with the connector's."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now())
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() + self.offset


class Wire(SimTransport):
    """Remembers what went out: method and address."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.sent: list[str] = []

    def carry(self, request: Request, hearer: Hearer) -> None:
        self.sent.append(f"{request.method} {request.url}")
        super().carry(request, hearer)


class Account:
    """``simulator`` is the vendor's side, ``system`` ours, ``wire`` what passed between them."""

    def __init__(self, vendor: Vendor, *, limited: bool = False, bound: bool = False, key: str = CANARY) -> None:
        self.vendor = vendor
        self.clock = FakeClock()
        self.world = World(clock=TiedClock(self.clock), random=random.Random(7))
        self.simulator: Any = import_module(f"unisono.sandbox.{vendor.name}").make(self.world)
        for name, setting in vendor.login.items():
            self.world.storage.settings[setting] = CANARY if self._is_secret(name) else f"{name}@firma.example"
        self.world.storage.settings.update(vendor.limited if limited else vendor.unlimited)
        self.app = application(self.simulator)
        self.wire = Wire(self.app)
        rules = vendor.capabilities.pace if limited else ()
        self.system = self.connect(vendor.settings, key=key, rules=rules)
        if bound:
            assert vendor.bound is not None
            self.system = self.connect({**vendor.settings, **vendor.bound(self.system)}, key=key, rules=rules)

    def _is_secret(self, name: str) -> bool:
        return next(f.secret for f in self.vendor.capabilities.login if f.name == name)

    def connect(self, settings: Any, *, key: str = CANARY, rules: tuple[PaceRule, ...] = ()) -> System:
        """A connection of its own to this account."""
        held = self.world.storage.settings
        login = {name: Secret(key) if self._is_secret(name) else held[setting] for name, setting in self.vendor.login.items()}
        known = self.vendor.capabilities
        door = Door(transport=self.wire, hosts=known.hosts, pace=MemoryPace(rules, self.clock), clock=self.clock)
        made: System = import_module(f"unisono.systems.{self.vendor.name}").make(door, login, known, settings)
        return made

    # the vendor's side

    def row(self, resource: str, number: int = 1) -> str:
        """A person makes a row; its key."""
        return str(self.vendor.make[resource](self, number))

    def act(self, what: str, /, **values: Any) -> str:
        """What a person does in the vendor's own pages; the id of what it was done to."""
        return str(self.simulator.act(what, values)["id"])

    def seed(self) -> None:
        """The simulator's own realistic firm."""
        import_module(f"unisono.sandbox.{self.vendor.name}").seed(self.world)

    def writes(self) -> int:
        """How often the vendor's data was changed through its API."""
        return len(self.world.log.writes())

    # our side

    def all(self, resource: str) -> list[Raw]:
        """Every listed row."""
        return [row for page in self.system.pages(resource) for row in page.rows]

    def current(self, write: Write) -> Raw | None:
        """The row read just before a change, a deletion, or the create of what lives inside its owner's row, as the engine does."""
        if write.operation != "create":
            return self.system.read(*self.system.locate(write.kind, write.key))
        inside = self.system.capabilities.writing(write.kind).inside
        return self.system.read(*self.system.locate(inside, write.owner)) if inside and write.owner else None

    def do(self, write: Write) -> str:
        """A write in full; the key of what was written."""
        answered: tuple[Answered, ...] = ()
        for command in self.system.compose(write, self.current(write)):
            answered = (*answered, self.system.send(command, answered))
        return answered[-1].key if answered else write.key

    def record(self, kind: Kind, key: str) -> Record:
        """One canonical record as it is now."""
        raw = self.system.read(*self.system.locate(kind, key))
        assert raw is not None, f"{kind} {key} is not there"
        return next(record for record in self.system.records(raw) if (record.kind, record.key) == (kind, key))


def caught(kind: type[Fault] | tuple[type[Fault], ...], what: Callable[[], object]) -> Fault:
    """The error of exactly that class (no subclass, no relative) that a call ends with. No secret may show in it."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = " or ".join(one.__name__ for one in kinds)
    given, fault = outcome(what)
    assert fault is not None, f"no error, but {str(given)[:200]} instead of {names}"
    assert type(fault) in kinds, f"{type(fault).__name__} {fault} instead of {names}"
    return fault  # type: ignore[return-value]


def outcome(what: Callable[[], object]) -> tuple[object, SystemFault | None]:
    """What a call gives, or the error it ends with. No secret may show in it."""
    told = None
    try:
        return what(), None
    except SystemFault as fault:
        told = fault
    shown = "".join(traceback.format_exception(told)) + repr(told) + str(told) + str(told.values) + told.raw
    assert CANARY not in shown, "the key shows in an error"
    return None, told

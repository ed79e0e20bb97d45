"""The wire to a simulator, and what can go wrong on it: between the product's door and the vendor, with the vendor's log beside it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from tests.storm.chance import Break
from tests.storm.sides import Call, Inside, Letter, Listener, Operation, changed
from tests.support.clock import FakeClock
from tests.support.transport import SimTransport
from unisono.connect.wire import Hearer, Lost, Request
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.faults import Fault
from unisono.sandbox.kit.world import LoggedCall, SimClock, World

Row = dict[str, Any]


class VendorClock(SimClock):
    """The true hour, or as much ahead of it as the vendor's clock is wrong. What a vendor lets pass passes for everybody."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock.now())
        self._clock = clock
        self.ahead = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)


@dataclass(slots=True)
class Heard:
    """One answer, kept whole before it is handed on."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Status and headers."""
        self.status, self.headers = status, dict(headers)

    def piece(self, data: bytes) -> None:
        """More of the body."""
        self.pieces.append(data)

    def whole(self) -> Heard:
        """The same with its body in one piece, whatever came of it."""
        self.body, self.pieces = b"".join(self.pieces), []
        return self


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, read from the request itself."""

    what: str
    operation: Operation
    kind: str
    key: str = ""
    payload: Any = None
    searching: bool = False

    @property
    def write(self) -> bool:
        """Whether it would change something."""
        return self.operation in ("create", "change", "delete")


@dataclass(slots=True)
class Armed:
    """A fault of the wire: struck while ``times`` last, on calls whose name holds ``match``, after ``skip`` others."""

    number: int
    name: str
    match: str
    times: int
    skip: int
    value: str = ""
    hits: int = 0

    def takes(self, what: str) -> bool:
        """Whether it strikes this call; counts it."""
        if self.times <= 0 or (self.match and self.match not in what):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        self.hits += 1
        return True


KIT = {
    6: ("timeout-before",),
    7: ("timeout-after",),
    8: ("reset-after", "truncate", "torn-json", "empty"),
    9: ("rate",),
    10: ("status", "status-after"),
    11: ("html",),
    13: ("unauthorised",),
    25: ("pdf-huge",),
    27: ("delay",),
}
"""The faults that the simulators' own kit performs."""
WIRE = {5: ("refused",), 9: ("rate-date",), 12: ("conflict",), 15: ("hidden",), 20: ("stale", "late"), 24: ("surprise",)}
"""Those performed on the way, because no simulator has them."""


class Wire:
    """Carries calls to one simulator: tells the world, lets time pass, spoils what is armed, and keeps the log."""

    def __init__(self, vendor: Vendor, listen: Listener, clock: FakeClock) -> None:
        self._vendor, self._listen, self._clock = vendor, listen, clock
        self._inner = SimTransport(application(vendor.simulator))
        self._stale: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def carry(self, request: Request, hearer: Hearer) -> None:
        """One call, as the product's door asks for it."""
        vendor = self._vendor
        asked = vendor.asked(request)
        self._listen.before(vendor.letter, asked.what, asked.write)
        # Every call takes its time, so that no two of them are in one millisecond.
        self._clock.advance(0.031)
        if vendor.strikes("refused", asked) is not None:
            raise Lost("no-connection", "connection refused", made=False)
        answer = self._answer(request, asked)
        self._listen.after(vendor.letter, asked.what, asked.write)
        if answer.status == 429 and (stop := told_to_stop(answer.headers, self._clock.now())) is not None:
            vendor.calls[-1] = replace(vendor.calls[-1], stop=stop)
        hearer.head(answer.status, answer.headers | {"date": format_datetime(vendor.clock.now(), usegmt=True)})
        if answer.body:
            hearer.piece(answer.body)

    def close(self) -> None:
        """Nothing is kept open."""

    def _answer(self, request: Request, asked: Asked) -> Heard:
        vendor = self._vendor
        if vendor.strikes("conflict", asked) is not None:
            said = vendor.conflicting(asked)
            vendor.note(asked, status=said.status, fault="conflict")
            return said
        if vendor.strikes("rate-date", asked) is not None:
            vendor.note(asked, status=429, fault="rate-date")
            until = (self._clock.now() + timedelta(seconds=40)).strftime("%a, %d %b %Y %H:%M:%S GMT")
            return Heard(429, {"content-type": "text/html", "retry-after": until}, b"<html>slow down</html>")
        if asked.key and asked.operation == "read" and asked.key in vendor.hidden:
            vendor.note(asked, status=404, fault="hidden")
            vendor.count(15)
            return vendor.not_there(asked)
        heard, seq, before = Heard(), vendor.simulator.world.log.seq, vendor.looked(asked)
        try:
            self._inner.carry(vendor.reworded(request, asked), heard)
        except Lost:
            vendor.took(asked, seq, before)
            raise
        vendor.took(asked, seq, before)
        return self._spoiled(request, asked, heard.whole())

    def other_account(self, simulator: Any) -> None:
        """From now on the same address leads to another company's account; ``None`` back to its own."""
        self._inner = SimTransport(application(simulator or self._vendor.simulator))
        # Nor do old copies of one account show in another.
        self._stale.clear()

    def _spoiled(self, request: Request, asked: Asked, heard: Heard) -> Heard:
        vendor = self._vendor
        if heard.status != 200 or asked.operation not in ("read", "list") or not _whole(heard):
            return heard
        place = f"{request.method} {request.url} {request.content!r}"
        if asked.operation == "read":
            if place in self._stale and vendor.strikes("stale", asked) is not None:
                vendor.calls[-1] = replace(vendor.calls[-1], fault="stale")
                return Heard(*self._stale[place])
            self._stale[place] = (heard.status, heard.headers, heard.body)
        if asked.operation == "list" and vendor.hidden:
            heard = vendor.without(asked, heard, vendor.hidden)
        if asked.searching and vendor.search_lag and (young := vendor.young()):
            fewer = vendor.without(asked, heard, young)
            vendor.count(21, fewer is not heard)
            heard = fewer
        if vendor.strikes("late", asked) is not None:
            heard = vendor.without_newest(asked, heard)
        fault = vendor.strikes("surprise", asked)
        return vendor.surprised(heard, fault.value) if fault is not None else heard


def _whole(heard: Heard) -> bool:
    """Whether an answer came as the vendor made it: what is torn already is not spoiled further."""
    try:
        json.loads(heard.body)
    except ValueError:
        return False
    return True


def told_to_stop(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a vendor forbids to ask again: in seconds or as a date."""
    said = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    if said.isdigit():
        return now + timedelta(seconds=int(said))
    return parsedate_to_datetime(said) if said else None


def answered(status: int, body: object) -> Heard:
    return Heard(status, {"content-type": "application/json"}, json.dumps(body).encode())


class Vendor:
    """What both simulators' sides have in common."""

    letter: Letter
    system: str

    def __init__(self, simulator: Any, clock: VendorClock, listen: Listener, true: FakeClock, numbers: list[int]) -> None:
        self.simulator, self.clock = simulator, clock
        self.world: World = simulator.world
        self.calls: list[Call] = []
        self.hidden: set[str] = set()
        self.recase = self.search_lag = False
        self.wire = Wire(self, listen, true)
        self._armed: list[Armed] = []
        self._kit: list[tuple[int, Fault]] = []
        self._hits: dict[int, int] = {}
        self._numbers = numbers

    # what it is asked

    def asked(self, request: Request) -> Asked:
        """What a request means here."""
        raise NotImplementedError

    def subject(self, logged: LoggedCall) -> str:
        """The key of what a logged call wrote."""
        raise NotImplementedError

    def not_there(self, asked: Asked) -> Heard:
        """The vendor's own way to say *not found*."""
        raise NotImplementedError

    def conflicting(self, asked: Asked) -> Heard:
        """The vendor's own way to say *changed meanwhile*."""
        return answered(409, {"description": "the resource was changed meanwhile", "error": "conflict"})

    def without(self, asked: Asked, heard: Heard, keys: Set[str]) -> Heard:
        """A listing without some rows; the very same where it has none of them."""
        raise NotImplementedError

    def without_newest(self, asked: Asked, heard: Heard) -> Heard:
        """A listing that does not know its newest row yet."""
        raise NotImplementedError

    def tell_at(self, address: str) -> None:
        """From now on the vendor tells an address what happens; somebody set that up."""
        raise NotImplementedError

    def surprised(self, heard: Heard, how: str) -> Heard:
        """An answer in a form nobody expected."""
        raise NotImplementedError

    def reworded(self, request: Request, asked: Asked) -> Request:
        """The request as a vendor takes it who alters what it is given."""
        raise NotImplementedError

    # the log

    @property
    def log(self) -> list[Call]:
        """Every call so far."""
        return self.calls

    def inside(self, key: str) -> Inside | None:
        """What the row of a customer or contact holds; ``None`` if there is none."""
        raise NotImplementedError

    def looked(self, asked: Asked) -> Inside | None:
        """The row that a request is about to change."""
        return self.inside(asked.key) if asked.operation == "change" and asked.kind in ("party", "contact", "product") else None

    def took(self, asked: Asked, seq: int, before: Inside | None) -> None:
        """Writes down what the simulator logged since ``seq``; ``before`` is the row as it was."""
        for logged in self.world.log.calls[seq - self.world.log.seq :] if self.world.log.seq > seq else ():
            key = self.subject(logged) if logged.write and asked.operation == "create" else asked.key
            self.note(asked, status=logged.status, fault=logged.fault, done=logged.write, key=key, at=logged.at)
            if before is not None and logged.write:
                wrote, spoilt = changed(before, self.inside(asked.key))
                self.amend(wrote=wrote, spoilt=spoilt)

    def forget_log(self) -> None:
        """The world begins: what set-up asked for is nobody's business."""
        self.calls.clear()

    def note(
        self,
        asked: Asked,
        *,
        status: int,
        fault: str = "",
        done: bool = False,
        key: str = "",
        at: datetime | None = None,
        along: bool = False,
    ) -> None:
        """One line of the log; ``along``: it was looked at by the same call as the last one."""
        self._numbers[0] += not along
        self.calls.append(
            Call(
                at=(at or self.clock.now()) - self.clock.ahead,
                operation=asked.operation,
                kind=asked.kind,
                key=key or asked.key,
                done=done,
                status=status,
                fault=fault,
                seq=self._numbers[0],
            )
        )

    def amend(self, **values: Any) -> None:
        """More about the call that was noted last."""
        self.calls[-1] = replace(self.calls[-1], **values)

    def turn_clock(self, by: timedelta) -> None:
        """The vendor's clock is wrong by so much more from now on. Its count of calls does not hang on the hour."""
        self.clock.ahead += by

    @property
    def put_back(self) -> bool:
        """Whether its clock stands before the right hour."""
        return self.clock.ahead < timedelta()

    def swap(self, other: bool) -> None:
        """``True``: the address leads to an account of another company; ``False``: to its own again."""
        self.wire.other_account(self.stranger() if other else None)

    def stranger(self) -> Any:
        """An account of another company at this vendor."""
        raise NotImplementedError

    # its state

    def freeze(self) -> bytes:
        """Everything it holds, but for what is armed."""
        storage, chance = self.world.storage, self.world.random.getstate()
        return pickle.dumps((storage.tables, storage.settings, storage.counters, chance, self.world.log.seq, self.calls, self._numbers))

    def thaw(self, image: bytes) -> None:
        """As it was. Only for an account in which nothing has happened yet: a simulator keeps indexes of its own."""
        tables, settings, counters, chance, seq, calls, numbers = pickle.loads(image)
        storage = self.world.storage
        storage.tables.clear()
        storage.tables.update(tables)
        storage.settings.update(settings)
        storage.counters.update(counters)
        storage.derived.clear()
        self.world.random.setstate(chance)
        self.world.log.seq = seq
        self.calls[:], self._numbers[:] = calls, numbers

    # faults

    def arm(self, fault: Break) -> bool:
        """See ``sides.Side``. ``values``: ``name`` one of the fault's forms, ``match``, ``times``, ``skip``, ``value``."""
        name = fault.values.get("name", "")
        times, skip = int(fault.values.get("times", "1")), int(fault.values.get("skip", "0"))
        match, value = fault.values.get("match", ""), fault.values.get("value", "")
        if name in KIT.get(fault.fault, ()):
            return self.arm_kit(fault)
        if name in WIRE.get(fault.fault, ()):
            self._armed.append(Armed(fault.fault, name, match, times, skip, value))
            return True
        return self.arm_own(fault)

    def arm_kit(self, fault: Break) -> bool:
        """A fault that the simulator itself performs."""
        said = fault.values
        how_often = {"times": int(said.get("times", "1")), "skip": int(said.get("skip", "0")), "value": int(said.get("value") or "0")}
        self._kit.append((fault.fault, self.world.faults.arm(said.get("name", ""), said.get("match", ""), **how_often)))
        return True

    def arm_own(self, fault: Break) -> bool:
        """A fault that only this vendor has."""
        return False

    def strikes(self, name: str, asked: Asked) -> Armed | None:
        """The armed fault of a name that strikes this call."""
        if name == "conflict" and asked.operation != "change":
            return None
        return next((armed for armed in self._armed if armed.name == name and armed.takes(asked.what)), None)

    def young(self) -> set[str]:
        """What was made so short a time ago that a search does not find it yet: later than the two seconds that are declared, so that only
        the second look finds it."""
        now = self.clock.now() - self.clock.ahead
        return {c.key for c in self.calls[-20:] if c.done and c.operation == "create" and now - c.at < timedelta(seconds=3.5)}

    def count(self, number: int, by: int | bool = 1) -> None:
        """A fault struck."""
        self._hits[number] = self._hits.get(number, 0) + by

    def bitten(self) -> Mapping[int, int]:
        """See ``sides.Side``."""
        out = {number: hits for number, hits in self._hits.items() if hits}
        for number, hits in [(n, f.hits) for n, f in self._kit] + [(a.number, a.hits) for a in self._armed]:
            out[number] = out.get(number, 0) + hits
        return out

    def disarm(self) -> None:
        """See ``sides.Side``."""
        self.world.faults.clear()
        for armed in self._armed:
            armed.times = 0
        self.hidden.clear()


def with_body(request: Request, body: object) -> Request:
    return Request(
        request.method,
        request.url,
        request.headers,
        json.dumps(body, ensure_ascii=False).encode(),
        request.write,
        request.timeout,
        request.patience,
        request.address,
    )

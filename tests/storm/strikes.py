"""The faults of the wire and of the vendor, as they show at the port: armed by their number, each strikes so many calls that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from unisono.model.errors import BadAnswer, Conflicted, LoginRefused, SystemFault, TryLater, Unavailable, Unclear


@dataclass(slots=True)
class Armed:
    """A fault that waits for its calls. ``done``: it strikes after the vendor has done its work."""

    number: int
    match: str
    times: int
    skip: int
    done: bool
    values: Mapping[str, str]

    def fits(self, operation: str, kind: str, *, write: bool) -> bool:
        """Whether a call is of those it strikes."""
        if self.number == 12 and operation != "change":
            return False
        wanted = WORDS.get(self.match, self.match)
        return wanted in ("", operation, kind, f"{operation} {kind}", "write" if write else "no write")


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault at one call."""

    number: int
    what: str
    write: bool
    done: bool
    values: Mapping[str, str]

    @property
    def raises(self) -> bool:
        """Whether the call ends with an error."""
        return self.number in RAISES


class Strikes:
    """The armed faults of one vendor, and how often each really struck."""

    def __init__(self) -> None:
        self.armed: list[Armed] = []
        self.hits = Counter[int]()

    def arm(self, number: int, values: Mapping[str, str]) -> bool:
        """``values``: ``name`` (a form of the fault), ``match``, ``times``, ``skip``, ``value``. ``False``: it does not show at the port."""
        if number not in RAISES and number not in SHOWN:
            return False
        match = values.get("match", "") or SHOWN.get(number, "")
        done = number in (7, 8, 14) or values.get("name", "").endswith("-after")
        self.armed.append(Armed(number, match, int(values.get("times", "1")), int(values.get("skip", "0")), done, values))
        return True

    def take(self, operation: str, kind: str, *, write: bool) -> Struck | None:
        """The fault that strikes this call, if any."""
        for fault in self.armed:
            if fault.times <= 0 or not fault.fits(operation, kind, write=write):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            self.hits[fault.number] += 1
            return Struck(fault.number, f"{operation} {kind}".strip(), write, fault.done, fault.values)
        return None

    def clear(self) -> None:
        """Nothing strikes any more."""
        self.armed.clear()


def raised(struck: Struck, now: datetime) -> SystemFault:
    """What the product's door makes of the fault."""
    return RAISES[struck.number](struck, now)


def _lost(struck: Struck, code: str) -> SystemFault:
    values = {"call": struck.what}
    return Unclear(code, values) if struck.write else Unavailable(code, values)


def _no_connection(struck: Struck, _now: datetime) -> SystemFault:
    return Unavailable("no-connection", {"call": struck.what})


def _too_many(struck: Struck, now: datetime) -> SystemFault:
    return TryLater("rate-limited", {"call": struck.what}, at=now + timedelta(seconds=int(struck.values.get("value") or "10")))


def _page_of_html(struck: Struck, _now: datetime) -> SystemFault:
    values = {"call": struck.what}
    return Unclear("not-json", values) if struck.write else BadAnswer("not-json", values)


WORDS = {
    "update": "change",
    "POST ": "create",
    "PUT ": "change",
    "POST companies": "create party",
    "POST people": "create contact",
    "customer.create": "create party",
    "estimate.create": "create quote",
    "protocols": "note",
    "companies": "party",
    "customer": "party",
    "deals": "quote",
    "estimate": "quote",
}
"""The words that the catalogue aims with, which are those of the simulators, and what they mean here."""
SHOWN = {20: "list", 24: "list", 27: ""}
"""Faults that no error tells of: a row that is not listed yet, one of the wrong shape, a call that takes its time. Which calls they strike."""
RAISES: dict[int, Callable[[Struck, datetime], SystemFault]] = {
    5: _no_connection,
    6: lambda struck, _: _lost(struck, "timed-out"),
    7: lambda struck, _: _lost(struck, "timed-out"),
    8: lambda struck, _: _lost(struck, "answer-torn"),
    9: _too_many,
    10: lambda struck, _: _lost(struck, "server-error"),
    11: _page_of_html,
    12: lambda struck, _: Conflicted("changed-meanwhile", {"call": struck.what}) if struck.write else Unavailable("server-error", {}),
    13: lambda struck, _: LoginRefused("login-refused", {"call": struck.what}),
    14: lambda struck, _: Unavailable("timed-out", {"call": struck.what}),
}

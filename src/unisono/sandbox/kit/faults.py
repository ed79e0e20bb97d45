"""Faults a simulator can be told to show. Each is armed for a number of calls that match, and bites at most that often."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Fault:
    """One armed fault.

    ``status``: answers ``value`` as the status with an HTML body; nothing is done. ``status-after``: the work is done, then the status.
    ``html``: 200 with an HTML page, nothing is done. ``truncate``: the work is done, the body is cut after ``value`` bytes and declared at
    its full length. ``torn-json``: the work is done, the JSON is cut, the declared length matches. ``empty``: the work is done, the body is
    empty. ``timeout-before``, ``timeout-after``, ``reset-after``: no answer arrives; nothing is done, or the work is done. ``delay``:
    ``value`` seconds; a real server waits, in process the clock moves. ``rate``: the vendor's own throttling answer. ``unauthorised``: the
    vendor's own refusal of a key. A simulator may have further names of its own.
    """

    name: str
    match: str = ""
    """Substring of ``METHOD path operation``; empty matches every call."""
    times: int = 1
    skip: int = 0
    """So many matching calls go by before it bites."""
    value: int = 0
    hits: int = 0


@dataclass
class Faults:
    """The armed faults of one world, and which have bitten."""

    armed: list[Fault] = field(default_factory=list)
    bitten: list[str] = field(default_factory=list)

    def arm(self, name: str, match: str = "", *, times: int = 1, skip: int = 0, value: int = 0) -> Fault:
        """Arm a fault for the next ``times`` matching calls after ``skip`` others."""
        fault = Fault(name, match, times, skip, value)
        self.armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()

    def take(self, call: str, *names: str) -> Fault | None:
        """The first armed fault (of ``names``, if given) that bites this call; counts it. ``call`` is ``METHOD path operation``."""
        for position, fault in enumerate(self.armed):
            if names and fault.name not in names:
                continue
            if fault.times <= 0 or (fault.match and fault.match not in call):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            fault.hits += 1
            if fault.times == 0:
                del self.armed[position]
            self.bitten.append(fault.name)
            return fault
        return None

"""The calls of a wave: one a record, or one a batch where the vendor takes several together; fanned out, each record's outcome its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct

from unisono.connect.fan_out import Begun, begin
from unisono.connect.port import Answered, Batching, Raw, System
from unisono.engine.hands import Hands, Pairing
from unisono.engine.job import Job, Refusals
from unisono.model.errors import LoginRefused, SystemFault, Unclear

WRITING = "writing"
"""Calls of waves have threads of their own: those of a list that is read meanwhile do not queue behind them."""
Group = Sequence[Job]
"""Jobs of one call: all on one side, of one kind."""


def singly(jobs: Iterable[Job]) -> list[Group]:
    """A call a job."""
    return [(job,) for job in jobs]


def together(jobs: Sequence[Job], size: Callable[[Job], int]) -> list[Group]:
    """Jobs of one side, kind and operation in groups of at most ``size``, the vendor's batch for them; in the order they came."""
    groups: list[list[Job]] = []
    filling: dict[tuple[str, str, str], list[Job]] = {}
    for job in jobs:
        write = job.send.write
        group = filling.get((write.side, write.kind, write.operation))
        if group is None or len(group) >= size(job):
            group = filling[write.side, write.kind, write.operation] = []
            groups.append(group)
        group.append(job)
    return list(groups)


class Asked(Struct, frozen=True):
    """Calls of some groups of jobs, under way."""

    groups: Sequence[Group]
    calls: Begun[Sequence[SystemFault | None]]

    def over(self) -> bool:
        """Whether all of them have ended."""
        return self.calls.over()

    def take(self) -> None:
        """Waits for them. A system's fault ends its own job only, one that the call raises all jobs of the call."""
        for group, outcome in zip(self.groups, self.calls.outcomes(), strict=True):
            faults = [outcome.fault] * len(group) if outcome.fault is not None else outcome.value or [None] * len(group)
            for job, fault in zip(group, faults, strict=True):
                if fault is not None:
                    job.fault = fault
                    job.unclear = isinstance(fault, Unclear)


def ask(
    groups: Sequence[Group],
    hands: Hands,
    what: Callable[[Group], Sequence[SystemFault | None] | None],
    refused: Refusals,
    *,
    at_once: int = 0,
) -> Asked:
    """Begins a part of every group, calls fanned out. A refused login ends all that come after it there."""

    def one(group: Group) -> Sequence[SystemFault | None]:
        side = group[0].send.write.side
        if side in refused:
            raise refused[side]
        try:
            faults = what(group) or [None] * len(group)
        except LoginRefused as fault:
            refused.setdefault(group[0].side, fault)
            raise
        for job, told in zip(group, faults, strict=True):
            if isinstance(told, LoginRefused):
                refused.setdefault(job.side, told)
        return faults

    calls = [(lambda group=group: one(group)) for group in groups]
    # A single call needs no thread of its own, unless others are under way: it is counted among them.
    n = at_once or (hands.fan_out if hands.ahead or len(calls) > 1 else 1)
    return Asked(groups, begin(calls, n, WRITING))


def in_groups(
    groups: Sequence[Group],
    hands: Hands,
    what: Callable[[Group], Sequence[SystemFault | None] | None],
    refused: Refusals,
    *,
    at_once: int = 0,
) -> None:
    """Runs a part of every group to its end."""
    ask(groups, hands, what, refused, at_once=at_once).take()


def send_groups(jobs: Sequence[Job], pairing: Pairing) -> list[Group]:
    """The calls that carry the next step of some jobs."""
    return together(jobs, lambda job: pairing.side(job.send.write.side).system.capabilities.writing(job.send.write.kind).batch)


def send(group: Group, step: int, pairing: Pairing) -> Sequence[SystemFault | None]:
    """Sends one step of every job of a call; the outcome of each."""
    system = pairing.side(group[0].send.write.side).system
    if len(group) == 1:
        job = group[0]
        job.answers = (*job.answers, system.send(job.commands[step], job.answers))
        return (None,)
    outcomes = cast(Batching, system).send_many([job.commands[step] for job in group], [job.answers for job in group])
    for job, outcome in zip(group, outcomes, strict=True):
        if isinstance(outcome, Answered):
            job.answers = (*job.answers, outcome)
    return [outcome if isinstance(outcome, SystemFault) else None for outcome in outcomes]


def read_groups(jobs: Sequence[Job], pairing: Pairing, key: Callable[[Job], str]) -> list[Group]:
    """The calls that read the records of some jobs; ``key`` is the record's."""

    def size(job: Job) -> int:
        write = job.send.write
        system = pairing.side(write.side).system
        return system.capabilities.resource(system.locate(write.kind, key(job))[0]).batch

    return together(jobs, size)


Read = Raw | SystemFault | None
"""A row as it is now; ``None`` if there is none, a fault if it could not be read though the call went through."""


def read(group: Group, pairing: Pairing, key: Callable[[Job], str]) -> Iterator[tuple[Job, Read]]:
    """The rows of a call's records as they are now."""
    system = pairing.side(group[0].send.write.side).system
    places = [system.locate(job.send.write.kind, key(job)) for job in group]
    rows = _rows(system, places)
    for job, place in zip(group, places, strict=True):
        yield job, rows[place]


def look_up(system: System, places: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], Read]]:
    """Rows (resource, key) as they are now, as many a call as the vendor brings; call by call, as they are asked for."""
    left = list(dict.fromkeys(places))
    while left:
        most = max(1, system.capabilities.resource(left[0][0]).batch)
        some = [place for place in left if system.capabilities.resource(place[0]).batch == most][:most]
        yield from _rows(system, some).items()
        left = [place for place in left if place not in some]


def _rows(system: System, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Read]:
    """Rows by where they stand, in one call: records of one kind may lie in several lists."""
    return {places[0]: system.read(*places[0])} if len(places) == 1 else cast(Batching, system).read_many(places)

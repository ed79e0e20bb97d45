"""The writes of several records in one call. A batch is no transaction and is not halted, so each record has an outcome of its own.

The commands of a record keep their order and stand next to each other, under names of their own; what several of them only ask for is asked
once. What points to a row that the portal refused comes to nothing: the vendor demands an owner of a requisite, and a requisite of an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from unisono.model.errors import LoginRefused, NotThere, Refused, SystemFault, TryLater
from unisono.systems.bitrix24.client import MOST, Answers, Client, fault_in
from unisono.systems.bitrix24.steps import Step, command_line, only_reads, pointed_at, renamed

MOST_BYTES = 256 * 1024
"""Of the commands of one call. The vendor names no bound; a portal's own server may have one."""
Steps = Sequence[Step]


class _Call(Struct):
    """A batch as it fills."""

    steps: list[Step] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    names: list[dict[str, str]] = field(default_factory=list)
    """For each record in it, what its steps are called in this call."""
    _size: int = 0
    _asked: dict[str, str] = field(default_factory=dict)

    def take(self, place: int, order: Steps) -> bool:
        """Adds the steps of a record, unless there is no room for them. Raises ``Refused`` for a text that cannot be sent."""
        names, more, asked, size = dict[str, str](), list[Step](), dict[str, str](), self._size
        for step in order:
            line = command_line(step)
            name = f"r{len(self.places)}{step.name}"
            if only_reads(step.method) and not any(pointed_at(step.params)):
                known = self._asked.get(line)
                asked[line] = names[step.name] = known or name
                if known:
                    continue
            names[step.name] = name
            more.append(Step(name, step.method, renamed(step.params, names)))
            size += len(line)
        if self.places and (len(self.steps) + len(more) > MOST or size > MOST_BYTES):
            return False
        self.steps += more
        self.places.append(place)
        self.names.append(names)
        self._asked |= asked
        self._size = size
        return True

    def outcomes(self, answers: Answers, orders: Sequence[Steps]) -> Iterator[tuple[int, Answers | SystemFault]]:
        """What became of each record."""
        for place, names in zip(self.places, self.names, strict=True):
            of = {own: answers.of[name] for own, name in names.items() if name in answers.of}
            mine = Answers(of, answers.at, answers.reply)
            yield place, fault_in(orders[place], mine, halted=False) or mine


def write_together(client: Client, orders: Sequence[Steps]) -> list[Answers | SystemFault]:
    """Does what several records need, in one call as a rule; the outcome of each in order.

    What does not fit into one call goes into further ones, none of which is begun after the portal closed its door.
    """
    out: dict[int, Answers | SystemFault] = {}
    calls = _packed(client, orders, out)
    while calls:
        call = calls.pop(0)
        try:
            if len(call.places) == 1:
                out[call.places[0]] = client.write(orders[call.places[0]])
            else:
                out |= call.outcomes(client.write_all(call.steps), orders)
        except (LoginRefused, TryLater) as fault:
            out |= {place: fault for one in (call, *calls) for place in one.places}
            break
        except (Refused, NotThere) as fault:
            out |= dict.fromkeys(call.places, fault)
            if len(call.places) > 1:
                # Nothing was done, and whose fault that is nobody said: each goes by itself.
                calls[:0] = _packed(client, orders, out, call.places, most=1)
        except SystemFault as fault:
            out |= dict.fromkeys(call.places, fault)
    return [out[place] for place in range(len(orders))]


def _packed(
    client: Client, orders: Sequence[Steps], out: dict[int, Answers | SystemFault], places: Sequence[int] = (), most: int = MOST
) -> list[_Call]:
    """The calls that carry all orders or some, at most so many of them each. One that cannot be sent, or not yet, has its outcome already."""
    calls = [_Call()]
    for place in places or range(len(orders)):
        rest = client.resting(orders[place])
        if rest is not None:
            out[place] = rest
            continue
        try:
            if len(calls[-1].places) == most or not calls[-1].take(place, orders[place]):
                calls.append(_Call())
                calls[-1].take(place, orders[place])
        except SystemFault as fault:
            out[place] = fault
    return [call for call in calls if call.places]

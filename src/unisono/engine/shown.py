"""What a vendor shows of unclear writes: asked for together where a call carries several commands, so that a crash in the middle of full
calls is looked up in a few of them as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from unisono.connect.port import Batching, Raw
from unisono.engine.calls import look_up
from unisono.engine.hands import Pairing
from unisono.engine.states import is_trigger
from unisono.model.errors import SystemFault
from unisono.model.record import FIELDWISE
from unisono.plan.undo import UNDONE
from unisono.store.intents import Intent

Shown = dict[str, tuple[Raw, ...] | SystemFault]
"""By intent the rows that a create made, or the row that was to be changed or deleted; or the fault that the question ended with."""


def shown_of(waiting: Sequence[Intent], pairing: Pairing) -> Shown:
    """What is shown of several unclear writes at once. Those of a vendor that is asked one by one are left to ``shown``."""
    out: Shown = {}
    asked = [i for i in waiting if not is_trigger(i) and i.reason[0] != UNDONE and _together(i, pairing)]
    for group in sorted({(i.write.side, i.write.kind, i.write.operation == "create") for i in asked}):
        some = [i for i in asked if (i.write.side, i.write.kind, i.write.operation == "create") == group]
        if len(some) == 1:
            continue
        try:
            out |= _probed(some, pairing) if group[2] else _read(some, pairing)
        except SystemFault as fault:
            out |= {i.id: fault for i in some}
    return out


def shown(intent: Intent, known: Shown, pairing: Pairing) -> tuple[Raw, ...]:
    """What is shown of one unclear write. Raises the system's faults."""
    found = known.get(intent.id)
    if isinstance(found, SystemFault):
        raise found
    if found is not None:
        return found
    write, system = intent.write, pairing.side(intent.write.side).system
    if write.operation == "create":
        return system.probe(write)
    row = system.read(*system.locate(write.kind, write.key))
    return (row,) if row is not None else ()


def _together(intent: Intent, pairing: Pairing) -> bool:
    write = intent.write
    able = pairing.side(write.side).system.capabilities
    return able.writing(write.kind).batch > 1 and (write.operation != "change" or write.kind in FIELDWISE)


def _probed(some: Sequence[Intent], pairing: Pairing) -> Shown:
    system = pairing.side(some[0].write.side).system
    return dict(zip([i.id for i in some], cast(Batching, system).probe_many([i.write for i in some]), strict=True))


def _read(some: Sequence[Intent], pairing: Pairing) -> Shown:
    system = pairing.side(some[0].write.side).system
    places = {i.id: system.locate(i.write.kind, i.write.key) for i in some}
    rows = dict(look_up(system, list(places.values())))
    return {name: (row,) if isinstance(row := rows[place], Raw) else row or () for name, place in places.items()}

"""Settings of one connection: what its own account offers to choose from, and what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from unisono.model.choice import Choice
from unisono.store import pairs, seen
from unisono.store.pairs import ConnectionRow
from unisono.wiring.hooks import note
from unisono.wiring.house import House


class NoSuchValue(ValueError):
    """A choice or a value that the account does not offer. ``args``: the choice, the value, what there is."""


def adjustable(house: House, system: str) -> bool:
    """Whether connections to a system have settings of their own."""
    return house.guests(system) is None and hasattr(_setup(system), "choices")


def choices(house: House, connection_id: str) -> tuple[Choice, ...]:
    """What there is to choose, read from the account now. Raises ``SystemFault``; none where a system has no settings of a connection."""
    row = _row(house, connection_id)
    if not adjustable(house, row.system):
        return ()
    found: tuple[Choice, ...] = _setup(row.system).choices(house.system(row), row.settings)
    return found


def adjust(house: House, connection_id: str, answers: Mapping[str, str], by: str) -> tuple[Choice, ...]:
    """Keeps what was chosen; what was seen is read anew, since it may be understood otherwise now. Returns the choices as they are then.

    Raises ``NoSuchValue``, ``SystemFault``; nothing is kept then.
    """
    row = _row(house, connection_id)
    offered = {one.name: one for one in choices(house, connection_id)}
    for name, value in answers.items():
        there = [offer.value for offer in offered[name].offers] if name in offered else sorted(offered)
        if name not in offered or value not in there:
            raise NoSuchValue(name, value, ", ".join(there) or "-")
    changed = {name: value for name, value in answers.items() if value != offered[name].value}
    if changed:
        _keep(house, row, changed, by)
    return choices(house, connection_id)


def make_field(house: House, connection_id: str, name: str, by: str) -> str:
    """Makes in the account what a choice lacks, after a person's yes, and chooses it; what it is called there.

    It is noted in the history before it is asked for. Raises ``NoSuchValue`` where nothing is lacking, ``SystemFault``.
    """
    row = _row(house, connection_id)
    lacking = next((one.makes for one in choices(house, connection_id) if one.name == name), "")
    if not lacking:
        raise NoSuchValue(name, "", "-")
    with house.store.write() as conn:
        note(house, conn, row, by, "field-asked")
    made: str = _setup(row.system).make_for(house.system(row), name)
    _keep(house, row, {name: made}, by)
    return made


def _keep(house: House, row: ConnectionRow, answers: Mapping[str, str], by: str) -> None:
    settings = _setup(row.system).settled(house.system(row), row.settings, answers)
    with house.store.write() as conn:
        pairs.update_connection(conn, row.id, settings=settings, next_poll="")
        seen.forget_hashes(conn, row.id)
        note(house, conn, row, by, "connection-adjusted")
    house.forget_system(row.id)


def _row(house: House, connection_id: str) -> ConnectionRow:
    with house.store.read() as conn:
        return pairs.get_connection(conn, connection_id)


def _setup(system: str) -> Any:
    try:
        return import_module(f"unisono.systems.{system}.setup")
    except ModuleNotFoundError:
        return None

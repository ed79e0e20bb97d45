"""A pair's policy as text: its versions, what differs between two, one entry changed, an earlier one again, and what a filter would leave."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from unisono.engine.batch import BATCH, plan_batch
from unisono.model.record import Side, label_of
from unisono.plan.situation import Subject
from unisono.policy.files import BadPolicy, parse_policy, policy_text, toml_text
from unisono.policy.schema import Policy
from unisono.policy.tables import tables_of
from unisono.store import pairs, seen
from unisono.wiring.house import House, check_tag

NOTE = 500
"""Characters of a note to a version that are kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of two policies that differs: ``customers.contacts``, before and after as the file spells them. ``""``: not there."""

    entry: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One customer under a policy: ``reason`` is the code and the values of why it is left out; empty if it takes part."""

    side: Side
    key: str
    label: str
    reason: str
    values: dict[str, str]


class ChangedMeanwhile(Exception):
    """Somebody else saved other settings since these were begun. ``version`` is in force now; ``by`` and ``at`` say who saved it, and when."""

    def __init__(self, version: int, by: str, at: str) -> None:
        super().__init__(f"version {version} is in force")
        self.version = version
        self.by = by
        self.at = at


def put_policy(house: House, pair_id: str, body: str, by: str, *, note: str = "", based_on: int = 0) -> int:
    """A new version, in force from now on; everything seen is looked at again under it. Raises ``BadPolicy``.

    What was planned under the former version is planned again, not done: see ``store.pairs.check_policy``. With ``based_on``, the version
    that somebody looked at when they made these settings, it raises ``ChangedMeanwhile`` if another one holds now.
    """
    policy = parse_policy(body)
    with house.store.write() as conn:
        row = pairs.get_pair(conn, pair_id)
        now = row.policy_version
        check_tag(conn, row.a, policy, but=pair_id)
        if based_on and based_on != now:
            last = next(row for row in pairs.policies(conn, pair_id) if row["version"] == now)
            raise ChangedMeanwhile(now, last["by"], last["at"])
        version = pairs.put_policy(conn, pair_id, body, by, house.clock.now(), note[:NOTE])
        pairs.update_pair(conn, pair_id, position_a=0, position_b=0)
        pairs.note(conn, pair_id, "pair", pair_id, "policy-changed", {"version": str(version)}, "", house.clock.now(), by)
    return version


def versions(house: House, pair_id: str) -> list[dict[str, Any]]:
    """All versions, oldest first: ``version``, ``at``, ``by``, ``note``, ``body``, and ``in_force``."""
    with house.store.read() as conn:
        now = pairs.get_pair(conn, pair_id).policy_version
        return [{**row, "in_force": row["version"] == now} for row in pairs.policies(conn, pair_id)]


def text_of_version(house: House, pair_id: str, version: int) -> str:
    """A version's file. Raises ``BadPolicy`` if there is none of that number."""
    known = {int(row["version"]): str(row["body"]) for row in versions(house, pair_id)}
    if version not in known:
        raise BadPolicy("no-such-version", version=str(version), versions=", ".join(str(n) for n in known))
    return known[version]


def roll_back(house: House, pair_id: str, version: int, by: str, *, note: str = "", based_on: int = 0) -> int:
    """An earlier version's text as a new version: nothing is ever taken out of the row of versions."""
    return put_policy(house, pair_id, text_of_version(house, pair_id, version), by, note=note, based_on=based_on)


def differences(before: Policy, after: Policy) -> list[Entry]:
    """The entries in which two policies differ, in the schema's order, defaults filled in."""
    old, new = dict(_flat("", tables_of(before))), dict(_flat("", tables_of(after)))
    names = [*old, *(name for name in new if name not in old)]
    return [Entry(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)]


def with_entries(body: str, settings: Sequence[str]) -> str:
    """A policy's text with single entries set: ``customers.contacts=all``, ``customers.only.countries=["DE", "AT"]``.

    A value is read as TOML, or else as plain text. Raises ``BadPolicy`` naming the entry. The text is written anew, without comments.
    """
    data = tables_of(parse_policy(body), usual=False)
    for setting in settings:
        name, given, value = setting.partition("=")
        parts = name.strip().split(".")
        if not given or not all(parts):
            raise BadPolicy("policy-no-entry", entry=setting)
        table = data
        for part in _grouped(parts[:-1]):
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise BadPolicy("policy-no-entry", entry=setting)
        table[parts[-1]] = _value(value.strip())
    return policy_text(parse_policy(toml_text(data)))


def leave_out(house: House, pair_id: str, records: Sequence[str], by: str, *, back: bool = False) -> int | None:
    """A new version that leaves some records out for good, or takes them back. ``None`` if nothing changes by it."""
    with house.store.read() as conn:
        policy = parse_policy(pairs.get_pair(conn, pair_id).policy)
    held = policy.leave_out
    wanted = tuple(r for r in held if r not in records) if back else (*held, *(r for r in dict.fromkeys(records) if r not in held))
    if wanted == held:
        return None
    return put_policy(house, pair_id, policy_text(replace(policy, leave_out=wanted)), by)


def filter_preview(house: House, pair_id: str, policy: Policy) -> Iterator[Chosen]:
    """Every customer that is known of both sides, under a policy: who takes part and who is left out, and why. Asks no vendor."""
    pairing = replace(house.pairing(pair_id), policy=policy)
    sides: tuple[Side, ...] = ("a", "b")
    for side in sides:
        after = ""
        while True:
            with house.store.read() as conn:
                keys = seen.keys_after(conn, pairing.side(side).id, "party", after, BATCH)
            if not keys:
                break
            after = keys[-1]
            for situation, decisions in plan_batch(pairing, [Subject(side, "party", key) for key in keys], house.hands()):
                me, decision = situation.seen(side), decisions[0]
                if me is not None and not me.gone:
                    out = decision.verdict == "left-out"
                    reason = (decision.reason.code, dict(decision.reason.values)) if out else ("", {})
                    yield Chosen(side, situation.subject.key, label_of(me.record), *reason)


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        place = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _flat(place, value)
        elif value is not None:
            yield place, _told(value)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_told(v) for v in value)
    return str(value)


def _grouped(parts: Sequence[str]) -> list[str]:
    """``customers.fields.address.city.direction``: the names of fields have dots of their own."""
    if len(parts) > 3 and parts[:2] == ["customers", "fields"]:
        return ["customers", "fields", ".".join(parts[2:])]
    return list(parts)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text

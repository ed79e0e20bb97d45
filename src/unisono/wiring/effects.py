"""What other settings would do with what is known now: counted aside while a page shows how far it is. Reads the store, asks no vendor."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from unisono.engine.hands import Connected, Pairing
from unisono.policy.files import parse_policy, policy_text
from unisono.policy.schema import Policy
from unisono.store import pairs, seen
from unisono.store.refused import StoreRefused
from unisono.store.runs import PlanRow
from unisono.wiring.house import House
from unisono.wiring.making import Aside
from unisono.wiring.previewing import effect, under

KEPT = 16
"""Effects that are remembered: the page that shows one may be loaded again."""
FIRST = 20
"""Records that are shown; the numbers are those of all."""
log = logging.getLogger("unisono.effect")
Two = tuple[PlanRow | None, PlanRow | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a draft would do. ``turns`` counts records by their verdict before and after, ``more`` and ``fewer`` the writes that it adds and
    takes away (``b:create:party``), ``reasons`` records that are dealt with as before, only for another reason.

    ``unread`` are lists of the vendors that the draft needs and nobody has read: what is in them cannot be known. ``tag``: one that is
    watched under the draft alone. ``key`` names the draft; ``code`` says why it came to nothing.
    """

    key: str
    state: Literal["counting", "done", "failed"]
    released: bool
    looked: int = 0
    turns: Mapping[tuple[str, str], int] = field(default_factory=dict)
    more: Mapping[str, int] = field(default_factory=dict)
    fewer: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[Two, ...] = ()
    reasons: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    tag: str = ""
    code: str = ""

    @property
    def differing(self) -> int:
        """Records that are treated differently."""
        return sum(self.turns.values())


class _Dropped(Exception):
    """Somebody began another one for this pair: nobody waits for the older."""


class Effects:
    """One at a time for each pair; a later draft takes the place of an earlier one that is still being counted."""

    def __init__(self, house: House, aside: Aside) -> None:
        self._house = house
        self._aside = aside
        self._turn = threading.Lock()
        self._told: dict[tuple[str, str], Effect] = {}
        self._now: dict[str, str] = {}

    def begin(self, pair_id: str, body: str) -> Effect:
        """Begins to count, or tells what there is of the same draft over the same records. Raises ``BadPolicy``."""
        policy = parse_policy(body)
        now = self._house.pairing(pair_id)
        key = self._key(now, body)
        with self._turn:
            there = self._told.get((pair_id, key))
            if there is not None and there.state != "failed":
                return there
            self._now[pair_id] = key
            first = self._keep(pair_id, _first(self._house, now, policy, key))
        self._aside(partial(self._count, pair_id, body, first))
        return self.standing(pair_id, key) or first

    def standing(self, pair_id: str, key: str) -> Effect | None:
        """How far one is; ``None`` if it is not remembered."""
        with self._turn:
            return self._told.get((pair_id, key))

    def _count(self, pair_id: str, body: str, told: Effect) -> None:
        try:
            done = replace(self._counted(pair_id, body, told), state="done")
        except _Dropped:
            done = replace(told, state="failed", code="dropped")
        except StoreRefused as refused:
            done = replace(told, state="failed", code=refused.code)
        except Exception as mistake:  # noqa: BLE001  # nobody waits for this thread: what it does not say here is said nowhere
            trace = "".join(traceback.format_exception(mistake, limit=-8))
            log.error("%s", json.dumps({"pair": pair_id, "trace": trace}))
            done = replace(told, state="failed", code="error.ours")
        with self._turn:
            self._keep(pair_id, done)

    def _counted(self, pair_id: str, body: str, told: Effect) -> Effect:
        turns: Counter[tuple[str, str]] = Counter()
        more: Counter[str] = Counter()
        fewer: Counter[str] = Counter()
        rows: list[Two] = []
        looked = reasons = 0

        def so_far() -> Effect:
            counted = replace(told, turns=dict(turns), more=dict(more), fewer=dict(fewer))
            return replace(counted, looked=looked, reasons=reasons, rows=tuple(rows))

        def look(count: int) -> None:
            nonlocal looked
            with self._turn:
                if self._now.get(pair_id) != told.key:
                    raise _Dropped
                self._keep(pair_id, so_far())
            looked += count

        for before, after in effect(self._house, pair_id, body, look):
            if _verdict(before) == _verdict(after) and _doing(before) == _doing(after):
                reasons += 1
                continue
            turns[_verdict(before), _verdict(after)] += 1
            a, b = _writes(before), _writes(after)
            more.update(b - a)
            fewer.update(a - b)
            if len(rows) < FIRST:
                rows.append((before, after))
        return so_far()

    def _keep(self, pair_id: str, told: Effect) -> Effect:
        self._told.pop((pair_id, told.key), None)
        self._told[pair_id, told.key] = told
        for old in list(self._told)[:-KEPT]:
            del self._told[old]
        return told

    def _key(self, now: Pairing, body: str) -> str:
        """The same draft, over the same version and the same records, has the same effect."""
        with self._house.store.read() as conn:
            changes = [pairs.get_connection(conn, side.id).change for side in (now.a, now.b)]
        told = json.dumps([now.id, now.policy_version, now.state, changes, body])
        return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _first(house: House, now: Pairing, policy: Policy, key: str) -> Effect:
    then = under(now, policy_text(policy))
    unread = [(side, name) for side, one, two in (("crm", now.a, then.a), ("invoicing", now.b, then.b)) for name in _new(house, one, two)]
    tag = policy.customers.from_crm.tag if "tag" in policy.customers.from_crm.when else ""
    watched = now.policy.customers.from_crm.tag if "tag" in now.policy.customers.from_crm.when else ""
    return Effect(key=key, state="counting", released=now.state == "released", unread=tuple(unread), tag=tag if tag != watched else "")


def _new(house: House, one: Connected, two: Connected) -> list[str]:
    """Lists that only the later settings need, and of which nothing is known."""
    wanted = [name for name in two.resources if name not in one.resources]
    with house.store.read() as conn:
        return [name for name in wanted if not seen.count_rows(conn, one.id, name)]


def _verdict(row: PlanRow | None) -> str:
    return row.verdict if row is not None else "gone"


def _doing(row: PlanRow | None) -> dict[str, Any]:
    """What is done and asked about a record, without why."""
    return {name: value for name, value in row.action.items() if name != "reason"} if row is not None else {}


def _writes(row: PlanRow | None) -> Counter[str]:
    """The writes of a row: ``b:create:party`` and the like."""
    writes = row.action.get("writes", []) if row is not None else []
    return Counter(f"{write['side']}:{write['operation']}:{write['kind']}" for write in writes)

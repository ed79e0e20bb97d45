"""Previews and runs of a pair: made, forecast under the vendors' limits, followed, reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace

from unisono.connect.pace import narrowed
from unisono.engine.hands import Connected, Pairing
from unisono.engine.preview import differences, preview
from unisono.model.capability import calls_to_read
from unisono.plan.behind import HELD
from unisono.policy.files import parse_policy
from unisono.policy.shortfalls import shortfalls
from unisono.store import pairs, runs, seen
from unisono.store.runs import CHANGED, PENDING, PlanRow, Run
from unisono.store.stamps import instant
from unisono.wiring.hooks import doors_of
from unisono.wiring.house import House, needed
from unisono.wiring.rhythm import delays, interval_of
from unisono.wiring.running import Runner

WRITING = ("new", "changed", "linked")
"""Verdicts of rows that something is done for."""
VERDICTS = ("new", "changed", "linked", "doubtful", "refused", "waiting", "equal", "left-out", "gone")
"""In the order they are counted: what is done, what waits for a person, what stays."""


class NotRead(ValueError):
    """A preview needs both sides read, and a connection was stopped or is at work elsewhere. ``args[0]`` is its name."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``rows`` counts by verdict and outcome and adds up to ``total``; ``seconds_left`` is ``None`` while nothing tells."""

    run: Run
    rows: dict[tuple[str, str], int]
    done: int
    total: int
    failed: int
    changed: int
    seconds_left: float | None


def make_preview(house: House, pair_id: str, holder: str, *, alone: bool = True) -> Run:
    """Reads both sides, plans everything, stores the plan. Raises the system's fault, or ``NotRead``; nothing is written to a vendor."""
    turn = Runner(house=house, holder=holder, alone=alone).read(pair_id)
    for fault in turn.faults.values():
        raise fault
    _all_read(house, pair_id)
    pairing = house.pairing(pair_id)
    run_id = preview(pairing, house.hands(), partial(_forecast, house, pairing))
    with house.store.read() as conn:
        return runs.get_run(conn, run_id)


def _all_read(house: House, pair_id: str) -> None:
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        found = [pairs.get_connection(conn, c) for c in (row.a, row.b)]
    for connection in found:
        if connection.state != "ok" or not connection.marks:
            raise NotRead(connection.name or connection.system)


def _forecast(house: House, pairing: Pairing, calls: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Calls and seconds a side, and of the whole: both sides are written in turn, so the slower one decides."""
    out: dict[str, Any] = {"calls": {}, "listing": {}, "seconds": {}}
    for name, side in (("a", pairing.a), ("b", pairing.b)):
        listing = _listing(house, side)
        writing = sum(calls.get(name, {}).values())
        out["calls"][name] = calls.get(name, {})
        out["listing"][name] = listing
        out["seconds"][name] = round(_seconds(house, pairing, side, writing + listing))
    out["seconds"]["all"] = max(out["seconds"].values())
    return out | {"cannot": cannot(house, pairing)}


def cannot(house: House, pairing: Pairing) -> list[dict[str, Any]]:
    """What these two connections cannot do of what the policy asks for, or can do in another way only, as plain values."""
    found = [one.plain() for one in shortfalls(pairing.policy, pairing.rules.a, pairing.rules.b)]
    waits = delays(house, pairing.id)
    for one in doors_of(house, pairing.id):
        if one.why_not:
            # What a vendor does not tell of is found by looking: later, and never lost.
            values = {"seconds": str(int(waits[one.side].total_seconds()))}
            found.append({"code": one.why_not, "way": "otherwise", "side": one.side, "values": values})
    return found


def _listing(house: House, side: Connected) -> int:
    with house.store.read() as conn:
        rows = {name: seen.count_rows(conn, side.id, name) for name in side.resources}
    return sum(calls_to_read(side.system.capabilities.resource(name), count) for name, count in rows.items())


def _seconds(house: House, pairing: Pairing, side: Connected, calls: float, *, fresh: bool = True) -> float:
    """How long so many calls take under the vendor's limits and plan, beside the polls that go on meanwhile. ``fresh``: nothing of the
    limit is used yet, so that the first calls go at once."""
    if house.unlimited or not side.allowance:
        return 0.0
    with house.store.read() as conn:
        row = pairs.get_connection(conn, side.id)
    rules = narrowed(side.system.capabilities.pace, str(row.settings.get("plan") or ""))
    at_once = min((rule.limit for rule in rules if rule.limit), default=0) if fresh else 0
    interval = interval_of(house, side, row, pairing.policy.poll.floor_seconds).total_seconds()
    left = side.allowance - _listing(house, side) * 3600 / interval
    # Polls take half of the allowance at most: that is how often they come.
    return max(0.0, calls - at_once) * 3600 / max(left, side.allowance / 2)


def behind(house: House, run: Run) -> list[dict[str, Any]]:
    """What of a preview's records stays behind, alike ones together, the most frequent first: kind, mark, count, the ``names`` of the first of
    them and the ``values`` of their problems that all have in common."""
    groups = run.sheet.get("behind", [])
    with house.store.read() as conn:
        known = runs.rows_at(conn, run.id, sorted({seq for one in groups for seq in one["rows"]}))
    out = []
    for one in groups:
        shown = [known[seq] for seq in one["rows"] if seq in known]
        problems = shown[0].action.get("problems", []) if shown else []
        values: dict[str, str] = next((p["values"] for p in problems if f"{HELD}:{p['code']}:{p['field']}" == one["mark"]), {})
        told = {"names": [row.label for row in shown], "values": {name: values[name] for name in one["shared"] if name in values}}
        out.append({"kind": one["kind"], "mark": one["mark"], "count": one["count"], **told})
    return out


def progress(house: House, run_id: str) -> Progress:
    """How far a run is, and how long the rest takes: at the speed so far, and under the limits. Raises ``KeyError``."""
    with house.store.read() as conn:
        run = runs.get_run(conn, run_id)
        counted = runs.count(conn, run_id)
    pairing = house.pairing(run.pair)
    total = sum(counted.values())
    open_ = sum(n for (_, outcome), n in counted.items() if outcome in PENDING)
    changed = sum(n for (_, outcome), n in counted.items() if outcome == CHANGED)
    stopped = sum(n for (_, outcome), n in counted.items() if outcome == "stopped")
    failed = sum(n for (_, outcome), n in counted.items() if outcome == "failed")
    left = _left(house, pairing, run, counted) if run.state in ("running", "paused", "previewed") else 0.0
    return Progress(run, counted, total - open_ - changed - stopped, total, failed, changed, left)


def _left(house: House, pairing: Pairing, run: Run, counted: dict[tuple[str, str], int]) -> float | None:
    writing = sum(n for (verdict, _), n in counted.items() if verdict in WRITING)
    open_ = sum(n for (verdict, outcome), n in counted.items() if verdict in WRITING and outcome in PENDING)
    if not open_:
        return 0.0
    share = open_ / writing
    paced = max(
        _seconds(house, pairing, side, share * sum(run.sheet.get("calls", {}).get(name, {}).values()), fresh=run.state == "previewed")
        for name, side in (("a", pairing.a), ("b", pairing.b))
    )
    done = writing - open_
    if run.state == "previewed" or not done:
        return paced if paced or run.state == "previewed" else None
    passed = (house.clock.now() - instant(run.sheet["released_at"])).total_seconds()
    return max(paced, passed / done * open_)


def under(now: Pairing, body: str) -> Pairing:
    """A pair as it would be under another policy. Raises ``BadPolicy``."""
    policy = parse_policy(body)
    a = replace(now.a, resources=needed(now.a.system.capabilities, policy, "a"))
    b = replace(now.b, resources=needed(now.b.system.capabilities, policy, "b"))
    return replace(now, policy=policy, a=a, b=b)


def effect(
    house: House, pair_id: str, body: str, looked: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[PlanRow | None, PlanRow | None]]:
    """What another policy would do, from what was seen last: the records it decides differently. Raises ``BadPolicy``; leaves no trace.

    ``looked`` is told how many records each batch has.
    """
    now = house.pairing(pair_id)
    return differences(now, under(now, body), house.hands(), looked)


def found_rows(
    house: House,
    run_id: str,
    *,
    verdicts: Sequence[str] = (),
    kind: str = "",
    search: str = "",
    mark: str = "",
    outcome: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> tuple[list[PlanRow], int]:
    """A page of a run's rows, and the number it goes on after (0: there is no more)."""
    with house.store.read() as conn:
        found = runs.find_rows(
            conn, run_id, verdicts=verdicts, kind=kind, search=search, mark=mark, outcome=outcome, after=after, limit=limit + 1
        )
    return found[:limit], found[limit - 1].seq if len(found) > limit else 0


def pages(
    house: House, run_id: str, *, verdict: str = "", outcome: str | None = None, key: str = "", mark: str = "", most: int = 0
) -> Iterator[PlanRow]:
    """A run's rows in their order, read page by page; ``mark``: only those of which that stays behind; ``most`` 0 is all of them."""
    after, told = 0, 0
    while True:
        with house.store.read() as conn:
            page = runs.rows(conn, run_id, verdict=verdict, outcome=outcome, key=key, after=after)
        if not page:
            return
        for row in page:
            if mark and mark not in row.action.get("marks", ()):
                continue
            if most and told >= most:
                return
            told += 1
            yield row
        after = page[-1].seq

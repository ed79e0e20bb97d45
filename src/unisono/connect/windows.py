"""How a vendor's limits are kept: pure steps over a small state that the store can hold as JSON in one row a rule and scope.

Three kinds of window: *sliding* (so many calls in any stretch of ``seconds``), *bucket* (``limit`` calls saved up, given back within
``seconds``) and *block* (sliding, but a breach locks the caller out, so a tenth of the limit stays untouched). A call is *open* from
``take`` until its answer, and ages only from the answer on: the vendor counts it at some moment between the two, nobody knows which.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from unisono.model.capability import PaceRule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_STRETCHED = 1_050_000
"""A second of the vendor's window lasts 5 % longer here: a strictly rolling window otherwise sees one call too many at its edges. A bucket
has no edges, and what is given back counts from the answer, which is later than the vendor counted."""
_FORGOTTEN = 60 * _SECOND
"""An open call whose answer nobody ever reported (its process died) is over by then: twice the usual time-out."""
_JITTER = 2 * _SECOND
"""Clocks of two processes may differ by so much; a larger step back is a clock that was set."""

Stamps = tuple[tuple[int, int], ...]
"""Microseconds since 1970 and how many calls, oldest first."""


class Kept(Struct, frozen=True):
    """What one rule remembers. All instants are microseconds since 1970 UTC."""

    seen: int = 0
    """The latest hour this was looked at: a clock that jumps back is noticed by it."""
    blocked: int = 0
    done: Stamps = ()
    open: Stamps = ()
    empty: int = 0
    """Bucket only: when all that was taken will have been given back."""


def dump(kept: Kept) -> str:
    """The state as JSON text, a few kilobytes at most whatever the limit."""
    return json.dumps({"seen": kept.seen, "blocked": kept.blocked, "done": kept.done, "open": kept.open, "empty": kept.empty})


def load(text: str) -> Kept:
    """The state again. Raises ``ValueError`` for anything ``dump`` did not write."""
    try:
        row = json.loads(text)
        done, waiting = (tuple((int(at), int(calls)) for at, calls in row[name]) for name in ("done", "open"))
        return Kept(int(row["seen"]), int(row["blocked"]), done, waiting, int(row["empty"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the state of a limit: {text[:80]!r}") from error


def take(kept: Kept, rule: PaceRule, now: datetime, cost: int = 1) -> tuple[Kept, datetime | None]:
    """Asks for ``cost`` calls: ``None`` and they are reserved, or the instant from which asking again may help.

    Raises ``ValueError`` if so many calls at once never fit the limit.
    """
    kept, at = _looked(kept, now)
    if kept.blocked > at:
        return kept, _instant(kept.blocked)
    if not _limits(rule):
        return kept, None
    limit = _limit(rule)
    if cost > limit:
        raise ValueError(f"{cost} calls at once never fit a limit of {limit} in {rule.seconds} s")
    kept = _aged(kept, rule, at)
    ready = _bucket_ready(kept, rule, at, cost, limit) if rule.window == "bucket" else _sliding_ready(kept, rule, cost, limit)
    if ready > at:
        return kept, _instant(ready)
    return replace(kept, open=_added(kept.open, at, cost, _grain(rule))), None


def settled(kept: Kept, rule: PaceRule, now: datetime, cost: int = 1, *, counted: bool) -> Kept:
    """The answer is there. Where only successes count, calls that were not counted are given back; otherwise they age from now on."""
    kept, at = _looked(kept, now)
    if not _limits(rule):
        return kept
    kept = _aged(kept, rule, at)
    given_back = not counted and rule.counts == "success"
    kept = replace(kept, open=_without(kept.open, cost))
    return kept if given_back else _counted(kept, rule, at, cost)


def blocked(kept: Kept, rule: PaceRule, now: datetime, until: datetime) -> Kept:
    """The vendor said stop: nobody asks before ``until``, nor before the rule's own lock-out has passed."""
    kept, at = _looked(kept, now)
    lock_out = at + rule.block * _SECOND if rule.window == "block" else 0
    return replace(kept, blocked=max(kept.blocked, _micros(until), lock_out))


def take_all(kept: Sequence[Kept], rules: Sequence[PaceRule], now: datetime, cost: int = 1) -> tuple[list[Kept], datetime | None]:
    """``take`` for several rules that all apply: either every one reserves, or none does and the latest instant is told."""
    asked = [take(k, rule, now, cost) for k, rule in zip(kept, rules, strict=True)]
    waits = [at for _, at in asked if at is not None]
    return (list(kept), max(waits)) if waits else ([k for k, _ in asked], None)


def _limits(rule: PaceRule) -> bool:
    return rule.window != "none" and rule.limit > 0 and rule.seconds > 0


def _limit(rule: PaceRule) -> int:
    return max(1, rule.limit * 9 // 10) if rule.window == "block" else rule.limit


def _length(rule: PaceRule) -> int:
    return rule.seconds * (_SECOND if rule.window == "bucket" else _STRETCHED)


def _grain(rule: PaceRule) -> int:
    # Calls of one hundredth of a window share a stamp (their latest), so that a limit of 50,000 a day is still a small row.
    return max(1, _length(rule) // 100)


def _emission(rule: PaceRule) -> int:
    return -(-_length(rule) // _limit(rule))


def _sliding_ready(kept: Kept, rule: PaceRule, cost: int, limit: int) -> int:
    length = _length(rule)
    surplus = sum(calls for _, calls in kept.done + kept.open) + cost - limit
    if surplus <= 0:
        return 0
    ends = sorted([(at + length, n) for at, n in kept.done] + [(at + max(length, _FORGOTTEN), n) for at, n in kept.open])
    for end, calls in ends:
        surplus -= calls
        if surplus <= 0:
            return end
    raise AssertionError("the cost fits the limit, so an empty window has room")


def _bucket_ready(kept: Kept, rule: PaceRule, at: int, cost: int, limit: int) -> int:
    emission = _emission(rule)
    waiting = sum(calls for _, calls in kept.open)
    return max(kept.empty, at) + (waiting + cost - limit) * emission


def _aged(kept: Kept, rule: PaceRule, at: int) -> Kept:
    length = _length(rule)
    if rule.window != "bucket":
        done = tuple(s for s in kept.done if s[0] + length > at)
        return replace(kept, done=done, open=tuple(s for s in kept.open if s[0] + max(length, _FORGOTTEN) > at))
    over = [s for s in kept.open if s[0] + _FORGOTTEN <= at]
    for since, calls in over:
        kept = _counted(kept, rule, since + _FORGOTTEN, calls)
    return replace(kept, open=kept.open[len(over) :])


def _counted(kept: Kept, rule: PaceRule, at: int, cost: int) -> Kept:
    if rule.window == "bucket":
        return replace(kept, empty=max(kept.empty, at) + cost * _emission(rule))
    return replace(kept, done=_added(kept.done, at, cost, _grain(rule)))


def _added(stamps: Stamps, at: int, cost: int, grain: int) -> Stamps:
    if stamps and stamps[-1][0] // grain == at // grain:
        return (*stamps[:-1], (at, stamps[-1][1] + cost))
    return (*stamps, (at, cost))


def _without(stamps: Stamps, cost: int) -> Stamps:
    # Nobody knows which of the open calls was answered; taking the oldest leaves the stamps that last longest.
    left: list[tuple[int, int]] = []
    for at, calls in stamps:
        gone = min(calls, cost)
        cost -= gone
        if calls > gone:
            left.append((at, calls - gone))
    return tuple(left)


def _looked(kept: Kept, now: datetime) -> tuple[Kept, int]:
    at = _micros(now)
    if at >= kept.seen:
        return replace(kept, seen=at), at
    back = kept.seen - at
    if back <= _JITTER:
        return kept, kept.seen
    # The clock was set back: everything moves with it, as if no time had passed, so that nobody waits for an hour that is long over.
    moved = {name: tuple((since - back, calls) for since, calls in stamps) for name, stamps in (("done", kept.done), ("open", kept.open))}
    return Kept(at, kept.blocked - back, moved["done"], moved["open"], kept.empty - back), at


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)

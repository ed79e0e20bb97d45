"""I15: a good guest. Never more calls in any window than the vendor allows, none before the hour it named, none soon after a refused key."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tests.storm.evidence import Evidence
from tests.storm.sides import EXPIRED, Call, Hold, Letter
from tests.storm.verdict import Broken

AFTER_REFUSAL = timedelta(seconds=60)
"""At most one attempt to sign in within it, once a key was refused."""
CUT = "truncate"
"""A line that breaks in the middle of an answer: none has come."""
WORDLESS = ("empty", "torn-json")
"""Faults that cut off what an answer says."""


def judge(letter: Letter, calls: Sequence[Call], holds: Sequence[Hold], e: Evidence) -> Iterator[Broken]:
    """What one vendor may expect. An older database knows of no newer call, and clocks that jump measure nothing."""
    if e.restored or e.skewed:
        return
    for hold in holds:
        yield from _windows(letter, calls, hold, e.stalled)
    # What took minutes to arrive was not heard any more, and who was held up meanwhile goes on as it had leave to.
    if not e.stalled:
        yield from _refusals(letter, calls, e)
        yield from _stops(letter, calls, e)


def _windows(letter: Letter, calls: Sequence[Call], hold: Hold, stalled: int) -> Iterator[Broken]:
    at = [c.at for c in calls if c.status and not (hold.successes and not 200 <= c.status < 400)]
    span = timedelta(seconds=hold.seconds)
    for n, moment in enumerate(at):
        first = bisect_left(at, moment - span + timedelta(microseconds=1))
        if n - first + 1 > hold.limit + stalled:
            yield Broken("I15", f"{n - first + 1} calls in {hold.seconds:g} s, {hold.limit} are allowed", letter)
            return


def _refusals(letter: Letter, calls: Sequence[Call], e: Evidence) -> Iterator[Broken]:
    # Commands that share a call are of one moment.
    for one, after in pairwise(call for n, call in enumerate(calls) if call.status or n == 0 or call.at > calls[n - 1].at):
        # What was said on a line that broke right then was not heard.
        heard = one.fault != EXPIRED and one.fault != CUT and not one.fault.endswith("-after")
        # Of an application's refused key whose words were lost nobody knows whether it has only run out: it is exchanged for another one.
        heard = heard and not (one.status == 401 and one.fault in WORDLESS and getattr(e.a if letter == "a" else e.b, "app", False))
        heard = heard and not _forgotten(e, one.at)
        soon = one.status in (401, 403) and one.kind != "file" and heard and after.at - one.at < AFTER_REFUSAL
        if soon and not any(side == letter and one.at <= at <= after.at for side, at in e.keys_given):
            yield Broken("I15", f"asked again {(after.at - one.at).total_seconds():g} s after the key was refused", f"{letter} {after.key}")


def _stops(letter: Letter, calls: Sequence[Call], e: Evidence) -> Iterator[Broken]:
    """``Retry-After``, in seconds or as a date, holds to the second, for every call but the fetching of a file, which has no part in the limit.

    The server that exchanges an application's keys is another one than the portal: its hour is its own."""
    until: dict[bool, datetime] = {}
    for n, call in enumerate(calls):
        exchange = call.operation == "other" and n > 0 and calls[n - 1].fault == EXPIRED
        stop = until.get(exchange)
        if stop is not None and (exchange or call.operation != "other") and call.at < stop:
            yield Broken("I15", f"asked again {(stop - call.at).total_seconds():g} s before the hour it was told", f"{letter} {call.key}")
            del until[exchange]
        if call.stop is not None and not _forgotten(e, call.at):
            until[exchange] = max(until.get(exchange, call.stop), call.stop)


def _forgotten(e: Evidence, heard: datetime) -> bool:
    """Whether the store refused to keep what was heard, in that very moment."""
    return any(heard <= at <= heard + timedelta(seconds=1) for at in e.unkept)

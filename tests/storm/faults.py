"""The catalogue of faults, 1-50: where each is switched, which invariants it must leave whole, and how it is drawn."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.storm.chance import At, Break, Script
from tests.storm.evidence import Did, Evidence

Place = Literal["wire", "process", "store", "people", "setting"]
How = Literal["vendor", "wire", "step", "call", "store", "people", "clock", "knob", "worker", "file", "fakes", "post"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the catalogue. ``how`` is who performs it: the simulator's kit, the wire before it, the engine's steps, a call, the
    store's wrapper, people's deeds, the clocks, a knob that holds throughout, a second worker, the post between the vendors and our doors;
    ``file`` is the level of real files, and ``fakes`` the level of port-level fakes, where these two vendors have no such thing."""

    number: int
    place: Place
    name: str
    how: How
    holds: str
    not_here: str = ""
    """Why nothing can be switched at all yet; empty if it can."""


NOT_HERE = {
    17: "neither vendor gives a key twice, and nothing of ours remembers more of a record than its key and its content",
    38: "both vendors give their numbers themselves; nothing of ours ever asks for one",
}
"""Faults that cannot be switched here, and why."""
_ROWS: tuple[tuple[int, Place, str, How, str], ...] = (
    (1, "process", "killed between two steps", "step", "I1 I9 I11"),
    (2, "process", "killed inside a transaction", "store", "I11"),
    (3, "process", "killed after a call, before it is settled", "call", "I1"),
    (4, "process", "killed again while recovering", "step", "I1 I11"),
    (5, "wire", "no connection", "wire", "I8 I16"),
    (6, "wire", "time-out before the vendor acted", "vendor", "I1 I3"),
    (7, "wire", "time-out after the vendor committed", "vendor", "I1 I9"),
    (8, "wire", "reset, truncated or empty answer", "vendor", "I8 I9"),
    (9, "wire", "429 with and without Retry-After, seconds and date", "vendor", "I3 I15"),
    (10, "wire", "500, 502, 503, 504, done or not", "vendor", "I1"),
    (11, "wire", "200 with a page of HTML", "vendor", "I2 I5"),
    (12, "wire", "409 version conflict", "wire", "I2"),
    (13, "wire", "key revoked in the middle of work", "vendor", "I5 I8 I13"),
    (14, "wire", "token refresh races", "fakes", "I8"),
    (15, "wire", "404 on a linked record that is only hidden", "wire", "I5"),
    (16, "wire", "records merged in the CRM", "people", "I1 I2 I5"),
    (17, "wire", "a key given to another record after the vendor restored a backup", "vendor", "I1 I2"),
    (18, "wire", "the list moves while it is paged", "people", "I3"),
    (19, "wire", "more records with one stamp than a page holds", "fakes", "I3"),
    (20, "wire", "a listing that does not know the newest yet, a stale read", "wire", "I1 I3"),
    (21, "wire", "a search that lags behind a create", "knob", "I1"),
    (22, "wire", "what is written is re-cased and re-formatted", "knob", "I4 I7"),
    (23, "people", "one field of many is refused", "people", "I4 I8"),
    (24, "wire", "a form of answer nobody expected", "wire", "I8 I21"),
    (25, "wire", "a document of more than 20 MiB", "vendor", "I16"),
    (26, "people", "letters of every script, markup, very long values", "people", "I2 I4 I21"),
    (27, "wire", "an answer takes minutes", "vendor", "I16"),
    (28, "wire", "clocks ahead, behind, jumping", "clock", "I3 I15"),
    (29, "wire", "a webhook fifty times", "post", "I1 I14"),
    (30, "wire", "webhooks out of order, and later", "post", "I14"),
    (31, "wire", "a forged webhook", "post", "I13 I14"),
    (32, "wire", "webhooks lost entirely", "knob", "I3 I14"),
    (33, "people", "one field edited on both sides, or during the write", "people", "I2"),
    (34, "people", "one customer made on both sides by hand; near-twins", "people", "I1"),
    (35, "people", "deleted while we write; made again", "people", "I1 I5"),
    (36, "people", "mass change, mass deletion", "people", "I5 I15 I22"),
    (37, "people", "an invoice finished, paid, cancelled meanwhile", "people", "I6 I7"),
    (38, "people", "a document number taken by hand", "people", "I1 I8"),
    (39, "store", "disk full at a write", "store", "I8 I11"),
    (40, "store", "database locked", "store", "I8 I12"),
    (41, "store", "an older database put back", "store", "I1 I2"),
    (42, "store", "a corrupt file", "file", "I11"),
    (43, "process", "a second worker, also with the lease over", "worker", "I1 I12"),
    (44, "process", "out of memory; an hour late", "step", "I8 I11"),
    (45, "setting", "the policy changes in the middle of a cycle", "people", "I17"),
    (46, "setting", "a key that opens another company", "wire", "I1 I5"),
    (47, "setting", "sandbox and real account mixed up", "wire", "I1 I5"),
    (48, "setting", "a newer version's database", "file", "I20"),
    (49, "setting", "plans, list forms, habits at random", "knob", "all"),
    (50, "wire", "six faults at once", "vendor", "all"),
)
CATALOGUE: dict[int, Fault] = {row[0]: Fault(*row, not_here=NOT_HERE.get(row[0], "")) for row in _ROWS}

_Draw = Callable[[random.Random], dict[str, str]]


def _some(chance: random.Random, most: int) -> str:
    return str(chance.randint(1, most))


def _aimed(*names: str, match: tuple[str, ...] = ("",), value: tuple[str, ...] = ("",), most: int = 2) -> _Draw:
    """A fault at one side: which form, at which calls, after how many, how often."""

    def draw(chance: random.Random) -> dict[str, str]:
        return {
            "side": chance.choice("ab"),
            "name": chance.choice(names),
            "match": chance.choice(match),
            "value": chance.choice(value),
            "times": _some(chance, most),
            "skip": str(chance.choice((0, 0, 1, 2, 3, 5, 8))),
        }

    return draw


_WRITES = ("create", "update", "POST ", "PUT ", "POST companies", "POST people", "customer.create", "estimate.create", "protocols", "")
_SERVER = ("500", "502", "503", "504")
DRAWS: dict[int, _Draw] = {
    1: lambda c: {"step": _some(c, 40)},
    2: lambda c: {"commit": _some(c, 40)},
    3: lambda c: {"write": _some(c, 6)},
    4: lambda c: {"step": _some(c, 40), "then": _some(c, 12)},
    5: _aimed("refused", most=8),
    6: _aimed("timeout-before", match=_WRITES, most=3),
    7: _aimed("timeout-after", match=_WRITES, most=3),
    8: _aimed("reset-after", "truncate", "torn-json", "empty", match=_WRITES, value=("", "1", "7")),
    9: _aimed("rate", "rate-date", match=_WRITES),
    10: _aimed("status", "status-after", match=_WRITES, value=_SERVER, most=3),
    11: _aimed("html", match=_WRITES),
    12: lambda c: {"side": "a", "name": "conflict", "times": "1", "skip": "0"},
    13: _aimed("unauthorised", most=1),
    15: lambda c: {"side": c.choice("ab"), "who": f"c{c.randint(0, 5)}", "turns": _some(c, 2)},
    20: _aimed("stale", "late", match=("", "estimate", "deals", "customer", "invoice", "companies")),
    24: _aimed("surprise", value=("texts", "nulls", "objects", "new"), most=6),
    25: lambda _: {"side": "b", "name": "pdf-huge", "times": "1", "skip": "0", "value": str(21 * 1024 * 1024)},
    27: _aimed("delay", value=("20", "150", "320"), most=1),
    28: lambda c: {"whose": c.choice(("a", "b", "ours")), "seconds": str(c.choice((-7200, -40, 40, 3600, 90000)))},
    39: lambda c: {"commit": _some(c, 30), "times": _some(c, 2)},
    40: lambda c: {"commit": _some(c, 30), "times": _some(c, 3)},
    41: lambda c: {"turns": _some(c, 3)},
    43: lambda c: {"call": _some(c, 25), "late": c.choice(("", "yes"))},
    44: lambda c: {"step": _some(c, 40)} if c.random() < 0.5 else {"late": "3600"},
    46: lambda c: {"side": c.choice("ab")},
    47: lambda c: {"side": c.choice("ab")},
    45: lambda c: {"call": _some(c, 25), "entry": c.choice(("customers.wins=crm", "customers.contacts=all", "quotes.basis=gross"))},
}
"""How the values of a break are drawn, for every fault that is a switch of the world (people's and knobs' are drawn with those)."""


def draw_breaks(chance: random.Random, turns: int) -> list[Break]:
    """First which faults are possible at all, none to eight of them, then when and how often each strikes."""
    if chance.random() < 0.08:
        return []
    possible = chance.sample(sorted(DRAWS), chance.choice((1, 1, 2, 2, 3, 4, 6, 8)))
    out = []
    for number in sorted(possible):
        for _ in range(chance.choice((1, 1, 2))):
            out.append(Break(At(chance.randint(0, turns - 1)), number, DRAWS[number](chance)))
    return sorted(out, key=lambda b: (b.at, b.fault))


def witnessed(script: Script, did: Sequence[Did], e: Evidence, bitten: Mapping[int, int]) -> Counter[int]:
    """How often the faults happened that people or the world's habits are: read from what was done."""
    out: Counter[int] = Counter()
    created: Counter[str] = Counter()
    edits: dict[tuple[int, str, str], set[str]] = {}
    for one in did:
        what, about, values = one.deed.what, one.deed.about, one.deed.values
        out[16] += what == "merge"
        out[26] += any(not value.isascii() or "<" in value or len(value) > 120 for value in values.values())
        out[35] += what == "delete" and one.meanwhile
        out[37] += what in ("complete", "pay", "cancel", "state") and one.meanwhile
        if what == "create":
            created[about] += 1
            out[34] += created[about] == 2
        if what == "edit":
            for name in values:
                sides = edits.setdefault((one.deed.at.turn, about, name), set())
                out[33] += (one.deed.who not in sides and bool(sides)) or one.meanwhile
                sides.add(one.deed.who)
    marks = Counter((one.deed.at, one.deed.who, one.deed.what) for one in did if one.deed.what in ("edit", "delete"))
    out[36] += sum(1 for number in marks.values() if number >= MANY)
    out[18] += _moved(e)
    out[23] += sum(1 for problem in e.problems if problem.code == "refused")
    out[32] += sum(getattr(side, "notices_lost", 0) for side in (e.a, e.b))
    out[49] += sum(1 for name, value in script.knobs.items() if value not in ("", _USUAL.get(name, "")))
    out[50] += len([number for number, hits in bitten.items() if hits]) >= 6
    return +out


MANY = 4
"""So many edits or deletions by one person at once are a mass of them, in a town of a few customers."""
_USUAL = {"plan": "none", "lists": "mixed", "errors": "list", "rate_limit": "50", "pdf_varies": "1", "link_seconds": "3600"}


def _moved(e: Evidence) -> int:
    """How often somebody deleted a record of a list while that list was being paged."""
    count = 0
    for one in e.did:
        if one.deed.what == "delete" and one.meanwhile and one.deed.who in ("a", "b"):
            log = (e.a if one.deed.who == "a" else e.b).log
            before = [c for c in log if c.seq <= one.seq]
            after = [c for c in log if c.seq > one.seq]
            count += bool(before and after and before[-1].operation == after[0].operation == "list" and before[-1].kind == after[0].kind)
    return count

"""Level G at the doors for vendors: spoilt and forged notices, from the knock to the rows that are asked for.

A notice is a hint (I14): with the right secret it leads to rows that are looked at, in the vendor's own form, and to nothing else. What it says
is stored nowhere, its keys are not even kept (I13), and a call without the secret leaves no trace at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from msgspec.structs import replace
from sqlalchemy import text

from tests.storm.levels.abilities import pick
from tests.storm.levels.bounds import Bound
from tests.storm.levels.mutations import Token, altered, dumped, torn
from tests.storm.levels.samples import ROWS, SAMPLES, SYSTEMS, samples
from tests.storm.verdict import Broken
from tests.support.clock import FakeClock
from tests.support.hooks import open_hook
from unisono.connect.port import Raw, System
from unisono.engine.hands import Connected
from unisono.model.capability import Capabilities
from unisono.store import inbox, pairs
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.store.tables import metadata
from unisono.systems import NAMES
from unisono.systems.catalogue import load
from unisono.wiring import House
from unisono.wiring.hints import take_hints
from unisono.wiring.receiving import MOST, TYPES, Doorkeeper, notices_of

CANARY = "canary-5d20c9e17b34"
"""Stands wherever a vendor puts a key into its notices: found in what was kept, it has got in."""
KEY = re.compile(r"(?:[a-z]{1,20}:)?(?:[0-9]{1,20}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")
"""How the keys of all vendors with doors look."""
WATCHED = ("inbox", "hook", "connection")
"""Tables that a notice may change: what came, how much came, and by whose token notices come."""
STILL = tuple(table.name for table in metadata.sorted_tables if table.name not in WATCHED)
_COUNTS = text("select " + ", ".join(f'(select count(*) from "{name}")' for name in STILL))
DOORED = tuple(name for name in NAMES if notices_of(name) is not None)


@dataclass
class Vendor:
    """A system behind a door that notes which rows it is asked for, and has none of them."""

    capabilities: Capabilities
    asked: list[tuple[str, str]] = field(default_factory=list)

    def read(self, resource: str, key: str) -> Raw | None:
        self.asked.append((resource, key))
        return None


@dataclass
class Hall:
    """One house with an open door for every vendor that has notices. ``urls`` are the whole addresses, secrets included."""

    house: House
    clock: FakeClock
    keeper: Doorkeeper
    vendors: dict[str, Vendor]
    connections: dict[str, str]
    urls: dict[str, str]

    def lying(self, system: str) -> list[bytes]:
        """What was kept and not yet looked at."""
        with self.house.store.read() as conn:
            return [body for _, body in inbox.waiting(conn, self.connections[system], 1000)]

    def look(self, system: str) -> None:
        """What the runner does with what lies there."""
        with self.house.store.read() as conn:
            row = pairs.get_connection(conn, self.connections[system])
        where = Connected(id=row.id, system=cast(System, self.vendors[system]), resources=tuple(one.name for one in load(system).resources))
        take_hints(self.house, row, where, [])

    def proven(self, system: str) -> dict[str, Any]:
        """Whose notices are believed."""
        with self.house.store.read() as conn:
            return dict(pairs.get_connection(conn, self.connections[system]).proven)

    def rows(self) -> dict[str, int]:
        """How many rows each table has that no notice may touch."""
        with self.house.store.read() as conn:
            return dict(zip(STILL, conn.execute(_COUNTS).one(), strict=True))


@cache
def hall() -> Hall:
    """Made once for a process. The first notice at each door is a sound one: by its token the others are known."""
    # Its folder is there while it is made; notices write nothing into files.
    with TemporaryDirectory() as folder:
        made = _furnished(Path(folder))
        for name in DOORED:
            place = made.keeper.knock("POST", urlsplit(made.urls[name]).path, kind_of(name), 1)
            assert place is not None, name
            made.keeper.keep(place, written(name, notices(name)[0]))
            made.look(name)
    return made


def _furnished(folder: Path) -> Hall:
    clock = FakeClock()
    # Who asks nobody needs no key.
    vendors = {name: Vendor(replace(load(name), login=())) for name in DOORED}
    house = House(
        store=Store.open(":memory:", least_room=0), ring=KeyRing(folder / "key"), folder=folder, clock=clock, chance=Random(7),
        guests=lambda name: cast(System, vendors[name]), unlimited=True,
    )  # fmt: skip
    firm, connections = house.ids.new(), {name: house.ids.new() for name in DOORED}
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", clock.now())
        for name, key in connections.items():
            pairs.add_connection(conn, key, firm, name, name, {}, {}, clock.now())
            known = {resource.name: {"whole_at": "2026-03-02T09:00:00.000Z"} for resource in load(name).resources}
            pairs.update_connection(conn, key, marks=known)
    urls = {name: open_hook(house, key) for name, key in connections.items()}
    clock.advance(10)
    return Hall(house, clock, Doorkeeper(house=house), vendors, connections, urls)


def kind_of(system: str) -> str:
    """What a vendor says it sends."""
    return min(getattr(notices_of(system), "TYPES", TYPES))


@cache
def notices(system: str) -> list[Any]:
    """Sound notices: documented ones, or rows under the names they may come under. Those that lead to a row come first."""
    found = [_keyed(notice) for file in sorted((SAMPLES / system / "samples").glob("on-*.json")) for notice in _told(file)]
    found += [_told(file) for file in sorted((SAMPLES / system / "samples").glob("*callback*.json"))]
    for resource, rows in sorted(samples(system).items()) if system in SYSTEMS else ():
        names = [resource, "record", *(name for name, listed in ROWS[system].items() if listed == resource)]
        found += [{name: row, "id": 7} for _, row in rows[:4] for name in names]
    return sorted(found, key=lambda notice: not notices_of(system).extract(written(system, notice)))


def _told(file: Path) -> Any:
    told = json.loads(file.read_text(encoding="utf-8"))
    return told.get("responses", told)


def _keyed(value: Any) -> Any:
    """A notice whose keys are canaries."""
    if isinstance(value, dict):
        return {name: CANARY if "token" in name and isinstance(inner, str) else _keyed(inner) for name, inner in value.items()}
    return value


def written(system: str, value: Any) -> bytes:
    """A notice as its vendor writes it."""
    if "form" not in kind_of(system):
        return dumped(value).encode()
    return urlencode(list(_flat(value, "")), errors="replace").encode()


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(inner, f"{name}[{key}]" if name else str(key))
    else:
        yield name, value.text if isinstance(value, Token) else "" if value is None else str(value)


def knocked(seed: int, count: Callable[[str], None]) -> Iterator[Broken]:
    """A spoilt notice at every other door; about every fourth is forged, every eighth weighed."""
    for system in DOORED[seed % 2 :: 2]:
        count("notices")
        count(f"notices:{system}")
        rnd = Random(f"{seed} {system}")
        yield from _knocked(rnd, system, forged=rnd.random() < 0.25, weighed=rnd.random() < 0.125, count=count)


def _knocked(rnd: Random, system: str, *, forged: bool, weighed: bool, count: Callable[[str], None]) -> Iterator[Broken]:
    here, where = hall(), f"{system} notice"
    known_ones = notices(system)
    body = torn(rnd, written(system, altered(rnd, pick(rnd, known_ones[:6] if rnd.random() < 0.5 else known_ones))))
    if rnd.random() < 0.02:
        body = body * (MOST // max(1, len(body)) + 1)
    method, path, kind = "POST", urlsplit(here.urls[system]).path, kind_of(system)
    if forged:
        method, path, kind = _forged(rnd, method, path, kind)
    here.clock.advance(1)
    before = here.rows() if weighed else {}
    vendor, known = here.vendors[system], here.proven(system)
    vendor.asked.clear()
    try:
        with Bound(where, weighed=weighed) as bound:
            place = here.keeper.knock(method, path, kind, len(body))
            if place is not None and len(body) <= MOST:
                here.keeper.keep(place, body)
            kept = here.lying(system)
            here.look(system)
        found = [*bound.broken, *_looked_into(here, system, kept, known, body)]
    except Exception as error:  # noqa: BLE001  any error is what is looked for
        _emptied(here, system)
        yield Broken("I14", f"{type(error).__name__}: {str(error)[:200]} for {body[:200]!r}", where)
        return
    yield from found
    if (forged or len(body) > MOST) and (place is not None or kept):
        yield Broken("I14", f"let in: {method} {path[:80]} as {kind[:40]!r}, {len(body)} bytes", where)
    elif not forged and len(body) <= MOST and place is None:
        yield Broken("I14", "a notice with the right secret was turned away", where)
    if before and here.rows() != before:
        yield Broken("I14", f"a notice was taken for content: {before} became {here.rows()}", where)
    count("asked" if vendor.asked else "nothing asked")


def _looked_into(here: Hall, system: str, kept: list[bytes], known: dict[str, Any], body: bytes) -> Iterator[Broken]:
    """What was made of what was kept."""
    where, vendor, words = f"{system} notice", here.vendors[system], notices_of(system)
    if hasattr(words, "bare") and any(CANARY.encode() in one for one in kept):
        yield Broken("I13", f"a key was kept: {kept[0][:300]!r}", where)
    if here.lying(system):
        yield Broken("I22", "what was looked into is still there", where)
    named = [hint for one in kept for hint in words.extract(one)] + vendor.asked
    lists = {resource.name for resource in vendor.capabilities.resources}
    odd = [hint for hint in named if hint[0] not in lists or not KEY.match(hint[1])]
    if odd:
        yield Broken("I14", f"a notice points at {str(odd[:3])[:200]}", where)
    if here.proven(system) != known:
        yield Broken("I14", f"another sender is believed: {known} became {here.proven(system)}", where)
    if hasattr(words, "sender") and vendor.asked and any(words.sender(one) != known for one in kept):
        yield Broken("I14", f"a stranger was believed: {body[:200]!r}", where)


def _emptied(here: Hall, system: str) -> None:
    """What broke the look is taken away, so that the next seed begins alone."""
    with here.house.store.write() as conn:
        inbox.drop(conn, [row for row, _ in inbox.waiting(conn, here.connections[system], 1000)])


def _forged(rnd: Random, method: str, path: str, kind: str) -> tuple[str, str, str]:
    """The same call, but for its secret, its door, its manner."""
    begin, _, secret = path.rpartition("/")
    at = rnd.randrange(len(secret))
    others = [url for url in hall().urls.values() if not url.endswith(path)]
    return pick(
        rnd,
        (
            (method, f"{begin}/{secret[:at]}{secret[at + 1 :]}", kind),
            (method, f"{begin}/{secret[:at]}{secret[at].swapcase() if secret[at].isalpha() else 'x'}{secret[at + 1 :]}", kind),
            (method, f"{begin}/{secret}{pick(rnd, ('/', '=', ' ', '%00', '?', chr(0), 'ä'))}", kind),
            (method, f"{begin}/{urlsplit(pick(rnd, others)).path.rpartition('/')[2]}", kind),
            (method, f"{begin}/", kind),
            (method, begin, kind),
            (method, f"{begin}/{inbox.secret_hash(secret)}", kind),
            (method, f"{begin}x/{secret}", kind),
            (method, f"/hooks//{secret}", kind),
            (method, f"/hooks/../{secret}", kind),
            (pick(rnd, ("GET", "HEAD", "PUT", "post", "")), path, kind),
            (method, path, pick(rnd, ("", "text/plain", "multipart/form-data; boundary=x", "application/xml", "application/jsonx"))),
        ),
    )

"""At least 45 of the 50 faults are switches that bite: it happened, and what had to hold held. The others are named, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.faults import CATALOGUE, DRAWS
from tests.storm.levels import engine
from tests.storm.people import crowd, draw_knobs, draw_people, mass_change
from tests.storm.world import World, play
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused
from unisono.store.tables import SCHEMA_VERSION

IN_WORLDS = sorted(n for n, fault in CATALOGUE.items() if not fault.not_here and fault.how not in ("file", "fakes"))
ON_FAKES = sorted(n for n, fault in CATALOGUE.items() if fault.how == "fakes")
ON_FILES = sorted(n for n, fault in CATALOGUE.items() if fault.how == "file")
MOST = 60
"""Worlds that are drawn for one fault at the most: some strike only where something else happens in the same moment."""


def test_all_but_five_faults_are_switches_and_the_five_have_a_reason() -> None:
    absent = {n: fault.not_here for n, fault in CATALOGUE.items() if fault.not_here}
    assert len(IN_WORLDS) + len(ON_FAKES) + len(ON_FILES) == 50 - len(absent) >= 45
    assert all(len(reason) > 20 for reason in absent.values())


def with_this(number: int, streams: Streams) -> Script:
    """Ordinary people, and this fault as often as not."""
    happens, breaks = streams.happens, streams.breaks
    deeds = draw_people(happens, 5)
    if number == 18:
        deeds += crowd(5)
    if number == 23:
        deeds += [Deed(At(3), "a", "edit", f"c{n}", {"email": f"no at {n}"}) for n in range(4)]
    if number == 36:
        deeds += mass_change(happens, 3, 6)
    switched = range(1, 41) if number == 50 else (number,)
    drawn = [Break(At(breaks.randint(0, 4)), n, DRAWS[n](breaks)) for n in switched if n in DRAWS for _ in range(3 if number != 50 else 1)]
    knobs = draw_knobs(streams.of("knobs")) | {"search_lag": "1", "webhooks": "1", "recase": "1" if number == 22 else ""}
    return Script(5, tuple(sorted(deeds, key=lambda d: d.at)), tuple(sorted(drawn, key=lambda b: (b.at, b.fault))), knobs)


@pytest.mark.parametrize("fault", IN_WORLDS)
def test_a_fault_happens_and_what_has_to_hold_holds(fault: int) -> None:
    if fault == 21:
        found_late()
        return
    for seed in range(MOST):
        played = play(seed, draw=lambda streams: with_this(fault, streams))
        assert played.broken == (), f"seed {seed}: {played.broken[0]}"
        if played.bitten.get(fault):
            return
    raise AssertionError(f"{CATALOGUE[fault].name} never happened in {MOST} worlds")


def found_late() -> None:
    """A create whose answer is lost, and a search that does not know the record yet when it is first looked for."""
    values = {
        "kind": "company",
        "website": "www.c0.example",
        "name": "Sonne c0 GmbH",
        "address.line1": "Ring 1",
        "address.postcode": "10115",
    }
    made = Deed(At(0), "b", "create", "c0", values | {"address.city": "Köln", "address.country": "DE"})
    lost = Break(At(0), 7, {"side": "a", "name": "timeout-after", "match": "POST companies", "times": "1", "skip": "0"})
    world = World(1, Script(1, (made,), (lost,), {"search_lag": "1"}))
    world.turn(0)
    for _ in range(2):
        world.clock.advance(2.1)
        world.work(lambda: world.runner().turn())
    world.calm()
    played = world.played()
    assert (played.broken, played.bitten.get(21, 0) > 0, played.bitten[7]) == ((), True, 1)
    assert len(world.side("a").records("party")) == 1


@pytest.mark.parametrize("fault", ON_FAKES)
def test_so_does_every_fault_that_only_the_invented_vendors_have(fault: int) -> None:
    for seed in range(300):
        played = engine.world(seed)
        assert played.broken == (), f"seed {seed}: {played.broken[0]}"
        if played.bitten.get(fault):
            return
    raise AssertionError(f"{CATALOGUE[fault].name} never happened")


@pytest.mark.parametrize(("fault", "code"), ((42, "store-corrupt"), (48, "store-newer")))
def test_a_file_that_is_spoiled_or_of_a_newer_version_is_refused_and_left_alone(fault: int, code: str, tmp_path: Path) -> None:
    assert fault in ON_FILES
    with Store.open(tmp_path, least_room=0) as store, store.write() as conn:
        if fault == 48:
            conn.exec_driver_sql(f"pragma user_version = {SCHEMA_VERSION + 1}")
    (path,) = tmp_path.glob("*.db")
    if fault == 42:
        body = bytearray(path.read_bytes())
        for page in range(1, len(body) // 4096):
            body[page * 4096 : page * 4096 + 40] = b"\xff" * 40
        path.write_bytes(bytes(body))
        (tmp_path / "unclean").touch()
    before = path.read_bytes()
    with pytest.raises(StoreRefused) as refused:
        Store.open(tmp_path, least_room=0)
    assert refused.value.code == code
    assert path.read_bytes() == before

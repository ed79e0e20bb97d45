"""At least 45 of the 50 faults are switches that bite: it happened, and what had to hold held. The others are named, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.faults import CATALOGUE
from tests.storm.levels import engine
from tests.storm.world import play
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused
from unisono.store.tables import SCHEMA_VERSION

WORLDS, ENGINES = 260, 120
IN_WORLDS = sorted(n for n, fault in CATALOGUE.items() if not fault.not_here and fault.how not in ("file", "fakes"))
ON_FAKES = sorted(n for n, fault in CATALOGUE.items() if fault.how == "fakes")
ON_FILES = sorted(n for n, fault in CATALOGUE.items() if fault.how == "file")


def test_all_but_five_faults_are_switches_and_the_five_have_a_reason() -> None:
    absent = {n: fault.not_here for n, fault in CATALOGUE.items() if fault.not_here}
    assert len(IN_WORLDS) + len(ON_FAKES) + len(ON_FILES) == 50 - len(absent) >= 45
    assert all(len(reason) > 20 for reason in absent.values())


def test_every_fault_of_the_world_happens_and_nothing_is_broken_by_it() -> None:
    left, seed = set(IN_WORLDS), 0
    while left and seed < WORLDS:
        seed += 1
        played = play(seed)
        if left & played.bitten.keys():
            assert played.broken == (), seed
            left -= played.bitten.keys()
    assert left == set()


def test_so_does_every_fault_that_only_the_invented_vendors_have() -> None:
    left, seed = set(ON_FAKES), 0
    while left and seed < ENGINES:
        seed += 1
        played = engine.world(seed)
        if left & played.bitten.keys():
            assert played.broken == (), seed
            left -= played.bitten.keys()
    assert left == set()


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

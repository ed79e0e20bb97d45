"""A backup is one file, made while others work, whole or not there; restored into either database, with every pair unsure."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from tests.support.stores import FILE, MEMORY, POSTGRESQL, opened, with_a_pair
from unisono.model.secret import Secret
from unisono.store import lanes, pairs, people, secrets
from unisono.store.backup import back_up, look_into, restore
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused
from unisono.store.tables import history, lane, pace, pair

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def told(store: Store) -> list[str]:
    with store.read() as conn:
        return sorted(note["label"] for note in pairs.notes(conn, "p"))


def tell(store: Store, label: str) -> None:
    with store.write() as conn:
        pairs.note(conn, "p", "party", "a:party:1", "linked", {}, label, NOW)


def test_what_was_there_at_the_backup_is_back_and_what_came_later_is_gone(store: Store, tmp_path: Path) -> None:
    with_a_pair(store)
    tell(store, "before")
    kept = back_up(store, tmp_path / "kept.db", NOW)
    assert (kept.rows["history"], kept.made_at) == (1, "2026-03-02T09:00:00.000Z")
    tell(store, "after")
    assert told(store) == ["after", "before"]
    restore(store, tmp_path / "kept.db")
    assert told(store) == ["before"]
    tell(store, "again")  # ids go on behind those that were put in
    assert told(store) == ["again", "before"]


@pytest.mark.parametrize(("from_kind", "to_kind"), ((FILE, POSTGRESQL), (POSTGRESQL, MEMORY), (MEMORY, FILE)))
def test_a_backup_goes_from_any_database_into_any_other(from_kind: str, to_kind: str, tmp_path: Path) -> None:
    with opened(from_kind, tmp_path / "one") as store:
        with_a_pair(store)
        tell(store, "before")
        back_up(store, tmp_path / "kept.db", NOW)
    with opened(to_kind, tmp_path / "two") as other:
        restore(other, tmp_path / "kept.db")
        assert told(other) == ["before"]
        with other.read() as conn:
            assert conn.execute(select(pair.c.unsure)).scalar() == 1


def test_a_restored_pair_is_unsure_and_who_still_works_loses_its_lane(store: Store, tmp_path: Path) -> None:
    with_a_pair(store)
    back_up(store, tmp_path / "kept.db", NOW)
    with store.write() as conn:
        epoch = lanes.take_lane(conn, "pair:p", "old", NOW, 300)
        conn.execute(insert(pace).values(scope="s", state="counted", at="2026-03-02T09:00:00.000Z"))
    assert epoch == 1
    restore(store, tmp_path / "kept.db")
    with store.write() as conn, pytest.raises(lanes.LostLane):
        lanes.check_epoch(conn, "pair:p", epoch)
    with store.read() as conn:
        assert conn.execute(select(lane.c.epoch)).scalar_one() > epoch
        assert conn.execute(select(pair.c.unsure)).scalar_one() == 1
        assert conn.execute(select(pace.c.state)).scalar_one() == "counted"  # what the vendors counted stays true


def test_the_key_is_never_inside_and_the_login_opens_after_restoring(store: Store, tmp_path: Path) -> None:
    ring = secrets.KeyRing(tmp_path / "key")
    with_a_pair(store)
    with store.write() as conn:
        secrets.put_secret(conn, ring, "crm", "api_key", Secret("a-very-secret-key"), NOW)
    back_up(store, tmp_path / "kept.db", NOW)
    held = (tmp_path / "kept.db").read_bytes()
    assert b"a-very-secret-key" not in held
    assert (tmp_path / "key").read_bytes().strip() not in held
    assert (tmp_path / "kept.db").stat().st_mode & 0o777 == 0o600
    with Store.open(tmp_path / "new", least_room=0) as other:
        restore(other, tmp_path / "kept.db")
        with other.read() as conn:
            assert secrets.get_secret(conn, ring, "crm", "api_key") == Secret("a-very-secret-key")


def test_whoever_signed_in_before_the_backup_and_out_since_does_not_come_back_with_it(store: Store, tmp_path: Path) -> None:
    with store.write() as conn:
        people.add_user(conn, "u", "anna", "Anna", "hash", "admin", None, "de", NOW)
        for number, kind in enumerate(("browser", "program")):
            people.open_session(conn, f"s{number}", f"secret-{number}", "u", NOW, LATER, kind=kind, name="desk")
    back_up(store, tmp_path / "kept.db", NOW)
    with store.write() as conn:
        before = [people.session_of(conn, f"secret-{number}", NOW) is not None for number in range(2)]
        people.close_sessions(conn, "u")
    restore(store, tmp_path / "kept.db")
    with store.read() as conn:
        assert before == [True, True]
        assert [people.session_of(conn, f"secret-{number}", NOW) for number in range(2)] == [None, None]
        assert people.get_user(conn, "u").login == "anna", "the user is back"


def test_an_existing_file_is_not_written_over(store: Store, tmp_path: Path) -> None:
    (tmp_path / "kept.db").write_text("mine")
    with pytest.raises(StoreRefused) as refused:
        back_up(store, tmp_path / "kept.db", NOW)
    assert refused.value.code == "backup-exists"
    assert (tmp_path / "kept.db").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "code"), ((b"", "backup-is-none"), (b"no database at all" * 100, "backup-is-none"), (None, "backup-missing"))
)
def test_a_file_that_is_no_backup_is_refused_and_nothing_is_changed(content: bytes | None, code: str, store: Store, tmp_path: Path) -> None:
    with_a_pair(store)
    tell(store, "mine")
    if content is not None:
        (tmp_path / "odd").write_bytes(content)
    with pytest.raises(StoreRefused) as refused:
        restore(store, tmp_path / "odd")
    assert (refused.value.code, refused.value.values["place"]) == (code, str(tmp_path / "odd"))
    assert told(store) == ["mine"]


def test_a_database_of_another_program_is_no_backup(store: Store, tmp_path: Path) -> None:
    with_a_pair(store)
    with closing(sqlite3.connect(tmp_path / "other.db")) as conn:
        conn.execute("create table customer (id integer primary key)")
    with pytest.raises(StoreRefused) as refused:
        restore(store, tmp_path / "other.db")
    assert (refused.value.code, refused.value.values["place"]) == ("backup-is-none", str(tmp_path / "other.db"))


def test_a_folder_that_is_not_there_is_not_made(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused) as refused:
        back_up(store, tmp_path / "typo" / "kept.db", NOW)
    assert (refused.value.code, refused.value.values) == ("backup-no-folder", {"place": str(tmp_path / "typo")})
    assert not (tmp_path / "typo").exists()


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", least_room=0) as store:
        back_up(store, tmp_path / "kept.db", NOW)
    with sqlite3.connect(tmp_path / "kept.db") as conn:
        conn.execute("pragma user_version = 99")
    conn.close()
    with pytest.raises(StoreRefused) as refused:
        look_into(tmp_path / "kept.db")
    assert refused.value.code == "store-newer"


def test_a_torn_backup_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", least_room=0) as store:
        with_a_pair(store)
        for n in range(2000):
            tell(store, f"line {n} " * 20) if n % 500 == 0 else None
        back_up(store, tmp_path / "kept.db", NOW)
        whole = (tmp_path / "kept.db").read_bytes()
        (tmp_path / "kept.db").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(StoreRefused) as refused:
            restore(store, tmp_path / "kept.db")
        assert (refused.value.code, refused.value.values["place"]) == ("backup-damaged", str(tmp_path / "kept.db"))
        assert len(told(store)) == 4


def test_a_backup_is_made_while_another_writes(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", least_room=0) as store, Store.open(tmp_path / "data", least_room=0) as other:
        with_a_pair(store)
        with other.write() as conn:
            pairs.note(conn, "p", "party", "a:party:1", "linked", {}, "not yet there", NOW)
            kept = back_up(store, tmp_path / "kept.db", NOW)
        assert kept.rows["history"] == 0
        with store.read() as conn:
            assert conn.execute(select(func.count()).select_from(history)).scalar_one() == 1

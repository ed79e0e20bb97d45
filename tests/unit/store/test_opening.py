"""Opening a store: what is made, what is looked over, and each refusal with what a person needs to know."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text, update

from tests.support import postgres
from tests.support.stores import with_a_pair
from unisono.store.doors import Store
from unisono.store.folder import DATABASE, hold
from unisono.store.refused import StoreRefused, from_database
from unisono.store.tables import SCHEMA_VERSION, firm, meta, metadata, pair

SRC = Path(__file__).resolve().parents[3] / "src"


def refusal(action: Callable[[], object]) -> StoreRefused:
    with pytest.raises(StoreRefused) as told:
        action()
    return told.value


def opening(folder: Path | str, least_room: int = 0) -> StoreRefused:
    return refusal(lambda: Store.open(folder, least_room=least_room).close())


def filled(folder: Path) -> Path:
    """A closed store with a pair and enough rows for several pages; its database file."""
    with Store.open(folder, least_room=0) as store:
        with_a_pair(store)
        with store.write() as conn:
            conn.execute(insert(firm), [{"id": f"f{n:04}", "name": "x" * 200, "created_at": ""} for n in range(500)])
    return folder / DATABASE


# What is made


def test_a_new_folder_and_its_database_belong_to_the_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Store.open(tmp_path / "new" / "data", least_room=0) as store, store.write() as conn:
            conn.execute(insert(firm).values(id="f", name="x", created_at=""))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "data").iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    assert {DATABASE, f"{DATABASE}-wal", "counter", "unclean"} <= set(modes)
    assert {name for name, mode in modes.items() if mode & 0o077} == set()


def test_a_file_is_kept_durably_and_its_readers_do_not_block(tmp_path: Path) -> None:
    with Store.open(tmp_path, least_room=0) as store, store.write() as conn:
        settings = [
            conn.exec_driver_sql(f"pragma {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert settings == ["wal", 2, 1, 5000]


def words(database: sqlite3.Connection) -> list[str]:
    """Every table and index in SQLite's own words, but for the migrations' table."""
    found = database.execute("select sql from sqlite_master where sql is not null and tbl_name <> 'alembic_version'")
    return sorted(" ".join(row[0].split()) for row in found)


def test_a_new_database_is_word_for_word_what_the_tables_say(tmp_path: Path) -> None:
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    metadata.create_all(plain)
    plain.dispose()
    Store.open(tmp_path / "data", least_room=0).close()
    with closing(sqlite3.connect(tmp_path / "plain.db")) as of_tables, closing(sqlite3.connect(tmp_path / "data" / DATABASE)) as made:
        wanted = words(of_tables)
        assert words(made) == wanted
    with Store.open(":memory:") as store, store.read() as conn:
        in_memory = conn.connection.driver_connection
        assert isinstance(in_memory, sqlite3.Connection)
        assert words(in_memory) == wanted
        assert (conn.exec_driver_sql("pragma user_version").scalar(), conn.exec_driver_sql("pragma foreign_keys").scalar()) == (
            SCHEMA_VERSION,
            1,
        )
    assert len(wanted) > 30


def test_stores_in_memory_begin_empty_and_know_nothing_of_each_other() -> None:
    with Store.open(":memory:") as one, Store.open(":memory:") as two:
        with_a_pair(one)
        with Store.open(":memory:") as three, three.read() as conn:
            assert conn.execute(select(pair.c.id)).all() == []
        with two.read() as conn:
            assert conn.execute(select(pair.c.id)).all() == []
        with one.read() as conn:
            assert conn.execute(select(pair.c.id)).scalar_one() == "p"


def test_what_was_written_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    filled(tmp_path)
    assert not (tmp_path / f"{DATABASE}-wal").exists(), "everything is folded into the one file"
    with Store.open(tmp_path, least_room=0) as store, store.read() as conn:
        assert conn.execute(select(pair.c.id)).scalar_one() == "p"


def test_opening_once_more_writes_nothing(tmp_path: Path) -> None:
    database = filled(tmp_path)
    before = database.read_bytes()
    Store.open(tmp_path, least_room=0).close()
    assert database.read_bytes() == before


def test_starting_loads_nothing_that_is_needed_later_only() -> None:
    program = (
        "import sys, unisono.store.secrets, unisono.store.pace, unisono.store.lanes; from unisono.store.doors import Store;"
        "Store.open(':memory:').close();"
        "print([name for name in ('alembic', 'sqlalchemy.orm', 'cryptography', 'psycopg', 'pycurl', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Refusals


def test_a_database_newer_than_the_program_is_left_alone(tmp_path: Path) -> None:
    database = filled(tmp_path)
    with closing(sqlite3.connect(database)) as raw:
        raw.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    before = database.read_bytes()
    told = opening(tmp_path)
    assert (told.code, told.values["found"], told.values["known"]) == ("store-newer", str(SCHEMA_VERSION + 1), str(SCHEMA_VERSION))
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("Dear diary, " * 100)
    told = opening(tmp_path)
    assert (told.code, told.values["place"]) == ("store-no-database", str(tmp_path / DATABASE))
    assert (tmp_path / DATABASE).read_text().startswith("Dear diary")


def test_another_program_s_database_is_not_touched(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
        raw.execute("create table diary (day text)")
    assert opening(tmp_path).code == "store-foreign"
    with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
        assert raw.execute("select name from sqlite_master").fetchall() == [("diary",)]


def test_damage_is_found_at_the_start_after_a_crash_and_again_at_the_next(tmp_path: Path) -> None:
    database = filled(tmp_path)
    damaged = bytearray(database.read_bytes())
    at = damaged.index(b"x" * 200) // 4096 * 4096
    damaged[at : at + 64] = bytes(range(64))
    database.write_bytes(damaged)
    (tmp_path / "unclean").touch()
    told = opening(tmp_path)
    assert told.code == "store-corrupt"
    assert told.values["place"] == str(database)
    assert opening(tmp_path).code == "store-corrupt", "trying again does not make it whole"


def test_a_cut_off_database_is_refused_without_a_crash_before(tmp_path: Path) -> None:
    database = filled(tmp_path)
    os.truncate(database, 4096)
    assert opening(tmp_path).code == "store-corrupt"


def test_a_file_where_the_folder_should_be_is_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    told = opening(tmp_path / "data")
    assert (told.code, told.values) == ("store-not-writable", {"place": str(tmp_path / "data"), "reason": "File exists"})


@contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may write anywhere: be nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_without_the_right_to_write_is_told_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    filled(folder)
    folder.chmod(0o500)
    with as_an_ordinary_user():
        told = opening(folder)
    folder.chmod(0o700)
    assert (told.code, told.values["reason"]) == ("store-not-writable", "Permission denied")


def test_a_full_disk_is_noticed_before_the_start(tmp_path: Path) -> None:
    told = opening(tmp_path, least_room=10**18)
    assert (told.code, told.values["needed"]) == ("store-full", str(10**18))
    assert int(told.values["free"]) < 10**18


def test_a_disk_that_fills_up_later_undoes_the_whole_write(tmp_path: Path) -> None:
    rows = [{"id": f"f{n:04}", "name": "x" * 500, "created_at": ""} for n in range(500)]

    def write_too_much() -> None:
        with store.write() as conn:
            conn.exec_driver_sql("pragma max_page_count = 10")  # SQLite then answers as on a full disk
            conn.execute(insert(firm), rows)

    with Store.open(tmp_path, least_room=0) as store:
        told = refusal(write_too_much)
        with store.read() as conn:
            assert conn.execute(select(firm.c.id)).all() == []
    assert (told.code, told.values["reason"]) == ("store-full", "database or disk is full")


def test_a_writer_that_never_gets_its_turn_is_told_that_the_store_is_busy(tmp_path: Path) -> None:
    """With a time-out of none instead of five seconds."""
    database = filled(tmp_path)
    impatient = create_engine(f"sqlite:///{database}", connect_args={"timeout": 0, "isolation_level": None})
    with closing(sqlite3.connect(database, isolation_level=None)) as other, impatient.connect() as conn:
        other.execute("begin immediate")
        with pytest.raises(Exception, match="locked") as error:
            conn.exec_driver_sql("begin immediate")
    impatient.dispose()
    told = from_database(error.value, "here")  # type: ignore[arg-type]
    assert told is not None
    assert told.code == "store-busy"


# One process runs lanes

HOLDS = (
    "import sys, pathlib; from unisono.store.folder import hold; h = hold(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
)


@pytest.mark.kill
def test_a_second_process_is_told_who_has_the_folder_until_that_one_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], env={"PYTHONPATH": str(SRC)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        told = refusal(lambda: hold(tmp_path))
        first.kill()
    assert (told.code, told.values) == ("store-in-use", {"place": str(tmp_path), "pid": str(first.pid)})
    hold(tmp_path).release()


def test_a_folder_can_be_held_again_after_release_but_not_twice(tmp_path: Path) -> None:
    with hold(tmp_path):
        assert refusal(lambda: hold(tmp_path)).values["pid"] == str(os.getpid())
    with hold(tmp_path):
        pass


def test_only_a_folder_is_held(store: Store) -> None:
    held = store.hold()
    assert (held is not None) == (store.folder is not None)
    if held:
        held.release()


# After a crash


def test_the_mark_of_a_crash_goes_away_with_a_clean_end(tmp_path: Path) -> None:
    filled(tmp_path)
    assert not (tmp_path / "unclean").exists()
    (tmp_path / "unclean").touch()
    with Store.open(tmp_path, least_room=0):
        assert (tmp_path / "unclean").exists()
    assert not (tmp_path / "unclean").exists()


def test_the_first_of_two_to_close_leaves_the_mark_to_the_other(tmp_path: Path) -> None:
    one = Store.open(tmp_path, least_room=0)
    two = Store.open(tmp_path, least_room=0)
    one.close()
    assert (tmp_path / "unclean").exists()
    two.close()
    two.close()
    assert not (tmp_path / "unclean").exists()


DIES = """
import os, pathlib, signal, sys
from sqlalchemy import insert
from unisono.store.doors import Store
from unisono.store.tables import firm
store = Store.open(pathlib.Path(sys.argv[1]), least_room=0)
with store.write() as conn:
    conn.execute(insert(firm).values(id="kept", name="x", created_at=""))
with store.write() as conn:
    conn.execute(insert(firm).values(id="lost", name="x", created_at=""))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.kill
def test_a_process_killed_inside_a_write_leaves_what_it_had_committed(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], env={"PYTHONPATH": str(SRC)}, check=False)
    assert died.returncode == -9
    assert (tmp_path / "unclean").exists()
    with Store.open(tmp_path, least_room=0) as store, store.read() as conn:
        assert conn.execute(select(firm.c.id)).scalars().all() == ["kept"]
        assert not store.unsure


# A restored database


def unsure_pairs(store: Store) -> list[int]:
    with store.read() as conn:
        return list(conn.scalars(select(pair.c.unsure)))


def test_yesterday_s_database_makes_its_pairs_unsure_once(tmp_path: Path) -> None:
    folder, backup = tmp_path / "data", tmp_path / "backup.db"
    shutil.copy(filled(folder), backup)
    with Store.open(folder, least_room=0) as store, store.counted() as conn:
        conn.execute(update(pair).values(told='{"later": "1"}'))

    shutil.copy(backup, folder / DATABASE)
    with Store.open(folder, least_room=0) as store:
        assert (store.unsure, unsure_pairs(store)) == (True, [1])
        with store.write() as conn:
            conn.execute(update(pair).values(unsure=0))  # a whole pull has ended
    with Store.open(folder, least_room=0) as store:
        assert (store.unsure, unsure_pairs(store)) == (False, [0])


def test_a_database_without_its_counter_is_unsure_too(tmp_path: Path) -> None:
    filled(tmp_path)
    with Store.open(tmp_path, least_room=0) as store, store.counted():
        pass
    (tmp_path / "counter").unlink()
    with Store.open(tmp_path, least_room=0) as store:
        assert (store.unsure, unsure_pairs(store)) == (True, [1])
    with Store.open(tmp_path, least_room=0) as store:
        assert not store.unsure


def test_a_database_that_was_lost_and_begun_anew_is_unsure(tmp_path: Path) -> None:
    with Store.open(tmp_path, least_room=0) as store, store.counted():
        pass
    (tmp_path / DATABASE).unlink()
    with Store.open(tmp_path, least_room=0) as store:
        assert store.unsure


def test_a_crash_between_commit_and_counter_is_no_restore(tmp_path: Path) -> None:
    with Store.open(tmp_path, least_room=0) as store:
        with store.counted():
            pass
        before = (tmp_path / "counter").read_bytes()
        with store.counted():
            pass
    (tmp_path / "counter").write_bytes(before)
    with Store.open(tmp_path, least_room=0) as store:
        assert not store.unsure


def test_a_group_that_was_undone_is_not_counted(tmp_path: Path) -> None:
    def undone() -> None:
        with store.counted():
            raise ZeroDivisionError

    with Store.open(tmp_path, least_room=0) as store:
        with store.counted():
            pass
        with pytest.raises(ZeroDivisionError):
            undone()
        with store.read() as conn:
            assert conn.execute(select(meta.c.value).where(meta.c.name == "counter")).scalar_one() == "1"
    assert int((tmp_path / "counter").read_text()) == 1


# PostgreSQL


@pytest.mark.postgres
def test_a_newer_or_a_foreign_postgresql_database_is_refused() -> None:
    with postgres.database() as address:
        engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as conn:
            conn.execute(text("create table diary (day text)"))
        assert opening(address).code == "store-foreign"
        with engine.begin() as conn:
            conn.execute(text("drop table diary"))
        Store.open(address).close()
        with engine.begin() as conn:
            conn.execute(update(meta).where(meta.c.name == "schema_version").values(value="99"))
        told = opening(address)
        engine.dispose()
    assert (told.code, told.values["found"]) == ("store-newer", "99")


@pytest.mark.postgres
def test_a_postgresql_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    told = opening(f"postgresql://unisono:hunter2secret@/books?host={tmp_path}")
    assert (told.code, told.values["place"]) == ("store-unreachable", f"{tmp_path}/books")
    assert "hunter2secret" not in str(told)


@pytest.mark.parametrize("address", ("mysql://me:hunter2secret@host/books", "postgresql://me:hunter2secret@host:port/books"))
def test_an_address_that_is_none_of_postgresql_is_refused_without_repeating_it(address: str) -> None:
    told = opening(address)
    assert told.code == "store-address"
    assert "hunter2secret" not in str(told)

"""Backup and restore: one SQLite file, the same from either database and into either. The key file is never in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, Table, delete, func, insert, inspect, select, text, update

from unisono.store.doors import Store
from unisono.store.folder import DATABASE
from unisono.store.refused import StoreRefused, from_system
from unisono.store.stamps import stamp
from unisono.store.tables import attempt, connection, invitation, lane, meta, metadata, notice, pace, pair, session, spent

MADE_AT = "backup_at"
"""The row of ``meta`` that says when a backup was made."""
PORTION = 500
_KEPT = ("schema_version", "counter")
"""Rows of ``meta`` that belong to a database and not to its contents."""


_NEVER_BACK = (session, attempt, invitation, spent)
"""What ended since the backup must not come to life again: everybody signs in anew, programs get new keys, codes are void."""
_AS_IT_IS = (notice,)
"""Who was told what today stays true, whatever is restored: nobody is told a second time."""


class Kept(Struct, frozen=True):
    """What a backup holds: rows by table, and when it was made."""

    made_at: str
    rows: dict[str, int]


def back_up(store: Store, path: Path, now: datetime) -> Kept:
    """Writes everything into a new file while others go on working; whole and checked, or not there at all.

    Raises ``StoreRefused``: ``backup-exists``, ``backup-no-folder``, ``store-full``, ``store-not-writable``, ``store-corrupt``.
    """
    if path.exists():
        raise StoreRefused("backup-exists", {"place": str(path)})
    if not path.parent.is_dir():
        # Made here, a slip of the pen would become a folder that nobody looks into.
        raise StoreRefused("backup-no-folder", {"place": str(path.parent)})
    beside = path.with_name(path.name + ".part")
    try:
        beside.unlink(missing_ok=True)
        os.close(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if store.dialect == "sqlite":
            _copy_pages(store, beside)
        else:
            _copy_rows(store, beside)
        kept = _finish(beside, now)
        _on_disk(beside)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise from_system(error, str(path)) from error
    except sqlite3.Error as error:
        beside.unlink(missing_ok=True)
        raise StoreRefused("store-not-writable", {"place": str(path), "reason": str(error)}) from error
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return kept


def look_into(path: Path) -> Kept:
    """What a backup holds. Raises ``StoreRefused``: ``backup-missing``, ``backup-is-none``, ``backup-damaged``, or what opening a store may."""
    with tempfile.TemporaryDirectory(prefix="unisono-") as folder, _opened(path, Path(folder)) as store, store.read() as conn:
        return _kept(conn)


def restore(store: Store, path: Path) -> Kept:
    """Puts a backup's contents in place of the store's, all or nothing. An older version's backup is brought up to date on the way.

    Every pair is unsure afterwards: it reads both sides whole and looks before each create, since nobody knows what was made after the
    backup. Who still works with the old contents loses its lane, and everybody has to sign in again. Raises ``StoreRefused``; nothing is changed
    then.
    """
    with tempfile.TemporaryDirectory(prefix="unisono-") as folder, _opened(path, Path(folder)) as source:
        return _replace(store, source)


def _replace(store: Store, source: Store) -> Kept:
    with source.read() as old, store.write() as new:
        epochs = {row.name: row.epoch for row in new.execute(select(lane.c.name, lane.c.epoch))}
        paced = bool(new.execute(select(pace.c.scope).limit(1)).first())
        for table in reversed(metadata.sorted_tables):
            if table is meta:
                new.execute(delete(meta).where(meta.c.name.not_in(_KEPT)))
            elif table not in _AS_IT_IS and (table is not pace or not paced):
                # What the vendors have counted by now is truer than what they had counted at the backup.
                new.execute(delete(table))
        for table in metadata.sorted_tables:
            if table not in (*_NEVER_BACK, *_AS_IT_IS) and (table is not pace or not paced):
                _put(old, new, table)
        _count_on(new)
        _make_unsure(new, epochs)
        return _kept(old)


def _copy_pages(store: Store, path: Path) -> None:
    with store.read() as conn, closing(sqlite3.connect(path)) as target:
        source = conn.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(target, pages=1000)


def _copy_rows(store: Store, path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="unisono-", dir=path.parent) as folder:
        with Store.open(Path(folder), least_room=0) as empty, store.read() as old, empty.write() as new:
            for table in metadata.sorted_tables:
                _put(old, new, table)
        shutil.move(Path(folder) / DATABASE, path)


def _put(old: Connection, new: Connection, table: Table) -> None:
    wanted = select(table)
    if table is meta:
        wanted = wanted.where(meta.c.name.not_in(_KEPT))
    found = old.execute(wanted, execution_options={"yield_per": PORTION}).mappings()
    for some in found.partitions(PORTION):
        new.execute(insert(table), [dict(row) for row in some])


def _count_on(conn: Connection) -> None:
    """PostgreSQL counts ids beside its tables: it goes on behind the last one that was put in."""
    if conn.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            last = f'coalesce((select max({column.name}) from "{table.name}"), 0) + 1'  # noqa: S608  names of our own tables
            conn.execute(text(f"select setval(pg_get_serial_sequence('\"{table.name}\"', '{column.name}'), {last}, false)"))


def _make_unsure(conn: Connection, epochs: dict[str, int]) -> None:
    conn.execute(update(pair).values(unsure=1))
    # Everything is read whole, at once.
    conn.execute(update(connection).values(marks="{}", next_poll=""))
    known = {row.name: row.epoch for row in conn.execute(select(lane.c.name, lane.c.epoch))}
    for name in {*known, *epochs}:
        epoch = max(known.get(name, 0), epochs.get(name, 0)) + 1
        values = {"holder": "", "until": "", "epoch": epoch}
        if name in known:
            conn.execute(update(lane).where(lane.c.name == name).values(**values))
        else:
            conn.execute(insert(lane).values(name=name, **values))


def _opened(path: Path, folder: Path) -> Store:
    """A backup as a store of its own, from a copy: looking into it changes nothing."""
    if not path.is_file():
        raise StoreRefused("backup-missing", {"place": str(path)})
    try:
        shutil.copyfile(path, folder / DATABASE)
    except OSError as error:
        raise from_system(error, str(folder)) from error
    try:
        store = Store.open(folder, least_room=0)
    except StoreRefused as refused:
        values = refused.values | {"place": str(path)}
        if refused.code in ("store-no-database", "store-foreign"):
            raise StoreRefused("backup-is-none", values) from None
        raise StoreRefused("backup-damaged" if refused.code == "store-corrupt" else refused.code, values) from None
    with store.read() as conn:
        known = conn.execute(select(meta.c.value).where(meta.c.name == MADE_AT)).scalar()
    if known is None:
        store.close()
        raise StoreRefused("backup-is-none", {"place": str(path)})
    return store


def _finish(path: Path, now: datetime) -> Kept:
    """Notes when it was made and looks it over, in one file without a journal beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("pragma journal_mode = delete")
        conn.execute("delete from meta where name = ?", (MADE_AT,))
        conn.execute("insert into meta (name, value) values (?, ?)", (MADE_AT, stamp(now)))
        found = [row[0] for row in conn.execute("pragma quick_check(3)")]
        if found != ["ok"]:
            raise StoreRefused("store-corrupt", {"place": str(path), "found": "; ".join(found)})
        names = [table.name for table in metadata.sorted_tables if table is not meta]
        counts = {name: int(conn.execute(f'select count(*) from "{name}"').fetchone()[0]) for name in names}  # noqa: S608
    return Kept(stamp(now), counts)


def _kept(conn: Connection) -> Kept:
    made = conn.execute(select(meta.c.value).where(meta.c.name == MADE_AT)).scalar() or ""
    there = set(inspect(conn).get_table_names())
    names = [table for table in metadata.sorted_tables if table is not meta and table.name in there]
    return Kept(made, {t.name: int(conn.execute(select(func.count()).select_from(t)).scalar_one()) for t in names})


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What keeps an installation: undo, backup and restore, new keys, a person's data taken away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from sqlalchemy import select

from unisono.engine.batch import LEASE
from unisono.engine.undo import Scope, Undoing, look, undo
from unisono.model.record import Kind, label_of
from unisono.store import erase as erasing
from unisono.store import lanes, pairs, secrets, seen
from unisono.store.backup import Kept, back_up, look_into, restore
from unisono.store.folder import need_room
from unisono.store.refused import StoreRefused
from unisono.store.tables import secret as secret_table
from unisono.wiring.house import House

MOST_WAITS = 500
"""How often an undo waits for the vendors' pace before it gives up; each wait is at most an hour."""


class LaneBusy(ValueError):
    """Another process works on this pair at the moment. ``args[0]`` is the pair."""


def take_back(
    house: House, pair_id: str, scope: Scope, by: str, *, dry: bool = False, alone: bool = True, undoing: Undoing | None = None
) -> Undoing:
    """Undoes a scope, or with ``dry`` only shows what that would do. Waits through the clock where a vendor asks for patience.

    ``undoing`` is one of the caller's, who looks on meanwhile. Raises ``NothingWritten``, ``LaneBusy``, ``SystemFault``.
    """
    undoing = undoing or Undoing(scope, by=by)
    if dry:
        return look(house.pairing(pair_id), house.hands(), undoing)
    for _ in range(MOST_WAITS):
        with house.store.write() as conn:
            epoch = lanes.take_lane(conn, f"pair:{pair_id}", by, house.clock.now(), LEASE, may_take_over=alone)
        if epoch is None:
            raise LaneBusy(pair_id)
        try:
            undo(house.pairing(pair_id, epoch=epoch), house.hands(), undoing)
        finally:
            with house.store.write() as conn:
                lanes.release_lane(conn, f"pair:{pair_id}", epoch)
        if undoing.again is None:
            break
        house.clock.sleep(max((undoing.again - house.clock.now()).total_seconds(), 0.1))
    return undoing


def keep(house: House, path: Path) -> Kept:
    """A backup; may be made while others work. The key file is not in it."""
    return back_up(house.store, path, house.clock.now())


def put_back(house: House, path: Path, by: str) -> tuple[Kept, Path | None, list[str]]:
    """Restores a backup in place of what is there, which is backed up beside the database before.

    Returns what was restored, where the contents until now lie, and the logins that have to be entered again (``closed_logins``), because
    the key file does not open what the backup holds.
    """
    look_into(path)  # nothing is touched for a file that is no backup
    spare = None
    with house.store.read() as conn:
        empty = not pairs.firms(conn)
    if not empty and house.store.folder is not None:
        need_room(house.store.folder, 2 * path.stat().st_size)
        begin = f"before-restore-{house.clock.now():%Y%m%d-%H%M%S}"
        # Two restores within a second each keep what they replaced.
        names = (f"{begin}.db", *(f"{begin}-{n}.db" for n in range(2, 100)))
        spare = next(place for name in names if not (place := house.store.folder / name).exists())
        back_up(house.store, spare, house.clock.now())
    kept = restore(house.store, path)
    with house.store.write() as conn:
        for row in pairs.pairs(conn):
            told = {"made": kept.made_at}
            pairs.note(conn, row.id, "pair", row.id, "restored", told, row.name, house.clock.now(), by)
    for connection_id in closed_logins(house):
        house.forget_system(connection_id)
    return kept, spare, closed_logins(house)


def closed_logins(house: House) -> list[str]:
    """What the key file does not open: connections by id, and secrets of the house by name (``mail``, ``oidc``, ``channel:...``)."""
    out = []
    with house.store.read() as conn:
        rows = conn.execute(select(secret_table.c.connection, secret_table.c.field)).all()
        for row in rows:
            try:
                secrets.get_secret(conn, house.ring, row.connection, row.field)
            except StoreRefused:
                out.append(row.connection)
        for name in secrets.sealed_names(conn):
            try:
                secrets.get_sealed(conn, house.ring, name)
            except StoreRefused:
                out.append(name)
    return sorted(set(out))


def rotate_keys(house: House) -> int:
    """Encrypts every stored secret with a new key; how many. The vendors' own keys are replaced with ``unisono connect --replace``."""
    with house.store.read() as conn:
        any_stored = conn.execute(select(secret_table.c.connection).limit(1)).first() or secrets.sealed_names(conn)
    if not any_stored:
        return 0
    return secrets.rotate(house.store, house.ring, house.clock.now())


def erase(house: House, pair_id: str, whom: str, by: str, *, dry: bool = False) -> erasing.Erased:
    """Takes a person's data out of our tables; ``whom`` is a record or an e-mail address. Raises ``ValueError`` for neither."""
    now = house.clock.now()
    if dry:
        with house.store.read() as conn:
            return erasing.erase(conn, pair_id, whom, now, dry=True)
    with house.store.write() as conn:
        out = erasing.erase(conn, pair_id, whom, now)
        if out.subjects:
            # That it was done, when and by whom is kept; about whom is not.
            pairs.note(conn, pair_id, "pair", pair_id, "erased", {"count": str(len(out.subjects))}, "", now, by)
    return out


def labels(house: House, pair_id: str, records: Sequence[str]) -> list[tuple[str, str]]:
    """What people call some records, (record, label): by what was seen of them last; a record that is gone is its own name."""
    out = []
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        for record in records:
            side, kind, key = record.split(":", 2)
            known = seen.get_many(conn, row.a if side == "a" else row.b, cast(Kind, kind), [key]).get(key)
            out.append((record, label_of(known.record) if known is not None else record))
    return out

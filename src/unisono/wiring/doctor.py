"""The doctor: what is exposed, which keys are old, which doors stand open, whether clocks agree, both sides can be reached, the store is whole."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import select, text

from unisono.model.errors import LoginRefused, SystemFault
from unisono.store import asking, inbox, notices, pairs, secrets
from unisono.store.pairs import ConnectionRow, PairRow
from unisono.store.refused import StoreRefused
from unisono.store.stamps import instant
from unisono.store.tables import secret as secret_table
from unisono.wiring.house import House

OLD_KEY = timedelta(days=365)
SKEW = timedelta(minutes=2)
ROOM = 256 * 1024 * 1024

Level = Literal["ok", "look", "refused", "unreachable", "broken"]
"""``look``: a person should; the others say what kind of trouble it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``code`` is a catalogue code."""

    level: Level
    code: str
    values: dict[str, str] = field(default_factory=dict)


def examine(house: House, *, ask: bool = True) -> list[Finding]:
    """Looks at everything; ``ask=False`` leaves the vendors alone. Two cheap calls for each connection, nothing is written."""
    out = [*_files(house), *_store(house)]
    with house.store.read() as conn:
        connections, found = pairs.connections(conn), pairs.pairs(conn)
    for connection in connections:
        out += _keys(house, connection)
        if ask:
            out += _reach(house, connection)
        out += _doors(house, connection)
    for pair in found:
        out += _pair(house, pair)
    return [*out, *_house_secrets(house), *_notices(house)]


def _files(house: House) -> Iterator[Finding]:
    key, folder = house.ring.path, house.store.folder
    if key.exists():
        yield (
            Finding("look", "doctor-key-file-open", {"place": str(key)})
            if _shared(key)
            else Finding("ok", "doctor-key-file", {"place": str(key)})
        )
    if folder is not None:
        place = {"place": str(folder)}
        yield Finding("look", "doctor-folder-open", place) if _shared(folder) else Finding("ok", "doctor-folder", place)
    if house.store.folder is not None:
        free = shutil.disk_usage(house.store.folder).free
        room = {"place": str(house.store.folder), "free": str(free)}
        yield Finding("look" if free < ROOM else "ok", "doctor-room-low" if free < ROOM else "doctor-room", room)
        for path in sorted(Path(house.store.folder).glob("before-restore-*.db")):
            yield Finding("look", "doctor-spare", {"place": str(path)})


def _shared(path: Path) -> bool:
    """Whether others on this machine may look into it."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _store(house: House) -> Iterator[Finding]:
    with house.store.read() as conn:
        if house.store.dialect == "sqlite":
            found = [str(row[0]) for row in conn.execute(text("pragma quick_check(3)"))]
            if found != ["ok"]:
                yield Finding("broken", "store-corrupt", {"place": str(house.store.folder), "found": "; ".join(found)})
                return
        conn.execute(select(secret_table.c.connection).limit(1))
    yield Finding("ok", "doctor-store")


def _keys(house: House, row: ConnectionRow) -> Iterator[Finding]:
    with house.store.read() as conn:
        stored = conn.execute(select(secret_table.c.field, secret_table.c.stored_at).where(secret_table.c.connection == row.id)).all()
        for one in stored:
            try:
                secrets.get_secret(conn, house.ring, row.id, one.field)
            except StoreRefused as refused:
                yield Finding("broken", refused.code, {"name": row.name, **refused.values})
                continue
            age = house.clock.now() - instant(one.stored_at)
            told = {"name": row.name, "count": str(age.days)}
            yield Finding("look" if age >= OLD_KEY else "ok", "doctor-key-old" if age >= OLD_KEY else "doctor-key", told)
    address = str(row.settings.get("api") or "")
    if address.startswith("http://"):
        yield Finding("look", "doctor-plain-http", {"name": row.name, "place": address})


def _house_secrets(house: House) -> Iterator[Finding]:
    """The password of the mail server, addresses of chats, the secret of the sign-in service."""
    with house.store.read() as conn:
        for name in secrets.sealed_names(conn):
            try:
                secrets.get_sealed(conn, house.ring, name)
            except StoreRefused as refused:
                yield Finding("broken", refused.code, {"name": name, **refused.values})


def _notices(house: House) -> Iterator[Finding]:
    """Whether people are reached when they are needed."""
    with house.store.read() as conn:
        found = notices.troubled(conn)
    if found:
        yield Finding("look", "doctor-notices", {"count": str(len(found))})


def _reach(house: House, row: ConnectionRow) -> Iterator[Finding]:
    """The login by the vendor's own check, and its clock by the first page of a list."""
    try:
        system = house.system(row)
        system.identify()
        resource = next(r.name for r in system.capabilities.resources if r.listed)
        page = next(iter(system.pages(resource)), None)
    except StoreRefused:
        return  # said with the keys
    except LoginRefused as fault:
        yield Finding("refused", fault.code, {"name": row.name, **fault.values})
        return
    except SystemFault as fault:
        yield Finding("unreachable", fault.code, {"name": row.name, **fault.values})
        return
    yield Finding("ok", "doctor-reached", {"name": row.name})
    if page is None or page.server_time is None:
        yield Finding("ok", "doctor-clock-untold", {"name": row.name})
        return
    off = page.server_time - house.clock.now()
    told = {"name": row.name, "seconds": str(abs(round(off.total_seconds())))}
    yield Finding("look" if abs(off) > SKEW else "ok", "doctor-clock-off" if abs(off) > SKEW else "doctor-clock", told)


def _doors(house: House, row: ConnectionRow) -> Iterator[Finding]:
    """The doors at which a vendor may say that something has changed; ``since`` is an instant as stored."""
    with house.store.read() as conn:
        doors = inbox.hooks(conn, row.id)
    for door in doors:
        told = {"name": row.name, "since": door.at, "refused": str(door.refused)}
        if door.state == "open":
            yield Finding("ok", "doctor-door-open", told)
        else:
            yield Finding("look", "doctor-door-asked" if door.state == "asked" else "doctor-door-ending", told)


def _pair(house: House, row: PairRow) -> Iterator[Finding]:
    with house.store.read() as conn:
        questions, problems = asking.counts(conn, row.id)
    if row.state in ("stopped", "paused"):
        yield Finding("look", "doctor-pair-rests", {"name": row.name})
    if row.unsure:
        yield Finding("look", "doctor-pair-unsure", {"name": row.name})
    told = {"name": row.name, "questions": str(questions), "problems": str(problems)}
    yield Finding("look" if questions or problems else "ok", "doctor-open" if questions or problems else "doctor-nothing-open", told)

"""Keys and tokens of vendors: encrypted in the database, with a key that lies outside the data folder and outside every backup.

AES-256-GCM, bound to system, connection and field, so that a row copied to another place opens nothing. The key file holds one key a line;
the first encrypts, all decrypt. A lost key file means that every login has to be entered again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, select

from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused, from_system
from unisono.store.stamps import stamp
from unisono.store.statements import Statement
from unisono.store.tables import connection, sealed, secret
from unisono.store.upserts import upsert

_KEY_BYTES = 32
_NONCE_BYTES = 12


def key_file(environment: Mapping[str, str], home: Path) -> Path:
    """Where the key lies: ``UNISONO_KEY_FILE``, else ``~/.config/unisono/key``."""
    named = environment.get("UNISONO_KEY_FILE")
    return Path(named) if named else home / ".config" / "unisono" / "key"


class KeyRing:
    """The keys of a file, read at first need. ``random_bytes`` must be as good as ``os.urandom``: a repeated nonce gives secrets away."""

    def __init__(self, path: Path, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self.path = path
        self._random = random_bytes
        self._keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"KeyRing({self.path})"

    def current(self, *, make: bool) -> str:
        """The id of the key that encrypts. ``make``: without a key file one is made, readable by its owner alone.

        Raises ``StoreRefused("key-missing")``, or ``key-file-unreadable`` with a reason.
        """
        if not self._keys:
            self._load(make=make)
        return next(iter(self._keys))

    def seal(self, key_id: str, plain: bytes, place: bytes) -> tuple[bytes, bytes]:
        """Nonce and sealed bytes."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 50 ms to load, needed only here

        nonce = self._random(_NONCE_BYTES)
        return nonce, AESGCM(self._keys[key_id]).encrypt(nonce, plain, place)

    def unseal(self, key_id: str, nonce: bytes, sealed: bytes, place: bytes) -> bytes | None:
        """The plain bytes; ``None`` if they were sealed for another place or were changed.

        Raises ``StoreRefused("key-unknown")`` if the file has no such key, ``key-missing`` if there is no file.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.current(make=False)
        if key_id not in self._keys:
            self._load(make=False)  # another process may have added it
        if key_id not in self._keys:
            raise StoreRefused("key-unknown", {"path": str(self.path), "key": key_id})
        try:
            return AESGCM(self._keys[key_id]).decrypt(nonce, sealed, place)
        except InvalidTag:
            return None

    def add_new(self) -> str:
        """A new key in front of the others, safely on the disk; its id."""
        self.current(make=False)
        key = self._random(_KEY_BYTES)
        self._save([key, *self._keys.values()])
        return key_id_of(key)

    def keep_only(self, key_id: str) -> None:
        """Drops the other keys from the file."""
        self._save([self._keys[key_id]])

    def _load(self, *, make: bool) -> None:
        try:
            text = self.path.read_text("ascii")
        except FileNotFoundError:
            if not make:
                raise StoreRefused("key-missing", {"path": str(self.path)}) from None
            self._save([self._random(_KEY_BYTES)])
            return
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text"
            raise StoreRefused("key-file-unreadable", {"path": str(self.path), "reason": str(reason)}) from None
        keys = []
        for number, line in enumerate(text.split(), start=1):
            try:
                key = base64.b64decode(line, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != _KEY_BYTES:
                # Not even a part of the line is told: it may be a key with one letter too few.
                raise StoreRefused("key-file-unreadable", {"path": str(self.path), "reason": f"entry {number} is not a key"}) from None
            keys.append(key)
        if not keys:
            raise StoreRefused("key-file-unreadable", {"path": str(self.path), "reason": "empty"})
        self._keys = {key_id_of(key): key for key in keys}

    def _save(self, keys: list[bytes]) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise from_system(error, str(self.path)) from error
        self._keys = {key_id_of(key): key for key in keys}


def key_id_of(key: bytes) -> str:
    """What a row calls its key by. Derived, so that a wrong key file is noticed and not taken for damage."""
    return hashlib.blake2b(key, digest_size=6, person=b"unisono-key").hexdigest()


def put_secret(conn: Connection, ring: KeyRing, connection_id: str, field: str, value: Secret, now: datetime) -> None:
    """Stores a secret of a connection, in place of an earlier one. The key file is made at first need.

    It is not made anew while secrets are stored that only a lost one opens: ``StoreRefused("key-missing")``; see ``forget``.
    """
    system = _system(conn, connection_id)
    key_id = ring.current(make=_none_stored(conn))
    nonce, body = ring.seal(key_id, value.reveal().encode(), _place(system, connection_id, field))
    row = {"connection": connection_id, "field": field, "key_id": key_id, "nonce": nonce, "body": body}
    upsert(conn, secret, [row | {"tail": value.tail(), "stored_at": stamp(now)}], keys=["connection", "field"])


def get_secret(conn: Connection, ring: KeyRing, connection_id: str, field: str) -> Secret:
    """A stored secret.

    Raises ``StoreRefused``: ``secret-missing``, ``secret-damaged`` (changed, or of another place), ``key-missing``, ``key-unknown``.
    """
    row = _SEALED.row(conn, connection=connection_id, field=field)
    if row is None:
        raise StoreRefused("secret-missing", {"connection": connection_id, "field": field})
    key_id, nonce, body = row
    return _open(ring, _system(conn, connection_id), connection_id, field, key_id, bytes(nonce), bytes(body))


def tails(conn: Connection, connection_id: str) -> dict[str, str]:
    """Which fields of a connection are stored, with the last characters to recognise them by. Needs no key."""
    return dict(_TAILS.rows(conn, connection=connection_id))


def forget(conn: Connection, connection_id: str | None = None) -> int:
    """Removes the secrets of a connection, or all of them (the key is lost: logins are entered again). How many there were."""
    gone = delete(secret)
    if connection_id is not None:
        return conn.execute(gone.where(secret.c.connection == connection_id)).rowcount
    return conn.execute(gone).rowcount + conn.execute(delete(sealed)).rowcount


def put_sealed(conn: Connection, ring: KeyRing, name: str, value: Secret, now: datetime) -> None:
    """Stores a secret of the house (of its mail server, of a chat), in place of an earlier one. As ``put_secret``."""
    key_id = ring.current(make=_none_stored(conn))
    nonce, body = ring.seal(key_id, value.reveal().encode(), _house_place(name))
    row = {"name": name, "key_id": key_id, "nonce": nonce, "body": body, "tail": value.tail(), "stored_at": stamp(now)}
    upsert(conn, sealed, [row], keys=["name"])


def get_sealed(conn: Connection, ring: KeyRing, name: str) -> Secret | None:
    """A stored secret of the house; ``None`` if there is none. Raises ``StoreRefused`` as ``get_secret`` does."""
    row = conn.execute(select(sealed).where(sealed.c.name == name)).first()
    return None if row is None else _open_sealed(ring, name, row.key_id, bytes(row.nonce), bytes(row.body))


def drop_sealed(conn: Connection, name: str) -> None:
    """Takes it away."""
    conn.execute(delete(sealed).where(sealed.c.name == name))


def sealed_names(conn: Connection) -> list[str]:
    """The names of all secrets of the house. Needs no key."""
    return list(conn.execute(select(sealed.c.name).order_by(sealed.c.name)).scalars())


def rotate(store: Store, ring: KeyRing, now: datetime) -> int:
    """Encrypts every secret with a new key and drops the old one; how many. Killed anywhere, it leaves every secret readable.

    Backups made before keep the old key's rows: after restoring one, logins are entered again.
    """
    new = ring.add_new()  # the file knows both keys from here on
    with store.write() as conn:
        wanted = select(secret, connection.c.system).join_from(secret, connection).with_for_update(of=secret)
        rows = []
        for row in conn.execute(wanted).mappings():
            plain = _open(ring, row["system"], row["connection"], row["field"], row["key_id"], bytes(row["nonce"]), bytes(row["body"]))
            nonce, body = ring.seal(new, plain.reveal().encode(), _place(row["system"], row["connection"], row["field"]))
            changed = {"key_id": new, "nonce": nonce, "body": body, "stored_at": stamp(now)}
            rows.append({name: row[name] for name in ("connection", "field", "tail")} | changed)
        upsert(conn, secret, rows, keys=["connection", "field"])
        ours = []
        for found in conn.execute(select(sealed).with_for_update()).mappings():
            plain = _open_sealed(ring, found["name"], found["key_id"], bytes(found["nonce"]), bytes(found["body"]))
            nonce, body = ring.seal(new, plain.reveal().encode(), _house_place(found["name"]))
            ours.append(dict(found) | {"key_id": new, "nonce": nonce, "body": body, "stored_at": stamp(now)})
        upsert(conn, sealed, ours, keys=["name"])
    ring.keep_only(new)
    return len(rows) + len(ours)


def _open(ring: KeyRing, system: str, connection_id: str, field: str, key_id: str, nonce: bytes, body: bytes) -> Secret:
    plain = ring.unseal(key_id, nonce, body, _place(system, connection_id, field))
    if plain is None:
        raise StoreRefused("secret-damaged", {"connection": connection_id, "field": field})
    return Secret(plain.decode())


def _open_sealed(ring: KeyRing, name: str, key_id: str, nonce: bytes, body: bytes) -> Secret:
    plain = ring.unseal(key_id, nonce, body, _house_place(name))
    if plain is None:
        raise StoreRefused("secret-damaged", {"connection": "", "field": name})
    return Secret(plain.decode())


def _none_stored(conn: Connection) -> bool:
    return _ANY.row(conn) is None and conn.execute(select(sealed.c.name).limit(1)).first() is None


def _house_place(name: str) -> bytes:
    # Two members where a connection's place has three.
    return json.dumps(["house", name]).encode()


def _place(system: str, connection_id: str, field: str) -> bytes:
    # A list as JSON: no two places can read alike, whatever signs their names hold.
    return json.dumps([system, connection_id, field]).encode()


def _system(conn: Connection, connection_id: str) -> str:
    system: str | None = _SYSTEM.value(conn, id=connection_id)
    if system is None:
        raise KeyError(connection_id)
    return system


_MINE = secret.c.connection == bindparam("connection")
_ANY = Statement(lambda _: select(secret.c.connection).limit(1))
_SEALED = Statement(lambda _: select(secret.c.key_id, secret.c.nonce, secret.c.body).where(_MINE, secret.c.field == bindparam("field")))
_TAILS = Statement(lambda _: select(secret.c.field, secret.c.tail).where(_MINE).order_by(secret.c.field))
_SYSTEM = Statement(lambda _: select(connection.c.system).where(connection.c.id == bindparam("id")))

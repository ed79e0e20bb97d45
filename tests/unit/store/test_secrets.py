"""Secrets at rest: useless without the key file, useless in another place, never in the clear."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.support.stores import with_a_pair
from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused
from unisono.store.secrets import KeyRing, forget, get_secret, key_file, put_secret, rotate, tails
from unisono.store.tables import connection, secret

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CANARY = "canary-4f9a17c2-key-of-the-firm"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "config" / "key")


def put(store: Store, ring: KeyRing, connection_id: str, field: str, value: str) -> None:
    with store.write() as conn:
        put_secret(conn, ring, connection_id, field, Secret(value), NOW)


def got(store: Store, ring: KeyRing, connection_id: str, field: str) -> str:
    with store.read() as conn:
        return get_secret(conn, ring, connection_id, field).reveal()


def refused(store: Store, ring: KeyRing, connection_id: str = "crm", field: str = "key") -> StoreRefused:
    with pytest.raises(StoreRefused) as told:
        got(store, ring, connection_id, field)
    return told.value


def test_a_secret_comes_back_and_a_new_one_takes_its_place(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    put(store, ring, "inv", "key", "another one, żółć")
    assert got(store, ring, "crm", "key") == CANARY
    put(store, ring, "crm", "key", "renewed")
    assert (got(store, ring, "crm", "key"), got(store, ring, "inv", "key")) == ("renewed", "another one, żółć")


def test_the_pages_see_four_characters_and_need_no_key(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    put(store, ring, "crm", "pin", "1234")
    with store.read() as conn:
        assert tails(conn, "crm") == {"key": "firm", "pin": ""}


def test_the_key_file_is_made_at_first_need_for_its_owner_alone(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    assert refused(store, ring).code == "secret-missing"
    assert not ring.path.exists()
    before = os.umask(0)
    try:
        put(store, ring, "crm", "key", CANARY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.path.parent.stat().st_mode) == 0o700
    assert got(store, KeyRing(ring.path), "crm", "key") == CANARY


def test_the_database_s_files_never_hold_the_secret(tmp_path: Path, ring: KeyRing) -> None:
    folder = tmp_path / "data"
    with Store.open(folder, least_room=0) as store:
        with_a_pair(store)
        put(store, ring, "crm", "key", CANARY)
        while_open = b"".join(path.read_bytes() for path in folder.iterdir())
    closed = b"".join(path.read_bytes() for path in folder.iterdir())
    for content in (while_open, closed):
        assert b"centralstation" in content, "this would find it"
        assert CANARY.encode() not in content
        assert ring.path.read_bytes().strip() not in content


@pytest.mark.parametrize(("to_connection", "to_field"), (("inv", "key"), ("crm", "token")))
def test_a_row_copied_to_another_place_opens_nothing(store: Store, ring: KeyRing, to_connection: str, to_field: str) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    put(store, ring, to_connection, to_field, "other")
    with store.write() as conn:
        row = conn.execute(select(secret.c.nonce, secret.c.body).where(secret.c.connection == "crm", secret.c.field == "key")).one()
        there = (secret.c.connection == to_connection, secret.c.field == to_field)
        conn.execute(update(secret).where(*there).values(nonce=row.nonce, body=row.body))
    told = refused(store, ring, to_connection, to_field)
    assert (told.code, told.values) == ("secret-damaged", {"connection": to_connection, "field": to_field})


def test_a_connection_turned_into_another_system_does_not_get_the_key(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    with store.write() as conn:
        conn.execute(update(connection).where(connection.c.id == "crm").values(system="bitrix24"))
    assert refused(store, ring).code == "secret-damaged"


def test_a_changed_bit_is_noticed(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    with store.write() as conn:
        body = bytearray(conn.execute(select(secret.c.body)).scalar_one())
        body[0] ^= 1
        conn.execute(update(secret).values(body=bytes(body)))
    assert refused(store, ring).code == "secret-damaged"


def test_with_another_key_file_it_is_said_that_this_is_the_wrong_one(store: Store, ring: KeyRing, tmp_path: Path) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    other = KeyRing(tmp_path / "other")
    other.current(make=True)
    told = refused(store, other)
    assert (told.code, told.values["path"]) == ("key-unknown", str(tmp_path / "other"))


def test_a_lost_key_is_told_and_not_papered_over(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    ring.path.unlink()
    fresh = KeyRing(ring.path)
    assert refused(store, fresh).code == "key-missing"
    with pytest.raises(StoreRefused, match="key-missing"):
        put(store, fresh, "inv", "key", "new")
    assert not ring.path.exists(), "a key that appears later is still the right one"

    with store.write() as conn:
        assert forget(conn) == 1
    put(store, fresh, "inv", "key", "new")
    assert got(store, fresh, "inv", "key") == "new"


@pytest.mark.parametrize("content", ("", "not base64 at all!\n", "c2hvcnQ=\n", "\xff"))
def test_a_key_file_that_holds_no_key_is_told_without_its_content(store: Store, ring: KeyRing, content: str) -> None:
    ring.path.parent.mkdir()
    ring.path.write_text(content, "latin-1")
    with pytest.raises(StoreRefused) as told:
        ring.current(make=True)
    assert told.value.code == "key-file-unreadable"
    assert content == "" or content.strip() not in str(told.value)
    assert ring.path.read_text("latin-1") == content


def test_forgetting_one_connection_leaves_the_others(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    put(store, ring, "inv", "key", "other")
    with store.write() as conn:
        assert forget(conn, "crm") == 1
    assert refused(store, ring).code == "secret-missing"
    assert got(store, ring, "inv", "key") == "other"


def test_rotating_encrypts_anew_and_drops_the_old_key(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    put(store, ring, "inv", "key", "other")
    running = KeyRing(ring.path)  # a process that has read the file already
    assert got(store, running, "crm", "key") == CANARY
    old = ring.path.read_text()
    with store.read() as conn:
        before = conn.execute(select(secret.c.key_id, secret.c.body).order_by(secret.c.connection)).all()

    assert rotate(store, ring, NOW) == 2

    with store.read() as conn:
        after = conn.execute(select(secret.c.key_id, secret.c.body, secret.c.tail).order_by(secret.c.connection)).all()
    assert {row.key_id for row in before}.isdisjoint(row.key_id for row in after)
    assert [row.tail for row in after] == ["firm", ""]
    assert old.strip() not in ring.path.read_text()
    assert len(ring.path.read_text().split()) == 1
    assert (got(store, running, "crm", "key"), got(store, KeyRing(ring.path), "inv", "key")) == (CANARY, "other")


def test_a_rotation_that_died_half_way_loses_nothing_and_can_be_repeated(store: Store, ring: KeyRing) -> None:
    with_a_pair(store)
    put(store, ring, "crm", "key", CANARY)
    ring.add_new()  # here it died: the file knows two keys, the rows are sealed with the second
    assert got(store, KeyRing(ring.path), "crm", "key") == CANARY
    assert rotate(store, KeyRing(ring.path), NOW) == 1
    assert len(ring.path.read_text().split()) == 1
    assert got(store, KeyRing(ring.path), "crm", "key") == CANARY


def test_no_secret_and_no_key_is_printed(store: Store, ring: KeyRing) -> None:
    ring.current(make=True)
    assert ring.path.read_text().strip() not in f"{ring!r} {ring}"


def test_the_environment_may_name_the_key_file() -> None:
    home = Path("/home/anna")
    assert key_file({}, home) == home / ".config" / "unisono" / "key"
    assert key_file({"UNISONO_KEY_FILE": "/run/secrets/unisono"}, home) == Path("/run/secrets/unisono")

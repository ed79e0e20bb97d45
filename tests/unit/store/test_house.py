"""What is kept about the house itself: settings, sealed secrets, the log, notices; on every kind of database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from unisono.model.secret import Secret
from unisono.store import audit, entrance, notices, people, secrets, settings
from unisono.store.backup import back_up, restore
from unisono.store.doors import Store
from unisono.store.refused import StoreRefused
from unisono.store.secrets import KeyRing
from unisono.store.tables import sealed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CANARY = "kanarienvogel-3141"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "key")


def test_a_setting_is_there_until_it_is_taken_away(store: Store) -> None:
    with store.write() as conn:
        settings.put_setting(conn, "mail", {"host": "a"})
        settings.put_setting(conn, "mail", {"host": "b", "port": 587})
    with store.read() as conn:
        assert settings.get_setting(conn, "mail") == {"host": "b", "port": 587}
    with store.write() as conn:
        settings.put_setting(conn, "mail", {})
        assert settings.get_setting(conn, "mail") == {}


def test_a_secret_of_the_house_survives_new_keys_and_opens_under_its_own_name_only(store: Store, ring: KeyRing) -> None:
    with store.write() as conn:
        secrets.put_sealed(conn, ring, "mail", Secret(CANARY), NOW)
        secrets.put_sealed(conn, ring, "oidc", Secret("another"), NOW)
    assert secrets.rotate(store, ring, NOW) == 2
    with store.write() as conn:
        assert secrets.get_sealed(conn, KeyRing(ring.path), "mail") == Secret(CANARY)
        mine = conn.execute(select(sealed.c.nonce, sealed.c.body).where(sealed.c.name == "mail")).one()
        conn.execute(update(sealed).where(sealed.c.name == "oidc").values(nonce=mine.nonce, body=mine.body))
        with pytest.raises(StoreRefused, match="secret-damaged"):
            secrets.get_sealed(conn, ring, "oidc")
        secrets.drop_sealed(conn, "mail")
        assert secrets.get_sealed(conn, ring, "mail") is None


def test_a_lost_key_file_is_not_made_anew_while_something_is_sealed(store: Store, ring: KeyRing) -> None:
    with store.write() as conn:
        secrets.put_sealed(conn, ring, "mail", Secret(CANARY), NOW)
    ring.path.unlink()
    with store.write() as conn, pytest.raises(StoreRefused, match="key-missing"):
        secrets.put_sealed(conn, KeyRing(ring.path), "oidc", Secret("x"), NOW)
    with store.write() as conn:
        assert secrets.forget(conn) == 1
        secrets.put_sealed(conn, KeyRing(ring.path), "oidc", Secret("x"), NOW)


def test_a_backup_holds_settings_and_sealed_secrets_and_neither_the_key_nor_codes(store: Store, ring: KeyRing, tmp_path: Path) -> None:
    with store.write() as conn:
        people.add_user(conn, "u", "anna", "Anna", "hash", "admin", None, "", NOW)
        entrance.put_invitation(conn, "u", "code", NOW + timedelta(days=7))
        settings.put_setting(conn, "mail", {"host": "a"})
        secrets.put_sealed(conn, ring, "mail", Secret(CANARY), NOW)
        audit.log(conn, "anna", "mail-set", "a", None, NOW)
        notices.make_notice(conn, "n", "user:u", "summary", "2026-03-02", NOW, state="sent")
    back_up(store, tmp_path / "backup.db", NOW)
    assert CANARY.encode() not in (tmp_path / "backup.db").read_bytes()
    with store.write() as conn:
        settings.put_setting(conn, "mail", {})
        secrets.drop_sealed(conn, "mail")
        notices.make_notice(conn, "n2", "user:u", "summary", "2026-03-03", NOW, state="sent")
    restore(store, tmp_path / "backup.db")
    with store.read() as conn:
        assert settings.get_setting(conn, "mail") == {"host": "a"}
        assert secrets.get_sealed(conn, ring, "mail") == Secret(CANARY)
        assert [line.event for line in audit.entries(conn, None)] == ["mail-set"]
        assert entrance.invited(conn, NOW) == {}
        assert {one.subject for one in notices.notices_of(conn, "user:u")} == {"2026-03-02", "2026-03-03"}, "nobody is told a second time"


def test_one_of_several_claims_a_notice_and_one_that_was_left_behind_is_not_sent_again(store: Store) -> None:
    with store.write() as conn:
        assert notices.make_notice(conn, "n", "user:u", "summary", "2026-03-02", NOW)
        assert not notices.make_notice(conn, "other", "user:u", "summary", "2026-03-02", NOW), "a day has one"
        assert [notices.claim(conn, "n", NOW) for _ in range(2)] == [True, False]
        assert notices.left_behind(conn, NOW) == 0
        assert notices.left_behind(conn, NOW + timedelta(minutes=11)) == 1
        assert [one.state for one in notices.notices_of(conn, "user:u")] == ["unclear"]
        assert notices.due_notices(conn, NOW + timedelta(days=1)) == []


def test_a_mark_is_spent_once(store: Store) -> None:
    with store.write() as conn:
        assert [entrance.spend(conn, "mark", NOW + timedelta(minutes=10), NOW) for _ in range(2)] == [True, False]


def test_the_log_of_some_firms_goes_on_where_it_ended(store: Store) -> None:
    with store.write() as conn:
        for number in range(audit.PORTION * 2):
            audit.log(conn, "anna", "locked", f"user{number}", ["f"] if number % 3 == 0 else ["g"] if number % 3 == 1 else None, NOW)
    with store.read() as conn:
        first = audit.entries(conn, ("f",), limit=50)
        rest = audit.entries(conn, ("f",), before=first[-1].id)
        assert {line.firms for line in first + rest} == {("f",)}
        assert len(first) + len(rest) == len({line.id for line in first + rest}) == -(-audit.PORTION * 2 // 3)


def test_a_user_who_is_removed_leaves_nothing_of_theirs(store: Store) -> None:
    with store.write() as conn:
        people.add_user(conn, "u", "anna", "Anna", "hash", "admin", None, "", NOW)
        people.open_session(conn, "s", "h", "u", NOW, NOW + timedelta(days=1), kind="browser", name="x")
        entrance.put_invitation(conn, "u", "code", NOW + timedelta(days=7))
        entrance.put_identity(conn, "https://i", "sub", "u", ruled=True)
        notices.put_wish(conn, "u", notices.Wish(address="a@example.de", hour=9))
        assert notices.wishes(conn)["u"].hour == 9
        entrance.remove_user(conn, "u")
        assert people.users(conn) == []
        assert entrance.user_of(conn, "https://i", "sub") is None
        assert notices.wishes(conn) == {}

"""Users, their firms, sessions and failed sign-ins, on every kind of database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tests.support.stores import with_a_pair
from unisono.store import people
from unisono.store.doors import Store
from unisono.store.tables import firm

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def add(store: Store, login: str, *, firms: tuple[str, ...] | None = None, role: people.Role = "admin", password: str = "hash") -> str:
    with store.write() as conn:
        people.add_user(conn, f"u-{login}", login, login.title(), password, role, firms, "", NOW)
    return f"u-{login}"


def test_a_user_is_found_by_a_login_in_any_spelling(store: Store) -> None:
    add(store, "Anna@Example.DE ")
    with store.read() as conn:
        assert people.password_of(conn, "anna@example.de") == ("u-Anna@Example.DE ", "hash")
        assert people.password_of(conn, " ANNA@EXAMPLE.de") == ("u-Anna@Example.DE ", "hash")
        assert people.password_of(conn, "anna") is None


def test_two_users_with_one_login_are_impossible(store: Store) -> None:
    add(store, "anna")
    with pytest.raises(IntegrityError), store.write() as conn:
        people.add_user(conn, "other", "ANNA", "", "", "view", None, "", NOW)


def test_a_user_sees_all_firms_or_those_that_are_theirs(store: Store) -> None:
    with_a_pair(store)
    with store.write() as conn:
        conn.execute(insert(firm).values(id="g", name="Zweite", created_at=""))
    everybody, somebody, nobody = add(store, "a"), add(store, "b", firms=("g", "f", "g")), add(store, "c", firms=())
    with store.read() as conn:
        assert [people.get_user(conn, u).firms for u in (everybody, somebody, nobody)] == [None, ("f", "g"), ()]
        assert [u.firms for u in people.users(conn)] == [None, ("f", "g"), ()]
    with store.write() as conn:
        people.set_firms(conn, somebody, ("f",))
        people.set_firms(conn, nobody, None)
    with store.read() as conn:
        assert [people.get_user(conn, u).firms for u in (somebody, nobody)] == [("f",), None]


def test_nobody_can_sign_in_without_a_password_or_when_closed(store: Store) -> None:
    user = add(store, "anna", password="")
    with store.read() as conn:
        assert not people.any_password(conn)
        assert people.password_of(conn, "anna") is None
    with store.write() as conn:
        people.update_user(conn, user, password="hash")
        assert people.any_password(conn)
        assert people.count_admins(conn) == 1
        people.update_user(conn, user, state="closed")
        assert not people.any_password(conn)
        assert people.count_admins(conn) == 0
        assert people.password_of(conn, "anna") is None


def test_only_whoever_may_do_everything_everywhere_counts_as_admin(store: Store) -> None:
    add(store, "a", role="act")
    add(store, "b", firms=())
    with store.read() as conn:
        assert people.count_admins(conn) == 0


def test_a_session_lives_until_its_end_and_is_prolonged_by_use(store: Store) -> None:
    user = add(store, "anna")
    with store.write() as conn:
        people.open_session(conn, "s", "secret-hash", user, NOW, NOW + DAY, kind="browser", name="Firefox")
        found = people.session_of(conn, "secret-hash", NOW + DAY - timedelta(seconds=1))
        assert found is not None
        assert (found[0].id, found[1].login) == ("s", "anna")
        assert people.session_of(conn, "secret-hash", NOW + DAY) is None
        assert people.session_of(conn, "another-hash", NOW) is None
        people.touch_session(conn, "s", NOW + DAY, NOW + 2 * DAY)
        assert people.session_of(conn, "secret-hash", NOW + DAY) is not None


def test_sessions_are_ended_one_by_one_all_but_one_and_by_kind(store: Store) -> None:
    user = add(store, "anna")
    with store.write() as conn:
        for n, kind in enumerate(("browser", "browser", "program", "program")):
            people.open_session(conn, f"s{n}", f"h{n}", user, NOW + timedelta(minutes=n), NOW + DAY, kind=kind, name="")
        assert [s.id for s in people.sessions_of(conn, user, NOW)] == ["s3", "s2", "s1", "s0"]
        assert people.close_session(conn, "s3")
        assert not people.close_session(conn, "s3")
        assert people.close_sessions(conn, user, but="s0", kind="browser") == 1
        assert [s.id for s in people.sessions_of(conn, user, NOW)] == ["s2", "s0"]
        assert people.close_sessions(conn, user) == 2


def test_the_session_of_a_closed_user_lets_nobody_in(store: Store) -> None:
    user = add(store, "anna")
    with store.write() as conn:
        people.open_session(conn, "s", "h", user, NOW, NOW + DAY, kind="browser", name="")
        people.update_user(conn, user, state="closed")
        assert people.session_of(conn, "h", NOW) is None


def test_failures_are_counted_by_scope_and_forgotten(store: Store) -> None:
    with store.write() as conn:
        for minute in range(3):
            people.failed(conn, "one", NOW + timedelta(minutes=minute))
        people.failed(conn, "two", NOW)
        assert people.failures(conn, "one") == (3, "2026-03-02T09:02:00.000Z")
        assert people.failures(conn, "three") == (0, "")
        people.forgive(conn, ("two",))
        assert people.failures(conn, "two") == (0, "")
        people.drop_ended(conn, NOW + DAY)
        assert people.failures(conn, "one")[0] == 3
        people.drop_ended(conn, NOW + DAY + timedelta(minutes=3))
        assert people.failures(conn, "one")[0] == 0


def test_there_is_one_first_code_at_a_time(store: Store) -> None:
    with store.write() as conn:
        assert people.first_code(conn) == ""
        people.put_first_code(conn, "first")
        people.put_first_code(conn, "second")
        assert people.first_code(conn) == "second"
        people.put_first_code(conn, "")
        assert people.first_code(conn) == ""

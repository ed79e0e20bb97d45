"""Doors for vendors, and what came in there, on every kind of database: kept as it came, within bounds, told once, and forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.support.stores import with_a_pair
from unisono.store import inbox
from unisono.store.doors import Store
from unisono.store.inbox import MOST_BYTES, MOST_ROWS, HookRow, Strays, secret_hash
from unisono.store.stamps import stamp
from unisono.store.tables import hook

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SECRET = "a-secret-made-by-chance-of-32-chars"
PLACE = "https://unisono.example.de/hooks/h1/"


@pytest.fixture
def doors(store: Store) -> Store:
    """A door for the CRM that the vendor was told of, and one for the invoicing system that is being made known."""
    with_a_pair(store)
    with store.write() as conn:
        inbox.add_hook(conn, "h1", "crm", secret_hash(SECRET), PLACE, "anna", NOW)
        inbox.update_hook(conn, "h1", state="open")
        inbox.add_hook(conn, "h2", "inv", secret_hash("another"), PLACE.replace("h1", "h2"), "anna", NOW + SECOND)
    return store


def the_door(store: Store, connection: str = "crm") -> HookRow:
    with store.read() as conn:
        (found,) = inbox.hooks(conn, connection)
    return found


def lying(store: Store, connection: str = "crm", limit: int = 100) -> list[bytes]:
    with store.read() as conn:
        return [body for _, body in inbox.waiting(conn, connection, limit)]


def brought(store: Store, *bodies: bytes, at: datetime = NOW, connection: str = "crm") -> list[bool]:
    with store.write() as conn:
        return [inbox.put(conn, "h1" if connection == "crm" else "h2", connection, body, at) for body in bodies]


def test_a_door_is_asked_for_first_and_knows_who_wanted_it_and_when(store: Store) -> None:
    with_a_pair(store)
    with store.write() as conn:
        assert inbox.hooks(conn) == []
        inbox.add_hook(conn, "h1", "crm", secret_hash(SECRET), PLACE, "anna", NOW)
    door = the_door(store)
    assert (door.state, door.by, door.at, door.address) == ("asked", "anna", stamp(NOW), PLACE)
    assert (door.taken, door.refused, door.reads, door.told, door.taken_at, door.refused_at) == (0, 0, 0, "", "", "")


def test_of_a_secret_only_its_hash_is_kept(doors: Store) -> None:
    with doors.read() as conn:
        stored = [str(tuple(row)) for row in conn.execute(select(hook))]
    assert not any(SECRET in row for row in stored)
    assert the_door(doors).hash == secret_hash(SECRET) != SECRET
    assert secret_hash(SECRET) != secret_hash(SECRET + "x")


def test_doors_are_told_oldest_first_of_all_or_of_one_connection(doors: Store) -> None:
    with doors.write() as conn:
        inbox.add_hook(conn, "h0", "crm", "", "", "anna", NOW - SECOND)
    with doors.read() as conn:
        assert [one.id for one in inbox.hooks(conn)] == ["h0", "h1", "h2"]
        assert [one.id for one in inbox.hooks(conn, "crm")] == ["h0", "h1"]
        assert inbox.hooks(conn, "nosuch") == []


def test_a_door_that_was_closed_is_no_longer_told_of(doors: Store) -> None:
    with doors.write() as conn:
        inbox.update_hook(conn, "h1", state="closed", hash="")
    with doors.read() as conn:
        assert [one.id for one in inbox.hooks(conn)] == ["h2"]
        assert inbox.hooks(conn, "crm") == []


def test_a_door_belongs_to_a_connection_that_is_there(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as conn:
        inbox.add_hook(conn, "h1", "nosuch", "", PLACE, "anna", NOW)


def test_refused_calls_are_added_up_with_the_instant_of_the_last(doors: Store) -> None:
    with doors.write() as conn:
        inbox.count_at(conn, "h1", 3, NOW)
        inbox.count_at(conn, "h1", 4, NOW + SECOND)
    door = the_door(doors)
    assert (door.refused, door.refused_at, door.taken) == (7, stamp(NOW + SECOND), 0)
    assert the_door(doors, "inv").refused == 0


def test_calls_at_doors_that_are_not_there_are_added_up(store: Store) -> None:
    with store.write() as conn:
        assert inbox.strays(conn) == Strays()
        inbox.count_strays(conn, 2, NOW)
        inbox.count_strays(conn, 5, NOW + SECOND)
    with store.read() as conn:
        assert inbox.strays(conn) == Strays(count=7, last_at=stamp(NOW + SECOND))


def test_what_comes_in_is_kept_byte_by_byte_in_its_order(doors: Store) -> None:
    bodies = [b'{"id": 2}', b"\x00\xff not even text \r\n", b"", '{"name": "Bäckerei"}'.encode()]
    assert brought(doors, *bodies) == [True] * 4
    assert lying(doors) == bodies
    assert lying(doors, limit=2) == bodies[:2]
    assert lying(doors, "inv") == []
    assert (the_door(doors).taken, the_door(doors).taken_at) == (4, stamp(NOW))


def test_the_same_again_while_it_is_unread_lies_there_once_and_is_counted_each_time(doors: Store) -> None:
    assert brought(doors, b"{}", b"{1}", b"{}") == [True] * 3
    assert lying(doors) == [b"{}", b"{1}"]
    assert the_door(doors).taken == 3
    assert brought(doors, b"{}", connection="inv") == [True]
    assert lying(doors, "inv") == [b"{}"], "of another connection it is another"


def test_what_was_looked_at_is_forgotten_and_may_come_again(doors: Store) -> None:
    brought(doors, b"1", b"2", b"3")
    with doors.write() as conn:
        rows = inbox.waiting(conn, "crm", 10)
        inbox.drop(conn, [row for row, _ in rows[:2]])
        inbox.drop(conn, [])
    assert lying(doors) == [b"3"]
    assert brought(doors, b"1") == [True]
    assert lying(doors) == [b"3", b"1"]


def test_many_rows_are_forgotten_at_once(doors: Store) -> None:
    brought(doors, *(str(number).encode() for number in range(1_200)))
    with doors.write() as conn:
        inbox.drop(conn, [row for row, _ in inbox.waiting(conn, "crm", 1_199)])
    assert lying(doors) == [b"1199"]


def test_what_came_until_an_instant_is_forgotten_and_what_came_again_since_is_not(doors: Store) -> None:
    brought(doors, b"old", b"repeated", at=NOW)
    brought(doors, b"other side", at=NOW, connection="inv")
    brought(doors, b"repeated", b"new", at=NOW + 2 * SECOND)
    with doors.write() as conn:
        inbox.drop_before(conn, "crm", NOW + SECOND)
    assert lying(doors) == [b"repeated", b"new"]
    assert lying(doors, "inv") == [b"other side"]
    with doors.write() as conn:
        inbox.drop_before(conn, "crm", NOW + 2 * SECOND)
    assert lying(doors) == [], "the instant itself counts as seen"


def test_no_more_lies_unread_than_a_number_of_calls(doors: Store) -> None:
    assert all(brought(doors, *(str(number).encode() for number in range(MOST_ROWS))))
    assert brought(doors, b"one too many") == [False]
    assert brought(doors, b"of the other side", connection="inv") == [True]
    assert (len(lying(doors, limit=MOST_ROWS + 10)), the_door(doors).taken) == (MOST_ROWS, MOST_ROWS)
    with doors.write() as conn:
        inbox.drop(conn, [inbox.waiting(conn, "crm", 1)[0][0]])
    assert brought(doors, b"one too many") == [True], "where there is room again, it is taken"


def test_no_more_lies_unread_than_a_number_of_bytes(doors: Store) -> None:
    half = MOST_BYTES // 2
    assert brought(doors, b"a" * half, b"b" * half) == [True, True]
    assert brought(doors, b"c") == [False]
    assert [len(body) for body in lying(doors)] == [half, half]
    assert brought(doors, b"c", connection="inv") == [True]


def test_who_has_something_to_do_is_found(doors: Store) -> None:
    def stirred(now: datetime = NOW) -> list[str]:
        with doors.read() as conn:
            return sorted(inbox.stirred(conn, now))

    assert stirred() == []
    brought(doors, b"{}", b"{1}")
    assert stirred() == ["crm"]
    brought(doors, b"{}", connection="inv")
    assert stirred() == ["crm", "inv"], "each once"
    with doors.write() as conn:
        inbox.drop_before(conn, "crm", NOW)
        inbox.drop_before(conn, "inv", NOW)
        inbox.update_hook(conn, "h1", state="ending", due_at="")
    assert stirred() == ["crm"], "a door is to be taken away"
    with doors.write() as conn:
        inbox.update_hook(conn, "h1", due_at=stamp(NOW + SECOND))
    assert (stirred(), stirred(NOW + SECOND)) == ([], ["crm"])
    with doors.write() as conn:
        inbox.update_hook(conn, "h1", state="closed")
        inbox.update_hook(conn, "h2", told="unreachable", due_at=stamp(NOW))
    assert stirred() == ["inv"], "a door that the vendor could not be told of"
    with doors.write() as conn:
        inbox.update_hook(conn, "h2", state="open", told="")
    assert stirred() == []


def test_what_an_hour_was_read_because_of_notices_is_kept_with_the_door(doors: Store) -> None:
    assert (the_door(doors).hour, the_door(doors).reads) == ("", 0)
    with doors.write() as conn:
        inbox.update_hook(conn, "h1", hour=stamp(NOW)[:13], reads=12)
    assert (the_door(doors).hour, the_door(doors).reads) == ("2026-03-02T09", 12)
    assert the_door(doors, "inv").reads == 0

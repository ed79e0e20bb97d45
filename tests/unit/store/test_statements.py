"""Statements that are put into words once: whatever the values, they ask and change what SQLAlchemy's own would."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tests.support.stores import NOW
from unisono.store.doors import Store
from unisono.store.statements import Statement
from unisono.store.tables import firm

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
ADD = Statement(lambda _: insert(firm))
SOME = Statement(lambda _: select(firm.c.id, firm.c.country).where(firm.c.id.in_(_IDS)).order_by(firm.c.id))
OTHERS = Statement(lambda _: select(firm.c.id).where(firm.c.id.not_in(_IDS), firm.c.country.in_(("DE", "PL"))).order_by(firm.c.id))
ALL = Statement(lambda _: select(firm.c.id).order_by(firm.c.id))
ONE = Statement(lambda _: select(firm.c.id, firm.c.country).where(firm.c.id == bindparam("id")))
CHANGE = Statement(lambda _: update(firm).where(firm.c.id == bindparam("b_id")))
DROP = Statement(lambda _: delete(firm).where(firm.c.country == bindparam("country")))


def add(conn: Connection, *names: str, **values: Any) -> None:
    ADD.run_many(conn, [{"id": name, "name": name.upper()} for name in names], created_at=NOW, **values)


@pytest.mark.parametrize("count", (0, 1, 2, 3, 4, 5, 8, 9, 100))
def test_a_list_of_any_length_finds_its_members_and_nothing_else(store: Store, count: int) -> None:
    names = [f"f{n:03}" for n in range(100)]
    with store.write() as conn:
        add(conn, *names, country="DE")
        assert [name for name, _ in SOME.rows(conn, ids=names[:count])] == names[:count]
        assert [name for (name,) in OTHERS.rows(conn, ids=names[:count])] == names[count:]


def test_one_row_one_value_and_none(store: Store) -> None:
    with store.write() as conn:
        add(conn, "a", "b", country="PL")
        assert ONE.row(conn, id="a") == ("a", "PL")
        assert ONE.value(conn, id="a") == "a"
        assert (ONE.row(conn, id="c"), ONE.value(conn, id="c")) == (None, None)


def test_an_update_sets_the_columns_it_is_run_with_and_says_how_many_rows_it_met(store: Store) -> None:
    with store.write() as conn:
        add(conn, "a", "b", country="PL")
        assert CHANGE.run(conn, b_id="a", country="RO") == 1
        assert CHANGE.run(conn, b_id="a", name="New", language="ro") == 1
        assert CHANGE.run(conn, b_id="nobody", country="RO") == 0
        assert conn.execute(select(firm.c.country, firm.c.name, firm.c.language).order_by(firm.c.id)).all() == [
            ("RO", "New", "ro"),
            ("PL", "B", "en"),
        ]
        assert DROP.run(conn, country="PL") == 1


def test_many_rows_share_the_values_that_are_the_same_for_all(store: Store) -> None:
    with store.write() as conn:
        add(conn, "a", "b", "c", country="PL")
        CHANGE.run_many(conn, [{"b_id": "a", "name": "x"}, {"b_id": "c", "name": "y"}], language="pl")
        CHANGE.run_many(conn, [], language="ro")
        found = conn.execute(select(firm.c.name, firm.c.language).order_by(firm.c.id)).all()
    assert found == [("x", "pl"), ("B", "en"), ("y", "pl")]


def test_rows_come_one_after_the_other_while_others_are_asked_for(store: Store) -> None:
    names = [f"f{n:04}" for n in range(1200)]
    with store.write() as conn:
        add(conn, *names)
        assert [(name, ONE.value(conn, id=name)) for (name,) in ALL.each(conn)] == [(name, name) for name in names]
        first = next(iter(ALL.each(conn)))  # and one may stop early
    assert first == ("f0000",)
    with store.write() as conn:
        add(conn, "z")


def test_a_row_that_may_not_be_is_refused_in_the_same_words_whichever_way_it_goes(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as conn:
        ADD.run(conn, id="a", name=None, created_at=NOW)
    with pytest.raises(IntegrityError) as told, store.write() as conn:
        add(conn, "b", "the-secret", "the-secret")
    with store.read() as conn:
        assert ALL.rows(conn) == []
    assert "the-secret" not in str(told.value).split("DETAIL")[0]


@pytest.mark.parametrize("store", ("memory", "file"), indirect=True)
@pytest.mark.parametrize("values", ({}, {"ids": "a"}, {"id": "a", "country": "DE"}))
def test_a_value_too_few_or_too_many_is_a_mistake_and_never_a_null(store: Store, values: dict[str, str]) -> None:
    with store.read() as conn, pytest.raises(TypeError, match=r"wants \['id'\]"):
        ONE.row(conn, **values)


@pytest.mark.parametrize("store", ("memory", "file"), indirect=True)
def test_sqlite_gets_few_different_texts_however_many_lengths_there_are(store: Store) -> None:
    with store.write() as conn:
        driver = conn.connection.driver_connection
        seen: set[int] = set()
        getattr(driver, "set_trace_callback")(lambda text: seen.add(text.count("'x'")))  # noqa: B009
        for length in range(1, 65):
            SOME.rows(conn, ids=["x"] * length)
        getattr(driver, "set_trace_callback")(None)  # noqa: B009
    assert seen == {1, 2, 4, 8, 16, 32, 64}


def test_a_statement_is_built_once_for_a_database_however_often_it_is_run(store: Store) -> None:
    built: list[str] = []

    def build(conn: Connection) -> Any:
        built.append(conn.dialect.name)
        return select(firm.c.id).where(firm.c.id == bindparam("id"))

    asked = Statement(build)
    for _ in range(3):
        with store.read() as conn:
            assert asked.row(conn, id="a") is None
    assert built == [store.dialect]

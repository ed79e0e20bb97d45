"""What every table is made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

SCHEMA_VERSION = 1
metadata = MetaData()
_TEXT, _NUMBER, _ROW = Text(), BigInteger(), BigInteger().with_variant(Integer, "sqlite")
"""One of each for all columns: SQLAlchemy works out for each type it meets what a database makes of it."""


def column(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[str]:
    """A column of text."""
    return Column(name, _TEXT, primary_key=key, nullable=null, server_default=default)


def number(name: str, default: str | None = "0") -> Column[int]:
    """A column of whole numbers."""
    return Column(name, _NUMBER, nullable=False, server_default=default)


def ref(name: str, target: str) -> Column[str]:
    """A column that names a row of another table."""
    return Column(name, _TEXT, ForeignKey(target), nullable=False)


def row_id() -> Column[int]:
    """A number that the database gives each row."""
    return Column("id", _ROW, primary_key=True, autoincrement=True)

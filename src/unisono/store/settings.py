"""Settings of the house: how mail is sent, who vouches for users, where the pages are found. Secrets are apart, see ``secrets``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select

from unisono.store.codec import text_of, value_from
from unisono.store.tables import setting
from unisono.store.upserts import upsert


def get_setting(conn: Connection, name: str) -> dict[str, Any]:
    """What was set under a name; empty if nothing was."""
    found = conn.execute(select(setting.c.value).where(setting.c.name == name)).scalar()
    value: dict[str, Any] = value_from(found) if found else {}
    return value


def put_setting(conn: Connection, name: str, value: Mapping[str, Any]) -> None:
    """Sets it, in place of what was there; an empty mapping takes it away."""
    if value:
        upsert(conn, setting, [{"name": name, "value": text_of(dict(value))}], keys=["name"])
    else:
        conn.execute(delete(setting).where(setting.c.name == name))

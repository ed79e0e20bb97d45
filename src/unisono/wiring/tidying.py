"""The nightly tidying: what nobody needs any more is taken away."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from unisono.store.stamps import instant, stamp
from unisono.store.statements import Statement
from unisono.store.tables import meta
from unisono.store.upserts import upsert
from unisono.wiring.house import House

NIGHT = timedelta(hours=24)
_TIDIED = "tidied_at"
_LAST_TIDIED = Statement(lambda _: select(meta.c.value).where(meta.c.name == _TIDIED))


def tidy_when_due(house: House) -> dict[str, int]:
    """The nightly tidying, if the last one is a day ago; what it took away. The runner asks with every turn."""
    now = house.clock.now()
    with house.store.read() as conn:
        last = _LAST_TIDIED.value(conn)
    if last and now - instant(last) < NIGHT:
        return {}
    from unisono.store import erase  # once a day: the other starts do without

    with house.store.write() as conn:
        upsert(conn, meta, [{"name": _TIDIED, "value": stamp(now)}], keys=["name"])
        return erase.tidy(conn, now)

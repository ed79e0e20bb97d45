"""A connection to a simulated portal, for the connector's own tests."""

from __future__ import annotations

from typing import Any

from tests.systems.bitrix24.test_connector_contract import Portal
from tests.systems.bitrix24.test_connector_contract import TestContract as Kept
from unisono.connect.port import Raw
from unisono.model.party import Party
from unisono.model.record import Record
from unisono.model.writing import Write
from unisono.systems.bitrix24.system import Bitrix24


def portal(**settings: Any) -> Portal:
    """A portal with limits off; ``settings`` are the connection's."""
    account = Portal(Kept.vendor)
    account.system = account.connect({**Kept.vendor.settings, **settings})
    return account


def system_of(account: Portal) -> Bitrix24:
    """Our side of it."""
    system = account.system
    assert isinstance(system, Bitrix24)
    return system


def rows(account: Portal, resource: str, since: Any = None) -> list[Raw]:
    """All rows of a list."""
    return [row for page in account.system.pages(resource, since) for row in page.rows]


def records(account: Portal, resource: str) -> list[Record]:
    """All records of a list."""
    return [record for row in rows(account, resource) for record in account.system.records(row)]


def party(account: Portal, key: str) -> Party:
    """A party as it is now."""
    body = account.record("party", key).body
    assert isinstance(body, Party)
    return body


def change(key: str, **changes: str) -> Write:
    """A change of a party; dots in names are written as underscores twice."""
    return Write(operation="change", side="a", kind="party", key=key, changes={n.replace("__", "."): v for n, v in changes.items()})

"""An empty simulated account and a client of it."""

from __future__ import annotations

import httpx2
import pytest

from tests.support.transport import SimTransport
from unisono.sandbox.centralstation import CentralStation, make
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World


@pytest.fixture
def crm() -> CentralStation:
    vendor = make(World())
    vendor.world.storage.settings |= {"api_key": "k-1", "rate_limit": None}
    return vendor


@pytest.fixture
def api(crm: CentralStation) -> httpx2.Client:
    return httpx2.Client(transport=SimTransport(application(crm)), base_url="https://demo.test/api/", headers={"X-apikey": "k-1"})

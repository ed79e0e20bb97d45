"""The simulators as servers: what the command starts, over http and https, and what "unlimited" means to each."""

from __future__ import annotations

import ssl
import urllib.request
from importlib import import_module
from pathlib import Path

import pytest

from unisono.cli.sandbox import SIMULATORS, UNLIMITED, start
from unisono.sandbox.kit.tls import certificates
from unisono.sandbox.kit.world import World


@pytest.mark.parametrize("name", sorted(SIMULATORS))
def test_every_simulator_starts_empty_and_shows_its_page(name: str) -> None:
    _, server = start(name, seeded=False)

    with server, urllib.request.urlopen(f"{server.url}/_sandbox/page", timeout=10) as page:
        assert page.status == 200


def test_a_simulator_names_its_own_address_over_https(tmp_path: Path) -> None:
    authority, certificate, key = certificates(tmp_path)
    simulator, server = start("bitrix24", seeded=False, tls=(certificate, key))

    with server:
        context = ssl.create_default_context(cafile=str(authority))
        with urllib.request.urlopen(f"{server.url}/rest/1/b24sandboxhook01/server.time", timeout=10, context=context) as answer:
            assert answer.status == 200
    assert simulator.world.storage.settings["portal"] == server.url
    assert server.url.startswith("https://")


@pytest.mark.parametrize("name", sorted(UNLIMITED))
def test_unlimited_is_a_setting_that_the_simulator_knows(name: str) -> None:
    make, _ = SIMULATORS[name]
    simulator = make(World())
    known = simulator.book.storage.settings if name == "centralstation" else import_module(f"unisono.sandbox.{name}").DEFAULTS

    assert UNLIMITED[name].keys() <= known.keys()

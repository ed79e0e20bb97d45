"""The proxy of the foreign clients reaches simulators only: whatever else is asked for stays here."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests.foreign.relay import Relay
from tests.unit.sandbox.test_kit_server import Echo
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server

HOST = "api.vendor.example"


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Server.start(application(Echo())) as server, Relay({f"{HOST}:443": int(server.url.rpartition(":")[2])}) as relay:
        yield relay
        relay.shutdown()


def through(relay: Relay, host: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", relay.server_address[1], timeout=10)
    connection.set_tunnel(host, 443)
    return connection


def test_a_host_with_a_way_is_reached_over_one_connection_as_often_as_asked(relay: Relay) -> None:
    connection = through(relay, HOST)

    seen = []
    for _ in range(3):
        connection.request("GET", "/")
        answer = connection.getresponse()
        seen.append((answer.status, len(answer.read()) > 0))
    connection.close()

    assert seen == [(200, True)] * 3
    assert relay.asked == [f"{HOST}:443"]


def test_any_other_host_is_refused_and_remembered(relay: Relay) -> None:
    connection = through(relay, "elsewhere.example")

    with pytest.raises(OSError, match="403"):
        connection.connect()

    assert relay.asked == ["elsewhere.example:443"]

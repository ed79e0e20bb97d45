"""A simulator behind a real socket: answers, lost answers and cut bodies as a client on the network meets them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World


class Echo:
    """Answers with what was sent; counts how many are inside at once."""

    def __init__(self) -> None:
        self.world = World()
        self.inside = self.most = 0

    def operation(self, request: Request) -> str:
        return "echo"

    def handle(self, request: Request) -> Done:
        self.inside += 1
        self.most = max(self.most, self.inside)
        body = request.get_data()
        self.world.storage.next_id("seen")
        self.inside -= 1
        return Done(Response(body or b"nothing", mimetype="text/plain"), write=True)

    def throttled(self, request: Request) -> Response:
        return Response("slow", 429)

    def unauthorised(self, request: Request) -> Response:
        return Response("no", 401)

    def truth(self) -> dict[str, Any]:
        return {}

    def page(self, request: Request) -> Response:
        return Response("page")

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        raise KeyError(name)


@pytest.fixture
def vendor() -> Echo:
    return Echo()


@pytest.fixture
def url(vendor: Echo) -> Iterator[str]:
    with Server.start(application(vendor, control=True)) as server:
        yield server.url


def test_one_connection_serves_many_requests(vendor: Echo, url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    line = http.client.HTTPConnection(host, int(port), timeout=5)
    line.connect()
    mine = line.sock.getsockname()
    for number in range(20):
        line.request("POST", "/x", body=b"%02d" % number)
        assert line.getresponse().read() == b"%02d" % number
    assert line.sock.getsockname() == mine
    line.close()
    assert len(vendor.world.log.calls) == 20


def test_a_lost_answer_closes_the_socket_without_a_word(vendor: Echo, url: str) -> None:
    with httpx2.Client(base_url=url) as client:
        assert client.post("/x", content=b"one").text == "one"
        vendor.world.faults.arm("timeout-after")
        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            client.post("/x", content=b"two")
        assert client.post("/x", content=b"three").text == "three"
    assert vendor.world.storage.counters["seen"] == 3


def test_a_cut_body_is_noticed_at_once(vendor: Echo, url: str) -> None:
    vendor.world.faults.arm("truncate", value=5)
    with httpx2.Client(base_url=url, timeout=5) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            client.post("/x", content=b"0123456789")
        assert client.post("/x", content=b"0123456789").text == "0123456789"


def test_a_chunked_request_body_arrives_whole(url: str) -> None:
    with httpx2.Client(base_url=url) as client:
        assert client.post("/x", content=iter([b"ab", b"cd"])).text == "abcd"


def test_only_one_request_at_a_time_is_inside_the_simulator(vendor: Echo, url: str) -> None:
    def many() -> None:
        with httpx2.Client(base_url=url) as client:
            for _ in range(10):
                client.post("/x", content=b"x" * 2000)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (vendor.world.storage.counters["seen"], vendor.most) == (40, 1)
    assert [call.seq for call in vendor.world.log.calls] == list(range(1, 41))


def test_the_control_door_answers_over_a_socket(url: str) -> None:
    assert httpx2.get(f"{url}/_sandbox/state").json()["log_seq"] == 0


def test_a_host_that_others_can_reach_is_refused() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "vendor.example", ""):
        with pytest.raises(ValueError, match="this machine only"):
            Server.start(application(Echo()), host)


def test_a_stopped_server_no_longer_answers() -> None:
    server = Server.start(application(Echo()))
    assert httpx2.post(f"{server.url}/x", content=b"a").text == "a"
    server.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.post(f"{server.url}/x", content=b"a")

"""The frame around every simulator: faults before and after the work, and one line in the log for every call."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from werkzeug.wrappers import Request, Response

from tests.support.transport import SimTransport
from unisono.sandbox.kit.app import LostConnection, application
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World


class Counter:
    """The smallest vendor: POST adds a row, GET counts them."""

    def __init__(self) -> None:
        self.world = World()

    def operation(self, request: Request) -> str:
        return "things.add" if request.method == "POST" else "things.count"

    def handle(self, request: Request) -> Done:
        rows = self.world.storage.table("things")
        if self.world.faults.take(self.operation(request), "silent"):
            raise LostConnection("timeout", done=False)
        if request.method == "POST":
            number = self.world.storage.next_id("things")
            rows[number] = {"id": number}
            return Done(_json({"id": number}, 201), write=True, subject=f"things/{number}")
        return Done(_json({"count": len(rows), "words": "x" * 200}))

    def throttled(self, request: Request) -> Response:
        return _json({"slow": "down"}, 429)

    def unauthorised(self, request: Request) -> Response:
        return _json({"who": "are you"}, 401)

    def truth(self) -> dict[str, Any]:
        return {"things": list(self.world.storage.table("things").values())}

    def page(self, request: Request) -> Response:
        return Response("page")

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        if name != "rename":
            raise KeyError(f"no act {name}")
        if not values.get("to"):
            raise ValueError("to is missing")
        return {"id": 1, "got": values}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


@pytest.fixture
def vendor() -> Counter:
    return Counter()


@pytest.fixture
def client(vendor: Counter) -> httpx2.Client:
    return httpx2.Client(transport=SimTransport(application(vendor)), base_url="http://vendor.test")


def rows(vendor: Counter) -> int:
    return len(vendor.truth()["things"])


def test_a_call_leaves_one_line_in_the_log(vendor: Counter, client: httpx2.Client) -> None:
    assert vendor.world.log.calls == []
    client.post("/things")
    client.get("/things")
    first, second = vendor.world.log.calls
    assert (first.seq, first.method, first.status, first.write, first.operation, first.subject) == (
        1,
        "POST",
        201,
        True,
        "things.add",
        "things/1",
    )
    assert (second.write, second.operation, second.fault) == (False, "things.count", "")
    assert vendor.world.log.writes() == [first]


def test_a_key_in_the_query_does_not_reach_the_log(vendor: Counter, client: httpx2.Client) -> None:
    client.get("/things?apikey=geheim&page=2&api_token=auch")
    assert vendor.world.log.calls[0].query == "apikey=***&page=2&api_token=***"


@pytest.mark.parametrize(("fault", "status"), (("status", 503), ("html", 200), ("rate", 429), ("unauthorised", 401)))
def test_a_fault_before_the_work_answers_and_does_nothing(vendor: Counter, client: httpx2.Client, fault: str, status: int) -> None:
    vendor.world.faults.arm(fault, value=503)
    answer = client.post("/things")
    assert (answer.status_code, rows(vendor)) == (status, 0)
    assert [(call.status, call.write, call.fault) for call in vendor.world.log.calls] == [(status, False, fault)]
    assert client.post("/things").status_code == 201


def test_a_time_out_before_the_work_does_nothing_and_one_after_it_did_the_work(vendor: Counter, client: httpx2.Client) -> None:
    vendor.world.faults.arm("timeout-before")
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/things")
    assert rows(vendor) == 0
    vendor.world.faults.arm("timeout-after")
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/things")
    assert rows(vendor) == 1
    vendor.world.faults.arm("reset-after")
    with pytest.raises(httpx2.ReadError):
        client.post("/things")
    assert rows(vendor) == 2
    assert [(call.fault, call.write) for call in vendor.world.log.calls] == [
        ("timeout-before", False),
        ("timeout-after", True),
        ("reset-after", True),
    ]


def test_a_status_after_the_work_hides_that_it_was_done(vendor: Counter, client: httpx2.Client) -> None:
    vendor.world.faults.arm("status-after", value=502)
    assert client.post("/things").status_code == 502
    assert rows(vendor) == 1
    assert vendor.world.log.calls[0].write


def test_a_truncated_body_is_shorter_than_declared_and_a_torn_one_is_not(vendor: Counter, client: httpx2.Client) -> None:
    whole = client.get("/things").content
    vendor.world.faults.arm("truncate", value=10)
    with pytest.raises(httpx2.RemoteProtocolError, match="received 10 bytes"):
        client.get("/things")
    vendor.world.faults.arm("torn-json", value=10)
    torn = client.get("/things")
    assert (torn.status_code, torn.content, torn.headers["Content-Length"]) == (200, whole[:10], "10")
    vendor.world.faults.arm("empty")
    assert (client.post("/things").content, rows(vendor)) == (b"", 1)


def test_a_fault_waits_for_the_calls_it_matches_and_bites_only_so_often(vendor: Counter, client: httpx2.Client) -> None:
    fault = vendor.world.faults.arm("status", "POST /things things.add", times=2, skip=1, value=500)
    answers = [client.get("/things").status_code] + [client.post("/things").status_code for _ in range(4)]
    assert answers == [200, 201, 500, 500, 201]
    assert (fault.hits, vendor.world.faults.armed, vendor.world.faults.bitten) == (2, [], ["status", "status"])


def test_a_delay_moves_the_clock_in_process_and_the_work_goes_on(vendor: Counter, client: httpx2.Client) -> None:
    before = vendor.world.clock.now()
    vendor.world.faults.arm("delay", value=90)
    assert client.post("/things").status_code == 201
    assert (vendor.world.clock.now() - before).total_seconds() == 90
    assert vendor.world.log.calls[0].fault == "delay"


def test_a_connection_the_simulator_itself_loses_is_logged_too(vendor: Counter, client: httpx2.Client) -> None:
    vendor.world.faults.arm("silent")
    with pytest.raises(httpx2.ReadTimeout):
        client.post("/things")
    assert [(call.status, call.write, call.fault) for call in vendor.world.log.calls] == [(0, False, "timeout")]


def door(vendor: Counter, remote: str = "127.0.0.1") -> httpx2.Client:
    app = application(vendor, control=True)
    return httpx2.Client(transport=httpx2.WSGITransport(app=app, remote_addr=remote), base_url="http://vendor.test")  # type: ignore[arg-type]


def test_the_control_door_is_shut_unless_opened_and_to_callers_from_elsewhere(vendor: Counter, client: httpx2.Client) -> None:
    assert client.get("/_sandbox/state").status_code == 404
    assert door(vendor, "192.0.2.7").get("/_sandbox/state").status_code == 404
    assert door(vendor).get("/_sandbox/state").status_code == 200
    foreign = door(vendor).post("/_sandbox/clock", json={"advance": 5}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 404
    assert vendor.world.log.calls == []


def test_the_control_door_moves_the_clock_and_arms_and_clears_faults(vendor: Counter) -> None:
    control = door(vendor)
    before = vendor.world.clock.now()
    assert control.post("/_sandbox/clock", json={"advance": 3600}).json() == {"now": "2026-11-02T09:00:00+00:00"}
    assert (vendor.world.clock.now() - before).total_seconds() == 3600
    armed = control.post("/_sandbox/faults", json={"name": "status", "match": "things", "value": 503}).json()["faults"]
    assert [(fault["name"], fault["times"], fault["value"]) for fault in armed] == [("status", 1, 503)]
    assert control.get("/things").status_code == 503
    control.post("/_sandbox/faults", json={"name": "empty"})
    assert control.delete("/_sandbox/faults").json() == {"faults": []}
    assert vendor.world.faults.armed == []


def test_the_control_door_shows_state_log_and_truth(vendor: Counter) -> None:
    control = door(vendor)
    control.post("/things")
    control.post("/things")
    assert control.get("/_sandbox/state").json()["tables"] == {"things": 2}
    assert [call["subject"] for call in control.get("/_sandbox/log?since=1").json()["calls"]] == ["things/2"]
    assert control.get("/_sandbox/truth").json() == {"things": [{"id": 1}, {"id": 2}]}


def test_the_control_door_says_what_is_wrong_with_a_request(vendor: Counter) -> None:
    control = door(vendor)
    wrong = [
        control.post("/_sandbox/faults", json={"nmae": "status"}),
        control.post("/_sandbox/faults", json={"name": "status", "value": "503"}),
        control.post("/_sandbox/clock", json={"advance": "soon"}),
        control.post("/_sandbox/settings", content=b"{"),
        control.post("/_sandbox/settings", json={"deliver": "x"}),
        control.get("/_sandbox/log?since=x"),
    ]
    assert [answer.status_code for answer in wrong] == [400] * 6
    assert wrong[0].json()["error"].startswith("faults: no member 'nmae'")
    assert control.get("/_sandbox/nothing").status_code == 404


def test_an_act_answers_json_to_json_and_a_redirect_to_a_form(vendor: Counter) -> None:
    control = door(vendor)
    assert control.post("/_sandbox/act/rename", json={"to": "B", "n": 3, "ids": [1, 2]}).json() == {
        "id": 1,
        "got": {"to": "B", "n": "3", "ids": "[1, 2]"},
    }
    assert control.post("/_sandbox/act/rename", json={}).status_code == 400
    assert control.post("/_sandbox/act/other", json={}).json() == {"error": "act other: no act other"}
    form = control.post("/_sandbox/act/rename", data={"to": "B"})
    assert (form.status_code, form.headers["Location"]) == (303, "/_sandbox/page?saved=yes")
    failed = control.post("/_sandbox/act/rename", data={"to": ""})
    assert failed.headers["Location"] == "/_sandbox/page?error=rename%3A%20to%20is%20missing"


def test_settings_reach_the_simulator_through_the_door(vendor: Counter) -> None:
    assert door(vendor).post("/_sandbox/settings", json={"rate_limit": 5}).json() == {"set": ["rate_limit"]}
    assert vendor.world.storage.settings == {"rate_limit": 5}

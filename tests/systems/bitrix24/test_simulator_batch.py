"""Fifty commands in one request: results of one for the next, partial failures, what PHP makes of the keys; and both limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.systems.bitrix24.caller import Caller


def batch(portal: Caller, cmd: Any, halt: Any = 0) -> Any:
    return portal.result("batch", halt=halt, cmd=cmd)


def test_a_command_uses_what_came_out_before() -> None:
    portal = Caller()

    done = batch(
        portal,
        {
            "company": f"crm.item.add?entityTypeId=4&fields[title]={quote('Kran & Söhne')}",
            "requisite": "crm.requisite.add?fields[ENTITY_TYPE_ID]=4&fields[ENTITY_ID]=$result[company][item][id]&fields[PRESET_ID]=1"
            "&fields[NAME]=x&fields[RQ_VAT_ID]=DE811112233",
            "address": "crm.address.add?fields[TYPE_ID]=6&fields[ENTITY_TYPE_ID]=8&fields[ENTITY_ID]=$result[requisite]&fields[CITY]=Ulm",
            "contact": "crm.contact.add?fields[NAME]=Ida&fields[COMMENTS]=Nr.%20$result[company][item][id]!",
            "link": "crm.company.contact.items.set?id=$result[company][item][id]&items[0][CONTACT_ID]=$result[contact]",
            "found": "crm.company.list?filter[TITLE]=Kran%25&select[]=ID",
            "again": "crm.company.get.json?ID=$result[found][0][ID]",
        },
    )

    key = done["result"]["company"]["item"]["id"]
    assert (done["result_error"], done["result"]["address"], done["result"]["link"]) == ([], True, True)
    assert done["result"]["again"]["TITLE"] == "Kran & Söhne"
    assert portal.read(4, key)["contactIds"] == [done["result"]["contact"]]
    assert portal.read(3, done["result"]["contact"])["comments"] == f"Nr. {key}!"
    assert done["result_total"] == {"found": 1}


def test_a_failure_stops_nothing_unless_it_is_asked_to() -> None:
    portal = Caller()
    cmd = {"a": "crm.company.get?ID=7", "b": "profile", "c": "crm.company.dance", "d": "server.time"}

    going_on, stopping = batch(portal, cmd), batch(portal, cmd, halt=1)

    assert set(going_on["result"]) == {"b", "d"}
    assert {key: error["error"] for key, error in going_on["result_error"].items()} == {"a": "", "c": "ERROR_METHOD_NOT_FOUND"}
    assert (stopping["result"], list(stopping["result_error"])) == ([], ["a"])


def test_numbered_keys_come_back_as_lists() -> None:
    portal = Caller()

    whole = batch(portal, ["profile", "server.time?"])
    named = batch(portal, {"0": "profile", "1": "crm.lead.get?id=x&"})

    assert isinstance(whole["result"], list)
    assert (whole["result_error"], whole["result_total"]) == ([], [])
    assert isinstance(named["result"], list)
    assert named["result_error"] == {"1": {"error": "", "error_description": "ID is not defined or invalid."}}


def test_a_form_may_bring_a_batch() -> None:
    portal = Caller()
    form = {"halt": "1", "cmd[a]": "crm.company.add?fields[TITLE]=A%26B", "cmd[b]": "crm.company.get?ID=$result[a]"}

    done = portal.http.post("/rest/1/b24sandboxhook01/batch", data=form).get_json()["result"]

    assert done["result"]["b"]["TITLE"] == "A&B"


def test_fifty_are_performed_and_no_more() -> None:
    portal = Caller()

    done = batch(portal, {f"k{number}": f"crm.company.add?fields[TITLE]=F{number}" for number in range(52)})

    assert len(done["result"]) == len(portal.truth("companies")) == 50
    assert {error["error"] for error in done["result_error"].values()} == {"ERROR_BATCH_LENGTH_EXCEEDED"}


@pytest.mark.parametrize("command", ("batch?cmd[a]=profile", "crm.item.payment.list?entityId={deal}&entityTypeId=2"))
def test_some_methods_do_not_go_inside(command: str) -> None:
    portal = Caller()
    deal = portal.item(2)

    assert batch(portal, {"a": command.format(deal=deal)})["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert portal.result("crm.item.payment.list", entityId=deal, entityTypeId=2) == []


def test_each_command_is_logged_on_its_own() -> None:
    portal = Caller()

    batch(portal, {"a": "crm.company.add?fields[TITLE]=A", "b": "crm.company.get?ID=7", "c": "crm.contact.add?fields[NAME]=B"})

    shown = [(call.method, call.operation, call.status, call.write) for call in portal.world.log.calls]
    assert shown == [
        ("BATCH", "crm.company.add", 200, True),
        ("BATCH", "crm.company.get", 400, False),
        ("BATCH", "crm.contact.add", 200, True),
        ("POST", "batch crm.company.add crm.company.get crm.contact.add", 200, False),
    ]


def test_a_page_of_a_list_in_a_batch_says_where_the_next_begins() -> None:
    portal = Caller()
    batch(portal, {f"k{number}": f"crm.company.add?fields[TITLE]=F{number}" for number in range(50)})
    portal.company()

    done = batch(portal, {"a": "crm.company.list?select[0]=ID&start=0"})

    assert (done["result_total"], done["result_next"], len(done["result"]["a"])) == ({"a": 51}, {"a": 50}, 50)


# the limits


def statuses(portal: Caller, count: int, **kwargs: Any) -> list[int]:
    return [portal.post("server.time", **kwargs).status_code for _ in range(count)]


@pytest.mark.parametrize(("plan", "size", "leak"), (("professional", 50, 2), ("enterprise", 250, 5)))
def test_the_bucket_holds_so_many_and_loses_so_many_a_second(plan: str, size: int, leak: int) -> None:
    portal = Caller(plan=plan)

    full = statuses(portal, size + 1)
    portal.world.clock.advance(1)

    assert full == [200] * size + [503]
    assert statuses(portal, leak + 1) == [200] * leak + [503]
    assert portal.refused("server.time")[1] == "QUERY_LIMIT_EXCEEDED"


def test_a_batch_counts_once_and_another_address_has_a_bucket_of_its_own() -> None:
    portal = Caller(plan="professional")
    for _ in range(49):
        batch(portal, {"a": "server.time", "b": "server.time"})

    assert statuses(portal, 2) == [200, 503]
    assert statuses(portal, 1, environ_base={"REMOTE_ADDR": "10.0.0.7"}) == [200]
    assert statuses(portal, 1, path="/rest") == [503]


def test_a_method_that_has_run_too_long_waits_until_the_window_moves_on() -> None:
    portal = Caller(operating_costs={"crm.company.add": 240})

    first, crossing = portal.call("crm.company.add", fields={"TITLE": "A"}), portal.call("crm.company.add", fields={"TITLE": "B"})
    blocked = portal.refused("crm.company.add", fields={"TITLE": "C"})
    inside = batch(portal, {"a": "crm.company.add?fields[TITLE]=C", "b": "server.time"})

    assert (first["time"]["operating"], crossing["time"]["operating"]) == (240, 480)
    assert blocked[:2] == (429, "OPERATION_TIME_LIMIT")
    assert (inside["result_error"]["a"]["error"], list(inside["result"])) == ("OPERATION_TIME_LIMIT", ["b"])
    portal.world.clock.advance(crossing["time"]["operating_reset_at"] - crossing["time"]["start"])
    assert portal.company("C")
    assert Caller(operating_limit=None, operating_costs={"server.time": 9999}).result("server.time")


def test_the_run_time_of_commands_counts_for_their_methods() -> None:
    portal = Caller(operating_cost=1)

    batch(portal, {str(number): "server.time" for number in range(50)})

    assert portal.call("server.time")["time"]["operating"] == 51


# faults


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    (
        ("rate", 503, "QUERY_LIMIT_EXCEEDED"),
        ("unauthorised", 401, "NO_AUTH_FOUND"),
        ("overload", 503, "OVERLOAD_LIMIT"),
        ("operation-limit", 429, "OPERATION_TIME_LIMIT"),
        ("expired", 401, "expired_token"),
        ("payment-required", 401, "PAYMENT_REQUIRED"),
        ("internal", 500, "INTERNAL_SERVER_ERROR"),
        ("error-200", 200, "ERROR_UNEXPECTED_ANSWER"),
    ),
)
def test_a_fault_before_the_work_leaves_it_undone(fault: str, status: int, code: str) -> None:
    portal = Caller()
    portal.world.faults.arm(fault, "crm.company.add")

    answer = portal.post("crm.company.add", {"fields": {"TITLE": "A"}})

    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    assert portal.truth("companies") == []
    assert portal.company("B")


@pytest.mark.parametrize("fault", ("internal-after", "status-after", "empty", "torn-json"))
def test_a_fault_behind_the_work_leaves_it_done(fault: str) -> None:
    portal = Caller()
    portal.world.faults.arm(fault, "crm.company.add")

    portal.post("crm.company.add", {"fields": {"TITLE": "A"}})

    assert [row["TITLE"] for row in portal.truth("companies")] == ["A"]
    (write,) = portal.world.log.writes()
    assert write.operation == "crm.company.add"


def test_a_portal_that_was_renamed_points_to_its_new_host() -> None:
    portal = Caller(portal="https://neu.bitrix24.example")
    portal.world.faults.arm("renamed")

    answer = portal.post("crm.company.add", {"fields": {"TITLE": "A"}})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://neu.bitrix24.example/rest/1/b24sandboxhook01/crm.company.add"
    assert portal.truth("companies") == []


def test_a_batch_that_breaks_has_done_its_first_commands() -> None:
    portal = Caller()
    portal.world.faults.arm("batch-cut", value=2)

    answer = portal.post("batch", {"cmd": [f"crm.company.add?fields[TITLE]=F{number}" for number in range(5)]})

    assert (answer.status_code, answer.get_json()["error"]) == (500, "INTERNAL_SERVER_ERROR")
    assert len(portal.truth("companies")) == len(portal.world.log.writes()) == 2


@pytest.mark.parametrize(("fault", "code"), (("command-internal", "INTERNAL_SERVER_ERROR"), ("command-limit", "QUERY_LIMIT_EXCEEDED")))
def test_a_fault_may_hit_one_command(fault: str, code: str) -> None:
    portal = Caller()
    portal.world.faults.arm(fault, "crm.company.add", skip=1)

    done = batch(portal, {key: f"crm.company.add?fields[TITLE]={key}" for key in "abc"})

    assert (set(done["result"]), done["result_error"]["b"]["error"]) == ({"a", "c"}, code)


def test_a_command_may_be_done_and_say_that_it_was_not() -> None:
    portal = Caller()
    portal.world.faults.arm("command-after", "crm.company.add")

    done = batch(portal, {"a": "crm.company.add?fields[TITLE]=A"})

    assert done["result_error"]["a"]["error"] == "INTERNAL_SERVER_ERROR"
    assert [row["TITLE"] for row in portal.truth("companies")] == ["A"]
    assert [(call.fault, call.write) for call in portal.world.log.calls] == [("command-after", True), ("", False)]

"""The hourly allowance: successes count, refusals do not, and the window slides."""

from __future__ import annotations

import json

import pytest

from tests.systems.fastbill.caller import Caller


@pytest.mark.parametrize(("plan", "most"), (("solo", 50), ("solo-plus", 100), ("pro", 500)))
def test_a_plan_admits_so_many_successful_calls_an_hour(plan: str, most: int) -> None:
    fastbill = Caller(plan=plan)
    body = {"SERVICE": "template.get"}

    statuses = [fastbill.post(body).status_code for _ in range(most + 3)]

    assert statuses == [200] * most + [429] * 3


def test_a_rejection_says_from_when_calls_are_accepted_again() -> None:
    fastbill = Caller(plan="solo", retry_after=True)
    for _ in range(50):
        fastbill.get("template.get")
        fastbill.world.clock.advance(10)

    rejected = fastbill.post({"SERVICE": "template.get"})

    assert json.loads(rejected.get_data())["RESPONSE"]["ERRORS"] == [
        "Request limit reached. Requests will be accepted again from 2026-11-02 10:00:01."
    ]
    assert rejected.headers["Retry-After"] == "3101"


def test_the_window_slides_by_single_calls() -> None:
    fastbill = Caller(plan="solo")
    for _ in range(50):
        fastbill.get("template.get")
        fastbill.world.clock.advance(60)

    fastbill.world.clock.advance(600)
    statuses = [fastbill.post({"SERVICE": "template.get"}).status_code for _ in range(3)]
    fastbill.world.clock.advance(60)

    assert statuses == [200, 429, 429]
    assert fastbill.post({"SERVICE": "template.get"}).status_code == 200


def test_refused_requests_cost_nothing() -> None:
    fastbill = Caller(plan="solo")

    for _ in range(60):
        fastbill.errors("customer.create")
        fastbill.post({"SERVICE": "customer.get"}, login="")

    assert [fastbill.post({"SERVICE": "template.get"}).status_code for _ in range(51)] == [200] * 50 + [429]


def test_a_rejected_write_changes_nothing() -> None:
    fastbill = Caller(plan="solo")
    for _ in range(50):
        fastbill.get("template.get")

    rejected = fastbill.envelope("customer.create", data={"CUSTOMER_TYPE": "business", "ORGANIZATION": "Zu spät GmbH"})

    assert "Request limit reached" in rejected["RESPONSE"]["ERRORS"][0]
    assert fastbill.simulator.truth()["customers"] == []


def test_the_faults_quota_and_rate_reject_without_a_full_window() -> None:
    fastbill = Caller()
    fastbill.world.faults.arm("quota", "customer.get", value=30)
    fastbill.world.faults.arm("rate", "template.get")

    quota, rate = fastbill.post({"SERVICE": "customer.get"}), fastbill.post({"SERVICE": "template.get"})

    assert (quota.status_code, rate.status_code) == (429, 429)
    assert b"again from 2026-11-02 09:00:31." in quota.get_data()
    assert b"again from 2026-11-02 09:02:01." in rate.get_data()
    assert fastbill.post({"SERVICE": "customer.get"}).status_code == 200


def test_the_fault_unauthorised_is_the_vendors_own_refusal() -> None:
    fastbill = Caller()
    fastbill.world.faults.arm("unauthorised")

    answer = fastbill.post({"SERVICE": "customer.get"})

    assert answer.status_code == 401
    assert json.loads(answer.get_data())["RESPONSE"]["ERRORS"] == ["Wrong API KEY or user credentials"]

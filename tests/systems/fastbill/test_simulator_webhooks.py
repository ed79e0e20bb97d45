"""Webhooks: which events there are, what a delivery looks like, and which plans have none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.systems.fastbill.caller import FIRM, LINE, Caller

ALL = (
    "customer.created,customer.updated,customer.deleted,invoice.created,invoice.completed,invoice.canceled,estimate.created,"
    "estimate.updated,contact.created,contact.updated,contact.deleted"
)


def hooked(events: str = ALL, **settings: Any) -> tuple[Caller, list[tuple[str, dict[str, str], dict[str, Any]]]]:
    fastbill = Caller(**settings)
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    fastbill.world.storage.settings["deliver"] = lambda url, headers, body: seen.append((url, headers, json.loads(body)))
    fastbill.ok("webhook.create", TYPE="url", ENDPOINT="https://hub.example/door/4711", EVENTS=events)
    return fastbill, seen


def test_a_delivery_has_lower_case_keys_and_the_vendors_name() -> None:
    fastbill, seen = hooked()

    made = fastbill.customer()

    ((url, headers, body),) = seen
    assert url == "https://hub.example/door/4711"
    assert headers == {"Content-Type": "application/json", "User-Agent": "FastBill"}
    assert (body["id"], body["type"], body["created"]) == (1, "customer.created", "2026-11-02 09:00:00")
    assert body["customer"]["customer_id"] == str(made)
    assert body["customer"]["organization"] == FIRM["ORGANIZATION"]


def test_every_event_fires_at_its_change_and_a_payment_at_none() -> None:
    fastbill, seen = hooked()
    customer = fastbill.customer()
    contact = fastbill.ok("contact.create", CUSTOMER_ID=customer, LAST_NAME="Löwe")["CONTACT_ID"]
    fastbill.ok("contact.update", CUSTOMER_ID=customer, CONTACT_ID=contact, LAST_NAME="Leu")
    fastbill.ok("contact.delete", CUSTOMER_ID=customer, CONTACT_ID=contact)
    estimate = fastbill.act("create_estimate", customer_id=str(customer), items="Kran; 1; 10; 19")
    fastbill.act("set_estimate_state", id=estimate, state="b")
    invoice = fastbill.ok("invoice.create", CUSTOMER_ID=customer, ITEMS=[LINE])["INVOICE_ID"]
    fastbill.ok("invoice.update", INVOICE_ID=invoice, INTROTEXT="x")
    fastbill.ok("invoice.complete", INVOICE_ID=invoice)
    fastbill.ok("invoice.setpaid", INVOICE_ID=invoice)
    fastbill.ok("invoice.cancel", INVOICE_ID=invoice)
    fastbill.ok("estimate.delete", ESTIMATE_ID=estimate)
    fastbill.ok("customer.update", CUSTOMER_ID=customer, **FIRM)
    fastbill.ok("customer.delete", CUSTOMER_ID=customer)

    assert [body["type"] for _, _, body in seen] == [
        "customer.created",
        "contact.created",
        "contact.updated",
        "contact.deleted",
        "estimate.created",
        "estimate.updated",
        "invoice.created",
        "invoice.completed",
        "invoice.canceled",
        "invoice.created",
        "customer.updated",
        "customer.deleted",
    ]


def test_only_chosen_events_are_delivered_and_api_changes_may_stay_silent() -> None:
    fastbill, seen = hooked("customer.updated", webhooks_for_api=False)
    made = fastbill.customer()

    fastbill.ok("customer.update", CUSTOMER_ID=made, **FIRM)
    fastbill.act("edit_customer", id=str(made), city="Vegesack")

    assert [(body["type"], body["customer"]["city"]) for _, _, body in seen] == [("customer.updated", "Vegesack")]


def test_without_a_way_out_deliveries_wait_in_the_outbox_and_a_deaf_receiver_stops_nothing() -> None:
    fastbill = Caller()
    fastbill.ok("webhook.create", TYPE="url", ENDPOINT="https://hub.example/x", EVENTS="customer.created")
    fastbill.customer()
    kept = list(fastbill.world.storage.settings["outbox"])

    def deaf(*_: object) -> None:
        raise ConnectionRefusedError

    fastbill.world.storage.settings["deliver"] = deaf
    fastbill.customer()

    assert [(d["url"], json.loads(d["body"])["type"]) for d in kept] == [("https://hub.example/x", "customer.created")]
    assert len(fastbill.simulator.truth()["customers"]) == 2


def test_hooks_are_listed_and_forgotten() -> None:
    fastbill, seen = hooked("customer.created")
    listed = fastbill.one("webhook.get", "WEBHOOKS")

    fastbill.ok("webhook.delete", WEBHOOK_ID=listed["WEBHOOK_ID"])
    fastbill.customer()

    assert listed == {"WEBHOOK_ID": "15", "ENDPOINT": "https://hub.example/door/4711", "TYPE": "url", "EVENTS": "customer.created"}
    assert seen == []


@pytest.mark.parametrize(
    ("data", "name"),
    (
        ({"TYPE": "email"}, "TYPE"),
        ({"ENDPOINT": "hub.example"}, "ENDPOINT"),
        ({"EVENTS": "invoice.paid"}, "EVENTS"),
        ({"EVENTS": ""}, "EVENTS"),
    ),
)
def test_a_hook_for_what_does_not_exist_is_refused(data: dict[str, str], name: str) -> None:
    good = {"TYPE": "url", "ENDPOINT": "https://hub.example/x", "EVENTS": "customer.created"}

    assert Caller().errors("webhook.create", **{**good, **data}) == [f"missing / invalid field: {name}"]


def test_small_plans_have_no_webhooks() -> None:
    assert Caller(plan="solo").errors("webhook.create", TYPE="url", ENDPOINT="https://h.example/x", EVENTS="customer.created") == [
        "Webhooks are not available in your plan."
    ]

"""Event subscriptions: what is told, how it is signed, when it is tried again, and when the subscription goes."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.systems.lexoffice.caller import Caller

URL = "https://hook.example/lxo"


class Receiver:
    """Answers callbacks with what it is told, and keeps them."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Any:
        self.bodies.append(body)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_subscription_is_made_shown_and_ended() -> None:
    account = Caller()
    made = account.ok("POST", "event-subscriptions", {"eventType": "contact.changed", "callbackUrl": URL})
    one = {"subscriptionId": made["id"], "organizationId": account.simulator.account.organization}
    one |= {"createdDate": "2026-11-02T09:00:00.000+01:00", "eventType": "contact.changed", "callbackUrl": URL}

    assert account.get("event-subscriptions") == {"content": [one]}
    assert account.get(f"event-subscriptions/{made['id']}") == one
    assert account.refused("POST", "event-subscriptions", {"eventType": "contact.changed", "callbackUrl": URL})[0] == 409
    assert account.send("DELETE", f"event-subscriptions/{made['id']}").status_code == 204
    assert account.get("event-subscriptions") == {"content": []}


@pytest.mark.parametrize(
    ("event", "url", "field"),
    (
        ("contact.moved", URL, "eventType"),
        ("dunning.status.changed", URL, "eventType"),
        ("contact.changed", "http://hook.example/x", "callbackUrl"),
    ),
)
def test_unknown_events_and_open_addresses_are_refused(event: str, url: str, field: str) -> None:
    assert Caller().details("event-subscriptions", {"eventType": event, "callbackUrl": url}) == [
        (field, "INVALID_VALUE" if field == "eventType" else "INVALID_URL")
    ]


def test_the_address_must_answer_when_it_is_subscribed() -> None:
    account = Caller()
    account.world.storage.settings["probe"] = lambda url: url.endswith("/here")

    body = {"eventType": "contact.changed", "callbackUrl": URL}
    assert account.details("event-subscriptions", body) == [("callbackUrl", "INVALID_URL")]
    assert account.ok("POST", "event-subscriptions", body | {"callbackUrl": f"{URL}/here"})["version"] == 1


def test_a_callback_is_compact_signed_and_points_only() -> None:
    account = Caller()
    account.listen("contact.created")
    key = account.company()
    (letter,) = account.world.storage.settings["outbox"]
    body = letter["body"].encode()
    public = serialization.load_pem_public_key(account.http.get("/webhookSignature/public/public_key.pub").get_data())
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode(letter["headers"]["X-Lxo-Signature"])

    public.verify(signature, body, padding.PKCS1v15(), hashes.SHA512())

    expected = {"organizationId": account.simulator.account.organization, "eventType": "contact.created", "resourceId": key}
    assert json.loads(body) == expected | {"eventDate": "2026-11-02T09:00:00.000+01:00"}
    assert not set(b" \n") & set(body)
    with pytest.raises(InvalidSignature):
        public.verify(signature, body + b"\n", padding.PKCS1v15(), hashes.SHA512())


def test_every_change_tells_its_own_event() -> None:
    account = Caller()
    account.listen(*(f"{name}.{what}" for name in ("contact", "article", "dunning") for what in ("created", "changed", "deleted")))
    account.listen(
        *(f"{name}.{what}" for name in ("invoice", "quotation", "voucher") for what in ("created", "changed", "deleted", "status.changed"))
    )
    account.listen("payment.changed")
    contact = account.company()
    account.act("edit_contact", id=contact, phone="1")
    article = account.act("create_article", title="Seil", net="1")
    account.act("delete_article", id=article)
    draft = account.make()
    account.act("edit_document", id=draft, remark="x")
    account.act("finalize", id=draft)
    account.act("pay", id=draft)
    offer = account.make("quotations", issued=True)
    account.act("accept", id=offer)
    gone = account.make()
    account.act("delete_document", id=gone)
    back = account.make(issued=True)
    before = account.told()
    account.act("reopen", id=back)

    assert before == [
        ("contact.created", contact), ("contact.changed", contact), ("article.created", article), ("article.deleted", article),
        ("invoice.created", draft), ("invoice.changed", draft), ("invoice.status.changed", draft),
        ("invoice.status.changed", draft), ("payment.changed", draft),
        ("quotation.created", offer), ("quotation.status.changed", offer), ("quotation.status.changed", offer),
        ("invoice.created", gone), ("invoice.deleted", gone), ("invoice.created", back), ("invoice.status.changed", back),
    ]  # fmt: skip
    assert account.told() == [("invoice.status.changed", back), ("payment.changed", back)]


def test_a_program_may_be_left_out_and_refused_calls_tell_nothing() -> None:
    account = Caller(webhooks_for_api=False)
    account.listen("contact.created")
    account.company()
    account.refused("POST", "contacts", {"company": {}})
    assert account.told() == []

    account.act("create_contact", name="Kran")
    assert [event for event, _ in account.told()] == ["contact.created"]


def test_a_receiver_that_is_not_well_is_tried_again_until_it_is() -> None:
    account = Caller()
    receiver = Receiver(503, 429, OSError("away"))
    account.world.storage.settings["deliver"] = receiver
    account.listen("contact.created")
    account.company()
    counts = [len(receiver.bodies)]
    for seconds in (9, 1, 20, 40, 80):
        account.world.clock.advance(seconds)
        account.send("GET", "profile")
        counts.append(len(receiver.bodies))

    assert counts == [1, 1, 2, 3, 4, 4]
    assert len(set(receiver.bodies)) == 1


def test_after_all_tries_nothing_more_is_sent() -> None:
    account = Caller()
    receiver = Receiver(*[500] * 99)
    account.world.storage.settings["deliver"] = receiver
    account.listen("contact.created")
    account.company()
    for _ in range(60):
        account.world.clock.advance(7200)
        account.send("GET", "profile")

    assert len(receiver.bodies) == 1 + 5 + 20
    assert len(account.truth("subscriptions")) == 1


@pytest.mark.parametrize("answer", (404, 410, socket.gaierror("unknown")))
def test_a_receiver_that_is_gone_loses_its_subscription(answer: Any) -> None:
    account = Caller()
    receiver = Receiver(answer)
    account.world.storage.settings["deliver"] = receiver
    account.listen("contact.created", "contact.changed")
    account.company()

    assert [row["eventType"] for row in account.truth("subscriptions")] == ["contact.changed"]


def test_with_another_key_the_subscriptions_are_gone_and_that_is_told() -> None:
    account = Caller()
    account.listen("token.revoked", "contact.created")

    key = account.act("new_key")

    assert account.told() == [("token.revoked", account.simulator.account.setting("connection_id"))]
    assert account.truth("subscriptions") == []
    assert account.send("GET", "profile").status_code == 401
    account.key = key
    assert account.send("GET", "profile").status_code == 200


def test_events_can_be_late_lost_or_doubled() -> None:
    account = Caller(event_seconds=30)
    account.listen("contact.created")
    first = account.company()
    early = account.told()
    account.world.clock.advance(30)
    account.send("GET", "profile")
    late = account.told()
    for fault in ("event-lost", "event-twice"):
        account.world.faults.arm(fault, "EVENT")
        account.act("create_contact", name="Kran")
    account.act("deliver_events")

    assert (early, late) == ([], [("contact.created", first)])
    assert len(account.told()) == 2
    assert account.world.faults.bitten == ["event-lost", "event-twice"]

"""Lexware Office tells at once what changed: an edit, a payment and a new document are there without a look at everything."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.stories.test_l_customers import act, companies, customer, files, invoiced, notes, village
from tests.support.hooks import ADDRESS, Postman, deliver
from tests.support.village import Village
from unisono.systems.lexoffice.webhook import EVENTS
from unisono.wiring.hooks import close_doors, keep_address, open_door
from unisono.wiring.receiving import Doorkeeper
from unisono.wiring.running import Runner


def told(folder: Path) -> tuple[Village, Runner, Postman, str]:
    """A customer of the books that stands in the CRM, a door that Lexware Office knows of, and nothing due."""
    v = village(folder, "bitrix24")
    keep_address(v.house, ADDRESS)
    runner = Runner(house=v.house, holder="test")
    v.release()
    key = customer(v)
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    assert len(companies(v)) == 1
    post = Postman(Doorkeeper(house=v.house))
    v.books.world.storage.settings["deliver"] = post
    open_door(v.house, v.b, "Ada")
    runner.turn()
    return v, runner, post, key


def asked(v: Village, before: int) -> list[str]:
    return [call.operation for call in v.books.world.log.calls[before:]]


def test_a_door_is_one_subscription_for_each_event_and_none_once_it_is_closed(tmp_path: Path) -> None:
    v, _, _, _ = told(tmp_path)
    assert sorted(row["eventType"] for row in v.books.truth()["subscriptions"]) == sorted(EVENTS)

    close_doors(v.house, v.b, "Ada")

    assert v.books.truth()["subscriptions"] == []


def test_an_edit_arrives_in_seconds_without_a_look_at_everything(tmp_path: Path) -> None:
    v, runner, post, key = told(tmp_path)
    before = v.calls("b")

    act(v, "edit_contact", id=key, city="Emden")
    assert post.carried == 1
    v.clock.advance(2)
    runner.turn()

    assert companies(v)[0]["city"] == "Emden"
    assert "GET contacts" not in asked(v, before), "nothing was listed"


def test_a_notice_without_the_vendor_s_signature_is_refused_although_it_knows_the_address(tmp_path: Path) -> None:
    v, runner, post, key = told(tmp_path)
    post.hold = True
    act(v, "edit_contact", id=key, city="Emden")
    ((url, headers, body),) = post.held
    v.clock.advance(6)

    assert "X-Lxo-Signature" in headers
    for forged in ({"Content-Type": "application/json"}, headers | {"X-Lxo-Signature": "QUJD"}):
        deliver(post.keeper, url, forged, body)
    deliver(post.keeper, url, headers, body.replace(b"changed", b"deleted"))
    v.clock.advance(2)
    runner.turn()
    assert companies(v)[0]["city"] == "Bremen"

    deliver(post.keeper, url, headers, body)
    v.clock.advance(2)
    runner.turn()

    assert companies(v)[0]["city"] == "Emden"


def test_a_key_that_cannot_be_fetched_leaves_the_secret_of_the_address_to_do(tmp_path: Path) -> None:
    v, runner, post, key = told(tmp_path)
    close_doors(v.house, v.b, "Ada")
    v.books.world.faults.arm("status", "webhookSignature", times=9, value=503)
    open_door(v.house, v.b, "Ada")
    post.hold = True
    act(v, "edit_contact", id=key, city="Emden")
    ((url, _, body),) = post.held
    v.clock.advance(6)

    deliver(post.keeper, url, {"Content-Type": "application/json"}, body)
    v.clock.advance(2)
    runner.turn()

    assert companies(v)[0]["city"] == "Emden"


def test_an_invoice_and_its_payment_arrive_in_seconds(tmp_path: Path) -> None:
    v, runner, _, key = told(tmp_path)
    before = v.calls("b")
    number = invoiced(v, key)
    for _ in range(3):
        v.clock.advance(2)
        runner.turn()
    assert files(v) == ["RE0001.pdf"]

    act(v, "pay", id=number)
    for _ in range(3):
        v.clock.advance(2)
        runner.turn()

    assert any("bezahlt" in told for told in notes(v))
    assert "GET voucherlist" not in asked(v, before), "nothing was listed"
    assert v.problems() == []

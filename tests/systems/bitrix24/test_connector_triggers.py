"""Automation triggers: set off once, by a local app or with the code of one made by hand, and never tried where the login may not."""

from __future__ import annotations

import pytest

from tests.systems.bitrix24.local_app import LocalApp
from tests.systems.bitrix24.portal import portal, system_of
from tests.systems.contract.account import caught
from unisono.connect.port import System
from unisono.model.errors import Refused
from unisono.model.record import Kind
from unisono.model.writing import Write
from unisono.systems.bitrix24.choices import choices, settled
from unisono.systems.bitrix24.triggers import names, register

PAID = "unisono.invoice.paid"
BY_HAND = "c5u4m"


def fired(kind: Kind, key: str, **changes: str) -> Write:
    return Write(operation="change", side="a", kind=kind, key=key, changes=changes)


def do(system: System, write: Write) -> str:
    (command,) = system.compose(write, None)
    return system.send(command).key


@pytest.mark.parametrize(("what", "kind", "number"), (("deal", "quote", 2), ("quote", "quote", 7), ("invoice", "invoice", 31)))
def test_a_local_app_sets_off_its_own_trigger_on_a_deal_a_quote_and_an_invoice(what: str, kind: Kind, number: int) -> None:
    app = LocalApp()
    system = app.system()
    register(system.client, "de")
    key = app.act(f"create_{what}", title="Kran")
    assert app.simulator.truth()["trigger_runs"] == []

    assert do(system, fired(kind, f"{what}:{key}", trigger=PAID)) == f"{what}:{key}"

    (run,) = app.simulator.truth()["trigger_runs"]
    assert (run["CODE"], run["OWNER_TYPE_ID"], str(run["OWNER_ID"])) == (PAID, number, key)


def test_a_trigger_that_a_person_placed_moves_the_deal() -> None:
    app = LocalApp()
    system = app.system()
    register(system.client, "de")
    key = app.act("create_deal", title="Kran")
    app.act("place_trigger", code=PAID, kind="deal", stage="WON")

    do(system, fired("quote", f"deal:{key}", trigger=PAID))

    assert [row["STAGE_ID"] for row in app.simulator.truth()["deals"]] == ["WON"]


def test_registering_again_renames_and_makes_no_second_one() -> None:
    app = LocalApp()
    system = app.system()

    register(system.client, "en")
    register(system.client, "de")

    held = {row["CODE"]: row["NAME"] for row in app.simulator.truth()["triggers"]}
    assert held == names("de")
    assert (len(held), held[PAID]) == (11, "Unisono: Rechnung bezahlt")


def test_triggers_are_registered_when_a_person_asks_for_them() -> None:
    app = LocalApp()
    system = app.system()
    assert {one.name: one.value for one in choices(system, {})}["triggers"] == "none"
    settled(system, {}, {"address_type": "11"})
    assert app.simulator.truth()["triggers"] == []

    kept = settled(system, {}, {"triggers": "yes"})

    assert len(app.simulator.truth()["triggers"]) == 11
    assert {one.name: one.value for one in choices(system, kept)}["triggers"] == "yes"
    assert "triggers" not in {one.name for one in choices(system_of(portal()), {})}, "a webhook may not register any"


def test_a_webhook_sets_off_the_trigger_that_was_made_by_hand_on_a_deal() -> None:
    account = portal()
    key = account.act("create_deal", title="Kran")
    code = account.act("make_trigger", kind="deal", stage="WON")

    do(account.system, fired("quote", f"deal:{key}", trigger=code))

    assert [row["STAGE_ID"] for row in account.simulator.truth()["deals"]] == ["WON"]


@pytest.mark.parametrize(
    ("kind", "key", "changes", "code"),
    (
        ("quote", "deal:1", {"trigger": PAID}, "cannot-hold"),
        ("quote", "quote:1", {"trigger": BY_HAND}, "cannot-hold"),
        ("invoice", "invoice:1", {"trigger": BY_HAND}, "cannot-hold"),
        ("quote", "deal:1", {"trigger": "Bezahlt!"}, "not-allowed"),
        ("quote", "deal:1", {"trigger": ""}, "not-allowed"),
        ("quote", "deal:1", {"trigger": BY_HAND, "answer": "accepted"}, "not-allowed"),
    ),
)
def test_what_a_webhook_may_not_set_off_never_leaves(kind: Kind, key: str, changes: dict[str, str], code: str) -> None:
    account = portal()
    calls = len(account.wire.sent)

    fault = caught(Refused, lambda: account.system.compose(fired(kind, key, **changes), None))

    assert (fault.code, fault.field, len(account.wire.sent)) == (code, "trigger", calls)


def test_a_code_that_nobody_made_is_refused_in_the_portal_s_words() -> None:
    account = portal()
    key = account.act("create_deal", title="Kran")

    fault = caught(Refused, lambda: do(account.system, fired("quote", f"deal:{key}", trigger=BY_HAND)))

    assert (fault.code, fault.field) == ("refused", "trigger")
    assert "not registered" in fault.values["answer"]


def test_both_logins_say_that_they_can_set_triggers_off() -> None:
    assert "trigger" in system_of(portal()).capabilities.doors
    assert "trigger" in LocalApp().system().capabilities.doors

"""Who is told of a change: handlers of the application, webhooks made by hand, the offline queue with its packs and its loop guard."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.bitrix24.caller import Caller

THERE = "https://unisono.example/b24"


def bound(*events: str, **settings: Any) -> Caller:
    portal = Caller(**settings)
    for event in events:
        portal.app("event.bind", event=event, handler=THERE)
    return portal


def queued(*events: str, **settings: Any) -> Caller:
    portal = Caller(**settings)
    for event in events:
        portal.app("event.bind", event=event, event_type="offline", auth_connector="unisono")
    return portal


def test_a_handler_is_posted_the_id_and_the_applications_token_as_a_form() -> None:
    portal = bound("onCrmCompanyAdd")

    key = portal.company()

    (one,) = portal.world.storage.settings["outbox"]
    assert (one["url"], one["headers"]["Content-Type"]) == (THERE, "application/x-www-form-urlencoded")
    ((_, told),) = portal.told()
    assert (told["event"], told["data"]) == ("ONCRMCOMPANYADD", {"FIELDS": {"ID": str(key)}})
    auth = told["auth"]
    assert (auth["application_token"], auth["member_id"]) == (portal.setting("application_token"), portal.setting("member_id"))
    assert portal.post("profile", {"auth": auth["access_token"]}, path="/rest").status_code == 200


def test_a_person_and_a_program_are_told_of_alike_and_what_a_robot_did_comes_without_tokens() -> None:
    portal = bound("ONCRMDEALUPDATE")
    key = portal.act("create_deal", title="Kran")
    trigger = portal.act("make_trigger", kind="deal", stage="WON")

    portal.act("edit_deal", id=key, title="Kran 2")
    portal.result("crm.automation.trigger", target=f"DEAL_{key}", code=trigger)

    assert ["access_token" in told["auth"] for _, told in portal.told()] == [True, False]


def test_a_webhook_made_by_hand_has_a_token_of_its_own_and_no_login() -> None:
    portal = Caller()
    portal.act("bind_webhook", handler="https://hook.example/x", events="ONCRMCONTACTADD, ONCRMCONTACTDELETE")

    key = portal.contact()
    portal.result("crm.contact.delete", ID=key)

    told = [told for _, told in portal.told()]
    assert [one["event"] for one in told] == ["ONCRMCONTACTADD", "ONCRMCONTACTDELETE"]
    assert told[0]["auth"]["application_token"] == portal.setting("outgoing_token")
    assert "access_token" not in told[0]["auth"]


def test_smart_invoices_have_the_events_of_smart_processes_and_the_others_do_not() -> None:
    portal = bound("ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE_31", "ONCRMDEALADD")

    invoice, deal = portal.item(31), portal.item(2)
    portal.result("crm.item.update", entityTypeId=31, id=invoice, fields={"comments": "x"})

    told = [(one["event"], one["data"]["FIELDS"]) for _, one in portal.told()]
    assert told == [
        ("ONCRMDYNAMICITEMADD", {"ID": str(invoice), "ENTITY_TYPE_ID": "31"}),
        ("ONCRMDEALADD", {"ID": str(deal)}),
        ("ONCRMDYNAMICITEMUPDATE_31", {"ID": str(invoice), "ENTITY_TYPE_ID": "31"}),
    ]


def test_the_legal_side_comments_and_products_have_events_of_their_own() -> None:
    events = ("ONCRMREQUISITEADD", "ONCRMADDRESSREGISTER", "ONCRMADDRESSUNREGISTER", "ONCRMTIMELINECOMMENTADD", "CATALOG.PRODUCT.ON.ADD")
    portal = bound(*events)
    company = portal.company()
    address = {"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": portal.requisite(company)}

    portal.result("crm.address.add", fields=address)
    portal.result("crm.address.delete", fields=address)
    comment = portal.result("crm.timeline.comment.add", fields={"ENTITY_TYPE": "company", "ENTITY_ID": company, "COMMENT": "x"})
    portal.act("create_product", name="Kran")

    told = [one for _, one in portal.told()]
    assert tuple(one["event"] for one in told) == events
    assert told[3]["data"]["ID"] == str(comment)


def test_nobody_is_told_of_a_change_that_was_none() -> None:
    portal = bound("ONCRMCOMPANYUPDATE")
    key = portal.company("A")

    portal.result("crm.company.update", ID=key, fields={"TITLE": "A"})

    assert portal.told() == []


def test_handlers_are_listed_and_unbound() -> None:
    portal = bound("ONCRMDEALADD", "ONCRMDEALUPDATE")

    before = portal.app("event.get")["result"]
    gone = portal.app("event.unbind", event="ONCRMDEALADD", handler=THERE)["result"]

    assert [row["event"] for row in before] == ["ONCRMDEALADD", "ONCRMDEALUPDATE"]
    assert (gone, len(portal.app("event.get")["result"])) == ({"count": 1}, 1)
    assert portal.refused("event.bind", by_app=True, event="ONCRMDANCE", handler=THERE)[1] == "ERROR_EVENT_NOT_FOUND"
    assert portal.refused("event.bind", by_app=True, event="ONCRMDEALADD", handler="nowhere")[1] == "ERROR_ARGUMENT"
    assert portal.refused("event.bind", by_app=True, event="ONCRMDEALUPDATE", handler=THERE)[0] == 400


def test_a_receiver_that_fails_is_not_told_again() -> None:
    portal = bound("ONCRMCOMPANYADD")
    tried: list[bytes] = []

    def deliver(url: str, headers: dict[str, str], body: bytes) -> None:
        tried.append(body)
        raise OSError("nobody at home")

    portal.world.storage.settings["deliver"] = deliver
    portal.company("A")
    portal.world.clock.advance(3600)
    portal.result("server.time")

    assert len(tried) == 1


@pytest.mark.parametrize(("fault", "count"), (("event-lost", 0), ("event-twice", 2)))
def test_an_event_may_get_lost_or_come_twice(fault: str, count: int) -> None:
    portal = bound("ONCRMCOMPANYADD")
    portal.world.faults.arm(fault, "ONCRMCOMPANYADD")

    portal.company()

    assert len(portal.told()) == count


def test_an_event_comes_as_late_as_the_portal_is_set() -> None:
    portal = bound("ONCRMCOMPANYADD", event_seconds=90)
    portal.company("A")
    portal.world.clock.advance(60)
    portal.result("server.time")
    early = portal.told()
    portal.world.clock.advance(60)
    portal.result("server.time")

    assert (early, len(portal.told())) == ([], 1)
    portal.company("B")
    assert portal.act("deliver_events") == 1


def test_the_application_is_told_of_its_installation_with_its_tokens() -> None:
    portal = Caller()

    portal.act("install_app", handler="https://unisono.example/install")

    ((url, told),) = portal.told()
    assert (url, told["event"], told["data"]["INSTALLED"]) == ("https://unisono.example/install", "ONAPPINSTALL", "Y")
    renewed = portal.tokens(grant_type="refresh_token", refresh_token=told["auth"]["refresh_token"])
    assert renewed["access_token"] != told["auth"]["access_token"]


# the offline queue


def pack(portal: Caller, **params: Any) -> Any:
    return portal.app("event.offline.get", auth_connector="unisono", **params)["result"]


def test_the_queue_keeps_the_newest_state_of_a_record_only() -> None:
    portal = queued("ONCRMCOMPANYADD", "ONCRMCOMPANYUPDATE")
    key = portal.company("A")
    for number in range(3):
        portal.result("crm.company.update", ID=key, fields={"COMMENTS": str(number)})

    told = pack(portal)

    assert [(one["EVENT_NAME"], one["EVENT_DATA"]["FIELDS"]["ID"]) for one in told["events"]] == [
        ("ONCRMCOMPANYADD", key), ("ONCRMCOMPANYUPDATE", key),
    ]  # fmt: skip
    assert told["process_id"] is None
    assert pack(portal)["events"] == []


def test_a_reserved_pack_is_cleared_or_given_back() -> None:
    portal = queued("ONCRMCOMPANYADD")
    for title in "ABC":
        portal.company(title)

    first = pack(portal, clear=0, limit=2)
    rest = pack(portal, clear=0)
    again = pack(portal, process_id=first["process_id"])
    portal.app("event.offline.clear", process_id=first["process_id"], message_id=[first["events"][0]["MESSAGE_ID"]])
    portal.app("event.offline.error", process_id=first["process_id"], message_id=[first["events"][1]["MESSAGE_ID"]])
    back = pack(portal, error=1)

    assert [len(one["events"]) for one in (first, rest, again)] == [2, 1, 2]
    assert [one["MESSAGE_ID"] for one in back["events"]] == [first["events"][1]["MESSAGE_ID"]]


def test_reserved_packs_live_thirty_days() -> None:
    portal = queued("ONCRMCOMPANYADD", access_seconds=10**8)
    portal.company("A")
    process = pack(portal, clear=0)["process_id"]
    portal.world.clock.advance(31 * 86_400)

    assert pack(portal, process_id=process)["events"] == []


def test_what_the_connector_did_itself_is_not_queued_for_it() -> None:
    portal = queued("ONCRMCOMPANYADD")
    portal.app("crm.company.add", fields={"TITLE": "own"}, auth_connector="unisono")
    portal.app("batch", cmd={"a": "crm.company.add?fields[TITLE]=own"}, auth_connector="unisono")
    other = portal.app("crm.company.add", fields={"TITLE": "foreign"}, auth_connector="other")["result"]

    assert [one["EVENT_DATA"]["FIELDS"]["ID"] for one in pack(portal)["events"]] == [other]


def test_a_small_plan_has_neither_packs_nor_guard() -> None:
    portal = queued("ONCRMCOMPANYADD", offline_extended=False)
    portal.app("crm.company.add", fields={"TITLE": "own"}, auth_connector="unisono")

    told = pack(portal, clear=0)

    assert (told["process_id"], len(told["events"]), pack(portal)["events"]) == (None, 1, [])
    assert portal.result("feature.get", CODE="rest_offline_extended") == {"value": "N"}


def test_a_wake_up_call_comes_at_most_so_often() -> None:
    portal = queued("ONCRMCOMPANYADD")
    portal.app("event.bind", event="ONOFFLINEEVENT", handler=THERE, options={"minTimeout": 60})
    for title in "ABC":
        portal.company(title)
        portal.world.clock.advance(40)

    assert [told["event"] for _, told in portal.told()] == ["ONOFFLINEEVENT"] * 2


def test_the_queue_is_for_the_application_of_an_administrator() -> None:
    assert Caller().refused("event.offline.get")[1] == "WRONG_AUTH_TYPE"
    assert Caller(admin=False).refused("event.offline.get", by_app=True)[:2] == (403, "ACCESS_DENIED")

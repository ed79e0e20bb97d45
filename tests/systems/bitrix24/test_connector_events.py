"""What a portal says of itself: told to our door, or kept in its queue until we fetch it; a hint either way, and only from that portal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from tests.support.hooks import ADDRESS, Postman, deliver, open_hook
from tests.support.transport import SimTransport
from tests.support.village import Village
from tests.systems.bitrix24.local_app import LocalApp
from tests.systems.bitrix24.test_connector_story import quoted, village
from unisono.model.errors import LoginRefused
from unisono.model.secret import Secret
from unisono.sandbox.kit.app import application
from unisono.store import inbox, pairs, secrets
from unisono.systems.bitrix24 import events
from unisono.systems.bitrix24.client import Step
from unisono.wiring.hooks import ByHand, NoPublicAddress, close_doors, doors_of, keep_address, open_by_hand, open_door
from unisono.wiring.receiving import Doorkeeper
from unisono.wiring.running import Runner
from unisono.wiring.signing import Aways, come_back

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BEGIN = f"{ADDRESS}/hooks/01/"


def bound(app: LocalApp) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = app.simulator.truth()["event_handlers"]
    return rows


def signed_in(v: Village) -> None:
    """The portal's connection signs in as a local app, as somebody does it at set-up."""
    v.crm.world.storage.settings["portal"] = "https://muster.bitrix24.de"
    house, aways = v.house, Aways(v.house)
    with house.store.write() as conn:
        pairs.update_connection(conn, v.a, settings={"login": "local-app"})
        login = {"portal": "muster.bitrix24.de", "client_id": v.crm.portal.setting("client_id")}
        pairs.update_connection(conn, v.a, login=login)
        secrets.put_secret(conn, house.ring, v.a, "client_secret", Secret(str(v.crm.portal.setting("client_secret"))), v.clock.now())
    begun = aways.begin_again(v.a, {}, "session")
    with httpx2.Client(transport=SimTransport(application(v.crm)), follow_redirects=False) as browser:
        back = httpx2.URL(browser.get(begun.address).headers["location"]).params
    come_back(house, aways.take(back["state"], "session"), back["code"])


@pytest.fixture
def v(tmp_path: Path) -> Village:
    made = village(tmp_path)
    signed_in(made)
    quoted(made)
    made.sync()
    return made


def runner_of(v: Village) -> Runner:
    runner = Runner(house=v.house, holder="test")
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    return runner


def told_to(v: Village) -> Postman:
    keep_address(v.house, ADDRESS)
    post = Postman(Doorkeeper(house=v.house))
    v.crm.world.storage.settings["deliver"] = post
    return post


def city(v: Village) -> str:
    (customer,) = v.books.truth()["customers"]
    return str(customer["PHONE"])


def firm(v: Village) -> str:
    return str(v.crm.truth()["companies"][0]["ID"])


def door(v: Village) -> inbox.HookRow:
    with v.house.store.read() as conn:
        return inbox.hooks(conn, v.a)[-1]


def test_every_change_of_use_is_registered_once_and_taken_away_again() -> None:
    app = LocalApp()
    system = app.system()
    events.hook(system, Secret(f"{BEGIN}secret-one"), BEGIN)
    events.hook(system, Secret(f"{BEGIN}secret-one"), BEGIN)
    assert sorted(row["EVENT"].upper() for row in bound(app)) == sorted(events.TOLD)
    system.client.write([Step("e", "event.bind", {"event": "ONCRMLEADADD", "handler": "https://else.example/h"})])
    assert events.unhook(system, BEGIN) == len(events.TOLD)
    assert [row["EVENT"].upper() for row in bound(app)] == ["ONCRMLEADADD"], "somebody else's registration stays"


def test_the_queue_is_asked_for_keys_and_a_pack_is_let_go_of_once_it_was_kept() -> None:
    app = LocalApp()
    system = app.system()
    events.queue_up(system)
    events.queue_up(system)
    assert len(bound(app)) == len(events.QUEUED)
    number = app.act("create_company", title="Kranbau Riesig GmbH")
    pack, notices = events.queued(system)
    assert notices == [urlencode({"event": "ONCRMCOMPANYADD", "data[FIELDS][ID]": number}).encode()]
    assert events.queued(system)[1] == [], "what was handed out is not handed out again"
    events.let_go(system, pack)
    assert app.simulator.truth()["offline"] == []
    events.unqueue(system)
    assert bound(app) == []


def test_our_own_writes_do_not_come_back_out_of_the_queue() -> None:
    from tests.systems.bitrix24.test_connector_login import new_company

    app = LocalApp()
    system = app.system()
    events.queue_up(system)
    (command,) = system.compose(new_company("Von uns"), None)
    system.send(command)
    assert events.queued(system)[1] == []


def test_a_webhook_has_no_queue() -> None:
    from tests.systems.bitrix24.portal import portal, system_of

    with pytest.raises(LoginRefused):
        events.queued(system_of(portal()))


def test_an_edit_in_the_portal_arrives_in_seconds(v: Village) -> None:
    runner, post = runner_of(v), told_to(v)
    opened = open_door(v.house, v.a, "anna")
    assert (opened.state, doors_of(v.house, v.pair)[0].means) == ("open", "door")
    v.crm_act("edit_company", id=firm(v), phone="+49 421 7")
    assert post.carried >= 1
    v.clock.advance(2)
    runner.turn()
    assert city(v) == "+49 421 7"


def test_what_is_kept_of_a_notice_holds_no_key_of_the_portal(v: Village) -> None:
    runner_of(v)
    told_to(v)
    open_door(v.house, v.a, "anna")
    v.crm_act("edit_company", id=firm(v), phone="+49 421 7")
    with v.house.store.read() as conn:
        bodies = [body for _, body in inbox.waiting(conn, v.a, 100)]
    assert bodies
    assert [body for body in bodies if b"access_token" in body or b"refresh_token" in body] == []


def test_a_notice_by_another_token_than_the_first_is_refused(v: Village) -> None:
    runner = runner_of(v)
    told_to(v)
    url = open_hook(v.house, v.a)
    member = str(v.crm.portal.setting("member_id"))
    keeper = Doorkeeper(house=v.house)

    def notice(token: str, of: str = member) -> bytes:
        told = {"event": "ONCRMCOMPANYUPDATE", "data[FIELDS][ID]": firm(v)}
        return urlencode(told | {"auth[member_id]": of, "auth[application_token]": token}).encode()

    calls = []
    for body in (notice("the-portal-s-token"), notice("somebody-s-token"), notice("the-portal-s-token", "another-portal"), notice("")):
        v.clock.advance(2)
        before, refused = v.calls("a"), door(v).refused
        assert deliver(keeper, url, FORM, body)
        runner.turn()
        calls.append((v.calls("a") > before, door(v).refused - refused))
    assert calls == [(True, 0), (False, 1), (False, 1), (False, 1)]
    signed_in(v)
    v.clock.advance(2)
    before = v.calls("a")
    deliver(keeper, url, FORM, notice("the-token-of-an-app-installed-anew"))
    runner.turn()
    assert v.calls("a") > before, "after signing in anew the first notice says whose they are"


def test_a_form_is_taken_at_the_portal_s_door_and_json_is_not(v: Village) -> None:
    told_to(v)
    url, keeper = open_hook(v.house, v.a), Doorkeeper(house=v.house)
    assert not deliver(keeper, url, {"Content-Type": "application/json"}, b"{}")
    assert deliver(keeper, url, FORM, b"event=x")


def test_where_nobody_reaches_us_the_portal_s_queue_is_fetched_every_minute(v: Village) -> None:
    runner = runner_of(v)
    assert doors_of(v.house, v.pair)[0].why_not == ""
    opened = open_door(v.house, v.a, "anna")
    assert (opened.address, opened.hash, doors_of(v.house, v.pair)[0].means) == ("queue", "", "queue")
    runner.turn()
    v.crm_act("edit_company", id=firm(v), phone="+49 421 8")
    v.clock.advance(10)
    runner.turn()
    assert city(v) != "+49 421 8", "the queue is not asked at every turn"
    v.clock.advance(51)
    runner.turn()
    assert city(v) == "+49 421 8"
    assert v.crm.truth()["offline"] == []
    written = len(v.writes("b"))
    v.clock.advance(61)
    runner.turn()
    assert len(v.writes("b")) == written

    assert close_doors(v.house, v.a, "anna")
    assert v.crm.truth()["event_handlers"] == []


def test_a_queue_that_is_refused_is_told_at_its_door_and_stops_nothing(v: Village) -> None:
    runner = runner_of(v)
    open_door(v.house, v.a, "anna")
    transport = v.house.transports
    v.house.transports = lambda name: _Refusing(transport(name)) if name == "bitrix24" else transport(name)
    v.house.forget_system(v.a)
    v.clock.advance(61)
    runner.turn()
    assert door(v).told == "login-refused"
    with v.house.store.read() as conn:
        assert pairs.get_connection(conn, v.a).state == "ok"


class _Refusing:
    """A portal that keeps its queue to itself."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def carry(self, request: Any, hearer: Any) -> None:
        if "event.offline.get" in request.url:
            hearer.head(403, {"content-type": "application/json"})
            hearer.piece(b'{"error":"ACCESS_DENIED","error_description":"Access denied!"}')
        else:
            self._inner.carry(request, hearer)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("gone", (True, False), ids=("taken-out", "only-said"))
def test_that_an_app_was_taken_out_is_tried_at_once_and_believed_only_then(v: Village, gone: bool) -> None:
    runner = runner_of(v)
    told_to(v)
    url, keeper = open_hook(v.house, v.a), Doorkeeper(house=v.house)
    if gone:
        v.crm_act("uninstall_app")
    told = {"event": "ONAPPUNINSTALL", "auth[member_id]": str(v.crm.portal.setting("member_id")), "auth[application_token]": "t"}
    deliver(keeper, url, FORM, urlencode(told).encode())
    runner.turn()
    with v.house.store.read() as conn:
        assert pairs.get_connection(conn, v.a).state == "ok", "the notice itself stops nothing"
    v.clock.advance(2)
    before = v.calls("a")
    runner.turn()
    assert v.calls("a") > before
    with v.house.store.read() as conn:
        assert pairs.get_connection(conn, v.a).state == ("refused" if gone else "ok")


def test_by_webhook_a_person_enters_the_address_which_is_told_once(tmp_path: Path) -> None:
    v = village(tmp_path)
    quoted(v)
    v.sync()
    runner = runner_of(v)
    with pytest.raises(NoPublicAddress):
        open_by_hand(v.house, v.a, "anna")
    post = told_to(v)
    with pytest.raises(ByHand):
        open_door(v.house, v.a, "anna")
    opened, address = open_by_hand(v.house, v.a, "anna")
    assert address.startswith(opened.address)
    assert len(address) > len(opened.address) + 20
    assert doors_of(v.house, v.pair)[0].means == "by-hand"
    v.crm_act("bind_webhook", handler=address, events="ONCRMCOMPANYUPDATE")
    v.crm_act("edit_company", id=firm(v), phone="+49 421 9")
    assert post.carried == 1
    v.clock.advance(2)
    runner.turn()
    assert city(v) == "+49 421 9"
    assert close_doors(v.house, v.a, "anna"), "nothing is asked of the portal: whoever entered the address takes it out"


def test_two_processes_with_the_same_expired_keys_ask_the_portal_once(v: Village) -> None:
    other = type(v.house)(store=v.house.store, ring=v.house.ring, folder=v.house.folder, clock=v.clock, transports=v.house.transports)
    with v.house.store.read() as conn:
        row = pairs.get_connection(conn, v.a)
        before = secrets.get_secret(conn, v.house.ring, v.a, "refresh_token")
    ours, theirs = v.house.system(row), other.system(row)
    v.clock.advance(timedelta(hours=2))
    ours.identify()
    with v.house.store.read() as conn:
        after = secrets.get_secret(conn, v.house.ring, v.a, "refresh_token")
    theirs.identify()
    with v.house.store.read() as conn:
        assert secrets.get_secret(conn, v.house.ring, v.a, "refresh_token") == after != before

"""The door when all goes well, and what it takes care of on the way: what is sent, to whom, and how soon."""

from __future__ import annotations

import base64
import logging
import threading
from datetime import timedelta
from decimal import Decimal

import httpx2
import pytest

from tests.support.clock import START, FakeClock
from tests.support.transport import Answering
from tests.unit.connect.doors import API, KEY, NotedPace, Vendor
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.model.capability import PaceRule
from unisono.model.errors import LoginRefused, Refused, TryLater
from unisono.model.secret import Secret


def ok() -> httpx2.Response:
    return httpx2.Response(200, json={"id": 7})


def test_a_read_carries_query_key_and_our_name_and_gives_status_headers_and_exact_numbers() -> None:
    vendor = Vendor(httpx2.Response(200, content=b'{"TOTAL": 81.30}', headers={"X-Rate-Left": "3"}))
    reply = vendor.door.call("GET", f"{API}/deals?x=1", params=[("includes", "tags tels"), ("q", "Ä&B")], headers={"X-apikey": KEY})
    (request,) = vendor.asked
    assert str(request.url) == f"{API}/deals?x=1&includes=tags%20tels&q=%C3%84%26B"
    assert request.headers["X-apikey"] == KEY.reveal()
    assert request.headers["User-Agent"].startswith("unisono/")
    assert request.headers["Accept"] == "application/json"
    assert (reply.status, reply.headers["x-rate-left"], reply.json()) == (200, "3", {"TOTAL": Decimal("81.30")})
    assert vendor.pace.told == ["take", "succeeded"]
    assert vendor.clock.slept == []


def test_a_write_sends_amounts_as_exact_numbers_and_a_basic_login() -> None:
    vendor = Vendor(ok())
    login = ("büro@firma.example", Secret("geheim"))
    vendor.door.call("POST", API, json={"UNIT_PRICE": Decimal("40.00"), "key": KEY}, login=login, write=True)
    (request,) = vendor.asked
    assert request.content == b'{"UNIT_PRICE":40.00,"key":"k3y-of-the-firm/+="}'
    assert request.headers["Content-Type"] == "application/json"
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == "büro@firma.example:geheim"


def test_other_bytes_go_as_they_are() -> None:
    vendor = Vendor(ok())
    vendor.door.call("PUT", API, content=b"<x/>", headers={"Content-Type": "application/xml", "Accept": "text/xml"}, write=True)
    (request,) = vendor.asked
    assert request.content == b"<x/>"
    assert (request.headers["Content-Type"], request.headers["Accept"]) == ("application/xml", "text/xml")


@pytest.mark.parametrize("status", (201, 204, 301, 302, 400, 401, 403, 404, 409, 412, 422))
@pytest.mark.parametrize("write", (False, True))
def test_every_status_a_client_can_judge_comes_back_and_no_redirect_is_followed(status: int, write: bool) -> None:
    vendor = Vendor(httpx2.Response(status, headers={"Location": "https://evil.example/"}))
    assert vendor.door.call("GET", API, headers={"X-apikey": KEY}, write=write).status == status
    assert len(vendor.asked) == 1


def test_a_cookie_is_not_brought_back_so_that_every_call_stands_for_itself() -> None:
    vendor = Vendor(httpx2.Response(200, headers={"Set-Cookie": "session=1; Path=/"}))
    vendor.door.call("GET", API)
    vendor.door.call("GET", API)
    assert "cookie" not in vendor.asked[1].headers


@pytest.mark.parametrize(
    "url",
    (
        "https://evil.example/v1",
        "http://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "https://api.example.com@evil.example/",
        "https://api.example.com.evil.example/",
    ),
)
def test_a_key_goes_to_the_vendors_own_hosts_only(url: str) -> None:
    vendor = Vendor(ok())
    with pytest.raises(Refused) as caught:
        vendor.door.call("GET", url, headers={"X-apikey": KEY})
    assert vendor.asked == []
    assert KEY.reveal() not in repr(caught.value)


def test_a_users_host_is_reached_at_the_address_that_was_checked_under_its_own_name() -> None:
    vendor = Vendor(ok(), hosts=("crm.firm.example:8443",), pinned={"crm.firm.example": "93.184.215.14"})
    vendor.door.call("GET", "https://crm.firm.example:8443/api")
    (request,) = vendor.carried
    assert (request.url, request.address) == ("https://crm.firm.example:8443/api", "93.184.215.14")


def test_a_users_host_with_umlauts_or_ipv6_address_is_pinned_as_well() -> None:
    vendor = Vendor(ok(), hosts=("xn--mller-kva.example",), pinned={"xn--mller-kva.example": "2606:4700::6810:84e5"})
    vendor.door.call("GET", "https://müller.example/api")
    (request,) = vendor.carried
    assert (request.url, request.address) == ("https://xn--mller-kva.example/api", "2606:4700::6810:84e5")


def test_a_key_with_an_invisible_mark_is_a_wrong_key_not_a_crash() -> None:
    vendor = Vendor(ok())
    for broken in ("abc\u200bdef", "abc\ndef", "schlüssel"):
        with pytest.raises(LoginRefused) as caught:
            vendor.door.call("GET", API, headers={"X-apikey": Secret(broken)})
        assert caught.value.code == "login-not-sendable"
        assert caught.value.values == {"header": "X-apikey"}
        assert broken not in repr(caught.value)
        assert caught.value.__context__ is None
    assert vendor.asked == []


def test_half_a_surrogate_pair_refuses_the_record_before_anything_is_sent() -> None:
    vendor = Vendor(ok())
    with pytest.raises(Refused) as caught:
        vendor.door.call("POST", API, json={"name": "a\ud800"}, write=True)
    assert caught.value.code == "not-unicode"
    assert vendor.asked == []


def test_a_short_wait_for_pace_is_waited_on_the_spot() -> None:
    vendor = Vendor(ok(), pace=NotedPace(START + timedelta(seconds=1.5)))
    assert vendor.door.call("GET", API).status == 200
    assert vendor.clock.slept == [1.5]
    assert vendor.pace.told == ["take", "take", "succeeded"]


def test_a_long_wait_for_pace_gives_the_lane_back_with_the_time() -> None:
    vendor = Vendor(ok(), pace=NotedPace(START + timedelta(seconds=72)))
    with pytest.raises(TryLater) as caught:
        vendor.door.call("GET", API)
    assert caught.value.code == "pace"
    assert caught.value.at == START + timedelta(seconds=72)
    assert (vendor.clock.slept, vendor.asked) == ([], [])


def test_many_short_waits_in_a_row_are_a_long_one() -> None:
    waits = [START + timedelta(seconds=s) for s in (0.9, 1.8, 2.7, 3.6)]
    vendor = Vendor(ok(), pace=NotedPace(*waits))
    with pytest.raises(TryLater) as caught:
        vendor.door.call("GET", API)
    assert caught.value.at == waits[2]
    assert sum(vendor.clock.slept) < 2


def test_who_waits_for_pace_is_not_overtaken_by_who_comes_later() -> None:
    """With four calls under way all the time one of them lost every slot to the others, until its patience was at an end."""
    later = threading.Thread(target=lambda: vendor.door.call("GET", f"{API}/later"))

    class Meanwhile(FakeClock):
        def sleep(self, seconds: float) -> None:
            if later.ident is None:
                later.start()
                # Let past, it has its answer at once; held back, it has none however long one waits.
                later.join(0.05)
            super().sleep(seconds)

    clock = Meanwhile()
    one_a_second = MemoryPace([PaceRule(window="sliding", limit=1, seconds=1)], clock)
    vendor = Vendor(ok(), clock=clock, pace=one_a_second)  # type: ignore[arg-type]
    for path in ("first", "second"):
        vendor.door.call("GET", f"{API}/{path}")
    later.join()
    assert [str(request.url).rpartition("/")[2] for request in vendor.asked] == ["first", "second", "later"]


def test_a_pace_that_answers_with_the_past_does_not_make_the_door_spin() -> None:
    vendor = Vendor(ok(), pace=NotedPace(*[START] * 1000))
    with pytest.raises(TryLater):
        vendor.door.call("GET", API)
    assert len(vendor.pace.told) < 250


def test_a_call_outside_the_pace_neither_takes_nor_blocks() -> None:
    vendor = Vendor(ok(), httpx2.Response(429))
    vendor.door.call("GET", API, paced=False)
    with pytest.raises(TryLater):
        vendor.door.call("GET", API, paced=False)
    assert vendor.pace.told == []


@pytest.mark.parametrize("write", (False, True))
@pytest.mark.parametrize(
    ("headers", "seconds"),
    (
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Mon, 02 Mar 2026 09:02:00 GMT"}, 120),
        ({"Retry-After": "Mon, 02 Mar 2026 07:02:00 GMT", "Date": "Mon, 02 Mar 2026 07:00:00 GMT"}, 120),
        ({}, 30),
    ),
)
def test_too_many_requests_blocks_everybody_until_the_time_told_and_was_certainly_not_done(
    headers: dict[str, str], seconds: int, write: bool
) -> None:
    vendor = Vendor(httpx2.Response(429, headers=headers, text=f"slow down, {KEY.reveal()}"))
    with pytest.raises(TryLater) as caught:
        vendor.door.call("POST", API, write=write, wait_at_429=30)
    assert caught.value.at == vendor.pace.until == START + timedelta(seconds=seconds)
    assert caught.value.raw == "slow down, •••"
    assert caught.value.values == {"call": "POST api.example.com/v1", "status": "429"}
    assert vendor.pace.told == ["take", "rejected", "blocked"]
    assert len(vendor.asked) == 1


def test_after_a_429_the_next_call_waits_without_asking_the_vendor() -> None:
    clock = FakeClock()
    answers = [httpx2.Response(429, headers={"Retry-After": "60"}), ok()]
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return answers.pop(0)

    pace = MemoryPace([PaceRule(window="sliding", limit=50, seconds=3600, counts="success")], clock)
    door = Door(transport=Answering(answer), hosts=("api.example.com",), pace=pace, clock=clock)
    for _ in range(2):
        with pytest.raises(TryLater) as caught:
            door.call("GET", API)
        assert caught.value.at == START + timedelta(seconds=60)
    assert len(asked) == 1
    clock.advance(60)
    assert door.call("GET", API).status == 200


def test_the_client_librarys_own_log_shows_no_address_and_no_header(caplog: pytest.LogCaptureFixture) -> None:
    vendor = Vendor(ok())
    with caplog.at_level(logging.DEBUG):
        vendor.door.call("GET", API, params=[("api_token", KEY)], headers={"X-apikey": KEY})
    assert vendor.asked[0].url.params["api_token"] == KEY.reveal()
    assert "api_token" not in caplog.text
    assert KEY.reveal() not in caplog.text


def test_a_door_prints_its_hosts_and_nothing_else_and_can_be_closed_and_used_again() -> None:
    vendor = Vendor(ok())
    assert repr(vendor.door) == "Door(api.example.com)"
    with vendor.door as door:
        door.call("GET", API)
    assert vendor.door.call("GET", API).status == 200

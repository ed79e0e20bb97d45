"""The door when the answer is lost, late, torn, too large or not the vendor's: what is known of the other side, and nothing more."""

from __future__ import annotations

import gzip
import re
import traceback
import zlib
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from tests.support.clock import START, FakeClock
from tests.unit.connect.doors import API, KEY, Dripping, Vendor
from unisono.model.errors import BadAnswer, SystemFault, Unavailable, Unclear

REFUSED = httpx2.ConnectError("[Errno 111] Connection refused")
NO_NAME = httpx2.ConnectError("[Errno -2] Name or service not known")
BAD_TLS = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
NEVER_MADE = (REFUSED, NO_NAME, BAD_TLS, httpx2.ConnectTimeout("timed out"), httpx2.PoolTimeout("no free connection"))
MAYBE_DONE = (
    (httpx2.ReadTimeout("timed out"), "timed-out"),
    (httpx2.WriteTimeout("timed out"), "timed-out"),
    (httpx2.ReadError("connection reset by peer"), "connection-lost"),
    (httpx2.WriteError("broken pipe"), "connection-lost"),
    (httpx2.RemoteProtocolError("server disconnected without sending a response"), "connection-lost"),
)


def fault_of(vendor: Vendor, *, write: bool, **call: object) -> SystemFault:
    with pytest.raises(SystemFault) as caught:
        vendor.door.call("POST", API, headers={"X-apikey": KEY}, write=write, **call)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("error", NEVER_MADE, ids=str)
def test_a_write_whose_connection_was_never_made_changed_nothing_and_is_not_repeated_here(error: Exception) -> None:
    vendor = Vendor(error)
    fault = fault_of(vendor, write=True)
    assert isinstance(fault, Unavailable)
    assert (fault.code, fault.values) == ("no-connection", {"call": "POST api.example.com/v1", "reason": str(error)})
    assert len(vendor.asked) == 1
    assert vendor.pace.told == ["take", "rejected"]


@pytest.mark.parametrize(("error", "code"), MAYBE_DONE, ids=str)
def test_a_write_whose_answer_was_lost_is_unclear_and_never_repeated(error: Exception, code: str) -> None:
    vendor = Vendor(error)
    fault = fault_of(vendor, write=True)
    assert isinstance(fault, Unclear)
    assert fault.code == code
    assert len(vendor.asked) == 1
    assert vendor.pace.told == ["take", "succeeded"], "the vendor may have counted it"


@pytest.mark.parametrize("error", (*NEVER_MADE, *(e for e, _ in MAYBE_DONE)), ids=str)
def test_a_read_is_tried_three_times_with_pauses_and_then_unavailable(error: Exception) -> None:
    vendor = Vendor(error)
    fault = fault_of(vendor, write=False)
    assert isinstance(fault, Unavailable)
    assert len(vendor.asked) == 3
    assert vendor.clock.slept == [0.5, 2.0]
    assert vendor.pace.told.count("take") == 3


@pytest.mark.parametrize("status", (500, 502, 503, 504))
def test_a_read_that_succeeds_the_second_time_says_nothing_of_the_first(status: int) -> None:
    vendor = Vendor(httpx2.Response(status), httpx2.Response(200, json=[]))
    assert vendor.door.call("GET", API).json() == []
    assert vendor.clock.slept == [0.5]


@pytest.mark.parametrize("status", (500, 502, 503, 504, 507))
def test_a_server_error_is_unavailable_for_a_read_and_unclear_for_a_write(status: int) -> None:
    body = f"<h1>Oops</h1> {KEY.reveal()} " + "x" * 5000
    read, write = Vendor(httpx2.Response(status, text=body)), Vendor(httpx2.Response(status, text=body))
    for vendor, kind, asked in ((read, Unavailable, 3), (write, Unclear, 1)):
        fault = fault_of(vendor, write=kind is Unclear)
        assert type(fault) is kind
        assert (fault.code, fault.values["status"]) == ("server-error", str(status))
        assert fault.raw.startswith("<h1>Oops</h1> ••• xxx")
        assert len(fault.raw) == 2000
        assert len(vendor.asked) == asked


@pytest.mark.parametrize("write", (False, True))
def test_a_definite_server_error_is_for_the_client_to_judge(write: bool) -> None:
    vendor = Vendor(httpx2.Response(507, json={"error": "full"}))
    reply = vendor.door.call("POST", API, write=write, definite={507})
    assert (reply.status, reply.json()) == (507, {"error": "full"})
    assert len(vendor.asked) == 1


def test_a_vendor_that_names_its_own_hour_is_not_asked_again_within_it() -> None:
    vendor = Vendor(httpx2.Response(503, headers={"Retry-After": "600"}))
    fault = fault_of(vendor, write=False)
    assert isinstance(fault, Unavailable)
    assert fault.values["retry_after"] == "600"
    assert len(vendor.asked) == 1
    soon = Vendor(httpx2.Response(503, headers={"Retry-After": "1"}), httpx2.Response(200))
    assert soon.door.call("GET", API).status == 200


def torn(*, declared: int, body: bytes = b'{"id": 1') -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(200, headers={"Content-Length": str(declared)}, stream=Dripping([body]))


TORN = {
    "shorter than declared": torn(declared=100),
    "longer than declared": torn(declared=3),
    "broken gzip": lambda _: httpx2.Response(200, headers={"Content-Encoding": "gzip"}, stream=Dripping([b"not gzip"])),
    "already read, shorter": lambda _: httpx2.Response(200, content=b"{}", headers={"Content-Length": "9"}),
}


@pytest.mark.parametrize("answer", TORN.values(), ids=TORN)
def test_a_torn_answer_is_unclear_for_a_write_and_tried_again_for_a_read(answer: Callable[[httpx2.Request], httpx2.Response]) -> None:
    write, read = Vendor(answer), Vendor(answer, httpx2.Response(200, json={"id": 1}))
    fault = fault_of(write, write=True)
    assert isinstance(fault, Unclear)
    assert fault.code == "answer-torn"
    assert read.door.call("GET", API).json() == {"id": 1}


def test_a_line_that_breaks_in_the_middle_of_the_answer_is_the_same() -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        steps = iter([None, httpx2.ReadError("connection reset by peer")])

        def before() -> None:
            if (error := next(steps)) is not None:
                raise error

        return httpx2.Response(200, stream=Dripping([b'{"id"', b": 1}"], before))

    assert isinstance(fault_of(Vendor(answer), write=True), Unclear)
    assert isinstance(fault_of(Vendor(answer), write=False), Unavailable)


def test_answers_in_gzip_and_without_a_declared_length_are_whole() -> None:
    packed = gzip.compress(b'{"id": 1}')
    length = {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
    vendor = Vendor(
        httpx2.Response(200, headers=length, stream=Dripping([packed[:5], packed[5:]])),
        httpx2.Response(200, headers=length, content=packed),
        httpx2.Response(200, stream=Dripping([b'{"id"', b": 1}"])),
        httpx2.Response(204, headers={"Content-Length": "5"}),
    )
    assert [vendor.door.call("GET", API).json() for _ in range(3)] == [{"id": 1}] * 3
    assert vendor.door.call("GET", API).status == 204
    assert len(vendor.asked) == 4


def test_a_huge_answer_is_stopped_at_the_limit_not_after_it() -> None:
    mebibyte = b" " * 1024 * 1024
    stream = Dripping([mebibyte] * 500)
    vendor = Vendor(lambda _: httpx2.Response(200, stream=stream), body_limit=3 * 1024 * 1024)
    fault = fault_of(vendor, write=False)
    assert isinstance(fault, BadAnswer)
    assert (fault.code, fault.values["limit"]) == ("answer-too-large", str(3 * 1024 * 1024))
    assert stream.given == 4
    assert stream.closed
    assert len(vendor.asked) == 1, "it would be as large again"


def test_an_answer_that_declares_too_much_is_not_read_at_all() -> None:
    stream = Dripping([b"x"])
    vendor = Vendor(lambda _: httpx2.Response(200, headers={"Content-Length": "99999999999"}, stream=stream))
    assert fault_of(vendor, write=True).code == "answer-too-large"
    assert stream.given == 0


def test_a_gzip_bomb_is_measured_unpacked() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 1024 * 1024) for _ in range(64)) + packer.flush()
    assert len(bomb) < 100_000
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(bomb))}
    vendor = Vendor(lambda _: httpx2.Response(200, headers=headers, stream=Dripping([bomb])), body_limit=2 * 1024 * 1024)
    assert isinstance(fault_of(vendor, write=False), BadAnswer)
    assert isinstance(fault_of(vendor, write=True), Unclear)


def test_an_answer_that_drips_a_byte_a_second_ends_after_four_timeouts() -> None:
    clock = FakeClock()
    vendor = Vendor(lambda _: httpx2.Response(200, stream=Dripping([b" "] * 10_000, lambda: clock.advance(1))), clock=clock)
    fault = fault_of(vendor, write=True)
    assert isinstance(fault, Unclear)
    assert fault.code == "timed-out"
    assert clock.now() == START + timedelta(seconds=121)


def test_a_429_whose_body_is_torn_is_still_a_429() -> None:
    vendor = Vendor(lambda _: httpx2.Response(429, headers={"Content-Length": "9", "Retry-After": "5"}, stream=Dripping([b"slow"])))
    fault = fault_of(vendor, write=True)
    assert fault.code == "rate-limited"
    assert vendor.pace.until == START + timedelta(seconds=5)


@pytest.mark.parametrize("write", (False, True))
@pytest.mark.parametrize(
    "answer",
    (
        httpx2.ConnectError(f"cannot reach https://x/?key={KEY.reveal()}"),
        httpx2.ReadTimeout(f"{KEY.reveal()} timed out"),
        httpx2.Response(500, text=f"{KEY.reveal()} k3y-of-the-firm%2F%2B%3D"),
        httpx2.Response(429, text=KEY.reveal()),
    ),
    ids=("no-connection", "timed-out", "server-error", "rate-limited"),
)
def test_no_fault_shows_the_key_in_message_values_raw_or_traceback(answer: httpx2.Response | Exception, write: bool) -> None:
    vendor = Vendor(answer)
    with pytest.raises(SystemFault) as caught:
        vendor.door.call("POST", f"{API}/{KEY.reveal()}", params=[("api_token", KEY)], headers={"X-apikey": KEY}, write=write)
    fault = caught.value
    assert fault.__context__ is None, "the library's exception holds the request"
    shown = repr(fault) + str(fault) + "".join(traceback.format_exception(fault))
    assert not re.search("k3y", shown)
    assert fault.values["call"] == "POST api.example.com/v1/•••"


def test_a_key_that_only_this_call_knew_is_redacted_as_well() -> None:
    vendor = Vendor(httpx2.Response(200, content=b"<p>unknown key fresh-token-1 of user:pass-word-2</p>"), secrets=())
    login = ("user", type(KEY)("pass-word-2"))
    reply = vendor.door.call("GET", API, params=[("q", type(KEY)("fresh-token-1"))], login=login)
    with pytest.raises(BadAnswer) as caught:
        reply.json()
    assert caught.value.raw == "<p>unknown key ••• of user:•••</p>"

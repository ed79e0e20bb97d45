"""What stands around every answer: whose page it is, how large a call may be, what a browser may do with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.desk import ADDRESS, Desk, Seen, desk_at
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.site import is_loopback

PAGES = ("/signin", "/", "/nothing-here", "/api/v1/me", "/api/v1/nothing", "/static/x/unisono.css", "/static/x/none.css")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_tells_browsers_to_keep_it_to_itself(desk: Desk, path: str) -> None:
    for browser in (desk.somebody(), desk.browser("vera")):
        told = browser.get(path).headers
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert (told["x-content-type-options"], told["x-frame-options"]) == ("nosniff", "DENY")
        assert (told["cross-origin-opener-policy"], told["referrer-policy"]) == ("same-origin", "same-origin")
        assert "server" not in told


@pytest.mark.parametrize("path", ("/", "/me", "/firms"))
def test_pages_have_no_inline_script_or_style_and_load_nothing_from_elsewhere(desk: Desk, path: str) -> None:
    seen = Seen(desk.browser("anna").get(path).text)
    assert [e for e in seen.elements if e[0] == "style" or "style" in e[1]] == []
    assert [e for e in seen.elements if any(name.startswith("on") for name in e[1])] == []
    scripts = [attrs for tag, attrs in seen.elements if tag == "script"]
    assert scripts
    assert all(attrs.get("src", "").startswith("/static/") for attrs in scripts)
    loaded = [attrs.get("src") or attrs.get("href", "") for tag, attrs in seen.elements if tag in ("script", "link", "img", "iframe")]
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded)


def test_pages_are_kept_by_no_cache_and_files_of_ours_for_good(desk: Desk) -> None:
    page = desk.browser("vera").get("/")
    assert page.headers["cache-control"] == "no-store"
    sheet = next(attrs["href"] for tag, attrs in Seen(page.text).elements if attrs.get("rel") == "stylesheet")
    kept = desk.somebody().get(sheet)
    assert (kept.status_code, kept.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in kept.headers["cache-control"]


@pytest.mark.parametrize("name", ("../app.py", "..%2fapp.py", "vendor/VENDOR.md", "%2fetc/passwd", "vendor/htmx.LICENSE", "unisono.css/"))
def test_no_file_is_served_that_is_not_meant_to_be(desk: Desk, name: str) -> None:
    answer = desk.somebody().get(f"/static/x/{name}")
    assert answer.status_code == 404
    assert "def " not in answer.text


@pytest.mark.parametrize("host", ("evil.example", "127.0.0.1.evil.example", "127.0.0.1:9999", "", "localhost:8460@evil.example"))
def test_a_name_that_is_not_ours_is_not_answered(desk: Desk, host: str) -> None:
    answer = desk.browser("anna").get("/me", headers={"host": host})
    assert answer.status_code == 421
    assert answer.text == "not here"


@pytest.mark.parametrize("host", ("127.0.0.1:8460", "localhost:8460", "[::1]:8460"))
def test_this_machine_is_ours_under_all_its_names(desk: Desk, host: str) -> None:
    assert desk.somebody().get("/signin", headers={"host": host}).status_code == 200


def test_behind_tls_only_the_address_people_know_is_ours(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, address="https://unisono.example.de")
    answer = desk.somebody().get("/signin")
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert desk.somebody().get("/signin", headers={"host": "127.0.0.1"}).status_code == 421


def test_behind_tls_the_cookie_is_this_hosts_alone(tmp_path: Path) -> None:
    desk = desk_at(tmp_path, address="https://unisono.example.de")
    first = desk.somebody().get("/signin").headers["set-cookie"]
    assert first.startswith("__Host-unisono-door=")
    browser = desk.browser("anna")
    assert "__Host-unisono" in browser.cookies
    assert browser.get("/me").status_code == 200


def test_on_loopback_the_cookie_has_a_plain_name_since_browsers_refuse_the_other(desk: Desk) -> None:
    made = desk.somebody().get("/signin").headers["set-cookie"]
    assert made.startswith("unisono-door=")
    assert "HttpOnly" in made
    assert "SameSite=lax" in made
    assert "Secure" not in made


def test_a_body_that_is_too_long_is_refused_before_anybody_reads_it(desk: Desk) -> None:
    answer = desk.somebody().post("/signin", content=b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413


def test_a_body_that_grows_without_saying_how_long_is_cut(desk: Desk) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"a=" + b"x" * 65_536

    answer = desk.somebody().post("/signin", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code in (400, 413)


def test_a_form_from_another_site_changes_nothing(desk: Desk) -> None:
    browser, token = desk.browser("anna"), desk.token("anna")
    tries = {
        "no token": ({}, {}),
        "wrong token": ({"csrf": "0" * 64}, {}),
        "somebody else's token": ({"csrf": desk.token("adam")}, {}),
        "foreign origin": ({"csrf": token}, {"origin": "https://evil.example"}),
        "no origin": ({"csrf": token}, {"origin": "null"}),
        "another site": ({"csrf": token}, {"sec-fetch-site": "cross-site"}),
        "a sister site": ({"csrf": token}, {"sec-fetch-site": "same-site"}),
    }
    for name, (data, headers) in tries.items():
        assert browser.post(f"{desk.pair}/pause", data=data, headers=headers).status_code == 403, name
    assert desk.browser("anna").get(f"/api/v1{desk.pair}").json()["state"] == "reading"
    assert browser.post(f"{desk.pair}/pause", data={"csrf": token}, headers={"origin": ADDRESS}).status_code == 303
    assert desk.browser("anna").get(f"/api/v1{desk.pair}").json()["state"] == "paused"


def test_a_call_of_the_api_by_cookie_needs_the_token_of_our_pages_too(desk: Desk) -> None:
    browser = desk.browser("anna")
    assert browser.post(f"/api/v1{desk.pair}/pause").status_code == 403
    assert browser.post(f"/api/v1{desk.pair}/pause", headers={"x-csrf-token": desk.token("anna")}).json() == {"state": "paused"}


def test_a_mistake_of_ours_shows_a_number_and_nothing_else(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    broken = Doors()

    @broken.page("/broken", needs="view")
    def page(visit: Visitor) -> str:
        raise ValueError("the secret of the house")

    @broken.get("/broken", needs="view")
    def call(visit: Visitor) -> str:
        raise ValueError("the secret of the house")

    broken.open(desk.app)
    for path in ("/broken", "/api/v1/broken"):
        answer = desk.browser("vera").get(path)
        assert answer.status_code == 500
        assert "secret of the house" not in answer.text
        assert "Traceback" not in answer.text
        number = next(word for word in caplog.messages[-1].split('"') if len(word) == 26)
        assert number in answer.text
    assert "secret of the house" in caplog.text
    assert "\n" not in caplog.messages[-1]


def test_what_was_sent_is_not_repeated_when_it_is_not_understood(desk: Desk) -> None:
    answer = desk.call("adam", "POST", f"/api/v1{desk.pair}/problems/leave-out", json={"problems": {"key": "fb-very-secret"}})
    assert answer.status_code == 422
    assert "fb-very-secret" not in answer.text
    assert answer.json()["error"]["wrong"][0]["where"] == ["body", "problems"]


def test_loopback_is_known_in_all_its_spellings() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "", "192.168.1.5", "unisono.example.de", "127.0.0.1.example"))

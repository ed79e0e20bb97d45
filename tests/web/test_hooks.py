"""The doors for vendors: who may knock, how loud and how often, and that nobody learns anything from the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.hooks import ADDRESS, open_hook
from tests.web.desk import Desk, desk_at
from unisono.store import inbox
from unisono.wiring.hooks import keep_address, open_door
from unisono.wiring.receiving import A_SECOND, MOST

JSON = {"content-type": "application/json"}


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Desk]:
    """An installation that people and vendors reach from outside."""
    desk = desk_at(tmp_path, address=ADDRESS)
    keep_address(desk.village.house, ADDRESS)
    yield desk
    desk.village.house.store.close()


def lying(desk: Desk) -> list[tuple[int, bytes]]:
    with desk.village.house.store.read() as conn:
        return inbox.waiting(conn, desk.village.a, 1000)


def told(answer: Any) -> tuple[Any, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


def test_what_comes_in_is_kept_byte_by_byte_and_then_acknowledged(public: Desk) -> None:
    url = open_hook(public.village.house, public.village.a)
    body = b'\xff\x00 {"id": 12, not even JSON \r\n'
    answer = public.somebody().post(url, content=body, headers=JSON)
    assert told(answer) == (200, b"", [("cache-control", "no-store"), ("content-length", "0"), ("x-content-type-options", "nosniff")])
    assert [kept for _, kept in lying(public)] == [body]


def test_the_answer_is_the_same_whatever_comes_and_only_the_right_secret_is_kept(public: Desk) -> None:
    house = public.village.house
    url, browser = open_hook(house, public.village.a), public.somebody()
    base, _, secret = url.rpartition("/")
    good = told(browser.post(url, content=b"{}", headers=JSON))
    other = base[: -len(base.rpartition("/")[2])] + "01kjpwd6m0000000000000000"
    tries = {
        "wrong secret": (f"{base}/{secret[:-1]}{'x' if secret[-1] != 'x' else 'y'}", JSON, b"{1}"),
        "no secret": (f"{base}/", JSON, b"{1}"),
        "no secret at all": (base, JSON, b"{1}"),
        "unknown door": (f"{other}/{secret}", JSON, b"{1}"),
        "the hash for the secret": (f"{base}/{inbox.secret_hash(secret)}", JSON, b"{1}"),
        "a further part": (f"{url}/x", JSON, b"{1}"),
        "a form": (url, {"content-type": "application/x-www-form-urlencoded"}, b"a=1"),
        "an upload": (url, {"content-type": "multipart/form-data; boundary=x"}, b"--x--"),
        "a page": (url, {"content-type": "text/html"}, b"<p>"),
        "no type": (url, {"content-type": ""}, b"{1}"),
        "giant": (url, JSON, b"x" * (MOST + 1)),
        "long path": (f"{ADDRESS}/hooks/{'x' * 5000}/{'y' * 5000}", JSON, b"{1}"),
        "tricks in the path": (f"{ADDRESS}/hooks/..%2f..%2fetc/passwd", JSON, b"{1}"),
    }
    for name, (address, headers, body) in tries.items():
        assert told(browser.post(address, content=body, headers=headers)) == good, name
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert told(browser.request(method, url, headers=JSON)) == good, method
    assert told(browser.post(url, content=b"{}", headers={**JSON, "host": "elsewhere.example"})) == good
    assert [kept for _, kept in lying(public)] == [b"{}"]


def test_a_giant_is_refused_before_it_is_read(public: Desk) -> None:
    url = open_hook(public.village.house, public.village.a)
    asked = []

    def pieces() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b"x" * 65_536

    answer = public.somebody().post(url, content=pieces(), headers=JSON)
    assert answer.status_code == 200
    assert lying(public) == []
    public.app.state.doorkeeper.write_down()
    with public.village.house.store.read() as conn:
        assert inbox.hooks(conn)[0].refused == 1


def test_announced_as_giant_it_is_not_even_begun(public: Desk) -> None:
    url = open_hook(public.village.house, public.village.a)
    for length in (str(MOST + 1), "99999999999999999999", "-1", "much"):
        answer = public.somebody().post(url, content=b"{}", headers={**JSON, "content-length": length})
        assert answer.status_code == 200, length
    assert lying(public) == []


def test_one_door_takes_so_many_calls_a_second_and_no_other_door_pays_for_it(public: Desk) -> None:
    house, browser = public.village.house, public.somebody()
    loud, quiet = open_hook(house, public.village.a), open_hook(house, public.village.b)
    for number in range(100):
        assert browser.post(loud, content=b"%d" % number, headers=JSON).status_code == 200
    assert len(lying(public)) == A_SECOND
    assert browser.post(quiet, content=b"{}", headers=JSON).status_code == 200
    with house.store.read() as conn:
        assert len(inbox.waiting(conn, public.village.b, 10)) == 1
    public.village.clock.advance(1)
    for number in range(100):
        browser.post(loud, content=b"again %d" % number, headers=JSON)
    assert len(lying(public)) == 2 * A_SECOND


def test_strangers_with_wrong_secrets_do_not_use_up_what_the_vendor_may(public: Desk) -> None:
    url, browser = open_hook(public.village.house, public.village.a), public.somebody()
    for _ in range(60):
        browser.post(url[:-4] + "none", content=b"{}", headers=JSON)
    browser.post(url, content=b"{}", headers=JSON)
    assert len(lying(public)) == 1


def rows_written(desk: Desk) -> int:
    """How many rows the database has changed since it was opened."""
    with desk.village.house.store.read() as conn:
        return int(conn.exec_driver_sql("select total_changes()").scalar_one())


def test_strangers_are_counted_and_not_kept(public: Desk) -> None:
    house, browser = public.village.house, public.somebody()
    url = open_hook(house, public.village.a)
    before = rows_written(public)
    for _ in range(100):
        browser.post(f"{ADDRESS}/hooks/nobody/here", content=b"{}", headers=JSON)
        browser.post(url[:-4] + "none", content=b"{}", headers=JSON)
    assert rows_written(public) - before <= 2, "a flood of strangers is no flood of writes"
    public.app.state.doorkeeper.write_down()
    with house.store.read() as conn:
        assert inbox.strays(conn).count == 100
        assert inbox.hooks(conn)[0].refused == 100
    assert lying(public) == []


def test_what_could_not_be_kept_is_not_acknowledged(public: Desk) -> None:
    url = open_hook(public.village.house, public.village.a)
    browser = public.somebody()
    assert browser.post(url, content=b"1", headers=JSON).status_code == 200
    public.village.house.store.close()
    assert browser.post(url, content=b"2", headers=JSON).status_code in (500, 503)


def test_the_secret_of_a_door_is_in_no_log_and_on_no_page(public: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = public
    open_door(desk.village.house, desk.village.a, "anna")
    url = next(iter(desk.village.crm.world.storage.table("hooks").values()))["target_url"]
    secret = url.rpartition("/")[2]
    desk.somebody().post(url, content=b"{}", headers=JSON)
    desk.somebody().post(url + "/x", content=b"{}", headers=JSON)
    pages = [desk.browser("anna").get(path).text for path in (f"{desk.pair}/hooks", f"/api/v1{desk.pair}/hooks", f"{desk.pair}/history")]
    assert all(secret not in page for page in pages)
    assert secret not in caplog.text.replace(f"POST {url}", "").replace(url, ""), "but for the client's own log, which is the vendor's"


def test_only_an_admin_opens_a_door_and_only_after_a_yes(public: Desk) -> None:
    path = f"{public.pair}/hooks/open"
    assert public.send("adam", path, connection=public.village.a, yes="yes").status_code == 403
    assert public.send("anna", path, connection=public.village.a).status_code == 422
    assert public.village.crm.world.storage.table("hooks") == {}
    assert public.send("anna", path, connection=public.village.a, yes="yes").status_code == 303
    assert len(public.village.crm.world.storage.table("hooks")) == 9
    assert public.send("adam", f"{public.pair}/hooks/close", connection=public.village.a).status_code == 403
    assert public.send("anna", f"{public.pair}/hooks/close", connection=public.village.a).status_code == 303
    assert public.village.crm.world.storage.table("hooks") == {}


def test_a_connection_of_another_pair_is_none_of_this_one(public: Desk) -> None:
    for path in ("open", "close"):
        assert public.send("anna", f"{public.pair}/hooks/{path}", connection="somebody-elses", yes="yes").status_code == 404
        answer = public.call("anna", "POST", f"/api/v1{public.pair}/hooks/{path}", json={"connection": "somebody-elses", "yes": True})
        assert answer.status_code == 404


def test_a_program_does_the_same(public: Desk) -> None:
    path = f"/api/v1{public.pair}/hooks"
    before = public.call("anna", "GET", path).json()
    assert [(one["side"], one["state"]) for one in before["doors"]] == [("crm", ""), ("invoicing", "")]
    assert public.call("anna", "POST", f"{path}/open", json={"connection": public.village.b, "yes": False}).status_code == 422
    assert public.call("anna", "POST", f"{path}/open", json={"connection": public.village.b, "yes": True}).json()["state"] == "open"
    assert public.call("anna", "GET", path).json()["doors"][1]["state"] == "open"
    assert public.call("anna", "POST", f"{path}/close", json={"connection": public.village.b}).json()["state"] == "closed"


def test_the_page_says_what_came_in_and_what_was_turned_away(public: Desk) -> None:
    desk = public
    open_door(desk.village.house, desk.village.a, "anna")
    url = next(iter(desk.village.crm.world.storage.table("hooks").values()))["target_url"]
    for body in (b"1", b"2", b"3"):
        desk.somebody().post(url, content=body, headers=JSON)
    desk.village.clock.advance(timedelta(seconds=10))
    for _ in range(7):
        desk.somebody().post(f"{ADDRESS}/hooks/nobody/here", content=b"{}", headers=JSON)
    page = desk.browser("anna").get(f"{desk.pair}/hooks").text
    assert "Bisher 3 Meldungen angenommen" in page
    assert "7 Aufrufe" in page
    assert "unisono.example.de/hooks/" in page
    assert "•••" in page


def test_without_a_public_address_the_page_says_what_is_missing(desk: Desk) -> None:
    page = desk.browser("anna").get(f"{desk.pair}/hooks").text
    assert "--address" in page
    assert 'action="' + desk.pair + '/hooks/open"' not in page

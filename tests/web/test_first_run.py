"""The whole first run in a real browser: code, tiles, keys, preview, release, first sync, report, an edit that arrives, in four languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import chromium, opened, screenshot
from tests.web.newcomer import Newcomer, Slowly, Start, first_start, newcomer
from unisono.store import asking, pairs, runs

MOST_CLICKS = 8
"""From the first page after the login to a pair at work, beside pasting keys."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium()
    with opened() as found:
        yield found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    chromium()
    with first_start(tmp_path) as made:
        yield made


def the_pair(start: Start) -> str:
    with start.house.store.read() as conn:
        return pairs.pairs(conn)[0].id


def connect_both(somebody: Newcomer) -> None:
    """From the login: the firm and both tiles; then set-up asks what is to happen."""
    page = somebody.page
    if page.locator("form[action='/setup/firm']").count() == 0:
        somebody.press(page.locator("main a[href='/setup']"))
    page.fill("[name=name]", "Papier und Farbe GmbH")
    somebody.press(page.locator("form[action='/setup/firm'] button"))
    for side in ("crm", "invoicing"):
        somebody.paste(side)
        somebody.press(page.locator(f"form:has(#{side}-api_key) button"))
        expect(page.locator(f"#t-{side}").locator("xpath=ancestor::section").locator(".note.ok")).to_be_visible()


def to_the_preview(somebody: Newcomer) -> None:
    """What set-up proposes is taken as it is."""
    somebody.press(somebody.page.locator("form[action='/setup/pair'] button"))
    somebody.page.wait_for_url("**/preview*")
    somebody.page.locator("form[action$='/release'] button").wait_for(timeout=60_000)


@pytest.mark.parametrize("language", ("de", "en", "pl", "ro"))
def test_from_the_login_to_a_pair_at_work_in_eight_clicks_at_most(browser: Any, start: Start, language: str) -> None:
    somebody = newcomer(browser, language)
    somebody.come_in(start)
    somebody.clicks.clear()
    connect_both(somebody)
    to_the_preview(somebody)
    wrote = len(start.crm.world.log.writes()) + len(start.books.world.log.writes())
    somebody.press(somebody.page.locator("form[action$='/release'] button"))
    somebody.page.wait_for_url("**/runs/*")
    somebody.read()
    with start.house.store.read() as conn:
        assert pairs.pairs(conn)[0].state == "released"
    assert wrote == 0, "nothing is written before the release"
    assert 4 <= len(somebody.clicks) <= MOST_CLICKS, somebody.clicks
    assert somebody.page.locator("html").get_attribute("lang") == language
    assert somebody.strange == {}
    assert somebody.said == []


def test_the_first_day_of_a_newcomer(browser: Any, start: Start) -> None:
    somebody = newcomer(browser, "de")
    page = somebody.page
    somebody.come_in(start)
    connect_both(somebody)
    expect(page.locator("input[name=along][value=all]")).to_be_checked()
    screenshot(page, "first-run-1-settings")
    to_the_preview(somebody)
    screenshot(page, "first-run-2-preview")
    somebody.press(page.locator("form[action$='/release'] button"))
    page.wait_for_url("**/runs/*")
    with Slowly(start, 1) as sync:
        expect(page.locator("#progress")).not_to_have_text(re.compile("^0 "))
        done, total = (int(n) for n in page.locator("#progress").inner_text().split(" von "))
        assert 0 < done < total
        screenshot(page, "first-run-3-progress")
        sync.go_on()
    expect(page.locator("#progress")).not_to_have_text(f"{done} von {total}")
    page.reload()
    somebody.read()
    _the_report_says_what_came_across(somebody)
    _an_edit_arrives_while_the_page_is_open(somebody, start)
    _and_is_taken_back(somebody, start)
    _a_question_is_answered_by_a_key(somebody, start)
    assert somebody.strange == {}
    assert somebody.said == []


def _the_report_says_what_came_across(somebody: Newcomer) -> None:
    with somebody.page.expect_popup() as opened_:
        somebody.page.locator("a[href$='/report']").click()
    report = opened_.value
    report.wait_for_load_state()
    text = report.locator("body").inner_text()
    screenshot(report, "first-run-4-report")
    assert "Papier und Farbe GmbH" in text
    assert "CentralStationCRM und FastBill" in text
    assert "Café Zwei Linden" in text
    report.close()


def _an_edit_arrives_while_the_page_is_open(somebody: Newcomer, start: Start) -> None:
    page, pair = somebody.page, the_pair(start)
    page.goto(f"{start.pages.address}/pairs/{pair}/history")
    assert "Kelterweg 7a" not in page.locator("main").inner_text()
    company = next(c for c in start.crm.truth()["companies"] if c["name"] == "Café Zwei Linden")
    start.crm.act(
        "set_address",
        {"kind": "company", "id": company["id"], "street": "Kelterweg 7a", "zip": "01099", "city": "Dresden", "country_code": "DE"},
    )
    start.turn()
    customer = next(c for c in start.books.truth()["customers"] if "Café Zwei Linden" in (c["ORGANIZATION"], c["LAST_NAME"]))
    assert customer["ADDRESS"] == "Kelterweg 7a"
    page.reload()
    line = page.locator(".past li", has_text="Café Zwei Linden").first
    line.locator("summary").click()
    expect(line.locator("ins", has_text="Kelterweg 7a")).to_be_visible()
    somebody.read()


def _and_is_taken_back(somebody: Newcomer, start: Start) -> None:
    """Undo says first what it will do, and does that."""
    page = somebody.page
    line = page.locator(".past li", has_text="Café Zwei Linden").first
    line.locator("form[action$='/history/undo/look'] button").first.click()
    page.locator("form[action$='/history/undo/do'] button").wait_for(timeout=30_000)
    assert "Kelterweg 7a" in page.locator("main").inner_text()
    somebody.press(page.locator("form[action$='/history/undo/do'] button"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("zurückgenommen", timeout=30_000)
    customer = next(c for c in start.books.truth()["customers"] if "Café Zwei Linden" in (c["ORGANIZATION"], c["LAST_NAME"]))
    assert customer["ADDRESS"] != "Kelterweg 7a"
    screenshot(page, "first-run-5-undone")
    somebody.read()


def _a_question_is_answered_by_a_key(somebody: Newcomer, start: Start) -> None:
    page, pair = somebody.page, the_pair(start)
    with start.house.store.read() as conn:
        before = len(asking.questions(conn, pair))
    assert before
    page.goto(f"{start.pages.address}/pairs/{pair}/questions")
    somebody.read()
    page.keyboard.press("1")
    page.get_by_role("status").wait_for()
    with start.house.store.read() as conn:
        assert len(asking.questions(conn, pair)) == before - 1
    start.turn()
    with start.house.store.read() as conn:
        assert runs.live_run(conn, pair) is None

"""The demo as a visitor has it: one command, one link, a record in step, in each language; and its three stories played in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from bench.visit import Demo, demo, first_record
from tests.web.browser import chromium, opened, overflows, screenshot
from tests.web.tongues import foreign
from unisono.locale.say import say
from unisono.sandbox.kit.words import say as said_there

pytestmark = pytest.mark.kill
READY = re.compile("^ready$")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium()
    with opened() as found:
        yield found


def a_click_away(page: Any, link: Any) -> Any:
    """What opens in a window of its own."""
    with page.expect_popup() as made:
        link.click()
    made.value.wait_for_load_state()
    return made.value


def ended_well(running: Demo, scratch: Path) -> None:
    """It says nothing bad, and leaves nothing behind."""
    assert running.end() == 0, running.lines
    assert running.process.stdout is not None
    rest = running.process.stdout.read()
    assert "Traceback" not in rest
    assert list(scratch.glob("unisono-demo-*")) == []


@pytest.mark.parametrize("language", ("en", "pl", "ro"))
def test_a_visitor_sees_a_record_in_step_in_their_language_without_any_account(
    browser: Any, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with demo(language) as running:
        page, _ = first_record(browser, running)
        # The record is seen while the demo still plays, or the moment it is ready; then the page says whose turn it is.
        running.until(READY)
        expect(page.locator("#answer + p")).to_have_text(say("demo.ready", {}, language))
        assert page.locator("html").get_attribute("lang") == language
        assert foreign(page.locator("main").inner_text(), language) == {}
        theirs = a_click_away(page, page.locator(".story a.btn").first)
        assert theirs.locator(".pretended p").inner_text() == said_there("pretended", language, title="CentralStationCRM")
        assert page.locator("h1").inner_text() == say("demo.title", {}, language)
        screenshot(page, f"demo-{language}")
        page.close()
        theirs.close()
        ended_well(running, tmp_path)


def test_the_three_stories_of_the_demo(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with demo("de") as running:
        page, _ = first_record(browser, running)
        running.until(READY)
        expect(page.locator("#answer + p")).to_contain_text("Jetzt sind Sie an der Reihe")
        assert page.locator(".story li.done").count() == 0
        steps = page.locator(".story li")
        _an_edit_goes_across(page, steps.nth(0))
        _an_offer_that_was_sent_is_filed(page, steps.nth(2))
        _a_broken_system_is_told_and_mended(page, steps.nth(3), steps.nth(4))
        screenshot(page, "demo-wide")
        _it_is_usable_on_a_phone(browser, page)
        ended_well(running, tmp_path)


def _an_edit_goes_across(page: Any, step: Any) -> None:
    crm = a_click_away(page, step.locator("a.btn"))
    row = crm.locator("tr", has_text="Gasthof Lindenhof KG").first
    row.get_by_text("bearbeiten").click()
    row.locator("form[action$=edit_company] input[name=street]").fill("Dorfplatz 2")
    row.locator("form[action$=edit_company] button").click()
    expect(crm.get_by_role("status")).to_have_text("Gespeichert.")
    expect(step.locator(".ok")).to_contain_text("Unisono hat Gasthof Lindenhof KG in FastBill geändert", timeout=30_000)
    books = a_click_away(page, page.locator(".story li").nth(1).locator("a.btn"))
    assert "Dorfplatz 2" in books.locator("tr", has_text="Gasthof Lindenhof KG").first.inner_text()
    crm.close()
    books.close()


def _an_offer_that_was_sent_is_filed(page: Any, step: Any) -> None:
    books = a_click_away(page, step.locator("a.btn").nth(0))
    offer = books.locator("tr:has(form[action$=set_estimate_state]):not(:has(option[value=b][selected]))").first
    number = offer.locator("td").first.inner_text()
    offer.locator("form[action$=set_estimate_state] select").select_option("b")
    offer.locator("form[action$=set_estimate_state] button").click()
    expect(step.locator(".ok")).to_contain_text("PDF", timeout=30_000)
    crm = a_click_away(page, step.locator("a.btn").nth(1))
    expect(crm.locator("#protocols ~ .scroll tr", has_text=number).locator("a", has_text=".pdf").first).to_be_visible()
    books.close()
    crm.close()


def _a_broken_system_is_told_and_mended(page: Any, broken: Any, mended: Any) -> None:
    books = a_click_away(page, broken.locator("a.btn").nth(0))
    books.get_by_role("button", name="lehnt den Schlüssel ab").click()
    expect(broken.locator(".ok")).to_have_text("Unisono hat es bemerkt.", timeout=30_000)
    broken.get_by_role("link", name="Lesen, was Unisono sagt").click()
    expect(page.get_by_text("FastBill nimmt den Zugang nicht mehr an.").first).to_be_visible()
    screenshot(page, "demo-refused-wide")
    page.go_back()
    books.get_by_role("button", name="geht", exact=True).click()
    mended.get_by_role("link", name="Zur Einrichtung").click()
    form = page.locator("form[action='/setup/key']").last
    form.locator("input[type=password]").fill("fb-0123456789abcdef")
    form.locator("button").click()
    page.get_by_role("status").wait_for()
    page.goto(page.url.partition("/setup")[0] + "/demo")
    expect(mended.locator(".ok")).to_contain_text("FastBill antwortet wieder", timeout=30_000)
    books.close()


def _it_is_usable_on_a_phone(browser: Any, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert not overflows(page)
    screenshot(page, "demo-phone")
    there = page.locator(".story a.btn").first.get_attribute("href")
    page.goto(there)
    assert not overflows(page)
    screenshot(page, "demo-crm-phone")

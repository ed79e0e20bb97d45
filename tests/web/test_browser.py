"""The pages in a real browser: signing in, answering by keyboard, light and dark, wide and narrow, in four languages; pictures of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import chromium, lost_by_keyboard, opened, overflows, screenshot, squeezed
from tests.web.desk import HASHER, PASSWORD, Desk
from tests.web.street import street
from tests.web.tongues import foreign
from tests.web.walk import addresses, path_of
from unisono.web.serving import Opening, Pages, open_pages

LOOKS = (("wide", 1440, 900, "light", "de-DE"), ("dark", 1280, 800, "dark", "en-GB"))
NARROW = (("phone", 390, 844, "light", "pl-PL"), ("small", 360, 740, "dark", "ro-RO"))


@dataclass
class Screen:
    """A browser in front of a pair that has been at work."""

    browser: Any
    desk: Desk
    pages: Pages
    addresses: list[str]
    run: str

    def opened(self, width: int = 1280, height: int = 800, scheme: str = "light", locale: str = "de-DE", who: str = "adam") -> Any:
        """A window in which somebody is signed in; what its console says is kept in ``page.said``."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(f"{self.pages.address}/signin")
        page.fill("[name=login]", who)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{self.pages.address}/")
        return page


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    chromium()
    desk = street(tmp_path_factory.mktemp("street"))
    pages = open_pages(desk.village.house, Opening(port=0), hasher=HASHER)
    with opened() as browser:
        yield Screen(browser, desk, pages, addresses(desk), path_of(desk, "{run_id}"))
    pages.close()


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme", "locale"), (*LOOKS, *NARROW), ids=lambda v: v if isinstance(v, str) else None
)
def test_every_page_fits_the_screen_and_breaks_no_rule_of_its_policy(
    screen: Screen, name: str, width: int, height: int, scheme: str, locale: str
) -> None:
    page = screen.opened(width, height, scheme, locale, who="anna")
    wrong = []
    for path in screen.addresses:
        page.goto(screen.pages.address + path)
        assert page.locator("h1").first.is_visible(), path
        assert page.locator("html").get_attribute("lang") == locale[:2], path
        wrong += [(path, "wider than the screen")] if overflows(page) else []
        wrong += [(path, text) for text in squeezed(page)]
        wrong += [(path, "a value that was not filled in")] if "{" in page.locator("main").inner_text() else []
        wrong += [(path, told) for told in page.said]
        page.said.clear()
        told = re.sub(r"\W+", "-", path.replace(screen.desk.pair, "pair").replace(screen.run, "run")).strip("-") or "home"
        assert screenshot(page, f"{told}-{name}").stat().st_size > 5_000
        # After the picture: it moves about on the page.
        wrong += [(path, lost) for lost in lost_by_keyboard(page)] if name == "wide" else []
        wrong += [(path, f"{phrase} ({code})") for phrase, code in foreign(page.locator("body").inner_text(), locale[:2]).items()]
    assert wrong == []
    assert len(screen.addresses) > 10


def test_the_first_page_of_all_is_the_sign_in_and_says_what_does_not_fit(screen: Screen) -> None:
    page = screen.browser.new_context(locale="de-DE").new_page()
    page.goto(screen.pages.address)
    assert page.url.endswith("/signin")
    screenshot(page, "signin-wide")
    page.fill("[name=login]", "adam")
    page.fill("[name=password]", "das ist es bestimmt nicht")
    page.press("[name=password]", "Enter")
    assert page.get_by_role("alert").inner_text().startswith("Das passt nicht zusammen.")
    assert page.input_value("[name=login]") == "adam"
    assert page.input_value("[name=password]") == ""


def test_a_question_is_answered_with_one_key_and_the_next_one_is_there(screen: Screen) -> None:
    page = screen.opened()
    page.goto(screen.pages.address + screen.desk.pair + "/questions")
    before = len(screen.desk.village.questions())
    assert before > 2
    first = page.locator("#q").inner_text()
    page.keyboard.press("j")
    expect(page.locator("#q")).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.locator("#q")).to_have_text(first)
    page.keyboard.press("1")
    page.get_by_role("status").wait_for()
    assert len(screen.desk.village.questions()) == before - 1
    assert page.locator("#q").inner_text() != first


def test_a_key_pressed_while_writing_is_a_letter(screen: Screen) -> None:
    page = screen.opened()
    page.goto(screen.pages.address + screen.desk.pair + "/history")
    page.locator("#search").press_sequentially("123jk")
    assert page.input_value("#search") == "123jk"
    assert page.url.endswith("/history")


def test_everything_can_be_reached_by_the_tab_key_and_is_seen_to_be_there(screen: Screen) -> None:
    page = screen.opened()
    page.goto(screen.pages.address + screen.desk.pair)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    met = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        met.add(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.innerText"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") in ("solid", "auto")
    assert f"{screen.desk.pair}/questions" in met
    assert "Anhalten" in met


def test_light_or_dark_is_chosen_once_and_stays(screen: Screen) -> None:
    page = screen.opened(scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator(".me [data-theme-switch]").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.goto(screen.pages.address + "/me")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_on_a_phone_the_rest_is_behind_one_button(screen: Screen) -> None:
    page = screen.opened(390, 844)
    page.get_by_role("button", name="Mehr").click()
    page.locator("#more").get_by_role("link", name="Verlauf").click()
    page.wait_for_url("**/history")


def test_the_head_of_a_page_that_is_open_changes_by_itself(screen: Screen) -> None:
    page = screen.opened()
    assert page.locator("#answer").inner_text().startswith("Im Einklang bis auf")
    other = screen.opened(who="anna")
    other.get_by_role("button", name="Anhalten").click()
    other.get_by_role("status").wait_for()
    expect(page.locator("#answer")).to_have_text("Angehalten")
    other.get_by_role("button", name="Fortsetzen").click()
    expect(page.locator("#answer")).to_contain_text("Im Einklang bis auf")


def test_pages_work_without_any_script(screen: Screen) -> None:
    context = screen.browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(f"{screen.pages.address}/signin")
    page.fill("[name=login]", "adam")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_role("button", name="Jetzt vergleichen").click()
    assert page.get_by_role("status").inner_text() == "Unisono vergleicht jetzt beide Seiten."


def test_screens_are_build_output_and_no_part_of_the_project() -> None:
    assert "/build/" in (Path(__file__).resolve().parents[2] / ".gitignore").read_text(encoding="utf-8").splitlines()

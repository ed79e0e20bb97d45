"""The first sync in a real browser: the preview arrives by itself, is read record by record, released, and its run followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browser import chromium, opened, overflows, screenshot
from tests.web.desk import HASHER, PASSWORD, Desk, desk_at
from tests.web.test_pairs import SUN, company
from unisono.web.serving import Opening, Pages, open_pages
from unisono.wiring.running import Runner


@pytest.fixture
def first(tmp_path: Path) -> Iterator[tuple[Any, Desk, Pages]]:
    """A pair that was never previewed, with two customers to go across and one that cannot."""
    chromium()
    desk = desk_at(tmp_path)
    for name in ("Sonne GmbH", "Mond GmbH"):
        company(desk, name, **SUN)
    company(desk, "Alpha KG")
    pages = open_pages(desk.village.house, Opening(port=0), hasher=HASHER)
    with opened() as browser:
        yield browser, desk, pages
    pages.close()


def window(browser: Any, pages: Pages, width: int, height: int, scheme: str) -> Any:
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale="de-DE").new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.goto(f"{pages.address}/signin")
    page.fill("[name=login]", "adam")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{pages.address}/")
    return page


def test_from_no_preview_to_a_finished_first_sync_without_loading_a_page_by_hand(first: tuple[Any, Desk, Pages]) -> None:
    browser, desk, pages = first
    page = window(browser, pages, 1440, 900, "light")
    page.goto(f"{pages.address}{desk.pair}/preview")
    page.get_by_role("button", name="Vorschau machen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Das würde der erste Abgleich tun")
    page.get_by_text("Sonne GmbH").first.click()
    expect(page.get_by_text("Ring 1").first).to_be_visible()
    screenshot(page, "preview-made-wide")
    page.get_by_role("button", name="2 Datensätze freigeben").click()
    expect(page.locator("#progress")).to_have_text("0 von 3")
    Runner(house=desk.village.house, holder="test").until_quiet(desk.village.pair)
    expect(page.locator("#progress")).to_have_text("3 von 3")
    expect(page.get_by_role("button", name="Anhalten")).to_have_count(0)
    screenshot(page, "run-done-wide")
    assert page.said == []
    for width, height, scheme in ((390, 844, "light"), (360, 740, "dark")):
        narrow = window(browser, pages, width, height, scheme)
        for path in ("/preview", "/runs", page.url.partition(desk.pair)[2].partition("?")[0]):
            narrow.goto(pages.address + desk.pair + path)
            assert not overflows(narrow), path
            screenshot(narrow, f"{'run' if path.count('/') > 1 else path.strip('/')}-{width}")
        assert narrow.said == []

"""Every page through axe-core, in light and in dark: nothing that would keep somebody with a screen reader or weak eyes from using it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web import walk
from tests.web.browser import chromium, opened
from tests.web.desk import HASHER, Desk
from tests.web.street import street
from tests.web.test_browser import Screen
from unisono.web.serving import Opening, open_pages

GRAVE = ("serious", "critical")
ALL = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What may differ between light and dark; everything else is the same page."""


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    chromium()
    desk: Desk = street(tmp_path_factory.mktemp("street"))
    pages = open_pages(desk.village.house, Opening(port=0), hasher=HASHER)
    with opened() as browser:
        yield Screen(browser, desk, pages, walk.addresses(desk), "")
    pages.close()


def findings(page: Any, options: dict[str, Any]) -> list[str]:
    """What axe holds against the page that is open: the rule, and where."""
    told = Axe().run(page, options=options).response
    assert told["passes"] or told["violations"], "nothing was looked at"
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:120]}"
        for one in told["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize(("scheme", "options"), (("light", ALL), ("dark", COLOURS)), ids=("light", "dark"))
def test_no_page_has_a_serious_finding(screen: Screen, scheme: str, options: dict[str, Any]) -> None:
    page = screen.opened(1280, 844, scheme, who="anna")
    assert len(screen.addresses) > 15
    wrong: dict[str, list[str]] = {}
    for path in screen.addresses:
        page.goto(screen.pages.address + path)
        if found := findings(page, options):
            wrong[path.replace(screen.desk.village.pair, "PAIR")] = found
    assert wrong == {}


@pytest.mark.slow
def test_no_page_has_one_on_a_phone(screen: Screen) -> None:
    page = screen.opened(390, 844, who="anna")
    wrong = {}
    for path in screen.addresses:
        page.goto(screen.pages.address + path)
        wrong[path] = findings(page, ALL)
    assert {path: found for path, found in wrong.items() if found} == {}


def test_the_pages_before_anybody_is_in_have_no_serious_finding_either(screen: Screen) -> None:
    for scheme in ("light", "dark"):
        page = screen.browser.new_context(color_scheme=scheme, locale="de-DE").new_page()
        page.goto(f"{screen.pages.address}/signin")
        assert findings(page, ALL) == []


def test_what_is_wrong_would_be_found(screen: Screen) -> None:
    page = screen.browser.new_page()
    page.set_content('<html><body><p style="color:#ccc;background:#fff">kaum zu lesen</p><input><img src="x"></body></html>')
    told = " ".join(findings(page, ALL))
    assert "color-contrast" in told
    assert "label" in told
    assert "image-alt" in told
    assert "color-contrast" in " ".join(findings(page, COLOURS))

"""Signing in to Bitrix24 in a real browser: from set-up to the portal's own page and back, to the settings; nothing of it hides or overflows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.web.browser import chromium, lost_by_keyboard, opened, overflows, screenshot, squeezed
from tests.web.desk import HASHER, Desk, desk_at
from tests.web.test_axe import ALL, findings
from tests.web.test_browser import Screen
from unisono.cli.sandbox import start
from unisono.store import pairs
from unisono.web.serving import Opening, open_pages
from unisono.wiring.house import by_network


@dataclass
class Street:
    """``screen`` is a browser in front of our pages, ``portal`` a simulated portal that both reach over loopback."""

    screen: Screen
    portal: Any

    @property
    def desk(self) -> Desk:
        return self.screen.desk

    def firm(self) -> str:
        """A firm with nothing connected yet."""
        house = self.desk.village.house
        firm = house.ids.new()
        with house.store.write() as conn:
            pairs.add_firm(conn, firm, "Zweite GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
        return firm


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    chromium()
    desk = desk_at(tmp_path_factory.mktemp("street"))
    portal, server = start("bitrix24")
    portal.world.storage.settings.update({"plan": "none", "operating_limit": None})
    house, others = desk.village.house, desk.village.house.transports
    house.transports = lambda name: by_network(name) if name == "bitrix24" else others(name)
    house.loopback = True
    house.sandboxes = {"bitrix24": {"api": f"{server.url}/rest", "login_server": server.url}}
    pages = open_pages(house, Opening(port=0), hasher=HASHER)
    portal.world.storage.settings["redirect_uri"] = f"{pages.address}/setup/back"
    with opened() as browser:
        yield Street(Screen(browser, desk, pages, [], ""), portal)
    pages.close()
    server.stop()


@pytest.mark.parametrize(("width", "height", "scheme", "locale"), ((1280, 900, "light", "de-DE"), (390, 844, "dark", "pl-PL")))
def test_somebody_goes_to_the_portal_and_comes_back_to_the_settings(
    street: Street, width: int, height: int, scheme: str, locale: str
) -> None:
    page, firm = street.screen.opened(width, height, scheme, locale, who="anna"), street.firm()
    wrong = []

    def looked_at(name: str) -> None:
        wrong.extend([(name, "wider than the screen")] if overflows(page) else [])
        wrong.extend((name, found) for found in (*squeezed(page), *findings(page, ALL), *page.said))
        screenshot(page, f"signing-in-{name}-{width}")
        wrong.extend((name, lost) for lost in lost_by_keyboard(page))

    page.goto(f"{street.screen.pages.address}/setup?firm={firm}&crm=bitrix24")
    looked_at("webhook")
    page.get_by_role("link", name="Lokale Anwendung" if locale == "de-DE" else "Aplikacja lokalna").click()
    looked_at("app")
    page.fill("[name=login-portal]", "muster.bitrix24.de")
    page.fill("[name=login-client_id]", str(street.portal.portal.setting("client_id")))
    page.fill("[name=login-client_secret]", str(street.portal.portal.setting("client_secret")))
    page.press("[name=login-client_secret]", "Enter")
    looked_at("away")
    page.locator("main a.primary").click()
    page.wait_for_url("**/setup/connection/*")
    assert page.locator("select").count() >= 7
    looked_at("settings")
    page.locator("select[name=s-language]").select_option("pl")
    page.locator("main form button.primary").first.click()
    page.wait_for_url("**said=adjusted")
    looked_at("connected")
    assert wrong == []
    house = street.desk.village.house
    with house.store.read() as conn:
        (row,) = pairs.connections(conn, firm)
    assert (row.settings["login"], row.settings["language"]) == ("local-app", "pl")

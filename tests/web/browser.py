"""A real Chromium: the system's, found by its path. Without one the tests say so loudly and are skipped; with CI=true they fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SCREENS = Path(__file__).resolve().parents[2] / "build" / "screens"
HIGHEST = 4000
"""Pixels of a picture from its top."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Its path; ``UNISONO_CHROMIUM`` names another one."""
    found = os.environ.get("UNISONO_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found:
        told = "NO BROWSER: the pages were NOT tried in a real one. Install Chromium (Debian: apt-get install chromium) or set UNISONO_CHROMIUM."
        if os.environ.get("CI", "").casefold() in ("1", "true"):
            pytest.fail(told)
        pytest.skip(told)
    return found


@contextmanager
def opened() -> Iterator[Any]:
    """The browser itself, without a window."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        # Root may not use its sandbox; everything it sees here is ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def screenshot(page: Any, name: str) -> Path:
    """A picture of the page, to be looked at: ``build/screens``. A list of a hundred records looks like one of thirty."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    wide, high = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": wide, "height": min(high, HIGHEST)})
    return path


def overflows(page: Any) -> bool:
    """Whether one would have to scroll sideways."""
    page.wait_for_load_state()  # Right after a click the next page may be on its way, and nothing stand there.
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def squeezed(page: Any) -> list[str]:
    """Texts in a column so narrow that they stand one letter above the other."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.children.length === 0 && e.innerText && e.innerText.length > 12"
        " && e.clientWidth > 0 && e.clientWidth < 60 && e.clientHeight > 120).map(e => e.innerText)"
    )
    return found


def lost_by_keyboard(page: Any, most: int = 12) -> list[str]:
    """What somebody without a mouse would stumble over: no way past the navigation, a place that does not show it is chosen or is off the screen."""
    wrong = []
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") == "skip":
        page.keyboard.press("Enter")
        if page.evaluate("document.activeElement.id") != "main":
            wrong.append("the way past the navigation leads nowhere")
    elif page.locator(".skip").count():
        wrong.append("the way past the navigation does not come first")
    for _ in range(most):
        page.keyboard.press("Tab")
        where, shown, seen = page.evaluate(_FOCUS)
        if not where:
            break
        wrong += [f"{where}: not seen to be chosen"] if not shown else []
        wrong += [f"{where}: off the screen"] if not seen else []
    return wrong


_FOCUS = """(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return ["", true, true];
  const box = one.getBoundingClientRect(), label = one.parentElement && one.closest("label");
  const style = getComputedStyle(one), around = label ? getComputedStyle(label) : style;
  const shown = [style, around].some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0);
  const seen = (box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth) || !!label;
  return [one.tagName + " " + (one.getAttribute("href") || one.name || one.innerText || one.id), shown, seen];
})()"""

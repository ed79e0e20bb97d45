"""``python -m bench.visit``: from ``make demo`` to the first record seen in step in a browser, in each language.

The clock starts with the command and stops when the page shows it. Ends with 1 if a bar is missed; without Chromium it says so and measures nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.reference.running import ROOT, environment

SECONDS = 60.0
LANGUAGES = ("de", "en", "pl", "ro")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120_000
"""Milliseconds until nobody waits any longer."""
LINK = re.compile(r"http://\S+/demo/in\?once=\S+")
IN_STEP = ".between > b:first-child"
"""Where a page says how many records are in step."""


@dataclass
class Demo:
    """The demo as its own process. ``link`` lets a visitor in, once."""

    process: subprocess.Popen[str]
    began: float
    lines: list[str] = field(default_factory=list)
    link: str = ""

    def passed(self) -> float:
        """Seconds since the command."""
        return time.perf_counter() - self.began

    def until(self, wanted: re.Pattern[str]) -> re.Match[str]:
        """Reads what it says until there is something like that. Raises ``EOFError`` if it ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := wanted.search(line):
                return found
        raise EOFError("".join(self.lines[-20:]))

    def end(self) -> int:
        """Ctrl+C, and what it ended with."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextmanager
def demo(language: str, *more: str) -> Iterator[Demo]:
    """``unisono demo`` in a language, up to its link."""
    around = environment() | {"PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "unisono", "demo", "--no-open", "--language", language, *more]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=around, cwd=ROOT) as process:
        running = Demo(process, began)
        try:
            running.link = running.until(LINK)[0]
            yield running
        finally:
            if process.poll() is None:
                process.kill()


def first_record(browser: Any, running: Demo) -> tuple[Any, float]:
    """Opens the link as a visitor would; the page, and the seconds from the command until it showed a record in step."""
    page = browser.new_page()
    page.goto(running.link)
    page.locator(IN_STEP).filter(has_text=re.compile("[1-9]")).wait_for(timeout=PATIENCE)
    return page, running.passed()


def main() -> int:
    """Measures and prints."""
    path = os.environ.get("UNISONO_CHROMIUM") or next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if not path:
        print("NO BROWSER: how long a visitor waits was NOT measured. Install Chromium or set UNISONO_CHROMIUM.")
        return 0
    from playwright.sync_api import sync_playwright

    met = True
    print("from `make demo` to the first record seen in step in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for language in LANGUAGES:
            with demo(language) as running:
                linked = running.passed()
                page, seconds = first_record(browser, running)
                running.until(re.compile("^ready$"))
                told = f"link {linked:5.1f} s   first record {seconds:5.1f} s   all played {running.passed():5.1f} s"
                print(f"   {language}   {told}   bar {SECONDS:.0f} s")
                page.close()
                running.end()
                met = met and seconds <= SECONDS
        browser.close()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""The pages: one module each, with its doors, its folder of templates and its place in the navigation."""

from __future__ import annotations

from unisono.web.doors import Doors
from unisono.web.navigation import Entry
from unisono.web.pages import history, home, me, pair, preview, problems, questions, runs, setup, signin

MODULES = (signin, home, me, pair, questions, problems, history, preview, runs, setup)
"""A new page is a new module in this row."""


def doors() -> list[Doors]:
    """The doors of every page."""
    return [module.doors for module in MODULES]


def entries() -> list[Entry]:
    """The navigation, in order."""
    found = [entry for module in MODULES for entry in getattr(module, "ENTRIES", ())]
    return sorted(found, key=lambda entry: entry.order)

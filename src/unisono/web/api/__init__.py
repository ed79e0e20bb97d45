"""The API: everything the pages do, for programs. One module a subject; what it does is the same function of ``wiring`` that the page calls."""

from __future__ import annotations

from unisono.web.api import history, me, pairs, previews, problems, questions, runs, setup
from unisono.web.doors import Doors

MODULES = (me, pairs, questions, problems, history, previews, runs, setup)
"""A new subject is a new module in this row."""


def doors() -> list[Doors]:
    """The doors of every subject."""
    return [module.doors for module in MODULES]

"""The API: everything the pages do, for programs. One module a subject; what it does is the same function of ``wiring`` that the page calls."""

from __future__ import annotations

from unisono.web.api import (
    check_list,
    connection,
    customers,
    documents,
    exports,
    fields,
    history,
    hooks,
    invoice,
    me,
    notices,
    pairs,
    previews,
    problems,
    questions,
    runs,
    settings,
    setup,
    undo,
    users,
)
from unisono.web.doors import Doors

MODULES = (
    me,
    pairs,
    questions,
    problems,
    history,
    undo,
    previews,
    runs,
    setup,
    connection,
    hooks,
    invoice,
    customers,
    documents,
    exports,
    users,
    notices,
    check_list,
    settings,
    fields,
)
"""A new subject is a new module in this row."""


def doors() -> list[Doors]:
    """The doors of every subject."""
    return [module.doors for module in MODULES]

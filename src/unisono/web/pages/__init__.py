"""The pages: one module each, with its doors, its folder of templates and its place in the navigation."""

from __future__ import annotations

from types import ModuleType

from unisono.web.doors import Doors
from unisono.web.navigation import Entry
from unisono.web.pages import (
    check_list,
    connection,
    customers,
    documents,
    entrance,
    exports,
    fields,
    history,
    home,
    hooks,
    invoice,
    me,
    notices,
    pair,
    preview,
    problems,
    questions,
    runs,
    settings,
    setup,
    signin,
    undo,
    users,
)

MODULES = (
    signin,
    home,
    me,
    pair,
    questions,
    problems,
    history,
    undo,
    preview,
    runs,
    setup,
    connection,
    hooks,
    invoice,
    customers,
    documents,
    exports,
    settings,
    fields,
    entrance,
    users,
    notices,
    check_list,
)
"""A new page is a new module in this row."""


def doors(*more: ModuleType) -> list[Doors]:
    """The doors of every page; ``more`` are modules that are there only sometimes."""
    return [module.doors for module in (*MODULES, *more)]


def entries(*more: ModuleType) -> list[Entry]:
    """The navigation, in order."""
    found = [entry for module in (*MODULES, *more) for entry in getattr(module, "ENTRIES", ())]
    return sorted(found, key=lambda entry: entry.order)

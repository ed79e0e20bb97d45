"""The command line. Each command is a module, imported when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point: runs a command and turns what a person can act on into one clear sentence."""
    from unisono.cli.app import app, explain

    try:
        app()
    except Exception as error:  # noqa: BLE001  # what is not for a person to act on is raised again by explain
        sys.exit(explain(error))

"""The command line. Each command is a module, imported when it is called."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point: runs a command and turns what a person can act on into one clear sentence."""
    from unisono.cli.loading import loading

    with loading():
        from unisono.cli.app import ready, run

        ready(sys.argv[1:])
    sys.exit(run(sys.argv[1:]))

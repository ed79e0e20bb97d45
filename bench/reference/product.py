"""The product on the reference job, in a process of its own: ``python -m bench.reference.product FOLDER setup|sync [--limits]``.

It starts as the command line does: nothing is loaded before ``loading``.
"""

from __future__ import annotations

from unisono.cli.loading import loading


def main() -> None:
    """One phase; prints what came of it."""
    with loading():
        from bench.reference.job import main as job
    job()


if __name__ == "__main__":
    main()

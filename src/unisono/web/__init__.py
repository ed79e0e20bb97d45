"""The pages, the public API and its doors. README.md says how a page is added."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def static_folder() -> Path:
    """Where style sheet, scripts and the files of others lie."""
    return Path(str(files("unisono.web"))) / "static"

"""Our style sheet and scripts, read once: no path that a caller names ever reaches the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
"""What is served; other files in the folder are for people who read the source."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is served."""

    body: bytes
    type: str
    version: str


class Assets:
    """All of them, by name. The address of each names its content, so that browsers may keep it for good."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._read(files("unisono.web").joinpath("static"), "")

    def _read(self, folder: Traversable, prefix: str) -> None:
        for one in folder.iterdir():
            kind = one.name.rpartition(".")[2]
            if one.is_dir():
                self._read(one, f"{prefix}{one.name}/")
            elif kind in TYPES:
                body = one.read_bytes()
                self._files[f"{prefix}{one.name}"] = File(body, TYPES[kind], hashlib.sha256(body).hexdigest()[:12])

    def address(self, name: str) -> str:
        """Where a file is served. Raises ``KeyError`` if there is none of that name."""
        return f"/static/{self._files[name].version}/{name}"

    def get(self, name: str) -> File | None:
        """A file by its name."""
        return self._files.get(name)

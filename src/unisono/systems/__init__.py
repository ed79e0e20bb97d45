"""The systems Unisono knows: one folder a vendor, always the same file names, none knowing another.

A folder with a ``system.toml`` is a system; ``catalogue`` reads that file, ``describe`` tells what it says. A system whose file says
``implemented = true`` has a client and a mapping too.
"""

from __future__ import annotations

from importlib.resources import files

NAMES: tuple[str, ...] = tuple(sorted(folder.name for folder in files(__name__).iterdir() if (folder / "system.toml").is_file()))
"""Names of the systems, as policies and connections spell them."""

"""A simulator of a lexoffice (Lexware Office) account: its public REST API, webhooks with signatures, deep links, its own page.

    world = World()
    app = application(make(world))

What it knows comes from the project's notes on the API; a comment or docstring that says *guess* marks what nobody has seen.
Settings: ``settings.DEFAULTS``. Own faults: ``simulator.OWN_FAULTS``. The acts of a person: ``acts.ACTS``. See README.md beside this file.
"""

from __future__ import annotations

from unisono.sandbox.kit.world import World
from unisono.sandbox.lexoffice.seed import seed
from unisono.sandbox.lexoffice.settings import DEFAULTS
from unisono.sandbox.lexoffice.simulator import Lexoffice

__all__ = ["DEFAULTS", "Lexoffice", "make", "seed"]


def make(world: World) -> Lexoffice:
    """An account in this world, with the data the world's storage holds already."""
    return Lexoffice(world)

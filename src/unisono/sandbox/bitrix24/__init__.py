"""A simulator of a Bitrix24 portal: classic and universal REST methods, batches, both limits, events and the offline queue, its own page.

    world = World()
    app = application(make(world))

What it knows of Bitrix24 comes from the project's notes on the API; a comment or docstring that says *guess* marks what nobody has seen.
Settings: ``settings.DEFAULTS``. Own faults: ``simulator.OWN_FAULTS`` and those named beside it. The acts of a person: ``acts.ACTS``.
"""

from __future__ import annotations

from unisono.sandbox.bitrix24.seed import seed
from unisono.sandbox.bitrix24.settings import DEFAULTS
from unisono.sandbox.bitrix24.simulator import Bitrix24
from unisono.sandbox.kit.world import World

__all__ = ["DEFAULTS", "Bitrix24", "make", "seed"]


def make(world: World) -> Bitrix24:
    """A portal in this world, with the data the world's storage holds already."""
    return Bitrix24(world)

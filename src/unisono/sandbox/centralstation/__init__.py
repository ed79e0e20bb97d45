"""A simulator of CentralStationCRM (42he GmbH). ``make(world)``; a realistic small firm comes from ``seed.seed(world)``."""

from __future__ import annotations

from unisono.sandbox.centralstation.seed import seed
from unisono.sandbox.centralstation.vendor import CentralStation
from unisono.sandbox.kit.world import World

__all__ = ["CentralStation", "make", "seed"]


def make(world: World) -> CentralStation:
    """The simulator over a world; what the world's storage holds already (a loaded state, a seed) is there."""
    return CentralStation(world)

"""A simulator of FastBill (the classic API 1.0): one endpoint, an hourly allowance, tokenised PDF links, webhooks, and its own page.

    world = World()
    app = application(make(world))

What it knows of FastBill comes from the project's notes on the API; a comment or docstring that says *guess* marks what nobody has seen.
Settings: ``settings.DEFAULTS``. Own faults: ``quota``, ``pdf-html``, ``pdf-huge``, ``pdf-none``. The acts of a person: ``acts.ACTS``.
"""

from __future__ import annotations

from unisono.sandbox.fastbill.seed import seed
from unisono.sandbox.fastbill.settings import DEFAULTS
from unisono.sandbox.fastbill.simulator import FastBill
from unisono.sandbox.kit.world import World

__all__ = ["DEFAULTS", "FastBill", "make", "seed"]


def make(world: World) -> FastBill:
    """A FastBill account in this world, with the data the world's storage holds already."""
    return FastBill(world)

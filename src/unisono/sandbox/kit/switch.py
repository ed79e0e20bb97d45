"""The switch on a simulator's page: a visitor breaks the vendor with one click, sees what the product says, and mends it again.

It arms the faults of ``faults.py`` for every call until it is switched back, so that nobody has to know their names.
"""

from __future__ import annotations

from unisono.sandbox.kit import html
from unisono.sandbox.kit.words import say
from unisono.sandbox.kit.world import World

MOODS: dict[str, tuple[str, int]] = {"well": ("", 0), "error": ("status", 500), "refuse": ("unauthorised", 0), "slow": ("delay", 4)}
"""Position of the switch -> the fault it arms, and its value."""
FOR_EVER = 1_000_000_000
"""Calls a fault of the switch bites: more than anybody makes."""


def set_mood(world: World, mood: str) -> None:
    """Turns the switch. Faults that were armed otherwise stay. Raises ``ValueError`` for a position it does not have."""
    if mood not in MOODS:
        raise ValueError(f"switch: {mood!r} is none of {', '.join(MOODS)}")
    world.faults.armed[:] = [fault for fault in world.faults.armed if fault.times < FOR_EVER // 2]
    name, value = MOODS[mood]
    if name:
        world.faults.arm(name, times=FOR_EVER, value=value)


def mood_of(world: World) -> str:
    """Where the switch stands."""
    armed = {fault.name for fault in world.faults.armed if fault.times >= FOR_EVER // 2}
    return next((mood for mood, (name, _) in MOODS.items() if name in armed), "well")


def panel(world: World, language: str) -> html.Safe:
    """The switch on the page."""
    now = mood_of(world)
    buttons = [
        html.Safe(f'<button name="mood" value="{mood}" aria-pressed="{str(mood == now).lower()}">{say(f"mood.{mood}", language)}</button>')
        for mood in MOODS
    ]
    told = html.paragraph(say(f"mood.{now}-why", language), "note" if now == "well" else "error")
    form = html.Safe(f'<form method="post" action="/_sandbox/switch" class="switch">{"".join(buttons)}</form>')
    return html.join(html.heading(say("mood.title", language), anchor="switch"), form, told)

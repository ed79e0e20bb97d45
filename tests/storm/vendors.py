"""What is drawn for a pair besides what every pair has: the faults that only its vendors know, what can be switched on there, the login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from tests.storm import bitrix24, lexoffice
from tests.storm.chance import At, Break, Script, Streams
from tests.storm.flows import POSSIBLE
from tests.storm.stages import PAIR
from tests.storm.trade import draw_flows, draw_trade
from tests.storm.world import draw

OWN: Mapping[str, Mapping[str, int]] = {
    "bitrix24": bitrix24.OWN,
    "lexoffice": lexoffice.OWN | {"conflict": 12},
}
"""System -> its own faults, each with its line of the catalogue."""
_RARE = ("overload", "payment-required", "forbidden")
"""After these nothing goes until a person acts, so they are drawn more seldom."""
_AIMS = ("", "", "create", "update", "POST companies", "estimate.create", "protocols", "customer")


APPS = 0.25
"""Of the worlds with a portal, those in which we are let in as an application."""


def _with_more(pair: str, script: Script, chance: Random) -> Script:
    """With what is switched on, what people do about it, and a login."""
    knobs, on = dict(script.knobs), draw_flows(chance, POSSIBLE.get(pair, ()))
    if pair.startswith("bitrix24/") and chance.random() < APPS:
        knobs |= {"login": "app", "key_seconds": chance.choice(("3600", "900", "300"))}
    if on:
        knobs |= {"flows": " ".join(on)}
    more = draw_trade(chance, script.turns, on, script.deeds)
    return replace(script, knobs=knobs, deeds=tuple(sorted((*script.deeds, *more), key=lambda deed: deed.at)))


def drawn(pair: str) -> Callable[[Streams], Script]:
    """How the worlds of a pair are drawn."""

    def more(streams: Streams) -> Script:
        script = draw(streams)
        chance = streams.of("vendors")
        breaks = []
        for side, system in zip("ab", pair.split("/"), strict=True):
            for _ in range(chance.choice((0, 0, 1, 2)) if system in OWN else 0):
                name = chance.choice([name for name in OWN[system] if name not in _RARE or chance.random() < 0.2])
                values = {"side": side, "name": name, "match": chance.choice(_AIMS), "times": str(chance.randint(1, 2))}
                values |= {"skip": str(chance.choice((0, 0, 1, 2, 4))), "value": str(chance.randint(0, 3))}
                breaks.append(Break(At(chance.randint(0, script.turns - 1)), OWN[system][name], values))
        script = _with_more(pair, script, streams.of("flows"))
        return replace(script, breaks=tuple(sorted((*script.breaks, *breaks), key=lambda b: (b.at, b.fault))))

    return draw if pair == PAIR else more

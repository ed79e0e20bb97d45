"""What is drawn for a pair besides what every pair has: the faults that only its vendors know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.storm import bitrix24, lexoffice
from tests.storm.chance import At, Break, Script, Streams
from tests.storm.stages import PAIR
from tests.storm.world import draw

OWN: Mapping[str, Mapping[str, int]] = {
    "bitrix24": bitrix24.OWN,
    "lexoffice": lexoffice.OWN | {"conflict": 12},
}
"""System -> its own faults, each with its line of the catalogue."""
_RARE = ("overload", "payment-required", "forbidden")
"""After these nothing goes until a person acts, so they are drawn more seldom."""
_AIMS = ("", "", "create", "update", "POST companies", "estimate.create", "protocols", "customer")


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
        return replace(script, breaks=tuple(sorted((*script.breaks, *breaks), key=lambda b: (b.at, b.fault))))

    return draw if pair == PAIR else more

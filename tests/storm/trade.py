"""What people do besides where a firm has more switched on: invoices written in the CRM, products of both catalogues, documents that go on."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.storm.chance import At, Deed, Who

_GOODS = ("Kran", "Haken", "Łopata", "Schraube M8", "Öl <5l>", "Țeavă", 'Rohr 3"')


def draw_flows(chance: random.Random, possible: Sequence[str]) -> list[str]:
    """What is switched on: often nothing, else some of what can be."""
    if not possible or chance.random() < 0.35:
        return []
    chosen = chance.sample(list(possible), chance.randint(1, len(possible)))
    if {"bills", "issued"} <= set(chosen):
        chosen.remove(chance.choice(("bills", "issued")))
    return sorted(chosen)


def draw_trade(chance: random.Random, turns: int, flows: Sequence[str], town: Sequence[Deed]) -> list[Deed]:
    """The deeds of some flows in a town whose people do these things already."""
    out: list[Deed] = []
    if {"bills", "issued"} & set(flows):
        out += _bills(chance, turns, town)
    if "products" in flows:
        for number in range(chance.randint(1, 3)):
            out += _product(chance, turns, f"p{number}")
    if "states" in flows:
        out += _states(chance, turns, [*town, *out])
    return out


def _at(chance: random.Random, first: int, turns: int) -> At:
    turn = chance.randint(min(first, turns - 1), turns - 1)
    return At(turn, chance.choice((0, 0, 0, chance.randint(1, 8), chance.randint(4, 30))))


def _bills(chance: random.Random, turns: int, town: Sequence[Deed]) -> list[Deed]:
    """Invoices of the CRM, what is changed of them later, and what becomes of them in the invoicing system."""
    known = sorted({(deed.about, deed.at.turn + (deed.who == "b")) for deed in town if deed.what == "create" and deed.about[0] == "c"})
    out = []
    for number in range(chance.randint(1, 3)):
        customer, first = chance.choice(known)
        mark, at = f"r{number}", _at(chance, first, turns)
        value = f"{chance.randint(1, 9999)}.{chance.choice((0, 33, 99)):02d}"
        out.append(Deed(at, "a", "bill", mark, {"customer": customer, "title": f"Rechnung {mark}", "value": value}))
        draw = chance.random()
        later = _at(chance, at.turn, turns)
        if draw < 0.15:
            out.append(Deed(max(at, later), "a", "edit-bill", mark, {"value": f"{chance.randint(1, 999)}.50"}))
        elif draw < 0.2:
            out.append(Deed(max(at, later), "a", "edit-bill", mark, {"state": "lost"}))
        elif draw < 0.27:
            out.append(Deed(max(at, later), chance.choice("ab"), "delete", mark))  # type: ignore[arg-type]
        for what in chance.sample(("complete", "pay", "cancel", "pay"), chance.randint(0, 2)):
            out.append(Deed(_at(chance, at.turn + 1, turns), "b", what, mark))
    return out


def _product(chance: random.Random, turns: int, mark: str) -> list[Deed]:
    """A product of either catalogue, or of both by hand, and who edits it."""
    home: Who = chance.choice(("a", "b"))
    at = _at(chance, 0, max(1, turns - 2))
    values = {
        "kind": "product",
        "name": f"{chance.choice(_GOODS)} {mark}",
        "price": f"{chance.randint(1, 999)}.{chance.choice((0, 25, 99)):02d}",
    }
    out = [Deed(at, home, "create", mark, values)]
    if chance.random() < 0.1:
        out.append(Deed(at, "b" if home == "a" else "a", "create", mark, values))
    for number in range(chance.randint(0, 4)):
        name = chance.choice(("name", "price", "price"))
        value = f"{chance.choice(_GOODS)} Neu{number}" if name == "name" else f"{1000 + 10 * number + chance.randint(0, 9)}.50"
        out.append(Deed(_at(chance, at.turn + 1, turns), chance.choice("ab"), "edit", mark, {name: value}))  # type: ignore[arg-type]
    if chance.random() < 0.07:
        out.append(Deed(_at(chance, at.turn + 1, turns), chance.choice("ab"), "delete", mark))  # type: ignore[arg-type]
    return out


def _states(chance: random.Random, turns: int, town: Sequence[Deed]) -> list[Deed]:
    """Quotes that are sent, accepted and rejected, invoices that are paid and cancelled."""
    out = []
    for deed in town:
        if deed.what == "deal" and chance.random() < 0.8:
            at = _at(chance, deed.at.turn + 1, turns)
            out.append(Deed(at, "b", "state", deed.about, {"state": "b"}))
            out += [Deed(max(at, _at(chance, at.turn, turns)), "b", "state", deed.about, {"state": chance.choice("dde")})]
        if deed.what in ("invoice", "bill") and chance.random() < 0.6:
            at = _at(chance, deed.at.turn + 1, turns)
            out += [Deed(at, "b", what, deed.about) for what in ("complete", chance.choice(("pay", "pay", "cancel")))]
    return out

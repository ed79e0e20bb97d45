"""What people do on both sides and at our own pages, drawn before anything happens.

Verbs of a deed: ``create`` (kind ``company``, ``person``, ``contact``), ``edit``, ``delete``, ``merge`` (loser), ``tag``, ``untag``; ``deal``,
``edit-deal``; ``estimate``, ``state`` (FastBill's letters), ``invoice``, ``complete``, ``pay``, ``cancel``; at our pages ``answer``,
``policy``, ``pause``, ``resume``, ``preview``. A mark names what a deed is about: it stands in a field nobody edits (``mark_of``).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.storm.chance import At, Deed, Script, Streams, Who
from tests.storm.marks import mark_in
from tests.storm.sides import Entry, Kind

_NAMES = (
    "Bäckerei Sonne", "Mond Optik", "Żółw & Synowie", "Țiriac Comerț", "Größe+Maß", "O'Neill \"Print\"", "Nøkkel", "Straße 7", "Œuvre",
    "Étoile", "Ærø Maler", "Zoë <b>Design</b>", "株式会社 山", "🚲 Rad", "Jürgens",
)  # fmt: skip
_LAST = ("Nagel", "Groß", "Łapiński", "Șerban", "Müller", "D'Arc", "van der Berg", "Çelik")
_FIRST = ("Nora", "Jörg", "Zoë", "Ștefan", "Emil", "Frida", "Łucja", "André")
_FORMS = ("GmbH", "GmbH & Co. KG", "e. K.", "AG")
_FIELDS = ("email", "phone", "address.line1", "address.postcode", "address.city", "name")
POLICIES = (
    "customers.wins=crm", "customers.wins=invoicing", "customers.contacts=all", "customers.contacts=none",
    "customers.deletion.in_crm=ignore", "customers.deletion.in_invoicing=mark", "documents.quote_when=created",
    "customers.fields.phone.direction=to-invoicing", "quotes.basis=gross",
)  # fmt: skip


CROWD = 251
"""One more than a page of the CRM."""


def mark_of(kind: Kind, entry: Entry) -> str:
    """The mark of what somebody made, or of what was made from it: a customer's stands in its website, or as a mobile number where a side
    knows of none, a contact's and a document's behind the last blank of its name or title, a product's is its number."""
    if kind == "party":
        host = entry.get("website")
        return host.removeprefix("www.").removesuffix(".example") if host.startswith("www.") else mark_in(entry.get("mobile"))
    if kind == "product":
        return entry.get("number")
    return entry.get("name" if kind == "contact" else "title").rpartition(" ")[2]


@dataclass(slots=True)
class Town:
    """Who has been drawn so far."""

    chance: random.Random
    turns: int
    deeds: list[Deed] = field(default_factory=list)
    customers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Mark -> the values it was made with, ``kind`` and ``home`` among them."""
    contacts: dict[str, str] = field(default_factory=dict)
    deals: dict[str, int] = field(default_factory=dict)
    papers: dict[str, int] = field(default_factory=dict)
    edits: int = 0

    def at(self, first: int = 0, last: int | None = None) -> At:
        """A moment in a turn from ``first`` on, more often between turns than within one."""
        turn = self.chance.randint(first, self.turns - 1 if last is None else last)
        return At(turn, self.chance.choice((0, 0, 0, self.chance.randint(1, 8), self.chance.randint(4, 30))))

    def does(self, at: At, who: Who, what: str, about: str = "", /, **values: str) -> None:
        """Notes a deed."""
        self.deeds.append(Deed(at, who, what, about, values))


def draw_people(chance: random.Random, turns: int, *, size: int = 6) -> list[Deed]:
    """The deeds of a small town over some turns."""
    town = Town(chance, turns)
    for number in range(chance.randint(2, size)):
        _customer(town, f"c{number}")
    for _ in range(chance.randint(2, size + 2)):
        chance.choices((_edit, _both, _paper, _deal, _contact, _fate, _tag, _ours), weights=(30, 14, 14, 12, 8, 8, 6, 8))[0](town)
    if chance.random() < 0.06 and len(town.customers) >= 4:
        town.deeds += mass_change(chance, chance.randint(2, turns - 1) if turns > 2 else turns - 1, len(town.customers))
    if chance.random() < 0.006:
        town.deeds += crowd(turns)
    return sorted(town.deeds, key=lambda deed: deed.at)


def crowd(turns: int) -> list[Deed]:
    """More companies in the CRM than a page holds, and somebody who deletes one of the first while the second page is asked for."""
    out = []
    for number in range(CROWD):
        values = {"kind": "company", "name": f"Menge {number}", "website": f"www.x{number}.example"}
        out.append(Deed(At(0), "a", "create", f"x{number}", values))
    return [*out, *(Deed(At(turn, 2), "a", "delete", f"x{turn}") for turn in range(1, turns))]


def _customer(town: Town, mark: str) -> None:
    chance = town.chance
    home: Who = chance.choice(("a", "b"))
    kind = "company" if chance.random() < 0.65 else "person"
    values = {"kind": kind, "website": f"www.{mark}.example"}
    if kind == "company":
        values["name"] = f"{chance.choice(_NAMES)} {mark if chance.random() < 0.85 else 'Nord'} {chance.choice(_FORMS)}"
    else:
        values |= {"name": f"{chance.choice(_LAST)} {mark if chance.random() < 0.85 else ''}".strip(), "first_name": chance.choice(_FIRST)}
    values |= {"address.line1": f"Ring {town.edits + 1}", "address.postcode": f"{10115 + len(town.customers)}", "address.city": "Köln"}
    values["address.country"] = "DE" if chance.random() < 0.9 else "AT"
    if chance.random() < 0.8:
        values["email"] = f"{mark}@post.example" if chance.random() < 0.8 else f"{mark.upper()}@Post.Example"
    if chance.random() < 0.7:
        values["phone"] = f"0221 {4000 + len(town.customers)}"
    if chance.random() < 0.08:
        del values["address.city"]
    at = town.at(0, max(0, town.turns - 3))
    town.customers[mark] = values | {"home": home, "turn": str(at.turn)}
    town.does(at, home, "create", mark, **values)
    if home == "a" and chance.random() < 0.5:
        town.does(at, "a", "tag", mark)
    if home == "a" and chance.random() < 0.45:
        _deal_for(town, mark, at.turn)
    if chance.random() < 0.08:
        town.does(at, "b" if home == "a" else "a", "create", mark, **values)
        if home == "b":
            town.does(at, "a", "tag", mark)


def _deal_for(town: Town, customer: str, turn: int) -> None:
    mark = f"q{len(town.deals)}"
    town.deals[mark] = turn
    value = f"{town.chance.randint(1, 99999)}.{town.chance.choice((0, 50, 99, 5)):02d}"
    town.does(At(turn), "a", "deal", mark, customer=customer, title=f"Angebot {mark}", value=value)


def _somebody(town: Town) -> tuple[str, int]:
    mark = town.chance.choice(sorted(town.customers))
    return mark, int(town.customers[mark]["turn"])


def _typed(town: Town, name: str, kind: str) -> str:
    """A new value for a field; each is typed once in a world, but for telephone numbers that only differ in their blanks."""
    town.edits += 1
    number = town.edits
    match name:
        case "email":
            return f"neu{number}@post.example"
        case "phone":
            return f"0221 {7000 + number}" if town.chance.random() < 0.8 else f"+49 221 {7000 + number}"
        case "address.postcode":
            return f"{20000 + number}"
        case "name":
            return f"{town.chance.choice(_NAMES)} Neu{number}" if kind == "company" else f"{town.chance.choice(_LAST)} Neu{number}"
        case "address.city":
            return f"{town.chance.choice(('Ort', 'Süd', 'Łódź', 'Iași'))} {number}"
    return f"{town.chance.choice(('Weg', 'Gasse', 'Allee'))} {number}"


def _edit(town: Town) -> None:
    mark, turn = _somebody(town)
    kind = town.customers[mark]["kind"]
    name = town.chance.choice(_FIELDS)
    who: Who = town.chance.choice(("a", "b"))
    at = town.at(min(turn + 1, town.turns - 1))
    draw = town.chance.random()
    value = _typed(town, name, kind)
    if draw < 0.1 and name in ("email", "phone"):
        value = ""
    elif draw < 0.14 and name == "email":
        value = f"kein-at-{town.edits}"
    elif draw < 0.18 and name == "name":
        value = "Sehr lang " * 14 + str(town.edits)
    town.does(at, who, "edit", mark, **{name: value})
    if draw > 0.85 and name in town.customers[mark]:
        back = town.at(at.turn)
        town.does(max(at, back), who, "edit", mark, **{name: town.customers[mark][name]})


def _both(town: Town) -> None:
    """The same field on both sides, equal or not, in one turn."""
    mark, turn = _somebody(town)
    name = town.chance.choice(_FIELDS)
    at = town.at(min(turn + 2, town.turns - 1))
    kind = town.customers[mark]["kind"]
    one = _typed(town, name, kind)
    other = one if town.chance.random() < 0.3 else _typed(town, name, kind)
    later = At(at.turn, max(at.call, town.chance.choice((0, at.call + town.chance.randint(0, 12)))))
    first: Who = town.chance.choice(("a", "b"))
    town.does(at, first, "edit", mark, **{name: one})
    town.does(later, "b" if first == "a" else "a", "edit", mark, **{name: other})


def _paper(town: Town) -> None:
    """An invoice and what becomes of it, or an estimate written by hand."""
    chance = town.chance
    customer, turn = _somebody(town)
    at = town.at(min(turn + 1, town.turns - 1))
    mark = f"{chance.choice('ie')}{len(town.papers)}"
    town.papers[mark] = at.turn
    value = f"{chance.randint(1, 9999)}.{chance.choice((0, 33, 99)):02d}"
    if mark[0] == "e":
        town.does(at, "b", "estimate", mark, customer=customer, title=f"Kostenvoranschlag {mark}", value=value)
        town.does(town.at(at.turn), "b", "state", mark, state=chance.choice("bbde"))
        return
    whole = "1" if chance.random() < 0.6 else ""
    town.does(at, "b", "invoice", mark, customer=customer, title=f"Rechnung {mark}", value=value, complete=whole)
    for what in chance.sample(("complete", "pay", "cancel", "pay"), chance.randint(0, 2)):
        town.does(town.at(at.turn), "b", what, mark, **({"amount": "0.01"} if what == "pay" and chance.random() < 0.4 else {}))


def _deal(town: Town) -> None:
    chance = town.chance
    if not town.deals or chance.random() < 0.4:
        mark, turn = _somebody(town)
        _deal_for(town, mark, town.at(min(turn + 1, town.turns - 1)).turn)
        return
    mark = chance.choice(sorted(town.deals))
    at = town.at(town.deals[mark])
    if chance.random() < 0.5:
        town.does(at, "b", "state", mark, state=chance.choice("bbde"))
    elif chance.random() < 0.7:
        changed = (
            {"value": f"{chance.randint(1, 999)}.50"} if chance.random() < 0.6 else {"state": chance.choice(("won", "lost", "open_50"))}
        )
        town.does(at, "a", "edit-deal", mark, **changed)
    else:
        town.does(at, "a", "delete", mark)


def _contact(town: Town) -> None:
    chance = town.chance
    firms = [mark for mark, values in sorted(town.customers.items()) if values["kind"] == "company"]
    if town.contacts and chance.random() < 0.4:
        mark = chance.choice(sorted(town.contacts))
        name = chance.choice(("email", "phone", "first_name"))
        value = f"{chance.choice(_FIRST)}{town.edits}" if name == "first_name" else _typed(town, name, "person")
        town.edits += 1
        town.does(town.at(1), chance.choice(("a", "b")), "edit", mark, **{name: value})
    elif firms:
        owner = chance.choice(firms)
        mark = f"k{len(town.contacts)}"
        town.contacts[mark] = owner
        home: Who = chance.choice(("a", "b"))
        turn = int(town.customers[owner]["turn"])
        values = {"kind": "contact", "owner": owner, "name": f"{chance.choice(_LAST)} {mark}", "first_name": chance.choice(_FIRST)}
        values["email"] = f"{mark}@post.example"
        at = town.at(min(turn + (home != town.customers[owner]["home"]), town.turns - 1))
        town.does(at, home, "create", mark, **values)
        if home == "a" and chance.random() < 0.5:
            town.does(at, "a", "tag", mark)


def _fate(town: Town) -> None:
    """Somebody deletes or merges."""
    mark, turn = _somebody(town)
    at = town.at(min(turn + 2, town.turns - 1))
    persons = sorted(m for m, values in town.customers.items() if values["kind"] == "person" and m != mark)
    if town.chance.random() < 0.3 and town.customers[mark]["kind"] == "person" and persons:
        town.does(at, "a", "merge", mark, loser=town.chance.choice(persons))
        return
    who: Who = town.chance.choice(("a", "b"))
    town.does(at, who, "delete", mark)
    if town.chance.random() < 0.2:
        again = {k: v for k, v in town.customers[mark].items() if k not in ("home", "turn")}
        town.does(max(at, town.at(at.turn)), who, "create", mark, **again)


def _tag(town: Town) -> None:
    mark, turn = _somebody(town)
    town.does(town.at(turn), "a", town.chance.choice(("tag", "tag", "untag")), mark)


def _ours(town: Town) -> None:
    """Somebody at our own pages."""
    chance, at = town.chance, town.at(1)
    match chance.choice(("answer", "answer", "answer", "policy", "pause", "preview")):
        case "preview":
            town.does(At(at.turn), "us", "preview")
        case "policy":
            town.does(at, "us", "policy", entry=chance.choice(POLICIES))
        case "pause":
            town.does(at, "us", "pause")
            town.does(max(at, town.at(at.turn)), "us", "resume")
        case _:
            town.does(at, "us", "answer", nth=str(chance.randint(0, 5)), said=str(chance.randint(0, 3)))


def mass_change(chance: random.Random, turn: int, marks: int) -> list[Deed]:
    """An import went over everything: every customer of one side gets another city, or is deleted by mistake."""
    who: Who = chance.choice(("a", "b"))
    if chance.random() < 0.5:
        return [Deed(At(turn), who, "edit", f"c{n}", {"address.city": f"Import {n}"}) for n in range(marks)]
    return [Deed(At(turn), who, "delete", f"c{n}") for n in range(marks)]


KNOBS: dict[str, tuple[str, ...]] = {
    "plan": ("none", "none", "premium", "pro", "solo-plus"),
    "lists": ("mixed", "array", "object"),
    "errors": ("list", "object", "string"),
    "retry_after": ("", "1"),
    "touch_parent": ("", "1"),
    "rate_limit": ("50", "50", "50"),
    "policy": ("", "", "", *POLICIES),
    "recase": ("", "", "1"),
    "search_lag": ("", "1"),
    "webhooks": ("", "", "1"),
    "pdf_varies": ("1", "1", ""),
    "link_seconds": ("3600", "3600", "60"),
    "cancel_creates_credit": ("1", ""),
}
"""What holds throughout a world, and how often."""


def draw_knobs(chance: random.Random) -> dict[str, str]:
    """One of each."""
    return {name: chance.choice(values) for name, values in KNOBS.items()}


def quiet_script(streams: Streams, *, turns: int = 6) -> Script:
    """People alone: nothing breaks."""
    return Script(turns, tuple(draw_people(streams.happens, turns)), (), draw_knobs(streams.of("knobs")))

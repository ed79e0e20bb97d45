"""Worlds in which one thing goes wrong more often than in any other: the stages on which a wrong engine shows itself.

A scene is an ordinary world, judged by the ordinary oracle; only what is drawn is drawn narrower.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from msgspec.structs import replace

from tests.storm import calming, oracle
from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.evidence import Did
from tests.storm.faults import DRAWS
from tests.storm.invented import faked
from tests.storm.people import draw_knobs, draw_people
from tests.storm.sides import Kind, Letter
from tests.storm.stages import Simulated
from tests.storm.world import Maker, Played, World
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS, contact_of, party_of
from unisono.model.record import Record
from unisono.store import seen
from unisono.store.lanes import LostLane

Draw = Callable[[Streams], Script]
POLLS = 3
"""Polls within which everything is in step once nothing breaks any more."""
DECLARED = timedelta(hours=2)
"""What was put off until an hour that is named, as after a full disk, is waited for: it is not forgotten. The weekly sweep is further off."""
_TICK = timedelta(milliseconds=7)
"""What a call takes: else everything of a turn happens in the same instant."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a vendor tells about a record: which, and how it stood when the notice was written."""

    letter: Letter
    kind: Kind
    key: str
    values: Mapping[str, str]


def read(world: Scene, notice: Notice) -> None:
    """The sound door: a notice only says which record to look at."""
    where = world.house.pairing(world.pair).side(notice.letter)
    raw = where.system.read(*where.system.locate(notice.kind, notice.key))
    if raw is not None:
        with world.store.write() as conn:
            seen.put_seen(conn, where.id, [(record, b"notice") for record in where.system.records(raw)], world.ours.now())


def trust(world: Scene, notice: Notice) -> None:
    """The wrong door: what a notice says is how the record stands."""
    where = world.house.pairing(world.pair).side(notice.letter)
    with world.store.read() as conn:
        known = seen.get_many(conn, where.id, notice.kind, [notice.key]).get(notice.key)
    if known is None:
        return
    names = PARTY_FIELDS if notice.kind == "party" else CONTACT_FIELDS
    values = {name: notice.values.get(name, "") for name in names}
    body = party_of(values) if notice.kind == "party" else contact_of(values)
    record: Record = replace(known.record, body=body)
    with world.store.write() as conn:
        seen.put_seen(conn, where.id, [(record, b"notice")], world.ours.now())


receive = read
"""How a notice is received; a twin puts ``trust`` here."""


class Scene(World):
    """A world in which time passes with every call, notices arrive late and in any order, and a second worker may run while an answer is
    under way."""

    notices = False
    _late: Sequence[Did] = ()

    def _before(self, letter: Letter, what: str, write: bool) -> None:
        if not self._busy:
            self.clock.advance(_TICK)
        super()._before(letter, what, write)

    def _after(self, letter: Letter, what: str, write: bool) -> None:
        for one in self._breaks:
            if one.fault == 43 and one.values.get("after") == str(self._call) and not self._busy:
                self._second(one)
        super()._after(letter, what, write)

    def _second(self, one: Break) -> None:
        """Another worker does its turn between an answer and its arrival."""
        self.bit(43)
        if one.values.get("late"):
            self.clock.advance(301)
        mine, self._busy = self.house, True
        try:
            self.house = self.stage.process(self.store, lambda _name: None)
            self.runner(alone=False).turn(poll=True)
        except LostLane:
            self.count("lost lanes")
        finally:
            self.house, self._busy = mine, False

    def turn(self, number: int) -> None:
        told = len(self.did)
        super().turn(number)
        if self.notices:
            self._tell(self._late)
            self._late = self.did[told:]

    def _tell(self, of: Sequence[Did]) -> None:
        """The notices of a turn arrive after the next one, the oldest last; what they point at is looked at without waiting for a poll."""
        for did in reversed(of):
            if did.after is not None and did.deed.what == "edit" and did.deed.who in ("a", "b"):
                kind: Kind = "party" if did.deed.about.startswith("c") else "contact"
                letter: Letter = "a" if did.deed.who == "a" else "b"
                busy, self._busy = self._busy, True
                try:
                    receive(self, Notice(letter, kind, did.key, did.after.values))
                    self.runner().turn()
                finally:
                    self._busy = busy


class NoticedScene(Scene):
    """With notices."""

    notices = True


class PromptScene(Scene):
    """Judged before the calm as well: what was edited is there within a few polls, and does not wait for the weekly sweep."""

    def calm(self) -> None:
        self._breaks, self._due = [], []
        self.stage.a.disarm()
        self.stage.b.disarm()
        self.house = self.process()
        for _ in range(POLLS):
            calming.mend(self)
            self.clock.advance(330)
            self.work(lambda: self.runner().turn(poll=True))
            for _ in range(POLLS):
                wait = calming.wait_for(self)
                if wait is None or wait > DECLARED:
                    break
                self.clock.advance(max(wait, timedelta(seconds=1)))
                self.work(lambda: self.runner().turn())
        self.found += [broken for broken in oracle.judge(self.evidence()) if broken.invariant == "I3"]
        super().calm()


def played(seed: int, draw: Draw, *, maker: Maker = faked, world: type[World] = Scene) -> Played:
    """One world of a scene."""
    return world(seed, draw(Streams(seed)), maker).play()


def people_and(
    *faults: int, often: int = 2, deeds: Callable[[Random, int], list[Deed]] | None = None, knobs: Mapping[str, str] | None = None
) -> Draw:
    """Ordinary people, more deeds, and these faults so often each."""

    def drawn(streams: Streams) -> Script:
        happens, breaks = streams.happens, streams.breaks
        turns = happens.randint(4, 7)
        done = draw_people(happens, turns) + (deeds(happens, turns) if deeds is not None else [])
        broken = [
            Break(At(breaks.randint(0, turns - 1)), number, _DRAWN.get(number, DRAWS[number])(breaks))
            for number in faults
            for _ in range(often)
        ]
        held = draw_knobs(streams.of("knobs")) | dict(knobs or {})
        return Script(turns, tuple(sorted(done, key=lambda d: d.at)), tuple(sorted(broken, key=lambda b: (b.at, b.fault))), held)

    return drawn


def _early(chance: Random, most: int) -> str:
    return str(chance.randint(1, most))


_DRAWN: dict[int, Callable[[Random], dict[str, str]]] = {
    1: lambda c: {"step": _early(c, 14)},
    3: lambda c: {"write": _early(c, 3)},
    43: lambda c: {"after": _early(c, 20), "late": c.choice(("", "yes"))},
    2: lambda c: {"commit": _early(c, 6)},
    39: lambda c: {"commit": _early(c, 6), "times": "1"},
    40: lambda c: {"commit": _early(c, 6), "times": "1"},
    45: lambda c: {"call": _early(c, 12), "entry": c.choice(("customers.wins=crm", "customers.contacts=all", "quotes.basis=gross"))},
}


def sales(chance: Random, turns: int) -> list[Deed]:
    """A deal for every other customer."""
    out = []
    for n in range(3):
        at = At(chance.randint(0, max(0, turns - 3)))
        value = f"{chance.randint(1, 99999)}.{chance.randint(0, 99):02d}"
        out.append(Deed(at, "a", "deal", f"q{n + 5}", {"customer": f"c{n}", "title": f"Angebot q{n + 5}", "value": value}))
    return out


def papers(chance: Random, turns: int) -> list[Deed]:
    """Finished invoices."""
    out = []
    for n in range(6):
        at, value = At(chance.randint(1, turns - 1)), f"{chance.randint(1, 9999)}.99"
        values = {"customer": f"c{chance.randint(0, 2)}", "title": f"Rechnung i{n + 5}", "value": value, "complete": "1"}
        out.append(Deed(at, "b", "invoice", f"i{n + 5}", values))
    return out


def rivals(chance: Random, turns: int) -> list[Deed]:
    """Somebody edits a field on one side, and somebody else the same field on the other while it is carried over."""
    out = []
    for n in range(6):
        mark, name, turn = (
            f"c{chance.randint(0, 3)}",
            chance.choice(("address.city", "address.line1", "phone")),
            chance.randint(2, turns - 1),
        )
        first, second = chance.sample("ab", 2)
        out.append(Deed(At(turn), first, "edit", mark, {name: f"Eins {n}"}))  # type: ignore[arg-type]
        out.append(Deed(At(turn, chance.randint(1, 8)), second, "edit", mark, {name: f"Zwei {n}"}))  # type: ignore[arg-type]
    return out


def edits(chance: Random, turns: int) -> list[Deed]:
    """More edits, several of one field one after the other."""
    out = []
    for n in range(8):
        mark, name = f"c{chance.randint(0, 3)}", chance.choice(("address.city", "address.line1", "phone"))
        at = At(chance.randint(2, turns - 1), chance.choice((0, 4, 99, 99)))
        out.append(Deed(at, chance.choice("ab"), "edit", mark, {name: f"Wert {n}"}))  # type: ignore[arg-type]
    return out


def refusals(chance: Random, turns: int) -> list[Deed]:
    """In every turn somebody types into some customers what the other side refuses, and into others what it takes."""
    out = []
    for turn in range(1, turns):
        bad, good = sorted(chance.sample(range(5), 2))
        if turn % 2:
            bad, good = good, bad
        out.append(Deed(At(turn), "a", "edit", f"c{bad}", {"email": f"kein at {turn}"}))
        out.append(Deed(At(turn), chance.choice("ab"), "edit", f"c{good}", {"address.line1": f"Gut {turn}"}))  # type: ignore[arg-type]
    return out


def seesaw(chance: Random, turns: int) -> list[Deed]:
    """A field is edited on one side, and in the next turn on the other."""
    out = []
    for n in range(5):
        mark, name, turn = (
            f"c{chance.randint(0, 3)}",
            chance.choice(("address.city", "address.line1", "phone")),
            chance.randint(1, turns - 2),
        )
        first, second = chance.sample("ab", 2)
        out.append(Deed(At(turn), first, "edit", mark, {name: f"Hin {n}"}))  # type: ignore[arg-type]
        out.append(Deed(At(turn + 1), second, "edit", mark, {name: f"Her {n}"}))  # type: ignore[arg-type]
    return out


def same_names(chance: Random, turns: int) -> list[Deed]:
    """One customer made twice in the CRM and once in the invoicing system, by the same name and e-mail; each is edited later."""
    base = {
        "kind": "company",
        "name": "Doppel GmbH",
        "email": "post@doppel.example",
        "address.line1": "Ring 1",
        "address.postcode": "10115",
    }
    base |= {"address.city": "Köln", "address.country": "DE"}
    first = chance.randint(0, 1)
    out = [
        Deed(At(0), "b", "create", "c90", base | {"website": "www.c90.example"}),
        Deed(At(first), "a", "create", "c91", base | {"website": "www.c91.example"}),
        Deed(At(first), "a", "tag", "c91"),
        Deed(At(1), "a", "create", "c92", base | {"website": "www.c92.example"}),
        Deed(At(1), "a", "tag", "c92"),
    ]
    for mark, value in (("c91", "0221 1111"), ("c92", "0221 2222")):
        out.append(Deed(At(chance.randint(2, turns - 1)), "a", "edit", mark, {"phone": value}))
    return out


def dying(seed: int) -> Played:
    """The process is killed between a call and its settlement."""
    return played(seed, people_and(1, 3))


def losing_answers(seed: int) -> Played:
    """Answers to writes get lost after the vendor did its work."""
    return played(seed, people_and(7, 8))


def plain(seed: int) -> Played:
    """People alone."""
    return played(seed, people_and(deeds=edits))


def lagging(seed: int) -> Played:
    """People alone, and everything is in step soon."""
    return played(seed, people_and(deeds=edits), world=PromptScene)


def torn_pulls(seed: int) -> Played:
    """Pages are read and cannot be stored."""
    return played(seed, people_and(2, 39, 40, often=4, deeds=edits), world=PromptScene)


def edited_meanwhile(seed: int) -> Played:
    """The same field is edited on both sides, also in the middle of a turn."""
    return played(seed, people_and(deeds=rivals))


def noticed(seed: int) -> Played:
    """Vendors tell what happened, late and in any order."""
    return played(seed, people_and(deeds=seesaw), world=NoticedScene)


def empty_answers(seed: int) -> Played:
    """Pages of HTML and torn JSON instead of lists."""
    return played(seed, people_and(8, 11, often=3, deeds=edits), maker=Simulated)


def two_workers(seed: int) -> Played:
    """A second worker runs while an answer of the first is under way: above all while it fetches a document's file."""
    return played(seed, people_and(43, often=6, deeds=papers), maker=Simulated)


def pages_under_way(seed: int) -> Played:
    """A second worker does its turn while a page of the first is under way, and people edit much."""
    return played(seed, people_and(43, often=6, deeds=edits))


def selling(seed: int) -> Played:
    """Deals become quotes."""
    return played(seed, people_and(deeds=sales))


def changing_minds(seed: int) -> Played:
    """The policy is changed in the middle of turns."""
    return played(seed, people_and(45, often=4, deeds=edits))


def failing(seed: int) -> Played:
    """Writes fail, done or not."""
    return played(seed, people_and(6, 10, deeds=edits))


def refused(seed: int) -> Played:
    """Some records are refused again and again; nothing else happens that could delay anybody, and nobody chooses anew."""
    drawn = people_and(deeds=refusals, knobs={"plan": "premium", "policy": ""})

    def fair(streams: Streams) -> Script:
        script = drawn(streams)
        return dataclasses.replace(script, deeds=tuple(d for d in script.deeds if d.what not in ("pause", "resume", "policy")))

    return played(seed, fair, maker=Simulated)


def namesakes(seed: int) -> Played:
    """Two customers of one name and e-mail on one side, one on the other, and a firm that trusts name and e-mail."""
    return played(seed, people_and(deeds=same_names, knobs={"policy": 'matching.accept=["reference", "email_name"]'}))

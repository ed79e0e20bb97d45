"""The two invented vendors as a stage of the storm: what a world of the engine's level is played on, without HTTP."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar, cast

from msgspec.structs import replace

from tests.storm.chance import Break, Deed
from tests.storm.fakes import Bad, Fake, Missing, Newer, Row, VendorClock
from tests.storm.guests import Guest, Login, guest
from tests.storm.sides import Call, Entry, Hold, Impossible, Inside, Kind, Letter, Operation, changed
from tests.storm.stages import Setting
from tests.storm.strikes import Strikes, Struck, raised
from tests.storm.traits import Traits, draw_traits, name_of
from unisono.connect.port import Raw, System
from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.wiring import House

T = TypeVar("T")
PAIR = "invented-crm/invented-books"
POLICY = """schema_version = 1
language = "de"

[customers]
contacts = "{contacts}"
country = "DE"

[customers.from_crm]
when = [{when}]
tag = "FastBill"

[quotes]
direction = "{quotes}"

[documents]
direction = "{documents}"
"""
CHOICES: dict[str, tuple[str, ...]] = {
    "contacts": ("all", "none", "none"),
    "when": ('"quote", "tag"', '"tag"'),
    "quotes": ("to-invoicing", "off"),
    "documents": ("to-crm", "off", "off"),
    "policy": (
        "",
        "",
        "customers.wins=crm",
        "customers.wins=invoicing",
        "customers.deletion.in_crm=mark",
        "customers.deletion.in_invoicing=ignore",
    ),
}
"""What a firm chooses. What it leaves out is not even read, so that most worlds are small."""
UNLISTED = 30
"""Seconds for which a list may leave out what was made: less than lies between two turns. Nothing tells a record that is left out of list
after list from one that is not there."""
_OPERATIONS: dict[str, Operation] = {"create": "create", "change": "change", "delete": "delete", "read": "read", "list": "list"}
_ANSWERS = {"won": "accepted", "lost": "rejected"}


class Invented:
    """One invented vendor as a side: its truth, its log, its people's hands, its faults."""

    def __init__(self, traits: Traits, setting: Setting, numbers: list[int]) -> None:
        self.letter: Letter = traits.side
        self.system = name_of(traits.side)
        self.fake = Fake(traits, setting.clock)
        self.abreast = traits.batch
        self.login = Login()
        self.door: Guest = guest(self.fake, self, self.login)
        self._log: list[Call] = []
        self._strikes = Strikes()
        self._entries: dict[str, tuple[tuple[object, ...], Entry]] = {}
        self.true, self._listen, self._numbers = setting.clock, setting.listen, numbers
        self._alone = setting.knobs.get("contacts") == "none"
        """Nobody looks at contacts, nor at their tags."""

    def forget_log(self) -> None:
        """The world begins: what set-up asked for is nobody's business."""
        self._log.clear()
        self._strikes.hits.clear()
        self._numbers[:] = [0, 0]
        self.fake.begin()
        self.login.token = self.fake.token

    # the truth

    @property
    def clock(self) -> VendorClock:
        """The vendor's clock."""
        return self.fake.clock

    @property
    def hidden(self) -> set[str]:
        """Keys of records that are there, and that the product is told are not."""
        return self.fake.hidden

    @property
    def contacts_apart(self) -> bool:
        """Whether contacts are a list of their own, which nobody reads who leaves them where they are."""
        return True

    def kept(self, name: str, value: str) -> str:
        """What the vendor makes of a value."""
        return self.fake.traits.kept(name, value)

    def records(self, kind: Kind) -> dict[str, Entry]:
        """Every record of a kind that is there."""
        tags: dict[str, tuple[str, ...]] = {}
        for row in self.fake.live("tag") if kind in ("party", "contact") else ():
            tags[row.owner] = (*tags.get(row.owner, ()), row.values["name"])
        return {row.key: self._entry(row, (*row.tags, *tags.get(row.key, ()))) for row in self.fake.live(kind)}

    def _entry(self, row: Row, tags: tuple[str, ...]) -> Entry:
        """A row in plain texts; the same value as long as nothing about it changes, since people look it up all the time."""
        mark = (row.version, row.owner, tags, len(row.files))
        known = self._entries.get(row.key)
        if known is None or known[0] != mark:
            known = self._entries[row.key] = (mark, _entry(row, tags))
        return known[1]

    @property
    def log(self) -> Sequence[Call]:
        """Every call of the product."""
        return self._log

    def hold(self) -> Sequence[Hold]:
        """No limits: calls are paced below the port."""
        return ()

    # people

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """A person does something in the vendor's own pages."""
        try:
            return self._act(deed, keys.get(deed.about, ""), keys)
        except (Missing, Bad) as error:
            raise Impossible(f"{deed.what} of {deed.about}: {error}") from error

    def _act(self, deed: Deed, key: str, keys: Mapping[str, str]) -> str:
        fake, values = self.fake, deed.values
        kind = _kind_of(key)
        match deed.what:
            case "create" if values["kind"] == "contact":
                return self._made("contact", values, keys.get(values.get("owner", ""), ""))
            case "create":
                return self._made("party", {**values, "type": values["kind"]}, "")
            case "edit" if kind in ("party", "contact"):
                return fake.typed(kind, key, {n: v for n, v in values.items() if n in fake.traits.holds(kind)}).key
            case "delete" if kind:
                row = fake.get(kind, key)
                if kind == "invoice" and row.values["stage"] != "draft":
                    raise Bad("issued", "stage")
                return fake.remove(kind, key).key
            case "restore" if kind:
                return fake.restore(kind, key).key
            case "merge" if kind in ("party", "contact"):
                loser = keys.get(values["loser"], "")
                if _kind_of(loser) != kind:
                    raise Missing(loser)
                return fake.merge(kind, loser, key).key
            case "tag" | "untag" if kind and self.letter == "a":
                return self._tagged(deed.what, key)
        return self._papers(deed, key, keys)

    def _made(self, kind: str, values: Mapping[str, str], owner: str) -> str:
        if kind == "contact":
            self.fake.get("party", owner)
        held = {n: v for n, v in values.items() if n in (*self.fake.traits.holds(kind), "type")}
        return self.fake.create(kind, held, owner=owner).key

    def _tagged(self, what: str, key: str) -> str:
        if _kind_of(key) != "party" and self._alone:
            raise Missing(key)
        self.fake.get(_kind_of(key), key)
        there = [row for row in self.fake.live("tag") if row.owner == key]
        if what == "tag" and not there:
            self.fake.create("tag", {"name": "FastBill"}, owner=key)
        for row in there if what == "untag" else ():
            self.fake.remove("tag", row.key)
        return key

    def _papers(self, deed: Deed, key: str, keys: Mapping[str, str]) -> str:
        """What people do with deals, quotes and invoices."""
        fake, values, kind = self.fake, deed.values, _kind_of(key)
        customer = keys.get(values.get("customer", ""), "")
        match deed.what, self.letter:
            case "deal", "a":
                deal = {"title": values["title"], "value": values["value"], "currency": "EUR", "answer": "open"}
                return fake.create("quote", deal, owner=fake.get("party", customer).key).key
            case "edit-deal", "a" if kind == "quote":
                state = {"answer": _ANSWERS.get(values["state"], "open")} if "state" in values else {}
                return fake.typed(kind, key, {n: v for n, v in values.items() if n in ("title", "value")} | state).key
            case ("estimate" | "invoice") as word, "b":
                lines = json.dumps([["Arbeit", "1", str(Decimal(values["value"])), "19"]])
                stage = "issued" if word == "invoice" and values.get("complete") else "draft"
                paper = {"title": values["title"], "lines": lines, "currency": "EUR", "stage": stage, "paid": "none"}
                return fake.create("quote" if word == "estimate" else word, paper, owner=fake.get("party", customer).key).key
            case "state", "b" if kind == "quote":
                return fake.typed(kind, key, _quote_state(values["state"])).key
            case ("complete" | "pay" | "cancel") as what, "b" if kind == "invoice":
                return self._moved(what, key)
        raise Impossible(f"{deed.what} of {deed.about}")

    def _moved(self, what: str, key: str) -> str:
        stage = self.fake.get("invoice", key).values["stage"]
        if (what == "complete") != (stage == "draft") or stage == "cancelled":
            raise Bad("wrong-stage", "stage")
        to = {"complete": {"stage": "issued"}, "pay": {"paid": "full"}, "cancel": {"stage": "cancelled"}}
        return self.fake.typed("invoice", key, to[what]).key

    # faults

    def arm(self, fault: Break) -> bool:
        """Arms a fault; one of the token also lets the present one run out."""
        if fault.fault == 14:
            if not self.fake.traits.token_life:
                return False
            self.fake.expire()
        return self._strikes.arm(fault.fault, fault.values)

    def bitten(self) -> Mapping[int, int]:
        """How often each fault struck, habits that showed included."""
        return Counter(self._strikes.hits) + self.fake.told

    def disarm(self) -> None:
        """No fault from now on; whoever has lost the token signs in again."""
        self._strikes.clear()
        self.fake.hidden.clear()
        self.login.token = self.fake.sign_in()
        self.clock.ahead = timedelta(seconds=self.fake.traits.skew)

    def freeze(self) -> bytes:
        """Worlds of this level are not put back in mid-play."""
        raise NotImplementedError

    def thaw(self, image: bytes) -> None:
        """See ``freeze``."""
        raise NotImplementedError

    # calls of the product

    def called(self, operation: str, kind: str, key: str, what: Callable[[], T], *, write: bool = False) -> T:
        """One call of the product: told to the world, struck or done, and in the log either way."""
        named = f"{operation} {kind}"
        self._listen.before(self.letter, named, write)
        # Every call takes its time, so that no two of them are in one millisecond.
        self.true.advance(0.031)
        struck = self._strikes.take(operation, kind, write=write)
        outcome = self._carried(operation, kind, key, what, struck, write=write)
        self._listen.after(self.letter, named, write)
        if struck is not None and struck.raises:
            raise raised(struck, self.true.now()) from (outcome if isinstance(outcome, Exception) else None)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _carried(self, operation: str, kind: str, key: str, what: Callable[[], T], struck: Struck | None, *, write: bool) -> T | Exception:
        """What the vendor does about a call, and its line in the log."""
        told = str(struck.number) if struck is not None else ""
        if struck is not None and struck.number == 27:
            self.true.advance(int(struck.values.get("value") or "20"))
        if struck is not None and struck.raises and not struck.done:
            self._note(operation, kind, key, 0, told)
            return Missing(key)
        if key in self.fake.hidden:
            self.fake.told[15] += 1
            self._note(operation, kind, key, 404, "hidden")
            return Missing(key)
        unlisted = self.fake.newest(kind, UNLISTED) if struck is not None and struck.number == 20 else set()
        self.fake.hidden |= unlisted
        before = self._inside(kind, key) if operation == "change" else None
        told = "trailing" if operation == "read" and self.fake.trails(kind, key) else told
        try:
            result = what()
        except (Missing, Newer, Bad) as refused:
            status = 404 if isinstance(refused, Missing) else 409 if isinstance(refused, Newer) else 422
            self._note(operation, kind, key, status, told)
            return refused
        finally:
            self.fake.hidden -= unlisted
        made = result[0] if write and isinstance(result, tuple) else key
        self._note(operation, kind, made, 200, told, done=write)
        if before is not None:
            self._log[-1] = dataclasses.replace(self._log[-1], wrote=changed(before, self._inside(kind, key))[0])
        if struck is not None and struck.number == 24 and operation == "list" and result:
            first, *others = cast(list[Raw], result)
            return cast(T, [replace(first, body=b'{"kind": "party", "values": [1, 2]}'), *others])
        return result

    def _inside(self, kind: str, key: str) -> Inside | None:
        row = self.fake.rows.get((kind, key)) if kind in ("party", "contact") else None
        return Inside({(key, name): value for name, value in row.values.items()} | {(key, "tags"): " ".join(row.tags)}, {}) if row else None

    def _note(self, operation: str, kind: str, key: str, status: int, fault: str, *, done: bool = False) -> None:
        self._numbers[0] += 1
        named = _OPERATIONS.get(operation, "other")
        self._log.append(Call(self.true.now(), named, kind, key, done, status, fault, self._numbers[0]))


class InventedStage:
    """Both vendors of a seed, and how a process of the product reaches them."""

    def __init__(self, setting: Setting) -> None:
        self._numbers = numbers = [0, 0]
        """Calls and processes so far."""
        self.a = Invented(draw_traits(setting.streams.of("traits/a"), "a"), setting, numbers)
        self.b = Invented(draw_traits(setting.streams.of("traits/b"), "b"), setting, numbers)
        self._setting = setting
        marked = {"stamp", "coarse-stamp", "ordered-until"} & {self.a.fake.traits.signal, self.b.fake.traits.signal}
        self.rest = 8 * 86400 if marked else 400
        """Seconds of calm after which everything has come to light: a deletion from a list of changes with the weekly sweep."""

    def connection(self, letter: Letter) -> tuple[str, dict[str, str], dict[str, Secret], dict[str, str]]:
        """An invented vendor asks for no login that the product keeps."""
        # A pair that was set up remembers its policy: the settings keep those of other firms apart.
        return name_of(letter), {}, {}, {name: self._setting.knobs.get(name, "") for name in CHOICES if name != "policy"}

    def policy(self) -> str:
        """What a pair of the two begins with."""
        knobs = self._setting.knobs
        return POLICY.format(**{name: knobs.get(name, values[0]) for name, values in CHOICES.items()})

    def process(self, store: Store, step: Callable[[str], None]) -> House:
        """A new process on the store."""
        doors: dict[str, System] = {self.a.system: self.a.door, self.b.system: self.b.door}
        self._numbers[1] += 1
        s = self._setting
        chance = s.streams.of(f"process {self._numbers[1]}")
        house = House(store=store, ring=s.ring, folder=s.folder, clock=s.ours, chance=chance, step=step, guests=doors.get, fan_out=1)
        house.ahead, house.wave = s.streams.ahead > 0, s.streams.ahead
        return house


def draw_policy(chance: random.Random) -> dict[str, str]:
    """What the firm of a world has chosen."""
    return {name: chance.choice(values) for name, values in CHOICES.items()}


def faked(setting: Setting) -> InventedStage:
    """The stage of the engine's level."""
    return InventedStage(setting)


_KINDS = {"P": "party", "C": "contact", "Q": "quote", "I": "invoice", "T": "tag", "N": "note"}


def _kind_of(key: str) -> str:
    return _KINDS.get(key[:1], "")


def _quote_state(word: str) -> dict[str, str]:
    return (
        {"answer": _ANSWERS[word]} if word in _ANSWERS else {"stage": word} if word in ("draft", "sent", "cancelled") else {"stage": "sent"}
    )


def _entry(row: Row, tags: tuple[str, ...]) -> Entry:
    if row.kind == "note":
        values = {"title": row.values["title"], "text": row.values["text"], "files": "|".join(file["name"] for file in row.files)}
        return Entry(row.key, values, about=tuple(row.values["about"].split()))
    state = {"state": row.values.get("stage", "") or row.values.get("answer", "")} if row.kind in ("quote", "invoice") else {}
    return Entry(row.key, row.values | state, owner=row.owner, tags=tags)

"""One world: two vendors, their users, the product between them, and everything that breaks; then calm, and the oracle's word."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tests.storm import acting, calming, flows, moments, oracle, post, rehearsal
from tests.storm.chance import Break, Deed, Script, Streams
from tests.storm.evidence import Did, Evidence, Kept, Rule
from tests.storm.faults import draw_breaks, witnessed
from tests.storm.frail import no_listener
from tests.storm.ground import Frozen, Killed, OurClock, Played, ground
from tests.storm.people import draw_knobs, draw_people
from tests.storm.sides import Letter, Listener, Side, Stage
from tests.storm.signing import sign
from tests.storm.stages import Setting, Simulated
from tests.storm.verdict import Broken
from tests.support.clock import START, FakeClock
from unisono.store import asking, intents, pairs, secrets
from unisono.store.lanes import LostLane
from unisono.store.refused import StoreRefused
from unisono.wiring import House, pair_row
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.running import Runner
from unisono.wiring.setup import release

__all__ = ["Frozen", "Killed", "Maker", "Played", "World", "draw", "play"]

GAPS = (40, 320, 330, 400, 1300)
"""Seconds between two turns: shorter than a poll interval, a little longer, much longer."""


Maker = Callable[[Setting], Stage]


def draw(streams: Streams) -> Script:
    """A whole world of both streams."""
    happens = streams.happens
    turns = happens.randint(4, 7)
    deeds = draw_people(happens, turns)
    return Script(turns, tuple(deeds), tuple(draw_breaks(streams.breaks, turns)), draw_knobs(streams.of("knobs")))


def play(
    seed: int,
    deeds: Sequence[Deed] | None = None,
    breaks: Sequence[Break] | None = None,
    *,
    maker: Maker = Simulated,
    draw: Callable[[Streams], Script] = draw,
    words: bool = False,
) -> Played:
    """Plays a seed's world to its end; ``deeds`` and ``breaks`` replace what would be drawn. ``maker`` builds the stage (the two
    simulators unless told otherwise), ``draw`` the script, ``words`` keeps the trace readable."""
    script = draw(Streams(seed))
    script = Script(
        script.turns,
        script.deeds if deeds is None else tuple(deeds),
        script.breaks if breaks is None else tuple(breaks),
        script.knobs,
    )
    return World(seed, script, maker, words=words).play()


class World:
    """One world from its script. ``play`` is all there is to do with it, but for those who make their own moves turn by turn."""

    def __init__(self, seed: int, script: Script, maker: Maker = Simulated, *, words: bool = False) -> None:
        self.seed, self.script = seed, script
        self.clock = FakeClock(START)
        self.ours = OurClock(self.clock)
        self._ground = ground()
        self.store = self._ground.store
        self.store.listen, self.store.dead = no_listener, None
        self.listen = Listener()
        streams = Streams(seed)
        setting = Setting(
            clock=self.clock,
            ours=self.ours,
            streams=streams,
            knobs=script.knobs,
            listen=self.listen,
            folder=self._ground.folder,
            ring=self._ground.ring,
        )
        self._maker, self.setting = maker, setting
        self.stage = maker(setting)
        self._gaps = streams.of("gaps")
        self.did: list[Did] = []
        self.rules: list[Rule] = []
        self.kept: list[Kept] = []
        self.found: list[Broken] = []
        self.bitten: dict[int, int] = {}
        self.figures: dict[str, int] = {}
        self.restored = False
        self.keys_given: list[tuple[Letter, datetime]] = []
        self.unkept: list[datetime] = []
        self.post: post.Post | None = None
        self.previewed = ""
        """The run of the preview that was released, if one was made."""
        self._turns: list[tuple[datetime, datetime]] = []
        self.under_way = False
        """Whether the product is in the middle of a turn."""
        self._hash = hashlib.blake2b(digest_size=16)
        self._words: list[str] | None = None
        self._images: list[bytes] = []
        self._turn = self._call = self._steps = self._commits = self._writes = 0
        self._busy = False
        self._due: list[Deed] = []
        self._breaks: list[Break] = []
        self.ids = {"firm": "firm", "a": "connection-a", "b": "connection-b", "pair": "pair"}
        self._ready()
        self.house = self.process()
        # What setting up did depends on whether another world of this process did it before: the trace begins here.
        self._hash = hashlib.blake2b(digest_size=16)
        self._words = [] if words else None

    # --- its parts ---

    def side(self, letter: str) -> Side:
        """One vendor."""
        return self.stage.a if letter == "a" else self.stage.b

    @property
    def pair(self) -> str:
        """The pair's id."""
        return self.ids["pair"]

    def process(self) -> House:
        """A new process of the product on what the last one left."""
        self.store.dead = None
        return self.stage.process(self.store, self._step)

    def runner(self, *, alone: bool = True) -> Runner:
        """What takes the lanes in a process; ``alone`` as the data folder's lock says."""
        return Runner(house=self.house, holder="one" if alone else "two", alone=alone)

    def _ready(self) -> None:
        """A pair that was set up, has read both empty systems, and writes from now on."""
        names = tuple(repr((name, login, settings)) for name, login, _, settings in map(self.stage.connection, calming.LETTERS))
        templates = self._ground.templates
        if names not in templates:
            self.store.thaw(self._ground.empty)
            templates[names] = self._set_up(self.process())
            # The world is played on a stage that nothing has happened on, as in every later one that finds the pair set up.
            self.clock.advance(START - self.clock.now())
            self.stage = self._maker(self.setting)
        self.store.thaw(templates[names])
        self.clock.advance(1000 - (self.clock.now() - START).total_seconds())
        for side in (self.stage.a, self.stage.b):
            forget = getattr(side, "forget_log", None)
            if forget is not None:
                forget()
        entries, house = flows.entries(self.script.knobs), self.process()
        if entries:
            put_policy(house, self.pair, with_entries(pair_row(house, self.pair).policy, entries), "setup")
        row = pair_row(house, self.pair)
        self.rules.append(Rule(self.clock.now(), 0, row.policy_version, row.policy))

    def _set_up(self, house: House) -> bytes:
        now = self.clock.now()
        with house.store.write() as conn:
            pairs.add_firm(conn, self.ids["firm"], "Muster GmbH", "DE", "de", "Europe/Berlin", now)
            for letter in calming.LETTERS:
                system, login, hidden, settings = self.stage.connection(letter)
                pairs.add_connection(conn, self.ids[letter], self.ids["firm"], system, system, login, settings, now)
                for name, value in hidden.items():
                    secrets.put_secret(conn, self._ground.ring, self.ids[letter], name, value, now)
            pairs.add_pair(conn, self.pair, self.ids["firm"], "Storm", self.ids["a"], self.ids["b"], self.stage.policy(), now)
        for letter in calming.LETTERS:
            account = sign(self, house, letter)
            with house.store.write() as conn:
                pairs.update_connection(conn, self.ids[letter], identity=account)
        runner = Runner(house=house, holder="setup")
        runner.turn(poll=True)
        self.clock.advance(2)
        release(house, self.pair, "setup")
        self.clock.advance(2)
        runner.turn(poll=True)
        house.close()
        return self.store.freeze()

    def freeze(self) -> Frozen:
        """The world between two turns, so that several ends can be played from it."""
        sides = (self.stage.a.freeze(), self.stage.b.freeze())
        return Frozen(self.store.freeze(), sides, self.clock.now(), tuple(self.did), tuple(self.rules))

    def thaw(self, image: Frozen) -> None:
        """Takes up where another world of the same seed was frozen."""
        self.store.thaw(image.store)
        self.stage.a.thaw(image.sides[0])
        self.stage.b.thaw(image.sides[1])
        self.clock.advance((image.at - self.clock.now()).total_seconds())
        self.did, self.rules = list(image.did), list(image.rules)
        self.house = self.process()

    def image_before(self, turns: int) -> bytes:
        """The database as it was so many turns ago; empty if nobody kept it."""
        return next((image for image in reversed(self._images[: max(self._turn - turns + 1, 0)]) if image), b"")

    # --- the play ---

    def play(self) -> Played:
        """From the first turn to the oracle's word."""
        if isinstance(self.stage, Simulated) and post.chosen(self.setting.streams):
            self.post = post.Post(self, self.stage)
        for turn in range(self.script.turns):
            self.turn(turn)
            self.clock.advance(self._gaps.choice(GAPS))
        if rehearsal.chosen(self):
            self.becalm()
            # A preview shows what can be known: what no list of changes tells of comes to light with the weekly sweep.
            self.clock.advance(getattr(self.stage, "rest", 400) - 400)
            rehearsal.rehearse(self)
        self.calm()
        self.found += oracle.judge(self.evidence())
        return self.played()

    def played(self) -> Played:
        """What is known of it so far."""
        for side in (self.stage.a, self.stage.b):
            for number, hits in side.bitten().items():
                self.bit(number, hits)
        for number, hits in witnessed(self.script, self.did, self.evidence(), self.bitten).items():
            self.bit(number, hits)
        return Played(
            seed=self.seed,
            script=self.script,
            broken=tuple(dict.fromkeys(self.found)),
            bitten=dict(self.bitten),
            figures=dict(self.figures),
            trace=self._hash.hexdigest(),
            words=tuple(self._words or ()),
        )

    def turn(self, number: int) -> None:
        """One turn of the product, with what people do and what breaks before, in and after it."""
        self._turn, self._call = number, 0
        self._steps = self._commits = self._writes = 0
        self._images.append(self.store.freeze() if any(b.fault == 41 and b.at.turn > number for b in self.script.breaks) else b"")
        self._breaks = [b for b in self.script.breaks if b.at.turn == number]
        self._due = [d for d in self.script.deeds if d.at.turn == number]
        moments.before_turn(self, self._breaks)
        self._deeds(0)
        if self.post is not None:
            self.post.bring()
        self.listen.before, self.listen.after = self._before, self._after
        self.store.listen = self._commit
        self.under_way, began = True, self.clock.now()
        try:
            self.work(lambda: self.runner().turn())
        finally:
            self.under_way = False
            self._turns.append((began, self.clock.now()))
            self.listen.before, self.listen.after = _no_call, _no_call
            self.store.listen = no_listener
        self._deeds(10**6)

    def work(self, what: Callable[[], object]) -> None:
        """The product works. A process that ended is started again."""
        try:
            what()
        except Killed as killed:
            self._ended("kills", killed)
        except (StoreRefused, MemoryError) as ended:
            self._ended("ends", ended)
        except LostLane:
            self.count("lost lanes")
        except Exception as mistake:  # noqa: BLE001  # a mistake of the product's is what is looked for
            self.found.append(Broken("I8", f"{type(mistake).__name__}: {mistake}"[:300], _place(mistake)))
            self._ended("mistakes", mistake)

    def _ended(self, figure: str, why: BaseException) -> None:
        self.count(figure)
        self.tell(f"ended: {why}")
        self.house = self.process()
        again = next((b for b in self._breaks if b.fault == 4 and figure == "kills"), None)
        if again is None:
            return
        # Killed once more while it recovers, and then no more.
        self._breaks = [b for b in self._breaks if b is not again]
        self._breaks.append(Break(again.at, 1, {"step": again.values["then"]}))
        self._steps = 0
        try:
            self.runner().turn(poll=True)
        except Killed as killed:
            self.bit(4)
            self.count("kills")
            self.tell(f"ended again: {killed.where}")
        except (StoreRefused, MemoryError, LostLane) as ended:
            self.tell(f"ended again: {ended}")
        self._breaks.pop()
        self.house = self.process()

    def calm(self) -> None:
        """Nothing breaks and nobody edits any more; the product works until it is quiet."""
        self.becalm()
        self.clock.advance(getattr(self.stage, "rest", 400))
        calming.calm(self)

    def becalm(self) -> None:
        """The faults end, and the people go home."""
        self._breaks, self._due = [], []
        self.stage.a.disarm()
        self.stage.b.disarm()
        self.ours.off = timedelta()
        self.house = self.process()

    # --- moments ---

    def _before(self, letter: Letter, what: str, write: bool) -> None:
        if self._busy:
            return
        self._call += 1
        self.tell(f"{letter} {what}{' !' * write}")
        self._busy = True
        try:
            self._deeds(self._call)
            for one in self._breaks:
                if one.values.get("call") == str(self._call):
                    moments.at_call(self, one)
        finally:
            self._busy = False

    def _after(self, letter: Letter, what: str, write: bool) -> None:
        if not write or self._busy:
            return
        self._writes += 1
        if any(b.fault == 3 and b.values["write"] == str(self._writes) for b in self._breaks):
            self.bit(3)
            self.kill(f"after {letter} {what}")

    def _step(self, name: str) -> None:
        if self._busy:
            return
        self.tell(f". {name}")
        if not self.under_way:
            return
        self._steps += 1
        for one in self._breaks:
            if one.values.get("step") == str(self._steps):
                moments.at_step(self, one, name)

    def _commit(self, moment: str) -> None:
        if moment != "commit" or self._busy:
            return
        self._commits += 1
        self.tell(", commit")
        for one in self._breaks:
            first = int(one.values.get("commit", "0"))
            if first and first <= self._commits < first + int(one.values.get("times", "1")):
                moments.at_commit(self, one)

    def kill(self, where: str) -> None:
        """The process ends here and now."""
        killed = Killed(where)
        self.store.dead = killed
        raise killed

    def _deeds(self, call: int) -> None:
        due = [d for d in self._due if d.at.call <= call]
        self._due = [d for d in self._due if d.at.call > call]
        for deed in due:
            acting.do(self, deed)

    # --- what is known ---

    def seq(self) -> int:
        """The number of the last call so far."""
        return max((side.log[-1].seq for side in (self.stage.a, self.stage.b) if side.log), default=0)

    def evidence(self) -> Evidence:
        """All that the oracle needs."""
        with self.store.read() as conn:
            journal = intents.journal(conn, self.pair, limit=100_000)
            questions = [q for state in ("open", "answered", "withdrawn") for q in asking.questions(conn, self.pair, state, 10_000)]
            problems = [p for state in ("open", "resolved") for p in asking.problems(conn, self.pair, state, 10_000)]
            notes = pairs.notes(conn, self.pair, limit=10_000)
        return Evidence(
            a=self.stage.a,
            b=self.stage.b,
            did=tuple(self.did),
            rules=tuple(self.rules),
            hidden=tuple(self.kept),
            journal=tuple(journal),
            questions=tuple(questions),
            problems=tuple(problems),
            notes=tuple(notes),
            restored=self.restored,
            skewed=28 in self.bitten,
            stalled=self.bitten.get(43, 0) + sum(side.bitten().get(27, 0) for side in (self.stage.a, self.stage.b)),
            keys_given=tuple(self.keys_given),
            unkept=tuple(self.unkept),
            broken_off=any(self.figures.get(name) for name in ("kills", "ends", "lost lanes")),
            fair=not self.script.breaks and not any(d.what in ("pause", "policy") for d in self.script.deeds),
            turns=tuple(self._turns),
            image=self.store.freeze(),
            secrets=tuple(s.reveal() for letter in calming.LETTERS for s in self.stage.connection(letter)[2].values()),
        )

    def count(self, name: str, by: int = 1) -> None:
        """Adds to a figure."""
        self.figures[name] = self.figures.get(name, 0) + by

    def bit(self, number: int, by: int = 1) -> None:
        """A fault of the catalogue really happened."""
        if by:
            self.bitten[number] = self.bitten.get(number, 0) + by

    def tell(self, what: str) -> None:
        """One more line of the trace."""
        self._hash.update(what.encode("utf-8", "replace") + b"\n")
        if self._words is not None:
            self._words.append(f"{self.clock.now():%H:%M:%S} {self._turn}/{self._call} {what}")


def _no_call(_letter: Letter, _what: str, _write: bool) -> None:
    """Nobody listens."""


def _place(mistake: BaseException) -> str:
    trace, last = mistake.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "unisono" in code.co_filename:
            last = f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return last

"""A pair of sides made of plain values: what the oracle's own tests judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.storm.chance import At, Break, Deed, Who
from tests.storm.evidence import Did, Evidence, Rule
from tests.storm.oracle import judge
from tests.storm.sides import Call, Entry, Hold, Kind, Letter, Operation
from tests.support.clock import START
from unisono.store.asking import Problem, Question

POLICY = 'schema_version = 1\n[customers.from_crm]\nwhen = ["quote", "tag"]\ntag = "FastBill"\n'
SUN = {
    "type": "company",
    "name": "Sonne GmbH",
    "email": "post@sonne.example",
    "phone": "0221 4000",
    "website": "www.c0.example",
    "address.city": "Köln",
}


@dataclass
class Paper:
    """A side that is only a picture of itself."""

    letter: Letter
    entries: dict[Kind, list[Entry]] = field(default_factory=dict)
    log: list[Call] = field(default_factory=list)
    limits: list[Hold] = field(default_factory=list)
    system: str = "paper"

    def records(self, kind: Kind) -> Mapping[str, Entry]:
        """As they were put in."""
        return {entry.key: entry for entry in self.entries.get(kind, [])}

    def hold(self) -> Sequence[Hold]:
        """The limits it documents."""
        return self.limits

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """Nobody works here."""
        raise AssertionError(deed, keys)

    def arm(self, fault: Break) -> bool:
        """Nothing breaks here."""
        raise AssertionError(fault)

    def bitten(self) -> Mapping[int, int]:
        """Nothing broke."""
        return {}

    def disarm(self) -> None:
        """Nothing is armed."""

    def freeze(self) -> bytes:
        """It has no state."""
        return b""

    def thaw(self, image: bytes) -> None:
        """It has no state."""


class Case:
    """A small world after its calm: one company made in the CRM, tagged, created in the books by one call. Tests spoil one thing of it."""

    def __init__(self) -> None:
        self.a = Paper("a", {"party": [Entry("company:7001", SUN, tags=("FastBill",))]})
        self.b = Paper("b", {"party": [Entry("4106208", SUN)]})
        self.did: list[Did] = []
        self.journal: list[dict[str, Any]] = []
        self.questions: list[Question] = []
        self.problems: list[Problem] = []
        self.rules = [Rule(START, 0, 1, POLICY)]
        self.more: dict[str, Any] = {}
        self._seq = 0
        made = Deed(At(0), "a", "create", "c0", SUN)
        self.did.append(Did(made, 0, START, "company:7001", None, self.a.entries["party"][0]))
        self.call("b", "create", "party", "4106208")

    def does(
        self, who: Who, what: str, about: str, key: str, /, *, before: Entry | None = None, after: Entry | None = None, **values: str
    ) -> None:
        """A person did something."""
        self.did.append(Did(Deed(At(0), who, what, about, values), self._seq, self._at(), key, before, after))

    def types(self, letter: Letter, mark: str, key: str, name: str, value: str, before: str) -> None:
        """A person typed a value into a customer."""
        was, now = Entry(key, {name: before}), Entry(key, {name: value})
        self.does(letter, "edit", mark, key, before=was, after=now, **{name: value})

    def call(
        self,
        letter: Letter,
        operation: Operation,
        kind: str,
        key: str,
        /,
        *,
        state: str = "done",
        journal: bool = True,
        done: bool = True,
        **more: Any,
    ) -> None:
        """The product called a vendor, and wrote it down unless told otherwise."""
        self._seq += 1
        side = self.a if letter == "a" else self.b
        side.log.append(Call(self._at(), operation, kind, key, done=done, seq=self._seq, **more))
        if journal and operation in ("create", "change", "delete"):
            row = {"id": f"i{self._seq}", "at": self._at().isoformat(), "key": "a:party:company:7001", "side": letter, "kind": kind}
            self.journal.append(row | {"operation": operation, "target": key, "state": state, "policy_version": 1})

    def holds(self, letter: Letter, **values: str) -> None:
        """The company stands like this on a side in the end."""
        side = self.a if letter == "a" else self.b
        side.entries["party"] = [replace(side.entries["party"][0], values=SUN | values)]

    def asks(self, code: str, key: str = "a:party:company:7001", state: str = "open", **values: str) -> None:
        """A question stands, or stood."""
        self.questions.append(
            Question(id="q", code=code, group="", key=key, subject="", options=(), values=values, label="", state=state, answer="")
        )

    def broken(self) -> set[str]:
        """The invariants that the oracle sees broken."""
        evidence = Evidence(
            a=self.a,
            b=self.b,
            did=tuple(self.did),
            rules=tuple(self.rules),
            journal=tuple(self.journal),
            questions=tuple(self.questions),
            problems=tuple(self.problems),
            **self.more,
        )
        return {one.invariant for one in judge(evidence)}

    def _at(self) -> datetime:
        return START + timedelta(seconds=self._seq)

"""Several writes in one call, where a vendor takes them: one intent and one outcome each, and a lost answer loses nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from msgspec.structs import replace

from tests.stories.folk import company, customer_names, customers, deal_of
from tests.support.village import Village
from unisono.connect.port import Answered, Command, Raw, System
from unisono.model.capability import Capabilities
from unisono.model.errors import LoginRefused, Refused, SystemFault, Unclear
from unisono.model.party import Party
from unisono.model.writing import Write
from unisono.wiring import pair_row


@dataclass(slots=True)
class Packed:
    """A system of which three commands travel in one call; what happens to a call can be said beforehand."""

    inner: System
    capabilities: Capabilities
    calls: list[tuple[str, ...]] = field(default_factory=list)
    looks: list[tuple[str, ...]] = field(default_factory=list)
    probes: list[tuple[str, ...]] = field(default_factory=list)
    refused: str = ""
    """Name of a customer that the vendor does not take."""
    lost: bool = False
    """Whether the answer to the next call gets lost."""
    shut_after: int | None = None
    """After so many commands of a call the key is refused."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def send_many(self, commands: Sequence[Command], earlier: Sequence[tuple[Answered, ...]]) -> list[Answered | SystemFault]:
        """One call."""
        self.calls.append(tuple(str(c.payload.get("ORGANIZATION", c.payload.get("CITY", ""))) for c in commands))
        out: list[Answered | SystemFault] = []
        for command, before in zip(commands, earlier, strict=True):
            if self.shut_after is not None and len(out) >= self.shut_after:
                out.append(LoginRefused("login-refused", {"system": "fastbill"}))
            elif self.refused and command.payload.get("ORGANIZATION") == self.refused:
                out.append(Refused("refused", {"value": self.refused}, "no such name", field="name"))
            else:
                out.append(self.inner.send(command, before))
        if self.lost:
            self.lost = False
            raise Unclear("no-answer", {"system": "fastbill"})
        return out

    def read_many(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | None]:
        """One call."""
        self.looks.append(tuple(key for _, key in places))
        return {place: self.inner.read(*place) for place in places}

    def probe_many(self, writes: Sequence[Write]) -> list[tuple[Raw, ...]]:
        """One call."""
        self.probes.append(tuple(write.body.name for write in writes if isinstance(write.body, Party)))
        return [self.inner.probe(write) for write in writes]


def packed(v: Village) -> Packed:
    """FastBill takes three customers a call from now on."""
    inner = v.house.pairing(v.pair).b.system
    able = inner.capabilities
    wide = replace(
        able,
        writings=tuple(replace(w, batch=3) if w.kind == "party" else w for w in able.writings),
        resources=tuple(replace(r, batch=3) if "party" in r.kinds else r for r in able.resources),
    )
    made = Packed(inner, wide)
    v.house.guests = lambda name: cast(System, made) if name == "fastbill" else None
    v.house.forget_system(v.b)
    return made


def town(v: Village, *names: str) -> list[int]:
    """Companies with an offer each."""
    keys = [company(v, name=name, email=f"post@{name.casefold()}.example") for name in names]
    for key in keys:
        deal_of(v, key)
    return keys


def states(v: Village) -> dict[str, str]:
    """The last outcome of each customer's write, by its name."""
    return {str(row["label"]): str(row["state"]) for row in reversed(v.journal()) if row["kind"] == "party"}


def test_three_customers_travel_in_one_call_and_each_has_its_own_intent_and_link(v: Village) -> None:
    way = packed(v)
    town(v, "Eins", "Zwei", "Drei", "Vier")
    before = customer_names(v)
    v.sync()
    assert ([len(call) for call in way.calls], before) == ([3], []), "the fourth goes as a plain call"
    assert customer_names(v) == ["Drei", "Eins", "Vier", "Zwei"]
    assert states(v) == dict.fromkeys(("Eins", "Zwei", "Drei", "Vier"), "done")


def test_one_that_is_refused_in_the_middle_of_a_call_stops_neither_neighbour(v: Village) -> None:
    way = packed(v)
    way.refused = "Zwei"
    town(v, "Eins", "Zwei", "Drei")
    v.sync()
    assert (customer_names(v), len(way.calls)) == (["Drei", "Eins"], 1)
    assert [(p.label, p.code, p.field, p.raw) for p in v.problems()] == [("Zwei", "refused", "name", "no such name")]


def test_a_call_whose_answer_is_lost_is_looked_up_in_one_call_and_nobody_is_made_twice(v: Village) -> None:
    way = packed(v)
    way.lost = True
    town(v, "Eins", "Zwei", "Drei")
    v.clock.advance(300)
    v.cycle()
    assert (customer_names(v), set(states(v).values())) == (["Drei", "Eins", "Zwei"], {"unclear"})
    v.sync()
    assert (customer_names(v), set(states(v).values())) == (["Drei", "Eins", "Zwei"], {"done"})
    assert (len(way.calls), [sorted(names) for names in way.probes]) == (1, [["Drei", "Eins", "Zwei"]])


def test_a_look_that_fails_leaves_every_record_of_the_call_as_unclear_as_before(v: Village) -> None:
    way = packed(v)
    way.lost = True
    town(v, "Eins", "Zwei", "Drei")
    v.clock.advance(300)
    v.cycle()
    before = list(states(v).values())
    v.books.world.faults.arm("status", "customer.get", times=9, value=503)
    v.clock.advance(60)
    v.cycle(read=False)
    assert (before, list(states(v).values())) == (["unclear"] * 3, ["unclear"] * 3)
    assert (len(way.probes), v.books.world.faults.bitten[:1]) == (1, ["status"])
    v.books.world.faults.clear()
    v.sync()
    assert (customer_names(v), set(states(v).values()), len(way.calls)) == (["Drei", "Eins", "Zwei"], {"done"}, 1)


def test_a_key_refused_half_way_through_a_call_leaves_what_was_made_linked_and_the_rest_due(v: Village) -> None:
    way = packed(v)
    way.shut_after = 2
    town(v, "Eins", "Zwei", "Drei")
    v.clock.advance(300)
    outcome = v.cycle()
    made = customer_names(v)
    assert (len(made), outcome.refused) == (2, {"b"})
    assert sorted(label for label, state in states(v).items() if state == "done") == made
    way.shut_after = None
    v.clock.advance(600)
    v.cycle(read=False)
    assert customer_names(v) == ["Drei", "Eins", "Zwei"]


def test_changes_are_looked_at_in_one_call_and_one_edited_meanwhile_is_not_written_over(v: Village) -> None:
    one, two, three = town(v, "Eins", "Zwei", "Drei")
    v.sync()
    way = packed(v)
    for key in (one, two, three):
        v.crm_act("edit_company", id=str(key), city="Potsdam")
    edited = next(c for c in customers(v) if c["ORGANIZATION"] == "Zwei")
    v.clock.advance(300)

    def step(name: str) -> None:
        if name == "changes-taken":
            v.house.step = lambda _name: None
            v.books_act("edit_customer", ID=edited["CUSTOMER_ID"], CITY="Hamburg")

    v.house.step = step
    before = {c["ORGANIZATION"]: c["CITY"] for c in customers(v)}
    v.cycle()
    assert before == dict.fromkeys(("Eins", "Zwei", "Drei"), "Berlin")
    assert {c["ORGANIZATION"]: c["CITY"] for c in customers(v)} == {"Eins": "Potsdam", "Drei": "Potsdam", "Zwei": "Hamburg"}
    assert any(len(look) > 1 for look in way.looks), "several looks travelled in one call"
    assert pair_row(v.house, v.pair).state == "released"

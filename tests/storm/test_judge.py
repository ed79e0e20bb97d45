"""The judge sees what it is for: each invariant passes where the product is sound, and is broken by a product, or a log, that is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from tests.storm import causes, edits, oracle, pace, post, rehearsal, scenes, span
from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.evidence import Evidence
from tests.storm.picture import Picture
from tests.storm.sides import Call, Hold, Wrote
from tests.storm.verdict import Broken
from tests.storm.world import Played, World, draw
from tests.support.clock import START
from unisono.engine import batch, sorting, waves
from unisono.engine.preview import Foresight
from unisono.engine.pull import pull_rows
from unisono.model.errors import Refused
from unisono.store import pairs, seen
from unisono.store.pace import StorePace
from unisono.systems.fastbill import writing
from unisono.wiring import hints
from unisono.wiring.running import Runner

COMPANY = {
    "kind": "company",
    "name": "Sonne c0 GmbH",
    "website": "www.c0.example",
    "phone": "0221 1000",
    "address.line1": "Ring 1",
    "address.postcode": "10115",
    "address.city": "Köln",
    "address.country": "DE",
}
MADE = Deed(At(0), "a", "create", "c0", COMPANY)
TAGGED = Deed(At(0), "a", "tag", "c0")


def small(*deeds: Deed, breaks: tuple[Break, ...] = (), turns: int = 3) -> World:
    """A world of one customer, tagged in the CRM, and what else is done about it; played to its end."""
    world = World(1, Script(turns, (MADE, TAGGED, *deeds), breaks, {"plan": "premium"}))
    world.play()
    return world


def edit(turn: int, who: str, call: int = 0, /, **values: str) -> Deed:
    """Somebody edits the customer."""
    return Deed(At(turn, call), who, "edit", "c0", {name.replace("__", "."): value for name, value in values.items()})  # type: ignore[arg-type]


def invariants(broken: tuple[Broken, ...] | list[Broken]) -> set[str]:
    """Which were broken."""
    return {one.invariant for one in broken}


# --- I2: taken back, or lost ------------------------------------------------------------------------------------------------------------


def test_who_types_back_what_nothing_carried_over_meanwhile_loses_nothing() -> None:
    """Both edit the postcode, one of the two goes back to what was agreed; other fields of the record were written in between."""
    world = small(
        edit(1, "b", address__postcode="20003"),
        edit(1, "a", address__postcode="20004"),
        edit(1, "b", address__line1="Gasse 5"),
        edit(2, "a", address__postcode="10115"),
    )
    assert any(w.field == "address.line1" for c in world.stage.a.log for w in c.wrote), "the row was written in between, that field was not"
    assert world.found == []
    assert {e.get("address.postcode") for side in (world.stage.a, world.stage.b) for e in side.records("party").values()} == {"20003"}


def test_who_types_back_what_was_carried_over_meanwhile_typed_something_new() -> None:
    world = small(edit(2, "a", address__postcode="20004"), edit(5, "a", address__postcode="10115"), turns=7)
    e = world.evidence()
    assert world.found == []
    for row in world.stage.a.world.storage.table("addrs").values():  # type: ignore[attr-defined]
        row["zip"] = "20004"
    assert "I2" in invariants(oracle.judge(e)), "the oracle thinks that nobody saw the first edit"


# --- I4 and I21: each change has its cause, and touches nothing else --------------------------------------------------------------------


def test_a_change_that_nobody_typed_is_seen() -> None:
    world = small(edit(1, "a", phone="0221 2000"))
    e = world.evidence()
    assert oracle.judge(e) == []
    last = next(c for c in reversed(world.stage.b.log) if c.wrote)
    world.stage.b.log.append(dataclasses.replace(last, wrote=(Wrote(last.key, "phone", "0221 3000", "0221 2000"),)))  # type: ignore[attr-defined]
    assert [str(b) for b in oracle.judge(e)] == [f"I4: phone of c0 changed 2 times for 1 edits [b {last.key}]"]


def test_what_a_vendor_makes_of_a_value_by_itself_is_no_change() -> None:
    world = small(edit(1, "a", phone="0221 2000"))
    last = next(c for c in reversed(world.stage.b.log) if c.wrote)
    world.stage.b.log.append(dataclasses.replace(last, wrote=(Wrote(last.key, "phone", "02212000", "0221 2000"),)))  # type: ignore[attr-defined]
    p = Picture(world.evidence())
    assert list(causes.judge(p, edits.typed(p))) == []


@contextmanager
def whole_rows() -> Iterator[None]:
    """A connector that sends every field of the row it knows by name, filled or not."""
    sound = writing.call

    def call(write: Any, current: Any, limits: Any) -> Any:
        service, data = sound(write, current, limits)
        return service, {"BANK_NAME": "", **data} if service == "customer.update" else data

    with patch.object(writing, "call", call):
        yield


def test_fields_that_only_the_vendor_knows_survive_a_change() -> None:
    deeds = (dataclasses.replace(MADE, who="b"), edit(2, "a", phone="0221 2000"))
    world = World(1, Script(3, deeds, (), {"plan": "premium"}))
    world.play()
    (row,) = world.stage.b.simulator.truth()["customers"]  # type: ignore[attr-defined]
    assert world.found == []
    assert row["BANK_NAME"] == f"eigen {row['CUSTOMER_ID']}"
    assert row["PHONE"] == "0221 2000"
    with whole_rows():
        again = World(1, Script(3, deeds, (), {"plan": "premium"}))
        again.play()
    assert [str(b) for b in again.found] == [f"I21: a change of a party touched BANK_NAME [b {row['CUSTOMER_ID']}]"]


def test_a_delivery_address_and_a_score_in_the_crm_survive_a_change() -> None:
    world = small(edit(1, "b", address__line1="Gasse 5"))
    (row,) = world.stage.a.simulator.truth()["companies"]  # type: ignore[attr-defined]
    assert world.found == []
    assert sorted((a["atype"], a["street"]) for a in row["addrs"]) == [("delivery", "Lager 9"), ("work_hq", "Gasse 5")]
    assert row["lead_score"] == row["id"] % 100
    inside = world.stage.a.inside(f"company:{row['id']}")  # type: ignore[attr-defined]
    assert len(inside.own) == 7, "five of the row's own, an address, a number"


# --- I10: the preview tells the truth ---------------------------------------------------------------------------------------------------


@contextmanager
def half_shown() -> Iterator[None]:
    """A preview that leaves out a part of what it has planned, and nobody who compares when it is done."""
    sound = Foresight.rows

    def rows(self: Foresight, subjects: Any) -> Any:
        return [replace(row, action=row.action | {"writes": []}) if row.verdict == "changed" else row for row in sound(self, subjects)]

    with patch.object(Foresight, "rows", rows), patch.object(batch, "admit", lambda planned, *_: list(planned)):
        yield


@contextmanager
def overdone() -> Iterator[None]:
    """A preview that shows what nobody is going to do."""
    sound = Foresight.rows
    write = {"side": "b", "operation": "change", "kind": "party", "key": "999", "owner": "", "about": [], "before": {}, "after": {}}

    def rows(self: Foresight, subjects: Any) -> Any:
        return [replace(row, action=row.action | {"writes": [*row.action.get("writes", []), write]}) for row in sound(self, subjects)]

    with patch.object(Foresight, "rows", rows):
        yield


def rehearsed(seed: int) -> World:
    """An edit that nothing has read yet, when a preview is made and released at once."""
    world = World(seed, Script(2, (MADE, TAGGED, edit(1, "a", 99, phone="0221 2000")), (), {"plan": "premium"}))
    with patch.object(rehearsal, "SHARE", 1.1):
        world.play()
    return world


def test_what_a_preview_shows_is_what_is_done() -> None:
    world = rehearsed(1)
    assert world.found == []
    assert (world.figures["rehearsals"], world.figures["rehearsed writes"]) == (1, 1)


def test_a_preview_that_shows_less_or_more_than_is_done_is_seen() -> None:
    for wrong, said in ((half_shown, "done, and not shown: b change"), (overdone, "shown, and not done: b change 999")):
        with wrong():
            found = [b.what for b in rehearsed(1).found if b.invariant == "I10"]
        assert any(what.startswith(said) for what in found), said


# --- I14: webhooks are hints ------------------------------------------------------------------------------------------------------------


def posted(seed: int) -> tuple[World, Played]:
    """A world of the usual kind whose vendors tell what happens."""
    world = World(seed, draw(Streams(seed)))
    with patch.object(post, "SHARE", 1.1):
        return world, world.play()


def test_worlds_end_well_whatever_befalls_their_webhooks() -> None:
    struck: set[int] = set()
    for seed in range(1, 6):
        world, played = posted(seed)
        struck |= {number for number in (29, 30, 31, 32) if played.bitten.get(number)}
        assert played.broken == (), f"seed {seed}"
        assert played.figures["letters"] > 0
        assert post.waiting(world) < 50, "what was looked into does not lie about"
    assert struck == {29, 30, 31, 32}


@contextmanager
def believing() -> Iterator[None]:
    """A product that takes a notice for the truth: who is named in it is gone."""

    def gone(where: Any, keys: Any, hands: Any) -> Any:
        with hands.store.write() as conn:
            named = [one for resource, key in keys for one in seen.records_of_row(conn, where.id, resource, key)]
            seen.mark_gone(conn, where.id, named, hands.clock.now())
        return sound(where, [], hands)

    sound = pull_rows
    with patch.object(hints, "pull_rows", gone):
        yield


def test_a_product_that_believes_notices_is_seen() -> None:
    with believing():
        assert any(posted(seed)[1].broken for seed in range(1, 12))


# --- I15: a good guest ------------------------------------------------------------------------------------------------------------------


def calls(*rows: tuple[float, int] | tuple[float, int, float]) -> list[Call]:
    """Calls: seconds, status, and for how many seconds the vendor said stop."""
    out = []
    for second, status, *stop in rows:
        at = START + timedelta(seconds=second)
        out.append(Call(at, "list", "party", status=status, stop=at + timedelta(seconds=stop[0]) if stop else None))
    return out


SOUND = Evidence(a=None, b=None, did=(), rules=())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "said"),
    (
        (calls((0, 200), (1, 200), (10, 200)), ""),
        (calls((0, 200), (1, 200), (9.9, 200)), "3 calls in 10 s, 2 are allowed"),
        (calls((0, 429, 40), (40, 200)), ""),
        (calls((0, 429, 40), (39, 200)), "asked again 1 s before the hour it was told"),
        (calls((0, 401), (60, 200)), ""),
        (calls((0, 401), (59, 200)), "asked again 59 s after the key was refused"),
    ),
)
def test_windows_named_hours_and_refused_keys_are_measured_to_the_second(log: list[Call], said: str) -> None:
    assert [b.what for b in pace.judge("a", log, [Hold(2, 10.0)], SOUND)] == ([said] if said else [])


def test_a_new_key_an_unkept_word_and_a_held_up_process_are_no_fault_of_the_guest() -> None:
    refused, early = calls((0, 401), (5, 200)), calls((0, 429, 40), (5, 200))
    assert list(pace.judge("a", refused, [], dataclasses.replace(SOUND, keys_given=(("a", START + timedelta(seconds=3)),)))) == []
    assert list(pace.judge("a", early, [], dataclasses.replace(SOUND, unkept=(START,)))) == []
    assert list(pace.judge("a", refused, [], dataclasses.replace(SOUND, unkept=(START,)))) == []
    assert len(list(pace.judge("a", refused, [], dataclasses.replace(SOUND, unkept=(START + timedelta(seconds=4),))))) == 1
    assert list(pace.judge("a", early, [], dataclasses.replace(SOUND, stalled=1))) == []


def stopped(seed: int, named: str) -> World:
    """The CRM says stop when it is asked for its list, while something waits to be written to it."""
    values = {"side": "a", "name": named, "match": "GET companies", "times": "1", "skip": "0"}
    script = Script(4, (MADE, TAGGED, *(edit(turn, "b", phone=f"0221 {turn}000") for turn in (2, 3))), (), {"plan": "premium"})
    world = World(seed, dataclasses.replace(script, breaks=tuple(Break(At(turn), 9, values) for turn in (2, 3))))
    world.play()
    return world


def test_a_product_that_does_not_hear_a_stop_is_seen() -> None:
    stops = 0
    for seed in range(1, 5):
        world = stopped(seed, "rate-date")
        stops += sum(1 for c in world.stage.a.log if c.stop is not None)
        assert world.found == []
    assert stops > 4
    with patch.object(StorePace, "blocked", lambda self, until: None):
        found = [b for seed in range(1, 5) for b in stopped(seed, "rate-date").found]
    assert "I15" in invariants(found)


# --- I16: no hostage --------------------------------------------------------------------------------------------------------------------


@contextmanager
def taking_hostages() -> Iterator[None]:
    """An engine that does nothing for forty minutes once a record was refused."""
    sound_after, sound_batches, until = sorting.sort_out, batch.batches, [START]

    def after(wave: Any, by_subject: Any, pairing: Any, outcome: Any, hands: Any) -> Any:
        if any(isinstance(job.fault, Refused) for job in wave):
            until[0] = hands.clock.now() + timedelta(minutes=40)
        return sound_after(wave, by_subject, pairing, outcome, hands)

    def batches(pairing: Any, under_way: Any, hands: Any, **how: Any) -> Any:
        return sound_batches(pairing, under_way, hands, **how) if hands.clock.now() >= until[0] else iter(())

    with patch.object(waves, "sort_out", after), patch.object(import_module("unisono.engine.cycle"), "batches", batches):
        yield


def test_what_one_record_is_refused_for_delays_no_other() -> None:
    refusals = 0
    for seed in range(1, 13):
        played = scenes.refused(seed)
        refusals += played.bitten.get(23, 0)
        assert played.broken == (), f"seed {seed}"
    assert refusals > 4, "nobody was refused anything"


def beside_one_refused() -> list[Broken]:
    """One customer's e-mail is refused; two turns later another one gets a new telephone number, long before the end."""
    other = dataclasses.replace(
        MADE, about="c1", values=COMPANY | {"name": "Mond c1 AG", "website": "www.c1.example", "phone": "0221 1001"}
    )
    deeds = (MADE, TAGGED, other, dataclasses.replace(TAGGED, about="c1"), edit(2, "a", email="kein at 2"))
    good = dataclasses.replace(edit(4, "a", phone="0221 4000"), about="c1")
    world = World(3, Script(14, (*deeds, good), (), {"plan": "premium"}))
    return list(world.play().broken)


def test_an_engine_that_takes_hostages_is_seen() -> None:
    assert beside_one_refused() == []
    with taking_hostages():
        late = beside_one_refused()
    assert "I16" in invariants(late)


# --- I22: bounded -----------------------------------------------------------------------------------------------------------------------


def test_six_weeks_leave_behind_what_people_did_and_nothing_else() -> None:
    world, weeks = span.spanned(2)
    assert world.found == []
    assert list(span.judge(weeks)) == []
    assert weeks.busy[-1].rows["intent"] > weeks.busy[0].rows["intent"], "something was written in all those weeks"


def test_a_store_that_grows_with_every_turn_is_seen() -> None:
    sound = Runner._pair_turn

    def noted(self: Runner, row: Any, turn: Any) -> None:
        with self.house.store.write() as conn:
            pairs.note(conn, row.id, "pair", row.id, "looked", {}, "", self.house.clock.now(), "test")
        sound(self, row, turn)

    with patch.object(Runner, "_pair_turn", noted):
        _, weeks = span.spanned(2, weeks=1, idle_turns=8)
    assert "I22" in invariants(list(span.judge(weeks)))

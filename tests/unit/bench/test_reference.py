"""The benchmark's own vendors and pair of systems, and the bars, without a network: what measures has to be right itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.reference.bars import Pairs, bars, pairs_left
from bench.reference.floor import fields, query
from bench.reference.job import set_up, sync, the_house
from bench.reference.running import LEFT_BEHIND, Cost
from bench.reference.server import Bucket, Vendors
from bench.reference.world import World
from bench.systems import BOOKS, CRM, capabilities
from bench.systems.books import Books
from bench.systems.crm import ADD, UPDATE, Crm
from unisono.connect.clock import SystemClock
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Answered, Command
from unisono.connect.wire import Hearer, Request
from unisono.model.errors import Refused, TryLater
from unisono.model.party import Party
from unisono.model.writing import Write
from unisono.store.doors import Store

BASE = "http://127.0.0.1"
CLEAN = (0, 0, 0, 0)


class Inside:
    """Carries calls to the vendors in this process."""

    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors

    def carry(self, request: Request, hearer: Hearer) -> None:
        """See ``wire.Transport``."""
        target = request.url.removeprefix(BASE)
        status, answer = asyncio.run(self.vendors.answered(request.method, target, request.content or b""))
        hearer.head(status, {"content-type": "application/json"})
        hearer.piece(answer if isinstance(answer, bytes) else msgspec.json.encode(answer))

    def close(self) -> None:
        """Nothing is kept open."""


def door(vendors: Vendors) -> Door:
    return Door(
        transport=Inside(vendors),
        hosts=("127.0.0.1",),
        pace=MemoryPace((), SystemClock()),
        clock=SystemClock(),
        insecure_loopback=True,
    )


def verdict(world: World) -> tuple[int, ...]:
    told = world.verdict()
    return tuple(told[name] for name in LEFT_BEHIND)


def written(world: World, number: int) -> dict[str, Any]:
    """A customer as the bare loop would write it."""
    return fields(world.source[number])


# --- the vendors -------------------------------------------------------------------------------------------------------------------------


def test_the_verdict_tells_what_is_missing_twice_old_and_wrong() -> None:
    world = World(4)
    assert verdict(world) == (4, 0, 0, 0)
    for number in range(4):
        world.command(ADD, {"fields": written(world, number)})
    assert verdict(world) == CLEAN
    # one twice, one of which the town is wrong, one that nobody knows
    world.command(ADD, {"fields": written(world, 0)})
    world.command(UPDATE, {"id": 2, "fields": {"ADDRESS_CITY": "Anderswo"}})
    world.command(ADD, {"fields": {"ORIGIN_ID": "of-nobody"}})
    assert verdict(world) == (0, 1, 0, 2)
    world.change(4)
    assert verdict(world) == (0, 1, 4, 1)


def test_a_batch_takes_fifty_commands_and_each_has_an_outcome_of_its_own() -> None:
    world = World(51)
    vendors = Vendors(world)
    commands = {f"c{n}": f"{ADD}?{query(written(world, n))}" for n in range(51)}
    status, told = asyncio.run(vendors.answered("POST", "/rest/1/secret/batch.json", msgspec.json.encode({"cmd": commands})))
    assert (status, told["error_description"]) == (400, "ERROR_BATCH_LENGTH_EXCEEDED")
    commands.pop("c50")
    commands["c3"] = f"{UPDATE}?id=900&fields[NAME]=x"
    _, told = asyncio.run(vendors.answered("POST", "/rest/1/secret/batch.json", msgspec.json.encode({"cmd": commands})))
    assert list(told["result"]["result_error"]) == ["c3"]
    assert len(told["result"]["result"]) == 49
    assert verdict(world) == (2, 0, 0, 0)


def test_a_customer_that_slides_is_listed_again_at_the_end_in_a_new_version() -> None:
    world = World(6)
    first = world.source[0]["id"]
    world.slide(1)
    shown = [row for number in range(3) for row in msgspec.json.decode(world.page(number, 2))["content"]]
    # before: page 0 shows it in version 1; then it moves, and who stood at the beginning of page 1 is shown by no page
    assert [(row["id"], row["version"]) for row in shown if row["id"] == first] == [(first, 1), (first, 2)]
    assert len({row["id"] for row in shown}) == 5


def test_with_limits_two_calls_of_the_source_pass_at_once_and_fifty_of_the_target() -> None:
    assert [Bucket(saved).take() for saved in (2, 50)] == [True, True]
    vendors = Vendors(World(1), limited=True)

    def statuses(method: str, target: str, count: int) -> list[int]:
        return [asyncio.run(vendors.answered(method, target, b"{}"))[0] for _ in range(count)]

    assert statuses("GET", "/v1/contacts?page=0&size=250", 4).count(429) >= 1
    assert statuses("POST", "/rest/1/secret/crm.contact.list.json", 60)[:50] == [200] * 50
    # a call over the limit was not performed: the product is told to ask later
    vendors = Vendors(World(1), limited=True)
    books = Books(door(vendors), BASE, ahead=1)
    assert statuses("GET", "/v1/contacts?page=0&size=250", 2) == [200, 200]
    with pytest.raises(TryLater):
        books.identify()


# --- the pair of systems -----------------------------------------------------------------------------------------------------------------


def test_fifty_creates_are_one_call_and_each_answer_proves_its_row() -> None:
    vendors = Vendors(World(60))
    books, crm = Books(door(vendors), BASE), Crm(door(vendors), BASE)
    records = [record for page in books.pages("contacts") for raw in page.rows for record in books.records(raw)]
    commands = [_composed(crm, record.body) for record in records if isinstance(record.body, Party)]
    outcomes = crm.send_many(commands[:50], [()] * 50)
    assert verdict(vendors.world) == (10, 0, 0, 0)
    for record, outcome in zip(records, outcomes, strict=False):
        assert isinstance(outcome, Answered)
        assert outcome.raw is not None
        (made,) = crm.records(outcome.raw)
        read = crm.read("contacts", outcome.key)
        assert read is not None
        # What the answer proves is what is read: by number and in the words that were sent.
        assert made.body == record.body == crm.records(read)[0].body


def test_a_refused_command_of_a_batch_spoils_no_other() -> None:
    vendors = Vendors(World(2))
    books, crm = Books(door(vendors), BASE), Crm(door(vendors), BASE)
    raw = next(iter(books.pages("contacts"))).rows[0]
    good = _composed(crm, books.records(raw)[0].body)
    outcomes = crm.send_many([good, Command(UPDATE, {"id": "77", "key": "77/x", "fields": {"NAME": "Nora"}})], [(), ()])
    assert isinstance(outcomes[0], Answered)
    assert isinstance(outcomes[1], Refused)


def test_many_contacts_are_read_in_one_call_and_one_that_is_not_there_is_none() -> None:
    vendors = Vendors(World(3))
    crm = Crm(door(vendors), BASE)
    keys = [f"{vendors.world.command(ADD, {'fields': written(vendors.world, n)})}/{vendors.world.source[n]['id']}" for n in range(3)]
    before = asyncio.run(vendors.answered("POST", "/control/stats", b""))[1]["calls_total"]
    found = crm.read_many([("contacts", key) for key in (*keys, "9/of-nobody")])
    after = asyncio.run(vendors.answered("POST", "/control/stats", b""))[1]["calls_total"]
    assert [raw.key if raw is not None else None for raw in found.values()] == [*keys, None]
    assert after - before == 1


def test_the_whole_job_runs_with_the_real_engine_and_leaves_nothing_behind(tmp_path: Path) -> None:
    vendors = Vendors(World(120))
    folder = tmp_path / "data"
    with Store.open(folder) as store, the_house(store, folder, BASE, Inside(vendors)) as house:
        house.fan_out = 1
        set_up(house)
        first = sync(house)
        assert (first["writes"], first["links"], first["faults"], verdict(vendors.world)) == (120, 120, [], CLEAN)
        # 20 customers are edited in the source: exactly they are written, once
        vendors.world.change(20)
        vendors.world.commands.clear()
        assert sync(house)["writes"] == 20
        assert (vendors.world.commands[UPDATE], vendors.world.commands[ADD], verdict(vendors.world)) == (20, 0, CLEAN)
        # nothing changed: only the pages of the source are asked for, never the target
        vendors.world.commands.clear()
        before = asyncio.run(vendors.answered("POST", "/control/counters", b""))[1]["calls_total"]
        assert sync(house)["writes"] == 0
        assert asyncio.run(vendors.answered("POST", "/control/stats", b""))[1]["calls"] == {"GET contacts": 1}
        assert before == 0


def test_what_the_two_systems_hold_is_the_same_dozen_of_fields() -> None:
    assert set(capabilities(BOOKS).fields("party")) == set(capabilities(CRM).fields("party"))
    assert len(capabilities(CRM).fields("party")) == 12
    assert capabilities(CRM).writing("party").batch == 50


# --- the bars ----------------------------------------------------------------------------------------------------------------------------


def test_a_bar_is_judged_by_the_median_of_the_pairs_and_by_all_that_any_round_left_behind() -> None:
    pairs = Pairs()
    for wall in (2.0, 9.0, 2.2):
        pairs.floor.append({phase: _cost(wall=1.0) for phase in ("first", "second", "third")})
        phases = {"setup": _cost(calls=2), "first": _cost(wall=wall, calls=241, cpu=2.0), "second": _cost(calls=46, writes=100)}
        pairs.product.append(phases | {"third": _cost(calls=40)})
    found = {bar.name: bar for bar in bars(pairs, 10_000)}
    # one round on a busy machine (9.0) does not decide
    assert found["P1 first, wall by the floor's"].value == pytest.approx(2.2)
    assert found["P2 set-up and first, calls"].met
    assert found["P3 second, writes beyond one a changed customer"].value == 0
    assert all(bar.met for bar in found.values())
    # one duplicate in one round does
    spoilt = replace(pairs.product[1]["third"], server=_cost(duplicate=1).server)
    pairs.product[1] = {**pairs.product[1], "third": spoilt}
    assert pairs_left(pairs) == 1
    assert not all(bar.met for bar in bars(pairs, 10_000))


def _composed(crm: Crm, body: object) -> Command:
    assert isinstance(body, Party)
    return crm.compose(Write(operation="create", side="a", kind="party", body=body), None)[0]


def _cost(*, wall: float = 1.0, cpu: float = 0.3, calls: int = 0, writes: int = 0, duplicate: int = 0) -> Cost:
    server = {"calls_total": calls, "commands": {ADD: 0, UPDATE: writes}, "missing": 0, "duplicate": duplicate, "stale": 0, "wrong": 0}
    said = {"faults": [], "failed": 0, "questions": 0, "problems": 0}
    return Cost(wall, cpu, 60.0, server, said, 0.3)

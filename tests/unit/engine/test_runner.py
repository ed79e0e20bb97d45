"""The local runner: connections pull when their poll is due, pairs write, and one that stands still stops nobody else."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

from tests.stories.folk import company, customer_names, customers, deal_of
from tests.support.transport import SimTransport
from tests.support.village import TiedClock, Village
from unisono.connect.wire import Hearer, Request, Transport
from unisono.model.secret import Secret
from unisono.sandbox import fastbill
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.store import pairs, secrets
from unisono.store.stamps import instant, stamp
from unisono.wiring import add_pair, preset
from unisono.wiring.running import Runner

SECOND = "books.second.example"


def runner(v: Village, holder: str = "test") -> Runner:
    return Runner(house=v.house, holder=holder)


class ByHost:
    """Two accounts of one vendor, told apart by their address."""

    def __init__(self, second: Transport, first: Transport) -> None:
        self._second, self._first = second, first

    def carry(self, request: Request, hearer: Hearer) -> None:
        (self._second if urlsplit(request.url).hostname == SECOND else self._first).carry(request, hearer)

    def close(self) -> None:
        pass


def with_second_books(v: Village) -> tuple[fastbill.FastBill, str, str]:
    """A second FastBill account and a second, released pair on the same CRM: simulator, connection, pair."""
    books = fastbill.make(World(clock=TiedClock(v.clock), random=random.Random(9)))
    inner = v.house.transports
    way = inner("fastbill")
    assert way is not None
    both = ByHost(SimTransport(application(books)), way)
    v.house.transports = lambda system: both if system == "fastbill" else inner(system)
    v.house.forget_system(v.b)
    connection = v.house.ids.new()
    settings = {"api": f"https://{SECOND}/api/1.0/api.php", "portal": f"https://{SECOND}"}
    with v.house.store.write() as conn:
        pairs.add_connection(conn, connection, v.firm, "fastbill", "Second", {"email": "buchhaltung@example.de"}, settings, v.clock.now())
        secrets.put_secret(conn, v.house.ring, connection, "api_key", Secret("fb-0123456789abcdef"), v.clock.now())
    pair = add_pair(v.house, v.firm, "CRM - Second", v.a, connection, preset("centralstation", "fastbill"))
    runner(v).turn(poll=True)
    with v.house.store.write() as conn:
        pairs.update_pair(conn, pair, state="released", released_at=stamp(v.clock.now()))
    v.clock.advance(60)
    return books, connection, pair


def next_poll(v: Village, connection: str) -> float:
    """Minutes until a connection is asked again."""
    with v.house.store.read() as conn:
        row = pairs.get_connection(conn, connection)
    return (instant(row.next_poll) - v.clock.now()).total_seconds() / 60


def test_a_connection_is_asked_when_its_poll_is_due_and_not_before(v: Village) -> None:
    assert runner(v).turn().pulled.keys() == {v.a, v.b}
    often, seldom = next_poll(v, v.a), next_poll(v, v.b)
    assert often == 5
    assert seldom > often, "FastBill's allowance asks for more patience"
    calls = v.calls("a"), v.calls("b")
    v.clock.advance(299)
    assert runner(v).turn().pulled == {}
    assert (v.calls("a"), v.calls("b")) == calls
    v.clock.advance(1)
    assert runner(v).turn().pulled.keys() == {v.a}
    v.clock.advance((seldom - 5) * 60)
    assert v.b in runner(v).turn().pulled


def test_one_turn_brings_a_new_offer_across(v: Village) -> None:
    deal_of(v, company(v))
    turn = runner(v).turn(poll=True)
    assert len(customers(v)) == 1
    assert turn.outcomes[v.pair].writes == 2
    assert turn.faults == {}
    assert runner(v).turn().outcomes[v.pair].writes == 0


def test_a_system_out_of_reach_is_asked_again_and_the_other_one_is_read(v: Village) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm("status", times=3, value=503)
    turn = runner(v).turn(poll=True)
    assert turn.pulled.keys() == {v.a}
    assert turn.faults[v.b].code == "server-error"
    assert 0 < next_poll(v, v.b) <= 5
    v.clock.advance(300)
    assert runner(v).turn().faults == {}
    assert len(customers(v)) == 1


def test_two_pairs_on_one_crm_read_it_once_and_both_write(v: Village) -> None:
    second, connection, pair = with_second_books(v)
    deal_of(v, company(v))
    before = [c.operation for c in v.crm.world.log.calls].count("GET companies")
    turn = runner(v).turn(poll=True)
    assert [c.operation for c in v.crm.world.log.calls].count("GET companies") == before + 1
    assert turn.pulled.keys() == {v.a, v.b, connection}
    assert turn.outcomes.keys() == {v.pair, pair}
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert [c["ORGANIZATION"] for c in second.truth()["customers"]] == ["Bäckerei Sonne GmbH"]


def test_a_refused_key_stops_only_its_own_connection(v: Village) -> None:
    second, connection, _ = with_second_books(v)
    second.world.storage.settings["api_key"] = "fb-another"
    deal_of(v, company(v))
    turn = runner(v).turn(poll=True)
    assert turn.faults.keys() == {connection}
    assert customer_names(v) == ["Bäckerei Sonne GmbH"], "the other pair goes on"
    assert second.truth()["customers"] == []
    calls = len(second.world.log.calls)
    for _ in range(5):
        v.clock.advance(300)
        runner(v).turn(poll=True)
    assert len(second.world.log.calls) == calls, "it waits for a new key"
    second.world.storage.settings["api_key"] = "fb-0123456789abcdef"
    with v.house.store.write() as conn:
        pairs.update_connection(conn, connection, state="ok", next_poll="")
    runner(v).turn()
    assert [c["ORGANIZATION"] for c in second.truth()["customers"]] == ["Bäckerei Sonne GmbH"], "nothing was lost meanwhile"


def test_a_key_refused_in_the_middle_of_writing_stops_the_connection_and_loses_nothing(v: Village) -> None:
    for number in range(3):
        deal_of(v, company(v, name=f"Kunde {number} GmbH"))
    v.books.world.faults.arm("unauthorised", match="customer.create", times=1)
    turn = runner(v).turn(poll=True)
    assert turn.outcomes[v.pair].refused == {"b"}
    with v.house.store.read() as conn:
        assert pairs.get_connection(conn, v.b).state == "refused"
    calls = v.calls("b")
    v.clock.advance(3600)
    runner(v).turn(poll=True)
    assert v.calls("b") == calls
    with v.house.store.write() as conn:
        pairs.update_connection(conn, v.b, state="ok", next_poll="")
    for _ in range(4):
        v.clock.advance(300)
        runner(v).turn(poll=True)
    assert customer_names(v) == ["Kunde 0 GmbH", "Kunde 1 GmbH", "Kunde 2 GmbH"]


def test_a_lane_that_another_worker_holds_is_left_to_it(v: Village) -> None:
    deal_of(v, company(v))
    v.lease()
    beside = Runner(house=v.house, holder="beside", alone=False)
    turn = beside.turn(poll=True)
    assert turn.outcomes == {}
    assert customers(v) == []
    v.clock.advance(301)
    assert beside.turn().outcomes.keys() == {v.pair}, "a lease that is over is free"
    assert len(customers(v)) == 1


def test_until_quiet_waits_through_the_clock_for_what_is_unclear(v: Village) -> None:
    deal_of(v, company(v))
    v.books.world.faults.arm("timeout-after", match="customer.create", times=1)
    turns = runner(v).until_quiet(v.pair)
    assert len(turns) > 1
    assert len(customers(v)) == 1
    assert v.link_count()["party"] == 1
    assert sum(v.clock.slept) < 60, "not longer than the declared lag asks for"

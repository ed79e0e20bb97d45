"""Vendors tell at once what changed: the edit is there without a look at everything, and whatever befalls a notice changes nothing but time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stories import folk
from tests.support.hooks import ADDRESS, JSON, Postman, deliver, open_hook
from tests.support.village import Village, village
from unisono.model.errors import SystemFault
from unisono.store import inbox, pairs, seen
from unisono.wiring.hooks import NoPublicAddress, close_doors, doors_of, keep_address, open_door
from unisono.wiring.receiving import MOST, Doorkeeper
from unisono.wiring.running import Runner
from unisono.wiring.setup import remove_pair


def told(folder: Path) -> tuple[Village, Runner, Postman, int]:
    """One linked customer, a door at both vendors that they know of, and nothing due."""
    v = village(folder)
    keep_address(v.house, ADDRESS)
    runner = Runner(house=v.house, holder="test")
    v.release()
    company = folk.company(v, name="Holzmanufaktur Dachs")
    v.crm_act("tag", kind="company", id=company, name="FastBill")
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    assert v.link_count() == {"party": 1}
    post = Postman(Doorkeeper(house=v.house))
    for side, vendor in ((v.a, v.crm), (v.b, v.books)):
        vendor.world.storage.settings["deliver"] = post
        open_door(v.house, side, "anna")
    runner.turn()
    return v, runner, post, company


def known_to_books(v: Village) -> str:
    return json.dumps(v.books.truth(), ensure_ascii=False, default=str)


def rename(v: Village, company: int, name: str) -> None:
    v.crm_act("edit_company", id=company, name=name)


def test_an_edit_arrives_in_seconds_without_a_look_at_everything(tmp_path: Path) -> None:
    v, runner, post, company = told(tmp_path)
    before = v.calls("a")
    rename(v, company, "Holzmanufaktur Dachs GmbH")
    assert post.carried == 1
    v.clock.advance(2)
    assert "Holzmanufaktur Dachs GmbH" not in known_to_books(v)
    runner.turn()
    assert "Holzmanufaktur Dachs GmbH" in known_to_books(v)
    asked = [call.operation for call in v.crm.world.log.calls[before:]]
    assert "GET companies/#" in asked
    assert "GET companies" not in asked, "nothing was listed"


def test_what_our_own_write_sets_off_at_the_other_vendor_comes_to_rest(tmp_path: Path) -> None:
    v, runner, _, company = told(tmp_path)
    rename(v, company, "Dachs und Söhne")
    v.clock.advance(2)
    runner.turn()
    written = len(v.writes("b"))
    for _ in range(5):
        v.clock.advance(2)
        runner.turn()
    assert len(v.writes("b")) == written
    with v.house.store.read() as conn:
        assert inbox.stirred(conn, v.clock.now()) == []


@pytest.mark.parametrize(
    "order", (list, lambda held: held[::-1], lambda held: held[-1:], lambda _: []), ids=["doubled", "reversed", "last", "lost"]
)
@pytest.mark.parametrize("times", (1, 50))
def test_lost_doubled_and_reordered_notices_end_in_the_same_state(
    tmp_path: Path, order: Callable[[list[Any]], list[Any]], times: int
) -> None:
    v, runner, post, company = told(tmp_path)
    post.hold = True
    for name in ("Dachs I", "Dachs II", "Dachs III"):
        rename(v, company, name)
        v.clock.advance(1)
    before = len(v.writes("b"))
    post.bring(order, times)
    post.hold = False
    v.clock.advance(2)
    runner.turn()
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    assert "Dachs III" in known_to_books(v)
    assert len(v.writes("b")) == before + 1, "one write, whatever the notices did"
    assert v.problems() == []


def test_a_notice_that_comes_days_late_changes_nothing(tmp_path: Path) -> None:
    v, runner, post, company = told(tmp_path)
    post.hold = True
    rename(v, company, "Dachs vorgestern")
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    rename(v, company, "Dachs heute")
    v.clock.advance(timedelta(days=2))
    runner.until_quiet(v.pair)
    assert "Dachs heute" in known_to_books(v)
    before = len(v.writes("b"))
    assert post.bring() >= 1
    runner.turn()
    assert len(v.writes("b")) == before


def test_a_notice_of_a_record_nobody_can_read_yet_makes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    v, runner, post, company = told(tmp_path)
    url = open_hook(v.house, v.a)
    early = json.dumps({"model": "Company", "event": "create", "id": company + 1000}).encode()
    v.clock.advance(2)
    assert deliver(post.keeper, url, JSON, early)
    runner.turn()
    assert v.problems() == []
    assert v.link_count() == {"party": 1}
    rename(v, company, "Dachs danach")
    v.clock.advance(2)
    runner.turn()
    assert "Dachs danach" in known_to_books(v)


def test_what_a_notice_claims_is_never_believed(tmp_path: Path) -> None:
    v, runner, post, company = told(tmp_path)
    url = open_hook(v.house, v.a)
    claims = {"model": "Company", "event": "destroy", "record": {"id": company, "name": "Erfunden AG", "email": "x@evil.example"}}
    v.clock.advance(2)
    assert deliver(post.keeper, url, JSON, json.dumps(claims).encode())
    runner.turn()
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    assert "Erfunden" not in known_to_books(v)
    assert v.link_count() == {"party": 1}


def test_one_deletion_told_is_no_deletion_until_looks_at_the_vendor_prove_it(tmp_path: Path) -> None:
    v, runner, _, company = told(tmp_path)
    v.crm_act("delete_company", id=company)
    v.clock.advance(2)
    runner.turn()
    assert v.link_count() == {"party": 1}
    for _ in range(3):
        v.clock.advance(timedelta(minutes=6))
        runner.until_quiet(v.pair)
    assert v.link_count() == {}


def test_a_vendor_that_is_down_when_its_notice_is_read_is_asked_again_by_the_next_look(tmp_path: Path) -> None:
    v, runner, _, company = told(tmp_path)
    rename(v, company, "Dachs bei Sturm")
    v.crm.world.faults.arm("status", times=9, value=503)
    v.clock.advance(2)
    turn = runner.turn()
    assert turn.faults
    v.crm.world.faults.clear()
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    assert "Dachs bei Sturm" in known_to_books(v)


def test_opening_a_door_is_noted_before_and_after_and_its_secret_is_kept_nowhere(tmp_path: Path) -> None:
    v, _, _, _ = told(tmp_path)
    events = [(line["event"], line["by"]) for line in v.notes() if line["event"].startswith("hook")]
    assert events == [("hook-opened", "anna"), ("hook-asked", "anna")] * 2
    urls = [row["target_url"] for row in v.crm.world.storage.table("hooks").values()]
    assert len(urls) == 9
    assert len(set(urls)) == 1
    secret = urls[0].rpartition("/")[2]
    assert len(secret) == 32
    with v.house.store.read() as conn:
        stored = [
            str(tuple(row)) for table in ("hook", "history", "intent", "meta") for row in conn.exec_driver_sql(f"select * from {table}")
        ]
    assert not any(secret in row for row in stored)
    assert [row["ENDPOINT"].rpartition("/")[0] for row in v.books.world.storage.table("webhooks").values()] == [
        door.address.rstrip("/") for told in doors_of(v.house, v.pair)[1:] if (door := told.door)
    ]


def test_doors_go_with_the_pair_and_what_comes_afterwards_is_a_stranger(tmp_path: Path) -> None:
    v, _, post, _ = told(tmp_path)
    url = next(iter(v.crm.world.storage.table("hooks").values()))["target_url"]
    remove_pair(v.house, v.pair, "anna", forget=False)
    assert v.crm.world.storage.table("hooks") == {}
    assert v.books.world.storage.table("webhooks") == {}
    v.clock.advance(10)
    assert not deliver(post.keeper, url, JSON, b"{}")
    post.keeper.write_down()
    with v.house.store.read() as conn:
        assert inbox.strays(conn).count == 1
        assert inbox.hooks(conn) == []


def test_a_vendor_that_cannot_be_reached_forgets_the_door_later(tmp_path: Path) -> None:
    v, runner, _, _ = told(tmp_path)
    v.crm.world.faults.arm("status", times=9, value=503)
    assert not close_doors(v.house, v.a, "anna")
    v.crm.world.faults.clear()
    assert len(v.crm.world.storage.table("hooks")) == 9
    runner.turn()
    assert len(v.crm.world.storage.table("hooks")) == 9, "not before an hour has passed"
    v.clock.advance(timedelta(hours=1, seconds=1))
    runner.turn()
    assert v.crm.world.storage.table("hooks") == {}


def test_a_door_that_could_not_be_made_known_is_made_anew_and_nothing_is_left_double(tmp_path: Path) -> None:
    v = village(tmp_path)
    keep_address(v.house, ADDRESS)
    v.crm.world.faults.arm("status", skip=4, times=9, value=503)
    with pytest.raises(SystemFault):
        open_door(v.house, v.a, "anna")
    assert (door := doors_of(v.house, v.pair)[0].door)
    assert (door.state, bool(door.told)) == ("asked", True)
    v.crm.world.faults.clear()
    opened = open_door(v.house, v.a, "anna")
    assert opened.state == "open"
    rows = v.crm.world.storage.table("hooks").values()
    assert len(rows) == 9
    assert len({row["target_url"] for row in rows}) == 1


@pytest.mark.parametrize("address", ("", "http://127.0.0.1:8460", "https://localhost", "https://192.168.1.4", "http://unisono.example.de"))
def test_without_an_address_that_vendors_can_reach_none_is_told_of_anything(tmp_path: Path, address: str) -> None:
    v = village(tmp_path)
    keep_address(v.house, address)
    with pytest.raises(NoPublicAddress):
        open_door(v.house, v.a, "anna")
    assert [told.why_not for told in doors_of(v.house, v.pair)] == ["no-address", "no-address"]
    assert v.calls("a") == 0


def test_a_plan_without_notices_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    v = village(tmp_path)
    keep_address(v.house, ADDRESS)
    v.settings("b", plan="solo")
    assert [told.why_not for told in doors_of(v.house, v.pair)] == ["", "no-notices"]


def test_a_flood_of_notices_stays_within_a_fourth_of_what_the_vendor_allows(tmp_path: Path) -> None:
    v, runner, post, _ = told(tmp_path)
    url = open_hook(v.house, v.b)
    v.settings("b", plan="solo")
    before = v.calls("b")
    for number in range(400):
        v.clock.advance(1)
        deliver(
            post.keeper, url, JSON, json.dumps({"id": number, "type": "customer.updated", "customer": {"customer_id": number}}).encode()
        )
    with v.house.store.write() as conn:
        pairs.update_connection(conn, v.b, next_poll="2030-01-01T00:00:00.000Z")
    for _ in range(20):
        runner.turn()
    asked = v.calls("b") - before
    assert 0 < asked <= 100, asked


def test_what_lies_unread_is_bounded(tmp_path: Path) -> None:
    v, _, post, _ = told(tmp_path)
    url = open_hook(v.house, v.a)
    body = b"x" * (MOST - 10)
    kept = 0
    for number in range(200):
        v.clock.advance(1)
        kept += deliver(post.keeper, url, JSON, body + str(number).encode())
    with v.house.store.read() as conn:
        lying = conn.exec_driver_sql("select count(*), sum(length(body)) from inbox").one()
    assert lying[0] < 130
    assert lying[1] <= inbox.MOST_BYTES


def test_where_a_list_brings_them_cheaper_than_one_by_one_the_list_is_read(tmp_path: Path) -> None:
    v, runner, post, company = told(tmp_path)
    few = [company, *(folk.company(v, name=f"Firma {n}") for n in range(4))]
    v.clock.advance(120)
    runner.until_quiet(v.pair)
    before, carried = v.calls("a"), post.carried
    for one in few:
        rename(v, one, f"Haus {one}")
    v.clock.advance(2)
    runner.turn()
    assert post.carried - carried >= len(few)
    assert [call.operation for call in v.crm.world.log.calls[before:]] == ["GET companies"], "one page instead of five single looks"
    with v.house.store.read() as conn:
        named = sum(getattr(row.record.body, "name", "").startswith("Haus") for row in seen_companies(conn, v))
        assert (named, inbox.waiting(conn, v.a, 200)) == (len(few), [])


def seen_companies(conn: Any, v: Village) -> list[Any]:
    """The CRM's customers as they were seen last."""
    keys = seen.keys_after(conn, v.a, "party", "", 1000)
    return list(seen.get_many(conn, v.a, "party", keys).values())

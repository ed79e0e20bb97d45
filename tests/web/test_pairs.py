"""A pair's page: the answer, what needs somebody, pause and go on; the list of all pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import Request

from tests.web.desk import Desk, Seen
from unisono.store import links, pairs, seen
from unisono.store.tables import link
from unisono.web.live import event, pieces
from unisono.wiring import add_pair
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.running import Runner
from unisono.wiring.standing import by_day, standing


def company(desk: Desk, name: str, **more: str) -> int:
    """A company in the CRM that is to go across."""
    made = desk.village.crm.act("create_company", {"name": name, "email": f"info@{name.split()[0].casefold()}.example", **more})
    desk.village.crm.act("tag", {"kind": "company", "id": made["id"], "name": "FastBill"})
    return int(made["id"])


def at_work(desk: Desk) -> None:
    """The pair has been read and released."""
    desk.village.sync()
    desk.village.release()
    desk.village.clock.advance(60)


SUN = {"street": "Ring 1", "zip": "12345", "city": "Berlin", "country_code": "DE"}


def test_before_its_release_the_page_says_that_unisono_only_reads(desk: Desk) -> None:
    page = Seen(desk.browser("vera").get("/").text)
    assert "Unisono liest bisher nur" in page.text
    assert "Beide Seiten sind noch nicht verglichen." in page.text


def test_in_step_is_the_headline_with_the_time_of_the_last_look(desk: Desk) -> None:
    at_work(desk)
    company(desk, "Sonne GmbH", **SUN)
    desk.village.sync()
    page = Seen(desk.browser("vera").get(desk.pair).text)
    assert "Alles im Einklang" in page.text
    assert "Auf beiden Seiten verglichen heute um 10:" in page.text
    assert "Nichts braucht Sie" in page.text
    assert "Unisono hat Sonne GmbH in FastBill angelegt." in page.text


def test_of_a_pair_that_goes_one_way_the_page_says_which_side_only_receives(desk: Desk) -> None:
    at_work(desk)
    company(desk, "Sonne GmbH", **SUN)
    desk.village.sync()
    entries = ["customers.direction=to-invoicing", "quotes.direction=off", "documents.direction=off"]
    with desk.village.house.store.read() as conn:
        body = pairs.get_pair(conn, desk.village.pair).policy
    put_policy(desk.village.house, desk.village.pair, with_entries(body, entries), "anna")
    runner = Runner(house=desk.village.house, holder="test")
    runner.turn(poll=True)
    desk.village.clock.advance(301)
    assert runner.turn().pulled.keys() == {desk.village.a}

    page = Seen(desk.browser("vera").get(desk.pair).text)
    assert "In CentralStationCRM nachgesehen heute um 10:" in page.text
    assert "Nächster Blick heute um 10:" in page.text
    assert "FastBill empfängt nur: Dort wird mindestens einmal am Tag nachgesehen" in page.text


def test_what_needs_somebody_stands_there_with_its_number(desk: Desk) -> None:
    at_work(desk)
    company(desk, "Sonne GmbH", **SUN)
    company(desk, "Ohne Anschrift KG")
    desk.village.sync()
    told = desk.browser("vera").get(f"/api/v1{desk.pair}").json()
    assert (told["answer"], told["apart"], told["in_step"], told["problems"], told["questions"]) == ("apart", 1, 1, 1, 0)
    page = Seen(desk.browser("vera").get("/").text)
    assert "Im Einklang bis auf 1" in page.text
    assert "Ohne Anschrift KG" in page.text
    assert f"{desk.pair}/problems" in {link_.partition("#")[0] for link_ in page.links}


def test_pausing_keeps_everything_as_it_is_until_it_goes_on(desk: Desk) -> None:
    at_work(desk)
    runner = Runner(house=desk.village.house, holder="test")
    assert desk.send("adam", f"{desk.pair}/pause").headers["location"].startswith(f"{desk.pair}?said=paused")
    assert "Angehalten. Bis es weitergeht" in desk.browser("adam").get(f"{desk.pair}?said=paused").text
    company(desk, "Sonne GmbH", **SUN)
    desk.village.clock.advance(timedelta(hours=2))
    runner.turn()
    assert desk.village.books.truth()["customers"] == []
    desk.send("adam", f"{desk.pair}/resume")
    runner.until_quiet(desk.village.pair)
    assert [c["ORGANIZATION"] for c in desk.village.books.truth()["customers"]] == ["Sonne GmbH"]
    with desk.village.house.store.read() as conn:
        notes = [(n["event"], n["by"]) for n in pairs.notes(conn, desk.village.pair)]
    assert ("paused", "adam") in notes
    assert ("resumed", "adam") in notes


def test_looking_now_does_not_wait_for_the_next_poll(desk: Desk) -> None:
    at_work(desk)
    runner = Runner(house=desk.village.house, holder="test")
    runner.turn(poll=True)
    company(desk, "Sonne GmbH", **SUN)
    assert runner.turn().pulled == {}
    desk.send("adam", f"{desk.pair}/look")
    assert set(runner.turn().pulled) == {desk.village.a, desk.village.b}


def test_a_refused_login_is_the_first_thing_said(desk: Desk) -> None:
    at_work(desk)
    with desk.village.house.store.write() as conn:
        pairs.update_connection(conn, desk.village.b, state="refused", told="login-refused")
    page = Seen(desk.browser("vera").get("/").text)
    assert "Es steht" in page.text
    assert "FastBill nimmt den Zugang nicht mehr an." in page.text


def test_a_brake_says_how_many_vanished_and_what_going_on_means(desk: Desk) -> None:
    at_work(desk)
    for n in range(4):
        company(desk, f"Firma{n} GmbH", **SUN)
    desk.village.sync()
    with desk.village.house.store.write() as conn:
        keys = links.some_keys(conn, desk.village.pair, "a", 3)
        seen.mark_gone(conn, desk.village.a, [("party", key) for key in keys], desk.village.clock.now())
        pairs.update_pair(conn, desk.village.pair, state="stopped", told={"code": "many-vanished"})
    page = Seen(desk.browser("adam").get("/").text)
    assert "Auf einmal verschwunden: 3 von 4." in page.text
    assert "Firma0 GmbH" in page.text
    assert "Fortsetzen mit 3 verschwundenen Datensätzen" in page.text
    assert "Fortsetzen" not in Seen(desk.browser("vera").get("/").text).text, "looking is not deciding"


def test_buttons_are_left_out_for_whoever_may_only_look(desk: Desk) -> None:
    at_work(desk)
    acts = {
        who: {a.get("action") for tag, a in Seen(desk.browser(who).get(desk.pair).text).elements if tag == "form"}
        for who in ("vera", "adam")
    }
    assert acts["vera"] == {"/signout"}
    assert {f"{desk.pair}/pause", f"{desk.pair}/look"} < acts["adam"]


def test_somebody_with_several_pairs_starts_with_the_list_and_those_that_need_them_come_first(desk: Desk) -> None:
    at_work(desk)
    v = desk.village
    second = add_pair(v.house, v.firm, "Zweites Paar", v.a, v.b, "schema_version = 1\n")
    third = add_pair(v.house, v.firm, "Drittes Paar", v.a, v.b, "schema_version = 1\n")
    company(desk, "Ohne Anschrift KG")
    v.sync()
    with v.house.store.write() as conn:
        pairs.update_pair(conn, third, state="stopped")
    page = desk.browser("vera").get("/")
    told = Seen(page.text)
    assert "2 Paare brauchen Sie" in told.text
    order = [link_ for link_ in (a.get("href", "") for tag, a in told.elements if tag == "a") if link_.startswith("/pairs/")]
    listed = order[-5:]
    assert listed[0] == f"/pairs/{third}"
    assert listed[-1] == f"/pairs/{second}"
    shown = Seen(desk.browser("vera").get("/firms?show=needs").text)
    assert "Zweites Paar" not in shown.text.split("Zustand")[1]


def test_an_installation_without_a_pair_says_so(desk: Desk) -> None:
    desk.add("neu", "view", firms=())
    page = Seen(desk.browser("neu").get("/", headers={"accept-language": "de"}).text)
    assert "Noch kein Paar" in page.text


def test_the_head_of_the_page_is_sent_again_as_an_event(desk: Desk) -> None:
    at_work(desk)
    answer = desk.browser("vera").get(f"{desk.pair}/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.text.splitlines()
    assert lines[0] == "event: standing"
    assert all(line.startswith(("data: ", "event: ", ":")) or not line for line in lines)
    assert any("Alles im Einklang" in line for line in lines)


def test_a_page_that_is_open_hears_nothing_more_once_its_session_has_ended(desk: Desk) -> None:
    looked: list[int] = []

    def told() -> Iterator[tuple[str, str]]:
        looked.append(1)
        yield "standing", f"<p>{len(looked)}</p>"

    class Browser:
        app = SimpleNamespace(state=SimpleNamespace(site=replace(desk.site, looks=10), closing=False))

        async def is_disconnected(self) -> bool:
            return False

    async def heard() -> list[bytes]:
        stream = pieces(cast(Request, Browser()), told, still=lambda: len(looked) < 3)
        return [bytes(part) async for part in stream.body_iterator if isinstance(part, bytes)]

    assert asyncio.run(heard()) == [event("standing", f"<p>{n}</p>") for n in (1, 2, 3)]


@pytest.mark.parametrize("days", (1, 30))
def test_the_way_of_the_last_days_ends_with_today(desk: Desk, days: int) -> None:
    at_work(desk)
    company(desk, "Sonne GmbH", **SUN)
    desk.village.sync()
    with desk.village.house.store.write() as conn:
        conn.execute(link.update().values(at="2026-02-20T09:00:00.000Z"))
    company(desk, "Mond GmbH", **SUN)
    company(desk, "Ohne Anschrift KG")
    desk.village.sync()
    way = by_day(desk.village.house, desk.village.pair, days)
    assert len(way) == days + 1
    now = standing(desk.village.house, desk.village.pair)
    assert (way[-1].in_step, way[-1].all) == (now.in_step, now.in_step + 1) == (2, 3)
    assert way[-2].in_step == 1
    assert way[0].in_step == (0 if days == 30 else 1)

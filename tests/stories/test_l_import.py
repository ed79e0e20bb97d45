"""L09, L11, L12, L15: the first import of Lexware Office pauses, goes on, ends and survives; finds who is there already; then follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.second_pair import Town, customers, words
from unisono.engine.waves import WAVE
from unisono.store import asking, links, pairs
from unisono.wiring.deciding import answer_question
from unisono.wiring.running import Runner

COUNT = 40


class Crash(Exception):
    """The process ended here."""


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def imported(town: Town) -> str:
    """An import of so many customers, released, of which nothing is done yet; the address of its page."""
    customers(town, COUNT)
    town.set_up()
    return town.release().partition(f"/pairs/{town.pair}")[2]


def pressed(town: Town, run: str, what: str) -> None:
    """A person presses a button of the run's page."""
    assert town.desk.send("adam", f"/pairs/{town.pair}{run}/{what}").status_code == 303


def turn(town: Town) -> None:
    Runner(house=town.house, holder="service").turn()


def in_the_middle(town: Town, then: object) -> None:
    """One turn of the service, in which something happens as soon as the first records are written."""

    def step(name: str) -> None:
        if name == "settled":
            town.house.step = lambda _: None
            if isinstance(then, Exception):
                raise then
            assert callable(then)
            then()

    town.house.step = step
    turn(town)


@pytest.mark.feature("L09", kind="do")
def test_the_import_is_paused_goes_on_where_it_was_and_ends(town: Town) -> None:
    run = imported(town)

    in_the_middle(town, lambda: pressed(town, run, "pause"))
    written = len(town.firms())
    assert 0 < written < COUNT
    town.run()
    assert len(town.firms()) == written, "nothing more is written while it is paused"
    town.desk.browsers.clear()
    pressed(town, run, "resume")
    town.run()

    assert len(town.firms()) == len(set(town.firms())) == COUNT


@pytest.mark.feature("L09", kind="do")
def test_a_stopped_import_leaves_the_rest_where_it_is(town: Town) -> None:
    run = imported(town)

    in_the_middle(town, lambda: pressed(town, run, "stop"))
    written = len(town.firms())
    town.run()

    assert 0 < written == len(town.firms()) < COUNT
    assert written <= 4 * WAVE


@pytest.mark.feature("L09", kind="do")
@pytest.mark.parametrize("moment", ("intended", "sent", "settled"))
def test_after_a_crash_it_goes_on_and_nobody_comes_over_twice(town: Town, moment: str) -> None:
    imported(town)

    def step(name: str) -> None:
        if name == moment:
            town.house.step = lambda _: None
            raise Crash

    town.house.step = step
    with pytest.raises(Crash):
        turn(town)
    assert len(town.firms()) < COUNT
    town.run()

    assert len(town.firms()) == len(set(town.firms())) == COUNT
    with town.house.store.read() as conn:
        assert links.count_links(conn, town.pair)["party"] == COUNT


@pytest.mark.feature("L12", kind="do")
def test_it_goes_on_when_its_page_is_closed_and_everybody_signs_out(town: Town) -> None:
    run = imported(town)
    assert f"0 von {COUNT}" in words(town.page(run))
    town.desk.send("anna", "/signout")
    town.desk.browsers.clear()

    town.run()

    assert len(town.firms()) == COUNT


def known(town: Town) -> None:
    """Three firms that stand in both systems: one by its tax id, one by name and postcode, and one that only Lexware Office has."""
    here = {"zip": "28195", "city": "Bremen"}
    town.crm_act("create_company", title="Kunde 01 GmbH", vat_id="DE136695976", street="Kai 1", country="Deutschland", **here)
    town.crm_act("create_company", title="Kunde 02 GmbH", street="Kai 2", country="Deutschland", **here)
    there = {"country": "DE", **here}
    town.act("create_contact", name="Kunde 01 GmbH", vat_id="DE136695976", street="Kai 1", **there)
    town.act("create_contact", name="Kunde 02 GmbH", street="Kai 2", **there)
    town.act("create_contact", name="Kunde 03 GmbH", street="Kai 3", **there)
    town.a_day()


@pytest.mark.feature("L11", kind="do")
def test_who_is_there_already_is_recognised_or_asked_about_and_never_made_twice(town: Town) -> None:
    known(town)
    town.set_up()
    town.release()
    town.run()

    assert town.firms() == ["Kunde 01 GmbH", "Kunde 02 GmbH", "Kunde 03 GmbH"]
    with town.house.store.read() as conn:
        (asked,) = asking.questions(conn, town.pair)
        assert links.count_links(conn, town.pair)["party"] == 2
    assert (asked.code, asked.label) == ("same-customer", "Kunde 02 GmbH")
    assert "Kunde 02 GmbH" in town.page("/questions").text, "the review"


@pytest.mark.feature("L11", kind="do")
@pytest.mark.parametrize(("said", "firms"), (("same", 3), ("different", 4)))
def test_the_review_decides_whether_two_are_one(town: Town, said: str, firms: int) -> None:
    known(town)
    town.set_up()
    town.release()
    town.run()
    with town.house.store.read() as conn:
        (asked,) = asking.questions(conn, town.pair)

    answer_question(town.house, town.pair, asked.id, said, "Ada")
    town.run()

    assert len(town.firms()) == firms
    with town.house.store.read() as conn:
        assert asking.questions(conn, town.pair) == []
        assert links.count_links(conn, town.pair)["party"] == 3


@pytest.mark.feature("L15", kind="do")
def test_later_entries_follow_while_it_is_switched_on_and_wait_while_it_is_not(town: Town) -> None:
    customers(town, 1)
    town.set_up()
    town.release()
    town.run()
    town.desk.send("anna", f"/pairs/{town.pair}/pause")
    town.act("create_contact", name="Nachzügler AG", street="Kai 9", zip="28195", city="Bremen", country="DE")
    town.run()
    assert town.firms() == ["Kunde 01 GmbH"]

    town.desk.send("anna", f"/pairs/{town.pair}/resume")
    town.run()

    assert town.firms() == ["Kunde 01 GmbH", "Nachzügler AG"]
    with town.house.store.read() as conn:
        assert pairs.get_pair(conn, town.pair).state == "released"

"""The world itself: drawn the same way each time, people's deeds untouched by faults, and every process that ends really ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.faults import CATALOGUE, DRAWS, draw_breaks
from tests.storm.levels import points
from tests.storm.people import draw_people, mark_of
from tests.storm.sides import Entry
from tests.storm.world import Killed, World, draw, play

FIRM = {
    "kind": "company",
    "website": "www.c0.example",
    "name": "Sonne c0 GmbH",
    "email": "c0@post.example",
    "address.line1": "Ring 1",
    "address.postcode": "10115",
    "address.city": "Köln",
    "address.country": "DE",
}
MADE = Deed(At(0), "b", "create", "c0", FIRM)


def script(*deeds: Deed, breaks: tuple[Break, ...] = (), turns: int = 2) -> Script:
    """A world of exactly this."""
    return Script(turns, deeds, breaks, {})


def test_a_seed_draws_the_same_world_each_time() -> None:
    assert draw(Streams(7)) == draw(Streams(7))
    assert draw(Streams(7)) != draw(Streams(8))


def test_what_is_drawn_is_printed_as_it_would_be_written() -> None:
    for one in (*draw(Streams(7)).deeds, *draw(Streams(7)).breaks):
        assert eval(repr(one)) == one  # our own repr


def test_people_do_the_same_whatever_breaks() -> None:
    assert play(5, breaks=()).script.deeds == play(5).script.deeds


def test_a_world_in_which_nothing_breaks_breaks_nothing() -> None:
    for seed in range(4):
        played = play(seed, breaks=())
        assert played.broken == ()
        assert played.figures["deeds"] > 0


def test_the_same_seed_leaves_the_same_trace() -> None:
    assert play(11).trace == play(11).trace
    assert play(11).trace != play(12).trace


def test_a_killed_process_writes_nothing_more_and_the_next_one_finishes() -> None:
    world = World(1, script(MADE, breaks=(Break(At(0), 1, {"step": "3"}),)))
    world.turn(0)
    assert world.figures["kills"] == 1
    assert world.side("a").records("party") == {}
    world.calm()
    assert [mark_of("party", e) for e in world.side("a").records("party").values()] == ["c0"]
    assert world.found == []


def test_nothing_of_a_dead_process_reaches_the_store() -> None:
    world = World(1, script(MADE))
    with pytest.raises(Killed):
        world.kill("here")
    with pytest.raises(Killed), world.store.write():
        raise AssertionError("no door opens")
    world.process()
    with world.store.write():
        pass


def test_a_deed_in_the_middle_of_a_turn_happens_between_two_calls() -> None:
    edit = Deed(At(1, 3), "b", "edit", "c0", {"address.city": "Bonn"})
    world = World(1, script(MADE, edit))
    world.turn(0)
    world.clock.advance(400)
    world.turn(1)
    world.calm()
    (did,) = [d for d in world.did if d.deed is edit]
    assert did.meanwhile
    assert did.before is not None
    assert did.after is not None
    assert (did.before.get("address.city"), did.after.get("address.city")) == ("Köln", "Bonn")
    assert world.found == []


def test_a_deed_that_cannot_be_done_is_counted_and_nothing_more() -> None:
    played = World(1, script(Deed(At(0), "a", "edit", "c9", {"phone": "1"}))).play()
    assert (played.figures["impossible deeds"], played.broken) == (1, ())


def test_a_database_put_back_brings_the_old_picture_and_a_doubtful_pair() -> None:
    world = World(1, script(MADE, breaks=(Break(At(1), 41, {"turns": "1"}),)))
    world.turn(0)
    world.clock.advance(400)
    assert len(world.side("a").records("party")) == 1
    world.turn(1)
    assert world.restored
    world.calm()
    assert len(world.side("a").records("party")) == 1, "what was made since is found again"


def test_a_mark_is_read_where_nobody_edits() -> None:
    assert mark_of("party", Entry("1", {"website": "www.c3.example"})) == "c3"
    assert mark_of("party", Entry("1", {"website": "https://elsewhere.example"})) == ""
    assert mark_of("contact", Entry("1", {"name": "van der Berg k2"})) == "k2"
    assert mark_of("quote", Entry("1", {"title": "Angebot q0"})) == "q0"


def test_every_fault_that_is_drawn_stands_in_the_catalogue_and_every_number_is_there() -> None:
    assert sorted(CATALOGUE) == list(range(1, 51))
    assert set(DRAWS) <= set(CATALOGUE)
    assert all(CATALOGUE[number].not_here == "" for number in DRAWS)
    for seed in range(50):
        breaks = draw_breaks(Streams(seed).breaks, 5)
        assert len({b.fault for b in breaks}) <= 8
        assert all(0 <= b.at.turn < 5 for b in breaks)


def test_a_town_has_customers_and_nobody_acts_before_they_can_be_there() -> None:
    for seed in range(30):
        deeds = draw_people(Streams(seed).happens, 5)
        first = {d.about: d.at.turn for d in reversed(deeds) if d.what == "create"}
        assert first
        assert all(d.at.turn >= first[d.about] for d in deeds if d.what == "edit" and d.about[0] == "c")


@pytest.mark.parametrize("what", ("killed after", "disk full", "time-out after", "500 after", "killed in"))
def test_a_point_of_a_story_is_played_from_where_the_story_stood(what: str) -> None:
    story = "an offer for a new company"
    point = [p for p in points.told(story).points if p.what.startswith(what)][-1]
    played = points.play(point)
    assert played.broken == ()
    assert played.bitten, "it really happened"


def test_a_point_that_loses_something_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    story = "a company from the invoicing system"
    whole = points.told(story)
    more = replace(whole, ends=whole.ends + whole.ends)
    monkeypatch.setattr(points, "told", lambda _story: more)
    assert {b.invariant for b in points.play(whole.points[0]).broken} == {"I3"}

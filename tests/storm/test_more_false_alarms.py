"""Further worlds in which the judge once saw a mistake where nobody could have known better, each beside the mistake it must go on seeing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.storm import causes, edits, pace
from tests.storm.chance import Streams
from tests.storm.invented import faked
from tests.storm.levels import engine
from tests.storm.picture import Picture
from tests.storm.stages import PAIR, staged
from tests.storm.vendors import drawn
from tests.storm.verdict import Broken
from tests.storm.world import World


def invented(seed: int) -> World:
    """The world of an engine seed, played to its end."""
    made = World(seed, engine.draw(Streams(seed)), faked)
    made.play()
    return made


def simulated(seed: int, pair: str = PAIR) -> World:
    """The world of a seed between the simulators, played to its end."""
    made = World(seed, drawn(pair)(Streams(seed)), staged(pair))
    made.play()
    return made


def invariants(found: Iterable[Broken]) -> list[str]:
    return [one.invariant for one in found]


@pytest.mark.parametrize("seed", (72962, 77966, 74390))
def test_an_engine_s_world_in_which_nobody_could_know_better_holds(seed: int) -> None:
    """72962: of whom the books have two records the quote is made for the one that is linked now. 77966: who types in the books what the CRM
    held a moment before looks as if it had been carried there. 74390: a call that came ten minutes late made a second one, and that is told."""
    assert invented(seed).found == []


@pytest.mark.parametrize("seed", (8088, 9831, 11359, 12144))
def test_a_world_in_which_nobody_could_know_better_holds(seed: int) -> None:
    """8088: what was typed met an edit that nobody could see. 9831: of whom the CRM has two records the note stands at both after an older
    database was put back. 11359: a lost note went with its customer to whoever took them in. 12144: whose the estimate is that was half filed
    is asked after an older database was put back."""
    assert simulated(seed).found == []


def test_what_is_typed_while_a_call_carries_several_records_is_typed_in_its_window() -> None:
    played = invented(49679)
    assert played.found == []
    played.stage.a.abreast = 1  # type: ignore[attr-defined]
    p = Picture(played.evidence())
    assert invariants(edits.apart(p, edits.typed(p))) == ["I3"], "one record a call has no such window"


def test_whoever_decides_for_what_a_vendor_made_of_a_value_has_changed_the_other_one() -> None:
    """The vendor writes the city in capitals; a person is asked which of two counts, and names that one."""
    played = invented(65549)
    assert played.found == []
    e = played.evidence()
    unasked = replace(e, did=tuple(d for d in e.did if d.deed.what != "answer"))
    p = Picture(unasked)
    assert "I4" in invariants(causes.judge(p, edits.typed(p)))


def test_an_old_copy_is_taken_for_an_edit_and_the_row_itself_for_another() -> None:
    played = simulated(8324)
    assert played.found == []
    log = played.stage.a.log
    log[:] = [replace(c, fault="") if c.fault == "stale" else c for c in log]  # type: ignore[index]
    p = Picture(played.evidence())
    assert invariants(causes.judge(p, edits.typed(p))) == ["I4"]


def test_a_refusal_on_a_line_that_broke_was_not_heard() -> None:
    played = simulated(1509, "centralstation/lexoffice")
    assert played.found == []
    e = played.evidence()
    heard = [replace(c, fault="") if c.status == 403 else c for c in played.stage.b.log]
    assert invariants(pace.judge("b", heard, [], e)) == ["I15"]


def test_what_is_taken_back_to_before_a_write_that_nobody_wrote_down_looks_like_no_edit() -> None:
    """Engine 302284: the CRM's address went over, and the process ended; somebody replaced it there, and then typed the very first one again."""
    played = invented(302284)
    assert played.found == []
    p = Picture(replace(played.evidence(), broken_off=False))
    (told,) = [str(one) for one in edits.lost(p, edits.typed(p))]
    assert told.startswith("I2: 'c1@post.example' typed for c1 email on b is lost")

"""What a night remembers, and how its figures and those of a commit get onto the page."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from tests.storm import figures, night
from tests.storm.__main__ import nightly, parsed, told
from tests.storm.levels.table import LEVELS, Task, level, tasks
from tests.storm.verdict import Broken, Failure, Verdict

LOST = Failure("worlds", 17, "--level worlds --seed 17", (Broken("I2", "a value is lost", "c1"), Broken("I3", "apart")))
DOUBLE = Failure("engine", 4, "--level engine --seed 4", (Broken("I1", "two of c1"),))


def worlds(*failures: Failure, played: int = 20) -> Verdict:
    """What the worlds' level found."""
    return Verdict("worlds", list(failures), {"worlds": played, "bite:7": 3}, 2.5)


def test_a_range_is_cut_into_tasks_without_a_gap_or_an_overlap() -> None:
    cut = list(tasks(level("worlds"), 5, 47))
    assert cut == [Task("worlds", 5, 24), Task("worlds", 25, 44), Task("worlds", 45, 47)]


def test_every_level_has_a_letter_a_unit_and_an_amount_for_each_commit() -> None:
    assert {one.name for one in LEVELS} == set(figures.LETTERS) == set(figures.UNITS)
    assert sorted(one.letter for one in LEVELS) == list("ABCCCCDDEGHK")
    assert sum(one.commit for one in LEVELS if one.letter == "C") == 400
    assert {one.name: one.commit for one in LEVELS if one.name in ("worlds", "engine", "twins", "kills", "trace")} == {
        "worlds": 310,
        "engine": 2000,
        "twins": 15,
        "kills": 10,
        "trace": 50,
    }


def test_a_night_goes_on_behind_the_commits_seeds_and_never_plays_one_twice(tmp_path: Path) -> None:
    place = tmp_path / "var" / "night.json"
    state = night.load("abc", place)
    assert state.next("worlds") == 311
    state.took(worlds(), 281, 300)
    state.took(worlds(LOST), 301, 320)
    night.save(state, place)
    again = night.load("abc", place)
    assert (again.next("worlds"), again.ranges()) == (321, {"worlds": "281:320"})
    assert again.verdicts["worlds"].figures == {"worlds": 40, "bite:7": 6}
    assert again.verdicts["worlds"].failures == [LOST]
    assert again.verdicts["worlds"].seconds == 5.0


def test_what_was_under_way_when_a_night_was_cut_short_is_played_by_the_next_one_and_nothing_else_twice(tmp_path: Path) -> None:
    place = tmp_path / "night.json"
    state = night.Night("abc")
    handed = nightly(state, float("inf"))
    played = list(islice(handed, 120))
    slow = next(task for task in played if task.level == "engine")
    for task in played:
        if task is not slow:
            state.took(Verdict(task.level, [], {"of": task.last - task.first + 1}), task.first, task.last)
    night.save(state, place)
    again = night.load("abc", place)
    rest = list(nightly(again, float("inf")))
    assert rest.count(slow) == 1
    assert not set(rest) & (set(played) - {slow})
    everything = sum(task.last - task.first + 1 for task in (*rest, *played) if task.level == "engine") - (slow.last - slow.first + 1)
    assert everything == 100_000


def test_a_night_ends_by_itself_when_a_long_run_of_its_commit_is_played_wherever_the_seeds_began() -> None:
    state = night.Night("abc", {"points": 40, "worlds": 5000, "kills": 500}, began={"kills": 11})
    handed: Counter[str] = Counter()
    for task in nightly(state, float("inf")):
        handed[task.level] += task.last - task.first + 1
    assert sum(n for name, n in handed.items() if level(name).letter == "C") == 20_160
    assert {name: handed[name] for name in ("engine", "kills", "points", "twins", "trace")} == {
        "engine": 100_000,
        "kills": 10,
        "points": 0,
        "twins": 15,
        "trace": 0,
    }


def test_with_a_new_commit_the_figures_begin_anew_and_the_seeds_do_not(tmp_path: Path) -> None:
    place = tmp_path / "night.json"
    state = night.load("abc", place)
    state.took(worlds(LOST), 401, 420)
    state.took(Verdict("points", [], {"points": 50}), 1, 1)
    night.save(state, place)
    assert night.load("abc", place).reached == {"worlds": 420, "points": 1}
    other = night.load("def", place)
    assert (other.next("worlds"), other.verdicts, other.seconds) == (421, {}, 0.0)
    assert other.reached == {"worlds": 420}, "what has a fixed extent is played anew"


def test_the_figures_count_failures_by_what_was_broken() -> None:
    told_ = dict(figures.summary([worlds(LOST), Verdict("engine", [DOUBLE], {"seeds": 2000}), Verdict("twins", [], {"twins": 14})]))
    assert told_["worlds of the whole program between the simulators"] == "20"
    assert told_["broken twins caught"] == "14 of 14"
    assert (told_["lost edits"], told_["duplicates"], told_["open problems and writes nobody can explain"]) == ("1", "1", "0")
    assert told_["failures of any kind"] == "2"
    assert told_["faults of the catalogue that struck"] == "1 of 50"


def test_a_twin_that_is_not_caught_is_a_failure_but_no_duplicate_of_the_product() -> None:
    missed = Failure("twins", 1, "--level twins --seed 1", (Broken("I1", "not caught"),))
    told_ = dict(figures.summary([Verdict("twins", [missed], {"twins": 14})]))
    assert told_["broken twins caught"] == "13 of 14"
    assert (told_["duplicates"], told_["failures of any kind"]) == ("0", "1")


@pytest.mark.parametrize("part", ("commit", "night"))
def test_a_part_of_the_page_is_replaced_and_the_other_stays(part: str, tmp_path: Path) -> None:
    page = tmp_path / "storm.md"
    for name, text in (("commit", "first"), ("night", "second"), (part, "third")):
        figures.write(name, f"{figures.HEADS[name]}\n\n{text}\n", page)
    whole = page.read_text(encoding="utf-8")
    assert whole.startswith("# The storm\n")
    assert whole.count("## ") == 2
    assert whole.index(figures.HEADS["commit"]) < whole.index(figures.HEADS["night"])
    kept = "second" if part == "commit" else "first"
    assert "third" in whole
    assert kept in whole
    assert ("first" in whole) + ("second" in whole) == 1


def test_a_section_says_command_commit_seeds_and_figures() -> None:
    text = figures.section(
        "## Every commit", [worlds()], command="make storm", commit="abc", when="today", seconds=170.2, seeds={"worlds": "1:400"}
    )
    assert "`make storm`, commit abc, today, 170 seconds on two cores. Seeds: worlds 1:400." in text
    assert "| lost edits | 0 |" in text


def test_a_failure_is_told_in_one_line_that_repeats_it() -> None:
    line, *why = told(LOST, "abc").splitlines()
    assert line == "python -m tests.storm --level worlds --seed 17 --commit abc"
    assert why == ["    I2: a value is lost [c1]", "    I3: apart"]
    args = parsed(line.split()[3:])
    assert (args.level, args.seed, args.commit) == ("worlds", 17, "abc")

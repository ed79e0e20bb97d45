"""The twins are the product with one thing wrong, for the time of a world; the storm tells them from the sound one, each for its reason."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from tests.storm import scenes, twins
from tests.storm.levels import table
from tests.storm.levels.twins import caught
from tests.storm.twins import TWINS, Twin
from unisono.connect.reply import Reply
from unisono.engine import apply, batch, candidates, pull, recover, settle, written
from unisono.plan.flows import quotes
from unisono.store import intents, lanes, links, pairs, seen

_ENGINE = (apply, batch, candidates, candidates.Candidates, pull, recover, settle, written)
PATCHED: tuple[Any, ...] = (*_ENGINE, quotes, intents, lanes, links, pairs, seen, Reply, scenes)
by_name = {twin.name: twin for twin in TWINS}


def parts() -> list[dict[str, Any]]:
    """Everything that a twin may replace."""
    return [dict(vars(where)) for where in PATCHED]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_twin_is_wrong_for_the_time_of_a_world_and_leaves_the_product_as_it_was(twin: Twin) -> None:
    before = parts()
    with twin.wrong():
        during = parts()
    assert parts() == before
    if twin.name != "no-unique-link":
        changed = [name for was, now in zip(before, during, strict=True) for name in was if was[name] is not now[name]]
        assert changed, "nothing is wrong with it"


def test_an_error_in_a_world_leaves_the_product_as_it_was() -> None:
    before = parts()
    for twin in TWINS:
        with pytest.raises(ZeroDivisionError), twin.wrong():
            raise ZeroDivisionError
    assert parts() == before


def test_there_are_the_fourteen_of_the_list_and_one_of_our_own_each_with_its_reasons() -> None:
    assert len(TWINS) == len(by_name) == len({twin.mistake for twin in TWINS}) == table.TWINS == 15
    assert all(twin.reasons and all(reason.startswith("I") for reason in twin.reasons) for twin in TWINS)
    assert {twin.name for twin in TWINS if twin.note} == {"trusted-notice", "no-unique-link"}


@pytest.mark.parametrize("name", ("no-find-first", "no-overlap", "stale-write", "late-page", "float-money", "no-unique-link"))
def test_a_twin_is_caught_for_its_reason_where_the_sound_engine_passes(name: str) -> None:
    seed, said = caught(by_name[name], 60)
    assert seed
    assert said.partition(":")[0] in by_name[name].reasons


def test_the_sound_engine_is_caught_at_nothing() -> None:
    for name in ("no-find-first", "no-overlap"):
        sound = replace(by_name[name], wrong=nullcontext)
        assert caught(sound, 6) == (0, "")


def test_a_twin_caught_for_another_reason_is_not_caught() -> None:
    seed, said = caught(replace(by_name["float-money"], reasons=("I12",)), 12)
    assert (seed, said) == (0, "I7")


def test_a_twin_that_does_not_fit_the_product_any_more_is_not_caught() -> None:
    def misfit() -> AbstractContextManager[Any]:
        return twins.instead(apply, "_intend", lambda *_: None)

    seed, said = caught(replace(by_name["early-agreed"], wrong=misfit), 12)
    assert (seed, said.partition(":")[0]) == (0, "TypeError")


def test_only_the_product_and_the_door_of_the_scenes_are_patched() -> None:
    named = {where.__name__ for where in PATCHED if isinstance(where, ModuleType)}
    assert {name for name in named if not name.startswith("unisono.")} == {"tests.storm.scenes"}
    assert twins.TWINS is TWINS

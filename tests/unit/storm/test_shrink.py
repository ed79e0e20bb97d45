"""Shrinking: nothing is left that could go, and what matters stays."""

from __future__ import annotations

from collections.abc import Sequence

from tests.storm.chance import At, Break, Deed, Script
from tests.storm.shrink import least, shrink, told
from tests.storm.verdict import Broken
from tests.storm.world import Played


def edit(number: int) -> Deed:
    """One of many deeds."""
    return Deed(At(number), "a", "edit", f"c{number}")


def kill(number: int) -> Break:
    """One of many breaks."""
    return Break(At(number), 1, {"step": str(number)})


def failing(deeds: Sequence[Deed], breaks: Sequence[Break]) -> Played:
    """A world that breaks I2 if the third and the seventh deed meet the second break, and I5 if the fifth deed comes alone."""
    broken = []
    if edit(3) in deeds and edit(7) in deeds and kill(2) in breaks:
        broken.append(Broken("I2", "lost", "c3"))
    if edit(5) in deeds and len(deeds) == 1:
        broken.append(Broken("I5", "gone", "c5"))
    return Played(seed=1, script=Script(9, tuple(deeds), tuple(breaks)), broken=tuple(broken))


def test_of_many_items_only_those_that_matter_are_left_in_their_order() -> None:
    tried: list[tuple[int, ...]] = []

    def fails(some: tuple[int, ...]) -> bool:
        tried.append(some)
        return {11, 40, 41} <= set(some)

    assert least(tuple(range(64)), fails) == (11, 40, 41)
    assert len(tried) < 64, "whole stretches go before single ones"


def test_an_item_that_can_go_only_after_a_later_one_goes_too() -> None:
    assert least((1, 2, 3), lambda some: 3 in some and (2 not in some or 1 in some)) == (3,)


def test_where_nothing_matters_nothing_is_left() -> None:
    assert least(tuple(range(9)), lambda _: True) == ()


def test_a_failing_world_shrinks_to_the_deeds_and_breaks_that_break_it_and_is_told_in_words() -> None:
    whole = failing([edit(n) for n in range(20)], [kill(n) for n in range(6)])
    assert [broken.invariant for broken in whole.broken] == ["I2"]
    found = shrink(whole, failing)
    assert (found.deeds, found.breaks) == ((edit(3), edit(7)), (kill(2),))
    assert found.played.broken == whole.broken
    assert 0 < found.worlds < 100
    words = "\n".join(told(found))
    assert "2 deeds and 1 breaks are left" in words
    assert "I2: lost [c3]" in words
    assert repr(edit(7)) in words


def test_a_world_that_fails_otherwise_without_a_deed_is_not_taken_for_the_same_failure() -> None:
    whole = failing([edit(3), edit(5), edit(7)], [kill(2)])
    found = shrink(whole, failing)
    assert found.deeds == (edit(3), edit(7)), "the fifth deed alone would break I5, which is not what was broken"


def test_shrinking_ends_after_so_many_worlds() -> None:
    found = shrink(failing([edit(n) for n in range(20)], [kill(2)]), failing, most=3)
    assert found.worlds == 3
    assert edit(3) in found.deeds

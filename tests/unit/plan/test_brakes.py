"""How many linked records may vanish at once before the pair stops and asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.plan.brakes import Vanishing, mass_deletion, must_stop
from unisono.policy.schema import Deletion

USUAL = Deletion()


@pytest.mark.parametrize(
    ("linked", "vanished", "stops"),
    (
        (0, 0, False),
        (6, 5, False),
        (6, 6, True),
        (100, 5, False),
        (100, 6, True),
        (119, 6, True),
        (120, 6, False),
        (1000, 50, False),
        (1000, 51, True),
    ),
)
def test_more_than_five_and_more_than_five_percent_stop_the_pair(linked: int, vanished: int, stops: bool) -> None:
    assert mass_deletion(linked, vanished, USUAL) is stops


def test_the_firm_may_set_both_numbers() -> None:
    careful = Deletion(brake_number=1, brake_percent=1)
    assert mass_deletion(100, 2, careful) is True
    assert mass_deletion(100, 1, careful) is False
    assert mass_deletion(100, 100, Deletion(brake_percent=100)) is False


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.integers(1, 50), st.integers(1, 100))
def test_the_brake_is_exact_and_one_more_never_loosens_it(linked: int, vanished: int, number: int, percent: int) -> None:
    chosen = Deletion(brake_number=number, brake_percent=percent)
    assert mass_deletion(linked, vanished, chosen) is (vanished > number and 100 * vanished > linked * percent)
    assert mass_deletion(linked, vanished + 1, chosen) >= mass_deletion(linked, vanished, chosen)


@pytest.mark.parametrize(
    ("vanishing", "stops"),
    (
        (Vanishing(linked=12, lately=6, now=6), True),
        (Vanishing(linked=12, lately=6, now=1), True),
        (Vanishing(linked=12, lately=6, now=0), False),
        (Vanishing(linked=12, lately=5, now=5), False),
        (Vanishing(linked=12, lately=6, now=6, allowed=6), False),
        (Vanishing(linked=12, lately=7, now=1, allowed=6), True),
        (Vanishing(linked=12, lately=3, now=1, allowed=6), False),
        (Vanishing(linked=1000, lately=50, now=50), False),
    ),
)
def test_what_vanished_lately_counts_together_with_what_is_missing_now(vanishing: Vanishing, stops: bool) -> None:
    assert must_stop(vanishing, USUAL) is stops


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_the_pair_only_stops_for_links_that_have_not_ended_and_that_nobody_allowed(
    linked: int, lately: int, now: int, allowed: int
) -> None:
    stops = must_stop(Vanishing(linked, lately, now, allowed), USUAL)
    assert stops is (now > 0 and lately > allowed and mass_deletion(linked, lately, USUAL))

"""The real connectors of the second pair ask for no call more than they have to, and the limits are used to the full."""

from __future__ import annotations

from pathlib import Path

from bench.mappings import Measured, Phase, allowed, bars, fewest, measure
from unisono.model.capability import PaceRule

BUCKET = PaceRule(window="bucket", limit=50, seconds=25, scope="address")
TWO_A_SECOND = PaceRule(window="sliding", limit=2, seconds=1, scope="account")


def test_the_fewest_calls_are_those_counted_by_hand() -> None:
    # before: 170 customers in Lexware Office, 51 of them companies with a contact person; an empty portal
    crm, books = fewest(170)
    # after: a call to test the key, 2 empty lists; customers made by 16 and read back by 32, people made by 48 and read back by 32; a call to
    # test the key, one page
    assert crm.total == 1 + 2 + 11 + 6 + 2 + 2
    assert books.total == 1 + 1
    assert fewest(251)[1].total == 1 + 2


def test_the_calls_that_were_saved_up_take_no_time() -> None:
    assert allowed((BUCKET,), 50) == 0
    assert allowed((BUCKET,), 52) == 1
    assert allowed((BUCKET, TWO_A_SECOND), 52) == 25
    assert [allowed((TWO_A_SECOND,), calls) for calls in (2, 3, 4, 5)] == [0, 1, 1, 2], "a window opens for two at once"


def test_a_small_firm_is_brought_over_with_the_fewest_calls(tmp_path: Path) -> None:
    got = measure(70, tmp_path)
    assert [bar.name for bar in bars(70, got) if not bar.met] == []
    assert got.linked == {"party": 70, "contact": 21}
    # Two empty lists, the key is tested; 70 customers in 5 calls and 21 people in one, read back in 3 and one.
    assert got.phases["first"].calls == {"bitrix24": 2 + 1 + 5 + 1 + 3 + 1, "lexoffice": 2}


def test_a_first_sync_leaves_no_call_half_empty_and_takes_no_longer_than_the_limits_do(tmp_path: Path) -> None:
    # before: two full pages of 250 and a short one, behind each of which the product may begin to write
    got = measure(520, tmp_path)
    # after: more calls than a portal saves up, so that its pace is felt; only the last one of each kind is not full
    crm, books = fewest(520)
    assert (got.phases["first"].total, crm.total > BUCKET.limit) == (crm.total + books.total, True)
    assert [bar.name for bar in bars(520, got) if not bar.met] == []
    assert got.linked == {"party": 520, "contact": 156}


def test_a_call_too_many_a_record_that_is_missing_and_a_second_write_each_miss_a_bar() -> None:
    # 10 customers and 3 contacts; no limit is reached, so no second may pass
    first = Phase({"bitrix24": 60, "lexoffice": 2}, 6.0, 0, 13)
    phases = {"first": first, "third": Phase({}, 0.0, 0, 1), "second": Phase({}, 0.0, 1, 11)}
    found = {bar.name: bar.met for bar in bars(10, Measured(phases, {"party": 10, "contact": 2}, 0))}
    assert [name for name, met in found.items() if met] == ["faults, questions and problems"]

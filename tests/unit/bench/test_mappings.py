"""The real connectors of the second pair ask for no call more than they have to, and the limits are used to the full."""

from __future__ import annotations

from pathlib import Path

from bench.mappings import Measured, Phase, allowed, bars, fewest, measure
from unisono.model.capability import PaceRule

BUCKET = PaceRule(window="bucket", limit=50, seconds=25, scope="address")
TWO_A_SECOND = PaceRule(window="sliding", limit=2, seconds=1, scope="account")


def test_the_fewest_calls_are_those_counted_by_hand() -> None:
    # before: 10 customers in Lexware Office, 3 of them companies with a contact person; an empty portal
    crm, books = fewest(10)
    # after: a call to test the key, 2 empty lists, 13 records made and read back; a call to test the key, one page
    assert crm.total == 1 + 2 + 13 + 13
    assert books.total == 1 + 1
    assert fewest(251)[1].total == 1 + 2


def test_the_calls_that_were_saved_up_take_no_time() -> None:
    assert allowed((BUCKET,), 50) == 0
    assert allowed((BUCKET,), 52) == 1
    assert allowed((BUCKET, TWO_A_SECOND), 52) == 25


def test_a_small_firm_is_brought_over_with_the_fewest_calls(tmp_path: Path) -> None:
    got = measure(30, tmp_path)
    assert [bar.name for bar in bars(30, got) if not bar.met] == []
    assert got.linked == {"party": 30, "contact": 9}
    # 39 records are made and read back, two empty lists, the key is tested
    assert got.phases["first"].calls == {"bitrix24": 39 * 2 + 2 + 1, "lexoffice": 2}


def test_a_call_too_many_a_record_that_is_missing_and_a_second_write_each_miss_a_bar() -> None:
    # 10 customers and 3 contacts; no limit is reached, so no second may pass
    first = Phase({"bitrix24": 60, "lexoffice": 2}, 6.0, 0, 13)
    phases = {"first": first, "third": Phase({}, 0.0, 0, 1), "second": Phase({}, 0.0, 1, 11)}
    found = {bar.name: bar.met for bar in bars(10, Measured(phases, {"party": 10, "contact": 2}, 0))}
    assert [name for name, met in found.items() if met] == ["faults, questions and problems"]

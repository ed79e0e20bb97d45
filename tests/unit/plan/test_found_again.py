"""After a restore: what a pair made since the backup is found again beyond doubt, or asked about; it is never made a second time unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from unisono.model.party import Address, Party
from unisono.model.record import Record, flat_of, match_keys
from unisono.plan.match import Hit, Match, find_again
from unisono.plan.situation import Candidate, Seen

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUN: dict[str, Any] = {
    "type": "company",
    "name": "Sonne GmbH",
    "email": "post@sonne.example",
    "address": Address(line1="Ring 1", city="Berlin"),
}


def seen(key: str, **values: Any) -> Seen:
    record = Record(kind="party", key=key, body=Party(**(SUN | values)), resource="customer", resource_key=key)
    return Seen(record, 1, AT, keys=match_keys(record))


ME = seen("company:1")
WANTED = flat_of(Party(**SUN))


def again(*candidates: Candidate, wanted: dict[str, str] | None = None, answers: dict[str, str] | None = None) -> Match:
    return find_again(ME, candidates, WANTED if wanted is None else wanted, answers or {}, Match())


def found(match: Match) -> tuple[str, list[tuple[str, str]]]:
    sure = match.sure.candidate.seen.record.key if match.sure else ""
    return sure, [(hit.rule, hit.candidate.seen.record.key) for hit in match.doubtful]


def test_one_record_that_holds_all_we_would_write_is_ours() -> None:
    assert found(again(Candidate(seen("7")), Candidate(seen("8", name="Mond GmbH")))) == ("7", [])


def test_what_the_other_side_added_does_not_matter() -> None:
    assert found(again(Candidate(seen("7", number="10007", phone="030 1")))) == ("7", [])


def test_two_such_records_are_a_question() -> None:
    assert found(again(Candidate(seen("7")), Candidate(seen("8")))) == ("", [("name", "7"), ("name", "8"), ("email", "7"), ("email", "8")])


@pytest.mark.parametrize(
    ("other", "rule"), (({"email": "neu@sonne.example"}, "name"), ({"name": "Sonnenschein GmbH"}, "email"), ({"email": ""}, "name"))
)
def test_a_record_that_was_edited_since_is_a_question(other: dict[str, str], rule: str) -> None:
    assert found(again(Candidate(seen("7", **other)))) == ("", [(rule, "7")])


def test_an_equal_name_alone_is_never_enough() -> None:
    bare = {"type": "company", "name": "Sonne GmbH"}
    assert found(again(Candidate(seen("7")), wanted=bare))[0] == ""
    assert found(again(Candidate(seen("7")), wanted=bare))[1][0] == ("name", "7")


def test_what_is_linked_answered_different_or_another_type_is_left_alone() -> None:
    assert found(again(Candidate(seen("7"), linked=True))) == ("", [])
    assert found(again(Candidate(seen("7")), answers={"7": "different"})) == ("", [])
    assert found(again(Candidate(seen("7", type="person")))) == ("", [])


def test_what_the_ordinary_rules_are_sure_of_stands() -> None:
    sure = Match(sure=Hit(Candidate(seen("9")), "tax_id"))
    assert find_again(ME, (Candidate(seen("7")),), WANTED, {}, sure) is sure

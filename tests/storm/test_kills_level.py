"""Level E: what it says of a death, and how it knows that a folder is held. The deaths themselves are played by the level."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.storm.levels import kills, second_kills
from unisono.store.folder import hold


@pytest.mark.parametrize(
    ("text", "invariant"),
    (
        ("integrity: ['row 7 missing from index']", "I11"),
        ("3 notes missing: [...]", "I3"),
        ("1 companies too many: ['Nagel']", "I1"),
        ("2 writes explained missing: [...]", "I3"),
        ("a further sync is not silent: {}", "I4"),
        ("the second process was not refused, but ended with 0", "I12"),
        ("it was to be killed, but ended with [0]", "I11"),
    ),
)
def test_what_is_wrong_has_its_invariant(text: str, invariant: str) -> None:
    assert kills._invariant(text) == invariant


def test_of_every_five_seeds_one_is_of_the_second_pair_and_dies_within_its_first_sync() -> None:
    assert [seed for seed in range(1, 11) if kills.second(seed)] == [3, 8]
    drawn = [second_kills.moment(Random(f"second {seed}")) for seed in range(200)]
    assert {one["when"] for one in drawn} == {"before", "after", "later"}
    assert all(1 <= one["call"] <= (second_kills.WRITES if one["counted"] == "writes" else second_kills.CALLS) for one in drawn)


class Told:
    """Two vendors after a sync, as they tell of themselves."""

    def __init__(self) -> None:
        firm = {"id": "c1", "company": {"name": "Nagel GmbH", "contactPersons": [{"firstName": "Nora", "lastName": "Nagel"}]}}
        bill = {"voucherNumber": "RE0001", "address": {"contactId": "c1"}}
        self.books: dict[str, Any] = {"contacts": [firm], "invoices": [bill]}
        card = {"ENTITY_ID": 7, "FILES": [], "COMMENT": "[B]Lexware Office: Rechnung RE0001[/B]\nStatus: offen RE0001"}
        self.crm: dict[str, Any] = {
            "companies": [{"ID": 7, "TITLE": "Nagel GmbH"}, {"ID": 1, "TITLE": "Wir", "IS_MY_COMPANY": "Y"}],
            "contacts": [{"NAME": "Nora", "LAST_NAME": "Nagel", "COMPANY_ID": 7}],
            "comments": [card, card | {"FILES": [{"NAME": "RE0001.pdf"}], "COMMENT": "RE0001.pdf"}],
        }

    def truth(self, side: str) -> dict[str, Any]:
        return self.crm if side == "centralstation" else self.books


def test_what_is_missing_doubled_or_at_the_wrong_place_after_a_death_is_told() -> None:
    lane: Any = Told()
    assert second_kills.all_there_once(lane, 1, 1) == []

    lane.crm["comments"] = lane.crm["comments"] * 2
    assert {kills._invariant(text) for text in second_kills.all_there_once(lane, 1, 1)} == {"I1"}
    lane.crm["comments"], lane.crm["contacts"] = [], []
    assert {kills._invariant(text) for text in second_kills.all_there_once(lane, 1, 1)} == {"I3"}
    lane.books["invoices"] = []
    assert "are missing" in second_kills.all_there_once(lane, 1, 1)[-1]


def test_a_folder_is_held_as_long_as_somebody_has_it(tmp_path: Path) -> None:
    assert not kills.held(tmp_path)
    mine = hold(tmp_path)
    assert kills.held(tmp_path)
    mine.release()
    assert not kills.held(tmp_path)

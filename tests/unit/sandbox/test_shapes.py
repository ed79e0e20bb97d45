"""The comparison of JSON forms, which the sample tests of all vendors rest on, must itself notice differences."""

from __future__ import annotations

from tests.systems.shapes import mismatches


def test_the_same_form_with_other_values_has_no_mismatch() -> None:
    assert mismatches({"a": 1, "b": ["x"], "c": {"d": None}}, {"a": 2.5, "b": [], "c": {"d": "now"}}) == []


def test_another_type_a_missing_and_an_extra_key_are_named_with_their_place() -> None:
    assert mismatches({"company": {"id": 1, "tags": [{"id": 1}]}}, {"company": {"id": "1", "tags": [{"id": 1, "x": 2}]}}) == [
        "$.company.id: the sample has number, the answer string",
        "$.company.tags[].x: in the answer, unknown to the sample",
    ]
    assert mismatches({"a": 1, "b": 2}, {"a": 1}) == ["$.b: in the sample, missing in the answer"]
    assert mismatches({"a": True}, {"a": 1}) == ["$.a: the sample has boolean, the answer number"]


def test_keys_that_only_some_rows_of_the_sample_have_may_be_missing() -> None:
    assert mismatches([{"a": 1}, {"a": 1, "b": 2}], [{"a": 5}]) == []
    assert mismatches([{"a": 1}, {"a": "1"}], [{"a": 5}]) == []


def test_places_can_be_left_out_or_open() -> None:
    assert mismatches({"a": 1, "b": 2}, {"a": "1"}, ignore=["$.a", "$.b"]) == []
    assert mismatches({"a": {"b": 1}}, {"a": {"c": 1}}, open_at=["$.a"]) == []


def test_an_object_with_numeric_keys_counts_as_a_list_if_asked() -> None:
    numbered = {"1": {"id": 1}, "0": {"id": 2}}
    assert mismatches({"ITEMS": [{"id": 1}]}, {"ITEMS": numbered}, numbered=True) == []
    assert mismatches({"ITEMS": [{"id": 1}]}, {"ITEMS": numbered}) != []

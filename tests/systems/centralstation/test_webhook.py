"""A notice only says where to look."""

from __future__ import annotations

import json

import pytest

from unisono.systems.centralstation.webhook import extract


@pytest.mark.parametrize(
    ("told", "hints"),
    (
        ({"record": {"id": 5, "name": "Website", "value_type": "total"}}, [("deals", "5")]),
        ({"record": {"id": 43, "name": "Mertens", "first_name": None}}, [("people", "43")]),
        ({"record": {"id": 42, "name": "B"}, "model": "Company"}, [("companies", "42")]),
        ({"record": {"company": {"id": 42}}}, [("companies", "42")]),
        ({"person": {"id": "43"}}, [("people", "43")]),
        ({"protocol_object_note": {"id": 9}}, [("protocols", "9")]),
        ({"id": 42, "model": "company"}, [("companies", "42")]),
        ({"id": 42, "name": "B"}, [("companies", "42"), ("people", "42"), ("deals", "42")]),
        ({"record": {"id": 4}, "model": "Project"}, []),
        ({"record": {"id": "../../etc"}}, []),
        ({"record": None}, []),
        ([], []),
        ("x", []),
    ),
)
def test_a_notice_names_keys_and_never_content(told: object, hints: list[tuple[str, str]]) -> None:
    assert extract(json.dumps(told).encode()) == hints


@pytest.mark.parametrize("body", (b"", b"\xff\xfe", b"<html>", b"{", b"[" * 100_000))
def test_a_notice_that_is_no_json_says_nothing(body: bytes) -> None:
    assert extract(body) == []

"""A policy handed in through the API's door that is made to choke whoever reads it: refused at once, with a sentence, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from tests.web.desk import Desk, desk_at
from unisono.policy.files import MOST
from unisono.wiring.policies import versions

AT_ONCE = 5.0
"""Seconds of work, on a machine that is busy with other things; a bomb that goes off takes minutes, or all of the memory."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = desk_at(tmp_path_factory.mktemp("house"))
    yield made
    made.village.house.store.close()


def sent(desk: Desk, door: str, body: bytes) -> Any:
    """A call of a program with that body; nothing may have changed, and it must not have taken long."""
    headers = {"x-csrf-token": desk.token("anna"), "content-type": "application/json"}
    path = f"/api/v1/pairs/{desk.village.pair}{door}"
    begun = process_time()
    answer = desk.browser("anna").post(path, content=body, headers=headers)
    assert process_time() - begun < AT_ONCE
    assert len(versions(desk.village.house, desk.village.pair)) == 1
    return answer


def handed_in(desk: Desk, door: str, text: str) -> Any:
    return sent(desk, door, json.dumps({"file": text}).encode())


BOMBS = {
    "one key of thousands of parts": ("a" + ".a" * 30_000 + " = 1", "policy-not-toml"),
    "one quoted key of thousands of parts": ('"a"' + '."a"' * 30_000 + " = 1", "policy-not-toml"),
    "one table of thousands of parts": ("[" + "a." * 30_000 + "a]", "policy-not-toml"),
    "lists within lists": ("a = " + "[" * 50_000 + "]" * 50_000, "policy-not-toml"),
    "tables within tables": ("a = " + "{a=" * 50_000, "policy-not-toml"),
    "tables within lists": ("a = " + "[{a=" * 30_000, "policy-not-toml"),
    "a giant of a number": ("[poll]\nfloor_seconds = 1e5000000", "policy-wrong-entry"),
    "a dwarf of a number": ("[quotes]\nvat_rate = 1e-5000000", "policy-wrong-entry"),
    "a giant below zero": ("[poll]\nfloor_seconds = -1e5000000", "policy-wrong-entry"),
    "an exponent that is a giant": ("[poll]\nfloor_seconds = 1e99999999999999999999", "policy-wrong-entry"),
    "an exponent that is a dwarf": ("[quotes]\nvat_rate = 1e-99999999999999999999", "policy-wrong-entry"),
    "a giant under a name of its own": ("x = 1e5000000", "policy-wrong-entry"),
    "a number of many digits": ("[poll]\nfloor_seconds = " + "9" * 100_000, "policy-not-toml"),
    "a number of many hexadecimal digits": ("[poll]\nfloor_seconds = 0x" + "f" * 100_000, "policy-wrong-entry"),
    "endless": ("[quotes]\nvat_rate = inf", "policy-wrong-entry"),
    "no number": ("[quotes]\nvat_rate = nan", "policy-wrong-entry"),
    "one character too long": ("#" + "x" * MOST, "policy-too-long"),
    "much too long": ("# x\n" * (MOST // 2), "policy-too-long"),
    "quotes without end": ('"' * 60_000, "policy-not-toml"),
    "thousands of entries": ("".join(f"x{n} = 1\n" for n in range(20_000)), "policy-wrong-entry"),
    "thousands of tables": ("".join(f"[x{n}]\n" for n in range(20_000)), "policy-wrong-entry"),
    "NUL": ("\0", "policy-not-toml"),
    "NUL in a text": ('language = "d\0e"', "policy-not-toml"),
    "NUL in a remark": ("# \0", "policy-not-toml"),
    "NUL, written out": ('language = "d\\u0000e"', "policy-wrong-entry"),
}


@pytest.mark.parametrize("door", ("/settings/review", "/settings"))
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_at_once_with_a_sentence(desk: Desk, door: str, bomb: str) -> None:
    text, code = BOMBS[bomb]
    answer = handed_in(desk, door, text)
    assert answer.status_code == 422, answer.text[:500]
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["told"].strip()
    assert all(one["told"] and len(one["told"]) < 1_000 for one in error["wrong"]), "nobody gets the bomb back"


@pytest.mark.parametrize("door", ("/settings/review", "/settings"))
@pytest.mark.parametrize(
    ("body", "status"),
    (
        (b'{"file": "# \xff\xfe"}', 400),
        (b"\xff\xfe\x00\x00", 422),
        (b'{"file": "\xc3"}', 400),
        (b'{"file": "# \xed\xa0\x80"}', 422),
        (b'{"file": "# \\ud800"}', 422),
        (b'{"file": "", "note": "\\ud800"}', 422),
        (b'{"file": "a\0b"}', 422),
        (b"[" * 100_000, 400),
        (b'{"file": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"based_on": 1e5000000, "file": ""}', 422),
        (b'{"based_on": ' + b"9" * 100_000 + b', "file": ""}', 400),
        (b'{"based_on": -1, "file": ""}', 422),
        (b'{"file": "' + b"x" * (1024 * 1024) + b'"}', 413),
    ),
    ids=(
        "bytes",
        "UTF-16",
        "cut off",
        "surrogate",
        "written surrogate",
        "in a note",
        "NUL",
        "brackets",
        "deep",
        "giant",
        "digits",
        "below zero",
        "size",
    ),
)
def test_a_call_that_is_none_is_refused_before_its_policy_is_looked_at(desk: Desk, door: str, body: bytes, status: int) -> None:
    answer = sent(desk, door, body)
    assert answer.status_code == status, answer.text[:500]
    assert 0 < len(answer.content) < 2_000


@pytest.mark.parametrize("entry", ("a" + ".a" * 30_000, "x" * 100_000, "customers.only.names", "\0", "\ud800", ""))
@pytest.mark.parametrize("value", ("1e99999999999999999999", "[" * 30_000, "\0", "\ud800", "9" * 50_000))
def test_an_answer_to_a_single_setting_is_no_way_round(desk: Desk, entry: str, value: str) -> None:
    answer = sent(desk, "/settings/review", json.dumps({"entries": {entry: value, "quotes.vat_rate": value}}).encode())
    assert answer.status_code == 422, answer.text[:500]
    assert answer.json()["error"]["told"]


def test_what_is_no_bomb_is_taken(tmp_path: Path) -> None:
    desk = desk_at(tmp_path)
    path = f"/api/v1/pairs/{desk.village.pair}/settings"
    names = ", ".join(f'"Fa. Nr. {number} e.K."' for number in range(500))
    text = f"{desk.call('anna', 'GET', path).json()['file']}\n[customers.only]\nnames = [{names}]\n"
    answer = desk.call("anna", "POST", path, {"file": text})
    assert (answer.status_code, answer.json()["version"]) == (200, 2), answer.text
    desk.village.house.store.close()

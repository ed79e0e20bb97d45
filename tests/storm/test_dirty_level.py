"""Level G sees what it is for: sound mappings pass, and one that rounds, drops, crashes or lets dirt through is caught."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tests.storm.levels import dirty, mutations
from tests.storm.verdict import Broken
from unisono.connect.port import Raw
from unisono.model.errors import BadAnswer
from unisono.policy import files
from unisono.systems.centralstation import values as crm_values
from unisono.systems.fastbill import system as fastbill_system
from unisono.systems.fastbill import values
from unisono.systems.fastbill import webhook as fastbill_webhook


def test_a_seed_spoils_every_mapping_every_client_and_the_policy_and_nothing_breaks() -> None:
    verdict = dirty.run(0, 39)
    assert [str(b) for f in verdict.failures for b in f.broken] == []
    mapped = {name for name in verdict.figures if name.startswith("samples:")}
    assert mapped == {f"samples:{system}/{resource}" for system in dirty.SYSTEMS for resource in dirty.samples(system)}
    assert {name: verdict.figures[name] for name in mapped} == dict.fromkeys(mapped, 40)
    assert min(verdict.figures[name] for name in ("read", "refused", "answers", "notices", "policies")) > 30


def test_samples_are_those_of_the_files_and_of_the_simulators() -> None:
    for system, resource, own in (
        ("centralstation", "companies", "41001518"),
        ("fastbill", "customer", "8120"),
        ("fastbill", "invoice", "551200"),
    ):
        keys = [key for key, _ in dirty.samples(system)[resource]]
        assert own in keys, "the row of the sample file"
        assert set(dirty.there(system)[resource]) & set(keys)


def test_a_seed_spoils_the_same_way_every_time_and_leaves_the_sample_whole() -> None:
    _, row = dirty.samples("fastbill")["invoice"][0]
    before = mutations.dumped(row)
    first = [mutations.spoilt(Random(n), row) for n in range(60)]
    assert [mutations.spoilt(Random(n), row) for n in range(60)] == first
    assert mutations.dumped(row) == before
    assert len(set(first)) > 50


def found(seeds: range, of: Callable[[int], Any]) -> set[str]:
    return {broken.invariant for seed in seeds for broken in of(seed)}


def spoilt_row(system: str, resource: str, seed: int) -> list[Broken]:
    key, row = dirty.samples(system)[resource][0]
    return list(dirty.mapped(system, Raw(resource, key, mutations.spoilt(Random(seed), row)), lambda _: None))


def test_money_that_went_through_a_float_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = values.Row.number

    def rounded(row: values.Row, name: str) -> Decimal | None:
        number = sound(row, name)
        return None if number is None else Decimal(float(number) * 1.1 / 1.1)

    monkeypatch.setattr(values.Row, "number", rounded)
    assert "I7" in found(range(20), dirty.one)


def test_an_amount_that_cannot_be_read_and_counts_as_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = crm_values.amount

    def lenient(*of: Any) -> Decimal | None:
        try:
            return sound(*of)
        except BadAnswer:
            return None

    monkeypatch.setattr("unisono.systems.centralstation.mapping.amount", lenient)
    assert "I7" in found(range(300), lambda seed: spoilt_row("centralstation", "deals", seed))


def test_a_mapping_that_crashes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "is_empty", lambda value: not len(value))
    assert "I16" in found(range(20), dirty.one)


def test_text_that_is_not_cleaned_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "clean", lambda text: text)
    assert "I21" in found(range(300), lambda seed: spoilt_row("fastbill", "customer", seed))


def test_an_answer_that_cannot_be_understood_and_counts_as_empty_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = fastbill_system.FastBill.read

    def trusting(system: Any, resource: str, key: str) -> Any:
        try:
            return sound(system, resource, key)
        except BadAnswer:
            return None

    monkeypatch.setattr(fastbill_system.FastBill, "read", trusting)
    assert "I5" in found(range(0, 160, 4), dirty.one)


def test_a_notice_that_crashes_or_points_anywhere_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastbill_webhook, "extract", lambda body: [("customer", body[:9].decode())])
    assert "I14" in found(range(10), dirty.one)


def test_a_policy_that_is_not_refused_by_name_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ValidationError", ZeroDivisionError)
    assert "I16" in found(range(40), dirty.one)


@pytest.mark.parametrize(
    "text",
    (
        "a = " + "9" * 5000,
        "schema_version = 0x" + "f" * 5000,
        "a = " + "[" * 3000 + "]" * 3000,
        ".".join(["a"] * 400) + " = 1",
        "[customers]\ndirection = 1979-05-27",
        "\ud83d = 1",
        "",
    ),
)
def test_a_policy_nobody_could_mean_is_refused_and_not_a_crash(text: str) -> None:
    if not text:
        assert files.policy_text(files.parse_policy(text)) == "\n"
        return
    with pytest.raises(files.BadPolicy) as refused:
        files.parse_policy(text)
    assert refused.value.values


@pytest.mark.parametrize(
    ("body", "nothing"),
    (
        (b'{"RESPONSE": []}', True),
        (b'{"RESPONSE": {"CUSTOMERS": []}}', True),
        (b'{"RESPONSE": {"CUSTOMERS": [{"DELETED_DATE": "2026-01-01"}]}}', True),
        (b'{"RESPONSE": {"CUSTOMERS": [{"CUSTOMER_ID": "7"}]}}', False),
        (b'{"RESPONSE": {"CUSTOMER": []}}', False),
        (b'{"REQUEST": {}}', False),
    ),
)
def test_what_says_that_there_is_nothing(body: bytes, nothing: bool) -> None:
    assert dirty.says_nothing(body) is nothing

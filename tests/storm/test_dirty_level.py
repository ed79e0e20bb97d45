"""Level G sees what it is for: sound mappings pass, and one that rounds, drops, crashes or lets dirt through is caught."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any
from xml.parsers import expat

import pytest

from tests.storm.levels import bounds, dirty, handed, knocks, mutations, packages
from tests.storm.levels.samples import SYSTEMS, samples, there
from tests.storm.verdict import Broken
from tests.support.hooks import deliver
from unisono.connect.port import Raw
from unisono.engine.pull import Pulled
from unisono.model.errors import BadAnswer
from unisono.model.fields import amount
from unisono.policy import files, tables
from unisono.store import pairs
from unisono.store.tables import firm
from unisono.systems.bitrix24 import webhook as bitrix24_webhook
from unisono.systems.fastbill import system as fastbill_system
from unisono.systems.fastbill import values
from unisono.wiring import hints, receiving, spreadsheet


def test_a_seed_spoils_every_mapping_every_client_and_the_policy_and_nothing_breaks() -> None:
    verdict = dirty.run(0, 39)
    assert [str(b) for f in verdict.failures for b in f.broken] == []
    mapped = {name for name in verdict.figures if name.startswith("samples:")}
    assert mapped == {f"samples:{system}/{resource}" for system in SYSTEMS for resource in samples(system)}
    assert {name: verdict.figures[name] for name in mapped} == dict.fromkeys(mapped, 40)
    doors = {f"notices:{system}" for system in ("bitrix24", "centralstation", "fastbill", "lexoffice")}
    assert {name: verdict.figures[name] for name in verdict.figures if name.startswith("notices:")} == dict.fromkeys(doors, 20)
    assert min(verdict.figures[name] for name in ("read", "refused", "answers", "notices", "policies", "workbooks")) >= 40


@pytest.mark.parametrize("system", knocks.DOORED)
def test_a_sound_notice_at_each_door_leads_to_the_row_it_names(system: str) -> None:
    here = knocks.hall()
    asked = here.vendors[system].asked
    asked.clear()

    assert deliver(
        here.keeper, here.urls[system], {"Content-Type": knocks.kind_of(system)}, knocks.written(system, knocks.notices(system)[0])
    )
    here.look(system)

    assert asked
    assert here.lying(system) == []


def test_of_a_notice_whose_parts_ran_together_no_key_is_kept() -> None:
    whole = knocks.written("bitrix24", knocks.notices("bitrix24")[0])
    assert whole.count(knocks.CANARY.encode()) == 3
    for at in [place for place, letter in enumerate(whole) if letter == ord("&")]:
        kept = bitrix24_webhook.bare(whole[:at] + b"x" + whole[at + 1 :])
        assert knocks.CANARY.encode() not in kept, kept


def test_both_workbooks_hold_the_list_and_what_nobody_reads() -> None:
    for package in handed.workbooks():
        assert spreadsheet.rows_of(package) == handed.ROWS
        assert sum(part.count(handed.CANARY.encode()) for part in handed.parts(package).values()) >= 4


def test_samples_are_those_of_the_files_and_of_the_simulators() -> None:
    for system, resource, own in (
        ("centralstation", "companies", "41001518"),
        ("fastbill", "customer", "8120"),
        ("fastbill", "invoice", "551200"),
    ):
        keys = [key for key, _ in samples(system)[resource]]
        assert own in keys, "the row of the sample file"
        assert set(there(system)[resource]) & set(keys)


def test_a_seed_spoils_the_same_way_every_time_and_leaves_the_sample_whole() -> None:
    _, row = samples("fastbill")["invoice"][0]
    before = mutations.dumped(row)
    first = [mutations.spoilt(Random(n), row) for n in range(60)]
    assert [mutations.spoilt(Random(n), row) for n in range(60)] == first
    assert mutations.dumped(row) == before
    assert len(set(first)) > 50


class Trusting:
    """A parser that believes a document type: nothing that is set to refuse one is kept."""

    def __init__(self, parser: Any) -> None:
        self.__dict__["parser"] = parser

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("StartDoctypeDeclHandler", "EntityDeclHandler"):
            setattr(self.parser, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["parser"], name)


def found(seeds: range, of: Callable[[int], Any]) -> set[str]:
    return {broken.invariant for seed in seeds for broken in of(seed)}


def spoilt_row(system: str, resource: str, seed: int) -> list[Broken]:
    key, row = samples(system)[resource][0]
    return list(dirty.mapped(system, Raw(resource, key, mutations.spoilt(Random(seed), row)), lambda _: None))


def test_money_that_went_through_a_float_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = values.Row.number

    def rounded(row: values.Row, name: str) -> Decimal | None:
        number = sound(row, name)
        return None if number is None else Decimal(float(number) * 1.1 / 1.1)

    monkeypatch.setattr(values.Row, "number", rounded)
    assert "I7" in found(range(20), dirty.one)


def test_an_amount_that_cannot_be_read_and_counts_as_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = amount

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


def at_the_doors(seed: int) -> list[Broken]:
    return list(knocks.knocked(seed, lambda _: None))


def in_a_workbook(seed: int) -> list[Broken]:
    return list(handed.sheeted(Random(f"{seed} workbook"), lambda _: None))


def over_a_bad_line(seed: int, package: bytes) -> list[Broken]:
    return list(handed.judged("bytes", packages.spoilt_bytes(Random(seed), package), lambda _: None))


def in_a_policy(seed: int) -> list[Broken]:
    return list(handed.policed(Random(f"{seed} policy"), lambda _: None))


@pytest.mark.parametrize("system", knocks.DOORED)
@pytest.mark.parametrize("what", ("crashes", "points anywhere"))
def test_a_notice_that_crashes_or_points_anywhere_is_caught(system: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(body: bytes) -> list[tuple[str, str]]:
        if what == "crashes":
            raise IndexError
        return [("contacts", body.decode(errors="replace")[:30])]

    knocks.hall()
    monkeypatch.setattr(receiving.notices_of(system), "extract", extract)
    broken = [one for seed in range(12) for one in at_the_doors(seed)]
    assert {(one.invariant, one.where) for one in broken} == {("I14", f"{system} notice")}


def test_a_door_that_lets_anybody_in_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    knocks.hall()
    monkeypatch.setattr(receiving, "hmac", SimpleNamespace(compare_digest=lambda one, other: True))
    assert "I14" in found(range(40), at_the_doors)


def test_a_door_that_keeps_a_vendors_keys_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    knocks.hall()
    monkeypatch.setattr(bitrix24_webhook, "bare", lambda body: body)
    assert "I13" in found(range(20), at_the_doors)


def test_a_stranger_who_is_believed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    knocks.hall()
    monkeypatch.setattr(hints._Sender, "fits", lambda sender, body: True)
    assert "I14" in found(range(0, 400, 2), at_the_doors)


def test_a_notice_that_is_taken_for_content_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    here = knocks.hall()

    def trusting(where: Any, rows: Any, hands: Any) -> Any:
        with hands.store.write() as conn:
            pairs.add_firm(conn, hands.ids.new(), str(rows), "DE", "de", "Europe/Berlin", hands.clock.now())
        return Pulled()

    monkeypatch.setattr(hints, "pull_rows", trusting)
    assert "I14" in found(range(200), at_the_doors)
    with here.house.store.write() as conn:
        conn.execute(firm.delete().where(firm.c.name.startswith("[")))


def test_a_workbook_that_crashes_its_reader_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "zlib", SimpleNamespace(error=ZeroDivisionError))
    assert found(range(400), lambda seed: over_a_bad_line(seed, handed.workbooks()[0])) == {"I16"}


def test_check_sums_that_nobody_compares_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def stored(seed: int) -> list[Broken]:
        return over_a_bad_line(seed, handed.workbooks()[1])

    assert found(range(400), stored) == set()
    monkeypatch.setattr(zipfile.ZipExtFile, "_update_crc", lambda *_: None)
    assert found(range(400), stored) == {"I21"}


def test_what_a_document_type_smuggles_in_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = expat.ParserCreate
    monkeypatch.setattr(expat, "ParserCreate", lambda: Trusting(sound()))
    assert "I14" in found(range(200), in_a_workbook)


def test_cells_that_are_not_cleaned_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_clean", lambda text: text)
    assert "I21" in found(range(200), in_a_workbook)


def test_a_policy_that_is_not_refused_by_name_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = tables.policy_from

    def raised(tables: dict[str, Any]) -> Any:
        policy, wrong = sound(tables)
        return (policy, wrong) if policy is not None else 1 / 0

    monkeypatch.setattr(files, "policy_from", raised)
    assert "I16" in found(range(40), in_a_policy)


def test_a_policy_of_which_nothing_is_said_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "troubles", lambda text: [])
    assert "I8" in found(range(40), in_a_policy)


def test_a_reader_that_repeats_what_it_was_given_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LONGEST", 10**6)
    assert "I22" in found(range(400), in_a_policy)


def test_what_takes_too_long_or_too_much_is_caught() -> None:
    hours = iter((0.0, bounds.SECONDS + 1))
    with bounds.Bound("slow", clock=lambda: next(hours)) as slow:
        pass
    with bounds.Bound("large", weighed=True) as large:
        bytearray(bounds.MEMORY + 1)
    with bounds.Bound("sound", weighed=True) as sound:
        bytearray(1000)

    assert [str(one) for one in slow.broken] == [f"I16: took {bounds.SECONDS + 1:.1f} s [slow]"]
    assert [str(one) for one in large.broken] == ["I22: needed 64 MiB [large]"]
    assert sound.broken == []


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

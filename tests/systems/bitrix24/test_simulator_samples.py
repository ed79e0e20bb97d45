"""The simulator's answers have the keys and JSON types of the samples.

``UNISONO_SAMPLES=<folder>`` adds every file of ``<folder>/bitrix24``, folders within it included.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.systems.bitrix24.answers import ANSWERS, Account
from tests.systems.shapes import mismatches

OWN = Path(__file__).parent / "samples"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md") if folder.is_dir() else []


def given() -> Path | None:
    folder = os.environ.get("UNISONO_SAMPLES")
    return Path(folder, "bitrix24") if folder else None


def all_files() -> list[Path]:
    more = given()
    return files(OWN) + (files(more) if more else [])


TITLES = {"item": "crm.item.fields", "types": "crm.status.entity.types", "event": "onofflineevent"}
"""What some samples say instead of their method."""


def name_of(file: Path, sample: Any) -> str:
    if "method_or_event" not in sample:
        return f"recorded {file.stem}"
    word = str(sample["method_or_event"]).lower()
    return word if word in ANSWERS else TITLES.get(word, file.stem.replace("-", "."))


def test_a_folder_of_samples_that_is_named_has_samples() -> None:
    more = given()

    assert files(OWN)
    assert more is None or files(more), f"UNISONO_SAMPLES is set, but {more} holds no sample"


@pytest.mark.parametrize("file", all_files(), ids=lambda file: f"{'own' if OWN in file.parents else 'given'}:{file.stem}")
def test_the_simulator_speaks_in_the_form_of_the_sample(file: Path) -> None:
    sample = json.loads(file.read_text(encoding="utf-8"))
    name = name_of(file, sample)
    assert name in ANSWERS, f"{file.name}: no request belongs to this sample yet"
    account = Account()

    answer = ANSWERS[name](account)

    expected = sample.get("responses") or ([sample["response"]] if "response" in sample else [])
    if not expected:
        assert "result" in answer
        return
    assert min((odd(name, one, answer) for one in expected), key=len) == []


def odd(name: str, sample: Any, answer: Any) -> list[str]:
    """Where an answer has another form than a sample."""
    expected = plain(texts(sample) if name.startswith("on") else sample)
    more = {"ignore": IGNORED.get(name, ()), "open_at": OPEN.get(name, ())}
    return mismatches(expected, plain(answer), numbered=name in NUMBERED, **more)


def plain(answer: Any) -> Any:
    """Without what differs from portal to portal: the clock's details and user fields."""
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items() if key not in ("time", "next") and not _own(key)}
    return [plain(value) for value in answer] if isinstance(answer, list) else answer


def _own(key: str) -> bool:
    return key.startswith(("UF_CRM_", "ufCrm", "parentId1", "PARENT_ID_1", "property"))


def texts(sample: Any) -> Any:
    """An event as it is on the wire: a form knows no numbers and nothing empty."""
    if isinstance(sample, dict):
        return {key: texts(value) for key, value in sample.items() if value not in ([], {})}
    return str(sample) if isinstance(sample, int) else sample


OPEN = {
    # One sample is of another type of record, or of a portal with more modules.
    "crm.item.fields": ("$.result.fields",),
    "batch": ("$.result.result.get_user", "$.result.result.get_department[]"),
    "department.get": ("$.result[]",),
    "userfieldconfig.add": ("$.result.field.languageId",),
    "userfieldconfig.list": ("$.result.fields[].languageId", "$.result.fields[].editFormLabel"),
}
IGNORED = {
    # The sample has the rates beside the result, the vendor's own code reads them inside: that is believed.
    "catalog.vat.list": ("$.vats", "$.result"),
    "catalog.product.add": ("$.result.element.barcodeMulti",),
    # Older portals say nothing of the run time.
    "batch": tuple(
        f"$.result.result_time.{key}.{word}" for key in ("get_user", "get_department") for word in ("operating", "operating_reset_at")
    ),
    "recorded batch_list_empty": ("$.result.result_time.order0000000000.operating_reset_at",),
    "recorded crm_item_productrow_list": (
        *(f"$.result.result_time.cmd0000000000.{word}" for word in ("operating", "operating_reset_at")),
        "$.result.result.cmd0000000000.productRows[].storeId",
    ),
    "oncrmrequisiteupdate": ("$.event_handler_id",),
    # The newest sample's event carried no data.
    "event.offline.get": ("$.result.events[].EVENT_DATA",),
}
NUMBERED = frozenset({"crm.documentgenerator.template.list"})
"""Answers with objects whose keys are ids."""

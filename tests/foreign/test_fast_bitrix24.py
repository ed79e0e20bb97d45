"""fast_bitrix24 is the judge of our batch: lists of more than fifty go out as batches, and so do all pages behind the first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.foreign.conftest import Report, Run, Street, Vendor

TITLES = [f"Firma {number:03} & Söhne [GmbH] 50 %" for number in range(120)]


@pytest.fixture(scope="module")
def portal(street: Street) -> Vendor:
    return street.bitrix24


@pytest.fixture(scope="module")
def report(portal: Vendor, run: Run) -> Report:
    """What the client understood of a whole visit."""
    return run("fast.py", told={"webhook": f"{portal.url}/rest/1/b24sandboxhook01/"})


def companies(portal: Vendor) -> dict[int, Any]:
    """The portal's own view."""
    rows = portal.ask("truth")["companies"]
    return {row["ID"]: row for row in rows}


def test_a_hundred_and_twenty_records_are_made_each_once(report: Report, portal: Vendor) -> None:
    assert len(set(report["made"])) == 120
    assert companies(portal)[report["single"]]["TITLE"] == "Einzeln"


def test_lists_of_several_pages_are_complete_in_both_generations(report: Report) -> None:
    assert [key for key, _, _ in report["classic"]] == report["made"]
    assert sorted(title for _, title, _ in report["classic"]) == TITLES
    assert {phone for _, _, phone in report["classic"]} == {"+49 30 1234567"}
    assert report["universal"] == [[key, title] for key, title, _ in report["classic"]]
    assert sorted(report["short"])[:20] == report["made"][100:]
    assert report["stages"] == 8


def test_records_are_read_by_their_ids_and_changed(report: Report, portal: Vendor) -> None:
    assert report["changes"] == [True] * 70
    assert [before for before, _ in report["titles"]] == [title for _, title, _ in report["classic"][:70]]
    assert [after for _, after in report["titles"]] == [f"{before} neu" for before, _ in report["titles"]]
    assert companies(portal)[report["made"][0]]["TITLE"] == report["titles"][0][1]
    assert report["emptied"] is True


def test_a_command_of_a_batch_uses_the_result_of_an_earlier_one(report: Report) -> None:
    chain = report["chain"]

    assert (chain["read"]["ID"], chain["read"]["TITLE"]) == (str(chain["new"]), "Verkettet")


def test_a_refused_command_is_named_and_the_others_of_its_batch_are_done(report: Report, portal: Vendor) -> None:
    assert report["refused"] == {
        "one of a batch": {"order0000000001": {"error": "", "error_description": "Company is not found"}},
        "no such method": 404,
        "no such item": {"order0000000000": {"error": "NOT_FOUND", "error_description": "Element not found"}},
        "halted": {"a": {"error": "", "error_description": "Not found"}},
    }
    done = [call for call in portal.log() if call["operation"] == "crm.company.update" and call["method"] == "BATCH"]
    assert [call["status"] for call in done[-3:]] == [200, 400, 200]
    assert "Nie" not in {row["TITLE"] for row in companies(portal).values()}


def test_what_is_deleted_is_gone_from_the_portal(report: Report, portal: Vendor) -> None:
    assert report["deleted"] == [True] * 60
    assert not set(report["made"][60:]) & set(companies(portal))


def test_fifty_commands_go_into_one_request(report: Report, portal: Vendor) -> None:
    log = portal.log()
    asked = Counter(call["operation"].partition(" ")[0] for call in log if call["method"] == "POST")
    inside = Counter(call["operation"] for call in log if call["method"] == "BATCH")

    assert report["made"]
    assert (inside["crm.company.add"], inside["crm.company.get"], inside["crm.company.delete"]) == (122, 142, 60)
    assert inside["crm.company.list"] == inside["crm.item.list"] == 2
    # 120 adds in 3, one alone, 2 lists, twice 70 reads in 2, 70 changes in 2, chain, refused (3 batches), 60 deletes in 2.
    assert asked["batch"] == 3 + 1 + 2 + 4 + 2 + 1 + 3 + 2

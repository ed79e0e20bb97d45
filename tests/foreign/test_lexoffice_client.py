"""lexoffice_client validates each answer against models of its own, and has the vendor's older host built in."""

from __future__ import annotations

import pytest

from tests.foreign.conftest import LEXOFFICE_HOST, Report, Run, Street, Vendor

KEY = "lxo-sandbox-0123456789abcdef"


@pytest.fixture(scope="module")
def account(street: Street) -> Vendor:
    return street.lexoffice


@pytest.fixture(scope="module")
def report(account: Vendor, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the client understood of a whole visit."""
    file = tmp_path_factory.mktemp("receipt") / "beleg.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    return run("lexoffice.py", told={"key": KEY, "address": f"{account.url}/v1", "file": str(file)})


def test_a_contact_is_made_read_and_changed_with_the_version_that_was_read(report: Report, account: Vendor) -> None:
    assert report["contact"] == [[1, "Ölmann & Söhne GmbH", None, "Berlin"], [2, "Ölmann & Söhne GmbH", "Nur vormittags", "Berlin"]]
    assert report["versions"] == [1, 2, True]
    held = [row for row in account.ask("truth")["contacts"] if row.get("company")]
    assert [(row["company"]["name"], row["note"], row["version"]) for row in held] == [("Ölmann & Söhne GmbH", "Nur vormittags", 2)]
    status, words = report["stale"]
    assert (status, "invalid_value" in words, '"source":"version"' in words) == (406, True, True)


def test_a_list_of_three_pages_is_complete_and_says_where_it_ends(report: Report) -> None:
    assert report["pages"] == [[0, 25, 60, 3, True, False], [1, 25, 60, 3, False, False], [2, 10, 60, 3, False, True]]
    assert report["names"] == [f"Blatt {number:02}" for number in range(60)]


def test_filters_find_parts_in_any_case_and_names_written_as_in_html(report: Report) -> None:
    assert report["found"] == [1, 0, 1, 1]


def test_an_article_is_made_changed_found_and_deleted(report: Report) -> None:
    assert report["article"] == [["Montage vor Ort", 2, 119.0]]
    assert report["article gone"] == 404


def test_documents_of_five_kinds_are_made_and_counted(report: Report) -> None:
    assert report["documents"] == [["draft", "RE"], ["open", "RE"], ["open", "GS"], ["open", "AG"], ["draft", "LS"]]
    assert report["total"] == [149.97, 178.46, 28.49]
    assert report["follows"] == ["invoice"]
    assert report["listed"] == ["creditnote", "deliverynote", "invoice", "invoice", "quotation"]


def test_files_go_up_and_come_down(report: Report) -> None:
    assert (report["pdf"], report["draft's pdf"]) == ("%PDF-", 409)
    assert report["file"] == ["%PDF-", "unchecked"]


def test_a_listener_is_entered_shown_and_taken_out(report: Report) -> None:
    assert (report["listening"], report["listening later"]) == (["contact.changed"], 0)


def test_the_account_is_read(report: Report) -> None:
    assert report["account"] == {
        "profile": ["net", False], "germany": "Deutschland", "categories": ["income", "outgo"], "layouts": 1, "templates": 0,
    }  # fmt: skip


def test_refusals_reach_the_client_in_the_shapes_of_the_vendor(report: Report) -> None:
    refused = report["refused"]

    assert refused["unknown"] == 404
    assert [refused[name][0] for name in ("short filter", "invalid", "no line", "key")] == [400, 406, 406, 401]
    for name, words in (
        ("short filter", '"source":"name"'),
        ("invalid", '"i18nKey":"missing_entity","source":"roles.customer or roles.vendor"'),
        ("no line", '"violation":"NOTNULL","field":"lineItems"'),
        ("key", '{"message":"Unauthorized"}'),
    ):
        assert words in refused[name][1]


def test_it_went_to_the_host_it_has_built_in_and_nowhere_else(report: Report, street: Street) -> None:
    assert report["account"]
    assert set(street.relay.asked) == {f"{LEXOFFICE_HOST}:443"}

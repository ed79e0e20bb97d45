"""``customers``, ``documents``, ``export``: what both systems know, at the terminal."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.unit.cli.desk import Desk


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Two customers, one of them linked, and an invoice."""
    desk.company(name="Müller Söhne GmbH")
    customer = desk.customer()
    invoice = desk.books.act("create_invoice", {"CUSTOMER_ID": str(customer), "items": "Schild; 2; 100; 19"})
    desk.books.act("complete_invoice", {"ID": str(invoice["id"])})
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    desk.run("release", run)
    desk.run("sync")
    return desk


def test_customers_are_found_without_diacritics_and_shown_with_both_sides(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = busy.run("customers", "--search", "muller", "--json").json
    assert [(one["label"], one["state"]) for one in found] == [("Müller Söhne GmbH", "linked")]
    whole = busy.run("customers", "--record", found[0]["record"], "--json").json
    assert {one["field"]: one["sign"] for one in ({"field": f["name"], "sign": f["sign"]} for f in whole["fields"])}["name"] == "same"
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    told = busy.run("customers")
    assert "Mond Optik GmbH" in told.out
    assert "[Verknüpft]" in told.out
    assert "gleich: " in busy.run("customers", "--record", found[0]["record"]).out
    assert busy.run("customers", "--record", "a:party:company:0").code == 2
    assert busy.run("customers", "--state", "nonsense").code == 2
    assert busy.run("customers", "--search", "gibtsnicht", "--json").json == []


def test_documents_show_their_amounts_and_give_their_file(busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    told = busy.run("documents", "--json").json
    assert [(one["gross"], one["state"], one["customer"]) for one in told["documents"]] == [("238", "issued", "Mond Optik GmbH")]
    assert told["open"][0]["currency"] == "EUR"
    assert "238,00 EUR" in busy.run("documents", "--state", "open").out
    assert busy.run("documents", "--state", "paid", "--json").json["documents"] == []
    record = f"b:invoice:{told['documents'][0]['key']}"
    assert "Schild  2 × 100,00 EUR" in busy.run("documents", "--record", record).out
    file = tmp_path / "rechnung.pdf"
    assert busy.run("documents", "--record", record, "--pdf", str(file)).code == 0
    assert file.read_bytes().startswith(b"%PDF")
    assert busy.run("documents", "--record", record, "--pdf", str(tmp_path / "none" / "x.pdf")).code == 2
    assert busy.run("documents", "--record", "b:invoice:0").code == 2


def test_a_list_is_printed_or_written_to_a_file(busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    for what, least in (("customers", 2), ("documents", 1), ("history", 1), ("problems", 0)):
        file = tmp_path / f"{what}.csv"
        told = busy.run("export", what, "--file", str(file))
        assert told.code == 0, told.text
        rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))
        assert len(rows) - 1 >= least
        assert busy.run("export", what).out.splitlines()[0].endswith(rows[0][-1])
    assert busy.run("export", "secrets").code == 2

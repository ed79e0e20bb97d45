"""The small pieces of the kit: state file, pages, PDF."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from unisono.sandbox.kit import html
from unisono.sandbox.kit.pdf import make_pdf
from unisono.sandbox.kit.state import load, save
from unisono.sandbox.kit.world import World


def test_a_saved_world_comes_back_with_its_types_counters_clock_and_chance(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    world = World()
    row = {
        "net": Decimal("19.90"),
        "due": date(2026, 11, 30),
        "at": datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        "pdf": b"%PDF\xff",
        "pair": (1, "x"),
        "tags": {3},
        "by": {7: "seven", "$odd": None},
        "one": {"$decimal": "not one of ours"},
    }
    world.storage.table("invoices")[42] = row
    world.storage.next_id("invoices", start=42)
    world.storage.settings.update(plan="solo", deliver=lambda *_: None)
    world.clock.advance(86_400)
    world.log.add(at=world.clock.now(), method="GET", path="/", query="", status=200, write=False, operation="x")
    save(world, file)

    again = World()
    assert load(again, file)
    assert again.storage.tables == {"invoices": {42: row}}
    assert again.storage.settings == {"plan": "solo"}
    assert again.storage.next_id("invoices") == 43
    assert again.clock.now() == world.clock.now()
    assert again.log.seq == 1
    assert again.random.random() == world.random.random()


def test_no_state_file_is_no_error_and_a_broken_one_says_which(tmp_path: Path) -> None:
    assert load(World(), tmp_path / "none.json") is False
    broken = tmp_path / "broken.json"
    broken.write_text('{"version": 1, "tables"', encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.json is not a sandbox state"):
        load(World(), broken)


def test_values_on_a_page_are_escaped() -> None:
    evil = "<script>alert('Müller & Söhne')</script>"
    shown = html.page(evil, html.heading(evil), html.table([evil], [[evil]]), html.form("a", [html.field("n", "l", evil)], evil)).get_data(
        as_text=True
    )
    assert "<script" not in shown
    assert "&lt;script&gt;alert(&#x27;Müller &amp; Söhne&#x27;)" in shown
    assert html.link("javascript:alert(1)", "x") == "x"


def test_a_table_without_rows_says_so() -> None:
    assert html.table(["name"], [], "no companies") == '<p class="note">no companies</p>'


def test_a_pdf_has_a_correct_table_of_its_objects_and_shows_umlauts() -> None:
    raw = make_pdf("Angebot (Fenster)", ["Müller & Söhne", "1.190,00 €"], stamp="1")
    assert raw.startswith(b"%PDF-1.4\n")
    assert raw.endswith(b"%%EOF\n")
    start = int(raw.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert raw[start:].startswith(b"xref\n0 7\n")
    offsets = [int(entry) for entry in re.findall(rb"(\d{10}) 00000 n ", raw[start:])]
    assert len(offsets) == 6
    for number, offset in enumerate(offsets, 1):
        assert raw[offset:].startswith(b"%d 0 obj\n" % number)
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", raw, re.DOTALL).groups()  # type: ignore[union-attr]
    assert int(length) == len(stream)
    assert "Müller & Söhne".encode("cp1252") in stream
    assert b"(Angebot \\(Fenster\\))" in stream


def test_the_same_document_differs_by_its_stamp_and_only_by_it() -> None:
    assert make_pdf("A", ["x"], stamp="1") == make_pdf("A", ["x"], stamp="1")
    assert make_pdf("A", ["x"], stamp="1") != make_pdf("A", ["x"], stamp="2")

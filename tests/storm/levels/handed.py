"""Level G, what people hand in: policy files and lists in a workbook, spoilt by whoever sends them, or by the way.

A policy is refused with reasons, or it is one that is written back as the same. A workbook gives rows of clean text within its limits, or a
reason; one whose bytes alone were spoilt gives the rows it had, or a reason, for its check sums tell.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from random import Random
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.comments import Comment

from tests.storm.levels.abilities import drawn_policy, pick
from tests.storm.levels.bounds import Bound
from tests.storm.levels.mutations import spoilt_text
from tests.storm.levels.packages import spoilt_bytes, spoilt_part, spoilt_parts
from tests.storm.verdict import Broken
from tests.support.sheets import SHEET, xlsx
from unisono.policy import files
from unisono.policy.files import BadPolicy, parse_policy, policy_text
from unisono.wiring import spreadsheet
from unisono.wiring.spreadsheet import BadSheet

ROWS = [
    ["Firma", "PLZ", "Ort", "Umsatz"],
    ["Bäckerei <Sonne> & Söhne", "01067", "Łódź", "1190.5"],
    ["Școala Mică", "407200", "Iași", "12"],
    ["", "", "nur der Ort"],
]
CANARY = "canary-8b1f60d3ac97"
"""Stands in the workbooks wherever nobody reads: in properties, a comment, a formula, as what is spoken, and as what an entity says."""
SHEET_CODES = frozenset(
    f"sheet-{word}" for word in "too-large not-xlsx damaged locked macros unpacks-too-large too-many-rows too-many-cells".split()
)
POLICY_CODES = frozenset({"policy-too-long", "policy-not-toml", "policy-wrong-entry"})


def handed(seed: int, count: Callable[[str], None]) -> Iterator[Broken]:
    """One workbook and one policy file; every eighth of each is weighed."""
    count("workbooks")
    yield from sheeted(Random(f"{seed} workbook"), count, weighed=seed % 8 == 1)
    count("policies")
    yield from policed(Random(f"{seed} policy"), count, weighed=seed % 8 == 5)


# --- policies ---------------------------------------------------------------------------------------------------------------------------


def policed(rnd: Random, count: Callable[[str], None], *, weighed: bool = False) -> Iterator[Broken]:
    """A spoilt policy file is refused with every reason there is, or it is a policy that is written back as the same."""
    text = spoilt_text(rnd, policy_text(drawn_policy(rnd)))
    if rnd.random() < 0.02:
        text = text * (files.MOST // max(1, len(text)) + 1)
    try:
        with Bound("policy", weighed=weighed) as bound:
            found = files.troubles(text)
        yield from bound.broken
        yield from _refused(text, found)
        if found:
            count("refused")
            return
        policy = parse_policy(text)
        if parse_policy(policy_text(policy)) != policy:
            yield Broken("I21", f"a policy changes when it is written and read: {text[:200]!r}")
        count("read")
    except BadPolicy as bad:
        yield Broken("I8", f"nothing was said to be wrong, and it is refused all the same: {bad}")
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        yield Broken("I16", f"{type(error).__name__}: {str(error)[:200]} for the policy {text[:200]!r}")


def _refused(text: str, found: list[BadPolicy]) -> Iterator[Broken]:
    """Each reason has a sentence, and says of what."""
    for bad in found:
        if bad.code not in POLICY_CODES or not bad.values or not all(isinstance(value, str) for value in bad.values.values()):
            yield Broken("I8", f"{bad.code} {bad.values} does not say what is wrong")
        if any(len(value) > 1000 for value in bad.values.values()):
            yield Broken("I22", f"{bad.code} repeats {max(map(len, bad.values.values()))} characters to whoever reads it")
    if len(text) > files.MOST and [bad.code for bad in found] != ["policy-too-long"]:
        yield Broken("I22", f"{len(text)} characters were looked at")


# --- workbooks --------------------------------------------------------------------------------------------------------------------------


@cache
def workbooks() -> tuple[bytes, bytes]:
    """The same list as two programs write it: the texts in the cells, with looks, properties, a comment, a formula and a hidden sheet; and the
    texts in a part of their own, with how they are spoken, nothing packed."""
    book = Workbook()
    hidden, sheet = book.active, book.create_sheet("Kunden")
    assert hidden is not None
    hidden.title, hidden.sheet_state = "verborgen", "hidden"
    hidden.append(["verborgen"])
    for row in ROWS:
        sheet.append([float(cell) if cell == "1190.5" else int(cell) if cell == "12" else cell or None for cell in row])
    sheet["A1"].comment = Comment(CANARY, CANARY)
    sheet["F1"] = f'=HYPERLINK("https://{CANARY}.example","{CANARY}")'
    book.properties.creator = book.properties.title = CANARY
    out = BytesIO()
    book.save(out)
    texts = sorted({cell for row in ROWS for cell in row if cell})
    strings = "".join(f'<si><t>{escape(text)}</t><rPh sb="0"><t>{CANARY}</t></rPh></si>' for text in texts)
    rows = "".join(
        f'<row r="{at}">'
        + "".join(f'<c r="{"ABCD"[n]}{at}" t="s"><v>{texts.index(cell)}</v></c>' for n, cell in enumerate(row) if cell)
        + "</row>"
        for at, row in enumerate(ROWS, 1)
    )
    return out.getvalue(), xlsx(SHEET.format(doctype="", rows=rows), strings=f"<sst>{strings}</sst>", stored=True)


@cache
def parts(package: bytes) -> dict[str, bytes]:
    """What is in a workbook; nothing that nobody reads is a text of a cell."""
    with zipfile.ZipFile(BytesIO(package)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def sheeted(rnd: Random, count: Callable[[str], None], *, weighed: bool = False) -> Iterator[Broken]:
    """A spoilt workbook: its bytes, or a part inside a package that is sound, or which parts there are."""
    how, data = _spoilt(rnd)
    try:
        with Bound(f"workbook, {how}", weighed=weighed) as bound:
            rows = spreadsheet.rows_of(data)
        yield from bound.broken
    except BadSheet as bad:
        count("refused")
        if bad.code not in SHEET_CODES or not all(isinstance(value, str) for value in bad.values.values()):
            yield Broken("I8", f"{bad.code} {bad.values} has no sentence", how)
        return
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        yield Broken("I16", f"{type(error).__name__}: {str(error)[:200]} for {data[:80]!r}", how)
        return
    count("read")
    yield from _sound(rows, how)
    if how == "bytes" and rows != ROWS:
        yield Broken("I21", f"other rows than were written: {str(rows)[:300]}", how)


def _spoilt(rnd: Random) -> tuple[str, bytes]:
    package, draw = pick(rnd, workbooks()), rnd.random()
    if draw < 0.35:
        return "bytes", spoilt_bytes(rnd, package)
    if draw < 0.9:
        return spoilt_part(rnd, parts(package), CANARY)
    return "parts", spoilt_parts(rnd, parts(package))


def _sound(rows: list[list[str]], how: str) -> Iterator[Broken]:
    """Rows that a list may consist of: within the limits, clean, of cells and nothing else."""
    cells = [cell for row in rows for cell in row]
    if (
        len(rows) > spreadsheet.MOST_ROWS
        or max(map(len, rows), default=0) > spreadsheet.MOST_COLUMNS
        or len(cells) > spreadsheet.MOST_CELLS * 4
    ):
        yield Broken("I22", f"{len(rows)} rows, {len(cells)} cells", how)
    for cell in cells:
        if not cell.isprintable() or len(cell) > spreadsheet.LONGEST or cell != cell.strip():
            yield Broken("I21", f"no clean text: {cell[:40]!r}", how)
        if CANARY in cell:
            yield Broken("I14", f"taken for content: {cell[:80]!r}", how)

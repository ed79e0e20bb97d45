"""A report as one page of HTML that needs nothing else: to be printed, sent or kept. No script, nothing loaded, every text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b2036, #eceef5); --soft: light-dark(#4c5168, #b7bccb);
  --rule: light-dark(#cfc9bb, #3d4251); --paper: light-dark(#fff, #13151c) }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25 }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.125rem }
p { margin: .25rem 0; color: var(--soft) }
a { color: inherit }
ul { margin: 0; padding-left: 1.25rem; font-size: .875rem }
div { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
.counts { width: auto; min-width: min(22rem, 100%); margin-top: 1.5rem }
th, td { padding: .375rem .75rem .375rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top }
thead th { color: var(--soft); font-weight: 600 }
tbody th { font-weight: 600 }
tfoot td, tfoot th { border-bottom: 0; font-weight: 600 }
.number { text-align: right }
@media screen and (max-width: 48rem) { body { padding-inline: 1rem } table:not(.counts) { min-width: 46rem } }
@page { margin: 15mm }
@media print { :root { color-scheme: light } body { padding: 0; max-width: none; font-size: 10pt } tr { break-inside: avoid }
  h2 { break-after: avoid } div { overflow: visible } }
"""
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""By which a browser that is told to take no other style knows this one."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many records of one sort. ``name`` is the sort's code, ``parts`` say what became of them."""

    name: str
    title: str
    number: int
    parts: str


@dataclass(frozen=True, slots=True)
class Line:
    """One record: what it is called, which it is on either side, what became of it, why."""

    record: str
    a: str
    b: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands on the page, in the reader's words. ``columns`` are the heads of a ``Line``'s five values, ``sections`` lists with a title
    that stand before the records."""

    language: str
    title: str
    facts: tuple[str, ...]
    counts: tuple[Count, ...]
    columns: tuple[str, str, str, str, str]
    total: str
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()


def printable(sheet: Sheet, sections: Iterable[tuple[Count, Iterable[Line]]]) -> Iterator[str]:
    """The page, line by line: however many records there are, no more than a few are held."""
    yield from _head(sheet)
    for count, lines in sections:
        yield f'<h2 id="{escape(count.name)}">{escape(count.title)} ({count.number})</h2>'
        yield "<div><table><thead><tr>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in sheet.columns) + "</tr></thead><tbody>"
        for line in lines:
            cells = "".join(f"<td>{escape(text)}</td>" for text in (line.a, line.b, line.outcome, line.why))
            yield f'<tr><th scope="row">{escape(line.record)}</th>{cells}</tr>'
        yield "</tbody></table></div>"
    yield "</main></body></html>"


def _head(sheet: Sheet) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="{escape(sheet.language)}"><head><meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{escape(sheet.title)}</h1>"
    for fact in sheet.facts:
        yield f"<p>{escape(fact)}</p>"
    yield '<table class="counts"><tbody>'
    for count in sheet.counts:
        name = f'<a href="#{escape(count.name)}">{escape(count.title)}</a>'
        yield f'<tr><th scope="row">{name}</th><td class="number">{count.number}</td><td>{escape(count.parts)}</td></tr>'
    yield f'</tbody><tfoot><tr><td colspan="3">{escape(sheet.total)}</td></tr></tfoot></table>'
    for title, lines in sheet.sections:
        yield f"<h2>{escape(title)}</h2><ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"

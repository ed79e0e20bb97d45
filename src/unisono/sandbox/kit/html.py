"""Plain pages for the vendor's side. Everything is escaped; there is no script and no inline style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.words import language_of, say
from unisono.sandbox.kit.world import World

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1d2733; --soft: #5b6875; --line: #d5dbe1; --paper: #fbfbf9; --card: #fff; --accent: #1f6f78; --bad: #a13a2f;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ec; --soft: #9aa7b3; --line: #38424c; --paper: #171b20; --card: #1f252b; --accent: #6fc3cc; --bad: #ef9a8d }
}
* { box-sizing: border-box }
body {
  margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 76rem;
  color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem }
h3 { font-size: 1rem; margin: 1rem 0 .25rem }
p { max-width: 46rem }
.note { color: var(--soft) }
.error { color: var(--bad); border-left: 3px solid var(--bad); padding-left: .75rem }
a { color: var(--accent) }
nav a { margin-right: 1rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; background: var(--card); font-size: .92rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 }
form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; margin: .5rem 0 1rem }
td form { margin: 0 }
label { display: flex; flex-direction: column; font-size: .82rem; color: var(--soft) }
input, select, textarea {
  font: inherit; color: var(--ink); background: var(--card); min-width: 8rem;
  border: 1px solid var(--line); border-radius: 4px; padding: .3rem .45rem;
}
button {
  font: inherit; color: var(--card); background: var(--accent); cursor: pointer;
  border: 0; border-radius: 4px; padding: .4rem .9rem;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
details { border: 1px solid var(--line); border-radius: 6px; padding: .4rem .8rem; margin: .5rem 0; background: var(--card) }
summary { cursor: pointer; white-space: nowrap }
.pretended {
  margin: 0 0 1.5rem; padding: .6rem .9rem; border: 1px dashed var(--accent); border-radius: 6px;
  display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; justify-content: space-between; background: var(--card); font-size: .92rem;
}
.pretended p { margin: 0 }
.saved { color: var(--accent); border-left: 3px solid var(--accent); padding-left: .75rem }
.switch button { background: var(--card); color: var(--ink); border: 1px solid var(--line) }
.switch button[aria-pressed="true"] { background: var(--accent); color: var(--card); border-color: var(--accent) }
"""


class Safe(str):
    """Text that is HTML already. Everything else is escaped where it meets a page."""


def text(value: object) -> Safe:
    """A value as HTML: escaped unless it is ``Safe``; ``None`` is empty."""
    if isinstance(value, Safe):
        return value
    return Safe("" if value is None else escape(str(value)))


def join(*parts: object) -> Safe:
    """Several values one after the other, each escaped unless ``Safe``."""
    return Safe("".join(text(part) for part in parts))


def heading(words: object, level: int = 2, anchor: str = "") -> Safe:
    """A heading; ``anchor`` makes it a target for ``#anchor``."""
    name = f' id="{escape(anchor)}"' if anchor else ""
    return Safe(f"<h{level}{name}>{text(words)}</h{level}>")


def paragraph(words: object, kind: str = "") -> Safe:
    """A paragraph; ``kind`` is ``note`` or ``error``."""
    css = f' class="{escape(kind)}"' if kind else ""
    return Safe(f"<p{css}>{text(words)}</p>")


def link(address: str, words: object) -> Safe:
    """A link. Addresses other than relative or http(s) ones become plain text."""
    if address.startswith(("/", "?", "#", "http://", "https://")):
        return Safe(f'<a href="{escape(address)}">{text(words)}</a>')
    return text(words)


def table(head: Sequence[object], rows: Iterable[Sequence[object]], empty: str = "nothing here yet") -> Safe:
    """A table; without rows, the words of ``empty``."""
    body = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return paragraph(empty, "note")
    top = "".join(f"<th>{text(cell)}</th>" for cell in head)
    return Safe(f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>')


def field(name: str, label: str = "", value: object = "", *, kind: str = "text", required: bool = False) -> Safe:
    """One input of a form; ``kind`` is an HTML input type, ``hidden`` or ``textarea``."""
    if kind == "hidden":
        return Safe(f'<input type="hidden" name="{escape(name)}" value="{text(value)}">')
    must = " required" if required else ""
    if kind == "textarea":
        control = f'<textarea name="{escape(name)}" rows="3"{must}>{text(value)}</textarea>'
    else:
        step = ' step="any"' if kind == "number" else ""
        control = f'<input type="{escape(kind)}" name="{escape(name)}" value="{text(value)}"{step}{must}>'
    return Safe(f"<label>{text(label or name)}{control}</label>")


def choice(name: str, options: Iterable[tuple[object, object]], label: str = "", value: object = "") -> Safe:
    """A drop-down of ``(value, words)``."""
    items = "".join(
        f'<option value="{text(key)}"{" selected" if str(key) == str(value) else ""}>{text(words)}</option>' for key, words in options
    )
    return Safe(f'<label>{text(label or name)}<select name="{escape(name)}">{items}</select></label>')


def form(act: str, fields: Iterable[Safe], button: str) -> Safe:
    """A form for one action of the vendor's side (``POST /_sandbox/act/<act>``)."""
    return Safe(
        f'<form method="post" action="/_sandbox/act/{escape(act)}">{"".join(fields)}<button type="submit">{text(button)}</button></form>'
    )


def details(summary: object, *content: object) -> Safe:
    """A part of the page that opens on a click."""
    return Safe(f"<details><summary>{text(summary)}</summary>{join(*content)}</details>")


def page(title: str, *content: object, request: Request | None = None, world: World | None = None) -> Response:
    """A whole page. With ``request``, what an action left in ``?error=`` or ``?saved=`` is told at the top; with ``world``, that this is only
    pretended, and the ways to the other side and to the product that the settings ``others`` and ``product`` name."""
    language = language_of(world, request) if world is not None and request is not None else "en"
    said = request.args.get("error", "") if request else ""
    trouble = paragraph(said, "error") if said else ""
    if world is not None and request is not None and request.args.get("saved"):
        trouble = Safe(f'<p class="saved" role="status">{text(say("saved", language))}</p>')
    heading_ = say("title", language, title=title) if world is not None else title
    document = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{text(heading_)}</title><link rel="stylesheet" href="/_sandbox/style.css"></head>'
        f"<body>{_ways(world, title, language) if world is not None else ''}<h1>{text(heading_)}</h1>{trouble}{join(*content)}</body></html>\n"
    )
    return Response(document, mimetype="text/html")


def _ways(world: World, title: str, language: str) -> Safe:
    """What this page is, and how one gets away from it."""
    settings = world.storage.settings
    ways = [link(address, say("other-page", language, title=name)) for name, address in settings.get("others", {}).items()]
    if settings.get("product"):
        ways.insert(0, link(str(settings["product"]), say("back", language)))
    there = Safe(f"<nav>{''.join(ways)}</nav>") if ways else Safe("")
    return Safe(f'<header class="pretended">{paragraph(say("pretended", language, title=title))}{there}</header>')

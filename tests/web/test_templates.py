"""Templates hold no words of their own: every sentence is in the catalogues. Files of others are as they were published."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from unisono.web import static_folder
from unisono.web.icons import SHAPES
from unisono.web.render import FOLDER

TEMPLATES = sorted(FOLDER.rglob("*.html"))
SPOKEN = ("alt", "aria-label", "aria-description", "placeholder", "title", "content", "data-l", "summary", "label")
"""Attributes that people read or hear."""
NO_WORDS = {"Unisono", "J", "K", "UTF", "utf-8", "width=device-width, initial-scale=1", "light dark"}
CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class Words(HTMLParser):
    """The literal text of a template, and of its attributes that are read out."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(CODE.sub(" ", source))

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs).get("name") or ""
        self.found += [value or "" for name, value in attrs if name in SPOKEN and not named.startswith(("viewport", "htmx-"))]


def literal(source: str) -> list[str]:
    told = [" ".join(text.split()) for text in Words(source).found]
    return [
        text for text in told if re.search(r"[^\W\d_]{2,}|^[^\W\d_]$", text) and text not in NO_WORDS and text.strip("· ") not in NO_WORDS
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_a_template_has_no_sentence_of_its_own(path: Path) -> None:
    assert literal(path.read_text(encoding="utf-8")) == []


def test_the_search_for_sentences_sees_text_and_spoken_attributes_and_no_code() -> None:
    assert literal("<p>Hello {{ name }}</p>") == ["Hello"]
    assert literal('<input placeholder="Your name" class="wide">') == ["Your name"]
    assert literal("<p>{{ t('a.b') }} · 3</p>{# a comment #}{% if 'words' %}{% endif %}") == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_a_template_marks_nothing_as_safe_and_has_no_inline_script_or_style(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", source)
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


def test_every_template_can_be_read() -> None:
    env = Environment(autoescape=True, extensions=["jinja2.ext.do"])
    assert len(TEMPLATES) > 10
    for path in TEMPLATES:
        env.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_every_sign_a_template_names_is_drawn() -> None:
    named = {name for path in TEMPLATES for name in re.findall(r"icon\('([\w-]+)'\)", path.read_text(encoding="utf-8"))}
    assert named
    assert named - set(SHAPES) == set()


def test_files_of_others_are_unchanged_and_named_with_version_and_licence() -> None:
    folder = static_folder() / "vendor"
    rows = [line.split("|")[1:-1] for line in (folder / "VENDOR.md").read_text(encoding="utf-8").splitlines() if line.startswith("| htmx")]
    told = {row[0].strip(): (row[2].strip(), row[4].strip(), row[5].strip()) for row in rows}
    scripts = {path.name for path in folder.iterdir() if path.suffix in (".js", ".css")}
    assert set(told) == scripts
    for name, (version, licence, digest) in told.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert (folder / licence.split(", ")[1]).read_text(encoding="utf-8").startswith(("Zero-Clause BSD", "BSD Zero Clause"))

"""The report of a run as a page of its own: its numbers add up, what people type stays text, it is whole in every language."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from tests.stories.folk import company, customer, deal_of
from tests.stories.test_f_complete_sync import complete
from tests.stories.test_preview import awkward, previewed, released, rows
from tests.support.village import Village
from unisono.locale.languages import LANGUAGES
from unisono.locale.names import name_of
from unisono.locale.say import say
from unisono.locale.tell import tell
from unisono.store.runs import PlanRow, Run
from unisono.wiring.previewing import progress
from unisono.wiring.reporting import report_as

EVIL = '<script>alert("x")</script> & "Söhne" GmbH'


@dataclass
class Page(HTMLParser):
    """A page as a browser takes it apart: its elements, and the cells of each table row."""

    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    text: str = ""
    language: str = ""
    inside: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.language = self.language or given.get("lang") or ""
        if tag == "tr":
            self.table.append([])
        if tag in ("td", "th"):
            self.table[-1].append("")
            self.inside = True

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.inside:
            self.table[-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")


def page_of(v: Village, run: Run, language: str = "de") -> tuple[Page, str]:
    """The page, taken apart, and its source."""

    def words(code: str, **values: str) -> str:
        return say(code, values, language)

    def why(row: PlanRow) -> str:
        reason = row.action["reason"]
        return tell(reason["code"], reason["values"], language, name=row.label, kind=row.kind, led=False)

    source = "\n".join(report_as(v.house, run.id, "html", words, why, language=language))
    page = Page()
    page.feed(source)
    return page, source


def test_the_numbers_of_the_page_add_up_and_every_record_stands_on_it_once(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    released(v, run)
    v.sync()
    page, _ = page_of(v, run)
    total = progress(v.house, run.id).total
    counted = [int(cells[1]) for cells in page.table if len(cells) == 3]
    lines = [cells for cells in page.table if len(cells) == 5 and cells[4] != name_of("column.why", "de")]
    assert (sum(counted), len(lines)) == (total, total)
    assert f"Datensätze insgesamt: {total}." in page.text
    assert Counter(r.label for r in rows(v, run)) == Counter(cells[0].partition(" ")[2] for cells in lines)
    (made,) = [cells for cells in lines if cells[0] == "Kunde Gasthof Lindenhof KG"]
    assert made[1].isdecimal(), "which it is in the CRM"
    assert made[2].startswith("Kunde "), "and which it has become in the books"
    assert made[3] == "erledigt"
    assert [f"#{name}" for name in page.ids] == page.links, "each count leads to its records"


def test_what_people_type_stays_text_and_nothing_is_loaded_from_anywhere(unreleased: Village) -> None:
    v = unreleased
    deal_of(v, company(v, name=EVIL, email="evil@firma.example"))
    v.clock.advance(86400)
    run = previewed(v, complete())
    released(v, run)
    v.sync()
    page, source = page_of(v, run)
    assert f"Kunde {EVIL}" in [cells[0] for cells in page.table if cells]
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "<script" not in source
    assert all(link.startswith("#") for link in page.links)
    assert "default-src 'none'" in source, "and a browser is told so"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_in_every_language(unreleased: Village, language: str) -> None:
    v = unreleased
    customer(v)
    v.clock.advance(86400)
    run = previewed(v, complete())
    page, _ = page_of(v, run, language)
    assert page.language == language
    told = {code: name_of(code, language) for code in ("verdict.new", "outcome.planned", "column.why", "run.previewed")}
    assert not [code for code, words in told.items() if not words or words not in page.text]
    assert not [code for code in ("verdict.", "outcome.", "column.", "report-") if code in page.text]

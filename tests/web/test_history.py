"""History on a page and by the API: newest first, page by page, by name without diacritics, before and after."""

from __future__ import annotations

import pytest

from tests.web.desk import Desk, Seen
from tests.web.test_pairs import SUN, at_work, company
from unisono.store import pairs
from unisono.store.feed import Cursor, Happened, feed, find_records


@pytest.fixture
def busy(desk: Desk) -> Desk:
    at_work(desk)
    company(desk, "Müller & Söhne GmbH", **SUN)
    company(desk, "Łódzka Spółka z o.o.", **SUN)
    company(desk, "Tâmplăria Ștefănescu SRL", **SUN)
    desk.village.sync()
    return desk


def test_every_write_stands_there_with_its_reason_and_its_values(busy: Desk) -> None:
    page = Seen(busy.browser("vera").get(f"{busy.pair}/history").text)
    assert "Unisono hat Müller & Söhne GmbH in FastBill angelegt." in page.text
    assert "Ring 1" in page.text
    assert "Einstellungen in Fassung 1." in page.text


@pytest.mark.parametrize(
    ("search", "found"),
    (
        ("muller", "Müller & Söhne GmbH"),
        ("SÖHNE", "Müller & Söhne GmbH"),
        ("lodzka spolka", "Łódzka Spółka z o.o."),
        ("stefanescu", "Tâmplăria Ștefănescu SRL"),
    ),
)
def test_a_search_needs_no_diacritics(busy: Desk, search: str, found: str) -> None:
    lines = busy.browser("vera").get(f"/api/v1{busy.pair}/history", params={"search": search}).json()["lines"]
    assert lines
    assert {line["label"] for line in lines} == {found}
    page = Seen(busy.browser("vera").get(f"{busy.pair}/history", params={"search": search}).text)
    assert found in page.text


def test_a_search_without_a_hit_says_so(busy: Desk) -> None:
    page = Seen(busy.browser("vera").get(f"{busy.pair}/history?search=gibtesnicht").text)
    assert "Nichts gefunden" in page.text
    with busy.village.house.store.read() as conn:
        assert find_records(conn, (("a", busy.village.a),), "%") == []
        assert find_records(conn, (("a", busy.village.a),), "  ") == []


def test_one_records_history_holds_what_was_written_on_either_side(busy: Desk) -> None:
    lines = busy.browser("vera").get(f"/api/v1{busy.pair}/history").json()["lines"]
    record = next(line["record"] for line in lines if line["label"].startswith("Müller"))
    one = busy.browser("vera").get(f"/api/v1{busy.pair}/history", params={"record": record}).json()["lines"]
    assert one
    assert {line["label"] for line in one} == {"Müller & Söhne GmbH"}


def test_pages_follow_each_other_without_gap_or_repetition(desk: Desk) -> None:
    at_work(desk)
    with desk.village.house.store.write() as conn:
        for n in range(120):
            pairs.note(conn, desk.village.pair, "party", f"a:party:{n}", "linked", {}, f"Nummer {n}", desk.village.clock.now())
    labels: list[str] = []
    to, steps = f"{desk.pair}/history", 0
    while to:
        page = Seen(desk.browser("vera").get(to).text)
        labels += [word for word in page.text.split("\n") if "Nummer " in word]
        to = next((a["href"] for tag, a in page.elements if tag == "a" and a.get("rel") == "next"), "")
        steps += 1
    assert steps == 3
    numbers = [int(text.rsplit("Nummer ", 1)[1].split()[0]) for text in labels]
    assert numbers == list(range(119, -1, -1))


def test_writes_and_events_are_merged_by_time_across_pages(busy: Desk) -> None:
    v = busy.village
    for n in range(5):
        with v.house.store.write() as conn:
            pairs.note(conn, v.pair, "party", f"a:party:{n}", "linked", {}, f"Nummer {n}", v.clock.now())
        v.clock.advance(1)
        company(busy, f"Firma{n} GmbH", **SUN)
        v.sync()
    with v.house.store.read() as conn:
        whole, rest = feed(conn, v.pair, limit=1000)
        assert rest is None
        paged: list[Happened] = []
        cursor: Cursor | None = Cursor()
        while cursor is not None:
            page, cursor = feed(conn, v.pair, before=cursor, limit=3)
            paged += page
    assert paged == whole
    assert [one.at for one in whole] == sorted((one.at for one in whole), reverse=True)
    assert {one.is_write for one in whole} == {True, False}


def test_a_kind_can_be_asked_for_alone(busy: Desk) -> None:
    events = busy.browser("vera").get(f"/api/v1{busy.pair}/history?sort=events").json()["lines"]
    writes = busy.browser("vera").get(f"/api/v1{busy.pair}/history?sort=writes").json()["lines"]
    refused = busy.browser("vera").get(f"/api/v1{busy.pair}/history?sort=refused").json()["lines"]
    assert {bool(line["operation"]) for line in events} <= {False}
    assert {bool(line["operation"]) for line in writes} == {True}
    assert refused == []
    assert busy.browser("vera").get(f"/api/v1{busy.pair}/history?sort=nonsense").status_code == 422


def test_an_address_nobody_made_is_the_beginning(busy: Desk) -> None:
    whole = Seen(busy.browser("vera").get(f"{busy.pair}/history").text).text
    for before in ("x", "..", "1.2.3", "'--.5", f".{10**40}", "%00.1"):
        told = Seen(busy.browser("vera").get(f"{busy.pair}/history", params={"before": before}).text).text
        assert told.count("angelegt") == whole.count("angelegt")

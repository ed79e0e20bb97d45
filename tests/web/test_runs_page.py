"""Runs on their pages: how far, pause, resume, stop, a second release, what became of each record, the report."""

from __future__ import annotations

import json

import pytest

from tests.web.desk import Desk, Seen
from tests.web.test_pairs import SUN, company
from tests.web.test_preview_page import made
from unisono.wiring.printable import STYLE_HASH
from unisono.wiring.running import Runner


@pytest.fixture
def begun(desk: Desk) -> tuple[Desk, str]:
    """Three customers and one that lacks its postcode, previewed and released; nothing is done yet."""
    for name in ("Sonne GmbH", "Mond GmbH", "Stern GmbH"):
        company(desk, name, **SUN)
    company(desk, "Alpha KG")
    run = made(desk)
    assert desk.send("adam", f"{desk.pair}/runs/{run}/release").status_code == 303
    return desk, f"{desk.pair}/runs/{run}"


def work(desk: Desk) -> None:
    Runner(house=desk.village.house, holder="test").until_quiet(desk.village.pair)


def customers(desk: Desk) -> list[str]:
    return sorted(c["ORGANIZATION"] for c in desk.village.books.truth()["customers"])


def told(desk: Desk, path: str, who: str = "vera") -> Seen:
    return Seen(desk.browser(who).get(path).text)


def test_a_released_run_says_how_far_it_is_and_afterwards_that_it_is_done(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    page = told(desk, run, "adam")
    assert "Erster Abgleich" in page.text
    assert "0 von 4" in page.text
    assert {f"{run}/pause", f"{run}/stop"} <= {a.get("action") for tag, a in page.elements if tag == "form"}
    work(desk)
    page = told(desk, run, "adam")
    assert "4 von 4" in page.text
    assert "Abgeschlossen" in page.text
    assert page.changes == {"/signout", f"{desk.pair}/history/undo/look"}
    assert customers(desk) == ["Mond GmbH", "Sonne GmbH", "Stern GmbH"]


def test_paused_nothing_is_written_until_it_goes_on(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    assert desk.send("adam", f"{run}/pause").headers["location"] == run
    assert "Angehalten" in told(desk, run).text
    work(desk)
    assert customers(desk) == []
    assert desk.call("adam", "POST", f"/api/v1{run}/resume").json() == {"state": "running"}
    work(desk)
    assert len(customers(desk)) == 3


def test_stopped_it_stays_as_it_is_for_good(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    desk.send("adam", f"{run}/stop")
    assert "Abgebrochen" in told(desk, run).text
    work(desk)
    assert customers(desk) == []
    assert desk.send("adam", f"{run}/resume").headers["location"] == f"{run}?said=run-over"
    assert "Das geht bei diesem Lauf nicht mehr." in told(desk, f"{run}?said=run-over").text
    assert desk.call("adam", "POST", f"/api/v1{run}/resume").status_code == 409
    assert desk.call("adam", "POST", f"/api/v1{run}/release").status_code == 409
    assert desk.call("adam", "POST", f"/api/v1{run}/stop").json() == {"state": "stopped"}


def test_looking_is_not_steering(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    assert told(desk, run).changes == {"/signout"}
    for what in ("pause", "resume", "stop", "release"):
        assert desk.send("vera", f"{run}/{what}").status_code == 403
        assert desk.call("vera", "POST", f"/api/v1{run}/{what}").status_code == 403


def test_the_records_are_filtered_by_what_was_planned_and_each_says_what_became_of_it(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    desk.village.crm.act("create_company", {"name": "Nach der Vorschau AG"})
    work(desk)
    page = told(desk, run)
    assert {f"{run}?verdict=new", f"{run}?verdict=refused"} <= page.links
    assert "erledigt: 3" in page.text
    assert "Sonne GmbH" in page.text
    assert "Alpha KG" not in page.text
    refused = told(desk, f"{run}?verdict=refused").text
    assert "Alpha KG" in refused
    assert "Als Problem gemeldet" in refused
    assert "Postleitzahl" in refused
    assert "Sonne GmbH" not in refused


def test_what_nothing_is_done_for_is_counted_apart(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    desk.village.crm.act("create_company", {"name": "Nur ein Kontakt AG"})
    run = f"{desk.pair}/runs/{made(desk)}"
    desk.send("adam", f"{run}/release")
    work(desk)
    page = told(desk, run).text
    assert "1 von 1" in page
    assert "Ausgelassen" in page
    assert "Nur ein Kontakt AG" in told(desk, f"{run}?verdict=left-out").text


def test_what_has_changed_since_the_preview_is_shown_and_waits_for_a_second_yes(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    star = next(c["id"] for c in desk.village.crm.truth()["companies"] if c["name"] == "Stern GmbH")
    desk.village.crm.act("set_address", {"kind": "company", "id": star, **SUN, "street": "Anderswo 9"})
    work(desk)
    assert customers(desk) == ["Mond GmbH", "Sonne GmbH"]
    page = told(desk, run, "adam")
    assert "1 Datensatz hat sich seit der Vorschau geändert." in page.text
    assert f"{run}/release" in {a.get("action") for tag, a in page.elements if tag == "form"}
    assert "Anderswo 9" in told(desk, f"{run}?outcome=changed-since-preview").text
    assert desk.send("adam", f"{run}/release").headers["location"] == f"{run}?said=run-released&count=1"
    work(desk)
    assert customers(desk) == ["Mond GmbH", "Sonne GmbH", "Stern GmbH"]
    assert "hat sich seit der Vorschau geändert" not in told(desk, run).text


def test_the_head_is_sent_again_as_an_event(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    answer = desk.browser("vera").get(f"{run}/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("event: standing")
    assert "0 von 4" in answer.text


def test_the_list_has_every_run_and_leads_to_its_page(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    page = told(desk, f"{desk.pair}/runs")
    assert run in page.links
    assert "0 von 4" in page.text
    work(desk)
    assert "4 von 4" in told(desk, f"{desk.pair}/runs").text
    assert [one["state"] for one in desk.browser("vera").get(f"/api/v1{desk.pair}/runs").json()] == ["done"]


def test_without_a_run_the_list_says_how_one_begins(desk: Desk) -> None:
    assert "Noch kein Lauf" in told(desk, f"{desk.pair}/runs").text


def test_the_report_is_a_page_to_print_and_a_file_to_keep(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    work(desk)
    page = desk.browser("vera").get(f"{run}/report")
    assert page.headers["content-type"].startswith("text/html")
    assert STYLE_HASH in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<!doctype html>" in page.text
    assert "Sonne GmbH" in page.text
    marks = desk.browser("vera").get(f"{run}/report?form=markdown")
    assert marks.headers["content-disposition"].endswith('.md"')
    assert "Sonne GmbH" in marks.text
    file = json.loads(desk.browser("vera").get(f"{run}/report?form=json").text)
    assert (file["total"], file["done"]) == (4, 4)
    assert sorted(row["label"] for row in file["rows"]) == ["Alpha KG", "Mond GmbH", "Sonne GmbH", "Stern GmbH"]
    assert desk.browser("vera").get(f"{run}/report?form=exe").status_code == 422


def test_the_api_tells_the_numbers_and_every_record(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    found = desk.browser("vera").get(f"/api/v1{run}").json()
    assert (found["state"], found["total"], found["done"], found["kind"]) == ("running", 4, 0, "first")
    assert found["counts"] == {"new": {"planned": 3}, "refused": {"planned": 1}}
    rows = desk.browser("vera").get(f"/api/v1{run}/rows?verdict=new&limit=2").json()
    assert [row["verdict"] for row in rows] == ["new", "new"]
    assert rows[0]["action"]["writes"][0]["after"]["address.city"] == "Berlin"
    rest = desk.browser("vera").get(f"/api/v1{run}/rows?verdict=new&after={rows[-1]['seq']}").json()
    assert len(rest) == 1


def test_a_run_of_nobody_or_of_another_pair_is_not_there(begun: tuple[Desk, str]) -> None:
    desk, run = begun
    assert desk.browser("vera").get(f"{desk.pair}/runs/nothing").status_code == 404
    desk.add("fremd", "admin", firms=())
    for path in (run, f"{run}/report", f"/api/v1{run}", f"/api/v1{run}/rows", f"{desk.pair}/preview", f"{desk.pair}/runs"):
        assert desk.browser("fremd").get(path).status_code == 404, path

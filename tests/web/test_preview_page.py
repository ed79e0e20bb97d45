"""The preview on its page: made aside, counted, every record with before and after and the reason, and released exactly as it is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.desk import HASHER, Desk, Seen
from tests.web.test_canary import CANARY
from tests.web.test_pairs import SUN, at_work, company
from unisono.model.errors import LoginRefused
from unisono.store import pairs, runs
from unisono.store.runs import PlanRow
from unisono.web.app import make_app
from unisono.web.filtering import SHOWN
from unisono.web.navigation import Entry, current
from unisono.web.site import Site
from unisono.wiring.making import Previews
from unisono.wiring.running import Runner


def made(desk: Desk) -> str:
    """A preview made by the page's button; its run."""
    assert desk.send("adam", f"{desk.pair}/preview").headers["location"] == f"{desk.pair}/preview"
    run: str = desk.browser("adam").get(f"/api/v1{desk.pair}/preview").json()["run"]
    assert run
    return run


def shown(desk: Desk, query: str = "", who: str = "vera") -> Seen:
    return Seen(desk.browser(who).get(f"{desk.pair}/preview{query}").text)


def test_before_the_first_preview_the_page_says_what_one_is_and_has_one_button(desk: Desk) -> None:
    assert "Noch keine Vorschau" in shown(desk).text
    assert f"{desk.pair}/preview" in {a.get("action") for tag, a in shown(desk, who="adam").elements if tag == "form"}
    assert f"{desk.pair}/preview" not in {a.get("action") for tag, a in shown(desk).elements if tag == "form"}, "looking is not reading"


def test_the_counts_filter_the_records_and_each_record_says_what_where_and_why(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    desk.village.crm.act("create_company", {"name": "Nur ein Kontakt AG"})
    made(desk)
    told = shown(desk)
    assert "Das würde der erste Abgleich tun" in told.text
    assert {f"{desk.pair}/preview?verdict={one}" for one in ("new", "left-out")} <= told.links
    assert "Sonne GmbH" in told.text
    assert "FastBill: anlegen (Kunde)" in told.text
    assert all(value in told.text for value in ("Ring 1", "12345", "Berlin", "Deutschland"))
    assert "Nur ein Kontakt AG" not in told.text
    left_out = shown(desk, "?verdict=left-out")
    assert "Nur ein Kontakt AG" in left_out.text
    assert "Sonne GmbH" not in left_out.text
    assert "Geschrieben wird dafür nichts." in left_out.text


def test_a_change_shows_the_value_that_is_there_and_the_one_that_comes(desk: Desk) -> None:
    at_work(desk)
    sun = company(desk, "Sonne GmbH", **SUN)
    desk.village.sync()
    desk.village.crm.act("set_address", {"kind": "company", "id": sun, **SUN, "street": "Neuer Weg 7"})
    made(desk)
    page = desk.browser("vera").get(f"{desk.pair}/preview").text
    assert "<del>Ring 1</del>" in page
    assert "<ins>Neuer Weg 7</ins>" in page
    assert "Das würde jetzt geschehen" in page


def test_what_would_be_refused_is_told_beforehand_in_groups(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    for name in ("Alpha KG", "Beta KG"):
        company(desk, name)
    made(desk)
    told = shown(desk)
    assert "2 Datensätze nähme das andere System nicht an." in told.text
    assert "2 × Kunde" in told.text
    assert "Postleitzahl" in told.text
    assert "Alpha KG, Beta KG" in told.text


def test_what_the_two_systems_cannot_do_stands_on_the_page_before_anything_is_released(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    made(desk)
    told = shown(desk)
    assert "Was diese beiden Systeme nicht können" in told.text
    for words in (
        "Geht nicht",
        "Geht auf andere Weise",
        "Geht bis zu einer Grenze",
        "FastBill hat keinen Platz für: Bemerkung, Bundesland oder Region.",
    ):
        assert words in told.text
    answer = desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()
    (one,) = [one for one in answer["cannot"] if one["code"] == "no-place"]
    assert (one["way"], one["side"], one["kind"], one["fields"]) == ("never", "invoicing", "party", ["note", "address.region"])
    assert (one["confidence"], one["told"] in told.text) == ("doc", True)


def test_what_of_the_records_stays_behind_is_counted_and_leads_to_the_records(desk: Desk) -> None:
    for name in ("Eins GmbH", "Zwei GmbH"):
        company(desk, name, **SUN, background="Ruft gern an")
    company(desk, "Drei GmbH", **SUN)
    made(desk)
    told = shown(desk)
    assert "2 × Kunde: Bemerkung: FastBill hat keinen Platz dafür." in told.text
    (link,) = [one for one in told.links if "mark=" in one]
    found = shown(desk, link.removeprefix(f"{desk.pair}/preview"))
    assert "Gezeigt wird, wo zurückbleibt: Bemerkung: FastBill hat keinen Platz dafür." in found.text
    assert ("Eins GmbH" in found.text, "Zwei GmbH" in found.text, "Drei GmbH" in found.text) == (True, True, False)
    (group,) = desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()["behind"]
    assert (group["mark"], group["count"], group["names"]) == ("b:no-place:note", 2, ["Eins GmbH", "Zwei GmbH"])
    run = desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()["run"]
    rows = desk.browser("vera").get(f"/api/v1{desk.pair}/runs/{run}/rows", params={"mark": group["mark"]}).json()
    assert [row["label"] for row in rows] == ["Eins GmbH", "Zwei GmbH"]


def test_a_mark_that_is_none_shows_what_is_shown_without_one(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    made(desk)
    assert "Sonne GmbH" in shown(desk, "?mark=%3Cimg%3E").text
    assert "Hier ist kein Datensatz" in shown(desk, "?mark=b:no-place:fax").text


def test_the_forecast_names_calls_of_both_sides(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    made(desk)
    told = shown(desk)
    assert "Vorhersage" in told.text
    assert "Abrufe" in told.text


def test_releasing_writes_exactly_what_was_shown_and_leads_to_the_run(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    run = made(desk)
    assert desk.village.books.truth()["customers"] == []
    assert "1 Datensatz freigeben" in shown(desk, who="adam").text
    company(desk, "Mond GmbH", **SUN)
    answer = desk.send("adam", f"{desk.pair}/runs/{run}/release")
    assert answer.headers["location"].startswith(f"{desk.pair}/runs/{run}?said=run-released")
    Runner(house=desk.village.house, holder="test").until_quiet(desk.village.pair)
    desk.village.sync()
    assert "Sonne GmbH" in [c["ORGANIZATION"] for c in desk.village.books.truth()["customers"]]
    assert "Die letzte Vorschau ist freigegeben" in shown(desk).text


def test_whoever_may_only_look_can_neither_make_nor_release_one(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    assert desk.send("vera", f"{desk.pair}/preview").status_code == 403
    run = made(desk)
    assert desk.send("vera", f"{desk.pair}/runs/{run}/release").status_code == 403
    assert shown(desk).changes == {"/signout"}
    assert desk.browser("vera").get(f"/api/v1{desk.pair}").json()["state"] == "reading"


def test_a_preview_that_a_newer_one_replaced_is_released_by_nobody(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    old = made(desk)
    assert made(desk) != old
    assert desk.send("adam", f"{desk.pair}/runs/{old}/release").headers["location"] == f"{desk.pair}/preview?said=preview-gone"
    assert desk.call("adam", "POST", f"/api/v1{desk.pair}/runs/{old}/release").status_code == 404
    assert desk.browser("vera").get(f"/api/v1{desk.pair}").json()["state"] == "reading"


def test_a_long_preview_comes_in_pages(desk: Desk) -> None:
    with desk.village.house.store.write() as conn:
        runs.open_run(conn, "long", desk.village.pair, "first", 1, desk.village.clock.now())
        action = {"reason": {"code": "no-quote-no-tag", "values": {"tag": "FastBill"}}}
        rows = [
            PlanRow(seq=n, key=f"a:party:company:{n}", kind="party", verdict="left-out", action=action, label=f"Firma {n:03}")
            for n in range(1, SHOWN + 11)
        ]
        runs.add_rows(conn, "long", rows)
        runs.update_run(conn, "long", state="previewed", total=len(rows), sheet={})
    first = shown(desk)
    assert "Firma 001" in first.text
    assert f"Firma {SHOWN + 1:03}" not in first.text
    following = f"?verdict=left-out&after={SHOWN}"
    assert f"{desk.pair}/preview{following}" in first.links
    assert f"Firma {SHOWN + 1:03}" in shown(desk, following).text
    assert shown(desk, f"?after={10**30}").text


def test_while_it_is_made_the_page_says_how_far_it_is_and_a_second_one_is_not_begun(desk: Desk) -> None:
    jobs: list[Callable[[], None]] = []
    desk.app = make_app(desk.village.house, Site(hasher=HASHER, address=desk.site.address, every=0.0, looks=1, aside=jobs.append))
    company(desk, "Sonne GmbH", **SUN)
    desk.send("adam", f"{desk.pair}/preview")
    assert desk.call("adam", "POST", f"/api/v1{desk.pair}/preview").json()["stage"] == "reading"
    assert len(jobs) == 1
    assert "Unisono liest beide Seiten." in shown(desk).text
    assert "Unisono liest beide Seiten." in desk.browser("vera").get(f"{desk.pair}/preview/live").text
    jobs[0]()
    assert "Die Vorschau ist da." in desk.browser("vera").get(f"{desk.pair}/preview/live").text
    assert "Sonne GmbH" in shown(desk).text


def test_a_refused_key_is_told_on_the_page_and_the_next_try_may_work(desk: Desk) -> None:
    with desk.village.house.store.write() as conn:
        pairs.update_connection(conn, desk.village.b, state="refused", told="login-refused")
    desk.send("adam", f"{desk.pair}/preview")
    told = shown(desk)
    assert "Die Vorschau ist nicht zustande gekommen." in told.text
    assert "FastBill" in told.text
    assert desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()["code"] == "preview-not-read"
    with desk.village.house.store.write() as conn:
        pairs.update_connection(conn, desk.village.b, state="ok", told="")
    assert made(desk)
    assert "nicht zustande gekommen" not in shown(desk).text


def test_a_preview_waits_for_the_runner_that_reads_the_connection_for_the_first_time(desk: Desk) -> None:
    from unisono.store import lanes

    v = desk.village
    with v.house.store.write() as conn:
        assert lanes.take_lane(conn, f"connection:{v.b}", "runner", v.clock.now(), 30) is not None
    previews = Previews(v.house, lambda work: work())
    assert previews.make(v.pair)
    assert previews.standing(v.pair) is None, "the lease was over after half a minute, and both sides were read"
    assert sum(v.clock.slept) >= 30


def test_a_mistake_of_ours_ends_the_preview_and_not_the_page(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("out of order")

    desk.village.house.step = broken
    desk.send("adam", f"{desk.pair}/preview")
    desk.village.house.step = lambda _: None
    assert "Das ist ein Fehler von Unisono." in shown(desk).text
    assert "out of order" in caplog.text


@pytest.mark.parametrize("language", ("de", "en", "pl", "ro"))
def test_the_page_speaks_the_language_of_its_reader(desk: Desk, language: str) -> None:
    company(desk, "Sonne GmbH", **SUN)
    made(desk)
    desk.send("vera", "/me/language", language=language)
    page = desk.browser("vera").get(f"{desk.pair}/preview")
    assert f'<html lang="{language}">' in page.text
    assert {"de": "Vorhersage", "en": "Forecast", "pl": "Prognoza", "ro": "Estimare"}[language] in page.text


def test_what_vendors_write_is_text_on_the_page_and_in_the_report(desk: Desk) -> None:
    write = {"side": "b", "operation": "change", "kind": "party", "key": "1", "owner": "", "about": []}
    action = {
        "reason": {"code": "edited-there", "values": {"fields": CANARY, "side": "crm"}},
        "writes": [write | {"before": {"name": CANARY}, "after": {"name": CANARY, CANARY: [CANARY, {"x": CANARY}]}}],
        "problems": [{"code": "missing-field", "field": CANARY, "values": {"field": CANARY}}],
    }
    with desk.village.house.store.write() as conn:
        runs.open_run(conn, "bad", desk.village.pair, "first", 1, desk.village.clock.now())
        rows = [
            PlanRow(seq=n, key="a:party:company:1", kind="party", verdict=verdict, action=action, label=CANARY)
            for n, verdict in enumerate(("changed", "refused"), 1)
        ]
        runs.add_rows(conn, "bad", rows)
        runs.update_run(conn, "bad", state="previewed", total=2, sheet={})
    for path in ("/preview", "/preview?verdict=refused", "/runs/bad/report"):
        page = desk.browser("vera").get(desk.pair + path).text
        assert "<img" not in page, path
        assert "&lt;img" in page, path


def test_a_fault_of_a_vendor_is_told_in_the_readers_words(desk: Desk) -> None:
    def refuses(_: str) -> None:
        raise LoginRefused("login-refused", {"system": "FastBill"})

    desk.village.house.step = refuses
    desk.send("adam", f"{desk.pair}/preview")
    desk.village.house.step = lambda _: None
    answer = desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()
    assert (answer["stage"], answer["code"]) == ("failed", "login-refused")
    assert answer["told"] in shown(desk).text


@pytest.fixture
def mixed(desk: Desk) -> Desk:
    """New, left out, refused and gone records of both kinds of names, previewed."""
    at_work(desk)
    gone = company(desk, "Fort AG", **SUN)
    desk.village.sync()
    company(desk, "Bäckerei Ähre", **SUN)
    company(desk, "Alpha KG")
    desk.village.crm.act("create_company", {"name": "Nur ein Kontakt AG"})
    desk.village.crm.act("delete_company", {"id": gone})
    for _ in range(3):
        desk.village.clock.advance(600)
        Runner(house=desk.village.house, holder="test").read(desk.village.pair)
    made(desk)
    return desk


def test_names_are_found_without_their_diacritics_across_all_verdicts(mixed: Desk) -> None:
    told = shown(mixed, "?search=backerei ahre")
    assert "Bäckerei Ähre" in told.text
    assert "Kontakt AG" not in told.text
    assert "Nur ein Kontakt AG" in shown(mixed, "?search=KONTAKT").text
    assert "Hier ist kein Datensatz" in shown(mixed, "?search=gibtesnicht%25").text
    assert "Hier ist kein Datensatz" in shown(mixed, "?kind=quote&search=ahre").text


def test_several_verdicts_are_shown_together_and_the_page_says_which(mixed: Desk) -> None:
    told = shown(mixed, "?verdict=new&verdict=left-out")
    assert "Bäckerei Ähre" in told.text
    assert "Nur ein Kontakt AG" in told.text
    ticked = {a["value"] for tag, a in told.elements if a.get("name") == "verdict" and "checked" in a}
    assert ticked == {"new", "left-out"}
    found = mixed.browser("vera").get(f"/api/v1{mixed.pair}/runs/{run_of(mixed)}/rows?verdict=new&verdict=left-out&search=a").json()
    assert {row["label"] for row in found} == {"Bäckerei Ähre", "Nur ein Kontakt AG"}


def run_of(desk: Desk) -> str:
    run: str = desk.browser("vera").get(f"/api/v1{desk.pair}/preview").json()["run"]
    return run


def test_what_is_gone_is_counted_and_shown_like_everything_else(mixed: Desk) -> None:
    told = shown(mixed, "?verdict=gone")
    assert f"{mixed.pair}/preview?verdict=gone" in told.links
    assert "Fort AG" in told.text


def test_what_would_fail_stands_before_the_list(mixed: Desk) -> None:
    told = shown(mixed).text
    assert told.index("nähme das andere System nicht an") < told.index("Name suchen" if "Name suchen" in told else "Bäckerei Ähre")


def test_a_record_opened_shows_why_and_both_sides(mixed: Desk) -> None:
    run = run_of(mixed)
    with mixed.village.house.store.read() as conn:
        rows = {row.label: row.seq for row in runs.rows(conn, run, limit=100)}
    page = Seen(mixed.browser("vera").get(f"{mixed.pair}/runs/{run_of(mixed)}/records/{rows['Alpha KG']}").text)
    assert "Alpha KG" in page.text
    assert "Hier fehlt" in page.text
    assert "info@alpha.example" in page.text
    assert f"{mixed.pair}/preview" in page.links
    told = mixed.browser("vera").get(f"/api/v1{mixed.pair}/runs/{run_of(mixed)}/records/{rows['Fort AG']}").json()
    assert (told["label"], told["verdict"]) == ("Fort AG", "gone")
    assert {f["name"]: f["invoicing"] for f in told["fields"]}["name"] == "Fort AG"
    for seq in (0, 10**6, 10**30):
        assert mixed.browser("vera").get(f"{mixed.pair}/runs/{run_of(mixed)}/records/{seq}").status_code == 404


@pytest.mark.parametrize(
    ("here", "at"),
    (
        ("/", "/pairs/p1"),
        ("/pairs/p1", "/pairs/p1"),
        ("/pairs/p1/runs", "/pairs/p1/runs"),
        ("/pairs/p1/runs/r1/records/7", "/pairs/p1/runs"),
        ("/pairs/p1/history/undo", "/pairs/p1/history"),
        ("/pairs/p1/historyx", ""),
        ("/me", ""),
    ),
)
def test_the_navigation_marks_the_entry_that_a_page_belongs_to(here: str, at: str) -> None:
    ways = [("home", "/pairs/{pair}"), ("runs", "/pairs/{pair}/runs"), ("history", "/pairs/{pair}/history"), ("firms", "/firms")]
    entries = [Entry(code=code, icon="home", path=path, group="daily", order=1) for code, path in ways]
    assert current(entries, here, "p1") == at


def test_a_run_s_page_is_marked_in_the_navigation(mixed: Desk) -> None:
    page = Seen(mixed.browser("vera").get(f"{mixed.pair}/runs/{run_of(mixed)}/records/1").text)
    marked = [(a["href"], a["aria-current"]) for tag, a in page.elements if tag == "a" and a.get("aria-current")]
    assert marked[1:] == [(f"{mixed.pair}/runs", "true")], "beside the pair itself"

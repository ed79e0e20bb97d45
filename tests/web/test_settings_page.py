"""Settings on their pages: asked as questions, changed only after a look at what changes and what it does, kept in versions, in and out as a file."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.web.desk import Desk, Seen
from tests.web.street import street
from unisono.policy.files import parse_policy, policy_text
from unisono.policy.settings import settings
from unisono.store.pairs import PairRow
from unisono.wiring.effects import Effects
from unisono.wiring.house import add_pair, pair_row
from unisono.wiring.policies import leave_out, put_policy, versions, with_entries


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A pair that has been at work; the tests here only look."""
    made = street(tmp_path_factory.mktemp("street"))
    yield made
    made.village.house.store.close()


def row(desk: Desk) -> PairRow:
    return pair_row(desk.village.house, desk.village.pair)


def policy(desk: Desk) -> Any:
    return parse_policy(row(desk).policy)


def answer(desk: Desk, who: str = "anna", *, based_on: int = 0, **given: str | list[str]) -> Any:
    """The form of the settings with some questions answered; entries with a dot are written with two underscores."""
    told = {name.replace("__", "."): value for name, value in given.items()}
    data: dict[str, Any] = {"source": "form", "based_on": str(based_on or row(desk).policy_version), "asked": list(told)}
    data |= {f"s-{entry}": value for entry, value in told.items()}
    return desk.send(who, f"{desk.pair}/settings/review", **data)


def hidden(page: str, name: str) -> str:
    """What a hidden field of a page carries."""
    found = [attrs.get("value", "") for tag, attrs in Seen(page).elements if tag == "input" and attrs.get("name") == name]
    assert found, f"no field {name}"
    return found[-1]


def saved(desk: Desk, review: Any, note: str = "", who: str = "anna") -> Any:
    """Saves what a review shows."""
    data = {"body": hidden(review.text, "body"), "based_on": hidden(review.text, "based_on"), "note": note}
    return desk.send(who, f"{desk.pair}/settings", **data)


def handed_in_by_anna(desk: Desk, content: bytes) -> Any:
    """A file uploaded on the page of versions."""
    data = {"csrf": desk.token("anna"), "source": "file", "text": ""}
    return desk.browser("anna").post(f"{desk.pair}/settings/review", data=data, files={"file": ("p.toml", content)})


def api(desk: Desk, path: str, what: dict[str, Any], who: str = "anna") -> Any:
    return desk.call(who, "POST", f"/api/v1{desk.pair}{path}", what)


def test_every_setting_is_asked_with_its_words_and_the_answer_in_force(desk: Desk) -> None:
    page = Seen(desk.browser("anna").get(f"{desk.pair}/settings").text)
    asked = [attrs["value"] for tag, attrs in page.elements if tag == "input" and attrs.get("name") == "asked"]
    assert asked == [one.entry for one in settings()]
    chosen = {(attrs["name"], attrs["value"]) for tag, attrs in page.elements if tag == "input" and "checked" in attrs}
    assert {("s-customers.contacts", "tagged"), ("s-customers.from_crm.when", "tag"), ("s-documents.file", "yes")} <= chosen
    assert "Ansprechpartner von Firmen" in page.text
    assert "Eine Rechnung braucht wenige Personen" in page.text
    assert "{" not in page.text


def test_a_change_is_shown_before_and_after_and_saved_only_with_a_yes(desk: Desk) -> None:
    review = answer(desk, customers__contacts="all", customers__only__countries="AT\r\nDE")
    assert review.status_code == 200
    text = Seen(review.text).text
    assert "die mit dem Schlagwort" in text
    assert "alle eines Kunden, der übertragen wird" in text
    assert '+contacts = "all"' in text
    assert len(versions(desk.village.house, desk.village.pair)) == 1, "looking saves nothing"
    answered = saved(desk, review, "Steuerberaterin bat darum")
    assert answered.headers["location"] == f"{desk.pair}/settings?said=settings-saved"
    assert (policy(desk).customers.contacts, policy(desk).customers.only.countries) == ("all", ("AT", "DE"))
    last = versions(desk.village.house, desk.village.pair)[-1]
    assert (last["version"], last["by"], last["note"], last["in_force"]) == (2, "anna", "Steuerberaterin bat darum", True)
    assert "Steuerberaterin bat darum" in desk.browser("vera").get(f"{desk.pair}/settings").text


def test_what_says_the_same_is_nothing_to_save(desk: Desk) -> None:
    review = answer(desk, customers__contacts="tagged")
    assert "Die geltenden Einstellungen sagen schon dasselbe." in review.text
    assert 'name="body"' not in review.text


def test_from_the_review_one_goes_back_with_everything_typed(desk: Desk) -> None:
    review = answer(desk, customers__only__names="Holzmanufaktur Dachs")
    back = desk.send(
        "anna", f"{desk.pair}/settings/review", body=hidden(review.text, "body"), based_on=hidden(review.text, "based_on"), step="edit"
    )
    assert ">Holzmanufaktur Dachs</textarea>" in back.text
    assert len(versions(desk.village.house, desk.village.pair)) == 1


def test_who_saves_after_somebody_else_is_told_and_both_changes_stay(desk: Desk) -> None:
    v = desk.village
    review = answer(desk, customers__contacts="all")
    put_policy(v.house, v.pair, with_entries(row(desk).policy, ["quotes.vat_rate=7"]), "berta")
    late = saved(desk, review, "meine Notiz")
    assert late.status_code == 409
    assert "Inzwischen hat berta Fassung 2 gespeichert" in Seen(late.text).text
    assert "meine Notiz" in late.text
    assert (policy(desk).customers.contacts, policy(desk).quotes.vat_rate) == ("tagged", 7), "nothing of either is overwritten unseen"
    assert saved(desk, late, "meine Notiz").status_code == 303
    assert (policy(desk).customers.contacts, policy(desk).quotes.vat_rate) == ("all", 7)


def test_where_both_changed_the_same_entry_it_is_named_before_it_is_saved(desk: Desk) -> None:
    v = desk.village
    put_policy(v.house, v.pair, with_entries(row(desk).policy, ["customers.contacts=none"]), "berta")
    review = answer(desk, based_on=1, customers__contacts="all")
    text = Seen(review.text).text
    assert "Dies haben Sie beide geändert: Ansprechpartner von Firmen." in text
    assert hidden(review.text, "based_on") == "2"
    assert saved(desk, review).status_code == 303
    assert policy(desk).customers.contacts == "all"


def test_a_wrong_answer_is_told_at_its_question_and_nothing_typed_is_lost(desk: Desk) -> None:
    page = answer(desk, customers__only__countries="DE\r\nXX", poll__floor_seconds="5", customers__only__names="Zwei Linden")
    assert page.status_code == 422
    seen = Seen(page.text)
    troubled = {attrs["id"] for tag, attrs in seen.elements if tag == "p" and attrs.get("role") == "alert"}
    assert troubled == {"w-customers.only.countries", "w-poll.floor_seconds"}
    assert ">Zwei Linden</textarea>" in page.text
    assert 'value="5"' in page.text
    assert len(versions(desk.village.house, desk.village.pair)) == 1


def test_what_a_system_cannot_do_is_not_offered_and_the_reason_stands_beside_it(desk: Desk) -> None:
    page = Seen(desk.browser("anna").get(f"{desk.pair}/settings").text)
    closed = {(attrs["name"], attrs["value"]) for tag, attrs in page.elements if tag == "input" and "disabled" in attrs}
    assert ("s-customers.deletion.in_crm", "mark") in closed
    assert ("s-customers.deletion.in_invoicing", "mark") not in closed
    assert "FastBill hat keine Schlagwörter, die andere Programme nutzen dürfen." in page.text
    forced = answer(desk, customers__deletion__in_crm="mark")
    assert "Ein Teil davon bleibt bei diesen Systemen ohne Wirkung" in forced.text


def test_rules_for_deletions_say_what_follows_how_many_it_concerns_and_how_to_undo_it(at_work: Desk) -> None:
    text = " ".join(Seen(at_work.browser("anna").get(f"{at_work.pair}/settings").text).text.split())
    assert "Verknüpft sind zurzeit: Kunden 21, Ansprechpartner 12." in text
    assert "Das lässt sich nicht zurücknehmen: Der Verlauf bewahrt nur seine Werte." in text
    review = answer(at_work, customers__deletion__in_invoicing="delete")
    assert "Sie gilt für das, was ab jetzt gelöscht wird." in review.text


def test_only_an_admin_changes_settings_and_everybody_reads_them(desk: Desk) -> None:
    for who in ("vera", "adam"):
        page = desk.browser(who).get(f"{desk.pair}/settings")
        assert page.status_code == 200
        assert "/settings/review" not in {attrs.get("action", "") for tag, attrs in Seen(page.text).elements if tag == "button"}
        assert "Änderungen ansehen" not in page.text
        assert answer(desk, who, customers__contacts="all").status_code == 403
        assert api(desk, "/settings", {"entries": {"customers.contacts": "all"}}, who).status_code == 403
    desk.add("fremd", "admin", firms=())
    assert desk.browser("fremd").get(f"{desk.pair}/settings").status_code == 404
    assert desk.browser("fremd").get(f"{desk.pair}/settings/file").status_code == 404


def test_an_earlier_version_comes_back_as_a_new_one_with_the_same_text(desk: Desk) -> None:
    first = row(desk).policy
    saved(desk, answer(desk, customers__contacts="all"))
    page = desk.browser("anna").get(f"{desk.pair}/settings/versions?before=1&after=2")
    assert "Fassung 1 und Fassung 2" in Seen(page.text).text
    review = desk.send("anna", f"{desk.pair}/settings/review", source="version", version="1")
    assert "alle eines Kunden, der übertragen wird" in review.text
    saved(desk, review, "doch nicht")
    assert row(desk).policy.strip() == first.strip()
    assert [(one["version"], one["note"], one["in_force"]) for one in versions(desk.village.house, desk.village.pair)] == [
        (1, "", False),
        (2, "", False),
        (3, "doch nicht", True),
    ]


def test_the_file_that_goes_out_comes_in_again_without_a_difference(desk: Desk) -> None:
    file = desk.browser("vera").get(f"{desk.pair}/settings/file")
    assert file.headers["content-disposition"].startswith('attachment; filename="')
    assert file.headers["content-type"].startswith("text/plain")
    assert file.content.decode() == row(desk).policy
    again = handed_in_by_anna(desk, file.content)
    assert "Die geltenden Einstellungen sagen schon dasselbe." in again.text
    changed = desk.send(
        "anna", f"{desk.pair}/settings/review", source="file", text=file.text.replace('contacts = "tagged"', 'contacts = "all"')
    )
    assert saved(desk, changed).status_code == 303
    assert policy(desk).customers.contacts == "all"


@pytest.mark.parametrize(
    ("handed_in", "told"),
    (
        (b'[customers]\nwins = "nobody"\n', "Zeile 2: "),
        (b"language = ", "Zeile 1"),
        (b"\xff\xfe\x00policy", "Das ist keine Textdatei (Zeile 1)."),
        (b"a" + b".a" * 30_000 + b" = 1", "Zeile 1"),
        (b"# " + b"x" * 300_000, "gelesen werden höchstens"),
        (b"PK\x03\x04 a zip that calls itself a policy", "Zeile 1"),
        (b"", "Bitte wählen Sie eine Datei"),
    ),
    ids=("entry", "toml", "bytes", "bomb", "size", "zip", "empty"),
)
def test_a_file_that_cannot_be_used_says_where_and_why_and_changes_nothing(desk: Desk, handed_in: bytes, told: str) -> None:
    page = handed_in_by_anna(desk, handed_in)
    assert page.status_code == 422
    assert told in unescape(page.text)
    assert len(versions(desk.village.house, desk.village.pair)) == 1


def test_a_text_that_is_wrong_is_shown_again_to_be_corrected(desk: Desk) -> None:
    page = desk.send("anna", f"{desk.pair}/settings/review", source="file", text='language = "xx" # <b>mine</b>')
    assert page.status_code == 422
    assert 'language = "xx" # <b>mine</b>' in unescape(page.text)
    assert "<b>mine</b>" not in page.text
    assert "languages" not in page.text


def test_settings_are_used_again_for_another_pair_without_its_left_out_records(desk: Desk) -> None:
    v = desk.village
    leave_out(v.house, v.pair, ["a:party:company:7"], "anna")
    body = 'language = "pl"\nleave_out = ["b:party:9"]\n[customers.from_crm]\ntag = "FastBill"\n'
    other = add_pair(v.house, v.firm, "Zweites Paar", v.a, v.b, body)
    page = desk.browser("anna").get(f"{desk.pair}/settings/versions")
    assert "Zweites Paar" in page.text
    review = desk.send("anna", f"{desk.pair}/settings/review", source="pair", **{"from": other})
    assert saved(desk, review).status_code == 303
    assert (policy(desk).language, policy(desk).leave_out) == ("pl", ("a:party:company:7",))
    assert desk.send("anna", f"{desk.pair}/settings/review", source="pair", **{"from": "nothing"}).status_code == 404


def test_the_effect_is_what_the_next_cycle_then_does(tmp_path: Path) -> None:
    desk = street(tmp_path)
    v = desk.village
    before = {one["id"] for one in v.journal()}
    review = answer(desk, customers__contacts="all")
    assert {one["id"] for one in v.journal()} == before, "a look writes nothing"
    told = api(desk, "/settings/review", {"entries": {"customers.contacts": "all"}}).json()["effect"]
    assert (told["state"], told["released"]) == ("done", True)
    expected = told["more"]["b:create:contact"]
    assert expected > 0
    assert told["turns"]["left-out>new"] == expected
    assert "FastBill: anlegen (Ansprechpartner)" in Seen(review.text).text
    saved(desk, review)
    v.sync()
    made = [(one["side"], one["operation"], one["kind"]) for one in v.journal() if one["id"] not in before]
    assert made == [("b", "create", "contact")] * expected
    v.house.store.close()


def test_a_look_at_the_effect_asks_no_vendor(at_work: Desk) -> None:
    v = at_work.village
    calls = [v.calls(side) for side in "ab"]
    assert answer(at_work, customers__only__countries="AT").status_code == 200
    assert [v.calls(side) for side in "ab"] == calls


def test_what_cannot_be_known_is_said(desk: Desk) -> None:
    v = desk.village
    put_policy(v.house, v.pair, with_entries(row(desk).policy, ["documents.direction=off", "quotes.direction=off"]), "anna")
    text = Seen(answer(desk, documents__direction="to-crm", customers__from_crm__tag="Kunde").text).text
    assert "Noch nicht bekannt: Was es in FastBill davon gibt" in text
    assert "das Schlagwort „Kunde“ tragen" in text
    assert "Das Paar liest bisher nur" not in text, "nothing differs, so nothing would be written"


def test_the_api_reads_reviews_and_saves_as_the_pages_do(desk: Desk) -> None:
    path = f"/api/v1{desk.pair}/settings"
    told = desk.browser("vera").get(path).json()
    assert [one["entry"] for one in told["settings"]] == [one.entry for one in settings()]
    assert told["file"] == row(desk).policy
    change = {"entries": {"customers.contacts": "all"}, "based_on": 1}
    review = api(desk, "/settings/review", change).json()
    assert [(one["entry"], one["after"]) for one in review["changed"]] == [("customers.contacts", "alle eines Kunden, der übertragen wird")]
    assert desk.browser("vera").get(f"{path}/effect/{review['effect']['key']}").json()["state"] == "done"
    assert desk.browser("vera").get(f"{path}/effect/nothing").status_code == 404
    assert api(desk, "/settings", change | {"note": "über die API"}).json()["version"] == 2
    late = api(desk, "/settings", {"entries": {"quotes.vat_rate": "7"}, "based_on": 1})
    assert (late.status_code, late.json()["error"]["version"]) == (409, 2)
    wrong = api(desk, "/settings", {"file": '[customers]\nwins = "nobody"\n'})
    assert (wrong.status_code, wrong.json()["error"]["wrong"][0]["line"]) == (422, "2")
    assert api(desk, "/settings", {"file": "", "version": 1}).status_code == 422, "one change at a time"
    assert api(desk, "/settings", {"version": 9}).status_code == 422
    assert api(desk, "/settings", {"version": 1}).json()["version"] == 3
    assert api(desk, "/settings", {"version": 1}).json() == {"version": 3, "changed": []}
    known = desk.browser("vera").get(f"{path}/versions").json()
    assert [(one["version"], one["note"]) for one in known] == [(1, ""), (2, "über die API"), (3, "")]
    assert [one["entry"] for one in desk.browser("vera").get(f"{path}/differences?before=2").json()] == ["customers.contacts"]
    second = versions(desk.village.house, desk.village.pair)[1]["body"]
    assert desk.browser("vera").get(f"{path}/file?version=2").text == second == policy_text(parse_policy(second))


def test_whoever_begins_another_draft_is_not_kept_waiting_by_the_first(tmp_path: Path) -> None:
    desk = street(tmp_path)
    v = desk.village
    waiting: list[Any] = []
    effects = Effects(v.house, waiting.append)
    bodies = [with_entries(row(desk).policy, [f"customers.contacts={word}"]) for word in ("all", "none")]
    first, second = (effects.begin(v.pair, body) for body in bodies)
    assert (first.state, second.state) == ("counting", "counting")
    assert effects.begin(v.pair, bodies[1]).key == second.key
    assert len(waiting) == 2, "the same draft is counted once"
    for work in waiting:
        work()
    told = [effects.standing(v.pair, one.key) for one in (first, second)]
    assert [one.state for one in told if one] == ["failed", "done"]
    v.house.store.close()

"""What is not in step, in three kinds; sent again, left out for good; the raw answer one click away."""

from __future__ import annotations

import pytest

from tests.web.desk import Desk, Seen
from tests.web.test_pairs import SUN, at_work, company
from unisono.plan.actions import Report
from unisono.policy.files import parse_policy
from unisono.store import asking
from unisono.wiring import pair_row
from unisono.wiring.previewing import make_preview


@pytest.fixture
def spoiled(desk: Desk) -> Desk:
    at_work(desk)
    company(desk, "Sonne GmbH", **SUN)
    for name in ("Alpha KG", "Beta KG", "Gamma KG"):
        company(desk, name)
    desk.village.sync()
    assert len(desk.village.problems()) == 3
    return desk


def test_alike_problems_stand_together_with_their_number_and_what_to_do(spoiled: Desk) -> None:
    told = Seen(spoiled.browser("adam").get(f"{spoiled.pair}/problems").text)
    assert "3 × Kunde" in told.text
    assert "Postleitzahl" in told.text
    assert all(name in told.text for name in ("Alpha KG", "Beta KG", "Gamma KG"))
    assert "Sonne GmbH" not in told.text
    assert "3 noch einmal versuchen" in told.text


def test_the_ticked_ones_are_tried_again(spoiled: Desk) -> None:
    ids = [p.id for p in spoiled.village.problems()][:2]
    answer = spoiled.send("adam", f"{spoiled.pair}/problems/retry", problem=ids)
    assert answer.headers["location"].endswith("said=retried&count=2")
    assert "2 Datensätze werden gleich noch einmal versucht." in spoiled.browser("adam").get(answer.headers["location"]).text
    assert spoiled.send("adam", f"{spoiled.pair}/problems/retry").headers["location"].endswith("count=0")


def test_what_is_mended_over_there_goes_across_after_a_new_try(spoiled: Desk) -> None:
    alpha = next(c["id"] for c in spoiled.village.crm.truth()["companies"] if c["name"] == "Alpha KG")
    spoiled.village.crm.act("set_address", {"kind": "company", "id": alpha, **SUN})
    problem = next(p.id for p in spoiled.village.problems() if p.label == "Alpha KG")
    spoiled.send("adam", f"{spoiled.pair}/problems/retry", problem=[problem])
    spoiled.village.sync()
    assert {p.label for p in spoiled.village.problems()} == {"Beta KG", "Gamma KG"}
    assert "2 × Kunde" in Seen(spoiled.browser("adam").get(f"{spoiled.pair}/problems").text).text


def test_leaving_out_for_good_is_a_setting_with_a_name_under_it(spoiled: Desk) -> None:
    chosen = [p for p in spoiled.village.problems() if p.label != "Gamma KG"]
    answer = spoiled.send("adam", f"{spoiled.pair}/problems/leave-out", problem=[p.id for p in chosen])
    assert answer.headers["location"].endswith("said=left-out&count=2")
    row = pair_row(spoiled.village.house, spoiled.village.pair)
    assert set(parse_policy(row.policy).leave_out) == {p.key for p in chosen}
    assert [p.label for p in spoiled.village.problems()] == ["Gamma KG"]
    told = Seen(spoiled.browser("adam").get(f"{spoiled.pair}/problems").text)
    assert "Gamma KG" in told.text
    assert "Alpha KG" not in told.text


def test_a_problem_that_was_settled_meanwhile_is_said(spoiled: Desk) -> None:
    answer = spoiled.send("adam", f"{spoiled.pair}/problems/retry", problem=["gone"])
    assert answer.headers["location"].endswith("said=problem-gone")


def test_the_raw_answer_is_folded(spoiled: Desk) -> None:
    with spoiled.village.house.store.write() as conn:
        raw = '{"RESPONSE":{"ERRORS":["missing / invalid field: ZIPCODE"]}}'
        told = Report(code="refused-there", field="", values={})
        asking.report(conn, "px", spoiled.village.pair, "a:party:company:9", "party", "Delta KG", told, raw, spoiled.village.clock.now())
    page = Seen(spoiled.browser("vera").get(f"{spoiled.pair}/problems").text)
    assert "missing / invalid field: ZIPCODE" in page.text
    folds = [a for tag, a in page.elements if tag == "details" and a.get("class") == "fold"]
    assert folds
    assert all("open" not in fold for fold in folds)


def test_what_waits_is_told_apart_and_calls_for_nobody(desk: Desk) -> None:
    at_work(desk)
    person = desk.village.crm.act("create_company", {"name": "Ohne Anschrift KG"})
    desk.village.crm.act("tag", {"kind": "company", "id": person["id"], "name": "FastBill"})
    desk.village.crm.act("create_person", {"first_name": "Eva", "name": "Muster", "company_id": person["id"]})
    desk.village.sync()
    told = Seen(desk.browser("vera").get(f"{desk.pair}/problems?kind=waiting").text)
    assert "Eva Muster" in told.text
    assert "Ohne Anschrift KG kommt zuerst." in told.text


def test_what_a_rule_leaves_out_comes_from_the_last_preview_with_the_reason(desk: Desk) -> None:
    assert "Eine Vorschau zeigt" in desk.browser("vera").get(f"{desk.pair}/problems?kind=left-out").text
    desk.village.crm.act("create_company", {"name": "Nur ein Kontakt AG"})
    make_preview(desk.village.house, desk.village.pair, "test")
    told = Seen(desk.browser("vera").get(f"{desk.pair}/problems?kind=left-out").text)
    assert "Nur ein Kontakt AG" in told.text
    assert "Stand der Vorschau heute um" in told.text


def test_an_unknown_kind_is_the_first_one(desk: Desk) -> None:
    assert "Alles geht hinüber" in desk.browser("vera").get(f"{desk.pair}/problems?kind=nonsense").text


def test_the_api_tells_tries_again_and_leaves_out(spoiled: Desk) -> None:
    found = spoiled.browser("vera").get(f"/api/v1{spoiled.pair}/problems").json()
    assert [(p["code"], p["label"]) for p in found] == [("missing-field", n) for n in ("Alpha KG", "Beta KG", "Gamma KG")]
    assert "Alpha KG" in found[0]["told"]
    base = f"/api/v1{spoiled.pair}/problems"
    assert spoiled.call("vera", "POST", f"{base}/retry", {}).status_code == 403
    assert spoiled.call("adam", "POST", f"{base}/retry", {}).json() == {"count": 3}
    assert spoiled.call("adam", "POST", f"{base}/retry", {"problems": [found[0]["id"]]}).json() == {"count": 1}
    assert spoiled.call("adam", "POST", f"{base}/retry", {"problems": ["gone"]}).status_code == 404
    assert spoiled.call("adam", "POST", f"{base}/leave-out", {"problems": [found[0]["id"]]}).json() == {"version": 2}
    assert len(spoiled.village.problems()) == 2


@pytest.fixture
def postless(desk: Desk) -> Desk:
    """Three companies of one town whose postcode is missing in the CRM, and one without any address."""
    at_work(desk)
    for name in ("Alpha KG", "Bäckerei Ähre", "Gamma KG"):
        company(desk, name, street="Ring 1", zip="", city="Lüneburg", country_code="DE")
    company(desk, "Delta AG")
    desk.village.sync()
    assert sorted(p.values["fields"].count(",") for p in desk.village.problems()) == [0, 0, 0, 3]
    return desk


def problem_of(desk: Desk, name: str) -> str:
    return next(p.id for p in desk.village.problems() if p.label == name)


def postcode(desk: Desk, name: str) -> str:
    rows = [c for c in desk.village.crm.truth()["companies"] if c["name"] == name]
    return str(rows[0]["addrs"][0]["zip"] or "")


def inputs(page: Seen) -> list[str]:
    return [a["name"] for tag, a in page.elements if tag in ("input", "select") and a.get("name", "").startswith(("value|", "all|"))]


def test_a_field_stands_in_the_row_of_its_error_and_says_where_it_is_written(postless: Desk) -> None:
    page = Seen(postless.browser("adam").get(f"{postless.pair}/problems").text)
    assert "Ihre Eingabe schreibt Unisono in CentralStationCRM." in page.text
    ids = [problem_of(postless, name) for name in ("Alpha KG", "Bäckerei Ähre", "Gamma KG")]
    assert {f"value|{one}|address.postcode" for one in ids} < set(inputs(page))
    assert "all|address.postcode" in inputs(page)
    assert "Ring 1, Lüneburg" in page.text
    assert inputs(Seen(postless.browser("vera").get(f"{postless.pair}/problems").text)) == [], "who only looks has nothing to fill in"


def test_what_is_filled_in_is_written_and_the_record_goes_across(postless: Desk) -> None:
    one = problem_of(postless, "Alpha KG")
    answer = postless.send("adam", f"{postless.pair}/problems/correct", problem=[one], **{f"value|{one}|address.postcode": "21335"})
    assert answer.headers["location"].endswith("said=corrected&count=1")
    page = Seen(postless.browser("adam").get(answer.headers["location"]).text)
    assert "1 Eingabe wird gleich geschrieben." in page.text
    assert "Wird geschrieben: 21335" in page.text
    assert f"value|{one}|address.postcode" not in inputs(page)
    postless.village.sync()
    assert postcode(postless, "Alpha KG") == "21335"
    assert [c["ZIPCODE"] for c in postless.village.books.truth()["customers"]] == ["21335"]
    told = Seen(postless.browser("vera").get(f"{postless.pair}/history").text).text
    assert "Adam hat es von Hand berichtigt: Postleitzahl." in told


def test_only_ticked_rows_are_sent_and_empty_ones_stay(postless: Desk) -> None:
    a, b, g = (problem_of(postless, name) for name in ("Alpha KG", "Bäckerei Ähre", "Gamma KG"))
    typed = {f"value|{a}|address.postcode": "21335", f"value|{b}|address.postcode": "21335", f"value|{g}|address.postcode": ""}
    answer = postless.send("adam", f"{postless.pair}/problems/correct", problem=[a, g], **typed)
    assert answer.headers["location"].endswith("said=corrected&count=1")
    postless.village.sync()
    assert [postcode(postless, name) for name in ("Alpha KG", "Bäckerei Ähre", "Gamma KG")] == ["21335", "", ""]
    again = postless.send("adam", f"{postless.pair}/problems/correct", problem=[g], **{f"value|{g}|address.postcode": " "})
    assert again.headers["location"].endswith("said=nothing-entered")


def test_what_does_not_fit_is_shown_in_its_row_and_the_others_are_sent(postless: Desk) -> None:
    a, g = problem_of(postless, "Alpha KG"), problem_of(postless, "Gamma KG")
    typed = {f"value|{a}|address.postcode": "21335", f"value|{g}|address.postcode": "2133"}
    answer = postless.send("adam", f"{postless.pair}/problems/correct", problem=[a, g], **typed)
    assert answer.status_code == 422
    page = Seen(answer.text)
    assert "1 Eingabe passt nicht." in page.text
    assert "„2133“ ist keine gültige Angabe für das Feld Postleitzahl." in page.text
    field = next(a for tag, a in page.elements if a.get("name") == f"value|{g}|address.postcode")
    assert (field["value"], field["aria-invalid"]) == ("2133", "true")
    postless.village.sync()
    assert [postcode(postless, name) for name in ("Alpha KG", "Gamma KG")] == ["21335", ""]


def test_the_same_value_for_a_whole_group(postless: Desk) -> None:
    group = next(p["group"] for p in postless.browser("vera").get(f"/api/v1{postless.pair}/problems").json() if p["label"] == "Alpha KG")
    answer = postless.send(
        "adam", f"{postless.pair}/problems/correct", whole="yes", group=group, **{"all|address.postcode": "21335", "all|name": "Alle AG"}
    )
    assert answer.headers["location"].endswith("said=corrected&count=3")
    postless.village.sync()
    assert [postcode(postless, name) for name in ("Alpha KG", "Bäckerei Ähre", "Gamma KG")] == ["21335"] * 3
    assert [p.label for p in postless.village.problems()] == ["Delta AG"]


def test_several_missing_fields_and_a_country_by_its_name(postless: Desk) -> None:
    one = problem_of(postless, "Delta AG")
    page = Seen(postless.browser("adam").get(f"{postless.pair}/problems").text)
    assert any(tag == "option" and a.get("value") == "Rumänien" for tag, a in page.elements)
    typed = {"address.line1": "Strada Lungă 1", "address.postcode": "500123", "address.city": "Brașov", "address.country": "România"}
    answer = postless.send(
        "adam", f"{postless.pair}/problems/correct", problem=[one], **{f"value|{one}|{name}": value for name, value in typed.items()}
    )
    assert answer.headers["location"].endswith("said=corrected&count=1")
    postless.village.sync()
    made = [c for c in postless.village.books.truth()["customers"] if c["ORGANIZATION"] == "Delta AG"]
    assert [(c["ZIPCODE"], c["CITY"], c["COUNTRY_CODE"]) for c in made] == [("500123", "Brașov", "RO")]


def test_a_search_finds_names_without_their_diacritics_and_a_kind_leaves_others_out(postless: Desk) -> None:
    shown = Seen(postless.browser("vera").get(f"{postless.pair}/problems", params={"search": "backerei ahre"}).text).text
    assert "Bäckerei Ähre" in shown
    assert "Alpha KG" not in shown
    assert "Nichts gefunden" in postless.browser("vera").get(f"{postless.pair}/problems?of=contact").text
    found = postless.browser("vera").get(f"/api/v1{postless.pair}/problems", params={"search": "AHRE"}).json()
    assert [(p["label"], p["fields"], p["side"]) for p in found] == [("Bäckerei Ähre", {"address.postcode": ""}, "crm")]


def test_a_large_group_is_opened_on_a_page_of_its_own_and_paged(desk: Desk) -> None:
    at_work(desk)
    with desk.village.house.store.write() as conn:
        for n in range(70):
            told = Report(code="refused-there", field="", values={})
            asking.report(
                conn, f"p{n:02}", desk.village.pair, f"a:party:{n:02}", "party", f"Nummer {n:02}", told, "", desk.village.clock.now()
            )
    first = Seen(desk.browser("adam").get(f"{desk.pair}/problems").text)
    assert "70 × Kunde" in first.text
    assert "Nummer 11" in first.text
    assert "Nummer 12" not in first.text
    opened = next(link for link in first.links if "/problems?group=" in link and "/exports/" not in link)
    whole, seen_, steps = opened, set[str](), 0
    while whole:
        page = Seen(desk.browser("adam").get(whole).text)
        seen_ |= {word for word in page.text.split("\n") if word.strip().startswith("Nummer ")}
        whole = next((a["href"] for tag, a in page.elements if tag == "a" and a.get("rel") == "next"), "")
        steps += 1
    assert (len({one.strip() for one in seen_}), steps) == (70, 2)
    group = desk.browser("vera").get(f"/api/v1{desk.pair}/problems?limit=1").json()[0]["group"]
    assert desk.send("adam", f"{desk.pair}/problems/retry", whole="yes", group=group).headers["location"].endswith("count=70")
    assert desk.send("adam", f"{desk.pair}/problems/retry", whole="yes", group="none").headers["location"].endswith("problem-gone")


def test_who_was_left_out_for_good_is_taken_along_again_on_the_same_page(postless: Desk) -> None:
    one = problem_of(postless, "Delta AG")
    postless.send("adam", f"{postless.pair}/problems/leave-out", problem=[one])
    page = Seen(postless.browser("adam").get(f"{postless.pair}/problems?kind=left-out").text)
    assert "1 Datensatz auf Dauer ausgelassen" in page.text
    record = next(a["value"] for tag, a in page.elements if a.get("name") == "record")
    assert postless.browser("vera").get(f"/api/v1{postless.pair}/left-out").json() == [{"record": record, "label": "Delta AG"}]
    answer = postless.send("adam", f"{postless.pair}/problems/take-along", record=[record])
    assert answer.headers["location"].endswith("said=taken-along&count=1")
    postless.village.sync()
    assert "Delta AG" in {p.label for p in postless.village.problems()}


def test_the_api_corrects_and_says_what_does_not_fit(postless: Desk) -> None:
    base = f"/api/v1{postless.pair}/problems"
    a, g = problem_of(postless, "Alpha KG"), problem_of(postless, "Gamma KG")
    what = {"problems": {a: {"address.postcode": "21335"}, g: {"address.postcode": "x"}}}
    assert postless.call("vera", "POST", f"{base}/correct", what).status_code == 403
    told = postless.call("adam", "POST", f"{base}/correct", what).json()
    assert told["count"] == 1
    assert "Postleitzahl" in told["wrong"][g]["address.postcode"]
    assert postless.call("adam", "POST", f"{base}/correct", {"problems": {"gone": {"name": "x"}}}).status_code == 404
    pending = {p["label"]: p["pending"] for p in postless.browser("vera").get(base).json()}
    assert pending["Alpha KG"] == {"address.postcode": "21335"}
    assert pending["Gamma KG"] == {}

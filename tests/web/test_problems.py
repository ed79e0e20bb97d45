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

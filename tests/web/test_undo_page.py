"""Undo on the pages: a write, a record, a run; what can be taken back and what cannot stands there before; then exactly that is done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.desk import Desk, Seen
from tests.web.test_pairs import SUN, at_work, company
from tests.web.test_preview_page import made
from unisono.engine.undo import Scope
from unisono.model.errors import LoginRefused
from unisono.store import lanes
from unisono.wiring.running import Runner
from unisono.wiring.undoing import PATIENCE, Undoings


def page(desk: Desk, who: str = "adam") -> Seen:
    return Seen(desk.browser(who).get(f"{desk.pair}/history/undo").text)


def shown_id(seen: Seen) -> str:
    return next(a["value"] for tag, a in seen.elements if tag == "input" and a.get("name") == "shown")


def api(desk: Desk, who: str = "vera") -> Any:
    return desk.browser(who).get(f"/api/v1{desk.pair}/history/undo").json()


def writes(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.browser("vera").get(f"/api/v1{desk.pair}/history?sort=writes").json()["lines"]
    return found


def customers(desk: Desk) -> list[str]:
    return sorted(c["ORGANIZATION"] for c in desk.village.books.truth()["customers"])


@pytest.fixture
def renamed(desk: Desk) -> Desk:
    """Two customers made by Unisono, one of them renamed in the CRM since."""
    at_work(desk)
    sun = company(desk, "Sonne GmbH", **SUN)
    company(desk, "Mond GmbH", **SUN)
    desk.village.sync()
    desk.village.crm.act("edit_company", {"id": sun, "name": "Sonne und Söhne GmbH"})
    desk.village.sync()
    assert customers(desk) == ["Mond GmbH", "Sonne und Söhne GmbH"]
    return desk


def test_one_entry_is_looked_at_shown_and_taken_back(renamed: Desk) -> None:
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    assert renamed.send("adam", f"{renamed.pair}/history/undo/look", write=entry).headers["location"] == f"{renamed.pair}/history/undo"
    told = page(renamed)
    assert "Bei 1 Datensatz geschieht etwas" in told.text
    assert "Bekommt frühere Werte zurück" in told.text
    assert "Sonne und Söhne GmbH" in told.text
    assert customers(renamed) == ["Mond GmbH", "Sonne und Söhne GmbH"], "looking takes nothing back"
    renamed.send("adam", f"{renamed.pair}/history/undo/do", shown=shown_id(told))
    assert customers(renamed) == ["Mond GmbH", "Sonne GmbH"]
    assert "1 Datensatz zurückgenommen" in page(renamed).text
    assert renamed.village.sync().writes == 0
    history = Seen(renamed.browser("vera").get(f"{renamed.pair}/history?sort=events").text).text
    assert "Rückgängig gemacht:" in history


def test_the_history_offers_it_on_every_entry_that_is_done_and_only_to_whoever_may(renamed: Desk) -> None:
    told = Seen(renamed.browser("adam").get(f"{renamed.pair}/history").text)
    offered = [a["value"] for tag, a in told.elements if tag == "input" and a.get("name") == "write"]
    assert sorted(offered) == sorted(line["id"] for line in writes(renamed))
    assert Seen(renamed.browser("vera").get(f"{renamed.pair}/history").text).changes == {"/signout"}
    assert renamed.send("vera", f"{renamed.pair}/history/undo/look", write=offered[0]).status_code == 403


def test_what_cannot_be_taken_back_says_why_beforehand(renamed: Desk) -> None:
    record = next(line["record"] for line in writes(renamed) if line["operation"] == "change")
    renamed.village.books.act("edit_customer", {"ID": _sun(renamed)["CUSTOMER_ID"], "PHONE": "030 99"})
    renamed.send("adam", f"{renamed.pair}/history/undo/look", record=record)
    told = page(renamed)
    assert "Bleibt, wird nur nicht mehr abgeglichen" in told.text
    assert "hat jemand" in told.text


def _sun(desk: Desk) -> Any:
    return next(c for c in desk.village.books.truth()["customers"] if c["ORGANIZATION"].startswith("Sonne"))


def test_a_whole_run_goes_back_and_may_come_again(desk: Desk) -> None:
    company(desk, "Sonne GmbH", **SUN)
    company(desk, "Mond GmbH", **SUN)
    run = made(desk)
    desk.send("adam", f"{desk.pair}/runs/{run}/release")
    Runner(house=desk.village.house, holder="test").until_quiet(desk.village.pair)
    assert customers(desk) == ["Mond GmbH", "Sonne GmbH"]
    run_page = Seen(desk.browser("adam").get(f"{desk.pair}/runs/{run}").text)
    assert f"{desk.pair}/history/undo/look" in run_page.changes
    desk.send("adam", f"{desk.pair}/history/undo/look", run=run)
    told = page(desk)
    assert "Bei 2 Datensätzen geschieht etwas" in told.text
    assert "Wird gelöscht" in told.text
    desk.send("adam", f"{desk.pair}/history/undo/do", shown=shown_id(told))
    assert customers(desk) == []
    done = page(desk)
    assert "2 Datensätze zurückgenommen" in done.text
    assert "2 Datensätze sind durch ein Zurücknehmen nicht mehr verknüpft." in done.text
    assert desk.village.sync().writes == 0, "what was taken back is not done again by itself"
    undone = api(desk)["run"]
    assert f"{desk.pair}/history?run={undone}" in Seen(desk.browser("vera").get(f"{desk.pair}/runs").text).links
    lifted = desk.send("adam", f"{desk.pair}/history/undo/lift", run=undone)
    assert lifted.headers["location"].endswith("said=undo-lifted&count=2")
    desk.village.sync()
    assert customers(desk) == ["Mond GmbH", "Sonne GmbH"]


def test_what_changed_since_it_was_shown_is_left_as_it_is(renamed: Desk) -> None:
    record = next(line["record"] for line in writes(renamed) if line["operation"] == "change")
    renamed.send("adam", f"{renamed.pair}/history/undo/look", record=record)
    first = page(renamed)
    assert "Wird gelöscht" in first.text
    renamed.village.books.act("edit_customer", {"ID": _sun(renamed)["CUSTOMER_ID"], "PHONE": "030 99"})
    renamed.send("adam", f"{renamed.pair}/history/undo/do", shown=shown_id(first))
    assert customers(renamed) == ["Mond GmbH", "Sonne und Söhne GmbH"], "nobody deletes what a colleague has just worked on"
    assert "0 Datensätze zurückgenommen" in page(renamed).text


def test_only_what_was_shown_is_done(renamed: Desk) -> None:
    """The runner wrote once more about the record after the look: that was not shown, so it stays."""
    record = next(line["record"] for line in writes(renamed) if line["operation"] == "change")
    v = renamed.village
    undoings = Undoings(v.house, lambda work: work())
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    assert undoings.look(v.pair, Scope(write=entry), "adam")
    shown = undoings.standing(v.pair)
    assert shown is not None
    assert [step.what for step in shown.steps] == ["change"]
    v.crm.act("edit_company", {"id": int(record.rsplit(":", 1)[1]), "name": "Noch anders GmbH"})
    v.sync()
    undoings.begin(v.pair, shown.id, "adam")
    assert customers(renamed) == ["Mond GmbH", "Noch anders GmbH"]
    done = undoings.standing(v.pair)
    assert done is not None
    assert done.done == 0


def test_a_yes_to_something_else_than_what_stands_there_does_nothing(renamed: Desk) -> None:
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    assert renamed.send("adam", f"{renamed.pair}/history/undo/do", shown="x").headers["location"].endswith("said=undo-gone")
    renamed.send("adam", f"{renamed.pair}/history/undo/look", write=entry)
    old = shown_id(page(renamed))
    renamed.send("anna", f"{renamed.pair}/history/undo/look", write=entry)
    assert renamed.send("adam", f"{renamed.pair}/history/undo/do", shown=old).headers["location"].endswith("said=undo-gone")
    assert customers(renamed) == ["Mond GmbH", "Sonne und Söhne GmbH"]
    renamed.send("anna", f"{renamed.pair}/history/undo/close", shown=shown_id(page(renamed)))
    assert "Zurzeit wird nichts zurückgenommen" in page(renamed).text
    assert api(renamed) == {"stage": "none"} | {k: v for k, v in api(renamed).items() if k != "stage"}


def test_an_address_that_names_nothing_undoes_nothing(renamed: Desk) -> None:
    look = f"{renamed.pair}/history/undo/look"
    assert renamed.send("adam", look).headers["location"].endswith("said=undo-gone")
    assert renamed.send("adam", look, record="nonsense").headers["location"].endswith("said=undo-gone")
    renamed.send("adam", look, run="nonsense")
    assert "Dazu hat Unisono nichts geschrieben" in page(renamed).text


def test_a_refused_key_is_said_and_nothing_is_lost(renamed: Desk) -> None:
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    renamed.village.books.world.faults.arm("unauthorised", times=99)
    renamed.send("adam", f"{renamed.pair}/history/undo/look", write=entry)
    told = page(renamed)
    assert "Es wurde nichts zurückgenommen." in told.text
    assert api(renamed)["code"] == LoginRefused("login-refused").code
    assert customers(renamed) == ["Mond GmbH", "Sonne und Söhne GmbH"]


def test_it_waits_for_the_runner_and_the_runner_for_it(renamed: Desk) -> None:
    v = renamed.village
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    with v.house.store.write() as conn:
        held = lanes.take_lane(conn, f"connection:{v.a}", "runner", v.clock.now(), 300)
    assert held is not None
    undoings = Undoings(v.house, lambda work: work())
    before = v.clock.now()
    assert undoings.look(v.pair, Scope(write=entry), "adam")
    assert before < v.clock.now() <= before + PATIENCE, "it waited until the lease was over"
    found = undoings.standing(v.pair)
    assert found is not None
    assert found.stage == "shown"
    v.house.busy.add(f"connection:{v.a}")
    turn = Runner(house=v.house, holder="test").turn(poll=True, pair=v.pair)
    assert set(turn.pulled) == {v.b}, "a lane of this very process is not taken over"


def test_the_api_does_the_same(renamed: Desk) -> None:
    base = f"/api/v1{renamed.pair}/history/undo"
    entry = next(line["id"] for line in writes(renamed) if line["operation"] == "change")
    assert renamed.call("vera", "POST", f"{base}/look", {"write": entry}).status_code == 403
    assert renamed.call("adam", "POST", f"{base}/look", {}).status_code == 422
    shown = renamed.call("adam", "POST", f"{base}/look", {"write": entry}).json()
    assert (shown["stage"], shown["scope"], [s["what"] for s in shown["steps"]]) == ("shown", {"write": entry}, ["change"])
    assert shown["steps"][0]["after"] == {"name": "Sonne GmbH"}
    assert renamed.call("adam", "POST", f"{base}/do", {"shown": "x"}).status_code == 409
    done = renamed.call("adam", "POST", f"{base}/do", {"shown": shown["shown"]}).json()
    assert (done["stage"], done["done"], done["total"], done["failed"]) == ("done", 1, 1, {})
    assert customers(renamed) == ["Mond GmbH", "Sonne GmbH"]
    assert renamed.call("adam", "POST", f"{base}/lift", {"run": done["run"]}).json() == {"count": 0}
    assert renamed.call("adam", "POST", f"{base}/close", {"shown": shown["shown"]}).json()["stage"] == "none"

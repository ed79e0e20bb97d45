"""``preview``, ``release``, ``sync``, ``status``, ``questions``, ``answer``, ``problems``, ``retry``, ``history``: a pair at work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.cli.desk import MOON, Desk

BARE = {"name": "Ohne Adresse GmbH", "street": "", "zip": "", "city": "", "country_code": "", "email": "ohne@adresse.example"}
"""A company that cannot become a customer: FastBill's side of the pair wants an address."""


def test_a_preview_writes_nothing_and_says_what_would_be_done(desk: Desk) -> None:
    desk.company()
    desk.customer()
    desk.pair()
    before = desk.names()
    told = desk.run("preview", "--json")
    assert told.code == 0, told.text
    assert {"delay_seconds", "rows"} <= set(told.json)
    assert {row["label"] for row in told.json["rows"] if row["verdict"] == "new"} == {"Bäckerei Sonne GmbH", "Mond Optik GmbH"}
    assert desk.names() == before == (["Bäckerei Sonne GmbH"], ["Mond Optik GmbH"])
    assert "Bäckerei Sonne GmbH" in desk.run("preview").text


def test_a_preview_of_one_record_names_fields_and_values_as_people_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.company(name="Sonne [bold]GmbH[/bold] :key: [Nord]")
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    told = desk.run("preview", "--run", run, "--record", f"a:party:company:{key}")
    assert told.code == 0, told.text
    assert "Sonne [bold]GmbH[/bold] :key: [Nord]" in told.out, "brackets and colons of a name are its own"
    assert "Kunde: neu -> FastBill" in told.out
    assert {"Firma oder Person: Firma", "Land: Deutschland", "Postleitzahl: 12345"} <= {line.strip() for line in told.out.splitlines()}
    assert not {"address.", "party", "company "} & set(told.out.replace(f"a:party:company:{key}", "").split())
    table = desk.run("preview", "--run", run).out
    assert "Sonne [bold]GmbH[/bold] :key: [Nord]" in table
    assert "unter den Grenzen des Anbieters" in table
    assert desk.run("preview", "--run", run, "--record", "a:party:company:0").code == 2
    assert desk.run("preview", "--run", run, "--verdict", "nosuch").code == 2


def test_a_preview_says_what_the_two_systems_cannot_do_and_what_of_the_records_stays_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.company(name="Sonne GmbH", background="Ruft gern an")
    desk.company(name="Mond GmbH")
    desk.pair()
    told = desk.run("preview", "--json").json
    assert {"never", "otherwise", "limit"} == {one["way"] for one in told["cannot"]}
    assert [(one["mark"], one["count"], one["names"]) for one in told["behind"]] == [("b:no-place:note", 1, ["Sonne GmbH"])]
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    lines = [" ".join(line.split()) for line in desk.run("preview", "--run", told["run"]).out.splitlines()]
    assert "Was diese beiden Systeme nicht können" in lines
    assert "Was von den Datensätzen zurückbleibt" in lines
    assert any(line.startswith("- 1 × Kunde: Bemerkung: FastBill hat keinen Platz dafür.") for line in lines)
    marked = desk.run("preview", "--run", told["run"], "--mark", "b:no-place:note", "--json").json["rows"]
    assert [row["label"] for row in marked] == ["Sonne GmbH"]
    one = desk.run("preview", "--run", told["run"], "--record", marked[0]["record"]).out
    assert "Bleibt zurück: Bemerkung: FastBill hat keinen Platz dafür." in " ".join(one.split())


@pytest.mark.parametrize("form", ("text", "markdown", "html", "json"))
def test_a_report_repeats_what_the_preview_said_beforehand(desk: Desk, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    desk.company(name="Sonne GmbH", background="Ruft gern an")
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    out = desk.run("run", "report", run, "--form", form).out
    assert "Bemerkung: FastBill hat keinen Platz dafür. (Sonne GmbH)" in out
    assert "FastBill hat keinen Platz für: Bemerkung, Bundesland oder Region." in out
    assert ("Was diese beiden Systeme nicht können" in out) == (form != "json")


def test_a_report_is_read_by_people_in_their_own_words_and_by_programs_as_data(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.company()
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    desk.run("release", run)
    desk.run("sync")
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    lines = desk.run("run", "report", run).out.splitlines()
    (line,) = [line.strip() for line in lines if "Bäckerei Sonne GmbH" in line and "Kunde" in line]
    assert line.startswith("Kunde Bäckerei Sonne GmbH: CentralStationCRM ")
    assert "-> FastBill, Kunde " in line
    assert "[erledigt]" in line
    assert not [line for line in lines if "party" in line or "T0" in line or line.endswith("Z.")], "no raw kinds, no machine's instants"
    assert desk.run("run", "report", run, "--json").json["total"] == len(desk.run("run", "report", run, "--json").json["rows"])


def test_a_report_is_written_in_the_form_of_its_file_or_the_one_that_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    desk.company(name="Sonne & Mond <GmbH>")
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    file = tmp_path / "report.html"
    assert desk.run("run", "report", run, "--out", str(file)).code == 0
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Sonne &amp; Mond &lt;GmbH&gt;" in page
    assert desk.run("run", "report", run, "--form", "html").out == page
    assert desk.run("run", "report", run, "--form", "html", "--json").json["run"] == run, "a program that asks for JSON gets JSON"
    told = desk.run("run", "report", run, "--form", "html", "--out", str(tmp_path / "any"), "--json")
    assert (told.json["file"], (tmp_path / "any").read_text(encoding="utf-8")) == (str(tmp_path / "any"), page)
    assert desk.run("run", "report", run, "--form", "pdf").code == 2


def test_released_the_pair_brings_both_sides_in_step(desk: Desk) -> None:
    desk.company()
    desk.customer()
    pair = desk.pair()
    assert desk.run("sync", "--json").json["state"] == "reading"
    assert desk.names() == (["Bäckerei Sonne GmbH"], ["Mond Optik GmbH"]), "not released yet"
    released = desk.run("release", "--json")
    assert (released.code, released.json) == (0, {"pair": pair})
    told = desk.run("sync", "--json")
    assert told.code == 0, told.text
    assert sorted(told.json) == ["links", "pair", "problems", "questions", "state", "writes"]
    assert (told.json["writes"], told.json["links"]["party"], told.json["state"]) == (2, 2, "released")
    assert desk.names() == (["Bäckerei Sonne GmbH", "Mond Optik GmbH"], ["Bäckerei Sonne GmbH", "Mond Optik GmbH"])
    assert desk.run("sync", "--json").json["writes"] == 0, "in step there is nothing to do"


def test_status_and_sync_end_with_1_when_something_waits_for_a_person(desk: Desk) -> None:
    desk.company(**BARE)
    desk.synced()
    told = desk.run("status", "--json")
    assert (told.code, told.json["problems"], told.json["questions"]) == (1, 1, 0)
    assert desk.run("sync").code == 1
    assert "1" in desk.run("status").text


def test_a_problem_names_record_field_and_what_to_do_and_retry_looks_again(desk: Desk) -> None:
    key = desk.company(**BARE)
    desk.synced()
    (told,) = desk.run("problems", "--json").json
    assert (told["code"], told["label"], told["key"]) == ("missing-field", "Ohne Adresse GmbH", f"a:party:company:{key}")
    text = desk.run("problems").text
    assert told["id"] in text
    assert "Ohne Adresse GmbH" in text
    desk.crm.act("set_address", {"kind": "company", "id": str(key), "street": "Weg 1", "zip": "1", "city": "Ulm", "country_code": "DE"})
    assert desk.run("retry").code == 0
    desk.run("sync")
    assert desk.run("problems", "--json").json == []
    assert desk.run("status").code == 0


def test_equal_problems_are_one_line_with_their_number(desk: Desk) -> None:
    for n in range(3):
        desk.company(**(BARE | {"name": f"Ohne {n} GmbH", "email": f"o{n}@adresse.example"}))
    desk.synced()
    (group,) = desk.run("problems", "--group", "--json").json
    assert (group["code"], group["count"], sorted(group["labels"])) == ("missing-field", 3, ["Ohne 0 GmbH", "Ohne 1 GmbH", "Ohne 2 GmbH"])
    text = desk.run("problems", "--group").text
    assert len(text.strip().splitlines()) == 1
    assert text.startswith("3 × Customer: "), text


def test_a_problem_that_is_dismissed_leaves_its_record_out_for_good(desk: Desk) -> None:
    key = desk.company(**BARE)
    desk.synced()
    (told,) = desk.run("problems", "--json").json
    assert desk.run("problems", "--dismiss", "nosuch").code == 2
    assert desk.run("problems", "--dismiss", told["id"]).code == 0
    assert desk.run("sync").code == 0
    assert desk.run("policy", "show", "--json").json["leave_out"] == [f"a:party:company:{key}"]
    assert desk.run("problems", "--json").json == []
    desk.crm.act("set_address", {"kind": "company", "id": str(key), "street": "Weg 1", "zip": "1", "city": "Ulm", "country_code": "DE"})
    desk.run("sync")
    assert desk.names()[1] == []
    assert desk.run("leave-out", f"a:party:company:{key}", "--back").code == 0
    desk.run("sync")
    assert desk.names()[1] == ["Ohne Adresse GmbH"]


def twins(desk: Desk, count: int) -> None:
    """Companies with a namesake of another spelling of address at FastBill: doubtful, every one."""
    for n in range(count):
        desk.company(name=f"Zwilling {n} GmbH", email=f"z{n}@zwilling.example", zip=f"{20000 + n}")
        desk.customer(ORGANIZATION=f"Zwilling {n} GmbH", ZIPCODE=f"{20000 + n}", EMAIL="")
    desk.synced()


def test_programs_are_told_what_came_of_an_answer_a_retry_and_a_dismissal(desk: Desk) -> None:
    desk.company(**BARE)
    twins(desk, 2)
    asked, _ = desk.run("questions", "--json").json
    told = desk.run("answer", asked["id"], "same", "--json").json
    assert told == {"question": asked["id"], "answer": "same", "count": 1}
    wrong = desk.run("answer", asked["id"], "same", "--json")
    assert (wrong.code, wrong.json["error"]["code"], wrong.json["error"]["values"]) == (2, "no-such-question", {"id": asked["id"]})
    assert desk.run("retry", "--json").json == {"records": 1}
    (problem,) = desk.run("problems", "--json").json
    assert desk.run("problems", "--dismiss", problem["id"], "--json").json == []
    assert desk.run("problems", "--dismiss", problem["id"], "--json").json["error"]["values"] == {"id": problem["id"]}


def test_a_question_shows_what_differs_and_what_is_alike_of_both_records(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    twins(desk, 1)
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    lines = [line.strip() for line in desk.run("questions").out.splitlines()]
    assert "verschieden: Ort: CentralStationCRM Berlin, FastBill Köln" in lines
    assert "verschieden: E-Mail: CentralStationCRM z0@zwilling.example, FastBill (leer)" in lines
    (alike,) = [line for line in lines if line.startswith("gleich: ")]
    assert {"Name", "Postleitzahl", "Land"} <= set(alike.removeprefix("gleich: ").split(", "))
    assert lines[-1].startswith("same (Ja, dasselbe"), "then the answers"
    (asked,) = desk.run("questions", "--json").json
    assert {"name": "address.city", "a": "Berlin", "b": "Köln", "sign": "differs"} in asked["fields"]


def test_a_question_is_answered_by_its_id(desk: Desk) -> None:
    twins(desk, 1)
    (asked,) = desk.run("questions", "--json").json
    assert (asked["code"], asked["label"], asked["options"]) == ("same-customer", "Zwilling 0 GmbH", ["same", "different", "later"])
    assert asked["id"] in desk.run("questions").text
    assert desk.run("answer", asked["id"], "perhaps").code == 2
    assert desk.run("answer", "nosuch", "same").code == 2
    before = desk.names()
    assert desk.run("answer", asked["id"], "same").code == 0
    desk.run("sync")
    assert desk.names() == before, "linked, not made a second time"
    assert desk.run("status", "--json").json["links"]["party"] == 1


def test_alike_questions_are_one_line_and_answered_together(desk: Desk) -> None:
    twins(desk, 3)
    (group,) = desk.run("questions", "--group", "--json").json
    assert (group["count"], len(group["ids"])) == (3, 3)
    assert desk.run("questions", "--group").text.startswith("3 ×")
    assert desk.run("answer", group["ids"][0], "same", "--group").code == 0
    desk.run("sync")
    assert desk.run("status", "--json").json["links"]["party"] == 3
    assert [q for q in desk.run("questions", "--json").json if q["code"] == "same-customer"] == []


def test_the_history_tells_each_write_with_its_reason(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    told = desk.run("history", "--json").json
    (write,) = [w for w in told["writes"] if w["kind"] == "party"]
    assert (write["state"], write["operation"], write["side"], write["label"]) == ("done", "create", "a", MOON["ORGANIZATION"])
    assert write["reason"]["code"] == "created-because"
    assert {"released"} <= {e["event"] for e in told["events"]}
    assert MOON["ORGANIZATION"] in desk.run("history").text
    assert desk.run("history", "--record", "a:party:company:0", "--json").json == {"writes": [], "events": []}


def test_the_history_is_read_by_people_in_their_own_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    key = desk.customer()
    desk.synced()
    desk.books.act("edit_customer", {"id": key, "phone": "0221 99"})
    desk.run("sync")
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    out = desk.run("history").out
    lines = [line for line in out.splitlines() if re.match(r"\d\d\.\d\d\.\d{4} \d\d:\d\d  ", line)]
    assert any("CentralStationCRM, angelegt: Kunde Mond Optik GmbH. " in line for line in lines), out
    assert any("CentralStationCRM, geändert: Kunde Mond Optik GmbH. " in line for line in lines), out
    assert "Telefon: (leer) -> " in out
    assert any("freigegeben" in line and "@" in line for line in lines), "and who did it"
    assert not [raw for raw in ("done", "create", "party", "T0", "Z  ") if raw in out]
    assert desk.run("history", "--record", "a:party:company:0").code == 0


def test_a_write_that_was_refused_says_so_in_the_history(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.company()
    desk.pair()
    desk.run("release")
    desk.books.world.faults.arm("status", "customer.create", times=1, value=400)
    desk.run("sync")
    monkeypatch.setenv("UNISONO_LANGUAGE", "de")
    assert "FastBill hat Kunde Bäckerei Sonne GmbH nicht angenommen." in desk.run("history").out


def test_a_key_that_is_revoked_stops_its_side_and_says_so(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    desk.crm.world.storage.settings["api_key"] = "another"
    told = desk.run("sync")
    assert told.code == 3, told.text
    assert {c["system"]: c["state"] for c in desk.run("connections", "--json").json} == {"centralstation": "refused", "fastbill": "ok"}


def test_a_vendor_that_is_down_is_said_with_its_own_exit_code(desk: Desk) -> None:
    desk.customer()
    desk.pair()
    desk.crm.world.faults.arm("status", "GET", times=50)
    told = desk.run("preview")
    assert told.code == 4, told.text

"""Every exit code that docs/commands.md promises is really returned, and with ``--json`` a program reads one document and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.shape.commands import EXITS, commands
from tests.support.hooks import ADDRESS
from tests.support.provider import CLIENT, SECRET
from tests.unit.cli.desk import KEY, LOGIN, Desk, Told
from tests.unit.cli.exit_cases import CALLS, CASES, given
from tests.unit.cli.outside import PORT, POST_OFFICE, nobody_is_known, post_office, reached_at, rested, secret_file, sign_in_provider
from unisono.cli.app import EXIT_CODES
from unisono.cli.sandbox import SIMULATORS
from unisono.store.doors import Store

KNOWN = {command.name: command for command in commands()}
STAYING = ("serve", "sandbox", "demo")
"""Commands that go on until they are told to stop: they have tests of their own."""


def call(name: str, tmp_path: Path) -> list[str]:
    words = [str(tmp_path / "file") if word == "FILE" else word for word in CALLS.get(name, ())]
    return [*name.split(), *words, "--json"]


def failed(told: Told) -> dict[str, Any]:
    """What a program reads where something went wrong."""
    error = told.json["error"]
    assert (error["exit"], told.aside) == (told.code, ""), told.text
    assert error["told"], "a sentence for people"
    return dict(error)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_wrong_call_ends_with_2_and_is_said_to_people_and_to_programs(name: str, desk: Desk, tmp_path: Path) -> None:
    told = desk.run(*call(name, tmp_path), "--nosuch")
    assert (told.code, "--nosuch" in told.text) == (2, True), told.text
    assert failed(told)["code"] == "wrong-call"
    told = desk.run(*(word for word in call(name, tmp_path) if word != "--json"), "--nosuch")
    assert (told.code, told.out) == (2, "")
    assert "--nosuch" in told.aside


@pytest.mark.parametrize("name", sorted(name for name in KNOWN if name not in STAYING))
def test_a_store_that_cannot_be_used_ends_with_5(name: str, desk: Desk, tmp_path: Path) -> None:
    Store.open(desk.folder).close()
    (database,) = desk.folder.glob("*.db")
    database.write_bytes(b"this is no database" * 100)
    told = desk.run(*call(name, tmp_path))
    promised = EXIT_CODES["store"] in KNOWN[name].exits
    # A file that is to be read is looked at before the store is opened, where nothing else is needed to know that it is not there.
    assert told.code == (5 if promised else 0), told.text
    if promised:
        assert failed(told)["code"].startswith("store-")


@dataclass
class Doing:
    """Does commands for a program, each of which has to end as it is told, and knows which of them were done."""

    desk: Desk
    tmp_path: Path
    done: set[str] = field(default_factory=set)

    def __call__(self, name: str, *words: str, code: int = 0) -> Any:
        told = self.desk.run(*name.split(), *words, "--json")
        assert told.code == code, (name, told.text)
        assert code in KNOWN[name].exits, name
        assert told.aside == "", (name, told.aside)
        if code == 0:
            self.done.add(name)
        return json.loads(told.out)


def doors(do: Doing) -> None:
    """A vendor may tell of changes, and may no longer."""
    reached_at(do.desk, ADDRESS)
    assert [one["state"] for one in do("hooks list")["doors"]] == ["", ""]
    assert do("hooks open", "centralstation", "--yes") == {"state": "open"}
    assert len(do.desk.crm.world.storage.table("hooks")) == 9
    assert [one["state"] for one in do("hooks list")["doors"]] == ["open", ""]
    assert do("hooks close", "centralstation") == {"state": "closed"}
    assert len(do.desk.crm.world.storage.table("hooks")) == 0


def lists(do: Doing) -> None:
    """What both sides know, and which field goes where."""
    assert {one["label"] for one in do("customers")} >= {"Bäckerei Sonne GmbH", "Mond Optik GmbH"}
    assert [one["gross"] for one in do("documents")["documents"] if one["type"] == "380"] == ["238"]
    told = do("export", "customers")
    assert len(told) == len(do("customers")) + 1, "and the names of the columns"
    assert do("export", "customers", "--file", str(do.tmp_path / "list.csv")) == {"file": str(do.tmp_path / "list.csv")}
    assert "Mond Optik GmbH" in (do.tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    assert {one["name"]: one["crm"] for one in do("policy fields", "--read")}["name"]


def people(do: Doing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody comes, may do more, is kept out, comes back and goes."""
    anna = "anna@example.com"
    code = do("users invite", anna, "--name", "Anna", "--role", "view")["code"]
    assert do("users access", anna, "--role", "admin")["role"] == "admin"
    assert do("users code", anna)["code"] != code
    assert do("users sessions", anna) == []
    assert do("users end", anna)["ended"] == 0
    for word, state in (("lock", "locked"), ("unlock", "active")):
        assert do(f"users {word}", anna)["state"] == state
        assert [one["state"] for one in do("users list")] == [state]
    with post_office(do.tmp_path) as (box, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        do("notices mail", POST_OFFICE, "--port", str(PORT), "--sender", "unisono@example.com", "--private")
        do("notices test", anna)
        do("notices wish", anna, "--address", anna, "--hour", "0")
        assert [one["state"] for one in do("notices send")] == ["sent"]
        assert [mail["to"] for mail in box.mails] == [anna, anna]
    room = do("notices chat-add", "Büro", "--address", f"@{secret_file(do.desk, 'ntfys://127.0.0.1/buero')}", "--private")["id"]
    told = do("notices show")
    assert (told["mail"]["host"], [one["id"] for one in told["chats"]], told["troubles"]) == (POST_OFFICE, [room], [])
    do("notices chat-remove", room)
    do("notices mail-off")
    assert do("notices show") == {"mail": None, "chats": [], "troubles": []}
    with sign_in_provider() as issuer:
        do("oidc set", "--issuer", issuer, "--client-id", CLIENT, "--secret", f"@{secret_file(do.desk, SECRET)}", "--admin", "chefs")
    assert do("oidc show")["issuer"] == issuer
    do("oidc off", "--yes")
    assert do("oidc show") is None
    assert do("users remove", anna, "--yes")["state"] == "removed"
    assert {"invited", "mail-set", "oidc-set", "removed"} <= {line["event"] for line in do("users log")}


def upkeep(do: Doing, key: int) -> None:
    """A copy, another key, a person's data gone, and everything as it was."""
    first, later = (str(do.tmp_path / name) for name in ("kept.db", "later.db"))
    do("backup", first)
    do("keys rotate")
    do("backup", later)
    do("erase", f"a:party:company:{key}", "--yes")
    do("pair remove")
    do("restore", later, "--yes")
    do("restore", first, "--yes", code=1)  # its logins are encrypted with the former key


def test_every_command_that_is_done_ends_with_0_and_tells_programs_one_document(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = Doing(desk, tmp_path)
    key = desk.company()
    bare = desk.company(name="Ohne Adresse GmbH", street="", zip="", city="", country_code="", email="ohne@adresse.example")
    desk.company(name="Ohne Postleitzahl GmbH", zip="", email="o@o.example")
    desk.company(name="Zwilling GmbH", email="z@zwilling.example", zip="20000")
    desk.customer(ORGANIZATION="Zwilling GmbH", ZIPCODE="20000", EMAIL="")
    invoice = desk.books.act("create_invoice", {"CUSTOMER_ID": str(desk.customer()), "items": "Schild; 2; 100; 19"})
    desk.books.act("complete_invoice", {"ID": str(invoice["id"])})
    for name in ("doctor", "systems", "connections", "pair list", "run list"):
        do(name)
    desk.connect()
    do("connect", "centralstation", "--replace", "centralstation", "--login", f"api_key={desk.crm_key}")
    do("fields", "centralstation")
    assert do("adjust", "centralstation") == [], "it has no settings of its own"
    do("pair add", "centralstation", "fastbill", "--complete", "--name", "Unser Paar")
    for name in ("pair show", "pair pause", "pair resume", "status", "problems", "questions", "history", "policy show", "policy versions"):
        do(name)
    assert do("pair show", "Unser Paar")["name"] == "Unser Paar", "a pair is known by its name"
    assert do("preview")["total"] == do("preview", "--run", do("run list")[0]["id"])["total"]
    do("policy filter-preview")
    run = do("release", do("run list")[0]["id"])["run"]
    assert [do(f"run {word}", run)["state"] for word in ("pause", "pause", "resume")] == ["paused", "paused", "running"]
    do("sync", code=1)
    do("run show", run)
    assert do("run report", run)["run"] == run
    do("leave-out", f"a:party:company:{bare}")
    (lacking,) = (one["id"] for one in do("problems") if one["field"] == "address.postcode" and one["label"] == "Ohne Postleitzahl GmbH")
    assert do("correct", lacking, "address.postcode=10115") == {"count": 1, "wrong": {}}
    do("retry")
    rested(desk)
    people(do, monkeypatch)
    for _ in range(2):  # who is who; then which value counts
        for asked in do("questions"):
            option = "same" if "same" in asked["options"] else "crm"
            do("answer", asked["id"], option)
            assert asked["id"] not in {one["id"] for one in do("questions")}
            do("take-back", asked["id"])
            assert asked["id"] in {one["id"] for one in do("questions")}, "it is asked again"
            do("answer", asked["id"], option)
        desk.run("sync")
    do("sync")
    assert "Ohne Postleitzahl GmbH" in desk.names()[1], "corrected, it went across"
    do("status")
    assert do("invoice", f"company:{key}", "--look")["made"] == []
    lists(do)
    rested(desk)
    doors(do)
    rested(desk)
    made = do("policy set", "customers.contacts=all")["version"]
    do("policy rollback", str(made - 1))
    file = str(tmp_path / "policy.toml")
    do("policy export", file)
    do("policy import", file)
    do("policy diff", file)
    do("release", "Unser Paar")
    do("undo", "--record", f"a:party:company:{key}", "--dry-run")
    run = do("preview")["run"]
    do("release", run)
    do("run stop", run)
    do("pair add", "centralstation", "fastbill", "--name", "Anderes Paar")
    assert do("policy take", "Unser Paar", "--pair", "Anderes Paar")["version"] == 2
    assert do("policy show", "Anderes Paar")["customers"] == do("policy show", "Unser Paar")["customers"]
    do("pair remove", "Anderes Paar")
    upkeep(do, key)
    assert set(KNOWN) - do.done - set(STAYING) == set()


@pytest.mark.parametrize(("name", "end", "before", "typed", "answers"), CASES, ids=[f"{name}: {end}" for name, end, *_ in CASES])
def test_a_command_ends_with_the_code_that_says_why(
    name: str,
    end: str,
    before: Callable[[Desk], Any],
    typed: tuple[str, ...],
    answers: str,
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody_is_known(monkeypatch)
    before(desk)
    told = desk.run(*name.split(), *(given(word, desk, tmp_path) for word in typed), answers=answers)
    assert told.code == EXIT_CODES[end], told.text
    assert told.text.strip(), "and it is said"


def test_every_promised_code_has_a_case() -> None:
    promised = {(name, end) for name, ends in EXITS.items() for end in ends}
    assert promised - {(name, end) for name, end, *_ in CASES} == {("demo", "open")}


@pytest.mark.parametrize("language", ("de", "en", "pl", "ro"))
def test_no_sentence_of_a_wrong_call_is_in_another_language(language: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_LANGUAGE", language)
    calls = (
        ("connect",),
        ("nosuch",),
        ("pair", "nosuch"),
        ("connect", "--login"),
        ("status", "a", "b"),
        ("preview", "--rows", "many"),
        ("pair", "list", "--nosuch"),
        ("preview", "--verdict", "nosuch"),
    )
    english = ("Missing", "No such", "unexpected", "should be", "Invalid", "Usage", "requires")
    for words in calls:
        told = desk.run(*words)
        assert (told.code, told.out) == (2, ""), (words, told)
        assert not [word for word in english if word in told.aside], told.aside
        assert len(told.aside.strip().splitlines()) == 1


def test_a_file_that_cannot_be_used_is_named_and_no_trace_is_shown(desk: Desk, tmp_path: Path) -> None:
    desk.company()
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    nowhere = str(tmp_path / "nowhere" / "file")
    folder, odd = str(tmp_path), str(tmp_path / "odd.txt")
    Path(odd).write_text("a letter to nobody " * 50, encoding="utf-8")
    for words, code in (
        (("policy", "export", nowhere), 2),
        (("policy", "export", folder), 2),
        (("run", "report", run, "--out", nowhere), 2),
        (("preview", "--policy", nowhere), 3),
        (("policy", "import", folder), 3),
        (("backup", nowhere), 5),
        (("restore", nowhere, "--yes"), 5),
        (("restore", odd, "--yes"), 5),
    ):
        told = desk.run(*words)
        assert (told.code, folder in told.text) == (code, True), (words, told.text)
    assert not Path(nowhere).parent.exists(), "no folder is made of a slip of the pen"
    assert failed(desk.run("backup", nowhere, "--json"))["values"] == {"place": str(Path(nowhere).parent)}
    assert failed(desk.run("restore", odd, "--yes", "--json"))["code"] == "backup-is-none"


@pytest.mark.kill
@pytest.mark.parametrize("name", ("serve", "sandbox"))
def test_a_command_that_stays_tells_programs_what_happens_and_ends_with_0(name: str, tmp_path: Path) -> None:
    environment = os.environ | {"UNISONO_LANGUAGE": "en", "PYTHONUNBUFFERED": "1", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "unisono", name, "--json", *(["--port", "0"] if name == "sandbox" else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            read = ""
            if name == "sandbox":
                assert process.stderr.readline().strip() == "ready"
            else:
                read = process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    told = json.loads(read + rest)
    assert process.returncode == 0
    assert told == {"event": "staying"} if name == "serve" else set(SIMULATORS) == set(told)


def test_the_key_of_the_books_is_in_no_output_at_all(desk: Desk) -> None:
    login = ("--login", f"email={LOGIN}", "--login", f"api_key={KEY}x")
    wrong = desk.run("connect", "fastbill", *login, "--setting", f"api={desk.books_url}/api/1.0/api.php", "--json")
    assert (wrong.code, KEY in wrong.text) == (3, False)

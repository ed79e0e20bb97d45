"""Every exit code that docs/commands.md promises is really returned, and with ``--json`` a program reads one document and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shape.commands import EXITS, commands
from tests.unit.cli.desk import KEY, LOGIN, Desk, Told
from unisono.cli.app import EXIT_CODES
from unisono.store.doors import Store

KNOWN = {command.name: command for command in commands()}
STAYING = ("serve", "sandbox", "demo")
"""Commands that go on until they are told to stop: they have tests of their own."""
CALLS: dict[str, tuple[str, ...]] = {
    "answer": ("01", "same"),
    "backup": ("FILE",),
    "connect": ("centralstation", "--login", "api_key=x"),
    "erase": ("a:party:company:1", "--yes"),
    "fields": ("centralstation",),
    "leave-out": ("a:party:company:1",),
    "pair add": ("centralstation", "fastbill"),
    "policy diff": ("1",),
    "policy export": ("FILE",),
    "policy import": ("FILE",),
    "policy rollback": ("1",),
    "policy set": ("customers.contacts=all",),
    "restore": ("FILE", "--yes"),
    "undo": ("--all", "--yes"),
}
"""What a command needs besides its name."""


def call(name: str, tmp_path: Path) -> list[str]:
    given = [str(tmp_path / "file") if word == "FILE" else word for word in CALLS.get(name, ())]
    return [*name.split(), *given, "--json"]


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


def test_every_command_that_is_done_ends_with_0_and_tells_programs_one_document(desk: Desk, tmp_path: Path) -> None:
    done: set[str] = set()

    def do(name: str, *given: str, code: int = 0, answers: str = "") -> Any:
        told = desk.run(*name.split(), *given, "--json", answers=answers)
        assert told.code == code, (name, told.text)
        assert code in KNOWN[name].exits, name
        done.add(name) if code == 0 else None
        return json.loads(told.out)

    key = desk.company()
    bare = desk.company(name="Ohne Adresse GmbH", street="", zip="", city="", country_code="", email="ohne@adresse.example")
    desk.company(name="Zwilling GmbH", email="z@zwilling.example", zip="20000")
    desk.customer(ORGANIZATION="Zwilling GmbH", ZIPCODE="20000", EMAIL="")
    for name in ("doctor", "systems", "connections", "pair list", "run list"):
        do(name)
    desk.connect()
    do("connect", "centralstation", "--replace", "centralstation", "--login", f"api_key={desk.crm_key}")
    do("fields", "centralstation")
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
    do("retry")
    for _ in range(2):  # who is who; then which value counts
        for asked in do("questions"):
            do("answer", asked["id"], "same" if "same" in asked["options"] else "crm")
        desk.run("sync")
    do("sync")
    do("status")
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
    do("backup", str(tmp_path / "kept.db"))
    do("keys rotate")
    do("backup", str(tmp_path / "later.db"))
    do("erase", f"a:party:company:{key}", "--yes")
    do("pair remove")
    do("restore", str(tmp_path / "later.db"), "--yes")
    do("restore", str(tmp_path / "kept.db"), "--yes", code=1)  # its logins are encrypted with the former key
    assert set(KNOWN) - done - set(STAYING) == set()


def revoked(desk: Desk) -> None:
    desk.pair()
    desk.crm.world.storage.settings["api_key"] = "another"


def down(desk: Desk) -> None:
    desk.pair()
    desk.crm.world.faults.arm("status", "GET", times=500)


def written(desk: Desk) -> None:
    """A customer at FastBill that Unisono made and somebody worked on since."""
    desk.company()
    desk.synced()
    (made,) = desk.books.truth()["customers"]
    desk.books.act("edit_customer", {"id": made["CUSTOMER_ID"], "phone": "030 1"})


def written_and_revoked(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    desk.crm.world.storage.settings["api_key"] = "another"


def written_and_down(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    desk.crm.world.faults.arm("status", "GET", times=500)


def waiting(desk: Desk) -> None:
    desk.company(name="Ohne Adresse GmbH", street="", zip="", city="", country_code="")
    desk.synced()


def changed_since(desk: Desk) -> None:
    """A released preview of a record that somebody edited before it was carried out."""
    key = desk.company()
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    desk.crm.act(
        "set_address", {"kind": "company", "id": str(key), "street": "Neu 2", "zip": "12345", "city": "Berlin", "country_code": "DE"}
    )
    assert desk.run("release", run).code == 0
    desk.run("sync")


def braked(desk: Desk) -> None:
    keys = [desk.customer(ORGANIZATION=f"Kunde {n} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}") for n in range(3)]
    desk.synced()
    desk.run("policy", "set", "customers.deletion.brake_number=1", "customers.deletion.in_invoicing=delete")
    desk.run("sync")
    for key in keys[:2]:
        desk.books.act("delete_customer", {"ID": str(key)})
    desk.run("sync")


def plain(desk: Desk) -> None:
    desk.pair()


def nothing(desk: Desk) -> None:
    """An empty data folder."""


NO = "n\n"
CRM = ("centralstation", "--login", "api_key=wrong")
Case = tuple[str, str, Callable[[Desk], None], tuple[str, ...], str]
CASES: tuple[Case, ...] = (
    ("connect", "open", nothing, ("centralstation",), ""),
    ("connect", "refused", nothing, (*CRM, "--setting", "api=CRM"), ""),
    ("connect", "unavailable", nothing, (*CRM, "--setting", "api=http://127.0.0.1:9/api"), ""),
    ("doctor", "open", plain, (), ""),
    ("doctor", "refused", revoked, (), ""),
    ("doctor", "unavailable", down, (), ""),
    ("erase", "open", written, ("post@sonne.example",), NO),
    ("fields", "refused", revoked, ("centralstation",), ""),
    ("fields", "unavailable", down, ("centralstation",), ""),
    ("pair add", "refused", plain, ("centralstation", "fastbill", "--policy", "nosuch.toml"), ""),
    ("pair add", "unavailable", down, ("centralstation", "fastbill", "--reference-fields"), ""),
    ("pair remove", "open", plain, (), ""),
    ("pair resume", "open", braked, (), NO),
    ("policy diff", "open", plain, ("POLICY",), ""),
    ("policy diff", "refused", plain, ("9",), ""),
    ("policy filter-preview", "refused", plain, ("customers.contacts=some",), ""),
    ("policy import", "refused", plain, ("nosuch.toml",), ""),
    ("policy rollback", "refused", plain, ("9",), ""),
    ("policy set", "refused", plain, ("customers.contacts=some",), ""),
    ("policy show", "refused", plain, ("--version", "9"), ""),
    ("preview", "refused", revoked, (), ""),
    ("preview", "unavailable", down, (), ""),
    ("restore", "open", plain, ("BACKUP",), NO),
    ("run show", "open", changed_since, (), ""),
    ("status", "open", waiting, (), ""),
    ("sync", "open", waiting, (), ""),
    ("sync", "refused", revoked, (), ""),
    ("sync", "unavailable", down, (), ""),
    ("undo", "refused", written_and_revoked, ("--all", "--yes"), ""),
    ("undo", "unavailable", written_and_down, ("--all", "--yes"), ""),
    ("undo", "open", written, ("--all", "--dry-run"), ""),
)


def _given(word: str, desk: Desk, tmp_path: Path) -> str:
    if word == "api=CRM":
        return f"api={desk.crm_url}/api"
    if word == "POLICY":
        (tmp_path / "other.toml").write_text('[customers]\ncontacts = "all"\n', encoding="utf-8")
        return str(tmp_path / "other.toml")
    if word == "BACKUP":
        assert desk.run("backup", str(tmp_path / "kept.db")).code == 0
        return str(tmp_path / "kept.db")
    return word


@pytest.mark.parametrize(("name", "end", "before", "given", "answers"), CASES, ids=[f"{name}: {end}" for name, end, *_ in CASES])
def test_a_command_ends_with_the_code_that_says_why(
    name: str, end: str, before: Callable[[Desk], None], given: tuple[str, ...], answers: str, desk: Desk, tmp_path: Path
) -> None:
    before(desk)
    told = desk.run(*name.split(), *(_given(word, desk, tmp_path) for word in given), answers=answers)
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
    assert told == {"event": "staying"} if name == "serve" else {"centralstation", "fastbill"} == set(told)


def test_the_key_of_the_books_is_in_no_output_at_all(desk: Desk) -> None:
    login = ("--login", f"email={LOGIN}", "--login", f"api_key={KEY}x")
    wrong = desk.run("connect", "fastbill", *login, "--setting", f"api={desk.books_url}/api/1.0/api.php", "--json")
    assert (wrong.code, KEY in wrong.text) == (3, False)

"""``systems``, ``connect``, ``connections``, ``fields``, ``pair``: from nothing to a pair, and what is said where it goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.desk import KEY, LOGIN, Desk
from unisono.sandbox.centralstation.subroutes import custom_fields_type
from unisono.store.doors import Store


def test_systems_tells_programs_every_fact_and_how_it_is_known(desk: Desk) -> None:
    told = desk.run("systems", "--json")
    by_name = {s["name"]: s for s in told.json}
    assert (told.code, len(by_name)) == (0, 10)
    assert {n for n, s in by_name.items() if s["implemented"]} == {"bitrix24", "centralstation", "fastbill", "lexoffice"}
    one = desk.run("systems", "fastbill", "--json").json
    assert [s["name"] for s in one] == ["fastbill"]
    assert one[0]["pace"][0]["confidence"] in ("doc", "client", "fixture", "guess")


def test_systems_shows_people_a_table(desk: Desk) -> None:
    assert "CentralStationCRM" in desk.run("systems").text
    told = desk.run("systems", "centralstation")
    assert (told.code, "FastBill (" in told.text) == (0, False)


def test_a_key_is_read_from_a_file(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "crm.key").write_text(desk.crm_key + "\n", encoding="utf-8")
    setting = ("--setting", f"api={desk.crm_url}/api")
    told = desk.run("connect", "centralstation", "--login", f"api_key=@{tmp_path / 'crm.key'}", *setting, "--json")
    assert (told.code, sorted(told.json)) == (0, ["account", "id", "system"])
    assert [c["id"] for c in desk.run("connections", "--json").json] == [told.json["id"]]


def test_a_key_is_read_from_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_KEY", desk.crm_key)
    told = desk.run("connect", "centralstation", "--login", "api_key=$CRM_KEY", "--setting", f"api={desk.crm_url}/api")
    assert told.code == 0
    assert "CentralStationCRM" in told.text
    assert desk.crm_key not in told.text


def test_a_key_is_asked_for_and_never_shown(desk: Desk) -> None:
    told = desk.run("connect", "centralstation", "--setting", f"api={desk.crm_url}/api", answers=desk.crm_key + "\n")
    assert told.code == 0, told.text
    assert desk.crm_key not in told.text


@pytest.mark.parametrize("login", ("api_key=$NO_SUCH_VARIABLE", "api_key="))
def test_an_empty_key_is_named(desk: Desk, login: str) -> None:
    told = desk.run("connect", "centralstation", "--login", login, "--setting", f"api={desk.crm_url}/api")
    assert (told.code, "API key" in told.text) == (2, True)


def test_a_key_file_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    told = desk.run("connect", "centralstation", "--login", f"api_key=@{tmp_path / 'none'}")
    assert (told.code, "none" in told.text) == (2, True)


def test_a_wrong_key_is_refused_on_the_spot_and_nothing_is_stored(desk: Desk) -> None:
    setting = ("--setting", f"api={desk.crm_url}/api")
    told = desk.run("connect", "centralstation", "--login", "api_key=wrong-key-0815", *setting)
    assert told.code == 3
    assert "wrong-key-0815" not in told.text
    assert desk.run("connections", "--json").json == []


def test_a_system_out_of_reach_is_said(desk: Desk) -> None:
    told = desk.run("connect", "centralstation", "--login", "api_key=x", "--setting", "api=http://127.0.0.1:9/api")
    assert told.code == 4


def test_a_system_that_is_only_described_cannot_be_connected(desk: Desk) -> None:
    told = desk.run("connect", "fakturownia")
    assert (told.code, "fakturownia" in told.text.lower()) == (2, True)


@pytest.mark.parametrize("words", (("systems", "nosuch"), ("connect", "nosuch")))
def test_a_system_nobody_knows_is_named_with_those_there_are(desk: Desk, words: tuple[str, ...]) -> None:
    told = desk.run(*words)
    assert told.code == 2
    assert "nosuch" in told.text
    assert "fastbill" in told.text


def test_a_key_is_replaced_after_it_was_tried(desk: Desk) -> None:
    crm, _ = desk.connect()
    assert desk.run("connect", "centralstation", "--replace", crm, "--login", "api_key=wrong").code == 3
    told = desk.run("connect", "centralstation", "--replace", crm, "--login", f"api_key={desk.crm_key}", "--json")
    assert (told.code, told.json["id"]) == (0, crm)


def test_a_key_of_an_account_without_any_linked_customer_is_taken_when_one_is_sure_of_it(desk: Desk) -> None:
    _, books = desk.connect()
    desk.run("pair", "add", "centralstation", "fastbill", "--complete")
    desk.customer()
    run = desk.run("preview", "--json").json["run"]
    desk.run("release", run)
    desk.run("sync")
    for table in ("customers", "estimates"):
        desk.books.world.storage.table(table).clear()
    words = ("connect", "fastbill", "--replace", books, "--login", f"email={LOGIN}", "--login", f"api_key={KEY}", "--json")
    refused = desk.run(*words)
    assert (refused.code, refused.json["error"]["code"], "--same-account" in refused.text) == (3, "nobody-known", True)
    assert desk.run(*words, "--same-account").code == 0


def test_a_login_value_nobody_asks_for_and_a_key_of_another_system_are_wrong_calls(desk: Desk) -> None:
    crm, _ = desk.connect()
    told = desk.run("connect", "centralstation", "--login", "password=x", "--login", "api_key=x")
    assert (told.code, "password" in told.text, "api_key" in told.text) == (2, True, True)
    assert desk.run("connect", "fastbill", "--replace", crm, "--login", "email=x", "--login", "api_key=y").code == 2


def test_connections_are_named_and_each_has_its_side(desk: Desk) -> None:
    desk.connect()
    assert desk.run("pair", "add", "fastbill", "centralstation").code == 2, "the CRM comes first"
    assert desk.run("pair", "list", "--json").json == []
    assert desk.run("pair", "add", "CentralStationCRM", "fastbill", "--name", "Unser Paar").code == 0
    assert desk.run("pair", "show", "Unser Paar", "--json").json["name"] == "Unser Paar"


def test_what_to_do_next_is_said_where_nothing_is_there_yet(desk: Desk) -> None:
    assert "unisono systems" in desk.run("connections").text
    assert "unisono pair add" in desk.run("pair", "list").text
    assert "unisono preview" in desk.run("run", "list").text
    crm = desk.run("connect", "centralstation", "--login", f"api_key={desk.crm_key}", "--setting", f"api={desk.crm_url}/api")
    assert "unisono pair add" not in crm.text, "one side is missing"
    login = ("--login", f"email={LOGIN}", "--login", f"api_key={KEY}")
    assert "unisono pair add" in desk.run("connect", "fastbill", *login, "--setting", f"api={desk.books_url}/api/1.0/api.php").text


def test_connections_show_no_keys(desk: Desk) -> None:
    desk.connect()
    for told in (desk.run("connections"), desk.run("connections", "--json")):
        assert told.code == 0
        assert not {desk.crm_key, KEY} & set(told.text.replace('"', " ").split())


def test_a_custom_field_is_bound_by_its_name(desk: Desk) -> None:
    custom_fields_type(desk.crm.book, {"name": "USt-IdNr.", "ftype": "string", "category": "Company"})
    crm, books = desk.connect()
    told = desk.run("fields", crm, "--bind", "tax_id=USt-IdNr.", "--json")
    assert (told.code, told.json) == (0, [{"category": "Company", "name": "USt-IdNr."}])
    wrong = desk.run("fields", crm, "--bind", "tax_id=Steuernummer")
    assert wrong.code == 2
    assert {"Steuernummer", "USt-IdNr."} <= {word.strip("“”:,.") for word in wrong.text.split()} | {"USt-IdNr."}
    assert desk.run("fields", books, "--json").json == []


def test_a_pair_is_added_shown_paused_resumed_and_put_to_rest(desk: Desk) -> None:
    pair = desk.pair()
    shown = desk.run("pair", "show", "--json").json
    assert (shown["id"], shown["state"], shown["policy_version"], shown["links"]) == (pair, "reading", 1, {})
    assert {side: c["system"] for side, c in shown["connections"].items()} == {"crm": "centralstation", "invoicing": "fastbill"}
    assert [p["state"] for p in desk.run("pair", "list", "--json").json] == ["reading"]
    states = []
    for command in (("pair", "pause"), ("pair", "resume"), ("release",), ("pair", "pause"), ("pair", "resume")):
        assert desk.run(*command).code == 0
        states.append(desk.run("pair", "show", "--json").json["state"])
    assert states == ["paused", "reading", "released", "paused", "released"], "resuming is no release"


def test_a_pair_that_is_put_to_rest_may_be_resumed_as_it_was(desk: Desk) -> None:
    desk.company()
    pair = desk.synced()
    linked = desk.run("pair", "show", "--json").json["links"]
    told = desk.run("pair", "remove", answers="y\n")
    assert (told.code, "links: 1" in told.text) == (0, True)
    assert desk.run("sync").code == 2, "there is no pair to sync any more"
    assert desk.run("pair", "show", pair, "--json").json["links"] == linked == {"party": 1}
    assert desk.run("pair", "resume", pair).code == 0
    assert desk.run("pair", "show", "--json").json["state"] == "released"


def test_a_pair_whose_links_are_forgotten_keeps_its_history(desk: Desk) -> None:
    desk.company()
    pair = desk.synced()
    before = desk.names()
    writes = len(desk.run("history", "--json").json["writes"])
    assert desk.run("pair", "remove", "--forget-links").code == 0
    assert desk.run("pair", "show", pair, "--json").json["links"] == {}
    assert len(desk.run("history", pair, "--json").json["writes"]) == writes > 0
    assert desk.names() == before, "nothing is deleted in either system"


@pytest.mark.parametrize("command", ("status", "sync", "problems", "questions", "history"))
def test_no_such_pair_is_a_wrong_call(desk: Desk, command: str) -> None:
    assert desk.run(command).code == 2, "there is none yet"
    desk.pair()
    told = desk.run(command, "nosuchpair")
    assert told.code == 2


def test_a_connection_that_is_not_there_is_named(desk: Desk) -> None:
    for words in (
        ("pair", "add", "nosuch", "none"),
        ("fields", "nosuch"),
        ("connect", "centralstation", "--replace", "nosuch", "--login", "api_key=x"),
    ):
        told = desk.run(*words)
        assert (told.code, "nosuch" in told.text) == (2, True), words


def test_a_policy_file_that_is_broken_makes_no_pair(desk: Desk, tmp_path: Path) -> None:
    ids = desk.connect()
    broken = tmp_path / "policy.toml"
    broken.write_text("[customers]\ncontacts = 'some'\n", encoding="utf-8")
    told = desk.run("pair", "add", *ids, "--policy", str(broken))
    assert (told.code, "customers.contacts" in told.text, "some" in told.text) == (3, True, True)
    assert desk.run("pair", "list", "--json").json == []
    assert desk.run("pair", "add", *ids, "--policy", str(tmp_path / "none.toml")).code == 3


def test_a_store_that_another_process_works_on_is_left_alone(desk: Desk) -> None:
    desk.pair()
    with Store.open(desk.folder) as store:
        hold = store.hold()
        assert hold is not None
        told = desk.run("sync")
        assert told.code == 5
        assert desk.run("status").code == 0, "looking is always possible"
        hold.release()
    assert desk.run("sync").code == 0


def test_the_login_of_the_books_is_no_secret_and_its_key_is(desk: Desk) -> None:
    desk.connect()
    with Store.open(desk.folder) as store, store.read() as conn:
        from unisono.store import pairs

        stored = {c.system: c.login for c in pairs.connections(conn)}
    assert stored == {"centralstation": {}, "fastbill": {"email": LOGIN}}

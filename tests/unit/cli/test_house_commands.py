"""``users``, ``notices``, ``oidc``: what the pages of administrators do, typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.desk import Desk

CANARY = "kanarienvogel-2718"


@pytest.fixture
def known(desk: Desk) -> Desk:
    """Both connections, hence a firm."""
    desk.connect()
    return desk


def test_a_user_is_invited_changed_locked_and_removed_and_the_log_tells_of_it(known: Desk) -> None:
    made = known.run("users", "invite", "Ida@Example.de", "--name", "Ida", "--role", "view", "--json")
    assert made.code == 0, made.text
    assert len(made.json["code"]) == 19
    assert known.run("users", "access", "ida@example.de", "--role", "admin", "--firm", "Meine Firma").code == 0
    (one,) = known.run("users", "list", "--json").json
    assert (one["role"], len(one["firms"]), one["password"]) == ("admin", 1, False)
    for word in ("lock", "unlock", "code", "end", "sessions"):
        assert known.run("users", word, "ida@example.de").code == 0, word
    assert known.run("users", "remove", "ida@example.de", "--json").code == 2, "a program has to say yes"
    assert known.run("users", "remove", "ida@example.de", "--yes").code == 0
    assert known.run("users", "list", "--json").json == []
    events = [line["event"] for line in reversed(known.run("users", "log", "--json").json)]
    assert events == ["invited", "access", "locked", "unlocked", "code-made", "sessions-ended", "removed"]
    assert made.json["code"] not in known.run("users", "log").text


@pytest.mark.parametrize(
    "words",
    (
        ("users", "lock", "nobody"),
        ("users", "invite", "x", "--name", "X", "--role", "owner"),
        ("users", "invite", "x", "--name", " "),
        ("users", "invite", "x", "--name", "X", "--firm", "Fremde GmbH"),
        ("notices", "mail", "smtp.example.de", "--sender", "u@example.de", "--login", "u", "--password", "plain-on-the-line"),
        ("notices", "chat-remove", "nothing"),
        ("notices", "wish", "nobody", "--address", ""),
        ("oidc", "set", "--issuer", "https://x.example.com", "--client-id", "u", "--secret", "plain-on-the-line"),
    ),
)
def test_a_call_that_makes_no_sense_is_a_sentence_and_the_exit_code_of_a_wrong_call(known: Desk, words: tuple[str, ...]) -> None:
    told = known.run(*words)
    assert told.code == 2, told.text
    assert "Traceback" not in told.text
    assert "plain-on-the-line" not in told.text


def test_a_mail_server_is_set_from_a_file_and_shown_without_its_password(known: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(CANARY + "\n", encoding="utf-8")
    host = "10.1.2.3"
    call = ("notices", "mail", host, "--sender", "u@example.de", "--login", "u", "--password", f"@{secret}")
    refused = known.run(*call)
    assert refused.code != 0, "no address of the own network without saying so"
    assert known.run(*call, "--private").code == 0
    told = known.run("notices", "show", "--json")
    assert told.json["mail"]["host"] == host
    assert CANARY not in told.text + known.run("users", "log").text + known.run("notices", "show").text
    assert known.run("notices", "send", "--json").json == []
    assert known.run("notices", "mail-off").code == 0
    assert known.run("notices", "test", "u@example.de").code != 0


def test_a_provider_that_is_not_there_is_not_set(known: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY, encoding="utf-8")
    told = known.run("oidc", "set", "--issuer", "https://127.0.0.1/x", "--client-id", "u", "--secret", f"@{secret}", "--json")
    assert told.code != 0
    assert CANARY not in told.text
    assert known.run("oidc", "show", "--json").json is None
    assert known.run("oidc", "off", "--yes").code == 0

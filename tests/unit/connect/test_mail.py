"""Mail over a real line: encrypted or not at all, to the address that was checked, and an honest word for what became of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.smtp import LOGIN, NAME, PASSWORD, MailBox, certificate, mail_server
from unisono.connect.mail import Mail, MailServer, Smtp, check_server, is_address
from unisono.model.errors import LoginRefused, Refused, SystemFault, Unavailable, Unclear
from unisono.model.secret import Secret

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MAIL = Mail(id="01ABC", to="anna@example.de", subject="Unisono: 2 neue Sachen", body="Zwei Fragen über Ämter\n.\nEnde", at=AT)


def here(_: str) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), NAME)


def server_at(box: MailBox, **changed: object) -> MailServer:
    usual = MailServer(host=NAME, port=box.port, login=LOGIN, password=Secret(PASSWORD), sender="unisono@example.com", private=True)
    return replace(usual, **changed)  # type: ignore[arg-type]


def sender(pem: Path, timeout: float = 5.0) -> Smtp:
    return Smtp(ca_file=str(pem), resolve=here, timeout=timeout, ports=range(1, 65_536))


@pytest.mark.parametrize("tls", ("starttls", "implicit"))
def test_a_message_arrives_encrypted_with_its_words_as_they_were(pem: Path, tls: str) -> None:
    with mail_server(pem, implicit=tls == "implicit") as box:
        sender(pem).send(server_at(box, tls=tls), MAIL)
    (got,) = box.mails
    assert (got["to"], got["from"], got["subject"]) == ("anna@example.de", "Unisono <unisono@example.com>", "Unisono: 2 neue Sachen")
    assert got.get_content().replace("\r\n", "\n").strip() == MAIL.body
    assert (got["message-id"], got["auto-submitted"]) == ("<01ABC@example.com>", "auto-generated")
    assert got["date"].datetime == AT
    assert box.logins == [(LOGIN, PASSWORD)]


def test_a_server_without_encryption_gets_neither_password_nor_message(pem: Path) -> None:
    with mail_server(pem, offers_tls=False) as box, pytest.raises(Refused) as refused:
        sender(pem).send(server_at(box), MAIL)
    assert refused.value.code == "mail-no-tls"
    assert box.logins == []
    assert not any(line.startswith(("AUTH", "MAIL")) for line in box.heard)


def test_a_server_that_is_not_who_it_says_gets_nothing(pem: Path, tmp_path: Path) -> None:
    other = certificate(tmp_path, "mail.example.net")
    with mail_server(other) as box:
        for trusts in (pem, other):
            with pytest.raises(Refused) as refused:
                sender(trusts).send(server_at(box), MAIL)
            assert refused.value.code == "mail-certificate"
    assert box.logins == []


def test_a_refused_login_says_so_and_never_repeats_the_password(pem: Path) -> None:
    with mail_server(pem) as box, pytest.raises(LoginRefused) as refused:
        sender(pem).send(server_at(box, password=Secret("wrong-canary-4711")), MAIL)
    told = repr(refused.value) + str(refused.value.values)
    assert refused.value.code == "mail-login-refused"
    assert "wrong-canary-4711" not in told
    assert refused.value.__cause__ is None
    assert box.mails == []


@pytest.mark.parametrize(
    ("settings", "kind", "code"),
    (
        ({"says": {"RCPT": "550 no such user"}}, Refused, "mail-recipient-refused"),
        ({"says": {"RCPT": "451 come back later"}}, Unavailable, "mail-unreachable"),
        ({"says": {"MAIL": "553 not your address"}}, Refused, "mail-refused"),
        ({"says": {"END": "554 looks like an advertisement"}}, Refused, "mail-refused"),
        ({"says": {"END": "452 full"}}, Unavailable, "mail-unreachable"),
        ({"drops": "RCPT"}, Unavailable, "mail-unreachable"),
        ({"drops": "END"}, Unclear, "mail-unclear"),
    ),
)
def test_what_a_server_does_with_a_message_is_told_apart(pem: Path, settings: dict[str, Any], kind: type[SystemFault], code: str) -> None:
    with mail_server(pem, **settings) as box, pytest.raises(kind) as fault:
        sender(pem).send(server_at(box), MAIL)
    assert fault.value.code == code
    assert box.lines == 1, "nothing is tried twice here"


def test_a_server_that_stays_silent_is_given_up(pem: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable):
        sender(pem, timeout=0.3).send(server_at(MailBox(port=silent.getsockname()[1])), MAIL)


@pytest.mark.parametrize(
    "to", ("", "anna", "anna@", "@x.de", "a@b.de\r\nBcc: eve@x.de", "a@b.de,eve@x.de", "a@b.de eve@x.de", "<a@b.de>", '"a"@b.de', "a@b..de")
)
def test_an_address_that_could_be_more_than_one_is_none(pem: Path, to: str) -> None:
    assert not is_address(to)
    with pytest.raises(Refused) as refused:
        sender(pem).send(server_at(MailBox(port=587)), replace(MAIL, to=to))
    assert refused.value.code == "mail-address"


def test_a_subject_of_several_lines_becomes_one(pem: Path) -> None:
    with mail_server(pem) as box:
        sender(pem).send(server_at(box), replace(MAIL, subject="Eins\r\nBcc: eve@example.net\r\n zwei"))
    assert box.mails[0]["bcc"] is None
    assert box.mails[0]["subject"] == "Eins Bcc: eve@example.net zwei"


@pytest.mark.parametrize("port", (22, 80, 443, 3306, 6379, 8460))
def test_a_mail_server_listens_where_mail_servers_do(port: int) -> None:
    with pytest.raises(Refused) as refused:
        check_server(MailServer(host="mail.example.com", port=port, sender="u@example.com"), lambda _: ["93.184.216.34"])
    assert refused.value.code == "mail-port"


@pytest.mark.parametrize(
    ("host", "address"),
    (
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("[::1]", ""),
        ("2130706433", ""),
        ("0x7f.1", ""),
        ("intern", ""),
        ("mail.local", ""),
        ("169.254.169.254", ""),
        ("[::ffff:169.254.169.254]", ""),
        ("mail.example.com", "10.0.0.5"),
        ("mail.example.com", "169.254.169.254"),
        ("mail.example.com/x", ""),
        ("mail.example.com:22", ""),
        ("user@mail.example.com", ""),
        ("mail.example.com\\@10.0.0.1", ""),
    ),
)
def test_a_host_in_our_own_network_is_spoken_to_only_after_a_tick(host: str, address: str) -> None:
    def look(_: str) -> list[str]:
        return [address or "93.184.216.34"]

    with pytest.raises(Refused):
        check_server(MailServer(host=host, sender="u@example.com"), look)


def test_the_tick_admits_the_own_network_but_never_a_clouds_metadata() -> None:
    inside = MailServer(host="mail.lan", sender="u@example.com", private=True)
    assert check_server(inside, lambda _: ["10.0.0.5"]) == "10.0.0.5"
    with pytest.raises(Refused):
        check_server(inside, lambda _: ["169.254.169.254"])

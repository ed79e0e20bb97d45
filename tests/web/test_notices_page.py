"""The pages about notices: one's own wishes, the mail server and the chats; what is secret goes in and never out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from tests.web.desk import HASHER, PASSWORD, Desk
from unisono.connect.outward import Outward
from unisono.model.errors import SystemFault, Unavailable
from unisono.store import secrets
from unisono.store.tables import firm
from unisono.wiring.notifying import Notifier
from unisono.wiring.people import new_user

CANARY = "kanarienvogel-4711-geheim"
CHAT = f"slack://TokenA/TokenB/{CANARY}"
MAIL = {"host": "smtp.example.de", "port": "587", "tls": "starttls", "login": "u@example.de", "sender": "u@example.de", "password": CANARY}


class Post:
    """What was handed over."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.fault: SystemFault | None = None

    def send(self, *what: Any, private: bool = False) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(what)


@pytest.fixture
def post(desk: Desk) -> Post:
    made = Post()
    desk.village.house.outward = Outward(mail=made, chat=made, resolve=lambda _: ["93.184.216.34"])
    return made


def test_everybody_says_what_when_and_where(desk: Desk, post: Post) -> None:
    page = desk.browser("vera").get("/me/notices")
    assert page.status_code == 200
    assert "kein Mailserver eingetragen" in page.text
    answer = desk.send("vera", "/me/notices", mail="1", address="vera@example.de", hour="17", summary="1")
    assert answer.status_code == 303
    told = desk.browser("vera").get("/api/v1/me/notices").json()
    assert told == {"address": "vera@example.de", "hour": 17, "summary": True, "urgent": False, "again": False}
    assert desk.browser("adam").get("/api/v1/me/notices").json()["address"] == "", "nobody else's changed"
    desk.send("vera", "/me/notices", address="vera@example.de", hour="17", summary="1")
    assert desk.browser("vera").get("/api/v1/me/notices").json()["address"] == "", "without the tick nothing is sent"


@pytest.mark.parametrize("changed", ({"address": "vera"}, {"address": ""}, {"hour": "24"}, {"hour": "-1"}, {"hour": "x"}))
def test_a_wish_that_cannot_be_is_said(desk: Desk, post: Post, changed: dict[str, str]) -> None:
    given = {"mail": "1", "address": "vera@example.de", "hour": "8"}
    assert desk.send("vera", "/me/notices", **(given | changed)).status_code == 422


def test_the_mail_server_is_set_tried_and_taken_away(desk: Desk, post: Post) -> None:
    assert desk.send("anna", "/notices/mail", **MAIL).status_code == 303
    assert desk.send("anna", "/notices/mail/test", to="anna@example.de").headers["location"] == "/notices?said=test-sent"
    (server, mail), *_ = post.sent
    assert (server.host, mail.to, mail.subject) == ("smtp.example.de", "anna@example.de", "Unisono: eine Probe")
    desk.send("anna", "/notices/mail/drop")
    assert desk.send("anna", "/notices/mail/test", to="anna@example.de").status_code == 422
    with desk.village.house.store.read() as conn:
        assert secrets.sealed_names(conn) == []
    events = [line["event"] for line in desk.browser("anna").get("/api/v1/users/log").json()]
    assert events == ["mail-dropped", "mail-set"]


@pytest.mark.parametrize(
    "changed",
    (
        {"host": "127.0.0.1"},
        {"host": "localhost"},
        {"host": "169.254.169.254"},
        {"host": "smtp.example.de/x"},
        {"port": "22"},
        {"port": "6379"},
        {"port": "x"},
        {"sender": "keine Adresse"},
        {"password": ""},
    ),
)
def test_a_mail_server_that_cannot_be_is_said_and_nothing_kept(desk: Desk, post: Post, changed: dict[str, str]) -> None:
    answer = desk.send("anna", "/notices/mail", **(MAIL | changed))
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert desk.browser("anna").get("/api/v1/notices").json()["mail"] is None


def test_a_test_that_fails_says_why(desk: Desk, post: Post) -> None:
    desk.send("anna", "/notices/mail", **MAIL)
    post.fault = Unavailable("mail-unreachable", {"host": "smtp.example.de", "reason": "Connection refused"})
    answer = desk.send("anna", "/notices/mail/test", to="anna@example.de")
    assert answer.status_code == 422
    assert "smtp.example.de hat die Nachricht nicht angenommen" in answer.text


def test_a_chat_is_added_tried_and_removed_and_its_address_never_shown(desk: Desk, post: Post) -> None:
    given = {"name": "Büro", "firm": "", "address": CHAT, "hour": "9", "language": "de"}
    assert desk.send("anna", "/notices/chats", **given).status_code == 303
    (one,) = desk.browser("anna").get("/api/v1/notices").json()["chats"]
    assert (one["name"], one["service"], one["hour"]) == ("Büro", "Slack", 9)
    assert desk.send("anna", f"/notices/chats/{one['id']}/test").status_code == 303
    assert post.sent[0][0].reveal() == CHAT
    pages = [desk.browser("anna").get(path).text for path in ("/notices", "/api/v1/notices", "/users/log", "/api/v1/users/log")]
    assert all(CANARY not in page for page in pages)
    assert desk.send("anna", f"/notices/chats/{one['id']}/remove").status_code == 303
    with desk.village.house.store.read() as conn:
        assert secrets.sealed_names(conn) == []


def test_an_address_that_is_refused_is_not_repeated(desk: Desk, post: Post) -> None:
    for address in (f"json://127.0.0.1/{CANARY}", f"mmosts://10.0.0.1/{CANARY}", f"{CANARY}"):
        answer = desk.send("anna", "/notices/chats", name="x", firm="", address=address, hour="9", language="de")
        assert answer.status_code == 422
        assert CANARY not in answer.text


def test_what_did_not_go_out_is_on_the_page_and_in_the_doctors_words(desk: Desk, post: Post) -> None:
    from unisono.wiring.doctor import examine

    house = desk.village.house
    desk.send("anna", "/notices/mail", **MAIL)
    desk.send("adam", "/me/notices", mail="1", address="adam@example.de", hour="8", summary="1", urgent="1")
    with house.store.write() as conn:
        from unisono.store import pairs

        pairs.update_pair(conn, desk.village.pair, state="stopped", told={"code": "x", "values": {}})
    post.fault = Unavailable("mail-unreachable", {"host": "smtp.example.de", "reason": "Connection refused"})
    Notifier(house=house).turn()
    page = desk.browser("anna").get("/notices").text
    assert "Eine Benachrichtigung ging nicht hinaus: adam" in page
    assert "heute um 10:05" in page
    assert "doctor-notices" in [finding.code for finding in examine(house, ask=False)]
    assert desk.browser("adam").get("/me/notices").status_code == 200
    assert desk.browser("vera").get("/notices").status_code == 403


def test_an_administrator_of_one_firm_has_chats_of_that_firm_and_no_mail_server(desk: Desk, post: Post) -> None:
    house = desk.village.house
    with house.store.write() as conn:
        conn.execute(insert(firm).values(id="two", name="Zweite GmbH", created_at=""))
    new_user(house, HASHER, "frank", "Frank", PASSWORD, "admin", ("two",), "")
    desk.send("anna", "/notices/mail", **MAIL)
    desk.send("anna", "/notices/chats", name="Alle", firm="", address=CHAT, hour="9", language="de")
    desk.send("anna", "/notices/chats", name="Erste", firm=desk.village.firm, address=CHAT, hour="9", language="de")
    others = [one["id"] for one in desk.browser("anna").get("/api/v1/notices").json()["chats"]]
    told = desk.browser("frank").get("/api/v1/notices").json()
    assert (told["mail"], told["chats"]) == (None, [])
    page = desk.browser("frank").get("/notices").text
    assert not [word for word in ("smtp.example.de", "Erste", "Muster GmbH") if word in page]
    theirs = [f"/notices/chats/{one}/{do}" for one in others for do in ("test", "remove")]
    for path in ("/notices/mail", "/notices/mail/drop", "/notices/mail/test", *theirs):
        assert desk.send("frank", path, **MAIL, to="x@example.de").status_code == 404, path
    for place in ("", desk.village.firm, "nothing"):
        given = {"name": "x", "firm": place, "address": CHAT, "hour": 9, "language": "de"}
        assert desk.call("frank", "POST", "/api/v1/notices/chats", json=given).status_code == 404
    own = {"name": "Eigene", "firm": "two", "address": CHAT, "hour": 9, "language": "de"}
    assert desk.call("frank", "POST", "/api/v1/notices/chats", json=own).json()["firm"] == "two"
    assert len(desk.browser("anna").get("/api/v1/notices").json()["chats"]) == 3


def test_the_api_answers_what_was_asked_for_wrongly_as_such(desk: Desk, post: Post) -> None:
    wrong = {"host": "127.0.0.1", "port": 587, "sender": "u@example.de"}
    answer = desk.call("anna", "POST", "/api/v1/notices/mail", json=wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "host-private")
    assert desk.call("anna", "POST", "/api/v1/notices/mail/test", json={"to": "x"}).status_code == 422
    assert desk.call("vera", "POST", "/api/v1/me/notices", json={"address": "a@b\r\nc", "hour": 8}).status_code == 422

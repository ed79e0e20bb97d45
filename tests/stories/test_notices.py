"""People are told that they are needed: at once what stops a pair, the rest once a day at their hour, nothing twice, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from tests.support.village import Village, village
from tests.web.desk import HASHER, PASSWORD
from unisono.connect.mail import Mail, MailServer
from unisono.connect.outward import Outward
from unisono.model.errors import LoginRefused, Refused, SystemFault, Unavailable, Unclear
from unisono.model.secret import Secret
from unisono.plan.actions import Ask, Report
from unisono.store import asking, pairs, secrets
from unisono.store.notices import Wish
from unisono.store.people import Role, User
from unisono.store.tables import firm, notice
from unisono.wiring import add_pair, preset
from unisono.wiring.members import Actor, remove
from unisono.wiring.notifying import Notifier, Told
from unisono.wiring.people import new_user
from unisono.wiring.posting import MailSettings, add_channel, drop_mail, put_mail, put_wish, troubles, wish_of

HOUSE = Actor("test")
KEY = "mail-canary-2718281828"
SERVER = MailSettings(host="mail.example.com", login="unisono@example.com", sender="unisono@example.com")
CUSTOMER = "Holzmanufaktur Dachs"


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Post:
    """Mail and chat that arrive here. ``fault`` is raised instead; ``dies``: the process ends before or after the handing over."""

    mails: list[Mail] = field(default_factory=list)
    rooms: list[tuple[str, str]] = field(default_factory=list)
    fault: SystemFault | None = None
    only: str = ""
    dies: str = ""
    tried: int = 0

    def send(self, server: Any, mail: Any, body: str = "", *, private: bool = False) -> None:
        self.tried += 1
        if self.dies == "before":
            raise Killed
        if self.fault is not None and self.only in ("", getattr(mail, "to", "")):
            raise self.fault
        if isinstance(server, MailServer):
            assert server.password is not None
            assert server.password == Secret(KEY)
            self.mails.append(mail)
        else:
            self.rooms.append((mail, body))
        if self.dies == "after":
            raise Killed


@dataclass
class Scene:
    v: Village
    post: Post

    def turn(self, address: str = "https://unisono.example.de") -> list[Told]:
        return Notifier(house=self.v.house, address=address).turn()

    def user(self, login: str, role: Role = "act", firms: tuple[str, ...] | None = None, language: str = "de") -> User:
        return new_user(self.v.house, HASHER, login, login.partition("@")[0], PASSWORD, role, firms, language)

    def question(self, number: int = 1, pair_id: str = "") -> None:
        ask = Ask(code="same-customer", subject=f"s{number}", group="g", options=("same", "different", "later"), values={"name": CUSTOMER})
        with self.v.house.store.write() as conn:
            asking.ask(conn, f"q{number}", pair_id or self.v.pair, f"a:party:company:{number}", CUSTOMER, ask, self.v.clock.now())

    def problem(self, number: int = 1) -> None:
        told = Report(code="missing-field", field="city", values={"field": "city"})
        with self.v.house.store.write() as conn:
            asking.report(
                conn, f"p{number}", self.v.pair, f"a:party:company:{number}", "party", CUSTOMER, told, CUSTOMER, self.v.clock.now()
            )

    def stop(self, state: str = "stopped") -> None:
        with self.v.house.store.write() as conn:
            pairs.update_pair(conn, self.v.pair, state=state, told={"code": "too-many-vanished", "values": {"names": CUSTOMER}})

    def at(self, hour: int, days: int = 0) -> None:
        """The next time that the firm's clock shows this hour, ``days`` later."""
        now = self.v.clock.now()
        # Berlin is an hour ahead in March.
        wanted = now.replace(hour=hour - 1, minute=0, second=0, microsecond=0) + timedelta(days=days)
        self.v.clock.advance(wanted - now if wanted >= now else wanted + timedelta(days=1) - now)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A pair at work on a Monday morning, a mail server, ``ida`` who answers; nobody is needed."""
    v, post = village(tmp_path), Post()
    v.house.outward = Outward(mail=post, chat=post, resolve=lambda _: ["93.184.216.34"])
    put_mail(v.house, HOUSE, SERVER, KEY)
    made = Scene(v, post)
    made.user("ida@example.de")
    yield made
    v.house.store.close()


def test_nothing_is_sent_while_nobody_is_needed(scene: Scene) -> None:
    for _ in range(5):
        scene.at(9)
        assert scene.turn() == []
        scene.v.clock.advance(timedelta(hours=5))
        assert scene.turn() == []
    assert scene.post.tried == 0


def test_one_summary_a_day_at_the_hour_of_the_firms_clock_says_how_many_and_where(scene: Scene) -> None:
    scene.at(7)
    scene.turn()
    scene.question(1)
    scene.question(2)
    scene.problem(3)
    scene.v.clock.advance(timedelta(minutes=59))
    assert scene.turn() == [], "a minute before eight"
    scene.v.clock.advance(timedelta(minutes=1))
    assert [one.state for one in scene.turn()] == ["sent"]
    (mail,) = scene.post.mails
    assert (mail.to, mail.subject) == ("ida@example.de", "Unisono: 3 neue Sachen warten auf Sie")
    assert "- 2 neue Fragen" in mail.body
    assert "- 1 Datensatz kommt so nicht hinüber" in mail.body
    assert f"https://unisono.example.de/pairs/{scene.v.pair}/questions" in mail.body
    for _ in range(15):
        scene.v.clock.advance(timedelta(hours=1))
        scene.question(scene.post.tried + 10)
        scene.turn()
    assert len(scene.post.mails) == 1, "whatever comes up later that day waits for the next"


def test_what_comes_up_after_the_hour_waits_for_the_next_day(scene: Scene) -> None:
    scene.at(9)
    scene.turn()
    scene.question()
    scene.v.clock.advance(timedelta(hours=3))
    assert scene.turn() == []
    scene.at(8, days=1)
    scene.turn()
    assert len(scene.post.mails) == 1


def test_what_was_told_before_is_a_number_and_a_link_and_not_told_again_in_full(scene: Scene) -> None:
    scene.question(1)
    scene.question(2)
    scene.at(9)
    scene.turn()
    scene.v.clock.advance(timedelta(minutes=1))
    scene.problem(3)
    scene.at(8, days=1)
    scene.turn()
    scene.at(8, days=1)
    scene.turn()
    first, second, third = scene.post.mails
    assert "- 2 neue Fragen" in first.body
    assert second.subject == "Unisono: 1 neue Sache wartet auf Sie"
    assert "neue Frage" not in second.body
    assert "- 2 Sachen von früher sind noch offen" in second.body
    assert third.subject == "Unisono: 3 Sachen sind noch offen"
    assert "- 3 Sachen von früher sind noch offen" in third.body


def test_whoever_wants_no_reminders_gets_none_while_nothing_is_new(scene: Scene) -> None:
    ida = scene.user("otto@example.de")
    put_wish(scene.v.house, ida, Wish(address="otto@example.de", again=False))
    scene.question(1)
    for _ in range(3):
        scene.at(9, days=1)
        scene.turn()
    assert [mail.to for mail in scene.post.mails].count("otto@example.de") == 1
    assert [mail.to for mail in scene.post.mails].count("ida@example.de") == 3


def test_a_pair_that_stops_is_told_at_once_and_once_and_again_when_it_stops_again(scene: Scene) -> None:
    scene.at(16)
    scene.turn()
    scene.stop()
    assert [(one.kind, one.state) for one in scene.turn()] == [("urgent", "sent")]
    for _ in range(10):
        scene.v.clock.advance(timedelta(minutes=10))
        scene.turn()
    (mail,) = scene.post.mails
    assert mail.subject == "Unisono: CentralStationCRM - FastBill steht still"
    assert "Eine Bremse hat gegriffen" in mail.body
    scene.stop("released")
    scene.turn()
    scene.stop()
    scene.turn()
    assert len(scene.post.mails) == 2


def test_a_key_that_is_refused_is_told_at_once(scene: Scene) -> None:
    with scene.v.house.store.write() as conn:
        pairs.update_connection(conn, scene.v.b, state="refused", told="login-refused")
    scene.turn()
    urgent = [mail for mail in scene.post.mails if "Schlüssel" in mail.subject]
    assert [mail.subject for mail in urgent] == ["Unisono: FastBill nimmt den Schlüssel nicht mehr an (CentralStationCRM - FastBill)"]


def test_no_customer_and_no_secret_is_in_any_notice(scene: Scene) -> None:
    scene.question(1)
    scene.problem(2)
    scene.stop()
    scene.at(9)
    scene.turn()
    told = "".join(mail.subject + mail.body for mail in scene.post.mails)
    assert len(scene.post.mails) == 2
    for word in (CUSTOMER, "Dachs", "company:", KEY, "city", "Muster GmbH"):
        assert word not in told


@pytest.mark.parametrize(
    ("language", "subject", "line"),
    (
        ("de", "Unisono: 5 neue Sachen warten auf Sie", "- 5 neue Fragen"),
        ("en", "Unisono: 5 new matters wait for you", "- 5 new questions"),
        ("pl", "Unisono: 5 nowych spraw czeka na decyzję", "- 5 nowych pytań"),
        ("ro", "Unisono: 5 lucruri noi vă așteaptă", "- 5 întrebări noi"),
    ),
)
def test_everybody_is_told_in_their_language(scene: Scene, language: str, subject: str, line: str) -> None:
    scene.user("maria@example.com", language=language)
    for number in range(5):
        scene.question(number)
    scene.at(9)
    scene.turn()
    mail = next(mail for mail in scene.post.mails if mail.to == "maria@example.com")
    assert mail.subject == subject
    assert line in mail.body
    assert "{" not in mail.body


@pytest.mark.parametrize(
    ("count", "told"), ((1, "1 nowe pytanie"), (3, "3 nowe pytania"), (12, "12 nowych pytań"), (22, "22 nowe pytania"))
)
def test_polish_numbers_take_the_right_form(scene: Scene, count: int, told: str) -> None:
    scene.user("maria@example.com", language="pl")
    for number in range(count):
        scene.question(number)
    scene.at(9)
    scene.turn()
    assert told in next(mail.body for mail in scene.post.mails if mail.to == "maria@example.com")


def test_everybody_hears_of_their_own_firms_only(scene: Scene) -> None:
    with scene.v.house.store.write() as conn:
        conn.execute(insert(firm).values(id="two", name="Zweite GmbH", language="en", created_at=""))
    other = add_pair(scene.v.house, "two", "Another pair", scene.v.a, scene.v.b, preset("centralstation", "fastbill"))
    scene.user("gerda@example.de", firms=("two",), language="")
    scene.user("frank@example.de", firms=(scene.v.firm,))
    scene.user("niemand@example.de", firms=())
    scene.question(1)
    scene.question(2, other)
    scene.question(3, other)
    scene.at(9)
    scene.turn()
    told = {mail.to: mail for mail in scene.post.mails}
    assert set(told) == {"ida@example.de", "gerda@example.de", "frank@example.de"}
    assert told["ida@example.de"].subject == "Unisono: 3 neue Sachen warten auf Sie"
    assert told["gerda@example.de"].subject == "Unisono: 2 new matters wait for you"
    assert "CentralStationCRM" not in told["gerda@example.de"].body
    assert told["frank@example.de"].subject == "Unisono: 1 neue Sache wartet auf Sie"
    assert "Another pair" not in told["frank@example.de"].body


def test_whoever_only_looks_or_has_no_address_is_left_alone_until_they_ask(scene: Scene) -> None:
    vera, _ = scene.user("vera@example.de", role="view"), scene.user("otto")
    assert wish_of(scene.v.house, vera).address == ""
    scene.question(1)
    scene.at(9)
    scene.turn()
    put_wish(scene.v.house, vera, Wish(address="vera@privat.example", hour=10))
    scene.at(10)
    scene.turn()
    assert [mail.to for mail in scene.post.mails] == ["ida@example.de", "vera@privat.example"]


def test_without_a_mail_server_nothing_is_written_down_and_nothing_sent(scene: Scene) -> None:
    drop_mail(scene.v.house, HOUSE)
    scene.question(1)
    scene.stop()
    scene.at(9)
    assert scene.turn() == []
    with scene.v.house.store.read() as conn:
        assert conn.execute(notice.select()).all() == []
        assert secrets.sealed_names(conn) == [], "the password is gone with it"


@pytest.mark.parametrize("dies", ("before", "after"))
def test_a_crash_in_the_middle_of_sending_never_sends_twice(scene: Scene, dies: str) -> None:
    scene.question(1)
    scene.at(9)
    scene.post.dies = dies
    with pytest.raises(Killed):
        scene.turn()
    scene.post.dies = ""
    for _ in range(20):
        scene.v.clock.advance(timedelta(minutes=30))
        scene.turn()
    assert len(scene.post.mails) == (1 if dies == "after" else 0)
    scene.at(8, days=1)
    scene.turn()
    assert len(scene.post.mails) == (2 if dies == "after" else 1), "the next day is told again"


def test_an_answer_that_was_lost_is_not_asked_for_a_second_time(scene: Scene) -> None:
    scene.question(1)
    scene.at(9)
    scene.post.fault = Unclear("mail-unclear", {"host": "mail.example.com"})
    assert [one.state for one in scene.turn()] == ["unclear"]
    scene.post.fault = None
    scene.v.clock.advance(timedelta(hours=4))
    assert scene.turn() == []


def test_a_mail_that_does_not_go_out_is_a_problem_of_the_house_and_tried_less_and_less_often(scene: Scene) -> None:
    scene.stop()
    scene.at(6)
    scene.post.fault = Unavailable("mail-unreachable", {"host": "mail.example.com", "reason": "no answer"})
    started, tries = scene.v.clock.now(), []
    for _ in range(24 * 12):
        if scene.turn():
            tries.append((scene.v.clock.now() - started).total_seconds() / 60)
        scene.v.clock.advance(timedelta(minutes=5))
    gaps = [round(b - a) for a, b in pairwise(tries)]
    assert gaps[:4] == [5, 10, 20, 40]
    assert max(gaps) <= 6 * 60
    assert len(tries) < 20
    (trouble, *_) = troubles(scene.v.house, HOUSE)
    assert trouble.told["code"] == "mail-unreachable"
    scene.post.fault = None
    put_mail(scene.v.house, HOUSE, SERVER, "")
    scene.turn()
    assert [mail.subject for mail in scene.post.mails].count("Unisono: CentralStationCRM - FastBill steht still") == 1
    assert troubles(scene.v.house, HOUSE) == []


def test_a_refused_login_is_tried_once_for_everybody_and_not_once_for_each(scene: Scene) -> None:
    for number in range(10):
        scene.user(f"user{number}@example.de")
    scene.question(1)
    scene.at(9)
    scene.post.fault = LoginRefused("mail-login-refused", {"host": "mail.example.com"})
    scene.turn()
    assert scene.post.tried == 1
    scene.v.clock.advance(timedelta(minutes=1))
    scene.turn()
    assert scene.post.tried == 1, "eleven refused logins would lock the account"


def test_an_address_that_is_refused_keeps_nobody_else_from_being_told(scene: Scene) -> None:
    scene.user("falsch@example.de")
    scene.question(1)
    scene.at(9)
    scene.post.fault, scene.post.only = Refused("mail-recipient-refused", {"host": "mail.example.com"}), "falsch@example.de"
    assert sorted(one.state for one in scene.turn()) == ["failed", "sent"]
    scene.v.clock.advance(timedelta(hours=3))
    assert scene.turn() == []
    assert [one.state for one in troubles(scene.v.house, HOUSE)] == ["failed"]


def test_a_summary_that_could_not_go_out_yesterday_does_not_come_beside_todays(scene: Scene) -> None:
    scene.question(1)
    scene.at(9)
    scene.post.fault = Unavailable("mail-unreachable", {"host": "x", "reason": ""})
    scene.turn()
    scene.at(7, days=1)
    scene.post.fault = None
    scene.turn()
    scene.at(8)
    scene.turn()
    scene.turn()
    assert len(scene.post.mails) == 1


def test_two_processes_send_one(scene: Scene) -> None:
    scene.question(1)
    scene.at(9)
    first, second = Notifier(house=scene.v.house), Notifier(house=scene.v.house)
    assert len(first.turn()) + len(second.turn()) == 1


def test_whoever_was_taken_out_is_told_nothing(scene: Scene) -> None:
    otto = scene.user("otto@example.de")
    remove(scene.v.house, HOUSE, otto.id)
    scene.question(1)
    scene.at(9)
    scene.turn()
    assert [mail.to for mail in scene.post.mails] == ["ida@example.de"]


def test_a_chat_is_told_like_a_person_at_its_own_hour_and_in_its_own_language(scene: Scene) -> None:
    add_channel(scene.v.house, HOUSE, "Büro", scene.v.firm, "slack://TokenA/TokenB/TokenCanary", 11, "ro", private=False)
    scene.question(1)
    scene.at(9)
    scene.turn()
    assert scene.post.rooms == []
    scene.at(11)
    scene.turn()
    ((title, body),) = scene.post.rooms
    assert title == "Unisono: 1 lucru nou vă așteaptă"
    assert "1 întrebare nouă" in body
    assert "TokenCanary" not in body


def test_a_link_is_there_only_where_the_pages_are_found(scene: Scene) -> None:
    scene.question(1)
    scene.at(9)
    scene.turn(address="")
    assert "http" not in scene.post.mails[0].body


def test_a_question_that_was_put_off_needs_nobody(scene: Scene) -> None:
    scene.question(1)
    with scene.v.house.store.write() as conn:
        asking.answer(conn, "q1", "later", "test", scene.v.clock.now())
    scene.at(9)
    scene.turn()
    assert scene.post.mails == []


def test_a_clock_that_was_set_back_sends_no_second_one(scene: Scene) -> None:
    scene.question(1)
    scene.at(9)
    scene.turn()
    scene.v.clock.advance(-timedelta(hours=3))
    scene.question(2)
    for _ in range(8):
        scene.turn()
        scene.v.clock.advance(timedelta(hours=1))
    assert len(scene.post.mails) == 1


def test_a_password_is_kept_for_the_same_server_and_login_only(scene: Scene) -> None:
    put_mail(scene.v.house, HOUSE, replace(SERVER, sender="other@example.com"), "")
    for changed in ({"host": "mail.example.net"}, {"login": "eve@example.net"}, {"port": 465}):
        with pytest.raises(Refused) as refused:
            put_mail(scene.v.house, HOUSE, replace(SERVER, **changed), "")  # type: ignore[arg-type]
        assert refused.value.code == "mail-password"


def test_the_password_is_sealed_in_the_store(scene: Scene) -> None:
    with scene.v.house.store.write() as conn:
        conn.execute(update(notice).values(told="{}"))
        rows = [tuple(row) for table in notice.metadata.sorted_tables for row in conn.execute(table.select())]
    assert KEY not in repr(rows)
    assert KEY.encode() not in b"".join(value for row in rows for value in row if isinstance(value, bytes))

"""One secret of every kind, a story in which much goes wrong with everything logged: none of them is anywhere a person may look."""

from __future__ import annotations

import base64
import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.stories import folk
from tests.support.hooks import ADDRESS
from tests.web import walk
from tests.web.desk import PASSWORD, Desk, desk_at
from unisono.connect.outward import Outward
from unisono.model.errors import SystemFault, Unavailable
from unisono.model.secret import Secret
from unisono.store import secrets as kept
from unisono.wiring.doctor import examine
from unisono.wiring.hooks import keep_address, open_door
from unisono.wiring.keeping import keep
from unisono.wiring.members import Actor
from unisono.wiring.posting import MailSettings, add_channel, put_mail, try_mail
from unisono.wiring.running import Runner

CRM_KEY, BOOKS_KEY = "centralstation-sandbox-key", "fb-0123456789abcdef"
SMTP, CHAT, OIDC = "smtp-KANARIENVOGEL-1", "mmosts://chat.example.com/KANARIENVOGEL2", "oidc-KANARIENVOGEL-3"


class Broken:
    """A mail server and chats that say back whatever they were given, as badly written ones do."""

    def send(self, *given: Any, **more: Any) -> None:
        told = " ".join(one.reveal() if isinstance(one, Secret) else getattr(one, "host", "") for one in given)
        raise Unavailable("mail-unreachable", {"host": "mail.example.com", "reason": f"no answer {len(told)} {len(more)}"})


@pytest.fixture
def story(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Desk, dict[str, str]]]:
    """Everything has been set, used, and has failed in every way; the secrets by what they are for."""
    caplog.set_level(logging.DEBUG)
    desk = desk_at(tmp_path, address=ADDRESS)
    v = desk.village
    v.house.outward = Outward(mail=Broken(), chat=Broken(), resolve=lambda _: ["93.184.215.14"])
    actor = Actor(by="anna", firms=None)
    put_mail(v.house, actor, MailSettings(host="mail.example.com", login="unisono", sender="unisono@example.de"), SMTP)
    with pytest.raises(SystemFault):
        try_mail(v.house, actor, "wer@example.de", "de")
    add_channel(v.house, actor, "Büro", "", CHAT, 8, "de", private=False)
    with v.house.store.write() as conn:
        kept.put_sealed(conn, v.house.ring, "oidc", Secret(OIDC), v.clock.now())
    keep_address(v.house, ADDRESS)
    v.release()
    runner = Runner(house=v.house, holder="test")
    company = folk.company(v)
    v.crm_act("tag", kind="company", id=company, name="FastBill")
    bare = folk.company(v, name="Ohne Anschrift", zip="", city="", street="")
    v.crm_act("tag", kind="company", id=bare, name="FastBill")
    v.clock.advance(timedelta(minutes=6))
    runner.until_quiet(v.pair)
    for side in (v.a, v.b):
        open_door(v.house, side, "anna")
    door = next(iter(v.crm.world.storage.table("hooks").values()))["target_url"]
    for fault, value in (("status", 500), ("status", 422), ("html", 0), ("torn-json", 0), ("truncate", 30), ("unauthorised", 0)):
        for vendor in (v.crm, v.books):
            vendor.world.faults.arm(fault, times=3, value=value)
        folk.company(v, name=f"Nach {fault}", email=f"{fault}@example.de")
        v.crm_act("edit_company", id=company, name=f"Sonne {fault} {value}")
        v.clock.advance(timedelta(minutes=11))
        runner.until_quiet(v.pair)
        for vendor in (v.crm, v.books):
            vendor.world.faults.clear()
    program = desk.call("anna", "POST", "/api/v1/me/keys", json={"name": "Programm", "role": "admin"}).json()["key"]
    cookie = desk.browser("anna").cookies[desk.site.cookie]
    yield (
        desk,
        {
            "CRM key": CRM_KEY,
            "books key": BOOKS_KEY,
            "mail password": SMTP,
            "chat address": CHAT.rpartition("/")[2],
            "provider's secret": OIDC,
            "door's secret": door.rpartition("/")[2],
            "program's key": program,
            "cookie": cookie,
            "password": PASSWORD,
        },
    )
    v.house.store.close()


def forms(secret: str) -> set[str]:
    """A secret as it may be written somewhere."""
    inside = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], inside[: len(inside) // 4 * 4 - 4]}


def found_in(text: str, secrets: dict[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if any(form in text for form in forms(secret))]


def test_no_log_says_a_secret(story: tuple[Desk, dict[str, str]], caplog: pytest.LogCaptureFixture) -> None:
    _, secrets = story
    records = [*caplog.get_records("setup"), *caplog.records]
    ours = "\n".join(record.getMessage() + str(record.exc_info or "") for record in records)
    assert records, "somebody logged something"
    assert found_in(ours, secrets) == []


def test_no_page_no_answer_of_the_api_and_no_list_says_a_secret(story: tuple[Desk, dict[str, str]]) -> None:
    desk, secrets = story
    looked: dict[str, list[str]] = {}
    paths = [path for path in walk.page_doors(desk.app) if set(re.findall(r"\{(\w+)", path)) <= {"pair_id", "what"}]
    api = [path for path in desk.app.openapi()["paths"] if "get" in desk.app.openapi()["paths"][path]]
    whats = ("customers", "documents", "history", "problems")
    for path in [*paths, *(path for path in api if set(re.findall(r"\{(\w+)", path)) <= {"pair_id", "what"})]:
        for what in whats if "{what}" in path else ("",):
            address = path.replace("{pair_id}", desk.village.pair).replace("{what}", what)
            answer = desk.browser("anna").get(address)
            assert answer.status_code in (200, 303, 422), (address, answer.status_code)
            hidden = {name: value for name, value in secrets.items() if name != "cookie"}
            looked[address] = found_in(answer.text + str(answer.headers), hidden)
    assert len(looked) > 40
    assert {path: found for path, found in looked.items() if found} == {}


def test_no_report_and_no_word_of_the_doctor_says_a_secret(story: tuple[Desk, dict[str, str]]) -> None:
    desk, secrets = story
    told = repr(examine(desk.village.house)) + repr(desk.village.problems()) + repr(desk.village.journal()) + repr(desk.village.notes())
    assert found_in(told, secrets) == []


def test_no_address_we_call_holds_a_secret(story: tuple[Desk, dict[str, str]]) -> None:
    desk, secrets = story
    calls = [f"{call.path}?{call.query}" for vendor in (desk.village.crm, desk.village.books) for call in vendor.world.log.calls]
    assert len(calls) > 30
    assert found_in("\n".join(calls), secrets) == []


def test_a_backup_without_the_key_file_says_no_secret(story: tuple[Desk, dict[str, str]], tmp_path: Path) -> None:
    desk, secrets = story
    path = tmp_path / "backup.db"
    keep(desk.village.house, path)
    with sqlite3.connect(path) as conn:
        dumped = "\n".join(conn.iterdump())
    conn.close()
    body = path.read_bytes().decode("latin-1")
    assert len(body) > 100_000
    assert found_in(body + dumped, secrets) == []


def test_what_goes_wrong_within_a_page_is_logged_without_what_was_typed(
    story: tuple[Desk, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    desk, secrets = story
    caplog.clear()
    desk.village.crm.world.faults.arm("status", times=9, value=500)
    token = desk.token("anna")
    firm = desk.village.firm
    pasted = {"csrf": token, "firm": firm, "system": "centralstation", "login-api_key": secrets["CRM key"]}
    page = desk.browser("anna").post("/setup/connect", data=pasted)
    wrong = desk.call(
        "anna", "POST", "/api/v1/connections", json={"firm": firm, "system": secrets["CRM key"], "login": {"x": [secrets["CRM key"]]}}
    )
    said = page.text + wrong.text + "\n".join(record.getMessage() for record in caplog.records)
    assert found_in(said, secrets) == []

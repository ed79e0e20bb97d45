"""Yesterday's backup comes back and nothing is made twice; a person's data goes; old values go by themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

import unisono
from tests.stories.folk import (
    BOTH,
    bound,
    company,
    company_names,
    contact_names,
    customer,
    customer_named,
    customer_names,
    customers,
    deal_of,
    employee,
    estimates,
    files_at,
    invoice,
    notes,
    state,
)
from tests.support.transport import Dated
from tests.support.village import Village, village
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.store import pairs, secrets
from unisono.store.backup import back_up, restore
from unisono.store.doors import Store
from unisono.store.stamps import stamp
from unisono.store.tables import inbox, intent
from unisono.wiring.doctor import Finding, examine
from unisono.wiring.keeping import erase, keep, put_back, rotate_keys
from unisono.wiring.previewing import behind, make_preview
from unisono.wiring.tidying import tidy_when_due


def sync_after_restore(v: Village) -> None:
    """What the runner does with an unsure pair: both sides whole, then the rest."""
    v.clock.advance(300)
    v.cycle(whole=True)
    for _ in range(3):
        v.sync()


def unsure(v: Village) -> bool:
    with v.house.store.read() as conn:
        return pairs.get_pair(conn, v.pair).unsure


def a_busy_day(v: Village) -> None:
    """Five customers, three estimates and four filed documents come to be, in both directions."""
    for n in range(3):
        key = company(v, name=f"Werkstatt {n} GmbH", email=f"post@werkstatt{n}.example", street=f"Ring {n}")
        employee(v, "Anna", f"Stein{n}", key)
        deal_of(v, key, f"Leuchtschild {n}")
    for n in range(2):
        customer(v, ORGANIZATION=f"Praxis {n} GmbH", EMAIL=f"post@praxis{n}.example")
    v.sync()
    assert len(customers(v)) == 5
    assert len(estimates(v)) == 3
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    for name in ("Praxis 0 GmbH", "Praxis 1 GmbH", "Werkstatt 0 GmbH"):
        invoice(v, customer_named(v, name)["CUSTOMER_ID"])
    v.sync()
    assert len(notes(v)) == 4


def counted(v: Village) -> tuple[list[str], list[str], int, int, list[int]]:
    return customer_names(v), company_names(v), len(estimates(v)), len(notes(v)), [len(files_at(v, n)) for n in notes(v)]


@BOTH
def test_yesterdays_backup_makes_no_twin_and_loses_nothing(v: Village, tmp_path: Path) -> None:
    back_up(v.house.store, tmp_path / "yesterday.db", v.clock.now())
    a_busy_day(v)
    before, links = counted(v), v.link_count()
    people = [contact_names(v, c["CUSTOMER_ID"]) for c in customers(v)]
    restore(v.house.store, tmp_path / "yesterday.db")
    assert v.link_count() == {}
    assert unsure(v)
    sync_after_restore(v)
    assert counted(v) == before
    assert [contact_names(v, c["CUSTOMER_ID"]) for c in customers(v)] == people
    assert v.questions() == []
    assert v.link_count() == links  # all found again
    assert not unsure(v)
    v.crm_act("edit_company", id=v.crm.truth()["companies"][0]["id"], name="Werkstatt Neu GmbH")
    v.sync()
    assert "Werkstatt Neu GmbH" in customer_names(v)  # and they are kept in step again


def test_a_customer_edited_since_the_backup_is_asked_about_and_not_made_again(v: Village, tmp_path: Path) -> None:
    back_up(v.house.store, tmp_path / "yesterday.db", v.clock.now())
    a_busy_day(v)
    books_id = customer_named(v, "Werkstatt 1 GmbH")["CUSTOMER_ID"]
    v.books_act("edit_customer", id=books_id, EMAIL="neu@werkstatt1.example", ZIPCODE="99999", PHONE="0361 1")
    restore(v.house.store, tmp_path / "yesterday.db")
    sync_after_restore(v)
    assert customer_names(v).count("Werkstatt 1 GmbH") == 1
    assert company_names(v).count("Werkstatt 1 GmbH") == 1
    [asked] = v.questions()
    assert (asked.code, asked.values["rule"], asked.values["other"]) == ("same-customer", "name", "Werkstatt 1 GmbH")
    v.answer(asked, "same")
    v.sync()
    assert len(customers(v)) == 5
    assert v.link_count()["party"] == 5


def test_a_backup_may_lie_beside_other_files_and_says_where_the_key_is_not(v: Village, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "other.txt").write_text("mine")
    kept = keep(v.house, tmp_path / "deep" / "kept.db")
    assert kept.rows["connection"] == 2
    found = put_back(v.house, tmp_path / "deep" / "kept.db", "test")
    assert found[2] == []  # the key file opens what was restored
    assert v.notes()[0]["event"] == "restored"


def test_a_backup_without_its_key_says_which_logins_to_enter_again(v: Village, tmp_path: Path) -> None:
    keep(v.house, tmp_path / "kept.db")
    (tmp_path / "key").unlink()
    v.house.ring = secrets.KeyRing(tmp_path / "key")
    assert put_back(v.house, tmp_path / "kept.db", "test")[2] == sorted([v.a, v.b])


def test_a_new_key_opens_every_login_and_the_old_one_is_gone(v: Village, tmp_path: Path) -> None:
    before = (tmp_path / "key").read_bytes()
    assert rotate_keys(v.house) == 2
    assert (tmp_path / "key").read_bytes() != before
    customer(v)
    v.sync()
    assert company_names(v) == ["Mond Optik GmbH"]


def everything_held(v: Village) -> str:
    from unisono.store.tables import metadata

    with v.house.store.read() as conn:
        return " ".join(repr(tuple(row)) for table in metadata.sorted_tables for row in conn.execute(select(table)))


def test_a_persons_data_goes_and_what_must_stay_is_said(v: Village) -> None:
    one = v.crm_act(
        "create_person",
        first_name="Petra",
        name="Vogel",
        email="petra@vogel.example",
        street="Ring 1",
        zip="12345",
        city="Berlin",
        country_code="DE",
    )
    v.crm_act("tag", kind="person", id=one, name="FastBill")
    deal_of(v, company(v))
    v.sync()
    assert "Vogel" in everything_held(v)
    shown = erase(v.house, v.pair, "petra@vogel.example", "test", dry=True)
    assert "Vogel" in everything_held(v)  # only looked
    assert shown.kept == {"erase-kept-links": 1, "erase-kept-writes": 1}
    done = erase(v.house, v.pair, "petra@vogel.example", "test")
    assert (done.subjects, done.gone) == (shown.subjects, shown.gone)
    held = everything_held(v)
    assert "Vogel" not in held
    assert "petra@vogel.example" not in held
    assert "Bäckerei Sonne GmbH" in held  # nobody else's
    assert ("erased", "test") in [(n["event"], n["by"]) for n in v.notes()]
    assert {w["state"] for w in v.journal()} == {"done"}
    v.crm_act("delete_person", id=one)
    v.sync()
    assert [c["LAST_NAME"] for c in customers(v) if c["LAST_NAME"]] == ["Vogel"]  # the other systems are not touched


def test_what_a_preview_says_beforehand_names_nobody_who_was_erased(v: Village) -> None:
    key = company(v, name="Vogelhaus GmbH", zip="", city="")
    deal_of(v, key)
    run = make_preview(v.house, v.pair, "test")
    (group,) = behind(v.house, run)
    assert (group["mark"], group["names"]) == ("held:missing-field:address.postcode", ["Vogelhaus GmbH"])

    erase(v.house, v.pair, f"a:party:company:{key}", "test")

    assert "Vogelhaus" not in everything_held(v)
    assert [(one["mark"], one["count"], one["names"], one["values"]) for one in behind(v.house, run)] == [(group["mark"], 1, [], {})]


def test_a_write_nobody_knows_the_outcome_of_keeps_its_values(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    with v.house.store.write() as conn:
        conn.execute(intent.update().where(intent.c.kind == "party").values(state="unclear"))
    key = v.crm.truth()["companies"][0]["id"]
    done = erase(v.house, v.pair, f"a:party:company:{key}", "test")
    assert done.kept["erase-kept-unsettled"] == 1
    assert "Sonne" in everything_held(v)


def test_what_is_old_goes_by_itself_once_a_night(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    tidy_when_due(v.house)
    with v.house.store.write() as conn:
        for name, at in (("old", v.clock.now() - timedelta(days=31)), ("new", v.clock.now())):
            conn.execute(insert(inbox).values(connection=v.a, delivery=name, body=b"{}", received_at=stamp(at)))
        pairs.note(conn, v.pair, "party", "a:party:1", "linked", {"name": "Altmann"}, "Altmann", v.clock.now() - timedelta(days=401))
    assert tidy_when_due(v.house) == {}  # it was done today
    v.clock.advance(timedelta(hours=25))
    assert tidy_when_due(v.house) == {"inbox": 1, "history": 1, "intent": 0}
    assert "Altmann" not in everything_held(v)
    v.clock.advance(timedelta(days=402))
    assert tidy_when_due(v.house)["intent"] == 2
    with v.house.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(intent).where(intent.c.before.like("%Sonne%"))).scalar() == 0
        assert conn.execute(select(func.count()).select_from(inbox)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(intent)).scalar() == 2  # that they happened stays known
    v.clock.advance(timedelta(hours=25))
    assert tidy_when_due(v.house) == {"inbox": 0, "history": 0, "intent": 0}  # done once
    assert v.sync().writes == 0


def dated(v: Village) -> Any:
    inner, clocks = v.house.transports, {"centralstation": v.crm.world.clock, "fastbill": v.books.world.clock}
    v.house.forget_system(v.a)
    v.house.forget_system(v.b)
    return lambda name: Dated(inner(name), clocks[name])


def found(v: Village, *, ask: bool = True) -> dict[str, Finding]:
    return {f.code: f for f in examine(v.house, ask=ask)}


def test_the_doctor_finds_nothing_wrong_where_nothing_is(v: Village) -> None:
    before = v.writes("a") + v.writes("b")
    assert {f.level for f in examine(v.house)} == {"ok"}
    assert v.writes("a") + v.writes("b") == before


def test_the_doctor_sees_an_open_key_file_an_old_key_a_wrong_clock_and_open_questions(v: Village, tmp_path: Path) -> None:
    (tmp_path / "key").chmod(0o644)
    v.books.world.clock.ahead = timedelta(minutes=10)
    v.house.transports = dated(v)
    v.crm_act("tag", kind="company", id=v.crm_act("create_company", name="Ohne Adresse GmbH"), name="FastBill")
    v.sync()
    v.clock.advance(timedelta(days=366))
    codes = found(v)
    assert codes["doctor-key-file-open"].level == "look"
    assert codes["doctor-key-old"].level == "look"
    assert codes["doctor-open"].values["problems"] == "1"
    assert abs(int(codes["doctor-clock-off"].values["seconds"]) - 600) <= 2


def test_the_doctor_names_a_refused_login_and_a_lost_key(v: Village, tmp_path: Path) -> None:
    with v.house.store.write() as conn:
        from unisono.model.secret import Secret

        secrets.put_secret(conn, v.house.ring, v.b, "api_key", Secret("fb-wrong-wrong-wrong"), v.clock.now())
    v.house.forget_system(v.b)
    assert "refused" in {f.level for f in examine(v.house)}
    (tmp_path / "key").unlink()
    v.house.ring = secrets.KeyRing(tmp_path / "key")
    assert found(v, ask=False)["key-missing"].level == "broken"


# --- the commands -----------------------------------------------------------------------------------------------------------------------


@dataclass
class Shell:
    """The command line on a data folder of its own, with both simulators as servers on this machine."""

    folder: Path
    key: Path
    crm: Any
    books: Any
    pair: str

    def run(self, *words: str, said: str = "") -> tuple[int, str]:
        """Exit code and output of one command, in a process of its own."""
        environment = os.environ | {
            "UNISONO_LANGUAGE": "en",
            "UNISONO_LOOPBACK": "1",
            "UNISONO_KEY_FILE": str(self.key),
            "PYTHONPATH": str(Path(unisono.__file__).parents[1]),
        }
        command = [sys.executable, "-m", "unisono", *words, "--data", str(self.folder)]
        done = subprocess.run(command, input=said, env=environment, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout

    def json(self, *words: str) -> tuple[int, Any]:
        code, output = self.run(*words, "--json")
        return code, json.loads(output)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A pair that has written something: one customer with an offer, and one the other way."""
    with Store.open(tmp_path / "data", least_room=0) as store:
        v = village(tmp_path, store=store)
        v.sync()
        v.release()
        v.clock.advance(60)
        deal_of(v, company(v))
        customer(v)
        v.sync()
        servers = [Server.start(application(simulator)) for simulator in (v.crm, v.books)]
        v.settings("a", api=f"{servers[0].url}/api")
        v.settings("b", api=f"{servers[1].url}/api/1.0/api.php")
    yield Shell(tmp_path / "data", tmp_path / "key", v.crm, v.books, v.pair)
    for server in servers:
        server.stop()


def test_the_undo_command_shows_asks_and_does(shell: Shell) -> None:
    code, shown = shell.json("undo", "--all", "--dry-run")
    assert (code, shown["done"]) == (0, False)
    assert sorted((s["what"], s["record"].split(":")[1]) for s in shown["steps"]) == [
        ("delete", "party"),
        ("delete", "party"),
        ("delete", "quote"),
    ]
    assert len(shell.books.truth()["customers"]) == 2  # nothing was done
    code, output = shell.run("undo", "--all", said="n\n")
    assert code == 1
    assert "Is deleted (3)" in output
    assert len(shell.books.truth()["customers"]) == 2
    code, output = shell.run("undo", "--all", said="y\n")
    assert (code, "Taken back: 3." in output) == (0, True)
    assert [c["ORGANIZATION"] for c in shell.books.truth()["customers"]] == ["Mond Optik GmbH"]
    assert [c["name"] for c in shell.crm.truth()["companies"]] == ["Bäckerei Sonne GmbH"]
    with Store.open(shell.folder, least_room=0) as store, store.read() as conn:
        assert [n["event"] for n in pairs.notes(conn, shell.pair)][:3] == ["undone", "undone", "undone"]


def test_an_undo_of_nothing_in_particular_is_a_wrong_call(shell: Shell) -> None:
    assert shell.run("undo")[0] == 2
    assert shell.run("undo", "--field", "phone")[0] == 2
    assert shell.run("undo", "no-such-run")[0] == 2


def test_backup_and_restore_by_command(shell: Shell, tmp_path: Path) -> None:
    code, made = shell.json("backup", str(tmp_path / "kept.db"))
    assert (code, made["rows"]["pair"], made["key_file"]) == (0, 1, str(tmp_path / "key"))
    assert shell.run("backup", str(tmp_path / "kept.db"))[0] == 5  # not written over
    assert shell.run("restore", str(tmp_path / "kept.db"), said="n\n")[0] == 1
    code, put = shell.json("restore", str(tmp_path / "kept.db"), "--yes")
    assert (code, put["logins_to_enter"]) == (0, [])
    assert Path(put["spare"]).is_file()
    fresh = Shell(tmp_path / "elsewhere", shell.key, shell.crm, shell.books, shell.pair)
    assert fresh.run("restore", str(tmp_path / "kept.db"))[0] == 0  # an empty folder needs no question
    assert fresh.json("pair", "list")[1][0]["id"] == shell.pair
    assert shell.run("restore", str(tmp_path / "key"), "--yes")[0] == 5  # no backup at all


def test_keys_rotate_by_command_keeps_every_login_open(shell: Shell) -> None:
    code, told = shell.json("keys", "rotate")
    assert (code, told["secrets"]) == (0, 2)
    assert not [f for f in shell.json("doctor", "--offline")[1] if f["level"] == "broken"]


def test_the_doctor_by_command_reaches_both_sides_and_tells_the_worst_by_its_exit_code(shell: Shell, tmp_path: Path) -> None:
    code, found = shell.json("doctor")
    codes = {f["code"]: f["level"] for f in found}
    assert codes["doctor-reached"] == codes["doctor-store"] == "ok"
    assert codes["doctor-plain-http"] == "look"  # the simulators are spoken to without encryption, and that is said
    assert code == 1
    (tmp_path / "key").unlink()
    assert shell.run("doctor", "--offline")[0] == 5


def test_erase_by_command_shows_what_stays_before_it_asks(shell: Shell) -> None:
    code, output = shell.run("erase", "post@sonne.example", said="n\n")
    assert code == 1
    assert "Stays: 1 link without" in output
    code, told = shell.json("erase", "post@sonne.example", "--yes")
    assert (code, told["done"], told["gone"]["seen"]) == (0, True, 2)
    assert shell.run("erase", "post@sonne.example", "--yes")[0] == 2  # nobody is there any more
    assert shell.run("erase", "Sonne")[0] == 2


def test_a_customer_renamed_since_the_backup_is_known_by_our_reference_from_either_side(v: Village, tmp_path: Path) -> None:
    bound(v, "reference")
    back_up(v.house.store, tmp_path / "yesterday.db", v.clock.now())
    customer(v, ORGANIZATION="Praxis am Park GmbH", EMAIL="post@park.example")
    v.sync()
    made = v.crm.truth()["companies"][0]["id"]
    v.crm_act("edit_company", id=made, name="Ganz Anders GmbH", email="neu@anders.example")
    restore(v.house.store, tmp_path / "yesterday.db")
    before = v.link_count()
    sync_after_restore(v)
    assert (before, v.link_count().get("party")) == ({}, 1)
    assert (len(v.crm.truth()["companies"]), len(customers(v))) == (1, 1), "neither side got a second one"
    assert v.problems() == []

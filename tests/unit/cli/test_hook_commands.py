"""``hooks``: who may tell of changes at once, typed; and what the doctor says of the doors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.hooks import ADDRESS
from tests.unit.cli.desk import KEY, Desk
from tests.unit.cli.outside import reached_at
from unisono.cli.terminal import house_at
from unisono.store import inbox

NOTHING: dict[str, Any] = {"state": "", "taken": 0, "refused": 0}


@pytest.fixture
def public(desk: Desk) -> Desk:
    """A pair of an installation that vendors reach from outside."""
    desk.pair()
    reached_at(desk, ADDRESS)
    return desk


def known_at_crm(desk: Desk) -> set[str]:
    """The addresses that the CRM was told."""
    return {row["target_url"] for row in desk.crm.world.storage.table("hooks").values()}


def counted(desk: Desk, refused: int, stray: int = 0) -> None:
    """So many calls were refused at the door, and so many came to doors that are not there."""
    with house_at(desk.folder) as house, house.store.write() as conn:
        (door,) = inbox.hooks(conn)
        inbox.count_at(conn, door.id, refused, house.clock.now())
        inbox.count_strays(conn, stray, house.clock.now())


def doors(desk: Desk) -> list[dict[str, Any]]:
    """What the doctor says of doors."""
    return [one for one in desk.run("doctor", "--offline", "--json").json if one["code"].startswith("doctor-door")]


def test_without_a_public_address_no_vendor_is_told_of_anything(desk: Desk) -> None:
    desk.pair()
    told = desk.run("hooks", "open", "centralstation", "--yes", "--json")
    assert (told.code, told.json["error"]["code"]) == (2, "hooks.no-address")
    assert known_at_crm(desk) == set()
    listed = desk.run("hooks", "list", "--json").json
    assert (listed["address"], [one["why_not"] for one in listed["doors"]]) == ("", ["no-address", "no-address"])
    assert "This installation cannot be reached from outside." in desk.run("hooks", "list").out
    assert desk.run("hooks", "open", "centralstation", "--yes").aside.strip() == "This installation cannot be reached from outside."


@pytest.mark.parametrize("address", ("http://127.0.0.1:8460", "https://192.168.1.4", "https://unisono.local"))
def test_an_address_that_only_the_own_network_knows_is_none(desk: Desk, address: str) -> None:
    desk.pair()
    reached_at(desk, address)
    assert desk.run("hooks", "open", "centralstation", "--yes").code == 2
    assert known_at_crm(desk) == set()


def test_a_door_is_opened_once_listed_and_closed_again(public: Desk) -> None:
    before = public.run("hooks", "list", "--json").json
    assert (before["address"], before["strays"]) == (ADDRESS, 0)
    assert [one["system"] for one in before["doors"]] == ["CentralStationCRM", "FastBill"]
    assert [{name: one[name] for name in NOTHING} for one in before["doors"]] == [NOTHING, NOTHING]
    assert public.run("hooks", "open", "centralstation", "--yes", "--json").json == {"state": "open"}
    (place,) = known_at_crm(public)
    assert place.startswith(f"{ADDRESS}/hooks/")
    assert public.run("hooks", "open", "centralstation", "--yes").code == 0, "open already"
    assert known_at_crm(public) == {place}, "and nobody was told a second one"
    counted(public, refused=3, stray=2)
    after = public.run("hooks", "list", "--json").json
    assert [(one["state"], one["refused"]) for one in after["doors"]] == [("open", 3), ("", 0)]
    assert after["strays"] == 2
    assert "Tells at once  0 / 3" in public.run("hooks", "list").out
    assert public.run("hooks", "close", "centralstation", "--json").json == {"state": "closed"}
    assert known_at_crm(public) == set()
    assert [one["state"] for one in public.run("hooks", "list", "--json").json["doors"]] == ["", ""]


def test_a_person_is_asked_first_and_a_program_has_to_say_yes(public: Desk) -> None:
    no = public.run("hooks", "open", "centralstation", answers="n\n")
    assert (no.code, known_at_crm(public)) == (1, set())
    assert "an address of Unisono is entered in CentralStationCRM" in no.aside
    told = public.run("hooks", "open", "centralstation", "--json")
    assert (told.code, told.json["error"]["code"], known_at_crm(public)) == (2, "yes-needed", set())
    yes = public.run("hooks", "open", "centralstation", answers="y\n")
    assert (yes.code, len(known_at_crm(public))) == (0, 1)
    assert yes.out.splitlines()[-1] == "Tells at once"


def test_the_secret_of_a_door_is_in_no_output(public: Desk) -> None:
    opened = public.run("hooks", "open", "centralstation", "--yes", "--json")
    (place,) = known_at_crm(public)
    secret = place.rpartition("/")[2]
    assert len(secret) == 32
    for words in (("hooks", "list"), ("hooks", "list", "--json"), ("doctor",), ("doctor", "--json"), ("history", "--json")):
        assert secret not in public.run(*words).text, words
    assert secret not in opened.text + public.run("hooks", "close", "centralstation").text


def test_a_plan_without_notices_is_said_and_nobody_is_asked(desk: Desk) -> None:
    desk.connect()
    login = ("--login", "email=buchhaltung@example.de", "--login", f"api_key={KEY}")
    api = ("--setting", f"api={desk.books_url}/api/1.0/api.php", "--setting", f"portal={desk.books_url}")
    made = desk.run("connect", "fastbill", *login, *api, "--setting", "plan=solo", "--name", "Kleiner Tarif", "--json")
    assert made.code == 0, made.text
    reached_at(desk, ADDRESS)
    told = desk.run("hooks", "open", "Kleiner Tarif", "--yes", "--json")
    assert (told.code, told.json["error"]["code"], told.json["error"]["values"]) == (2, "hooks.no-notices", {"system": "FastBill"})
    assert desk.books.world.storage.table("webhooks") == {}


def test_a_vendor_that_is_down_forgets_the_door_later_and_that_is_said(public: Desk) -> None:
    public.run("hooks", "open", "centralstation", "--yes")
    public.crm.world.faults.arm("status", times=500)
    told = public.run("hooks", "close", "centralstation", "--json")
    assert (told.code, told.json) == (0, {"state": "ending"})
    assert len(known_at_crm(public)) == 1
    assert public.run("hooks", "list", "--json").json["doors"][0]["state"] == "ending"
    assert [(one["level"], one["code"]) for one in doors(public)] == [("look", "doctor-door-ending")]


def test_an_unknown_connection_is_a_wrong_call(public: Desk) -> None:
    for word in ("open", "close"):
        told = public.run("hooks", word, "nosuch", "--json")
        assert (told.code, told.json["error"]["code"]) == (2, "no-such-connection")


def test_the_doctor_tells_which_doors_are_open_since_when_and_how_many_calls_were_refused(public: Desk) -> None:
    assert doors(public) == []
    public.run("hooks", "open", "centralstation", "--yes")
    counted(public, refused=17)
    with house_at(public.folder) as house, house.store.read() as conn:
        (door,) = inbox.hooks(conn)
    (connection,) = (c["name"] for c in public.run("connections", "--json").json if c["system"] == "centralstation")
    values = {"name": connection, "since": door.at, "refused": "17"}
    assert doors(public) == [{"level": "ok", "code": "doctor-door-open", "values": values}]
    (line,) = (line for line in public.run("doctor", "--offline").out.splitlines() if "tell of changes" in line)
    assert line.startswith(f"+ {connection} may tell of changes at once since ")
    assert line.endswith("Calls refused: 17.")
    assert door.at not in line, "people read a date of theirs"
    public.run("hooks", "close", "centralstation")
    assert doors(public) == []


def test_a_door_whose_vendor_could_not_be_told_is_shown_and_looked_at_by_the_doctor(public: Desk) -> None:
    public.crm.world.faults.arm("status", times=500)
    assert public.run("hooks", "open", "centralstation", "--yes").code == 4
    public.crm.world.faults.clear()
    assert public.run("hooks", "list", "--json").json["doors"][0]["state"] == "asked"
    (line,) = (line for line in public.run("doctor", "--offline").out.splitlines() if "tell of changes" in line)
    assert line.startswith("! ")
    assert "but the set-up is not complete" in line
    assert public.run("hooks", "open", "centralstation", "--yes").code == 0
    assert doors(public)[0]["level"] == "ok"

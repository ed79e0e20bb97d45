"""Many records in one call of Bitrix24: each with an outcome of its own, whatever becomes of its neighbours or of the whole call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.local_app import LocalApp
from tests.systems.bitrix24.portal import change, portal, system_of
from tests.systems.bitrix24.test_connector_contract import Portal
from unisono.connect.port import Answered, Command, Raw
from unisono.model.errors import BadAnswer, LoginRefused, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.party import Address, Contact, Party
from unisono.model.writing import Write
from unisono.systems.bitrix24.client import MOST, Step
from unisono.systems.bitrix24.system import Bitrix24
from unisono.systems.bitrix24.together import MOST_BYTES
from unisono.systems.catalogue import load

ABLE = load("bitrix24")
FULL = ABLE.writing("party").batch


def firm(n: int, **more: Any) -> Party:
    """A company with everything that takes a command of its own."""
    return Party(type="company", name=f"Firma {n}", tax_id=f"DE{n:09}", address=Address(line1=f"Weg {n}", city="Ulm", country="DE"), **more)


def create(body: Party, n: int) -> Write:
    return Write(operation="create", side="a", kind="party", body=body, reference=f"uni-together{n:04}")


def orders(system: Bitrix24, writes: Sequence[Write]) -> list[Command]:
    """Their commands, composed as the engine does: from the row as it is now."""
    out = []
    for write in writes:
        current = system.read(*system.locate(write.kind, write.key)) if write.key else None
        (command,) = system.compose(write, current)
        out.append(command)
    return out


def sent(account: Portal | LocalApp, system: Bitrix24, commands: Sequence[Command]) -> tuple[list[Answered | SystemFault], int]:
    """Sends them together; their outcomes, and how many calls that took."""
    before = len(account.wire.sent)
    outcomes = system.send_many(commands, [()] * len(commands))
    return outcomes, len(account.wire.sent) - before


def named(outcomes: Sequence[Answered | SystemFault]) -> list[str]:
    """What the outcomes are."""
    return ["done" if isinstance(one, Answered) else type(one).__name__ for one in outcomes]


def companies(account: Portal) -> dict[str, tuple[str, str]]:
    """Name -> tax id and city, as the portal holds them."""
    truth = account.simulator.truth()
    tax = {(row["ENTITY_TYPE_ID"], str(row["ENTITY_ID"])): (str(row["ID"]), str(row["RQ_VAT_ID"] or "")) for row in truth["requisites"]}
    city = {str(row["ENTITY_ID"]): str(row["CITY"] or "") for row in truth["addresses"]}
    held = {str(row["TITLE"]): tax.get((4, str(row["ID"])), ("", "")) for row in truth["companies"]}
    return {name: (number, city.get(requisite, "")) for name, (requisite, number) in held.items()}


def whole(*numbers: int) -> dict[str, tuple[str, str]]:
    return {f"Firma {n}": (f"DE{n:09}", "Ulm") for n in numbers}


@pytest.fixture
def account() -> Portal:
    return portal()


# writing


@pytest.mark.parametrize("presets", ({"company": 1}, {}))
def test_as_many_customers_as_the_file_says_are_made_in_one_call_even_where_the_preset_has_to_be_asked_for(presets: dict[str, int]) -> None:
    account = portal(presets=presets)
    system, writes = system_of(account), [create(firm(n), n) for n in range(FULL)]
    before = companies(account)

    outcomes, calls = sent(account, system, orders(system, writes))

    assert (before, calls, named(outcomes)) == ({}, 1, ["done"] * FULL)
    assert companies(account) == whole(*range(FULL))
    read = system.read_many([system.locate("party", one.key) for one in outcomes if isinstance(one, Answered)])
    titles = [
        record.body.name
        for row in read.values()
        if isinstance(row, Raw)
        for record in system.records(row)
        if isinstance(record.body, Party)
    ]
    assert titles == [f"Firma {n}" for n in range(FULL)], "each answer names the record of its own command"


def test_people_of_companies_are_made_in_one_call(account: Portal) -> None:
    owner, most = account.act("create_company", title="Kran AG"), ABLE.writing("contact").batch
    body = [Contact(name=f"Mensch {n}", first_name="Uli", email=f"m{n}@kran.example") for n in range(most)]
    writes = [
        Write(operation="create", side="a", kind="contact", body=one, owner=f"company:{owner}", reference=f"uni-person{n:04}")
        for n, one in enumerate(body)
    ]

    outcomes, calls = sent(account, system_of(account), orders(system_of(account), writes))

    assert (calls, named(outcomes)) == (1, ["done"] * most)
    rows = account.simulator.truth()["contacts"]
    assert ([row["LAST_NAME"] for row in rows], {row["COMPANY_ID"] for row in rows}) == ([one.name for one in body], {int(owner)})


def test_two_that_are_refused_stop_none_of_their_neighbours_and_leave_nothing_behind(account: Portal) -> None:
    system = system_of(account)
    bodies = [firm(1), firm(2, email="no address"), firm(3), firm(4, email="none either"), firm(5)]

    outcomes, calls = sent(account, system, orders(system, [create(body, n) for n, body in enumerate(bodies)]))

    assert (calls, named(outcomes)) == (1, ["done", "Refused", "done", "Refused", "done"])
    assert companies(account) == whole(1, 3, 5)
    truth = account.simulator.truth()
    assert (len(truth["requisites"]), len(truth["addresses"])) == (3, 3), "no requisite and no address of nobody"
    told = [(one.field, "valid" in one.values["answer"]) for one in outcomes if isinstance(one, Refused)]
    assert told == [("email", True), ("email", True)]


@pytest.mark.parametrize(
    ("fault", "method", "skip", "expected", "held"),
    (
        ("command-internal", "crm.item.add", 1, ["done", "Unclear", "done"], whole(0, 2)),
        ("command-after", "crm.item.add", 1, ["done", "Unclear", "done"], whole(0, 2) | {"Firma 1": ("", "")}),
        ("command-limit", "crm.item.add", 1, ["done", "TryLater", "done"], whole(0, 2)),
        ("command-limit", "crm.requisite.add", 1, ["done", "Unclear", "done"], whole(0, 2) | {"Firma 1": ("", "")}),
        ("command-internal", "crm.address.add", 2, ["done", "done", "Unclear"], whole(0, 1) | {"Firma 2": ("DE000000002", "")}),
    ),
)
def test_what_happens_to_one_command_is_the_outcome_of_its_record_alone(
    account: Portal, fault: str, method: str, skip: int, expected: list[str], held: dict[str, tuple[str, str]]
) -> None:
    system = system_of(account)
    commands = orders(system, [create(firm(n), n) for n in range(3)])
    account.world.faults.arm(fault, method, skip=skip)

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, expected)
    assert companies(account) == held


@pytest.mark.parametrize(
    ("fault", "kind", "made"),
    (
        ("timeout-after", Unclear, 3),
        ("timeout-before", Unclear, 0),
        ("internal-after", Unclear, 3),
        ("html", Unclear, 0),
        ("rate", TryLater, 0),
        ("operation-limit", TryLater, 0),
        ("payment-required", LoginRefused, 0),
    ),
)
def test_what_becomes_of_a_whole_call_is_the_outcome_of_every_record_in_it(
    account: Portal, fault: str, kind: type[SystemFault], made: int
) -> None:
    system = system_of(account)
    commands = orders(system, [create(firm(n), n) for n in range(3)])
    account.world.faults.arm(fault)

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, [kind.__name__] * 3), "nothing is sent a second time"
    assert len(companies(account)) == made


def test_a_call_that_was_cut_off_is_unclear_as_a_whole_and_what_was_made_is_found_in_few_calls(account: Portal) -> None:
    system, writes = system_of(account), [create(firm(n), n) for n in range(FULL)]
    commands = orders(system, writes)
    account.world.faults.arm("batch-cut", value=3 * 5)

    outcomes, _ = sent(account, system, commands)
    before = len(account.wire.sent)
    found = system.probe_many(writes)

    assert (named(outcomes), companies(account)) == (["Unclear"] * FULL, whole(*range(5)))
    names = [[r.body.name for raw in rows for r in system.records(raw) if isinstance(r.body, Party)] for rows in found]
    assert names == [[f"Firma {n}"] for n in range(5)] + [[]] * (FULL - 5)
    assert len(account.wire.sent) - before == 2, "a call that searches, one that reads what it found"


def test_a_limit_on_one_method_in_the_middle_of_a_call_leaves_the_others_of_it_made() -> None:
    account = portal()
    account.world.storage.settings.update({"operating_limit": 5.0, "operating_costs": {"crm.item.add": 2.0}})
    system = system_of(account)
    commands = orders(system, [create(Party(type="company", name=f"Firma {n}"), n) for n in range(5)])

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, ["done"] * 3 + ["TryLater"] * 2)
    assert list(companies(account)) == ["Firma 0", "Firma 1", "Firma 2"]


def test_a_method_that_ran_too_long_rests_until_the_portal_says_and_nobody_is_made_by_halves_meanwhile() -> None:
    account = portal()
    account.world.storage.settings.update({"operating_limit": 5.0, "operating_costs": {"crm.requisite.add": 2.0}, "operating_cost": 0.0})
    system = system_of(account)
    first, second = ([create(firm(n), n) for n in some] for some in (range(6), range(6, 9)))
    bare = create(Party(type="company", name="Nur ein Name"), 9)
    begun = account.clock.now()

    outcomes, _ = sent(account, system, orders(system, first))
    after, calls = sent(account, system, orders(system, [*second, bare]))

    assert named(outcomes) == ["done"] * 3 + ["Unclear"] * 3, "made, but without a requisite: what is missing will be seen"
    assert (named(after), calls) == (["TryLater"] * 3 + ["done"], 1)
    assert sorted(companies(account)) == [*(f"Firma {n}" for n in range(6)), "Nur ein Name"]
    (until,) = {one.at for one in after if isinstance(one, TryLater)}
    assert until is not None
    assert 540 <= (until - begun).total_seconds() <= 600, "as the last good answer says"
    account.clock.advance(600)
    assert named(sent(account, system, orders(system, second))[0]) == ["done"] * 3


def test_changes_travel_together_and_one_of_a_record_that_is_gone_is_told(account: Portal) -> None:
    system = system_of(account)
    keys = [account.do(create(firm(n), n)) for n in range(3)]
    commands = orders(system, [change(key, name=f"Neu {n}", address__city="Pirna") for n, key in enumerate(keys)])
    account.act("delete_company", id=keys[1].partition(":")[2])

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, ["done", "NotThere", "done"])
    assert companies(account) == {"Neu 0": ("DE000000000", "Pirna"), "Neu 2": ("DE000000002", "Pirna")}


def test_a_change_of_which_one_part_is_refused_and_another_was_done_is_unclear(account: Portal) -> None:
    system = system_of(account)
    keys = [account.do(create(firm(n, email=f"a{n}@firma.example"), n)) for n in range(2)]
    edits = ({"email": "no address", "address__city": "Pirna"}, {"email": "neu@firma.example", "address__city": "Pirna"})
    commands = orders(system, [change(key, **edit) for key, edit in zip(keys, edits, strict=True)])

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, ["Unclear", "done"])
    assert {city for _, city in companies(account).values()} == {"Pirna"}, "looking will show what stands, and plan the rest anew"


def test_deletions_travel_together(account: Portal) -> None:
    system = system_of(account)
    keys = [account.do(create(firm(n), n)) for n in range(4)]
    commands = orders(system, [Write(operation="delete", side="a", kind="party", key=key) for key in keys])
    account.act("delete_company", id=keys[3].partition(":")[2])

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes), companies(account)) == (1, ["done", "done", "done", "NotThere"], {})


def test_a_local_app_writes_together_under_its_mark_and_renews_its_key_once() -> None:
    app = LocalApp(operating_limit=None)
    system = app.system()
    commands = orders(system, [create(firm(n), n) for n in range(3)])
    app.world.faults.arm("expired")

    outcomes, calls = sent(app, system, commands)

    assert named(outcomes) == ["done"] * 3
    assert calls == 3, "turned away, renewed, sent again: nothing had been performed"
    assert [row["TITLE"] for row in app.simulator.truth()["companies"]] == ["Firma 0", "Firma 1", "Firma 2"]


def test_more_than_a_call_holds_goes_into_several_each_within_the_bounds(account: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    system = system_of(account)
    long = "x" * (MOST_BYTES // 3)
    many = [create(firm(n), n) for n in range(FULL + 4)]
    heavy = [create(firm(100 + n, note=long), 100 + n) for n in range(4)]
    posted: list[tuple[int, int]] = []
    _overheard(monkeypatch, system, posted)

    outcomes, calls = sent(account, system, orders(system, [*many, *heavy]))

    assert named(outcomes) == ["done"] * len(outcomes)
    assert len(companies(account)) == FULL + 8
    assert calls == len(posted) == 3
    assert max(count for count, _ in posted) <= MOST
    assert max(size for _, size in posted) <= MOST_BYTES * 1.01


def _overheard(monkeypatch: pytest.MonkeyPatch, system: Bitrix24, posted: list[tuple[int, int]]) -> None:
    """Notes commands and bytes of each batch on its way out."""
    carry = system.client._door.call

    def call(method: str, address: str, **given: Any) -> Any:
        told = given["json"]["cmd"]
        posted.append((len(told), sum(len(line) for line in told.values())))
        return carry(method, address, **given)

    monkeypatch.setattr(system.client._door, "call", call)


def test_after_the_portal_closed_its_door_no_further_call_is_begun(account: Portal) -> None:
    system = system_of(account)
    commands = orders(system, [create(firm(n), n) for n in range(3 * FULL)])
    account.world.faults.arm("rate", skip=1)

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (2, ["done"] * FULL + ["TryLater"] * (2 * FULL))
    assert len(companies(account)) == FULL


def test_a_text_that_cannot_be_sent_is_the_trouble_of_its_record_alone(account: Portal) -> None:
    system = system_of(account)
    commands = orders(system, [create(firm(n), n) for n in range(3)])
    name, method, params = commands[1].payload["steps"][0]
    broken = [name, method, {**params, "fields": {**params["fields"], "title": "\ud800"}}]
    commands[1] = replace(commands[1], payload=commands[1].payload | {"steps": [broken, *commands[1].payload["steps"][1:]]})

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (1, ["done", "Refused", "done"])
    assert companies(account) == whole(0, 2)


def test_a_call_that_is_refused_as_a_whole_is_sent_record_by_record(account: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    system = system_of(account)
    commands = orders(system, [create(firm(n), n) for n in range(3)])

    def refuse(_steps: Any) -> Any:
        raise Refused("refused", {"call": "batch", "answer": "Request too large"})

    monkeypatch.setattr(system.client, "write_all", refuse)

    outcomes, calls = sent(account, system, commands)

    assert (calls, named(outcomes)) == (3, ["done"] * 3)
    assert companies(account) == whole(0, 1, 2)


# reading


def test_companies_and_people_are_read_in_one_call_exactly_as_one_by_one(account: Portal) -> None:
    system = system_of(account)
    most = ABLE.resource("companies").batch
    made = [account.do(create(firm(n) if n % 2 else Party(type="person", name=f"Mensch {n}", tax_id=f"DE{n}"), n)) for n in range(most - 1)]
    places = [*(system.locate("party", key) for key in made), ("companies", "4711")]
    singly = {place: system.read(*place) for place in places}
    before = len(account.wire.sent)

    together = system.read_many(places)

    assert len(account.wire.sent) - before == 1
    assert together == singly
    assert together["companies", "4711"] is None


def test_a_row_that_cannot_be_read_stops_none_of_its_neighbours(account: Portal) -> None:
    system = system_of(account)
    keys = [account.do(create(firm(n), n)).partition(":")[2] for n in range(3)]
    account.world.faults.arm("command-internal", "crm.item.get", skip=1)

    rows = system.read_many([("companies", key) for key in keys])

    assert [type(rows["companies", key]) for key in keys] == [Raw, BadAnswer, Raw]


def test_a_company_with_more_requisites_than_a_page_is_read_whole_among_others(account: Portal) -> None:
    system = system_of(account)
    keys = [account.do(create(firm(n), n)) for n in range(2)]
    for n in range(105):
        fields = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": int(keys[0].partition(":")[2]), "PRESET_ID": 1, "NAME": f"Filiale {n}", "SORT": 900}
        system.client.write([Step("item", "crm.requisite.add", {"fields": fields})])
    places = [system.locate("party", key) for key in keys]

    together = system.read_many(places)

    assert together == {place: system.read(*place) for place in places}
    bodies = [record.body for row in together.values() if isinstance(row, Raw) for record in system.records(row)]
    assert [body.tax_id for body in bodies if isinstance(body, Party)] == ["DE000000000", "DE000000001"]


def test_keys_that_no_record_can_have_are_not_asked_for(account: Portal) -> None:
    before = len(account.wire.sent)

    assert system_of(account).read_many([("companies", "x"), ("contacts", "")]) == {("companies", "x"): None, ("contacts", ""): None}
    assert len(account.wire.sent) == before


def test_what_is_no_company_and_no_person_is_not_read_together(account: Portal) -> None:
    with pytest.raises(KeyError, match="deals"):
        system_of(account).read_many([("deals", "1"), ("companies", "1")])


# finding again


def test_among_many_that_are_looked_for_only_exact_ones_count(account: Portal) -> None:
    system = system_of(account)
    writes = [create(firm(n), n) for n in range(60)]
    for write in writes[:3]:
        account.do(write)
    account.act("create_company", title="Firma 7")
    before = len(account.wire.sent)

    found = system.probe_many(writes)

    assert len(account.wire.sent) - before == 2 + 1, "sixty searches in two calls, one that reads what they found"
    assert [len(rows) for rows in found] == [1, 1, 1] + [0] * 57
    assert [system.probe(write) for write in writes[:5]] == found[:5]


@pytest.mark.parametrize("fault", ("rate", "timeout-before", "html"))
def test_a_look_that_fails_is_no_word_about_anybody(account: Portal, fault: str) -> None:
    system = system_of(account)
    account.world.faults.arm(fault, times=9)

    with pytest.raises((TryLater, Unavailable, BadAnswer)):
        system.probe_many([create(firm(n), n) for n in range(2)])

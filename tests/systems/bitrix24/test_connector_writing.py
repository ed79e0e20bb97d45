"""Writes to Bitrix24: one batch a customer, only what changed, and an honest word for half a batch."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.systems.bitrix24.portal import change, party, portal, system_of
from tests.systems.contract.account import caught
from unisono.model.document import Note
from unisono.model.errors import NotThere, Refused, Unclear
from unisono.model.party import Address, Party
from unisono.model.writing import Write
from unisono.systems.bitrix24.choices import TAG_FIELD, honorifics, presets
from unisono.systems.bitrix24.setup import ensure_tag_field

REFERENCE = "uni-contract2345672a"
FIRM = Party(type="company", name="Weidenhof GmbH", tax_id="DE136695976", address=Address(line1="Holzweg 3", city="Dresden", country="DE"))


def create(body: Party = FIRM, reference: str = REFERENCE) -> Write:
    return Write(operation="create", side="a", kind="party", body=body, reference=reference)


def methods(commands: tuple[Any, ...]) -> list[str]:
    return [step[1] for command in commands for step in command.payload["steps"]]


def test_a_customer_is_made_in_one_call() -> None:
    account = portal()
    commands = account.system.compose(create(), None)
    calls = len(account.wire.sent)

    account.do(create())

    assert len(account.wire.sent) == calls + 1
    assert methods(commands) == ["crm.item.add", "crm.requisite.add", "crm.address.add"]
    (row,) = account.simulator.truth()["companies"]
    assert (row["ORIGINATOR_ID"], row["ORIGIN_ID"]) == ("unisono", REFERENCE)
    (address,) = account.simulator.truth()["addresses"]
    assert (str(address["TYPE_ID"]), address["COUNTRY"]) == ("6", "Deutschland")


def test_without_a_preset_from_set_up_the_portal_s_first_is_followed() -> None:
    account = portal(presets={})
    key = account.do(create())

    (row,) = account.simulator.truth()["requisites"]
    assert str(row["PRESET_ID"]) == "1"
    assert party(account, key).tax_id == FIRM.tax_id


def test_a_customer_without_tax_id_and_address_has_no_requisite() -> None:
    account = portal()
    account.do(create(Party(type="company", name="Nur ein Name")))

    assert account.simulator.truth()["requisites"] == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    (
        ({"name": "Neu"}, ["crm.item.update"]),
        ({"tax_id": "DE1"}, ["crm.requisite.update"]),
        ({"address__city": "Pirna"}, ["crm.address.update"]),
        ({"address__line1": "", "address__city": "", "address__country": ""}, ["crm.address.delete"]),
        ({"name": "Neu", "tax_id": "DE1", "address__city": "Pirna"}, ["crm.item.update", "crm.requisite.update", "crm.address.update"]),
    ),
)
def test_a_change_sends_only_what_changed(changes: dict[str, str], expected: list[str]) -> None:
    account = portal()
    write = change(account.do(create()), **changes)

    assert methods(account.system.compose(write, account.current(write))) == expected

    account.do(write)
    after = party(account, write.key)
    told = {"name": after.name, "tax_id": after.tax_id, "address__city": after.address.city, "address__line1": after.address.line1}
    assert {name: told[name] for name in changes if name in told} == {name: value for name, value in changes.items() if name in told}


def test_a_first_tax_id_and_address_make_a_requisite() -> None:
    account = portal()
    key = account.do(create(Party(type="company", name="Nur ein Name")))

    account.do(change(key, tax_id="DE7", address__city="Ulm"))

    after = party(account, key)
    assert (after.tax_id, after.address.city) == ("DE7", "Ulm")
    assert len(account.simulator.truth()["requisites"]) == 1


def test_the_tax_id_stays_in_the_field_it_stands_in() -> None:
    account = portal(tax_field="RQ_INN")
    key = account.do(create())
    account.system = portal_without_tax_field(account)

    account.do(change(key, tax_id="5550177004"))

    (row,) = account.simulator.truth()["requisites"]
    assert (row["RQ_INN"], row["RQ_VAT_ID"] or "") == ("5550177004", "")


def portal_without_tax_field(account: Any) -> Any:
    return account.connect(account.vendor.settings)


def test_the_mark_of_another_program_is_left_alone() -> None:
    account = portal()
    ours = account.act("create_company", title="Frei")
    theirs = account.do(create(reference=""))
    system_of(account).client.write(
        [_update(int(theirs.partition(":")[2]), {"originatorId": "somebody", "originId": "4711"})],
    )

    for key in (f"company:{ours}", theirs):
        account.do(replace(change(key, phone="1"), reference=REFERENCE))

    held = {row["TITLE"]: (row["ORIGINATOR_ID"], row["ORIGIN_ID"]) for row in account.simulator.truth()["companies"]}
    assert held == {"Frei": ("unisono", REFERENCE), FIRM.name: ("somebody", "4711")}


def _update(key: int, fields: dict[str, Any]) -> Any:
    from unisono.systems.bitrix24.client import Step

    return Step("item", "crm.item.update", {"entityTypeId": 4, "id": key, "fields": fields})


def test_half_a_batch_is_unclear_and_found_afterwards() -> None:
    account = portal(presets={"company": 1})
    write = create()
    (command,) = account.system.compose(write, None)
    steps = [[name, method, params] for name, method, params in command.payload["steps"]]
    steps[1][2] = {"fields": {**steps[1][2]["fields"], "PRESET_ID": ""}}

    caught(Unclear, lambda: account.system.send(replace(command, payload={**command.payload, "steps": steps})))

    (raw,) = account.system.probe(write)
    (record,) = account.system.records(raw)
    assert isinstance(record.body, Party)
    assert (record.body.name, record.body.tax_id) == (FIRM.name, ""), "what is missing shows as a difference"


def test_a_batch_whose_first_command_is_refused_did_nothing() -> None:
    account = portal()
    key = account.do(create())
    write = change(key, name="Neu", tax_id="DE1")
    (command,) = account.system.compose(write, account.current(write))
    account.act("delete_company", id=key.partition(":")[2])
    writes = account.writes()

    caught(NotThere, lambda: account.system.send(command))

    assert account.writes() == writes


def test_a_field_the_portal_demands_is_a_refusal_in_its_words() -> None:
    account = portal()
    account.act("make_field", kind="company", name="BRANCH", mandatory="Y")

    fault = caught(Refused, lambda: account.do(create()))

    assert fault.code == "refused"
    assert fault.values["answer"]
    assert fault.field


def test_a_text_that_points_to_another_command_never_leaves() -> None:
    account = portal()

    fault = caught(Refused, lambda: account.system.compose(create(replace(FIRM, note="$result[item][item][id]")), None))

    assert (fault.code, fault.field) == ("cannot-hold", "note")


def test_a_note_about_two_cards_stands_on_both() -> None:
    account = portal()
    firm, deal = account.do(create()), account.act("create_deal", title="Kran")
    note = Note(title="Rechnung 7", text="Liegt bei.", about=(f"deal:{deal}", firm))

    key = account.do(Write(operation="create", side="a", kind="note", body=note, reference=REFERENCE))

    got = account.record("note", key)
    assert isinstance(got.body, Note)
    assert (key.partition("@")[2], got.body.about) == (f"deal/{deal}", (f"deal:{deal}",))
    assert len(account.system.probe(Write(operation="create", side="a", kind="note", body=note, reference=REFERENCE))) == 1


def test_set_up_finds_the_portal_s_presets_and_forms_of_address() -> None:
    system = system_of(portal())

    assert [(preset.id, preset.country) for preset in presets(system)][:2] == [("1", "46"), ("3", "46")]
    assert honorifics(system) == {"HNR_DE_1": "mr", "HNR_DE_2": "mrs"}


def test_the_field_of_the_watched_mark_is_made_once() -> None:
    account = portal()
    writes = account.writes()

    assert ensure_tag_field(system_of(account)) == TAG_FIELD
    assert account.writes() == writes, "the field is there already"


def test_the_field_of_the_watched_mark_is_made_where_it_is_missing() -> None:
    from tests.systems.bitrix24.test_connector_contract import TestContract as Kept
    from tests.systems.contract import Account

    account = Account(Kept.vendor)

    assert ensure_tag_field(system_of(account)) == TAG_FIELD  # type: ignore[arg-type]
    key = account.act("create_company", title="Neu", uf_crm_unisono="Y")
    raw = account.system.read("companies", key)
    assert raw is not None
    assert [record.kind for record in account.system.records(raw)] == ["party", "tag"]

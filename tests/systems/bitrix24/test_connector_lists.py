"""Lists with what hangs on their rows, lists of changes, and answers that pass over a condition in silence."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.clock import FakeClock
from tests.support.transport import Answering
from tests.systems.bitrix24.portal import party, portal, records, rows
from tests.systems.contract.account import caught
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import System
from unisono.model.document import Document, Lines, NotGiven
from unisono.model.errors import BadAnswer, LoginRefused, TryLater, Unavailable
from unisono.model.party import Party
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.bitrix24 import make
from unisono.systems.catalogue import load

LATER = dt.timedelta(hours=1)


def answering(answer: Callable[[str, dict[str, Any]], Any], status: int = 200) -> System:
    """A connection to a portal that answers each method as ``answer`` says."""

    def carry(request: httpx2.Request) -> httpx2.Response:
        method = request.url.path.rsplit("/", 1)[1].removesuffix(".json")
        return httpx2.Response(status, json=answer(method, json.loads(request.content)))

    known, clock = load("bitrix24"), FakeClock()
    door = Door(transport=Answering(carry), hosts=known.hosts, pace=MemoryPace((), clock), clock=clock)
    login: dict[str, str | Secret] = {
        "portal": "muster.bitrix24.de",
        "webhook": Secret("https://muster.bitrix24.de/rest/7/abcdefgh12345678/"),
    }
    return make(door, login, known, {})


def batch(**results: Any) -> dict[str, Any]:
    return {"result": {"result": results, "result_error": [], "result_total": [], "result_next": []}}


def test_a_page_of_customers_with_their_tax_ids_and_addresses_is_one_call() -> None:
    account = portal()
    for n in range(50):
        account.act("create_company", title=f"Firma {n}", vat_id=f"DE{n}", city=f"Ort {n}", country="Polska")
    calls = len(account.wire.sent)

    found = records(account, "companies")

    assert len(account.wire.sent) - calls == 2, "the page, and an empty one behind it"
    bodies = [record.body for record in found]
    assert [(b.name, b.tax_id, b.address.city, b.address.country) for b in bodies if isinstance(b, Party)] == [
        (f"Firma {n}", f"DE{n}", f"Ort {n}", "PL") for n in range(50)
    ]


def test_customers_with_many_requisites_are_read_in_full_all_the_same() -> None:
    account = portal()
    keys = [account.act("create_company", title=f"Firma {n}", vat_id=f"DE{n}", city="Ulm") for n in range(3)]
    client = account.system.client  # type: ignore[attr-defined]
    from unisono.systems.bitrix24.client import Step

    for n in range(120):
        fields = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": int(keys[0]), "PRESET_ID": 1, "NAME": f"Filiale {n}", "SORT": 900}
        client.write([Step("item", "crm.requisite.add", {"fields": fields})])

    found = [record.body for record in records(account, "companies")]

    assert [body.tax_id for body in found if isinstance(body, Party)] == ["DE0", "DE1", "DE2"]
    assert party(account, f"company:{keys[0]}").tax_id == "DE0"


def test_changes_since_are_those_of_the_record_and_those_of_its_requisite() -> None:
    account = portal()
    kept, renamed, taxed = [account.act("create_company", title=f"Firma {n}", vat_id=f"DE{n}") for n in range(3)]
    account.clock.advance(7200)
    since = account.clock.now()
    account.clock.advance(60)
    assert rows(account, "companies", since) == []
    account.act("edit_company", id=renamed, title="Neu")
    account.act("edit_company", id=taxed, vat_id="DE99")
    added = account.act("create_company", title="Dazu")

    changed = {row.key for row in rows(account, "companies", since)}

    assert changed == {renamed, taxed, added}
    assert kept not in changed


def test_papers_since_are_those_whose_stamp_moved() -> None:
    account = portal()
    first = account.act("create_deal", title="Alt", items="Kran; 1; 119; 19")
    account.clock.advance(7200)
    since = account.clock.now()
    account.clock.advance(60)
    second = account.act("create_deal", title="Neu", items="Kran; 1; 119; 19")

    assert [row.key for row in rows(account, "deals", since)] == [second]
    assert [row.key for row in rows(account, "deals")] == [first, second]


def test_a_paper_of_more_rows_than_a_page_brings_them_all() -> None:
    account = portal()
    account.act("create_deal", title="Viel", items="\n".join(f"Teil {n}; 1; 119,00; 19" for n in range(120)))

    (record,) = records(account, "deals")

    assert isinstance(record.body, Document)
    assert isinstance(record.body.lines, Lines)
    assert [line.name for line in record.body.lines.rows] == [f"Teil {n}" for n in range(120)]


def test_a_deal_without_rows_has_one_amount() -> None:
    account = portal()
    account.act("create_deal", title="Kran", amount="99.50")

    (record,) = records(account, "deals")

    assert isinstance(record.body, Document)
    assert (record.body.lines, str(record.body.value), record.body.basis) == (NotGiven(), "99.5", "gross")


@pytest.mark.parametrize(
    ("results", "field"),
    (
        ({"items": {"items": [{"id": 5}, {"id": 3}]}}, "id"),
        ({"items": {"items": [{"id": 0}]}}, "id"),
        ({"items": {"items": [{"id": 9, "title": "A"}]}, "companiesrequisites0": [{"ID": "1", "ENTITY_ID": "0"}]}, "ENTITY_ID"),
        ({"items": {"items": [{"id": 9, "title": "A"}]}, "companiesaddresses0": [{"ANCHOR_ID": "-1"}]}, "ANCHOR_ID"),
    ),
)
def test_rows_that_were_not_asked_for_are_no_answer(results: dict[str, Any], field: str) -> None:
    empty: dict[str, Any] = {f"companiesrequisites{n}": [] for n in range(2)} | {f"companiesaddresses{n}": [] for n in range(3)}
    system = answering(lambda *_: batch(**empty | results))

    fault = caught(BadAnswer, lambda: list(system.pages("companies")))

    assert (fault.code, fault.values["field"]) == ("filter-ignored", field)


def test_another_customer_s_requisite_is_never_taken_for_this_one_s() -> None:
    stranger = {"ID": "1", "ENTITY_ID": "77", "RQ_VAT_ID": "DE1"}
    system = answering(lambda *_: batch(item={"item": {"id": 5, "title": "A"}}, requisites=[stranger], addresses=[]))

    assert caught(BadAnswer, lambda: system.read("companies", "5")).code == "filter-ignored"


def test_an_invoice_is_not_gone_because_the_portal_has_no_invoices() -> None:
    gone = {"error": "NOT_FOUND", "error_description": "Element not found"}
    inner: dict[str, Any] = {
        "result": {"lines": {"productRows": []}},
        "result_error": {"item": gone, "categories": gone},
        "result_next": [],
    }
    without = answering(lambda *_: {"result": inner})
    caught(BadAnswer, lambda: without.read("invoices", "5"))

    there = inner | {"result": {"lines": {"productRows": []}, "categories": {"categories": []}}, "result_error": {"item": gone}}
    assert answering(lambda *_: {"result": there}).read("invoices", "5") is None


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    (
        (503, "QUERY_LIMIT_EXCEEDED", TryLater),
        (429, "OPERATION_TIME_LIMIT", TryLater),
        (503, "OVERLOAD_LIMIT", Unavailable),
        (401, "expired_token", LoginRefused),
        (403, "insufficient_scope", LoginRefused),
        (400, "ACCESS_DENIED", LoginRefused),
        (200, "INVALID_CREDENTIALS", LoginRefused),
        (404, "ERROR_METHOD_NOT_FOUND", LoginRefused),
        (400, "ERROR_CORE", BadAnswer),
        (400, 0, BadAnswer),
        (500, "INTERNAL_SERVER_ERROR", Unavailable),
    ),
)
def test_each_code_has_its_error_whatever_the_status(status: int, code: object, expected: type[Any]) -> None:
    system = answering(lambda *_: {"error": code, "error_description": "Nein"}, status)

    caught(expected, system.identify)


@pytest.mark.parametrize("status", (401, 403))
@pytest.mark.parametrize(
    "body", (b"", b'{"error":"NO_AUT', b"[]", b'{"message":"Unauthorized"}', b"<html><body>Unauthorized</body></html>")
)
def test_a_refused_login_is_one_without_a_word(status: int, body: bytes) -> None:
    known, clock = load("bitrix24"), FakeClock()
    carry = Answering(lambda _: httpx2.Response(status, content=body))
    door = Door(transport=carry, hosts=known.hosts, pace=MemoryPace((), clock), clock=clock)
    hook = Secret("https://muster.bitrix24.de/rest/7/abcdefgh12345678/")
    system = make(door, {"portal": "muster.bitrix24.de", "webhook": hook}, known, {})

    caught(LoginRefused, system.identify)
    (command,) = system.compose(Write(operation="create", side="a", kind="party", body=Party(type="company", name="Kran")), None)
    caught(LoginRefused, lambda: system.send(command))


def test_a_right_that_one_command_lacks_stops_the_connection_and_empties_no_list() -> None:
    refused = {"items": {"error": "insufficient_scope", "error_description": ""}}
    system = answering(lambda *_: {"result": {"result": [], "result_error": refused, "result_total": [], "result_next": []}})

    caught(LoginRefused, lambda: list(system.pages("companies")))


def test_a_company_that_is_deleted_while_it_is_read_is_not_shown_without_its_address() -> None:
    """The list still shows it; what hangs on it went with it. Shown bare, it would empty the address in the other system."""
    calls: list[str] = []

    def answer(method: str, body: dict[str, Any]) -> Any:
        calls.append(method)
        if method == "crm.item.list":
            return {"result": {"items": [{"id": 7, "title": "Sonne GmbH", "updatedTime": "2026-11-20T10:00:00+00:00"}]}}
        return batch(**{name: {"items": []} if command.startswith("crm.item.list") else [] for name, command in body["cmd"].items()})

    pages = list(answering(answer).pages("companies", dt.datetime(2026, 11, 20, tzinfo=dt.UTC)))

    assert [row for page in pages for row in page.rows] == []
    assert calls[:2] == ["crm.item.list", "batch"]

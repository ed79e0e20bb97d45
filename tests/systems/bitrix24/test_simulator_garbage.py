"""Whatever is sent, the portal answers: every method with every kind of nonsense, alone and in a batch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.bitrix24.answers import Account
from unisono.sandbox.bitrix24.methods import METHODS

NONSENSE: tuple[Any, ...] = (None, "x", 0, 1.5, [], [["x", "y", "z"]], {"a": {"b": ["c"]}}, {"0": {"logic": "OR", "0": {"x": 1}}})
NAMES = (
    "id", "entityTypeId", "fields", "filter", "order", "select", "start", "items", "rows", "productRows", "ownerType", "ownerId", "entityId",
    "CODE", "OWNER_TYPE_ID", "OWNER_ID", "data", "fileContent", "field", "moduleId", "values", "type", "event", "handler", "process_id",
    "message_id", "PLACEMENT", "HANDLER", "NAME", "preset", "deadline", "ownerTypeId", "EVENT_TOKEN", "paymentId", "rowId", "target", "code",
    "activityId", "templateId", "status", "FILTER", "SORT", "ORDER", "PROPERTIES", "RETURN_VALUES", "LANG_ALL", "options", "limit", "clear",
)  # fmt: skip
INSIDE = (
    "ID", "TITLE", "NAME", "ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", "TYPE_ID", "PHONE", "EMAIL", "COMPANY_ID", "CONTACT_IDS", "STAGE_ID",
    "OPPORTUNITY", "BIRTHDATE", "title", "fm", "companyId", "contactIds", "stageId", "categoryId", "opportunity", "begindate", "ownerType",
    "ownerId", "price", "ENTITY_TYPE", "COMMENT", "FILES", "FIELD_NAME", "USER_TYPE_ID", "LIST", "LABEL", "iblockId", "name", "product",
    "entityTypeId", "entityId", "fileContent", "title", "number", "region", "REQUISITE_ID", "STATUS_ID", "SETTINGS", "ORIGIN_ID", "LOGO",
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(NONSENSE)))
def test_every_method_answers_every_nonsense(number: int) -> None:
    nonsense = NONSENSE[number]
    portal = Account()
    params = {name: nonsense for name in NAMES if nonsense is not None}
    deep = params | {name: dict.fromkeys(INSIDE, nonsense) for name in ("fields", "field", "filter", "order", "data")}
    some = {"id": portal.deal, "ID": portal.deal, "entityTypeId": 2, "ownerTypeId": 2, "ownerId": portal.deal, "moduleId": "crm"}

    for method in METHODS:
        for given in (params, deep | some) if number % 2 else (deep, deep | some):
            answer = portal.post(method, given)
            if answer.status_code == 403:
                answer = portal.post(method, given | {"auth": portal.token}, path="/rest")
            body = answer.get_json()
            assert ("result" in body) == (answer.status_code == 200), (method, nonsense, body)
            assert "result" in body or {"error", "error_description"} <= body.keys(), (method, nonsense, body)


@pytest.mark.parametrize(
    "cmd", (None, "x", [], {}, [None, 7, "", "?", "&", "crm.company.get?ID[a][b]=1", "$result[0]", "profile?$result[x][y]"])
)
def test_a_batch_answers_nonsense(cmd: Any) -> None:
    portal = Account()

    answer = portal.post("batch", {"cmd": cmd, "halt": cmd})

    assert answer.status_code in (200, 400)
    assert {"result", "time"} <= answer.get_json().keys() or answer.get_json()["error"] == "ERROR_ARGUMENT"


@pytest.mark.parametrize("body", (b"", b"{", b"[]", b"7", b"\xff\xfe", b"a[b][c=d&&&=&e[]=1&e[]=2", b"fields=x&fields[a]=b"))
@pytest.mark.parametrize("kind", ("application/json", "application/x-www-form-urlencoded", "text/plain", ""))
def test_a_body_that_cannot_be_read_is_answered(body: bytes, kind: str) -> None:
    portal = Account()

    answer = portal.http.post("/rest/1/b24sandboxhook01/crm.company.add", data=body, content_type=kind or None)

    assert answer.status_code == 400
    assert "error" in answer.get_json()

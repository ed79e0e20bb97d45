"""How the portal is spoken to: addresses, forms, method names, errors, the clock in every answer; logins and their ends."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.systems.bitrix24.caller import HOOK, Caller


@pytest.mark.parametrize(
    "name", ("crm.company.list", "crm.company.List", "CRM.COMPANY.LIST.json", "crm.company.list.json/", "crm.company.list/")
)
def test_a_method_is_found_in_any_case_with_any_ending(name: str) -> None:
    portal = Caller()
    portal.company()

    assert [row["TITLE"] for row in portal.call(name)["result"]] == ["Kranbau Riesig GmbH"]


def test_xml_is_answered_where_it_is_asked_for() -> None:
    portal = Caller()
    key = portal.company("Kran & Söhne")

    answer = portal.post("crm.company.get.xml", {"ID": key})

    assert answer.mimetype == "text/xml"
    assert "<TITLE>Kran &amp; Söhne</TITLE>" in answer.get_data(as_text=True)


def test_a_form_with_brackets_a_query_and_json_say_the_same() -> None:
    portal = Caller()
    form = {
        "fields[TITLE]": "Form",
        "fields[PHONE][0][VALUE]": "1",
        "fields[PHONE][0][VALUE_TYPE]": "MOBILE",
        "fields[PHONE][1][VALUE]": "2",
    }
    json = {"fields": {"TITLE": "Json", "PHONE": [{"VALUE": "1", "VALUE_TYPE": "MOBILE"}, {"VALUE": "2"}]}}

    by_form = portal.http.post(f"{HOOK}/crm.company.add", data=form).get_json()["result"]
    by_query = portal.http.get(f"{HOOK}/crm.company.add", query_string=form | {"fields[TITLE]": "Query"}).get_json()["result"]
    by_parts = portal.http.post(f"{HOOK}/crm.company.add", data=form, content_type="multipart/form-data").get_json()["result"]
    by_json = portal.post("crm.company.add", json).get_json()["result"]

    phones = [
        [(phone["VALUE"], phone["VALUE_TYPE"]) for phone in portal.result("crm.company.get", ID=key)["PHONE"]]
        for key in (by_form, by_query, by_parts, by_json)
    ]
    assert phones == [[("1", "MOBILE"), ("2", "WORK")]] * 4


def test_a_query_besides_a_json_body_counts_and_the_marks_of_a_client_do_not() -> None:
    portal = Caller()
    portal.company("A")

    answer = portal.post("crm.company.list?bx24_request_id=1&bx24_sdk_ver=1&select[0]=ID", {"filter": {"TITLE": "A"}}).get_json()

    assert list(answer["result"][0]) == ["ID"]


def test_parameters_of_classic_methods_may_be_written_in_capitals() -> None:
    portal = Caller()
    key = portal.result("crm.company.add", FIELDS={"TITLE": "Groß"})

    portal.result("crm.company.update", ID=key, FIELDS={"COMMENTS": "x"})

    assert portal.result("crm.company.get", id=key)["COMMENTS"] == "x"
    assert portal.result("crm.company.list", FILTER={"TITLE": "nichts"}) == []


def test_parameters_of_universal_methods_may_not() -> None:
    portal = Caller()

    assert portal.refused("crm.item.list", ENTITYTYPEID=4)[:2] == (400, "100")
    assert portal.refused("crm.item.add", entityTypeId=4)[:2] == (400, "100")
    assert portal.refused("crm.item.add", entityTypeId=4, fields="x")[:2] == (400, "100")


def test_every_answer_says_when_it_was_and_how_long_the_method_has_run() -> None:
    portal = Caller(operating_cost=0.25)

    first, second = (portal.call("server.time")["time"] for _ in range(2))

    assert first["date_start"] == "2026-11-02T09:00:00+01:00"
    assert (first["operating"], second["operating"]) == (0.25, 0.5)
    assert first["operating_reset_at"] == int(first["start"]) + 600
    portal.world.storage.settings["operating_shown"] = False
    assert "operating" not in portal.call("server.time")["time"]


def test_plain_http_is_refused_where_the_portal_insists() -> None:
    portal = Caller(https_only=True)

    assert portal.refused("profile") == (400, "INVALID_REQUEST", "Https required")
    assert portal.post("profile", base_url="https://portal.example").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    (
        ("/rest/1/wrong/profile", 401, "NO_AUTH_FOUND"),
        ("/rest/2/b24sandboxhook01/profile", 401, "NO_AUTH_FOUND"),
        ("/rest/profile", 401, "NO_AUTH_FOUND"),
        ("/rest/1/b24sandboxhook01/crm.company.dance", 404, "ERROR_METHOD_NOT_FOUND"),
        ("/rest/api/1/b24sandboxhook01/crm.item.list", 404, "ERROR_METHOD_NOT_FOUND"),
    ),
)
def test_a_wrong_door_is_named(path: str, status: int, code: str) -> None:
    answer = Caller().http.post(path, json={})

    assert (answer.status_code, answer.get_json()["error"]) == (status, code)


def test_the_webhooks_secret_may_be_set_with_its_user_and_switched_off() -> None:
    together, off = Caller(webhook_secret="5/another"), Caller(webhook_secret="")

    assert together.post("profile", path="/rest/5/another").get_json()["result"]["NAME"] == "Arne"
    assert together.post("profile", path="/rest/1/another").status_code == 401
    assert off.post("profile").status_code == 401


def test_a_scope_that_is_missing_is_refused() -> None:
    portal = Caller(webhook_scopes=["crm"])

    assert portal.refused("catalog.vat.list")[:2] == (403, "insufficient_scope")
    assert portal.result("scope") == ["crm"]
    assert "EMAIL" not in Caller(webhook_scopes=["user_brief"]).result("user.current")


@pytest.mark.parametrize(
    ("method", "params", "status", "code", "words"),
    (
        ("crm.company.get", {"ID": 7}, 400, "", "Not found"),
        ("crm.company.get", {"ID": "x"}, 400, "", "ID is not defined or invalid."),
        ("crm.company.update", {"ID": 7, "fields": {}}, 400, "", "Company is not found"),
        ("crm.quote.update", {"id": 7, "fields": {}}, 400, "", "Quote is not found"),
        ("crm.company.add", {"fields": "x"}, 400, "", "Parameter 'fields' must be array."),
        ("crm.company.add", {"fields": {"TITLE": "x", "EMAIL": [{"VALUE": "x"}]}}, 400, "ERROR_CORE", "<br>"),
        ("crm.contact.add", {"fields": {"POST": "x"}}, 400, "ERROR_CORE", "<br>"),
        ("crm.item.add", {"entityTypeId": 3, "fields": {"post": "x"}}, 400, "CRM_FIELD_ERROR_REQUIRED", "First name"),
        ("crm.item.add", {"entityTypeId": 4, "fields": {"revenue": "viel"}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "revenue"),
        ("crm.item.add", {"entityTypeId": 2, "fields": {"stageId": "C9:NO"}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "stageId"),
        ("crm.item.get", {"entityTypeId": 4, "id": 7}, 400, "NOT_FOUND", ""),
        ("crm.item.get", {"entityTypeId": 1999, "id": 7}, 400, "NOT_FOUND", "Smart process"),
        ("crm.item.get", {"entityTypeId": 5, "id": 7}, 400, "ENTITY_TYPE_NOT_SUPPORTED", ""),
        ("crm.item.list", {"entityTypeId": 0}, 400, "ENTITY_TYPE_NOT_SUPPORTED", ""),
        ("crm.category.list", {"entityTypeId": 7}, 400, "ENTITY_TYPE_NOT_SUPPORTED", ""),
        ("crm.item.list", {"entityTypeId": 4, "filter": {"nothing": 1}}, 400, "INVALID_ARG_VALUE", "'nothing' is not allowed in filter"),
        ("crm.item.list", {"entityTypeId": 4, "filter": {"fm": 1}}, 400, "INVALID_ARG_VALUE", "fm"),
        ("crm.item.list", {"entityTypeId": 4, "order": {"nothing": "ASC"}}, 400, "INVALID_ARG_VALUE", "order"),
        ("crm.item.productrow.set", {"ownerType": "D", "ownerId": 7, "productRows": []}, 400, "OWNER_NOT_FOUND", ""),
        ("crm.item.productrow.list", {"filter": {"ownerId": 7}}, 400, "INVALID_ARG_VALUE", "=ownerType"),
        ("crm.requisite.add", {"fields": {}}, 400, "", "ENTITY_TYPE_ID is not defined or invalid."),
        ("crm.requisite.get", {"ID": 57}, 400, "", "The Requisite with ID '57' is not found"),
        ("crm.item.payment.add", {"entityTypeId": 2, "entityId": 5}, 400, 0, "does not exist"),
        ("crm.documentgenerator.document.get", {"id": 5}, 400, "0", "Document not found"),
        ("crm.duplicate.findbycomm", {}, 400, "Communication type is not defined", ""),
        ("event.bind", {"event": "ONCRMLEADADD", "handler": "https://x.example"}, 403, "WRONG_AUTH_TYPE", ""),
        ("placement.bind", {"PLACEMENT": "CRM_DEAL_DETAIL_TAB", "HANDLER": "https://x.example"}, 403, "WRONG_AUTH_TYPE", ""),
        ("crm.automation.trigger.add", {"CODE": "a", "NAME": "a"}, 403, "ACCESS_DENIED", "Application context required"),
        ("app.info", {}, 403, "ACCESS_DENIED", "Application context required"),
        ("disk.file.get", {"id": 5}, 400, "ERROR_NOT_FOUND", "`5`"),
    ),
)  # fmt: skip
def test_errors_have_their_code_and_status(method: str, params: dict[str, Any], status: int, code: Any, words: str) -> None:
    said = Caller().refused(method, **params)

    assert said[:2] == (status, code)
    assert words in said[2]


def test_a_refused_call_changes_nothing_and_tells_nobody() -> None:
    portal = Caller()
    portal.act("bind_webhook", handler="https://hook.example/x", events="ONCRMCOMPANYADD")
    before = portal.simulator.truth()

    portal.refused("crm.company.add", fields={"TITLE": "x", "EMAIL": [{"VALUE": "no address"}]})

    assert portal.simulator.truth() == before
    assert portal.told() == []
    assert portal.world.log.writes() == []


# the application's login


def test_the_browser_brings_a_code_and_the_code_tokens_that_open_the_portal() -> None:
    portal = Caller()

    token = portal.login()

    assert (token["expires_in"], token["client_endpoint"]) == (3600, "https://schilderhaus.bitrix24.example/rest/")
    assert {"member_id", "scope", "refresh_token", "server_endpoint", "status", "user_id", "domain"} <= token.keys()
    assert portal.post("profile", {"auth": token["access_token"]}, path="/rest").get_json()["result"]["ADMIN"] is True
    assert portal.http.get("/rest/profile", query_string={"auth": token["access_token"]}).status_code == 200


def test_a_code_holds_for_half_a_minute_and_once() -> None:
    portal = Caller()
    codes = []
    for _ in range(2):
        there = portal.http.get("/oauth/authorize/", query_string={"client_id": portal.setting("client_id")})
        found = re.search(r"code=(\w+)", there.headers["Location"])
        assert found is not None
        codes.append(found[1])

    assert "access_token" in portal.tokens(grant_type="authorization_code", code=codes[0])
    assert portal.tokens(grant_type="authorization_code", code=codes[0])["error"] == "invalid_grant"
    portal.world.clock.advance(31)
    assert portal.tokens(grant_type="authorization_code", code=codes[1])["error"] == "invalid_grant"


def test_an_access_token_ends_after_an_hour_and_is_renewed_with_a_new_refresh_token() -> None:
    portal = Caller()
    old = portal.login()
    portal.world.clock.advance(3600)

    answer = portal.post("profile", {"auth": old["access_token"]}, path="/rest")
    new = portal.tokens(grant_type="refresh_token", refresh_token=old["refresh_token"])

    assert (answer.status_code, answer.get_json()["error"]) == (401, "expired_token")
    assert new["refresh_token"] != old["refresh_token"]
    assert portal.post("profile", {"auth": new["access_token"]}, path="/rest").status_code == 200
    assert portal.tokens(grant_type="refresh_token", refresh_token=old["refresh_token"])["error"] == "invalid_grant"
    portal.world.clock.advance(181 * 86_400)
    assert portal.tokens(grant_type="refresh_token", refresh_token=new["refresh_token"])["error"] == "invalid_grant"


def test_the_login_server_names_what_is_wrong() -> None:
    portal = Caller()

    assert portal.tokens(grant_type="dance")["error"] == "invalid_request"
    assert portal.tokens(client_id="x")["error"] == "invalid_client"
    assert portal.tokens(client_secret="x")["error"] == "wrong_client"


def test_an_application_that_was_removed_is_out() -> None:
    portal = Caller()
    portal.app("event.bind", event="ONCRMDEALADD", handler="https://x.example")

    portal.act("uninstall_app")

    answer = portal.post("profile", {"auth": portal.token}, path="/rest")
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert portal.truth("event_handlers") == []


# what the log shows


def test_no_secret_stands_in_the_log() -> None:
    portal = Caller()
    portal.company()
    portal.call("batch", cmd={"a": "profile"})
    portal.http.post("/rest/api/1/b24sandboxhook01/profile", json={})
    portal.http.get("/rest/profile", query_string={"auth": portal.token})
    portal.http.post("/rest/1/b24sandboxhook01/", json={})

    shown = repr(portal.world.log.calls)

    assert "b24sandboxhook01" not in shown
    assert portal.token not in shown
    assert portal.setting("client_secret") not in shown
    assert "/rest/1/***/crm.company.add" in shown

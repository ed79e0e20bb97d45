"""How the account is spoken to: key, limit, addresses, content types, errors of each shape, pages, faults of this vendor."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller

INSTANT = re.compile(r"2026-11-02T09:00:00\.000\+01:00")


@pytest.mark.parametrize("said", ("", "Bearer", "Bearer wrong", "Basic lxo-sandbox-0123456789abcdef", "lxo-sandbox-0123456789abcdef"))
def test_without_the_key_the_gateway_refuses(said: str) -> None:
    answer = Caller().send("GET", "profile", headers={"Authorization": said})

    assert (answer.status_code, answer.get_json()) == (401, {"message": "Unauthorized"})
    assert answer.headers["X-Amzn-Errortype"] == "UnauthorizedException"
    assert "X-Amzn-Trace-Id" not in answer.headers


def test_a_key_dies_after_24_months_and_takes_its_subscriptions_along() -> None:
    account = Caller(key_made="2024-11-05")
    account.listen("contact.changed")
    before = account.send("GET", "profile").status_code

    account.world.clock.advance(5 * 86_400)

    assert (before, account.send("GET", "profile").status_code) == (200, 401)
    assert account.truth("subscriptions") == []


def test_a_third_call_in_a_second_is_refused_and_not_performed() -> None:
    account = Caller(rate_limit=2)
    body = {"roles": {"customer": {}}, "company": {"name": "Kran"}}
    seen = [account.send("POST", "contacts", body) for _ in range(3)]
    account.world.clock.advance(0.5)
    later = [account.send("POST", "contacts", body).status_code for _ in range(2)]

    assert [answer.status_code for answer in seen] == [201, 201, 429]
    assert seen[2].get_json() == {"message": "Too Many Requests"}
    assert "Retry-After" not in seen[2].headers
    assert later == [201, 429]
    assert len(account.truth("contacts")) == 3


def test_two_calls_a_second_go_on_for_ever() -> None:
    account = Caller(rate_limit=2)

    for _ in range(40):
        assert account.send("GET", "profile").status_code == 200
        account.world.clock.advance(0.5)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    (
        ("GET", "nothing", 404), ("GET", "invoices", 404), ("GET", "quotations", 404), ("GET", "users", 404), ("GET", "stock", 404),
        ("DELETE", "contacts/1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01", 404), ("GET", "contacts/1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01", 404),
        ("GET", "recurring-templates/1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01", 404), ("DELETE", "profile", 405), ("POST", "voucherlist", 405),
        ("PUT", "invoices/1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01", 405), ("DELETE", "invoices/1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01", 405),
        ("POST", "down-payment-invoices", 404),
    ),
)  # fmt: skip
def test_what_is_not_there_answers_in_the_regular_shape(method: str, path: str, status: int) -> None:
    seen, said = Caller().refused(method, path)

    assert (seen, said["status"], said["path"]) == (status, status, f"/v1/{path}")
    assert INSTANT.fullmatch(said["timestamp"])
    assert len(said["traceId"]) == 12


def test_slashes_at_the_end_do_no_harm() -> None:
    account = Caller()
    account.company()

    assert account.get("profile/")["companyName"] == "Schilderhaus Feldkamp"
    assert account.get("contacts/", page=0)["totalElements"] == 1


def test_only_json_is_taken_and_only_an_object() -> None:
    account = Caller()

    assert account.refused("POST", "contacts", data="name=x")[0] == 415
    assert account.refused("POST", "contacts", data=b"{", headers={"Content-Type": "application/json"})[0] == 400
    assert account.refused("POST", "contacts", [])[0] == 400
    assert account.refused("POST", "files", {"type": "voucher"})[0] == 415


def test_contract_and_rights_are_refused_in_their_own_way() -> None:
    assert Caller(plan="M").refused("GET", "profile")[0] == 402
    account = Caller(forbidden=["vouchers"])
    assert account.refused("POST", "vouchers", account.receipt())[0] == 403
    assert account.get("profile")["businessFeatures"] == ["INVOICING", "INVOICING_PRO", "BOOKKEEPING"]


def test_a_list_has_pages_with_their_envelope() -> None:
    account = Caller()
    for number in range(5):
        account.company(f"Kran {number}")

    first, last, beyond = (account.get("contacts", page=page, size=2) for page in (0, 2, 9))

    assert {name: value for name, value in first.items() if name != "content"} == {
        "first": True, "last": False, "totalPages": 3, "totalElements": 5, "numberOfElements": 2, "size": 2, "number": 0,
        "sort": [{"property": "name", "direction": "ASC", "ascending": True, "ignoreCase": False, "nullHandling": "NATIVE"}],
    }  # fmt: skip
    assert [one["company"]["name"] for one in first["content"] + last["content"]] == ["Kran 0", "Kran 1", "Kran 4"]
    assert (last["last"], last["numberOfElements"], beyond["content"]) == (True, 1, [])


def test_the_list_of_recurring_templates_is_there_and_empty() -> None:
    page = Caller().get("recurring-templates", page=0)

    assert (page["content"], page["totalElements"], page["first"], page["last"]) == ([], 0, True, True)


def test_page_sizes_have_a_limit_and_odd_ones_become_the_default() -> None:
    account = Caller()

    assert [account.get("contacts", size=size)["size"] for size in ("-1", "x", "0", 500)] == [25, 25, 25, 500]
    assert account.refused("GET", "contacts?size=501")[0] == 400
    status, said = account.refused("GET", "voucherlist?voucherType=any&voucherStatus=any&size=251")
    assert (status, said["message"]) == (400, "size: must be equal or lower than 250")


def test_beyond_ten_thousand_there_is_nothing() -> None:
    account = Caller()
    account.company()
    held = account.world.storage.tables["contacts"][1]
    account.world.storage.tables["contacts"].update({key: held | {"_key": key, "id": f"x{key}"} for key in range(2, 10_252)})

    assert len(account.get("contacts", page=39, size=250)["content"]) == 250
    assert account.refused("GET", "contacts?page=40&size=250")[1]["message"] == "Maximum search window size exceeded"


def test_a_misspelt_filter_returns_everything() -> None:
    account = Caller()
    account.company("Kran")
    account.company("Seil")

    assert account.get("contacts", nmae="Kran")["totalElements"] == 2


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    (
        ("internal", 500, "rate limit exceeded"), ("unavailable", 503, "Service Unavailable"), ("gateway-timeout-before", 504, "timed out"),
        ("payment-required", 402, "Payment Required"), ("forbidden", 403, "Forbidden"),
    ),
)  # fmt: skip
def test_a_fault_is_answered_instead_of_the_work(fault: str, status: int, word: str) -> None:
    account = Caller()
    account.world.faults.arm(fault, "POST contacts")
    body = {"roles": {"customer": {}}, "company": {"name": "Kran"}}

    seen, said = account.refused("POST", "contacts", body)

    assert (seen, word in said["message"]) == (status, True)
    assert account.truth("contacts") == []
    assert account.send("POST", "contacts", body).status_code == 201


def test_a_504_may_have_succeeded() -> None:
    account = Caller()
    account.world.faults.arm("gateway-timeout", "POST invoices")

    assert account.refused("POST", "invoices", account.document()) == (504, {"message": "Endpoint request timed out"})

    assert [row["voucherStatus"] for row in account.rows()] == ["draft"]
    (write,) = account.world.log.writes()
    assert (write.operation, write.status, write.subject) == ("POST invoices", 504, f"invoices/{account.truth('invoices')[0]['id']}")


def test_the_race_for_a_customer_number_is_an_issue() -> None:
    account = Caller()
    account.world.faults.arm("number-race", "POST contacts")

    issues = account.issues("POST", "contacts", {"roles": {"customer": {}}, "company": {"name": "Kran"}})

    assert issues == [("roles.customer.number", "account_number_already_exists")]


def test_the_kits_throttling_and_refusal_speak_like_the_vendor() -> None:
    account = Caller()
    for fault, status in (("rate", 429), ("unauthorised", 401)):
        account.world.faults.arm(fault)
        assert account.refused("GET", "profile")[0] == status


def test_the_log_names_the_operation_without_ids() -> None:
    account = Caller()
    key = account.company()
    account.get(f"contacts/{key}")
    account.send("GET", "nothing")

    assert [(call.operation, call.write, call.subject) for call in account.world.log.calls] == [
        ("POST contacts", True, f"contacts/{key}"), ("GET contacts/*", False, ""), ("GET nothing", False, ""),
    ]  # fmt: skip


def test_the_account_tells_who_it_is_and_what_is_set_up() -> None:
    account = Caller(distance_sales="DESTINATION", small_business=True)
    profile: dict[str, Any] = account.get("profile")
    countries = {one["countryCode"]: one for one in account.get("countries")}

    assert (profile["taxType"], profile["smallBusiness"], profile["distanceSalesPrinciple"]) == ("vatfree", True, "DESTINATION")
    assert [countries[code]["taxClassification"] for code in ("DE", "PL", "CH")] == ["de", "intraCommunity", "thirdPartyCountry"]
    assert (countries["RO"]["countryNameDE"], countries["RO"]["countryNameEN"]) == ("Rumänien", "Romania")
    assert [one["paymentTermDuration"] for one in account.get("payment-conditions") if one["organizationDefault"]] == [14]
    assert {one["type"] for one in account.get("posting-categories")} == {"income", "outgo"}
    assert [one["name"] for one in account.get("print-layouts") if one["default"]] == ["Standard"]

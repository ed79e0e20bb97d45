"""b24pysdk is the vendor's own client: what it sends and expects is what a portal takes and gives."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.foreign.conftest import OAUTH_HOST, OLD_HOST, PORTAL_HOST, Report, Run, Street, Vendor

WEBHOOK = "1/b24sandboxhook01"
APP = {"client_id": "local.6512a8f0b24c11.55000001", "client_secret": "b24sandboxclientsecret000000000000000000000000000"}
ROWS = [f"Reihe {number:03}" for number in range(120)]


@pytest.fixture(scope="module")
def portal(street: Street) -> Vendor:
    return street.bitrix24


@pytest.fixture(scope="module")
def report(portal: Vendor, run: Run) -> Report:
    """What the client understood of a whole visit. It asks the time at the portal's old name, and is sent on."""
    portal.ask("settings", {"portal": f"https://{PORTAL_HOST}"})
    portal.ask("faults", {"name": "renamed", "match": "server.time"})
    told = {"domain": PORTAL_HOST, "old_domain": OLD_HOST, "webhook": WEBHOOK, "code": code(portal), **APP}
    return run("official.py", told=told)


def code(portal: Vendor) -> str:
    """What the portal gives the browser of somebody who agrees to the application."""
    tls = ssl.create_default_context(cafile=str(portal.authority))
    browser = http.client.HTTPSConnection("127.0.0.1", portal.port, timeout=30, context=tls)
    browser.request("GET", f"/oauth/authorize/?client_id={APP['client_id']}&state=x")
    back = urlsplit(browser.getresponse().getheader("Location") or "")
    browser.close()
    return parse_qs(back.query)["code"][0]


def test_records_are_made_read_changed_and_deleted(report: Report, portal: Vendor) -> None:
    (key, before, phones), (_, after, more) = report["record"]

    assert (before, after, report["changed"]) == ("Druckerei Ölmann & Co. KG", "Druckerei Öl", True)
    # A number sent without the id of the old one comes in addition.
    assert (phones, more) == (["+49 30 1"], ["+49 30 1", "+49 30 2"])
    assert (report["person"], report["post"]) == (["Rau", True], "Einkauf")
    assert report["deleted"] is True
    assert int(key) not in {row["ID"] for row in portal.ask("truth")["companies"]}


def test_answers_fit_the_clients_own_types(report: Report) -> None:
    assert report["time"] == [True, True]
    assert report["fields"] == {"ID": "integer", "TITLE": "string", "PHONE": "crm_multifield"}
    assert report["profile"] == [1, True]


@pytest.mark.parametrize("way", ("pages", "by id", "by id, downwards", "universal, pages", "universal, by id"))
def test_a_list_of_three_pages_is_complete_and_in_order(way: str, report: Report) -> None:
    assert report["lists"][way] == ROWS


def test_batches_of_more_than_fifty_are_made_and_lists_can_be_cut(report: Report) -> None:
    assert report["many"] == [120, {}]
    assert (report["limited"], report["by ids"]) == (75, 70)


def test_a_batch_told_as_a_list_answers_in_lists_and_one_told_as_a_map_in_maps(report: Report) -> None:
    assert report["as list"] == ["list", 1, "list", {"1": {"error": "", "error_description": "Not found"}}]
    assert report["as map"][1] == "Not found"


def test_refusals_become_the_clients_own_errors(report: Report) -> None:
    assert report["refused"] == {
        "record": ["BitrixAPIBadRequest", 400, "Not found"],
        "item": ["BitrixAPINotFound", 400, "Element not found"],
        "type": ["BitrixAPIBadRequest", 400, "Entity type is not supported"],
        "filter": ["BitrixAPIInvalidArgValue", 400, "Invalid filter: field 'nothing' is not allowed in filter"],
        "method": ["BitrixAPINotFound", 404, "Method not found! crm.nothing.list"],
        "secret": ["BitrixOAuthNoAuthFound", 401, "Wrong authorization data"],
        "webhook": ["BitrixAPIWrongAuthType", 403, "Current authorization type is denied for this method"],
        "token": ["BitrixOAuthNoAuthFound", 401, "Wrong authorization data"],
        "refresh token": ["BitrixOAuthInvalidGrant", 400, "The refresh token is wrong or expired"],
    }


def test_an_application_gets_tokens_for_its_code_and_new_ones_for_old(report: Report, street: Street) -> None:
    assert report["app"] == [1, True]
    assert f"{OAUTH_HOST}:443" in street.relay.asked


def test_a_renamed_portal_sends_the_client_on_to_its_new_name(report: Report, street: Street) -> None:
    assert report["moved"][1] == PORTAL_HOST
    assert f"{OLD_HOST}:443" in street.relay.asked
    assert set(street.relay.asked) == {f"{host}:443" for host in (PORTAL_HOST, OLD_HOST, OAUTH_HOST)}

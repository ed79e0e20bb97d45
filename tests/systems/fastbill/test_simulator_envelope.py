"""The envelope: one endpoint, two formats, a faithful echo, lists in several shapes, refusals under HTTP 200."""

from __future__ import annotations

import json
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest

from tests.systems.fastbill.caller import FIRM, LOGIN, PATH, Caller


def test_a_json_answer_is_declared_as_text_and_escaped_like_php_does() -> None:
    fastbill = Caller()
    fastbill.customer(ORGANIZATION="Süß/Sauer AG")

    answer = fastbill.post({"SERVICE": "customer.get"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert b"S\\u00fc\\u00df\\/Sauer AG" in answer.get_data()
    assert b"ORGANIZATION" in answer.get_data()
    assert b": " not in answer.get_data()


def test_the_echo_writes_null_as_an_empty_list_and_drops_unknown_data() -> None:
    fastbill = Caller()

    echoed = fastbill.envelope("customer.create", data={**FIRM, "CITY": None, "HASH": "abc", "CUSTOMER_EXT_UID": "1"})["REQUEST"]

    assert echoed == {"SERVICE": "customer.create", "DATA": {**FIRM, "CITY": []}}


def test_top_level_keys_work_in_any_case_and_null_is_absent() -> None:
    fastbill = Caller()
    made = fastbill.customer()

    body = {
        "service": "customer.get",
        "filter": {"CUSTOMER_ID": str(made)},
        "limit": None,
        "offset": None,
        "data": None,
        "Content-Type": "x",
    }
    answer = json.loads(fastbill.post(body).get_data())

    assert [c["CUSTOMER_ID"] for c in answer["RESPONSE"]["CUSTOMERS"]] == [str(made)]
    assert "Content-Type" not in answer["REQUEST"]


def test_keys_inside_data_have_to_be_upper_case() -> None:
    assert Caller().errors("customer.create", customer_type="business", organization="x") == ["missing / invalid field: CUSTOMER_TYPE"]


def test_json_without_a_content_type_is_understood() -> None:
    answer = Caller().post({"SERVICE": "customer.get"}, content_type=None)

    assert json.loads(answer.get_data()) == {"REQUEST": {"SERVICE": "customer.get"}, "RESPONSE": {"CUSTOMERS": []}}


def test_a_filter_may_be_a_list_that_holds_one_object() -> None:
    fastbill = Caller()
    fastbill.customer(ORGANIZATION="Dr. Möller GmbH")
    fastbill.customer()

    found = fastbill.get("customer.get", [{"TERM": "möller"}])["CUSTOMERS"]

    assert [c["ORGANIZATION"] for c in found] == ["Dr. Möller GmbH"]


def test_filter_limit_and_offset_beside_a_create_are_ignored() -> None:
    fastbill = Caller()

    answer = fastbill.envelope("customer.create", {"CUSTOMER_ID": "5"}, FIRM, LIMIT=100, OFFSET=300)

    assert answer["RESPONSE"]["STATUS"] == "success"


def test_pages_have_ten_records_unless_told_and_a_hundred_at_most() -> None:
    fastbill = Caller()
    ids = [str(fastbill.customer(ORGANIZATION=f"Firma {n}")) for n in range(103)]

    def page(**top: object) -> list[str]:
        return [c["CUSTOMER_ID"] for c in fastbill.get("customer.get", **top)["CUSTOMERS"]]

    assert page() == ids[:10]
    assert page(LIMIT=500) == ids[:100]
    assert page(LIMIT="100", OFFSET="100") == ids[100:]
    assert page(LIMIT=100, OFFSET=103) == []
    assert ids == sorted(ids, key=int)


def test_lists_may_be_objects_whose_keys_are_out_of_order() -> None:
    fastbill = Caller(lists="object")
    ids = [str(fastbill.customer(ORGANIZATION=f"Firma {n}")) for n in range(12)]

    listed = fastbill.get("customer.get", LIMIT=100)["CUSTOMERS"]

    assert list(listed) != sorted(listed, key=int)
    assert [listed[key]["CUSTOMER_ID"] for key in sorted(listed, key=int)] == ids
    assert fastbill.get("contact.get") == {"CONTACTS": {}}


def test_mixed_lists_show_every_shape_the_clients_have_seen() -> None:
    fastbill = Caller(lists="mixed")
    fastbill.customer()

    full = [fastbill.get("customer.get")["CUSTOMERS"] for _ in range(80)]
    empty = [json.dumps(fastbill.get("contact.get")) for _ in range(80)]

    assert {type(shape) for shape in full} == {list, dict}
    assert set(empty) == {"[]", '{"CONTACTS": []}', '{"CONTACTS": {}}'}


@pytest.mark.parametrize(
    ("shape", "expected"),
    (
        ("list", ["missing / invalid field: CUSTOMER_TYPE"]),
        ("object", {"0": "missing / invalid field: CUSTOMER_TYPE"}),
        ("string", "missing / invalid field: CUSTOMER_TYPE"),
    ),
)
def test_errors_come_under_http_200_in_three_shapes(shape: str, expected: object) -> None:
    fastbill = Caller(errors=shape)

    answer = fastbill.post({"SERVICE": "customer.create", "DATA": {"ORGANIZATION": "x"}})

    assert answer.status_code == 200
    assert json.loads(answer.get_data())["RESPONSE"] == {"ERRORS": expected}


def test_an_unknown_service_and_what_cannot_be_read_are_refused() -> None:
    fastbill = Caller()

    assert fastbill.errors("estimate.update", ESTIMATE_ID=1) == ["unknown SERVICE: estimate.update"]
    for body in (b"", b"{", b"[]", b'{"SERVICE": NaN}', b"<FBAPI><SERVICE>", b'<!DOCTYPE a [<!ENTITY b "c">]><FBAPI/>'):
        assert b"unknown SERVICE: " in fastbill.post(body).get_data()
    assert fastbill.world.log.writes() == []


def test_a_service_the_simulator_lacks_says_so_instead_of_denying_it() -> None:
    answer = Caller().post({"SERVICE": "recurring.create", "DATA": {}})

    assert answer.status_code == 501
    assert b"does not perform recurring.create" in answer.get_data()


@pytest.mark.parametrize("login", ("", "Basic", "Basic bm9ib2R5Ondyb25n", "Bearer abc", LOGIN[:-4]))
def test_a_wrong_login_is_401_with_the_usual_envelope(login: str) -> None:
    answer = Caller().post({"SERVICE": "customer.get"}, login=login)

    assert answer.status_code == 401
    assert json.loads(answer.get_data()) == {
        "REQUEST": {"SERVICE": "customer.get"},
        "RESPONSE": {"ERRORS": ["Wrong API KEY or user credentials"]},
    }


def test_the_parent_path_redirects_and_other_paths_do_not_exist() -> None:
    fastbill = Caller()

    assert fastbill.http.get("/api/1.0/").headers["Location"].endswith(PATH)
    assert fastbill.http.get("/").status_code == 404


def test_an_xml_request_is_answered_in_xml() -> None:
    fastbill = Caller()
    made = fastbill.customer()
    fastbill.ok("contact.create", CUSTOMER_ID=made, FIRST_NAME="Ada", LAST_NAME="Löwe")

    request = f"<?xml version='1.0'?><FBAPI><SERVICE>contact.get</SERVICE><FILTER><CUSTOMER_ID>{made}</CUSTOMER_ID></FILTER></FBAPI>"
    answer = fastbill.post(request.encode(), content_type="application/xml")

    assert answer.headers["Content-Type"] == "application/xml; charset=UTF-8"
    root = ET.fromstring(answer.get_data())
    assert root.findtext("REQUEST/SERVICE") == "contact.get"
    assert root.findtext("RESPONSE/CONTACTS/ELEMENT/LAST_NAME") == "Löwe"


def test_xml_items_become_an_invoice_like_json_ones() -> None:
    fastbill = Caller(lists="object")
    made = fastbill.customer()
    item = "<ITEM><DESCRIPTION>{}</DESCRIPTION><UNIT_PRICE>10.5</UNIT_PRICE><VAT_PERCENT>19</VAT_PERCENT></ITEM>"
    data = f"<DATA><CUSTOMER_ID>{made}</CUSTOMER_ID><ITEMS>{item.format('Eins')}{item.format('Zwei')}</ITEMS></DATA>"

    fastbill.post(f"<FBAPI><SERVICE>invoice.create</SERVICE>{data}</FBAPI>".encode(), content_type="application/xml")
    answer = ET.fromstring(fastbill.post(b"<FBAPI><SERVICE>invoice.get</SERVICE></FBAPI>").get_data())

    assert [e.text for e in answer.iterfind("RESPONSE/INVOICES/INVOICE/ITEMS/ITEM/DESCRIPTION")] == ["Eins", "Zwei"]
    assert answer.findtext("RESPONSE/INVOICES/INVOICE/SUB_TOTAL") == "21"


def test_an_upload_carries_the_request_in_a_part_of_its_own() -> None:
    fastbill = Caller()
    request = json.dumps({"SERVICE": "document.create", "DATA": {"TITLE": "Beleg"}})

    with_file = fastbill.http.post(
        PATH, data={"httpbody": request, "document": (BytesIO(b"%PDF-1.4"), "beleg.pdf")}, headers={"Authorization": LOGIN}
    )
    without = fastbill.http.post(PATH, data={"httpbody": request}, headers={"Authorization": LOGIN}, content_type="multipart/form-data")

    assert json.loads(with_file.get_data())["RESPONSE"]["STATUS"] == "success"
    assert json.loads(without.get_data())["RESPONSE"]["ERRORS"] == ["missing / invalid field: DOCUMENT"]
    assert fastbill.get("document.get")["ITEMS"]["FOLDERS"]["1"]["CONTENT_COUNT"] == "1"


def test_the_log_names_service_and_changed_row() -> None:
    fastbill = Caller()
    made = fastbill.customer()
    fastbill.get("customer.get")
    fastbill.errors("customer.create")

    assert [(c.operation, c.write, c.subject) for c in fastbill.world.log.calls] == [
        ("customer.create", True, f"customers/{made}"),
        ("customer.get", False, ""),
        ("customer.create", False, ""),
    ]


def test_a_nul_in_a_text_vanishes_and_makes_no_number_of_it() -> None:
    fastbill = Caller()

    body = {**FIRM, "ORGANIZATION": "\x0042\x00", "\x00X": 1}
    answer = fastbill.envelope("customer.create", {"\x00": "\x007\x00"}, body)

    assert answer["REQUEST"]["DATA"]["ORGANIZATION"] == "42"
    assert fastbill.one("customer.get", "CUSTOMERS")["ORGANIZATION"] == "42"


def test_a_text_that_spells_an_escape_stays_a_text() -> None:
    fastbill = Caller()

    fastbill.customer(ORGANIZATION="\\u00007\\u0000", CITY='"\\u0000"')

    listed = fastbill.one("customer.get", "CUSTOMERS")
    assert (listed["ORGANIZATION"], listed["CITY"]) == ("\\u00007\\u0000", '"\\u0000"')

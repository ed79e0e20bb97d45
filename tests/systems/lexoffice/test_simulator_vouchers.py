"""Bookkeeping vouchers and files: sums are checked, uploads become vouchers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lexoffice.caller import Caller

PDF = b"%PDF-1.4 nothing"


def test_a_voucher_takes_days_and_shows_instants() -> None:
    account = Caller()
    key = account.ok("POST", "vouchers", account.receipt(dueDate="2026-11-30"))["id"]

    shown = account.get(f"vouchers/{key}")

    assert (shown["voucherStatus"], shown["voucherDate"], shown["dueDate"]) == (
        "open", "2026-10-30T00:00:00.000+01:00", "2026-11-30T00:00:00.000+01:00",
    )  # fmt: skip
    assert (shown["useCollectiveContact"], "contactId" in shown, shown["files"]) == (True, False, [])
    assert account.get("vouchers", voucherNumber="R-1")["content"] == [shown]
    assert account.rows()[0]["contactName"] == "Sammelkunde"


@pytest.mark.parametrize(
    ("more", "issue"),
    (
        ({"type": "invoice"}, ("type", "invalid_value")),
        ({"totalGrossAmount": 120}, ("totalGrossAmount", "invalid_total_amount")),
        ({"totalTaxAmount": 18}, ("totalTaxAmount", "invalid_total_amount")),
        ({"taxType": "net"}, ("voucherItems[0].taxAmount", "invalid_taxamount")),
        ({"useCollectiveContact": False}, ("contactId", "missing_entity")),
        ({"contactId": "1f3b8c55-6a0d-4f7e-8d4a-0d1c6f2e9a01"}, ("contactId", "invalid_value")),
        ({"voucherItems": []}, ("voucherItems", "missing_entity")),
        ({"voucherDate": "30.10.2026"}, ("voucherDate", "invalid_value")),
        ({"voucherStatus": "paid"}, ("voucherStatus", "invalid_value")),
    ),
)
def test_what_a_voucher_cannot_hold_is_named(more: dict[str, Any], issue: tuple[str, str]) -> None:
    account = Caller()

    assert issue in account.issues("POST", "vouchers", account.receipt(**more))
    assert account.truth("vouchers") == []


def test_net_sums_come_out_and_a_wrong_tax_is_named() -> None:
    account = Caller()
    item = account.receipt()["voucherItems"][0]
    net = account.receipt(taxType="net", voucherItems=[item | {"amount": 100}])
    wrong = account.receipt(totalTaxAmount=18, voucherItems=[item | {"taxAmount": 18}])

    assert account.ok("POST", "vouchers", net)["version"] == 1
    assert account.issues("POST", "vouchers", wrong) == [("voucherItems[0].taxAmount", "invalid_taxamount")]


def test_a_put_names_the_version_and_never_the_state() -> None:
    account = Caller()
    key = account.ok("POST", "vouchers", account.receipt())["id"]

    assert account.issues("PUT", f"vouchers/{key}", account.receipt(version=1, voucherStatus="open")) == [
        ("voucherStatus", "invalid_value")
    ]
    assert account.issues("PUT", f"vouchers/{key}", account.receipt(version=0)) == [("version", "invalid_value")]
    assert account.ok("PUT", f"vouchers/{key}", account.receipt(version=1, voucherNumber="R-2"))["version"] == 2
    assert account.refused("DELETE", f"vouchers/{key}")[0] == 405


def upload(account: Caller, name: str = "r.pdf", data: bytes = PDF, *, path: str = "files", **fields: str) -> Any:
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/pdf\r\n\r\n'
    body = b"".join([*parts, head.encode(), data, b"\r\n--x--\r\n"])
    return account.send("POST", path, data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})


def test_an_upload_becomes_a_voucher_that_nobody_has_looked_at() -> None:
    account = Caller()

    answer = upload(account, type="voucher")

    made = answer.get_json()
    file = account.send("GET", f"files/{made['id']}")
    voucher = account.get(f"vouchers/{made['voucherId']}")
    assert (answer.status_code, voucher["voucherStatus"], voucher["files"]) == (202, "unchecked", [made["id"]])
    assert (file.get_data(), file.mimetype, file.headers["Content-Disposition"]) == (PDF, "application/pdf", 'inline; filename="r.pdf";')
    assert account.refused("GET", f"payments/{made['voucherId']}")[0] == 406

    account.act("check_voucher", id=made["voucherId"], number="R-7", amount="119", tax="19")
    account.act("pay", id=made["voucherId"])
    assert account.get(f"vouchers/{made['voucherId']}")["voucherStatus"] == "paid"


def test_files_are_added_to_a_voucher_and_left_out_ones_are_gone() -> None:
    account = Caller()
    key = account.ok("POST", "vouchers", account.receipt())["id"]
    answers = [upload(account, f"{number}.pdf", path=f"vouchers/{key}/files") for number in (1, 2)]
    first, second = (answer.get_json()["id"] for answer in answers)

    account.ok("PUT", f"vouchers/{key}", account.receipt(version=3, files=[second]))

    assert [answer.status_code for answer in answers] == [202, 202]
    assert account.get(f"vouchers/{key}")["files"] == [second]
    assert account.refused("GET", f"files/{first}")[0] == 404


@pytest.mark.parametrize(
    ("name", "data", "key"),
    (
        ("r.txt", b"x", "inacceptable_file_extension"),
        ("r.pdf", b"%PDF" + b"x" * (5 * 1024 * 1024), "max_file_size_exceeded"),
        ("r.png", b"x", "image_conversion_error"),
        ("r.pdf", b"%PDF /JavaScript", "voucher_upload_toxic_pdf"),
        ("r.xml", b"<x/>", "invalid_xrechnung"),
    ),
)
def test_a_file_that_is_not_taken_is_told_why(name: str, data: bytes, key: str) -> None:
    answer = upload(Caller(), name, data, type="voucher")

    assert (answer.status_code, answer.get_json()["IssueList"][0]["i18nKey"]) == (406, key)


def test_exactly_five_mebibytes_are_taken() -> None:
    assert upload(Caller(), data=PDF.ljust(5 * 1024 * 1024), type="voucher").status_code == 202


def test_the_files_endpoint_has_shapes_of_its_own() -> None:
    account = Caller()

    without, wrong = upload(account), upload(account, type="receipt")

    assert (without.status_code, without.get_json()["i18nKey"]) == (400, "bad_request_error")
    assert "'type'" in without.get_json()["source"]
    assert (wrong.status_code, wrong.get_json()) == (400, "Invalid or missing upload type.")

"""The simulator's answers have the keys and JSON types of every sample, and it understands every sampled request.

Our own samples always; with ``UNISONO_SAMPLES=<folder>`` also every file of ``<folder>/fastbill``. A file the test does not know how to
reproduce fails, it is not passed over. The service has grown since the samples were taken: an answer may have more keys, never fewer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.systems.fastbill.caller import FIRM, LINE, Caller
from tests.systems.shapes import mismatches

OWN = Path(__file__).with_name("samples")
# Once a text, once a list, in one and the same recorded answer.
ODD = {"$.RESPONSE.CUSTOMERS[].ACCOUNT_RECEIVABLE"}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix != ".md")


def given() -> Path | None:
    folder = os.environ.get("UNISONO_SAMPLES")
    return Path(folder, "fastbill") if folder else None


def all_files() -> list[Path]:
    more = given()
    return files(OWN) + (files(more) if more and more.is_dir() else [])


def test_a_folder_of_samples_that_is_named_has_samples() -> None:
    more = given()

    assert files(OWN)
    assert more is None or (more.is_dir() and files(more)), f"UNISONO_SAMPLES is set, but {more} holds no sample"


@pytest.mark.parametrize("path", all_files(), ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_the_simulator_answers_the_sample(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".http":
        head, text = text.replace("\r\n", "\n").split("\n\n", 1)
        if head.startswith("POST"):
            understood(text)
            return
    if path.suffix == ".xml":
        root = ET.fromstring(text.encode())
        if root.find("SERVICE") is not None:
            understood(text)
        else:
            same_form(from_xml(root), from_xml(ET.fromstring(xml_answer(root))))
        return
    sample = json.loads(text)
    if "request" in sample:
        same_form(sample["response"], json.loads(account().post(sample["request"]).get_data()))
        return
    same_form(sample, reproduced(sample))


def account(**settings: Any) -> Caller:
    """An account with a customer, and an invoice in each state."""
    fastbill = Caller(**settings)
    made = fastbill.customer()
    for _ in range(2):
        fastbill.ok("invoice.create", CUSTOMER_ID=made, ITEMS=[LINE, LINE], INTROTEXT="Guten Tag")
    paid = fastbill.act("create_invoice", customer_id=str(made), items="Kran; 1; 10; 19", complete="1")
    fastbill.act("record_payment", invoice_id=paid)
    return fastbill


def understood(text: str) -> None:
    """A sampled request has to succeed. It may name a customer of its own."""
    fastbill = account()
    is_json = text.lstrip().startswith("{")
    data = json.loads(text)["DATA"] if is_json else {e.tag: e.text or "" for e in ET.fromstring(text.encode()).iterfind("DATA/*")}
    if data.get("CUSTOMER_ID"):
        row = next(iter(fastbill.world.storage.table("customers").values()))
        fastbill.world.storage.table("customers")[int(data["CUSTOMER_ID"])] = {**row, "CUSTOMER_ID": data["CUSTOMER_ID"]}

    answer = fastbill.post(text.encode()).get_data(as_text=True)

    assert "success" in answer, answer
    assert fastbill.world.log.calls[-1].write


def reproduced(sample: dict[str, Any]) -> dict[str, Any]:
    """The simulator's answer to what must have been asked for a sampled answer."""
    request, response = sample.get("REQUEST", {}), sample["RESPONSE"]
    if "ERRORS" in response:
        return refused(response["ERRORS"], request)
    if "CUSTOMERS" in response:
        return account().envelope("customer.get", request.get("FILTER"))
    if "INVOICES" in response:
        kind = response["INVOICES"][0]["TYPE"]
        return account().envelope("invoice.get", {"TYPE": kind})
    if set(response) == {"STATUS", "CUSTOMER_ID"}:
        sent = {key: None if value == [] else value for key, value in request.get("DATA", FIRM).items()}
        return account().envelope("customer.create", data=sent)
    raise AssertionError(f"nobody knows which call answers {response}")


def refused(errors: list[str], request: dict[str, Any]) -> dict[str, Any]:
    """The refusal with exactly these texts."""
    if errors == ["Invoice Error: Invoice could not be set paid. Maybe it is already?"]:
        fastbill = account()
        invoice = fastbill.one("invoice.get", "INVOICES", TYPE="outgoing")
        answer = fastbill.envelope("invoice.setpaid", data={"INVOICE_ID": invoice["INVOICE_ID"]})
    else:
        strict = any("ZIPCODE" in text for text in errors)
        sent = {key: None if value == [] else value for key, value in request.get("DATA", {}).items()}
        answer = account(require_address=strict).envelope("customer.create", data=sent)
    assert answer["RESPONSE"]["ERRORS"] == errors
    return answer


def xml_answer(sample: ET.Element) -> bytes:
    fastbill = account()
    customer = fastbill.one("customer.get", "CUSTOMERS")["CUSTOMER_ID"]
    data = f"<DATA><CUSTOMER_ID>{customer}</CUSTOMER_ID><START_TIME>2019-03-04 08:00:00</START_TIME></DATA><FILTER/>"
    created = fastbill.post(f"<FBAPI><SERVICE>time.create</SERVICE>{data}</FBAPI>".encode()).get_data()
    if sample.findtext("REQUEST/SERVICE") == "time.create":
        return created
    return fastbill.post(b"<FBAPI><SERVICE>time.get</SERVICE><FILTER/></FBAPI>").get_data()


def from_xml(element: ET.Element) -> Any:
    if element.tag in ("TIMES",):
        return [from_xml(child) for child in element]
    if len(element):
        return {child.tag: from_xml(child) for child in element}
    return (element.text or "").strip()


def same_form(sample: dict[str, Any], answer: dict[str, Any]) -> None:
    if not sample.get("REQUEST"):
        answer = {"RESPONSE": answer["RESPONSE"]}
    answer = json.loads(json.dumps(answer, default=int))  # a sum is a number, whatever its cents
    everywhere = set(places(sample)) | set(places(answer))

    assert lacking(sample, answer) == []
    assert mismatches(sample, answer, ignore=ODD, open_at=everywhere) == []


def places(value: Any, where: str = "$") -> list[str]:
    """Every place of an object: all are open to keys that the service has got since."""
    if isinstance(value, list):
        return [place for item in value for place in places(item, f"{where}[]")]
    if not isinstance(value, dict):
        return []
    return [where, *(place for key, item in value.items() for place in places(item, f"{where}.{key}"))]


def lacking(sample: Any, answer: Any, where: str = "$") -> list[str]:
    """The keys of the sample that the answer does not have."""
    if isinstance(sample, list) and isinstance(answer, list):
        return [gap for item in sample[:1] for other in answer for gap in lacking(item, other, f"{where}[]")]
    if not isinstance(sample, dict):
        return []
    if not isinstance(answer, dict):
        return [where]
    gaps = [f"{where}.{key}" for key in sample if key not in answer]
    return gaps + [gap for key in sample if key in answer for gap in lacking(sample[key], answer[key], f"{where}.{key}")]


def test_an_answer_without_a_sampled_key_would_be_noticed() -> None:
    sample = {"RESPONSE": {"CUSTOMERS": [{"CUSTOMER_ID": "1", "CITY": "Kiel"}]}}

    assert lacking(sample, {"RESPONSE": {"CUSTOMERS": [{"CUSTOMER_ID": "1", "FAX": ""}]}}) == ["$.RESPONSE.CUSTOMERS[].CITY"]
    with pytest.raises(AssertionError, match="CUSTOMER_ID"):
        same_form(sample, {"RESPONSE": {"CUSTOMERS": [{"CUSTOMER_ID": 1, "CITY": "Kiel"}]}})

"""The simulator's answers have the keys and JSON types of the samples; the bodies that clients send are accepted.

``UNISONO_SAMPLES=<folder>`` adds every file of ``<folder>/centralstation``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.transport import SimTransport
from tests.systems.shapes import mismatches
from unisono.sandbox.centralstation import CentralStation, make
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World

OWN = Path(__file__).parent / "samples"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix != ".md") if folder.is_dir() else []


def given() -> Path | None:
    folder = os.environ.get("UNISONO_SAMPLES")
    return Path(folder, "centralstation") if folder else None


def all_files() -> list[Path]:
    more = given()
    return files(OWN) + (files(more) if more else [])


COMPANY_INCLUDES = (
    "positions deals projects tags tasks pending_tasks cal_events upcoming_cal_events tels emails ims sms homepages addrs connections "
    "custom_fields"
)


class Account:
    """An account that holds one of everything."""

    def __init__(self) -> None:
        self.vendor: CentralStation = make(World())
        self.vendor.book.storage.settings["rate_limit"] = None
        self.client = httpx2.Client(
            transport=SimTransport(application(self.vendor)), base_url="https://api.test/api/", headers={"X-apikey": key(self.vendor)}
        )
        self.company = self.post("companies", {"company": {"name": "Chorverein", "tags_attributes": [{"name": "Kultur"}]}})["company"]["id"]
        self.other = self.post("companies", {"company": {"name": "Orgelhaus"}})["company"]["id"]
        self.post(f"companies/{self.company}/addrs", {"addr": {"city": "Erfurt", "state_code": "TH", "country_code": "DE"}})
        person = {"first_name": "Wieland", "name": "Oberbeck", "tags_attributes": [{"name": "Chor"}]}
        person |= {"positions_attributes": [{"company_id": self.company}], "addrs_attributes": [{"city": "Gera"}]}
        self.person = self.post("people", {"person": person})["person"]["id"]
        self.types = [
            self.post("custom_fields_types", {"custom_fields_type": {"category": category, "name": name} | rest})["custom_fields_type"][
                "id"
            ]
            for category, name, rest in (
                ("Person", "Webseite", {"ftype": "string"}),
                ("Person", "Bezirk", {"ftype": "select", "options": ["Nord", "Süd"]}),
                ("Company", "Nummer", {"ftype": "string"}),
                ("Company", "Gebiet", {"ftype": "string"}),
            )
        ]
        for type_id, text in zip(self.types, ("https://verein.example", "Süd"), strict=False):
            self.post(f"people/{self.person}/custom_fields", {"custom_field": {"custom_fields_type_id": type_id, "name": text}})
        deal = {"name": "Noten", "value": "12", "value_type": "total", "target_date": "2026-12-01", "company_id": self.company}
        self.deal = self.post("deals", {"deal": deal})["deal"]["id"]
        self.post(f"people/{self.person}/protocols", {"protocol": {"content": "Notiz", "name": "Notiz"}})
        hook = {"model": "Person", "event": "update", "target_url": "https://sync.test/x", "includes": "tags,addrs"}
        self.post("hooks", {"hook": hook})

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == 201, (path, answer.text)
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()


def key(vendor: CentralStation) -> str:
    return str(vendor.book.setting("api_key"))


def sent_company(account: Account, body: Any) -> Any:
    """The sample's custom field types are those of its own account."""
    for entry, type_id in zip(body["company"]["custom_fields_attributes"], account.types[2:], strict=True):
        entry["custom_fields_type_id"] = type_id
    return account.post("companies", body)


def sent_tag(account: Account, body: Any) -> Any:
    body["tag"]["attachable_id"] = account.person
    return account.post("tags", body)


def sent_note(account: Account, body: Any) -> Any:
    body["protocol"]["company_ids"] = [account.company]
    return account.post("protocols", body)


def created_note(account: Account) -> Any:
    return account.post("protocols", {"protocol": {"type": "ProtocolObjectNote", "name": "Maß", "content": "3 m", "updated_by_user_id": 1}})


ANSWERS: dict[str, Callable[[Account], Any]] = {
    "res_companies_index": lambda account: account.get("companies"),
    "res_company_show_includes": lambda account: account.get(f"companies/{account.company}", includes=COMPANY_INCLUDES),
    "res_person_show_includes": lambda account: account.get(f"people/{account.person}.json", includes="tags addrs"),
    "res_people_stats": lambda account: account.get("people/stats"),
    "res_tags_index": lambda account: account.get("tags"),
    "res_addr_create": lambda account: account.post(f"people/{account.person}/addrs", {"addr": {"city": "Jena", "country_code": "DE"}}),
    "res_custom_fields_types_index": lambda account: account.get("custom_fields_types"),
    "res_custom_fields_index": lambda account: account.get(f"people/{account.person}/custom_fields"),
    "res_protocol_create": created_note,
    "res_protocols_index_comments": lambda account: account.get("protocols", person_id=str(account.person), includes="comments"),
    "oas_deal_show": lambda account: account.get(f"deals/{account.deal}"),
    "oas_user_self": lambda account: account.get("user"),
    "oas_hooks_index": lambda account: account.get("hooks"),
}
REQUESTS: dict[str, Callable[[Account, Any], Any]] = {
    "req_company_create_nested": sent_company,
    "req_person_protocol_create": lambda account, body: account.post(f"people/{account.person}/protocols", body),
    "req_tag_create": lambda account, body: account.post(f"people/{account.person}/tags", body),
    "req_addr_create": lambda account, body: account.post(f"people/{account.person}/addrs", body),
    "client_tag_create_flat": sent_tag,
    "client_protocol_create_by_vendor_workflow": sent_note,
}
OPEN = {"oas_deal_show": ["$.deal"]}


def test_a_folder_of_samples_that_is_named_has_samples() -> None:
    more = given()

    assert len(files(OWN)) == len(ANSWERS) + len(REQUESTS)
    assert more is None or files(more), f"UNISONO_SAMPLES is set, but {more} holds no sample"


@pytest.mark.parametrize("file", all_files(), ids=lambda file: f"{'own' if file.parent == OWN else 'given'}:{file.stem}")
def test_the_simulator_speaks_in_the_form_of_the_sample(file: Path) -> None:
    sample = json.loads(file.read_text(encoding="utf-8"))
    assert file.stem in ANSWERS or file.stem in REQUESTS, f"{file.name}: no request belongs to this sample yet"
    account = Account()
    if file.stem in REQUESTS:
        made = REQUESTS[file.stem](account, json.loads(json.dumps(sample)))
        assert isinstance(next(iter(made.values()))["id"], int)
        return
    answer = ANSWERS[file.stem](account)
    assert answer
    assert mismatches(sample, answer, open_at=OPEN.get(file.stem, ())) == []


def test_everything_of_a_nested_create_is_there_afterwards() -> None:
    account = Account()
    body = json.loads((OWN / "req_company_create_nested.json").read_text(encoding="utf-8"))
    before = account.get("companies/count")["total_entries"]
    made = sent_company(account, body)["company"]["id"]
    shown = account.get(f"companies/{made}", includes="tags tels emails addrs custom_fields")["company"]
    given = body["company"]
    for name in ("tags", "tels", "emails", "custom_fields"):
        assert [row["name"] for row in shown[name]] == [row["name"] for row in given[f"{name}_attributes"]]
    assert shown["addrs"][0]["street"] == given["addrs_attributes"][0]["street"]
    # the positions name two companies that did not exist (one by an existing name)
    assert account.get("companies/count")["total_entries"] == before + 3

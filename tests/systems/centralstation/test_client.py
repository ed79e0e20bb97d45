"""The wire of CentralStationCRM: what is asked, and what each answer means. Answers are given by hand here."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.clock import FakeClock
from tests.support.transport import Answering
from tests.systems.centralstation.rows import BINDINGS, BIRKE, MERTENS, PLAIN, REFERENCE, company, person, write
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Answered, Command, Identity, Raw
from unisono.model.document import File, Note
from unisono.model.errors import BadAnswer, Full, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.party import Party
from unisono.model.record import Record
from unisono.model.secret import Secret
from unisono.systems.centralstation import make
from unisono.systems.centralstation.setup import FieldType, custom_field_types, ensure_reference_fields
from unisono.systems.centralstation.system import CentralStation

KEY = "key-of-the-carpenter-0815"
Answer = Callable[[httpx2.Request], httpx2.Response]
BOUND = {"Company": {"reference": 19}, "Person": {"reference": 29}}


def connected(answer: Answer, bindings: dict[str, dict[str, int]] | None = None) -> CentralStation:
    """The connector against answers given by hand."""
    clock = FakeClock()
    door = Door(
        transport=Answering(answer),
        hosts=PLAIN.hosts,
        pace=MemoryPace(PLAIN.pace, clock),
        clock=clock,
        secrets=(Secret(KEY),),
    )
    system = make(door, {"api_key": Secret(KEY)}, PLAIN, {"bindings": bindings or {}})
    assert isinstance(system, CentralStation)
    return system


def says(status: int, told: object = None, **headers: str) -> Answer:
    """Always the same answer; ``told`` is JSON, or bytes as they are."""
    body = told if isinstance(told, bytes) else b"" if told is None else json.dumps(told).encode()
    return lambda _: httpx2.Response(status, content=body, headers=headers)


class Asked:
    """Remembers requests and answers by path; anything else is 404."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.answers, self.requests = answers, list[httpx2.Request]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        told = self.answers.get(f"{request.method} {request.url.path.removeprefix('/api')}")
        if callable(told):
            told = told(request)
        return httpx2.Response(404, json={"error": "not found"}) if told is None else httpx2.Response(200, json=told)

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/api") for request in self.requests]


def listing(rows: list[dict[str, Any]], limit: int = 250) -> Callable[[httpx2.Request], list[dict[str, Any]]]:
    """A paged list; the server gives at most ``limit`` rows whatever is asked."""

    def page(request: httpx2.Request) -> list[dict[str, Any]]:
        size, number = min(limit, int(request.url.params["perpage"])), int(request.url.params["page"])
        return [{"company": row} for row in rows[(number - 1) * size : number * size]]

    return page


def test_every_call_carries_the_key_in_its_header_and_nowhere_else() -> None:
    asked = Asked({"GET /companies/42": {"company": company()}})
    raw = connected(asked).read("companies", "42")
    (request,) = asked.requests
    assert raw is not None
    assert json.loads(raw.body) == company()
    assert (raw.resource, raw.key) == ("companies", "42")
    assert str(request.url).startswith("https://api.centralstationcrm.net/api/companies/42?includes=tags%20tels%20emails")
    assert request.headers["X-apikey"] == KEY
    assert KEY not in str(request.url)


def test_a_listing_ends_with_a_short_page_and_tells_the_vendors_clock() -> None:
    asked = Asked({"GET /companies": listing([company(id=n) for n in range(1, 504)])})
    pages = list(connected(asked).pages("companies"))
    assert [(len(page.rows), page.last) for page in pages] == [(250, False), (248, False), (5, True)]
    assert [raw.key for page in pages for raw in page.rows] == [str(n) for n in range(1, 504)]
    assert [request.url.params["order"] for request in asked.requests] == ["new-asc"] * 3


def test_a_listing_of_one_full_page_ends_with_a_page_that_shows_nothing_new() -> None:
    pages = list(connected(Asked({"GET /companies": listing([company(id=n) for n in range(1, 251)])})).pages("companies"))
    assert [(len(page.rows), page.last) for page in pages] == [(250, False), (0, True)]


def test_each_page_begins_with_a_row_that_was_shown_so_that_none_can_slide_past() -> None:
    asked = Asked({"GET /companies": listing([company(id=n) for n in range(1, 504)])})
    list(connected(asked).pages("companies"))
    places = [(request.url.params["page"], request.url.params["perpage"]) for request in asked.requests]
    assert places == [("1", "250"), ("2", "249"), ("3", "248")]


@pytest.mark.parametrize(("limit", "calls"), ((25, 6), (100, 2)))
def test_a_server_with_smaller_pages_than_asked_for_does_not_end_the_listing_early(limit: int, calls: int) -> None:
    asked = Asked({"GET /companies": listing([company(id=n) for n in range(1, 110)], limit)})
    rows = [row.key for page in connected(asked).pages("companies") for row in page.rows]
    assert rows == [str(n) for n in range(1, 110)]
    assert len(asked.requests) == calls


def test_a_listing_that_ignores_the_page_is_told_rather_than_followed_for_ever() -> None:
    rows = [{"company": company(id=n)} for n in range(250)]
    with pytest.raises(BadAnswer) as caught:
        list(connected(says(200, rows)).pages("companies"))
    assert caught.value.code == "same-page-again"


def test_what_changed_is_asked_for_by_the_day() -> None:
    asked = Asked({"GET /people": []})
    since = dt.datetime(2026, 3, 2, 14, 5, tzinfo=dt.UTC)
    (page,) = connected(asked).pages("people", since)
    assert page.last
    params = asked.requests[0].url.params
    assert params["filter[updated_at][larger_than]"] == "2026-03-02"
    assert params["order"] == "update-asc"
    assert "positions" in params["includes"]


def test_only_the_watched_tag_is_listed() -> None:
    asked = Asked({"GET /tags": [{"tag": {"id": 7, "name": "FastBill", "attachable_type": "Company", "attachable_id": 42}}]})
    system = connected(asked)
    (page,) = system.pages("tags")
    assert asked.requests[0].url.params["filter[name][equal]"] == "FastBill"
    assert [record.owner for raw in page.rows for record in system.records(raw)] == ["company:42"]


def test_the_account_is_told_by_the_key_check() -> None:
    told = {"id": 1, "first": "Jana", "last": "Kern", "name": "jana@firma.example", "current_account": "firma", "timezone": "Berlin"}
    assert connected(Asked({"GET /user": told})).identify() == Identity("firma", "Jana Kern", "Europe/Berlin")


@pytest.mark.parametrize("status", (401, 403))
def test_a_wrong_key_stops_with_the_vendors_words_and_without_the_key(status: int) -> None:
    with pytest.raises(LoginRefused) as caught:
        connected(says(status, {"error": "unauthorized", "description": f"no access with {KEY}"})).identify()
    fault = caught.value
    assert fault.code == "login-refused"
    assert "unauthorized" in fault.values["answer"]
    assert KEY not in str(fault) + fault.raw


def test_a_row_that_is_gone_is_a_definite_not_found() -> None:
    assert connected(says(404, {"error": "not-found"})).read("companies", "42") is None


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    (
        (says(200, b"<!DOCTYPE html><title>Wartung</title>"), BadAnswer, "html-instead-of-json"),
        (says(200, b'{"company":{"id":42'), BadAnswer, "torn-json"),
        (says(200, {"message": "nothing"}), BadAnswer, "not-a-row"),
        (says(200, {"company": {"id": 41, "name": "B"}}), BadAnswer, "not-a-row"),
        (says(200, []), BadAnswer, "not-a-row"),
        (says(302, None, location="https://elsewhere.example/"), BadAnswer, "unexpected-status"),
        (says(400, {"error": "x"}), BadAnswer, "unexpected-status"),
        (says(500, {"error": "x"}), Unavailable, None),
        (says(429, None, **{"retry-after": "60"}), TryLater, None),
    ),
)
def test_a_read_that_brings_no_row_says_why(answer: Answer, kind: type[SystemFault], code: str | None) -> None:
    with pytest.raises(kind) as caught:
        connected(answer).read("companies", "42")
    assert code in (None, caught.value.code)


@pytest.mark.parametrize(
    "told", (None, {}, {"message": "x"}, {"0": {}}, "x", [None], [[]], [{"company": {"name": "B"}}], [{"company": {"id": None}}])
)
def test_a_list_that_is_none_is_a_bad_answer(told: object) -> None:
    with pytest.raises(BadAnswer):
        list(connected(says(200, b"null" if told is None else told)).pages("companies"))


# --- writing ----------------------------------------------------------------------------------------------------------------------------


def created(system: CentralStation, command: Command | None = None) -> Answered:
    """The answer to creating a company."""
    return system.send(command or Command("POST /companies", {"company": {"name": "B"}}))


def test_a_created_company_is_known_by_its_key_but_its_answer_proves_no_values() -> None:
    assert created(connected(says(201, {"company": {"id": 77, "name": "B"}}))) == Answered("company:77")


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    (
        (says(201, {"message": "ok"}), Unclear, "created-without-id"),
        (says(201, []), Unclear, "created-without-id"),
        (says(201, b'{"company":{"id":4'), Unclear, "torn-json"),
        (says(201, b"<html>"), Unclear, "html-instead-of-json"),
        (says(302), Unclear, "unexpected-status"),
        (says(500, b"oops"), Unclear, None),
        (says(404, {"error": "not-found"}), NotThere, "not-there"),
        (says(507, {"error": "full"}), Full, "account-full"),
        (says(403, {"error": "rights"}), LoginRefused, "login-refused"),
        (says(429, None, **{"retry-after": "60"}), TryLater, None),
        (says(400, {"error": "param-missing", "description": "company"}), Refused, "refused"),
        (says(409, {"error": "changed"}), Refused, "refused"),
        (says(415, b"<html>no</html>"), Refused, "refused"),
    ),
)
def test_an_answer_to_a_create_is_done_definitely_not_done_or_unclear(answer: Answer, kind: type[SystemFault], code: str | None) -> None:
    with pytest.raises(kind) as caught:
        created(connected(answer))
    assert code in (None, caught.value.code)


def test_a_lost_connection_leaves_a_create_unclear() -> None:
    def lost(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("timed out", request=request)

    with pytest.raises(Unclear):
        created(connected(lost))


def test_a_refusal_names_our_field_and_the_vendors_words() -> None:
    with pytest.raises(Refused) as caught:
        created(connected(says(422, {"addrs.zip": ["ist zu lang"], "name": ["darf nicht leer sein"]})))
    fault = caught.value
    assert fault.field == "address.postcode"
    assert fault.values["field"] == "addrs.zip"
    assert fault.values["answer"] == "addrs.zip: ist zu lang; name: darf nicht leer sein"


def test_a_change_is_done_with_or_without_a_body() -> None:
    command = Command("PUT /people/43/positions/803", {"position": {"name": "Leitung"}})
    assert connected(says(204)).send(command) == Answered("person:43")
    assert connected(says(200, {"position": {"id": 803}})).send(command) == Answered("person:43")


def test_symbols_stand_for_the_keys_of_earlier_answers() -> None:
    asked = Asked({"POST /people": {"person": {"id": 88}}, "POST /protocols/9/attachments": {"message": "x"}})
    row = {"name": "$1 Shop", "positions_attributes": [{"company_id": "$1", "name": "$1"}]}
    connected(asked).send(Command("POST /people", {"person": row}), (Answered("company:77"),))
    sent = json.loads(asked.requests[0].content)["person"]
    assert sent == {"name": "$1 Shop", "positions_attributes": [{"company_id": 77, "name": "$1"}]}
    with pytest.raises(Refused):
        connected(asked).send(Command("POST /protocols/$2/attachments", {"attachment": {}}), (Answered("company:77"),))


def test_a_note_is_proven_by_its_answer_only_if_that_repeats_every_value() -> None:
    sent = {"type": "ProtocolObjectNote", "name": "R", "content": "T", "company_ids": [42]}
    told = {"protocol_object_note": sent | {"id": 9, "company_ids": ["42", 50]}}
    answered = connected(says(201, told)).send(Command("POST /protocols", {"protocol": sent}))
    assert (answered.key, answered.raw and answered.raw.key) == ("protocol:9", "9")
    told["protocol_object_note"]["content"] = "T..."
    assert connected(says(201, told)).send(Command("POST /protocols", {"protocol": sent})) == Answered("protocol:9")


def test_a_file_leaves_as_base64_and_is_proven_by_name_and_size(tmp_path: Path) -> None:
    content = b"%PDF-1.7 \xff\x00"
    path = tmp_path / "stored"
    path.write_bytes(content)
    told = {"attachment": {"id": "0b1e-77", "filename": "RE-ä.pdf", "content_type": "application/pdf", "size": len(content)}}
    asked = Asked({"POST /protocols/9/attachments": told})
    payload = {"attachment": {"filename": "RE-ä.pdf", "content_type": "application/pdf"}}
    answered = connected(asked).send(Command("POST /protocols/9/attachments", payload, str(path)))
    sent = json.loads(asked.requests[0].content)["attachment"]
    assert base64.b64decode(sent.pop("data")) == content
    assert sent == payload["attachment"]
    assert asked.requests[0].headers["Content-Type"] == "application/json"
    assert (answered.key, answered.raw is not None) == ("attachment:0b1e-77", True)
    told["attachment"]["size"] = 3
    assert connected(asked).send(Command("POST /protocols/9/attachments", payload, str(path))) == Answered("attachment:0b1e-77")


def test_a_file_that_is_no_longer_there_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    asked = Asked({})
    with pytest.raises(Refused) as caught:
        connected(asked).send(Command("POST /protocols/9/attachments", {"attachment": {"filename": "x"}}, str(tmp_path / "gone")))
    assert caught.value.code == "file-missing"
    assert asked.requests == []


# --- after an unclear create ------------------------------------------------------------------------------------------------------------


def bearing(reference: str, type_id: int, row: dict[str, Any]) -> dict[str, Any]:
    """The row with our reference in its custom field."""
    return row | {"custom_fields": [{"id": 1, "custom_fields_type_id": type_id, "name": reference}]}


def test_a_created_company_is_found_by_our_reference_among_its_namesakes() -> None:
    other, ours = bearing("uni-zzzzzzzz77777777", 19, company(id=41)), bearing(REFERENCE, 19, company(id=42, addrs=[]))
    hits = [
        {"company": {"id": 41, "name": BIRKE.name}},
        {"company": {"id": 40, "name": BIRKE.name + " & Co"}},
        {"company": {"id": 42, "name": BIRKE.name}},
    ]
    asked = Asked({"GET /companies/search": hits, "GET /companies/41": {"company": other}, "GET /companies/42": {"company": ours}})
    found = connected(asked, BOUND).probe(write("create", "party", body=BIRKE, reference=REFERENCE))
    assert [raw.key for raw in found] == ["42"]
    assert "/companies/40" not in asked.paths


def test_without_a_place_for_our_reference_every_value_that_was_sent_must_be_there() -> None:
    hits = [{"company": {"id": n, "name": BIRKE.name}} for n in (41, 42)]
    asked = Asked(
        {
            "GET /companies/search": hits,
            "GET /companies/41": {"company": company(id=41, emails=[])},
            "GET /companies/42": {"company": company(id=42)},
        }
    )
    found = connected(asked).probe(write("create", "party", body=BIRKE, reference=REFERENCE))
    assert [raw.key for raw in found] == ["42"]


def test_a_created_contact_is_looked_for_by_mail_and_by_name_and_must_be_at_its_company() -> None:
    hits = [{"person": {"id": 43, "name": "Mertens", "first_name": "Ines"}}]
    asked = Asked(
        {"GET /people/search": lambda request: hits if "name" in request.url.params else [], "GET /people/43": {"person": person()}}
    )
    here = write("create", "contact", body=MERTENS, owner="company:42")
    there = write("create", "contact", body=MERTENS, owner="company:41")
    assert [raw.key for raw in connected(asked).probe(here)] == ["43"]
    assert [dict(request.url.params).get("email") for request in asked.requests if "search" in request.url.path] == [
        "ines@birke.example",
        None,
    ]
    assert connected(asked).probe(there) == ()


def test_a_search_that_is_not_there_is_no_proof_that_nothing_was_created() -> None:
    with pytest.raises(BadAnswer):
        connected(Asked({})).probe(write("create", "party", body=Party(type="company", name="B")))


def test_a_created_note_is_found_by_its_marker_line_at_what_it_is_about() -> None:
    notes = [
        {"protocol_object_note": {"id": n, "content": f"Text\n\nRef: {ref}"}} for n, ref in ((8, "uni-zzzzzzzz77777777"), (9, REFERENCE))
    ]
    asked = Asked({"GET /protocols": notes})
    body = Note(title="R", text="Text", about=("deal:5", "company:42"))
    found = connected(asked).probe(write("create", "note", body=body, reference=REFERENCE))
    assert [raw.key for raw in found] == ["9"]
    assert dict(asked.requests[0].url.params) == {"deal_id": "5", "order": "id-desc", "page": "1", "perpage": "100"}


FILE = File(name="RE-7.pdf", size=5, path="x")
TOLD = {"id": "0b1e-77", "filename": "RE-7.pdf", "size": 5}


@pytest.mark.parametrize(
    ("note", "listed", "found"),
    (
        ({"attachments_count": 2}, [{"attachment": TOLD}, {"attachment": TOLD | {"id": "0b1e-78", "size": 6}}], ["0b1e-77"]),
        ({"attachments_count": 1}, [{"attachment": TOLD, "data": "JVBERi0="}], ["0b1e-77"]),
        ({"attachments_count": 0}, {"message": "none"}, []),
        ({}, [], []),
    ),
)
def test_a_created_attachment_is_found_by_name_and_size(note: dict[str, Any], listed: object, found: list[str]) -> None:
    asked = Asked({"GET /protocols/9": {"protocol_object_note": {"id": 9, "content": ""} | note}, "GET /protocols/9/attachments": listed})
    assert [raw.key for raw in connected(asked).probe(write("create", "file", body=FILE, owner="protocol:9"))] == found


def test_attachments_that_are_there_but_not_shown_leave_the_question_open() -> None:
    asked = Asked(
        {"GET /protocols/9": {"protocol": {"id": 9, "attachments_count": 1}}, "GET /protocols/9/attachments": {"message": "none"}}
    )
    with pytest.raises(BadAnswer):
        connected(asked).probe(write("create", "file", body=FILE, owner="protocol:9"))


# --- set-up, keys, capabilities ---------------------------------------------------------------------------------------------------------


def test_our_custom_field_is_used_where_it_is_and_made_where_it_is_not() -> None:
    there = [{"custom_fields_type": {"id": 19, "name": "Unisono", "category": "Company", "ftype": "string", "api_only": True}}]
    asked = Asked({"GET /custom_fields_types": there, "POST /custom_fields_types": {"custom_fields_type": {"id": 29}}})
    system = connected(asked)
    assert custom_field_types(system) == (FieldType("19", "Unisono", "Company", "string", True),)
    assert ensure_reference_fields(system, ("Company", "Person")) == {"Company": {"reference": 19}, "Person": {"reference": 29}}
    (made,) = [json.loads(request.content) for request in asked.requests if request.method == "POST"]
    assert made == {"custom_fields_type": {"name": "Unisono", "category": "Person", "ftype": "string", "api_only": True}}


def test_bindings_widen_what_the_connection_can_hold_and_find() -> None:
    plain = connected(says(200)).capabilities
    bound = connected(says(200), {"Company": {"tax_id": 17, "reference": 19}, "Person": {"reference": 29}}).capabilities
    assert "tax_id" not in plain.fields("party")
    assert "tax_id" in bound.fields("party")
    assert (plain.writing("party").find, bound.writing("party").find, bound.writing("contact").find) == (
        "natural",
        "reference",
        "reference",
    )


@pytest.mark.parametrize("bindings", ({"Firm": {"tax_id": 1}}, {"Company": {"email": 1}}, {"Company": {"tax_id": "x"}}))
def test_a_binding_that_cannot_be_is_refused_by_name(bindings: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"bindings\."):
        connected(says(200), bindings)


def test_keys_lead_back_to_their_rows() -> None:
    system = connected(says(200))
    assert system.locate("party", "person:42") == ("people", "42")
    assert system.locate("party", "company:42") == ("companies", "42")
    assert system.locate("contact", "person:42") == ("people", "42")
    assert system.locate("file", "attachment:0b1e-77") == ("attachments", "0b1e-77")
    with pytest.raises(ValueError, match="not the key of a quote"):
        system.locate("quote", "company:42")


def test_the_crm_has_no_rendered_files_to_fetch(tmp_path: Path) -> None:
    record = Record(kind="quote", key="deal:5", body=BIRKE, resource="deals", resource_key="5")
    with pytest.raises(NotThere):
        connected(says(200)).fetch_file(record, tmp_path, 1)


def test_a_stored_row_that_is_torn_is_a_bad_answer() -> None:
    for body in (b"", b"[]", b'{"id":', b"\xff"):
        with pytest.raises(BadAnswer):
            connected(says(200)).records(Raw("companies", "42", body))


def test_the_bindings_of_the_tests_are_those_of_the_connector() -> None:
    settings = {category: {name: int(key) for name, key in fields.items()} for category, fields in BINDINGS.types.items()}
    found = connected(says(200), settings).records(Raw("companies", "42", json.dumps(company()).encode()))
    assert getattr(found[0].body, "tax_id", "") == "DE136695976"

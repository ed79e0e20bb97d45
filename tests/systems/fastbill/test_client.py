"""What FastBill's answers mean, one by one: answers are written down here and served without a network."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.clock import FakeClock
from tests.support.transport import Answering
from tests.systems.fastbill import rows
from unisono.connect.http import Door
from unisono.connect.pace import MemoryPace
from unisono.connect.port import Answered, Command, Raw, System
from unisono.model.document import Document
from unisono.model.errors import BadAnswer, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.party import Party
from unisono.model.secret import Secret
from unisono.model.writing import Write
from unisono.systems.catalogue import load
from unisono.systems.fastbill import make

KEY = "fb-very-secret-key-0001"
Respond = Callable[[dict[str, Any]], httpx2.Response]
DATE = {"Date": "Mon, 02 Mar 2026 09:00:00 GMT"}
CREATE = Command("customer.create", {"CUSTOMER_TYPE": "business", "ORGANIZATION": "Kanzlei Brandt"})


def answer(response: Any, status: int = 200) -> httpx2.Response:
    """An answer of the service, typed as it types them."""
    body = json.dumps({"REQUEST": {}, "RESPONSE": response})
    return httpx2.Response(status, text=body, headers={"Content-Type": "text/plain; charset=UTF-8", **DATE})


def listed(name: str, *found: Any) -> httpx2.Response:
    return answer({name: list(found)})


class Account:
    """FastBill behind a door whose other end is a function of the request's envelope; ``asked`` keeps what was asked."""

    def __init__(self, respond: Respond, **settings: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self.links: list[httpx2.Request] = []
        self.files: list[httpx2.Response] = []
        self.clock = FakeClock()
        self._respond = respond
        known = load("fastbill")
        self.door = Door(
            transport=Answering(self._serve),
            hosts=known.hosts,
            pace=MemoryPace(known.pace, self.clock, "premium"),
            clock=self.clock,
        )
        self.system: System = make(self.door, {"email": "post@firma.example", "api_key": Secret(KEY)}, known, settings)

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            self.links.append(request)
            return self.files.pop(0)
        assert request.headers["Authorization"].startswith("Basic ")
        envelope = json.loads(request.read())
        self.asked.append(envelope)
        return self._respond(envelope)


def always(response: httpx2.Response | Callable[[], httpx2.Response]) -> Account:
    return Account(lambda _: response() if callable(response) else response)


def fault_of(call: Callable[[], Any]) -> SystemFault:
    with pytest.raises(SystemFault) as caught:
        call()
    assert KEY not in f"{caught.value!r} {caught.value.raw}"
    return caught.value


# --- listing ---


def test_a_list_is_paged_by_a_hundred_until_a_short_page_each_beginning_with_a_row_that_was_shown() -> None:
    everyone = [rows.COMPANY | {"CUSTOMER_ID": str(n)} for n in range(1, 251)]

    def respond(asked: dict[str, Any]) -> httpx2.Response:
        return listed("CUSTOMERS", *everyone[asked["OFFSET"] : asked["OFFSET"] + asked["LIMIT"]])

    account = Account(respond)

    pages = list(account.system.pages("customer"))

    assert [(len(page.rows), page.last) for page in pages] == [(100, False), (99, False), (51, True)]
    assert [raw.key for page in pages for raw in page.rows] == [str(n) for n in range(1, 251)]
    assert [(a["SERVICE"], a["LIMIT"], a["OFFSET"]) for a in account.asked] == [("customer.get", 100, n) for n in (0, 99, 198)]
    assert pages[0].server_time == dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def test_pages_are_asked_for_one_by_one() -> None:
    account = always(lambda: listed("CUSTOMERS", *[rows.COMPANY | {"CUSTOMER_ID": n} for n in range(1, 101)]))

    next(iter(account.system.pages("customer")))

    assert len(account.asked) == 1


def test_only_invoices_are_asked_for_what_changed_by_the_day_in_berlin() -> None:
    account = always(lambda: answer([]))
    late = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)  # already the second of July in Berlin

    for resource in ("invoice", "estimate"):
        assert [page.rows for page in account.system.pages(resource, late)] == [()]

    assert account.asked[0]["FILTER"] == {"START_LASTUPDATE": "2026-07-02"}
    assert "FILTER" not in account.asked[1]


@pytest.mark.parametrize("response", ([], {"CUSTOMERS": []}, {"CUSTOMERS": {}}, {"CUSTOMERS": ""}))
def test_an_empty_list_comes_in_four_forms(response: Any) -> None:
    assert [(page.rows, page.last) for page in always(answer(response)).system.pages("customer")] == [((), True)]


def test_a_list_as_an_object_with_numeric_keys_is_read_in_their_order() -> None:
    found = {"10": rows.COMPANY | {"CUSTOMER_ID": "10"}, "9": rows.COMPANY | {"CUSTOMER_ID": "9"}}

    (page,) = always(answer({"CUSTOMERS": found})).system.pages("customer")

    assert [raw.key for raw in page.rows] == ["9", "10"]


def test_one_row_without_an_id_does_not_stop_the_others() -> None:
    system = always(listed("CUSTOMERS", {"ORGANIZATION": "ohne"}, rows.COMPANY, "Unsinn")).system

    (page,) = system.pages("customer")

    assert [raw.key for raw in page.rows] == ["?0", "4711", "?2"]
    assert len(system.records(page.rows[1])) == 2
    for raw in (page.rows[0], page.rows[2]):
        with pytest.raises(BadAnswer):
            system.records(raw)


def test_numbers_reach_the_document_to_the_last_digit() -> None:
    row = json.dumps(rows.INVOICE).replace('"TOTAL": 1190', '"TOTAL": 12345678901.10')
    body = '{"RESPONSE":{"INVOICES":[' + row + "]}}"
    (page,) = always(httpx2.Response(200, text=body)).system.pages("invoice")

    (record,) = always(answer([])).system.records(page.rows[0])

    assert isinstance(record.body, Document)
    assert str(record.body.gross) == "12345678901.10"


def test_a_new_link_is_no_new_version_and_a_new_value_is() -> None:
    def version(**changed: str) -> str:
        (page,) = always(listed("ESTIMATES", rows.ESTIMATE | changed)).system.pages("estimate")
        return page.rows[0].version

    assert version() == version(DOCUMENT_URL="https://portal.fastbill.com/download/another")
    assert version() != version(STATE="d")


def test_a_page_that_repeats_the_one_before_is_an_error_not_an_endless_list() -> None:
    account = always(lambda: listed("CUSTOMERS", *[rows.COMPANY | {"CUSTOMER_ID": n} for n in range(1, 101)]))

    fault = fault_of(lambda: list(account.system.pages("customer")))

    assert (type(fault), fault.code, len(account.asked)) == (BadAnswer, "same-page-again", 2)


def test_an_answer_without_the_list_is_an_error_not_an_empty_list() -> None:
    fault = fault_of(lambda: list(always(answer({"INVOICES": []})).system.pages("customer")))

    assert (type(fault), fault.code, fault.values["field"]) == (BadAnswer, "list-missing", "CUSTOMERS")


@pytest.mark.parametrize(
    "body",
    ("", "<html><body>Wartung</body></html>", '{"REQUEST":{}', "[]", '"x"', "{}", '{"RESPONSE":"x"}', '{"RESPONSE":{"CUSTOMERS":"x"}}'),
)
def test_what_is_no_answer_of_the_service_is_a_bad_answer_to_a_read(body: str) -> None:
    assert isinstance(fault_of(lambda: list(always(httpx2.Response(200, text=body)).system.pages("customer"))), BadAnswer)


# --- single rows ---


def test_a_row_is_read_by_its_id_and_an_empty_answer_is_not_found() -> None:
    account = always(listed("CONTACTS", rows.CONTACT))

    found = account.system.read("contact", "55")

    assert found is not None
    assert (found.key, account.asked[0]["FILTER"]) == ("55", {"CONTACT_ID": "55"})
    assert always(answer([])).system.read("contact", "55") is None


def test_a_deleted_customer_is_neither_listed_nor_found() -> None:
    gone = rows.COMPANY | {"CUSTOMER_ID": "1", "DELETED_DATE": "2026-08-01 10:00:00"}
    (page,) = always(listed("CUSTOMERS", gone, rows.COMPANY | {"DELETED_DATE": "0000-00-00 00:00:00"})).system.pages("customer")

    assert [raw.key for raw in page.rows] == ["4711"]
    assert always(listed("CUSTOMERS", rows.COMPANY | {"DELETED_DATE": "2026-08-01"})).system.read("customer", "4711") is None


def test_a_filter_the_service_ignores_is_never_taken_for_a_deletion() -> None:
    fault = fault_of(lambda: always(listed("CUSTOMERS", rows.COMPANY)).system.read("customer", "9999"))

    assert (type(fault), fault.code, fault.values["record"]) == (BadAnswer, "filter-ignored", "9999")


# --- the login ---


def test_the_login_is_proved_by_one_cheap_call_that_tells_no_name() -> None:
    account = always(listed("CUSTOMERS", rows.COMPANY))

    assert account.system.identify() is None
    assert [(a["SERVICE"], a["LIMIT"]) for a in account.asked] == [("customer.get", 1)]


@pytest.mark.parametrize(
    "response",
    (
        answer({"ERRORS": ["Wrong API KEY or user credentials"]}, 401),
        answer({"ERRORS": ["WrongAPIKEYorusercredentials"]}),
        answer({"ERRORS": {"0": "Wrong API KEY or user credentials"}}),
        httpx2.Response(401, text="<html>401</html>"),
        httpx2.Response(403, text=""),
    ),
)
def test_a_wrong_key_stops_the_connection_whatever_form_the_answer_has(response: httpx2.Response) -> None:
    system = always(response).system

    assert isinstance(fault_of(system.identify), LoginRefused)
    assert isinstance(fault_of(lambda: system.send(CREATE)), LoginRefused)


# --- writing ---


@pytest.mark.parametrize(
    ("command", "response", "key"),
    (
        (CREATE, {"STATUS": "success", "CUSTOMER_ID": 123456}, "123456"),
        (Command("contact.create", {"CUSTOMER_ID": "4711"}), {"STATUS": "success", "CONTACT_ID": "56"}, "contact:56"),
        (Command("estimate.create", {"CUSTOMER_ID": "4711"}), {"STATUS": "success", "ESTIMATE_ID": 9}, "estimate:9"),
        (Command("customer.update", {"CUSTOMER_ID": "4711"}), {"STATUS": "success", "CUSTOMER_ID": "4711"}, "4711"),
        (Command("contact.delete", {"CUSTOMER_ID": "4711", "CONTACT_ID": "55"}), {"STATUS": "success"}, "contact:55"),
    ),
)
def test_a_write_answers_with_the_canonical_key_and_no_row(command: Command, response: Any, key: str) -> None:
    account = always(answer(response))

    assert account.system.send(command) == Answered(key, None)
    assert account.asked == [{"SERVICE": command.operation, "DATA": command.payload}]


def test_a_change_of_the_contact_named_on_a_customer_answers_with_its_own_key() -> None:
    account = always(answer({"STATUS": "success", "CUSTOMER_ID": "4711"}))

    assert account.system.send(Command("customer.update#main", {"CUSTOMER_ID": "4711"})) == Answered("4711#main")
    assert account.asked[0]["SERVICE"] == "customer.update"


def test_a_symbol_stands_for_the_key_of_an_earlier_answer_but_a_name_is_left_alone() -> None:
    account = always(answer({"STATUS": "success", "CONTACT_ID": 1}))

    account.system.send(Command("contact.create", {"CUSTOMER_ID": "$1", "LAST_NAME": "$1"}), (Answered("4711"),))

    assert account.asked[0]["DATA"] == {"CUSTOMER_ID": "4711", "LAST_NAME": "$1"}


@pytest.mark.parametrize("errors", (["missing / invalid field: ORGANIZATION"], {"0": "missing / invalid field: ORGANIZATION"}))
@pytest.mark.parametrize("status", (200, 400))
def test_a_refusal_is_told_in_the_vendors_words_with_our_name_of_the_field(errors: Any, status: int) -> None:
    fault = fault_of(lambda: always(answer({"ERRORS": errors}, status)).system.send(CREATE))

    assert isinstance(fault, Refused)
    assert (fault.code, fault.field) == ("refused", "name")
    assert fault.values == {
        "system": "fastbill",
        "operation": "customer.create",
        "record": "Kanzlei Brandt",
        "field": "name",
        "value": "Kanzlei Brandt",
        "answer": "missing / invalid field: ORGANIZATION",
    }


def test_a_refusal_as_one_plain_text_and_a_status_that_is_no_success_are_refusals_too() -> None:
    words = fault_of(lambda: always(answer({"ERRORS": "Estimate Error: something"})).system.send(CREATE))
    status = fault_of(lambda: always(answer({"STATUS": "failed"})).system.send(CREATE))

    assert (type(words), words.values["answer"]) == (Refused, "Estimate Error: something")
    assert (type(status), status.values["answer"]) == (Refused, "STATUS failed")


@pytest.mark.parametrize(
    "response",
    (
        answer({"STATUS": "success"}),
        answer([]),
        answer({"STATUS": "success", "CUSTOMER_ID": "abc"}),
        httpx2.Response(200, text='{"RESPONSE":{"STATUS":"succ'),
        httpx2.Response(200, text="<html>Wartung</html>"),
        httpx2.Response(404, text="<html>Not Found</html>"),
        httpx2.Response(500, text='{"RESPONSE":{"ERRORS":["internal"]}}'),
        httpx2.Response(503, text="<html>Wartung</html>"),
    ),
)
def test_a_create_whose_outcome_nobody_knows_is_unclear(response: httpx2.Response) -> None:
    account = always(response)

    assert isinstance(fault_of(lambda: account.system.send(CREATE)), Unclear)
    assert len(account.asked) == 1


def test_a_request_that_was_not_taken_is_refused_and_a_page_instead_of_a_list_is_unavailable() -> None:
    assert isinstance(fault_of(lambda: always(httpx2.Response(413, text="<html>too large</html>")).system.send(CREATE)), Refused)
    assert isinstance(fault_of(lambda: list(always(httpx2.Response(404, text="<html>")).system.pages("customer"))), Unavailable)


@pytest.mark.parametrize("status", (200, 429))
def test_an_allowance_used_up_says_when_to_ask_again(status: int) -> None:
    words = "Request limit reached. Requests will be accepted again from 2026-03-02 10:31:00."
    calls: tuple[Callable[[System], object], ...] = (lambda system: system.send(CREATE), lambda system: system.identify())

    for call in calls:
        system = always(answer({"ERRORS": [words]}, status)).system
        fault = fault_of(partial(call, system))
        assert isinstance(fault, TryLater)
        assert fault.at == dt.datetime(2026, 3, 2, 9, 31, tzinfo=dt.UTC)  # told in the time of Berlin


def test_an_allowance_used_up_without_a_time_waits_some_minutes() -> None:
    fault = fault_of(always(answer({"ERRORS": ["too many requests"]}, 429)).system.identify)

    assert isinstance(fault, TryLater)
    assert fault.at == dt.datetime(2026, 3, 2, 9, 5, tzinfo=dt.UTC)


def test_a_refused_field_that_speaks_of_a_limit_is_still_a_refusal() -> None:
    assert isinstance(fault_of(lambda: always(answer({"ERRORS": ["missing / invalid field: REQUEST_LIMIT"]})).system.send(CREATE)), Refused)


# --- after a lost answer ---


def test_a_lost_customer_is_searched_by_its_email_and_compared_in_full() -> None:
    twin = rows.COMPANY | {"CUSTOMER_ID": "4800", "ORGANIZATION": "Möbelwerk Ötting Verwaltung"}
    account = always(listed("CUSTOMERS", rows.COMPANY, twin))
    body = Party(type="company", name="Möbelwerk Ötting GmbH", email="einkauf@oetting.example")

    found = account.system.probe(Write(operation="create", side="b", kind="party", body=body))

    assert [raw.key for raw in found] == ["4711"]
    assert account.asked[0]["FILTER"] == {"TERM": "einkauf@oetting.example"}


def test_a_lost_customer_is_searched_by_its_number_where_we_number_else_by_its_name() -> None:
    body = Party(type="company", name="Möbelwerk Ötting GmbH", number="K-0012")
    write = Write(operation="create", side="b", kind="party", body=body)
    ours, theirs = Account(lambda _: answer([]), own_numbers=True), Account(lambda _: answer([]))

    assert ours.system.probe(write) == theirs.system.probe(write) == ()
    assert ours.asked[0]["FILTER"] == {"CUSTOMER_NUMBER": "K-0012"}
    assert theirs.asked[0]["FILTER"] == {"TERM": "Möbelwerk Ötting GmbH"}


def test_a_lost_estimate_is_found_among_its_customers_by_our_reference() -> None:
    other = rows.ESTIMATE | {"ESTIMATE_ID": "10", "ITEMS": []}
    account = always(listed("ESTIMATES", other, rows.ESTIMATE))
    write = Write(operation="create", side="b", kind="quote", body=Document(type_code="310"), owner="4711", reference=rows.REFERENCE)

    assert [raw.key for raw in account.system.probe(write)] == ["9"]
    assert account.asked[0]["FILTER"] == {"CUSTOMER_ID": "4711"}


# --- files ---

PDF = b"%PDF-1.7\nRegal\n%%EOF\n"


def fetch(account: Account, folder: Path, limit: int = 1000) -> Any:
    raw = rows.raw("estimate", rows.ESTIMATE)
    (record,) = account.system.records(raw)
    return account.system.fetch_file(record, folder, limit)


def test_a_file_is_fetched_without_credentials_and_told_by_its_hash(tmp_path: Path) -> None:
    account = always(answer([]))
    account.files = [httpx2.Response(200, content=PDF)]

    fetched = fetch(account, tmp_path)

    assert fetched.path.read_bytes() == PDF
    assert (fetched.size, fetched.media_type, len(fetched.sha256)) == (len(PDF), "application/pdf", 64)
    assert "Authorization" not in account.links[0].headers
    assert account.asked == []


def test_a_stale_link_is_renewed_once(tmp_path: Path) -> None:
    account = always(listed("ESTIMATES", rows.ESTIMATE | {"DOCUMENT_URL": "https://portal.fastbill.com/download/fresh"}))
    account.files = [httpx2.Response(200, text="<html>abgelaufen</html>"), httpx2.Response(200, content=PDF)]

    assert fetch(account, tmp_path).size == len(PDF)
    assert [request.url.path for request in account.links] == ["/download/token-of-today", "/download/fresh"]
    assert len(account.asked) == 1


def test_a_file_that_is_no_pdf_even_after_renewal_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    account = always(listed("ESTIMATES", rows.ESTIMATE))
    account.files = [httpx2.Response(200, text="<html>abgelaufen</html>"), httpx2.Response(200, text="GIF89a")]

    fault = fault_of(lambda: fetch(account, tmp_path))

    assert (type(fault), fault.code, fault.values["record"]) == (Refused, "file-not-pdf", "estimate:9")
    assert list(tmp_path.iterdir()) == []


def test_a_file_above_the_limit_is_refused_with_its_record(tmp_path: Path) -> None:
    account = always(answer([]))
    account.files = [httpx2.Response(200, content=PDF * 100)]

    fault = fault_of(lambda: fetch(account, tmp_path, limit=50))

    assert (type(fault), fault.code, fault.values["record"]) == (Refused, "file-too-large", "estimate:9")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_strange_host_is_not_followed(tmp_path: Path) -> None:
    account = always(answer([]))
    (record,) = account.system.records(rows.raw("estimate", rows.ESTIMATE, DOCUMENT_URL="https://evil.example/download/x"))

    assert isinstance(fault_of(lambda: account.system.fetch_file(record, tmp_path, 1000)), Refused)
    assert account.links == []


def test_a_document_that_is_gone_or_has_no_link_has_no_file(tmp_path: Path) -> None:
    account = always(answer([]))
    (record,) = account.system.records(rows.raw("estimate", rows.ESTIMATE, DOCUMENT_URL=""))

    assert isinstance(fault_of(lambda: account.system.fetch_file(record, tmp_path, 1000)), NotThere)


# --- what a connection can do ---


def test_the_plan_sets_the_allowance_and_the_notices() -> None:
    solo = Account(lambda _: answer([]), plan="solo").system.capabilities
    pro = Account(lambda _: answer([]), plan="pro").system.capabilities

    assert ([rule.limit for rule in solo.pace], [rule.limit for rule in pro.pace]) == ([50], [500])
    assert (solo.resource("customer").webhook, pro.resource("customer").webhook) == (False, True)


def test_a_change_starts_from_the_row_as_it_is_now() -> None:
    system = always(answer([])).system
    current: Raw = rows.raw("customer", rows.COMPANY)
    write = Write(operation="change", side="b", kind="party", key="4711", changes={"phone": "1"}, before={"phone": "08671 5550"})

    (command,) = system.compose(write, current)

    assert (command.operation, command.payload["PHONE"], command.payload["CITY"]) == ("customer.update", "1", "Winhöring")

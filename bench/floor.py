"""The same calls as a first sync, made by a loop that keeps nothing: ``python -m bench.floor ADDRESSES [FAN_OUT]``.

No store, no plan, no journal, no check of an answer: what is left is what the client library and the simulators cost.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.product import BOOKS_KEY, CRM_KEY, EMAIL
from unisono.connect.curl import Network
from unisono.connect.wire import Request

Row = dict[str, Any]


class Heard:
    """An answer as it came."""

    def __init__(self) -> None:
        self.status, self.parts = 0, list[bytes]()

    def head(self, status: int, headers: dict[str, str]) -> None:  # noqa: ARG002  # the hearer says so
        self.status = status

    def piece(self, data: bytes) -> None:
        self.parts.append(data)


class Client:
    """Calls to one vendor with its headers, over the product's own transport."""

    def __init__(self, **headers: str) -> None:
        self._network = Network(proxies=False)
        self._headers = headers

    def get(self, url: str) -> bytes:
        return self._call("GET", url, None)

    def post(self, url: str, body: Any) -> Any:
        return json.loads(self._call("POST", url, json.dumps(body).encode()))

    def _call(self, method: str, url: str, content: bytes | None) -> bytes:
        heard = Heard()
        headers = self._headers | ({"Content-Type": "application/json"} if content else {})
        self._network.carry(Request(method, url, headers, content), heard)
        if heard.status >= 300:
            raise RuntimeError(f"{method} {url}: {heard.status}")
        return b"".join(heard.parts)


class Floor:
    """A client for both vendors and the one thing it has to remember: which CRM record a customer became."""

    def __init__(self, addresses: dict[str, str], fan_out: int) -> None:
        self._crm, self._books = addresses["crm"], addresses["books"]
        self._a = Client(**{"X-apikey": CRM_KEY})
        self._b = Client(Authorization="Basic " + base64.b64encode(f"{EMAIL}:{BOOKS_KEY}".encode()).decode())
        self._pool = ThreadPoolExecutor(fan_out)
        self._made: dict[str, tuple[str, int]] = {}

    def run(self) -> int:
        """Makes every call of a first sync; returns how many customers and documents there were."""
        self._a.get(f"{self._crm}/user")
        self._page("customer", 0, 1)
        for resource in ("companies", "people", "deals", "tags"):
            self._a.get(f"{self._crm}/{resource}?page=1&perpage=250")
        customers = list(self._listed("customer"))
        people = [row for row in customers if row["CUSTOMER_TYPE"] == "business" and row["LAST_NAME"]]
        list(self._listed("contact"))
        documents = [*self._listed("estimate"), *self._listed("invoice")]
        for work, rows in ((self._customer, customers), (self._contact, people), (self._document, documents)):
            list(self._pool.map(work, rows))
        return len(customers) + len(documents)

    def _page(self, name: str, offset: int, limit: int) -> list[Row]:
        answer = self._b.post(self._books, {"SERVICE": f"{name}.get", "LIMIT": limit, "OFFSET": offset})["RESPONSE"]
        rows = answer.get(f"{name.upper()}S", []) if isinstance(answer, dict) else []
        return list(rows.values()) if isinstance(rows, dict) else rows

    def _listed(self, name: str) -> Iterator[Row]:
        offset = 0
        while True:
            rows = self._page(name, offset, 100)
            yield from rows
            offset += len(rows)
            if len(rows) < 100:
                return

    def _create(self, resource: str, row: Row) -> int:
        made = self._a.post(f"{self._crm}/{resource}", {"company" if resource == "companies" else "person": row})
        key = int(next(iter(made.values()))["id"])
        json.loads(self._a.get(f"{self._crm}/{resource}/{key}?includes=tags%20tels%20emails%20homepages%20addrs%20custom_fields"))
        return key

    def _customer(self, row: Row) -> None:
        place = {
            "street": row["ADDRESS"],
            "zip": row["ZIPCODE"],
            "city": row["CITY"],
            "country_code": row["COUNTRY_CODE"],
            "atype": "invoice",
        }
        company = row["CUSTOMER_TYPE"] == "business"
        name = {"name": row["ORGANIZATION"]} if company else {"name": row["LAST_NAME"], "first_name": row["FIRST_NAME"]}
        more = {
            "addrs_attributes": [place],
            "tels_attributes": [{"name": row["PHONE"], "atype": "office"}],
            "emails_attributes": [{"name": row["EMAIL"], "atype": "office"}],
        }
        resource = "companies" if company else "people"
        self._made[row["CUSTOMER_ID"]] = (resource, self._create(resource, name | more))

    def _contact(self, row: Row) -> None:
        held = [{"company_id": self._made[row["CUSTOMER_ID"]][1], "name": row["POSITION"], "primary_function": True}]
        self._create("people", {"name": row["LAST_NAME"], "first_name": row["FIRST_NAME"], "positions_attributes": held})

    def _document(self, row: Row) -> None:
        file = self._b.get(row["DOCUMENT_URL"])
        resource, key = self._made[row["CUSTOMER_ID"]]
        about = {"company_ids" if resource == "companies" else "person_ids": [key]}
        note = {"type": "ProtocolObjectNote", "badge": "note", "format": "plaintext", "name": "FastBill", "content": row["INVOICE_TITLE"]}
        made = self._a.post(f"{self._crm}/protocols", {"protocol": note | about})
        put = {"filename": "document.pdf", "content_type": "application/pdf", "data": base64.b64encode(file).decode()}
        self._a.post(f"{self._crm}/protocols/{next(iter(made.values()))['id']}/attachments", {"attachment": put})


def main(args: list[str]) -> None:
    """One run; prints one line of JSON."""
    started = time.perf_counter()
    records = Floor(json.loads(args[0]), int(args[1]) if len(args) > 1 else 4).run()
    sys.stdout.write(json.dumps({"records": records, "wall": time.perf_counter() - started, "cpu": time.process_time()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A simulated account and a client of it, in one process."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import Client, TestResponse

from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World
from unisono.sandbox.lexoffice import Lexoffice, make

LINE: dict[str, Any] = {
    "type": "custom",
    "name": "Kran",
    "quantity": 2,
    "unitName": "Stück",
    "unitPrice": {"currency": "EUR", "netAmount": 50, "taxRatePercentage": 19},
}
DATE = "2026-11-02T00:00:00.000+01:00"


class Caller:
    """An account without a limit of calls, in which fresh contacts can be used at once; settings change that."""

    def __init__(self, world: World | None = None, **settings: Any) -> None:
        self.world = world or World()
        self.world.storage.settings.update({"rate_limit": None, "fresh_seconds": 0} | settings)
        self.simulator: Lexoffice = make(self.world)
        self.http = Client(application(self.simulator, control=True))
        self.key = str(self.simulator.account.setting("api_key"))

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} | more.pop("headers", {})
        content = {} if body is None else {"json": body}
        return self.http.open(f"/v1/{path}", method=method, headers=headers, **content, **more)

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.send(method, path, body, **more)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.get_data(as_text=True))
        return answer.get_json() if answer.get_data() else None

    def get(self, path: str, **query: Any) -> Any:
        return self.ok("GET", path, query_string={name: str(value) for name, value in query.items()})

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status and content of a refusal."""
        answer = self.send(method, path, body, **more)
        assert answer.status_code >= 400, (method, path, answer.get_data(as_text=True))
        return answer.status_code, answer.get_json()

    def issues(self, method: str, path: str, body: Any = None, *, status: int = 406, **more: Any) -> list[tuple[str, str]]:
        """What the older shape complains of: source and key."""
        seen, said = self.refused(method, path, body, **more)
        assert seen == status, said
        return [(one["source"], one["i18nKey"]) for one in said["IssueList"]]

    def details(self, path: str, body: Any, *, method: str = "POST") -> list[tuple[str, str]]:
        """What the newer shape complains of: field and violation."""
        status, said = self.refused(method, path, body)
        assert status == 406, said
        return [(one["field"], one["violation"]) for one in said["details"]]

    # records

    def company(self, name: str = "Kranbau Riesig GmbH", *, roles: Any = None, **more: Any) -> str:
        company = {"name": name} | more.pop("company", {})
        body = {"version": 0, "roles": roles or {"customer": {}}, "company": company} | more
        return str(self.ok("POST", "contacts", body)["id"])

    def document(self, **more: Any) -> dict[str, Any]:
        """The body of a document that any kind accepts."""
        return {
            "voucherDate": DATE,
            "expirationDate": "2026-12-02T00:00:00.000+01:00",
            "address": {"name": "Laufkunde", "countryCode": "DE"},
            "lineItems": [LINE],
            "totalPrice": {"currency": "EUR"},
            "taxConditions": {"taxType": "net"},
            "shippingConditions": {"shippingType": "none"},
        } | more

    def make(self, path: str = "invoices", *, issued: bool = False, follows: str = "", **more: Any) -> str:
        query = ({"finalize": "true"} if issued else {}) | ({"precedingSalesVoucherId": follows} if follows else {})
        return str(self.ok("POST", path, self.document(**more), query_string=query)["id"])

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("voucherlist", **({"voucherType": "any", "voucherStatus": "any"} | query))["content"]
        return found

    def receipt(self, **more: Any) -> dict[str, Any]:
        category = next(one["id"] for one in self.get("posting-categories") if one["type"] == "outgo")
        item = {"amount": 119, "taxAmount": 19, "taxRatePercent": 19, "categoryId": category}
        body = {
            "type": "purchaseinvoice",
            "voucherNumber": "R-1",
            "voucherDate": "2026-10-30",
            "totalGrossAmount": 119,
            "totalTaxAmount": 19,
        }
        return body | {"taxType": "gross", "useCollectiveContact": True, "voucherItems": [item]} | more

    # the vendor's side

    def act(self, what: str, /, **values: Any) -> str:
        return str(self.simulator.act(what, {key: str(value) for key, value in values.items()})["id"])

    def truth(self, table: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.simulator.truth()[table]
        return rows

    def told(self) -> list[tuple[str, str]]:
        """What was delivered: event and resource. Empties the outbox."""
        outbox = [json.loads(one["body"]) for one in self.world.storage.settings.pop("outbox", [])]
        return [(one["eventType"], one["resourceId"]) for one in outbox]

    def listen(self, *events: str) -> list[str]:
        """Subscriptions; their ids."""
        return [
            self.ok("POST", "event-subscriptions", {"eventType": event, "callbackUrl": "https://hook.example/lxo"})["id"]
            for event in events
        ]

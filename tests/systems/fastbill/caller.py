"""A FastBill account in process, and a caller of its API that speaks plain HTTP: what the simulator's own tests use."""

from __future__ import annotations

import json
from base64 import b64encode
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import Client, TestResponse

from unisono.sandbox.fastbill import make
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World

PATH = "/api/1.0/api.php"
LOGIN = "Basic " + b64encode(b"buchhaltung@example.de:fb-0123456789abcdef").decode()
FIRM = {"CUSTOMER_TYPE": "business", "ORGANIZATION": "Kranbau Riesig GmbH", "ZIPCODE": "28195", "CITY": "Bremen", "COUNTRY_CODE": "DE"}
LINE = {"DESCRIPTION": "Montage", "QUANTITY": 2, "UNIT_PRICE": "95.50", "VAT_PERCENT": 19}


class Caller:
    """Calls one simulated account. Lists are arrays unless a test wants it otherwise."""

    def __init__(self, world: World | None = None, **settings: Any) -> None:
        self.world = world or World()
        self.world.storage.settings.update({"lists": "array", **settings})
        self.simulator = make(self.world)
        self.http = Client(application(self.simulator, control=True))

    def post(self, body: Any, *, login: str = LOGIN, content_type: str | None = "application/json") -> TestResponse:
        """Send a body (bytes as they are, anything else as JSON)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(PATH, data=raw, headers={"Authorization": login}, content_type=content_type)

    def envelope(self, service: str, filter_: Any = None, data: Any = None, **top: Any) -> dict[str, Any]:
        """Call a service and give the whole answer, numbers as Decimal."""
        body = {"SERVICE": service, **top}
        if filter_ is not None:
            body["FILTER"] = filter_
        if data is not None:
            body["DATA"] = data
        answer = json.loads(self.post(body).get_data(), parse_float=Decimal)
        assert isinstance(answer, dict)
        return answer

    def get(self, service: str, filter_: Any = None, **top: Any) -> Any:
        """The RESPONSE of a reading service."""
        return self.envelope(service, filter_, **top)["RESPONSE"]

    def do(self, service: str, **data: Any) -> Any:
        """The RESPONSE of a writing service."""
        return self.envelope(service, data=data)["RESPONSE"]

    def ok(self, service: str, **data: Any) -> Any:
        """The RESPONSE of a writing service that has to succeed."""
        response = self.do(service, **data)
        assert response.get("STATUS") == "success", response
        return response

    def errors(self, service: str, **data: Any) -> Any:
        """The ERRORS of a writing service that has to fail."""
        response = self.do(service, **data)
        assert "ERRORS" in response, response
        return response["ERRORS"]

    def customer(self, **data: Any) -> int:
        """A new customer's id."""
        made: int = self.ok("customer.create", **{**FIRM, **data})["CUSTOMER_ID"]
        return made

    def one(self, service: str, key: str, **filter_: Any) -> dict[str, Any]:
        """The only member of a list."""
        members = self.get(service, filter_)[key]
        assert len(members) == 1, members
        found: dict[str, Any] = members[0]
        return found

    def act(self, name: str, **values: str) -> str:
        """What a person does at the vendor's; the id as a text."""
        return str(self.simulator.act(name, values)["id"])

    def download(self, url: str) -> TestResponse:
        """Follow a link to a document, without a login."""
        return self.http.get(urlsplit(url).path)

"""A simulated portal and a client of it, in one process."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from werkzeug.test import Client, TestResponse

from unisono.sandbox.bitrix24 import Bitrix24, make
from unisono.sandbox.bitrix24.phpform import nested
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.world import World

HOOK = "/rest/1/b24sandboxhook01"


class Caller:
    """``call`` is a call with the incoming webhook, ``app`` one with the application's token; both answer the whole body."""

    def __init__(self, world: World | None = None, **settings: Any) -> None:
        self.world = world or World()
        self.world.storage.settings.update({"plan": "none"} | settings)
        self.simulator: Bitrix24 = make(self.world)
        self.http = Client(application(self.simulator, control=True))
        self._token: dict[str, Any] | None = None

    def post(self, method: str, body: Any = None, *, path: str = HOOK, **kwargs: Any) -> TestResponse:
        return self.http.post(f"{path}/{method}", json={} if body is None else body, **kwargs)

    def call(self, method: str, **params: Any) -> Any:
        answer = self.post(method, params)
        assert answer.status_code == 200, (method, answer.status_code, answer.get_data(as_text=True))
        return answer.get_json()

    def result(self, method: str, **params: Any) -> Any:
        return self.call(method, **params)["result"]

    def refused(self, method: str, /, *, by_app: bool = False, **params: Any) -> tuple[int, Any, str]:
        """Status, code and text of a refusal."""
        answer = self.post(method, params | {"auth": self.token}, path="/rest") if by_app else self.post(method, params)
        assert answer.status_code != 200, (method, answer.get_data(as_text=True))
        body = answer.get_json()
        return answer.status_code, body["error"], body["error_description"]

    # the application

    def tokens(self, **values: Any) -> Any:
        known = {"client_id": self.setting("client_id"), "client_secret": self.setting("client_secret")}
        return self.http.get("/oauth/token/", query_string=known | values).get_json()

    def login(self) -> dict[str, Any]:
        """Tokens by way of the browser."""
        there = self.http.get("/oauth/authorize/", query_string={"client_id": self.setting("client_id"), "state": "s-1"})
        assert there.status_code == 302
        back = dict(parse_qsl(there.headers["Location"].partition("?")[2]))
        assert back["state"] == "s-1"
        token: dict[str, Any] = self.tokens(grant_type="authorization_code", code=back["code"])
        return token

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = self.login()
        return str(self._token["access_token"])

    def app(self, method: str, **params: Any) -> Any:
        answer = self.post(method, params | {"auth": self.token}, path="/rest")
        assert answer.status_code == 200, (method, answer.status_code, answer.get_data(as_text=True))
        return answer.get_json()

    # the vendor's side

    def setting(self, name: str) -> Any:
        return self.simulator.portal.setting(name)

    def act(self, what: str, /, **values: Any) -> Any:
        return self.simulator.act(what, {key: str(value) for key, value in values.items()})["id"]

    def truth(self, table: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.simulator.truth()[table]
        return rows

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What was delivered: address and content as nested values. Empties the outbox."""
        outbox = self.world.storage.settings.pop("outbox", [])
        return [(one["url"], nested(parse_qsl(one["body"], keep_blank_values=True))) for one in outbox]

    # records

    def company(self, title: str = "Kranbau Riesig GmbH", **fields: Any) -> int:
        return int(self.result("crm.company.add", fields={"TITLE": title} | fields))

    def contact(self, name: str = "Ida", **fields: Any) -> int:
        return int(self.result("crm.contact.add", fields={"NAME": name} | fields))

    def item(self, entity: int, **fields: Any) -> int:
        return int(self.result("crm.item.add", entityTypeId=entity, fields=fields)["item"]["id"])

    def read(self, entity: int, key: int, **more: Any) -> Any:
        return self.result("crm.item.get", entityTypeId=entity, id=key, **more)["item"]

    def requisite(self, owner: int, **fields: Any) -> int:
        given = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": owner, "PRESET_ID": 1, "NAME": "Sitz"}
        return int(self.result("crm.requisite.add", fields=given | fields))

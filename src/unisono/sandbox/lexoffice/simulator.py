"""A lexoffice account as one object: key, limit, services, faults; then whoever listens is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World
from unisono.sandbox.lexoffice import acts, events, pages, permalinks, signing, truths
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import day, midnight, stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call, to_json
from unisono.sandbox.lexoffice.errors import Refused, framed, gateway, legacy, not_found, regular
from unisono.sandbox.lexoffice.limits import Limits, too_many
from unisono.sandbox.lexoffice.routes import asked, service

OWN_FAULTS = ("internal", "unavailable", "gateway-timeout-before", "payment-required", "forbidden", "number-race")
"""Answered instead of the work. ``gateway-timeout`` is a 504 behind the work: what was asked for is done."""
_LIFE = timedelta(days=731)


class Lexoffice:
    """The simulator of one account; see ``unisono.sandbox.kit.app.Simulator``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = Account(world)
        self.limits = Limits(self.account)

    def operation(self, request: Request) -> str:
        """Method and address, the id as a star: ``PUT contacts/*``; ``-`` for what is no address of the API."""
        return asked(request.method, request.path)[0] or "-"

    def handle(self, request: Request) -> Done:
        """Answer one request."""
        if request.path.startswith("/permalink/"):
            return Done(permalinks.opened(self.account, request.path))
        if request.path == signing.PUBLIC_PATH:
            return Done(Response(signing.public_pem(), mimetype="text/plain"))
        events.settle(self.account)
        name, key = asked(request.method, request.path)
        try:
            self._check(request, name)
            own = self._own_fault(f"{request.method} {request.path} {name}")
            self.account.by_api = True
            answer = service(name)(self.account, Call(request, key))
        except Refused as refusal:
            self.account.pending.clear()
            return Done(self._no(request, refusal), operation=name)
        finally:
            self.account.by_api = False
            request.close()
        events.settle(self.account)
        response = self._no(request, gateway(504, "Endpoint request timed out")) if own else self._yes(answer)
        return Done(response, operation=name, write=bool(answer.subject), subject=answer.subject)

    def throttled(self, request: Request) -> Response:
        """The bucket is empty."""
        return self._no(request, too_many())

    def unauthorised(self, request: Request) -> Response:
        """The key is not known."""
        return self._no(request, gateway(401, "Unauthorized"))

    def truth(self) -> dict[str, Any]:
        """All data of the account; see ``truths``."""
        return truths.truth(self.account)

    def page(self, request: Request) -> Response:
        """The page on which a person plays the account's own web pages."""
        return pages.page(self.account, request)

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        """What a person does there; see ``acts``. Raises ``KeyError`` and ``ValueError``."""
        return acts.act(self.account, name, values)

    def _check(self, request: Request, name: str) -> None:
        """Key, limit, contract, rights, address, in this order (guess). Raises ``Refused``."""
        account = self.account
        if not self._is_known(request):
            raise gateway(401, "Unauthorized")
        self.limits.admit()
        if account.setting("plan") != "XL":
            raise regular(402, "Payment Required")
        if not name:
            raise not_found()
        resource = name.partition(" ")[2].partition("/")[0]
        if resource in account.setting("forbidden"):
            raise regular(403, "Forbidden")

    def _is_known(self, request: Request) -> bool:
        account = self.account
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key or key.strip() != account.setting("api_key"):
            return False
        made = day(account.setting("key_made"))
        if made is not None and account.now() >= midnight(made) + _LIFE:
            events.drop_all(account)
            return False
        return True

    def _own_fault(self, call: str) -> bool:
        """A fault of this vendor: raises what is answered instead of the work; true if the answer behind the work is a 504."""
        faults = self.world.faults
        fault = faults.take(call, *OWN_FAULTS, "gateway-timeout") if faults.armed else None
        match fault.name if fault else "":
            case "internal":
                raise regular(500, "Internal server error or rate limit exceeded")
            case "unavailable":
                raise gateway(503, "Service Unavailable")
            case "gateway-timeout-before":
                raise gateway(504, "Endpoint request timed out")
            case "payment-required":
                raise regular(402, "Payment Required")
            case "forbidden":
                raise regular(403, "Forbidden")
            case "number-race":
                raise legacy(("roles.customer.number", "account_number_already_exists"))
            case name:
                return name == "gateway-timeout"

    def _yes(self, answer: Answer) -> Response:
        if answer.response is not None:
            answer.response.headers.update(self._headers())
            return answer.response
        if answer.status == 204:
            return Response(status=204, headers=self._headers())
        return Response(to_json(answer.body), answer.status, content_type="application/json", headers=self._headers())

    def _no(self, request: Request, refusal: Refused) -> Response:
        account = self.account
        number = account.mark("request", 32)
        number = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
        body = framed(refusal, request.path, stamp(account.now()), account.mark("trace", 12), number)
        headers = self._headers()
        if refusal.status == 401:
            del headers["X-Amzn-Trace-Id"]
            headers["X-Amzn-Errortype"] = "UnauthorizedException"
        return Response(to_json(body), refusal.status, content_type="application/json", headers=headers)

    def _headers(self) -> dict[str, str]:
        """What the gateway adds."""
        mark = self.account.mark("gateway", 40)
        return {"X-Amzn-Requestid": mark[:36], "X-Amz-Apigw-Id": mark[:15] + "=", "X-Amzn-Trace-Id": f"Root=1-{mark[:8]}-{mark[8:32]}"}

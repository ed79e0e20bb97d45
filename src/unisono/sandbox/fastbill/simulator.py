"""FastBill as one object: the endpoint, the login, the allowance, the downloads."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from unisono.sandbox.fastbill import acts, links, pages, quota, truths
from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.envelope import Call, answer, read
from unisono.sandbox.fastbill.errors import WRONG_CREDENTIALS, Refusal, shaped_errors, unknown_service
from unisono.sandbox.fastbill.services import NOT_SIMULATED, SERVICES
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World

PATH = "/api/1.0/api.php"
_READ = "fastbill.call"


class FastBill:
    """The simulator of one FastBill account; see ``unisono.sandbox.kit.app.Simulator``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account = Account(world)

    def operation(self, request: Request) -> str:
        """The service asked for, ``GET download`` for a document, ``-`` for what is no service."""
        if request.path.startswith(links.PATH):
            return links.operation(request)
        return _call(request).service[:80] or "-"

    def handle(self, request: Request) -> Done:
        """Answer one request."""
        if request.path.startswith(links.PATH):
            if request.method not in ("GET", "HEAD"):
                return Done(Response("", 405, headers={"Allow": "GET, HEAD"}))
            return links.serve(self.account, request)
        if request.path != PATH:
            if PATH.startswith(request.path.rstrip("/") + "/") and request.path.startswith("/api/1.0"):
                return Done(redirect(PATH, 301))
            return Done(Response("<html><body><h1>Not Found</h1></body></html>\n", 404, mimetype="text/html"))
        return self._serve(request)

    def throttled(self, request: Request) -> Response:
        """The rejection of a request for an allowance that is used up; accepted again in two minutes."""
        return self._refused(_call(request), quota.rejection(self.account, 120))

    def unauthorised(self, request: Request) -> Response:
        """The refusal of a login."""
        return self._refused(_call(request), _no_login())

    def truth(self) -> dict[str, Any]:
        """All data of the account; sums as texts, lists as lists."""
        return truths.truth(self.account)

    def page(self, request: Request) -> Response:
        """The page on which a person plays FastBill's own user interface."""
        return pages.page(self.account, request)

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        """What a person does in FastBill's own user interface; see ``acts``. Raises ``KeyError`` and ``ValueError``."""
        return acts.act(self.account, name, values)

    def _serve(self, request: Request) -> Done:
        call = _call(request)
        try:
            self._check_login(request)
            fault = self.world.faults.take(f"{request.method} {request.path} {call.service}", "quota") if self.world.faults.armed else None
            if fault:
                raise quota.rejection(self.account, fault.value or quota.WINDOW_SECONDS)
            quota.admit(self.account)
            service = SERVICES.get(call.service)
            if call.service in NOT_SIMULATED:
                raise Refusal(f"the simulator does not perform {call.service}", status=501)
            if service is None:
                raise unknown_service(call.service)
            done = service[0](self.account, call)
        except Refusal as refusal:
            return Done(self._refused(call, refusal), operation=call.service)
        quota.count(self.account)
        response = self._headed(answer(call, service[1], done.response))
        return Done(response, operation=call.service, write=bool(done.subject), subject=done.subject)

    def _check_login(self, request: Request) -> None:
        login = f"{self.account.setting('email')}:{self.account.setting('api_key')}".encode()
        said = request.headers.get("Authorization", "")
        scheme, _, value = said.partition(" ")
        expected = b64encode(login).decode()
        if scheme.lower() != "basic" or not hmac.compare_digest(value.strip().encode(), expected.encode()):
            raise _no_login()

    def _refused(self, call: Call, refusal: Refusal) -> Response:
        known = SERVICES[call.service][1] if call.service in SERVICES else None
        errors = {"ERRORS": shaped_errors(refusal.errors, self.account.setting("errors"))}
        return self._headed(answer(call, known, errors, status=refusal.status, headers=refusal.headers))

    def _headed(self, response: Response) -> Response:
        response.headers["Set-Cookie"] = f"FastBillSESSID={self.world.log.seq:026x}; path=/"
        return response


def _no_login() -> Refusal:
    return Refusal(WRONG_CREDENTIALS, status=401, headers={"WWW-Authenticate": 'Basic realm="FastBill"'})


def _call(request: Request) -> Call:
    """The request, read once: the frame asks for its operation before it asks for the work."""
    call = request.environ.get(_READ)
    if not isinstance(call, Call):
        call = request.environ[_READ] = read(request)
    return call

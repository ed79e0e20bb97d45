"""A Bitrix24 portal as one object: addresses, logins, limits, methods, batches; then whoever listens is told."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from unisono.sandbox.bitrix24 import acts, batch, documents, drive, events, oauth, pages, tokens, truths
from unisono.sandbox.bitrix24.directories import furnish
from unisono.sandbox.bitrix24.envelope import Call, Reply, parameters, time_block
from unisono.sandbox.bitrix24.errors import Refused, unknown_method
from unisono.sandbox.bitrix24.files import FIELD_FILE
from unisono.sandbox.bitrix24.limits import Limits, too_long, too_many
from unisono.sandbox.bitrix24.methods import METHODS, check_scope
from unisono.sandbox.bitrix24.phpform import to_json, to_xml
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.app import SHOWN_PATH
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World

_REST = re.compile(r"/rest/(?:(\d+)/([^/]+)/)?([^/]+?)(\.json|\.xml)?/?$", re.IGNORECASE)
_PARAMS = "bitrix24.parameters"
OWN_FAULTS = ("overload", "operation-limit", "expired", "renamed", "payment-required", "internal", "error-200")
"""Answered instead of the work; ``internal-after`` is answered behind it. ``batch-cut`` ends a batch after ``value`` commands with a 500."""


class Bitrix24:
    """The simulator of one portal; see ``unisono.sandbox.kit.app.Simulator``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.portal = Portal(world)
        self.limits = Limits(self.portal)

    def operation(self, request: Request) -> str:
        """The method in small letters; of a batch with the commands' methods behind it; ``-`` for what is no method."""
        found = _REST.match(request.path)
        if found is None:
            if request.path.startswith("/rest/"):
                request.environ[SHOWN_PATH] = "/rest/***"
                return "-"
            return request.path.strip("/").replace("/", ".")[:60] or "-"
        method = found[3].lower()
        if found[2]:
            request.environ[SHOWN_PATH] = request.path.replace(f"/{found[2]}/", "/***/", 1)
        if method != "batch":
            return method[:80]
        try:
            return " ".join(["batch", *dict.fromkeys(name for _, name, _ in batch.commands(_parameters(request)))])[:400]
        except Refused:
            return "batch"

    def handle(self, request: Request) -> Done:
        """Answer one request."""
        furnish(self.portal)
        found = _REST.match(request.path)
        if found is None:
            return self._beside(request)
        user, secret, word, ending = found[1], found[2], found[3].lower(), (found[4] or ".json").lower()
        if self.portal.setting("https_only") and request.scheme != "https":
            return self._answer(ending, Refused("INVALID_REQUEST", "Https required"))
        if user is None and word in ("download", "upload", FIELD_FILE.lower(), *documents.PATHS):
            return self._file(request, word, ending)
        try:
            return self._method(request, user, secret, word, ending)
        except Refused as refusal:
            self.portal.pending.clear()
            return self._answer(ending, refusal, operation=self.operation(request))

    def _method(self, request: Request, user: str | None, secret: str | None, method: str, ending: str) -> Done:
        portal = self.portal
        # The bucket is counted before anybody looks who is there.
        self.limits.admit(request.remote_addr or "")
        params = _parameters(request)
        login = tokens.by_webhook(portal, user, secret or "") if user is not None else tokens.by_token(portal, params.get("auth"))
        name = self.operation(request)
        fault = self._own_fault(f"{request.method} {request.path} {name}")
        if isinstance(fault, Response):
            return Done(fault, operation=name)
        params = {key: value for key, value in params.items() if key != "auth"}
        connector = str(params.pop("auth_connector", "") or "") if not method.startswith("event.") else ""
        with portal.working(login.user, connector=connector):
            if method == "batch":
                reply, whole = batch.run(self, Call("batch", params, login), request.path)
            else:
                reply, whole = self.perform(Call(method, params, login)), True
            events.settle(portal)
        if fault == "internal-after" or not whole:
            response = self._answer(ending, Refused("INTERNAL_SERVER_ERROR", "Internal server error", 500)).response
        else:
            time = self.time(method, reply)
            response = _response(ending, reply.members | {"time": time})
        # The commands of a batch are logged one by one; the batch itself is no write.
        write = bool(reply.subject) and method != "batch"
        return Done(response, operation=name, write=write, subject=reply.subject if write else "")

    def perform(self, call: Call) -> Reply:
        """One method. Raises ``Refused``; then nothing was done."""
        handler = METHODS.get(call.method)
        if handler is None:
            raise unknown_method(call.method)
        check_scope(call.login, call.method)
        self.limits.check(call.login, call.method)
        reply = handler(self.portal, call)
        spent = self.limits.spend(call.login, call.method)
        reply.beside.setdefault("_spent", spent)
        return reply

    def time(self, method: str, reply: Reply) -> dict[str, Any]:
        """The member ``time`` of an answer."""
        spent = reply.beside.pop("_spent", None)
        shown = spent if self.portal.setting("operating_shown") else None
        return time_block(self.world.clock.now(), self.portal.zone, self.limits.cost(method), shown)

    def throttled(self, request: Request) -> Response:
        """The bucket is full."""
        return self._answer(_ending(request), too_many()).response

    def unauthorised(self, request: Request) -> Response:
        """The webhook is gone, or the token is not known."""
        return self._answer(_ending(request), tokens.no_auth()).response

    def truth(self) -> dict[str, Any]:
        """All data of the portal; see ``truths``."""
        furnish(self.portal)
        return truths.truth(self.portal)

    def page(self, request: Request) -> Response:
        """The page on which a person plays the portal's own interface."""
        furnish(self.portal)
        return pages.page(self.portal, request)

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        """What a person does in the portal; see ``acts``. Raises ``KeyError`` and ``ValueError``."""
        furnish(self.portal)
        return acts.act(self.portal, name, values)

    def _own_fault(self, call: str) -> Response | str:
        """A fault of this vendor: an answer instead of the work, or its name."""
        faults = self.world.faults
        fault = faults.take(call, *OWN_FAULTS, "internal-after") if faults.armed else None
        match fault.name if fault else "":
            case "overload":
                refusal = Refused("OVERLOAD_LIMIT", "REST API is blocked due to overload.", 503)
            case "operation-limit":
                refusal = too_long()
            case "expired":
                refusal = tokens.expired()
            case "payment-required":
                refusal = Refused("PAYMENT_REQUIRED", "Payment required", 401)
            case "internal":
                refusal = Refused("INTERNAL_SERVER_ERROR", "Internal server error", 500)
            case "error-200":
                refusal = Refused("ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response", 200)
            case "renamed":
                path = call.split(" ")[1]
                return redirect(f"{self.portal.base}{path}", 302)
            case name:
                return name
        return _response(".json", refusal.body, refusal.status)

    def _answer(self, ending: str, refusal: Refused, *, operation: str = "") -> Done:
        return Done(_response(ending, refusal.body, refusal.status), operation=operation)

    def _file(self, request: Request, word: str, ending: str) -> Done:
        """Signed addresses: a file fetched, or posted."""
        if word == "upload":
            try:
                reply = drive.posted(self.portal, request)
            except Refused as refusal:
                return self._answer(ending, refusal, operation="upload")
            return Done(_response(ending, reply.members), operation="upload", write=True, subject=reply.subject)
        response = documents.fetched(self.portal, request, word) if word in documents.PATHS else drive.fetched(self.portal, request)
        if response is None:
            return self._answer(ending, tokens.no_auth(), operation=word)
        return Done(response, operation=word)

    def _beside(self, request: Request) -> Done:
        """The login server and what a browser would open."""
        path = request.path.rstrip("/")
        if path == "/oauth/authorize":
            return Done(oauth.authorize(self.portal, request))
        if path == "/oauth/token":
            response, made = oauth.token(self.portal, request)
            return Done(response, write=made, subject="tokens/0" if made else "")
        if path.startswith("/~") and (shown := documents.public(self.portal, path[2:])):
            return Done(shown)
        if path.startswith("/rest/api/"):
            return self._answer(".json", unknown_method(path.removeprefix("/rest/api/")))
        if path.startswith(("/disk/", "/bitrix/", "/crm/", "/company/")):
            return Done(Response("<html><body><h1>Bitrix24</h1><form>Log in</form></body></html>\n", mimetype="text/html"))
        return Done(Response("<html><body><h1>404 Not Found</h1><hr>nginx</body></html>\n", 404, mimetype="text/html"))


def _response(ending: str, body: dict[str, Any], status: int = 200) -> Response:
    if ending == ".xml":
        return Response(to_xml(body), status, content_type="text/xml; charset=utf-8")
    return Response(to_json(body), status, content_type="application/json; charset=utf-8")


def _ending(request: Request) -> str:
    found = _REST.match(request.path)
    return (found[4] or ".json").lower() if found else ".json"


def _parameters(request: Request) -> dict[str, Any]:
    """Read once: the frame asks for the operation before it asks for the work. Raises ``Refused``."""
    held = request.environ.get(_PARAMS)
    if held is None:
        held = request.environ[_PARAMS] = parameters(request)
    assert isinstance(held, dict)
    return held

"""CentralStationCRM as a whole: key, rate limit, routing; truth, acts and page for the sandbox."""

from __future__ import annotations

import math
import re
from collections import deque
from datetime import datetime
from functools import lru_cache
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.centralstation import account, acts, contacts, hooks, pages, protocols, subroutes
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.envelope import Call, Refused, answer, not_found, refused
from unisono.sandbox.centralstation.truth import truth
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import World

ROUTES = contacts.ROUTES | subroutes.ROUTES | protocols.ROUTES | hooks.ROUTES | account.ROUTES
WINDOW = 10.0
"""Seconds in which the setting ``rate_limit`` calls are allowed; sliding, for the account (both guesses)."""

_ID = re.compile(r"\d+$|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


@lru_cache(maxsize=8192)
def _route(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """``("PUT companies/#", ("4711",))`` for ``PUT /api/companies/4711.json``; nothing outside ``/api/``."""
    if not path.startswith("/api/"):
        return "", ()
    words = path.removeprefix("/api/").removesuffix("/").removesuffix(".json").split("/")
    ids = tuple(word for word in words if _ID.match(word))
    return f"{method} {'/'.join('#' if _ID.match(word) else word for word in words)}", ids


class CentralStation:
    """The simulator. Its settings and their defaults are ``book.DEFAULTS``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = Book(world)
        self._recent: deque[datetime] = deque()

    def operation(self, request: Request) -> str:
        """Method and path with ``#`` for ids: ``POST companies/#/tags``."""
        route = _route(request.method, request.path)[0]
        return route if route in ROUTES else f"{request.method} ?"

    def handle(self, request: Request) -> Done:
        """Check key and rate, do the work, tell the hooks."""
        try:
            route, ids = _route(request.method, request.path)
            call = Call(request, ids)
            self._check_key(call)
            self._check_rate()
            handler = ROUTES.get(route)
            if handler is None:
                raise not_found("address")
            done = handler(self.book, call)
        except Refused as refusal:
            response = answer(refusal.body, refusal.status)
            response.headers.update(refusal.headers)
            self.book.events.clear()
            return Done(response)
        if self.book.events:
            hooks.deliver(self.book)
        return done

    def _check_key(self, call: Call) -> None:
        """The key stands in a header, in the query, or in the JSON body."""
        key = call.request.headers.get("X-apikey") or call.args.get("apikey")
        if not key and call.request.method in ("POST", "PUT") and call.request.mimetype == "application/json":
            sent = call.body.get("apikey")
            key = sent if isinstance(sent, str) else None
        if key != self.book.setting("api_key"):
            raise _UNAUTHORISED

    def _check_rate(self) -> None:
        limit = self.book.setting("rate_limit")
        if limit is None:
            return
        now = self.world.clock.now()
        recent = self._recent
        while recent and (now - recent[0]).total_seconds() >= WINDOW:
            recent.popleft()
        if len(recent) >= limit:
            wait = WINDOW - (now - recent[0]).total_seconds() if recent else WINDOW
            raise _throttled(wait)
        recent.append(now)

    def throttled(self, request: Request) -> Response:  # noqa: ARG002
        """429 with ``Retry-After``."""
        refusal = _throttled(WINDOW)
        response = answer(refusal.body, refusal.status)
        response.headers.update(refusal.headers)
        return response

    def unauthorised(self, request: Request) -> Response:  # noqa: ARG002
        """401."""
        return answer(_UNAUTHORISED.body, 401)

    def truth(self) -> dict[str, Any]:
        """See ``truth.truth``."""
        return truth(self.book)

    def page(self, request: Request) -> Response:
        """The page where a person plays the CRM's side."""
        return pages.page(self.book, request)

    def act(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        """One action of a person in the CRM; see ``acts.ACTS``."""
        done = acts.act(self.book, name, values)
        hooks.deliver(self.book)
        return done


_UNAUTHORISED = refused(401, "unauthorized", "the API key is missing or not valid")


def _throttled(wait: float) -> Refused:
    seconds = str(max(1, math.ceil(wait)))
    body = {"description": f"more than the allowed calls in {WINDOW:.0f} seconds", "error": "too-many-requests"}
    return Refused(429, body, {"Retry-After": seconds})

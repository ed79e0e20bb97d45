"""Who comes in: asked at every door before anything else, by what the door itself declares. A door that declares nothing lets nobody in."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.routing import BaseRoute

from unisono.locale.languages import LANGUAGES
from unisono.store import pairs
from unisono.web.speech import preferred
from unisono.web.visit import Foreign, NotAllowed, SignInFirst, Visit
from unisono.wiring.people import role_of, who

NEEDED = "x-needs"
"""Where a route keeps the role it needs; it is also in the description of the API."""
ROLES = ("open", "view", "act", "admin")
SAFE = ("GET", "HEAD", "OPTIONS")
FIRST_ZONE = "Europe/Berlin"


def needed_by(route: BaseRoute | None) -> str:
    """What a door declares it needs; empty if it does not."""
    extra = getattr(route, "openapi_extra", None) or {}
    return str(extra.get(NEEDED, ""))


async def sent(request: Request) -> AsyncIterator[Mapping[str, Any]]:
    """The form that came with a request; nothing for any other kind of body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if request.method in SAFE or kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        yield FormData()
        return
    if kind == "multipart/form-data" and await run_in_threadpool(who, request.app.state.house, _secret(request)) is None:
        # Files are taken of nobody who is not signed in: they are large, and lie on a disk until the answer is given.
        yield FormData()
        return
    # A file that came along is gone when the answer has been given.
    async with request.form(max_files=1, max_fields=5000) as form:
        yield form


def gate(request: Request, form: Annotated[Mapping[str, Any], Depends(sent)]) -> Visit:
    """The visitor, let in. Raises ``SignInFirst``, ``NotAllowed``, ``Foreign``."""
    needs = needed_by(request.scope.get("route"))
    visit = _visit(request, form)
    if needs not in ROLES:
        raise NotAllowed
    if needs != "open" and visit.user is None:
        raise SignInFirst
    if request.method not in SAFE:
        _from_us(visit)
    if needs != "open" and not visit.may(needs):
        raise NotAllowed
    return visit


Visitor = Annotated[Visit, Depends(gate)]
"""What a page takes as its first parameter."""


def _visit(request: Request, form: Mapping[str, Any]) -> Visit:
    state = request.app.state
    secret = _secret(request)
    found = who(state.house, secret)
    language, zone = _reader(request, found[1].language if found else "", found[1].firms if found else None)
    visit = Visit(
        request=request,
        house=state.house,
        site=state.site,
        press=state.press,
        speech=state.press.speech(language, zone),
        form=form,
        secret=secret if found else request.cookies.get(state.site.door_cookie, ""),
    )
    if found:
        visit.session, visit.user = found
        visit.role = role_of(*found)
    request.state.visit = visit
    return visit


def _secret(request: Request) -> str:
    """A program says its key in a header, a browser has a cookie. Whoever says a key is judged by that alone."""
    said = request.headers.get("authorization", "")
    if said:
        kind, _, key = said.partition(" ")
        return key.strip() if kind.casefold() == "bearer" else ""
    return request.cookies.get(request.app.state.site.cookie, "")


def _from_us(visit: Visit) -> None:
    """A change comes from a page of ours, or from a program that says its key: browsers send cookies along with anybody's form."""
    request = visit.request
    if visit.session is not None and visit.session.kind == "program":
        return
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", "")
    if origin and not visit.site.is_ours_origin(origin, host):
        raise Foreign
    if not origin and request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Foreign
    carried = request.headers.get("x-csrf-token") or visit.given("csrf")
    if not visit.token or not hmac.compare_digest(visit.token.encode(), carried.encode()):
        raise Foreign


def _reader(request: Request, wanted: str, firms: tuple[str, ...] | None) -> tuple[str, str]:
    """Language and time zone: of the user, else of the browser, else of the firm."""
    with request.app.state.house.store.read() as conn:
        known = [firm for firm in pairs.firms(conn) if firms is None or firm["id"] in firms]
    first = known[0] if known else {"language": "en", "time_zone": FIRST_ZONE}
    if wanted in LANGUAGES:
        return wanted, first["time_zone"]
    return preferred(request.headers.get("accept-language", ""), first["language"]), first["time_zone"]

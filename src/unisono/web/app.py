"""The application: the doors of all pages and of the API, who is let in, what is said when something goes wrong."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from unisono import __version__
from unisono.locale.tell import tell
from unisono.model.errors import Refused, SystemFault
from unisono.store.refused import StoreRefused
from unisono.web import api, pages
from unisono.web.assets import Assets
from unisono.web.cards import CardDoors
from unisono.web.doors import API, Doors
from unisono.web.gate import ROLES, gate, needed_by
from unisono.web.hooks import HookDoors
from unisono.web.pages import demo
from unisono.web.render import Press
from unisono.web.shell import Shell, TooMuch
from unisono.web.site import Site
from unisono.web.speech import Speech, preferred
from unisono.web.visit import Foreign, NotAllowed, NotFound, SignInFirst, Visit
from unisono.wiring.effects import Effects
from unisono.wiring.guiding import Guide
from unisono.wiring.house import House
from unisono.wiring.making import Previews
from unisono.wiring.people import anybody
from unisono.wiring.receiving import Doorkeeper
from unisono.wiring.signing import Aways
from unisono.wiring.spreadsheet import BadSheet
from unisono.wiring.undoing import Undoings

log = logging.getLogger("unisono.web")
ABOUT = """Everything the pages do. A program sends its key as `Authorization: Bearer ...`; `x-needs` names the role each door needs."""
_static = Doors()


def make_app(house: House, site: Site, guide: Guide | None = None) -> FastAPI:
    """The pages and the API over one house; with a ``guide`` it is the demo, and has its page besides."""
    assets = Assets()
    app = _empty()
    app.state.house, app.state.site, app.state.assets = house, site, assets
    app.state.guide, more = guide, (demo,) if guide is not None else ()
    app.state.press, app.state.entries = Press(assets, house.clock.now), pages.entries(*more)
    app.state.previews = Previews(house, site.aside)
    app.state.effects = Effects(house, site.aside)
    app.state.undoings = Undoings(house, site.aside)
    app.state.aways = Aways(house)
    app.router.routes.extend(_routes(*more))
    _all_declared(app)
    _errors(app)
    app.add_middleware(Shell, site=site)
    app.state.doorkeeper = Doorkeeper(house=house)
    app.add_middleware(HookDoors, keeper=app.state.doorkeeper)
    app.add_middleware(CardDoors, house=house)
    return app


def _empty() -> FastAPI:
    return FastAPI(
        title="Unisono",
        version=__version__,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(gate)],
    )


@lru_cache(maxsize=2)
def _routes(*more: ModuleType) -> tuple[BaseRoute, ...]:
    """Every door, opened once a process: what a door needs to know of its house it finds with each request. Reading the signatures of two
    hundred of them takes half a second."""
    app = _empty()
    for doors in (_static, *pages.doors(*more), *api.doors()):
        doors.open(app)
    return tuple(app.routes)


def _all_declared(app: FastAPI) -> None:
    """A door that does not say what it needs is a mistake of ours: it must not even start."""
    silent = [str(getattr(route, "path", route)) for route in app.routes if needed_by(route) not in ROLES]
    if silent:
        raise RuntimeError(f"doors without a declared role: {silent}")


@_static.page("/static/{version}/{name:path}", needs="open")
def static_file(request: Request, version: str, name: str) -> Response:
    """A style sheet or script of ours."""
    found = request.app.state.assets.get(name)
    if found is None:
        raise NotFound
    age = "public, max-age=31536000, immutable" if version == found.version else "no-cache"
    return Response(found.body, media_type=found.type, headers={"cache-control": age})


@_static.get("/openapi.json", needs="view", include_in_schema=False)
def description(request: Request) -> JSONResponse:
    """What the API offers."""
    return JSONResponse(request.app.openapi())


@_static.get("/health", needs="open")
def health(request: Request) -> dict[str, str]:
    """Whether it is up, for whoever watches over it."""
    with request.app.state.house.store.read():
        return {"state": "up"}


def _errors(app: FastAPI) -> None:
    handled: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        SignInFirst: _sign_in,
        NotFound: lambda request, _: _said(request, 404, "error.not-found"),
        NotAllowed: lambda request, _: _said(request, 403, "error.not-allowed"),
        Foreign: lambda request, _: _said(request, 403, "error.foreign"),
        TooMuch: lambda request, _: _said(request, 413, "error.too-much"),
        RequestValidationError: _not_understood,
        HTTPException: _http,
        StoreRefused: _refused,
        SystemFault: _refused,
        BadSheet: _bad_sheet,
        Exception: _mistake,
    }
    for kind, answer in handled.items():
        app.add_exception_handler(kind, answer)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(API + "/")


def _sign_in(request: Request, _: Exception) -> Response:
    if _is_api(request):
        return _said(request, 401, "error.sign-in")
    to = "/signin" if anybody(request.app.state.house) else "/first"
    return RedirectResponse(to, status_code=303)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "error.not-found" if status in (404, 405) else "error.not-understood"
    return _said(request, status, code)


def _not_understood(request: Request, error: Exception) -> Response:
    # Where and what, never the value itself: it may be a key that was pasted into the wrong field.
    wrong = (
        [{"where": list(one["loc"]), "what": one["type"]} for one in error.errors()] if isinstance(error, RequestValidationError) else []
    )
    return _said(request, 422, "error.not-understood", wrong=wrong)


def _refused(request: Request, error: Exception) -> Response:
    """What a store or a vendor refuses in words of its own."""
    assert isinstance(error, StoreRefused | SystemFault)
    told = tell(error.code, error.values, _speech(request, request.app.state.press).language)
    # What is refused on its way out, or by the other side, was asked for wrongly; anything else is the other side's trouble.
    status = 503 if isinstance(error, StoreRefused) else 422 if isinstance(error, Refused) else 502
    return _said(request, status, error.code, told=told)


def _bad_sheet(request: Request, error: Exception) -> Response:
    """A file that is not taken."""
    assert isinstance(error, BadSheet)
    return _said(request, 422, error.code, told=tell(error.code, error.values, _speech(request, request.app.state.press).language))


def _mistake(request: Request, error: Exception) -> Response:
    """A mistake of ours: whoever runs it finds it by its number, whoever sees the page reads nothing else."""
    number = request.app.state.house.ids.new()
    trace = "".join(traceback.format_exception(error, limit=-8))
    log.error("%s", json.dumps({"error": number, "method": request.method, "path": request.url.path, "trace": trace}))
    return _said(request, 500, "error.ours", number=number)


def _said(request: Request, status: int, code: str, *, told: str = "", **more: object) -> Response:
    press: Press = request.app.state.press
    speech = _speech(request, press)
    text = told or str(speech.words(code, number=more.get("number", "")))
    if _is_api(request):
        return JSONResponse({"error": {"code": code, "told": text, **more}}, status_code=status)
    values = {"status": status, "told": text, "number": str(more.get("number", "")), "here": request.url.path}
    return HTMLResponse(press.page("error.html", speech, values), status_code=status)


def _speech(request: Request, press: Press) -> Speech:
    """The visitor's, where one came in before it went wrong."""
    visit = getattr(request.state, "visit", None)
    return visit.speech if isinstance(visit, Visit) else press.speech(preferred(request.headers.get("accept-language", ""), "en"), "UTC")

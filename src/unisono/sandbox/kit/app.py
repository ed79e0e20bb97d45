"""The frame around a simulator: faults before and after the work, the request log, and the control door ``/_sandbox/``.

A simulator hands in its routes as one callable; this frame turns it into a WSGI application.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.control import Control
from unisono.sandbox.kit.faults import Fault
from unisono.sandbox.kit.simulator import Done, Simulator

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BEFORE = ("status", "html", "rate", "unauthorised", "timeout-before")
AFTER = ("status-after", "truncate", "torn-json", "empty", "timeout-after", "reset-after")
"""The faults the frame performs for every simulator, before and after its work, besides ``delay``; other names are a simulator's own."""

DELAY = "unisono.delay"
"""WSGI environ key. A server that can wait puts ``0.0`` there, and waits for what it finds there once its lock is free;
without the key the fault ``delay`` moves the world's clock."""

SHOWN_PATH = "unisono.path"
"""WSGI environ key. A simulator whose paths carry a secret puts the path there as the log may show it, when it is asked for the operation."""

_SECRET = re.compile(r"((?:^|&)[^=&]*(?:key|token|secret|passw|auth)[^=&]*=)[^&]*", re.IGNORECASE)


class LostConnection(Exception):
    """The vendor's answer never arrives. ``done`` says whether the work was done; ``kind`` is ``timeout`` or ``reset``.

    In process a transport wrapper turns it into the HTTP client's own exception; a real server closes the socket without an answer.
    """

    def __init__(self, kind: str, *, done: bool) -> None:
        super().__init__(f"{kind} {'after' if done else 'before'} the work")
        self.kind = kind
        self.done = done


class CutBody(list[bytes]):
    """A body shorter than its declared length; a real server has to close the connection behind it."""


def application(simulator: Simulator, *, control: bool = False) -> WSGIApp:
    """The WSGI application of one vendor. ``control`` opens ``/_sandbox/`` to callers from this machine."""
    return _Frame(simulator, Control(simulator) if control else None)


class _Frame:
    def __init__(self, simulator: Simulator, control: Control | None) -> None:
        self.simulator = simulator
        self.world = simulator.world
        self.control = control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/_sandbox/"):
            door = self.control(request) if self.control else Response("not found\n", 404)
            return door(environ, start_response)
        operation = self.simulator.operation(request)
        call = f"{request.method} {request.path} {operation}"
        faults = self.world.faults
        if faults.armed and (delay := faults.take(call, "delay")):
            if DELAY in environ:
                environ[DELAY] += delay.value
            else:
                self.world.clock.advance(delay.value)
        else:
            delay = None
        if faults.armed and (fault := faults.take(call, *BEFORE)):
            return self._instead(request, operation, fault, environ, start_response)
        try:
            done = self.simulator.handle(request)
        except LostConnection as lost:
            self._log(request, operation, 0, write=lost.done, fault=lost.kind)
            raise
        except Exception as error:
            self._log(request, operation, 500, fault=f"simulator: {type(error).__name__}")
            raise
        operation = done.operation or operation
        if faults.armed and (fault := faults.take(call, *AFTER)):
            return self._spoil(request, operation, fault, done, environ, start_response)
        self._log(request, operation, done.response.status_code, done.write, done.subject, delay.name if delay else "")
        return done.response(environ, start_response)

    def _instead(
        self, request: Request, operation: str, fault: Fault, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """A fault before the work: nothing is done."""
        if fault.name == "timeout-before":
            self._log(request, operation, 0, fault=fault.name)
            raise LostConnection("timeout", done=False)
        if fault.name == "rate":
            response = self.simulator.throttled(request)
        elif fault.name == "unauthorised":
            response = self.simulator.unauthorised(request)
        else:
            response = _error_page(200 if fault.name == "html" else fault.value or 500)
        self._log(request, operation, response.status_code, fault=fault.name)
        return response(environ, start_response)

    def _spoil(
        self, request: Request, operation: str, fault: Fault, done: Done, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """A fault after the work: the vendor's data has changed, the answer does not say so."""
        response = done.response
        status = response.status_code
        if fault.name == "status-after":
            status = fault.value or 500
        self._log(request, operation, status, done.write, done.subject, fault.name)
        if fault.name == "timeout-after":
            raise LostConnection("timeout", done=True)
        if fault.name == "reset-after":
            raise LostConnection("reset", done=True)
        if fault.name == "status-after":
            return _error_page(status)(environ, start_response)
        body = response.get_data()
        keep = 0 if fault.name == "empty" else fault.value if 0 < fault.value < len(body) else len(body) // 2
        if fault.name == "truncate":
            response.headers["Content-Length"] = str(len(body))
            start_response(response.status, response.get_wsgi_headers(environ).to_wsgi_list())
            return CutBody([body[:keep]])
        response.set_data(body[:keep])
        return response(environ, start_response)

    def _log(self, request: Request, operation: str, status: int, write: bool = False, subject: str = "", fault: str = "") -> None:
        query: str = request.environ.get("QUERY_STRING", "")
        self.world.log.add(
            at=self.world.clock.now(),
            method=request.method,
            path=request.environ.get(SHOWN_PATH, request.path),
            query=_SECRET.sub(r"\1***", query) if query else "",
            status=status,
            write=write,
            operation=operation,
            subject=subject,
            fault=fault,
        )


def _error_page(status: int) -> Response:
    """What a proxy in front of a vendor says: HTML, whatever was asked for."""
    return Response(f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n", status, mimetype="text/html")

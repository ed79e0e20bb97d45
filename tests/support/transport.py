"""Talk to a simulator in process, with the failures a real connection would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import format_datetime
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import httpx2

from unisono.connect.wire import Hearer, Lost, Request, Transport
from unisono.sandbox.kit.app import LostConnection, WSGIApp
from unisono.sandbox.kit.world import SimClock

NEVER_MADE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class Carrier(httpx2.BaseTransport):
    """Carries a door's calls to whatever handles a request of the client library: its exceptions become what the network would say."""

    def carry(self, request: Request, hearer: Hearer) -> None:
        asked = httpx2.Request(request.method, request.url, headers=request.headers, content=request.content)
        try:
            response = self.handle_request(asked)
            try:
                headers = {name.lower(): value for name, value in response.headers.items()}
                hearer.head(response.status_code, headers)
                for piece in response.iter_bytes():
                    hearer.piece(piece)
            finally:
                response.close()
        except NEVER_MADE as error:
            raise Lost("no-connection", str(error), made=False) from None
        except httpx2.TimeoutException as error:
            raise Lost("timed-out", str(error)) from None
        except httpx2.DecodingError as error:
            raise Lost("answer-torn", str(error)) from None
        except httpx2.TransportError as error:
            raise Lost("connection-lost", str(error)) from None


class Answering(Carrier):
    """Answers every call with what ``answer`` gives or raises for it."""

    def __init__(self, answer: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self._inner = httpx2.MockTransport(answer)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._inner.handle_request(request)


class SimTransport(httpx2.BaseTransport):
    """A simulator as the network: for a door (``carry``, straight into the application) and for ``httpx2.Client(transport=...)``.

    A lost connection is ``Lost`` or ``ReadTimeout`` and ``ReadError``, and a body shorter than its declared length
    ``RemoteProtocolError``, as with a socket."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = app
        self._inner = httpx2.WSGITransport(app=app)  # type: ignore[arg-type]

    def carry(self, request: Request, hearer: Hearer) -> None:
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], None]:
            told[:] = [int(status.split(" ", 1)[0]), {name.lower(): value for name, value in headers}]
            return lambda _: None

        try:
            pieces = self._app(_environ(request), start)
        except LostConnection as lost:
            timed = lost.kind == "timeout"
            raise Lost("timed-out" if timed else "connection-lost", "timed out" if timed else "connection reset by peer") from None
        try:
            first = True
            for piece in pieces:
                # An application may name its headers as late as with its first piece.
                if first:
                    hearer.head(*told)
                    first = False
                if piece:
                    hearer.piece(piece)
            if first:
                hearer.head(*told)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = self._inner.handle_request(request)
        except LostConnection as lost:
            if lost.kind == "timeout":
                raise httpx2.ReadTimeout("timed out", request=request) from lost
            raise httpx2.ReadError("connection reset by peer", request=request) from lost
        declared = response.headers.get("Content-Length")
        if declared is None or request.method == "HEAD":
            return response
        assert isinstance(response.stream, httpx2.SyncByteStream)
        return httpx2.Response(
            response.status_code, headers=response.headers.raw, stream=_Counted(response.stream, int(declared), request), request=request
        )


class Dated:
    """A vendor whose answers say the hour by its own clock, as those of a server do."""

    def __init__(self, inner: Transport | None, clock: SimClock) -> None:
        assert inner is not None
        self._inner, self._clock = inner, clock

    def carry(self, request: Request, hearer: Hearer) -> None:
        self._inner.carry(request, _Dating(hearer, self._clock))

    def close(self) -> None:
        self._inner.close()


class _Dating:
    def __init__(self, hearer: Hearer, clock: SimClock) -> None:
        self._hearer, self._clock = hearer, clock
        self.piece = hearer.piece

    def head(self, status: int, headers: dict[str, str]) -> None:
        self._hearer.head(status, headers | {"date": format_datetime(self._clock.now(), usegmt=True)})


def _environ(request: Request) -> dict[str, Any]:
    """The call as a WSGI server would hand it over."""
    parts = urlsplit(request.url)
    content = request.content or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "RAW_URI": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(content),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if content or request.method not in ("GET", "HEAD"):
        environ["CONTENT_LENGTH"] = str(len(content))
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


class _Counted(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, declared: int, request: httpx2.Request) -> None:
        self._inner, self._declared, self._request = inner, declared, request

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        for chunk in self._inner:
            seen += len(chunk)
            yield chunk
        if seen < self._declared:
            raise httpx2.RemoteProtocolError(
                f"peer closed connection without sending complete message body (received {seen} bytes, expected {self._declared})",
                request=self._request,
            )

    def close(self) -> None:
        self._inner.close()

"""Talk to a simulator in process, with the failures a real connection would have."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from unisono.sandbox.kit.app import LostConnection, WSGIApp


class SimTransport(httpx2.BaseTransport):
    """``httpx2.Client(transport=SimTransport(app))``: a lost connection becomes ``ReadTimeout`` or ``ReadError``, and a body shorter than
    its declared length ``RemoteProtocolError``, as with a socket."""

    def __init__(self, app: WSGIApp) -> None:
        self._inner = httpx2.WSGITransport(app=app)  # type: ignore[arg-type]

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

"""Serve a simulator over a real socket: keep-alive, several connections, one request at a time inside the simulator."""

from __future__ import annotations

import errno
import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

from unisono.sandbox.kit.app import DELAY, CutBody, LostConnection, WSGIApp

_THREADS = 8


class Server:
    """A running server. ``url`` has no slash at its end; ``stop()`` closes it and waits for its thread."""

    def __init__(self, http: wsgi.Server, thread: threading.Thread, url: str) -> None:
        self._http = http
        self._thread = thread
        self.url = url

    @classmethod
    def start(
        cls, app: WSGIApp, host: str = "127.0.0.1", port: int = 0, *, allow_public: bool = False, tls: tuple[Path, Path] | None = None
    ) -> Server:
        """Serve ``app`` in a daemon thread; port 0 takes a free one. ``tls``: certificate and key, for https. Raises ``ValueError`` for a
        host that is not this machine (unless ``allow_public``), ``OSError`` if the port is taken."""
        if not allow_public and not _is_loopback(host):
            raise ValueError(f"a sandbox answers on this machine only, not on {host!r}")
        http = wsgi.Server(
            (host, port), _Socket(app), numthreads=_THREADS, request_queue_size=128, timeout=60, shutdown_timeout=1, server_name="sandbox"
        )
        if tls is not None:
            http.ssl_adapter = BuiltinSSLAdapter(str(tls[0]), str(tls[1]))
        http.expiration_interval = 0.1  # also how long stop() may wait
        http.keep_alive_conn_limit = 1000
        http.prepare()
        thread = threading.Thread(target=http.serve, name="sandbox-server", daemon=True)
        thread.start()
        shown = f"[{http.bind_addr[0]}]" if ":" in http.bind_addr[0] else http.bind_addr[0]
        return cls(http, thread, f"{'https' if tls else 'http'}://{shown}:{http.bind_addr[1]}")

    def stop(self) -> None:
        """Stop answering, close every connection, wait for the thread."""
        self._http.stop()
        self._thread.join(timeout=5)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Socket:
    """Between cheroot and the frame: reads the request before it takes the lock, and drops the connection where the frame says so.

    An ``OSError`` that means "the peer is gone" makes cheroot close the connection without a word; that is how an answer gets lost.
    """

    def __init__(self, app: WSGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("wsgi.input_terminated") or environ.get("CONTENT_LENGTH", "0") != "0":
            body = environ["wsgi.input"].read()
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        environ[DELAY] = 0.0
        try:
            with self._lock:
                answer = self._app(environ, start_response)
        except LostConnection as lost:
            raise ConnectionResetError(errno.ECONNRESET, str(lost)) from lost
        finally:
            if environ[DELAY]:
                time.sleep(environ[DELAY])
        return _cut(answer) if isinstance(answer, CutBody) else answer


def _cut(answer: Iterable[bytes]) -> Iterator[bytes]:
    yield from answer
    raise ConnectionResetError(errno.ECONNRESET, "the body is cut here")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

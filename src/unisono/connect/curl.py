"""The network, by libcurl: connections kept alive, certificates checked, and no write ever sent twice (docs/decisions/0014)."""

from __future__ import annotations

import math
import os
import select
import ssl
import threading
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pycurl

from unisono.connect.wire import Hearer, Lost, Request

_CONNECT = 10.0
"""Seconds a connection may take to be made: who is there answers sooner."""
_IDLE = 16
"""Connections kept for the next call."""
_TIMED_OUT = pycurl.E_OPERATION_TIMEDOUT
_NEVER_MADE = (
    pycurl.E_UNSUPPORTED_PROTOCOL,
    pycurl.E_URL_MALFORMAT,
    pycurl.E_COULDNT_RESOLVE_PROXY,
    pycurl.E_COULDNT_RESOLVE_HOST,
    pycurl.E_COULDNT_CONNECT,
    _TIMED_OUT,
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_ISSUER_ERROR,
    97,  # CURLE_PROXY, which has no name here
)
_TORN = (pycurl.E_PARTIAL_FILE, pycurl.E_BAD_CONTENT_ENCODING)


class Network:
    """Carries calls over the network (``wire.Transport``). ``ca_file``: whom to trust instead of the machine's own list; ``proxies``: as
    the environment says, or none."""

    def __init__(self, *, ca_file: str = "", proxies: bool = True) -> None:
        self._ca_file, self._proxies = ca_file, proxies
        self._idle: list[tuple[pycurl.Curl, int]] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the connections kept alive."""
        with self._lock:
            idle, self._idle = self._idle, []
        for handle, _ in idle:
            handle.close()

    def carry(self, request: Request, hearer: Hearer) -> None:
        """One call; see ``wire.Transport``."""
        with self._lock:
            handle, line = self._idle.pop() if self._idle else (pycurl.Curl(), -1)
        try:
            self._prepare(handle, request)
            if request.write and line >= 0 and _hung_up(line):
                handle.setopt(pycurl.FRESH_CONNECT, 1)
            _perform(handle, request, hearer)
        finally:
            line = handle.getinfo(pycurl.ACTIVESOCKET)
            # ``reset`` forgets the key and the address and keeps the connection.
            handle.reset()
            with self._lock:
                kept = len(self._idle) < _IDLE
                if kept:
                    self._idle.append((handle, line))
            if not kept:
                handle.close()

    def _prepare(self, handle: pycurl.Curl, request: Request) -> None:
        put = handle.setopt
        put(pycurl.URL, request.url)
        put(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        put(pycurl.PATH_AS_IS, 1)
        put(pycurl.NOSIGNAL, 1)
        put(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        put(pycurl.ACCEPT_ENCODING, "gzip")
        put(pycurl.CONNECTTIMEOUT_MS, int(min(request.timeout, _CONNECT) * 1000))
        put(pycurl.TIMEOUT_MS, int(request.patience * 1000))
        put(pycurl.LOW_SPEED_LIMIT, 1)
        put(pycurl.LOW_SPEED_TIME, max(1, math.ceil(request.timeout)))
        if not self._proxies:
            put(pycurl.NOPROXY, "*")
        if request.url.startswith("https:"):
            self._trust(handle)
        if request.address:
            put(pycurl.CONNECT_TO, [_instead(request)])
        _body(handle, request)
        # "Expect" would have large bodies wait a second for a word most vendors never say.
        put(pycurl.HTTPHEADER, [*(f"{name}: {value}" if value else f"{name};" for name, value in request.headers.items()), "Expect:"])

    def _trust(self, handle: pycurl.Curl) -> None:
        handle.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        handle.setopt(pycurl.SSL_VERIFYPEER, 1)
        handle.setopt(pycurl.SSL_VERIFYHOST, 2)
        file, folder = (self._ca_file, "") if self._ca_file else _trusted()
        if file:
            handle.setopt(pycurl.CAINFO, file)
        if folder:
            handle.setopt(pycurl.CAPATH, folder)


def _body(handle: pycurl.Curl, request: Request) -> None:
    """The body, given so that libcurl cannot send a write a second time.

    Left alone it repeats a call whose kept-alive connection died before any answer, and the vendor may have done the first. What it reads
    from us piece by piece it cannot rewind; a write without a body goes over a connection of its own.
    """
    content = request.content
    if content is None and request.method in ("GET", "HEAD"):
        handle.setopt(pycurl.NOBODY, 1) if request.method == "HEAD" else handle.setopt(pycurl.HTTPGET, 1)
    elif request.write and content:
        handle.setopt(pycurl.UPLOAD, 1)
        handle.setopt(pycurl.INFILESIZE_LARGE, len(content))
        handle.setopt(pycurl.READFUNCTION, BytesIO(content).read)
        handle.setopt(pycurl.SEEKFUNCTION, _no_second_time)
    else:
        if content is not None or request.method in ("POST", "PUT", "PATCH"):
            handle.setopt(pycurl.POST, 1)
            handle.setopt(pycurl.POSTFIELDSIZE_LARGE, len(content or b""))
            handle.setopt(pycurl.POSTFIELDS, content or b"")
        handle.setopt(pycurl.FRESH_CONNECT, int(request.write))
    handle.setopt(pycurl.CUSTOMREQUEST, request.method)


def _hung_up(line: int) -> bool:
    """Whether the other side closed a kept connection meanwhile. libcurl looks only after a second of idleness, and a write would be lost."""
    watch = select.poll()
    watch.register(line, select.POLLIN)
    return bool(watch.poll(0))


def _no_second_time(offset: int, origin: int) -> int:  # noqa: ARG001  # libcurl's arguments
    return int(pycurl.SEEKFUNC_FAIL)


def _perform(handle: pycurl.Curl, request: Request, hearer: Hearer) -> None:
    ear = _Ear(hearer)
    handle.setopt(pycurl.HEADERFUNCTION, ear.line)
    handle.setopt(pycurl.WRITEFUNCTION, ear.piece)
    lost: Lost | None = None
    try:
        handle.perform()
    except pycurl.error as error:
        lost = _lost(handle, int(error.args[0]), request)
    if ear.mistake is not None:
        raise ear.mistake
    if lost is None and not ear.told:
        lost = Lost("connection-lost", "no answer")
    if lost is not None:
        # Raised outside the handler, so that libcurl's own error, with whatever it holds, is not chained to it.
        raise lost


def _lost(handle: pycurl.Curl, number: int, request: Request) -> Lost:
    reason = handle.errstr() or f"error {number}"
    # Not a byte of the call has left, and the reason is of that kind. After that nobody here knows whether it was acted on.
    if number in _NEVER_MADE and not handle.getinfo(pycurl.REQUEST_SIZE):
        return Lost("no-connection", reason, made=False)
    if number == _TIMED_OUT:
        return Lost("timed-out", f"no whole answer within {request.timeout:g} s")
    return Lost("answer-torn" if number in _TORN else "connection-lost", reason)


class _Ear:
    """Puts libcurl's callbacks together: header lines into a head, pieces as they come, and what the hearer raises kept for afterwards."""

    def __init__(self, hearer: Hearer) -> None:
        self._hearer = hearer
        self._status = 0
        self._headers: dict[str, str] = {}
        self.told = False
        self.mistake: BaseException | None = None

    def line(self, raw: bytes) -> int:
        return self._guarded(self._line, raw)

    def piece(self, data: bytes) -> int:
        return self._guarded(self._hearer.piece, data)

    def _line(self, raw: bytes) -> None:
        text = raw.decode("latin-1").strip("\r\n")
        if self.told:
            return
        if text.startswith("HTTP/"):
            self._status, self._headers = int(text.split(" ", 2)[1]), {}
        elif text:
            name, _, value = text.partition(":")
            key, value = name.strip().lower(), value.strip()
            self._headers[key] = f"{self._headers[key]}, {value}" if key in self._headers else value
        elif self._status >= 200:
            self.told = True
            self._hearer.head(self._status, self._headers)

    def _guarded(self, take: Callable[[bytes], None], data: bytes) -> int:
        if self.mistake is not None:
            return 0
        try:
            take(data)
        except BaseException as mistake:  # noqa: BLE001  # raised again when libcurl has let go
            self.mistake = mistake
            return 0
        return len(data)


def _instead(request: Request) -> str:
    parts = urlsplit(request.url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    address = f"[{request.address}]" if ":" in request.address else request.address
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{host}:{port}:{address}:{port}"


@cache
def _trusted() -> tuple[str, str]:
    """File and folder of the authorities this machine trusts; where it keeps no list, certifi's."""
    paths = ssl.get_default_verify_paths()
    file = os.environ.get(paths.openssl_cafile_env) or paths.cafile or ""
    folder = os.environ.get(paths.openssl_capath_env) or paths.capath or ""
    if file and Path(file).is_file():
        return file, ""
    if folder and Path(folder).is_dir() and any(Path(folder).iterdir()):
        return "", folder
    import certifi

    return certifi.where(), ""

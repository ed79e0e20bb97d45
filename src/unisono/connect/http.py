"""The one door to the network: host check, pace, redaction, and an honest word for an answer that never came.

A client asks ``Door.call`` and judges the status itself. What the door raises says what is known of the other side: ``Unavailable`` and
``TryLater`` (nothing was changed), ``Unclear`` (a write that may have been done), ``BadAnswer``, ``Refused`` (not the vendor's address).
"""

from __future__ import annotations

import base64
import contextlib
import http.cookiejar
import logging
import os
import ssl
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx2

import unisono
from unisono.connect import exact
from unisono.connect.clock import Clock
from unisono.connect.hosts import checked_url
from unisono.connect.pace import Pace
from unisono.connect.redact import Redactor
from unisono.connect.reply import Reply, retry_at
from unisono.model.errors import BadAnswer, LoginRefused, Refused, TryLater, Unavailable, Unclear
from unisono.model.secret import Secret

Transport = httpx2.BaseTransport
"""What carries calls: ``None`` at the door is the network itself, tests hand in a simulator."""

__all__ = ["BODY_LIMIT", "Door", "Reply"]

BODY_LIMIT = 50 * 1024 * 1024
_PAUSES = (0.5, 2.0)
_PATIENCE = 2.0
"""Seconds a lane waits for pace on the spot; a longer wait is a due time."""
_SLOWEST, _SLOWEST_FILE = 4, 20
"""So many time-outs an answer or a file may take in all, however steadily it drips."""
_PAUSE_AT_429 = 10.0
_HEAD = 512

# The client library logs every URL at INFO and every header at DEBUG, keys included.
for _talkative in ("httpx2", "httpcore2"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: httpx2.URL
    headers: dict[str, str]
    content: bytes | None
    write: bool
    label: str


@dataclass(frozen=True, slots=True)
class _Lost:
    """Why no whole answer came. ``made``: whether the connection was, so that the vendor may have acted."""

    code: str
    reason: str
    made: bool = True


class _TooLarge(Exception):
    pass


class _TooSlow(Exception):
    pass


class _Torn(Exception):
    pass


_BROKEN = (httpx2.TransportError, httpx2.DecodingError, _TooLarge, _TooSlow, _Torn)
_NEVER_MADE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol)


class Door:
    """One vendor account's way out. Threads may share it; ``close`` it in the end."""

    def __init__(
        self,
        *,
        transport: httpx2.BaseTransport | None,
        hosts: tuple[str, ...],
        pace: Pace,
        clock: Clock,
        secrets: tuple[Secret, ...] = (),
        timeout: float = 30.0,
        body_limit: int = BODY_LIMIT,
        tries: int = 3,
        insecure_loopback: bool = False,
        pinned: Mapping[str, str] | None = None,
    ) -> None:
        """``hosts`` are exact names or ``*.suffix``, with ``:port`` where it is not 443. ``pinned`` names the address to connect to for a
        host that a user gave (``hosts.check_host``). ``insecure_loopback`` lets plain http reach this machine's own simulators.
        """
        self._transport, self._hosts, self._pace, self._clock = transport, hosts, pace, clock
        self._timeout, self._body_limit, self._tries = timeout, body_limit, max(1, tries)
        self._insecure_loopback = insecure_loopback
        self._pinned = dict(pinned or {})
        self._redact = Redactor(secrets)
        self._clients: dict[bool, httpx2.Client] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Door({', '.join(self._hosts)})"

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections kept alive; a later call opens new ones."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def call(
        self,
        method: str,
        url: str,
        *,
        params: Sequence[tuple[str, str | Secret]] = (),
        headers: Mapping[str, str | Secret] | None = None,
        login: tuple[str, Secret] | None = None,
        json: object = None,
        content: bytes | None = None,
        write: bool = False,
        paced: bool = True,
        definite: Container[int] = (),
        wait_at_429: float = 10.0,
    ) -> Reply:
        """One call; every status but 429 and an unexpected 5xx comes back as a ``Reply``. Redirects are never followed.

        ``login`` is HTTP Basic. ``json`` takes ``Decimal`` and ``Secret``. ``definite`` are 5xx statuses the client wants to judge itself.
        Raises ``Unavailable`` (nothing was changed), ``Unclear`` (a write: time-out, reset, torn body, 5xx), ``TryLater`` (429 or pace),
        ``BadAnswer`` (a read: too large), ``LoginRefused`` (a key that cannot be sent), ``Refused`` (an address that is not the vendor's).
        """
        address = checked_url(self._with_query(url, params), self._hosts, insecure_loopback=self._insecure_loopback)
        sent = self._headers(dict(headers or {}), login)
        if json is not None:
            content = _json_body(method, json)
            sent = {"Content-Type": "application/json"} | sent
        label = self._redact(f"{method} {address.host}{address.path}")[:200]
        call = _Call(method, address, {"Accept": "application/json"} | sent, content, write, label)

        def once() -> Reply:
            if paced:
                self._wait_for_pace(call)
            got = self._exchange(call, self._timeout * _SLOWEST, self._body)
            if paced:
                # What may have arrived counts; only what never left, or was turned away, does not.
                arrived = got.made if isinstance(got, _Lost) else got.status != 429
                (self._pace.succeeded if arrived else self._pace.rejected)()
            return self._judged(call, got, definite, wait_at_429, self._pace if paced else None)

        return self._repeated(call, once)

    def download(self, url: str, path: Path, *, limit: int, hosts: tuple[str, ...] = ()) -> Reply:
        """GETs a file without credentials and outside the pace, streamed to ``path``, which appears only when it is whole (status 200).

        ``hosts`` replaces the door's own. The reply's body is the first 512 bytes. Raises ``Refused`` (``file-too-large``, or not an
        allowed address), ``Unavailable``, ``TryLater``.
        """
        address = checked_url(url, hosts or self._hosts, insecure_loopback=self._insecure_loopback)
        # A link to a file may carry its token in the path: the label names the host alone.
        call = _Call("GET", address, {"Accept": "*/*"}, None, False, f"GET {address.host}")
        part = path.with_name(path.name + ".part")

        def stream(response: httpx2.Response, chunks: Iterator[bytes]) -> bytes:
            if response.status_code != 200:
                return next(chunks, b"")[:_HEAD]
            head, size = b"", 0
            with part.open("wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise _TooLarge
                    head = (head + chunk)[:_HEAD] if len(head) < _HEAD else head
                    file.write(chunk)
            _check_length(response, size)
            return head

        def once() -> Reply:
            got = self._exchange(call, self._timeout * _SLOWEST_FILE, stream)
            if isinstance(got, _Lost) and got.code == "answer-too-large":
                raise Refused("file-too-large", {"call": call.label, "limit": str(limit)})
            reply = self._judged(call, got, (), _PAUSE_AT_429, None)
            if reply.status == 200:
                os.replace(part, path)
            return reply

        try:
            return self._repeated(call, once)
        finally:
            part.unlink(missing_ok=True)

    def _headers(self, headers: dict[str, str | Secret], login: tuple[str, Secret] | None) -> dict[str, str]:
        secrets = [value for value in headers.values() if isinstance(value, Secret)]
        if login is not None:
            basic = Secret(base64.b64encode(f"{login[0]}:{login[1].reveal()}".encode()).decode())
            secrets += [login[1], basic]
            headers["Authorization"] = Secret(f"Basic {basic.reveal()}")
        self._learn(*secrets)
        return {name: _header(name, value) for name, value in headers.items()}

    def _learn(self, *secrets: Secret) -> None:
        with self._lock:
            self._redact = self._redact.plus(*secrets)

    def _with_query(self, url: str, params: Sequence[tuple[str, str | Secret]]) -> str:
        if not params:
            return url
        self._learn(*(value for _, value in params if isinstance(value, Secret)))
        pairs = [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in params]
        address, hash_, fragment = url.partition("#")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs, quote_via=quote, errors='replace')}{hash_}{fragment}"

    def _wait_for_pace(self, call: _Call) -> None:
        waited = 0.0
        while (at := self._pace.take()) is not None:
            # Another worker may take the slot meanwhile, so the patience is for all the waits together.
            pause = max((at - self._clock.now()).total_seconds(), 0.01)
            waited += pause
            if waited >= _PATIENCE:
                raise TryLater("pace", {"call": call.label}, at=at)
            self._clock.sleep(pause)

    def _repeated(self, call: _Call, once: Callable[[], Reply]) -> Reply:
        for attempt in range(self._tries):
            try:
                return once()
            except Unavailable as fault:
                # A vendor that names its own hour is not asked before it.
                if call.write or attempt == self._tries - 1 or "retry_after" in fault.values:
                    raise
            self._clock.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        raise AssertionError("the last try returns or raises")

    def _exchange(self, call: _Call, patience: float, take: Callable[[httpx2.Response, Iterator[bytes]], bytes]) -> Reply | _Lost:
        # Everything is caught here and returned as a value: the library's exceptions hold the request, and with it the key.
        try:
            with contextlib.closing(self._send(call)) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                try:
                    body = take(response, self._in_time(response, patience))
                except _BROKEN:
                    if response.status_code != 429:
                        raise
                    body = b""
                return Reply(response.status_code, headers, body, call.write, call.label, self._redact)
        except _NEVER_MADE as error:
            return self._lost("no-connection", error, made=False)
        except (httpx2.TimeoutException, _TooSlow) as error:
            return self._lost("timed-out", error)
        except _TooLarge as error:
            return self._lost("answer-too-large", error)
        except (httpx2.DecodingError, _Torn) as error:
            return self._lost("answer-torn", error)
        except httpx2.TransportError as error:
            return self._lost("connection-lost", error)

    def _lost(self, code: str, error: Exception, *, made: bool = True) -> _Lost:
        return _Lost(code, self._redact(str(error) or type(error).__name__)[:200], made)

    def _judged(self, call: _Call, got: Reply | _Lost, definite: Container[int], wait_at_429: float, pace: Pace | None) -> Reply:
        if isinstance(got, _Lost):
            values = {"call": call.label, "reason": got.reason}
            if call.write and got.made:
                raise Unclear(got.code, values)
            if got.code == "answer-too-large":
                raise BadAnswer(got.code, values | {"limit": str(self._body_limit)})
            raise Unavailable(got.code, values)
        values = {"call": call.label, "status": str(got.status)}
        now = self._clock.now()
        if got.status == 429:
            at = retry_at(got.headers, now, wait_at_429) or now
            if pace is not None:
                pace.blocked(at)
            raise TryLater("rate-limited", values, got.excerpt(), at=at)
        if got.status < 500 or got.status in definite:
            return got
        if call.write:
            raise Unclear("server-error", values, got.excerpt())
        at_last = retry_at(got.headers, now, None)
        if at_last is not None and at_last > now + timedelta(seconds=_PATIENCE):
            values["retry_after"] = str(int((at_last - now).total_seconds()))
        raise Unavailable("server-error", values, got.excerpt())

    def _body(self, response: httpx2.Response, chunks: Iterator[bytes]) -> bytes:
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._body_limit:
            raise _TooLarge
        parts: list[bytes] = []
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._body_limit:
                raise _TooLarge
            parts.append(chunk)
        _check_length(response, size)
        return b"".join(parts)

    def _in_time(self, response: httpx2.Response, patience: float) -> Iterator[bytes]:
        # The time-out of the socket is for each piece; a byte a second would hold a lane for days.
        end = self._clock.now() + timedelta(seconds=patience)
        for chunk in response.iter_bytes():
            if self._clock.now() > end:
                raise _TooSlow(f"no whole answer within {patience:g} s")
            yield chunk

    def _send(self, call: _Call) -> httpx2.Response:
        client = self._client(call.url.scheme == "https")
        url, headers, extensions = call.url, call.headers, {}
        address = self._pinned.get(url.raw_host.decode())
        if address is not None:
            headers = headers | {"Host": url.netloc.decode()}
            extensions = {"sni_hostname": url.raw_host.decode()}
            url = url.copy_with(host=address)
        request = client.build_request(call.method, url, headers=headers, content=call.content, extensions=extensions)
        return client.send(request, stream=True)

    def _client(self, tls: bool) -> httpx2.Client:
        with self._lock:
            client = self._clients.get(tls)
            if client is None:
                client = self._clients[tls] = httpx2.Client(
                    transport=self._transport,
                    # Without TLS it can only be this machine: no trusted roots to load (70 ms); and no proxy leads to this machine.
                    verify=_trusted() if tls and self._transport is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    trust_env=tls and not self._insecure_loopback,
                    timeout=httpx2.Timeout(self._timeout, connect=min(self._timeout, 10.0)),
                    headers={"User-Agent": f"unisono/{unisono.__version__}", "Accept-Encoding": "gzip"},
                    cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=())),
                    follow_redirects=False,
                )
        return client


@cache
def _trusted() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _check_length(response: httpx2.Response, decoded: int) -> None:
    # A socket notices by itself; a transport inside this process does not.
    declared = response.headers.get("content-length", "")
    bodiless = response.request.method == "HEAD" or response.status_code in (204, 304)
    if bodiless or not declared.isdecimal() or "transfer-encoding" in response.headers:
        return
    got = response.num_bytes_downloaded or decoded
    if got != int(declared) and not ("content-encoding" in response.headers and got == decoded):
        raise _Torn(f"{got} bytes instead of {declared}")


def _json_body(method: str, value: object) -> bytes:
    try:
        return exact.encode(value)
    except UnicodeEncodeError:
        pass
    raise Refused("not-unicode", {"call": method})


def _header(name: str, value: str | Secret) -> str:
    text = value.reveal() if isinstance(value, Secret) else value
    if text.isascii() and text.isprintable():
        return text
    # Usually an invisible mark that was copied along with a key.
    raise LoginRefused("login-not-sendable", {"header": name}) if isinstance(value, Secret) else ValueError(f"header {name} is not ASCII")

"""The one door to the network: host check, pace, redaction, and an honest word for an answer that never came.

A client asks ``Door.call`` and judges the status itself. What the door raises says what is known of the other side: ``Unavailable`` and
``TryLater`` (nothing was changed), ``Unclear`` (a write that may have been done), ``BadAnswer``, ``Refused`` (not the vendor's address).
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from urllib.parse import quote, urlencode

from msgspec import Struct

import unisono
from unisono.connect import exact
from unisono.connect.clock import Clock
from unisono.connect.hosts import Address, checked_url
from unisono.connect.pace import Pace
from unisono.connect.redact import Redactor
from unisono.connect.reply import Reply, retry_at
from unisono.connect.wire import Lost, Request, Transport
from unisono.model.errors import BadAnswer, LoginRefused, Refused, TryLater, Unavailable, Unclear
from unisono.model.secret import Secret

__all__ = ["BODY_LIMIT", "Door", "Reply", "Transport"]

BODY_LIMIT = 50 * 1024 * 1024
_PAUSES = (0.5, 2.0)
_PATIENCE = 2.0
"""Seconds a lane waits for pace on the spot; a longer wait is a due time."""
_SLOWEST, _SLOWEST_FILE = 4, 20
"""So many time-outs an answer or a file may take in all, however steadily it drips."""
_PAUSE_AT_429 = 10.0
_HEAD = 512
_LARGE = "answer-too-large"


class _Call(Struct, frozen=True):
    request: Request
    label: str


class _TooLarge(Exception):
    pass


class _Answer:
    """Hears an answer: status, headers, and a body that is not too large and does not drip for ever. Another kind takes it to a file."""

    def __init__(self, clock: Clock, limit: int, patience: float) -> None:
        self._clock, self._limit, self._patience = clock, limit, patience
        self._end: datetime = clock.now() + timedelta(seconds=patience)
        self.status, self.size = 0, 0
        self.headers: Mapping[str, str] = {}
        self._parts: list[bytes] = []

    @property
    def body(self) -> bytes:
        return b"".join(self._parts)

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers = status, headers
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit:
            raise _TooLarge

    def piece(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise _TooLarge
        # The time-out of the wire is for each silence; a byte a second would hold a lane for days.
        if self._clock.now() > self._end:
            raise Lost("timed-out", f"no whole answer within {self._patience:g} s")
        self.keep(data)

    def keep(self, data: bytes) -> None:
        self._parts.append(data)


class _FileAnswer(_Answer):
    """A file goes to ``path`` as it comes; of anything else, and of the file, the first bytes are kept."""

    def __init__(self, clock: Clock, limit: int, patience: float, path: Path) -> None:
        super().__init__(clock, limit, patience)
        self._path = path
        self._file: BinaryIO | None = None
        self._start = b""

    @property
    def body(self) -> bytes:
        return self._start

    def __enter__(self) -> _FileAnswer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        if status == 200:
            self._file = self._path.open("wb")
        else:
            # A page that says why there is no file is not held to the file's limit.
            self._limit = BODY_LIMIT
        super().head(status, headers)

    def keep(self, data: bytes) -> None:
        if len(self._start) < _HEAD:
            self._start = (self._start + data)[:_HEAD]
        if self._file is not None:
            self._file.write(data)


class Door:
    """One vendor account's way out. Threads may share it; ``close`` it in the end."""

    def __init__(
        self,
        *,
        transport: Transport | None,
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
        """``transport`` carries the calls (``None``: the network).

        ``hosts`` are exact names or ``*.suffix``, with ``:port`` where it is not 443. ``pinned`` names the address to connect to for a
        host that a user gave (``hosts.check_host``). ``insecure_loopback`` lets plain http reach this machine's own simulators.
        """
        self._transport, self._hosts, self._pace, self._clock = transport, hosts, pace, clock
        self._turn = threading.Lock()
        self._timeout, self._body_limit, self._tries = timeout, body_limit, max(1, tries)
        self._insecure_loopback = insecure_loopback
        self._pinned = dict(pinned or {})
        self._redact = Redactor(secrets)
        self._sender = f"unisono/{unisono.__version__}"
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
            transport = self._transport
        if transport is not None:
            transport.close()

    def now(self) -> datetime:
        """The hour (UTC) by the clock this door keeps its pace with."""
        return self._clock.now()

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
        hide: Sequence[Secret] = (),
        too_many: Callable[[Reply], bool] | None = None,
    ) -> Reply:
        """One call; every status but 429 and an unexpected 5xx comes back as a ``Reply``. Redirects are never followed.

        ``login`` is HTTP Basic. ``json`` takes ``Decimal`` and ``Secret``. ``definite`` are 5xx statuses the client wants to judge itself.
        ``hide`` are secrets that stand in the address. ``too_many`` tells an answer that means what 429 does elsewhere.
        Raises ``Unavailable`` (nothing was changed), ``Unclear`` (a write: time-out, reset, torn body, 5xx), ``TryLater`` (429 or pace),
        ``BadAnswer`` (a read: too large), ``LoginRefused`` (a key that cannot be sent), ``Refused`` (an address that is not the vendor's).
        """
        self._learn(*hide)
        address = checked_url(self._with_query(url, params), self._hosts, insecure_loopback=self._insecure_loopback)
        sent = self._headers(dict(headers or {}), login)
        if json is not None:
            self._learn(*_secrets_in(json))
            content = _json_body(method, json)
            sent = {"Content-Type": "application/json"} | sent
        label = self._redact(f"{method} {address.host}{address.path}")[:200]
        headers = {"User-Agent": self._sender, "Accept": "application/json"} | sent
        call = self._as_call(method, address, headers, content, write, label, self._timeout * _SLOWEST)

        def once() -> Reply:
            if paced:
                self._wait_for_pace(call)
            got = self._exchange(call, _Answer(self._clock, self._body_limit, call.request.patience))
            if paced:
                # What may have arrived counts; only what never left, or was turned away, does not.
                arrived = got.made if isinstance(got, Lost) else not _turned_away(got, too_many)
                (self._pace.succeeded if arrived else self._pace.rejected)()
            return self._judged(call, got, definite, wait_at_429, self._pace if paced else None, too_many)

        return self._repeated(call, once)

    def download(self, url: str, path: Path, *, limit: int, hosts: tuple[str, ...] = ()) -> Reply:
        """GETs a file without credentials and outside the pace, streamed to ``path``, which appears only when it is whole (status 200).

        ``hosts`` replaces the door's own. The reply's body is the first 512 bytes. Raises ``Refused`` (``file-too-large``, or not an
        allowed address), ``Unavailable``, ``TryLater``.
        """
        address = checked_url(url, hosts or self._hosts, insecure_loopback=self._insecure_loopback)
        # A link to a file may carry its token in the path: the label names the host alone.
        headers = {"User-Agent": self._sender, "Accept": "*/*"}
        call = self._as_call("GET", address, headers, None, False, f"GET {address.host}", self._timeout * _SLOWEST_FILE)
        part = path.with_name(path.name + ".part")

        def once() -> Reply:
            with _FileAnswer(self._clock, limit, call.request.patience, part) as answer:
                got = self._exchange(call, answer)
            if isinstance(got, Lost) and got.code == _LARGE:
                raise Refused("file-too-large", {"call": call.label, "limit": str(limit)})
            reply = self._judged(call, got, (), _PAUSE_AT_429, None)
            if reply.status == 200:
                os.replace(part, path)
            return reply

        try:
            return self._repeated(call, once)
        finally:
            part.unlink(missing_ok=True)

    def _as_call(
        self, method: str, address: Address, headers: dict[str, str], content: bytes | None, write: bool, label: str, patience: float
    ) -> _Call:
        request = Request(method, address.url, headers, content, write, self._timeout, patience, self._pinned.get(address.host, ""))
        return _Call(request, label)

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
        # One after the other: with four calls under way all the time, three would take the slots that the fourth has waited for.
        with self._turn:
            waited = 0.0
            while (at := self._pace.take()) is not None:
                # Another process may take the slot meanwhile, so the patience is for all the waits together.
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
                if call.request.write or attempt == self._tries - 1 or "retry_after" in fault.values:
                    raise
            self._clock.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        raise AssertionError("the last try returns or raises")

    def _exchange(self, call: _Call, answer: _Answer) -> Reply | Lost:
        # What went wrong is returned as a value: an exception that passed the wire may hold the request, and with it the key.
        lost: Lost | None = None
        try:
            self._carrier().carry(call.request, answer)
            _check_length(answer, call.request.method)
        except Lost as error:
            lost = Lost(error.code, self._redact(error.reason)[:200], made=error.made)
        except _TooLarge:
            lost = Lost(_LARGE, "")
        if lost is not None and answer.status != 429:
            return lost
        return Reply(answer.status, answer.headers, b"" if lost else answer.body, call.request.write, call.label, self._redact)

    def _judged(
        self,
        call: _Call,
        got: Reply | Lost,
        definite: Container[int],
        wait_at_429: float,
        pace: Pace | None,
        too_many: Callable[[Reply], bool] | None = None,
    ) -> Reply:
        write = call.request.write
        if isinstance(got, Lost):
            values = {"call": call.label, "reason": got.reason}
            if write and got.made:
                raise Unclear(got.code, values)
            if got.code == _LARGE:
                raise BadAnswer(got.code, values | {"limit": str(self._body_limit)})
            raise Unavailable(got.code, values)
        values = {"call": call.label, "status": str(got.status)}
        now = self._clock.now()
        if _turned_away(got, too_many):
            at = retry_at(got.headers, now, wait_at_429) or now
            if pace is not None:
                pace.blocked(at)
            raise TryLater("rate-limited", values, got.excerpt(), at=at)
        if got.status < 500 or got.status in definite:
            return got
        if write:
            raise Unclear("server-error", values, got.excerpt())
        at_last = retry_at(got.headers, now, None)
        if at_last is not None and at_last > now + timedelta(seconds=_PATIENCE):
            values["retry_after"] = str(int((at_last - now).total_seconds()))
        raise Unavailable("server-error", values, got.excerpt())

    def _carrier(self) -> Transport:
        with self._lock:
            if self._transport is None:
                from unisono.connect.curl import Network

                # No proxy leads to this machine.
                self._transport = Network(proxies=not self._insecure_loopback)
            return self._transport


def _turned_away(reply: Reply, too_many: Callable[[Reply], bool] | None) -> bool:
    return reply.status == 429 or (too_many is not None and too_many(reply))


def _check_length(answer: _Answer, method: str) -> None:
    """The network notices by itself when a body is shorter than it was declared; what carries calls inside this process may not."""
    headers = answer.headers
    declared = headers.get("content-length", "")
    packed = "transfer-encoding" in headers or "content-encoding" in headers
    if method == "HEAD" or answer.status in (204, 304) or packed or not declared.isdecimal():
        return
    if answer.size != int(declared):
        raise Lost("answer-torn", f"{answer.size} bytes instead of {declared}")


def _secrets_in(value: object) -> Iterator[Secret]:
    """What a body holds that must not come back in any word about its answer."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for member in value.values() if isinstance(value, Mapping) else value:
            yield from _secrets_in(member)


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

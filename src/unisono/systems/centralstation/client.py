"""The wire of CentralStationCRM: sign, ask, page through, send. Rows are raw values in and out; it decides nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from unisono.connect import exact
from unisono.connect.http import Door
from unisono.connect.paging import Stretch, numbered, walk
from unisono.connect.port import Answered, Command, Page, Raw
from unisono.connect.reply import Reply
from unisono.model.errors import BadAnswer, Full, LoginRefused, NotThere, Refused, Unclear
from unisono.model.fields import Row, amount
from unisono.model.secret import Secret
from unisono.systems.centralstation.mapping import RESOURCES
from unisono.systems.centralstation.values import ids, key_of, unwrap

API = "https://api.centralstationcrm.net/api"
PAGE = 250
"""Rows a page at most."""
_DEFAULT_SIZES = (25, 50, 100, 200)
"""A first page of exactly so many rows may have been cut by a smaller limit of the server: one more call tells."""
_SEARCH_PAGES = 20
NO_ROOM = 507
_SYMBOL = re.compile(r"\$(\d+)\Z")

Params = Sequence[tuple[str, str]]


class Client:
    """One account's API. ``base`` ends in ``/api``, without a slash."""

    def __init__(self, door: Door, key: Secret, base: str = API) -> None:
        self._door, self._key, self._base = door, key, base.rstrip("/")

    # --- reading ------------------------------------------------------------------------------------------------------------------------

    def value(self, path: str, params: Params = ()) -> Any:
        """What a GET answers, as JSON; ``None`` is a definite *not found*.

        Raises ``LoginRefused``, ``BadAnswer``, ``Unavailable``, ``TryLater``.
        """
        reply = self._ask("GET", path, params=params)
        return None if reply.status == 404 else reply.json()

    def row(self, resource: str, key: str, params: Params = ()) -> Raw | None:
        """One row; ``None`` is a definite *not found*."""
        answer = self.value(f"/{resource}/{key}", params)
        return None if answer is None else raw_of(resource, answer, f"/{resource}/{key}", key)

    def listed(self, resource: str, path: str, params: Params) -> tuple[Raw, ...]:
        """The rows of one list call. A list that is not there is no empty list: ``BadAnswer``."""
        return self._page(resource, path, params)[0]

    def pages(self, resource: str, params: Params) -> Iterator[Page]:
        """Page after page until a short one, each row once; nothing is skipped though rows go meanwhile (``connect.paging``)."""
        place, most = f"/{resource}", PAGE

        def read(at: int) -> Stretch[tuple[tuple[Raw, ...], datetime | None]]:
            nonlocal most
            number, size = numbered(at, most)
            rows, told_at = self._page(resource, place, (*params, ("page", str(number)), ("perpage", str(size))))
            if at == 0 and len(rows) in _DEFAULT_SIZES:
                most = size = len(rows)
            return Stretch((number - 1) * size, [raw.key for raw in rows], len(rows) >= size, (rows, told_at))

        for stretch, fresh in walk(read, {"call": place}):
            rows, told_at = stretch.page
            yield Page(tuple(rows[one] for one in fresh), not stretch.full, told_at)

    def found(self, resource: str, path: str, params: Params) -> Iterator[Raw]:
        """The hits of a search, each once. Whether a search has pages is not known, so one that repeats itself ends quietly."""
        seen: set[str] = set()
        for number in range(1, _SEARCH_PAGES + 1):
            rows = self.listed(resource, path, (*params, ("page", str(number)), ("perpage", str(PAGE))))
            fresh = [raw for raw in rows if raw.key not in seen]
            seen.update(raw.key for raw in fresh)
            yield from fresh
            if not fresh or (len(rows) < PAGE and len(rows) not in _DEFAULT_SIZES):
                return
        raise BadAnswer("search-without-end", {"call": path, "page": str(_SEARCH_PAGES)})

    def _page(self, resource: str, path: str, params: Params) -> tuple[tuple[Raw, ...], datetime | None]:
        reply = self._ask("GET", path, params=params)
        if reply.status == 404:
            raise BadAnswer("list-missing", {"call": path, "status": "404"}, reply.excerpt())
        return rows_of(resource, reply.json(), path), reply.server_time()

    # --- writing ------------------------------------------------------------------------------------------------------------------------

    def send(self, command: Command, earlier: tuple[Answered, ...] = ()) -> Answered:
        """One write. Raises ``Refused``, ``NotThere``, ``Full``, ``LoginRefused``, ``TryLater`` (all: not done), ``Unclear``."""
        method, path = resolved(command.operation, earlier).split(" ", 1)
        payload = _resolved_payload(command.payload, earlier)
        content, size = _with_file(payload, Path(command.file)) if command.file else (None, None)
        reply = self._ask(method, path, payload=payload if payload and content is None else None, content=content, write=True)
        if reply.status == 404:
            raise NotThere("not-there", {"call": f"{method} {path}"}, reply.excerpt())
        if method == "POST":
            return _created(path, payload, reply, size)
        if reply.body.strip():
            reply.json()  # a page of HTML under 200 is no answer to a change: raises Unclear
        _, resource, row_id, *_ = path.split("/")
        return Answered(f"{RESOURCES.get(resource, resource)}:{row_id}")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        payload: object = None,
        content: bytes | None = None,
        write: bool = False,
    ) -> Reply:
        headers: dict[str, str | Secret] = {"X-apikey": self._key, "Accept": "application/json"}
        if content is not None or payload is not None:
            headers["Content-Type"] = "application/json"
        reply = self._door.call(
            method, self._base + path, params=params, headers=headers, json=payload, content=content, write=write, definite=(NO_ROOM,)
        )
        _judge(reply, f"{method} {path}", write)
        return reply


def rows_of(resource: str, answer: object, place: str) -> tuple[Raw, ...]:
    """The rows of a list answer. Raises ``BadAnswer`` for anything else; some calls say ``{"message": ...}`` instead of an empty list."""
    if not isinstance(answer, list):
        raise BadAnswer("not-a-list", {"call": place, "value": str(answer)[:80]})
    return tuple(raw_of(resource, member, place) for member in answer)


def raw_of(resource: str, answer: object, place: str, asked: str = "") -> Raw:
    """One row without its wrapper. The content of an attachment is replaced by its size and hash: it may be many megabytes."""
    row = unwrap(answer, RESOURCES[resource])
    key = key_of(row) if row else ""
    if row is None or not key or (asked and key != asked):
        raise BadAnswer("not-a-row", {"call": place, "value": str(answer)[:80]})
    if resource == "attachments" and isinstance(answer, dict):
        row = _without_content(row, answer)
    try:
        return Raw(resource, key, exact.encode(row))
    except (ValueError, TypeError, OverflowError) as error:
        raise BadAnswer("not-a-row", {"call": place, "record": f"{RESOURCES[resource]}:{key}", "reason": str(error)[:80]}) from error


def row_in(raw: Raw) -> Row:
    """The row of a ``Raw`` again. Raises ``BadAnswer`` if it is none."""
    try:
        row = exact.decode(raw.body)
    except ValueError as error:
        raise BadAnswer("torn-json", {"record": f"{raw.resource}/{raw.key}", "reason": str(error)[:80]}) from error
    if not isinstance(row, dict):
        raise BadAnswer("not-a-row", {"record": f"{raw.resource}/{raw.key}", "value": str(row)[:80]})
    return row


def words_of(reply: Reply) -> list[tuple[str, str]]:
    """The vendor's own words in an error answer: attribute (empty if it names none) and sentence."""
    try:
        answer = exact.decode(reply.body)
    except ValueError:
        return [("", "" if reply.is_html() else reply.redact(reply.text())[:300])]
    if not isinstance(answer, dict):
        return [("", reply.redact(str(answer))[:300])]
    inner = answer.get("errors")
    told = inner if isinstance(inner, dict) else answer
    general = [str(told[name]) for name in ("error", "description", "message") if isinstance(told.get(name), str)]
    if general:
        return [("", reply.redact(": ".join(general))[:300])]
    return [(str(name), reply.redact(", ".join(map(str, v)) if isinstance(v, list) else str(v))[:300]) for name, v in told.items()]


def resolved(text: str, earlier: tuple[Answered, ...]) -> str:
    """A text in which ``$1`` stands for the row id that the first command was answered with."""
    return re.sub(r"\$(\d+)", lambda found: _row_id(found[1], earlier), text)


def _row_id(number: str, earlier: tuple[Answered, ...]) -> str:
    at = int(number) - 1
    if not 0 <= at < len(earlier):
        raise Refused("no-earlier-answer", {"value": f"${number}"})
    return earlier[at].key.partition(":")[2]


def _resolved_payload(payload: Any, earlier: tuple[Answered, ...]) -> Any:
    """Ids only are symbols here: a text that merely begins with a dollar sign lies under another name."""
    if isinstance(payload, dict):
        return {k: _resolved_id(v, earlier) if k.endswith(("_id", "_ids")) else _resolved_payload(v, earlier) for k, v in payload.items()}
    if isinstance(payload, list):
        return [_resolved_payload(member, earlier) for member in payload]
    return payload


def _resolved_id(value: Any, earlier: tuple[Answered, ...]) -> Any:
    if isinstance(value, list):
        return [_resolved_id(member, earlier) for member in value]
    found = _SYMBOL.match(value) if isinstance(value, str) else None
    return int(_row_id(found[1], earlier)) if found else value


def _with_file(payload: Any, path: Path) -> tuple[bytes, int]:
    """The body with the file in base64, made right before it is sent (one file at a time is in memory), and the file's size."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused("file-missing", {"field": "path", "value": path.name, "reason": error.strerror or ""}, field="path") from error
    head = json.dumps(payload["attachment"], ensure_ascii=False).encode()
    return b'{"attachment":' + head[:-1] + b',"data":"' + base64.b64encode(data) + b'"}}', len(data)


def _created(path: str, payload: Any, reply: Reply, size: int | None) -> Answered:
    resource = path.rsplit("/", 1)[1]
    answer = reply.json()
    singular = RESOURCES.get(resource, resource)
    row = unwrap(answer, singular)
    key = key_of(row) if row else ""
    if row is None or not key:
        raise Unclear(
            "created-without-id",
            {"call": f"POST {path}", "answer": "; ".join(words for _, words in words_of(reply))[:300]},
            reply.excerpt(),
        )
    # Other answers show the row without what was nested in it.
    proven = resource in ("protocols", "attachments") and _proves(row, payload) and (size is None or amount(row, "size", key) == size)
    return Answered(f"{singular}:{key}", raw_of(resource, answer, path) if proven else None)


def _proves(row: Row, payload: Any) -> bool:
    """Whether the answer repeats every value that was sent; of ids it may name more."""
    (sent,) = payload.values()
    return all(
        set(map(str, value)) <= set(ids(row, name)) if name.endswith("_ids") else row.get(name) == value for name, value in sent.items()
    )


def _without_content(row: Row, answer: Row) -> Row:
    data = row.get("data", answer.get("data"))
    row = {name: value for name, value in row.items() if name != "data"}
    if not isinstance(data, str) or not data:
        return row
    try:
        content = base64.b64decode(data)
    except ValueError:
        return row
    return row | {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _judge(reply: Reply, call: str, write: bool) -> None:
    """Statuses that mean the same for every call. A 404 in the vendor's own form is left to the caller."""
    status = reply.status
    if 200 <= status < 300:
        return
    told = words_of(reply)
    answer = "; ".join(f"{name}: {words}" if name else words for name, words in told)[:600]
    values = {"call": call, "status": str(status), "answer": answer}
    if status == 404:
        if _is_the_vendors(reply):
            return
        # A proxy or a maintenance page: taking it for "not found" would look like a deletion.
        raise (Unclear if write else BadAnswer)("unexpected-status", values, reply.excerpt())
    if status in (401, 403):
        raise LoginRefused("login-refused", values, reply.excerpt())
    if status == NO_ROOM:
        raise Full("account-full", values, reply.excerpt())
    if not write:
        raise BadAnswer("unexpected-status", values, reply.excerpt())
    if 300 <= status < 400 or status == 408:
        raise Unclear("unexpected-status", values, reply.excerpt())
    attribute = next((name for name, _ in told if name), "")
    raise Refused("refused", values | {"field": attribute}, reply.excerpt(), field=attribute)


def _is_the_vendors(reply: Reply) -> bool:
    """Whether an error answer has the vendor's form: an object."""
    try:
        return isinstance(exact.decode(reply.body), dict)
    except ValueError:
        return False


def since_of(moment: datetime) -> str:
    """The value of the *changed since* filter: a day, since finer steps are not known to work."""
    return moment.date().isoformat()

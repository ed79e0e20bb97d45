"""The wire of FastBill, one address for everything: sign, ask, page through, and what an answer means. It decides nothing.

The service says no with status 200 and a list ``ERRORS``, so every answer is looked at whatever its status.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from msgspec import Struct

from unisono.connect.http import Door, Reply
from unisono.connect.paging import Stretch, walk
from unisono.model.errors import BadAnswer, LoginRefused, Refused, TryLater, Unavailable, Unclear
from unisono.model.secret import Secret
from unisono.systems.fastbill.mapping import FIELD_OF
from unisono.systems.fastbill.values import is_empty, key_of, rows_of

PAGE = 100
"""The most rows a call gives."""
LISTS = {"customer": "CUSTOMERS", "contact": "CONTACTS", "estimate": "ESTIMATES", "invoice": "INVOICES"}
IDS = {name: f"{name.upper()}_ID" for name in LISTS}
_NOT_TAKEN = (400, 405, 413, 414, 415, 422)
"""Statuses of a request that was not carried out, whatever the body is. A 404 is not: it was seen while the vendor renewed the service."""
_QUOTA_PAUSE = 300.0
_QUOTA = re.compile(
    r"too many requests|(?:request|call|api|anfrage|aufruf).*(?:limit|quota|exceed|überschr)|(?:limit|quota).*(?:request|call|hour|stunde)"
)
_RESET = re.compile(r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)\.(\d\d)\.(\d{4}))[ T,]+(?:um )?(\d\d):(\d\d)(?::(\d\d))?", re.ASCII)
_FIELD = re.compile(r"field: *([A-Z_0-9]+)")
_NAMING = ("ORGANIZATION", "LAST_NAME", "INVOICE_TITLE", "CUSTOMER_ID")
"""The fields of a request by which a person knows what it was about."""


class Client(Struct, frozen=True):
    """Calls one account. ``zone`` is the time in which the service names an hour."""

    door: Door
    url: str
    login: tuple[str, Secret]
    zone: ZoneInfo

    def pages(self, resource: str, filters: Mapping[str, str]) -> Iterator[tuple[Stretch[tuple[list[Any], Reply]], list[int]]]:
        """Every row of a list, a page a call, until a short page; nothing is skipped though rows go meanwhile (``connect.paging``)."""

        def read(at: int) -> Stretch[tuple[list[Any], Reply]]:
            found, reply = self.page(resource, filters, at)
            keys = [key_of(row.get(IDS[resource])) if isinstance(row, dict) else "" for row in found]
            return Stretch(at, keys, len(found) >= PAGE, (found, reply))

        return walk(read, {"system": "fastbill", "resource": resource})

    def page(self, resource: str, filters: Mapping[str, str], offset: int = 0, limit: int = PAGE) -> tuple[list[Any], Reply]:
        """One page as it came; its rows may be anything."""
        request: dict[str, Any] = {"SERVICE": f"{resource}.get", "LIMIT": limit, "OFFSET": offset}
        response, reply = self._ask(request | ({"FILTER": dict(filters)} if filters else {}), write=False)
        told = {"system": "fastbill", "resource": resource, "field": LISTS[resource]}
        if response and LISTS[resource] not in response:
            raise BadAnswer("list-missing", told, reply.excerpt())
        try:
            return rows_of(response.get(LISTS[resource])), reply
        except ValueError as error:
            raise BadAnswer("list-missing", told, reply.excerpt()) from error

    def write(self, service: str, data: Mapping[str, Any]) -> str:
        """Sends one write; the id of what was written. Raises ``Unclear`` if the answer does not say that it was done."""
        response, reply = self._ask({"SERVICE": service, "DATA": dict(data)}, write=True)
        name, _, action = service.partition(".")
        status = str(response.get("STATUS") or "").strip().lower()
        if status not in ("", "success"):
            self._refuse(service, data, f"STATUS {status}", reply)
        created = action == "create"
        key = key_of((response if created else data).get(IDS[name]))
        if not key or (not status and not created):
            code = "created-without-id" if created else "not-confirmed"
            raise Unclear(code, {"system": "fastbill", "operation": service}, reply.excerpt())
        return key

    def webhooks(self) -> list[Any]:
        """The addresses that are told of changes, as rows."""
        response, reply = self._ask({"SERVICE": "webhook.get"}, write=False)
        try:
            return rows_of(response.get("WEBHOOKS"))
        except ValueError as error:
            raise BadAnswer("list-missing", {"system": "fastbill", "field": "WEBHOOKS"}, reply.excerpt()) from error

    def settle(self, service: str, data: Mapping[str, Any]) -> None:
        """A write of set-up, that makes no record. Raises ``Refused``, ``Unclear``."""
        response, reply = self._ask({"SERVICE": service, "DATA": dict(data)}, write=True)
        status = str(response.get("STATUS") or "").strip().lower()
        if status not in ("", "success"):
            self._refuse(service, {}, f"STATUS {status}", reply)

    # --- what an answer means ---

    def _ask(self, request: dict[str, Any], *, write: bool) -> tuple[dict[str, Any], Reply]:
        """The member ``RESPONSE`` of the answer, once nothing in it says no."""
        try:
            reply = self.door.call("POST", self.url, json=request, login=self.login, write=write, wait_at_429=_QUOTA_PAUSE)
        except TryLater as later:
            later.at = self._reset(later.raw, later.at) or later.at
            raise
        service = request["SERVICE"]
        told = {"system": "fastbill", "operation": service, "status": str(reply.status)}
        response = self._response(reply, told, write=write)
        words = "; ".join(_errors(response.get("ERRORS")))
        if "wrongapikeyorusercredentials" in "".join(words.casefold().split()):
            raise LoginRefused("login-refused", told, reply.excerpt())
        answer = {"answer": reply.redact(words)[:300]}
        if _QUOTA.search(words.casefold()) and not _FIELD.search(words):
            seen = reply.server_time()
            at = self._reset(words, seen) or (seen + dt.timedelta(seconds=_QUOTA_PAUSE) if seen else None)
            raise TryLater("hourly-limit", told | answer, reply.excerpt(), at=at)
        if words and write:
            self._refuse(service, request["DATA"], words, reply)
        if words:
            raise BadAnswer("refused", told | answer, reply.excerpt())
        if reply.status >= 300:
            self._no_envelope(reply, told, write=write)
        return response, reply

    def _response(self, reply: Reply, told: dict[str, str], *, write: bool) -> dict[str, Any]:
        if reply.status in (401, 403):
            raise LoginRefused("login-refused", told, reply.excerpt())
        if reply.status >= 300 and reply.is_html():
            self._no_envelope(reply, told, write=write)
        envelope = reply.json()
        response = envelope.get("RESPONSE", 0) if isinstance(envelope, dict) else 0
        if isinstance(response, dict):
            return response
        if response == []:
            # An empty one, as the service writes it. Nothing at all in its place says nothing: that is not *no such row*.
            return {}
        if reply.status >= 300:
            self._no_envelope(reply, told, write=write)
        raise (Unclear if write else BadAnswer)("no-envelope", told, reply.excerpt())

    def _no_envelope(self, reply: Reply, told: dict[str, str], *, write: bool) -> NoReturn:
        if not write:
            raise Unavailable("unexpected-status", told, reply.excerpt())
        raise (Refused if reply.status in _NOT_TAKEN else Unclear)("unexpected-status", told, reply.excerpt())

    def _refuse(self, service: str, data: Mapping[str, Any], words: str, reply: Reply) -> NoReturn:
        """A refusal in the vendor's words, with our name of the field where the words name one of theirs."""
        named = _FIELD.search(words)
        wire = named.group(1) if named else ""
        field = FIELD_OF.get(wire, "")
        record = next((str(data[name]) for name in _NAMING if data.get(name)), "")
        value = data.get(wire)
        told = {"operation": service, "record": record[:80], "field": field or wire, "value": value[:80] if isinstance(value, str) else ""}
        told |= {"system": "fastbill", "answer": reply.redact(words)[:300]}
        raise Refused("refused", {name: text for name, text in told.items() if text}, reply.excerpt(), field=field)

    def _reset(self, words: str, seen: dt.datetime | None) -> dt.datetime | None:
        """The instant a refusal names, if it is one within the next two hours."""
        found = _RESET.search(words)
        if not found:
            return None
        year, month, day, day_, month_, year_, hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            at = dt.datetime(year or year_, month or month_, day or day_, hour, minute, second, tzinfo=self.zone).astimezone(dt.UTC)
        except (ValueError, OverflowError):
            return None
        return at if seen is None or seen <= at <= seen + dt.timedelta(hours=2) else None


def signed(login: Mapping[str, str | Secret]) -> tuple[str, Secret]:
    """E-mail and API key as the door takes them. Raises ``KeyError`` for a missing one."""
    email, key = login["email"], login["api_key"]
    return (email.reveal() if isinstance(email, Secret) else email), (key if isinstance(key, Secret) else Secret(key))


def _errors(value: object) -> list[str]:
    """The words of ``ERRORS``: a list, an object or one plain text."""
    if isinstance(value, dict):
        value = list(value.values())
    found = value if isinstance(value, list) else [value]
    return [str(word) for word in found if not is_empty(word)]

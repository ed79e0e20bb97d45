"""The wire of Lexware Office: sign, ask, and what an answer means. It decides nothing.

The service complains in four ways: a list of issues, a message with details, a bare message, a bare text. All are read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from msgspec import Struct

from unisono.connect import exact
from unisono.connect.http import Door, Reply
from unisono.model.errors import BadAnswer, Conflicted, Full, LoginRefused, NotThere, Refused, Unclear
from unisono.model.fields import Row
from unisono.model.secret import Secret

Params = Sequence[tuple[str, str]]
API, PAGES = "https://api.lexware.io/v1", "https://developers.lexware.io"
_PUBLISHED, _PEM = "/webhookSignature/public/public_key.pub", "-----BEGIN PUBLIC KEY-----"
_PAUSE = 5.0
"""Seconds to wait after *too many*: the service names none, and its clients begin with one."""
_NOT_TAKEN = (400, 405, 406, 409, 413, 415, 422)
"""Statuses of a request that was not carried out."""
_INDEX = re.compile(r"\[[0-9]+\]")
_PLACES: tuple[tuple[str, str], ...] = (
    ("company.vatregistrationid", "tax_id"),
    ("contactpersons.emailaddress", "email"),
    ("contactpersons.phonenumber", "phone"),
    ("emailaddress", "email"),
    ("phonenumbers.mobile", "mobile"),
    ("phonenumbers.fax", "fax"),
    ("phonenumber", "phone"),
    ("xrechnung", "buyer_reference"),
    ("salutation", "salutation"),
    ("firstname", "first_name"),
    ("lastname", "name"),
    ("company.name", "name"),
    ("countrycode", "address.country"),
    ("supplement", "address.line2"),
    ("street", "address.line1"),
    ("zip", "address.postcode"),
    ("city", "address.city"),
    ("note", "note"),
    ("lineitems.name", "lines.name"),
    ("taxratepercentage", "lines.vat_rate"),
    ("unitprice", "lines.price"),
    ("quantity", "lines.quantity"),
    ("lineitems", "lines"),
    ("voucherdate", "date"),
    ("expirationdate", "due"),
    ("introduction", "text"),
    ("remark", "text"),
    ("currency", "currency"),
    ("address", "owner"),
    ("materialnumber", "number"),
    ("articlenumber", "number"),
    ("gtin", "gtin"),
    ("unitname", "unit"),
    ("taxrate", "vat_rate"),
    ("price", "price"),
    ("title", "title"),
    ("company", "name"),
)
"""How the service's name of a place ends or reads -> our field, the telling ones first."""


class Client(Struct, frozen=True):
    """Calls one account. ``base`` ends in ``/v1``."""

    door: Door
    key: Secret
    base: str

    def get(self, path: str, params: Params = (), *, absent: Sequence[int] = (404,)) -> tuple[Row, datetime | None]:
        """An object and the service's clock. Raises ``NotThere`` (a definite *not found*), ``BadAnswer``, ``LoginRefused``, ``Unavailable``."""
        reply = self.ask("GET", path, params=params, absent=absent)
        value = reply.json()
        if not isinstance(value, dict):
            raise BadAnswer("not-a-row", {"call": f"GET {path}", "value": str(value)[:80]}, reply.excerpt())
        return value, reply.server_time()

    def write(self, method: str, path: str, payload: object = None) -> str:
        """Does; the id of what was written. Raises ``Refused``, ``Conflicted``, ``NotThere``, ``Full``, ``LoginRefused``, ``TryLater``
        (all: not done), ``Unclear``."""
        reply = self.ask(method, path, payload=payload, write=True)
        if method == "DELETE":
            return path.rpartition("/")[2]
        value = reply.json()
        made = value.get("id") if isinstance(value, dict) else None
        if not isinstance(made, str) or not made:
            raise Unclear(
                "created-without-id" if method == "POST" else "not-confirmed",
                {"system": "lexoffice", "call": f"{method} {path}"},
                reply.excerpt(),
            )
        return made

    def file(self, path: str) -> Reply:
        """The bytes of a rendered document. Raises ``NotThere`` where there is none, of a draft for one."""
        return self.ask("GET", path, headers={"Accept": "application/pdf"}, absent=(404, 406, 409))

    def published_key(self) -> str:
        """The key that notices are signed with (PEM). It lies on the vendor's open pages; a simulator has its own beside its API."""
        begin = PAGES if self.base == API else self.base.rpartition("/")[0]
        # Not for the key of the account: nobody is signed in there.
        reply = self.door.call("GET", f"{begin}{_PUBLISHED}", headers={"Accept": "*/*"})
        text = reply.text().strip()
        if reply.status != 200 or not text.startswith(_PEM):
            raise BadAnswer("unexpected-status", {"system": "lexoffice", "call": reply.call, "status": str(reply.status)}, reply.excerpt())
        return text

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        payload: object = None,
        headers: Mapping[str, str] | None = None,
        write: bool = False,
        absent: Sequence[int] = (404,),
    ) -> Reply:
        """One call whose answer is good. ``absent`` are statuses by which the service says that there is no such thing."""
        sent: dict[str, str | Secret] = {"Authorization": Secret(f"Bearer {self.key.reveal()}"), **(headers or {})}
        reply = self.door.call(
            method,
            f"{self.base}/{path}",
            params=params,
            headers=sent,
            json=payload,
            write=write,
            wait_at_429=_PAUSE,
            hide=(self.key,),
        )
        if not 200 <= reply.status < 300:
            _judge(reply, f"{method} {path}", payload, write=write, absent=absent)
        return reply

    def now(self) -> datetime:
        """The hour, by which a document without a date of its own is dated."""
        return self.door.now().astimezone(UTC)


def our_name(place: str) -> str:
    """Our name of the place the service complains about: ``lineItems[0].unitPrice.taxRatePercentage`` -> ``lines.vat_rate``."""
    bare = _INDEX.sub("", place).casefold()
    return next((ours for theirs, ours in _PLACES if theirs in bare), "")


def _judge(reply: Reply, call: str, payload: object, *, write: bool, absent: Sequence[int]) -> NoReturn:
    """What an answer that is not good means."""
    said = _words(reply)
    told = {"system": "lexoffice", "call": call, "status": str(reply.status)}
    if said is None:
        # A page of a proxy or of maintenance: no word of the service's about any record.
        if reply.status in (401, 403):
            raise LoginRefused("login-refused", told, reply.excerpt())
        kind = BadAnswer if not write else Refused if reply.status in _NOT_TAKEN else Unclear
        raise kind("unexpected-status", told, reply.excerpt())
    told["answer"] = "; ".join(f"{place}: {words}" if place else words for place, words in said)[:600]
    if reply.status in (401, 403):
        raise LoginRefused("login-refused", told, reply.excerpt())
    if reply.status == 402:
        raise (Full if write else LoginRefused)("account-full" if write else "login-refused", told, reply.excerpt())
    if reply.status in absent:
        raise NotThere("not-there", told, reply.excerpt())
    if not write:
        raise BadAnswer("unexpected-status", told, reply.excerpt())
    if reply.status not in _NOT_TAKEN:
        raise Unclear("unexpected-status", told, reply.excerpt())
    places = [place for place, _ in said if place]
    if reply.status == 409 or "version" in places or any("account_number_already_exists" in words for _, words in said):
        # Somebody was faster, or two were given one number: nothing was done, and reading again settles it.
        raise Conflicted("changed-meanwhile", told, reply.excerpt())
    if any(place.casefold() == "address.contactid" for place in places):
        # A customer made a moment ago is not known everywhere at once. One that is no customer stays refused, and is shown after some tries.
        raise Conflicted("customer-not-ready", told | {"value": _value(payload, places)}, reply.excerpt())
    field = next((ours for place in places if (ours := our_name(place))), "")
    told |= {"field": field or next(iter(places), ""), "value": _value(payload, places)}
    raise Refused("refused", {name: text for name, text in told.items() if text}, reply.excerpt(), field=field)


def _words(reply: Reply) -> list[tuple[str, str]] | None:
    """Place and words of every complaint, in whichever form it came; ``None`` if the body is not the service's."""
    if reply.is_html():
        return None
    try:
        body = exact.decode(reply.body)
    except ValueError:
        return None
    if isinstance(body, str):
        return [("", reply.redact(body)[:200])]
    if not isinstance(body, dict):
        return None
    issues, details = body.get("IssueList"), body.get("details")
    rows: list[Any] = issues if isinstance(issues, list) else details if isinstance(details, list) else []
    named = [_complaint(row, reply) for row in rows if isinstance(row, dict)]
    return named or [_complaint(body, reply)]


def _complaint(row: Row, reply: Reply) -> tuple[str, str]:
    place = row.get("source") or row.get("field") or ""
    said = [row.get(name) for name in ("i18nKey", "violation", "message")]
    words = ", ".join(one for one in said if isinstance(one, str) and one)
    return (str(place)[:100] if isinstance(place, str) else "", reply.redact(words or str(row.get("error") or ""))[:200])


def _value(payload: object, places: Sequence[str]) -> str:
    """What was sent at the first place that is named and that holds a plain value."""
    for place in places:
        found: object = payload
        for part in re.findall(r"[A-Za-z0-9_]+", place):
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            else:
                found = None
        if found is not None and not isinstance(found, dict | list):
            return str(found)[:80]
    return ""

"""A vendor's answer as the clients judge it, and the times it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from unisono.connect import exact
from unisono.connect.redact import Redactor
from unisono.model.errors import BadAnswer, Refused, SystemFault, Unclear

_LONGEST_PAUSE = timedelta(days=1)
"""No vendor's *retry after* is believed beyond this."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that arrived whole. ``headers`` has lower-case names; ``write`` is whether the call was to change something."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    write: bool = False
    call: str = ""
    """Method, host and path, redacted: for messages."""
    redact: Redactor = field(default_factory=Redactor, repr=False, compare=False)

    def json(self) -> Any:
        """The body as JSON, numbers exact (``Decimal``).

        HTML, torn JSON or bytes that are no UTF-8 are ``BadAnswer`` for a read, ``Unclear`` for a write that may have been done, and
        ``Refused`` for a write the vendor answered with an error status.
        """
        if self.is_html():
            raise self._not_data("html-instead-of-json", "")
        try:
            return exact.decode(self.body)
        except UnicodeDecodeError as error:
            code, reason = "not-utf8", f"byte {error.start}"
        except ValueError as error:
            code, reason = "torn-json", str(error)
        raise self._not_data(code, reason)

    def is_html(self) -> bool:
        """Whether the body is markup, whatever the header says: a login or maintenance page instead of data."""
        return self.body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"

    def text(self) -> str:
        """The body as UTF-8 text; what is none becomes ``\ufffd``."""
        return self.body.decode("utf-8-sig", "replace")

    def excerpt(self) -> str:
        """What an error may keep of the body: redacted, at most 2,000 characters."""
        return self.redact.excerpt(self.body)

    def server_time(self) -> datetime | None:
        """The vendor's clock (UTC) as its ``Date`` header tells it."""
        return http_date(self.headers.get("date", ""))

    def _not_data(self, code: str, reason: str) -> SystemFault:
        kind = BadAnswer if not self.write else Unclear if self.status < 400 else Refused
        values = {"call": self.call, "status": str(self.status)} | ({"reason": self.redact(reason)} if reason else {})
        return kind(code, values, self.excerpt())


def http_date(text: str) -> datetime | None:
    """An HTTP date as UTC, ``None`` if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def retry_at(headers: Mapping[str, str], now: datetime, otherwise: float | None) -> datetime | None:
    """When to ask again after a 429 or 503, by our clock: ``Retry-After`` in seconds or as a date, else ``otherwise`` seconds from now.

    A date is read against the vendor's own ``Date`` header, because its clock may be hours from ours.
    """
    told = headers.get("retry-after", "").strip()
    pause: timedelta | None = None
    if told.replace(".", "", 1).isdecimal() and told.isascii():
        pause = timedelta(seconds=min(float(told), _LONGEST_PAUSE.total_seconds()))
    elif (moment := http_date(told)) is not None:
        pause = moment - (http_date(headers.get("date", "")) or now)
    if pause is None or pause < timedelta(0):
        return None if otherwise is None else now + timedelta(seconds=otherwise)
    return now + min(pause, _LONGEST_PAUSE)

"""Lists of Lexware Office. Contacts and articles come whole; of documents there is an index only, each is then read by itself.

The index shows 10,000 rows of a query at most, so a longer one is asked for by stretches of days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from unisono.connect import exact
from unisono.connect.paging import Stretch, numbered, walk
from unisono.connect.port import Page, Raw
from unisono.model.capability import Capabilities
from unisono.model.errors import BadAnswer, NotThere
from unisono.model.fields import Row, amount, stamp, text
from unisono.model.money import plain
from unisono.systems.lexoffice.client import Client, Params
from unisono.systems.lexoffice.mapping import ARTICLES, CONTACTS, DOCUMENTS, Ways
from unisono.systems.lexoffice.values import VOUCHERS, ZONE, is_id, split

PAGE = 250
_FIRST, _LAST = dt.date(1990, 1, 1), dt.date(2100, 1, 1)
"""What an open beginning or end is taken for when a stretch is halved."""
_SETTLED = ("paid", "paidoff")
_ENDED = (*_SETTLED, "voided")
_OWED = ("open", "overdue", "sepadebit", "transferred", *_SETTLED)
"""Words of a document of which payments are told."""
Span = tuple[dt.date | None, dt.date | None]
Found = tuple[list[Row], dt.datetime | None]


class _TooMany(Exception):
    """A query has more rows than it shows."""


class Lists:
    """Reads lists and single rows of one account."""

    def __init__(self, client: Client, ways: Ways, capabilities: Capabilities) -> None:
        self._client, self._ways = client, ways
        self._windows = {resource.name: resource.window for resource in capabilities.resources}
        """The most rows of one query that can be paged through."""

    def pages(self, resource: str, since: dt.datetime | None) -> Iterator[Page]:
        """Page after page until the last; of documents those changed since a moment, if one is given."""
        if resource == DOCUMENTS:
            return self._documents(since)
        return self._whole(resource)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row in full; ``None`` only if the service says that there is none, or the key is none of its."""
        if resource == DOCUMENTS:
            word, row_id = split(key)
            return self._document(word, row_id) if word else None
        if not is_id(key):
            return None
        try:
            row, _ = self._client.get(f"{resource}/{key}")
        except NotThere:
            return None
        if row.get("id") != key:
            raise BadAnswer("not-a-row", {"call": f"GET {resource}", "value": str(row)[:80]})
        return self._raw(resource, key, row)

    def found(self, resource: str, filters: Params) -> Iterator[Raw]:
        """The rows of contacts or articles that a filter leaves; what it is worth is for the caller to see, since it may be ignored."""
        for stretch, fresh in self._walked(resource, filters):
            for at in fresh:
                row = stretch.page[0][at]
                yield self._raw(resource, str(row["id"]), row)

    def found_documents(self, word: str, owner: str, on: dt.date | None) -> Iterator[Raw]:
        """A customer's documents of one kind, the newest first; of one day, if it is known."""
        filters = [("voucherType", word), ("voucherStatus", "any"), ("contactId", owner), ("sort", "voucherDate,DESC")]
        if on is not None:
            filters += [("voucherDateFrom", on.isoformat()), ("voucherDateTo", on.isoformat())]
        for stretch, fresh in self._walked(DOCUMENTS, filters):
            for at in fresh:
                row = stretch.page[0][at]
                fits = row.get("voucherType") == word and row.get("contactId") == owner
                raw = self._document(word, str(row["id"]), row) if fits else None
                if raw is not None:
                    yield raw

    def _whole(self, resource: str) -> Iterator[Page]:
        filters = () if resource != CONTACTS or self._ways.everybody else (("customer", "true"),)
        for stretch, fresh in self._walked(resource, filters):
            rows, told_at = stretch.page
            raws = tuple(self._raw(resource, str(rows[at]["id"]), rows[at]) for at in fresh)
            yield Page(raws, not stretch.full, told_at)

    def _documents(self, since: dt.datetime | None) -> Iterator[Page]:
        filters = [("voucherType", ",".join(VOUCHERS)), ("voucherStatus", "any"), ("sort", "voucherDate,ASC")]
        if since is not None:
            filters.append(("updatedDateFrom", since.astimezone(ZONE).date().isoformat()))
        spans: list[Span] = [(None, None)]
        while spans:
            span = spans.pop()
            try:
                for stretch, fresh in self._walked(DOCUMENTS, [*filters, *_within(span)], halved=True):
                    rows, told_at = stretch.page
                    raws = [self._of_index(rows[at], since) for at in fresh]
                    yield Page(tuple(raw for raw in raws if raw is not None), not stretch.full and not spans, told_at)
            except _TooMany:
                halves = _halves(span)
                if not halves:
                    raise self._too_long(DOCUMENTS) from None
                spans += halves

    def _of_index(self, row: Row, since: dt.datetime | None) -> Raw | None:
        """The document of a row of the index. One that changed earlier that day, or went meanwhile, or is of another kind, is none."""
        word, changed = row.get("voucherType"), stamp(row, "updatedDate")
        if word not in VOUCHERS or (since is not None and changed is not None and changed < since):
            return None
        return self._document(word, str(row["id"]), row)

    def _document(self, word: str, row_id: str, listed: Row | None = None) -> Raw | None:
        """A document and what was paid of it. ``listed`` is its row of the index, which may save a call."""
        key, voucher = f"{word}:{row_id}", VOUCHERS[word]
        try:
            row, _ = self._client.get(f"{voucher.path}/{row_id}")
        except NotThere:
            return None
        if row.get("id") != row_id:
            raise BadAnswer("not-a-row", {"call": f"GET {voucher.path}", "value": str(row)[:80]})
        state = text(row, "voucherStatus", key)
        payment = None
        if voucher.paid and state in _OWED:
            left = amount(listed, "openAmount", key) if listed is not None and state not in _SETTLED else None
            payment, since = self._payment(row_id, key) if left is None else (_payment_row(left, ""), "")
            # Cancelled between the two calls, nothing is open any more; but nobody has paid.
            row |= {"voucherStatus": since} if since in _ENDED else {}
        return self._raw(DOCUMENTS, key, row | {"voucherType": word, "payment": payment})

    def _payment(self, row_id: str, key: str) -> tuple[Row | None, str]:
        """What is open of a document, and the state it is in by then."""
        try:
            reply = self._client.ask("GET", f"payments/{row_id}", absent=(404, 406))
        except NotThere:
            # Also the word for a document of which no payments are kept.
            return None, ""
        row = reply.json()
        if not isinstance(row, dict):
            raise BadAnswer("not-a-row", {"call": "GET payments", "value": str(row)[:80]}, reply.excerpt())
        return _payment_row(amount(row, "openAmount", key), text(row, "paidDate", key)), text(row, "voucherStatus", key)

    def _walked(self, resource: str, filters: Params, *, halved: bool = False) -> Iterator[tuple[Stretch[Found], list[int]]]:
        """Every page of a query with its fresh rows. A query that shows more than can be paged through is ``_TooMany`` where it can be
        ``halved``, else ``BadAnswer``: to stop at the ten-thousandth row in silence would look like deletions."""

        def read(at: int) -> Stretch[Found]:
            number, size = numbered(at, PAGE)
            asked = (*filters, ("page", str(number - 1)), ("size", str(size)))
            answer, told_at = self._client.get(resource, asked, absent=())
            rows = answer.get("content")
            told = {"system": "lexoffice", "resource": resource, "field": "content"}
            if not isinstance(rows, list):
                raise BadAnswer("list-missing", told)
            if not all(isinstance(row, dict) and is_id(row.get("id")) for row in rows):
                raise BadAnswer("not-a-row", {"call": f"GET {resource}", "value": str(rows)[:80]})
            total, shown = answer.get("totalElements"), answer.get("size")
            if shown not in (None, size) or len(rows) > size:
                # A size it does not like is replaced in silence, and with it the place of every row.
                raise BadAnswer("filter-ignored", told | {"record": str(number), "field": "size"})
            if isinstance(total, int | Decimal) and total > self._windows[resource]:
                raise _TooMany if halved else self._too_long(resource)
            last = answer.get("last")
            full = len(rows) >= size if not isinstance(last, bool) else not last
            return Stretch((number - 1) * size, [str(row["id"]) for row in rows], full, (rows, told_at))

        return walk(read, {"system": "lexoffice", "resource": resource})

    def _raw(self, resource: str, key: str, row: Row) -> Raw:
        try:
            body = exact.encode(row)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadAnswer("not-a-row", {"call": resource, "record": key, "reason": str(error)[:80]}) from error
        version = row.get("version")
        if resource not in (CONTACTS, ARTICLES) or not isinstance(version, int):
            return Raw(resource, key, body)
        # With what set-up settled: a row means something else under another standard address.
        ways = self._ways
        told = (version, row.get("archived"), ways.everybody, ways.archived, ways.leading)
        return Raw(resource, key, body, "/".join(str(one) for one in told))

    def _too_long(self, resource: str) -> BadAnswer:
        return BadAnswer("list-too-long", {"system": "lexoffice", "resource": resource, "limit": str(self._windows[resource])})


def _payment_row(left: Decimal | None, date: str) -> Row:
    return {"open": None if left is None else plain(left), "date": date}


def _within(span: Span) -> Sequence[tuple[str, str]]:
    names = ("voucherDateFrom", "voucherDateTo")
    return [(name, day.isoformat()) for name, day in zip(names, span, strict=True) if day is not None]


def _halves(span: Span) -> list[Span]:
    """Two stretches of days instead of one, the earlier last; none of a single day."""
    begin, end = span[0] or _FIRST, span[1] or _LAST
    if begin >= end:
        return []
    middle = begin + (end - begin) // 2
    return [(middle + dt.timedelta(days=1), span[1]), (span[0], middle)]

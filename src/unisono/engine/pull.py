"""Pull: ask a system what there is, store it as seen. Unchanged rows are told by the hash of the vendor's bytes and go no further."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from unisono.connect.port import Page, Raw
from unisono.engine.calls import look_up
from unisono.engine.hands import Connected, Hands
from unisono.engine.pages import Pages
from unisono.model.capability import Resource
from unisono.model.errors import BadAnswer, SystemFault
from unisono.model.record import Kind, Record
from unisono.store import pairs, seen
from unisono.store.listing import Listed
from unisono.store.stamps import instant, stamp

SWEEP = timedelta(days=7)
"""How often a resource with a *changed since* is read whole all the same."""
CLOCKS_APART = timedelta(days=1)
"""How far the clock of a vendor that does not tell its hour may be from ours."""
JITTER = timedelta(minutes=1)
"""How far the clocks of a vendor's machines may differ from one answer to the next."""
CONFIRM_AT_MOST = 25
"""Missing rows asked for by name in one pull; the rest is asked in the next ones."""


class Pulled(Struct):
    """What a pull brought. ``unreadable`` are single rows that could not be understood: (resource, key, fault)."""

    calls: int = 0
    rows: int = 0
    changed: int = 0
    gone: int = 0
    unreadable: list[tuple[str, str, SystemFault]] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)
    """Resources that were read from beginning to end."""
    listed: set[tuple[str, str]] = field(default_factory=set)
    """Rows (resource, key) that came of the resources read only since a mark."""


Further = Callable[[], bool]
"""Stores one more page of the list that is being read if it is there already; says whether."""
Between = Callable[[Further], None]


def nothing_between(_: Further) -> None:
    """Nobody waits for a page."""


def pull(where: Connected, hands: Hands, *, whole: bool = False, between: Between = nothing_between, ahead: bool = False) -> Pulled:
    """Reads every resource the connection's pairs need, whole or since its mark. Raises the system's faults; what was stored stays.

    ``between`` is called after each page that was stored, and may read on meanwhile; ``ahead``: the next page is asked for by then.
    """
    pulled = Pulled()
    named = [(name, where.system.capabilities.resource(name)) for name in where.resources]
    with hands.store.read() as conn:
        marks = _Marks(pairs.get_connection(conn, where.id).marks)
        absent = {name: seen.missing_rows(conn, where.id, name) for name, resource in named if resource.whole}
    try:
        for name, resource in named:
            _pull_resource(where, resource, hands, pulled, marks, absent.get(name, []), whole=whole, between=between, ahead=ahead)
            hands.step(f"pulled-{name}")
    finally:
        marks.keep(where.id, hands)
    return pulled


class _Marks(Struct):
    """How far each resource was read. A listing that brought nothing has nothing to lose: its mark is kept with the next one's."""

    known: dict[str, dict[str, str]]
    moved: dict[str, dict[str, str]] = field(default_factory=dict)

    def keep(self, connection: str, hands: Hands) -> None:
        if self.moved:
            with hands.store.write() as conn:
                stored = pairs.get_connection(conn, connection).marks
                pairs.update_connection(conn, connection, marks={**stored, **self.moved})
            self.moved.clear()


def raw_hash(raw: Raw) -> bytes:
    """Tells the vendor's contents apart: by the version the system gives the row (links that are new each time left out), else its bytes."""
    return hashlib.blake2b(raw.version.encode() if raw.version else raw.body, digest_size=16).digest()


def _pull_resource(
    where: Connected,
    resource: Resource,
    hands: Hands,
    pulled: Pulled,
    kept: _Marks,
    absent: Sequence[tuple[str, datetime]],
    *,
    whole: bool,
    between: Between,
    ahead: bool,
) -> None:
    marks = dict(kept.known.get(resource.name, {}))
    since = None if whole else _since(resource, marks, hands.clock.now())
    before = instant(marks["since"]) if since is not None else None
    so_far = pulled.changed + pulled.gone
    missed = {key for key, _ in absent}
    listing = _listing(where, resource.name, since, hands, pulled, missed, before, between=between, ahead=ahead)
    if listing is None:
        since, listing = None, _listing(where, resource.name, None, hands, pulled, missed, between=between, ahead=ahead)
    assert listing is not None
    mark, listed = listing
    if since is None:
        pulled.whole.add(resource.name)
    else:
        pulled.listed |= {(resource.name, key) for key in listed.keys}
    if resource.whole:
        _find_missing(where, resource, listed, since is None, absent, hands, pulled)
    # By our own clock: ``since`` is the vendor's, and earlier where clocks disagree.
    marks |= {"since": stamp(mark), "looked_at": stamp(hands.clock.now())}
    if since is None:
        marks["whole_at"] = marks["looked_at"]
    if since is None:
        marks.setdefault("first_whole", stamp(hands.clock.now()))
    kept.moved[resource.name] = marks
    if pulled.changed + pulled.gone > so_far:
        kept.keep(where.id, hands)


def _since(resource: Resource, marks: dict[str, str], now: datetime) -> datetime | None:
    """From when changes are asked for: the vendor's own clock at the last pull, less the overlap. ``None``: read it whole."""
    if resource.signal not in ("stamp", "coarse-stamp", "ordered-until") or "since" not in marks:
        return None
    whole_at = instant(marks.get("whole_at") or marks["since"])
    if not timedelta() <= now - whole_at < SWEEP:
        # An hour that has not come was written while our clock was ahead.
        return None
    return instant(marks["since"]) - timedelta(seconds=resource.overlap)


def _listing(
    where: Connected,
    resource: str,
    since: datetime | None,
    hands: Hands,
    pulled: Pulled,
    missed: set[str],
    before: datetime | None = None,
    *,
    between: Between,
    ahead: bool,
) -> tuple[datetime, Listed] | None:
    """Reads and stores a list: the vendor's clock as it began, and what came; by key what was ``missed`` before, of a list of changes
    everything. ``None`` if that clock stands earlier than ``before``, when it was last looked at: it was wrong then or is now, and a list of
    changes would leave some out."""
    with hands.store.read() as conn:
        listed = seen.begin_listing(conn, where.id)

    def take(page: Page) -> None:
        pulled.calls += 1
        if since is not None or missed:
            listed.keys.update(row.key for row in page.rows if since is not None or row.key in missed)
        _store_page(where, resource, page, hands, pulled, listed)
        hands.step(f"page-{resource}")

    mark: datetime | None = None
    with Pages(where.system.pages(resource, since), ahead=ahead) as pages:

        def further() -> bool:
            page = pages.next_there()
            if page is not None:
                take(page)
            return page is not None

        while (page := pages.next()) is not None:
            if mark is None:
                # Only the first page tells when the listing began. A vendor that does not say its hour may be behind ours.
                mark = page.server_time or hands.clock.now() - CLOCKS_APART
                if before is not None and mark < before - JITTER:
                    pulled.calls += 1
                    return None
            take(page)
            between(further)
    return mark or hands.clock.now() - CLOCKS_APART, listed


def _store_page(where: Connected, resource: str, page: Page, hands: Hands, pulled: Pulled, listed: Listed) -> None:
    pulled.rows += len(page.rows)
    if page.rows:
        _store(where, resource, page.rows, hands, pulled, listed)


def _store(where: Connected, resource: str, rows: tuple[Raw, ...], hands: Hands, pulled: Pulled, listed: Listed) -> None:
    unique = {row.key: row for row in rows}
    hashes = {key: raw_hash(row) for key, row in unique.items()}
    with hands.store.read() as conn:
        compared = seen.compare_rows(conn, where.id, resource, hashes, listed)
        known = seen.known_rows(conn, where.id, resource, sorted(compared.other)) if compared.other else {}
    fresh = [key for key in hashes if key not in compared.same]
    back = sorted(compared.back)
    records: list[tuple[Record, bytes]] = []
    lost: list[tuple[Kind, str]] = []
    for key in fresh:
        try:
            read = where.system.records(unique[key])
        except BadAnswer as fault:
            pulled.unreadable.append((resource, key, fault))
            continue
        records += [(record, hashes[key]) for record in read]
        now_there = {(r.kind, r.key) for r in read}
        lost += [old for old in (known[key].keys if key in known else ()) if old not in now_there]
    if not (records or lost or back):
        return
    with hands.store.write() as conn:
        now = hands.clock.now()
        pulled.changed += seen.put_seen(conn, where.id, records, now, listed=listed)
        pulled.gone += seen.mark_gone(conn, where.id, lost, now, listed=listed)
        if back:
            seen.touch_rows(conn, where.id, resource, back)


def _find_missing(
    where: Connected,
    resource: Resource,
    listed: Listed,
    whole: bool,
    absent: Sequence[tuple[str, datetime]],
    hands: Hands,
    pulled: Pulled,
) -> None:
    """Rows that a ``whole`` listing did not show, or that were ``absent`` before: not found by a write. Only two definite *not found*,
    the declared lag apart, count as a deletion."""
    now = hands.clock.now()
    # Missed at an hour that has not come: our clock was ahead. It is missed from now on.
    fresh = [key for key, since in absent if since > now and key not in listed.keys]
    if whole:
        with hands.store.read() as conn:
            fresh += seen.unlisted(conn, where.id, resource.name, listed)
    if fresh:
        with hands.store.write() as conn:
            seen.mark_missing(conn, where.id, resource.name, fresh, now)
    asked = [(key, since) for key, since in absent if key not in listed.keys and since <= now] + [(key, now) for key in fresh]
    missed_at = dict(asked[:CONFIRM_AT_MOST])
    for (_, key), raw in _looked_up(where, [(resource.name, key) for key in missed_at], pulled):
        if raw is not None:
            _store(where, resource.name, (raw,), hands, pulled, listed)
            with hands.store.write() as conn:
                seen.touch_rows(conn, where.id, resource.name, [key])
        elif now - missed_at[key] >= timedelta(seconds=resource.delete_lag):
            with hands.store.write() as conn:
                pulled.gone += seen.mark_gone(conn, where.id, seen.records_of_row(conn, where.id, resource.name, key), now)
        hands.step("missing-asked")


def _looked_up(where: Connected, places: Sequence[tuple[str, str]], pulled: Pulled) -> Iterator[tuple[tuple[str, str], Raw | None]]:
    """Rows (resource, key) as they are now, as many a call as the vendor brings."""
    sizes = Counter(max(1, where.system.capabilities.resource(name).batch) for name, _ in dict.fromkeys(places))
    pulled.calls += sum(-(-count // most) for most, count in sizes.items())
    for place, row in look_up(where.system, places):
        if isinstance(row, SystemFault):
            raise row
        yield place, row


def pull_rows(where: Connected, keys: Sequence[tuple[str, str]], hands: Hands) -> Pulled:
    """Reads single rows (resource, key) as a list would have brought them. One that is not found is missing from now on, no more: that it
    was deleted is proved by later looks only."""
    pulled = Pulled()
    with hands.store.read() as conn:
        listed = seen.begin_listing(conn, where.id)
    for (resource, key), raw in _looked_up(where, keys, pulled):
        if raw is not None:
            pulled.rows += 1
            pulled.listed.add((resource, key))
            _store(where, resource, (raw,), hands, pulled, listed)
        elif where.system.capabilities.resource(resource).whole:
            with hands.store.write() as conn:
                seen.mark_missing(conn, where.id, resource, [key], hands.clock.now())
        hands.step("hinted-row")
    return pulled

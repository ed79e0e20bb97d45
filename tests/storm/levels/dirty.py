"""Level G: spoilt samples and answers fed into every mapping and client, spoilt notices into the doors, spoilt files into their readers.

What comes out is an error that the port declares, or a record that is sound: storable, plannable, its money what the vendor wrote. What comes
to a door or is handed in by a person: ``knocks`` and ``handed``.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any

from msgspec import Struct

from tests.storm.levels.abilities import pick
from tests.storm.levels.handed import handed
from tests.storm.levels.knocks import knocked
from tests.storm.levels.mutations import parsed, spoilt
from tests.storm.levels.samples import ROWS, SYSTEMS, account, samples, there
from tests.storm.verdict import Broken, Failure, Verdict
from unisono.connect.port import Raw
from unisono.model.codes import CURRENCIES
from unisono.model.document import Document, Lines, adds_up, version_of
from unisono.model.errors import BadAnswer, SystemFault
from unisono.model.money import plain
from unisono.model.record import Record, flat_of, label_of, match_keys
from unisono.model.writing import Write
from unisono.plan.flows.quotes import quote_from
from unisono.policy.schema import Policy
from unisono.sandbox.kit.app import WSGIApp
from unisono.store.codec import body_from, body_text

LEVEL = "dirty"
MONEY: dict[str, dict[str, str]] = {
    "deals": {"value": "value"},
    "estimate": {"net": "SUB_TOTAL", "vat": "VAT_TOTAL", "gross": "TOTAL"},
    "invoice": {"net": "SUB_TOTAL", "vat": "VAT_TOTAL", "gross": "TOTAL"},
}
"""Our amount -> the vendor's member that holds it."""
LINE = {"price": "UNIT_PRICE", "net": "COMPLETE_NET", "gross": "COMPLETE_GROSS", "vat_rate": "VAT_PERCENT"}
REFERENCE = "uni-abcdefgh23456722"
_POLICY = Policy()


def run(first_seed: int, last_seed: int) -> Verdict:
    """Each seed spoils one sample for every mapping, a notice for every other door, a workbook and a policy file; every fourth an answer for
    every client."""
    verdict, began = Verdict(LEVEL), time.perf_counter()
    for seed in range(first_seed, last_seed + 1):
        broken = list(one(seed, verdict.count))
        if broken:
            verdict.failures.append(Failure(LEVEL, seed, f"--level {LEVEL} --seed {seed}", tuple(broken)))
    verdict.seconds = time.perf_counter() - began
    return verdict


def one(seed: int, count: Callable[[str], None] = lambda _: None) -> Iterator[Broken]:
    """Everything that a seed spoils."""
    for system in SYSTEMS:
        for resource in sorted(samples(system)):
            count("samples")
            count(f"samples:{system}/{resource}")
            rnd = Random(f"{seed} {system} {resource}")
            key, row = pick(rnd, samples(system)[resource])
            yield from mapped(system, Raw(resource, key, spoilt(rnd, row)), count)
            if seed % 4 == 0:
                count("answers")
                yield from answered(system, resource, rnd, count)
    yield from knocked(seed, count)
    yield from handed(seed, count)


# --- rows -------------------------------------------------------------------------------------------------------------------------------


def mapped(system: str, raw: Raw, count: Callable[[str], None]) -> Iterator[Broken]:
    """One spoilt row through the mapping: sound records, or ``BadAnswer`` that names the record."""
    where = f"{system}/{raw.resource}/{raw.key}"
    try:
        records = account(system).system.records(raw)
    except BadAnswer as fault:
        count("refused")
        if not fault.values.get("record"):
            yield Broken("I8", f"{fault.code} does not say which record", where)
        return
    except Exception as error:  # noqa: BLE001  any other error is what is looked for
        yield Broken("I16", f"{type(error).__name__}: {str(error)[:200]} for {raw.body[:200]!r}", where)
        return
    count("read")
    for record in records:
        try:
            yield from sound(record, raw, where)
        except Exception as error:  # noqa: BLE001  what is read must be usable
            yield Broken("I16", f"{type(error).__name__}: {str(error)[:200]} when {record.body!r:.300} is used", where)


def sound(record: Record, raw: Raw, where: str) -> Iterator[Broken]:
    """A record that the other rooms can live with, and whose money is the vendor's."""
    for path, value in texts(record):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value) or unicodedata.normalize("NFC", value) != value:
            yield Broken("I21", f"{path} is no clean text: {value[:40]!r}", where)
    if body_from(record.kind, body_text(record.body)) != record.body:
        yield Broken("I21", "what is stored is not what was read", where)
    for use in (match_keys, label_of):
        use(record)
    flat_of(record.body)
    body = record.body
    if isinstance(body, Document):
        version_of(body), adds_up(body)
        yield from paid_to_the_cent(record.resource, body, raw, where)
    yield from crossing(record, where)


def crossing(record: Record, where: str) -> Iterator[Broken]:
    """What was read can be composed for the other vendor, or is refused by it; a deal's amount arrives as it was."""
    body = record.body
    if isinstance(body, Document) and record.resource == "deals":
        body = quote_from(body, _POLICY)
    elif record.kind not in ("party", "contact"):
        return
    to = "fastbill" if where.startswith("centralstation") else "centralstation"
    owner = {"fastbill": "1", "centralstation": "company:1"}[to] if record.kind != "party" else ""
    write = Write(operation="create", side="b" if to == "fastbill" else "a", kind=record.kind, body=body, owner=owner, reference=REFERENCE)
    try:
        commands = account(to).system.compose(write, None)
    except SystemFault:
        return
    if isinstance(body, Document) and isinstance(body.lines, Lines):
        sent = [exact(item["UNIT_PRICE"]) for command in commands for item in command.payload["ITEMS"]]
        if sent != [line.price for line in body.lines.rows]:
            yield Broken("I7", f"{[line.price for line in body.lines.rows]} would be sent as {sent}", where)


def paid_to_the_cent(resource: str, body: Document, raw: Raw, where: str) -> Iterator[Broken]:
    """I7: every amount is exactly the number in the vendor's row, or none where it names none; never a float, never another currency."""
    if body.currency not in CURRENCIES:
        yield Broken("I7", f"currency {body.currency!r}", where)
    row = parsed_dirty(raw.body)
    wanted: list[tuple[str, Any, Any]] = [(name, getattr(body, name), row.get(wire)) for name, wire in MONEY[resource].items()]
    if isinstance(body.lines, Lines):
        items = row.get("ITEMS")
        items = list(items.values()) if isinstance(items, dict) else items or []
        if len(items) != len(body.lines.rows):
            yield Broken("I7", f"{len(items)} lines became {len(body.lines.rows)}", where)
        # Lines come in the vendor's own order, so they are compared as a heap.
        for name, wire in LINE.items():
            ours = sorted(plain(value or Decimal(0)) for value in (getattr(line, name) for line in body.lines.rows))
            theirs = sorted(plain(exact(item.get(wire)) or Decimal(0)) for item in items)
            if ours != theirs:
                yield Broken("I7", f"{name} of the lines: {theirs} became {ours}", where)
    for name, ours_, theirs_ in wanted:
        if ours_ is not None and (not isinstance(ours_, Decimal) or not ours_.is_finite()):
            yield Broken("I7", f"{name} is {ours_!r}", where)
        elif ours_ != exact(theirs_):
            yield Broken("I7", f"{name}: {theirs_!r:.60} became {ours_!r:.60}", where)


def exact(value: Any) -> Decimal | None:
    """The number a vendor's value says; ``None`` for nothing."""
    if value is None or value in ([], {}) or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return Decimal("NaN")


def parsed_dirty(body: bytes) -> dict[str, Any]:
    """A spoilt row that the mapping read all the same."""
    found: dict[str, Any] = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, strict=False)
    return found


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside a value of ours."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple | list):
        for n, part in enumerate(value):
            yield from texts(part, f"{path}[{n}]")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name), f"{path}.{name}")


# --- whole answers ----------------------------------------------------------------------------------------------------------------------


def answered(system: str, resource: str, rnd: Random, count: Callable[[str], None]) -> Iterator[Broken]:
    """A listing and a reading whose answers are spoilt on the way: only the port's faults, and never *not there* for what is there."""
    where = account(system)
    key = pick(rnd, there(system)[resource])
    place = f"{system}/{resource}/{key}"
    inner = where.wire._app
    for name, what in (
        ("list", lambda: [list(where.system.records(row)) for row in where.all(resource)]),
        ("read", lambda: where.system.read(resource, key)),
    ):
        where.wire._app = vendor = Spoiling(inner, rnd)
        try:
            found = what()
        except SystemFault:
            count("refused")
        except Exception as error:  # noqa: BLE001  any other error is what is looked for
            yield Broken("I16", f"{type(error).__name__}: {str(error)[:200]} for {vendor.said[:200]!r}", f"{name} {place}")
        else:
            if name == "read" and found is None and vendor.status == "200" and not says_nothing(vendor.said):
                yield Broken("I5", f"taken for *not there*: {vendor.said[:200]!r}", place)
        finally:
            where.wire._app = inner


def says_nothing(body: bytes) -> bool:
    """Whether an answer shows an empty list (the vendor may leave the list or the whole answer empty), or a row marked as deleted: the one
    way in which a vendor that answers 200 says that there is no such row. It counts only if it is said twice, a while apart."""
    try:
        answer = parsed_dirty(body).get("RESPONSE")
    except (ValueError, AttributeError, RecursionError):
        return False
    lists = [value for name, value in answer.items() if name in ROWS["fastbill"]] if isinstance(answer, dict) else []
    if not lists:
        return answer in ([], {})
    rows = list(lists[0].values()) if isinstance(lists[0], dict) else lists[0]
    return not rows or any(isinstance(row, dict) and row.get("DELETED_DATE") for row in rows)


class Spoiling:
    """A vendor whose every answer is spoilt JSON of the declared length."""

    def __init__(self, app: WSGIApp, rnd: Random) -> None:
        self._app, self._rnd, self._left = app, rnd, 3
        self.said, self.status = b"", ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        said: list[Any] = []
        body = b"".join(self._app(environ, lambda *told: said.append(told)))  # type: ignore[arg-type, return-value]
        status, headers, *_ = said[0]
        if self._left and body[:1] in (b"{", b"["):
            self._left -= 1
            body = spoilt(self._rnd, parsed(body))
        self.said, self.status = body, status[:3]
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

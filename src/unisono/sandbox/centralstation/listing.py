"""Lists: pages, orders, filters, fuzzy search."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.envelope import BERLIN, Call, bad_request, instant, local_day
from unisono.sandbox.kit.world import Row

PER_PAGE, MOST_PER_PAGE = 25, 250
MODIFIERS = ("equal", "smaller_than", "larger_than", "between", "in", "like")

PERSON_ATTRIBUTES = (
    "id", "account_id", "user_id", "name", "first_name", "salutation", "title", "gender", "country_code", "background",
    "created_at", "updated_at",
)  # fmt: skip
COMPANY_ATTRIBUTES = ("id", "account_id", "user_id", "name", "background", "created_at", "updated_at")
TAG_ATTRIBUTES = ("id", "account_id", "attachable_id", "attachable_type", "api_input", "name", "created_at", "updated_at")

_FILTER = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?(?:\[\])?$")
_STATES = {"open_0": 0, "open_25": 1, "open_50": 2, "open_75": 3, "won": 4, "lost": 5}

Test = Callable[[Row], bool]


def page(call: Call, rows: list[Row]) -> list[Row]:
    """The asked part of a list; after the end it is empty."""
    number = _positive(call, "page", 1)
    size = min(_positive(call, "perpage", PER_PAGE), MOST_PER_PAGE)
    return rows[(number - 1) * size : number * size]


def _positive(call: Call, name: str, default: int) -> int:
    raw = call.args.get(name, "")
    if not raw:
        return default
    if not raw.isdigit() or int(raw) < 1:
        raise bad_request(f"{name} must be a positive number")
    return int(raw)


def order(book: Book, call: Call, rows: list[Row], kind: str) -> list[Row]:
    """Both vocabularies of ``order``; without one, oldest first. ``kind``: Person, Company, Deal or empty for sub-records."""
    asked = call.args.get("order", "")
    if not asked:
        return rows
    word, _, direction = asked.rpartition("-")
    key = _key(book, word, kind)
    if key is None or direction not in ("asc", "desc"):
        raise bad_request(f"order {asked!r} is unknown")
    return sorted(rows, key=key, reverse=direction == "desc")


def _key(book: Book, word: str, kind: str) -> Callable[[Row], Any] | None:
    match word:
        case "id":
            return lambda row: row["id"]
        case "abc" | "name" if kind:
            return lambda row: (fold(row["name"]), fold(row.get("first_name") or ""), row["id"])
        case "new" | "created_at":
            return lambda row: (instant(row["created_at"]), row["id"])
        case "update" | "updated_at":
            return lambda row: (instant(row["updated_at"]), row["id"])
        case "activity" if kind:
            return lambda row: (instant(book.stream(row)), row["id"])
        case "date" if kind == "Deal":
            return lambda row: (row["target_date"], row["id"])
        case "value" if kind == "Deal":
            return lambda row: (Decimal(row["value"]), row["id"])
        case "state" if kind == "Deal":
            return lambda row: (_STATES[row["current_state"]], row["id"])
    return None


def filters(book: Book, call: Call, attributes: Iterable[str], *, records: bool = False) -> list[Test]:
    """The conditions in the query: ``filter[..][..]``, and for records ``tag_name``, ``tag_id``, ``stream_updated_at_*``."""
    tests: list[Test] = []
    known = frozenset(attributes)
    for name, value in call.request.args.items(multi=True):
        if name == "filter" or (name.startswith("filter[")):
            tests += [_test(known, *condition) for condition in _conditions(name, value)]
    if records:
        tests += _record_tests(book, call)
    return tests


def _conditions(name: str, value: str) -> list[tuple[str, str, str]]:
    found = _FILTER.match(name)
    if found and found[2]:
        return [(found[1], found[2], value)]
    try:
        given = json.loads(value)
        given = {found[1]: given} if found else given
        return [(attribute, modifier, str(text)) for attribute, inner in given.items() for modifier, text in inner.items()]
    except (ValueError, AttributeError):
        raise bad_request(f"{name} cannot be read as a filter") from None


def _record_tests(book: Book, call: Call) -> list[Test]:
    tests: list[Test] = []
    name = call.args.get("tag_name", "")
    if "tag_id" in call.args:
        row = book.get("tags", int(call.args["tag_id"])) if call.args["tag_id"].isdigit() else None
        if row is None:
            return [lambda _: False]
        name = row["name"]
    if name:
        tagged = {row["attachable_id"] for row in book.by("tags", "name", name)}
        tests.append(lambda row: row["id"] in tagged)
    for word, later in (("stream_updated_at_after", True), ("stream_updated_at_before", False)):
        if word in call.args:
            edge = _moment(word, call.args[word])
            tests.append(lambda row, edge=edge, later=later: (instant(book.stream(row)) > edge) == later)  # type: ignore[misc]
    return tests


def _test(known: frozenset[str], attribute: str, modifier: str, text: str) -> Test:
    if attribute not in known:
        raise bad_request(f"filter: no attribute {attribute!r} here")
    if modifier not in MODIFIERS:
        raise bad_request(f"filter: no modifier {modifier!r}; known are {', '.join(MODIFIERS)}")
    if attribute.endswith("_at"):
        return _time_test(attribute, modifier, text)
    if modifier == "like":
        pattern = re.compile(".*".join(re.escape(part) for part in fold(text).split("%")), re.DOTALL)
        return lambda row: row[attribute] is not None and pattern.fullmatch(fold(str(row[attribute]))) is not None
    if modifier == "between":
        low, high = _pair(attribute, text)
        return lambda row: row[attribute] is not None and not _less(row[attribute], low) and not _less(high, row[attribute])
    if modifier in ("equal", "in"):
        wanted = set(text.split(",")) if modifier == "in" else {text}
        return lambda row: _plain(row[attribute]) in wanted
    if modifier == "smaller_than":
        return lambda row: row[attribute] is not None and _less(row[attribute], text)
    return lambda row: row[attribute] is not None and _less(text, row[attribute])


def _less(left: Any, right: Any) -> bool:
    """Numbers by value, texts by letter."""
    try:
        return Decimal(str(left)) < Decimal(str(right))
    except InvalidOperation:
        return str(left) < str(right)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _time_test(attribute: str, modifier: str, text: str) -> Test:
    """A date compares by Berlin days (so ``larger_than`` leaves that day out), a timestamp exactly. Which of the two the vendor does is
    unknown; this is the reading that loses more, so that a client has to overlap."""
    words = list(_pair(attribute, text)) if modifier == "between" else text.split(",") if modifier == "in" else [text]
    if modifier == "like":
        raise bad_request(f"filter: like does not go with {attribute}")
    edges: list[date | datetime] = [date.fromisoformat(word) if _is_date(word) else _moment(attribute, word) for word in words]

    def side(row: Row, edge: date | datetime) -> int:
        mine: Any = instant(row[attribute]) if isinstance(edge, datetime) else local_day(row[attribute])
        return int(mine > edge) - int(mine < edge)

    match modifier:
        case "larger_than":
            return lambda row: side(row, edges[0]) > 0
        case "smaller_than":
            return lambda row: side(row, edges[0]) < 0
        case "between":
            return lambda row: side(row, edges[0]) >= 0 and side(row, edges[1]) <= 0
    return lambda row: any(side(row, edge) == 0 for edge in edges)


def _pair(attribute: str, text: str) -> tuple[str, str]:
    words = text.split(",")
    if len(words) != 2:
        raise bad_request(f"filter: between needs two values for {attribute}, separated by a comma")
    return words[0].strip(), words[1].strip()


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text) if datetime.fromisoformat(text).tzinfo else datetime.fromisoformat(text).replace(tzinfo=BERLIN)
    except ValueError:
        raise bad_request(f"{name}: {text!r} is no date or timestamp") from None


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """A text without case and accents, for order and search."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def resembles(asked: str, text: str | None) -> bool:
    """The vendor's fuzzy search: every asked word stands somewhere in the text."""
    return text is not None and all(word in fold(text) for word in fold(asked).split())

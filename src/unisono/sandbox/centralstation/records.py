"""People, companies and deals as records: create, update, delete with all that hangs on them, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from unisono.sandbox.centralstation import parts
from unisono.sandbox.centralstation.book import Book, split_errors
from unisono.sandbox.centralstation.envelope import Call, bad_request
from unisono.sandbox.centralstation.fields import COMPANY, DEAL, PERSON, STATES, Errors, Field, clean, decimal_text
from unisono.sandbox.kit.world import Row

_DETAILS = ("tels", "emails", "homepages", "ims", "sms")


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One of the three kinds of records."""

    type: str
    table: str
    wrapper: str
    fields: dict[str, Field]
    nested: tuple[str, ...]
    includes: tuple[str, ...]
    methods: tuple[str, ...]


PERSON_KIND = Kind(
    "Person", "people", "person", PERSON,
    nested=("positions", *_DETAILS, "addrs", "tags", "custom_fields"),
    includes=(
        "positions", "companies", "deals", "projects", "tags", "tasks", "tasks_pending", "pending_tasks", "upcoming_cal_events",
        *_DETAILS, "addrs", "addrs_from_company", "custom_fields", "historic_events", "assis", "connections", "user", "avatar",
    ),
    methods=(
        "responsible_user_natural_name", "salutation_official", "salutation_formal", "salutation_informal", "backlink",
        "stream_updated_at", "absolute_url", "absolute_avatar_url",
    ),
)  # fmt: skip
COMPANY_KIND = Kind(
    "Company", "companies", "company", COMPANY,
    nested=("positions", *_DETAILS, "addrs", "tags", "custom_fields"),
    includes=(
        "positions", "deals", "projects", "tags", "tasks", "pending_tasks", "cal_events", "upcoming_cal_events", *_DETAILS, "addrs",
        "connections", "custom_fields",
    ),
    methods=("responsible_user_natural_name", "related_tasks", "stream_updated_at", "absolute_url"),
)  # fmt: skip
DEAL_KIND = Kind(
    "Deal", "deals", "deal", DEAL,
    nested=("tags", "custom_fields"),
    includes=("tags", "people", "company", "task_lists", "tasks", "pending_tasks", "cal_events", "upcoming_cal_events", "custom_fields"),
    methods=("responsible_user_natural_name", "people_ids", "absolute_url", "stream_updated_at"),
)  # fmt: skip
KINDS = {kind.table: kind for kind in (PERSON_KIND, COMPANY_KIND, DEAL_KIND)}
KIND_OF_TYPE = {kind.type: kind for kind in KINDS.values()}

EMPTY = ("projects", "tasks", "tasks_pending", "pending_tasks", "cal_events", "upcoming_cal_events", "task_lists", "historic_events",
         "assis", "connections")  # fmt: skip


def create(book: Book, kind: Kind, given: Row, *, by_api: bool = True, quiet: bool = False) -> Row:
    """Make a record with its nested rows; 422 before anything is written. ``quiet``: nothing in the activity stream."""
    book.room_for("deals" if kind is DEAL_KIND else "contacts")
    values, errors = clean(kind.fields, given, creating=True)
    people = _people_asked(book, kind, given, errors)
    if kind is DEAL_KIND:
        _check_deal(book, values, errors)
    work, wrong = parts.nested(book, kind.type, 0, given, kind.nested, by_api=by_api)
    split_errors(errors | wrong)
    row = book.add(kind.table, _new_row(book, kind, values))
    if people is not None:
        _set_people(book, row, people)
    for one in work:
        one(row["id"])
    if not quiet:
        book.moved(row["id"])
    book.event(kind.type, "create", row)
    return row


def update(book: Book, kind: Kind, row: Row, given: Row, *, by_api: bool = True, quiet: bool = False) -> bool:
    """Change what was sent; whether anything changed. ``updated_at`` moves only for the record's own attributes (a guess; the setting
    ``touch_parent`` widens it), and always when a person edits it at the vendor's side."""
    values, errors = clean(kind.fields, given, creating=False)
    people = _people_asked(book, kind, given, errors)
    if kind is DEAL_KIND:
        _check_deal(book, values, errors, row)
    work, wrong = parts.nested(book, kind.type, row["id"], given, kind.nested, by_api=by_api)
    split_errors(errors | wrong)
    own = book.change(kind.table, row, values)
    if kind is DEAL_KIND and own:
        book.change("deals", row, _consequences(book, row, values))
    if people is not None and people != people_ids(book, row):
        _set_people(book, row, people)
        own = True
    inner = [done for done in [one(row["id"]) for one in work] if done is not None]
    if own or not by_api or (inner and book.setting("touch_parent")):
        book.change(kind.table, row, {"updated_at": book.now(), "updated_by_user_id": _user(book)} if kind is not DEAL_KIND else
                    {"updated_at": book.now()})  # fmt: skip
    if own or inner:
        if not quiet:
            book.moved(row["id"])
        book.event(kind.type, "update", row)
    return bool(own or inner)


def destroy(book: Book, kind: Kind, row: Row) -> None:
    """Delete a record for good, with its sub-records; deals and notes of it stay and lose their reference."""
    key = row["id"]
    for part in ("contact_details", "addrs", "tags", "custom_fields"):
        for sub in book.by(part, "attachable_id", key):
            book.remove(part, sub["id"])
    if kind is not DEAL_KIND:
        for position in book.by("positions", "person_id" if kind is PERSON_KIND else "company_id", key):
            book.remove("positions", position["id"])
    if kind is COMPANY_KIND:
        for deal in book.by("deals", "company_id", key):
            book.change("deals", deal, {"company_id": None})
    if kind is PERSON_KIND:
        for entry in book.by("deal_people", "person_ids", key):
            book.change("deal_people", entry, {"person_ids": [one for one in entry["person_ids"] if one != key]})
    if kind is DEAL_KIND:
        book.remove("deal_people", key)
    forget_in_notes(book, {PERSON_KIND: "person_ids", COMPANY_KIND: "company_ids", DEAL_KIND: "deal_ids"}[kind], key)
    book.remove(kind.table, key)
    book.storage.table("stream").pop(key, None)
    book.event(kind.type, "destroy", row)


def forget_in_notes(book: Book, column: str, key: int, instead: int | None = None) -> None:
    """Take a reference out of the notes (or put another in its place)."""
    for note in book.by("protocols", column, key):
        ids = [one for one in note[column] if one not in (key, instead)] + ([instead] if instead is not None else [])
        single = {"person_ids": "person_id", "company_ids": "company_id"}.get(column)
        book.change("protocols", note, {column: ids} | ({single: ids[0] if ids else None} if single else {}))


def _new_row(book: Book, kind: Kind, values: Row) -> Row:
    now = book.now()
    head: Row = {"id": book.new_id(), "account_id": book.setting("account_id")}
    head["group_id"] = values.get("group_id") or book.setting("group_id")
    times: Row = {"created_at": now, "updated_at": now}
    if kind is DEAL_KIND:
        names = ("user_id", "company_id", "name", "description", "value", "value_type", "value_sum", "value_count")
        row = head | {name: values.get(name) for name in names}
        row |= {"currency": values.get("currency") or "EUR", "current_state": values.get("current_state") or "open_0"}
        row |= {"deal_type_id": values.get("deal_type_id"), "deal_type_stage_id": values.get("deal_type_stage_id")}
        row |= {"probability": values.get("probability"), "target_date": values["target_date"], "finished_at": None}
        row["value_count"] = row["value_count"] or "1.0"
        return row | _consequences(book, row, row | values) | times
    if kind is PERSON_KIND:
        row = head | {name: values.get(name) for name in ("user_id", "country_code", "salutation", "title", "gender", "first_name", "name")}
        row |= {"background": values.get("background")}
        row["country_code"] = row["country_code"] or "de"
        row["gender"] = row["gender"] or "gender_unknown"
        return row | {"created_by_user_id": _user(book), "updated_by_user_id": None} | times
    row = head | {"user_id": values.get("user_id"), "name": values["name"], "created_by_user_id": _user(book)}
    return row | {"updated_by_user_id": None, "background": values.get("background")} | times


def _user(book: Book) -> int:
    return next(iter(book.rows("users")))


# deals


def _check_deal(book: Book, values: Row, errors: Errors, row: Row | None = None) -> None:
    if values.get("company_id") is not None and book.get("companies", values["company_id"]) is None:
        errors["company_id"] = ["does not exist"]
    currency = values.get("currency")
    if currency and not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
        errors["currency"] = ["is no currency code"]
    for name in ("value", "value_type", "target_date", "name"):
        if row is not None and name in values and values[name] is None:
            errors[name] = ["must be filled in"]


def _consequences(book: Book, row: Row, values: Row) -> Row:
    """What follows from a change: the sum from value and count, the end and the probability from the state."""
    follow: Row = {}
    if row["value_type"] == "total":
        follow["value_sum"] = row["value"]
    elif ({"value", "value_count", "value_type"} & values.keys()) and not (values.get("value_sum")):
        follow["value_sum"] = decimal_text((Decimal(row["value"]) * Decimal(row["value_count"] or "1")).quantize(Decimal("0.01")))
    if "current_state" in values:
        state = row["current_state"]
        follow["finished_at"] = (row.get("finished_at") or book.now()) if state in ("won", "lost") else None
        if values.get("probability") is None:
            follow["probability"] = (0, 25, 50, 75, 100, 0)[STATES.index(state)]
    return follow


def _people_asked(book: Book, kind: Kind, given: Row, errors: Errors) -> list[int] | None:
    """``person_ids_set`` of a deal: a comma-separated text or an array."""
    if kind is not DEAL_KIND or "person_ids_set" not in given:
        return None
    raw = given["person_ids_set"]
    words = raw if isinstance(raw, list) else str(raw or "").split(",")
    texts = [str(word).strip() for word in words if str(word).strip()]
    if not all(text.isdigit() and book.get("people", int(text)) for text in texts):
        errors["person_ids_set"] = ["names a person that does not exist"]
        return None
    return list(dict.fromkeys(int(text) for text in texts))


def _set_people(book: Book, deal: Row, people: list[int]) -> None:
    entry = book.get("deal_people", deal["id"])
    if entry is None:
        book.add("deal_people", {"id": deal["id"], "person_ids": people})
    else:
        book.change("deal_people", entry, {"person_ids": people})


def people_ids(book: Book, deal: Row) -> list[int]:
    """The people of a deal in the order they were given."""
    entry = book.get("deal_people", deal["id"])
    return list(entry["person_ids"]) if entry else []


def deals_of(book: Book, kind: Kind, key: int) -> list[Row]:
    """The deals of a company or a person."""
    if kind is COMPANY_KIND:
        return book.by("deals", "company_id", key)
    return [book.rows("deals")[entry["id"]] for entry in book.by("deal_people", "person_ids", key)]


# how they are shown


def wanted(call: Call, kind: Kind) -> tuple[list[str], list[str]]:
    """``includes`` and ``methods`` of a request; separated by blanks, ``all`` for all; an unknown word is refused (a guess)."""
    return _words(call, "includes", kind.includes), _words(call, "methods", kind.methods)


def _words(call: Call, name: str, known: tuple[str, ...]) -> list[str]:
    asked = call.args.get(name, "").split()
    if "all" in asked:
        return list(known)
    if odd := [word for word in asked if word not in known]:
        raise bad_request(f"{name}: {' '.join(odd)} is unknown; the words are separated by blanks")
    return asked


def shown(book: Book, kind: Kind, row: Row, includes: list[str], methods: list[str]) -> Row:
    """A record with what was asked for; not wrapped."""
    if not includes and not methods:
        return row
    whole = dict(row)
    for name in includes:
        whole[name] = include(book, kind, row, name)
    for name in methods:
        whole[name] = _method(book, kind, row, name)
    return whole


def include(book: Book, kind: Kind, row: Row, name: str) -> Any:
    """One nested part of a record."""
    if name in parts.PARTS:
        return parts.of(book, name, kind.type, row["id"])
    if name in EMPTY:
        return []
    match name:
        case "deals":
            return deals_of(book, kind, row["id"])
        case "companies":
            return [book.rows("companies")[key] for key in company_ids(book, row["id"])]
        case "people":
            return [book.rows("people")[key] for key in people_ids(book, row)]
        case "company":
            return book.get("companies", row["company_id"]) if row["company_id"] else None
        case "addrs_from_company":
            return [addr for key in company_ids(book, row["id"]) for addr in book.by("addrs", "attachable_id", key)]
        case "user":
            user = book.get("users", row["user_id"]) if row["user_id"] else None
            return {key: user[key] for key in ("id", "first", "name", "login")} if user else None
    return None


def company_ids(book: Book, person_id: int) -> list[int]:
    """The companies of a person, each once."""
    rows = book.by("positions", "person_id", person_id)
    return list(dict.fromkeys(row["company_id"] for row in rows if row["company_id"] is not None))


def _method(book: Book, kind: Kind, row: Row, name: str) -> Any:
    methods: dict[str, Callable[[], Any]] = {
        "absolute_url": lambda: url(book, kind.table, row["id"]),
        "backlink": lambda: url(book, kind.table, row["id"]),
        "stream_updated_at": lambda: book.stream(row),
        "people_ids": lambda: people_ids(book, row),
        "related_tasks": list,
        "salutation_formal": lambda: " ".join(word for word in ("Guten Tag", row["salutation"], row["title"], row["name"]) if word),
        "salutation_official": lambda: " ".join(word for word in ("Sehr geehrte/r", row["salutation"], row["title"], row["name"]) if word),
        "salutation_informal": lambda: f"Hallo {row['first_name'] or row['name']}",
    }
    if name == "responsible_user_natural_name":
        user = book.get("users", row["user_id"]) if row["user_id"] else None
        return f"{user['first']} {user['name']}" if user else None
    return methods[name]() if name in methods else None


def url(book: Book, table: str, key: int) -> str:
    """The link to a record in the vendor's pages (its form is a guess)."""
    return f"https://{book.setting('account')}.centralstationcrm.net/{table}/{key}"


parts.MAKERS["company"] = lambda book, values: create(book, COMPANY_KIND, values)

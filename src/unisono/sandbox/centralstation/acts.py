"""What a person does in the CRM's own pages. The record that is edited gets a new ``updated_at`` here, whatever was edited on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from unisono.sandbox.centralstation import contacts, parts, protocols
from unisono.sandbox.centralstation.book import Book
from unisono.sandbox.centralstation.envelope import Refused
from unisono.sandbox.centralstation.parts import PARTS
from unisono.sandbox.centralstation.records import COMPANY_KIND, DEAL_KIND, KINDS, PERSON_KIND, Kind, create, destroy, update
from unisono.sandbox.kit.world import Row

Values = dict[str, Any]

_KIND_WORDS = {"company": COMPANY_KIND, "person": PERSON_KIND, "deal": DEAL_KIND}
_ADDR = ("street", "zip", "city", "state_code", "country_code")


def act(book: Book, name: str, values: Values) -> dict[str, Any]:
    """Perform one of ``ACTS``; answers ``{"id": ...}``. Raises ``KeyError`` for an unknown act or record, ``ValueError`` for bad values."""
    if name not in ACTS:
        raise KeyError(f"there is no act {name!r}; known: {', '.join(ACTS)}")
    try:
        return {"id": ACTS[name](book, values)}
    except Refused as refusal:
        book.events.clear()
        if refusal.status == 404:
            raise KeyError(refusal.body["description"]) from refusal
        raise ValueError(json.dumps(refusal.body, ensure_ascii=False)) from refusal


def _number(values: Values, name: str) -> int:
    text = str(values.get(name, "")).strip()
    if not text.isdigit():
        raise ValueError(f"{name} must be a number, not {text!r}")
    return int(text)


def _numbers(raw: Any) -> list[int]:
    """Ids from a list, a JSON list, or a text with commas."""
    words = raw if isinstance(raw, list | tuple) else str(raw or "").strip("[] ").split(",")
    texts = [str(word).strip() for word in words if str(word).strip()]
    if not all(text.isdigit() for text in texts):
        raise ValueError(f"{raw!r} is no list of ids")
    return [int(text) for text in texts]


def _own(kind: Kind, values: Values) -> Row:
    """The record's own attributes among the values."""
    given = {name: values[name] for name in kind.fields if name in values}
    if kind is PERSON_KIND:  # here country_code is a language; the act means the address by it
        given.pop("country_code", None)
        if values.get("language"):
            given["country_code"] = values["language"]
    for name in ("company_id", "value_count", "value_sum", "user_id"):
        if given.get(name) == "":
            del given[name]
    return given


def _nested(book: Book, kind: Kind, key: int | None, values: Values) -> Row:
    """``email``, ``phone``, ``homepage`` and the address as nested attributes: the first row is changed, or one is made."""
    given: Row = {}
    for word, name, atype in (("email", "emails", "office"), ("phone", "tels", "office"), ("homepage", "homepages", "office")):
        if word in values:
            entry = _entry(book, kind, key, name, {"name": values[word]} if values[word] else None, {"atype": atype})
            given |= {f"{name}_attributes": [entry]} if entry else {}
    addr = {name: values[name] for name in _ADDR if values.get(name) is not None and name in values}
    if kind is not DEAL_KIND and any(value for name, value in addr.items() if name != "country_code" or key):
        if key is None:
            addr = {name: value for name, value in addr.items() if value}
        entry = _entry(book, kind, key, "addrs", addr, {"atype": values.get("atype") or "work_hq", "country_code": "DE"})
        given |= {"addrs_attributes": [entry]} if entry else {}
    return given


def _entry(book: Book, kind: Kind, key: int | None, name: str, content: Row | None, new: Row) -> Row | None:
    rows = parts.of(book, name, kind.type, key) if key else []
    if content is None:
        return {"id": rows[0]["id"], "_destroy": True} if rows else None
    return content | {"id": rows[0]["id"]} if rows else new | content


def _create_contact(kind: Kind) -> Callable[[Book, Values], int]:
    def make(book: Book, values: Values) -> int:
        given = _own(kind, values) | _nested(book, kind, None, values)
        if values.get("tag"):
            given["tags_attributes"] = [{"name": values["tag"]}]
        if kind is PERSON_KIND and values.get("company_id"):
            given["positions_attributes"] = [
                {"company_id": _number(values, "company_id"), "name": values.get("position", ""), "primary_function": True}
            ]
        return int(create(book, kind, given, by_api=False)["id"])

    return make


def _edit(kind: Kind) -> Callable[[Book, Values], int]:
    def change(book: Book, values: Values) -> int:
        row = book.owner(kind.type, _number(values, "id"))
        given = _own(kind, values) | _nested(book, kind, row["id"], values)
        if kind is DEAL_KIND and "person_ids" in values:
            given["person_ids_set"] = _numbers(values["person_ids"])
        update(book, kind, row, given, by_api=False)
        return int(row["id"])

    return change


def _delete(kind: Kind) -> Callable[[Book, Values], int]:
    def drop(book: Book, values: Values) -> int:
        row = book.owner(kind.type, _number(values, "id"))
        destroy(book, kind, row)
        return int(row["id"])

    return drop


def _create_deal(book: Book, values: Values) -> int:
    later = book.now()[:4]
    given: Row = {"value_type": "total", "value": "0", "target_date": f"{later}-12-31"} | _own(DEAL_KIND, values)
    if values.get("person_ids"):
        given["person_ids_set"] = _numbers(values["person_ids"])
    return int(create(book, DEAL_KIND, given, by_api=False)["id"])


def _target(book: Book, values: Values) -> tuple[Kind, Row]:
    word = str(values.get("kind", "")).lower()
    kind = _KIND_WORDS.get(word) or KINDS.get(word)
    if kind is None:
        raise ValueError(f"kind must be company, person or deal, not {word!r}")
    return kind, book.owner(kind.type, _number(values, "id"))


def _tag(book: Book, values: Values) -> int:
    """Only the tag is made: neither ``updated_at`` nor a hook tells of it (setting ``touch_parent``)."""
    kind, row = _target(book, values)
    return _part(book, "tags", kind, row["id"], {"name": values.get("name", "")})


def _part(book: Book, name: str, kind: Kind, owner_id: int, given: Row) -> int:
    work, errors = parts.prepare(book, PARTS[name], kind.type, owner_id, given, by_api=False)
    if errors:
        raise Refused(422, errors)
    made = work(owner_id) or {}
    book.moved(owner_id)
    book.touch(kind.type, owner_id)
    return int(made["id"])


def _untag(book: Book, values: Values) -> int:
    kind, row = _target(book, values)
    for tag in book.by("tags", "attachable_id", row["id"]):
        if tag["name"] == values.get("name"):
            book.remove("tags", tag["id"])
            book.touch(kind.type, row["id"])
            return int(tag["id"])
    raise KeyError(f"{kind.wrapper} {row['id']} has no tag {values.get('name')!r}")


def _add_person_to_company(book: Book, values: Values) -> int:
    person = book.owner("Person", _number(values, "person_id"))
    company = book.owner("Company", _number(values, "company_id"))
    first = not book.by("positions", "person_id", person["id"])
    given = {"company_id": company["id"], "name": values.get("name", ""), "primary_function": values.get("primary_function", first)}
    return _part(book, "positions", PERSON_KIND, person["id"], given)


def _set_address(book: Book, values: Values) -> int:
    """Change the address of this kind (``atype``), or the first one, or make one; answers the address's id."""
    kind, row = _target(book, values)
    given = {name: values[name] for name in (*_ADDR, "atype") if name in values}
    rows = book.by("addrs", "attachable_id", row["id"])
    same = [addr for addr in rows if addr["atype"] == values["atype"]] if values.get("atype") else rows
    if not same:
        return _part(book, "addrs", kind, row["id"], {"country_code": "DE"} | given)
    work, errors = parts.prepare(book, PARTS["addrs"], kind.type, row["id"], given, same[0], by_api=False)
    if errors:
        raise Refused(422, errors)
    if work(row["id"]) is not None:
        book.touch(kind.type, row["id"])
    return int(same[0]["id"])


def _merge_people(book: Book, values: Values) -> int:
    winner = book.owner("Person", _number(values, "id"))
    losers = _numbers(values.get("looser_ids") or values.get("loser_ids"))
    if not losers or winner["id"] in losers:
        raise ValueError("loser_ids must name other people")
    contacts.merge(book, winner, [book.owner("Person", key) for key in losers])
    return int(winner["id"])


def _create_note(book: Book, values: Values) -> int:
    given: Row = {"type": "ProtocolObjectNote", "badge": "note", "name": values.get("name"), "content": values.get("content", "")}
    for word in ("person", "company", "deal"):
        if values.get(f"{word}_id"):
            given[f"{word}_ids"] = [_number(values, f"{word}_id")]
    return int(protocols.create(book, given, by_api=False)["id"])


ACTS: dict[str, Callable[[Book, Values], int]] = {
    "create_company": _create_contact(COMPANY_KIND),
    "edit_company": _edit(COMPANY_KIND),
    "delete_company": _delete(COMPANY_KIND),
    "create_person": _create_contact(PERSON_KIND),
    "edit_person": _edit(PERSON_KIND),
    "delete_person": _delete(PERSON_KIND),
    "create_deal": _create_deal,
    "edit_deal": _edit(DEAL_KIND),
    "delete_deal": _delete(DEAL_KIND),
    "tag": _tag,
    "untag": _untag,
    "add_person_to_company": _add_person_to_company,
    "set_address": _set_address,
    "merge_people": _merge_people,
    "create_note": _create_note,
}

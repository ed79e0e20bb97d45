"""What a request to a Bitrix24 portal asks for, read from the request itself: one command, or those of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.storm import portal as truth
from tests.storm.sides import Operation
from tests.storm.wire import Row
from unisono.connect.wire import Request
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import LoggedCall

WORDS: dict[str, str] = {"2": "deal", "3": "contact", "4": "company", "7": "quote", "31": "invoice"}
"""``entityTypeId`` -> how a key begins."""
_KIND = {"deal": "quote", "quote": "quote", "contact": "party", "company": "party", "invoice": "invoice", "comment": "note"}
_OPERATION: dict[str, Operation] = {"add": "create", "update": "change", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class Part:
    """One command: what it does, and to which record; ``inner`` if it is part of what an earlier one of the same batch began."""

    method: str
    operation: Operation
    kind: str
    key: str = ""
    inner: bool = False
    word: str = ""
    """How the keys of what it lists begin."""


ROWS = Part("crm.item.productrow.list", "other", "")


def parts_of(portal: Portal, request: Request) -> Iterator[Part]:
    """The commands of a request, one or as many as a batch holds."""
    method = request.url.partition("?")[0].rpartition("/")[2].removesuffix(".json").lower()
    body = json.loads(request.content or b"{}")
    if method != "batch":
        yield _part(portal, method, dict(_flat(body)))
        return
    for command in body["cmd"].values():
        name, _, rest = str(command).partition("?")
        method = name.lower()
        # The rows of fifty papers are asked for along with these: what they say of themselves is of no interest.
        yield ROWS if method == ROWS.method else _part(portal, method, dict(parse_qsl(rest, keep_blank_values=True)))


def _part(portal: Portal, method: str, params: Mapping[str, str]) -> Part:
    verb = method.rpartition(".")[2]
    if method.startswith("crm.item.") and verb in ("add", "update", "delete", "get", "list"):
        word = WORDS.get(params.get("entityTypeId", ""), "")
        key = f"{word}:{params['id']}" if "id" in params else ""
        return Part(method, _OPERATION.get(verb) or ("read" if verb == "get" else "list"), _KIND.get(word, word), key, word=word)
    if method.startswith(("crm.requisite.", "crm.address.")) and verb in _OPERATION:
        if "$result" in params.get("fields[ENTITY_ID]", ""):
            return Part(method, "change", "party", inner=True)
        return Part(method, "change", "party", _owner(portal, method, params))
    if method.startswith("catalog."):
        return _of_catalogue(portal, method, verb, params)
    if method == "crm.documentgenerator.document.upload":
        return Part(method, "create", "file")
    if method == "crm.automation.trigger":
        return Part(method, "change", "quote", params.get("target", "").lower().replace("_", ":"))
    if method == "crm.item.productrow.set" or method.startswith("crm.timeline.bindings"):
        return Part(method, "change", "other", inner=True)
    if method.startswith("crm.timeline.comment."):
        return _comment(portal, method, verb, params)
    return Part(method, "other", "")


def _comment(portal: Portal, method: str, verb: str, params: Mapping[str, str]) -> Part:
    if verb == "add":
        return Part(method, "create", "file" if any(name.startswith("fields[FILES]") for name in params) else "note")
    row = portal.get("comments", int(params.get("id", "0") or 0))
    key = truth.note_key(row) if row is not None else ""
    if verb == "get":
        return Part(method, "read", "note", key)
    # A file that takes the place of an older one lets that go: nobody's record ends.
    if verb in _OPERATION and row is not None and not row["FILES"]:
        return Part(method, _OPERATION[verb], "note", key)
    return Part(method, "other", "")


def _of_catalogue(portal: Portal, method: str, verb: str, params: Mapping[str, str]) -> Part:
    """Products, and their prices, which are rows of their own."""
    if method == "catalog.product.list":
        key = f"product:{params['filter[id]']}" if "filter[id]" in params else ""
        return Part(method, "read" if key else "list", "product", key, word="product")
    if method == "catalog.price.list" and "filter[@productId][0]" in params and "filter[@productId][1]" not in params:
        # The last call of a look at one product: its prices.
        return Part(method, "read", "product", f"product:{params['filter[@productId][0]']}", word="product")
    if method == "catalog.product.add":
        return Part(method, "create", "product")
    if method == "catalog.product.update":
        return Part(method, "change", "product", f"product:{params['id']}")
    if method == "catalog.price.add":
        number = params.get("fields[productId]", "")
        return Part(method, "change", "product", "" if "$" in number else f"product:{number}", inner="$" in number)
    if method == "catalog.price.modify":
        return Part(method, "change", "product", f"product:{params['fields[product][id]']}")
    return Part(method, "other", "")


def _owner(portal: Portal, method: str, params: Mapping[str, str]) -> str:
    """The customer a requisite or address hangs on."""
    if method == "crm.requisite.add":
        type_id, owner = params.get("fields[ENTITY_TYPE_ID]", ""), params.get("fields[ENTITY_ID]", "")
        return f"{WORDS.get(type_id, '')}:{owner}"
    number = params.get("id") if method.startswith("crm.requisite.") else params.get("fields[ENTITY_ID]")
    row = portal.get("requisites", int(number or 0))
    return f"{WORDS.get(str(row['ENTITY_TYPE_ID']), '')}:{row['ENTITY_ID']}" if row is not None else ""


def groups_of(parts: Sequence[Part], commands: Sequence[LoggedCall]) -> Iterator[tuple[Part, list[LoggedCall]]]:
    """The commands of each record that was to be written; of a call that only reads, each record that was looked at."""
    first = next((part for part in parts if part.operation in ("create", "change", "delete")), None)
    if first is None:
        looks = {part.key: part for part in reversed(parts) if part.operation == "read"}
        yield from ((part, []) for part in reversed(looks.values() or parts[:1]))
        return
    held: tuple[Part, list[LoggedCall]] | None = None
    for place, part in enumerate(parts):
        if part.operation not in ("create", "change", "delete"):
            continue
        call = commands[place] if place < len(commands) else None
        if held is None or not (part.inner or (part.key and part.key == held[0].key)):
            if held is not None:
                yield held
            held = (part, [])
        if call is not None:
            held[1].append(call)
    if held is not None:
        yield held


def listings_in(body: Row) -> Iterator[Row]:
    """The members that hold the rows of a list, in an answer or in those of a batch."""
    inner = body.get("result")
    if not isinstance(inner, dict):
        return
    several = inner.get("result")
    for holder in (inner, *(several.values() if isinstance(several, dict) else ())):
        if isinstance(holder, dict) and isinstance(holder.get("items"), list):
            yield holder


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The names of PHP for what is nested: ``fields[ENTITY_ID]``."""
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(one, f"{name}[{key}]" if name else str(key))
    else:
        yield name, "" if value is None else str(value)

"""Webhooks: keeping them and telling them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from unisono.sandbox.centralstation.book import Book, split_errors
from unisono.sandbox.centralstation.envelope import Call, answer, not_found
from unisono.sandbox.centralstation.fields import HOOK, clean
from unisono.sandbox.centralstation.listing import page
from unisono.sandbox.centralstation.records import KIND_OF_TYPE, shown
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

Handler = Callable[[Book, Call], Done]

GIVES_UP_AFTER = 10
"""Failed deliveries until a hook is disabled (a guess: the vendor counts them and may disable)."""
_OUTBOX = 1000


def _list(book: Book, call: Call) -> Done:
    return Done(answer([{"hook": row} for row in page(call, list(book.rows("hooks").values()))]))


def _one(book: Book, call: Call) -> Row:
    row = book.get("hooks", call.id())
    if row is None:
        raise not_found("hook")
    return row


def _show(book: Book, call: Call) -> Done:
    return Done(answer({"hook": _one(book, call)}))


def _create(book: Book, call: Call) -> Done:
    given = call.inner("hook")
    if isinstance(given.get("model"), str):
        given = given | {"model": given["model"].capitalize()}  # older clients send it in lower case
    values, errors = clean(HOOK, given, creating=True)
    if values.get("target_url") and not values["target_url"].startswith(("http://", "https://")):
        errors["target_url"] = ["is no web address"]
    if values.get("methods") is not None and not isinstance(values["methods"], list):
        errors["methods"] = ["must be a list"]
    split_errors(errors)
    now = book.now()
    row = {
        "model": values["model"],
        "event": values["event"],
        "state": values.get("state") or "active",
        "target_url": values["target_url"],
        "object_type": values.get("object_type") or "nested",
        "includes": values.get("includes") or "",
        "methods": values.get("methods") or [],
        "hook_type": "url",
        "failed": 0,
        "failed_at": None,
        "id": book.new_id(),
        "created_at": now,
        "updated_at": now,
    }
    book.add("hooks", row)
    return Done(answer({"hook": row}, 201), write=True, subject=f"hooks/{row['id']}")


def _delete(book: Book, call: Call) -> Done:
    row = _one(book, call)
    book.remove("hooks", row["id"])
    return Done(answer(None), write=True, subject=f"hooks/{row['id']}")


def deliver(book: Book) -> None:
    """Tell the active hooks what happened since the last time. A callable that raises counts as a failed delivery."""
    events, book.events = book.events, []
    if not events or not book.rows("hooks"):
        return
    send = book.storage.settings.get("deliver")
    for model, event, row in events:
        for hook in list(book.rows("hooks").values()):
            if (hook["model"], hook["event"], hook["state"]) != (model, event, "active"):
                continue
            body = json.dumps(_payload(book, hook, row), ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json", "User-Agent": "CentralStationCRM"}
            if send is None:
                outbox = book.storage.settings.setdefault("outbox", [])
                outbox.append((hook["target_url"], headers, body))
                del outbox[:-_OUTBOX]
                continue
            try:
                send(hook["target_url"], headers, body)
            except Exception:  # noqa: BLE001  whatever goes wrong at the receiver, the vendor only counts it
                _failed(book, hook)


def _failed(book: Book, hook: Row) -> None:
    failed = hook["failed"] + 1
    state = "disabled" if failed >= GIVES_UP_AFTER else hook["state"]
    book.change("hooks", hook, {"failed": failed, "failed_at": book.now(), "state": state})


def _payload(book: Book, hook: Row, row: Row) -> Any:
    """The body of a delivery. Only ``record`` has been seen in use (by a workflow of the vendor); the other forms are guesses."""
    kind = KIND_OF_TYPE[hook["model"]]
    there = book.get(kind.table, row["id"]) is not None
    includes = [word.strip() for word in hook["includes"].split(",") if word.strip() in kind.includes] if there else []
    methods = [word for word in hook["methods"] if word in kind.methods] if there else []
    match hook["object_type"]:
        case "lean":
            return {"id": row["id"], "model": hook["model"], "event": hook["event"]}
        case "api":
            return {kind.wrapper: shown(book, kind, row, includes, methods)}
        case "flat":
            return row
        case "hook_with_structure_and_record":
            about = {name: hook[name] for name in ("id", "model", "event")}
            return {"hook": about, "structure": sorted(row), "record": shown(book, kind, row, includes, methods)}
    return {"model": hook["model"], "event": hook["event"], "record": shown(book, kind, row, includes, methods)}


ROUTES: dict[str, Handler] = {
    "GET hooks": _list,
    "GET hooks/#": _show,
    "POST hooks": _create,
    "DELETE hooks/#": _delete,
}

"""webhook.create, get, delete, and the deliveries: one POST a change, without signature, without a second try (guess)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from unisono.sandbox.fastbill import codes, quota
from unisono.sandbox.fastbill.account import Account, Answer, candidates, key_of, page
from unisono.sandbox.fastbill.envelope import Call, to_json
from unisono.sandbox.fastbill.errors import NO_WEBHOOKS, Refusal, field_error, invalid

DATA = frozenset({"WEBHOOK_ID", "TYPE", "ENDPOINT", "EVENTS"})
HEADERS = {"Content-Type": "application/json", "User-Agent": "FastBill"}


def create(account: Account, call: Call) -> Answer:
    """Register an address for some events; e-mail is announced by the vendor but not available."""
    if not quota.has_webhooks(account):
        raise Refusal(NO_WEBHOOKS)
    wrong = []
    if call.data.get("TYPE") != "url":
        wrong.append("TYPE")
    endpoint = call.data.get("ENDPOINT")
    if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
        wrong.append("ENDPOINT")
    said = call.data.get("EVENTS")
    events = [event.strip() for event in said.split(",")] if isinstance(said, str) else []
    if not events or not codes.EVENTS.issuperset(events):
        wrong.append("EVENTS")
    if wrong:
        raise Refusal(*field_error(*wrong))
    key = account.new_id("webhooks")
    account.add("webhooks", {"WEBHOOK_ID": str(key), "ENDPOINT": endpoint, "TYPE": "url", "EVENTS": ",".join(events)}, key)
    return Answer({"STATUS": "success", "WEBHOOK_ID": key}, f"webhooks/{key}")


def get(account: Account, call: Call) -> Answer:
    """List the registered addresses."""
    rows = candidates(account.table("webhooks"), call.filter, "WEBHOOK_ID")
    return Answer(account.listing("WEBHOOKS", [dict(row) for row in page(rows, call)]))


def delete(account: Account, call: Call) -> Answer:
    """Forget an address."""
    key = key_of(call.data.get("WEBHOOK_ID"))
    if key not in account.table("webhooks"):
        raise invalid("WEBHOOK_ID")
    account.remove("webhooks", key)
    return Answer({"STATUS": "success"}, f"webhooks/{key}")


def fire(account: Account, event: str, shown: Callable[[], dict[str, Any]], *, api: bool) -> None:
    """Deliver an event to every address registered for it. ``shown`` renders the record, ``api`` says who made the change."""
    hooks = account.table("webhooks")
    if not hooks or (api and not account.setting("webhooks_for_api")) or not quota.has_webhooks(account):
        return
    for hook in hooks.values():
        if event in hook["EVENTS"].split(","):
            _deliver(account, hook["ENDPOINT"], event, shown())


def _deliver(account: Account, endpoint: str, event: str, record: dict[str, Any]) -> None:
    key = account.world.storage.next_id("deliveries", 1)
    kind = event.partition(".")[0]
    body = to_json({"id": key, "type": event, "created": account.now(), kind: _lower(record)})
    deliver = account.world.storage.settings.get("deliver")
    if deliver is None:
        outbox = account.world.storage.settings.setdefault("outbox", [])
        outbox.append({"url": endpoint, "headers": dict(HEADERS), "body": body.decode("ascii")})
        return
    try:
        deliver(endpoint, dict(HEADERS), body)
    except OSError:
        # Nobody at home: the vendor goes on with its own work.
        return


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lower(member) for name, member in value.items()}
    return [_lower(member) for member in value] if isinstance(value, list) else value

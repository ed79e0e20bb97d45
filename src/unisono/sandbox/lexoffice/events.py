"""``/event-subscriptions`` and their callbacks: signed, tried again where the receiver is not well, dropped where it is gone."""

from __future__ import annotations

import socket
from datetime import timedelta
from urllib.parse import urlsplit

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call, to_json
from unisono.sandbox.lexoffice.errors import NOT_NULL, invalid, not_found, regular
from unisono.sandbox.lexoffice.fields import text
from unisono.sandbox.lexoffice.signing import HEADER, signature

TABLE, DELIVERIES = "subscriptions", "deliveries"
_FOUR = ("created", "changed", "deleted", "status.changed")
_STATES = "credit-note delivery-note down-payment-invoice invoice order-confirmation quotation voucher".split()
TYPES = frozenset(
    [f"{name}.{what}" for name in ("article", "contact", "dunning", "recurring-template") for what in _FOUR[:3]]
    + [f"{name}.{what}" for name in _STATES for what in _FOUR]
    + ["payment.changed", "token.revoked"]
)
WAITS = (10, 20, 40, 80, 160, 1800, *[7200] * 19)
"""Seconds before each further try: five soon, then twenty every two hours. Guess: the first of those comes after the half hour."""
_DONE, _AGAIN, _GONE = (200, 201, 202, 204), (401, 403, 429), (404, 410)
_OUTBOX = 1000


def _shown(account: Account, row: Row) -> Row:
    found = {"subscriptionId": row["id"], "organizationId": account.organization, "createdDate": stamp(row["created"])}
    return found | {"eventType": row["eventType"], "callbackUrl": row["callbackUrl"]}


def create(account: Account, call: Call) -> Answer:
    """A subscription for one event at one address, which must answer now."""
    body = call.body()
    kind, url = text(body.get("eventType")), text(body.get("callbackUrl"))
    wrong = [(name, NOT_NULL) for name, value in (("eventType", kind), ("callbackUrl", url)) if not value]
    if kind and kind not in TYPES:
        wrong.append(("eventType", "INVALID_VALUE"))
    if url and not _answers(account, url):
        wrong.append(("callbackUrl", "INVALID_URL"))
    if wrong:
        raise invalid(*wrong)
    if any((row["eventType"], row["callbackUrl"]) == (kind, url) for row in account.table(TABLE).values()):
        raise regular(409, "A subscription for this event and callback already exists")
    row = account.add(TABLE, {"eventType": kind, "callbackUrl": url})
    return Answer(account.made("event-subscriptions", row), 201, f"{TABLE}/{row['id']}")


def _answers(account: Account, url: str) -> bool:
    """Whether an address is https and answers ``HEAD``. The setting ``probe``, a callable inside the process, asks it; else it is believed."""
    parts = urlsplit(url)
    schemes = ("https", "http") if account.setting("http_callbacks") else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        return False
    probe = account.world.storage.settings.get("probe")
    return bool(probe(url)) if callable(probe) else True


def listed(account: Account, call: Call) -> Answer:
    """All subscriptions, without pages."""
    del call
    return Answer({"content": [_shown(account, row) for row in account.table(TABLE).values()]})


def _one(account: Account, call: Call) -> Row:
    row = account.find(TABLE, call.id)
    if row is None:
        raise not_found()
    return row


def get(account: Account, call: Call) -> Answer:
    """One subscription."""
    return Answer(_shown(account, _one(account, call)))


def delete(account: Account, call: Call) -> Answer:
    """No more callbacks for it."""
    row = _one(account, call)
    account.remove(TABLE, row)
    return Answer(status=204, subject=f"{TABLE}/{row['id']}")


def drop_all(account: Account) -> None:
    """With the key go its subscriptions; whoever asked for it is told of that, last of all."""
    account.happened("token.revoked", account.setting("connection_id"))
    settle(account)
    for row in list(account.table(TABLE).values()):
        account.remove(TABLE, row)


# what has happened goes out


def settle(account: Account) -> None:
    """Turn what has happened into deliveries, and send those whose time has come."""
    happened, account.pending = account.pending, []
    subscriptions = list(account.table(TABLE).values())
    now = account.now()
    for kind, resource in happened if subscriptions else ():
        event = {"organizationId": account.organization, "eventType": kind, "resourceId": resource, "eventDate": stamp(now)}
        body = to_json(event)
        for row in subscriptions:
            if row["eventType"] == kind:
                due = now + timedelta(seconds=account.setting("event_seconds"))
                account.add(DELIVERIES, {"url": row["callbackUrl"], "body": body, "due": due, "tries": 0, "subscription": row["id"]})
    if account.table(DELIVERIES):
        send_due(account)


def send_due(account: Account) -> None:
    """Deliver what is due. Faults ``event-lost`` and ``event-twice`` bite here."""
    faults, now = account.world.faults, account.world.clock.now()
    for row in list(account.table(DELIVERIES).values()):
        if row["due"] > now or row["_key"] not in account.table(DELIVERIES):
            continue
        fault = faults.take(f"EVENT {row['url']} {row['body']}", "event-lost", "event-twice") if faults.armed else None
        status = 200
        for _ in range({"event-lost": 0, "event-twice": 2}.get(fault.name, 1) if fault else 1):
            status = _post(account, row["url"], row["body"].encode())
        if (status in _AGAIN or status >= 500) and row["tries"] < len(WAITS):
            row |= {"due": now + timedelta(seconds=WAITS[row["tries"]]), "tries": row["tries"] + 1}
            continue
        account.remove(DELIVERIES, row)
        if status in _GONE:
            _drop(account, row["subscription"])


def _drop(account: Account, subscription: str) -> None:
    """The receiver is gone: its subscription and what waits for it go, too."""
    held = account.find(TABLE, subscription)
    if held is not None:
        account.remove(TABLE, held)
    for row in list(account.table(DELIVERIES).values()):
        if row["subscription"] == subscription:
            account.remove(DELIVERIES, row)


def _post(account: Account, url: str, body: bytes) -> int:
    """One try; the status that came back. ``deliver`` (a callable among the settings) may give one, nothing means success."""
    headers = {"Content-Type": "application/json", HEADER: signature(body)}
    deliver = account.world.storage.settings.get("deliver")
    if deliver is None:
        outbox: list[Row] = account.world.storage.settings.setdefault("outbox", [])
        outbox.append({"url": url, "headers": headers, "body": body.decode()})
        del outbox[:-_OUTBOX]
        return 200
    try:
        status = deliver(url, headers, body)
    except socket.gaierror:
        return 410
    except Exception:  # noqa: BLE001  a receiver that fails is tried again (guess, for whatever is no status)
        return 503
    return status if isinstance(status, int) and not isinstance(status, bool) else 200

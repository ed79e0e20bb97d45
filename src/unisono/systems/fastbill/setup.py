"""Set-up: the notices an account sends when something changes in it."""

from __future__ import annotations

from unisono.model.secret import Secret
from unisono.systems.fastbill.system import FastBill
from unisono.systems.fastbill.values import key_of

EVENTS = (
    *("customer.created", "customer.updated", "customer.deleted", "contact.created", "contact.updated", "contact.deleted"),
    *("estimate.created", "estimate.updated", "invoice.created", "invoice.completed", "invoice.canceled"),
)
"""All of use to us. There is none of payments, of edited invoices or of deleted estimates: those are found by listing."""


def hooked(system: FastBill, begin: str) -> dict[str, str]:
    """The notices whose address begins so: id and events."""
    rows = [row for row in system.client.webhooks() if isinstance(row, dict) and str(row.get("ENDPOINT") or "").startswith(begin)]
    return {key: str(row.get("EVENTS") or "") for row in rows if (key := key_of(row.get("WEBHOOK_ID")))}


def hook(system: FastBill, url: Secret, begin: str) -> None:
    """Has changes told to an address, which begins with ``begin``, unless they are already. After ``Unclear`` call it again: it looks first.

    Raises ``Refused``: only the larger plans have notices.
    """
    if not hooked(system, begin):
        system.client.settle("webhook.create", {"TYPE": "url", "ENDPOINT": url, "EVENTS": ",".join(EVENTS)})


def unhook(system: FastBill, begin: str) -> int:
    """Takes away every notice whose address begins so; how many there were."""
    found = hooked(system, begin)
    for key in found:
        system.client.settle("webhook.delete", {"WEBHOOK_ID": key})
    return len(found)

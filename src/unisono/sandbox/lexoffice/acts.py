"""What a person does in the account's own web pages: also what no API call can do (finalise, pay, void, accept, archive, delete).

Values are texts. A contact takes ``name`` (company) or ``last_name`` (person) with ``first_name``, ``salutation``; ``supplement``,
``street``, ``zip``, ``city``, ``country`` with ``shipping_`` in front for the second address; ``email``, ``email_private`` ..., ``phone``,
``mobile``, ``fax`` ...; ``vat_id``, ``tax_number``, ``tax_free``, ``note``, ``buyer_reference``, ``vendor_number``, ``role`` (customer,
vendor, both); ``contact_last_name`` ... for the first contact person. Everything answers ``{"id": ...}``. ``KeyError`` is an id or an act
that does not exist, ``ValueError`` anything else. Documents: see ``papers``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unisono.sandbox.lexoffice import events, papers, people, templates
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.errors import Refused
from unisono.sandbox.lexoffice.kinds import ALL

Values = dict[str, Any]
Act = Callable[[Account, Values], str]


def act(account: Account, name: str, values: dict[str, str]) -> dict[str, Any]:
    """Perform one act by name."""
    if name not in ACTS:
        raise KeyError(f"no act {name!r}; there are {', '.join(ACTS)}")
    try:
        done = ACTS[name](account, {key.upper(): value for key, value in values.items()})
    except Refused as refusal:
        account.pending.clear()
        raise ValueError(str(refusal)) from None
    except (KeyError, ValueError):
        account.pending.clear()
        raise
    events.settle(account)
    return {"id": done}


def _new_key(account: Account, values: Values) -> str:
    """Another key; the old one is gone, and its subscriptions with it."""
    events.drop_all(account)
    key = str(values.get("KEY") or f"lxo-sandbox-{account.world.random.getrandbits(64):016x}")
    account.world.storage.settings["api_key"] = key
    return key


def _deliver(account: Account, values: Values) -> str:
    """Everything that waits goes out now."""
    del values
    count = len(account.table(events.DELIVERIES))
    for row in account.table(events.DELIVERIES).values():
        row["due"] = account.world.clock.now()
    events.send_due(account)
    return str(count)


ACTS: dict[str, Act] = {
    "create_contact": people.create_contact,
    "edit_contact": people.edit_contact,
    "add_entry": people.add_entry,
    "archive_contact": people.archive_contact,
    "delete_contact": people.delete_contact,
    "create_article": people.create_article,
    "edit_article": people.edit_article,
    "archive_article": people.archive_article,
    "delete_article": people.delete_article,
    **{f"create_{kind.event.replace('-', '_')}": papers.creator(kind) for kind in ALL},
    "create_recurring_template": templates.create,
    "execute_recurring_template": templates.execute,
    "set_recurring_template": templates.set_state,
    "delete_recurring_template": templates.delete,
    "edit_document": papers.edit,
    "delete_document": papers.delete,
    "archive_document": papers.archive,
    "finalize": papers.finalize,
    "reopen": papers.reopen,
    "accept": papers.accept,
    "reject": papers.reject,
    "pay": papers.pay,
    "collect": papers.collect,
    "void": papers.void,
    "create_voucher": papers.create_voucher,
    "check_voucher": papers.check_voucher,
    "transfer_voucher": papers.transfer_voucher,
    "delete_voucher": papers.delete_voucher,
    "new_key": _new_key,
    "deliver_events": _deliver,
}

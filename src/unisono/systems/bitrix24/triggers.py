"""Automation triggers: a portal's own rules are told that something happened to a deal, quote or invoice.

Under the login of a local application we register triggers of our own, which an administrator places on a stage. Under a webhook an
administrator makes a trigger by hand (*Track incoming webhook*) and tells us its code. A trigger has no state that could be read: whether
it was set off is known from our own books alone. That it was set off does not mean that a paper has moved.
"""

from __future__ import annotations

import re

from unisono.connect.port import Command
from unisono.locale.say import say
from unisono.model.capability import Capabilities
from unisono.model.document import State
from unisono.model.limits import refused
from unisono.model.writing import Write
from unisono.systems.bitrix24.calls import command_of
from unisono.systems.bitrix24.client import Client, Step
from unisono.systems.bitrix24.mapping import ENTITIES, Ways

OURS = "unisono."
"""How the codes of our own triggers begin; any other is that of one made by hand."""
STATES: dict[str, tuple[State, ...]] = {
    "invoice": ("issued", "sent", "part-paid", "paid", "overdue", "reminded", "cancelled"),
    "quote": ("issued", "sent", "accepted", "rejected"),
}
"""What we register: a trigger for each state of a document in the invoicing system."""
_CODE = re.compile(r"[a-z0-9._-]{1,100}\Z")


def trigger(write: Write, resource: str, row_id: str, capabilities: Capabilities, ways: Ways) -> Command:
    """The call that sets off a trigger on one paper. Raises ``Refused`` for a code that cannot be, or one that this login may not set off."""
    code = write.changes["trigger"]
    if len(write.changes) > 1 or not _CODE.match(code):
        raise refused("not-allowed", write, "trigger", code)
    if "trigger" not in capabilities.doors or (code.startswith(OURS) and not ways.app):
        raise refused("cannot-hold", write, "trigger", code)
    if code.startswith(OURS):
        params: dict[str, object] = {"CODE": code, "OWNER_TYPE_ID": ENTITIES[resource], "OWNER_ID": int(row_id)}
        return command_of([Step("trigger", "crm.automation.trigger.execute", params)], write.key)
    if resource != "deals":
        # How the target of a quote or an invoice is written is not documented: it is not guessed on a call that sets rules going.
        raise refused("cannot-hold", write, "trigger", code)
    return command_of([Step("trigger", "crm.automation.trigger", {"target": f"DEAL_{row_id}", "code": code})], write.key)


def names(language: str) -> dict[str, str]:
    """The code of each of our triggers, and the name that people read where they place it."""
    return {
        f"{OURS}{kind}.{state}": f"Unisono: {say(f'kind.{kind}', {}, language)} {say(f'state.{state}', {'level': '1+'}, language)}"
        for kind, states in STATES.items()
        for state in states
    }


def register(client: Client, language: str) -> None:
    """Registers our triggers, or renames them. Application and administrator only; may be repeated.

    Raises what ``Client.write`` raises.
    """
    for code, name in names(language).items():
        client.write([Step("trigger", "crm.automation.trigger.add", {"CODE": code, "NAME": name})])

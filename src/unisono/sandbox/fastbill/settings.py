"""What can be set about the simulated account, with the defaults. Read from ``world.storage.settings`` at each request."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.kit.world import World

DEFAULTS: dict[str, Any] = {
    "email": "buchhaltung@example.de",
    "api_key": "fb-0123456789abcdef",
    # Subscription: decides the calls an hour and whether there are webhooks. "none" is no limit at all (not a real plan).
    "plan": "none",
    # The rejection's status and text are guesses; so is whether it names its waiting time in a header.
    "retry_after": False,
    # How lists are written: "array", "object" (numeric keys, out of order) or "mixed" (drawn for each list).
    "lists": "mixed",
    # How ERRORS is written: "list", "object" or "string".
    "errors": "list",
    # Samples disagree: a customer without postcode and city was accepted in 2013 and refused in 2014.
    "require_address": False,
    # Guess: FastBill cuts blanks around a text.
    "normalise": True,
    # Guess: an empty text empties the field ("clear"); "keep" is the other possibility, as for null.
    "empty_text": "clear",
    # Guess: two customers cannot have one number.
    "unique_customer_number": True,
    # Guess: a customer with documents can be deleted ("allow" or "refuse").
    "delete_with_documents": "allow",
    # Unverified: estimate.create takes title, introduction, date, currency and gross prices ("keep"), or ignores them ("drop").
    "estimate_extras": "keep",
    # Guess: cancelling an invoice makes a credit.
    "cancel_creates_credit": True,
    # Unknown whether changes made through the API fire webhooks; assumed yes.
    "webhooks_for_api": True,
    # Base of the tokenised links to documents, how long a token lives, and whether each download is rendered anew.
    "portal": "https://portal.fastbill.com",
    "link_seconds": 3600,
    "pdf_varies": True,
}


def setting(world: World, name: str) -> Any:
    """The value of a setting: what the world says, else the default. A name that does not exist is a ``KeyError``."""
    default = DEFAULTS[name]
    return world.storage.settings.get(name, default)

"""What can be set about the simulated account, with the defaults. Read from ``world.storage.settings`` at each request."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.kit.world import World

DEFAULTS: dict[str, Any] = {
    # The API's own address, named in resourceUri. A server in front of the simulator sets its own here.
    "portal": "https://api.lexware.io",
    "api_key": "lxo-sandbox-0123456789abcdef",
    # The day the key was made (YYYY-MM-DD): 24 months later it is gone, and its subscriptions with it. Empty: it does not age.
    "key_made": "",
    # The subscription: only "XL" has the API, anything else answers 402.
    "plan": "XL",
    # Resources (first part of the path) that the person behind the key may not use: 403.
    "forbidden": [],
    "organization_id": "7b0c1c52-6f0f-4c6e-9d2e-3a8f5d0e1b47",
    "connection_id": "2f4d9e61-0a35-4d7b-8c11-6b5e7a90c3d2",
    "company_name": "Schilderhaus Feldkamp",
    "user_name": "Ada Feldkamp",
    "user_email": "ada@schilderhaus.example",
    "tax_type": "net",
    # A small business invoices without tax: other tax types are refused (guess).
    "small_business": False,
    # ORIGIN or DESTINATION: with the second, foreign tax rates and taxSubType are allowed.
    "distance_sales": "",
    # Calls a second for the whole account, as a token bucket; None is off. Guess: the bucket holds one second's worth.
    "rate_limit": 2,
    # The version of a record that was just made: 1 in recordings, 0 in samples of the documentation.
    "first_version": 1,
    # Seconds until a fresh contact can be named in a document, and until fresh records appear in filtered lists and in the voucherlist.
    "fresh_seconds": 0.5,
    "index_seconds": 0,
    # Guess: seconds until a document's number shows.
    "number_seconds": 0,
    # Seconds until an event is delivered.
    "event_seconds": 0,
    # Guess: changes made through the API fire events, too.
    "webhooks_for_api": True,
    # Addresses of webhooks must be https; a sandbox on one machine may allow http.
    "http_callbacks": False,
    # Guess: blanks around texts are kept.
    "normalise": False,
    # One sample of the documentation has the open amount of a payment as a text.
    "open_amount_text": False,
    # Guess: each GET of /file renders anew, so that the bytes differ; a file of documentFileId never changes.
    "pdf_varies": True,
    # The vendor removed "unchecked" from the filter values of the voucherlist for a while.
    "unchecked_filter": True,
}


def setting(world: World, name: str) -> Any:
    """The value of a setting: what the world says, else the default. A name that does not exist is a ``KeyError``."""
    default = DEFAULTS[name]
    return world.storage.settings.get(name, default)

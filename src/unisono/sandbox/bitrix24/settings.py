"""What can be set about the simulated portal, with the defaults. Read from ``world.storage.settings`` at each request."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.kit.world import World

SCOPES = "crm user user_brief user_basic department catalog disk documentgenerator userfieldconfig placement bizproc sale salescenter task".split()

DEFAULTS: dict[str, Any] = {
    # The portal's own address; answers and events name it. A server in front of the simulator sets its own here.
    "portal": "https://schilderhaus.bitrix24.example",
    "member_id": "a2b4c6d8e0f1a3b5c7d9e1f3a5b7c9d1",
    "language": "de",
    # The incoming webhook: whose rights it has, its secret (or both, "1/secret"; "" switches it off), what it may do.
    "webhook_user": 1,
    "webhook_secret": "b24sandboxhook01",
    "webhook_scopes": list(SCOPES),
    # The local application.
    "client_id": "local.6512a8f0b24c11.55000001",
    "client_secret": "b24sandboxclientsecret000000000000000000000000000",
    "application_token": "5b1f0c9e7a3d4862b24a0e6c1d9f7358",
    "app_scopes": list(SCOPES),
    # The login server's address where it is another than the portal's, as in reality.
    "oauth_server": "",
    "redirect_uri": "https://unisono.example/oauth/bitrix24",
    "access_seconds": 3600,
    "refresh_days": 180,
    # The application_token of outgoing webhooks that a person makes by hand.
    "outgoing_token": "e1c3a5079b2d4f6688aa0c1e3d5f7092",
    # Guess: a refresh token that was used is of no use any more. The vendor says to store the new one each time.
    "refresh_once": True,
    # The user behind webhook and application is an administrator.
    "admin": True,
    # What the bucket holds and loses a second: "professional" (50, 2), "enterprise" (250, 5), "none" (no limit at all).
    "plan": "professional",
    # Seconds a method may run within ten minutes; None is off, as on a portal hosted by its owner.
    "operating_limit": 480,
    # Guess: what one call of a method costs; by method in "operating_costs". Nothing really takes that long here.
    "operating_cost": 0.05,
    "operating_costs": {},
    # Older portals leave operating out of the answers.
    "operating_shown": True,
    "https_only": False,
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    # Undocumented whether a change at these moves the owner's stamp: any of "requisite", "address", "rows", "links". Strict: none does.
    "moves_owner": [],
    # Guess: a change of a telephone number or e-mail address moves it.
    "multifields_move": True,
    # What a price means in a row with taxIncluded N: "gross" as the field's text has it, or "net" as the vendor's tutorial uses it.
    "price_without_tax": "gross",
    # Unknown whether accountNumber of a smart invoice can be written; a public mock says no. The same mock fixes xmlId at creation.
    "account_number_writable": False,
    "xml_id_fixed": True,
    # Uncertain whether a document can be uploaded with an incoming webhook; strict: only with the application.
    "upload_by_webhook": False,
    # Old portals still hang addresses on the company or contact itself.
    "old_addresses": False,
    # Seconds until a made document has its PDF, and until an event is delivered.
    "pdf_seconds": 0,
    "event_seconds": 0,
    # The plan has the confirming mode of the offline queue and its loop guard (feature rest_offline_extended).
    "offline_extended": True,
    # Signed downloads answer 404 to a client without a User-Agent of its own.
    "picky_agent": True,
}

BUCKETS = {"professional": (50, 2), "enterprise": (250, 5)}


def setting(world: World, name: str) -> Any:
    """The value of a setting: what the world says, else the default. A name that does not exist is a ``KeyError``."""
    default = DEFAULTS[name]
    return world.storage.settings.get(name, default)

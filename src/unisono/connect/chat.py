"""Chat: a short text to a room, carried by apprise, which is installed with the extra ``chat`` and loaded at first need.

An address is a secret (it holds the room's token). Only services are taken whose address leads to the vendor's own host, or to a host that
is checked like every address a user gives; nothing is sent without TLS, no redirect is followed.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from typing import Any

from unisono.connect.hosts import Resolve, check_host, system_resolve
from unisono.model.errors import Refused, Unavailable
from unisono.model.secret import Secret

INSTALL = "pip install 'unisono[chat]'"
"""What brings chat, where it is missing."""
AT_THE_VENDOR = {
    "discord": "Discord",
    "gchat": "Google Chat",
    "pover": "Pushover",
    "slack": "Slack",
    "tgram": "Telegram",
    "threema": "Threema",
    "wxteams": "Webex",
}
"""Services at a fixed host of their vendor: what the address names is a room, not a host."""
AT_A_HOST = {
    "gotifys": "Gotify",
    "mmosts": "Mattermost",
    "nctalks": "Nextcloud Talk",
    "ntfys": "ntfy",
    "rockets": "Rocket.Chat",
}
"""Services on a host that the address names, with TLS."""
SERVICES = AT_THE_VENDOR | AT_A_HOST
MOST = 2000
_TIMEOUT = 15.0


def installed() -> bool:
    """Whether apprise is there."""
    return importlib.util.find_spec("apprise") is not None


def check_chat(address: Secret, resolve: Resolve = system_resolve, *, private_allowed: bool = False) -> str:
    """The service's name, if the address may be used. Raises ``Refused`` (``chat-service``, ``chat-address``, as ``check_host``)."""
    text = address.reveal().strip()
    scheme, found, _ = text.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in SERVICES:
        raise Refused("chat-service", {"allowed": ", ".join(sorted(SERVICES))})
    # No options (?): they could switch the check of certificates off, or lead elsewhere.
    if len(text) > MOST or not text.isascii() or not text.isprintable() or any(c in " ?\\" for c in text):
        raise Refused("chat-address", {})
    host = _host_in(text)
    if scheme in AT_A_HOST:
        check_host(host, resolve, private_allowed=private_allowed)
    return SERVICES[scheme]


def _host_in(text: str) -> str:
    """Host and port that an address names. What parsers could read differently is refused."""
    authority = text.partition("://")[2].partition("/")[0]
    host = authority.rpartition("@")[2].lower()
    if not host or authority.count("@") > 1 or any(c in authority for c in "#%"):
        raise Refused("chat-address", {})
    return host


def library() -> Any:
    """Apprise with its services loaded. What it says about its own old parts is none of our users' business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("slack://a/b/c")
    return apprise


class Apprise:
    """Sends to chats through apprise."""

    def __init__(self, *, resolve: Resolve = system_resolve) -> None:
        self._resolve = resolve

    def send(self, address: Secret, title: str, body: str, *, private: bool = False) -> None:
        """Raises ``Refused`` (not an address that may be used), ``Unavailable`` (``chat-missing``, ``chat-not-sent``)."""
        check_chat(address, self._resolve, private_allowed=private)
        if not installed():
            raise Unavailable("chat-missing", {"command": INSTALL})
        if not self._notified(address, title, body):
            raise Unavailable("chat-not-sent", {})

    def _notified(self, address: Secret, title: str, body: str) -> bool:
        apprise = library()
        # It logs the addresses it talks to, and with them the tokens.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        asset = apprise.AppriseAsset(app_id="Unisono", app_desc="Unisono", app_url="", http_redirects=False, plugin_paths=[])
        room = apprise.Apprise.instantiate(address.reveal().strip(), asset=asset, suppress_exceptions=True)
        host = _host_in(address.reveal().strip())
        if room is None or (address.reveal().partition(":")[0].lower() in AT_A_HOST and _host_of(room) != host):
            raise Refused("chat-address", {})
        room.verify_certificate, room.redirects = True, False
        room.socket_connect_timeout = room.socket_read_timeout = _TIMEOUT
        return bool(room.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))


def _host_of(room: Any) -> str:
    """Where apprise would go: it has to be where the check looked."""
    return str(room.host).lower() + (f":{room.port}" if room.port else "")

"""The pages on a port, in a thread of their own, so that whoever starts them keeps the signals and may work beside them."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from unisono.web.app import make_app
from unisono.web.site import Site, is_loopback
from unisono.wiring.guiding import Guide
from unisono.wiring.hooks import keep_address
from unisono.wiring.house import House
from unisono.wiring.people import Argon, Hasher, anybody

GRACE = 5
"""Seconds that answers under way have when the pages close."""


class NotServed(Exception):
    """Why the pages do not open: ``code`` and ``values`` fill the catalogue's sentence."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Where to listen, and how people come there. ``address`` is what their browsers show, if it is not where we listen."""

    host: str = "127.0.0.1"
    port: int = 8460
    address: str = ""
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()


class Pages:
    """Pages that are open; ``address`` is where."""

    def __init__(self, app: FastAPI, server: uvicorn.Server, listening: socket.socket, address: str) -> None:
        self.address = address
        self.app = app
        self._server = server
        self._thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """What is under way is answered; what goes on for long (a page that is kept up to date) ends."""
        self.app.state.closing = True
        self._server.should_exit = True
        self._thread.join(GRACE * 2)


def open_pages(house: House, opening: Opening, *, hasher: Hasher | None = None, guide: Guide | None = None, every: float = 2.0) -> Pages:
    """Opens them; ``guide`` makes them the demo's, ``every`` is how often a page is kept up to date. Raises ``NotServed``: elsewhere than
    on this machine nobody is served before somebody can sign in, nor without TLS."""
    named = urlsplit(opening.address)
    public = not is_loopback(opening.host) or (bool(opening.address) and not is_loopback(named.hostname or ""))
    if public and not anybody(house):
        raise NotServed("serving.needs-password")
    if public and not (named.scheme == "https" and (opening.certificate or opening.proxies)):
        raise NotServed("serving.needs-tls")
    place = f"{opening.host}:{opening.port}"
    family = socket.AF_INET6 if ":" in opening.host else socket.AF_INET
    try:
        listening = socket.create_server((opening.host.strip("[]"), opening.port), family=family)
    except OSError as error:
        raise NotServed("serving.port-taken", place=place, reason=str(error.strerror or error)) from error
    port = listening.getsockname()[1]
    shown = f"[{opening.host}]" if family == socket.AF_INET6 else opening.host
    address = opening.address.rstrip("/") or f"{'https' if opening.certificate else 'http'}://{shown}:{port}"
    keep_address(house, address)
    app = make_app(house, Site(hasher=hasher or Argon(), address=address, proxies=opening.proxies, every=every), guide)
    try:
        return Pages(app, uvicorn.Server(_config(app, opening)), listening, address)
    except BaseException:
        listening.close()
        raise


def _config(app: FastAPI, opening: Opening) -> uvicorn.Config:
    # What goes wrong is in our own log, with the number that the page shows.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=bool(opening.proxies),
        forwarded_allow_ips=list(opening.proxies),
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=opening.certificate,
        ssl_keyfile=opening.key,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise NotServed("serving.port-taken", place=str(opening.certificate or opening.host), reason=str(error)) from error
    return config

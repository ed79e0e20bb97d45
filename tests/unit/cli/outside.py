"""What is outside of the data folder: the address we are reached at, a mail server, a provider at which people sign in, files with secrets."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from sqlalchemy import delete

from tests.conftest import stays_here
from tests.support.provider import Provider
from tests.support.smtp import MailBox, certificate, mail_server
from tests.unit.cli.desk import Desk
from unisono.cli.terminal import house_at
from unisono.store.tables import pace
from unisono.wiring.hooks import keep_address

_OWN = f"{os.getpid() // 256 % 256}.{os.getpid() % 254 + 1}"
POST_OFFICE, NOBODY = f"127.66.{_OWN}", f"127.67.{_OWN}"
"""Loopback addresses of this process alone: mail servers are spoken to on a few ports only. At the second one nobody listens."""
PORT = 2525


def reached_at(desk: Desk, address: str) -> None:
    """As after ``unisono serve --address``."""
    with house_at(desk.folder) as house:
        keep_address(house, address)


def rested(desk: Desk) -> None:
    """As after a while without calls: the vendors' limits are not what is tested, and no test waits for them."""
    with house_at(desk.folder) as house, house.store.write() as conn:
        conn.execute(delete(pace))


def secret_file(desk: Desk, secret: str) -> Path:
    """A file that holds a secret, as commands take it."""
    place = desk.folder.parent / "secret"
    place.write_text(secret + "\n", encoding="utf-8")
    return place


def nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose resolver knows no name but its own."""
    look_up = socket.getaddrinfo

    def answer(host: Any, *rest: Any, **named: Any) -> Any:
        if not stays_here(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@contextmanager
def post_office(folder: Path) -> Iterator[tuple[MailBox, Path]]:
    """A mail server at ``POST_OFFICE``, and the file of the authority that vouches for it (``SSL_CERT_FILE``)."""
    pem = certificate(folder, POST_OFFICE)
    with mail_server(pem, at=(POST_OFFICE, PORT)) as box:
        yield box, pem


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: the test reads what commands print."""


@contextmanager
def sign_in_provider() -> Iterator[str]:
    """A provider on loopback; its issuer."""
    provider = Provider(lambda: datetime.now(UTC))
    with make_server("127.0.0.1", 0, provider, handler_class=_Silent) as server:
        issuer = f"http://127.0.0.1:{server.server_port}/realm"
        provider.describes = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
        }
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join(10)

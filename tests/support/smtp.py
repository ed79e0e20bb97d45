"""A mail server on this machine, for one test: it takes mail over TLS, and refuses or breaks where the test says so."""

from __future__ import annotations

import base64
import datetime as dt
import email
import email.policy
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "mail.example.com"
LOGIN, PASSWORD = "unisono@example.com", "geheim-Köder-0815"


def certificate(folder: Path, *names: str) -> Path:
    """A certificate that signs itself, with its key, for some names."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(
            subject, subject, key.public_key(), x509.random_serial_number(), now - dt.timedelta(1), now + dt.timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class MailBox:
    """``says`` is what the server answers to a command (``RCPT`` -> ``550 no such user``); ``drops`` ends the line there instead.

    ``heard`` holds every line that came, ``mails`` what was taken.
    """

    port: int = 0
    says: dict[str, str] = field(default_factory=dict)
    drops: str = ""
    offers_tls: bool = True
    mails: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    lines: int = 0


@contextmanager
def mail_server(pem: Path, *, implicit: bool = False, at: tuple[str, int] = ("127.0.0.1", 0), **settings: Any) -> Iterator[MailBox]:
    """Listens on a free port of this machine, or where it is told to, until the block ends."""
    box = MailBox(**settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(at) as listening:
        listening.settimeout(0.2)
        box.port = listening.getsockname()[1]
        over = threading.Event()
        thread = threading.Thread(target=_listen, args=(listening, context, box, implicit, over), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            over.set()
            thread.join(10)


def _listen(listening: socket.socket, context: ssl.SSLContext, box: MailBox, implicit: bool, over: threading.Event) -> None:
    while not over.is_set():
        try:
            line, _ = listening.accept()
        except TimeoutError:
            continue
        line.settimeout(5)
        box.lines += 1
        with suppress(OSError), line:
            if implicit:
                line = context.wrap_socket(line, server_side=True)
            with _Session(line, context, box, implicit) as session:
                session.run()


class _Session:
    def __init__(self, line: socket.socket, context: ssl.SSLContext, box: MailBox, encrypted: bool) -> None:
        self._line, self._context, self._box, self._encrypted = line, context, box, encrypted
        self._rest = b""

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def run(self) -> None:
        self._say("220 ready")
        while (text := self._read_line()) is not None:
            self._box.heard.append(text)
            verb = text.split(" ")[0].upper()
            if verb == self._box.drops:
                self._line.close()
                return
            if verb in self._box.says:
                self._say(self._box.says[verb])
            elif verb == "EHLO":
                tls = self._box.offers_tls and not self._encrypted
                self._say("250-here\r\n250-STARTTLS\r\n250 8BITMIME" if tls else "250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME")
            elif verb == "STARTTLS":
                self._say("220 go on")
                self._line, self._rest, self._encrypted = self._context.wrap_socket(self._line, server_side=True), b"", True
            elif verb == "AUTH":
                self._login(text)
            elif verb == "DATA":
                if not self._take():
                    return
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _login(self, text: str) -> None:
        _, login, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")
        self._box.logins.append((login, password))
        self._say("235 welcome" if (login, password) == (LOGIN, PASSWORD) else f"535 5.7.8 {login} with {password} is nobody here")

    def _take(self) -> bool:
        self._say("354 go on")
        body = b""
        while not body.endswith(b"\r\n.\r\n"):
            data = self._line.recv(65536)
            if not data:
                return False
            body += data
        if self._box.drops == "END":
            self._line.close()
            return False
        parsed = email.message_from_bytes(body[:-5].replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
        self._box.mails.append(parsed)
        self._say(self._box.says.get("END", "250 taken"))
        return True

    def _say(self, text: str) -> None:
        self._line.sendall(text.encode() + b"\r\n")

    def _read_line(self) -> str | None:
        while b"\r\n" not in self._rest:
            data = self._line.recv(65536)
            if not data:
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line.decode("utf-8", "replace")

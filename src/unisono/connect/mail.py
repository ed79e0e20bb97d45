"""Mail: one message to one address over SMTP, always encrypted, the server's certificate checked.

What is raised says what is known: ``Unavailable`` (not sent, try again), ``LoginRefused`` and ``Refused`` (not sent, a person is needed),
``Unclear`` (the server may have taken it: it is not sent a second time).
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Container
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from typing import Literal

from msgspec import Struct

from unisono.connect.hosts import Resolve, check_host, system_resolve
from unisono.connect.redact import Redactor
from unisono.model.errors import LoginRefused, Refused, SystemFault, Unavailable, Unclear
from unisono.model.secret import Secret

PORTS = (587, 465, 2525, 25)
"""Where mail servers listen. No other port: a mail server is no way to talk to whatever else runs in a network."""
TIMEOUT = 20.0
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_TOLD = 300


class MailServer(Struct, frozen=True, kw_only=True):
    """The way out. ``starttls`` is usual on port 587, ``implicit`` on 465. ``private``: an administrator says it stands in the own network."""

    host: str
    port: int = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    login: str = ""
    password: Secret | None = None
    sender: str
    private: bool = False


class Mail(Struct, frozen=True, kw_only=True):
    """One message as plain text. ``id`` becomes its Message-ID: a server that gets it twice can tell."""

    id: str
    to: str
    subject: str
    body: str
    at: datetime


def is_address(text: str) -> bool:
    """Whether mail can be sent there: one plain address, nothing that could become a header or a second recipient."""
    return bool(_ADDRESS.fullmatch(text)) and ".." not in text and len(text) <= 254


def check_server(server: MailServer, resolve: Resolve = system_resolve, ports: Container[int] = PORTS) -> str:
    """The address to connect to. Raises ``Refused`` (as ``hosts.check_host``, ``mail-port``, ``mail-sender``) or ``Unavailable``."""
    if server.port not in ports:
        raise Refused("mail-port", {"value": str(server.port), "allowed": ", ".join(map(str, PORTS))})
    if not is_address(server.sender):
        raise Refused("mail-address", {"value": server.sender[:100]})
    if "/" in server.host or (":" in server.host and not server.host.startswith("[")):
        raise Refused("address-malformed", {"host": server.host[:100]})
    return check_host(server.host, resolve, private_allowed=server.private).address


class Smtp:
    """Sends mail over the network. ``ca_file``: whom to trust instead of the machine's own list."""

    def __init__(
        self, *, ca_file: str = "", resolve: Resolve = system_resolve, timeout: float = TIMEOUT, ports: Container[int] = PORTS
    ) -> None:
        self._ca_file, self._resolve, self._timeout, self._ports = ca_file, resolve, timeout, ports

    def send(self, server: MailServer, mail: Mail) -> None:
        """Hands one message over; see the top of this file for what it raises."""
        if not is_address(mail.to):
            raise Refused("mail-address", {"value": mail.to[:100]})
        address = check_server(server, self._resolve, self._ports)
        redact = Redactor((server.password,) if server.password is not None else ())
        fault = self._sent(server, mail, address, redact)
        if fault is not None:
            # Raised outside the handler: the library's own error may hold what was said at the login.
            raise fault

    def _sent(self, server: MailServer, mail: Mail, address: str, redact: Redactor) -> SystemFault | None:
        values = {"host": server.host, "to": mail.to}
        handed_over = False
        line: smtplib.SMTP | None = None
        try:
            context = ssl.create_default_context(cafile=self._ca_file or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            line = _Line(server.host, address, self._timeout, context if server.tls == "implicit" else None)
            line.connect(server.host, server.port)
            line.ehlo()
            if server.tls == "starttls":
                line.starttls(context=context)
                line.ehlo()
            if server.login and server.password is not None:
                _log_in(line, server.login, server.password)
            for step, answer in (("sender", line.mail(server.sender)), ("recipient", line.rcpt(mail.to))):
                if answer[0] not in (250, 251):
                    return _no(step, answer, values, redact)
            handed_over = True
            answer = line.data(_message(server, mail).as_bytes(policy=ON_THE_WIRE))
            return None if answer[0] == 250 else _no("message", answer, values, redact)
        except smtplib.SMTPAuthenticationError as error:
            told = redact.excerpt(error.smtp_error or b"", _TOLD)
            if error.smtp_code < 500:
                return Unavailable("mail-unreachable", values | {"reason": told})
            return LoginRefused("mail-login-refused", values | {"answer": told})
        except smtplib.SMTPNotSupportedError:
            return Refused("mail-no-tls" if server.tls == "starttls" and not _encrypted(line) else "mail-no-login", values)
        except smtplib.SMTPDataError as error:
            return _no("message", (error.smtp_code, _bytes(error.smtp_error)), values, redact)
        except ssl.SSLCertVerificationError as error:
            return Refused("mail-certificate", values | {"reason": redact.excerpt(str(error.verify_message), _TOLD)})
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            why = values | {"reason": redact.excerpt(str(getattr(error, "strerror", "") or error), _TOLD) or type(error).__name__}
            return Unclear("mail-unclear", why) if handed_over else Unavailable("mail-unreachable", why)
        finally:
            if line is not None:
                with suppress(OSError, smtplib.SMTPException):
                    line.quit()
                line.close()


class _Line(smtplib.SMTP):
    """A connection to the address that was checked, whatever the name leads to by now; name and certificate remain the host's."""

    def __init__(self, host: str, address: str, timeout: float, context: ssl.SSLContext | None) -> None:
        self._checked, self._context = address, context
        super().__init__(timeout=timeout, local_hostname="unisono.localhost")
        self._host = host

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = socket.create_connection((self._checked, port), timeout)
        return self._context.wrap_socket(made, server_hostname=host) if self._context is not None else made


def _log_in(line: smtplib.SMTP, login: str, password: Secret) -> None:
    """PLAIN or LOGIN, which the encrypted line makes safe. The library knows passwords of ASCII letters only."""
    ways = line.esmtp_features.get("auth", "").upper().split()
    name, secret = login.encode(), password.reveal().encode()
    if "PLAIN" in ways:
        code, told = line.docmd("AUTH", "PLAIN " + _coded(b"\0" + name + b"\0" + secret))
    elif "LOGIN" in ways:
        code, told = line.docmd("AUTH", "LOGIN " + _coded(name))
        if code == 334:
            code, told = line.docmd(_coded(secret))
    else:
        raise smtplib.SMTPNotSupportedError
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, told)


def _coded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _encrypted(line: smtplib.SMTP | None) -> bool:
    return isinstance(getattr(line, "sock", None), ssl.SSLSocket)


def _message(server: MailServer, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address("Unisono", addr_spec=server.sender)
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = mail.at
    message["Message-ID"] = f"<{mail.id}@{server.sender.rpartition('@')[2]}>"
    # So that no holiday answer comes back.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _no(step: str, answer: tuple[int, bytes], values: dict[str, str], redact: Redactor) -> SystemFault:
    """A server that says *not now* (4xx) is asked again, one that says *no* is not."""
    told = values | {"answer": f"{answer[0]} {redact.excerpt(answer[1], _TOLD)}"}
    if answer[0] < 500:
        return Unavailable("mail-unreachable", values | {"reason": told["answer"]})
    return Refused("mail-recipient-refused" if step == "recipient" else "mail-refused", told)


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")

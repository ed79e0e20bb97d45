"""The ways to people: mail and chat. One value, so that whoever runs the house without a network hands in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from unisono.connect.hosts import Resolve, system_resolve
from unisono.model.secret import Secret

if TYPE_CHECKING:  # loaded with the first message: a start without one does not pay for it
    from unisono.connect.mail import Mail, MailServer


class SendsMail(Protocol):
    """See ``mail.Smtp``."""

    def send(self, server: MailServer, mail: Mail) -> None:
        """Hands one message over."""


class SendsChat(Protocol):
    """See ``chat.Apprise``."""

    def send(self, address: Secret, title: str, body: str, *, private: bool = False) -> None:
        """Puts one message into a room."""


class Outward:
    """``mail`` and ``chat`` are the network's where nothing else is given."""

    def __init__(self, *, mail: SendsMail | None = None, chat: SendsChat | None = None, resolve: Resolve = system_resolve) -> None:
        self.resolve = resolve
        self._mail, self._chat = mail, chat

    @property
    def mail(self) -> SendsMail:
        """Sends mail."""
        if self._mail is None:
            from unisono.connect.mail import Smtp

            self._mail = Smtp(resolve=self.resolve)
        return self._mail

    @property
    def chat(self) -> SendsChat:
        """Sends to a chat."""
        if self._chat is None:
            from unisono.connect.chat import Apprise

            self._chat = Apprise(resolve=self.resolve)
        return self._chat

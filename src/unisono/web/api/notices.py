"""Notices: what one is told, and for administrators the mail server and the chats. Passwords and addresses of chats go in and never out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from unisono.connect.chat import installed
from unisono.store.notices import Channel, Notice, Wish
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.users import actor, missing
from unisono.wiring import posting
from unisono.wiring.posting import MailSettings

doors = Doors("notices")


class WishIn(BaseModel):
    """What one wants: an empty address is nothing at all; the hour is that of the firm's clock."""

    address: str = Field(max_length=254)
    hour: int = Field(ge=0, le=23)
    summary: bool = True
    urgent: bool = True
    again: bool = True


class NoticeOut(BaseModel):
    """A notice that was to be sent; ``told`` says why it was not."""

    who: str
    kind: str
    state: str
    tries: int
    told: dict[str, str]
    made_at: str
    sent_at: str


class MailIn(BaseModel):
    """A mail server; without a password the stored one stays, if host and login do."""

    host: str = Field(max_length=253)
    port: int
    tls: Literal["starttls", "implicit"] = "starttls"
    login: str = Field("", max_length=200)
    password: SecretStr = SecretStr("")
    sender: str = Field(max_length=254)
    private: bool = False


class MailOut(BaseModel):
    """The mail server; ``password`` says whether one is stored."""

    host: str
    port: int
    tls: str
    login: str
    sender: str
    private: bool
    password: bool


class ToIn(BaseModel):
    """Where to."""

    to: str = Field(max_length=254)


class ChatIn(BaseModel):
    """A chat; an empty firm is the whole house."""

    name: str = Field(max_length=200)
    firm: str = ""
    address: SecretStr
    hour: int = Field(8, ge=0, le=23)
    language: Literal["de", "en", "pl", "ro"]
    private: bool = False


class ChatOut(BaseModel):
    """A chat, without its address."""

    id: str
    name: str
    firm: str
    service: str
    hour: int
    language: str
    private: bool


class HouseOut(BaseModel):
    """How notices go out. ``mail`` is null where there is none, or for whoever looks after some firms only."""

    mail: MailOut | None
    chats: list[ChatOut]
    chat_installed: bool
    troubles: list[NoticeOut]


@doors.get("/me/notices", needs="view")
def own(visit: Visitor) -> WishIn:
    """What one is told, when and where."""
    found = posting.wish_of(visit.house, visit.somebody)
    return WishIn(address=found.address, hour=found.hour, summary=found.summary, urgent=found.urgent, again=found.again)


@doors.post("/me/notices", needs="view", status_code=204)
def own_changed(visit: Visitor, what: WishIn) -> None:
    """From now on otherwise."""
    wanted = Wish(address=what.address.strip(), hour=what.hour, summary=what.summary, urgent=what.urgent, again=what.again)
    posting.put_wish(visit.house, visit.somebody, wanted)


@doors.get("/me/notices/last", needs="view")
def last(visit: Visitor) -> list[NoticeOut]:
    """What one was told last."""
    return [_notice(one) for one in posting.last_notices(visit.house, f"user:{visit.somebody.id}")]


@doors.get("/notices", needs="admin")
def house(visit: Visitor) -> HouseOut:
    """Mail, chats, and what did not go out."""
    who = actor(visit)
    found = posting.mail_settings(visit.house)
    mail = MailOut(
        host=found.host,
        port=found.port,
        tls=found.tls,
        login=found.login,
        sender=found.sender,
        private=found.private,
        password=found.kept,
    )
    return HouseOut(
        mail=mail if found.host and who.firms is None else None,
        chats=[_chat(one) for one in posting.channels(visit.house, who)],
        chat_installed=installed(),
        troubles=[_notice(one) for one in posting.troubles(visit.house, who)],
    )


@doors.post("/notices/mail", needs="admin", status_code=204)
def mail(visit: Visitor, what: MailIn) -> None:
    """Another mail server, or the first."""
    wanted = MailSettings(
        host=what.host.strip(), port=what.port, tls=what.tls, login=what.login.strip(), sender=what.sender.strip(), private=what.private
    )
    missing(lambda: posting.put_mail(visit.house, actor(visit), wanted, what.password.get_secret_value()))


@doors.post("/notices/mail/drop", needs="admin", status_code=204)
def mail_dropped(visit: Visitor) -> None:
    """No mail any more."""
    missing(lambda: posting.drop_mail(visit.house, actor(visit)))


@doors.post("/notices/mail/test", needs="admin", status_code=204)
def mail_tried(visit: Visitor, what: ToIn) -> None:
    """A message now."""
    missing(lambda: posting.try_mail(visit.house, actor(visit), what.to, visit.speech.language))


@doors.post("/notices/chats", needs="admin")
def chat(visit: Visitor, what: ChatIn) -> ChatOut:
    """A chat more."""
    address = what.address.get_secret_value()
    made = missing(
        lambda: posting.add_channel(
            visit.house, actor(visit), what.name, what.firm, address, what.hour, what.language, private=what.private
        )
    )
    return _chat(made)


@doors.post("/notices/chats/{channel_id}/remove", needs="admin", status_code=204)
def chat_removed(visit: Visitor, channel_id: str) -> None:
    """A chat less."""
    missing(lambda: posting.remove_channel(visit.house, actor(visit), channel_id))


@doors.post("/notices/chats/{channel_id}/test", needs="admin", status_code=204)
def chat_tried(visit: Visitor, channel_id: str) -> None:
    """A message now."""
    missing(lambda: posting.try_channel(visit.house, actor(visit), channel_id))


def _chat(one: Channel) -> ChatOut:
    return ChatOut(id=one.id, name=one.name, firm=one.firm, service=one.service, hour=one.hour, language=one.language, private=one.private)


def _notice(one: Notice) -> NoticeOut:
    return NoticeOut(who=one.who, kind=one.kind, state=one.state, tries=one.tries, told=one.told, made_at=one.made_at, sent_at=one.sent_at)

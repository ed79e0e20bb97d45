"""How notices go out: the mail server and the chats, set by administrators; what each user wants to be told; a test on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unisono.connect.chat import check_chat
from unisono.connect.mail import Mail, MailServer, check_server, is_address
from unisono.locale.languages import LANGUAGES
from unisono.locale.say import say
from unisono.model.errors import Refused
from unisono.model.secret import Secret
from unisono.store import audit, notices, pairs, secrets, settings
from unisono.store.notices import Channel, Notice, Wish
from unisono.store.people import User
from unisono.wiring.house import House
from unisono.wiring.members import Actor, NoSuchPerson
from unisono.wiring.people import RANK

MAIL = "mail"
MOST_CHANNELS = 50
MOST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server as it was set, without its password; ``kept`` says whether one is stored."""

    host: str = ""
    port: int = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    login: str = ""
    sender: str = ""
    private: bool = False
    kept: bool = False


def mail_settings(house: House) -> MailSettings:
    """What was set; ``host`` is empty where nothing was."""
    with house.store.read() as conn:
        value, kept = settings.get_setting(conn, MAIL), MAIL in secrets.sealed_names(conn)
    return MailSettings(**value, kept=kept) if value else MailSettings()


def mail_server(house: House) -> MailServer | None:
    """The way out with its password; ``None`` where there is none. Raises ``StoreRefused`` where the key file does not open it."""
    wanted = mail_settings(house)
    if not wanted.host:
        return None
    with house.store.read() as conn:
        password = secrets.get_sealed(conn, house.ring, MAIL)
    return _server(wanted, password)


def put_mail(house: House, actor: Actor, wanted: MailSettings, password: str) -> None:
    """Sets the mail server. An empty password keeps the stored one, but never for another host or login: it would be sent there.

    Raises ``Refused`` (``mail-port``, ``mail-address``, ``mail-password``, as ``hosts.check_host``), ``Unavailable``, ``NoSuchPerson``.
    """
    _whole_house(actor)
    before = mail_settings(house)
    if wanted.tls not in ("starttls", "implicit"):
        raise Refused("mail-tls", {})
    same = (before.host, before.port, before.tls, before.login) == (wanted.host, wanted.port, wanted.tls, wanted.login)
    if wanted.login and not password and not (same and before.kept):
        raise Refused("mail-password", {})
    check_server(_server(wanted, None), house.outward.resolve)
    now = house.clock.now()
    value = {"host": wanted.host, "port": wanted.port, "tls": wanted.tls, "login": wanted.login}
    with house.store.write() as conn:
        settings.put_setting(conn, MAIL, value | {"sender": wanted.sender, "private": wanted.private})
        if password and wanted.login:
            secrets.put_sealed(conn, house.ring, MAIL, Secret(password), now)
        elif not wanted.login:
            secrets.drop_sealed(conn, MAIL)
        notices.hurry(conn, "user:", now)
        audit.log(conn, actor.by, "mail-set", wanted.host, None, now, {"where": f"{wanted.host}:{wanted.port}"})


def drop_mail(house: House, actor: Actor) -> None:
    """No mail is sent any more; the password goes, too."""
    _whole_house(actor)
    with house.store.write() as conn:
        settings.put_setting(conn, MAIL, {})
        secrets.drop_sealed(conn, MAIL)
        audit.log(conn, actor.by, "mail-dropped", "", None, house.clock.now())


def try_mail(house: House, actor: Actor, to: str, language: str) -> None:
    """Sends a message now. Raises what sending raises; ``Refused("mail-not-set")``."""
    _whole_house(actor)
    server = mail_server(house)
    if server is None:
        raise Refused("mail-not-set", {})
    subject, body = (say(f"notice.test-{part}", {}, language) for part in ("subject", "body"))
    house.outward.mail.send(server, Mail(id=house.ids.new(), to=to.strip(), subject=subject, body=body, at=house.clock.now()))


def channels(house: House, actor: Actor) -> list[Channel]:
    """The chats of the firms they look after."""
    with house.store.read() as conn:
        return [one for one in notices.channels(conn) if _theirs(actor, one)]


def add_channel(house: House, actor: Actor, name: str, firm: str, address: str, hour: int, language: str, *, private: bool) -> Channel:
    """A chat that is told what waits. Raises ``Refused`` (``chat-service``, ``chat-address`` ...), ``NoSuchPerson`` (not their firm)."""
    if actor.firms is not None and firm not in actor.firms:
        raise NoSuchPerson(firm)
    name = " ".join(name.split())[:MOST_NAME]
    if not name or not 0 <= hour <= 23 or language not in LANGUAGES:
        raise Refused("chat-incomplete", {})
    service = check_chat(Secret(address), house.outward.resolve, private_allowed=private)
    now = house.clock.now()
    made = Channel(id=house.ids.new(), firm=firm, name=name, service=service, language=language, hour=hour, private=private)
    with house.store.write() as conn:
        if firm and all(one["id"] != firm for one in pairs.firms(conn)):
            raise NoSuchPerson(firm)
        if len(notices.channels(conn)) >= MOST_CHANNELS:
            raise Refused("chat-too-many", {"limit": str(MOST_CHANNELS)})
        notices.add_channel(conn, made, now)
        secrets.put_sealed(conn, house.ring, made.sealed_name, Secret(address.strip()), now)
        audit.log(conn, actor.by, "chat-added", name, [firm] if firm else None, now, {"where": service})
    return made


def remove_channel(house: House, actor: Actor, channel_id: str) -> None:
    """Takes a chat away, with its address. Raises ``NoSuchPerson``."""
    one = channel(house, actor, channel_id)
    with house.store.write() as conn:
        notices.remove_channel(conn, one.id)
        secrets.drop_sealed(conn, one.sealed_name)
        audit.log(conn, actor.by, "chat-removed", one.name, [one.firm] if one.firm else None, house.clock.now())


def try_channel(house: House, actor: Actor, channel_id: str) -> None:
    """Puts a message into the chat now. Raises ``NoSuchPerson``, and what sending raises."""
    one = channel(house, actor, channel_id)
    to_channel(house, one, *(say(f"notice.test-{part}", {}, one.language) for part in ("subject", "body")))


def to_channel(house: House, one: Channel, title: str, body: str) -> None:
    """Puts a message into a chat."""
    with house.store.read() as conn:
        address = secrets.get_sealed(conn, house.ring, one.sealed_name)
    if address is None:
        raise Refused("chat-address", {})
    house.outward.chat.send(address, title, body, private=one.private)


def channel(house: House, actor: Actor, channel_id: str) -> Channel:
    """One chat. Raises ``NoSuchPerson``."""
    found = next((one for one in channels(house, actor) if one.id == channel_id), None)
    if found is None:
        raise NoSuchPerson(channel_id)
    return found


def usual_wish(user: User) -> Wish:
    """What somebody gets who never said anything: whoever can act on it, at the address they sign in with."""
    reached = is_address(user.login) and RANK[user.role] >= RANK["act"]
    return Wish(address=user.login if reached else "")


def wish_of(house: House, user: User) -> Wish:
    """What somebody wants to be told."""
    with house.store.read() as conn:
        return notices.wishes(conn).get(user.id) or usual_wish(user)


def put_wish(house: House, user: User, wanted: Wish) -> None:
    """What somebody wants from now on. Raises ``Refused("mail-address")``, ``Refused("chat-incomplete")`` (no such hour)."""
    if wanted.address and not is_address(wanted.address):
        raise Refused("mail-address", {"value": wanted.address[:100]})
    if not 0 <= wanted.hour <= 23:
        raise Refused("chat-incomplete", {})
    with house.store.write() as conn:
        notices.put_wish(conn, user.id, wanted)
        notices.hurry(conn, f"user:{user.id}", house.clock.now())


def last_notices(house: House, who: str, limit: int = 10) -> list[Notice]:
    """What somebody was told last, newest first; days on which there was nothing to tell are no notices."""
    with house.store.read() as conn:
        return [one for one in notices.notices_of(conn, who) if one.state not in ("quiet", "dropped")][:limit]


def troubles(house: House, actor: Actor) -> list[Notice]:
    """Notices that did not go out: a problem of the house, for whoever looks after it."""
    theirs = {f"channel:{one.id}" for one in channels(house, actor)}
    with house.store.read() as conn:
        return [one for one in notices.troubled(conn) if one.who in theirs or (actor.firms is None and one.who.startswith("user:"))]


def _server(wanted: MailSettings, password: Secret | None) -> MailServer:
    return MailServer(
        host=wanted.host,
        port=wanted.port,
        tls=wanted.tls,
        login=wanted.login,
        password=password,
        sender=wanted.sender,
        private=wanted.private,
    )


def _whole_house(actor: Actor) -> None:
    if actor.firms is not None:
        raise NoSuchPerson("house")


def _theirs(actor: Actor, one: Channel) -> bool:
    return actor.firms is None or one.firm in actor.firms

"""``notices``: the mail server and the chats that people are told by; and the thread that tells them while ``serve`` runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, cast

import typer

from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    WrongCall,
    add_commands,
    house_at,
    language,
    moments,
    person,
    plain,
    sentence,
    show,
    words,
)
from unisono.cli.users import secret_given, user_named
from unisono.locale.languages import LANGUAGES
from unisono.store.notices import Wish
from unisono.wiring import House, members, posting
from unisono.wiring.members import Actor, NoSuchPerson
from unisono.wiring.notifying import Notifier, notify
from unisono.wiring.posting import MailSettings

log = logging.getLogger("unisono.notices")
EVERY = 30.0
"""Seconds between two looks at whether somebody is needed."""
Private = Annotated[bool, typer.Option("--private", help="It stands in the own network: without this no address there is spoken to.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    commands: Commands = {
        "show": show_notices,
        "mail": mail,
        "mail-off": mail_off,
        "chat-add": chat_add,
        "chat-remove": chat_remove,
        "wish": wish,
        "test": try_now,
        "send": send,
    }
    add_commands(app, commands, group="notices", about="Telling people that they are needed, by mail or chat.")


@contextmanager
def telling(house: House, address: str) -> Iterator[None]:
    """Tells people while something else goes on, in a thread of its own: a mail server that hangs never keeps the sync waiting."""
    stop = threading.Event()
    notifier = Notifier(house=house, address=address)

    def work() -> None:
        while not stop.wait(EVERY):
            try:
                notifier.turn()
            except Exception as mistake:  # noqa: BLE001  # notices are never worth stopping for
                log.error("notices: %s", type(mistake).__name__)

    thread = threading.Thread(target=work, name="notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


def show_notices(data: Data = None, as_json: AsJson = False) -> None:
    """The mail server, the chats, and what did not go out. The exit code says whether something did not."""
    with house_at(data) as house:
        found, chats, troubles = posting.mail_settings(house), posting.channels(house, _me()), posting.troubles(house, _me())
        at = moments(house)
    lines = [f"{found.sender}  {found.host}:{found.port} ({found.tls})" if found.host else words("notices.no-mail")]
    lines += [f"{one.id}  {one.name}  {one.service}  {one.hour:02}:00" for one in chats]
    lines += [f"! {sentence(one.told['code'], one.told)} {words('notices.next-try', time=at(one.due_at))}" for one in troubles]
    value = {"mail": plain(found) if found.host else None, "chats": [plain(one) for one in chats]}
    show(value | {"troubles": [plain(one) for one in troubles]}, as_json, "\n".join(lines))
    if troubles:
        raise typer.Exit(1)


def mail(
    host: Annotated[str, typer.Argument(help="The mail server, as your mail provider calls it.")],
    sender: Annotated[str, typer.Option(help="The address notices come from.")],
    port: Annotated[int, typer.Option(help="587, 465, 2525 or 25.")] = 587,
    tls: Annotated[str, typer.Option(help="starttls (usual on 587) or implicit (465).")] = "starttls",
    login: Annotated[str, typer.Option(help="What the server knows you by.")] = "",
    password: Annotated[str, typer.Option(help="@FILE that holds it, or $VARIABLE of the environment; left out: the stored one.")] = "",
    private: Private = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sets the mail server that notices go out by."""
    given = secret_given(password)
    wanted = MailSettings(host=host, port=port, tls=cast(Literal["starttls", "implicit"], tls), login=login, sender=sender, private=private)
    with house_at(data) as house:
        posting.put_mail(house, _me(), wanted, given)
    show({"host": host, "port": port}, as_json, words("said.mail-set"))


def mail_off(data: Data = None, as_json: AsJson = False) -> None:
    """No mail is sent any more; the stored password goes, too."""
    with house_at(data) as house:
        posting.drop_mail(house, _me())
    show({"host": None}, as_json, words("said.mail-dropped"))


def chat_add(
    name: Annotated[str, typer.Argument(help="What you call the room.")],
    address: Annotated[str, typer.Option(help="@FILE that holds the room's address, or $VARIABLE: it is a secret.")],
    firm: Annotated[str, typer.Option(help="Id of the firm it is told of; without: all.")] = "",
    hour: Annotated[int, typer.Option(help="When its summary comes, 0 to 23.")] = 8,
    spoken: Annotated[str, typer.Option("--language", help="de, en, pl or ro.")] = "",
    private: Private = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """A chat room that is told what waits."""
    given = secret_given(address)
    told = spoken if spoken in LANGUAGES else language()
    with house_at(data) as house:
        try:
            made = posting.add_channel(house, _me(), name, firm, given, hour, told, private=private)
        except NoSuchPerson:
            raise WrongCall("no-such-firm", name=firm, names="-") from None
    show({"id": made.id, "name": made.name, "service": made.service}, as_json, words("said.chat-added"))


def chat_remove(
    channel: Annotated[str, typer.Argument(help="The id of the room, see `unisono notices show`.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes a chat room away, with its address."""
    with house_at(data) as house:
        _there(house, channel)
        posting.remove_channel(house, _me(), channel)
    show({"id": channel}, as_json, words("said.chat-removed"))


def wish(
    login: Annotated[str, typer.Argument(help="Whose notices.")],
    address: Annotated[str, typer.Option(help="Where mail goes; an empty one: nowhere.")],
    hour: Annotated[int, typer.Option(help="When the summary comes, 0 to 23, on the firm's clock.")] = 8,
    summary: Annotated[bool, typer.Option(help="The daily summary, when something waits.")] = True,
    urgent: Annotated[bool, typer.Option(help="At once, when a pair stands still.")] = True,
    again: Annotated[bool, typer.Option(help="The summary also when nothing is new but something is still open.")] = True,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What a user is told, when and where."""
    wanted = Wish(address=address, hour=hour, summary=summary, urgent=urgent, again=again)
    with house_at(data) as house:
        user = members.member(house, _me(), user_named(house, login)).user
        posting.put_wish(house, user, wanted)
    show({"login": login, **plain(wanted)}, as_json, words("said.notices"))


def try_now(
    to: Annotated[str, typer.Argument(help="A mail address, or the id of a chat room.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sends a message now, to see whether it arrives."""
    with house_at(data) as house:
        if "@" in to:
            posting.try_mail(house, _me(), to, language())
        else:
            _there(house, to)
            posting.try_channel(house, _me(), to)
    show({"to": to, "sent": True}, as_json, words("said.test-sent"))


def send(data: Data = None, as_json: AsJson = False) -> None:
    """Sends what is due, once: for whoever has `unisono sync` started by a timer and no `unisono serve`."""
    with house_at(data) as house:
        told = notify(house)
    text = words("notices.sent", count=str(sum(one.state == "sent" for one in told)))
    show([plain(one) for one in told], as_json, text)
    if any(one.state in ("ready", "failed", "unclear") for one in told):
        raise typer.Exit(1)


def _me() -> Actor:
    return Actor(person())


def _there(house: House, channel: str) -> None:
    if all(one.id != channel for one in posting.channels(house, _me())):
        raise WrongCall("no-such-chat", name=channel)

"""Notices: what one wants to be told oneself; and for administrators the mail server, the chats, and what did not go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from starlette.responses import Response

from unisono.connect.chat import INSTALL, SERVICES, installed
from unisono.connect.mail import PORTS, is_address
from unisono.locale.languages import LANGUAGES
from unisono.model.errors import Refused, SystemFault
from unisono.store.notices import Wish
from unisono.store.refused import StoreRefused
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.pages.users import actor, missing
from unisono.web.visit import Visit
from unisono.wiring import members, posting
from unisono.wiring.people import firms_of
from unisono.wiring.posting import MailSettings

doors = Doors()
ENTRIES = (Entry(code="nav.notices", icon="reminded", path="/notices", group="house", order=920, needs="admin"),)
HOURS = tuple(range(24))


@doors.page("/me/notices", needs="view")
def own(visit: Visitor) -> Response:
    """What one is told, when, and where."""
    return _own(visit)


@doors.form("/me/notices", needs="view")
def own_changed(visit: Visitor) -> Response:
    """From now on otherwise."""
    wanted = Wish(
        address=visit.given("address").strip() if visit.given("mail") else "",
        hour=_number(visit.given("hour"), -1),
        summary=bool(visit.given("summary")),
        urgent=bool(visit.given("urgent")),
        again=bool(visit.given("again")),
    )
    if visit.given("mail") and not wanted.address:
        return _own(visit, status=422, trouble=_told(visit, Refused("mail-address", {"value": ""})))
    trouble = _tried(visit, lambda: posting.put_wish(visit.house, visit.somebody, wanted))
    return _own(visit, status=422, trouble=trouble) if trouble else visit.go("/me/notices", "notices")


@doors.page("/notices", needs="admin")
def house(visit: Visitor) -> Response:
    """Mail, chats, and what did not go out."""
    return _page(visit)


@doors.form("/notices/mail", needs="admin")
def mail(visit: Visitor) -> Response:
    """Another mail server, or the first."""
    wanted = MailSettings(
        host=visit.given("host").strip(),
        port=_number(visit.given("port"), 0),
        tls="implicit" if visit.given("tls") == "implicit" else "starttls",
        login=visit.given("login").strip(),
        sender=visit.given("sender").strip(),
        private=bool(visit.given("private")),
    )
    trouble = _tried(visit, lambda: posting.put_mail(visit.house, actor(visit), wanted, visit.given("password")))
    return _page(visit, status=422, mail_trouble=trouble, typed=wanted) if trouble else visit.go("/notices", "mail-set")


@doors.form("/notices/mail/drop", needs="admin")
def mail_dropped(visit: Visitor) -> Response:
    """No mail any more."""
    missing(lambda: posting.drop_mail(visit.house, actor(visit)))
    return visit.go("/notices", "mail-dropped")


@doors.form("/notices/mail/test", needs="admin")
def mail_tried(visit: Visitor) -> Response:
    """A message now."""
    to = visit.given("to")
    trouble = _tried(visit, lambda: posting.try_mail(visit.house, actor(visit), to, visit.speech.language))
    return _page(visit, status=422, mail_trouble=trouble) if trouble else visit.go("/notices", "test-sent")


@doors.form("/notices/chats", needs="admin")
def chat(visit: Visitor) -> Response:
    """A chat more."""
    given = {name: visit.given(name) for name in ("name", "firm", "address", "language")}
    hour, private = _number(visit.given("hour"), -1), bool(visit.given("private"))
    trouble = _tried(visit, lambda: posting.add_channel(visit.house, actor(visit), **given, hour=hour, private=private))
    return _page(visit, status=422, chat_trouble=trouble, chat_typed=given) if trouble else visit.go("/notices", "chat-added")


@doors.form("/notices/chats/{channel_id}/remove", needs="admin")
def chat_removed(visit: Visitor, channel_id: str) -> Response:
    """A chat less."""
    missing(lambda: posting.remove_channel(visit.house, actor(visit), channel_id))
    return visit.go("/notices", "chat-removed")


@doors.form("/notices/chats/{channel_id}/test", needs="admin")
def chat_tried(visit: Visitor, channel_id: str) -> Response:
    """A message now."""
    trouble = _tried(visit, lambda: posting.try_channel(visit.house, actor(visit), channel_id))
    return _page(visit, status=422, chat_trouble=trouble) if trouble else visit.go("/notices", "test-sent")


def _tried(visit: Visit, attempt: Callable[[], object]) -> str:
    """Why something did not work, in the reader's words; nothing if it did. Raises ``NotFound``."""
    try:
        missing(attempt)
    except (SystemFault, StoreRefused) as fault:
        return _told(visit, fault)
    return ""


def _told(visit: Visit, fault: SystemFault | StoreRefused) -> str:
    return visit.speech.tell(fault.code, fault.values)


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else otherwise


def _own(visit: Visit, *, status: int = 200, trouble: str = "") -> Response:
    user = visit.somebody
    return visit.page(
        "me/notices.html",
        status=status,
        trouble=trouble,
        wish=posting.wish_of(visit.house, user),
        suggested=user.login if is_address(user.login) else "",
        hours=HOURS,
        zone=visit.speech.zone,
        mail=bool(posting.mail_settings(visit.house).host),
        last=posting.last_notices(visit.house, f"user:{user.id}"),
    )


def _page(visit: Visit, *, status: int = 200, **more: Any) -> Response:
    who, whole = actor(visit), visit.somebody.firms is None
    names = {f"user:{one.user.id}": one.user.login for one in members.members(visit.house, who)}
    chats = posting.channels(visit.house, who)
    names |= {f"channel:{one.id}": one.name for one in chats}
    values: dict[str, Any] = {
        "whole": whole,
        "mail": posting.mail_settings(visit.house) if whole else MailSettings(),
        "typed": None,
        "ports": PORTS,
        "chats": chats,
        "chat_typed": cast(dict[str, str], {}),
        "firms": firms_of(visit.house, visit.somebody),
        "services": SERVICES,
        "chat_there": installed(),
        "command": INSTALL,
        "hours": HOURS,
        "languages": LANGUAGES,
        "troubles": posting.troubles(visit.house, who),
        "names": names,
        "mail_trouble": "",
        "chat_trouble": "",
        "suggested": visit.somebody.login if is_address(visit.somebody.login) else "",
    }
    return visit.page("notices/notices.html", status=status, **(values | more))

"""``users`` and ``oidc``: who may do what, and who vouches for people. Whoever reaches the data folder looks after all firms."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    WrongCall,
    add_commands,
    go_on,
    house_at,
    moments,
    person,
    plain,
    show,
    trouble_of,
    words,
)
from unisono.store import pairs
from unisono.wiring import House, members
from unisono.wiring.members import Actor, BadMember, NoSuchPerson, Person
from unisono.wiring.people import LastAdmin, LoginTaken
from unisono.wiring.vouching import Vouching, drop_vouching, put_vouching, vouching, with_lists

T = TypeVar("T")
Login = Annotated[str, typer.Argument(help="What they sign in with.")]
Firms = Annotated[list[str] | None, typer.Option("--firm", help="Id or name of a firm they see, several times for several; without: all.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    commands: Commands = {
        "list": list_users,
        "invite": invite,
        "access": access,
        "code": code,
        "lock": lock,
        "unlock": unlock,
        "remove": remove,
        "sessions": sessions,
        "end": end,
        "log": log,
    }
    add_commands(app, commands, group="users", about="Who may do what.")
    add_commands(
        app, {"set": oidc_set, "show": oidc_show, "off": oidc_off}, group="oidc", about="Signing in at a provider (OpenID Connect)."
    )


def list_users(data: Data = None, as_json: AsJson = False) -> None:
    """Everybody, with role and firms."""
    with house_at(data) as house:
        found = members.members(house, _me())
    text = "\n".join(f"{one.user.login:30} {words(f'role.{one.user.role}'):16} {_where(one):20} {_state(one)}" for one in found)
    show([_told(one) for one in found], as_json, text or words("users.none"))


def invite(
    login: Login,
    name: Annotated[str, typer.Option(help="Their name.")],
    role: Annotated[str, typer.Option(help="view, act or admin.")] = "act",
    firm: Firms = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Somebody new. The one-time code, with which they set a password at /join, is shown now and never again."""
    with house_at(data) as house:
        firms = _firms(house, firm)
        user, made = _done(lambda: members.invite(house, _me(), login, name, role, firms))
    show({"id": user.id, "login": user.login, "code": made}, as_json, words("users.told-code", name=user.login, once=made))


def access(
    login: Login,
    role: Annotated[str, typer.Option(help="view, act or admin.")],
    firm: Firms = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Another role, and the firms it counts for."""
    with house_at(data) as house:
        firms, user_id = _firms(house, firm), user_named(house, login)
        _done(lambda: members.change_access(house, _me(), user_id, role, firms))
        show(_told(members.member(house, _me(), user_id)), as_json, words("said.access"))


def code(login: Login, data: Data = None, as_json: AsJson = False) -> None:
    """A new one-time code for somebody who lost theirs or their password."""
    with house_at(data) as house:
        user_id = user_named(house, login)
        made = _done(lambda: members.new_code(house, _me(), user_id))
    show({"id": user_id, "login": login, "code": made}, as_json, words("users.told-code", name=login, once=made))


def lock(login: Login, data: Data = None, as_json: AsJson = False) -> None:
    """Out at once, with all programs of theirs, until unlocked."""
    with house_at(data) as house:
        _done(lambda: members.lock(house, _me(), user_named(house, login)))
    show({"login": login, "state": "locked"}, as_json, words("said.locked"))


def unlock(login: Login, data: Data = None, as_json: AsJson = False) -> None:
    """May sign in again."""
    with house_at(data) as house:
        _done(lambda: members.unlock(house, _me(), user_named(house, login)))
    show({"login": login, "state": "active"}, as_json, words("said.unlocked"))


def remove(
    login: Login,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Takes a user out for good; what they decided stays in the histories under their login."""
    with house_at(data) as house:
        user_id = user_named(house, login)
        go_on(words("users.remove-sure", name=login), yes=yes, as_json=as_json)
        _done(lambda: members.remove(house, _me(), user_id))
    show({"login": login, "state": "removed"}, as_json, words("said.removed"))


def sessions(login: Login, data: Data = None, as_json: AsJson = False) -> None:
    """Where somebody is signed in, and which programs have a key of theirs."""
    with house_at(data) as house:
        found = members.sessions(house, _me(), user_named(house, login))
        at = moments(house)
    text = "\n".join(f"{one.id}  {words('users.kind-' + one.kind):12} {at(one.used_at)}  {one.name}" for one in found)
    show([plain(one) for one in found], as_json, text or words("users.no-sessions"))


def end(
    login: Login,
    session: Annotated[str, typer.Argument(help="The id of one session; without: all.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Signs somebody out: one browser or program, or all."""
    with house_at(data) as house:
        user_id = user_named(house, login)
        if session:
            _done(lambda: members.end_session(house, _me(), user_id, session))
            count = 1
        else:
            count = _done(lambda: members.end_sessions(house, _me(), user_id))
    show({"login": login, "ended": count}, as_json, words("users.ended", count=str(count)))


def log(data: Data = None, as_json: AsJson = False) -> None:
    """Who changed what about users and the house, newest first."""
    with house_at(data) as house:
        found = members.changes(house, _me())
        at = moments(house)
    text = "\n".join(f"{at(line.at)}  {line.by:20} {words(f'audit.{line.event}', whom=line.whom)}" for line in found)
    show([plain(line) for line in found], as_json, text or words("users.log-empty"))


def oidc_set(
    issuer: Annotated[str, typer.Option(help="The provider's address, as it calls itself: https://login.example.com/realm")],
    client_id: Annotated[str, typer.Option(help="What Unisono is called there.")],
    secret: Annotated[
        str, typer.Option(help="@FILE that holds the secret, or $VARIABLE of the environment; left out: the stored one.")
    ] = "",
    name: Annotated[str, typer.Option(help="What the button says; without: the provider's host.")] = "",
    claim: Annotated[str, typer.Option(help="The claim that tells groups or roles; a path with dots goes deeper.")] = "groups",
    admin: Annotated[str, typer.Option(help="Values of the claim that make an administrator, separated by commas.")] = "",
    act: Annotated[str, typer.Option(help="Values that let somebody answer and release.")] = "",
    view: Annotated[str, typer.Option(help="Values that let somebody look.")] = "",
    firm: Firms = None,
    scopes: Annotated[str, typer.Option(help="What is asked for at the provider.")] = "openid email profile",
    private: Annotated[bool, typer.Option("--private", help="The provider stands in the own network.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Lets people sign in at a provider, after its description was read. The password of an administrator stays the way back in."""
    given = secret_given(secret)
    with house_at(data) as house:
        wanted = Vouching(
            issuer=issuer, client=client_id, name=name, scopes=scopes, claim=claim, firms=_firms(house, firm), private=private
        )
        _done(lambda: put_vouching(house, _me(), with_lists(wanted, admin, act, view), given))
    show({"issuer": issuer, "client": client_id}, as_json, words("provider.set", name=wanted.shown))


def oidc_show(data: Data = None, as_json: AsJson = False) -> None:
    """Who vouches for people, and which values give which role; never the secret."""
    with house_at(data) as house:
        found = vouching(house)
    if found is None:
        show(None, as_json, words("provider.none"))
        return
    told = {key: value for key, value in plain(found).items() if value not in ("", (), None)}
    show(told, as_json, "\n".join(f"{key:10} {', '.join(value) if isinstance(value, tuple) else value}" for key, value in told.items()))


def oidc_off(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Nobody comes in that way any more; whoever did is signed out."""
    with house_at(data) as house:
        go_on(words("provider.off-sure"), yes=yes, as_json=as_json)
        drop_vouching(house, _me())
    show({"issuer": None}, as_json, words("provider.off"))


def _me() -> Actor:
    return Actor(person())


def user_named(house: House, login: str) -> str:
    """The id of a user; a wrong call if there is none."""
    found = [one.user for one in members.members(house, _me()) if login.strip().casefold() in (one.user.login, one.user.id.casefold())]
    if not found:
        raise WrongCall("no-such-user", name=login)
    return found[0].id


def _firms(house: House, given: list[str] | None) -> tuple[str, ...] | None:
    if not given:
        return None
    with house.store.read() as conn:
        known = pairs.firms(conn)
    found = [next((firm["id"] for firm in known if name in (firm["id"], firm["name"])), "") for name in given]
    if not all(found):
        raise WrongCall("no-such-firm", name=given[found.index("")], names=", ".join(firm["name"] for firm in known) or "-")
    return tuple(found)


def secret_given(given: str) -> str:
    """A secret from a file or the environment; a wrong call for one that stands on the command line itself."""
    if not given:
        return ""
    if given.startswith("@"):
        try:
            return Path(given[1:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongCall("key-file-not-read", file=given[1:], trouble=trouble_of(error)) from None
    if given.startswith("$"):
        return os.environ.get(given[1:], "")
    # On the command line everybody on this machine could read it.
    raise WrongCall("secret-not-here")


def _done(attempt: Callable[[], T]) -> T:
    try:
        return attempt()
    except (BadMember, LoginTaken, LastAdmin, NoSuchPerson) as trouble:
        kinds: dict[type[Exception], str] = {LoginTaken: "login-taken", LastAdmin: "last-admin", NoSuchPerson: "no-such-session"}
        word = kinds.get(type(trouble), str(trouble.args[0]))
        raise WrongCall(f"users.trouble-{word}") from None


def _told(one: Person) -> dict[str, object]:
    user: dict[str, object] = plain(one.user)
    return user | {"invited": one.invited, "password": one.password, "provider": one.provider, "sessions": one.sessions}


def _where(one: Person) -> str:
    return words("users.house") if one.user.firms is None else ", ".join(one.firms) or words("users.nowhere")


def _state(one: Person) -> str:
    if one.user.state != "active":
        return words(f"users.{one.user.state}")
    if one.provider:
        return words("users.by-provider")
    return words("users.active" if one.password else "users.invited" if one.invited else "users.no-way")

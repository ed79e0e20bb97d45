"""``systems`` and ``connect``: who can do what, and a login tested on the spot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from unisono.cli.terminal import (
    AsJson,
    Data,
    WrongCall,
    add_commands,
    aside,
    house_at,
    language,
    narrow,
    out,
    show,
    the_connection,
    the_system,
    trouble_of,
    words,
)
from unisono.locale.names import kind_name, login_name
from unisono.model.capability import Capabilities, signed_in, ways_in, with_options
from unisono.store import pairs
from unisono.systems.catalogue import all_systems
from unisono.systems.describe import as_json as described
from unisono.systems.describe import rows
from unisono.wiring import House
from unisono.wiring.setup import Connection, bind_fields, custom_fields, replace_key
from unisono.wiring.setup import connect as connect_now
from unisono.wiring.signing import Aways, NotOurs, come_back, has_own_page, way_named

_HERE = "command"
"""The session of somebody at a terminal: it lasts as long as the command."""


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(app, {"systems": systems, "connect": connect, "connections": connections, "fields": fields})


def systems(name: Annotated[str, typer.Argument(help="One system, with every fact.")] = "", as_json: AsJson = False) -> None:
    """Who can do what, with the confidence of each fact: fixture, doc, client, guess."""
    found = [the_system(name)] if name else list(all_systems())
    if as_json:
        show([described(c) for c in found], True)
        return
    if name:
        _print_facts(found[0])
    else:
        _print_systems(found)


def _print_systems(found: Sequence[Capabilities]) -> None:
    heads = ("system", "sort", "country", "connector", "creates", "changes", "notices", "pace")
    told = [_overview(c) for c in found]
    if narrow():
        for row in told:
            out.print(row[0], style="bold")
            for head, value in list(zip(heads, row, strict=True))[1:]:
                out.print(f"  {words(f'column.{head}')}: {value}")
    else:
        _print_table([words(f"column.{head}") for head in heads], told)
    out.print(words("systems-note"))


def _print_table(heads: Sequence[str], told: Sequence[Sequence[str]], title: str = "") -> None:
    from rich.table import Table

    table = Table(*heads, title=title or None)
    for row in told:
        table.add_row(*row)
    out.print(table)


def _overview(c: Capabilities) -> tuple[str, ...]:
    creates = ", ".join(_kind(w.kind) + ("!" if w.create == "issued" else "") for w in c.writings if w.create != "none")
    changes = ", ".join(_kind(w.kind) for w in c.writings if w.change)
    pace = "; ".join(f"{p.limit} / {p.seconds} s ({words(f'known.{p.confidence}')})" for p in c.pace if p.limit)
    notices = words("word.yes") if "webhook" in with_options(c).doors and any(r.webhook for r in c.resources) else "-"
    connector = words("word.yes" if c.implemented else "word.not-yet")
    return (c.title, words(f"column.{c.kind}"), c.country, connector, creates or "-", changes or "-", notices, pace)


def _print_facts(found: Capabilities) -> None:
    """Every statement of a system's file, in its own words."""
    heads = ("section", "subject", "statement", "value", "known")
    told = [(r.section, r.subject, r.statement, r.value, words(f"known.{r.confidence}") if r.confidence else "") for r in rows(found)]
    _print_table([words(f"column.{head}") for head in heads], told, f"{found.title} ({words(f'column.{found.kind}')})")


def _kind(kind: str) -> str:
    return kind_name(kind, language())


def connect(
    system: Annotated[str, typer.Argument(help="centralstation or fastbill; see `unisono systems`.")],
    login: Annotated[
        list[str] | None,
        typer.Option(
            "--login",
            help="field=value, field=@file or field=$VARIABLE; what is missing is asked for. "
            "A word alone is the way to sign in, where there are several: for Bitrix24 webhook or app.",
        ),
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--setting", help="name=value, e.g. plan=solo for FastBill.")] = None,
    name: Annotated[str, typer.Option(help="What the connection is called.")] = "",
    replace: Annotated[str, typer.Option(help="A connection whose key is replaced.")] = "",
    same_account: Annotated[
        bool, typer.Option("--same-account", help="With --replace: it is the same account, though nobody linked is there any more.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Stores a login, encrypted, after testing it on the spot. Where the vendor has a page for it, you are sent there first."""
    found = the_system(system)
    if not found.implemented:
        raise WrongCall("system-not-implemented", system=found.title)
    settings: dict[str, Any] = dict(_plain(text) for text in setting or [])
    with house_at(data) as house:
        row = the_connection(house, replace) if replace else None
        if row is not None and row.system != system:
            raise WrongCall("not-its-system", name=row.name, system=the_system(row.system).title)
        way = _way(house, system, [text for text in login or [] if "=" not in text])
        if row is not None:
            way = str(row.settings.get("login") or "")
        elif way:
            settings["login"] = way
        given = _given(signed_in(found, way), dict(_pair(text) for text in login or [] if "=" in text), again=row is not None)
        if has_own_page(house, system, way):
            made = _let_in(house, system, given, settings, row.id if row is not None else "")
        elif row is not None:
            made = Connection(row.id, replace_key(house, row.id, given, sure=same_account))
        else:
            made = connect_now(house, _firm(house), system, given, settings, name=name)
        account = made.identity.account if made.identity else ""
        told = {"system": found.title, "id": made.id}
        text = words("connected", account=account, **told) if account else words("connected-here", **told)
        show({"id": made.id, "system": system, "account": account}, as_json, text + _next(house))


def _way(house: House, system: str, named: list[str]) -> str:
    """The way to sign in that was named; empty: the usual one."""
    if not named:
        return ""
    try:
        return way_named(house, system, named[0])
    except KeyError:
        capabilities = the_system(system)
        ways = ", ".join(way.rpartition("-")[2] for way in ways_in(capabilities)) or "-"
        raise WrongCall("no-such-way", name=named[0], system=capabilities.title, names=ways) from None


def _given(capabilities: Capabilities, given: dict[str, str], *, again: bool) -> dict[str, str]:
    """What was said of a login, and what is asked for. To sign in again at the vendor's page nothing need be said."""
    asked = [field for field in capabilities.login if not field.issued]
    if unknown := [name for name in given if name not in [field.name for field in asked]]:
        names = ", ".join(field.name for field in asked)
        raise WrongCall("no-such-login-field", name=unknown[0], system=capabilities.title, names=names)
    if again and len(asked) < len(capabilities.login):
        return given
    for field in asked:
        if field.name not in given:
            aside.print(words(field.where))
            given[field.name] = typer.prompt(login_name(field.name, language()), hide_input=field.secret, err=True)
    return given


def _let_in(house: House, system: str, given: dict[str, str], settings: dict[str, Any], again: str) -> Connection:
    """By way of the vendor's page: it is opened in a browser, and the address at which the browser ends comes back here."""
    aways = Aways(house)
    begun = aways.begin_again(again, given, _HERE) if again else aways.begin(_firm(house), system, given, settings, _HERE)
    aside.print(words("connect.open-page", system=the_system(system).title))
    aside.print(begun.address)
    back = dict(parse_qsl(urlsplit(typer.prompt(words("connect.came-back"), err=True).strip()).query))
    try:
        return come_back(house, aways.take(back.get("state", ""), _HERE), back.get("code", ""))
    except NotOurs:
        raise WrongCall("setup.astray") from None


def _next(house: House) -> str:
    """What to do after connecting, once both sides are there and no pair is."""
    with house.store.read() as conn:
        if pairs.pairs(conn):
            return ""
        found = {the_system(c.system).kind: c.id for c in pairs.connections(conn)}
    return "\n" + words("pair-next", crm=found["crm"], invoicing=found["invoicing"]) if len(found) == 2 else ""


def connections(data: Data = None, as_json: AsJson = False) -> None:
    """The connections, without their keys."""
    with house_at(data) as house, house.store.read() as conn:
        found = [{"id": c.id, "system": c.system, "name": c.name, "state": c.state, "account": c.identity} for c in pairs.connections(conn)]
    lines = [f"{c['id']}  {c['name']:20} {words('connection.' + str(c['state']))}  {c['account']}".rstrip() for c in found]
    show(found, as_json, "\n".join(lines) or words("no-connections"))


def fields(
    connection: Annotated[str, typer.Argument(help="Id or name of the connection.")],
    bind: Annotated[list[str] | None, typer.Option("--bind", help='field=name of a custom field, e.g. tax_id="USt-IdNr."')] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The custom fields of an account, and which of ours they hold; --bind ties one, so that customers are recognised by it."""
    with house_at(data) as house:
        row = the_connection(house, connection)
        if bind:
            bind_fields(house, row.id, dict(_pair(text) for text in bind))
        found = [{"category": category, "name": name} for category, name in custom_fields(house, row.id)]
    show(found, as_json, "\n".join(f"{f['category']:8} {f['name']}" for f in found) or words("no-custom-fields"))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if value.startswith("@"):
        try:
            return name, Path(value[1:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongCall("key-file-not-read", file=value[1:], trouble=trouble_of(error)) from None
    if value.startswith("$"):
        return name, os.environ.get(value[1:], "")
    return name, value


def _plain(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, {"true": True, "false": False}.get(value, value)


def _firm(house: House) -> str:
    """The first firm; made when there is none yet."""
    with house.store.read() as conn:
        found = pairs.firms(conn)
    if found:
        return found[0]["id"]
    firm = house.ids.new()
    with house.store.write() as conn:
        pairs.add_firm(conn, firm, "Meine Firma", "DE", "de", "Europe/Berlin", house.clock.now())
    return firm

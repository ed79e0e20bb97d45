"""``systems`` and ``connect``: who can do what, and a login tested on the spot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.terminal import AsJson, Data, house_at, out, show, the_connection, the_system, words
from unisono.store import pairs
from unisono.systems.catalogue import all_systems
from unisono.systems.describe import as_json as described
from unisono.systems.describe import rows
from unisono.wiring import House
from unisono.wiring.setup import bind_fields, custom_fields, replace_key
from unisono.wiring.setup import connect as connect_now


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command("systems")(systems)
    app.command("connect")(connect)
    app.command("connections")(connections)
    app.command("fields")(fields)


def systems(name: Annotated[str, typer.Argument(help="One system, with every fact.")] = "", as_json: AsJson = False) -> None:
    """Who can do what, with the confidence of each fact: fixture, doc, client, guess."""
    found = [the_system(name)] if name else list(all_systems())
    if as_json:
        show([described(c) for c in found], True)
        return
    from rich.table import Table

    if name:
        table = Table("section", "subject", "", "value", "known from", title=f"{found[0].title} ({found[0].kind})")
        for row in rows(found[0]):
            table.add_row(row.section, row.subject, row.statement, row.value, row.confidence or "")
    else:
        table = Table("system", "kind", "country", "connector", "creates", "changes", "notices", "pace")
        for c in found:
            creates = ", ".join(w.kind + ("!" if w.create == "issued" else "") for w in c.writings if w.create != "none")
            changes = ", ".join(w.kind for w in c.writings if w.change)
            pace = "; ".join(f"{p.limit}/{p.seconds} s ({p.confidence})" for p in c.pace if p.limit)
            notices = "yes" if any(r.webhook for r in c.resources) else "-"
            table.add_row(c.title, c.kind, c.country, "yes" if c.implemented else "not yet", creates, changes, notices, pace)
    out.print(table)
    if not name:
        out.print("!: creating it is issuing it. `unisono systems NAME` shows every fact and how it is known.", markup=False)


def connect(
    system: Annotated[str, typer.Argument(help="centralstation or fastbill; see `unisono systems`.")],
    login: Annotated[
        list[str] | None, typer.Option("--login", help="field=value, field=@file or field=$VARIABLE; what is missing is asked for.")
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--setting", help="name=value, e.g. plan=solo for FastBill.")] = None,
    name: Annotated[str, typer.Option(help="What the connection is called.")] = "",
    replace: Annotated[str, typer.Option(help="Id of a connection whose key is replaced.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Stores a login, encrypted, after testing it on the spot."""
    capabilities = the_system(system)
    if not capabilities.implemented:
        raise typer.BadParameter(words("system-not-implemented", system=capabilities.title))
    given = dict(_pair(text) for text in login or [])
    for field in capabilities.login:
        if field.name not in given:
            out.print(words(field.where), markup=False)
            given[field.name] = typer.prompt(field.name, hide_input=field.secret)
    settings: dict[str, Any] = dict(_plain(text) for text in setting or [])
    with house_at(data) as house:
        if replace:
            the_connection(house, replace)
            identity = replace_key(house, replace, given)
            made_id = replace
        else:
            made = connect_now(house, _firm(house), system, given, settings, name=name)
            identity, made_id = made.identity, made.id
        account = identity.account if identity else ""
        text = words("connected", system=capabilities.title, account=account or "-", id=made_id)
        show({"id": made_id, "system": system, "account": account}, as_json, text)


def connections(data: Data = None, as_json: AsJson = False) -> None:
    """The connections, without their keys."""
    with house_at(data) as house, house.store.read() as conn:
        found = [{"id": c.id, "system": c.system, "name": c.name, "state": c.state, "account": c.identity} for c in pairs.connections(conn)]
    show(found, as_json, "\n".join(f"{c['id']}  {c['system']:16} {c['state']:8} {c['name']} {c['account']}" for c in found))


def fields(
    connection: Annotated[str, typer.Argument(help="Id of the connection.")],
    bind: Annotated[list[str] | None, typer.Option("--bind", help='field=name of a custom field, e.g. tax_id="USt-IdNr."')] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The custom fields of an account, and which of ours they hold; --bind ties one, so that customers are recognised by it."""
    with house_at(data) as house:
        the_connection(house, connection)
        if bind:
            bind_fields(house, connection, dict(_pair(text) for text in bind))
        found = [{"category": category, "name": name} for category, name in custom_fields(house, connection)]
    show(found, as_json, "\n".join(f"{f['category']:8} {f['name']}" for f in found))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if value.startswith("@"):
        try:
            return name, Path(value[1:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            told = str(getattr(error, "strerror", None) or error)
            raise typer.BadParameter(words("key-file-not-read", file=value[1:], told=told)) from None
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

"""``hooks``: the doors at which vendors may say at once that something has changed."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    PairId,
    WrongCall,
    add_commands,
    go_on,
    house_at,
    language,
    out,
    person,
    show,
    the_connection,
    the_pair,
    words,
)
from unisono.locale.names import name_of
from unisono.wiring import House
from unisono.wiring.hooks import (
    NoNotices,
    NoPublicAddress,
    close_doors,
    doors_of,
    means_of,
    open_by_hand,
    open_door,
    public_address,
    strays,
)

ConnectionName = Annotated[str, typer.Argument(help="Id or name of the connection.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    commands: Commands = {"list": hooks_list, "open": hooks_open, "close": hooks_close}
    add_commands(app, commands, group="hooks", about="Doors at which a vendor may say that something has changed.")


def hooks_list(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Both sides of a pair, whether they tell of changes at once, and how often they did. Secrets are never told."""
    with house_at(data) as house:
        sides = doors_of(house, the_pair(house, pair))
        address, stray = public_address(house), strays(house).count
    value = {
        "address": address,
        "strays": stray,
        "doors": [
            {
                "connection": one.connection.id,
                "system": one.title,
                "why_not": one.why_not,
                "means": one.means,
                "state": one.door.state if one.door else "",
                "taken": one.door.taken if one.door else 0,
                "refused": one.door.refused if one.door else 0,
            }
            for one in sides
        ],
    }
    lines = []
    for one in sides:
        state = words(f"hooks.{one.door.state if one.door else 'none'}")
        counts = f"  {one.door.taken} / {one.door.refused}" if one.door else ""
        lines.append(f"{one.connection.name}: {state}{counts}")
    show(value, as_json, "\n".join([*lines, *([] if address else [words("hooks.no-address")])]))


def hooks_open(
    connection: ConnectionName,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, the vendor may be told of an address of ours.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Has a vendor tell of changes at once. It is given an address of ours, which is a write in its system: that is asked first."""
    with house_at(data) as house:
        row = the_connection(house, connection)
        title = house.capabilities(row.system).title
        means = means_of(house, row.id)
        if means != "by-hand":
            go_on(words("hooks.queue-yes" if means == "queue" else "hooks.yes", system=title), yes=yes, as_json=as_json)
        try:
            if means == "by-hand":
                _by_hand(house, row.id, row.system, as_json)
                return
            door = open_door(house, row.id, person())
        except NoPublicAddress:
            raise WrongCall("hooks.no-address") from None
        except NoNotices as none:
            raise WrongCall("hooks.no-notices", system=str(none.args[0])) from None
        show({"state": door.state}, as_json, words("hooks.open"))


def _by_hand(house: House, connection: str, system: str, as_json: bool) -> None:
    """The address is told this once; the vendor is told of it by a person."""
    door, address = open_by_hand(house, connection, person())
    steps = name_of(f"{system}.where.notices", language())
    text = f"{words('hooks.by-hand-now')}\n{address}\n{steps}"
    show({"state": door.state, "address": address}, as_json, text)


def hooks_close(connection: ConnectionName, data: Data = None, as_json: AsJson = False) -> None:
    """Shuts a connection's door; the vendor forgets it as soon as it can be reached."""
    with house_at(data) as house:
        done = close_doors(house, the_connection(house, connection).id, person())
    text = words("said.hook-closed") if done else words("said.hook-ending")
    if as_json:
        show({"state": "closed" if done else "ending"}, as_json, text)
    else:
        out.print(text)

"""``adjust``: the settings of one connection, with the values that its own account offers."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.terminal import AsJson, Data, WrongCall, add_commands, go_on, house_at, language, person, show, the_connection, words
from unisono.locale.names import name_of
from unisono.model.choice import Choice
from unisono.wiring.adjusting import NoSuchValue, adjust, choices, make_field


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"adjust": adjust_connection})


def adjust_connection(
    connection: Annotated[str, typer.Argument(help="Id or name of the connection.")],
    choose: Annotated[list[str] | None, typer.Option("--set", help="setting=value; without it everything is shown.")] = None,
    make: Annotated[str, typer.Option("--make", help="A setting whose field is to be made in the account.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Yes, the field may be made.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The settings of one connection, read from its account: templates, who is responsible, which address. --set chooses."""
    answers = {name: value for name, _, value in (text.partition("=") for text in choose or [])}
    with house_at(data) as house:
        row = the_connection(house, connection)
        try:
            if make:
                lacking = next((one.makes for one in choices(house, row.id) if one.name == make), "")
                if not lacking:
                    raise NoSuchValue(make, "", "-")
                title = house.capabilities(row.system).title
                go_on(words("adjust.make-yes", system=title, field=lacking), yes=yes, as_json=as_json)
                make_field(house, row.id, make, person())
            found = adjust(house, row.id, answers, person())
        except NoSuchValue as none:
            name, value, names = (str(one) for one in none.args)
            raise WrongCall("no-such-choice", name=f"{name}={value}" if value else name, names=names) from None
    text = "\n".join(line for one in found for line in _lines(one)) or words("adjust.nothing")
    show([_plain(one) for one in found], as_json, text)


def _lines(one: Choice) -> list[str]:
    told = [f"{one.name}: {words(f'adjust.{one.name}')}"]
    for offer in one.offers:
        shown = offer.shown or name_of(f"adjust.{one.name}.{offer.value}", language())
        told.append(f"  {'*' if offer.value == one.value else ' '} {offer.value}  {shown}")
    return told


def _plain(one: Choice) -> dict[str, object]:
    offers = [{"value": offer.value, "shown": offer.shown} for offer in one.offers]
    return {"name": one.name, "value": one.value, "offers": offers, "makes": one.makes}

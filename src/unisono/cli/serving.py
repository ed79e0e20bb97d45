"""``serve``: the pages, the API and the runner in one process."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.syncing import stay
from unisono.cli.terminal import AsJson, Data, WrongCall, add_commands, aside, holder, house_at, out, words
from unisono.wiring.running import Runner


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"serve": serve})


def serve(
    host: Annotated[str, typer.Option(help="Where to listen. Elsewhere than on this machine only with a user and with TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.")] = 8460,
    address: Annotated[str, typer.Option(help="What people type, if it is not where we listen: https://unisono.example.de")] = "",
    certificate: Annotated[Path | None, typer.Option(help="A certificate (PEM): the pages speak TLS themselves.")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    proxy: Annotated[list[str] | None, typer.Option(help="Address of a reverse proxy that is believed who the caller is.")] = None,
    pages: Annotated[bool, typer.Option("--pages/--no-pages", help="Whether there are pages, or only the runner.")] = True,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Pages and API in a browser, and every released pair kept in step, until it is told to stop; what is under way is finished first."""
    with house_at(data, alone=True) as house:
        runner = Runner(house=house, holder=holder())
        if not pages:
            stay(runner, as_json)
            return
        from unisono.web.serving import NotServed, Opening, open_pages
        from unisono.wiring.people import anybody, new_first_code

        opening = Opening(host=host, port=port, address=address, certificate=certificate, key=key, proxies=tuple(proxy or ()))
        try:
            opened = open_pages(house, opening)
        except NotServed as refused:
            raise WrongCall(refused.code, **refused.values) from None
        with closing(opened):
            # For a person at the terminal, not for the log of a program: it opens everything, once.
            if not anybody(house):
                aside.print(words("serving.first-code", once=new_first_code(house)))
            (aside if as_json else out).print(words("serving.pages", address=opened.address))
            stay(runner, as_json, address=address.rstrip("/"))

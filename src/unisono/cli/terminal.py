"""What every command needs: the data folder, the words, output for people and for programs."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from unisono.locale.languages import LANGUAGES
from unisono.locale.say import say
from unisono.locale.tell import tell
from unisono.model.capability import Capabilities
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.pairs import ConnectionRow
from unisono.store.secrets import KeyRing, key_file
from unisono.systems import NAMES
from unisono.systems.catalogue import load
from unisono.wiring import House

Data = Annotated[Path | None, typer.Option("--data", envvar="UNISONO_DATA", help="Data folder (default: ~/.local/share/unisono).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
"""Where people read. A file or pipe has no width of its own: tables are not cut there."""


def data_folder(given: Path | None) -> Path:
    """The data folder: given, or the user's own."""
    return given or Path.home() / ".local" / "share" / "unisono"


def language() -> str:
    """The language of the terminal: UNISONO_LANGUAGE, else the locale's; English if it is none of ours."""
    told = os.environ.get("UNISONO_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return told[:2].lower() if told[:2].lower() in LANGUAGES else "en"


def words(code: str, **values: str) -> str:
    """A sentence in the terminal's language."""
    return say(code, values, language())


Titles = Mapping[str, str]
"""What systems and sides are called: ``{"crm": "CentralStationCRM", "fastbill": "FastBill"}``."""


def sentence(code: str, values: Mapping[str, str], *, name: str = "", field: str = "", kind: str = "", titles: Titles | None = None) -> str:
    """A reason, question, problem or fault as a person reads it, in the terminal's language."""
    return tell(code, values, language(), name=name, field=field, kind=kind, titles=titles)


def holder() -> str:
    """This process, for people who look at a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


@contextmanager
def house_at(given: Path | None, *, alone: bool = False) -> Iterator[House]:
    """The store opened with its key ring. ``alone`` takes the folder's lock: only one process may run lanes on it."""
    folder = data_folder(given)
    with Store.open(folder) as store:
        hold = store.hold() if alone else None
        try:
            loopback = os.environ.get("UNISONO_LOOPBACK") == "1"
            house = House(store=store, ring=KeyRing(key_file(os.environ, Path.home())), folder=folder, loopback=loopback)
            with closing(house):
                yield house
        finally:
            if hold is not None:
                hold.release()


def the_connection(house: House, given: str) -> ConnectionRow:
    """The connection of that id; a wrong call if there is none."""
    with house.store.read() as conn:
        known = {c.id: c for c in pairs.connections(conn)}
    if given not in known:
        raise typer.BadParameter(words("no-such-connection", id=given, ids=", ".join(known) or "-"))
    return known[given]


def the_system(name: str) -> Capabilities:
    """The system of that name; a wrong call if nobody knows it."""
    if name not in NAMES:
        raise typer.BadParameter(words("no-such-system", name=name, names=", ".join(NAMES)))
    return load(name)


def show(value: Any, as_json: bool, text: str = "") -> None:
    """A result: JSON for programs, else the text."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    else:
        out.print(text, markup=False)

"""What every command needs: the data folder, the words, output for people and for programs."""

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from unisono.locale.format import moment_text
from unisono.locale.languages import LANGUAGES
from unisono.locale.say import counted as counted_in
from unisono.locale.say import say
from unisono.locale.tell import tell
from unisono.model.capability import Capabilities
from unisono.store import pairs
from unisono.store.doors import Store
from unisono.store.pairs import ConnectionRow
from unisono.store.secrets import KeyRing, key_file
from unisono.store.stamps import instant
from unisono.systems import NAMES
from unisono.systems.catalogue import load
from unisono.wiring import House

if TYPE_CHECKING:
    import rich.console

Data = Annotated[Path | None, typer.Option("--data", envvar="UNISONO_DATA", help="Data folder (default: ~/.local/share/unisono).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
PairId = Annotated[str, typer.Argument(help="The pair's id or name; may be left out if there is only one.")]


class Screen:
    """Where people read. What they read is data: no brackets or colons in a name mean anything. A file or pipe has no width of its own."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> rich.console.Console:
        """What draws; loaded with the first line, since a command begins its work before it says anything."""
        from rich.console import Console

        drawn = sys.stderr if self._stderr else sys.stdout
        width = None if drawn.isatty() else 160
        return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=self._stderr, width=width)

    def print(self, *told: object, style: str | None = None) -> None:
        """A line, or whatever ``rich`` draws."""
        self.console.print(*told, style=style)


out = Screen()
aside = Screen(stderr=True)
"""Errors, and what goes with a question: never between the lines that a program reads."""


class WrongCall(typer.BadParameter):
    """A call that cannot be carried out as it stands; ``code`` and ``values`` fill the catalogue's sentence."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(words(code, **values))
        self.code = code
        self.values = values


def narrow() -> bool:
    """Whether a table would be squeezed: then what belongs together stands line below line."""
    return out.console.width < 120


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


def counted(noun: str, count: int) -> str:
    """So many of something, in the terminal's language."""
    return counted_in(noun, count, language())


Titles = Mapping[str, str]
"""What systems and sides are called: ``{"crm": "CentralStationCRM", "fastbill": "FastBill"}``."""


def sentence(
    code: str,
    values: Mapping[str, str],
    *,
    name: str = "",
    field: str = "",
    kind: str = "",
    titles: Titles | None = None,
    led: bool = True,
) -> str:
    """A reason, question, problem or fault as a person reads it, in the terminal's language."""
    return tell(code, values, language(), name=name, field=field, kind=kind, titles=titles, led=led)


def holder() -> str:
    """This process, for people who look at a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


def person() -> str:
    """Who decides at this terminal, for the history."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return holder()


def sure(question: str, *, otherwise: bool = False) -> bool:
    """Asks for a yes or a no, in the letters of any of our languages; an empty answer is ``otherwise``. No answer: ``typer.Abort``."""
    usual = words("word.yes" if otherwise else "word.no")
    while True:
        said = str(typer.prompt(f"{question} [{words('word.yes-or-no')}]", default=usual, err=True)).strip().casefold()
        for meant, code in ((True, "word.yes"), (False, "word.no")):
            if any(said and say(code, {}, spoken).startswith(said) for spoken in (language(), *LANGUAGES)):
                return meant


def go_on(question: str, *, yes: bool, as_json: bool) -> None:
    """Goes on only after a yes: given beforehand, or said now. A program is not asked; it has to say so in the call."""
    if yes:
        return
    if as_json:
        raise WrongCall("yes-needed")
    if not sure(question):
        raise typer.Abort


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


def moments(house: House) -> Callable[[str], str]:
    """How a stored instant is told: on the clock of the firm, as its people write dates."""
    with house.store.read() as conn:
        firms = pairs.firms(conn)
    zone = firms[0]["time_zone"] if firms else "Europe/Berlin"
    return lambda at: moment_text(instant(at), language(), zone) if at else "-"


def the_connection(house: House, given: str) -> ConnectionRow:
    """The connection of that id, or the only one of that name or system; a wrong call if there is none."""
    with house.store.read() as conn:
        known = pairs.connections(conn)
    found = [c for c in known if c.id == given] or [c for c in known if given in (c.name, c.system)]
    if len(found) != 1:
        raise WrongCall("no-such-connection", id=given, ids=", ".join(f"{c.id} ({c.name})" for c in known) or "-")
    return found[0]


def the_pair(house: House, given: str, *, removed: bool = False) -> str:
    """The pair named, or the only one; pairs that were put to rest only if asked for."""
    with house.store.read() as conn:
        known = [p for p in pairs.pairs(conn) if removed or p.state != "removed"]
    found = [p for p in known if given in ("", p.id)] or [p for p in known if p.name == given]
    if len(found) != 1:
        raise WrongCall("which-pair", pairs=", ".join(f"{p.id} ({p.name})" for p in known) or "-")
    return found[0].id


def the_system(name: str) -> Capabilities:
    """The system of that name; a wrong call if nobody knows it."""
    if name not in NAMES:
        raise WrongCall("no-such-system", name=name, names=", ".join(NAMES))
    return load(name)


def plain(value: Any) -> Any:
    """A value as plain tables and lists, for a result that programs read."""
    return msgspec.to_builtins(value, builtin_types=(Decimal, date, datetime))


def show(value: Any, as_json: bool, text: str = "") -> None:
    """A result: JSON for programs, else the text."""
    if as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
    elif text:
        out.print(text)


Commands = Mapping[str, Callable[..., None]]
"""What is typed -> the function of it."""


def add_commands(app: typer.Typer, commands: Commands, *, group: str = "", about: str = "") -> None:
    """Adds commands to the program, or as a group of their own: ``unisono pair add``."""
    place = typer.Typer(no_args_is_help=True, help=about) if group else app
    for name, command in commands.items():
        place.command(name)(command)
    if group:
        app.add_typer(place, name=group)


def written(file: Path, text: str) -> None:
    """Writes a text where a person said; a wrong call if that cannot be."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongCall("file-not-written", file=str(file), trouble=trouble_of(error, writing=True)) from None


def trouble_of(error: OSError | UnicodeDecodeError, *, writing: bool = False) -> str:
    """Why a file could not be used."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return words("unusable.no-folder" if writing else "unusable.missing")
    if isinstance(error, UnicodeDecodeError):
        return words("unusable.no-text")
    if isinstance(error, PermissionError | IsADirectoryError):
        return words("unusable.folder" if isinstance(error, IsADirectoryError) else "unusable.forbidden")
    return str(error.strerror or error)

"""All commands, and what their errors say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
import typer.main
from typer.exceptions import TyperException

from unisono.cli.terminal import WrongCall, aside, language, sentence, show, words
from unisono.locale.names import login_name
from unisono.model.errors import LoginRefused, NotThere, Refused, SystemFault
from unisono.policy.files import BadPolicy
from unisono.store.refused import StoreRefused

EXIT_CODES = {"ok": 0, "open": 1, "usage": 2, "refused": 3, "unavailable": 4, "store": 5}
"""0 done; 1 done, but something waits for a person; 2 wrong call; 3 a login, policy or record was refused; 4 a system is out of reach; 5 store."""


MODULES = {
    "connecting": ("systems", "connect", "connections", "fields"),
    "adjusting": ("adjust",),
    "pairing": ("pair",),
    "syncing": ("sync",),
    "policies": ("policy", "leave-out"),
    "previewing": ("preview", "release", "run"),
    "looking": ("status", "problems", "questions", "answer", "retry", "history"),
    "mending": ("correct", "take-back"),
    "records": ("customers", "documents", "export"),
    "invoicing": ("invoice",),
    "undoing": ("undo",),
    "serving": ("serve",),
    "hooking": ("hooks",),
    "keeping": ("backup", "restore", "keys", "erase", "doctor"),
    "users": ("users", "oidc"),
    "noticing": ("notices",),
    "sandbox": ("sandbox",),
    "demo": ("demo",),
}
"""Module -> the first words of its commands, in the order of the help."""


def program(word: str = "") -> typer.Typer:
    """The program with the commands of the module that ``word`` belongs to, loading no other; with all where it belongs to none."""
    made = typer.Typer(
        no_args_is_help=True, add_completion=False, help="Keeps a CRM and an invoicing system in step.", pretty_exceptions_enable=False
    )
    # With a callback a program of one command is called by its word like any other.
    made.callback()(_program)
    for module in [name for name, words_ in MODULES.items() if word in words_] or MODULES:
        import_module(f"unisono.cli.{module}").add(made)
    return made


def _program() -> None:
    pass


def ready(arguments: Sequence[str]) -> typer.Typer:
    """The program as one call of it needs it."""
    return program(next((word for word in arguments if not word.startswith("-")), ""))


@dataclass(frozen=True, slots=True)
class Told:
    """Why a command ended: a word of ``EXIT_CODES``, the catalogue's code and its values, the sentence."""

    end: str
    code: str
    values: dict[str, str] = field(default_factory=dict)
    text: str = ""


def run(arguments: Sequence[str]) -> int:
    """One call of the program; its exit code. What a person can act on is one sentence (with ``--json`` a document), never a trace."""
    try:
        ended = typer.main.get_command(ready(arguments)).main(args=[*arguments], prog_name="unisono", standalone_mode=False)
    except Exception as error:  # noqa: BLE001  # what is not for a person to act on is raised again by explain
        return explain(error, as_json="--json" in arguments)
    return ended if isinstance(ended, int) else EXIT_CODES["ok"]


def explain(error: Exception, *, as_json: bool = False) -> int:
    """Says what happened in one sentence a person can act on, and gives the exit code. Mistakes of ours are raised with their trace."""
    told = _told(error)
    if told is None:
        raise error
    number = EXIT_CODES[told.end]
    if as_json:
        show({"error": {"code": told.code, "values": told.values, "told": told.text, "exit": number}}, True)
    elif told.text:
        aside.print(told.text, style="red")
    return number


def _told(error: Exception) -> Told | None:
    # Only now: whoever raised one of these has loaded its module, and a call that ends well needs none of them.
    from unisono.engine.runs import RunOver
    from unisono.wiring.previewing import NotRead
    from unisono.wiring.setup import MissingLogin, NobodyKnown, NoSuchField, WrongAccount

    if isinstance(error, WrongCall):
        return Told("usage", error.code, error.values, error.message)
    if isinstance(error, typer.Abort):
        return Told("open", "aborted", {}, words("aborted"))
    if isinstance(error, TyperException):
        return _wrong_call(error)
    if isinstance(error, StoreRefused | SystemFault | BadPolicy):
        end = "store" if isinstance(error, StoreRefused) else "unavailable"
        end = "refused" if isinstance(error, LoginRefused | Refused | NotThere | BadPolicy) else end
        return Told(end, error.code, dict(error.values), sentence(error.code, error.values))
    if isinstance(error, MissingLogin):
        name = str(error.args[0])
        return Told("usage", "login-field-missing", {"field": name}, words("login-field-missing", field=login_name(name, language())))
    if isinstance(error, RunOver):
        run_id, state = str(error.args[0]), str(error.args[1])
        return Told(
            "usage", "run-over", {"run": run_id, "state": state}, words("run-over", run=run_id, state=words(f"run.{error.args[1]}"))
        )
    if isinstance(error, NotRead):
        name = str(error.args[0])
        return Told("unavailable", "preview-not-read", {"name": name}, words("preview-not-read", name=name))
    if isinstance(error, NoSuchField):
        name, names = str(error.args[0]), str(error.args[1])
        return Told("usage", "no-such-custom-field", {"name": name, "names": names}, words("no-such-custom-field", name=name, names=names))
    if isinstance(error, NobodyKnown):
        name = str(error.args[0])
        return Told("refused", "nobody-known", {"name": name}, words("nobody-known-cli", name=name))
    if isinstance(error, WrongAccount):
        before, now = str(error.args[0]), str(error.args[1])
        return Told("refused", "another-account", {"before": before, "now": now}, words("another-account", before=before, now=now))
    return None


_NO_COMMAND = re.compile(r"No such command '(.+?)'")
_TOO_MUCH = re.compile(r"unexpected extra argument[s()]* \((.+)\)")


def _wrong_call(error: Any) -> Told:
    """What the parser says about a call, in the reader's language; its own words only where it says something unforeseen."""
    kind, message = type(error).__name__, str(getattr(error, "message", ""))
    if kind == "NoArgsIsHelpError":
        return Told("usage", "help")  # the help is printed already
    path = str(getattr(getattr(error, "ctx", None), "command_path", "") or "unisono")
    if kind == "BadParameter" and getattr(error, "param", None) is None:
        return Told("usage", "wrong-call", {"told": message}, message)
    parameter = getattr(error, "param", None)
    name = str(getattr(error, "option_name", "")) or (parameter.opts[0] if parameter is not None else "")
    name = name if name.startswith("-") else name.upper()
    if kind == "MissingParameter":
        told = words("call.missing", name=name)
    elif kind == "NoSuchOption":
        told = words("call.no-such-option", name=name)
    elif kind == "BadOptionUsage":
        told = words("call.no-value", name=name)
    elif found := _NO_COMMAND.search(message):
        told = words("call.no-such-command", name=found[1])
    elif found := _TOO_MUCH.search(message):
        told = words("call.too-much", name=found[1])
    elif name:
        told = words("call.wrong-value", name=name)
    else:
        told = message.rstrip(".")
    return Told("usage", "wrong-call", {"told": told}, words("wrong-call", told=told, help=f"{path} --help"))

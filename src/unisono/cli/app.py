"""All commands, and what their errors say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import typer
import typer.main
from typer.exceptions import TyperException

from unisono.cli.terminal import WrongCall, aside, language, sentence, show, words
from unisono.engine.runs import RunOver
from unisono.locale.names import login_name
from unisono.model.errors import LoginRefused, NotThere, Refused, SystemFault
from unisono.policy.files import BadPolicy
from unisono.store.refused import StoreRefused
from unisono.wiring.previewing import NotRead
from unisono.wiring.setup import MissingLogin, NoSuchField, WrongAccount

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Keeps a CRM and an invoicing system in step.", pretty_exceptions_enable=False
)

EXIT_CODES = {"ok": 0, "open": 1, "usage": 2, "refused": 3, "unavailable": 4, "store": 5}
"""0 done; 1 done, but something waits for a person; 2 wrong call; 3 a login, policy or record was refused; 4 a system is out of reach; 5 store."""


def _commands() -> None:
    from unisono.cli import (
        adjusting,
        connecting,
        demo,
        hooking,
        invoicing,
        keeping,
        looking,
        mending,
        noticing,
        pairing,
        policies,
        previewing,
        records,
        sandbox,
        serving,
        undoing,
        users,
    )

    connecting.add(app)
    adjusting.add(app)
    pairing.add(app)
    policies.add(app)
    previewing.add(app)
    looking.add(app)
    mending.add(app)
    records.add(app)
    invoicing.add(app)
    undoing.add(app)
    serving.add(app)
    hooking.add(app)
    keeping.add(app)
    users.add(app)
    noticing.add(app)
    sandbox.add(app)
    demo.add(app)


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
        ended = typer.main.get_command(app).main(args=[*arguments], prog_name="unisono", standalone_mode=False)
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


_commands()

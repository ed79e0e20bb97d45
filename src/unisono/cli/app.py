"""All commands, and what their errors say."""

from __future__ import annotations

import typer

from unisono.cli.terminal import language, out, sentence, words
from unisono.engine.runs import RunOver
from unisono.locale.names import login_name
from unisono.model.errors import LoginRefused, SystemFault
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
    from unisono.cli import connecting, demo, keeping, looking, pairing, policies, previewing, sandbox, undoing

    connecting.add(app)
    pairing.add(app)
    policies.add(app)
    previewing.add(app)
    looking.add(app)
    undoing.add(app)
    keeping.add(app)
    sandbox.add(app)
    demo.add(app)


def explain(error: Exception) -> int:
    """Says what happened in one sentence a person can act on, and gives the exit code. Mistakes of ours are raised with their trace."""
    if isinstance(error, StoreRefused):
        out.print(sentence(error.code, error.values), style="red", markup=False)
        return EXIT_CODES["store"]
    if isinstance(error, SystemFault):
        out.print(sentence(error.code, error.values), style="red", markup=False)
        return EXIT_CODES["refused" if isinstance(error, LoginRefused) else "unavailable"]
    if isinstance(error, BadPolicy):
        out.print(sentence(error.code, error.values), style="red", markup=False)
        return EXIT_CODES["refused"]
    if isinstance(error, MissingLogin):
        out.print(words("login-field-missing", field=login_name(str(error.args[0]), language())), style="red", markup=False)
        return EXIT_CODES["usage"]
    if isinstance(error, RunOver):
        out.print(words("run-over", run=str(error.args[0]), state=words(f"run.{error.args[1]}")), style="red", markup=False)
        return EXIT_CODES["usage"]
    if isinstance(error, NotRead):
        out.print(words("preview-not-read", name=str(error.args[0])), style="red", markup=False)
        return EXIT_CODES["unavailable"]
    if isinstance(error, NoSuchField):
        out.print(words("no-such-custom-field", name=str(error.args[0]), names=str(error.args[1])), style="red", markup=False)
        return EXIT_CODES["usage"]
    if isinstance(error, WrongAccount):
        out.print(words("another-account", before=str(error.args[0]), now=str(error.args[1])), style="red", markup=False)
        return EXIT_CODES["refused"]
    raise error


_commands()

"""What a sync loads before its first call: a command that starts in half a second stays that way only if somebody looks.

The times are those of the module alone, on the machine of docs/performance.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from tests.shape.project import ROOT
from unisono.cli.app import MODULES

NOT_LOADED = {
    "fastapi": "470 ms; only the pages need it",
    "starlette": "comes with fastapi",
    "typer": "75 to 145 ms; only the command line needs it, and a runner is started without one",
    "rich": "only what is printed for people needs it",
    "alembic": "190 ms; a new database is made from the tables, and only an older one is migrated",
    "sqlalchemy.orm": "100 ms; the store speaks Core",
    "sqlalchemy.dialects.postgresql": "50 ms; only who keeps the store there needs it",
    "babel": "60 ms and the catalogues; loaded with the first word",
    "apprise": "only a notice that is sent needs it",
    "cryptography": "50 ms; loaded when the first secret is read",
    "werkzeug": "the simulators' own",
    "cheroot": "the simulators' own",
    "httpx2": "110 ms; only tests use it, the network is libcurl",
    "pydantic": "100 ms with the classes of a policy; only the API needs it",
    "annotated_types": "comes with pydantic",
    "html": "two thousand names of characters, for five of them",
    "smtplib": "only a notice that is sent needs it",
    "unisono.sandbox": "the product does not know its simulators",
    "unisono.web": "pages and API",
    "unisono.store.backup": "only who makes or takes a backup needs it",
    "unisono.store.erase": "once a day",
    "unisono.wiring.hints": "only when somebody was at a door",
    "unisono.wiring.hooks": "only when somebody was at a door",
    "unisono.wiring.keeping": "undo, backup, keys",
    "unisono.wiring.setup": "only who connects or releases needs it",
    "unisono.wiring.members": "people",
    "unisono.wiring.notifying": "mail and chat, while the program stays",
    "unisono.model.choice": "what a person chooses at set-up",
    "unisono.systems.bitrix24.choices": "what a person chooses at set-up",
    "unisono.systems.bitrix24.events": "only who makes or ends a door, or fetches from a queue",
} | {
    f"unisono.systems.{name}.{part}": why
    for name in ("bitrix24", "centralstation", "fastbill", "lexoffice")
    for part, why in (("setup", "only who connects a system"), ("webhook", "only when somebody was at a door"))
}
AT_THE_COMMAND_LINE = ("typer",)
"""What ``unisono sync`` loads beyond that: it prints for people, but not before it has called anybody."""
OPENED = """
import json, sys
from pathlib import Path
from unisono.wiring import House, preset, system_file
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.policy.files import parse_policy

folder = Path(sys.argv[1])
with Store.open(folder / "data") as store:
    house = House(store=store, ring=KeyRing(folder / "key"), folder=folder)
    parse_policy(preset("centralstation", "fastbill"))
    system_file("centralstation"), system_file("fastbill"), house.hands()
    before = sorted(sys.modules)
    from unisono.model.secret import Secret
    from unisono.store import pairs, secrets
    with store.write() as conn:
        pairs.add_firm(conn, "f", "Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
        pairs.add_connection(conn, "c", "f", "centralstation", "CRM", {}, {}, house.clock.now())
        secrets.put_secret(conn, house.ring, "c", "api_key", Secret("a-key-of-nobody"), house.clock.now())
    house.hands().words("de")("kind.invoice", {})
print(json.dumps([before, sorted(sys.modules)]))
"""
SYSTEMS = "import unisono.systems.bitrix24, unisono.systems.centralstation, unisono.systems.fastbill, unisono.systems.lexoffice\n"
RUNNER = f"import unisono.engine.cycle, unisono.wiring.running\n{SYSTEMS}"
COMMAND = f"from unisono.cli.app import ready; ready(['sync', '--json'])\n{SYSTEMS}"


def modules(start: str, folder: Path) -> tuple[set[str], set[str]]:
    """The modules of a process that is ready to sync, and those after its first secret and its first word."""
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", start + OPENED, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}, check=False)
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    return set(before), set(after)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    return modules(RUNNER, tmp_path_factory.mktemp("runner"))


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return modules(COMMAND, tmp_path_factory.mktemp("command"))[0]


@pytest.mark.parametrize("module", NOT_LOADED)
def test_a_sync_starts_without(module: str, runner: tuple[set[str], set[str]]) -> None:
    before, _ = runner
    assert {"unisono.engine.cycle", "sqlalchemy", "msgspec"} <= before
    assert module not in before, f"{module} is loaded at the start: {NOT_LOADED[module]}"


def test_the_command_sync_loads_its_own_module_and_nothing_of_the_others(command: set[str]) -> None:
    assert {"unisono.cli.syncing", "unisono.wiring.running", *AT_THE_COMMAND_LINE} <= command
    assert {name: why for name, why in NOT_LOADED.items() if name in command and name not in AT_THE_COMMAND_LINE} == {}
    assert {name for name in command if name.startswith("unisono.cli.")} == {
        "unisono.cli.app",
        "unisono.cli.syncing",
        "unisono.cli.terminal",
    }


def test_a_secret_and_a_word_load_what_they_need_and_nothing_for_pages_or_prompts(runner: tuple[set[str], set[str]]) -> None:
    before, after = runner
    assert {"cryptography", "babel"} <= after - before
    assert not {"fastapi", "typer", "rich", "alembic", "sqlalchemy.orm", "pydantic"} & after


@pytest.mark.parametrize("module", MODULES)
def test_every_command_is_found_in_the_module_that_has_it(module: str) -> None:
    made = typer.Typer()
    import_module(f"unisono.cli.{module}").add(made)
    found = [*(one.name for one in made.registered_commands), *(group.name for group in made.registered_groups)]
    assert sorted(name or "" for name in found) == sorted(MODULES[module])


def test_modules_are_made_while_the_collector_rests_and_it_works_again_afterwards() -> None:
    asked = (
        "import gc\nfrom unisono.cli.loading import THRESHOLDS, loading\n"
        "with loading():\n    resting = gc.isenabled()\n"
        "print(resting, gc.isenabled(), gc.get_freeze_count() > 1000, gc.get_threshold() == THRESHOLDS)"
    )
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True"]

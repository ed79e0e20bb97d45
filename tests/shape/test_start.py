"""What a sync loads before its first call: a command that starts in half a second stays that way only if somebody looks.

The times are those of the module alone, on the machine of docs/performance.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.shape.project import ROOT

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
    "unisono.sandbox": "the product does not know its simulators",
}
START = """
import json, sys
from pathlib import Path
import unisono.engine.cycle, unisono.wiring.running, unisono.systems.centralstation, unisono.systems.fastbill
from unisono.store.doors import Store
from unisono.store.secrets import KeyRing
from unisono.wiring import House, preset, system_file
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


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """The modules of a process that is ready to sync, and those after its first secret and its first word."""
    command = [sys.executable, "-c", START, str(tmp_path_factory.mktemp("start"))]
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}, check=False)
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    return set(before), set(after)


@pytest.mark.parametrize("module", NOT_LOADED)
def test_a_sync_starts_without(module: str, loaded: tuple[set[str], set[str]]) -> None:
    before, _ = loaded
    assert {"unisono.engine.cycle", "sqlalchemy", "msgspec"} <= before
    assert module not in before, f"{module} is loaded at the start: {NOT_LOADED[module]}"


def test_a_secret_and_a_word_load_what_they_need_and_nothing_for_pages_or_prompts(loaded: tuple[set[str], set[str]]) -> None:
    before, after = loaded
    assert {"cryptography", "babel"} <= after - before
    assert not {"fastapi", "typer", "rich", "alembic", "sqlalchemy.orm"} & after

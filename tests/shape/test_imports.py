"""The import rules hold, and each of them would notice a breach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.shape.project import ROOT

BREACHES = (
    ("model/__init__.py", "import unisono.plan", "Rooms import downwards only"),
    ("policy/__init__.py", "import time", "Deciding touches nothing"),
    ("systems/fastbill/__init__.py", "import unisono.systems.centralstation", "No system knows another"),
    ("systems/fastbill/client.py", "import unisono.plan", "A system talks to its API and nothing else"),
    ("systems/centralstation/mapping.py", "import pathlib", "Mappings are pure"),
    ("sandbox/__init__.py", "import unisono.locale", "Simulators share no code with the product"),
    ("engine/__init__.py", "import unisono.sandbox", "Nothing but the command line starts a simulator"),
    ("store/__init__.py", "import pycurl", "One door to the network"),
    ("connect/__init__.py", "import tests", "The product never imports its tests or its benchmark"),
    ("sandbox/kit/__init__.py", "import unisono.sandbox.fastbill", "No cycles among siblings"),
)
"""A file of the product, a line that must not stand in it, and the contract that has to say so."""


def check_imports(source: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of `src` with our contracts."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(source), str(ROOT)))}
    command = (str(Path(sys.executable).parent / "lint-imports"), "--config", str(ROOT / ".importlinter"), "--no-cache")
    return subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)


def test_the_rooms_import_in_one_direction(tmp_path: Path) -> None:
    done = check_imports(ROOT / "src", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_contract_notices_a_breach(tmp_path: Path) -> None:
    copy = tmp_path / "src"
    shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for file, line, _ in BREACHES:
        with (copy / "unisono" / file).open("a", encoding="utf-8") as opened:
            opened.write(f"\n{line}\n")

    done = check_imports(copy, tmp_path)

    unnoticed = [contract for _, _, contract in BREACHES if f"{contract} BROKEN" not in done.stdout]
    assert done.returncode != 0
    assert unnoticed == [], done.stdout + done.stderr

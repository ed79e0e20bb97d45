"""Our simulators as `unisono sandbox` serves them, and clients that other people wrote, each in a process of its own."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.relay import Relay

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-foreign" / "bin" / "python"
"""The clients' own environment: `make foreign` and `make test` install it from requirements/foreign.txt."""
CLIENTS = Path(__file__).parent / "clients"
OAUTH_HOST, LEXOFFICE_HOST = "oauth.bitrix24.tech", "api.lexoffice.io"
"""Hosts that b24pysdk (for tokens) and lexoffice-client (unless it is told another address) have built in."""
PORTAL_HOST, OLD_HOST = "schilderhaus.bitrix24.example", "werbehaus.bitrix24.example"
"""What the portal is called, and what it was called before it was renamed: b24pysdk leaves the port out where a portal sends it on."""

Report = dict[str, Any]
Run = Callable[..., Report]


@dataclass(frozen=True, slots=True)
class Vendor:
    """A simulated vendor over https."""

    url: str
    authority: Path

    @property
    def port(self) -> int:
        """Where it is on this machine."""
        return int(self.url.rpartition(":")[2])

    def ask(self, path: str, body: Any = None) -> Any:
        """What the vendor's own side says: its truth, its log. With a body it is told something."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, {"Content-Type": "application/json"})
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(self.authority)))
        with urllib.request.build_opener(urllib.request.ProxyHandler({}), tls).open(request, timeout=30) as answer:
            return json.load(answer)

    def log(self) -> list[dict[str, Any]]:
        """Every request so far, and each command of a batch."""
        rows: list[dict[str, Any]] = self.ask("log?since=0")["calls"]
        return rows


@dataclass(frozen=True, slots=True)
class Street:
    """Both vendors, and the relay that brings built-in hosts to them."""

    bitrix24: Vendor
    lexoffice: Vendor
    relay: Relay


@pytest.fixture(scope="session")
def python() -> Path:
    """The clients' own Python."""
    if not PYTHON.exists():
        pytest.skip("the clients' environment is missing: make foreign")
    return PYTHON


@pytest.fixture(scope="module")
def street(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """`unisono sandbox --tls` with empty vendors without limits; their authority is made for this run and thrown away with it."""
    folder = tmp_path_factory.mktemp("tls")
    command = [sys.executable, "-m", "unisono", "sandbox", "bitrix24", "lexoffice", "--empty", "--unlimited", "--port", "0", "--json"]
    hosts = {OAUTH_HOST: "bitrix24", PORTAL_HOST: "bitrix24", OLD_HOST: "bitrix24", LEXOFFICE_HOST: "lexoffice"}
    command += ["--tls", str(folder), *(word for host in hosts for word in ("--certify", host))]
    paths = os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    with (
        (folder / "complaints").open("w+") as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=os.environ | {"PYTHONPATH": paths}) as process,
    ):
        assert process.stdout is not None
        said = ""
        while not said.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, (folder / "complaints").read_text()
            said += line
        served = json.loads(said)
        vendors = {name: Vendor(one["url"], folder / "ca.pem") for name, one in served.items()}
        with Relay({f"{host}:443": vendors[name].port for host, name in hosts.items()}) as relay:
            yield Street(vendors["bitrix24"], vendors["lexoffice"], relay)
            relay.shutdown()
        process.terminate()
        assert process.wait(timeout=30) == 0, (folder / "complaints").read_text()


@pytest.fixture(scope="module")
def run(street: Street, python: Path) -> Run:
    """Runs a client's script with what it is told; what it reports.

    The only settings: whom to trust (``SSL_CERT_FILE`` for the standard library's TLS, ``REQUESTS_CA_BUNDLE`` for requests) and a proxy
    for hosts that are built in. ``-I``: nothing of ours is on the clients' path.
    """

    def perform(*call: str, told: Any = None, **env: str) -> Report:
        done = subprocess.run(
            [str(python), "-I", *call], input=json.dumps(told), capture_output=True, text=True, timeout=240, check=False,
            env=surroundings(street) | env, cwd=CLIENTS,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        report: Report = json.loads(done.stdout)
        return report

    return perform


def surroundings(street: Street) -> dict[str, str]:
    """The whole environment of a client."""
    authority = str(street.bitrix24.authority)
    trust = {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}
    return trust | {"HTTPS_PROXY": street.relay.url, "NO_PROXY": "127.0.0.1,localhost", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}

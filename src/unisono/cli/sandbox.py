"""``sandbox``: the simulated vendors as servers, to try the product without an account."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.terminal import AsJson, WrongCall, add_commands, aside, out, show
from unisono.sandbox import bitrix24, centralstation, fastbill, lexoffice
from unisono.sandbox.kit.app import application
from unisono.sandbox.kit.server import Server
from unisono.sandbox.kit.simulator import Simulator
from unisono.sandbox.kit.state import load, save
from unisono.sandbox.kit.tls import certificates
from unisono.sandbox.kit.world import SimClock, World

SIMULATORS: dict[str, tuple[Callable[[World], Any], Callable[[World], Any]]] = {
    "centralstation": (centralstation.make, centralstation.seed),
    "fastbill": (fastbill.make, fastbill.seed),
    "bitrix24": (bitrix24.make, bitrix24.seed),
    "lexoffice": (lexoffice.make, lexoffice.seed),
}


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"sandbox": sandbox})


UNLIMITED: dict[str, dict[str, Any]] = {
    "centralstation": {"rate_limit": None},
    "bitrix24": {"plan": "none", "operating_limit": None},
    "lexoffice": {"rate_limit": None, "fresh_seconds": 0},
}
"""The settings of a simulator that never says "too many"; FastBill's allowance is off unless its plan is set."""


def start(
    name: str, *, port: int = 0, seeded: bool = True, state: Path | None = None, tls: tuple[Path, Path] | None = None
) -> tuple[Simulator, Server]:
    """A simulator on a loopback port, with its control door and its vendor's-side page; ``tls`` is certificate and key, for https."""
    make, seed = SIMULATORS[name]
    world = World(clock=SimClock(running=True))
    known = state is not None and load(world, state)
    simulator: Simulator = make(world)
    if seeded and not known:
        seed(world)
    server = Server.start(application(simulator, control=True), port=port, tls=tls)
    if name in ("fastbill", "bitrix24", "lexoffice"):
        world.storage.settings["portal"] = server.url
    return simulator, server


def sandbox(
    system: Annotated[list[str] | None, typer.Argument(help="bitrix24, centralstation, fastbill, lexoffice; all if none is named.")] = None,
    port: Annotated[int, typer.Option(help="Port of the first; the others follow. 0 takes free ones.")] = 8701,
    empty: Annotated[bool, typer.Option("--empty", help="Without the seeded firm.")] = False,
    state: Annotated[Path | None, typer.Option(help="Folder that keeps the simulators' data over restarts.")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Without the vendors' rate limits.")] = False,
    tls: Annotated[Path | None, typer.Option(help="Serve https; this folder gets the throw-away authority (ca.pem) to trust.")] = None,
    certify: Annotated[list[str] | None, typer.Option(help="With --tls: a further host the certificate names; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Simulated vendors on this machine, each with a page where you play the vendor's side. Ctrl+C ends it."""
    running = []
    pair = certificates(tls, certify or ())[1:] if tls else None
    for number, name in enumerate(system or SIMULATORS):
        if name not in SIMULATORS:
            raise WrongCall("no-such-simulator", name=name, names=", ".join(SIMULATORS))
        file = state / f"{name}.json" if state else None
        simulator, server = start(name, port=port + number if port else 0, seeded=not empty, state=file, tls=pair)
        if unlimited:
            simulator.world.storage.settings |= UNLIMITED.get(name, {})
        running.append((name, simulator, server, file))
        if not as_json:
            out.print(f"{name}: {server.url}  ({server.url}/_sandbox/page)")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if as_json:
        show({name: {"url": server.url, "page": f"{server.url}/_sandbox/page"} for name, _, server, _ in running}, True)
    # Said last: whoever waits for this line may tell us to go the next moment.
    (aside if as_json else out).print("ready")
    stop.wait()
    for _, simulator, server, file in running:
        server.stop()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            save(simulator.world, file)

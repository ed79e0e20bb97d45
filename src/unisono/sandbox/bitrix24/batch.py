"""``batch``: up to fifty commands in one request, each a query string, each able to use the results of those before. No transaction."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Protocol

from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import yes_no
from unisono.sandbox.bitrix24.methods import NOT_IN_BATCH
from unisono.sandbox.bitrix24.phpform import items, query, shaped
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import World

MOST = 50
_INTERNAL = Refused("INTERNAL_SERVER_ERROR", "Internal server error", 500)
COMMAND_FAULTS = {
    "command-internal": _INTERNAL,
    "command-limit": Refused("QUERY_LIMIT_EXCEEDED", "Too many requests", 503),
    "command-after": _INTERNAL,
}
"""Faults of a single command: the first two instead of its work, the third behind it."""

_RESULT = re.compile(r"\$result((?:\[[^\]]*\])+)")
_STEP = re.compile(r"\[([^\]]*)\]")


class Performer(Protocol):
    """Who performs the commands: the simulator."""

    world: World
    portal: Portal

    def perform(self, call: Call) -> Reply:
        """One method. Raises ``Refused``; then nothing was done."""
        ...

    def time(self, method: str, reply: Reply) -> dict[str, Any]:
        """The member ``time`` of an answer."""
        ...


def commands(params: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Key, method and query of each command. Raises ``Refused``."""
    raw = next((value for name, value in params.items() if name.lower() == "cmd"), None)
    if not isinstance(raw, dict | list):
        raise Refused("ERROR_ARGUMENT", "Argument 'cmd' is null or empty", argument="cmd")
    found = []
    for key, text in items(raw):
        method, _, rest = str(text).strip().partition("?")
        found.append((key, re.sub(r"\.(json|xml)$", "", method.strip("/&").lower()), rest))
    return found


def run(simulator: Performer, call: Call, path: str) -> tuple[Reply, bool]:
    """The answer, and whether the batch came to its end: the fault ``batch-cut`` stops it in between.

    Each command is logged on its own, with the method ``BATCH``; the request itself counts as no write.
    """
    told = commands(call.params)
    faults = simulator.world.faults
    cut = faults.take(f"BATCH {path} batch", "batch-cut") if faults.armed else None
    halt = yes_no(call.get("halt") or "N") == "Y"
    maps: dict[str, dict[str, Any]] = {f"result{tail}": {} for tail in ("", "_error", "_total", "_next", "_time")}
    subject = ""
    for number, (key, method, rest) in enumerate(told):
        if cut is not None and number >= max(0, cut.value):
            return Reply(maps, subject), False
        fault = faults.take(f"BATCH {path} {method}", *COMMAND_FAULTS) if faults.armed else None
        name = fault.name if fault else ""
        done = ""
        try:
            if number >= MOST:
                raise Refused("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            if name in ("command-internal", "command-limit"):
                raise COMMAND_FAULTS[name]
            reply = _one(simulator, call, method, rest, maps["result"])
            done = reply.subject
            if name:
                raise COMMAND_FAULTS[name]
        except Refused as refusal:
            maps["result_error"][key] = refusal.body
            _log(simulator, path, method, refusal.status, done, name)
            if halt:
                break
            continue
        maps["result_time"][key] = simulator.time(method, reply)
        maps["result"][key] = reply.result
        if reply.total is not None:
            maps["result_total"][key] = reply.total
        if reply.next is not None:
            maps["result_next"][key] = reply.next
        subject = reply.subject or subject
        _log(simulator, path, method, 200, reply.subject)
    reset = int(simulator.world.clock.now().timestamp()) + 600
    return Reply(maps, subject, beside={"_spent": (0, reset)}), True


def _one(simulator: Performer, call: Call, method: str, rest: str, before: dict[str, Any]) -> Reply:
    if method in NOT_IN_BATCH:
        raise Refused("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
    params = _filled(_parsed(rest), before)
    connector = str(params.pop("auth_connector", "") or "") if not method.startswith("event.") else ""
    portal = simulator.portal
    params.pop("auth", None)
    with portal.working(portal.user, connector=connector or portal.connector):
        return simulator.perform(Call(method, params, call.login, batched=True))


@lru_cache(maxsize=2048)
def _parsed(rest: str) -> dict[str, Any]:
    """A command's parameters. Kept, since the same commands come again and again; results are filled into a copy."""
    return query(rest)


def _log(simulator: Performer, path: str, method: str, status: int, subject: str = "", fault: str = "") -> None:
    shown = re.sub(r"/rest/(\d+)/[^/]+/", r"/rest/\1/***/", path)
    simulator.world.log.add(
        at=simulator.world.clock.now(),
        method="BATCH",
        path=shown,
        query="",
        status=status,
        write=bool(subject),
        operation=method,
        subject=subject,
        fault=fault,
    )


def _filled(value: Any, before: dict[str, Any]) -> Any:
    """``$result[key][0][ID]`` replaced by what came out; a value that is nothing else takes it as it is."""
    if isinstance(value, dict):
        return {key: _filled(inner, before) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, before) for inner in value]
    if not isinstance(value, str) or "$result" not in value:
        return value
    if whole := _RESULT.fullmatch(value):
        return _result(whole[1], before)
    return _RESULT.sub(lambda found: _text(_result(found[1], before)), value)


def _result(steps: str, before: dict[str, Any]) -> Any:
    """What a path leads to; nothing where it leads nowhere."""
    here: Any = before
    for step in _STEP.findall(steps):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return ""
    return shaped(here)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)

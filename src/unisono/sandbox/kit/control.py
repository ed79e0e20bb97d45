"""The door ``/_sandbox/``: look into a simulator and turn its knobs, from this machine only."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.faults import Fault
from unisono.sandbox.kit.html import STYLE
from unisono.sandbox.kit.switch import mood_of, set_mood

if TYPE_CHECKING:
    from unisono.sandbox.kit.simulator import Simulator

PAGE = "/_sandbox/page"


class Control:
    """Answers every path below ``/_sandbox/``; JSON in and out, except the page and its style.

    ``GET state | truth | page | style.css``, ``GET log?since=<seq>``, ``POST clock {"advance": seconds}``,
    ``POST faults {"name", "match", "times", "skip", "value"}``, ``DELETE faults``, ``POST settings {key: value}``,
    ``POST act/<name>`` with JSON (answers JSON) or a form (answers a redirect to the page), ``POST switch`` the same way with ``mood``
    (``switch.py``). Errors are ``{"error": "..."}``.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.world = simulator.world

    def __call__(self, request: Request) -> Response:
        """Answer one request; strangers get 404 as if there were no door."""
        if not _from_here(request):
            return Response("not found\n", 404)
        name, _, rest = request.path.removeprefix("/_sandbox/").partition("/")
        try:
            return self._answer(request, f"{request.method} {name}", rest)
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    def _answer(self, request: Request, what: str, rest: str) -> Response:
        world = self.world
        match what:
            case "GET state":
                return _json(self._state())
            case "GET truth":
                return _json(self.simulator.truth())
            case "GET log":
                since = int(request.args.get("since", "0"))
                return _json({"seq": world.log.seq, "calls": [asdict(call) for call in world.log.calls if call.seq > since]})
            case "GET page":
                return self.simulator.page(request)
            case "GET style.css":
                return Response(STYLE, mimetype="text/css")
            case "POST clock":
                seconds = _body(request).get("advance")
                if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                    raise ValueError('clock: expected {"advance": <seconds>}')
                world.clock.advance(seconds)
                return _json({"now": world.clock.now()})
            case "POST faults":
                world.faults.arm(**_fault(_body(request)))
                return _json({"faults": [asdict(fault) for fault in world.faults.armed]})
            case "DELETE faults":
                world.faults.clear()
                return _json({"faults": []})
            case "POST switch":
                set_mood(world, str((_body(request) if request.is_json else request.form).get("mood", "")))
                return _json({"mood": mood_of(world)}) if request.is_json else redirect(f"{PAGE}#switch", 303)
            case "POST settings":
                values = _body(request)
                held = [key for key in values if callable(world.storage.settings.get(key)) or key == "deliver"]
                if held:
                    raise ValueError(f"settings: {', '.join(held)} can only be set inside the process")
                world.storage.settings.update(values)
                return _json({"set": sorted(values)})
            case "POST act" if rest:
                return self._act(request, rest)
        return _json({"error": f"nothing at {request.method} {request.path}"}, 404)

    def _state(self) -> dict[str, Any]:
        world = self.world
        return {
            "now": world.clock.now(),
            "tables": {name: len(rows) for name, rows in world.storage.tables.items()},
            "faults": [asdict(fault) for fault in world.faults.armed],
            "bitten": world.faults.bitten[-100:],
            "log_seq": world.log.seq,
        }

    def _act(self, request: Request, name: str) -> Response:
        if request.is_json:
            try:
                return _json(self.simulator.act(name, {key: _plain(value) for key, value in _body(request).items()}))
            except KeyError as error:
                return _json({"error": f"act {name}: {error.args[0] if error.args else 'not found'}"}, 404)
        try:
            self.simulator.act(name, dict(request.form.items()))
        except (KeyError, ValueError) as error:
            return redirect(f"{PAGE}?error={quote(f'{name}: {error.args[0] if error.args else error}')}", 303)
        return redirect(f"{PAGE}?saved=yes", 303)


def _from_here(request: Request) -> bool:
    """Loopback callers only, and no form posted by a foreign web page."""
    address = request.remote_addr
    try:
        if address and not ipaddress.ip_address(address).is_loopback:
            return False
    except ValueError:
        return False
    origin = request.headers.get("Origin")
    return not origin or urlsplit(origin).netloc == request.host


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")
    return body


def _fault(body: dict[str, Any]) -> dict[str, Any]:
    known = {field.name: field.type for field in fields(Fault)}
    known.pop("hits")
    for key, value in body.items():
        if key not in known:
            raise ValueError(f"faults: no member {key!r}; known: {', '.join(known)}")
        if (type(value).__name__) != known[key]:
            raise ValueError(f"faults: {key} must be {known[key]}, not {value!r}")
    if not body.get("name"):
        raise ValueError("faults: name is missing")
    return body


def _plain(value: Any) -> str:
    """What a form would have sent: texts and numbers as they are, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, default=_default, ensure_ascii=False) + "\n", status, mimetype="application/json")


def _default(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")

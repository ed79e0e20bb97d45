"""A request as the services see it, and what they give back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.errors import Refused, parameter, regular


@dataclass
class Call:
    """One call: what the path names, the query, the body."""

    request: Request
    id: str = ""
    """The id in the path, if it has one."""

    def text(self, name: str) -> str:
        """A parameter of the query; empty where it is missing. Names that are not asked for are ignored."""
        return self.request.args.get(name, "")

    def flag(self, name: str) -> bool | None:
        """A parameter that is true or false; raises ``Refused``."""
        said = self.text(name)
        if said not in ("", "true", "false"):
            raise parameter(name)
        return None if not said else said == "true"

    def body(self) -> Row:
        """The JSON object that was sent; raises ``Refused``."""
        if self.request.mimetype != "application/json":
            raise regular(415, f"Content type '{self.request.mimetype}' not supported")
        try:
            said = json.loads(self.request.get_data(), parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, InvalidOperation):
            raise malformed() from None
        if not isinstance(said, dict):
            raise malformed()
        return said


@dataclass
class Answer:
    """What a service answers. ``subject`` (``<table>/<id>``) is set if the account's data changed; ``response`` stands for the body."""

    body: Any = None
    status: int = 200
    subject: str = ""
    response: Response | None = None


def malformed() -> Refused:
    """What is no JSON. Guess: the text."""
    return regular(400, "Malformed JSON in request body")


def _refuse(word: str) -> Any:
    raise ValueError(word)


def to_json(value: Any) -> str:
    """Compact JSON; amounts are numbers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(value: Any) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def without_nothing(row: Row) -> Row:
    """A record without what is null or empty, as answers have it."""
    return {name: value for name, value in row.items() if value is not None and value not in ("", {})}

"""What a simulator is: it performs a request, and plays its vendor's side. The frame in ``app`` does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit.world import World


@dataclass
class Done:
    """What a simulator's handler gives back to the frame: the answer and what the log should say of it."""

    response: Response
    operation: str = ""
    write: bool = False
    subject: str = ""


class Simulator(Protocol):
    """One vendor. ``handle`` performs a request; the names of its operations and tables are the vendor's own."""

    world: World

    def operation(self, request: Request) -> str:
        """The vendor-side name of what is asked, known before the work is done (``customer.create``, ``POST companies``)."""
        ...

    def handle(self, request: Request) -> Done:
        """Do the work and answer. Raises nothing: a vendor answers errors, too."""
        ...

    def throttled(self, request: Request) -> Response:
        """The vendor's own answer to too many calls (fault ``rate``)."""
        ...

    def unauthorised(self, request: Request) -> Response:
        """The vendor's own refusal of a key (fault ``unauthorised``)."""
        ...

    def truth(self) -> dict[str, Any]:
        """The whole data of the vendor as JSON-able values: what an oracle compares with."""
        ...

    def page(self, request: Request) -> Response:
        """A small HTML page below ``/_sandbox/page`` where a person plays the vendor's side (forms post to ``/_sandbox/act/<name>``)."""
        ...

    def act(self, name: str, values: dict[str, str]) -> dict[str, Any]:
        """One action of the vendor's side (edit a customer, mark an offer sent, pay an invoice). Raises ``KeyError``/``ValueError``."""
        ...

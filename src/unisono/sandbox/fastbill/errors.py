"""How FastBill says no: texts under the key ERRORS, nearly always with status 200."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WRONG_CREDENTIALS = "Wrong API KEY or user credentials"
NOT_A_DRAFT = "Invoice Error: No draft invoice chosen."
NOT_PAYABLE = "Invoice Error: Invoice could not be set paid. Maybe it is already?"
# The following texts are guesses in the manner of the recorded ones.
NOT_CANCELLABLE = "Invoice Error: Invoice could not be canceled."
NOT_COMPLETED = "Invoice Error: No completed invoice chosen."
NO_WEBHOOKS = "Webhooks are not available in your plan."


class Refusal(Exception):
    """FastBill refuses the request; nothing was changed. ``status`` is 200 for everything but login, quota and the unsimulated."""

    def __init__(self, *errors: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__("; ".join(errors))
        self.errors = list(errors)
        self.status = status
        self.headers = headers or {}


def field_error(*names: str) -> list[str]:
    """One text a field, in the recorded wording."""
    return [f"missing / invalid field: {name}" for name in names]


def invalid(*names: str) -> Refusal:
    """The refusal that names missing or invalid fields."""
    return Refusal(*field_error(*names))


def unknown_service(name: str) -> Refusal:
    """The refusal of a service that FastBill does not have."""
    return Refusal(f"unknown SERVICE: {name}")


def shaped_errors(errors: list[str], shape: str) -> Any:
    """The texts as a list, an object with numeric keys, or one string: all three have been seen by clients."""
    if shape == "object":
        return {str(i): text for i, text in enumerate(errors)}
    if shape == "string":
        return "; ".join(errors)
    return errors


def gathered(*steps: Callable[[], Any]) -> list[Any]:
    """Run all steps and give their results; one ``Refusal`` names what all of them refuse, as FastBill lists everything it misses."""
    results, errors = [], []
    for step in steps:
        try:
            results.append(step())
        except Refusal as refusal:
            errors += refusal.errors
    if errors:
        raise Refusal(*errors)
    return results

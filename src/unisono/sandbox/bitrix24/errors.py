"""How Bitrix24 says no. The codes are the vendor's; texts are only told where the code is empty."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The vendor refuses: ``{"error": code, "error_description": text}`` under a status."""

    def __init__(self, code: Any, text: str = "", status: int = 400, **more: Any) -> None:
        super().__init__(f"{status} {code!r} {text}")
        self.code = code
        self.text = text
        self.status = status
        self.more = more

    @property
    def body(self) -> dict[str, Any]:
        """The answer's members."""
        return {"error": self.code, "error_description": self.text, **self.more}


def refused(text: str) -> Refused:
    """The classic methods' refusal: an empty code, only the text tells."""
    return Refused("", text)


def bad_id() -> Refused:
    """An id that is none."""
    return refused("ID is not defined or invalid.")


def no_array(name: str = "fields") -> Refused:
    """A parameter that must be a map."""
    return refused(f"Parameter '{name}' must be array.")


def missing(name: str) -> Refused:
    """A parameter of the universal methods that did not come."""
    return Refused("100", f"Could not find value for parameter {{{name}}}")


def mistyped(name: str) -> Refused:
    """A parameter of the universal methods that came as something else."""
    return Refused("100", f"Invalid value {{}} to match with parameter {{{name}}}. Should be value of type array.")


def invalid(text: str) -> Refused:
    """Filter, order or value that is not allowed."""
    return Refused("INVALID_ARG_VALUE", text)


def app_only() -> Refused:
    """What an incoming webhook cannot do."""
    return Refused("ACCESS_DENIED", "Access denied! Application context required", 403)


def wrong_auth() -> Refused:
    """What only an application may register."""
    return Refused("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", 403)


def unknown_method(method: str) -> Refused:
    """No such method."""
    return Refused("ERROR_METHOD_NOT_FOUND", f"Method not found! {method}"[:200], 404)

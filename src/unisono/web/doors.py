"""How a page or a part of the API declares its doors: each says what role it needs, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from unisono.web.gate import NEEDED

Needs = Literal["open", "view", "act", "admin"]
Door = TypeVar("Door", bound=Callable[..., Any])
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Declared:
    """One door: how it is asked for, what it needs, what answers."""

    method: str
    path: str
    needs: Needs
    answer: Callable[..., Any]
    more: dict[str, Any] = field(default_factory=dict)


class ErrorTold(BaseModel):
    """What went wrong: a code for programs, a sentence in the caller's language; ``wrong`` names what was not understood."""

    code: str
    told: str
    number: str = ""
    wrong: list[dict[str, Any]] = []


class ErrorOut(BaseModel):
    """Every answer that is not what was asked for."""

    error: ErrorTold


_WRONG = {
    400: "Not to be read: no JSON, or a broken form.",
    401: "Nobody is signed in.",
    403: "This key or session may not do that.",
    404: "There is nothing there that this caller may see.",
    409: "Not possible as things are.",
    413: "More than this door takes.",
    422: "Not understood: what is missing or of the wrong kind is named.",
    502: "The other system refused, or did not answer.",
    503: "The store could not do it.",
}
_SAID: dict[int | str, dict[str, Any]] = {status: {"model": ErrorOut, "description": text} for status, text in _WRONG.items()}
"""What every door of the API may answer besides what it is for."""


class Doors:
    """The doors of one module. ``page`` shows, ``form`` changes; ``get``, ``post``, ``put`` and ``delete`` are the API's."""

    def __init__(self, subject: str = "") -> None:
        self.subject = subject
        self.declared: list[Declared] = []

    def open(self, app: FastAPI) -> None:
        """Adds all of them to the application."""
        for one in self.declared:
            app.add_api_route(
                one.path,
                one.answer,
                methods=[one.method],
                openapi_extra={NEEDED: one.needs},
                tags=[self.subject] if self.subject else None,
                responses=_SAID if one.path.startswith(API) else None,
                **one.more,
            )

    def page(self, path: str, *, needs: Needs) -> Callable[[Door], Door]:
        """A page a browser asks for."""
        return self._door("GET", path, needs, response_class=HTMLResponse, include_in_schema=False)

    def form(self, path: str, *, needs: Needs) -> Callable[[Door], Door]:
        """What a form of a page does; it answers with ``visit.go(...)``, or with the page again."""
        return self._door("POST", path, needs, response_class=HTMLResponse, include_in_schema=False)

    def get(self, path: str, *, needs: Needs, **more: Any) -> Callable[[Door], Door]:
        """Something a program asks for, under ``/api/v1``."""
        return self._door("GET", API + path, needs, **more)

    def post(self, path: str, *, needs: Needs, **more: Any) -> Callable[[Door], Door]:
        """Something a program does."""
        return self._door("POST", API + path, needs, **more)

    def put(self, path: str, *, needs: Needs, **more: Any) -> Callable[[Door], Door]:
        """Something a program sets."""
        return self._door("PUT", API + path, needs, **more)

    def delete(self, path: str, *, needs: Needs, **more: Any) -> Callable[[Door], Door]:
        """Something a program takes away."""
        return self._door("DELETE", API + path, needs, **more)

    def _door(self, method: str, path: str, needs: Needs, **more: Any) -> Callable[[Door], Door]:
        def declare(answer: Door) -> Door:
            self.declared.append(Declared(method, path, needs, answer, more))
            return answer

        return declare

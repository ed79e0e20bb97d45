"""One request as a page sees it: who asks, what they may see, the house, and the ways to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from unisono.store import pairs
from unisono.store.pairs import PairRow
from unisono.store.people import Role, Session, User
from unisono.store.standing import count_open
from unisono.web.navigation import current
from unisono.web.render import Press
from unisono.web.site import Site
from unisono.web.speech import Speech
from unisono.wiring.house import House
from unisono.wiring.people import form_token, may, still_in
from unisono.wiring.standing import Titles, titles_of


class NotFound(Exception):
    """There is nothing there that this visitor may see."""


class NotAllowed(Exception):
    """Somebody who is signed in may not do that."""


class SignInFirst(Exception):
    """Nobody is signed in."""


class Foreign(Exception):
    """A form or call that does not come from one of our own pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What surrounds a page of a pair: its systems' names, and the counts beside the navigation."""

    pair: PairRow
    firm: str
    crm: str
    invoicing: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """A pair in the list of those one may go to."""

    id: str
    name: str
    firm: str


@dataclass(slots=True)
class Visit:
    """Made by the gate for each request. ``user`` and ``session`` are ``None`` at an open door."""

    request: Request
    house: House
    site: Site
    press: Press
    speech: Speech
    role: Role | None = None
    user: User | None = None
    session: Session | None = None
    secret: str = field(default="", repr=False)
    form: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """Who decides, for the history."""
        return self.somebody.login

    @property
    def somebody(self) -> User:
        """The user; asked for only behind doors that let in users."""
        if self.user is None:
            raise SignInFirst
        return self.user

    @property
    def token(self) -> str:
        """What a form of this visitor carries."""
        return form_token(self.secret) if self.secret else ""

    def may(self, role: str) -> bool:
        """Whether this visitor's role is enough for something."""
        return self.role is not None and may(self.role, role)

    def still_in(self) -> bool:
        """Whether the session of this visit has not been ended meanwhile: for answers that go on for long."""
        return still_in(self.house, self.secret)

    def sees(self, firm: str) -> bool:
        """Whether a firm is one of theirs."""
        return self.user is not None and (self.user.firms is None or firm in self.user.firms)

    def pair(self, pair_id: str) -> PairRow:
        """A pair of a firm they see. Raises ``NotFound``: that there is such a pair of somebody else's is nobody's business."""
        with self.house.store.read() as conn:
            try:
                row = pairs.get_pair(conn, pair_id)
            except KeyError:
                raise NotFound from None
        if not self.sees(row.firm):
            raise NotFound
        return row

    def given(self, name: str, otherwise: str = "") -> str:
        """A field of the form that was sent, as text."""
        value = self.form.get(name, otherwise)
        return value if isinstance(value, str) else otherwise

    def several(self, name: str) -> list[str]:
        """All values of a field that may be there more than once."""
        getlist = getattr(self.form, "getlist", None)
        return [value for value in (getlist(name) if getlist else []) if isinstance(value, str)]

    def titles(self, pair: PairRow) -> Titles:
        """What the systems and sides of a pair are called."""
        with self.house.store.read() as conn:
            return titles_of(self.house, conn, pair.id)

    def page(self, template: str, *, status: int = 200, pair: PairRow | None = None, **values: Any) -> HTMLResponse:
        """A page from a template of ``templates/``; with ``pair`` it stands in that pair's frame, as it does if there is one only."""
        query, choices = self.request.query_params, self._choices()
        place = self.place(pair) if pair is not None else self.place(self.pair(choices[0].id)) if len(choices) == 1 else None
        frame = {
            "visit": self,
            "user": self.user,
            "token": self.token,
            "here": self.request.url.path,
            "at": current(self.request.app.state.entries, self.request.url.path, place.pair.id if place else ""),
            "said": query.get("said", ""),
            "said_count": query.get("count", ""),
            "entries": self.request.app.state.entries,
            "choices": choices,
            "place": place,
        }
        return HTMLResponse(self.press.page(template, self.speech, frame | values), status_code=status)

    def part(self, template: str, **values: Any) -> str:
        """A piece of a page, to be put in the place of an older one."""
        return self.press.page(template, self.speech, {"visit": self, "token": self.token} | values)

    def place(self, pair: PairRow) -> Place:
        """What surrounds a page of a pair."""
        with self.house.store.read() as conn:
            names = [self.house.capabilities(pairs.get_connection(conn, c).system).title for c in (pair.a, pair.b)]
            questions, problems = count_open(conn, pair.id, self.house.clock.now())
            firm = next((f["name"] for f in pairs.firms(conn) if f["id"] == pair.firm), "")
        return Place(pair=pair, firm=firm, crm=names[0], invoicing=names[1], counts={"questions": questions, "problems": problems})

    def go(self, path: str, said: str = "", count: int | None = None) -> RedirectResponse:
        """After something was done: on to a page, which says so (``said`` is a word under ``said.`` in the catalogue)."""
        query = {k: v for k, v in (("said", said), ("count", str(count) if count is not None else "")) if v}
        return RedirectResponse(path + (("&" if "?" in path else "?") + urlencode(query) if query else ""), status_code=303)

    def _choices(self) -> list[Choice]:
        if self.user is None:
            return []
        with self.house.store.read() as conn:
            firms = {firm["id"]: firm["name"] for firm in pairs.firms(conn) if self.sees(firm["id"])}
            return [Choice(row.id, row.name, firms[row.firm]) for row in pairs.pairs(conn) if row.firm in firms and row.state != "removed"]

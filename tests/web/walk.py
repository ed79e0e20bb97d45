"""Every page there is, found by the doors themselves: whoever adds a page has it looked at in the browser without saying so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.web.desk import Desk
from unisono.store import links, people, runs, seen

NO_PAGES = re.compile(r"^/(?:api|static|demo)/|/live$|/effect/|^/(?:signin|first)$")
"""Doors that show no page of their own (a part of one, what changes on one), or one that is visited elsewhere: before anybody is in; the demo."""


def _run(desk: Desk) -> str:
    """The released first sync: it has the fullest page."""
    with desk.village.house.store.read() as conn:
        return next(run.id for run in runs.runs(conn, desk.village.pair) if run.state not in ("planning", "previewed"))


def _row(desk: Desk) -> str:
    """A record of that run which is written, so that there is something to compare."""
    run = _run(desk)
    with desk.village.house.store.read() as conn:
        return str(next(row.seq for row in runs.rows(conn, run, verdict="new", limit=50)))


def _customer(desk: Desk) -> str:
    """A customer that is linked."""
    with desk.village.house.store.read() as conn:
        key = links.some_keys(conn, desk.village.pair, "a", 50)
        return next(link.id for link in links.links_of(conn, desk.village.pair, "party", "a", key).values())


def _document(desk: Desk) -> str:
    """An invoice of the invoicing system."""
    with desk.village.house.store.read() as conn:
        return f"b:invoice:{seen.keys_after(conn, desk.village.b, 'invoice', '', 1)[0]}"


def _user(desk: Desk) -> str:
    """Somebody else than whoever looks."""
    with desk.village.house.store.read() as conn:
        return next(user.id for user in people.users(conn) if user.login == "adam")


IDS: Mapping[str, Callable[[Desk], str]] = {
    "pair_id": lambda desk: desk.village.pair,
    "run_id": _run,
    "user_id": _user,
    "customer": _customer,
    "record": _document,
    "seq": _row,
    "what": lambda _: "customers",
    "connection_id": lambda desk: desk.village.a,
}
"""A name in the path of a door -> something of the street that it can be, taken where there is most to see."""
MORE = ("/problems?kind=waiting", "/problems?kind=left-out")
"""Pages that look different with a question behind their address."""


def page_doors(app: FastAPI) -> list[str]:
    """The paths of all pages a browser may ask for."""
    found = {route.path for route in app.routes if isinstance(route, APIRoute) and "GET" in (route.methods or ())}
    return sorted(path for path in found if not NO_PAGES.search(path))


def addresses(desk: Desk, who: str = "anna") -> list[str]:
    """Every page as somebody would open it. What a door gives to be kept (a report, a PDF, a list) is no page."""
    asked = [path_of(desk, path) for path in page_doors(desk.app)] + [desk.pair + one for one in MORE]
    return [path for path in asked if is_page(desk, who, path)]


def path_of(desk: Desk, path: str) -> str:
    """A door's path with something in every place that names one thing."""
    lacking = set(re.findall(r"\{(\w+)", path)) - set(IDS)
    assert not lacking, f"{path}: what can {lacking} be? Say so in IDS."
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: IDS[found[1]](desk), path)


def is_page(desk: Desk, who: str, path: str) -> bool:
    """Whether what comes is a page of ours, to be looked at within the frame."""
    answer = desk.browser(who).get(path)
    assert answer.status_code in (200, 303), (path, answer.status_code)
    kept = "attachment" in answer.headers.get("content-disposition", "")
    return answer.status_code == 200 and answer.headers["content-type"].startswith("text/html") and not kept

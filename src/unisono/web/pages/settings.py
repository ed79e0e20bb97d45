"""A pair's settings: as questions, as versions, as a file. Whatever a change comes from, it is shown with its effect before it is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from unisono.policy.files import MOST, BadPolicy, parse_policy
from unisono.policy.settings import sections, values_of
from unisono.store import pairs
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.navigation import Entry
from unisono.web.planned import Planned, planned
from unisono.web.settled import asked, differences, in_vain, label, lines, trouble, wrong
from unisono.web.visit import NotFound, Visit
from unisono.wiring.effects import Effect, Effects
from unisono.wiring.policies import ChangedMeanwhile, put_policy, text_of_version, versions
from unisono.wiring.settings import (
    Draft,
    Wrong,
    draft,
    extent,
    from_file,
    from_pair,
    questions,
    questions_of,
    with_answers,
    with_fields,
)

doors = Doors()
ENTRIES = (Entry(code="nav.settings", icon="sliders", path="/pairs/{pair}/settings", group="setup", order=80),)
_FILE_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One of the first records that a draft treats differently, as it is under either."""

    label: str
    kind: str
    before: Planned | None
    after: Planned | None


@doors.page("/pairs/{pair_id}/settings", needs="view")
def settings(visit: Visitor, pair_id: str) -> Response:
    """What is in force, as questions."""
    row = visit.pair(pair_id)
    return form(visit, row, row.policy_version, values_of(parse_policy(row.policy)))


@doors.form("/pairs/{pair_id}/settings/review", needs="admin")
def review(visit: Visitor, pair_id: str) -> Response:
    """What a change would be and do, whatever it comes from; nothing is saved."""
    row = visit.pair(pair_id)
    based_on = number(visit.given("based_on")) or row.policy_version
    source = visit.given("source")
    try:
        text_of_version(visit.house, row.id, based_on)
        body = drafted(visit, row, source, based_on)
    except (Wrong, BadPolicy) as error:
        found = error.troubles if isinstance(error, Wrong) else [error]
        if source == "form":
            typed = values_of(parse_policy(text_of_version(visit.house, row.id, based_on))) | answers(visit)
            return form(visit, row, based_on, typed, found)
        return listed(visit, row, found, typed=visit.given("text"))
    if visit.given("step") == "edit":
        return form(visit, row, based_on, values_of(parse_policy(body)))
    return reviewed(visit, row, draft(visit.house, row.id, body, based_on))


@doors.form("/pairs/{pair_id}/settings", needs="admin")
def save(visit: Visitor, pair_id: str) -> Response:
    """A draft that was looked at becomes the version in force; if somebody else saved meanwhile, it is shown again instead."""
    row = visit.pair(pair_id)
    body, based_on = visit.given("body"), number(visit.given("based_on"))
    try:
        body = from_file(body)
        put_policy(visit.house, row.id, body, visit.by, note=visit.given("note").strip(), based_on=based_on or row.policy_version)
    except ChangedMeanwhile:
        return reviewed(visit, row, draft(visit.house, row.id, body, based_on), note=visit.given("note"), status=409)
    except (Wrong, BadPolicy) as error:
        return listed(visit, row, error.troubles if isinstance(error, Wrong) else [error], typed=body)
    return visit.go(f"/pairs/{row.id}/settings", "settings-saved")


@doors.page("/pairs/{pair_id}/settings/effect/{key}", needs="view")
def effect(visit: Visitor, pair_id: str, key: str) -> Response:
    """The part of a review that is counted aside: how far it is, or what came of it."""
    row = visit.pair(pair_id)
    told = effects(visit).standing(row.id, key)
    if told is None:
        raise NotFound
    return Response(visit.part("settings/effect.html", pair=row, **shown(visit, row, told)), media_type="text/html")


@doors.page("/pairs/{pair_id}/settings/versions", needs="view")
def all_versions(visit: Visitor, pair_id: str, before: int = 0, after: int = 0) -> Response:
    """Every version, what differs between two, and the ways in and out as a file."""
    return listed(visit, visit.pair(pair_id), [], between=(before, after))


@doors.page("/pairs/{pair_id}/settings/file", needs="view")
def file(visit: Visitor, pair_id: str, version: int = 0) -> Response:
    """A version as its readable text, for keeping."""
    row = visit.pair(pair_id)
    return as_file(visit, row, version)


def as_file(visit: Visit, row: PairRow, version: int) -> Response:
    """A version's text as a download. Raises ``NotFound``."""
    number_ = version or row.policy_version
    try:
        body = text_of_version(visit.house, row.id, number_)
    except BadPolicy:
        raise NotFound from None
    name = _FILE_NAME.sub("-", row.name.casefold()).strip("-") or "settings"
    headers = {"content-disposition": f'attachment; filename="{name}-{number_}.toml"'}
    return Response(body.encode(), media_type="text/plain; charset=utf-8", headers=headers)


def drafted(visit: Visit, row: PairRow, source: str, based_on: int) -> str:
    """The draft that a form is about. Raises ``Wrong``, ``BadPolicy``, ``NotFound``."""
    house = visit.house
    if source == "form":
        return with_answers(house, row.id, based_on, answers(visit))
    if source == "file":
        return from_file(_handed_in(visit))
    if source == "version":
        return text_of_version(house, row.id, number(visit.given("version")))
    if source == "pair":
        return from_pair(house, row.id, visit.pair(visit.given("from")).id)
    if source == "fields":
        return with_fields(text_of_version(house, row.id, based_on), field_rules(visit))
    return from_file(visit.given("body"))


def answers(visit: Visit) -> dict[str, str]:
    """The questions that a form asked, with what was answered; in lists what was there before keeps its place."""
    told = {}
    for entry in visit.several("asked"):
        given = [value.replace("\r\n", "\n") for value in visit.several("s-" + entry)]
        if given or visit.given("list-" + entry):
            before = visit.given("list-" + entry).split(",")
            told[entry] = "\n".join(sorted(given, key=lambda one: before.index(one) if one in before else len(before)))
    return told


def field_rules(visit: Visit) -> dict[str, dict[str, str]]:
    """Directions and winners of fields, as the page of fields sends them."""
    out: dict[str, dict[str, str]] = {}
    for name in visit.several("field"):
        given = {what: visit.given(f"{what}-{name}", "-") for what in ("direction", "wins")}
        out[name] = {what: word for what, word in given.items() if word != "-"}
    return out


def form(visit: Visit, row: PairRow, based_on: int, values: Mapping[str, str], found: list[BadPolicy] | None = None) -> Response:
    """All questions; ``found`` is what is wrong with the answers."""
    pairing = visit.house.pairing(row.id)
    titles = visit.titles(row)
    wrong_ = wrong(visit.speech, found or [], titles)
    shown_ = asked(visit.speech, questions(pairing.rules.a, pairing.rules.b, values), titles, wrong_)
    with visit.house.store.read() as conn:
        last = next(one for one in pairs.policies(conn, row.id) if one["version"] == row.policy_version)
    told = {
        "based_on": based_on,
        "sections": [(name, [one for one in shown_ if one.setting.section == name]) for name in sections()],
        "titles": titles,
        "extent": extent(visit.house, row.id),
        "last": last,
        "troubles": [trouble(visit.speech, one, titles) for one in found or []],
    }
    return visit.page("settings/settings.html", pair=row, status=422 if found else 200, **told)


def reviewed(visit: Visit, row: PairRow, one: Draft, *, note: str = "", status: int = 200) -> Response:
    """The page between a change and its being saved."""
    titles = visit.titles(row)
    before, after = parse_policy(one.before), parse_policy(one.body)
    found = differences(visit.speech, before, after, titles)
    entries = {difference.entry for difference in found}
    told = effects(visit).begin(row.id, one.body) if found else None
    values: dict[str, Any] = {
        "draft": one,
        "note": note,
        "differences": found,
        "lines": lines(one.before, one.body),
        "in_vain": in_vain(visit.speech, questions_of(visit.house, row.id, one.body), entries, titles),
        "both": [label(visit.speech, entry, titles) for entry in one.both],
        "deletions": any(entry.startswith("customers.deletion") for entry in entries),
        "extent": extent(visit.house, row.id),
    }
    values |= shown(visit, row, told) if told is not None else {"effect": None}
    return visit.page("settings/review.html", pair=row, status=status, **values)


def shown(visit: Visit, row: PairRow, told: Effect) -> dict[str, Any]:
    """An effect for its template."""
    titles = visit.titles(row)
    kinds = {
        side: {r.name: r.kinds[0] for r in visit.house.pairing(row.id).side("a" if side == "crm" else "b").system.capabilities.resources}
        for side in ("crm", "invoicing")
    }
    unread: dict[str, list[str]] = {}
    for side, name in told.unread:
        unread.setdefault(titles[side], []).append(visit.speech.kind(kinds[side][name]))
    changes = []
    for before, after in told.rows:
        one = after or before
        assert one is not None
        a, b = ([None] if half is None else planned(visit.speech, [half], titles) for half in (before, after))
        changes.append(Change(label=one.label, kind=one.kind, before=a[0], after=b[0]))
    return {
        "effect": told,
        "changes": changes,
        "titles": titles,
        "writes": [
            (*name.split(":"), told.more.get(name, 0), told.fewer.get(name, 0)) for name in sorted({*told.more, *told.fewer}, reverse=True)
        ],
        "unread": {system: ", ".join(dict.fromkeys(found)) for system, found in unread.items()},
    }


def listed(visit: Visit, row: PairRow, found: list[BadPolicy], *, typed: str = "", between: tuple[int, int] = (0, 0)) -> Response:
    """The page of versions; ``found`` is what is wrong with a file that was handed in, ``typed`` its text."""
    titles = visit.titles(row)
    known = versions(visit.house, row.id)
    bodies = {one["version"]: one["body"] for one in known}
    differing = None
    if between[0] in bodies and between[1] in bodies:
        differing = differences(visit.speech, parse_policy(bodies[between[0]]), parse_policy(bodies[between[1]]), titles)
    with visit.house.store.read() as conn:
        others = [one for one in pairs.pairs(conn) if one.id != row.id and one.state != "removed" and visit.sees(one.firm)]
    values = {
        "versions": known[::-1],
        "between": between,
        "differing": differing,
        "lines": lines(bodies[between[0]], bodies[between[1]]) if differing is not None else "",
        "others": others,
        "troubles": [trouble(visit.speech, one, titles) for one in found],
        "typed": typed,
    }
    return visit.page("settings/versions.html", pair=row, status=422 if found else 200, **values)


def effects(visit: Visit) -> Effects:
    """Who counts effects in this process."""
    found: Effects = visit.request.app.state.effects
    return found


def number(text: str) -> int:
    """A number that a form carries; 0 for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0


def _handed_in(visit: Visit) -> bytes | str:
    """A file, or else its text. Of a file no more is read than a policy may have."""
    upload = visit.form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        # Four bytes a character at most; one more says that it is too long.
        return upload.file.read(4 * MOST + 1)
    return visit.given("text")

"""Settings: what is in force, what a change would do, versions; a change is saved over the version it was made from, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from unisono.policy.files import BadPolicy, parse_policy
from unisono.store.pairs import PairRow
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.settings import as_file, effects
from unisono.web.settled import asked, differences, in_vain, trouble
from unisono.web.visit import NotFound, Visit
from unisono.wiring.effects import Effect
from unisono.wiring.policies import ChangedMeanwhile, put_policy, text_of_version, versions
from unisono.wiring.settings import Draft, Wrong, draft, from_file, from_pair, questions_of, with_answers, with_fields

doors = Doors("settings")
Version = Annotated[int, Field(ge=0, le=10**9)]
TextIn = Annotated[str, Field(max_length=1024 * 1024)]
"""With a bound also half a character (a lone surrogate) is refused, which could be neither stored nor answered."""


class OptionOut(BaseModel):
    """One answer there is to choose from; ``lack`` says why it comes to nothing with these systems."""

    value: str
    text: str
    follows: str
    lack: str


class SettingOut(BaseModel):
    """One setting: its entry in the file, its answer (several are divided by line breaks), the usual one, and both in words."""

    entry: str
    section: str
    form: str
    label: str
    why: str
    value: str
    usual: str
    is_usual: bool
    lack: str
    options: list[OptionOut]


class SettingsOut(BaseModel):
    """The settings in force. ``file`` is all of it as its readable text."""

    version: int
    settings: list[SettingOut]
    file: str


class FieldIn(BaseModel):
    """A field's own direction and winner; an empty text is as all customers, none leaves it as it is."""

    direction: TextIn | None = None
    wins: TextIn | None = None


class ChangeIn(BaseModel):
    """A change: exactly one of answers by entry, a file's text, an earlier version, another pair, or fields. ``based_on`` is the version
    it was made from; without it, the one in force."""

    entries: dict[TextIn, TextIn] | None = None
    file: TextIn | None = None
    version: Version | None = None
    pair: TextIn | None = None
    fields: dict[TextIn, FieldIn] | None = None
    based_on: Version = 0


class SaveIn(ChangeIn):
    """A change to be saved, and why."""

    note: TextIn = ""


class DifferenceOut(BaseModel):
    """One entry that would be different, in words."""

    entry: str
    label: str
    before: str
    after: str


class RowOut(BaseModel):
    """A record that is treated differently: its verdict under either."""

    key: str
    label: str
    kind: str
    before: str
    after: str


class EffectOut(BaseModel):
    """What a change would do with what is known now. ``counting``: ask again. ``unread`` are lists nobody has read yet."""

    key: str
    state: str
    released: bool
    looked: int
    differing: int
    reasons: int
    turns: dict[str, int]
    more: dict[str, int]
    fewer: dict[str, int]
    unread: list[str]
    rows: list[RowOut]
    code: str


class ReviewOut(BaseModel):
    """A change, not saved: what differs, the file it would be, what comes to nothing, what others saved meanwhile, what it would do."""

    version: int
    changed: list[DifferenceOut]
    file: str
    in_vain: list[str]
    meanwhile: int
    both: list[str]
    effect: EffectOut | None


class SavedOut(BaseModel):
    """The version in force now; nothing changed if ``changed`` is empty."""

    version: int
    changed: list[DifferenceOut]


class VersionOut(BaseModel):
    """One version; ``by`` is empty for the one that the pair began with."""

    version: int
    at: str
    by: str
    note: str
    in_force: bool


@doors.get("/pairs/{pair_id}/settings", needs="view")
def settings(visit: Visitor, pair_id: str) -> SettingsOut:
    """What is in force, with what there is to choose from."""
    row = visit.pair(pair_id)
    found = asked(visit.speech, questions_of(visit.house, row.id), visit.titles(row))
    told = [
        SettingOut(
            entry=one.setting.entry,
            section=one.setting.section,
            form=one.setting.form,
            label=one.label,
            why=one.why,
            value=one.value,
            usual=one.usual,
            is_usual=one.is_usual,
            lack=one.lack,
            options=[OptionOut(value=o.value, text=o.text, follows=o.follows, lack=o.lack) for o in one.options],
        )
        for one in found
    ]
    return SettingsOut(version=row.policy_version, settings=told, file=row.policy)


@doors.post("/pairs/{pair_id}/settings/review", needs="admin", response_model=ReviewOut)
def review(visit: Visitor, pair_id: str, what: ChangeIn) -> Any:
    """What a change would be and do; nothing is saved, no vendor is asked."""
    row = visit.pair(pair_id)
    try:
        one = draft(visit.house, row.id, drafted(visit, row, what), what.based_on or row.policy_version)
    except (Wrong, BadPolicy) as error:
        return refused(visit, row, error)
    found = changed(visit, row, one)
    titles = visit.titles(row)
    vain = in_vain(visit.speech, questions_of(visit.house, row.id, one.body), {d.entry for d in found}, titles)
    return ReviewOut(
        version=one.version,
        changed=found,
        file=one.body,
        in_vain=vain,
        meanwhile=one.meanwhile.version if one.meanwhile else 0,
        both=list(one.both),
        effect=effect_out(effects(visit).begin(row.id, one.body)) if found else None,
    )


@doors.get("/pairs/{pair_id}/settings/effect/{key}", needs="view")
def effect(visit: Visitor, pair_id: str, key: str) -> EffectOut:
    """How far an effect is counted; they are remembered for a while only."""
    found = effects(visit).standing(visit.pair(pair_id).id, key)
    if found is None:
        raise NotFound
    return effect_out(found)


@doors.post("/pairs/{pair_id}/settings", needs="admin", response_model=SavedOut)
def save(visit: Visitor, pair_id: str, what: SaveIn) -> Any:
    """A change comes into force as a new version. 409 if somebody else saved since ``based_on``: look at it again."""
    row = visit.pair(pair_id)
    based_on = what.based_on or row.policy_version
    try:
        body = drafted(visit, row, what)
        found = changed(visit, row, Draft(body=body, before=row.policy, version=row.policy_version))
        version = row.policy_version
        if found or based_on != version:
            version = put_policy(visit.house, row.id, body, visit.by, note=what.note.strip(), based_on=based_on)
    except ChangedMeanwhile as error:
        told = str(visit.speech.words("review.meanwhile", name=error.by or "-", version=error.version, when=visit.speech.when(error.at)))
        return JSONResponse({"error": {"code": "review.meanwhile", "told": told, "version": error.version}}, status_code=409)
    except (Wrong, BadPolicy) as error:
        return refused(visit, row, error)
    return SavedOut(version=version, changed=found)


@doors.get("/pairs/{pair_id}/settings/versions", needs="view")
def all_versions(visit: Visitor, pair_id: str) -> list[VersionOut]:
    """Every version, oldest first."""
    return [
        VersionOut(version=one["version"], at=one["at"], by=one["by"], note=one["note"], in_force=one["in_force"])
        for one in versions(visit.house, visit.pair(pair_id).id)
    ]


@doors.get("/pairs/{pair_id}/settings/differences", needs="view")
def between(visit: Visitor, pair_id: str, before: Version, after: Version = 0) -> list[DifferenceOut]:
    """What differs between two versions; without ``after`` between one and the one in force."""
    row = visit.pair(pair_id)
    try:
        old, new = (text_of_version(visit.house, row.id, one) for one in (before, after or row.policy_version))
    except BadPolicy:
        raise NotFound from None
    return changed(visit, row, Draft(body=new, before=old, version=before))


@doors.get("/pairs/{pair_id}/settings/file", needs="view", response_class=Response)
def file(visit: Visitor, pair_id: str, version: Version = 0) -> Response:
    """A version as its readable text."""
    return as_file(visit, visit.pair(pair_id), version)


def drafted(visit: Visit, row: PairRow, what: ChangeIn) -> str:
    """The draft that a change makes. Raises ``Wrong``, ``BadPolicy``, ``NotFound``, or 422 unless it is exactly one."""
    given = [one for one in (what.entries, what.file, what.version, what.pair, what.fields) if one is not None]
    if len(given) != 1:
        raise HTTPException(422)
    based_on = what.based_on or row.policy_version
    text_of_version(visit.house, row.id, based_on)
    if what.entries is not None:
        return with_answers(visit.house, row.id, based_on, what.entries)
    if what.file is not None:
        return from_file(what.file)
    if what.version is not None:
        return text_of_version(visit.house, row.id, what.version)
    if what.pair is not None:
        return from_pair(visit.house, row.id, visit.pair(what.pair).id)
    rules = {name: one.model_dump(exclude_none=True) for name, one in (what.fields or {}).items()}
    return with_fields(text_of_version(visit.house, row.id, based_on), rules)


def changed(visit: Visit, row: PairRow, one: Draft) -> list[DifferenceOut]:
    """What differs, in words."""
    found = differences(visit.speech, parse_policy(one.before), parse_policy(one.body), visit.titles(row))
    return [DifferenceOut(entry=d.entry, label=d.label, before=d.before, after=d.after) for d in found]


def refused(visit: Visit, row: PairRow, error: Wrong | BadPolicy) -> JSONResponse:
    """What is wrong with a change of a pair's settings."""
    return wrong_out(visit, error.troubles if isinstance(error, Wrong) else [error], visit.titles(row))


def wrong_out(visit: Visit, troubles: Sequence[BadPolicy], titles: Mapping[str, str]) -> JSONResponse:
    """Everything that is wrong with settings, with line and entry."""
    told = [
        {
            "code": one.code,
            "entry": one.values.get("entry", ""),
            "line": one.values.get("line", ""),
            "told": trouble(visit.speech, one, titles),
        }
        for one in troubles
    ]
    return JSONResponse({"error": {"code": told[0]["code"], "told": told[0]["told"], "wrong": told}}, status_code=422)


def effect_out(told: Effect) -> EffectOut:
    """An effect as it stands."""
    rows = []
    for before, after in told.rows:
        one = after or before
        assert one is not None
        verdicts = (half.verdict if half is not None else "gone" for half in (before, after))
        rows.append(RowOut(**dict(zip(("before", "after"), verdicts, strict=True)), key=one.key, label=one.label, kind=one.kind))
    return EffectOut(
        key=told.key,
        state=told.state,
        released=told.released,
        looked=told.looked,
        differing=told.differing,
        reasons=told.reasons,
        turns={f"{before}>{after}": count for (before, after), count in told.turns.items()},
        more=dict(told.more),
        fewer=dict(told.fewer),
        unread=[f"{side}:{name}" for side, name in told.unread],
        rows=rows,
        code=told.code,
    )

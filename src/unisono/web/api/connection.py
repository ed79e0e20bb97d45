"""Settings of one connection: what its own account offers to choose from."""

from __future__ import annotations

from fastapi import HTTPException
from pydantic import BaseModel

from unisono.model.choice import Choice
from unisono.web.doors import Doors
from unisono.web.gate import Visitor
from unisono.web.pages.setup import connection_of
from unisono.wiring.adjusting import NoSuchValue, adjust, choices, make_field

doors = Doors("setup")


class OfferOut(BaseModel):
    """One value; ``shown`` is what the account calls it, where it has a name there."""

    value: str
    shown: str


class ChoiceOut(BaseModel):
    """A setting with its value. ``makes`` is what the account lacks for it and could be made there."""

    name: str
    value: str
    offers: list[OfferOut]
    makes: str


class AnswersIn(BaseModel):
    """Settings by name."""

    answers: dict[str, str]


class FieldIn(BaseModel):
    """The setting that lacks something in the account, and the yes to its being made there."""

    name: str
    yes: bool


class FieldOut(BaseModel):
    """What the thing that was made is called in the account."""

    made: str


@doors.get("/connections/{connection_id}/settings", needs="admin")
def settings(visit: Visitor, connection_id: str) -> list[ChoiceOut]:
    """What there is to choose, read from the account now."""
    return [_out(one) for one in choices(visit.house, connection_of(visit, connection_id).id)]


@doors.put("/connections/{connection_id}/settings", needs="admin")
def save(visit: Visitor, connection_id: str, what: AnswersIn) -> list[ChoiceOut]:
    """What was chosen; a value that the account does not offer is refused, and nothing is kept."""
    try:
        return [_out(one) for one in adjust(visit.house, connection_of(visit, connection_id).id, what.answers, visit.by)]
    except NoSuchValue:
        raise HTTPException(422) from None


@doors.post("/connections/{connection_id}/field", needs="admin")
def field(visit: Visitor, connection_id: str, what: FieldIn) -> FieldOut:
    """Makes in the account what a setting lacks, after a yes."""
    row = connection_of(visit, connection_id)
    if not what.yes:
        raise HTTPException(422)
    try:
        return FieldOut(made=make_field(visit.house, row.id, what.name, visit.by))
    except NoSuchValue:
        raise HTTPException(422) from None


def _out(one: Choice) -> ChoiceOut:
    offers = [OfferOut(value=offer.value, shown=offer.shown) for offer in one.offers]
    return ChoiceOut(name=one.name, value=one.value, offers=offers, makes=one.makes)

"""What the lists of the API share: a pair's open things in the reader's words, and what is not there any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel

from unisono.store.pairs import PairRow
from unisono.web.visit import NotFound, Visit
from unisono.wiring.deciding import NoSuchProblem, NoSuchQuestion
from unisono.wiring.standing import Titles

One = TypeVar("One")
Out = TypeVar("Out", bound=BaseModel)


class CountOut(BaseModel):
    """How many records it was done for."""

    count: int


def told(visit: Visit, pair: PairRow, found: Iterable[One], tell: Callable[[One, Titles], Out]) -> list[Out]:
    """What was found of a pair, each told under the names of its systems."""
    titles = visit.titles(pair)
    return [tell(one, titles) for one in found]


@contextmanager
def still_open() -> Iterator[None]:
    """A question or problem that is not open any more is not found."""
    try:
        yield
    except (NoSuchProblem, NoSuchQuestion):
        raise NotFound from None

"""What of a plan is shown: records of some verdicts, of one kind, with a text in their name; the same on the preview's page and a run's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from unisono.plan.behind import mark_of
from unisono.store.runs import PlanRow
from unisono.wiring.house import House
from unisono.wiring.previewing import VERDICTS, found_rows

KINDS = ("party", "contact", "product", "quote", "invoice")
SHOWN = 50
"""Records on a page."""
LAST = 2**53
"""No row has a higher number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for; ``outcome`` is what became of a run's records."""

    verdicts: tuple[str, ...] = ()
    kind: str = ""
    search: str = ""
    mark: str = ""
    """What stays behind of them."""
    outcome: str = ""
    after: int = 0

    @property
    def narrow(self) -> bool:
        """Whether somebody looks for something."""
        return bool(self.kind or self.search or self.mark)

    def at(self, base: str) -> str:
        """Its address, from the first record on."""
        asked = [*(("verdict", one) for one in self.verdicts), ("kind", self.kind), ("search", self.search), ("mark", self.mark)]
        return base + "?" + urlencode([(name, value) for name, value in (*asked, ("outcome", self.outcome)) if value])

    def otherwise(self, verdicts: Sequence[str]) -> Filter:
        """With these verdicts, if nothing at all was asked for."""
        return self if self.verdicts or self.narrow or self.outcome else replace(self, verdicts=tuple(verdicts))


def filter_of(
    verdict: Collection[str] | None,
    kind: str,
    search: str,
    after: int,
    outcome: str = "",
    outcomes: Collection[str] = (),
    mark: str = "",
) -> Filter:
    """What an address asks for; what it asks for in vain is left away."""
    return Filter(
        verdicts=tuple(one for one in VERDICTS if one in (verdict or ())),
        kind=kind if kind in KINDS else "",
        search=search.strip()[:200],
        mark=mark[:200] if mark_of(mark) is not None else "",
        outcome=outcome if outcome in outcomes else "",
        after=min(max(0, after), LAST),
    )


def rows_of(house: House, run_id: str, wanted: Filter) -> tuple[list[PlanRow], int]:
    """A page of what was asked for, and the number it goes on after (0: there is no more)."""
    return found_rows(
        house,
        run_id,
        verdicts=wanted.verdicts,
        kind=wanted.kind,
        search=wanted.search,
        mark=wanted.mark,
        outcome=wanted.outcome or None,
        after=wanted.after,
        limit=SHOWN,
    )

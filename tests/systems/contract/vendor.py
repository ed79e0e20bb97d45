"""What a system tells the suite about itself: how its simulator is set, and how a person makes and removes rows at the vendor's side.

Everything else the suite reads in ``system.toml``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unisono.connect.port import System
from unisono.model.capability import Capabilities, signed_in
from unisono.systems.catalogue import load

if TYPE_CHECKING:
    from tests.systems.contract.account import Account

Make = Callable[["Account", int], object]
"""Makes the n-th row of a resource as a person would; answers the row's key."""


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One system. Simulator and connector are those of its name: ``sandbox/<name>`` and ``systems/<name>``."""

    name: str
    login: Mapping[str, str]
    """Login field -> the simulator's setting that holds it."""
    unlimited: Mapping[str, Any]
    """Settings of a simulator that never says *too many*."""
    limited: Mapping[str, Any]
    """Settings of a simulator that allows exactly what ``system.toml`` says."""
    make: Mapping[str, Make]
    """Resource -> how a person makes a row of it."""
    drop: Mapping[str, Callable[[Account, str], object]]
    """Resource -> how a person removes a row."""
    priced: Callable[[Account, str], tuple[Any, str]]
    """A person makes a document of one net amount; its kind and canonical key."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the connection."""
    bound: Callable[[System], Mapping[str, Any]] | None = None
    """Set-up that gives our reference a place in every record: the settings of the connection afterwards."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Field -> a value the vendor takes, where the suite's own would be refused."""
    exact: tuple[tuple[str, ...], ...] = ()
    """Quantity, price of one and VAT rate of lines that the vendor holds to the last digit, where the suite's own are too fine for it."""
    too_fine: tuple[tuple[str, ...], ...] = ()
    """Such lines that it would round, each with the field that is too fine."""
    follows: frozenset[str] = frozenset()
    """Columns that move with each change (stamps, derived spellings)."""
    no_pdf: tuple[str, ...] = ()
    """The simulator's faults by which a download is no PDF."""
    huge_pdf: str = ""

    @property
    def capabilities(self) -> Capabilities:
        """What its file says."""
        return signed_in(load(self.name))

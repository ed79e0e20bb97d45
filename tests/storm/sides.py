"""The two vendors as the oracle sees them: their own ground truth and their own log, never the product's tables or mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from tests.storm.chance import Break, Deed
from unisono.model.secret import Secret
from unisono.store.doors import Store
from unisono.wiring import House

Letter = Literal["a", "b"]
Kind = Literal["party", "contact", "quote", "invoice", "note", "product"]
"""``quote`` is a deal on the CRM's side; ``note`` there is a note with its files."""
EXPIRED = "expired"
"""What a log calls the refusal of a key whose time is over: it is exchanged for another one, and the call is made again."""
Operation = Literal["create", "change", "delete", "read", "list", "other"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a vendor in plain texts. ``values`` has our names of fields (``name``, ``email``, ``address.city``, ``type``; a
    document ``title``, ``net``, ``gross``, ``state``, ``number``, and ``rendered`` ``no`` if it has no file yet; a note ``title``,
    ``text``, ``files``; a product ``number``, ``name``, ``price`` without VAT)."""

    key: str
    values: Mapping[str, str]
    owner: str = ""
    """The key of the customer it belongs to."""
    about: tuple[str, ...] = ()
    """The keys of the records a note is about."""
    tags: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """A value, empty if there is none."""
        return self.values.get(name, "")


@dataclass(frozen=True, slots=True)
class Wrote:
    """One field of a customer or contact as a call of the product left it."""

    key: str
    field: str
    value: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a vendor's row holds: the fields both systems may know, by record and field, and those that are nobody's but the vendor's."""

    known: Mapping[tuple[str, str], str]
    own: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the vendor saw it. ``operation`` ``read`` is of one row, ``list`` of many."""

    at: datetime
    operation: Operation
    kind: str
    key: str = ""
    """The record that was written or read."""
    done: bool = False
    """Whether the vendor's data changed."""
    status: int = 200
    """What the vendor answered; 0 if it answered nothing, or nothing of its own: a command that shares its call with others."""
    fault: str = ""
    """What struck it; its answer may then never have arrived."""
    seq: int = 0
    """Its number among all calls of the world, over both sides."""
    wrote: tuple[Wrote, ...] = ()
    """What a change of a customer or contact really changed."""
    spoilt: tuple[str, ...] = ()
    """Of the vendor's own fields, which nobody else knows, those it changed as well."""
    stop: datetime | None = None
    """The hour before which the vendor, in an answer that arrived, forbade to ask again."""


def changed(before: Inside | None, after: Inside | None) -> tuple[tuple[Wrote, ...], tuple[str, ...]]:
    """What a change made of a row: fields both know, and the vendor's own ones."""
    if before is None or after is None:
        return (), ()
    was = before.known
    wrote = tuple(
        Wrote(key, name, value, was.get((key, name), "")) for (key, name), value in after.known.items() if was.get((key, name), "") != value
    )
    gone = tuple(Wrote(key, name, "", value) for (key, name), value in was.items() if (key, name) not in after.known)
    return wrote + gone, tuple(sorted(name for name in {*before.own, *after.own} if before.own.get(name) != after.own.get(name)))


class Impossible(Exception):
    """A deed that cannot be done here and now: what it is about is not there, or is not in that state any more."""


class Side(Protocol):
    """One vendor: its truth, its log, its users' hands, its faults."""

    letter: Letter
    system: str

    def records(self, kind: Kind) -> Mapping[str, Entry]:
        """Everything of one kind that is there now, by the key the port knows it by. What was deleted or merged away is not."""
        ...

    @property
    def log(self) -> Sequence[Call]:
        """Every call of the product so far, in order."""
        ...

    def act(self, deed: Deed, keys: Mapping[str, str]) -> str:
        """A person does something; ``keys`` are those of the marks it names. The key of what was made or touched. Raises ``Impossible``."""
        ...

    def arm(self, fault: Break) -> bool:
        """Arms a fault of the wire or the vendor; ``False`` if this vendor cannot have it."""
        ...

    def bitten(self) -> Mapping[int, int]:
        """How often each armed fault really struck."""
        ...

    def disarm(self) -> None:
        """No fault from now on. What the vendor's habits are (it trims, it lists late) stays."""
        ...

    def freeze(self) -> bytes:
        """Everything it holds and its log."""
        ...

    def thaw(self, image: bytes) -> None:
        """As it was; only for one in which nothing has happened yet."""
        ...

    def hold(self) -> Sequence[Hold]:
        """The limits it documents, for judging the log."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """One limit: at most so many calls in any window of so many seconds. ``successes``: only those count."""

    limit: int
    seconds: float
    successes: bool = False


@dataclass(slots=True)
class Listener:
    """What a stage tells the world around every call of the product. Both may raise: people act here, workers meet, processes end.

    ``before(letter, what, write)`` and ``after(letter, what, write)``; ``what`` is ``customer.create`` or ``POST companies``. ``after``
    is told once the vendor has done what it does, before the product hears of it.
    """

    before: Callable[[Letter, str, bool], None] = field(default=lambda _letter, _what, _write: None)
    after: Callable[[Letter, str, bool], None] = field(default=lambda _letter, _what, _write: None)


class Stage(Protocol):
    """What a world is played on: two vendors, and how one process of the product reaches them."""

    @property
    def a(self) -> Side:
        """The CRM."""
        ...

    @property
    def b(self) -> Side:
        """The invoicing system."""
        ...

    def connection(self, letter: Letter) -> tuple[str, dict[str, str], dict[str, Secret], dict[str, str]]:
        """What is stored of a side: the system's name, its plain login fields, its secret ones, and its settings."""
        ...

    def policy(self) -> str:
        """The text of the policy a pair of these two begins with."""
        ...

    def process(self, store: Store, step: Callable[[str], None]) -> House:
        """A new process of the product on the store."""
        ...

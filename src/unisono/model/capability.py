"""What a system can do, as data: the planner asks *can it?*, never *who is it?*.

Read from ``system.toml`` (``unisono.model.system_file``) and narrowed or widened by what set-up proved for one connection.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from unisono.model.document import Answer, Paid, Stage
from unisono.model.record import Kind

Confidence = Literal["fixture", "doc", "client", "guess"]
"""How a fact is known: a recorded answer, the vendor's documentation, public code that works against the real service, nothing better."""
Signal = Literal["stamp", "coarse-stamp", "ordered-until", "version", "compare", "none", "hook"]
Depth = Literal["key", "thin", "full", "status"]
"""What a row tells: its key, a part, everything; ``status``: only how the record stands (paid or not), never the record itself."""
LineView = Literal["unstated", "readable", "none", "hidden"]
"""Lines of a document: readable, of a kind without lines (a deal), or there but never shown; ``unstated`` where nobody said."""
WriteMode = Literal["partial", "replace", "append", "upsert", "none"]
LineMode = Literal["none", "with-create", "replace", "append", "by-id"]
"""How lines are written: not at all, only with the document, the whole list anew, only added, or one by one by the vendor's line id."""
Means = Literal["record", "draft", "issued", "blind-draft", "none"]
Find = Literal["idempotency-key", "reference", "natural", "counter", "none"]
"""How a create of unknown outcome is found again, best first; ``counter``: only by a number read before it and compared after it."""
Form = Literal["as-is", "upper", "lower", "country-name", "html"]
"""How the system spells what it was given."""
Window = Literal["sliding", "bucket", "block", "none"]
Counts = Literal["all", "success"]
Door = Literal[
    "trigger", "open-link", "button", "import-rows", "webhook", "webhook-by-hand", "queue", "identify", "public-file-link", "attach-by-url"
]  # fmt: skip
"""``webhook-by-hand``: a person enters our address in the vendor's own pages. ``queue``: the vendor keeps notices until they are fetched."""


class FieldLimit(Struct, frozen=True, kw_only=True):
    """What a system holds of one canonical field. ``required``: always, or only for a company or a person."""

    length: int = 0
    """Most characters; 0 is unlimited or unknown."""
    person_length: int = 0
    """Most characters of a person's, where that is less (a last name); 0: as ``length``."""
    required: Literal["no", "yes", "company", "person"] = "no"
    of: Literal["", "company", "person"] = ""
    """Where only one form of party has a place for it; empty: both have."""
    on_create: bool = True
    on_change: bool = True
    can_clear: bool = True
    count: int = 1
    """Most values it takes on a write (a company's e-mails); 0 is unlimited."""
    form: Form = "as-is"
    values: tuple[str, ...] = ()
    confidence: Confidence = "guess"

    def longest(self, form: str) -> int:
        """Most characters for a ``company`` or a ``person``; 0 is unlimited or unknown."""
        return (form == "person" and self.person_length) or self.length


class Resource(Struct, frozen=True, kw_only=True):
    """A list the vendor offers. ``kinds`` are the canonical kinds its rows are seen as."""

    name: str
    kinds: tuple[Kind, ...]
    signal: Signal = "none"
    overlap: int = 0
    """Seconds read again before the mark, because the stamp is coarse or lags."""
    depth: Depth = "full"
    row_calls: int = 0
    """Further calls a row costs before it is known in full."""
    batch: int = 1
    """Rows that one call brings by their keys."""
    page: int = 100
    """Rows of one call; 0 where one call brings everything."""
    window: int = 0
    """Most rows one query shows, however many pages are asked for: beyond it the query is split by date. 0 is no limit known."""
    whole: bool = True
    """Whether a full listing shows every row, so that a missing one may have been deleted."""
    listed: bool = True
    """Whether there is a list at all; if not, a row can only be read by a key that is known already (its own or its owner's)."""
    part_of: tuple[str, ...] = ()
    """Resources whose rows these rows belong to (a company's addresses): a change here is a change there."""
    lines: LineView = "unstated"
    draft_file: bool = True
    """Whether a document that is a draft has a file to fetch already."""
    delete_lag: int = 60
    """Seconds between the two definite *not found* that count as a deletion."""
    webhook: bool = False
    needs: str = ""
    """Name of the option the connection must have."""
    confidence: Confidence = "guess"
    marks: dict[str, Confidence] = field(default_factory=dict)
    """Entries of this table that are known otherwise than ``confidence`` says."""


class Writing(Struct, frozen=True, kw_only=True):
    """How one canonical kind is written."""

    kind: Kind
    mode: WriteMode = "none"
    create: Means = "none"
    other_means: tuple[Means, ...] = ()
    """What a create may make instead, chosen with each call."""
    change: bool = False
    delete: bool = False
    inside: Kind | Literal[""] = ""
    """The kind it is written along with, where it has no call of its own (a customer that only travels on an invoice)."""
    replace_file: bool = False
    file_first: bool = False
    """Whether the rendered file must be there before the record can be created."""
    conditional: bool = False
    find: Find = "none"
    natural_key: tuple[str, ...] = ()
    """Canonical fields that are its key where the vendor gives none."""
    lag: int = 2
    """Seconds a search may trail a create (declared lag)."""
    read_back: bool = True
    """Whether the answer to a write leaves values unproven."""
    batch: int = 1
    """Writes that one call carries, the outcome of each told apart."""
    calls: int = 1
    """Wire calls a create costs."""
    steps: tuple[str, ...] = ()
    """The vendor's operations a create is made of, in order, where it is more than one."""
    immutable_when: tuple[str, ...] = ()
    exclusive: str = ""
    """Name of a key wider than a pair that one write at a time may hold (a number series)."""
    file_limit: int = 20 * 1024 * 1024
    types: tuple[str, ...] = ()
    """Document types it can make: UNTDID 1001, or ``receipt``."""
    line_mode: LineMode = "none"
    max_lines: int = 0
    vat_rates: tuple[str, ...] = ()
    """The VAT rates its lines may have; empty: any."""
    per_owner: int = 0
    """Most records of this kind that one owner may hold, as far as we may write them; 0 is no limit known."""
    tags: bool = False
    """Whether a tag can be put on such a record."""
    bindable: bool = False
    """Whether set-up may tie further canonical fields to custom fields of it."""
    fields: dict[str, FieldLimit] = field(default_factory=dict)
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ending of a key -> the fields that such records hold alone (a contact embedded in its customer has no e-mail of its own)."""
    needs: str = ""
    """Name of the option the connection must have."""
    confidence: Confidence = "guess"
    marks: dict[str, Confidence] = field(default_factory=dict)
    """Entries of this table that are known otherwise than ``confidence`` says."""


class PaceRule(Struct, frozen=True, kw_only=True):
    """One limit of the vendor. ``scope`` says what shares it: ``key``, ``account`` or ``address`` (the caller's IP and the portal)."""

    window: Window = "none"
    limit: int = 0
    seconds: int = 0
    counts: Counts = "all"
    block: int = 0
    """Seconds a breach locks the caller out (``block``)."""
    scope: Literal["key", "account", "address"] = "key"
    plans: dict[str, int] = field(default_factory=dict)
    """Limits of the vendor's price plans by name, where they differ."""
    confidence: Confidence = "guess"
    marks: dict[str, Confidence] = field(default_factory=dict)


class LoginField(Struct, frozen=True, kw_only=True):
    """One value a person pastes at set-up. ``where`` is a catalogue code: the path to it in the vendor's own menu words."""

    name: str
    secret: bool
    where: str
    example: str = ""
    needs: str = ""
    """Name of the option it is asked for; empty: always."""
    issued: bool = False
    """Whether the vendor issues it at the end of its own sign-in page, and renews it later: nobody types it."""


class Option(Struct, frozen=True, kw_only=True):
    """What one connection has and another lacks: a way to sign in, a plan, a module, something discovered. Proved at set-up."""

    name: str
    default: bool = False
    """Whether a connection has it until set-up shows otherwise."""
    doors: tuple[Door, ...] = ()
    """Side doors it opens besides those everybody has."""
    confidence: Confidence = "guess"
    note: str = ""


class StatusWord(Struct, frozen=True, kw_only=True):
    """The vendor's word for a state and what it says on our axes; an axis it is silent about is empty."""

    resource: str
    word: str
    stage: Stage | Literal[""] = ""
    answer: Answer | Literal[""] = ""
    paid: Paid | Literal[""] = ""
    confidence: Confidence = "guess"
    note: str = ""


class Fact(Struct, frozen=True, kw_only=True):
    """A statement about the vendor that a person may want to check: shown by ``unisono systems`` and on the page."""

    code: str
    value: str
    confidence: Confidence
    note: str = ""


class Grade(Struct, frozen=True, kw_only=True):
    """One rule of the ladder bronze, silver, gold: done, not yet, or exempt with its reason."""

    rule: str
    state: Literal["done", "not-yet", "exempt"]
    reason: str = ""
    test: str = ""
    """The test that proves it done: ``tests/<file>.py::<name>``."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """Everything the planner and the engine may know of a system. ``bound`` are canonical fields set-up tied to custom fields."""

    name: str
    title: str
    kind: Literal["crm", "invoicing"]
    country: str
    implemented: bool
    time_zone: str
    api: str
    hosts: tuple[str, ...]
    login: tuple[LoginField, ...]
    pace: tuple[PaceRule, ...]
    resources: tuple[Resource, ...]
    writings: tuple[Writing, ...]
    own_host: bool = False
    """Whether the firm may run it on a host of its own, named at set-up; such a host passes the check for user-given hosts first."""
    doors: tuple[Door, ...] = ()
    """Side doors it offers to every connection."""
    options: tuple[Option, ...] = ()
    statuses: tuple[StatusWord, ...] = ()
    facts: tuple[Fact, ...] = ()
    grades: tuple[Grade, ...] = ()
    bound: tuple[str, ...] = ()

    def resource(self, name: str) -> Resource:
        """The list of that name; ``KeyError`` if the vendor has none."""
        for resource in self.resources:
            if resource.name == name:
                return resource
        raise KeyError(name)

    def lists(self, kind: Kind) -> Resource | None:
        """The list that shows records of a kind, if there is one; parts of such records do not count."""
        return next((r for r in self.resources if kind in r.kinds and r.listed and not r.part_of), None)

    def reads(self, kind: Kind) -> Resource | None:
        """Where a record of a kind can be read again: its list, else a resource that answers for known keys."""
        return self.lists(kind) or next((r for r in self.resources if kind in r.kinds and not r.part_of), None)

    def parts(self, name: str) -> tuple[Resource, ...]:
        """The further lists whose rows belong to rows of that resource."""
        return tuple(r for r in self.resources if name in r.part_of)

    def writing(self, kind: Kind) -> Writing:
        """How a kind is written; a kind it cannot write gives a ``Writing`` that says no to everything."""
        for writing in self.writings:
            if writing.kind == kind:
                return writing
        return Writing(kind=kind)

    def write_only(self, kind: Kind) -> bool:
        """Whether a kind can be written and never read: what is agreed there stays *unseen*."""
        writing, resource = self.writing(kind), self.reads(kind)
        return (writing.create != "none" or writing.change) and (resource is None or resource.depth == "status")

    def fields(self, kind: Kind, key: str = "") -> dict[str, FieldLimit]:
        """The canonical fields of a kind that this system holds; of one record only those that it has a place for."""
        writing = self.writing(kind)
        for ending, names in writing.only.items():
            if key.endswith(ending):
                return {name: limit for name, limit in writing.fields.items() if name in names}
        return writing.fields

    def fact(self, code: str) -> str:
        """The value of a fact (a path, a member name); ``KeyError`` if the file does not state it."""
        for fact in self.facts:
            if fact.code == code:
                return fact.value
        raise KeyError(code)


def confidence_of(part: Resource | Writing | PaceRule, entry: str) -> Confidence:
    """How one entry of a table is known: its own mark, else the mark of the whole table."""
    return part.marks.get(entry, part.confidence)


def calls_to_read(resource: Resource, rows: int) -> int:
    """Calls that a full reading of ``rows`` rows costs, details included; ``resource`` must be listed."""
    pages = max(1, -(-rows // resource.page)) if resource.page else 1
    return pages + rows * resource.row_calls


def with_bindings(capabilities: Capabilities, kind: Kind, names: tuple[str, ...]) -> Capabilities:
    """The same system for a connection where set-up tied more canonical fields of ``kind`` to custom fields."""
    writings = tuple(
        replace(w, fields=w.fields | {n: FieldLimit(length=250, confidence="doc") for n in names}) if w.kind == kind else w
        for w in capabilities.writings
    )
    return replace(capabilities, writings=writings, bound=tuple(sorted({*capabilities.bound, *names})))


def with_options(capabilities: Capabilities, had: Collection[str] | None = None) -> Capabilities:
    """The same system for a connection that has these options (``None``: the usual ones). ``KeyError`` for an option nobody declared.

    What needs an option the connection lacks is gone: its lists, its writings, its login fields.
    """
    names = {option.name for option in capabilities.options}
    kept = {o.name for o in capabilities.options if o.default} if had is None else set(had)
    if kept - names:
        raise KeyError(", ".join(sorted(kept - names)))
    opened = [door for option in capabilities.options if option.name in kept for door in option.doors]
    return replace(
        capabilities,
        resources=tuple(r for r in capabilities.resources if not r.needs or r.needs in kept),
        writings=tuple(w for w in capabilities.writings if not w.needs or w.needs in kept),
        login=tuple(f for f in capabilities.login if not f.needs or f.needs in kept),
        doors=tuple(dict.fromkeys([*capabilities.doors, *opened])),
    )


def ways_in(capabilities: Capabilities) -> tuple[str, ...]:
    """The options between which a person chooses how to sign in, the usual one first; none where there is one way only."""
    needed = {one.needs for one in capabilities.login if one.needs}
    found = [option for option in capabilities.options if option.name in needed]
    return tuple(option.name for option in sorted(found, key=lambda option: not option.default)) if len(found) > 1 else ()


def signed_in(capabilities: Capabilities, way: str = "") -> Capabilities:
    """The same system for a connection that signs in so. ``way`` is one of ``ways_in``; empty: the usual one. ``KeyError`` for any other."""
    ways = ways_in(capabilities)
    if way and way not in ways:
        raise KeyError(way)
    had = {option.name for option in capabilities.options if option.default and option.name not in ways}
    return with_options(capabilities, {*had, way or ways[0]} if ways else had)

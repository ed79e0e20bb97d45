"""The schema of a policy. Every default is the product's own; a preset states what a documented pair does differently.

Words of sides: ``crm`` and ``invoicing``. Directions: ``both``, ``to-invoicing``, ``to-crm``, ``off``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Struct, field

from unisono.model.codes import COUNTRIES
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS

Direction = Literal["both", "to-invoicing", "to-crm", "off"]
Winner = Literal["ask", "crm", "invoicing"]
MatchRule = Literal["reference", "tax_id", "number", "email_name", "name_postcode"]
DocumentKind = Literal["quote", "invoice", "credit-note"]


class Between(Struct, frozen=True):
    """What a number may be at least and at most."""

    least: int
    most: int | None = None


Percent = Annotated[Decimal, Between(0, 100)]


class WrongEntry(ValueError):
    """An entry that a rule of the schema forbids: its name below the table that was looked at, a code of ``wrong``, and what was found."""

    def __init__(self, entry: str, wrong: str, found: str, choices: tuple[str, ...] = ()) -> None:
        super().__init__(f"{entry}: {wrong} {found}")
        self.entry, self.wrong, self.found, self.choices = entry, wrong, found, choices


class FieldRule(Struct, frozen=True, kw_only=True):
    """One field's own direction and winner; what is not said follows the flow."""

    direction: Direction | None = None
    wins: Winner | None = None


Vanished = Literal["unlink", "ignore", "mark", "delete"]
"""``unlink``: end the link and say so. ``ignore``: keep the link and note it. ``mark``: unlink and put a tag on what is left, where the
system has tags. ``delete``: the other record too, if nothing speaks against it (documents, an edit, a single answer); else unlink."""


class Deletion(Struct, frozen=True, kw_only=True):
    """What the disappearance of a linked record leads to on the other side, and when so many at once stop the pair."""

    in_crm: Vanished = "unlink"
    """What follows when a customer was deleted in the CRM."""
    in_invoicing: Vanished = "unlink"
    contacts: Vanished | None = None
    """The same for contacts, whichever side; what is not said follows the two above."""
    brake_number: Annotated[int, Between(1)] = 5
    brake_percent: Annotated[int, Between(1, 100)] = 5


class TakeFromCrm(Struct, frozen=True, kw_only=True):
    """Which customers of the CRM go to the invoicing system: those with a quote, those tagged."""

    when: tuple[Literal["quote", "tag"], ...] = ("quote",)
    tag: str = ""
    history: Literal["all", "new"] = "new"
    """``all``: also customers whose quote is older than the release of the pair (the complete sync of set-up)."""


class TakeFromInvoicing(Struct, frozen=True, kw_only=True):
    """Which customers of the invoicing system go to the CRM."""

    when: Literal["all", "none"] = "all"
    history: Literal["all", "new"] = "new"


class Only(Struct, frozen=True, kw_only=True):
    """Which customers take part at all, from either side; an entry that is empty leaves nobody out. Who is linked stays linked."""

    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2; an address without a country counts as the policy's own."""
    tag: str = ""
    """CRM only: the invoicing systems show no tags, so their customers are not held to it."""
    email: bool = False
    names: tuple[str, ...] = ()
    """The customers of exactly these names: a first try with a few."""

    def __post_init__(self) -> None:
        unknown = [code for code in self.countries if code not in COUNTRIES]
        if unknown:
            raise WrongEntry("countries", "country", unknown[0])


class Customers(Struct, frozen=True, kw_only=True):
    """Parties and their contacts."""

    direction: Direction = "both"
    wins: Winner = "ask"
    from_crm: TakeFromCrm = TakeFromCrm()
    from_invoicing: TakeFromInvoicing = TakeFromInvoicing()
    only: Only = Only()
    contacts: Literal["tagged", "all", "none"] = "tagged"
    """Contacts of a company that go to the invoicing system: of tagged companies and tagged themselves, all, none."""
    require: tuple[str, ...] = ("address.line1", "address.postcode", "address.city", "address.country")
    """Fields that must be filled before a customer is created in the invoicing system."""
    country: str = ""
    """Country for addresses that name none (ISO 3166-1 alpha-2)."""
    fields: dict[str, FieldRule] = field(default_factory=dict)
    deletion: Deletion = Deletion()

    def __hash__(self) -> int:
        # Directions of single fields are a table, which has no hash: policies that differ in nothing else are told apart by comparing them.
        return hash(tuple(getattr(self, name) for name in self.__struct_fields__ if name != "fields"))

    def __post_init__(self) -> None:
        known = set(PARTY_FIELDS) | set(CONTACT_FIELDS)
        unknown = sorted((set(self.fields) | set(self.require)) - known)
        if unknown:
            raise WrongEntry("fields" if unknown[0] in self.fields else "require", "field", ", ".join(unknown), tuple(sorted(known)))
        if self.country and self.country not in COUNTRIES:
            raise WrongEntry("country", "country", self.country)
        if "tag" in self.from_crm.when and not self.from_crm.tag:
            raise WrongEntry("from_crm.tag", "no-tag", "")


class Matching(Struct, frozen=True, kw_only=True):
    """Rules in order; a single exact hit by an accepted rule links, every other hit is a question."""

    accept: tuple[MatchRule, ...] = ("reference", "tax_id", "number")
    look: tuple[MatchRule, ...] = ("reference", "tax_id", "number", "email_name", "name_postcode")

    def __post_init__(self) -> None:
        blind = [rule for rule in self.accept if rule not in self.look]
        if blind:
            raise WrongEntry("accept", "not-looked-at", ", ".join(blind))


class ProductFields(Struct, frozen=True, kw_only=True):
    """Each field's own direction, within that of the products as a whole."""

    name: Direction = "both"
    number: Direction = "both"
    description: Direction = "both"
    unit: Direction = "both"
    price: Direction = "both"
    vat_rate: Direction = "both"


class Products(Struct, frozen=True, kw_only=True):
    """The catalogues of both sides."""

    direction: Direction = "off"
    wins: Winner = "ask"
    history: Literal["all", "new"] = "all"
    basis: Literal["net", "gross"] = "net"
    """For prices of which a system does not say whether VAT is in them."""
    fields: ProductFields = ProductFields()


class Quotes(Struct, frozen=True, kw_only=True):
    """Deals of the CRM that become quotes in the invoicing system."""

    direction: Literal["to-invoicing", "off"] = "to-invoicing"
    history: Literal["all", "new"] = "new"
    basis: Literal["net", "gross"] = "net"
    vat_rate: Percent = Decimal(19)


class Invoices(Struct, frozen=True, kw_only=True):
    """Invoices of the CRM that become invoices in the invoicing system, which gives them their number."""

    direction: Literal["to-invoicing", "off"] = "off"
    made_as: Literal["draft", "issued"] = "draft"
    """Only ``issued`` by name lets an invoice go out without a person having looked at it there."""
    taken: Literal["issued", "created"] = "issued"
    """From when on an invoice counts: as soon as it is there, or not before it is a draft no more."""
    history: Literal["all", "new"] = "new"
    basis: Literal["net", "gross"] = "net"
    """For amounts of which the CRM does not say whether VAT is in them."""
    vat_rate: Percent = Decimal(19)
    """Of an invoice that has one amount and no lines."""


class Documents(Struct, frozen=True, kw_only=True):
    """Documents of the invoicing system that are filed in the CRM as a note with the rendered file."""

    direction: Literal["to-crm", "off"] = "to-crm"
    kinds: tuple[DocumentKind, ...] = ("quote", "invoice", "credit-note")
    quote_when: Literal["created", "sent"] = "sent"
    invoice_when: Literal["created", "issued"] = "issued"
    history: Literal["all", "new"] = "new"
    file: bool = True
    staff_link: bool = True
    public_link: bool = False
    """A link that opens without login is written into the CRM only if this says so."""


class Stages(Struct, frozen=True, kw_only=True):
    """State of a document -> the CRM's own name for the stage that a deal, quote or invoice is moved to; empty: it stays where it is."""

    quote_issued: str = ""
    quote_sent: str = ""
    quote_accepted: str = ""
    quote_rejected: str = ""
    invoice_issued: str = ""
    invoice_sent: str = ""
    invoice_part_paid: str = ""
    invoice_paid: str = ""
    invoice_overdue: str = ""
    invoice_reminded: str = ""
    invoice_cancelled: str = ""


class Triggers(Struct, frozen=True, kw_only=True):
    """State of a document -> the code of the automation that is set off for it; empty: none."""

    quote_issued: str = ""
    quote_sent: str = ""
    quote_accepted: str = ""
    quote_rejected: str = ""
    invoice_issued: str = ""
    invoice_sent: str = ""
    invoice_part_paid: str = ""
    invoice_paid: str = ""
    invoice_overdue: str = ""
    invoice_reminded: str = ""
    invoice_cancelled: str = ""


class Status(Struct, frozen=True, kw_only=True):
    """What a document's new state in the invoicing system leads to at the deal, quote or invoice of the CRM that it belongs to."""

    direction: Literal["to-crm", "off"] = "off"
    stages: Stages = Stages()
    triggers: Triggers = Triggers()
    note: bool = True
    """Where a stage or automation is wanted that the CRM does not let others move or set off, a note says what happened."""


class Poll(Struct, frozen=True, kw_only=True):
    """How often both systems are asked. ``floor_seconds`` is the shortest interval; the vendor's allowance may demand a longer one."""

    floor_seconds: Annotated[int, Between(60, 604_800)] = 300


class Policy(Struct, frozen=True, kw_only=True):
    """Everything a firm chose for one pair."""

    schema_version: Literal[1] = 1
    language: Literal["de", "en", "pl", "ro"] = "en"
    """The language of texts written into a vendor."""
    customers: Customers = Customers()
    matching: Matching = Matching()
    products: Products = Products()
    quotes: Quotes = Quotes()
    invoices: Invoices = Invoices()
    documents: Documents = Documents()
    status: Status = Status()
    poll: Poll = Poll()
    leave_out: tuple[str, ...] = ()
    """Records a person left out for good, linked or not, with all that belongs to them: ``a:party:company:42`` (a: CRM, b: invoicing)."""
    try_unverified: tuple[str, ...] = ()
    """Codes of unverified facts that may be written with (``clear-field``)."""


def direction_of(policy: Policy, field: str) -> Direction:
    """The direction of one field of a customer."""
    rule = policy.customers.fields.get(field)
    return _within(policy.customers.direction, rule.direction if rule else None)


def product_direction(policy: Policy, field: str) -> Direction:
    """The direction of one field of a product."""
    return _within(policy.products.direction, getattr(policy.products.fields, field, None))


def _within(whole: Direction, own: Direction | None) -> Direction:
    """A field's own direction within that of all."""
    if own is None or whole == "off":
        return whole
    if whole == "both" or own in (whole, "off"):
        return own
    return whole if own == "both" else "off"


def winner_of(policy: Policy, field: str) -> Winner:
    """Who wins where both sides changed one field."""
    rule = policy.customers.fields.get(field)
    return (rule.wins if rule else None) or policy.customers.wins

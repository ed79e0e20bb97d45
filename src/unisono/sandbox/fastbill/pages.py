"""The vendor's-side page: the account's records, newest first, with a form for each thing a person can do there."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from werkzeug.wrappers import Request, Response

from unisono.sandbox.fastbill import codes, links
from unisono.sandbox.fastbill.account import NO_TIME, Account
from unisono.sandbox.fastbill.issuing import open_amount
from unisono.sandbox.kit import html
from unisono.sandbox.kit.world import Row

_SHOWN = 50
_CUSTOMER_FIELDS = (
    ("organization", "Firma"),
    ("first_name", "Vorname"),
    ("last_name", "Nachname"),
    ("address", "Straße"),
    ("zipcode", "PLZ"),
    ("city", "Ort"),
    ("country_code", "Land"),
    ("email", "E-Mail"),
    ("phone", "Telefon"),
    ("tags", "Tags"),
)
_CONTACT_FIELDS = tuple(pair for pair in _CUSTOMER_FIELDS if pair[0] in ("first_name", "last_name", "email", "phone"))
_ITEMS_HINT = "Positionen: Beschreibung; Menge; Preis; USt"


def page(account: Account, request: Request) -> Response:
    """The whole page."""
    return html.page(
        "FastBill (simulated)",
        html.paragraph(f"{account.setting('email')}, plan {account.setting('plan')}, vendor's time {account.now()}", "note"),
        html.Safe('<nav><a href="#kunden">Kunden</a><a href="#angebote">Angebote</a><a href="#rechnungen">Rechnungen</a></nav>'),
        html.heading("Kunden", anchor="kunden"),
        html.details("Neuer Kunde", _customer_form("create_customer")),
        html.table(("Nr.", "Kunde", "Anschrift", "Kontakt", "geändert", ""), _customers(account)),
        html.heading("Angebote", anchor="angebote"),
        html.details("Neues Angebot", _document_form(account, "create_estimate", ())),
        html.table(("Nr.", "Kunde", "Titel", "Summe", "Status", ""), _estimates(account)),
        html.heading("Rechnungen", anchor="rechnungen"),
        html.details("Neue Rechnung", _document_form(account, "create_invoice", (html.choice("complete", _NO_YES, "fertigstellen"),))),
        html.table(("Nr.", "Kunde", "Titel", "Summe", "offen", "Stand", ""), _invoices(account)),
        request=request,
    )


_NO_YES = (("0", "nein"), ("1", "ja"))


def _newest(account: Account, table: str) -> Iterable[Row]:
    rows = list(account.table(table).values())
    return reversed(rows[-_SHOWN:])


def name(row: Row) -> str:
    """How a customer is called on the page."""
    return row["ORGANIZATION"] or f"{row['FIRST_NAME']} {row['LAST_NAME']}".strip()


def _customer_form(act: str, row: Row | None = None, fields: Iterable[tuple[str, str]] = _CUSTOMER_FIELDS) -> html.Safe:
    values = row or {}
    inputs = [html.field(field, label, values.get(field.upper(), "")) for field, label in fields]
    return html.form(act, [*_id(row, "CONTACT_ID" if "CONTACT_ID" in values else "CUSTOMER_ID"), *inputs], "speichern")


def _id(row: Row | None, key: str) -> list[html.Safe]:
    return [html.field("id", value=row[key], kind="hidden")] if row else []


def _customers(account: Account) -> Iterable[list[object]]:
    for row in _newest(account, "customers"):
        people = account.owned("contacts").get(row["CUSTOMER_ID"], {}).values()
        owner = html.field("customer_id", value=row["CUSTOMER_ID"], kind="hidden")
        new = [owner, *(html.field(field, label) for field, label in _CONTACT_FIELDS)]
        forms = html.details(
            "bearbeiten",
            _customer_form("edit_customer", row),
            html.heading("Ansprechpartner", 3),
            *(_customer_form("edit_contact", person, _CONTACT_FIELDS) for person in people),
            html.form("create_contact", new, "Ansprechpartner anlegen"),
            html.form("delete_customer", _id(row, "CUSTOMER_ID"), "Kunden löschen"),
        )
        contact = f"{row['FIRST_NAME']} {row['LAST_NAME']}".strip() if row["ORGANIZATION"] else ""
        yield [
            row["CUSTOMER_NUMBER"],
            name(row),
            f"{row['ADDRESS']}, {row['ZIPCODE']} {row['CITY']}".strip(", "),
            ", ".join(part for part in (contact, row["EMAIL"], row["PHONE"]) if part),
            row["LASTUPDATE"],
            forms,
        ]


def _document_form(account: Account, act: str, more: Iterable[html.Safe]) -> html.Safe:
    customers = [(row["CUSTOMER_ID"], f"{row['CUSTOMER_NUMBER']} {name(row)}") for row in account.table("customers").values()]
    return html.form(
        act,
        [
            html.choice("customer_id", customers, "Kunde"),
            html.field("title", "Titel"),
            html.field("items", _ITEMS_HINT, "Beratung; 2; 95.00; 19", kind="textarea"),
            *more,
        ],
        "anlegen",
    )


def _lines(row: Row) -> str:
    return "\n".join(f"{item['DESCRIPTION']}; {item['QUANTITY']}; {item['UNIT_PRICE']}; {item['VAT_PERCENT']}" for item in row["ITEMS"])


def _pdf(account: Account, row: Row, table: str, key: str) -> html.Safe:
    # A link relative to this server, whatever base the answers of the API carry.
    address = links.issue(account, table, row[key]).removeprefix(account.setting("portal"))
    return html.link(address, "PDF")


def _money(amount: Decimal, row: Row) -> str:
    return f"{amount:.2f} {row['CURRENCY_CODE']}"


def _edit(row: Row, key: str, act: str) -> html.Safe:
    fields = [html.field("title", "Titel", row["INVOICE_TITLE"]), html.field("items", _ITEMS_HINT, _lines(row), kind="textarea")]
    return html.details("bearbeiten", html.form(act, [*_id(row, key), *fields], "speichern"))


def _estimates(account: Account) -> Iterable[list[object]]:
    states = [(key, f"{key} {words}") for key, words in codes.ESTIMATE_STATES.items()]
    for row in _newest(account, "estimates"):
        own = _id(row, "ESTIMATE_ID")
        forms = html.join(
            _pdf(account, row, "estimates", "ESTIMATE_ID"),
            html.form("set_estimate_state", [*own, html.choice("state", states, "Status", row["STATE"])], "setzen"),
            html.form("send_estimate_mail", [*own, html.field("to", "an", kind="email")], "mailen"),
            html.form("create_invoice", [html.field("estimate_id", value=row["ESTIMATE_ID"], kind="hidden")], "Rechnung daraus"),
            _edit(row, "ESTIMATE_ID", "edit_estimate"),
        )
        state = f"{row['STATE']} {codes.ESTIMATE_STATES[row['STATE']]}"
        yield [row["ESTIMATE_NUMBER"], name(row), row["INVOICE_TITLE"], _money(row["TOTAL"], row), state, forms]


def _state(row: Row) -> str:
    if row["IS_CANCELED"] == "1":
        return "storniert"
    if row["TYPE"] != "outgoing":
        return "Entwurf" if row["TYPE"] == "draft" else "Gutschrift"
    if row["PAID_DATE"] != NO_TIME:
        return "bezahlt"
    return "teilbezahlt" if row["PAYMENTS"] else "offen"


def _invoices(account: Account) -> Iterable[list[object]]:
    for row in _newest(account, "invoices"):
        own = _id(row, "INVOICE_ID")
        parts: list[html.Safe] = [_pdf(account, row, "invoices", "INVOICE_ID")]
        if row["TYPE"] == "draft":
            parts += [html.form("complete_invoice", own, "fertigstellen"), _edit(row, "INVOICE_ID", "edit_draft_invoice")]
        elif row["TYPE"] == "outgoing" and row["IS_CANCELED"] == "0":
            payment = [
                html.field("invoice_id", value=row["INVOICE_ID"], kind="hidden"),
                html.field("amount", "Betrag", f"{open_amount(row):.2f}"),
                html.field("date", "am", account.today().isoformat(), kind="date"),
            ]
            if open_amount(row) > 0:
                parts.append(html.form("record_payment", payment, "Zahlung buchen"))
            parts += [
                html.form("cancel_invoice", own, "stornieren"),
                html.form("create_credit", payment[:1], "Gutschrift"),
            ]
        open_ = _money(open_amount(row), row) if row["TYPE"] == "outgoing" else ""
        yield [row["INVOICE_NUMBER"], name(row), row["INVOICE_TITLE"], _money(row["TOTAL"], row), open_, _state(row), html.join(*parts)]

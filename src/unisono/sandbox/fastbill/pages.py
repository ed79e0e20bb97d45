"""The vendor's-side page: the account's records, newest first, with a form for each thing a person can do there."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from werkzeug.wrappers import Request, Response

from unisono.sandbox.fastbill import codes, links
from unisono.sandbox.fastbill.account import NO_TIME, Account
from unisono.sandbox.fastbill.issuing import open_amount
from unisono.sandbox.kit import html, switch
from unisono.sandbox.kit.words import Words, language_of, say, words_in
from unisono.sandbox.kit.world import Row

_SHOWN = 50
_CUSTOMER_FIELDS = (
    ("organization", "organization"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("address", "street"),
    ("zipcode", "zip"),
    ("city", "city"),
    ("country_code", "country"),
    ("email", "email"),
    ("phone", "phone"),
    ("tags", "tags"),
)
"""Field of the API -> word of the page."""
_CONTACT_FIELDS = tuple(pair for pair in _CUSTOMER_FIELDS if pair[0] in ("first_name", "last_name", "email", "phone"))


def page(account: Account, request: Request) -> Response:
    """The whole page."""
    language = language_of(account.world, request)
    t = words_in(language)
    named = (("kunden", "customers"), ("angebote", "offers"), ("rechnungen", "invoices"))
    documents = [t("id"), t("customer"), t("title-of-it"), t("sum")]
    finished = html.choice("complete", (("0", t("no")), ("1", t("yes"))), t("complete"))
    return html.page(
        "FastBill",
        html.paragraph(f"{account.setting('email')}, {account.setting('plan')}. {say('time', language, time=str(account.now()))}", "note"),
        switch.panel(account.world, language),
        html.Safe(f"<nav>{''.join(html.link(f'#{anchor}', t(code)) for anchor, code in named)}</nav>"),
        html.heading(t("customers"), anchor="kunden"),
        html.details(t("new-customer"), _customer_form("create_customer", t)),
        html.table((t("id"), t("customer"), t("address"), t("contact"), t("changed"), ""), _customers(account, t), t("nothing")),
        html.heading(t("offers"), anchor="angebote"),
        html.details(t("new-offer"), _document_form(account, "create_estimate", (), t)),
        html.table((*documents, t("state"), ""), _estimates(account, t), t("nothing")),
        html.heading(t("invoices"), anchor="rechnungen"),
        html.details(t("new-invoice"), _document_form(account, "create_invoice", (finished,), t)),
        html.table((*documents, t("open"), t("state"), ""), _invoices(account, t), t("nothing")),
        request=request,
        world=account.world,
    )


def _newest(account: Account, table: str) -> Iterable[Row]:
    rows = list(account.table(table).values())
    return reversed(rows[-_SHOWN:])


def name(row: Row) -> str:
    """How a customer is called on the page."""
    return row["ORGANIZATION"] or f"{row['FIRST_NAME']} {row['LAST_NAME']}".strip()


def _customer_form(act: str, t: Words, row: Row | None = None, fields: Iterable[tuple[str, str]] = _CUSTOMER_FIELDS) -> html.Safe:
    values = row or {}
    inputs = [html.field(field, t(code), values.get(field.upper(), "")) for field, code in fields]
    return html.form(act, [*_id(row, "CONTACT_ID" if "CONTACT_ID" in values else "CUSTOMER_ID"), *inputs], t("save"))


def _id(row: Row | None, key: str) -> list[html.Safe]:
    return [html.field("id", value=row[key], kind="hidden")] if row else []


def _customers(account: Account, t: Words) -> Iterable[list[object]]:
    for row in _newest(account, "customers"):
        people = account.owned("contacts").get(row["CUSTOMER_ID"], {}).values()
        owner = html.field("customer_id", value=row["CUSTOMER_ID"], kind="hidden")
        new = [owner, *(html.field(field, t(code)) for field, code in _CONTACT_FIELDS)]
        forms = html.details(
            t("edit"),
            _customer_form("edit_customer", t, row),
            html.heading(t("contacts"), 3),
            *(_customer_form("edit_contact", t, person, _CONTACT_FIELDS) for person in people),
            html.form("create_contact", new, t("new-contact")),
            html.form("delete_customer", _id(row, "CUSTOMER_ID"), t("delete")),
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


def _document_form(account: Account, act: str, more: Iterable[html.Safe], t: Words) -> html.Safe:
    customers = [(row["CUSTOMER_ID"], f"{row['CUSTOMER_NUMBER']} {name(row)}") for row in account.table("customers").values()]
    return html.form(
        act,
        [
            html.choice("customer_id", customers, t("customer")),
            html.field("title", t("title-of-it")),
            html.field("items", t("items"), "Beratung; 2; 95.00; 19", kind="textarea"),
            *more,
        ],
        t("create"),
    )


def _lines(row: Row) -> str:
    return "\n".join(f"{item['DESCRIPTION']}; {item['QUANTITY']}; {item['UNIT_PRICE']}; {item['VAT_PERCENT']}" for item in row["ITEMS"])


def _pdf(account: Account, row: Row, table: str, key: str) -> html.Safe:
    # A link relative to this server, whatever base the answers of the API carry.
    address = links.issue(account, table, row[key]).removeprefix(account.setting("portal"))
    return html.link(address, "PDF")


def _money(amount: Decimal, row: Row) -> str:
    return f"{amount:.2f} {row['CURRENCY_CODE']}"


def _edit(row: Row, key: str, act: str, t: Words) -> html.Safe:
    fields = [html.field("title", t("title-of-it"), row["INVOICE_TITLE"]), html.field("items", t("items"), _lines(row), kind="textarea")]
    return html.details(t("edit"), html.form(act, [*_id(row, key), *fields], t("save")))


def _estimates(account: Account, t: Words) -> Iterable[list[object]]:
    states = [(key, t(f"estimate.{key}")) for key in codes.ESTIMATE_STATES]
    for row in _newest(account, "estimates"):
        own = _id(row, "ESTIMATE_ID")
        forms = html.join(
            _pdf(account, row, "estimates", "ESTIMATE_ID"),
            html.form("set_estimate_state", [*own, html.choice("state", states, t("state"), row["STATE"])], t("set")),
            html.form("send_estimate_mail", [*own, html.field("to", t("to"), kind="email")], t("mail")),
            html.form("create_invoice", [html.field("estimate_id", value=row["ESTIMATE_ID"], kind="hidden")], t("invoice-of-it")),
            _edit(row, "ESTIMATE_ID", "edit_estimate", t),
        )
        state = t(f"estimate.{row['STATE']}")
        yield [row["ESTIMATE_NUMBER"], name(row), row["INVOICE_TITLE"], _money(row["TOTAL"], row), state, forms]


def _state(row: Row, t: Words) -> str:
    if row["IS_CANCELED"] == "1":
        return t("cancelled")
    if row["TYPE"] != "outgoing":
        return t("draft") if row["TYPE"] == "draft" else t("credit")
    if row["PAID_DATE"] != NO_TIME:
        return t("paid")
    return t("part-paid") if row["PAYMENTS"] else t("unpaid")


def _invoices(account: Account, t: Words) -> Iterable[list[object]]:
    for row in _newest(account, "invoices"):
        own = _id(row, "INVOICE_ID")
        parts: list[html.Safe] = [_pdf(account, row, "invoices", "INVOICE_ID")]
        if row["TYPE"] == "draft":
            parts += [html.form("complete_invoice", own, t("complete")), _edit(row, "INVOICE_ID", "edit_draft_invoice", t)]
        elif row["TYPE"] == "outgoing" and row["IS_CANCELED"] == "0":
            payment = [
                html.field("invoice_id", value=row["INVOICE_ID"], kind="hidden"),
                html.field("amount", t("amount"), f"{open_amount(row):.2f}"),
                html.field("date", t("date"), account.today().isoformat(), kind="date"),
            ]
            if open_amount(row) > 0:
                parts.append(html.form("record_payment", payment, t("pay")))
            parts += [
                html.form("cancel_invoice", own, t("cancel")),
                html.form("create_credit", payment[:1], t("credit")),
            ]
        open_ = _money(open_amount(row), row) if row["TYPE"] == "outgoing" else ""
        yield [row["INVOICE_NUMBER"], name(row), row["INVOICE_TITLE"], _money(row["TOTAL"], row), open_, _state(row, t), html.join(*parts)]

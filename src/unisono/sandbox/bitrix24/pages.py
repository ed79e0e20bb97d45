"""The portal's page: its records, newest first, with a form for each thing a person can do there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from werkzeug.wrappers import Request, Response

from unisono.sandbox.bitrix24 import addresses, amounts, multifields, requisites
from unisono.sandbox.bitrix24.addressing import BILLING, DELIVERY, first
from unisono.sandbox.bitrix24.automation import TRIGGERED
from unisono.sandbox.bitrix24.directories import stages
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import ALL, COMPANY, CONTACT, DEAL, INVOICE, QUOTE, Type
from unisono.sandbox.bitrix24.words import words_in
from unisono.sandbox.kit import html, switch
from unisono.sandbox.kit.words import language_of
from unisono.sandbox.kit.world import Row

_SHOWN = 50
_COMPANY = ("title", "email", "phone", "web", "vat_id", "tax_number", "register")
_CONTACT = ("honorific", "name", "last_name", "post", "email", "phone", "mobile", "company_ids")
_ADDRESS = ("street", "zip", "city", "country")
_LABELS = {"title": "name", "name": "first_name"}
_PAPERS = ((DEAL, "deals", "new-deal"), (QUOTE, "quotes", "new-quote"), (INVOICE, "smart-invoices", "new-smart-invoice"))

Words = dict[str, str]


def page(portal: Portal, request: Request) -> Response:
    """The whole page."""
    language = language_of(portal.world, request)
    w = words_in(language)
    search = request.args.get("name", "").strip().casefold()
    about = f"{portal.domain}, {w['time'].format(time=_moment(portal, portal.now()))}"
    parts: list[html.Safe] = [
        html.paragraph(about, "note"),
        switch.panel(portal.world, language),
        html.Safe("<nav>" + "".join(html.link(f"#{code}", w[code]) for code in _SECTIONS) + "</nav>"),
        _finder(w, request.args.get("name", "")),
        *_customers(portal, w, COMPANY, search),
        *_customers(portal, w, CONTACT, search),
    ]
    for kind, code, new in _PAPERS:
        parts += _papers(portal, w, kind, code, new, search)
    parts += [*_products(portal, w), *_recycled(portal, w), *_automation(portal, w)]
    return html.page("Bitrix24", *parts, request=request, world=portal.world)


_SECTIONS = ("companies", "contacts-b24", "deals", "quotes", "smart-invoices", "products", "recycle", "automation")


def _finder(w: Words, value: str) -> html.Safe:
    field = html.field("name", w["search"], value)
    return html.Safe(f'<form method="get" action="/_sandbox/page">{field}<button type="submit">{html.text(w["do-search"])}</button></form>')


def _moment(portal: Portal, value: datetime) -> str:
    """An instant for people."""
    return portal.stamp(value)[:16].replace("T", " ")


def _newest(portal: Portal, table: str, search: str = "") -> Iterable[Row]:
    rows = [row for row in portal.table(table).values() if not search or search in _name(row).casefold()]
    return reversed(rows[-_SHOWN:])


def _name(row: Row) -> str:
    if "LAST_NAME" in row and "COMPANY_TITLE" not in row:
        return f"{row['NAME'] or ''} {row['LAST_NAME'] or ''}".strip()
    return str(row.get("TITLE") or "")


def _own(row: Row | None) -> list[html.Safe]:
    return [html.field("id", value=row["ID"], kind="hidden")] if row else []


# companies and contacts


def _values(portal: Portal, kind: Type, row: Row | None) -> dict[str, str]:
    """What the form shows: the record, its numbers, its requisite and the two addresses."""
    if row is None:
        return {}
    found = {name.lower(): "" if row.get(name) is None else str(row[name]) for name in ("TITLE", "NAME", "LAST_NAME", "HONORIFIC", "POST")}
    found["company_ids"] = ",".join(str(key) for key in row.get("COMPANY_IDS") or [])
    for held in multifields.of(portal, kind, row["ID"]):
        name = {"EMAIL": "email", "WEB": "web", "PHONE": "mobile" if held["VALUE_TYPE"] == "MOBILE" else "phone"}.get(held["TYPE_ID"])
        if name and held["VALUE_TYPE"] in ("WORK", "MOBILE"):
            found.setdefault(name, held["VALUE"])
    requisite = first(portal, kind, row)
    if requisite is not None:
        found |= {"vat_id": requisite["RQ_VAT_ID"] or "", "tax_number": requisite["RQ_INN"] or "", "register": requisite["RQ_USRLE"] or ""}
        for type_id, prefix in ((BILLING, ""), (DELIVERY, "delivery_")):
            held_ = addresses.found(portal, type_id, requisites.ENTITY, requisite["ID"])
            for name, column in zip(_ADDRESS, ("ADDRESS_1", "POSTAL_CODE", "CITY", "COUNTRY"), strict=True):
                found[prefix + name] = (held_ or {}).get(column) or ""
    return found


def _customer_form(portal: Portal, w: Words, kind: Type, row: Row | None) -> html.Safe:
    values = _values(portal, kind, row)
    names = _COMPANY if kind is COMPANY else _CONTACT
    fields = [*_own(row)]
    for name in names:
        if name == "honorific":
            known = [("", "")] + [(one["STATUS_ID"], one["NAME"]) for one in portal.by("statuses", "ENTITY_ID", "HONORIFIC")]
            fields.append(html.choice(name, known, w[name], values.get(name, "")))
        else:
            fields.append(html.field(name, w[_LABELS.get(name, name)], values.get(name, "")))
    fields += [html.field(name, w[name], values.get(name, "")) for name in _ADDRESS]
    fields += [html.field(f"delivery_{name}", f"{w['delivery']} {w[name]}", values.get(f"delivery_{name}", "")) for name in _ADDRESS]
    return html.form(f"{'edit' if row else 'create'}_{kind.name}", fields, w["save" if row else "create"])


def _customers(portal: Portal, w: Words, kind: Type, search: str) -> list[html.Safe]:
    code, new = ("companies", "new-company") if kind is COMPANY else ("contacts-b24", "new-contact-b24")
    rows = []
    for row in _newest(portal, kind.table, search):
        values = _values(portal, kind, row)
        place = ", ".join(filter(None, (values.get("street"), f"{values.get('zip', '')} {values.get('city', '')}".strip())))
        reach = ", ".join(filter(None, (values.get("email"), values.get("phone"), values.get("mobile"))))
        forms = html.details(
            w["edit"],
            _customer_form(portal, w, kind, row),
            html.form(f"merge_{kind.name}", [*_own(row), html.field("into", w["into"], kind="number")], w["merge"]),
            html.form(f"delete_{kind.name}", _own(row), w["delete"]),
            _timeline(portal, w, kind, row),
        )
        rows.append([row["ID"], _name(row), place, reach, values.get("vat_id", ""), _moment(portal, row["DATE_MODIFY"]), forms])
    head = (w["id"], w["name"], w["address"], w["reach"], w["vat_id"], w["changed"], "")
    form = html.details(w[new], _customer_form(portal, w, kind, None))
    return [html.heading(w[code], anchor=code), form, html.table(head, rows, w["nothing"])]


def _timeline(portal: Portal, w: Words, kind: Type, row: Row) -> html.Safe:
    """Comments and documents of a card."""
    mark = f"{kind.short}_{row['ID']}"
    written = [
        html.paragraph(f"{_moment(portal, one['CREATED'])}  {one['COMMENT']}")
        for one in portal.table("comments").values()
        if mark in one["BOUND"]
    ]
    owned = [one for one in portal.table("documents").values() if (one["ENTITY_TYPE_ID"], one["ENTITY_ID"]) == (kind.id, row["ID"])]
    papers = [html.paragraph(html.join(f"{one['NUMBER']} {one['TITLE']} ", _public(one))) for one in owned]
    form = html.form("comment", [*_own(row), html.field("kind", value=kind.name, kind="hidden"), html.field("text", w["note"])], w["write"])
    shown = [html.heading(w["comments"], 3), *written, form]
    return html.join(*shown, *([html.heading(w["documents"], 3), *papers] if papers else []))


def _public(row: Row) -> html.Safe:
    return html.link(f"/~{row['PUBLIC']}", "PDF") if row["PUBLIC"] else html.Safe("")


# deals, quotes, invoices


def _paper_form(portal: Portal, w: Words, kind: Type, row: Row | None) -> html.Safe:
    lines = amounts.rows_of(portal, kind, row["ID"]) if row else []
    said = "\n".join(f"{one['PRODUCT_NAME']}; {one['QUANTITY']}; {one['PRICE']}; {one['TAX_RATE'] or 0}" for one in lines)
    own = row or {}
    fields = [
        *_own(row),
        html.field("title", w["title-of-it"], own.get("TITLE") or ""),
        html.field("company_id", w["company_id"], own.get("COMPANY_ID") or ""),
        html.field("contact_id", w["contact_id"], own.get("CONTACT_ID") or ""),
        html.field("items", w["rows"], said if row else "Beratung; 2; 113,05; 19", kind="textarea"),
    ]
    return html.form(f"{'edit' if row else 'create'}_{kind.name}", fields, w["save" if row else "create"])


def _papers(portal: Portal, w: Words, kind: Type, code: str, new: str, search: str) -> list[html.Safe]:
    rows = []
    for row in _newest(portal, kind.table, search):
        known = [(one["STATUS_ID"], one["NAME"]) for one in stages(portal, kind, row.get("CATEGORY_ID"))]
        now = row[kind.stage]
        forms = html.join(
            html.form(f"move_{kind.name}", [*_own(row), html.choice("stage", known, w["stage"], now)], w["move"]),
            html.details(
                w["edit"],
                _paper_form(portal, w, kind, row),
                html.form(f"delete_{kind.name}", _own(row), w["delete"]),
                _timeline(portal, w, kind, row),
            ),
        )
        company, person = portal.get("companies", row["COMPANY_ID"]), portal.get("contacts", row["CONTACT_ID"])
        who = ", ".join(_name(one) for one in (company, person) if one)
        number = row.get("ACCOUNT_NUMBER") or row.get("QUOTE_NUMBER") or row["ID"]
        rows.append([number, row["TITLE"], who, f"{row['OPPORTUNITY']:.2f} {row['CURRENCY_ID']}", dict(known).get(now, now), forms])
    head = (w["id"], w["title-of-it"], w["who"], w["sum"], w["stage"], "")
    form = html.details(w[new], _paper_form(portal, w, kind, None))
    return [html.heading(w[code], anchor=code), form, html.table(head, rows, w["nothing"])]


# products, the recycle bin, automation


def _products(portal: Portal, w: Words) -> list[html.Safe]:
    def form(row: Row | None, price: object, stock: object) -> html.Safe:
        own = row or {}
        fields = [
            *_own(row),
            html.field("name", w["name"], own.get("NAME") or ""),
            html.field("xml_id", w["code"], own.get("XML_ID") or ""),
        ]
        fields += [html.field("price", w["price"], price), html.field("stock", w["stock"], stock)]
        return html.form(f"{'edit' if row else 'create'}_product", fields, w["save" if row else "create"])

    rows = []
    for row in _newest(portal, "products"):
        price = next((one["PRICE"] for one in portal.by("prices", "PRODUCT_ID", row["ID"])), "")
        stock = next((one["AMOUNT"] for one in portal.by("store_products", "PRODUCT_ID", row["ID"])), "")
        change = html.details(w["edit"], form(row, price, stock), html.form("delete_product", _own(row), w["delete"]))
        rows.append([row["ID"], row["NAME"], row["XML_ID"], price, stock, change])
    head = (w["id"], w["name"], w["code"], w["price"], w["stock"], "")
    new = html.details(w["new-product"], form(None, "", ""))
    return [html.heading(w["products"], anchor="products"), new, html.table(head, rows, w["nothing"])]


def _recycled(portal: Portal, w: Words) -> list[html.Safe]:
    rows = []
    for kept in _newest(portal, "recycle"):
        kind = next(one for one in ALL if one.id == kept["TYPE"])
        own = [html.field("kind", value=kind.name, kind="hidden"), html.field("id", value=kept["ITEM"]["ID"], kind="hidden")]
        rows.append([kept["ITEM"]["ID"], w[f"kind.{kind.name}"], _name(kept["ITEM"]), html.form("restore", own, w["restore"])])
    return [html.heading(w["recycle"], anchor="recycle"), html.table((w["id"], w["kind"], w["name"], ""), rows, w["nothing"])]


def _automation(portal: Portal, w: Words) -> list[html.Safe]:
    kinds = [(kind.name, w[f"kind.{kind.name}"]) for kind in TRIGGERED.values()]
    places = [
        [
            row["PLACEMENT"],
            row["TITLE"],
            html.form("press_placement", [*_own(row), html.field("record", w["id"], kind="number")], w["press"]),
        ]
        for row in _newest(portal, "placements")
    ]
    triggers = []
    for row in _newest(portal, "triggers"):
        code = html.field("code", value=row["CODE"], kind="hidden")
        put = html.form("place_trigger", [code, html.choice("kind", kinds, w["kind"]), html.field("stage", w["stage"])], w["put-on"])
        on = ", ".join(place["STAGE"] for place in row["PLACED"])
        count = sum(run["CODE"] == row["CODE"] for run in portal.table("trigger_runs").values())
        triggers.append([row["CODE"], row["NAME"], on, count, put])
    handler = html.field("handler", w["handler"], kind="url")
    return [
        html.heading(w["automation"], anchor="automation"),
        html.heading(w["places"], 3),
        html.table((w["place"], w["name"], ""), places, w["nothing"]),
        html.heading(w["triggers"], 3),
        html.table((w["trigger"], w["name"], w["stage"], w["runs"], ""), triggers, w["nothing"]),
        html.details(
            w["webhook"],
            html.form("bind_webhook", [handler, html.field("events", w["events"], "ONCRMCOMPANYUPDATE")], w["make-webhook"]),
            html.form("make_trigger", [html.choice("kind", kinds, w["kind"]), html.field("stage", w["stage"])], w["webhook-trigger"]),
            html.form("install_app", [handler], w["install"]),
        ),
    ]

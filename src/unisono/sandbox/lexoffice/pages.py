"""The account's page: its records, newest first, with a form for each thing a person can do there. Deep links lead to it, too."""

from __future__ import annotations

from collections.abc import Iterable

from werkzeug.wrappers import Request, Response

from unisono.sandbox.kit import html, switch
from unisono.sandbox.kit.words import language_of
from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import articles, contacts, documents, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import BERLIN, day_of
from unisono.sandbox.lexoffice.events import TABLE as SUBSCRIPTIONS
from unisono.sandbox.lexoffice.kinds import ALL, Kind
from unisono.sandbox.lexoffice.paperpage import draft_form, following, further, state_forms
from unisono.sandbox.lexoffice.voucherlist import status_of
from unisono.sandbox.lexoffice.words import words_in

_SHOWN = 50
_COMPANY = (("name", "name"), ("vat_id", "vat_id"), ("tax_number", "tax_number"))
_PERSON = (("salutation", "salutation-words"), ("first_name", "first_name"), ("last_name", "last_name"))
_REACH = (("email", "email"), ("phone", "phone"), ("mobile", "mobile"))
_PLACE = (("supplement", "supplement"), ("street", "street"), ("zip", "zip"), ("city", "city"), ("country", "country-code"))
_HELD = {"supplement": "supplement", "street": "street", "zip": "zip", "city": "city", "country": "countryCode"}

Words = dict[str, str]


def page(account: Account, request: Request) -> Response:
    """The whole page; ``show`` names a record that stands first and open."""
    language = language_of(account.world, request)
    w = words_in(language)
    search, show = request.args.get("name", "").strip().casefold(), request.args.get("show", "").lower()
    about = f"{account.setting('company_name')}. {w['time'].format(time=f'{account.now().astimezone(BERLIN):%d.%m.%Y %H:%M}')}"
    sections = ("contacts-lexoffice", *(kind.path for kind in ALL), "vouchers", "articles", "subscriptions")
    parts: list[html.Safe] = [
        html.paragraph(about, "note"),
        switch.panel(account.world, language),
        html.Safe("<nav>" + " ".join(html.link(f"#{code}", w[code]) for code in sections) + "</nav>"),
        _finder(w, request.args.get("name", "")),
        *_contacts(account, w, search, show),
    ]
    for kind in ALL:
        parts += _papers(account, w, kind, search, show)
    parts += [*_vouchers(account, w, show), *_articles(account, w), *_access(account, w)]
    return html.page("lexoffice", *parts, request=request, world=account.world)


def _finder(w: Words, value: str) -> html.Safe:
    field = html.field("name", w["search"], value)
    return html.Safe(f'<form method="get" action="/_sandbox/page">{field}<button type="submit">{html.text(w["do-search"])}</button></form>')


def _newest(rows: list[Row], show: str = "") -> Iterable[Row]:
    """The last ones, newest first; before them the one that is to be shown."""
    wanted = [row for row in rows if row["id"] == show] if show else []
    return [*wanted, *(row for row in reversed(rows[-_SHOWN:]) if row not in wanted)]


def own(row: Row) -> html.Safe:
    """The hidden field that names a record."""
    return html.field("id", value=row["id"], kind="hidden")


def _anchored(row: Row, words: object, show: str) -> html.Safe:
    """A cell that links can lead to."""
    strong = html.Safe(f"<strong>{html.text(words)}</strong>") if row["id"] == show else html.text(words)
    return html.Safe(f'<span id="{html.text(row["id"])}">{strong}</span>')


# contacts


def _values(row: Row | None) -> dict[str, str]:
    """What the form shows: of lists the first entry."""
    if row is None:
        return {"country": "DE"}
    company, person = row["company"] or {}, row["person"] or {}
    found = {"name": company.get("name", ""), "vat_id": company.get("vatRegistrationId", ""), "tax_number": company.get("taxNumber", "")}
    found |= {
        "salutation": person.get("salutation", ""),
        "first_name": person.get("firstName", ""),
        "last_name": person.get("lastName", ""),
    }
    found["email"] = next(iter(row["emailAddresses"]["business"]), "")
    found |= {name: next(iter(row["phoneNumbers"][kind]), "") for name, kind in (("phone", "business"), ("mobile", "mobile"))}
    for kind, prefix in (("billing", ""), ("shipping", "shipping_")):
        place: Row = next(iter(row["addresses"][kind]), {})
        found |= {prefix + name: place.get(held, "") for name, held in _HELD.items()}
    first: Row = next(iter(company.get("contactPersons", [])), {})
    found |= {"contact_salutation": first.get("salutation", ""), "contact_first_name": first.get("firstName", "")}
    found |= {"contact_last_name": first.get("lastName", ""), "contact_email": first.get("emailAddress", "")}
    return found | {"contact_phone": first.get("phoneNumber", ""), "note": row["note"]}


def _contact_form(w: Words, row: Row | None) -> html.Safe:
    values = _values(row)
    company = row is None or row["company"] is not None
    names = (*(_COMPANY if company else ()), *(_PERSON if row is None or not company else ()), *_REACH, *_PLACE)
    fields = [*([own(row)] if row else []), *(html.field(name, w[code], values.get(name, "")) for name, code in names)]
    if row is not None:
        fields += [html.field(f"shipping_{name}", f"{w['delivery']} {w[code]}", values[f"shipping_{name}"]) for name, code in _PLACE]
    if company:
        said = (*_PERSON, ("email", "email"), ("phone", "phone"))
        fields += [
            html.field(f"contact_{name}", f"{w['contact-person']} {w[code]}", values.get(f"contact_{name}", "")) for name, code in said
        ]
    fields.append(html.field("note", w["note"], values.get("note", "")))
    if row is None:
        roles = [(role, w[f"role.{role}"]) for role in ("customer", "vendor", "both")]
        fields.append(html.choice("role", roles, w["customer-or-vendor"]))
    return html.form("edit_contact" if row else "create_contact", fields, w["save" if row else "create"])


def _contacts(account: Account, w: Words, search: str, show: str) -> list[html.Safe]:
    known = list(account.table(contacts.TABLE).values())
    rows = []
    for row in _newest([row for row in known if search in contacts.name_of(row).casefold()], show):
        values = _values(row)
        place = ", ".join(filter(None, (values["street"], f"{values['zip']} {values['city']}".strip())))
        reach = ", ".join(filter(None, (values["email"], values["phone"], values["mobile"])))
        gone = row["archived"]
        forms = html.details(
            w["edit"],
            _contact_form(w, row),
            html.form(
                "add_entry",
                [
                    own(row),
                    html.field("list", w["one-more"], "email.business"),
                    html.field("value", w["value"]),
                    html.field("street", w["street"]),
                    html.field("zip", w["zip"]),
                    html.field("city", w["city"]),
                    html.field("contact_last_name", w["last_name"]),
                ],
                w["add"],
            ),
            html.form(
                "archive_contact",
                [own(row), html.field("archived", value=str(not gone).lower(), kind="hidden")],
                w["unarchive" if gone else "archive"],
            ),
            html.form("delete_contact", [own(row)], w["delete"]),
        )
        numbers = ", ".join(str(number) for number in row["roles"].values())
        name = html.join(contacts.name_of(row), f" ({w['archived']})" if gone else "")
        changed = f"{row['updated'].astimezone(BERLIN):%d.%m.%Y %H:%M}"
        rows.append([_anchored(row, numbers, show), name, place, reach, changed, forms])
    head = (w["id"], w["name"], w["address"], w["reach"], w["changed"], "")
    form = html.details(w["new"], _contact_form(w, None))
    return [html.heading(w["contacts-lexoffice"], anchor="contacts-lexoffice"), form, html.table(head, rows, w["nothing"])]


# documents


def _papers(account: Account, w: Words, kind: Kind, search: str, show: str) -> list[html.Safe]:
    known = [row for row in account.table(documents.TABLE).values() if row["kind"] == kind.path]
    rows = []
    for row in _newest([row for row in known if search in row["address"].get("name", "").casefold()], show):
        more = [*further(w, kind, row), *following(w, kind, row)]
        forms = html.join(
            *state_forms(w, kind, row),
            html.details(w["edit"], draft_form(account, w, kind, row)) if row["status"] == "draft" else "",
            html.details(w["more"], *more) if more else "",
        )
        sums = [f"{documents.gross(row):.2f}" if kind.totals else ""]
        if kind.paid:
            sums.append(f"{documents.open_amount(row):.2f}")
        due = f"{day_of(row['due']):%d.%m.%Y}" if row["due"] else ""
        state = w[f"state.{status_of(account, row)}"]
        rows.append([_anchored(row, row["number"], show), row["address"].get("name", ""), row["title"], *sums, due, state, forms])
    head = (w["number"], w["customer"], w["title-of-it"], w["sum"], *((w["open"],) if kind.paid else ()), w["due"], w["state"], "")
    # A dunning is made from its invoice.
    form = html.Safe("") if kind.must_follow else html.details(w["new"], draft_form(account, w, kind, None))
    return [html.heading(w[kind.path], anchor=kind.path), form, html.table(head, rows, w["nothing"])]


# the rest


def _vouchers(account: Account, w: Words, show: str) -> list[html.Safe]:
    kinds = [(kind, w[kind]) for kind in vouchers.TYPES]
    fields = [
        html.choice("type", kinds, w["kind"], "purchaseinvoice"),
        html.field("number", w["number"]),
        html.field("date", w["date"], account.today().isoformat(), kind="date"),
        html.field("amount", w["amount"]),
        html.field("tax", w["tax"], "19"),
    ]
    rows = []
    for row in _newest(list(account.table(vouchers.TABLE).values()), show):
        forms = [html.form("check_voucher", [own(row), *fields], w["check"])] if row["status"] == "unchecked" else []
        if row["status"] == "open":
            forms += [
                html.form(act, [own(row)], w[code]) for act, code in (("pay", "pay"), ("transfer_voucher", "transfer"), ("void", "void"))
            ]
        if row["status"] in ("open", "unchecked"):
            forms.append(html.form("delete_voucher", [own(row)], w["delete"]))
        cell = _anchored(row, row["number"] or "–", show)
        rows.append(
            [cell, w[row["type"]], f"{row['gross']:.2f}", len(row["files"]), w[f"state.{status_of(account, row)}"], html.join(*forms)]
        )
    head = (w["number"], w["kind"], w["sum"], w["files"], w["state"], "")
    form = html.details(w["new"], html.form("create_voucher", fields, w["create"]))
    return [html.heading(w["vouchers"], anchor="vouchers"), form, html.table(head, rows, w["nothing"])]


def _article_form(w: Words, row: Row | None) -> html.Safe:
    held = row or {"title": "", "articleNumber": "", "unitName": "Stück", "type": "PRODUCT", "price": {"netPrice": "", "taxRate": "19"}}
    kinds = [(kind, w[kind]) for kind in ("PRODUCT", "SERVICE")]
    fields = [
        *([own(row)] if row else []),
        html.field("title", w["title-of-it"], held["title"]),
        html.choice("type", kinds, w["kind"], held["type"]),
        html.field("number", w["number"], held["articleNumber"]),
        html.field("unit", w["unit"], held["unitName"]),
        html.field("net", w["net"], held["price"]["netPrice"]),
        html.field("tax", w["tax"], held["price"]["taxRate"]),
    ]
    return html.form("edit_article" if row else "create_article", fields, w["save" if row else "create"])


def _articles(account: Account, w: Words) -> list[html.Safe]:
    rows = []
    for row in _newest(list(account.table(articles.TABLE).values())):
        change = html.details(w["edit"], _article_form(w, row), html.form("delete_article", [own(row)], w["delete"]))
        price = row["price"]
        rows.append([row["articleNumber"], row["title"], w[row["type"]], price["netPrice"], price["taxRate"], row["unitName"], change])
    head = (w["number"], w["title-of-it"], w["kind"], w["net"], w["tax"], w["unit"], "")
    form = html.details(w["new"], _article_form(w, None))
    return [html.heading(w["articles"], anchor="articles"), form, html.table(head, rows, w["nothing"])]


def _access(account: Account, w: Words) -> list[html.Safe]:
    rows = [[row["eventType"], row["callbackUrl"]] for row in account.table(SUBSCRIPTIONS).values()]
    return [
        html.heading(w["subscriptions"], anchor="subscriptions"),
        html.table((w["event"], w["callback"]), rows, w["nothing"]),
        html.paragraph(f"{w['access']}: {account.setting('api_key')}", "note"),
        html.form("new_key", [], w["new-key"]),
    ]

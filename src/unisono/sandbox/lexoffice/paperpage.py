"""The forms of a document on the account's page: writing it, what may become of it, what may follow it."""

from __future__ import annotations

from unisono.sandbox.kit import html
from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import contacts
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.kinds import ALL, QUOTATION, Kind

Words = dict[str, str]


def _own(row: Row) -> html.Safe:
    return html.field("id", value=row["id"], kind="hidden")


def _items(row: Row) -> str:
    """The lines as the form takes them; prices on the side that the tax type names."""
    side = "grossAmount" if row["taxConditions"]["taxType"] == "gross" else "netAmount"
    lines = [line for line in row["lineItems"] if line["type"] != "text"]
    return "\n".join(
        f"{line['name']}; {line['quantity']}; {line['unitPrice'][side]}; {line['unitPrice']['taxRatePercentage']}" for line in lines
    )


def draft_form(account: Account, w: Words, kind: Kind, row: Row | None) -> html.Safe:
    """A new document, or a draft that changes."""
    customers = [row_ for row_ in account.table(contacts.TABLE).values() if "customer" in row_["roles"] and not row_["archived"]]
    options = [(one["id"], f"{one['roles']['customer']} {contacts.name_of(one)}") for one in customers]
    fields = [
        html.choice("contact_id", options, w["customer"], row["contact"] if row else ""),
        html.field("title", w["title-of-it"], row["title"] if row else kind.title),
        html.field("items", w["net-items"], _items(row) if row else w["sample-item"], kind="textarea"),
        html.field("introduction", w["introduction"], row["introduction"] if row else ""),
        html.field("remark", w["remark"], row["remark"] if row else ""),
    ]
    if row is not None:
        if not row["contact"]:
            fields = fields[1:]
        return html.join(
            html.form("edit_document", [_own(row), *fields], w["save"]), html.form("delete_document", [_own(row)], w["delete"])
        )
    if kind.issues:
        fields.append(html.choice("finalize", (("false", w["no"]), ("true", w["yes"])), w["at-once"]))
    return html.form(f"create_{kind.event.replace('-', '_')}", fields, w["create"])


def state_forms(w: Words, kind: Kind, row: Row) -> list[html.Safe]:
    """The next state of a document."""
    status = row["status"]
    if kind.paid and status == "open":
        return [html.form("pay", [_own(row), html.field("amount", w["amount"])], w["pay"])]
    acts = ["finalize"] if status == "draft" and kind.issues else []
    if kind is QUOTATION and status in ("open", "accepted", "rejected"):
        acts = [act for act, state in (("accept", "accepted"), ("reject", "rejected")) if state != status]
    return [html.form(act, [_own(row)], w[act]) for act in acts]


def further(w: Words, kind: Kind, row: Row) -> list[html.Safe]:
    """What else may become of an open one."""
    if row["status"] != "open":
        return []
    acts = ["collect"] if kind.path == "invoices" and not row["sepa"] else []
    if not row["payments"]:
        acts += ["void", "reopen"] if kind.paid else ["reopen"]
    return [html.form(act, [_own(row)], w[act]) for act in acts]


def following(w: Words, kind: Kind, row: Row) -> list[html.Safe]:
    """What the document may be continued as."""
    if row["status"] == "voided" or (row["status"] == "draft" and kind.issues):
        return []
    follows = html.field("follows", value=row["id"], kind="hidden")
    return [
        html.form(f"create_{other.event.replace('-', '_')}", [follows], w["follows"].format(kind=w[f"kind.{other.path}"]))
        for other in ALL
        if kind.path in other.after
    ]

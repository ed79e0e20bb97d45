"""Which services there are, what performs each, and which keys of DATA each knows (others vanish from the echo)."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.fastbill import articles, contacts, customers, estimates, invoices, issuing, others, webhooks
from unisono.sandbox.fastbill.account import Account, Answer
from unisono.sandbox.fastbill.documents import MAIL
from unisono.sandbox.fastbill.envelope import Call

Service = Callable[[Account, Call], Answer]

_ESTIMATE, _INVOICE = frozenset({"ESTIMATE_ID"}), frozenset({"INVOICE_ID"})
_NOTHING: frozenset[str] = frozenset()

SERVICES: dict[str, tuple[Service, frozenset[str]]] = {
    "customer.get": (customers.get, _NOTHING),
    "customer.create": (customers.create, customers.DATA),
    "customer.update": (customers.update, customers.DATA),
    "customer.delete": (customers.delete, frozenset({"CUSTOMER_ID"})),
    "contact.get": (contacts.get, _NOTHING),
    "contact.create": (contacts.create, contacts.DATA),
    "contact.update": (contacts.update, contacts.DATA),
    "contact.delete": (contacts.delete, frozenset({"CUSTOMER_ID", "CONTACT_ID"})),
    "estimate.get": (estimates.get, _NOTHING),
    "estimate.create": (estimates.create, estimates.DATA),
    "estimate.delete": (estimates.delete, _ESTIMATE),
    "estimate.sendbyemail": (estimates.send_by_email, _ESTIMATE | MAIL),
    "estimate.createinvoice": (estimates.create_invoice, _ESTIMATE),
    "invoice.get": (invoices.get, _NOTHING),
    "invoice.create": (invoices.create, invoices.DATA),
    "invoice.update": (invoices.update, invoices.DATA),
    "invoice.delete": (invoices.delete, _INVOICE),
    "invoice.complete": (issuing.complete, _INVOICE),
    "invoice.cancel": (issuing.cancel, _INVOICE),
    "invoice.lock": (issuing.lock, _INVOICE),
    "invoice.sendbyemail": (issuing.send_by_email, _INVOICE | MAIL),
    "invoice.sendbypost": (issuing.send_by_post, _INVOICE),
    "invoice.setpaid": (issuing.set_paid, issuing.PAID),
    "item.get": (invoices.get_items, _NOTHING),
    "item.delete": (invoices.delete_item, frozenset({"INVOICE_ITEM_ID"})),
    "article.get": (articles.get, _NOTHING),
    "article.create": (articles.create, articles.DATA),
    "article.update": (articles.update, articles.DATA),
    "article.delete": (articles.delete, frozenset({"ARTICLE_ID"})),
    "template.get": (others.templates, _NOTHING),
    "recurring.get": (others.listing("recurring", "INVOICES", "INVOICE_ID"), _NOTHING),
    "revenue.get": (others.revenues, _NOTHING),
    "expense.get": (others.listing("expenses", "EXPENSES", "INVOICE_ID"), _NOTHING),
    "project.get": (others.listing("projects", "PROJECTS", "PROJECT_ID"), _NOTHING),
    "time.get": (others.listing("times", "TIMES", "TIME_ID"), _NOTHING),
    "time.create": (others.create_time, others.TIME),
    "document.get": (others.documents, _NOTHING),
    "document.create": (others.create_document, others.INBOX),
    "webhook.get": (webhooks.get, _NOTHING),
    "webhook.create": (webhooks.create, webhooks.DATA),
    "webhook.delete": (webhooks.delete, frozenset({"WEBHOOK_ID"})),
}

# Services of the vendor that this simulator does not perform. It says so, instead of claiming they were unknown.
NOT_SIMULATED = frozenset(
    """recurring.create recurring.update recurring.delete revenue.create revenue.setpaid revenue.delete expense.create project.create
    project.update project.delete time.update time.delete""".split()
)

"""The services at the margin: templates, revenues, expenses, recurring invoices, working times, projects, the inbox. Reading mostly."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.fastbill import customers, invoices
from unisono.sandbox.fastbill.account import NO_TIME, Account, Answer, candidates, page
from unisono.sandbox.fastbill.documents import TEMPLATES
from unisono.sandbox.fastbill.envelope import Call
from unisono.sandbox.fastbill.errors import Refusal, field_error
from unisono.sandbox.fastbill.fields import cleaned

TIME = frozenset({"CUSTOMER_ID", "PROJECT_ID", "TASK_ID", "DATE", "START_TIME", "END_TIME", "MINUTES", "BILLABLE_MINUTES", "COMMENT"})
INBOX = frozenset({"TYPE", "TITLE", "DATE", "NOTE"})


def templates(_: Account, call: Call) -> Answer:
    """The layouts of documents. Two fixed ones."""
    return Answer({"TEMPLATES": [dict(row) for row in page(TEMPLATES.values(), call)]})


def revenues(account: Account, call: Call) -> Answer:
    """Issued invoices and credits once more, under another key."""
    rows = (row for row in invoices.found(account, call.filter) if row["TYPE"] != "draft")
    return Answer(account.listing("REVENUES", [invoices.rendered(account, row) for row in page(rows, call)]))


def listing(table: str, key: str, id_key: str) -> Callable[[Account, Call], Answer]:
    """A service that lists a table which no service fills (``world.storage.table(table)`` may)."""

    def get(account: Account, call: Call) -> Answer:
        rows = candidates(account.table(table), call.filter, id_key)
        return Answer(account.listing(key, [dict(row) for row in page(rows, call)]))

    return get


def create_time(account: Account, call: Call) -> Answer:
    """Note working time for a customer."""
    customer = customers.owner(account, call.data.get("CUSTOMER_ID"))
    values = cleaned(account, call.data, TIME)
    if not values.get("START_TIME"):
        raise Refusal(*field_error("START_TIME"))
    key = account.new_id("times")
    row = {
        "TIME_ID": str(key),
        "CUSTOMER_ID": customer["CUSTOMER_ID"],
        "PROJECT_ID": values.get("PROJECT_ID", "0"),
        "DATE": values.get("DATE") or values["START_TIME"],
        "START_TIME": values["START_TIME"],
        "END_TIME": values.get("END_TIME") or NO_TIME,
        "MINUTES": values.get("MINUTES") or "0",
        "BILLABLE_MINUTES": values.get("BILLABLE_MINUTES") or "0",
        "COMMENT": values.get("COMMENT", ""),
    }
    account.add("times", row, key)
    return Answer({"STATUS": "success", "TIME_ID": key}, f"times/{key}")


def create_document(account: Account, call: Call) -> Answer:
    """Put a file into the inbox; it cannot be tied to a customer."""
    values = cleaned(account, call.data, INBOX)
    if call.upload is None:
        raise Refusal(*field_error("DOCUMENT"))
    key = account.new_id("documents")
    row = {"DOCUMENT_ID": str(key), **values, "FOLDER_ID": "1", "SIZE": str(len(call.upload)), "CREATED": account.now()}
    account.add("documents", row, key)
    return Answer({"STATUS": "success", "DOCUMENT_ID": key}, f"documents/{key}")


def documents(account: Account, call: Call) -> Answer:
    """The inbox. Its folders come as a map, and the folder filter is ignored."""
    rows = account.table("documents")
    inbox = {"FOLDER_ID": "1", "NAME": "Posteingang", "PARENTFOLDER_ID": "0", "CREATED": NO_TIME, "CONTENT_COUNT": str(len(rows))}
    return Answer({"ITEMS": {"FOLDERS": {"1": inbox}, "DOCUMENTS": account.shaped([dict(row) for row in page(rows.values(), call)])}})

"""Tokenised links to documents: ``<portal>/download/<token>`` needs no login, goes stale, and then answers an HTML page with 200."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from decimal import Decimal

from werkzeug.wrappers import Request, Response

from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.envelope import plain
from unisono.sandbox.kit.pdf import make_pdf
from unisono.sandbox.kit.simulator import Done
from unisono.sandbox.kit.world import Row

PATH = "/download/"
HUGE = 50 * 1024 * 1024
_TABLES = {"e": "estimates", "i": "invoices"}
_STALE = """<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>FastBill</title></head>
<body><h1>Dokument nicht verfügbar</h1><p>Dieser Link ist nicht mehr gültig.</p></body></html>
"""


def issue(account: Account, table: str, key: str) -> str:
    """A fresh link to a document. The token carries what it is for and when it was made, signed by the account."""
    storage = account.world.storage
    payload = f"{table[0]}.{key}.{int(account.world.clock.now().timestamp())}.{storage.next_id('links')}".encode()
    token = urlsafe_b64encode(payload + _signature(account, payload)).decode().rstrip("=")
    return f"{account.setting('portal')}{PATH}{token}"


def serve(account: Account, request: Request) -> Done:
    """Answer a download: the PDF while the token lives, the page for strangers afterwards. Own faults: ``pdf-html -huge -none``."""
    call = f"{request.method} {request.path} {operation(request)}"
    faults = account.world.faults
    if faults.armed and (fault := faults.take(call, "pdf-html", "pdf-huge", "pdf-none")):
        if fault.name == "pdf-html":
            return _done(_stale())
        if fault.name == "pdf-huge":
            size = fault.value or HUGE
            return _done(Response(_endless(size), mimetype="application/pdf", headers={"Content-Length": str(size)}))
        return _done(Response(b"\x00\x01\x02 no document at all \xff\xfe" * 20, mimetype="application/pdf"))
    found = _resolve(account, request.path.removeprefix(PATH))
    if found is None:
        return _done(_stale())
    table, row = found
    return _done(_pdf(account, table, row))


def operation(request: Request) -> str:
    """The name of a download in the log."""
    return f"{request.method} download"


def _done(response: Response) -> Done:
    return Done(response, operation="GET download")


def _stale() -> Response:
    return Response(_STALE, mimetype="text/html")


def _signature(account: Account, payload: bytes) -> bytes:
    settings = account.world.storage.settings
    key = settings.setdefault("link_key", f"{account.world.random.getrandbits(128):032x}")
    return hmac.digest(key.encode(), payload, hashlib.sha256)[:18]


def _resolve(account: Account, token: str) -> tuple[str, Row] | None:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        payload, signature = raw[:-18], raw[-18:]
        kind, key, made, _ = payload.decode("ascii").split(".")
    except ValueError:
        return None
    if not hmac.compare_digest(signature, _signature(account, payload)):
        return None
    age = account.world.clock.now().timestamp() - int(made)
    row = account.table(_TABLES[kind]).get(int(key))
    return (_TABLES[kind], row) if row is not None and age < account.setting("link_seconds") else None


def _pdf(account: Account, table: str, row: Row) -> Response:
    if table == "estimates":
        title = f"Angebot {row['ESTIMATE_NUMBER']}"
    elif row["TYPE"] == "draft":
        title = "Rechnung (Entwurf)"
    else:
        title = f"{'Gutschrift' if row['TYPE'] == 'credit' else 'Rechnung'} {row['INVOICE_NUMBER']}"
    name = row["ORGANIZATION"] or f"{row['FIRST_NAME']} {row['LAST_NAME']}".strip()
    lines = [name, row["ADDRESS"], f"{row['ZIPCODE']} {row['CITY']}".strip(), "", row["INVOICE_TITLE"], ""]
    lines += [f"{i['QUANTITY']} x {i['DESCRIPTION']}   {_money(i['COMPLETE_NET'])}" for i in row["ITEMS"]]
    lines += ["", f"Summe {_money(row['TOTAL'])} {row['CURRENCY_CODE']}"]
    stamp = str(account.world.storage.next_id("downloads")) if account.setting("pdf_varies") else ""
    response = Response(make_pdf(title, lines, stamp=stamp), mimetype="application/pdf")
    filename = title.replace(" ", "-").replace("(", "").replace(")", "")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}.pdf"'
    return response


def _money(amount: Decimal) -> str:
    return plain(amount).replace(".", ",")


def _endless(size: int) -> Iterator[bytes]:
    block = b"%PDF-1.4\n" + b"%" * (65536 - 9)
    while size > 0:
        yield block[:size]
        size -= len(block)
        block = b"%" * 65536

"""A sales document as PDF, and as XML where it is an electronic invoice."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from werkzeug.wrappers import Response

from unisono.sandbox.kit.pdf import make_pdf
from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.dates import day_of
from unisono.sandbox.lexoffice.documents import TABLE, gross, has_file, kind_of, one
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import not_found, regular
from unisono.sandbox.lexoffice.kinds import Kind

DRAFT = "Requesting PDF document is not possible in state draft."


def file_name(row: Row, ending: str = "pdf") -> str:
    """The name under which a document is fetched."""
    return f"{kind_of(row).title}_{row['number']}.{ending}"


def pdf(row: Row, *, stamp: str = "") -> bytes:
    """The PDF of a document; without a stamp the same bytes for one id of a file."""
    lines = [row["address"].get("name", ""), f"{row['address'].get('zip', '')} {row['address'].get('city', '')}".strip()]
    lines += [f"{day_of(row['date']):%d.%m.%Y}", row["introduction"], ""]
    for line in row["lineItems"]:
        amount = f"  {line['lineItemAmount']:.2f} EUR" if "lineItemAmount" in line and kind_of(row).totals else ""
        lines.append(f"{line.get('quantity', '')} {line.get('unitName', '')} {line.get('name', '')}{amount}".strip())
    if kind_of(row).totals:
        lines += ["", f"Summe {gross(row):.2f} EUR"]
    return make_pdf(f"{row['title']} {row['number']}", [*lines, row["remark"]], stamp=stamp or row["file"])


def _xml(row: Row) -> bytes:
    """Only the frame of an electronic invoice."""
    inside = f"<ID>{escape(row['number'])}</ID><BuyerReference>{escape(row['xRechnung']['buyerReference'])}</BuyerReference>"
    inside += f'<PayableAmount currencyID="EUR">{gross(row):.2f}</PayableAmount>'
    frame = 'xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice {frame}>{inside}</Invoice>\n'.encode()


def sent(data: bytes, name: str, kind: str) -> Response:
    """Bytes under their name."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return Response(data, content_type=kind, headers={"Content-Disposition": f'inline; filename="{plain}";'})


def filer(kind: Kind) -> Callable[[Account, Call], Answer]:
    """``GET /{kind}/{id}/file``: PDF or XML, as ``Accept`` asks."""

    def fetch(account: Account, call: Call) -> Answer:
        row = one(account, kind, call.id)
        accept = call.request.accept_mimetypes
        wants_pdf, wants_xml = not accept or accept.quality("application/pdf") > 0, accept.quality("application/xml") > 0
        if not wants_pdf and not wants_xml:
            raise regular(406, "No acceptable representation")
        if not has_file(row):
            raise regular(409, DRAFT)
        if not wants_pdf:
            if not row["xRechnung"]:
                raise not_found()
            return Answer(response=sent(_xml(row), file_name(row, "xml"), "application/xml"))
        stamp = account.mark(row["id"], 16) if account.setting("pdf_varies") else ""
        return Answer(response=sent(pdf(row, stamp=stamp), file_name(row), "application/pdf"))

    return fetch


def documenter(kind: Kind) -> Callable[[Account, Call], Answer]:
    """``GET /{kind}/{id}/document``: the older way, by the id of a file."""

    def name(account: Account, call: Call) -> Answer:
        row = one(account, kind, call.id)
        if not has_file(row):
            raise regular(406, DRAFT)
        if not row["file"]:
            key = account.new_id()
            _named(account, row, key)
        return Answer({"documentFileId": row["file"]})

    return name


def _named(account: Account, row: Row, key: str) -> None:
    """A file's id is no change of the document: version and date stay."""
    version, updated = row["version"], row["updated"]
    account.change(TABLE, row, {"file": key})
    row |= {"version": version, "updated": updated}

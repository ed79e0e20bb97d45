"""``/files``: uploads, each of which becomes a bookkeeping voucher, and downloads."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath

from werkzeug.datastructures import FileStorage

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice import vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.documents import TABLE as DOCUMENTS
from unisono.sandbox.lexoffice.documents import has_file
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import MISSING, Refused, legacy, not_found, regular
from unisono.sandbox.lexoffice.rendering import file_name, pdf, sent

TABLE = "files"
MOST = 5 * 1024 * 1024
_KINDS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "xml": "application/xml"}
_BEGIN = {"jpg": b"\xff\xd8", "jpeg": b"\xff\xd8", "png": b"\x89PNG"}


def _given(call: Call) -> FileStorage:
    if call.request.mimetype != "multipart/form-data":
        raise regular(415, f"Content type '{call.request.mimetype}' not supported")
    given = call.request.files.get("file")
    if given is None:
        raise legacy(("file", MISSING))
    return given


def _keep(account: Account, given: FileStorage) -> Row:
    """Keep an uploaded file. Raises ``Refused``."""
    name = PurePosixPath(given.filename or "").name
    data = given.read()
    ending = name.rpartition(".")[2].lower()
    problem = ""
    if ending not in _KINDS:
        problem = "inacceptable_file_extension"
    elif len(data) > MOST:
        problem = "max_file_size_exceeded"
    elif not data.startswith(_BEGIN.get(ending, b"")):
        problem = "image_conversion_error"
    elif ending == "pdf" and b"/JavaScript" in data:
        problem = "voucher_upload_toxic_pdf"  # guess: what makes one toxic
    elif ending == "xml" and b"Invoice" not in data:
        problem = "invalid_xrechnung"
    if problem:
        raise legacy(("file", problem))
    return account.add(TABLE, {"name": name, "data": data, "type": _KINDS[ending], "sha256": hashlib.sha256(data).hexdigest()})


def upload(account: Account, call: Call) -> Answer:
    """A file becomes a voucher that nobody has looked at."""
    if call.request.mimetype == "multipart/form-data":
        kind = call.request.form.get("type", call.text("type"))
        if not kind:
            raise Refused(400, {"i18nKey": "bad_request_error", "source": "Required request parameter 'type' is not present"})
        if kind != "voucher":
            raise Refused(400, "Invalid or missing upload type.")
    row = _keep(account, _given(call))
    voucher = vouchers.from_file(account, row)
    return Answer({"id": row["id"], "voucherId": voucher["id"]}, 202, f"vouchers/{voucher['id']}")


def attach(account: Account, call: Call) -> Answer:
    """A file for a voucher that there is."""
    voucher = vouchers.one(account, call.id)
    row = _keep(account, _given(call))
    vouchers.change(account, voucher, {"files": [*voucher["files"], row["id"]]})
    return Answer({"id": row["id"]}, 202, f"vouchers/{voucher['id']}")


def get(account: Account, call: Call) -> Answer:
    """The bytes of a file, an uploaded one or a document's PDF."""
    row = account.find(TABLE, call.id)
    if row is not None:
        return Answer(response=sent(row["data"], row["name"], row["type"]))
    document = next(iter(account.by(DOCUMENTS, "file", call.id)), None) if call.id else None
    if document is None or not has_file(document):
        raise not_found()
    return Answer(response=sent(pdf(document), file_name(document), "application/pdf"))

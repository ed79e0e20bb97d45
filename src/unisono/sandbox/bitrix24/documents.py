"""The document generator: documents of a card as DOCX and PDF, uploaded or made from a template."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.bitrix24 import drive, files, filters
from unisono.sandbox.bitrix24.amounts import rows_of
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, missing, mistyped
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import BY_ID, WITH_ROWS, Type
from unisono.sandbox.kit.pdf import make_pdf
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

PATHS = {"crm.documentgenerator.document.download": "DOCX", "crm.documentgenerator.document.getpdf": "PDF"}
_DOCX = b"PK\x03\x04"
_TEMPLATES = ((39, "Angebot", 7), (41, "Rechnung", 31), (43, "Auftragsbestätigung", 2))


def _owner(portal: Portal, given: Row) -> tuple[Type, Row]:
    kind = BY_ID.get(integer(given.get("entityTypeId")) or 0)
    row = portal.get(kind.table, integer(given.get("entityId"))) if kind is not None else None
    if kind is None or row is None:
        raise Refused("0", "Entity not found")
    return kind, row


def _upload(portal: Portal, call: Call) -> Reply:
    """A DOCX is needed even where only the PDF matters."""
    fields = call.exact("fields")
    if not isinstance(fields, dict):
        raise mistyped("fields")
    if not call.login.app and not portal.setting("upload_by_webhook"):
        raise Refused("0", "Application not found")
    for name in ("fileContent", "title", "number", "region", "entityTypeId", "entityId"):
        if not fields.get(name):
            raise missing(name)
    kind, owner = _owner(portal, fields)
    docx = files.decoded(fields["fileContent"])
    if not docx.startswith(_DOCX):
        raise Refused("0", "The file is no DOCX document")
    pdf = files.decoded(fields["pdfContent"]) if fields.get("pdfContent") else None
    row = _make(portal, kind, owner, str(fields["title"]), str(fields["number"]), docx, pdf, template=55)
    return Reply({"document": _whole(portal, row)}, f"documents/{row['ID']}")


def _limit(portal: Portal) -> None:
    """The fault ``docgen-limit``: the plan allows no more documents."""
    faults = portal.world.faults
    if faults.armed and faults.take("DOCUMENT", "docgen-limit"):
        raise Refused("DOCGEN_LIMIT_ERROR", "You have exceeded the maximum number of documents")


def _make(portal: Portal, kind: Type, owner: Row, title: str, number: str, docx: bytes, pdf: bytes | None, *, template: int) -> Row:
    _limit(portal)
    row: Row = {"ENTITY_TYPE_ID": kind.id, "ENTITY_ID": owner["ID"], "TITLE": title, "NUMBER": number, "TEMPLATE_ID": template}
    row |= {"CREATED": portal.now(), "CREATED_BY": portal.user, "UPDATED": portal.now(), "UPDATED_BY": None, "PUBLIC": None}
    row |= {"DOCX": files.keep(portal, f"{title}.docx", docx)}
    row["PDF"] = files.keep(portal, f"{title}.pdf", pdf if pdf is not None else make_pdf(title, _lines(portal, kind, owner)))
    portal.add("documents", row)
    portal.happened("ONCRMDOCUMENTGENERATORDOCUMENTADD", {"FIELDS": {"ID": row["ID"]}})
    return row


def _lines(portal: Portal, kind: Type, owner: Row) -> list[str]:
    lines = [str(owner.get("TITLE") or "")]
    for row in rows_of(portal, kind, owner["ID"]) if kind.id in WITH_ROWS else ():
        lines.append(f"{row['QUANTITY']} {row['MEASURE_NAME']}  {row['PRODUCT_NAME']}  {row['PRICE']}")
    return lines


def _ready(portal: Portal, row: Row) -> bool:
    """The PDF comes some time after the document."""
    ready: bool = portal.now() >= row["CREATED"] + timedelta(seconds=portal.setting("pdf_seconds"))
    return ready


def _urls(portal: Portal, row: Row, *, machine: bool) -> Row:
    found: Row = {}
    for name, action in (("downloadUrl", "download"), ("pdfUrl", "getPdf"), ("imageUrl", "getImage")):
        if name != "downloadUrl" and not _ready(portal, row):
            continue
        method = f"crm.documentgenerator.document.{action}"
        if machine:
            found[f"{name}Machine"] = files.link(portal, "document", row["ID"], f"{method}.json")
        else:
            found[name] = f"{portal.base}/bitrix/services/main/ajax.php?action={method}&SITE_ID=s1&id={row['ID']}"
    return found


def _shown(portal: Portal, row: Row) -> Row:
    """A document in a list; what ``select`` says is ignored."""
    ready = _ready(portal, row)
    return {
        "id": str(row["ID"]), "title": row["TITLE"], "number": row["NUMBER"], "templateId": str(row["TEMPLATE_ID"]), "fileId": str(row["DOCX"]),
        "imageId": str(row["PDF"]) if ready else None, "pdfId": str(row["PDF"]) if ready else None, "createTime": portal.stamp(row["CREATED"]),
        "updateTime": portal.stamp(row["UPDATED"]), "values": {"_creationMethod": "rest", "stampsEnabled": True},
        "createdBy": str(row["CREATED_BY"]), "updatedBy": None if row["UPDATED_BY"] is None else str(row["UPDATED_BY"]),
        **_urls(portal, row, machine=False), "stampsEnabled": True, "entityId": str(row["ENTITY_ID"]),
        "entityTypeId": str(row["ENTITY_TYPE_ID"]), **_urls(portal, row, machine=True),
    }  # fmt: skip


def _whole(portal: Portal, row: Row) -> Row:
    """A document as ``upload``, ``add`` and ``get`` show it; the conversion is still under way at that moment."""
    kind = BY_ID[row["ENTITY_TYPE_ID"]]
    owner = portal.get(kind.table, row["ENTITY_ID"]) or {}
    count = len(rows_of(portal, kind, row["ENTITY_ID"])) if kind.id in WITH_ROWS else 0
    public = f"{portal.base}/~{row['PUBLIC']}" if row["PUBLIC"] else None
    shown: Row = {
        "changeStampsEnabled": False, "changeStampsDisabledReason": "The template is missing seals and signatures",
        "changeQrCodeEnabled": False, "qrCodeEnabled": False, "changeQrCodeDisabledReason": "The template is missing a QR code",
        "products": {"currencyId": portal.setting("currency"), "totalSum": f"{owner.get('OPPORTUNITY') or 0:.2f}", "totalRows": count},
        "publicUrl": public, "title": row["TITLE"], "number": row["NUMBER"], "id": str(row["ID"]),
        "createTime": portal.stamp(row["CREATED"]), "createdBy": str(row["CREATED_BY"]), "updateTime": portal.stamp(row["UPDATED"]),
        "updatedBy": None if row["UPDATED_BY"] is None else str(row["UPDATED_BY"]), "stampsEnabled": False, "isTransformationError": False,
        "values": {"productsTableVariant": "", "_creationMethod": "rest"}, "templateId": str(row["TEMPLATE_ID"]),
        "pullTag": f"TRANSFORMDOCUMENT{row['ID']}", "emailDiskFile": 5000 + row["ID"], "entityId": str(row["ENTITY_ID"]),
        "entityTypeId": str(row["ENTITY_TYPE_ID"]),
    }  # fmt: skip
    urls = _urls(portal, row, machine=False) | _urls(portal, row, machine=True)
    fresh = portal.now() == row["CREATED"]
    return shown | {name: url for name, url in urls.items() if name.startswith("download") or not fresh}


def _add(portal: Portal, call: Call) -> Reply:
    given = {name: call.number(name) for name in ("templateId", "entityTypeId", "entityId")}
    template = next((one for one in _TEMPLATES if one[0] == given["templateId"]), None)
    if template is None:
        raise Refused("0", "Template not found")
    kind, owner = _owner(portal, given)
    number = str(portal.world.storage.next_id(f"document_number_{template[0]}"))
    row = _make(portal, kind, owner, f"{template[1]} {number}", number, _DOCX, None, template=template[0])
    return Reply({"document": _whole(portal, row)}, f"documents/{row['ID']}")


def _one(portal: Portal, call: Call) -> Row:
    row = portal.get("documents", call.number("id"))
    if row is None:
        raise Refused("0", "Document not found")
    return row


def _get(portal: Portal, call: Call) -> Reply:
    return Reply({"document": _whole(portal, _one(portal, call))})


def _delete(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    portal.remove("documents", row["ID"])
    portal.happened("ONCRMDOCUMENTGENERATORDOCUMENTDELETE", {"FIELDS": {"ID": row["ID"]}})
    return Reply(True, f"documents/{row['ID']}")


def _publish(portal: Portal, call: Call) -> Reply:
    row = _one(portal, call)
    wanted = integer(call.exact("status"))
    public = (row["PUBLIC"] or portal.secret(5)) if wanted != 0 else None
    different = portal.change("documents", row, {"PUBLIC": public})
    if different:
        portal.change("documents", row, {"UPDATED": portal.now(), "UPDATED_BY": portal.user})
        portal.happened("ONCRMDOCUMENTGENERATORDOCUMENTUPDATE", {"FIELDS": {"ID": row["ID"]}})
    return Reply({"publicUrl": f"{portal.base}/~{public}" if public else None}, f"documents/{row['ID']}" if different else "")


_COLUMNS = {
    "id": "ID", "title": "TITLE", "number": "NUMBER", "templateId": "TEMPLATE_ID", "entityTypeId": "ENTITY_TYPE_ID", "entityId": "ENTITY_ID",
    "createTime": "CREATED", "updateTime": "UPDATED", "createdBy": "CREATED_BY",
}  # fmt: skip


def _columns(name: str) -> str:
    if name not in _COLUMNS:
        raise filters.Unknown(name)
    return _COLUMNS[name]


def _list(portal: Portal, call: Call) -> Reply:
    columns = filters.Columns(_columns)
    rows = list(filter(filters.compiled(portal, call.exact("filter"), columns), portal.table("documents").values()))
    reply = page(filters.ordered(call.exact("order") or {"id": "ASC"}, rows, columns), call)
    reply.result = {"documents": [_shown(portal, row) for row in reply.result]}
    return reply


def _templates(portal: Portal, call: Call) -> Reply:
    """Keyed by id, other than the documents."""
    del call
    found: dict[str, Any] = {}
    for number, name, kind in _TEMPLATES:
        address = f"{portal.base}/bitrix/services/main/ajax.php?action=crm.documentgenerator.template.download&SITE_ID=s1&id={number}"
        found[str(number)] = {
            "id": str(number), "name": name, "region": portal.setting("language"), "download": address, "users": ["UA"],
            "entityTypeId": [f"{kind}_category_0" if kind == 2 else str(kind)],
            "downloadMachine": files.link(portal, "template", number, "crm.documentgenerator.template.download.json"),
        }  # fmt: skip
    return Reply({"templates": found}, total=len(found))


# by address


def fetched(portal: Portal, request: Request, method: str) -> Response | None:
    """DOCX or PDF of a signed address."""
    opened = files.named(portal, request.args.get("token", ""))
    row = portal.get("documents", opened[1]) if opened and opened[0] == "document" else None
    if row is None:
        return None
    kept = portal.table("files")[row[PATHS[method]]]
    return drive.attachment(kept["NAME"], kept["DATA"])


def public(portal: Portal, word: str) -> Response | None:
    """The document behind a public address."""
    row = next((one for one in portal.table("documents").values() if one["PUBLIC"] == word), None)
    if row is None:
        return None
    kept = portal.table("files")[row["PDF"]]
    return drive.attachment(kept["NAME"], kept["DATA"])


METHODS: dict[str, Handler] = {
    "crm.documentgenerator.document.upload": _upload,
    "crm.documentgenerator.document.add": _add,
    "crm.documentgenerator.document.get": _get,
    "crm.documentgenerator.document.delete": _delete,
    "crm.documentgenerator.document.list": _list,
    "crm.documentgenerator.document.enablepublicurl": _publish,
    "crm.documentgenerator.template.list": _templates,
}

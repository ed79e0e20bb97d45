"""The whole data of the portal, for an oracle: every table as it is kept, without either generation's way of writing it."""

from __future__ import annotations

from typing import Any

from unisono.sandbox.bitrix24 import multifields
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.records import plain_value
from unisono.sandbox.bitrix24.types import ALL, WITH_MULTIFIELDS
from unisono.sandbox.kit.world import Row

_TABLES = """requisites bankdetails addresses requisite_links rows comments logs activities documents disk products prices store_products
userfields enums triggers trigger_runs robots robot_runs placements event_handlers offline payments statuses categories recycle""".split()


def truth(portal: Portal) -> dict[str, Any]:
    """``{table: [row, ...]}`` ascending by id: the classic methods' field names, sums and instants as texts, days as ``YYYY-MM-DD``.

    A company, contact or lead has its multifields in ``FM``; a file is named with its ``SHA256``. Tokens are left out.
    """
    found: dict[str, Any] = {}
    for kind in ALL:
        rows = []
        for row in portal.table(kind.table).values():
            shown: Row = plain_value(row)
            if kind.id in WITH_MULTIFIELDS:
                shown["FM"] = multifields.universal(multifields.of(portal, kind, row["ID"]))
            rows.append(shown)
        found[kind.table] = rows
    for name in _TABLES:
        found[name] = [plain_value(row) for row in portal.table(name).values()]
    sums = {key: row["SHA256"] for key, row in portal.table("files").items()}
    for row in found["comments"]:
        row["FILES"] = [{"ID": key, "NAME": portal.table("files")[key]["NAME"], "SHA256": sums[key]} for key in row["FILES"]]
    for row in found["documents"]:
        row |= {"DOCX_SHA256": sums[row["DOCX"]], "PDF_SHA256": sums[row["PDF"]]}
    return found

"""Files: the portal's drive, what hangs in fields and comments, and the signed addresses they are fetched by."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row

FIELD_FILE = "crm.controller.item.getFile"
"""The method in the address of a field's file."""


def decoded(text: Any) -> bytes:
    """The bytes of base64. Raises ``Refused``. A wrong end does no harm: a sample of the vendor's own has one."""
    if isinstance(text, bytes):
        return text
    said = "".join(str(text).split()).rstrip("=")
    said = said[:-1] if len(said) % 4 == 1 else said
    try:
        return base64.b64decode(said + "=" * (-len(said) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("ERROR_ARGUMENT", "The file's content is not base64") from None


def keep(portal: Portal, name: str, data: bytes) -> int:
    """Keep a file; its id."""
    row = {"NAME": name, "DATA": data, "SHA256": hashlib.sha256(data).hexdigest(), "CREATED": portal.now()}
    number: int = portal.add("files", row)["ID"]
    return number


def from_field(portal: Portal, raw: Any, *, multiple: bool, pairs: bool) -> Any:
    """Files of a field: ``{"fileData": [name, base64]}``, or by the universal methods the pair itself. Kept ones come as their id."""
    if raw in (None, "", [], {}):
        return [] if multiple else None
    given = [raw] if not multiple or isinstance(raw, dict) or _is_pair(raw) else members(raw)
    found = [one for one in (_one(portal, entry, pairs) for entry in given) if one is not None]
    return found if multiple else (found[0] if found else None)


def _one(portal: Portal, entry: Any, pairs: bool) -> int | None:
    if isinstance(entry, dict) and isinstance(entry.get("id"), int | str) and str(entry["id"]).isdigit():
        return int(entry["id"]) if portal.get("files", int(entry["id"])) else None
    pair: Any = entry.get("fileData") if isinstance(entry, dict) and not pairs else entry
    if not _is_pair(pair):
        raise ValueError("is no file")
    return keep(portal, str(pair[0]), decoded(pair[1]))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str | bytes) for one in value)


def shown(portal: Portal, number: int, method: str = FIELD_FILE) -> Row:
    """A file of a field as it is read: the first address needs a browser's session, the second carries a token."""
    return {
        "id": number,
        "url": f"{portal.base}/bitrix/services/main/ajax.php?action={method}&SITE_ID=s1&fileId={number}",
        "urlMachine": link(portal, "file", number, f"{method}.json"),
    }


def link(portal: Portal, kind: str, number: int, path: str = "download.json", *, version: str = "") -> str:
    """A signed address. It holds as long as the portal's secret; whoever has it can fetch."""
    return f"{portal.base}/rest/{path}?auth={_mark(portal, 'auth')}&token={kind}%7C{number}%7C{_mark(portal, f'{kind}{number}{version}')}"


def named(portal: Portal, token: str, version: str = "") -> tuple[str, int] | None:
    """What a token opens: kind and id."""
    kind, _, rest = token.partition("|")
    number, _, mark = rest.partition("|")
    if not number.isdigit() or mark != _mark(portal, f"{kind}{number}{version}"):
        return None
    return kind, int(number)


def _mark(portal: Portal, text: str) -> str:
    return hashlib.sha256(f"{portal.setting('client_secret')}|{text}".encode()).hexdigest()[:40]

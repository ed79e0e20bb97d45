"""What a notice of Bitrix24 points at, pure. It comes as a form with PHP's brackets and holds an id only.

The address that was registered tells a notice from a stranger's call, and so does ``auth[application_token]``, which the portal puts into
each of them. Of the content nothing but the id is used. A notice for a local app brings keys to the portal along: they are not even kept.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode

from unisono.systems.bitrix24.mapping import ENTITIES
from unisono.systems.bitrix24.values import as_id

_EVENT = re.compile(r"ONCRM(COMPANY|CONTACT|DEAL|QUOTE|DYNAMICITEM)(?:ADD|UPDATE|DELETE|MOVETOCATEGORY)(?:_([0-9]+))?\Z")
_NAMES = {"COMPANY": "companies", "CONTACT": "contacts", "DEAL": "deals", "QUOTE": "quotes"}
EVENTS = (*_NAMES.values(), "invoices")
"""The lists whose changes a portal tells of, once it was told to."""
_COMMENT = re.compile(r"ONCRMTIMELINECOMMENT(?:ADD|UPDATE|DELETE)\Z")
_MOST = 100
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
TYPES = frozenset({"application/x-www-form-urlencoded"})
"""What a portal says it sends."""
_KEPT = ("event", "data[FIELDS][ID]", "data[FIELDS][ENTITY_TYPE_ID]", "data[ID]", "auth[member_id]")
_PROOF = "auth[application_token]"
_SEAL = "sealed[application_token]"


def extract(body: bytes) -> list[tuple[str, str]]:
    """Resource and row key of everything a notice is about; nothing for what is not understood or not of interest.

    A requisite or an address names itself only, not its owner: its owner is found with the next look.
    """
    told = _form(body)
    event, key = told.get("event", "").upper(), as_id(told.get("data[FIELDS][ID]") or told.get("data[ID]"))
    if not key:
        return []
    if _COMMENT.match(event):
        return [("comments", key)]
    found = _EVENT.match(event)
    if not found:
        return []
    if found[1] != "DYNAMICITEM":
        return [(_NAMES[found[1]], key)]
    entity = told.get("data[FIELDS][ENTITY_TYPE_ID]") or found[2] or ""
    return [("invoices", key)] if entity == str(ENTITIES["invoices"]) else []


def bare(body: bytes) -> bytes:
    """What of a notice may be kept: which row it is about and who says so. Of the portal's token there remains a hash, of its keys nothing."""
    told = _form(body)
    # A value that is no word may be one that another ran into on its way.
    kept = {name: told[name] for name in _KEPT if _WORD.match(told.get(name, ""))}
    if told.get(_PROOF):
        kept[_SEAL] = hashlib.sha256(told[_PROOF].encode()).hexdigest()
    return urlencode(kept).encode()


def sender(body: bytes) -> dict[str, str]:
    """Which portal a notice that was kept says it is from, and the hash of the token by which it proves that."""
    told = _form(body)
    return {"member": told.get("auth[member_id]", ""), "notices_by": told.get(_SEAL, "")}


def urgent(body: bytes) -> bool:
    """Whether the app was taken out of the portal: then the login is tried at once."""
    return _form(body).get("event", "").upper() == "ONAPPUNINSTALL"


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST))
    except (ValueError, UnicodeDecodeError):
        return {}

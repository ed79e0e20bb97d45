"""What a notice of Bitrix24 points at, pure. It comes as a form with PHP's brackets and holds an id only.

Its ``auth[application_token]`` is a token of the portal, not of this door: the address that was registered tells a notice from a stranger's
call, and of its content nothing but the id is used.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from unisono.systems.bitrix24.mapping import ENTITIES
from unisono.systems.bitrix24.values import as_id

_EVENT = re.compile(r"ONCRM(COMPANY|CONTACT|DEAL|QUOTE|DYNAMICITEM)(?:ADD|UPDATE|DELETE|MOVETOCATEGORY)(?:_([0-9]+))?\Z")
_NAMES = {"COMPANY": "companies", "CONTACT": "contacts", "DEAL": "deals", "QUOTE": "quotes"}
EVENTS = (*_NAMES.values(), "invoices")
"""The lists whose changes a portal tells of, once it was told to."""
_COMMENT = re.compile(r"ONCRMTIMELINECOMMENT(?:ADD|UPDATE|DELETE)\Z")
_MOST = 100


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


def application_token(body: bytes) -> str:
    """The token by which a portal signs its notices, to be compared with the one kept; empty if there is none."""
    return _form(body).get("auth[application_token]", "")


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST))
    except (ValueError, UnicodeDecodeError):
        return {}

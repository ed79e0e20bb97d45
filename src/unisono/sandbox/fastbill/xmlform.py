"""The XML form of the envelope: root FBAPI, one element a member of a list, an empty element for nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

# The one name of list members that is not simply the list's name without its S.
_MEMBERS = {"CONTACTS": "ELEMENT"}


def parse(body: bytes) -> dict[str, Any]:
    """The request as a mapping: an element with children is a mapping, a repeated child a list, an empty element an empty text.

    Raises ``ParseError`` or ``ValueError``.
    """
    # Entities are the one way in which a small XML text grows without end; the service has no use for them.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a document type is not accepted")
    root = ET.fromstring(body)  # noqa: S314 - document types are refused above
    top = _value(root)
    return top if isinstance(top, dict) else {}


def _value(element: ET.Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    members: dict[str, Any] = {}
    for child in element:
        value = _value(child)
        if child.tag not in members:
            members[child.tag] = value
        elif isinstance(members[child.tag], list):
            members[child.tag].append(value)
        else:
            members[child.tag] = [members[child.tag], value]
    return members


def write(envelope: dict[str, Any]) -> bytes:
    """The answer as XML."""
    root = ET.Element("FBAPI")
    for key, value in envelope.items():
        _append(root, key, value)
    text: str = ET.tostring(root, encoding="unicode")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode()


def _append(parent: ET.Element, name: str, value: Any) -> None:
    element = ET.SubElement(parent, name)
    if isinstance(value, dict) and value and all(key.isdigit() for key in value):
        value = [value[key] for key in sorted(value, key=int)]
    if isinstance(value, dict):
        for key, member in value.items():
            # A list sent as repeated elements comes back the same way.
            for one in member if isinstance(member, list) and key == _member(name) else [member]:
                _append(element, key, one)
    elif isinstance(value, list):
        for member in value:
            _append(element, _member(name), member)
    else:
        element.text = _text(value)


def _member(name: str) -> str:
    return _MEMBERS.get(name) or (name[:-1] if name.endswith("S") else "ELEMENT")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = str(value)
    # Characters that XML 1.0 cannot carry at all.
    return "".join(c for c in text if c >= " " or c in "\t\n\r")

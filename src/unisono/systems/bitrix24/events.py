"""The notices of a portal: registered for by a local app, delivered to a door of ours or kept in the portal's own queue until they are fetched.

Either way a notice is a hint at a row, and nothing of it is believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from unisono.model.errors import BadAnswer
from unisono.model.fields import Row
from unisono.model.secret import Secret
from unisono.systems.bitrix24.client import CONNECTOR, MOST, Step, result_of
from unisono.systems.bitrix24.values import as_id

if TYPE_CHECKING:
    from unisono.systems.bitrix24.system import Bitrix24

_OBJECTS = ("COMPANY", "CONTACT", "DEAL", "QUOTE", "DYNAMICITEM")
QUEUED = tuple(f"ONCRM{name}{what}" for name in _OBJECTS for what in ("ADD", "UPDATE", "DELETE"))
"""What is of use to us. A requisite names itself alone, so its owner is found with the next look."""
REMOVED = "ONAPPUNINSTALL"
TOLD = (*QUEUED, REMOVED)
_FLAGS = (1, "1", True, "Y")


def hook(system: Bitrix24, url: Secret, begin: str) -> None:
    """Has every change of use told to an address, which begins with ``begin``; what is told there already stays.

    One call an event; needs an administrator. Raises what ``write`` raises; called again it goes on where it ended.
    """
    there = {str(row.get("event")).upper() for row in _online(system, begin)}
    for event in TOLD:
        if event not in there:
            system.client.write([Step("event", "event.bind", {"event": event, "handler": url})])


def unhook(system: Bitrix24, begin: str) -> int:
    """Takes away every registration whose address begins so; how many there were."""
    found = _online(system, begin) if system.client.is_app else []
    for row in found:
        params = {"event": str(row.get("event")), "handler": Secret(str(row["handler"]))}
        system.client.write([Step("event", "event.unbind", params)])
    return len(found)


def queue_up(system: Bitrix24) -> None:
    """Has the portal keep every change of use until it is fetched. Needs an administrator."""
    there = {str(row.get("event")).upper() for row in _registered(system) if row.get("offline") in _FLAGS}
    for event in QUEUED:
        if event not in there:
            params = {"event": event, "event_type": "offline", "auth_connector": CONNECTOR}
            system.client.write([Step("event", "event.bind", params)])


def unqueue(system: Bitrix24) -> None:
    """The portal keeps nothing for us any longer."""
    for event in sorted({str(row.get("event")) for row in _registered(system) if row.get("offline") in _FLAGS}):
        params = {"event": event, "event_type": "offline", "auth_connector": CONNECTOR}
        system.client.write([Step("event", "event.unbind", params)])


def queued(system: Bitrix24) -> tuple[str, list[bytes]]:
    """What is in the queue, oldest first and at most fifty: the name of the pack, and each notice as a door would have got it, without keys.

    A pack that is not let go of (``let_go``) stays reserved in the portal and is not told again. Raises ``LoginRefused`` and the like.
    """
    params = {"limit": MOST, "clear": 0, "auth_connector": CONNECTOR}
    step = Step("queue", "event.offline.get", params)
    result = result_of(system.client.read([step]), step)
    events = result.get("events") if isinstance(result, dict) else None
    if not isinstance(events, list):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": "events"})
    return str(result.get("process_id") or ""), [_notice(row) for row in events if isinstance(row, dict)]


def let_go(system: Bitrix24, pack: str) -> None:
    """A pack was read and is forgotten by the portal."""
    system.client.write([Step("queue", "event.offline.clear", {"process_id": pack})])


def _notice(row: Row) -> bytes:
    data: Any = row.get("EVENT_DATA")
    fields: Any = data.get("FIELDS") if isinstance(data, dict) else None
    fields = fields if isinstance(fields, dict) else {}
    told = {"event": str(row.get("EVENT_NAME") or "")[:100], "data[FIELDS][ID]": as_id(fields.get("ID"))}
    if entity := as_id(fields.get("ENTITY_TYPE_ID")):
        told["data[FIELDS][ENTITY_TYPE_ID]"] = entity
    return urlencode(told).encode()


def _online(system: Bitrix24, begin: str) -> list[Row]:
    return [row for row in _registered(system) if str(row.get("handler") or "").startswith(begin)]


def _registered(system: Bitrix24) -> list[Row]:
    step = Step("events", "event.get", {})
    rows = result_of(system.client.read([step]), step)
    if not isinstance(rows, list):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": "result"})
    return [row for row in rows if isinstance(row, dict)]

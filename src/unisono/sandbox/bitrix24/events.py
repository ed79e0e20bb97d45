"""Telling others: handlers of applications, outgoing webhooks made by hand, the offline queue. Nothing is delivered twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from unisono.sandbox.bitrix24 import tokens
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused, wrong_auth
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.filters import compiled, ordered, plain
from unisono.sandbox.bitrix24.phpform import flat, members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

_RECORDS = "COMPANY CONTACT DEAL LEAD QUOTE REQUISITE BANKDETAIL ACTIVITY TIMELINECOMMENT DOCUMENTGENERATORDOCUMENT".split()
EVENTS = (
    {f"ONCRM{name}{what}" for name in _RECORDS for what in ("ADD", "UPDATE", "DELETE")}
    | {f"ONCRMDYNAMICITEM{what}{tail}" for what in ("ADD", "UPDATE", "DELETE") for tail in ("", "_31")}
    | {f"CATALOG.PRODUCT.ON.{what}" for what in ("ADD", "UPDATE", "DELETE")}
    | {"ONCRMADDRESSREGISTER", "ONCRMADDRESSUNREGISTER", "ONCRMDEALMOVETOCATEGORY"}
    | {"ONAPPINSTALL", "ONAPPUNINSTALL", "ONOFFLINEEVENT", "ONAPPUPDATE", "ONAPPMETHODCONFIRM"}
)
_OUTBOX = 1000
KEPT = timedelta(days=30)
"""How long a pack of the offline queue stays reserved."""


def bind(portal: Portal, given: Row, *, kind: str) -> Row:
    """Register a handler; ``kind`` is ``app`` or ``webhook`` (made by hand). Raises ``Refused``."""
    event = str(given.get("event") or "").upper()
    offline = str(given.get("event_type") or "online").lower() == "offline"
    handler = "" if offline else str(given.get("handler") or "")
    if event not in EVENTS:
        raise Refused("ERROR_EVENT_NOT_FOUND", "Event not found")
    if not offline and (urlsplit(handler).scheme not in ("http", "https") or not urlsplit(handler).hostname):
        raise Refused("ERROR_ARGUMENT", "Argument 'HANDLER' is null or empty", argument="HANDLER")
    row: Row = {"EVENT": event, "HANDLER": handler, "AUTH_TYPE": integer(given.get("auth_type")) or 0, "OFFLINE": offline, "KIND": kind}
    row["CONNECTOR"] = str(given.get("auth_connector") or "")
    options = given.get("options")
    row["OPTIONS"] = options if isinstance(options, dict) else {}
    for held in portal.table("event_handlers").values():
        if all(held[name] == row[name] for name in ("EVENT", "HANDLER", "AUTH_TYPE", "OFFLINE", "KIND", "CONNECTOR")):
            raise Refused("ERROR_EVENT_BINDING_EXISTS", "Handler already bound")  # guess
    return portal.add("event_handlers", row)


def _app(call: Call) -> None:
    if not call.login.app:
        raise wrong_auth()


def _bind(portal: Portal, call: Call) -> Reply:
    _app(call)
    if str(call.get("event_type") or "").lower() == "offline" and not portal.setting("admin"):
        raise Refused("ACCESS_DENIED", "Access denied!", 403)
    row = bind(portal, {key.lower(): value for key, value in call.params.items()}, kind="app")
    return Reply(True, f"event_handlers/{row['ID']}")


def _get(portal: Portal, call: Call) -> Reply:
    _app(call)
    return Reply(
        [
            {"event": row["EVENT"], "handler": row["HANDLER"], "auth_type": str(row["AUTH_TYPE"]), "offline": int(row["OFFLINE"])}
            for row in portal.table("event_handlers").values()
            if row["KIND"] == "app"
        ]
    )


def _unbind(portal: Portal, call: Call) -> Reply:
    _app(call)
    event, handler = str(call.get("event") or "").upper(), call.get("handler")
    offline = str(call.get("event_type") or "online").lower() == "offline"
    connector, auth = call.get("auth_connector"), call.get("auth_type")
    gone = [
        row["ID"]
        for row in portal.table("event_handlers").values()
        if (row["KIND"], row["EVENT"], row["OFFLINE"]) == ("app", event, offline)
        and (handler is None or offline or row["HANDLER"] == str(handler))
        and (connector is None or row["CONNECTOR"] == str(connector))
        and (auth is None or row["AUTH_TYPE"] == integer(auth))
    ]
    for key in gone:
        portal.remove("event_handlers", key)
    return Reply({"count": len(gone)}, "event_handlers/0" if gone else "")


def _known(portal: Portal, call: Call) -> Reply:
    del portal, call
    return Reply(sorted(EVENTS))


# what has happened goes out


def settle(portal: Portal) -> None:
    """Turn what has happened since the last time into deliveries, and send those whose time has come."""
    happened, portal.pending = portal.pending, []
    handlers = list(portal.table("event_handlers").values())
    for event, data, connector, robot in happened if handlers else ():
        for row in handlers:
            if row["EVENT"] == event:
                _enqueue(portal, row, event, data, connector, robot=robot)
    if portal.table("deliveries"):
        send_due(portal)


def _enqueue(portal: Portal, handler: Row, event: str, data: Row, connector: str, *, robot: bool) -> None:
    if handler["OFFLINE"]:
        own = connector and connector == handler["CONNECTOR"] and portal.setting("offline_extended")
        if not own:
            _queue(portal, handler, event, data)
        return
    now = portal.world.clock.now()
    body: Row = {"event": event, "event_handler_id": handler["ID"], "data": data, "ts": int(now.timestamp())}
    body["auth"] = tokens.event_auth(portal, handler["KIND"], acting=not robot, user=handler["AUTH_TYPE"] or portal.user)
    due = now + timedelta(seconds=portal.setting("event_seconds"))
    portal.add("deliveries", {"URL": handler["HANDLER"], "BODY": urlencode(flat(body)), "DUE": due, "EVENT": event})


def send_due(portal: Portal) -> None:
    """Deliver what is due. Faults ``event-lost`` and ``event-twice`` bite here."""
    now, faults = portal.world.clock.now(), portal.world.faults
    for row in list(portal.table("deliveries").values()):
        if row["DUE"] > now:
            continue
        portal.remove("deliveries", row["ID"])
        fault = faults.take(f"EVENT {row['URL']} {row['EVENT']}", "event-lost", "event-twice") if faults.armed else None
        for _ in range({"event-lost": 0, "event-twice": 2}.get(fault.name, 1) if fault else 1):
            post(portal, row["URL"], row["BODY"].encode())


def post(portal: Portal, url: str, body: bytes) -> None:
    """One attempt, without a second; whatever goes wrong at the other end is nobody's affair here."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24 Webhook Engine"}
    deliver = portal.world.storage.settings.get("deliver")
    if deliver is None:
        outbox: list[Row] = portal.world.storage.settings.setdefault("outbox", [])
        outbox.append({"url": url, "headers": headers, "body": body.decode("ascii")})
        del outbox[:-_OUTBOX]
        return
    try:
        deliver(url, headers, body)
    except Exception:  # noqa: BLE001  a receiver that fails is not told again
        return


# the offline queue


def _queue(portal: Portal, handler: Row, event: str, data: Row) -> None:
    """Only the newest state of a record is kept: what waits for the same record already gives way."""
    message = hashlib.sha256(json.dumps([event, data, handler["CONNECTOR"]], sort_keys=True).encode()).hexdigest()[:32]
    for row in list(portal.table("offline").values()):
        if row["MESSAGE_ID"] == message and not row["PROCESS_ID"]:
            portal.remove("offline", row["ID"])
    row = {"MESSAGE_ID": message, "EVENT_NAME": event, "EVENT_DATA": data, "CONNECTOR": handler["CONNECTOR"], "STAMP": portal.now()}
    portal.add("offline", row | {"PROCESS_ID": "", "ERROR": 0})
    _wake(portal)


def _wake(portal: Portal) -> None:
    """``ONOFFLINEEVENT``: a call without content, at most once in ``minTimeout`` seconds."""
    now = portal.world.clock.now()
    for row in portal.table("event_handlers").values():
        if row["EVENT"] != "ONOFFLINEEVENT" or row["OFFLINE"]:
            continue
        wait = integer(row["OPTIONS"].get("minTimeout")) or 1
        if row.get("WOKEN") is not None and (now - row["WOKEN"]).total_seconds() < wait:
            continue
        portal.change("event_handlers", row, {"WOKEN": now})
        body: Row = {"event": "ONOFFLINEEVENT", "data": {}, "ts": int(now.timestamp())}
        body["auth"] = tokens.event_auth(portal, row["KIND"], acting=True, user=portal.user)
        due = now + timedelta(seconds=portal.setting("event_seconds"))
        portal.add("deliveries", {"URL": row["HANDLER"], "BODY": urlencode(flat(body)), "DUE": due, "EVENT": "ONOFFLINEEVENT"})


def _admin_app(portal: Portal, call: Call) -> None:
    _app(call)
    if not portal.setting("admin"):
        raise Refused("ACCESS_DENIED", "Access denied!", 403)


_COLUMNS = plain(("ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR"))


def _offline(portal: Portal, connector: str) -> list[Row]:
    """The queue of one connector; packs reserved for too long are gone."""
    limit = portal.now() - KEPT
    for row in list(portal.table("offline").values()):
        if row["PROCESS_ID"] and row["STAMP"] < limit:
            portal.remove("offline", row["ID"])
    return [row for row in portal.table("offline").values() if row["CONNECTOR"] == connector]


def _event(portal: Portal, row: Row) -> Row:
    shown = {"ID": str(row["ID"]), "TIMESTAMP_X": portal.stamp(row["STAMP"]), "EVENT_NAME": row["EVENT_NAME"]}
    return shown | {"EVENT_DATA": row["EVENT_DATA"] or False, "EVENT_ADDITIONAL": False, "MESSAGE_ID": row["MESSAGE_ID"]}


def _offline_get(portal: Portal, call: Call) -> Reply:
    """The next pack. ``clear`` 1 deletes it at once; 0 reserves it under a ``process_id``."""
    _admin_app(portal, call)
    connector = str(call.get("auth_connector") or "")
    process, only_failed = str(call.get("process_id") or ""), integer(call.get("error")) == 1
    rows = [row for row in _offline(portal, connector) if row["PROCESS_ID"] == process and (not only_failed or row["ERROR"])]
    rows = [row | {"TIMESTAMP_X": row["STAMP"]} for row in rows]
    rows = ordered(call.get("order"), list(filter(compiled(portal, call.get("filter"), _COLUMNS), rows)), _COLUMNS)
    pack = rows[: max(1, integer(call.get("limit")) or 50)]
    clear = integer(call.get("clear"))
    subject = ""
    if process:
        return Reply({"process_id": process, "events": [_event(portal, row) for row in pack]})
    if clear == 0 and portal.setting("offline_extended"):
        process = portal.secret()
        for row in pack:
            portal.change("offline", portal.table("offline")[row["ID"]], {"PROCESS_ID": process, "ERROR": 0})
    elif pack:
        for row in pack:
            portal.remove("offline", row["ID"])
        subject = "offline/0"
    return Reply({"process_id": process or None, "events": [_event(portal, row) for row in pack]}, subject)


def _named(portal: Portal, call: Call) -> list[Row]:
    process = str(call.get("process_id") or "")
    if not process:
        raise Refused("ERROR_ARGUMENT", "Argument 'process_id' is null or empty", argument="process_id")
    rows = [row for row in portal.table("offline").values() if row["PROCESS_ID"] == process]
    messages = {str(one) for one in members(call.get("message_id"))}
    ids = {integer(one) for one in members(call.get("id"))}
    return [row for row in rows if (not messages or row["MESSAGE_ID"] in messages) and (not ids or row["ID"] in ids)]


def _offline_clear(portal: Portal, call: Call) -> Reply:
    _admin_app(portal, call)
    gone = _named(portal, call)
    for row in gone:
        portal.remove("offline", row["ID"])
    return Reply(True, "offline/0" if gone else "")


def _offline_error(portal: Portal, call: Call) -> Reply:
    """Back into the queue, marked."""
    _admin_app(portal, call)
    for row in _named(portal, call):
        portal.change("offline", row, {"PROCESS_ID": "", "ERROR": 1})
    return Reply(True)


def _offline_list(portal: Portal, call: Call) -> Reply:
    _admin_app(portal, call)
    rows = [row | {"TIMESTAMP_X": row["STAMP"]} for row in _offline(portal, str(call.get("auth_connector") or ""))]
    found = ordered(call.get("order"), list(filter(compiled(portal, call.get("filter"), _COLUMNS), rows)), _COLUMNS)
    return Reply([_event(portal, row) | {"PROCESS_ID": row["PROCESS_ID"], "ERROR": str(row["ERROR"])} for row in found], total=len(found))


def installed(portal: Portal, handler: str) -> None:
    """``ONAPPINSTALL`` to the application's address, with its tokens."""
    data = {"VERSION": "1.0.0", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": portal.setting("language")}
    body: Row = {"event": "ONAPPINSTALL", "data": data, "ts": int(portal.now().timestamp())}
    body["auth"] = tokens.event_auth(portal, "app", acting=True, user=portal.user)
    post(portal, handler, urlencode(flat(body)).encode())


METHODS: dict[str, Handler] = {
    "event.bind": _bind,
    "event.get": _get,
    "event.unbind": _unbind,
    "events": _known,
    "event.offline.get": _offline_get,
    "event.offline.clear": _offline_clear,
    "event.offline.error": _offline_error,
    "event.offline.list": _offline_list,
}

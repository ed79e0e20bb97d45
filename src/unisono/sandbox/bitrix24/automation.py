"""Automation: triggers that move a record to a stage, robots, and the places in the interface where an application shows itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from unisono.sandbox.bitrix24 import events, records, tokens
from unisono.sandbox.bitrix24.directories import known_code, stage_directory, stages
from unisono.sandbox.bitrix24.envelope import Call, Reply
from unisono.sandbox.bitrix24.errors import Refused, app_only, refused, wrong_auth
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import flat
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import DEAL, INVOICE, LEAD, QUOTE, Type
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

TRIGGERED = {kind.id: kind for kind in (LEAD, DEAL, QUOTE, INVOICE)}
"""What has triggers; companies and contacts have none."""
_TARGETS = {"LEAD": LEAD, "DEAL": DEAL, "QUOTE": QUOTE, "SMART_INVOICE": INVOICE, "DYNAMIC_31": INVOICE}


def _needs_app(portal: Portal, call: Call) -> None:
    if not call.login.app:
        raise app_only()
    if not portal.setting("admin"):
        raise Refused("ACCESS_DENIED", "Access denied!", 403)


def _trigger(portal: Portal, code: str) -> Row | None:
    return next((row for row in portal.table("triggers").values() if row["CODE"] == code and not row["BY_HAND"]), None)


def _add(portal: Portal, call: Call) -> Reply:
    """Adding the same code again renames it."""
    _needs_app(portal, call)
    code, name = str(call.get("CODE") or ""), str(call.get("NAME") or "").strip()
    if not re.fullmatch(r"[a-z0-9.\-_]+", code):
        raise refused("Wrong trigger CODE!" if code else "Empty trigger CODE!")
    if not name:
        raise refused("Empty trigger NAME!")
    row = _trigger(portal, code)
    if row is None:
        row = portal.add("triggers", {"CODE": code, "NAME": name, "BY_HAND": False, "PLACED": []})
    else:
        portal.change("triggers", row, {"NAME": name})
    return Reply(True, f"triggers/{row['ID']}")


def _list(portal: Portal, call: Call) -> Reply:
    _needs_app(portal, call)
    return Reply([{"CODE": row["CODE"], "NAME": row["NAME"]} for row in portal.table("triggers").values() if not row["BY_HAND"]])


def _delete(portal: Portal, call: Call) -> Reply:
    _needs_app(portal, call)
    row = _trigger(portal, str(call.get("CODE") or ""))
    if row is None:
        raise refused(f"Trigger with code {call.get('CODE')} is not registered.")
    portal.remove("triggers", row["ID"])
    return Reply(True, f"triggers/{row['ID']}")


def _execute(portal: Portal, call: Call) -> Reply:
    """True says that it was taken, not that a stage moved."""
    _needs_app(portal, call)
    code = str(call.get("CODE") or "")
    row = _trigger(portal, code)
    if row is None:
        raise refused(f"Trigger with code {code} is not registered.")
    kind, key = TRIGGERED.get(integer(call.get("OWNER_TYPE_ID")) or 0), integer(call.get("OWNER_ID"))
    if kind is None:
        raise refused("Incorrect parameter OWNER_TYPE_ID.")
    return _fired(portal, row, kind, key)


def _by_hand(portal: Portal, call: Call) -> Reply:
    """A trigger "Track incoming webhook" that somebody made in the interface."""
    target, code = str(call.get("target") or ""), str(call.get("code") or "")
    if not target:
        raise refused("Target is not set.")
    word, _, key = target.rpartition("_")
    kind = _TARGETS.get(word.upper())
    if kind is None:
        raise refused("Target is not found.")
    row = next((one for one in portal.table("triggers").values() if one["CODE"] == code and one["BY_HAND"]), None)
    if row is None:
        raise refused("Code is not set." if not code else f"Trigger with code {code} is not registered.")
    return _fired(portal, row, kind, integer(key))


def _fired(portal: Portal, trigger: Row, kind: Type, key: int | None) -> Reply:
    owner = portal.get(kind.table, key)
    if owner is None:
        raise refused("Target is not found.")
    run: Row = {"CODE": trigger["CODE"], "OWNER_TYPE_ID": kind.id, "OWNER_ID": key, "AT": portal.now(), "MOVED_TO": None}
    for place in trigger["PLACED"]:
        if place["ENTITY_TYPE_ID"] == kind.id and known_code(portal, stage_directory(kind, owner.get("CATEGORY_ID")), place["STAGE"]):
            if owner[kind.stage] != place["STAGE"]:
                with portal.working(portal.user, robot=True):
                    records.change(portal, kind, owner, {kind.stage: place["STAGE"]})
                run["MOVED_TO"] = place["STAGE"]
            break
    row = portal.add("trigger_runs", run)
    return Reply(True, f"trigger_runs/{row['ID']}")


def place(portal: Portal, code: str, kind: Type, stage: str) -> Row:
    """An administrator puts a trigger on a stage. Raises ``KeyError`` and ``ValueError``."""
    row = next((one for one in portal.table("triggers").values() if one["CODE"] == code), None)
    if row is None:
        raise KeyError(f"no trigger {code!r}")
    every = [one["STATUS_ID"] for one in portal.table("statuses").values() if one["ENTITY_ID"].startswith(kind.stages)]
    if stage not in every:
        raise ValueError(f"{stage!r} is no stage of {kind.words}")
    portal.change("triggers", row, {"PLACED": [*row["PLACED"], {"ENTITY_TYPE_ID": kind.id, "STAGE": stage}]})
    return row


def by_hand(portal: Portal, kind: Type, stage: str) -> Row:
    """Somebody makes a trigger "Track incoming webhook" on a stage; its code is random. Raises ``ValueError``."""
    row = portal.add("triggers", {"CODE": portal.secret(5), "NAME": "Track incoming webhook", "BY_HAND": True, "PLACED": []})
    return place(portal, row["CODE"], kind, stage or stages(portal, kind, None if kind is not INVOICE else 3)[-1]["STATUS_ID"])


# robots


def _robot_add(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    code, handler = str(call.get("CODE") or ""), str(call.get("HANDLER") or "")
    if not code:
        raise Refused("ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity code!")
    if not call.get("NAME"):
        raise Refused("ERROR_ACTIVITY_VALIDATION_FAILURE", "Empty activity NAME!")
    if urlsplit(handler).scheme not in ("http", "https"):
        raise Refused("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol")
    if any(row["CODE"] == code for row in portal.table("robots").values()):
        raise Refused("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already added!")
    row: Row = {"CODE": code, "HANDLER": handler, "NAME": call.get("NAME"), "PROPERTIES": call.get("PROPERTIES") or {}}
    row |= {"AUTH_USER_ID": integer(call.get("AUTH_USER_ID")) or portal.user, "USE_SUBSCRIPTION": call.get("USE_SUBSCRIPTION") or "N"}
    row = portal.add("robots", row)
    return Reply(True, f"robots/{row['ID']}")


def _robots(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    return Reply([row["CODE"] for row in portal.table("robots").values()])


def _robot_delete(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    row = next((one for one in portal.table("robots").values() if one["CODE"] == call.get("CODE")), None)
    if row is None:
        raise Refused("ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
    portal.remove("robots", row["ID"])
    return Reply(True, f"robots/{row['ID']}")


def run_robot(portal: Portal, code: str, kind: Type, key: int, properties: Row) -> Row:
    """A record reaches a robot: its handler is told. Raises ``KeyError``."""
    row = next((one for one in portal.table("robots").values() if one["CODE"] == code), None)
    if row is None:
        raise KeyError(f"no robot {code!r}")
    token = portal.secret()
    name = f"CCrmDocument{kind.words}" if not kind.dynamic else "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice"
    body: Row = {"event_token": token, "code": code, "document_id": ["crm", name, f"{kind.code}_{key}"], "properties": properties}
    body |= {"use_subscription": row["USE_SUBSCRIPTION"], "ts": int(portal.now().timestamp())}
    body["auth"] = tokens.event_auth(portal, "app", acting=True, user=row["AUTH_USER_ID"])
    events.post(portal, row["HANDLER"], urlencode(flat(body)).encode())
    return portal.add("robot_runs", {"CODE": code, "TOKEN": token, "ANSWER": None, "OWNER_TYPE_ID": kind.id, "OWNER_ID": key})


def _robot_answer(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    row = next((one for one in portal.table("robot_runs").values() if one["TOKEN"] == call.get("EVENT_TOKEN")), None)
    if row is None:
        raise Refused("ERROR_WRONG_WORKFLOW_ID", "Wrong event token")
    portal.change("robot_runs", row, {"ANSWER": call.get("RETURN_VALUES") or {}})
    return Reply(True, f"robot_runs/{row['ID']}")


# placements

_PLACES = re.compile(
    r"CRM_(CONTACT|COMPANY|DEAL|LEAD|QUOTE|SMART_INVOICE)_(DETAIL_TAB|DETAIL_TOOLBAR|DETAIL_ACTIVITY|LIST_MENU|LIST_TOOLBAR|ACTIVITY_TIMELINE_MENU"
    r"|DOCUMENTGENERATOR_BUTTON)"
)


def _placing(portal: Portal, call: Call) -> None:
    if not call.login.app:
        raise wrong_auth()
    if not portal.setting("admin"):
        raise Refused("ACCESS_DENIED", "Access denied!", 403)


def _bind(portal: Portal, call: Call) -> Reply:
    _placing(portal, call)
    place_, handler = str(call.get("PLACEMENT") or ""), str(call.get("HANDLER") or "")
    for name, value in (("PLACEMENT", place_), ("HANDLER", handler)):
        if not value:
            raise Refused("ERROR_ARGUMENT", f"Argument '{name}' is null or empty", argument=name)
    if not _PLACES.fullmatch(place_):
        raise Refused("ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
    if any((row["PLACEMENT"], row["HANDLER"]) == (place_, handler) for row in portal.table("placements").values()):
        raise Refused("ERROR_PLACEMENT_HANDLER", "Unable to set placement handler: Handler already binded")
    row: Row = {
        "PLACEMENT": place_,
        "HANDLER": handler,
        "TITLE": str(call.get("TITLE") or ""),
        "DESCRIPTION": str(call.get("DESCRIPTION") or ""),
    }
    group = str(call.get("GROUP_NAME") or "")
    language = portal.setting("language")
    spoken = call.get("LANG_ALL")
    if isinstance(spoken, dict) and isinstance(spoken.get(language), dict):
        row["TITLE"] = str(spoken[language].get("TITLE") or row["TITLE"])
        group = str(spoken[language].get("GROUP_NAME") or group)
    else:
        spoken = {language: {"TITLE": row["TITLE"], "DESCRIPTION": row["DESCRIPTION"], "GROUP_NAME": group}}
    row |= {"OPTIONS": call.get("OPTIONS") or [], "LANG_ALL": spoken, "GROUP": group}
    row = portal.add("placements", row)
    return Reply(True, f"placements/{row['ID']}")


def _places(portal: Portal, call: Call) -> Reply:
    _placing(portal, call)
    return Reply(
        [
            {"placement": row["PLACEMENT"], "userId": 0, "handler": row["HANDLER"], "options": row["OPTIONS"], "title": row["TITLE"],
             "description": row["DESCRIPTION"], "langAll": row["LANG_ALL"]}
            for row in portal.table("placements").values()
        ]
    )  # fmt: skip


def _unbind(portal: Portal, call: Call) -> Reply:
    _placing(portal, call)
    place_, handler = call.get("PLACEMENT"), call.get("HANDLER")
    rows = portal.table("placements").values()
    gone = [row["ID"] for row in rows if row["PLACEMENT"] == place_ and (handler is None or row["HANDLER"] == handler)]
    for key in gone:
        portal.remove("placements", key)
    return Reply({"count": len(gone)}, "placements/0" if gone else "")


def press(portal: Portal, row: Row, key: int) -> bytes:
    """A person opens a place of an application on a card; what its handler is posted."""
    pair = tokens.issue(portal, portal.user)
    options = f'{{"ID":"{key}"}}'
    form = {
        "AUTH_ID": pair["ACCESS"], "AUTH_EXPIRES": portal.setting("access_seconds"), "REFRESH_ID": pair["REFRESH"],
        "member_id": portal.setting("member_id"), "status": "L", "PLACEMENT": row["PLACEMENT"], "PLACEMENT_OPTIONS": options,
        "APPLICATION_TOKEN": portal.setting("application_token"),
    }  # fmt: skip
    query = urlencode({"DOMAIN": portal.domain, "PROTOCOL": 1, "LANG": portal.setting("language"), "APP_SID": portal.secret()})
    body = urlencode(form).encode()
    events.post(portal, f"{row['HANDLER']}{'&' if '?' in row['HANDLER'] else '?'}{query}", body)
    return body


METHODS: dict[str, Handler] = {
    "crm.automation.trigger": _by_hand,
    "crm.automation.trigger.add": _add,
    "crm.automation.trigger.list": _list,
    "crm.automation.trigger.delete": _delete,
    "crm.automation.trigger.execute": _execute,
    "bizproc.robot.add": _robot_add,
    "bizproc.robot.list": _robots,
    "bizproc.robot.delete": _robot_delete,
    "bizproc.event.send": _robot_answer,
    "placement.bind": _bind,
    "placement.get": _places,
    "placement.unbind": _unbind,
}

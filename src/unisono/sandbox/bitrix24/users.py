"""Who works here, what the caller is and may do, and what time it is."""

from __future__ import annotations

from collections.abc import Callable

from unisono.sandbox.bitrix24 import filters
from unisono.sandbox.bitrix24.envelope import Call, Reply, page
from unisono.sandbox.bitrix24.errors import Refused, app_only, missing
from unisono.sandbox.bitrix24.phpform import Map, items
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.settings import SCOPES
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]

_NO_DATE = Map()
"""Some dates come as an empty object."""


def _user(portal: Portal, row: Row) -> Row:
    start = "2024-01-15T00:00:00+01:00"
    return {
        "ID": str(row["ID"]), "ACTIVE": row["ACTIVE"], "NAME": row["NAME"], "LAST_NAME": row["LAST_NAME"], "SECOND_NAME": "",
        "EMAIL": row["EMAIL"], "LAST_LOGIN": portal.stamp(), "DATE_REGISTER": start, "TIME_ZONE": "", "IS_ONLINE": "N",
        "TIMESTAMP_X": _NO_DATE, "LAST_ACTIVITY_DATE": _NO_DATE, "PERSONAL_GENDER": "", "PERSONAL_WWW": "", "PERSONAL_BIRTHDAY": "",
        "PERSONAL_MOBILE": "", "PERSONAL_CITY": "", "WORK_PHONE": "", "WORK_POSITION": row["WORK_POSITION"], "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": row["UF_DEPARTMENT"], "USER_TYPE": row["USER_TYPE"],
    }  # fmt: skip


def _users(portal: Portal, call: Call) -> Reply:
    """Users; conditions stand in ``FILTER`` or beside it."""
    raw = dict(items(call.get("FILTER")))
    raw |= {
        key: value for key, value in call.params.items() if key.upper() not in ("FILTER", "SORT", "ORDER", "START", "AUTH", "ADMIN_MODE")
    }
    rows = list(portal.table("users").values())
    for key, want in raw.items():
        prefix, name = filters.split(key)
        if name.upper() == "ACTIVE":
            wish = str(want).upper() in ("1", "Y", "TRUE")
            rows = [row for row in rows if row["ACTIVE"] is (wish if prefix == "=" else not wish)]
    columns = filters.plain(("ID", "NAME", "LAST_NAME", "EMAIL", "WORK_POSITION", "UF_DEPARTMENT", "USER_TYPE"))
    rows = list(filter(filters.compiled(portal, {key: want for key, want in raw.items() if "ACTIVE" not in key.upper()}, columns), rows))
    order = (
        {str(call.get("SORT") or "ID"): str(call.get("ORDER") or "ASC")} if not isinstance(call.get("ORDER"), dict) else call.get("ORDER")
    )
    reply = page(filters.ordered(order, rows, columns), call)
    reply.result = [_shown_user(portal, row, call) for row in reply.result]
    return reply


def _shown_user(portal: Portal, row: Row, call: Call) -> Row:
    """The e-mail address needs a scope above ``user_brief``."""
    shown = _user(portal, row)
    if not call.login.scopes & {"user", "user_basic"}:
        del shown["EMAIL"]
    return shown


def _current(portal: Portal, call: Call) -> Reply:
    shown = _shown_user(portal, portal.table("users")[portal.user], call)
    return Reply(shown | {"TIMESTAMP_X": "15.01.2024 09:00:00", "LAST_ACTIVITY_DATE": portal.stamp()[:19].replace("T", " ")})


def _departments(portal: Portal, call: Call) -> Reply:
    columns = filters.plain(("ID", "NAME", "SORT", "PARENT", "UF_HEAD"))
    rows = list(filter(filters.compiled(portal, call.params, columns), portal.table("departments").values()))
    reply = page(filters.ordered({str(call.get("sort") or "ID"): str(call.get("order") or "ASC")}, rows, columns), call)
    reply.result = [_department(row) for row in reply.result]
    return reply


def _department(row: Row) -> Row:
    shown: Row = {"ID": str(row["ID"]), "NAME": row["NAME"], "SORT": row["SORT"]}
    if row["PARENT"] is not None:
        shown["PARENT"] = str(row["PARENT"])
    return shown | ({"UF_HEAD": str(row["UF_HEAD"])} if row["UF_HEAD"] else {})


def _profile(portal: Portal, call: Call) -> Reply:
    del call
    row = portal.table("users")[portal.user]
    shown = {"ID": str(row["ID"]), "ADMIN": bool(portal.setting("admin")), "NAME": row["NAME"], "LAST_NAME": row["LAST_NAME"]}
    return Reply(shown | {"PERSONAL_GENDER": "", "TIME_ZONE": ""})


def _is_admin(portal: Portal, call: Call) -> Reply:
    del call
    return Reply(bool(portal.setting("admin")))


def _scope(portal: Portal, call: Call) -> Reply:
    del portal
    return Reply(sorted(SCOPES) if call.get("full") else sorted(call.login.scopes))


def _server_time(portal: Portal, call: Call) -> Reply:
    del call
    return Reply(portal.stamp())


def _app_info(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    plan = "ent10000" if portal.setting("plan") == "enterprise" else "pro"
    shown = {
        "ID": 5,
        "CODE": portal.setting("client_id"),
        "VERSION": 1,
        "STATUS": "L",
        "INSTALLED": True,
        "PAYMENT_EXPIRED": "N",
        "DAYS": None,
    }
    language = portal.setting("language")
    return Reply(shown | {"LANGUAGE_ID": language, "LICENSE": f"{language}_{plan}", "LICENSE_TYPE": plan, "LICENSE_FAMILY": plan[:3]})


def _feature(portal: Portal, call: Call) -> Reply:
    code = call.get("CODE")
    if not code:
        raise missing("CODE")
    known = {"rest_offline_extended": portal.setting("offline_extended"), "rest_auth_connector": portal.setting("offline_extended")}
    if str(code) not in known:
        raise Refused("100", f"Invalid value for parameter {{CODE}}: {code}"[:120])
    return Reply({"value": "Y" if known[str(code)] else "N"})


METHODS: dict[str, Handler] = {
    "user.get": _users,
    "user.current": _current,
    "user.admin": _is_admin,
    "department.get": _departments,
    "profile": _profile,
    "scope": _scope,
    "server.time": _server_time,
    "app.info": _app_info,
    "feature.get": _feature,
}

"""fast_bitrix24 at work: what is told comes as JSON, what the client understood goes out as JSON.

Only the address of the incoming webhook and `verbose=False` (no progress bars) are set.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from aiohttp import ClientResponseError  # type: ignore[import-not-found]
from fast_bitrix24 import Bitrix  # type: ignore[import-not-found]
from fast_bitrix24.server_response import ErrorInServerResponseException  # type: ignore[import-not-found]

portal = Bitrix(json.load(sys.stdin)["webhook"], verbose=False)
report: dict[str, Any] = {}


def refusal(call: Callable[[], Any]) -> Any:
    """What the client makes of a refusal."""
    try:
        return {"not refused": call()}
    except ErrorInServerResponseException as error:
        return error.args[0]
    except ClientResponseError as error:
        return error.status


# One hundred and twenty companies: three batches at once, whose results the client hands over as they arrive.
titles = [f"Firma {number:03} & Söhne [GmbH] 50 %" for number in range(120)]
phone = [{"VALUE": "+49 30 1234567", "VALUE_TYPE": "WORK"}]
made = sorted(portal.call("crm.company.add", [{"fields": {"TITLE": title, "PHONE": phone}} for title in titles]))
report["made"] = made
report["single"] = portal.call("crm.company.add", {"fields": {"TITLE": "Einzeln"}})

# Lists of more than one page: the first alone, the others in a batch.
report["classic"] = sorted(
    (int(row["ID"]), row["TITLE"], row["PHONE"][0]["VALUE"])
    for row in portal.get_all("crm.company.list", {"select": ["ID", "TITLE", "PHONE"], "filter": {"%TITLE": "Firma"}})
)
report["universal"] = sorted(
    (row["id"], row["title"])
    for row in portal.get_all("crm.item.list", {"entityTypeId": 4, "select": ["id", "title"], "filter": {"%title": "Firma"}})
)
report["short"] = [int(row["ID"]) for row in portal.get_all("crm.company.list", {"select": ["ID"], "filter": {">ID": made[99]}})]
report["stages"] = len(portal.get_all("crm.status.list", {"filter": {"ENTITY_ID": "DEAL_STAGE"}}))

# Read by id, changed in two batches, read again.
before = portal.get_by_ID("crm.company.get", made[:70])
report["changes"] = list(
    portal.call("crm.company.update", [{"ID": key, "fields": {"TITLE": f"{before[str(key)]['TITLE']} neu"}} for key in made[:70]])
)
after = portal.get_by_ID("crm.company.get", made[:70])
report["titles"] = [[rows[str(key)]["TITLE"] for rows in (before, after)] for key in made[:70]]

# A result used by a later command, and a value that a query string cannot carry.
report["chain"] = portal.call_batch(
    {"halt": 0, "cmd": {"new": "crm.company.add?fields[TITLE]=Verkettet", "read": "crm.company.get?id=$result[new]"}}
)
report["emptied"] = portal.call("crm.company.update", {"ID": made[0], "fields": {"COMMENTS": None}}, raw=True)["result"]

# Refusals: one command of a batch, a method that is not there, an item that is not there, a wrong secret.
report["refused"] = {
    "one of a batch": refusal(
        lambda: portal.call("crm.company.update", [{"ID": key, "fields": {"TITLE": "Getroffen"}} for key in (made[70], 999999, made[71])])
    ),
    "no such method": refusal(lambda: portal.get_all("crm.nothing.list")),
    "no such item": refusal(lambda: portal.call("crm.item.get", [{"entityTypeId": 4, "id": 999999}])),
    "halted": refusal(
        lambda: portal.call_batch({"halt": 1, "cmd": {"a": "crm.company.get?id=999999", "b": "crm.company.add?fields[TITLE]=Nie"}})
    ),
}
report["deleted"] = list(portal.call("crm.company.delete", [{"ID": key} for key in made[60:]]))
print(json.dumps(report))

"""b24pysdk, the vendor's own client, at work: what is told comes as JSON, what the client understood goes out as JSON.

It always speaks https, to port 443 of the portal's domain. That domain and the webhook's token, or the application's id and secret, are
all that is set.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from b24pysdk import BitrixApp, BitrixToken, BitrixWebhook, Client  # type: ignore[import-not-found]
from b24pysdk.errors import BitrixAPIError  # type: ignore[import-not-found]

told = json.load(sys.stdin)
webhook = BitrixWebhook(domain=told["domain"], webhook_token=told["webhook"])
client = Client(webhook)
company = client.crm.company
report: dict[str, Any] = {}


def refusal(call: Callable[[], Any]) -> Any:
    """What the client makes of a refusal: its class, the status and the words."""
    try:
        return ["not refused", str(call())]
    except BitrixAPIError as error:
        return [type(error).__name__, error.response.status_code, str(error)]


# Made, read, changed, deleted.
key = company.add(fields={"TITLE": "Druckerei Ölmann & Co. KG", "PHONE": [{"VALUE": "+49 30 1", "VALUE_TYPE": "WORK"}]}).result
before = company.get(bitrix_id=key).result
report["changed"] = company.update(bitrix_id=key, fields={"TITLE": "Druckerei Öl", "PHONE": [{"VALUE": "+49 30 2"}]}).result
after = company.get(bitrix_id=key).result
report["record"] = [[row["ID"], row["TITLE"], [phone["VALUE"] for phone in row["PHONE"]]] for row in (before, after)]
person = client.crm.item.add(entity_type_id=3, fields={"name": "Vera", "lastName": "Rau", "companyIds": [key]}).result["item"]
report["person"] = [person["lastName"], person["companyId"] == key]
item = client.crm.item.update(entity_type_id=3, bitrix_id=person["id"], fields={"post": "Einkauf"}).result["item"]
report["post"] = item["post"]

# What the client turns into values of its own.
request = company.get(bitrix_id=key)
report["time"] = [request.time.duration > 0, request.time.date_start.utcoffset() is not None]
report["fields"] = {name: company.fields().result[name]["type"] for name in ("ID", "TITLE", "PHONE")}
profile = client.profile().value
report["profile"] = [profile.bitrix_id, profile.admin]

# A batch of more than fifty, and every way to list more than a page.
many = webhook.call_batches({f"k{number}": ("crm.company.add", {"fields": {"TITLE": f"Reihe {number:03}"}}) for number in range(120)})
report["many"] = [len(many["result"]["result"]), many["result"]["result_error"]]
wanted = {"select": ["ID", "TITLE"], "filter": {"%TITLE": "Reihe"}}
universal = {"entity_type_id": 4, "select": ["id", "title"], "filter": {"%title": "Reihe"}}
report["lists"] = {
    "pages": [row["TITLE"] for row in company.list(**wanted).as_list().result],
    "by id": [row["TITLE"] for row in company.list(**wanted).as_list_fast().result],
    "by id, downwards": [row["TITLE"] for row in company.list(**wanted).as_list_fast(descending=True).result][::-1],
    "universal, pages": [row["title"] for row in client.crm.item.list(**universal).as_list().result],
    "universal, by id": [row["title"] for row in client.crm.item.list(**universal).as_list_fast().result],
}
report["limited"] = len(webhook.call_list("crm.company.list", wanted, limit=75)["result"])
some = [int(row["ID"]) for row in company.list(**wanted).as_list().result][:70]
report["by ids"] = len(webhook.call_list("crm.company.list", {"filter": {"@ID": some}})["result"])

# A batch told as a list answers in lists, one told as a map in maps; what is empty is a list.
listed = webhook.call_batch([("crm.company.get", {"id": key}), ("crm.company.get", {"id": 999999})])["result"]
named = client.call_batch({"here": company.get(bitrix_id=key), "gone": company.get(bitrix_id=999999)}).result
report["as list"] = [type(listed["result"]).__name__, len(listed["result"]), type(listed["result_total"]).__name__, listed["result_error"]]
report["as map"] = [named.result["here"]["ID"], named.result_error["gone"]["error_description"]]

report["refused"] = {
    "record": refusal(lambda: company.get(bitrix_id=999999).result),
    "item": refusal(lambda: client.crm.item.get(entity_type_id=4, bitrix_id=999999).result),
    "type": refusal(lambda: client.crm.item.list(entity_type_id=5).result),
    "filter": refusal(lambda: client.crm.item.list(entity_type_id=4, filter={"nothing": 1}).result),
    "method": refusal(lambda: webhook.call_method("crm.nothing.list")),
    "secret": refusal(lambda: Client(BitrixWebhook(domain=told["domain"], webhook_token="1/wrong")).profile().result),
    "webhook": refusal(lambda: webhook.call_method("event.offline.list")),
}

# As a local application: a code becomes tokens, old ones are renewed, at a host that is built into the client.
app = BitrixApp(client_id=told["client_id"], client_secret=told["client_secret"])
first = app.get_oauth_token(code=told["code"])
token = BitrixToken(
    domain=told["domain"], auth_token="unknown", refresh_token=first.oauth_token.refresh_token, bitrix_app=app, expires_in=3600
)
report["refused"]["token"] = refusal(lambda: Client(token).profile().result)
token.refresh_and_set_oauth_token()
report["app"] = [Client(token).profile().value.bitrix_id, token.auth_token != first.oauth_token.access_token]
report["refused"]["refresh token"] = refusal(lambda: app.refresh_oauth_token(refresh_token=first.oauth_token.refresh_token))

# The portal has got another name: the client follows the redirection by asking there anew.
moved = BitrixWebhook(domain=told["old_domain"], webhook_token=told["webhook"])
report["moved"] = [Client(moved).server.time().result[:4], moved.domain]
report["deleted"] = company.delete(bitrix_id=key).result
print(json.dumps(report))

"""What the clerks of a Bitrix24 portal do with papers and products, and the stages and automations they have made for themselves."""

from __future__ import annotations

from collections.abc import Mapping

from tests.storm.chance import Deed
from unisono.sandbox.bitrix24 import automation, tokens
from unisono.sandbox.bitrix24.directories import INVOICE_CATEGORY, add_statuses
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import DEAL

SENT = f"DT31_{INVOICE_CATEGORY}:S"
"""The stage of an invoice that went out."""
STAGES: Mapping[str, str] = {
    "quote/accepted": "Angenommen",
    "quote/rejected": "Abgelehnt",
    "invoice/paid": "Bezahlt",
    "invoice/cancelled": "Storniert",
}
"""Kind and state of a document -> the stage that a paper of the portal is moved to. Each of its pipelines has one of that name."""
CODE = "stormgo"
"""The automation that somebody made by hand for deals."""
LOGIN = {"client_id": "local.storm00000000.00000001", "client_secret": "stormclientsecret00000000001"}
TOKENS = {"access_token": "stormaccess0000000000000001", "refresh_token": "stormrefresh000000000000001"}
"""How the portal knows us as an application, and the keys that somebody let us have when the pair was set up."""
_MOVED = {
    "deal": {"won": "WON", "lost": "LOSE", "open_50": "EXECUTING"},
    "quote": {"won": "APPROVED", "lost": "DECLAINED", "open_50": "SENT"},
    "invoice": {"lost": f"DT31_{INVOICE_CATEGORY}:D"},
}
_MORE = {
    "DEAL_STAGE": "STORM_1 Angenommen; STORM_2 Abgelehnt; STORM_3 Bezahlt; STORM_4 Storniert",
    "QUOTE_STATUS": "STORM_1 Angenommen; STORM_3 Bezahlt; STORM_4 Storniert",
    f"SMART_INVOICE_STAGE_{INVOICE_CATEGORY}": "DT31_{c}:X Storniert",
}


def furnish(portal: Portal) -> None:
    """Stages of the firm's own, an automation, and us as an application of the portal."""
    for entity, text in _MORE.items():
        held = {row["NAME"] for row in portal.by("statuses", "ENTITY_ID", entity)}
        text = "; ".join(one for one in text.split("; ") if one.partition(" ")[2] not in held)
        add_statuses(portal, entity, text, category=INVOICE_CATEGORY if entity.startswith("SMART") else None)
    portal.add("triggers", {"CODE": CODE, "NAME": "Track incoming webhook", "BY_HAND": True, "PLACED": []})
    automation.place(portal, CODE, DEAL, "EXECUTING")
    portal.world.storage.settings |= LOGIN
    row = tokens.issue(portal, int(portal.setting("webhook_user")))
    portal.change("tokens", row, {"ACCESS": TOKENS["access_token"], "REFRESH": TOKENS["refresh_token"]})


def paper(deed: Deed, owner: str) -> tuple[str, dict[str, str]]:
    """Of four, one is a deal with a sum, one a deal with rows, one a quote of each."""
    turn = int(deed.about[1:] or 0) % 4
    values = _headed(deed, owner)
    values |= {"ITEMS": _row(deed)} if turn % 2 else {"AMOUNT": deed.values["value"]}
    return f"create_{'quote' if turn > 1 else 'deal'}", values


def bill(deed: Deed, owner: str) -> tuple[str, dict[str, str]]:
    """An invoice with one row."""
    return "create_invoice", _headed(deed, owner) | {"ITEMS": _row(deed)}


def _headed(deed: Deed, owner: str) -> dict[str, str]:
    word, _, number = owner.partition(":")
    return {"TITLE": deed.values["title"], f"{word.upper()}_ID": number}


def _row(deed: Deed) -> str:
    return f"Arbeit; 1; {deed.values['value']}; 19"


def edited_paper(portal: Portal, deed: Deed, word: str, number: str) -> tuple[str, dict[str, str]]:
    """Another stage, or another sum."""
    if "state" in deed.values:
        return f"move_{word}", {"ID": number, "STAGE": _MOVED[word][deed.values["state"]]}
    # The sum of a paper with rows is theirs.
    if portal.by("rows", "OWNER_ID", int(number)):
        return f"edit_{word}", {"ID": number, "ITEMS": _row(deed)}
    return f"edit_{word}", {"ID": number, "OPPORTUNITY": deed.values["value"]}


def product(deed: Deed, rate: str = "") -> dict[str, str]:
    """What is typed into a product; a new one has its number, which nobody edits."""
    names = {"name": "NAME", "price": "PRICE"}
    given = {names[name]: value for name, value in deed.values.items() if name in names}
    return given | ({"XML_ID": deed.about, "VAT_ID": "3"} if rate else {})

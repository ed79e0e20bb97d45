"""The stories of level D between Bitrix24 and Lexware Office, and a few of what is new where each of them meets another system."""

from __future__ import annotations

from tests.storm.chance import Deed
from tests.storm.levels.tales import Story, contact, deal, did, firm, invoice

SECOND, THIRD, FOURTH = "bitrix24/lexoffice", "bitrix24/fastbill", "centralstation/lexoffice"
_PROMPT = {"touch_parent": "1", "rest": "400", "plan": "premium", "lists": "array", "retry_after": "1"}
"""Nothing comes to light by the weekly sweep alone, so that it need not be waited for."""


def _bill(turn: int, mark: str, customer: str) -> Deed:
    return did(turn, "a", "bill", mark, customer=customer, title=f"Rechnung {mark}", value="119.00")


def _product(turn: int, who: str, mark: str) -> Deed:
    return did(turn, "a" if who == "a" else "b", "create", mark, kind="product", name=f"Ware {mark}", price="12.50")


def _told(*deeds: Deed, pair: str = SECOND, **knobs: str) -> Story:
    return Story(deeds, pair, _PROMPT | knobs, reading="login" in knobs)


TALES: dict[str, Story] = {
    "the portal's company becomes a customer": _told(firm(0, "a", "c0"), did(0, "a", "tag", "c0")),
    "a customer and its person go into the portal": _told(firm(0, "b", "c0"), contact(0, "b", "k0", "c0")),
    "an edit goes out of the portal": _told(
        firm(0, "b", "c0"), did(1, "a", "edit", "c0", **{"address.city": "Bonn", "email": "neu@post.example"})
    ),
    "an edit goes into the portal": _told(firm(0, "b", "c0"), did(1, "b", "edit", "c0", **{"address.city": "Bonn", "phone": "0228 1"})),
    "a deal of the portal becomes a quotation": _told(firm(0, "a", "c0"), deal(0, "q1", "c0")),
    "a quotation's file goes onto the card": _told(firm(0, "a", "c0"), deal(0, "q1", "c0"), did(1, "b", "state", "q1", state="b")),
    "an invoice of the portal becomes a draft": _told(firm(0, "b", "c0"), _bill(1, "r0", "c0"), flows="bills"),
    "a paid invoice moves the portal's": _told(
        firm(0, "b", "c0"), _bill(1, "r0", "c0"), did(3, "b", "pay", "r0"), flows="issued states unfiled"
    ),
    "an accepted quotation sets an automation off": _told(
        firm(0, "a", "c0"),
        deal(0, "q1", "c0"),
        did(1, "b", "state", "q1", state="b"),
        did(2, "b", "state", "q1", state="d"),
        flows="triggers unfiled",
    ),
    "a product each way": _told(_product(0, "a", "p0"), _product(0, "b", "p1"), flows="products"),
    "an edit of a product each way": _told(
        _product(0, "a", "p0"),
        did(1, "a", "edit", "p0", price="99.00"),
        did(1, "b", "edit", "p0", name="Andere Ware"),
        flows="products",
    ),
    "a deletion in the portal": _told(
        firm(0, "b", "c0"), did(1, "a", "delete", "c0"), did(1, "b", "edit", "c0", phone="0228 1"), rest=str(8 * 86400)
    ),
    "an edit goes into the portal with keys that have expired": _told(
        firm(0, "b", "c0"), did(1, "b", "edit", "c0", phone="0228 1"), login="app", key_seconds="300"
    ),
    "an accepted estimate moves its deal": _told(
        firm(0, "a", "c0"), deal(0, "q1", "c0"), did(1, "b", "state", "q1", state="d"), pair=THIRD, flows="states unfiled"
    ),
    "a tagged company with its person becomes one row": _told(
        firm(0, "a", "c0"), contact(0, "a", "k0", "c0"), did(0, "a", "tag", "c0"), pair=FOURTH
    ),
    "an invoice out of the accounts is filed": _told(firm(0, "b", "c0"), invoice(1, "i0", "c0"), pair=FOURTH),
    "an accepted quotation is told in a note": _told(
        firm(0, "a", "c0"),
        deal(0, "q0", "c0"),
        did(1, "b", "state", "q0", state="b"),
        did(2, "b", "state", "q0", state="d"),
        pair=FOURTH,
        flows="states unfiled",
    ),
}
"""In each, what is new of a system that an older story does not have: batches, versions, rows replaced whole, drafts, articles, keys that
expire."""

"""The product's process of the second pair: that of ``tests.kill.product``, set up between Bitrix24 and Lexware Office.

Customers come from the books with their persons, and every issued invoice is filed.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.kill import product
from tests.storm.second.vendors import KEY
from unisono.store import pairs
from unisono.systems import bitrix24, lexoffice  # noqa: F401  loaded once, before anybody is forked
from unisono.wiring import add_pair, preset
from unisono.wiring.policies import with_entries
from unisono.wiring.setup import connect, release

PORTAL = "muster.bitrix24.de"


def set_up(order: dict[str, Any]) -> dict[str, Any]:
    """A fresh data folder with two connections and a released pair between them, as the preset has it; what was there before goes along."""
    with product._House(order, clock=product.EarlierClock()) as house:
        firm = house.ids.new()
        with house.store.write() as conn:
            pairs.add_firm(conn, firm, "Muster GmbH", "DE", "de", "Europe/Berlin", house.clock.now())
        hook = {"portal": PORTAL, "webhook": f"https://{PORTAL}/rest/1/{KEY}/"}
        a = connect(house, firm, "bitrix24", hook, {"login": "incoming-webhook", "api": f"{order['crm']}/rest"}).id
        b = connect(house, firm, "lexoffice", {"api_key": KEY}, {"api": f"{order['books']}/v1"}).id
        policy = with_entries(preset("bitrix24", "lexoffice"), ["documents.history=all"])
        pair = add_pair(house, firm, "Bitrix24 - Lexware Office", a, b, policy)
        release(house, pair, "test")
        return {"pair": pair}


if __name__ == "__main__":
    product.set_up = set_up
    sys.exit(product.main())

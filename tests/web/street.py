"""A street with people in it: a pair that has been at work, with questions, problems and a history, to look at pages with."""

from __future__ import annotations

from pathlib import Path

from tests.web.desk import ADDRESS, Desk, desk_at
from unisono.engine.runs import release_run
from unisono.sandbox import centralstation, fastbill
from unisono.wiring.house import pair_row
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.previewing import make_preview

COMPLETE = ("customers.from_crm.history=all", "customers.from_invoicing.history=all", "documents.history=all")


def street(folder: Path, *, address: str = ADDRESS) -> Desk:
    """Both simulators with their seeded firms, the complete sync previewed, released and carried out; what is asked is left open."""
    desk = desk_at(folder, address=address)
    v = desk.village
    centralstation.seed(v.crm.world)
    fastbill.seed(v.books.world)
    put_policy(v.house, v.pair, with_entries(pair_row(v.house, v.pair).policy, COMPLETE), "adam")
    company = v.crm.act("create_company", {"name": "Holzmanufaktur Dachs", "email": "werkstatt@holzmanufaktur-dachs.example"})
    v.crm.act("tag", {"kind": "company", "id": company["id"], "name": "FastBill"})
    run = make_preview(v.house, v.pair, "test")
    release_run(v.house.pairing(v.pair), v.house.hands(), run.id, "adam")
    for _ in range(3):
        v.sync()
    return desk

"""Nobody waits for ever for somebody who will not come."""

from __future__ import annotations

from pathlib import Path

from tests.stories.folk import customer, customer_named, customers, tagged
from tests.support.village import Village
from unisono.store import pairs
from unisono.store.backup import back_up, restore
from unisono.wiring.policies import put_policy, with_entries


def test_a_customer_that_waits_for_the_question_about_a_company_goes_on_when_that_company_is_left_out(v: Village) -> None:
    with v.house.store.read() as conn:
        body = pairs.get_pair(conn, v.pair).policy
    put_policy(v.house, v.pair, with_entries(body, ["customers.from_invoicing.when=all"]), "test")
    key = tagged(v, name="Orgelbau Weber GmbH", zip="12345")
    customer(v, ORGANIZATION="Orgelbau Weber GmbH", ZIPCODE="12345")
    v.sync()
    asked = [(q.code, q.key[0]) for q in v.questions()]
    v.crm_act("untag", kind="company", id=str(key), name="FastBill")
    v.sync()
    v.sync()
    assert asked == [("same-customer", "a")]
    assert [(q.code, q.key[0]) for q in v.questions()] == [("same-customer", "b")], "now the FastBill customer is asked about"


def test_a_question_that_only_a_restored_pair_asks_stays_until_it_is_answered(v: Village, tmp_path: Path) -> None:
    back_up(v.house.store, tmp_path / "yesterday.db", v.clock.now())
    key = tagged(v, name="Werkstatt GmbH", email="post@werkstatt.example", street="Ring 1")
    v.sync()
    made = customer_named(v, "Werkstatt GmbH")["CUSTOMER_ID"]
    v.books_act("edit_customer", id=made, EMAIL="neu@werkstatt.example", ZIPCODE="99999", PHONE="0361 1")
    restore(v.house.store, tmp_path / "yesterday.db")
    v.clock.advance(300)
    v.cycle(whole=True)
    for _ in range(3):
        v.sync()
    before = [(q.code, q.values["rule"]) for q in v.questions()]
    v.crm_act("edit_company", id=str(key), street="Ring 2")
    v.sync()
    v.sync()
    assert before == [("same-customer", "name")]
    assert [(q.code, q.values["rule"]) for q in v.questions()] == before
    assert len(customers(v)) == 1, "nothing is made a second time while the question stands"

"""What was written but could not be read back is not taken for agreed."""

from __future__ import annotations

from tests.support.village import Village


def test_a_customer_that_could_not_be_read_back_is_compared_later_and_nothing_is_overwritten(v: Village) -> None:
    where = {"street": "Ring 1", "zip": "12345", "city": "Berlin", "country_code": "DE"}
    company = v.crm_act("create_company", name="Sonne GmbH", email="Info@Sonne.example", **where)
    # The create is answered, the look afterwards is not; and meanwhile somebody corrects the street in FastBill.
    v.books.world.faults.arm("status", "customer.get", times=3, skip=1, value=503)
    v.crm_act("tag", kind="company", id=company, name="FastBill")
    v.cycle()
    made = v.books.truth()["customers"][0]
    v.books_act("edit_customer", CUSTOMER_ID=made["CUSTOMER_ID"], CITY="Potsdam")
    v.sync()
    after = next(c for c in v.crm.truth()["companies"] if c["id"] == company)
    told = [q for q in v.questions() if q.code == "conflict"]
    assert after["addrs"][0]["city"] == "Berlin", "nothing is overwritten in the CRM"
    assert [(q.values["field"], q.values["crm"], q.values["invoicing"]) for q in told] == [("address.city", "Berlin", "Potsdam")]
    v.answer(told[0], "invoicing")
    v.sync()
    after = next(c for c in v.crm.truth()["companies"] if c["id"] == company)
    assert after["addrs"][0]["city"] == "Potsdam"
    assert len(v.books.truth()["customers"]) == 1

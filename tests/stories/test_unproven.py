"""What was written but could not be read back is not taken for agreed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.stories.folk import tagged
from tests.stories.test_l_customers import CRMS, act, companies, contact, customer, invoiced
from tests.stories.test_l_customers import village as second
from tests.support.village import Village
from unisono.engine.cycle import cycle
from unisono.wiring import pair_row


class Once:
    """Does something the first time a step is done."""

    def __init__(self, step: str, what: Callable[[], object]) -> None:
        self._left = {step: what}

    def __call__(self, step: str) -> None:
        self._left.pop(step, lambda: None)()


def unlinked(v: Village) -> list[str]:
    """Why links of customers ended."""
    return [line["values"]["code"] for line in v.notes() if line["kind"] == "party" and line["event"] == "unlinked"]


def delete_company(v: Village) -> None:
    """A person deletes the only company of the CRM."""
    (there,) = v.crm.truth()["companies"]
    if "ID" in there:
        v.crm_act("delete_company", id=there["ID"])
    else:
        v.crm_act("delete_company", id=str(there["id"]))


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


def deaf(v: Village) -> Callable[[str], None]:
    """The portal takes what is written and answers no question about it afterwards."""

    def step(name: str) -> None:
        if name == "sent":
            v.crm.world.faults.arm("status", "batch", times=9, value=503)
        elif name == "read-back":
            v.crm.world.faults.clear()

    return step


def test_who_edits_what_was_sent_before_anybody_could_look_at_the_new_customer_is_followed(tmp_path: Path) -> None:
    """Of the new customer nobody knows more than what was sent. It stands there so, and here it does not any more."""
    v = second(tmp_path, "bitrix24")
    v.sync()
    v.release()
    v.clock.advance(60)
    hoff = customer(v, email="info@hoffmann.example")

    cycle(v.house.pairing(v.pair, epoch=v.lease()), replace(v.house.hands(), step=deaf(v)))
    (before,) = companies(v)
    act(v, "edit_contact", id=hoff, email="", city="Emden")
    v.sync()
    v.sync()
    (after,), here = companies(v), contact(v, hoff)

    assert (before["city"], before["email"]) == ("Bremen", "info@hoffmann.example")
    assert (after["city"], after["email"]) == ("Emden", "")
    assert (here["addresses"]["billing"][0]["city"], here.get("emailAddresses")) == ("Emden", None), "nothing was written over"
    assert v.questions() == [], "nor is there anything to ask"


def test_a_customer_deleted_before_it_could_be_read_back_is_known_to_be_deleted(tmp_path: Path) -> None:
    """The CRM shows what was made only when it is asked for it. What was never seen is in no list, nor missing from one."""
    v = second(tmp_path, "bitrix24")
    v.sync()
    v.release()
    v.clock.advance(60)
    invoiced(v, customer(v))

    cycle(v.house.pairing(v.pair, epoch=v.lease()), replace(v.house.hands(), step=Once("sent", lambda: delete_company(v))))

    assert companies(v) == []
    assert v.link_count().get("party") == 1, "it is not certain yet: the vendor may only be slow to show it"
    for _ in range(4):
        v.sync(60)
    assert v.link_count().get("party", 0) == 0
    assert companies(v) == [], "nobody makes it anew behind the back of who deleted it"
    assert v.problems() == [], "nor is a note tried on it for ever"
    assert unlinked(v) == ["deleted-there"]


def test_a_customer_deleted_in_the_books_before_it_could_be_read_back_is_known_to_be_deleted(v: Village) -> None:
    def delete_customer() -> None:
        v.books_act("delete_customer", CUSTOMER_ID=v.books.truth()["customers"][0]["CUSTOMER_ID"])

    tagged(v)
    v.clock.advance(300)

    cycle(v.house.pairing(v.pair, epoch=v.lease()), replace(v.house.hands(), step=Once("sent", delete_customer)))

    assert (v.books.truth()["customers"], v.link_count().get("party")) == ([], 1)
    for _ in range(3):
        v.sync(60)
    assert (v.books.truth()["customers"], v.link_count().get("party", 0)) == ([], 0)
    assert unlinked(v) == ["deleted-there"]


@pytest.mark.parametrize("crm", CRMS)
def test_a_note_that_finds_no_customer_is_no_problem_once_the_customer_is_known_to_be_gone(crm: str, tmp_path: Path) -> None:
    """Deleted long after both sides were in step: the note's refusal is the first that is heard of it, and the customer is asked for by name."""
    v = second(tmp_path, crm)
    v.sync()
    v.release()
    v.clock.advance(60)
    hoff = customer(v)
    v.sync()
    assert v.link_count()["party"] == 1

    delete_company(v)
    invoiced(v, hoff)
    for _ in range(4):
        v.sync(60)

    assert (v.link_count().get("party", 0), v.problems()) == (0, [])


def test_many_that_could_not_be_read_back_have_not_vanished(tmp_path: Path) -> None:
    """A vendor that takes whatever is written and answers no question afterwards stops no pair as one that lost its customers."""
    v = second(tmp_path, "bitrix24")
    v.sync()
    v.release()
    v.clock.advance(60)
    for number in range(30):
        customer(v, name=f"Kunde {number:02} GmbH", vat_id="")

    cycle(v.house.pairing(v.pair, epoch=v.lease()), replace(v.house.hands(), step=deaf(v)))
    unread = [row for row in v.journal() if not row["after"]]
    v.sync()

    assert len(unread) > 20
    assert len(companies(v)) == 30
    assert v.outcomes[-1].stopped == ""
    assert pair_row(v.house, v.pair).state == "released"

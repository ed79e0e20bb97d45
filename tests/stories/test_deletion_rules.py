"""What a deletion leads to is the firm's choice, a side and a kind at a time; and whatever it chose, no more than that."""

from __future__ import annotations

import pytest

from tests.stories.folk import (
    choose,
    companies,
    company,
    contact_names,
    customer,
    customer_names,
    customers,
    deal_of,
    employee,
    invoice,
    person_names,
)
from tests.stories.shown import not_done, shown_and_released, writes
from tests.support.village import Village

GONE = "gelöscht in FastBill"


def tagged(v: Village, name: str = "Bäckerei Sonne GmbH", **values: str) -> tuple[int, str]:
    """A company with the tag, and its customer at FastBill: linked, without any document."""
    sun = company(v, name=name, **values)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    v.sync()
    return sun, next(str(c["CUSTOMER_ID"]) for c in customers(v) if c["ORGANIZATION"] == name)


def settled(v: Village) -> None:
    """Enough polls for a deletion to be believed."""
    for _ in range(3):
        v.sync()


def tags_of(v: Village, key: int) -> list[str]:
    return sorted(t["name"] for t in v.crm.truth()["tags"] if t["attachable_id"] == key)


def events(v: Village, event: str) -> list[str]:
    return [n["values"].get("code", "") for n in v.notes() if n["event"] == event]


def test_by_default_a_deletion_only_ends_the_link_and_says_so(v: Village) -> None:
    sun, there = tagged(v)
    writes = (v.writes("a"), v.writes("b"))
    v.books_act("delete_customer", ID=there)
    settled(v)
    assert ([c["id"] for c in companies(v)], customers(v)) == ([sun], [])
    assert events(v, "unlinked") == ["deleted-there"]
    assert (v.writes("a"), v.writes("b")) == writes


def test_ignored_the_link_stays_it_is_noted_once_and_nothing_is_written(v: Village) -> None:
    tagged(v)
    choose(v, "customers.deletion.in_invoicing=ignore")
    before = (v.link_count(), v.writes("a"), v.writes("b"))
    v.books_act("delete_customer", ID=str(customers(v)[0]["CUSTOMER_ID"]))
    settled(v)
    settled(v)
    assert (v.link_count(), v.writes("a"), v.writes("b")) == before
    assert (events(v, "link-kept"), events(v, "unlinked")) == (["deletion-ignored"], [])
    choose(v, "customers.deletion.in_invoicing=unlink")
    v.sync()
    assert events(v, "unlinked") == ["deleted-there"], "another choice takes hold of what was kept"


def test_marked_the_company_gets_one_tag_that_names_where_its_customer_was_deleted(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_invoicing=mark")
    v.books_act("delete_customer", ID=there)
    before = tags_of(v, sun)
    settled(v)
    settled(v)
    assert (before, tags_of(v, sun)) == (["FastBill"], ["FastBill", GONE])
    assert events(v, "unlinked") == ["deleted-there"]
    assert customers(v) == []


def test_a_mark_is_put_with_one_call_and_its_row_is_not_taken_for_an_old_copy(v: Village) -> None:
    """No field of the row differs after it: a mark shows among the tags."""
    _, there = tagged(v)
    choose(v, "customers.deletion.in_invoicing=mark")
    v.books_act("delete_customer", ID=there)
    before = v.writes("a")
    settled(v)
    settled(v)
    assert len(v.writes("a")) - len(before) == 1
    assert [w["state"] for w in v.journal() if w["operation"] == "change"] == ["done"]


def test_a_mark_whose_answer_is_lost_is_put_once(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_invoicing=mark")
    v.books_act("delete_customer", ID=there)
    v.sync()
    v.crm.world.faults.arm("timeout-after", "PUT", times=1)
    settled(v)
    settled(v)
    assert tags_of(v, sun) == ["FastBill", GONE]


def test_a_mark_that_is_still_owed_is_shown_once_and_put_once(v: Village) -> None:
    """The CRM did not take it when the link ended. Both records of that link owe it, one of them puts it."""
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_invoicing=mark")
    v.books_act("delete_customer", ID=there)
    v.sync()
    v.crm.world.faults.arm("status", "PUT", times=9, value=503)
    v.clock.advance(3600)
    v.cycle()
    v.crm.world.faults.clear()
    before = (tags_of(v, sun), events(v, "unlinked"))
    run, rows = shown_and_released(v)
    v.clock.advance(300)
    v.cycle(read=False)

    assert before == (["FastBill"], ["deleted-there"])
    assert writes(rows) == [("change", "party")]
    assert (tags_of(v, sun), not_done(v, run)) == (["FastBill", GONE], {})


def test_a_system_without_tags_cannot_be_marked_so_the_link_only_ends(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_crm=mark")
    before = v.writes("b")
    v.crm_act("delete_company", id=str(sun))
    settled(v)
    assert [str(c["CUSTOMER_ID"]) for c in customers(v)] == [there]
    assert (events(v, "unlinked"), v.writes("b")) == (["deleted-there"], before)


def test_deleted_on_the_other_side_too_only_after_two_definite_answers(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_crm=delete")
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    v.sync()
    assert [str(c["CUSTOMER_ID"]) for c in customers(v)] == [there], "one answer is not believed"
    settled(v)
    assert customers(v) == []
    assert companies(v) == []
    deleted = [w for w in v.journal() if w["operation"] == "delete"]
    assert [(w["side"], w["state"], w["reason"]["code"]) for w in deleted] == [("b", "done", "deleted-there")]  # type: ignore[index]
    assert deleted[0]["before"]["name"] == "Bäckerei Sonne GmbH", "what was deleted is in the journal"  # type: ignore[index]


def test_a_company_is_deleted_for_a_deleted_customer_where_the_firm_says_so(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_invoicing=delete")
    v.sync()
    v.books_act("delete_customer", ID=there)
    assert [c["id"] for c in companies(v)] == [sun]
    settled(v)
    assert (companies(v), customers(v)) == ([], [])


def test_a_customer_with_an_invoice_is_never_deleted(v: Village) -> None:
    sun, there = tagged(v)
    invoice(v, there)
    choose(v, "customers.deletion.in_crm=delete")
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    settled(v)
    assert [str(c["CUSTOMER_ID"]) for c in customers(v)] == [there]
    assert events(v, "unlinked") == ["deleted-there"]


def test_a_customer_that_somebody_has_edited_meanwhile_is_not_deleted(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_crm=delete")
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    v.books_act("edit_customer", ID=there, PHONE="0800 77")
    settled(v)
    assert [(str(c["CUSTOMER_ID"]), c["PHONE"]) for c in customers(v)] == [(there, "0800 77")]
    assert events(v, "unlinked") == ["deleted-there"]


def test_nothing_is_deleted_while_documents_are_not_read(v: Village) -> None:
    sun, there = tagged(v)
    choose(v, "customers.deletion.in_crm=delete", "documents.direction=off", "quotes.direction=off")
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    settled(v)
    assert [str(c["CUSTOMER_ID"]) for c in customers(v)] == [there]


def test_contacts_have_a_rule_of_their_own(v: Village) -> None:
    sun = company(v)
    for first in ("Anna", "Bert"):
        employee(v, first, "Ahrens", sun)
    v.crm_act("tag", kind="company", id=str(sun), name="FastBill")
    v.sync()
    there = str(customers(v)[0]["CUSTOMER_ID"])
    choose(v, "customers.deletion.contacts=delete")
    v.sync()
    before = contact_names(v, there)
    anna = next(p["id"] for p in v.crm.truth()["people"] if p["first_name"] == "Anna")
    v.crm_act("delete_person", id=str(anna))
    settled(v)
    assert (before, contact_names(v, there)) == (["Anna Ahrens", "Bert Ahrens"], ["Bert Ahrens"])
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert person_names(v) == ["Bert Ahrens"]


@pytest.mark.parametrize("rule", ("mark", "delete"))
def test_the_brake_stops_every_rule_before_it_acts(v: Village, rule: str) -> None:
    born = [tagged(v, f"Kunde {n} GmbH", email=f"k{n}@kunden.example", zip=f"{10000 + n}")[1] for n in range(4)]
    choose(v, f"customers.deletion.in_invoicing={rule}", "customers.deletion.brake_number=2")
    v.sync()
    before = (v.link_count(), v.writes("a"), len(companies(v)))
    for key in born[:3]:
        v.books_act("delete_customer", ID=key)
    for _ in range(3):
        assert v.sync().stopped == "brake"
    assert (v.link_count(), v.writes("a"), len(companies(v))) == before


def test_resuming_says_what_it_will_allow_and_then_allows_exactly_that(v: Village) -> None:
    from unisono.wiring.setup import about_to_allow, set_state

    born = [customer(v, ORGANIZATION=f"Kunde {n} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}") for n in range(4)]
    v.sync()
    choose(v, "customers.deletion.brake_number=2")
    for key in born[:3]:
        v.books_act("delete_customer", ID=str(key))
    assert v.sync().stopped == "brake"
    told = about_to_allow(v.house, v.pair)
    assert (told.linked, told.lost, sorted(told.names)) == (4, 3, ["Kunde 0 GmbH", "Kunde 1 GmbH", "Kunde 2 GmbH"])
    assert set_state(v.house, v.pair, "released", "test") == "released"
    settled(v)
    assert len(events(v, "unlinked")) == 3
    assert len(companies(v)) == 4


def merged(v: Village) -> tuple[int, int, str]:
    """Two companies of one name, of which one is linked; somebody merges the linked one into the other."""
    sun, there = tagged(v)
    twin = company(v, zip="54321", city="Trier", email="trier@sonne.example")
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    settled(v)
    return sun, twin, there


def test_a_vanished_record_with_a_namesake_is_asked_about_before_the_link_ends(v: Village) -> None:
    _, twin, there = merged(v)
    (asked,) = v.questions()
    assert (asked.code, asked.label, asked.options) == ("maybe-merged", "Bäckerei Sonne GmbH", ("same", "different", "later"))
    assert asked.values["other_key"] == f"company:{twin}"
    assert (events(v, "unlinked"), [str(c["CUSTOMER_ID"]) for c in customers(v)]) == ([], [there])


def test_told_that_it_was_merged_the_link_moves_to_the_survivor_and_nothing_is_overwritten(v: Village) -> None:
    _, twin, there = merged(v)
    before = (customers(v)[0]["CITY"], v.writes("b"))
    v.answer(v.questions()[0], "same")
    v.sync()
    assert v.link_count()["party"] == 1
    assert (customers(v)[0]["CITY"], v.writes("b")) == before
    assert {q.code for q in v.questions()} == {"conflict"}, "what differs is asked, not overwritten"
    v.crm_act("edit_company", id=str(twin), phone="0651 9")
    v.sync()
    assert customers(v)[0]["PHONE"] == "0651 9"
    assert [str(c["CUSTOMER_ID"]) for c in customers(v)] == [there]


def test_told_that_it_was_deleted_the_link_ends_and_the_namesake_is_left_alone(v: Village) -> None:
    _, twin, there = merged(v)
    v.answer(v.questions()[0], "different")
    v.sync()
    assert events(v, "unlinked") == ["deleted-there"]
    assert ([c["id"] for c in companies(v)], [str(c["CUSTOMER_ID"]) for c in customers(v)]) == ([twin], [there])


def test_a_customer_without_namesake_is_not_asked_about(v: Village) -> None:
    sun, _ = tagged(v)
    deal_of(v, company(v, name="Mond Optik GmbH", zip="50667", email="mond@optik.example"))
    v.sync()
    v.crm_act("delete_company", id=str(sun))
    settled(v)
    assert v.questions() == []
    assert events(v, "unlinked") == ["deleted-there"]

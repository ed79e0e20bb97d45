"""Between a preview and its release somebody merges records or issues documents: the row no longer holds, is planned anew and shown."""

from __future__ import annotations

import pytest

from tests.stories.folk import choose, company, customer, customer_named, customers, deal_of, estimates, invoice, state, tagged
from tests.stories.test_preview import labelled, previewed, released, rows
from tests.support.village import Village
from unisono.store.runs import CHANGED, PlanRow, Run
from unisono.wiring.setup import set_state


def deleted_in_the_crm(v: Village, rule: str) -> Run:
    """A linked company was deleted in the CRM while the pair was paused; what the rule makes of it is previewed."""
    sun = tagged(v)
    v.sync()
    choose(v, f"customers.deletion.in_crm={rule}")
    v.sync()
    set_state(v.house, v.pair, "paused", "test")
    v.crm_act("delete_company", id=str(sun))
    for _ in range(2):
        v.clock.advance(400)
        previewed(v)
    v.clock.advance(400)
    return previewed(v)


def only(v: Village, run: Run) -> PlanRow:
    (row,) = rows(v, run)
    return row


def operations(row: PlanRow) -> list[str]:
    return [write["operation"] for write in row.action.get("writes", [])]


def test_a_deletion_that_was_previewed_is_done_if_nothing_happened_since(v: Village) -> None:
    run = deleted_in_the_crm(v, "delete")
    assert (only(v, run).verdict, operations(only(v, run))) == ("gone", ["delete"])
    assert len(customers(v)) == 1
    released(v, run)
    v.sync()
    assert (customers(v), only(v, run).outcome) == ([], "done")


def test_a_customer_that_got_an_invoice_since_the_preview_is_not_deleted_and_its_row_shows_what_would_be_done(v: Village) -> None:
    run = deleted_in_the_crm(v, "delete")
    before = only(v, run)
    assert operations(before) == ["delete"]
    invoice(v, customers(v)[0]["CUSTOMER_ID"])
    released(v, run)
    v.sync()
    v.sync()
    row = only_party(v, run)
    assert (row.outcome, operations(row), row.action["ends"][0]["kind"]) == (CHANGED, [], "party")
    assert row.basis != before.basis
    assert (len(customers(v)), v.link_count()) == (1, {"party": 1}), "not even the link ended: it waits for a second release"
    released(v, run)
    v.sync()
    assert (len(customers(v)), v.link_count()) == (1, {})


def only_party(v: Village, run: Run) -> PlanRow:
    (row,) = [row for row in rows(v, run) if row.kind == "party"]
    return row


def test_a_record_that_may_have_been_merged_since_the_preview_is_asked_about_and_its_row_says_so(v: Village) -> None:
    run = deleted_in_the_crm(v, "unlink")
    before = only(v, run)
    assert (before.verdict, "ends" in before.action) == ("gone", True)
    company(v, phone="0800 99")  # what the two were merged into
    released(v, run)
    v.sync()
    row = labelled(v, run, before.label) if len(rows(v, run)) == 1 else next(r for r in rows(v, run) if r.key == before.key)
    assert (row.verdict, "ends" in row.action, row.outcome) == ("doubtful", False, "asked")
    assert row.basis != before.basis
    assert [q.code for q in v.questions()] == ["maybe-merged"]
    assert v.link_count() == {"party": 1}, "the link that was shown to end has not ended"


@pytest.mark.parametrize("since", ("nothing", "sent"))
def test_an_edited_offer_whose_quote_was_sent_since_the_preview_is_not_made_anew(v: Village, since: str) -> None:
    """The answer was given about a draft: what has gone out meanwhile is not deleted."""
    sun = company(v)
    offer = deal_of(v, sun)
    v.sync()
    first = estimates(v)[0]["ESTIMATE_ID"]
    v.crm_act("edit_deal", id=str(offer), value="1500")
    v.sync()
    (asked,) = v.questions()
    assert asked.code == "quote-edited"
    set_state(v.house, v.pair, "paused", "test")
    v.answer(asked, "make-anew")
    v.clock.advance(400)
    run = previewed(v)
    row = next(r for r in rows(v, run) if r.key == f"a:quote:deal:{offer}")
    assert operations(row) == ["delete"]
    if since == "sent":
        state(v, first, "b")
    released(v, run)
    v.sync()
    v.sync()
    if since == "nothing":
        assert [e["ESTIMATE_ID"] for e in estimates(v)] != [first]
        return
    assert [e["ESTIMATE_ID"] for e in estimates(v)] == [first]
    now = next(r for r in rows(v, run) if r.key == row.key)
    assert (now.verdict, operations(now)) == ("doubtful", [])
    assert now.basis != row.basis


def test_an_edit_in_fastbill_does_not_overtake_what_the_run_has_still_to_do_about_that_customer(v: Village) -> None:
    """It is the same record under another name: what was shown is done, or shown again."""
    sun = tagged(v)
    v.sync()
    set_state(v.house, v.pair, "paused", "test")
    v.crm_act("edit_company", id=str(sun), phone="030 5")
    v.clock.advance(400)
    run = previewed(v)
    assert only(v, run).action["writes"][0]["after"] == {"phone": "030 5"}
    there = customer_named(v, "Bäckerei Sonne GmbH")["CUSTOMER_ID"]
    v.books_act("edit_customer", ID=str(there), EMAIL="neu@sonne.example")
    released(v, run)
    v.sync()
    assert customers(v)[0]["PHONE"] == "030 1234"
    assert only(v, run).outcome == CHANGED
    assert {(w["side"], *w["after"]) for w in only(v, run).action["writes"]} == {("b", "phone"), ("a", "email")}
    released(v, run)
    v.sync()
    assert (customers(v)[0]["PHONE"], customers(v)[0]["EMAIL"]) == ("030 5", "neu@sonne.example")


def test_no_quote_is_shown_for_a_customer_whose_link_the_same_preview_ends(v: Village) -> None:
    """The customer was deleted in the invoicing system, and a new deal came in the CRM: what is shown is what is done, no more."""
    sun = tagged(v)
    v.sync()
    v.clock.advance(400)
    set_state(v.house, v.pair, "paused", "test")
    deal_of(v, sun)
    v.books_act("delete_customer", ID=str(customers(v)[0]["CUSTOMER_ID"]))
    for _ in range(2):
        v.clock.advance(400)
        previewed(v)
    v.clock.advance(400)
    run = previewed(v)
    before = {row.kind: row for row in rows(v, run)}
    assert ("ends" in before["party"].action, operations(before["quote"]), before["quote"].verdict) == (True, [], "left-out")
    released(v, run)
    v.sync()
    assert (estimates(v), v.link_count()) == ([], {})


def test_two_customers_of_one_address_are_both_made_as_they_were_shown(unreleased: Village) -> None:
    """Each side has a customer of its own under the same e-mail address: two new ones are shown, and two are made with one release."""
    v = unreleased
    v.clock.advance(86400)
    choose(v, "customers.from_invoicing.history=all", "customers.from_crm.history=all")
    sonne = company(v, name="Sonne GmbH", email="post@haus.example", tax_id="", phone="")
    deal_of(v, sonne)
    customer(v, ORGANIZATION="Mond KG", EMAIL="post@haus.example")
    run = previewed(v)
    before = {row.label: (row.verdict, operations(row)) for row in rows(v, run) if row.kind == "party"}
    assert before == {"Sonne GmbH": ("new", ["create"]), "Mond KG": ("new", ["create"])}
    released(v, run)
    v.sync()
    assert {row.label: row.outcome for row in rows(v, run) if row.kind == "party"} == {"Sonne GmbH": "done", "Mond KG": "done"}

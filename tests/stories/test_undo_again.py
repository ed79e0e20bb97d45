"""What an undo left unlinked stays so until a person says otherwise: then it may be linked and made again."""

from __future__ import annotations

from tests.stories.folk import company, customer_named, customer_names, customers, deal_of, estimates, tagged
from tests.stories.test_undo import taken_back
from tests.support.village import Village
from unisono.engine.undone import again
from unisono.store.deeds import Scope


def undone(v: Village) -> tuple[str, str]:
    """A customer with an offer that an undo took away wholly, and one that it could only unlink, because somebody worked with it.

    Returns the undo's run and the CRM's record of the second.
    """
    deal_of(v, company(v))
    kept = tagged(v, name="Zwei GmbH", email="z@zwei.example", zip="99999")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Zwei GmbH"]
    v.books_act("edit_customer", id=customer_named(v, "Zwei GmbH")["CUSTOMER_ID"], DAYS_FOR_PAYMENT="30")
    done = taken_back(v, everything=True)
    v.sync()
    v.sync()
    assert (customer_names(v), estimates(v), v.link_count()) == (["Zwei GmbH"], [], {})
    return done.run, f"a:party:company:{kept}"


def allowed(v: Village, *, dry: bool = False, **scope: str | bool) -> list[str]:
    return again(v.house.pairing(v.pair), v.house.hands(), Scope(**scope), "test", dry=dry)  # type: ignore[arg-type]


def test_an_undo_taken_back_makes_what_was_deleted_and_asks_about_what_was_unlinked(v: Village) -> None:
    run, _ = undone(v)
    assert len(allowed(v, run=run)) == 3
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Zwei GmbH"]
    assert len(estimates(v)) == 1
    assert v.link_count() == {"party": 1, "quote": 1}
    (asked,) = v.questions()
    assert (asked.code, asked.label) == ("same-customer", "Zwei GmbH"), "matching looks at it again, as at any other"
    v.answer(asked, "same")
    v.sync()
    assert v.link_count() == {"party": 2, "quote": 1}
    assert len(customers(v)) == 2
    assert ("undo-lifted", "test") in [(n["event"], n["by"]) for n in v.notes()]


def test_a_single_record_may_be_named_by_either_side(v: Village) -> None:
    _, kept = undone(v)
    there = f"b:party:{customers(v)[0]['CUSTOMER_ID']}"
    assert allowed(v, dry=True, record=there) == allowed(v, dry=True, record=kept) == [kept]
    assert allowed(v, record=there) == [kept]
    v.sync()
    assert [q.label for q in v.questions()] == ["Zwei GmbH"]
    assert estimates(v) == [], "the other one stays as the undo left it"
    assert allowed(v, record=kept) == [], "there is nothing left to take back"


def test_looking_changes_nothing_and_what_was_never_undone_is_left_alone(v: Village) -> None:
    undone(v)
    assert len(allowed(v, dry=True, everything=True)) == 3
    assert allowed(v, run="no-such-run") == []
    v.sync()
    assert (customer_names(v), v.questions()) == (["Zwei GmbH"], [])


def test_a_link_that_ended_because_a_side_was_deleted_is_not_touched_by_it(v: Village) -> None:
    key = tagged(v)
    v.sync()
    v.books_act("delete_customer", ID=str(customers(v)[0]["CUSTOMER_ID"]))
    for _ in range(3):
        v.sync()
    assert allowed(v, everything=True) == []
    v.crm_act("edit_company", id=str(key), phone="1")
    v.sync()
    assert customers(v) == []

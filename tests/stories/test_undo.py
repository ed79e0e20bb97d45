"""What was written can be taken back: per run, record and field; what cannot is said beforehand; and nothing is deleted that we did not make."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.stories.folk import (
    companies,
    company,
    customer,
    customer_named,
    customer_names,
    customers,
    deal_of,
    employee,
    estimate,
    estimates,
    invoice,
    notes,
    state,
)
from tests.support.village import Village
from unisono.engine.runs import release_run
from unisono.engine.undo import NothingWritten, Scope, Undoing, look, undo
from unisono.plan.undo import Step
from unisono.store import pairs
from unisono.wiring import preset
from unisono.wiring.previewing import make_preview

COMPLETE = preset("centralstation", "fastbill").replace('history = "new"', 'history = "all"')


def dry(v: Village, **scope: Any) -> list[Step]:
    return look(v.house.pairing(v.pair), v.house.hands(), Undoing(Scope(**scope))).steps


def taken_back(v: Village, **scope: Any) -> Undoing:
    """An undo, as often as the vendors' pace asks for it."""
    undoing = Undoing(Scope(**scope), by="test")
    for _ in range(100):
        undo(v.house.pairing(v.pair, epoch=v.lease()), v.house.hands(), undoing)
        if undoing.again is None:
            return undoing
        v.clock.advance(undoing.again - v.clock.now())
    raise AssertionError("never ended")


def told(steps: list[Step]) -> list[tuple[str, str, str]]:
    """What happens to which kind of record, and why."""
    return sorted((step.what, step.kind, step.reason.code) for step in steps)


def test_an_undo_shows_beforehand_what_it_then_does(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert len(estimates(v)) == 1
    shown = dry(v, everything=True)
    assert told(shown) == [("delete", "party", "undo-made-by-us"), ("delete", "quote", "undo-made-by-us")]
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]  # looking takes nothing back
    done = taken_back(v, everything=True)
    assert told(done.steps) == told(shown)
    assert (done.records, done.failed) == (2, [])
    assert (customers(v), estimates(v)) == ([], [])
    assert v.link_count() == {}


def test_the_next_sync_does_not_do_it_again(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    taken_back(v, everything=True)
    before = v.calls("b"), len(v.writes("b"))
    for _ in range(3):
        assert v.sync().writes == 0
    assert v.calls("b") > before[0]
    assert len(v.writes("b")) == before[1]
    assert (customers(v), v.questions(), v.problems()) == ([], [], [])


def test_an_undo_stands_in_the_journal_and_the_history(v: Village) -> None:
    company_id = company(v)
    v.crm_act("tag", kind="company", id=company_id, name="FastBill")
    v.sync()
    done = taken_back(v, everything=True)
    entry = v.journal()[0]
    assert (entry["operation"], entry["state"], entry["reason"]["code"]) == ("delete", "done", "undone")  # type: ignore[index]
    assert ("undone", "test") in [(n["event"], n["by"]) for n in v.notes()]
    assert taken_back_again(v, done.run) == [("leave", "party", "undo-deleted")]


def taken_back_again(v: Village, run: str) -> list[tuple[str, str, str]]:
    """The undo of an undo: what was deleted cannot be brought back, and that is said."""
    return told(dry(v, run=run))


def test_one_field_of_one_record_is_taken_back(v: Village) -> None:
    key, other = company(v), company(v, name="Kanzlei Nord GmbH", email="post@nord.example")
    for one in (key, other):
        deal_of(v, one)
    v.sync()
    v.crm_act("edit_company", id=key, name="Bäckerei Sonnenschein GmbH")
    v.crm_act("set_address", kind="company", id=key, street="Ring 2", zip="12345", city="Berlin", country_code="DE")
    v.crm_act("edit_company", id=other, name="Kanzlei Süd GmbH")
    run = run_sync(v)
    assert customer_names(v) == ["Bäckerei Sonnenschein GmbH", "Kanzlei Süd GmbH"]
    scope = {"run": run, "record": f"a:party:company:{key}", "field": "name"}
    assert [(s.what, s.side, s.changes) for s in dry(v, **scope)] == [("change", "b", {"name": "Bäckerei Sonne GmbH"})]
    taken_back(v, **scope)
    assert customer_names(v) == ["Bäckerei Sonne GmbH", "Kanzlei Süd GmbH"]
    assert customer_named(v, "Bäckerei Sonne GmbH")["ADDRESS"] == "Ring 2"
    assert v.sync().writes == 0


def test_a_field_the_other_system_cannot_clear_is_said_beforehand(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.crm_act("set_address", kind="company", id=key, street="Ring 1\nHinterhaus", zip="12345", city="Berlin", country_code="DE")
    run = run_sync(v)
    assert customers(v)[0]["ADDRESS_2"] == "Hinterhaus"
    assert told(dry(v, run=run)) == [("leave", "party", "undo-cannot-clear")]
    taken_back(v, run=run)
    assert customers(v)[0]["ADDRESS_2"] == "Hinterhaus"
    assert v.sync().writes == 0


def test_one_run_is_taken_back_and_the_others_stay(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.crm_act("edit_company", id=key, name="Bäckerei Sonnenschein GmbH")
    run = run_sync(v)
    assert customer_names(v) == ["Bäckerei Sonnenschein GmbH"]
    shown = dry(v, run=run)
    assert [(s.what, s.side, s.changes, s.before) for s in shown] == [
        ("change", "b", {"name": "Bäckerei Sonne GmbH"}, {"name": "Bäckerei Sonnenschein GmbH"})
    ]
    taken_back(v, run=run)
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    for _ in range(2):
        assert v.sync().writes == 0
    assert [c["name"] for c in companies(v)] == ["Bäckerei Sonnenschein GmbH"]  # nobody undid the colleague's own edit
    v.crm_act("edit_company", id=key, name="Bäckerei Sonnentau GmbH")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonnentau GmbH"]  # the link lives: the next edit goes across


def run_sync(v: Village) -> str:
    """What changed goes across as a previewed and released run; its id."""
    v.clock.advance(300)
    run = make_preview(v.house, v.pair, "test")
    release_run(v.house.pairing(v.pair), v.house.hands(), run.id, "test")
    v.clock.advance(1)
    v.sync()
    return run.id


def test_what_somebody_changed_since_is_asked_with_both_values(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.crm_act("edit_company", id=key, name="Bäckerei Sonnenschein GmbH")
    run = run_sync(v)
    books_id = customer_named(v, "Bäckerei Sonnenschein GmbH")["CUSTOMER_ID"]
    v.books_act("edit_customer", id=books_id, ORGANIZATION="Sonnenschein Brot GmbH")
    v.sync()
    assert told(dry(v, run=run)) == [("ask", "party", "undo-edited")]
    taken_back(v, run=run)
    assert customer_names(v) == ["Sonnenschein Brot GmbH"]  # asked, not overwritten
    v.sync()
    [question] = v.questions()
    assert question.code == "undo-edited"
    assert (question.values["value"], question.values["before"]) == ("Sonnenschein Brot GmbH", "Bäckerei Sonne GmbH")
    v.answer(question, "before")
    v.sync()
    assert customer_names(v) == ["Bäckerei Sonne GmbH"]
    assert v.questions() == []
    assert v.sync().writes == 0


def test_an_answer_to_leave_it_leaves_it(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.crm_act("edit_company", id=key, name="Bäckerei Sonnenschein GmbH")
    run = run_sync(v)
    v.books_act("edit_customer", id=customers(v)[0]["CUSTOMER_ID"], ORGANIZATION="Sonnenschein Brot GmbH")
    taken_back(v, run=run)
    [question] = v.questions()
    v.answer(question, "leave")
    v.sync()
    assert customer_names(v) == ["Sonnenschein Brot GmbH"]
    assert told(dry(v, run=run)) == [("leave", "party", "answered-leave")]


@pytest.mark.parametrize(
    ("since", "why"),
    (
        ("estimate", "undo-referenced"),
        ("edit", "undo-edited-since"),
        ("comment", "undo-touched-since"),
    ),
)
def test_a_customer_we_made_is_only_unlinked_when_somebody_worked_with_it(v: Village, since: str, why: str) -> None:
    v.crm_act("tag", kind="company", id=company(v), name="FastBill")
    v.sync()
    made = customers(v)[0]["CUSTOMER_ID"]
    if since == "estimate":
        estimate(v, made)
    elif since == "edit":
        v.books_act("edit_customer", id=made, PHONE="089 4711")
    else:
        v.books_act("edit_customer", id=made, DAYS_FOR_PAYMENT="30")
    assert told(dry(v, everything=True))[-1][1:] == ("party", why)
    taken_back(v, everything=True)
    assert len(customers(v)) == 1
    assert v.link_count().get("party", 0) == 0
    assert v.sync().writes == 0


def test_a_sent_offer_stays_and_the_reason_says_where_to_cancel_it(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    state(v, estimates(v)[0]["ESTIMATE_ID"], "b")
    v.sync()
    shown = told(dry(v, everything=True))
    assert ("leave", "quote", "undo-issued") in shown
    assert ("leave", "note", "undo-cannot-delete") in shown
    assert ("unlink", "party", "undo-referenced") in shown
    taken_back(v, everything=True)
    assert len(estimates(v)) == len(customers(v)) == len(notes(v)) == 1
    assert v.sync().writes == 0


def test_a_company_we_made_stays_when_a_colleague_has_written_a_note_about_it(v: Village) -> None:
    customer(v)
    customer(v, ORGANIZATION="Sonne Optik GmbH")
    v.sync()
    by_name = {c["name"]: c["id"] for c in companies(v)}
    assert len(by_name) == 2
    v.crm_act("create_note", content="Ruft nächste Woche an", company_id=str(by_name["Mond Optik GmbH"]))
    shown = {s.label: (s.what, s.reason.code) for s in dry(v, everything=True) if s.kind == "party"}
    assert shown == {"Mond Optik GmbH": ("unlink", "undo-referenced"), "Sonne Optik GmbH": ("delete", "undo-made-by-us")}
    taken_back(v, everything=True)
    assert [c["name"] for c in companies(v)] == ["Mond Optik GmbH"]


def test_nothing_is_deleted_that_was_there_before(v: Village) -> None:
    """Two records that were linked, not made: an undo leaves both."""
    customer(v, ORGANIZATION="Bäckerei Sonne GmbH", EMAIL="post@sonne.example", ZIPCODE="12345")
    v.crm_act("tag", kind="company", id=company(v), name="FastBill")
    v.sync()
    for question in v.questions():
        v.answer(question, "same" if "same" in question.options else "crm")
    v.sync()
    for question in v.questions():
        v.answer(question, "crm")
    v.sync()
    assert v.link_count() == {"party": 1}
    taken_back(v, everything=True)
    assert len(customers(v)) == len(companies(v)) == 1


def test_a_run_that_wrote_nothing_is_named(v: Village) -> None:
    with pytest.raises(NothingWritten, match="no-such-run"):
        dry(v, run="no-such-run")


def whole(v: Village) -> dict[str, Any]:
    """Both vendors' data, without what only tells that time has passed."""
    left_out = {"updated_at", "LASTUPDATE", "shown_at"}

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(one) for name, one in value.items() if name not in left_out}
        return [bare(one) for one in value] if isinstance(value, list) else value

    books = {name: rows for name, rows in v.books.truth().items() if name != "deleted_customers"}
    return {"crm": bare(v.crm.truth()), "books": bare(books)}


def two_firms(v: Village, count: int) -> None:
    """Customers on both sides: with offers, with people, a few known to both, a few with invoices."""
    for n in range(count // 2):
        name = f"Werkstatt {n:03d} GmbH"
        key = company(v, name=name, email=f"post@werkstatt{n}.example", phone=f"030 {1000 + n}")
        if n % 2:
            deal_of(v, key)
        else:
            v.crm_act("tag", kind="company", id=key, name="FastBill")
        if n % 3 == 0:
            employee(v, "Anna", f"Stein{n}", key)
        if n % 10 == 5:
            customer(v, ORGANIZATION=name, EMAIL=f"post@werkstatt{n}.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")
    for n in range(count - count // 2):
        made = customer(v, ORGANIZATION=f"Praxis {n:03d} GmbH", EMAIL=f"post@praxis{n}.example")
        if n % 4 == 0:
            v.books_act("create_contact", CUSTOMER_ID=str(made), FIRST_NAME="Eva", LAST_NAME=f"Licht{n}")
        if n % 10 == 7:
            invoice(v, made)


def compare(v: Village, count: int) -> tuple[Undoing, set[str]]:
    """A first sync of so many customers and its undo; the records in which the vendors' data then differ, as ``side:kind word:id``."""
    v.settings("b", plan="premium")
    two_firms(v, count)
    before = whole(v)
    v.release(COMPLETE)
    v.sync()
    for _ in range(4):
        for question in v.questions():
            v.answer(question, next(o for o in ("same", "crm") if o in question.options))
        v.sync()
    assert sum(v.link_count().values()) >= count
    done = taken_back(v, everything=True)
    assert done.failed == []
    after = whole(v)
    differ = set()
    for side, tables in after.items():
        for table, rows in tables.items():
            old = {repr(row) for row in before[side][table]}
            differ |= {f"{side}:{table}:{row.get('id') or row.get(table[:-1].upper() + '_ID')}" for row in rows if repr(row) not in old}
            assert len(rows) >= len(old), table
    for _ in range(2):
        assert v.sync().writes == 0
    return done, differ


def test_undo_of_a_whole_first_sync_leaves_both_sides_as_before(unreleased: Village) -> None:
    done, differ = compare(unreleased, 60)
    assert done.count("delete") >= 50
    kept = {f"{s.side}:{s.kind}:{s.key}" for s in done.steps if s.what in ("unlink", "leave")}
    words = {"companies": ("a:party:company:",), "people": ("a:contact:person:", "a:party:person:"), "protocols": ("a:note:protocol:",)}
    words |= {"customers": ("b:party:",), "estimates": ("b:quote:",), "contacts": ("b:contact:",)}
    for found in differ:
        _, table, key = found.split(":")
        assert any(begin + key in kept for begin in words[table]), found
    assert len(differ) <= len(kept)


def test_an_undo_waits_for_the_vendors_pace_and_then_goes_on(v: Village) -> None:
    v.settings("b", plan="premium")
    for n in range(25):
        key = company(v, name=f"Werkstatt {n} GmbH", email=f"post@w{n}.example")
        v.crm_act("tag", kind="company", id=key, name="FastBill")
        employee(v, "Anna", f"Stein{n}", key)
    v.sync()
    assert len(customers(v)) == 25
    v.settings("b", plan="solo")  # fifty calls an hour, far fewer than this takes
    began = v.clock.now()
    done = taken_back(v, everything=True)
    assert v.clock.now() - began >= timedelta(hours=1)
    assert (customers(v), v.link_count(), done.failed) == ([], {}, [])
    assert done.count("delete") == 50


def test_a_key_that_is_refused_ends_the_undo_and_nothing_is_unlinked_for_it(v: Village) -> None:
    for n in range(20):
        key = company(v, name=f"Werkstatt {n} GmbH", email=f"post@w{n}.example")
        v.crm_act("tag", kind="company", id=key, name="FastBill")
        employee(v, "Anna", f"Stein{n}", key)
    v.settings("b", plan="premium")
    v.sync()
    links, stored = v.link_count(), len(customers(v))

    def lock_out(step: str) -> None:
        if step == "intended":
            v.books.world.storage.settings["api_key"] = "another key by now"

    v.house.step = lock_out
    undoing = Undoing(Scope(everything=True), by="test")
    before = v.calls("b")
    undo(v.house.pairing(v.pair, epoch=v.lease()), v.house.hands(), undoing)
    assert len(undoing.failed) == 40
    assert (v.link_count(), len(customers(v))) == (links, stored)
    assert v.calls("b") - before <= 40  # one wave, not forty tries


@pytest.mark.slow
def test_undo_of_a_first_sync_of_five_hundred_leaves_what_it_said_it_would(unreleased: Village) -> None:
    done, differ = compare(unreleased, 500)
    assert done.count("delete") >= 400
    assert len(differ) <= done.count("unlink") + done.count("leave")


def test_an_undo_that_was_killed_in_the_middle_goes_on(v: Village) -> None:
    """The answer to a deletion is lost: the next sync looks, and another undo takes up where the first one stopped."""
    for n in range(4):
        v.crm_act("tag", kind="company", id=company(v, name=f"Werkstatt {n} GmbH", email=f"post@w{n}.example"), name="FastBill")
    v.sync()
    assert len(customers(v)) == 4

    class Killed(BaseException):
        pass

    def die(step: str) -> None:
        if step == "sent":
            raise Killed

    v.house.step = die
    with pytest.raises(Killed):
        taken_back(v, everything=True)
    v.house.step = lambda step: None
    v.clock.advance(60)
    v.sync()
    taken_back(v, everything=True)
    v.sync()
    assert customers(v) == []
    assert v.link_count() == {}
    assert {w["state"] for w in v.journal()} == {"done"}
    with v.house.store.read() as conn:
        assert pairs.get_pair(conn, v.pair).state == "released"

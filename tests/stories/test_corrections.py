"""A person corrects on the spot what kept a record from going across: written where the record comes from, with them as the cause."""

from __future__ import annotations

import pytest

from tests.stories.folk import BOTH, companies, company, company_row, customer_named, customer_names, customers, deal_of
from tests.support.village import Village
from tests.unit.engine.crash import Crash, crash_at, crash_never
from unisono.engine.undo import Scope
from unisono.store.asking import Problem
from unisono.wiring.correcting import Corrected, correct_problems, mendable, pending_of
from unisono.wiring.deciding import leave_out_problems
from unisono.wiring.keeping import take_back
from unisono.wiring.policies import leave_out

ALPHA = "Alpha KG"
POSTCODE = "address.postcode"


def without_postcode(v: Village, name: str = ALPHA) -> int:
    """A company with an offer, whose address lacks the postcode: FastBill's customer is not made."""
    key = company(v, name=name, zip="")
    deal_of(v, key)
    v.sync()
    return key


def the_problem(v: Village) -> Problem:
    found = v.problems()
    assert len(found) == 1, found
    return found[0]


def corrected(v: Village, problem: Problem, **values: str) -> Corrected:
    """Adam types values into the row of a problem."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return correct_problems(v.house, v.pair, {problem.id: named}, "adam")


def zip_of(v: Village, key: int) -> str:
    found = company_row(v, key)["addrs"]
    return str(found[0]["zip"] or "") if found else ""


@BOTH
def test_a_missing_postcode_is_entered_once_and_stands_in_both_systems(v: Village) -> None:
    key = without_postcode(v)
    problem = the_problem(v)
    assert (problem.code, problem.field, zip_of(v, key), customers(v)) == ("missing-field", POSTCODE, "", [])
    place = mendable(v.house, v.pair, [problem])[problem.id]
    assert (place.side, [blank.name for blank in place.blanks]) == ("a", [POSTCODE])
    assert corrected(v, problem, address__postcode="21335").done == [problem.id]
    assert (zip_of(v, key), customers(v)) == ("", []), "nothing is written before the pair's next turn"
    v.sync()
    assert zip_of(v, key) == "21335"
    assert [(c["ORGANIZATION"], c["ZIPCODE"]) for c in customers(v)] == [(ALPHA, "21335")]
    assert (v.problems(), v.questions()) == ([], [])
    for _ in range(2):
        assert v.sync().writes == 0


def test_the_journal_and_the_history_name_the_person(v: Village) -> None:
    without_postcode(v)
    corrected(v, the_problem(v), address__postcode="21335")
    v.sync()
    made = [j for j in v.journal() if j["reason"]["code"] == "corrected"]  # type: ignore[index]
    assert [(j["side"], j["operation"], j["state"], j["before"], j["after"]) for j in made] == [
        ("a", "change", "done", {POSTCODE: ""}, {POSTCODE: "21335"})
    ]
    assert made[0]["reason"] == {"code": "corrected", "values": {"by": "adam", "fields": POSTCODE}}
    assert ("corrected", "adam") in [(n["event"], n["by"]) for n in v.notes()]


def test_a_correction_is_carried_out_once_and_not_again_when_a_colleague_empties_the_field(v: Village) -> None:
    key = without_postcode(v)
    corrected(v, the_problem(v), address__postcode="21335")
    v.sync()
    v.crm_act("set_address", kind="company", id=key, street="Ring 1", zip="", city="Berlin", country_code="DE")
    v.sync()
    assert zip_of(v, key) == "", "the colleague's word stands"
    assert len([j for j in v.journal() if j["reason"]["code"] == "corrected"]) == 1  # type: ignore[index]


def test_what_a_colleague_filled_in_meanwhile_is_not_written_over(v: Village) -> None:
    key = without_postcode(v)
    corrected(v, the_problem(v), address__postcode="21335")
    v.crm_act("set_address", kind="company", id=key, street="Ring 1", zip="54321", city="Trier", country_code="DE")
    v.sync()
    assert zip_of(v, key) == "54321"
    assert customers(v)[0]["ZIPCODE"] == "54321"
    assert pending_of(v.house, v.pair, f"a:party:company:{key}") == []
    assert [j for j in v.journal() if j["reason"]["code"] == "corrected"] == []  # type: ignore[index]


def test_a_colleague_in_the_very_moment_wins_too(v: Village) -> None:
    key = without_postcode(v)
    corrected(v, the_problem(v), address__postcode="21335")
    v.clock.advance(1)
    v.crm_act("set_address", kind="company", id=key, street="Ring 1", zip="54321", city="Trier", country_code="DE")
    v.cycle(read=False)
    v.sync()
    assert (zip_of(v, key), customers(v)[0]["ZIPCODE"]) == ("54321", "54321")


def test_a_linked_customers_name_too_long_for_a_system_is_shortened_where_it_was_written(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], ORGANIZATION="Sonne " + "und Sonne " * 20)
    v.sync()
    problem = the_problem(v)
    assert (problem.code, problem.field) == ("too-long", "name")
    assert mendable(v.house, v.pair, [problem])[problem.id].side == "b"
    wrong = corrected(v, problem, name="x" * 121)
    assert wrong.wrong[problem.id]["name"].code == "too-long"
    assert corrected(v, problem, name="Sonne und Sonne GmbH").done
    v.sync()
    assert customer_names(v) == ["Sonne und Sonne GmbH"]
    assert company_row(v, key)["name"] == "Sonne und Sonne GmbH"
    assert v.problems() == []


@pytest.mark.parametrize(
    ("value", "code"), (("2133", "not-valid"), ("postlagernd", "not-valid"), ("0" * 6, "not-valid")), ids=("short", "word", "long")
)
def test_what_cannot_be_a_postcode_is_said_at_once_and_nothing_is_kept(v: Village, value: str, code: str) -> None:
    key = without_postcode(v)
    problem = the_problem(v)
    found = corrected(v, problem, address__postcode=value)
    assert (found.done, found.wrong[problem.id][POSTCODE].code) == ([], code)
    assert pending_of(v.house, v.pair, f"a:party:company:{key}") == []
    v.sync()
    assert (zip_of(v, key), customers(v)) == ("", [])


def test_a_field_the_problem_does_not_name_is_not_written(v: Village) -> None:
    key = without_postcode(v)
    problem = the_problem(v)
    found = corrected(v, problem, name="Ganz anders AG")
    assert found.wrong[problem.id]["name"].code == "not-valid"
    v.sync()
    assert company_row(v, key)["name"] == ALPHA


def test_a_refused_correction_says_so_and_is_not_sent_again_by_itself(v: Village) -> None:
    key = without_postcode(v)
    v.crm.world.faults.arm("status", "PUT companies", value=422, times=99)
    corrected(v, the_problem(v), address__postcode="21335")
    v.sync()
    assert zip_of(v, key) == ""
    states = [(j["state"], j["side"]) for j in v.journal() if j["reason"]["code"] == "corrected"]  # type: ignore[index]
    assert states == [("refused", "a")]
    assert {p.code for p in v.problems()} > {"missing-field"}, "why it was refused stands beside what was missing"
    v.crm.world.faults.clear()
    v.sync()
    assert zip_of(v, key) == "", "the person decides anew"
    again = next(p for p in v.problems() if p.code == "missing-field")
    corrected(v, again, address__postcode="21335")
    v.sync()
    assert (zip_of(v, key), customers(v)[0]["ZIPCODE"], v.problems()) == ("21335", "21335", [])


@pytest.mark.parametrize("step", ("prepared", "intended", "sent", "read-back", "settled"))
def test_a_crash_around_a_correction_writes_it_once(v: Village, step: str) -> None:
    key = without_postcode(v)
    corrected(v, the_problem(v), address__postcode="21335")
    crash_at(v, step)
    with pytest.raises(Crash):
        v.cycle(read=False)
    crash_never(v)
    for _ in range(3):
        v.sync()
    assert (zip_of(v, key), [c["ZIPCODE"] for c in customers(v)]) == ("21335", ["21335"])
    assert (v.problems(), v.questions()) == ([], [])
    writes = [j["state"] for j in v.journal() if j["reason"]["code"] == "corrected"]  # type: ignore[index]
    assert writes.count("done") == 1
    assert set(writes) <= {"done", "void"}
    assert pending_of(v.house, v.pair, f"a:party:company:{key}") == []


@pytest.mark.parametrize("fault", ("timeout-before", "timeout-after", "torn-json"))
def test_a_lost_answer_to_a_correction_is_looked_up(v: Village, fault: str) -> None:
    key = without_postcode(v)
    v.crm.world.faults.arm(fault, "PUT companies")
    corrected(v, the_problem(v), address__postcode="21335")
    for _ in range(3):
        v.sync()
    assert v.crm.world.faults.bitten == [fault]
    assert (zip_of(v, key), [c["ZIPCODE"] for c in customers(v)]) == ("21335", ["21335"])
    assert (v.problems(), len(companies(v))) == ([], 1)


def test_a_correction_can_be_undone(v: Village) -> None:
    key = company(v)
    deal_of(v, key)
    v.sync()
    v.books_act("edit_customer", ID=customers(v)[0]["CUSTOMER_ID"], ORGANIZATION="Sonne " + "und Sonne " * 20)
    v.sync()
    corrected(v, the_problem(v), name="Sonne und Sonne GmbH")
    v.sync()
    entry = next(str(j["id"]) for j in v.journal() if j["reason"]["code"] == "corrected")  # type: ignore[index]
    shown = take_back(v.house, v.pair, Scope(write=entry), "adam", dry=True).steps
    assert [(s.what, s.side, sorted(s.changes)) for s in shown] == [("change", "b", ["name"])]
    take_back(v.house, v.pair, Scope(write=entry), "adam")
    assert customer_named(v, ("Sonne " + "und Sonne " * 20).strip())


def test_who_was_left_out_for_good_and_taken_back_is_told_again(v: Village) -> None:
    key = without_postcode(v)
    leave_out_problems(v.house, v.pair, [the_problem(v).id], "adam")
    v.sync()
    assert v.problems() == []
    leave_out(v.house, v.pair, [f"a:party:company:{key}"], "adam", back=True)
    v.sync()
    assert the_problem(v).field == POSTCODE


def test_a_pair_that_does_not_write_offers_no_correction(v: Village) -> None:
    without_postcode(v)
    from unisono.wiring.setup import set_state

    set_state(v.house, v.pair, "paused", "adam")
    assert mendable(v.house, v.pair, v.problems()) == {}

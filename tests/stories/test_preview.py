"""F21 to F24: before anything is written a person sees what would be, record by record; releasing it does exactly that."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from tests.stories.folk import (
    BOTH,
    bound,
    companies,
    company,
    customer,
    customer_named,
    customers,
    deal_of,
    employee,
    estimate,
    filled,
    invoice,
    state,
)
from tests.stories.test_f_complete_sync import complete
from tests.support.village import Village
from unisono.engine.runs import release_run
from unisono.store import pairs, runs
from unisono.store.runs import CHANGED, PlanRow, Run
from unisono.store.tables import metadata
from unisono.wiring.previewing import effect, make_preview, progress


def awkward(v: Village) -> None:
    """Years of bookkeeping: near-twins, two branches of one tax id, a decomposed letter, a missing address, documents, people."""
    v.crm_act("tag", kind="company", id=company(v, name="Café Sonne"), name="FastBill")
    v.crm_act("tag", kind="company", id=company(v, name="Ohne Straße GmbH", street="", email=""), name="FastBill")
    twin = company(v, name="Müller GmbH", email="a@mueller.example")
    deal_of(v, twin, "Altes Angebot", "900")
    other_town = company(v, name="Müller GmbH", email="b@mueller.example", zip="80331", city="München")
    deal_of(v, other_town, "Noch eins", "100")
    tagged = company(v, name="Gasthof Lindenhof KG", email="kg@linde.example")
    v.crm_act("tag", kind="company", id=tagged, name="FastBill")
    employee(v, "Vera", "Huber", tagged)
    company(v, name="Nie gefragt AG", email="n@n.example")
    both = company(v, name="Optik Mond", email="post@mond.example")
    deal_of(v, both, "Brillen", "50")
    customer(v, ORGANIZATION="Optik Mond", EMAIL="post@mond.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")
    born = 0
    for number in range(3):
        born = customer(
            v, ORGANIZATION=f"Altkunde {number} GmbH", EMAIL=f"kunde{number}@alt.example", VAT_ID="DE129274202" if number else ""
        )
        invoice(v, born, TITLE=f"Altrechnung {number}")
    state(v, estimate(v, born), "b")
    v.clock.advance(86400)


def previewed(v: Village, policy: str = "") -> Run:
    if policy:
        with v.house.store.write() as conn:
            pairs.put_policy(conn, v.pair, policy, "test", v.clock.now())
    return make_preview(v.house, v.pair, "test")


def released(v: Village, run: Run) -> int:
    count = release_run(v.house.pairing(v.pair), v.house.hands(), run.id, "test")
    v.clock.advance(1)
    return count


def rows(v: Village, run: Run, **which: Any) -> list[PlanRow]:
    with v.house.store.read() as conn:
        return runs.rows(conn, run.id, **which)


def labelled(v: Village, run: Run, label: str, kind: str = "") -> PlanRow:
    found = [row for row in rows(v, run) if row.label == label and kind in ("", row.kind)]
    assert len(found) == 1, (label, [r.label for r in rows(v, run)])
    return found[0]


def planned_writes(found: list[PlanRow]) -> Counter[tuple[str, str, str]]:
    return Counter((w["side"], w["operation"], w["kind"]) for row in found for w in row.action.get("writes", []))


OPERATIONS = {
    ("a", "POST companies"): ("a", "create", "party"),
    ("a", "POST people"): ("a", "create", "contact"),
    ("a", "POST protocols"): ("a", "create", "note"),
    ("a", "POST protocols/#/attachments"): ("a", "create", "file"),
    ("b", "customer.create"): ("b", "create", "party"),
    ("b", "contact.create"): ("b", "create", "contact"),
    ("b", "estimate.create"): ("b", "create", "quote"),
    ("b", "customer.update"): ("b", "change", "party"),
}


def vendor_writes(v: Village) -> Counter[tuple[str, str, str]]:
    return Counter(OPERATIONS.get((side, op), (side, op, "?")) for side in ("a", "b") for op in v.writes(side))


def table_counts(v: Village) -> dict[str, list[str]]:
    """The whole contents of every table that is not about reading."""
    with v.house.store.read() as conn:
        return {
            t.name: sorted(repr(row) for row in conn.execute(select(t))) for t in metadata.sorted_tables if t.name not in ("pace", "lane")
        }


@pytest.mark.feature("F24", kind="do")
@BOTH
def test_releasing_a_preview_performs_exactly_the_previewed_writes(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    assert (v.writes("a"), v.writes("b")) == ([], []), "a preview writes nothing"
    before = rows(v, run)
    promised = planned_writes(before)
    assert promised["b", "create", "party"] == 4
    assert promised["a", "create", "file"] == 4
    released(v, run)
    v.sync()
    assert vendor_writes(v) == promised
    after = rows(v, run)
    assert [r.key for r in after] == [r.key for r in before]
    assert {r.outcome for r in after} <= {"done", "asked", "refused", "waiting"}, Counter(r.outcome for r in after)
    assert progress(v.house, run.id).run.state == "done"
    names = {c["ORGANIZATION"] for c in customers(v)}
    for row in before:
        for write in row.action.get("writes", []):
            if write["side"] == "b" and write["kind"] == "party":
                assert write["after"]["name"] in names
    v.sync()
    assert vendor_writes(v) == promised, "and nothing more"


def test_a_preview_shows_each_record_with_values_before_and_after_and_the_reason(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    new = labelled(v, run, "Gasthof Lindenhof KG")
    assert (new.verdict, new.action["reason"]["code"]) == ("new", "created-because")
    (write,) = new.action["writes"]
    assert (write["side"], write["before"], write["after"]["address.city"]) == ("b", {}, "Berlin")
    assert labelled(v, run, "Nie gefragt AG").verdict == "left-out"
    doubtful = labelled(v, run, "Optik Mond") if len([r for r in rows(v, run) if r.label == "Optik Mond"]) == 1 else None
    asked = doubtful or next(r for r in rows(v, run) if r.label == "Optik Mond" and r.key.startswith("a:"))
    assert (asked.verdict, asked.action["questions"][0]["code"]) == ("doubtful", "same-customer")


def test_people_and_documents_of_a_customer_that_is_still_to_be_made_are_shown_after_it(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    owner, person = labelled(v, run, "Gasthof Lindenhof KG"), labelled(v, run, "Vera Huber", "contact")
    assert (person.verdict, person.action["after"]) == ("new", owner.key)
    assert person.action["writes"][0]["owner"] == f"${owner.key}"
    filed = [r for r in rows(v, run, verdict="new") if r.kind == "invoice"]
    assert [[w["kind"] for w in r.action["writes"]] for r in filed] == [["note", "file"]] * 3
    assert all(r.action["after"].startswith("b:party:") for r in filed)


def test_what_will_be_refused_is_listed_with_its_field_before_anything_is_sent(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    row = labelled(v, run, "Ohne Straße GmbH")
    assert (row.verdict, row.action["problems"][0]["code"], row.action["problems"][0]["field"]) == (
        "refused",
        "missing-field",
        "address.line1",
    )
    assert "writes" not in row.action
    assert v.problems() == [], "a preview is no problem yet"


def test_the_counts_add_up_and_the_forecast_tells_calls_and_time_on_each_side(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    told = progress(v.house, run.id)
    assert sum(told.rows.values()) == run.total == len(rows(v, run))
    assert run.sheet["calls"]["b"]["party"] == 4 * 2, "four customers, each made and read back"
    assert run.sheet["listing"]["a"] >= 4
    assert run.sheet["seconds"]["all"] == max(run.sheet["seconds"]["a"], run.sheet["seconds"]["b"])
    v.settings("b", plan="premium")
    faster = previewed(v)
    assert faster.sheet["seconds"]["b"] <= run.sheet["seconds"]["b"]


@BOTH
def test_what_was_edited_between_preview_and_release_is_shown_and_not_done(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    promised = planned_writes(rows(v, run))
    edited = next(c["id"] for c in companies(v) if c["name"] == "Gasthof Lindenhof KG")
    v.crm_act("edit_company", id=str(edited), city="Potsdam")
    released(v, run)
    v.sync()
    row = labelled(v, run, "Gasthof Lindenhof KG")
    assert (row.outcome, row.verdict, row.action["writes"][0]["after"]["address.city"]) == (CHANGED, "new", "Potsdam")
    assert "Gasthof Lindenhof KG" not in {c["ORGANIZATION"] for c in customers(v)}
    done = vendor_writes(v)
    assert done["b", "create", "party"] == promised["b", "create", "party"] - 1
    v.sync()
    assert vendor_writes(v) == done, "it waits for a second release, however often both sides are polled"
    released(v, run)
    v.sync()
    assert customer_named(v, "Gasthof Lindenhof KG")["CITY"] == "Potsdam"
    assert vendor_writes(v) == promised


def test_a_customer_that_appeared_between_preview_and_release_is_shown_and_not_done(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    deal_of(v, company(v, name="Dazwischen GmbH", email="d@d.example"), "Neues", "10")
    v.clock.advance(60)
    v.cycle()
    released(v, run)
    v.sync()
    assert labelled(v, run, "Dazwischen GmbH").outcome == CHANGED
    assert "Dazwischen GmbH" not in {c["ORGANIZATION"] for c in customers(v)}
    deal_of(v, company(v, name="Danach GmbH", email="d2@d.example", city="Ulm"), "Neues", "10")
    v.sync()
    assert "Danach GmbH" in {c["ORGANIZATION"] for c in customers(v)}, "what is of today needs no second release"


def test_a_policy_changed_between_preview_and_release_runs_nothing_of_the_old_plan(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    run = previewed(v, complete())
    with v.house.store.write() as conn:
        pairs.put_policy(conn, v.pair, complete().replace('contacts = "tagged"', 'contacts = "none"'), "test", v.clock.now())
    released(v, run)
    v.sync()
    assert vendor_writes(v) == Counter()
    assert {r.outcome for r in rows(v, run) if r.action.get("writes")} == {CHANGED}
    assert labelled(v, run, "Vera Huber", "contact").verdict == "left-out", "shown as it is under the new policy"
    released(v, run)
    v.sync()
    assert vendor_writes(v)["b", "create", "party"] == 4
    assert vendor_writes(v)["b", "create", "contact"] == 0


def test_what_another_policy_would_do_is_shown_and_leaves_no_trace(v: Village) -> None:
    deal_of(v, company(v))
    tagged = company(v, name="Linde KG", email="k@linde.example", zip="80331")
    v.crm_act("tag", kind="company", id=tagged, name="FastBill")
    employee(v, "Vera", "Huber", tagged)
    company(v, name="Nie gefragt AG", email="n@n.example", zip="99423")
    v.sync()
    before = table_counts(v)
    with v.house.store.read() as conn:
        policy = pairs.get_pair(conn, v.pair).policy
    calls = v.calls("a") + v.calls("b")
    told = list(
        effect(
            v.house,
            v.pair,
            policy.replace('when = ["quote", "tag"]', 'when = ["quote"]').replace('contacts = "tagged"', 'contacts = "all"'),
        )
    )
    assert table_counts(v) == before
    assert v.calls("a") + v.calls("b") == calls
    assert told == [], "what is linked stays linked under either"
    quiet = list(effect(v.house, v.pair, policy.replace('direction = "both"', 'direction = "off"', 1)))
    assert {(a.verdict, b.verdict) for a, b in quiet if a and b} == {("left-out", "left-out")}


def test_a_stricter_policy_shows_which_customers_it_would_leave_out(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    v.sync()
    looser = complete()
    with v.house.store.write() as conn:
        pairs.put_policy(conn, v.pair, looser, "test", v.clock.now())
    told = {b.label: (a.verdict, b.verdict) for a, b in effect(v.house, v.pair, looser.replace('"quote", "tag"', '"quote"', 1)) if a and b}
    assert told["Gasthof Lindenhof KG"] == ("new", "left-out")
    assert told["Vera Huber"] == ("new", "left-out")
    assert "Müller GmbH" not in told
    assert v.writes("b") == []


def test_a_dry_run_later_disturbs_neither_work_nor_questions_nor_positions(v: Village) -> None:
    customer(v, ORGANIZATION="Bäckerei Sonne GmbH", EMAIL="post@sonne.example", ADDRESS="Ring 1", ZIPCODE="12345", CITY="Berlin")
    v.sync()
    deal_of(v, company(v, phone="030 99"))
    v.sync()
    before = {name: table for name, table in table_counts(v).items() if name in ("work", "question", "problem", "intent", "link", "pair")}
    company(v, name="Neu GmbH", email="neu@neu.example", zip="99423")
    run = previewed(v)
    after = table_counts(v)
    assert {name: after[name] for name in before} == before
    assert labelled(v, run, "Neu GmbH").verdict == "left-out"


def test_two_near_twins_of_one_batch_are_not_both_made(unreleased: Village) -> None:
    v = unreleased
    for number in range(3):
        deal_of(v, company(v, name="Gleich GmbH", email="post@gleich.example"), f"Angebot {number}", "10")
    v.clock.advance(86400)
    run = previewed(v, complete())
    twins = [r for r in rows(v, run) if r.label == "Gleich GmbH"]
    assert [r.verdict for r in twins] == ["new", "doubtful", "doubtful"], "the second may be the first: that is asked"
    released(v, run)
    v.sync()
    assert len(customers(v)) == 1
    assert {q.code for q in v.questions()} == {"same-customer"}


def test_linking_shows_what_it_fills_and_what_it_asks_in_one_row(unreleased: Village) -> None:
    v = unreleased
    customer(v, ORGANIZATION="Sonne Backwaren", VAT_ID="DE129274202", EMAIL="", PHONE="")
    kind = bound(v, "tax_id")
    sun = company(v)
    filled(v, sun, kind, "DE129274202")
    deal_of(v, sun)
    v.clock.advance(86400)
    run = previewed(v, complete())
    row = labelled(v, run, "Bäckerei Sonne GmbH")
    assert row.verdict == "linked"
    sent = {(w["side"], name) for w in row.action["writes"] for name in w["after"]}
    assert ("b", "phone") in sent
    assert {q["values"]["field"] for q in row.action["questions"]} >= {"name", "address.line1"}
    promised = planned_writes(rows(v, run))
    released(v, run)
    v.sync()
    assert len(customers(v)) == 1
    assert sum(vendor_writes(v).values()) == sum(promised.values())
    assert labelled(v, run, "Bäckerei Sonne GmbH").outcome == "asked"


def test_a_second_preview_takes_the_place_of_one_that_was_never_released(unreleased: Village) -> None:
    v = unreleased
    awkward(v)
    first = previewed(v, complete())
    second = previewed(v)
    with v.house.store.read() as conn:
        assert [r.id for r in runs.runs(conn, v.pair)] == [second.id]
        with pytest.raises(KeyError):
            runs.get_run(conn, first.id)
    assert len(rows(v, second)) == second.total == first.total

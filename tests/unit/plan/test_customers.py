"""Customers and their contacts: who goes across, who waits, who is asked about, and what is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.plan.worlds import (
    ANY,
    CRM,
    FIELDS,
    FULL_ADDRESS,
    INVOICING,
    about,
    company,
    free,
    linked,
    owned,
    person,
    record,
    rules,
    seen,
    taken,
)
from unisono.model.capability import FieldLimit, Writing
from unisono.model.party import Address, Contact, Flat, Party, flat_contact, flat_party, party_of
from unisono.model.record import Side, flat_of
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Decision, Join, Report, Send, Sever, Wait
from unisono.plan.compare import conflict_subject
from unisono.plan.flows.customers import plan_customer
from unisono.plan.situation import Rules, Seen, Situation

TAGGED = {"from_crm": {"when": ["quote", "tag"], "tag": "Bill"}}
RULES = rules(customers=TAGGED)


def told(decision: Decision) -> tuple[str, str]:
    return decision.verdict, decision.reason.code


def only(decision: Decision, kind: type) -> Any:
    (action,) = decision.actions
    assert isinstance(action, kind)
    return action


@pytest.mark.parametrize(
    ("reasons", "when", "expected"),
    (
        (("quote",), ["quote", "tag"], ("new", "created-because")),
        (("tag",), ["quote", "tag"], ("new", "created-because")),
        (("contact-tag",), ["quote", "tag"], ("new", "created-because")),
        (("tag",), ["quote"], ("left-out", "no-quote-no-tag")),
        (("contact-tag",), ["quote"], ("left-out", "no-quote-no-tag")),
        (("quote",), ["tag"], ("left-out", "no-quote-no-tag")),
        ((), ["quote", "tag"], ("left-out", "no-quote-no-tag")),
    ),
)
def test_from_the_crm_go_those_with_a_quote_or_the_tag(reasons: tuple[str, ...], when: list[str], expected: tuple[str, str]) -> None:
    chosen = rules(customers={"from_crm": {"when": when, "tag": "Bill"}})
    assert told(plan_customer(about(company(), reasons=reasons), chosen)) == expected


@pytest.mark.parametrize(
    ("policy", "history", "reasons", "expected"),
    (
        ({}, False, (), ("new", "created-because")),
        ({}, True, (), ("left-out", "older-than-release")),
        ({}, True, ("document",), ("new", "created-because")),
        ({"history": "all"}, True, (), ("new", "created-because")),
        ({"when": "none"}, False, (), ("left-out", "not-taken-from-invoicing")),
    ),
)
def test_from_invoicing_go_all_new_ones(policy: dict[str, str], history: bool, reasons: tuple[str, ...], expected: tuple[str, str]) -> None:
    s = about(company("c42"), side="b", reasons=reasons, history=history)
    assert told(plan_customer(s, rules(customers={"from_invoicing": policy}))) == expected


@pytest.mark.parametrize(("direction", "side"), (("to-crm", "a"), ("off", "a"), ("to-invoicing", "b"), ("off", "b")))
def test_nobody_goes_against_the_direction(direction: str, side: str) -> None:
    decision = plan_customer(about(company(), side=side, reasons=("quote",)), rules(customers={"direction": direction}))
    assert (told(decision), decision.actions) == (("left-out", "direction-off"), ())


def test_a_system_that_cannot_make_customers_is_not_asked_to() -> None:
    mute = replace(INVOICING, writings=(Writing(kind="party", create="none"),))
    decision = plan_customer(about(company(), reasons=("quote",)), replace(RULES, b=mute))
    assert told(decision) == ("left-out", "cannot-create")
    assert decision.reason.values == {"system": "Billy"}


def test_a_create_carries_what_the_other_side_can_hold_and_agrees_on_what_both_can() -> None:
    keller = company(email="a@b.example", phone="030 1", note="calls back", number="K-7", tax_id="DE136695976")
    send = only(plan_customer(about(keller, reasons=("tag",)), RULES), Send)
    write = send.write
    assert (write.operation, write.side, write.kind, write.key, write.owner) == ("create", "b", "party", "", "")
    assert write.body == Party(
        type="company", name="Keller AG", email="a@b.example", phone="030 1", tax_id="DE136695976", address=FULL_ADDRESS
    ), "no note: Billy has no place for it; no number: it gives its own"
    assert {n: v for n, v in send.agree.items() if v} == {
        "type": "company",
        "name": "Keller AG",
        "email": "a@b.example",
        "phone": "030 1",
        "address.line1": "Am Markt 1",
        "address.postcode": "10115",
        "address.city": "Berlin",
        "address.country": "DE",
    }
    assert send.reason.values == {"why": "tag"}


def test_an_address_without_country_gets_the_firms_an_empty_one_does_not() -> None:
    chosen = rules(customers={"country": "DE", "require": []})
    known = company(address=Address(line1="Am Markt 1", city="Berlin"))
    send = only(plan_customer(about(known, reasons=("quote",)), chosen), Send)
    assert isinstance(send.write.body, Party)
    assert send.write.body.address.country == "DE"
    assert send.agree["address.country"] == "", "the CRM's own value stays what it is"
    empty = only(plan_customer(about(company(address=Address()), reasons=("quote",)), chosen), Send)
    assert isinstance(empty.write.body, Party)
    assert empty.write.body.address == Address()


@pytest.mark.parametrize(
    ("mine", "reports"),
    (
        ({"address": Address(line1="Am Markt 1", country="DE")}, [("missing-field", "address.postcode", "address.postcode, address.city")]),
        ({"name": ""}, [("missing-field", "name", "name")]),
        ({"name": "K" * 31}, [("too-long", "name", "31")]),
        ({"name": "K" * 31, "address": Address()}, [("missing-field", "address.line1", ""), ("too-long", "name", "31")]),
    ),
)
def test_what_the_other_side_would_refuse_is_told_before_anything_is_sent(
    mine: dict[str, Any], reports: list[tuple[str, str, str]]
) -> None:
    decision = plan_customer(about(company(**({"name": "Keller AG"} | mine)), reasons=("quote",)), RULES)
    assert decision.verdict == "refused"
    assert decision.sends == ()
    found = [a for a in decision.actions if isinstance(a, Report)]
    assert [(r.code, r.field) for r in found] == [(code, field) for code, field, _ in reports]
    for report, (_, _, value) in zip(found, reports, strict=True):
        assert value in report.values.get("fields", report.values.get("length", ""))


def test_a_person_needs_what_the_other_side_wants_of_persons() -> None:
    weber = seen(record("party", "9", Party(type="person", name="Weber", address=FULL_ADDRESS)))
    report = only(plan_customer(about(weber, reasons=("quote",)), RULES), Report)
    assert (report.code, report.field) == ("missing-field", "first_name")


def test_the_other_direction_requires_no_address() -> None:
    decision = plan_customer(about(company("c42", address=Address()), side="b"), RULES)
    assert told(decision) == ("new", "created-because")


def test_a_field_that_is_kept_back_does_not_cross_with_the_create() -> None:
    chosen = rules(customers={"fields": {"email": {"direction": "to-crm"}, "phone": {"direction": "both"}}})
    send = only(plan_customer(about(company(email="a@b.example", phone="1"), reasons=("quote",)), chosen), Send)
    assert isinstance(send.write.body, Party)
    assert (send.write.body.email, send.write.body.phone) == ("", "1")
    assert "email" not in send.agree


@pytest.mark.parametrize(
    ("more", "code"),
    (({"held": True}, "unclear-create-first"), ({"whole": False}, "target-not-read")),
)
def test_a_create_waits_until_it_cannot_make_a_twin(more: dict[str, Any], code: str) -> None:
    decision = plan_customer(about(company(), reasons=("quote",), **more), RULES)
    assert told(decision) == ("waiting", code)
    assert only(decision, Wait).on == ""


def test_a_sure_match_links_and_sends_nothing() -> None:
    mine, theirs = company(tax_id="DE136695976", email="a@b.example"), company("c42", tax_id="DE136695976", name="Keller", phone="1")
    decision = plan_customer(about(mine, reasons=("quote",), candidates=(free(theirs),)), RULES)
    join = only(decision, Join)
    assert told(decision) == ("linked", "matched")
    assert (join.kind, join.a_key, join.b_key) == ("party", "42", "c42")
    assert sorted(join.agreed_a) == ["address.city", "address.country", "address.line1", "address.postcode", "first_name"]
    assert join.agreed_a == join.agreed_b
    from_there = plan_customer(about(theirs, side="b", candidates=(free(mine),)), RULES)
    other = only(from_there, Join)
    assert (other.a_key, other.b_key, other.agreed_a) == ("42", "c42", join.agreed_a)


@pytest.mark.parametrize(("candidate", "options"), ((free, ("same", "different", "later")), (taken, ("different", "later"))))
def test_a_doubtful_match_is_asked_about_and_nothing_is_made_meanwhile(candidate: Any, options: tuple[str, ...]) -> None:
    theirs = company("c42", number="K-7", name="Kellner AG")
    decision = plan_customer(about(company(number="K-7"), reasons=("quote",), candidates=(candidate(theirs),)), RULES)
    ask = only(decision, Ask)
    assert told(decision) == ("doubtful", "same-customer")
    assert (ask.subject, ask.options, ask.values["other"]) == ("c42", options, "Kellner AG")


def test_answers_settle_who_is_who() -> None:
    theirs = free(company("c42", number="K-7", name="Kellner AG"))
    s = about(company(number="K-7"), reasons=("quote",), candidates=(theirs,))
    same = plan_customer(replace(s, answers={"same-customer|c42": "same"}), RULES)
    different = plan_customer(replace(s, answers={"same-customer|c42": "different"}), RULES)
    assert (told(same), told(different)) == (("linked", "matched"), ("new", "created-because"))


@pytest.mark.parametrize(
    ("policy", "reasons", "owner", "expected"),
    (
        ("tagged", ("tag",), owned(), ("new", "created-because")),
        ("tagged", ("owner-tag",), owned(), ("new", "created-because")),
        ("tagged", (), owned(), ("left-out", "contact-not-tagged")),
        ("all", (), owned(), ("new", "created-because")),
        ("none", ("tag",), owned(), ("left-out", "contacts-off")),
        ("all", (), None, ("left-out", "owner-left-out")),
        ("all", (), owned(state="unwanted"), ("left-out", "owner-left-out")),
        ("all", (), owned(state="severed"), ("left-out", "owner-left-out")),
        ("all", (), owned(state="wanted"), ("waiting", "owner-first")),
        ("all", (), owned(state="unknown"), ("waiting", "owner-first")),
    ),
)
def test_a_contact_goes_with_its_customer(policy: str, reasons: tuple[str, ...], owner: Any, expected: tuple[str, str]) -> None:
    decision = plan_customer(about(person(), reasons=reasons, owner=owner), rules(customers={"contacts": policy}))
    assert told(decision) == expected
    if expected[0] == "waiting":
        assert only(decision, Wait).on == "a:party:42"
    if expected[0] == "new":
        send = only(decision, Send)
        assert (send.write.kind, send.write.owner, send.write.body) == ("contact", "c42", Contact(name="Weber", first_name="Anna"))


def contact_among(*candidates: Seen, me: Seen | None = None, **answers: str) -> Decision:
    said = {f"same-customer|{key}": value for key, value in answers.items()}
    s = about(me or person(), owner=owned(), candidates=tuple(free(c) for c in candidates), answers=said)
    return plan_customer(s, rules(customers={"contacts": "all"}))


def test_the_one_person_of_that_name_at_the_customer_is_that_person() -> None:
    decision = contact_among(person("p1", owner="c42", email="new@b.example"), person("p2", name="Huber", owner="c42"))
    assert (told(decision), only(decision, Join).b_key) == (("linked", "matched"), "p1")


def test_of_two_people_of_one_name_the_one_with_that_e_mail_is_meant_else_it_is_asked() -> None:
    twins = (person("p1", owner="c42", email="one@b.example"), person("p2", owner="c42", email="two@b.example"))
    assert only(contact_among(*twins, me=person(email="two@b.example")), Join).b_key == "p2"
    asked = only(contact_among(*twins), Ask)
    assert (asked.code, asked.subject) == ("same-customer", "p1"), "never a third of that name by itself"
    assert only(contact_among(*twins, p1="different"), Join).b_key == "p2"
    assert only(contact_among(*twins, p1="different", p2="different"), Send).write.operation == "create"


def test_people_without_a_name_are_not_each_other() -> None:
    decision = contact_among(person("p1", name="", owner="c42", first_name=""), me=person(name="", first_name=""))
    assert told(decision) == ("refused", "missing-field")


@pytest.mark.parametrize(("me", "code"), ((person(), "gained-company"), (company("9"), "person-or-contact")))
def test_somebody_linked_in_another_role_is_asked_about_never_moved(me: Seen, code: str) -> None:
    also: Any = "party" if me.record.kind == "contact" else "contact"
    s = about(me, reasons=("quote", "tag"), owner=owned() if also == "party" else None, also_linked_as=also)
    assert only(plan_customer(s, RULES), Ask).code == code
    assert told(plan_customer(replace(s, answers={f"{code}|": "leave"}), RULES)) == ("left-out", "answered-leave")


def in_step(a: Seen, b: Seen) -> Situation:
    flat_a, flat_b = flat_of(a.record.body), flat_of(b.record.body)
    return linked(a, b, {n: flat_a[n] for n in FIELDS}, {n: flat_b[n] for n in FIELDS})


def edited(s: Situation, side: str, **fields: Any) -> Situation:
    """The same situation after somebody edited the record on one side."""
    old = s.a if side == "a" else s.b
    assert old is not None
    new = seen(replace(old.record, body=replace(old.record.body, **fields)), change=old.change + 1)
    return replace(s, **{side: new})  # type: ignore[arg-type]


BOTH = in_step(company(email="a@b.example", phone="1"), company("c42", email="a@b.example", phone="1"))


def test_nothing_changed_nothing_sent() -> None:
    assert (told(plan_customer(BOTH, RULES)), plan_customer(BOTH, RULES).actions) == (("equal", "in-step"), ())


@pytest.mark.parametrize(("side", "to", "key"), (("a", "b", "c42"), ("b", "a", "42")))
def test_an_edit_on_either_side_sends_that_field_alone(side: str, to: Side, key: str) -> None:
    send = only(plan_customer(edited(BOTH, side, email="new@b.example"), RULES), Send)
    assert send.write == Write(
        operation="change",
        side=to,
        kind="party",
        key=key,
        changes={"email": "new@b.example"},
        before={"email": "a@b.example"},
    )
    assert send.agree == {"email": "new@b.example"}


def test_different_fields_edited_on_both_sides_cross_each_other() -> None:
    decision = plan_customer(edited(edited(BOTH, "a", email="new@b.example"), "b", phone="2"), RULES)
    assert [(s.write.side, s.write.changes) for s in decision.sends] == [("b", {"email": "new@b.example"}), ("a", {"phone": "2"})]


def test_the_same_edit_on_both_sides_is_agreed_without_a_word() -> None:
    join = only(plan_customer(edited(edited(BOTH, "a", phone="2"), "b", phone="2"), RULES), Join)
    assert (join.agreed_a, join.agreed_b) == ({"phone": "2"}, {"phone": "2"})


def test_two_edits_of_one_field_are_a_conflict_with_both_values_and_the_rest_goes_on() -> None:
    s = edited(edited(BOTH, "a", phone="2", email="new@b.example"), "b", phone="3")
    decision = plan_customer(s, RULES)
    assert told(decision) == ("doubtful", "conflict")
    assert [send.write.changes for send in decision.sends] == [{"email": "new@b.example"}]
    (ask,) = [a for a in decision.actions if isinstance(a, Ask)]
    assert (ask.values["crm"], ask.values["invoicing"], ask.options) == ("2", "3", ("crm", "invoicing", "later"))
    answered = replace(s, answers={f"conflict|{conflict_subject('phone', '2', '3')}": "invoicing"})
    assert [(x.write.side, x.write.changes) for x in plan_customer(answered, RULES).sends] == [
        ("b", {"email": "new@b.example"}),
        ("a", {"phone": "3"}),
    ]


@pytest.mark.parametrize(
    ("side", "fields", "code", "field"),
    (
        ("b", {"name": "K" * 21}, "too-long", "name"),
        ("a", {"name": ""}, "missing-field", "name"),
        ("b", {"phone": ""}, "clear-unverified", "phone"),
    ),
)
def test_a_change_the_other_side_would_refuse_is_told_and_the_rest_is_sent(
    side: str, fields: dict[str, str], code: str, field: str
) -> None:
    decision = plan_customer(edited(BOTH, side, **fields, email="new@b.example"), RULES)
    assert told(decision) == ("refused", "change-refused")
    (report,) = [a for a in decision.actions if isinstance(a, Report)]
    assert (report.code, report.field) == (code, field)
    assert [send.write.changes for send in decision.sends] == [{"email": "new@b.example"}]


def limited(**fields: FieldLimit) -> Rules:
    """Rules of a pair whose invoicing system holds less of some fields of a customer."""
    writing = INVOICING.writing("party")
    narrow = replace(writing, fields=writing.fields | fields)
    return replace(RULES, b=replace(INVOICING, writings=(narrow, *(w for w in INVOICING.writings if w.kind != "party"))))


NARROW = limited(name=FieldLimit(length=30, person_length=12, required="yes"), salutation=FieldLimit(values=("mr", "mrs")))


@pytest.mark.parametrize(("form", "held"), (("company", []), ("person", [("too-long", "name", "12")])))
def test_a_person_s_name_is_held_to_the_shorter_length_and_a_company_s_is_not(form: Any, held: list[tuple[str, str, str]]) -> None:
    weber = Party(type=form, name="Weber-Hohenstein", first_name="Ida", address=FULL_ADDRESS)
    decision = plan_customer(about(seen(record("party", "9", weber)), reasons=("quote",)), NARROW)
    assert [(r.code, r.field, r.values["limit"]) for r in decision.actions if isinstance(r, Report)] == held
    assert decision.verdict == ("refused" if held else "new")


def test_a_person_s_name_that_became_too_long_stays_and_the_rest_of_the_edit_travels() -> None:
    before = Party(type="person", name="Weber", first_name="Ida", email="a@b.example", address=FULL_ADDRESS)
    known = in_step(seen(record("party", "9", before)), seen(record("party", "c9", before)))
    decision = plan_customer(edited(known, "a", name="Weber-Hohenstein", email="new@b.example"), NARROW)
    (report,) = [a for a in decision.actions if isinstance(a, Report)]
    assert (report.code, report.field, report.values["length"], report.values["limit"]) == ("too-long", "name", "16", "12")
    assert [send.write.changes for send in decision.sends] == [{"email": "new@b.example"}]


def test_a_word_that_the_other_system_does_not_know_stays_and_the_rest_of_the_edit_travels() -> None:
    crm = replace(CRM.writing("party"), fields=CRM.writing("party").fields | {"salutation": ANY})
    both = replace(NARROW, a=replace(CRM, writings=(crm, *(w for w in CRM.writings if w.kind != "party"))))
    before = Party(type="person", name="Weber", first_name="Ida", salutation="mrs", email="a@b.example", address=FULL_ADDRESS)
    flat = flat_of(before)
    agreed = {name: flat[name] for name in (*FIELDS, "salutation")}
    known = linked(seen(record("party", "9", before)), seen(record("party", "c9", before)), agreed, agreed)
    decision = plan_customer(edited(known, "a", salutation="family", email="new@b.example"), both)
    (report,) = [a for a in decision.actions if isinstance(a, Report)]
    assert (report.code, report.field, report.values["allowed"]) == ("not-allowed", "salutation", "mr, mrs")
    assert [send.write.changes for send in decision.sends] == [{"email": "new@b.example"}]


def test_clearing_is_tried_only_if_the_firm_says_so() -> None:
    s = edited(BOTH, "b", phone="")
    assert plan_customer(s, RULES).sends == ()
    assert plan_customer(s, rules(try_unverified=["clear-field"])).sends[0].write.changes == {"phone": ""}


@pytest.mark.parametrize(("a_gone", "b_gone", "side"), ((True, False, "crm"), (False, True, "invoicing"), (True, True, "crm")))
def test_a_deletion_ends_the_link_and_touches_nobody(a_gone: bool, b_gone: bool, side: str) -> None:
    decision = plan_customer(linked(company(gone=a_gone), company("c42", gone=b_gone)), RULES)
    sever = only(decision, Sever)
    assert (told(decision), sever.reason.values["side"], sever.a_key, sever.b_key) == (("gone", "deleted-there"), side, "42", "c42")


def test_what_is_missing_without_proof_waits() -> None:
    decision = plan_customer(linked(company(missing=True), company("c42")), RULES)
    assert told(decision) == ("waiting", "missing-not-confirmed")
    assert decision.sends == ()


def test_a_severed_link_joins_and_makes_nothing_by_itself() -> None:
    s = linked(company(), company("c42"), state="severed", why="deleted-there", reasons=("quote",), candidates=(free(company("c43")),))
    assert (told(plan_customer(s, RULES)), plan_customer(s, RULES).actions) == (("left-out", "severed"), ())


def test_an_unlinked_record_that_is_gone_is_nothing_to_do() -> None:
    assert told(plan_customer(about(company(gone=True), reasons=("quote",)), RULES)) == ("gone", "not-there")


VARIED = ("email", "first_name", "name", "phone")
values = st.sampled_from(["", "x", "yy", "K" * 25])
flats = st.tuples(*[values] * len(VARIED)).map(
    lambda drawn: dict.fromkeys(FIELDS, "") | {"type": "company"} | dict(zip(VARIED, drawn, strict=True))
)
policies = st.sampled_from(
    [
        rules(customers={"direction": direction, "wins": wins}, try_unverified=["clear-field"] if clear else [])
        for direction in ("both", "to-invoicing", "to-crm")
        for wins in ("ask", "crm", "invoicing")
        for clear in (True, False)
    ]
)


def party(key: str, flat: Flat) -> Seen:
    return seen(record("party", key, party_of(flat)))


@settings(max_examples=60)
@given(flats, flats, flats, flats, policies)
def test_after_applying_a_plan_the_next_one_sends_nothing(a: Flat, b: Flat, agreed_a: Flat, agreed_b: Flat, chosen: Rules) -> None:
    s = linked(party("42", a), party("c42", b), {n: agreed_a[n] for n in FIELDS}, {n: agreed_b[n] for n in FIELDS})
    first = plan_customer(s, chosen)
    assert plan_customer(s, chosen) == first
    for action in first.actions:
        assert s.link is not None
        if isinstance(action, Join):
            s = replace(s, link=replace(s.link, agreed_a=s.link.agreed_a | action.agreed_a, agreed_b=s.link.agreed_b | action.agreed_b))
        if isinstance(action, Send):
            s = _applied(s, action)
    again = plan_customer(s, chosen)
    assert again.sends == ()
    assert for_people(again) == for_people(first), "what a person must see stays"


def for_people(decision: Decision) -> list[tuple[str, str]]:
    """The questions and problems of a decision: code, and subject or field."""
    asked = [(x.code, x.subject) for x in decision.actions if isinstance(x, Ask)]
    return asked + [(x.code, x.field) for x in decision.actions if isinstance(x, Report)]


def _applied(s: Situation, send: Send) -> Situation:
    """The vendor did as told, and the answer was settled as the engine does."""
    old, link = s.seen(send.write.side), s.link
    assert old is not None
    assert link is not None
    assert isinstance(old.record.body, Party)
    assert {n: flat_party(old.record.body)[n] for n in send.write.changes} == send.write.before, "before is what is there"
    new = replace(old, record=replace(old.record, body=party_of(flat_party(old.record.body) | send.write.changes)))
    theirs = {n: flat_of(new.record.body)[n] for n in send.agree}
    agreed = {"agreed_a": send.agree, "agreed_b": theirs} if send.write.side == "b" else {"agreed_a": theirs, "agreed_b": send.agree}
    joined = replace(link, agreed_a=link.agreed_a | agreed["agreed_a"], agreed_b=link.agreed_b | agreed["agreed_b"])
    return replace(s, link=joined, **{send.write.side: new})  # type: ignore[arg-type]


def test_a_person_and_a_company_hold_the_same_fields_at_both_sides() -> None:
    """What these tests assume of their world."""
    assert set(FIELDS) < set(CRM.fields("party"))
    assert set(flat_contact(Contact(name="x"))) >= set(CRM.fields("contact"))

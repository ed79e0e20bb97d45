"""Undo, decided: what goes back, what is asked, what stays and why. Every rule on one record at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from unisono.model.codes import QUOTATION
from unisono.model.document import Document, Lines
from unisono.model.party import Flat, Party, party_of
from unisono.model.record import Kind, Record, Side, flat_of
from unisono.plan.situation import Link, Rules, Seen
from unisono.plan.undo import Deed, Reference, Step, Target, edit_subject, plan_undo
from unisono.policy.files import parse_policy
from unisono.systems.catalogue import load

RULES = Rules(parse_policy("schema_version = 1\n"), load("centralstation"), load("fastbill"))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LINK = Link("l", "party", "company:1", "7")
FULL: Flat = flat_of(Party(type="company", name="Sonne GmbH", email="post@sonne.example", phone="030 1"))


def seen(values: Flat, *, side: Side = "b", gone: bool = False) -> Seen:
    key = "7" if side == "b" else "company:1"
    resource = "customer" if side == "b" else "companies"
    return Seen(Record(kind="party", key=key, body=party_of(values), resource=resource, resource_key=key.split(":")[-1]), 1, AT, gone)


def quote(stage: str) -> Seen:
    body = Document(type_code=QUOTATION, title="Schild", lines=Lines(()), stage=stage)  # type: ignore[arg-type]
    return Seen(Record(kind="quote", key="9", body=body, resource="estimate", resource_key="9"), 1, AT)


def changed(before: Flat, after: Flat, **more: Any) -> Deed:
    plain = {
        "id": "i",
        "side": "b",
        "kind": "party",
        "key": "7",
        "subject": "a:party:company:1",
        "link_kind": "party",
        "label": "Sonne GmbH",
    }
    return Deed(operation="change", before=before, after=after, **(plain | more))


def made(after: Flat = FULL, **more: Any) -> Deed:
    plain = {
        "id": "c",
        "side": "b",
        "kind": "party",
        "key": "7",
        "subject": "a:party:company:1",
        "link_kind": "party",
        "label": "Sonne GmbH",
    }
    return Deed(operation="create", after=after, **(plain | more))


def target(*deeds: Deed, now: Seen | None = None, **more: Any) -> Target:
    plain: dict[str, Any] = {"side": "b", "kind": "party", "key": "7", "link": LINK}
    return Target(deeds=deeds, now=now, **(plain | more))


def one(t: Target) -> Step:
    [step] = plan_undo([t], RULES)
    return step


def told(t: Target) -> tuple[str, str]:
    step = one(t)
    return step.what, step.reason.code


def test_a_field_goes_back_while_it_still_holds_what_we_wrote() -> None:
    step = one(target(changed({"phone": "030 0"}, {"phone": "030 1"}), now=seen(FULL)))
    assert (step.what, step.changes, step.before) == ("change", {"phone": "030 0"}, {"phone": "030 1"})


def test_two_writes_of_one_field_go_back_to_before_the_first() -> None:
    first, second = changed({"phone": "030 0"}, {"phone": "030 5"}), changed({"phone": "030 5"}, {"phone": "030 1"})
    assert one(target(first, second, now=seen(FULL))).changes == {"phone": "030 0"}


def test_a_later_write_that_is_not_to_go_back_makes_it_a_question() -> None:
    first = changed({"phone": "030 0"}, {"phone": "030 5"})
    later = changed({"phone": "030 5"}, {"phone": "030 1"}, wanted=False)
    step = one(target(first, later, now=seen(FULL)))
    assert step.ask is not None
    assert (step.what, step.ask.options) == ("ask", ("before", "leave", "later"))
    assert (step.ask.values["value"], step.ask.values["before"], step.ask.values["ours"]) == ("030 1", "030 0", "030 5")


@pytest.mark.parametrize(("said", "what"), (("before", "change"), ("leave", "leave"), ("", "ask")))
def test_an_answer_decides_about_a_field_somebody_changed(said: str, what: str) -> None:
    subject = edit_subject("b", "phone", "030 1", "030 0")
    answers = {f"undo-edited|{subject}": said} if said else {}
    assert one(target(changed({"phone": "030 0"}, {"phone": "030 5"}), now=seen(FULL), answers=answers)).what == what


def test_fields_of_one_record_are_decided_one_by_one() -> None:
    deed = changed(
        {"phone": "030 0", "email": "alt@sonne.example", "website": ""}, {"phone": "030 1", "email": "x@y.example", "website": "w.example"}
    )
    steps = plan_undo([target(deed, now=seen(FULL | {"website": "w.example"}))], RULES)
    assert [(s.what, s.reason.code) for s in steps] == [
        ("change", "undo-back"),
        ("ask", "undo-edited"),
        ("leave", "undo-cannot-clear"),
    ]


def test_a_field_that_is_as_before_needs_nothing() -> None:
    assert told(target(changed({"phone": "030 1"}, {"phone": "030 5"}), now=seen(FULL))) == ("done", "undo-as-before")


def test_only_the_named_field_goes_back() -> None:
    deed = changed({"phone": "030 0", "email": "alt@sonne.example"}, {"phone": "030 1", "email": "post@sonne.example"})
    assert one(target(deed, now=seen(FULL), field="email")).changes == {"email": "alt@sonne.example"}


def test_a_record_we_made_and_nobody_touched_is_deleted() -> None:
    assert told(target(made(row="ab"), now=seen(FULL), row="ab")) == ("delete", "undo-made-by-us")
    assert told(target(made(), now=seen(FULL))) == ("delete", "undo-made-by-us")  # no proof of the row: every field is ours


def test_a_record_we_made_is_only_unlinked_when_a_field_is_not_ours() -> None:
    assert told(target(made(row="ab"), now=seen(FULL | {"phone": "089"}), row="cd")) == ("unlink", "undo-edited-since")


def test_a_record_we_made_is_only_unlinked_when_its_row_changed_unseen() -> None:
    assert told(target(made(row="ab"), now=seen(FULL), row="cd")) == ("unlink", "undo-touched-since")


def test_our_own_later_edit_is_nobodys() -> None:
    later = changed({"phone": "030 1"}, {"phone": "030 2"}, row="cd", wanted=False)
    assert told(target(made(row="ab"), later, now=seen(FULL | {"phone": "030 2"}), row="cd")) == ("delete", "undo-made-by-us")


def test_what_rests_on_a_record_keeps_it_unless_it_goes_as_well() -> None:
    contact = Reference("contact", "contact:3", "Anna Stein", ("contact", "3"))
    kept = target(made(), now=seen(FULL), references=(contact,))
    assert told(kept) == ("unlink", "undo-referenced")
    deed = made({"name": "Stein"}, kind="contact", key="contact:3", row="ef")
    body = Record(kind="contact", key="contact:3", body=party_of(FULL), resource="contact", resource_key="3")
    person = target(deed, kind="contact", key="contact:3", now=Seen(body, 1, AT), row="ef")
    assert [(s.kind, s.what) for s in plan_undo([kept, person], RULES)] == [("contact", "delete"), ("party", "delete")]


def test_what_lives_in_the_same_row_goes_with_it() -> None:
    embedded = Reference("contact", "7#main", "Anna Stein", ("customer", "7"))
    assert told(target(made(), now=seen(FULL), references=(embedded,))) == ("delete", "undo-made-by-us")


@pytest.mark.parametrize(("stage", "what"), (("draft", "delete"), ("sent", "leave"), ("issued", "leave"), ("cancelled", "leave")))
def test_only_a_draft_is_deleted_and_an_issued_document_never(stage: str, what: str) -> None:
    deed = made({}, kind="quote", key="9", link_kind="quote", row="ab")
    step = one(target(deed, kind="quote", key="9", now=quote(stage), row="ab"))
    assert step.what == what
    assert step.reason.code == ("undo-made-by-us" if what == "delete" else "undo-issued")


@pytest.mark.parametrize("kind", ("note", "file"))
def test_notes_and_files_that_cannot_be_deleted_are_listed(kind: Kind) -> None:
    deed = made({}, side="a", kind=kind, key="protocol:1", link_kind="note")
    assert told(target(deed, side="a", kind=kind, key="protocol:1")) == ("leave", "undo-cannot-delete")


def test_what_is_gone_is_gone_already() -> None:
    assert told(target(made(), now=seen(FULL, gone=True))) == ("done", "undo-gone")
    assert told(target(changed({"phone": "1"}, {"phone": "2"}), now=None)) == ("leave", "undo-gone")


def test_a_deletion_cannot_be_taken_back() -> None:
    assert told(target(replace(made(), operation="delete"))) == ("leave", "undo-deleted")


def test_while_a_write_is_open_nothing_is_taken_back() -> None:
    assert told(target(made(), now=seen(FULL), unsettled=True)) == ("leave", "undo-unclear-first")


def test_a_record_that_is_unlinked_already_is_left() -> None:
    t = target(made(row="ab"), now=seen(FULL), row="cd", link=replace(LINK, state="severed"))
    assert told(t) == ("leave", "undo-touched-since")

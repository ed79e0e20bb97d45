"""Writes: what was sent is what is held, what cannot be held is refused before anything is sent, what was not meant stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.systems.contract.account import Account, caught
from tests.systems.contract.bodies import (
    CODED,
    KINDS,
    PEOPLE,
    REFERENCE,
    change,
    create,
    document,
    empty,
    firm,
    full,
    held,
    least,
    on_disk,
    person_or_firm,
    sample,
    seen,
    side,
)  # fmt: skip
from unisono.model.capability import FieldLimit
from unisono.model.document import Document, File, Lines, Note
from unisono.model.errors import NotThere, Refused
from unisono.model.record import Kind
from unisono.model.writing import Operation, Write


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of the vendor's data with its place; rows are placed by their own id."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from leaves(inner, f"{at}/{inner['id'] if isinstance(inner, dict) and 'id' in inner else n}")
    else:
        yield at, value


def differences(account: Account, before: dict[str, Any]) -> dict[str, Any]:
    """What is now other than before, without stamps and derived columns."""
    after, earlier = dict(leaves(account.simulator.truth())), dict(leaves(before))
    moved = {place: value for place, value in after.items() if earlier.get(place, "") != value} | dict.fromkeys(set(earlier) - set(after))
    return {place: value for place, value in moved.items() if place.rpartition("/")[2] not in account.vendor.follows}


def row_of(place: str) -> str:
    """``/people/3/positions/7/name`` -> ``positions/7/name``: a row that belongs to two is shown at both."""
    return "/".join(place.split("/")[-3:]) if place.count("/") > 3 else place


def nothing_sent(account: Account, write: Write, field: str) -> Refused:
    """The refusal of a write that never left the house."""
    current, calls = account.current(write), len(account.wire.sent)
    fault = caught(Refused, lambda: account.system.compose(write, current))
    assert len(account.wire.sent) == calls
    assert fault.field == field, f"{fault} names {fault.field!r}"
    return fault


class Writing:
    def test_a_new_record_is_read_back_as_it_was_sent(self, account: Account, people: str, tmp_path: Path) -> None:
        write = create(account, people, tmp_path)
        key = account.do(write)

        record = account.record(KINDS[people], key)
        shown = seen(account, people, key)
        assigned = {name: shown[name] for name in ("number",) if shown.get(name)}
        assert shown == empty(people) | assigned | full(account.vendor, people)
        assert (record.owner, record.kind) == (write.owner, KINDS[people])

    def test_the_least_that_a_record_needs_is_enough(self, account: Account, people: str, tmp_path: Path) -> None:
        key = account.do(create(account, people, tmp_path, flat=least(account.vendor, people)))

        assert seen(account, people, key)["name"] == sample(account.vendor, people, "name")

    def test_a_new_document_is_read_back_as_it_was_sent(self, account: Account, papers: str, tmp_path: Path) -> None:
        write = create(account, papers, tmp_path)
        sent = write.body
        record = account.record(KINDS[papers], account.do(write))

        body = record.body
        assert isinstance(body, Document)
        assert isinstance(sent, Document)
        assert (body.title, body.text, body.date, body.currency, body.basis) == (
            sent.title,
            sent.text,
            sent.date,
            sent.currency,
            sent.basis,
        )
        assert (record.owner, body.reference, body.stage) == (write.owner, REFERENCE, "draft")

    def test_a_new_note_with_its_file_is_read_back_as_it_was_sent(self, account: Account, attached: str, tmp_path: Path) -> None:
        assert attached == "file"
        about = firm(account)
        note = Note(title="Angebot 7", text="Liegt bei.\nMit Grüßen", about=(about,))
        key = account.do(Write(operation="create", side=side(account.vendor), kind="note", body=note, reference=REFERENCE))
        file = on_disk(tmp_path)
        put = account.do(Write(operation="create", side=side(account.vendor), kind="file", body=file, owner=key))

        held_note, held_file = account.record("note", key).body, account.record("file", put)
        assert isinstance(held_note, Note)
        assert isinstance(held_file.body, File)
        assert (held_note.title, held_note.about, held_note.reference) == (note.title, note.about, REFERENCE)
        assert held_note.text.startswith(note.text)
        assert (held_file.owner, held_file.body.name, held_file.body.size) == (key, file.name, file.size)
        assert held_file.body.sha256 == file.sha256

    def test_a_field_at_its_length_is_held_and_one_over_never_leaves(self, account: Account, length: tuple[str, str]) -> None:
        form, name = length
        most = held(account.vendor.capabilities, form)[name].length
        flat = least(account.vendor, form)
        owner = firm(account) if form == "contact" else ""
        if name.startswith("address.") and name != "address.city":
            flat["address.city"] = "Dresden"

        def write(value: str) -> Write:
            body = person_or_firm(form, flat | {name: value})
            return Write(operation="create", side=side(account.vendor), kind=KINDS[form], body=body, owner=owner)

        if name not in CODED or name == "email":
            value = f"{'ä' * (most - 15)}@muster.example" if name == "email" else "ß" * most
            key = account.do(write(value))
            assert seen(account, form, key)[name] == value
            account.do(change(account, form, key, {name: value[::-1] if name != "email" else f"x{value[1:]}"}, owner))
            assert len(seen(account, form, key)[name]) == most
            nothing_sent(account, change(account, form, key, {name: f"{value}x"}, owner), name)
        fault = nothing_sent(account, write("x" * (most + 1)), name)
        assert fault.values.get("limit") == str(most)

    def test_a_note_longer_than_its_title_may_be_never_leaves(self, account: Account, attached: str) -> None:
        assert attached == "file"
        most = account.vendor.capabilities.fields("note")["title"].length
        assert most
        about = firm(account)
        write = Write(operation="create", side=side(account.vendor), kind="note", body=Note(title="ß" * most, text="T", about=(about,)))
        body = account.record("note", account.do(write)).body
        assert isinstance(body, Note)
        assert body.title == "ß" * most

        nothing_sent(account, replace(write, body=Note(title="ß" * (most + 1), text="T", about=(about,))), "title")

    def test_a_required_field_that_is_missing_never_leaves(self, account: Account, required: tuple[str, str], tmp_path: Path) -> None:
        form, name = required
        write = create(account, form, tmp_path)
        if form in PEOPLE:
            write = replace(write, body=person_or_firm(form, full(account.vendor, form) | {name: ""}))
        else:
            write = replace(write, body=document(form, **{name: Lines(()) if name == "lines" else ""}))
        nothing_sent(account, write, name)

        if form in PEOPLE and account.vendor.capabilities.writing(KINDS[form]).change:
            whole = create(account, form, tmp_path)
            nothing_sent(account, change(account, form, account.do(whole), {name: ""}, whole.owner), name)

    def test_each_word_of_a_choice_is_held_and_any_other_never_leaves(self, account: Account, choice: tuple[str, str]) -> None:
        form, name = choice
        words = held(account.vendor.capabilities, form)[name].values
        for word in words:
            owner = firm(account) if form == "contact" else ""
            body = person_or_firm(form, least(account.vendor, form) | {name: word})
            write = Write(operation="create", side=side(account.vendor), kind=KINDS[form], body=body, owner=owner)
            key = account.do(write)
            assert seen(account, form, key)[name] == word
            nothing_sent(account, change(account, form, key, {name: "Hochwürden"}, owner), name)

    def test_a_field_that_cannot_be_changed_never_leaves(self, account: Account, fixed: tuple[str, str], tmp_path: Path) -> None:
        form, name = fixed
        whole = create(account, form, tmp_path)
        key = account.do(whole)

        nothing_sent(account, change(account, form, key, {name: "person" if form == "company" else "company"}, whole.owner), name)

    def test_what_the_file_says_cannot_be_written_never_leaves(self, account: Account) -> None:
        known, kinds = account.vendor.capabilities, set(KINDS.values())
        made = {r.kinds[0]: account.row(r.name) for r in reversed(known.resources) if r.listed}
        for kind in sorted(kinds):
            writing = known.writing(kind)
            verbs: list[Operation] = []
            verbs += ["create"] if writing.create == "none" else []
            verbs += ["change"] if not writing.change and kind in made else []
            verbs += ["delete"] if not writing.delete and kind in made else []
            for verb in verbs:
                write = self._any(account, verb, kind, made.get(kind, ""))
                calls = len(account.wire.sent)
                caught(Refused, lambda write=write: account.system.compose(write, None))  # type: ignore[misc]
                assert len(account.wire.sent) == calls

    def _any(self, account: Account, verb: Operation, kind: Kind, row: str) -> Write:
        bodies: dict[Kind, Any] = {"quote": document(), "order": document("order"), "invoice": document("invoice")}
        bodies |= {"note": Note(title="T", text="T"), "file": File(name="a.pdf")}
        key = ""
        if verb != "create":
            resource = next(r.name for r in account.vendor.capabilities.resources if r.kinds[0] == kind)
            raw = account.system.read(resource, row)
            assert raw is not None
            key = next(record.key for record in account.system.records(raw) if record.kind == kind)
        changes = {"title": "Neu"} if verb == "change" else {}
        body = bodies.get(kind, person_or_firm("company", {"name": "X"})) if verb == "create" else None
        return Write(operation=verb, side=side(account.vendor), kind=kind, key=key, body=body, changes=changes, owner=firm(account))

    def test_a_change_of_one_field_changes_that_and_nothing_else(self, account: Account, field: tuple[str, str], tmp_path: Path) -> None:
        form, name = field
        account.row(next(r.name for r in account.vendor.capabilities.resources if KINDS[form] in r.kinds))
        whole = create(account, form, tmp_path)
        key = account.do(whole)
        before, shown = account.simulator.truth(), seen(account, form, key)
        limit = held(account.vendor.capabilities, form)[name]
        value = other(name, shown[name], limit)
        account.clock.advance(60)

        account.do(change(account, form, key, {name: value}, whole.owner))

        assert seen(account, form, key) == shown | {name: value}
        moved = differences(account, before)
        assert len({row_of(place) for place in moved}) == 1, moved

    def test_a_change_keeps_what_the_vendor_holds_and_we_do_not_know(self, account: Account, changing: str, tmp_path: Path) -> None:
        kind = KINDS[changing]
        resources = [r for r in account.vendor.capabilities.resources if kind in r.kinds]
        for resource in resources:
            row = account.row(resource.name, 2)
            raw = account.system.read(resource.name, row)
            assert raw is not None
            for record in [r for r in account.system.records(raw) if r.kind == kind]:
                before = account.simulator.truth()
                account.do(change(account, changing, record.key, {"name": "Anders Benannt"}, record.owner))
                moved = differences(account, before)
                assert list(moved.values()) == ["Anders Benannt"], moved

    def test_a_field_that_can_be_cleared_is_empty_afterwards_and_the_others_stay(
        self, account: Account, clearable: tuple[str, str], tmp_path: Path
    ) -> None:
        form, name = clearable
        # Where a street is one text of several lines, the second moves up when the first goes.
        flat = {n: value for n, value in full(account.vendor, form).items() if name != "address.line1" or n != "address.line2"}
        whole = create(account, form, tmp_path, flat=flat)
        key = account.do(whole)
        shown = seen(account, form, key)
        assert shown[name]

        account.do(change(account, form, key, {name: ""}, whole.owner))
        assert seen(account, form, key) == shown | {name: ""}

        account.do(change(account, form, key, {name: shown[name]}, whole.owner))
        assert seen(account, form, key) == shown

    def test_a_change_of_a_record_that_is_gone_writes_nothing(self, account: Account, changing: str, tmp_path: Path) -> None:
        whole = create(account, changing, tmp_path)
        key = account.do(whole)
        write = change(account, changing, key, {"name": "Neu"}, whole.owner)
        commands = account.system.compose(write, account.current(write))
        resource, row = account.system.locate(KINDS[changing], key)
        account.vendor.drop[resource](account, row)
        writes = account.writes()

        caught((NotThere, Refused), lambda: [account.system.send(command) for command in commands])
        assert account.writes() == writes
        caught((NotThere, Refused), lambda: account.system.compose(write, None))


def other(name: str, value: str, limit: FieldLimit) -> str:
    """A value that the field does not have yet."""
    if limit.values:
        return next(word for word in limit.values if word != value)
    known = {"address.country": "AT", "address.region": "BY", "email": "neu@weidenhof.example", "website": "https://neu.example"}
    known["tax_id"] = "DE129273398"
    return known.get(name, "Anders")

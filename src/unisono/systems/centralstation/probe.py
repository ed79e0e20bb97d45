"""After an unclear create: is it there? Looks for exactly what the write would have made, and for nothing that merely resembles it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from unisono.connect.port import Raw
from unisono.model.document import File, Note
from unisono.model.errors import BadAnswer
from unisono.model.fields import amount, text
from unisono.model.party import Contact, Party
from unisono.model.record import Record, flat_of
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.centralstation.client import Client, row_in, rows_of
from unisono.systems.centralstation.mapping import Bindings, marker

Read = Callable[[str, str], Raw | None]
Records = Callable[[Raw], tuple[Record, ...]]
_NOTE_PAGES = 2
_NOTE_PAGE = 100


def probe(write: Write, client: Client, read: Read, records: Records, bindings: Bindings) -> tuple[Raw, ...]:
    """The rows that hold what ``write`` would have created; none if it certainly left nothing that can be found.

    Raises ``BadAnswer`` where the vendor's answer leaves it open, so that nobody takes silence for *not there*.
    """
    body = write.body
    if isinstance(body, Party | Contact):
        return tuple(raw for raw in _candidates(body, client, read) if _same(write, body, records(raw), bindings))
    if isinstance(body, Note):
        return _notes(write, body, client)
    if isinstance(body, File):
        return _files(write, body, client)
    return ()


def _candidates(body: Party | Contact, client: Client, read: Read) -> Iterator[Raw]:
    """Rows of that name or e-mail, read in full. The search is fuzzy, so names are compared before a row is read."""
    if isinstance(body, Party) and body.type == "company":
        for hit in client.found("companies", "/companies/search", [("name", body.name)]):
            if _bare(text(row_in(hit), "name", hit.key)) == _bare(body.name) and (full := read("companies", hit.key)):
                yield full
        return
    seen: set[str] = set()
    names = [(field, value) for field, value in (("name", body.name), ("first_name", body.first_name)) if value]
    for asked in [[("email", body.email)]] * bool(body.email) + [names] * bool(names):
        for hit in client.found("people", "/people/search", asked):
            row = row_in(hit)
            named = all(_bare(text(row, field, hit.key)) == _bare(value) for field, value in names)
            if named and hit.key not in seen and (full := read("people", hit.key)):
                yield full
            seen.add(hit.key)


def _same(write: Write, body: Party | Contact, found: tuple[Record, ...], bindings: Bindings) -> bool:
    """Our reference decides alone where it has a place; else every value that was sent must be there, as a vendor may re-case and trim it."""
    is_company = isinstance(body, Party) and body.type == "company"
    bound = bindings.of("Company" if is_company else "Person")
    reference = write.reference or body.reference
    record = next((r for r in found if r.kind == write.kind), None)
    if "reference" in bound and reference:
        return any(getattr(r.body, "reference", "") == reference for r in found)
    if record is None or (write.kind == "contact" and record.owner != write.owner):
        return False
    held = flat_of(record.body)
    unheld = {"number", "tax_id", "buyer_reference"} - set(bound) | ({"first_name", "title", "salutation"} if is_company else set())
    return all(_bare(held.get(name, "")) == _bare(value) for name, value in flat_of(body).items() if value and name not in unheld)


def _bare(value: str) -> str:
    return "".join(clean(value).casefold().split())


def _notes(write: Write, body: Note, client: Client) -> tuple[Raw, ...]:
    """The newest notes of the first record it is about, by the marker line; without a reference by every word."""
    about = body.about[0] if body.about else write.owner
    singular, _, row_id = about.partition(":")
    reference = write.reference or body.reference
    found: list[Raw] = []
    for number in range(1, _NOTE_PAGES + 1):
        place = [(f"{singular}_id", row_id), ("order", "id-desc"), ("page", str(number)), ("perpage", str(_NOTE_PAGE))]
        rows = client.listed("protocols", "/protocols", place)
        found += [raw for raw in rows if raw.key not in {f.key for f in found} and _same_note(raw, body, reference)]
        if len(rows) < _NOTE_PAGE:
            break
    return tuple(found)


def _same_note(raw: Raw, body: Note, reference: str) -> bool:
    row = row_in(raw)
    content = text(row, "content", raw.key)
    if reference:
        return marker(reference) in content.splitlines()
    return content == clean(body.text) and text(row, "name", raw.key) == clean(body.title)


def _files(write: Write, body: File, client: Client) -> tuple[Raw, ...]:
    """The attachments of the note with that name and size. Some answers to a list are a message: then the count in the note decides."""
    note_id = write.owner.partition(":")[2]
    note = client.row("protocols", note_id)
    if note is None:
        return ()
    listed = client.value(f"/protocols/{note_id}/attachments")
    if not isinstance(listed, list):
        if amount(row_in(note), "attachments_count", f"protocol:{note_id}") == 0:
            return ()
        raise BadAnswer("not-a-list", {"call": f"/protocols/{note_id}/attachments", "value": str(listed)[:80]})
    return tuple(raw for raw in rows_of("attachments", listed, f"/protocols/{note_id}/attachments") if _same_file(raw, body))


def _same_file(raw: Raw, body: File) -> bool:
    row = row_in(raw)
    size = amount(row, "size", raw.key)
    if text(row, "filename", raw.key) != clean(body.name):
        return False
    if body.sha256 and row.get("sha256"):
        return bool(row["sha256"] == body.sha256)
    return size is None or not body.size or int(size) == body.size

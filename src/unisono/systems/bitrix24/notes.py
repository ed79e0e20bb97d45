"""Notes and files as calls: comments on cards, and papers among a card's documents. Pure but for what a call needs of the disk and portal.

A comment that is there takes no file afterwards, so a file is a comment of its own beside its note. A local app files it as a document of
the CRM instead, which people print, download and send from there. Either way a file takes the place of the one that was there before.
"""

from __future__ import annotations

import base64
import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from unisono.connect.port import Command
from unisono.model.capability import Capabilities
from unisono.model.document import File, Note
from unisono.model.errors import BadAnswer, NotThere, Refused, SystemFault
from unisono.model.fields import Row, text
from unisono.model.limits import refused
from unisono.model.text import clean
from unisono.model.writing import Write
from unisono.systems.bitrix24.calls import command_of, must_fit, split
from unisono.systems.bitrix24.client import Client, Step, result_of
from unisono.systems.bitrix24.lists import rows_of
from unisono.systems.bitrix24.mapping import CARDS, ENTITIES, RESOURCES, Ways, attached, note, tied_to
from unisono.systems.bitrix24.papers import marker
from unisono.systems.bitrix24.values import id_of

_CARDS = {prefix: card for card, prefix in CARDS.items()}
_END = dict.fromkeys(("comment", "file"), "crm.timeline.comment.delete") | {"document": "crm.documentgenerator.document.delete"}
_REGIONS = ("de", "pl")
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OFFICE = "http://schemas.openxmlformats.org"
_EMPTY = {
    "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_WORD}"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/document.xml": f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main"><w:body><w:p/></w:body></w:document>',
}
"""The parts of an empty text: the vendor takes no PDF without one."""


def created(write: Write, capabilities: Capabilities) -> Command:
    """A comment on the first card a note is about, shown on the others as well."""
    body = write.body
    if not isinstance(body, Note):
        raise refused("cannot-write", write, "", type(body).__name__)
    must_fit({"title": body.title, "text": body.text}, write, capabilities)
    cards = [split(key, tuple(_CARDS), write) for key in body.about or ((write.owner,) if write.owner else ())]
    if not cards:
        raise refused("missing-owner", write, "owner", "")
    (prefix, row_id), *others = cards
    told = _comment(body.title, body.text, write.reference or body.reference)
    fields = {"ENTITY_ID": int(row_id), "ENTITY_TYPE": _CARDS[prefix], "COMMENT": told}
    steps = [Step("item", "crm.timeline.comment.add", {"fields": fields})]
    for place, (also, other_id) in enumerate(others):
        bound = {"OWNER_ID": "$result[item]", "ENTITY_ID": int(other_id), "ENTITY_TYPE": _CARDS[also]}
        steps.append(Step(f"card{place}", "crm.timeline.bindings.bind", {"fields": bound}))
    return command_of(steps, "", "comment", f"@{_CARDS[prefix]}/{row_id}")


def changed(write: Write, current: Row | None, capabilities: Capabilities) -> Command:
    """A comment is written anew as a whole: what does not change of it, our marker too, is read when the call is sent if it is not known."""
    _, row_id = split(write.key, ("comment",), write)
    changes = {name: clean(value) for name, value in write.changes.items()}
    must_fit(changes, write, capabilities, whole=False)
    edit = {"id": row_id, "changes": changes, "reference": write.reference}
    if current is not None:
        return command_of(edited(current, edit), write.key)
    command = command_of([Step("note", "crm.timeline.comment.update", {"id": int(row_id)})], write.key)
    return replace(command, payload=command.payload | {"edit": edit})


def edited(current: Row | None, edit: Row) -> list[Step]:
    """The step of such a change, now that the comment is known. Raises ``NotThere`` if it is gone."""
    if current is None:
        raise NotThere("not-there", {"record": f"comment:{edit['id']}"})
    before = note(current, f"comment:{edit['id']}")
    changes, reference = edit["changes"], str(edit["reference"] or before.reference)
    comment = _comment(changes.get("title", before.title), changes.get("text", before.text), reference)
    return [Step("note", "crm.timeline.comment.update", {"id": int(edit["id"]), "fields": {"COMMENT": comment}})]


def deleted(write: Write) -> Command:
    """The end of a note or a file of ours."""
    prefix, row_id = split(write.key, ("comment", "file", "document"), write)
    return command_of([Step("note", _END[prefix], {"id": int(row_id)})], write.key)


def filed(write: Write, capabilities: Capabilities, ways: Ways) -> Command:
    """A file on the card of its note: a document of the CRM where the login may make one, else a comment that carries it."""
    body = write.body
    if not isinstance(body, File) or not body.path:
        raise refused("missing-field", write, "path", "")
    limit = capabilities.writing("file").file_limit
    if body.size > limit:
        raise refused("file-too-large", write, "size", str(body.size), str(limit))
    must_fit({"name": body.name}, write, capabilities)
    _, note_id = split(write.owner, ("comment",), write)
    card, _, owner = write.owner.partition("@")[2].partition("/")
    if card not in CARDS or not owner.isdigit():
        raise refused("wrong-owner", write, "owner", write.owner)
    if ways.app and not ways.files_as_comments:
        entity = ENTITIES[RESOURCES[CARDS[card]]]
        fields: Row = {"entityTypeId": entity, "entityId": int(owner), "title": body.name, "number": number_of(body.name)}
        fields |= {"region": ways.language} if ways.language in _REGIONS else {}
        command = command_of([Step("item", "crm.documentgenerator.document.upload", {"fields": fields})], "", "document")
    else:
        told = f"{body.name}\n{attached(note_id, body.sha256)}"
        fields = {"ENTITY_ID": int(owner), "ENTITY_TYPE": card, "COMMENT": told, "FILES": [body.name]}
        command = command_of([Step("item", "crm.timeline.comment.add", {"fields": fields})], "", "file")
    if number_of(body.name) != _stem(body.name):
        command = replace(command, payload=command.payload | {"replaces": {"card": card, "owner": owner, "note": note_id}})
    return replace(command, file=body.path)


def number_of(name: str) -> str:
    """The number that all versions of a document's file have in common."""
    stem = _stem(name)
    before, found, version = stem.rpartition("_v")
    return before if found and version.isdigit() else stem


def _stem(name: str) -> str:
    return name.removesuffix(".pdf")


def loaded(step: Step, path: Path) -> Step:
    """A step that brings its file along in base64, read right before it is sent (one file at a time is in memory)."""
    try:
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise Refused("file-missing", {"field": "path", "value": path.name, "reason": error.strerror or ""}, field="path") from error
    fields = dict(step.params["fields"])
    if "FILES" in fields:
        (name,) = fields["FILES"]
        fields["FILES"] = [[name, data]]
    else:
        fields |= {"fileContent": base64.b64encode(_empty()).decode(), "pdfContent": data}
    return Step(step.name, step.method, {**step.params, "fields": fields})


def replaced(client: Client, command: Command, key: str) -> None:
    """Takes away what the new file ``key`` takes the place of. What cannot be taken away now goes with the next version: the new one is there
    in any case."""
    place, (prefix, _, new) = command.payload["replaces"], key.partition(":")
    with suppress(SystemFault):
        for row_id in _documents(client, command, place) if prefix == "document" else _comments(client, place):
            if row_id != new:
                client.write([Step("note", _END[prefix], {"id": int(row_id)})])


def _comments(client: Client, place: Row) -> list[str]:
    """The comments of ours on a card that carry a file of the same note."""
    params = {"filter": {"ENTITY_ID": place["owner"], "ENTITY_TYPE": place["card"]}, "order": {"ID": "DESC"}}
    step = Step("comments", "crm.timeline.comment.list", params | {"select": ["ID", "ENTITY_ID", "COMMENT"]})
    rows = rows_of(result_of(client.read([step]), step), step)
    return [id_of(row, "ID") for row in rows if id_of(row, "ENTITY_ID") == place["owner"] and tied_to(row) == place["note"]]


def _documents(client: Client, command: Command, place: Row) -> list[str]:
    """The documents on a card that are earlier versions of the same file."""
    ((_, _, params),) = command.payload["steps"]
    number = params["fields"]["number"]
    found = documents(client, params["fields"]["entityTypeId"], place["owner"], number)
    return [id_of(row) for row in found if number_of(text(row, "title", "document")) == number]


def documents(client: Client, entity: int, owner: str, number: str) -> list[Row]:
    """The documents of a record with this number, newest first. Conditions may be passed over in silence: rows are compared."""
    condition = {"entityTypeId": entity, "entityId": int(owner), "number": number}
    step = Step("documents", "crm.documentgenerator.document.list", {"filter": condition, "order": {"id": "desc"}})
    rows = rows_of(result_of(client.read([step]), step), step, "documents")
    same = [row for row in rows if id_of(row, "entityId") == owner and id_of(row, "entityTypeId") == str(entity)]
    if len(same) < len(rows):
        raise BadAnswer("filter-ignored", {"system": "bitrix24", "resource": step.method, "record": owner, "field": "entityId"})
    return [row for row in same if row.get("number") == number]


def _empty() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, told in _EMPTY.items():
            archive.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>\n{told}')
    return held.getvalue()


def _comment(title: str, told: str, reference: str) -> str:
    title, told = clean(title), clean(told)
    parts: list[Any] = [f"[B]{title}[/B]"] if title else []
    parts += [told] if told else []
    if reference and marker(reference) not in told.splitlines():
        parts.append(f"\n{marker(reference)}")
    return "\n".join(parts)

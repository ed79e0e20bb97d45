"""A ``system.toml`` read into ``Capabilities``: nothing unknown, nothing missing, every name it points to is there."""

from __future__ import annotations

import re
from typing import Any, cast

from unisono.model.capability import (
    Capabilities,
    Fact,
    Grade,
    LoginField,
    Option,
    PaceRule,
    Resource,
    StatusWord,
    Writing,
)
from unisono.model.document import Document, File, Note
from unisono.model.party import CONTACT_FIELDS, PARTY_FIELDS
from unisono.model.product import PRODUCT_FIELDS
from unisono.model.strict import BadTable, build, expect, only


class BadSystemFile(ValueError):
    """A ``system.toml`` says something that this version does not understand; the text names the place."""


def parse_system(data: dict[str, Any]) -> Capabilities:
    """A ``system.toml`` as a value. Raises ``BadSystemFile`` naming the entry for anything unknown, missing or of the wrong type."""
    try:
        system = _parse(data)
    except BadTable as error:
        raise BadSystemFile(f"{data.get('name', '?')}: {error}") from error
    return system


_PLAIN = {"name", "title", "kind", "country", "implemented", "time_zone", "api", "hosts", "own_host", "doors"}
_HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_HELD: dict[str, set[str]] = {
    "party": {*PARTY_FIELDS, "reference", "tags"},
    "contact": {*CONTACT_FIELDS, "reference", "tags"},
    "product": {*PRODUCT_FIELDS, "reference"},
    "note": {*Note.__struct_fields__},
    "file": {*File.__struct_fields__},
} | {kind: {*Document.__struct_fields__} for kind in ("quote", "order", "invoice")}
"""The canonical fields that can be named in ``write.<kind>.fields``; the other kinds have no settled ones yet."""


def _parse(data: dict[str, Any]) -> Capabilities:
    only(data, _PLAIN | {"login", "pace", "resource", "write", "option", "status", "fact", "grade"}, "top level")
    row: dict[str, Any] = {key: value for key, value in data.items() if key in _PLAIN}
    row["login"] = tuple(build(LoginField, r, f"login {n}") for n, r in _rows(data, "login"))
    row["pace"] = tuple(build(PaceRule, r, f"pace {n}") for n, r in _rows(data, "pace"))
    row["resources"] = tuple(build(Resource, {"name": n} | r, f"resource {n}") for n, r in _tables(data, "resource"))
    row["writings"] = tuple(build(Writing, {"kind": n} | r, f"write.{n}") for n, r in _tables(data, "write"))
    row["options"] = tuple(build(Option, {"name": n} | r, f"option {n}") for n, r in _tables(data, "option"))
    row["statuses"] = tuple(
        build(StatusWord, {"resource": n, "word": word} | r, f"status.{n}.{word}")
        for n, words in _tables(data, "status")
        for word, r in _tables({"status": words}, "status")
    )
    row["facts"] = tuple(build(Fact, {"code": n} | r, f"fact {n}") for n, r in _tables(data, "fact"))
    row["grades"] = tuple(build(Grade, {"rule": n} | r, f"grade {n}") for n, r in _tables(data, "grade"))
    system = cast(Capabilities, build(Capabilities, row, "top level"))
    _check_hosts(system)
    _check_fields(system)
    _check_names(system)
    return system


def _check_hosts(system: Capabilities) -> None:
    for host in system.hosts:
        if not _HOST.fullmatch(host):
            raise BadTable(f"hosts: {host!r} is not a host name (no scheme, port or path; *.suffix for all below it)")


def _check_fields(system: Capabilities) -> None:
    for writing in system.writings:
        if writing.kind in _HELD:
            only(writing.fields, _HELD[writing.kind], f"write.{writing.kind}.fields")
    parts: list[tuple[str, Resource | Writing | PaceRule]] = [(f"resource {r.name}", r) for r in system.resources]
    parts += [(f"write.{w.kind}", w) for w in system.writings]
    parts += [(f"pace {n}", p) for n, p in enumerate(system.pace, 1)]
    for place, part in parts:
        only(part.marks, {*part.__struct_fields__} - {"name", "kind", "confidence", "marks"}, f"{place}: marks")


def _check_names(system: Capabilities) -> None:
    """Names that point into the same file must exist there."""
    options, names = {o.name for o in system.options}, {r.name for r in system.resources}
    for place, needs in (
        *((f"resource {r.name}", r.needs) for r in system.resources),
        *((f"write.{w.kind}", w.needs) for w in system.writings),
        *((f"login {f.name}", f.needs) for f in system.login),
    ):
        if needs and needs not in options:
            raise BadTable(f"{place}: needs {needs!r}, but there is no such option")
    for resource in system.resources:
        if missing := sorted(set(resource.part_of) - (names - {resource.name})):
            raise BadTable(f"resource {resource.name}: part_of {missing[0]!r}, but there is no such resource")
    for status in system.statuses:
        if status.resource not in names:
            raise BadTable(f"status.{status.resource}: there is no such resource")


def _rows(data: dict[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    return [(n, expect(row, dict, f"{name} {n}")) for n, row in enumerate(expect(data.get(name, []), list, name), 1)]


def _tables(data: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(key, expect(row, dict, f"{name}.{key}")) for key, row in expect(data.get(name, {}), dict, name).items()]

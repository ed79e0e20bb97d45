"""What a system's file says, as rows for a table and as plain data: who can do what, and how well each statement is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from msgspec import Struct, to_builtins

from unisono.model.capability import Capabilities, Confidence, FieldLimit, PaceRule, Resource, Writing, confidence_of
from unisono.model.record import Kind

Section = Literal["kind", "status", "pace", "login", "option", "door", "fact", "grade"]
_KNOWN: tuple[Confidence, ...] = ("guess", "client", "doc", "fixture")


class Row(Struct, frozen=True):
    """One statement. ``subject`` is what it is about in its section (a kind, a fact's code), ``confidence`` empty where none applies."""

    section: Section
    subject: str
    statement: str
    value: str
    confidence: Confidence | Literal[""] = ""
    note: str = ""


def rows(capabilities: Capabilities) -> list[Row]:
    """Everything a person may want to check, kind by kind, then what concerns the system as a whole."""
    c = capabilities
    told = [row for kind in get_args(Kind) for row in _kind(c, kind)]
    for s in c.statuses:
        value = ", ".join(word for word in (s.stage, s.answer, s.paid and f"paid {s.paid}") if word)
        told.append(Row("status", f"{s.resource}: {s.word}", "means", value, s.confidence, s.note))
    told += [
        Row("pace", f"limit {n}", "allows", _pace(rule), weakest(rule, "window", "limit", "seconds")) for n, rule in enumerate(c.pace, 1)
    ]
    told += [Row("login", f.name, "asked for", _needing("secret" if f.secret else "shown", f.needs)) for f in c.login]
    told += [Row("door", door, "offered", "yes") for door in c.doors]
    for o in c.options:
        usual = "usual" if o.default else "if proved at set-up"
        told.append(Row("option", o.name, "had", f"{usual}; opens {', '.join(o.doors)}" if o.doors else usual, o.confidence, o.note))
    told += [Row("fact", f.code, "is", f.value, f.confidence, f.note) for f in c.facts]
    told += [Row("grade", g.rule, "stands at", g.state, "", g.reason) for g in c.grades]
    return told


def guesses(capabilities: Capabilities) -> list[str]:
    """The places of the file that rest on nothing better than a guess: what to correct first from a real account."""
    c, places = capabilities, []
    parts: list[tuple[str, Resource | Writing | PaceRule]] = [(f"resource.{r.name}", r) for r in c.resources]
    parts += [(f"write.{w.kind}", w) for w in c.writings] + [(f"pace.{n}", p) for n, p in enumerate(c.pace, 1)]
    for place, part in parts:
        if part.confidence == "guess":
            places.append(place)
        places += [f"{place}.{entry}" for entry, mark in part.marks.items() if mark == "guess"]
    places += [f"write.{w.kind}.fields.{name}" for w in c.writings for name, limit in w.fields.items() if limit.confidence == "guess"]
    places += [f"status.{s.resource}.{s.word}" for s in c.statuses if s.confidence == "guess"]
    places += [f"option.{o.name}" for o in c.options if o.confidence == "guess"]
    return places + [f"fact.{f.code}" for f in c.facts if f.confidence == "guess"]


def as_json(capabilities: Capabilities) -> dict[str, Any]:
    """The whole file as plain data (texts, numbers, lists, tables), with its ``rows`` and ``guesses`` added."""
    data: dict[str, Any] = to_builtins(capabilities)
    return {**data, "rows": to_builtins(list(rows(capabilities))), "guesses": guesses(capabilities)}


def weakest(part: Resource | Writing | PaceRule, *entries: str) -> Confidence:
    """The least certain mark among some entries of a table: a statement is no better known than its worst part."""
    return min((confidence_of(part, entry) for entry in entries), key=_KNOWN.index)


def _kind(c: Capabilities, kind: Kind) -> Iterator[Row]:
    seen = [r for r in c.resources if kind in r.kinds and not r.part_of]
    writing = next((w for w in c.writings if w.kind == kind), None)
    if not seen and writing is None:
        return
    for r in seen:
        yield Row("kind", kind, "read", _needing(f"{r.name}: {_reading(r)}", r.needs), weakest(r, "listed", "depth", "row_calls", "page"))
        if r.listed:
            yield Row("kind", kind, "change signal", f"{r.name}: {r.signal}", weakest(r, "signal"))
        for part in (p for p in c.parts(r.name) if kind in p.kinds):
            yield Row("kind", kind, "change signal", f"{part.name} of {r.name}: {part.signal}", weakest(part, "signal"))
        if r.listed:
            yield Row("kind", kind, "a missing row", f"{r.name}: {'may be a deletion' if r.whole else 'says nothing'}", weakest(r, "whole"))
        if r.webhook:
            opened_by = [] if "webhook" in c.doors else [o.name for o in c.options if "webhook" in o.doors]
            yield Row("kind", kind, "webhook", _needing(r.name, " or ".join(opened_by)), weakest(r, "webhook"))
        if r.lines != "unstated" and kind in ("quote", "order", "invoice"):
            yield Row("kind", kind, "lines", f"{r.name}: {r.lines}", weakest(r, "lines"))
        if not r.draft_file and kind in ("quote", "order", "invoice"):
            yield Row("kind", kind, "file", f"{r.name}: once it is issued", weakest(r, "draft_file"))
    if c.write_only(kind):
        told = "never: write-only" if not seen else "never: only its state is told"
        yield Row("kind", kind, "read", told, writing.confidence if writing else "guess")
    yield from _written(writing) if writing else [Row("kind", kind, "written", "no: read-only")]


def _written(w: Writing) -> Iterator[Row]:
    if w.create != "none":
        means = " or ".join((w.create, *w.other_means))
        along = f", only along with the {w.inside}" if w.inside else ""
        yield Row("kind", w.kind, "created", _needing(f"as {means}{along}", w.needs), weakest(w, "create", "other_means", "inside"))
        yield Row("kind", w.kind, "found again by", _keyed(w), weakest(w, "find", "natural_key"))
        yield Row(
            "kind", w.kind, "calls a create", f"{w.calls} (up to {w.batch} together)" if w.batch > 1 else str(w.calls), weakest(w, "calls")
        )
    else:
        yield Row("kind", w.kind, "created", "no", weakest(w, "create"))
    yield Row("kind", w.kind, "changed", w.mode if w.change else "no", weakest(w, "change", "mode"))
    yield Row("kind", w.kind, "deleted", "yes" if w.delete else "no", weakest(w, "delete"))
    lengths = {name: limit for name, limit in w.fields.items() if limit.length}
    if lengths:
        known = min((limit.confidence for limit in lengths.values()), key=_KNOWN.index)
        yield Row("kind", w.kind, "most characters", ", ".join(_length(name, limit) for name, limit in lengths.items()), known)
    if w.immutable_when:
        yield Row("kind", w.kind, "immutable when", ", ".join(w.immutable_when), weakest(w, "immutable_when"))


def _reading(r: Resource) -> str:
    if r.depth == "status":
        return "only how it stands, for a known number"
    form = "listed" if r.depth == "full" else f"listed with {r.depth} rows"
    how = f"{form}, {r.page} a call" if r.page else f"{form} in one call"
    calls = f", {r.row_calls} further call{'s' if r.row_calls > 1 else ''} a row" if r.row_calls else ""
    window = f", at most {r.window} a query" if r.window else ""
    together = f", by their keys {r.batch} a call" if r.batch > 1 else ""
    return (how if r.listed else "by known key only") + calls + window + together


def _length(name: str, limit: FieldLimit) -> str:
    return f"{name} {limit.length} (of a person {limit.person_length})" if limit.person_length else f"{name} {limit.length}"


def _keyed(w: Writing) -> str:
    return f"{w.find} ({', '.join(w.natural_key)})" if w.natural_key and w.find == "natural" else w.find


def _pace(rule: PaceRule) -> str:
    if rule.window == "none":
        return "no limit known"
    saved = "saved up, given back within" if rule.window == "bucket" else "calls in any"
    counted = ", successes only" if rule.counts == "success" else ""
    locked = f", a breach locks for {rule.block} s" if rule.block else ""
    plans = "".join(f", {plan}: {limit}" for plan, limit in rule.plans.items())
    return f"{rule.limit} {saved} {rule.seconds} s per {rule.scope}{counted}{locked}{plans}"


def _needing(text: str, option: str) -> str:
    return f"{text} (needs {option})" if option else text

"""The codes that the product's source can show, read off its syntax trees: nothing is imported, nothing is run.

A code is the first argument, or ``code=``, of what carries one (``Reason``, ``Ask``, ``Report``, the faults ...). Where that argument is a
parameter of the function around it, the calls of that function carry codes too, and so on.
"""

from __future__ import annotations

import ast
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.unit.locale import pages
from unisono.systems import catalogue

SOURCE = Path(catalogue.__file__).parents[1]
_FAULTS = "SystemFault Refused TryLater Unavailable Unclear BadAnswer NotThere Full LoginRefused Conflicted StoreRefused".split()
_CARRIERS = dict.fromkeys(
    ("Reason", "Ask", "Report", "BadPolicy", "BadSheet", "NotServed", "WrongCall", "words", "say", "tell", "Lost", *_FAULTS), 0
)
_CARRIERS["Finding"] = 1
_SKIPPED = ("sandbox", "locale")
_FACTS = ("section", "subject", "statement", "value", "known")
"""The columns of a system's statements."""
OPEN: dict[str, tuple[str, ...] | str] = {
    "cannot-": ("create", "change", "delete"),
    "host-": ("metadata", "private"),
    "kind.": ("quote", "invoice", "credit-note", "document"),
    "column.": ("system", "sort", "country", "connector", "creates", "changes", "notices", "pace", *_FACTS, "crm", "invoicing"),
    "connection.": ("ok", "refused"),
    "hooks.": ("open", "asked", "ending", "none"),
    "known.": ("fixture", "doc", "client", "guess"),
    "run-kind.": ("first", "preview", "undo"),
    "side.": ("a", "b", "crm", "invoicing"),
    "state.": ("draft", "issued", "sent", "cancelled", "open", "accepted", "rejected", "paid", "part-paid", "reminded", "overdue"),
    "pair.": ("reading", "released", "paused", "stopped", "removed"),
    "deletion.": ("unlink", "ignore", "mark", "delete"),
    "operation.": ("create", "change", "delete"),
    "undo.": ("delete", "change", "unlink", "ask", "leave", "done"),
    "demo.story.": "*STORIES",
    # Their words are found elsewhere: by ``options`` and ``events``, or they are the literals of a type.
    "option.": (),
    "event.": (),
    "verdict.": (),
    "outcome.": ("planned", "begun", "done", "asked", "refused", "failed", "waiting", "changed-since-preview", "stopped"),
    "run.": ("planning", "previewed", "running", "paused", "stopped", "done"),
}
OPEN |= pages.OPEN
"""Codes put together from a beginning and a word: the words there are; ``*NAME``: the keys of that table of the module."""


@dataclass
class Found:
    """One code: the files that use it, and for each use the names of its values where they can be read off (else ``None``)."""

    files: set[str] = field(default_factory=set)
    values: list[frozenset[str] | None] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Place:
    """A call and the functions it stands in, innermost last."""

    file: str
    module: ast.Module
    around: tuple[ast.FunctionDef, ...]
    call: ast.Call


@cache
def codes() -> dict[str, Found]:
    """Every code that the source hands to somebody."""
    places = [place for file, module in _modules() for place in _calls(file, module) if place.call.args or place.call.keywords]
    carriers = dict(_CARRIERS)
    while True:
        new = dict(_forwarding(places, carriers))
        if new.items() <= carriers.items():
            break
        carriers |= new
    found: dict[str, Found] = {}
    for place in places:
        name = next((n for n in sorted(_called(place)) if n in carriers), "")
        if name and (argument := _argument(place.call, carriers[name])) is not None:
            for code in _texts(argument, place):
                one = found.setdefault(code, Found())
                one.files.add(place.file)
                one.values.append(_values(place.call, carriers[name], place) if name in _CARRIERS else None)
    for code, file in itertools.chain(_told_in_dicts(), _stops(), pages.codes(tuple(OPEN))):
        found.setdefault(code, Found()).files.add(file)
    return found


@cache
def options() -> dict[str, set[str]]:
    """The options of questions, and the files that offer them."""
    found: dict[str, set[str]] = {}
    for file, module in _modules():
        for node in ast.walk(module):
            given = [k.value for k in node.keywords if k.arg == "options"] if isinstance(node, ast.Call) else []
            named = isinstance(node, ast.Assign) and any(_name(t) == "options" for t in node.targets)
            for expression in [*given, *([node.value] if named and isinstance(node, ast.Assign) else [])]:
                offered = isinstance(expression, ast.Tuple | ast.IfExp)
                for text in _strings(expression) if offered else ():
                    found.setdefault(text, set()).add(file)
    return found


@cache
def events() -> dict[str, set[str]]:
    """The events of the history that are no writes: what ``pairs.note`` is told."""
    found: dict[str, set[str]] = {}
    for file, module in _modules():
        for place in _calls(file, module):
            if _name(place.call.func) == "note" and len(place.call.args) > 4:
                for text in _texts(place.call.args[4], place):
                    found.setdefault(text, set()).add(file)
    return found


@cache
def nouns() -> dict[str, set[str]]:
    """What is counted, ``counted("call", 74)``, and the files that count it."""
    found: dict[str, set[str]] = {}
    for file, module in _modules():
        for place in _calls(file, module):
            if _name(place.call.func) == "counted" and place.call.args:
                for text in _texts(place.call.args[0], place):
                    found.setdefault(text, set()).add(file)
    return found


@cache
def wheres() -> dict[str, set[str]]:
    """Where login values are found: the codes in the systems' files."""
    found: dict[str, set[str]] = {}
    for path in sorted((SOURCE / "systems").glob("*/system.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("login", []):
            found.setdefault(row["where"], set()).add(_told(path))
    return found


@cache
def _modules() -> tuple[tuple[str, ast.Module], ...]:
    paths = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).parts[0] not in _SKIPPED]
    return tuple((_told(path), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def _told(path: Path) -> str:
    return path.relative_to(SOURCE.parent).as_posix()


@cache
def _calls(file: str, module: ast.Module) -> tuple[_Place, ...]:
    def walk(node: ast.AST, around: tuple[ast.FunctionDef, ...]) -> Iterator[_Place]:
        if isinstance(node, ast.Call):
            yield _Place(file, module, around, node)
        inner = (*around, node) if isinstance(node, ast.FunctionDef) else around
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    return tuple(walk(module, ()))


@cache
def _called(place: _Place) -> set[str]:
    """What a call may call: a name, either branch of a condition, or what a variable of the function stands for."""
    expressions = [place.call.func]
    if isinstance(place.call.func, ast.Name) and place.around:
        expressions += _assigned(place.call.func.id, place.around[-1])
    found = set()
    for expression in expressions:
        while isinstance(expression, ast.IfExp):
            found.add(_name(expression.body))
            expression = expression.orelse
        found.add(_name(expression))
    return found - {""}


def _forwarding(places: list[_Place], carriers: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Functions of the product that hand one of their parameters on as a code."""
    for place in places:
        name = next((n for n in sorted(_called(place)) if n in carriers), "")
        if not name or not place.around:
            continue
        argument = _argument(place.call, carriers[name])
        function = place.around[-1]
        parameters = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        if (
            isinstance(argument, ast.Name)
            and argument.id in parameters
            and function.name not in _CARRIERS
            and not function.name.startswith("__")
        ):
            yield function.name, parameters.index(argument.id) - (parameters[0] == "self")


def _argument(call: ast.Call, position: int) -> ast.expr | None:
    named = next((k.value for k in call.keywords if k.arg == "code"), None)
    if named is not None:
        return named
    return call.args[position] if len(call.args) > position and not isinstance(call.args[position], ast.Starred) else None


def _texts(expression: ast.expr, place: _Place) -> set[str]:
    """The texts an expression can be: literals, both branches of a condition, what a variable or a table of the module holds."""
    found: set[str] = set()
    if isinstance(expression, ast.JoinedStr):
        return _begun(expression.values[0], place)
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        return _begun(expression.left, place)
    if isinstance(expression, ast.Constant):
        return {expression.value} if isinstance(expression.value, str) else set()
    if isinstance(expression, ast.IfExp):
        return _texts(expression.body, place) | _texts(expression.orelse, place)
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.func.attr == "get":
        table = expression.func.value
        return _table(table.id, place.module) if isinstance(table, ast.Name) else set()
    if isinstance(expression, ast.Name):
        for function in reversed(place.around):
            for assigned in _assigned(expression.id, function):
                found |= _texts(assigned, place)
            found |= _default(expression.id, function)
        found = found or _constant(expression.id, place.module)
    return found


def _constant(name: str, module: ast.Module) -> set[str]:
    """What a name of the module stands for, if that is a text."""
    assigned = [node.value for node in module.body if isinstance(node, ast.Assign) and any(_name(t) == name for t in node.targets)]
    return {value.value for value in assigned if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def _begun(head: ast.expr, place: _Place) -> set[str]:
    """The codes that begin so and are put together where they are used."""
    begin = str(head.value) if isinstance(head, ast.Constant) else ""
    if begin not in OPEN:
        raise AssertionError(f"{place.file}:{head.lineno}: which words may follow {begin!r}? Say so in OPEN.")
    words = OPEN[begin]
    return {begin + word for word in (_table(words[1:], place.module, keys=True) if isinstance(words, str) else words)}


def _default(name: str, function: ast.FunctionDef) -> set[str]:
    """What a parameter is where a call does not say."""
    parameters = [*function.args.posonlyargs, *function.args.args]
    given = dict(zip(reversed([p.arg for p in parameters]), reversed(function.args.defaults), strict=False))
    default = given.get(name)
    return {default.value} if isinstance(default, ast.Constant) and isinstance(default.value, str) and default.value else set()


def _assigned(name: str, function: ast.FunctionDef) -> list[ast.expr]:
    """What a variable of a function is set to."""
    return _assignments(function).get(name, [])


@cache
def _assignments(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            pairs += [(target, node.value) for target in node.targets]
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple):
            pairs += [(node.target, row) for row in node.iter.elts]
    found: dict[str, list[ast.expr]] = {}
    for target, value in pairs:
        both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        several = list(zip(target.elts, value.elts, strict=False)) if both else [(target, value)]  # type: ignore[attr-defined]
        for one, told in several:
            if isinstance(one, ast.Name):
                found.setdefault(one.id, []).append(told)
    return found


def _table(name: str, module: ast.Module, *, keys: bool = False) -> set[str]:
    """The values, or the keys, of a table of a module."""
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict) and any(_name(t) == name for t in targets):
            found = value.keys if keys else value.values
            return {v.value for v in found if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    return set()


def _told_in_dicts() -> Iterator[tuple[str, str]]:
    """``{"code": "many-vanished", ...}``: what the engine stores as a reason."""
    for file, module in _modules():
        for node in ast.walk(module):
            for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
                if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                    yield str(value.value), file


def _stops() -> Iterator[tuple[str, str]]:
    """``outcome.stopped = "brake"``."""
    for file, module in _modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Attribute) and t.attr == "stopped" for t in node.targets):
                yield from ((text, file) for text in _strings(node.value))


def _values(call: ast.Call, position: int, place: _Place) -> frozenset[str] | None:
    """The names of a call's values; ``None`` where the source does not show them at a glance."""
    if _name(call.func) in ("BadPolicy", "BadSheet", "NotServed", "WrongCall") or (_name(call.func) == "words" and call.keywords):
        named = frozenset(k.arg for k in call.keywords if k.arg)
        return named if len(named) == len(call.keywords) else None
    given = next((k.value for k in call.keywords if k.arg == "values"), None)
    if given is None and _name(call.func) in ("Ask", "Report"):
        return frozenset()
    if given is None:
        given = call.args[position + 1] if len(call.args) > position + 1 else None
    return frozenset() if given is None else _keys(given, place)


def _keys(expression: ast.expr, place: _Place) -> frozenset[str] | None:
    if isinstance(expression, ast.Dict):
        named = [text for key in expression.keys if key is not None for text in _strings(key)]
        return frozenset(named) if None not in expression.keys else None
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.BitOr):
        left, right = _keys(expression.left, place), _keys(expression.right, place)
        return (left or frozenset()) | (right or frozenset()) if left is not None and right is not None else None
    if isinstance(expression, ast.Name) and place.around:
        known = [_keys(value, place) for value in _assigned(expression.id, place.around[-1])]
        sure = [keys for keys in known if keys is not None]
        return frozenset.intersection(*sure) if sure and len(sure) == len(known) else None
    return None


def _strings(expression: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(expression) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""

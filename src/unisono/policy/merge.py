"""Two people change one policy: what either did since they began is kept, and where both did, it is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from unisono.policy.files import parse_policy, policy_text
from unisono.policy.schema import Policy
from unisono.policy.settings import checked
from unisono.policy.tables import tables_of

Path = tuple[str, ...]
_GONE = object()


def merged(base: str, mine: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """``theirs`` with what ``mine`` changed since ``base``, as text, and the entries that both changed differently: there mine stands.

    Where both together are no policy, mine alone is returned with every entry of theirs that it takes back.
    """
    old, own, other = (_flat(text) for text in (base, mine, theirs))
    changed = [path for path in {**own, **old} if own.get(path, _GONE) != old.get(path, _GONE)]
    moved = [path for path in {**other, **old} if other.get(path, _GONE) != old.get(path, _GONE)]
    both = [path for path in changed if path in moved and own.get(path, _GONE) != other.get(path, _GONE)]
    data = _dump(parse_policy(theirs))
    for path in changed:
        _put(data, path, own.get(path, _GONE))
    policy, _ = checked(data)
    if policy is None:
        return mine, tuple(".".join(path) for path in moved if own.get(path, _GONE) != other.get(path, _GONE))
    return policy_text(policy), tuple(".".join(path) for path in both)


def _dump(policy: Policy) -> dict[str, Any]:
    return _said(tables_of(policy))


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _said(value) if isinstance(value, Mapping) else value for name, value in values.items() if value is not None}


def _flat(text: str) -> dict[Path, Any]:
    return dict(_leaves((), _dump(parse_policy(text))))


def _leaves(prefix: Path, values: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves((*prefix, name), value)
        else:
            yield (*prefix, name), value


def _put(data: dict[str, Any], path: Path, value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    if value is _GONE:
        data.pop(path[-1], None)
    else:
        data[path[-1]] = value

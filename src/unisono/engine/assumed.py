"""What a preview takes for granted while it goes on: links and records that its own earlier rows are going to make, and links they end.

A record that is going to be made has no key yet. Its symbol is a dollar sign and the record it is made from: ``$a:party:company:7``.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from unisono.model.record import Kind, MatchKeys, Record, Side, match_keys, other
from unisono.model.writing import Write
from unisono.plan.situation import NO_KEYS, Link, Subject

MATCHED = ("tax_id", "number", "email", "name")
"""What two records may be alike by. The reference is no use here: what is going to be made gets one of its own."""


def symbol(subject: Subject) -> str:
    """The key of a record that is going to be made from another one."""
    return f"${subject}"


def keys_of_new(write: Write) -> MatchKeys:
    """What a record that is going to be made can be found by: only what its system holds, which is what is written."""
    if write.body is None:
        return NO_KEYS
    return match_keys(Record(kind=write.kind, key="", body=write.body, resource="", resource_key=""))


class Assumed(Struct):
    """Links to come, by either key, and what the records to come will be found by. Keys and short texts only: it stays small."""

    _far: dict[tuple[Kind, Side], dict[str, str]] = field(default_factory=dict)
    _agreed: dict[tuple[Kind, str], tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    _alike: dict[tuple[Side, str, str], list[str]] = field(default_factory=dict)
    _keys: dict[tuple[Side, str], MatchKeys] = field(default_factory=dict)
    _ended: dict[tuple[Kind, Side], dict[str, str]] = field(default_factory=dict)

    def join(self, kind: Kind, a_key: str, b_key: str, agreed_a: dict[str, str], agreed_b: dict[str, str]) -> None:
        """Two records that are there will be linked."""
        self._far.setdefault((kind, "a"), {})[a_key] = b_key
        self._far.setdefault((kind, "b"), {})[b_key] = a_key
        self._agreed[kind, a_key] = (agreed_a, agreed_b)

    def make(self, subject: Subject, keys: MatchKeys = NO_KEYS) -> None:
        """A record's counterpart will be made, and will be found by ``keys``."""
        self._far.setdefault((subject.kind, subject.side), {})[subject.key] = symbol(subject)
        if subject.kind == "party" and keys != NO_KEYS:
            self._keys[subject.side, subject.key] = keys
            for name in MATCHED:
                if value := getattr(keys, name):
                    self._alike.setdefault((subject.side, name, value), []).append(subject.key)

    def sever(self, kind: Kind, a_key: str, b_key: str) -> None:
        """A link that is there will end, so that nobody works on it any more."""
        self._ended.setdefault((kind, "a"), {})[a_key] = b_key
        self._ended.setdefault((kind, "b"), {})[b_key] = a_key

    def ended(self, kind: Kind, side: Side, found: dict[str, Link]) -> dict[str, Link]:
        """Links as they are stored, by their key on one side; those that will end as if they had."""
        gone = self._ended.get((kind, side), {})
        return {key: replace(link, state="severed") if key in gone else link for key, link in found.items()} if gone else found

    def keys_of(self, subject: Subject) -> MatchKeys:
        """What the counterpart of a party will be found by."""
        return self._keys.get((subject.side, subject.key), NO_KEYS)

    def forget_agreed(self) -> None:
        """What the links will agree is needed only for the rows that make them."""
        self._agreed.clear()

    def links_of(self, kind: Kind, side: Side, keys: Sequence[str]) -> dict[str, Link]:
        """The links to come of some records, by their key on one side."""
        known = self._far.get((kind, side), {})
        out = {}
        for key in keys:
            far = known.get(key)
            if far is not None:
                a_key, b_key = (key, far) if side == "a" else (far, key)
                out[key] = Link("", kind, a_key, b_key, *self._agreed.get((kind, a_key), ({}, {})))
        return out

    def joined(self, subject: Subject) -> bool:
        """Whether a record will be linked with one that is there."""
        far = self._far.get((subject.kind, subject.side), {}).get(subject.key, "$")
        return not far.startswith("$")

    def alike(self, side: Side, wanted: Sequence[MatchKeys]) -> list[str]:
        """The keys of the other side's parties whose counterparts, to be made on ``side``, may be those wanted."""
        found = {
            key
            for keys in wanted
            for name in MATCHED
            if (value := getattr(keys, name))
            for key in self._alike.get((other(side), name, value), ())
        }
        return sorted(found)

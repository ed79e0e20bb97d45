"""The settings of a pair as a person reads and changes them: questions with their answers, drafts of a new version, what stands in the way.

A draft is the text of a policy. Whatever it is made from (a form, a file, an earlier version, another pair, directions of fields) it is
looked at, previewed and saved in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from unisono.model.capability import Capabilities
from unisono.policy.files import BadPolicy, parse_policy, policy_text, troubles
from unisono.policy.merge import merged
from unisono.policy.possible import Lack, lacks
from unisono.policy.schema import Policy
from unisono.policy.settings import Setting, Values, answered, checked, settings, values_of
from unisono.policy.tables import tables_of
from unisono.store import links, pairs, seen
from unisono.wiring.house import House, preset
from unisono.wiring.policies import ChangedMeanwhile, text_of_version


class Wrong(ValueError):
    """A draft that cannot be used. ``troubles`` is everything that is wrong with it."""

    def __init__(self, found: list[BadPolicy]) -> None:
        super().__init__("; ".join(str(one) for one in found))
        self.troubles = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One setting with its answer. ``usual`` is what the preset of the two systems says, ``lacks`` what they cannot do of it."""

    setting: Setting
    value: str
    usual: str
    lacks: Mapping[str, Lack] = field(default_factory=dict)

    @property
    def is_usual(self) -> bool:
        """Whether it is answered as most do."""
        return self.value == self.usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version to be: ``before`` is in force as ``version``, ``body`` would follow it.

    ``meanwhile`` says that somebody else saved since the draft was begun; ``both`` names entries that both changed: the draft's stand.
    """

    body: str
    before: str
    version: int
    meanwhile: ChangedMeanwhile | None = None
    both: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        return parse_policy(self.body) != parse_policy(self.before)


def questions(a: Capabilities, b: Capabilities, values: Values) -> list[Question]:
    """Every setting for two systems, in their order."""
    usual = values_of(parse_policy(preset(a.name, b.name)))
    return [Question(setting=s, value=values[s.entry], usual=usual[s.entry], lacks=lacks(s, a, b)) for s in settings()]


def questions_of(house: House, pair_id: str, body: str = "") -> list[Question]:
    """Every setting of a pair as it is in force, or as a draft has it."""
    pairing = house.pairing(pair_id)
    policy = parse_policy(body) if body else pairing.policy
    return questions(pairing.rules.a, pairing.rules.b, values_of(policy))


def with_answers(house: House, pair_id: str, based_on: int, given: Values) -> str:
    """A draft from answers, over the version they were given to. Raises ``Wrong``, ``BadPolicy`` for a version that is not there."""
    policy, found = answered(text_of_version(house, pair_id, based_on), given)
    if policy is None:
        raise Wrong(found)
    return _written(policy)


def from_file(data: bytes | str) -> str:
    """A draft from a file. Raises ``Wrong``, naming lines and entries."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise Wrong([BadPolicy("policy-not-text", line=str(error.object[: error.start].count(b"\n") + 1))]) from error
    text = text.replace("\r\n", "\n")
    # An empty file would be a policy, all of the product's own defaults; nobody means that who hands in nothing.
    found = troubles(text) if text.strip() else [BadPolicy("policy-empty")]
    if found:
        raise Wrong(found)
    return text


def from_pair(house: House, pair_id: str, other: str) -> str:
    """A draft with another pair's settings. Which records are left out stays this pair's own: the other's have other keys."""
    with house.store.read() as conn:
        own, theirs = (parse_policy(pairs.get_pair(conn, one).policy) for one in (pair_id, other))
    return _written(replace(theirs, leave_out=own.leave_out))


def with_fields(body: str, rules: Mapping[str, Mapping[str, str]]) -> str:
    """A draft with directions and winners of fields (``""``: as all customers). Raises ``Wrong``."""
    policy = parse_policy(body)
    kept = {name: tables_of(rule) for name, rule in policy.customers.fields.items()}
    for name, rule in rules.items():
        kept[name] = kept.get(name, {}) | {what: word or None for what, word in rule.items()}
    data = tables_of(policy)
    data["customers"]["fields"] = {name: rule for name, rule in sorted(kept.items()) if any(rule.values())}
    changed, found = checked(data)
    if changed is None:
        raise Wrong(found)
    return _written(changed)


def draft(house: House, pair_id: str, body: str, based_on: int) -> Draft:
    """A draft beside what is in force now. What others saved since it was begun is taken in. Raises ``BadPolicy``."""
    parse_policy(body)
    with house.store.read() as conn:
        row = pairs.get_pair(conn, pair_id)
        known = {one["version"]: one for one in pairs.policies(conn, pair_id)}
    if based_on not in known or based_on == row.policy_version:
        return Draft(body=body, before=row.policy, version=row.policy_version)
    last = known[row.policy_version]
    kept, both = merged(known[based_on]["body"], body, row.policy)
    meanwhile = ChangedMeanwhile(row.policy_version, last["by"], last["at"])
    return Draft(body=kept, before=row.policy, version=row.policy_version, meanwhile=meanwhile, both=both)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many records a pair's settings are about: linked ones, what is known of documents, what is filed."""

    customers: int
    contacts: int
    products: int
    deals: int
    quotes: int
    invoices: int
    documents: int
    filed: int
    left_out: int


def extent(house: House, pair_id: str) -> Extent:
    """What there is at this moment."""
    pairing = house.pairing(pair_id)

    with house.store.read() as conn:
        linked = links.count_links(conn, pair_id)

        def rows(side: str, *kinds: str) -> int:
            where = pairing.a if side == "a" else pairing.b
            names = [r.name for r in where.system.capabilities.resources if any(kind in r.kinds for kind in kinds) and not r.part_of]
            return sum(seen.count_rows(conn, where.id, name) for name in names)

        return Extent(
            customers=linked.get("party", 0),
            contacts=linked.get("contact", 0),
            products=linked.get("product", 0),
            deals=rows("a", "quote"),
            quotes=linked.get("quote", 0),
            invoices=linked.get("invoice", 0),
            documents=rows("b", "quote", "invoice"),
            filed=linked.get("note", 0),
            left_out=len(pairing.policy.leave_out),
        )


def _written(policy: Policy) -> str:
    """A policy as a file that is never empty, also if it says nothing but the usual."""
    text = policy_text(policy)
    return text if text.strip() else f"schema_version = {policy.schema_version}\n"

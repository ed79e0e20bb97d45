"""People at work: their deeds carried out on a side, or at our own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storm.chance import Deed
from tests.storm.evidence import Did, Rule
from tests.storm.people import mark_of
from tests.storm.sides import Entry, Impossible, Kind, Side
from tests.storm.verdict import Broken
from unisono.engine.answering import answer
from unisono.engine.cycle import cycle
from unisono.policy.files import BadPolicy
from unisono.store import asking
from unisono.wiring import pair_row
from unisono.wiring.policies import put_policy, with_entries
from unisono.wiring.setup import set_state

if TYPE_CHECKING:
    from tests.storm.world import World

_KINDS: tuple[Kind, ...] = ("party", "contact", "quote", "invoice", "product")


def do(w: World, deed: Deed) -> None:
    """Somebody does something, if it can be done."""
    w.tell(f"! {deed.who} {deed.what} {deed.about} {deed.values}")
    try:
        if deed.who == "us":
            _at_our_pages(w, deed)
        else:
            _at_a_side(w, deed, w.side(deed.who))
    except Impossible:
        w.count("impossible deeds")
    else:
        w.count("deeds")


def _at_a_side(w: World, deed: Deed, side: Side) -> None:
    keys = keys_of(side)
    before = _entry(side, keys.get(deed.about, ""))
    key = side.act(deed, keys)
    w.did.append(Did(deed, w.seq(), w.clock.now(), key, before, _entry(side, key), w.under_way))


def _at_our_pages(w: World, deed: Deed) -> None:
    match deed.what:
        case "answer":
            with w.store.read() as conn:
                asked = asking.questions(conn, w.pair)
            if not asked:
                raise Impossible("nothing is asked")
            question = asked[int(deed.values["nth"]) % len(asked)]
            said = question.options[int(deed.values["said"]) % len(question.options)]
            answer(w.house.pairing(w.pair), w.house.hands(), question.id, said, "storm")
            done = Deed(deed.at, "us", "answer", question.key, {"code": question.code, "said": said, **question.values})
            w.did.append(Did(done, w.seq(), w.clock.now(), question.key, None, None))
        case "policy":
            policy(w, deed.values["entry"])
        case "preview":
            _preview(w)
        case "pause" | "resume":
            state = pair_row(w.house, w.pair).state
            if (deed.what == "pause") != (state in ("released", "reading")):
                raise Impossible(state)
            set_state(w.house, w.pair, "paused" if deed.what == "pause" else "released", "storm")


def _preview(w: World) -> None:
    """I10: a look at what would be done does nothing. Only between turns, when nobody holds the lane."""
    if w.under_way:
        raise Impossible("the product is at work")
    before = w.seq()
    cycle(w.house.pairing(w.pair), w.house.hands(), read=False, dry=True)
    if w.seq() != before:
        w.found.append(Broken("I10", "a preview called a vendor", ""))


def policy(w: World, entry: str) -> None:
    """Somebody changes one entry of the policy."""
    row = pair_row(w.house, w.pair)
    try:
        version = put_policy(w.house, w.pair, with_entries(row.policy, [entry]), "storm")
    except BadPolicy as refusal:
        raise Impossible(str(refusal)) from refusal
    w.rules.append(Rule(w.clock.now(), w.seq(), version, pair_row(w.house, w.pair).policy))


def keys_of(side: Side) -> dict[str, str]:
    """The keys of the marks on a side, as a person finds them there."""
    found: dict[str, str] = {}
    for kind in _KINDS:
        for key, entry in side.records(kind).items():
            found.setdefault(mark_of(kind, entry), key)
    found.pop("", None)
    return found


def _entry(side: Side, key: str) -> Entry | None:
    kinds: tuple[Kind, ...] = ("contact", "party", "quote", "invoice", "product")
    return next((e for kind in kinds if key and (e := side.records(kind).get(key)) is not None), None)

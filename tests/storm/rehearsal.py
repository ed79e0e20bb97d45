"""I10: what a preview shows is what is done. In some worlds, when nothing breaks any more, a preview is made, released at once, and compared
with the vendors' logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.storm import calming
from tests.storm.picture import rows_key
from tests.storm.stages import Simulated
from tests.storm.verdict import Broken
from unisono.engine.runs import release_run
from unisono.model.errors import SystemFault
from unisono.store import intents, pairs, runs
from unisono.store.runs import CHANGED, PENDING, PlanRow
from unisono.wiring.previewing import NotRead, make_preview, pages

if TYPE_CHECKING:
    from tests.storm.world import World

SHARE = 0.15
"""Of the worlds between the simulators."""
TURNS = 6
"""Turns after which a small run is done, though some of it waited for the vendors' pace."""
LOOKS = 3
"""Further releases, until nothing has changed any more."""
Deal = tuple[str, str, str]
"""Side, operation, and which: of a change or deletion the row, of a create the kind."""


def chosen(w: World) -> bool:
    """Whether this world ends with a preview. Where clocks were wrong or an older database was put back much is put off or looked up first."""
    return isinstance(w.stage, Simulated) and w.setting.streams.of("rehearsal").random() < SHARE and not w.restored and 28 not in w.bitten


def rehearse(w: World) -> None:
    """Makes the preview, releases it, lets it be done; tells what was done and not shown, or shown and not done."""
    calming.mend(w)
    with w.store.read() as conn:
        if intents.unsettled(conn, w.pair) or any(hold.limit < 1000 and hold.seconds > 60 for hold in w.stage.b.hold()):
            return
    before = calming.written(w)
    try:
        run = make_preview(w.house, w.pair, "storm")
    except (SystemFault, NotRead):
        return
    if calming.written(w) != before:
        w.found.append(Broken("I10", "a preview wrote to a vendor", ""))
    with w.store.read() as conn:
        if pairs.get_pair(conn, w.pair).state != "released":
            return
    w.previewed = run.id
    first, rows = w.seq(), {row.key: row for row in pages(w.house, run.id)}
    _carry_out(w, run.id)
    w.count("rehearsals")
    now = {row.key: row.outcome for row in pages(w.house, run.id)}
    promised = {key: row.action.get("writes", []) for key, row in rows.items()}
    spared = {key for key in promised if now[key] in (*PENDING, "failed") or _shown_anew(promised[key], now[key]) or _of_nobody(rows, key)}
    open_ = _deals(write for key in spared for write in promised[key])
    shown = _deals(write for key in promised if key not in spared for write in promised[key])
    done = _done(w, first)
    for _ in range(LOOKS):
        # What waits for a second look gets it: the calm is not about that.
        if CHANGED in {row.outcome for row in pages(w.house, run.id)}:
            _carry_out(w, run.id)
    w.count("rehearsed writes", sum(done.values()))
    # A quote or invoice that is made here may be filed at once, under a number that nobody knew before.
    made = done["b", "create", "quote"] + done["b", "create", "invoice"]
    open_ += Counter({("a", "create", kind): made for kind in ("note", "file")})
    # A file that is put beside an earlier one is named in its note, if it turns out not to be the same to the byte.
    files = [write for writes in promised.values() for write in writes if write["kind"] == "file"]
    open_ += Counter(("a", "change", rows_key(write["owner"])) for write in files)
    for deal in sorted((done - shown - open_).keys()):
        w.found.append(Broken("I10", f"done, and not shown: {' '.join(deal)}", run.id))
    # A document that was fetched, and is the same to the byte, is not put beside itself; nor is a paper moved to where it was found to stand.
    stand = _stand_there(w, [write for writes in promised.values() for write in writes], first)
    for deal in sorted(deal for deal in (shown - done) if deal[2] != "file" and deal[2] not in stand and not _nowhere(w, deal)):
        w.found.append(Broken("I10", f"shown, and not done: {' '.join(deal)}", run.id))


def _nowhere(w: World, deal: Deal) -> bool:
    """Whether what was to be changed has been deleted: found by the very look that the preview rests on, that is certain after another one."""
    _, operation, key = deal
    card = key.partition("@")[2].replace("dynamic_31", "invoice").replace("/", ":") or key
    return operation == "change" and any(d.deed.what == "delete" and rows_key(d.key) == rows_key(card) for d in w.did)


def _stand_there(w: World, writes: Iterable[Mapping[str, Any]], first: int) -> set[str]:
    """Papers that were only to be moved, were looked at for it, and stand at that stage: somebody moved them, or we did and were killed."""
    moves = {rows_key(write["key"]): write["after"]["stage"] for write in writes if set(write["after"]) == {"stage"}}
    looked = {rows_key(c.key) for side in (w.stage.a, w.stage.b) for c in side.log if c.operation == "read" and c.seq > first}
    now = {key: entry.get("stage_name") for kind in ("quote", "invoice") for key, entry in w.stage.a.records(kind).items()}
    return {key for key, stage in moves.items() if key in looked and now.get(key) == stage}


def _carry_out(w: World, run_id: str) -> None:
    release_run(w.house.pairing(w.pair), w.house.hands(), run_id, "storm")
    for _ in range(TURNS):
        w.work(lambda: w.runner().turn())
        with w.store.read() as conn:
            if runs.get_run(conn, run_id).state != "running":
                return
        w.clock.advance(15)


def _shown_anew(writes: Sequence[Mapping[str, Any]], outcome: str) -> bool:
    """Whether a new customer or contact waits for a second release: another one of the same e-mail was made before it."""
    return outcome == CHANGED and all(write["operation"] == "create" and write["kind"] in ("party", "contact") for write in writes)


def _of_nobody(rows: Mapping[str, PlanRow], key: str) -> bool:
    """Whether a quote or note was shown for a customer whose link the same preview ends: it is not made then."""
    ends = {end[side] for row in rows.values() for end in row.action.get("ends", []) for side in ("a", "b")}
    writes = rows[key].action.get("writes", [])
    return any(write["kind"] in ("quote", "note") and ends & {write["owner"], *write["about"]} for write in writes)


def _deals(writes: Iterable[Mapping[str, Any]]) -> Counter[Deal]:
    """What a preview's rows promise. A person of the CRM is made by one and the same call, whatever they are to us."""
    found = Counter[Deal]()
    for write in writes:
        kind = "party" if write["kind"] == "contact" and write["side"] == "a" else write["kind"]
        found[write["side"], write["operation"], kind if write["operation"] == "create" else rows_key(write["key"])] += 1
    return found


def _done(w: World, first: int) -> Counter[Deal]:
    """What the vendors' logs say was done since a call."""
    return Counter(
        (
            side.letter,
            "create" if c.kind == "file" else c.operation,
            c.kind if c.operation == "create" or c.kind == "file" else rows_key(c.key),
        )
        for side in (w.stage.a, w.stage.b)
        for c in side.log
        if c.done and c.seq > first
    )

"""``pair``, ``preview``, ``release``, ``sync``: two connections become a pair, and it works."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from unisono.cli.terminal import AsJson, Data, Titles, holder, house_at, out, sentence, show, words
from unisono.engine.batch import LEASE
from unisono.engine.cycle import cycle
from unisono.engine.outcome import Outcome
from unisono.plan.actions import Decision
from unisono.store import lanes, links, pairs
from unisono.wiring import House, add_pair, preset, system_file
from unisono.wiring.running import Runner
from unisono.wiring.setup import add_reference_fields, delays, put_policy, release, set_state

PairId = Annotated[str, typer.Argument(help="The pair's id; may be left out if there is only one.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    group = typer.Typer(no_args_is_help=True, help="Pairs of a CRM and an invoicing system.")
    group.command("add")(pair_add)
    group.command("list")(pair_list)
    group.command("pause")(pair_pause)
    group.command("resume")(pair_resume)
    app.add_typer(group, name="pair")
    policy = typer.Typer(no_args_is_help=True, help="A pair's choices as one readable file.")
    policy.command("show")(policy_show)
    policy.command("import")(policy_import)
    app.add_typer(policy, name="policy")
    app.command("preview")(preview)
    app.command("release")(release_pair)
    app.command("sync")(sync)


def pair_add(
    crm: Annotated[str, typer.Argument(help="Id of the CRM's connection.")],
    invoicing: Annotated[str, typer.Argument(help="Id of the invoicing system's connection.")],
    name: Annotated[str, typer.Option(help="What the pair is called.")] = "",
    policy: Annotated[Path | None, typer.Option(help="A policy file; without one the preset of the two systems.")] = None,
    complete: Annotated[bool, typer.Option("--complete", help="The first sync takes along what is there already.")] = False,
    reference_fields: Annotated[bool, typer.Option("--reference-fields", help="Yes, make a field for our reference in the CRM.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Makes a pair. It only reads until `unisono release`."""
    with house_at(data) as house:
        with house.store.read() as conn:
            a, b = pairs.get_connection(conn, crm), pairs.get_connection(conn, invoicing)
        body = policy.read_text(encoding="utf-8") if policy else preset(a.system, b.system)
        if complete:
            body = with_history(body)
        pair_id = add_pair(house, a.firm, name or f"{a.name} - {b.name}", a.id, b.id, body)
        if reference_fields:
            add_reference_fields(house, a.id)
        show({"id": pair_id}, as_json, words("pair-added", id=pair_id))


def with_history(body: str) -> str:
    """A policy's text with the complete sync: customers and documents that are there already go along."""
    from unisono.policy.files import parse_policy, policy_text

    policy = parse_policy(body)
    customers = policy.customers
    return policy_text(
        policy.model_copy(
            update={
                "customers": customers.model_copy(
                    update={
                        "from_crm": customers.from_crm.model_copy(update={"history": "all"}),
                        "from_invoicing": customers.from_invoicing.model_copy(update={"history": "all"}),
                    }
                ),
                "documents": policy.documents.model_copy(update={"history": "all"}),
            }
        )
    )


def pair_list(data: Data = None, as_json: AsJson = False) -> None:
    """The pairs, their state and how many records are linked."""
    with house_at(data) as house, house.store.read() as conn:
        found = [{"id": p.id, "name": p.name, "state": p.state, "links": links.count_links(conn, p.id)} for p in pairs.pairs(conn)]
    show(found, as_json, "\n".join(f"{p['id']}  {words('pair.' + str(p['state'])):12} {p['name']}  {p['links']}" for p in found))


def pair_pause(pair: PairId = "", data: Data = None) -> None:
    """Nothing more is written until it is resumed."""
    with house_at(data) as house:
        set_state(house, the_pair(house, pair), "paused", holder())


def pair_resume(pair: PairId = "", data: Data = None) -> None:
    """Goes on, also after a brake: what has vanished by now is allowed."""
    with house_at(data) as house:
        set_state(house, the_pair(house, pair), "released", holder())


def policy_show(pair: PairId = "", data: Data = None) -> None:
    """The policy in force, as its file."""
    with house_at(data) as house, house.store.read() as conn:
        out.print(pairs.get_pair(conn, the_pair(house, pair)).policy, markup=False)


def policy_import(file: Path, pair: PairId = "", data: Data = None) -> None:
    """A new version of the policy, from a file; everything is looked at again under it."""
    with house_at(data) as house:
        version = put_policy(house, the_pair(house, pair), file.read_text(encoding="utf-8"), holder())
        out.print(words("policy-imported", version=str(version)), markup=False)


def preview(
    pair: PairId = "", data: Data = None, as_json: AsJson = False, rows: Annotated[int, typer.Option(help="Records shown.")] = 40
) -> None:
    """Reads both sides and shows what would be done, record by record, and why. Nothing is written."""
    with house_at(data, alone=True) as house:
        pair_id = the_pair(house, pair)
        outcome = dry_run(house, pair_id)
        waits = {side: int(wait.total_seconds()) for side, wait in delays(house, pair_id).items()}
        if as_json:
            decisions = [decision_json(d, label) for d, label in outcome.decisions]
            show({"counts": outcome.verdicts, "delay_seconds": waits, "decisions": decisions}, True)
            return
        with house.store.read() as conn:
            titles = titles_of(conn, pair_id)
        print_preview(outcome, rows, titles)
        for side, seconds in waits.items():
            out.print(words("delay", side=words(f"side.{side}"), minutes=str(max(1, round(seconds / 60)))), markup=False)


def dry_run(house: House, pair_id: str) -> Outcome:
    """Reads both sides whole and plans everything; raises what a system refused."""
    with house.store.write() as conn:
        epoch = lanes.take_lane(conn, f"pair:{pair_id}", holder(), house.clock.now(), LEASE, may_take_over=True)
    outcome = cycle(house.pairing(pair_id, epoch=epoch or 0), house.hands(), dry=True)
    if outcome.fault is not None:
        raise outcome.fault
    return outcome


def decision_json(decision: Decision, label: str) -> dict[str, object]:
    """One decision for programs: what, why, before and after."""
    sends = [
        {"side": s.write.side, "operation": s.write.operation, "kind": s.write.kind, "before": s.write.before, "after": s.write.changes}
        for s in decision.sends
    ]
    reason = {"code": decision.reason.code, "values": decision.reason.values}
    return {"record": str(decision.subject), "label": label, "verdict": decision.verdict, "reason": reason, "writes": sends}


def print_preview(outcome: Outcome, most: int, titles: Titles | None = None) -> None:
    """Counts, then the records that something happens to, with the reason."""
    from rich.table import Table

    counts = "   ".join(f"{words(f'verdict.{v}')}: {n}" for v, n in sorted(outcome.verdicts.items()))
    out.print(counts, markup=False)
    table = Table(words("column.record"), words("column.what"), words("column.why"))
    shown = [row for row in outcome.decisions if row[0].verdict not in ("equal", "left-out")]
    for decision, label in shown[:most]:
        table.add_row(label, words(f"verdict.{decision.verdict}"), reason_text(decision, label, titles))
    out.print(table)
    if len(shown) > most:
        out.print(words("and-more", count=str(len(shown) - most)), markup=False)


def reason_text(decision: Decision, label: str, titles: Titles | None = None) -> str:
    """Why, as a sentence."""
    return sentence(decision.reason.code, decision.reason.values, name=label, kind=decision.subject.kind, titles=titles)


def titles_of(conn: Connection, pair_id: str) -> Titles:
    """What the two systems of a pair are called."""
    row = pairs.get_pair(conn, pair_id)
    named = {side: system_file(pairs.get_connection(conn, c).system) for side, c in (("crm", row.a), ("invoicing", row.b))}
    return {side: c.title for side, c in named.items()} | {c.name: c.title for c in named.values()}


def release_pair(pair: PairId = "", data: Data = None) -> None:
    """From now on the pair writes, without further action."""
    with house_at(data) as house:
        release(house, the_pair(house, pair), holder())
        out.print(words("pair-released"), markup=False)


def sync(
    pair: PairId = "",
    watch: Annotated[bool, typer.Option("--watch", help="Stay and keep the pairs in step.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Brings a pair in step now; with --watch from now on."""
    with house_at(data, alone=True) as house:
        runner = Runner(house=house, holder=holder())
        if watch:
            while True:
                turn = runner.turn()
                for fault in turn.faults.values():
                    out.print(sentence(fault.code, fault.values), style="red", markup=False)
                house.clock.sleep(1 if turn.idle else 0)
        pair_id = the_pair(house, pair)
        turns = runner.until_quiet(pair_id)
        for fault in turns[-1].faults.values():
            raise fault
        show_status(house, pair_id, as_json, writes=sum(o.writes for t in turns for o in t.outcomes.values()))


def show_status(house: House, pair_id: str, as_json: bool, *, writes: int) -> None:
    """How a pair stands: linked, written, what waits for a person."""
    from unisono.store import asking

    with house.store.read() as conn:
        questions, problems = asking.counts(conn, pair_id)
        linked = links.count_links(conn, pair_id)
        row = pairs.get_pair(conn, pair_id)
    value = {"pair": pair_id, "state": row.state, "writes": writes, "links": linked, "questions": questions, "problems": problems}
    text = words(
        "status", state=row.state, writes=str(writes), links=str(sum(linked.values())), questions=str(questions), problems=str(problems)
    )
    show(value, as_json, text)
    if questions or problems:
        raise typer.Exit(1)


def the_pair(house: House, given: str) -> str:
    """The pair named, or the only one."""
    with house.store.read() as conn:
        found = [p.id for p in pairs.pairs(conn)]
    if given in found:
        return given
    if given or len(found) != 1:
        raise typer.BadParameter(words("which-pair", pairs=", ".join(found) or "-"))
    return found[0]

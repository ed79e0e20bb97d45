"""``pair``, ``sync``: two connections become a pair, and it works."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from unisono.cli.terminal import AsJson, Data, Titles, holder, house_at, out, sentence, show, the_connection, words
from unisono.policy.files import parse_policy, policy_text
from unisono.store import asking, links, pairs
from unisono.wiring import House, add_pair, pair_row, preset, system_file
from unisono.wiring.running import Runner
from unisono.wiring.setup import about_to_allow, add_reference_fields, remove_pair, set_state

PairId = Annotated[str, typer.Argument(help="The pair's id; may be left out if there is only one.")]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    group = typer.Typer(no_args_is_help=True, help="Pairs of a CRM and an invoicing system.")
    group.command("add")(pair_add)
    group.command("list")(pair_list)
    group.command("pause")(pair_pause)
    group.command("resume")(pair_resume)
    group.command("show")(pair_show)
    group.command("remove")(pair_remove)
    app.add_typer(group, name="pair")
    app.command("sync")(sync)
    app.command("serve")(serve)


def pair_add(
    crm: Annotated[str, typer.Argument(help="Id of the CRM's connection.")],
    invoicing: Annotated[str, typer.Argument(help="Id of the invoicing system's connection.")],
    name: Annotated[str, typer.Option(help="What the pair is called.")] = "",
    policy: Annotated[Path | None, typer.Option(exists=True, help="A policy file; without one the preset of the two systems.")] = None,
    complete: Annotated[bool, typer.Option("--complete", help="The first sync takes along what is there already.")] = False,
    reference_fields: Annotated[bool, typer.Option("--reference-fields", help="Yes, make a field for our reference in the CRM.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Makes a pair. It only reads until `unisono release`."""
    with house_at(data) as house:
        a, b = the_connection(house, crm), the_connection(house, invoicing)
        body = policy.read_text(encoding="utf-8") if policy else preset(a.system, b.system)
        if complete:
            body = with_history(body)
        pair_id = add_pair(house, a.firm, name or f"{a.name} - {b.name}", a.id, b.id, body)
        if reference_fields:
            add_reference_fields(house, a.id)
        show({"id": pair_id}, as_json, words("pair-added", id=pair_id))


def with_history(body: str) -> str:
    """A policy's text with the complete sync: customers and documents that are there already go along."""
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


def pair_resume(
    pair: PairId = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deletions go on.")] = False,
    data: Data = None,
) -> None:
    """Goes on, also after a brake: says first what has vanished by now, and what the policy does about it."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair, removed=True)
        row = pair_row(house, pair_id)
        if row.state == "stopped":
            allowed = about_to_allow(house, pair_id)
            rules = parse_policy(row.policy).customers.deletion
            names = ", ".join(allowed.names)
            text = words("about-to-allow", count=str(allowed.lost), linked=str(allowed.linked), names=names)
            for side, rule in (("crm", rules.in_crm), ("invoicing", rules.in_invoicing)):
                text += "\n" + words("deletion-rule", side=words(f"side.{side}"), rule=words(f"deletion.{rule}"))
            out.print(text, markup=False)
            if not yes and "delete" in (rules.in_crm, rules.in_invoicing, rules.contacts):
                typer.confirm(words("go-on"), abort=True)
        state = set_state(house, pair_id, "released", holder())
        out.print(words(f"pair.{state}"), markup=False)


def pair_show(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """One pair: its two connections, its state, the version of its policy, what is linked and what waits."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair, removed=True)
        with house.store.read() as conn:
            row = pairs.get_pair(conn, pair_id)
            sides = {"crm": pairs.get_connection(conn, row.a), "invoicing": pairs.get_connection(conn, row.b)}
            questions, problems = asking.counts(conn, row.id)
            linked = links.count_links(conn, row.id)
    value = {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "told": row.told,
        "policy_version": row.policy_version,
        "released_at": row.released_at,
        "unsure": row.unsure,
        "connections": {side: {"id": c.id, "system": c.system, "name": c.name, "state": c.state} for side, c in sides.items()},
        "links": linked,
        "questions": questions,
        "problems": problems,
    }
    lines = [f"{row.id}  {row.name}  {words(f'pair.{row.state}')}"]
    lines += [f"  {words(f'side.{side}')}: {c.name} ({c.id}, {c.state})" for side, c in sides.items()]
    lines += [f"  {words(f'kind.{kind}')}: {count}" for kind, count in sorted(linked.items())]
    lines.append("  " + words("pair-facts", version=str(row.policy_version), questions=str(questions), problems=str(problems)))
    show(value, as_json, "\n".join(lines))


def pair_remove(
    pair: PairId = "",
    keep_links: Annotated[
        bool | None, typer.Option("--keep-links/--forget-links", help="Whether it may be resumed as it was; else it is asked.")
    ] = None,
    data: Data = None,
) -> None:
    """Puts a pair to rest: nothing is read or written any more. Its history stays, and so does everything in both systems."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        with house.store.read() as conn:
            count = sum(links.count_links(conn, pair_id).values())
        kept = typer.confirm(words("keep-links", count=str(count)), default=True) if keep_links is None else keep_links
        remove_pair(house, pair_id, holder(), forget=not kept)
        out.print(words("pair-removed-kept" if kept else "pair-removed"), markup=False)


def titles_of(conn: Connection, pair_id: str) -> Titles:
    """What the two systems of a pair are called."""
    row = pairs.get_pair(conn, pair_id)
    named = {side: system_file(pairs.get_connection(conn, c).system) for side, c in (("crm", row.a), ("invoicing", row.b))}
    return {side: c.title for side, c in named.items()} | {c.name: c.title for c in named.values()}


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
            stay(runner)
            return
        pair_id = the_pair(house, pair)
        turns = runner.until_quiet(pair_id)
        for fault in turns[-1].faults.values():
            raise fault
        show_status(house, pair_id, as_json, writes=sum(o.writes for t in turns for o in t.outcomes.values()))


def serve(data: Data = None) -> None:
    """Keeps every released pair in step until it is told to stop; what is under way is finished first. Pages come later."""
    with house_at(data, alone=True) as house:
        stay(Runner(house=house, holder=holder()))


def stay(runner: Runner) -> None:
    """Turn after turn, until SIGTERM or Ctrl+C. A fault is said once, not with every turn."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    out.print(words("staying"), markup=False)
    told: set[str] = set()
    while not stop.is_set():
        turn = runner.turn()
        now = {sentence(fault.code, fault.values) for fault in turn.faults.values()}
        for text in sorted(now - told):
            out.print(text, style="red", markup=False)
        told = now if turn.pulled or turn.outcomes else told
        if turn.idle:
            stop.wait(1)


def show_status(house: House, pair_id: str, as_json: bool, *, writes: int) -> None:
    """How a pair stands: linked, written, what waits for a person."""
    with house.store.read() as conn:
        questions, problems = asking.counts(conn, pair_id)
        linked = links.count_links(conn, pair_id)
        row = pairs.get_pair(conn, pair_id)
    value = {"pair": pair_id, "state": row.state, "writes": writes, "links": linked, "questions": questions, "problems": problems}
    text = words(
        "status",
        state=words(f"pair.{row.state}"),
        writes=str(writes),
        links=str(sum(linked.values())),
        questions=str(questions),
        problems=str(problems),
    )
    show(value, as_json, text)
    if questions or problems:
        raise typer.Exit(1)


def the_pair(house: House, given: str, *, removed: bool = False) -> str:
    """The pair named, or the only one; pairs that were put to rest only if asked for."""
    with house.store.read() as conn:
        found = [p.id for p in pairs.pairs(conn) if removed or p.state != "removed"]
    if given in found:
        return given
    if given or len(found) != 1:
        raise typer.BadParameter(words("which-pair", pairs=", ".join(found) or "-"))
    return found[0]

"""``pair``: two connections become a pair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    PairId,
    WrongCall,
    add_commands,
    go_on,
    house_at,
    language,
    out,
    person,
    show,
    sure,
    the_connection,
    the_pair,
    trouble_of,
    words,
)
from unisono.locale.names import kind_name
from unisono.policy.files import BadPolicy, parse_policy, policy_text
from unisono.policy.schema import Deletion
from unisono.store import asking, links, pairs
from unisono.wiring import House, add_pair, pair_row, preset, system_file
from unisono.wiring.setup import about_to_allow, add_reference_fields, remove_pair, set_state
from unisono.wiring.standing import titles_of


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    pair: Commands = {
        "add": pair_add,
        "list": pair_list,
        "pause": pair_pause,
        "resume": pair_resume,
        "show": pair_show,
        "remove": pair_remove,
    }
    add_commands(app, pair, group="pair", about="Pairs of a CRM and an invoicing system.")


def pair_add(
    crm: Annotated[str, typer.Argument(help="Id or name of the CRM's connection.")],
    invoicing: Annotated[str, typer.Argument(help="Id or name of the invoicing system's connection.")],
    name: Annotated[str, typer.Option(help="What the pair is called.")] = "",
    policy: Annotated[Path | None, typer.Option(help="A policy file; without one the preset of the two systems.")] = None,
    complete: Annotated[bool, typer.Option("--complete", help="The first sync takes along what is there already.")] = False,
    reference_fields: Annotated[bool, typer.Option("--reference-fields", help="Yes, make a field for our reference in the CRM.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Makes a pair. It only reads until `unisono release`."""
    with house_at(data) as house:
        a, b = the_connection(house, crm), the_connection(house, invoicing)
        for row, kind in ((a, "crm"), (b, "invoicing")):
            if (found := system_file(row.system)).kind != kind:
                raise WrongCall("wrong-side", system=found.title)
        body = policy_of(policy) if policy else preset(a.system, b.system)
        if complete:
            body = with_history(body)
        pair_id = add_pair(house, a.firm, name or f"{a.name} - {b.name}", a.id, b.id, body)
        if reference_fields:
            add_reference_fields(house, a.id)
        show({"id": pair_id}, as_json, words("pair-added", id=pair_id))


def policy_of(file: Path) -> str:
    """The text of a policy file. Raises ``BadPolicy`` if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy("policy-unreadable", file=str(file), trouble=trouble_of(error)) from error


def with_history(body: str) -> str:
    """A policy's text with the complete sync: customers and documents that are there already go along."""
    policy = parse_policy(body)
    customers = policy.customers
    return policy_text(
        replace(
            policy,
            customers=replace(
                customers,
                from_crm=replace(customers.from_crm, history="all"),
                from_invoicing=replace(customers.from_invoicing, history="all"),
            ),
            documents=replace(policy.documents, history="all"),
        )
    )


def pair_list(data: Data = None, as_json: AsJson = False) -> None:
    """The pairs, their state and how many records are linked."""
    with house_at(data) as house, house.store.read() as conn:
        found = [(p, links.count_links(conn, p.id)) for p in pairs.pairs(conn)]
    lines = [f"{p.id}  {words('pair.' + p.state):12} {p.name}  {_linked(linked)}".rstrip() for p, linked in found]
    value = [{"id": p.id, "name": p.name, "state": p.state, "links": linked} for p, linked in found]
    show(value, as_json, "\n".join(lines) or words("no-pairs"))


def _linked(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind_name(kind, language())}: {count}" for kind, count in sorted(counts.items()))


def pair_pause(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Nothing more is written until it is resumed."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        _is_now(house, pair_id, set_state(house, pair_id, "paused", person()), as_json)


def _is_now(house: House, pair_id: str, state: str, as_json: bool) -> None:
    name = pair_row(house, pair_id).name
    show({"pair": pair_id, "state": state}, as_json, words("pair-is", name=name, state=words(f"pair.{state}")))


def pair_resume(
    pair: PairId = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deletions go on.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Goes on, also after a brake: says first what has vanished by now, and what the policy does about it."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair, removed=True)
        row = pair_row(house, pair_id)
        if row.state == "stopped":
            rules = parse_policy(row.policy).customers.deletion
            if not as_json:
                _say_what_goes_on(house, pair_id, rules)
            if "delete" in (rules.in_crm, rules.in_invoicing, rules.contacts):
                go_on(words("go-on"), yes=yes, as_json=as_json)
        _is_now(house, pair_id, set_state(house, pair_id, "released", person()), as_json)


def _say_what_goes_on(house: House, pair_id: str, rules: Deletion) -> None:
    allowed = about_to_allow(house, pair_id)
    with house.store.read() as conn:
        titles = titles_of(house, conn, pair_id)
    out.print(words("about-to-allow", count=str(allowed.lost), linked=str(allowed.linked), names=", ".join(allowed.names)))
    for side, rule in (("crm", rules.in_crm), ("invoicing", rules.in_invoicing)):
        out.print(words("deletion-rule", side=titles[side], rule=words(f"deletion.{rule}")))


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
    lines += [f"  {words(f'column.{side}')}: {c.name} ({words(f'connection.{c.state}')}, {c.id})" for side, c in sides.items()]
    lines += [f"  {kind_name(kind, language())}: {count}" for kind, count in sorted(linked.items())]
    lines.append("  " + words("pair-facts", version=str(row.policy_version), questions=str(questions), problems=str(problems)))
    show(value, as_json, "\n".join(lines))


def pair_remove(
    pair: PairId = "",
    keep_links: Annotated[
        bool | None, typer.Option("--keep-links/--forget-links", help="Whether it may be resumed as it was; else it is asked.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Puts a pair to rest: nothing is read or written any more. Its history stays, and so does everything in both systems."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        with house.store.read() as conn:
            count = sum(links.count_links(conn, pair_id).values())
        # A program is not asked; without a word of its own, what can be taken back is done.
        kept = (as_json or sure(words("keep-links", count=str(count)), otherwise=True)) if keep_links is None else keep_links
        remove_pair(house, pair_id, person(), forget=not kept)
        show({"pair": pair_id, "state": "removed", "links_kept": kept}, as_json, words("pair-removed-kept" if kept else "pair-removed"))

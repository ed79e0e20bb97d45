"""``policy`` and ``leave-out``: a pair's choices as one readable file, its versions, and what they mean for whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from unisono.cli.pairing import policy_of
from unisono.cli.terminal import (
    AsJson,
    Commands,
    Data,
    PairId,
    Titles,
    WrongCall,
    add_commands,
    house_at,
    language,
    moments,
    person,
    plain,
    sentence,
    show,
    the_pair,
    words,
    written,
)
from unisono.locale.names import field_name
from unisono.policy.files import parse_policy
from unisono.policy.tables import tables_of
from unisono.wiring import House, pair_row
from unisono.wiring.fieldmap import KINDS, MappedField, field_map, read_now, to_show
from unisono.wiring.policies import (
    Chosen,
    Entry,
    differences,
    filter_preview,
    put_policy,
    roll_back,
    text_of_version,
    versions,
    with_entries,
)
from unisono.wiring.policies import leave_out as leave_out_now
from unisono.wiring.settings import from_pair
from unisono.wiring.standing import titles_of

Pair = Annotated[str, typer.Option("--pair", help="The pair's id or name; may be left out if there is only one.")]
Version = Annotated[int, typer.Argument(help="Number of a version; see `unisono policy versions`.")]
Note = Annotated[str, typer.Option("--note", help="Why, for the list of versions.")]
Settings = Annotated[list[str], typer.Argument(help='entry=value, e.g. customers.contacts=all or customers.only.countries=["DE", "AT"].')]


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    policy: Commands = {
        "show": policy_show,
        "set": policy_set,
        "export": policy_export,
        "import": policy_import,
        "versions": policy_versions,
        "diff": policy_diff,
        "rollback": policy_rollback,
        "take": policy_take,
        "fields": policy_fields,
        "filter-preview": policy_filter_preview,
    }
    add_commands(app, policy, group="policy", about="A pair's choices as one readable file.")
    add_commands(app, {"leave-out": leave_out})


def policy_show(
    pair: PairId = "",
    version: Annotated[int, typer.Option(help="An earlier version instead of the one in force.")] = 0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """The policy in force, as its file; with --json every entry with its value, defaults filled in."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        body = text_of_version(house, pair_id, version) if version else pair_row(house, pair_id).policy
    show(tables_of(parse_policy(body)), as_json, body.rstrip())


def policy_set(settings: Settings, pair: Pair = "", note: Note = "", data: Data = None, as_json: AsJson = False) -> None:
    """A new version with single entries changed; everything is looked at again under it."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        old = pair_row(house, pair_id).policy
        _put(house, pair_id, old, with_entries(old, settings), note, as_json)


def policy_export(
    file: Annotated[Path, typer.Argument(help="Where to; an existing file is replaced.")],
    pair: Pair = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Writes the policy in force to a file, to be kept, compared or used again for another pair."""
    with house_at(data) as house:
        row = pair_row(house, the_pair(house, pair))
    written(file, row.policy)
    show({"file": str(file), "version": row.policy_version}, as_json, words("policy-exported", file=str(file)))


def policy_import(
    file: Annotated[Path, typer.Argument(help="A policy file.")],
    pair: Pair = "",
    note: Note = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """A new version of the policy, from a file that differs; everything is looked at again under it."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        _put(house, pair_id, pair_row(house, pair_id).policy, policy_of(file), note, as_json)


def policy_take(
    other: Annotated[str, typer.Argument(help="Id or name of the pair whose settings are used again.")],
    pair: Pair = "",
    note: Note = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Another pair's settings as a new version of this one's; which records are left out stays its own."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        _put(house, pair_id, pair_row(house, pair_id).policy, from_pair(house, pair_id, the_pair(house, other)), note, as_json)


def policy_versions(pair: PairId = "", data: Data = None, as_json: AsJson = False) -> None:
    """Every version there ever was, with when and by whom; the one in force is marked."""
    with house_at(data) as house:
        found, moment = versions(house, the_pair(house, pair)), moments(house)
    lines = [f"{'*' if v['in_force'] else ' '} {v['version']:4}  {moment(v['at'])}  {v['by']}  {v['note']}".rstrip() for v in found]
    show(found, as_json, "\n".join(lines))


def policy_diff(
    before: Annotated[str, typer.Argument(help="A version, or a file.")],
    after: Annotated[str, typer.Argument(help="A version, or a file; without it the one in force.")] = "",
    pair: Pair = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two versions, or a file and the one in force: entry, before, after. Exit code 1 if anything does."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        told = [
            policy_of(Path(word)) if not word.isdecimal() else text_of_version(house, pair_id, int(word))
            for word in (before, after)
            if word
        ]
        # A file alone is what would come after the version in force; a version alone is what was before it.
        now = [pair_row(house, pair_id).policy]
        old, new = told if after else [*told, *now] if before.isdecimal() else [*now, *told]
    changed = differences(parse_policy(old), parse_policy(new))
    show([plain(e) for e in changed], as_json, entries_text(changed))
    if changed:
        raise typer.Exit(1)


def policy_rollback(version: Version, pair: Pair = "", note: Note = "", data: Data = None, as_json: AsJson = False) -> None:
    """An earlier version's text as a new version; everything is looked at again under it."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        old = pair_row(house, pair_id).policy
        changed = differences(parse_policy(old), parse_policy(text_of_version(house, pair_id, version)))
        _told(roll_back(house, pair_id, version, person(), note=note), changed, as_json)


def policy_fields(
    pair: PairId = "",
    kind: Annotated[str, typer.Option(help="party (customers) or contact.")] = "party",
    record: Annotated[str, typer.Option(help="Key of a linked record in the CRM; without it the one linked last.")] = "",
    read: Annotated[bool, typer.Option("--read", help="Ask both vendors for the record at this moment.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Which field goes which way, with the values of a real record on both sides and what would not arrive."""
    chosen = next((one for one in KINDS if one == kind), None)
    if chosen is None:
        raise WrongCall("call.wrong-value", name="--kind")
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        found = [] if record else to_show(house, pair_id, chosen)
        key = record or (found[0].a_key if found else "")
        told = read_now(house, pair_id, chosen, key) if read and key else field_map(house, pair_id, chosen, key)
        if record and (told.shown is None or None in told.failed.values()):
            raise WrongCall("no-such-record", record=record)
        for fault in told.failed.values():
            if fault is not None:
                raise fault
        with house.store.read() as conn:
            titles = titles_of(house, conn, pair_id)
    show([plain(one) for one in told.fields], as_json, "\n".join(_field_text(one, chosen, titles) for one in told.fields))


def policy_filter_preview(
    settings: Annotated[list[str] | None, typer.Argument(help="entry=value to try; without any the policy in force.")] = None,
    pair: Pair = "",
    rows: Annotated[int, typer.Option(help="Customers listed for each side and reason.")] = 10,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """How many customers take part under some settings, how many are left out, which, and why. Asks nobody, changes nothing."""
    with house_at(data) as house:
        pair_id = the_pair(house, pair)
        policy = parse_policy(with_entries(pair_row(house, pair_id).policy, settings or []))
        found = list(filter_preview(house, pair_id, policy))
        with house.store.read() as conn:
            titles = titles_of(house, conn, pair_id)
    groups: dict[tuple[str, str], list[Chosen]] = {}
    for one in found:
        groups.setdefault(("crm" if one.side == "a" else "invoicing", one.reason), []).append(one)
    value = [
        {"side": side, "reason": reason, "count": len(some), "customers": [{"key": c.key, "label": c.label} for c in some]}
        for (side, reason), some in sorted(groups.items())
    ]
    # One line for each sentence: "this one is in France" is said of those in France only.
    alike: dict[tuple[str, str], list[Chosen]] = {}
    for (side, _), some in sorted(groups.items()):
        for one in some:
            alike.setdefault((side, _why(one, titles)), []).append(one)
    lines = [_group_text(titles.get(side, side), why, some, rows) for (side, why), some in alike.items()]
    show(value, as_json, "\n".join(lines) or words("nothing-read"))


def leave_out(
    records: Annotated[list[str], typer.Argument(help="Records, e.g. a:party:company:42, as `unisono problems --json` names them.")],
    back: Annotated[bool, typer.Option("--back", help="Take them back in.")] = False,
    pair: Pair = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Leaves records out for good, with all that belongs to them: a new version of the policy, so that it can be rolled back."""
    for record in records:
        if record[:2] not in ("a:", "b:") or record.count(":") < 2:
            raise WrongCall("no-such-record", record=record)
    with house_at(data) as house:
        version = leave_out_now(house, the_pair(house, pair), records, person(), back=back)
    show({"version": version or 0}, as_json, words("policy-imported", version=str(version)) if version else words("policy-unchanged"))


def entries_text(changed: list[Entry]) -> str:
    """Differences as lines: ``customers.contacts: tagged -> all``."""
    return "\n".join(f"{e.entry}: {e.before or '-'} -> {e.after or '-'}" for e in changed) or words("policy-unchanged")


def _put(house: House, pair_id: str, old: str, body: str, note: str, as_json: bool) -> None:
    """A new version if anything differs, told with what."""
    changed = differences(parse_policy(old), parse_policy(body))
    _told(put_policy(house, pair_id, body, person(), note=note) if changed else 0, changed, as_json)


def _field_text(one: MappedField, kind: str, titles: Titles) -> str:
    arrow = {(True, True): "<->", (False, True): " ->", (True, False): "<- "}.get((one.to_crm, one.to_invoicing), " - ")
    flaws = "".join(f"\n    {sentence('flaw.' + flaw.code, {**flaw.values, 'system': flaw.side}, titles=titles)}" for flaw in one.flaws)
    return f"{field_name(one.name, language(), kind)}: {one.crm or '-'} {arrow} {one.invoicing or '-'}{flaws}"


def _told(version: int, changed: list[Entry], as_json: bool) -> None:
    text = entries_text(changed) + ("\n" + words("policy-imported", version=str(version)) if version else "")
    show({"version": version, "changed": [plain(e) for e in changed]}, as_json, text)


def _why(one: Chosen, titles: Titles) -> str:
    return sentence(one.reason, one.values, titles=titles) if one.reason else words("takes-part")


def _group_text(side: str, why: str, some: Sequence[Chosen], rows: int) -> str:
    names = ", ".join(c.label for c in some[:rows])
    more = f" {words('and-more', count=str(len(some) - rows))}" if len(some) > rows else ""
    return f"{side}: {len(some)}  {why}\n    {names}{more}"

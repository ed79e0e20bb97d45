"""What a write that is done leaves in the store: its link, what is agreed, what was seen of it, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from unisono.connect.port import Raw
from unisono.engine.hands import Hands, Pairing
from unisono.engine.marks import PAPERS, mark_linked
from unisono.engine.pull import raw_hash
from unisono.model.document import Document, File
from unisono.model.errors import BadAnswer
from unisono.model.money import plain
from unisono.model.party import Flat
from unisono.model.record import FIELDWISE, Kind, Record, Side, flat_of
from unisono.model.writing import Write
from unisono.plan.actions import Send
from unisono.plan.compare import held_by_both
from unisono.plan.corrections import CORRECTED
from unisono.plan.flows.deletions import DELETED, MARKED
from unisono.plan.situation import Link
from unisono.plan.wanted import WANTED
from unisono.store import asking, links, pairs, seen

Changed = dict[tuple[Side, Kind, str], Link]
"""The links of records that were changed, by side, kind and key of what was changed."""


class Written(Struct, frozen=True):
    """One write that is done: for which record, the key of what was written, and its row as it was read back. ``since``: fields that somebody
    edited there afterwards, with what was sent: that counts as agreed."""

    send: Send
    subject_key: str
    target: str
    row: Raw | None
    since: Flat = field(default_factory=dict)


def settle_write(conn: Connection, send: Send, subject_key: str, target: str, row: Raw | None, pairing: Pairing, hands: Hands) -> Flat:
    """``settle_writes`` for one: when a lost answer was found again."""
    return settle_writes(conn, [Written(send, subject_key, target, row)], pairing, hands)[0]


def settle_writes(conn: Connection, written: Sequence[Written], pairing: Pairing, hands: Hands, *, ours: bool = False) -> list[Flat]:
    """Link, agreed state and seen of writes that are done, a few statements for all of them; returns the values after each.

    No two of them may be about the same link. ``ours``: just now, by this pair, which goes on with their records by itself.
    """
    records = _observed(conn, written, pairing, hands, ours=ours)
    changed = links_changed(conn, [done.send for done in written], pairing)
    wanted: list[links.Joined] = []
    values: list[Flat] = []
    for done, record in zip(written, records, strict=True):
        write = done.send.write
        if write.operation == "delete":
            _deleted(conn, done.send, pairing, hands)
            values.append({})
        elif done.send.reason.code == MARKED:
            _marked(conn, done.send, pairing, hands)
            values.append({})
        elif done.send.reason.code == CORRECTED:
            values.append(_corrected(conn, done, record, pairing, hands))
        elif done.send.reason.code == WANTED:
            # It is nobody's counterpart: people finish it there, and what they issue is filed like any other.
            asking.spend(conn, pairing.id, [f"a:party:{done.subject_key}"], WANTED)
            values.append({})
        elif done.send.link_kind == "status":
            wanted.append(_told_state(done.send, hands))
            values.append({})
        elif write.kind in ("note", "file"):
            wanted.append(_noted(done.send, done.target, hands))
            values.append(wanted[-1].agreed_a | wanted[-1].agreed_b)
        else:
            after = _after(record) | done.since if record is not None else {}
            wanted.append(_joined(done, after, record is not None, changed, pairing, hands))
            _tell_unkept(conn, done.send, after, record, pairing, hands)
            values.append({name: after.get(name, "") for name in done.send.agree if name in after})
    _store_unread(conn, [done for done, record in zip(written, records, strict=True) if record is None], pairing, hands)
    new = links.put_links(conn, pairing.id, wanted, hands.clock.now())
    mark_linked(conn, pairing, hands, [(link.kind, link.a_key, link.b_key) for link in new if link.kind not in ("note", "status")])
    return values


def _after(record: Record) -> Flat:
    """What a record holds after a write: its fields, of a document its total."""
    if isinstance(record.body, Document):
        return {"gross": plain(record.body.gross)} if record.body.gross is not None else {}
    return flat_of(record.body)


def _corrected(conn: Connection, done: Written, record: Record | None, pairing: Pairing, hands: Hands) -> Flat:
    """A person's correction stands in its system: it is carried out, and what is agreed stays, so that it counts as an edit of that side."""
    write, kind = done.send.write, done.send.link_kind
    link = links.links_of(conn, pairing.id, kind, write.side, [write.key]).get(write.key)
    names = [f"{write.side}:{kind}:{write.key}", *([f"a:{kind}:{link.a_key}"] if link is not None else [])]
    asking.spend(conn, pairing.id, names, CORRECTED)
    after = flat_of(record.body) if record is not None else write.changes
    _tell_unkept(conn, done.send, after, record, pairing, hands)
    return {name: after.get(name, "") for name in write.changes}


def _joined(done: Written, after: Flat, proven: bool, changed: Changed, pairing: Pairing, hands: Hands) -> links.Joined:
    write, kind = done.send.write, done.send.link_kind
    a_key, b_key = (done.subject_key, done.target) if write.side == "b" else (done.target, done.subject_key)
    if write.operation == "change":
        link = changed[write.side, kind, write.key]
        a_key, b_key = link.a_key, link.b_key
    mine, theirs = _agreed(done.send, after, proven, held_by_both(kind, pairing.rules.a, pairing.rules.b, a_key, b_key))
    unread: tuple[Side, Flat] | None = None
    if not proven and write.kind not in PAPERS and pairing.side(write.side).system.capabilities.writing(write.kind).read_back:
        # It could not be read back just now: nothing is agreed there that nobody has seen. Of a new record only what was sent is known.
        unread = (write.side, {name: write.before.get(name, "") for name in mine})
        theirs = {}
    agreed = (mine, theirs) if write.side == "b" else (theirs, mine)
    return links.Joined(hands.ids.new(), kind, a_key, b_key, *agreed, unread)


def links_changed(conn: Connection, sends: Sequence[Send], pairing: Pairing) -> Changed:
    """The links of records that were changed: by which a change finds the other side's key."""
    found: Changed = {}
    changes = [send for send in sends if send.write.operation == "change" and send.write.kind not in ("note", "file")]
    for side, kind in sorted({(send.write.side, send.link_kind) for send in changes}):
        keys = [send.write.key for send in changes if (send.write.side, send.link_kind) == (side, kind)]
        found |= {(side, kind, key): link for key, link in links.links_of(conn, pairing.id, kind, side, keys).items()}
    return found


def _agreed(send: Send, after: Flat, proven: bool, both: tuple[str, ...]) -> tuple[Flat, Flat]:
    """Per field what the source held and what the target holds after read-back (or what was sent, if nothing can be read back)."""
    mine = send.agree
    if send.write.kind in PAPERS:
        return dict(mine), {name: value for name, value in after.items() if name in mine}
    held = after if proven else _sent(send.write)
    names = [name for name in both if name in mine]
    return {name: mine[name] for name in names}, {name: held.get(name, "") for name in names}


def _sent(write: Write) -> Flat:
    """The fields of a write with what was sent in them."""
    return write.changes if write.operation == "change" else flat_of(write.body) if write.body else {}


def _tell_unkept(conn: Connection, send: Send, after: Flat, record: Record | None, pairing: Pairing, hands: Hands) -> None:
    """Fields the vendor dropped or altered are said in the history; they are not written again for ever."""
    if record is None or send.write.kind not in FIELDWISE:
        return
    sent = _sent(send.write)
    differ = [n for n in (send.agree or send.write.changes) if sent.get(n, "") and after.get(n, "") != sent.get(n, "")]
    if differ:
        values = {"fields": ", ".join(differ), "sent": sent[differ[0]][:80], "kept": after.get(differ[0], "")[:80]}
        pairs.note(conn, pairing.id, send.write.kind, record.key, "kept-differently", values, "", hands.clock.now())


def _observed(conn: Connection, written: Sequence[Written], pairing: Pairing, hands: Hands, *, ours: bool) -> list[Record | None]:
    """Stores what was read back as seen. Returns the records that were written.

    Our own writes are no news to this pair: its position goes along, unless something else is still before it.
    """
    found: list[Record | None] = []
    rows: dict[Side, dict[tuple[Kind, str], tuple[Record, bytes]]] = {}
    for done in written:
        write = done.send.write
        records: tuple[Record, ...] = ()
        if done.row is not None and write.operation != "delete" and write.kind not in ("note", "file"):
            with suppress(BadAnswer):
                records = pairing.side(write.side).system.records(done.row)
            digest = raw_hash(done.row)
            rows.setdefault(write.side, {}).update({(r.kind, r.key): (r, digest) for r in records})
        found.append(next((r for r in records if (r.kind, r.key) == (write.kind, done.target)), None))
    known = {(r.kind, r.key) for r, done in zip(found, written, strict=True) if r is not None and _no_news(done)}
    for side, seen_now in rows.items():
        changed = seen.put_seen(conn, pairing.side(side).id, list(seen_now.values()), hands.clock.now())
        if ours and changed and known >= seen_now.keys():
            pairs.pass_over(conn, pairing.id, side, changed)
    return found


def _store_unread(conn: Connection, written: Sequence[Written], pairing: Pairing, hands: Hands) -> None:
    """What was made and could not be read back is stored as it was sent, and missing: the next pulls ask for it by name. Somebody may have
    deleted it in between, and what was never seen would be missed by no list."""
    made: dict[Side, list[Record]] = {}
    for done in written:
        write, where = done.send.write, pairing.side(done.send.write.side)
        if write.operation != "create" or write.kind not in FIELDWISE or write.body is None or done.send.reason.code == WANTED:
            continue
        resource, key = where.system.locate(write.kind, done.target)
        if where.system.capabilities.writing(write.kind).read_back and resource in where.resources:
            record = Record(kind=write.kind, key=done.target, body=write.body, resource=resource, resource_key=key, owner=write.owner)
            made.setdefault(write.side, []).append(replace(record, owner_kind="party") if write.owner else record)
    for side, records in made.items():
        seen.put_unread(conn, pairing.side(side).id, records, hands.clock.now())


def _no_news(done: Written) -> bool:
    """Whether nothing follows from a row but what follows from its write. A correction is an edit; a document may have to be filed."""
    return done.send.write.kind in ("party", "contact") and done.send.reason.code != CORRECTED


def remembered(hands: Hands, document: str, agreed_a: Flat, agreed_b: Flat) -> links.Joined:
    """What was told of a document's states: a link of its own, on either side under the document's name."""
    return links.Joined(hands.ids.new(), "status", document, document, agreed_a, agreed_b)


def _told_state(send: Send, hands: Hands) -> links.Joined:
    """A state was told to the CRM by one of its means, or by the last that was left."""
    agreed_b = {name: value for name, value in send.agree.items() if name in ("state", "due")}
    agreed_a = {name: value for name, value in send.agree.items() if name not in agreed_b}
    return remembered(hands, send.source.replace(":", "/", 1), agreed_a, agreed_b)


def _noted(send: Send, target: str, hands: Hands) -> links.Joined:
    """A note was made or changed, or a file put on it: the document's link says what lies there."""
    write = send.write
    source = send.source.replace(":", "/", 1)
    a_key = target if write.kind == "note" else write.owner
    agreed_a = {k: v for k, v in send.agree.items() if k in ("text", "files")}
    agreed_b = {k: v for k, v in send.agree.items() if k == "version"}
    if isinstance(write.body, File):
        agreed_b["sha256"] = write.body.sha256
        agreed_a["file"] = write.body.name
    if write.reference:
        agreed_a["reference"] = write.reference
    return links.Joined(hands.ids.new(), "note", a_key, source, agreed_a, agreed_b)


def _deleted(conn: Connection, send: Send, pairing: Pairing, hands: Hands) -> None:
    write = send.write
    where = pairing.side(write.side)
    seen.mark_gone(conn, where.id, [(write.kind, write.key)], hands.clock.now())
    found = links.links_of(conn, pairing.id, send.link_kind, write.side, [write.key]).get(write.key)
    if found is not None and send.reason.code == DELETED:
        # Remembered: the brake counts it for a while.
        links.sever(conn, pairing.id, send.link_kind, found.a_key, found.b_key, DELETED, hands.clock.now())
    elif found is not None:
        links.forget(conn, pairing.id, send.link_kind, found.a_key, found.b_key)


def _marked(conn: Connection, send: Send, pairing: Pairing, hands: Hands) -> None:
    """What is left of a deleted customer has its tag: its severed link owes nothing more."""
    found = links.links_of(conn, pairing.id, send.link_kind, send.write.side, [send.write.key]).get(send.write.key)
    if found is not None and found.state == "severed":
        links.sever(conn, pairing.id, send.link_kind, found.a_key, found.b_key, DELETED, hands.clock.now())

"""What quotes and invoices made from the CRM's have in common: found again by reference, made once, asked about when edited afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

from unisono.model.document import Document, Line, Lines, NotGiven
from unisono.model.money import Basis, plain
from unisono.model.record import label_of
from unisono.model.text import bare_text
from unisono.model.writing import Write
from unisono.plan.actions import Ask, Decision, Join, Reason, Report, Send, Sever, Wait
from unisono.plan.situation import Rules, Seen, Situation

PaperKind = Literal["quote", "invoice"]
SAME = "same-paper"
"""Code of the question whether a document of the invoicing system is what one of the CRM would become."""
Version = Callable[[Document], str]
"""What was carried over of a document, as a hash: a later edit of that is a question."""


def digest(parts: Sequence[str]) -> str:
    """One short text for several."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()


def document_of(seen: Seen) -> Document:
    """The body of a record that is a document."""
    body = seen.record.body
    assert isinstance(body, Document)
    return body


def carrying(s: Situation, me: Seen) -> Seen | None:
    """The free document of the other side that carries this one's reference."""
    mine = me.keys.reference
    found = [c.seen for c in s.candidates if mine and not c.linked and c.seen.keys.reference == mine]
    return min(found, key=lambda seen: seen.record.key) if found else None


def joined(s: Situation, kind: PaperKind, me: Seen, they: Seen, version: Version, because: Reason | None = None) -> Decision:
    """Two documents that are there become counterparts: what was carried over is what there is now."""
    reason = because or Reason("matched", {"rule": "reference", "name": label_of(they.record)})
    agreed = {"version": version(document_of(me))}
    join = Join(kind=kind, a_key=me.record.key, b_key=they.record.key, agreed_a=agreed, agreed_b={}, reason=reason)
    return Decision(s.subject, "linked", reason, (join,))


def asked_same(s: Situation, kind: PaperKind, me: Seen, version: Version, alike: Callable[[Document, Document], bool]) -> Decision | None:
    """A free document of the same customer that may be what this one would become: none is made beside it before a person has said that it is
    another one. ``None``: there is none."""
    mine = document_of(me)
    for candidate in sorted(s.candidates, key=lambda c: c.seen.record.key):
        they, key = candidate.seen, candidate.seen.record.key
        said = s.answers.get(f"{SAME}|{key}", "")
        if candidate.linked or they.gone or said == "different":
            continue
        if said == "same":
            return joined(s, kind, me, they, version, Reason("answered-same", {"name": label_of(they.record)}))
        if not candidate.asked and not alike(mine, document_of(they)):
            continue
        values = {"name": label_of(me.record), "other": label_of(they.record)} | ({"unsure": "yes"} if s.unsure else {})
        ask = Ask(code=SAME, subject=key, group=f"{SAME}/{kind}", options=("same", "different", "later"), values=values)
        return Decision(s.subject, "doubtful", Reason(SAME, values), (ask,))
    return None


def may_be_made(s: Situation, kind: PaperKind, rules: Rules) -> bool:
    """Whether a restored pair may have made this document already without being able to tell by a reference."""
    return s.unsure and rules.b.writing(kind).find not in ("reference", "idempotency-key")


def made_again(mine: Document, theirs: Document) -> bool:
    """Whether a document may be what was made of another one before that was edited: it has the same title; without titles the same day or
    total."""
    if mine.title and theirs.title:
        return bare_text(mine.title) == bare_text(theirs.title)
    same_day = mine.date is not None and mine.date == theirs.date
    return same_day or (mine.gross is not None and mine.gross == theirs.gross)


def not_yet(s: Situation, me: Seen) -> Decision | None:
    """What must be there before a document is made: its customer on the other side, and a view of everything there."""
    owner = s.owner
    if owner is None or owner.state != "linked":
        on = f"a:party:{me.record.owner}"
        return Decision(s.subject, "waiting", Reason("owner-first"), (Wait(on=on, reason=Reason("owner-first")),))
    if not s.whole:
        return Decision(s.subject, "waiting", Reason("target-not-read"), (Wait(on="", reason=Reason("target-not-read")),))
    return None


def not_so(s: Situation, report: Report) -> Decision:
    """A document that cannot be made as it is."""
    return Decision(s.subject, "refused", Reason(report.code, report.values), (report,))


def too_long(made: Document, kind: PaperKind, rules: Rules) -> Report | None:
    """A title that the other system would not hold."""
    limit = rules.b.fields(kind).get("title")
    if limit is None or not limit.length or len(made.title) <= limit.length:
        return None
    return Report(
        code="too-long",
        field="title",
        values={"value": made.title[:80], "length": str(len(made.title)), "limit": str(limit.length)},
    )


def lines_from(document: Document, vat_rate: Decimal) -> Lines:
    """The lines of a document; of one that has none but an amount, a single line of that, with the VAT rate the policy settles."""
    if isinstance(document.lines, Lines) and document.lines.rows:
        return document.lines
    line = Line(
        name=document.title,
        quantity=document.quantity or Decimal(1),
        unit=document.unit,
        price=document.value or Decimal(0),
        vat_rate=vat_rate,
    )
    return Lines((line,))


def basis_from(document: Document, settled: Basis) -> Basis:
    """The basis of a document's amounts; one that is not known is settled by the policy."""
    return settled if document.basis == "unknown" else document.basis


def linked(s: Situation, rules: Rules, kind: PaperKind, code: str, version: Version) -> Decision:
    """What is to be done about a document that has its counterpart. ``code`` is that of the question about an edit."""
    link = s.link
    assert link is not None
    if link.state == "severed":
        return Decision(s.subject, "left-out", Reason("severed", {"why": link.why}))
    if s.a is None or s.b is None:
        return Decision(s.subject, "waiting", Reason("counterpart-not-read"))
    for seen, name in ((s.a, "crm"), (s.b, "invoicing")):
        if seen.gone:
            reason = Reason("deleted-there", {"side": name, "name": label_of(seen.record)})
            return Decision(s.subject, "gone", reason, (Sever(kind=kind, a_key=link.a_key, b_key=link.b_key, reason=reason),))
    now = version(document_of(s.a))
    # One hand for both records of the link: that of the CRM's. The other would only ask the same question a second time.
    if s.subject.side == "b" or "version" not in link.agreed_a or link.agreed_a["version"] == now:
        return Decision(s.subject, "equal", Reason("in-step"))
    return _edited(s, s.a, s.b, rules, kind, code, now)


def _edited(s: Situation, a: Seen, b: Seen, rules: Rules, kind: PaperKind, code: str, version: str) -> Decision:
    """A document edited after its counterpart exists: that cannot be changed from outside, so a person decides. Never automatic."""
    link = s.link
    assert link is not None
    mine, made = document_of(a), document_of(b)
    untouched = kind == "quote" and made.stage == "draft" and isinstance(mine.lines, NotGiven) and rules.b.writing(kind).delete
    # A document that went out between question and answer makes another question: the answer was given about a draft.
    subject = version if untouched else f"{version}/{made.stage}"
    answer = s.answers.get(f"{code}|{subject}", "")
    agreed = Join(kind=kind, a_key=link.a_key, b_key=link.b_key, agreed_a={"version": version}, reason=Reason("answered-leave"))
    if answer in ("leave", "done-by-hand"):
        return Decision(s.subject, "equal", Reason("answered-leave"), (agreed,))
    if answer == "make-anew" and untouched:
        reason = Reason("quote-made-anew", {"name": mine.title})
        write = Write(operation="delete", side="b", kind=kind, key=link.b_key)
        return Decision(s.subject, "changed", reason, (Send(write=write, reason=reason, link_kind=kind),))
    options = ("leave", "done-by-hand", "make-anew", "later") if untouched else ("leave", "done-by-hand", "later")
    value = mine.value if mine.value is not None else mine.gross if mine.gross is not None else Decimal(0)
    values = {"name": label_of(a.record), "number": made.number, "value": plain(value), "currency": mine.currency}
    ask = Ask(code=code, subject=subject, group=code, options=options, values=values)
    return Decision(s.subject, "doubtful", Reason(code, values), (ask,))

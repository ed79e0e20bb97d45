"""Documents: quotes and invoices of the invoicing system are filed in the CRM, as a note with the rendered file.

A document is filed once. Its version is a hash of its own fields; only when that changes is the file fetched again, and only if the bytes
differ is it put beside the earlier one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from unisono.locale.format import amount_text, date_text
from unisono.model.codes import CREDIT_NOTE, INVOICE, QUOTATION
from unisono.model.document import Document, File, Lines, Note, adds_up, state_of, version_of
from unisono.model.money import plain
from unisono.model.record import label_of
from unisono.model.writing import Write
from unisono.plan.actions import Action, Decision, Reason, Report, Send, Wait
from unisono.plan.situation import FiledQuote, Rules, Seen, Situation

Words = Callable[[str, dict[str, str]], str]
"""``say`` with the pair's language: code and values -> sentence."""
KINDS = {QUOTATION: "quote", INVOICE: "invoice", CREDIT_NOTE: "credit-note"}


def plan_document(s: Situation, rules: Rules, words: Words) -> Decision:
    """What is to be done to file one document of the invoicing system in the CRM."""
    me = s.b
    if me is None or me.gone:
        return Decision(s.subject, "gone", Reason("not-there"))
    document = me.record.body
    assert isinstance(document, Document)
    left_out = _left_out(s, document, rules)
    if left_out is not None:
        return Decision(s.subject, "left-out", left_out)
    off = adds_up(document)
    if off:
        report = Report(code="amounts-do-not-add-up", field="gross", values={"name": label_of(me.record), "told": off})
        return Decision(s.subject, "refused", Reason("amounts-do-not-add-up", {"told": off}), (report,))
    about, why = _place(s, document)
    if not about:
        on = f"b:party:{me.record.owner}"
        return Decision(s.subject, "waiting", Reason("owner-first"), (Wait(on=on, reason=Reason("owner-first")),))
    return _filed(s, me, document, about, why, rules, words)


def _left_out(s: Situation, document: Document, rules: Rules) -> Reason | None:
    policy = rules.policy.documents
    kind = KINDS.get(document.type_code, "")
    if policy.direction == "off" or rules.a.writing("note").create == "none":
        return Reason("direction-off")
    if kind not in policy.kinds:
        return Reason("kind-not-taken", {"kind": kind or document.type_code})
    if s.filed is not None and s.filed.state == "severed":
        return Reason("severed", {"why": s.filed.why})
    if s.filed is None and kind == "quote" and policy.quote_when == "sent" and document.stage not in ("sent", "cancelled"):
        return Reason("quote-not-sent")
    if s.filed is None and kind != "quote" and policy.invoice_when == "issued" and document.stage == "draft":
        return Reason("invoice-is-draft")
    if s.filed is None and s.history and policy.history == "new":
        return Reason("older-than-release")
    if s.owner is not None and s.owner.state in ("unwanted", "severed"):
        return Reason("owner-left-out")
    return None


def _place(s: Situation, document: Document) -> tuple[tuple[str, ...], str]:
    """The CRM records the note is about, most specific first, and why: the deal it came from, else its customer."""
    owner = s.owner
    customer = owner.linked if owner is not None and owner.state == "linked" else ""
    deal, why = offer_of(document, s)
    return tuple(key for key in (deal, customer) if key), why


def offer_of(document: Document, s: Situation) -> tuple[str, str]:
    """The deal a document belongs to, and how that is known.

    A document made from one of the CRM is linked with it, as long as that is there. Another invoice belongs to the deal whose quote
    it follows from or whose reference it carries, as far as it names them, or to that of the one accepted quote of the same customer with equal
    lines and total.
    """
    if s.link is not None and s.link.state == "linked" and not (s.a is not None and s.a.gone):
        return s.link.a_key, "linked-quote" if s.link.kind == "quote" else "linked-invoice"
    with_deal = [q for q in s.quotes if q.deal]
    follows = [quote.deal for quote in with_deal if document.preceding and quote.seen.record.key == document.preceding]
    if follows:
        return follows[0], "preceding"
    if document.reference:
        named = sorted({quote.deal for quote in with_deal if quote.seen.keys.reference == document.reference})
        if len(named) == 1:
            return named[0], "reference"
    equal = [q for q in s.quotes if _invoiced_from(document, q)]
    if len(equal) == 1 and equal[0].deal:
        return equal[0].deal, "equal-lines"
    return "", "no-offer"


def _invoiced_from(document: Document, quote: FiledQuote) -> bool:
    body = quote.seen.record.body
    if not isinstance(body, Document) or body.answer != "accepted" or body.gross != document.gross or document.gross is None:
        return False
    return isinstance(body.lines, Lines) and isinstance(document.lines, Lines) and _rows(body.lines) == _rows(document.lines)


def _rows(lines: Lines) -> list[tuple[str, str, str]]:
    return [(row.name, plain(row.quantity), plain(row.price)) for row in lines.rows]


def _filed(s: Situation, me: Seen, document: Document, about: tuple[str, ...], why: str, rules: Rules, words: Words) -> Decision:
    several = s.filed is not None and int(s.filed.agreed_a.get("files", "0")) > 1
    note = render(document, rules, words, current_file=s.filed.agreed_a.get("file", "") if s.filed and several else "")
    version, text_hash = version_of(document), _hash(note.title + "\n" + note.text)
    source = f"{s.subject.kind}:{s.subject.key}"
    values = {"name": label_of(me.record), "why": why}
    # Where a draft has no file yet, its note comes alone, and the file once there is one.
    listed = rules.b.lists(s.subject.kind)
    with_file = rules.policy.documents.file and (document.stage != "draft" or listed is None or listed.draft_file)
    link = s.filed
    if link is None:
        reason = Reason("document-filed", values)
        create = Write(operation="create", side="a", kind="note", body=Note(title=note.title, text=note.text, about=about))
        actions: list[Action] = [Send(write=create, reason=reason, link_kind="note", agree={"text": text_hash}, source=source)]
        if with_file:
            actions.append(_file(document, version, "$note", source, 1, reason))
        return Decision(s.subject, "new", reason, tuple(actions))
    actions = []
    count = int(link.agreed_a.get("files", "0"))
    reason = Reason("document-changed" if count else "document-filed", values)
    if with_file and link.agreed_b.get("version") != version:
        actions.append(_file(document, version, link.a_key, source, count + 1, reason))
    if link.agreed_a.get("text") != text_hash:
        change = Write(operation="change", side="a", kind="note", key=link.a_key, changes={"title": note.title, "text": note.text})
        actions.append(Send(write=change, reason=reason, link_kind="note", agree={"text": text_hash}, source=source))
    return Decision(s.subject, "changed" if actions else "equal", reason if actions else Reason("in-step"), tuple(actions))


def _file(document: Document, version: str, note: str, source: str, number: int, reason: Reason) -> Send:
    name = (document.number or document.title or "document").replace("/", "-").replace("\\", "-")
    suffix = "" if number == 1 else f"_v{number}"
    write = Write(operation="create", side="a", kind="file", body=File(name=f"{name}{suffix}.pdf"), owner=note)
    return Send(write=write, reason=reason, link_kind="note", agree={"version": version, "files": str(number)}, source=source)


def render(document: Document, rules: Rules, words: Words, *, current_file: str = "") -> Note:
    """The note's title and text in the pair's language. Our reference, the language-free marker, is added when it is written.

    ``current_file`` names the file that counts, once there are several: earlier ones cannot be taken away everywhere.
    """
    language = rules.policy.language
    kind = KINDS.get(document.type_code, "document")
    title = words("note.title", {"system": rules.b.title, "kind": words(f"kind.{kind}", {}), "number": document.number or "-"})
    state = words(f"state.{state_of(document)}", {"level": str(document.dunning)})
    lines = [title, words("note.state", {"state": state})]
    if document.date is not None:
        lines.append(words("note.date", {"date": date_text(document.date, language)}))
    if document.due is not None:
        lines.append(words("note.due" if kind != "quote" else "note.valid", {"date": date_text(document.due, language)}))
    if document.gross is not None:
        lines.append(words("note.total", {"amount": amount_text(document.gross, document.currency, language)}))
    if document.paid == "part" and document.paid_amount is not None:
        lines.append(words("note.paid", {"amount": amount_text(document.paid_amount, document.currency, language)}))
    if rules.policy.documents.staff_link and document.view_url:
        lines.append(words("note.link", {"link": document.view_url}))
    if rules.policy.documents.public_link and document.file_url:
        lines.append(words("note.public-link", {"link": document.file_url}))
    if current_file:
        lines.append(words("note.file", {"file": current_file}))
    return Note(title=title[:100], text="\n".join(lines))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

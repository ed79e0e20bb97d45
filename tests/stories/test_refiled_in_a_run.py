"""A released preview that files a document's new version does both halves of it: the file, and the note that says which one counts."""

from __future__ import annotations

from tests.stories.folk import company, customer, deal_of, invoice
from tests.stories.test_preview import previewed, released, rows
from tests.support.village import Village


def test_a_cancelled_invoice_is_filed_anew_by_the_run_that_showed_it(v: Village) -> None:
    deal_of(v, company(v))
    v.sync()
    paper = invoice(v, customer(v, ORGANIZATION="Mond GmbH", EMAIL="post@mond.example"), TITLE="Laufend")
    v.sync()
    v.sync()
    (note,) = v.crm.truth()["protocols"]
    assert "storniert" not in note["content"]
    v.books_act("cancel_invoice", ID=str(paper))
    v.clock.advance(400)
    run = previewed(v)
    (row,) = [r for r in rows(v, run) if r.kind == "invoice" and r.verdict == "changed"]
    assert [(w["operation"], w["kind"]) for w in row.action["writes"]] == [("create", "file"), ("change", "note")]
    released(v, run)
    v.cycle()
    note = next(p for p in v.crm.truth()["protocols"] if p["id"] == note["id"])
    assert len(note["attachments"]) == 2
    assert "storniert" in note["content"]
    assert note["attachments"][1]["filename"] in note["content"], "it says which of the two files counts"
    assert {r.outcome for r in rows(v, run)} == {"done"}

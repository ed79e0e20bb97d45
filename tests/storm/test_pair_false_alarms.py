"""What the judge once took for a mistake of the product's with Bitrix24 and Lexware Office, each beside the mistake it must go on seeing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from tests.storm import bills, documents, edits, logs, oracle, pace, rehearsal, told
from tests.storm.chance import Streams
from tests.storm.people import mark_of
from tests.storm.picture import Picture
from tests.storm.sides import EXPIRED
from tests.storm.stages import staged
from tests.storm.vendors import drawn
from tests.storm.verdict import Broken
from tests.storm.world import World

PAIR = "bitrix24/lexoffice"


def world(seed: int, pair: str = PAIR) -> World:
    """A drawn world of the second pair, or of another, played to its end."""
    made = World(seed, drawn(pair)(Streams(seed)), staged(pair))
    made.play()
    return made


def said(found: Iterable[Broken]) -> list[str]:
    return [str(one) for one in found]


def test_an_invoice_written_before_the_first_look_under_a_wrong_clock_may_be_history() -> None:
    """The portal's clock is two hours behind, and the invoice was written between the release and the first look at the list."""
    played = world(441)
    assert played.found == []
    e = replace(played.evidence(), skewed=False)
    assert said(bills.judge(Picture(e))) == ["I3: the CRM's invoice r0 has none in the invoicing system [invoice:80001]"]


def test_a_note_whose_deal_was_deleted_before_its_file_came_has_none() -> None:
    """The comment goes on standing on the customer's card; the file would have stood on the deal's."""
    played = world(725)
    assert played.found == []
    p = Picture(played.evidence())
    note = next(note for note in p.records("a", "note").values() if note.key.endswith("@deal/40001"))
    p.records("a", "quote")["deal:40001"] = replace(note, key="deal:40001", values={})
    assert f"I3: the note about AG0001 has no file [{note.key}]" in said(documents.judge(p)), "where the deal stands it is missing"


def test_a_price_typed_while_a_product_is_looked_at_after_a_change_cannot_be_told_from_it() -> None:
    """A product is read in three calls, the price last."""
    played = world(1677)
    assert played.found == []
    e = played.evidence()
    later = replace(e, did=tuple(replace(d, seq=d.seq + 1) if (d.deed.about, d.deed.who) == ("p0", "a") else d for d in e.did))
    p = Picture(later)
    assert [b.invariant for b in edits.apart(p, edits.typed(p))] == ["I3"], "had the look been over, it would be"


def test_a_paper_that_stands_already_where_a_preview_would_move_it_is_not_moved() -> None:
    """Seed 1011: it had been moved, and the process was killed before that was settled. One that was not looked at, or stands elsewhere, is."""
    played = world(1011)
    key, bill = next(iter(played.stage.a.records("invoice").items()))
    name = bill.get("stage_name")
    looked = max(call.seq for call in played.stage.a.log if call.operation == "read" and call.key == key)

    def stand(stage: str, first: int) -> set[str]:
        return rehearsal._stand_there(played, [{"key": key, "after": {"stage": stage}}], first)

    assert name
    assert stand(name, looked - 1) == {key}
    assert stand(name, looked) == set(), "nobody looked"
    assert stand(f"not {name}", looked - 1) == set()


def test_every_customer_that_a_batch_looks_at_has_been_looked_at() -> None:
    """Two customers are read in one call and changed in the next; in between somebody types over the second of them."""
    played = world(21310)
    assert played.found == []
    e = played.evidence()
    earlier = replace(e, did=tuple(replace(d, seq=d.seq - 5) if d.deed.values.get("address.postcode") == "20005" else d for d in e.did))
    p = Picture(earlier)
    said_so = said(edits.lost(p, edits.typed(p)))
    assert said_so == ["I2: '20005' typed for c1 address.postcode on a is lost [a='20004' b='20004']"], (
        "before the look it would have been seen"
    )


def test_a_file_that_came_before_its_document_had_a_number_bears_the_title() -> None:
    """Seed 20824: the clock of the invoicing system is put back two hours, and it shows a number some time after the document."""
    played = world(20824)
    assert played.found == []
    e = replace(played.evidence(), skewed=False)
    assert said(documents.judge(Picture(e))) == ["I3: the note about RE0001 has no file [comment:60005@company/20001]"]


def test_a_note_on_the_card_of_a_deleted_customer_is_none_to_an_older_database() -> None:
    played = world(20895)
    assert played.found == []
    p = Picture(played.evidence())
    notes = p.records("a", "note")
    gone = notes["comment:60001@company/20004"]
    notes[gone.key] = replace(gone, about=("company:20004",))
    p.records("a", "party")["company:20004"] = replace(gone, key="company:20004", values={})
    expected = "I1: 2 notes about RE0001 [comment:60001@company/20004 comment:60005@company/20006]"
    assert expected in said(documents.judge(p)), "where the customer stands there are two"


def test_a_field_cleared_before_a_process_that_died_had_written_down_its_new_customer_is_filled_again() -> None:
    """Seed 25160: made and looked at, and the process ended; somebody empties the telephone number; the next process finds the customer by our
    reference, and cannot know whether the vendor took the number at all."""
    played = world(25160)
    assert played.found == []
    p = Picture(replace(played.evidence(), broken_off=False))
    assert said(edits.lost(p, edits.typed(p))) == ["I2: '' typed for c1 phone on a is lost [a='0221 4001' b='0221 4001']"]


def test_a_paper_that_a_person_moved_first_need_not_be_moved() -> None:
    """Seed 22496: the offer was won in the CRM before it was accepted in the invoicing system; it is looked at, and stands there already."""
    played = world(22496)
    assert played.found == []
    e = played.evidence()
    unmoved = replace(e, did=tuple(d for d in e.did if (d.deed.what, d.deed.about) != ("edit-deal", "q2")))
    expected = "I9: the journal says it was changed, the vendor was never asked to [a quote:50001]"
    assert expected in said(logs.judge(unmoved, Picture(unmoved)))


def test_an_applications_key_is_exchanged_when_the_words_of_its_refusal_were_lost() -> None:
    """Seed 24446. A webhook's address is not exchanged: there a refusal is one without a word."""
    played = world(24446)
    assert played.found == []
    played.stage.a.app = False  # type: ignore[attr-defined]
    e = played.evidence()
    refused = said(pace._refusals("a", [call for call in e.a.log if call.status in (200, 401)], replace(e, restored=False)))
    assert refused[:1] == ["I15: asked again 0.031 s after the key was refused [a ]"]


def test_the_name_of_a_product_is_looked_at_in_the_first_call_of_a_look() -> None:
    """Seed 35566: renamed between the product's row and its prices, and the other side's name written right after."""
    played = world(35566)
    assert played.found == []
    e = played.evidence()
    earlier = replace(e, did=tuple(replace(d, seq=d.seq - 2) if (d.deed.about, d.seq) == ("p0", 62) else d for d in e.did))
    p = Picture(earlier)
    assert said(edits.lost(p, edits.typed(p)))[0].startswith("I2: 'Rohr 3\" Neu0' typed for p0 name on a is lost")


def test_what_a_person_answered_before_an_older_database_was_put_back_was_shown_to_them() -> None:
    played = world(30583)
    assert played.found == []
    e = played.evidence()
    unanswered = replace(e, did=tuple(d for d in e.did if d.deed.what != "answer"))
    p = Picture(unanswered)
    assert said(edits.lost(p, edits.typed(p))) == ["I2: 'Łopata Neu3' typed for p2 name on b is lost [a='Haken p2' b='Haken p2']"]


def test_an_older_database_does_not_find_whom_a_vendor_does_not_list_before_their_hour() -> None:
    """Seed 35406: the clock of the invoicing system was put back two hours, and its list leaves out who was made in the two."""
    played = world(35406)
    assert played.found == []
    played.stage.b.clock.ahead = timedelta()  # type: ignore[attr-defined]
    (twice,) = said(oracle.twins(Picture(played.evidence())))
    assert twice.startswith("I1: 2 records of c0 on b")


def test_a_paper_whose_deletion_came_to_light_with_the_preview_is_not_changed() -> None:
    played = world(35189)
    assert played.found == []
    assert rehearsal._nowhere(played, ("a", "change", "deal:40001"))
    assert rehearsal._nowhere(played, ("a", "change", "comment:60001@deal/40001"))
    standing = next(iter(played.stage.a.records("party")))
    assert not rehearsal._nowhere(played, ("a", "change", standing))
    assert not rehearsal._nowhere(played, ("a", "create", "note")), "what was to be made can be made"


def test_a_price_typed_while_a_new_product_is_looked_at_for_the_first_time_cannot_be_told_from_what_was_sent() -> None:
    """Seed 55018: typed between the product's row and its price."""
    played = world(55018)
    assert played.found == []
    e = played.evidence()
    later = replace(e, did=tuple(replace(d, seq=d.seq + 1) if (d.deed.about, d.deed.who) == ("p0", "a") else d for d in e.did))
    p = Picture(later)
    assert said(edits.apart(p, edits.typed(p)))[0].startswith("I3: p0 price: '1011.50' and '819.99'"), "the look was over"


def test_a_customer_whom_an_older_database_made_anew_has_the_contacts_with_each() -> None:
    """Seed 51893: made by hand on both sides, answered to be one, the answer lost with the database and one of the two renamed."""
    played = world(51893)
    assert played.found == []
    parties = played.stage.a.records("party")
    assert {mark_of("party", parties[c.owner]) for c in played.stage.a.records("contact").values()} == {"c1"}
    p = Picture(played.evidence())
    twice, other = p.marked("a", "contact")["k0"]
    p.marked("a", "contact")["k0"] = [twice, replace(other, owner=twice.owner)]
    assert said(oracle.twins(p)) == ["I1: 2 records of k0 on a [contact:30001 contact:30002]"], "one of them has it twice"


def test_nobody_is_told_of_an_offer_that_waits_for_an_answer_about_its_customer() -> None:
    """Seed 66673: an older database was put back, and asks whether the customer is the one whom it made."""
    played = world(66673)
    assert played.found == []
    p = Picture(replace(played.evidence(), questions=()))
    assert said(told.judge(p))[:1] == ["I3: q0 is quote/accepted, and nobody in the CRM was told [deal:40001]"], "nothing is asked"


def test_a_refusal_whose_answer_broke_off_on_the_line_was_not_heard() -> None:
    """Seed 12350: an application's key has run out, and the answer that says so ends after a byte. Reading is tried again at once."""
    played = world(12350, "bitrix24/fastbill")
    assert played.found == []
    e = played.evidence()
    whole = [replace(call, fault="") if call.fault == pace.CUT else call for call in e.a.log]
    assert said(pace._refusals("a", whole, e)) == ["I15: asked again 0.531 s after the key was refused [a ]"]


def test_an_edit_is_hidden_where_the_look_before_the_write_shows_an_old_copy() -> None:
    """Seed 13814: typed before the look, which shows the company as it was at the look before."""
    pair = "centralstation/lexoffice"
    played = world(13814, pair)
    assert played.found == []
    log = played.stage.a.log
    log[:] = [replace(call, fault="") if call.fault == "stale" else call for call in log]  # type: ignore[index]
    p = Picture(played.evidence())
    (told_lost,) = said(edits.lost(p, edits.typed(p)))
    assert told_lost.startswith("I2: 'Ort 2' typed for c0 address.city on a is lost"), "a look that shows the truth shows the edit"


def test_a_process_that_ends_as_it_writes_down_a_refused_key_has_told_nobody() -> None:
    """Seed 72216: the next one asks once more."""
    played = world(72216)
    assert played.found == []
    e = replace(played.evidence(), unkept=())
    assert said(pace._refusals("a", e.a.log, e)) == ["I15: asked again 0.031 s after the key was refused [a ]"]


def test_what_a_call_made_that_a_process_slept_over_is_asked_about() -> None:
    """Seed 77442: the process that took over found a product made by hand, the very one that was to be made; the call came through after that."""
    played = world(77442)
    assert played.found == []
    e = replace(played.evidence(), questions=())
    unexplained = said(logs._explained("a", [call for call in e.a.log if call.done], e, Picture(e)))
    assert unexplained == ["I9: made, and the journal does not know of it [a product:90003]"], "nobody is asked"


def test_an_edit_after_a_look_that_failed_is_hidden_by_the_one_that_is_tried_again() -> None:
    """Seed 72684: typed between the two looks after a write of the same field."""
    played = world(72684)
    assert played.found == []
    e = played.evidence()
    later = replace(e, did=tuple(replace(d, seq=d.seq + 1) if (d.deed.about, d.seq) == ("c0", 57) else d for d in e.did))
    p = Picture(later)
    assert said(edits.apart(p, edits.typed(p)))[0].startswith("I3: c0 email: 'neu5@post.example' and 'neu4@post.example'"), (
        "the look was over"
    )


def test_the_hour_of_the_server_that_exchanges_keys_is_not_the_portals() -> None:
    """Seed 73194: the exchange is told to wait, and something is written to the portal meanwhile. Had the portal said so, it would have to wait."""
    played = world(73194)
    assert played.found == []
    e = played.evidence()
    portal = [replace(call, fault="") if call.fault == EXPIRED else call for call in e.a.log]
    assert said(pace._stops("a", portal, e)) == ["I15: asked again 35.892 s before the hour it was told [a ]"]

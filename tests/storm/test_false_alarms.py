"""What the judge once took for a mistake of the product's and is none, each beside the mistake it must go on seeing."""

from __future__ import annotations

from dataclasses import replace

from tests.storm import causes, edits, logs, oracle, scenes
from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.fakes import Fake
from tests.storm.invented import UNLISTED, faked
from tests.storm.levels import engine
from tests.storm.picture import Picture
from tests.storm.sides import Entry
from tests.storm.traits import Traits
from tests.storm.world import World, draw
from tests.support.clock import FakeClock

COMPANY = {
    "kind": "company",
    "name": "Sonne c0 GmbH",
    "website": "www.c0.example",
    "address.line1": "Ring 1",
    "address.postcode": "10115",
    "address.city": "Köln",
    "address.country": "DE",
}
MADE = Deed(At(0), "a", "create", "c0", COMPANY)
TAGGED = Deed(At(0), "a", "tag", "c0")


def invented(seed: int, *deeds: Deed, **knobs: str) -> World:
    """A world between the invented vendors of a seed, played to its end."""
    drawn = engine.draw(Streams(seed))
    world = World(seed, Script(3, deeds, (), {**drawn.knobs, **knobs}), faked)
    world.play()
    return world


def test_a_lost_deal_has_no_quote_whatever_a_vendor_calls_it() -> None:
    assert scenes.torn_pulls(101).broken == ()


def test_a_note_that_outlived_its_customer_can_be_found_by_nobody() -> None:
    """The answer to filing an invoice is lost, and the customer deleted before anybody looks: the note stands, and about nobody."""
    born = replace(MADE, who="b", values=COMPANY | {"kind": "person", "name": "Sonne c0", "first_name": "Jörg"})
    filed = Deed(At(1), "b", "invoice", "i0", {"customer": "c0", "title": "Rechnung i0", "value": "5116.00", "complete": "1"})
    lost = Break(At(1), 8, {"side": "a", "name": "reset-after", "match": "protocols", "value": "", "times": "1", "skip": "0"})
    deeds = (born, filed, Deed(At(2), "a", "delete", "c0"))
    world = World(2, Script(4, deeds, (lost,), {"plan": "premium"}))
    world.play()
    ((key, note),) = world.stage.a.records("note").items()
    assert (note.about, world.found) == ((), [])
    e = world.evidence()
    kept = replace(e, did=tuple(one for one in e.did if one.deed.what != "delete"))
    said = [str(b) for b in logs.judge(kept, Picture(kept))]
    assert f"I9: made, and the journal does not know of it [a {key}]" in said, "whose customer nobody deleted is to be found"
    p = Picture(e)
    p.records("a", "note")[key] = Entry(key, note.values, about=("person:1",))
    assert f"I9: made, and the journal does not know of it [a {key}]" in [str(b) for b in logs.judge(e, p)], "so is one about somebody"


def test_who_takes_a_change_back_while_the_vendor_shows_an_old_copy_says_nothing_that_can_be_seen() -> None:
    """Seed 6773's books show a row for two seconds as it was. What is typed within them equals what the copy shows."""
    back = Deed(At(2, 6), "b", "edit", "c0", {"address.postcode": "10115"})
    changed = Deed(At(1), "a", "edit", "c0", {"address.postcode": "20001"})
    at_once = next(n for n in range(1, 40) if _typed_in_the_copy(replace(back, at=At(1, n)), changed))
    world = invented(6773, MADE, TAGGED, changed, replace(back, at=At(1, at_once)))
    ends = [next(iter(side.records("party").values())).get("address.postcode") for side in (world.stage.a, world.stage.b)]
    assert (ends, world.found) == (["20001", "10115"], [])
    p = Picture(world.evidence())
    assert list(edits.apart(p, edits.typed(p))) == []
    log = world.stage.b.log
    log[:] = [replace(c, fault="") if c.fault == "trailing" else c for c in log]  # type: ignore[index]
    p = Picture(world.evidence())
    assert [b.invariant for b in edits.apart(p, edits.typed(p))] == ["I3"], "a look that shows the truth is seen"


def _typed_in_the_copy(back: Deed, changed: Deed) -> bool:
    """Whether a deed falls right after the look that showed the old copy."""
    world = invented(6773, MADE, TAGGED, changed, back)
    stale = [c.seq for c in world.stage.b.log if c.fault == "trailing"]
    return any(d.seq in stale for d in world.did if d.deed.who == "b")


def test_a_tag_on_a_person_makes_nobody_a_customer_where_contacts_are_not_read() -> None:
    """The contacts of the invented vendors are a list of their own."""
    person = Deed(At(1), "a", "create", "k0", {"kind": "contact", "owner": "c0", "name": "Sommer k0", "first_name": "Anna"})
    there = (MADE, person, replace(TAGGED, at=At(1), about="k0"))
    choice = Deed(At(0, 99), "us", "policy", "", {"entry": "customers.contacts=none"})
    knobs = {"contacts": "all", "when": '"quote", "tag"', "policy": ""}
    left = invented(8790, *there, choice, **knobs)
    assert (dict(left.stage.b.records("party")), left.found) == ({}, [])
    read = invented(8790, *there, **knobs)
    assert (len(read.stage.b.records("party")), read.found) == (1, [])
    p = Picture(read.evidence())
    assert p.wanted("b") == {"c0"}


def test_a_list_leaves_out_what_was_made_this_moment_and_nothing_older() -> None:
    clock = FakeClock()
    fake = Fake(Traits(side="a"), clock)
    fake.create("party", {"name": "Sonne GmbH"})
    young = fake.newest("party", UNLISTED)
    clock.advance(UNLISTED + 1)
    assert (len(young), fake.newest("party", UNLISTED)) == (1, set())


def drawn(seed: int) -> World:
    """The world of an engine seed, played to its end."""
    world = World(seed, engine.draw(Streams(seed)), faked)
    world.play()
    return world


def test_who_sends_whole_rows_puts_back_what_was_typed_between_look_and_write() -> None:
    """FastBill's user types an e-mail right before a city is carried over; the CRM's user types the same one, and it is carried over anew."""
    world = next(w for n in range(8, 16) if _put_back(w := _typed_into_the_write(n)))
    assert (world.found, {e.get("email") for e in world.stage.b.records("party").values()}) == ([], {"neu@post.example"})
    p = Picture(world.evidence())
    typed = [one for one in edits.typed(p) if one.letter == "a"]
    said = [str(b) for b in causes.judge(p, typed)]
    assert [s.partition(" of ")[0] for s in said] == ["I4: email"], "without anybody who typed there it is a second change for one edit"


def _typed_into_the_write(call: int) -> World:
    born = replace(MADE, values=COMPANY | {"email": "c0@post.example"})
    city = Deed(At(2), "a", "edit", "c0", {"address.city": "Bonn"})
    both = tuple(Deed(At(2, call), who, "edit", "c0", {"email": "neu@post.example"}) for who in ("b", "a"))
    world = World(1, Script(4, (born, TAGGED, city, *both), (), {"plan": "premium"}))
    world.play()
    return world


def _put_back(world: World) -> bool:
    return any((w.field, w.before, w.value) == ("email", "neu@post.example", "c0@post.example") for c in world.stage.b.log for w in c.wrote)


def test_a_look_that_failed_shows_nothing_of_a_new_record() -> None:
    """Seed 20238: what was made could not be read back, and its e-mail is emptied before anybody has looked."""
    world = drawn(20238)
    assert world.found == []
    log = world.stage.a.log
    log[:] = [replace(c, fault="") if c.operation == "read" else c for c in log]  # type: ignore[index]
    p = Picture(world.evidence())
    assert [b.invariant for b in edits.lost(p, edits.typed(p))] == ["I2"], "had it been seen, it would be lost"


def test_what_a_person_said_to_be_none_of_ours_is_known_of() -> None:
    """Seed 21642: two customers alike, one of them ours, and the person names the other."""
    world = drawn(21642)
    assert world.found == []
    e = world.evidence()
    unasked = replace(e, questions=())
    assert [b.invariant for b in logs.judge(unasked, Picture(unasked))] == ["I9"]


def test_who_types_what_we_were_about_to_write_has_written_it_for_us() -> None:
    """Seed 28924: the process ends right before its call, and FastBill's user types the very number."""
    world = drawn(28924)
    assert world.found == []
    e = world.evidence()
    alone = replace(e, did=tuple(d for d in e.did if (d.deed.who, d.deed.what, "phone" in d.deed.values) != ("b", "edit", True)))
    assert "I9" in {b.invariant for b in logs.judge(alone, Picture(alone))}


def test_of_whom_a_person_says_that_it_is_another_one_a_second_is_made() -> None:
    """World 4942: a restored pair asks whether a customer is the one it made; the person says no, and is wrong."""
    world = World(4942, draw(Streams(4942)))
    world.play()
    assert world.found == []
    e = world.evidence()
    unsaid = replace(e, did=tuple(d for d in e.did if d.deed.what != "answer"))
    assert "I1" in {b.invariant for b in oracle.twins(Picture(unsaid))}


def test_old_copies_of_one_account_do_not_show_in_another() -> None:
    """World 4041: FastBill's interface is behind, and somebody enters another company's key."""
    world = World(4041, draw(Streams(4041)))
    world.play()
    assert (world.found, world.bitten.get(47)) == ([], 1)

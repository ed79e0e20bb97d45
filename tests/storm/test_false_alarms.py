"""What the judge once took for a mistake of the product's and is none, each beside the mistake it must go on seeing."""

from __future__ import annotations

from dataclasses import replace

from tests.storm import edits, logs, scenes
from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.fakes import Fake
from tests.storm.invented import UNLISTED, faked
from tests.storm.levels import engine
from tests.storm.picture import Picture
from tests.storm.sides import Entry
from tests.storm.traits import Traits
from tests.storm.world import World
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

"""The invented vendors behave as they were drawn, and their doors tell the product so."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.storm.chance import At, Break, Deed, Streams
from tests.storm.invented import Invented
from tests.storm.sides import Impossible, Listener
from tests.storm.stages import Setting
from tests.storm.traits import EXTRA, PARTY, Traits, capabilities_of, draw_traits
from tests.support.clock import FakeClock
from unisono.model.capability import Find
from unisono.model.errors import BadAnswer, Conflicted, LoginRefused, NotThere, Refused, SystemFault, TryLater, Unavailable, Unclear
from unisono.model.party import Party
from unisono.model.record import flat_of
from unisono.model.writing import Write
from unisono.store.secrets import KeyRing

SUN = {"kind": "company", "name": "Sonne GmbH", "website": "www.c1.example", "email": "Post@Sonne.example"}
KEYS: dict[str, str] = {}


def vendor(tmp_path: Path, side: str = "b", **nature: Any) -> Invented:
    """An invented vendor of that nature."""
    clock, ring = FakeClock(), KeyRing(tmp_path / "key")
    listen = Listener()
    setting = Setting(clock=clock, ours=clock, streams=Streams(1), knobs={}, listen=listen, folder=tmp_path, ring=ring)
    made = Invented(Traits(side="a" if side == "a" else "b", **nature), setting, [0, 0])
    made.forget_log()
    return made


def born(v: Invented, **values: str) -> str:
    """A customer that a person made."""
    return v.act(Deed(At(0), v.letter, "create", "c1", SUN | values), KEYS)


def names(v: Invented) -> list[str]:
    """What a whole listing shows."""
    return [record.body.name for page in v.door.pages("party") for row in page.rows for record in v.door.records(row)]  # type: ignore[union-attr]


def creating(name: str = "Mond GmbH", reference: str = "uni-0000000000000001") -> Write:
    """A customer that the product makes."""
    body = Party(type="company", name=name, email="post@mond.example", reference=reference)
    return Write(operation="create", side="b", kind="party", body=body, reference=reference)


def changing(key: str, **changes: str) -> Write:
    """A customer that the product changes."""
    return Write(operation="change", side="b", kind="party", key=key, changes=changes)


def sent(v: Invented, write: Write) -> str:
    """Sends a write, read before if it is a change; returns the key."""
    current = v.door.read("party", write.key) if write.operation == "change" else None
    (command,) = v.door.compose(write, current)
    return v.door.send(command).key


def test_a_list_is_read_whole_in_small_pages_and_its_rows_are_what_people_typed(tmp_path: Path) -> None:
    v = vendor(tmp_path, page=3)
    for number in range(8):
        born(v, name=f"Kunde {number}")
    assert names(v) == [f"Kunde {number}" for number in range(8)]
    assert len([call for call in v.log if call.operation == "list"]) == 4


def test_a_row_that_goes_while_the_list_is_read_hides_no_other(tmp_path: Path) -> None:
    v = vendor(tmp_path, page=3)
    keys = [born(v, name=f"Kunde {number}") for number in range(7)]
    pages = v.door.pages("party")
    shown = [row.key for row in next(pages).rows]
    v.act(Deed(At(0), "b", "delete", "x"), {"x": keys[0]})
    shown += [row.key for page in pages for row in page.rows]
    assert shown == keys


@pytest.mark.parametrize("find", ("reference", "natural", "idempotency-key"))
def test_a_create_whose_answer_was_lost_is_found_by_every_means(find: Find, tmp_path: Path) -> None:
    v = vendor(tmp_path, find=find)
    assert v.door.probe(creating()) == ()
    v.arm(Break(At(0), 7, {"match": "create"}))
    with pytest.raises(Unclear):
        sent(v, creating())
    (found,) = v.door.probe(creating())
    assert list(v.records("party")) == [found.key]
    assert (v.log[-2].done, v.bitten()[7]) == (True, 1)


def test_under_an_idempotency_key_a_second_create_makes_nothing_new(tmp_path: Path) -> None:
    v = vendor(tmp_path, find="idempotency-key")
    assert sent(v, creating()) == sent(v, creating())
    assert len(v.records("party")) == 1


def test_a_search_trails_a_create_by_its_lag(tmp_path: Path) -> None:
    v = vendor(tmp_path, find_lag=20)
    assert capabilities_of(v.fake.traits).writing("party").lag == 20
    key = sent(v, creating())
    assert v.door.probe(creating()) == ()
    v.true.advance(21)
    assert [row.key for row in v.door.probe(creating())] == [key]
    assert v.bitten()[21] == 2


def test_a_change_that_rests_on_an_older_version_is_refused(tmp_path: Path) -> None:
    v = vendor(tmp_path, conditional=True)
    key = born(v)
    current = v.door.read("party", key)
    v.act(Deed(At(0), "b", "edit", "c1", {"email": "neu@sonne.example"}), {"c1": key})
    (command,) = v.door.compose(changing(key, name="Sonne AG"), current)
    with pytest.raises(Conflicted):
        v.door.send(command)
    assert v.records("party")[key].get("name") == "Sonne GmbH"
    assert v.bitten()[12] == 1


def test_without_versions_the_last_one_wins(tmp_path: Path) -> None:
    v = vendor(tmp_path)
    key = born(v)
    assert sent(v, changing(key, name="Sonne AG")) == key
    assert v.records("party")[key].get("name") == "Sonne AG"


def test_a_vendor_keeps_what_it_is_given_in_its_own_spelling(tmp_path: Path) -> None:
    v = vendor(tmp_path, habits=(("email", "lower"), ("name", "trim"), ("website", "ignore")))
    key = born(v, name="Sonne   GmbH ")
    entry = v.records("party")[key]
    assert (entry.get("name"), entry.get("email"), entry.get("website")) == ("Sonne GmbH", "post@sonne.example", "")
    assert (v.bitten()[22], v.bitten()[23]) == (3, 1)
    assert v.kept("email", "A@B") == "a@b"


@pytest.mark.parametrize("redirects", (True, False))
def test_of_two_merged_records_the_lost_one_is_not_found_whether_its_address_redirects_or_not(redirects: bool, tmp_path: Path) -> None:
    v = vendor(tmp_path, redirects=redirects)
    lost, kept = born(v, phone="030 1"), born(v, name="Sonne AG")
    v.act(Deed(At(0), "b", "merge", "c1", {"loser": "c2"}), {"c1": kept, "c2": lost})
    assert v.door.read("party", lost) is None
    assert v.door.read("party", kept) is not None
    assert list(v.records("party")) == [kept]
    assert v.records("party")[kept].get("phone") == "030 1"


def test_what_was_archived_is_in_no_list_and_still_there(tmp_path: Path) -> None:
    v = vendor(tmp_path, removal="archive")
    key = born(v)
    v.act(Deed(At(0), "b", "delete", "c1"), {"c1": key})
    assert names(v) == []
    assert v.door.read("party", key) is not None
    v.act(Deed(At(0), "b", "restore", "c1"), {"c1": key})
    assert names(v) == ["Sonne GmbH"]


def test_a_list_of_changes_shows_a_change_only_after_its_lag(tmp_path: Path) -> None:
    v = vendor(tmp_path, signal="stamp", list_lag=45, whole_seconds=True)
    resource = capabilities_of(v.fake.traits).resource("invoice")
    assert (resource.signal, resource.overlap) == ("stamp", 50)
    since = v.fake.now()
    born(v)
    assert [row for page in v.door.pages("party", since.replace(microsecond=0)) for row in page.rows] == []
    v.true.advance(46)
    assert len([row for page in v.door.pages("party", since.replace(microsecond=0)) for row in page.rows]) == 1
    assert v.bitten()[20] == 1


def test_for_a_moment_after_a_write_a_copy_shows_what_was_there_before(tmp_path: Path) -> None:
    v = vendor(tmp_path, stale=2)
    key = born(v)
    sent(v, changing(key, name="Sonne AG"))
    assert name_of(v, key) == "Sonne GmbH"
    v.true.advance(2)
    assert name_of(v, key) == "Sonne AG"


def name_of(v: Invented, key: str) -> str:
    """What a read shows."""
    raw = v.door.read("party", key)
    assert raw is not None
    return flat_of(v.door.records(raw)[0].body)["name"]


def test_a_token_that_ran_out_is_refreshed_and_one_whose_successor_got_lost_asks_for_a_person(tmp_path: Path) -> None:
    v = vendor(tmp_path, token_life=600)
    born(v)
    v.true.advance(601)
    assert names(v) == ["Sonne GmbH"]
    assert v.arm(Break(At(0), 14, {"match": "refresh"}))
    with pytest.raises(Unavailable):
        names(v)
    with pytest.raises(LoginRefused):
        names(v)
    assert v.bitten()[14] == 1
    v.disarm()
    assert names(v) == ["Sonne GmbH"]


def test_a_vendor_without_tokens_loses_none(tmp_path: Path) -> None:
    assert not vendor(tmp_path).arm(Break(At(0), 14, {"match": "refresh"}))


FAULTS: tuple[tuple[int, str, str, type[SystemFault], bool], ...] = (
    (5, "refused", "POST ", Unavailable, False),
    (6, "timeout-before", "customer.create", Unclear, False),
    (7, "timeout-after", "POST companies", Unclear, True),
    (8, "torn-json", "create", Unclear, True),
    (9, "rate", "create", TryLater, False),
    (10, "status", "create", Unclear, False),
    (10, "status-after", "create", Unclear, True),
    (11, "html", "", Unclear, False),
    (13, "unauthorised", "", LoginRefused, False),
)


@pytest.mark.parametrize(("number", "form", "match", "fault", "done"), FAULTS)
def test_a_fault_strikes_as_often_as_it_was_armed_and_does_what_its_name_says(
    number: int, form: str, match: str, fault: type[SystemFault], done: bool, tmp_path: Path
) -> None:
    v = vendor(tmp_path)
    assert v.arm(Break(At(0), number, {"name": form, "match": match, "times": "1"}))
    with pytest.raises(fault):
        sent(v, creating())
    assert len(v.records("party")) == done
    assert v.log[-1].fault == str(number)
    sent(v, creating("Stern GmbH", "uni-0000000000000002"))
    assert (len(v.records("party")), v.bitten()[number]) == (1 + done, 1)


def test_a_row_of_the_wrong_shape_is_told_and_the_next_look_finds_it_mended(tmp_path: Path) -> None:
    v = vendor(tmp_path)
    born(v)
    v.arm(Break(At(0), 24, {"name": "surprise"}))
    with pytest.raises(BadAnswer):
        names(v)
    assert names(v) == ["Sonne GmbH"]


def test_a_hidden_record_is_neither_listed_nor_found_and_comes_back(tmp_path: Path) -> None:
    v = vendor(tmp_path)
    key = born(v)
    v.hidden.add(key)
    assert (names(v), v.door.read("party", key)) == ([], None)
    assert list(v.records("party")) == [key], "the truth is that it is there"
    v.disarm()
    assert names(v) == ["Sonne GmbH"]


REFUSALS: tuple[tuple[Callable[[str], Write], type[SystemFault]], ...] = (
    (lambda _: changing("P999", name="x"), NotThere),
    (lambda key: changing(key, name=" "), Refused),
    (lambda _: creating("x" * 31), Refused),
)


@pytest.mark.parametrize(("write", "fault"), REFUSALS)
def test_what_the_vendor_refuses_is_not_done(write: Callable[[str], Write], fault: type[SystemFault], tmp_path: Path) -> None:
    v = vendor(tmp_path, lengths=(("name", 30),))
    key = born(v)
    (command,) = v.door.compose(write(key), None)
    with pytest.raises(fault):
        v.door.send(command)
    assert [entry.get("name") for entry in v.records("party").values()] == ["Sonne GmbH"]


def test_people_cannot_do_what_makes_no_sense(tmp_path: Path) -> None:
    v = vendor(tmp_path)
    for what in ("edit", "delete", "merge", "tag", "complete", "deal"):
        with pytest.raises(Impossible):
            v.act(Deed(At(0), "b", what, "nobody", {"loser": "nobody", "customer": "nobody", "title": "x", "value": "1"}), KEYS)


def test_an_issued_invoice_adds_up_and_is_never_deleted(tmp_path: Path) -> None:
    v = vendor(tmp_path)
    keys = {"c1": born(v)}
    keys["i0"] = v.act(
        Deed(At(0), "b", "invoice", "i0", {"customer": "c1", "title": "Rechnung i0", "value": "33.33", "complete": "1"}), keys
    )
    entry = v.records("invoice")[keys["i0"]]
    assert (entry.get("net"), entry.get("vat"), entry.get("gross"), entry.get("state")) == ("33.33", "6.33", "39.66", "issued")
    with pytest.raises(Impossible):
        v.act(Deed(At(0), "b", "delete", "i0"), keys)


def test_every_nature_that_can_be_drawn_is_one_the_product_understands() -> None:
    seen: dict[str, set[object]] = {"find": set(), "signal": set(), "conditional": set(), "removal": set(), "page": set(), "skew": set()}
    for seed in range(200):
        traits = draw_traits(random.Random(f"nature {seed}"), "b")
        known = capabilities_of(traits)
        assert set(known.fields("party")) == {"type", *PARTY, *traits.extra}
        assert set(traits.extra) <= set(EXTRA)
        for name, values in seen.items():
            values.add(getattr(traits, name))
    assert seen["find"] == {"reference", "natural", "idempotency-key"}
    assert seen["signal"] == {"stamp", "coarse-stamp", "compare", "ordered-until", "version"}
    assert all(len(values) > 1 for values in seen.values())

"""The worlds of every pair of simulators: they hold, each vendor's own faults bite, and the sides tell what really happened on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.storm import bitrix24, flows, lexoffice
from tests.storm.__main__ import main
from tests.storm.chance import At, Break, Deed, Script, Streams
from tests.storm.levels import worlds
from tests.storm.marks import mark_in, mobile_of
from tests.storm.sides import EXPIRED, Call
from tests.storm.stages import PAIR, PAIRS, staged
from tests.storm.vendors import drawn
from tests.storm.world import World, draw

SECOND = [pair for pair in PAIRS if pair != PAIR]
FIRM = {
    "kind": "company",
    "website": "www.c0.example",
    "name": "Mond Optik c0 GmbH",
    "address.line1": "Ring 1",
    "address.postcode": "10115",
}
FIRM |= {"address.city": "Köln", "address.country": "DE", "email": "c0@post.example", "phone": "0221 4000"}


def played(pair: str, deeds: Sequence[Deed], breaks: Sequence[Break] = (), *, turns: int = 4) -> World:
    """A world of these deeds, played and judged."""
    world = World(1, Script(turns, tuple(deeds), tuple(breaks)), staged(pair))
    end = world.play()
    assert end.broken == ()
    return world


def writes(calls: Sequence[Call]) -> list[tuple[str, str]]:
    return [(call.operation, call.kind) for call in calls if call.done]


@pytest.mark.parametrize("pair", SECOND)
def test_drawn_worlds_hold_with_every_pair(pair: str) -> None:
    verdict = worlds.run(1, 6, pair)

    assert verdict.failures == []
    assert verdict.figures["worlds"] == 6
    assert verdict.figures["deeds"] > 30
    assert verdict.level == pair


@pytest.mark.parametrize("pair", SECOND)
def test_a_seed_of_a_pair_is_repeated_by_one_line(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--pair", pair, "--seed", "2"]) == 0
    first = capsys.readouterr().out
    assert main(["--level", "worlds", "--pair", pair, "--seed", "2"]) == 0

    assert capsys.readouterr().out == first
    assert first.startswith(f"{pair} 2: 0 broken, trace ")


def test_a_customer_and_their_offer_cross_between_the_second_pair_and_come_back_as_a_note() -> None:
    world = played(
        "bitrix24/lexoffice",
        [
            Deed(At(0), "a", "create", "c0", FIRM),
            Deed(At(0), "a", "deal", "q1", {"customer": "c0", "title": "Angebot q1", "value": "119.00"}),
            Deed(At(2), "b", "state", "q1", {"state": "b"}),
        ],
    )

    (party,) = world.stage.b.records("party").values()
    (quote,) = world.stage.b.records("quote").values()
    (note,) = world.stage.a.records("note").values()
    assert (party.get("name"), mark_in(party.get("mobile"))) == ("Mond Optik c0 GmbH", "c0")
    assert (quote.get("title"), quote.get("gross"), quote.get("state")) == ("Angebot q1", "119.00", "open")
    assert note.get("files") == "AG0001.pdf"
    assert set(note.about) == {next(iter(world.stage.a.records("quote"))), next(iter(world.stage.a.records("party")))}


def test_a_batch_is_one_call_of_the_limit_and_one_making_of_a_customer() -> None:
    world = played("bitrix24/lexoffice", [Deed(At(0), "b", "create", "c0", FIRM)])

    calls = [call for call in world.stage.a.log if call.done]
    assert writes(calls) == [("create", "party")]
    assert calls[0].key == next(iter(world.stage.a.records("party")))
    assert calls[0].status == 200
    assert sum(1 for call in world.stage.a.log if call.at == calls[0].at and call.status) == 1


def test_a_put_that_brings_a_contact_person_is_that_person_s_making() -> None:
    person = {"kind": "contact", "owner": "c0", "name": "Nagel k0", "first_name": "Nora", "email": "k0@post.example"}
    world = played(
        "centralstation/lexoffice",
        [
            Deed(At(0), "b", "create", "c0", FIRM),
            Deed(At(1), "a", "tag", "c0"),
            Deed(At(2), "a", "create", "k0", person),
            Deed(At(2), "a", "tag", "k0"),
        ],
        turns=5,
    )

    (contact,) = world.stage.b.records("contact").values()
    assert contact.get("name") == "Nagel k0"
    made = [call for call in world.stage.b.log if call.done]
    assert [(call.operation, call.kind, call.key) for call in made] == [("create", "contact", contact.key)]


BITES = [
    *(("bitrix24/lexoffice", "a", name, number) for name, number in bitrix24.OWN.items()),
    *(("bitrix24/lexoffice", "b", name, number) for name, number in lexoffice.OWN.items()),
    ("bitrix24/lexoffice", "b", "conflict", 12),
]


@pytest.mark.parametrize(("pair", "side", "name", "number"), BITES, ids=lambda value: str(value))
def test_a_fault_that_only_this_vendor_has_strikes_and_nothing_is_lost_or_doubled(pair: str, side: str, name: str, number: int) -> None:
    match = {"conflict": "PUT ", "number-race": "POST contacts"}.get(name, "")
    break_ = Break(At(1), number, {"side": side, "name": name, "match": match, "times": "1", "skip": "0", "value": "1"})
    world = played(
        pair,
        [
            Deed(At(0), "a" if side == "b" else "b", "create", "c0", FIRM),
            *([Deed(At(0), "a", "tag", "c0")] if side == "b" else []),
            Deed(At(1), "a" if side == "b" else "b", "edit", "c0", {"email": "neu@post.example"}),
            Deed(At(2), "a" if side == "b" else "b", "edit", "c0", {"phone": "0221 7001"}),
        ],
        [Break(At(0), break_.fault, break_.values) if name == "number-race" else break_],
    )

    (there,) = world.side(side).records("party").values()
    assert (there.get("email"), there.get("phone")) == ("neu@post.example", "0221 7001")
    assert sum(side_.bitten().get(number, 0) for side_ in (world.stage.a, world.stage.b)) == 1


def test_what_is_drawn_for_a_pair_is_what_every_pair_has_and_more_that_only_its_vendors_have() -> None:
    seen, switched = Counter[str](), Counter[str]()
    for seed in range(1, 300):
        here, common = drawn("bitrix24/lexoffice")(Streams(seed)), drawn(PAIR)(Streams(seed))
        assert here.turns == common.turns
        assert set(map(repr, common.deeds)) <= set(map(repr, here.deeds))
        assert common.knobs.items() <= here.knobs.items()
        seen.update(b.values["name"] for b in here.breaks if b not in common.breaks)
        switched.update([*flows.on(here.knobs), here.knobs.get("login", "webhook")])

    assert set(seen) == {*bitrix24.OWN, *lexoffice.OWN, "conflict"}
    assert set(switched) == {*flows.POSSIBLE["bitrix24/lexoffice"], "app", "webhook"}
    assert min(switched.values()) > 30


def test_where_nothing_more_can_be_switched_on_the_first_pair_s_worlds_stay_as_they_were() -> None:
    assert [drawn(PAIR)(Streams(seed)) for seed in range(20)] == [draw(Streams(seed)) for seed in range(20)]
    assert not any("flows" in drawn(PAIR)(Streams(seed)).knobs for seed in range(100))


def flowing(deeds: Sequence[Deed], switched: str, *, pair: str = "bitrix24/lexoffice", turns: int = 4, **knobs: str) -> World:
    """A world with more switched on, played and judged."""
    world = World(1, Script(turns, tuple(deeds), (), knobs | {"flows": switched, "touch_parent": "1"}), staged(pair))
    assert world.play().broken == ()
    assert not world.figures.get("impossible deeds")
    return world


def bill(turn: int) -> Deed:
    return Deed(At(turn), "a", "bill", "r0", {"customer": "c0", "title": "Rechnung r0", "value": "119.00"})


@pytest.mark.parametrize(("switched", "state"), (("bills", "draft"), ("issued", "open"), ("products", "")))
def test_an_invoice_of_the_portal_crosses_as_the_policy_names_it(switched: str, state: str) -> None:
    world = flowing([Deed(At(0), "b", "create", "c0", FIRM), bill(1)], switched)

    assert [(one.get("title"), one.get("gross"), one.get("state")) for one in world.stage.b.records("invoice").values()] == (
        [("Rechnung r0", "119.00", state)] if state else []
    )


def test_an_edit_of_a_product_is_one_change_on_the_other_side_and_its_number_is_its_mark() -> None:
    made = {"kind": "product", "name": "Kran", "price": "12.50"}
    edited = Deed(At(2), "b", "edit", "p0", {"price": "99.00"})
    world = flowing([Deed(At(0), "a", "create", "p0", made), edited], "products")

    (here,), (there,) = (side.records("product").values() for side in (world.stage.a, world.stage.b))
    assert (here.get("number"), Decimal(here.get("price")), Decimal(there.get("price"))) == ("p0", Decimal(99), Decimal(99))
    (change,) = [call for call in world.stage.a.log if call.done]
    assert (change.operation, change.key, [(w.field, w.value) for w in change.wrote]) == ("change", here.key, [("price", "99")])


@pytest.mark.parametrize(
    ("pair", "stages", "said"),
    (("bitrix24/lexoffice", ["STORM_1"], 0), ("bitrix24/fastbill", ["STORM_1"], 0), ("centralstation/lexoffice", [None], 1)),
)
def test_an_accepted_quote_moves_its_deal_or_is_said_in_a_note(pair: str, stages: list[str | None], said: int) -> None:
    deeds = [
        Deed(At(0), "a", "create", "c0", FIRM),
        Deed(At(0), "a", "deal", "q1", {"customer": "c0", "title": "Angebot q1", "value": "9"}),
    ]
    sent = [Deed(At(turn), "b", "state", "q1", {"state": state}) for turn, state in ((1, "b"), (2, "d"))]
    world = flowing([*deeds, *sent], "states", pair=pair)

    assert [deal.values.get("stage") for deal in world.stage.a.records("quote").values()] == stages
    assert sum("angenommen" in note.get("title") for note in world.stage.a.records("note").values()) == said


def test_an_application_whose_key_has_expired_exchanges_it_and_goes_on() -> None:
    world = flowing([Deed(At(0), "b", "create", "c0", FIRM)], "products", login="app", key_seconds="300")

    assert [call.fault for call in world.stage.a.log if call.status == 401][:1] == [EXPIRED]
    assert len(world.stage.a.records("party")) == 1
    assert world.keys_given == []


def test_an_address_that_no_list_of_changes_tells_of_comes_to_light_with_the_weekly_sweep() -> None:
    deeds = [Deed(At(0), "b", "create", "c0", FIRM), Deed(At(6), "a", "edit", "c0", {"address.city": "Bremen"})]
    world = World(1, Script(8, tuple(deeds), ()), staged("bitrix24/lexoffice"))
    for turn in range(8):
        world.turn(turn)
        world.clock.advance(400)
    assert next(iter(world.stage.b.records("party").values())).get("address.city") == "Köln"

    world.clock.advance(timedelta(days=8).total_seconds())
    world.calm()

    assert next(iter(world.stage.b.records("party").values())).get("address.city") == "Bremen"


def test_a_mark_is_read_from_a_number_however_it_is_spelled() -> None:
    assert [mark_in(one) for one in (mobile_of("c7"), "+49 171 9910007", "01719920012", "0171 5550101", "")] == ["c7", "c7", "x12", "", ""]
    assert mobile_of("k3") == ""

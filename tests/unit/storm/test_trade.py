"""The judge judged on what a firm may switch on: invoices of the CRM, products of both catalogues, states told back."""

from __future__ import annotations

from random import Random

import pytest

from tests.storm.clerks import CODE
from tests.storm.evidence import Rule
from tests.storm.flows import FLOWS, POSSIBLE, entries
from tests.storm.people import draw_people
from tests.storm.picture import same
from tests.storm.sides import Entry, Wrote
from tests.storm.trade import draw_flows, draw_trade
from tests.support.clock import START
from tests.unit.storm.books import POLICY, Case
from unisono.policy.files import parse_policy
from unisono.wiring.policies import with_entries

BILL, MADE = "invoice:80001", "invoice:5550001"
DEAL, QUOTE = "deal:40001", "quotation:6660001"
STAGES = '[status]\ndirection = "to-crm"\n[status.stages]\nquote_accepted = "Angenommen"\n'


@pytest.fixture
def billed() -> Case:
    """A sound world in which the company's invoice was written in the CRM, and made in the books as a draft."""
    case = Case()
    rule('[invoices]\ndirection = "to-invoicing"\n', case)
    written = Entry(BILL, {"title": "Rechnung r0", "value": "119.00", "state": "dt31_3:s"}, "company:7001")
    case.a.entries["invoice"] = [written]
    case.does("a", "bill", "r0", BILL, after=written, customer="c0", title="Rechnung r0", value="119.00")
    case.call("b", "create", "invoice", MADE)
    case.b.entries["invoice"] = [made()]
    return case


def rule(more: str, case: Case) -> None:
    case.rules = [Rule(START, 0, 1, POLICY + more)]


def made(key: str = MADE, **values: str) -> Entry:
    told = {"title": "Rechnung r0", "gross": "119.00", "net": "100.00", "vat": "19.00", "state": "draft", "number": "", "rendered": "no"}
    return Entry(key, told | values, "4106208")


def test_an_invoice_that_became_one_draft_breaks_nothing(billed: Case) -> None:
    assert billed.broken() == set()


def test_a_second_invoice_is_seen(billed: Case) -> None:
    billed.b.entries["invoice"].append(made("invoice:5550002"))
    billed.call("b", "create", "invoice", "invoice:5550002")
    assert billed.broken() == {"I1"}


def test_an_invoice_that_was_issued_though_no_policy_names_that_is_seen(billed: Case) -> None:
    billed.b.entries["invoice"] = [made(state="open")]
    assert "I6" in billed.broken()
    billed.does("b", "complete", "r0", MADE)
    assert "I6" not in billed.broken(), "somebody issued it by hand"


def test_it_may_be_issued_where_the_policy_names_it(billed: Case) -> None:
    rule('[documents]\ndirection = "off"\n[invoices]\ndirection = "to-invoicing"\nmade_as = "issued"\n', billed)
    billed.b.entries["invoice"] = [made(state="open")]
    assert billed.broken() == set()


def test_an_invoice_that_is_written_while_none_may_be_is_seen(billed: Case) -> None:
    rule("", billed)
    assert billed.broken() == {"I6"}


def test_an_invoice_of_another_amount_is_seen(billed: Case) -> None:
    billed.b.entries["invoice"] = [made(gross="119.01", vat="19.01")]
    assert billed.broken() == {"I7"}


def test_an_invoice_that_got_lost_on_the_way_is_missed(billed: Case) -> None:
    billed.b.entries["invoice"], billed.journal = [], billed.journal[:1]
    billed.b.log.pop()
    assert billed.broken() == {"I3"}
    billed.does("a", "delete", "r0", BILL)
    assert billed.broken() == set(), "somebody took it away"


@pytest.fixture
def accepted() -> Case:
    """A sound world in which the company's deal became a quote, that was accepted, and the deal was moved to the stage of that name."""
    case = Case()
    rule(STAGES, case)
    deal = Entry(DEAL, {"title": "Angebot q1", "value": "119.00", "stage": "STORM_1", "state": "storm_1"}, "company:7001")
    case.a.entries["quote"] = [deal]
    case.does("a", "deal", "q1", DEAL, after=deal, customer="c0", title="Angebot q1", value="119.00")
    case.call("b", "create", "quote", QUOTE)
    told = {"title": "Angebot q1", "gross": "119.00", "net": "100.00", "vat": "19.00", "state": "accepted", "number": "AG0001"}
    case.b.entries["quote"] = [Entry(QUOTE, told, "4106208")]
    case.a.entries["note"] = [Entry("comment:60001", {"title": "Angebot AG0001", "text": "119,00", "files": "AG0001.pdf"}, about=(DEAL,))]
    case.call("a", "create", "note", "comment:60001")
    case.call("a", "create", "file", "comment:60002")
    case.does("b", "state", "q1", QUOTE, state="d")
    return case


def moved(case: Case, to: str = "STORM_1") -> None:
    case.call("a", "change", "quote", DEAL, wrote=(Wrote(DEAL, "stage", to, "NEW"),))


def test_a_state_that_was_told_once_breaks_nothing_and_one_that_nobody_was_told_is_missed(accepted: Case) -> None:
    assert accepted.broken() == {"I3"}
    moved(accepted)
    assert accepted.broken() == set()


def test_a_state_that_is_told_again_is_seen(accepted: Case) -> None:
    moved(accepted)
    moved(accepted)
    assert accepted.broken() == {"I4"}


@pytest.mark.parametrize("stage", ("WON", "STORM_2", "EXECUTING"))
def test_a_deal_that_is_moved_where_it_should_not_be_is_seen(accepted: Case, stage: str) -> None:
    moved(accepted)
    moved(accepted, stage)
    assert accepted.broken() == {"I4" if stage == "STORM_2" else "I6"}


def test_a_note_may_say_it_instead_and_is_no_second_filing(accepted: Case) -> None:
    accepted.a.entries["note"].append(Entry("comment:60003", {"title": "Lexware Office: Angebot AG0001 ist jetzt: angenommen"}))
    accepted.call("a", "create", "note", "comment:60003")
    assert accepted.broken() == set()
    accepted.a.entries["note"].append(Entry("comment:60004", {"title": "Lexware Office: Angebot AG0001 ist jetzt: angenommen"}))
    accepted.call("a", "create", "note", "comment:60004")
    assert accepted.broken() == {"I4"}


def test_an_automation_is_set_off_once_and_not_forgotten(accepted: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    rule(f'[status]\ndirection = "to-crm"\n[status.triggers]\nquote_accepted = "{CODE}"\n', accepted)
    found = []
    for times in (0, 1, 2):
        monkeypatch.setattr(accepted.a, "fired", lambda times=times: [(DEAL, CODE)] * times, raising=False)
        found.append(accepted.broken())
    assert found == [{"I3"}, set(), {"I4"}]


@pytest.fixture
def selling() -> Case:
    """A sound world with a product on both sides, made in the CRM."""
    case = Case()
    rule('[products]\ndirection = "both"\n', case)
    here = {"number": "p0", "name": "Kran", "price": "12.5"}
    case.a.entries["product"] = [Entry("product:90001", here)]
    case.does("a", "create", "p0", "product:90001", after=Entry("product:90001", here), kind="product", name="Kran", price="12.50")
    case.call("b", "create", "product", "7770001")
    case.b.entries["product"] = [Entry("7770001", here | {"price": "12.50"})]
    return case


def test_a_product_on_both_sides_breaks_nothing(selling: Case) -> None:
    assert selling.broken() == set()
    assert same("price", "99 EUR net", "99.00")
    assert not same("price", "99.01", "99")


def test_a_second_one_is_a_twin_and_one_on_one_side_only_is_missing(selling: Case) -> None:
    selling.b.entries["product"].append(Entry("7770002", selling.b.entries["product"][0].values))
    selling.call("b", "create", "product", "7770002")
    assert selling.broken() == {"I1"}
    selling.b.entries["product"] = []
    assert "I3" in selling.broken()


def test_a_price_that_was_typed_and_is_nowhere_is_lost_and_two_prices_are_apart(selling: Case) -> None:
    was, now = ({"number": "p0", "name": "Kran", "price": price} for price in ("12.50", "99.00"))
    selling.does("b", "edit", "p0", "7770001", before=Entry("7770001", was), after=Entry("7770001", now), price="99.00")
    assert selling.broken() == {"I2"}
    selling.b.entries["product"] = [Entry("7770001", now)]
    assert selling.broken() == {"I3"}
    selling.a.entries["product"] = [Entry("product:90001", now)]
    assert selling.broken() == set()


def test_a_change_of_a_product_that_nobody_caused_is_seen(selling: Case) -> None:
    selling.call("a", "change", "product", "product:90001", wrote=(Wrote("product:90001", "price", "12.5", "11"),))
    assert selling.broken() == {"I4"}


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_each_flow_is_a_policy_that_holds(name: str) -> None:
    policy = parse_policy(with_entries(POLICY, entries({"flows": name})))
    assert policy != parse_policy(POLICY)


def test_what_is_switched_on_brings_its_own_deeds_and_nothing_else_does() -> None:
    whats = set()
    for seed in range(200):
        town = draw_people(Random(seed), 5)
        assert draw_trade(Random(seed), 5, (), town) == []
        flows = draw_flows(Random(seed), POSSIBLE["bitrix24/lexoffice"])
        assert not {"bills", "issued"} <= set(flows)
        made = draw_trade(Random(seed), 5, flows, town)
        assert all(deed.at.turn < 5 for deed in made)
        whats |= {(deed.about[0], deed.what) for deed in made}
    assert whats >= {("r", "bill"), ("r", "edit-bill"), ("r", "pay"), ("r", "delete"), ("p", "create"), ("p", "edit"), ("q", "state")}

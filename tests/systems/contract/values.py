"""Nasty texts and exact amounts: they come back as they went out, or are refused with the field's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from tests.systems.contract.account import Account, caught
from tests.systems.contract.bodies import CODED, KINDS, change, create, document, firm, held, least, person_or_firm, seen, side
from tests.systems.contract.nasty import NASTY
from unisono.model.document import Document, Line, Lines, Note, adds_up
from unisono.model.errors import Refused
from unisono.model.money import Basis, cents
from unisono.model.text import clean
from unisono.model.writing import Write

Rows = tuple[tuple[str, ...], ...]
EXACT: Rows = (
    # quantity, price of one, per cent: what two decimals of quantity and eight of price hold
    ("1", "0.01", "19"),
    ("3", "33.33", "7"),
    ("2.5", "99.90", "19"),
    ("1", "99999999.99", "19"),
    ("7", "0.333", "19"),
    ("0.01", "0.5", "0"),
    ("1", "1234.56789012", "19"),
    ("-1", "20", "19"),
    ("12", "1e2", "5.5"),
)
TOO_FINE: Rows = (
    ("1.005", "100", "19", "lines.quantity"),
    ("1", "0.123456789", "19", "lines.price"),
    ("1", "1", "5.555", "lines.vat_rate"),
)
AMOUNTS = ("0.01", "0.1", "19.99", "100", "1190.50", "1234567.89")


@contextmanager
def held_or_refused(account: Account) -> Iterator[None]:
    """A refusal is an answer, if it names a field and nothing was done."""
    calls, refused = len(account.wire.sent), None
    try:
        yield
    except Refused as fault:
        refused = fault
    if refused is not None:
        assert refused.code
        assert refused.field or refused.code == "not-unicode", refused
        assert len(account.wire.sent) == calls or not account.world.log.calls[-1].write, "refused, and done all the same"


class Values:
    def test_a_nasty_text_comes_back_as_it_went_out_or_is_refused(self, account: Account, people: str) -> None:
        limits = {n: limit for n, limit in held(account.vendor.capabilities, people).items() if n not in CODED and limit.on_create}
        whole = 0
        for text in NASTY.values():
            owner = firm(account) if people == "contact" else ""
            write = Write(operation="create", side=side(account.vendor), kind=KINDS[people], owner=owner)
            all_of_them = tuple(n for n, limit in limits.items() if not limit.length or len(text) < limit.length)
            for names in (all_of_them, ("name",)):
                flat = least(account.vendor, people) | {"address.city": "Ulm"} | dict.fromkeys(names, text)
                writes = account.writes()
                with held_or_refused(account):
                    key = account.do(replace(write, body=person_or_firm(people, flat)))
                    shown = seen(account, people, key)
                    assert {name: shown[name] for name in names} == dict.fromkeys(names, clean(text))
                    account.do(change(account, people, key, dict.fromkeys(names, f"{text}!"), owner))
                    shown = seen(account, people, key)
                    assert {name: shown[name] for name in names} == dict.fromkeys(names, clean(f"{text}!"))
                if account.writes() - writes == 2:
                    whole += 1
                    break
        assert whole > len(NASTY) - 3, "most of it is what people write"

    def test_a_nasty_text_in_a_document_comes_back_or_is_refused(self, account: Account, papers: str, tmp_path: Path) -> None:
        write = create(account, papers, tmp_path)
        for text in NASTY.values():
            line = Line(name=text, quantity=Decimal(1), price=Decimal(10), vat_rate=Decimal(19))
            for body in (document(papers, title=text, text=text), document(papers, text=text), document(papers, lines=Lines((line,)))):
                with held_or_refused(account):
                    got = account.record(write.kind, account.do(replace(write, body=body))).body
                    assert isinstance(got, Document)
                    assert isinstance(got.lines, Lines)
                    assert isinstance(body.lines, Lines)
                    assert (got.title, got.text) == (clean(body.title), clean(body.text))
                    assert [row.name for row in got.lines.rows] == [clean(row.name) for row in body.lines.rows]

    def test_a_nasty_note_comes_back_or_is_refused(self, account: Account, attached: str, tmp_path: Path) -> None:
        assert attached == "file"
        write = create(account, "note", tmp_path)
        note = write.body
        assert isinstance(note, Note)
        for text in NASTY.values():
            for body in (replace(note, title=text), replace(note, text=text)):
                with held_or_refused(account):
                    got = account.record("note", account.do(replace(write, body=body))).body
                    assert isinstance(got, Note)
                    assert got.title == clean(body.title)
                    assert got.text.startswith(clean(body.text))
                    assert got.reference == write.reference

    def test_amounts_come_back_to_the_last_digit(self, account: Account, papers: str, basis: Basis, tmp_path: Path) -> None:
        exact = account.vendor.exact or EXACT
        lines = tuple(
            Line(name=f"Posten {n}", quantity=Decimal(q), price=Decimal(p), vat_rate=Decimal(v)) for n, (q, p, v) in enumerate(exact)
        )
        write = replace(create(account, papers, tmp_path), body=document(papers, lines=Lines(lines), basis=basis))

        got = account.record(write.kind, account.do(write)).body

        assert isinstance(got, Document)
        assert isinstance(got.lines, Lines)
        assert [(row.quantity, row.price, row.vat_rate) for row in got.lines.rows] == [(r.quantity, r.price, r.vat_rate) for r in lines]
        assert (got.basis, adds_up(got)) == (basis, "")
        total = sum((cents(row.quantity * row.price) for row in lines), Decimal(0))
        assert (got.net if basis == "net" else got.gross) == total

    def test_an_amount_finer_than_the_vendor_keeps_never_leaves(self, account: Account, papers: str, tmp_path: Path) -> None:
        write = create(account, papers, tmp_path)
        for quantity, price, rate, field in account.vendor.too_fine or TOO_FINE:
            line = Line(name="Posten", quantity=Decimal(quantity), price=Decimal(price), vat_rate=Decimal(rate))
            calls = len(account.wire.sent)
            body = document(papers, lines=Lines((line,)))
            fault = caught(Refused, lambda body=body: account.system.compose(replace(write, body=body), None))  # type: ignore[misc]
            assert fault.field == field
            assert len(account.wire.sent) == calls

    def test_an_amount_that_a_person_typed_is_read_to_the_last_digit(self, account: Account) -> None:
        for amount in AMOUNTS:
            body = account.record(*account.vendor.priced(account, amount)).body
            assert isinstance(body, Document)
            told = body.value if body.net is None else body.net
            assert (type(told), told) == (Decimal, Decimal(amount))
            assert body.currency == "EUR"

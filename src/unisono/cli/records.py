"""``customers``, ``documents``, ``export``: what both systems know, at the terminal and as files for a spreadsheet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from unisono.cli.looking import beside_lines, problem_text
from unisono.cli.terminal import (
    AsJson,
    Data,
    PairId,
    Titles,
    WrongCall,
    add_commands,
    house_at,
    language,
    plain,
    sentence,
    show,
    the_pair,
    trouble_of,
    words,
)
from unisono.locale.format import amount_text, number_text
from unisono.locale.names import kind_name, value_name
from unisono.store import pairs
from unisono.store.customers import FILTERS as CUSTOMER_STATES
from unisono.store.customers import Customer
from unisono.store.documents import FILTERS as DOCUMENT_STATES
from unisono.store.documents import Listed
from unisono.store.pairs import PairRow
from unisono.wiring import House, pair_row
from unisono.wiring.customers import About, NoSuchCustomer, customer_about, list_customers
from unisono.wiring.documents import NoSuchDocument, fetch_paper, list_documents, open_amounts, paper
from unisono.wiring.exporting import LISTS, SORTS, Wanted, csv_lines, export
from unisono.wiring.standing import titles_of

Search = Annotated[str, typer.Option("--search", help="Only those it finds, without regard to case and diacritics.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]
_SYSTEM = {"a": "crm", "b": "invoicing"}


def add(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    add_commands(app, {"customers": customers, "documents": documents, "export": export_list})


def customers(
    pair: PairId = "",
    search: Search = "",
    state: Annotated[str, typer.Option("--state", help="Only these: linked, asked, waiting, left-out, alone.")] = "",
    record: Annotated[str, typer.Option("--record", help="One of them, both sides beside each other: a:party:company:42, or a link.")] = "",
    limit: Most = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Everybody both systems know, by name: where they are, and how they stand."""
    _one_of("--state", state, CUSTOMER_STATES)
    with house_at(data) as house:
        row = pair_row(house, the_pair(house, pair))
        titles = _titles(house, row.id)
        if record:
            try:
                about = customer_about(house, row, record)
            except NoSuchCustomer:
                raise WrongCall("no-such-record", record=record) from None
            show(_about_json(about), as_json, _about_text(about, titles))
            return
        found, _ = list_customers(house, row, search=search, state=state, limit=limit)
    text = "\n".join(_customer_text(one, titles) for one in found)
    show([plain(one) | {"record": one.record} for one in found], as_json, text or words("nothing-to-show"))


def documents(
    pair: PairId = "",
    search: Search = "",
    state: Annotated[str, typer.Option("--state", help="Only these: draft, open, overdue, paid, accepted, rejected, cancelled.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only this type of UNTDID 1001: 310 quotes, 380 invoices, 381 credit notes.")] = "",
    record: Annotated[str, typer.Option("--record", help="One of them with its lines: b:invoice:invoice:12.")] = "",
    pdf: Annotated[Path | None, typer.Option("--pdf", help="With --record: writes its rendered file there.")] = None,
    limit: Most = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Quotes, invoices and their kin, the newest first, and what is still to be paid."""
    _one_of("--state", state, DOCUMENT_STATES)
    with house_at(data) as house:
        row = pair_row(house, the_pair(house, pair))
        if record:
            _one_document(house, row, record, pdf, as_json)
            return
        found, _ = list_documents(house, row, search=search, state=state, kind=kind, limit=limit)
        open_ = open_amounts(house, row)
    lines = [_document_text(one) for one in found]
    lines += [words("customer.open", amount=amount_text(one.total, one.currency, language())) for one in open_]
    value = {"documents": [plain(one) for one in found], "open": [plain(one) for one in open_]}
    show(value, as_json, "\n".join(lines) if found else words("nothing-to-show"))


def export_list(
    what: Annotated[str, typer.Argument(help="customers, documents, history or problems.")],
    pair: PairId = "",
    file: Annotated[Path | None, typer.Option("--file", help="Where to; without it the list is printed.")] = None,
    search: Search = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """A whole list as CSV for a spreadsheet, in the terminal's language; with --json its rows, the first one with the columns' names."""
    if what not in LISTS:
        raise WrongCall("call.wrong-value", name="WHAT")
    with house_at(data) as house:
        row = pair_row(house, the_pair(house, pair))
        with house.store.read() as conn:
            zone = next(firm["time_zone"] for firm in pairs.firms(conn) if firm["id"] == row.firm)
        rows = export(house, row, what, language(), zone, Wanted(search=search))
        if file is None and as_json:
            show([list(one) for one in rows], True)
            return
        lines = csv_lines(rows, language())
        if file is None:
            for line in lines:
                sys.stdout.write(line.replace("\r\n", "\n"))
            return
        try:
            with file.open("w", encoding="utf-8", newline="") as opened:
                opened.writelines(lines)
        except OSError as error:
            raise WrongCall("file-not-written", file=str(file), trouble=trouble_of(error, writing=True)) from None
        show({"file": str(file)}, as_json)


def _one_document(house: House, row: PairRow, record: str, pdf: Path | None, as_json: bool) -> None:
    try:
        found = paper(house, row, record)
        body = fetch_paper(house, row, record)[1] if pdf is not None else b""
    except NoSuchDocument:
        raise WrongCall("no-such-record", record=record) from None
    if pdf is not None:
        try:
            pdf.write_bytes(body)
        except OSError as error:
            raise WrongCall("file-not-written", file=str(pdf), trouble=trouble_of(error, writing=True)) from None
    value = plain(found.listed) | {"record": record, "taxes": [plain(one) for one in found.taxes]}
    value |= {"lines": [plain(line) for line in getattr(found.body.lines, "rows", ())], "file": str(pdf or "")}
    lines = [
        f"  {line.name}  {number_text(line.quantity, language())} × {amount_text(line.price, found.body.currency, language())}"
        for line in getattr(found.body.lines, "rows", ())
    ]
    show(value, as_json, "\n".join([_document_text(found.listed), *lines, *([str(pdf)] if pdf else [])]))


def _one_of(name: str, said: str, known: tuple[str, ...]) -> None:
    if said not in known:
        raise WrongCall("call.wrong-value", name=name)


def _titles(house: House, pair_id: str) -> Titles:
    with house.store.read() as conn:
        return titles_of(house, conn, pair_id)


def _customer_text(one: Customer, titles: Titles) -> str:
    state = words("customers.only", system=titles[_SYSTEM[one.side]]) if one.state == "alone" else words(f"customers.is-{one.state}")
    why = sentence(one.why.code, one.why.values, kind="party", titles=titles, led=False) if one.why else ""
    return "  ".join(part for part in (one.label, one.number, one.tax_id, f"[{state}]", one.address, why) if part)


def _about_json(about: About) -> dict[str, Any]:
    value: dict[str, Any] = plain(about.customer) | {"record": about.customer.record}
    value["fields"] = [plain(one) for one in about.both.fields]
    value["agreed"] = [plain(one) for one in about.agreed]
    value["documents"] = [plain(one) for one in about.documents]
    value["questions"] = [plain(one) for one in about.questions]
    value["problems"] = [plain(one) for one in about.problems]
    return value


def _about_text(about: About, titles: Titles) -> str:
    lines = [_customer_text(about.customer, titles), *beside_lines(about.both, titles)]
    lines += [problem_text(one, titles) for one in about.problems]
    lines += [sentence(one.code, one.values, name=one.label, titles=titles) for one in about.questions]
    return "\n    ".join([*lines, *(_document_text(one) for one in about.documents)])


def _document_text(one: Listed) -> str:
    state = words(f"state.{one.state}", level=str(one.dunning))
    amount = amount_text(one.total, one.currency, language()) if one.total is not None else ""
    day = value_name("date", one.day, language()) if one.day else ""
    kind = kind_name(SORTS.get(one.type, "document"), language())
    return "  ".join(part for part in (day, kind, one.number, one.title, one.customer, amount, state) if part)

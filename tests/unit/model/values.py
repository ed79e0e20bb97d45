"""Drawn values for properties: texts, amounts, parties, documents and every other body. Small, so that a property takes tenths of a second."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from unisono.model.document import Document, File, Line, Lines, Note, NotGiven, NotReadable, Tag
from unisono.model.party import Address, Contact, Party
from unisono.model.record import Body

texts = st.one_of(
    st.sampled_from(
        ["", "Müller", "Łódź Sp. z o.o.", "Brașov", 'say "hi"', "a\\b", "line\nbreak", "€ 😀", "tab\there", "\x7f\x1f\x00", " x "]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
any_texts = st.one_of(texts, st.text(max_size=8), st.sampled_from(["\ud800", "e\u0301", "\u200ba\ufeff", "ß ẞ", "ＡＢＣ", "Ромашка"]))
"""Also what no vendor should send: lone surrogates."""
words = st.text("abcÄß 1", max_size=5)
cents = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2, allow_nan=False, allow_infinity=False)
decimals = st.one_of(cents, st.sampled_from([Decimal("0"), Decimal("-0.00"), Decimal("1E+3"), Decimal("40.00000000"), Decimal("0.333333")]))
maybe = st.one_of(st.none(), decimals)
dates = st.one_of(st.none(), st.dates())
salutations = st.sampled_from(["", "mr", "mrs", "family"])

addresses = st.builds(Address, texts, texts, texts, texts, texts, texts)
parties = st.builds(
    Party,
    type=st.sampled_from(["company", "person"]),
    name=texts,
    first_name=texts,
    salutation=salutations,
    tax_id=texts,
    email=texts,
    note=texts,
    address=addresses,
    reference=texts,
    tags=st.lists(texts, max_size=2).map(tuple),
)
contacts = st.builds(Contact, name=texts, first_name=texts, salutation=salutations, position=texts, email=texts, reference=texts)
lines = st.builds(Line, name=texts, quantity=decimals, unit=texts, price=decimals, vat_rate=maybe, number=texts, net=maybe, gross=maybe)
line_views = st.one_of(st.just(NotGiven()), st.just(NotReadable()), st.builds(Lines, st.lists(lines, max_size=3).map(tuple)))
documents = st.builds(
    Document,
    type_code=st.sampled_from(["310", "380", "381", "receipt"]),
    title=texts,
    number=texts,
    date=dates,
    due=dates,
    currency=st.sampled_from(["EUR", "PLN", "RON"]),
    basis=st.sampled_from(["net", "gross", "unknown"]),
    lines=line_views,
    value=maybe,
    quantity=maybe,
    net=maybe,
    vat=maybe,
    gross=maybe,
    stage=st.sampled_from(["draft", "issued", "sent", "cancelled"]),
    answer=st.sampled_from(["open", "accepted", "rejected"]),
    paid=st.sampled_from(["none", "part", "full"]),
    paid_amount=maybe,
    paid_date=dates,
    dunning=st.integers(0, 9),
    text=texts,
    reference=texts,
    file_url=texts,
)
notes = st.builds(Note, title=texts, text=texts, about=st.lists(texts, max_size=2).map(tuple), reference=texts)
files = st.builds(File, name=texts, size=st.integers(0, 10**12), sha256=texts, path=texts)
tags = st.builds(Tag, name=texts)
bodies: st.SearchStrategy[tuple[str, Body]] = st.one_of(
    st.tuples(st.just("party"), parties),
    st.tuples(st.just("contact"), contacts),
    st.tuples(st.sampled_from(["quote", "order", "invoice"]), documents),
    st.tuples(st.just("note"), notes),
    st.tuples(st.just("file"), files),
    st.tuples(st.just("tag"), tags),
)
"""A kind and a body that records of it may have."""

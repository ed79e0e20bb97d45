"""Lexware Office keeps the contract of all systems."""

from __future__ import annotations

from typing import Any

from tests.systems.contract import Account, Vendor, contract


def company(account: Account, n: int) -> str:
    values = {"vat_id": "DE136695976", "phone": "1", "street": "Weg 1", "zip": "89073", "city": "Ulm", "country": "DE", "note": "Vermerk"}
    return account.act(
        "create_contact",
        name=f"Firma {n}",
        email=f"a{n}@firma.example",
        contact_last_name=f"Mensch {n}",
        contact_first_name="Uli",
        **values,
    )


def paper(account: Account, what: str, n: int, price: str = "1190,50") -> str:
    return account.act(
        f"create_{what}", contact_id=account.row("contacts", n), title=f"Beleg {n}", items=f"Regal; 1; {price}; 19", remark="Danke"
    )


EXACT = (
    # quantity, price of one, per cent: four decimals of each, and the rates of the country
    ("1", "0.01", "19"),
    ("3", "33.33", "7"),
    ("2.5", "99.90", "19"),
    ("1", "99999999.99", "19"),
    ("7", "0.333", "19"),
    ("0.0001", "5000", "0"),
    ("1", "1234.5678", "16"),
    ("1", "-20", "19"),
    ("12", "1e2", "5"),
)
TOO_FINE = (
    ("1.00005", "100", "19", "lines.quantity"),
    ("1", "0.12345", "19", "lines.price"),
    ("1", "1", "5.555", "lines.vat_rate"),
    ("1", "1", "5.5", "lines.vat_rate"),
)

KEEPING: Any = contract(
    Vendor(
        name="lexoffice",
        login={"api_key": "api_key"},
        unlimited={"rate_limit": None, "fresh_seconds": 0},
        limited={"fresh_seconds": 0},
        make={
            "contacts": company,
            "articles": lambda account, n: account.act("create_article", title=f"Ware {n}", number="", unit="Stück", net="10", tax="19"),
            "voucherlist": lambda account, n: f"quotation:{paper(account, 'quotation', n)}",
        },
        drop={
            "contacts": lambda account, key: account.act("delete_contact", id=key),
            "articles": lambda account, key: account.act("delete_article", id=key),
            "voucherlist": lambda account, key: account.act("delete_document", id=key.partition(":")[2]),
        },
        priced=lambda account, amount: ("invoice", f"invoice:{paper(account, 'invoice', 1, amount.replace('.', ','))}"),
        exact=EXACT,
        too_fine=TOO_FINE,
        follows=frozenset({"version", "updatedDate"}),
    )
)
TestContract = KEEPING

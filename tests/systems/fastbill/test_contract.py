"""FastBill keeps the contract of all systems."""

from __future__ import annotations

from tests.systems.contract import Account, Vendor, contract
from tests.systems.contract.bodies import delete


def contact(account: Account, n: int) -> str:
    customer = account.row("customer", n)
    return account.act("create_contact", customer_id=customer, last_name=f"Mensch {n}", first_name="Uli", city="Ulm", comment="Vermerk")


def estimate(account: Account, n: int) -> str:
    return account.act("create_estimate", customer_id=account.row("customer", n), title=f"Angebot {n}", items="Regal; 1; 1190.50; 19")


def invoice(account: Account, n: int, price: str = "1190.50") -> str:
    return account.act("create_invoice", customer_id=account.row("customer", n), title=f"Rechnung {n}", items=f"Regal; 1; {price}; 19")


TestContract = contract(
    Vendor(
        name="fastbill",
        login={"email": "email", "api_key": "api_key"},
        unlimited={"plan": "none"},
        limited={"plan": "solo"},
        settings={"plan": "solo"},
        make={
            "customer": lambda account, n: account.act(
                "create_customer", organization=f"Firma {n}", last_name="Uhl", phone_2="2", comment="Vermerk", tags="Alt", bank_name="Bank"
            ),
            "contact": contact,
            "estimate": estimate,
            "invoice": invoice,
        },
        drop={
            "customer": lambda account, key: account.act("delete_customer", id=key),
            "contact": lambda account, key: account.act("delete_contact", id=key),
            "estimate": lambda account, key: account.do(delete(account, "quote", f"estimate:{key}")),
            "invoice": lambda account, key: account.act("delete_draft_invoice", id=key),
        },
        priced=lambda account, amount: ("invoice", f"invoice:{invoice(account, 1, amount)}"),
        follows=frozenset({"LASTUPDATE"}),
        no_pdf=("pdf-html", "pdf-none"),
        huge_pdf="pdf-huge",
    )
)

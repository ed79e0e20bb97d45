"""CentralStationCRM keeps the contract of all systems."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.systems.contract import Account, Vendor, contract
from tests.systems.contract.bodies import create
from unisono.sandbox.centralstation import CentralStation as Simulator
from unisono.systems.centralstation.setup import ensure_reference_fields


def tagged(account: Account, n: int) -> str:
    """A company with the watched tag."""
    return account.act("tag", kind="company", id=account.row("companies", n), name="FastBill")


def untag(account: Account, key: str) -> None:
    simulator: Simulator = account.simulator
    owner = simulator.book.rows("tags")[int(key)]["attachable_id"]
    account.act("untag", kind="company", id=str(owner), name="FastBill")


def attachment(account: Account, _: int) -> str:
    with TemporaryDirectory() as folder:
        return account.do(create(account, "file", Path(folder))).partition(":")[2]


def deal(account: Account, n: int, value: str = "1190.5") -> str:
    return account.act("create_deal", name=f"Angebot {n}", value=value, company_id=account.row("companies", n))


TestContract = contract(
    Vendor(
        name="centralstation",
        login={"api_key": "api_key"},
        unlimited={"rate_limit": None},
        limited={"rate_limit": 50},
        bound=lambda system: {"bindings": ensure_reference_fields(system, ("Company", "Person", "Deal"))},  # type: ignore[arg-type]
        make={
            "companies": lambda account, n: account.act(
                "create_company", name=f"Firma {n}", email=f"a{n}@firma.example", phone="1", city="Ulm", tag="Alt", background="Vermerk"
            ),
            "people": lambda account, n: account.act(
                "create_person",
                name=f"Mensch {n}",
                first_name="Uli",
                language="fr",
                company_id=account.row("companies", n),
                position="Chef",
            ),
            "deals": deal,
            "tags": tagged,
            "protocols": lambda account, n: account.act("create_note", name=f"Notiz {n}", content="Text"),
            "attachments": attachment,
        },
        drop={
            "companies": lambda account, key: account.act("delete_company", id=key),
            "people": lambda account, key: account.act("delete_person", id=key),
            "deals": lambda account, key: account.act("delete_deal", id=key),
            "tags": untag,
        },
        priced=lambda account, amount: ("quote", f"deal:{deal(account, 1, amount)}"),
        follows=frozenset({"updated_at", "updated_by_user_id", "name_clean", "country_name", "stream_updated_at"}),
    )
)

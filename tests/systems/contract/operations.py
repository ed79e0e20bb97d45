"""Every call of the port that reaches the vendor, by name: what faults, refused logins and limits are tried on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.systems.contract.account import Account
from tests.systems.contract.bodies import PEOPLE, change, create, delete, forms
from tests.systems.contract.vendor import Vendor
from unisono.connect.port import Answered, System
from unisono.model.record import Record

Run = Callable[[System], object]
WRITES = ("create", "change", "delete")


def operations(vendor: Vendor) -> list[str]:
    """``identify``, ``list companies``, ``read companies``, ``create person`` ... as far as the system has them."""
    known = vendor.capabilities
    names = ["identify", *(f"list {r.name}" for r in known.resources if r.listed), *(f"read {r.name}" for r in known.resources)]
    for verb, found in (
        ("probe", forms(known)),
        ("create", forms(known)),
        ("change", forms(known, change=True)),
        ("delete", forms(known, delete=True)),
    ):
        names += [f"{verb} {form}" for form in found]
    return names + (["fetch file"] if vendor.no_pdf else [])


def prepared(account: Account, name: str, folder: Path) -> Run:
    """The call, with all that it needs made before: it can be made over any connection to the account."""
    verb, _, what = name.partition(" ")
    match verb:
        case "identify":
            return lambda system: system.identify()
        case "list":
            account.row(what)
            return lambda system: [row for page in system.pages(what) for row in page.rows]
        case "read":
            key = account.row(what)
            return lambda system: system.read(what, key)
        case "probe":
            made = create(account, what, folder)
            account.do(made)
            return lambda system: system.probe(made)
        case "fetch":
            record = document_with_file(account)
            return lambda system: system.fetch_file(record, folder, 10_000_000)
    write = create(account, what, folder)
    if verb != "create":
        key, owner = account.do(write), write.owner
        named = {"name": "Weidenhof-Neu"} if what in PEOPLE else {"title": "Neu"}
        write = change(account, what, key, named, owner) if verb == "change" else delete(account, what, key, owner)
    commands = account.system.compose(write, account.current(write))
    assert len(commands) == 1

    def send(system: System) -> Answered:
        return system.send(commands[0])

    return send


def document_with_file(account: Account) -> Record:
    """A document that a person made, with the link to its file."""
    known = account.vendor.capabilities
    resource = next(r for r in known.resources if {"invoice", "quote"} & set(r.kinds))
    raw = account.system.read(resource.name, account.row(resource.name))
    assert raw is not None
    (record,) = account.system.records(raw)
    return record

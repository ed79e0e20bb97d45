"""What each command is called with, and for every exit code it promises besides 0, 2 and 5 what has to be there for it to end so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.hooks import ADDRESS
from tests.support.provider import CLIENT, SECRET
from tests.unit.cli.desk import Desk
from tests.unit.cli.outside import NOBODY, reached_at, secret_file, sign_in_provider

CALLS: dict[str, tuple[str, ...]] = {
    "adjust": ("centralstation",),
    "answer": ("01", "same"),
    "backup": ("FILE",),
    "connect": ("centralstation", "--login", "api_key=x"),
    "correct": ("01", "address.postcode=10115"),
    "erase": ("a:party:company:1", "--yes"),
    "export": ("customers",),
    "fields": ("centralstation",),
    "hooks close": ("centralstation",),
    "hooks open": ("centralstation", "--yes"),
    "invoice": ("company:1",),
    "leave-out": ("a:party:company:1",),
    "notices chat-add": ("Buchhaltung", "--address", "$ROOM"),
    "notices chat-remove": ("01",),
    "notices mail": ("mail.example.com", "--sender", "unisono@example.com"),
    "notices test": ("anna@example.com",),
    "notices wish": ("anna@example.com", "--address", "anna@example.com"),
    "oidc off": ("--yes",),
    "oidc set": ("--issuer", "https://login.example.com", "--client-id", "unisono"),
    "pair add": ("centralstation", "fastbill"),
    "policy diff": ("1",),
    "policy export": ("FILE",),
    "policy import": ("FILE",),
    "policy rollback": ("1",),
    "policy set": ("customers.contacts=all",),
    "policy take": ("Anderes Paar",),
    "restore": ("FILE", "--yes"),
    "take-back": ("01",),
    "undo": ("--all", "--yes"),
    "users access": ("anna@example.com", "--role", "act"),
    "users code": ("anna@example.com",),
    "users end": ("anna@example.com",),
    "users invite": ("anna@example.com", "--name", "Anna"),
    "users lock": ("anna@example.com",),
    "users remove": ("anna@example.com", "--yes"),
    "users sessions": ("anna@example.com",),
    "users unlock": ("anna@example.com",),
}
"""What a command needs besides its name; ``FILE`` is a file of the test's own."""


def revoked(desk: Desk) -> None:
    desk.pair()
    desk.crm.world.storage.settings["api_key"] = "another"


def down(desk: Desk) -> None:
    desk.pair()
    desk.crm.world.faults.arm("status", "GET", times=500)


def written(desk: Desk) -> None:
    """A customer at FastBill that Unisono made and somebody worked on since."""
    desk.company()
    desk.synced()
    (made,) = desk.books.truth()["customers"]
    desk.books.act("edit_customer", {"id": made["CUSTOMER_ID"], "phone": "030 1"})


FIRST = "company:30016185"
"""The first company of a CRM that begins with the tests' seed."""


def with_office(desk: Desk) -> None:
    """A company without an address, known to a pair with Lexware Office, where drafts of invoices can be made."""
    desk.company(name="Ohne Adresse GmbH", street="", zip="", city="", country_code="")
    office, server = desk.office()
    key = office.account.setting("api_key")
    crm = ("centralstation", "--login", f"api_key={desk.crm_key}", "--setting", f"api={desk.crm_url}/api")
    books = ("lexoffice", "--login", f"api_key={key}", "--setting", f"api={server.url}/v1")
    for login in (crm, books):
        told = desk.run("connect", *login)
        assert told.code == 0, told.text
    assert desk.run("pair", "add", "centralstation", "lexoffice", "--complete").code == 0
    assert desk.run("release").code == 0
    assert desk.run("sync").code in (0, 1)


def with_office_revoked(desk: Desk) -> None:
    with_office(desk)
    desk.crm.world.storage.settings["api_key"] = "another"


def with_office_down(desk: Desk) -> None:
    with_office(desk)
    desk.crm.world.faults.arm("status", "GET", times=500)


def written_and_revoked(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    desk.crm.world.storage.settings["api_key"] = "another"


def written_and_down(desk: Desk) -> None:
    desk.customer()
    desk.synced()
    desk.crm.world.faults.arm("status", "GET", times=500)


def waiting(desk: Desk) -> None:
    desk.company(name="Ohne Adresse GmbH", street="", zip="", city="", country_code="")
    desk.synced()


def changed_since(desk: Desk) -> None:
    """A released preview of a record that somebody edited before it was carried out."""
    key = desk.company()
    desk.pair()
    run = desk.run("preview", "--json").json["run"]
    desk.crm.act(
        "set_address", {"kind": "company", "id": str(key), "street": "Neu 2", "zip": "12345", "city": "Berlin", "country_code": "DE"}
    )
    assert desk.run("release", run).code == 0
    desk.run("sync")


def braked(desk: Desk) -> None:
    keys = [desk.customer(ORGANIZATION=f"Kunde {n} GmbH", EMAIL=f"k{n}@kunden.example", ZIPCODE=f"{10000 + n}") for n in range(3)]
    desk.synced()
    desk.run("policy", "set", "customers.deletion.brake_number=1", "customers.deletion.in_invoicing=delete")
    desk.run("sync")
    for key in keys[:2]:
        desk.books.act("delete_customer", {"ID": str(key)})
    desk.run("sync")


def plain(desk: Desk) -> None:
    desk.pair()


def nothing(desk: Desk) -> None:
    """An empty data folder."""


def public(desk: Desk) -> None:
    """A pair of an installation that vendors reach from outside, as ``serve --address`` leaves it."""
    desk.pair()
    reached_at(desk, ADDRESS)


def public_and_revoked(desk: Desk) -> None:
    public(desk)
    desk.crm.world.storage.settings["api_key"] = "another"


def public_and_down(desk: Desk) -> None:
    public(desk)
    desk.crm.world.faults.arm("status", times=500)


def lacking(desk: Desk) -> None:
    """A company whose postcode is missing: a problem that can be corrected."""
    desk.company(name="Ohne Postleitzahl GmbH", zip="", email="o@o.example")
    desk.synced()


def invoiced(desk: Desk) -> None:
    """An invoice that both sides know."""
    customer = desk.customer()
    invoice = desk.books.act("create_invoice", {"CUSTOMER_ID": str(customer), "items": "Schild; 2; 100; 19"})
    desk.books.act("complete_invoice", {"ID": str(invoice["id"])})
    desk.synced()


def invoiced_and_revoked(desk: Desk) -> None:
    """The link to the file is stale, and the key with which a fresh one is asked for is no longer good."""
    invoiced(desk)
    desk.books.world.faults.arm("pdf-html", times=500)
    desk.books.world.storage.settings["api_key"] = "another"


def invoiced_and_down(desk: Desk) -> None:
    invoiced(desk)
    desk.books.world.faults.arm("status", times=500)


def invited(desk: Desk) -> None:
    desk.connect()
    told = desk.run("users", "invite", "anna@example.com", "--name", "Anna", "--role", "admin")
    assert told.code == 0, told.text


def unheard(desk: Desk) -> None:
    """A mail server is set where none listens."""
    told = desk.run("notices", "mail", NOBODY, "--port", "2525", "--sender", "unisono@example.com", "--private")
    assert told.code == 0, told.text


def unheard_and_due(desk: Desk) -> None:
    """Something waits for Anna, and the mail that says so cannot go out."""
    waiting(desk)
    assert desk.run("users", "invite", "anna@example.com", "--name", "Anna", "--role", "admin").code == 0
    assert desk.run("notices", "wish", "anna@example.com", "--address", "anna@example.com", "--hour", "0").code == 0
    unheard(desk)


def unsent(desk: Desk) -> None:
    """The mail was tried, and is still to be sent."""
    unheard_and_due(desk)
    assert desk.run("notices", "send").code == 1


def vouched_for(desk: Desk) -> None:
    """Somebody has set a provider at which people sign in."""
    desk.connect()
    with sign_in_provider() as issuer:
        told = desk.run("oidc", "set", "--issuer", issuer, "--client-id", CLIENT, "--secret", f"@{secret_file(desk, SECRET)}")
    assert told.code == 0, told.text


def portal(desk: Desk) -> Any:
    """A connection to a Bitrix24 portal, by webhook."""
    made, server = desk.portal()
    hook = f"{server.url}/rest/1/{made.portal.setting('webhook_secret')}/"
    login = ("--login", "portal=muster.bitrix24.de", "--login", f"webhook={hook}")
    told = desk.run("connect", "bitrix24", "--login", "webhook", *login, "--setting", f"api={server.url}/rest")
    assert told.code == 0, told.text
    return made


def portal_revoked(desk: Desk) -> None:
    portal(desk).world.storage.settings["webhook_secret"] = "another"


def portal_down(desk: Desk) -> None:
    portal(desk)
    desk.more.pop().stop()


NO = "n\n"
CRM = ("centralstation", "--login", "api_key=wrong")
Case = tuple[str, str, Callable[[Desk], Any], tuple[str, ...], str]
"""Command, how it ends, what was before, what it is given (see ``given``), what is typed when it asks."""
CASES: tuple[Case, ...] = (
    ("adjust", "open", portal, ("Bitrix24", "--make", "tag_field"), NO),
    ("adjust", "refused", portal_revoked, ("Bitrix24",), ""),
    ("adjust", "unavailable", portal_down, ("Bitrix24",), ""),
    ("connect", "open", nothing, ("centralstation",), ""),
    ("connect", "refused", nothing, (*CRM, "--setting", "api=CRM"), ""),
    ("connect", "unavailable", nothing, (*CRM, "--setting", "api=http://127.0.0.1:9/api"), ""),
    ("correct", "open", lacking, ("PROBLEM", "address.postcode=1"), ""),
    ("doctor", "open", plain, (), ""),
    ("doctor", "refused", revoked, (), ""),
    ("doctor", "unavailable", down, (), ""),
    ("documents", "refused", invoiced_and_revoked, ("--record", "INVOICE", "--pdf", "FILE"), ""),
    ("documents", "unavailable", invoiced_and_down, ("--record", "INVOICE", "--pdf", "FILE"), ""),
    ("erase", "open", written, ("post@sonne.example",), NO),
    ("fields", "refused", revoked, ("centralstation",), ""),
    ("fields", "unavailable", down, ("centralstation",), ""),
    ("hooks open", "open", public, ("centralstation",), NO),
    ("hooks open", "refused", public_and_revoked, ("centralstation", "--yes"), ""),
    ("hooks open", "unavailable", public_and_down, ("centralstation", "--yes"), ""),
    ("notices chat-add", "refused", nothing, ("Büro", "--address", "@irc://chat.example.com/room"), ""),
    ("notices chat-add", "unavailable", nothing, ("Büro", "--address", "@ntfys://nosuch.invalid/room"), ""),
    ("notices mail", "refused", nothing, ("10.1.2.3", "--sender", "unisono@example.com"), ""),
    ("notices mail", "unavailable", nothing, ("nosuch.invalid", "--sender", "unisono@example.com"), ""),
    ("notices send", "open", unheard_and_due, (), ""),
    ("notices show", "open", unsent, (), ""),
    ("notices test", "refused", nothing, ("anna@example.com",), ""),
    ("notices test", "unavailable", unheard, ("anna@example.com",), ""),
    ("notices wish", "refused", invited, ("anna@example.com", "--address", "two@example.com, addresses@example.com"), ""),
    ("oidc off", "open", vouched_for, (), NO),
    ("oidc set", "refused", nothing, ("--issuer", "https://10.1.2.3/realm", "--client-id", "unisono", "--secret", "@geheim"), ""),
    ("oidc set", "unavailable", nothing, ("--issuer", "http://127.0.0.1:9/realm", "--client-id", "unisono", "--secret", "@geheim"), ""),
    ("pair add", "refused", plain, ("centralstation", "fastbill", "--policy", "nosuch.toml"), ""),
    ("pair add", "unavailable", down, ("centralstation", "fastbill", "--reference-fields"), ""),
    ("pair remove", "open", plain, (), ""),
    ("pair resume", "open", braked, (), NO),
    ("policy diff", "open", plain, ("POLICY",), ""),
    ("policy diff", "refused", plain, ("9",), ""),
    ("policy fields", "refused", written_and_revoked, ("--read",), ""),
    ("policy fields", "unavailable", written_and_down, ("--read",), ""),
    ("policy filter-preview", "refused", plain, ("customers.contacts=some",), ""),
    ("policy import", "refused", plain, ("nosuch.toml",), ""),
    ("policy rollback", "refused", plain, ("9",), ""),
    ("policy set", "refused", plain, ("customers.contacts=some",), ""),
    ("policy show", "refused", plain, ("--version", "9"), ""),
    ("preview", "refused", revoked, (), ""),
    ("preview", "unavailable", down, (), ""),
    ("restore", "open", plain, ("BACKUP",), NO),
    ("run show", "open", changed_since, (), ""),
    ("status", "open", waiting, (), ""),
    ("sync", "open", waiting, (), ""),
    ("sync", "refused", revoked, (), ""),
    ("invoice", "refused", with_office_revoked, (FIRST,), ""),
    ("invoice", "unavailable", with_office_down, (FIRST,), ""),
    ("invoice", "open", with_office, (FIRST,), ""),
    ("sync", "unavailable", down, (), ""),
    ("undo", "refused", written_and_revoked, ("--all", "--yes"), ""),
    ("undo", "unavailable", written_and_down, ("--all", "--yes"), ""),
    ("undo", "open", written, ("--all", "--dry-run"), ""),
    ("users remove", "open", invited, ("anna@example.com",), NO),
)


def given(word: str, desk: Desk, tmp_path: Path) -> str:
    """A word of a call as it is typed; some stand for what only this desk knows. A secret is typed as the name of a file with it."""
    if word == "api=CRM":
        return f"api={desk.crm_url}/api"
    if word == "FILE":
        return str(tmp_path / "file")
    if word == "POLICY":
        (tmp_path / "other.toml").write_text('[customers]\ncontacts = "all"\n', encoding="utf-8")
        return str(tmp_path / "other.toml")
    if word == "BACKUP":
        assert desk.run("backup", str(tmp_path / "kept.db")).code == 0
        return str(tmp_path / "kept.db")
    if word == "PROBLEM":
        return str(desk.run("problems", "--json").json[0]["id"])
    if word == "INVOICE":
        return f"b:invoice:{desk.run('documents', '--json').json['documents'][0]['key']}"
    return f"@{secret_file(desk, word[1:])}" if word.startswith("@") else word

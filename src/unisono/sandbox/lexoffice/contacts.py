"""``/contacts``: companies and people, optimistic versions, one entry a list on write."""

from __future__ import annotations

from datetime import timedelta

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.contactfields import ADDRESSES, EMAILS, PHONES, ROLES, Reader, too_many
from unisono.sandbox.lexoffice.envelope import Answer, Call, without_nothing
from unisono.sandbox.lexoffice.errors import INVALID, MISSING, legacy, not_found, parameter
from unisono.sandbox.lexoffice.fields import whole
from unisono.sandbox.lexoffice.listing import fits, order_of, paged, pattern

TABLE = "contacts"
_FIRST = {"customer": 10001, "vendor": 70001}
MOST = 500


def name_of(row: Row) -> str:
    """How a contact is called."""
    if row["company"]:
        return str(row["company"]["name"])
    return f"{row['person']['firstName']} {row['person']['lastName']}".strip()


def person_of(row: Row) -> str:
    """The primary contact person of a company, as documents show it. Guess: first and last name."""
    people = (row["company"] or {}).get("contactPersons", [])
    found = next((one for one in people if one["primary"]), None)
    return f"{found['firstName']} {found['lastName']}".strip() if found else ""


def usable(account: Account, row: Row) -> bool:
    """Whether a document may name a contact: a program has to wait a moment for a fresh one, archived ones do not count (guess)."""
    settled = not account.by_api or account.age(row) >= timedelta(seconds=account.setting("fresh_seconds"))
    return "customer" in row["roles"] and not row["archived"] and settled


def shown(account: Account, row: Row) -> Row:
    """A contact as the API shows it."""
    found: Row = {"id": row["id"], "organizationId": account.organization, "version": row["version"]}
    found["roles"] = {role: {"number": row["roles"][role]} for role in ROLES if role in row["roles"]}
    if row["company"]:
        people = [without_nothing(one) for one in row["company"]["contactPersons"]]
        found["company"] = without_nothing(row["company"] | {"contactPersons": people or None})
    else:
        found["person"] = without_nothing(row["person"])
    found["addresses"] = {kind: [without_nothing(one) for one in row["addresses"][kind]] for kind in ADDRESSES if row["addresses"][kind]}
    found["xRechnung"] = row["xRechnung"]
    for name, kinds in (("emailAddresses", EMAILS), ("phoneNumbers", PHONES)):
        found[name] = {kind: list(row[name][kind]) for kind in kinds if row[name][kind]}
    return without_nothing(found | {"note": row["note"], "archived": row["archived"]})


def add(account: Account, values: Row) -> Row:
    """A new contact out of what a reader has read."""
    wanted = values.pop("wanted")
    row = account.add(TABLE, values | {"roles": {}, "numbers": {}, "archived": False})
    _number(account, row, wanted)
    account.happened("contact.created", row["id"])
    return row


def change(account: Account, row: Row, values: Row) -> None:
    """Replace everything a contact holds."""
    wanted = values.pop("wanted")
    account.change(TABLE, row, values)
    _number(account, row, wanted)
    account.happened("contact.changed", row["id"])


def _number(account: Account, row: Row, wanted: list[str]) -> None:
    """Each role has its number; a role that comes back gets its old one (guess)."""
    for role in wanted:
        if role not in row["numbers"]:
            row["numbers"][role] = account.world.storage.next_id(f"number:{role}", _FIRST[role])
    row["roles"] = {role: row["numbers"][role] for role in wanted}


def _one(account: Account, call: Call) -> Row:
    row = account.find(TABLE, call.id)
    if row is None:
        raise not_found()
    return row


def get(account: Account, call: Call) -> Answer:
    """One contact."""
    return Answer(shown(account, _one(account, call)))


def create(account: Account, call: Call) -> Answer:
    """A new contact."""
    body = call.body()
    if body.get("version") not in (None, 0) or isinstance(body.get("version"), bool):
        raise legacy(("version", INVALID))
    row = add(account, Reader(account, body).read())
    return Answer(account.made(TABLE, row), 201, f"{TABLE}/{row['id']}")


def update(account: Account, call: Call) -> Answer:
    """The whole contact anew: what is not sent is gone. The version that was read has to come along."""
    row, body = _one(account, call), call.body()
    version = whole(body.get("version"))
    if version is None:
        raise legacy(("version", MISSING))
    if version != row["version"]:
        raise legacy(("version", INVALID))
    if issues := too_many(row):
        raise legacy(*issues)
    values = Reader(account, body).read()
    if bool(values["company"]) != bool(row["company"]):
        raise legacy(("company or person", INVALID))  # guess: a company does not become a person
    change(account, row, values)
    return Answer(account.made(TABLE, row), subject=f"{TABLE}/{row['id']}")


def listed(account: Account, call: Call) -> Answer:
    """The contacts that fit all filters, by name."""
    name, email = pattern(call, "name", 3, 128), pattern(call, "email", 3, 128)
    said = call.text("number")
    if said and not (said.isascii() and said.isdigit()):
        raise parameter("number")
    roles = {role: call.flag(role) for role in ROLES}
    sort = order_of(call, ("name",), ("name", "ASC"))
    filtered = bool(name or email or said or any(flag is not None for flag in roles.values()))
    rows = account.ordered(TABLE, lambda row: (name_of(row).casefold(), row["_key"]))
    if filtered:
        rows = [
            row
            for row in rows
            if account.indexed(row)
            and fits(name, (name_of(row),))
            and fits(email, _mails(row))
            and (not said or int(said) in row["roles"].values())
            and all(flag is None or (role in row["roles"]) == flag for role, flag in roles.items())
        ]
    if sort[1] == "DESC":
        rows = rows[::-1]
    return Answer(paged(call, rows, lambda row: shown(account, row), [sort], most=MOST))


def _mails(row: Row) -> list[str]:
    people = (row["company"] or {}).get("contactPersons", [])
    return [mail for kind in EMAILS for mail in row["emailAddresses"][kind]] + [one["emailAddress"] for one in people]

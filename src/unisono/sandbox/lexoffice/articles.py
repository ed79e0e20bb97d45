"""``/articles``: the price list. There is no stock anywhere."""

from __future__ import annotations

from decimal import Decimal

from unisono.sandbox.kit.world import Row
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.amounts import RATES, cents
from unisono.sandbox.lexoffice.dates import stamp
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import NOT_NULL, invalid, not_found, regular
from unisono.sandbox.lexoffice.fields import inner, number, text, whole
from unisono.sandbox.lexoffice.listing import order_of, paged

TABLE = "articles"
_TEXTS = ("title", "description", "articleNumber", "gtin", "note", "unitName")


def _is_gtin(said: str) -> bool:
    if len(said) != 13 or not (said.isascii() and said.isdigit()):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(said)) % 10 == 0


def read(account: Account, body: Row, row: Row | None) -> Row:
    """The values of an article; ``row`` is the one that changes. Raises ``Refused``."""
    trimmed = bool(account.setting("normalise"))
    values: Row = {name: text(body.get(name), trimmed=trimmed) for name in _TEXTS}
    wrong = [(name, NOT_NULL) for name in ("title", "unitName") if not values[name]]
    if body.get("type") not in ("PRODUCT", "SERVICE"):
        wrong.append(("type", NOT_NULL if body.get("type") is None else "INVALID_VALUE"))
    if values["gtin"] and not _is_gtin(values["gtin"]):
        wrong.append(("gtin", "VALIDGTIN"))
    owner = next(iter(account.by(TABLE, "articleNumber", values["articleNumber"])), None) if values["articleNumber"] else None
    if owner is not None and owner is not row:
        wrong.append(("materialNumber", "MATERIAL_NUMBER_ALREADY_EXISTS"))
    price = inner(body, "price") or {}
    if not price:
        wrong.append(("price", NOT_NULL))
    leading = price.get("leadingPrice")
    if price and leading not in ("NET", "GROSS"):
        wrong.append(("price.leadingPrice", NOT_NULL if leading is None else "INVALID_VALUE"))
    side = "grossPrice" if leading == "GROSS" else "netPrice"
    amount, rate = number(price.get(side), 4), number(price.get("taxRate"), 2)
    if price and amount is None:
        wrong.append((f"price.{side}", NOT_NULL))
    if price and rate not in RATES:
        wrong.append(("price.taxRate", NOT_NULL if price.get("taxRate") is None else "INVALID_VALUE"))
    if wrong or amount is None or rate is None:
        raise invalid(*wrong)
    return values | {"type": body["type"], "price": priced(str(leading), amount, rate)}


def priced(leading: str, amount: Decimal, rate: Decimal) -> Row:
    """Both sides of a price out of the leading one."""
    factor = 1 + rate / 100
    net, gross = (amount, cents(amount * factor)) if leading == "NET" else (cents(amount / factor), amount)
    return {"netPrice": net, "grossPrice": gross, "leadingPrice": leading, "taxRate": rate}


def shown(account: Account, row: Row) -> Row:
    """An article; what it lacks is sent as null."""
    found: Row = {"id": row["id"], "organizationId": account.organization, "createdDate": stamp(row["created"])}
    found |= {"updatedDate": stamp(row["updated"]), "archived": row["archived"]}
    found |= {name: row[name] or None for name in _TEXTS[:2]} | {"type": row["type"]}
    return found | {name: row[name] or None for name in _TEXTS[2:]} | {"price": dict(row["price"]), "version": row["version"]}


def add(account: Account, values: Row) -> Row:
    """A new article."""
    row = account.add(TABLE, values | {"archived": False})
    account.happened("article.created", row["id"])
    return row


def change(account: Account, row: Row, values: Row) -> None:
    """Replace an article's values."""
    account.change(TABLE, row, values)
    account.happened("article.changed", row["id"])


def remove(account: Account, row: Row) -> None:
    """Delete an article; lines of documents keep what they say."""
    account.remove(TABLE, row)
    account.happened("article.deleted", row["id"])


def _one(account: Account, call: Call) -> Row:
    row = account.find(TABLE, call.id)
    if row is None:
        raise not_found()
    return row


def get(account: Account, call: Call) -> Answer:
    """One article."""
    return Answer(shown(account, _one(account, call)))


def create(account: Account, call: Call) -> Answer:
    """A new article."""
    row = add(account, read(account, call.body(), None))
    return Answer(account.made(TABLE, row), 201, f"{TABLE}/{row['id']}")


def update(account: Account, call: Call) -> Answer:
    """The whole article anew; a stale version is a conflict."""
    row, body = _one(account, call), call.body()
    version = whole(body.get("version"))
    if version is None:
        raise invalid(("version", NOT_NULL))
    if version != row["version"]:
        raise regular(409, "The version of the resource has changed")
    change(account, row, read(account, body, row))
    return Answer(account.made(TABLE, row), subject=f"{TABLE}/{row['id']}")


def delete(account: Account, call: Call) -> Answer:
    """Really gone."""
    row = _one(account, call)
    remove(account, row)
    return Answer(status=204, subject=f"{TABLE}/{row['id']}")


def listed(account: Account, call: Call) -> Answer:
    """Exact filters only. Guess: archived ones are listed, too."""
    sort = order_of(call, ("title",), ("title", "ASC"))
    wanted = {name: call.text(name) for name in ("articleNumber", "gtin", "type") if call.text(name)}
    rows = account.ordered(TABLE, lambda row: (row["title"].casefold(), row["_key"]))
    if wanted:
        rows = [row for row in rows if account.indexed(row) and all(row[name] == said for name, said in wanted.items())]
    if sort[1] == "DESC":
        rows = rows[::-1]
    return Answer(paged(call, rows, lambda row: shown(account, row), [sort]))

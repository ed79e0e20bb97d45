"""Lists of Bitrix24: fifty rows a call in the order of their ids, and with them in the same batch what hangs on those rows. Nothing is
skipped though rows come and go, since each page begins behind the last id. Conditions may be ignored in silence, so rows are compared with
what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from unisono.connect import exact
from unisono.connect.port import Page, Raw
from unisono.model.errors import BadAnswer, SystemFault
from unisono.model.fields import Row
from unisono.systems.bitrix24 import catalogue
from unisono.systems.bitrix24.client import MOST, Answers, Client, Step, result_of
from unisono.systems.bitrix24.mapping import ENTITIES, PREFIXES
from unisono.systems.bitrix24.papers import MEANING, OWNERS, directory_of_unknown
from unisono.systems.bitrix24.stages import meanings
from unisono.systems.bitrix24.values import as_id, id_of, nested

_BOTH = "id createdTime updatedTime comments originatorId originId".split()
_PAPER = "title stageId opportunity taxValue currencyId companyId contactId begindate closedate".split()
KEPT: dict[str, tuple[str, ...]] = {
    "companies": (*_BOTH, "title", "isMyCompany", "fm"),
    "contacts": (*_BOTH, "name", "lastName", "honorific", "post", "companyId", "fm"),
    "deals": (*_BOTH, *_PAPER, "stageSemanticId"),
    "quotes": (*_BOTH, *_PAPER, "quoteNumber", "actualDate", "content", "dealId", "contactIds"),
    "invoices": (*_BOTH, *_PAPER, "xmlId", "accountNumber", "parentId2", "parentId7", "contactIds"),
    "comments": ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "COMMENT"),
    "files": ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "COMMENT", "FILES"),
    "documents": ("id", "title", "number", "entityTypeId", "entityId", "createTime"),
    "products": tuple(catalogue.MEMBERS),
}
"""The members of a row that are of use. The others (search texts, the last activity) move without any change to the record."""
COMMENTS = ("comments", "files")
SINGLE = dict.fromkeys(COMMENTS, "crm.timeline.comment.get") | {"documents": "crm.documentgenerator.document.get"}
"""What is never listed, but read by its id -> the method for it."""
_REQUISITE = "ID PRESET_ID SORT ADDRESS_ONLY RQ_VAT_ID RQ_INN".split()
_ADDRESS = "TYPE_ID ENTITY_TYPE_ID ENTITY_ID ADDRESS_1 ADDRESS_2 POSTAL_CODE CITY PROVINCE COUNTRY".split()
_LINE = "id productName price priceExclusive quantity taxRate taxIncluded measureName".split()
_AT_ONCE = MOST - 1
"""Papers of one call: the list itself takes the fiftieth command."""
_ENDLESS = 400


class Lists:
    """Reads lists and single rows of one portal. ``fields`` are user fields that rows bring along."""

    def __init__(self, client: Client, fields: tuple[str, ...] = (), article_field: str = "xmlId") -> None:
        self._client, self._fields = client, fields
        self._products = catalogue.Products(client, article_field)

    def pages(self, resource: str, since: datetime | None) -> Iterator[Page]:
        """Page after page until a short one."""
        if resource in OWNERS:
            return self._papers(resource, since)
        if resource == "products":
            return (replace(page, rows=tuple(self._product(row) for row in rows)) for page, rows in self._products.pages())
        return self._customers(resource) if since is None else self._changed_customers(resource, since)

    def read(self, resource: str, key: str) -> Raw | None:
        """One row in full, in one call."""
        if resource == "products":
            found = self._products.read(key)
            return self._product(found) if found is not None else None
        if resource in SINGLE:
            step = Step("item", SINGLE[resource], {"id": int(key)})
            answers = self._client.read([step])
        else:
            step = _one(resource, key, "item")
            answers = self._client.read([*self._hanging(resource, key), step])
        outcome = answers.of.get("item")
        if outcome is not None and outcome.gone:
            if resource == "invoices":
                # The same answer comes where a portal has no smart invoices at all.
                result_of(answers, _CATEGORIES)
            return None
        member = "" if resource in COMMENTS else "document" if resource == "documents" else "item"
        row = _item_in(answers, step, key, member)
        if resource == "files":
            # Of a file only name and size last: its addresses are signed anew with each answer.
            files = [_cut(one, ("name", "size")) for one in nested(row, "FILES", f"file:{key}")]
            return self._raw(resource, row, {"FILES": files})
        if resource in SINGLE:
            return self._raw(resource, row, {})
        if resource in OWNERS:
            lines = self._lines(answers, self._hanging(resource, key)[0], resource, key)
            return self._paper(resource, row, lines, meanings(self._client, {directory_of_unknown(row, resource)}))
        requisites, addresses = (self._all(answers, step) for step in self._hanging(resource, key))
        _only(requisites, "ENTITY_ID", {key}, resource)
        _only(addresses, "ANCHOR_ID", {key}, resource)
        return self._customer(resource, row, requisites, addresses)

    # --- customers ----------------------------------------------------------------------------------------------------------------------

    def read_many(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Raw | SystemFault | None]:
        """Companies and contacts in full, in one call. Each is asked for by itself, since only that says in the vendor's own words that it is
        not there, and shows what was written a moment ago; what hangs on them is listed by their ids."""
        items = {(resource, key): _one(resource, key, f"{resource}{key}") for resource, key in places}
        parts = {name: self._ranges(name, "@", [key for one, key in items if one == name]) for name in sorted({name for name, _ in items})}
        answers = self._client.read([*(step for kinds in parts.values() for steps in kinds for step in steps), *items.values()])
        hanging: dict[str, tuple[list[Row], list[Row]]] = {}
        for resource, (requisites, addresses) in parts.items():
            owners = {key for one, key in items if one == resource}
            hanging[resource] = self._all(answers, *requisites), self._all(answers, *addresses)
            _only(hanging[resource][0], "ENTITY_ID", owners, resource)
            _only(hanging[resource][1], "ANCHOR_ID", owners, resource)
        out: dict[tuple[str, str], Raw | SystemFault | None] = {}
        for (resource, key), step in items.items():
            outcome = answers.of.get(step.name)
            try:
                gone = outcome is not None and outcome.gone
                out[resource, key] = None if gone else self._customer(resource, _item_in(answers, step, key), *hanging[resource])
            except SystemFault as fault:
                out[resource, key] = fault
        return out

    def _customers(self, resource: str) -> Iterator[Page]:
        last = 0
        while True:
            items, parts = self._items(resource, {">id": last}), self._ranges(resource, ">", last)
            answers = self._client.read([*(step for steps in parts for step in steps), items])
            rows = rows_of(result_of(answers, items), items, "items", last)
            top = int(id_of(rows[-1])) if rows else last
            requisites = self._range(answers, parts[0], "ENTITY_ID", last, top)
            addresses = self._range(answers, parts[1], "ANCHOR_ID", last, top)
            done = len(rows) < MOST
            raws = tuple(self._customer(resource, row, requisites, addresses) for row in rows)
            yield Page(raws, done, answers.at)
            if done:
                return
            last = top

    def _changed_customers(self, resource: str, since: datetime) -> Iterator[Page]:
        """Rows whose own stamp moved, then those whose requisites did: whether the one moves with the other is not documented."""
        shown: set[str] = set()
        moment, last = since.astimezone(UTC).isoformat(timespec="seconds"), 0
        while True:
            items = self._items(resource, {">id": last, ">=updatedTime": moment})
            answers = self._client.read([items])
            rows = rows_of(result_of(answers, items), items, "items", last)
            shown.update(id_of(row) for row in rows)
            yield Page(self._with_parts(resource, [id_of(row) for row in rows]), False, answers.at)
            if len(rows) < MOST:
                break
            last = int(id_of(rows[-1]))
        owners = sorted(self._touched(resource, moment) - shown, key=int)
        for begin in range(0, len(owners), MOST):
            yield Page(self._with_parts(resource, owners[begin : begin + MOST]), False, None)
        yield Page((), True, None)

    def _touched(self, resource: str, moment: str) -> set[str]:
        """Owners of requisites that were made or changed since. Rows are compared: these lists ignore what they do not know."""
        steps = [
            Step(
                name, "crm.requisite.list", {"filter": {"ENTITY_TYPE_ID": ENTITIES[resource], f">={name}": moment}, "order": {"ID": "ASC"}}
            )
            for name in ("DATE_MODIFY", "DATE_CREATE")
        ]
        answers = self._client.read(steps)
        since = datetime.fromisoformat(moment)
        return {id_of(row, "ENTITY_ID") for step in steps for row in self._all(answers, step) if _from(row, step.name, since)} - {""}

    def _with_parts(self, resource: str, owners: list[str]) -> tuple[Raw, ...]:
        """Some customers with what hangs on them, in one call. One that is deleted meanwhile takes its requisites along: it is asked for after
        them, so that nobody is shown without an address whose deletion had begun."""
        if not owners:
            return ()
        parts, items = self._ranges(resource, "@", owners), self._items(resource, {"@id": owners})
        answers = self._client.read([*(step for steps in parts for step in steps), items])
        rows = rows_of(result_of(answers, items), items, "items", 0)
        _only(rows, "id", set(owners), resource)
        requisites, addresses = (self._all(answers, *steps) for steps in parts)
        _only(requisites, "ENTITY_ID", set(owners), resource)
        _only(addresses, "ANCHOR_ID", set(owners), resource)
        return tuple(self._customer(resource, row, requisites, addresses) for row in rows)

    def _ranges(self, resource: str, compare: str, owners: int | list[str]) -> tuple[list[Step], list[Step]]:
        """Requisites and addresses of the owners behind an id or among some: two and three pages of them, which nearly always suffice."""
        requisites = _asked("ENTITY_TYPE_ID", resource, {f"{compare}ENTITY_ID": owners}, "ENTITY_ID")
        addresses = _asked("ANCHOR_TYPE_ID", resource, {f"{compare}ANCHOR_ID": owners}, "ANCHOR_ID")
        return (
            [Step(f"{resource}requisites{n}", "crm.requisite.list", {**requisites, "start": n * MOST}) for n in range(2)],
            [Step(f"{resource}addresses{n}", "crm.address.list", {**addresses, "start": n * MOST}) for n in range(3)],
        )

    def _range(self, answers: Answers, steps: Sequence[Step], owner: str, last: int, top: int) -> list[Row]:
        """All rows of owners up to ``top``: what the batch brought, and further pages if that did not reach so far."""
        found: list[Row] = []
        for step in steps:
            page = rows_of(result_of(answers, step), step)
            found += page
            if len(page) < MOST:
                break
        else:
            while not _reaches(found, owner, top):
                at = len(found)
                step = Step("more", steps[0].method, {**steps[0].params, "start": at})
                page = rows_of(result_of(self._client.read([step]), step), step)
                found += page
                if len(page) < MOST:
                    break
                if at > _ENDLESS * MOST:
                    raise BadAnswer("same-page-again", {"call": step.method})
        if any(int(id_of(row, owner) or 0) <= last for row in found):
            raise BadAnswer("filter-ignored", {"system": "bitrix24", "resource": steps[0].method, "record": str(last), "field": owner})
        return found

    def _customer(self, resource: str, row: Row, requisites: Sequence[Row], addresses: Sequence[Row]) -> Raw:
        key = id_of(row)
        held = [_cut(one, _REQUISITE) for one in requisites if id_of(one, "ENTITY_ID") == key]
        places = [_cut(one, _ADDRESS) for one in addresses if id_of(one, "ANCHOR_ID") == key]
        held.sort(key=lambda one: int(id_of(one, "ID") or 0))
        places.sort(key=lambda one: (int(id_of(one, "ENTITY_ID") or 0), int(as_id(one.get("TYPE_ID")) or 0)))
        return self._raw(resource, row, {"requisites": held, "addresses": places})

    # --- papers -------------------------------------------------------------------------------------------------------------------------

    def _papers(self, resource: str, since: datetime | None) -> Iterator[Page]:
        moved = {} if since is None else {">=updatedTime": since.astimezone(UTC).isoformat(timespec="seconds")}
        last, known = 0, dict[str, dict[str, str]]()
        while True:
            items = self._items(resource, {">id": last, **moved})
            # Which papers come is not known yet: their lines are asked for by their place in the list.
            steps = [_lines_of(f"lines{n}", resource, f"$result[items][items][{n}][id]") for n in range(_AT_ONCE)]
            answers = self._client.read([items, *steps])
            rows = rows_of(result_of(answers, items), items, "items", last)
            known |= meanings(self._client, {directory_of_unknown(row, resource) for row in rows} - set(known))
            raws = []
            for row, step in zip(rows, steps, strict=False):
                lines = self._lines(answers, step, resource, id_of(row))
                raws.append(self._paper(resource, row, lines, known))
            done = len(rows) <= _AT_ONCE
            if done and len(rows) < MOST:
                yield Page(tuple(raws), True, answers.at)
                return
            yield Page(tuple(raws), False, answers.at)
            last = int(raws[-1].key)

    def _paper(self, resource: str, row: Row, lines: list[Row], known: Mapping[str, Mapping[str, str]]) -> Raw:
        """A paper with its rows, and what its stage means where the portal's own directory alone can tell."""
        meant = known.get(directory_of_unknown(row, resource), {}).get(str(row.get("stageId")), "")
        return self._raw(resource, row, {"productRows": lines} | ({MEANING: meant} if meant else {}))

    def _lines(self, answers: Answers, step: Step, resource: str, owner: str) -> list[Row]:
        found = self._all(answers, _lines_of(step.name, resource, owner), member="productRows")
        _only(found, "ownerId", {owner}, resource)
        return [_cut(row, _LINE) for row in found]

    # --- what all have in common --------------------------------------------------------------------------------------------------------

    def _items(self, resource: str, condition: Row) -> Step:
        params = {
            "entityTypeId": ENTITIES[resource],
            "select": ["*", *self._fields],
            "filter": condition,
            "order": {"id": "ASC"},
            "start": -1,
            "useOriginalUfNames": "Y",
        }
        return Step("items", "crm.item.list", params)

    def _hanging(self, resource: str, key: str) -> list[Step]:
        """What is asked for along with one row."""
        if resource in OWNERS:
            return [_lines_of("lines", resource, key), *([_CATEGORIES] if resource == "invoices" else [])]
        return [
            Step("requisites", "crm.requisite.list", _asked("ENTITY_TYPE_ID", resource, {"ENTITY_ID": key}, "ENTITY_ID")),
            Step("addresses", "crm.address.list", _asked("ANCHOR_TYPE_ID", resource, {"ANCHOR_ID": key}, "ANCHOR_ID")),
        ]

    def _all(self, answers: Answers, step: Step, *following: Step, member: str = "") -> list[Row]:
        """The rows of a list whose first pages came along, with those of the pages that did not."""
        page = rows_of(result_of(answers, step), step, member)
        found = list(page)
        for one in following:
            if len(page) >= MOST:
                page = rows_of(result_of(answers, one), one, member)
                found += page
        while len(page) >= MOST:
            further = Step("more", step.method, {**step.params, "start": len(found)})
            page = rows_of(result_of(self._client.read([further]), further), further, member)
            found += page
            if len(found) > _ENDLESS * MOST:
                raise BadAnswer("same-page-again", {"call": step.method})
        return found

    def _product(self, row: Row) -> Raw:
        return self._raw("products", row, {name: row[name] for name in row if name not in KEPT["products"]})

    def _raw(self, resource: str, row: Row, parts: Row) -> Raw:
        kept = _cut(row, (*KEPT[resource], *(self._fields if resource in ("companies", "contacts") else ())))
        if isinstance(kept.get("fm"), list):
            kept["fm"] = sorted(kept["fm"], key=lambda one: int(id_of(one) or 0) if isinstance(one, dict) else 0)
        key = id_of(row, "ID" if resource in COMMENTS else "id")
        try:
            return Raw(resource, key, exact.encode(kept | parts))
        except (ValueError, TypeError, OverflowError) as error:
            told = {"call": resource, "record": f"{PREFIXES[resource]}:{key}", "reason": str(error)[:80]}
            raise BadAnswer("not-a-row", told) from error


_CATEGORIES = Step("categories", "crm.category.list", {"entityTypeId": ENTITIES["invoices"]})


def _asked(type_field: str, resource: str, condition: Row, order: str) -> Row:
    second = "ID" if order == "ENTITY_ID" else "TYPE_ID"
    return {"filter": {type_field: ENTITIES[resource], **condition}, "order": {order: "ASC", second: "ASC"}}


def _one(resource: str, key: str, name: str) -> Step:
    return Step(name, "crm.item.get", {"entityTypeId": ENTITIES[resource], "id": int(key), "useOriginalUfNames": "Y"})


def _item_in(answers: Answers, step: Step, key: str, member: str = "item") -> Row:
    """The row that was asked for by its id. Raises ``BadAnswer`` for another one."""
    result = result_of(answers, step)
    row = result.get(member) if isinstance(result, dict) and member else result
    if not isinstance(row, dict) or id_of(row, "id" if member else "ID") != key:
        raise BadAnswer("not-a-row", {"call": step.method, "value": str(row)[:80]})
    return row


def _lines_of(name: str, resource: str, owner: str) -> Step:
    condition = {"=ownerType": OWNERS[resource], "=ownerId": owner}
    return Step(name, "crm.item.productrow.list", {"filter": condition, "order": {"sort": "ASC", "id": "ASC"}})


def rows_of(result: Any, step: Step, member: str = "", last: int | None = None) -> list[Row]:
    """The rows of a list's answer. With ``last``: ids must rise from there, else a condition or the order was passed over."""
    found = result.get(member) if member and isinstance(result, dict) else result
    found = list(found.values()) if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise BadAnswer("list-missing", {"system": "bitrix24", "resource": step.method, "field": member or "result"})
    if last is not None:
        for row in found:
            here = int(id_of(row) or 0)
            if here <= last:
                told = {"system": "bitrix24", "resource": step.method, "record": str(row.get("id"))[:40], "field": "id"}
                raise BadAnswer("filter-ignored", told)
            last = here
    return found


def _only(rows: Sequence[Row], field: str, wanted: set[str], resource: str) -> None:
    """Rows of others mean that the condition was ignored: taking them would give one customer another's data."""
    for row in rows:
        if as_id(row.get(field)) not in wanted:
            told = {"system": "bitrix24", "resource": resource, "record": str(row.get(field))[:40], "field": field}
            raise BadAnswer("filter-ignored", told)


def _reaches(found: Sequence[Row], owner: str, top: int) -> bool:
    """Whether rows sorted by owner have come past the last one wanted; unsorted ones never do."""
    owners = [int(id_of(row, owner) or 0) for row in found]
    return owners == sorted(owners) and bool(owners) and owners[-1] > top


def _from(row: Row, field: str, since: datetime) -> bool:
    told = row.get(field)
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None and moment >= since


def _cut(row: Row, names: Sequence[str]) -> Row:
    return {name: row[name] for name in names if name in row}

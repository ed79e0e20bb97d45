"""What a person does in the portal's own interface.

Values are texts. Fields carry the classic names in any case (``title``, ``OPPORTUNITY``). Besides, a company or contact takes ``phone``,
``mobile``, ``email``, ``web``; ``vat_id``, ``tax_number``, ``register`` (its requisite); ``street``, ``zip``, ``city``, ``country`` with
``delivery_`` in front for the second address. Rows come as ``items``: JSON like the API's, or one line each, ``name; quantity; gross
price; tax percent``. Everything answers ``{"id": ...}``. ``KeyError`` is an id or an act that does not exist, ``ValueError`` anything else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from unisono.sandbox.bitrix24 import automation, catalog, cleaning, events, multifields, productrows, records, timeline, tokens, userfields
from unisono.sandbox.bitrix24.addressing import put_parts
from unisono.sandbox.bitrix24.directories import add_pipeline, known_code, stage_directory
from unisono.sandbox.bitrix24.errors import Refused
from unisono.sandbox.bitrix24.fields import decimal, integer
from unisono.sandbox.bitrix24.merging import merge
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.bitrix24.types import ALL, COMPANY, CONTACT, WITH_MULTIFIELDS, WITH_ROWS, Type
from unisono.sandbox.kit.world import Row

Values = dict[str, Any]
Act = Callable[[Portal, Values], Any]
_REACH = {"PHONE": ("PHONE", "WORK"), "MOBILE": ("PHONE", "MOBILE"), "EMAIL": ("EMAIL", "WORK"), "WEB": ("WEB", "WORK")}
_SAYS = {"AMOUNT": "OPPORTUNITY", "STAGE": "", "COMPANY": "COMPANY_ID", "CONTACT": "CONTACT_ID"}


def act(portal: Portal, name: str, values: dict[str, str]) -> dict[str, Any]:
    """Perform one act by name."""
    if name not in ACTS:
        raise KeyError(f"no act {name!r}; there are {', '.join(ACTS)}")
    given: Values = {key.upper(): value for key, value in values.items()}
    try:
        user = integer(given.pop("USER", None)) or int(portal.setting("webhook_user"))
        with portal.working(user):
            done = ACTS[name](portal, given)
            events.settle(portal)
    except Refused as refusal:
        portal.pending.clear()
        raise ValueError(refusal.text or str(refusal.code)) from None
    return {"id": done}


def kind_of(word: Any) -> Type:
    """A type by its name. Raises ``ValueError``."""
    found = next((kind for kind in ALL if kind.name == str(word).lower()), None)
    if found is None:
        raise ValueError(f"{word!r} is none of {', '.join(kind.name for kind in ALL)}")
    return found


def found(portal: Portal, kind: Type, values: Values, name: str = "ID") -> Row:
    """The record that the values name. Raises ``KeyError``."""
    row = portal.get(kind.table, integer(values.get(name)))
    if row is None:
        raise KeyError(f"no {kind.name} {values.get(name)!r}")
    return row


def _sent(portal: Portal, kind: Type, values: Values) -> Values:
    """Fields as the classic methods take them; lists of ids may come with commas."""
    sent: Values = {}
    known = portal.fields(kind)
    for name, value in values.items():
        name = _SAYS.get(name, name) or kind.stage
        field = known.get(name)
        if field is not None and name != "ID":
            sent[name] = value.split(",") if field.multiple and isinstance(value, str) and value else value
    return sent


def _reached(portal: Portal, kind: Type, row: Row | None, values: Values) -> multifields.Changes:
    """The one number or address of a kind that the form shows: changed where it is, else added, emptied where it is empty."""
    changes: multifields.Changes = []
    for name, (type_id, value_type) in _REACH.items():
        if name not in values or kind.id not in WITH_MULTIFIELDS:
            continue
        rows = multifields.of(portal, kind, row["ID"]) if row is not None else []
        held = next((one for one in rows if (one["TYPE_ID"], one["VALUE_TYPE"]) == (type_id, value_type)), None)
        value = str(values[name]).strip()
        if held is not None:
            changes.append(("change" if value else "delete", held["ID"], type_id, value_type, value))
        elif value:
            changes.append(("add", 0, type_id, value_type, value))
    multifields.check(changes)
    return changes


def _create(kind: Type) -> Act:
    def create(portal: Portal, values: Values) -> int:
        sent = _sent(portal, kind, values)
        if kind.id in WITH_ROWS and values.get("AMOUNT"):
            sent["IS_MANUAL_OPPORTUNITY"] = "Y"
        cleaned, _ = cleaning.classic(portal, kind, sent, creating=True)
        row = records.create(portal, kind, cleaned, _reached(portal, kind, None, values))
        if kind in (COMPANY, CONTACT):
            put_parts(portal, kind, row, values)
        if kind.id in WITH_ROWS and values.get("ITEMS"):
            productrows.replace(portal, kind, row, items_of(values["ITEMS"]))
        return int(row["ID"])

    return create


def _edit(kind: Type) -> Act:
    def edit(portal: Portal, values: Values) -> int:
        row = found(portal, kind, values)
        cleaned, _ = cleaning.classic(portal, kind, _sent(portal, kind, values), creating=False)
        if kind.stage:
            cleaned.pop(kind.stage, None)
        records.change(portal, kind, row, cleaned, _reached(portal, kind, row, values))
        if kind in (COMPANY, CONTACT):
            put_parts(portal, kind, row, values)
        if kind.id in WITH_ROWS and "ITEMS" in values:
            productrows.replace(portal, kind, row, items_of(values["ITEMS"]))
            records.touched(portal, kind, row)
            records.happened(portal, kind, "UPDATE", row["ID"])
        return int(row["ID"])

    return edit


def _delete(kind: Type) -> Act:
    def delete(portal: Portal, values: Values) -> int:
        row = found(portal, kind, values)
        records.remove(portal, kind, row)
        return int(row["ID"])

    return delete


def _move(kind: Type) -> Act:
    def move(portal: Portal, values: Values) -> int:
        row, stage = found(portal, kind, values), str(values.get("STAGE") or "")
        category = integer(values.get("CATEGORY")) if values.get("CATEGORY") else row.get("CATEGORY_ID")
        if not known_code(portal, stage_directory(kind, category), stage):
            raise ValueError(f"stage {stage!r} is none of {stage_directory(kind, category)}")
        records.change(portal, kind, row, {kind.stage: stage} | ({"CATEGORY_ID": category} if "CATEGORY_ID" in kind.fields else {}))
        return int(row["ID"])

    return move


def items_of(said: Any) -> list[Row]:
    """Rows in all the ways a form or a test may give them. Raises ``ValueError``."""
    if isinstance(said, str) and said.lstrip().startswith("["):
        said = json.loads(said, parse_float=Decimal)
    if isinstance(said, list):
        return [{productrows.CAMEL.get(key, key.upper()): value for key, value in item.items()} for item in said]
    rows = []
    for line in filter(str.strip, str(said).splitlines()):
        parts = [part.strip() for part in line.split(";")]
        if len(parts) not in (3, 4) or any(decimal(part.replace(",", ".")) is None for part in parts[1:]):
            raise ValueError(f"item {line!r}: expected name; quantity; gross price; tax percent")
        numbers = [decimal(part.replace(",", ".")) for part in parts[1:]]
        tax = numbers[2] if len(numbers) > 2 else Decimal(19)
        rows.append({"PRODUCT_NAME": parts[0], "QUANTITY": numbers[0], "PRICE": numbers[1], "TAX_RATE": tax, "TAX_INCLUDED": "Y"})
    return rows


# contacts of companies, the timeline


def _merge(kind: Type) -> Act:
    def merge_(portal: Portal, values: Values) -> int:
        """The record ``id`` goes into ``into``, which stays."""
        loser, winner = found(portal, kind, values), found(portal, kind, values, "INTO")
        if loser is winner:
            raise ValueError("a record cannot be merged with itself")
        merge(portal, kind, winner, loser)
        return int(winner["ID"])

    return merge_


def _link(portal: Portal, values: Values) -> int:
    person, company = found(portal, CONTACT, values, "CONTACT_ID"), found(portal, COMPANY, values, "COMPANY_ID")
    records.change(portal, CONTACT, person, {"COMPANY_IDS": [*person["COMPANY_IDS"], company["ID"]], "COMPANY_ID": person["COMPANY_ID"]})
    return int(person["ID"])


def _unlink(portal: Portal, values: Values) -> int:
    person, company = found(portal, CONTACT, values, "CONTACT_ID"), found(portal, COMPANY, values, "COMPANY_ID")
    left = [key for key in person["COMPANY_IDS"] if key != company["ID"]]
    records.change(portal, CONTACT, person, {"COMPANY_IDS": left, "COMPANY_ID": person["COMPANY_ID"]})
    return int(person["ID"])


def _comment(portal: Portal, values: Values) -> int:
    kind = kind_of(values.get("KIND"))
    return int(timeline.comment(portal, kind, found(portal, kind, values)["ID"], str(values.get("TEXT") or ""))["ID"])


def _restore(portal: Portal, values: Values) -> int:
    kind, key = kind_of(values.get("KIND")), integer(values.get("ID"))
    kept = next((row for row in portal.table("recycle").values() if (row["TYPE"], row["ITEM"]["ID"]) == (kind.id, key)), None)
    if kept is None:
        raise KeyError(f"no {kind.name} {key} in the recycle bin")
    return int(records.restore(portal, kept)["ID"])


# products


def _product(portal: Portal, values: Values, row: Row | None) -> int:
    names = {"NAME": "name", "CODE": "code", "XML_ID": "xmlId", "VAT_ID": "vatId", "MEASURE": "measure", "DETAIL_TEXT": "detailText"}
    cleaned = catalog.cleaned({camel: values[name] for name, camel in names.items() if name in values})
    if row is None:
        if not cleaned.get("NAME"):
            raise ValueError("a product needs a name")
        row = catalog.add(portal, cleaned)
    else:
        catalog.change(portal, row, cleaned)
    if values.get("PRICE"):
        amount = decimal(str(values["PRICE"]).replace(",", "."))
        if amount is None:
            raise ValueError(f"price {values['PRICE']!r} is no amount of money")
        catalog.price(portal, row["ID"], amount, portal.setting("currency"))
    if values.get("STOCK"):
        held = next(iter(portal.by("store_products", "PRODUCT_ID", row["ID"])), None)
        stock = decimal(values["STOCK"]) or Decimal(0)
        if held is None:
            portal.add("store_products", {"PRODUCT_ID": row["ID"], "STORE_ID": 1, "AMOUNT": stock})
        else:
            portal.change("store_products", held, {"AMOUNT": stock})
    return int(row["ID"])


def _product_row(portal: Portal, values: Values) -> Row:
    row = portal.get("products", integer(values.get("ID")))
    if row is None:
        raise KeyError(f"no product {values.get('ID')!r}")
    return row


def _drop_product(portal: Portal, values: Values) -> int:
    row = _product_row(portal, values)
    catalog.remove(portal, row)
    return int(row["ID"])


# the portal's settings


def _bind_webhook(portal: Portal, values: Values) -> int:
    """An outgoing webhook for some events (separated by commas or blanks)."""
    made = [
        events.bind(portal, {"event": event, "handler": values.get("HANDLER")}, kind="webhook")
        for event in str(values.get("EVENTS") or "").replace(",", " ").split()
    ]
    if not made:
        raise ValueError("no events are named")
    return int(made[-1]["ID"])


def _install(portal: Portal, values: Values) -> int:
    events.installed(portal, str(values.get("HANDLER") or ""))
    return 5


def _uninstall(portal: Portal, values: Values) -> int:
    """What an application registered goes with it."""
    del values
    tokens.revoke_all(portal)
    for table in ("placements", "robots"):
        portal.table(table).clear()
        portal.world.storage.derived.clear()
    for row in [row for row in portal.table("event_handlers").values() if row["KIND"] == "app"]:
        portal.remove("event_handlers", row["ID"])
    return 5


def _press(portal: Portal, values: Values) -> int:
    """Open an application's place (``placement``, or its row's number in ``id``) on the card ``record``."""
    wanted, number = values.get("PLACEMENT"), integer(values.get("ID"))
    row = next((one for one in portal.table("placements").values() if one["ID"] == number or one["PLACEMENT"] == wanted), None)
    if row is None:
        raise KeyError(f"no placement {wanted or number!r}")
    automation.press(portal, row, integer(values.get("RECORD")) or 0)
    return int(row["ID"])


def _place_trigger(portal: Portal, values: Values) -> int:
    return int(automation.place(portal, str(values.get("CODE")), kind_of(values.get("KIND")), str(values.get("STAGE")))["ID"])


def _make_trigger(portal: Portal, values: Values) -> str:
    return str(automation.by_hand(portal, kind_of(values.get("KIND")), str(values.get("STAGE") or ""))["CODE"])


def _run_robot(portal: Portal, values: Values) -> int:
    kind = kind_of(values.get("KIND"))
    return int(automation.run_robot(portal, str(values.get("CODE")), kind, found(portal, kind, values)["ID"], {})["ID"])


def _field(portal: Portal, values: Values) -> int:
    kind = kind_of(values.get("KIND"))
    given: Row = {"FIELD_NAME": values.get("NAME"), "USER_TYPE_ID": values.get("TYPE") or "string", "LABEL": values.get("LABEL")}
    given |= {"MANDATORY": values.get("MANDATORY") or "N", "MULTIPLE": values.get("MULTIPLE") or "N"}
    return int(userfields.make(portal, kind.user_fields, given)["ID"])


def _pipeline(portal: Portal, values: Values) -> int:
    return add_pipeline(portal, str(values.get("NAME") or "Pipeline"))


def _deliver(portal: Portal, values: Values) -> int:
    """Everything that waits goes out now."""
    del values
    for row in portal.table("deliveries").values():
        portal.change("deliveries", row, {"DUE": portal.world.clock.now()})
    count = len(portal.table("deliveries"))
    events.send_due(portal)
    return count


ACTS: dict[str, Act] = {
    **{f"create_{kind.name}": _create(kind) for kind in ALL},
    **{f"edit_{kind.name}": _edit(kind) for kind in ALL},
    **{f"delete_{kind.name}": _delete(kind) for kind in ALL},
    **{f"move_{kind.name}": _move(kind) for kind in ALL if kind.stage},
    "merge_company": _merge(COMPANY),
    "merge_contact": _merge(CONTACT),
    "link_contact": _link,
    "unlink_contact": _unlink,
    "comment": _comment,
    "restore": _restore,
    "create_product": lambda portal, values: _product(portal, values, None),
    "edit_product": lambda portal, values: _product(portal, values, _product_row(portal, values)),
    "delete_product": _drop_product,
    "bind_webhook": _bind_webhook,
    "install_app": _install,
    "uninstall_app": _uninstall,
    "press_placement": _press,
    "place_trigger": _place_trigger,
    "make_trigger": _make_trigger,
    "run_robot": _run_robot,
    "make_field": _field,
    "add_pipeline": _pipeline,
    "deliver_events": _deliver,
}

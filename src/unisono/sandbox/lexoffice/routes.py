"""Which addresses there are, and what performs each."""

from __future__ import annotations

import re
from collections.abc import Callable

from unisono.sandbox.lexoffice import articles, contacts, events, files, masterdata, payments, templates, voucherlist, vouchers
from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.documents import creator, getter
from unisono.sandbox.lexoffice.envelope import Answer, Call
from unisono.sandbox.lexoffice.errors import Refused, not_found, regular
from unisono.sandbox.lexoffice.kinds import ALL
from unisono.sandbox.lexoffice.rendering import documenter, filer

Service = Callable[[Account, Call], Answer]

SERVICES: dict[str, Service] = {
    "GET profile": masterdata.profile,
    "GET ping": masterdata.profile,
    "GET countries": masterdata.country_list,
    "GET payment-conditions": masterdata.condition_list,
    "GET posting-categories": masterdata.category_list,
    "GET print-layouts": masterdata.layout_list,
    "GET recurring-templates": templates.listed,
    "GET recurring-templates/*": templates.get,
    "GET contacts": contacts.listed,
    "POST contacts": contacts.create,
    "GET contacts/*": contacts.get,
    "PUT contacts/*": contacts.update,
    "GET articles": articles.listed,
    "POST articles": articles.create,
    "GET articles/*": articles.get,
    "PUT articles/*": articles.update,
    "DELETE articles/*": articles.delete,
    "GET voucherlist": voucherlist.listed,
    "GET payments/*": payments.get,
    "GET vouchers": vouchers.listed,
    "POST vouchers": vouchers.create,
    "GET vouchers/*": vouchers.get,
    "PUT vouchers/*": vouchers.update,
    "POST vouchers/*/files": files.attach,
    "POST files": files.upload,
    "GET files/*": files.get,
    "GET event-subscriptions": events.listed,
    "POST event-subscriptions": events.create,
    "GET event-subscriptions/*": events.get,
    "DELETE event-subscriptions/*": events.delete,
    **{f"POST {kind.path}": creator(kind) for kind in ALL if kind.written},
    **{f"GET {kind.path}/*": getter(kind) for kind in ALL},
    **{f"GET {kind.path}/*/file": filer(kind) for kind in ALL},
    **{f"GET {kind.path}/*/document": documenter(kind) for kind in ALL},
}
"""Method and address, the id as a star."""

NOT_THERE = frozenset({"DELETE contacts/*", *(f"GET {kind.path}" for kind in ALL)})
"""Measured: these answer 404, not 405."""
_PATH = re.compile(r"/v1/([a-z-]+)(?:/([^/]+)(?:/([a-z]+))?)?/*")


def asked(method: str, path: str) -> tuple[str, str]:
    """What a request asks for (``GET contacts/*``), and the id in it; empty for an address that does not exist."""
    found = _PATH.fullmatch(path)
    if found is None:
        return "", ""
    name = f"{method} {found[1]}" + ("/*" if found[2] else "") + (f"/{found[3]}" if found[3] else "")
    return name, (found[2] or "").lower()


def service(name: str) -> Service:
    """What performs a request. Raises ``Refused``. Guess: a known address with another method is a 405."""
    found = SERVICES.get(name)
    if found is not None:
        return found
    place = name.partition(" ")[2]
    if name not in NOT_THERE and place and any(other.partition(" ")[2] == place for other in SERVICES):
        raise wrong_method(name.partition(" ")[0])
    raise not_found()


def wrong_method(method: str) -> Refused:
    """A method that an address does not have."""
    return regular(405, f"Request method '{method}' is not supported")

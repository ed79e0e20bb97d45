"""Somebody gives the product a key for a side: types it, or lets the application in on the vendor's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.storm.sides import Letter
from unisono.model.secret import Secret
from unisono.store import pairs
from unisono.wiring import House
from unisono.wiring.setup import keep_login, replace_key

if TYPE_CHECKING:
    from tests.storm.world import World


def sign(w: World, house: House, letter: Letter, *, sure: bool = False) -> str:
    """The account it opens. ``sure``: the person says so where only a person can tell. Raises as ``replace_key``."""
    _, login, hidden, settings = w.stage.connection(letter)
    if "login" in settings:
        # A browser comes back from the vendor's page with keys that nobody types.
        with house.store.read() as conn:
            row = pairs.get_connection(conn, w.ids[letter])
        given: dict[str, str | Secret] = {**login, **hidden}
        identity = keep_login(house, row, given, sure=sure)
    else:
        identity = replace_key(house, w.ids[letter], login | {name: value.reveal() for name, value in hidden.items()}, sure=sure)
    return identity.account if identity else ""

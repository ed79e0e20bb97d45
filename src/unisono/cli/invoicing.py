"""``invoice``: from a customer, person or deal of the CRM to the draft of an invoice, and the way to its page."""

from __future__ import annotations

from typing import Annotated

import typer

from unisono.cli.terminal import AsJson, Data, PairId, WrongCall, add_commands, holder, house_at, person, plain, show, the_pair, words
from unisono.wiring.drafting import NoSuchCard, NotPossible, card, card_if_seen, want
from unisono.wiring.running import Runner


def add(app: typer.Typer) -> None:
    """Adds the command of this file."""
    add_commands(app, {"invoice": invoice})


def invoice(
    record: Annotated[str, typer.Argument(help="Its key in the CRM: company:7, contact:9, deal:5.")],
    pair: PairId = "",
    look: Annotated[bool, typer.Option("--look", help="Only show what there is; make nothing.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Makes the draft of an invoice for a customer of the CRM, who is made first where they are not known, and shows where it is finished."""
    before: set[str] = set()
    with house_at(data, alone=not look) as house:
        pair_id = the_pair(house, pair)
        try:
            if not look:
                if card_if_seen(house, pair_id, record) is None:
                    # Somebody has just made it: the CRM is read once more before that is said to be nobody.
                    Runner(house=house, holder=holder()).until_quiet(pair_id)
                before = {one.key for one in card(house, pair_id, record).made}
                want(house, pair_id, record, person())
                turns = Runner(house=house, holder=holder()).until_quiet(pair_id)
                for fault in turns[-1].faults.values():
                    raise fault
            found = card(house, pair_id, record)
        except NoSuchCard:
            raise WrongCall("no-such-card", record=record) from None
        except NotPossible as no:
            raise WrongCall(no.args[0].code, **no.args[0].values) from None
        made = [one for one in found.made if look or one.key not in before]
    told = [words("draft.is-there", page=one.page or one.key) for one in made]
    waits = found.pending or bool(found.questions or found.problems)
    if waits or not told:
        told.append(words("draft.waits" if waits else "draft.none", name=found.label))
    show({"customer": found.customer, "pending": found.pending, "made": [plain(one) for one in made]}, as_json, "\n".join(told))
    if waits:
        raise typer.Exit(1)

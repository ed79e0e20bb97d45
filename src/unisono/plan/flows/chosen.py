"""Who takes part: the rules that leave a record where it is. Pure; each gives its reason, or ``None``."""

from __future__ import annotations

from unisono.model.party import Party
from unisono.model.record import Body, Side, other
from unisono.model.text import folded
from unisono.plan.actions import Reason
from unisono.plan.compare import allowed
from unisono.plan.situation import Situation
from unisono.policy.schema import Policy


def left_for_good(s: Situation, policy: Policy) -> Reason | None:
    """Why a person's own word leaves a record out, linked or not: the record was named, or what it belongs to."""
    if not policy.leave_out:
        return None
    link, subject = s.link, s.subject
    mine = (f"a:{link.kind}:{link.a_key}", f"b:{link.kind}:{link.b_key}") if link is not None else (str(subject),)
    if any(name in policy.leave_out for name in (*mine, str(subject))):
        return Reason("left-for-good")
    owner = s.owner
    if owner is not None:
        theirs = (f"{subject.side}:{owner.kind}:{owner.key}", f"{other(subject.side)}:{owner.kind}:{owner.linked}")
        if any(name in policy.leave_out for name in theirs):
            return Reason("owner-left-out")
    return None


def party_left_out(side: Side, reasons: tuple[str, ...], history: bool, policy: Policy, body: Body | None = None) -> Reason | None:
    """Which parties of a side go across: from the CRM those with a quote or a tag, from the invoicing system all or the new ones.

    With ``body`` also whether it is one of those the firm restricted the pair to.
    """
    customers = policy.customers
    # A person who wants an invoice for somebody has chosen them, whichever way the rest goes.
    by_person = side == "a" and "wanted" in reasons
    if not by_person and not allowed(customers.direction, other(side)):
        return Reason("direction-off")
    filtered = filtered_out(side, body, policy)
    if filtered is not None:
        return filtered
    if side == "a":
        when = {"quote": "quote", "tag": "tag", "contact-tag": "tag"}
        # An invoice that goes across takes its customer along, whatever else makes one.
        wanted = [r for r in reasons if r in ("invoice", "wanted") or when.get(r) in customers.from_crm.when]
        return None if wanted else Reason("no-quote-no-tag", {"tag": customers.from_crm.tag})
    if customers.from_invoicing.when == "none":
        return Reason("not-taken-from-invoicing")
    if history and customers.from_invoicing.history == "new" and "document" not in reasons:
        return Reason("older-than-release")
    return None


def filtered_out(side: Side, body: Body | None, policy: Policy) -> Reason | None:
    """Which of ``customers.only`` a customer does not meet."""
    only = policy.customers.only
    if not isinstance(body, Party):
        return None
    country = body.address.country or policy.customers.country
    if only.countries and country not in only.countries:
        return Reason("only-countries", {"country": country or "-", "countries": ", ".join(only.countries)})
    if only.tag and side == "a" and only.tag not in body.tags:
        return Reason("only-tag", {"tag": only.tag})
    if only.email and not body.email:
        return Reason("only-email")
    if only.names and folded(f"{body.first_name} {body.name}") not in {folded(name) for name in only.names}:
        return Reason("only-names")
    return None

"""States that are told to the CRM: which become others by the date alone, and automations of which nobody knows whether they were set off."""

from __future__ import annotations

from datetime import date, timedelta

from unisono.engine.hands import Hands, Pairing
from unisono.engine.marks import mark_for
from unisono.engine.written import remembered
from unisono.plan.actions import Ask
from unisono.plan.situation import subject_of
from unisono.store import asking, intents, lanes, links, work
from unisono.store.intents import Intent
from unisono.store.settings import get_setting, put_setting

UNSURE = "trigger-unclear"
"""Code of the question whether an automation was set off whose answer was lost."""
ASKED_AGAIN = timedelta(hours=1)
"""How often it is looked at whether somebody has answered."""
_OPEN = ("issued", "sent", "part-paid")
"""States that a due date ends."""


def wake_overdue(pairing: Pairing, hands: Hands) -> int:
    """Once a day: the documents that are past due since, without anybody having touched them, are looked at. Returns how many."""
    if pairing.today is None:
        return 0
    name, today = f"overdue:{pairing.id}", pairing.today.isoformat()
    with hands.store.read() as conn:
        if get_setting(conn, name).get("on", "") == today:
            return 0
        open_ = [link for link in links.all_of(conn, pairing.id, "status") if link.agreed_b.get("state", "") in _OPEN]
    due = [link.b_key.partition("/") for link in open_ if _past(link.agreed_b.get("due", ""), pairing.today)]
    with hands.store.write() as conn:
        work.mark(conn, pairing.lane, [mark_for("b", kind, key) for kind, _, key in due], hands.clock.now())
        put_setting(conn, name, {"on": today})
    return len(due)


def _past(due: str, today: date) -> bool:
    return bool(due) and date.fromisoformat(due) < today


def is_trigger(intent: Intent) -> bool:
    """Whether a write sets off an automation: what it did nobody can read."""
    return "trigger" in intent.write.changes


def settle_trigger(intent: Intent, said: str, pairing: Pairing, hands: Hands) -> bool:
    """An automation whose answer was lost is never set off again by itself: a person who can see what it does says whether it was. Returns
    whether that is settled."""
    now, subject = hands.clock.now(), subject_of(intent.key)
    with hands.store.write() as conn:
        lanes.check_epoch(conn, pairing.lane, pairing.epoch)
        if said not in ("was-set-off", "set-off-again"):
            system = pairing.side(intent.write.side).system.capabilities.title
            values = {"name": intent.label, "system": system, "word": intent.write.changes["trigger"]}
            ask = Ask(code=UNSURE, subject=intent.id, group=UNSURE, options=("was-set-off", "set-off-again", "later"), values=values)
            asking.ask(conn, hands.ids.new(), pairing.id, intent.key, intent.label, ask, now)
            intents.doubt(conn, intent.id, now + ASKED_AGAIN, {"code": UNSURE}, intent.probes)
            return False
        done = said == "was-set-off"
        if done:
            agreed_b = {name: value for name, value in intent.agree.items() if name in ("state", "due")}
            agreed_a = {name: value for name, value in intent.agree.items() if name not in agreed_b}
            links.put_links(conn, pairing.id, [remembered(hands, intent.source.replace(":", "/", 1), agreed_a, agreed_b)], now)
        intents.settle(conn, [(intent.id, "done" if done else "void", intent.write.key, {}, {"code": UNSURE})], now)
        asking.withdraw_others(conn, pairing.id, intent.key, ())
        work.mark(conn, pairing.lane, [mark_for(subject.side, subject.kind, subject.key, 0)], now)
    return True

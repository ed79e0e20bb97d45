"""The tables. Singular names; ids of our own are 26-character sortable texts; keys of vendors are always text.

Instants are text in UTC (``2026-11-22T06:15:04.123Z``, see ``stamps``): readable by anyone with SQL, comparable as text, the same on both databases.
Values of several fields are JSON text in canonical form.
"""

from unisono.store.tables.columns import SCHEMA_VERSION, metadata
from unisono.store.tables.doing import UNSETTLED, UNTIL_SETTLED, history, hook, inbox, intent, lane, plan_row, problem, question, run, work
from unisono.store.tables.house import connection, firm, meta, pace, pair, policy, sealed, secret, setting
from unisono.store.tables.people import attempt, audit, channel, identity, invitation, member, notice, session, spent, user, wish
from unisono.store.tables.records import document, link, seen

__all__ = [
    "SCHEMA_VERSION",
    "UNSETTLED",
    "UNTIL_SETTLED",
    "attempt",
    "audit",
    "channel",
    "connection",
    "document",
    "firm",
    "history",
    "hook",
    "identity",
    "inbox",
    "intent",
    "invitation",
    "lane",
    "link",
    "member",
    "meta",
    "metadata",
    "notice",
    "pace",
    "pair",
    "plan_row",
    "policy",
    "problem",
    "question",
    "run",
    "sealed",
    "secret",
    "seen",
    "session",
    "setting",
    "spent",
    "user",
    "wish",
    "work",
]

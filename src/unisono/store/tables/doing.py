"""What is to be done, is being done and was done."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, literal_column, text

from unisono.store.tables.columns import column, metadata, number, ref, row_id

intent = Table(
    "intent",
    metadata,
    column("id", key=True),
    ref("pair", "pair.id"),
    column("lane"),
    number("epoch"),
    column("run", default=""),
    column("kind"),
    column("key"),  # the work key it was planned for
    column("side"),
    column("operation"),
    column("target", default=""),  # key of the record changed, or made (after settlement)
    column("reference", default=""),
    column("write"),
    column("command"),
    number("step"),
    number("policy_version", "1"),
    column("reason"),
    column("state", default="open"),  # open, done, refused, unclear, void (certainly not sent, or given up)
    column("before", default="{}"),
    column("after", default="{}"),  # what each field held there afterwards; until that is known, what is to be agreed
    column("told", default="{}"),
    column("at"),
    column("sent_at", default=""),
    column("settled_at", default=""),
    column("due_at", default=""),  # an unclear one is probed again from then on
    number("probes"),
    column("label", default=""),
    Index(
        "intent_one_hand",
        "pair",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("state in ('open', 'unclear')"),
    ),
    Index("intent_refused", "pair", "id", sqlite_where=text("state = 'refused'")),
    Index("intent_key", "pair", "key"),
    Index("intent_feed", "pair", "id"),  # ids grow with time: the newest without sorting
)

work = Table(
    "work",
    metadata,
    column("lane", key=True),
    column("key", key=True),
    column("kind"),
    number("rank"),  # parties before contacts before documents
    number("priority", "10"),
    number("gen"),
    column("due_at"),
    number("attempts"),
    column("state", default="ready"),  # ready, waiting (on another record), held (a question or problem: waits for a change or a person)
    column("told", default=""),
    column("run", default=""),
    number("unsure"),  # 1: left over when its pair became sure of all else; what is made for it is looked for first
    Index("work_unsure", "lane", "unsure", sqlite_where=text("unsure = 1")),
    # Without numbers of its own a row is found by its key at once, and the index holds the keys: the next ones come in order, unsorted.
    Index("work_due", "lane", "state", "priority", "rank", "due_at"),
    sqlite_with_rowid=False,
)

lane = Table(
    "lane",
    metadata,
    column("name", key=True),
    column("holder", default=""),
    number("epoch"),
    column("until", default=""),
)

inbox = Table(
    "inbox",
    metadata,
    row_id(),
    ref("connection", "connection.id"),
    column("delivery"),
    Column("body", LargeBinary, nullable=False),
    column("state", default="new"),
    column("received_at"),
    Index("inbox_delivery", "connection", "delivery", unique=True),
)

hook = Table(
    "hook",
    metadata,
    column("id", key=True),  # the first part of the door's path; no secret
    ref("connection", "connection.id"),
    column("hash"),  # of the secret that is the second part: it is stored nowhere, only the vendor has it
    column("state", default="asked"),  # asked (being registered), open, ending (to be taken away there), closed
    column("address", default=""),  # how the door's address begins, without the secret
    column("told", default=""),  # the code of what went wrong last at the vendor
    column("due_at", default=""),  # the vendor is asked again from then on
    number("taken"),
    number("refused"),  # wrong secret, too large, too many, not understood
    column("taken_at", default=""),
    column("refused_at", default=""),
    column("hour", default=""),  # the hour whose single reads are counted
    number("reads"),
    column("by", default=""),
    column("at"),
    Index("hook_connection", "connection"),
)
"""Doors at which a vendor may say that something has changed."""

run = Table(
    "run",
    metadata,
    column("id", key=True),
    ref("pair", "pair.id"),
    column("kind"),  # first, preview, undo, import
    column("state", default="running"),  # running, paused, stopped, done
    number("total"),
    number("done"),
    number("failed"),
    number("policy_version", "1"),
    column("forecast", default="{}"),
    column("started_at"),
    column("ended_at", default=""),
)

plan_row = Table(
    "plan_row",
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    column("key"),
    column("kind"),
    column("verdict"),  # new, changed, linked, equal, doubtful, left-out, refused, waiting
    column("action"),
    column("basis"),  # hash of everything seen it rests on
    column("label", default=""),
    column("name", default=""),  # the label folded, for searching
    column("outcome", default=""),
    Index("plan_row_verdict", "run", "verdict", "outcome"),
    Index("plan_row_key", "run", "key"),
)

history = Table(
    "history",
    metadata,
    row_id(),
    ref("pair", "pair.id"),
    column("at"),
    column("kind"),
    column("key"),
    column("event"),  # a catalogue code: linked, unlinked, asked, answered, agreed, braked, released ...
    column("values", default="{}"),
    column("label", default=""),
    column("by", default=""),
    column("run", default=""),
    Index("history_key", "pair", "key"),
    Index("history_feed", "pair", "id"),
)

question = Table(
    "question",
    metadata,
    column("id", key=True),
    ref("pair", "pair.id"),
    column("code"),  # same-customer, conflict, first-link-differs, quote-edited, several-found, gained-company ...
    column("group_key"),
    column("key"),  # the work key it holds up
    column("subject", default=""),  # what makes it the same question again (candidate keys, fields)
    column("options"),
    column("values", default="{}"),
    column("label", default=""),
    column("state", default="open"),  # open, answered, withdrawn
    column("answer", default=""),
    column("answered_by", default=""),
    column("asked_at"),
    column("answered_at", default=""),
    column("snoozed_until", default=""),
    Index("question_subject", "pair", "code", "key", "subject", unique=True),
    Index("question_state", "pair", "state"),
)

problem = Table(
    "problem",
    metadata,
    column("id", key=True),
    ref("pair", "pair.id"),
    column("key"),
    column("kind"),
    column("code"),
    column("field", default=""),
    column("values", default="{}"),
    column("raw", default=""),
    column("label", default=""),
    column("state", default="open"),  # open, resolved, dismissed
    number("count", "1"),
    column("first_at"),
    column("last_at"),
    Index("problem_key", "pair", "key", "code", "field", unique=True),
    Index("problem_state", "pair", "state"),
)

UNTIL_SETTLED = ("open", "unclear")
"""States of an intent whose outcome is not known yet."""
UNSETTLED = intent.c.state.in_([literal_column(f"'{state}'") for state in UNTIL_SETTLED])
"""Of a query: said as the index of these few says it, or SQLite would not see that it fits."""

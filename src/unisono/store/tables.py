"""The tables. Singular names; ids of our own are 26-character sortable texts; keys of vendors are always text.

Instants are text in UTC (``2026-11-22T06:15:04.123Z``, see ``stamps``): readable by anyone with SQL, comparable as text, the same on both databases.
Values of several fields are JSON text in canonical form.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, text

SCHEMA_VERSION = 1
NAMELESS = "name = '' and kind = 'party'"
metadata = MetaData()


def _text(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null, server_default=default)


def _number(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default)


def _ref(name: str, target: str) -> Column[str]:
    return Column(name, Text, ForeignKey(target), nullable=False)


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


meta = Table("meta", metadata, _text("name", key=True), _text("value"))
"""Loose facts of the store itself: schema version, restore counter."""

firm = Table(
    "firm",
    metadata,
    _text("id", key=True),
    _text("name"),
    _text("country", default="DE"),
    _text("language", default="en"),
    _text("time_zone", default="Europe/Berlin"),
    _text("created_at"),
)

connection = Table(
    "connection",
    metadata,
    _text("id", key=True),
    _ref("firm", "firm.id"),
    _text("system"),
    _text("name"),
    _text("login", default="{}"),  # what is not secret of it
    _text("settings", default="{}"),
    _text("proven", default="{}"),  # what set-up found out: bindings, plan, features
    _text("identity", default=""),  # account fingerprint, kept with the links
    _text("state", default="ok"),  # ok, refused, paused
    _text("told", default=""),  # the code of what stopped it
    _number("change"),  # last change number given to a seen record
    _text("next_poll", default=""),
    _text("marks", default="{}"),  # per resource: server mark, last whole listing
    _text("created_at"),
)

secret = Table(
    "secret",
    metadata,
    Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
    _text("field", key=True),
    _text("key_id"),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _text("tail", default=""),
    _text("stored_at"),
)

pair = Table(
    "pair",
    metadata,
    _text("id", key=True),
    _ref("firm", "firm.id"),
    _text("name"),
    _ref("a", "connection.id"),
    _ref("b", "connection.id"),
    _number("policy_version", "1"),
    _text("state", default="reading"),  # reading (nothing is written), released, paused, stopped (a brake), removed
    _text("told", default="{}"),  # why it stopped: code and values
    _number("unsure"),  # 1: restored or doubtful; probe before each create until a whole pull ended
    _number("position_a"),
    _number("position_b"),
    _text("released_at", default=""),
    _text("created_at"),
)

policy = Table(
    "policy",
    metadata,
    Column("pair", Text, ForeignKey("pair.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    _text("body"),  # TOML as a person wrote or exported it
    _text("at"),
    _text("by", default=""),
    _text("note", default=""),  # why, in the words of whoever changed it
)

seen = Table(
    "seen",
    metadata,
    _id(),
    _ref("connection", "connection.id"),
    _text("resource"),
    _text("resource_key"),
    _text("kind"),
    _text("key"),
    _text("owner_kind", default=""),
    _text("owner", default=""),
    _number("change"),
    _text("version", default=""),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    _text("body"),
    _text("created_at", default=""),
    _text("changed_at", default=""),
    _text("first_at", default=""),
    _text("seen_at"),
    _text("missing_at", default=""),  # not in a whole listing since
    _text("gone_at", default=""),  # definitely deleted
    _text("ref", default=""),
    _text("tax_id", default=""),
    _text("number", default=""),
    _text("email", default=""),
    _text("name", default=""),
    _text("postcode", default=""),
    _text("label", default=""),
    Index("seen_key", "connection", "kind", "key", unique=True),
    Index("seen_row", "connection", "resource", "resource_key", "gone_at"),
    Index("seen_change", "connection", "change"),
    Index("seen_owner", "connection", "owner", "kind"),
    Index("seen_tax_id", "connection", "tax_id", sqlite_where=text("tax_id <> ''")),
    Index("seen_ref", "connection", "ref", sqlite_where=text("ref <> ''")),
    Index("seen_number", "connection", "number", sqlite_where=text("number <> ''")),
    Index("seen_email", "connection", "email", sqlite_where=text("email <> ''")),
    Index("seen_name", "connection", "name", "kind", "key", sqlite_where=text("name <> ''")),
    Index("seen_missing", "connection", "resource", sqlite_where=text("missing_at <> ''")),
    Index("seen_gone", "connection", "kind", sqlite_where=text("gone_at <> ''")),
    # Of the few customers without a letter or figure in their name.
    Index("seen_nameless", "connection", "kind", sqlite_where=text(NAMELESS)),
)

document = Table(
    "document",
    metadata,
    Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
    _text("kind", key=True),
    _text("key", key=True),
    _text("owner", default=""),
    _text("type", default=""),  # UNTDID 1001 or receipt
    _text("number", default=""),
    _text("title", default=""),
    _text("words", default=""),  # number and title, folded: what a search looks through
    _text("day", default=""),
    _text("due", default=""),
    _text("state", default=""),  # one word for its four axes, see documents.state_of
    _number("dunning"),
    _text("currency", default=""),
    _text("gross", default=""),  # exact, as text; empty where the system does not say
    _number("open"),  # what is still to be paid, in ten-thousandths: for sums
    Index("document_day", "connection", "day", "kind", "key"),
    Index("document_owner", "connection", "owner"),
    Index("document_open", "connection", "due", sqlite_where=text("open <> 0")),
)
"""What lists of documents show and add up of them, beside ``seen``, which holds the whole."""

link = Table(
    "link",
    metadata,
    _text("id", key=True),
    _ref("pair", "pair.id"),
    _text("kind"),
    _text("a_key"),
    _text("b_key"),
    _text("agreed_a", default="{}"),
    _text("agreed_b", default="{}"),
    _text("state", default="linked"),  # linked, severed (a side was deleted or a person unlinked it; never made anew by itself)
    _text("why", default=""),
    _text("at"),
    _text("changed_at"),
    _text("run", default=""),
    Index("link_a", "pair", "kind", "a_key", unique=True),
    Index("link_b", "pair", "kind", "b_key", unique=True),
    Index("link_count", "pair", "state", "kind", "at"),  # how many there are, and since when: what the pages begin with
)

intent = Table(
    "intent",
    metadata,
    _text("id", key=True),
    _ref("pair", "pair.id"),
    _text("lane"),
    _number("epoch"),
    _text("run", default=""),
    _text("kind"),
    _text("key"),  # the work key it was planned for
    _text("side"),
    _text("operation"),
    _text("target", default=""),  # key of the record changed, or made (after settlement)
    _text("reference", default=""),
    _text("write"),
    _text("command"),
    _number("step"),
    _number("policy_version", "1"),
    _text("reason"),
    _text("state", default="open"),  # open, done, refused, unclear, void (certainly not sent, or given up)
    _text("before", default="{}"),
    _text("after", default="{}"),
    _text("told", default="{}"),
    _text("at"),
    _text("sent_at", default=""),
    _text("settled_at", default=""),
    _text("due_at", default=""),  # an unclear one is probed again from then on
    _number("probes"),
    _text("label", default=""),
    Index(
        "intent_one_hand",
        "pair",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("state in ('open', 'unclear')"),
    ),
    Index("intent_state", "pair", "state"),
    Index("intent_key", "pair", "key"),
    Index("intent_feed", "pair", "id"),  # ids grow with time: the newest without sorting
)

work = Table(
    "work",
    metadata,
    _text("lane", key=True),
    _text("key", key=True),
    _text("kind"),
    _number("rank"),  # parties before contacts before documents
    _number("priority", "10"),
    _number("gen"),
    _text("due_at"),
    _number("attempts"),
    _text("state", default="ready"),  # ready, waiting (on another record), held (a question or problem: waits for a change or a person)
    _text("told", default=""),
    _text("run", default=""),
    Index("work_due", "lane", "state", "priority", "rank", "due_at"),
)

lane = Table(
    "lane",
    metadata,
    _text("name", key=True),
    _text("holder", default=""),
    _number("epoch"),
    _text("until", default=""),
)

inbox = Table(
    "inbox",
    metadata,
    _id(),
    _ref("connection", "connection.id"),
    _text("delivery"),
    Column("body", LargeBinary, nullable=False),
    _text("state", default="new"),
    _text("received_at"),
    Index("inbox_delivery", "connection", "delivery", unique=True),
)

hook = Table(
    "hook",
    metadata,
    _text("id", key=True),  # the first part of the door's path; no secret
    _ref("connection", "connection.id"),
    _text("hash"),  # of the secret that is the second part: it is stored nowhere, only the vendor has it
    _text("state", default="asked"),  # asked (being registered), open, ending (to be taken away there), closed
    _text("address", default=""),  # how the door's address begins, without the secret
    _text("told", default=""),  # the code of what went wrong last at the vendor
    _text("due_at", default=""),  # the vendor is asked again from then on
    _number("taken"),
    _number("refused"),  # wrong secret, too large, too many, not understood
    _text("taken_at", default=""),
    _text("refused_at", default=""),
    _text("hour", default=""),  # the hour whose single reads are counted
    _number("reads"),
    _text("by", default=""),
    _text("at"),
    Index("hook_connection", "connection"),
)
"""Doors at which a vendor may say that something has changed."""

run = Table(
    "run",
    metadata,
    _text("id", key=True),
    _ref("pair", "pair.id"),
    _text("kind"),  # first, preview, undo, import
    _text("state", default="running"),  # running, paused, stopped, done
    _number("total"),
    _number("done"),
    _number("failed"),
    _number("policy_version", "1"),
    _text("forecast", default="{}"),
    _text("started_at"),
    _text("ended_at", default=""),
)

plan_row = Table(
    "plan_row",
    metadata,
    Column("run", Text, ForeignKey("run.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    _text("key"),
    _text("kind"),
    _text("verdict"),  # new, changed, linked, equal, doubtful, left-out, refused, waiting
    _text("action"),
    _text("basis"),  # hash of everything seen it rests on
    _text("label", default=""),
    _text("name", default=""),  # the label folded, for searching
    _text("outcome", default=""),
    Index("plan_row_verdict", "run", "verdict", "outcome"),
    Index("plan_row_key", "run", "key"),
)

history = Table(
    "history",
    metadata,
    _id(),
    _ref("pair", "pair.id"),
    _text("at"),
    _text("kind"),
    _text("key"),
    _text("event"),  # a catalogue code: linked, unlinked, asked, answered, agreed, braked, released ...
    _text("values", default="{}"),
    _text("label", default=""),
    _text("by", default=""),
    _text("run", default=""),
    Index("history_key", "pair", "key"),
    Index("history_feed", "pair", "id"),
)

question = Table(
    "question",
    metadata,
    _text("id", key=True),
    _ref("pair", "pair.id"),
    _text("code"),  # same-customer, conflict, first-link-differs, quote-edited, several-found, gained-company ...
    _text("group_key"),
    _text("key"),  # the work key it holds up
    _text("subject", default=""),  # what makes it the same question again (candidate keys, fields)
    _text("options"),
    _text("values", default="{}"),
    _text("label", default=""),
    _text("state", default="open"),  # open, answered, withdrawn
    _text("answer", default=""),
    _text("answered_by", default=""),
    _text("asked_at"),
    _text("answered_at", default=""),
    _text("snoozed_until", default=""),
    Index("question_subject", "pair", "code", "key", "subject", unique=True),
    Index("question_state", "pair", "state"),
)

problem = Table(
    "problem",
    metadata,
    _text("id", key=True),
    _ref("pair", "pair.id"),
    _text("key"),
    _text("kind"),
    _text("code"),
    _text("field", default=""),
    _text("values", default="{}"),
    _text("raw", default=""),
    _text("label", default=""),
    _text("state", default="open"),  # open, resolved, dismissed
    _number("count", "1"),
    _text("first_at"),
    _text("last_at"),
    Index("problem_key", "pair", "key", "code", "field", unique=True),
    Index("problem_state", "pair", "state"),
)

pace = Table("pace", metadata, _text("scope", key=True), _text("state"), _text("at"))

user = Table(
    "user",
    metadata,
    _text("id", key=True),
    _text("login"),  # an e-mail address or a short name, folded
    _text("name"),
    _text("password", default=""),  # argon2id; empty: nobody can sign in as them
    _text("role"),  # view, act, admin
    _number("every_firm"),  # 1: sees all firms; else those of member
    _text("language", default=""),  # empty: the browser's, else the firm's
    _text("state", default="active"),  # active, closed
    _text("created_at"),
    Index("user_login", "login", unique=True),
)

member = Table(
    "member",
    metadata,
    Column("user", Text, ForeignKey("user.id"), primary_key=True),
    Column("firm", Text, ForeignKey("firm.id"), primary_key=True),
)
"""The firms a user sees."""

session = Table(
    "session",
    metadata,
    _text("id", key=True),
    _text("hash"),  # of the secret in the browser's cookie, or of a program's key: the secret itself is stored nowhere
    _ref("user", "user.id"),
    _text("kind"),  # browser, program
    _text("role", default=""),  # of a program: at most that of its user; empty: the user's own
    _text("name", default=""),  # what the browser calls itself, what a person calls the program
    _text("made_at"),
    _text("used_at"),
    _text("until"),
    Index("session_hash", "hash", unique=True),
    Index("session_user", "user"),
)

attempt = Table("attempt", metadata, _text("scope", key=True), _number("count"), _text("last_at"))
"""Sign-ins that failed, by a hash of who was tried from where: the next one has to wait."""

invitation = Table(
    "invitation",
    metadata,
    Column("user", Text, ForeignKey("user.id"), primary_key=True),
    _text("hash"),  # of the one-time code with which this user sets a password
    _text("until"),
)

identity = Table(
    "identity",
    metadata,
    _text("issuer", key=True),
    _text("subject", key=True),
    _ref("user", "user.id"),
    _number("ruled"),  # 1: role and firms follow what the provider says, at each sign-in
    Index("identity_user", "user"),
)
"""Who a user is at the provider they sign in with."""

spent = Table("spent", metadata, _text("hash", key=True), _text("until"))
"""Marks of sign-ins at a provider that came back: each is good once."""

audit = Table(
    "audit",
    metadata,
    _id(),
    _text("at"),
    _text("by"),
    _text("event"),  # invited, joined, role-changed ...; see wiring/members.py
    _text("whom", default=""),  # a login, or what was changed
    _text("firms", default=""),  # JSON list of the firms it concerns; empty: the whole house
    _text("values", default="{}"),
)
"""Who let whom in, and what was changed about the house."""

setting = Table("setting", metadata, _text("name", key=True), _text("value"))
"""Settings of the house, as JSON: how mail is sent, who vouches for users."""

sealed = Table(
    "sealed",
    metadata,
    _text("name", key=True),
    _text("key_id"),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _text("tail", default=""),
    _text("stored_at"),
)
"""Secrets of the house, encrypted as those of connections are."""

wish = Table(
    "wish",
    metadata,
    Column("user", Text, ForeignKey("user.id"), primary_key=True),
    _text("address", default=""),  # where mail goes; empty: nowhere
    _number("hour", "8"),
    _number("summary", "1"),
    _number("urgent", "1"),
    _number("again", "1"),  # 1: also on days on which nothing is new but something is still open
)
"""What a user wants to be told, when and where."""

channel = Table(
    "channel",
    metadata,
    _text("id", key=True),
    _text("firm", default=""),  # empty: all firms
    _text("name"),
    _text("service"),
    _text("language"),
    _number("hour", "8"),
    _number("private"),  # 1: an administrator said that its address may be one of the own network
    _text("made_at"),
)
"""A chat that is told what waits for a person; its address is sealed."""

notice = Table(
    "notice",
    metadata,
    _text("id", key=True),
    _text("who"),  # user:<id> or channel:<id>
    _text("kind"),  # summary, urgent
    _text("subject"),  # of a summary its day, of an urgent one what it is about
    _text("state"),  # ready, sending, sent, quiet (nothing was to be told), unclear (may have arrived), failed, dropped
    _number("tries"),
    _text("told", default="{}"),  # why it failed last: code and values
    _text("made_at"),
    _text("due_at"),
    _text("sent_at", default=""),
    Index("notice_once", "who", "kind", "subject", unique=True),
    Index("notice_state", "state", "due_at"),
)
"""Notices, written down before they are sent, so that nobody gets one twice."""

UNTIL_SETTLED = ("open", "unclear")
"""States of an intent whose outcome is not known yet."""

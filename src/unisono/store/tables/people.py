"""Who uses the house, how they come in, and what they are told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from unisono.store.tables.columns import column, metadata, number, ref, row_id

user = Table(
    "user",
    metadata,
    column("id", key=True),
    column("login"),  # an e-mail address or a short name, folded
    column("name"),
    column("password", default=""),  # argon2id; empty: nobody can sign in as them
    column("role"),  # view, act, admin
    number("every_firm"),  # 1: sees all firms; else those of member
    column("language", default=""),  # empty: the browser's, else the firm's
    column("state", default="active"),  # active, closed
    column("created_at"),
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
    column("id", key=True),
    column("hash"),  # of the secret in the browser's cookie, or of a program's key: the secret itself is stored nowhere
    ref("user", "user.id"),
    column("kind"),  # browser, program
    column("role", default=""),  # of a program: at most that of its user; empty: the user's own
    column("name", default=""),  # what the browser calls itself, what a person calls the program
    column("made_at"),
    column("used_at"),
    column("until"),
    Index("session_hash", "hash", unique=True),
    Index("session_user", "user"),
)

attempt = Table("attempt", metadata, column("scope", key=True), number("count"), column("last_at"))
"""Sign-ins that failed, by a hash of who was tried from where: the next one has to wait."""

invitation = Table(
    "invitation",
    metadata,
    Column("user", Text, ForeignKey("user.id"), primary_key=True),
    column("hash"),  # of the one-time code with which this user sets a password
    column("until"),
)

identity = Table(
    "identity",
    metadata,
    column("issuer", key=True),
    column("subject", key=True),
    ref("user", "user.id"),
    number("ruled"),  # 1: role and firms follow what the provider says, at each sign-in
    Index("identity_user", "user"),
)
"""Who a user is at the provider they sign in with."""

spent = Table("spent", metadata, column("hash", key=True), column("until"))
"""Marks of sign-ins at a provider that came back: each is good once."""

audit = Table(
    "audit",
    metadata,
    row_id(),
    column("at"),
    column("by"),
    column("event"),  # invited, joined, role-changed ...; see wiring/members.py
    column("whom", default=""),  # a login, or what was changed
    column("firms", default=""),  # JSON list of the firms it concerns; empty: the whole house
    column("values", default="{}"),
)
"""Who let whom in, and what was changed about the house."""

wish = Table(
    "wish",
    metadata,
    Column("user", Text, ForeignKey("user.id"), primary_key=True),
    column("address", default=""),  # where mail goes; empty: nowhere
    number("hour", "8"),
    number("summary", "1"),
    number("urgent", "1"),
    number("again", "1"),  # 1: also on days on which nothing is new but something is still open
)
"""What a user wants to be told, when and where."""

channel = Table(
    "channel",
    metadata,
    column("id", key=True),
    column("firm", default=""),  # empty: all firms
    column("name"),
    column("service"),
    column("language"),
    number("hour", "8"),
    number("private"),  # 1: an administrator said that its address may be one of the own network
    column("made_at"),
)
"""A chat that is told what waits for a person; its address is sealed."""

notice = Table(
    "notice",
    metadata,
    column("id", key=True),
    column("who"),  # user:<id> or channel:<id>
    column("kind"),  # summary, urgent
    column("subject"),  # of a summary its day, of an urgent one what it is about
    column("state"),  # ready, sending, sent, quiet (nothing was to be told), unclear (may have arrived), failed, dropped
    number("tries"),
    column("told", default="{}"),  # why it failed last: code and values
    column("made_at"),
    column("due_at"),
    column("sent_at", default=""),
    Index("notice_once", "who", "kind", "subject", unique=True),
    Index("notice_state", "state", "due_at"),
)
"""Notices, written down before they are sent, so that nobody gets one twice."""

"""What there is: firms, connections, pairs and their policies; and what keeps the house itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Text

from unisono.store.tables.columns import column, metadata, number, ref

meta = Table("meta", metadata, column("name", key=True), column("value"))
"""Loose facts of the store itself: schema version, restore counter."""

firm = Table(
    "firm",
    metadata,
    column("id", key=True),
    column("name"),
    column("country", default="DE"),
    column("language", default="en"),
    column("time_zone", default="Europe/Berlin"),
    column("created_at"),
)

connection = Table(
    "connection",
    metadata,
    column("id", key=True),
    ref("firm", "firm.id"),
    column("system"),
    column("name"),
    column("login", default="{}"),  # what is not secret of it
    column("settings", default="{}"),
    column("proven", default="{}"),  # what set-up found out: bindings, plan, features
    column("identity", default=""),  # account fingerprint, kept with the links
    column("state", default="ok"),  # ok, refused, paused
    column("told", default=""),  # the code of what stopped it
    number("change"),  # last change number given to a seen record
    column("next_poll", default=""),
    column("marks", default="{}"),  # per resource: server mark, last whole listing
    column("created_at"),
)

secret = Table(
    "secret",
    metadata,
    Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
    column("field", key=True),
    column("key_id"),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    column("tail", default=""),
    column("stored_at"),
)

pair = Table(
    "pair",
    metadata,
    column("id", key=True),
    ref("firm", "firm.id"),
    column("name"),
    ref("a", "connection.id"),
    ref("b", "connection.id"),
    number("policy_version", "1"),
    column("state", default="reading"),  # reading (nothing is written), released, paused, stopped (a brake), removed
    column("told", default="{}"),  # why it stopped: code and values
    number("unsure"),  # 1: restored or doubtful; look before each create until a whole pull ended and was worked off
    number("position_a"),
    number("position_b"),
    column("released_at", default=""),
    column("created_at"),
)

policy = Table(
    "policy",
    metadata,
    Column("pair", Text, ForeignKey("pair.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    column("body"),  # TOML as a person wrote or exported it
    column("at"),
    column("by", default=""),
    column("note", default=""),  # why, in the words of whoever changed it
)

pace = Table("pace", metadata, column("scope", key=True), column("state"), column("at"))

setting = Table("setting", metadata, column("name", key=True), column("value"))
"""Settings of the house, as JSON: how mail is sent, who vouches for users."""

sealed = Table(
    "sealed",
    metadata,
    column("name", key=True),
    column("key_id"),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    column("tail", default=""),
    column("stored_at"),
)
"""Secrets of the house, encrypted as those of connections are."""

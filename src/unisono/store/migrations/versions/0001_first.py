"""The first schema: as ``tables`` was when it was released. Written out, because ``tables`` goes on changing and this may not."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Text, text

revision = "0001"
down_revision = None


def _text(name: str, *, key: bool = False, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null, server_default=default)


def _number(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default)


def _ref(name: str, target: str) -> Column[str]:
    return Column(name, Text, ForeignKey(target), nullable=False)


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def upgrade() -> None:
    op.create_table("meta", _text("name", key=True), _text("value"))
    op.create_table(
        "firm",
        _text("id", key=True),
        _text("name"),
        _text("country", default="DE"),
        _text("language", default="en"),
        _text("time_zone", default="Europe/Berlin"),
        _text("created_at"),
    )
    op.create_table(
        "connection",
        _text("id", key=True),
        _ref("firm", "firm.id"),
        _text("system"),
        _text("name"),
        _text("login", default="{}"),
        _text("settings", default="{}"),
        _text("proven", default="{}"),
        _text("identity", default=""),
        _text("state", default="ok"),
        _text("told", default=""),
        _number("change"),
        _text("next_poll", default=""),
        _text("marks", default="{}"),
        _text("created_at"),
    )
    op.create_table(
        "secret",
        Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
        _text("field", key=True),
        _text("key_id"),
        Column("nonce", LargeBinary, nullable=False),
        Column("body", LargeBinary, nullable=False),
        _text("tail", default=""),
        _text("stored_at"),
    )
    op.create_table(
        "pair",
        _text("id", key=True),
        _ref("firm", "firm.id"),
        _text("name"),
        _ref("a", "connection.id"),
        _ref("b", "connection.id"),
        _number("policy_version", "1"),
        _text("state", default="reading"),
        _text("told", default="{}"),
        _number("unsure"),
        _number("position_a"),
        _number("position_b"),
        _text("released_at", default=""),
        _text("created_at"),
    )
    op.create_table(
        "policy",
        Column("pair", Text, ForeignKey("pair.id"), primary_key=True),
        Column("version", BigInteger, primary_key=True),
        _text("body"),
        _text("at"),
        _text("by", default=""),
        _text("note", default=""),
    )
    op.create_table(
        "seen",
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
        _text("missing_at", default=""),
        _text("gone_at", default=""),
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
        Index("seen_owner", "connection", "owner", "kind", sqlite_where=text("owner <> ''"), postgresql_where=text("owner <> ''")),
        Index("seen_tax_id", "connection", "tax_id", sqlite_where=text("tax_id <> ''"), postgresql_where=text("tax_id <> ''")),
        Index("seen_ref", "connection", "ref", sqlite_where=text("ref <> ''"), postgresql_where=text("ref <> ''")),
        Index("seen_number", "connection", "number", sqlite_where=text("number <> ''"), postgresql_where=text("number <> ''")),
        Index("seen_email", "connection", "email", sqlite_where=text("email <> ''"), postgresql_where=text("email <> ''")),
        Index("seen_name", "connection", "name", "kind", "key", sqlite_where=text("name <> ''"), postgresql_where=text("name <> ''")),
        Index("seen_missing", "connection", "resource", sqlite_where=text("missing_at <> ''"), postgresql_where=text("missing_at <> ''")),
        Index("seen_gone", "connection", "kind", sqlite_where=text("gone_at <> ''"), postgresql_where=text("gone_at <> ''")),
        Index(
            "seen_nameless",
            "connection",
            "kind",
            sqlite_where=text("name = '' and kind = 'party'"),
            postgresql_where=text("name = '' and kind = 'party'"),
        ),
    )
    op.create_table(
        "document",
        Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
        _text("kind", key=True),
        _text("key", key=True),
        _text("owner", default=""),
        _text("type", default=""),
        _text("number", default=""),
        _text("title", default=""),
        _text("words", default=""),
        _text("day", default=""),
        _text("due", default=""),
        _text("state", default=""),
        _number("dunning"),
        _text("currency", default=""),
        _text("gross", default=""),
        _number("open"),
        Index("document_day", "connection", "day", "kind", "key"),
        Index("document_owner", "connection", "owner"),
        Index("document_open", "connection", "due", sqlite_where=text("open <> 0"), postgresql_where=text("open <> 0")),
    )
    op.create_table(
        "link",
        _text("id", key=True),
        _ref("pair", "pair.id"),
        _text("kind"),
        _text("a_key"),
        _text("b_key"),
        _text("agreed_a", default="{}"),
        _text("agreed_b", default="{}"),
        _text("state", default="linked"),
        _text("why", default=""),
        _text("at"),
        _text("changed_at"),
        _text("run", default=""),
        Index("link_a", "pair", "kind", "a_key", unique=True),
        Index("link_b", "pair", "kind", "b_key", unique=True),
        Index("link_why", "pair", "kind", sqlite_where=text("why <> ''"), postgresql_where=text("why <> ''")),
        Index("link_count", "pair", "state", "kind", "at"),
    )
    op.create_table(
        "intent",
        _text("id", key=True),
        _ref("pair", "pair.id"),
        _text("lane"),
        _number("epoch"),
        _text("run", default=""),
        _text("kind"),
        _text("key"),
        _text("side"),
        _text("operation"),
        _text("target", default=""),
        _text("reference", default=""),
        _text("write"),
        _text("command"),
        _number("step"),
        _number("policy_version", "1"),
        _text("reason"),
        _text("state", default="open"),
        _text("before", default="{}"),
        _text("after", default="{}"),
        _text("told", default="{}"),
        _text("at"),
        _text("sent_at", default=""),
        _text("settled_at", default=""),
        _text("due_at", default=""),
        _number("probes"),
        _text("label", default=""),
        Index(
            "intent_one_hand",
            "pair",
            "kind",
            "key",
            unique=True,
            sqlite_where=text("state in ('open', 'unclear')"),
            postgresql_where=text("state in ('open', 'unclear')"),
        ),
        Index("intent_refused", "pair", "id", sqlite_where=text("state = 'refused'"), postgresql_where=text("state = 'refused'")),
        Index("intent_key", "pair", "key"),
        Index("intent_feed", "pair", "id"),
    )
    op.create_table(
        "work",
        _text("lane", key=True),
        _text("key", key=True),
        _text("kind"),
        _number("rank"),
        _number("priority", "10"),
        _number("gen"),
        _text("due_at"),
        _number("attempts"),
        _text("state", default="ready"),
        _text("told", default=""),
        _text("run", default=""),
        _number("unsure"),
        Index("work_unsure", "lane", "unsure", sqlite_where=text("unsure = 1"), postgresql_where=text("unsure = 1")),
        Index("work_due", "lane", "state", "priority", "rank", "due_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lane",
        _text("name", key=True),
        _text("holder", default=""),
        _number("epoch"),
        _text("until", default=""),
    )
    op.create_table(
        "inbox",
        _id(),
        _ref("connection", "connection.id"),
        _text("delivery"),
        Column("body", LargeBinary, nullable=False),
        _text("state", default="new"),
        _text("received_at"),
        Index("inbox_delivery", "connection", "delivery", unique=True),
    )
    op.create_table(
        "hook",
        _text("id", key=True),
        _ref("connection", "connection.id"),
        _text("hash"),
        _text("state", default="asked"),
        _text("address", default=""),
        _text("told", default=""),
        _text("due_at", default=""),
        _number("taken"),
        _number("refused"),
        _text("taken_at", default=""),
        _text("refused_at", default=""),
        _text("hour", default=""),
        _number("reads"),
        _text("by", default=""),
        _text("at"),
        Index("hook_connection", "connection"),
    )
    op.create_table(
        "run",
        _text("id", key=True),
        _ref("pair", "pair.id"),
        _text("kind"),
        _text("state", default="running"),
        _number("total"),
        _number("done"),
        _number("failed"),
        _number("policy_version", "1"),
        _text("forecast", default="{}"),
        _text("started_at"),
        _text("ended_at", default=""),
    )
    op.create_table(
        "plan_row",
        Column("run", Text, ForeignKey("run.id"), primary_key=True),
        Column("seq", BigInteger, primary_key=True),
        _text("key"),
        _text("kind"),
        _text("verdict"),
        _text("action"),
        _text("basis"),
        _text("label", default=""),
        _text("name", default=""),
        _text("outcome", default=""),
        Index("plan_row_verdict", "run", "verdict", "outcome"),
        Index("plan_row_key", "run", "key"),
    )
    op.create_table(
        "history",
        _id(),
        _ref("pair", "pair.id"),
        _text("at"),
        _text("kind"),
        _text("key"),
        _text("event"),
        _text("values", default="{}"),
        _text("label", default=""),
        _text("by", default=""),
        _text("run", default=""),
        Index("history_key", "pair", "key"),
        Index("history_feed", "pair", "id"),
    )
    op.create_table(
        "question",
        _text("id", key=True),
        _ref("pair", "pair.id"),
        _text("code"),
        _text("group_key"),
        _text("key"),
        _text("subject", default=""),
        _text("options"),
        _text("values", default="{}"),
        _text("label", default=""),
        _text("state", default="open"),
        _text("answer", default=""),
        _text("answered_by", default=""),
        _text("asked_at"),
        _text("answered_at", default=""),
        _text("snoozed_until", default=""),
        Index("question_subject", "pair", "code", "key", "subject", unique=True),
        Index("question_state", "pair", "state"),
    )
    op.create_table(
        "problem",
        _text("id", key=True),
        _ref("pair", "pair.id"),
        _text("key"),
        _text("kind"),
        _text("code"),
        _text("field", default=""),
        _text("values", default="{}"),
        _text("raw", default=""),
        _text("label", default=""),
        _text("state", default="open"),
        _number("count", "1"),
        _text("first_at"),
        _text("last_at"),
        Index("problem_key", "pair", "key", "code", "field", unique=True),
        Index("problem_state", "pair", "state"),
    )
    op.create_table("pace", _text("scope", key=True), _text("state"), _text("at"))
    op.create_table(
        "user",
        _text("id", key=True),
        _text("login"),
        _text("name"),
        _text("password", default=""),
        _text("role"),
        _number("every_firm"),
        _text("language", default=""),
        _text("state", default="active"),
        _text("created_at"),
        Index("user_login", "login", unique=True),
    )
    op.create_table(
        "member",
        Column("user", Text, ForeignKey("user.id"), primary_key=True),
        Column("firm", Text, ForeignKey("firm.id"), primary_key=True),
    )
    op.create_table(
        "session",
        _text("id", key=True),
        _text("hash"),
        _ref("user", "user.id"),
        _text("kind"),
        _text("role", default=""),
        _text("name", default=""),
        _text("made_at"),
        _text("used_at"),
        _text("until"),
        Index("session_hash", "hash", unique=True),
        Index("session_user", "user"),
    )
    op.create_table("attempt", _text("scope", key=True), _number("count"), _text("last_at"))
    op.create_table(
        "invitation",
        Column("user", Text, ForeignKey("user.id"), primary_key=True),
        _text("hash"),
        _text("until"),
    )
    op.create_table(
        "identity",
        _text("issuer", key=True),
        _text("subject", key=True),
        _ref("user", "user.id"),
        _number("ruled"),
        Index("identity_user", "user"),
    )
    op.create_table("spent", _text("hash", key=True), _text("until"))
    op.create_table(
        "audit",
        _id(),
        _text("at"),
        _text("by"),
        _text("event"),
        _text("whom", default=""),
        _text("firms", default=""),
        _text("values", default="{}"),
    )
    op.create_table("setting", _text("name", key=True), _text("value"))
    op.create_table(
        "sealed",
        _text("name", key=True),
        _text("key_id"),
        Column("nonce", LargeBinary, nullable=False),
        Column("body", LargeBinary, nullable=False),
        _text("tail", default=""),
        _text("stored_at"),
    )
    op.create_table(
        "wish",
        Column("user", Text, ForeignKey("user.id"), primary_key=True),
        _text("address", default=""),
        _number("hour", "8"),
        _number("summary", "1"),
        _number("urgent", "1"),
        _number("again", "1"),
    )
    op.create_table(
        "channel",
        _text("id", key=True),
        _text("firm", default=""),
        _text("name"),
        _text("service"),
        _text("language"),
        _number("hour", "8"),
        _number("private"),
        _text("made_at"),
    )
    op.create_table(
        "notice",
        _text("id", key=True),
        _text("who"),
        _text("kind"),
        _text("subject"),
        _text("state"),
        _number("tries"),
        _text("told", default="{}"),
        _text("made_at"),
        _text("due_at"),
        _text("sent_at", default=""),
        Index("notice_once", "who", "kind", "subject", unique=True),
        Index("notice_state", "state", "due_at"),
    )

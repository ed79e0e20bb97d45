"""Records as seen, documents as listed, and who is who."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, func, text

from unisono.store.tables.columns import column, metadata, number, ref, row_id

_NAMELESS = "name = '' and kind = 'party'"

seen = Table(
    "seen",
    metadata,
    row_id(),
    ref("connection", "connection.id"),
    column("resource"),
    column("resource_key"),
    column("kind"),
    column("key"),
    column("owner_kind", default=""),
    column("owner", default=""),
    number("change"),
    column("version", default=""),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    column("body"),
    column("created_at", default=""),
    column("changed_at", default=""),
    column("first_at", default=""),
    column("seen_at"),
    column("missing_at", default=""),  # not in a whole listing since
    column("gone_at", default=""),  # definitely deleted
    column("ref", default=""),
    column("tax_id", default=""),
    column("number", default=""),
    column("email", default=""),
    column("name", default=""),
    column("postcode", default=""),
    column("label", default=""),
    Index("seen_key", "connection", "kind", "key", unique=True),
    Index("seen_row", "connection", "resource", "resource_key", "gone_at"),
    Index("seen_change", "connection", "change"),
    Index("seen_owner", "connection", "owner", "kind", sqlite_where=text("owner <> ''")),
    Index("seen_tax_id", "connection", "tax_id", sqlite_where=text("tax_id <> ''")),
    Index("seen_ref", "connection", "ref", sqlite_where=text("ref <> ''")),
    Index("seen_number", "connection", "number", sqlite_where=text("number <> ''")),
    Index("seen_email", "connection", "email", sqlite_where=text("email <> ''")),
    Index("seen_name", "connection", "name", "kind", "key", sqlite_where=text("name <> ''")),
    Index("seen_missing", "connection", "resource", sqlite_where=text("missing_at <> ''")),
    Index("seen_gone", "connection", "kind", sqlite_where=text("gone_at <> ''")),
    # Of the few customers without a letter or figure in their name.
    Index("seen_nameless", "connection", "kind", sqlite_where=text(_NAMELESS)),
)

READ = func.length(seen.c.hash) > 0
"""Whether a record has been read, and not only made."""

document = Table(
    "document",
    metadata,
    Column("connection", Text, ForeignKey("connection.id"), primary_key=True),
    column("kind", key=True),
    column("key", key=True),
    column("owner", default=""),
    column("type", default=""),  # UNTDID 1001 or receipt
    column("number", default=""),
    column("title", default=""),
    column("words", default=""),  # number and title, folded: what a search looks through
    column("day", default=""),
    column("due", default=""),
    column("state", default=""),  # one word for its four axes, see documents.state_of
    number("dunning"),
    column("currency", default=""),
    column("gross", default=""),  # exact, as text; empty where the system does not say
    number("open"),  # what is still to be paid, in ten-thousandths: for sums
    Index("document_day", "connection", "day", "kind", "key"),
    Index("document_owner", "connection", "owner"),
    Index("document_open", "connection", "due", sqlite_where=text("open <> 0")),
)
"""What lists of documents show and add up of them, beside ``seen``, which holds the whole."""

link = Table(
    "link",
    metadata,
    column("id", key=True),
    ref("pair", "pair.id"),
    column("kind"),
    column("a_key"),
    column("b_key"),
    column("agreed_a", default="{}"),
    column("agreed_b", default="{}"),  # empty: the same as on the other side
    column("state", default="linked"),  # linked, severed (a side was deleted or a person unlinked it; never made anew by itself)
    column("why", default=""),
    column("at"),
    column("changed_at"),
    column("run", default=""),
    Index("link_a", "pair", "kind", "a_key", unique=True),
    Index("link_b", "pair", "kind", "b_key", unique=True),
    Index("link_why", "pair", "kind", sqlite_where=text("why <> ''")),  # the few that ended, or are kept on purpose
    Index("link_count", "pair", "state", "kind", "at"),  # how many there are, and since when: what the pages begin with
)

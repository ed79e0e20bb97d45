"""What alembic runs: our connection and transaction, no file of settings."""

from __future__ import annotations

from alembic import context

from unisono.store.tables import metadata

# The caller begins and ends the transaction, together with the version it notes. Batch mode rebuilds a table where SQLite cannot alter it.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()

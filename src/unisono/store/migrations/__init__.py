"""Changes of the schema after its first release, one numbered file each in ``versions``. Run by alembic, loaded only when one is due."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(conn: Connection, to: str = "head") -> None:
    """Brings the tables of a connection to a revision (``0001``, ``head``), in the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, to)

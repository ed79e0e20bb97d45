"""The database: tables, queries, migrations. Two doors, ``read()`` and ``write()``; every query runs on SQLite and PostgreSQL."""

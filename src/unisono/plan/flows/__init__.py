"""One file a flow: what it looks at, and what it decides for one record."""

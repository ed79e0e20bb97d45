"""The languages words are kept in (ISO 639-1)."""

from __future__ import annotations

LANGUAGES = ("de", "en", "pl", "ro")

"""Every test here that takes ``store`` runs on both databases."""

from tests.support.stores import store

__all__ = ["store"]

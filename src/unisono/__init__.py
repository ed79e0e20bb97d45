"""Unisono keeps a CRM and an invoicing system in step."""

__version__ = "0.1.0"

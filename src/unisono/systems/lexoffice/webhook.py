"""Lexware Office's notices, pure: whether one is genuine, and which rows to look at.

A notice points at a record and says nothing of it. It is signed, but carries no hour: the same one may come twice, which costs a look.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from unisono.systems.lexoffice.mapping import ARTICLES, CONTACTS, DOCUMENTS
from unisono.systems.lexoffice.values import is_id

SIGNATURE = "x-lxo-signature"
"""The header that carries it."""
_WORDS = {
    "quotation": "quotation",
    "order-confirmation": "orderconfirmation",
    "invoice": "invoice",
    "down-payment-invoice": "downpaymentinvoice",
    "credit-note": "creditnote",
}
"""A document's name in events -> its word in lists."""
_PAID = ("invoice", "creditnote", "downpaymentinvoice")
_CHANGES = ("created", "changed", "deleted")
EVENTS = (
    *(f"{what}.{change}" for what in ("contact", "article") for change in _CHANGES),
    *(f"{what}.{change}" for what in _WORDS for change in (*_CHANGES, "status.changed")),
    "payment.changed",
)
"""All of use to us."""


def extract(body: bytes) -> list[tuple[str, str]]:
    """Resource and row key of everything a notice is about; nothing if it is not one of these."""
    try:
        notice = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return []
    event, key = (notice.get("eventType"), notice.get("resourceId")) if isinstance(notice, dict) else ("", "")
    if not isinstance(event, str) or not isinstance(key, str) or not is_id(key):
        return []
    what = event.partition(".")[0]
    if event == "payment.changed":
        # It names a voucher and not its kind.
        return [(DOCUMENTS, f"{word}:{key}") for word in _PAID]
    if event not in EVENTS:
        return []
    if what in _WORDS:
        return [(DOCUMENTS, f"{_WORDS[what]}:{key}")]
    return [(CONTACTS if what == "contact" else ARTICLES, key)]


def genuine(body: bytes, signature: str, pem: str) -> bool:
    """Whether a notice was signed with the service's key (``pem`` is its public half): RSA with SHA-512 over the body as it came."""
    from cryptography.exceptions import InvalidSignature  # read once a notice is looked at
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA512
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
        signed = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signed, body, padding.PKCS1v15(), SHA512())
    except InvalidSignature:
        return False
    return True
